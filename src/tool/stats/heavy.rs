//! The most frequent names among any number of them, by the Space-Saving algorithm: a fixed number
//! of counters, and a new name takes over the smallest. A count is too high by at most the count
//! taken over, which is kept as the error.

use foldhash::fast::RandomState;
use std::collections::HashMap;

/// Number of counters.
pub const COUNTERS: usize = 1000;
/// The longest name that is kept; longer ones are cut.
const NAME_BYTES: usize = 256;

/// A name and how often it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counter {
    /// The name, cut at 256 bytes.
    pub name: Vec<u8>,
    /// How often it came, at most.
    pub keys: u64,
    /// How much of that may belong to other names.
    pub error: u64,
    /// Bytes that came with the name since it has its counter.
    pub bytes: u64,
    /// Its place in the heap.
    place: usize,
}

/// Counts names.
#[derive(Debug, Clone, Default)]
pub struct Heavy {
    counters: Vec<Counter>,
    index: HashMap<Vec<u8>, usize, RandomState>,
    /// Counters by rising count, as a binary heap.
    heap: Vec<usize>,
}

impl Heavy {
    /// Counts a name.
    pub fn add(&mut self, name: &[u8], bytes: u64) {
        self.add_many(name, 1, 0, bytes);
    }

    fn add_many(&mut self, name: &[u8], keys: u64, error: u64, bytes: u64) {
        let name = name.get(..NAME_BYTES).unwrap_or(name);
        let at = match self.index.get(name) {
            Some(at) => *at,
            None if self.counters.len() < COUNTERS => self.append(name),
            None => self.take_over(name),
        };
        if let Some(counter) = self.counters.get_mut(at) {
            counter.keys += keys;
            counter.error += error;
            counter.bytes += bytes;
            let place = counter.place;
            self.sink(place);
        }
    }

    fn append(&mut self, name: &[u8]) -> usize {
        let (at, place) = (self.counters.len(), self.heap.len());
        self.counters.push(Counter { name: name.to_vec(), keys: 0, error: 0, bytes: 0, place });
        self.heap.push(at);
        self.index.insert(name.to_vec(), at);
        // A count of zero belongs at the top.
        self.rise(place);
        at
    }

    fn take_over(&mut self, name: &[u8]) -> usize {
        let at = self.heap.first().copied().unwrap_or(0);
        if let Some(counter) = self.counters.get_mut(at) {
            let old = std::mem::replace(&mut counter.name, name.to_vec());
            (counter.error, counter.bytes) = (counter.keys, 0);
            self.index.remove(&old);
            self.index.insert(name.to_vec(), at);
        }
        at
    }

    fn keys_at(&self, place: usize) -> Option<u64> {
        self.counters.get(*self.heap.get(place)?).map(|counter| counter.keys)
    }

    fn swap(&mut self, a: usize, b: usize) {
        self.heap.swap(a, b);
        for place in [a, b] {
            let at = self.heap.get(place).copied();
            if let Some(counter) = at.and_then(|at| self.counters.get_mut(at)) {
                counter.place = place;
            }
        }
    }

    fn rise(&mut self, mut place: usize) {
        while place > 0 {
            let parent = (place - 1) / 2;
            if self.keys_at(parent) <= self.keys_at(place) {
                return;
            }
            self.swap(parent, place);
            place = parent;
        }
    }

    fn sink(&mut self, mut place: usize) {
        while let Some(mut least) = self.keys_at(place) {
            let mut to = place;
            for child in [2 * place + 1, 2 * place + 2] {
                if let Some(keys) = self.keys_at(child).filter(|keys| *keys < least) {
                    (least, to) = (keys, child);
                }
            }
            if to == place {
                return;
            }
            self.swap(place, to);
            place = to;
        }
    }

    /// What a name without a counter may have come to.
    fn missed(&self) -> u64 {
        if self.counters.len() < COUNTERS { 0 } else { self.keys_at(0).unwrap_or(0) }
    }

    /// Adds the counts of another.
    pub fn merge(&mut self, other: &Heavy) {
        let (missed_here, missed_there) = (self.missed(), other.missed());
        let mut all: HashMap<Vec<u8>, Counter, RandomState> = HashMap::default();
        for counter in &self.counters {
            let mut counter = counter.clone();
            if !other.index.contains_key(&counter.name) {
                counter.keys += missed_there;
                counter.error += missed_there;
            }
            all.insert(counter.name.clone(), counter);
        }
        for counter in &other.counters {
            if let Some(known) = all.get_mut(&counter.name) {
                known.keys += counter.keys;
                known.error += counter.error;
                known.bytes += counter.bytes;
                continue;
            }
            let mut counter = counter.clone();
            counter.keys += missed_here;
            counter.error += missed_here;
            all.insert(counter.name.clone(), counter);
        }
        let mut all: Vec<_> = all.into_values().collect();
        sort(&mut all);
        *self = Heavy::default();
        for counter in all.iter().take(COUNTERS) {
            self.add_many(&counter.name, counter.keys, counter.error, counter.bytes);
        }
    }

    /// Whether every name has its counter, so that counts are exact.
    pub fn is_exact(&self) -> bool {
        self.counters.iter().all(|counter| counter.error == 0)
    }

    /// The counters, most frequent first.
    pub fn sorted(&self) -> Vec<Counter> {
        let mut all = self.counters.clone();
        sort(&mut all);
        all
    }
}

fn sort(counters: &mut [Counter]) {
    counters.sort_by(|a, b| b.keys.cmp(&a.keys).then_with(|| a.name.cmp(&b.name)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequent_names_survive_a_flood() {
        let mut halves = [Heavy::default(), Heavy::default()];
        for n in 0..40_000_u32 {
            let half = &mut halves[n as usize % 2];
            half.add(n.to_string().as_bytes(), 1);
            if n % 4 < 2 {
                half.add(b"hot", 10);
            }
        }
        let [mut all, other] = halves;
        all.merge(&other);
        let counters = all.sorted();
        assert_eq!(counters.len(), COUNTERS);
        let hot = &counters[0];
        assert_eq!(hot.name, b"hot");
        assert!(hot.keys >= 20_000 && hot.keys - hot.error <= 20_000, "{hot:?}");
        assert!(!all.is_exact());
    }

    #[test]
    fn few_names_are_counted_exactly() {
        let (mut one, mut two) = (Heavy::default(), Heavy::default());
        (0..900).for_each(|n: u32| one.add(n.to_string().as_bytes(), 2));
        (800..900).for_each(|n: u32| two.add(n.to_string().as_bytes(), 3));
        one.merge(&two);
        let counters = one.sorted();
        assert!(one.is_exact());
        assert_eq!(counters.len(), 900);
        let both = counters.iter().filter(|counter| (counter.keys, counter.bytes) == (2, 5));
        assert_eq!(both.count(), 100);
    }
}
