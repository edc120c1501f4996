//! A persistent map from stream ids.

use crate::rdb::StreamId;
use crate::value::tree::{Leaf, Leaves, Place, Tree};
use std::fmt::Debug;
use std::ops::Range;

/// Most pairs of a leaf.
const MAX_PAIRS: usize = 64;

/// An ordered map from ids. Cloning it costs nothing that grows with its size.
#[derive(Debug, Clone)]
pub struct IdMap<V: Clone + Debug> {
    tree: Tree<Pairs<V>>,
}

/// Pairs in ascending order.
#[derive(Debug, Clone)]
struct Pairs<V>(Vec<(StreamId, V)>);

impl<V: Clone + Debug> Leaf for Pairs<V> {
    type Key = StreamId;

    fn count(&self) -> usize {
        self.0.len()
    }

    fn key(&self) -> StreamId {
        self.0[0].0
    }

    fn remove(&mut self, range: Range<usize>) {
        self.0.drain(range);
    }

    fn fits(&self, right: &Self) -> bool {
        self.0.len() + right.0.len() <= MAX_PAIRS / 2
    }

    fn absorb(&mut self, right: &Self) {
        self.0.extend_from_slice(&right.0);
    }
}

impl<V> Pairs<V> {
    fn search(&self, id: StreamId) -> Result<usize, usize> {
        self.0.binary_search_by_key(&id, |pair| pair.0)
    }
}

impl<V: Clone + Debug> Default for IdMap<V> {
    fn default() -> Self {
        IdMap { tree: Tree::new() }
    }
}

impl<V: Clone + Debug> IdMap<V> {
    /// An empty map.
    pub fn new() -> IdMap<V> {
        Self::default()
    }

    /// Number of ids.
    pub fn len(&self) -> u64 {
        self.tree.len()
    }

    /// Whether there is no id.
    pub fn is_empty(&self) -> bool {
        self.tree.is_empty()
    }

    /// Bytes allocated, without what values point to.
    pub fn allocated_bytes(&self) -> usize {
        self.tree.allocated_bytes(|pairs| pairs.0.capacity() * size_of::<(StreamId, V)>())
    }

    /// The value of an id.
    pub fn get(&self, id: StreamId) -> Option<&V> {
        let pairs = self.tree.leaf_where(|key| *key <= id)?.leaf;
        pairs.search(id).ok().map(|at| &pairs.0[at].1)
    }

    /// The highest id.
    pub fn last_id(&self) -> Option<StreamId> {
        let pairs = self.tree.leaf(Place::Last)?.leaf;
        pairs.0.last().map(|pair| pair.0)
    }

    /// Whether an id is there.
    pub fn contains(&self, id: StreamId) -> bool {
        self.get(id).is_some()
    }

    /// Sets the value of an id and returns the one it had.
    pub fn insert(&mut self, id: StreamId, value: V) -> Option<V> {
        let last = self.tree.leaf(Place::Last).map(|found| found.leaf);
        let full_before = |pairs: &Pairs<V>| {
            pairs.0.len() >= MAX_PAIRS && pairs.0.last().is_some_and(|last| last.0 < id)
        };
        if last.is_none_or(full_before) {
            // Ids mostly rise, and then fill their leaves.
            self.tree.push_back(Pairs(vec![(id, value)]));
            return None;
        }
        self.tree
            .update_where(
                |key| *key <= id,
                |pairs, more| match pairs.search(id) {
                    Ok(at) => Some(std::mem::replace(&mut pairs.0[at].1, value)),
                    Err(at) => {
                        pairs.0.insert(at, (id, value));
                        if pairs.0.len() > MAX_PAIRS {
                            more.push(Pairs(pairs.0.split_off(MAX_PAIRS / 2)));
                        }
                        None
                    }
                },
            )
            .flatten()
    }

    /// Removes an id and returns its value.
    pub fn remove(&mut self, id: StreamId) -> Option<V> {
        if !self.contains(id) {
            return None;
        }
        let removal = |pairs: &mut Pairs<V>, _: &mut Vec<_>| {
            pairs.search(id).ok().map(|at| pairs.0.remove(at).1)
        };
        self.tree.update_where(|key| *key <= id, removal).flatten()
    }

    /// All pairs, ascending.
    pub fn iter(&self) -> IdIter<'_, V> {
        self.iter_from(StreamId::default())
    }

    /// The pairs from an id on, ascending.
    pub fn iter_from(&self, id: StreamId) -> IdIter<'_, V> {
        let mut leaves = self.tree.leaves_where(|key| *key <= id, false);
        let pairs = leaves.next().map_or(&[][..], |pairs| {
            let start = pairs.search(id).unwrap_or_else(|at| at);
            &pairs.0[start..]
        });
        IdIter { leaves, pairs }
    }
}

/// Pairs of a map, ascending.
#[derive(Debug)]
pub struct IdIter<'a, V: Clone + Debug> {
    leaves: Leaves<'a, Pairs<V>>,
    pairs: &'a [(StreamId, V)],
}

impl<'a, V: Clone + Debug> Iterator for IdIter<'a, V> {
    type Item = (StreamId, &'a V);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(((id, value), rest)) = self.pairs.split_first() {
                self.pairs = rest;
                return Some((*id, value));
            }
            self.pairs = &self.leaves.next()?.0;
        }
    }
}
