//! Inner nodes.

use super::Leaf;
use crate::base::background::breathe;
use crate::base::cow;
use std::ops::Range;
use triomphe::Arc;

/// Most children of a node; with the one more that makes it split, allocators have blocks of just these sizes.
pub(super) const MAX_CHILDREN: usize = 63;

/// A node with fewer children is joined with a neighbour if it can be.
const FEW_CHILDREN: usize = MAX_CHILDREN / 4;

/// Most children of a node that was joined; leaves room before the next split.
const JOINED_CHILDREN: usize = MAX_CHILDREN * 3 / 4;

/// What the children of a node are. All leaves of a tree have the same depth.
#[derive(Debug)]
enum Children<L: Leaf> {
    Leaves(Vec<Arc<L>>),
    Nodes(Vec<Arc<Inner<L>>>),
}

/// One child.
pub(super) enum Child<'a, L: Leaf> {
    Leaf(&'a L),
    Node(&'a Inner<L>),
}

/// A node with children.
#[derive(Debug)]
pub struct Inner<L: Leaf> {
    /// Elements below each child.
    counts: Vec<u64>,
    /// Where each child begins: above everything before it, not above anything in it. The first one means nothing.
    keys: Vec<L::Key>,
    children: Children<L>,
}

/// What a change has done to a node.
pub(super) struct Updated<L: Leaf> {
    /// How many elements more there are below it and what was split off.
    pub(super) grew: i64,
    /// The right part of the node, and where that begins, if it had to be split.
    pub(super) split: Option<(L::Key, Inner<L>)>,
}

impl<L: Leaf> Drop for Inner<L> {
    fn drop(&mut self) {
        // Below it are hundreds of elements and more.
        breathe();
    }
}

impl<L: Leaf> Clone for Inner<L> {
    fn clone(&self) -> Self {
        Inner {
            counts: self.counts.clone(),
            keys: self.keys.clone(),
            children: match &self.children {
                Children::Leaves(leaves) => Children::Leaves(leaves.clone()),
                Children::Nodes(nodes) => Children::Nodes(nodes.clone()),
            },
        }
    }
}

impl<L: Leaf> Children<L> {
    fn split_off(&mut self, at: usize) -> Children<L> {
        match self {
            Children::Leaves(leaves) => Children::Leaves(leaves.split_off(at)),
            Children::Nodes(nodes) => Children::Nodes(nodes.split_off(at)),
        }
    }

    fn reserve_exact(&mut self, more: usize) {
        match self {
            Children::Leaves(leaves) => leaves.reserve_exact(more),
            Children::Nodes(nodes) => nodes.reserve_exact(more),
        }
    }

    fn extend_from(&mut self, right: &Children<L>) {
        match (self, right) {
            (Children::Leaves(mine), Children::Leaves(others)) => mine.extend_from_slice(others),
            (Children::Nodes(mine), Children::Nodes(others)) => mine.extend_from_slice(others),
            // All nodes of a level are of one kind.
            _ => {}
        }
    }

    fn drain(&mut self, range: Range<usize>) {
        match self {
            Children::Leaves(leaves) => drop(leaves.drain(range)),
            Children::Nodes(nodes) => drop(nodes.drain(range)),
        }
    }
}

impl<L: Leaf> Inner<L> {
    pub(super) fn empty() -> Inner<L> {
        Inner { counts: Vec::new(), keys: Vec::new(), children: Children::Leaves(Vec::new()) }
    }

    /// A root over two nodes.
    pub(super) fn over(left: Inner<L>, key: L::Key, right: Inner<L>) -> Inner<L> {
        Inner {
            counts: vec![left.total(), right.total()],
            keys: vec![left.keys.first().unwrap_or(&key).clone(), key],
            children: Children::Nodes(vec![Arc::new(left), Arc::new(right)]),
        }
    }

    /// Builds the nodes over leaves.
    pub(super) fn build(leaves: impl IntoIterator<Item = L>) -> Arc<Inner<L>> {
        let mut level = Vec::new();
        let mut node = Inner::empty();
        for leaf in leaves {
            if leaf.count() == 0 {
                continue;
            }
            if node.len() == MAX_CHILDREN {
                level.push(Arc::new(std::mem::replace(&mut node, Inner::empty())));
            }
            node.counts.push(leaf.count() as u64);
            node.keys.push(leaf.key());
            if let Children::Leaves(leaves) = &mut node.children {
                leaves.push(Arc::new(leaf));
            }
        }
        if level.is_empty() {
            return Arc::new(node);
        }
        level.push(Arc::new(node));
        while level.len() > 1 {
            level = level
                .chunks(MAX_CHILDREN)
                .map(|nodes| {
                    Arc::new(Inner {
                        counts: nodes.iter().map(|node| node.total()).collect(),
                        keys: nodes.iter().filter_map(|node| node.keys.first().cloned()).collect(),
                        children: Children::Nodes(nodes.to_vec()),
                    })
                })
                .collect();
        }
        level.pop().unwrap_or_else(|| Arc::new(Inner::empty()))
    }

    /// Number of children.
    pub(super) fn len(&self) -> usize {
        self.counts.len()
    }

    /// Number of elements below.
    pub(super) fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Number of elements below the children before this one.
    pub(super) fn total_before(&self, child: usize) -> u64 {
        self.counts[..child].iter().sum()
    }

    pub(super) fn child(&self, index: usize) -> Child<'_, L> {
        match &self.children {
            Children::Leaves(leaves) => Child::Leaf(&leaves[index]),
            Children::Nodes(nodes) => Child::Node(&nodes[index]),
        }
    }

    /// The child that holds a rank and the number of elements before it; the last child for ranks past the end.
    pub(super) fn child_at(&self, rank: u64) -> (usize, u64) {
        let mut before = 0;
        let last = self.len() - 1;
        for (index, count) in self.counts.iter().enumerate() {
            if rank < before + count || index == last {
                return (index, before);
            }
            before += count;
        }
        (last, before)
    }

    /// The last child whose key satisfies a monotone condition, or the first child.
    pub(super) fn child_where(&self, below: impl Fn(&L::Key) -> bool) -> usize {
        self.keys[1..].partition_point(below)
    }

    /// The node below, if that is the only child.
    pub(super) fn only_node(&self) -> Option<Arc<Inner<L>>> {
        match &self.children {
            Children::Nodes(nodes) if nodes.len() == 1 => nodes.first().cloned(),
            _ => None,
        }
    }

    /// Whether it has no children but stands for a level of nodes.
    pub(super) fn is_hollow(&self) -> bool {
        matches!(&self.children, Children::Nodes(nodes) if nodes.is_empty())
    }

    pub(super) fn leaf_count(&self) -> usize {
        match &self.children {
            Children::Leaves(leaves) => leaves.len(),
            Children::Nodes(nodes) => nodes.iter().map(|node| node.leaf_count()).sum(),
        }
    }

    pub(super) fn allocated_bytes(&self, leaf: &dyn Fn(&L) -> usize) -> usize {
        let own = size_of::<Self>()
            + 8
            + self.counts.capacity() * 8
            + self.keys.capacity() * size_of::<L::Key>();
        own + match &self.children {
            Children::Leaves(leaves) => {
                leaves.capacity() * 8
                    + leaves.iter().map(|one| size_of::<L>() + 8 + leaf(one)).sum::<usize>()
            }
            Children::Nodes(nodes) => {
                nodes.capacity() * 8
                    + nodes.iter().map(|node| node.allocated_bytes(leaf)).sum::<usize>()
            }
        }
    }

    /// Changes the leaf that is chosen on the way down.
    pub(super) fn update(
        &mut self,
        choose: &mut dyn FnMut(&Inner<L>) -> usize,
        change: &mut dyn FnMut(&mut L, &mut Vec<L>),
    ) -> Updated<L> {
        let index = choose(self);
        let is_last = index + 1 == self.len();
        let before = self.counts[index];
        let grew = match &mut self.children {
            Children::Leaves(leaves) => {
                let leaf = cow::make_mut(&mut leaves[index]);
                let mut more = Vec::new();
                change(leaf, &mut more);
                let count = leaf.count() as u64;
                self.counts[index] = count;
                let grew = count.wrapping_sub(before).cast_signed();
                if more.is_empty() { grew } else { grew + self.insert_leaves(index + 1, more) }
            }
            Children::Nodes(nodes) => {
                let node = cow::make_mut(&mut nodes[index]);
                let Updated { grew, split } = node.update(choose, change);
                // The sum is asked for only where it is not known.
                self.counts[index] = match &split {
                    Some(_) => node.total(),
                    None => before.wrapping_add_signed(grew),
                };
                if let Some((key, right)) = split {
                    self.make_room();
                    self.counts.insert(index + 1, right.total());
                    self.keys.insert(index + 1, key);
                    if let Children::Nodes(nodes) = &mut self.children {
                        nodes.insert(index + 1, Arc::new(right));
                    }
                }
                grew
            }
        };
        if self.counts[index] == 0 {
            self.drop_children(index..index + 1);
        } else if self.counts[index] < before {
            self.join_around(index);
        }
        let split = match index {
            _ if self.len() <= MAX_CHILDREN => None,
            // Where children come at one end, as in streams and lists, those behind them stay in full nodes.
            _ if is_last => self.split(MAX_CHILDREN),
            0 => self.split(self.len() - MAX_CHILDREN),
            _ => self.split(self.len() / 2),
        };
        Updated { grew, split }
    }

    /// Lets a node that is half full grow to its end, and not beyond.
    fn make_room(&mut self) {
        let len = self.len();
        if len == self.counts.capacity() && (MAX_CHILDREN / 2..=MAX_CHILDREN).contains(&len) {
            let more = MAX_CHILDREN + 1 - len;
            self.counts.reserve_exact(more);
            self.keys.reserve_exact(more);
            self.children.reserve_exact(more);
        }
    }

    /// Inserts those of the leaves that are not empty; returns how many elements they have.
    fn insert_leaves(&mut self, mut index: usize, more: Vec<L>) -> i64 {
        let mut elements = 0;
        for leaf in more {
            if leaf.count() == 0 {
                continue;
            }
            self.make_room();
            let Children::Leaves(leaves) = &mut self.children else { break };
            elements += (leaf.count() as u64).cast_signed();
            self.counts.insert(index, leaf.count() as u64);
            self.keys.insert(index, leaf.key());
            leaves.insert(index, Arc::new(leaf));
            index += 1;
        }
        elements
    }

    fn drop_children(&mut self, range: Range<usize>) {
        self.counts.drain(range.clone());
        self.keys.drain(range.clone());
        self.children.drain(range);
    }

    /// Splits the children from one on off.
    fn split(&mut self, at: usize) -> Option<(L::Key, Inner<L>)> {
        let right = Inner {
            counts: self.counts.split_off(at),
            keys: self.keys.split_off(at),
            children: self.children.split_off(at),
        };
        let key = right.keys.first()?.clone();
        Some((key, right))
    }

    /// Joins a child with a neighbour if both are small.
    fn join_around(&mut self, index: usize) {
        if index + 1 < self.len() && self.join(index) {
            return;
        }
        if index > 0 && index < self.len() {
            self.join(index - 1);
        }
    }

    /// Joins a child with the next one if both are small.
    fn join(&mut self, index: usize) -> bool {
        let next = index + 1;
        let joined = match &mut self.children {
            Children::Leaves(leaves) => match leaves.get_disjoint_mut([index, next]) {
                Ok([left, right]) if left.fits(right) => {
                    cow::make_mut(left).absorb(right);
                    true
                }
                _ => false,
            },
            Children::Nodes(nodes) => {
                let Ok([left, right]) = nodes.get_disjoint_mut([index, next]) else { return false };
                let few = left.len().min(right.len()) < FEW_CHILDREN;
                if few && left.len() + right.len() <= JOINED_CHILDREN {
                    let left = cow::make_mut(left);
                    let start = left.len();
                    left.counts.extend_from_slice(&right.counts);
                    left.keys.extend_from_slice(&right.keys);
                    left.children.extend_from(&right.children);
                    left.keys[start] = self.keys[next].clone();
                    true
                } else {
                    false
                }
            }
        };
        if joined {
            self.counts[index] += self.counts[next];
            self.drop_children(next..next + 1);
        }
        joined
    }
}

/// Is shown a leaf, and which of its elements go.
pub(super) type Shown<'f, L> = dyn FnMut(&L, Range<usize>) + 'f;

/// The removal of a range of ranks.
pub(super) struct Removal<'f, L> {
    /// Is shown each leaf concerned.
    pub(super) each: Option<&'f mut Shown<'f, L>>,
}

impl<L: Leaf> Removal<'_, L> {
    /// Removes the elements at these ranks of a node, never all of them.
    pub(super) fn remove(&mut self, node: &mut Inner<L>, range: Range<u64>) {
        let mut start = 0;
        let mut gone = 0..0;
        for index in 0..node.len() {
            let count = node.counts[index];
            let from = range.start.saturating_sub(start).min(count);
            let to = range.end.saturating_sub(start).min(count);
            start += count;
            if from >= to {
                continue;
            }
            if from == 0 && to == count {
                self.show(node, index);
                gone = if gone.is_empty() { index..index + 1 } else { gone.start..index + 1 };
                continue;
            }
            node.counts[index] -= to - from;
            match &mut node.children {
                Children::Leaves(leaves) => {
                    let range = from as usize..to as usize;
                    if let Some(each) = &mut self.each {
                        each(&leaves[index], range.clone());
                    }
                    cow::make_mut(&mut leaves[index]).remove(range);
                }
                Children::Nodes(nodes) => self.remove(cow::make_mut(&mut nodes[index]), from..to),
            }
        }
        let seam = if gone.is_empty() { node.child_at(range.start).0 } else { gone.start };
        node.drop_children(gone);
        if seam < node.len() {
            node.join_around(seam);
        }
        if seam > 0 && seam <= node.len() {
            node.join_around(seam - 1);
        }
    }

    /// Shows all leaves below a child that goes as a whole.
    fn show(&mut self, node: &Inner<L>, index: usize) {
        let Some(each) = &mut self.each else { return };
        show_all(node, index, *each);
    }
}

fn show_all<L: Leaf>(node: &Inner<L>, index: usize, each: &mut dyn FnMut(&L, Range<usize>)) {
    match node.child(index) {
        Child::Leaf(leaf) => each(leaf, 0..leaf.count()),
        Child::Node(node) => {
            for index in 0..node.len() {
                show_all(node, index, each);
            }
        }
    }
}
