//! The heaviest of very many names, in bounded memory: Space-Saving, pruned in bulk.

use std::collections::HashMap;

/// Bytes of a name that are kept; longer names that start alike count as one.
pub const NAME_BYTES_MAX: usize = 1024;

/// What is known of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Heavy {
    /// Times it was added since it was watched.
    pub keys: u64,
    /// Its weight; too high by `error_bytes` at most.
    pub bytes: u64,
    /// What it may have weighed before it was watched, at most.
    pub error_bytes: u64,
}

/// Watches names and forgets light ones.
///
/// A name's weight is never told too low. Names that weigh more than all names together divided by
/// the capacity are never forgotten.
#[derive(Debug, Clone)]
pub struct HeavyHitters {
    capacity: usize,
    names: HashMap<Vec<u8>, Heavy, foldhash::fast::RandomState>,
    /// The most that a forgotten name can weigh.
    floor: u64,
}

impl HeavyHitters {
    /// Watches at least this many names, and at most twice as many.
    pub fn new(capacity: usize) -> HeavyHitters {
        let capacity = capacity.max(1);
        HeavyHitters { capacity, names: HashMap::default(), floor: 0 }
    }

    /// Adds weight to a name.
    pub fn add(&mut self, name: &[u8], bytes: u64) {
        let name = name.get(..NAME_BYTES_MAX).unwrap_or(name);
        if let Some(heavy) = self.names.get_mut(name) {
            heavy.keys += 1;
            heavy.bytes += bytes;
            return;
        }
        let heavy = Heavy { keys: 1, bytes: self.floor + bytes, error_bytes: self.floor };
        self.names.insert(name.to_vec(), heavy);
        if self.names.len() > self.capacity.saturating_mul(2) {
            self.prune();
        }
    }

    fn prune(&mut self) {
        let mut weights: Vec<u64> = self.names.values().map(|heavy| heavy.bytes).collect();
        let cut = weights.len().saturating_sub(self.capacity);
        if cut == 0 {
            return;
        }
        let (_, floor, _) = weights.select_nth_unstable(cut - 1);
        let floor = *floor;
        self.floor = self.floor.max(floor);
        self.names.retain(|_, heavy| heavy.bytes > floor);
    }

    /// Adds what another one has seen.
    pub fn merge(&mut self, other: HeavyHitters) {
        let (floor, other_floor) = (self.floor, other.floor);
        for heavy in self.names.values_mut() {
            // Taken back below for names that the other one has watched.
            heavy.bytes += other_floor;
            heavy.error_bytes += other_floor;
        }
        for (name, theirs) in other.names {
            let none =
                Heavy { keys: 0, bytes: floor + other_floor, error_bytes: floor + other_floor };
            let ours = self.names.entry(name).or_insert(none);
            ours.keys += theirs.keys;
            ours.bytes = ours.bytes - other_floor + theirs.bytes;
            ours.error_bytes = ours.error_bytes - other_floor + theirs.error_bytes;
        }
        self.floor = floor + other_floor;
        if self.names.len() > self.capacity.saturating_mul(2) {
            self.prune();
        }
    }

    /// The heaviest names, heaviest first.
    pub fn top(&self, n: usize) -> Vec<(&[u8], Heavy)> {
        let mut names: Vec<_> =
            self.names.iter().map(|(name, heavy)| (name.as_slice(), *heavy)).collect();
        names.sort_by(|(a, x), (b, y)| y.bytes.cmp(&x.bytes).then_with(|| a.cmp(b)));
        names.truncate(n);
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_names_are_counted_exactly() {
        let (mut a, mut b) = (HeavyHitters::new(10), HeavyHitters::new(10));
        a.add(b"x", 5);
        a.add(b"y", 1);
        b.add(b"x", 7);
        b.add(b"z", 2);
        a.merge(b);
        let heavy = |keys, bytes| Heavy { keys, bytes, error_bytes: 0 };
        assert_eq!(a.top(9), [(&b"x"[..], heavy(2, 12)), (b"z", heavy(1, 2)), (b"y", heavy(1, 1))]);
        assert_eq!(a.top(1).len(), 1);
    }

    #[test]
    fn heavy_names_survive_floods_of_light_ones() {
        let mut parts: Vec<_> = (0..3).map(|_| HeavyHitters::new(50)).collect();
        for i in 0..30_000u32 {
            let part = parts.get_mut(i as usize % 3).unwrap();
            part.add(&i.to_le_bytes(), 1);
            if i % 10 == 0 {
                part.add(b"heavy", 3);
            }
        }
        let mut all = HeavyHitters::new(50);
        parts.into_iter().for_each(|part| all.merge(part));
        let [(name, heavy)] = all.top(1).try_into().unwrap();
        assert_eq!(name, b"heavy");
        assert!(heavy.bytes >= 9000 && heavy.bytes - heavy.error_bytes <= 9000, "{heavy:?}");
        assert!(all.names.len() <= 100);
    }

    #[test]
    fn long_names_are_cut() {
        let mut all = HeavyHitters::new(1);
        all.add(&[b'x'; 5000], 1);
        assert_eq!(all.top(1).first().map(|(name, _)| name.len()), Some(NAME_BYTES_MAX));
    }
}
