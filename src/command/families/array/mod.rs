//! Commands on arrays.

mod grep;
mod op;
mod read;
mod write;

#[cfg(test)]
mod tests;

use super::super::Handler;
use super::super::error::Error;
use crate::value::array::INDEX_MAX;

/// The handlers of this family.
pub const HANDLERS: &[(&str, Handler)] = &[
    ("arcount", read::arcount),
    ("ardel", write::ardel),
    ("ardelrange", write::ardelrange),
    ("arget", read::arget),
    ("argetrange", read::argetrange),
    ("argrep", grep::argrep),
    ("arinfo", read::arinfo),
    ("arinsert", write::arinsert),
    ("arlastitems", read::arlastitems),
    ("arlen", read::arlen),
    ("armget", read::armget),
    ("armset", write::armset),
    ("arnext", read::arnext),
    ("arop", op::arop),
    ("arring", write::arring),
    ("arscan", read::arscan),
    ("arseek", write::arseek),
    ("arset", write::arset),
];

type Done = Result<(), Error>;

/// Most indexes that one command replies with if most of them may be empty.
const INDEXES_MAX: u64 = 1_000_000;

/// A number without a sign and without zeros before it.
fn unsigned(text: &[u8]) -> Option<u64> {
    let is_plain = matches!(text, [b'0'] | [b'1'..=b'9', ..]);
    std::str::from_utf8(text).ok().filter(|_| is_plain)?.parse().ok()
}

/// The index of an item.
fn index(text: &[u8]) -> Result<u64, Error> {
    unsigned(text).filter(|index| *index <= INDEX_MAX).ok_or(Error::text("ERR invalid array index"))
}

/// Two indexes, in whatever order.
fn range(start: &[u8], end: &[u8]) -> Result<(u64, u64), Error> {
    Ok((index(start)?, index(end)?))
}
