//! INCREX: adds to a number within bounds, and sets when its key expires.

use super::super::super::Ctx;
use super::super::super::error::Error;
use super::super::super::parse::{LongDoubleArg, is};
use super::{Done, Expiry, expiry_option, text_of};
use crate::base::long_double::LongDouble;
use crate::base::num::parse_canonical_i64;
use crate::keyspace::{Change, Event};
use crate::value::StringForm;
use std::cmp::Ordering;

/// What the command is told.
struct Request<'a> {
    /// What is added; 1 if nothing is said.
    increment: Option<&'a [u8]>,
    by_float: bool,
    lower: Option<&'a [u8]>,
    upper: Option<&'a [u8]>,
    /// Whether a sum out of bounds becomes the bound.
    saturates: bool,
    expiry: Expiry,
    /// Whether a key that expires already goes on to do so.
    only_without_expiry: bool,
}

impl<'a> Request<'a> {
    fn parse(ctx: &Ctx<'_, '_>, args: &'a [&'a [u8]]) -> Result<Request<'a>, Error> {
        let mut request = Request {
            increment: None,
            by_float: false,
            lower: None,
            upper: None,
            saturates: false,
            expiry: Expiry::Unsaid,
            only_without_expiry: false,
        };
        let mut at = 2;
        while at < args.len() {
            let taken = expiry_option(ctx, args, at, &mut request.expiry, "increx")?;
            at += if taken > 0 { taken } else { request.option(args[at], args.get(at + 1))? };
        }
        if request.only_without_expiry {
            match request.expiry {
                Expiry::At(_) => {}
                Expiry::Persist => return Err(Error::Syntax),
                _ => return Err(Error::text("ERR ENX flag requires an expiration")),
            }
        }
        Ok(request)
    }

    /// Reads an option that is not about time; returns how many arguments it took. Each comes once.
    fn option(&mut self, word: &[u8], operand: Option<&&'a [u8]>) -> Result<usize, Error> {
        let flag = match word {
            _ if is(word, "saturate") => Some(&mut self.saturates),
            _ if is(word, "enx") => Some(&mut self.only_without_expiry),
            _ => None,
        };
        if let Some(flag) = flag {
            if std::mem::replace(flag, true) {
                return Err(Error::Syntax);
            }
            return Ok(1);
        }
        if is(word, "persist") && self.expiry == Expiry::Unsaid {
            self.expiry = Expiry::Persist;
            return Ok(1);
        }
        let place = match word {
            _ if is(word, "lbound") => &mut self.lower,
            _ if is(word, "ubound") => &mut self.upper,
            _ if is(word, "byint") || is(word, "byfloat") => &mut self.increment,
            _ => return Err(Error::Syntax),
        };
        let operand = operand.ok_or(Error::Syntax)?;
        if place.replace(operand).is_some() {
            return Err(Error::Syntax);
        }
        self.by_float |= is(word, "byfloat");
        Ok(2)
    }
}

/// A number that is counted: whole, or as INCRBYFLOAT counts.
trait Number: Copy {
    const ZERO: Self;
    const ONE: Self;
    const LEAST: Self;
    const MOST: Self;
    /// What its strings are.
    const FORM: StringForm;
    const EVENT: &'static str;
    /// What it is in an error.
    const NAME: &'static str;

    /// Reads what a key holds.
    fn of_value(text: &[u8]) -> Result<Self, Error>;
    /// Reads an operand, whose name is for an error.
    fn of_operand(text: &[u8], name: &str) -> Result<Self, Error>;
    /// Reads a bound; `sign` is that of the infinity that binds nothing.
    fn of_bound(text: &[u8], name: &str, sign: char) -> Result<Option<Self>, Error>;
    fn compare(self, other: Self) -> Ordering;
    fn plus(self, other: Self) -> Option<Self>;
    fn minus(self, other: Self) -> Option<Self>;
    fn text(self) -> Vec<u8>;
    fn reply(self, ctx: &mut Ctx<'_, '_>);
}

impl Number for i64 {
    const ZERO: i64 = 0;
    const ONE: i64 = 1;
    const LEAST: i64 = i64::MIN;
    const MOST: i64 = i64::MAX;
    const FORM: StringForm = StringForm::Auto;
    const EVENT: &'static str = "incrby";
    const NAME: &'static str = "an integer or out of range";

    fn of_value(text: &[u8]) -> Result<i64, Error> {
        parse_canonical_i64(text).ok_or(Error::NotInteger)
    }

    fn of_operand(text: &[u8], name: &str) -> Result<i64, Error> {
        parse_canonical_i64(text).ok_or_else(|| not_a_number::<i64>(name))
    }

    fn of_bound(text: &[u8], name: &str, _: char) -> Result<Option<i64>, Error> {
        i64::of_operand(text, name).map(Some)
    }

    fn compare(self, other: i64) -> Ordering {
        self.cmp(&other)
    }

    fn plus(self, other: i64) -> Option<i64> {
        self.checked_add(other)
    }

    fn minus(self, other: i64) -> Option<i64> {
        self.checked_sub(other)
    }

    fn text(self) -> Vec<u8> {
        text_of(self)
    }

    fn reply(self, ctx: &mut Ctx<'_, '_>) {
        ctx.reply.int(self);
    }
}

impl Number for LongDouble {
    const ZERO: LongDouble = LongDouble::ZERO;
    const ONE: LongDouble = LongDouble::ZERO;
    const LEAST: LongDouble = LongDouble::LEAST;
    const MOST: LongDouble = LongDouble::MAX;
    const FORM: StringForm = StringForm::Text;
    const EVENT: &'static str = "incrbyfloat";
    const NAME: &'static str = "a valid float";

    fn of_value(text: &[u8]) -> Result<LongDouble, Error> {
        match LongDoubleArg::parse(text)? {
            LongDoubleArg::Finite(n) => Ok(n),
            LongDoubleArg::Infinite => Err(Error::text("ERR value cannot be Infinity")),
        }
    }

    fn of_operand(text: &[u8], name: &str) -> Result<LongDouble, Error> {
        match LongDoubleArg::parse(text).map_err(|_| not_a_number::<LongDouble>(name))? {
            LongDoubleArg::Finite(n) => Ok(n),
            LongDoubleArg::Infinite => Err(Error::text("ERR BYFLOAT increment cannot be Infinity")),
        }
    }

    fn of_bound(text: &[u8], name: &str, sign: char) -> Result<Option<LongDouble>, Error> {
        match LongDoubleArg::parse(text).map_err(|_| not_a_number::<LongDouble>(name))? {
            LongDoubleArg::Finite(n) => Ok(Some(n)),
            LongDoubleArg::Infinite if text.starts_with(b"-") == (sign == '-') => Ok(None),
            // No number lies beyond it.
            LongDoubleArg::Infinite => Err(not_a_number::<LongDouble>(name)),
        }
    }

    fn compare(self, other: LongDouble) -> Ordering {
        self.compare(other)
    }

    fn plus(self, other: LongDouble) -> Option<LongDouble> {
        self.plus(other)
    }

    fn minus(self, other: LongDouble) -> Option<LongDouble> {
        self.plus(other.negated())
    }

    fn text(self) -> Vec<u8> {
        self.to_text().into_bytes()
    }

    fn reply(self, ctx: &mut Ctx<'_, '_>) {
        ctx.reply.double_text(self.to_text().as_bytes());
    }
}

fn not_a_number<N: Number>(name: &str) -> Error {
    Error::text(format!("ERR {name} is not {}", N::NAME))
}

/// How numbers are added up.
struct Sum<N> {
    increment: N,
    lower: N,
    upper: N,
    saturates: bool,
}

impl<N: Number> Sum<N> {
    fn of(request: &Request<'_>) -> Result<Sum<N>, Error> {
        let increment = match request.increment {
            Some(text) => N::of_operand(text, "Increment")?,
            None => N::ONE,
        };
        let bound = |text: Option<&[u8]>, name, sign| match text {
            Some(text) => N::of_bound(text, name, sign),
            None => Ok(None),
        };
        let lower = bound(request.lower, "LBOUND", '-')?.unwrap_or(N::LEAST);
        let upper = bound(request.upper, "UBOUND", '+')?.unwrap_or(N::MOST);
        if lower.compare(upper).is_gt() {
            return Err(Error::text("ERR LBOUND can't be greater than UBOUND"));
        }
        Ok(Sum { increment, lower, upper, saturates: request.saturates })
    }

    /// The sum and what was added for it; `None` if it is out of bounds and stays so.
    fn add(&self, old: N) -> Result<Option<(N, N)>, Error> {
        let sum = old.plus(self.increment);
        let beyond = match sum {
            Some(sum) if sum.compare(self.upper).is_gt() => Some(self.upper),
            Some(sum) if sum.compare(self.lower).is_lt() => Some(self.lower),
            Some(_) => None,
            None if self.increment.compare(N::ZERO).is_ge() => Some(self.upper),
            None => Some(self.lower),
        };
        match (sum, beyond) {
            (Some(sum), None) => Ok(Some((sum, self.increment))),
            (_, Some(bound)) if self.saturates => {
                let added = bound.minus(old);
                let added = added.ok_or(Error::text("ERR applied increment would overflow"))?;
                Ok(Some((bound, added)))
            }
            _ => Ok(None),
        }
    }
}

pub(super) fn increx(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let request = Request::parse(ctx, args)?;
    if request.by_float {
        add::<LongDouble>(ctx, args[1], &request)
    } else {
        add::<i64>(ctx, args[1], &request)
    }
}

/// What became of the key's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Time {
    Kept,
    Set(i64),
    Removed,
    /// It has passed, and the key is gone.
    Passed,
}

fn add<N: Number>(ctx: &mut Ctx<'_, '_>, key: &[u8], request: &Request<'_>) -> Done {
    let sum = Sum::<N>::of(request)?;
    let old = match ctx.unit.string(key)? {
        Some(text) => N::of_value(text)?,
        None => N::ZERO,
    };
    let Some((new, added)) = sum.add(old)? else {
        ctx.reply.array(2);
        old.reply(ctx);
        N::ZERO.reply(ctx);
        return Ok(());
    };
    let text = new.text();
    let (now_ms, is_replayed) = (ctx.now_ms(), ctx.is_replayed());
    let time = ctx.update(key, |place| {
        let old_ms = place.expire_at_ms();
        let time = match request.expiry {
            Expiry::At(_) if request.only_without_expiry && old_ms.is_some() => Time::Kept,
            Expiry::At(at_ms) if at_ms <= now_ms && !is_replayed => Time::Passed,
            Expiry::At(at_ms) => Time::Set(at_ms),
            Expiry::Persist if old_ms.is_some() => Time::Removed,
            _ => Time::Kept,
        };
        let expire_at_ms = match time {
            Time::Kept => old_ms,
            Time::Set(at_ms) => Some(at_ms),
            Time::Removed => None,
            Time::Passed => {
                let dirty = u64::from(place.remove());
                return Ok((time, Change::wrote(Event::generic("del"), dirty)));
            }
        };
        place.set_string(&text, N::FORM, expire_at_ms);
        Ok((time, Change::wrote(Event::string(N::EVENT), 1)))
    })?;
    // Others get the sum, whatever they make of the numbers.
    match time {
        Time::Kept => ctx.propagate(&[b"SET", key, &text, b"KEEPTTL"]),
        Time::Removed => {
            ctx.unit.event(Event::generic("persist"), key);
            ctx.propagate(&[b"SET", key, &text]);
        }
        Time::Set(at_ms) => {
            ctx.unit.event(Event::generic("expire"), key);
            ctx.propagate(&[b"SET", key, &text, b"PXAT", &text_of(at_ms)]);
        }
        Time::Passed => ctx.propagate(&[b"DEL", key]),
    }
    ctx.reply.array(2);
    new.reply(ctx);
    added.reply(ctx);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::super::check::{
        check_effects, check_propagated, check_replies, check_replies_in,
    };

    #[test]
    fn whole_numbers() {
        check_replies(&[
            ("INCREX k", "*2 :1 :1"),
            ("INCREX k BYINT -4", "*2 :-3 :-4"),
            ("INCREX k BYINT 0", "*2 :-3 :0"),
            ("INCREX k BYINT 100 UBOUND 80 SATURATE", "*2 :80 :83"),
            ("INCREX k BYINT 1 UBOUND 80", "*2 :80 :0"),
            ("INCREX k ubound 30 byint 5", "*2 :80 :0"),
            ("INCREX k BYINT 5 UBOUND 30 SATURATE", "*2 :30 :-50"),
            ("INCREX k BYINT -100 LBOUND 0 UBOUND 90 SATURATE", "*2 :0 :-30"),
            ("INCREX k BYINT 90 UBOUND 90", "*2 :90 :90"),
            ("INCREX new BYINT 15 UBOUND 10", "*2 :0 :0"),
            ("EXISTS new", ":0"),
            ("SET k 9223372036854775800", "+OK"),
            ("INCREX k BYINT 9223372036854775800", "*2 :9223372036854775800 :0"),
            ("INCREX k BYINT 9223372036854775800 SATURATE", "*2 :9223372036854775807 :7"),
            ("OBJECT ENCODING k", "$3 int"),
            (
                "INCREX k BYINT 1 SATURATE UBOUND -9223372036854775808",
                "-ERR applied increment would overflow",
            ),
            ("SET k -9223372036854775800", "+OK"),
            ("INCREX k BYINT -9223372036854775800 SATURATE", "*2 :-9223372036854775808 :-8"),
        ]);
    }

    #[test]
    fn floating_point_numbers() {
        check_replies(&[
            ("SET k 1.5", "+OK"),
            ("INCREX k BYFLOAT 0.25", "*2 $4 1.75 $4 0.25"),
            ("INCREX k BYFLOAT 10 UBOUND 8.5", "*2 $4 1.75 $1 0"),
            ("INCREX k BYFLOAT 10 UBOUND 8.5 SATURATE", "*2 $3 8.5 $4 6.75"),
            ("INCREX k BYFLOAT -100 LBOUND -5.5 UBOUND inf SATURATE", "*2 $4 -5.5 $3 -14"),
            ("INCREX k BYFLOAT inf", "-ERR BYFLOAT increment cannot be Infinity"),
            ("INCREX k BYFLOAT x", "-ERR Increment is not a valid float"),
            ("INCREX k BYFLOAT 1 UBOUND x", "-ERR UBOUND is not a valid float"),
            ("INCREX k BYINT 1", "-ERR value is not an integer or out of range"),
            ("SET k inf", "+OK"),
            ("INCREX k BYFLOAT 1", "-ERR value cannot be Infinity"),
            ("SET k hello", "+OK"),
            ("INCREX k BYFLOAT 1", "-ERR value is not a valid float"),
        ]);
        check_replies_in(true, &[("INCREX k BYFLOAT 0.5", "*2 ,0.5 ,0.5")]);
    }

    #[test]
    fn what_is_not_taken() {
        check_replies(&[
            ("INCREX k FOO", "-ERR syntax error"),
            ("INCREX k BYINT", "-ERR syntax error"),
            ("INCREX k BYINT 1 BYFLOAT 1", "-ERR syntax error"),
            ("INCREX k BYINT 1 BYINT 1", "-ERR syntax error"),
            ("INCREX k LBOUND 1 LBOUND 1", "-ERR syntax error"),
            ("INCREX k SATURATE SATURATE", "-ERR syntax error"),
            ("INCREX k EX 10 PX 10", "-ERR syntax error"),
            ("INCREX k EX 10 PERSIST", "-ERR syntax error"),
            ("INCREX k PERSIST EX 10", "-ERR syntax error"),
            ("INCREX k PERSIST PERSIST", "-ERR syntax error"),
            ("INCREX k PERSIST ENX", "-ERR syntax error"),
            ("INCREX k ENX ENX EX 10", "-ERR syntax error"),
            ("INCREX k ENX", "-ERR ENX flag requires an expiration"),
            ("INCREX k EX 0", "-ERR invalid expire time in 'increx' command"),
            ("INCREX k BYINT 1.5", "-ERR Increment is not an integer or out of range"),
            ("INCREX k LBOUND 1.5", "-ERR LBOUND is not an integer or out of range"),
            ("INCREX k LBOUND 2 UBOUND 1", "-ERR LBOUND can't be greater than UBOUND"),
            ("RPUSH l a", ":1"),
            ("INCREX l", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ]);
    }

    #[test]
    fn others_get_the_sum() {
        check_propagated(&[
            ("INCREX k BYINT 7", Some(&["SET k 7 KEEPTTL"])),
            ("INCREX k BYFLOAT 0.5", Some(&["SET k 7.5 KEEPTTL"])),
            ("INCREX k BYFLOAT 5 UBOUND 7", None),
            ("INCREX k BYFLOAT 5 UBOUND 8 SATURATE", Some(&["SET k 8 KEEPTTL"])),
            ("INCREX k PXAT 1800000000000", Some(&["SET k 9 PXAT 1800000000000"])),
            ("INCREX k EX 5 ENX", Some(&["SET k 10 KEEPTTL"])),
            ("INCREX k EXAT 1 ENX", Some(&["SET k 11 KEEPTTL"])),
            ("INCREX k PERSIST", Some(&["SET k 12"])),
            ("INCREX k PERSIST", Some(&["SET k 13 KEEPTTL"])),
            ("INCREX k EX 100 ENX", Some(&["SET k 14 PXAT 1700000100000"])),
            ("INCREX k EXAT 1", Some(&["DEL k"])),
        ]);
        check_effects(&[
            ("INCREX k", 1, &["new", "incrby"]),
            ("INCREX k BYFLOAT 1 EX 5", 1, &["incrbyfloat", "expire"]),
            ("INCREX k PERSIST", 1, &["incrby", "persist"]),
            ("INCREX k UBOUND 0", 0, &[]),
            ("INCREX k EXAT 1", 1, &["del"]),
            ("INCREX k EXAT 1", 0, &[]),
        ]);
    }
}
