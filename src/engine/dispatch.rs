//! The way of a request: what refuses it, what keeps it for later, and what runs it.

use super::client::{ClientId, ReplyMode};
use super::{Engine, Now, admin};
use crate::command::spec::{
    ADMIN, LOADING, NO_ASYNC_LOADING, NO_AUTH, NO_MULTI, SKIP_MONITOR, STALE, Spec,
};
use crate::command::{self, Command, Ctx, Error, Outcome};
use crate::resp::encode::Reply;

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

/// Runs a command that needs the server.
pub(super) type Handler = fn(&mut Engine, &mut Call<'_>) -> Result<(), Error>;

impl Engine {
    /// Takes a client's request: a command's name and its arguments.
    pub fn request(&mut self, id: ClientId, args: &[&[u8]], now: Now) -> Flow {
        self.now = now;
        let Some(client) = self.clients.get_mut(id) else { return Flow::Close };
        client.used = now;
        client.commands += 1;
        let mode = client.reply_mode;
        // While the command runs, what others tell the client is kept apart from its reply.
        let aside = Reply::new(client.out.is_resp3());
        let mut reply = std::mem::replace(&mut client.out, aside);
        let start = reply.len();
        self.dispatch(id, args, &mut reply);
        let Some(client) = self.clients.get_mut(id) else { return Flow::Close };
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
        match () {
            () if client.closes => Flow::Close,
            () if client.is_waiting() => Flow::Wait,
            () => Flow::Next,
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

    /// Counts bytes that came from a client.
    pub fn count_input(&mut self, id: ClientId, bytes: usize, now: Now) {
        self.stats.input_bytes += bytes as u64;
        if self.replication.has_replica(id) {
            self.replica_shows_life(id, now);
        }
    }

    fn dispatch(&mut self, id: ClientId, args: &[&[u8]], reply: &mut Reply) {
        let Some(command) = args.first().and_then(|name| command::find(name)) else {
            return self.refuse(id, reply, &Error::unknown(args));
        };
        let mut call = Call { id, command, subcommand: None, args, reply };
        if let Err(error) = self.check(&mut call) {
            let (command, subcommand) = (call.command, call.subcommand.map(|spec| spec.name));
            self.stats.of(command, subcommand).rejected += 1;
            return self.refuse(id, call.reply, &error);
        }
        if !self.queue(&mut call) {
            self.call(&mut call);
            self.serve_ready();
        }
    }

    /// Replies with an error to what will not run. An open transaction fails with it.
    fn refuse(&mut self, id: ClientId, reply: &mut Reply, error: &Error) {
        let text = error.to_string();
        self.stats.error(text.as_bytes());
        reply.error(text.as_bytes());
        if let Some(multi) = self.clients.get_mut(id).and_then(|client| client.multi.as_mut()) {
            multi.failed = true;
        }
    }

    /// Whether a command may run at all.
    fn check(&mut self, call: &mut Call<'_>) -> Result<(), Error> {
        let spec = call.command.spec;
        if !spec.takes(call.args.len()) {
            return Err(Error::arity(spec.name));
        }
        if !spec.subcommands.is_empty() && call.command.run.is_none() && call.args.len() > 1 {
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
        if !client.is_known && !flags.contains(NO_AUTH) {
            return Err(Error::text("NOAUTH Authentication required."));
        }
        if client.multi.is_some() && flags.contains(NO_MULTI) {
            return Err(Error::text("ERR Command not allowed inside a transaction"));
        }
        if !client.subscriptions.is_empty() && !client.out.is_resp3() {
            let name = call.command.spec.name;
            let may = name.ends_with("subscribe") || matches!(name, "ping" | "quit" | "reset");
            if !may {
                return Err(Error::text(format!(
                    "ERR Can't execute '{name}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context"
                )));
            }
        }
        if spec.is_write() {
            self.check_disk()?;
            self.check_good_replicas()?;
            if self.replication.is_replica() && self.config.replica_read_only {
                return Err(Error::text("READONLY You can't write against a read only replica."));
            }
        }
        self.check_stale(flags.contains(STALE))?;
        self.check_loading(flags.contains(LOADING), flags.contains(NO_ASYNC_LOADING))?;
        Ok(())
    }

    /// Runs a command that was checked.
    pub(super) fn call(&mut self, call: &mut Call<'_>) {
        let start = call.reply.len();
        if !self.pubsub.monitors.is_empty() {
            self.monitor(call);
        }
        let began = (self.clock)();
        let outcome = self.run(call);
        let us = (self.clock)().saturating_sub(began);
        self.note_slow(call, us);
        self.stats.commands += 1;
        let stats = self.stats.of(call.command, call.subcommand.map(|spec| spec.name));
        stats.calls += 1;
        stats.usec += us;
        if self.replication.is_streaming()
            && let Some(client) = self.clients.get_mut(call.id)
        {
            client.wrote_at = self.replication.offset();
        }
        let stats = self.stats.of(call.command, call.subcommand.map(|spec| spec.name));
        if outcome == Outcome::Failed {
            stats.failed += 1;
            let reply = call.reply.as_bytes();
            self.stats.error(reply.get(start..).unwrap_or_default());
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
        let (db, is_in_exec, is_primary) = match self.clients.get(call.id) {
            Some(client) => (client.db, client.multi.is_some(), client.is_primary),
            None => return Outcome::Failed,
        };
        let start = call.reply.len();
        let origin = self.origin(is_primary);
        let mut unit = self.keyspace.unit(origin, self.now.unix_ms);
        unit.select(db);
        let mut ctx = Ctx::new(&mut unit, call.reply, &mut self.rng);
        let outcome = ctx.call_found(call.command, call.args);
        let wait = ctx.take_wait();
        let before = ctx.take_before();
        let propagation = ctx.take_propagation();
        let effects = unit.commit();
        self.publish(db, call.args, effects, propagation, before);
        if let Some(wait) = wait
            && !is_in_exec
        {
            self.begin_waiting(call, wait, start);
        }
        outcome
    }
}
