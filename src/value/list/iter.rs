//! Walks over elements.

use super::Chunk;
use crate::base::bulk::Bulk;
use crate::packed::{self, Listpack};
use crate::value::tree::{Leaf, Leaves, Tree};

/// Elements of a list, in order or backwards.
#[derive(Debug, Clone)]
pub struct Iter<'a> {
    inside: Inside<'a>,
    leaves: Option<Leaves<'a, Chunk>>,
    backwards: bool,
}

/// What is left of a node.
#[derive(Debug, Clone)]
enum Inside<'a> {
    Nothing,
    One(&'a [u8]),
    Packed(packed::Iter<'a>),
    PackedBack(packed::IterBack<'a>),
}

impl<'a> Inside<'a> {
    /// A node from an index on, or from its near end.
    fn of(pack: &'a Listpack, index: Option<usize>, backwards: bool) -> Inside<'a> {
        match (index, backwards) {
            (None, false) => Inside::Packed(pack.iter()),
            (None, true) => Inside::PackedBack(pack.iter_back()),
            (Some(index), _) => match pack.at(index) {
                None => Inside::Nothing,
                Some(at) if backwards => Inside::PackedBack(pack.iter_back_from(at)),
                Some(at) => Inside::Packed(pack.iter_from(at)),
            },
        }
    }

    fn of_chunk(chunk: &'a Chunk, index: Option<usize>, backwards: bool) -> Inside<'a> {
        match chunk {
            Chunk::Packed(pack) => Inside::of(pack, index, backwards),
            Chunk::Plain(value) => Inside::One(value),
        }
    }
}

impl<'a> Iter<'a> {
    pub(super) fn packed(pack: &'a Listpack, index: u64, backwards: bool) -> Iter<'a> {
        let index = usize::try_from(index).unwrap_or(usize::MAX);
        Iter { inside: Inside::of(pack, Some(index), backwards), leaves: None, backwards }
    }

    pub(super) fn large(tree: &'a Tree<Chunk>, index: u64, backwards: bool) -> Iter<'a> {
        if index >= tree.len() {
            return Iter { inside: Inside::Nothing, leaves: None, backwards };
        }
        let mut leaves = tree.leaves_from(index, backwards);
        let within = (index - leaves.before()) as usize;
        let inside = match leaves.next() {
            Some(chunk) => {
                debug_assert!(within < chunk.count());
                Inside::of_chunk(chunk, Some(within), backwards)
            }
            None => Inside::Nothing,
        };
        Iter { inside, leaves: Some(leaves), backwards }
    }
}

impl<'a> Iterator for Iter<'a> {
    type Item = Bulk<'a>;

    fn next(&mut self) -> Option<Bulk<'a>> {
        loop {
            let element = match &mut self.inside {
                Inside::Nothing => None,
                Inside::One(value) => {
                    let value = *value;
                    self.inside = Inside::Nothing;
                    Some(Bulk::Bytes(value))
                }
                Inside::Packed(elements) => elements.next().map(|(_, element)| element),
                Inside::PackedBack(elements) => elements.next().map(|(_, element)| element),
            };
            if element.is_some() {
                return element;
            }
            let chunk = self.leaves.as_mut()?.next()?;
            self.inside = Inside::of_chunk(chunk, None, self.backwards);
        }
    }
}
