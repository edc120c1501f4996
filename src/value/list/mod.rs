//! Lists: a listpack while small, then a tree of nodes that are listpacks or single large elements.

mod chunk;
mod iter;

#[cfg(test)]
mod tests;

pub use chunk::Chunk;
pub use iter::Iter;

use crate::base::bulk::Bulk;
use crate::packed::Listpack;
use crate::value::limits::Limits;
use crate::value::tree::{Leaf, Place, Tree};
use chunk::NodeLimit;

/// A list of strings.
///
/// A clone costs nothing that grows with its size, but for a small list's listpack.
#[derive(Debug, Clone)]
pub struct List {
    repr: Repr,
}

#[derive(Debug, Clone)]
enum Repr {
    Packed(Listpack),
    Large(Tree<Chunk>),
}

impl Default for List {
    fn default() -> Self {
        Self::new()
    }
}

impl List {
    /// An empty list.
    pub fn new() -> List {
        List { repr: Repr::Packed(Listpack::new()) }
    }

    /// Takes nodes as they are stored; their listpacks have been validated. One node that keeps the limits makes a small list.
    pub fn from_chunks(chunks: impl IntoIterator<Item = Chunk>, limits: &Limits) -> List {
        let limit = NodeLimit::of(limits);
        let mut chunks: Vec<Chunk> = chunks.into_iter().filter(|chunk| chunk.count() > 0).collect();
        match &mut chunks[..] {
            [] => List::new(),
            [Chunk::Packed(pack)] if !limit.is_over(pack.len_bytes(), pack.count()) => {
                List { repr: Repr::Packed(std::mem::take(pack)) }
            }
            _ => List { repr: Repr::Large(Tree::from_leaves(chunks)) },
        }
    }

    /// The listpack of a small list.
    pub fn as_listpack(&self) -> Option<&Listpack> {
        match &self.repr {
            Repr::Packed(pack) => Some(pack),
            Repr::Large(_) => None,
        }
    }

    /// Whether the list is small, in one listpack.
    pub fn is_packed(&self) -> bool {
        self.as_listpack().is_some()
    }

    /// The nodes of a large list, for saving; none for a small one.
    pub fn chunks(&self) -> impl Iterator<Item = &Chunk> {
        match &self.repr {
            Repr::Packed(_) => None,
            Repr::Large(tree) => Some(tree.leaves()),
        }
        .into_iter()
        .flatten()
    }

    /// Number of nodes; 1 for a small list.
    pub fn chunk_count(&self) -> usize {
        match &self.repr {
            Repr::Packed(_) => 1,
            Repr::Large(tree) => tree.leaf_count(),
        }
    }

    /// Number of elements.
    pub fn len(&self) -> u64 {
        match &self.repr {
            Repr::Packed(pack) => pack.count() as u64,
            Repr::Large(tree) => tree.len(),
        }
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        match &self.repr {
            Repr::Packed(pack) => pack.is_empty(),
            Repr::Large(tree) => tree.is_empty(),
        }
    }

    /// Bytes allocated for the elements and what leads to them.
    pub fn allocated_bytes(&self) -> usize {
        match &self.repr {
            Repr::Packed(pack) => pack.allocated_bytes(),
            Repr::Large(tree) => tree.allocated_bytes(Chunk::allocated_bytes),
        }
    }

    /// The listpack if the list is small and stays so with this element more; else the tree, made if need be.
    fn room_for(&mut self, value: &[u8], limit: NodeLimit) -> Form<'_> {
        let enlarged = match &mut self.repr {
            Repr::Packed(pack) if !limit.admits(pack, value) => {
                let pack = std::mem::take(pack);
                Some(Tree::from_leaves((!pack.is_empty()).then_some(Chunk::Packed(pack))))
            }
            _ => None,
        };
        if let Some(tree) = enlarged {
            self.repr = Repr::Large(tree);
        }
        match &mut self.repr {
            Repr::Packed(pack) => Form::Packed(pack),
            Repr::Large(tree) => Form::Large(tree),
        }
    }

    /// Puts an element before all others.
    pub fn push_front(&mut self, value: &[u8], limits: &Limits) {
        let limit = NodeLimit::of(limits);
        match self.room_for(value, limit) {
            Form::Packed(pack) => pack.push_front(value),
            Form::Large(tree) => {
                let pushed = tree.update(Place::First, |chunk, more| {
                    chunk.insert(0, value, limit, more);
                });
                if pushed.is_none() {
                    tree.push_back(Chunk::of(value, limit));
                }
            }
        }
    }

    /// Puts an element behind all others.
    pub fn push_back(&mut self, value: &[u8], limits: &Limits) {
        let limit = NodeLimit::of(limits);
        match self.room_for(value, limit) {
            Form::Packed(pack) => pack.push_back(value),
            Form::Large(tree) => {
                let pushed = tree.update(Place::Last, |chunk, more| {
                    chunk.insert(usize::MAX, value, limit, more);
                });
                if pushed.is_none() {
                    tree.push_back(Chunk::of(value, limit));
                }
            }
        }
    }

    /// Puts an element before the one at an index, or behind the last one.
    pub fn insert(&mut self, index: u64, value: &[u8], limits: &Limits) {
        if index >= self.len() {
            return self.push_back(value, limits);
        }
        let limit = NodeLimit::of(limits);
        match self.room_for(value, limit) {
            Form::Packed(pack) => {
                if let Some(at) = pack.at(index as usize) {
                    pack.insert(at, value);
                }
            }
            Form::Large(tree) => {
                let Some(before) = tree.leaf(Place::Rank(index)).map(|found| found.before) else {
                    return;
                };
                tree.update(Place::Rank(index), |chunk, more| {
                    chunk.insert((index - before) as usize, value, limit, more);
                });
            }
        }
    }

    /// Replaces the element at an index; false if there is none.
    pub fn set(&mut self, index: u64, value: &[u8], limits: &Limits) -> bool {
        if index >= self.len() {
            return false;
        }
        let limit = NodeLimit::of(limits);
        match self.room_for(value, limit) {
            Form::Packed(pack) => {
                if let Some(at) = pack.at(index as usize) {
                    pack.replace(at, value);
                }
            }
            Form::Large(tree) => {
                let Some(before) = tree.leaf(Place::Rank(index)).map(|found| found.before) else {
                    return false;
                };
                tree.update(Place::Rank(index), |chunk, more| {
                    chunk.set((index - before) as usize, value, limit, more);
                });
            }
        }
        true
    }

    /// The element at an index.
    pub fn get(&self, index: u64) -> Option<Bulk<'_>> {
        match &self.repr {
            Repr::Packed(pack) => {
                let at = pack.at(usize::try_from(index).ok()?)?;
                Some(pack.get(at))
            }
            Repr::Large(tree) if index < tree.len() => {
                let found = tree.leaf(Place::Rank(index))?;
                found.leaf.get((index - found.before) as usize)
            }
            Repr::Large(_) => None,
        }
    }

    /// Removes the first element and returns it.
    pub fn pop_front(&mut self) -> Option<Vec<u8>> {
        self.pop_front_with(|value| value.to_vec())
    }

    /// Removes the last element and returns it.
    pub fn pop_back(&mut self) -> Option<Vec<u8>> {
        self.pop_back_with(|value| value.to_vec())
    }

    /// Removes the first element after showing it.
    pub fn pop_front_with<R>(&mut self, show: impl FnOnce(Bulk<'_>) -> R) -> Option<R> {
        self.pop(false, show)
    }

    /// Removes the last element after showing it.
    pub fn pop_back_with<R>(&mut self, show: impl FnOnce(Bulk<'_>) -> R) -> Option<R> {
        self.pop(true, show)
    }

    fn pop<R>(&mut self, last: bool, show: impl FnOnce(Bulk<'_>) -> R) -> Option<R> {
        match &mut self.repr {
            Repr::Packed(pack) => take(pack, last, show),
            Repr::Large(tree) => {
                let place = if last { Place::Last } else { Place::First };
                tree.update(place, |chunk, _| match chunk {
                    Chunk::Packed(pack) => take(pack, last, show),
                    Chunk::Plain(value) => {
                        let value = std::mem::replace(value, [].into());
                        *chunk = Chunk::Packed(Listpack::new());
                        Some(show(Bulk::Bytes(&value)))
                    }
                })?
            }
        }
    }

    /// Removes up to `count` elements from an index on; returns how many there were.
    pub fn remove_range(&mut self, start: u64, count: u64) -> u64 {
        let end = start.saturating_add(count).min(self.len());
        if start >= end {
            return 0;
        }
        match &mut self.repr {
            Repr::Packed(pack) => {
                if let Some(at) = pack.at(start as usize) {
                    pack.remove(at, (end - start) as usize);
                }
            }
            Repr::Large(tree) => tree.remove(start..end),
        }
        end - start
    }

    /// Removes elements equal to a string: up to `count` from the first on, up to `-count` from the last on, or all for 0.
    /// Returns how many there were.
    pub fn remove_matching(&mut self, value: &[u8], count: i64) -> u64 {
        let backwards = count < 0;
        let max = if count == 0 { u64::MAX } else { count.unsigned_abs() };
        let last = self.len().saturating_sub(1);
        let start = if backwards { last } else { 0 };
        let wanted = Bulk::Bytes(value);
        let mut found: Vec<u64> = self
            .iter_from(start, backwards)
            .enumerate()
            .filter(|(_, element)| *element == wanted)
            .map(|(index, _)| if backwards { last - index as u64 } else { index as u64 })
            .take(usize::try_from(max).unwrap_or(usize::MAX))
            .collect();
        if !backwards {
            found.reverse();
        }
        // From the last on, so that the others keep their index; neighbours go together.
        let mut rest = &found[..];
        while let Some(&end) = rest.first() {
            let run = rest.iter().zip(0..).take_while(|(at, n)| **at + n == end).count();
            self.remove_range(end + 1 - run as u64, run as u64);
            rest = &rest[run..];
        }
        found.len() as u64
    }

    /// All elements.
    pub fn iter(&self) -> Iter<'_> {
        self.iter_from(0, false)
    }

    /// The elements from an index on, that one first; backwards if so wanted. There are none from an index past the end.
    pub fn iter_from(&self, index: u64, backwards: bool) -> Iter<'_> {
        match &self.repr {
            Repr::Packed(pack) => Iter::packed(pack, index, backwards),
            Repr::Large(tree) => Iter::large(tree, index, backwards),
        }
    }
}

/// Removes an element at an end of a listpack after showing it.
fn take<R>(pack: &mut Listpack, last: bool, show: impl FnOnce(Bulk<'_>) -> R) -> Option<R> {
    let at = if last { pack.last() } else { pack.first() }?;
    let result = show(pack.get(at));
    pack.remove(at, 1);
    Some(result)
}

/// The form that a list has.
enum Form<'a> {
    Packed(&'a mut Listpack),
    Large(&'a mut Tree<Chunk>),
}
