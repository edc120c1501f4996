//! The log on disk behind the backlog: what is written there, and replicas that are served from it.

use super::super::client::ClientId;
use super::super::{Action, Engine, Level, Now};
use super::{Replication, mono_ms};
use crate::repl::backlog::Piece;
use crate::repl::log::{DiskLog, Limits};
use crate::repl::offset::Offset;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::Range;

/// Milliseconds after which a disk that did not take the log is tried again.
const RETRY_MS: u64 = 60_000;

/// The same for a disk that took it, but too slowly.
const RETRY_SLOW_MS: u64 = 1000;

/// The least and the most bytes of a file of the log. Files are freed as a whole.
const FILE_BYTES: Range<u64> = 1 << 20..64 << 20;

/// What the driver is to do with a log on disk. Each has a number; only one is there at a time.
#[derive(Debug)]
pub enum StreamLog {
    /// Append these bytes, which follow on each other and on what was appended, then tell [`Engine::stream_logged`] or
    /// [`Engine::stream_log_failed`]. The first of a number begin a log.
    Append {
        /// The number of the log.
        log: u64,
        /// What is appended.
        pieces: Vec<Piece>,
        /// Bytes of a file at which another one is to be begun.
        file_bytes: u64,
    },
    /// Files all of whose bytes are in front of this place may be freed.
    Forget {
        /// The number of the log.
        log: u64,
        /// The first place that is needed.
        before: Offset,
    },
    /// Read bytes for a replica, and tell [`Engine::stream_read`].
    Read {
        /// The number of the log.
        log: u64,
        /// The replica.
        client: ClientId,
        /// Where to begin.
        from: Offset,
        /// How many.
        bytes: usize,
    },
    /// Free all of it, then tell [`Engine::stream_log_ended`].
    End {
        /// The number of the log.
        log: u64,
    },
}

/// What became of bytes that were to be read from a log.
#[derive(Debug)]
pub struct StreamRead {
    /// The number of the log.
    pub log: u64,
    /// Who wanted them.
    pub client: ClientId,
    /// Where they begin.
    pub from: Offset,
    /// The bytes, or what went wrong.
    pub result: Result<Vec<u8>, String>,
}

/// The log on disk, if there is one.
#[derive(Debug, Default)]
pub struct Log {
    present: Option<DiskLog>,
    /// One that is no more, until the driver has freed it.
    ending: Option<u64>,
    /// The driver does not know of that yet.
    is_news: bool,
    /// How many there were.
    count: u64,
    /// When the next one may begin.
    not_before_ms: u64,
    /// Replicas for which bytes are being read, and how many.
    readers: BTreeMap<ClientId, usize>,
}

impl Log {
    /// Ends the log, whose bytes are not those of the stream any more.
    pub fn end(&mut self) {
        self.readers.clear();
        if let Some(log) = self.present.take() {
            self.ending = Some(log.number());
            self.is_news = true;
        }
    }

    /// Whether it has the bytes from a place on.
    pub fn holds(&self, from: Offset) -> bool {
        self.present.as_ref().is_some_and(|log| log.kept().contains(&from))
    }

    /// Up to where bytes are on disk; none without a log.
    pub fn written_to(&self) -> Option<Offset> {
        self.present.as_ref().map(DiskLog::written_to)
    }

    /// What lies on disk; none without a log.
    pub fn kept(&self) -> Option<Range<Offset>> {
        self.present.as_ref().map(DiskLog::kept)
    }

    /// Bytes that are being read for replicas, and take memory outside of their clients.
    pub fn reading_bytes(&self) -> u64 {
        self.readers.values().sum::<usize>() as u64
    }

    /// Forgets a replica that is gone.
    pub fn forget_reader(&mut self, id: ClientId) {
        self.readers.remove(&id);
    }

    fn of(&mut self, number: u64) -> Option<&mut DiskLog> {
        self.present.as_mut().filter(|log| log.number() == number)
    }
}

impl Replication {
    /// The part of the stream that replicas can be given; none without a backlog.
    pub(super) fn kept(&self) -> Option<Range<Offset>> {
        let memory = self.backlog.as_ref()?.range();
        let start = self.log.kept().map_or(memory.start, |disk| disk.start.min(memory.start));
        Some(start..memory.end)
    }
}

impl Engine {
    fn log_limits(&self) -> Limits {
        Limits {
            max_bytes: self.config.repl_log_max_size,
            max_age_ms: self.config.repl_log_max_age.unsigned_abs().saturating_mul(1000),
        }
    }

    /// Lets the disk have what leaves the backlog.
    pub(super) fn see_to_log(&mut self) {
        let (limits, now_ms) = (self.log_limits(), mono_ms(self.now));
        let repl = &mut self.replication;
        let Replication { log, backlog, .. } = repl;
        if std::mem::take(&mut log.is_news)
            && let Some(number) = log.ending
        {
            self.actions.push_back(Action::StreamLog(StreamLog::End { log: number }));
        }
        let Some(backlog) = backlog else { return };
        if limits.max_bytes == 0 {
            return log.end();
        }
        if log.present.is_none() {
            let has_surplus = backlog.kept_bytes() > backlog.size_bytes();
            if log.ending.is_some() || now_ms < log.not_before_ms || !has_surplus {
                return;
            }
            log.count += 1;
            log.present = Some(DiskLog::new(log.count, backlog.range().start, limits));
        }
        let Some(present) = &mut log.present else { return };
        let number = present.number();
        let pieces = present.take_due(backlog);
        if !pieces.is_empty() {
            let file_bytes = (limits.max_bytes / 16).clamp(FILE_BYTES.start, FILE_BYTES.end);
            let order = StreamLog::Append { log: number, pieces, file_bytes };
            self.actions.push_back(Action::StreamLog(order));
        }
        if present.is_too_slow() {
            self.stop_log("the disk does not keep up with the stream", RETRY_SLOW_MS);
        }
    }

    /// Sees to the age of the log, and to directives that have changed.
    pub(super) fn log_tick(&mut self) {
        let (limits, now_ms) = (self.log_limits(), mono_ms(self.now));
        if let Some(log) = &mut self.replication.log.present {
            log.set_limits(limits);
        }
        self.see_to_log();
        self.forget_log(now_ms);
    }

    fn forget_log(&mut self, now_ms: u64) {
        let Some(log) = &mut self.replication.log.present else { return };
        if let Some(before) = log.forget_due(now_ms) {
            let order = StreamLog::Forget { log: log.number(), before };
            self.actions.push_back(Action::StreamLog(order));
        }
    }

    /// Does without a log for a while. Replicas that are behind the backlog need all of the data.
    fn stop_log(&mut self, why: &str, retry_ms: u64) {
        let log = &mut self.replication.log;
        log.not_before_ms = mono_ms(self.now).saturating_add(retry_ms);
        log.end();
        self.log(Level::Warning, format!("Replication log on disk given up: {why}. Replicas that are behind the backlog need a full resync; trying again in {} s", retry_ms / 1000));
        self.see_to_log();
        self.replication.trim();
        self.wake_replicas();
    }

    /// Asks the driver for bytes of the log.
    pub(super) fn read_log(&mut self, client: ClientId, from: Offset, bytes: usize) {
        let log = &mut self.replication.log;
        let Some(present) = &log.present else { return };
        if let Entry::Vacant(reader) = log.readers.entry(client) {
            let kept_bytes = present.written_to().since(from);
            let bytes = usize::try_from(kept_bytes).map_or(bytes, |kept| kept.min(bytes));
            reader.insert(bytes);
            let order = StreamLog::Read { log: present.number(), client, from, bytes };
            self.actions.push_back(Action::StreamLog(order));
        }
    }

    /// Learns that the bytes of a log up to a place are on disk.
    pub fn stream_logged(&mut self, log: u64, to: Offset, now: Now) {
        self.set_now(now);
        let now_ms = mono_ms(now);
        let Some(present) = self.replication.log.of(log) else { return };
        present.written(to, now_ms);
        self.forget_log(now_ms);
        self.see_to_log();
        self.replication.trim();
    }

    /// Learns that the disk does not take a log.
    pub fn stream_log_failed(&mut self, log: u64, why: &str, now: Now) {
        self.set_now(now);
        if self.replication.log.of(log).is_some() {
            self.stop_log(why, RETRY_MS);
        }
    }

    /// Learns that a log was freed.
    pub fn stream_log_ended(&mut self, log: u64) {
        let repl = &mut self.replication.log;
        if repl.ending == Some(log) {
            repl.ending = None;
        }
    }

    /// Passes bytes of a log on to the replica for which they were read.
    pub fn stream_read(&mut self, read: StreamRead, now: Now) {
        self.set_now(now);
        let StreamRead { log, client, from, result } = read;
        if self.replication.log.of(log).is_none()
            || self.replication.log.readers.remove(&client).is_none()
        {
            return;
        }
        let Some(replica) = self.replication.replicas.get_mut(&client) else { return };
        if replica.next() != from || !replica.streams() {
            return;
        }
        match result {
            Ok(bytes) => {
                replica.sent(bytes.len() as u64);
                self.stats.repl_output_bytes += bytes.len() as u64;
                self.put_out(client, &bytes);
            }
            Err(why) => {
                let name = self.replica_name(client);
                let text = format!("Reading the replication log for replica {name} failed: {why}");
                self.log(Level::Warning, text);
                self.close(client);
            }
        }
    }
}
