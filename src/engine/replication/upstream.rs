//! This server as a replica: the link to its primary, the snapshot it loads, the stream it applies.

use super::super::client::{Client, ClientId, Peer};
use super::super::config::words::DisklessLoad;
use super::super::{Action, Engine, LastLoad, Level, Now};
use super::mono_ms;
use crate::command::Error;
use crate::feed::Control;
use crate::keyspace::Keyspace;
use crate::repl::handshake::{Auth, Introduction};
use crate::repl::offset::Place;
use crate::repl::replica::{Event, Link, Phase, Settings};
use crate::repl::{self};
use crate::resp::request::{Bounds, RequestReader, Step};
use smallvec::SmallVec;
use std::collections::VecDeque;
use std::sync::Arc;

/// Names a link to a primary: each has another number, so that news of an old one is known as such.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PrimaryId(pub u64);

/// A part of a snapshot, for the driver to load.
#[derive(Debug)]
pub enum SnapshotPart {
    /// A snapshot begins; what others see of the work.
    Begin(Arc<Control>),
    /// Bytes of it.
    Bytes(Vec<u8>),
    /// It is complete.
    End,
}

/// The primary that is followed.
#[derive(Debug)]
pub struct Upstream {
    pub host: Vec<u8>,
    pub port: u16,
    id: PrimaryId,
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
    /// How many of them belong to commands that were run: the reader keeps them while it is inside of another command.
    passed: usize,
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
}

/// What a link's events come to, besides bytes that were put where they belong.
#[derive(Debug, Default)]
struct Happened {
    lines: Vec<(repl::Level, String)>,
    full_sync: Option<(Option<Place>, Option<u64>)>,
    continued: Option<(Place, bool)>,
    failed: Option<u64>,
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
            link: Link::new(settings, place),
            is_open: false,
            retry_at_ms: 0,
            client: None,
            db,
            reader: RequestReader::default(),
            input: Vec::new(),
            passed: 0,
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

    fn stop_loading(&mut self, upstream: &mut Upstream) {
        upstream.parts.clear();
        upstream.snapshot_of = None;
        if let Some(control) = upstream.control.take() {
            control.interrupted.store(true, std::sync::atomic::Ordering::Relaxed);
            self.loading = None;
        }
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
        let synced = self.persist.is_logging().then(|| self.persist.synced_offset());
        let Some(upstream) = &mut self.replication.upstream else { return };
        if !upstream.is_open && now_ms >= upstream.retry_at_ms {
            let settings = upstream.link.settings_mut();
            settings.introduction = introduction;
            settings.timeout_ms = timeout_ms;
            upstream.is_open = true;
            // News of earlier attempts may still come.
            self.replication.links += 1;
            upstream.id = PrimaryId(self.replication.links);
            let (id, host, port) = (upstream.id, upstream.host.clone(), upstream.port);
            self.on_link(|link, events| link.connect(now_ms, events));
            return self.actions.push_back(Action::Connect { id, host, port });
        }
        if let Some(place) = upstream.link.place() {
            upstream.link.applied(place.offset, synced);
        }
        self.on_link(|link, events| link.on_tick(now_ms, events));
    }

    /// Whether news of a link is of the present one.
    pub fn is_current_primary(&self, id: PrimaryId) -> bool {
        self.replication.upstream.as_ref().is_some_and(|up| up.id == id && up.is_open)
    }

    /// Whether bytes of the primary should be read.
    pub fn wants_primary_bytes(&self) -> bool {
        self.replication.upstream.as_ref().is_some_and(|up| up.link.wants_bytes())
    }

    /// The connection to the primary stands.
    pub fn primary_connected(&mut self, id: PrimaryId, now: Now) {
        self.set_now(now);
        if self.is_current_primary(id) {
            self.on_link(|link, events| link.on_connected(mono_ms(now), events));
        }
    }

    /// Bytes came from the primary.
    pub fn primary_bytes(&mut self, id: PrimaryId, bytes: &[u8], now: Now) {
        self.set_now(now);
        if self.is_current_primary(id) {
            self.stats.input_bytes += bytes.len() as u64;
            self.stats.repl_input_bytes += bytes.len() as u64;
            self.on_link(|link, events| link.on_bytes(mono_ms(now), bytes, events));
        }
    }

    /// The connection to the primary could not be opened, or is gone.
    pub fn primary_closed(&mut self, id: PrimaryId, why: &str, now: Now) {
        self.set_now(now);
        if self.is_current_primary(id) {
            self.on_link(|link, events| link.on_closed(mono_ms(now), why, events));
        }
    }

    /// Fills a buffer with what is to be written to the primary.
    pub fn take_primary_output(&mut self, id: PrimaryId, out: &mut Vec<u8>) {
        out.clear();
        if let Some(upstream) = self.replication.upstream.as_mut().filter(|up| up.id == id) {
            upstream.link.take_output(out);
        }
    }

    /// The next part of the snapshot that is to be loaded.
    pub fn next_snapshot_part(&mut self, id: PrimaryId) -> Option<SnapshotPart> {
        let upstream = self.replication.upstream.as_mut().filter(|up| up.id == id)?;
        upstream.parts.pop_front()
    }

    /// A snapshot was loaded, or not; with the database that the stream behind it has selected.
    pub fn snapshot_loaded(
        &mut self,
        id: PrimaryId,
        loaded: Result<(Keyspace, LastLoad, usize), String>,
        now: Now,
    ) {
        self.set_now(now);
        if !self.is_current_primary(id) {
            return;
        }
        let now_ms = mono_ms(now);
        match loaded {
            Ok((keyspace, last_load, db)) => {
                self.take_snapshot(keyspace, last_load, db);
                self.on_link(|link, events| link.loaded(now_ms, events));
            }
            Err(error) => {
                let text = format!(
                    "Failed trying to load the MASTER synchronization DB from socket, check server logs: {error}"
                );
                self.log(Level::Warning, text);
                self.on_link(|link, events| link.abandon(now_ms, &error, events));
            }
        }
    }

    /// Puts the primary's data in the place of the old ones.
    fn take_snapshot(&mut self, keyspace: Keyspace, last_load: LastLoad, db: usize) {
        // Whoever follows this server has to begin anew, too; not before, since the snapshot might not have come.
        self.drop_replicas();
        let Some(upstream) = &mut self.replication.upstream else { return };
        upstream.control = None;
        let place = upstream.snapshot_of.take();
        self.replication.volatile.clear();
        let Some(upstream) = &mut self.replication.upstream else { return };
        upstream.db = db;
        self.replace_data(keyspace, last_load);
        if let Some(place) = place {
            let repl = &mut self.replication;
            repl.history.full_sync_done(place);
            repl.restart_backlog(place.offset, &self.config);
        }
        if self.persist.is_logging() {
            // A new append-only file, whose base are the new data.
            self.switch_log(false);
            self.switch_log(true);
        }
        self.add_primary_client();
    }

    fn add_primary_client(&mut self) {
        let Some(upstream) = &self.replication.upstream else { return };
        let (db, host) = (upstream.db, String::from_utf8_lossy(&upstream.host).into_owned());
        let address = format!("{host}:{}", upstream.port);
        let client = Client {
            peer: Peer { address, ..Peer::default() },
            is_known: true,
            is_primary: true,
            db,
            created: self.now,
            used: self.now,
            ..Client::default()
        };
        let id = self.clients.add(client);
        if let Some(upstream) = &mut self.replication.upstream {
            upstream.client = Some(id);
            upstream.down_since_ms = None;
        }
    }

    /// Lets something happen on the link, and sees to what comes of it.
    fn on_link(&mut self, act: impl FnOnce(&mut Link, repl::replica::Events<'_>)) {
        let Some(upstream) = &mut self.replication.upstream else { return };
        let mut happened = Happened::default();
        let Upstream { link, input, parts, .. } = upstream;
        act(link, &mut |event| match event {
            Event::Log(level, line) => happened.lines.push((level, line)),
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

    fn begin_snapshot(&mut self, from: Option<Place>, length_bytes: Option<u64>) {
        let now = self.now;
        let Some(upstream) = &mut self.replication.upstream else { return };
        upstream.snapshot_of = from;
        let control = upstream.parts.iter().find_map(|part| match part {
            SnapshotPart::Begin(control) => Some(Arc::clone(control)),
            _ => None,
        });
        let Some(control) = control else { return };
        control.total_bytes.store(length_bytes.unwrap_or(0), std::sync::atomic::Ordering::Relaxed);
        upstream.control = Some(Arc::clone(&control));
        // Old data of another history are kept by `swapdb` in case that this one does not come, but not shown meanwhile.
        let is_known = from.is_some_and(|from| from.replid == self.replication.history.replid());
        let is_shown = is_known || self.config.repl_diskless_load != DisklessLoad::SwapDb;
        self.begin_loading(control, is_shown, now);
        self.log(Level::Notice, "MASTER <-> REPLICA sync: Loading DB in memory");
    }

    fn link_failed(&mut self, retry_after_ms: u64) {
        let now_ms = mono_ms(self.now);
        let unix_ms = self.now.unix_ms;
        let Some(mut upstream) = self.replication.upstream.take() else { return };
        self.stop_loading(&mut upstream);
        upstream.is_open = false;
        // What was not applied comes again.
        upstream.reader = RequestReader::default();
        upstream.input.clear();
        upstream.passed = 0;
        upstream.pending.clear();
        upstream.retry_at_ms = now_ms.saturating_add(retry_after_ms);
        upstream.down_since_ms.get_or_insert(unix_ms);
        if let Some(id) = upstream.client.take() {
            self.disconnect(id);
        }
        self.replication.upstream = Some(upstream);
    }

    /// Runs the commands of the stream that are complete, and passes their bytes on; later, if there is a pause.
    pub(in crate::engine) fn apply_stream(&mut self) {
        if self.is_paused() || self.is_suspended() {
            return;
        }
        let Some(upstream) = &mut self.replication.upstream else { return };
        let Some(id) = upstream.client else { return upstream.input.clear() };
        let mut input = std::mem::take(&mut upstream.input);
        let mut reader = std::mem::take(&mut upstream.reader);
        let mut passed = std::mem::take(&mut upstream.passed);
        let bounds = Bounds { string_bytes_max: u64::MAX >> 1, is_known: true };
        let is_sound = loop {
            match reader.next(&input, bounds) {
                Ok(Step::Request) => {
                    let args: SmallVec<[&[u8]; 8]> = reader.args(&input).collect();
                    self.request(id, &args, self.now);
                    if self.clients.get(id).is_none() {
                        // The link was ended by what it said, and will begin anew in front of it.
                        return;
                    }
                    self.note_divergence(id, args.first().copied().unwrap_or_default());
                    let end = reader.read_bytes();
                    self.pass_on(id, input.get(passed..end).unwrap_or_default());
                    passed = end;
                }
                Ok(Step::Need(_)) => break true,
                Err(error) => {
                    let text = format!(
                        "Protocol error ({error}) from client: the primary's stream cannot be read"
                    );
                    self.log(Level::Warning, text);
                    break false;
                }
            }
            if self.replication.upstream.is_none() {
                return;
            }
        };
        let read = reader.read_bytes();
        input.drain(..read.min(input.len()));
        passed = passed.saturating_sub(read);
        reader.drop_read();
        let now_ms = mono_ms(self.now);
        let Some(upstream) = &mut self.replication.upstream else { return };
        upstream.input = input;
        upstream.passed = passed;
        upstream.reader = reader;
        if !is_sound {
            upstream.input.clear();
            self.on_link(|link, events| {
                link.forget_place(events);
                link.abandon(now_ms, "the stream cannot be read", events);
            });
        }
    }

    /// A command of the primary that fails here means that the data differ.
    fn note_divergence(&mut self, id: ClientId, name: &[u8]) {
        let Some(client) = self.clients.get(id) else { return };
        let Some(error) = client.out.as_bytes().strip_prefix(b"-") else { return };
        let error = String::from_utf8_lossy(error.trim_ascii_end()).into_owned();
        let name = match crate::command::find(name) {
            Some(command) => command.spec.name,
            None => "<unknown>",
        };
        self.log(Level::Warning, format!("== CRITICAL == This replica is sending an error to its master: '{error}' after processing the command '{name}'"));
    }

    /// Passes a command of the stream on to those that follow this server: a transaction as a whole.
    fn pass_on(&mut self, id: ClientId, bytes: &[u8]) {
        let is_open = self.clients.get(id).is_some_and(|client| client.multi.is_some());
        let repl = &mut self.replication;
        let Some(upstream) = &mut repl.upstream else { return };
        upstream.pending.extend_from_slice(bytes);
        if is_open {
            return;
        }
        if let Some(client) = self.clients.get_mut(id) {
            upstream.db = client.db;
            // The primary reads no replies.
            client.out.clear();
        }
        let bytes = std::mem::take(&mut upstream.pending);
        repl.feed_raw(&bytes);
        let offset = repl.history.offset();
        if let Some(upstream) = &mut repl.upstream {
            upstream.link.applied(offset, None);
            upstream.pending = bytes;
            upstream.pending.clear();
        }
    }

    /// Tells the primary what was applied, as it asked.
    pub(super) fn tell_primary(&mut self, id: ClientId) {
        let now_ms = mono_ms(self.now);
        let synced = self.persist.is_logging().then(|| self.persist.synced_offset());
        let Some(upstream) = &mut self.replication.upstream else { return };
        if upstream.client == Some(id) {
            if let Some(place) = upstream.link.place() {
                upstream.link.applied(place.offset, synced);
            }
            upstream.link.acknowledge(now_ms);
            self.actions.push_back(Action::WakePrimary);
        }
    }

    /// Whether a replica that has lost its primary may answer; `allowed` is whether the command may run on stale data.
    pub(in crate::engine) fn check_stale(&self, allowed: bool) -> Result<(), Error> {
        let is_down = self.replication.upstream.as_ref().is_some_and(|up| !up.is_online());
        match is_down && !allowed && !self.config.replica_serve_stale_data {
            true => Err(Error::text(
                "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
            )),
            false => Ok(()),
        }
    }
}
