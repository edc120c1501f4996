//! The two vocabularies of the format: records of a file, and elements of a value.
//!
//! A new *encoding* of a value maps to existing elements, so that nothing downstream changes. A
//! new *kind* of value adds elements, and the compiler lists the places that must take note.

use super::error::Error;
use super::module::{ModuleId, ModuleItem};
use crate::base::bulk::Bulk;
use crate::packed;
use std::fmt;
use std::ops::Range;

/// A stream entry's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct StreamId {
    /// Milliseconds part.
    pub ms: u64,
    /// Sequence part.
    pub seq: u64,
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.ms, self.seq)
    }
}

impl StreamId {
    /// Reads `ms-seq`.
    pub fn parse(text: &str) -> Option<StreamId> {
        let (ms, seq) = text.split_once('-')?;
        Some(StreamId { ms: ms.parse().ok()?, seq: seq.parse().ok()? })
    }

    /// Reads the 16 bytes of a node key or pending entry: two big-endian numbers.
    pub fn from_bytes(bytes: [u8; 16]) -> StreamId {
        let n = u128::from_be_bytes(bytes);
        StreamId { ms: (n >> 64) as u64, seq: n as u64 }
    }

    /// The 16 bytes of a node key or pending entry.
    pub fn to_bytes(self) -> [u8; 16] {
        (u128::from(self.ms) << 64 | u128::from(self.seq)).to_be_bytes()
    }
}

/// The numbers that a stream keeps beside its entries. Fields that the stored form lacks are
/// filled by the rules that servers apply on loading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StreamMeta {
    /// Number of live entries.
    pub length: u64,
    /// Last generated id.
    pub last_id: StreamId,
    /// Id of the first live entry, 0-0 if there is none.
    pub first_id: StreamId,
    /// Highest id ever deleted.
    pub max_deleted_id: StreamId,
    /// Entries ever added; at least `length`.
    pub entries_added: u64,
}

/// A value of a sparse array.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ArrayValue<'a> {
    /// A string.
    Str(Bulk<'a>),
    /// An integer.
    Int(i64),
    /// A floating point number.
    Float(f64),
}

/// How a vector set stores its vectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantization {
    /// Four bytes per dimension.
    Float32,
    /// One signed byte per dimension.
    Int8,
    /// One bit per dimension.
    Binary,
}

/// One part of a value, in file order.
#[derive(Debug, Clone, Copy)]
pub enum Elem<'a> {
    /// The whole value of a string.
    Str(Bulk<'a>),
    /// A list's element, head first.
    Item(Bulk<'a>),
    /// A set's member.
    Member(Bulk<'a>),
    /// A sorted set's member. Never NaN.
    Scored {
        /// The member.
        member: Bulk<'a>,
        /// Its score.
        score: f64,
    },
    /// A hash's field.
    Field {
        /// The field's name.
        field: Bulk<'a>,
        /// Its value.
        value: Bulk<'a>,
        /// Unix milliseconds after which it is gone, if it has a time to live.
        expire_at_ms: Option<i64>,
    },
    /// A live stream entry.
    StreamEntry {
        /// The entry's id.
        id: StreamId,
        /// Field names and values, in order.
        fields: &'a [(Bulk<'a>, Bulk<'a>)],
    },
    /// A stream's own numbers; after all entries.
    StreamMeta(StreamMeta),
    /// A consumer group; its pending entries and consumers follow.
    Group {
        /// The group's name.
        name: Bulk<'a>,
        /// Last id delivered.
        last_id: StreamId,
        /// Entries read so far, if known.
        entries_read: Option<u64>,
    },
    /// An entry that the group has delivered and not seen acknowledged.
    Pending {
        /// The entry's id; the entry itself may be deleted.
        id: StreamId,
        /// Unix milliseconds of the last delivery.
        delivery_time_ms: i64,
        /// Number of deliveries.
        delivery_count: u64,
    },
    /// A consumer of the group.
    Consumer {
        /// The consumer's name.
        name: Bulk<'a>,
        /// Unix milliseconds of its last attempt to read.
        seen_time_ms: i64,
        /// Unix milliseconds of its last successful read, if any.
        active_time_ms: Option<i64>,
    },
    /// A pending entry of the consumer above; its delivery is told by the group.
    Claimed(StreamId),
    /// A pending entry that a consumer gave back.
    Nacked(StreamId),
    /// Settings of idempotent production.
    IdmpConfig {
        /// Seconds for which a producer's ids are remembered.
        duration_s: u64,
        /// Ids remembered per producer.
        max_entries: u64,
    },
    /// An idempotent producer; its ids follow.
    Producer(Bulk<'a>),
    /// An id that the producer above has used, oldest first.
    ProducerId {
        /// The producer's id for the entry.
        iid: Bulk<'a>,
        /// The entry it gave.
        id: StreamId,
    },
    /// Counters of idempotent production.
    IdmpCounters {
        /// Ids ever added.
        added: u64,
        /// Duplicates ever rejected.
        duplicates: u64,
    },
    /// Where a sparse array's last insertion went, if there was one; before its items.
    ArrayMeta {
        /// Index of the item that was inserted last; the next one goes behind it.
        insert_index: Option<u64>,
    },
    /// A sparse array's item, by rising index.
    ArrayItem {
        /// Its index.
        index: u64,
        /// Its value.
        value: ArrayValue<'a>,
    },
    /// A module value's type; its items follow.
    Module(ModuleId),
    /// One item of a module value.
    ModuleItem(ModuleItem<'a>),
    /// A vector set's shape, after the items that hold it; its vectors follow.
    VectorSet {
        /// Dimensions of each vector.
        dim: u64,
        /// Number of vectors.
        count: u64,
        /// How they are stored.
        quantization: Quantization,
        /// Most links that a vector tries to get in a layer of the graph; 0 if the file does not tell.
        max_links: u64,
        /// Dimensions before random projection, if it is used.
        projected_from: Option<u64>,
        /// The matrix of the projection, as it is stored; empty without one.
        matrix: &'a [u8],
    },
    /// One vector, after the items that hold it.
    Vector {
        /// The element's name.
        name: Bulk<'a>,
        /// Its JSON attributes, if any.
        attributes: Option<Bulk<'a>>,
        /// The stored vector, normalised and quantised.
        data: &'a [u8],
        /// Quantisation range; 0 where unused.
        range: f32,
        /// Length of the original vector.
        norm: f32,
        /// Its place in the graph, as it is stored; the last number holds range and norm again.
        graph: &'a [u64],
    },
}

/// Takes the parts of a value as they are read.
pub trait Visit {
    /// What stops the walk.
    type Error: From<Error>;

    /// Whether elements are decoded at all; without, only the outer structure is walked.
    const DECODE: bool = true;

    /// Takes one element.
    fn elem(&mut self, elem: &Elem<'_>) -> Result<(), Self::Error>;

    /// Whether elements of packed lists and sets are looked at. Without, they are only walked; damage is told all the same.
    #[inline]
    fn wants_singles(&self) -> bool {
        true
    }

    /// Is told of each stored piece before its elements: a packed structure, or a list node that
    /// holds one element (`None`), with its size in memory and in the file.
    fn node(&mut self, _node: &Node<'_>) -> Result<(), Self::Error> {
        Ok(())
    }

    /// Is told of damage behind which the walk can go on. An error (the default) stops it.
    fn damage(&mut self, error: Error) -> Result<(), Self::Error> {
        Err(error.into())
    }
}

/// A stored piece of a value: one packed structure or one plain list node.
#[derive(Debug, Clone, Copy)]
pub struct Node<'a> {
    /// The structure; `None` for a plain list node.
    pub structure: Option<packed::Kind>,
    /// Its bytes, decompressed.
    pub bytes: &'a [u8],
    /// Bytes it takes in the file.
    pub stored_bytes: usize,
    /// Where it starts in the input.
    pub offset: u64,
}

/// What the checksum at the end of a file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// The version has no checksum.
    Absent,
    /// Zero: the writer had checksums switched off.
    Disabled,
    /// The CRC-64 over everything before it.
    Crc64(u64),
}

/// A range of slots, both ends included.
pub type SlotRange = (u64, u64);

/// A byte range of the (decompressed) input.
pub type Span = Range<u64>;
