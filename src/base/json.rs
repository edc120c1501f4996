//! Strings in JSON, written straight into a buffer, binary ones included.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// How bytes that JSON cannot hold are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BinaryEncoding {
    /// Valid UTF-8 as it is, anything else as `{"base64":"…"}`. Loses nothing.
    #[default]
    Auto,
    /// What is no UTF-8 becomes U+FFFD.
    Utf8,
    /// Printable ASCII as it is, a backslash doubled, every other byte as `\xNN`.
    Escape,
    /// Always `{"base64":"…"}`.
    Base64,
    /// Always `{"hex":"…"}`.
    Hex,
}

/// What must be escaped: 0 no, 1 as `\u00NN`, else the letter behind the backslash.
const ESCAPES: [u8; 256] = {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 0x20 {
        table[i] = 1;
        i += 1;
    }
    table[0x7f] = 1;
    table[b'"' as usize] = b'"';
    table[b'\\' as usize] = b'\\';
    table[b'\n' as usize] = b'n';
    table[b'\r' as usize] = b'r';
    table[b'\t' as usize] = b't';
    table[0x08] = b'b';
    table[0x0c] = b'f';
    table
};

const HEX: &[u8; 16] = b"0123456789abcdef";

fn hex_digits(byte: u8) -> [u8; 2] {
    let digit = |n: u8| HEX.get(usize::from(n)).copied().unwrap_or(b'0');
    [digit(byte >> 4), digit(byte & 15)]
}

/// Appends the inside of a JSON string.
#[inline]
fn write_escaped(out: &mut Vec<u8>, text: &[u8]) {
    let mut from = 0;
    for (at, byte) in text.iter().enumerate() {
        let escape = ESCAPES.get(usize::from(*byte)).copied().unwrap_or(0);
        if escape == 0 {
            continue;
        }
        out.extend_from_slice(text.get(from..at).unwrap_or(&[]));
        from = at + 1;
        if escape == 1 {
            out.extend_from_slice(b"\\u00");
            out.extend_from_slice(&hex_digits(*byte));
        } else {
            out.extend_from_slice(&[b'\\', escape]);
        }
    }
    out.extend_from_slice(text.get(from..).unwrap_or(&[]));
}

/// Appends a JSON string.
#[inline]
pub fn write_str(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    write_escaped(out, text.as_bytes());
    out.push(b'"');
}

/// Appends the bytes as text in which every byte shows: printable ASCII as it is, a backslash
/// doubled, anything else as `\xNN`.
pub fn write_visible(out: &mut Vec<u8>, bytes: &[u8]) {
    for byte in bytes {
        match byte {
            b'\\' => out.extend_from_slice(b"\\\\"),
            0x20..0x7f => out.push(*byte),
            _ => {
                out.extend_from_slice(b"\\x");
                out.extend_from_slice(&hex_digits(*byte));
            }
        }
    }
}

/// Reads what [`write_visible`] wrote; `None` if it cannot have.
pub fn read_visible(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, tail @ ..] = rest {
        rest = match (first, tail) {
            (b'\\', [b'\\', tail @ ..]) => {
                out.push(b'\\');
                tail
            }
            (b'\\', [b'x', high, low, tail @ ..]) => {
                let digit = |b: u8| char::from(b).to_digit(16).map(|d| d as u8);
                out.push(digit(*high)? << 4 | digit(*low)?);
                tail
            }
            (b'\\', _) => return None,
            (byte, tail) => {
                out.push(*byte);
                tail
            }
        };
    }
    Some(out)
}

/// Appends base64 text, without quotes.
pub fn write_base64(out: &mut Vec<u8>, bytes: &[u8]) {
    let start = out.len();
    out.resize(start + bytes.len().div_ceil(3) * 4, 0);
    let target = out.get_mut(start..).unwrap_or(&mut []);
    let written = STANDARD.encode_slice(bytes, target).unwrap_or(0);
    out.truncate(start + written);
}

/// Appends hexadecimal digits, without quotes.
pub fn write_hex(out: &mut Vec<u8>, bytes: &[u8]) {
    out.reserve(bytes.len() * 2);
    for byte in bytes {
        out.extend_from_slice(&hex_digits(*byte));
    }
}

/// Appends bytes as JSON: a string, or an object that names its encoding.
#[inline]
pub fn write_bytes(out: &mut Vec<u8>, bytes: &[u8], encoding: BinaryEncoding) {
    match encoding {
        BinaryEncoding::Auto => match std::str::from_utf8(bytes) {
            Ok(text) => write_str(out, text),
            Err(_) => {
                out.extend_from_slice(b"{\"base64\":\"");
                write_base64(out, bytes);
                out.extend_from_slice(b"\"}");
            }
        },
        BinaryEncoding::Utf8 => write_str(out, &String::from_utf8_lossy(bytes)),
        BinaryEncoding::Escape => {
            let mut visible = Vec::with_capacity(bytes.len());
            write_visible(&mut visible, bytes);
            out.push(b'"');
            write_escaped(out, &visible);
            out.push(b'"');
        }
        BinaryEncoding::Base64 => {
            out.extend_from_slice(b"{\"base64\":\"");
            write_base64(out, bytes);
            out.extend_from_slice(b"\"}");
        }
        BinaryEncoding::Hex => {
            out.extend_from_slice(b"{\"hex\":\"");
            write_hex(out, bytes);
            out.extend_from_slice(b"\"}");
        }
    }
}

/// Reads base64 text.
pub fn read_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// Reads pairs of hexadecimal digits.
pub fn read_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |b: u8| char::from(b).to_digit(16).map(|d| d as u8);
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else {
        return None;
    };
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn json(bytes: &[u8], encoding: BinaryEncoding) -> String {
        let mut out = Vec::new();
        write_bytes(&mut out, bytes, encoding);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn forms() {
        assert_eq!(json(b"a\"\\\n\x01", BinaryEncoding::Auto), r#""a\"\\\n\u0001""#);
        assert_eq!(json(b"\xff\x00", BinaryEncoding::Auto), r#"{"base64":"/wA="}"#);
        assert_eq!(json(b"\xff\x00", BinaryEncoding::Hex), r#"{"hex":"ff00"}"#);
        assert_eq!(json(b"\xff\\a", BinaryEncoding::Escape), r#""\\xff\\\\a""#);
        assert_eq!(json("ü\u{7f}".as_bytes(), BinaryEncoding::Auto), "\"ü\\u007f\"");
        assert_eq!(json(b"a\xff", BinaryEncoding::Utf8), "\"a\u{fffd}\"");
    }

    proptest! {
        #[test]
        fn text_comes_back(text in any::<String>()) {
            let mut out = Vec::new();
            write_str(&mut out, &text);
            prop_assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
        }

        #[test]
        fn bytes_come_back(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let mut visible = Vec::new();
            write_visible(&mut visible, &bytes);
            prop_assert_eq!(read_visible(&visible).unwrap(), bytes.clone());
            let mut text = Vec::new();
            write_base64(&mut text, &bytes);
            prop_assert_eq!(read_base64(std::str::from_utf8(&text).unwrap()).unwrap(), bytes.clone());
            let mut text = Vec::new();
            write_hex(&mut text, &bytes);
            prop_assert_eq!(read_hex(std::str::from_utf8(&text).unwrap()).unwrap(), bytes);
        }
    }
}
