//! Values from the stored form.

use super::list::Chunk;
use super::stream::Group;
use super::vectorset::{self, Projection, Restorer, Shape};
use super::{Array, Blob, Hash, List, Opaque, Set, Stream, Value, Zset};
use crate::base::bulk::IntBuf;
use crate::base::num::write_score;
use crate::packed::{self, Intset, Listpack};
use crate::rdb::encode::Target;
use crate::rdb::event::ArrayValue;
use crate::rdb::types::{Kind, Layout};
use crate::rdb::{Elem, Entry, Error, ErrorKind, Node, Scratch, StreamId, StreamMeta, Visit};
use crate::value::limits::Limits;
use crate::value::table::Seed;
use smallvec::SmallVec;
use std::collections::HashSet;
use triomphe::Arc;

/// What a stored entry holds.
#[derive(Debug, Clone)]
pub enum Loaded {
    /// A string.
    String(Vec<u8>),
    /// A container, or something that is kept as it is.
    Value(Value),
    /// A container without elements, which no key can hold.
    Empty,
}

/// Makes values of stored entries, one after the other.
#[derive(Default)]
pub struct Loader {
    scratch: Scratch,
    /// Whether names are looked for twice even where the stored form is kept as it is.
    is_strict: bool,
}

/// What no server writes, and none takes.
const REPEATED: &str = "a name is repeated";
const NO_SUCH_ENTRY: &str = "a consumer has an entry that its group has not delivered";
const REPEATED_OR_NO_NUMBER: &str = "a member is repeated or its score is no number";

impl Loader {
    /// A loader.
    pub fn new() -> Loader {
        Loader::default()
    }

    /// A loader that finds repeated names in packed structures, too: for what comes from somebody else's hand. It takes time for
    /// each name.
    pub fn strict() -> Loader {
        Loader { is_strict: true, ..Loader::default() }
    }

    /// The value of an entry. Packed structures are checked and kept; everything else is built by the limits.
    ///
    /// # Errors
    /// Whatever is wrong with the stored form, with its place.
    pub fn load(&mut self, entry: &Entry<'_>, limits: &Limits) -> Result<Loaded, Error> {
        match (entry.ty.kind, entry.ty.layout) {
            (
                Kind::Set | Kind::Zset | Kind::Hash,
                Layout::Blob(structure @ (packed::Kind::Listpack | packed::Kind::Intset)),
            ) => {
                let mut blob =
                    OneBlob { names: self.is_strict.then(HashSet::new), ..OneBlob::default() };
                entry.visit(&mut self.scratch, &mut blob)?;
                if blob.is_repeated {
                    return Err(entry.damaged(ErrorKind::Value(REPEATED)));
                }
                if let Some(value) = packed_value(entry.ty.kind, structure, blob.bytes, limits) {
                    return Ok(if value.is_emptied() {
                        Loaded::Empty
                    } else {
                        Loaded::Value(value)
                    });
                }
                self.build(entry, limits)
            }
            (Kind::List, Layout::TaggedNodes) => {
                let mut chunks = Chunks::default();
                entry.visit(&mut self.scratch, &mut chunks)?;
                if chunks.broken {
                    return self.build(entry, limits);
                }
                let list = List::from_chunks(chunks.nodes, limits);
                Ok(if list.is_empty() {
                    Loaded::Empty
                } else {
                    Loaded::Value(Value::List(Arc::new(list)))
                })
            }
            (Kind::Stream, _) => {
                let mut builder = StreamBuilder::new(limits);
                entry.visit(&mut self.scratch, &mut builder)?;
                let stream = builder.finish();
                let stream = stream.map_err(|flaw| entry.damaged(ErrorKind::Value(flaw)))?;
                Ok(Loaded::Value(Value::Stream(Arc::new(stream))))
            }
            (Kind::String | Kind::List | Kind::Set | Kind::Zset | Kind::Hash | Kind::Array, _) => {
                self.build(entry, limits)
            }
            (Kind::Module, Layout::Module) if entry.is_vector_set() => {
                let mut builder = VectorSetBuilder::default();
                entry.visit(&mut self.scratch, &mut builder)?;
                match builder.finish() {
                    Ok(Some(set)) if !set.is_empty() => {
                        Ok(Loaded::Value(Value::VectorSet(Arc::new(set))))
                    }
                    Ok(_) => Ok(Loaded::Empty),
                    Err(flaw) => Err(entry.damaged(ErrorKind::Value(flaw))),
                }
            }
            _ => Ok(Loaded::Value(Value::Opaque(Arc::new(opaque(entry))))),
        }
    }

    fn build(&mut self, entry: &Entry<'_>, limits: &Limits) -> Result<Loaded, Error> {
        let mut builder = Builder::new(entry.ty.kind, limits);
        entry.visit(&mut self.scratch, &mut builder)?;
        builder.finish().map_err(|flaw| entry.damaged(ErrorKind::Value(flaw)))
    }
}

/// The value of one packed structure within the limits; `None` if it must be built anew.
fn packed_value(
    kind: Kind,
    structure: packed::Kind,
    bytes: Vec<u8>,
    limits: &Limits,
) -> Option<Value> {
    if structure == packed::Kind::Intset {
        let ints = Intset::from_bytes(bytes).ok()?;
        return (ints.len() <= limits.set_max_intset_entries)
            .then(|| Value::Set(Arc::new(Set::from_ints(ints))));
    }
    let listpack = Listpack::from_bytes(bytes).ok()?;
    let count = listpack.count();
    match kind {
        Kind::Set if count <= limits.set_max_listpack_entries => {
            Some(Value::Set(Arc::new(Set::from_listpack(listpack))))
        }
        Kind::Hash if count / 2 <= limits.hash_max_listpack_entries => {
            Some(Value::Hash(Arc::new(Hash::from_listpack(listpack))))
        }
        Kind::Zset => Zset::from_listpack(listpack, limits).map(|zset| Value::Zset(Arc::new(zset))),
        _ => None,
    }
}

/// Passes over it if a value has no elements: servers that load a file leave such keys out.
fn pass_empty(error: Error) -> Result<(), Error> {
    if *error.kind() == ErrorKind::Empty { Ok(()) } else { Err(error) }
}

/// Takes the one packed structure of a value and passes over its elements.
#[derive(Default)]
struct OneBlob {
    bytes: Vec<u8>,
    /// The names of the elements so far, where they are looked at.
    names: Option<HashSet<Vec<u8>>>,
    is_repeated: bool,
}

impl Visit for OneBlob {
    type Error = Error;

    fn elem(&mut self, elem: &Elem<'_>) -> Result<(), Error> {
        if let Some(names) = &mut self.names
            && let Elem::Member(name)
            | Elem::Scored { member: name, .. }
            | Elem::Field { field: name, .. } = elem
        {
            self.is_repeated |= !names.insert(name.to_vec());
        }
        Ok(())
    }

    fn node(&mut self, node: &Node<'_>) -> Result<(), Error> {
        self.bytes = node.bytes.to_vec();
        Ok(())
    }

    fn damage(&mut self, error: Error) -> Result<(), Error> {
        pass_empty(error)
    }
}

/// Takes the nodes of a list and passes over their elements.
#[derive(Default)]
struct Chunks {
    nodes: Vec<Chunk>,
    /// Whether a node is in a form of its own, so that the elements must be taken one by one.
    broken: bool,
}

impl Visit for Chunks {
    type Error = Error;

    fn elem(&mut self, _: &Elem<'_>) -> Result<(), Error> {
        Ok(())
    }

    fn node(&mut self, node: &Node<'_>) -> Result<(), Error> {
        match node.structure {
            None => self.nodes.push(Chunk::Plain(node.bytes.into())),
            Some(packed::Kind::Listpack) => match Listpack::from_bytes(node.bytes.to_vec()) {
                Ok(listpack) => self.nodes.push(Chunk::Packed(listpack)),
                Err(_) => self.broken = true,
            },
            Some(_) => self.broken = true,
        }
        Ok(())
    }

    fn damage(&mut self, error: Error) -> Result<(), Error> {
        pass_empty(error)
    }
}

/// Builds a stream from its parts, in the order in which they are stored.
struct StreamBuilder<'l> {
    limits: &'l Limits,
    stream: Stream,
    meta: Option<StreamMeta>,
    /// The group at work and its name.
    group: Option<(Vec<u8>, Group)>,
    consumer: Vec<u8>,
    producer: Vec<u8>,
    /// What was wrong first.
    flaw: Option<&'static str>,
}

impl<'l> StreamBuilder<'l> {
    fn new(limits: &'l Limits) -> StreamBuilder<'l> {
        let (stream, consumer, producer) = (Stream::new(), Vec::new(), Vec::new());
        StreamBuilder { limits, stream, meta: None, group: None, consumer, producer, flaw: None }
    }

    fn close_group(&mut self) {
        if let Some((name, mut group)) = self.group.take() {
            group.give_back_unclaimed();
            let is_new = self.stream.create_group(&name, group);
            self.note(is_new, REPEATED);
        }
    }

    /// Notes what is wrong, unless all is well or something was wrong already.
    fn note(&mut self, is_well: bool, flaw: &'static str) {
        if !is_well {
            self.flaw.get_or_insert(flaw);
        }
    }

    fn finish(mut self) -> Result<Stream, &'static str> {
        self.close_group();
        if let Some(flaw) = self.flaw {
            return Err(flaw);
        }
        if let Some(meta) = self.meta {
            self.stream.set_last_id(meta.last_id);
            self.stream.set_max_deleted_id(meta.max_deleted_id);
            self.stream.set_entries_added(meta.entries_added);
        }
        Ok(self.stream)
    }

    /// Gives a delivered entry to a consumer, or back to the group.
    fn assign(&mut self, id: StreamId, consumer: Option<&[u8]>) {
        if let Some((_, group)) = &mut self.group {
            let pending = group.pending(id);
            let (time_ms, count) =
                pending.map_or((0, 1), |old| (old.delivery_time_ms, old.delivery_count));
            let is_delivered = pending.is_some();
            match consumer {
                Some(_) => group.set_pending(id, consumer, time_ms, count),
                None => group.give_back(id, time_ms, count),
            }
            self.note(is_delivered, NO_SUCH_ENTRY);
        }
    }
}

impl Visit for StreamBuilder<'_> {
    type Error = Error;

    fn elem(&mut self, elem: &Elem<'_>) -> Result<(), Error> {
        match elem {
            Elem::StreamEntry { id, fields } => {
                let mut texts: SmallVec<[(IntBuf, IntBuf); 8]> = SmallVec::new();
                texts.resize_with(fields.len(), Default::default);
                let fields: SmallVec<[(&[u8], &[u8]); 8]> = fields
                    .iter()
                    .zip(&mut texts)
                    .map(|((name, value), (one, two))| (name.text(one), value.text(two)))
                    .collect();
                self.stream.append(*id, &fields, self.limits);
            }
            Elem::StreamMeta(meta) => self.meta = Some(*meta),
            Elem::Group { name, last_id, entries_read } => {
                self.close_group();
                self.group = Some((name.to_vec(), Group::new(*last_id, *entries_read)));
            }
            Elem::Pending { id, delivery_time_ms, delivery_count } => {
                if let Some((_, group)) = &mut self.group {
                    let is_new = group.pending(*id).is_none();
                    group.set_pending(*id, None, *delivery_time_ms, *delivery_count);
                    self.note(is_new, REPEATED);
                }
            }
            Elem::Consumer { name, seen_time_ms, active_time_ms } => {
                self.consumer = name.to_vec();
                if let Some((_, group)) = &mut self.group {
                    let is_new = group.create_consumer(&self.consumer, *seen_time_ms);
                    group.set_consumer_times(&self.consumer, *seen_time_ms, *active_time_ms);
                    self.note(is_new, REPEATED);
                }
            }
            Elem::Claimed(id) => {
                let consumer = std::mem::take(&mut self.consumer);
                self.assign(*id, Some(&consumer));
                self.consumer = consumer;
            }
            Elem::Nacked(id) => self.assign(*id, None),
            Elem::IdmpConfig { duration_s, max_entries } => {
                let idempotence = self.stream.idempotence_mut();
                (idempotence.duration_s, idempotence.max_entries) = (*duration_s, *max_entries);
            }
            Elem::Producer(name) => {
                self.producer = name.to_vec();
                self.stream.idempotence_mut().producers.entry(name.to_vec()).or_default();
            }
            Elem::ProducerId { iid, id } => {
                let producers = &mut self.stream.idempotence_mut().producers;
                producers.entry(self.producer.clone()).or_default().push_back((iid.to_vec(), *id));
            }
            Elem::IdmpCounters { added, duplicates } => {
                let idempotence = self.stream.idempotence_mut();
                (idempotence.added, idempotence.duplicates) = (*added, *duplicates);
            }
            // Parts of other kinds.
            Elem::Str(_)
            | Elem::Item(_)
            | Elem::Member(_)
            | Elem::Scored { .. }
            | Elem::Field { .. }
            | Elem::ArrayMeta { .. }
            | Elem::ArrayItem { .. }
            | Elem::Module(_)
            | Elem::ModuleItem(_)
            | Elem::VectorSet { .. }
            | Elem::Vector { .. } => {}
        }
        Ok(())
    }
}

/// Builds a vector set, whose vectors are stored with their links.
#[derive(Default)]
struct VectorSetBuilder {
    restorer: Option<Restorer>,
    /// What was wrong first.
    flaw: Option<&'static str>,
}

impl VectorSetBuilder {
    fn shape(elem: &Elem<'_>) -> Result<Option<Shape>, &'static str> {
        const OUT_OF_RANGE: &str = "the projection's dimensions are out of range";
        let Elem::VectorSet { dim, quantization, max_links, projected_from, matrix, .. } = elem
        else {
            return Ok(None);
        };
        let dim = usize::try_from(*dim).unwrap_or(usize::MAX);
        let projection = match projected_from {
            None => None,
            Some(input_dim) => {
                let input_dim = usize::try_from(*input_dim).unwrap_or(usize::MAX);
                let is_in_range = (dim..=vectorset::DIM_MAX).contains(&input_dim);
                let projection =
                    Projection::from_stored(matrix, input_dim, dim).filter(|_| is_in_range);
                Some(projection.ok_or(OUT_OF_RANGE)?)
            }
        };
        let max_links = match usize::try_from(*max_links).unwrap_or(usize::MAX) {
            // As all sets had it before files told of it.
            0 => vectorset::MAX_LINKS_DEFAULT,
            max_links => max_links.min(*vectorset::MAX_LINKS.end()),
        };
        Ok(Some(Shape { dim, quantization: *quantization, max_links, projection }))
    }

    fn take(&mut self, elem: &Elem<'_>) -> Result<(), &'static str> {
        if let Some(shape) = VectorSetBuilder::shape(elem)? {
            self.restorer = Some(Restorer::new(shape));
        }
        let (Some(restorer), Elem::Vector { name, attributes, data, graph, .. }) =
            (&mut self.restorer, elem)
        else {
            return Ok(());
        };
        let (mut one, mut two) = (IntBuf::new(), IntBuf::new());
        let attributes = attributes.as_ref().map(|text| text.text(&mut two));
        restorer.push(name.text(&mut one), attributes, data, graph)
    }

    fn finish(self) -> Result<Option<super::VectorSet>, &'static str> {
        match self.flaw {
            Some(flaw) => Err(flaw),
            None => self.restorer.map(Restorer::finish).transpose(),
        }
    }
}

impl Visit for VectorSetBuilder {
    type Error = Error;

    fn elem(&mut self, elem: &Elem<'_>) -> Result<(), Error> {
        if self.flaw.is_none() {
            self.flaw = self.take(elem).err();
        }
        Ok(())
    }
}

/// Builds a value from its elements.
struct Builder<'l> {
    limits: &'l Limits,
    string: Vec<u8>,
    list: List,
    set: Set,
    hash: Hash,
    array: Array,
    pairs: Vec<(Vec<u8>, f64)>,
    kind: Kind,
    seen: Seen,
    is_repeated: bool,
}

/// Tells for most strings that they were not seen before: bits of a hash, a thousand of them.
#[derive(Default)]
struct Seen([u64; 16]);

impl Seen {
    /// Whether the string is new for certain; notes it.
    fn is_new(&mut self, text: &[u8]) -> bool {
        let hash = Seed::new(0).hash(text) as usize;
        let (word, bit) = (&mut self.0[hash >> 6 & 15], 1 << (hash & 63));
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    }
}

impl<'l> Builder<'l> {
    fn new(kind: Kind, limits: &'l Limits) -> Builder<'l> {
        Builder {
            limits,
            string: Vec::new(),
            list: List::new(),
            set: Set::new(),
            hash: Hash::new(),
            array: Array::new(),
            pairs: Vec::new(),
            kind,
            seen: Seen::default(),
            is_repeated: false,
        }
    }

    fn finish(self) -> Result<Loaded, &'static str> {
        if self.is_repeated {
            return Err(REPEATED);
        }
        let value = match self.kind {
            Kind::String => return Ok(Loaded::String(self.string)),
            Kind::List => Value::List(Arc::new(self.list)),
            Kind::Set => Value::Set(Arc::new(self.set)),
            Kind::Hash => Value::Hash(Arc::new(self.hash)),
            Kind::Array => Value::Array(Arc::new(self.array)),
            _ => match Zset::from_pairs(self.pairs, self.limits) {
                Some(zset) => Value::Zset(Arc::new(zset)),
                None => return Err(REPEATED_OR_NO_NUMBER),
            },
        };
        Ok(if value.is_emptied() { Loaded::Empty } else { Loaded::Value(value) })
    }
}

impl Visit for Builder<'_> {
    type Error = Error;

    fn elem(&mut self, elem: &Elem<'_>) -> Result<(), Error> {
        let (mut one, mut two) = (itoa::Buffer::new(), itoa::Buffer::new());
        match elem {
            Elem::Str(bulk) => self.string = bulk.to_vec(),
            Elem::Item(bulk) => self.list.push_back(bulk.text(&mut one), self.limits),
            Elem::Member(bulk) => {
                let member = bulk.text(&mut one);
                let is_new = self.seen.is_new(member);
                self.is_repeated |= !self.set.insert_unless(member, self.limits, is_new);
            }
            Elem::Scored { member, score } => self.pairs.push((member.to_vec(), *score)),
            Elem::Field { field, value, expire_at_ms } => {
                let is_new = self.hash.insert_expiring(
                    field.text(&mut one),
                    value.text(&mut two),
                    // 0 is none in the files of Redis.
                    expire_at_ms.map(|ms| ms.max(1)),
                    self.limits,
                );
                self.is_repeated |= !is_new;
            }
            Elem::ArrayMeta { insert_index } => self.array.set_last_insert(*insert_index),
            Elem::ArrayItem { index, value } => match value {
                ArrayValue::Str(bulk) => {
                    self.array.set(*index, bulk.text(&mut one));
                }
                ArrayValue::Int(n) => {
                    self.array.set(*index, one.format(*n).as_bytes());
                }
                ArrayValue::Float(number) => {
                    let mut text = Vec::new();
                    write_score(*number, &mut text);
                    self.array.set(*index, &text);
                }
            },
            // Parts of kinds that are built elsewhere or kept as they are.
            Elem::StreamEntry { .. }
            | Elem::StreamMeta(_)
            | Elem::Group { .. }
            | Elem::Pending { .. }
            | Elem::Consumer { .. }
            | Elem::Claimed(_)
            | Elem::Nacked(_)
            | Elem::IdmpConfig { .. }
            | Elem::Producer(_)
            | Elem::ProducerId { .. }
            | Elem::IdmpCounters { .. }
            | Elem::Module(_)
            | Elem::ModuleItem(_)
            | Elem::VectorSet { .. }
            | Elem::Vector { .. } => {}
        }
        Ok(())
    }

    fn damage(&mut self, error: Error) -> Result<(), Error> {
        pass_empty(error)
    }
}

/// An entry of a kind that is kept as it is.
fn opaque(entry: &Entry<'_>) -> Opaque {
    Opaque {
        type_name: entry.ty.kind.name().to_owned(),
        type_byte: entry.ty.code,
        header: entry.header,
        stored: entry.value.to_vec(),
    }
}

impl Opaque {
    /// Whether a target's servers read the stored form.
    pub fn is_known_to(&self, target: Target) -> bool {
        crate::rdb::types::ValueType::find(self.header.dialect, self.type_byte)
            .is_some_and(|ty| ty.is_known_to(target.header))
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Self {
        Value::String(Blob::new(bytes))
    }
}
