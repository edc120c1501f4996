//! The handlers of commands that need nothing but data: a file per family.

#[cfg(test)]
mod check;
mod dump;
pub mod function;
mod generic;
mod hash;
mod set;
mod stream;
mod string;
mod zset;

use super::Handler;

/// The handlers by the names of their commands.
pub const FAMILIES: &[&[(&str, Handler)]] = &[
    dump::HANDLERS,
    generic::HANDLERS,
    hash::HANDLERS,
    set::HANDLERS,
    stream::HANDLERS,
    string::HANDLERS,
    zset::HANDLERS,
];
