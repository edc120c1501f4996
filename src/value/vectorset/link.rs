//! Links between nodes: made for those that come, and mended for those that go.
//!
//! Servers refuse a graph in which a link goes one way only, so links are made and taken away in pairs. That is also what makes
//! removal cheap: a node knows all that lead to it.

use super::VectorSet;
use super::node::{Layer, Node, Place};
use super::search::{Near, Seen};

/// How far a search looks around for a node that has lost links.
const MENDING_EF: usize = 200;

/// Most nodes of which each is compared with each other for new links.
const COMPARED_MAX: usize = 256;

/// How much is done for a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effort {
    /// Only links in directions of their own, and only such that are better than those they replace.
    Choosy,
    /// Any link for which there is room.
    Free,
    /// Any link that takes none from a node with few.
    Willing,
    /// Any link, for which others also get room beyond their most.
    Pressing,
}

impl VectorSet {
    fn distance(&self, a: &Node, b: &Node) -> f32 {
        a.vector.distance(&b.vector, self.dim())
    }

    fn layer(&self, place: Place, layer: usize) -> Option<&Layer> {
        self.nodes.get(place)?.layers.get(layer)
    }

    fn layer_mut(&mut self, place: Place, layer: usize) -> Option<&mut Layer> {
        self.nodes.get_mut(place)?.layers.get_mut(layer)
    }

    fn link_count(&self, place: Place, layer: usize) -> usize {
        self.layer(place, layer).map_or(0, |layer| layer.links.len())
    }

    fn has_room(&self, place: Place, layer: usize) -> bool {
        self.layer(place, layer).is_some_and(|layer| layer.links.len() < layer.max_links as usize)
    }

    /// The farthest of a node's links in a layer: its distance and its place among them.
    pub(super) fn worst_link(&self, place: Place, layer: usize) -> (f32, u32) {
        let mut worst = (0.0, 0);
        let Some(node) = self.nodes.get(place) else { return worst };
        for (index, to) in (0..).zip(node.links(layer)) {
            let Some(to) = self.nodes.get(*to) else { continue };
            let distance = self.distance(node, to);
            if distance > worst.0 {
                worst = (distance, index);
            }
        }
        worst
    }

    fn add_half(&mut self, from: Place, to: Place, layer: usize, distance: f32) {
        let Some(layer) = self.layer_mut(from, layer) else { return };
        if layer.links.is_empty() || distance > layer.worst_distance {
            layer.worst_distance = distance;
            layer.worst_index = u32::try_from(layer.links.len()).unwrap_or(0);
        }
        layer.links.push(to);
    }

    fn remove_half(&mut self, from: Place, to: Place, at: usize) {
        let Some(layer) = self.layer_mut(from, at) else { return };
        let Some(index) = layer.links.iter().position(|link| *link == to) else { return };
        layer.links.remove(index);
        let worst = layer.worst_index as usize;
        if index < worst {
            layer.worst_index -= 1;
        } else if index == worst {
            let (distance, index) = self.worst_link(from, at);
            if let Some(layer) = self.layer_mut(from, at) {
                (layer.worst_distance, layer.worst_index) = (distance, index);
            }
        }
    }

    fn link(&mut self, a: Place, b: Place, layer: usize, distance: f32) {
        self.add_half(a, b, layer, distance);
        self.add_half(b, a, layer, distance);
    }

    fn unlink(&mut self, a: Place, b: Place, layer: usize) {
        self.remove_half(a, b, layer);
        self.remove_half(b, a, layer);
    }

    /// Links a new node in a layer with the best of what a search has found for it.
    pub(super) fn link_new(&mut self, new: Place, candidates: &[Near], layer: usize) {
        let wanted = self.shape.max_links;
        self.link_to(new, candidates, layer, wanted, Effort::Choosy);
        self.link_to(new, candidates, layer, wanted, Effort::Free);
        if self.link_count(new, layer) < wanted / 2 {
            self.link_to(new, candidates, layer, wanted, Effort::Willing);
        }
        // A node with hardly a link would be lost with the next removal.
        let least = (wanted / 4).max(1);
        if self.link_count(new, layer) < least {
            self.link_to(new, candidates, layer, least, Effort::Pressing);
        }
    }

    /// Links a node with candidates, the nearest first, until it has as many links as are wanted.
    fn link_to(
        &mut self,
        place: Place,
        candidates: &[Near],
        layer: usize,
        wanted: usize,
        effort: Effort,
    ) {
        for near in candidates {
            let Some(own) = self.layer(place, layer) else { return };
            if own.links.len() >= wanted.min(own.max_links as usize) {
                return;
            }
            if near.place == place || own.links.contains(&near.place) {
                continue;
            }
            if effort == Effort::Choosy && !self.is_direction_of_its_own(near, &own.links) {
                continue;
            }
            if self.make_room(near, layer, effort) {
                self.link(place, near.place, layer, near.distance);
            }
        }
    }

    /// Whether a candidate is nearer to the node it would be linked with than to those that are linked with it already, through
    /// which it could be reached otherwise.
    fn is_direction_of_its_own(&self, near: &Near, links: &[Place]) -> bool {
        let Some(node) = self.nodes.get(near.place) else { return false };
        let mut linked = links.iter().filter_map(|place| self.nodes.get(*place));
        linked.all(|linked| self.distance(node, linked) >= near.distance)
    }

    /// Sees to it that a node can take one more link, if need be by taking another one away; false if it cannot.
    fn make_room(&mut self, near: &Near, layer: usize, effort: Effort) -> bool {
        if self.has_room(near.place, layer) {
            return true;
        }
        let Some(own) = self.layer(near.place, layer) else { return false };
        if effort == Effort::Choosy && near.distance >= own.worst_distance {
            return false;
        }
        let max_links = self.shape.max_links;
        // Others must keep so many links that they stay well connected.
        let kept = if effort == Effort::Choosy { max_links / 2 } else { max_links / 4 };
        let can_spare = |place: Place| self.link_count(place, layer) > kept;
        let spared = match effort {
            Effort::Free => return false,
            Effort::Choosy | Effort::Willing => {
                let (_, worst) = self.worst_link(near.place, layer);
                own.links.get(worst as usize).copied().filter(|place| can_spare(*place))
            }
            Effort::Pressing => {
                let links = own.links.iter().copied().filter(|place| can_spare(*place));
                self.farthest_of(near.place, links)
            }
        };
        if let Some(spared) = spared {
            self.unlink(near.place, spared, layer);
            return true;
        }
        let most = self.shape.room(layer);
        if effort != Effort::Pressing {
            return false;
        }
        match self.layer_mut(near.place, layer) {
            Some(own) if (own.max_links as usize) < most => {
                own.max_links += 1;
                true
            }
            _ => false,
        }
    }

    fn farthest_of(&self, from: Place, places: impl Iterator<Item = Place>) -> Option<Place> {
        let from = self.nodes.get(from)?;
        let near = |place| {
            let node = self.nodes.get(place)?;
            Some(Near { distance: self.distance(from, node), place })
        };
        places.filter_map(near).max().map(|near| near.place)
    }

    /// Takes away all links of a node that is about to go; gives the nodes it was linked with, by layer.
    pub(super) fn detach(&mut self, place: Place) -> Vec<Vec<Place>> {
        let layers = self.nodes.get(place).map_or(0, |node| node.layers.len());
        let mut all = Vec::with_capacity(layers);
        for layer in 0..layers {
            let Some(own) = self.layer_mut(place, layer) else { break };
            let links = std::mem::take(&mut own.links);
            for to in &links {
                self.remove_half(*to, place, layer);
            }
            all.push(links);
        }
        all
    }

    /// Gives nodes that have lost a link in a layer another one: among each other, the nearest first, or else to any node.
    pub(super) fn mend(&mut self, nodes: &[Place], layer: usize) {
        for group in nodes.chunks(COMPARED_MAX) {
            self.pair_up(group, layer);
        }
    }

    fn pair_up(&mut self, group: &[Place], layer: usize) {
        let mut pairs = Vec::new();
        for (i, a) in group.iter().enumerate() {
            let Some(node) = self.nodes.get(*a) else { continue };
            for (j, b) in group.iter().enumerate().skip(i + 1) {
                let Some(other) = self.nodes.get(*b) else { continue };
                if !node.links(layer).contains(b) {
                    pairs.push((self.distance(node, other), i, j));
                }
            }
        }
        pairs.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then((a.1, a.2).cmp(&(b.1, b.2))));
        let mut is_done = vec![false; group.len()];
        for (distance, i, j) in pairs {
            let (a, b) = (group[i], group[j]);
            if !is_done[i] && !is_done[j] && self.has_room(a, layer) && self.has_room(b, layer) {
                self.link(a, b, layer, distance);
                (is_done[i], is_done[j]) = (true, true);
            }
        }
        let alone = group.iter().zip(is_done).filter(|(_, is_done)| !is_done);
        for (place, _) in alone {
            // Those with many links do well without another one.
            if self.link_count(*place, layer) <= self.shape.max_links / 2 {
                self.link_anew(*place, layer);
            }
        }
    }

    /// Looks for one more link of a node.
    fn link_anew(&mut self, place: Place, layer: usize) {
        let Some(vector) = self.nodes.get(place).map(|node| node.vector.clone()) else { return };
        let mut seen = Seen::new(self);
        let Some(from) = self.descend(&vector, layer, &mut seen) else { return };
        let candidates = self.search_layer(&vector, from, MENDING_EF, layer, &mut seen, None);
        let count = self.link_count(place, layer);
        self.link_to(place, &candidates, layer, count + 1, Effort::Willing);
        if self.link_count(place, layer) == count {
            self.link_to(place, &candidates, layer, count + 1, Effort::Pressing);
        }
    }
}
