//! The largest keys, in a bounded heap.

use super::measure::Measured;
use crate::rdb::{Entry, Error, Kind};
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// The longest key name that is kept; longer ones are cut.
const NAME_BYTES: usize = 1024;

/// A key among the largest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopKey {
    /// What it is ranked by.
    pub weight: u64,
    /// Where it stands in the file.
    pub offset: u64,
    /// Its database.
    pub db: u64,
    /// Its name, cut at 1 KiB.
    pub key: Vec<u8>,
    /// What it holds.
    pub kind: Kind,
    /// Its expiry in unix milliseconds.
    pub expire_at_ms: Option<i64>,
    /// Its sizes.
    pub measured: Measured,
}

/// Heavier first; of equal ones, the one that comes first in the file.
impl Ord for TopKey {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.weight, Reverse(self.offset)).cmp(&(other.weight, Reverse(other.offset)))
    }
}

impl PartialOrd for TopKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Keeps the largest keys.
#[derive(Debug, Clone, Default)]
pub struct Top {
    limit: usize,
    heap: BinaryHeap<Reverse<TopKey>>,
}

impl Top {
    /// Keeps this many.
    pub fn new(limit: usize) -> Top {
        Top { limit, heap: BinaryHeap::new() }
    }

    /// Whether a key of this weight and place would be kept.
    #[inline]
    fn wants(&self, weight: u64, offset: u64) -> bool {
        match self.heap.peek() {
            Some(Reverse(least)) if self.heap.len() >= self.limit => {
                (weight, Reverse(offset)) > (least.weight, Reverse(least.offset))
            }
            _ => self.limit > 0,
        }
    }

    fn push(&mut self, key: TopKey) {
        if !self.wants(key.weight, key.offset) {
            return;
        }
        if self.heap.len() >= self.limit {
            self.heap.pop();
        }
        self.heap.push(Reverse(key));
    }

    /// Offers a key.
    #[inline]
    pub fn offer(&mut self, weight: u64, entry: &Entry<'_>, key: &Measured) -> Result<(), Error> {
        if !self.wants(weight, entry.span.start) {
            return Ok(());
        }
        let name = entry.key()?;
        self.push(TopKey {
            weight,
            offset: entry.span.start,
            db: entry.db,
            key: name.get(..NAME_BYTES).unwrap_or(&name).to_vec(),
            kind: entry.ty.kind,
            expire_at_ms: entry.attributes.expire_at_ms,
            measured: *key,
        });
        Ok(())
    }

    /// Takes over what another has kept.
    pub fn merge(&mut self, other: Top) {
        for Reverse(key) in other.heap {
            self.push(key);
        }
    }

    /// The kept keys, heaviest first.
    pub fn sorted(&self) -> Vec<&TopKey> {
        let mut keys: Vec<_> = self.heap.iter().map(|Reverse(key)| key).collect();
        keys.sort_by(|a, b| b.cmp(a));
        keys
    }
}
