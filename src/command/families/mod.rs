//! The handlers of commands that need nothing but data: a file per family.

mod array;
mod bitmap;
#[cfg(test)]
mod check;
pub mod dump;
pub mod function;
mod generic;
mod geo;
mod hash;
mod hyperloglog;
mod list;
mod set;
mod sort;
mod stream;
mod string;
mod vector;
mod zset;

use super::Handler;

/// The handlers by the names of their commands.
pub const FAMILIES: &[&[(&str, Handler)]] = &[
    array::HANDLERS,
    bitmap::HANDLERS,
    dump::HANDLERS,
    generic::HANDLERS,
    geo::HANDLERS,
    hash::HANDLERS,
    hyperloglog::HANDLERS,
    list::HANDLERS,
    set::HANDLERS,
    sort::HANDLERS,
    stream::HANDLERS,
    string::HANDLERS,
    vector::HANDLERS,
    zset::HANDLERS,
];
