//! Zipmap (Redis 2.4): `count u8 (254 and more: unknown)`, then fields and values, then `0xff`.
//!
//! ```text
//! len field | len free value junk(free)          len = u8 below 254, or fe u32
//! ```

use super::{Next, PackedError, PackedErrorKind, Walk, array};
use crate::base::bulk::Bulk;

pub(super) fn start(mut walk: Walk, bytes: &[u8]) -> Result<Walk, PackedError> {
    let (Some(count), true) = (bytes.first(), bytes.len() >= 2) else {
        return Err(walk.error(PackedErrorKind::TooShort));
    };
    if bytes.last() != Some(&0xff) {
        return Err(walk.error(PackedErrorKind::Terminator));
    }
    walk.expected = (*count < 254).then_some(usize::from(*count) * 2);
    walk.pos = 1;
    Ok(walk)
}

pub(super) fn next<'a>(walk: &mut Walk, bytes: &'a [u8]) -> Next<'a> {
    let is_value = walk.aux % 2 == 1;
    let first = bytes.get(walk.pos).copied();
    if walk.done {
        return Ok(None);
    }
    let (len, lead) = match first {
        None | Some(0xff) if is_value => return walk.fail(PackedErrorKind::NoValue),
        None | Some(0xff) => return walk.finish(bytes),
        Some(0xfe) => match array::<4>(bytes, walk.pos + 1).map(u32::from_le_bytes) {
            Some(len) if len < 254 && walk.tail != walk.pos => {
                // Reported once per place.
                walk.tail = walk.pos;
                return Err(walk.error(PackedErrorKind::LongForm));
            }
            Some(len) => (usize::try_from(len).unwrap_or(usize::MAX), 5),
            None => return walk.fail(PackedErrorKind::Length(4)),
        },
        Some(len) => (usize::from(len), 1),
    };
    let mut at = walk.pos + lead;
    let mut free = 0;
    if is_value {
        match bytes.get(at) {
            Some(n) => free = usize::from(*n),
            None => return walk.fail(PackedErrorKind::Length(1)),
        }
        at += 1;
    }
    let end = at.saturating_add(len);
    let behind = end.saturating_add(free);
    // The terminator lies behind every element.
    let (Some(text), true) = (bytes.get(at..end), behind < bytes.len()) else {
        return walk.fail(PackedErrorKind::Length(len as u64));
    };
    walk.pos = behind;
    walk.aux += 1;
    walk.index += 1;
    Ok(Some(Bulk::Bytes(text)))
}
