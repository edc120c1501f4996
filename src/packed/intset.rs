//! Intsets: `u32 width (2, 4 or 8), u32 count, members`, ascending, all little-endian.

use super::walk::{Kind, Walk};
use super::{MAX_BLOB_BYTES, PackedError, PackedErrorKind, TooLarge, array, widen};
use crate::base::bulk::Bulk;
use thiserror::Error;

/// Bytes before the first member.
const HEADER_BYTES: usize = 8;

/// Checks the header.
pub(super) fn start(bytes: &[u8]) -> Result<Walk, PackedError> {
    let size = bytes.len();
    let fail = |kind, offset| Err(PackedError { kind, element: 0, offset });
    let (Some(width), Some(count)) =
        (array(bytes, 0).map(u32::from_le_bytes), array(bytes, 4).map(u32::from_le_bytes))
    else {
        return fail(PackedErrorKind::TooShort { size, min: HEADER_BYTES }, 0);
    };
    if !matches!(width, 2 | 4 | 8) {
        return fail(PackedErrorKind::IntsetWidth(width), 0);
    }
    let (width, count) = (widen(width), widen(count));
    if width.checked_mul(count) != size.checked_sub(HEADER_BYTES) {
        return fail(PackedErrorKind::IntsetSize { count, width, size }, 4);
    }
    Ok(Walk::at(Kind::Intset, HEADER_BYTES, width))
}

/// Returns the next member.
#[inline]
pub(super) fn next<'a>(walk: &mut Walk, bytes: &'a [u8]) -> Result<Option<Bulk<'a>>, PackedError> {
    if !walk.in_elements() || walk.offset >= bytes.len() {
        return walk.end(bytes);
    }
    let Some(member) = read(bytes, walk.offset, walk.extra) else {
        return Err(walk.fail(bytes, PackedErrorKind::Cut));
    };
    if walk.index > 0 && member <= walk.previous {
        walk.complain(PackedErrorKind::Order { member, previous: walk.previous })?;
    }
    walk.previous = member;
    walk.step(walk.offset + walk.extra);
    Ok(Some(Bulk::Int(member)))
}

/// Returns the next member if there is one, and it is above the one before.
#[inline(always)]
pub(super) fn next_ascending<'a>(walk: &mut Walk, bytes: &'a [u8]) -> Option<Bulk<'a>> {
    let member = read(bytes, walk.offset, walk.extra)?;
    if walk.index == 0 || member <= walk.previous {
        return None;
    }
    walk.previous = member;
    walk.step(walk.offset + walk.extra);
    Some(Bulk::Int(member))
}

/// Reads a member of the given width in bytes.
#[inline]
fn read(bytes: &[u8], at: usize, width: usize) -> Option<i64> {
    match width {
        2 => Some(i64::from(i16::from_le_bytes(array(bytes, at)?))),
        4 => Some(i64::from(i32::from_le_bytes(array(bytes, at)?))),
        _ => Some(i64::from_le_bytes(array(bytes, at)?)),
    }
}

/// Why an intset can not be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum IntsetBuildError {
    /// The members are not strictly ascending.
    #[error("member {index} is not larger than the one before it")]
    Order {
        /// Index of the member out of order.
        index: usize,
    },
    /// The intset would be too large.
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
}

/// Appends the intset of strictly ascending members, as wide as the widest of them needs.
///
/// # Errors
/// Members that are not strictly ascending, or more than fit 1 GiB. Nothing is appended.
pub fn write_intset(members: &[i64], out: &mut Vec<u8>) -> Result<(), IntsetBuildError> {
    if let Some(index) = members.windows(2).position(|pair| pair.first() >= pair.last()) {
        return Err(IntsetBuildError::Order { index: index + 1 });
    }
    // Ascending members are widest at their ends.
    let width = width_of(members.first()).max(width_of(members.last()));
    let count = u32::try_from(members.len()).map_err(|_| TooLarge)?;
    let size = HEADER_BYTES + members.len().checked_mul(width).ok_or(TooLarge)?;
    if size > MAX_BLOB_BYTES {
        return Err(TooLarge.into());
    }
    out.reserve(size);
    out.extend_from_slice(&u32::try_from(width).unwrap_or(8).to_le_bytes());
    out.extend_from_slice(&count.to_le_bytes());
    for member in members {
        out.extend_from_slice(member.to_le_bytes().get(..width).unwrap_or_default());
    }
    Ok(())
}

/// Bytes that a member needs; 2 when there is none.
fn width_of(member: Option<&i64>) -> usize {
    match member {
        None | Some(-0x8000..=0x7fff) => 2,
        Some(-0x8000_0000..=0x7fff_ffff) => 4,
        Some(_) => 8,
    }
}

#[cfg(test)]
mod tests {
    use super::super::validate;
    use super::super::walk::tests::{hex, torture, walk_all};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn blobs_of_servers_are_read_and_written_alike() {
        for (blob, members) in [
            ("0200000003000000 fdff01000200", &[-3, 1, 2][..]),
            ("0400000002000000 0100000070110100", &[1, 70_000]),
            ("0800000002000000 0100000000000000 00f2052a01000000", &[1, 5_000_000_000]),
            ("0200000000000000", &[]),
        ] {
            let blob = hex(blob);
            let expected = members.iter().map(|member| member.to_string().into_bytes()).collect();
            assert_eq!(walk_all(Kind::Intset, &blob), (expected, vec![]));
            let mut built = Vec::new();
            write_intset(members, &mut built).unwrap();
            assert_eq!(built, blob);
            torture(Kind::Intset, &blob);
        }
    }

    #[test]
    fn damage_is_found() {
        let kind_of =
            |blob: &str| walk_all(Kind::Intset, &hex(blob)).1.first().map(|error| error.kind);
        assert_eq!(kind_of("02000000000000"), Some(PackedErrorKind::TooShort { size: 7, min: 8 }));
        assert_eq!(kind_of("0300000000000000"), Some(PackedErrorKind::IntsetWidth(3)));
        assert_eq!(
            kind_of("0200000002000000 0100"),
            Some(PackedErrorKind::IntsetSize { count: 2, width: 2, size: 10 })
        );
        assert_eq!(
            kind_of("08000000ffffffff 0100"),
            Some(PackedErrorKind::IntsetSize { count: 0xffff_ffff, width: 8, size: 10 })
        );
    }

    #[test]
    fn wrong_order_is_soft() {
        let blob = hex("0200000003000000 0300 0100 0100");
        let (members, errors) = walk_all(Kind::Intset, &blob);
        assert_eq!(members, [b"3", b"1", b"1"]);
        assert_eq!(
            errors,
            [
                PackedError {
                    kind: PackedErrorKind::Order { member: 1, previous: 3 },
                    element: 1,
                    offset: 10
                },
                PackedError {
                    kind: PackedErrorKind::Order { member: 1, previous: 1 },
                    element: 2,
                    offset: 12
                },
            ]
        );
        assert_eq!(
            write_intset(&[3, 1], &mut Vec::new()),
            Err(IntsetBuildError::Order { index: 1 })
        );
        assert_eq!(
            write_intset(&[1, 2, 2], &mut Vec::new()),
            Err(IntsetBuildError::Order { index: 2 })
        );
    }

    proptest! {
        #[test]
        fn what_is_built_is_read(members: std::collections::BTreeSet<i64>, shift in 0u32..60) {
            let members: std::collections::BTreeSet<i64> = members.iter().map(|member| member >> shift).collect();
            let members: Vec<_> = members.into_iter().collect();
            let mut blob = Vec::new();
            write_intset(&members, &mut blob).unwrap();
            let expected: Vec<_> = members.iter().map(|member| member.to_string().into_bytes()).collect();
            prop_assert_eq!(walk_all(Kind::Intset, &blob), (expected, vec![]));
            prop_assert_eq!(validate(Kind::Intset, &blob), Ok(members.len()));
        }
    }
}
