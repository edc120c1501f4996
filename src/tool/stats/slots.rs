//! How keys spread over the slots of a cluster.

use super::tally::Load;

/// Number of slots.
const SLOTS: usize = 16_384;

/// Counters of all slots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slots {
    loads: Vec<Load>,
}

impl Default for Slots {
    fn default() -> Self {
        Slots { loads: vec![Load::default(); SLOTS] }
    }
}

impl Slots {
    /// Counts a key.
    #[inline]
    pub fn add(&mut self, slot: u16, bytes: u64) {
        if let Some(load) = self.loads.get_mut(usize::from(slot)) {
            load.add(Load { keys: 1, bytes });
        }
    }

    /// Adds the counters of another.
    pub fn merge(&mut self, other: &Slots) {
        for (load, more) in self.loads.iter_mut().zip(&other.loads) {
            load.add(*more);
        }
    }

    /// Slots that have keys, the fullest first.
    pub fn fullest(&self) -> Vec<(u16, Load)> {
        let numbered = (0..).zip(self.loads.iter().copied());
        let mut used: Vec<_> = numbered.filter(|(_, load)| load.keys > 0).collect();
        used.sort_by_key(|(slot, load)| (std::cmp::Reverse((load.bytes, load.keys)), *slot));
        used
    }
}
