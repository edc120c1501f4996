//! What a server does for its replicas.

use super::super::network::Chunk;
use super::super::node::{Node, Transfer};
use super::super::record::{Outcome, Reason, Resync};
use super::super::stream::Stream;
use super::{Settings, World};
use crate::aof::reader::{Frame, frame};
use crate::base::num::parse_canonical_i64;
use crate::repl::announce::Heard;
use crate::repl::offset::{Offset, Refusal};
use crate::repl::primary::{Replica, State, continue_line, due, mark_line, new_mark};
use crate::repl::replica::Phase;

/// Bytes in memory that a replica is yet to get.
fn waiting_bytes(kept: Option<&Stream>, replica: &Replica) -> u64 {
    let waiting = kept.zip(replica.needs_from());
    waiting.map_or(0, |(kept, from)| kept.memory_bytes(Some(from)))
}

impl World<'_> {
    /// Runs what a replica sent.
    pub(super) fn requests(&mut self, node: usize, id: u64, mut bytes: &[u8]) {
        let mut spans = Vec::new();
        while !bytes.is_empty() {
            if let Some(rest) = bytes.strip_prefix(b"\n") {
                bytes = rest;
                let now_ms = self.now_ms;
                if let Some(replica) = self.replica_mut(id) {
                    replica.showed_life(now_ms);
                }
                continue;
            }
            let Ok(Frame::Command(len)) = frame(bytes, &mut spans) else { return };
            let words: Vec<&[u8]> =
                spans.iter().filter_map(|span| bytes.get(span.clone())).collect();
            self.request(node, id, &words);
            bytes = bytes.get(len..).unwrap_or_default();
        }
    }

    fn replica_mut(&mut self, id: u64) -> Option<&mut Replica> {
        self.connections.get_mut(&id)?.replica.as_mut()
    }

    fn request(&mut self, node: usize, id: u64, words: &[&[u8]]) {
        let now_ms = self.now_ms;
        match words {
            [b"PING"] => self.say(id, b"+PONG\r\n"),
            [b"REPLCONF", args @ ..] => {
                let Some(connection) = self.connections.get_mut(&id) else { return };
                match connection.announced.hear(args) {
                    Heard::Ok => self.say(id, b"+OK\r\n"),
                    Heard::Error(text) => self.say(id, &[b"-", text.as_slice(), b"\r\n"].concat()),
                    Heard::Ack { applied, synced } => {
                        if let Some(replica) = &mut connection.replica {
                            replica.acknowledged(applied, synced, now_ms);
                        }
                    }
                    Heard::GetAck | Heard::Nothing => {}
                }
            }
            [b"PSYNC", replid, byte] => {
                self.psync(node, id, replid, parse_canonical_i64(byte).unwrap_or(-1));
            }
            _ => self.say(id, b"-ERR unknown command\r\n"),
        }
    }

    fn say(&mut self, id: u64, bytes: &[u8]) {
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.out.extend_from_slice(bytes);
        }
    }

    fn psync(&mut self, node: usize, id: u64, replid: &[u8], byte: i64) {
        let now_ms = self.now_ms;
        let is_linked = |node: &Node| {
            node.upstream.as_ref().is_none_or(|upstream| upstream.link.phase() == Phase::Online)
        };
        if !is_linked(&self.nodes[node]) {
            let refusal = b"-NOMASTERLINK Can't SYNC while not connected with my master\r\n";
            return self.say(id, refusal);
        }
        let history = &self.nodes[node].history;
        let kept = self.nodes[node].backlog.as_ref().map(Stream::range);
        let continues = history.may_continue(replid, byte, kept);
        let own_id = history.replid();
        self.note_resync(node, id, byte, &continues);
        let has_replicas = self.has_replicas(node);
        let Some(connection) = self.connections.get_mut(&id) else { return };
        let announced = connection.announced.clone();
        match continues {
            Ok(from) => {
                let line = continue_line(&announced, own_id);
                connection.replica = Some(Replica::continuing(announced, from, now_ms));
                self.say(id, &line);
            }
            Err(_) => {
                connection.replica = Some(Replica::waiting(announced, false, now_ms));
                let Settings { backlog_bytes, disk_log, .. } = self.settings;
                let server = &mut self.nodes[node];
                if !has_replicas && server.backlog.is_none() {
                    server.history.start_anew(&mut self.rng);
                    let start = server.history.offset();
                    server.backlog = Some(Stream::new(start, backlog_bytes, disk_log));
                }
                self.begin_due_transfer(node);
            }
        }
    }

    fn note_resync(&mut self, node: usize, id: u64, byte: i64, result: &Result<Offset, Refusal>) {
        let Some(start_ms) = self.start_ms else { return };
        let Some(child) = self.connections.get(&id).map(|connection| connection.child) else {
            return;
        };
        let server = &self.nodes[node];
        let wanted = Offset::in_front_of(byte);
        let is_anew = wanted.is_some_and(|wanted| wanted < server.anew_from);
        let (outcome, reason) = match result {
            Ok(_) => (Outcome::Partial, Reason::Kept),
            Err(refusal) => (Outcome::Full, Reason::of(*refusal, is_anew, server.is_freed)),
        };
        let end = server.history.offset();
        let has_stream = matches!(reason, Reason::Kept | Reason::NotKept);
        let missing_bytes = wanted.filter(|_| has_stream).map(|wanted| end.since(wanted));
        self.record.needed_bytes = self.record.needed_bytes.max(missing_bytes.unwrap_or(0));
        let kept_bytes = server.backlog.as_ref().map_or(0, Stream::kept_bytes);
        let lost = self.nodes[child].upstream.as_ref().map_or("", |upstream| upstream.lost);
        let replica = child - 1;
        for index in &self.open_episodes {
            let episode = &mut self.record.episodes[*index];
            if episode.replica != replica {
                continue;
            }
            match outcome {
                Outcome::Partial => episode.partial += 1,
                Outcome::Full => episode.full += 1,
            }
            // The first full sync is what the outage led to.
            if episode.full == u64::from(outcome == Outcome::Full) || episode.reason.is_none() {
                episode.reason = Some(reason);
                episode.missing_bytes = missing_bytes;
            }
        }
        self.record.resyncs.push(Resync {
            at_ms: self.now_ms - start_ms,
            replica,
            outcome,
            reason,
            missing_bytes,
            kept_bytes,
            lost,
        });
    }

    /// Whether a server has replicas, be they waiting for a snapshot.
    pub(super) fn has_replicas(&self, node: usize) -> bool {
        self.connections.values().any(|c| c.parent == node && c.parent_open && c.replica.is_some())
    }

    /// Forgets the replica of a connection that is gone.
    pub(super) fn forget_replica(&mut self, node: usize, id: u64) {
        let replica = self.connections.get_mut(&id).and_then(|connection| {
            connection.snapshot = None;
            connection.replica.take()
        });
        let is_gone = replica.is_some() || !self.connections.contains_key(&id);
        if let Some(transfer) = &mut self.nodes[node].transfer {
            transfer.members.retain(|member| *member != id);
            if transfer.members.is_empty() {
                self.nodes[node].transfer = None;
            }
        }
        if is_gone && !self.has_replicas(node) {
            self.nodes[node].alone_since_ms = self.now_ms;
        }
    }

    /// Ends the connections to all replicas.
    pub(super) fn drop_replicas(&mut self, node: usize, why: &'static str) {
        let of_node = self.connections.iter().filter(|(_, c)| c.parent == node && c.parent_open);
        let ids: Vec<u64> = of_node.map(|(id, _)| *id).collect();
        ids.into_iter().for_each(|id| self.close(id, why));
    }

    /// Begins a snapshot for those that have waited long enough.
    pub(super) fn begin_due_transfer(&mut self, node: usize) {
        if !self.nodes[node].has_replicas || self.nodes[node].transfer.is_some() {
            return;
        }
        let (now_ms, policy) = (self.now_ms, self.policy());
        let of_node = self.connections.values().filter(|c| c.parent == node);
        let Some(batch) = due(of_node.filter_map(|c| c.replica.as_ref()), policy, now_ms) else {
            return;
        };
        let place = self.nodes[node].history.place();
        let mark = new_mark(&mut self.rng);
        let mut members = Vec::new();
        for (id, connection) in self.connections.iter_mut().filter(|(_, c)| c.parent == node) {
            let Some(replica) = connection.replica.as_mut().filter(|r| batch.takes(r)) else {
                continue;
            };
            let head = replica.snapshot_begins(place, batch.framing, now_ms);
            connection.out.extend_from_slice(&head);
            connection.out.extend_from_slice(&mark_line(&mark));
            connection.snapshot = Some((self.settings.dataset_bytes, mark));
            members.push(*id);
        }
        self.nodes[node].transfer = Some(Transfer { members });
    }

    /// Frees the backlog of a primary that has had no replica for long.
    pub(super) fn end_backlog(&mut self, node: usize) {
        let ttl_ms = self.settings.backlog_ttl_ms;
        let server = &self.nodes[node];
        let alone_ms = self.now_ms.saturating_sub(server.alone_since_ms);
        let is_primary = server.upstream.is_none() && server.backlog.is_some();
        if is_primary && ttl_ms > 0 && alone_ms > ttl_ms && !self.has_replicas(node) {
            let server = &mut self.nodes[node];
            server.backlog = None;
            server.is_freed = true;
            server.history.start_anew(&mut self.rng);
        }
    }

    /// Drops replicas that are silent or for which too much waits.
    pub(super) fn drop_bad_replicas(&mut self, node: usize) {
        let (now_ms, timeout_ms) = (self.now_ms, self.settings.timeout_ms);
        let (limit, backlog_bytes) = (self.settings.output_limit, self.settings.backlog_bytes);
        let kept = self.nodes[node].backlog.as_ref();
        let mut bad = Vec::new();
        for (id, connection) in self.connections.iter_mut().filter(|(_, c)| c.parent == node) {
            let Some(replica) = &mut connection.replica else { continue };
            let waiting_bytes = waiting_bytes(kept, replica);
            if replica.is_timed_out(timeout_ms, now_ms).is_some() {
                bad.push((*id, "its primary took it for dead"));
            } else if replica.exceeds(waiting_bytes, limit, backlog_bytes, now_ms) {
                bad.push((*id, "the output limit"));
                self.record.over_limit += 1;
            } else if replica.wants_newline() {
                connection.out.push(b'\n');
            }
        }
        let over_limit = bad.iter().filter(|(_, why)| *why == "the output limit").count();
        self.record.timed_out += (bad.len() - over_limit) as u64;
        bad.into_iter().for_each(|(id, why)| self.close(id, why));
    }

    /// Writes what is to be written to all connections.
    pub(super) fn send(&mut self) {
        let now_ms = self.now_ms;
        let mut lost = Vec::new();
        let mut sent_whole = Vec::new();
        for (id, connection) in &mut self.connections {
            connection.down.step();
            connection.up.step();
            let child = &mut self.nodes[connection.child];
            let is_down = child.is_down(now_ms);
            let own = child.upstream.as_mut().filter(|up| up.connection == Some(*id));
            let mut reads = false;
            if let Some(upstream) = own {
                reads = upstream.link.wants_bytes() && !is_down;
                let mut out = Vec::new();
                upstream.link.take_output(&mut out);
                if !out.is_empty() {
                    connection.up.put(now_ms, Chunk::Bytes(out));
                }
            }
            if !connection.parent_open {
                continue;
            }
            let mut sent = (0, 0);
            if !connection.out.is_empty() {
                let out = std::mem::take(&mut connection.out);
                sent.0 += out.len() as u64;
                connection.down.put(now_ms, Chunk::Bytes(out));
            }
            let mut room = connection.down.room_bytes(reads);
            if let (Some((left, mark)), Some(replica)) =
                (&mut connection.snapshot, &mut connection.replica)
            {
                let bytes = room.min(*left);
                if bytes > 0 {
                    connection.down.put(now_ms, Chunk::Snapshot(bytes));
                    replica.snapshot_moved(now_ms);
                    *left -= bytes;
                    room -= bytes;
                    sent.0 += bytes;
                    sent.1 += bytes;
                }
                if *left == 0 {
                    connection.down.put(now_ms, Chunk::Bytes(mark.to_vec()));
                    replica.snapshot_sent(now_ms);
                    connection.snapshot = None;
                    sent_whole.push((connection.parent, *id));
                }
            }
            let streaming = connection.replica.as_mut().filter(|replica| replica.streams());
            if let Some(replica) = streaming {
                let backlog = self.nodes[connection.parent].backlog.as_ref();
                match backlog.and_then(|backlog| backlog.read(replica.next())) {
                    None => lost.push(*id),
                    Some(pieces) => {
                        for piece in pieces.filter(|piece| !piece.is_empty()) {
                            let bytes = room.min(piece.len() as u64);
                            if bytes == 0 {
                                break;
                            }
                            let range = 0..usize::try_from(bytes).unwrap_or(piece.len());
                            connection.down.put(now_ms, Chunk::Stream(piece, range));
                            replica.sent(bytes);
                            room -= bytes;
                            sent.0 += bytes;
                        }
                    }
                }
            }
            if self.start_ms.is_some() && sent.0 > 0 {
                let replica = connection.child - 1;
                self.record.replicas[replica].sent_bytes += sent.0;
                for index in &self.open_episodes {
                    let episode = &mut self.record.episodes[*index];
                    if episode.replica == replica {
                        episode.sent_bytes += sent.0;
                        episode.snapshot_bytes += sent.1;
                    }
                }
            }
        }
        for (node, id) in sent_whole {
            if let Some(transfer) = &mut self.nodes[node].transfer {
                transfer.members.retain(|member| *member != id);
                if transfer.members.is_empty() {
                    self.nodes[node].transfer = None;
                    self.begin_due_transfer(node);
                }
            }
        }
        lost.into_iter().for_each(|id| self.close(id, "the backlog lost what it needed"));
    }

    /// Drops what no replica needs any more and the backlog's size does not ask for.
    pub(super) fn trim(&mut self) {
        for (index, node) in self.nodes.iter_mut().enumerate() {
            let Some(backlog) = &mut node.backlog else { continue };
            let of_node = self.connections.values().filter(|c| c.parent == index);
            let replicas = of_node.filter_map(|connection| connection.replica.as_ref());
            backlog.trim(replicas.filter_map(Replica::needs_from).min(), self.now_ms);
        }
    }

    /// Bytes that a primary keeps for the replica of a connection, and whether the replica waits for a snapshot or gets one.
    pub(super) fn waiting(&self, id: u64) -> (u64, bool) {
        let Some(connection) = self.connections.get(&id) else { return (0, false) };
        let Some(replica) = &connection.replica else { return (0, false) };
        let waiting_bytes = waiting_bytes(self.nodes[connection.parent].backlog.as_ref(), replica);
        let gets_snapshot = !matches!(replica.state(), State::Online | State::Transmitted);
        (waiting_bytes, gets_snapshot)
    }
}
