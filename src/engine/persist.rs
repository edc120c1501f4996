//! Saving: what is due, what runs, and the bytes of the append-only file.
//!
//! A save is a snapshot that the driver writes on another thread; commands go on meanwhile.

mod feed;
mod job;
mod log;

pub(super) use feed::Own;
pub use job::{SaveJob, Saved, Why};

use super::client::ClientId;
use super::dispatch::{Call, Handler};
use super::{Action, Engine, Level, Now};
use crate::base::cow;
use crate::command::Error;
use crate::feed::Control;
use crate::rdb::encode::Target;
use crate::rdb::{Dialect, Header};
use crate::repl::offset::Offset;
use feed::Feed;
use log::Rewriting;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// A save that runs.
#[derive(Debug)]
struct Running {
    began: Now,
    dirty: u64,
    /// Clients that wait for its end.
    clients: Vec<ClientId>,
    is_foreground: bool,
    control: Arc<Control>,
    /// Bytes that had been copied for snapshots when it began.
    copied_bytes: u64,
}

/// What is known of saving.
#[derive(Debug)]
pub struct Persist {
    /// Changes since the last save.
    pub dirty: u64,
    pub last_save_s: i64,
    pub last_save_ok: bool,
    pub last_save_seconds: Option<u64>,
    /// Bytes that were copied because the last save held them.
    pub last_save_copied_bytes: u64,
    pub saves: u64,
    /// The RDB file was last written for replicas, while `rdb-del-sync-files` was on, and may go once they have it.
    pub is_file_for_replicas: bool,
    last_try_ms: i64,
    saving: Option<Running>,
    /// A save was asked for while another ran.
    pub is_save_scheduled: bool,
    feed: Option<Feed>,
    /// Batches of bytes that the driver took, and those that are on disk.
    sent_batch: u64,
    synced_batch: u64,
    /// Where the stream was when batches were taken that are not on disk yet.
    offsets: VecDeque<(u64, Offset)>,
    synced_offset: Offset,
    rewriting: Option<Rewriting>,
    pub is_rewrite_scheduled: bool,
    /// The append-only file is to be begun or ended once a transaction has come to its end.
    is_switch_scheduled: bool,
    pub last_rewrite_ok: bool,
    pub last_rewrite_seconds: Option<u64>,
    /// As with the last save.
    pub last_rewrite_copied_bytes: u64,
    pub rewrites: u64,
    /// Rewrites since the last that succeeded.
    pub rewrites_failed: u64,
    /// Bytes of the append-only file, and what they were after the last rewrite.
    pub aof_bytes: u64,
    pub aof_base_bytes: u64,
    /// Why the last write to the append-only file failed.
    pub aof_error: Option<String>,
    /// When the log was last told that the primary's commands run though they cannot be kept, in milliseconds.
    pub told_unkept_ms: Option<u64>,
}

/// The newest version of the format that Redis reads.
pub(super) fn newest() -> Target {
    Target::like(Header { dialect: Dialect::Redis, version: 12 })
}

/// Seconds between tries of a save that failed.
const RETRY_S: i64 = 5;

impl Persist {
    pub fn new(now: Now) -> Persist {
        Persist {
            dirty: 0,
            last_save_s: now.unix_ms / 1000,
            last_save_ok: true,
            last_save_seconds: None,
            last_save_copied_bytes: 0,
            saves: 0,
            is_file_for_replicas: false,
            last_try_ms: 0,
            saving: None,
            is_save_scheduled: false,
            feed: None,
            sent_batch: 0,
            synced_batch: 0,
            offsets: VecDeque::new(),
            synced_offset: Offset::ZERO,
            rewriting: None,
            is_rewrite_scheduled: false,
            is_switch_scheduled: false,
            last_rewrite_ok: true,
            last_rewrite_seconds: None,
            last_rewrite_copied_bytes: 0,
            rewrites_failed: 0,
            rewrites: 0,
            aof_bytes: 0,
            aof_base_bytes: 0,
            aof_error: None,
            told_unkept_ms: None,
        }
    }

    /// Whether changes go to an append-only file.
    #[inline]
    pub fn is_logging(&self) -> bool {
        self.feed.is_some()
    }

    /// Memory of what is to be appended to the file.
    pub fn pending_bytes(&self) -> u64 {
        self.feed.as_ref().map_or(0, |feed| feed.bytes.capacity() as u64)
    }

    /// Whether a save runs.
    pub fn is_saving(&self) -> bool {
        self.saving.is_some()
    }

    /// Whether the append-only file is being rewritten.
    pub fn is_rewriting(&self) -> bool {
        self.rewriting.is_some()
    }

    /// When the running save began.
    pub fn saving_since(&self) -> Option<Now> {
        self.saving.as_ref().map(|running| running.began)
    }

    /// How many bytes had been copied for snapshots when the first began of what runs.
    fn copied_before(&self) -> Option<u64> {
        let save = self.saving.as_ref().map(|running| running.copied_bytes);
        let rewrite = self.rewriting.as_ref().map(|rewriting| rewriting.copied_bytes);
        save.into_iter().chain(rewrite).min()
    }

    /// When the running rewrite began.
    pub fn rewriting_since(&self) -> Option<Now> {
        self.rewriting.as_ref().map(|rewriting| rewriting.began)
    }

    /// Whether the append-only file that was begun at run time has no base yet.
    pub fn lacks_base(&self) -> bool {
        self.feed.is_some() && self.rewriting.as_ref().is_some_and(|rewriting| rewriting.is_first)
    }

    /// How far what is written at the moment is.
    pub fn control(&self) -> Option<&Control> {
        let saving = self.saving.as_ref().map(|running| &*running.control);
        saving.or(self.rewriting.as_ref().map(|rewriting| &*rewriting.control))
    }

    /// The batch of bytes for the append-only file behind which all is on disk that was written so far.
    pub fn last_batch(&self) -> u64 {
        let is_pending = self.feed.as_ref().is_some_and(|feed| !feed.bytes.is_empty());
        self.sent_batch + u64::from(is_pending)
    }

    /// The last batch that is on disk.
    pub fn synced_batch(&self) -> u64 {
        self.synced_batch
    }

    /// The place in the stream up to which all is on disk.
    pub fn synced_offset(&self) -> Offset {
        self.synced_offset
    }

    /// Notes a save that was made for others.
    pub fn note_saved(&mut self, seconds: u64, now: Now) {
        self.last_save_seconds = Some(seconds);
        self.last_save_ok = true;
        self.last_save_s = now.unix_ms / 1000;
        self.saves += 1;
    }
}

/// The handlers of this file.
pub(super) const HANDLERS: &[(&str, Handler)] = &[
    ("save", save),
    ("bgsave", bgsave),
    ("bgrewriteaof", log::bgrewriteaof),
    ("lastsave", lastsave),
];

impl Engine {
    /// Whether writes are refused because they could not be kept.
    pub(super) fn check_disk(&self) -> Result<(), Error> {
        let persist = &self.persist;
        if let Some(error) = &persist.aof_error
            && persist.is_logging()
        {
            return Err(Error::text(format!("MISCONF Errors writing to the AOF file: {error}")));
        }
        let refuses = self.config.stop_writes_on_bgsave_error && !self.config.save.is_empty();
        if refuses && !persist.last_save_ok {
            return Err(Error::text(MISCONF));
        }
        Ok(())
    }

    fn job(&mut self, why: Why) -> SaveJob {
        let job = self.new_job(why);
        match why {
            Why::Save => job.with_aux(self.stream_aux()),
            Why::Rewrite | Why::Sync => job,
        }
    }

    /// The data as they are, to be written on another thread: what another server forks for.
    pub(super) fn new_job(&mut self, why: Why) -> SaveJob {
        let began_us = (self.clock)();
        let job = SaveJob::new(why, &self.config, &self.keyspace, self.now.unix_ms);
        self.stats.snapshots += 1;
        self.stats.snapshot_us = (self.clock)().saturating_sub(began_us);
        job
    }

    /// Bytes that were copied because a snapshot that is being written holds them.
    pub(super) fn copied_bytes(&self) -> u64 {
        let sync = self.replication.copied_before();
        let before = self.persist.copied_before().into_iter().chain(sync).min();
        before.map_or(0, |before| cow::copied_bytes() - before)
    }

    /// Begins a save.
    pub(super) fn begin_save(&mut self, client: Option<ClientId>, is_foreground: bool) {
        self.persist.last_try_ms = self.now.unix_ms;
        let mut job = self.job(Why::Save);
        job.is_awaited = is_foreground;
        let running = Running {
            began: self.now,
            dirty: self.persist.dirty,
            clients: client.into_iter().collect(),
            is_foreground,
            control: Arc::clone(&job.options.control),
            copied_bytes: cow::copied_bytes(),
        };
        self.persist.saving = Some(running);
        if !is_foreground {
            let pid = self.identity.pid;
            self.log(Level::Notice, format!("Background saving started by pid {pid}"));
        }
        self.actions.push_back(Action::Save(job));
    }

    /// Stops what is being written in the background.
    pub(super) fn stop_saving(&mut self) {
        if self.persist.saving.as_ref().is_some_and(|running| !running.is_foreground) {
            self.log(Level::Warning, "There is a child saving an .rdb. Killing it!");
        }
        self.stop_background_save();
        self.stop_rewriting();
    }

    /// Stops whatever is being written, though somebody waits for it.
    pub(super) fn stop_all_saving(&mut self) {
        if let Some(running) = &self.persist.saving {
            running.control.interrupted.store(true, Ordering::Relaxed);
        }
        self.stop_rewriting();
    }

    /// Stops a save of the RDB file that nobody waits for.
    pub(super) fn stop_background_save(&mut self) {
        let running = self.persist.saving.as_ref().filter(|running| !running.is_foreground);
        if let Some(running) = running {
            running.control.interrupted.store(true, Ordering::Relaxed);
        }
    }

    /// Whether the append-only file is not to be synced for now: `no-appendfsync-on-rewrite` keeps the disk for what else is being
    /// written.
    #[inline]
    pub fn holds_syncs(&self) -> bool {
        self.config.no_appendfsync_on_rewrite
            && (self.persist.is_saving()
                || self.persist.is_rewriting()
                || self.replication.is_transferring())
    }

    /// Learns what became of a save.
    pub fn saved(&mut self, saved: Saved, now: Now) {
        self.set_now(now);
        match saved.why {
            Why::Save | Why::Sync => self.save_ended(saved),
            Why::Rewrite => self.rewrite_ended(saved),
        }
    }

    fn save_ended(&mut self, saved: Saved) {
        let Some(running) = self.persist.saving.take() else { return };
        self.persist.last_save_seconds = Some(saved.seconds);
        self.persist.last_save_copied_bytes = cow::copied_bytes() - running.copied_bytes;
        self.persist.last_save_ok = saved.result.is_ok();
        let reply = match &saved.result {
            Ok(_) => {
                self.persist.dirty -= running.dirty.min(self.persist.dirty);
                self.persist.last_save_s = self.now.unix_ms / 1000;
                self.persist.saves += 1;
                self.persist.is_file_for_replicas = false;
                self.log(Level::Notice, "DB saved on disk");
                if !running.is_foreground {
                    self.log(Level::Notice, "Background saving terminated with success");
                }
                None
            }
            Err(error) => {
                self.log(Level::Warning, format!("Error saving DB on disk: {error}"));
                if !running.is_foreground {
                    self.log(Level::Warning, "Background saving error");
                }
                Some("ERR")
            }
        };
        for id in running.clients {
            self.release(id, reply);
        }
        self.saved_while_leaving(saved.result.is_ok());
    }

    /// Lets a client go on that waited for the end of a save.
    pub(super) fn release(&mut self, id: ClientId, error: Option<&str>) {
        let Some(client) = self.clients.get_mut(id) else { return };
        client.waits_for_save = false;
        match error {
            Some(text) => client.out.error(text.as_bytes()),
            None => client.out.ok(),
        }
        self.actions.push_back(Action::Wake(id));
        self.resume(id);
    }

    /// Begins what is due.
    pub(super) fn persist_tick(&mut self) {
        if self.persist.is_saving()
            || self.persist.is_rewriting()
            || self.replication.is_transferring()
        {
            return;
        }
        if self.persist.is_rewrite_scheduled {
            return self.begin_rewrite();
        }
        if self.persist.is_save_scheduled {
            self.persist.is_save_scheduled = false;
            return self.begin_save(None, false);
        }
        let since_s = self.now.unix_ms / 1000 - self.persist.last_save_s;
        let may_try = self.persist.last_save_ok
            || self.now.unix_ms - self.persist.last_try_ms > RETRY_S * 1000;
        let due = self.config.save.iter().find(|point| {
            self.persist.dirty >= point.changes.unsigned_abs() && since_s > point.seconds
        });
        if let Some(point) = due.copied().filter(|_| may_try) {
            let text = format!("{} changes in {} seconds. Saving...", point.changes, point.seconds);
            self.log(Level::Notice, text);
            return self.begin_save(None, false);
        }
        let (base, percentage) =
            (self.persist.aof_base_bytes.max(1), self.config.auto_aof_rewrite_percentage);
        let is_large = self.persist.aof_bytes > self.config.auto_aof_rewrite_min_size;
        if self.persist.is_logging() && percentage > 0 && is_large {
            let growth = (self.persist.aof_bytes * 100 / base).saturating_sub(100);
            if growth >= percentage.unsigned_abs() {
                let text = format!("Starting automatic rewriting of AOF on {growth}% growth");
                self.log(Level::Notice, text);
                self.begin_rewrite();
            }
        }
    }
}

const MISCONF: &str = "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. Commands that may modify the data set are disabled, because this instance is configured to report errors during writes if RDB snapshotting fails (stop-writes-on-bgsave-error option). Please check the Redis logs for details about the RDB error.";

fn save(engine: &mut Engine, call: &mut Call<'_>) -> Result<(), Error> {
    if engine.persist.is_saving() {
        return Err(Error::text("ERR Background save already in progress"));
    }
    // The client waits, nobody else does.
    if let Some(client) = engine.clients.get_mut(call.id) {
        client.waits_for_save = true;
    }
    engine.begin_save(Some(call.id), true);
    Ok(())
}

fn bgsave(engine: &mut Engine, call: &mut Call<'_>) -> Result<(), Error> {
    let schedule = match call.args {
        [_] => false,
        [_, word] if word.eq_ignore_ascii_case(b"schedule") => true,
        _ => return Err(Error::Syntax),
    };
    if engine.persist.is_saving() || engine.replication.is_transferring() {
        return Err(Error::text("ERR Background save already in progress"));
    }
    // What a transaction has done so far is no whole.
    let is_in_exec = engine.is_in_exec(call.id);
    if engine.persist.is_rewriting() || is_in_exec {
        if !schedule && !is_in_exec {
            return Err(Error::text(
                "ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE in order to schedule a BGSAVE whenever possible.",
            ));
        }
        engine.persist.is_save_scheduled = true;
        call.reply.simple("Background saving scheduled");
        return Ok(());
    }
    engine.begin_save(None, false);
    call.reply.simple("Background saving started");
    Ok(())
}

fn lastsave(engine: &mut Engine, call: &mut Call<'_>) -> Result<(), Error> {
    call.reply.int(engine.persist.last_save_s);
    Ok(())
}
