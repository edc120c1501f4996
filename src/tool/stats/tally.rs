//! Sums over a group of keys.

use super::measure::Measured;

/// What the keys of a group come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Number of keys.
    pub keys: u64,
    /// Bytes of their records in the file.
    pub stored_bytes: u64,
    /// Estimated bytes in a server's memory.
    pub memory_bytes: u64,
    /// Number of their elements.
    pub elements: u64,
}

impl Tally {
    /// One key.
    #[inline]
    pub fn of(key: &Measured) -> Tally {
        Tally {
            keys: 1,
            stored_bytes: key.stored_bytes,
            memory_bytes: key.memory_bytes,
            elements: key.elements,
        }
    }

    /// Adds another group.
    #[inline]
    pub fn add(&mut self, other: &Tally) {
        self.keys += other.keys;
        self.stored_bytes += other.stored_bytes;
        self.memory_bytes += other.memory_bytes;
        self.elements += other.elements;
    }
}

/// Keys and what they weigh, where no more is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Load {
    /// Number of keys.
    pub keys: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl Load {
    /// Adds another.
    #[inline]
    pub fn add(&mut self, other: Load) {
        self.keys += other.keys;
        self.bytes += other.bytes;
    }
}
