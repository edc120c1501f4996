//! Vector sets: elements with vectors, of which the ones nearest to any vector are found without looking at all.
//!
//! Elements are the nodes of a hierarchical navigable small world (Malkov and Yashunin 2016). Every node is in the lowest layer,
//! a quarter of those in a layer also in the one above. A search goes down from the top, in each layer along links to whatever
//! is nearer, and spreads out in the lowest one.
//!
//! ```text
//! layer 2            o ------------------ o
//! layer 1            o -- o ------ o ---- o
//! layer 0     o - o -o-o -o - o -o-o -o - o - o      all elements, linked both ways
//! ```
//!
//! Vectors are brought to length one, so that the angle between two of them is all that counts, and may be kept in bytes or bits.
//! Nodes are counted by reference, in chunks that are, too: a clone costs a pointer per chunk, and a change copies the nodes it
//! links anew. Names are a tree beside that.

mod link;
mod names;
mod node;
mod projection;
mod search;
mod stored;
mod vector;

#[cfg(test)]
mod tests;

pub use projection::Projection;
pub use search::{Filter, Found};
pub use stored::Restorer;
pub use vector::{DIM_MAX, Vector};

use crate::base::rng::Rng;
use crate::rdb::event::Quantization;
use names::{Name, Names};
use node::{Layer, NOWHERE, Node, Nodes, Place};
use search::Seen;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU64, Ordering};
use triomphe::Arc;

/// Bounds for the most links that a node tries to get in a layer.
pub const MAX_LINKS: RangeInclusive<usize> = 4..=4096;

/// The most links that a node tries to get in a layer, unless told otherwise.
pub const MAX_LINKS_DEFAULT: usize = 16;

/// Highest layer that a node is put into. Servers have room for one more in files, and none for searches.
const LEVEL_MAX: usize = 15;

/// What all vectors of a set have in common.
#[derive(Debug, Clone)]
pub struct Shape {
    /// Number of dimensions, from 1 to [`DIM_MAX`].
    pub dim: usize,
    /// How they are kept.
    pub quantization: Quantization,
    /// The most links that a node tries to get in a layer; twice as many are possible in the lowest one.
    pub max_links: usize,
    /// What is applied to vectors before they are added.
    pub projection: Option<Projection>,
}

impl Shape {
    /// The most links that a node can be given room for in a layer, if it must have some. Servers take no more from files.
    fn room(&self, layer: usize) -> usize {
        self.max_links.saturating_mul(if layer == 0 { 3 } else { 2 })
    }
}

/// Another element's name, and its distance.
pub type Linked<'a> = (&'a [u8], f32);

/// A vector set.
#[derive(Debug, Clone)]
pub struct VectorSet {
    shape: Shape,
    nodes: Nodes,
    names: Names,
    /// A node of the highest layer, where searches begin; [`NOWHERE`] if there is no node.
    entry: Place,
    /// The node that was added last, from which all others are reached in the order of their addition.
    newest: Place,
    last_id: u64,
    with_attributes: u64,
    uid: u64,
}

/// An element of a set.
#[derive(Debug, Clone, Copy)]
pub struct Element<'a> {
    node: &'a Node,
}

impl<'a> Element<'a> {
    /// Its name.
    pub fn name(self) -> &'a [u8] {
        &self.node.name
    }

    /// Its attributes, if it has any.
    pub fn attributes(self) -> Option<&'a [u8]> {
        self.node.attributes.as_deref()
    }

    /// Its vector.
    pub fn vector(self) -> &'a Vector {
        &self.node.vector
    }
}

impl Default for VectorSet {
    fn default() -> Self {
        VectorSet::new()
    }
}

impl VectorSet {
    /// A set for vectors of one dimension, in bytes. See [`VectorSet::with_shape`].
    pub fn new() -> VectorSet {
        VectorSet::with_shape(Shape {
            dim: 1,
            quantization: Quantization::Int8,
            max_links: MAX_LINKS_DEFAULT,
            projection: None,
        })
    }

    /// A set without elements.
    pub fn with_shape(shape: Shape) -> VectorSet {
        /// Tells sets apart in what is shown of them.
        static UIDS: AtomicU64 = AtomicU64::new(0);
        VectorSet {
            shape,
            nodes: Nodes::default(),
            names: Names::default(),
            entry: NOWHERE,
            newest: NOWHERE,
            last_id: 0,
            with_attributes: 0,
            uid: UIDS.fetch_add(1, Ordering::Relaxed),
        }
    }

    /// What all vectors have in common.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Number of dimensions.
    pub fn dim(&self) -> usize {
        self.shape.dim
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of elements with attributes.
    pub fn with_attributes(&self) -> u64 {
        self.with_attributes
    }

    /// The highest layer that has nodes.
    pub fn max_level(&self) -> usize {
        self.nodes.get(self.entry).map_or(0, Node::level)
    }

    /// A number that tells this set from others of the process.
    pub fn uid(&self) -> u64 {
        self.uid
    }

    /// The highest number that was given to a node.
    pub fn last_id(&self) -> u64 {
        self.last_id
    }

    /// About how many bytes are allocated.
    pub fn allocated_bytes(&self) -> usize {
        size_of::<VectorSet>()
            + self.nodes.allocated_bytes()
            + self.names.allocated_bytes()
            + self.shape.projection.as_ref().map_or(0, Projection::allocated_bytes)
    }

    /// A vector in the form of this set, to search with.
    pub fn query(&self, components: Vec<f32>) -> Vector {
        Vector::new(components, self.shape.quantization)
    }

    /// An element by name.
    pub fn get(&self, name: &[u8]) -> Option<Element<'_>> {
        self.element(self.names.get(name)?)
    }

    fn element(&self, place: Place) -> Option<Element<'_>> {
        self.nodes.get(place).map(|node| Element { node })
    }

    /// The element with so many names before its own.
    pub fn at_rank(&self, rank: u64) -> Option<Element<'_>> {
        self.element(self.names.at_rank(rank)?)
    }

    /// Names from one on, that one included, ascending.
    pub fn names_from(&self, name: &[u8]) -> impl Iterator<Item = &[u8]> {
        self.names.from(name).map(|(name, _)| name)
    }

    /// All elements, the newest first.
    pub fn iter(&self) -> impl Iterator<Item = Element<'_>> {
        self.by_age().map(|node| Element { node })
    }

    /// All nodes, the newest first.
    fn by_age(&self) -> impl Iterator<Item = &Node> {
        let newest = self.nodes.get(self.newest);
        std::iter::successors(newest, |node| self.nodes.get(node.older))
    }

    /// What an element is linked with, by layer from its highest one down: names and distances. `None` if it is not there.
    pub fn links(&self, name: &[u8]) -> Option<Vec<Vec<Linked<'_>>>> {
        let node = self.nodes.get(self.names.get(name)?)?;
        let linked = |place: &Place| {
            let other = self.nodes.get(*place)?;
            Some((&other.name[..], node.vector.distance(&other.vector, self.dim())))
        };
        let layers = node.layers.iter().rev();
        Some(layers.map(|layer| layer.links.iter().filter_map(linked).collect()).collect())
    }

    /// Adds an element with a vector of [`VectorSet::dim`] dimensions, or gives it another one; whether it is new. The higher
    /// `ef`, the more is done to link it well. Attributes stay if none are given, and go if they are empty.
    pub fn add(
        &mut self,
        name: &[u8],
        components: Vec<f32>,
        ef: usize,
        attributes: Option<&[u8]>,
    ) -> bool {
        let old = self.names.get(name).and_then(|place| self.take_out(place));
        let is_new = old.is_none();
        let (name, kept) = match old {
            Some(old) => (old.name.clone(), old.attributes.clone()),
            None => (Name::from(name), None),
        };
        let attributes = match attributes {
            None => kept,
            Some(attributes) => (!attributes.is_empty()).then(|| attributes.into()),
        };
        let vector = self.query(components);
        self.put_in(name, vector, attributes, ef);
        is_new
    }

    fn put_in(&mut self, name: Name, vector: Vector, attributes: Option<Arc<[u8]>>, ef: usize) {
        let id = self.next_id();
        let level = level_of(id);
        let mut candidates = Vec::new();
        let mut seen = Seen::new(self);
        let shared = level.min(self.max_level());
        if let Some(mut from) = self.descend(&vector, shared, &mut seen) {
            for layer in (0..=shared).rev() {
                let nearest = self.search_layer(&vector, from, ef, layer, &mut seen, None);
                from = nearest.first().map_or(from, |near| near.place);
                candidates.push((layer, nearest));
            }
        }
        let layer = |at| {
            let max_links = self.shape.max_links * if at == 0 { 2 } else { 1 };
            Layer { max_links: u32::try_from(max_links).unwrap_or(u32::MAX), ..Layer::default() }
        };
        let layers = (0..=level).map(layer).collect();
        let (newer, older) = (NOWHERE, self.newest);
        let has_attributes = attributes.is_some();
        let node = Node { id, name: name.clone(), attributes, vector, layers, newer, older };
        let Some(place) = self.nodes.insert(node) else { return };
        self.names.insert(name, place);
        self.with_attributes += u64::from(has_attributes);
        if let Some(before) = self.nodes.get_mut(older) {
            before.newer = place;
        }
        self.newest = place;
        for (layer, candidates) in candidates {
            self.link_new(place, &candidates, layer);
        }
        if self.len() == 1 || level > self.max_level() {
            self.entry = place;
        }
    }

    /// The number of the next node. Should there be none left, all are numbered anew.
    fn next_id(&mut self) -> u64 {
        if self.last_id == u64::MAX {
            let places: Vec<Place> = self.nodes.iter().map(|(place, _)| place).collect();
            for (id, place) in (1..).zip(places) {
                if let Some(node) = self.nodes.get_mut(place) {
                    node.id = id;
                }
            }
            self.last_id = self.len() as u64;
        }
        self.last_id += 1;
        self.last_id
    }

    /// Takes an element away; whether it was there.
    pub fn remove(&mut self, name: &[u8]) -> bool {
        let Some(place) = self.names.remove(name) else { return false };
        self.take_out(place).is_some()
    }

    /// Takes a node out of the graph, and mends that.
    fn take_out(&mut self, place: Place) -> Option<Arc<Node>> {
        let by_layer = self.detach(place);
        let node = self.nodes.remove(place)?;
        self.with_attributes -= u64::from(node.attributes.is_some());
        match self.nodes.get_mut(node.newer) {
            Some(newer) => newer.older = node.older,
            None => self.newest = node.older,
        }
        if let Some(older) = self.nodes.get_mut(node.older) {
            older.newer = node.newer;
        }
        if self.entry == place {
            // What it was linked with in the highest layer is there, too.
            let neighbour = by_layer.last().and_then(|links| links.first());
            self.entry = neighbour.copied().unwrap_or_else(|| self.highest());
        }
        for (layer, nodes) in by_layer.iter().enumerate() {
            self.mend(nodes, layer);
        }
        Some(node)
    }

    /// A node of the highest layer there is.
    fn highest(&self) -> Place {
        let highest = self.nodes.iter().max_by_key(|(_, node)| node.level());
        highest.map_or(NOWHERE, |(place, _)| place)
    }

    /// Gives an element attributes, or takes them away if they are empty; whether it is there.
    pub fn set_attributes(&mut self, name: &[u8], attributes: &[u8]) -> bool {
        let Some(node) = self.names.get(name).and_then(|place| self.nodes.get_mut(place)) else {
            return false;
        };
        let had = node.attributes.take().is_some();
        let has = !attributes.is_empty();
        node.attributes = has.then(|| attributes.into());
        self.with_attributes = self.with_attributes + u64::from(has) - u64::from(had);
        true
    }
}

/// The highest layer of a node. It follows from the node's number, so that the same commands give the same graph everywhere.
fn level_of(id: u64) -> usize {
    let mut rng = Rng::new(id);
    (0..LEVEL_MAX).take_while(|_| rng.below(4) == 0).count()
}
