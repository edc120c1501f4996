//! Nodes as numbers in files: what they are linked with, by the numbers of nodes.
//!
//! ```text
//! node, level | version << 24, (level + 1) × ( n, most links, n × node, [worst] ), range and norm
//! ```
//!
//! Since version 1 the distance of the farthest link stands behind the links, with its place among them. Pairs of 32 bits have
//! the first number in the upper half.

use super::node::{Layer, NOWHERE, Node, Place};
use super::vector::Vector;
use super::{Shape, VectorSet};
use smallvec::SmallVec;
use std::collections::HashMap;

/// The version that is written.
const VERSION: u64 = 1;

/// Highest layer in a file.
const STORED_LEVEL_MAX: u64 = 16;

/// Why a stored graph is none.
type Flaw = &'static str;

/// An element as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored<'a> {
    /// Its name.
    pub name: &'a [u8],
    /// Its attributes, if it has any.
    pub attributes: Option<&'a [u8]>,
    /// The components of its vector.
    pub components: Vec<u8>,
    /// Its place in the graph.
    pub graph: Vec<u64>,
}

impl VectorSet {
    /// The elements as they are stored, the newest first.
    pub fn stored(&self) -> impl Iterator<Item = Stored<'_>> {
        self.by_age().map(|node| Stored {
            name: &node.name,
            attributes: node.attributes.as_deref(),
            components: node.vector.stored(),
            graph: self.graph_of(node),
        })
    }

    fn graph_of(&self, node: &Node) -> Vec<u64> {
        let mut graph = vec![node.id, node.level() as u64 | VERSION << 24];
        for layer in &node.layers {
            graph.extend([layer.links.len() as u64, u64::from(layer.max_links)]);
            let ids = layer.links.iter().filter_map(|place| self.nodes.get(*place));
            graph.extend(ids.map(|node| node.id));
            graph.push(pair(layer.worst_distance.to_bits(), layer.worst_index));
        }
        graph.push(pair(node.vector.range().to_bits(), node.vector.norm().to_bits()));
        graph
    }
}

fn pair(upper: u32, lower: u32) -> u64 {
    u64::from(upper) << 32 | u64::from(lower)
}

fn halves(pair: u64) -> (u32, u32) {
    ((pair >> 32) as u32, pair as u32)
}

/// Makes a set of stored elements, the newest first.
#[derive(Debug)]
pub struct Restorer {
    set: VectorSet,
    /// Places by the numbers of nodes.
    places: HashMap<u64, Place>,
    /// Links by the numbers of nodes, in the order of nodes and layers.
    links: Vec<(Place, usize, Vec<u64>)>,
    /// The element restored last.
    oldest: Place,
}

impl Restorer {
    /// Begins a set.
    pub fn new(shape: Shape) -> Restorer {
        Restorer {
            set: VectorSet::with_shape(shape),
            places: HashMap::new(),
            links: Vec::new(),
            oldest: NOWHERE,
        }
    }

    /// Takes the next element.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn push(
        &mut self,
        name: &[u8],
        attributes: Option<&[u8]>,
        components: &[u8],
        graph: &[u64],
    ) -> Result<(), Flaw> {
        const SHORT: Flaw = "a vector's links end early";
        let mut numbers = graph.iter().copied();
        let mut next = || numbers.next().ok_or(SHORT);
        let (id, second) = (next()?, next()?);
        let (level, version) = (second & 0xff, second >> 24 & 0xff);
        if id == 0 {
            return Err("a vector has the number 0");
        }
        if version > VERSION {
            return Err("unknown version of a vector's links");
        }
        if level > STORED_LEVEL_MAX {
            return Err("a vector's level is out of range");
        }
        let mut layers: SmallVec<[Layer; 1]> = SmallVec::new();
        let mut by_layer = Vec::new();
        for at in 0..=level {
            let (count, max_links) = (next()?, next()?);
            let most = self.set.shape.room(at as usize) as u64;
            if count > max_links || max_links > most {
                return Err("a vector has too many links");
            }
            let links: Vec<u64> = (0..count).map(|_| next()).collect::<Result<_, Flaw>>()?;
            let (worst_bits, worst_index) = if version > 0 { halves(next()?) } else { (0, 0) };
            if count > 0 && u64::from(worst_index) >= count {
                return Err("a vector's farthest link is out of range");
            }
            by_layer.push(links);
            layers.push(Layer {
                links: Vec::new(),
                max_links: max_links as u32,
                worst_distance: f32::from_bits(worst_bits),
                worst_index,
            });
        }
        let (range, norm) = halves(next()?);
        let (form, dim) = (self.set.shape.quantization, self.set.shape.dim);
        let (range, norm) = (f32::from_bits(range), f32::from_bits(norm));
        let vector = Vector::from_stored(components, form, dim, range, norm)
            .ok_or("a vector has the wrong size")?;
        if self.set.names.get(name).is_some() {
            return Err("a vector's name is there twice");
        }
        let name = super::Name::from(name);
        let attributes = attributes.filter(|text| !text.is_empty()).map(|text| text.into());
        self.set.with_attributes += u64::from(attributes.is_some());
        let (newer, older) = (self.oldest, NOWHERE);
        let node = Node { id, name: name.clone(), attributes, vector, layers, newer, older };
        let place = self.set.nodes.insert(node).ok_or("there are too many vectors")?;
        self.set.names.insert(name, place);
        if self.places.insert(id, place).is_some() {
            return Err("a vector's number is there twice");
        }
        match self.set.nodes.get_mut(newer) {
            Some(newer) => newer.older = place,
            None => self.set.newest = place,
        }
        self.oldest = place;
        self.set.last_id = self.set.last_id.max(id);
        if self.set.len() == 1 || level as usize > self.set.max_level() {
            self.set.entry = place;
        }
        let is_old = version == 0;
        self.links.extend(by_layer.into_iter().enumerate().map(|(at, ids)| (place, at, ids)));
        if is_old {
            // Their farthest links are found once all are there.
            self.mark_unmeasured(place);
        }
        Ok(())
    }

    /// Notes that a node's farthest links are not known.
    fn mark_unmeasured(&mut self, place: Place) {
        let layers = self.set.nodes.get_mut(place).map(|node| &mut node.layers);
        for layer in layers.into_iter().flatten() {
            layer.worst_index = u32::MAX;
        }
    }

    /// The whole set.
    ///
    /// # Errors
    /// Links that lead nowhere, or only one way.
    pub fn finish(mut self) -> Result<VectorSet, Flaw> {
        // Each link with the layer and both places, the lower one first, and which of them it starts from.
        let mut ends: Vec<(usize, Place, Place, bool)> = Vec::new();
        let mut unmeasured = Vec::new();
        for (place, at, ids) in std::mem::take(&mut self.links) {
            let mut links = Vec::with_capacity(ids.len());
            for id in ids {
                let to =
                    *self.places.get(&id).ok_or("a vector is linked with one that is missing")?;
                if to == place {
                    return Err("a vector is linked with itself");
                }
                if self.set.nodes.get(to).is_none_or(|node| node.layers.len() <= at) {
                    return Err("a vector is linked with one that is not in the layer");
                }
                ends.push((at, place.min(to), place.max(to), place < to));
                links.push(to);
            }
            let layers = self.set.nodes.get_mut(place).map(|node| &mut node.layers);
            if let Some(layer) = layers.and_then(|layers| layers.get_mut(at)) {
                layer.links = links;
                if layer.worst_index == u32::MAX {
                    unmeasured.push((place, at));
                }
            }
        }
        ends.sort_unstable();
        let (pairs, rest) = ends.as_chunks::<2>();
        let is_pair = |[a, b]: &[(usize, Place, Place, bool); 2]| {
            (a.0, a.1, a.2) == (b.0, b.1, b.2) && a.3 != b.3
        };
        if !rest.is_empty() || !pairs.iter().all(is_pair) {
            return Err("a link between vectors goes one way only, or is there twice");
        }
        for (place, at) in unmeasured {
            let (distance, index) = self.set.worst_link(place, at);
            let layers = self.set.nodes.get_mut(place).map(|node| &mut node.layers);
            if let Some(layer) = layers.and_then(|layers| layers.get_mut(at)) {
                (layer.worst_distance, layer.worst_index) = (distance, index);
            }
        }
        Ok(self.set)
    }
}
