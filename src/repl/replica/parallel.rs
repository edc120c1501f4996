//! A snapshot that comes over a connection of its own, and the stream beside it.

use super::super::channels::{Scheme, write_rdb_client};
use super::super::handshake::{self, Psync};
use super::super::offset::Place;
use super::super::{Level, shown};
use super::channel::{Channel, Told};
use super::held::Held;
use super::{Event, Events, Failure, Link, State};

/// What is expected of the first connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Main {
    /// Nothing, until the second connection tells the place of the snapshot.
    Waits,
    /// The answer to what names the second connection.
    Named,
    /// The answer to `PSYNC`.
    Asked,
    /// The stream.
    Streams,
}

/// Both connections.
#[derive(Debug)]
pub(super) struct Parallel {
    channel: Channel,
    main: Main,
    /// The place of the snapshot, once it is known.
    from: Option<Place>,
    /// What came of the stream.
    held: Held,
    /// Whether there was no room for more of it.
    was_full: bool,
    /// Whether the driver has loaded the snapshot.
    is_loaded: bool,
}

impl Parallel {
    /// Whether it is known of which place the snapshot is.
    pub(super) fn has_place(&self) -> bool {
        self.from.is_some()
    }

    /// How the two connections find each other.
    pub(super) fn scheme(&self) -> Scheme {
        self.channel.scheme()
    }

    /// Whether more of the first connection should be read.
    pub(super) fn wants_bytes(&self, held_bytes_max: u64) -> bool {
        held_bytes_max == 0 || self.held.bytes() < held_bytes_max
    }

    /// Milliseconds since the second connection was last heard.
    pub(super) fn silent_ms(&self, now_ms: u64) -> u64 {
        self.channel.silent_ms(now_ms)
    }

    /// What came of the stream.
    pub(super) fn held(&self) -> &Held {
        &self.held
    }

    /// Whether the first connection waits for an answer.
    fn is_asking(&self) -> bool {
        matches!(self.main, Main::Named | Main::Asked)
    }
}

impl Link {
    /// The primary wants to send the snapshot over a second connection.
    pub(super) fn on_scheme(&mut self, now_ms: u64, scheme: Scheme, events: Events<'_>) {
        if !self.offered.hold(scheme) {
            let why = "it wants a second connection, which was not offered".to_owned();
            events(Event::Log(Level::Warning, format!("Unexpected reply to PSYNC: {why}")));
            return self.fail(now_ms, Failure::Protocol(why), events);
        }
        let text = "PSYNC is not possible, initialize RDB channel.";
        events(Event::Log(Level::Notice, text.into()));
        let main = match scheme {
            Scheme::RdbChannel { .. } => Main::Streams,
            Scheme::DualChannel => Main::Waits,
        };
        self.state = State::Parallel(Box::new(Parallel {
            channel: Channel::new(scheme, now_ms),
            main,
            from: None,
            held: Held::default(),
            was_full: false,
            is_loaded: false,
        }));
        events(Event::SecondConnection);
    }

    fn parallel(&mut self) -> Option<&mut Parallel> {
        match &mut self.state {
            State::Parallel(parallel) => Some(parallel),
            _ => None,
        }
    }

    /// Whether the second connection is open, or to be opened: until the snapshot is loaded.
    pub fn has_channel(&self) -> bool {
        matches!(&self.state, State::Parallel(parallel) if !parallel.is_loaded)
    }

    /// The second connection stands.
    pub fn on_channel_connected(&mut self, now_ms: u64) {
        if let State::Parallel(parallel) = &mut self.state {
            parallel.channel.on_connected(now_ms, &self.settings.introduction);
        }
    }

    /// Bytes came over the second connection.
    pub fn on_channel_bytes(&mut self, now_ms: u64, mut bytes: &[u8], events: Events<'_>) {
        let loads_to = self.settings.loads_to;
        while !bytes.is_empty() {
            let State::Parallel(parallel) = &mut self.state else { return };
            let channel = &mut parallel.channel;
            match channel.on_bytes(now_ms, bytes, loads_to, &mut self.progress, events) {
                Ok((told, rest)) => {
                    bytes = rest;
                    if let Some(told) = told {
                        self.on_told(now_ms, told, events);
                    }
                }
                Err(failure) => return self.fail(now_ms, failure, events),
            }
        }
    }

    /// The second connection could not be opened, or is gone. Behind the snapshot it may be.
    pub fn on_channel_closed(&mut self, now_ms: u64, why: &str, events: Events<'_>) {
        let line = self.parallel().and_then(|parallel| parallel.channel.on_closed(why));
        if let Some(line) = line {
            events(Event::Log(Level::Warning, line));
            self.fail(now_ms, Failure::Closed(why.to_owned()), events);
        }
    }

    /// Moves what is to be written over the second connection behind what `out` holds.
    pub fn take_channel_output(&mut self, out: &mut Vec<u8>) {
        if let Some(parallel) = self.parallel() {
            parallel.channel.take_output(out);
        }
    }

    /// Bytes of the stream that wait for the snapshot, and how many these were at most.
    pub fn held_bytes(&self) -> (u64, u64) {
        match &self.state {
            State::Parallel(parallel) => (parallel.held.bytes(), parallel.held.peak_bytes()),
            State::Releasing { held, .. } => (held.bytes(), held.peak_bytes()),
            _ => (0, self.held_peak_bytes),
        }
    }

    /// Whether what was held waits to be given out with [`Link::release`].
    pub fn is_releasing(&self) -> bool {
        matches!(self.state, State::Releasing { .. })
    }

    /// Gives out the next bytes of the stream that came while the snapshot was loaded. Behind the last ones, once these are
    /// applied, the link is online.
    pub fn release(&mut self, now_ms: u64, events: Events<'_>) {
        let State::Releasing { received, held } = &mut self.state else { return };
        let from = *received;
        if let Some(bytes) = held.pop() {
            *received = from.plus(bytes.len() as u64);
            return events(Event::Stream { from, bytes: &bytes });
        }
        self.held_peak_bytes = held.peak_bytes();
        self.state = State::Online { received: from, has_place: true };
        // Nobody was listened to meanwhile.
        self.heard_ms = now_ms;
        for text in [
            "Successfully streamed replication data into memory",
            "MASTER <-> REPLICA sync: Finished with success",
        ] {
            events(Event::Log(Level::Notice, text.into()));
        }
        self.acknowledge(now_ms);
    }

    /// The driver has loaded the snapshot of the second connection.
    pub(super) fn loaded_beside(&mut self, now_ms: u64, events: Events<'_>) {
        let State::Parallel(parallel) = &mut self.state else { return };
        if !parallel.channel.is_done() || parallel.is_loaded {
            return;
        }
        parallel.is_loaded = true;
        self.place = parallel.from;
        self.synced = None;
        self.release_if_ready(now_ms, events);
    }

    /// Begins to give out what was held, if the snapshot is loaded and the stream was begun.
    fn release_if_ready(&mut self, now_ms: u64, events: Events<'_>) {
        let State::Parallel(parallel) = &mut self.state else { return };
        let Some(from) = parallel.from.filter(|_| parallel.is_loaded) else { return };
        if parallel.main == Main::Streams {
            let held = std::mem::take(&mut parallel.held);
            self.state = State::Releasing { received: from.offset, held };
            self.heard_ms = now_ms;
            let text = "Starting to stream replication buffer into memory";
            events(Event::Log(Level::Notice, text.into()));
        }
    }

    fn on_told(&mut self, now_ms: u64, told: Told, events: Events<'_>) {
        let State::Parallel(parallel) = &mut self.state else { return };
        match told {
            Told::Place(place, client) => {
                parallel.from = Some(place);
                if let Some(client) = client {
                    parallel.main = Main::Named;
                    self.heard_ms = now_ms;
                    write_rdb_client(&mut self.out, client);
                }
            }
            Told::Begins => {
                let (from, length_bytes) = (parallel.from, self.progress.total_bytes);
                events(Event::FullSync { from, length_bytes });
                if parallel.channel.end_if_empty() {
                    events(Event::SnapshotEnd);
                }
            }
            Told::Ends => events(Event::SnapshotEnd),
        }
    }

    /// Bytes came over the first connection; what stands behind a line is left.
    pub(super) fn on_main_bytes<'b>(
        &mut self,
        now_ms: u64,
        bytes: &'b [u8],
        events: Events<'_>,
    ) -> &'b [u8] {
        let held_bytes_max = self.settings.held_bytes_max;
        let State::Parallel(parallel) = &mut self.state else { return bytes };
        if parallel.main == Main::Streams {
            // Signs of life in front of the stream are none of it.
            let is_first = parallel.held.peak_bytes() == 0;
            let life = bytes.iter().take_while(|byte| is_first && **byte == b'\n').count();
            parallel.held.push(bytes.get(life..).unwrap_or_default());
            if !parallel.wants_bytes(held_bytes_max)
                && !std::mem::replace(&mut parallel.was_full, true)
            {
                let text = "Replication buffer limit reached, stopping buffering.";
                events(Event::Log(Level::Notice, text.into()));
            }
            return &[];
        }
        self.on_line_bytes(now_ms, bytes, events)
    }

    /// A line came over the first connection.
    pub(super) fn on_main_line(&mut self, now_ms: u64, line: &[u8], events: Events<'_>) {
        let State::Parallel(parallel) = &mut self.state else { return };
        match (parallel.main, parallel.from) {
            (Main::Named, Some(place)) if !line.starts_with(b"-") => {
                let (id, byte) = (place.replid, place.offset.next_byte());
                let text = format!(
                    "Trying a partial resynchronization using main channel (request {id}:{byte})."
                );
                events(Event::Log(Level::Notice, text));
                handshake::write_psync(&mut self.out, Some(place), false);
                parallel.main = Main::Asked;
            }
            (Main::Named, _) => {
                let error = shown(line);
                let text = format!("Master does not understand REPLCONF identify: {error}");
                events(Event::Log(Level::Warning, text));
                self.fail(now_ms, Failure::Refused(error), events);
            }
            (Main::Asked, Some(place)) => self.on_main_psync(now_ms, place, line, events),
            _ => {
                let answer = shown(line);
                let text = format!("Unexpected data over the main channel: {answer}");
                events(Event::Log(Level::Warning, text));
                self.fail(now_ms, Failure::Protocol(answer), events);
            }
        }
    }

    /// Hears whether the stream follows behind the snapshot, and nothing else.
    fn on_main_psync(&mut self, now_ms: u64, place: Place, line: &[u8], events: Events<'_>) {
        let failure = match Psync::parse(line) {
            Psync::Continue(replid) if replid.is_none_or(|replid| replid == place.replid) => {
                let State::Parallel(parallel) = &mut self.state else { return };
                parallel.main = Main::Streams;
                let behind = if parallel.is_loaded { "." } else { ", RDB load in background." };
                let text = format!(
                    "MASTER <-> REPLICA sync: Master accepted a Partial Resynchronization{behind}"
                );
                events(Event::Log(Level::Notice, text));
                return self.release_if_ready(now_ms, events);
            }
            Psync::Later(answer) => Failure::Later(answer),
            Psync::Unsupported { answer, is_error: true } => Failure::Refused(answer),
            _ => Failure::Protocol(shown(line)),
        };
        let text = format!("Main channel psync result: {}", shown(line));
        events(Event::Log(Level::Warning, text));
        self.fail(now_ms, failure, events);
    }

    /// Time goes by with both connections.
    pub(super) fn tick_beside(&mut self, now_ms: u64, events: Events<'_>) {
        let timeout_ms = self.settings.timeout_ms;
        let main_silent_ms = now_ms.saturating_sub(self.heard_ms);
        let Some(parallel) = self.parallel() else { return };
        let is_asking = parallel.is_asking();
        let line = match parallel.channel.silence() {
            Some(line) if parallel.channel.silent_ms(now_ms) > timeout_ms => line,
            _ if is_asking && main_silent_ms > timeout_ms => "Timeout connecting to the MASTER...",
            _ => {
                if parallel.main == Main::Streams {
                    self.show_life(now_ms);
                }
                return;
            }
        };
        events(Event::Log(Level::Warning, line.into()));
        self.fail(now_ms, Failure::Silent, events);
    }
}
