//! Values from the stored form.

use super::{Blob, Hash, Opaque, Set, Value, Zset};
use crate::packed::{self, Intset, Listpack};
use crate::rdb::encode::Target;
use crate::rdb::types::{Kind, Layout};
use crate::rdb::{Elem, Entry, Error, Node, Scratch, Visit};
use crate::value::limits::Limits;
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
}

impl Loader {
    /// A loader.
    pub fn new() -> Loader {
        Loader::default()
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
                let mut blob = OneBlob(Vec::new());
                entry.visit(&mut self.scratch, &mut blob)?;
                if let Some(value) = packed_value(entry.ty.kind, structure, &blob.0, limits) {
                    return Ok(if value.is_emptied() {
                        Loaded::Empty
                    } else {
                        Loaded::Value(value)
                    });
                }
                self.build(entry, limits)
            }
            (Kind::String | Kind::Set | Kind::Zset | Kind::Hash, _) => self.build(entry, limits),
            _ => Ok(Loaded::Value(Value::Opaque(Arc::new(opaque(entry))))),
        }
    }

    fn build(&mut self, entry: &Entry<'_>, limits: &Limits) -> Result<Loaded, Error> {
        let mut builder = Builder::new(entry.ty.kind, limits);
        entry.visit(&mut self.scratch, &mut builder)?;
        Ok(builder.finish())
    }
}

/// The value of one packed structure within the limits; `None` if it must be built anew.
fn packed_value(
    kind: Kind,
    structure: packed::Kind,
    bytes: &[u8],
    limits: &Limits,
) -> Option<Value> {
    if structure == packed::Kind::Intset {
        let ints = Intset::from_bytes(bytes.to_vec()).ok()?;
        return (ints.len() <= limits.set_max_intset_entries)
            .then(|| Value::Set(Arc::new(Set::from_ints(ints))));
    }
    let listpack = Listpack::from_bytes(bytes.to_vec()).ok()?;
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

/// Takes the one packed structure of a value without looking into it.
struct OneBlob(Vec<u8>);

impl Visit for OneBlob {
    type Error = Error;

    const DECODE: bool = false;

    fn elem(&mut self, _: &Elem<'_>) -> Result<(), Error> {
        Ok(())
    }

    fn node(&mut self, node: &Node<'_>) -> Result<(), Error> {
        self.0.clear();
        self.0.extend_from_slice(node.bytes);
        Ok(())
    }
}

/// Builds a value from its elements.
struct Builder<'l> {
    limits: &'l Limits,
    string: Vec<u8>,
    set: Set,
    hash: Hash,
    pairs: Vec<(Vec<u8>, f64)>,
    kind: Kind,
}

impl<'l> Builder<'l> {
    fn new(kind: Kind, limits: &'l Limits) -> Builder<'l> {
        Builder {
            limits,
            string: Vec::new(),
            set: Set::new(),
            hash: Hash::new(),
            pairs: Vec::new(),
            kind,
        }
    }

    fn finish(self) -> Loaded {
        let value = match self.kind {
            Kind::String => return Loaded::String(self.string),
            Kind::Set => Value::Set(Arc::new(self.set)),
            Kind::Hash => Value::Hash(Arc::new(self.hash)),
            _ => match Zset::from_pairs(self.pairs, self.limits) {
                Some(zset) => Value::Zset(Arc::new(zset)),
                None => return Loaded::Empty,
            },
        };
        if value.is_emptied() { Loaded::Empty } else { Loaded::Value(value) }
    }
}

impl Visit for Builder<'_> {
    type Error = Error;

    fn elem(&mut self, elem: &Elem<'_>) -> Result<(), Error> {
        let (mut one, mut two) = (itoa::Buffer::new(), itoa::Buffer::new());
        match elem {
            Elem::Str(bulk) => self.string = bulk.to_vec(),
            Elem::Member(bulk) => {
                self.set.insert(bulk.text(&mut one), self.limits);
            }
            Elem::Scored { member, score } => self.pairs.push((member.to_vec(), *score)),
            Elem::Field { field, value, expire_at_ms } => {
                self.hash.insert_expiring(
                    field.text(&mut one),
                    value.text(&mut two),
                    *expire_at_ms,
                    self.limits,
                );
            }
            // Parts of kinds that are built elsewhere or kept as they are.
            Elem::Item(_)
            | Elem::StreamEntry { .. }
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
