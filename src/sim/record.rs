//! What happened in a run.

use super::faults::Outage;
use crate::repl::offset::Refusal;

/// What a replica got when it came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It went on where it was.
    Partial,
    /// It got all of the data.
    Full,
}

impl Outcome {
    /// Its word.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Partial => "partial",
            Outcome::Full => "full",
        }
    }
}

/// Why it was that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The backlog had what was missing.
    Kept,
    /// The backlog had lost bytes that were missing.
    NotKept,
    /// The primary itself has got all of the data since, and its backlog begins behind that.
    PrimaryAnew,
    /// The stream has another name, since the backlog was freed for lack of replicas.
    Freed,
    /// The stream has another name.
    Renamed,
    /// The replica had nothing to go on from.
    NoPlace,
}

impl Reason {
    /// What a refusal comes to; `is_anew` if what the primary keeps begins behind a snapshot that it got, `is_freed` if it once
    /// freed its backlog.
    pub(super) fn of(refusal: Refusal, is_anew: bool, is_freed: bool) -> Reason {
        match refusal {
            Refusal::Asked => Reason::NoPlace,
            Refusal::NotKept { .. } if is_anew => Reason::PrimaryAnew,
            Refusal::NotKept { .. } => Reason::NotKept,
            Refusal::Unknown if is_freed => Reason::Freed,
            Refusal::Unknown | Refusal::BehindSecond => Reason::Renamed,
        }
    }

    /// What people read.
    pub fn text(self) -> &'static str {
        match self {
            Reason::Kept => "the backlog held what was missing",
            Reason::NotKept => "the backlog was too small",
            Reason::PrimaryAnew => "its primary had just got all of the data",
            Reason::Freed => "the backlog was freed for lack of replicas",
            Reason::Renamed => "the stream has another name",
            Reason::NoPlace => "it had nothing to continue from",
        }
    }
}

/// A replica came back to its primary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resync {
    /// When, in milliseconds from the start of the run.
    pub at_ms: u64,
    /// The replica, by its place among all.
    pub replica: usize,
    /// What it got.
    pub outcome: Outcome,
    /// Why.
    pub reason: Reason,
    /// Bytes of the stream that it lacked; none if it followed another stream.
    pub missing_bytes: Option<u64>,
    /// Bytes that the backlog held.
    pub kept_bytes: u64,
    /// Why the connection before was lost.
    pub lost: &'static str,
}

/// What an outage meant for a replica.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Episode {
    /// The outage, by its place among all.
    pub outage: usize,
    /// The replica, by its place among all.
    pub replica: usize,
    /// Whether its own link was hit, rather than one between it and the first primary.
    pub is_hit: bool,
    /// When it begins and ends, in milliseconds from the start of the run.
    pub start_ms: u64,
    /// See `start_ms`.
    pub end_ms: u64,
    /// Times that it went on where it was.
    pub partial: u64,
    /// Times that it got all of the data.
    pub full: u64,
    /// Why it got all of the data, or else why it did not.
    pub reason: Option<Reason>,
    /// Bytes that it lacked when it came back.
    pub missing_bytes: Option<u64>,
    /// Bytes sent to it until it had caught up.
    pub sent_bytes: u64,
    /// Those of them that were snapshots.
    pub snapshot_bytes: u64,
    /// When it had everything again, in milliseconds from the start of the run.
    pub caught_up_ms: Option<u64>,
    /// Most bytes that its primary kept in memory for it.
    pub peak_waiting_bytes: u64,
    /// Longest time of which it lacked writes, in milliseconds.
    pub at_risk_ms: u64,
}

/// What a replica is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It has everything, but for what is under way.
    Current,
    /// It gets the stream and lacks some of it.
    Behind,
    /// It waits for a snapshot, or gets one.
    Snapshot,
    /// It has no primary.
    Down,
}

impl Status {
    /// Its word.
    pub fn name(self) -> &'static str {
        match self {
            Status::Current => "current",
            Status::Behind => "catching up",
            Status::Snapshot => "full sync",
            Status::Down => "down",
        }
    }
}

/// A time in which a replica did the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// When it begins, in milliseconds from the start of the run.
    pub start_ms: u64,
    /// When it ends.
    pub end_ms: u64,
    /// What it did.
    pub status: Status,
}

/// What is told of a replica.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReplicaRecord {
    /// Its name: `2`, or `2.1` if it follows replica 2.
    pub name: String,
    /// Bytes sent to it.
    pub sent_bytes: u64,
    /// Longest time of which it lacked writes, in milliseconds.
    pub at_risk_ms: u64,
    /// What it did, in order.
    pub spans: Vec<Span>,
}

/// What happened in a run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Record {
    /// The outages, in order of their starts.
    pub outages: Vec<Outage>,
    /// What each outage meant for each replica that lies behind it.
    pub episodes: Vec<Episode>,
    /// All returns of replicas.
    pub resyncs: Vec<Resync>,
    /// The replicas.
    pub replicas: Vec<ReplicaRecord>,
    /// Commands written.
    pub writes: u64,
    /// Bytes of the stream.
    pub stream_bytes: u64,
    /// Most bytes of the stream that one server kept in memory.
    pub peak_kept_bytes: u64,
    /// Most bytes of the stream that one server kept on disk.
    pub peak_disk_bytes: u64,
    /// Longest time of which every replica lacked writes, in milliseconds: what would have been lost with the primary.
    pub all_at_risk_ms: u64,
    /// Most bytes of the stream that a replica lacked which its primary followed all the time: the least backlog that lets all
    /// of them go on.
    pub needed_bytes: u64,
    /// Connections that a primary ended since too much waited for the replica.
    pub over_limit: u64,
    /// Connections that were given up for silence.
    pub timed_out: u64,
}

impl Record {
    /// Times that a replica got all of the data.
    pub fn full(&self) -> usize {
        self.resyncs.iter().filter(|resync| resync.outcome == Outcome::Full).count()
    }

    /// Times that a replica went on where it was.
    pub fn partial(&self) -> usize {
        self.resyncs.len() - self.full()
    }
}
