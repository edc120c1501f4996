//! The handlers of commands that need nothing but data: a file per family.

#[cfg(test)]
mod check;
pub mod function;
mod generic;
mod geo;
mod list;
mod sort;
mod string;
mod zset;

use super::Handler;

/// The handlers by the names of their commands.
pub const FAMILIES: &[&[(&str, Handler)]] = &[
    generic::HANDLERS,
    geo::HANDLERS,
    list::HANDLERS,
    sort::HANDLERS,
    string::HANDLERS,
    zset::HANDLERS,
];
