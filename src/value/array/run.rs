//! A run of an array's items: the leaf of its tree.

use crate::value::tree::Leaf;
use std::ops::Range;

/// Most items of a run.
pub const MAX_ITEMS: usize = 128;

/// Most bytes of values in a run that has more than one.
const MAX_HEAP_BYTES: usize = 4096;

/// Items by rising index.
#[derive(Debug, Clone, Default)]
pub struct Run {
    /// The index of each item, and where its value ends in the heap.
    places: Vec<(u64, usize)>,
    heap: Vec<u8>,
}

impl Run {
    pub(super) fn of(index: u64, value: &[u8]) -> Run {
        Run { places: vec![(index, value.len())], heap: value.to_vec() }
    }

    /// Number of indexes from the first item to the last.
    pub fn span(&self) -> u64 {
        match self.places.first() {
            Some((first, _)) => (self.last_index() - first).saturating_add(1),
            None => 0,
        }
    }

    /// The index of the last item, 0 if there is none.
    pub(super) fn last_index(&self) -> u64 {
        self.places.last().map_or(0, |(index, _)| *index)
    }

    pub(super) fn allocated_bytes(&self) -> usize {
        self.places.capacity() * size_of::<(u64, usize)>() + self.heap.capacity()
    }

    fn start(&self, at: usize) -> usize {
        at.checked_sub(1).map_or(0, |before| self.places[before].1)
    }

    pub(super) fn index(&self, at: usize) -> u64 {
        self.places[at].0
    }

    pub(super) fn value(&self, at: usize) -> &[u8] {
        &self.heap[self.start(at)..self.places[at].1]
    }

    /// Where an index is among the items, or where it belongs.
    pub(super) fn search(&self, index: u64) -> Result<usize, usize> {
        self.places.binary_search_by_key(&index, |place| place.0)
    }

    /// Whether a value can come at the end.
    pub(super) fn has_room(&self, value: &[u8]) -> bool {
        self.places.len() < MAX_ITEMS && self.heap.len() + value.len() <= MAX_HEAP_BYTES
    }

    /// Whether there is too much for one run.
    pub(super) fn is_over(&self) -> bool {
        self.places.len() > MAX_ITEMS || (self.heap.len() > MAX_HEAP_BYTES && self.places.len() > 1)
    }

    /// Sets the value of an index; whether it had none.
    pub(super) fn set(&mut self, index: u64, value: &[u8]) -> bool {
        let (at, is_new) = match self.search(index) {
            Ok(at) => (at, false),
            Err(at) => {
                let start = self.start(at);
                self.places.insert(at, (index, start));
                (at, true)
            }
        };
        let (start, end) = (self.start(at), self.places[at].1);
        self.heap.splice(start..end, value.iter().copied());
        for place in &mut self.places[at..] {
            place.1 = place.1 - (end - start) + value.len();
        }
        is_new
    }

    /// Takes the second half of the items, of which there are several.
    pub(super) fn split_off(&mut self) -> Run {
        let half = self.places.len() / 2;
        let start = self.start(half);
        let mut places = self.places.split_off(half);
        places.iter_mut().for_each(|place| place.1 -= start);
        Run { places, heap: self.heap.split_off(start) }
    }
}

impl Leaf for Run {
    type Key = u64;

    fn count(&self) -> usize {
        self.places.len()
    }

    fn key(&self) -> u64 {
        self.places[0].0
    }

    fn remove(&mut self, range: Range<usize>) {
        let bytes = self.start(range.start)..self.start(range.end);
        for place in &mut self.places[range.end..] {
            place.1 -= bytes.len();
        }
        self.heap.drain(bytes);
        self.places.drain(range);
    }

    fn fits(&self, right: &Self) -> bool {
        self.places.len() + right.places.len() <= MAX_ITEMS / 2
            && self.heap.len() + right.heap.len() <= MAX_HEAP_BYTES / 2
    }

    fn absorb(&mut self, right: &Self) {
        let before = self.heap.len();
        self.places.extend(right.places.iter().map(|(index, end)| (*index, before + end)));
        self.heap.extend_from_slice(&right.heap);
    }
}
