//! The short way over keys of the plainest form, which most files consist of: at most an expiry in
//! front, and a value that is one string. Whatever else comes takes the long way in
//! [`super::parser`], which alone knows what to say about damage.

use super::dialect::Header;
use super::parser::{Attributes, Context, opcode};
use super::string::{ReadStr, Str};
use super::types::{Layout, VALUE_TYPES, ValueType};
use crate::base::cursor::Cursor;
use std::convert::Infallible;

/// A key read the short way.
pub(super) struct Plain<'a> {
    pub(super) header: Header,
    pub(super) db: u64,
    pub(super) ty: &'static ValueType,
    pub(super) attributes: Attributes,
    pub(super) key: Str<'a>,
    pub(super) value: &'a [u8],
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

#[inline(always)]
fn skip_key(c: &mut Cursor<'_>) -> Option<()> {
    let mut byte = c.u8().ok()?;
    if byte == opcode::EXPIRE_TIME_MS {
        c.hop(8);
        byte = c.u8().ok()?;
    }
    if !is_plain(byte) {
        return None;
    }
    skip_string(c)?;
    skip_string(c)?;
    c.check().ok()
}

/// Passes whole plain keys until this many bytes are passed or something else comes; returns how
/// many bytes they take.
pub(super) fn skip_keys(input: &[u8], enough_bytes: usize) -> usize {
    let mut c = Cursor::new(input);
    loop {
        let mut next = c;
        if c.pos() >= enough_bytes || skip_key(&mut next).is_none() {
            return c.pos();
        }
        c = next;
    }
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
    let header = context.header;
    let ty = ValueType::find(header.dialect, byte)?;
    let key = ReadStr::string::<Infallible>(&mut c).ok()?;
    let start = c.pos();
    skip_string(&mut c)?;
    c.check().ok()?;
    let (value, bytes) = (c.since(start), c.pos());
    Some(Plain { header, db: context.db, ty, attributes, key, value, bytes })
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
                let passed = hopper.pass_keys(&bytes[pos..], 1 << 20);
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
            assert_eq!(skip_keys(&key[..cut], 100), 0);
        }
        assert_eq!(skip_keys(key, 100), key.len());
        assert_eq!(skip_keys(key, 0), 0);
    }
}
