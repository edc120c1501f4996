//! Ziplist (up to Redis 6.2).
//!
//! ```text
//! total u32 | offset of the last entry u32 | count u16 (65535: unknown) | entry* | 0xff
//! entry = prevlen (u8 below 254, or fe u32) encoding data
//!
//! 00xxxxxx data         string ≤ 63          c0 d0 e0   i16, i32, i64
//! 01xxxxxx yy data      string, 14 bits      f0 fe      i24, i8
//! 10000000 u32 data     string, big-endian   f1..fd     0..12
//! ```

use super::{Next, PackedError, PackedErrorKind, Walk, array};
use crate::base::bulk::Bulk;

const HEADER: usize = 10;

pub(super) fn start(mut walk: Walk, bytes: &[u8]) -> Result<Walk, PackedError> {
    let (Some(total), Some(tail), Some(count)) = (
        array::<4>(bytes, 0),
        array::<4>(bytes, 4),
        array::<2>(bytes, 8),
    ) else {
        return Err(walk.error(PackedErrorKind::TooShort));
    };
    if bytes.len() <= HEADER {
        return Err(walk.error(PackedErrorKind::TooShort));
    }
    let total = u64::from(u32::from_le_bytes(total));
    if total != bytes.len() as u64 {
        return Err(walk.error(PackedErrorKind::Total(total)));
    }
    if bytes.last() != Some(&0xff) {
        return Err(walk.error(PackedErrorKind::Terminator));
    }
    let count = u16::from_le_bytes(count);
    walk.expected = (count != u16::MAX).then_some(usize::from(count));
    walk.tail = usize::try_from(u32::from_le_bytes(tail)).unwrap_or(usize::MAX);
    walk.pos = HEADER;
    walk.last = HEADER;
    Ok(walk)
}

pub(super) fn next<'a>(walk: &mut Walk, bytes: &'a [u8]) -> Next<'a> {
    let first = bytes.get(walk.pos).copied();
    if walk.done || matches!(first, None | Some(0xff)) {
        return end(walk, bytes);
    }
    let (prevlen, lead) = match first {
        Some(0xfe) => match array::<4>(bytes, walk.pos + 1) {
            Some(len) => (u64::from(u32::from_le_bytes(len)), 5),
            None => return walk.fail(PackedErrorKind::Length(4)),
        },
        Some(len) => (u64::from(len), 1),
        None => return Ok(None),
    };
    if prevlen != walk.aux as u64 {
        // Going on takes the entry before for what this one says it is.
        walk.aux = usize::try_from(prevlen).unwrap_or(usize::MAX);
        return Err(walk.error(PackedErrorKind::Prevlen(prevlen)));
    }
    let at = walk.pos + lead;
    let (value, size) = match bytes.get(at).map(|encoding| element(bytes, at, *encoding)) {
        Some(Ok(element)) => element,
        Some(Err(kind)) => return walk.fail(kind),
        None => return walk.fail(PackedErrorKind::Length(1)),
    };
    walk.last = walk.pos;
    walk.aux = lead + size;
    walk.pos = at + size;
    walk.index += 1;
    Ok(Some(value))
}

fn end<'a>(walk: &mut Walk, bytes: &[u8]) -> Next<'a> {
    if !walk.done && walk.last != walk.tail && walk.pos + 1 == bytes.len() {
        let tail = std::mem::replace(&mut walk.tail, walk.last);
        return Err(walk.error(PackedErrorKind::Tail(tail as u64)));
    }
    walk.finish(bytes)
}

fn i24(b: [u8; 3]) -> i64 {
    i64::from(i32::from_le_bytes([0, b[0], b[1], b[2]]) >> 8)
}

/// Decodes an entry behind its prevlen: its value and the size of encoding and data.
fn element(bytes: &[u8], at: usize, encoding: u8) -> Result<(Bulk<'_>, usize), PackedErrorKind> {
    let past = PackedErrorKind::Length;
    let text = |start: usize, len: usize| {
        let end = (at + start).checked_add(len).ok_or(past(len as u64))?;
        let text = bytes.get(at + start..end).ok_or(past(len as u64))?;
        Ok((Bulk::Bytes(text), start + len))
    };
    Ok(match encoding {
        0..0x40 => text(1, usize::from(encoding))?,
        0x40..0x80 => {
            let low = *bytes.get(at + 1).ok_or(past(1))?;
            text(2, usize::from(encoding & 0x3f) << 8 | usize::from(low))?
        }
        0x80 => {
            let len = u32::from_be_bytes(array(bytes, at + 1).ok_or(past(4))?);
            text(5, usize::try_from(len).unwrap_or(usize::MAX))?
        }
        0xc0 => (
            Bulk::Int(i16::from_le_bytes(array(bytes, at + 1).ok_or(past(2))?).into()),
            3,
        ),
        0xd0 => (
            Bulk::Int(i32::from_le_bytes(array(bytes, at + 1).ok_or(past(4))?).into()),
            5,
        ),
        0xe0 => (
            Bulk::Int(i64::from_le_bytes(array(bytes, at + 1).ok_or(past(8))?)),
            9,
        ),
        0xf0 => (Bulk::Int(i24(array(bytes, at + 1).ok_or(past(3))?)), 4),
        0xfe => (
            Bulk::Int(i8::from_le_bytes(array(bytes, at + 1).ok_or(past(1))?).into()),
            2,
        ),
        0xf1..=0xfd => (Bulk::Int(i64::from(encoding & 0x0f) - 1), 1),
        _ => return Err(PackedErrorKind::Encoding(encoding)),
    })
}
