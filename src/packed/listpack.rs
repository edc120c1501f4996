//! Listpack (Redis 7.0 and later; streams since 5.0).
//!
//! ```text
//! total u32 | count u16 (65535: unknown) | element* | 0xff
//! element = encoding data backlen
//!
//! 0xxxxxxx                 0..127            110xxxxx yy        13 bits, signed
//! 10xxxxxx data            string ≤ 63       1110xxxx yy data   string ≤ 4095
//! f0 u32 data              string            f1..f4             i16, i24, i32, i64
//! ```
//!
//! The backlen is the size of encoding and data, seven bits per byte, most significant group
//! first; all bytes but the first have their top bit set.

use super::{Next, PackedError, PackedErrorKind, Walk, array};
use crate::base::bulk::Bulk;

const HEADER: usize = 6;

pub(super) fn start(mut walk: Walk, bytes: &[u8]) -> Result<Walk, PackedError> {
    let (Some(total), Some(count)) = (array::<4>(bytes, 0), array::<2>(bytes, 4)) else {
        return Err(walk.error(PackedErrorKind::TooShort));
    };
    let total = u64::from(u32::from_le_bytes(total));
    if bytes.len() <= HEADER {
        return Err(walk.error(PackedErrorKind::TooShort));
    }
    if total != bytes.len() as u64 {
        return Err(walk.error(PackedErrorKind::Total(total)));
    }
    if bytes.last() != Some(&0xff) {
        return Err(walk.error(PackedErrorKind::Terminator));
    }
    let count = u16::from_le_bytes(count);
    walk.expected = (count != u16::MAX).then_some(usize::from(count));
    walk.pos = HEADER;
    Ok(walk)
}

#[inline(always)]
pub(super) fn next<'a>(walk: &mut Walk, bytes: &'a [u8]) -> Next<'a> {
    let pos = walk.pos;
    let Some(first) = bytes.get(pos) else {
        return walk.finish(bytes);
    };
    let first = *first;
    // Small elements: encoding and data below 128 bytes, so one backlen byte.
    if first < 0x80 {
        if bytes.get(pos + 1) == Some(&1) {
            walk.pos = pos + 2;
            walk.index += 1;
            return Ok(Some(Bulk::Int(i64::from(first))));
        }
    } else if first < 0xc0 {
        let len = usize::from(first & 0x3f);
        let end = pos + 1 + len;
        if let (Some(text), Some(back)) = (bytes.get(pos + 1..end), bytes.get(end)) {
            if usize::from(*back) == len + 1 {
                walk.pos = end + 1;
                walk.index += 1;
                return Ok(Some(Bulk::Bytes(text)));
            }
        }
    }
    next_slow(walk, bytes, first)
}

fn i24(b: [u8; 3]) -> i64 {
    i64::from(i32::from_le_bytes([0, b[0], b[1], b[2]]) >> 8)
}

/// Decodes an element: its value and the size of encoding and data.
fn element(bytes: &[u8], pos: usize, first: u8) -> Result<(Bulk<'_>, usize), PackedErrorKind> {
    let past = PackedErrorKind::Length;
    let text = |start: usize, len: usize| {
        let from = pos.checked_add(start).ok_or(past(len as u64))?;
        let end = from.checked_add(len).ok_or(past(len as u64))?;
        let text = bytes.get(from..end).ok_or(past(len as u64))?;
        Ok((Bulk::Bytes(text), start + len))
    };
    let second = bytes.get(pos + 1).copied();
    Ok(match first {
        0..0x80 => (Bulk::Int(i64::from(first)), 1),
        0x80..0xc0 => text(1, usize::from(first & 0x3f))?,
        0xc0..0xe0 => {
            let low = second.ok_or(past(1))?;
            let n = i64::from(first & 0x1f) << 8 | i64::from(low);
            (Bulk::Int(if n >= 1 << 12 { n - (1 << 13) } else { n }), 2)
        }
        0xe0..0xf0 => {
            let low = second.ok_or(past(1))?;
            text(2, usize::from(first & 0x0f) << 8 | usize::from(low))?
        }
        0xf0 => {
            let len = u32::from_le_bytes(array(bytes, pos + 1).ok_or(past(4))?);
            text(5, usize::try_from(len).unwrap_or(usize::MAX))?
        }
        0xf1 => (
            Bulk::Int(i16::from_le_bytes(array(bytes, pos + 1).ok_or(past(2))?).into()),
            3,
        ),
        0xf2 => (Bulk::Int(i24(array(bytes, pos + 1).ok_or(past(3))?)), 4),
        0xf3 => (
            Bulk::Int(i32::from_le_bytes(array(bytes, pos + 1).ok_or(past(4))?).into()),
            5,
        ),
        0xf4 => (
            Bulk::Int(i64::from_le_bytes(array(bytes, pos + 1).ok_or(past(8))?)),
            9,
        ),
        _ => return Err(PackedErrorKind::Encoding(first)),
    })
}

/// Number of backlen bytes for a size, in the form of newer servers.
pub(super) fn backlen_bytes(size: usize) -> usize {
    match size {
        0..=127 => 1,
        128..=16383 => 2,
        16384..=2_097_151 => 3,
        2_097_152..=268_435_455 => 4,
        _ => 5,
    }
}

/// Whether servers differ in how they write the backlen of an element of this size.
pub(super) fn is_ambiguous(size: usize) -> bool {
    matches!(size, 16383 | 2_097_151 | 268_435_455)
}

/// Appends a backlen of `n` bytes.
pub(super) fn write_backlen(out: &mut Vec<u8>, size: usize, n: usize) {
    for i in (0..n).rev() {
        let group = (size >> (7 * i)) as u8 & 0x7f;
        out.push(if i + 1 == n { group } else { group | 0x80 });
    }
}

/// Checks the backlen at `at`; gives its size.
fn backlen(bytes: &[u8], at: usize, size: usize) -> Option<usize> {
    let first = *bytes.get(at)?;
    let n = backlen_bytes(size);
    let n = if is_ambiguous(size) && first == 0 {
        n + 1
    } else {
        n
    };
    let mut value = 0usize;
    for (i, byte) in bytes.get(at..at.checked_add(n)?)?.iter().enumerate() {
        if (byte & 0x80 == 0) != (i == 0) {
            return None;
        }
        value = value << 7 | usize::from(byte & 0x7f);
    }
    (value == size).then_some(n)
}

#[inline(never)]
fn next_slow<'a>(walk: &mut Walk, bytes: &'a [u8], first: u8) -> Next<'a> {
    if first == 0xff || walk.done {
        return walk.finish(bytes);
    }
    let (value, size) = match element(bytes, walk.pos, first) {
        Ok(element) => element,
        Err(kind) => return walk.fail(kind),
    };
    let Some(back) = backlen(bytes, walk.pos + size, size) else {
        return walk.fail(PackedErrorKind::Backlen);
    };
    walk.pos += size + back;
    walk.index += 1;
    Ok(Some(value))
}
