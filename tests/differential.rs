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
use rkv::value::{Kind, Zset};
use std::collections::{BTreeMap, BTreeSet};
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
    "zrank",
    "zrevrank",
    "geosearch",
    "geosearchstore",
    "georadiusbymember",
    "georadiusbymember_ro",
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
const UNORDERED: &[&str] =
    &["smembers", "sinter", "sunion", "sdiff", "hgetall", "hkeys", "hvals", "keys"];

/// Commands that reply with times, which may have been set a moment apart.
const TIMES: &[&str] = &[
    "ttl",
    "pttl",
    "expiretime",
    "pexpiretime",
    "httl",
    "hpttl",
    "hexpiretime",
    "hpexpiretime",
    "xpending",
    "xreadgroup",
];

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
    /// Keys of streams with ids that were added to them, the latest last.
    entries: Vec<(Vec<u8>, String)>,
    /// Whether keys that end in 0 or 1 hold numbers only.
    sorts: bool,
    release: Release,
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
            _ if self.sorts => *self.pick(&["l", "s", "z"]),
            _ => "k",
        };
        let prefix =
            if self.one_in(12) { *self.pick(&["l", "s", "z", "h", "x", "k"]) } else { prefix };
        format!("{prefix}{}", self.rng.below(4)).into_bytes()
    }

    /// The id of an entry that is or was in a stream.
    fn entry_id(&mut self, key: &[u8]) -> Vec<u8> {
        let of_key: Vec<&String> =
            self.entries.iter().filter(|(other, _)| other == key).map(|(_, id)| id).collect();
        if of_key.is_empty() || self.rng.below(8) == 0 {
            let seq = self.next_id.saturating_sub(self.rng.below(12));
            return format!("{seq}-1").into_bytes();
        }
        let recent = &of_key[of_key.len().saturating_sub(8)..];
        recent[self.rng.below(recent.len() as u64) as usize].clone().into_bytes()
    }

    /// Remembers the id of an entry that was added.
    fn added(&mut self, key: &[u8], id: String) {
        if let Some(ms) = id.split('-').next().and_then(|ms| ms.parse().ok())
            && ms < 1 << 40
        {
            self.next_id = self.next_id.max(ms);
        }
        self.entries.push((key.to_vec(), id));
        if self.entries.len() > 80 {
            self.entries.remove(0);
        }
    }

    /// An argument of a stream command.
    fn stream_text(&mut self, name: &str, out: &[Vec<u8>]) -> Option<Vec<u8>> {
        let key = out.iter().find(|arg| arg.len() == 2 && arg[0] == b'x').cloned();
        let odd: &[&str] = match name {
            "group" => &["g", "g", "g", "h"],
            "consumer" => &["c", "d", "c", "d", "c", ""],
            "min-idle-time" => &["0", "0", "0", "0", "1000000000", "-1", "abc"],
            "pid" => &["p", "q", ""],
            "iid" | "field" | "value" => return None,
            "threshold" if self.one_in(2) => &["0", "1", "2", "3", "5", "8", "-1", "abc"],
            _ if self.one_in(30) => return None,
            "id" if out[0] == b"XREADGROUP" && !self.one_in(3) => &[">"],
            "id" if out[0] == b"XREAD" && self.one_in(4) => match self.release {
                Release::Newest => &["$", "+"],
                _ => &["$"],
            },
            "id" if out[0] == b"XADD" && self.one_in(3) => {
                let id = format!("{}-*", self.next_id + self.rng.below(2));
                return Some(id.into_bytes());
            }
            "start" | "min" if self.one_in(2) => &["-", "-", "0", "(1", "0-0", "(0-1", "("],
            "end" | "max" if self.one_in(2) => &["+", "+", "+", "999", "(999", "(0-0", "("],
            _ if self.one_in(6) => &[
                "-",
                "+",
                "0",
                "5-1",
                "7",
                "(3",
                "0-1",
                "4-4",
                "0-0",
                "1-",
                "-1",
                "1-x",
                "$",
                ">",
                "*",
                "007-1",
                "1-1\0x",
                "18446744073709551615-18446744073709551615",
            ],
            _ => return Some(self.entry_id(key.as_deref().unwrap_or_default())),
        };
        Some(self.pick(odd).as_bytes().to_vec())
    }

    /// One end of a range of members or scores.
    fn bound(&mut self, by_member: bool) -> Vec<u8> {
        let bounds: &[&str] = match by_member {
            true => &["-", "+", "[a", "(a", "[b", "(c", "[e", "(e", "[g", "[", "(", "b", "", "++"],
            false => &[
                "-inf", "+inf", "inf", "0", "1", "-1", "(1", "(0", "2.25", "(-inf", "(2.25", "100",
                "-0", "1e3", "(", "nan", "(x",
            ],
        };
        self.pick(bounds).as_bytes().to_vec()
    }

    fn text(&mut self, name: &str, group: Group, out: &[Vec<u8>]) -> Vec<u8> {
        if group == Group::Stream
            && let Some(text) = self.stream_text(name, out)
        {
            return text;
        }
        if group == Group::SortedSet && matches!(name, "min" | "max") && !self.one_in(20) {
            return self.bound(true);
        }
        if self.sorts
            && out.get(1).is_some_and(|key| key.ends_with(b"0") || key.ends_with(b"1"))
            && !matches!(name, "field")
        {
            let numbers = ["0", "1", "2", "3", "-1", "10", "2.5", "-0", "1e2", "inf"];
            return self.pick(&numbers).as_bytes().to_vec();
        }
        match self.rng.below(14) {
            // Only the newest release sorts it as zero.
            0 if self.sorts && self.release != Release::Newest => b"0".to_vec(),
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
            ArgKind::Integer if matches!(arg.name, "numkeys" | "numfields" | "numids") => {
                let count = 1 + self.rng.below(3);
                self.announced = Some(count);
                out.push(count.to_string().into_bytes());
            }
            ArgKind::Integer => {
                // Offsets and spans that stay small keep strings small, and times far enough to stay in the future.
                let value = match arg.name {
                    // Idle times must not hang on how fast the run is.
                    // Servers take an index beyond 32 bits for another.
                    "index" if out[0] == b"LSET" => {
                        (self.rng.below(14) as i64 - 4).to_string().into_bytes()
                    }
                    // Only newer releases refuse the least number.
                    "count" | "rank"
                        if matches!(&out[0][..], b"LREM" | b"LPOS")
                            && self.release != Release::Newest =>
                    {
                        (self.rng.below(14) as i64 - 4).to_string().into_bytes()
                    }
                    "min-idle-time" => {
                        self.pick(&["0", "0", "1000000000", "-1"]).as_bytes().to_vec()
                    }
                    "ms" => self.pick(&["0", "100000", "-5", "x"]).as_bytes().to_vec(),
                    "weight" if !self.one_in(4) => self
                        .pick(&["0", "-1", "2", "0.1", "inf", "-inf", "3e-5"])
                        .as_bytes()
                        .to_vec(),
                    "increment" if group == Group::SortedSet && !self.one_in(4) => {
                        self.pick(&["0", "-1", "2", "0.1", "inf", "-inf", "-0"]).as_bytes().to_vec()
                    }
                    "offset" if matches!(group, Group::SortedSet | Group::Generic) => {
                        self.pick(&["0", "0", "1", "2", "-1", "7"]).as_bytes().to_vec()
                    }
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
            ArgKind::Double if matches!(arg.name, "min" | "max") => out.push(self.bound(false)),
            ArgKind::Double => {
                let doubles: &[&str] = match arg.name {
                    "longitude" => &[
                        "0",
                        "1",
                        "-1.5",
                        "13.361389",
                        "15.087269",
                        "179.99",
                        "-180",
                        "180",
                        "-0",
                        "2.25",
                        "13.5",
                        "180.1",
                        "x",
                    ],
                    "latitude" => &[
                        "0",
                        "1",
                        "-1.5",
                        "38.115556",
                        "37.502669",
                        "85",
                        "-85.05112878",
                        "-0",
                        "38",
                        "2.25",
                        "86",
                        "nan",
                    ],
                    "radius" | "width" | "height" => &[
                        "0",
                        "1",
                        "100",
                        "200",
                        "500",
                        "5000",
                        "30000",
                        "1e6",
                        "1e7",
                        "0.5",
                        "-1",
                        "x",
                        "166275",
                        "166274.15",
                    ],
                    // An error of range makes older releases refuse the next SORT.
                    _ if group == Group::SortedSet && !self.sorts && self.one_in(4) => &[
                        "0.1",
                        "0.2",
                        "0.30000000000000004",
                        "1e20",
                        "-1e-7",
                        "123456789012",
                        "4.9e-324",
                        "1e-400",
                        "1e400",
                        "1.7976931348623157e308",
                        "9007199254740993",
                        "3.0",
                        "1e17",
                        "-9223372036854775808",
                        "Infinity",
                        "0.1e1",
                        " 1",
                        "1e",
                    ],
                    _ => &[
                        "0", "1", "-1", "1.5", "2.25", "inf", "-inf", "100", "nan", "1e3", "x",
                        "-0",
                    ],
                };
                out.push(self.pick(doubles).as_bytes().to_vec());
            }
            ArgKind::Pattern => {
                let patterns: &[&str] = match arg.name {
                    "by-pattern" => &["k*", "h*->a", "nosort", "*", "h*->", "k*->x", "l*", "h*->b"],
                    "get-pattern" => {
                        &["#", "#", "k*", "h*->a", "h0->a", "*->a", "*", "h*->b", "none"]
                    }
                    _ => &["*", "k*", "?1", "h[0-2]"],
                };
                out.push(self.pick(patterns).as_bytes().to_vec())
            }
            ArgKind::Time => {
                let seconds = now_ms() / 1000 + 1_000_000 + self.rng.below(1000) as i64;
                let scale = if arg.name.contains("milli") { 1000 } else { 1 };
                out.push((seconds * scale).to_string().into_bytes());
            }
            ArgKind::Text => {
                let text = self.text(arg.name, group, out);
                out.push(text);
            }
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
        // As many ids as streams.
        if arg.many && matches!(arg.kind, ArgKind::Key(_)) && group == Group::Stream {
            self.announced = Some(times);
        }
    }

    fn args(&mut self, args: &[Arg], group: Group, out: &mut Vec<Vec<u8>>) {
        for arg in args {
            self.arg(arg, group, out);
        }
    }

    /// Makes the ends of a range, wherever they mostly are none, such as its options ask for.
    fn fit_bounds(&mut self, out: &mut [Vec<u8>]) {
        let at = match &out[0][..] {
            b"ZRANGE" => 2,
            b"ZRANGESTORE" => 3,
            _ => return,
        };
        if self.one_in(10) {
            return;
        }
        let by_member = out.contains(&b"BYLEX".to_vec());
        let by_rank = !by_member && !out.contains(&b"BYSCORE".to_vec());
        for text in &mut out[at..at + 2] {
            *text = if by_rank { self.integer() } else { self.bound(by_member) };
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
        self.fit_bounds(&mut out);
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
        let parsed = read_reply(&mut bytes)
            .unwrap_or_else(|err| panic!("{err}: {}", reply.as_bytes().escape_ascii()));
        assert!(bytes.is_empty(), "more than one reply to {args:?}");
        parsed
    }

    /// Whether a command's outcome hangs on chance: a range of members of a large sorted set whose scores differ, or what SORT
    /// stores in an order that leaves much open.
    fn is_by_chance(&mut self, args: &[Vec<u8>]) -> bool {
        let has = |word: &[u8]| args.iter().any(|arg| arg == word);
        if args[0] == b"SORT" && has(b"STORE") && has(b"BY") && has(b"ALPHA") {
            return true;
        }
        let by_member = args[0].ends_with(b"LEX") || args[0] == b"ZLEXCOUNT";
        if !by_member && !has(b"BYLEX") {
            return false;
        }
        let key = if args[0] == b"ZRANGESTORE" { &args[2] } else { &args[1] };
        let unit = self.keyspace.unit(Origin::Client, now_ms());
        let by_chance = unit.peek_as::<Zset>(key).ok().flatten().is_some_and(|set| {
            let mut scores = set.iter().map(|(_, score)| score);
            let first = scores.next();
            !set.is_packed() && scores.any(|score| Some(score) != first)
        });
        let _nothing = unit.commit();
        by_chance
    }

    fn is_set(&mut self, key: &[u8]) -> bool {
        let unit = self.keyspace.unit(Origin::Client, now_ms());
        let is_set = unit.peek(key).is_some_and(|value| value.kind() == Kind::Set);
        let _nothing = unit.commit();
        is_set
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

/// In what replies may differ.
#[derive(Clone, Copy, Debug, Default)]
struct Leniency {
    /// In their order.
    unordered: bool,
    /// In all but their length.
    length_only: bool,
    /// In time that has passed.
    times: bool,
    /// In what XINFO tells in one release only.
    names: bool,
    /// In how much of a stream a group has read, which newer releases reckon otherwise.
    read: bool,
}

impl Leniency {
    fn of(name: &str, args: &[Vec<u8>], ours: &mut Ours, release: Release) -> Leniency {
        let mut leniency = Leniency {
            unordered: UNORDERED.contains(&name),
            times: TIMES.contains(&name),
            names: name == "xinfo",
            read: release != Release::Newest,
            length_only: false,
        };
        if matches!(name, "sort" | "sort_ro") {
            let word = |word: &str| args.iter().any(|arg| arg == word.as_bytes());
            let nosort = args.windows(2).any(|two| two[0] == b"BY" && !two[1].contains(&b'*'));
            // What has no weight, and the members of a set, are in no order, and then a part is any part.
            let loose = word("BY") && word("ALPHA") || nosort && ours.is_set(&args[1]);
            leniency.unordered = loose;
            leniency.length_only = loose && (word("LIMIT") || word("GET"));
        }
        leniency
    }
}

/// Whether replies are the same, but for the digits in which doubles are printed and what else is allowed.
fn same(ours: &Reply, theirs: &Reply, leniency: Leniency) -> bool {
    if leniency.names
        && let (Some(a), Some(b)) = (named(ours), named(theirs))
    {
        // The tree's shape is each server's own, and producers are forgotten now and then as time passes.
        let own = |name: &str| {
            name.starts_with("radix-tree-")
                || name.ends_with("ids-tracked")
                || leniency.read && matches!(name, "entries-read" | "lag")
        };
        return a.iter().filter(|(name, _)| !own(name) && b.contains_key(name.as_str())).all(
            |(name, value)| {
                let times = matches!(&name[..], "idle" | "inactive" | "seen-time" | "active-time");
                same(value, b[name.as_str()], Leniency { times, ..leniency })
            },
        );
    }
    match (ours, theirs) {
        (Reply::Array(a), Reply::Array(b))
        | (Reply::Map(a), Reply::Map(b))
        | (Reply::Set(a), Reply::Set(b)) => {
            if a.len() != b.len() || leniency.length_only {
                return a.len() == b.len();
            }
            if !leniency.unordered {
                return a.iter().zip(b).all(|(a, b)| same(a, b, leniency));
            }
            let sorted = |replies: &[Reply]| {
                let mut texts: Vec<String> =
                    replies.iter().map(|reply| format!("{reply:?}")).collect();
                texts.sort();
                texts
            };
            sorted(a) == sorted(b)
        }
        (Reply::Int(a), Reply::Int(b)) if leniency.times && *a >= 0 && *b >= 0 => {
            (a - b).abs() <= 3000
        }
        // Unix times in milliseconds.
        (Reply::Int(a), Reply::Int(b)) if leniency.names && *a > 1 << 40 && *b > 1 << 40 => {
            (a - b).abs() <= 3000
        }
        (a, b) if a == b => true,
        (a, b) => match (fraction(a), fraction(b)) {
            (Some(a), Some(b)) => a == b || (a - b).abs() <= 1e-9 * a.abs().max(b.abs()),
            _ => false,
        },
    }
}

/// What XINFO tells by name: a map, or an array of names and values in turn.
fn named(reply: &Reply) -> Option<BTreeMap<String, &Reply>> {
    let (Reply::Map(parts) | Reply::Array(parts)) = reply else { return None };
    let name = |reply: &Reply| match reply {
        Reply::Bulk(bytes) => String::from_utf8(bytes.clone()).ok(),
        _ => None,
    };
    let first = parts.first().and_then(name)?;
    if !matches!(&first[..], "length" | "name") || parts.len() % 2 == 1 {
        return None;
    }
    parts.chunks(2).map(|two| Some((name(&two[0])?, &two[1]))).collect()
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
    drive_with(peer, resp3, groups, &[], excused);
}

/// As [`drive`], with single commands of other groups, each as often as it is named.
fn drive_with(peer: Peer, resp3: bool, groups: &[Group], more: &[&str], excused: &[(&str, &str)]) {
    let seed = number_from_env("RKV_SEED").unwrap_or(SEED);
    println!("RKV_SEED={seed} {peer:?} resp3={resp3} {groups:?}");
    let mut server = Server::start(peer);
    let release = Release::of(peer, &mut server);
    if resp3 {
        assert!(!server.client.cmd(&["HELLO", "3"]).is_error());
    }
    let known: BTreeSet<String> =
        server.client.cmd(&["COMMAND", "LIST"]).array().into_iter().map(Reply::text).collect();
    let left_out = |name: &str| {
        let newest = release == Release::Newest;
        NOT_COMPARED.iter().any(|(other, _)| *other == name)
            || !newest && excused.iter().any(|(other, _)| *other == name)
    };
    let of_groups = command::all().filter(|command| groups.contains(&command.spec.group));
    let named = more.iter().filter_map(|name| command::find(name.as_bytes()));
    let mut commands: Vec<_> = of_groups
        .chain(named)
        .filter(|command| command.run.is_some())
        .filter(|command| known.contains(command.spec.name) && !left_out(command.spec.name))
        .map(|command| command.spec)
        .collect();
    commands.sort_by_key(|spec| spec.name);
    assert!(!commands.is_empty());
    let mut generator = Generator {
        rng: Rng::new(seed),
        announced: None,
        without: words_unknown_to(release),
        next_id: 1,
        entries: Vec::new(),
        sorts: more.contains(&"sort"),
        release,
    };
    let vendor = if peer == Peer::Redis70 { Dialect::Redis } else { Dialect::Valkey };
    let mut ours = Ours::new(seed, resp3, vendor);
    let mut history: Vec<String> = Vec::new();
    let mut differences: BTreeMap<String, String> = BTreeMap::new();
    let mut counts: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for step in 0..number_from_env("RKV_COMMANDS").unwrap_or(COMMANDS) {
        let spec = *generator.pick(&commands);
        let args = generator.command(spec);
        // Older releases cannot sort by the empty texts that stand for what GET does not find.
        let has = |word: &[u8]| args.iter().any(|arg| arg == word);
        let stores_nothing = has(b"GET") && has(b"STORE") && release != Release::Newest;
        if ours.is_by_chance(&args) || stores_nothing {
            continue;
        }
        let leniency = Leniency::of(spec.name, &args, &mut ours, release);
        let our_reply = ours.run(&args);
        let their_reply = server.client.cmd(&args);
        let shown: Vec<_> = args.iter().map(|arg| arg.escape_ascii().to_string()).collect();
        history.push(shown.join(" "));
        let (runs, sound) = counts.entry(spec.name).or_default();
        *runs += 1;
        *sound += u64::from(!their_reply.is_error());
        if let ("xadd", Reply::Bulk(id)) = (spec.name, &our_reply) {
            generator.added(&args[1], String::from_utf8_lossy(id).into_owned());
        }
        if our_reply.is_error() && OTHER_ORDER.contains(&spec.name) {
            continue;
        }
        let same_code = our_reply.is_error() && code(&our_reply) == code(&their_reply);
        let excused_words = release != Release::Newest && OTHER_WORDS.contains(&spec.name);
        let is_same = same_code && excused_words || same(&our_reply, &their_reply, leniency);
        let tail = || history[history.len().saturating_sub(30)..].join("\n");
        if !is_same {
            // One of a kind is enough.
            let kind = format!("{} {:?}", spec.name, code(&our_reply).or(code(&their_reply)));
            differences.entry(kind).or_insert_with(|| {
                format!(
                    "step {step}: {}\nours   {our_reply:?}\ntheirs {their_reply:?}",
                    shown.join(" ")
                )
            });
        }
        if !is_same || step % DIGEST_EVERY == DIGEST_EVERY - 1 {
            let theirs = server.client.cmd(&["DEBUG", "DIGEST"]).text();
            let digest = ours.digest();
            let mut keys = Vec::new();
            if digest.as_ref() != Ok(&theirs) {
                keys = differing_keys(&ours.keyspace, &mut server, vendor);
                // Newer releases mix in scores as they print them.
                keys.retain(|key| {
                    release == Release::Redis70 || !same_content(&mut ours, &mut server, key)
                });
            }
            if groups.contains(&Group::Stream) {
                keys.extend(differing_streams(&mut ours, &mut server, release));
            }
            let differs = digest.as_ref() != Ok(&theirs) && release == Release::Redis70;
            if digest.is_err() || differs || !keys.is_empty() {
                panic!(
                    "RKV_SEED={seed}, step {step}: data differs in {keys:?} {digest:?}; replies that differ: {differences:#?}; commands before:\n{}",
                    tail()
                );
            }
        }
    }
    let differences: Vec<String> = differences.into_values().collect();
    assert!(differences.is_empty(), "RKV_SEED={seed}:\n{}", differences.join("\n"));
    // The generator must not sink into errors.
    let weak: Vec<_> = counts.iter().filter(|(_, (runs, sound))| sound * 40 < *runs).collect();
    assert!(weak.is_empty(), "commands that mostly fail, with their runs and successes: {weak:?}");
}

/// Whether a sorted set or hash is the same to who reads it.
fn same_content(ours: &mut Ours, server: &mut Server, key: &str) -> bool {
    let reads: [&[&str]; 2] = [&["ZRANGE", key, "0", "-1", "WITHSCORES"], &["HGETALL", key]];
    reads.iter().any(|words| {
        let args: Vec<Vec<u8>> = words.iter().map(|word| word.as_bytes().to_vec()).collect();
        let (our_reply, their_reply) = (ours.run(&args), server.client.cmd(&args));
        let leniency = Leniency { unordered: words.len() == 2, ..Leniency::default() };
        !our_reply.is_error() && same(&our_reply, &their_reply, leniency)
    })
}

/// Tells where groups of streams differ, which no digest covers.
fn differing_streams(ours: &mut Ours, server: &mut Server, release: Release) -> Vec<String> {
    let mut found = Vec::new();
    for key in ["x0", "x1", "x2", "x3"] {
        let args: Vec<Vec<u8>> =
            ["XINFO", "STREAM", key, "FULL", "COUNT", "0"].map(|word| word.into()).into();
        let (our_reply, their_reply) = (ours.run(&args), server.client.cmd(&args));
        let leniency = Leniency::of("xinfo", &args, ours, release);
        if !same(&our_reply, &their_reply, leniency) {
            found.push(format!("{key}\nours   {our_reply:?}\ntheirs {their_reply:?}\n"));
        }
    }
    found
}

/// What a server knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Release {
    Redis70,
    Valkey,
    /// The release whose replies are rkv's own, if `RKV_PEERS_DIR` has it in the place of the old one.
    Newest,
}

impl Release {
    fn of(peer: Peer, server: &mut Server) -> Release {
        let info = server.client.cmd(&["INFO", "server"]).text();
        match peer {
            Peer::Redis70 if info.contains("redis_version:8.") => Release::Newest,
            Peer::Redis70 => Release::Redis70,
            Peer::Valkey81 | Peer::Valkey91 => Release::Valkey,
        }
    }
}

/// Words that came with later releases than the peer's, and BLOCK, which waits.
fn words_unknown_to(release: Release) -> &'static [&'static str] {
    match release {
        // The newest release answers a digest that is none twice.
        Release::Newest => &["BLOCK", "IFDEQ", "IFDNE"],
        Release::Redis70 => &[
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
        Release::Valkey => &[
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

#[test]
fn lists_as_redis_7_0() {
    drive(Peer::Redis70, false, &[Group::List], &[]);
}

#[test]
fn lists_as_valkey_9_1() {
    drive(Peer::Valkey91, true, &[Group::List], &[]);
}

#[test]
fn sorted_sets_as_redis_7_0() {
    drive(Peer::Redis70, true, &[Group::SortedSet], &[]);
}

#[test]
fn sorted_sets_as_valkey_9_1() {
    drive(Peer::Valkey91, false, &[Group::SortedSet], &[]);
}

#[test]
fn geo_as_redis_7_0() {
    drive_with(Peer::Redis70, false, &[Group::Geo], &["del", "zrem"], &[]);
}

#[test]
fn geo_as_valkey_9_1() {
    drive_with(Peer::Valkey91, true, &[Group::Geo], &["del", "zrem"], &[]);
}

/// What Valkey does otherwise than rkv.
const VALKEY_STREAM_QUIRKS: &[(&str, &str)] = &[
    ("xautoclaim", "refuses a count whose entries would not fit into memory"),
    ("xread", "takes + for no entry"),
];

/// What Redis 7.0 does otherwise than its successors.
const STREAM_QUIRKS: &[(&str, &str)] = &[
    ("xclaim", "makes the consumer with the first entry it claims only"),
    ("xautoclaim", "makes the consumer with the first entry it claims only"),
    ("xread", "does not know +"),
    ("xreadgroup", "makes the consumer with the first entry it reads only"),
    ("xsetid", "does not look at the highest id that was deleted"),
];

#[test]
fn streams_as_redis_7_0() {
    drive_with(Peer::Redis70, true, &[Group::Stream], &["xadd", "xadd"], STREAM_QUIRKS);
}

#[test]
fn streams_as_valkey_9_1() {
    drive_with(Peer::Valkey91, false, &[Group::Stream], &["xadd", "xadd"], VALKEY_STREAM_QUIRKS);
}

/// SORT, and commands that make what it sorts and looks up.
const SORTING: &[&str] = &[
    "sort", "sort", "sort", "sort", "sort", "sort_ro", "sort_ro", "rpush", "lpop", "sadd", "srem",
    "zadd", "zrem", "set", "hset", "hset", "del",
];

#[test]
fn sort_as_redis_7_0() {
    drive_with(Peer::Redis70, false, &[], SORTING, &[]);
}

#[test]
fn sort_as_valkey_9_1() {
    drive_with(Peer::Valkey91, true, &[], SORTING, &[]);
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
