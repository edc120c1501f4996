//! Finds the elements that are nearest to a vector.

use super::VectorSet;
use super::node::{Node, Place};
use super::vector::Vector;
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// A node and how far it is from what is looked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Near {
    pub distance: f32,
    pub place: Place,
}

impl PartialEq for Near {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Near {}

impl PartialOrd for Near {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Near {
    /// The nearer one first; what is no number is the farthest.
    fn cmp(&self, other: &Self) -> Ordering {
        self.distance.total_cmp(&other.distance).then(self.place.cmp(&other.place))
    }
}

/// The nodes that a search has seen.
pub(super) struct Seen {
    bits: Vec<u64>,
    /// Words of which bits are set.
    used: Vec<usize>,
}

impl Seen {
    pub(super) fn new(set: &VectorSet) -> Seen {
        Seen { bits: vec![0; set.nodes.end().div_ceil(64)], used: Vec::new() }
    }

    /// Whether a place is seen for the first time; notes it.
    #[inline]
    fn is_new(&mut self, place: Place) -> bool {
        let index = place as usize / 64;
        let Some(word) = self.bits.get_mut(index) else { return false };
        let bit = 1 << (place % 64);
        if *word == 0 {
            self.used.push(index);
        }
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    }

    fn clear(&mut self) {
        for index in self.used.drain(..) {
            if let Some(word) = self.bits.get_mut(index) {
                *word = 0;
            }
        }
    }
}

/// Which elements a search may find.
pub struct Filter<'f> {
    /// Whether an element with these attributes is wanted.
    pub takes: &'f dyn Fn(&[u8]) -> bool,
    /// Elements whose neighbours are looked at before the search gives up.
    pub effort: usize,
}

impl Filter<'_> {
    fn takes(&self, node: &Node) -> bool {
        node.attributes.as_ref().is_some_and(|attributes| (self.takes)(attributes))
    }
}

/// An element that was found.
#[derive(Debug, Clone, Copy)]
pub struct Found<'a> {
    /// Its name.
    pub name: &'a [u8],
    /// Its attributes, if it has any.
    pub attributes: Option<&'a [u8]>,
    /// How far it is: from 0 for the same direction to 2 for the opposite one.
    pub distance: f32,
}

impl VectorSet {
    pub(super) fn distance_to(&self, query: &Vector, node: &Node) -> f32 {
        query.distance(&node.vector, self.dim())
    }

    /// The nodes that are nearest to a vector in one layer, nearest first: up to `ef` of them, which the search finds on its way
    /// from another node. The higher `ef`, the farther it looks around.
    pub(super) fn search_layer(
        &self,
        query: &Vector,
        from: Place,
        ef: usize,
        layer: usize,
        seen: &mut Seen,
        filter: Option<&Filter<'_>>,
    ) -> Vec<Near> {
        seen.clear();
        let Some(first) = self.nodes.get(from) else { return Vec::new() };
        let start = Near { distance: self.distance_to(query, first), place: from };
        seen.is_new(from);
        let takes = |node: &Node| filter.is_none_or(|filter| filter.takes(node));
        let effort = filter.map_or(usize::MAX, |filter| filter.effort);
        let mut open = BinaryHeap::from([Reverse(start)]);
        let mut found = BinaryHeap::new();
        if takes(first) {
            found.push(start);
        }
        let mut looked_at = 0;
        while let Some(Reverse(nearest)) = open.pop() {
            let is_full = found.len() >= ef;
            if is_full && found.peek().is_some_and(|worst| nearest > *worst) {
                break;
            }
            if looked_at >= effort {
                break;
            }
            looked_at += 1;
            let Some(node) = self.nodes.get(nearest.place) else { continue };
            for place in node.links(layer) {
                if !seen.is_new(*place) {
                    continue;
                }
                let Some(neighbour) = self.nodes.get(*place) else { continue };
                let near = Near { distance: self.distance_to(query, neighbour), place: *place };
                if found.len() >= ef && found.peek().is_some_and(|worst| near >= *worst) {
                    continue;
                }
                // What is not wanted may still lead to what is.
                open.push(Reverse(near));
                if takes(neighbour) {
                    found.push(near);
                    if found.len() > ef {
                        found.pop();
                    }
                }
            }
        }
        found.into_sorted_vec()
    }

    /// Goes down from the top of the graph to a layer, always to the nearest node it sees; `None` if the set is empty.
    pub(super) fn descend(&self, query: &Vector, layer: usize, seen: &mut Seen) -> Option<Place> {
        let mut place = self.entry;
        let top = self.nodes.get(place)?.level();
        for layer in (layer + 1..=top).rev() {
            let nearest = self.search_layer(query, place, 1, layer, seen, None);
            place = nearest.first().map_or(place, |near| near.place);
        }
        Some(place)
    }

    /// The elements nearest to a vector, nearest first: up to `ef` of those that the graph leads to.
    pub fn search(&self, query: &Vector, ef: usize, filter: Option<&Filter<'_>>) -> Vec<Found<'_>> {
        let mut seen = Seen::new(self);
        let Some(from) = self.descend(query, 0, &mut seen) else { return Vec::new() };
        self.found(self.search_layer(query, from, ef, 0, &mut seen, filter))
    }

    /// The elements nearest to a vector, nearest first: up to `count` of all there are. The filter's effort has no bound here.
    pub fn search_all(
        &self,
        query: &Vector,
        count: usize,
        filter: Option<&Filter<'_>>,
    ) -> Vec<Found<'_>> {
        let mut nearest = BinaryHeap::new();
        for (place, node) in self.nodes.iter() {
            if filter.is_some_and(|filter| !filter.takes(node)) {
                continue;
            }
            let near = Near { distance: self.distance_to(query, node), place };
            if nearest.len() >= count && nearest.peek().is_some_and(|worst| near >= *worst) {
                continue;
            }
            nearest.push(near);
            if nearest.len() > count {
                nearest.pop();
            }
        }
        self.found(nearest.into_sorted_vec())
    }

    fn found(&self, nearest: Vec<Near>) -> Vec<Found<'_>> {
        let found = |near: Near| {
            let node = self.nodes.get(near.place)?;
            let (name, attributes) = (&node.name[..], node.attributes.as_deref());
            Some(Found { name, attributes, distance: near.distance })
        };
        nearest.into_iter().filter_map(found).collect()
    }
}
