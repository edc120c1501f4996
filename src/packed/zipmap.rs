//! Zipmaps, the small hashes of Redis up to 2.4: `u8 count, pairs…, 0xff`. Read only.
//!
//! ```text
//! pair   = length field length u8 free value free bytes of junk
//! length = u8 below 254 | FE u32, little-endian
//! ```

use super::walk::{Kind, Walk};
use super::{PackedError, PackedErrorKind, TERMINATOR, array, slice, widen};
use crate::base::bulk::Bulk;

/// First byte of a length that takes five bytes; also the first length, and pair count, that one byte can not hold.
pub(super) const LONG_LENGTH: u8 = 254;

/// Count and terminator.
const MIN_BYTES: usize = 2;

/// Checks the frame.
pub(super) fn start(bytes: &[u8]) -> Result<Walk, PackedError> {
    let size = bytes.len();
    if size < MIN_BYTES {
        return Err(PackedError {
            kind: PackedErrorKind::TooShort { size, min: MIN_BYTES },
            element: 0,
            offset: 0,
        });
    }
    if bytes.last() != Some(&TERMINATOR) {
        return Err(PackedError {
            kind: PackedErrorKind::NoTerminator,
            element: 0,
            offset: size - 1,
        });
    }
    Ok(Walk::at(Kind::Zipmap, 1, 0))
}

/// Returns the next field or value.
pub(super) fn next<'a>(walk: &mut Walk, bytes: &'a [u8]) -> Result<Option<Bulk<'a>>, PackedError> {
    let body = bytes.get(..bytes.len().saturating_sub(1)).unwrap_or_default();
    let is_value = walk.index % 2 == 1;
    if !walk.in_elements() || (walk.offset == body.len() && !is_value) {
        return walk.end(bytes);
    }
    let rest = body.get(walk.offset..).unwrap_or_default();
    match if is_value { decode_value(rest) } else { decode_field(rest) } {
        Ok((element, size)) => {
            walk.step(walk.offset + size);
            Ok(Some(Bulk::Bytes(element)))
        }
        Err(kind) => Err(walk.fail(bytes, kind)),
    }
}

/// Decodes a field; returns its whole size, too.
fn decode_field(rest: &[u8]) -> Result<(&[u8], usize), PackedErrorKind> {
    if rest.first() == Some(&TERMINATOR) {
        // The last byte of the blob is not in the body.
        return Err(PackedErrorKind::EarlyTerminator { left: rest.len() });
    }
    let (length, length_bytes) = decode_length(rest)?;
    let field = slice(rest, length_bytes, length).ok_or(PackedErrorKind::Overrun { length })?;
    Ok((field, length_bytes + length))
}

/// Decodes a value and the free space behind it; returns the whole size, too.
fn decode_value(rest: &[u8]) -> Result<(&[u8], usize), PackedErrorKind> {
    if matches!(rest.first(), None | Some(&TERMINATOR)) {
        return Err(PackedErrorKind::NoValue);
    }
    let (length, length_bytes) = decode_length(rest)?;
    let free = usize::from(*rest.get(length_bytes).ok_or(PackedErrorKind::Cut)?);
    let value = slice(rest, length_bytes + 1, length).ok_or(PackedErrorKind::Overrun { length })?;
    let size = length_bytes + 1 + length + free;
    if size > rest.len() {
        return Err(PackedErrorKind::Overrun { length: length + free });
    }
    Ok((value, size))
}

/// Decodes a length; returns how many bytes it takes, too.
fn decode_length(rest: &[u8]) -> Result<(usize, usize), PackedErrorKind> {
    match *rest.first().ok_or(PackedErrorKind::Cut)? {
        LONG_LENGTH => {
            let length = widen(u32::from_le_bytes(array(rest, 1).ok_or(PackedErrorKind::Cut)?));
            if length < usize::from(LONG_LENGTH) {
                return Err(PackedErrorKind::LongForm(length));
            }
            Ok((length, 5))
        }
        short => Ok((usize::from(short), 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::walk::tests::{torture, walk_all};
    use super::super::{header_count, validate};
    use super::*;
    use proptest::prelude::*;

    fn write_length(len: usize, out: &mut Vec<u8>) {
        match u8::try_from(len) {
            Ok(short) if short < LONG_LENGTH => out.push(short),
            _ => {
                out.push(LONG_LENGTH);
                out.extend_from_slice(&u32::try_from(len).unwrap().to_le_bytes());
            }
        }
    }

    fn build(pairs: &[(Vec<u8>, Vec<u8>, u8)]) -> Vec<u8> {
        let mut out = vec![u8::try_from(pairs.len()).unwrap_or(LONG_LENGTH).min(LONG_LENGTH)];
        for (field, value, free) in pairs {
            write_length(field.len(), &mut out);
            out.extend_from_slice(field);
            write_length(value.len(), &mut out);
            out.push(*free);
            out.extend_from_slice(value);
            out.resize(out.len() + usize::from(*free), b'?');
        }
        out.push(TERMINATOR);
        out
    }

    #[test]
    fn the_example_of_redis() {
        let blob = b"\x02\x03foo\x03\x00bar\x05hello\x05\x00world\xff";
        let expected = [b"foo".to_vec(), b"bar".to_vec(), b"hello".to_vec(), b"world".to_vec()];
        assert_eq!(walk_all(Kind::Zipmap, blob), (expected.into(), vec![]));
        assert_eq!(header_count(Kind::Zipmap, blob), Some(4));
        torture(Kind::Zipmap, blob);
        torture(Kind::Zipmap, b"\x00\xff");
        torture(Kind::Zipmap, b"\x01\x01a\x02\x03hi???\xff");
    }

    #[test]
    fn damage_is_found() {
        for (blob, kind, element) in [
            (&b"\xff"[..], PackedErrorKind::TooShort { size: 1, min: 2 }, 0),
            (b"\x00\x00", PackedErrorKind::NoTerminator, 0),
            (b"\x01\x01a\xff", PackedErrorKind::NoValue, 1),
            (b"\x01\x01a\xff\xff", PackedErrorKind::NoValue, 1),
            (b"\x01\x01a\x01\xff", PackedErrorKind::Cut, 1),
            (b"\x01\x01a\x01\x00\xff", PackedErrorKind::Overrun { length: 1 }, 1),
            (b"\x01\x01a\x01\x09b\xff", PackedErrorKind::Overrun { length: 10 }, 1),
            (b"\x01\x09a\x01\x00b\xff", PackedErrorKind::Overrun { length: 9 }, 0),
            (b"\x01\xfe\x01\x00\x00\x00a\x01\x00b\xff", PackedErrorKind::LongForm(1), 0),
            (b"\x01\xfe\x01\x00\xff", PackedErrorKind::Cut, 0),
            (b"\x01\x01a\x01\x00b\xff\xff", PackedErrorKind::EarlyTerminator { left: 1 }, 2),
            (b"\x02\x01a\x01\x00b\xff", PackedErrorKind::Count { header: 4, found: 2 }, 2),
        ] {
            let (_, errors) = walk_all(Kind::Zipmap, blob);
            assert_eq!(
                errors.iter().map(|e| (e.kind, e.element)).collect::<Vec<_>>(),
                [(kind, element)],
                "{blob:x?}"
            );
        }
    }

    proptest! {
        #[test]
        fn what_is_built_is_read(
            pairs in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..300), any::<Vec<u8>>(), 0u8..5), 0..300),
        ) {
            let blob = build(&pairs);
            let expected: Vec<_> = pairs.iter().flat_map(|(field, value, _)| [field.clone(), value.clone()]).collect();
            prop_assert_eq!(walk_all(Kind::Zipmap, &blob), (expected, vec![]));
            prop_assert_eq!(validate(Kind::Zipmap, &blob), Ok(pairs.len() * 2));
            prop_assert_eq!(header_count(Kind::Zipmap, &blob), (pairs.len() < 254).then_some(pairs.len() * 2));
        }
    }
}
