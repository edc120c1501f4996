//! Whether replies and data are the same on both sides.

use crate::Release;
use crate::common::client::Reply;
use crate::common::servers::Server;
use crate::ours::Ours;
use rkv::keyspace::{Digest, Keyspace};
use rkv::rdb::Dialect;
use std::collections::{BTreeMap, BTreeSet};

/// Commands whose replies are in no order.
const UNORDERED: &[&str] =
    &["smembers", "sinter", "sunion", "sdiff", "hgetall", "hkeys", "hvals", "keys"];

/// Commands that reply with times, which may have been set a moment apart.
const TIMES: &[&str] =
    &["ttl", "pttl", "expiretime", "pexpiretime", "httl", "hpttl", "hexpiretime", "hpexpiretime"];

/// Commands that reply with how long entries have been idle.
const IDLE: &[&str] = &["xpending", "xreadgroup"];

/// The code that an error begins with.
pub(crate) fn code(reply: &Reply) -> Option<&str> {
    match reply {
        Reply::Error(text) => text.split(' ').next(),
        _ => None,
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
pub(crate) struct Leniency {
    /// In their order.
    unordered: bool,
    /// In all but their length.
    length_only: bool,
    /// In time that has passed.
    times: bool,
    /// In the idle time of entries, beside their count of deliveries.
    idle: bool,
    /// In what XINFO tells in one release only.
    names: bool,
    /// In how much of a stream a group has read, which newer releases reckon otherwise.
    read: bool,
}

impl Leniency {
    pub(crate) fn of(name: &str, args: &[Vec<u8>], ours: &mut Ours, release: Release) -> Leniency {
        let mut leniency = Leniency {
            unordered: UNORDERED.contains(&name),
            times: TIMES.contains(&name),
            idle: IDLE.contains(&name),
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
pub(crate) fn same(ours: &Reply, theirs: &Reply, leniency: Leniency) -> bool {
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
            if leniency.idle
                && let (
                    [id, second, idle, count],
                    [their_id, their_second, their_idle, their_count],
                ) = (&a[..], &b[..])
                && matches!((idle, count), (Reply::Int(_), Reply::Int(_)))
            {
                let times = Leniency { times: true, ..leniency };
                return same(id, their_id, leniency)
                    && same(second, their_second, leniency)
                    && same(idle, their_idle, times)
                    && count == their_count;
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
pub(crate) fn differing_keys(
    keyspace: &Keyspace,
    server: &mut Server,
    vendor: Dialect,
) -> Vec<String> {
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
            if Digest::of_value(&value, vendor).to_string() != theirs {
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

/// Whether a sorted set or hash is the same to who reads it.
pub(crate) fn same_content(ours: &mut Ours, server: &mut Server, key: &str) -> bool {
    let reads: [&[&str]; 2] = [&["ZRANGE", key, "0", "-1", "WITHSCORES"], &["HGETALL", key]];
    reads.iter().any(|words| {
        let args: Vec<Vec<u8>> = words.iter().map(|word| word.as_bytes().to_vec()).collect();
        let (our_reply, their_reply) = (ours.run(&args), server.client.cmd(&args));
        let leniency = Leniency { unordered: words.len() == 2, ..Leniency::default() };
        !our_reply.is_error() && same(&our_reply, &their_reply, leniency)
    })
}

/// Tells where groups of streams differ, which no digest covers.
pub(crate) fn differing_streams(
    ours: &mut Ours,
    server: &mut Server,
    release: Release,
) -> Vec<String> {
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
