//! The snapshot of the primary: from its first bytes until its data are those of this server.

use super::super::super::client::{Client, Peer};
use super::super::super::config::words::DisklessLoad;
use super::super::super::{Engine, LastLoad, Level, Now};
use super::super::mono_ms;
use super::{PrimaryId, Upstream};
use crate::feed::Control;
use crate::keyspace::Keyspace;
use crate::repl::offset::Place;
use std::sync::Arc;

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

impl Engine {
    pub(super) fn stop_loading(&mut self, upstream: &mut Upstream) {
        upstream.parts.clear();
        upstream.snapshot_of = None;
        if let Some(control) = upstream.control.take() {
            control.interrupted.store(true, std::sync::atomic::Ordering::Relaxed);
            self.loading = None;
        }
    }

    pub(super) fn begin_snapshot(&mut self, from: Option<Place>, length_bytes: Option<u64>) {
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

    /// The next part of the snapshot that is to be loaded.
    pub fn next_snapshot_part(&mut self, id: PrimaryId) -> Option<SnapshotPart> {
        let upstream = self.replication.upstream.as_mut().filter(|up| up.brings_snapshot(id))?;
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
        if !self.replication.upstream.as_ref().is_some_and(|up| up.brings_snapshot(id)) {
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

    pub(super) fn add_primary_client(&mut self) {
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
}
