//! What a primary knows of each of its replicas, and which of them share a snapshot.
//!
//! # How a driver uses it
//!
//! ```text
//! PSYNC comes:     History::may_continue → Replica::continuing, or Replica::waiting and then, at each tick, due(…)
//! due(…) says who: a snapshot is taken; for each of them Replica::snapshot_begins gives what to write
//! snapshot known:  a client that comes later may still get the same one: may_share(…)
//! snapshot sent:   Replica::snapshot_sent, and Replica::is_over for those that wanted nothing else
//! stream:          while Replica::streams: Backlog::read(replica.next()), write, Replica::sent(bytes)
//! each second:     Replica::wants_newline, Replica::is_timed_out, Replica::exceeds
//! REPLCONF ACK:    Replica::acknowledged
//! ```
//!
//! A snapshot is *stored* (its length is known before the first byte is sent, as with a file) or *streamed* (it ends with a
//! mark). Behind a streamed one the stream waits for the replica's first acknowledgement, which tells that it saw the mark.

use super::announce::{Announced, Needs};
use super::handshake::MARK_BYTES;
use super::offset::{Offset, Place, ReplId};
use crate::base::rng::Rng;

/// How a snapshot is framed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// Its length is sent in front of it.
    Stored,
    /// A mark is sent in front of it and behind it.
    Streamed,
}

impl Framing {
    /// The words of the log: `Starting BGSAVE for SYNC with target: …`.
    pub fn target(self) -> &'static str {
        match self {
            Framing::Stored => "disk",
            Framing::Streamed => "replicas sockets",
        }
    }
}

/// Where a replica stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It waits for a snapshot to be begun.
    WaitStart,
    /// It waits for its other connection, over which the snapshot goes.
    WaitChannel,
    /// It gets the stream, while its snapshot goes over its other connection.
    SnapshotAndStream,
    /// Its snapshot is being written; with [`Framing::Streamed`], to it.
    WaitEnd(Framing),
    /// A stored snapshot is being sent to it.
    SendSnapshot,
    /// It has its snapshot and must say so before the stream begins.
    WaitAck,
    /// It gets the stream.
    Online,
    /// It has its snapshot and wanted nothing else.
    Transmitted,
}

impl State {
    /// The word of `INFO`.
    pub fn name(self) -> &'static str {
        match self {
            State::WaitStart | State::WaitEnd(_) => "wait_bgsave",
            State::WaitChannel => "wait_rdb_channel",
            State::SnapshotAndStream => "send_bulk_and_stream",
            State::SendSnapshot => "send_bulk",
            State::WaitAck | State::Online => "online",
            State::Transmitted => "rdb_transmitted",
        }
    }
}

/// Bounds of what may wait for a replica: `client-output-buffer-limit replica`. 0 is no bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OutputLimit {
    /// Bytes at which it is dropped at once.
    pub hard_bytes: u64,
    /// Bytes at which it is dropped if it stays there.
    pub soft_bytes: u64,
    /// For how long, in seconds.
    pub soft_s: u64,
}

/// A replica, as its primary sees it.
#[derive(Debug)]
pub struct Replica {
    /// What it told of itself.
    pub announced: Announced,
    state: State,
    /// When it came to wait for a snapshot.
    asked_ms: u64,
    /// The place of the next byte to be sent; of its snapshot until that is sent.
    next: Offset,
    /// It came with `SYNC`, gets no `+FULLRESYNC` and never acknowledges.
    is_old: bool,
    acked: Offset,
    synced: Option<Offset>,
    acked_ms: u64,
    /// When it last took bytes of a streamed snapshot.
    moved_ms: u64,
    /// Since when more than the soft limit waits for it.
    over_since_ms: Option<u64>,
}

impl Replica {
    /// One that goes on from a place.
    pub fn continuing(announced: Announced, from: Offset, now_ms: u64) -> Replica {
        let mut replica = Replica::waiting(announced, false, now_ms);
        replica.state = State::Online;
        replica.next = from;
        replica
    }

    /// One that needs a snapshot; `is_old` if it came with `SYNC`.
    pub fn waiting(announced: Announced, is_old: bool, now_ms: u64) -> Replica {
        Replica {
            announced,
            state: State::WaitStart,
            asked_ms: now_ms,
            next: Offset::ZERO,
            is_old,
            acked: Offset::ZERO,
            synced: None,
            acked_ms: now_ms,
            moved_ms: now_ms,
            over_since_ms: None,
        }
    }

    /// Where it stands.
    pub fn state(&self) -> State {
        self.state
    }

    /// The place of the next byte of the stream that it gets.
    pub fn next(&self) -> Offset {
        self.next
    }

    /// The place in the log that must be kept for it; none before a snapshot is begun and for those that get no stream.
    pub fn needs_from(&self) -> Option<Offset> {
        let without = [State::WaitStart, State::WaitChannel, State::Transmitted];
        (!self.announced.is_rdb_only && !without.contains(&self.state)).then_some(self.next)
    }

    /// Whether it came with `SYNC`.
    pub fn is_old(&self) -> bool {
        self.is_old
    }

    /// It waits until a snapshot is begun over its other connection.
    pub fn wait_for_channel(&mut self) {
        self.state = State::WaitChannel;
    }

    /// A snapshot of this place was begun over its other connection: the stream behind it may be written now.
    pub fn channel_begins(&mut self, place: Place) {
        if self.state == State::WaitChannel {
            self.state = State::SnapshotAndStream;
            self.next = place.offset;
        }
    }

    /// What it has applied, as far as it has said.
    pub fn acked(&self) -> Offset {
        self.acked
    }

    /// What of it survives its crash, as far as it has said.
    pub fn synced(&self) -> Option<Offset> {
        self.synced
    }

    /// A snapshot of this place was begun for it; what to write now.
    pub fn snapshot_begins(&mut self, place: Place, framing: Framing, now_ms: u64) -> Vec<u8> {
        self.state = State::WaitEnd(framing);
        self.next = place.offset;
        self.moved_ms = now_ms;
        match self.is_old {
            true => Vec::new(),
            false => format!("+FULLRESYNC {} {}\r\n", place.replid, place.offset).into_bytes(),
        }
    }

    /// A stored snapshot is ready to be sent to it.
    pub fn snapshot_stored(&mut self) {
        if self.state == State::WaitEnd(Framing::Stored) {
            self.state = State::SendSnapshot;
        }
    }

    /// It took bytes of its snapshot.
    pub fn snapshot_moved(&mut self, now_ms: u64) {
        self.moved_ms = now_ms;
    }

    /// All of its snapshot was written to it.
    pub fn snapshot_sent(&mut self, now_ms: u64) {
        self.state = match self.state {
            State::WaitEnd(_) | State::SendSnapshot if self.announced.is_rdb_only => {
                State::Transmitted
            }
            State::WaitEnd(_) if !self.is_old => State::WaitAck,
            State::WaitEnd(_) | State::SendSnapshot => State::Online,
            other => other,
        };
        self.acked_ms = now_ms;
    }

    /// Whether it got all that it wanted and the connection is to be closed.
    pub fn is_over(&self) -> bool {
        self.state == State::Transmitted
    }

    /// Whether bytes of the stream may be written to it.
    pub fn streams(&self) -> bool {
        matches!(self.state, State::Online | State::SnapshotAndStream)
    }

    /// Bytes of the stream were written to it.
    pub fn sent(&mut self, bytes: u64) {
        self.next = self.next.plus(bytes);
    }

    /// It says what it has; whether the stream begins by that.
    pub fn acknowledged(&mut self, applied: Offset, synced: Option<Offset>, now_ms: u64) -> bool {
        self.acked = self.acked.max(applied);
        self.synced = self.synced.max(synced);
        self.acked_ms = now_ms;
        let begins = matches!(self.state, State::WaitAck | State::SnapshotAndStream);
        if begins {
            self.state = State::Online;
        }
        begins
    }

    /// It sent an empty line: it is alive, and busy loading.
    pub fn showed_life(&mut self, now_ms: u64) {
        self.acked_ms = now_ms;
    }

    /// Seconds since it was last heard, for `INFO`; -1 if it is not online or never acknowledges.
    pub fn lag_s(&self, now_ms: u64) -> i64 {
        match self.state {
            State::Online | State::WaitAck if !self.is_old => {
                i64::try_from(now_ms.saturating_sub(self.acked_ms) / 1000).unwrap_or(i64::MAX)
            }
            State::Online | State::WaitAck => -1,
            _ => 0,
        }
    }

    /// Whether it counts for `min-replicas-to-write`.
    pub fn is_good(&self, max_lag_s: u64, now_ms: u64) -> bool {
        matches!(self.state, State::Online | State::WaitAck)
            && now_ms.saturating_sub(self.acked_ms) / 1000 <= max_lag_s
    }

    /// Whether an empty line should be sent each second, so that it does not give up waiting.
    pub fn wants_newline(&self) -> bool {
        matches!(self.state, State::WaitStart | State::WaitEnd(Framing::Stored))
    }

    /// Whether it is to be dropped since it was silent, or took nothing of a snapshot, for too long; the line for the log.
    pub fn is_timed_out(&self, timeout_ms: u64, now_ms: u64) -> Option<&'static str> {
        let is_over = |since_ms: u64| now_ms.saturating_sub(since_ms) > timeout_ms;
        match self.state {
            State::Online | State::WaitAck if !self.is_old && is_over(self.acked_ms) => {
                Some("Disconnecting timedout replica (streaming sync)")
            }
            State::WaitChannel if is_over(self.asked_ms) => {
                Some("Disconnecting timedout replica (full sync)")
            }
            State::WaitEnd(Framing::Streamed) if is_over(self.moved_ms) => {
                Some("Disconnecting timedout replica (full sync)")
            }
            _ => None,
        }
    }

    /// Whether too much waits for it in memory. A bound below the backlog's size is raised to it.
    pub fn exceeds(
        &mut self,
        waiting_bytes: u64,
        limit: OutputLimit,
        backlog_bytes: u64,
        now_ms: u64,
    ) -> bool {
        let hard_bytes = limit.hard_bytes.max(backlog_bytes);
        if limit.hard_bytes > 0 && waiting_bytes >= hard_bytes {
            return true;
        }
        if limit.soft_bytes == 0 || waiting_bytes < limit.soft_bytes {
            self.over_since_ms = None;
            return false;
        }
        let since_ms = *self.over_since_ms.get_or_insert(now_ms);
        now_ms.saturating_sub(since_ms) / 1000 > limit.soft_s
    }
}

/// How many have applied everything up to a place: what `WAIT` counts.
pub fn count_applied<'r>(replicas: impl IntoIterator<Item = &'r Replica>, place: Offset) -> usize {
    let replicas = replicas.into_iter();
    replicas.filter(|replica| replica.streams() && replica.acked >= place).count()
}

/// How many have it safe from a crash: what `WAITAOF` counts.
pub fn count_synced<'r>(replicas: impl IntoIterator<Item = &'r Replica>, place: Offset) -> usize {
    let replicas = replicas.into_iter();
    let has = |replica: &&Replica| replica.streams() && replica.synced >= Some(place);
    replicas.filter(has).count()
}

/// When snapshots are begun for those that wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SyncPolicy {
    /// Snapshots are streamed to those that take it so: `repl-diskless-sync`.
    pub streams: bool,
    /// Milliseconds for which others may join: `repl-diskless-sync-delay`.
    pub delay_ms: u64,
    /// Number of waiting replicas at which nobody waits any longer; 0 for none: `repl-diskless-sync-max-replicas`.
    pub max_replicas: usize,
}

/// A snapshot that is to be begun, or runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Batch {
    /// What all that share it need.
    pub needs: Needs,
    /// How it is framed.
    pub framing: Framing,
    /// All that share it take a mark.
    pub capa_eof: bool,
    /// Some that share it get the stream behind it.
    pub has_stream: bool,
    /// The oldest version among them; none if one did not say.
    pub version: Option<[u32; 3]>,
}

impl Batch {
    /// Whether a replica belongs to those that the batch was made for.
    pub fn takes(&self, replica: &Replica) -> bool {
        replica.state == State::WaitStart && replica.announced.needs == self.needs
    }

    /// Whether a replica that comes while the snapshot is being written may have it too: not one that is streamed, and only if
    /// bytes of the stream behind it are kept.
    pub fn may_share(&self, replica: &Replica) -> bool {
        let announced = &replica.announced;
        let is_like = announced.needs == self.needs && (announced.capa_eof || !self.capa_eof);
        let is_versed = announced.version == self.version;
        self.framing == Framing::Stored
            && self.takes(replica)
            && is_like
            && is_versed
            && (self.has_stream || announced.is_rdb_only)
    }
}

/// Whether a snapshot should be begun now, and which: for the first that waits, and all that need the same.
pub fn due<'r>(
    replicas: impl IntoIterator<Item = &'r Replica>,
    policy: SyncPolicy,
    now_ms: u64,
) -> Option<Batch> {
    let mut waiting = replicas.into_iter().filter(|replica| replica.state == State::WaitStart);
    let first = waiting.next()?;
    let needs = first.announced.needs;
    let (mut count, mut longest_ms) = (0, 0);
    let mut batch = Batch {
        needs,
        framing: Framing::Stored,
        capa_eof: true,
        has_stream: false,
        version: first.announced.version,
    };
    let alike = waiting.filter(|replica| replica.announced.needs == needs);
    for replica in std::iter::once(first).chain(alike) {
        count += 1;
        longest_ms = longest_ms.max(now_ms.saturating_sub(replica.asked_ms));
        batch.capa_eof &= replica.announced.capa_eof;
        batch.has_stream |= !replica.announced.is_rdb_only;
        batch.version = batch.version.min(replica.announced.version);
    }
    if (policy.streams || needs.is_filtered()) && batch.capa_eof {
        batch.framing = Framing::Streamed;
    }
    let is_full = policy.max_replicas > 0 && count >= policy.max_replicas;
    (!policy.streams || is_full || longest_ms >= policy.delay_ms).then_some(batch)
}

/// The answer to a `PSYNC` that may continue.
pub fn continue_line(announced: &Announced, replid: ReplId) -> Vec<u8> {
    match announced.capa_psync2 {
        true => format!("+CONTINUE {replid}\r\n").into_bytes(),
        false => b"+CONTINUE\r\n".into(),
    }
}

/// What stands in front of a snapshot over a connection of its own, as Valkey does it: its place, the database that the stream
/// has selected there, and who asked. A stream that selects its database anew behind it has none.
pub fn end_offset_line(place: Place, db: Option<usize>, client: u64) -> Vec<u8> {
    let db = db.map_or("-1".to_owned(), |db| db.to_string());
    format!("$ENDOFF:{} {} {db} {client}\r\n", place.offset, place.replid).into_bytes()
}

/// What stands in front of a stored snapshot.
pub fn length_line(bytes: u64) -> Vec<u8> {
    format!("${bytes}\r\n").into_bytes()
}

/// What ends a streamed snapshot, drawn anew for each.
pub fn new_mark(rng: &mut Rng) -> [u8; MARK_BYTES] {
    let mut mark = [b'0'; MARK_BYTES];
    for (place, digit) in mark.iter_mut().zip(ReplId::random(rng).as_bytes()) {
        *place = *digit;
    }
    mark
}

/// What stands in front of a streamed snapshot.
pub fn mark_line(mark: &[u8; MARK_BYTES]) -> Vec<u8> {
    [b"$EOF:", mark.as_slice(), b"\r\n"].concat()
}

#[cfg(test)]
mod tests;
