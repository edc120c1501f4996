//! Commands on hashes.

mod expiry;

#[cfg(test)]
mod tests;

use super::super::error::Error;
use super::super::parse::{LongDoubleArg, int, is};
use super::super::{Ctx, Handler};
use super::generic::{ScanOptions, reply_scanned};
use super::set::distinct_ranks;
use crate::base::bulk::{Bulk, IntBuf};
use crate::base::long_double::LongDouble;
use crate::base::num::parse_canonical_i64;
use crate::keyspace::{Change, Event};
use crate::resp::encode::Reply;
use crate::value::Hash;
use crate::value::hash::Field;

/// The handlers of this family.
pub const HANDLERS: &[(&str, Handler)] = &[
    ("hdel", hdel),
    ("hexists", hexists),
    ("hexpire", expiry::hexpire),
    ("hexpireat", expiry::hexpireat),
    ("hexpiretime", expiry::hexpiretime),
    ("hget", hget),
    ("hgetall", hgetall),
    ("hgetdel", expiry::hgetdel),
    ("hgetex", expiry::hgetex),
    ("hincrby", hincrby),
    ("hincrbyfloat", hincrbyfloat),
    ("hkeys", hkeys),
    ("hlen", hlen),
    ("hmget", hmget),
    ("hmset", hmset),
    ("hpersist", expiry::hpersist),
    ("hpexpire", expiry::hpexpire),
    ("hpexpireat", expiry::hpexpireat),
    ("hpexpiretime", expiry::hpexpiretime),
    ("hpttl", expiry::hpttl),
    ("hrandfield", hrandfield),
    ("hscan", hscan),
    ("hset", hset),
    ("hsetex", expiry::hsetex),
    ("hsetnx", hsetnx),
    ("hstrlen", hstrlen),
    ("httl", expiry::httl),
    ("hvals", hvals),
];

type Done = Result<(), Error>;

fn reply_bulk(ctx: &mut Ctx<'_, '_>, bulk: Bulk<'_>) {
    ctx.reply.bulk(bulk.text(&mut IntBuf::new()));
}

/// Removes the fields of a hash whose time has passed, as every command does before it looks at the hash.
pub(super) fn expire_fields(ctx: &mut Ctx<'_, '_>, key: &[u8]) -> Done {
    let now_ms = ctx.now_ms();
    if ctx.is_replayed() {
        return Ok(());
    }
    let due = |hash: &Hash| hash.earliest_ms().is_some_and(|at_ms| at_ms <= now_ms);
    if !ctx.unit.read::<Hash>(key)?.is_some_and(due) {
        return Ok(());
    }
    let gone = ctx.update(key, |place| {
        let Some((hash, _)) = place.get::<Hash>()? else { return Ok((Vec::new(), Change::None)) };
        let gone = hash.expired(now_ms, usize::MAX);
        gone.iter().for_each(|field| {
            hash.remove(field);
        });
        let change = Change::wrote(Event::hash("hexpired"), gone.len() as u64);
        Ok((gone, change))
    })?;
    if !gone.is_empty() {
        let mut command: Vec<&[u8]> = vec![b"HDEL", key];
        command.extend(gone.iter().map(Vec::as_slice));
        ctx.propagate_before(&command);
    }
    Ok(())
}

fn hset(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let created = set_fields(ctx, args, "hset")?;
    ctx.reply.count(created);
    Ok(())
}

fn hmset(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    set_fields(ctx, args, "hmset")?;
    ctx.reply.ok();
    Ok(())
}

fn set_fields(ctx: &mut Ctx<'_, '_>, args: &[&[u8]], name: &str) -> Result<u64, Error> {
    if !args.len().is_multiple_of(2) {
        return Err(Error::arity(name));
    }
    expire_fields(ctx, args[1])?;
    ctx.update(args[1], |place| {
        let (hash, limits) = place.get_or_create::<Hash>()?;
        let pairs = args[2..].chunks_exact(2);
        let created = pairs.filter(|pair| hash.insert(pair[0], pair[1], limits)).count() as u64;
        Ok((created, Change::wrote(Event::hash("hset"), (args.len() as u64 - 2) / 2)))
    })
}

fn hsetnx(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    expire_fields(ctx, args[1])?;
    let set = ctx.update(args[1], |place| {
        let (hash, limits) = place.get_or_create::<Hash>()?;
        if hash.contains(args[2]) {
            return Ok((0, Change::None));
        }
        hash.insert(args[2], args[3], limits);
        Ok((1, Change::wrote(Event::hash("hset"), 1)))
    })?;
    ctx.reply.int(set);
    Ok(())
}

fn hget(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    expire_fields(ctx, args[1])?;
    match ctx.unit.peek_as::<Hash>(args[1])?.and_then(|hash| hash.get(args[2])) {
        Some(field) => ctx.reply.bulk(field.value.text(&mut IntBuf::new())),
        None => ctx.reply.null(),
    }
    Ok(())
}

fn hmget(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    expire_fields(ctx, args[1])?;
    let hash = ctx.unit.peek_as::<Hash>(args[1])?;
    ctx.reply.array(args.len() - 2);
    for name in &args[2..] {
        match hash.and_then(|hash| hash.get(name)) {
            Some(field) => ctx.reply.bulk(field.value.text(&mut IntBuf::new())),
            None => ctx.reply.null(),
        }
    }
    Ok(())
}

fn hexists(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    expire_fields(ctx, args[1])?;
    let there = ctx.unit.peek_as::<Hash>(args[1])?.is_some_and(|hash| hash.contains(args[2]));
    ctx.reply.int(i64::from(there));
    Ok(())
}

fn hlen(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    expire_fields(ctx, args[1])?;
    let len = ctx.unit.peek_as::<Hash>(args[1])?.map_or(0, Hash::len);
    ctx.reply.count(len as u64);
    Ok(())
}

fn hstrlen(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    expire_fields(ctx, args[1])?;
    let field = ctx.unit.peek_as::<Hash>(args[1])?.and_then(|hash| hash.get(args[2]));
    ctx.reply.count(field.map_or(0, |field| field.value.text_len()) as u64);
    Ok(())
}

fn hgetall(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    expire_fields(ctx, args[1])?;
    let Some(hash) = ctx.unit.peek_as::<Hash>(args[1])? else {
        ctx.reply.map(0);
        return Ok(());
    };
    ctx.reply.map(hash.len());
    let (mut name, mut value) = (IntBuf::new(), IntBuf::new());
    for field in hash.fields() {
        ctx.reply.bulk(field.name.text(&mut name));
        ctx.reply.bulk(field.value.text(&mut value));
    }
    Ok(())
}

fn hkeys(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    reply_each(ctx, args[1], |field| field.name)
}

fn hvals(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    reply_each(ctx, args[1], |field| field.value)
}

fn reply_each(ctx: &mut Ctx<'_, '_>, key: &[u8], part: for<'f> fn(Field<'f>) -> Bulk<'f>) -> Done {
    expire_fields(ctx, key)?;
    let Some(hash) = ctx.unit.peek_as::<Hash>(key)? else {
        ctx.reply.array(0);
        return Ok(());
    };
    ctx.reply.array(hash.len());
    hash.fields().for_each(|field| ctx.reply.bulk(part(field).text(&mut IntBuf::new())));
    Ok(())
}

fn hdel(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    expire_fields(ctx, args[1])?;
    let removed = ctx.update(args[1], |place| {
        let Some((hash, _)) = place.get::<Hash>()? else { return Ok((0, Change::None)) };
        let removed = args[2..].iter().filter(|name| hash.remove(name)).count() as u64;
        Ok((removed, Change::wrote(Event::hash("hdel"), removed)))
    })?;
    ctx.reply.count(removed);
    Ok(())
}

fn hincrby(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let n = int(args[3])?;
    expire_fields(ctx, args[1])?;
    let sum = ctx.update(args[1], |place| {
        let (hash, limits) = place.get_or_create::<Hash>()?;
        let (old, expire_at_ms) = match hash.get(args[2]) {
            Some(Field { value: Bulk::Int(old), expire_at_ms, .. }) => (old, expire_at_ms),
            Some(Field { value: Bulk::Bytes(text), expire_at_ms, .. }) => {
                let old = parse_canonical_i64(text)
                    .ok_or(Error::text("ERR hash value is not an integer"))?;
                (old, expire_at_ms)
            }
            None => (0, None),
        };
        let sum =
            old.checked_add(n).ok_or(Error::text("ERR increment or decrement would overflow"))?;
        hash.insert_expiring(
            args[2],
            itoa::Buffer::new().format(sum).as_bytes(),
            expire_at_ms,
            limits,
        );
        Ok((sum, Change::wrote(Event::hash("hincrby"), 1)))
    })?;
    ctx.reply.int(sum);
    Ok(())
}

fn hincrbyfloat(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let n = LongDoubleArg::parse(args[3])?;
    if n == LongDoubleArg::Infinite {
        return Err(Error::text("ERR value is NaN or Infinity"));
    }
    expire_fields(ctx, args[1])?;
    let (text, expire_at_ms) = ctx.update(args[1], |place| {
        let (hash, limits) = place.get_or_create::<Hash>()?;
        let (old, expire_at_ms) = match hash.get(args[2]) {
            Some(field) => {
                let text = field.value.to_vec();
                let old = LongDoubleArg::parse(&text)
                    .map_err(|_| Error::text("ERR hash value is not a float"))?;
                (old, field.expire_at_ms)
            }
            None => (LongDoubleArg::Finite(LongDouble::ZERO), None),
        };
        let text = old.add(n)?.to_text();
        hash.insert_expiring(args[2], text.as_bytes(), expire_at_ms, limits);
        Ok(((text, expire_at_ms), Change::wrote(Event::hash("hincrbyfloat"), 1)))
    })?;
    match expire_at_ms {
        // HSET would take the field's time away.
        Some(_) => ctx.propagate(&[
            b"HSETEX",
            args[1],
            b"KEEPTTL",
            b"FIELDS",
            b"1",
            args[2],
            text.as_bytes(),
        ]),
        None => ctx.propagate(&[b"HSET", args[1], args[2], text.as_bytes()]),
    }
    ctx.reply.bulk(text.as_bytes());
    Ok(())
}

fn hrandfield(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let count = args.get(2).map(|text| int(text)).transpose()?;
    let with_values = match args.get(3) {
        None => false,
        Some(word) if is(word, "withvalues") && args.len() == 4 => true,
        Some(_) => return Err(Error::Syntax),
    };
    if count
        .is_some_and(|count| count < -(i64::MAX / 2) || with_values && count.abs() > i64::MAX / 2)
    {
        return Err(Error::text("ERR value is out of range"));
    }
    expire_fields(ctx, args[1])?;
    let len = ctx.unit.peek_as::<Hash>(args[1])?.map_or(0, Hash::len) as u64;
    let Some(count) = count else {
        let rank = ctx.rng.below(len);
        match ctx.unit.peek_as::<Hash>(args[1])?.and_then(|hash| hash.nth(rank as usize)) {
            Some(field) => ctx.reply.bulk(field.name.text(&mut IntBuf::new())),
            None => ctx.reply.null(),
        }
        return Ok(());
    };
    if len == 0 || count == 0 {
        ctx.reply.array(0);
        return Ok(());
    }
    let pairs = with_values && !ctx.reply.is_resp3();
    let open = |reply: &mut Reply, count: usize| reply.array(if pairs { count * 2 } else { count });
    if count < 0 {
        // With repetitions, as many as are wanted: none is kept.
        open(ctx.reply, count.unsigned_abs() as usize);
        for _ in 0..count.unsigned_abs() {
            if ctx.reply.is_over() {
                break;
            }
            let rank = ctx.rng.below(len);
            let hash = ctx.unit.peek_as::<Hash>(args[1])?;
            if let Some(field) = hash.and_then(|hash| hash.nth(rank as usize)) {
                reply_random(ctx.reply, &field, with_values);
            }
        }
        return Ok(());
    }
    let ranks: Vec<u64> = distinct_ranks(ctx, count.unsigned_abs(), len).into_iter().collect();
    let Some(hash) = ctx.unit.peek_as::<Hash>(args[1])? else { return Ok(()) };
    open(ctx.reply, ranks.len());
    for field in ranks.iter().filter_map(|rank| hash.nth(*rank as usize)) {
        reply_random(ctx.reply, &field, with_values);
    }
    Ok(())
}

fn reply_random(reply: &mut Reply, field: &Field<'_>, with_value: bool) {
    if with_value && reply.is_resp3() {
        reply.array(2);
    }
    reply.bulk(field.name.text(&mut IntBuf::new()));
    if with_value {
        reply.bulk(field.value.text(&mut IntBuf::new()));
    }
}

fn hscan(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    // Servers look at the key between the cursor and the options.
    ScanOptions::parse(&args[..3], 2)?;
    expire_fields(ctx, args[1])?;
    let Some(hash) = ctx.unit.peek_as::<Hash>(args[1])? else {
        reply_scanned(ctx.reply);
        return Ok(());
    };
    let options = ScanOptions::parse(args, 2)?;
    let mut found = Vec::new();
    let next = hash.scan(options.cursor, options.count, |field| {
        let name = field.name.to_vec();
        if options.shows(&name) {
            found.push(name);
            if !options.no_values {
                found.push(field.value.to_vec());
            }
        }
    });
    ctx.reply.array(2);
    ctx.reply.bulk(next.to_string().as_bytes());
    ctx.reply.array(found.len());
    for part in &found {
        reply_bulk(ctx, Bulk::Bytes(part));
    }
    Ok(())
}
