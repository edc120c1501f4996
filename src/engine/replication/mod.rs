//! Replication: the stream that a primary makes and a replica follows.
//!
//! [`crate::repl`] holds the protocols; here they meet the data. The stream is fed by `publish` alone, or, on a replica, by what
//! its own primary sends, byte for byte.

mod acks;
mod care;
mod commands;
mod failover;
mod info;
mod log;
mod primary;
mod stream;
mod transfer;
mod upstream;
mod volatile;

pub use acks::AckWait;
pub(in crate::engine) use info::section;
pub use log::{StreamLog, StreamRead};
pub use transfer::{SnapshotFor, Transferred};
pub use upstream::{PrimaryId, SnapshotPart};

use super::client::ClientId;
use super::config::Config;
use super::dispatch::Handler;
use super::{Engine, Now};
use crate::aof::writer::Writer;
use crate::base::rng::Rng;
use crate::repl::backlog::Backlog;
use crate::repl::offset::{History, Offset, Place};
use crate::repl::primary::Replica;
use failover::Failover;
use log::Log;
use std::collections::BTreeMap;
use transfer::{Expected, Transfer};
use upstream::Upstream;
use volatile::Volatile;

/// The handlers of this folder.
pub(super) const HANDLERS: &[(&str, Handler)] = &[
    ("psync", primary::psync),
    ("sync", primary::psync),
    ("replconf", primary::replconf),
    ("replicaof", commands::replicaof),
    ("slaveof", commands::replicaof),
    ("role", commands::role),
    ("failover", failover::failover),
    ("wait", acks::wait),
    ("waitaof", acks::waitaof),
];

/// What is counted of synchronisations.
#[derive(Debug, Clone, Copy, Default)]
pub struct Counts {
    /// Replicas that got all of the data.
    pub full: u64,
    /// Replicas that went on where they were.
    pub partial_ok: u64,
    /// Replicas that wanted to, and could not.
    pub partial_err: u64,
}

/// All that a server knows of its primary and of its replicas.
#[derive(Debug)]
pub struct Replication {
    history: History,
    backlog: Option<Backlog>,
    /// What left it and lies on disk.
    log: Log,
    /// What the stream has selected.
    writer: Writer,
    /// The database that the stream has selected, to be told in files.
    stream_db: Option<usize>,
    replicas: BTreeMap<ClientId, Replica>,
    transfer: Option<Transfer>,
    /// Main connections that are expected, by the number of the one that gets or got the snapshot.
    expected: BTreeMap<i64, Expected>,
    upstream: Option<Upstream>,
    failover: Option<Failover>,
    /// Numbers the connections to primaries.
    links: u64,
    /// Since when there is no replica.
    alone_since_ms: u64,
    pinged_ms: u64,
    second_ms: u64,
    /// There are bytes that replicas have not been told of.
    has_news: bool,
    /// Replicas are to be asked what they have.
    asks: bool,
    /// Clients that wait for replicas.
    waiting: Vec<ClientId>,
    counts: Counts,
    volatile: Volatile,
    scratch: Vec<u8>,
}

impl Replication {
    pub fn new(rng: &mut Rng, now: Now) -> Replication {
        let now_ms = now.mono_us / 1000;
        Replication {
            history: History::new(rng),
            backlog: None,
            log: Log::default(),
            writer: Writer::new(),
            stream_db: None,
            replicas: BTreeMap::new(),
            transfer: None,
            expected: BTreeMap::new(),
            upstream: None,
            failover: None,
            links: 0,
            alone_since_ms: now_ms,
            pinged_ms: now_ms,
            second_ms: now_ms,
            has_news: false,
            asks: false,
            waiting: Vec::new(),
            counts: Counts::default(),
            volatile: Volatile::default(),
            scratch: Vec::new(),
        }
    }

    /// Whether this server follows a primary.
    #[inline]
    pub fn is_replica(&self) -> bool {
        self.upstream.is_some()
    }

    /// Whether what changes goes to replicas, or could.
    #[inline]
    pub fn is_streaming(&self) -> bool {
        self.backlog.is_some() && self.upstream.is_none()
    }

    /// The place behind the last byte of the stream.
    pub fn offset(&self) -> Offset {
        self.history.offset()
    }

    /// The place behind the last byte of the stream, with the stream's name.
    pub fn place(&self) -> Place {
        self.history.place()
    }

    /// Bytes of memory that the last part of the stream takes.
    pub fn memory_bytes(&self) -> u64 {
        self.backlog.as_ref().map_or(0, Backlog::memory_bytes)
    }

    /// Those of them that are kept for replicas that lag, or for the disk, beyond the size of the backlog.
    pub fn behind_bytes(&self) -> u64 {
        let size_bytes = self.backlog.as_ref().map_or(0, Backlog::size_bytes);
        self.memory_bytes().saturating_sub(size_bytes)
    }

    /// Those of them that count as the replicas' memory, and not as that of the backlog.
    pub fn lagging_bytes(&self) -> u64 {
        if self.replicas.is_empty() { 0 } else { self.behind_bytes() }
    }

    /// Bytes that are being read from the log on disk for replicas.
    pub fn reading_bytes(&self) -> u64 {
        self.log.reading_bytes()
    }

    /// Bytes of the primary's stream that wait for its snapshot.
    pub fn held_bytes(&self) -> u64 {
        self.upstream.as_ref().map_or(0, |upstream| upstream.link().held_bytes().0)
    }

    /// The database that the stream has selected.
    pub fn selected_db(&self) -> usize {
        self.stream_db.unwrap_or(0)
    }

    /// Whether the next command gets a SELECT in front of it in this server's own stream.
    #[inline]
    pub fn selects(&self, db: usize) -> bool {
        self.writer.selects(db as u64)
    }

    /// Lets the next command of this server's own stream have a SELECT in front of it.
    pub fn forget_selected(&mut self) {
        self.writer.forget_db();
    }

    /// At which place of a stream the data stand, and the database that is selected there; none without a stream.
    pub fn data_place(&self) -> Option<(Place, usize)> {
        match &self.upstream {
            Some(upstream) => upstream.place().map(|place| (place, upstream.stream_db())),
            None => self.backlog.is_some().then(|| (self.history.place(), self.selected_db())),
        }
    }

    /// Number of keys that this replica expires by itself.
    pub fn volatile(&self) -> usize {
        self.volatile.len()
    }

    /// Forgets what is counted of synchronisations.
    pub fn reset_counts(&mut self) {
        self.counts = Counts::default();
    }

    /// What is counted of synchronisations.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// The replicas.
    pub fn replica_ids(&self) -> impl Iterator<Item = ClientId> {
        self.replicas.keys().copied()
    }

    /// Whether a client is a replica.
    pub fn has_replica(&self, id: ClientId) -> bool {
        self.replicas.contains_key(&id)
    }

    /// Whether a snapshot is being written for replicas.
    pub fn is_transferring(&self) -> bool {
        self.transfer.is_some()
    }

    /// How many bytes had been copied for snapshots when that for replicas began, if one is being written.
    pub fn copied_before(&self) -> Option<u64> {
        self.transfer.as_ref().map(|transfer| transfer.copied_bytes)
    }

    fn begin_backlog(&mut self, config: &Config) {
        if self.backlog.is_none() {
            self.restart_backlog(self.history.offset(), config);
        }
    }

    /// Begins a backlog at a place, in front of which nothing is known any more.
    fn restart_backlog(&mut self, at: Offset, config: &Config) {
        self.backlog = Some(Backlog::new(at, config.repl_backlog_size));
        self.log.end();
    }
}

/// Milliseconds as the state machines count them.
fn mono_ms(now: Now) -> u64 {
    now.mono_us / 1000
}

impl Engine {
    /// What files tell of the stream, so that it can be continued after a restart.
    pub(super) fn stream_aux(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        let place = self.replication.data_place();
        place.map(|(place, db)| place.aux(db as u64)).unwrap_or_default()
    }

    /// Takes what a file tells of the stream, and the bytes of it in front of that place, as far as they are known: a replica
    /// asks to continue there, a primary lets its replicas continue.
    pub(super) fn restore_stream(&mut self, aux: &[(Vec<u8>, Vec<u8>)], tail: Option<Backlog>) {
        let Some((place, db)) = Place::from_aux(aux) else { return };
        let Ok(db) = usize::try_from(db) else { return };
        let offset = place.offset;
        let repl = &mut self.replication;
        match &mut repl.upstream {
            Some(upstream) => {
                repl.history.restored_as_replica(place);
                upstream.restore(place, db);
                repl.restart_backlog(offset, &self.config);
            }
            None => {
                repl.history.restored_as_primary(place);
                repl.begin_backlog(&self.config);
                repl.alone_since_ms = mono_ms(self.now);
            }
        }
        if let Some(mut tail) = tail.filter(|tail| tail.range().end == offset) {
            tail.resize(self.config.repl_backlog_size);
            repl.backlog = Some(tail);
            // What is more goes to the disk.
            self.see_to_log();
            self.replication.trim();
        }
    }
}

#[cfg(test)]
mod tests;
