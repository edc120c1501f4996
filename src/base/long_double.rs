//! Sums of decimal texts as servers compute them: in x87's 80-bit floating point, whose significand has 64 bits.
//!
//! INCRBYFLOAT parses with `strtold`, adds, and prints with `%.17Lf` and without trailing zeros; its results stand in files and
//! are sent to replicas, so they must be the same to the last digit.

use num_bigint::BigUint;
use num_traits::{One, ToPrimitive, Zero};
use std::cmp::Ordering;

/// Bits of the significand.
const SIGNIFICAND_BITS: u64 = 64;
/// Exponent of two at which a number of the format overflows.
const EXPONENT_MAX: i64 = 16384;
/// Digits behind the point in the printed form.
const FRACTION_DIGITS: u32 = 17;
/// Longest text that is taken for a number, in bytes; servers have a buffer of this size.
const TEXT_BYTES_MAX: usize = 5 * 1024;

/// A finite number: `significand × 2^exponent`, negative or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LongDouble {
    negative: bool,
    significand: u64,
    exponent: i64,
}

impl LongDouble {
    /// Zero.
    pub const ZERO: LongDouble = LongDouble { negative: false, significand: 0, exponent: 0 };

    /// The largest number.
    pub const MAX: LongDouble =
        LongDouble { negative: false, significand: u64::MAX, exponent: EXPONENT_MAX - 64 };
    /// The lowest number.
    pub const LEAST: LongDouble = LongDouble { negative: true, ..LongDouble::MAX };

    /// Reads a decimal number, the whole text. Infinities and numbers out of range give `None`.
    pub fn parse(text: &[u8]) -> Option<LongDouble> {
        if text.len() >= TEXT_BYTES_MAX {
            return None;
        }
        let text = std::str::from_utf8(text).ok()?;
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (digits, exponent) = match text.split_once(['e', 'E']) {
            Some((digits, exponent)) => {
                (digits, exponent.parse::<i64>().ok().filter(|e| e.abs() < 20_000)?)
            }
            None => (text, 0),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all = format!("{whole}{fraction}");
        if all.is_empty() || !all.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let number = BigUint::parse_bytes(all.as_bytes(), 10)?;
        let power = exponent.checked_sub(i64::try_from(fraction.len()).ok()?)?;
        let ten = BigUint::from(10_u32).pow(u32::try_from(power.unsigned_abs()).ok()?);
        if power >= 0 {
            return LongDouble::round(negative, number * ten, 0, false);
        }
        // Enough bits that the quotient has more than the significand, and a rest that says whether it is exact.
        let shift = (ten.bits() + SIGNIFICAND_BITS + 2).saturating_sub(number.bits());
        let numerator = number << shift;
        let quotient = &numerator / &ten;
        let inexact = !(numerator % ten).is_zero();
        LongDouble::round(negative, quotient, -i64::try_from(shift).ok()?, inexact)
    }

    /// The nearest number, to even if two are equally near. `inexact` tells of bits below those of `number`.
    fn round(negative: bool, number: BigUint, exponent: i64, inexact: bool) -> Option<LongDouble> {
        let excess = number.bits().saturating_sub(SIGNIFICAND_BITS);
        if excess == 0 {
            return LongDouble { negative, significand: number.to_u64()?, exponent }.in_range();
        }
        let top = (&number >> excess).to_u64()?;
        let half = number.bit(excess - 1);
        let below = inexact || number.trailing_zeros().is_some_and(|zeros| zeros < excess - 1);
        let exponent = exponent + i64::try_from(excess).ok()?;
        let up = half && (below || top & 1 == 1);
        let rounded = match top.checked_add(u64::from(up)) {
            Some(significand) => LongDouble { negative, significand, exponent },
            None => LongDouble { negative, significand: 1 << 63, exponent: exponent + 1 },
        };
        rounded.in_range()
    }

    fn in_range(self) -> Option<LongDouble> {
        let bits = i64::from(u64::BITS - self.significand.leading_zeros());
        (self.significand == 0 || self.exponent + bits <= EXPONENT_MAX).then_some(self)
    }

    /// The sum, `None` if it is infinite.
    pub fn plus(self, other: LongDouble) -> Option<LongDouble> {
        let exponent = self.exponent.min(other.exponent);
        let wide = |n: LongDouble| {
            BigUint::from(n.significand) << u64::try_from(n.exponent - exponent).unwrap_or(0)
        };
        let (a, b) = (wide(self), wide(other));
        if self.negative == other.negative {
            return LongDouble::round(self.negative, a + b, exponent, false);
        }
        match a.cmp(&b) {
            Ordering::Equal => Some(LongDouble::ZERO),
            Ordering::Greater => LongDouble::round(self.negative, a - b, exponent, false),
            Ordering::Less => LongDouble::round(other.negative, b - a, exponent, false),
        }
    }

    /// The number of the other sign.
    pub fn negated(self) -> LongDouble {
        LongDouble { negative: !self.negative, ..self }
    }

    /// How this number stands to another one; both zeros are equal.
    pub fn compare(self, other: LongDouble) -> Ordering {
        let sign = |n: LongDouble| match n.significand {
            0 => 0,
            _ if n.negative => -1,
            _ => 1,
        };
        let (mine, others) = (sign(self), sign(other));
        if mine != others || mine == 0 {
            return mine.cmp(&others);
        }
        // By the place of the highest bit, and then by the bits.
        let size = |n: LongDouble| {
            let zeros = n.significand.leading_zeros();
            (n.exponent - i64::from(zeros), n.significand << zeros)
        };
        let order = size(self).cmp(&size(other));
        if mine < 0 { order.reverse() } else { order }
    }

    /// The printed form: 17 digits behind the point, without zeros at the end, and without a sign at zero.
    pub fn to_text(self) -> String {
        let scaled = BigUint::from(self.significand) * BigUint::from(10_u32).pow(FRACTION_DIGITS);
        let units = match u64::try_from(self.exponent) {
            Ok(shift) => scaled << shift,
            Err(_) => {
                let shift = self.exponent.unsigned_abs();
                let down: BigUint = &scaled >> shift;
                let rest = scaled - (&down << shift);
                let half = BigUint::one() << (shift - 1);
                let up = rest > half || (rest == half && down.bit(0));
                down + u32::from(up)
            }
        };
        let mut text = units.to_string();
        let digits = FRACTION_DIGITS as usize;
        if text.len() <= digits {
            text.insert_str(0, &"0".repeat(digits + 1 - text.len()));
        }
        text.insert(text.len() - digits, '.');
        text.truncate(text.trim_end_matches('0').trim_end_matches('.').len());
        if self.negative && text != "0" {
            text.insert(0, '-');
        }
        text
    }

    /// The number without what is behind its point.
    pub fn to_i64(self) -> Option<i64> {
        let magnitude = match u32::try_from(self.exponent) {
            Ok(shift) if self.significand == 0 || shift <= self.significand.leading_zeros() => {
                self.significand.checked_shl(shift).unwrap_or(0)
            }
            Ok(_) => return None,
            Err(_) => {
                let shift = u32::try_from(self.exponent.unsigned_abs()).unwrap_or(u32::MAX);
                self.significand.checked_shr(shift).unwrap_or(0)
            }
        };
        let whole = i128::from(magnitude);
        i64::try_from(if self.negative { -whole } else { whole }).ok()
    }

    /// The short form: up to 17 digits, with an exponent if there are more before the point or four zeros behind it, as `%.17Lg`.
    pub fn to_general_text(self) -> String {
        const DIGITS: i64 = 17;
        if self.significand == 0 {
            return if self.negative { "-0" } else { "0" }.to_owned();
        }
        let power = |n: u64| BigUint::from(10_u32).pow(u32::try_from(n).unwrap_or(u32::MAX));
        let bits = self.exponent + i64::from(u64::BITS - self.significand.leading_zeros());
        // One too low at times, never too high: the power of ten of the first digit.
        let mut first = (bits - 1) * 30_103 / 100_000 - i64::from(bits <= 0);
        let digits = loop {
            // The number times ten to this power has its digits before the point.
            let up = DIGITS - 1 - first;
            let (mut above, mut below) = (BigUint::from(self.significand), BigUint::one());
            if up >= 0 {
                above *= power(up.unsigned_abs())
            } else {
                below *= power(up.unsigned_abs())
            }
            if self.exponent >= 0 {
                above <<= self.exponent.unsigned_abs();
            } else {
                below <<= self.exponent.unsigned_abs();
            }
            let whole = &above / &below;
            let twice_rest = (above - &whole * &below) * 2_u32;
            let up = twice_rest > below || (twice_rest == below && whole.bit(0));
            let digits = (whole + u32::from(up)).to_string();
            if digits.len() as i64 <= DIGITS {
                break digits;
            }
            first += 1;
        };
        let mut text = if (-4..DIGITS).contains(&first) {
            let zeros = "0".repeat(usize::try_from(-first).unwrap_or(0));
            let mut text = zeros + &digits;
            let point = usize::try_from(first).unwrap_or(0) + 1;
            text.insert(point, '.');
            text.truncate(text.trim_end_matches('0').trim_end_matches('.').len());
            text
        } else {
            let (whole, fraction) = digits.split_at_checked(1).unwrap_or((&digits, ""));
            let fraction = fraction.trim_end_matches('0');
            let point = if fraction.is_empty() { "" } else { "." };
            let sign = if first < 0 { '-' } else { '+' };
            format!("{whole}{point}{fraction}e{sign}{:02}", first.unsigned_abs())
        };
        if self.negative {
            text.insert(0, '-');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn general_form() {
        // As C prints them with `%.17Lg`.
        for (text, wanted) in [
            ("0", "0"),
            ("60", "60"),
            ("-1.5", "-1.5"),
            ("0.1", "0.1"),
            ("100000", "100000"),
            ("12345678901234567", "12345678901234567"),
            ("123456789012345678", "1.2345678901234568e+17"),
            ("9999999999999999999", "1e+19"),
            ("0.0001", "0.0001"),
            ("0.00001234", "1.234e-05"),
            ("1e300", "1e+300"),
            ("9223372036854775807", "9.2233720368547758e+18"),
            ("0.3333333333333333333333", "0.33333333333333333"),
        ] {
            assert_eq!(LongDouble::parse(text.as_bytes()).unwrap().to_general_text(), wanted);
        }
    }

    #[test]
    fn whole_part() {
        let whole = |text: &str| LongDouble::parse(text.as_bytes()).unwrap().to_i64();
        assert_eq!(whole("0"), Some(0));
        assert_eq!(whole("-2.9"), Some(-2));
        assert_eq!(whole("0.9"), Some(0));
        assert_eq!(whole("1e-4000"), Some(0));
        assert_eq!(whole("1e15"), Some(1_000_000_000_000_000));
        assert_eq!(whole("9223372036854775807"), Some(i64::MAX));
        assert_eq!(whole("-9223372036854775808"), Some(i64::MIN));
        assert_eq!(whole("9223372036854775808"), None);
        assert_eq!(whole("1e4000"), None);
    }

    #[test]
    fn order() {
        let texts =
            ["-1e300", "-2.5", "-2", "-1e-300", "0", "1e-300", "0.1", "2", "2.5", "3", "1e300"];
        let numbers = texts.map(|text| LongDouble::parse(text.as_bytes()).unwrap());
        for (i, a) in numbers.iter().enumerate() {
            for (j, b) in numbers.iter().enumerate() {
                assert_eq!(a.compare(*b), i.cmp(&j), "{} {}", texts[i], texts[j]);
                assert_eq!(a.negated().compare(b.negated()), j.cmp(&i));
            }
        }
        assert_eq!(LongDouble::ZERO.compare(LongDouble::ZERO.negated()), Ordering::Equal);
        assert_eq!(LongDouble::MAX.compare(numbers[10]), Ordering::Greater);
        assert_eq!(LongDouble::MAX.plus(LongDouble::MAX), None);
    }

    #[test]
    fn sums_as_servers_print_them() {
        for (a, b, sum) in [
            ("10.50", "0.1", "10.6"),
            ("10.6", "-5", "5.6"),
            ("5.0e3", "2.0e2", "5200"),
            ("0", "0.1", "0.1"),
            ("1", "-1", "0"),
            ("3", "0.000000000000000001", "3"),
            ("1e17", "0.1", "100000000000000000.1015625"),
            ("17179869184", "1.5", "17179869185.5"),
            ("-0.5", "0.25", "-0.25"),
            ("0.1", "0.2", "0.3"),
            ("123456789.123456789", "0.000000001", "123456789.12345678999554366"),
        ] {
            let (first, second) = (
                LongDouble::parse(a.as_bytes()).unwrap(),
                LongDouble::parse(b.as_bytes()).unwrap(),
            );
            assert_eq!(first.plus(second).unwrap().to_text(), sum, "{a} + {b}");
        }
    }

    #[test]
    fn what_is_no_number() {
        for text in ["", "abc", "1e", "1.2.3", " 1", "1 ", "inf", "nan", "1e99999", "--1", "."] {
            assert_eq!(LongDouble::parse(text.as_bytes()), None, "{text}");
        }
    }
}
