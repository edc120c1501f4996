//! The stream of the primary: run, and passed on.

use super::super::super::client::ClientId;
use super::super::super::config::words::PropagationError;
use super::super::super::{Action, Engine, Level};
use super::super::mono_ms;
use crate::command::Error;
use crate::command::spec::WRITE;
use crate::resp::request::{Bounds, Step};
use smallvec::SmallVec;

/// Bytes of an error that the log is told.
const ERROR_BYTES_MAX: usize = 4096;

/// Milliseconds in which the log is told only once that commands run which the disk does not take.
const UNKEPT_TOLD_EVERY_MS: u64 = 10_000;

impl Engine {
    /// Runs the commands of the stream that are complete, and passes their bytes on; later, if there is a pause.
    pub(in crate::engine) fn apply_stream(&mut self) {
        if self.is_paused() || self.is_suspended() || self.has_panicked {
            return;
        }
        let Some(upstream) = &mut self.replication.upstream else { return };
        let Some(id) = upstream.client else { return upstream.input.clear() };
        let mut input = std::mem::take(&mut upstream.input);
        let mut reader = std::mem::take(&mut upstream.reader);
        let note_input = |engine: &mut Engine, bytes| {
            if let Some(client) = engine.clients.get_mut(id) {
                client.input_bytes = bytes;
            }
        };
        note_input(self, input.len());
        // Up to where the bytes were run and passed on.
        let mut passed = 0;
        let bounds = Bounds { string_bytes_max: u64::MAX >> 1, is_known: true };
        let is_sound = loop {
            match reader.next(&input, bounds) {
                Ok(Step::Request) => {
                    let args: SmallVec<[&[u8]; 8]> = reader.args(&input).collect();
                    if !self.may_apply(id, &args) {
                        return;
                    }
                    self.persist.begin_unit();
                    self.request(id, &args, self.now);
                    if self.clients.get(id).is_none() {
                        // The link was ended by what it said, and will begin anew in front of it.
                        return self.persist.forget_unit();
                    }
                    if self.has_panicked {
                        return;
                    }
                    let name = args.first().copied().unwrap_or_default();
                    let end = reader.read_bytes();
                    let is_select = name.eq_ignore_ascii_case(b"SELECT");
                    self.pass_on(id, input.get(passed..end).unwrap_or_default(), is_select);
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
        note_input(self, 0);
        // Empty lines behind a command belong to the next one.
        input.drain(..passed.min(input.len()));
        reader.drop_read(passed);
        let now_ms = mono_ms(self.now);
        let Some(upstream) = &mut self.replication.upstream else { return };
        upstream.input = input;
        upstream.reader = reader;
        if !is_sound {
            upstream.input.clear();
            self.on_link(|link, events| {
                link.forget_place(events);
                link.abandon(now_ms, "the stream cannot be read", events);
            });
        }
    }

    /// Whether a command of the stream may run while the disk takes nothing: a replica ends by a write that it could not keep,
    /// unless it is told to go on.
    fn may_apply(&mut self, id: ClientId, args: &[&[u8]]) -> bool {
        if self.check_disk().is_ok() {
            return true;
        }
        let command = args.first().and_then(|name| self.renamed.find(name));
        let Some(spec) = command.map(|command| command.spec) else { return true };
        let multi = self.clients.get(id).and_then(|client| client.multi.as_ref());
        let is_write = spec.resolve(args).unwrap_or(spec).flags.contains(WRITE)
            || (spec.name == "exec" && multi.is_some_and(|multi| multi.flags().contains(WRITE)));
        if is_write && !self.config.replica_ignore_disk_write_errors {
            self.panic("Replica was unable to write command to disk.");
            return false;
        }
        let now_ms = mono_ms(self.now);
        let told_ms = self.persist.told_unkept_ms;
        let is_told = told_ms.is_some_and(|told_ms| now_ms <= told_ms + UNKEPT_TOLD_EVERY_MS);
        if (is_write || spec.name == "ping") && !is_told {
            self.persist.told_unkept_ms = Some(now_ms);
            let text = "Replica is applying a command even though it is unable to write to disk.";
            self.log(Level::Warning, text);
        }
        true
    }

    /// Notes an error reply: for the primary, which reads none, it means that the data differ.
    pub(in crate::engine) fn note_divergence(
        &mut self,
        id: ClientId,
        name: impl FnOnce() -> String,
        reply: &[u8],
    ) {
        if !self.clients.get(id).is_some_and(|client| client.is_primary) {
            return;
        }
        let name = name();
        let error = reply.strip_prefix(b"-").unwrap_or(reply).trim_ascii_end();
        let error = error.get(..ERROR_BYTES_MAX).unwrap_or(error);
        let error = String::from_utf8_lossy(error).into_owned();
        self.stats.unexpected_errors += 1;
        self.log(Level::Warning, format!("== CRITICAL == This replica is sending an error to its master: '{error}' after processing the command '{name}'"));
        // Where clients write, too, the data differ anyway.
        let ends = self.config.propagation_error_behavior != PropagationError::Ignore;
        if ends && self.config.replica_read_only {
            self.panic(format!("This replica panicked sending an error to its master after processing the command '{name}'"));
        }
    }

    /// Passes a command of the stream on to those that follow this server: a transaction as a whole.
    fn pass_on(&mut self, id: ClientId, bytes: &[u8], is_select: bool) {
        let is_open = self.clients.get(id).is_some_and(|client| client.multi.is_some());
        let repl = &mut self.replication;
        let Some(upstream) = &mut repl.upstream else { return self.persist.forget_unit() };
        upstream.pending.extend_from_slice(bytes);
        if is_open {
            return self.persist.forget_unit();
        }
        if let Some(client) = self.clients.get_mut(id) {
            upstream.db = client.db;
            // The primary reads no replies.
            client.out.clear();
        }
        let bytes = std::mem::take(&mut upstream.pending);
        let (before, db) = (repl.history.place(), upstream.db);
        repl.feed_raw(&bytes);
        self.persist.end_unit(before, bytes.len() as u64, db, is_select);
        let offset = repl.history.offset();
        if let Some(upstream) = &mut repl.upstream {
            upstream.link.applied(offset, None);
            upstream.pending = bytes;
            upstream.pending.clear();
        }
    }

    /// Tells the primary what was applied, as it asked.
    pub(in crate::engine::replication) fn tell_primary(&mut self, id: ClientId) {
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
