//! Arguments as numbers, words and times.

use super::error::Error;
use crate::base::long_double::LongDouble;
use crate::base::num::parse_canonical_i64;

/// A 64-bit integer.
pub fn int(text: &[u8]) -> Result<i64, Error> {
    parse_canonical_i64(text).ok_or(Error::NotInteger)
}

/// A 64-bit integer, with a text of its own for anything else.
pub fn int_or(text: &[u8], message: &'static str) -> Result<i64, Error> {
    parse_canonical_i64(text).ok_or(Error::text(message))
}

/// An integer that is not negative.
pub fn positive_or(text: &[u8], message: &'static str) -> Result<u64, Error> {
    parse_canonical_i64(text).and_then(|n| u64::try_from(n).ok()).ok_or(Error::text(message))
}

/// An integer in a range, with a text for anything else.
pub fn int_between(text: &[u8], low: i64, high: i64, message: &'static str) -> Result<i64, Error> {
    match parse_canonical_i64(text) {
        Some(n) if (low..=high).contains(&n) => Ok(n),
        _ => Err(Error::text(message)),
    }
}

/// A 32-bit integer.
pub fn int32(text: &[u8]) -> Result<i32, Error> {
    const RANGE: &str = "ERR value is out of range, value must between -2147483648 and 2147483647";
    i32::try_from(int(text)?).map_err(|_| Error::text(RANGE))
}

/// A floating point number as `strtod` reads it, the whole text, and not NaN.
pub fn float(text: &[u8]) -> Result<f64, Error> {
    float_or(text, "ERR value is not a valid float")
}

/// As [`float`], with a text of its own for anything else.
pub fn float_or(text: &[u8], message: &'static str) -> Result<f64, Error> {
    parse_strtod(text).filter(|n| !n.is_nan()).ok_or(Error::text(message))
}

/// What `strtod` makes of a whole text: decimal and hexadecimal numbers, infinities; no spaces around.
pub fn parse_strtod(text: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(text).ok()?;
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if let Some(hex) = unsigned.strip_prefix("0x").or_else(|| unsigned.strip_prefix("0X")) {
        let value = parse_hex(hex)?;
        return Some(if text.starts_with('-') { -value } else { value });
    }
    let value: f64 = text.parse().ok()?;
    // Servers refuse what is too large, and what is not zero but too small (ERANGE).
    let is_number =
        unsigned.bytes().next().is_some_and(|byte| byte.is_ascii_digit() || byte == b'.');
    let mantissa = unsigned.split(['e', 'E']).next().unwrap_or_default();
    let vanishes = value == 0.0 && mantissa.bytes().any(|byte| matches!(byte, b'1'..=b'9'));
    if is_number && (value.is_infinite() || vanishes) {
        return None;
    }
    Some(value)
}

fn parse_hex(text: &str) -> Option<f64> {
    let (digits, exponent) = match text.split_once(['p', 'P']) {
        Some((digits, exponent)) => (digits, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut value = 0.0_f64;
    for digit in whole.chars().chain(fraction.chars()) {
        value = value * 16.0 + f64::from(digit.to_digit(16)?);
    }
    Some(value * 2.0_f64.powi(exponent.checked_sub(4 * i32::try_from(fraction.len()).ok()?)?))
}

/// A number as INCRBYFLOAT and HINCRBYFLOAT take it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LongDoubleArg {
    /// A number that can be added to.
    Finite(LongDouble),
    /// A number whose sum with any other is none.
    Infinite,
}

impl LongDoubleArg {
    /// Reads a number, the whole text.
    pub fn parse(text: &[u8]) -> Result<LongDoubleArg, Error> {
        match (LongDouble::parse(text), parse_strtod(text)) {
            (Some(n), _) => Ok(LongDoubleArg::Finite(n)),
            (None, Some(n)) if n.is_infinite() => Ok(LongDoubleArg::Infinite),
            // Hexadecimal numbers are exact.
            (None, Some(n)) => LongDouble::parse(format!("{n:e}").as_bytes())
                .map(LongDoubleArg::Finite)
                .ok_or(Error::NotFloat),
            (None, None) => Err(Error::NotFloat),
        }
    }

    /// The sum, which must be finite.
    pub fn add(self, other: LongDoubleArg) -> Result<LongDouble, Error> {
        let sum = match (self, other) {
            (LongDoubleArg::Finite(a), LongDoubleArg::Finite(b)) => a.plus(b),
            _ => None,
        };
        sum.ok_or(Error::text("ERR increment would produce NaN or Infinity"))
    }
}

/// Whether an argument is a word, in any case.
pub fn is(arg: &[u8], word: &str) -> bool {
    arg.eq_ignore_ascii_case(word.as_bytes())
}

/// The unit of a time argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeUnit {
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Milliseconds,
}

/// What the word of an expiry option makes of its operand: the unit, and the time it counts from in unix milliseconds (0 for a
/// point in time). `None` for any other word.
pub fn expiry_word(word: &[u8], now_ms: i64) -> Option<(TimeUnit, i64)> {
    match word {
        _ if is(word, "ex") => Some((TimeUnit::Seconds, now_ms)),
        _ if is(word, "px") => Some((TimeUnit::Milliseconds, now_ms)),
        _ if is(word, "exat") => Some((TimeUnit::Seconds, 0)),
        _ if is(word, "pxat") => Some((TimeUnit::Milliseconds, 0)),
        _ => None,
    }
}

/// An expiry time in unix milliseconds from an argument that counts from `base_ms` (0 for a point in time). It must be positive
/// and must not overflow.
pub fn expiry(text: &[u8], unit: TimeUnit, base_ms: i64, command: &str) -> Result<i64, Error> {
    let n = int(text)?;
    if n <= 0 {
        return Err(Error::expire_time(command));
    }
    any_expiry(n, unit, base_ms).ok_or_else(|| Error::expire_time(command))
}

/// As [`expiry`] for a number that may be negative or zero; `None` on overflow.
pub fn any_expiry(n: i64, unit: TimeUnit, base_ms: i64) -> Option<i64> {
    let n = match unit {
        TimeUnit::Seconds => n.checked_mul(1000)?,
        TimeUnit::Milliseconds => n,
    };
    n.checked_add(base_ms)
}

/// How long a blocking command waits, in milliseconds, from a number of seconds; 0 for ever. The time must be one that a clock
/// can show.
pub fn timeout_ms(text: &[u8], now_ms: i64) -> Result<i64, Error> {
    let seconds = float_or(text, "ERR timeout is not a float or out of range")?;
    let ms = (seconds * 1000.0).ceil();
    if ms >= i64::MAX as f64 {
        return Err(Error::text("ERR timeout is out of range"));
    }
    if ms < 0.0 {
        return Err(Error::text("ERR timeout is negative"));
    }
    let ms = ms as i64;
    if ms > i64::MAX - now_ms {
        return Err(Error::text("ERR timeout is out of range"));
    }
    Ok(ms)
}

/// What commands that pop from the first of several keys are told: LMPOP, ZMPOP and their waiting forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PopOfMany<'a, E> {
    /// The keys, at least one.
    pub names: &'a [&'a [u8]],
    /// The end to take from.
    pub end: E,
    /// How many to take at most, not 0.
    pub count: u64,
    /// How long to wait, in milliseconds and 0 for ever, if at all.
    pub timeout_ms: Option<i64>,
}

impl<'a, E> PopOfMany<'a, E> {
    /// Reads the arguments, with the number of keys at one of them; if that is not the first one, a timeout is. `end` reads the
    /// word for an end.
    pub fn parse(
        args: &'a [&'a [u8]],
        numkeys_at: usize,
        now_ms: i64,
        end: fn(&[u8]) -> Result<E, Error>,
    ) -> Result<PopOfMany<'a, E>, Error> {
        const NO_KEYS: &str = "ERR numkeys should be greater than 0";
        const NO_COUNT: &str = "ERR count should be greater than 0";
        let keys = int_between(args[numkeys_at], 1, i64::MAX, NO_KEYS)?;
        let rest = &args[numkeys_at + 1..];
        let keys = usize::try_from(keys).unwrap_or(usize::MAX);
        let (Some(names), Some(word)) = (rest.get(..keys), rest.get(keys)) else {
            return Err(Error::Syntax);
        };
        let end = end(word)?;
        let count = match &rest[keys + 1..] {
            [] => 1,
            [word, count, more @ ..] if is(word, "count") => {
                let count = int_between(count, 1, i64::MAX, NO_COUNT)?;
                if !more.is_empty() {
                    return Err(Error::Syntax);
                }
                count
            }
            _ => return Err(Error::Syntax),
        };
        // Servers look at the timeout when all else is well.
        let timeout_ms = if numkeys_at > 1 { Some(timeout_ms(args[1], now_ms)?) } else { None };
        Ok(PopOfMany { names, end, count: count.unsigned_abs(), timeout_ms })
    }
}

/// A range of indexes, which count from the end if negative, cut to what is there: `start..end`, empty if nothing is.
pub fn index_range(start: i64, end: i64, len: usize) -> std::ops::Range<usize> {
    let len_i = i64::try_from(len).unwrap_or(i64::MAX);
    let from_end = |n: i64| if n < 0 { n.saturating_add(len_i) } else { n };
    let (start, end) = (from_end(start).max(0), from_end(end));
    if start > end || start >= len_i {
        return 0..0;
    }
    start as usize..(end.min(len_i - 1) + 1) as usize
}

/// As [`index_range`], but an end before the beginning is the first one.
pub fn clipped_range(start: i64, end: i64, len: usize) -> std::ops::Range<usize> {
    let len_i = i64::try_from(len).unwrap_or(i64::MAX);
    let from_end = |n: i64| if n < 0 { n.saturating_add(len_i).max(0) } else { n };
    index_range(from_end(start), from_end(end), len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_as_servers_take_them() {
        for (text, value) in [
            ("1", Some(1.0)),
            ("-1.5e3", Some(-1500.0)),
            ("inf", Some(f64::INFINITY)),
            ("-inf", Some(f64::NEG_INFINITY)),
            ("+inf", Some(f64::INFINITY)),
            ("Infinity", Some(f64::INFINITY)),
            ("0x10", Some(16.0)),
            ("-0x1.8p1", Some(-3.0)),
            (".5", Some(0.5)),
            ("5.", Some(5.0)),
            ("1e400", None),
            ("1e-400", None),
            ("0e-400", Some(0.0)),
            ("4.9e-324", Some(f64::from_bits(1))),
            ("", None),
            (" 1", None),
            ("1 ", None),
            ("abc", None),
            ("nan", None),
        ] {
            assert_eq!(float(text.as_bytes()).ok(), value, "{text}");
        }
    }

    #[test]
    fn words_of_expiry() {
        for (word, meaning) in [
            ("EX", Some((TimeUnit::Seconds, 7))),
            ("px", Some((TimeUnit::Milliseconds, 7))),
            ("ExAt", Some((TimeUnit::Seconds, 0))),
            ("PXAT", Some((TimeUnit::Milliseconds, 0))),
            ("PERSIST", None),
            ("E", None),
            ("", None),
        ] {
            assert_eq!(expiry_word(word.as_bytes(), 7), meaning, "{word}");
        }
    }

    #[test]
    fn ranges_of_indexes() {
        for (start, end, len, range) in [
            (0, -1, 5, 0..5),
            (1, 2, 5, 1..3),
            (-2, -1, 5, 3..5),
            (-100, 100, 5, 0..5),
            (3, 1, 5, 0..0),
            (5, 9, 5, 0..0),
            (0, -6, 5, 0..0),
            (0, 0, 0, 0..0),
        ] {
            assert_eq!(index_range(start, end, len), range, "{start} {end} {len}");
        }
    }
}
