//! Publishing and subscribing, and the messages that tell of keys.

use super::client::{Client, ClientId, ReplyMode};
use super::config::key_events::KeyEvents;
use super::config::kinds::{MemoryLimit, OutputLimit};
use super::dispatch::{Call, Handler};
use super::{Action, Engine, redact};
use crate::base::glob::Glob;
use crate::command::Error;
use crate::keyspace::{Effects, Event, EventClass};
use crate::resp::encode::Reply;
use std::collections::BTreeMap;

/// The three sorts of subscriptions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// To a channel.
    Channel,
    /// To all channels that a pattern matches.
    Pattern,
    /// To a channel of a cluster's shard.
    Shard,
}

impl Sort {
    const ALL: [Sort; 3] = [Sort::Channel, Sort::Pattern, Sort::Shard];

    /// The letter that goes before the words of its commands and messages.
    fn letter(self) -> &'static str {
        match self {
            Sort::Channel => "",
            Sort::Pattern => "p",
            Sort::Shard => "s",
        }
    }
}

/// A pattern that is compared with channels.
#[derive(Debug, Default)]
struct Subscribers {
    clients: Vec<ClientId>,
    glob: Option<Glob>,
}

/// Who subscribes to what.
#[derive(Debug, Default)]
pub struct PubSub {
    by_name: [BTreeMap<Vec<u8>, Subscribers>; 3],
    /// Clients that see all commands.
    pub monitors: Vec<ClientId>,
}

impl PubSub {
    fn all(&self, sort: Sort) -> &BTreeMap<Vec<u8>, Subscribers> {
        &self.by_name[sort as usize]
    }

    /// Number of channels with subscribers, or of patterns.
    pub fn len(&self, sort: Sort) -> usize {
        self.all(sort).len()
    }
}

/// What a client subscribes to, in the order in which it did.
#[derive(Debug, Default)]
pub struct Subscriptions {
    by_sort: [Vec<Vec<u8>>; 3],
}

impl Subscriptions {
    /// Bytes of the names.
    pub fn bytes(&self) -> usize {
        self.by_sort.iter().flatten().map(|name| name.len() + size_of::<Vec<u8>>()).sum()
    }

    /// How many there are of a sort.
    pub fn len(&self, sort: Sort) -> usize {
        self.by_sort[sort as usize].len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.by_sort.iter().all(Vec::is_empty)
    }

    /// What is told after a change: shards count for themselves.
    fn told(&self, sort: Sort) -> usize {
        match sort {
            Sort::Shard => self.len(Sort::Shard),
            _ => self.len(Sort::Channel) + self.len(Sort::Pattern),
        }
    }
}

/// The handlers of this file.
pub(super) const HANDLERS: &[(&str, Handler)] = &[
    ("subscribe", |engine, call| subscribe(engine, call, Sort::Channel)),
    ("psubscribe", |engine, call| subscribe(engine, call, Sort::Pattern)),
    ("ssubscribe", |engine, call| subscribe(engine, call, Sort::Shard)),
    ("unsubscribe", |engine, call| unsubscribe(engine, call, Sort::Channel)),
    ("punsubscribe", |engine, call| unsubscribe(engine, call, Sort::Pattern)),
    ("sunsubscribe", |engine, call| unsubscribe(engine, call, Sort::Shard)),
    ("publish", |engine, call| publish(engine, call, Sort::Channel)),
    ("spublish", |engine, call| publish(engine, call, Sort::Shard)),
    ("pubsub", pubsub),
    ("monitor", monitor),
];

type Done = Result<(), Error>;

fn subscribe(engine: &mut Engine, call: &mut Call<'_>, sort: Sort) -> Done {
    let Some(client) = engine.clients.get_mut(call.id) else { return Ok(()) };
    for name in call.args.iter().skip(1) {
        let own = &mut client.subscriptions.by_sort[sort as usize];
        if !own.iter().any(|known| known == name) {
            own.push(name.to_vec());
            let subscribers =
                engine.pubsub.by_name[sort as usize].entry(name.to_vec()).or_default();
            if sort == Sort::Pattern {
                subscribers.glob.get_or_insert_with(|| Glob::new(name));
            }
            subscribers.clients.push(call.id);
        }
        let told = client.subscriptions.told(sort);
        let word = format!("{}subscribe", sort.letter());
        let out = told_by(client, call.reply);
        tell_change(out, &word, Some(name), told);
    }
    Ok(())
}

/// Where a client is told of its subscriptions: to clients of the third version this is a message, and so it is to those who want
/// no replies.
fn told_by<'a>(client: &'a mut Client, reply: &'a mut Reply) -> &'a mut Reply {
    match client.out.is_resp3() || client.reply_mode != ReplyMode::On {
        true => &mut client.out,
        false => reply,
    }
}

fn tell_change(reply: &mut Reply, word: &str, name: Option<&[u8]>, told: usize) {
    reply.push(3);
    reply.bulk(word.as_bytes());
    match name {
        Some(name) => reply.bulk(name),
        None => reply.null(),
    }
    reply.count(told as u64);
}

fn unsubscribe(engine: &mut Engine, call: &mut Call<'_>, sort: Sort) -> Done {
    let word = format!("{}unsubscribe", sort.letter());
    let Some(client) = engine.clients.get_mut(call.id) else { return Ok(()) };
    let names: Vec<Vec<u8>> = match call.args {
        [_] => client.subscriptions.by_sort[sort as usize].clone(),
        [_, names @ ..] => names.iter().map(|name| name.to_vec()).collect(),
        [] => Vec::new(),
    };
    if names.is_empty() {
        let told = client.subscriptions.told(sort);
        let out = told_by(client, call.reply);
        tell_change(out, &word, None, told);
    }
    for name in names {
        engine.forget_subscription(call.id, sort, &name);
        let Some(client) = engine.clients.get_mut(call.id) else { return Ok(()) };
        let told = client.subscriptions.told(sort);
        let out = told_by(client, call.reply);
        tell_change(out, &word, Some(&name), told);
    }
    Ok(())
}

fn publish(engine: &mut Engine, call: &mut Call<'_>, sort: Sort) -> Done {
    let receivers = engine.send_message(sort, call.args[1], call.args[2]);
    let db = engine.clients.get(call.id).map_or(0, |client| client.db);
    engine.tell_replicas(db, call.args);
    call.reply.count(receivers);
    Ok(())
}

fn pubsub(engine: &mut Engine, call: &mut Call<'_>) -> Done {
    let names = call.args.get(2..).unwrap_or_default();
    let sub = call.subcommand.map(|spec| spec.name).unwrap_or_default();
    let sort = if sub.starts_with("shard") { Sort::Shard } else { Sort::Channel };
    let all = engine.pubsub.all(sort);
    match sub {
        "channels" | "shardchannels" => {
            if names.len() > 1 {
                return Err(Error::arity(&format!("pubsub|{sub}")));
            }
            let glob = names.first().map(|pattern| Glob::new(pattern));
            let shown: Vec<_> = all
                .keys()
                .filter(|name| glob.as_ref().is_none_or(|glob| glob.matches(name)))
                .collect();
            call.reply.array(shown.len());
            shown.into_iter().for_each(|name| call.reply.bulk(name));
        }
        "numsub" | "shardnumsub" => {
            call.reply.array(names.len() * 2);
            for name in names {
                call.reply.bulk(name);
                let clients = all.get(*name).map_or(0, |subscribers| subscribers.clients.len());
                call.reply.count(clients as u64);
            }
        }
        "numpat" => call.reply.count(engine.pubsub.len(Sort::Pattern) as u64),
        _ => {
            const HELP: &[&str] = &[
                "PUBSUB <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
                "CHANNELS [<pattern>]",
                "    Return the currently active channels matching a <pattern> (default: '*').",
                "NUMPAT",
                "    Return number of subscriptions to patterns.",
                "NUMSUB [<channel> ...]",
                "    Return the number of subscribers for the specified channels, excluding",
                "    pattern subscriptions(default: no channels).",
                "SHARDCHANNELS [<pattern>]",
                "    Return the currently active shard level channels matching a <pattern> (default: '*').",
                "SHARDNUMSUB [<shardchannel> ...]",
                "    Return the number of subscribers for the specified shard level channel(s)",
                "HELP",
                "    Print this help.",
            ];
            call.reply.lines(HELP);
        }
    }
    Ok(())
}

fn monitor(engine: &mut Engine, call: &mut Call<'_>) -> Done {
    if !engine.pubsub.monitors.contains(&call.id) {
        engine.pubsub.monitors.push(call.id);
    }
    call.reply.ok();
    Ok(())
}

impl Engine {
    fn forget_subscription(&mut self, id: ClientId, sort: Sort, name: &[u8]) {
        if let Some(client) = self.clients.get_mut(id) {
            client.subscriptions.by_sort[sort as usize].retain(|known| known != name);
        }
        let by_name = &mut self.pubsub.by_name[sort as usize];
        if let Some(subscribers) = by_name.get_mut(name) {
            subscribers.clients.retain(|client| *client != id);
            if subscribers.clients.is_empty() {
                by_name.remove(name);
            }
        }
    }

    /// Ends all that a client subscribes to, MONITOR too.
    pub(super) fn forget_subscriptions(&mut self, id: ClientId) {
        self.pubsub.monitors.retain(|monitor| *monitor != id);
        for sort in Sort::ALL {
            let Some(client) = self.clients.get(id) else { return };
            for name in client.subscriptions.by_sort[sort as usize].clone() {
                self.forget_subscription(id, sort, &name);
            }
        }
    }

    /// Sends a message to all who subscribe to a channel; tells how many got it.
    pub(super) fn send_message(&mut self, sort: Sort, channel: &[u8], message: &[u8]) -> u64 {
        let mut receivers = 0;
        let Engine { pubsub, clients, actions, over_limit, config, .. } = self;
        let limit = config.client_output_buffer_limit[OutputLimit::PUBSUB];
        let is_bounded = config.maxmemory_clients != MemoryLimit::Bytes(0);
        let mut send = |id: ClientId, word: &str, parts: &[&[u8]]| {
            let Some(client) = clients.get_mut(id) else { return };
            client.out.push(1 + parts.len());
            client.out.bulk(word.as_bytes());
            parts.iter().for_each(|part| client.out.bulk(part));
            actions.push_back(Action::Wake(id));
            receivers += 1;
            if client.is_near(limit) || is_bounded {
                over_limit.push(id);
            }
        };
        if let Some(subscribers) = pubsub.all(sort).get(channel) {
            let word = format!("{}message", sort.letter());
            subscribers.clients.iter().for_each(|id| send(*id, &word, &[channel, message]));
        }
        if sort == Sort::Channel {
            for (pattern, subscribers) in pubsub.all(Sort::Pattern) {
                if subscribers.glob.as_ref().is_some_and(|glob| glob.matches(channel)) {
                    let parts = [pattern.as_slice(), channel, message];
                    subscribers.clients.iter().for_each(|id| send(*id, "pmessage", &parts));
                }
            }
        }
        for id in std::mem::take(&mut self.over_limit) {
            self.check_output(id);
        }
        receivers
    }

    /// Tells those who want to know of what happened to keys.
    #[inline]
    pub(super) fn notify(&mut self, effects: &Effects) {
        let wanted = self.config.notify_keyspace_events;
        let tells = wanted.contains(KeyEvents::KEYSPACE) || wanted.contains(KeyEvents::KEYEVENT);
        if tells && self.pubsub.by_name.iter().any(|names| !names.is_empty()) {
            self.notify_each(effects, wanted);
        }
    }

    fn notify_each(&mut self, effects: &Effects, wanted: KeyEvents) {
        let wants = |event: &Event| wanted.contains(class(event.class));
        for (event, db, key) in effects.events().filter(|(event, ..)| wants(event)) {
            if wanted.contains(KeyEvents::KEYSPACE) {
                let channel = [format!("__keyspace@{db}__:").as_bytes(), key].concat();
                self.send_message(Sort::Channel, &channel, event.name.as_bytes());
            }
            if wanted.contains(KeyEvents::KEYEVENT) {
                let channel = format!("__keyevent@{db}__:{}", event.name);
                self.send_message(Sort::Channel, channel.as_bytes(), key);
            }
        }
    }

    /// Shows a command to those who see all.
    pub(super) fn show(&mut self, call: &Call<'_>) {
        let Some(client) = self.clients.get(call.id) else { return };
        let (ms, us) = (self.now.unix_ms, self.now.mono_us % 1000);
        let from = match client.peer.is_unix {
            true => format!("unix:{}", client.peer.address.trim_end_matches(":0")),
            false => client.peer.address.clone(),
        };
        let mut line =
            format!("{}.{:03}{us:03} [{} {from}]", ms / 1000, ms % 1000, client.db).into_bytes();
        for arg in redact::shown(call.command.spec, call.args) {
            line.extend_from_slice(b" \"");
            for byte in arg.iter() {
                match byte {
                    b'\\' | b'"' => line.extend_from_slice(&[b'\\', *byte]),
                    b'\n' => line.extend_from_slice(b"\\n"),
                    b'\r' => line.extend_from_slice(b"\\r"),
                    b'\t' => line.extend_from_slice(b"\\t"),
                    7 => line.extend_from_slice(b"\\a"),
                    8 => line.extend_from_slice(b"\\b"),
                    b' '..=b'~' => line.push(*byte),
                    _ => line.extend_from_slice(format!("\\x{byte:02x}").as_bytes()),
                }
            }
            line.push(b'"');
        }
        let text = String::from_utf8_lossy(&line).into_owned();
        for id in self.pubsub.monitors.clone() {
            if let Some(client) = self.clients.get_mut(id) {
                client.out.simple(&text);
                self.actions.push_back(Action::Wake(id));
            }
            self.check_output(id);
        }
    }
}

/// The class as `notify-keyspace-events` has it.
fn class(class: EventClass) -> KeyEvents {
    match class {
        EventClass::Generic => KeyEvents::GENERIC,
        EventClass::String => KeyEvents::STRING,
        EventClass::List => KeyEvents::LIST,
        EventClass::Set => KeyEvents::SET,
        EventClass::Hash => KeyEvents::HASH,
        EventClass::Zset => KeyEvents::ZSET,
        EventClass::Stream => KeyEvents::STREAM,
        EventClass::Array => KeyEvents::ARRAY,
        EventClass::Expired => KeyEvents::EXPIRED,
        EventClass::Evicted => KeyEvents::EVICTED,
        EventClass::New => KeyEvents::NEW,
    }
}
