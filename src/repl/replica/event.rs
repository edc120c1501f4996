//! How a link is told to behave, what happens on it, and why it ends.

use super::super::Level;
use super::super::handshake::Introduction;
use super::super::offset::{Offset, Place};

/// What a replica says that it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// What it has applied.
    Applied,
    /// What survives its crash.
    Synced,
    /// Nothing, so that nobody takes it for one that has everything: `WAIT` does not count it, and `FAILOVER` never chooses it.
    Nothing,
}

/// How a link behaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Host and port of the primary, for the log.
    pub primary: String,
    /// What the replica tells of itself.
    pub introduction: Introduction,
    /// Milliseconds of silence after which the primary is taken for dead: `repl-timeout`.
    pub timeout_ms: u64,
    /// Least milliseconds from one attempt to the next.
    pub retry_ms: u64,
    /// Whether the primary is asked to become one: the other side of `FAILOVER`.
    pub is_failover: bool,
    /// What is acknowledged.
    pub claim: Claim,
    /// Bytes of the stream that are held while a snapshot is loaded that came over a connection of its own; 0 is no bound. What
    /// was read at once may go beyond.
    pub held_bytes_max: u64,
    /// Where the snapshot goes, as the log has it: `to parser` or `to disk`.
    pub loads_to: &'static str,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            primary: String::new(),
            introduction: Introduction::default(),
            timeout_ms: 60_000,
            retry_ms: 1000,
            is_failover: false,
            claim: Claim::Applied,
            held_bytes_max: 0,
            loads_to: "to parser",
        }
    }
}

/// What happens on a link.
#[derive(Debug, PartialEq, Eq)]
pub enum Event<'b> {
    /// A line for the log.
    Log(Level, String),
    /// The snapshot comes over a connection of its own, which is to be opened to the same primary.
    SecondConnection,
    /// All data will be sent; the present ones stay of use until the snapshot was read.
    FullSync {
        /// The place of the snapshot; none from primaries that do not know `PSYNC`, whose streams cannot be continued.
        from: Option<Place>,
        /// Bytes of the snapshot, if the primary says.
        length_bytes: Option<u64>,
    },
    /// Bytes of the snapshot.
    Snapshot(&'b [u8]),
    /// The snapshot is complete, as far as the primary's framing tells.
    SnapshotEnd,
    /// The stream goes on where the driver's data end.
    Continued {
        /// The place.
        from: Place,
        /// The stream has another name than before.
        is_renamed: bool,
    },
    /// Bytes of the stream.
    Stream {
        /// The place of the first one.
        from: Offset,
        /// The bytes.
        bytes: &'b [u8],
    },
    /// The attempt or the link is over.
    Failed {
        /// Why.
        failure: Failure,
        /// Milliseconds until the next attempt should be made.
        retry_after_ms: u64,
    },
}

/// Why a link is over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The connection could not be opened, or was lost.
    #[error("{0}")]
    Closed(String),
    /// Nothing came for too long.
    #[error("the primary is silent")]
    Silent,
    /// The primary does not let us in.
    #[error("the primary refuses: {0}")]
    Refused(String),
    /// The primary is not ready.
    #[error("the primary is not ready: {0}")]
    Later(String),
    /// The primary began and gave up.
    #[error("the primary gave up: {0}")]
    Aborted(String),
    /// What came is no replication.
    #[error("the primary does not keep to the protocol: {0}")]
    Protocol(String),
    /// The driver cannot use what came.
    #[error("{0}")]
    Abandoned(String),
}

/// Takes what happens.
pub type Events<'e> = &'e mut dyn FnMut(Event<'_>);

/// What others may know of a link: the words of `ROLE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// No connection: `connect`.
    Down,
    /// The connection is being opened: `connecting`.
    Connecting,
    /// `handshake`.
    Handshake,
    /// A snapshot is received or loaded: `sync`.
    Sync,
    /// The stream flows: `connected`.
    Online,
}

impl Phase {
    /// The word of `ROLE`.
    pub fn name(self) -> &'static str {
        match self {
            Phase::Down => "connect",
            Phase::Connecting => "connecting",
            Phase::Handshake => "handshake",
            Phase::Sync => "sync",
            Phase::Online => "connected",
        }
    }
}

/// How far a snapshot has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Bytes that were received.
    pub read_bytes: u64,
    /// Bytes of all, if the primary said.
    pub total_bytes: Option<u64>,
}
