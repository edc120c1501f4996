//! A node of a large list.

use crate::base::bulk::Bulk;
use crate::packed::Listpack;
use crate::value::limits::Limits;
use crate::value::tree::Leaf;
use std::ops::Range;
use std::sync::Arc;

/// Bytes past which a node whose limit is a number of elements takes no more.
const SAFE_NODE_BYTES: usize = 8192;

/// What an element is reckoned to need beside its bytes.
const ELEMENT_OVERHEAD_BYTES: usize = 8;

/// A node of a large list: elements in a listpack, or one large element by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chunk {
    /// One element or more.
    Packed(Listpack),
    /// An element too large for a listpack.
    Plain(Arc<[u8]>),
}

/// How large a node may be; see [`Limits::list_max_listpack_size`].
#[derive(Debug, Clone, Copy)]
pub(super) enum NodeLimit {
    Bytes(usize),
    Elements(usize),
}

impl NodeLimit {
    pub(super) fn of(limits: &Limits) -> NodeLimit {
        match limits.list_max_listpack_size {
            0 => NodeLimit::Elements(1),
            -1 => NodeLimit::Bytes(4096),
            -2 => NodeLimit::Bytes(8192),
            -3 => NodeLimit::Bytes(16_384),
            -4 => NodeLimit::Bytes(32_768),
            i64::MIN..=-5 => NodeLimit::Bytes(65_536),
            count @ 1.. => NodeLimit::Elements(count as usize),
        }
    }

    /// Whether a node of so many bytes and elements is too large.
    pub(super) fn is_over(self, bytes: usize, count: usize) -> bool {
        match self {
            NodeLimit::Bytes(max) => bytes > max,
            NodeLimit::Elements(max) => bytes > SAFE_NODE_BYTES || count > max,
        }
    }

    /// Whether an element needs a node of its own.
    pub(super) fn is_large(self, value: &[u8]) -> bool {
        match self {
            NodeLimit::Bytes(max) => value.len() > max,
            NodeLimit::Elements(_) => value.len() > SAFE_NODE_BYTES,
        }
    }

    /// Whether a listpack takes one element more.
    pub(super) fn admits(self, pack: &Listpack, value: &[u8]) -> bool {
        let bytes = pack.len_bytes() + value.len() + ELEMENT_OVERHEAD_BYTES;
        !self.is_large(value) && !self.is_over(bytes, pack.count() + 1)
    }
}

impl Chunk {
    /// A node with one element.
    pub(super) fn of(value: &[u8], limit: NodeLimit) -> Chunk {
        if limit.is_large(value) {
            return Chunk::Plain(value.into());
        }
        let mut pack = Listpack::new();
        pack.push_back(value);
        Chunk::Packed(pack)
    }

    /// The element at an index.
    pub(super) fn get(&self, index: usize) -> Option<Bulk<'_>> {
        match self {
            Chunk::Packed(pack) => pack.at(index).map(|at| pack.get(at)),
            Chunk::Plain(value) => (index == 0).then_some(Bulk::Bytes(value)),
        }
    }

    /// Puts an element before the one at an index, or behind the last one; what does not fit here comes into further nodes.
    pub(super) fn insert(
        &mut self,
        index: usize,
        value: &[u8],
        limit: NodeLimit,
        more: &mut Vec<Chunk>,
    ) {
        match self {
            Chunk::Packed(pack) if limit.admits(pack, value) => {
                pack.reserve_to_grow(value.len());
                match pack.at(index) {
                    Some(at) => pack.insert(at, value),
                    None => pack.push_back(value),
                }
            }
            _ if index == 0 => {
                let mut full = std::mem::replace(self, Chunk::of(value, limit));
                full.close();
                more.push(full);
            }
            Chunk::Packed(pack) => {
                let right = pack.at(index).map(|at| pack.split_off(at));
                if limit.admits(pack, value) {
                    pack.push_back(value);
                } else {
                    pack.shrink();
                    more.push(Chunk::of(value, limit));
                }
                more.extend(right.map(Chunk::Packed));
            }
            Chunk::Plain(_) => more.push(Chunk::of(value, limit)),
        }
    }

    /// Gives back the slack of a node that is full.
    fn close(&mut self) {
        if let Chunk::Packed(pack) = self {
            pack.shrink();
        }
    }

    /// Replaces the element at an index; what does not fit here comes into further nodes.
    pub(super) fn set(
        &mut self,
        index: usize,
        value: &[u8],
        limit: NodeLimit,
        more: &mut Vec<Chunk>,
    ) {
        let Chunk::Packed(pack) = self else {
            *self = Chunk::of(value, limit);
            return;
        };
        let Some(at) = pack.at(index) else { return };
        let old_bytes = pack.get(at).text_len().min(Listpack::encoded_len(value));
        let bytes = pack.len_bytes() - old_bytes.min(pack.len_bytes())
            + value.len()
            + ELEMENT_OVERHEAD_BYTES;
        if !limit.is_large(value)
            && (value.len() <= old_bytes || !limit.is_over(bytes, pack.count()))
        {
            pack.replace(at, value);
            return;
        }
        pack.remove(at, 1);
        if pack.is_empty() {
            *self = Chunk::of(value, limit);
        } else {
            self.insert(index, value, limit, more);
        }
    }

    /// Bytes allocated.
    pub(super) fn allocated_bytes(&self) -> usize {
        match self {
            Chunk::Packed(pack) => pack.allocated_bytes(),
            Chunk::Plain(value) => value.len() + 16,
        }
    }
}

impl Leaf for Chunk {
    type Key = ();

    fn count(&self) -> usize {
        match self {
            Chunk::Packed(pack) => pack.count(),
            Chunk::Plain(_) => 1,
        }
    }

    fn key(&self) {}

    fn remove(&mut self, range: Range<usize>) {
        if let Chunk::Packed(pack) = self
            && let Some(at) = pack.at(range.start)
        {
            pack.remove(at, range.len());
        }
    }

    fn fits(&self, right: &Self) -> bool {
        // Small enough for any limit in bytes, and for a limit in elements no node is ever joined to hold too many.
        match (self, right) {
            (Chunk::Packed(left), Chunk::Packed(right)) => {
                left.len_bytes() + right.len_bytes() <= 1024 && left.count() + right.count() <= 8
            }
            _ => false,
        }
    }

    fn absorb(&mut self, right: &Self) {
        if let (Chunk::Packed(left), Chunk::Packed(right)) = (self, right) {
            left.append(right);
        }
    }
}
