//! Clients that wait for keys.
//!
//! A command that finds nothing is kept, and run again when a key that it waits for has something. Those who wait for one key
//! are served in the order in which they came.

use super::client::ClientId;
use super::commandlog::{Took, request_bytes};
use super::dispatch::Call;
use super::{Action, Engine};
use crate::command::{Command, Ctx, Outcome, Propagation, Wait, WaitFor};
use crate::keyspace::{Effects, Origin};
use crate::resp::encode::Reply;
use crate::value::Kind;
use std::collections::{BTreeSet, HashMap, VecDeque};

/// A client's command that waits.
#[derive(Debug)]
pub struct Blocked {
    command: &'static Command,
    args: Vec<Vec<u8>>,
    /// The command as the client gave it.
    asked: Vec<Vec<u8>>,
    db: usize,
    keys: Vec<Vec<u8>>,
    /// When it gives up, in unix milliseconds.
    until_ms: Option<i64>,
    /// What it replies with then.
    otherwise: Vec<u8>,
}

type Place = (usize, Vec<u8>);

/// The key that a client waits for, if it is one.
fn args_key(keys: &[Vec<u8>]) -> &[u8] {
    keys.first().map_or(&[], Vec::as_slice)
}

/// What a client is told in the place of an error, if it waited for a group's new entries.
fn end_of_group(reply: &[u8], kind: Option<Kind>) -> Option<&'static [u8]> {
    let is_over = reply.starts_with(b"-NOGROUP") || reply.starts_with(b"-WRONGTYPE");
    match kind {
        _ if !is_over => None,
        Some(Kind::Stream) => {
            Some(b"NOGROUP the consumer group this client was blocked on no longer exists")
        }
        _ => Some(b"UNBLOCKED the stream key no longer exists"),
    }
}

/// All clients that wait.
#[derive(Debug, Default)]
pub struct Waiting {
    by_key: HashMap<Place, VecDeque<(ClientId, WaitFor)>>,
    ready: VecDeque<Place>,
    deadlines: BTreeSet<(i64, ClientId)>,
    clients: usize,
}

impl Waiting {
    /// Number of clients that wait.
    pub fn clients(&self) -> usize {
        self.clients
    }

    /// Number of keys for which clients wait.
    pub fn keys(&self) -> usize {
        self.by_key.len()
    }

    /// Number of those whose end ends a wait, too.
    pub fn keys_of_groups(&self) -> usize {
        let waits_for_group = |queue: &&VecDeque<(ClientId, WaitFor)>| {
            queue.iter().any(|(_, wait_for)| *wait_for == WaitFor::Group)
        };
        self.by_key.values().filter(waits_for_group).count()
    }

    /// Number of clients whose patience ends.
    pub fn deadlines(&self) -> usize {
        self.deadlines.len()
    }

    /// Notes when a client's patience ends.
    pub fn add_deadline(&mut self, until_ms: i64, id: ClientId) {
        self.deadlines.insert((until_ms, id));
    }

    /// Forgets when a client's patience ends.
    pub fn remove_deadline(&mut self, until_ms: i64, id: ClientId) {
        self.deadlines.remove(&(until_ms, id));
    }

    /// Notes which keys that somebody waits for have changed.
    #[inline]
    pub fn note_ready(&mut self, effects: &Effects) {
        if !self.by_key.is_empty() {
            self.note_each(effects);
        }
    }

    fn note_each(&mut self, effects: &Effects) {
        for (db, key) in effects.ready() {
            self.note(db, key, |_| true);
        }
        for (db, key) in effects.touched() {
            // Groups can also go.
            self.note(db, key, |wait_for| wait_for == WaitFor::Group);
        }
        if effects.flushed {
            let places: Vec<_> = self.by_key.keys().cloned().collect();
            self.ready.extend(places);
        }
    }

    fn note(&mut self, db: usize, key: &[u8], concerns: impl Fn(WaitFor) -> bool) {
        let place = (db, key.to_vec());
        let waits = self.by_key.get(&place).into_iter().flatten();
        let is_new = || !self.ready.contains(&place);
        if waits.into_iter().any(|(_, wait_for)| concerns(*wait_for)) && is_new() {
            self.ready.push_back(place);
        }
    }
}

impl Engine {
    /// Lets a client wait. Its reply, from `start` on, is the one for the end of its patience.
    pub(super) fn begin_waiting(&mut self, call: &mut Call<'_>, wait: Wait, start: usize) {
        let Some(client) = self.clients.get_mut(call.id) else { return };
        let otherwise = call.reply.as_bytes().get(start..).unwrap_or_default().to_vec();
        call.reply.truncate(start);
        let until_ms = (wait.timeout_ms > 0).then(|| self.now.unix_ms + wait.timeout_ms);
        for key in &wait.keys {
            let place = (client.db, key.clone());
            self.waiting.by_key.entry(place).or_default().push_back((call.id, wait.wait_for));
        }
        if let Some(until_ms) = until_ms {
            self.waiting.deadlines.insert((until_ms, call.id));
        }
        self.waiting.clients += 1;
        let args = || call.args.iter().map(|arg| arg.to_vec()).collect();
        client.blocked = Some(Blocked {
            command: call.command,
            args: wait.instead.unwrap_or_else(args),
            asked: args(),
            db: client.db,
            keys: wait.keys,
            until_ms,
            otherwise,
        });
    }

    /// Ends a client's wait, whatever becomes of it.
    pub(super) fn stop_waiting(&mut self, id: ClientId) -> Option<Blocked> {
        let blocked = self.clients.get_mut(id)?.blocked.take()?;
        self.waiting.clients -= 1;
        for key in &blocked.keys {
            let place = (blocked.db, key.clone());
            if let Some(queue) = self.waiting.by_key.get_mut(&place) {
                queue.retain(|(waiter, _)| *waiter != id);
                if queue.is_empty() {
                    self.waiting.by_key.remove(&place);
                }
            }
        }
        if let Some(until_ms) = blocked.until_ms {
            self.waiting.deadlines.remove(&(until_ms, id));
        }
        self.actions.push_back(Action::Wake(id));
        Some(blocked)
    }

    /// Ends a client's wait with the reply for the end of its patience, or with an error; false if it does not wait.
    pub(super) fn give_up(&mut self, id: ClientId, error: Option<&str>) -> bool {
        let Some(blocked) = self.stop_waiting(id) else { return false };
        let Some(client) = self.clients.get_mut(id) else { return true };
        match error {
            Some(text) => client.out.error(text.as_bytes()),
            None => client.out.raw(&blocked.otherwise),
        }
        if let Some(text) = error {
            self.stats.error(text.as_bytes());
            self.stats.of(blocked.command, None).failed += 1;
        }
        true
    }

    /// Ends the waits of all clients with an error.
    pub(super) fn unblock_all(&mut self, error: &str) {
        let waiting = self.clients.iter().filter(|(_, client)| client.blocked.is_some());
        let ids: Vec<ClientId> = waiting.map(|(id, _)| id).collect();
        for id in ids {
            self.give_up(id, Some(error));
            self.close(id);
        }
    }

    /// Ends the waits whose time is over.
    pub(super) fn time_out(&mut self) {
        while let Some((until_ms, id)) = self.waiting.deadlines.first().copied()
            && until_ms <= self.now.unix_ms
        {
            self.waiting.deadlines.pop_first();
            if !self.give_up(id, None) {
                self.end_ack_wait(id);
            }
        }
    }

    /// When the next wait ends, in unix milliseconds.
    pub fn next_deadline_ms(&self) -> Option<i64> {
        let waits = self.waiting.deadlines.first().map(|(until_ms, _)| *until_ms);
        [waits, self.pause.until_ms()].into_iter().flatten().min()
    }

    /// Serves those who wait for keys that have something now. That may make other keys ready.
    #[inline]
    pub(super) fn serve_ready(&mut self) {
        while let Some(place) = self.waiting.ready.pop_front() {
            let queue = self.waiting.by_key.get(&place).cloned().unwrap_or_default();
            for (id, wait_for) in queue {
                if self.suits(&place, wait_for) {
                    self.serve(id, wait_for);
                }
            }
        }
    }

    /// Whether a key holds what somebody waits for, or what ends the wait.
    fn suits(&self, (db, key): &Place, wait_for: WaitFor) -> bool {
        match (wait_for, self.keyspace.kind(*db, key)) {
            (WaitFor::List, kind) => kind == Some(Kind::List),
            (WaitFor::Zset, kind) => kind == Some(Kind::Zset),
            (WaitFor::Stream, kind) => kind == Some(Kind::Stream),
            (WaitFor::Group, _) => true,
        }
    }

    /// Runs a waiting client's command again.
    fn serve(&mut self, id: ClientId, wait_for: WaitFor) {
        let Some(client) = self.clients.get_mut(id) else { return };
        let Some(blocked) = &client.blocked else { return };
        let args: Vec<&[u8]> = blocked.args.iter().map(Vec::as_slice).collect();
        let (command, db) = (blocked.command, blocked.db);
        let start = client.out.len();
        let origin = match self.replication.is_replica() {
            true => Origin::Replica,
            false => Origin::Client,
        };
        self.running.begin(command);
        let began_us = (self.clock)();
        let mut unit = self.keyspace.unit(origin, self.now.unix_ms);
        unit.select(db);
        let mut ctx = Ctx::new(&mut unit, &mut client.out, &mut self.rng);
        let outcome = ctx.call_found(command, &args);
        let waits_on = ctx.take_wait().is_some();
        let (before, propagation) = (ctx.take_before(), ctx.take_propagation());
        let effects = unit.commit();
        if waits_on {
            client.out.truncate(start);
            // The key may have gone, because its time had passed.
            return self.publish(db, &[], effects, Propagation::Instead(Vec::new()), before);
        }
        let failed = outcome == Outcome::Failed;
        if failed {
            let reply = client.out.as_bytes().get(start..).unwrap_or_default();
            let kind = self.keyspace.kind(db, args_key(&blocked.keys));
            let is_for_group = wait_for == WaitFor::Group;
            if let Some(text) = end_of_group(reply, kind).filter(|_| is_for_group) {
                client.out.truncate(start);
                client.out.error(text);
            }
            let reply = client.out.as_bytes().get(start..).unwrap_or_default();
            self.stats.error(reply);
        }
        let reply_bytes = client.out.len() - start;
        let Some(blocked) = self.stop_waiting(id) else { return };
        let args: Vec<&[u8]> = blocked.args.iter().map(Vec::as_slice).collect();
        self.publish(db, &args, effects, propagation, before);
        let us = (self.clock)().saturating_sub(began_us);
        self.note_served(id, &blocked, failed, us, reply_bytes);
        self.free_trash(None);
        self.check_output(id);
    }

    /// Counts a command that has come to its end after a wait.
    fn note_served(
        &mut self,
        id: ClientId,
        blocked: &Blocked,
        failed: bool,
        us: u64,
        reply_bytes: usize,
    ) {
        let is_tracked = self.config.latency_tracking;
        let stats = self.stats.of(blocked.command, None);
        stats.took(us, is_tracked);
        stats.failed += u64::from(failed);
        let args: Vec<&[u8]> = blocked.asked.iter().map(Vec::as_slice).collect();
        let mut reply = Reply::default();
        let (command, reply) = (blocked.command, &mut reply);
        let call = Call { id, command, subcommand: None, args: &args, reply };
        let input_bytes = request_bytes(&args);
        self.note_took(&call, Took { us, input_bytes, reply_bytes });
        self.note_command_latency(&call, us);
    }
}
