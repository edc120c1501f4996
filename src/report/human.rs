//! Quantities as people read them: sizes, counts, durations, times and percentages.

use jiff::Timestamp;

const SIZE_UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

const SECOND_MS: u64 = 1_000;
const MINUTE_MS: u64 = 60 * SECOND_MS;
const HOUR_MS: u64 = 60 * MINUTE_MS;
const DAY_MS: u64 = 24 * HOUR_MS;
const YEAR_MS: u64 = 365 * DAY_MS;

/// Units of long durations with the unit that follows each.
const LONG_UNITS: [(u64, &str, u64, &str); 4] = [
    (YEAR_MS, "y", DAY_MS, "d"),
    (DAY_MS, "d", HOUR_MS, "h"),
    (HOUR_MS, "h", MINUTE_MS, "m"),
    (MINUTE_MS, "m", SECOND_MS, "s"),
];

/// A size in binary units with one decimal: `512 B`, `1.2 MiB`.
pub fn size(bytes: u64) -> String {
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1024.0;
    let mut units = SIZE_UNITS.iter();
    let mut unit = units.next().unwrap_or(&"KiB");
    // 1023.95 would be rounded to "1024.0", which is one of the next unit.
    while value >= 1023.95 {
        let Some(next) = units.next() else { break };
        value /= 1024.0;
        unit = next;
    }
    format!("{value:.1} {unit}")
}

/// A count with thousands separators: `1,234,567`.
pub fn count(n: u64) -> String {
    group_digits(&n.to_string())
}

/// Puts a comma between groups of three decimal digits.
fn group_digits(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A ratio in percent with one decimal: 0.123 is `12.3 %`. A ratio that is not a number is `-`.
pub fn percent(ratio: f64) -> String {
    if !ratio.is_finite() {
        return "-".to_owned();
    }
    let percent = ratio * 100.0;
    if percent > 0.0 && percent < 0.05 {
        return "<0.1 %".to_owned();
    }
    format!("{percent:.1} %")
}

/// A double with at most three decimals, in scientific form where that would be long or zero.
pub fn float(value: f64) -> String {
    if !value.is_finite() {
        return float_name(value).to_owned();
    }
    let magnitude = value.abs();
    if magnitude != 0.0 && !(0.001..1e15).contains(&magnitude) {
        return format!("{value:e}");
    }
    let text = format!("{magnitude:.3}");
    let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
    let sign = if value < 0.0 { "-" } else { "" };
    let whole = group_digits(whole);
    match decimals.trim_end_matches('0') {
        "" => format!("{sign}{whole}"),
        rest => format!("{sign}{whole}.{rest}"),
    }
}

/// The name of a double that has no digits: `inf`, `-inf` or `nan`.
pub fn float_name(value: f64) -> &'static str {
    if value.is_nan() {
        "nan"
    } else if value < 0.0 {
        "-inf"
    } else {
        "inf"
    }
}

/// A duration by its two largest units: `850 ms`, `1.5 s`, `4m 10s`, `3d 4h`, `2y 35d`.
pub fn duration(ms: i64) -> String {
    let sign = if ms < 0 { "-" } else { "" };
    format!("{sign}{}", magnitude(ms.unsigned_abs()))
}

/// A duration without its sign.
fn magnitude(ms: u64) -> String {
    if ms < SECOND_MS {
        return format!("{ms} ms");
    }
    for (large, large_name, small, small_name) in LONG_UNITS {
        if ms < large {
            continue;
        }
        let rest = ms % large / small;
        return match rest {
            0 => format!("{}{large_name}", ms / large),
            _ => format!("{}{large_name} {rest}{small_name}", ms / large),
        };
    }
    let tenths = ms / 100;
    match tenths % 10 {
        0 => format!("{} s", tenths / 10),
        tenth => format!("{}.{tenth} s", tenths / 10),
    }
}

/// A Unix time as RFC 3339 in UTC; milliseconds appear only where there are some. A time beyond
/// year 9999 is shown as its number.
pub fn time(unix_ms: i64) -> String {
    match Timestamp::from_millisecond(unix_ms) {
        Ok(time) if unix_ms % 1000 == 0 => format!("{time:.0}"),
        Ok(time) => format!("{time:.3}"),
        Err(_) => format!("{unix_ms} ms"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_roll_over_to_the_next_unit() {
        assert_eq!(size(0), "0 B");
        assert_eq!(size(1023), "1023 B");
        assert_eq!(size(1024), "1.0 KiB");
        assert_eq!(size(1_258_291), "1.2 MiB");
        assert_eq!(size(1024 * 1024 - 1), "1.0 MiB");
        assert_eq!(size(u64::MAX), "16.0 EiB");
    }

    #[test]
    fn counts_have_separators() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(1000), "1,000");
        assert_eq!(count(u64::MAX), "18,446,744,073,709,551,615");
    }

    #[test]
    fn percentages() {
        assert_eq!(percent(0.1234), "12.3 %");
        assert_eq!(percent(0.0), "0.0 %");
        assert_eq!(percent(0.0001), "<0.1 %");
        assert_eq!(percent(-0.25), "-25.0 %");
        assert_eq!(percent(f64::NAN), "-");
    }

    #[test]
    fn floats() {
        assert_eq!(float(0.0), "0");
        assert_eq!(float(-0.5), "-0.5");
        assert_eq!(float(1234.5678), "1,234.568");
        assert_eq!(float(1e-7), "1e-7");
        assert_eq!(float(1.5e300), "1.5e300");
        assert_eq!(float(f64::NEG_INFINITY), "-inf");
        assert_eq!(float(f64::NAN), "nan");
    }

    #[test]
    fn durations_show_two_units() {
        assert_eq!(duration(0), "0 ms");
        assert_eq!(duration(850), "850 ms");
        assert_eq!(duration(1_500), "1.5 s");
        assert_eq!(duration(12_000), "12 s");
        assert_eq!(duration(59_999), "59.9 s");
        assert_eq!(duration(250_000), "4m 10s");
        assert_eq!(duration(3_600_000), "1h");
        assert_eq!(duration(-273_600_000), "-3d 4h");
        assert_eq!(duration(765 * 86_400_000), "2y 35d");
        assert!(duration(i64::MIN).starts_with('-'));
    }

    #[test]
    fn times_are_rfc_3339() {
        assert_eq!(time(0), "1970-01-01T00:00:00Z");
        assert_eq!(time(1_795_392_296_120), "2026-11-23T00:04:56.120Z");
        assert_eq!(time(i64::MAX), "9223372036854775807 ms");
    }
}
