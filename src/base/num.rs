//! Numbers as Redis reads and writes them in text: canonical integers and doubles.

/// Longest canonical text of an `i64`: `-9223372036854775808`.
pub const MAX_INT_TEXT_BYTES: usize = 20;

/// Any integer with this many digits fits an `i64`, so no overflow check is needed.
const SAFE_DIGITS: usize = 18;

/// Parses the canonical decimal text of an `i64`, and nothing else.
///
/// Canonical means what Redis's `string2ll` accepts: an optional `-`, no `+`, no leading zero, no `-0`, no spaces. Exactly
/// these strings are the ones that servers store as integers, so `Some(n)` implies that `n` printed again gives `text`.
#[inline]
pub fn parse_canonical_i64(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'0'] => return Some(0),
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    match digits.first() {
        Some(b'1'..=b'9') if text.len() <= MAX_INT_TEXT_BYTES => {}
        _ => return None,
    }
    if digits.len() <= SAFE_DIGITS {
        let mut value = 0i64;
        for &byte in digits {
            value = value * 10 + i64::from(digit(byte)?);
        }
        return Some(if negative { -value } else { value });
    }
    parse_long(negative, digits)
}

/// Parses 19 or 20 digits. Counts downwards because `i64::MIN` has no positive twin.
#[cold]
fn parse_long(negative: bool, digits: &[u8]) -> Option<i64> {
    let mut value = 0i64;
    for &byte in digits {
        value = value.checked_mul(10)?.checked_sub(i64::from(digit(byte)?))?;
    }
    if negative { Some(value) } else { value.checked_neg() }
}

/// Returns the value of one ASCII digit.
#[inline]
fn digit(byte: u8) -> Option<u8> {
    let value = byte.wrapping_sub(b'0');
    (value <= 9).then_some(value)
}

/// Parses a double as C's `strtod` does in the scores of RDB files.
///
/// Takes decimal numbers with an optional sign, fraction and exponent, and `inf`, `infinity` and `nan` in any case.
/// Numbers too large for a double become infinite, as in C. Surrounding spaces, hexadecimal floats and `nan(…)`, which no
/// server writes, give `None`.
pub fn parse_double(text: &[u8]) -> Option<f64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// Appends a double the way Redis since 7.0 and Valkey print scores.
///
/// Integral values up to 2^62 are printed as integers, others with the fewest digits that read back to the same value, laid
/// out as `fpconv_dtoa` does: `0.1`, `1e+20`, `1.5e-10`. The rest is `inf`, `-inf`, `nan` and `-0`. Redis finds its digits by
/// Grisu2, which in about one of a thousand values gives one digit more than needed; the text differs there, the value never.
pub fn write_score(score: f64, out: &mut Vec<u8>) {
    if let Some(n) = integral(score) {
        out.extend_from_slice(itoa::Buffer::new().format(n).as_bytes());
    } else if score.is_nan() {
        out.extend_from_slice(b"nan");
    } else {
        if score.is_sign_negative() {
            out.push(b'-');
        }
        if score.is_infinite() {
            out.extend_from_slice(b"inf");
        } else if score == 0.0 {
            out.push(b'0');
        } else {
            Decimal::shortest(score.abs()).write(out);
        }
    }
}

/// Returns the text of a score; see [`write_score`].
pub fn format_score(score: f64) -> String {
    let mut out = Vec::with_capacity(24);
    write_score(score, &mut out);
    String::from_utf8(out).unwrap_or_default()
}

/// Returns the text of a number as C's `%.17g` prints it.
pub fn format_g17(n: f64) -> String {
    if n.is_nan() {
        return if n.is_sign_negative() { "-nan" } else { "nan" }.to_owned();
    }
    if n.is_infinite() {
        return if n < 0.0 { "-inf" } else { "inf" }.to_owned();
    }
    let scientific = format!("{n:.16e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..17).contains(&exponent) {
        let places = usize::try_from(16 - exponent).unwrap_or(0);
        let plain = format!("{n:.places$}");
        return if plain.contains('.') {
            plain.trim_end_matches('0').trim_end_matches('.').to_owned()
        } else {
            plain
        };
    }
    let digits = if digits.contains('.') {
        digits.trim_end_matches('0').trim_end_matches('.')
    } else {
        digits
    };
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

/// Returns the integer that equals `score` where servers take the integer path (`double2ll`): up to 2^62, and not for -0,
/// which would lose its sign.
pub fn integral(score: f64) -> Option<i64> {
    const LIMIT: f64 = 4_611_686_018_427_387_904.0;
    if !(-LIMIT..=LIMIT).contains(&score) || (score == 0.0 && score.is_sign_negative()) {
        return None;
    }
    // The range check makes the conversion exact up to the fraction.
    let n = score as i64;
    (n as f64 == score).then_some(n)
}

/// A positive decimal number: `digits` times ten to the power of `exponent`.
struct Decimal {
    digits: [u8; 20],
    len: usize,
    exponent: i32,
}

impl Decimal {
    /// Finds the shortest digits that read back to `value`, which is finite and positive.
    fn shortest(value: f64) -> Decimal {
        let mut buffer = ryu::Buffer::new();
        let text = buffer.format_finite(value);
        let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
        let mut decimal =
            Decimal { digits: [0; 20], len: 0, exponent: exponent.parse().unwrap_or(0) };
        let mut in_fraction = false;
        for byte in mantissa.bytes() {
            if byte == b'.' {
                in_fraction = true;
                continue;
            }
            decimal.exponent -= i32::from(in_fraction);
            decimal.push(byte);
        }
        while decimal.len > 1 && decimal.digits.get(decimal.len - 1) == Some(&b'0') {
            decimal.len -= 1;
            decimal.exponent += 1;
        }
        decimal
    }

    /// Appends a digit; leading zeros carry nothing.
    fn push(&mut self, digit: u8) {
        if self.len == 0 && digit == b'0' {
            return;
        }
        if let Some(place) = self.digits.get_mut(self.len) {
            *place = digit;
            self.len += 1;
        }
    }

    /// Appends the number in the layout of Redis's `fpconv_dtoa`.
    fn write(&self, out: &mut Vec<u8>) {
        let digits = self.digits.get(..self.len).unwrap_or_default();
        let len = i32::try_from(self.len).unwrap_or(0);
        let magnitude = self.exponent + len - 1;
        let point = len + self.exponent;
        if self.exponent >= 0 && magnitude.abs() < len + 7 {
            out.extend_from_slice(digits);
            write_zeros(self.exponent, out);
        } else if self.exponent < 0 && (self.exponent > -7 || magnitude.abs() < 4) {
            if point <= 0 {
                out.extend_from_slice(b"0.");
                write_zeros(-point, out);
                out.extend_from_slice(digits);
            } else {
                write_with_point(digits, point, out);
            }
        } else {
            write_with_point(digits, 1, out);
            out.extend_from_slice(if magnitude < 0 { b"e-" } else { b"e+" });
            out.extend_from_slice(itoa::Buffer::new().format(magnitude.unsigned_abs()).as_bytes());
        }
    }
}

/// Appends `count` zeros.
fn write_zeros(count: i32, out: &mut Vec<u8>) {
    let count = usize::try_from(count).unwrap_or(0);
    out.resize(out.len() + count, b'0');
}

/// Appends digits with a decimal point behind the first `point` of them; no point when nothing follows it.
fn write_with_point(digits: &[u8], point: i32, out: &mut Vec<u8>) {
    let point = usize::try_from(point).unwrap_or(0).min(digits.len());
    let (whole, fraction) = digits.split_at(point);
    out.extend_from_slice(whole);
    if !fraction.is_empty() {
        out.push(b'.');
        out.extend_from_slice(fraction);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn canonical_integers() {
        for (text, value) in [
            ("0", 0),
            ("7", 7),
            ("-1", -1),
            ("99", 99),
            ("123456789012345678", 123_456_789_012_345_678),
            ("1234567890123456789", 1_234_567_890_123_456_789),
            ("-9223372036854775808", i64::MIN),
            ("9223372036854775807", i64::MAX),
        ] {
            assert_eq!(parse_canonical_i64(text.as_bytes()), Some(value), "{text}");
        }
    }

    #[test]
    fn other_texts_are_not_integers() {
        for text in [
            "",
            "-",
            "+1",
            "01",
            "-0",
            "-01",
            "00",
            " 1",
            "1 ",
            "1a",
            "a",
            "--1",
            "1-",
            "1.0",
            "9223372036854775808",
            "-9223372036854775809",
            "99999999999999999999",
            "-99999999999999999999",
            "184467440737095516160",
            "12345678901234567x",
            "123456789012345678x",
            "1\0",
        ] {
            assert_eq!(parse_canonical_i64(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn scores_print_as_servers_print_them() {
        for (score, text) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.0, "1"),
            (-17.0, "-17"),
            (2.5, "2.5"),
            (0.1, "0.1"),
            (-0.1, "-0.1"),
            (0.1 + 0.2, "0.30000000000000004"),
            (std::f64::consts::PI, "3.141592653589793"),
            (0.000_001, "0.000001"),
            (0.000_000_1, "1e-7"),
            (0.001_234_567_89, "0.00123456789"),
            (0.000_123_456_789, "1.23456789e-4"),
            (1.5e-10, "1.5e-10"),
            (1e17, "100000000000000000"),
            (1e18, "1000000000000000000"),
            (4_611_686_018_427_387_904.0, "4611686018427387904"),
            (1e19, "1e+19"),
            (1e20, "1e+20"),
            (-1e20, "-1e+20"),
            (1.234_567_8e20, "1.2345678e+20"),
            (1.234_567_890_123_456_7e19, "12345678901234567000"),
            (1e300, "1e+300"),
            (1e-300, "1e-300"),
            (1e105, "1e+105"),
            (5e-324, "5e-324"),
            (f64::MAX, "1.7976931348623157e+308"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
            (f64::NAN, "nan"),
        ] {
            assert_eq!(format_score(score), text);
        }
    }

    #[test]
    fn doubles_parse() {
        for (text, value) in [
            ("1", 1.0),
            ("+1.5", 1.5),
            ("-0", -0.0),
            ("5.", 5.0),
            (".5", 0.5),
            ("1e+20", 1e20),
            ("1E-3", 0.001),
            ("0.10000000000000001", 0.1),
            ("inf", f64::INFINITY),
            ("-INF", f64::NEG_INFINITY),
            ("Infinity", f64::INFINITY),
            ("1e999", f64::INFINITY),
        ] {
            assert_eq!(parse_double(text.as_bytes()), Some(value), "{text}");
        }
        assert!(parse_double(b"nan").is_some_and(f64::is_nan));
        assert!(parse_double(b"-NaN").is_some_and(f64::is_nan));
        for text in ["", ".", "e5", "1e", " 1", "1 ", "1,5", "0x10", "in", "infin", "\u{661}"] {
            assert_eq!(parse_double(text.as_bytes()), None, "{text}");
        }
        assert_eq!(parse_double(&[0xff]), None);
    }

    proptest! {
        #[test]
        fn integers_round_trip(n: i64) {
            prop_assert_eq!(parse_canonical_i64(n.to_string().as_bytes()), Some(n));
        }

        #[test]
        fn only_canonical_text_is_accepted(text in "-?[0-9]{0,21}") {
            let expected = text.parse::<i64>().ok().filter(|n| n.to_string() == text);
            prop_assert_eq!(parse_canonical_i64(text.as_bytes()), expected);
        }

        #[test]
        fn scores_round_trip(bits: u64) {
            let score = f64::from_bits(bits);
            let read = parse_double(format_score(score).as_bytes());
            if score.is_nan() {
                prop_assert!(read.is_some_and(f64::is_nan));
            } else {
                prop_assert_eq!(read.map(f64::to_bits), Some(bits));
            }
        }

        #[test]
        fn small_scores_round_trip(n in -1_000_000i64..1_000_000, divisor in 1u32..100_000) {
            let score = n as f64 / f64::from(divisor);
            prop_assert_eq!(parse_double(format_score(score).as_bytes()), Some(score));
        }

        #[test]
        fn any_bytes_parse_or_not(bytes: Vec<u8>) {
            let _ = parse_double(&bytes);
            let _ = parse_canonical_i64(&bytes);
        }
    }
}

#[cfg(test)]
mod g17_tests {
    use super::format_g17;

    #[test]
    fn as_printf_prints() {
        for (n, text) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.0, "1"),
            (0.1, "0.10000000000000001"),
            (1e16, "10000000000000000"),
            (1e17, "1e+17"),
            (1.5e-5, "1.5e-05"),
            (123456789.125, "123456789.125"),
            (f64::MAX, "1.7976931348623157e+308"),
            (f64::INFINITY, "inf"),
        ] {
            assert_eq!(format_g17(n), text);
        }
    }
}
