//! Layer 3: the data model: what a key can hold. It knows no keys and no time.
//!
//! Every container is copied on write: a clone costs the same at any size, and stays as it is whatever happens to the original.
//! Small collections are kept in the packed encodings that RDB files store; large ones are trees of shared chunks.

pub mod array;
pub mod hash;
pub mod hll;
pub mod limits;
pub mod list;
pub mod load;
pub mod save;
pub mod set;
pub mod stream;
pub mod table;
pub mod tree;
pub mod vectorset;
pub mod zset;

pub use array::Array;
pub use hash::Hash;
pub use list::List;
pub use set::Set;
pub use stream::Stream;
pub use vectorset::VectorSet;
pub use zset::Zset;

use crate::base::num::parse_canonical_i64;
use crate::base::prefetch::prefetch;
use crate::rdb::dialect::Header;
use limits::Limits;
use triomphe::Arc;

/// A string too long to stand in a table's page.
pub type Blob = Arc<Vec<u8>>;

/// The kinds of values; their numbers are those of `OBJ_STRING` and so on, but for vector sets, which are a module's there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names are the kinds' own")]
pub enum Kind {
    String = 0,
    List = 1,
    Set = 2,
    Zset = 3,
    Hash = 4,
    Opaque = 5,
    Stream = 6,
    Array = 7,
    VectorSet = 8,
}

/// What a key holds, apart from short strings, which a table keeps beside their keys.
#[derive(Clone, Debug)]
pub enum Value {
    /// A long string.
    String(Blob),
    /// A list.
    List(Arc<List>),
    /// A set.
    Set(Arc<Set>),
    /// A sorted set.
    Zset(Arc<Zset>),
    /// A hash.
    Hash(Arc<Hash>),
    /// A stream.
    Stream(Arc<Stream>),
    /// An array.
    Array(Arc<Array>),
    /// A vector set.
    VectorSet(Arc<VectorSet>),
    /// A value that is stored and handed on as it is.
    Opaque(Arc<Opaque>),
}

/// A value of a kind whose commands are not run here: a module's. Its stored form is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opaque {
    /// The name of its type, as `TYPE` gives it.
    pub type_name: String,
    /// The type byte of its stored form.
    pub type_byte: u8,
    /// Dialect and version in which it is stored.
    pub header: Header,
    /// The stored form behind the key.
    pub stored: Vec<u8>,
}

/// How a string came about, which decides the encoding a server would name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StringForm {
    /// As a client set it: an integer if it looks like one.
    #[default]
    Auto,
    /// As it was edited: never an integer.
    Raw,
    /// As a calculation made it: text, however short.
    Text,
}

/// Longest string that servers keep in one piece with its object, in bytes.
const EMBEDDED_BYTES_MAX: usize = 44;

impl StringForm {
    /// The number that a table keeps beside the string.
    pub fn mark(self) -> u8 {
        match self {
            StringForm::Auto => 0,
            StringForm::Raw => 1,
            StringForm::Text => 2,
        }
    }

    /// The form of a number.
    pub fn of_mark(mark: u8) -> StringForm {
        match mark {
            1 => StringForm::Raw,
            2 => StringForm::Text,
            _ => StringForm::Auto,
        }
    }

    /// The encoding's name.
    pub fn encoding(self, bytes: &[u8]) -> &'static str {
        match self {
            StringForm::Auto if parse_canonical_i64(bytes).is_some() => "int",
            StringForm::Raw => "raw",
            _ if bytes.len() <= EMBEDDED_BYTES_MAX => "embstr",
            _ => "raw",
        }
    }
}

impl Value {
    /// The value's kind.
    pub fn kind(&self) -> Kind {
        match self {
            Value::String(_) => Kind::String,
            Value::List(_) => Kind::List,
            Value::Set(_) => Kind::Set,
            Value::Zset(_) => Kind::Zset,
            Value::Hash(_) => Kind::Hash,
            Value::Stream(_) => Kind::Stream,
            Value::Array(_) => Kind::Array,
            Value::VectorSet(_) => Kind::VectorSet,
            Value::Opaque(_) => Kind::Opaque,
        }
    }

    /// The type's name, as `TYPE` gives it.
    pub fn type_name(&self) -> &str {
        match self {
            Value::Opaque(opaque) => &opaque.type_name,
            other => other.kind().name(),
        }
    }

    /// Whether it is a container that has lost its last element, and so must go with its key.
    pub fn is_emptied(&self) -> bool {
        match self {
            Value::List(list) => list.is_empty(),
            Value::Set(set) => set.is_empty(),
            Value::Zset(zset) => zset.is_empty(),
            Value::Hash(hash) => hash.is_empty(),
            Value::Array(array) => array.is_empty(),
            Value::VectorSet(set) => set.is_empty(),
            // A stream may be empty.
            Value::String(_) | Value::Stream(_) | Value::Opaque(_) => false,
        }
    }

    /// Asks the memory for the beginning of what it holds.
    #[inline]
    pub fn prefetch(&self) {
        match self {
            Value::List(list) => prefetch(&**list),
            Value::Set(set) => prefetch(&**set),
            Value::Zset(zset) => prefetch(&**zset),
            Value::Hash(hash) => prefetch(&**hash),
            Value::Stream(stream) => prefetch(&**stream),
            Value::Array(array) => prefetch(&**array),
            Value::VectorSet(set) => prefetch(&**set),
            Value::String(_) | Value::Opaque(_) => {}
        }
    }

    /// Asks the memory for what uses of these members will read, as [`table::Table::warm`] does.
    pub fn warm<'m>(&self, members: impl Iterator<Item = &'m [u8]>) {
        match self {
            Value::Set(set) => set.warm(members),
            Value::Hash(hash) => hash.warm(members),
            _ => {}
        }
    }

    /// About how many pieces of memory it takes, which is what freeing it costs.
    pub fn pieces(&self) -> u64 {
        match self {
            Value::String(_) | Value::Opaque(_) => 1,
            Value::List(list) => list.chunk_count() as u64,
            Value::Set(set) if matches!(set.encoding(), "hashtable") => set.len() as u64,
            Value::Hash(hash) if hash.listpack().is_none() => hash.len() as u64,
            Value::Zset(zset) if !zset.is_packed() => zset.len(),
            Value::Set(_) | Value::Hash(_) | Value::Zset(_) => 1,
            Value::Stream(stream) => (stream.nodes().count() + stream.groups().count()) as u64,
            Value::Array(array) => array.runs().count() as u64,
            Value::VectorSet(set) => set.len() as u64,
        }
    }

    /// The encoding's name, as `OBJECT ENCODING` gives it.
    pub fn encoding(&self, limits: &Limits) -> &'static str {
        match self {
            Value::String(bytes) => StringForm::Auto.encoding(bytes),
            Value::List(list) if list.is_packed() && !limits.names_of_7_0 => "listpack",
            Value::List(_) => "quicklist",
            Value::Set(set) if limits.names_of_7_0 && set.encoding() == "listpack" => "hashtable",
            Value::Set(set) => set.encoding(),
            Value::Zset(zset) if zset.is_packed() => "listpack",
            Value::Zset(_) => "skiplist",
            Value::Hash(hash) => hash.encoding(limits),
            Value::Stream(_) => "stream",
            Value::Array(_) => "sliced-array",
            Value::VectorSet(_) | Value::Opaque(_) => "raw",
        }
    }
}

impl Kind {
    /// The type's name, as `TYPE` gives it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::String => "string",
            Kind::List => "list",
            Kind::Set => "set",
            Kind::Zset => "zset",
            Kind::Hash => "hash",
            Kind::Opaque => "module",
            Kind::Stream => "stream",
            Kind::Array => "array",
            Kind::VectorSet => "vectorset",
        }
    }
}
