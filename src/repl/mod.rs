//! Layer 4: replication as state machines of bytes and moments. They know no sockets, no clock, no data and no files.
//!
//! - [`offset`]: places in a stream, the names of streams, who may go on from where.
//! - [`backlog`]: the last bytes of a stream in memory.
//! - [`log`]: what lies on disk behind it.
//! - [`handshake`]: what a replica says before the stream, and what it is answered.
//! - [`channels`]: the same for a snapshot that comes over a connection of its own.
//! - [`announce`]: `REPLCONF` as a primary hears it.
//! - [`replica`]: the link to a primary.
//! - [`units`]: where commands and transactions of a stream end.
//! - [`primary`]: what a primary knows of each of its replicas, and which of them share a snapshot.
//!
//! Moments are milliseconds of a clock that never goes back; where it starts does not matter.

pub mod announce;
pub mod backlog;
pub mod channels;
pub mod handshake;
pub mod log;
mod mark;
pub mod offset;
pub mod primary;
pub mod replica;
pub mod units;

/// How important a line of the log is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Of use to developers.
    Debug,
    /// What one wants to know.
    Notice,
    /// What one must know.
    Warning,
}

/// Words of the other side for a message: what is no text, and what moves a terminal, is replaced.
fn shown(words: &[u8]) -> String {
    let is_harmless = |c: char| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c };
    String::from_utf8_lossy(words).chars().map(is_harmless).collect()
}
