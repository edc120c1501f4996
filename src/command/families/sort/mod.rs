//! SORT, on lists, sets and sorted sets.

#[cfg(test)]
mod tests;

use super::super::error::Error;
use super::super::parse::{int, is};
use super::super::{Ctx, Handler};
use crate::base::bulk::Bulk;
use crate::base::num::parse_double;
use crate::keyspace::Event;
use crate::value::{Hash, Kind, List, Set, Value, Zset};
use std::cmp::Ordering;
use triomphe::Arc;

/// The handlers of this family.
pub const HANDLERS: &[(&str, Handler)] = &[("sort", sort), ("sort_ro", sort_ro)];

type Done = Result<(), Error>;

/// What SORT was asked for.
#[derive(Debug, Clone, Default)]
struct Request<'a> {
    descending: bool,
    by_text: bool,
    start: i64,
    /// All if `None` or negative.
    count: Option<i64>,
    by: Option<&'a [u8]>,
    get: Vec<&'a [u8]>,
    target: Option<&'a [u8]>,
}

impl<'a> Request<'a> {
    fn parse(mut options: &'a [&'a [u8]], may_store: bool) -> Result<Request<'a>, Error> {
        let mut request = Request::default();
        while let [word, rest @ ..] = options {
            let taken = match (*word, rest) {
                (word, _) if is(word, "asc") || is(word, "desc") => {
                    request.descending = is(word, "desc");
                    0
                }
                (word, _) if is(word, "alpha") => {
                    request.by_text = true;
                    0
                }
                (word, [start, count, ..]) if is(word, "limit") => {
                    request.start = int(start)?;
                    request.count = Some(int(count)?);
                    2
                }
                (word, [key, ..]) if may_store && is(word, "store") => {
                    request.target = Some(key);
                    1
                }
                (word, [pattern, ..]) if is(word, "by") => {
                    request.by = Some(pattern);
                    1
                }
                (word, [pattern, ..]) if is(word, "get") => {
                    request.get.push(pattern);
                    1
                }
                _ => return Err(Error::Syntax),
            };
            options = &rest[taken..];
        }
        Ok(request)
    }

    /// The part of as many elements that LIMIT leaves.
    fn window(&self, len: usize) -> std::ops::Range<usize> {
        let start = usize::try_from(self.start).unwrap_or(0).min(len);
        let left = len - start;
        let count = self.count.and_then(|count| usize::try_from(count).ok());
        start..start + count.map_or(left, |count| count.min(left))
    }
}

/// What a pattern means for an element: `*` is the element, and `->` leads to a hash's field.
fn look_up(ctx: &mut Ctx<'_, '_>, pattern: &[u8], element: &[u8]) -> Option<Vec<u8>> {
    if pattern == b"#" {
        return Some(element.to_vec());
    }
    let star = pattern.iter().position(|byte| *byte == b'*')?;
    let (before, behind) = (&pattern[..star], &pattern[star + 1..]);
    let arrow = behind.windows(2).position(|two| two == b"->");
    let arrow = arrow.filter(|at| at + 2 < behind.len());
    let (behind, field) = match arrow {
        Some(at) => (&behind[..at], Some(&behind[at + 2..])),
        None => (behind, None),
    };
    let key = [before, element, behind].concat();
    let now_ms = ctx.now_ms();
    let value = ctx.unit.get(&key)?;
    match field {
        None => value.string().map(<[u8]>::to_vec),
        Some(name) => {
            let field = value.container::<Hash>()?.get(name)?;
            let is_over = field.expire_at_ms.is_some_and(|at| at <= now_ms);
            (!is_over).then(|| field.value.to_vec())
        }
    }
}

/// What an element is ordered by.
#[derive(Debug, Clone, PartialEq)]
enum Weight {
    Number(f64),
    Text(Option<Vec<u8>>),
}

impl Weight {
    fn compare(&self, other: &Weight) -> Ordering {
        match (self, other) {
            (Weight::Number(a), Weight::Number(b)) => a.partial_cmp(b).unwrap_or(Ordering::Equal),
            (Weight::Text(a), Weight::Text(b)) => a.cmp(b),
            _ => Ordering::Equal,
        }
    }
}

fn number(text: &[u8]) -> Result<f64, Error> {
    const INVALID: &str = "ERR One or more scores can't be converted into double";
    if text.is_empty() {
        return Ok(0.0);
    }
    parse_double(text).filter(|number| !number.is_nan()).ok_or(Error::text(INVALID))
}

/// The elements of a key in their own order, and the kind of value they are of.
fn elements(ctx: &mut Ctx<'_, '_>, key: &[u8]) -> Result<(Vec<Vec<u8>>, Kind), Error> {
    let Some(value) = ctx.unit.get(key) else { return Ok((Vec::new(), Kind::List)) };
    let kind = value.kind();
    let text = |element: Bulk<'_>| element.to_vec();
    let elements = if let Some(list) = value.container::<List>() {
        list.iter().map(text).collect()
    } else if let Some(set) = value.container::<Set>() {
        set.iter().map(text).collect()
    } else if let Some(set) = value.container::<Zset>() {
        set.iter().map(|(member, _)| text(member)).collect()
    } else {
        return Err(Error::WrongType);
    };
    Ok((elements, kind))
}

/// Puts elements in the order that is wanted.
fn order(
    ctx: &mut Ctx<'_, '_>,
    elements: Vec<Vec<u8>>,
    by: Option<&[u8]>,
    by_text: bool,
    descending: bool,
) -> Result<Vec<Vec<u8>>, Error> {
    let mut weighed = Vec::with_capacity(elements.len());
    for element in elements {
        let found = match by {
            Some(pattern) => look_up(ctx, pattern, &element),
            None => Some(element.clone()),
        };
        let weight = if by_text {
            Weight::Text(found)
        } else {
            Weight::Number(found.map_or(Ok(0.0), |text| number(&text))?)
        };
        weighed.push((weight, element));
    }
    weighed.sort_by(|a, b| {
        let order = a.0.compare(&b.0);
        // Equal numbers are told apart by the elements; equal texts keep their places.
        let order = if by_text { order } else { order.then_with(|| a.1.cmp(&b.1)) };
        if descending { order.reverse() } else { order }
    });
    Ok(weighed.into_iter().map(|(_, element)| element).collect())
}

fn sort(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    run(ctx, args, true)
}

fn sort_ro(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    run(ctx, args, false)
}

fn run(ctx: &mut Ctx<'_, '_>, args: &[&[u8]], may_store: bool) -> Done {
    let request = Request::parse(&args[2..], may_store)?;
    let (mut found, kind) = elements(ctx, args[1])?;
    let keeps_order = request.by.is_some_and(|pattern| !pattern.contains(&b'*'));
    if keeps_order && kind == Kind::Set && request.target.is_some() {
        // What is stored must not depend on the order in which a set happens to stand.
        found = order(ctx, found, None, true, request.descending)?;
    } else if !keeps_order {
        found = order(ctx, found, request.by, request.by_text, request.descending)?;
    } else if request.descending && kind != Kind::Set {
        found.reverse();
    }
    let window = request.window(found.len());
    let mut shown: Vec<Option<Vec<u8>>> = Vec::new();
    for element in found.drain(window) {
        if request.get.is_empty() {
            shown.push(Some(element));
            continue;
        }
        for pattern in &request.get {
            shown.push(look_up(ctx, pattern, &element));
        }
    }
    let Some(target) = request.target else {
        ctx.reply.array(shown.len());
        for one in &shown {
            match one {
                Some(text) => ctx.reply.bulk(text),
                None => ctx.reply.null(),
            }
        }
        return Ok(());
    };
    let count = shown.len() as u64;
    if shown.is_empty() {
        ctx.unit.delete(target);
    } else {
        let mut list = List::new();
        for one in &shown {
            list.push_back(one.as_deref().unwrap_or_default(), ctx.unit.limits());
        }
        ctx.unit.put(target, Value::List(Arc::new(list)), None, Event::list("sortstore"));
        ctx.unit.add_dirty(count - 1);
    }
    ctx.reply.count(count);
    Ok(())
}
