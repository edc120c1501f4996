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
//!
//! # With a snapshot of its own connection
//!
//! If [`Introduction::offers`](super::handshake::Introduction::offers) lets it, a primary may send the snapshot over a second
//! connection, and the stream meanwhile over the first; [`super::channels`] has the words. Then there are more calls:
//!
//! ```text
//! Event::SecondConnection               the driver opens another connection to the same primary
//! link.on_channel_connected(now)        it stands
//! link.on_channel_bytes(now, bytes, e)  whatever was read of it
//! link.on_channel_closed(now, why, e)   it could not be opened, or is gone
//! link.take_channel_output(&mut out)    what to write to it
//! !link.has_channel()                   it is to be closed
//! link.release(now, e)                  while link.is_releasing(), and what came before is applied
//! ```
//!
//! What comes of the stream is held up to [`Settings::held_bytes_max`]; then the first connection is not read any more, and the
//! primary keeps the rest. [`Link::loaded`] does not bring it online at once: first [`Link::release`] gives out what is held, in
//! pieces, so that the driver can do other things in between. Whatever ends one of the connections ends the attempt, and so both.

mod channel;
mod event;
mod held;
mod incoming;
mod lines;
mod parallel;
mod talk;

pub use event::{Claim, Event, Events, Failure, Phase, Progress, Settings};

use super::Level;
use super::channels::Offers;
use super::handshake::{self, Step};
use super::offset::{Offset, Place};
use held::Held;
use incoming::Incoming;
use lines::Lines;
use parallel::Parallel;
use std::collections::VecDeque;

/// Milliseconds between two acknowledgements, and between two signs of life while a snapshot is loaded.
const ACK_PERIOD_MS: u64 = 1000;

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
    Snapshot { from: Option<Place>, rest: Incoming },
    /// The driver loads the snapshot; what came since is held.
    Loading { from: Option<Place>, held: Vec<u8> },
    /// Receives the snapshot over a second connection.
    Parallel(Box<Parallel>),
    /// The driver has loaded that snapshot, and takes what was held of the stream; so far up to this place.
    Releasing { received: Offset, held: Held },
    /// Receives the stream, so far up to this place.
    Online { received: Offset, has_place: bool },
    /// The snapshot was all that was wanted.
    Done,
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
    lines: Lines,
    out: Vec<u8>,
    started_ms: u64,
    heard_ms: u64,
    told_ms: u64,
    progress: Progress,
    /// How the next attempt is announced in the log.
    next_call: Call,
    /// Which ways to take the snapshot over a second connection were offered in this attempt.
    offered: Offers,
    /// Whether the last attempt failed for its second connection, so that the next one does without.
    avoids_channel: bool,
    /// Bytes of the stream that were held at most, when that was last done.
    held_peak_bytes: u64,
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
            lines: Lines::default(),
            out: Vec::new(),
            started_ms: 0,
            heard_ms: 0,
            told_ms: 0,
            progress: Progress::default(),
            next_call: Call::First,
            offered: Offers::default(),
            avoids_channel: false,
            held_peak_bytes: 0,
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
            State::Releasing { received, ref held } => Some(received.plus(held.bytes())),
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
            State::Parallel(_) | State::Releasing { .. } => Phase::Sync,
            State::Online { .. } => Phase::Online,
        }
    }

    /// How far the snapshot has come.
    pub fn progress(&self) -> Progress {
        self.progress
    }

    /// Milliseconds since the primary was last heard, over the connection that brings the snapshot if that is a second one.
    pub fn silent_ms(&self, now_ms: u64) -> u64 {
        match &self.state {
            State::Parallel(parallel) => parallel.silent_ms(now_ms),
            _ => now_ms.saturating_sub(self.heard_ms),
        }
    }

    /// Whether bytes should be read: not while a snapshot is loaded, so that the primary keeps them, unless it came over a
    /// connection of its own and there is room.
    pub fn wants_bytes(&self) -> bool {
        match &self.state {
            State::Down | State::Done | State::Loading { .. } | State::Releasing { .. } => false,
            State::Parallel(parallel) => parallel.wants_bytes(self.settings.held_bytes_max),
            _ => true,
        }
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
        self.lines.clear();
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
                State::Parallel(_) => self.on_main_bytes(now_ms, bytes, events),
                State::Releasing { held, .. } => return held.push(bytes),
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
            _ if matches!(self.state, State::Loading { .. } | State::Releasing { .. }) => {
                return self.show_life(now_ms);
            }
            _ if matches!(self.state, State::Parallel(_)) => {
                return self.tick_beside(now_ms, events);
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
            State::Head { .. }
            | State::Snapshot { .. }
            | State::Loading { .. }
            | State::Parallel(_) => vec![format!("I/O error trying to sync with MASTER: {why}")],
            State::Releasing { .. } | State::Online { .. } => {
                vec!["Connection with master lost.".to_owned()]
            }
        };
        for line in lines {
            events(Event::Log(Level::Warning, line.clone()));
        }
        self.fail(now_ms, Failure::Closed(why.to_owned()), events);
    }

    /// The driver has loaded the snapshot: its data are at the snapshot's place now, and the stream may come.
    pub fn loaded(&mut self, now_ms: u64, events: Events<'_>) {
        let State::Loading { from, held } = &mut self.state else {
            return self.loaded_beside(now_ms, events);
        };
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
        let streams = match self.state {
            State::Online { has_place, .. } => has_place,
            State::Releasing { .. } => true,
            _ => false,
        };
        if let Some(place) = self.place.filter(|_| streams) {
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
    pub(super) fn show_life(&mut self, now_ms: u64) {
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
        self.avoids_channel = false;
        if let State::Parallel(parallel) = &self.state {
            let text = format!("Aborting {} sync", parallel.scheme().name());
            events(Event::Log(Level::Notice, text));
            self.avoids_channel = !parallel.has_place();
            if self.avoids_channel {
                let text = "The next attempt will do without a second connection";
                events(Event::Log(Level::Notice, text.into()));
            }
            self.held_peak_bytes = parallel.held().peak_bytes();
        }
        self.state = State::Down;
        self.out.clear();
        let next_ms = self.started_ms.saturating_add(self.settings.retry_ms);
        let retry_after_ms = next_ms.saturating_sub(now_ms);
        events(Event::Failed { failure, retry_after_ms });
    }
}

#[cfg(test)]
mod tests;
