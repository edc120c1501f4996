//! The stream of a primary: what is fed to it, and how replicas read it.

use super::super::client::ClientId;
use super::super::{Action, Engine};
use super::{Replication, mono_ms};
use crate::repl::handshake::{GETACK, PING};

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

    /// Fills a buffer with what a replica gets next. Whether the bytes that it needs are gone.
    fn read_for(&mut self, id: ClientId, out: &mut Vec<u8>) -> bool {
        let Some(replica) = self.replicas.get_mut(&id).filter(|replica| replica.streams()) else {
            return false;
        };
        let pieces = self.backlog.as_ref().and_then(|backlog| backlog.read(replica.next()));
        let Some(pieces) = pieces else { return true };
        for piece in pieces {
            let room = PORTION_BYTES.saturating_sub(out.len());
            let bytes = piece.get(..room.min(piece.len())).unwrap_or_default();
            out.extend_from_slice(bytes);
            replica.sent(bytes.len() as u64);
            if out.len() >= PORTION_BYTES {
                break;
            }
        }
        false
    }

    /// Drops what nobody needs any more.
    pub(super) fn trim(&mut self) {
        if let Some(backlog) = &mut self.backlog {
            let held = self.replicas.values().filter_map(|replica| replica.needs_from()).min();
            backlog.trim(held);
        }
    }
}

impl Engine {
    /// Fills a buffer with what is to be written to a replica next, if the client is one.
    pub(in crate::engine) fn read_stream(&mut self, id: ClientId, out: &mut Vec<u8>) {
        if self.replication.replicas.is_empty() {
            return;
        }
        let is_lost = self.replication.read_for(id, out);
        self.stats.output_bytes += out.len() as u64;
        if is_lost {
            self.close(id);
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
        let streaming = repl.replicas.iter().filter(|(_, replica)| replica.streams());
        let ids: Vec<ClientId> = streaming.map(|(id, _)| *id).collect();
        repl.trim();
        self.actions.extend(ids.into_iter().map(Action::Wake));
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
