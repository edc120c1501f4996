//! What a server does as a replica.

use super::super::faults::Kind;
use super::super::network::Chunk;
use super::super::node::{Connection, Upstream};
use super::super::stream::Stream;
use super::super::{TICK_MS, step_up};
use super::World;
use crate::repl::offset::{Offset, Place};
use crate::repl::replica::{Event, Events, Failure, Link};

/// Stands for the bytes of snapshots.
static ZEROS: [u8; 64 << 10] = [0; 64 << 10];

/// What a link's events come to.
#[derive(Default)]
struct Happened {
    full_sync: Option<Option<Place>>,
    has_snapshot: bool,
    continued: Option<(Place, bool)>,
    has_stream: bool,
    failed: Option<(Failure, u64)>,
}

impl World<'_> {
    /// Lets something happen on a server's link to its primary, and sees to what comes of it.
    pub(super) fn on_link(&mut self, node: usize, act: impl FnOnce(&mut Link, u64, Events<'_>)) {
        let (now_ms, relays) = (self.now_ms, self.nodes[node].has_replicas);
        let Some(upstream) = &mut self.nodes[node].upstream else { return };
        let Upstream { link, pending, received, .. } = upstream;
        let mut happened = Happened::default();
        act(link, now_ms, &mut |event| match event {
            // A second connection is never offered.
            Event::Log(..) | Event::Snapshot(_) | Event::SecondConnection => {}
            Event::FullSync { from, .. } => happened.full_sync = Some(from),
            Event::SnapshotEnd => happened.has_snapshot = true,
            Event::Continued { from, is_renamed } => {
                happened.continued = Some((from, is_renamed));
                pending.clear();
                *received = from.offset;
            }
            Event::Stream { from, bytes } => {
                happened.has_stream = true;
                *received = from.plus(bytes.len() as u64);
                if relays {
                    pending.extend_from_slice(bytes);
                }
            }
            Event::Failed { failure, retry_after_ms } => {
                happened.failed = Some((failure, retry_after_ms));
            }
        });
        self.see_to(node, happened);
    }

    fn see_to(&mut self, node: usize, happened: Happened) {
        let now_ms = self.now_ms;
        if let Some(from) = happened.full_sync {
            self.drop_replicas(node, "its primary had to get all of the data");
            if let Some(upstream) = &mut self.nodes[node].upstream {
                upstream.pending.clear();
                upstream.snapshot_of = from;
                upstream.snapshot_since_ms = now_ms;
            }
        }
        if let Some((from, is_renamed)) = happened.continued {
            self.nodes[node].history.continued(Some(from.replid));
            if is_renamed {
                self.drop_replicas(node, "the stream has another name");
            }
        }
        if happened.has_stream {
            self.apply(node);
        }
        if happened.has_snapshot {
            let load_ms = self.settings.load_bytes_per_s.map_or(0, |bytes_per_s| {
                let ms =
                    u128::from(self.settings.dataset_bytes) * 1000 / u128::from(bytes_per_s.max(1));
                u64::try_from(ms).unwrap_or(u64::MAX)
            });
            if let Some(upstream) = &mut self.nodes[node].upstream {
                let loaded_ms = upstream.snapshot_since_ms.saturating_add(load_ms);
                upstream.loaded_at_ms = Some(loaded_ms.max(now_ms));
            }
            self.open_or_load(node);
        }
        if let Some((failure, retry_after_ms)) = happened.failed {
            self.link_failed(node, &failure, retry_after_ms);
        }
    }

    /// Applies the whole commands of what came, and passes them on.
    fn apply(&mut self, node: usize) {
        let server = &mut self.nodes[node];
        let Some(upstream) = &mut server.upstream else { return };
        let floor = self.written.floor(upstream.received);
        let before = server.history.offset();
        let bytes = floor.since(before);
        if bytes == 0 {
            return;
        }
        if let Some(backlog) = &mut server.backlog {
            let whole = usize::try_from(bytes).unwrap_or(usize::MAX).min(upstream.pending.len());
            backlog.append(upstream.pending.get(..whole).unwrap_or_default());
            upstream.pending.drain(..whole);
        }
        server.history.advance(bytes);
        upstream.link.applied(floor, None);
    }

    fn link_failed(&mut self, node: usize, failure: &Failure, retry_after_ms: u64) {
        let now_ms = self.now_ms;
        let Some(upstream) = &mut self.nodes[node].upstream else { return };
        upstream.is_open = false;
        upstream.opens_at_ms = None;
        upstream.loaded_at_ms = None;
        upstream.snapshot_of = None;
        upstream.pending.clear();
        upstream.retry_at_ms = now_ms.saturating_add(retry_after_ms);
        if *failure == Failure::Silent {
            upstream.lost = "its primary was silent";
            self.record.timed_out += u64::from(self.start_ms.is_some());
        }
        let id = upstream.connection.take();
        if let Some(connection) = id.and_then(|id| self.connections.get_mut(&id)) {
            connection.child_open = false;
            connection.up.put(now_ms, Chunk::Closed("the replica"));
        }
    }

    /// Goes on with a connection that is being opened, and with a snapshot that is being loaded.
    pub(super) fn open_or_load(&mut self, node: usize) {
        let now_ms = self.now_ms;
        let server = &mut self.nodes[node];
        let is_down = server.is_down(now_ms);
        let Some(upstream) = &mut server.upstream else { return };
        if upstream.loaded_at_ms.is_some_and(|at_ms| at_ms <= now_ms) {
            upstream.loaded_at_ms = None;
            self.loaded(node);
        } else if upstream.opens_at_ms.is_some_and(|at_ms| at_ms <= now_ms) {
            match (is_down, self.settings.outage_kind) {
                (false, _) => self.opened(node),
                // The system goes on trying.
                (true, Kind::Silent) => upstream.opens_at_ms = Some(now_ms + TICK_MS),
                (true, Kind::Cut) => {
                    self.on_link(node, |link, now_ms, events| {
                        link.on_closed(now_ms, "no route to host", events);
                    });
                }
            }
        }
    }

    fn opened(&mut self, node: usize) {
        let Some(parent) = self.nodes[node].parent else { return };
        self.opened += 1;
        let id = self.opened;
        self.connections.insert(id, Connection::new(parent, node, self.settings.capacity));
        if let Some(upstream) = &mut self.nodes[node].upstream {
            upstream.opens_at_ms = None;
            upstream.connection = Some(id);
        }
        self.on_link(node, |link, now_ms, events| link.on_connected(now_ms, events));
    }

    fn loaded(&mut self, node: usize) {
        let (backlog_bytes, disk_log) = (self.settings.backlog_bytes, self.settings.disk_log);
        let server = &mut self.nodes[node];
        let Some(upstream) = &mut server.upstream else { return };
        if let Some(place) = upstream.snapshot_of.take() {
            server.history.full_sync_done(place);
            server.anew_from = place.offset;
            upstream.received = place.offset;
            if server.has_replicas {
                server.backlog = Some(Stream::new(place.offset, backlog_bytes, disk_log));
            }
        }
        self.on_link(node, |link, now_ms, events| link.loaded(now_ms, events));
    }

    /// Connects anew, or notices silence.
    pub(super) fn look_at_primary(&mut self, node: usize) {
        let now_ms = self.now_ms;
        let round_trip_ms = step_up(2 * self.settings.capacity.latency_ms);
        let Some(upstream) = &mut self.nodes[node].upstream else { return };
        if !upstream.is_open && now_ms >= upstream.retry_at_ms {
            upstream.is_open = true;
            upstream.opens_at_ms = Some(now_ms + round_trip_ms);
            return self.on_link(node, |link, now_ms, events| link.connect(now_ms, events));
        }
        self.on_link(node, |link, now_ms, events| link.on_tick(now_ms, events));
    }

    /// What has arrived from a primary.
    pub(super) fn deliver_down(&mut self, id: u64, node: usize) {
        loop {
            let Some(connection) = self.connections.get_mut(&id) else { return };
            let upstream = self.nodes[node].upstream.as_mut();
            let Some(upstream) = upstream.filter(|up| up.connection == Some(id)) else {
                // Nobody listens any more.
                while connection.down.take(self.now_ms).is_some() {}
                return;
            };
            if !upstream.link.wants_bytes() {
                return;
            }
            let Some(chunk) = connection.down.take(self.now_ms) else { return };
            match chunk {
                Chunk::Bytes(bytes) => self.hear(node, &bytes),
                Chunk::Stream(piece, range) => {
                    self.hear(node, piece.get(range).unwrap_or_default());
                }
                Chunk::Snapshot(mut bytes) => {
                    while bytes > 0 {
                        let len = bytes.min(ZEROS.len() as u64);
                        let part = usize::try_from(len).ok().and_then(|len| ZEROS.get(..len));
                        self.hear(node, part.unwrap_or_default());
                        bytes -= len;
                    }
                }
                Chunk::Closed(why) => {
                    upstream.lost = why;
                    self.on_link(node, |link, now_ms, events| {
                        link.on_closed(now_ms, "connection closed by the primary", events);
                    });
                }
            }
        }
    }

    fn hear(&mut self, node: usize, bytes: &[u8]) {
        self.on_link(node, |link, now_ms, events| link.on_bytes(now_ms, bytes, events));
    }

    /// The place up to which a server has the present stream of the first primary; none if it has another one.
    pub(super) fn has_up_to(&self, node: usize) -> Option<Offset> {
        let place = self.nodes[node].upstream.as_ref()?.link.place()?;
        (place.replid == self.nodes[0].history.replid()).then_some(place.offset)
    }
}
