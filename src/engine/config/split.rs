//! Words of configuration lines, and numbers as C reads them.

use super::rule::Bytes;

/// What separates words: `isspace` of C.
pub fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

/// Cuts the given bytes off both ends.
pub fn trim<'a>(mut text: &'a [u8], off: &[u8]) -> &'a [u8] {
    while let [first, tail @ ..] = text
        && off.contains(first)
    {
        text = tail;
    }
    while let [head @ .., last] = text
        && off.contains(last)
    {
        text = head;
    }
    text
}

/// Splits a line into words.
///
/// In double quotes `\n \r \t \b \a \xNN` stand for bytes and a backslash for what follows it; in single quotes only `\'` is
/// special. A closing quote ends its word, so something else than a space behind it is an error, as an open quote is: `None`.
pub fn words(line: &[u8]) -> Option<Vec<Bytes>> {
    let mut words = Vec::new();
    let mut rest = line;
    loop {
        while let [byte, tail @ ..] = rest
            && is_space(*byte)
        {
            rest = tail;
        }
        if rest.is_empty() {
            return Some(words);
        }
        let (word, tail) = word(rest)?;
        words.push(word);
        rest = tail;
    }
}

/// Reads a word; gives it and what follows.
fn word(mut rest: &[u8]) -> Option<(Bytes, &[u8])> {
    let mut word = Bytes::new();
    loop {
        match rest {
            [] | [b' ' | b'\n' | b'\r' | b'\t', ..] => return Some((word, rest)),
            [quote @ (b'"' | b'\''), tail @ ..] => {
                rest = quoted(tail, *quote, &mut word)?;
                return (rest.first().is_none_or(|byte| is_space(*byte))).then_some((word, rest));
            }
            [byte, tail @ ..] => {
                word.push(*byte);
                rest = tail;
            }
        }
    }
}

/// Reads up to the closing quote; gives what follows it.
fn quoted<'a>(mut rest: &'a [u8], quote: u8, word: &mut Bytes) -> Option<&'a [u8]> {
    let double = quote == b'"';
    loop {
        let (byte, tail) = match rest {
            [] => return None,
            [b'\\', b'x', high, low, tail @ ..]
                if double && high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                (hex(*high) << 4 | hex(*low), tail)
            }
            [b'\\', byte, tail @ ..] if double => (unescaped(*byte), tail),
            [b'\\', b'\'', tail @ ..] if !double => (b'\'', tail),
            [byte, tail @ ..] if *byte == quote => return Some(tail),
            [byte, tail @ ..] => (*byte, tail),
        };
        word.push(byte);
        rest = tail;
    }
}

fn hex(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => (digit | 0x20).wrapping_sub(b'a').wrapping_add(10),
    }
}

fn unescaped(byte: u8) -> u8 {
    match byte {
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'b' => 8,
        b'a' => 7,
        other => other,
    }
}

/// Appends a word in double quotes, so that [`words`] gives it back.
pub fn write_quoted(word: &[u8], out: &mut Bytes) {
    out.push(b'"');
    for &byte in word {
        match byte {
            b'\\' | b'"' => out.extend([b'\\', byte]),
            b'\n' => out.extend(b"\\n"),
            b'\r' => out.extend(b"\\r"),
            b'\t' => out.extend(b"\\t"),
            7 => out.extend(b"\\a"),
            8 => out.extend(b"\\b"),
            b' '..=b'~' => out.push(byte),
            _ => out.extend(format!("\\x{byte:02x}").as_bytes()),
        }
    }
    out.push(b'"');
}

/// Splits at single spaces, as the value of a `CONFIG SET` is split: no quotes, and two spaces hold an empty word.
pub fn at_spaces(text: &[u8]) -> Vec<&[u8]> {
    if text.is_empty() { Vec::new() } else { text.split(|byte| *byte == b' ').collect() }
}

/// Reads a whole text as `strtoll` does: spaces and a sign may stand before it, too large a number becomes the largest, and
/// no text at all is 0.
pub fn c_integer(text: &[u8], base: u8) -> Option<i64> {
    if text.is_empty() {
        return Some(0);
    }
    let start = text.iter().position(|byte| !is_space(*byte))?;
    let (negative, digits) = match text.get(start..)? {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    let mut value = Some(0i64);
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit >= base {
            return None;
        }
        value = value
            .and_then(|value| value.checked_mul(i64::from(base))?.checked_sub(i64::from(digit)));
    }
    if digits.is_empty() {
        return None;
    }
    // Counted downwards, as the smallest number has no positive twin.
    let value = value.unwrap_or(i64::MIN);
    Some(if negative { value } else { value.checked_neg().unwrap_or(i64::MAX) })
}

/// Reads a size: digits and a unit, `k` and `kb` being 1000 and 1024. Digits may be missing, which is 0.
pub fn memory(text: &[u8]) -> Option<u64> {
    let digits = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let (digits, unit) = text.split_at_checked(digits)?;
    let factor: u64 = match unit.to_ascii_lowercase().as_slice() {
        b"" | b"b" => 1,
        b"k" => 1000,
        b"kb" => 1 << 10,
        b"m" => 1_000_000,
        b"mb" => 1 << 20,
        b"g" => 1_000_000_000,
        b"gb" => 1 << 30,
        _ => return None,
    };
    let mut value = 0u64;
    for byte in digits {
        value = value.checked_mul(10)?.checked_add(u64::from(byte - b'0'))?;
    }
    value.checked_mul(factor)
}

/// The text of a size in the largest unit that divides it.
pub fn format_memory(bytes: u64) -> String {
    for (unit, shift) in [("gb", 30), ("mb", 20), ("kb", 10)] {
        if bytes != 0 && bytes.trailing_zeros() >= shift {
            return format!("{}{unit}", bytes >> shift);
        }
    }
    bytes.to_string()
}
