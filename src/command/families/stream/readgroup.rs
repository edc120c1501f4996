//! XREADGROUP.

use super::super::super::error::Error;
use super::super::super::{Ctx, WaitFor};
use super::read::{Budget, ReadOptions, open_stream, open_streams};
use super::{
    Done, ID_MAX, ID_ZERO, Line, claim_line, consumer_line, delivered_again, next_id,
    no_key_or_group, reply_fields, reply_id, setid_line, strict_id,
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
    fn run(&self, stream: &mut Stream, wanted: Wanted, budget: &mut Budget) -> Found {
        let mut found = Found::default();
        if let Some(group) = stream.group_mut(self.group) {
            found.created = group.create_consumer(self.consumer, self.now_ms);
            group.set_consumer_times(self.consumer, self.now_ms, None);
        }
        match wanted {
            Wanted::History(behind) => self.history(stream, behind, budget, &mut found),
            Wanted::New => self.new_entries(stream, budget, &mut found),
        }
        budget.end_stream(found.reply.as_ref().map_or(0, Reply::len));
        let claims = found.lines.iter().any(|line| line[0] == b"XCLAIM");
        if found.created && (self.no_ack || !claims) {
            found.lines.insert(0, consumer_line(self.key, self.group, self.consumer));
        }
        found
    }

    /// What is told of the stream, with so many entries.
    fn close(&self, entries: usize, replies: &Reply) -> Reply {
        let mut reply = Reply::new(self.resp3);
        open_stream(&mut reply, self.key);
        reply.array(entries);
        reply.raw(replies.as_bytes());
        reply
    }

    fn history(
        &self,
        stream: &mut Stream,
        behind: StreamId,
        budget: &mut Budget,
        found: &mut Found,
    ) {
        let consumer = stream.group(self.group).and_then(|group| group.consumer(self.consumer));
        let ids: Vec<StreamId> = match (consumer, next_id(behind)) {
            (Some(consumer), Some(start)) => {
                consumer.pending_from(start).take(budget.of_stream()).collect()
            }
            _ => Vec::new(),
        };
        let (mut reply, mut len) = (Reply::new(self.resp3), 0);
        for id in ids {
            if budget.is_used_up(reply.len()) {
                break;
            }
            budget.take_entry();
            len += 1;
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
                let deliveries = delivered_again(deliveries);
                group.set_pending(id, Some(self.consumer), self.now_ms, deliveries);
            }
        }
        found.reply = Some(self.close(len, &reply));
    }

    /// Entries that are pending for long enough: those that were given back by their turns, then the oldest delivery first.
    fn claimable(
        &self,
        stream: &Stream,
        min_idle_ms: i64,
        most: usize,
    ) -> Vec<(StreamId, Pending)> {
        let Some(group) = stream.group(self.group) else { return Vec::new() };
        let is_idle =
            |pending: &Pending| self.now_ms.saturating_sub(pending.delivery_time_ms) >= min_idle_ms;
        let given_back = group.given_back().filter_map(|id| Some((id, group.pending(id)?)));
        let is_claimable =
            |(id, pending): &(StreamId, &Pending)| is_idle(pending) && stream.get(*id).is_some();
        let owned = |(id, pending): (StreamId, &Pending)| (id, pending.clone());
        let mut all: Vec<(StreamId, Pending)> =
            given_back.filter(is_claimable).take(most).map(owned).collect();
        if all.len() < most {
            let mut others: Vec<(StreamId, Pending)> = group
                .pending_from(ID_ZERO)
                .filter(|(_, pending)| pending.consumer.is_some())
                .filter(is_claimable)
                .map(owned)
                .collect();
            others.sort_by_key(|(id, pending)| (pending.delivery_time_ms, *id));
            others.truncate(most - all.len());
            all.append(&mut others);
        }
        all
    }

    fn new_entries(&self, stream: &mut Stream, budget: &mut Budget, found: &mut Found) {
        let most = budget.of_stream();
        let mut claimed = match self.claim_idle_ms {
            Some(min_idle_ms) => self.claimable(stream, min_idle_ms, most),
            None => Vec::new(),
        };
        let Some(group) = stream.group(self.group) else { return };
        let last_id = group.last_id;
        let left = most - claimed.len();
        let start = next_id(last_id);
        let fresh = start.into_iter().flat_map(|start| stream.range(start, ID_MAX, false));
        let mut fresh = fresh.take(left);
        let (mut reply, mut read, mut ids) = (Reply::new(self.resp3), 0, Vec::new());
        for (id, pending) in &claimed {
            if budget.is_used_up(reply.len()) {
                break;
            }
            let idle_ms = self.now_ms.saturating_sub(pending.delivery_time_ms).max(0);
            if let Some(entry) = stream.get(*id) {
                self.reply_entry(&mut reply, &entry, idle_ms, pending.delivery_count);
            }
            budget.take_entry();
            read += 1;
        }
        claimed.truncate(read);
        while !budget.is_used_up(reply.len())
            && let Some(entry) = fresh.next()
        {
            self.reply_entry(&mut reply, &entry, 0, 0);
            budget.take_entry();
            ids.push(entry.id);
        }
        if claimed.is_empty() && ids.is_empty() {
            return;
        }
        let reply = self.close(claimed.len() + ids.len(), &reply);
        let takes = !claimed.is_empty() || !self.no_ack;
        for (id, pending) in claimed {
            self.take(stream, id, delivered_again(pending.delivery_count), found);
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
    let (mut replies, mut lines, mut budget) = (Vec::new(), Vec::new(), options.budget);
    for (key, wanted) in wanted {
        if budget.is_used_up(0) {
            break;
        }
        if wanted != Wanted::New {
            claim_idle_ms = None;
        }
        let reading =
            Reading { key, group, consumer, no_ack: options.no_ack, claim_idle_ms, now_ms, resp3 };
        let found = ctx.update(key, |place| {
            let found = match place.get::<Stream>()? {
                Some((stream, _)) => reading.run(stream, wanted, &mut budget),
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
    super::propagate_lines(ctx, lines);
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
