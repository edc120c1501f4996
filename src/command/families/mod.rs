//! The handlers of commands that need nothing but data: a file per family.

mod dump;
pub mod function;
mod generic;
mod hash;
mod set;
mod stream;
mod string;

use super::Handler;

/// The handlers by the names of their commands.
pub const FAMILIES: &[&[(&str, Handler)]] = &[
    dump::HANDLERS,
    generic::HANDLERS,
    hash::HANDLERS,
    set::HANDLERS,
    stream::HANDLERS,
    string::HANDLERS,
];
