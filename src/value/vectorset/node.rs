//! Nodes of the graph, and where they are kept.

use super::names::Name;
use super::vector::Vector;
use crate::base::cow;
use smallvec::SmallVec;
use triomphe::Arc;

/// Where a node is kept, which stays as long as the node is there.
pub(super) type Place = u32;

/// No place.
pub(super) const NOWHERE: Place = Place::MAX;

/// Places of a chunk.
const CHUNK_PLACES: usize = 64;

/// What a node is linked to in one layer. Every link goes both ways.
#[derive(Debug, Clone, Default)]
pub(super) struct Layer {
    /// The nodes it is linked to.
    pub links: Vec<Place>,
    /// Most links there may be.
    pub max_links: u32,
    /// Distance of the farthest of them; 0 if there is none.
    pub worst_distance: f32,
    /// Where that one stands among the links; 0 if there is none.
    pub worst_index: u32,
}

/// An element of the set as a node of the graph.
#[derive(Debug, Clone)]
pub(super) struct Node {
    /// A number that no other node of the set has, and none had.
    pub id: u64,
    pub name: Name,
    /// JSON, or what a client takes for it; never empty.
    pub attributes: Option<Arc<[u8]>>,
    pub vector: Vector,
    /// From the lowest one up, which has all nodes; at least one.
    pub layers: SmallVec<[Layer; 1]>,
    /// The node that was added after this one, or [`NOWHERE`].
    pub newer: Place,
    /// The node that was added before this one, or [`NOWHERE`].
    pub older: Place,
}

impl Node {
    /// The highest layer it is in.
    pub(super) fn level(&self) -> usize {
        self.layers.len().saturating_sub(1)
    }

    /// What it is linked to in a layer; nothing in those above its own.
    #[inline]
    pub(super) fn links(&self, layer: usize) -> &[Place] {
        self.layers.get(layer).map_or(&[], |layer| &layer.links)
    }

    /// Bytes allocated, with itself.
    pub(super) fn allocated_bytes(&self) -> usize {
        let attributes = self.attributes.as_ref().map_or(0, |attributes| attributes.len());
        let links: usize = self.layers.iter().map(|layer| layer.links.capacity()).sum();
        let layers = if self.layers.spilled() { self.layers.capacity() } else { 0 };
        size_of::<Node>()
            + self.name.len()
            + attributes
            + self.vector.allocated_bytes()
            + links * size_of::<Place>()
            + layers * size_of::<Layer>()
    }
}

/// A place with what is there.
#[derive(Debug, Clone)]
enum Slot {
    Node(Arc<Node>),
    /// Nothing; and the free place to be taken after this one.
    Free(Place),
}

/// Nodes by their places. A clone shares all chunks, and a change copies the chunk and the node it touches.
#[derive(Debug, Clone)]
pub(super) struct Nodes {
    /// All but the last one have [`CHUNK_PLACES`] places.
    chunks: Vec<Arc<Vec<Slot>>>,
    /// The free place to be taken next, or [`NOWHERE`].
    free: Place,
    len: usize,
}

impl Default for Nodes {
    fn default() -> Self {
        Nodes { chunks: Vec::new(), free: NOWHERE, len: 0 }
    }
}

impl Nodes {
    /// Number of nodes.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// A number above all places.
    pub(super) fn end(&self) -> usize {
        self.chunks.len() * CHUNK_PLACES
    }

    #[inline]
    pub(super) fn get(&self, place: Place) -> Option<&Node> {
        let place = place as usize;
        match self.chunks.get(place / CHUNK_PLACES)?.get(place % CHUNK_PLACES)? {
            Slot::Node(node) => Some(node),
            Slot::Free(_) => None,
        }
    }

    fn slot_mut(&mut self, place: Place) -> Option<&mut Slot> {
        let place = place as usize;
        let chunk = self.chunks.get_mut(place / CHUNK_PLACES)?;
        cow::make_mut(chunk).get_mut(place % CHUNK_PLACES)
    }

    /// A node to be changed.
    pub(super) fn get_mut(&mut self, place: Place) -> Option<&mut Node> {
        match self.slot_mut(place)? {
            Slot::Node(node) => Some(cow::make_mut(node)),
            Slot::Free(_) => None,
        }
    }

    /// Keeps a node; `None` if there is no place left.
    pub(super) fn insert(&mut self, node: Node) -> Option<Place> {
        let slot = Slot::Node(Arc::new(node));
        let place = self.free;
        if let Some(free) = self.slot_mut(place) {
            if let Slot::Free(next) = std::mem::replace(free, slot) {
                self.free = next;
            }
            self.len += 1;
            return Some(place);
        }
        if self.chunks.last().is_none_or(|chunk| chunk.len() >= CHUNK_PLACES) {
            self.chunks.push(Arc::new(Vec::new()));
        }
        let before = (self.chunks.len() - 1) * CHUNK_PLACES;
        let chunk = cow::make_mut(self.chunks.last_mut()?);
        let place = Place::try_from(before + chunk.len()).ok().filter(|at| *at != NOWHERE)?;
        chunk.push(slot);
        self.len += 1;
        Some(place)
    }

    /// Takes a node out.
    pub(super) fn remove(&mut self, place: Place) -> Option<Arc<Node>> {
        self.get(place)?;
        let next = self.free;
        let slot = std::mem::replace(self.slot_mut(place)?, Slot::Free(next));
        self.free = place;
        self.len -= 1;
        match slot {
            Slot::Node(node) => Some(node),
            Slot::Free(_) => None,
        }
    }

    /// All nodes with their places, by place.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Place, &Node)> {
        let slots = self.chunks.iter().flat_map(|chunk| chunk.iter());
        (0..).zip(slots).filter_map(|(place, slot)| match slot {
            Slot::Node(node) => Some((place, &**node)),
            Slot::Free(_) => None,
        })
    }

    /// Bytes allocated, if the first nodes are like all others.
    pub(super) fn allocated_bytes(&self) -> usize {
        /// Nodes that are looked at.
        const MEASURED: usize = 1_000;
        let slots: usize = self.chunks.iter().map(|chunk| chunk.capacity()).sum();
        let measured = self.iter().take(MEASURED).map(|(_, node)| node.allocated_bytes());
        let nodes = measured.sum::<usize>() as u128 * self.len as u128;
        let nodes = nodes / self.len.clamp(1, MEASURED) as u128;
        slots * size_of::<Slot>() + usize::try_from(nodes).unwrap_or(usize::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rdb::event::Quantization;

    fn node(id: u64) -> Node {
        Node {
            id,
            name: Arc::from(&id.to_be_bytes()[..]),
            attributes: None,
            vector: Vector::new(vec![1.0], Quantization::Int8),
            layers: SmallVec::from_elem(Layer::default(), 1),
            newer: NOWHERE,
            older: NOWHERE,
        }
    }

    #[test]
    fn places_are_used_again() {
        let mut nodes = Nodes::default();
        let places: Vec<Place> = (0..200).filter_map(|id| nodes.insert(node(id))).collect();
        assert_eq!((places.len(), nodes.len()), (200, 200));
        let kept = nodes.clone();
        for place in &places[50..150] {
            assert!(nodes.remove(*place).is_some());
            assert!(nodes.remove(*place).is_none());
        }
        assert_eq!((nodes.len(), kept.len()), (100, 200));
        assert_eq!(nodes.iter().count(), 100);
        let end = nodes.end();
        (0..100).for_each(|id| assert!(nodes.insert(node(id)).is_some()));
        assert_eq!((nodes.len(), nodes.end()), (200, end));
        assert_eq!(kept.get(60).map(|node| node.id), Some(60));
        assert!(nodes.get(NOWHERE).is_none());
    }
}
