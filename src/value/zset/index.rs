//! From a member to its score.

use crate::value::table::{Meta, New, Seed, Stored, Table};
use foldhash::quality::FixedState;
use std::hash::{BuildHasher, Hasher};

/// Decides where members go; any number would do.
const SEED: u64 = 0x7a73_6574;

/// Most scores in one entry of the table.
const ENTRY_SCORES: usize = 32;

/// The scores of all members, by 48 bits of each member's hash. Where members share them, an entry has several scores, and the
/// caller finds out which is whose; past [`ENTRY_SCORES`] further entries follow.
#[derive(Debug, Clone)]
pub(super) struct ScoreIndex {
    table: Table<()>,
}

/// The key of a member's entry.
struct Slot {
    bytes: [u8; 8],
    len: usize,
}

impl Slot {
    /// The first entry, or a further one.
    fn of(hash: u64, round: usize) -> Slot {
        let mut bytes = hash.to_be_bytes();
        let [.., high, low] = &mut bytes;
        // Sixteen bits are left to number entries; no more members than that can share a hash and be served at all fast.
        [*high, *low] = (round as u16).to_be_bytes();
        Slot { bytes, len: if round == 0 { 6 } else { 8 } }
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

fn hash(member: &[u8]) -> u64 {
    let mut hasher = FixedState::with_seed(SEED).build_hasher();
    hasher.write(member);
    hasher.finish()
}

/// Number of positions that a member can have in a walk over a set by hashes.
pub(super) const POSITIONS: u64 = 1 << 48;

/// A member's position in such a walk, which never changes.
pub(super) fn position(member: &[u8]) -> u64 {
    hash(member) >> 16
}

impl ScoreIndex {
    pub(super) fn new() -> ScoreIndex {
        ScoreIndex { table: Table::new(Seed::new(SEED)) }
    }

    fn entry(&self, hash: u64, round: usize) -> Option<&[u8]> {
        match self.table.get(Slot::of(hash, round).bytes())?.value {
            Stored::Bytes(bytes) => Some(bytes),
            Stored::Object(()) => None,
        }
    }

    fn set(&mut self, hash: u64, round: usize, scores: &[u8]) {
        let slot = Slot::of(hash, round);
        if scores.is_empty() {
            self.table.remove(slot.bytes());
        } else {
            self.table.insert(slot.bytes(), New::Bytes(scores), Meta::default());
        }
    }

    /// The scores that may be the member's.
    pub(super) fn candidates(&self, member: &[u8]) -> impl Iterator<Item = f64> {
        let hash = hash(member);
        (0..usize::from(u16::MAX))
            .map_while(move |round| self.entry(hash, round))
            .flat_map(|scores| scores.as_chunks::<8>().0)
            .map(|bits| f64::from_bits(u64::from_le_bytes(*bits)))
    }

    /// Adds the score of a member that is not there.
    pub(super) fn insert(&mut self, member: &[u8], score: f64) {
        self.insert_hashed(hash(member), score);
    }

    fn insert_hashed(&mut self, hash: u64, score: f64) {
        let bits = score.to_bits().to_le_bytes();
        let mut round = 0;
        loop {
            let scores = self.entry(hash, round).unwrap_or_default();
            if scores.len() < ENTRY_SCORES * 8 {
                if scores.is_empty() {
                    self.set(hash, round, &bits);
                } else {
                    let scores = [scores, &bits].concat();
                    self.set(hash, round, &scores);
                }
                return;
            }
            round += 1;
        }
    }

    /// Removes the score of a member.
    pub(super) fn remove(&mut self, member: &[u8], score: f64) {
        self.remove_hashed(hash(member), score);
    }

    fn remove_hashed(&mut self, hash: u64, score: f64) {
        let bits = score.to_bits().to_le_bytes();
        let place = |scores: &[u8]| scores.as_chunks::<8>().0.iter().position(|one| *one == bits);
        let Some((round, at)) = (0..)
            .map_while(|round| self.entry(hash, round).map(|scores| (round, place(scores))))
            .find_map(|(round, at)| at.map(|at| (round, at)))
        else {
            return;
        };
        // The last score of the last entry fills the gap.
        let mut last_round = round;
        while self.entry(hash, last_round + 1).is_some() {
            last_round += 1;
        }
        let mut last = self.entry(hash, last_round).unwrap_or_default().to_vec();
        let filler = last.split_off(last.len() - 8);
        if last_round == round {
            if at * 8 < last.len() {
                last[at * 8..at * 8 + 8].copy_from_slice(&filler);
            }
        } else {
            let mut scores = self.entry(hash, round).unwrap_or_default().to_vec();
            scores[at * 8..at * 8 + 8].copy_from_slice(&filler);
            self.set(hash, round, &scores);
        }
        self.set(hash, last_round, &last);
    }

    /// Replaces a member's score.
    pub(super) fn replace(&mut self, member: &[u8], old: f64, new: f64) {
        let hash = hash(member);
        let (old_bits, bits) = (old.to_bits().to_le_bytes(), new.to_bits().to_le_bytes());
        // Nearly always the member has its hash for itself.
        if self.entry(hash, 0) == Some(&old_bits[..]) {
            self.set(hash, 0, &bits);
        } else {
            self.remove_hashed(hash, old);
            self.insert_hashed(hash, new);
        }
    }

    pub(super) fn allocated_bytes(&self) -> usize {
        self.table.allocated_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_members_may_share_a_hash() {
        let mut index = ScoreIndex::new();
        let scores = |index: &ScoreIndex| {
            let mut found: Vec<f64> = (0..10)
                .map_while(|round| index.entry(5, round))
                .flat_map(|scores| scores.as_chunks::<8>().0)
                .map(|bits| f64::from_bits(u64::from_le_bytes(*bits)))
                .collect();
            found.sort_by(f64::total_cmp);
            found
        };
        let mut model: Vec<f64> = (0..100).map(f64::from).collect();
        for score in &model {
            index.insert_hashed(5, *score);
        }
        assert_eq!(scores(&index), model);
        for step in 0..100 {
            let gone = model.remove(step * 37 % model.len());
            index.remove_hashed(5, gone);
            assert_eq!(scores(&index), model);
        }
        assert_eq!(index.table.len(), 0);
    }
}
