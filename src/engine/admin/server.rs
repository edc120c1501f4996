//! Commands on the server as a whole.

use super::super::client::ClientId;
use super::super::config::Access;
use super::super::dispatch::{Call, Handler};
use super::super::{Action, Engine, limits};
use crate::command::Error;
use crate::value::limits::Limits;

pub(super) const HANDLERS: &[(&str, Handler)] =
    &[("time", time), ("info", info), ("config", config), ("role", role)];

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

fn role(_: &mut Engine, call: &mut Call<'_>) -> Done {
    call.reply.array(3);
    call.reply.bulk(b"master");
    call.reply.int(0);
    call.reply.array(0);
    Ok(())
}

fn config(engine: &mut Engine, call: &mut Call<'_>) -> Done {
    let args = call.args;
    match call.subcommand.map(|spec| spec.name).unwrap_or_default() {
        "resetstat" => {
            engine.stats.reset(engine.now);
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
const FIXED: &[&str] = &["appendonly", "bind", "dir", "port", "tls-port"];

impl Engine {
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
        if changes.has("requirepass") && self.config.requirepass.is_empty() {
            self.clients.know_all();
        }
        Ok(())
    }
}
