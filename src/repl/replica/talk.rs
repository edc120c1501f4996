//! What a primary answers before the stream, and what is said to it next.

use super::super::channels::Offers;
use super::super::handshake::{self, Psync, Step};
use super::super::offset::{Place, ReplId};
use super::super::{Level, shown};
use super::incoming::Incoming;
use super::{Event, Events, Failure, Link, State};

impl Link {
    /// Takes bytes up to the end of a line; what stands behind it is left.
    pub(super) fn on_line_bytes<'b>(
        &mut self,
        now_ms: u64,
        bytes: &'b [u8],
        events: Events<'_>,
    ) -> &'b [u8] {
        match self.lines.take(bytes, events) {
            Ok((line, rest)) => {
                // Empty lines are signs of life.
                if let Some(line) = line.filter(|line| !line.is_empty()) {
                    self.on_line(now_ms, &line, events);
                }
                rest
            }
            Err(failure) => {
                self.fail(now_ms, failure, events);
                &[]
            }
        }
    }

    fn on_line(&mut self, now_ms: u64, line: &[u8], events: Events<'_>) {
        match &mut self.state {
            State::Ping => self.on_pong(now_ms, line, events),
            State::Introduced(steps) => {
                let step = steps.pop_front();
                let is_last = steps.is_empty();
                match hear_answer(step, line, events) {
                    Ok(()) if is_last => self.ask(events),
                    Ok(()) => {}
                    Err(failure) => self.fail(now_ms, failure, events),
                }
            }
            State::Psync => self.on_psync(now_ms, Psync::parse(line), events),
            State::Head { from } => {
                let from = *from;
                self.on_head(now_ms, from, line, events);
            }
            State::Parallel(_) => self.on_main_line(now_ms, line, events),
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
        let mut introduction = self.settings.introduction.clone();
        if std::mem::take(&mut self.avoids_channel) {
            introduction.offers = Offers::default();
        }
        self.offered = introduction.offers;
        let steps = introduction.write(&mut self.out);
        self.state = State::Introduced(steps.into());
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
            Psync::SecondConnection(scheme) => self.on_scheme(now_ms, scheme, events),
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
        match Incoming::begin(line, loads_to, &mut self.progress, events) {
            Ok(None) => {}
            Ok(Some(rest)) => {
                events(Event::FullSync { from, length_bytes: self.progress.total_bytes });
                let is_complete = rest.is_empty();
                self.state = State::Snapshot { from, rest };
                if is_complete {
                    self.end_snapshot(events);
                }
            }
            Err(failure) => self.fail(now_ms, failure, events),
        }
    }

    /// Takes bytes of the snapshot; what stands behind it is left.
    pub(super) fn on_snapshot<'b>(&mut self, bytes: &'b [u8], events: Events<'_>) -> &'b [u8] {
        let State::Snapshot { rest, .. } = &mut self.state else { return bytes };
        let behind = rest.take(bytes, &mut self.progress, events);
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

/// Hears the answer to a step of the handshake.
///
/// # Errors
/// It is an error without which one cannot go on.
pub(super) fn hear_answer(
    step: Option<Step>,
    line: &[u8],
    events: Events<'_>,
) -> Result<(), Failure> {
    let Some(step) = step.filter(|_| line.starts_with(b"-")) else { return Ok(()) };
    let error = shown(line);
    let (level, text) = match step {
        Step::Auth => (Level::Warning, format!("Unable to AUTH to MASTER: {error}")),
        Step::Demand(name) => (Level::Warning, format!("Master refuses REPLCONF {name}: {error}")),
        Step::Option(name) => (
            Level::Notice,
            format!("(Non critical) Master does not understand REPLCONF {name}: {error}"),
        ),
    };
    events(Event::Log(level, text));
    match step {
        Step::Option(_) => Ok(()),
        Step::Auth | Step::Demand(_) => Err(Failure::Refused(error)),
    }
}
