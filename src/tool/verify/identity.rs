//! Two independent seeded hashes that stand for a name: the first finds names that may be equal,
//! the second confirms it.

use foldhash::fast::RandomState as First;
use std::collections::hash_map::RandomState as Second;
use std::hash::{BuildHasher, Hasher};

/// The seeds of one run.
#[derive(Clone, Default)]
pub(super) struct Seeds {
    first: First,
    second: Second,
}

impl Seeds {
    /// A name's hash; `scope` keeps equal names apart that may both occur.
    #[inline]
    pub(super) fn first(&self, scope: u64, name: &[u8]) -> u64 {
        // Odd, so that no two scopes of a name give one hash.
        const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut hasher = self.first.build_hasher();
        hasher.write(name);
        hasher.finish().wrapping_add(scope.wrapping_mul(SPREAD))
    }

    /// Both hashes. That two names agree in both is less likely than a fault of the machine.
    pub(super) fn both(&self, scope: u64, name: &[u8]) -> [u64; 2] {
        [self.first(scope, name), self.second.hash_one((scope, name))]
    }
}
