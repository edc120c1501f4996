//! Commands on lists.

mod movem;
#[cfg(test)]
mod tests;

use super::super::error::Error;
use super::super::parse::{PopOfMany, index_range, int, is, positive_or, timeout_ms};
use super::super::{Ctx, Handler, WaitFor};
use crate::base::bulk::{Bulk, IntBuf};
use crate::keyspace::{Change, Event};
use crate::resp::encode::Reply;
use crate::value::List;

/// The handlers of this family.
pub const HANDLERS: &[(&str, Handler)] = &[
    ("blmove", blmove),
    ("blmovem", movem::blmovem),
    ("blmpop", blmpop),
    ("blpop", blpop),
    ("brpop", brpop),
    ("brpoplpush", brpoplpush),
    ("lindex", lindex),
    ("linsert", linsert),
    ("llen", llen),
    ("lmove", lmove),
    ("lmovem", movem::lmovem),
    ("lmpop", lmpop),
    ("lpop", lpop),
    ("lpos", lpos),
    ("lpush", lpush),
    ("lpushx", lpushx),
    ("lrange", lrange),
    ("lrem", lrem),
    ("lset", lset),
    ("ltrim", ltrim),
    ("rpop", rpop),
    ("rpoplpush", rpoplpush),
    ("rpush", rpush),
    ("rpushx", rpushx),
];

type Done = Result<(), Error>;

const NOT_NEGATABLE: &str =
    "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807";

/// An end of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Right,
}

impl Side {
    fn parse(word: &[u8]) -> Result<Side, Error> {
        match word {
            _ if is(word, "left") => Ok(Side::Left),
            _ if is(word, "right") => Ok(Side::Right),
            _ => Err(Error::Syntax),
        }
    }

    fn push_event(self) -> Event {
        Event::list(if self == Side::Left { "lpush" } else { "rpush" })
    }

    fn pop_event(self) -> Event {
        Event::list(if self == Side::Left { "lpop" } else { "rpop" })
    }

    /// The command that takes elements from this end.
    fn pop_command(self) -> &'static [u8] {
        if self == Side::Left { b"LPOP" } else { b"RPOP" }
    }

    fn word(self) -> &'static [u8] {
        if self == Side::Left { b"LEFT" } else { b"RIGHT" }
    }
}

fn reply_element(reply: &mut Reply, element: Bulk<'_>) {
    reply.bulk(element.text(&mut IntBuf::new()));
}

fn reply_all(reply: &mut Reply, elements: &[Vec<u8>]) {
    reply.array(elements.len());
    elements.iter().for_each(|element| reply.bulk(element));
}

fn lpush(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    push(ctx, args, Side::Left, false)
}

fn rpush(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    push(ctx, args, Side::Right, false)
}

fn lpushx(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    push(ctx, args, Side::Left, true)
}

fn rpushx(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    push(ctx, args, Side::Right, true)
}

fn push(ctx: &mut Ctx<'_, '_>, args: &[&[u8]], side: Side, only_old: bool) -> Done {
    let len = ctx.update(args[1], |place| {
        if place.read::<List>()?.is_none() && only_old {
            return Ok((0, Change::None));
        }
        let (list, limits) = place.get_or_create::<List>()?;
        for element in &args[2..] {
            match side {
                Side::Left => list.push_front(element, limits),
                Side::Right => list.push_back(element, limits),
            }
        }
        Ok((list.len(), Change::wrote(side.push_event(), args[2..].len() as u64)))
    })?;
    ctx.reply.count(len);
    Ok(())
}

fn llen(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let len = ctx.unit.read::<List>(args[1])?.map_or(0, List::len);
    ctx.reply.count(len);
    Ok(())
}

/// The index that a number means, which counts from the end if it is negative; `None` if it lies before the first element.
fn index_of(n: i64, len: u64) -> Option<u64> {
    if n < 0 { len.checked_sub(n.unsigned_abs()) } else { Some(n.unsigned_abs()) }
}

fn lindex(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let list = ctx.unit.read::<List>(args[1])?;
    let Some(list) = list else {
        ctx.reply.null();
        return Ok(());
    };
    match index_of(int(args[2])?, list.len()).and_then(|index| list.get(index)) {
        Some(element) => reply_element(ctx.reply, element),
        None => ctx.reply.null(),
    }
    Ok(())
}

fn lset(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    ctx.update(args[1], |place| {
        let len = place.read::<List>()?.ok_or(Error::NoSuchKey)?.len();
        let index = index_of(int(args[2])?, len).filter(|index| *index < len);
        let index = index.ok_or(Error::text("ERR index out of range"))?;
        if let Some((list, limits)) = place.get::<List>()? {
            list.set(index, args[3], limits);
        }
        Ok(((), Change::wrote(Event::list("lset"), 1)))
    })?;
    ctx.reply.ok();
    Ok(())
}

fn linsert(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let offset = match args[2] {
        word if is(word, "before") => 0,
        word if is(word, "after") => 1,
        _ => return Err(Error::Syntax),
    };
    let len = ctx.update(args[1], |place| {
        let Some(list) = place.read::<List>()? else { return Ok((0, Change::None)) };
        let Some(at) = list.iter().position(|element| element == Bulk::Bytes(args[3])) else {
            return Ok((-1, Change::None));
        };
        let Some((list, limits)) = place.get::<List>()? else { return Ok((0, Change::None)) };
        list.insert(at as u64 + offset, args[4], limits);
        Ok((list.len() as i64, Change::wrote(Event::list("linsert"), 1)))
    })?;
    ctx.reply.int(len);
    Ok(())
}

fn lrange(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let (start, end) = (int(args[2])?, int(args[3])?);
    let Some(list) = ctx.unit.read::<List>(args[1])? else {
        ctx.reply.array(0);
        return Ok(());
    };
    let range = index_range(start, end, list.len() as usize);
    ctx.reply.array(range.len());
    for element in list.iter_from(range.start as u64, false).take(range.len()) {
        reply_element(ctx.reply, element);
    }
    Ok(())
}

fn ltrim(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let (start, end) = (int(args[2])?, int(args[3])?);
    ctx.update(args[1], |place| {
        let Some((list, _)) = place.get::<List>()? else { return Ok(((), Change::None)) };
        let len = list.len();
        let kept = index_range(start, end, len as usize);
        let (start, end) = (kept.start as u64, kept.end as u64);
        list.remove_range(end, len - end);
        list.remove_range(0, start);
        let event = Event::list("ltrim");
        // Servers tell of it even if nothing was cut off.
        let dirty = len - (end - start);
        Ok(((), Change::Wrote { event, dirty }))
    })?;
    ctx.reply.ok();
    Ok(())
}

fn lrem(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let count = int(args[2])?;
    if count == i64::MIN {
        return Err(Error::text(NOT_NEGATABLE));
    }
    let removed = ctx.update(args[1], |place| {
        let Some((list, _)) = place.get::<List>()? else { return Ok((0, Change::None)) };
        let removed = list.remove_matching(args[3], count);
        Ok((removed, Change::wrote(Event::list("lrem"), removed)))
    })?;
    ctx.reply.count(removed);
    Ok(())
}

fn lpos(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let (mut rank, mut count, mut longest, mut at) = (1_i64, None, 0, 3);
    while at < args.len() {
        let operand = args.get(at + 1).ok_or(Error::Syntax)?;
        match args[at] {
            word if is(word, "rank") => {
                rank = int(operand)?;
                if rank == i64::MIN {
                    return Err(Error::text(NOT_NEGATABLE));
                }
                if rank == 0 {
                    return Err(Error::text(
                        "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from the end of the list",
                    ));
                }
            }
            word if is(word, "count") => {
                count = Some(positive_or(operand, "ERR COUNT can't be negative")?);
            }
            word if is(word, "maxlen") => {
                longest = positive_or(operand, "ERR MAXLEN can't be negative")?;
            }
            _ => return Err(Error::Syntax),
        }
        at += 2;
    }
    let found: Vec<u64> = match ctx.unit.read::<List>(args[1])? {
        None => Vec::new(),
        Some(list) => {
            let (len, backwards) = (list.len(), rank < 0);
            let first = if backwards { len.saturating_sub(1) } else { 0 };
            let bound = |n: u64| if n == 0 { usize::MAX } else { n as usize };
            list.iter_from(first, backwards)
                .zip(0_u64..)
                .take(bound(longest))
                .filter(|(element, _)| *element == Bulk::Bytes(args[2]))
                .skip(rank.unsigned_abs() as usize - 1)
                .take(bound(count.unwrap_or(1)))
                .map(|(_, index)| if backwards { len - 1 - index } else { index })
                .collect()
        }
    };
    if count.is_some() {
        ctx.reply.array(found.len());
        found.iter().for_each(|index| ctx.reply.count(*index));
    } else {
        match found.first() {
            Some(index) => ctx.reply.count(*index),
            None => ctx.reply.null(),
        }
    }
    Ok(())
}

/// Takes up to `count` elements out of a list, the outermost first; `None` if the key is not there.
fn take(
    ctx: &mut Ctx<'_, '_>,
    key: &[u8],
    side: Side,
    count: u64,
) -> Result<Option<Vec<Vec<u8>>>, Error> {
    ctx.update(key, |place| {
        let Some(list) = place.read::<List>()? else { return Ok((None, Change::None)) };
        let len = list.len();
        let count = count.min(len);
        if count == 0 {
            return Ok((Some(Vec::new()), Change::None));
        }
        let (first, start) = match side {
            Side::Left => (0, 0),
            Side::Right => (len - 1, len - count),
        };
        let elements = list.iter_from(first, side == Side::Right).take(count as usize);
        let taken: Vec<_> = elements.map(|element| element.to_vec()).collect();
        if let Some((list, _)) = place.get::<List>()? {
            list.remove_range(start, count);
        }
        Ok((Some(taken), Change::wrote(side.pop_event(), count)))
    })
}

fn lpop(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    pop(ctx, args, Side::Left, "lpop")
}

fn rpop(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    pop(ctx, args, Side::Right, "rpop")
}

fn pop(ctx: &mut Ctx<'_, '_>, args: &[&[u8]], side: Side, name: &str) -> Done {
    let count = match &args[2..] {
        [] => None,
        [count] => Some(positive_or(count, "ERR value is out of range, must be positive")?),
        _ => return Err(Error::arity(name)),
    };
    let taken = take(ctx, args[1], side, count.unwrap_or(1))?;
    match (taken, count) {
        (None, Some(_)) => ctx.reply.null_array(),
        (Some(taken), Some(_)) => reply_all(ctx.reply, &taken),
        (taken, None) => match taken.as_deref().and_then(<[_]>::first) {
            Some(element) => ctx.reply.bulk(element),
            None => ctx.reply.null(),
        },
    }
    Ok(())
}

fn blpop(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    blocking_pop(ctx, args, Side::Left)
}

fn brpop(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    blocking_pop(ctx, args, Side::Right)
}

fn blocking_pop(ctx: &mut Ctx<'_, '_>, args: &[&[u8]], side: Side) -> Done {
    let last = args.len() - 1;
    let timeout_ms = timeout_ms(args[last], ctx.now_ms())?;
    let Some(key) = ctx.first_there::<List>(&args[1..last])? else {
        ctx.wait(WaitFor::List, &args[1..last], timeout_ms);
        ctx.reply.null_array();
        return Ok(());
    };
    let taken = take(ctx, key, side, 1)?.unwrap_or_default();
    ctx.propagate(&[side.pop_command(), key]);
    ctx.reply.array(1 + taken.len());
    ctx.reply.bulk(key);
    taken.iter().for_each(|element| ctx.reply.bulk(element));
    Ok(())
}

fn lmpop(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    pop_of_many(ctx, args, 1)
}

fn blmpop(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    pop_of_many(ctx, args, 2)
}

/// The work of LMPOP, with the number of keys at an argument; if that is not the first one, a timeout is.
fn pop_of_many(ctx: &mut Ctx<'_, '_>, args: &[&[u8]], numkeys_at: usize) -> Done {
    let PopOfMany { names, end: side, count, timeout_ms } =
        PopOfMany::parse(args, numkeys_at, ctx.now_ms(), Side::parse)?;
    let Some(key) = ctx.first_there::<List>(names)? else {
        if let Some(timeout_ms) = timeout_ms {
            ctx.wait(WaitFor::List, names, timeout_ms);
        }
        ctx.reply.null_array();
        return Ok(());
    };
    let taken = take(ctx, key, side, count)?.unwrap_or_default();
    ctx.propagate(&[side.pop_command(), key, taken.len().to_string().as_bytes()]);
    ctx.reply.array(2);
    ctx.reply.bulk(key);
    reply_all(ctx.reply, &taken);
    Ok(())
}

fn lmove(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let (from, to) = (Side::parse(args[3])?, Side::parse(args[4])?);
    move_element(ctx, args[1], args[2], from, to)?;
    Ok(())
}

fn rpoplpush(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    move_element(ctx, args[1], args[2], Side::Right, Side::Left)?;
    Ok(())
}

fn blmove(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let (from, to) = (Side::parse(args[3])?, Side::parse(args[4])?);
    let timeout_ms = timeout_ms(args[5], ctx.now_ms())?;
    if ctx.unit.read::<List>(args[1])?.is_none() {
        ctx.wait(WaitFor::List, &args[1..2], timeout_ms);
        ctx.reply.null_array();
        return Ok(());
    }
    if move_element(ctx, args[1], args[2], from, to)? {
        ctx.propagate(&[b"LMOVE", args[1], args[2], from.word(), to.word()]);
    }
    Ok(())
}

fn brpoplpush(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let timeout_ms = timeout_ms(args[3], ctx.now_ms())?;
    if ctx.unit.read::<List>(args[1])?.is_none() {
        ctx.wait(WaitFor::List, &args[1..2], timeout_ms);
        ctx.reply.null_array();
        return Ok(());
    }
    if move_element(ctx, args[1], args[2], Side::Right, Side::Left)? {
        ctx.propagate(&[b"RPOPLPUSH", args[1], args[2]]);
    }
    Ok(())
}

/// Moves an element from one list's end to another's, or within one list, and replies with it; false if there is none.
fn move_element(
    ctx: &mut Ctx<'_, '_>,
    source: &[u8],
    target: &[u8],
    from: Side,
    to: Side,
) -> Result<bool, Error> {
    if ctx.unit.read::<List>(source)?.is_none() {
        ctx.reply.null();
        return Ok(false);
    }
    ctx.unit.read::<List>(target)?;
    let place_at = |list: &mut List, element: &[u8], limits: &crate::value::limits::Limits| match to
    {
        Side::Left => list.push_front(element, limits),
        Side::Right => list.push_back(element, limits),
    };
    if source == target {
        // In one change, so that a list of one element stays with its expiry time.
        let moved = ctx.update(source, |place| {
            let Some((list, limits)) = place.get::<List>()? else {
                return Ok((None, Change::None));
            };
            let moved = match from {
                Side::Left => list.pop_front(),
                Side::Right => list.pop_back(),
            };
            let Some(moved) = moved else { return Ok((None, Change::None)) };
            place_at(list, &moved, limits);
            Ok((Some(moved), Change::wrote(to.push_event(), 1)))
        })?;
        ctx.unit.event(from.pop_event(), source);
        ctx.reply.bulk(&moved.unwrap_or_default());
        return Ok(true);
    }
    let moved = take(ctx, source, from, 1)?.unwrap_or_default();
    let Some(moved) = moved.first() else {
        ctx.reply.null();
        return Ok(false);
    };
    ctx.update(target, |place| {
        let (list, limits) = place.get_or_create::<List>()?;
        place_at(list, moved, limits);
        Ok::<_, Error>(((), Change::wrote(to.push_event(), 1)))
    })?;
    ctx.reply.bulk(moved);
    Ok(true)
}
