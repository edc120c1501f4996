//! Commands on connections.

use super::super::Engine;
use super::super::client::{ClientId, ReplyMode};
use super::super::dispatch::{Call, Handler};
use crate::base::num::parse_canonical_i64;
use crate::command::Error;

pub(super) const HANDLERS: &[(&str, Handler)] = &[
    ("ping", ping),
    ("echo", echo),
    ("select", select),
    ("auth", auth),
    ("hello", hello),
    ("quit", quit),
    ("reset", reset),
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
    let role = if engine.replication.is_replica() { "replica" } else { "master" };
    let zone = &engine.config.availability_zone;
    let reply = &mut *call.reply;
    reply.map(if zone.is_empty() { 7 } else { 8 });
    for (name, value) in [("server", "redis"), ("version", REDIS_VERSION)] {
        reply.bulk(name.as_bytes());
        reply.bulk(value.as_bytes());
    }
    reply.bulk(b"proto");
    reply.int(if reply.is_resp3() { 3 } else { 2 });
    reply.bulk(b"id");
    reply.count(call.id.number);
    for (name, value) in [("mode", "standalone"), ("role", role)] {
        reply.bulk(name.as_bytes());
        reply.bulk(value.as_bytes());
    }
    reply.bulk(b"modules");
    reply.array(0);
    if !zone.is_empty() {
        reply.bulk(b"availability_zone");
        reply.bulk(zone);
    }
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
        client.fieldsets.clear();
        client.out.set_resp3(false);
    }
    call.reply.set_resp3(false);
    call.reply.simple("RESET");
    Ok(())
}

/// Names that stand in lines of text must not break them.
pub(super) fn check_name(name: &[u8], complaint: &str) -> Done {
    match name.iter().all(|byte| (b'!'..=b'~').contains(byte)) {
        true => Ok(()),
        false => Err(Error::text(format!("ERR {complaint}"))),
    }
}
