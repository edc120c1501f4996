//! Commands on sets.

use super::super::error::Error;
use super::super::parse::{int, is, positive_or};
use super::super::{Ctx, Handler};
use super::generic::{ScanOptions, reply_scanned};
use crate::base::bulk::{Bulk, IntBuf};
use crate::keyspace::{Change, Event};
use crate::value::{Set, Value, hll};
use std::collections::BTreeSet;
use triomphe::Arc;

/// The handlers of this family.
pub const HANDLERS: &[(&str, Handler)] = &[
    ("sadd", sadd),
    ("scard", scard),
    ("sdiff", sdiff),
    ("sdiffcard", sdiffcard),
    ("sdiffstore", sdiffstore),
    ("sinter", sinter),
    ("sintercard", sintercard),
    ("sinterstore", sinterstore),
    ("sismember", sismember),
    ("smembers", smembers),
    ("smismember", smismember),
    ("smove", smove),
    ("spop", spop),
    ("srandmember", srandmember),
    ("srem", srem),
    ("sscan", sscan),
    ("sunion", sunion),
    ("sunioncard", sunioncard),
    ("sunionstore", sunionstore),
];

type Done = Result<(), Error>;

fn reply_bulk(ctx: &mut Ctx<'_, '_>, bulk: Bulk<'_>) {
    ctx.reply.bulk(bulk.text(&mut IntBuf::new()));
}

fn sadd(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let added = ctx.update(args[1], |place| {
        let (set, limits) = place.get_or_create::<Set>()?;
        let added = args[2..].iter().filter(|member| set.insert(member, limits)).count() as u64;
        Ok((added, Change::wrote(Event::set("sadd"), added)))
    })?;
    ctx.reply.count(added);
    Ok(())
}

fn srem(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let removed = ctx.update(args[1], |place| {
        let Some((set, _)) = place.get::<Set>()? else { return Ok((0, Change::None)) };
        let removed = args[2..].iter().filter(|member| set.remove(member)).count() as u64;
        Ok((removed, Change::wrote(Event::set("srem"), removed)))
    })?;
    ctx.reply.count(removed);
    Ok(())
}

fn scard(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let len = ctx.unit.read::<Set>(args[1])?.map_or(0, Set::len);
    ctx.reply.count(len as u64);
    Ok(())
}

fn sismember(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let there = ctx.unit.read::<Set>(args[1])?.is_some_and(|set| set.contains(args[2]));
    ctx.reply.int(i64::from(there));
    Ok(())
}

fn smismember(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let set = ctx.unit.read::<Set>(args[1])?;
    ctx.reply.array(args.len() - 2);
    for member in &args[2..] {
        ctx.reply.int(i64::from(set.is_some_and(|set| set.contains(member))));
    }
    Ok(())
}

fn smembers(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let Some(set) = ctx.unit.read::<Set>(args[1])? else {
        ctx.reply.set(0);
        return Ok(());
    };
    ctx.reply.set(set.len());
    set.each(|member| ctx.reply.bulk(member));
    Ok(())
}

fn smove(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let (from, to, member) = (args[1], args[2], args[3]);
    ctx.unit.expire_if_due(to);
    let is_there = match ctx.unit.read::<Set>(from)? {
        Some(set) => set.contains(member),
        None => {
            ctx.reply.int(0);
            return Ok(());
        }
    };
    ctx.unit.peek_as::<Set>(to)?;
    if from == to || !is_there {
        ctx.reply.int(i64::from(is_there));
        return Ok(());
    }
    ctx.update(from, |place| {
        if let Some((set, _)) = place.get::<Set>()? {
            set.remove(member);
        }
        Ok(((), Change::wrote(Event::set("srem"), 1)))
    })?;
    ctx.update(to, |place| {
        let (set, limits) = place.get_or_create::<Set>()?;
        let added = u64::from(set.insert(member, limits));
        Ok(((), Change::wrote(Event::set("sadd"), added)))
    })?;
    ctx.reply.int(1);
    Ok(())
}

/// Most members that one propagated SREM names.
const REMOVED_AT_ONCE: usize = 1024;

fn spop(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let key = args[1];
    let wanted = match args.get(2) {
        None => None,
        Some(_) if args.len() > 3 => return Err(Error::Syntax),
        Some(text) => Some(positive_or(text, "ERR value is out of range, must be positive")?),
    };
    let len = ctx.unit.read::<Set>(key)?.map_or(0, Set::len) as u64;
    if len == 0 {
        match wanted {
            None => ctx.reply.null(),
            Some(_) => ctx.reply.set(0),
        }
        return Ok(());
    }
    let count = wanted.unwrap_or(1).min(len);
    let ranks = distinct_ranks(ctx, count, len);
    let mut popped: Vec<Vec<u8>> = Vec::new();
    if let Some(set) = ctx.unit.peek_as::<Set>(key)? {
        let members = members_at(set, &ranks);
        popped.extend(members);
    }
    if count == len && wanted.is_some() {
        ctx.unit.delete_as(key, Event::set("spop"));
        ctx.unit.event(Event::generic("del"), key);
        ctx.unit.add_dirty(count - 1);
        ctx.propagate(&[b"DEL", key]);
    } else if count > 0 {
        ctx.update(key, |place| {
            if let Some((set, _)) = place.get::<Set>()? {
                popped.iter().for_each(|member| {
                    set.remove(member);
                });
            }
            Ok(((), Change::wrote(Event::set("spop"), count)))
        })?;
        for members in popped.chunks(REMOVED_AT_ONCE) {
            let mut command: Vec<&[u8]> = vec![b"SREM", key];
            command.extend(members.iter().map(Vec::as_slice));
            ctx.propagate(&command);
        }
    }
    match wanted {
        None => popped.iter().take(1).for_each(|member| ctx.reply.bulk(member)),
        Some(_) => {
            ctx.reply.set(popped.len());
            popped.iter().for_each(|member| ctx.reply.bulk(member));
        }
    }
    Ok(())
}

/// So many different numbers below `len`, each set of them with equal chance (Floyd's method).
pub(super) fn distinct_ranks(ctx: &mut Ctx<'_, '_>, count: u64, len: u64) -> BTreeSet<u64> {
    let mut ranks = BTreeSet::new();
    for bound in len - count.min(len)..len {
        let rank = ctx.rng.below(bound + 1);
        if !ranks.insert(rank) {
            ranks.insert(bound);
        }
    }
    ranks
}

fn members_at(set: &Set, ranks: &BTreeSet<u64>) -> Vec<Vec<u8>> {
    // One walk is cheaper than many searches when much is wanted.
    if ranks.len() * 8 > set.len() {
        let wanted = set.iter().enumerate().filter(|(rank, _)| ranks.contains(&(*rank as u64)));
        return wanted.map(|(_, member)| member.to_vec()).collect();
    }
    ranks.iter().filter_map(|rank| set.nth(*rank as usize)).map(|member| member.to_vec()).collect()
}

fn srandmember(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    if args.len() > 3 {
        return Err(Error::Syntax);
    }
    let count = args.get(2).map(|text| int(text)).transpose()?;
    if count.is_some_and(|count| count < -(i64::MAX / 2)) {
        return Err(Error::text("ERR value is out of range"));
    }
    let len = ctx.unit.read::<Set>(args[1])?.map_or(0, Set::len) as u64;
    let Some(count) = count else {
        let rank = ctx.rng.below(len);
        match ctx.unit.peek_as::<Set>(args[1])?.and_then(|set| set.nth(rank as usize)) {
            Some(member) => ctx.reply.bulk(member.text(&mut IntBuf::new())),
            None => ctx.reply.null(),
        }
        return Ok(());
    };
    if len == 0 || count == 0 {
        ctx.reply.array(0);
        return Ok(());
    }
    if count < 0 {
        // With repetitions.
        ctx.reply.array(count.unsigned_abs() as usize);
        for _ in 0..count.unsigned_abs() {
            if ctx.reply.is_over() {
                break;
            }
            let rank = ctx.rng.below(len);
            match ctx.unit.peek_as::<Set>(args[1])?.and_then(|set| set.nth(rank as usize)) {
                Some(member) => ctx.reply.bulk(member.text(&mut IntBuf::new())),
                None => ctx.reply.null(),
            }
        }
        return Ok(());
    }
    let ranks = distinct_ranks(ctx, count.unsigned_abs(), len);
    let members =
        ctx.unit.peek_as::<Set>(args[1])?.map_or_else(Vec::new, |set| members_at(set, &ranks));
    ctx.reply.array(members.len());
    members.iter().for_each(|member| ctx.reply.bulk(member));
    Ok(())
}

/// How sets are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    Union,
    Intersection,
    Difference,
}

/// The members of a union, intersection or difference; at most `limit`.
fn combine(
    ctx: &mut Ctx<'_, '_>,
    keys: &[&[u8]],
    operation: Operation,
    limit: usize,
) -> Result<Vec<Vec<u8>>, Error> {
    for key in keys {
        ctx.unit.get(key);
    }
    let sets: Result<Vec<Option<&Set>>, _> =
        keys.iter().map(|key| ctx.unit.peek_as::<Set>(key)).collect();
    let sets = sets?;
    let mut buf = IntBuf::new();
    match operation {
        Operation::Union => {
            let mut members = BTreeSet::new();
            for member in sets.iter().flatten().flat_map(|set| set.iter()) {
                if members.len() >= limit {
                    break;
                }
                let member = member.text(&mut buf);
                if !members.contains(member) {
                    members.insert(member.to_vec());
                }
            }
            Ok(members.into_iter().collect())
        }
        Operation::Intersection => {
            let sets: Option<Vec<&Set>> = sets.into_iter().collect();
            let Some(mut sets) = sets else { return Ok(Vec::new()) };
            sets.sort_by_key(|set| set.len());
            let Some((smallest, others)) = sets.split_first() else { return Ok(Vec::new()) };
            let in_all = smallest.iter().filter(|member| {
                let member = member.text(&mut buf);
                others.iter().all(|set| set.contains(member))
            });
            Ok(in_all.take(limit).map(|member| member.to_vec()).collect())
        }
        Operation::Difference => {
            let Some((Some(first), others)) = sets.split_first() else { return Ok(Vec::new()) };
            let only = first.iter().filter(|member| {
                let member = member.text(&mut buf);
                !others.iter().flatten().any(|set| set.contains(member))
            });
            Ok(only.take(limit).map(|member| member.to_vec()).collect())
        }
    }
}

fn reply_combined(ctx: &mut Ctx<'_, '_>, keys: &[&[u8]], operation: Operation) -> Done {
    let members = combine(ctx, keys, operation, usize::MAX)?;
    ctx.reply.set(members.len());
    members.iter().for_each(|member| ctx.reply.bulk(member));
    Ok(())
}

fn store_combined(
    ctx: &mut Ctx<'_, '_>,
    args: &[&[u8]],
    operation: Operation,
    event: &'static str,
) -> Done {
    let target = args[1];
    let members = combine(ctx, &args[2..], operation, usize::MAX)?;
    if members.is_empty() {
        ctx.unit.delete(target);
        ctx.reply.int(0);
        return Ok(());
    }
    let mut set = Set::new();
    for member in &members {
        set.insert(member, ctx.unit.limits());
    }
    ctx.unit.put(target, Value::Set(Arc::new(set)), None, Event::set(event));
    ctx.reply.count(members.len() as u64);
    Ok(())
}

fn sinter(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    reply_combined(ctx, &args[1..], Operation::Intersection)
}

fn sunion(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    reply_combined(ctx, &args[1..], Operation::Union)
}

fn sdiff(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    reply_combined(ctx, &args[1..], Operation::Difference)
}

fn sinterstore(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    store_combined(ctx, args, Operation::Intersection, "sinterstore")
}

fn sunionstore(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    store_combined(ctx, args, Operation::Union, "sunionstore")
}

fn sdiffstore(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    store_combined(ctx, args, Operation::Difference, "sdiffstore")
}

/// What the commands that count members are told.
struct Counting<'a> {
    keys: &'a [&'a [u8]],
    /// Highest count, 0 for none.
    limit: u64,
    /// Whether an estimate will do.
    approx: bool,
}

impl<'a> Counting<'a> {
    /// Reads the arguments; APPROX is a word of one command only.
    fn parse(args: &'a [&'a [u8]], takes_approx: bool) -> Result<Counting<'a>, Error> {
        const NO_KEYS: &str = "ERR numkeys should be greater than 0";
        let count = usize::try_from(positive_or(args[1], NO_KEYS)?).unwrap_or(usize::MAX);
        if count == 0 {
            return Err(Error::text(NO_KEYS));
        }
        if count > args.len() - 2 {
            return Err(Error::text("ERR Number of keys can't be greater than number of args"));
        }
        let (keys, mut options) = args[2..].split_at(count);
        let (mut limit, mut approx) = (0, false);
        while let Some((word, rest)) = options.split_first() {
            options = match rest {
                rest if takes_approx && is(word, "approx") => {
                    approx = true;
                    rest
                }
                [text, rest @ ..] if is(word, "limit") => {
                    limit = positive_or(text, "ERR LIMIT can't be negative")?;
                    rest
                }
                _ => return Err(Error::Syntax),
            };
        }
        Ok(Counting { keys, limit, approx })
    }

    /// The limit as a number of members.
    fn most(&self) -> usize {
        if self.limit == 0 { usize::MAX } else { usize::try_from(self.limit).unwrap_or(usize::MAX) }
    }
}

/// Counts the members of a union, intersection or difference.
fn count_combined(ctx: &mut Ctx<'_, '_>, counting: &Counting<'_>, operation: Operation) -> Done {
    let members = combine(ctx, counting.keys, operation, counting.most())?;
    ctx.reply.count(members.len() as u64);
    Ok(())
}

fn sintercard(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    count_combined(ctx, &Counting::parse(args, false)?, Operation::Intersection)
}

fn sdiffcard(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    count_combined(ctx, &Counting::parse(args, false)?, Operation::Difference)
}

fn sunioncard(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let counting = Counting::parse(args, true)?;
    if !counting.approx {
        return count_combined(ctx, &counting, Operation::Union);
    }
    for key in counting.keys {
        ctx.unit.get(key);
    }
    let sets: Result<Vec<Option<&Set>>, _> =
        counting.keys.iter().map(|key| ctx.unit.peek_as::<Set>(key)).collect();
    // Dense from the first member on, as there is no need to save memory.
    let (mut sketch, mut damage) = (hll::to_dense(&hll::empty())?, Ok(false));
    for set in sets?.into_iter().flatten() {
        set.each(|member| {
            if damage.is_ok() {
                damage = hll::add(&mut sketch, member, 0);
            }
        });
    }
    damage?;
    let count = hll::count(&sketch)?;
    ctx.reply.count(if counting.limit == 0 { count } else { count.min(counting.limit) });
    Ok(())
}

fn sscan(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    // Servers look at the key between the cursor and the options.
    ScanOptions::parse(&args[..3], 2)?;
    let Some(set) = ctx.unit.read::<Set>(args[1])? else {
        reply_scanned(ctx.reply);
        return Ok(());
    };
    let options = ScanOptions::parse(args, 2)?;
    let mut found = Vec::new();
    let next = set.scan(options.cursor, options.count, |member| {
        if options.shows(member) {
            found.push(member.to_vec());
        }
    });
    ctx.reply.array(2);
    ctx.reply.bulk(next.to_string().as_bytes());
    ctx.reply.array(found.len());
    for member in &found {
        reply_bulk(ctx, Bulk::Bytes(member));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::check::{Runner, check_replies, words};

    #[test]
    fn cardinalities() {
        check_replies(&[
            ("SADD a 1 2 3 x", ":4"),
            ("SADD b 3 4 y", ":3"),
            ("SUNIONCARD 2 a b", ":6"),
            ("SUNIONCARD 3 a nothing b LIMIT 0", ":6"),
            ("SUNIONCARD 2 a b LIMIT 3", ":3"),
            ("SUNIONCARD 2 a b LIMIT 30", ":6"),
            ("SUNIONCARD 2 a b APPROX", ":6"),
            ("SUNIONCARD 2 a b LIMIT 2 APPROX", ":2"),
            ("SUNIONCARD 1 nothing APPROX", ":0"),
            ("SDIFFCARD 2 a b", ":3"),
            ("SDIFFCARD 2 a b LIMIT 1", ":1"),
            ("SDIFFCARD 1 a", ":4"),
            ("SDIFFCARD 2 nothing a", ":0"),
            ("SDIFFCARD 2 a b APPROX", "-ERR syntax error"),
            ("SUNIONCARD 2 a b LIMIT", "-ERR syntax error"),
            ("SUNIONCARD 2 a b LIMIT -1", "-ERR LIMIT can't be negative"),
            ("SUNIONCARD 0 a", "-ERR numkeys should be greater than 0"),
            ("SDIFFCARD 3 a b", "-ERR Number of keys can't be greater than number of args"),
            ("SET k v", "+OK"),
            (
                "SUNIONCARD 2 a k APPROX",
                "-WRONGTYPE Operation against a key holding the wrong kind of value",
            ),
        ]);
    }

    #[test]
    fn estimates_are_close() {
        let mut runner = Runner::new(false);
        for start in [0, 5000] {
            let members: Vec<String> = (start..start + 10_000).map(|n| n.to_string()).collect();
            runner.run(&words(&format!("SADD s{start} {}", members.join(" "))));
        }
        let reply = runner.run(&words("SUNIONCARD 2 s0 s5000 APPROX"));
        let count: f64 = std::str::from_utf8(&reply[1..]).unwrap().trim().parse().unwrap();
        assert!((count / 15_000.0 - 1.0).abs() < 0.04, "{count}");
    }
}
