//! The handlers of commands that need nothing but data: a file per family.

pub mod function;
mod generic;
mod stream;
mod string;

use super::Handler;

/// The handlers by the names of their commands.
pub const FAMILIES: &[&[(&str, Handler)]] =
    &[generic::HANDLERS, stream::HANDLERS, string::HANDLERS];
