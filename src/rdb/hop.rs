//! The short way over keys of the plainest form, which most files consist of: at most an expiry in
//! front, and a value that is one string. Whatever else comes takes the long way in
//! [`super::parser`], which alone knows what to say about damage.

use super::dialect::Header;
use super::parser::{Attributes, Context, opcode};
use super::string::{LZF, ReadStr, Str};
use super::types::{Layout, VALUE_TYPES, ValueType};
use crate::base::cursor::Cursor;
use std::convert::Infallible;
use std::ops::Range;

/// A key read the short way.
pub(super) struct Plain<'a> {
    pub(super) header: Header,
    pub(super) db: u64,
    pub(super) ty: &'static ValueType,
    pub(super) attributes: Attributes,
    pub(super) key: Str<'a>,
    pub(super) value: &'a [u8],
    /// Bytes in front of its type byte.
    pub(super) attribute_bytes: usize,
    /// Bytes that it takes.
    pub(super) bytes: usize,
}

/// Bit `n` is set if type `n` is one string in both dialects.
const PLAIN_TYPES: u64 = {
    let mut set = 0;
    let mut i = 0;
    while i < VALUE_TYPES.len() {
        let row = &VALUE_TYPES[i];
        if matches!(row.layout, Layout::Str | Layout::Blob(_)) && row.only.is_none() {
            set |= 1 << row.code;
        }
        i += 1;
    }
    set
};

#[inline(always)]
fn is_plain(byte: u8) -> bool {
    byte < 64 && PLAIN_TYPES >> byte & 1 == 1
}

#[inline(always)]
fn skip_string(c: &mut Cursor<'_>) -> Option<()> {
    ReadStr::skip_string::<Infallible>(c).ok()
}

/// By the first byte of a string, how many bytes all of it takes; 0 if that byte does not tell.
const STRING_BYTES: [u8; 256] = {
    let mut sizes = [0; 256];
    let mut len = 0;
    while len < 0x40 {
        sizes[len] = 1 + len as u8;
        len += 1;
    }
    // Integers of 8, 16 and 32 bits.
    sizes[0xc0] = 2;
    sizes[0xc1] = 3;
    sizes[0xc2] = 5;
    sizes
};

/// Where the string at `at` ends.
///
/// Which form a string has is anybody's guess from key to key, and a processor that guesses wrong
/// loses more time than all of this takes: so both usual answers are computed and one is chosen.
#[inline(always)]
fn string_end(input: &[u8], at: usize) -> Option<usize> {
    let Some([first, second]) = input.get(at..).and_then(|rest| rest.first_chunk()) else {
        return rare_string_end(input, at);
    };
    let short = usize::from(*STRING_BYTES.get(usize::from(*first))?);
    let long = 2 + (usize::from(*first & 0x3f) << 8 | usize::from(*second));
    let bytes = std::hint::select_unpredictable(*first & 0xc0 == 0x40, long, short);
    if bytes == 0 { rare_string_end(input, at) } else { Some(at + bytes) }
}

/// As [`string_end`], for what is long or compressed.
#[cold]
#[inline(never)]
fn rare_string_end(input: &[u8], at: usize) -> Option<usize> {
    let mut c = Cursor::new(input);
    c.hop(at);
    skip_string(&mut c)?;
    Some(c.pos())
}

/// A plain key that was passed, as it stands in the file.
#[derive(Debug, Clone, Copy)]
pub struct PassedKey<'a> {
    input: &'a [u8],
    code: u8,
    /// Where the record, its type byte, its value and the next record start.
    start: usize,
    ty: usize,
    value: usize,
    end: usize,
}

impl<'a> PassedKey<'a> {
    /// The type byte, which means the same in both dialects.
    #[inline(always)]
    pub fn code(&self) -> u8 {
        self.code
    }

    /// The key, if its bytes stand there as they are.
    #[inline(always)]
    pub fn name(&self) -> Option<&'a [u8]> {
        let head = match self.input.get(self.ty + 1)? {
            0..0x40 => 1,
            0x40..0x80 => 2,
            _ => return None,
        };
        self.input.get(self.ty + 1 + head..self.value)
    }

    /// Where the record stands in the input that was shown.
    #[inline(always)]
    pub fn range(&self) -> Range<usize> {
        self.start..self.end
    }

    /// Bytes in front of the type byte.
    #[inline(always)]
    pub fn attribute_bytes(&self) -> usize {
        self.ty - self.start
    }

    /// Bytes of the whole record.
    #[inline(always)]
    pub fn record_bytes(&self) -> usize {
        self.end - self.start
    }

    /// Unix milliseconds at which the key expires.
    #[inline(always)]
    pub fn expire_at_ms(&self) -> Option<i64> {
        (self.attribute_bytes() > 0).then(|| self.expire_at_ms_or(0))
    }

    /// Unix milliseconds at which the key expires, or this, without a branch.
    #[inline(always)]
    pub fn expire_at_ms_or(&self, otherwise: i64) -> i64 {
        let next = self.input.get(self.start + 1..).and_then(|rest| rest.first_chunk());
        let at_ms = next.map_or(otherwise, |bytes| i64::from_le_bytes(*bytes));
        std::hint::select_unpredictable(self.attribute_bytes() > 0, at_ms, otherwise)
    }

    /// Whether the value is a string that stands there uncompressed, in which no damage can be.
    #[inline(always)]
    pub fn is_plain_string(&self) -> bool {
        self.code == 0 && self.input.get(self.value) != Some(&LZF)
    }

    /// The value, from behind the key to its last byte.
    #[inline(always)]
    pub fn value(&self) -> &'a [u8] {
        self.input.get(self.value..self.end).unwrap_or(&[])
    }
}

#[inline(always)]
fn skip_key(input: &[u8], start: usize) -> Option<PassedKey<'_>> {
    let expires = *input.get(start)? == opcode::EXPIRE_TIME_MS;
    let ty = start + std::hint::select_unpredictable(expires, 9, 0);
    let code = *input.get(ty)?;
    if !is_plain(code) {
        return None;
    }
    let value = string_end(input, ty + 1)?;
    let end = string_end(input, value)?;
    (end <= input.len()).then_some(PassedKey { input, code, start, ty, value, end })
}

/// Passes whole plain keys until this many bytes are passed, something else comes or one is not
/// taken; returns how many bytes they take.
#[inline(always)]
pub(super) fn skip_keys<'a>(
    input: &'a [u8],
    enough_bytes: usize,
    mut takes: impl FnMut(&PassedKey<'a>) -> bool,
) -> usize {
    let mut at = 0;
    while at < enough_bytes {
        match skip_key(input, at) {
            Some(key) if takes(&key) => at = key.end,
            _ => break,
        }
    }
    at
}

/// Reads a plain key; `None` if something else comes, or attributes wait for the key.
#[inline(always)]
pub(super) fn key<'a>(input: &'a [u8], context: &Context) -> Option<Plain<'a>> {
    let mut c = Cursor::new(input);
    let mut byte = c.u8().ok()?;
    if !context.pending.is_empty() {
        return None;
    }
    let mut attributes = Attributes::default();
    if byte == opcode::EXPIRE_TIME_MS {
        attributes.expire_at_ms = Some(c.i64_le().ok()?);
        byte = c.u8().ok()?;
    }
    if !is_plain(byte) {
        return None;
    }
    let attribute_bytes = c.pos() - 1;
    let header = context.header;
    let ty = ValueType::find(header.dialect, byte)?;
    let key = ReadStr::string::<Infallible>(&mut c).ok()?;
    let start = c.pos();
    skip_string(&mut c)?;
    c.check().ok()?;
    let (value, bytes) = (c.since(start), c.pos());
    Some(Plain { header, db: context.db, ty, attributes, key, value, attribute_bytes, bytes })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rdb::{Parser, Record, Step};

    #[test]
    fn passing_keys_leads_to_the_same_places_as_reading_them() {
        let files = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
        for file in std::fs::read_dir(files).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "rdb") {
                continue;
            }
            let bytes = std::fs::read(&path).unwrap();
            let (mut pos, mut starts) = (0, vec![0]);
            let mut reader = Parser::new();
            while let Ok(Step::Record(consumed, _)) = reader.parse(&bytes[pos..], true) {
                pos += consumed;
                starts.push(pos);
                if reader.is_done() {
                    break;
                }
            }
            let (mut pos, mut passed_keys) = (0, false);
            let mut hopper = Parser::new();
            while let Ok(Step::Record(consumed, record)) = hopper.parse(&bytes[pos..], true) {
                pos += consumed;
                if let Record::End(_) = record {
                    break;
                }
                let passed = hopper.take_keys(&bytes[pos..], 1 << 20, |_| true);
                passed_keys |= passed > 0;
                pos += passed;
                assert!(starts.contains(&pos), "{} at {pos}", path.display());
                assert_eq!(hopper.offset(), pos as u64);
            }
            assert_eq!(Some(&pos), starts.last());
            assert!(passed_keys || path.extension().is_none_or(|extension| extension != "rdb"));
        }
    }

    #[test]
    fn cut_keys_are_not_passed() {
        let key = b"\xfc\0\0\0\0\0\0\0\0\0\x01k\x02vw";
        for cut in 0..key.len() {
            assert_eq!(skip_keys(&key[..cut], 100, |_| true), 0);
        }
        assert_eq!(skip_keys(key, 100, |_| true), key.len());
        assert_eq!(skip_keys(key, 0, |_| true), 0);
    }

    #[test]
    fn a_key_that_is_not_taken_is_not_passed() {
        let keys = b"\0\x01a\x02vw\xfc\x01\0\0\0\0\0\0\0\0\x01b\xc0\x07\0\x01c\0";
        let mut shown = Vec::new();
        let passed = skip_keys(keys, 100, |key| {
            let Some(name) = key.name() else { return false };
            shown.push((name, key.range(), key.expire_at_ms(), key.value()));
            name != b"c"
        });
        assert_eq!(passed, 20);
        let expected: [(&[u8], _, _, &[u8]); 3] = [
            (b"a", 0..6, None, b"\x02vw"),
            (b"b", 6..20, Some(1), b"\xc0\x07"),
            (b"c", 20..24, None, b"\0"),
        ];
        assert_eq!(shown, expected);
    }
}
