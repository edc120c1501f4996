//! Hostile bytes as harmless text: for terminals, for HTML and SVG.

use std::fmt::Write;

/// Bytes as text that is safe to show. Valid UTF-8 stays, except that control, formatting,
/// bidirectional and unassigned characters become `\n`, `\xNN` or `\u{…}`; bytes that are not UTF-8 become
/// `\xNN` and a backslash is doubled, so two different keys never look the same by their escapes.
pub fn printable(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    push_bytes(&mut text, bytes, usize::MAX);
    text
}

/// Like [`printable`], cut after `chars_max` characters with an ellipsis and the whole length.
pub fn printable_short(bytes: &[u8], chars_max: usize) -> String {
    let mut text = String::new();
    if !push_bytes(&mut text, bytes, chars_max) {
        let _ = write!(text, "… ({} bytes)", bytes.len());
    }
    text
}

/// Text of our own, which may quote hostile parts: characters that cannot be seen are escaped, backslashes
/// stay as they are.
pub fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        push_char(&mut out, c);
    }
    out
}

/// Appends `bytes` escaped; false when `chars_max` characters were reached before the end.
fn push_bytes(text: &mut String, bytes: &[u8], chars_max: usize) -> bool {
    let mut left = chars_max;
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            if left == 0 {
                return false;
            }
            left -= 1;
            match c {
                '\\' => text.push_str("\\\\"),
                _ => push_char(text, c),
            }
        }
        for byte in chunk.invalid() {
            if left == 0 {
                return false;
            }
            left -= 1;
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    true
}

/// Appends one character, escaped if it cannot be seen or changes how its neighbours are seen.
fn push_char(text: &mut String, c: char) {
    match c {
        ' '..='~' => text.push(c),
        '\n' => text.push_str("\\n"),
        '\r' => text.push_str("\\r"),
        '\t' => text.push_str("\\t"),
        '\0'..='\x1f' | '\x7f' => {
            let _ = write!(text, "\\x{:02x}", u32::from(c));
        }
        _ if is_printable(c) => text.push(c),
        _ => {
            let _ = write!(text, "\\u{{{:x}}}", u32::from(c));
        }
    }
}

/// Whether a character beyond ASCII has a shape of its own or joins the one before it. Asks the standard
/// library, which escapes a combining mark only at the start of a string: hence the letter before it.
fn is_printable(c: char) -> bool {
    let mut pair = String::with_capacity(8);
    pair.push('a');
    pair.push(c);
    pair.escape_debug().nth(1) == Some(c)
}

/// Text for HTML and XML content and quoted attributes. Pass it through [`printable`] or
/// [`visible`] first: XML has no way to write control characters.
pub fn markup(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_text_stays() {
        assert_eq!(printable(b"user:7 \"x\" 'y'"), "user:7 \"x\" 'y'");
        assert_eq!(printable("grün 日本 🎉 हिन्दी".as_bytes()), "grün 日本 🎉 हिन्दी");
    }

    #[test]
    fn what_cannot_be_seen_is_escaped() {
        assert_eq!(printable(b"a\n\r\t\0\x1b[31m\x7f"), "a\\n\\r\\t\\x00\\x1b[31m\\x7f");
        assert_eq!(printable(b"a\xff\xc3"), "a\\xff\\xc3");
        assert_eq!(
            printable("a\u{202e}b\u{200b}c\u{9b}".as_bytes()),
            "a\\u{202e}b\\u{200b}c\\u{9b}"
        );
        assert_eq!(printable("\u{ffff}\u{2028}\u{feff}".as_bytes()), "\\u{ffff}\\u{2028}\\u{feff}");
    }

    #[test]
    fn a_backslash_is_doubled_in_keys_only() {
        assert_eq!(printable(b"\\xff"), "\\\\xff");
        assert_eq!(visible("C:\\dump.rdb\x1b"), "C:\\dump.rdb\\x1b");
    }

    #[test]
    fn long_keys_are_cut() {
        assert_eq!(printable_short(b"abc", 3), "abc");
        assert_eq!(printable_short(b"abcd", 3), "abc… (4 bytes)");
        assert_eq!(printable_short("äöü\u{ff}".as_bytes(), 2), "äö… (8 bytes)");
        assert_eq!(printable_short(b"\xff\xff", 1), "\\xff… (2 bytes)");
    }

    #[test]
    fn markup_has_no_live_characters() {
        assert_eq!(
            markup("<script>alert('&')</script>\"]]>"),
            "&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;&quot;]]&gt;"
        );
    }
}
