//! Where keys belong in a table.

use crate::base::slot::key_slot;
use foldhash::quality::FixedState;
use std::hash::{BuildHasher, Hasher};

/// Decides the order of a table's entries. Tables with equal seeds have equal keys in equal places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seed {
    number: u64,
    by_slot: bool,
}

impl Seed {
    /// The order that a number gives.
    pub fn new(number: u64) -> Seed {
        Seed { number, by_slot: false }
    }

    /// An order in which the keys of a cluster slot stand together, and slots rise.
    pub fn by_slot(number: u64) -> Seed {
        Seed { number, by_slot: true }
    }

    /// The hash of a key. With slots, the topmost 14 bits are the key's slot.
    #[inline]
    pub fn hash(self, key: &[u8]) -> u64 {
        let hash = plain(self.number, key);
        if self.by_slot { u64::from(key_slot(key)) << 50 | hash >> 14 } else { hash }
    }

    /// The hash that decides where even 60 bits of the first one do not.
    pub(super) fn rehash(self, key: &[u8], round: u32) -> u64 {
        plain(self.number.wrapping_add(u64::from(round)), key)
    }
}

#[inline]
fn plain(number: u64, key: &[u8]) -> u64 {
    let mut hasher = FixedState::with_seed(number).build_hasher();
    hasher.write(key);
    hasher.finish()
}
