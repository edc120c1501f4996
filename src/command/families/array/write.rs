//! Commands that change arrays.

use super::super::super::Ctx;
use super::super::super::error::Error;
use super::super::super::parse::int_or;
use super::{Done, index, range, unsigned};
use crate::keyspace::{Change, Event};
use crate::value::Array;
use crate::value::array::INDEX_MAX;

/// Sets items; replies with how many are new.
fn set_all(ctx: &mut Ctx<'_, '_>, key: &[u8], event: &'static str, items: &[(u64, &[u8])]) -> Done {
    let added = ctx.update(key, |place| {
        let (array, _) = place.get_or_create::<Array>()?;
        let added = items.iter().filter(|(index, value)| array.set(*index, value)).count();
        Ok((added as u64, Change::wrote(Event::array(event), items.len() as u64)))
    })?;
    ctx.reply.count(added);
    Ok(())
}

pub(super) fn arset(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let first = index(args[2])?;
    let values = &args[3..];
    let last = first.checked_add(values.len() as u64 - 1).filter(|last| *last <= INDEX_MAX);
    let last = last.ok_or(Error::text("ERR array index overflow"))?;
    let items: Vec<(u64, &[u8])> = (first..=last).zip(values.iter().copied()).collect();
    set_all(ctx, args[1], "arset", &items)
}

pub(super) fn armset(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let (pairs, rest) = args[2..].as_chunks::<2>();
    if !rest.is_empty() {
        return Err(Error::arity("armset"));
    }
    let items: Vec<(u64, &[u8])> =
        pairs.iter().map(|[at, value]| Ok((index(at)?, *value))).collect::<Result<_, Error>>()?;
    set_all(ctx, args[1], "armset", &items)
}

/// Takes the items of ranges away; replies with how many there were.
fn remove_all(
    ctx: &mut Ctx<'_, '_>,
    key: &[u8],
    event: &'static str,
    ranges: &[(u64, u64)],
) -> Done {
    let removed = ctx.update(key, |place| {
        let Some((array, _)) = place.get::<Array>()? else { return Ok((0, Change::None)) };
        let removed =
            ranges.iter().map(|(a, b)| array.remove_range(*a.min(b), *a.max(b))).sum::<u64>();
        Ok((removed, Change::wrote(Event::array(event), removed)))
    })?;
    ctx.reply.count(removed);
    Ok(())
}

pub(super) fn ardel(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let ranges: Vec<(u64, u64)> =
        args[2..].iter().map(|at| range(at, at)).collect::<Result<_, Error>>()?;
    remove_all(ctx, args[1], "ardel", &ranges)
}

pub(super) fn ardelrange(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let (pairs, rest) = args[2..].as_chunks::<2>();
    if !rest.is_empty() {
        return Err(Error::arity("ardelrange"));
    }
    let ranges: Vec<(u64, u64)> =
        pairs.iter().map(|[start, end]| range(start, end)).collect::<Result<_, Error>>()?;
    remove_all(ctx, args[1], "ardelrange", &ranges)
}

pub(super) fn arinsert(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    const OVERFLOW: &str = "ERR insert index overflow";
    let values = &args[2..];
    let last = ctx.update(args[1], |place| {
        let (array, _) = place.get_or_create::<Array>()?;
        let next = array.next_insert().ok_or(Error::text(OVERFLOW))?;
        let last = next.checked_add(values.len() as u64 - 1).filter(|last| *last <= INDEX_MAX);
        let last = last.ok_or(Error::text(OVERFLOW))?;
        for (index, value) in (next..=last).zip(values) {
            array.set(index, value);
        }
        array.set_last_insert(Some(last));
        Ok((last, Change::wrote(Event::array("arinsert"), values.len() as u64)))
    })?;
    ctx.reply.count(last);
    Ok(())
}

pub(super) fn arring(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let size = int_or(args[2], "ERR invalid size")?;
    let size = u64::try_from(size).ok().filter(|size| *size > 0);
    let size = size.ok_or(Error::text("ERR size must be positive"))?;
    let values = &args[3..];
    let last = ctx.update(args[1], |place| {
        let (array, _) = place.get_or_create::<Array>()?;
        array.make_ring(size);
        let mut last = 0;
        for value in values {
            last = array.next_insert().unwrap_or(0) % size;
            array.set(last, value);
            array.set_last_insert(Some(last));
        }
        Ok((last, Change::wrote(Event::array("arring"), values.len() as u64)))
    })?;
    ctx.reply.count(last);
    Ok(())
}

pub(super) fn arseek(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    // One more than an index can be, after which nothing more is inserted.
    let next = unsigned(args[2]).ok_or(Error::text("ERR invalid array index"))?;
    let is_there = ctx.update(args[1], |place| {
        let Some((array, _)) = place.get::<Array>()? else { return Ok((false, Change::None)) };
        array.set_last_insert(next.checked_sub(1));
        Ok((true, Change::wrote(Event::array("arseek"), 1)))
    })?;
    ctx.reply.int(i64::from(is_there));
    Ok(())
}
