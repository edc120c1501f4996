//! Random elements of vector sets.

use super::super::super::Ctx;
use super::super::super::error::Error;
use super::super::super::parse::int_or;
use super::{Done, reply_optional};
use crate::value::VectorSet;
use std::collections::BTreeSet;

/// Most elements that are drawn with repetition; a server would run out of memory somewhere beyond.
const DRAWS_MAX: u64 = 1 << 26;

pub(super) fn vrandmember(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let count = match &args[2..] {
        [] => return one(ctx, args[1]),
        [count] => int_or(count, "ERR COUNT value is not an integer")?,
        _ => return Err(Error::arity("vrandmember")),
    };
    if count == 0 {
        ctx.reply.array(0);
        return Ok(());
    }
    if count < 0 {
        repeatedly(ctx, args[1], count.unsigned_abs())
    } else {
        several(ctx, args[1], count.unsigned_abs())
    }
}

fn one(ctx: &mut Ctx<'_, '_>, key: &[u8]) -> Done {
    let set = ctx.unit.read::<VectorSet>(key)?;
    let drawn = set.and_then(|set| set.at_rank(ctx.rng.below(set.len() as u64)));
    reply_optional(ctx.reply, drawn.map(|element| element.name()));
    Ok(())
}

/// Draws any elements, so many times.
fn repeatedly(ctx: &mut Ctx<'_, '_>, key: &[u8], count: u64) -> Done {
    let Some(set) = ctx.unit.read::<VectorSet>(key)? else {
        ctx.reply.array(0);
        return Ok(());
    };
    if count > DRAWS_MAX {
        return Err(Error::text("ERR value is out of range"));
    }
    ctx.reply.array(count as usize);
    for _ in 0..count {
        if ctx.reply.is_over() {
            break;
        }
        if let Some(element) = set.at_rank(ctx.rng.below(set.len() as u64)) {
            ctx.reply.bulk(element.name());
        }
    }
    Ok(())
}

/// Draws different elements.
fn several(ctx: &mut Ctx<'_, '_>, key: &[u8], count: u64) -> Done {
    let Some(set) = ctx.unit.read::<VectorSet>(key)? else {
        ctx.reply.array(0);
        return Ok(());
    };
    let len = set.len() as u64;
    let count = count.min(len);
    ctx.reply.array(count as usize);
    if count * 3 > len {
        // Each element is taken with the chance that fills what is still wanted.
        let mut left = count;
        for (name, unseen) in set.names_from(b"").zip((1..=len).rev()) {
            if ctx.rng.below(unseen) < left {
                ctx.reply.bulk(name);
                left -= 1;
            }
        }
        return Ok(());
    }
    // Floyd's way to different ranks.
    let mut ranks = BTreeSet::new();
    for upper in len - count..len {
        let drawn = ctx.rng.below(upper + 1);
        if !ranks.insert(drawn) {
            ranks.insert(upper);
        }
    }
    for element in ranks.into_iter().filter_map(|rank| set.at_rank(rank)) {
        ctx.reply.bulk(element.name());
    }
    Ok(())
}
