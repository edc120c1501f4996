//! Commands on sorted sets.

mod algebra;
mod pop;
mod random;
mod range;

#[cfg(test)]
mod tests;

use super::super::error::Error;
use super::super::parse::{float, is};
use super::super::{Ctx, Handler};
use super::generic::{ScanOptions, reply_scanned};
use crate::base::bulk::{Bulk, IntBuf};
use crate::keyspace::{Change, Event};
use crate::resp::encode::Reply;
use crate::value::limits::Limits;
use crate::value::{Value, Zset};
use triomphe::Arc;

/// The handlers of this family.
pub const HANDLERS: &[(&str, Handler)] = &[
    ("bzmpop", pop::bzmpop),
    ("bzpopmax", pop::bzpopmax),
    ("bzpopmin", pop::bzpopmin),
    ("zadd", zadd),
    ("zcard", zcard),
    ("zcount", range::zcount),
    ("zdiff", algebra::zdiff),
    ("zdiffstore", algebra::zdiffstore),
    ("zincrby", zincrby),
    ("zinter", algebra::zinter),
    ("zintercard", algebra::zintercard),
    ("zinterstore", algebra::zinterstore),
    ("zlexcount", range::zlexcount),
    ("zmpop", pop::zmpop),
    ("zmscore", zmscore),
    ("zpopmax", pop::zpopmax),
    ("zpopmin", pop::zpopmin),
    ("zrandmember", random::zrandmember),
    ("zrange", range::zrange),
    ("zrangebylex", range::zrangebylex),
    ("zrangebyscore", range::zrangebyscore),
    ("zrangestore", range::zrangestore),
    ("zrank", zrank),
    ("zrem", zrem),
    ("zremrangebylex", range::zremrangebylex),
    ("zremrangebyrank", range::zremrangebyrank),
    ("zremrangebyscore", range::zremrangebyscore),
    ("zrevrange", range::zrevrange),
    ("zrevrangebylex", range::zrevrangebylex),
    ("zrevrangebyscore", range::zrevrangebyscore),
    ("zrevrank", zrevrank),
    ("zscan", zscan),
    ("zscore", zscore),
    ("zunion", algebra::zunion),
    ("zunionstore", algebra::zunionstore),
];

type Done = Result<(), Error>;

/// Members with their scores.
pub(super) type Pairs = Vec<(Vec<u8>, f64)>;

/// Writes a member.
fn reply_member(reply: &mut Reply, member: Bulk<'_>) {
    reply.bulk(member.text(&mut IntBuf::new()));
}

/// Opens an array of members, with their scores or without.
fn open_members(reply: &mut Reply, count: usize, with_scores: bool) {
    let flat = with_scores && !reply.is_resp3();
    reply.array(if flat { count * 2 } else { count });
}

/// Writes one of the members of such an array.
fn reply_pair(reply: &mut Reply, member: Bulk<'_>, score: f64, with_scores: bool) {
    if with_scores && reply.is_resp3() {
        reply.array(2);
    }
    reply_member(reply, member);
    if with_scores {
        reply.double(score);
    }
}

/// Makes a key hold a sorted set, or takes it away if there is no member. Returns the number of members.
pub(super) fn store(
    ctx: &mut Ctx<'_, '_>,
    key: &[u8],
    pairs: Pairs,
    event: &'static str,
) -> Result<u64, Error> {
    let count = pairs.len() as u64;
    if pairs.is_empty() {
        ctx.unit.delete(key);
        return Ok(0);
    }
    let set = Zset::from_pairs(pairs, ctx.unit.limits())
        .ok_or(Error::text("ERR resulting score is not a number (NaN)"))?;
    ctx.unit.put(key, Value::Zset(Arc::new(set)), None, Event::zset(event));
    Ok(count)
}

/// The options of ZADD.
#[derive(Debug, Clone, Copy, Default)]
struct AddOptions {
    only_new: bool,
    only_old: bool,
    greater: bool,
    less: bool,
    count_changed: bool,
    increment: bool,
}

impl AddOptions {
    /// Reads one; false if it is none.
    fn take(&mut self, word: &[u8]) -> bool {
        let option = match word {
            _ if is(word, "nx") => &mut self.only_new,
            _ if is(word, "xx") => &mut self.only_old,
            _ if is(word, "gt") => &mut self.greater,
            _ if is(word, "lt") => &mut self.less,
            _ if is(word, "ch") => &mut self.count_changed,
            _ if is(word, "incr") => &mut self.increment,
            _ => return false,
        };
        *option = true;
        true
    }

    fn check(&self, pairs: usize) -> Result<(), Error> {
        if self.only_new && self.only_old {
            return Err(Error::text("ERR XX and NX options at the same time are not compatible"));
        }
        if self.greater && (self.only_new || self.less) || self.less && self.only_new {
            return Err(Error::text(
                "ERR GT, LT, and/or NX options at the same time are not compatible",
            ));
        }
        if self.increment && pairs > 1 {
            return Err(Error::text("ERR INCR option supports a single increment-element pair"));
        }
        Ok(())
    }

    /// Adds one member or changes its score. `None` if the options forbid it.
    fn apply(
        &self,
        set: &mut Zset,
        member: &[u8],
        score: f64,
        limits: &Limits,
    ) -> Result<Option<Applied>, Error> {
        let Some(old) = set.score(member) else {
            if self.only_old {
                return Ok(None);
            }
            set.insert(member, score, limits);
            return Ok(Some(Applied { score, is_new: true, changed: true }));
        };
        if self.only_new {
            return Ok(None);
        }
        let score = if self.increment { old + score } else { score };
        if score.is_nan() {
            return Err(Error::text("ERR resulting score is not a number (NaN)"));
        }
        if self.less && score >= old || self.greater && score <= old {
            return Ok(None);
        }
        set.insert(member, score, limits);
        Ok(Some(Applied { score, is_new: false, changed: score != old }))
    }
}

/// What became of a member that was added.
#[derive(Debug, Clone, Copy)]
struct Applied {
    score: f64,
    is_new: bool,
    changed: bool,
}

fn zadd(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    add(ctx, args, AddOptions::default())
}

fn zincrby(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    add(ctx, args, AddOptions { increment: true, ..AddOptions::default() })
}

/// The work of ZADD, also for commands that make one of what they are given.
pub(super) fn add_given(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    add(ctx, args, AddOptions::default())
}

fn add(ctx: &mut Ctx<'_, '_>, args: &[&[u8]], mut options: AddOptions) -> Done {
    let mut at = 2;
    while args.get(at).is_some_and(|word| options.take(word)) {
        at += 1;
    }
    let given = &args[at..];
    if given.is_empty() || !given.len().is_multiple_of(2) {
        return Err(Error::Syntax);
    }
    options.check(given.len() / 2)?;
    let mut pairs = Vec::with_capacity(given.len() / 2);
    for pair in given.chunks_exact(2) {
        pairs.push((pair[1], float(pair[0])?));
    }
    let (added, changed, last) = ctx.update(args[1], |place| {
        if place.read::<Zset>()?.is_none() && options.only_old {
            return Ok(((0, 0, None), Change::None));
        }
        let (set, limits) = place.get_or_create::<Zset>()?;
        let (mut added, mut changed, mut last) = (0, 0, None);
        for (member, score) in pairs {
            let applied = options.apply(set, member, score, limits)?;
            added += i64::from(applied.is_some_and(|applied| applied.is_new));
            changed += i64::from(applied.is_some_and(|applied| applied.changed));
            last = applied.map(|applied| applied.score);
        }
        let event = Event::zset(if options.increment { "zincr" } else { "zadd" });
        Ok(((added, changed, last), Change::wrote(event, changed.unsigned_abs())))
    })?;
    match (options.increment, last) {
        (true, Some(score)) => ctx.reply.double(score),
        (true, None) => ctx.reply.null(),
        _ => ctx.reply.int(if options.count_changed { changed } else { added }),
    }
    Ok(())
}

fn zrem(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let removed = ctx.update(args[1], |place| {
        let Some((set, _)) = place.get::<Zset>()? else { return Ok((0, Change::None)) };
        let removed = args[2..].iter().filter(|member| set.remove(member).is_some()).count() as u64;
        Ok((removed, Change::wrote(Event::zset("zrem"), removed)))
    })?;
    ctx.reply.count(removed);
    Ok(())
}

fn zcard(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let len = ctx.unit.read::<Zset>(args[1])?.map_or(0, Zset::len);
    ctx.reply.count(len);
    Ok(())
}

fn zscore(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    match ctx.unit.read::<Zset>(args[1])?.and_then(|set| set.score(args[2])) {
        Some(score) => ctx.reply.double(score),
        None => ctx.reply.null(),
    }
    Ok(())
}

fn zmscore(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let set = ctx.unit.read::<Zset>(args[1])?;
    ctx.reply.array(args.len() - 2);
    for member in &args[2..] {
        match set.and_then(|set| set.score(member)) {
            Some(score) => ctx.reply.double(score),
            None => ctx.reply.null(),
        }
    }
    Ok(())
}

fn zrank(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    rank(ctx, args, "zrank", |rank, _| rank)
}

fn zrevrank(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    rank(ctx, args, "zrevrank", |rank, len| len - 1 - rank)
}

fn rank(ctx: &mut Ctx<'_, '_>, args: &[&[u8]], name: &str, show: fn(u64, u64) -> u64) -> Done {
    let with_score = match &args[3..] {
        [] => false,
        [word] if is(word, "withscore") => true,
        [_] => return Err(Error::Syntax),
        _ => return Err(Error::arity(name)),
    };
    let found = ctx
        .unit
        .read::<Zset>(args[1])?
        .and_then(|set| set.rank(args[2]).map(|(rank, score)| (show(rank, set.len()), score)));
    match found {
        Some((rank, score)) if with_score => {
            ctx.reply.array(2);
            ctx.reply.count(rank);
            ctx.reply.double(score);
        }
        Some((rank, _)) => ctx.reply.count(rank),
        None if with_score => ctx.reply.null_array(),
        None => ctx.reply.null(),
    }
    Ok(())
}

fn zscan(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    // Servers look at the key between the cursor and the options.
    ScanOptions::parse(&args[..3], 2)?;
    let Some(set) = ctx.unit.read::<Zset>(args[1])? else {
        reply_scanned(ctx.reply);
        return Ok(());
    };
    let options = ScanOptions::parse(args, 2)?;
    let mut found = Vec::new();
    let next = set.scan(options.cursor, options.count, |member, score| {
        if options.shows(member.text(&mut IntBuf::new())) {
            found.push((member, score));
        }
    });
    ctx.reply.array(2);
    ctx.reply.bulk(next.to_string().as_bytes());
    ctx.reply.array(found.len() * 2);
    for (member, score) in found {
        reply_member(ctx.reply, member);
        // A string in both versions of the protocol.
        ctx.reply.bulk(crate::base::num::format_score(score).as_bytes());
    }
    Ok(())
}
