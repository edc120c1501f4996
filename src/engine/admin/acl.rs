//! ACL: there is one user, `default`, who may do everything.

use super::super::Engine;
use super::super::dispatch::{Call, Handler};
use crate::command::{self, Error};
use std::collections::BTreeSet;

pub(super) const HANDLERS: &[(&str, Handler)] = &[("acl", acl)];

/// All categories.
fn categories() -> BTreeSet<&'static str> {
    command::all().flat_map(|command| command.spec.categories_all()).collect()
}

/// Commands and subcommands of a category.
fn commands_of(category: &str) -> Vec<String> {
    let mut names = Vec::new();
    for spec in command::all().map(|command| command.spec) {
        if spec.categories_all().any(|name| name == category) {
            names.push(spec.name.to_owned());
        }
        let subs = spec.subcommands.iter();
        let subs = subs.filter(|sub| sub.categories_all().any(|name| name == category));
        names.extend(subs.map(|sub| format!("{}|{}", spec.name, sub.name)));
    }
    names.sort();
    names
}

fn acl(engine: &mut Engine, call: &mut Call<'_>) -> Result<(), Error> {
    let words = call.args.get(2..).unwrap_or_default();
    let is_open = engine.config.requirepass.is_empty();
    let reply = &mut *call.reply;
    match call.subcommand.map(|spec| spec.name).unwrap_or_default() {
        "whoami" => reply.bulk(b"default"),
        "users" => {
            reply.array(1);
            reply.bulk(b"default");
        }
        "list" => {
            // The password's hash is kept back.
            let password = if is_open { "nopass " } else { "" };
            reply.array(1);
            reply.bulk(format!("user default on {password}~* &* +@all").as_bytes());
        }
        "getuser" if words[0] != b"default" => reply.null(),
        "getuser" => {
            reply.map(6);
            reply.bulk(b"flags");
            let flags: &[&str] = if is_open { &["on", "nopass"] } else { &["on"] };
            reply.set(flags.len());
            flags.iter().for_each(|flag| reply.simple(flag));
            reply.bulk(b"passwords");
            reply.array(0);
            for (name, value) in [("commands", "+@all"), ("keys", "~*"), ("channels", "&*")] {
                reply.bulk(name.as_bytes());
                reply.bulk(value.as_bytes());
            }
            reply.bulk(b"selectors");
            reply.array(0);
        }
        "cat" => match words {
            [] => {
                let names = categories();
                reply.array(names.len());
                names.iter().for_each(|name| reply.bulk(name.as_bytes()));
            }
            [category, ..] => {
                let name = String::from_utf8_lossy(category).to_ascii_lowercase();
                if !categories().contains(name.as_str()) {
                    let text = format!("ERR Unknown category '{}'", Error::quoted(category));
                    return Err(Error::text(text));
                }
                let names = commands_of(&name);
                reply.array(names.len());
                names.iter().for_each(|name| reply.bulk(name.as_bytes()));
            }
        },
        "log" => match words {
            [word] if word.eq_ignore_ascii_case(b"reset") => reply.ok(),
            // Nobody is ever denied anything.
            _ => reply.array(0),
        },
        other => {
            let text = format!(
                "ERR 'acl|{other}' is not supported by rkv: there is no user but 'default'"
            );
            return Err(Error::text(text));
        }
    }
    Ok(())
}
