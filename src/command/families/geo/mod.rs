//! Commands on places on earth, which are sorted sets whose scores are the places' hashes.

mod hash;
mod search;

#[cfg(test)]
mod tests;

use super::super::error::Error;
use super::super::parse::{float, float_or, is};
use super::super::{Ctx, Handler};
use super::zset;
use crate::resp::encode::Reply;
use crate::value::Zset;

/// The handlers of this family.
pub const HANDLERS: &[(&str, Handler)] = &[
    ("geoadd", geoadd),
    ("geodist", geodist),
    ("geohash", geohash),
    ("geopos", geopos),
    ("georadius", search::georadius),
    ("georadius_ro", search::georadius_ro),
    ("georadiusbymember", search::georadiusbymember),
    ("georadiusbymember_ro", search::georadiusbymember_ro),
    ("geosearch", search::geosearch),
    ("geosearchstore", search::geosearchstore),
];

type Done = Result<(), Error>;

/// Reads a longitude and a latitude.
fn position(longitude: &[u8], latitude: &[u8]) -> Result<[f64; 2], Error> {
    let place = [float(longitude)?, float(latitude)?];
    if !hash::is_on_map(place) {
        return Err(Error::text(format!(
            "ERR invalid longitude,latitude pair {:.6},{:.6}",
            place[0], place[1]
        )));
    }
    Ok(place)
}

/// Metres in a unit of length.
fn unit_m(word: &[u8]) -> Result<f64, Error> {
    match word {
        _ if is(word, "m") => Ok(1.0),
        _ if is(word, "km") => Ok(1000.0),
        _ if is(word, "ft") => Ok(0.3048),
        _ if is(word, "mi") => Ok(1609.34),
        _ => Err(Error::text("ERR unsupported unit provided. please use M, KM, FT, MI")),
    }
}

/// Reads a radius and its unit.
fn radius(number: &[u8], unit: &[u8]) -> Result<(f64, f64), Error> {
    let radius = float_or(number, "ERR need numeric radius")?;
    if radius < 0.0 {
        return Err(Error::text("ERR radius cannot be negative"));
    }
    Ok((radius, unit_m(unit)?))
}

/// Writes a distance: four digits behind the point.
fn reply_distance(reply: &mut Reply, distance: f64) {
    // Rounded to an even digit where two are as near.
    let tenths = (distance * 10_000.0).round_ties_even() as i64;
    reply.bulk(format!("{}.{:04}", tenths / 10_000, tenths % 10_000).as_bytes());
}

fn geoadd(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let (mut only_new, mut only_old, mut at) = (false, false, 2);
    while let Some(word) = args.get(at) {
        match *word {
            word if is(word, "nx") => only_new = true,
            word if is(word, "xx") => only_old = true,
            word if is(word, "ch") => {}
            _ => break,
        }
        at += 1;
    }
    if !(args.len() - at).is_multiple_of(3) || only_new && only_old {
        return Err(Error::Syntax);
    }
    let mut scores = Vec::new();
    for place in args[at..].chunks_exact(3) {
        scores.push(hash::encode(position(place[0], place[1])?).to_string());
    }
    let mut plain: Vec<&[u8]> = vec![b"zadd"];
    plain.extend(&args[1..at]);
    for (score, place) in scores.iter().zip(args[at..].chunks_exact(3)) {
        plain.extend([score.as_bytes(), place[2]]);
    }
    let dirty = ctx.unit.dirty();
    zset::add_given(ctx, &plain)?;
    if ctx.unit.dirty() != dirty {
        ctx.propagate(&plain);
    }
    Ok(())
}

fn geodist(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let unit = match &args[4..] {
        [] => 1.0,
        [word] => unit_m(word)?,
        _ => return Err(Error::Syntax),
    };
    let set = ctx.unit.read::<Zset>(args[1])?;
    let place = |member| set.and_then(|set| set.score(member)).map(hash::decode);
    match place(args[2]).zip(place(args[3])) {
        Some((a, b)) => reply_distance(ctx.reply, hash::distance_m(a, b) / unit),
        None => ctx.reply.null(),
    }
    Ok(())
}

fn geohash(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let set = ctx.unit.read::<Zset>(args[1])?;
    ctx.reply.array(args.len() - 2);
    for member in &args[2..] {
        match set.and_then(|set| set.score(member)) {
            Some(score) => ctx.reply.bulk(&hash::text(hash::decode(score))),
            None => ctx.reply.null(),
        }
    }
    Ok(())
}

fn geopos(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let set = ctx.unit.read::<Zset>(args[1])?;
    ctx.reply.array(args.len() - 2);
    for member in &args[2..] {
        match set.and_then(|set| set.score(member)) {
            Some(score) => reply_place(ctx.reply, hash::decode(score)),
            None => ctx.reply.null_array(),
        }
    }
    Ok(())
}

/// Writes a longitude and a latitude.
fn reply_place(reply: &mut Reply, place: [f64; 2]) {
    reply.array(2);
    place.into_iter().for_each(|degrees| reply.double(degrees));
}
