//! A tree of prefixes that keys have in common at any byte, in bounded memory: when it has grown
//! too large, the lightest leaves are added to what their parents call other.

use super::tally::Load;
use super::tree::{Flat, pruning_weight};

/// Bytes of a key that count.
const KEY_BYTES: usize = 64;

#[derive(Debug, Clone, Default)]
struct Node {
    label: Vec<u8>,
    /// Longer prefixes, by rising first byte.
    children: Vec<(u8, usize)>,
    own: Load,
    other: Load,
}

/// Counted prefixes.
#[derive(Debug, Clone)]
pub struct Radix {
    nodes: Vec<Node>,
    nodes_max: usize,
    pruned: u64,
}

impl Radix {
    /// A tree of at most this many prefixes.
    pub fn new(nodes_max: usize) -> Radix {
        Radix { nodes: vec![Node::default()], nodes_max, pruned: 0 }
    }

    /// Counts a key.
    pub fn add(&mut self, key: &[u8], bytes: u64) {
        let key = key.get(..KEY_BYTES).unwrap_or(key);
        self.insert(key, Load { keys: 1, bytes }, Load::default());
        if self.nodes.len() > self.nodes_max {
            self.prune();
        }
    }

    fn insert(&mut self, key: &[u8], own: Load, other: Load) {
        let (mut at, mut rest) = (0, key);
        while let Some(first) = rest.first() {
            let (child, common) = self.step(at, *first, rest);
            at = child;
            rest = rest.get(common.max(1)..).unwrap_or(&[]);
        }
        if let Some(node) = self.nodes.get_mut(at) {
            node.own.add(own);
            node.other.add(other);
        }
    }

    /// The child that starts as `rest` does, made or cut short if need be, and how long it is.
    fn step(&mut self, at: usize, first: u8, rest: &[u8]) -> (usize, usize) {
        let next = self.nodes.len();
        let Some(node) = self.nodes.get_mut(at) else { return (0, rest.len()) };
        let place = node.children.binary_search_by_key(&first, |child| child.0);
        let place = match place {
            Ok(place) => place,
            Err(place) => {
                node.children.insert(place, (first, next));
                self.nodes.push(Node { label: rest.to_vec(), ..Node::default() });
                return (next, rest.len());
            }
        };
        let child = node.children.get(place).map_or(0, |child| child.1);
        let Some(lower) = self.nodes.get_mut(child) else { return (0, rest.len()) };
        let common = lower.label.iter().zip(rest).take_while(|(a, b)| a == b).count();
        if common == lower.label.len() {
            return (child, common);
        }
        let tail = lower.label.split_off(common);
        let label = std::mem::replace(&mut lower.label, tail);
        let branch = lower.label.first().copied().unwrap_or(0);
        self.nodes.push(Node { label, children: vec![(branch, child)], ..Node::default() });
        let pointer = self.nodes.get_mut(at).and_then(|node| node.children.get_mut(place));
        if let Some(pointer) = pointer {
            pointer.1 = next;
        }
        (next, common)
    }

    /// Gives up the lighter half of the leaves, or more.
    fn prune(&mut self) {
        let weight = |node: &Flat| node.own.bytes + node.other.bytes;
        let flats = self.flats();
        let mut leaves = vec![true; flats.len()];
        for flat in flats.iter().skip(1) {
            if let Some(leaf) = leaves.get_mut(flat.parent) {
                *leaf = false;
            }
        }
        let all = flats.iter().zip(&leaves).skip(1);
        let limit = pruning_weight(all.filter(|(_, leaf)| **leaf).map(|n| weight(n.0)).collect());
        self.nodes.clear();
        let mut places = Vec::with_capacity(flats.len());
        for (flat, leaf) in flats.into_iter().zip(leaves) {
            let parent = places.get(flat.parent).copied().unwrap_or(0);
            let place = self.nodes.len();
            places.push(place);
            if leaf && place > 0 && weight(&flat) <= limit {
                self.pruned += 1;
                if let Some(parent) = self.nodes.get_mut(parent) {
                    parent.other.add(flat.own);
                    parent.other.add(flat.other);
                }
                continue;
            }
            self.keep(flat, parent, place);
        }
    }

    /// Puts a node behind the kept ones.
    fn keep(&mut self, flat: Flat, parent: usize, place: usize) {
        let (Some(parent), Some(first)) = (self.nodes.get_mut(parent), flat.label.first()) else {
            let (own, other) = (flat.own, flat.other);
            self.nodes.push(Node { own, other, ..Node::default() });
            return;
        };
        let (Ok(at) | Err(at)) = parent.children.binary_search_by_key(first, |child| child.0);
        parent.children.insert(at, (*first, place));
        let (own, other) = (flat.own, flat.other);
        self.nodes.push(Node { label: flat.label, children: vec![], own, other });
    }

    /// Adds what another has counted.
    pub fn merge(&mut self, other: &Radix) {
        let mut paths: Vec<Vec<u8>> = Vec::new();
        for flat in other.flats() {
            let mut path = paths.get(flat.parent).cloned().unwrap_or_default();
            path.extend_from_slice(&flat.label);
            self.insert(&path, flat.own, flat.other);
            paths.push(path);
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
        let mut flats = Vec::with_capacity(self.nodes.len());
        let mut stack = vec![(0, 0)];
        while let Some((at, parent)) = stack.pop() {
            let Some(node) = self.nodes.get(at) else { continue };
            let place = flats.len();
            flats.push(Flat {
                parent,
                label: node.label.clone(),
                own: node.own,
                other: node.other,
            });
            stack.extend(node.children.iter().rev().map(|child| (child.1, place)));
        }
        flats
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tool::stats::tree::{Shown, assemble};

    const SHOWN: Shown = Shown { depth: 48, min_bytes: 0 };

    #[test]
    fn prefixes_part_where_keys_do() {
        let mut tree = Radix::new(100);
        for key in ["user1", "user2", "users", "use", "x", ""] {
            tree.add(key.as_bytes(), 10);
        }
        let root = assemble(tree.flats(), SHOWN);
        assert_eq!((root.count, root.children.len()), (6, 2));
        let us = &root.children[0];
        assert_eq!((us.label.as_slice(), us.count), (&b"use"[..], 4));
        assert_eq!((us.children[0].label.as_slice(), us.children[0].count), (&b"r"[..], 3));
        assert_eq!(us.children[0].children.len(), 3);
    }

    #[test]
    fn pruning_and_merging_lose_nothing() {
        let mut halves = [(); 2].map(|()| Radix::new(64));
        for n in 0..20_000_usize {
            let half = &mut halves[n % 2];
            half.add(format!("id{n}").as_bytes(), 3);
            half.add(b"heavy", 5);
            assert!(half.nodes.len() <= 66);
        }
        let [mut all, other] = halves;
        all.merge(&other);
        assert!(all.nodes.len() <= 64 && all.pruned() > 1_000);
        let root = assemble(all.flats(), SHOWN);
        assert_eq!((root.count, root.size_bytes), (40_000, 160_000));
        let heavy = root.children.iter().find(|node| node.label == b"heavy").unwrap();
        assert_eq!(heavy.count, 20_000);
    }
}
