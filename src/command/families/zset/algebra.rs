//! Unions, intersections and differences of sorted sets and sets.

use super::super::super::Ctx;
use super::super::super::error::Error;
use super::super::super::parse::{float_or, int, is, positive_or};
use super::{Done, Pairs, open_members, reply_pair, store};
use crate::base::bulk::{Bulk, IntBuf};
use crate::keyspace::Unit;
use crate::value::{Kind, Set, Zset};
use std::collections::HashMap;

/// What is made of several sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    Union,
    Intersection,
    Difference,
}

/// What becomes of a member's scores in several sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Aggregate {
    Sum,
    Min,
    Max,
    /// The scores do not count, only the weights of the sets that have the member.
    Count,
}

impl Aggregate {
    fn parse(word: &[u8]) -> Result<Aggregate, Error> {
        match word {
            _ if is(word, "sum") => Ok(Aggregate::Sum),
            _ if is(word, "min") => Ok(Aggregate::Min),
            _ if is(word, "max") => Ok(Aggregate::Max),
            _ if is(word, "count") => Ok(Aggregate::Count),
            _ => Err(Error::Syntax),
        }
    }

    /// What a set of some weight adds for a member.
    fn weighted(self, weight: f64, score: f64) -> f64 {
        if self == Aggregate::Count { weight } else { weight * score }
    }

    fn apply(self, sum: f64, score: f64) -> f64 {
        match self {
            // Opposite infinities make zero.
            Aggregate::Sum | Aggregate::Count => or_zero(sum + score),
            Aggregate::Min if score < sum => score,
            Aggregate::Max if score > sum => score,
            Aggregate::Min | Aggregate::Max => sum,
        }
    }
}

fn or_zero(score: f64) -> f64 {
    if score.is_nan() { 0.0 } else { score }
}

/// A set to calculate with.
#[derive(Debug, Clone, Copy)]
enum Source<'a> {
    Nothing,
    Set(&'a Set),
    Zset(&'a Zset),
}

impl<'a> Source<'a> {
    fn of(unit: &'a Unit<'_>, key: &[u8]) -> Result<Source<'a>, Error> {
        Ok(match unit.peek(key).map(|value| value.kind()) {
            Some(Kind::Set) => unit.peek_as(key)?.map_or(Source::Nothing, Source::Set),
            _ => unit.peek_as(key)?.map_or(Source::Nothing, Source::Zset),
        })
    }

    fn len(&self) -> u64 {
        match self {
            Source::Nothing => 0,
            Source::Set(set) => set.len() as u64,
            Source::Zset(set) => set.len(),
        }
    }

    /// A member's score; 1 in a set without scores.
    fn score(&self, member: &[u8]) -> Option<f64> {
        match self {
            Source::Nothing => None,
            Source::Set(set) => set.contains(member).then_some(1.0),
            Source::Zset(set) => set.score(member),
        }
    }

    fn iter(&self) -> Box<dyn Iterator<Item = (Bulk<'a>, f64)> + 'a> {
        match *self {
            Source::Nothing => Box::new(std::iter::empty()),
            Source::Set(set) => Box::new(set.iter().map(|member| (member, 1.0))),
            Source::Zset(set) => Box::new(set.iter()),
        }
    }
}

/// A command of this family, read.
struct Request<'a> {
    keys: &'a [&'a [u8]],
    weights: Vec<f64>,
    aggregate: Aggregate,
    with_scores: bool,
    /// Most members that are counted; 0 for all.
    limit: u64,
}

/// Which options a command takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// The members are the reply.
    Shown,
    /// The members are stored, and their number is the reply.
    Stored,
    /// The number of members is the reply.
    Counted,
}

impl<'a> Request<'a> {
    /// Reads the number of keys at `at` and what follows. The keys' types are looked at before the options.
    fn parse(
        ctx: &mut Ctx<'_, '_>,
        args: &'a [&'a [u8]],
        at: usize,
        operation: Operation,
        form: Form,
        name: &str,
    ) -> Result<Request<'a>, Error> {
        let count = int(args[at])?;
        if count < 1 {
            return Err(Error::text(format!(
                "ERR at least 1 input key is needed for '{name}' command"
            )));
        }
        let rest = &args[at + 1..];
        let count = usize::try_from(count).ok().filter(|count| *count <= rest.len());
        let (keys, mut options) = rest.split_at(count.ok_or(Error::Syntax)?);
        for key in keys {
            let kind = ctx.unit.get(key).map(|value| value.kind());
            if kind.is_some_and(|kind| kind != Kind::Set && kind != Kind::Zset) {
                return Err(Error::WrongType);
            }
        }
        let mut request = Request {
            keys,
            weights: vec![1.0; keys.len()],
            aggregate: Aggregate::Sum,
            with_scores: false,
            limit: 0,
        };
        let aggregates = operation != Operation::Difference && form != Form::Counted;
        while let [word, operands @ ..] = options {
            let taken = if aggregates && is(word, "weights") && operands.len() >= keys.len() {
                for (weight, text) in request.weights.iter_mut().zip(operands) {
                    *weight = float_or(text, "ERR weight value is not a float")?;
                }
                keys.len()
            } else if aggregates && is(word, "aggregate") && !operands.is_empty() {
                request.aggregate = Aggregate::parse(operands[0])?;
                1
            } else if form == Form::Shown && is(word, "withscores") {
                request.with_scores = true;
                0
            } else if form == Form::Counted && is(word, "limit") && !operands.is_empty() {
                request.limit = positive_or(operands[0], "ERR LIMIT can't be negative")?;
                1
            } else {
                return Err(Error::Syntax);
            };
            options = &operands[taken..];
        }
        Ok(request)
    }

    /// The sets with their weights, as the keys stand.
    fn sources<'u>(&self, unit: &'u Unit<'_>) -> Result<Vec<(Source<'u>, f64)>, Error> {
        self.keys
            .iter()
            .zip(&self.weights)
            .map(|(key, weight)| Ok((Source::of(unit, key)?, *weight)))
            .collect()
    }

    /// The members of the result, in no order.
    fn calculate(&self, ctx: &Ctx<'_, '_>, operation: Operation) -> Result<Pairs, Error> {
        let mut sources = self.sources(ctx.unit)?;
        if operation != Operation::Difference {
            // The order in which scores are added up shows in the last digits.
            sources.sort_by_key(|(source, _)| source.len());
        }
        Ok(match operation {
            Operation::Union => self.union(&sources),
            Operation::Intersection => self.intersection(&sources, u64::MAX),
            Operation::Difference => difference(&sources),
        })
    }

    fn union(&self, sources: &[(Source<'_>, f64)]) -> Pairs {
        let mut scores: HashMap<Vec<u8>, f64, foldhash::fast::RandomState> = HashMap::default();
        for (source, weight) in sources {
            for (member, score) in source.iter() {
                let score = or_zero(self.aggregate.weighted(*weight, score));
                let mut buf = IntBuf::new();
                let member = member.text(&mut buf);
                match scores.get_mut(member) {
                    Some(sum) => *sum = self.aggregate.apply(*sum, score),
                    None => {
                        scores.insert(member.to_vec(), score);
                    }
                }
            }
        }
        scores.into_iter().collect()
    }

    fn intersection(&self, sources: &[(Source<'_>, f64)], limit: u64) -> Pairs {
        let Some(((first, weight), others)) = sources.split_first() else { return Pairs::new() };
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let common = first.iter().filter_map(|(member, score)| {
            let mut buf = IntBuf::new();
            let member = member.text(&mut buf);
            let mut sum = or_zero(self.aggregate.weighted(*weight, score));
            for (source, weight) in others {
                let score = self.aggregate.weighted(*weight, source.score(member)?);
                sum = self.aggregate.apply(sum, score);
            }
            Some((member.to_vec(), sum))
        });
        common.take(limit).collect()
    }
}

fn difference(sources: &[(Source<'_>, f64)]) -> Pairs {
    let Some(((first, _), others)) = sources.split_first() else { return Pairs::new() };
    let left = first.iter().filter_map(|(member, score)| {
        let mut buf = IntBuf::new();
        let member = member.text(&mut buf);
        let elsewhere = others.iter().any(|(source, _)| source.score(member).is_some());
        (!elsewhere).then(|| (member.to_vec(), score))
    });
    left.collect()
}

fn show(ctx: &mut Ctx<'_, '_>, args: &[&[u8]], operation: Operation, name: &str) -> Done {
    let request = Request::parse(ctx, args, 1, operation, Form::Shown, name)?;
    let mut pairs = request.calculate(ctx, operation)?;
    pairs.sort_unstable_by(|a, b| a.1.total_cmp(&b.1).then_with(|| a.0.cmp(&b.0)));
    // Both zeros are one score.
    for zeros in pairs.chunk_by_mut(|a, b| a.1 == b.1) {
        zeros.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    }
    open_members(ctx.reply, pairs.len(), request.with_scores);
    for (member, score) in &pairs {
        reply_pair(ctx.reply, Bulk::Bytes(member), *score, request.with_scores);
    }
    Ok(())
}

fn store_result(
    ctx: &mut Ctx<'_, '_>,
    args: &[&[u8]],
    operation: Operation,
    name: &'static str,
) -> Done {
    let request = Request::parse(ctx, args, 2, operation, Form::Stored, name)?;
    let pairs = request.calculate(ctx, operation)?;
    let stored = store(ctx, args[1], pairs, name)?;
    ctx.reply.count(stored);
    Ok(())
}

pub(super) fn zunion(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    show(ctx, args, Operation::Union, "zunion")
}

pub(super) fn zinter(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    show(ctx, args, Operation::Intersection, "zinter")
}

pub(super) fn zdiff(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    show(ctx, args, Operation::Difference, "zdiff")
}

pub(super) fn zunionstore(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    store_result(ctx, args, Operation::Union, "zunionstore")
}

pub(super) fn zinterstore(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    store_result(ctx, args, Operation::Intersection, "zinterstore")
}

pub(super) fn zdiffstore(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    store_result(ctx, args, Operation::Difference, "zdiffstore")
}

pub(super) fn zintercard(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let request =
        Request::parse(ctx, args, 1, Operation::Intersection, Form::Counted, "zintercard")?;
    let mut sources = request.sources(ctx.unit)?;
    sources.sort_by_key(|(source, _)| source.len());
    let limit = if request.limit == 0 { u64::MAX } else { request.limit };
    let count = request.intersection(&sources, limit).len();
    ctx.reply.count(count as u64);
    Ok(())
}
