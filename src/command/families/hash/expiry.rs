//! Fields with a time to live.

use super::super::super::Ctx;
use super::super::super::error::Error;
use super::super::super::parse::{TimeUnit, any_expiry, expiry_word, int, int_between, is};
use super::expire_fields;
use crate::base::bulk::IntBuf;
use crate::base::limits::{FIELD_EXPIRE_MS_MAX, FIELD_EXPIRE_SET_MS_MAX};
use crate::keyspace::{Change, Event};
use crate::value::Hash;

type Done = Result<(), Error>;

const COUNT_INVALID: &str = "ERR Parameter `numFields` should be greater than 0";

/// Fails if the key holds another type of value, which commands on one hash tell before they look at their other arguments.
fn check_type(ctx: &mut Ctx<'_, '_>, key: &[u8]) -> Done {
    ctx.unit.read::<Hash>(key)?;
    Ok(())
}

/// The fields behind `FIELDS n`, which must be the rest of the arguments.
fn fields<'a>(args: &'a [&'a [u8]]) -> Result<&'a [&'a [u8]], Error> {
    const MISSING: &str = "ERR Mandatory argument FIELDS is missing or not at the right position";
    const INVALID: &str = "ERR Number of fields must be a positive integer";
    const MISMATCH: &str = "ERR The `numfields` parameter must match the number of arguments";
    if !is(args[2], "fields") {
        return Err(Error::text(MISSING));
    }
    let count = int_between(args[3], 1, i64::MAX, INVALID)?;
    let names = &args[4..];
    if usize::try_from(count) != Ok(names.len()) {
        return Err(Error::text(MISMATCH));
    }
    Ok(names)
}

/// The error about a word that is no option.
fn unknown(word: &[u8]) -> Error {
    Error::text(format!("ERR unknown argument: {}", Error::quoted(word)))
}

/// What stands behind `FIELDS n` at `at`, `width` arguments for each field; options may follow. Returns where those are too.
fn fields_among_options<'a>(
    args: &'a [&'a [u8]],
    at: usize,
    width: usize,
    invalid: &'static str,
) -> Result<(&'a [&'a [u8]], usize), Error> {
    let count = int_between(args[at + 1], 1, i64::from(i32::MAX), invalid)?;
    let width = usize::try_from(count).ok().and_then(|count| count.checked_mul(width));
    let end = width.and_then(|width| width.checked_add(at + 2));
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
                let (found, end) = fields_among_options(args, at, 1, COUNT_INVALID)?;
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

/// A time that fields can have. What a file or a primary tells is taken as long as it can be stored.
fn field_time(
    ctx: &Ctx<'_, '_>,
    text: &[u8],
    unit: TimeUnit,
    base_ms: i64,
    command: &str,
) -> Result<i64, Error> {
    let latest_ms = if ctx.is_replayed() { FIELD_EXPIRE_MS_MAX } else { FIELD_EXPIRE_SET_MS_MAX };
    let n = int(text)?;
    if n < 0 {
        return Err(Error::text("ERR invalid expire time, must be >= 0"));
    }
    let at_ms = any_expiry(n, unit, base_ms).filter(|at_ms| *at_ms <= latest_ms);
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
    check_type(ctx, key)?;
    let at_ms = field_time(ctx, args[2], unit, base_ms, command)?;
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
    check_type(ctx, args[1])?;
    let names = fields(args)?;
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
    check_type(ctx, args[1])?;
    let names = fields(args)?;
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

/// How HGETEX or HSETEX is told what to do.
struct Form {
    command: &'static str,
    /// Arguments for each field: its name, and a value if it is set.
    width: usize,
    /// The error about several options of expiry.
    several: &'static str,
}

const HGETEX: Form = Form {
    command: "hgetex",
    width: 1,
    several: "ERR Only one of EX, PX, EXAT, PXAT or PERSIST arguments can be specified",
};

const HSETEX: Form = Form {
    command: "hsetex",
    width: 2,
    several: "ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified",
};

/// What HGETEX and HSETEX are told.
struct Told<'a> {
    /// Names, or names and values in turn.
    fields: &'a [&'a [u8]],
    /// The time to come.
    at_ms: Option<i64>,
    persist: bool,
    keep: bool,
    /// Whether fields are set only if all are there, or only if none is.
    only: Option<bool>,
}

impl Form {
    /// Reads the arguments, which come in any order. Both commands know all words, and refuse the other's when all else is well.
    fn parse<'a>(&self, ctx: &Ctx<'_, '_>, args: &'a [&'a [u8]]) -> Result<Told<'a>, Error> {
        const SEVERAL_CONDITIONS: &str = "ERR Only one of FXX or FNX arguments can be specified";
        let mut fields = None;
        let (mut at_ms, mut persist, mut keep, mut only) = (None, false, false, None);
        let mut at = 2;
        while at < args.len() {
            let word = args[at];
            let timed = expiry_word(word, ctx.now_ms());
            if is(word, "fields") {
                if fields.is_some() {
                    return Err(Error::text(FIELDS_TWICE));
                }
                if at + 1 >= args.len() {
                    return Err(Error::arity(self.command));
                }
                const INVALID: &str = "ERR invalid number of fields";
                let (found, end) = fields_among_options(args, at, self.width, INVALID)?;
                fields = Some(found);
                at = end;
                continue;
            } else if let Some((unit, base_ms)) = timed {
                if at_ms.is_some() || persist || keep {
                    return Err(Error::text(self.several));
                }
                at += 1;
                let operand = args.get(at).ok_or(Error::text("ERR missing expire time"))?;
                at_ms = Some(field_time(ctx, operand, unit, base_ms, self.command)?);
            } else if is(word, "persist") {
                if at_ms.is_some() || persist {
                    return Err(Error::text(self.several));
                }
                persist = true;
            } else if is(word, "keepttl") {
                if at_ms.is_some() || keep {
                    return Err(Error::text(self.several));
                }
                keep = true;
            } else if is(word, "fxx") || is(word, "fnx") {
                if only.is_some() {
                    return Err(Error::text(SEVERAL_CONDITIONS));
                }
                only = Some(is(word, "fxx"));
            } else {
                return Err(unknown(word));
            }
            at += 1;
        }
        let fields = fields.ok_or(Error::text(NO_FIELDS))?;
        let sets = self.width > 1;
        if (sets && persist) || (!sets && (keep || only.is_some())) {
            return Err(Error::text("ERR unknown argument"));
        }
        Ok(Told { fields, at_ms, persist, keep, only })
    }
}

pub(super) fn hgetex(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let (key, now_ms) = (args[1], ctx.now_ms());
    check_type(ctx, key)?;
    let Told { fields: names, at_ms, persist, .. } = HGETEX.parse(ctx, args)?;
    expire_fields(ctx, key)?;
    if at_ms.is_none() && !persist {
        return reply_values(ctx, key, names);
    }
    let gone = at_ms.is_some_and(|at_ms| at_ms <= now_ms) && !ctx.is_replayed();
    let mut changed: Vec<&[u8]> = Vec::new();
    ctx.reply.array(names.len());
    ctx.unit.update(key, |place| {
        let Some((hash, limits)) = place.get::<Hash>()? else {
            names.iter().for_each(|_| ctx.reply.null());
            return Ok(((), Change::None));
        };
        for name in names {
            // A field that is named twice may be gone the second time.
            let Some(field) = hash.get(name) else {
                ctx.reply.null();
                continue;
            };
            ctx.reply.bulk(field.value.text(&mut IntBuf::new()));
            let old_ms = field.expire_at_ms;
            if gone {
                hash.remove(name);
            } else if at_ms.is_some() || old_ms.is_some() {
                hash.set_expiry(name, at_ms, limits);
            } else {
                continue;
            }
            changed.push(name);
        }
        let event = match (gone, at_ms) {
            (true, _) => "hdel",
            (false, Some(_)) => "hexpire",
            (false, None) => "hpersist",
        };
        Ok::<_, Error>(((), Change::wrote(Event::hash(event), changed.len() as u64)))
    })?;
    if changed.is_empty() {
        return Ok(());
    }
    let (time, count) = (at_ms.unwrap_or(0).to_string(), changed.len().to_string());
    let mut command: Vec<&[u8]> = match (gone, at_ms) {
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
    check_type(ctx, args[1])?;
    let names = fields(args)?;
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
    let Told { fields: pairs, at_ms, keep, only, .. } = HSETEX.parse(ctx, args)?;
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
    let count = pairs.len() / 2;
    let gone = at_ms.is_some_and(|at_ms| at_ms <= now_ms) && !ctx.is_replayed();
    if gone {
        // Servers set the fields before they find them out of date.
        ctx.unit.event(Event::hash("hset"), key);
    }
    ctx.update(key, |place| {
        let (hash, limits) = place.get_or_create::<Hash>()?;
        for pair in pairs.chunks_exact(2) {
            if gone {
                hash.remove(pair[0]);
                continue;
            }
            let kept_ms = hash.get(pair[0]).filter(|_| keep).and_then(|field| field.expire_at_ms);
            hash.insert_expiring(pair[0], pair[1], at_ms.or(kept_ms), limits);
        }
        let event = Event::hash(if gone { "hdel" } else { "hset" });
        Ok(((), Change::wrote(event, count as u64)))
    })?;
    if gone {
        let mut command: Vec<&[u8]> = vec![b"HDEL", key];
        command.extend(pairs.chunks_exact(2).map(|pair| pair[0]));
        ctx.propagate(&command);
    } else if let Some(at_ms) = at_ms {
        ctx.unit.event(Event::hash("hexpire"), key);
        let (time, count) = (at_ms.to_string(), count.to_string());
        let mut command: Vec<&[u8]> =
            vec![b"HSETEX", key, b"PXAT", time.as_bytes(), b"FIELDS", count.as_bytes()];
        command.extend(pairs);
        ctx.propagate(&command);
    }
    ctx.reply.int(1);
    Ok(())
}
