//! Taking the first or last members out of sorted sets.

use super::super::super::error::Error;
use super::super::super::parse::{PopOfMany, is, positive_or, timeout_ms};
use super::super::super::{Ctx, WaitFor};
use super::{Done, Pairs};
use crate::base::bulk::Bulk;
use crate::keyspace::{Change, Event};
use crate::value::Zset;

/// The end of a set that members are taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Min,
    Max,
}

impl End {
    fn parse(word: &[u8]) -> Result<End, Error> {
        match word {
            _ if is(word, "min") => Ok(End::Min),
            _ if is(word, "max") => Ok(End::Max),
            _ => Err(Error::Syntax),
        }
    }

    /// The command that takes one member or several from this end.
    fn command(self) -> &'static [u8] {
        match self {
            End::Min => b"ZPOPMIN",
            End::Max => b"ZPOPMAX",
        }
    }

    fn event(self) -> Event {
        Event::zset(match self {
            End::Min => "zpopmin",
            End::Max => "zpopmax",
        })
    }
}

/// Takes up to `count` members out of a set, the outermost first.
fn take(ctx: &mut Ctx<'_, '_>, key: &[u8], end: End, count: u64) -> Result<Pairs, Error> {
    ctx.update(key, |place| {
        let mut taken = Pairs::new();
        if count == 0 {
            place.read::<Zset>()?;
            return Ok((taken, Change::None));
        }
        let Some((set, _)) = place.get::<Zset>()? else { return Ok((taken, Change::None)) };
        let len = set.len();
        let count = count.min(len);
        let ranks = match end {
            End::Min => 0..count,
            End::Max => len - count..len,
        };
        set.remove_by_rank(ranks, |member, score| taken.push((member.to_vec(), score)));
        if end == End::Max {
            taken.reverse();
        }
        Ok((taken, Change::wrote(end.event(), count)))
    })
}

pub(super) fn zpopmin(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    pop(ctx, args, End::Min)
}

pub(super) fn zpopmax(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    pop(ctx, args, End::Max)
}

fn pop(ctx: &mut Ctx<'_, '_>, args: &[&[u8]], end: End) -> Done {
    let count = match &args[2..] {
        [] => None,
        [count] => Some(positive_or(count, "ERR value is out of range, must be positive")?),
        _ => return Err(Error::Syntax),
    };
    let taken = take(ctx, args[1], end, count.unwrap_or(1))?;
    let nested = ctx.reply.is_resp3() && count.is_some();
    ctx.reply.array(if nested { taken.len() } else { taken.len() * 2 });
    reply_taken(ctx, &taken, nested);
    Ok(())
}

fn reply_taken(ctx: &mut Ctx<'_, '_>, taken: &Pairs, nested: bool) {
    for (member, score) in taken {
        if nested {
            ctx.reply.array(2);
        }
        super::reply_member(ctx.reply, Bulk::Bytes(member));
        ctx.reply.double(*score);
    }
}

pub(super) fn bzpopmin(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    blocking_pop(ctx, args, End::Min)
}

pub(super) fn bzpopmax(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    blocking_pop(ctx, args, End::Max)
}

fn blocking_pop(ctx: &mut Ctx<'_, '_>, args: &[&[u8]], end: End) -> Done {
    let last = args.len() - 1;
    let timeout_ms = timeout_ms(args[last], ctx.now_ms())?;
    let Some(key) = ctx.first_there::<Zset>(&args[1..last])? else {
        ctx.wait(WaitFor::Zset, &args[1..last], timeout_ms);
        ctx.reply.null_array();
        return Ok(());
    };
    let taken = take(ctx, key, end, 1)?;
    ctx.propagate(&[end.command(), key]);
    ctx.reply.array(1 + taken.len() * 2);
    ctx.reply.bulk(key);
    reply_taken(ctx, &taken, false);
    Ok(())
}

pub(super) fn zmpop(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    pop_of_many(ctx, args, 1)
}

pub(super) fn bzmpop(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    pop_of_many(ctx, args, 2)
}

/// The work of ZMPOP, with the number of keys at an argument; if that is not the first one, a timeout is.
fn pop_of_many(ctx: &mut Ctx<'_, '_>, args: &[&[u8]], numkeys_at: usize) -> Done {
    let PopOfMany { names, end, count, timeout_ms } =
        PopOfMany::parse(args, numkeys_at, ctx.now_ms(), End::parse)?;
    let Some(key) = ctx.first_there::<Zset>(names)? else {
        if let Some(timeout_ms) = timeout_ms {
            ctx.wait(WaitFor::Zset, names, timeout_ms);
        }
        ctx.reply.null_array();
        return Ok(());
    };
    let taken = take(ctx, key, end, count)?;
    ctx.propagate(&[end.command(), key, taken.len().to_string().as_bytes()]);
    ctx.reply.array(2);
    ctx.reply.bulk(key);
    ctx.reply.array(taken.len());
    reply_taken(ctx, &taken, true);
    Ok(())
}
