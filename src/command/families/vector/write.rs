//! Commands that change vector sets. Servers have no key events for them.

use super::super::super::Ctx;
use super::super::super::error::Error;
use super::super::super::parse::{int_between, is};
use super::parse::{Given, INVALID_VECTOR, dimension_mismatch, projected};
use super::{Done, exploration};
use crate::keyspace::{Change, Typed as _};
use crate::rdb::event::Quantization;
use crate::value::VectorSet;
use crate::value::vectorset::{MAX_LINKS, MAX_LINKS_DEFAULT, Projection, Shape};

/// What VADD is told behind the element.
struct Options<'a> {
    quantization: Quantization,
    ef: usize,
    max_links: usize,
    attributes: Option<&'a [u8]>,
}

impl<'a> Options<'a> {
    fn parse(mut args: &'a [&'a [u8]]) -> Result<Options<'a>, Error> {
        /// How far to look around for links, unless told otherwise.
        const EF: usize = 200;
        let mut options = Options {
            quantization: Quantization::Int8,
            ef: EF,
            max_links: MAX_LINKS_DEFAULT,
            attributes: None,
        };
        loop {
            args = match args {
                [] => return Ok(options),
                // Elements are added at once, and nothing comes between.
                [word, rest @ ..] if is(word, "cas") => rest,
                [word, ef, rest @ ..] if is(word, "ef") => {
                    options.ef = exploration(ef)?;
                    rest
                }
                [word, links, rest @ ..] if is(word, "m") => {
                    let (least, most) = (*MAX_LINKS.start() as i64, *MAX_LINKS.end() as i64);
                    options.max_links = int_between(links, least, most, "ERR invalid M")? as usize;
                    rest
                }
                [word, attributes, rest @ ..] if is(word, "setattr") => {
                    options.attributes = Some(attributes);
                    rest
                }
                [word, rest @ ..] => {
                    options.quantization = match word {
                        _ if is(word, "noquant") => Quantization::Float32,
                        _ if is(word, "bin") => Quantization::Binary,
                        _ if is(word, "q8") => Quantization::Int8,
                        _ => return Err(Error::text("ERR invalid option after element")),
                    };
                    rest
                }
            }
        }
    }
}

/// The shape that the first vector gives to a set.
fn shape(given: &Given<'_>, options: &Options<'_>) -> Result<Shape, Error> {
    let input_dim = given.components.len();
    let projection = match given.reduce {
        Some(dim) => Some(Projection::new(input_dim, dim).ok_or(Error::text(INVALID_VECTOR))?),
        None => None,
    };
    Ok(Shape {
        dim: given.reduce.unwrap_or(input_dim),
        quantization: options.quantization,
        max_links: options.max_links,
        projection,
    })
}

/// Holds what is asked for to what a set is.
fn check(set: &VectorSet, given: &Given<'_>, options: &Options<'_>) -> Result<(), Error> {
    let shape = set.shape();
    if shape.quantization != options.quantization {
        return Err(Error::text("ERR asked quantization mismatch with existing vector set"));
    }
    if shape.max_links != options.max_links {
        return Err(Error::text("ERR asked M value mismatch with existing vector set"));
    }
    let dim = given.components.len();
    match (&shape.projection, given.reduce) {
        (Some(_), Some(reduced)) if reduced == shape.dim => Ok(()),
        (None, _) if dim != shape.dim => Err(dimension_mismatch(dim, set)),
        (None, None) => Ok(()),
        (None, Some(_)) => {
            Err(Error::text("ERR cannot add projection to existing set without projection"))
        }
        (Some(_), _) => Err(dimension_mismatch(dim, set)),
    }
}

pub(super) fn vadd(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let given = Given::parse(&args[2..], true)?;
    let [name, rest @ ..] = given.rest else { return Err(Error::arity("vadd")) };
    let options = Options::parse(rest)?;
    let is_new = ctx.update(args[1], |place| {
        if let Some(set) = place.read::<VectorSet>()? {
            check(set, &given, &options)?;
            // Nothing is copied for what will be refused.
            projected(set, given.components.clone())?;
        } else {
            place.set_value(VectorSet::with_shape(shape(&given, &options)?).wrap(), None);
        }
        let Some((set, _)) = place.get::<VectorSet>()? else { return Ok((false, Change::None)) };
        let components = projected(set, given.components.clone())?;
        let is_new = set.add(name, components, options.ef, options.attributes);
        // Servers keep new vectors of elements that are there to themselves, and let replicas and files have the old ones.
        Ok((is_new, Change::Silent { dirty: 1 }))
    })?;
    ctx.reply.bool(is_new);
    Ok(())
}

pub(super) fn vrem(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    change(ctx, args, |set| set.remove(args[2]))
}

pub(super) fn vsetattr(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    change(ctx, args, |set| set.set_attributes(args[2], args[3]))
}

/// Changes the element that the second argument names, if it is there.
fn change(
    ctx: &mut Ctx<'_, '_>,
    args: &[&[u8]],
    change: impl FnOnce(&mut VectorSet) -> bool,
) -> Done {
    let is_there = ctx.update(args[1], |place| {
        if place.read::<VectorSet>()?.is_none_or(|set| set.get(args[2]).is_none()) {
            return Ok((false, Change::None));
        }
        let Some((set, _)) = place.get::<VectorSet>()? else { return Ok((false, Change::None)) };
        Ok((change(set), Change::Silent { dirty: 1 }))
    })?;
    ctx.reply.bool(is_there);
    Ok(())
}
