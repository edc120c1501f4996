//! MULTI, EXEC, DISCARD, WATCH and UNWATCH.

use super::Engine;
use super::client::{ClientId, Clients};
use super::dispatch::{Call, Handler};
use crate::command::spec::{Flags, Spec};
use crate::command::{Command, Error};
use crate::keyspace::{Effects, Keyspace};
use std::collections::HashMap;

/// A request that waits for EXEC.
#[derive(Debug)]
pub(super) struct Queued {
    pub command: &'static Command,
    pub subcommand: Option<&'static Spec>,
    pub args: Vec<Vec<u8>>,
}

/// An open transaction.
#[derive(Debug, Default)]
pub struct Multi {
    queued: Vec<Queued>,
    /// What the commands may do, all taken together.
    flags: Flags,
    /// What holds for each of them.
    common: Option<Flags>,
    bytes: usize,
    /// A command was refused, so that EXEC will be.
    pub failed: bool,
}

impl Multi {
    /// Number of commands that wait.
    pub fn len(&self) -> usize {
        self.queued.len()
    }

    /// What the commands may do, all taken together.
    pub fn flags(&self) -> Flags {
        self.flags
    }

    /// What holds for each command; `None` without any.
    pub fn common(&self) -> Option<Flags> {
        self.common
    }

    /// Bytes of the commands.
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

/// What a client watches.
#[derive(Debug, Default)]
pub struct Watches {
    keys: Vec<(usize, Vec<u8>)>,
    /// One of them changed.
    changed: bool,
}

impl Watches {
    /// Whether one of the keys changed.
    pub fn is_changed(&self) -> bool {
        self.changed
    }

    /// Number of keys.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Bytes of the keys.
    pub fn bytes(&self) -> usize {
        self.keys.iter().map(|(_, key)| key.len() + size_of::<(usize, Vec<u8>)>()).sum()
    }
}

/// Whether a command is run inside a transaction, not kept for its end.
pub(super) fn runs_at_once(name: &str) -> bool {
    matches!(name, "exec" | "discard" | "multi" | "watch" | "quit" | "reset")
}

/// Who watches a key.
#[derive(Debug)]
struct Watcher {
    id: ClientId,
    /// Whether there was a value, in time, when the key was watched.
    existed: bool,
    /// Whether the key was there, but its time had passed: that it goes is no change.
    was_over: bool,
}

/// All watched keys.
#[derive(Debug, Default)]
pub struct Watched {
    by_key: HashMap<(usize, Vec<u8>), Vec<Watcher>>,
}

impl Watched {
    /// Marks the clients that watch what has changed.
    #[inline]
    pub fn touch(
        &self,
        clients: &mut Clients,
        keyspace: &Keyspace,
        effects: &Effects,
        now_ms: i64,
    ) {
        if !self.by_key.is_empty() {
            self.touch_each(clients, keyspace, effects, now_ms);
        }
    }

    fn touch_each(
        &self,
        clients: &mut Clients,
        keyspace: &Keyspace,
        effects: &Effects,
        now_ms: i64,
    ) {
        let mut mark = |watcher: &Watcher| {
            if let Some(client) = clients.get_mut(watcher.id) {
                client.watches.changed = true;
            }
        };
        if effects.flushed {
            // Which databases were emptied or exchanged is not told; a key that was not there and is not has not changed.
            for ((db, key), watchers) in &self.by_key {
                let is_there = keyspace.holds(*db, key) && !keyspace.is_over(*db, key, now_ms);
                watchers.iter().filter(|watcher| watcher.existed || is_there).for_each(&mut mark);
            }
        }
        for (db, key) in effects.touched() {
            let watchers = self.by_key.get(&(db, key.to_vec())).into_iter().flatten();
            let is_over = || effects.expired().any(|expired| expired == (db, key));
            watchers.filter(|watcher| !(watcher.was_over && is_over())).for_each(&mut mark);
        }
    }

    /// Number of keys that are watched.
    pub fn len(&self) -> usize {
        self.by_key.len()
    }
}

/// The handlers of this file.
pub(super) const HANDLERS: &[(&str, Handler)] = &[
    ("multi", multi),
    ("exec", exec),
    ("discard", discard),
    ("watch", watch),
    ("unwatch", unwatch),
];

impl Engine {
    /// Keeps a request for EXEC if a transaction is open; whether it did.
    pub(super) fn queue(&mut self, call: &mut Call<'_>) -> bool {
        let Some(client) = self.clients.get_mut(call.id) else { return false };
        let Some(multi) = &mut client.multi else { return false };
        if runs_at_once(call.command.spec.name) {
            return false;
        }
        let flags = call.subcommand.unwrap_or(call.command.spec).flags;
        multi.flags = Flags::union(&[multi.flags, flags]);
        multi.common = Some(multi.common.map_or(flags, |common| common.common(flags)));
        multi.bytes += call.args.iter().map(|arg| arg.len() + size_of::<Vec<u8>>()).sum::<usize>();
        let args = call.args.iter().map(|arg| arg.to_vec()).collect();
        multi.queued.push(Queued { command: call.command, subcommand: call.subcommand, args });
        call.reply.simple("QUEUED");
        true
    }

    /// Ends a client's watches.
    pub(super) fn unwatch(&mut self, id: ClientId) {
        let Some(client) = self.clients.get_mut(id) else { return };
        let watches = std::mem::take(&mut client.watches);
        for place in watches.keys {
            if let Some(watchers) = self.watched.by_key.get_mut(&place) {
                watchers.retain(|watcher| watcher.id != id);
                if watchers.is_empty() {
                    self.watched.by_key.remove(&place);
                }
            }
        }
    }

    /// Forgets a client's transaction and watches.
    pub(super) fn discard_transaction(&mut self, id: ClientId) {
        if let Some(client) = self.clients.get_mut(id) {
            client.multi = None;
        }
        self.unwatch(id);
    }
}

fn multi(engine: &mut Engine, call: &mut Call<'_>) -> Result<(), Error> {
    let Some(client) = engine.clients.get_mut(call.id) else { return Ok(()) };
    if client.multi.is_some() {
        return Err(Error::text("ERR MULTI calls can not be nested"));
    }
    client.multi = Some(Multi::default());
    call.reply.ok();
    Ok(())
}

fn discard(engine: &mut Engine, call: &mut Call<'_>) -> Result<(), Error> {
    if engine.clients.get(call.id).is_none_or(|client| client.multi.is_none()) {
        return Err(Error::text("ERR DISCARD without MULTI"));
    }
    engine.discard_transaction(call.id);
    call.reply.ok();
    Ok(())
}

fn exec(engine: &mut Engine, call: &mut Call<'_>) -> Result<(), Error> {
    let now_ms = engine.now.unix_ms;
    let Some(client) = engine.clients.get_mut(call.id) else { return Ok(()) };
    let Some(multi) = &mut client.multi else {
        return Err(Error::text("ERR EXEC without MULTI"));
    };
    let failed = multi.failed;
    let queued = std::mem::take(&mut multi.queued);
    let watches = &client.watches;
    let is_over = |engine: &Engine| {
        // A watched key whose time passed meanwhile has changed, though nobody met it yet.
        let Some(client) = engine.clients.get(call.id) else { return false };
        client.watches.keys.iter().any(|(db, key)| {
            let watchers = engine.watched.by_key.get(&(*db, key.clone()));
            let own = watchers.into_iter().flatten().find(|watcher| watcher.id == call.id);
            own.is_some_and(|watcher| watcher.existed && engine.keyspace.is_over(*db, key, now_ms))
        })
    };
    if failed {
        engine.discard_transaction(call.id);
        return Err(Error::text("EXECABORT Transaction discarded because of previous errors."));
    }
    if watches.changed || is_over(engine) {
        engine.discard_transaction(call.id);
        call.reply.null_array();
        return Ok(());
    }
    engine.unwatch(call.id);
    engine.begin_transaction();
    call.reply.array(queued.len());
    engine.run_queued(call.id, queued.into(), call.reply);
    Ok(())
}

fn watch(engine: &mut Engine, call: &mut Call<'_>) -> Result<(), Error> {
    let now_ms = engine.now.unix_ms;
    let Some(client) = engine.clients.get_mut(call.id) else { return Ok(()) };
    if client.multi.is_some() {
        return Err(Error::text("ERR WATCH inside MULTI is not allowed"));
    }
    let db = client.db;
    if !client.watches.changed {
        for key in call.args.iter().skip(1) {
            let place = (db, key.to_vec());
            if client.watches.keys.contains(&place) {
                continue;
            }
            let was_over = engine.keyspace.is_over(db, key, now_ms);
            let existed = !was_over && engine.keyspace.holds(db, key);
            let watcher = Watcher { id: call.id, existed, was_over };
            engine.watched.by_key.entry(place.clone()).or_default().push(watcher);
            client.watches.keys.push(place);
        }
    }
    call.reply.ok();
    Ok(())
}

fn unwatch(engine: &mut Engine, call: &mut Call<'_>) -> Result<(), Error> {
    engine.unwatch(call.id);
    call.reply.ok();
    Ok(())
}
