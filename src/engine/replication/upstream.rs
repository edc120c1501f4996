//! This server as a replica: the link to its primary, the snapshot it loads, the stream it applies.

mod apply;
mod snapshot;

pub use snapshot::SnapshotPart;

use super::super::client::ClientId;
use super::super::config::kinds::OutputLimit;
use super::super::{Action, Engine, Level, Now};
use super::mono_ms;
use crate::feed::Control;
use crate::repl::channels::Offers;
use crate::repl::handshake::{Auth, Introduction};
use crate::repl::offset::Place;
use crate::repl::replica::{Event, Link, Phase, Settings};
use crate::repl::{self};
use crate::resp::request::RequestReader;
use std::collections::VecDeque;
use std::sync::Arc;

/// Names a connection to a primary: each has another number, so that news of an old one is known as such.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PrimaryId(pub u64);

/// The primary that is followed.
#[derive(Debug)]
pub struct Upstream {
    pub host: Vec<u8>,
    pub port: u16,
    id: PrimaryId,
    /// The second connection, if the snapshot comes over one.
    channel: Option<PrimaryId>,
    link: Link,
    /// Whether a connection is open, or being opened.
    is_open: bool,
    /// When the next attempt is made.
    retry_at_ms: u64,
    /// Stands for the primary among the clients, as soon as its commands are run.
    client: Option<ClientId>,
    /// The database that the stream has selected where the data end.
    db: usize,
    reader: RequestReader,
    /// Bytes of the stream that make no whole command yet.
    input: Vec<u8>,
    /// Bytes of commands that wait for EXEC.
    pending: Vec<u8>,
    parts: VecDeque<SnapshotPart>,
    /// Where the snapshot ends that is received or loaded.
    snapshot_of: Option<Place>,
    /// Stops the loading of a snapshot.
    control: Option<Arc<Control>>,
    /// Since when the link is down, in unix milliseconds.
    pub down_since_ms: Option<i64>,
}

impl Upstream {
    /// Where the data end, if the primary could continue from there.
    pub fn place(&self) -> Option<Place> {
        self.link.place()
    }

    /// The database that the stream has selected where the data end.
    pub fn stream_db(&self) -> usize {
        self.db
    }

    /// Takes what a file tells of where the data end.
    pub fn restore(&mut self, place: Place, db: usize) {
        let settings = self.link.settings_mut().clone();
        self.link = Link::new(settings, Some(place));
        self.db = db;
    }

    /// What it is doing.
    pub fn phase(&self) -> Phase {
        self.link.phase()
    }

    /// Whether the stream flows.
    pub fn is_online(&self) -> bool {
        self.link.phase() == Phase::Online
    }

    /// Whether the primary is asked to become one.
    pub fn set_failover(&mut self, is_failover: bool) {
        self.link.settings_mut().is_failover = is_failover;
    }

    /// The link.
    pub fn link(&self) -> &Link {
        &self.link
    }

    /// Which of the open connections this is.
    fn wire(&self, id: PrimaryId) -> Option<Wire> {
        if !self.is_open {
            None
        } else if id == self.id {
            Some(Wire::Main)
        } else {
            (Some(id) == self.channel && self.link.has_channel()).then_some(Wire::Channel)
        }
    }

    /// Whether this is the connection over which the snapshot comes, or came.
    fn brings_snapshot(&self, id: PrimaryId) -> bool {
        self.is_open && id == self.channel.unwrap_or(self.id)
    }
}

/// A connection to the primary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wire {
    /// The one that the stream comes over.
    Main,
    /// A second one for the snapshot.
    Channel,
}

/// What a link's events come to, besides bytes that were put where they belong.
#[derive(Debug, Default)]
struct Happened {
    lines: Vec<(repl::Level, String)>,
    full_sync: Option<(Option<Place>, Option<u64>)>,
    continued: Option<(Place, bool)>,
    failed: Option<u64>,
    wants_channel: bool,
}

fn level(level: repl::Level) -> Level {
    match level {
        repl::Level::Debug => Level::Debug,
        repl::Level::Notice => Level::Notice,
        repl::Level::Warning => Level::Warning,
    }
}

impl Engine {
    /// Follows a primary from now on. `place` is where the data end in its stream, as far as is known.
    pub(in crate::engine) fn follow(
        &mut self,
        host: &[u8],
        port: u16,
        place: Option<Place>,
        db: usize,
    ) {
        let repl = &mut self.replication;
        repl.links += 1;
        let settings = Settings {
            primary: format!("{}:{port}", String::from_utf8_lossy(host)),
            ..Settings::default()
        };
        repl.upstream = Some(Upstream {
            host: host.to_vec(),
            port,
            id: PrimaryId(repl.links),
            channel: None,
            link: Link::new(settings, place),
            is_open: false,
            retry_at_ms: 0,
            client: None,
            db,
            reader: RequestReader::default(),
            input: Vec::new(),
            pending: Vec::new(),
            parts: VecDeque::new(),
            snapshot_of: None,
            control: None,
            down_since_ms: Some(self.now.unix_ms),
        });
        repl.begin_backlog(&self.config);
    }

    /// Ends the link, and forgets what stands for the primary.
    pub(super) fn end_upstream(&mut self) -> Option<Upstream> {
        let mut upstream = self.replication.upstream.take()?;
        self.stop_loading(&mut upstream);
        if let Some(id) = upstream.client.take() {
            self.disconnect(id);
        }
        self.actions.push_back(Action::WakePrimary);
        Some(upstream)
    }

    fn introduction(&self) -> Introduction {
        let config = &self.config;
        let auth = (!config.masterauth.is_empty()).then(|| Auth {
            user: (!config.masteruser.is_empty()).then(|| config.masteruser.clone()),
            password: config.masterauth.clone(),
        });
        let port = match config.replica_announce_port {
            0 => config.port,
            port => port,
        };
        Introduction {
            auth,
            listening_port: u16::try_from(port).unwrap_or(0),
            ip_address: (!config.replica_announce_ip.is_empty())
                .then(|| config.replica_announce_ip.clone()),
            offers: Offers {
                rdb_channel: config.repl_rdb_channel,
                dual_channel: config.dual_channel_replication_enabled,
            },
            ..Introduction::default()
        }
    }

    /// Sees to the link: connects anew, notices silence.
    pub(super) fn upstream_tick(&mut self) {
        let loads_snapshot =
            self.replication.upstream.as_ref().is_some_and(|up| up.control.is_some());
        if self.loading.is_some() && !loads_snapshot {
            // First the data of this server.
            return;
        }
        let now_ms = mono_ms(self.now);
        let introduction = self.introduction();
        let timeout_ms = self.config.repl_timeout.unsigned_abs().saturating_mul(1000);
        let held_bytes_max = match self.config.replica_full_sync_buffer_limit {
            0 => self.config.client_output_buffer_limit[OutputLimit::REPLICA].hard_bytes,
            bytes => bytes,
        };
        let synced = self.persist.is_logging().then(|| self.persist.synced_offset());
        let Some(upstream) = &mut self.replication.upstream else { return };
        upstream.link.settings_mut().held_bytes_max = held_bytes_max;
        if !upstream.is_open && now_ms >= upstream.retry_at_ms {
            let settings = upstream.link.settings_mut();
            settings.introduction = introduction;
            settings.timeout_ms = timeout_ms;
            upstream.is_open = true;
            upstream.channel = None;
            self.on_link(|link, events| link.connect(now_ms, events));
            return self.open_connection(|upstream, id| upstream.id = id);
        }
        if let Some(place) = upstream.link.place() {
            upstream.link.applied(place.offset, synced);
        }
        self.on_link(|link, events| link.on_tick(now_ms, events));
    }

    /// Lets the driver open a connection to the primary.
    fn open_connection(&mut self, keep: impl FnOnce(&mut Upstream, PrimaryId)) {
        let repl = &mut self.replication;
        let Some(upstream) = &mut repl.upstream else { return };
        // News of earlier ones may still come.
        repl.links += 1;
        let id = PrimaryId(repl.links);
        keep(upstream, id);
        let (host, port) = (upstream.host.clone(), upstream.port);
        self.actions.push_back(Action::Connect { id, host, port });
    }

    fn wire(&self, id: PrimaryId) -> Option<Wire> {
        self.replication.upstream.as_ref()?.wire(id)
    }

    /// Whether a connection to the primary is of use. If it is not, it is to be closed.
    pub fn is_current_primary(&self, id: PrimaryId) -> bool {
        self.wire(id).is_some()
    }

    /// Whether bytes should be read of a connection to the primary.
    pub fn wants_primary_bytes(&self, id: PrimaryId) -> bool {
        match (self.wire(id), &self.replication.upstream) {
            (Some(Wire::Main), Some(upstream)) => upstream.link.wants_bytes(),
            (wire, _) => wire.is_some(),
        }
    }

    /// The connection to the primary stands.
    pub fn primary_connected(&mut self, id: PrimaryId, now: Now) {
        self.set_now(now);
        let now_ms = mono_ms(now);
        match self.wire(id) {
            Some(Wire::Main) => self.on_link(|link, events| link.on_connected(now_ms, events)),
            Some(Wire::Channel) => self.on_link(|link, _| link.on_channel_connected(now_ms)),
            None => {}
        }
    }

    /// Bytes came from the primary.
    pub fn primary_bytes(&mut self, id: PrimaryId, bytes: &[u8], now: Now) {
        self.set_now(now);
        let now_ms = mono_ms(now);
        let Some(wire) = self.wire(id) else { return };
        self.stats.input_bytes += bytes.len() as u64;
        self.stats.repl_input_bytes += bytes.len() as u64;
        self.on_link(|link, events| match wire {
            Wire::Main => link.on_bytes(now_ms, bytes, events),
            Wire::Channel => link.on_channel_bytes(now_ms, bytes, events),
        });
    }

    /// A connection to the primary could not be opened, or is gone.
    pub fn primary_closed(&mut self, id: PrimaryId, why: &str, now: Now) {
        self.set_now(now);
        let now_ms = mono_ms(now);
        let Some(wire) = self.wire(id) else { return };
        self.on_link(|link, events| match wire {
            Wire::Main => link.on_closed(now_ms, why, events),
            Wire::Channel => link.on_channel_closed(now_ms, why, events),
        });
    }

    /// Fills a buffer with what is to be written to the primary.
    pub fn take_primary_output(&mut self, id: PrimaryId, out: &mut Vec<u8>) {
        out.clear();
        let Some(upstream) = &mut self.replication.upstream else { return };
        match upstream.wire(id) {
            Some(Wire::Main) => upstream.link.take_output(out),
            Some(Wire::Channel) => upstream.link.take_channel_output(out),
            None => {}
        }
    }

    /// Whether a part of the stream that came while the snapshot was loaded waits to be applied with
    /// [`Engine::apply_held`], between other things.
    pub fn holds_stream(&self, id: PrimaryId) -> bool {
        let waits = |upstream: &Upstream| upstream.id == id && upstream.link.is_releasing();
        self.replication.upstream.as_ref().is_some_and(waits)
            && !self.is_paused()
            && !self.is_suspended()
    }

    /// Applies the next part of it.
    pub fn apply_held(&mut self, id: PrimaryId, now: Now) {
        self.set_now(now);
        if self.holds_stream(id) {
            self.on_link(|link, events| link.release(mono_ms(now), events));
        }
    }

    /// Lets something happen on the link, and sees to what comes of it.
    fn on_link(&mut self, act: impl FnOnce(&mut Link, repl::replica::Events<'_>)) {
        let Some(upstream) = &mut self.replication.upstream else { return };
        let mut happened = Happened::default();
        let Upstream { link, input, parts, .. } = upstream;
        act(link, &mut |event| match event {
            Event::Log(level, line) => happened.lines.push((level, line)),
            Event::SecondConnection => happened.wants_channel = true,
            Event::FullSync { from, length_bytes } => {
                happened.full_sync = Some((from, length_bytes));
                parts.clear();
                parts.push_back(SnapshotPart::Begin(Arc::default()));
            }
            Event::Snapshot(bytes) => match parts.back_mut() {
                Some(SnapshotPart::Bytes(part)) => part.extend_from_slice(bytes),
                _ => parts.push_back(SnapshotPart::Bytes(bytes.to_vec())),
            },
            Event::SnapshotEnd => parts.push_back(SnapshotPart::End),
            Event::Continued { from, is_renamed } => happened.continued = Some((from, is_renamed)),
            Event::Stream { bytes, .. } => input.extend_from_slice(bytes),
            Event::Failed { retry_after_ms, .. } => happened.failed = Some(retry_after_ms),
        });
        self.see_to(happened);
    }

    fn see_to(&mut self, happened: Happened) {
        let has_failed = happened.failed.is_some();
        for (importance, line) in happened.lines {
            self.log(level(importance), line);
        }
        if happened.wants_channel && !has_failed {
            self.open_connection(|upstream, id| upstream.channel = Some(id));
        }
        if let Some((from, length_bytes)) = happened.full_sync {
            self.begin_snapshot(from, length_bytes);
        }
        if let Some((from, is_renamed)) = happened.continued {
            let repl = &mut self.replication;
            repl.history.continued(Some(from.replid));
            repl.begin_backlog(&self.config);
            if is_renamed {
                self.drop_replicas();
            }
            self.add_primary_client();
        }
        if self.replication.upstream.as_ref().is_some_and(|up| !up.input.is_empty()) {
            self.apply_stream();
        }
        if let Some(retry_after_ms) = happened.failed {
            self.link_failed(retry_after_ms);
        }
        if let Some(upstream) = &self.replication.upstream {
            self.failover_answered(upstream.phase(), has_failed);
        }
        self.actions.push_back(Action::WakePrimary);
    }

    /// What stands for the primary was ended: so is the link.
    pub(in crate::engine) fn forget_primary_client(&mut self, id: ClientId) {
        let now_ms = mono_ms(self.now);
        let Some(upstream) = &mut self.replication.upstream else { return };
        if upstream.client == Some(id) {
            upstream.client = None;
            self.on_link(|link, events| link.on_closed(now_ms, "it was ended", events));
        }
    }

    fn link_failed(&mut self, retry_after_ms: u64) {
        let now_ms = mono_ms(self.now);
        let unix_ms = self.now.unix_ms;
        let Some(mut upstream) = self.replication.upstream.take() else { return };
        self.stop_loading(&mut upstream);
        upstream.is_open = false;
        upstream.channel = None;
        // What was not applied comes again.
        upstream.reader = RequestReader::default();
        upstream.input.clear();
        upstream.pending.clear();
        upstream.retry_at_ms = now_ms.saturating_add(retry_after_ms);
        upstream.down_since_ms.get_or_insert(unix_ms);
        if let Some(id) = upstream.client.take() {
            self.disconnect(id);
        }
        self.replication.upstream = Some(upstream);
    }
}
