//! XINFO.

use super::super::super::Ctx;
use super::super::super::error::Error;
use super::super::super::parse::{int, is};
use super::read::reply_entries;
use super::{
    Done, ID_MAX, ID_ZERO, check_subcommand, no_group, reply_entry, reply_help, reply_id,
    subcommand_syntax,
};
use crate::rdb::StreamId;
use crate::resp::encode::Reply;
use crate::value::stream::{Consumer, Group, Stream};

const HELP: &[&str] = &[
    "CONSUMERS <key> <groupname>",
    "    Show consumers of <groupname>.",
    "GROUPS <key>",
    "    Show the stream consumer groups.",
    "STREAM <key> [FULL [COUNT <count>]",
    "    Show information about the stream.",
];

pub(super) fn xinfo(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    check_subcommand("xinfo", args)?;
    if is(args[1], "help") {
        reply_help(ctx.reply, "XINFO", HELP);
        return Ok(());
    }
    let now_ms = ctx.now_ms();
    ctx.unit.read::<Stream>(args[2])?;
    let is_old = ctx.unit.limits().names_of_7_0;
    let stream = ctx.unit.peek_as::<Stream>(args[2])?.ok_or(Error::NoSuchKey)?;
    let idempotence = !is_old || stream.idempotence().is_some();
    let reply = &mut *ctx.reply;
    match args[1] {
        word if is(word, "consumers") => {
            let group = stream.group(args[3]).ok_or_else(|| no_group(args[2], args[3]))?;
            reply.array(group.consumer_count());
            for (name, consumer) in group.consumers() {
                reply_consumer(reply, name, consumer, now_ms);
            }
        }
        word if is(word, "groups") => {
            reply.array(stream.group_count());
            for (name, group) in stream.groups() {
                reply_group(reply, stream, name, group);
            }
        }
        _ => match full_count(args)? {
            None => reply_stream(reply, stream, idempotence),
            Some(count) => reply_full(reply, stream, count, idempotence),
        },
    }
    Ok(())
}

/// Reads `[FULL [COUNT n]]`: the count, which is 0 for all.
fn full_count(args: &[&[u8]]) -> Result<Option<usize>, Error> {
    /// Entries shown unless a COUNT is given.
    const COUNT: usize = 10;
    match args[3..] {
        [] => Ok(None),
        [full] if is(full, "full") => Ok(Some(COUNT)),
        [full, word, n] if is(full, "full") && is(word, "count") => {
            Ok(Some(usize::try_from(int(n)?).unwrap_or(COUNT)))
        }
        _ => Err(subcommand_syntax("XINFO", args[1])),
    }
}

fn reply_consumer(reply: &mut Reply, name: &[u8], consumer: &Consumer, now_ms: i64) {
    reply.map(4);
    reply.bulk(b"name");
    reply.bulk(name);
    reply.bulk(b"pending");
    reply.count(consumer.pending_count());
    reply.bulk(b"idle");
    reply.int(now_ms.saturating_sub(consumer.seen_time_ms).max(0));
    reply.bulk(b"inactive");
    let inactive = consumer.active_time_ms.map(|at_ms| now_ms.saturating_sub(at_ms).max(0));
    reply.int(inactive.unwrap_or(-1));
}

fn reply_group(reply: &mut Reply, stream: &Stream, name: &[u8], group: &Group) {
    reply.map(6);
    reply.bulk(b"name");
    reply.bulk(name);
    reply.bulk(b"consumers");
    reply.count(group.consumer_count() as u64);
    reply.bulk(b"pending");
    reply.count(group.pending_count());
    reply_progress(reply, stream, group);
}

/// Writes how far a group has read.
fn reply_progress(reply: &mut Reply, stream: &Stream, group: &Group) {
    reply.bulk(b"last-delivered-id");
    reply_id(reply, group.last_id);
    let entries_read = group.entries_read.map(u64::cast_signed);
    for (name, count) in [("entries-read", entries_read), ("lag", stream.lag(group))] {
        reply.bulk(name.as_bytes());
        match count {
            Some(count) => reply.int(count),
            None => reply.null(),
        }
    }
}

/// Number of nodes of the radix tree in which servers keep ids, which are strings of 16 bytes there. The ids rise.
fn radix_nodes(ids: &[[u8; 16]]) -> u64 {
    /// Nodes under a point at which `depth` bytes are behind.
    fn below(ids: &[[u8; 16]], depth: usize) -> u64 {
        let (Some(first), Some(last)) = (ids.first(), ids.last()) else { return 0 };
        let same = first.iter().zip(last).take_while(|(a, b)| a == b).count();
        let run = u64::from(same > depth);
        if same >= first.len() {
            // The rest of the one id that is left, and the node that ends it.
            return run + 1;
        }
        let branches = ids.chunk_by(|a, b| a[same] == b[same]);
        run + 1 + branches.map(|ids| below(ids, same + 1)).sum::<u64>()
    }
    below(ids, 0).max(1)
}

/// Pairs that both forms of XINFO STREAM tell, with what belongs to idempotence or without, as before Redis 8.6.
fn pairs(idempotence: bool) -> usize {
    if idempotence { 13 } else { 7 }
}

/// Writes what both forms of XINFO STREAM tell.
fn reply_numbers(reply: &mut Reply, stream: &Stream, with_idempotence: bool) {
    let ids: Vec<[u8; 16]> = stream.nodes().map(|node| node.master_id().to_bytes()).collect();
    let idempotence = stream.idempotence().cloned().unwrap_or_default();
    let tracked: usize = idempotence.producers.values().map(|ids| ids.len()).sum();
    let producers = idempotence.producers.values().filter(|ids| !ids.is_empty()).count();
    let count = |reply: &mut Reply, name: &str, count: u64| {
        reply.bulk(name.as_bytes());
        reply.count(count);
    };
    let id = |reply: &mut Reply, name: &str, id: StreamId| {
        reply.bulk(name.as_bytes());
        reply_id(reply, id);
    };
    count(reply, "length", stream.len());
    count(reply, "radix-tree-keys", stream.node_count() as u64);
    count(reply, "radix-tree-nodes", radix_nodes(&ids));
    id(reply, "last-generated-id", stream.last_id());
    id(reply, "max-deleted-entry-id", stream.max_deleted_id());
    // As servers count in 64 bits with a sign, what XSETID put at the end of the range goes on below zero.
    reply.bulk(b"entries-added");
    reply.int(stream.entries_added().cast_signed());
    id(reply, "recorded-first-entry-id", stream.first_id());
    if !with_idempotence {
        return;
    }
    count(reply, "idmp-duration", idempotence.duration_s);
    count(reply, "idmp-maxsize", idempotence.max_entries);
    count(reply, "pids-tracked", producers as u64);
    count(reply, "iids-tracked", tracked as u64);
    count(reply, "iids-added", idempotence.added);
    count(reply, "iids-duplicates", idempotence.duplicates);
}

fn reply_stream(reply: &mut Reply, stream: &Stream, idempotence: bool) {
    reply.map(pairs(idempotence) + 3);
    reply_numbers(reply, stream, idempotence);
    reply.bulk(b"groups");
    reply.count(stream.group_count() as u64);
    for (name, backwards) in [("first-entry", false), ("last-entry", true)] {
        reply.bulk(name.as_bytes());
        match stream.range(ID_ZERO, ID_MAX, backwards).next() {
            Some(entry) => reply_entry(reply, &entry),
            None => reply.null(),
        }
    }
}

/// Writes all there is, at most `count` entries of each kind, or all if it is 0.
fn reply_full(reply: &mut Reply, stream: &Stream, count: usize, idempotence: bool) {
    let count = if count == 0 { usize::MAX } else { count };
    reply.map(pairs(idempotence) + 2);
    reply_numbers(reply, stream, idempotence);
    reply.bulk(b"entries");
    reply_entries(reply, stream.iter(), Some(count));
    reply.bulk(b"groups");
    reply.array(stream.group_count());
    for (name, group) in stream.groups() {
        // Releases before 8.8 have nothing that was given back, and their clients do not expect to hear of it.
        let given_back = group.given_back_count();
        reply.map(7 + usize::from(given_back > 0));
        reply.bulk(b"name");
        reply.bulk(name);
        reply_progress(reply, stream, group);
        reply.bulk(b"pel-count");
        reply.count(group.pending_count());
        reply.bulk(b"pending");
        let pending: Vec<_> = group.pending_from(ID_ZERO).take(count).collect();
        reply.array(pending.len());
        for (id, pending) in pending {
            reply.array(4);
            reply_id(reply, id);
            reply.bulk(pending.consumer.as_deref().unwrap_or_default());
            reply.int(pending.delivery_time_ms);
            reply.count(pending.delivery_count);
        }
        reply.bulk(b"consumers");
        reply.array(group.consumer_count());
        for (name, consumer) in group.consumers() {
            reply_full_consumer(reply, group, name, consumer, count);
        }
        if given_back > 0 {
            reply.bulk(b"nacked-count");
            reply.count(given_back);
        }
    }
}

fn reply_full_consumer(
    reply: &mut Reply,
    group: &Group,
    name: &[u8],
    consumer: &Consumer,
    count: usize,
) {
    reply.map(5);
    reply.bulk(b"name");
    reply.bulk(name);
    reply.bulk(b"seen-time");
    reply.int(consumer.seen_time_ms);
    reply.bulk(b"active-time");
    reply.int(consumer.active_time_ms.unwrap_or(-1));
    reply.bulk(b"pel-count");
    reply.count(consumer.pending_count());
    reply.bulk(b"pending");
    let ids: Vec<StreamId> = consumer.pending_from(ID_ZERO).take(count).collect();
    reply.array(ids.len());
    for id in ids {
        let pending = group.pending(id);
        reply.array(3);
        reply_id(reply, id);
        reply.int(pending.map_or(0, |pending| pending.delivery_time_ms));
        reply.count(pending.map_or(0, |pending| pending.delivery_count));
    }
}
