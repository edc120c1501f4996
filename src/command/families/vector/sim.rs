//! VSIM: the elements that are most like a vector.

use super::super::super::Ctx;
use super::super::super::error::Error;
use super::super::super::parse::{float_or, int_between, is};
use super::filter::Expression;
use super::parse::{Given, projected};
use super::{Done, exploration, reply_optional, similarity};
use crate::resp::encode::Reply;
use crate::value::VectorSet;
use crate::value::vectorset::{Filter, Found};

/// What VSIM is told behind the vector.
#[derive(Default)]
struct Options {
    with_scores: bool,
    with_attributes: bool,
    /// Whether all elements are looked at.
    truth: bool,
    count: Option<usize>,
    epsilon: Option<f64>,
    ef: Option<usize>,
    expression: Option<Expression>,
    effort: Option<usize>,
}

/// An integer above zero.
fn above_zero(text: &[u8], message: &'static str) -> Result<Option<usize>, Error> {
    let number = int_between(text, 1, i64::MAX, message)?;
    Ok(Some(usize::try_from(number).unwrap_or(usize::MAX)))
}

impl Options {
    fn parse(mut args: &[&[u8]]) -> Result<Options, Error> {
        const INVALID_EPSILON: &str = "ERR invalid EPSILON";
        let mut options = Options::default();
        loop {
            args = match args {
                [] => return Ok(options),
                [word, rest @ ..] if is(word, "withscores") => {
                    options.with_scores = true;
                    rest
                }
                [word, rest @ ..] if is(word, "withattribs") => {
                    options.with_attributes = true;
                    rest
                }
                [word, rest @ ..] if is(word, "truth") => {
                    options.truth = true;
                    rest
                }
                // There are no other threads for it.
                [word, rest @ ..] if is(word, "nothread") => rest,
                [word, operand, rest @ ..] => {
                    match word {
                        _ if is(word, "count") => {
                            options.count = above_zero(operand, "ERR invalid COUNT")?;
                        }
                        _ if is(word, "epsilon") => {
                            let epsilon = float_or(operand, INVALID_EPSILON)?;
                            if epsilon <= 0.0 {
                                return Err(Error::text(INVALID_EPSILON));
                            }
                            options.epsilon = Some(epsilon);
                        }
                        _ if is(word, "ef") => options.ef = Some(exploration(operand)?),
                        _ if is(word, "filter-ef") => {
                            options.effort = above_zero(operand, "ERR invalid FILTER-EF")?;
                        }
                        _ if is(word, "filter") => {
                            options.expression = Some(expression(operand)?);
                        }
                        _ => return Err(Error::text("ERR syntax error in VSIM command")),
                    }
                    rest
                }
                _ => return Err(Error::text("ERR syntax error in VSIM command")),
            }
        }
    }
}

fn expression(text: &[u8]) -> Result<Expression, Error> {
    Expression::parse(text).map_err(|at| {
        // What is wrong at the end is told of the whole.
        let near = text.get(at..).filter(|near| !near.is_empty()).unwrap_or(text);
        let near = Error::quoted(near);
        Error::text(format!("ERR syntax error in FILTER expression near: {near}"))
    })
}

/// The vector that is looked for, and the arguments behind it.
fn vector<'a>(set: &VectorSet, args: &'a [&'a [u8]]) -> Result<(Vec<f32>, &'a [&'a [u8]]), Error> {
    if let [word, name, rest @ ..] = args
        && is(word, "ele")
    {
        let element = set.get(name).ok_or(Error::text("ERR element not found in set"))?;
        return Ok((element.vector().restored(set.dim()), rest));
    }
    let given = Given::parse(args, false)?;
    if given.components.len() == set.dim() {
        return Ok((given.components, given.rest));
    }
    Ok((projected(set, given.components)?, given.rest))
}

pub(super) fn vsim(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    /// Elements that are told of, unless told otherwise.
    const COUNT: usize = 10;
    /// How far to look around, unless told otherwise.
    const EF: usize = 100;
    /// Elements that are looked at for each that is wanted and passes a filter.
    const EFFORT_EACH: usize = 100;
    /// Distances are never above it.
    const EPSILON: f64 = 2.0;
    let Some(set) = ctx.unit.read::<VectorSet>(args[1])? else {
        ctx.reply.array(0);
        return Ok(());
    };
    let (components, rest) = vector(set, &args[2..])?;
    let options = Options::parse(rest)?;
    let count = options.count.unwrap_or(COUNT);
    let wanted = options.ef.unwrap_or(EF).max(count).min(set.len());
    let query = set.query(components);
    let takes = |attributes: &[u8]| {
        options.expression.as_ref().is_none_or(|expression| expression.holds(attributes))
    };
    let effort = options.effort.unwrap_or(count.saturating_mul(EFFORT_EACH));
    let filter = Filter { takes: &takes, effort };
    let filter = options.expression.is_some().then_some(&filter);
    let mut found = if options.truth {
        set.search_all(&query, wanted, filter)
    } else {
        set.search(&query, wanted, filter)
    };
    let epsilon = options.epsilon.unwrap_or(EPSILON) as f32;
    let near = found.iter().take_while(|found| found.distance / 2.0 <= epsilon).count();
    found.truncate(near.min(count));
    reply_found(ctx.reply, &found, &options);
    Ok(())
}

/// Each element, with its score and its attributes if they are wanted: in a row, or as pairs of a map where there are such.
fn reply_found(reply: &mut Reply, found: &[Found<'_>], options: &Options) {
    let figures = usize::from(options.with_scores) + usize::from(options.with_attributes);
    if reply.is_resp3() && figures > 0 {
        reply.map(found.len());
    } else {
        reply.array(found.len() * (1 + figures));
    }
    for found in found {
        reply.bulk(found.name);
        if reply.is_resp3() && figures > 1 {
            reply.array(figures);
        }
        if options.with_scores {
            reply.double(similarity(found.distance));
        }
        if options.with_attributes {
            reply_optional(reply, found.attributes);
        }
    }
}
