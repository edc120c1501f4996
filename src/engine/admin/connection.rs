//! Commands on connections.

use super::super::Engine;
use super::super::client::{Client, ClientId, ReplyMode};
use super::super::dispatch::{Call, Handler};
use super::super::pubsub::Sort;
use crate::base::num::parse_canonical_i64;
use crate::command::Error;
use crate::resp::encode::Reply;
use std::fmt::Write;

pub(super) const HANDLERS: &[(&str, Handler)] = &[
    ("ping", ping),
    ("echo", echo),
    ("select", select),
    ("auth", auth),
    ("hello", hello),
    ("quit", quit),
    ("reset", reset),
    ("client", client),
];

type Done = Result<(), Error>;

/// The version of Redis whose behaviour this is.
pub const REDIS_VERSION: &str = "7.0.15";

fn ping(engine: &mut Engine, call: &mut Call<'_>) -> Done {
    let client = engine.clients.get(call.id);
    if !call.reply.is_resp3() && client.is_some_and(|client| !client.subscriptions.is_empty()) {
        // Whoever subscribes reads nothing but messages.
        call.reply.array(2);
        call.reply.bulk(b"pong");
        call.reply.bulk(call.args.get(1).copied().unwrap_or_default());
        return Ok(());
    }
    match call.args {
        [_] => call.reply.simple("PONG"),
        [_, text] => call.reply.bulk(text),
        _ => return Err(Error::arity("ping")),
    }
    Ok(())
}

fn echo(_: &mut Engine, call: &mut Call<'_>) -> Done {
    call.reply.bulk(call.args[1]);
    Ok(())
}

fn select(engine: &mut Engine, call: &mut Call<'_>) -> Done {
    let Some(db) = parse_canonical_i64(call.args[1]) else {
        return Err(Error::NotInteger);
    };
    let db = usize::try_from(db).ok().filter(|db| *db < engine.keyspace.databases());
    let db = db.ok_or_else(|| Error::text("ERR DB index is out of range"))?;
    if let Some(client) = engine.clients.get_mut(call.id) {
        client.db = db;
    }
    call.reply.ok();
    Ok(())
}

/// Lets a client in that knows the password.
fn authenticate(engine: &mut Engine, id: ClientId, user: &[u8], password: &[u8]) -> Done {
    let wanted = &engine.config.requirepass;
    if user != b"default" || (!wanted.is_empty() && !equal_in_constant_time(wanted, password)) {
        return Err(Error::text("WRONGPASS invalid username-password pair or user is disabled."));
    }
    if let Some(client) = engine.clients.get_mut(id) {
        client.is_known = true;
    }
    Ok(())
}

/// Compares without telling by the time where a difference is.
fn equal_in_constant_time(a: &[u8], b: &[u8]) -> bool {
    let differing = a.iter().zip(b).fold(0, |differing, (a, b)| differing | (a ^ b));
    (differing == 0) & (a.len() == b.len())
}

fn auth(engine: &mut Engine, call: &mut Call<'_>) -> Done {
    match call.args {
        [_, password] => {
            if engine.config.requirepass.is_empty() {
                return Err(Error::text(
                    "ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?",
                ));
            }
            authenticate(engine, call.id, b"default", password)?;
        }
        [_, user, password] => authenticate(engine, call.id, user, password)?,
        _ => return Err(Error::Syntax),
    }
    call.reply.ok();
    Ok(())
}

fn hello(engine: &mut Engine, call: &mut Call<'_>) -> Done {
    let mut resp3 = None;
    let mut rest = call.args.get(1..).unwrap_or_default();
    if let [version, more @ ..] = rest {
        let version = parse_canonical_i64(version)
            .ok_or_else(|| Error::text("ERR Protocol version is not an integer or out of range"))?;
        if !(2..=3).contains(&version) {
            return Err(Error::text("NOPROTO unsupported protocol version"));
        }
        resp3 = Some(version == 3);
        rest = more;
    }
    let mut name = None;
    while !rest.is_empty() {
        rest = match rest {
            [word, user, password, more @ ..] if word.eq_ignore_ascii_case(b"auth") => {
                authenticate(engine, call.id, user, password)?;
                more
            }
            [word, new, more @ ..] if word.eq_ignore_ascii_case(b"setname") => {
                check_name(
                    new,
                    "Client names cannot contain spaces, newlines or special characters.",
                )?;
                name = Some(new.to_vec());
                more
            }
            [word, ..] => {
                let word = Error::quoted(word);
                return Err(Error::text(format!("ERR Syntax error in HELLO option '{word}'")));
            }
            [] => rest,
        };
    }
    let Some(client) = engine.clients.get_mut(call.id) else { return Ok(()) };
    if !client.is_known {
        return Err(Error::text(
            "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time",
        ));
    }
    if let Some(name) = name {
        client.name = name;
    }
    if let Some(resp3) = resp3 {
        client.out.set_resp3(resp3);
        call.reply.set_resp3(resp3);
    }
    let reply = &mut *call.reply;
    reply.map(7);
    for (name, value) in [("server", "redis"), ("version", REDIS_VERSION)] {
        reply.bulk(name.as_bytes());
        reply.bulk(value.as_bytes());
    }
    reply.bulk(b"proto");
    reply.int(if reply.is_resp3() { 3 } else { 2 });
    reply.bulk(b"id");
    reply.count(call.id.number);
    for (name, value) in [("mode", "standalone"), ("role", "master")] {
        reply.bulk(name.as_bytes());
        reply.bulk(value.as_bytes());
    }
    reply.bulk(b"modules");
    reply.array(0);
    Ok(())
}

fn quit(engine: &mut Engine, call: &mut Call<'_>) -> Done {
    call.reply.ok();
    if let Some(client) = engine.clients.get_mut(call.id) {
        client.closes = true;
    }
    Ok(())
}

fn reset(engine: &mut Engine, call: &mut Call<'_>) -> Done {
    engine.discard_transaction(call.id);
    engine.forget_subscriptions(call.id);
    let is_open = engine.config.requirepass.is_empty();
    if let Some(client) = engine.clients.get_mut(call.id) {
        client.db = 0;
        client.name.clear();
        client.is_known = is_open;
        client.reply_mode = ReplyMode::On;
        client.no_evict = false;
        client.no_touch = false;
        client.out.set_resp3(false);
    }
    call.reply.set_resp3(false);
    call.reply.simple("RESET");
    Ok(())
}

fn client(engine: &mut Engine, call: &mut Call<'_>) -> Done {
    let id = call.id;
    let args = call.args;
    let reply = &mut *call.reply;
    match call.subcommand.map(|spec| spec.name).unwrap_or_default() {
        "id" => reply.count(id.number),
        "getname" => match engine.clients.get(id).filter(|client| !client.name.is_empty()) {
            Some(client) => reply.bulk(&client.name),
            None => reply.null(),
        },
        "setname" => {
            check_name(
                args[2],
                "Client names cannot contain spaces, newlines or special characters.",
            )?;
            if let Some(client) = engine.clients.get_mut(id) {
                client.name = args[2].to_vec();
            }
            reply.ok();
        }
        "setinfo" => {
            let Some(client) = engine.clients.get_mut(id) else { return Ok(()) };
            let field = match args[2].to_ascii_lowercase().as_slice() {
                b"lib-name" => &mut client.lib_name,
                b"lib-ver" => &mut client.lib_version,
                _ => {
                    let name = Error::quoted(args[2]);
                    return Err(Error::text(format!("ERR Unrecognized option '{name}'")));
                }
            };
            let name = String::from_utf8_lossy(args[2]).to_ascii_lowercase();
            check_name(
                args[3],
                &format!("{name} cannot contain spaces, newlines or special characters."),
            )?;
            *field = args[3].to_vec();
            reply.ok();
        }
        "info" => {
            let text = engine.client_line(id);
            reply.verbatim(b"txt", format!("{text}\n").as_bytes());
        }
        "list" => list(engine, args, reply)?,
        "kill" => kill(engine, id, args, reply)?,
        "reply" => {
            let mode = match args[2].to_ascii_lowercase().as_slice() {
                b"on" => ReplyMode::On,
                b"off" => ReplyMode::Off,
                b"skip" => ReplyMode::SkipNext,
                _ => return Err(Error::Syntax),
            };
            if let Some(client) = engine.clients.get_mut(id) {
                // What skips its own reply as well.
                if mode != ReplyMode::On && client.reply_mode != ReplyMode::Off {
                    client.reply_mode = mode;
                    return Ok(());
                }
                if mode == ReplyMode::On {
                    client.reply_mode = mode;
                    reply.ok();
                }
            }
        }
        "no-evict" | "no-touch" => {
            let on = on_or_off(args[2])?;
            if let Some(client) = engine.clients.get_mut(id) {
                if call.subcommand.is_some_and(|spec| spec.name == "no-evict") {
                    client.no_evict = on;
                } else {
                    client.no_touch = on;
                }
            }
            reply.ok();
        }
        "unblock" => {
            let number = parse_canonical_i64(args[2]).ok_or(Error::NotInteger)?;
            let error = match args.get(3).map(|word| word.to_ascii_lowercase()).as_deref() {
                None | Some(b"timeout") => None,
                Some(b"error") => Some("UNBLOCKED client unblocked via CLIENT UNBLOCK"),
                _ => {
                    return Err(Error::text(
                        "ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR",
                    ));
                }
            };
            let target = engine.clients.find(number.unsigned_abs());
            reply.int(i64::from(target.is_some_and(|target| engine.give_up(target, error))));
        }
        "trackinginfo" => {
            reply.map(3);
            reply.bulk(b"flags");
            reply.set(1);
            reply.bulk(b"off");
            reply.bulk(b"redirect");
            reply.int(-1);
            reply.bulk(b"prefixes");
            reply.array(0);
        }
        "getredir" => reply.int(-1),
        "help" => {
            const HELP: &[&str] = &[
                "CLIENT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
                "GETNAME",
                "ID",
                "INFO",
                "KILL",
                "LIST",
                "NO-EVICT",
                "NO-TOUCH",
                "REPLY",
                "SETINFO",
                "SETNAME",
                "UNBLOCK",
            ];
            reply.array(HELP.len());
            HELP.iter().for_each(|line| reply.simple(line));
        }
        other => {
            return Err(Error::text(format!("ERR 'client|{other}' is not supported by rkv")));
        }
    }
    Ok(())
}

fn on_or_off(word: &[u8]) -> Result<bool, Error> {
    match word.to_ascii_lowercase().as_slice() {
        b"on" => Ok(true),
        b"off" => Ok(false),
        _ => Err(Error::Syntax),
    }
}

/// Names that stand in lines of text must not break them.
fn check_name(name: &[u8], complaint: &str) -> Done {
    match name.iter().all(|byte| (b'!'..=b'~').contains(byte)) {
        true => Ok(()),
        false => Err(Error::text(format!("ERR {complaint}"))),
    }
}

/// The type of a client as CLIENT LIST and CLIENT KILL name it; all are normal until there are replicas and subscribers.
fn is_type(word: &[u8]) -> Result<bool, Error> {
    match word.to_ascii_lowercase().as_slice() {
        b"normal" => Ok(true),
        b"master" | b"replica" | b"slave" | b"pubsub" => Ok(false),
        _ => Err(Error::text(format!("ERR Unknown client type '{}'", Error::quoted(word)))),
    }
}

fn list(engine: &Engine, args: &[&[u8]], reply: &mut Reply) -> Done {
    let mut ids: Vec<ClientId> = match args {
        [_, _] => engine.clients.iter().map(|(id, _)| id).collect(),
        [_, _, word, ty] if word.eq_ignore_ascii_case(b"type") => {
            let normal = is_type(ty)?;
            engine.clients.iter().map(|(id, _)| id).filter(|_| normal).collect()
        }
        [_, _, word, numbers @ ..] if word.eq_ignore_ascii_case(b"id") && !numbers.is_empty() => {
            let mut ids = Vec::new();
            for number in numbers {
                let number = parse_canonical_i64(number)
                    .ok_or_else(|| Error::text("ERR Invalid client ID"))?;
                ids.extend(engine.clients.find(number.unsigned_abs()));
            }
            ids
        }
        _ => return Err(Error::Syntax),
    };
    if args.len() == 2 {
        ids.sort();
    }
    let mut text = String::new();
    for id in ids {
        text += &engine.client_line(id);
        text.push('\n');
    }
    reply.verbatim(b"txt", text.as_bytes());
    Ok(())
}

/// What CLIENT KILL chooses by.
#[derive(Default)]
struct Choice {
    number: Option<u64>,
    address: Option<Vec<u8>>,
    local: Option<Vec<u8>>,
    normal: Option<bool>,
    user: Option<bool>,
    spare_self: bool,
}

impl Choice {
    fn takes(&self, client: &Client) -> bool {
        self.number.is_none_or(|number| number == client.number)
            && self.address.as_ref().is_none_or(|address| address == client.peer.address.as_bytes())
            && self.local.as_ref().is_none_or(|local| local == client.peer.local.as_bytes())
            && self.normal != Some(false)
            && self.user != Some(false)
    }
}

fn kill(engine: &mut Engine, own: ClientId, args: &[&[u8]], reply: &mut Reply) -> Done {
    let is_old = args.len() == 3;
    let mut choice = Choice { spare_self: !is_old, ..Choice::default() };
    if is_old {
        choice.address = Some(args[2].to_vec());
    }
    let mut rest = args.get(2..).filter(|_| !is_old).unwrap_or_default();
    while let [word, value, more @ ..] = rest {
        match word.to_ascii_lowercase().as_slice() {
            b"id" => {
                let number = parse_canonical_i64(value).filter(|number| *number > 0);
                let number =
                    number.ok_or_else(|| Error::text("ERR client-id should be greater than 0"))?;
                choice.number = Some(number.unsigned_abs());
            }
            b"addr" => choice.address = Some(value.to_vec()),
            b"laddr" => choice.local = Some(value.to_vec()),
            b"type" => choice.normal = Some(is_type(value)?),
            b"user" if value == b"default" => choice.user = Some(true),
            b"user" => {
                return Err(Error::text(format!("ERR No such user '{}'", Error::quoted(value))));
            }
            b"skipme" => {
                choice.spare_self = match value.to_ascii_lowercase().as_slice() {
                    b"yes" => true,
                    b"no" => false,
                    _ => return Err(Error::Syntax),
                };
            }
            _ => return Err(Error::Syntax),
        }
        rest = more;
    }
    if !rest.is_empty() {
        return Err(Error::Syntax);
    }
    let chosen: Vec<ClientId> = engine
        .clients
        .iter()
        .filter(|(id, client)| choice.takes(client) && !(choice.spare_self && *id == own))
        .map(|(id, _)| id)
        .collect();
    for id in &chosen {
        engine.stop_waiting(*id);
        engine.close(*id);
    }
    match (is_old, chosen.is_empty()) {
        (true, true) => return Err(Error::text("ERR No such client")),
        (true, false) => reply.ok(),
        (false, _) => reply.count(chosen.len() as u64),
    }
    Ok(())
}

impl Engine {
    /// A client's line in CLIENT LIST.
    pub(in crate::engine) fn client_line(&self, id: ClientId) -> String {
        let Some(client) = self.clients.get(id) else { return String::new() };
        let flags = match () {
            () if client.closes => "c",
            () if !client.subscriptions.is_empty() => "P",
            () if client.blocked.is_some() => "b",
            () if client.multi.is_some() => "x",
            () if client.peer.is_unix => "U",
            () => "N",
        };
        let seconds = |since_ms: i64| (self.now.unix_ms - since_ms).max(0) / 1000;
        let command = match (client.command, client.subcommand) {
            (Some(command), Some(sub)) => format!("{}|{sub}", command.spec.name),
            (Some(command), None) => command.spec.name.to_owned(),
            (None, _) => "NULL".to_owned(),
        };
        let mut line = String::new();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let _ = write!(
            line,
            "id={} addr={} laddr={} fd={} name={} age={} idle={} flags={flags} db={} sub={} psub={} ssub={} multi={} \
             qbuf=0 qbuf-free=0 argv-mem=0 multi-mem=0 rbs=1024 rbp=0 obl={} oll=0 omem=0 tot-mem=0 events=r cmd={command} \
             user=default redir=-1 resp={} lib-name={} lib-ver={}",
            client.number,
            client.peer.address,
            client.peer.local,
            id.place + 8,
            text(&client.name),
            seconds(client.created.unix_ms),
            seconds(client.used.unix_ms),
            client.db,
            client.subscriptions.len(Sort::Channel),
            client.subscriptions.len(Sort::Pattern),
            client.subscriptions.len(Sort::Shard),
            client.multi.as_ref().map_or(-1, |multi| multi.len() as i64),
            client.out.len(),
            if client.out.is_resp3() { 3 } else { 2 },
            text(&client.lib_name),
            text(&client.lib_version),
        );
        line
    }
}
