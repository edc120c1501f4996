//! An intset that can be changed.

use super::{Kind, PackedError, validate};

/// A sorted set of integers in the stored form: a width of 2, 4 or 8 bytes for all, the count, the members in rising order.
/// Identical to the byte to what servers build from the same members in the same order of insertion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intset {
    bytes: Vec<u8>,
}

const HEADER_BYTES: usize = 8;

fn width_of(n: i64) -> usize {
    if i16::try_from(n).is_ok() {
        2
    } else if i32::try_from(n).is_ok() {
        4
    } else {
        8
    }
}

impl Default for Intset {
    fn default() -> Self {
        Intset::new()
    }
}

impl Intset {
    /// The empty set.
    pub fn new() -> Intset {
        Intset { bytes: vec![2, 0, 0, 0, 0, 0, 0, 0] }
    }

    /// Takes over a stored set after checking it.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Intset, PackedError> {
        validate(Kind::Intset, &bytes)?;
        Ok(Intset { bytes })
    }

    /// The stored form.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn width(&self) -> usize {
        usize::from(self.bytes.first().copied().unwrap_or(8)).max(2)
    }

    /// Number of members.
    pub fn len(&self) -> usize {
        (self.bytes.len().saturating_sub(HEADER_BYTES)) / self.width()
    }

    /// Whether there is no member.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The member at an index, in rising order.
    pub fn get(&self, index: usize) -> Option<i64> {
        let width = self.width();
        let bytes =
            super::slice(&self.bytes, HEADER_BYTES.checked_add(index.checked_mul(width)?)?, width)?;
        let mut wide = [if bytes.last()? & 0x80 != 0 { 0xff } else { 0 }; 8];
        wide.get_mut(..width)?.copy_from_slice(bytes);
        Some(i64::from_le_bytes(wide))
    }

    /// Where a member is, or would be.
    fn search(&self, n: i64) -> Result<usize, usize> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            match self.get(middle).map(|at| at.cmp(&n)) {
                Some(std::cmp::Ordering::Less) => low = middle + 1,
                Some(std::cmp::Ordering::Equal) => return Ok(middle),
                _ => high = middle,
            }
        }
        Err(low)
    }

    /// Whether a member is there.
    pub fn contains(&self, n: i64) -> bool {
        self.search(n).is_ok()
    }

    /// Adds a member; false if it was there.
    pub fn insert(&mut self, n: i64) -> bool {
        let Err(index) = self.search(n) else { return false };
        if width_of(n) > self.width() {
            self.widen(width_of(n));
        }
        let width = self.width();
        let at = HEADER_BYTES + index * width;
        let member = n.to_le_bytes();
        self.bytes.splice(at..at, member.iter().take(width).copied());
        self.write_count();
        true
    }

    /// Removes a member; false if it was not there.
    pub fn remove(&mut self, n: i64) -> bool {
        let Ok(index) = self.search(n) else { return false };
        let width = self.width();
        let at = HEADER_BYTES + index * width;
        self.bytes.drain(at..at + width);
        self.write_count();
        true
    }

    fn write_count(&mut self) {
        let count = u32::try_from(self.len()).unwrap_or(u32::MAX).to_le_bytes();
        if let Some(place) = self.bytes.get_mut(4..HEADER_BYTES) {
            place.copy_from_slice(&count);
        }
    }

    fn widen(&mut self, width: usize) {
        let mut bytes = Vec::with_capacity(HEADER_BYTES + (self.len() + 1) * width);
        bytes.extend_from_slice(&u32::try_from(width).unwrap_or(8).to_le_bytes());
        bytes.extend_from_slice(&[0; 4]);
        for n in self.iter() {
            bytes.extend(n.to_le_bytes().iter().take(width));
        }
        self.bytes = bytes;
        self.write_count();
    }

    /// The members in rising order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = i64> + ExactSizeIterator + '_ {
        (0..self.len()).map(|index| self.get(index).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::bulk::Bulk;
    use crate::packed::{Walk, write_intset};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn behaves_as_a_set(changes: Vec<(bool, i64, u8)>) {
            let (mut set, mut model) = (Intset::new(), std::collections::BTreeSet::new());
            for (add, n, shift) in changes {
                let n = n >> (shift % 64);
                prop_assert_eq!(set.contains(n), model.contains(&n));
                if add {
                    prop_assert_eq!(set.insert(n), model.insert(n));
                } else {
                    prop_assert_eq!(set.remove(n), model.remove(&n));
                }
                prop_assert_eq!(set.iter().collect::<Vec<_>>(), model.iter().copied().collect::<Vec<_>>());
                prop_assert!(Intset::from_bytes(set.as_bytes().to_vec()).is_ok());
            }
        }
    }

    #[test]
    fn equal_to_what_is_written_at_once() {
        let members = [-70_000, -3, 0, 5, 40_000];
        let mut set = Intset::new();
        for n in [5, 0, 40_000, -3, -70_000] {
            assert!(set.insert(n));
        }
        let mut bytes = Vec::new();
        write_intset(&members, &mut bytes).unwrap();
        assert_eq!(set.as_bytes(), bytes);
        assert!(matches!(
            Walk::start(Kind::Intset, set.as_bytes()).unwrap().next(set.as_bytes()),
            Ok(Some(Bulk::Int(-70_000)))
        ));
    }
}
