//! BITFIELD: integers of any width at any bit of a string.

use super::super::super::Ctx;
use super::super::super::error::Error;
use super::super::super::parse::{int, is};
use super::{Done, bit_offset, grow};
use crate::base::num::parse_canonical_i64;
use crate::keyspace::{Change, Event};
use crate::value::StringForm;

/// An integer's place in a string, and its form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Field {
    signed: bool,
    /// Width: 1 to 64 if signed, to 63 if not.
    bits: u32,
    /// First bit.
    offset: usize,
}

/// Bytes of the longest field, when it begins inside a byte.
const FIELD_BYTES_MAX: usize = 9;

impl Field {
    /// Reads a type, such as `i16` or `u8`, and an offset.
    fn parse(kind: &[u8], offset: &[u8]) -> Result<Field, Error> {
        const INVALID: &str = "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.";
        let invalid = Error::text(INVALID);
        // Servers read the number up to a zero byte.
        let kind = kind.split(|byte| *byte == 0).next().unwrap_or_default();
        let (signed, bits) = match kind.split_first() {
            Some((b'i', bits)) => (true, bits),
            Some((b'u', bits)) => (false, bits),
            _ => return Err(invalid),
        };
        let bits = parse_canonical_i64(bits).and_then(|bits| u32::try_from(bits).ok());
        let widest = if signed { 64 } else { 63 };
        let bits = bits.filter(|bits| (1..=widest).contains(bits)).ok_or(invalid)?;
        Ok(Field { signed, bits, offset: bit_offset(offset, Some(bits))? })
    }

    /// The bit behind it.
    fn end(self) -> usize {
        self.offset + self.bits as usize
    }

    /// The least and the greatest value.
    fn limits(self) -> (i128, i128) {
        match self.signed {
            true => (-(1 << (self.bits - 1)), (1 << (self.bits - 1)) - 1),
            false => (0, (1 << self.bits) - 1),
        }
    }

    /// The value of its lowest bits.
    fn of_bits(self, bits: u64) -> i128 {
        let unused = 64 - self.bits;
        if self.signed {
            i128::from((bits << unused).cast_signed() >> unused)
        } else {
            i128::from(bits << unused >> unused)
        }
    }

    /// The bytes that it lies in, zeroes behind the end of the string, as the top of a number.
    fn window(self, bytes: &[u8]) -> u128 {
        let mut window = [0; 16];
        let held = bytes.get(self.offset / 8..).unwrap_or_default();
        let held = &held[..held.len().min(FIELD_BYTES_MAX)];
        window[..held.len()].copy_from_slice(held);
        u128::from_be_bytes(window)
    }

    /// How far its lowest bit lies above that of the window.
    fn shift(self) -> u32 {
        128 - (self.offset % 8) as u32 - self.bits
    }

    /// Its value in a string.
    fn get(self, bytes: &[u8]) -> i128 {
        self.of_bits((self.window(bytes) >> self.shift()) as u64)
    }

    /// Writes a value into a string that is long enough.
    fn set(self, bytes: &mut [u8], value: i128) {
        let mask = u128::from(u64::MAX >> (64 - self.bits)) << self.shift();
        let window = (self.window(bytes) & !mask) | ((value as u128) << self.shift() & mask);
        let held = bytes.get_mut(self.offset / 8..self.end().div_ceil(8)).unwrap_or_default();
        held.iter_mut().zip(window.to_be_bytes()).for_each(|(byte, new)| *byte = new);
    }

    /// The value that becomes of a sum; none if it must not be written.
    fn settle(self, value: i128, by: i64, overflow: Overflow) -> Option<i128> {
        let sum = value + i128::from(by);
        let (least, greatest) = self.limits();
        if (least..=greatest).contains(&sum) {
            return Some(sum);
        }
        // Servers measure the distance to the greatest value in 64 bits: what lies farther below seems to lie above.
        let above = sum > greatest || (self.bits < 64 && greatest - value > i128::from(i64::MAX));
        match overflow {
            Overflow::Wrap => Some(self.of_bits(sum as u64)),
            Overflow::Saturate => Some(if above { greatest } else { least }),
            Overflow::Fail => None,
        }
    }
}

/// What becomes of values that do not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Overflow {
    /// Their lowest bits stay.
    Wrap,
    /// They stop at the limit.
    Saturate,
    /// Nothing is written.
    Fail,
}

/// One step of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Get(Field),
    /// Replies with the old value.
    Set(Field, i64, Overflow),
    /// Replies with the new value.
    Add(Field, i64, Overflow),
}

fn parse(args: &[&[u8]]) -> Result<Vec<Step>, Error> {
    let (mut steps, mut overflow, mut rest) = (Vec::new(), Overflow::Wrap, &args[2..]);
    while let [word, operands @ ..] = rest {
        rest = match operands {
            [kind, offset, behind @ ..] if is(word, "get") => {
                steps.push(Step::Get(Field::parse(kind, offset)?));
                behind
            }
            [kind, offset, value, behind @ ..] if is(word, "set") => {
                let field = Field::parse(kind, offset)?;
                steps.push(Step::Set(field, int(value)?, overflow));
                behind
            }
            [kind, offset, by, behind @ ..] if is(word, "incrby") => {
                let field = Field::parse(kind, offset)?;
                steps.push(Step::Add(field, int(by)?, overflow));
                behind
            }
            [choice, behind @ ..] if is(word, "overflow") => {
                overflow = match choice {
                    _ if is(choice, "wrap") => Overflow::Wrap,
                    _ if is(choice, "sat") => Overflow::Saturate,
                    _ if is(choice, "fail") => Overflow::Fail,
                    _ => return Err(Error::text("ERR Invalid OVERFLOW type specified")),
                };
                behind
            }
            _ => return Err(Error::Syntax),
        };
    }
    Ok(steps)
}

/// Where the last field that is written ends, in bytes; none if all are only read.
fn written_bytes(steps: &[Step]) -> Option<usize> {
    let ends = steps.iter().filter_map(|step| match step {
        Step::Get(_) => None,
        Step::Set(field, ..) | Step::Add(field, ..) => Some(field.end().div_ceil(8)),
    });
    ends.max()
}

/// Writes a reply: a value, or none where nothing was written.
fn reply_with(ctx: &mut Ctx<'_, '_>, replies: &[Option<i128>]) {
    ctx.reply.array(replies.len());
    for value in replies {
        match value {
            // Every value is one of 64 bits with sign.
            Some(value) => ctx.reply.int(*value as i64),
            None => ctx.reply.null(),
        }
    }
}

fn read(ctx: &mut Ctx<'_, '_>, key: &[u8], steps: &[Step]) -> Done {
    let bytes = ctx.unit.string(key)?.unwrap_or_default();
    let replies: Vec<_> = steps
        .iter()
        .filter_map(|step| match step {
            Step::Get(field) => Some(Some(field.get(bytes))),
            _ => None,
        })
        .collect();
    reply_with(ctx, &replies);
    Ok(())
}

/// Runs steps on a string that is long enough. Returns the replies, and how many steps changed something.
fn run(steps: &[Step], bytes: &mut [u8]) -> (Vec<Option<i128>>, u64) {
    let mut changes = 0;
    let replies = steps.iter().map(|step| {
        let (field, old, new, shown_new) = match *step {
            Step::Get(field) => return Some(field.get(bytes)),
            Step::Set(field, value, overflow) => {
                // What is not signed takes a negative number for a great one.
                let value = if field.signed {
                    i128::from(value)
                } else {
                    i128::from(value.cast_unsigned())
                };
                (field, field.get(bytes), field.settle(value, 0, overflow)?, false)
            }
            Step::Add(field, by, overflow) => {
                let old = field.get(bytes);
                (field, old, field.settle(old, by, overflow)?, true)
            }
        };
        field.set(bytes, new);
        changes += u64::from(old != new);
        Some(if shown_new { new } else { old })
    });
    (replies.collect(), changes)
}

pub(super) fn bitfield(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let steps = parse(args)?;
    let Some(len) = written_bytes(&steps) else { return read(ctx, args[1], &steps) };
    let replies = ctx.update(args[1], |place| {
        let grown = grow(place, len)?;
        let done = place.patch_string(StringForm::Raw, |bytes| run(&steps, bytes))?;
        let (replies, changes) = done.unwrap_or_default();
        let written = replies
            .iter()
            .zip(&steps)
            .filter(|(reply, step)| reply.is_some() && !matches!(step, Step::Get(_)));
        let change = match if grown { written.count() as u64 } else { changes } {
            // A string that only grew is told to others too, though it is no event.
            0 if grown => Change::Silent { dirty: 1 },
            dirty => Change::wrote(Event::string("setbit"), dirty),
        };
        Ok((replies, change))
    })?;
    reply_with(ctx, &replies);
    Ok(())
}

pub(super) fn bitfield_ro(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let steps = parse(args)?;
    if written_bytes(&steps).is_some() {
        return Err(Error::text("ERR BITFIELD_RO only supports the GET subcommand"));
    }
    read(ctx, args[1], &steps)
}
