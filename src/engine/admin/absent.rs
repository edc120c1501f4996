//! Commands of what this server is without: a cluster and modules. They answer as a server of Redis does that has none.

use super::super::dispatch::{Call, Handler};
use super::super::{Engine, Level};
use crate::command::Error;

pub(super) const HANDLERS: &[(&str, Handler)] = &[
    ("asking", cluster),
    ("cluster", cluster),
    ("clusterscan", cluster),
    ("readonly", cluster),
    ("readwrite", cluster),
    ("module", module),
];

type Done = Result<(), Error>;

fn cluster(_: &mut Engine, _: &mut Call<'_>) -> Done {
    Err(Error::text("ERR This instance has cluster support disabled"))
}

fn module(engine: &mut Engine, call: &mut Call<'_>) -> Done {
    const HELP: &[&str] = &[
        "MODULE <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
        "LIST",
        "    Return a list of loaded modules.",
        "LOAD <path> [<arg> ...]",
        "    Load a module library from <path>, passing to it any optional arguments.",
        "LOADEX <path> [[CONFIG NAME VALUE] [CONFIG NAME VALUE]] [ARGS ...]",
        "    Load a module library from <path>, while passing it module configurations and optional arguments.",
        "UNLOAD <name>",
        "    Unload a module.",
        "HELP",
        "    Print this help.",
    ];
    match call.subcommand.map(|spec| spec.name).unwrap_or_default() {
        "list" => call.reply.array(0),
        "help" => {
            call.reply.lines(HELP);
        }
        name => {
            let is_local = engine.clients.get(call.id).is_some_and(|client| client.peer.is_local);
            if !engine.config.enable_module_command.allows(is_local) {
                return Err(Error::text(
                    "ERR MODULE command not allowed. If the enable-module-command option is set to \"local\", you can run it from a local connection, otherwise you need to set this option in the configuration file, and then restart the server.",
                ));
            }
            if name == "unload" {
                let text = "ERR Error unloading module: no such module with that name";
                return Err(Error::text(text));
            }
            let path = call.args.get(2).copied().unwrap_or_default();
            let path = String::from_utf8_lossy(path).into_owned();
            let text = format!("Module {path} failed to load: rkv has no modules");
            engine.log(Level::Warning, text);
            return Err(Error::text(
                "ERR Error loading the extension. Please check the server logs.",
            ));
        }
    }
    Ok(())
}
