//! The second connection to a primary, over which the snapshot comes.

use super::super::channels::{EndOffset, Scheme};
use super::super::handshake::{Introduction, Psync, Step};
use super::super::offset::Place;
use super::super::{Level, shown};
use super::incoming::Incoming;
use super::lines::Lines;
use super::talk::hear_answer;
use super::{Event, Events, Failure, Progress};
use std::collections::VecDeque;

#[derive(Debug)]
enum State {
    /// The driver opens it.
    Connecting,
    /// Waits for the answers to these.
    Introduced(VecDeque<Step>),
    /// Waits to hear of which place the snapshot is.
    Place,
    /// Waits for the line in front of the snapshot.
    Head,
    /// Receives the snapshot.
    Snapshot(Incoming),
    /// The snapshot is complete.
    Done,
}

/// What the first connection has to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// The snapshot is of this place; and the number by which the first connection names this one, if it has to.
    Place(Place, Option<u64>),
    /// The snapshot begins.
    Begins,
    /// The snapshot is complete.
    Ends,
}

/// The second connection.
#[derive(Debug)]
pub(super) struct Channel {
    scheme: Scheme,
    state: State,
    lines: Lines,
    out: Vec<u8>,
    heard_ms: u64,
}

impl Channel {
    /// One that the driver is about to open.
    pub(super) fn new(scheme: Scheme, now_ms: u64) -> Channel {
        Channel {
            scheme,
            state: State::Connecting,
            lines: Lines::default(),
            out: Vec::new(),
            heard_ms: now_ms,
        }
    }

    /// How the two connections find each other.
    pub(super) fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Whether the snapshot is complete.
    pub(super) fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }

    /// Milliseconds since it was last heard.
    pub(super) fn silent_ms(&self, now_ms: u64) -> u64 {
        now_ms.saturating_sub(self.heard_ms)
    }

    /// What the log says if nothing comes for too long; nothing if nothing has to come.
    pub(super) fn silence(&self) -> Option<&'static str> {
        match self.state {
            State::Connecting | State::Introduced(_) | State::Place => {
                Some("Timeout connecting to the MASTER...")
            }
            State::Head | State::Snapshot(_) => Some(
                "Timeout receiving bulk data from MASTER... If the problem persists try to set the 'repl-timeout' parameter in redis.conf to a larger value.",
            ),
            State::Done => None,
        }
    }

    /// What the log says if it ends now; nothing if it may.
    pub(super) fn on_closed(&self, why: &str) -> Option<String> {
        let name = self.scheme.name();
        match self.state {
            State::Connecting => Some(format!("Error condition on socket for {name} sync: {why}")),
            State::Introduced(_) | State::Place => {
                Some(format!("Master did not respond to command during {name} handshake: {why}"))
            }
            State::Head | State::Snapshot(_) => {
                Some(format!("I/O error trying to sync with MASTER: {why}"))
            }
            State::Done => None,
        }
    }

    /// Moves what is to be written behind what `out` holds.
    pub(super) fn take_output(&mut self, out: &mut Vec<u8>) {
        out.append(&mut self.out);
    }

    /// The connection stands.
    pub(super) fn on_connected(&mut self, now_ms: u64, who: &Introduction) {
        if matches!(self.state, State::Connecting) {
            self.heard_ms = now_ms;
            let steps = self.scheme.write_introduction(who, &mut self.out);
            self.state = State::Introduced(steps.into());
        }
    }

    /// Bytes came. Stops behind what the first connection has to know; what stands behind that is left.
    ///
    /// # Errors
    /// The primary refuses, or what came is no snapshot.
    pub(super) fn on_bytes<'b>(
        &mut self,
        now_ms: u64,
        bytes: &'b [u8],
        loads_to: &str,
        progress: &mut Progress,
        events: Events<'_>,
    ) -> Result<(Option<Told>, &'b [u8]), Failure> {
        self.heard_ms = now_ms;
        match &mut self.state {
            State::Connecting | State::Done => Ok((None, &[])),
            State::Introduced(_) | State::Place | State::Head => {
                let (line, rest) = self.lines.take(bytes, events)?;
                let told = match line.filter(|line| !line.is_empty()) {
                    Some(line) => self.on_line(&line, loads_to, progress, events)?,
                    None => None,
                };
                Ok((told, rest))
            }
            State::Snapshot(incoming) => match incoming.take(bytes, progress, events) {
                Some(rest) => {
                    self.state = State::Done;
                    Ok((Some(Told::Ends), rest))
                }
                None => Ok((None, &[])),
            },
        }
    }

    /// Ends a snapshot without bytes.
    pub(super) fn end_if_empty(&mut self) -> bool {
        let is_empty = matches!(&self.state, State::Snapshot(incoming) if incoming.is_empty());
        if is_empty {
            self.state = State::Done;
        }
        is_empty
    }

    fn on_line(
        &mut self,
        line: &[u8],
        loads_to: &str,
        progress: &mut Progress,
        events: Events<'_>,
    ) -> Result<Option<Told>, Failure> {
        match &mut self.state {
            State::Introduced(steps) => {
                hear_answer(steps.pop_front(), line, events)?;
                if steps.is_empty() {
                    self.scheme.write_request(&mut self.out);
                    self.state = State::Place;
                }
                Ok(None)
            }
            State::Place => self.on_place(line, events).map(Some),
            State::Head => {
                let Some(incoming) = Incoming::begin(line, loads_to, progress, events)? else {
                    return Ok(None);
                };
                self.state = State::Snapshot(incoming);
                Ok(Some(Told::Begins))
            }
            State::Connecting | State::Snapshot(_) | State::Done => Ok(None),
        }
    }

    /// Hears of which place the snapshot is.
    fn on_place(&mut self, line: &[u8], events: Events<'_>) -> Result<Told, Failure> {
        let told = match (self.scheme, Psync::parse(line)) {
            (_, Psync::Later(answer)) => return Err(Failure::Later(answer)),
            (Scheme::RdbChannel { .. }, Psync::FullResync(place)) => Some(Told::Place(place, None)),
            (Scheme::RdbChannel { .. }, _) => None,
            (Scheme::DualChannel, _) => {
                EndOffset::parse(line).map(|end| Told::Place(end.place, Some(end.client)))
            }
        };
        if let Some(Told::Place(place, _)) = told {
            let text = format!("Full resync from master: {}:{}", place.replid, place.offset);
            events(Event::Log(Level::Notice, text));
        }
        self.state = State::Head;
        told.ok_or_else(|| {
            let (answer, name) = (shown(line), self.scheme.name());
            let text = format!("Unexpected reply to the request of a {name} sync: {answer}");
            events(Event::Log(Level::Warning, text));
            match line.starts_with(b"-") {
                true => Failure::Refused(answer),
                false => Failure::Protocol(answer),
            }
        })
    }
}
