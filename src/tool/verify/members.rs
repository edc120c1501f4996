//! Finds names that stand twice in one key, in bounded memory.
//!
//! Names are compared by hash while a value is read. Only if two hashes agree is the value read
//! again to confirm it and to tell which elements they are.

use super::repeats::{Feed, Hashes, Repeated, sift};
use std::io;
use std::mem;

/// Names compared in a table; more are sorted.
const TABLE_NAMES: usize = 512;

/// Places of the table: half of them stay free.
const TABLE_PLACES: usize = 1024;

#[derive(Clone, Copy, Default)]
struct Place {
    hash: u64,
    /// The value that put the hash here; places of other values are free.
    stamp: u64,
}

/// The names of one value at a time; memory is reused from value to value.
pub(super) struct Members {
    table: Vec<Place>,
    stamp: u64,
    /// Names in the table.
    small: usize,
    large: Vec<u64>,
    /// Most hashes in `large`.
    large_max: usize,
    huge: Option<(Hashes, Feed)>,
    found: Repeated,
}

impl Members {
    /// Keeps at most about this many bytes of hashes in memory.
    pub(super) fn new(memory_bytes: usize) -> Members {
        Members {
            table: vec![Place::default(); TABLE_PLACES],
            stamp: 1,
            small: 0,
            large: Vec::new(),
            large_max: (memory_bytes / 8 / 2).max(TABLE_NAMES * 2),
            huge: None,
            found: Repeated::default(),
        }
    }

    /// Adds the hash of a name.
    #[inline]
    pub(super) fn add(&mut self, hash: u64) -> io::Result<()> {
        if self.small >= TABLE_NAMES {
            return self.add_large(hash);
        }
        let mut at = hash as usize % TABLE_PLACES;
        while let Some(place) = self.table.get_mut(at) {
            if place.stamp != self.stamp {
                *place = Place { hash, stamp: self.stamp };
                self.small += 1;
                return Ok(());
            }
            if place.hash == hash {
                self.found.push(hash);
                return Ok(());
            }
            at = (at + 1) % TABLE_PLACES;
        }
        Ok(())
    }

    fn add_large(&mut self, hash: u64) -> io::Result<()> {
        if let Some((hashes, feed)) = &mut self.huge {
            return feed.push(hash, hashes);
        }
        if self.large.is_empty() {
            let ours = self.table.iter().filter(|place| place.stamp == self.stamp);
            self.large.extend(ours.map(|place| place.hash));
        }
        self.large.push(hash);
        if self.large.len() >= self.large_max {
            let hashes = Hashes::new(self.large_max * 4);
            let mut feed = Feed::new();
            for hash in self.large.drain(..) {
                feed.push(hash, &hashes)?;
            }
            self.huge = Some((hashes, feed));
        }
        Ok(())
    }

    /// Ends the value and gives the hashes that it has more than once.
    #[inline]
    pub(super) fn finish(&mut self) -> io::Result<Repeated> {
        if self.small >= TABLE_NAMES {
            self.finish_large()?;
        }
        self.stamp += 1;
        self.small = 0;
        if self.found.hashes.is_empty() {
            return Ok(Repeated::default());
        }
        let mut found = mem::take(&mut self.found);
        found.hashes.sort_unstable();
        found.hashes.dedup();
        Ok(found)
    }

    fn finish_large(&mut self) -> io::Result<()> {
        sift(&mut self.large, &mut self.found);
        self.large.clear();
        if let Some((hashes, mut feed)) = self.huge.take() {
            feed.flush(&hashes)?;
            let found = hashes.repeated(1, self.large_max * 8)?;
            found.hashes.iter().for_each(|hash| self.found.push(*hash));
            self.found.more += found.more;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spread(n: u64) -> u64 {
        n.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    #[test]
    fn repeated_names_are_found_at_every_size() {
        let mut members = Members::new(64 << 10);
        for n in [0, 1, 2, 511, 512, 513, 514, 2000, 4095, 4096, 4097, 100_000] {
            for twice in [None, Some(0), Some(n / 2)] {
                for i in 0..n {
                    members.add(spread(i)).unwrap();
                }
                let twice = twice.filter(|_| n > 0);
                if let Some(twice) = twice {
                    members.add(spread(twice)).unwrap();
                }
                let expected: Vec<u64> = twice.map(spread).into_iter().collect();
                assert_eq!(members.finish().unwrap().hashes, expected, "{n}");
            }
        }
    }
}
