//! The stream of a primary: what is fed to it, and how replicas read it.

use super::super::client::ClientId;
use super::super::{Action, Engine};
use super::{Replication, mono_ms};
use crate::repl::handshake::{GETACK, PING};
use crate::repl::offset::Offset;
use crate::repl::primary::Replica;

/// Bytes of the stream that a replica gets at once.
const PORTION_BYTES: usize = 256 << 10;

impl Replication {
    /// Adds a command that changed the data of a database.
    pub fn feed(&mut self, db: usize, args: &[&[u8]]) {
        let Some(backlog) = &mut self.backlog else { return };
        self.scratch.clear();
        self.writer.command(&mut self.scratch, db as u64, None, args);
        self.stream_db = Some(db);
        backlog.append(&self.scratch);
        self.history.advance(self.scratch.len() as u64);
        self.has_news = true;
    }

    /// Adds bytes as they are.
    pub(super) fn feed_raw(&mut self, bytes: &[u8]) {
        let Some(backlog) = &mut self.backlog else { return };
        backlog.append(bytes);
        self.history.advance(bytes.len() as u64);
        self.has_news = true;
    }

    /// Fills a buffer with what a replica gets next.
    fn read_for(&mut self, id: ClientId, out: &mut Vec<u8>) -> Next {
        let Some(replica) = self.replicas.get_mut(&id).filter(|replica| replica.streams()) else {
            return Next::Bytes;
        };
        let pieces = self.backlog.as_ref().and_then(|backlog| backlog.read(replica.next()));
        let Some(pieces) = pieces else {
            return match self.log.holds(replica.next()) {
                true => Next::OnDisk(replica.next()),
                false => Next::Lost,
            };
        };
        for piece in pieces {
            let room = PORTION_BYTES.saturating_sub(out.len());
            let bytes = piece.get(..room.min(piece.len())).unwrap_or_default();
            out.extend_from_slice(bytes);
            replica.sent(bytes.len() as u64);
            if out.len() >= PORTION_BYTES {
                break;
            }
        }
        Next::Bytes
    }

    /// Drops what nobody needs any more, or what is on disk.
    pub(super) fn trim(&mut self) {
        let expected_from = self.expected_from();
        if let Some(backlog) = &mut self.backlog {
            let needed = || {
                let slowest = self.replicas.values().filter_map(Replica::needs_from).min();
                slowest.into_iter().chain(expected_from).min()
            };
            backlog.trim(self.log.written_to().or_else(needed));
        }
    }
}

/// What a replica gets next.
enum Next {
    /// What was put into the buffer, if anything.
    Bytes,
    /// Bytes that are to be read from the disk, from this place on.
    OnDisk(Offset),
    /// Bytes that are gone.
    Lost,
}

impl Engine {
    /// Fills a buffer with what is to be written to a replica next, if the client is one.
    pub(in crate::engine) fn read_stream(&mut self, id: ClientId, out: &mut Vec<u8>) {
        if self.replication.replicas.is_empty() {
            return;
        }
        let next = self.replication.read_for(id, out);
        self.stats.output_bytes += out.len() as u64;
        self.stats.repl_output_bytes += out.len() as u64;
        match next {
            Next::Bytes => {}
            Next::OnDisk(from) => self.read_log(id, from, PORTION_BYTES),
            Next::Lost => self.close(id),
        }
    }

    /// Tells replicas of what came to the stream; to be called once all requests at hand have run.
    pub(in crate::engine) fn flush_stream(&mut self) {
        let repl = &mut self.replication;
        if std::mem::take(&mut repl.asks) && !repl.replicas.is_empty() && !repl.is_replica() {
            repl.feed_raw(GETACK);
        }
        if !std::mem::take(&mut repl.has_news) {
            return;
        }
        self.see_to_log();
        self.replication.trim();
        self.wake_replicas();
    }

    /// Lets replicas look for what they get next.
    pub(super) fn wake_replicas(&mut self) {
        let replicas = self.replication.replicas.iter();
        let streaming = replicas.filter(|(_, replica)| replica.streams());
        self.actions.extend(streaming.map(|(id, _)| Action::Wake(*id)));
    }

    /// Sends a PING into the stream when it is time.
    pub(super) fn ping_replicas(&mut self) {
        let now_ms = mono_ms(self.now);
        let period_ms = self.config.repl_ping_replica_period.unsigned_abs().saturating_mul(1000);
        let repl = &mut self.replication;
        if repl.is_replica()
            || repl.replicas.is_empty()
            || now_ms.saturating_sub(repl.pinged_ms) < period_ms
        {
            return;
        }
        repl.pinged_ms = now_ms;
        repl.feed_raw(PING);
    }
}
