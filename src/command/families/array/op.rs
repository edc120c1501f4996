//! AROP: one result of many items.

use super::super::super::Ctx;
use super::super::super::error::Error;
use super::super::super::parse::is;
use super::{Done, range};
use crate::base::long_double::LongDouble;
use crate::value::Array;
use std::cmp::Ordering;

/// What is made of the items.
#[derive(Debug, Clone, Copy)]
enum Op<'a> {
    Sum,
    /// The first in this order.
    Extreme(Ordering),
    Bits(fn(i64, i64) -> i64),
    /// How many equal a value.
    Match(&'a [u8]),
    /// How many there are.
    Used,
}

impl<'a> Op<'a> {
    fn parse(args: &[&'a [u8]]) -> Result<Op<'a>, Error> {
        let op = match args[4] {
            word if is(word, "match") => match args[5..] {
                [value] => return Ok(Op::Match(value)),
                _ => return Err(Error::text("ERR MATCH requires a value argument")),
            },
            word if is(word, "sum") => Op::Sum,
            word if is(word, "min") => Op::Extreme(Ordering::Less),
            word if is(word, "max") => Op::Extreme(Ordering::Greater),
            word if is(word, "and") => Op::Bits(|a, b| a & b),
            word if is(word, "or") => Op::Bits(|a, b| a | b),
            word if is(word, "xor") => Op::Bits(|a, b| a ^ b),
            word if is(word, "used") => Op::Used,
            _ => return Err(Error::text("ERR unknown operation")),
        };
        if args.len() == 5 { Ok(op) } else { Err(Error::arity("arop")) }
    }
}

/// The text of the sum of numbers, `None` if there are none.
fn sum(mut numbers: impl Iterator<Item = LongDouble>) -> Option<String> {
    let mut sum = numbers.next()?;
    for number in numbers {
        match sum.plus(number) {
            Some(more) => sum = more,
            // Two numbers of one sign have overflown; no finite number brings that back.
            None if sum.compare(LongDouble::ZERO).is_lt() => return Some("-inf".to_owned()),
            None => return Some("inf".to_owned()),
        }
    }
    Some(sum.to_general_text())
}

pub(super) fn arop(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let (from, to) = range(args[2], args[3])?;
    let op = Op::parse(args)?;
    let array = ctx.unit.read::<Array>(args[1])?;
    let items = || array.into_iter().flat_map(|array| array.items(from, to)).map(|item| item.1);
    // What is no number does not count.
    let numbers = || items().filter_map(LongDouble::parse);
    let text = match op {
        Op::Match(value) => {
            ctx.reply.count(items().filter(|item| *item == value).count() as u64);
            return Ok(());
        }
        Op::Used => {
            ctx.reply.count(items().count() as u64);
            return Ok(());
        }
        Op::Bits(op) => {
            match numbers().filter_map(LongDouble::to_i64).reduce(op) {
                Some(bits) => ctx.reply.int(bits),
                None => ctx.reply.null(),
            }
            return Ok(());
        }
        Op::Sum => sum(numbers()),
        Op::Extreme(order) => numbers()
            .reduce(|best, number| if number.compare(best) == order { number } else { best })
            .map(LongDouble::to_general_text),
    };
    match text {
        Some(text) => ctx.reply.bulk(text.as_bytes()),
        None => ctx.reply.null(),
    }
    Ok(())
}
