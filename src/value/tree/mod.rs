//! A persistent counted B+tree: what lists, sorted sets and streams of any size are made of.
//!
//! Its leaves are chunks of elements, of a kind that the user defines; its inner nodes know how many elements are below each
//! child, and from which key on. Everything is counted by reference: a clone of a tree costs one count, and a change copies the
//! leaf it touches and the nodes above, each at most once per clone, and only while a clone is alive.
//!
//! ```text
//!                 node: counts 5000 1200 … (at most 64), keys -, k, …
//!               /             |          \
//!            node            node         …         all leaves at the same depth
//!          /   |   \        /    \
//!      leaf  leaf  leaf  leaf   leaf
//! ```

mod node;
mod walk;

#[cfg(test)]
mod tests;

pub use node::Inner;
pub use walk::Leaves;

use crate::base::cow;
use node::{Removal, Shown};
use std::ops::Range;
use triomphe::Arc;

/// A chunk of elements.
pub trait Leaf: Clone + std::fmt::Debug {
    /// What inner nodes keep about where a leaf begins; `()` for trees that are searched by rank only.
    type Key: Clone + std::fmt::Debug;

    /// Number of elements. A leaf without elements is taken out of the tree.
    fn count(&self) -> usize;

    /// A key that is not above the first element's, and above all elements of leaves before this one.
    fn key(&self) -> Self::Key;

    /// Removes elements, never all of them.
    fn remove(&mut self, range: Range<usize>);

    /// Whether this leaf and the one behind it would make one leaf of a good size.
    fn fits(&self, right: &Self) -> bool;

    /// Takes over the elements of the leaf behind it, which [`Leaf::fits`].
    fn absorb(&mut self, right: &Self);
}

/// A tree. Cloning it costs nothing that grows with its size.
#[derive(Debug)]
pub struct Tree<L: Leaf> {
    root: Arc<Inner<L>>,
}

impl<L: Leaf> Clone for Tree<L> {
    fn clone(&self) -> Self {
        Tree { root: self.root.clone() }
    }
}

impl<L: Leaf> Default for Tree<L> {
    fn default() -> Self {
        Self::new()
    }
}

/// A leaf that was looked for.
#[derive(Debug)]
pub struct Found<'a, L> {
    /// The leaf.
    pub leaf: &'a L,
    /// Number of elements in the leaves before it.
    pub before: u64,
}

/// Which leaf is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The first one.
    First,
    /// The last one.
    Last,
    /// The one that holds the element at this rank; the last one for ranks past the end.
    Rank(u64),
}

impl Place {
    /// The child to go down to, and what is left of the place there.
    fn step<L: Leaf>(&mut self, node: &Inner<L>) -> usize {
        match self {
            Place::First => 0,
            Place::Last => node.len() - 1,
            Place::Rank(rank) => {
                let (child, before) = node.child_at(*rank);
                *rank -= before;
                child
            }
        }
    }
}

impl<L: Leaf> Tree<L> {
    /// An empty tree.
    pub fn new() -> Tree<L> {
        Tree { root: Arc::new(Inner::empty()) }
    }

    /// Builds a tree from its leaves, none of them empty.
    pub fn from_leaves(leaves: impl IntoIterator<Item = L>) -> Tree<L> {
        Tree { root: Inner::build(leaves) }
    }

    /// Number of elements.
    pub fn len(&self) -> u64 {
        self.root.total()
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.root.len() == 0
    }

    /// Number of leaves.
    pub fn leaf_count(&self) -> usize {
        self.root.leaf_count()
    }

    /// Bytes allocated for inner nodes, and what `leaf` says of each leaf.
    pub fn allocated_bytes(&self, leaf: impl Fn(&L) -> usize) -> usize {
        self.root.allocated_bytes(&leaf)
    }

    /// The leaf at a place.
    pub fn leaf(&self, mut place: Place) -> Option<Found<'_, L>> {
        self.leaf_by(|node| place.step(node))
    }

    /// The last leaf whose key satisfies a condition that holds up to some key and not behind it; the first leaf if none does.
    pub fn leaf_where(&self, below: impl Fn(&L::Key) -> bool) -> Option<Found<'_, L>> {
        self.leaf_by(|node| node.child_where(&below))
    }

    fn leaf_by(&self, mut choose: impl FnMut(&Inner<L>) -> usize) -> Option<Found<'_, L>> {
        if self.is_empty() {
            return None;
        }
        let mut node = &*self.root;
        let mut before = 0;
        loop {
            let child = choose(node);
            before += node.total_before(child);
            match node.child(child) {
                node::Child::Node(next) => node = next,
                node::Child::Leaf(leaf) => return Some(Found { leaf, before }),
            }
        }
    }

    /// Changes the leaf at a place. See [`Tree::update_where`].
    pub fn update<R>(
        &mut self,
        mut place: Place,
        change: impl FnOnce(&mut L, &mut Vec<L>) -> R,
    ) -> Option<R> {
        self.update_by(&mut |node| place.step(node), change)
    }

    /// Changes the leaf that [`Tree::leaf_where`] finds, after copying what a snapshot shares of the way there. The change may
    /// leave the leaf empty, and may put leaves that follow it into the vector. `None` if there is no leaf at all.
    pub fn update_where<R>(
        &mut self,
        below: impl Fn(&L::Key) -> bool,
        change: impl FnOnce(&mut L, &mut Vec<L>) -> R,
    ) -> Option<R> {
        self.update_by(&mut |node| node.child_where(&below), change)
    }

    fn update_by<R>(
        &mut self,
        choose: &mut dyn FnMut(&Inner<L>) -> usize,
        change: impl FnOnce(&mut L, &mut Vec<L>) -> R,
    ) -> Option<R> {
        if self.is_empty() {
            return None;
        }
        let mut change = Some(change);
        let mut result = None;
        let root = cow::make_mut(&mut self.root);
        let updated = root.update(choose, &mut |leaf, more| {
            result = change.take().map(|change| change(leaf, more));
        });
        self.settle_root(updated.split);
        result
    }

    /// Puts a leaf behind all others.
    pub fn push_back(&mut self, leaf: L) {
        if leaf.count() == 0 {
            return;
        }
        if self.is_empty() {
            self.root = Inner::build([leaf]);
            return;
        }
        let mut leaf = Some(leaf);
        self.update(Place::Last, |_, more| more.extend(leaf.take()));
    }

    /// Puts a leaf before all others.
    pub fn push_front(&mut self, leaf: L) {
        if leaf.count() == 0 {
            return;
        }
        if self.is_empty() {
            self.root = Inner::build([leaf]);
            return;
        }
        self.update(Place::First, |first, more| {
            more.push(std::mem::replace(first, leaf));
        });
    }

    /// Removes the elements at these ranks, dropping whole subtrees where it can.
    pub fn remove(&mut self, range: Range<u64>) {
        self.remove_range(range, None);
    }

    /// Removes the elements at these ranks, showing each leaf concerned, as it was, and which of its elements go.
    pub fn remove_with(&mut self, range: Range<u64>, mut each: impl FnMut(&L, Range<usize>)) {
        self.remove_range(range, Some(&mut each));
    }

    fn remove_range<'f>(&mut self, range: Range<u64>, each: Option<&'f mut Shown<'f, L>>) {
        let end = range.end.min(self.len());
        if range.start >= end {
            return;
        }
        let range = range.start..end;
        if range == (0..self.len()) {
            if let Some(each) = each {
                for leaf in self.leaves() {
                    each(leaf, 0..leaf.count());
                }
            }
            *self = Tree::new();
            return;
        }
        let root = cow::make_mut(&mut self.root);
        Removal { each }.remove(root, range);
        self.settle_root(None);
    }

    /// Grows the root over a node that was split off, or takes away roots with one child.
    fn settle_root(&mut self, split: Option<(L::Key, Inner<L>)>) {
        if let Some((key, right)) = split {
            let left = std::mem::replace(cow::make_mut(&mut self.root), Inner::empty());
            self.root = Arc::new(Inner::over(left, key, right));
        }
        while let Some(only) = self.root.only_node() {
            self.root = only;
        }
        if self.root.is_hollow() {
            self.root = Arc::new(Inner::empty());
        }
    }

    /// All leaves, from the first on.
    pub fn leaves(&self) -> Leaves<'_, L> {
        Leaves::from(&self.root, Place::First, false)
    }

    /// All leaves, from the last on backwards.
    pub fn leaves_back(&self) -> Leaves<'_, L> {
        Leaves::from(&self.root, Place::Last, true)
    }

    /// The leaves from the one that holds a rank on, that one first; backwards if so wanted.
    pub fn leaves_from(&self, rank: u64, backwards: bool) -> Leaves<'_, L> {
        Leaves::from(&self.root, Place::Rank(rank), backwards)
    }

    /// The leaves from the one that [`Tree::leaf_where`] finds on, that one first; backwards if so wanted.
    pub fn leaves_where(&self, below: impl Fn(&L::Key) -> bool, backwards: bool) -> Leaves<'_, L> {
        Leaves::by(&self.root, &mut |node| node.child_where(&below), backwards)
    }
}
