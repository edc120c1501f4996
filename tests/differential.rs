//! Random commands go to the handlers and to real servers: replies and data must be the same.
//!
//! Arguments follow the descriptions of the command table. A run is repeated with `RKV_SEED=n`, made longer with
//! `RKV_COMMANDS=n`.

/// Of what tests share, only the servers: no program is run.
mod common {
    #[allow(dead_code, reason = "others use the rest")]
    pub mod client;
    #[allow(dead_code, reason = "others use the rest")]
    pub mod servers;
}

use common::client::{Reply, read_reply};
use common::servers::{Peer, Server};
use rkv::base::rng::Rng;
use rkv::command::spec::{Arg, ArgKind, Group};
use rkv::command::{self, Ctx, Outcome, Propagation, Replay, Replayed};
use rkv::keyspace::{Digest, Keyspace, Origin, Settings, Snapshot};
use rkv::rdb::Dialect;
use std::collections::BTreeSet;
use std::time::{SystemTime, UNIX_EPOCH};

/// The seed of a run that is given none.
const SEED: u64 = 20;

/// Commands of one run.
const COMMANDS: u64 = 6000;

/// Commands after which all data is compared.
const DIGEST_EVERY: u64 = 40;

/// Commands whose replies follow from chance, from the clock or from the layout in memory.
const NOT_COMPARED: &[(&str, &str)] = &[
    ("spop", "chance"),
    ("randomkey", "chance"),
    ("dump", "the form of another release"),
    ("restore", "payloads are not made by chance"),
    ("restore-asking", "payloads are not made by chance"),
    ("object", "encodings follow the release"),
    ("pfdebug", "not for users"),
    ("pfselftest", "not for users"),
    ("flushall", "would leave little to compare"),
    ("flushdb", "would leave little to compare"),
    ("swapdb", "digests are compared by database"),
    ("scan", "cursors follow the layout"),
    ("sscan", "cursors follow the layout"),
    ("hscan", "cursors follow the layout"),
    ("zscan", "cursors follow the layout"),
    ("srandmember", "chance"),
    ("hrandfield", "chance"),
    ("zrandmember", "chance"),
    ("migrate", "needs a second server"),
    ("move", "digests are compared by database"),
];

/// Commands that releases refuse with different words; rkv uses those of the newest Redis.
const OTHER_WORDS: &[&str] = &[
    "hexpire",
    "hpexpire",
    "hexpireat",
    "hpexpireat",
    "httl",
    "hpttl",
    "hexpiretime",
    "hpexpiretime",
    "hpersist",
    "hgetex",
    "hsetex",
    "hgetdel",
    "xread",
    "xreadgroup",
];

/// Commands that some releases let look at their key before their arguments, so that what they refuse differs.
const OTHER_ORDER: &[&str] = &["bitcount", "bitpos"];

/// The code that an error begins with.
fn code(reply: &Reply) -> Option<&str> {
    match reply {
        Reply::Error(text) => text.split(' ').next(),
        _ => None,
    }
}

/// Commands whose replies are in no order.
const UNORDERED: &[&str] = &[
    "smembers", "sinter", "sunion", "sdiff", "hgetall", "hkeys", "hvals", "keys", "sort", "sort_ro",
];

/// Commands that reply with times, which may have been set a moment apart.
const TIMES: &[&str] =
    &["ttl", "pttl", "expiretime", "pexpiretime", "httl", "hpttl", "hexpiretime", "hpexpiretime"];

fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(now.as_millis()).unwrap()
}

/// Makes commands.
struct Generator {
    rng: Rng,
    /// How many keys a count has announced.
    announced: Option<u64>,
    /// Words that the peer does not know, or that would make it wait.
    without: &'static [&'static str],
    /// The id of the next stream entry, as ids from the clock would differ.
    next_id: u64,
}

impl Generator {
    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.rng.below(from.len() as u64) as usize]
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.rng.below(n) == 0
    }

    fn key(&mut self, group: Group) -> Vec<u8> {
        let prefix = match group {
            Group::List => "l",
            Group::Set => "s",
            Group::SortedSet | Group::Geo => "z",
            Group::Hash => "h",
            Group::Stream => "x",
            Group::HyperLogLog => "p",
            _ => "k",
        };
        let prefix =
            if self.one_in(12) { *self.pick(&["l", "s", "z", "h", "x", "k"]) } else { prefix };
        format!("{prefix}{}", self.rng.below(4)).into_bytes()
    }

    fn text(&mut self, name: &str) -> Vec<u8> {
        match name {
            "group" => return self.pick(&["g", "h"]).as_bytes().to_vec(),
            "consumer" => return self.pick(&["c", "d"]).as_bytes().to_vec(),
            "id" | "start" | "end" | "min-idle-time" | "threshold" if self.one_in(2) => {
                let seq = self.next_id.saturating_sub(self.rng.below(12));
                return format!("{seq}-1").into_bytes();
            }
            "id" | "start" | "end" | "min" | "max" | "lastid" | "last-id" if self.one_in(2) => {
                let id = [
                    "-", "+", "0", "5-1", "7", "[a", "(b", "[c", "1", "(3", "-inf", "+inf", "0-1",
                    "4-4",
                ];
                return self.pick(&id).as_bytes().to_vec();
            }
            _ => {}
        }
        match self.rng.below(14) {
            0 => Vec::new(),
            1 => b"\xff\r\n\x00".to_vec(),
            2 => vec![b'x'; 70],
            3 => self.rng.next_u64().to_string().into_bytes(),
            4 => self.rng.below(20).to_string().into_bytes(),
            5 => b"3.25".to_vec(),
            _ => self.pick(&["a", "b", "c", "d", "e", "f", "g", "10", "-7"]).as_bytes().to_vec(),
        }
    }

    fn integer(&mut self) -> Vec<u8> {
        let n = match self.rng.below(24) {
            0 => i64::MAX,
            1 => i64::MIN,
            2 => 1 << 40,
            3 => return b"abc".to_vec(),
            _ => self.rng.below(14) as i64 - 4,
        };
        n.to_string().into_bytes()
    }

    /// An argument that bitmaps and HyperLogLogs take in a form of their own; `None` for any other.
    fn bits(&mut self, arg: &Arg, group: Group) -> Option<Vec<u8>> {
        let text = match (group, arg.name) {
            (Group::Bitmap, "bit" | "value") if !self.one_in(8) => self.rng.below(2).to_string(),
            (Group::Bitmap, "value" | "increment") if !self.one_in(4) => {
                (self.rng.next_u64() as i64 >> self.rng.below(64)).to_string()
            }
            (Group::Bitmap, "start" | "end") if !self.one_in(4) => {
                (self.rng.below(80) as i64 - 40).to_string()
            }
            (Group::Bitmap, "encoding") if !self.one_in(20) => {
                format!("{}{}", self.pick(&["i", "u"]), 1 + self.rng.below(64))
            }
            (Group::Bitmap, "offset") if self.one_in(4) => format!("#{}", self.rng.below(20)),
            (Group::HyperLogLog, "element") if !self.one_in(9) => {
                self.rng.below(1 << 40).to_string()
            }
            _ => return None,
        };
        Some(text.into_bytes())
    }

    fn value(&mut self, arg: &Arg, group: Group, out: &mut Vec<Vec<u8>>) {
        if let Some(text) = self.bits(arg, group) {
            return out.push(text);
        }
        match arg.kind {
            ArgKind::Key(_) => {
                let key = self.key(group);
                out.push(key);
            }
            ArgKind::Integer if matches!(arg.name, "numkeys" | "numfields") => {
                let count = 1 + self.rng.below(3);
                self.announced = Some(count);
                out.push(count.to_string().into_bytes());
            }
            ArgKind::Integer => {
                // Offsets and spans that stay small keep strings small, and times far enough to stay in the future.
                let value = match arg.name {
                    "offset" | "bit" => self.rng.below(300).to_string().into_bytes(),
                    "seconds" | "milliseconds" => {
                        (1_000_000 + self.rng.below(1000)).to_string().into_bytes()
                    }
                    _ => self.integer(),
                };
                out.push(value);
            }
            // Long enough to be a time, and short enough to wait for.
            ArgKind::Double if arg.name == "timeout" => out.push(b"0.001".to_vec()),
            ArgKind::Double => {
                let doubles =
                    ["0", "1", "-1", "1.5", "2.25", "inf", "-inf", "100", "nan", "1e3", "x", "-0"];
                out.push(self.pick(&doubles).as_bytes().to_vec());
            }
            ArgKind::Pattern => {
                out.push(self.pick(&["*", "k*", "?1", "h[0-2]"]).as_bytes().to_vec())
            }
            ArgKind::Time => {
                let seconds = now_ms() / 1000 + 1_000_000 + self.rng.below(1000) as i64;
                let scale = if arg.name.contains("milli") { 1000 } else { 1 };
                out.push((seconds * scale).to_string().into_bytes());
            }
            ArgKind::Text => out.push(self.text(arg.name)),
            ArgKind::Token => {}
            ArgKind::OneOf(args) => {
                let args: Vec<Arg> =
                    args.iter().filter(|arg| !self.leaves_out(arg)).copied().collect();
                let chosen = *self.pick(&args);
                self.arg(&chosen, group, out);
            }
            ArgKind::Block(args) => self.args(args, group, out),
        }
    }

    /// Whether an argument begins with a word that the peer does not know.
    fn leaves_out(&self, arg: &Arg) -> bool {
        let own = arg.token.is_some_and(|token| self.without.contains(&token));
        own || match arg.kind {
            ArgKind::OneOf(args) => args.iter().all(|arg| self.leaves_out(arg)),
            ArgKind::Block(args) => args.first().is_some_and(|arg| self.leaves_out(arg)),
            _ => false,
        }
    }

    fn arg(&mut self, arg: &Arg, group: Group, out: &mut Vec<Vec<u8>>) {
        if arg.optional && (!self.one_in(3) || self.leaves_out(arg)) {
            return;
        }
        let times = match arg.many {
            // So many elements that HyperLogLogs become dense.
            true if arg.name == "element" && group == Group::HyperLogLog => self.rng.below(100),
            true => self.announced.take().unwrap_or_else(|| 1 + self.rng.below(3)),
            false => 1,
        };
        for time in 0..times {
            if let Some(token) = arg.token
                && (time == 0 || arg.token_each)
            {
                if arg.name == "auto-id" {
                    self.next_id += 1;
                    out.push(format!("{}-1", self.next_id).into_bytes());
                } else {
                    out.push(token.as_bytes().to_vec());
                }
            }
            self.value(arg, group, out);
        }
    }

    fn args(&mut self, args: &[Arg], group: Group, out: &mut Vec<Vec<u8>>) {
        for arg in args {
            self.arg(arg, group, out);
        }
    }

    fn command(&mut self, spec: &command::spec::Spec) -> Vec<Vec<u8>> {
        self.announced = None;
        let mut out = vec![spec.name.to_ascii_uppercase().into_bytes()];
        let spec = if spec.subcommands.is_empty() {
            spec
        } else {
            // Help is worded differently by each release.
            let subs: Vec<_> = spec.subcommands.iter().filter(|sub| sub.name != "help").collect();
            let sub = *self.pick(&subs);
            out.push(sub.name.to_ascii_uppercase().into_bytes());
            sub
        };
        self.args(spec.args, spec.group, &mut out);
        if self.one_in(40) {
            out.push(b"EXTRA".to_vec());
        }
        out
    }
}

/// The handlers at work, and what a replica would make of what they propagate.
struct Ours {
    keyspace: Keyspace,
    replica: Keyspace,
    rng: Rng,
    resp3: bool,
    vendor: Dialect,
    /// Snapshots with the digests they had when they were taken.
    frozen: Vec<(Snapshot, Digest)>,
}

impl Ours {
    fn new(seed: u64, resp3: bool, vendor: Dialect) -> Ours {
        let (keyspace, replica) =
            (Keyspace::new(Settings::default()), Keyspace::new(Settings::default()));
        Ours { keyspace, replica, rng: Rng::new(seed), resp3, vendor, frozen: Vec::new() }
    }

    /// Runs a command by its handler, and on the replica what others run instead.
    fn run(&mut self, args: &[Vec<u8>]) -> Reply {
        let args: Vec<&[u8]> = args.iter().map(Vec::as_slice).collect();
        let now_ms = now_ms();
        let mut unit = self.keyspace.unit(Origin::Client, now_ms);
        let mut reply = rkv::resp::encode::Reply::new(self.resp3);
        let mut ctx = Ctx::new(&mut unit, &mut reply, &mut self.rng);
        let outcome = ctx.call(&args);
        let (before, propagation) = (ctx.take_before(), ctx.take_propagation());
        let effects = unit.commit();
        assert!(matches!(outcome, Outcome::Done | Outcome::Failed), "{outcome:?}");
        let mut replay = Replay::new(&mut self.replica, Origin::Primary);
        for (_, key) in effects.expired() {
            replay.command(&[b"DEL", key], now_ms);
        }
        let commands = match propagation {
            Propagation::Instead(commands) => commands,
            Propagation::Verbatim if effects.dirty > 0 => {
                vec![args.iter().map(|arg| arg.to_vec()).collect()]
            }
            Propagation::Verbatim => Vec::new(),
        };
        for command in before.iter().chain(&commands) {
            let command: Vec<&[u8]> = command.iter().map(Vec::as_slice).collect();
            let done = replay.command(&command, now_ms);
            assert_eq!(done, Replayed::Done, "{command:?} instead of {args:?}");
        }
        let mut bytes = reply.as_bytes();
        let parsed = read_reply(&mut bytes).expect("a reply");
        assert!(bytes.is_empty(), "more than one reply to {args:?}");
        parsed
    }

    /// The digest of all data, which a replica must have too.
    fn digest(&mut self) -> Result<String, String> {
        let snapshot = self.keyspace.snapshot();
        let digest = snapshot.digest(self.vendor);
        if self.replica.snapshot().digest(self.vendor) != digest {
            return Err("what is propagated gives other data".to_owned());
        }
        self.frozen.push((snapshot, digest));
        if self.frozen.len() > 8 {
            let (snapshot, digest) = self.frozen.remove(0);
            if snapshot.digest(self.vendor) != digest {
                return Err("a snapshot has changed".to_owned());
            }
        }
        Ok(digest.to_string())
    }
}

/// A number, if a reply is the text of one that is not whole.
fn fraction(reply: &Reply) -> Option<f64> {
    let text = match reply {
        Reply::Bulk(bytes) => std::str::from_utf8(bytes).ok()?,
        Reply::Double(text) => text,
        _ => return None,
    };
    text.parse().ok()
}

/// Whether replies are the same, but for the digits in which doubles are printed and, if told, order and passing time.
fn same(ours: &Reply, theirs: &Reply, unordered: bool, times: bool) -> bool {
    match (ours, theirs) {
        (Reply::Array(a), Reply::Array(b))
        | (Reply::Map(a), Reply::Map(b))
        | (Reply::Set(a), Reply::Set(b)) => {
            if a.len() != b.len() {
                return false;
            }
            if !unordered {
                return a.iter().zip(b).all(|(a, b)| same(a, b, false, times));
            }
            let sorted = |replies: &[Reply]| {
                let mut texts: Vec<String> =
                    replies.iter().map(|reply| format!("{reply:?}")).collect();
                texts.sort();
                texts
            };
            sorted(a) == sorted(b)
        }
        (Reply::Int(a), Reply::Int(b)) if times && *a > 0 && *b > 0 => (a - b).abs() <= 3000,
        (a, b) if a == b => true,
        (a, b) => match (fraction(a), fraction(b)) {
            (Some(a), Some(b)) => a == b || (a - b).abs() <= 1e-9 * a.abs().max(b.abs()),
            _ => false,
        },
    }
}

/// Tells where the data of both sides differs.
fn differing_keys(keyspace: &Keyspace, server: &mut Server, vendor: Dialect) -> Vec<String> {
    let snapshot = keyspace.snapshot();
    let mut found = Vec::new();
    let mut ours = BTreeSet::new();
    for (_, db) in snapshot.dbs() {
        for value in db.iter() {
            ours.insert(value.key().to_vec());
            let theirs = server
                .client
                .cmd(&[&b"DEBUG"[..], b"DIGEST-VALUE", value.key()])
                .array()
                .remove(0)
                .text();
            if rkv::keyspace::Digest::of_value(&value, vendor).to_string() != theirs {
                found.push(String::from_utf8_lossy(value.key()).into_owned());
            }
        }
    }
    for key in server.client.cmd(&["KEYS", "*"]).array() {
        let key = key.bytes();
        if !ours.contains(&key) {
            found.push(format!("{} is missing", String::from_utf8_lossy(&key)));
        }
    }
    found
}

fn number_from_env(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect("a number"))
}

/// Drives one server and the handlers with the same commands of some groups.
fn drive(peer: Peer, resp3: bool, groups: &[Group], excused: &[(&str, &str)]) {
    let without = words_unknown_to(peer);
    let seed = number_from_env("RKV_SEED").unwrap_or(SEED);
    println!("RKV_SEED={seed} {peer:?} resp3={resp3} {groups:?}");
    let mut server = Server::start(peer);
    if resp3 {
        assert!(!server.client.cmd(&["HELLO", "3"]).is_error());
    }
    let known: BTreeSet<String> =
        server.client.cmd(&["COMMAND", "LIST"]).array().into_iter().map(Reply::text).collect();
    let left_out = |name: &str| NOT_COMPARED.iter().chain(excused).any(|(other, _)| *other == name);
    let mut commands: Vec<_> = command::all()
        .filter(|command| command.run.is_some() && groups.contains(&command.spec.group))
        .filter(|command| known.contains(command.spec.name) && !left_out(command.spec.name))
        .map(|command| command.spec)
        .collect();
    commands.sort_by_key(|spec| spec.name);
    assert!(!commands.is_empty());
    let mut generator = Generator { rng: Rng::new(seed), announced: None, without, next_id: 1 };
    let vendor = if peer == Peer::Redis70 { Dialect::Redis } else { Dialect::Valkey };
    let mut ours = Ours::new(seed, resp3, vendor);
    let mut history: Vec<String> = Vec::new();
    let (mut compared, mut sound) = (0_u64, 0_u64);
    for step in 0..number_from_env("RKV_COMMANDS").unwrap_or(COMMANDS) {
        let spec = *generator.pick(&commands);
        let args = generator.command(spec);
        let our_reply = ours.run(&args);
        let their_reply = server.client.cmd(&args);
        let shown: Vec<_> = args.iter().map(|arg| arg.escape_ascii().to_string()).collect();
        history.push(shown.join(" "));
        let (unordered, times) = (UNORDERED.contains(&spec.name), TIMES.contains(&spec.name));
        compared += 1;
        sound += u64::from(!their_reply.is_error());
        let same_code = our_reply.is_error() && code(&our_reply) == code(&their_reply);
        if same_code && OTHER_WORDS.contains(&spec.name) {
            continue;
        }
        if our_reply.is_error() && OTHER_ORDER.contains(&spec.name) {
            continue;
        }
        let tail = || history[history.len().saturating_sub(30)..].join("\n");
        assert!(
            same(&our_reply, &their_reply, unordered, times),
            "RKV_SEED={seed}, step {step}: {}\nours   {our_reply:?}\ntheirs {their_reply:?}\nbefore:\n{}",
            shown.join(" "),
            tail()
        );
        if step % DIGEST_EVERY == DIGEST_EVERY - 1 {
            let theirs = server.client.cmd(&["DEBUG", "DIGEST"]).text();
            let digest = ours.digest();
            if digest.as_ref() != Ok(&theirs) {
                let keys = (digest, differing_keys(&ours.keyspace, &mut server, vendor));
                panic!(
                    "RKV_SEED={seed}, step {step}: data differs in {keys:?}; commands before:\n{}",
                    tail()
                );
            }
        }
    }
    // The generator must not sink into errors.
    assert!(sound * 3 > compared, "{sound} of {compared} commands ran without error");
}

/// Words that came with later releases than the peer's, and BLOCK, which waits.
fn words_unknown_to(peer: Peer) -> &'static [&'static str] {
    match peer {
        Peer::Redis70 => &[
            "BLOCK",
            "IFEQ",
            "IFNE",
            "IFDEQ",
            "IFDNE",
            "KEEPREF",
            "DELREF",
            "ACKED",
            "CLAIM",
            "IDMP",
            "IDMPAUTO",
            "WITHSCORE",
            "DIFF",
            "DIFF1",
            "ANDOR",
            "ONE",
        ],
        Peer::Valkey81 | Peer::Valkey91 => &[
            "BLOCK", "IFNE", "IFDEQ", "IFDNE", "KEEPREF", "DELREF", "ACKED", "CLAIM", "IDMP",
            "IDMPAUTO", "DIFF", "DIFF1", "ANDOR", "ONE",
        ],
    }
}

const STRINGS: &[Group] = &[Group::String, Group::Generic];

#[test]
fn strings_and_keys_as_redis_7_0() {
    drive(Peer::Redis70, false, STRINGS, &[]);
}

#[test]
fn strings_and_keys_as_valkey_9_1() {
    drive(Peer::Valkey91, true, STRINGS, &[]);
}

#[test]
fn sets_as_redis_7_0() {
    drive(Peer::Redis70, true, &[Group::Set], &[]);
}

#[test]
fn sets_as_valkey_9_1() {
    drive(Peer::Valkey91, false, &[Group::Set], &[]);
}

#[test]
fn hashes_as_redis_7_0() {
    drive(Peer::Redis70, true, &[Group::Hash], &[]);
}

#[test]
fn hashes_as_valkey_9_1() {
    drive(Peer::Valkey91, false, &[Group::Hash], &[]);
}

/// What numbers at the ends of their range do there.
const LIST_QUIRKS: &[(&str, &str)] = &[
    ("lset", "servers take an index beyond 32 bits for another"),
    ("lrem", "only newer servers refuse the least number"),
    ("lpos", "only newer servers refuse the least number"),
];

#[test]
fn lists_as_redis_7_0() {
    drive(Peer::Redis70, false, &[Group::List], LIST_QUIRKS);
}

#[test]
fn lists_as_valkey_9_1() {
    drive(Peer::Valkey91, true, &[Group::List], LIST_QUIRKS);
}

const BITMAPS: &[Group] = &[Group::Bitmap];

#[test]
fn bitmaps_as_redis_7_0() {
    drive(Peer::Redis70, true, BITMAPS, &[]);
}

#[test]
fn bitmaps_as_valkey_9_1() {
    drive(Peer::Valkey91, false, BITMAPS, &[]);
}

/// With values of another type. Strings are not among them: of a HyperLogLog that they damage, servers change a part when they
/// refuse to add to it.
const HYPERLOGLOGS: &[Group] = &[Group::HyperLogLog, Group::Set];

#[test]
fn hyperloglogs_as_redis_7_0() {
    drive(Peer::Redis70, false, HYPERLOGLOGS, &[]);
}

#[test]
fn hyperloglogs_as_valkey_9_1() {
    drive(Peer::Valkey91, true, HYPERLOGLOGS, &[]);
}
