//! Intset: `width u32 (2, 4 or 8) | count u32 | integers`, strictly rising, little-endian.

use super::{Next, PackedError, PackedErrorKind, Walk, array};
use crate::base::bulk::Bulk;

const HEADER: usize = 8;

pub(super) fn start(mut walk: Walk, bytes: &[u8]) -> Result<Walk, PackedError> {
    let (Some(width), Some(count)) = (array::<4>(bytes, 0), array::<4>(bytes, 4)) else {
        return Err(walk.error(PackedErrorKind::TooShort));
    };
    let width = u32::from_le_bytes(width);
    if !matches!(width, 2 | 4 | 8) {
        return Err(walk.error(PackedErrorKind::Width(width)));
    }
    let count = u32::from_le_bytes(count);
    if HEADER as u64 + u64::from(width) * u64::from(count) != bytes.len() as u64 {
        return Err(walk.error(PackedErrorKind::Count(count.into())));
    }
    walk.aux = usize::try_from(width).unwrap_or(0);
    walk.pos = HEADER;
    Ok(walk)
}

pub(super) fn next<'a>(walk: &mut Walk, bytes: &'a [u8]) -> Next<'a> {
    let n = match walk.aux {
        2 => array(bytes, walk.pos).map(|b| i64::from(i16::from_le_bytes(b))),
        4 => array(bytes, walk.pos).map(|b| i64::from(i32::from_le_bytes(b))),
        _ => array(bytes, walk.pos).map(i64::from_le_bytes),
    };
    let Some(n) = n else { return Ok(None) };
    if walk.index > 0 && n <= walk.last_int && !walk.done {
        // Reported once; the members are readable all the same.
        walk.done = true;
        return Err(walk.error(PackedErrorKind::Order));
    }
    walk.last_int = n;
    walk.pos += walk.aux;
    walk.index += 1;
    Ok(Some(Bulk::Int(n)))
}
