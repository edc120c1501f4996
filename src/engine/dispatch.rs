//! The way of a request: what refuses it, what keeps it for later, and what runs it.

use super::client::{ClientId, ReplyMode};
use super::commandlog::Took;
use super::config::Config;
use super::config::kinds::MemoryLimit;
use super::transaction::Multi;
use super::{Engine, Now, admin, transaction};
use crate::command::spec::{
    ADMIN, DENYOOM, Flags, LOADING, MAY_REPLICATE, NO_ASYNC_LOADING, NO_AUTH, NO_MULTI, READONLY,
    SKIP_MONITOR, STALE, Spec, WRITE,
};
use crate::command::{self, Command, Ctx, Error, Outcome};
use crate::keyspace::Origin;
use crate::resp::encode::Reply;
use smallvec::SmallVec;
use std::collections::HashMap;

/// Requests whose keys are looked for at once.
const AHEAD: usize = 16;

/// Memory that is more than the processor's caches hold of it.
const WARMED_BYTES: u64 = 16 << 20;

/// What becomes of a client's next request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// It may come.
    Next,
    /// It waits until the client is woken.
    Wait,
    /// There is none: the connection ends once everything is written.
    Close,
}

/// A request on its way.
#[derive(Debug)]
pub(super) struct Call<'a> {
    pub id: ClientId,
    pub command: &'static Command,
    /// The subcommand, if the command has any.
    pub subcommand: Option<&'static Spec>,
    /// The command's name comes first.
    pub args: &'a [&'a [u8]],
    pub reply: &'a mut Reply,
}

impl Call<'_> {
    /// The name of the command, with that of the subcommand.
    fn full_name(&self) -> String {
        let name = self.command.spec.name;
        match self.subcommand {
            Some(subcommand) => format!("{name}|{}", subcommand.name),
            None => name.to_owned(),
        }
    }
}

/// Runs a command that needs the server.
pub(super) type Handler = fn(&mut Engine, &mut Call<'_>) -> Result<(), Error>;

/// Commands that have other names than their own, or none, as `rename-command` says.
#[derive(Debug, Default)]
pub struct Renamed {
    by_name: HashMap<Vec<u8>, Option<&'static Command>>,
}

impl Renamed {
    pub fn new(config: &Config) -> Renamed {
        let mut by_name = HashMap::new();
        for rename in &config.other.renames {
            let (from, to) = (rename.from.to_ascii_lowercase(), rename.to.to_ascii_lowercase());
            let command = by_name.get(&from).copied().unwrap_or_else(|| command::find(&from));
            by_name.insert(from, None);
            if !to.is_empty() {
                by_name.insert(to, command);
            }
        }
        Renamed { by_name }
    }

    /// Whether all have their own names.
    fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// The command of a name.
    #[inline]
    pub fn find(&self, name: &[u8]) -> Option<&'static Command> {
        if self.is_empty() {
            return command::find(name);
        }
        match self.by_name.get(&name.to_ascii_lowercase()) {
            Some(command) => *command,
            None => command::find(name),
        }
    }
}

impl Engine {
    /// Takes a client's request: a command's name and its arguments.
    pub fn request(&mut self, id: ClientId, args: &[&[u8]], now: Now) -> Flow {
        self.set_now(now);
        let Some(client) = self.clients.get_mut(id) else { return Flow::Close };
        client.used = now;
        client.commands += 1;
        self.execute(id, args);
        match self.clients.get(id) {
            None => Flow::Close,
            Some(client) if client.closes => Flow::Close,
            Some(client) if client.is_waiting() => Flow::Wait,
            Some(_) => Flow::Next,
        }
    }

    /// Lets the memory answer at once for the keys and members that a client's requests to come will most likely use, instead
    /// of for one after the other. Returns after how many requests, the first of these not counted, the next are worth it.
    pub fn warm<'k>(
        &self,
        id: ClientId,
        uses: impl Iterator<Item = (&'k [u8], &'k [u8])>,
    ) -> usize {
        let Some(db) = self.large_db(id) else { return AHEAD };
        let uses: SmallVec<[_; AHEAD]> = uses.take(AHEAD).collect();
        self.keyspace.warm_members(db, &uses);
        uses.len().saturating_sub(1)
    }

    /// The database of a client, if its data is more than the processor's caches hold of it, so that [`Engine::warm_uses`] is
    /// worth it.
    pub fn large_db(&self, id: ClientId) -> Option<usize> {
        if crate::base::memory::used_bytes() < WARMED_BYTES {
            return None;
        }
        self.clients.get(id).map(|client| client.db)
    }

    /// As [`Engine::warm`], for what requests of several clients use in one database.
    pub fn warm_uses(&self, db: usize, uses: &[(&[u8], &[u8])]) {
        self.keyspace.warm_members(db, uses);
    }

    /// Runs a request, and puts its reply behind what the client was told before.
    pub(super) fn execute(&mut self, id: ClientId, args: &[&[u8]]) {
        let Some(client) = self.clients.get_mut(id) else { return };
        let (mode, limit) = (client.reply_mode, client.output_limit(&self.config));
        let was_replica = client.is_replica;
        // While the command runs, what others tell the client is kept apart from its reply.
        let aside = Reply::new(client.out.is_resp3());
        let mut reply = std::mem::replace(&mut client.out, aside);
        let start = reply.len();
        self.reply_start = start;
        // What is over the limit nobody will read.
        reply.set_limit(usize::try_from(limit.hard_bytes).unwrap_or(usize::MAX));
        self.dispatch(id, args, &mut reply);
        reply.set_limit(0);
        if was_replica && reply.len() > start {
            // It would stand in the middle of the stream.
            return self.end_for_reply(id, reply.as_bytes().get(start..).unwrap_or_default());
        }
        let Some(client) = self.clients.get_mut(id) else { return };
        if mode != ReplyMode::On && client.reply_mode != ReplyMode::On {
            reply.truncate(start);
            if mode == ReplyMode::SkipNext {
                client.reply_mode = ReplyMode::On;
            }
        }
        if !client.out.is_empty() {
            reply.insert(start, client.out.as_bytes());
        }
        client.out = reply;
        if client.is_near(limit) || self.config.maxmemory_clients != MemoryLimit::Bytes(0) {
            self.check_output(id);
        }
    }

    /// Tells a client what is wrong with its bytes, and ends the connection.
    pub fn protocol_error(&mut self, id: ClientId, text: &str) {
        if let Some(client) = self.clients.get_mut(id) {
            let text = format!("ERR {text}");
            client.out.error(text.as_bytes());
            client.closes = true;
            self.stats.error(text.as_bytes());
        }
    }

    /// Counts bytes that came from a client; the clock is asked if it is a replica.
    pub fn count_input(&mut self, id: ClientId, bytes: usize, now: impl FnOnce() -> Now) {
        self.stats.input_bytes += bytes as u64;
        self.stats.reads += 1;
        if self.replication.has_replica(id) {
            self.replica_shows_life(id, now());
        }
    }

    fn dispatch(&mut self, id: ClientId, args: &[&[u8]], reply: &mut Reply) {
        let Some(command) = args.first().and_then(|name| self.command(id, name)) else {
            return self.refuse(id, None, reply, &Error::unknown(args));
        };
        let mut call = Call { id, command, subcommand: None, args, reply };
        if let Err(error) = self.check(&mut call) {
            let (command, subcommand) = (call.command, call.subcommand.map(|spec| spec.name));
            self.stats.of(command, subcommand).rejected += 1;
            return self.refuse(id, Some(command), call.reply, &error);
        }
        let is_link =
            self.clients.get(id).is_some_and(|client| client.is_primary || client.is_replica);
        if !is_link && self.postpone(id, self.flags(&call), args) {
            return;
        }
        if !self.queue(&mut call) {
            self.call(&mut call);
            let late_us = std::mem::take(&mut self.late_us);
            self.now.mono_us += late_us;
            self.now.unix_ms += (late_us / 1000).cast_signed();
            if !self.is_suspended() {
                self.serve_ready();
            }
        }
    }

    /// The command of a name.
    #[inline]
    fn command(&self, id: ClientId, name: &[u8]) -> Option<&'static Command> {
        // Most often it is the client's last.
        let last = self.clients.get(id).and_then(|client| client.command);
        let is_last = |last: &&Command| last.spec.name.as_bytes().eq_ignore_ascii_case(name);
        match last.filter(is_last) {
            Some(last) if self.renamed.is_empty() => Some(last),
            _ => self.renamed.find(name),
        }
    }

    /// Replies with an error to what will not run. An open transaction fails with it, and ends if it was to run.
    fn refuse(
        &mut self,
        id: ClientId,
        command: Option<&'static Command>,
        reply: &mut Reply,
        error: &Error,
    ) {
        let mut text = error.to_string();
        let is_exec = command.is_some_and(|command| command.spec.name == "exec");
        if is_exec {
            self.discard_transaction(id);
            let why = text.strip_prefix("ERR ").unwrap_or(&text);
            text = format!("EXECABORT Transaction discarded because of: {why}");
        }
        self.stats.error(text.as_bytes());
        let name = || command.map_or("<unknown>", |command| command.spec.name).to_owned();
        self.note_divergence(id, name, text.as_bytes());
        let Some(client) = self.clients.get_mut(id) else { return };
        if let Some(multi) = &mut client.multi {
            multi.failed = true;
        }
        reply.error(text.as_bytes());
    }

    /// What a request may do: the flags of its command, or of all commands of the transaction that it ends.
    fn flags(&self, call: &Call<'_>) -> Flags {
        let own = call.subcommand.unwrap_or(call.command.spec).flags;
        if call.command.spec.name != "exec" {
            return own;
        }
        let multi = self.clients.get(call.id).and_then(|client| client.multi.as_ref());
        multi.map_or(own, |multi| Flags::union(&[own, multi.flags()]))
    }

    /// What holds for a request's command, and for each command of the transaction that it ends.
    fn common_flags(&self, call: &Call<'_>) -> Flags {
        let own = call.subcommand.unwrap_or(call.command.spec).flags;
        if call.command.spec.name != "exec" {
            return own;
        }
        let multi = self.clients.get(call.id).and_then(|client| client.multi.as_ref());
        multi.and_then(Multi::common).map_or(own, |common| own.common(common))
    }

    /// Whether a command may run at all.
    fn check(&mut self, call: &mut Call<'_>) -> Result<(), Error> {
        let spec = call.command.spec;
        if !spec.takes(call.args.len()) {
            return Err(Error::arity(spec.name));
        }
        if !spec.subcommands.is_empty() && call.args.len() > 1 {
            let sub =
                spec.resolve(call.args).ok_or_else(|| Error::unknown_subcommand(call.args))?;
            call.subcommand = Some(sub);
            if !sub.takes(call.args.len()) {
                return Err(Error::arity(&format!("{}|{}", spec.name, sub.name)));
            }
        }
        let flags = call.subcommand.unwrap_or(spec).flags;
        let Some(client) = self.clients.get_mut(call.id) else { return Ok(()) };
        client.command = Some(call.command);
        client.subcommand = call.subcommand.map(|spec| spec.name);
        if client.is_primary {
            return Ok(());
        }
        let touches_data =
            [READONLY, WRITE, MAY_REPLICATE].iter().any(|flag| flags.contains(*flag));
        if client.is_replica && touches_data {
            // Pauses do not hold for it.
            return Err(Error::text("ERR Replica can't interact with the keyspace"));
        }
        if !client.is_known && !flags.contains(NO_AUTH) {
            return Err(Error::text("NOAUTH Authentication required."));
        }
        if client.multi.is_some() && flags.contains(NO_MULTI) {
            return Err(Error::text("ERR Command not allowed inside a transaction"));
        }
        let (in_multi, subscribes) =
            (client.multi.is_some(), !client.subscriptions.is_empty() && !client.out.is_resp3());
        self.check_memory(call, in_multi)?;
        if subscribes {
            let name = spec.name;
            let may = name.ends_with("subscribe") || matches!(name, "ping" | "quit" | "reset");
            if !may {
                return Err(Error::text(format!(
                    "ERR Can't execute '{name}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context"
                )));
            }
        }
        let all = self.flags(call);
        if all.contains(WRITE) {
            self.check_disk()?;
            self.check_good_replicas()?;
            if self.replication.is_replica() && self.config.replica_read_only {
                return Err(Error::text("READONLY You can't write against a read only replica."));
            }
        }
        let common = self.common_flags(call);
        self.check_stale(common.contains(STALE))?;
        self.check_loading(common.contains(LOADING), all.contains(NO_ASYNC_LOADING))?;
        Ok(())
    }

    /// Makes room, and refuses what would need more when there is none.
    #[inline]
    fn check_memory(&mut self, call: &Call<'_>, in_multi: bool) -> Result<(), Error> {
        let ignores = self.replication.is_replica() && self.config.replica_ignore_maxmemory;
        if self.config.maxmemory == 0 || ignores {
            return Ok(());
        }
        // The time that this takes is not the command's.
        self.ended_us = None;
        if self.make_room() {
            return Ok(());
        }
        // What a transaction keeps takes memory, too.
        let keeps = in_multi && !transaction::runs_at_once(call.command.spec.name);
        match keeps || self.flags(call).contains(DENYOOM) {
            true => Err(Error::text("OOM command not allowed when used memory > 'maxmemory'.")),
            false => Ok(()),
        }
    }

    /// Runs a command that was checked.
    pub(super) fn call(&mut self, call: &mut Call<'_>) {
        self.running.begin(call.command);
        let start = call.reply.len();
        // The clock was asked just now, for the command before or for the first of some.
        let began = self.ended_us.take().unwrap_or(self.now.mono_us);
        let outcome = self.run(call);
        let slept_us = std::mem::take(&mut self.slept_us);
        let ended = (self.clock)();
        self.ended_us = Some(ended);
        let us = ended.saturating_sub(began) + slept_us;
        if !self.pubsub.monitors.is_empty() {
            self.monitor(call);
        }
        self.stats.commands += 1;
        let is_tracked = self.config.latency_tracking;
        let client = self.clients.get(call.id);
        let waits = client.is_some_and(|client| client.blocked.is_some());
        let input_bytes = client.map_or(0, |client| client.input_bytes);
        let stats = self.stats.of(call.command, call.subcommand.map(|spec| spec.name));
        stats.calls += 1;
        stats.failed += u64::from(outcome == Outcome::Failed);
        if waits {
            // The rest is counted when it has come to its end.
            stats.usec += us;
        } else {
            stats.took(us, is_tracked);
        }
        if self.replication.is_streaming()
            && let Some(client) = self.clients.get_mut(call.id)
        {
            client.wrote_at = self.replication.offset();
        }
        if outcome == Outcome::Failed {
            let reply = call.reply.as_bytes().get(start..).unwrap_or_default();
            self.stats.error(reply);
            self.note_divergence(call.id, || call.full_name(), reply);
        }
        if !waits {
            let reply_bytes = call.reply.len().saturating_sub(self.reply_start);
            self.note_took(call, Took { us, input_bytes, reply_bytes });
            self.note_command_latency(call, us);
        }
    }

    /// Shows a command to those who see all, if it may be seen.
    #[cold]
    fn monitor(&mut self, call: &Call<'_>) {
        let flags = call.subcommand.unwrap_or(call.command.spec).flags;
        if !flags.contains(SKIP_MONITOR) && !flags.contains(ADMIN) {
            self.show(call);
        }
    }

    fn run(&mut self, call: &mut Call<'_>) -> Outcome {
        if call.command.run.is_some() {
            return self.run_on_data(call);
        }
        let Some(handler) = admin::handler(call.command) else {
            let text = format!("ERR '{}' is not supported by rkv", call.command.spec.name);
            call.reply.error(text.as_bytes());
            return Outcome::Failed;
        };
        let start = call.reply.len();
        match handler(self, call) {
            Ok(()) => Outcome::Done,
            Err(error) => {
                call.reply.truncate(start);
                call.reply.error(error.to_string().as_bytes());
                Outcome::Failed
            }
        }
    }

    /// Runs a command that needs nothing but data.
    fn run_on_data(&mut self, call: &mut Call<'_>) -> Outcome {
        let (db, is_in_exec, no_touch, is_primary) = match self.clients.get(call.id) {
            Some(client) => (client.db, client.multi.is_some(), client.no_touch, client.is_primary),
            None => return Outcome::Failed,
        };
        let start = call.reply.len();
        let (origin, is_heard) = (self.origin(is_primary), self.is_heard());
        let mut unit = self.keyspace.unit(origin, self.now.unix_ms);
        unit.select(db);
        if no_touch && call.command.spec.name != "touch" {
            unit.keep_uses();
        }
        let mut ctx = Ctx::new(&mut unit, call.reply, &mut self.rng);
        ctx.set_heard(is_heard);
        let outcome = ctx.call_found(call.command, call.args);
        let wait = ctx.take_wait();
        let before = ctx.take_before();
        let propagation = ctx.take_propagation();
        let effects = unit.commit();
        let effects_flushed = effects.flushed;
        self.publish(db, call.args, effects, propagation, before);
        if origin == Origin::Replica && self.flags(call).contains(WRITE) {
            self.note_volatile(db, call);
        }
        if let Some(wait) = wait
            && !is_in_exec
        {
            self.begin_waiting(call, wait, start);
        }
        if effects_flushed {
            self.after_flush(call, start, is_in_exec);
        }
        self.free_trash(None);
        outcome
    }

    /// Lets the client that emptied a database wait until the memory is free, unless it asked for no wait, and lets the client
    /// that emptied all wait until that is saved, if saves are configured.
    #[cold]
    fn after_flush(&mut self, call: &mut Call<'_>, start: usize, is_in_exec: bool) {
        let name = call.command.spec.name;
        if !matches!(name, "flushall" | "flushdb") {
            return;
        }
        let asked = call.args.get(1);
        let is_async = match asked {
            None => self.config.lazyfree_lazy_user_flush,
            Some(word) => word.eq_ignore_ascii_case(b"async"),
        };
        if name == "flushall" {
            // What is being saved is gone.
            self.stop_background_save();
        }
        let Some(client) = self.clients.get_mut(call.id) else { return };
        if is_in_exec || client.is_primary {
            return;
        }
        // The file must not bring back what was flushed, and is soon written.
        let saves = name == "flushall" && !self.config.save.is_empty() && !self.persist.is_saving();
        let waits = !is_async && self.keyspace.has_trash();
        if saves || waits {
            call.reply.truncate(start);
            client.waits_for_save = true;
        }
        if saves {
            self.begin_save(Some(call.id), true);
        } else if waits {
            self.free_trash(Some(call.id));
        }
    }
}
