//! Arrays: strings by index, of which any may be missing.

mod run;

#[cfg(test)]
mod tests;

pub use run::{MAX_ITEMS as RUN_ITEMS_MAX, Run};

use crate::value::tree::{Leaf as _, Leaves, Place, Tree};

/// Highest index of an item; the number behind it must be an index count.
pub const INDEX_MAX: u64 = u64::MAX - 1;

/// A sparse array. Cloning it costs nothing that grows with its size.
#[derive(Debug, Clone, Default)]
pub struct Array {
    items: Tree<Run>,
    last_insert: Option<u64>,
}

impl Array {
    /// An array without items.
    pub fn new() -> Array {
        Array::default()
    }

    /// Number of items.
    pub fn count(&self) -> u64 {
        self.items.len()
    }

    /// Whether there is no item.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The index behind the last item.
    pub fn len(&self) -> u64 {
        self.items.leaf(Place::Last).map_or(0, |found| found.leaf.last_index().saturating_add(1))
    }

    /// The runs that hold the items.
    pub fn runs(&self) -> impl Iterator<Item = &Run> {
        self.items.leaves()
    }

    /// Bytes allocated.
    pub fn allocated_bytes(&self) -> usize {
        size_of::<Array>() + self.items.allocated_bytes(Run::allocated_bytes)
    }

    /// The item at an index.
    pub fn get(&self, index: u64) -> Option<&[u8]> {
        let run = self.items.leaf_where(|key| *key <= index)?.leaf;
        run.search(index).ok().map(|at| run.value(at))
    }

    /// Sets the item at an index; whether there was none. Indexes above [`INDEX_MAX`] are not taken.
    pub fn set(&mut self, index: u64, value: &[u8]) -> bool {
        if index > INDEX_MAX {
            return false;
        }
        let last = self.items.leaf(Place::Last).map(|found| found.leaf);
        if last.is_none_or(|run| run.last_index() < index && !run.has_room(value)) {
            // Indexes mostly rise, and then fill their runs.
            self.items.push_back(Run::of(index, value));
            return true;
        }
        let set = |run: &mut Run, more: &mut Vec<Run>| {
            let is_new = run.set(index, value);
            if run.is_over() {
                more.push(run.split_off());
            }
            is_new
        };
        self.items.update_where(|key| *key <= index, set).unwrap_or_default()
    }

    /// Takes the item at an index away; whether there was one.
    pub fn remove(&mut self, index: u64) -> bool {
        self.remove_range(index, index) > 0
    }

    /// Takes the items from one index to another away; how many there were.
    pub fn remove_range(&mut self, first: u64, last: u64) -> u64 {
        let (start, end) = (self.rank(first), self.rank(last.saturating_add(1)));
        self.items.remove(start..end);
        end.saturating_sub(start)
    }

    /// Number of items below an index.
    fn rank(&self, index: u64) -> u64 {
        self.items.leaf_where(|key| *key < index).map_or(0, |found| {
            let at = found.leaf.search(index).unwrap_or_else(|at| at);
            found.before + at as u64
        })
    }

    /// The items from one index to another, both included; backwards if the second one is lower.
    pub fn items(&self, from: u64, to: u64) -> Items<'_> {
        let backwards = from > to;
        let mut leaves = self.items.leaves_where(|key| *key <= from, backwards);
        let run = leaves.next();
        let at = run.map_or(0, |run| match (run.search(from), backwards) {
            (Ok(at), false) | (Err(at), _) => at,
            (Ok(at), true) => at + 1,
        });
        Items { leaves, run, at, to, backwards }
    }

    /// All items by rising index.
    pub fn iter(&self) -> Items<'_> {
        self.items(0, u64::MAX)
    }

    /// The index of the item that was inserted last, which decides where the next one goes.
    pub fn last_insert(&self) -> Option<u64> {
        self.last_insert
    }

    /// Sets the index of the item that was inserted last.
    pub fn set_last_insert(&mut self, index: Option<u64>) {
        self.last_insert = index.filter(|index| *index <= INDEX_MAX);
    }

    /// Where the next inserted item goes; `None` if there is no index left.
    pub fn next_insert(&self) -> Option<u64> {
        match self.last_insert {
            None => Some(0),
            Some(INDEX_MAX) => None,
            Some(last) => Some(last + 1),
        }
    }

    /// Where a walk over what was inserted last begins: at the item inserted last, or else at the last one.
    pub fn anchor(&self) -> u64 {
        let len = self.len();
        self.last_insert.filter(|last| *last < len).unwrap_or(len.saturating_sub(1))
    }

    /// Gets the array ready for insertions at indexes below `size`, one after the other and then from the first again: if there
    /// are items that it would never come to, or if it would come to others than the oldest, those that were inserted last move
    /// to the beginning, the oldest of them first, and all others go.
    pub fn make_ring(&mut self, size: u64) {
        let len = self.len();
        let grows =
            || self.last_insert.is_some_and(|last| size > len && last.saturating_add(1) < len);
        if len == 0 || !(size < len || grows()) {
            return;
        }
        let anchor = self.last_insert.map_or(len - 1, |last| last % len);
        let mut kept: Vec<&[u8]> = Vec::new();
        let mut at = anchor;
        let below = self.items(anchor, 0).chain(self.items(len - 1, anchor.saturating_add(1)));
        for (index, value) in below.take(usize::try_from(size.min(len)).unwrap_or(usize::MAX)) {
            // The first hole ends it.
            if index != at {
                break;
            }
            kept.push(value);
            at = at.checked_sub(1).unwrap_or(len - 1);
        }
        let mut ring = Array::new();
        for (index, value) in (0..).zip(kept.iter().rev()) {
            ring.set(index, value);
            ring.last_insert = Some(index);
        }
        *self = ring;
    }
}

/// Items of an array with their indexes.
#[derive(Debug, Clone)]
pub struct Items<'a> {
    leaves: Leaves<'a, Run>,
    run: Option<&'a Run>,
    /// The item that comes next; backwards the one behind it.
    at: usize,
    /// The last index that is wanted.
    to: u64,
    backwards: bool,
}

impl<'a> Iterator for Items<'a> {
    type Item = (u64, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let run = self.run?;
            let next = if self.backwards { self.at.checked_sub(1) } else { Some(self.at) };
            let Some(at) = next.filter(|at| *at < run.count()) else {
                self.run = self.leaves.next();
                self.at = self.run.filter(|_| self.backwards).map_or(0, |run| run.count());
                continue;
            };
            let index = run.index(at);
            if if self.backwards { index < self.to } else { index > self.to } {
                self.run = None;
                return None;
            }
            self.at = if self.backwards { at } else { at + 1 };
            return Some((index, run.value(at)));
        }
    }
}
