//! Commands on the bits of strings. Bit 0 is the highest bit of the first byte; bits behind the end are clear.

mod field;
mod op;
mod range;

#[cfg(test)]
mod tests;

use super::super::error::Error;
use super::super::parse::{clipped_range, int, int_or, is};
use super::super::{Ctx, Handler};
use super::string::STRING_BYTES_MAX;
use crate::base::num::parse_canonical_i64;
use crate::keyspace::{Change, Event, Place};
use crate::value::StringForm;
use range::{first_between, ones_between};
use std::ops::Range;

/// The handlers of this family.
pub const HANDLERS: &[(&str, Handler)] = &[
    ("bitcount", bitcount),
    ("bitfield", field::bitfield),
    ("bitfield_ro", field::bitfield_ro),
    ("bitop", op::bitop),
    ("bitpos", bitpos),
    ("getbit", getbit),
    ("setbit", setbit),
];

type Done = Result<(), Error>;

/// Reads the offset of a bit. One that begins with `#` counts fields, if their width in bits is given.
fn bit_offset(text: &[u8], field_bits: Option<u32>) -> Result<usize, Error> {
    let (text, unit) = match (text.strip_prefix(b"#"), field_bits) {
        (Some(number), Some(bits)) => (number, i64::from(bits)),
        _ => (text, 1),
    };
    parse_canonical_i64(text)
        .and_then(|offset| offset.checked_mul(unit))
        .and_then(|offset| usize::try_from(offset).ok())
        .filter(|offset| offset / 8 < STRING_BYTES_MAX)
        .ok_or(Error::text("ERR bit offset is not an integer or out of range"))
}

/// Makes a string at least `len` bytes long; true if that lengthened or made it.
fn grow(place: &mut Place<'_>, len: usize) -> Result<bool, Error> {
    match place.string()?.map(<[u8]>::len) {
        Some(old_len) if old_len >= len => return Ok(false),
        Some(_) => place.edit_string(StringForm::Raw, |bytes| bytes.resize(len, 0))?,
        // Zeroes straight from the allocator: a far bit costs no memory before it.
        None => place.put_string(vec![0; len], StringForm::Raw, None),
    }
    Ok(true)
}

fn setbit(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    const NO_BIT: &str = "ERR bit is not an integer or out of range";
    let offset = bit_offset(args[2], None)?;
    let on = match int_or(args[3], NO_BIT)? {
        0 => false,
        1 => true,
        _ => return Err(Error::text(NO_BIT)),
    };
    let (at, mask) = (offset / 8, 128 >> (offset % 8));
    let was_on = ctx.update(args[1], |place| {
        let grown = grow(place, at + 1)?;
        let patched = place.patch_string(StringForm::Raw, |bytes| {
            let was_on = bytes[at] & mask != 0;
            bytes[at] = if on { bytes[at] | mask } else { bytes[at] & !mask };
            was_on
        })?;
        let was_on = patched.unwrap_or_default();
        let dirty = u64::from(grown || was_on != on);
        Ok((was_on, Change::wrote(Event::string("setbit"), dirty)))
    })?;
    ctx.reply.int(i64::from(was_on));
    Ok(())
}

fn getbit(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let offset = bit_offset(args[2], None)?;
    let bytes = ctx.unit.string(args[1])?.unwrap_or_default();
    let on = bytes.get(offset / 8).is_some_and(|byte| byte & (128 >> (offset % 8)) != 0);
    ctx.reply.int(i64::from(on));
    Ok(())
}

/// What the ends of a range count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Bytes,
    Bits,
}

impl Unit {
    fn parse(word: &[u8]) -> Result<Unit, Error> {
        match word {
            _ if is(word, "bit") => Ok(Unit::Bits),
            _ if is(word, "byte") => Ok(Unit::Bytes),
            _ => Err(Error::Syntax),
        }
    }

    /// The bits of a string of `len` bytes between two ends, which count from the string's end if negative.
    fn bits(self, start: i64, end: i64, len: usize) -> Range<usize> {
        match self {
            Unit::Bits => clipped_range(start, end, len * 8),
            Unit::Bytes => {
                let bytes = clipped_range(start, end, len);
                bytes.start * 8..bytes.end * 8
            }
        }
    }
}

fn bitcount(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let (start, end, unit) = match args[2..] {
        [] => (0, -1, Unit::Bytes),
        [start, end] => (int(start)?, int(end)?, Unit::Bytes),
        [start, end, unit] => (int(start)?, int(end)?, Unit::parse(unit)?),
        _ => return Err(Error::Syntax),
    };
    let bytes = ctx.unit.string(args[1])?.unwrap_or_default();
    // Two negative ends in the wrong order give nothing before they are cut to the string.
    let bits =
        if start < 0 && end < 0 && start > end { 0..0 } else { unit.bits(start, end, bytes.len()) };
    let ones = ones_between(bytes, bits);
    ctx.reply.count(ones);
    Ok(())
}

fn bitpos(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let wanted = match int(args[2])? {
        0 => false,
        1 => true,
        _ => return Err(Error::text("ERR The bit argument must be 1 or 0.")),
    };
    // The unit is looked at before the end.
    let (start, end, unit) = match args[3..] {
        [] => (0, None, Unit::Bytes),
        [start] => (int(start)?, None, Unit::Bytes),
        [start, end] => (int(start)?, Some(int(end)?), Unit::Bytes),
        [start, end, unit] => {
            let (start, unit) = (int(start)?, Unit::parse(unit)?);
            (start, Some(int(end)?), unit)
        }
        _ => return Err(Error::Syntax),
    };
    let position = match ctx.unit.string(args[1])? {
        // Clear bits without end.
        None => (!wanted).then_some(0),
        Some(bytes) => {
            let bits = unit.bits(start, end.unwrap_or(-1), bytes.len());
            // Where no end was given, clear bits follow the string, unless nothing was left to search.
            let behind = (!wanted && end.is_none() && !bits.is_empty()).then_some(bits.end);
            first_between(bytes, wanted, bits).or(behind)
        }
    };
    match position {
        Some(at) => ctx.reply.count(at as u64),
        None => ctx.reply.int(-1),
    }
    Ok(())
}
