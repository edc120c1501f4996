//! Commands on the server as a whole.

use super::super::client::ClientId;
use super::super::config::{Access, Changes};
use super::super::dispatch::{Call, Handler};
use super::super::{Action, Engine, Identity, Level, limits, uses};
use crate::command::Error;
use crate::value::limits::Limits;

pub(super) const HANDLERS: &[(&str, Handler)] =
    &[("time", time), ("info", info), ("config", config)];

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

fn config(engine: &mut Engine, call: &mut Call<'_>) -> Done {
    let args = call.args;
    match call.subcommand.map(|spec| spec.name).unwrap_or_default() {
        "resetstat" => {
            engine.stats.reset(engine.now);
            engine.replication.reset_counts();
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
            engine.actions.push_back(Action::WriteConfig(call.id, false));
        }
        "set" => {
            if engine.config_set(call.id, &args[2..])? {
                call.reply.ok();
            }
        }
        _ => {
            const HELP: &[&str] = &[
                "CONFIG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
                "GET <pattern>",
                "    Return parameters matching the glob-like <pattern> and their values.",
                "SET <directive> <value>",
                "    Set the configuration <directive> to <value>.",
                "RESETSTAT",
                "    Reset statistics reported by the INFO command.",
                "REWRITE",
                "    Rewrite the configuration file.",
                "HELP",
                "    Print this help.",
            ];
            call.reply.array(HELP.len());
            HELP.iter().for_each(|line| call.reply.simple(line));
        }
    }
    Ok(())
}

/// Directives that take effect only at the start of this server, though Redis lets them change at any time.
const FIXED: &[&str] = &["tls-port"];

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

    /// Changes directives, all of them or none. False if the reply has to wait.
    fn config_set(&mut self, id: ClientId, words: &[&[u8]]) -> Result<bool, Error> {
        if words.len() % 2 == 1 {
            return Err(Error::arity("config|set"));
        }
        if self.changing.is_some() {
            // That change may be taken back, to what holds now.
            let words = words.iter().map(|word| word.to_vec()).collect();
            self.changes_to_come.push_back((id, words));
            if let Some(client) = self.clients.get_mut(id) {
                client.waits_for_save = true;
            }
            return Ok(false);
        }
        let pairs: Vec<_> = words.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
        let is_local = self.clients.get(id).is_some_and(|client| client.peer.is_local);
        let protected = self.config.enable_protected_configs.allows(is_local);
        let access = Access { protected, loading: self.is_loading() };
        let changes = self.config.set(&pairs, access).map_err(|e| Error::text(e.to_string()))?;
        let fixed = changes.directives().iter().find(|directive| FIXED.contains(&directive.name));
        if let Some(directive) = fixed {
            let error = changes.refused(directive, "it cannot change while rkv runs");
            self.config.undo(changes);
            return Err(Error::text(error.to_string()));
        }
        self.apply(&changes, self.is_in_exec(id));
        let (is_elsewhere, listens) = (changes.has("dir"), changes.listens());
        if !is_elsewhere && !listens {
            return Ok(true);
        }
        // The client waits, nobody else does.
        if let Some(client) = self.clients.get_mut(id) {
            client.waits_for_save = true;
        }
        let action = match is_elsewhere {
            true => Action::Enter(self.config.dir.clone()),
            false => Action::Listen,
        };
        self.changing = Some((id, changes));
        self.actions.push_back(action);
        Ok(false)
    }

    /// Learns the whole path of the folder that the server was to work in, or why it could not go there.
    pub fn entered(&mut self, folder: Result<Vec<u8>, String>) {
        let Some((id, changes)) = self.changing.take() else { return };
        match folder {
            Ok(folder) => {
                self.config.dir = folder;
                if changes.listens() {
                    self.changing = Some((id, changes));
                    self.actions.push_back(Action::Listen);
                } else {
                    self.end_change(id, None);
                }
            }
            Err(why) => self.take_back(id, changes, "dir", &why),
        }
    }

    /// Learns whether the server listens where the configuration says. If not, all that was changed with it is taken back.
    pub fn listened(&mut self, error: Option<String>) {
        let Some((id, changes)) = self.changing.take() else { return };
        let Some(error) = error else { return self.end_change(id, None) };
        self.log(Level::Warning, error);
        let (name, reason) = match changes.has("port") {
            true => ("port", "Unable to listen on this port. Please check the server logs."),
            false => ("bind", "Failed to bind to specified addresses."),
        };
        self.take_back(id, changes, name, reason);
    }

    /// Undoes changes of which one cannot be had, and tells the client.
    fn take_back(&mut self, id: ClientId, changes: Changes, name: &str, reason: &str) {
        let directive = changes.directives().iter().find(|directive| directive.name == name);
        let text =
            directive.map(|directive| changes.refused(directive, reason.to_owned()).to_string());
        self.config = changes.before().clone();
        self.apply(&changes, self.is_in_exec(id));
        if changes.has("dir") && name != "dir" {
            // It is there already; nobody waits for the way back.
            self.actions.push_back(Action::Enter(self.config.dir.clone()));
        }
        let text = text.unwrap_or_default();
        self.stats.error(text.as_bytes());
        self.end_change(id, Some(&text));
    }

    /// Tells a client what became of its change, and makes the changes that waited for that.
    fn end_change(&mut self, id: ClientId, error: Option<&str>) {
        self.release(id, error);
        while self.changing.is_none()
            && let Some((id, words)) = self.changes_to_come.pop_front()
        {
            let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
            match self.config_set(id, &words) {
                Ok(true) => self.release(id, None),
                Ok(false) => {}
                Err(error) => {
                    let text = error.to_string();
                    self.stats.error(text.as_bytes());
                    self.release(id, Some(&text));
                }
            }
        }
    }

    /// Lets the list of processes show the server as the configuration says.
    pub fn show_title(&mut self) {
        if self.config.set_proc_title {
            let Identity { called, config_file, .. } = &self.identity;
            let title = self.config.title(called, config_file);
            self.actions.push_back(Action::Title(title));
        }
    }

    /// Lets changed directives take effect; the append-only file begins or ends behind a transaction that runs.
    fn apply(&mut self, changes: &Changes, is_in_exec: bool) {
        let hash_seed = self.keyspace.settings().limits.hash_seed;
        *self.keyspace.limits_mut() = Limits { hash_seed, ..limits(&self.config) };
        *self.keyspace.uses_mut() = uses(&self.config);
        if changes.has("maxmemory-clients") {
            // Who is too much goes behind the request, whose own memory is free again then.
            self.clients.count_all();
        }
        if changes.has("appendfsync") {
            self.actions.push_back(Action::Fsync(self.config.appendfsync));
        }
        if ["loglevel", "log-format", "log-timestamp-format"].iter().any(|name| changes.has(name)) {
            self.show_log_form();
        }
        // Without an append-only file a rewrite has the folder for itself, and sees to this with its next one.
        if changes.has("aof-disable-auto-gc")
            && (self.persist.is_logging() || !self.persist.is_rewriting())
        {
            self.actions.push_back(Action::KeepHistory(self.config.aof_disable_auto_gc));
        }
        if changes.has("appendonly") {
            match is_in_exec {
                true => self.schedule_switch_log(self.config.appendonly),
                false => self.switch_log(self.config.appendonly),
            }
        }
        if changes.has("proc-title-template") || changes.listens() {
            self.show_title();
        }
        if changes.has("requirepass") && self.config.requirepass.is_empty() {
            self.clients.know_all();
        }
    }
}
