//! `replicate`: follows a primary as a replica does, without being a server.
//!
//! [`session`] opens connections and drives a [`Link`](crate::repl::replica::Link); what comes over it goes to a [`Target`]:
//! a [`capture`] on disk, a snapshot in a [`mod@file`], commands that are [printed](mod@print), or another server that they are [`apply`]ed
//! to. [`sentinel`] finds the primary.
//!
//! A target says where it is, so that the link continues from there after it was lost, and after this process was.

pub mod apply;
pub mod capture;
pub mod file;
pub mod print;
pub mod sentinel;
mod server;
pub mod session;

pub use session::{Ended, Options, Source, Status, Until, Watcher, run};

use crate::repl::offset::{Offset, Place};
use std::io;
use std::path::{Path, PathBuf};

/// Why replication ends before it was told to.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder cannot be read or written.
    #[error("{error}")]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The output cannot be written.
    #[error("{0}")]
    Output(io::Error),
    /// Another process writes to the capture.
    #[error("another process writes to this capture")]
    Locked(PathBuf),
    /// The folder is something else.
    #[error("{why}")]
    NotCapture {
        /// Which.
        path: PathBuf,
        /// Why it is none.
        why: String,
    },
    /// What was written before is damaged.
    #[error("{why}")]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The primary cannot continue, and a full sync was forbidden.
    #[error("the primary cannot continue from offset {0}; what is there stays as it is")]
    CannotContinue(Offset),
    /// There is no connection.
    #[error("{0}")]
    Unreachable(String),
    /// The primary does not let us in.
    #[error("{0}")]
    Refused(String),
    /// What answers is no primary.
    #[error("{0}")]
    NoPrimary(String),
    /// What the primary sends cannot be used. Worth another attempt until it happens again and again.
    #[error("{0}")]
    BadData(String),
    /// The server that data are applied to does not do as it is told.
    #[error("{0}")]
    Server(String),
    /// The orders make no sense.
    #[error("{0}")]
    Usage(String),
}

impl Error {
    /// A failure of a path.
    pub(crate) fn at(path: &Path, error: io::Error) -> Error {
        Error::File { path: path.into(), error }
    }
}

/// Adds a path to what went wrong.
pub(crate) fn at<T>(path: &Path, done: io::Result<T>) -> Result<T, Error> {
    done.map_err(|error| Error::at(path, error))
}

/// What a target has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Held {
    /// The place behind the last unit that was taken.
    pub applied: Option<Offset>,
    /// The place up to which it survives a crash.
    pub synced: Option<Offset>,
}

/// Takes what a primary sends.
pub trait Target {
    /// Where it can continue from; none if it needs everything.
    fn place(&self) -> Option<Place>;
    /// A snapshot begins.
    fn begin(&mut self, from: Option<Place>, length_bytes: Option<u64>) -> Result<(), Error>;
    /// Bytes of the snapshot.
    fn snapshot(&mut self, bytes: &[u8]) -> Result<(), Error>;
    /// The snapshot is complete. [`Error::BadData`] if it is no good: then another attempt is made.
    fn end(&mut self) -> Result<(), Error>;
    /// The stream continues at the target's place, maybe under another name; what came behind the place comes again.
    fn continued(&mut self, from: Place) -> Result<(), Error>;
    /// Bytes of the stream. [`Error::BadData`] if they are none.
    fn stream(&mut self, bytes: &[u8]) -> Result<(), Error>;
    /// Time goes by.
    fn tick(&mut self) -> Result<(), Error>;
    /// What it has.
    fn held(&self) -> Held;
    /// Whether the primary has asked for an acknowledgement since this was asked.
    fn take_request(&mut self) -> bool;
    /// Commands of the stream that are no signs of life, so far.
    fn commands(&self) -> u64;
    /// It is over: what was taken is made to last.
    fn finish(&mut self) -> Result<(), Error>;
}

/// Seconds of the clock on the wall, in unix time.
pub(crate) fn unix_s() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}
