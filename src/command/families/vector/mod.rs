//! Commands on vector sets.

mod attributes;
mod filter;
mod parse;
mod random;
mod read;
mod sim;
mod write;

#[cfg(test)]
mod tests;

use super::super::Handler;
use super::super::error::Error;
use crate::rdb::event::Quantization;
use crate::resp::encode::Reply;

/// The handlers of this family.
pub const HANDLERS: &[(&str, Handler)] = &[
    ("vadd", write::vadd),
    ("vcard", read::vcard),
    ("vdim", read::vdim),
    ("vemb", read::vemb),
    ("vgetattr", read::vgetattr),
    ("vinfo", read::vinfo),
    ("vismember", read::vismember),
    ("vlinks", read::vlinks),
    ("vrandmember", random::vrandmember),
    ("vrange", read::vrange),
    ("vrem", write::vrem),
    ("vsetattr", write::vsetattr),
    ("vsim", sim::vsim),
];

type Done = Result<(), Error>;

/// The name of a way to keep vectors, as replies give it.
fn quantization_name(quantization: Quantization) -> &'static str {
    match quantization {
        Quantization::Float32 => "f32",
        Quantization::Int8 => "int8",
        Quantization::Binary => "bin",
    }
}

fn reply_optional(reply: &mut Reply, text: Option<&[u8]>) {
    match text {
        Some(text) => reply.bulk(text),
        None => reply.null(),
    }
}

/// How near a distance is: from 1 for the same direction to 0 for the opposite one.
fn similarity(distance: f32) -> f64 {
    1.0 - f64::from(distance) / 2.0
}

/// An exploration factor.
fn exploration(text: &[u8]) -> Result<usize, Error> {
    const EF_MAX: i64 = 1_000_000;
    let ef = super::super::parse::int_between(text, 1, EF_MAX, "ERR invalid EF")?;
    Ok(usize::try_from(ef).unwrap_or(usize::MAX))
}
