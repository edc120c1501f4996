//! A tree of the prefixes that a separator cuts off keys, in bounded memory: when there are too
//! many, the lightest are added to what their parents call other.

use super::tally::Load;
use super::tree::{Flat, pruning_weight};
use foldhash::fast::RandomState;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher};

/// A longer part of a key is not counted apart.
const LABEL_BYTES: usize = 128;

#[derive(Debug, Clone)]
struct Node {
    parent: u32,
    label: Box<[u8]>,
    own: Load,
    other: Load,
}

/// Counted prefixes.
#[derive(Debug, Clone)]
pub struct Prefixes {
    separator: Vec<u8>,
    depth: usize,
    nodes_max: usize,
    nodes: Vec<Node>,
    /// Nodes by the hash of parent and label.
    index: HashMap<u64, u32, RandomState>,
    state: RandomState,
    pruned: u64,
}

impl Prefixes {
    /// A tree of this depth with at most this many prefixes.
    pub fn new(separator: Vec<u8>, depth: usize, nodes_max: usize) -> Prefixes {
        let root =
            Node { parent: 0, label: Box::default(), own: Load::default(), other: Load::default() };
        Prefixes {
            separator,
            depth,
            nodes_max,
            nodes: vec![root],
            index: HashMap::default(),
            state: RandomState::default(),
            pruned: 0,
        }
    }

    /// Length of the part of a key up to its first separator, that included.
    #[inline]
    fn cut(&self, key: &[u8]) -> Option<usize> {
        match self.separator.as_slice() {
            [] => None,
            [byte] => memchr::memchr(*byte, key).map(|at| at + 1),
            long => memchr::memmem::find(key, long).map(|at| at + long.len()),
        }
    }

    #[inline]
    fn hash(&self, parent: u32, label: &[u8]) -> u64 {
        let mut hasher = self.state.build_hasher();
        hasher.write_u32(parent);
        hasher.write(label);
        hasher.finish()
    }

    /// The node of a longer prefix, made if it is new; `None` if it cannot be counted apart.
    #[inline]
    fn child(&mut self, parent: u32, label: &[u8]) -> Option<u32> {
        if label.len() > LABEL_BYTES {
            return None;
        }
        let hash = self.hash(parent, label);
        if let Some(at) = self.index.get(&hash) {
            let node = self.nodes.get(*at as usize)?;
            return (node.parent == parent && *node.label == *label).then_some(*at);
        }
        let at = u32::try_from(self.nodes.len()).ok()?;
        let (own, other) = (Load::default(), Load::default());
        self.nodes.push(Node { parent, label: label.into(), own, other });
        self.index.insert(hash, at);
        Some(at)
    }

    /// Counts a key.
    #[inline]
    pub fn add(&mut self, key: &[u8], bytes: u64) {
        let load = Load { keys: 1, bytes };
        let (mut at, mut rest) = (0, key);
        for _ in 0..self.depth {
            let Some((label, tail)) = self.cut(rest).and_then(|cut| rest.split_at_checked(cut))
            else {
                break;
            };
            let Some(child) = self.child(at, label) else {
                self.load(at, Load::default(), load);
                return;
            };
            (at, rest) = (child, tail);
        }
        self.load(at, load, Load::default());
        if self.nodes.len() > self.nodes_max {
            self.prune();
        }
    }

    #[inline]
    fn load(&mut self, at: u32, own: Load, other: Load) {
        if let Some(node) = self.nodes.get_mut(at as usize) {
            node.own.add(own);
            node.other.add(other);
        }
    }

    /// Whether each node has no longer prefixes below it.
    fn leaves(&self) -> Vec<bool> {
        let mut leaves = vec![true; self.nodes.len()];
        for node in self.nodes.iter().skip(1) {
            if let Some(leaf) = leaves.get_mut(node.parent as usize) {
                *leaf = false;
            }
        }
        leaves
    }

    /// Gives up the lighter half of the leaves, or more.
    fn prune(&mut self) {
        let leaves = self.leaves();
        let weight = |node: &Node| node.own.bytes + node.other.bytes;
        let all = self.nodes.iter().zip(&leaves).skip(1);
        let limit = pruning_weight(all.filter(|(_, leaf)| **leaf).map(|n| weight(n.0)).collect());
        let old = std::mem::take(&mut self.nodes);
        self.index.clear();
        let mut places = Vec::with_capacity(old.len());
        for (mut node, leaf) in old.into_iter().zip(leaves) {
            let parent = places.get(node.parent as usize).copied().unwrap_or(0);
            places.push(self.nodes.len() as u32);
            let is_root = self.nodes.is_empty();
            if leaf && !is_root && weight(&node) <= limit {
                node.own.add(node.other);
                self.load(parent, Load::default(), node.own);
                self.pruned += 1;
                continue;
            }
            node.parent = parent;
            if !is_root {
                let hash = self.hash(parent, &node.label);
                self.index.insert(hash, self.nodes.len() as u32);
            }
            self.nodes.push(node);
        }
    }

    /// Adds what another has counted.
    pub fn merge(&mut self, other: &Prefixes) {
        let mut places: Vec<Option<u32>> = Vec::with_capacity(other.nodes.len());
        for node in &other.nodes {
            let parent = places.get(node.parent as usize).copied();
            let place = match parent {
                None => Some(0),
                Some(parent) => parent.and_then(|parent| self.child(parent, &node.label)),
            };
            match place {
                Some(at) => self.load(at, node.own, node.other),
                None => {
                    let mut all = node.own;
                    all.add(node.other);
                    self.load(parent.flatten().unwrap_or(0), Load::default(), all);
                }
            }
            places.push(place);
        }
        self.pruned += other.pruned;
        if self.nodes.len() > self.nodes_max {
            self.prune();
        }
    }

    /// How often a prefix was given up for want of room.
    pub fn pruned(&self) -> u64 {
        self.pruned
    }

    /// The prefixes, parents first.
    pub fn flats(&self) -> Vec<Flat> {
        let flat = |node: &Node| Flat {
            parent: node.parent as usize,
            label: node.label.to_vec(),
            own: node.own,
            other: node.other,
        };
        self.nodes.iter().map(flat).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tool::stats::tree::{OTHER, Shown, assemble};

    const SHOWN: Shown = Shown { depth: 48, min_bytes: 0 };

    #[test]
    fn keys_count_for_their_prefixes() {
        let mut tree = Prefixes::new(b":".to_vec(), 2, 100);
        for key in ["user:1:name", "user:1:age", "user:2", "plain", "a:b:c:d"] {
            tree.add(key.as_bytes(), 10);
        }
        let root = assemble(tree.flats(), SHOWN);
        assert_eq!((root.count, root.size_bytes, root.children.len()), (5, 50, 2));
        let user = &root.children[0];
        assert_eq!((user.label.as_slice(), user.count), (&b"user:"[..], 3));
        assert_eq!(user.children[0].label, b"1:");
        assert_eq!(user.children[0].count, 2);
        let a = &root.children[1];
        assert_eq!(a.children[0].label, b"b:");
        assert!(a.children[0].children.is_empty());
    }

    #[test]
    fn too_many_prefixes_are_pruned_and_nothing_is_lost() {
        let mut halves = [(); 2].map(|()| Prefixes::new(b"::".to_vec(), 3, 64));
        for n in 0..20_000_usize {
            let half = &mut halves[n % 2];
            half.add(format!("id::{n}::x").as_bytes(), 3);
            half.add(b"heavy::1::y", 5);
            assert!(half.nodes.len() <= 65);
        }
        let [mut all, other] = halves;
        all.merge(&other);
        assert!(all.nodes.len() <= 64 && all.pruned() > 10_000);
        let root = assemble(all.flats(), SHOWN);
        assert_eq!((root.count, root.size_bytes), (40_000, 160_000));
        let heavy = root.children.iter().find(|node| node.label == b"heavy::").unwrap();
        assert_eq!((heavy.count, heavy.size_bytes), (20_000, 100_000));
        let id = root.children.iter().find(|node| node.label == b"id::").unwrap();
        assert_eq!(id.count, 20_000);
        let other = id.children.last().unwrap();
        assert!(other.label == OTHER && other.count > 19_000, "{other:?}");
    }

    #[test]
    fn long_labels_are_no_prefixes() {
        let mut tree = Prefixes::new(b":".to_vec(), 3, 64);
        tree.add(&[vec![b'x'; 1000], b":1".to_vec()].concat(), 7);
        let root = assemble(tree.flats(), SHOWN);
        assert_eq!((root.count, root.children[0].label.as_slice()), (1, OTHER));
    }
}
