//! Snapshots for replicas: who shares one, and what became of it.

use super::super::client::ClientId;
use super::super::persist::{SaveJob, Why};
use super::super::{Action, Engine, Level, Now};
use super::{Replication, mono_ms};
use crate::aof::writer::Writer;
use crate::base::cow;
use crate::feed::Control;
use crate::repl::announce::Needs;
use crate::repl::handshake::MARK_BYTES;
use crate::repl::offset::{Offset, Place};
use crate::repl::primary::{
    Batch, Framing, Replica, State, SyncPolicy, due, end_offset_line, length_line, mark_line,
    new_mark,
};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// A snapshot that is being written for replicas.
#[derive(Debug)]
pub struct Transfer {
    pub batch: Batch,
    /// Where the stream goes on behind it.
    pub place: Place,
    pub began: Now,
    /// Who was to get it from the beginning.
    members: Vec<ClientId>,
    /// Stops it.
    control: Arc<Control>,
    /// Bytes that had been copied for snapshots when it began.
    pub copied_bytes: u64,
}

/// A snapshot that the driver writes for replicas.
#[derive(Debug)]
pub struct SnapshotFor {
    /// What is written.
    pub job: SaveJob,
    /// Who gets it while it is written; none if it goes to the RDB file, from which it is sent.
    pub streamed_to: Option<(Vec<ClientId>, [u8; MARK_BYTES])>,
}

/// What became of a snapshot for replicas.
#[derive(Debug)]
pub struct Transferred {
    /// Bytes of the file, or what went wrong.
    pub result: Result<u64, String>,
}

/// Milliseconds for which the stream is kept for a main connection, after the one that got the snapshot has ended.
const GRACE_MS: u64 = 60_000;

/// A main connection that is expected to go on behind a snapshot that another one gets, as Valkey does it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected {
    /// Where it goes on.
    from: Offset,
    /// When it is given up; none while the snapshot is on its way.
    until_ms: Option<u64>,
}

impl Replication {
    /// The place of the snapshot that is being written, and its framing, if a replica that comes now may have it too.
    pub(super) fn shared_transfer(&self, replica: &Replica) -> Option<(Place, Framing)> {
        let goes_on = |t: &&Transfer| !t.control.interrupted.load(Ordering::Relaxed);
        let shared = self.transfer.as_ref().filter(goes_on)?;
        shared.batch.may_share(replica).then_some((shared.place, shared.batch.framing))
    }

    /// Number of main connections that are expected.
    pub(super) fn expected_count(&self) -> usize {
        self.expected.len()
    }

    /// The first place of the stream that is kept for them.
    pub(super) fn expected_from(&self) -> Option<Offset> {
        self.expected.values().map(|expected| expected.from).min()
    }

    /// A connection for a snapshot is gone: its main one has some time left, if all was sent.
    pub(super) fn channel_gone(&mut self, id: ClientId, is_whole: bool, now_ms: u64) {
        let Ok(number) = i64::try_from(id.number) else { return };
        match self.expected.get_mut(&number) {
            Some(expected) if is_whole => expected.until_ms = Some(now_ms + GRACE_MS),
            _ => drop(self.expected.remove(&number)),
        }
    }

    /// Gives those up that have not come in time.
    pub(super) fn give_up_expected(&mut self, now_ms: u64) {
        self.expected.retain(|_, expected| expected.until_ms.is_none_or(|until| now_ms < until));
    }
}

impl Engine {
    /// Begins a snapshot for those that have waited long enough.
    pub(super) fn begin_due_transfer(&mut self) {
        if self.replication.transfer.is_some()
            || self.persist.is_saving()
            || self.persist.is_rewriting()
            || self.is_loading()
        {
            return;
        }
        let policy = SyncPolicy {
            streams: self.config.repl_diskless_sync,
            delay_ms: self.config.repl_diskless_sync_delay.unsigned_abs().saturating_mul(1000),
            max_replicas: usize::try_from(self.config.repl_diskless_sync_max_replicas).unwrap_or(0),
        };
        let now_ms = mono_ms(self.now);
        if let Some(batch) = due(self.replication.replicas.values(), policy, now_ms) {
            self.begin_transfer(batch);
        }
    }

    fn begin_transfer(&mut self, batch: Batch) {
        let now_ms = mono_ms(self.now);
        self.log(
            Level::Notice,
            format!("Starting BGSAVE for SYNC with target: {}", batch.framing.target()),
        );
        let job = self.new_job(Why::Sync).with_aux(self.stream_aux()).for_replicas(batch.needs);
        let repl = &mut self.replication;
        let place = repl.history.place();
        // What comes behind the snapshot selects its database anew, unless the stream is somebody else's.
        if !repl.is_replica() {
            repl.writer = Writer::new();
        }
        let stream_db = repl.upstream.as_ref().map(|upstream| upstream.stream_db());
        let (mut heads, mut mains) = (Vec::new(), Vec::new());
        for (id, replica) in &mut repl.replicas {
            if batch.takes(replica) {
                let mut head = replica.snapshot_begins(place, batch.framing, now_ms);
                if replica.announced.is_rdb_channel && replica.is_old() {
                    head = end_offset_line(place, stream_db, id.number);
                    let expected = Expected { from: place.offset, until_ms: None };
                    repl.expected.extend(i64::try_from(id.number).map(|number| (number, expected)));
                }
                heads.push((*id, head));
                mains.extend(replica.announced.main_client);
            }
        }
        repl.transfer = Some(Transfer {
            batch,
            place,
            began: self.now,
            members: heads.iter().map(|(id, _)| *id).collect(),
            control: Arc::clone(&job.options.control),
            copied_bytes: cow::copied_bytes(),
        });
        mains.into_iter().for_each(|number| self.begin_main_channel(number, place));
        let mark = new_mark(&mut self.rng);
        for (id, head) in &heads {
            self.put_out(*id, head);
            if batch.framing == Framing::Streamed {
                self.put_out(*id, &mark_line(&mark));
            }
        }
        let ids = heads.into_iter().map(|(id, _)| id).collect();
        let pid = self.identity.pid;
        let streamed_to = match batch.framing {
            Framing::Streamed => {
                self.log(Level::Notice, format!("Background RDB transfer started by pid {pid}"));
                Some((ids, mark))
            }
            Framing::Stored => {
                self.log(Level::Notice, format!("Background saving started by pid {pid}"));
                None
            }
        };
        self.actions.push_back(Action::SnapshotFor(Box::new(SnapshotFor { job, streamed_to })));
    }

    /// Lets the stream go to a replica whose snapshot was begun over another connection.
    fn begin_main_channel(&mut self, number: i64, place: Place) {
        let replicas = self.replication.replicas.iter_mut();
        let mut main = replicas.filter(|(id, _)| i64::try_from(id.number) == Ok(number));
        if let Some((_, replica)) = main.next() {
            replica.channel_begins(place);
            self.replication.has_news = true;
        }
    }

    /// Stops a snapshot that nobody waits for any more, unless it is of use as the RDB file.
    pub(super) fn stop_useless_transfer(&mut self) {
        let repl = &self.replication;
        let Some(transfer) = &repl.transfer else { return };
        let framing = transfer.batch.framing;
        let is_wanted = repl.replicas.values().any(|r| r.state() == State::WaitEnd(framing));
        let is_kept = framing == Framing::Stored && !self.config.save.is_empty();
        if is_wanted || is_kept || transfer.control.interrupted.swap(true, Ordering::Relaxed) {
            return;
        }
        self.log(
            Level::Notice,
            match framing {
                Framing::Streamed => {
                    "Diskless rdb transfer, last replica dropped, killing fork child."
                }
                Framing::Stored => "Killing the save for replicas, since the last of them is gone.",
            },
        );
    }

    /// Lets the RDB file go that was written for replicas alone, once all of them have it, where nothing else is kept on disk.
    pub(super) fn remove_sync_file(&mut self) {
        // A file that was kept once stays, whatever is asked for later.
        self.persist.is_file_for_replicas &= self.config.rdb_del_sync_files;
        let keeps_data = !self.config.save.is_empty() || self.persist.is_logging();
        if !self.persist.is_file_for_replicas
            || keeps_data
            || self.persist.is_saving()
            || self.replication.transfer.is_some()
        {
            return;
        }
        let mut states = self.replication.replicas.values().map(Replica::state);
        if states.any(|state| matches!(state, State::WaitStart | State::SendSnapshot)) {
            return;
        }
        self.persist.is_file_for_replicas = false;
        let text = "Removing the RDB file used to feed replicas in a persistence-less instance";
        self.log(Level::Notice, text);
        self.actions.push_back(Action::RemoveFile);
    }

    /// Learns what became of a snapshot for replicas.
    pub fn transferred(&mut self, done: Transferred, now: Now) {
        self.set_now(now);
        let Some(transfer) = self.replication.transfer.take() else { return };
        let framing = transfer.batch.framing;
        let waits = |replica: &Replica| replica.state() == State::WaitEnd(framing);
        let members = self.replication.replicas.iter();
        let ids: Vec<ClientId> =
            members.filter(|(_, replica)| waits(replica)).map(|(id, _)| *id).collect();
        let seconds = (now.mono_us.saturating_sub(transfer.began.mono_us)) / 1_000_000;
        match (done.result, framing) {
            (Ok(_), Framing::Streamed) => {
                let has = |id: &&ClientId| self.replication.has_replica(**id);
                let left = transfer.members.iter().filter(has).count();
                let text = format!(
                    "Diskless rdb transfer, done reading from pipe, {left} replicas still up."
                );
                self.log(Level::Notice, text);
                self.log(Level::Notice, "Background RDB transfer terminated with success");
            }
            (Ok(bytes), Framing::Stored) => {
                self.persist.note_saved(seconds, now);
                self.persist.is_file_for_replicas = self.config.rdb_del_sync_files;
                self.log(Level::Notice, "DB saved on disk");
                self.log(Level::Notice, "Background saving terminated with success");
                for id in &ids {
                    if let Some(replica) = self.replication.replicas.get_mut(id) {
                        replica.snapshot_stored();
                    }
                    self.put_out(*id, &length_line(bytes));
                }
                self.actions.push_back(Action::SendFile(ids));
            }
            (Err(error), framing) => {
                let what = match framing {
                    Framing::Streamed => "Background transfer error",
                    Framing::Stored => "Background saving error",
                };
                self.log(Level::Warning, format!("{what}: {error}"));
                if framing == Framing::Stored {
                    self.log(Level::Warning, "SYNC failed. BGSAVE child returned an error");
                }
                ids.into_iter().for_each(|id| self.close(id));
            }
        }
        self.begin_due_transfer();
    }

    /// A replica took so many bytes of its snapshot.
    pub fn snapshot_moved(&mut self, id: ClientId, bytes: usize, now: Now) {
        self.stats.output_bytes += bytes as u64;
        self.stats.repl_output_bytes += bytes as u64;
        if let Some(replica) = self.replication.replicas.get_mut(&id) {
            replica.snapshot_moved(mono_ms(now));
        }
    }

    /// A snapshot was written to a replica as a whole.
    pub fn snapshot_sent(&mut self, id: ClientId, now: Now) {
        self.set_now(now);
        let Some(replica) = self.replication.replicas.get_mut(&id) else { return };
        let is_streamed = replica.state() == State::WaitEnd(Framing::Streamed);
        replica.snapshot_sent(mono_ms(now));
        let (is_over, streams) = (replica.is_over(), replica.streams());
        let name = self.replica_name(id);
        if is_streamed {
            self.log(Level::Notice, format!("Streamed replica with replica {name} via socket succeeded. Waiting for REPLCONF ACK from replica to enable streaming"));
        }
        if is_over {
            return self.close(id);
        }
        if streams {
            self.log(Level::Notice, format!("Synchronization with replica {name} succeeded"));
            self.replication.has_news = true;
        }
    }
}

impl SaveJob {
    /// Leaves out what replicas do not need.
    fn for_replicas(mut self, needs: Needs) -> SaveJob {
        if needs.without_data {
            self.snapshot.drop_keys();
        }
        if needs.without_functions {
            self.snapshot.drop_functions();
        }
        self.options.compress &= !needs.uncompressed;
        self.options.checksum &= !needs.without_checksum;
        self
    }
}
