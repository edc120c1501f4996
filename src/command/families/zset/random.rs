//! Random members of sorted sets.

use super::super::super::Ctx;
use super::super::super::error::Error;
use super::super::super::parse::{int, is};
use super::{Done, open_members, reply_member, reply_pair};
use crate::value::Zset;
use std::collections::BTreeSet;

/// Most members that are drawn with repetition; a server would run out of memory somewhere beyond.
const DRAWS_MAX: u64 = 1 << 26;

pub(super) fn zrandmember(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let (count, with_scores) = match &args[2..] {
        [] => return one(ctx, args[1]),
        [count, options @ ..] => {
            let count = int(count)?;
            if count == i64::MIN {
                return Err(Error::text(
                    "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807",
                ));
            }
            match options {
                [] => (count, false),
                [word] if is(word, "withscores") => (count, true),
                _ => return Err(Error::Syntax),
            }
        }
    };
    if with_scores && !(-(i64::MAX / 2)..=i64::MAX / 2).contains(&count) {
        return Err(Error::text("ERR value is out of range"));
    }
    several(ctx, args[1], count, with_scores)
}

fn one(ctx: &mut Ctx<'_, '_>, key: &[u8]) -> Done {
    let Some(set) = ctx.unit.read::<Zset>(key)? else {
        ctx.reply.null();
        return Ok(());
    };
    match set.get(ctx.rng.below(set.len())) {
        Some((member, _)) => reply_member(ctx.reply, member),
        None => ctx.reply.null(),
    }
    Ok(())
}

/// Draws members: different ones, or with repetition if `count` is negative.
fn several(ctx: &mut Ctx<'_, '_>, key: &[u8], count: i64, with_scores: bool) -> Done {
    let Some(set) = ctx.unit.read::<Zset>(key)? else {
        ctx.reply.array(0);
        return Ok(());
    };
    let (len, wanted) = (set.len(), count.unsigned_abs());
    if count < 0 {
        if wanted > DRAWS_MAX {
            return Err(Error::text("ERR value is out of range"));
        }
        open_members(ctx.reply, wanted as usize, with_scores);
        for _ in 0..wanted {
            if ctx.reply.is_over() {
                break;
            }
            if let Some((member, score)) = set.get(ctx.rng.below(len)) {
                reply_pair(ctx.reply, member, score, with_scores);
            }
        }
        return Ok(());
    }
    let wanted = wanted.min(len);
    open_members(ctx.reply, wanted as usize, with_scores);
    if wanted * 3 > len {
        // Each member is taken with the chance that fills what is still wanted.
        let mut left = wanted;
        for ((member, score), unseen) in set.iter().zip((1..=len).rev()) {
            if ctx.rng.below(unseen) < left {
                reply_pair(ctx.reply, member, score, with_scores);
                left -= 1;
            }
        }
        return Ok(());
    }
    // Floyd's way to different ranks.
    let mut ranks = BTreeSet::new();
    for upper in len - wanted..len {
        let drawn = ctx.rng.below(upper + 1);
        if !ranks.insert(drawn) {
            ranks.insert(upper);
        }
    }
    for rank in ranks {
        if let Some((member, score)) = set.get(rank) {
            reply_pair(ctx.reply, member, score, with_scores);
        }
    }
    Ok(())
}
