//! Commands that read arrays.

use super::super::super::Ctx;
use super::super::super::error::Error;
use super::super::super::parse::{int, int_or, is};
use super::{Done, INDEXES_MAX, index, range};
use crate::resp::encode::Reply;
use crate::value::Array;
use crate::value::array::{RUN_ITEMS_MAX, Run};
use crate::value::tree::Leaf as _;

fn reply_item(reply: &mut Reply, item: Option<&[u8]>) {
    match item {
        Some(value) => reply.bulk(value),
        None => reply.null(),
    }
}

/// An item with its index.
pub(super) fn reply_pair(reply: &mut Reply, (index, value): (u64, &[u8])) {
    reply.array(2);
    reply.count(index);
    reply.bulk(value);
}

/// What is at each index from one to another, backwards if the second one is lower.
fn each_index<'a>(
    array: &'a Array,
    from: u64,
    to: u64,
) -> impl Iterator<Item = Option<&'a [u8]>> + use<'a> {
    let mut items = array.items(from, to).peekable();
    (0..=from.abs_diff(to)).map(move |step| {
        let index = if from > to { from - step } else { from + step };
        items.next_if(|(at, _)| *at == index).map(|(_, value)| value)
    })
}

pub(super) fn arcount(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let count = ctx.unit.read::<Array>(args[1])?.map_or(0, Array::count);
    ctx.reply.count(count);
    Ok(())
}

pub(super) fn arlen(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let len = ctx.unit.read::<Array>(args[1])?.map_or(0, Array::len);
    ctx.reply.count(len);
    Ok(())
}

pub(super) fn arnext(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    match ctx.unit.read::<Array>(args[1])?.map_or(Some(0), Array::next_insert) {
        Some(next) => ctx.reply.count(next),
        None => ctx.reply.null(),
    }
    Ok(())
}

pub(super) fn arget(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let array = ctx.unit.read::<Array>(args[1])?;
    let index = index(args[2])?;
    reply_item(ctx.reply, array.and_then(|array| array.get(index)));
    Ok(())
}

pub(super) fn armget(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let array = ctx.unit.read::<Array>(args[1])?;
    let indexes: Vec<u64> = args[2..].iter().map(|at| index(at)).collect::<Result<_, Error>>()?;
    ctx.reply.array(indexes.len());
    for index in indexes {
        reply_item(ctx.reply, array.and_then(|array| array.get(index)));
    }
    Ok(())
}

pub(super) fn argetrange(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let (from, to) = range(args[2], args[3])?;
    let steps = from.abs_diff(to);
    if steps >= INDEXES_MAX {
        return Err(Error::text(format!("ERR range exceeds maximum of {INDEXES_MAX} items")));
    }
    let array = ctx.unit.read::<Array>(args[1])?;
    ctx.reply.array(steps as usize + 1);
    match array {
        Some(array) => each_index(array, from, to).for_each(|item| reply_item(ctx.reply, item)),
        None => (0..=steps).for_each(|_| ctx.reply.null()),
    }
    Ok(())
}

/// A limit of replies.
pub(super) fn limit(text: &[u8]) -> Result<usize, Error> {
    let limit = usize::try_from(int(text)?).ok().filter(|limit| *limit > 0);
    limit.ok_or(Error::text("ERR LIMIT must be positive"))
}

pub(super) fn arscan(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let (from, to) = range(args[2], args[3])?;
    let limit = match &args[4..] {
        [] => usize::MAX,
        [word, count] if is(word, "limit") => limit(count)?,
        [_, _] => return Err(Error::Syntax),
        _ => return Err(Error::arity("arscan")),
    };
    let Some(array) = ctx.unit.read::<Array>(args[1])? else {
        ctx.reply.array(0);
        return Ok(());
    };
    ctx.reply.array_later(|reply| {
        let items = array.items(from, to).take(limit);
        Ok(items.map(|item| reply_pair(reply, item)).count())
    })
}

pub(super) fn arlastitems(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let count = int_or(args[2], "ERR invalid COUNT")?;
    let array = ctx.unit.read::<Array>(args[1])?;
    let Some(count) = u64::try_from(count).ok().filter(|count| *count > 0) else {
        ctx.reply.array(0);
        return Ok(());
    };
    let newest_first = match &args[3..] {
        [] => false,
        [word] if is(word, "rev") => true,
        _ => return Err(Error::Syntax),
    };
    let Some(array) = array else {
        ctx.reply.array(0);
        return Ok(());
    };
    let count = count.min(array.len());
    if count > array.count() && count > INDEXES_MAX {
        return Err(Error::text(format!("ERR count exceeds maximum of {INDEXES_MAX} items")));
    }
    // From the newest down to the first index, and then on from the last one.
    let anchor = array.anchor();
    let below = count.min(anchor.saturating_add(1));
    let above = count - below;
    let last = array.len().saturating_sub(1);
    ctx.reply.array(usize::try_from(count).unwrap_or(usize::MAX));
    let mut walk = |from: u64, to: u64| {
        each_index(array, from, to).for_each(|item| reply_item(ctx.reply, item));
    };
    let (low, high) = (anchor - (below - 1), last - above.saturating_sub(1));
    if newest_first {
        walk(anchor, low);
        if above > 0 {
            walk(last, high);
        }
    } else {
        if above > 0 {
            walk(high, last);
        }
        walk(low, anchor);
    }
    Ok(())
}

/// Runs of one sort, as `ARINFO FULL` describes them.
#[derive(Default)]
struct Runs {
    count: u64,
    items: u64,
    span: u64,
}

impl Runs {
    fn add(&mut self, run: &Run) {
        self.count += 1;
        self.items += run.count() as u64;
        self.span = self.span.saturating_add(run.span());
    }

    fn average(&self, sum: u64) -> f64 {
        if self.count == 0 { 0.0 } else { sum as f64 / self.count as f64 }
    }

    fn fill(&self) -> f64 {
        if self.span == 0 { 0.0 } else { self.items as f64 / self.span as f64 }
    }
}

/// The fields are those of servers; slices are the runs that items are kept in here, dense if they have no holes, and a tree
/// has no directory but its leaves.
pub(super) fn arinfo(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let is_full = match &args[2..] {
        [] => false,
        [word] if is(word, "full") => true,
        _ => return Err(Error::Syntax),
    };
    let array = ctx.unit.read::<Array>(args[1])?.ok_or(Error::NoSuchKey)?;
    let slices = array.runs().count() as u64;
    let figures = [
        ("count", array.count()),
        ("len", array.len()),
        ("next-insert-index", array.next_insert().unwrap_or(0)),
        ("slices", slices),
        ("directory-size", slices),
        ("super-dir-entries", 0),
        ("slice-size", RUN_ITEMS_MAX as u64),
    ];
    ctx.reply.map(figures.len() + if is_full { 5 } else { 0 });
    for (name, figure) in figures {
        ctx.reply.bulk(name.as_bytes());
        ctx.reply.count(figure);
    }
    if is_full {
        let (mut dense, mut sparse) = (Runs::default(), Runs::default());
        for run in array.runs() {
            let is_dense = run.span() == run.count() as u64;
            if is_dense { &mut dense } else { &mut sparse }.add(run);
        }
        for (name, count) in [("dense-slices", dense.count), ("sparse-slices", sparse.count)] {
            ctx.reply.bulk(name.as_bytes());
            ctx.reply.count(count);
        }
        let averages = [
            ("avg-dense-size", dense.average(dense.span)),
            ("avg-dense-fill", dense.fill()),
            ("avg-sparse-size", sparse.average(sparse.items)),
        ];
        for (name, average) in averages {
            ctx.reply.bulk(name.as_bytes());
            ctx.reply.double(average);
        }
    }
    Ok(())
}
