//! The link to a primary, as its replica sees it: bytes and moments in, bytes and events out.
//!
//! # How a driver uses it
//!
//! ```text
//! link.connect(now, e)            then it opens a connection to the primary
//! link.on_connected(now, e)       the connection stands
//! link.on_bytes(now, bytes, e)    whatever was read, cut anywhere; not while !link.wants_bytes()
//! link.on_tick(now, e)            ten times a second or so
//! link.on_closed(now, why, e)     the connection could not be opened, or is gone
//! link.take_output(&mut out)      after each of these: what to write
//! ```
//!
//! `e` is called with [`Event`]s. Behind [`Event::Failed`] the driver closes the connection and connects anew after the time
//! that it names. Three things only the driver knows:
//!
//! - Behind [`Event::SnapshotEnd`] it loads the snapshot, for as long as it takes, and says [`Link::loaded`], or
//!   [`Link::abandon`] if the snapshot is no good. Meanwhile the link keeps what comes, and tells the primary that it lives.
//! - It takes the stream apart into commands and says [`Link::applied`] where it could start again: behind a command, and behind
//!   EXEC rather than inside a transaction. From there the link asks to continue when it was lost.
//! - On `REPLCONF GETACK *` in the stream it says [`Link::acknowledge`].

use super::handshake::{self, Head, Introduction, LINE_BYTES_MAX, Psync, Step};
use super::mark::MarkSearch;
use super::offset::{Offset, Place, ReplId};
use super::{Level, shown};
use std::collections::VecDeque;

/// Milliseconds between two acknowledgements, and between two signs of life while a snapshot is loaded.
const ACK_PERIOD_MS: u64 = 1000;

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
            loads_to: "to parser",
        }
    }
}

/// What happens on a link.
#[derive(Debug, PartialEq, Eq)]
pub enum Event<'b> {
    /// A line for the log.
    Log(Level, String),
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

/// What is still to come of a snapshot.
#[derive(Debug)]
enum Rest {
    Bytes(u64),
    UpToMark(Box<MarkSearch>),
}

#[derive(Debug)]
enum State {
    /// No connection.
    Down,
    /// The driver opens one.
    Connecting,
    /// Waits for the answer to `PING`.
    Ping,
    /// Waits for the answers to these.
    Introduced(VecDeque<Step>),
    /// Waits for the answer to `PSYNC`.
    Psync,
    /// Waits for the line in front of the snapshot.
    Head { from: Option<Place> },
    /// Receives a snapshot.
    Snapshot { from: Option<Place>, rest: Rest },
    /// The driver loads the snapshot; what came since is held.
    Loading { from: Option<Place>, held: Vec<u8> },
    /// Receives the stream, so far up to this place.
    Online { received: Offset, has_place: bool },
    /// The snapshot was all that was wanted.
    Done,
}

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

/// The link to a primary.
#[derive(Debug)]
pub struct Link {
    settings: Settings,
    state: State,
    /// Where the driver's data end: what it can continue from.
    place: Option<Place>,
    /// What of it survives a crash.
    synced: Option<Offset>,
    /// A line that is not complete.
    line: Vec<u8>,
    out: Vec<u8>,
    started_ms: u64,
    heard_ms: u64,
    told_ms: u64,
    progress: Progress,
    /// How the next attempt is announced in the log.
    next_call: Call,
}

/// How an attempt is announced in the log.
#[derive(Debug, Clone, Copy)]
enum Call {
    First,
    Again,
    AfterFailure,
}

impl Link {
    /// A link that continues from a place if it can; none for a replica without data that the primary could know.
    pub fn new(settings: Settings, place: Option<Place>) -> Link {
        Link {
            settings,
            state: State::Down,
            place,
            synced: None,
            line: Vec::new(),
            out: Vec::new(),
            started_ms: 0,
            heard_ms: 0,
            told_ms: 0,
            progress: Progress::default(),
            next_call: Call::First,
        }
    }

    /// How it behaves from the next attempt on.
    pub fn settings_mut(&mut self) -> &mut Settings {
        &mut self.settings
    }

    /// Where the driver's data end, as far as it has said; what the next attempt asks to continue from.
    pub fn place(&self) -> Option<Place> {
        self.place
    }

    /// The place behind the last byte of the stream that came.
    pub fn received(&self) -> Option<Offset> {
        match self.state {
            State::Online { received, .. } => Some(received),
            _ => None,
        }
    }

    /// What it is doing.
    pub fn phase(&self) -> Phase {
        match self.state {
            State::Down | State::Done => Phase::Down,
            State::Connecting => Phase::Connecting,
            State::Ping | State::Introduced(_) | State::Psync => Phase::Handshake,
            State::Head { .. } | State::Snapshot { .. } | State::Loading { .. } => Phase::Sync,
            State::Online { .. } => Phase::Online,
        }
    }

    /// How far the snapshot has come.
    pub fn progress(&self) -> Progress {
        self.progress
    }

    /// Milliseconds since the primary was last heard.
    pub fn silent_ms(&self, now_ms: u64) -> u64 {
        now_ms.saturating_sub(self.heard_ms)
    }

    /// Whether bytes should be read: not while a snapshot is loaded, so that the primary keeps them.
    pub fn wants_bytes(&self) -> bool {
        !matches!(self.state, State::Down | State::Done | State::Loading { .. })
    }

    /// Begins an attempt: the driver is about to open a connection.
    pub fn connect(&mut self, now_ms: u64, events: Events<'_>) {
        let primary = &self.settings.primary;
        let call = match self.next_call {
            Call::First => format!("Connecting to MASTER {primary}"),
            Call::Again => format!("Reconnecting to MASTER {primary}"),
            Call::AfterFailure => format!("Reconnecting to MASTER {primary} after failure"),
        };
        self.next_call = Call::First;
        events(Event::Log(Level::Notice, call));
        events(Event::Log(Level::Notice, "MASTER <-> REPLICA sync started".into()));
        self.line.clear();
        self.out.clear();
        self.progress = Progress::default();
        (self.started_ms, self.heard_ms, self.told_ms) = (now_ms, now_ms, now_ms);
        self.state = State::Connecting;
    }

    /// The connection stands.
    pub fn on_connected(&mut self, now_ms: u64, events: Events<'_>) {
        if !matches!(self.state, State::Connecting) {
            return;
        }
        let text = "Non blocking connect for SYNC fired the event.";
        events(Event::Log(Level::Notice, text.into()));
        self.heard_ms = now_ms;
        self.out.extend_from_slice(handshake::PING);
        self.state = State::Ping;
    }

    /// Bytes came.
    pub fn on_bytes(&mut self, now_ms: u64, mut bytes: &[u8], events: Events<'_>) {
        self.heard_ms = now_ms;
        while !bytes.is_empty() {
            bytes = match &mut self.state {
                State::Down | State::Connecting | State::Done => return,
                State::Ping | State::Introduced(_) | State::Psync | State::Head { .. } => {
                    self.on_line_bytes(now_ms, bytes, events)
                }
                State::Snapshot { .. } => self.on_snapshot(bytes, events),
                State::Loading { held, .. } => return held.extend_from_slice(bytes),
                State::Online { received, .. } => {
                    let from = *received;
                    *received = from.plus(bytes.len() as u64);
                    return events(Event::Stream { from, bytes });
                }
            };
        }
    }

    /// Time goes by.
    pub fn on_tick(&mut self, now_ms: u64, events: Events<'_>) {
        let is_silent = self.silent_ms(now_ms) > self.settings.timeout_ms;
        let line = match self.phase() {
            Phase::Down => return,
            _ if matches!(self.state, State::Loading { .. }) => {
                return self.show_life(now_ms);
            }
            Phase::Connecting | Phase::Handshake => "Timeout connecting to the MASTER...",
            Phase::Sync => {
                "Timeout receiving bulk data from MASTER... If the problem persists try to set the 'repl-timeout' parameter in redis.conf to a larger value."
            }
            Phase::Online => "MASTER timeout: no data nor PING received...",
        };
        if is_silent {
            events(Event::Log(Level::Warning, line.into()));
            return self.fail(now_ms, Failure::Silent, events);
        }
        if self.phase() == Phase::Online && now_ms.saturating_sub(self.told_ms) >= ACK_PERIOD_MS {
            self.acknowledge(now_ms);
        }
    }

    /// The connection could not be opened, or is gone; `why` are the system's words.
    pub fn on_closed(&mut self, now_ms: u64, why: &str, events: Events<'_>) {
        let lines: &[String] = &match self.state {
            State::Down | State::Done => return,
            State::Connecting => vec![format!("Error condition on socket for SYNC: {why}")],
            State::Ping | State::Introduced(_) | State::Psync => vec![
                format!("Failed to read response from the server: {why}"),
                "Master did not respond to command during SYNC handshake".to_owned(),
            ],
            State::Head { .. } | State::Snapshot { .. } | State::Loading { .. } => {
                vec![format!("I/O error trying to sync with MASTER: {why}")]
            }
            State::Online { .. } => vec!["Connection with master lost.".to_owned()],
        };
        for line in lines {
            events(Event::Log(Level::Warning, line.clone()));
        }
        self.fail(now_ms, Failure::Closed(why.to_owned()), events);
    }

    /// The driver has loaded the snapshot: its data are at the snapshot's place now, and the stream may come.
    pub fn loaded(&mut self, now_ms: u64, events: Events<'_>) {
        let State::Loading { from, held } = &mut self.state else { return };
        let (from, held) = (*from, std::mem::take(held));
        self.place = from;
        self.synced = None;
        // Nobody was listened to meanwhile.
        self.heard_ms = now_ms;
        let received = from.map_or(Offset::ZERO, |from| from.offset);
        self.state = State::Online { received, has_place: from.is_some() };
        let text = "MASTER <-> REPLICA sync: Finished with success";
        events(Event::Log(Level::Notice, text.into()));
        // The first acknowledgement opens the stream behind a snapshot that ended with a mark.
        self.acknowledge(now_ms);
        self.on_bytes(now_ms, &held, events);
    }

    /// The driver cannot use what came, and gives up this connection.
    pub fn abandon(&mut self, now_ms: u64, why: &str, events: Events<'_>) {
        self.fail(now_ms, Failure::Abandoned(why.to_owned()), events);
    }

    /// The driver's data are gone, or are none of the stream any more: the next attempt asks for everything.
    pub fn forget_place(&mut self, events: Events<'_>) {
        if self.place.take().is_some() {
            let text = "Discarding previously cached master state.";
            events(Event::Log(Level::Notice, text.into()));
        }
    }

    /// The driver's data end here: the next attempt continues from this place. `synced` is what survives a crash.
    pub fn applied(&mut self, applied: Offset, synced: Option<Offset>) {
        if let Some(place) = &mut self.place {
            place.offset = applied;
            self.synced = synced;
        }
    }

    /// Tells the primary what was applied.
    pub fn acknowledge(&mut self, now_ms: u64) {
        if let (State::Online { has_place: true, .. }, Some(place)) = (&self.state, self.place) {
            let applied = match self.settings.claim {
                Claim::Applied => place.offset,
                Claim::Synced => self.synced.unwrap_or_default(),
                Claim::Nothing => Offset::ZERO,
            };
            let synced = self.synced.map(|synced| synced.min(applied));
            handshake::write_ack(&mut self.out, applied, synced);
            self.told_ms = now_ms;
        }
    }

    /// Moves what is to be written behind what `out` holds.
    pub fn take_output(&mut self, out: &mut Vec<u8>) {
        out.append(&mut self.out);
    }

    /// While a snapshot is loaded, an empty line now and then keeps the primary from giving up.
    fn show_life(&mut self, now_ms: u64) {
        if now_ms.saturating_sub(self.told_ms) >= ACK_PERIOD_MS {
            self.out.push(b'\n');
            self.told_ms = now_ms;
        }
    }

    fn fail(&mut self, now_ms: u64, failure: Failure, events: Events<'_>) {
        self.next_call = match self.phase() {
            Phase::Down => return,
            Phase::Online => {
                let text = "Caching the disconnected master state.";
                events(Event::Log(Level::Notice, text.into()));
                Call::Again
            }
            Phase::Sync => Call::AfterFailure,
            Phase::Connecting | Phase::Handshake => Call::First,
        };
        self.state = State::Down;
        self.out.clear();
        let next_ms = self.started_ms.saturating_add(self.settings.retry_ms);
        let retry_after_ms = next_ms.saturating_sub(now_ms);
        events(Event::Failed { failure, retry_after_ms });
    }

    /// Takes bytes up to the end of a line; what stands behind it is left.
    fn on_line_bytes<'b>(&mut self, now_ms: u64, bytes: &'b [u8], events: Events<'_>) -> &'b [u8] {
        let Some(end) = memchr::memchr(b'\n', bytes) else {
            self.line.extend_from_slice(bytes);
            self.bound_line(now_ms, events);
            return &[];
        };
        let (line, rest) = bytes.split_at_checked(end).unwrap_or((bytes, &[]));
        self.line.extend_from_slice(line);
        if self.bound_line(now_ms, events) {
            let line = std::mem::take(&mut self.line);
            self.on_line(now_ms, line.strip_suffix(b"\r").unwrap_or(&line), events);
        }
        rest.get(1..).unwrap_or(&[])
    }

    fn bound_line(&mut self, now_ms: u64, events: Events<'_>) -> bool {
        let is_bounded = self.line.len() <= LINE_BYTES_MAX;
        if !is_bounded {
            let why = format!("a line of more than {LINE_BYTES_MAX} bytes");
            events(Event::Log(Level::Warning, format!("Bad protocol from MASTER: {why}")));
            self.fail(now_ms, Failure::Protocol(why), events);
        }
        is_bounded
    }

    fn on_line(&mut self, now_ms: u64, line: &[u8], events: Events<'_>) {
        if line.is_empty() {
            return;
        }
        match &mut self.state {
            State::Ping => self.on_pong(now_ms, line, events),
            State::Introduced(steps) => {
                let step = steps.pop_front();
                let is_last = steps.is_empty();
                self.on_answer(now_ms, step, line, events);
                if is_last && matches!(self.state, State::Introduced(_)) {
                    self.ask(events);
                }
            }
            State::Psync => self.on_psync(now_ms, Psync::parse(line), events),
            State::Head { from } => {
                let from = *from;
                self.on_head(now_ms, from, line, events);
            }
            _ => {}
        }
    }

    fn on_pong(&mut self, now_ms: u64, line: &[u8], events: Events<'_>) {
        if !handshake::is_pong(line) {
            let answer = shown(line);
            let text = format!("Error reply to PING from master: '{answer}'");
            events(Event::Log(Level::Warning, text));
            let failure = match line.starts_with(b"-") {
                true => Failure::Later(answer),
                false => Failure::Protocol(answer),
            };
            return self.fail(now_ms, failure, events);
        }
        let text = "Master replied to PING, replication can continue...";
        events(Event::Log(Level::Notice, text.into()));
        let steps = self.settings.introduction.write(&mut self.out);
        self.state = State::Introduced(steps.into());
    }

    fn on_answer(&mut self, now_ms: u64, step: Option<Step>, line: &[u8], events: Events<'_>) {
        if !line.starts_with(b"-") {
            return;
        }
        let error = shown(line);
        let (level, text, is_fatal) = match step {
            Some(Step::Auth) => {
                (Level::Warning, format!("Unable to AUTH to MASTER: {error}"), true)
            }
            Some(Step::Demand(name)) => {
                (Level::Warning, format!("Master refuses REPLCONF {name}: {error}"), true)
            }
            Some(Step::Option(name)) => {
                let text =
                    format!("(Non critical) Master does not understand REPLCONF {name}: {error}");
                (Level::Notice, text, false)
            }
            None => return,
        };
        events(Event::Log(level, text));
        if is_fatal {
            self.fail(now_ms, Failure::Refused(error), events);
        }
    }

    /// Asks for the stream.
    fn ask(&mut self, events: Events<'_>) {
        let text = match &self.place {
            Some(place) => format!(
                "Trying a partial resynchronization (request {}:{}).",
                place.replid,
                place.offset.next_byte()
            ),
            None => "Partial resynchronization not possible (no cached master)".to_owned(),
        };
        events(Event::Log(Level::Notice, text));
        handshake::write_psync(&mut self.out, self.place, self.settings.is_failover);
        self.state = State::Psync;
    }

    fn on_psync(&mut self, now_ms: u64, answer: Psync, events: Events<'_>) {
        match answer {
            Psync::Wait => {}
            Psync::FullResync(place) => {
                let text = format!("Full resync from master: {}:{}", place.replid, place.offset);
                events(Event::Log(Level::Notice, text));
                self.state = State::Head { from: Some(place) };
            }
            Psync::Continue(replid) => self.on_continue(now_ms, replid, events),
            Psync::SecondChannel => {
                let why = "it wants a second connection, which was not offered".to_owned();
                events(Event::Log(Level::Warning, format!("Unexpected reply to PSYNC: {why}")));
                self.fail(now_ms, Failure::Protocol(why), events);
            }
            Psync::Later(answer) => {
                let text = format!(
                    "Master is currently unable to PSYNC but should be in the future: {answer}"
                );
                events(Event::Log(Level::Notice, text));
                self.fail(now_ms, Failure::Later(answer), events);
            }
            Psync::Unsupported { answer, .. } if self.settings.is_failover => {
                let text = format!("Failover target rejected psync request: {answer}");
                events(Event::Log(Level::Notice, text));
                self.fail(now_ms, Failure::Refused(answer), events);
            }
            Psync::Unsupported { answer, is_error } => {
                let (level, text) = match is_error {
                    true => (
                        Level::Notice,
                        format!(
                            "Master does not support PSYNC or is in error state (reply: {answer})"
                        ),
                    ),
                    false => {
                        (Level::Warning, format!("Unexpected reply to PSYNC from master: {answer}"))
                    }
                };
                events(Event::Log(level, text));
                events(Event::Log(Level::Notice, "Retrying with SYNC...".into()));
                self.out.extend_from_slice(b"SYNC\r\n");
                self.state = State::Head { from: None };
            }
            Psync::Malformed(answer) => {
                let text = format!("Master replied with wrong syntax: {answer}");
                events(Event::Log(Level::Warning, text));
                self.fail(now_ms, Failure::Protocol(answer), events);
            }
        }
    }

    fn on_continue(&mut self, now_ms: u64, replid: Option<ReplId>, events: Events<'_>) {
        let Some(place) = &mut self.place else {
            let why = "it continues a stream that was not asked for".to_owned();
            events(Event::Log(Level::Warning, format!("Unexpected reply to PSYNC: {why}")));
            return self.fail(now_ms, Failure::Protocol(why), events);
        };
        let text = "Successful partial resynchronization with master.";
        events(Event::Log(Level::Notice, text.into()));
        let is_renamed = replid.is_some_and(|replid| replid != place.replid);
        if let Some(replid) = replid.filter(|_| is_renamed) {
            let text = format!("Master replication ID changed to {replid}");
            events(Event::Log(Level::Warning, text));
            place.replid = replid;
        }
        let from = *place;
        self.state = State::Online { received: from.offset, has_place: true };
        events(Event::Continued { from, is_renamed });
        let text = "MASTER <-> REPLICA sync: Master accepted a Partial Resynchronization.";
        events(Event::Log(Level::Notice, text.into()));
    }

    fn on_head(&mut self, now_ms: u64, from: Option<Place>, line: &[u8], events: Events<'_>) {
        let loads_to = self.settings.loads_to;
        let (text, length_bytes, rest) = match Head::parse(line) {
            Head::Wait => return,
            Head::Aborted(error) => {
                let text = format!("MASTER aborted replication with an error: {error}");
                events(Event::Log(Level::Warning, text));
                return self.fail(now_ms, Failure::Aborted(error), events);
            }
            Head::Malformed(what) => {
                let text = format!(
                    "Bad protocol from MASTER, the first byte is not '$' (we received '{what}'), are you sure the host and port are right?"
                );
                events(Event::Log(Level::Warning, text));
                return self.fail(now_ms, Failure::Protocol(what), events);
            }
            Head::Length(bytes) => {
                let text = format!("receiving {bytes} bytes from master {loads_to}");
                (text, Some(bytes), Rest::Bytes(bytes))
            }
            Head::Mark(mark) => {
                let text = format!("receiving streamed RDB from master with EOF {loads_to}");
                (text, None, Rest::UpToMark(Box::new(MarkSearch::new(mark))))
            }
        };
        events(Event::Log(Level::Notice, format!("MASTER <-> REPLICA sync: {text}")));
        self.progress = Progress { read_bytes: 0, total_bytes: length_bytes };
        events(Event::FullSync { from, length_bytes });
        self.state = State::Snapshot { from, rest };
        if length_bytes == Some(0) {
            self.end_snapshot(events);
        }
    }

    /// Takes bytes of the snapshot; what stands behind it is left.
    fn on_snapshot<'b>(&mut self, bytes: &'b [u8], events: Events<'_>) -> &'b [u8] {
        let State::Snapshot { rest, .. } = &mut self.state else { return bytes };
        let read_bytes = &mut self.progress.read_bytes;
        let behind = match rest {
            Rest::Bytes(left) => {
                let take = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                let (now, later) = bytes.split_at_checked(take).unwrap_or((bytes, &[]));
                *left -= now.len() as u64;
                *read_bytes += now.len() as u64;
                events(Event::Snapshot(now));
                (*left == 0).then_some(later)
            }
            Rest::UpToMark(search) => search.take(bytes, &mut |bytes| {
                *read_bytes += bytes.len() as u64;
                events(Event::Snapshot(bytes));
            }),
        };
        if behind.is_some() {
            self.end_snapshot(events);
        }
        behind.unwrap_or(&[])
    }

    fn end_snapshot(&mut self, events: Events<'_>) {
        let State::Snapshot { from, .. } = self.state else { return };
        self.state = match self.settings.introduction.is_rdb_only {
            true => State::Done,
            false => State::Loading { from, held: Vec::new() },
        };
        events(Event::SnapshotEnd);
    }
}

#[cfg(test)]
mod tests;
