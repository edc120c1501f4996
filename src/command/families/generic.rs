//! Commands on keys of any type, and on whole databases.

use super::super::error::Error;
use super::super::parse::{TimeUnit, any_expiry, int, int32, is};
use super::super::{Ctx, Handler};
use crate::base::glob::Glob;
use crate::base::num::parse_canonical_i64;
use crate::keyspace::{Change, Event, Uses, ValueRef};
use crate::resp::encode::Reply;

/// The handlers of this family.
pub const HANDLERS: &[(&str, Handler)] = &[
    ("copy", copy),
    ("dbsize", dbsize),
    ("del", del),
    ("exists", exists),
    ("expire", expire),
    ("expireat", expireat),
    ("expiretime", expiretime),
    ("flushall", flushall),
    ("flushdb", flushdb),
    ("keys", keys),
    ("move", move_),
    ("object", object),
    ("persist", persist),
    ("pexpire", pexpire),
    ("pexpireat", pexpireat),
    ("pexpiretime", pexpiretime),
    ("pttl", pttl),
    ("randomkey", randomkey),
    ("rename", rename),
    ("renamenx", renamenx),
    ("scan", scan),
    ("swapdb", swapdb),
    ("touch", touch),
    ("ttl", ttl),
    ("type", type_),
    ("unlink", del),
];

type Done = Result<(), Error>;

fn del(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let removed = args[1..].iter().filter(|key| ctx.unit.delete(key)).count();
    ctx.reply.count(removed as u64);
    Ok(())
}

fn exists(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let there = args[1..].iter().filter(|key| ctx.unit.exists(key)).count();
    ctx.reply.count(there as u64);
    Ok(())
}

fn touch(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let there = args[1..].iter().filter(|key| ctx.unit.get(key).is_some()).count();
    ctx.reply.count(there as u64);
    Ok(())
}

fn type_(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    ctx.unit.expire_if_due(args[1]);
    match ctx.unit.peek(args[1]) {
        Some(value) => ctx.reply.simple(value.object().map_or("string", |value| value.type_name())),
        None => ctx.reply.simple("none"),
    }
    Ok(())
}

fn dbsize(ctx: &mut Ctx<'_, '_>, _: &[&[u8]]) -> Done {
    ctx.reply.count(ctx.unit.len());
    Ok(())
}

/// Conditions of the EXPIRE family.
#[derive(Default)]
struct ExpireIf {
    none: bool,
    some: bool,
    later: bool,
    earlier: bool,
}

impl ExpireIf {
    fn parse(words: &[&[u8]]) -> Result<ExpireIf, Error> {
        let mut wanted = ExpireIf::default();
        for word in words {
            match *word {
                word if is(word, "nx") => wanted.none = true,
                word if is(word, "xx") => wanted.some = true,
                word if is(word, "gt") => wanted.later = true,
                word if is(word, "lt") => wanted.earlier = true,
                word => {
                    let word = Error::quoted(word);
                    return Err(Error::text(format!("ERR Unsupported option {word}")));
                }
            }
        }
        if wanted.none && (wanted.some || wanted.later || wanted.earlier) {
            return Err(Error::text(
                "ERR NX and XX, GT or LT options at the same time are not compatible",
            ));
        }
        if wanted.later && wanted.earlier {
            return Err(Error::text("ERR GT and LT options at the same time are not compatible"));
        }
        Ok(wanted)
    }

    /// Whether a new time may take the place of the old one. No time is later than any.
    fn holds(&self, old_ms: Option<i64>, new_ms: i64) -> bool {
        !(self.none && old_ms.is_some()
            || self.some && old_ms.is_none()
            || self.later && old_ms.is_none_or(|old_ms| new_ms <= old_ms)
            || self.earlier && old_ms.is_some_and(|old_ms| new_ms >= old_ms))
    }
}

fn expire(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let now_ms = ctx.now_ms();
    expire_at(ctx, args, TimeUnit::Seconds, now_ms, "expire")
}

fn pexpire(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let now_ms = ctx.now_ms();
    expire_at(ctx, args, TimeUnit::Milliseconds, now_ms, "pexpire")
}

fn expireat(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    expire_at(ctx, args, TimeUnit::Seconds, 0, "expireat")
}

fn pexpireat(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    expire_at(ctx, args, TimeUnit::Milliseconds, 0, "pexpireat")
}

fn expire_at(
    ctx: &mut Ctx<'_, '_>,
    args: &[&[u8]],
    unit: TimeUnit,
    base_ms: i64,
    name: &str,
) -> Done {
    let wanted = ExpireIf::parse(&args[3..])?;
    let at_ms = any_expiry(int(args[2])?, unit, base_ms).ok_or_else(|| Error::expire_time(name))?;
    let key = args[1];
    // In a replay the key stays until its removal is replayed too.
    let gone = at_ms <= ctx.now_ms() && !ctx.is_replayed();
    let set = ctx.update(key, |place| {
        if !place.exists() || !wanted.holds(place.expire_at_ms(), at_ms) {
            return Ok((false, Change::None));
        }
        if gone {
            place.remove();
            return Ok((true, Change::wrote(Event::generic("del"), 1)));
        }
        place.set_expiry(Some(at_ms));
        Ok((true, Change::wrote(Event::generic("expire"), 1)))
    })?;
    if set && gone {
        ctx.propagate(&[b"DEL", key]);
    } else if set {
        ctx.propagate(&[b"PEXPIREAT", key, itoa::Buffer::new().format(at_ms).as_bytes()]);
    }
    ctx.reply.int(i64::from(set));
    Ok(())
}

fn persist(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let persisted = ctx.update(args[1], |place| {
        if place.expire_at_ms().is_none() {
            return Ok((false, Change::None));
        }
        place.set_expiry(None);
        Ok((true, Change::wrote(Event::generic("persist"), 1)))
    })?;
    ctx.reply.int(i64::from(persisted));
    Ok(())
}

fn ttl(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    reply_expiry(ctx, args[1], |at_ms, now_ms| ((at_ms - now_ms).max(0) + 500) / 1000)
}

fn pttl(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    reply_expiry(ctx, args[1], |at_ms, now_ms| (at_ms - now_ms).max(0))
}

fn expiretime(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    reply_expiry(ctx, args[1], |at_ms, _| at_ms.saturating_add(500) / 1000)
}

fn pexpiretime(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    reply_expiry(ctx, args[1], |at_ms, _| at_ms)
}

fn reply_expiry(ctx: &mut Ctx<'_, '_>, key: &[u8], show: fn(i64, i64) -> i64) -> Done {
    ctx.unit.expire_if_due(key);
    let shown = match ctx.unit.peek(key).map(|value| value.expire_at_ms()) {
        None => -2,
        Some(None) => -1,
        Some(Some(at_ms)) => show(at_ms, ctx.now_ms()),
    };
    ctx.reply.int(shown);
    Ok(())
}

fn rename(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    rename_with(ctx, args, false)?;
    ctx.reply.ok();
    Ok(())
}

fn renamenx(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let renamed = rename_with(ctx, args, true)?;
    ctx.reply.int(i64::from(renamed));
    Ok(())
}

fn rename_with(ctx: &mut Ctx<'_, '_>, args: &[&[u8]], only_new: bool) -> Result<bool, Error> {
    let (from, to) = (args[1], args[2]);
    ctx.unit.expire_if_due(from);
    let value = ctx.unit.peek(from).ok_or(Error::NoSuchKey)?;
    let (content, form, expire_at_ms) =
        (value.to_value(), value.string_form(), value.expire_at_ms());
    if from == to {
        return Ok(!only_new);
    }
    if ctx.unit.exists(to) {
        if only_new {
            return Ok(false);
        }
        ctx.unit.delete_as(to, Event::generic("del"));
    }
    ctx.unit.delete_as(from, Event::generic("rename_from"));
    ctx.unit.put_as(to, content, form, expire_at_ms, Event::generic("rename_to"));
    Ok(true)
}

/// A database's number that exists.
fn db_number(ctx: &Ctx<'_, '_>, text: &[u8]) -> Result<usize, Error> {
    let n = usize::try_from(int32(text)?).ok().filter(|n| *n < ctx.unit.databases());
    n.ok_or(Error::text("ERR DB index is out of range"))
}

fn move_(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let (key, here) = (args[1], ctx.unit.db());
    let there = db_number(ctx, args[2])?;
    if here == there {
        return Err(Error::text("ERR source and destination objects are the same"));
    }
    ctx.unit.expire_if_due(key);
    let Some(value) = ctx.unit.peek(key) else {
        ctx.reply.int(0);
        return Ok(());
    };
    let (content, form, expire_at_ms) =
        (value.to_value(), value.string_form(), value.expire_at_ms());
    ctx.unit.select(there);
    let taken = ctx.unit.exists(key);
    if !taken {
        ctx.unit.put_as(key, content, form, expire_at_ms, Event::generic("move_to"));
    }
    ctx.unit.select(here);
    if !taken {
        ctx.unit.delete_as(key, Event::generic("move_from"));
    }
    ctx.reply.int(i64::from(!taken));
    Ok(())
}

fn copy(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let (from, to, here) = (args[1], args[2], ctx.unit.db());
    let (mut there, mut replace, mut at) = (here, false, 3);
    while at < args.len() {
        match args[at] {
            word if is(word, "replace") => replace = true,
            word if is(word, "db") && at + 1 < args.len() => {
                at += 1;
                there = db_number(ctx, args[at])?;
            }
            _ => return Err(Error::Syntax),
        }
        at += 1;
    }
    if here == there && from == to {
        return Err(Error::text("ERR source and destination objects are the same"));
    }
    ctx.unit.expire_if_due(from);
    let Some(value) = ctx.unit.peek(from) else {
        ctx.reply.int(0);
        return Ok(());
    };
    let (content, form, expire_at_ms) =
        (value.to_value(), value.string_form(), value.expire_at_ms());
    ctx.unit.select(there);
    let free = replace || !ctx.unit.exists(to);
    if free {
        ctx.unit.put_as(to, content, form, expire_at_ms, Event::generic("copy_to"));
    }
    ctx.unit.select(here);
    ctx.reply.int(i64::from(free));
    Ok(())
}

fn randomkey(ctx: &mut Ctx<'_, '_>, _: &[&[u8]]) -> Done {
    /// Keys whose time has passed are drawn again, but not for ever.
    const DRAWS: usize = 100;
    for _ in 0..DRAWS {
        let rank = ctx.rng.below(ctx.unit.len());
        let Some(key) = ctx.unit.nth(rank).map(|value| value.key().to_vec()) else { break };
        if ctx.unit.exists(&key) {
            ctx.reply.bulk(&key);
            return Ok(());
        }
    }
    ctx.reply.null();
    Ok(())
}

fn keys(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let glob = Glob::new(args[1]);
    let (unit, reply) = (&*ctx.unit, &mut *ctx.reply);
    reply.array_later(|reply| {
        let matching = unit.iter().filter(|value| glob.matches(value.key()));
        Ok(matching.map(|value| reply.bulk(value.key())).count())
    })
}

/// The options of the SCAN family.
pub(super) struct ScanOptions {
    /// Where to begin.
    pub(super) cursor: u64,
    /// About how many to look at.
    pub(super) count: usize,
    /// Which to show.
    pub(super) glob: Option<Glob>,
    /// Of which type.
    pub(super) type_name: Option<String>,
    /// Whether values are left out (HSCAN).
    pub(super) no_values: bool,
}

impl ScanOptions {
    /// Reads a cursor at `at` and the options behind it.
    pub(super) fn parse(args: &[&[u8]], mut at: usize) -> Result<ScanOptions, Error> {
        let cursor = std::str::from_utf8(args[at]).ok().and_then(|text| text.parse().ok());
        let cursor = cursor.ok_or(Error::text("ERR invalid cursor"))?;
        let mut options =
            ScanOptions { cursor, count: 10, glob: None, type_name: None, no_values: false };
        let name = args[0];
        at += 1;
        while at < args.len() {
            let operand = args.get(at + 1);
            match (args[at], operand) {
                (word, Some(operand)) if is(word, "count") => {
                    let count = int(operand)?;
                    options.count = usize::try_from(count)
                        .ok()
                        .filter(|count| *count > 0)
                        .ok_or(Error::Syntax)?;
                    at += 1;
                }
                (word, Some(operand)) if is(word, "match") => {
                    options.glob = Some(Glob::new(operand));
                    at += 1;
                }
                (word, Some(operand)) if is(word, "type") && is(name, "scan") => {
                    options.type_name = Some(String::from_utf8_lossy(operand).to_ascii_lowercase());
                    at += 1;
                }
                (word, _) if is(word, "novalues") => {
                    if !is(name, "hscan") {
                        return Err(Error::text("ERR NOVALUES option can only be used in HSCAN"));
                    }
                    options.no_values = true;
                }
                _ => return Err(Error::Syntax),
            }
            at += 1;
        }
        Ok(options)
    }

    /// Whether a name is to be shown.
    pub(super) fn shows(&self, name: &[u8]) -> bool {
        self.glob.as_ref().is_none_or(|glob| glob.matches(name))
    }
}

/// The reply of a scan that has come to its end and found nothing.
pub(super) fn reply_scanned(reply: &mut Reply) {
    reply.array(2);
    reply.bulk(b"0");
    reply.array(0);
}

fn scan(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let options = ScanOptions::parse(args, 1)?;
    let mut found = Vec::new();
    let next = ctx.unit.scan(options.cursor, options.count, |value| {
        let type_name = value.object().map_or("string", |value| value.type_name());
        if options.shows(value.key())
            && options.type_name.as_deref().is_none_or(|wanted| wanted == type_name)
        {
            found.push(value.key().to_vec());
        }
    });
    found.retain(|key| ctx.unit.exists(key));
    ctx.reply.array(2);
    ctx.reply.bulk(next.to_string().as_bytes());
    ctx.reply.array(found.len());
    found.iter().for_each(|key| ctx.reply.bulk(key));
    Ok(())
}

fn object(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    const LFU_WANTED: &str = "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when \
                              switching between policies at runtime LRU and LFU data will take some time to adjust.";
    const LRU_WANTED: &str = "ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when switching \
                              between policies at runtime LRU and LFU data will take some time to adjust.";
    let word = args[1];
    if is(word, "help") && args.len() == 2 {
        let lines = [
            "OBJECT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
            "ENCODING <key>",
            "    Return the kind of internal representation used in order to store the value",
            "    associated with a <key>.",
            "FREQ <key>",
            "    Return the access frequency index of the <key>. The returned integer is",
            "    proportional to the logarithm of the recent access frequency of the key.",
            "IDLETIME <key>",
            "    Return the idle time of the <key>, that is the approximated number of",
            "    seconds elapsed since the last access to the key.",
            "REFCOUNT <key>",
            "    Return the number of references of the value associated with the specified",
            "    <key>.",
            "HELP",
            "    Print this help.",
        ];
        ctx.reply.lines(&lines);
        return Ok(());
    }
    let known = ["encoding", "freq", "idletime", "refcount"].iter().any(|name| is(word, name));
    if !known {
        let word = Error::quoted(word);
        return Err(Error::text(format!("ERR unknown subcommand '{word}'. Try OBJECT HELP.")));
    }
    if args.len() != 3 {
        return Err(Error::arity(&format!(
            "object|{}",
            String::from_utf8_lossy(word).to_ascii_lowercase()
        )));
    }
    ctx.unit.expire_if_due(args[2]);
    let (uses, now_ms) = (ctx.unit.uses(), ctx.now_ms());
    let limits = ctx.unit.limits();
    let Some(value) = ctx.unit.peek(args[2]) else {
        ctx.reply.null();
        return Ok(());
    };
    match word {
        word if is(word, "encoding") => ctx.reply.bulk(value.encoding(limits).as_bytes()),
        word if is(word, "refcount") => ctx.reply.int(references(&value, uses)),
        word if is(word, "freq") => {
            if !uses.counted {
                return Err(Error::text(LFU_WANTED));
            }
            ctx.reply.int(i64::from(uses.count(value.access(), now_ms)));
        }
        _ => {
            if uses.counted {
                return Err(Error::text(LRU_WANTED));
            }
            ctx.reply.int(i64::from(uses.idle_s(value.access(), now_ms)));
        }
    }
    Ok(())
}

/// What servers tell of an object's references: they share the objects of small integers among all keys, unless uses are noted.
fn references(value: &ValueRef<'_>, uses: Uses) -> i64 {
    /// Integers below it are shared.
    const SHARED: i64 = 10_000;
    let number = value.string().filter(|bytes| value.string_form().encoding(bytes) == "int");
    match number.and_then(parse_canonical_i64) {
        Some(0..SHARED) if uses.shares_integers => i64::from(i32::MAX),
        _ => 1,
    }
}

fn flush_option(args: &[&[u8]]) -> Result<(), Error> {
    match args {
        [_] => Ok(()),
        [_, word] if is(word, "sync") || is(word, "async") => Ok(()),
        _ => Err(Error::Syntax),
    }
}

fn flushdb(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    flush_option(args)?;
    flush(ctx, false)
}

fn flushall(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    flush_option(args)?;
    flush(ctx, true)
}

fn flush(ctx: &mut Ctx<'_, '_>, all: bool) -> Done {
    ctx.unit.flush(all);
    // Counts even when there was nothing, so that replicas are emptied in any case.
    ctx.unit.add_dirty(1);
    ctx.reply.ok();
    Ok(())
}

fn swapdb(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let first = super::super::parse::int_or(args[1], "ERR invalid first DB index")?;
    let second = super::super::parse::int_or(args[2], "ERR invalid second DB index")?;
    let number = |n: i64| usize::try_from(n).ok().filter(|n| *n < ctx.unit.databases());
    let out_of_range = Error::text("ERR DB index is out of range");
    let (first, second) = number(first).zip(number(second)).ok_or(out_of_range)?;
    ctx.unit.swap(first, second);
    ctx.reply.ok();
    Ok(())
}
