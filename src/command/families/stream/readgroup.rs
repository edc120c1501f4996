//! XREADGROUP.

use super::super::super::error::Error;
use super::super::super::{Ctx, WaitFor};
use super::read::{ReadOptions, open_stream, open_streams};
use super::{
    Done, ID_MAX, ID_ZERO, Line, claim_line, consumer_line, next_id, no_key_or_group, reply_fields,
    reply_id, setid_line, strict_id,
};
use crate::keyspace::{Change, Event};
use crate::rdb::StreamId;
use crate::resp::encode::Reply;
use crate::value::stream::{Entry, Pending, Stream};

/// What is read of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// What the group has not read yet: `>`.
    New,
    /// What the consumer has pending behind an id.
    History(StreamId),
}

impl Wanted {
    fn parse(text: &[u8]) -> Result<Wanted, Error> {
        let meaningless = |id: &str| {
            Err(Error::text(format!(
                "ERR The {id} ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by \
                 specifying a proper ID, or use the > ID to get new messages. The {id} ID would just return an empty result set."
            )))
        };
        match text {
            b"$" => meaningless("$"),
            b"+" => meaningless("+"),
            b">" => Ok(Wanted::New),
            // The highest id stands for new entries.
            _ => Ok(match strict_id(text, 0)? {
                ID_MAX => Wanted::New,
                id => Wanted::History(id),
            }),
        }
    }
}

/// How one group's consumer reads one stream.
struct Reading<'a> {
    key: &'a [u8],
    group: &'a [u8],
    consumer: &'a [u8],
    count: Option<usize>,
    no_ack: bool,
    claim_idle_ms: Option<i64>,
    now_ms: i64,
    resp3: bool,
}

/// What came of it.
#[derive(Default)]
struct Found {
    /// The key and its entries, unless there was nothing to tell.
    reply: Option<Reply>,
    /// What others run.
    lines: Vec<Line>,
    /// Whether the consumer came into being.
    created: bool,
}

impl Reading<'_> {
    fn run(&self, stream: &mut Stream, wanted: Wanted) -> Found {
        let mut found = Found::default();
        if let Some(group) = stream.group_mut(self.group) {
            found.created = group.create_consumer(self.consumer, self.now_ms);
            group.set_consumer_times(self.consumer, self.now_ms, None);
        }
        match wanted {
            Wanted::History(behind) => self.history(stream, behind, &mut found),
            Wanted::New => self.new_entries(stream, &mut found),
        }
        let claims = found.lines.iter().any(|line| line[0] == b"XCLAIM");
        if found.created && (self.no_ack || !claims) {
            found.lines.insert(0, consumer_line(self.key, self.group, self.consumer));
        }
        found
    }

    /// Begins what is told of the stream.
    fn open(&self, entries: usize) -> Reply {
        let mut reply = Reply::new(self.resp3);
        open_stream(&mut reply, self.key);
        reply.array(entries);
        reply
    }

    fn history(&self, stream: &mut Stream, behind: StreamId, found: &mut Found) {
        let consumer = stream.group(self.group).and_then(|group| group.consumer(self.consumer));
        let ids: Vec<StreamId> = match (consumer, next_id(behind)) {
            (Some(consumer), Some(start)) => {
                consumer.pending_from(start).take(self.count.unwrap_or(usize::MAX)).collect()
            }
            _ => Vec::new(),
        };
        let mut reply = self.open(ids.len());
        for id in ids {
            reply.array(2);
            reply_id(&mut reply, id);
            match stream.get(id) {
                Some(entry) => reply_fields(&mut reply, &entry),
                None => {
                    reply.null_array();
                    continue;
                }
            }
            if let Some(group) = stream.group_mut(self.group)
                && let Some(deliveries) = group.pending(id).map(|pending| pending.delivery_count)
            {
                let deliveries = deliveries.saturating_add(1);
                group.set_pending(id, Some(self.consumer), self.now_ms, deliveries);
            }
        }
        found.reply = Some(reply);
    }

    /// Entries that are pending for long enough, the oldest delivery first.
    fn claimable(&self, stream: &Stream, min_idle_ms: i64) -> Vec<(StreamId, Pending)> {
        let Some(group) = stream.group(self.group) else { return Vec::new() };
        let is_idle =
            |pending: &Pending| self.now_ms.saturating_sub(pending.delivery_time_ms) >= min_idle_ms;
        let mut all: Vec<(StreamId, Pending)> = group
            .pending_from(ID_ZERO)
            .filter(|(id, pending)| is_idle(pending) && stream.get(*id).is_some())
            .map(|(id, pending)| (id, pending.clone()))
            .collect();
        all.sort_by_key(|(id, pending)| (pending.delivery_time_ms, *id));
        all.truncate(self.count.unwrap_or(usize::MAX));
        all
    }

    fn new_entries(&self, stream: &mut Stream, found: &mut Found) {
        let claimed = match self.claim_idle_ms {
            Some(min_idle_ms) => self.claimable(stream, min_idle_ms),
            None => Vec::new(),
        };
        let Some(group) = stream.group(self.group) else { return };
        let last_id = group.last_id;
        let left = self.count.map_or(usize::MAX, |count| count - claimed.len());
        let start = next_id(last_id);
        let fresh = start.into_iter().flat_map(|start| stream.range(start, ID_MAX, false));
        let fresh: Vec<Entry<'_>> = fresh.take(left).collect();
        if claimed.is_empty() && fresh.is_empty() {
            return;
        }
        let mut reply = self.open(claimed.len() + fresh.len());
        for (id, pending) in &claimed {
            let idle_ms = self.now_ms.saturating_sub(pending.delivery_time_ms).max(0);
            if let Some(entry) = stream.get(*id) {
                self.reply_entry(&mut reply, &entry, idle_ms, pending.delivery_count);
            }
        }
        fresh.iter().for_each(|entry| self.reply_entry(&mut reply, entry, 0, 0));
        let ids: Vec<StreamId> = fresh.iter().map(|entry| entry.id).collect();
        let takes = !claimed.is_empty() || !self.no_ack;
        for (id, pending) in claimed {
            self.take(stream, id, pending.delivery_count.saturating_add(1), found);
        }
        if !self.no_ack {
            ids.iter().for_each(|id| self.take(stream, *id, 1, found));
        }
        for id in &ids {
            stream.advance_group(self.group, *id);
        }
        if let Some(group) = stream.group_mut(self.group) {
            group.set_consumer_times(self.consumer, self.now_ms, takes.then_some(self.now_ms));
            if !ids.is_empty() {
                found.lines.push(setid_line(self.key, self.group, group));
            }
        }
        found.reply = Some(reply);
    }

    /// Makes an entry pending for the consumer.
    fn take(&self, stream: &mut Stream, id: StreamId, deliveries: u64, found: &mut Found) {
        let Some(group) = stream.group_mut(self.group) else { return };
        group.set_pending(id, Some(self.consumer), self.now_ms, deliveries);
        if let Some(pending) = group.pending(id) {
            found.lines.push(claim_line(self.key, self.group, id, pending, group.last_id));
        }
    }

    /// Writes an entry; where pending ones are claimed, with what was known of its delivery.
    fn reply_entry(&self, reply: &mut Reply, entry: &Entry<'_>, idle_ms: i64, deliveries: u64) {
        let with_delivery = self.claim_idle_ms.is_some();
        reply.array(if with_delivery { 4 } else { 2 });
        reply_id(reply, entry.id);
        reply_fields(reply, entry);
        if with_delivery {
            reply.int(idle_ms);
            reply.count(deliveries);
        }
    }
}

pub(super) fn xreadgroup(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let (now_ms, resp3) = (ctx.now_ms(), ctx.reply.is_resp3());
    let options = ReadOptions::parse(args, now_ms, true)?;
    let (group, consumer) = options.group.unwrap_or_default();
    let mut wanted = Vec::new();
    for (key, text) in options.keys.iter().zip(options.ids) {
        let stream = ctx.unit.read::<Stream>(key)?;
        if stream.and_then(|stream| stream.group(group)).is_none() {
            return Err(no_key_or_group(key, group, " in XREADGROUP with GROUP option"));
        }
        wanted.push((*key, Wanted::parse(text)?));
    }
    // Once history is read of a stream, nothing is claimed of it and of those behind it.
    let mut claim_idle_ms = options.claim_idle_ms;
    let (mut replies, mut lines) = (Vec::new(), Vec::new());
    for (key, wanted) in wanted {
        if wanted != Wanted::New {
            claim_idle_ms = None;
        }
        let reading = Reading {
            key,
            group,
            consumer,
            count: options.count,
            no_ack: options.no_ack,
            claim_idle_ms,
            now_ms,
            resp3,
        };
        let found = ctx.update(key, |place| {
            let found = match place.get::<Stream>()? {
                Some((stream, _)) => reading.run(stream, wanted),
                None => Found::default(),
            };
            Ok((found, Change::None))
        })?;
        if found.created {
            ctx.unit.event(Event::stream("xgroup-createconsumer"), key);
        }
        ctx.unit.add_dirty(u64::from(found.created) + u64::from(found.reply.is_some()));
        replies.extend(found.reply);
        lines.extend(found.lines);
    }
    super::propagate_lines(ctx, &lines);
    if replies.is_empty() {
        if let Some(block_ms) = options.block_ms {
            ctx.wait(WaitFor::Group, options.keys, block_ms);
        }
        ctx.reply.null_array();
        return Ok(());
    }
    open_streams(ctx.reply, replies.len());
    replies.iter().for_each(|reply| ctx.reply.raw(reply.as_bytes()));
    Ok(())
}
