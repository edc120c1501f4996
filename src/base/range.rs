//! Ranges with units, as the filters take them: `a~b`, `a~`, `~b`, or one value.
//!
//! Sizes: bytes, or `KB`, `MB`, `GB`, `TB` (powers of 1024, `KiB` the same) and `k`, `m`, `g`
//! (powers of 1000), as Redis reads them. Durations: `ms`, `s`, `m`, `h`, `d`, `w`, several in a
//! row. Times: `now`, `now+1d`, `+1d`, `-2h`, a date or RFC 3339 time, unix seconds. `inf` is no
//! bound.

use nom::branch::alt;
use nom::bytes::complete::{tag_no_case, take_till1};
use nom::character::complete::{alpha1, char, digit1};
use nom::combinator::{all_consuming, map, opt, recognize, value};
use nom::multi::many1;
use nom::sequence::{pair, preceded};
use nom::{IResult, Parser};

/// A range with both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range<T> {
    /// Lowest value inside.
    pub min: T,
    /// Highest value inside.
    pub max: T,
}

impl<T: PartialOrd + Copy> Range<T> {
    /// Whether a value lies inside.
    #[inline]
    pub fn contains(&self, value: T) -> bool {
        self.min <= value && value <= self.max
    }
}

/// Why a text is no range or value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    /// Not the text of a value of this sort.
    #[error("\"{0}\" is no {1}")]
    Value(String, &'static str),
    /// The ends are in the wrong order.
    #[error("the range {0} ends before it starts")]
    Order(String),
}

fn number(input: &str) -> IResult<&str, f64> {
    let digits = recognize(pair(digit1, opt(pair(char('.'), digit1))));
    nom::combinator::map_res(digits, str::parse::<f64>).parse(input)
}

fn size(input: &str) -> IResult<&str, u64> {
    let unit = nom::combinator::map_opt(opt(alpha1), |unit: Option<&str>| {
        Some(match unit.unwrap_or("").to_ascii_lowercase().as_str() {
            "" | "b" => 1.0,
            "k" => 1e3,
            "kb" | "kib" => 1024.0,
            "m" => 1e6,
            "mb" | "mib" => 1048576.0,
            "g" => 1e9,
            "gb" | "gib" => 1073741824.0,
            "t" => 1e12,
            "tb" | "tib" => 1099511627776.0,
            _ => return None,
        })
    });
    map(pair(number, unit), |(n, unit): (f64, f64)| (n * unit) as u64).parse(input)
}

fn unit_ms(input: &str) -> IResult<&str, f64> {
    alt((
        value(1.0, tag_no_case("ms")),
        value(1000.0, tag_no_case("s")),
        value(60_000.0, tag_no_case("m")),
        value(3_600_000.0, tag_no_case("h")),
        value(86_400_000.0, tag_no_case("d")),
        value(604_800_000.0, tag_no_case("w")),
    ))
    .parse(input)
}

fn unsigned_duration(input: &str) -> IResult<&str, f64> {
    map(many1(map(pair(number, unit_ms), |(n, unit)| n * unit)), |parts: Vec<f64>| {
        parts.iter().sum()
    })
    .parse(input)
}

fn duration(input: &str) -> IResult<&str, i64> {
    let sign =
        map(opt(alt((char('+'), char('-')))), |sign| if sign == Some('-') { -1.0 } else { 1.0 });
    // A bare 0 needs no unit.
    let amount = alt((unsigned_duration, nom::combinator::verify(number, |n| *n == 0.0)));
    map(pair(sign, amount), |(sign, ms): (f64, f64)| (sign * ms) as i64).parse(input)
}

fn whole<'a, T>(
    mut parser: impl Parser<&'a str, Output = T, Error = nom::error::Error<&'a str>>,
    input: &'a str,
    what: &'static str,
) -> Result<T, RangeError> {
    match all_consuming(|i| parser.parse(i)).parse(input.trim()) {
        Ok((_, value)) => Ok(value),
        Err(_) => Err(RangeError::Value(input.into(), what)),
    }
}

/// A size in bytes: `10MB`.
pub fn parse_size(text: &str) -> Result<u64, RangeError> {
    whole(size, text, "size")
}

/// A duration in milliseconds, with an optional sign: `1d12h`, `-90m`.
pub fn parse_duration_ms(text: &str) -> Result<i64, RangeError> {
    whole(duration, text, "duration")
}

/// A point in time in unix milliseconds.
pub fn parse_time_ms(text: &str, now_ms: i64) -> Result<i64, RangeError> {
    let text = text.trim();
    let from_now = |input| preceded(opt(tag_no_case("now")), duration).parse(input);
    let signed = text.starts_with(['+', '-']) || text.to_ascii_lowercase().starts_with("now");
    if text.eq_ignore_ascii_case("now") {
        return Ok(now_ms);
    }
    if signed {
        return whole(from_now, text, "time").map(|ms| now_ms.saturating_add(ms));
    }
    if let Ok(seconds) = text.parse::<i64>() {
        return Ok(seconds.saturating_mul(1000));
    }
    let time = text
        .parse::<jiff::Timestamp>()
        .ok()
        .or_else(|| {
            let zoned = text.parse::<jiff::civil::DateTime>().ok()?;
            zoned.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
        })
        .or_else(|| {
            let date = text.parse::<jiff::civil::Date>().ok()?;
            date.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
        });
    time.map(jiff::Timestamp::as_millisecond).ok_or_else(|| RangeError::Value(text.into(), "time"))
}

/// Splits at `~` and reads both ends; a missing end or `inf` is open.
fn range<T: Copy + PartialOrd>(
    text: &str,
    (lowest, highest): (T, T),
    value: impl Fn(&str) -> Result<T, RangeError>,
) -> Result<Range<T>, RangeError> {
    let end = |text: &str, open: T| -> Result<T, RangeError> {
        let text = text.trim();
        let bare = text.trim_start_matches(['+', '-']);
        if text.is_empty() {
            Ok(open)
        } else if bare.eq_ignore_ascii_case("inf") {
            Ok(if text.starts_with('-') { lowest } else { highest })
        } else {
            value(text)
        }
    };
    let split: IResult<&str, (Option<&str>, char)> =
        pair(opt(take_till1(|c| c == '~')), char('~')).parse(text);
    let range = match split {
        Ok((max, (min, _))) => {
            Range { min: end(min.unwrap_or(""), lowest)?, max: end(max, highest)? }
        }
        Err(_) => {
            let only = value(text)?;
            Range { min: only, max: only }
        }
    };
    if range.min > range.max { Err(RangeError::Order(text.into())) } else { Ok(range) }
}

/// A range of sizes in bytes.
pub fn sizes(text: &str) -> Result<Range<u64>, RangeError> {
    range(text, (0, u64::MAX), parse_size)
}

/// A range of plain numbers; `a-b` is accepted for `a~b`.
pub fn counts(text: &str) -> Result<Range<u64>, RangeError> {
    let text = if text.contains('~') { text.into() } else { text.replacen('-', "~", 1) };
    range(&text, (0, u64::MAX), |text| {
        text.parse().map_err(|_| RangeError::Value(text.into(), "number"))
    })
}

/// A range of durations in seconds.
pub fn seconds(text: &str) -> Result<Range<u64>, RangeError> {
    range(text, (0, u64::MAX), |text| match text.parse::<u64>() {
        Ok(seconds) => Ok(seconds),
        Err(_) => parse_duration_ms(text).map(|ms| u64::try_from(ms / 1000).unwrap_or(0)),
    })
}

/// A range of durations in milliseconds.
pub fn durations_ms(text: &str) -> Result<Range<i64>, RangeError> {
    range(text, (i64::MIN, i64::MAX), parse_duration_ms)
}

/// A range of times in unix milliseconds.
pub fn times_ms(text: &str, now_ms: i64) -> Result<Range<i64>, RangeError> {
    range(text, (i64::MIN, i64::MAX), |text| parse_time_ms(text, now_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        assert_eq!(parse_size("10"), Ok(10));
        assert_eq!(parse_size("1.5KB"), Ok(1536));
        assert_eq!(parse_size("2m"), Ok(2_000_000));
        assert!(parse_size("2x").is_err());
        assert!(parse_size("").is_err());
        assert_eq!(sizes("1KB~10MB"), Ok(Range { min: 1024, max: 10 << 20 }));
        assert_eq!(sizes("~5"), Ok(Range { min: 0, max: 5 }));
        assert_eq!(sizes("5~inf"), Ok(Range { min: 5, max: u64::MAX }));
        assert_eq!(sizes("7"), Ok(Range { min: 7, max: 7 }));
        assert!(sizes("9~5").is_err());
    }

    #[test]
    fn durations_and_times_have_units() {
        assert_eq!(parse_duration_ms("1d12h"), Ok(129_600_000));
        assert_eq!(parse_duration_ms("-90m"), Ok(-5_400_000));
        assert_eq!(parse_duration_ms("250ms"), Ok(250));
        assert!(parse_duration_ms("5").is_err());
        assert_eq!(durations_ms("5m~inf"), Ok(Range { min: 300_000, max: i64::MAX }));
        let now = 1_000_000_000_000;
        assert_eq!(parse_time_ms("now", now), Ok(now));
        assert_eq!(parse_time_ms("+1d", now), Ok(now + 86_400_000));
        assert_eq!(parse_time_ms("now-2h", now), Ok(now - 7_200_000));
        assert_eq!(parse_time_ms("1700000000", now), Ok(1_700_000_000_000));
        assert_eq!(parse_time_ms("2026-01-01", now), Ok(1_767_225_600_000));
        assert_eq!(parse_time_ms("2026-01-01T00:00:01Z", now), Ok(1_767_225_601_000));
        assert!(parse_time_ms("yesterday", now).is_err());
        assert_eq!(times_ms("now~+1d", now), Ok(Range { min: now, max: now + 86_400_000 }));
    }

    #[test]
    fn counts_take_a_dash_or_a_tilde() {
        assert_eq!(counts("0-5460"), Ok(Range { min: 0, max: 5460 }));
        assert_eq!(counts("3~"), Ok(Range { min: 3, max: u64::MAX }));
        assert_eq!(counts("12"), Ok(Range { min: 12, max: 12 }));
        assert!(counts("x").is_err());
    }
}
