//! The append-only file of the engine: the bytes that go to it, and its rewrites.

use super::super::config::words::AppendFsync;
use super::super::dispatch::Call;
use super::super::{Action, Engine, Level, Now};
use super::feed::{Feed, Own};
use super::{Persist, Saved, Why};
use crate::base::cow;
use crate::command::Error;
use crate::feed::Control;
use crate::repl::offset::Place;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// A rewrite of the append-only file that runs.
#[derive(Debug)]
pub(super) struct Rewriting {
    pub(super) began: Now,
    pub(super) control: Arc<Control>,
    /// Until its end the files on disk do not hold the data.
    pub(super) is_first: bool,
    /// Bytes that had been copied for snapshots when it began.
    pub(super) copied_bytes: u64,
}

/// Most batches on their way to the disk whose places in the stream are known.
const OFFSETS_MAX: usize = 10_000;

impl Persist {
    /// Takes a command that changed the data of a database, and where it stands in this server's own stream, if it has one.
    /// Whether a SELECT is in front of it.
    pub(in crate::engine) fn feed(
        &mut self,
        db: usize,
        args: &[&[u8]],
        with_times: bool,
        now: Now,
        own: Option<Own>,
    ) -> bool {
        let time_s = with_times.then_some(now.unix_ms / 1000);
        self.feed.as_mut().is_some_and(|feed| feed.command(db, time_s, args, own))
    }

    /// Lets the next command have a SELECT in front of it.
    pub fn forget_db(&mut self) {
        if let Some(feed) = &mut self.feed {
            feed.forget_db();
        }
    }

    /// A command of the primary's stream is about to run.
    pub fn begin_unit(&mut self) {
        if let Some(feed) = &mut self.feed {
            feed.begin_unit();
        }
    }

    /// It was put off until the transaction ends that it belongs to.
    pub fn forget_unit(&mut self) {
        if let Some(feed) = &mut self.feed {
            feed.forget_unit();
        }
    }

    /// A unit of the primary's stream has run, which begins at a place and has so many bytes; `db` is selected behind it, and
    /// `is_select` tells whether that is all it does.
    pub fn end_unit(&mut self, before: Place, bytes: u64, db: usize, is_select: bool) {
        if let Some(feed) = &mut self.feed {
            feed.end_unit(before, bytes, db, is_select);
        }
    }
}

impl Engine {
    /// Lets changes go to an append-only file from now on, as long as so many bytes and so long after its last rewrite.
    pub fn begin_log(&mut self, bytes: u64, base_bytes: u64) {
        self.persist.feed = Some(Feed::default());
        self.persist.aof_bytes = bytes;
        self.persist.aof_base_bytes = base_bytes;
    }

    /// Lets the append-only file tell at which place of the stream the data stand, so that it can be continued after a restart.
    pub(in crate::engine) fn log_place(&mut self) {
        if let Some(feed) = &mut self.persist.feed {
            feed.tell_each_second(self.replication.data_place());
        }
    }

    /// Takes what is to be appended to the file; `buffer` is given back empty to be filled.
    pub fn take_log(&mut self, buffer: &mut Vec<u8>) {
        buffer.clear();
        if let Some(feed) = &mut self.persist.feed {
            // A sync for nothing else would let clients wait.
            let is_dear = self.config.appendfsync == AppendFsync::Always;
            if !(is_dear && feed.bytes.is_empty()) {
                feed.tell_at_end(self.replication.data_place());
            }
            std::mem::swap(&mut feed.bytes, buffer);
            self.persist.aof_bytes += buffer.len() as u64;
        }
    }

    /// Notes how many batches of bytes were taken, and how many of them are on disk.
    pub fn log_batches(&mut self, sent: u64, synced: u64) {
        let offset = self.replication.offset();
        let persist = &mut self.persist;
        if sent > persist.sent_batch {
            persist.sent_batch = sent;
            if persist.offsets.len() >= OFFSETS_MAX {
                // Nobody asks so often that each of very many must be known.
                persist.offsets.pop_back();
            }
            persist.offsets.push_back((sent, offset));
        }
        persist.synced_batch = synced;
        while let Some((batch, offset)) = persist.offsets.front().copied()
            && batch <= synced
        {
            persist.synced_offset = offset;
            persist.offsets.pop_front();
        }
    }

    /// Notes whether appending works.
    pub fn log_state(&mut self, error: Option<String>) {
        self.persist.aof_error = error;
    }

    /// Begins a rewrite of the append-only file: what is to be appended from now on goes to a new one.
    pub(super) fn begin_rewrite(&mut self) {
        if self.persist.is_logging() {
            let mut bytes = Vec::new();
            self.take_log(&mut bytes);
            self.actions.push_back(Action::Rotate(bytes));
            if let Some(feed) = &mut self.persist.feed {
                feed.begin_file();
            }
            self.log_place();
        }
        self.begin_base(false);
    }

    /// Begins to write the base of an append-only file.
    pub(super) fn begin_base(&mut self, is_first: bool) {
        let job = self.job(Why::Rewrite);
        let control = Arc::clone(&job.options.control);
        self.persist.rewriting = Some(Rewriting {
            began: self.now,
            control,
            is_first,
            copied_bytes: cow::copied_bytes(),
        });
        self.persist.is_rewrite_scheduled = false;
        let pid = self.identity.pid;
        let text = format!("Background append only file rewriting started by pid {pid}");
        self.log(Level::Notice, text);
        self.actions.push_back(Action::Save(job));
    }

    pub(super) fn stop_rewriting(&mut self) {
        if let Some(rewriting) = &self.persist.rewriting {
            rewriting.control.interrupted.store(true, Ordering::Relaxed);
            let pid = self.identity.pid;
            self.log(Level::Notice, format!("Killing running AOF rewrite child: {pid}"));
        }
    }

    /// Begins or ends the append-only file of a server that runs.
    pub(in crate::engine) fn switch_log(&mut self, on: bool) {
        if on == self.persist.is_logging() {
            return;
        }
        if !on {
            let mut bytes = Vec::new();
            self.take_log(&mut bytes);
            self.persist.feed = None;
            self.persist.aof_error = None;
            self.stop_rewriting();
            self.persist.rewriting = None;
            self.persist.is_rewrite_scheduled = false;
            return self.actions.push_back(Action::CloseLog(bytes));
        }
        self.begin_log(0, 0);
        self.log_place();
        self.actions.push_back(Action::OpenLog);
        self.begin_base(true);
    }

    /// Begins or ends the append-only file behind the transaction in which a client asked for it: what a transaction has done
    /// so far is told of at its end, and must not be in a base besides.
    pub(in crate::engine) fn schedule_switch_log(&mut self, on: bool) {
        self.persist.is_switch_scheduled = true;
        if on && !self.persist.is_logging() {
            self.log(Level::Notice, "AOF was enabled during a transaction. An AOF background was scheduled to start when possible.");
        }
    }

    /// Begins or ends the append-only file if a transaction asked for it.
    pub(in crate::engine) fn switch_log_if_scheduled(&mut self) {
        if std::mem::take(&mut self.persist.is_switch_scheduled) {
            self.switch_log(self.config.appendonly);
        }
    }

    pub(super) fn rewrite_ended(&mut self, saved: Saved) {
        let Some(rewriting) = self.persist.rewriting.take() else { return };
        if rewriting.is_first && saved.result.is_err() && self.persist.is_logging() {
            // The file is of no use without a base: another try is made.
            self.persist.is_rewrite_scheduled = true;
        }
        self.persist.last_rewrite_seconds = Some(saved.seconds);
        self.persist.last_rewrite_copied_bytes = cow::copied_bytes() - rewriting.copied_bytes;
        self.persist.rewrites_failed += 1;
        self.persist.last_rewrite_ok = saved.result.is_ok();
        match saved.result {
            Ok(bytes) => {
                self.persist.rewrites += 1;
                self.persist.rewrites_failed = 0;
                self.persist.aof_bytes = bytes;
                self.persist.aof_base_bytes = bytes;
                self.log(Level::Notice, "Background AOF rewrite finished successfully");
            }
            Err(error) => {
                self.log(Level::Warning, format!("Background AOF rewrite failed: {error}"));
            }
        }
    }
}

pub(super) fn bgrewriteaof(engine: &mut Engine, call: &mut Call<'_>) -> Result<(), Error> {
    if engine.persist.is_rewriting() {
        return Err(Error::text("ERR Background append only file rewriting already in progress"));
    }
    let is_busy = engine.persist.is_saving() || engine.replication.is_transferring();
    // What a transaction has done so far is told of at its end, and must not be in a base besides.
    if is_busy || engine.is_in_exec(call.id) {
        engine.persist.is_rewrite_scheduled = true;
        call.reply.simple("Background append only file rewriting scheduled");
        return Ok(());
    }
    engine.begin_rewrite();
    call.reply.simple("Background append only file rewriting started");
    Ok(())
}
