//! Commands that read vector sets.

use super::super::super::Ctx;
use super::super::super::error::Error;
use super::super::super::parse::{int_or, is};
use super::{Done, quantization_name, reply_optional, similarity};
use crate::rdb::event::Quantization;
use crate::value::VectorSet;
use std::ops::Bound;

pub(super) fn vcard(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let len = ctx.unit.read::<VectorSet>(args[1])?.map_or(0, VectorSet::len);
    ctx.reply.count(len as u64);
    Ok(())
}

pub(super) fn vdim(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let set = ctx.unit.read::<VectorSet>(args[1])?.ok_or(Error::text("ERR key does not exist"))?;
    ctx.reply.count(set.dim() as u64);
    Ok(())
}

pub(super) fn vismember(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let set = ctx.unit.read::<VectorSet>(args[1])?;
    ctx.reply.bool(set.is_some_and(|set| set.get(args[2]).is_some()));
    Ok(())
}

pub(super) fn vgetattr(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let set = ctx.unit.read::<VectorSet>(args[1])?;
    let attributes = set.and_then(|set| set.get(args[2])).and_then(|element| element.attributes());
    reply_optional(ctx.reply, attributes);
    Ok(())
}

pub(super) fn vemb(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    if !args[3..].iter().all(|word| is(word, "raw")) {
        return Err(Error::text("ERR invalid option"));
    }
    let is_raw = args.len() > 3;
    let set = ctx.unit.read::<VectorSet>(args[1])?;
    let Some((set, element)) = set.and_then(|set| Some((set, set.get(args[2])?))) else {
        ctx.reply.null();
        return Ok(());
    };
    let vector = element.vector();
    if is_raw {
        let quantization = set.shape().quantization;
        let has_range = quantization == Quantization::Int8;
        ctx.reply.array(3 + usize::from(has_range));
        ctx.reply.simple(quantization_name(quantization));
        ctx.reply.bulk(&vector.stored());
        ctx.reply.double(f64::from(vector.norm()));
        if has_range {
            ctx.reply.double(f64::from(vector.range()));
        }
        return Ok(());
    }
    let components = vector.restored(set.dim());
    ctx.reply.array(components.len());
    components.iter().for_each(|number| ctx.reply.double(f64::from(*number)));
    Ok(())
}

pub(super) fn vlinks(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let with_scores = match &args[3..] {
        [] => false,
        [word] if is(word, "withscores") => true,
        _ => return Err(Error::arity("vlinks")),
    };
    let set = ctx.unit.read::<VectorSet>(args[1])?;
    let Some(layers) = set.and_then(|set| set.links(args[2])) else {
        ctx.reply.null();
        return Ok(());
    };
    ctx.reply.array(layers.len());
    for links in layers {
        if with_scores {
            ctx.reply.map(links.len())
        } else {
            ctx.reply.array(links.len())
        }
        for (name, distance) in links {
            ctx.reply.bulk(name);
            if with_scores {
                // Servers round it as they do here, and only here.
                ctx.reply.double(f64::from(similarity(distance) as f32));
            }
        }
    }
    Ok(())
}

pub(super) fn vinfo(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let Some(set) = ctx.unit.read::<VectorSet>(args[1])? else {
        ctx.reply.null_array();
        return Ok(());
    };
    let shape = set.shape();
    let input_dim = shape.projection.as_ref().map_or(0, |projection| projection.input_dim());
    let figures = [
        ("hnsw-m", shape.max_links as u64),
        ("vector-dim", shape.dim as u64),
        ("projection-input-dim", input_dim as u64),
        ("size", set.len() as u64),
        ("max-level", set.max_level() as u64),
        ("attributes-count", set.with_attributes()),
        ("vset-uid", set.uid()),
        ("hnsw-max-node-uid", set.last_id()),
    ];
    ctx.reply.map(1 + figures.len());
    ctx.reply.simple("quant-type");
    ctx.reply.simple(quantization_name(shape.quantization));
    for (name, figure) in figures {
        ctx.reply.simple(name);
        ctx.reply.count(figure);
    }
    Ok(())
}

/// One end of a range of names: `[name` with the name, `(name` without it, `-` and `+` without end. `None` for anything else.
fn bound(text: &[u8]) -> Option<(Bound<&[u8]>, Option<u8>)> {
    match text {
        [sign @ (b'-' | b'+')] => Some((Bound::Unbounded, Some(*sign))),
        [b'[', name @ ..] if !name.is_empty() => Some((Bound::Included(name), None)),
        [b'(', name @ ..] if !name.is_empty() => Some((Bound::Excluded(name), None)),
        _ => None,
    }
}

pub(super) fn vrange(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let count = match &args[4..] {
        [] => -1,
        [count] => int_or(count, "ERR invalid COUNT value")?,
        _ => return Err(Error::arity("vrange")),
    };
    let invalid = |end: &str| Error::text(format!("ERR invalid {end} range format"));
    let (start, start_sign) = bound(args[2]).ok_or_else(|| invalid("start"))?;
    let (end, end_sign) = bound(args[3]).ok_or_else(|| invalid("end"))?;
    if start_sign == Some(b'+') || end_sign == Some(b'-') {
        return Err(Error::text("ERR '-' can only be used as first argument, '+' only as second"));
    }
    let Some(set) = ctx.unit.read::<VectorSet>(args[1])? else {
        ctx.reply.array(0);
        return Ok(());
    };
    let (first, skipped) = match start {
        Bound::Included(name) => (name, None),
        Bound::Excluded(name) => (name, Some(name)),
        Bound::Unbounded => (&b""[..], None),
    };
    let is_within = |name: &&[u8]| match end {
        Bound::Included(end) => *name <= end,
        Bound::Excluded(end) => *name < end,
        Bound::Unbounded => true,
    };
    let names = set.names_from(first).filter(|name| Some(*name) != skipped).take_while(is_within);
    // Any negative count is as good as none.
    let names = names.take(usize::try_from(count).unwrap_or(usize::MAX));
    ctx.reply.array_later(|reply| Ok(names.map(|name| reply.bulk(name)).count()))
}
