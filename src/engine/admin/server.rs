//! Commands on the server as a whole.

use super::super::client::ClientId;
use super::super::dispatch::{Call, Handler};
use super::super::{Action, Engine, Identity, Level};
use crate::command::Error;

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
            call.reply.lines(HELP);
        }
    }
    Ok(())
}

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

    /// Lets the list of processes show the server as the configuration says.
    pub fn show_title(&mut self) {
        if self.config.set_proc_title {
            let Identity { called, config_file, .. } = &self.identity;
            let title = self.config.title(called, config_file);
            self.actions.push_back(Action::Title(title));
        }
    }
}
