//! Commands on what is pending.

use super::super::super::Ctx;
use super::super::super::error::Error;
use super::super::super::parse::{int, int_between, int_or, is};
use super::write::{Fate, delete_entry, deletion};
use super::{
    Done, ID_ZERO, Line, claim_line, consumer_line, delivered_again, end_id, ids, no_key_or_group,
    propagate_lines, reply_entry, reply_id, setid_line, start_id, strict_id,
};
use crate::keyspace::{Change, Event};
use crate::rdb::StreamId;
use crate::resp::encode::Reply;
use crate::value::stream::{Group, Pending, Stream};

pub(super) fn xack(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let acknowledged = ctx.update(args[1], |place| {
        let Some((stream, _)) = place.get::<Stream>()? else { return Ok((0, Change::None)) };
        let Some(group) = stream.group_mut(args[2]) else { return Ok((0, Change::None)) };
        let ids = ids(&args[3..])?;
        let acknowledged = ids.into_iter().filter(|id| group.acknowledge(*id)).count();
        Ok((acknowledged as u64, Change::None))
    })?;
    ctx.unit.add_dirty(acknowledged);
    ctx.reply.count(acknowledged);
    Ok(())
}

pub(super) fn xackdel(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    ctx.unit.read::<Stream>(args[1])?;
    let (references, texts) = deletion(args, 3)?;
    let (fates, acknowledged) = ctx.update(args[1], |place| {
        let absent = || (vec![Fate::Absent; texts.len()], 0);
        let Some((stream, _)) = place.get::<Stream>()? else { return Ok((absent(), Change::None)) };
        if stream.group(args[2]).is_none() {
            return Ok((absent(), Change::None));
        }
        let (mut fates, mut acknowledged, mut deleted) = (Vec::new(), 0, 0);
        for id in ids(texts)? {
            if !stream.group_mut(args[2]).is_some_and(|group| group.acknowledge(id)) {
                fates.push(Fate::Absent);
                continue;
            }
            acknowledged += 1;
            let (fate, _) = delete_entry(stream, id, references);
            deleted += u64::from(fate == Fate::Deleted);
            // An entry that was gone before counts as deleted too.
            fates.push(if fate == Fate::Absent { Fate::Deleted } else { fate });
        }
        let done = (fates, acknowledged);
        Ok((done, Change::wrote(Event::stream("xdel"), deleted)))
    })?;
    ctx.unit.add_dirty(acknowledged);
    Fate::reply(&fates, ctx);
    Ok(())
}

/// The arguments of the long form of XPENDING.
struct Filter<'a> {
    min_idle_ms: i64,
    start: StreamId,
    end: StreamId,
    count: usize,
    consumer: Option<&'a [u8]>,
}

impl<'a> Filter<'a> {
    fn parse(args: &[&'a [u8]]) -> Result<Filter<'a>, Error> {
        let (mut min_idle_ms, mut at) = (0, 3);
        if is(args[3], "idle") {
            min_idle_ms = int(args[4])?;
            if args.len() < 8 {
                return Err(Error::Syntax);
            }
            at = 5;
        }
        let count = usize::try_from(int(args[at + 2])?).unwrap_or_default();
        let (start, end) = (start_id(args[at])?, end_id(args[at + 1])?);
        Ok(Filter { min_idle_ms, start, end, count, consumer: args.get(at + 3).copied() })
    }
}

pub(super) fn xpending(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let filter = match args.len() {
        3 => None,
        6..=9 => Some(Filter::parse(args)?),
        _ => return Err(Error::Syntax),
    };
    let now_ms = ctx.now_ms();
    ctx.unit.read::<Stream>(args[1])?;
    let stream = ctx.unit.peek_as::<Stream>(args[1])?;
    let group = stream
        .and_then(|stream| stream.group(args[2]))
        .ok_or_else(|| no_key_or_group(args[1], args[2], ""))?;
    match filter {
        None => reply_summary(ctx.reply, group),
        Some(filter) => reply_pending(ctx.reply, group, &filter, now_ms),
    }
    Ok(())
}

fn reply_summary(reply: &mut Reply, group: &Group) {
    reply.array(4);
    reply.count(group.pending_count());
    let (Some((first, _)), Some(last)) =
        (group.pending_from(ID_ZERO).next(), group.last_pending_id())
    else {
        reply.null();
        reply.null();
        reply.null_array();
        return;
    };
    reply_id(reply, first);
    reply_id(reply, last);
    let having: Vec<_> =
        group.consumers().filter(|(_, consumer)| consumer.pending_count() > 0).collect();
    reply.array(having.len());
    for (name, consumer) in having {
        reply.array(2);
        reply.bulk(name);
        reply.bulk(consumer.pending_count().to_string().as_bytes());
    }
}

fn reply_pending(reply: &mut Reply, group: &Group, filter: &Filter<'_>, now_ms: i64) {
    let shows = |pending: &Pending| {
        filter.min_idle_ms == 0
            || now_ms.saturating_sub(pending.delivery_time_ms) >= filter.min_idle_ms
    };
    let found: Vec<(StreamId, &Pending)> = match filter.consumer {
        Some(name) => match group.consumer(name) {
            Some(consumer) => consumer
                .pending_from(filter.start)
                .take_while(|id| *id <= filter.end)
                .filter_map(|id| Some((id, group.pending(id)?)))
                .filter(|(_, pending)| shows(pending))
                .take(filter.count)
                .collect(),
            None => Vec::new(),
        },
        None => group
            .pending_from(filter.start)
            .take_while(|(id, _)| *id <= filter.end)
            .filter(|(_, pending)| shows(pending))
            .take(filter.count)
            .collect(),
    };
    reply.array(found.len());
    for (id, pending) in found {
        reply.array(4);
        reply_id(reply, id);
        reply.bulk(pending.consumer.as_deref().unwrap_or_default());
        reply.int(match &pending.consumer {
            Some(_) => now_ms.saturating_sub(pending.delivery_time_ms).max(0),
            None => -1,
        });
        reply.count(pending.delivery_count);
    }
}

/// What XCLAIM says behind its ids.
struct ClaimOptions {
    ids: Vec<StreamId>,
    min_idle_ms: i64,
    delivery_time_ms: i64,
    retry_count: Option<u64>,
    force: bool,
    just_id: bool,
    last_id: StreamId,
}

impl ClaimOptions {
    fn parse(args: &[&[u8]], now_ms: i64) -> Result<ClaimOptions, Error> {
        let min_idle_ms = int_or(args[4], "ERR Invalid min-idle-time argument for XCLAIM")?;
        let ids: Vec<StreamId> =
            args[5..].iter().map_while(|text| strict_id(text, 0).ok()).collect();
        let mut at = 5 + ids.len();
        let mut options = ClaimOptions {
            ids,
            min_idle_ms: min_idle_ms.max(0),
            delivery_time_ms: now_ms,
            retry_count: None,
            force: false,
            just_id: false,
            last_id: ID_ZERO,
        };
        let mut delivery_time_ms = now_ms;
        while at < args.len() {
            match (args[at], args.get(at + 1)) {
                (word, _) if is(word, "force") => {
                    options.force = true;
                    at += 1;
                    continue;
                }
                (word, _) if is(word, "justid") => {
                    options.just_id = true;
                    at += 1;
                    continue;
                }
                (word, Some(n)) if is(word, "idle") => {
                    let idle = int_or(n, "ERR Invalid IDLE option argument for XCLAIM")?;
                    delivery_time_ms = now_ms.wrapping_sub(idle);
                }
                (word, Some(n)) if is(word, "time") => {
                    delivery_time_ms = int_or(n, "ERR Invalid TIME option argument for XCLAIM")?;
                }
                (word, Some(n)) if is(word, "retrycount") => {
                    let count = int_or(n, "ERR Invalid RETRYCOUNT option argument for XCLAIM")?;
                    options.retry_count = u64::try_from(count).ok();
                }
                (word, Some(id)) if is(word, "lastid") => options.last_id = strict_id(id, 0)?,
                (word, _) => {
                    let word = Error::quoted(word);
                    return Err(Error::text(format!("ERR Unrecognized XCLAIM option '{word}'")));
                }
            }
            at += 2;
        }
        // A time that cannot be is taken as now.
        if (0..=now_ms).contains(&delivery_time_ms) {
            options.delivery_time_ms = delivery_time_ms;
        }
        Ok(options)
    }
}

/// Who claims, and what becomes of what is claimed.
struct Claim<'a> {
    key: &'a [u8],
    group: &'a [u8],
    consumer: &'a [u8],
    now_ms: i64,
    min_idle_ms: i64,
    delivery_time_ms: i64,
    retry_count: Option<u64>,
    just_id: bool,
    created: bool,
    claimed: Vec<StreamId>,
    lines: Vec<Line>,
}

/// What came of a claim, for the reply and for others.
#[derive(Default)]
struct Claimed {
    reply: Vec<u8>,
    lines: Vec<Line>,
    created: bool,
}

impl Claim<'_> {
    /// Makes sure of the consumer.
    fn begin(&mut self, stream: &mut Stream) {
        if let Some(group) = stream.group_mut(self.group) {
            self.created = group.create_consumer(self.consumer, self.now_ms);
            group.set_consumer_times(self.consumer, self.now_ms, None);
        }
    }

    /// Forgets an entry that is pending but no longer there.
    fn drop_entry(&mut self, stream: &mut Stream, id: StreamId, pending: &Pending) {
        if let Some(group) = stream.group_mut(self.group) {
            self.lines.push(claim_line(self.key, self.group, id, pending, group.last_id));
            group.acknowledge(id);
        }
    }

    /// Whether an entry has been pending for long enough.
    fn is_idle(&self, pending: &Pending) -> bool {
        self.min_idle_ms == 0
            || pending.consumer.is_none()
            || self.now_ms.saturating_sub(pending.delivery_time_ms) >= self.min_idle_ms
    }

    /// Hands an entry, which was delivered so often, to the consumer.
    fn take(&mut self, stream: &mut Stream, id: StreamId, deliveries: u64) {
        let deliveries = match self.retry_count {
            Some(count) => count,
            None if self.just_id => deliveries,
            None => delivered_again(deliveries),
        };
        let Some(group) = stream.group_mut(self.group) else { return };
        group.set_pending(id, Some(self.consumer), self.delivery_time_ms, deliveries);
        group.set_consumer_times(self.consumer, self.now_ms, Some(self.now_ms));
        if let Some(pending) = group.pending(id) {
            self.lines.push(claim_line(self.key, self.group, id, pending, group.last_id));
        }
        self.claimed.push(id);
    }

    /// Writes what was claimed.
    fn reply(&self, reply: &mut Reply, stream: &Stream) {
        reply.array(self.claimed.len());
        for id in &self.claimed {
            match stream.get(*id).filter(|_| !self.just_id) {
                Some(entry) => reply_entry(reply, &entry),
                None => reply_id(reply, *id),
            }
        }
    }

    /// What came of it, with its reply.
    fn finish(mut self, reply: Reply) -> Claimed {
        if self.created && self.claimed.is_empty() {
            self.lines.insert(0, consumer_line(self.key, self.group, self.consumer));
        }
        Claimed { reply: reply.as_bytes().to_vec(), lines: self.lines, created: self.created }
    }
}

/// Replies to a claim, and lets others know.
fn tell(ctx: &mut Ctx<'_, '_>, key: &[u8], claimed: Claimed) {
    if claimed.created {
        ctx.unit.event(Event::stream("xgroup-createconsumer"), key);
    }
    ctx.unit.add_dirty(claimed.lines.len() as u64);
    propagate_lines(ctx, claimed.lines);
    ctx.reply.raw(&claimed.reply);
}

pub(super) fn xclaim(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let (now_ms, resp3) = (ctx.now_ms(), ctx.reply.is_resp3());
    let (key, group, consumer) = (args[1], args[2], args[3]);
    let claimed = ctx.update(key, |place| {
        let stream = place.get::<Stream>()?.map(|(stream, _)| stream);
        let Some(stream) = stream.filter(|stream| stream.group(group).is_some()) else {
            return Err(no_key_or_group(key, group, ""));
        };
        let options = ClaimOptions::parse(args, now_ms)?;
        let mut claim = Claim {
            key,
            group,
            consumer,
            now_ms,
            min_idle_ms: options.min_idle_ms,
            delivery_time_ms: options.delivery_time_ms,
            retry_count: options.retry_count,
            just_id: options.just_id,
            created: false,
            claimed: Vec::new(),
            lines: Vec::new(),
        };
        let mut advanced = false;
        if let Some(group) = stream.group_mut(group)
            && group.last_id < options.last_id
        {
            group.last_id = options.last_id;
            advanced = true;
        }
        claim.begin(stream);
        for id in options.ids {
            let pending = stream.group(group).and_then(|group| group.pending(id)).cloned();
            match (stream.get(id).is_some(), pending) {
                (false, Some(pending)) => claim.drop_entry(stream, id, &pending),
                (true, Some(pending)) if claim.is_idle(&pending) => {
                    claim.take(stream, id, pending.delivery_count);
                }
                (true, None) if options.force => claim.take(stream, id, 1),
                _ => {}
            }
        }
        let told = claim.lines.is_empty().then(|| stream.group(group)).flatten();
        if let Some(now) = told.filter(|_| advanced) {
            claim.lines.push(setid_line(key, group, now));
        }
        let mut reply = Reply::new(resp3);
        claim.reply(&mut reply, stream);
        Ok((claim.finish(reply), Change::None))
    })?;
    tell(ctx, key, claimed);
    Ok(())
}

/// What XAUTOCLAIM says behind its start: how many entries, and whether only their ids are told.
fn autoclaim_options(args: &[&[u8]]) -> Result<(u64, bool), Error> {
    /// Entries claimed at most unless a COUNT is given.
    const COUNT: i64 = 100;
    /// Highest COUNT.
    const COUNT_MAX: i64 = i64::MAX / 16;
    let (mut count, mut just_id, mut at) = (COUNT, false, 6);
    while at < args.len() {
        match (args[at], args.get(at + 1)) {
            (word, Some(n)) if is(word, "count") => {
                count = int_between(n, 1, COUNT_MAX, "ERR COUNT must be > 0")?;
                at += 1;
            }
            (word, _) if is(word, "justid") => just_id = true,
            _ => return Err(Error::Syntax),
        }
        at += 1;
    }
    Ok((count.unsigned_abs(), just_id))
}

/// Pending entries looked at for each one wanted.
const ATTEMPTS: u64 = 10;

/// What XAUTOCLAIM does with an entry.
enum Step {
    Drop(StreamId, Pending),
    Take(StreamId, u64),
}

/// Goes over pending entries as XAUTOCLAIM does: what to do, and where to go on.
fn autoclaim_steps(
    stream: &Stream,
    claim: &Claim<'_>,
    start: StreamId,
    count: u64,
) -> (Vec<Step>, StreamId) {
    let Some(group) = stream.group(claim.group) else { return (Vec::new(), ID_ZERO) };
    let mut pending = group.pending_from(start);
    let (mut steps, mut attempts) = (Vec::new(), count.saturating_mul(ATTEMPTS));
    while attempts > 0 && (steps.len() as u64) < count {
        attempts -= 1;
        let Some((id, entry)) = pending.next() else { return (steps, ID_ZERO) };
        if stream.get(id).is_none() {
            steps.push(Step::Drop(id, entry.clone()));
        } else if claim.is_idle(entry) {
            steps.push(Step::Take(id, entry.delivery_count));
        }
    }
    (steps, pending.next().map_or(ID_ZERO, |(id, _)| id))
}

pub(super) fn xautoclaim(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let (now_ms, resp3) = (ctx.now_ms(), ctx.reply.is_resp3());
    let (key, group, consumer) = (args[1], args[2], args[3]);
    let min_idle_ms = int_or(args[4], "ERR Invalid min-idle-time argument for XAUTOCLAIM")?.max(0);
    let start = start_id(args[5])?;
    let (count, just_id) = autoclaim_options(args)?;
    let claimed = ctx.update(key, |place| {
        let stream = place.get::<Stream>()?.map(|(stream, _)| stream);
        let Some(stream) = stream.filter(|stream| stream.group(group).is_some()) else {
            return Err(no_key_or_group(key, group, ""));
        };
        let mut claim = Claim {
            key,
            group,
            consumer,
            now_ms,
            min_idle_ms,
            delivery_time_ms: now_ms,
            retry_count: None,
            just_id,
            created: false,
            claimed: Vec::new(),
            lines: Vec::new(),
        };
        claim.begin(stream);
        let (steps, next) = autoclaim_steps(stream, &claim, start, count);
        let mut dropped = Vec::new();
        for step in steps {
            match step {
                Step::Drop(id, pending) => {
                    claim.drop_entry(stream, id, &pending);
                    dropped.push(id);
                }
                Step::Take(id, deliveries) => claim.take(stream, id, deliveries),
            }
        }
        let mut reply = Reply::new(resp3);
        reply.array(3);
        reply_id(&mut reply, next);
        claim.reply(&mut reply, stream);
        reply.array(dropped.len());
        dropped.iter().for_each(|id| reply_id(&mut reply, *id));
        Ok((claim.finish(reply), Change::None))
    })?;
    tell(ctx, key, claimed);
    Ok(())
}
