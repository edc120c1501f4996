//! Finds names that stand twice in one key, in bounded memory.
//!
//! Names are compared by hash while a value is read. Only if two hashes agree is the value read
//! again to confirm it and to tell which elements they are.

use super::repeats::{Feed, Hashes, Repeated, sift};
use std::io;
use std::mem;

/// Names that are looked up among bits; more are sorted.
const SMALL_NAMES: usize = 512;

/// Words of the bits: few enough for a cache, and enough that names seldom share one.
const WORDS: usize = 1024;

/// The names of one value at a time; memory is reused from value to value.
pub(super) struct Members {
    /// A bit for each hash in `small`, by its highest bits.
    bits: Vec<u64>,
    small: Vec<u64>,
    /// Hashes whose bit was set when they came.
    suspects: Vec<u64>,
    large: Vec<u64>,
    /// Most hashes in `large`.
    large_max: usize,
    huge: Option<(Hashes, Feed)>,
    found: Repeated,
}

/// The word and the bit of a hash.
#[inline(always)]
fn place(hash: u64) -> (usize, u64) {
    const SHIFT: u32 = u64::BITS - WORDS.ilog2();
    ((hash >> SHIFT) as usize, 1 << (hash >> (SHIFT - 6) & 63))
}

impl Members {
    /// Keeps at most about this many bytes of hashes in memory.
    pub(super) fn new(memory_bytes: usize) -> Members {
        Members {
            bits: vec![0; WORDS],
            small: Vec::with_capacity(SMALL_NAMES),
            suspects: Vec::new(),
            large: Vec::new(),
            large_max: (memory_bytes / 8 / 2).max(SMALL_NAMES * 2),
            huge: None,
            found: Repeated::default(),
        }
    }

    /// Adds the hash of a name.
    #[inline]
    pub(super) fn add(&mut self, hash: u64) -> io::Result<()> {
        if self.small.len() >= SMALL_NAMES {
            return self.add_large(hash);
        }
        self.small.push(hash);
        let (word, bit) = place(hash);
        if let Some(word) = self.bits.get_mut(word) {
            if *word & bit != 0 {
                self.suspects.push(hash);
            }
            *word |= bit;
        }
        Ok(())
    }

    fn add_large(&mut self, hash: u64) -> io::Result<()> {
        if let Some((hashes, feed)) = &mut self.huge {
            return feed.push(hash, hashes);
        }
        if self.large.is_empty() {
            self.large.extend_from_slice(&self.small);
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
        if !self.large.is_empty() || self.huge.is_some() {
            self.finish_large()?;
        } else if !self.suspects.is_empty() {
            self.finish_small();
        }
        for hash in self.small.drain(..) {
            if let Some(word) = self.bits.get_mut(place(hash).0) {
                *word = 0;
            }
        }
        self.suspects.clear();
        if self.found.hashes.is_empty() {
            return Ok(Repeated::default());
        }
        let mut found = mem::take(&mut self.found);
        found.hashes.sort_unstable();
        found.hashes.dedup();
        Ok(found)
    }

    #[cold]
    fn finish_small(&mut self) {
        self.suspects.sort_unstable();
        self.suspects.dedup();
        for suspect in &self.suspects {
            let names = self.small.iter().filter(|hash| *hash == suspect);
            names.skip(1).for_each(|hash| self.found.push(*hash));
        }
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
