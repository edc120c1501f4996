//! Values in the stored form.

use super::list::Chunk;
use super::{Array, Hash, Kind, List, Set, Stream, StringForm, Value, VectorSet, Zset};
use crate::base::bulk::Bulk;
use crate::base::num::parse_canonical_i64;
use crate::packed::Listpack;
use crate::rdb::encode::{Encoded, Encoder, Hint, Losses, Strings, Target};
use crate::rdb::event::{ArrayValue, Quantization};
use crate::rdb::module::ModuleId;
use crate::rdb::string::write_len;
use crate::rdb::{Dialect, Elem, StreamId, types};
use std::io;

/// What is to be stored.
#[derive(Debug, Clone, Copy)]
pub enum Held<'a> {
    /// A string, and how it came about.
    String(&'a [u8], StringForm),
    /// Any other value.
    Value(&'a Value),
}

/// What a value became.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Saved {
    /// This type byte; [`Saver::body`] is what follows the key.
    Type(u8),
    /// Nothing: the target has no form for it, or it has no elements.
    Nothing,
}

/// Type bytes whose bodies are copied from memory.
mod type_byte {
    pub(super) const STRING: u8 = 0;
    pub(super) const MODULE: u8 = 7;
    pub(super) const SET_INTSET: u8 = 11;
    pub(super) const LIST_QUICKLIST_2: u8 = 18;
    pub(super) const HASH_LISTPACK: u8 = 16;
    pub(super) const ZSET_LISTPACK: u8 = 17;
    pub(super) const SET_LISTPACK: u8 = 20;
}

/// What stands before the items of a module's value.
mod module_item {
    pub(super) const END: u64 = 0;
    pub(super) const INT: u64 = 2;
    pub(super) const STRING: u64 = 5;
}

/// Whether a target's servers read values of a type byte of Redis.
fn is_known(type_byte: u8, target: Target) -> bool {
    let ty = types::ValueType::find(Dialect::Redis, type_byte);
    ty.is_some_and(|ty| ty.is_known_to(target.header))
}

/// Listpacks below this size have no element whose form differs between servers, in bytes.
const UNAMBIGUOUS_BYTES: usize = 16_383;

/// Brings values into the stored form of one target, one after the other.
pub struct Saver {
    target: Target,
    encoder: Encoder,
    strings: Strings,
    body: Vec<u8>,
}

impl Saver {
    /// A saver for a target; strings are compressed if `compress` says so.
    pub fn new(target: Target, compress: bool) -> Saver {
        Saver {
            target,
            encoder: Encoder::new(target, compress),
            strings: Strings::new(compress),
            body: Vec::new(),
        }
    }

    /// The target.
    pub fn target(&self) -> Target {
        self.target
    }

    /// What follows the key, after [`Saver::save`].
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// What the target could not hold of the value saved last.
    pub fn losses(&self) -> &Losses {
        &self.encoder.losses
    }

    /// Brings a value into the stored form.
    ///
    /// # Errors
    /// Those of a temporary file, which very large values take.
    pub fn save(&mut self, held: Held<'_>) -> io::Result<Saved> {
        self.body.clear();
        self.encoder.losses.clear();
        let value = match held {
            Held::String(bytes, _) => {
                self.strings.write_bytes(&mut self.body, bytes);
                return Ok(Saved::Type(type_byte::STRING));
            }
            Held::Value(value) => value,
        };
        if let Some((type_byte, blob)) = self.whole(value) {
            self.strings.write_bytes(&mut self.body, blob);
            return Ok(Saved::Type(type_byte));
        }
        match value {
            Value::String(bytes) => {
                self.strings.write_bytes(&mut self.body, bytes);
                Ok(Saved::Type(type_byte::STRING))
            }
            Value::List(list) => {
                if self.lists_as_nodes(list) {
                    return Ok(Saved::Type(type_byte::LIST_QUICKLIST_2));
                }
                self.encode(types::Kind::List, Hint::Auto, |encoder| {
                    list.iter().try_for_each(|item| encoder.elem(&Elem::Item(item)))
                })
            }
            Value::Stream(stream) => self.encode(types::Kind::Stream, Hint::Auto, |encoder| {
                each_stream_part(stream, encoder)
            }),
            Value::Set(set) => {
                self.encode(types::Kind::Set, Hint::Plain, |encoder| each_member(set, encoder))
            }
            Value::Zset(zset) => {
                self.encode(types::Kind::Zset, Hint::Plain, |encoder| each_scored(zset, encoder))
            }
            Value::Hash(hash) => {
                let small = hash.listpack().is_some() || hash.expiring() > 0;
                let hint = if small { Hint::Auto } else { Hint::Plain };
                self.encode(types::Kind::Hash, hint, |encoder| each_field(hash, encoder))
            }
            Value::Array(array) => {
                self.encode(types::Kind::Array, Hint::Auto, |encoder| each_item(array, encoder))
            }
            Value::VectorSet(set) => {
                if !is_known(type_byte::MODULE, self.target) {
                    return Ok(Saved::Nothing);
                }
                self.vector_set(set);
                Ok(Saved::Type(type_byte::MODULE))
            }
            Value::Opaque(opaque) => {
                if !opaque.is_known_to(self.target) {
                    return Ok(Saved::Nothing);
                }
                self.body.extend_from_slice(&opaque.stored);
                Ok(Saved::Type(opaque.type_byte))
            }
        }
    }

    /// The structure that stands for the whole value, if the target reads it as it is.
    fn whole<'v>(&self, value: &'v Value) -> Option<(u8, &'v [u8])> {
        let listpack = |listpack: &'v Listpack, since: u16| {
            (self.target.has(since) && listpack.len_bytes() < UNAMBIGUOUS_BYTES)
                .then(|| listpack.as_bytes())
        };
        match value {
            Value::Set(set) => match set.ints() {
                Some(ints) => self.target.has(2).then(|| (type_byte::SET_INTSET, ints.as_bytes())),
                None => Some((type_byte::SET_LISTPACK, listpack(set.listpack()?, 11)?)),
            },
            Value::Hash(hash) => Some((type_byte::HASH_LISTPACK, listpack(hash.listpack()?, 10)?)),
            Value::Zset(zset) => {
                Some((type_byte::ZSET_LISTPACK, listpack(zset.as_listpack()?, 10)?))
            }
            Value::String(_)
            | Value::List(_)
            | Value::Stream(_)
            | Value::Array(_)
            | Value::VectorSet(_)
            | Value::Opaque(_) => None,
        }
    }

    /// Writes the nodes of a list as they are; false if the target has another form for some of them.
    fn lists_as_nodes(&mut self, list: &List) -> bool {
        const PLAIN: u64 = 1;
        const PACKED: u64 = 2;
        let fits = |chunk: &Chunk| match chunk {
            Chunk::Packed(listpack) => listpack.len_bytes() < UNAMBIGUOUS_BYTES,
            Chunk::Plain(_) => true,
        };
        if !self.target.has(10) {
            return false;
        }
        if let Some(listpack) = list.as_listpack() {
            if listpack.len_bytes() >= UNAMBIGUOUS_BYTES {
                return false;
            }
            write_len(&mut self.body, 1);
            write_len(&mut self.body, PACKED);
            self.strings.write_bytes(&mut self.body, listpack.as_bytes());
            return true;
        }
        if !list.chunks().all(fits) {
            return false;
        }
        write_len(&mut self.body, list.chunk_count() as u64);
        for chunk in list.chunks() {
            let (container, bytes) = match chunk {
                Chunk::Packed(listpack) => (PACKED, listpack.as_bytes()),
                Chunk::Plain(bytes) => (PLAIN, &bytes[..]),
            };
            write_len(&mut self.body, container);
            self.strings.write_bytes(&mut self.body, bytes);
        }
        true
    }

    /// Writes a vector set as the module of servers does, the newest element first.
    fn vector_set(&mut self, set: &VectorSet) {
        const HAS_PROJECTION: u64 = 1;
        const HAS_ATTRIBUTES: u64 = 2;
        let shape = set.shape();
        let quantization = match shape.quantization {
            Quantization::Float32 => 0,
            Quantization::Int8 => 1,
            Quantization::Binary => 2,
        };
        let has_attributes = set.with_attributes() > 0;
        let flags = if shape.projection.is_some() { HAS_PROJECTION } else { 0 }
            | if has_attributes { HAS_ATTRIBUTES } else { 0 };
        write_len(&mut self.body, ModuleId::VECTOR_SET.0);
        self.module_int(shape.dim as u64);
        self.module_int(set.len() as u64);
        self.module_int(quantization | (shape.max_links as u64) << 8);
        self.module_int(flags);
        if let Some(projection) = &shape.projection {
            self.module_int(projection.input_dim() as u64);
            self.module_string(&projection.stored());
        }
        for element in set.stored() {
            self.module_string(element.name);
            if has_attributes {
                self.module_string(element.attributes.unwrap_or_default());
            }
            self.module_string(&element.components);
            self.module_int(element.graph.len() as u64);
            element.graph.iter().for_each(|number| self.module_int(*number));
        }
        write_len(&mut self.body, module_item::END);
    }

    fn module_int(&mut self, n: u64) {
        write_len(&mut self.body, module_item::INT);
        write_len(&mut self.body, n);
    }

    fn module_string(&mut self, bytes: &[u8]) {
        write_len(&mut self.body, module_item::STRING);
        self.strings.write_bytes(&mut self.body, bytes);
    }

    fn encode(
        &mut self,
        kind: types::Kind,
        hint: Hint,
        each: impl FnOnce(&mut Encoder) -> io::Result<()>,
    ) -> io::Result<Saved> {
        self.encoder.begin(kind, hint);
        each(&mut self.encoder)?;
        let Encoded::Type(type_byte) = self.encoder.finish()? else { return Ok(Saved::Nothing) };
        let body = &mut self.body;
        self.encoder.each(|piece| {
            body.extend_from_slice(piece);
            Ok::<_, io::Error>(())
        })?;
        Ok(Saved::Type(type_byte))
    }
}

fn each_member(set: &Set, encoder: &mut Encoder) -> io::Result<()> {
    set.iter().try_for_each(|member| encoder.elem(&Elem::Member(member)))
}

fn each_scored(zset: &Zset, encoder: &mut Encoder) -> io::Result<()> {
    // Servers store large sorted sets from the highest score down, which is the quicker way to load them.
    let last = zset.len().saturating_sub(1);
    zset.iter_by_rank(last, true)
        .try_for_each(|(member, score)| encoder.elem(&Elem::Scored { member, score }))
}

/// The parts of a stream in the order in which they are stored.
fn each_stream_part(stream: &Stream, encoder: &mut Encoder) -> io::Result<()> {
    for entry in stream.iter() {
        let fields: Vec<_> = entry.fields().collect();
        encoder.elem(&Elem::StreamEntry { id: entry.id, fields: &fields })?;
    }
    encoder.elem(&Elem::StreamMeta(stream.meta()))?;
    for (name, group) in stream.groups() {
        let (name, last_id, entries_read) = (Bulk::Bytes(name), group.last_id, group.entries_read);
        encoder.elem(&Elem::Group { name, last_id, entries_read })?;
        for (id, pending) in group.pending_from(StreamId::default()) {
            let (delivery_time_ms, delivery_count) =
                (pending.delivery_time_ms, pending.delivery_count);
            encoder.elem(&Elem::Pending { id, delivery_time_ms, delivery_count })?;
        }
        group.given_back().try_for_each(|id| encoder.elem(&Elem::Nacked(id)))?;
        for (name, consumer) in group.consumers() {
            let (seen_time_ms, active_time_ms) = (consumer.seen_time_ms, consumer.active_time_ms);
            encoder.elem(&Elem::Consumer {
                name: Bulk::Bytes(name),
                seen_time_ms,
                active_time_ms,
            })?;
            consumer
                .pending_from(StreamId::default())
                .try_for_each(|id| encoder.elem(&Elem::Claimed(id)))?;
        }
    }
    let Some(idempotence) = stream.idempotence() else { return Ok(()) };
    let (duration_s, max_entries) = (idempotence.duration_s, idempotence.max_entries);
    encoder.elem(&Elem::IdmpConfig { duration_s, max_entries })?;
    for (producer, ids) in &idempotence.producers {
        encoder.elem(&Elem::Producer(Bulk::Bytes(producer)))?;
        for (iid, id) in ids {
            encoder.elem(&Elem::ProducerId { iid: Bulk::Bytes(iid), id: *id })?;
        }
    }
    let (added, duplicates) = (idempotence.added, idempotence.duplicates);
    encoder.elem(&Elem::IdmpCounters { added, duplicates })
}

fn each_field(hash: &Hash, encoder: &mut Encoder) -> io::Result<()> {
    hash.fields().try_for_each(|field| {
        let elem =
            Elem::Field { field: field.name, value: field.value, expire_at_ms: field.expire_at_ms };
        encoder.elem(&elem)
    })
}

fn each_item(array: &Array, encoder: &mut Encoder) -> io::Result<()> {
    /// Integers that servers keep beside a pointer's tag lie between this and its negative.
    const TAGGED_MAX: i64 = (1 << 61) - 1;
    encoder.elem(&Elem::ArrayMeta { insert_index: array.last_insert() })?;
    array.iter().try_for_each(|(index, bytes)| {
        // Floating point numbers go as strings: their text is what clients see, and servers need not print it the same again.
        let value = parse_canonical_i64(bytes)
            .filter(|n| (-TAGGED_MAX..=TAGGED_MAX).contains(n))
            .map_or(ArrayValue::Str(Bulk::Bytes(bytes)), ArrayValue::Int);
        encoder.elem(&Elem::ArrayItem { index, value })
    })
}

impl Held<'_> {
    /// The value's kind.
    pub fn kind(&self) -> Kind {
        match self {
            Held::String(..) => Kind::String,
            Held::Value(value) => value.kind(),
        }
    }

    /// Whether an elementless bulk stands for the value; only strings may be empty.
    pub fn string(&self) -> Option<Bulk<'_>> {
        match self {
            Held::String(bytes, _) => Some(Bulk::Bytes(bytes)),
            Held::Value(Value::String(bytes)) => Some(Bulk::Bytes(bytes)),
            Held::Value(_) => None,
        }
    }
}
