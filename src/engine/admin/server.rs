//! Commands on the server as a whole.

use super::super::client::ClientId;
use super::super::config::Access;
use super::super::dispatch::{Call, Handler};
use super::super::{Action, Engine, Level, limits, persist};
use crate::command::Error;
use crate::keyspace::Origin;
use crate::value::limits::Limits;
use crate::value::save::Saver;

pub(super) const HANDLERS: &[(&str, Handler)] =
    &[("time", time), ("info", info), ("config", config), ("memory", memory)];

type Done = Result<(), Error>;

fn time(engine: &mut Engine, call: &mut Call<'_>) -> Done {
    let ms = engine.now.unix_ms;
    call.reply.array(2);
    call.reply.bulk_int(ms / 1000);
    call.reply.bulk_int(ms % 1000 * 1000);
    Ok(())
}

fn info(engine: &mut Engine, call: &mut Call<'_>) -> Done {
    let text = engine.info(call.args.get(1..).unwrap_or_default());
    call.reply.verbatim(b"txt", text.as_bytes());
    Ok(())
}

/// Bytes that a key takes beside its name and value, and an element of a large value beside its own.
const KEY_BYTES: usize = 24;
const ELEMENT_BYTES: usize = 16;

/// MEMORY USAGE is an estimate from the stored form of the value; the rest of MEMORY tells little here.
fn memory(engine: &mut Engine, call: &mut Call<'_>) -> Done {
    match call.subcommand.map(|spec| spec.name).unwrap_or_default() {
        "usage" => {
            match call.args.get(3..).unwrap_or_default() {
                [] => {}
                [word, count] if word.eq_ignore_ascii_case(b"samples") => {
                    let count =
                        crate::base::num::parse_canonical_i64(count).ok_or(Error::NotInteger)?;
                    if count < 0 {
                        return Err(Error::Syntax);
                    }
                }
                _ => return Err(Error::Syntax),
            }
            let db = engine.clients.get(call.id).map_or(0, |client| client.db);
            let mut unit = engine.keyspace.unit(Origin::Client, engine.now.unix_ms);
            unit.select(db);
            let limits = unit.limits().clone();
            let Some(value) = unit.peek(call.args[2]) else {
                call.reply.null();
                return Ok(());
            };
            let mut saver = Saver::new(persist::newest(), false);
            let bytes = saver.save(value.held()).map_or(0, |_| saver.body().len());
            let is_packed =
                matches!(value.encoding(&limits), "listpack" | "intset" | "int" | "embstr" | "raw");
            let elements = if is_packed { 0 } else { bytes / 2 / ELEMENT_BYTES };
            call.reply
                .count((KEY_BYTES + call.args[2].len() + bytes + elements * ELEMENT_BYTES) as u64);
        }
        "doctor" => call.reply.verbatim(b"txt", b"Sam, I detected no issues in this instance."),
        "purge" => call.reply.ok(),
        other => {
            return Err(Error::text(format!("ERR 'memory|{other}' is not supported by rkv")));
        }
    }
    Ok(())
}

fn config(engine: &mut Engine, call: &mut Call<'_>) -> Done {
    let args = call.args;
    match call.subcommand.map(|spec| spec.name).unwrap_or_default() {
        "resetstat" => {
            engine.stats.reset(engine.now);
            *engine.keyspace.lookups_mut() = Default::default();
            call.reply.ok();
        }
        "get" => {
            let pairs = engine.config.get(&args[2..]);
            call.reply.map(pairs.len());
            for (name, value) in pairs {
                call.reply.bulk(&name);
                call.reply.bulk(&value);
            }
        }
        "rewrite" => {
            if engine.identity.config_file.is_empty() {
                return Err(Error::text("ERR The server is running without a config file"));
            }
            // The client waits for the file, nobody else does.
            if let Some(client) = engine.clients.get_mut(call.id) {
                client.waits_for_save = true;
            }
            engine.actions.push_back(Action::WriteConfig(call.id));
        }
        "set" => {
            engine.config_set(call.id, &args[2..])?;
            call.reply.ok();
        }
        other => {
            return Err(Error::text(format!("ERR 'config|{other}' is not supported by rkv")));
        }
    }
    Ok(())
}

/// Directives that take effect only at the start of this server, though Redis lets them change at any time.
const FIXED: &[&str] = &["bind", "dir", "port", "tls-port"];

impl Engine {
    /// Tells the client who asked what became of the configuration file.
    pub fn config_written(&mut self, id: ClientId, result: Result<(), String>) {
        match result {
            Ok(()) => {
                self.log(Level::Warning, "CONFIG REWRITE executed with success.");
                self.release(id, None);
            }
            Err(error) => {
                self.log(Level::Warning, format!("CONFIG REWRITE failed: {error}"));
                self.release(id, Some(&format!("ERR Rewriting config file: {error}")));
            }
        }
    }

    /// Changes directives, all of them or none.
    fn config_set(&mut self, id: ClientId, words: &[&[u8]]) -> Done {
        if words.len() % 2 == 1 {
            return Err(Error::arity("config|set"));
        }
        let pairs: Vec<_> = words.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
        let is_local = self.clients.get(id).is_some_and(|client| client.peer.is_local);
        let protected = self.config.enable_protected_configs.allows(is_local);
        let access = Access { protected, loading: false };
        let changes = self.config.set(&pairs, access).map_err(|e| Error::text(e.to_string()))?;
        let fixed = changes.directives().iter().find(|directive| FIXED.contains(&directive.name));
        if let Some(directive) = fixed {
            let error = changes.refused(directive, "it cannot change while rkv runs");
            self.config.undo(changes);
            return Err(Error::text(error.to_string()));
        }
        let hash_seed = self.keyspace.settings().limits.hash_seed;
        *self.keyspace.limits_mut() = Limits { hash_seed, ..limits(&self.config) };
        if changes.has("appendfsync") {
            self.actions.push_back(Action::Fsync(self.config.appendfsync));
        }
        if changes.has("appendonly") {
            self.switch_log(self.config.appendonly);
        }
        if changes.has("requirepass") && self.config.requirepass.is_empty() {
            self.clients.know_all();
        }
        Ok(())
    }
}
