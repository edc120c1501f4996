//! CLIENT: what there is to know of connections, and what can be done with them.

use super::super::Engine;
use super::super::client::{Client, ClientId, ReplyMode};
use super::super::dispatch::{Call, Handler};
use super::super::pause::Paused;
use super::super::pubsub::Sort;
use super::connection::check_name;
use crate::base::num::parse_canonical_i64;
use crate::command::Error;
use crate::resp::encode::Reply;
use std::fmt::Write;

pub(super) const HANDLERS: &[(&str, Handler)] = &[("client", client)];

type Done = Result<(), Error>;

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
            engine.note_request(id, args, reply.capacity());
            let text = engine.client_line(id);
            engine.note_request(id, &[], 0);
            reply.verbatim(b"txt", format!("{text}\n").as_bytes());
        }
        "list" => {
            engine.note_request(id, args, reply.capacity());
            let listed = list(engine, args, reply);
            engine.note_request(id, &[], 0);
            listed?;
        }
        "pause" => {
            let timeout_ms = parse_canonical_i64(args[2])
                .ok_or(Error::text("ERR timeout is not an integer or out of range"))?;
            if timeout_ms < 0 {
                return Err(Error::text("ERR timeout is negative"));
            }
            let what = match args.get(3).map(|word| word.to_ascii_lowercase()).as_deref() {
                None | Some(b"all") => Paused::All,
                Some(b"write") => Paused::Writes,
                Some(_) => {
                    return Err(Error::text("ERR CLIENT PAUSE mode must be WRITE or ALL"));
                }
            };
            reply.ok();
            engine.pause(what, engine.now.unix_ms.saturating_add(timeout_ms));
        }
        "unpause" => {
            reply.ok();
            engine.end_pause();
        }
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
                "GETREDIR",
                "    Return the client ID we are redirecting to when tracking is enabled.",
                "GETNAME",
                "    Return the name of the current connection.",
                "ID",
                "    Return the ID of the current connection.",
                "INFO",
                "    Return information about the current client connection.",
                "KILL <ip:port>",
                "    Kill connection made from <ip:port>.",
                "KILL <option> <value> [<option> <value> [...]]",
                "    Kill connections. Options are:",
                "    * ADDR (<ip:port>|<unixsocket>:0)",
                "    * LADDR (<ip:port>|<unixsocket>:0)",
                "    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)",
                "    * USER <username>",
                "    * SKIPME (YES|NO)",
                "    * ID <client-id>",
                "LIST [options ...]",
                "    Return information about client connections. Options:",
                "    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)",
                "    * ID <client-id> [<client-id> ...]",
                "UNPAUSE",
                "    Stop the current client pause, resuming traffic.",
                "PAUSE <timeout> [WRITE|ALL]",
                "    Suspend all, or just write, clients for <timeout> milliseconds.",
                "REPLY (ON|OFF|SKIP)",
                "    Control the replies sent to the current connection.",
                "SETINFO <option> <value>",
                "    Set client meta attr. Options are LIB-NAME and LIB-VER.",
                "SETNAME <name>",
                "    Assign the name <name> to the current connection.",
                "UNBLOCK <clientid> [TIMEOUT|ERROR]",
                "    Unblock the specified blocked client.",
                "TRACKINGINFO",
                "    Report tracking status for the current connection.",
                "NO-EVICT (ON|OFF)",
                "    Protect current client connection from eviction.",
                "NO-TOUCH (ON|OFF)",
                "    Will not touch LRU/LFU stats when this mode is on.",
                "HELP",
                "    Print this help.",
            ];
            reply.lines(HELP);
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

/// The types of clients that CLIENT LIST and CLIENT KILL tell apart.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Type {
    Normal,
    PubSub,
    Primary,
    Replica,
}

impl Type {
    fn of(client: &Client) -> Type {
        match client.subscriptions.is_empty() {
            _ if client.is_primary => Type::Primary,
            _ if client.is_replica => Type::Replica,
            true => Type::Normal,
            false => Type::PubSub,
        }
    }

    fn parse(word: &[u8]) -> Result<Type, Error> {
        match word.to_ascii_lowercase().as_slice() {
            b"normal" => Ok(Type::Normal),
            b"pubsub" => Ok(Type::PubSub),
            b"master" | b"primary" => Ok(Type::Primary),
            b"replica" | b"slave" => Ok(Type::Replica),
            _ => Err(Error::text(format!("ERR Unknown client type '{}'", Error::quoted(word)))),
        }
    }
}

fn list(engine: &Engine, args: &[&[u8]], reply: &mut Reply) -> Done {
    let mut ids: Vec<ClientId> = match args {
        [_, _] => engine.clients.iter().map(|(id, _)| id).collect(),
        [_, _, word, ty] if word.eq_ignore_ascii_case(b"type") => {
            let ty = Type::parse(ty)?;
            let clients = engine.clients.iter().filter(|(_, client)| Type::of(client) == ty);
            clients.map(|(id, _)| id).collect()
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
    ty: Option<Type>,
    user: Option<bool>,
    spare_self: bool,
}

impl Choice {
    fn takes(&self, client: &Client) -> bool {
        self.number.is_none_or(|number| number == client.number)
            && self.address.as_ref().is_none_or(|address| address == client.peer.address.as_bytes())
            && self.local.as_ref().is_none_or(|local| local == client.peer.local.as_bytes())
            && self.ty.is_none_or(|ty| ty == Type::of(client))
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
            b"type" => choice.ty = Some(Type::parse(value)?),
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
        if *id == own {
            // What it asked for it is still told.
            engine.close(*id);
        } else {
            engine.drop_client(*id);
        }
    }
    match (is_old, chosen.is_empty()) {
        (true, true) => return Err(Error::text("ERR No such client")),
        (true, false) => reply.ok(),
        (false, _) => reply.count(chosen.len() as u64),
    }
    Ok(())
}

/// The letters of what is special about a client.
fn flags(client: &Client, is_monitor: bool) -> String {
    let letters = [
        (is_monitor, 'O'),
        (client.is_replica, 'S'),
        (client.is_primary, 'M'),
        (!client.subscriptions.is_empty(), 'P'),
        (client.multi.is_some(), 'x'),
        (client.blocked.is_some() || client.postponed.is_some(), 'b'),
        (client.watches.is_changed(), 'd'),
        (client.closes, 'c'),
        (client.peer.is_unix, 'U'),
        (client.no_evict, 'e'),
        (client.no_touch, 'T'),
    ];
    let flags: String = letters.iter().filter(|(holds, _)| *holds).map(|(_, mark)| mark).collect();
    if flags.is_empty() { "N".to_owned() } else { flags }
}

impl Engine {
    /// Notes the arguments of a client's present command, and the room for its reply, which is elsewhere while it runs.
    fn note_request(&mut self, id: ClientId, args: &[&[u8]], reply_room: usize) {
        if let Some(client) = self.clients.get_mut(id) {
            client.args_bytes = args.iter().map(|arg| arg.len()).sum();
            client.reply_room = reply_room;
        }
    }

    /// A client's line in CLIENT LIST.
    pub(in crate::engine) fn client_line(&self, id: ClientId) -> String {
        let Some(client) = self.clients.get(id) else { return String::new() };
        let seconds = |since_ms: i64| (self.now.unix_ms - since_ms).max(0) / 1000;
        let command = match (client.command, client.subcommand) {
            (Some(command), Some(sub)) => format!("{}|{sub}", command.spec.name),
            (Some(command), None) => command.spec.name.to_owned(),
            (None, _) => "NULL".to_owned(),
        };
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let unsent = client.unsent_bytes > 0 || !client.out.is_empty();
        let fields: [(&str, &dyn std::fmt::Display); 31] = [
            ("id", &client.number),
            ("addr", &client.peer.address),
            ("laddr", &client.peer.local),
            ("fd", &(id.place + 8)),
            ("name", &text(&client.name)),
            ("age", &seconds(client.created.unix_ms)),
            ("idle", &seconds(client.used.unix_ms)),
            ("flags", &flags(client, self.pubsub.monitors.contains(&id))),
            ("db", &client.db),
            ("sub", &client.subscriptions.len(Sort::Channel)),
            ("psub", &client.subscriptions.len(Sort::Pattern)),
            ("ssub", &client.subscriptions.len(Sort::Shard)),
            ("multi", &client.multi.as_ref().map_or(-1, |multi| multi.len() as i64)),
            ("qbuf", &client.input_bytes.saturating_sub(client.understood_bytes)),
            ("qbuf-free", &client.input_room),
            ("argv-mem", &client.args_bytes),
            ("multi-mem", &client.multi.as_ref().map_or(0, |multi| multi.bytes())),
            // Two buffers take turns.
            ("rbs", &(client.output_room + client.out.capacity() + client.reply_room)),
            ("rbp", &client.out.capacity()),
            ("obl", &0),
            ("oll", &usize::from(unsent)),
            ("omem", &client.output_bytes()),
            ("tot-mem", &client.memory_bytes()),
            ("events", &if unsent { "rw" } else { "r" }),
            ("cmd", &command),
            ("user", &"default"),
            ("redir", &-1),
            ("resp", &if client.out.is_resp3() { 3 } else { 2 }),
            ("lib-name", &text(&client.lib_name)),
            ("lib-ver", &text(&client.lib_version)),
            ("watch", &client.watches.len()),
        ];
        let mut line = String::new();
        for (at, (name, value)) in fields.iter().enumerate() {
            let space = if at > 0 { " " } else { "" };
            let _ = write!(line, "{space}{name}={value}");
        }
        line
    }
}
