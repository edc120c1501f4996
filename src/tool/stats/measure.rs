//! Measures one key: its elements, and the memory that it takes in a server.

use crate::base::bulk::Bulk;
use crate::base::cursor::Cursor;
use crate::base::num;
use crate::packed;
use crate::rdb::event::ArrayValue;
use crate::rdb::module::ModuleId;
use crate::rdb::string::{ReadStr, Str};
use crate::rdb::{Elem, Entry, Error, Kind, Layout, Node, Scratch, Visit};
use crate::tool::memory::{self, Allocator, ServerModel, ValueShape};

use super::quantile::Quantile;

/// What is known of a key once its value has been seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measured {
    /// Bytes of the whole record in the file.
    pub stored_bytes: u64,
    /// Estimated bytes in a server's memory.
    pub memory_bytes: u64,
    /// Elements as users count them; 1 for strings and modules.
    pub elements: u64,
    /// Bytes of the longest element; fields and values of hashes count separately.
    pub longest: u64,
    /// Bytes of all elements.
    pub elements_bytes: u64,
    /// The encoding as `OBJECT ENCODING` names it.
    pub encoding: &'static str,
    /// The type of a module's value.
    pub module: Option<ModuleId>,
}

/// A list of old files is packed into nodes of this size when it is loaded.
const LIST_NODE_BYTES: u64 = 8192;
/// Bytes of an empty listpack.
const LISTPACK_BYTES: u64 = 7;
/// Members of sorted sets up to this length are counted by length.
const COUNTED_LENGTHS: usize = 256;

/// Measures keys one after the other.
#[derive(Debug)]
pub struct Measure {
    model: ServerModel,
    allocator: Allocator,
    /// Lengths of all elements so far.
    pub lengths: Quantile,
    scored: Box<[u32; COUNTED_LENGTHS]>,
    scratch: Scratch,
}

impl Measure {
    /// Measures as this server would keep the keys.
    pub fn new(model: ServerModel, allocator: Allocator) -> Measure {
        Measure {
            model,
            allocator,
            lengths: Quantile::default(),
            scored: Box::new([0; COUNTED_LENGTHS]),
            scratch: Scratch::default(),
        }
    }

    /// Buffers for other readers of the same entry.
    pub fn scratch(&mut self) -> &mut Scratch {
        &mut self.scratch
    }

    /// Measures a key.
    #[inline]
    pub fn key(&mut self, entry: &Entry<'_>) -> Result<Measured, Error> {
        if entry.ty.kind == Kind::String {
            let read: Result<Str<'_>, crate::rdb::error::Halt<std::convert::Infallible>> =
                Cursor::new(entry.value).string();
            if let Ok(value) = read {
                return Ok(self.string(entry, value));
            }
        }
        self.value(entry)
    }

    /// A string tells its length without being decompressed.
    fn string(&mut self, entry: &Entry<'_>, value: Str<'_>) -> Measured {
        let len = value.len();
        let is_integer = match value {
            Str::Plain(Bulk::Int(_)) => true,
            Str::Plain(Bulk::Bytes(bytes)) => is_integer(bytes),
            Str::Lzf { .. } => false,
        };
        let encoding = match len {
            _ if is_integer => "int",
            0..=44 => "embstr",
            _ => "raw",
        };
        self.lengths.add(len);
        let mut shape = ValueShape::new(self.model, self.allocator, memory::Kind::String);
        shape.set_string(len, is_integer);
        Measured {
            stored_bytes: stored_bytes(entry),
            memory_bytes: usage(shape, entry),
            elements: 1,
            longest: len,
            elements_bytes: len,
            encoding,
            module: None,
        }
    }

    fn value(&mut self, entry: &Entry<'_>) -> Result<Measured, Error> {
        let kind = model_kind(entry.ty.kind);
        let mut seen = Seen {
            wants_elements: self.model.wants_elements(kind),
            packs_field_expiries: self.model.packs_field_expiries(),
            layout: entry.ty.layout,
            shape: ValueShape::new(self.model, self.allocator, kind),
            lengths: &mut self.lengths,
            scored: &mut self.scored,
            packed: false,
            elements: 0,
            longest: 0,
            elements_bytes: 0,
            open_node: LISTPACK_BYTES,
            stream_node: None,
            module: None,
        };
        if kind == memory::Kind::Other {
            seen.shape.add_opaque(entry.value.len() as u64);
        }
        entry.visit(&mut self.scratch, &mut seen)?;
        seen.close();
        let Seen { shape, elements, longest, elements_bytes, module, .. } = seen;
        Ok(Measured {
            stored_bytes: stored_bytes(entry),
            memory_bytes: usage(shape, entry),
            elements,
            longest,
            elements_bytes,
            encoding: entry.ty.encoding,
            module,
        })
    }
}

#[inline]
fn is_integer(bytes: &[u8]) -> bool {
    bytes.len() <= 20 && num::parse_canonical_i64(bytes).is_some()
}

fn stored_bytes(entry: &Entry<'_>) -> u64 {
    entry.span.end.saturating_sub(entry.span.start)
}

#[inline]
fn usage(shape: ValueShape, entry: &Entry<'_>) -> u64 {
    shape.usage(entry.key.len(), entry.attributes.expire_at_ms.is_some())
}

fn model_kind(kind: Kind) -> memory::Kind {
    match kind {
        Kind::String => memory::Kind::String,
        Kind::List => memory::Kind::List,
        Kind::Set => memory::Kind::Set,
        Kind::Zset => memory::Kind::SortedSet,
        Kind::Hash => memory::Kind::Hash,
        Kind::Stream => memory::Kind::Stream,
        Kind::Module | Kind::Array => memory::Kind::Other,
    }
}

/// What has been seen of one value.
struct Seen<'m> {
    wants_elements: bool,
    packs_field_expiries: bool,
    layout: Layout,
    shape: ValueShape,
    lengths: &'m mut Quantile,
    scored: &'m mut [u32; COUNTED_LENGTHS],
    /// Whether elements are part of a blob that has been told already.
    packed: bool,
    elements: u64,
    longest: u64,
    elements_bytes: u64,
    /// Bytes of the list node that a server would fill now, for lists that stand unpacked.
    open_node: u64,
    /// A stream node whose first id is still to come, by its bytes.
    stream_node: Option<u64>,
    module: Option<ModuleId>,
}

impl Seen<'_> {
    #[inline(always)]
    fn note(&mut self, len: u64) {
        self.longest = self.longest.max(len);
        self.elements_bytes += len;
        self.lengths.add(len);
    }

    /// A list's element outside of nodes goes into the node that a server fills.
    fn list_item(&mut self, len: u64) {
        let bytes = len + if len < 64 { 2 } else { 4 };
        if self.open_node > LISTPACK_BYTES && self.open_node + bytes > LIST_NODE_BYTES {
            self.shape.add_blob(self.open_node);
            self.open_node = LISTPACK_BYTES;
        }
        self.open_node += bytes;
    }

    #[inline]
    fn scored_member(&mut self, len: u64) {
        let counted = usize::try_from(len).ok().and_then(|len| self.scored.get_mut(len));
        match counted {
            Some(count) if *count < u32::MAX => *count += 1,
            _ => self.shape.add_scored(len),
        }
    }

    fn stream_node_at(&mut self, id: [u8; 16]) {
        if let Some(bytes) = self.stream_node.take() {
            self.shape.add_stream_node(id, bytes);
        }
    }

    /// Counts what was gathered.
    fn close(&mut self) {
        if self.open_node > LISTPACK_BYTES {
            self.shape.add_blob(self.open_node);
        }
        if let Some(bytes) = self.stream_node.take() {
            self.shape.add_blob(bytes);
        }
        if matches!(self.layout, Layout::ScoredText | Layout::ScoredBinary) {
            for (count, len) in self.scored.iter_mut().zip(0..) {
                if *count > 0 {
                    self.shape.add_scored_times(len, u64::from(std::mem::take(count)));
                }
            }
        }
    }
}

#[inline(always)]
fn len(bulk: &Bulk<'_>) -> u64 {
    bulk.text_len() as u64
}

fn array_len(value: &ArrayValue<'_>) -> u64 {
    match value {
        ArrayValue::Str(bulk) => len(bulk),
        ArrayValue::Int(_) | ArrayValue::Float(_) => 8,
    }
}

impl Visit for Seen<'_> {
    type Error = Error;

    #[inline]
    fn elem(&mut self, elem: &Elem<'_>) -> Result<(), Error> {
        match elem {
            Elem::Str(value) => {
                self.elements += 1;
                let is_integer = match value {
                    Bulk::Int(_) => true,
                    Bulk::Bytes(bytes) => is_integer(bytes),
                };
                self.shape.set_string(len(value), is_integer);
                self.note(len(value));
            }
            Elem::Item(item) => {
                self.elements += 1;
                self.note(len(item));
                if self.layout == Layout::Strs {
                    self.list_item(len(item));
                }
            }
            Elem::Member(member) => {
                self.elements += 1;
                self.note(len(member));
                if !self.packed {
                    self.shape.add_element(len(member));
                }
            }
            Elem::Scored { member, .. } => {
                self.elements += 1;
                self.note(len(member));
                if !self.packed {
                    self.scored_member(len(member));
                }
            }
            Elem::Field { field, value, expire_at_ms } => {
                self.elements += 1;
                self.note(len(field));
                self.note(len(value));
                if !self.packed {
                    self.shape.add_field(len(field), len(value), *expire_at_ms);
                }
            }
            Elem::StreamEntry { id, fields } => {
                self.elements += 1;
                self.stream_node_at(id.to_bytes());
                self.note(fields.iter().map(|(field, value)| len(field) + len(value)).sum());
            }
            Elem::ArrayItem { value, .. } => {
                self.elements += 1;
                self.note(array_len(value));
            }
            Elem::Module(module) => {
                self.elements += 1;
                self.module = Some(*module);
            }
            Elem::Group { name, .. } => self.shape.add_group(len(name)),
            Elem::Pending { id, .. } => self.shape.add_pending(id.to_bytes()),
            Elem::Consumer { name, .. } => self.shape.add_consumer(len(name)),
            Elem::Claimed(id) => self.shape.add_consumer_pending(id.to_bytes()),
            Elem::Vector { .. }
            | Elem::VectorSet { .. }
            | Elem::StreamMeta(_)
            | Elem::Nacked(_)
            | Elem::IdmpConfig { .. }
            | Elem::Producer(_)
            | Elem::ProducerId { .. }
            | Elem::IdmpCounters { .. }
            | Elem::ArrayMeta { .. }
            | Elem::ModuleItem(_) => {}
        }
        Ok(())
    }

    fn node(&mut self, node: &Node<'_>) -> Result<(), Error> {
        let bytes = node.bytes.len() as u64;
        match (self.layout, node.structure) {
            (_, None) => self.shape.add_plain_node(bytes),
            (Layout::Stream(_), Some(_)) => {
                if let Some(before) = self.stream_node.replace(bytes) {
                    self.shape.add_blob(before);
                }
            }
            (Layout::Blob(_), Some(packed::Kind::Listpack)) if self.wants_elements => {}
            // Its elements are told one by one, as those of a table.
            (Layout::Triples | Layout::TriplesFromMin, Some(_)) if !self.packs_field_expiries => {}
            (Layout::Triples | Layout::TriplesFromMin, Some(_)) => {
                self.packed = true;
                self.shape.add_blob_with_expiries(bytes);
            }
            (_, Some(_)) => {
                self.packed = true;
                self.shape.add_blob(bytes);
            }
        }
        Ok(())
    }
}
