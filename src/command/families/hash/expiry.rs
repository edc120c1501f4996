//! Fields with a time to live.

use super::super::super::Ctx;
use super::super::super::error::Error;
use super::super::super::parse::{TimeUnit, any_expiry, expiry_word, int, int_between, is};
use super::expire_fields;
use crate::base::bulk::IntBuf;
use crate::base::limits::FIELD_EXPIRE_MS_MAX;
use crate::keyspace::{Change, Event};
use crate::value::Hash;

type Done = Result<(), Error>;

const COUNT_MISMATCH: &str = "ERR The `numfields` parameter must match the number of arguments";
const COUNT_INVALID: &str = "ERR Parameter `numFields` should be greater than 0";

/// The fields behind `FIELDS n` at `at`, which must be the rest of the arguments.
fn fields<'a>(args: &'a [&'a [u8]], at: usize) -> Result<&'a [&'a [u8]], Error> {
    const MISSING: &str = "ERR Mandatory argument FIELDS is missing or not at the right position";
    if !args.get(at).is_some_and(|word| is(word, "fields")) {
        return Err(Error::text(MISSING));
    }
    let count = args.get(at + 1).ok_or(Error::Syntax)?;
    let count = int(count).ok().and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0);
    let count = count.ok_or(Error::text(COUNT_INVALID))?;
    let rest = &args[at + 2..];
    if rest.len() != count {
        return Err(Error::text(COUNT_MISMATCH));
    }
    Ok(rest)
}

/// The error about a word that is no option.
fn unknown(word: &[u8]) -> Error {
    Error::text(format!("ERR unknown argument: {}", Error::quoted(word)))
}

/// The fields behind `FIELDS n` at `at`, which options may follow. Returns where those are too.
fn fields_among_options<'a>(
    args: &'a [&'a [u8]],
    at: usize,
    invalid: &'static str,
) -> Result<(&'a [&'a [u8]], usize), Error> {
    let count = int_between(args[at + 1], 1, i64::from(i32::MAX), invalid)?;
    let end = usize::try_from(count).ok().and_then(|count| count.checked_add(at + 2));
    let end = end.filter(|end| *end <= args.len());
    let end = end.ok_or(Error::text("ERR wrong number of arguments"))?;
    Ok((&args[at + 2..end], end))
}

const FIELDS_TWICE: &str = "ERR FIELDS keyword specified multiple times";
const NO_FIELDS: &str = "ERR missing FIELDS argument";

/// What stands behind the time of HEXPIRE and its kin, in any order: the fields and a condition.
fn expire_options<'a>(args: &'a [&'a [u8]]) -> Result<(&'a [&'a [u8]], Condition), Error> {
    const TOO_FEW: &str = "ERR FIELDS requires at least numfields and one field argument";
    let (mut names, mut condition, mut several, mut at) = (None, Condition::Always, false, 3);
    while at < args.len() {
        let said = match args[at] {
            word if is(word, "fields") => {
                if names.is_some() {
                    return Err(Error::text(FIELDS_TWICE));
                }
                if at + 2 >= args.len() {
                    return Err(Error::text(TOO_FEW));
                }
                let (found, end) = fields_among_options(args, at, COUNT_INVALID)?;
                names = Some(found);
                at = end;
                continue;
            }
            word if is(word, "nx") => Condition::None,
            word if is(word, "xx") => Condition::Some,
            word if is(word, "gt") => Condition::Later,
            word if is(word, "lt") => Condition::Earlier,
            word => return Err(unknown(word)),
        };
        several |= condition != Condition::Always && condition != said;
        condition = said;
        at += 1;
    }
    let names = names.ok_or(Error::text(NO_FIELDS))?;
    if several {
        return Err(Error::text("ERR Multiple condition flags specified"));
    }
    Ok((names, condition))
}

/// What a field's new time must be like for it to be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Condition {
    Always,
    None,
    Some,
    Later,
    Earlier,
}

impl Condition {
    fn holds(self, old_ms: Option<i64>, new_ms: i64) -> bool {
        match self {
            Condition::Always => true,
            Condition::None => old_ms.is_none(),
            Condition::Some => old_ms.is_some(),
            // No time is later than any.
            Condition::Later => old_ms.is_some_and(|old_ms| new_ms > old_ms),
            Condition::Earlier => old_ms.is_none_or(|old_ms| new_ms < old_ms),
        }
    }
}

pub(super) fn hexpire(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let now_ms = ctx.now_ms();
    expire(ctx, args, TimeUnit::Seconds, now_ms, "hexpire")
}

pub(super) fn hpexpire(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let now_ms = ctx.now_ms();
    expire(ctx, args, TimeUnit::Milliseconds, now_ms, "hpexpire")
}

pub(super) fn hexpireat(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    expire(ctx, args, TimeUnit::Seconds, 0, "hexpireat")
}

pub(super) fn hpexpireat(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    expire(ctx, args, TimeUnit::Milliseconds, 0, "hpexpireat")
}

/// A time that fields can have.
fn field_time(text: &[u8], unit: TimeUnit, base_ms: i64, command: &str) -> Result<i64, Error> {
    let n = int(text)?;
    if n < 0 {
        return Err(Error::text("ERR invalid expire time, must be >= 0"));
    }
    let at_ms = any_expiry(n, unit, base_ms).filter(|at_ms| *at_ms <= FIELD_EXPIRE_MS_MAX);
    at_ms.ok_or_else(|| Error::expire_time(command))
}

/// Sets fields' times. Replies for each field: -2 not there, 0 condition not met, 1 set, 2 gone at once.
fn expire(
    ctx: &mut Ctx<'_, '_>,
    args: &[&[u8]],
    unit: TimeUnit,
    base_ms: i64,
    command: &str,
) -> Done {
    let (key, now_ms) = (args[1], ctx.now_ms());
    let at_ms = field_time(args[2], unit, base_ms, command)?;
    let (names, condition) = expire_options(args)?;
    expire_fields(ctx, key)?;
    // In a replay fields stay until their removal is replayed too.
    let gone = at_ms <= now_ms && !ctx.is_replayed();
    let mut replies = Vec::with_capacity(names.len());
    let mut changed: Vec<&[u8]> = Vec::new();
    ctx.update(key, |place| {
        let Some((hash, limits)) = place.get::<Hash>()? else {
            replies.resize(names.len(), -2);
            return Ok(((), Change::None));
        };
        for name in names {
            let old_ms = hash.get(name).map(|field| field.expire_at_ms);
            replies.push(match old_ms {
                None => -2,
                Some(old_ms) if !condition.holds(old_ms, at_ms) => 0,
                Some(_) => {
                    changed.push(name);
                    if gone {
                        hash.remove(name);
                        2
                    } else {
                        hash.set_expiry(name, Some(at_ms), limits);
                        1
                    }
                }
            });
        }
        let event = Event::hash(if gone { "hdel" } else { "hexpire" });
        Ok(((), Change::wrote(event, changed.len() as u64)))
    })?;
    if !changed.is_empty() {
        let (time, count) = (at_ms.to_string(), changed.len().to_string());
        let mut command: Vec<&[u8]> = match gone {
            true => vec![b"HDEL", key],
            false => vec![b"HPEXPIREAT", key, time.as_bytes(), b"FIELDS", count.as_bytes()],
        };
        command.extend(&changed);
        ctx.propagate(&command);
    }
    ctx.reply.array(replies.len());
    replies.iter().for_each(|reply| ctx.reply.int(*reply));
    Ok(())
}

pub(super) fn httl(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    reply_times(ctx, args, |at_ms, now_ms| (at_ms - now_ms).max(0).saturating_add(999) / 1000)
}

pub(super) fn hpttl(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    reply_times(ctx, args, |at_ms, now_ms| (at_ms - now_ms).max(0))
}

pub(super) fn hexpiretime(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    reply_times(ctx, args, |at_ms, _| at_ms.saturating_add(999) / 1000)
}

pub(super) fn hpexpiretime(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    reply_times(ctx, args, |at_ms, _| at_ms)
}

/// Replies for each field: -2 not there, -1 no time, else what is shown of the time.
fn reply_times(ctx: &mut Ctx<'_, '_>, args: &[&[u8]], show: fn(i64, i64) -> i64) -> Done {
    let names = fields(args, 2)?;
    expire_fields(ctx, args[1])?;
    let now_ms = ctx.now_ms();
    let hash = ctx.unit.peek_as::<Hash>(args[1])?;
    ctx.reply.array(names.len());
    for name in names {
        let shown = match hash.and_then(|hash| hash.get(name)).map(|field| field.expire_at_ms) {
            None => -2,
            Some(None) => -1,
            Some(Some(at_ms)) => show(at_ms, now_ms),
        };
        ctx.reply.int(shown);
    }
    Ok(())
}

pub(super) fn hpersist(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let names = fields(args, 2)?;
    expire_fields(ctx, args[1])?;
    let mut replies = Vec::with_capacity(names.len());
    ctx.update(args[1], |place| {
        let Some((hash, limits)) = place.get::<Hash>()? else {
            replies.resize(names.len(), -2);
            return Ok(((), Change::None));
        };
        let mut changed = 0;
        for name in names {
            let old_ms = hash.get(name).map(|field| field.expire_at_ms);
            replies.push(match old_ms {
                None => -2,
                Some(None) => -1,
                Some(Some(_)) => {
                    hash.set_expiry(name, None, limits);
                    changed += 1;
                    1
                }
            });
        }
        Ok(((), Change::wrote(Event::hash("hpersist"), changed)))
    })?;
    ctx.reply.array(replies.len());
    replies.iter().for_each(|reply| ctx.reply.int(*reply));
    Ok(())
}

/// What HGETEX and HSETEX say of expiry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    Nothing,
    At(i64),
    Keep,
    Persist,
}

/// Reads an expiry option at `at`. Returns how many arguments it took, none if it is no such option.
fn said(
    ctx: &Ctx<'_, '_>,
    args: &[&[u8]],
    at: usize,
    said: &mut Said,
    command: &str,
) -> Result<usize, Error> {
    let Some((unit, base_ms)) = expiry_word(args[at], ctx.now_ms()) else { return Ok(0) };
    let operand = args.get(at + 1).ok_or(Error::Syntax)?;
    if *said != Said::Nothing {
        return Err(Error::Syntax);
    }
    *said = Said::At(field_time(operand, unit, base_ms, command)?);
    Ok(2)
}

pub(super) fn hgetex(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    const SEVERAL: &str =
        "ERR Only one of EX, PX, EXAT, PXAT or PERSIST arguments can be specified";
    let (mut wanted, mut names, mut at) = (Said::Nothing, None, 2);
    while at < args.len() {
        let word = args[at];
        if is(word, "fields") {
            if names.is_some() {
                return Err(Error::text(FIELDS_TWICE));
            }
            if at + 1 >= args.len() {
                return Err(Error::arity("hgetex"));
            }
            let (found, end) = fields_among_options(args, at, "ERR invalid number of fields")?;
            names = Some(found);
            at = end;
            continue;
        }
        let timed = expiry_word(word, ctx.now_ms()).is_some();
        if (timed || is(word, "persist")) && wanted != Said::Nothing {
            return Err(Error::text(SEVERAL));
        }
        if timed && at + 1 >= args.len() {
            return Err(Error::text("ERR missing expire time"));
        }
        let taken = said(ctx, args, at, &mut wanted, "hgetex")?;
        if taken == 0 {
            if !is(word, "persist") {
                return Err(unknown(word));
            }
            wanted = Said::Persist;
        }
        at += taken.max(1);
    }
    let names = names.ok_or(Error::text(NO_FIELDS))?;
    let (key, now_ms) = (args[1], ctx.now_ms());
    expire_fields(ctx, key)?;
    reply_values(ctx, key, names)?;
    let expire_at_ms = match wanted {
        Said::At(at_ms) => Some(at_ms),
        Said::Persist => None,
        Said::Nothing | Said::Keep => return Ok(()),
    };
    let gone = expire_at_ms.is_some_and(|at_ms| at_ms <= now_ms) && !ctx.is_replayed();
    let mut changed: Vec<&[u8]> = Vec::new();
    ctx.update(key, |place| {
        let Some((hash, limits)) = place.get::<Hash>()? else { return Ok(((), Change::None)) };
        for name in names {
            let Some(old_ms) = hash.get(name).map(|field| field.expire_at_ms) else { continue };
            if gone {
                hash.remove(name);
            } else if old_ms != expire_at_ms {
                hash.set_expiry(name, expire_at_ms, limits);
            } else {
                continue;
            }
            changed.push(name);
        }
        let event = match (gone, expire_at_ms) {
            (true, _) => "hdel",
            (false, Some(_)) => "hexpire",
            (false, None) => "hpersist",
        };
        Ok(((), Change::wrote(Event::hash(event), changed.len() as u64)))
    })?;
    if changed.is_empty() {
        return Ok(());
    }
    let (time, count) = (expire_at_ms.unwrap_or(0).to_string(), changed.len().to_string());
    let mut command: Vec<&[u8]> = match (gone, expire_at_ms) {
        (true, _) => vec![b"HDEL", key],
        (false, Some(_)) => vec![b"HPEXPIREAT", key, time.as_bytes(), b"FIELDS", count.as_bytes()],
        (false, None) => vec![b"HPERSIST", key, b"FIELDS", count.as_bytes()],
    };
    command.extend(&changed);
    ctx.propagate(&command);
    Ok(())
}

fn reply_values(ctx: &mut Ctx<'_, '_>, key: &[u8], names: &[&[u8]]) -> Done {
    let hash = ctx.unit.peek_as::<Hash>(key)?;
    ctx.reply.array(names.len());
    for name in names {
        match hash.and_then(|hash| hash.get(name)) {
            Some(field) => ctx.reply.bulk(field.value.text(&mut IntBuf::new())),
            None => ctx.reply.null(),
        }
    }
    Ok(())
}

pub(super) fn hgetdel(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let names = fields(args, 2)?;
    let key = args[1];
    expire_fields(ctx, key)?;
    let mut values: Vec<Option<Vec<u8>>> = Vec::with_capacity(names.len());
    let removed: Vec<&[u8]> = ctx.update(key, |place| {
        let Some((hash, _)) = place.get::<Hash>()? else {
            values.resize(names.len(), None);
            return Ok((Vec::new(), Change::None));
        };
        let mut removed = Vec::new();
        for name in names {
            // A field that is named twice is gone the second time.
            values.push(hash.get(name).map(|field| field.value.to_vec()));
            if hash.remove(name) {
                removed.push(*name);
            }
        }
        let change = Change::wrote(Event::hash("hdel"), removed.len() as u64);
        Ok((removed, change))
    })?;
    ctx.reply.array(values.len());
    for value in &values {
        match value {
            Some(value) => ctx.reply.bulk(value),
            None => ctx.reply.null(),
        }
    }
    if !removed.is_empty() {
        let mut command: Vec<&[u8]> = vec![b"HDEL", key];
        command.extend(&removed);
        ctx.propagate(&command);
    }
    Ok(())
}

pub(super) fn hsetex(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let (mut wanted, mut only, mut at) = (Said::Nothing, None, 2);
    while at < args.len() && !is(args[at], "fields") {
        let taken = said(ctx, args, at, &mut wanted, "hsetex")?;
        if taken == 0 {
            match args[at] {
                word if is(word, "keepttl") && wanted == Said::Nothing => wanted = Said::Keep,
                word if is(word, "fnx") && only.is_none() => only = Some(false),
                word if is(word, "fxx") && only.is_none() => only = Some(true),
                _ => return Err(Error::Syntax),
            }
        }
        at += taken.max(1);
    }
    let count = args.get(at + 1).ok_or(Error::Syntax)?;
    let count = int(count).ok().and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0);
    let count = count.ok_or(Error::text(COUNT_INVALID))?;
    let pairs = &args[at + 2..];
    if count.checked_mul(2) != Some(pairs.len()) {
        return Err(Error::text(COUNT_MISMATCH));
    }
    let (key, now_ms) = (args[1], ctx.now_ms());
    expire_fields(ctx, key)?;
    let hash = ctx.unit.peek_as::<Hash>(key)?;
    let mut names = pairs.chunks_exact(2).map(|pair| pair[0]);
    let there = |name: &[u8]| hash.is_some_and(|hash| hash.contains(name));
    let holds = match only {
        None => true,
        Some(true) => names.all(there),
        Some(false) => !names.any(there),
    };
    if !holds {
        ctx.reply.int(0);
        return Ok(());
    }
    let gone = matches!(wanted, Said::At(at_ms) if at_ms <= now_ms) && !ctx.is_replayed();
    ctx.update(key, |place| {
        let (hash, limits) = place.get_or_create::<Hash>()?;
        for pair in pairs.chunks_exact(2) {
            let expire_at_ms = match wanted {
                Said::At(at_ms) => Some(at_ms),
                Said::Keep => hash.get(pair[0]).and_then(|field| field.expire_at_ms),
                Said::Nothing | Said::Persist => None,
            };
            if gone {
                hash.remove(pair[0]);
            } else {
                hash.insert_expiring(pair[0], pair[1], expire_at_ms, limits);
            }
        }
        let event = Event::hash(if gone { "hdel" } else { "hset" });
        Ok(((), Change::wrote(event, count as u64)))
    })?;
    match wanted {
        _ if gone => {
            let mut command: Vec<&[u8]> = vec![b"HDEL", key];
            command.extend(pairs.chunks_exact(2).map(|pair| pair[0]));
            ctx.propagate(&command);
        }
        Said::At(at_ms) => {
            ctx.unit.event(Event::hash("hexpire"), key);
            let (time, count) = (at_ms.to_string(), count.to_string());
            let mut command: Vec<&[u8]> =
                vec![b"HSETEX", key, b"PXAT", time.as_bytes(), b"FIELDS", count.as_bytes()];
            command.extend(pairs);
            ctx.propagate(&command);
        }
        Said::Nothing | Said::Keep | Said::Persist => {}
    }
    ctx.reply.int(1);
    Ok(())
}
