//! Random commands go to the handlers and to real servers: replies and data must be the same.
//!
//! Arguments follow the descriptions of the command table. A run is repeated with `RKV_SEED=n`, made longer with
//! `RKV_COMMANDS=n`.

#[path = "../common/mod.rs"]
mod common;
mod compare;
mod generator;
mod ours;

use common::client::Reply;
use common::servers::{Peer, Server};
use compare::{Leniency, code, differing_keys, differing_streams, same, same_content};
use generator::{Generator, words_unknown_to};
use ours::Ours;
use rkv::base::rng::Rng;
use rkv::command::{self, spec::Group};
use rkv::rdb::Dialect;
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

fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(now.as_millis()).unwrap()
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
            Peer::Redis70 | Peer::Rkv => Release::Redis70,
            Peer::Valkey81 | Peer::Valkey91 => Release::Valkey,
        }
    }
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
