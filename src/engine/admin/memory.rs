//! MEMORY: where it goes.

use super::super::Engine;
use super::super::dispatch::{Call, Handler};
use super::super::persist;
use crate::base::memory;
use crate::base::num::parse_canonical_i64;
use crate::command::Error;
use crate::keyspace::{Origin, ValueRef};
use crate::resp::encode::Reply;
use crate::value::Value;
use crate::value::save::Saver;

pub(super) const HANDLERS: &[(&str, Handler)] = &[("memory", memory)];

type Done = Result<(), Error>;

/// Bytes that a key takes beside its name and value, and an element of a large value beside its own.
const KEY_BYTES: usize = 24;
const ELEMENT_BYTES: usize = 16;

fn memory(engine: &mut Engine, call: &mut Call<'_>) -> Done {
    match call.subcommand.map(|spec| spec.name).unwrap_or_default() {
        "usage" => usage(engine, call)?,
        "doctor" => {
            let text = doctor(engine);
            call.reply.verbatim(b"txt", text.as_bytes());
        }
        "purge" => {
            memory::give_back();
            call.reply.ok();
        }
        "malloc-stats" => {
            let figures = engine.memory_figures();
            let text =
                format!("allocated: {} bytes\nresident: {} bytes\n", figures.used, figures.rss);
            call.reply.verbatim(b"txt", text.as_bytes());
        }
        "stats" => stats(engine, call.reply),
        _ => {
            const HELP: &[&str] = &[
                "MEMORY <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
                "DOCTOR",
                "    Return memory problems reports.",
                "MALLOC-STATS",
                "    Return internal statistics report from the memory allocator.",
                "PURGE",
                "    Attempt to purge dirty pages for reclamation by the allocator.",
                "STATS",
                "    Return information about the memory usage of the server.",
                "USAGE <key> [SAMPLES <count>]",
                "    Return memory in bytes used by <key> and its value. Nested values are",
                "    sampled up to <count> times (default: 5, 0 means sample all).",
                "HELP",
                "    Print this help.",
            ];
            call.reply.lines(HELP);
        }
    }
    Ok(())
}

/// An estimate: what the value's own parts say of their size, or else its stored form with what its elements take beside.
fn usage(engine: &mut Engine, call: &mut Call<'_>) -> Done {
    match call.args.get(3..).unwrap_or_default() {
        [] => {}
        [word, count] if word.eq_ignore_ascii_case(b"samples") => {
            let count = parse_canonical_i64(count).ok_or(Error::NotInteger)?;
            if count < 0 {
                return Err(Error::Syntax);
            }
        }
        _ => return Err(Error::Syntax),
    }
    let db = engine.clients.get(call.id).map_or(0, |client| client.db);
    let mut unit = engine.keyspace.unit(Origin::Client, engine.now.unix_ms);
    unit.select(db);
    match unit.peek(call.args[2]) {
        Some(value) => {
            let bytes = KEY_BYTES + call.args[2].len() + value_bytes(&value);
            call.reply.count(bytes as u64);
        }
        None => call.reply.null(),
    }
    Ok(())
}

fn value_bytes(value: &ValueRef<'_>) -> usize {
    match value.object() {
        None => value.string().map_or(0, <[u8]>::len),
        Some(Value::String(blob)) => blob.capacity(),
        Some(Value::List(list)) => list.allocated_bytes(),
        Some(Value::Zset(zset)) => zset.allocated_bytes(),
        Some(Value::Stream(stream)) => stream.allocated_bytes(),
        Some(Value::Array(array)) => array.allocated_bytes(),
        Some(Value::VectorSet(set)) => set.allocated_bytes(),
        Some(object) => {
            let mut saver = Saver::new(persist::newest(), false);
            let stored = saver.save(value.held()).map_or(0, |_| saver.body().len());
            let pieces = usize::try_from(object.pieces()).unwrap_or(usize::MAX);
            stored + pieces.saturating_mul(ELEMENT_BYTES)
        }
    }
}

/// A report for people.
fn doctor(engine: &Engine) -> String {
    /// Below it figures say little.
    const SMALL_BYTES: u64 = 5 << 20;
    let figures = engine.memory_figures();
    if figures.used < SMALL_BYTES {
        return "This instance uses too little memory for a report: less than 5 MB.\n".to_owned();
    }
    let mut found = Vec::new();
    if figures.peak * 2 > figures.used * 3 {
        found.push(
            "Peak memory: it once used much more memory than now, which may still be resident.",
        );
    }
    if figures.rss * 10 > figures.used * 14 {
        found.push("Fragmentation: the process has much more memory than is allocated.");
    }
    let clients = engine.clients.len() as u64;
    if clients > 0 && figures.clients / clients > 200 << 10 {
        found.push(
            "Big clients: a client takes more than 200 kB on average; CLIENT LIST shows which do.",
        );
    }
    match found.is_empty() {
        true => "No issue with memory was found in this instance.\n".to_owned(),
        false => found.iter().map(|line| format!("* {line}\n")).collect(),
    }
}

fn stats(engine: &Engine, reply: &mut Reply) {
    let figures = engine.memory_figures();
    let databases: Vec<usize> =
        (0..engine.keyspace.databases()).filter(|db| engine.keyspace.len(*db) > 0).collect();
    let keys: u64 = databases.iter().map(|db| engine.keyspace.len(*db)).sum();
    let net = figures.used.saturating_sub(figures.startup);
    let dataset = figures.used.saturating_sub(figures.overhead());
    let ratio = |a: u64, b: u64| a as f64 / b.max(1) as f64;
    let lagging_bytes = engine.replication.lagging_bytes();
    let counts_first = [
        ("peak.allocated", figures.peak),
        ("total.allocated", figures.used),
        ("startup.allocated", figures.startup),
        ("replication.backlog", engine.replication.memory_bytes() - lagging_bytes),
        ("clients.slaves", engine.replica_bytes()),
        ("clients.normal", figures.clients),
        ("cluster.links", 0),
        ("aof.buffer", figures.aof),
        ("lua.caches", 0),
        ("functions.caches", figures.functions),
    ];
    let resident = figures.rss.max(figures.used);
    let counts_last = [
        ("overhead.total", figures.overhead()),
        ("keys.count", keys),
        ("keys.bytes-per-key", net.checked_div(keys).unwrap_or(0)),
        ("dataset.bytes", dataset),
        ("allocator.allocated", figures.used),
        ("allocator.active", resident),
        ("allocator.resident", resident),
        ("allocator-fragmentation.bytes", resident - figures.used),
        ("allocator-rss.bytes", 0),
        ("rss-overhead.bytes", 0),
    ];
    let ratios = [
        ("dataset.percentage", ratio(dataset * 100, net)),
        ("peak.percentage", ratio(figures.used * 100, figures.peak)),
        ("allocator-fragmentation.ratio", ratio(resident, figures.used)),
        ("allocator-rss.ratio", 1.0),
        ("rss-overhead.ratio", 1.0),
        ("fragmentation", ratio(figures.rss, figures.used)),
    ];
    reply.map(counts_first.len() + databases.len() + counts_last.len() + ratios.len() + 1);
    let count = |reply: &mut Reply, name: &str, value: u64| {
        reply.bulk(name.as_bytes());
        reply.count(value);
    };
    counts_first.iter().for_each(|(name, value)| count(reply, name, *value));
    for db in databases {
        reply.bulk(format!("db.{db}").as_bytes());
        reply.map(2);
        count(reply, "overhead.hashtable.main", engine.keyspace.len(db) * 8);
        count(reply, "overhead.hashtable.expires", 0);
    }
    counts_last.iter().for_each(|(name, value)| count(reply, name, *value));
    for (name, value) in ratios {
        reply.bulk(name.as_bytes());
        reply.double(value);
    }
    reply.bulk(b"fragmentation.bytes");
    reply.int(figures.rss as i64 - figures.used as i64);
}
