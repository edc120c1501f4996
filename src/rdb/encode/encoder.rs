//! Elements of one value in, its type byte and bytes out.
//!
//! The encoding is chosen as a server with default limits chooses it, unless a hint says
//! otherwise. Counts stand in front of what they count and are known last, so the body is spooled
//! and the count written when the value is complete.

use super::Strings;
use super::hash::HashBuilder;
use super::list::ListBuilder;
use super::loss::{Loss, Losses};
use super::stream::StreamBuilder;
use super::target::Target;
use crate::base::bulk::{Bulk, IntBuf};
use crate::base::num;
use crate::base::spool::Spool;
use crate::packed::{ListpackBuilder, ZiplistBuilder, write_intset};
use crate::rdb::event::{ArrayValue, Elem};
use crate::rdb::string::{write_len, write_raw};
use crate::rdb::types::Kind;
use std::io;

/// Most members of a set or sorted set, or fields of a hash, in a packed encoding.
const SET_ENTRIES_MAX: usize = 128;
pub(super) const HASH_ENTRIES_MAX: usize = 512;
const INTSET_ENTRIES_MAX: usize = 512;
/// Longest element in a packed encoding, in bytes.
pub(super) const PACKED_VALUE_BYTES: usize = 64;

/// Which encoding a value had or shall have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Hint {
    /// As a server with default limits decides.
    #[default]
    Auto,
    /// One packed structure, whatever the limits.
    Packed,
    /// An intset, whatever the limits, if all members are integers.
    Intset,
    /// One packed structure with room for field expiries.
    PackedWithExpiry,
    /// No packed structure.
    Plain,
}

impl Hint {
    /// The hint in the name of an encoding.
    pub fn of_encoding(name: &str) -> Hint {
        match name {
            "intset" => Hint::Intset,
            "listpack" | "ziplist" | "zipmap" => Hint::Packed,
            "listpackex" => Hint::PackedWithExpiry,
            "hashtable" | "skiplist" => Hint::Plain,
            _ => Hint::Auto,
        }
    }
}

/// A packed structure in the making: a listpack, or a ziplist for older targets.
pub(super) enum Packed {
    Listpack(ListpackBuilder),
    Ziplist(ZiplistBuilder),
}

impl Packed {
    /// A builder for the target; `None` if it has neither for this kind.
    fn for_target(target: Target, listpack_since: u16, ziplist_since: u16) -> Option<Packed> {
        if target.has(listpack_since) {
            Some(Packed::Listpack(ListpackBuilder::new(target.backlen())))
        } else if target.has(ziplist_since.max(6)) {
            // Before version 6 ziplists lack the small integers that the builder writes.
            Some(Packed::Ziplist(ZiplistBuilder::new()))
        } else {
            None
        }
    }

    pub(super) fn push(&mut self, bulk: Bulk<'_>) -> bool {
        match self {
            Packed::Listpack(builder) => {
                // No server reads the other's form of these sizes, so none is ever written.
                !ListpackBuilder::is_ambiguous(bulk) && builder.push(bulk).is_ok()
            }
            Packed::Ziplist(builder) => builder.push(bulk).is_ok(),
        }
    }

    pub(super) fn is_listpack(&self) -> bool {
        matches!(self, Packed::Listpack(_))
    }

    fn count(&self) -> usize {
        match self {
            Packed::Listpack(builder) => builder.count(),
            Packed::Ziplist(builder) => builder.count(),
        }
    }

    pub(super) fn finish(&mut self) -> &[u8] {
        match self {
            Packed::Listpack(builder) => builder.finish(),
            Packed::Ziplist(builder) => builder.finish(),
        }
    }
}

/// What a value became.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoded {
    /// This type byte; the bytes are in the encoder.
    Type(u8),
    /// No elements: servers know no such key.
    Empty,
    /// Nothing the target could hold.
    Nothing,
}

/// Members of a set or sorted set.
#[derive(Default)]
struct Members {
    packed: Option<Packed>,
    /// Members of a sorted set as they come, to be sorted for the packed form.
    scored: Vec<(f64, Vec<u8>)>,
    /// Members of a set as long as all are integers.
    ints: Option<Vec<i64>>,
}

/// Encodes one value after another for one target.
pub struct Encoder {
    target: Target,
    pub(super) strings: Strings,
    kind: Kind,
    hint: Hint,
    /// Elements in the plain form.
    spool: Spool,
    count: u64,
    members: Members,
    hash: HashBuilder,
    list: ListBuilder,
    stream: StreamBuilder,
    insert_index: Option<u64>,
    /// The bytes in front of the spool, once the value is complete.
    head: Vec<u8>,
    /// What the target cannot hold of the value.
    pub losses: Losses,
    use_spool: bool,
}

impl Encoder {
    /// An encoder for a target; strings are compressed if `compress` says so.
    pub fn new(target: Target, compress: bool) -> Encoder {
        Encoder {
            target,
            strings: Strings::new(compress),
            kind: Kind::String,
            hint: Hint::Auto,
            spool: Spool::new(),
            count: 0,
            members: Members::default(),
            hash: HashBuilder::new(target),
            list: ListBuilder::new(target),
            stream: StreamBuilder::new(target),
            insert_index: None,
            head: Vec::new(),
            losses: Losses::default(),
            use_spool: false,
        }
    }

    /// The target.
    pub fn target(&self) -> Target {
        self.target
    }

    /// Begins a value.
    pub fn begin(&mut self, kind: Kind, hint: Hint) {
        self.kind = kind;
        self.hint = hint;
        self.spool.clear();
        self.head.clear();
        self.count = 0;
        self.insert_index = None;
        self.losses.clear();
        self.use_spool = false;
        self.members = Members::default();
        let pack = hint != Hint::Plain;
        match kind {
            Kind::Set if pack => {
                self.members.packed = Packed::for_target(self.target, 11, u16::MAX);
                let may_be_ints = hint != Hint::Packed && self.target.has(2);
                self.members.ints = may_be_ints.then(Vec::new);
            }
            Kind::Zset if pack => self.members.packed = Packed::for_target(self.target, 10, 2),
            Kind::Hash => {
                let packed = if pack { Packed::for_target(self.target, 10, 4) } else { None };
                self.hash.begin(packed, hint);
            }
            Kind::List => self.list.begin(),
            Kind::Stream => self.stream.begin(),
            _ => {}
        }
    }

    /// Takes the value's next element.
    pub fn elem(&mut self, elem: &Elem<'_>) -> io::Result<()> {
        match elem {
            Elem::Str(bulk) => {
                self.strings.write(self.spool.buf(), bulk);
                self.count = 1;
            }
            Elem::Item(bulk) => {
                self.list.push(bulk, &mut self.strings, &mut self.spool);
                self.count += 1;
            }
            Elem::Member(bulk) => self.member(bulk),
            Elem::Scored { member, score } => self.scored(member, *score),
            Elem::Field { field, value, expire_at_ms } => {
                self.count += 1;
                self.hash.push(
                    (field, value, *expire_at_ms),
                    &mut self.strings,
                    &mut self.spool,
                    &mut self.losses,
                );
            }
            Elem::ArrayMeta { insert_index } => self.insert_index = *insert_index,
            Elem::ArrayItem { index, value } => self.array_item(*index, value),
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
            | Elem::IdmpCounters { .. } => {
                self.stream.elem(elem, &mut self.strings, &mut self.spool, &mut self.losses);
            }
            // Module values are copied, never encoded.
            Elem::Module(_)
            | Elem::ModuleItem(_)
            | Elem::VectorSet { .. }
            | Elem::Vector { .. } => {}
        }
        self.spool.settle()
    }

    fn member(&mut self, bulk: &Bulk<'_>) {
        self.count += 1;
        self.strings.write(self.spool.buf(), bulk);
        let any_size = matches!(self.hint, Hint::Packed | Hint::Intset);
        let fits = |count: usize, max: usize| any_size || count < max;
        let members = &mut self.members;
        if let Some(ints) = &mut members.ints {
            let n = match bulk {
                Bulk::Int(n) => Some(*n),
                Bulk::Bytes(bytes) => num::parse_canonical_i64(bytes),
            };
            match n {
                Some(n) if fits(ints.len(), INTSET_ENTRIES_MAX) => ints.push(n),
                _ => members.ints = None,
            }
        }
        if let Some(packed) = &mut members.packed {
            let short = self.hint == Hint::Packed || bulk.text_len() <= PACKED_VALUE_BYTES;
            if !(short && fits(packed.count(), SET_ENTRIES_MAX) && packed.push(*bulk)) {
                members.packed = None;
            }
        }
    }

    fn scored(&mut self, member: &Bulk<'_>, score: f64) {
        self.count += 1;
        let out = self.spool.buf();
        self.strings.write(out, member);
        if self.target.has(8) {
            out.extend_from_slice(&score.to_le_bytes());
        } else {
            write_ascii_score(out, score);
        }
        let members = &mut self.members;
        if members.packed.is_some() {
            let fits = self.hint == Hint::Packed
                || members.scored.len() < SET_ENTRIES_MAX
                    && member.text_len() <= PACKED_VALUE_BYTES;
            if fits {
                members.scored.push((score, member.to_vec()));
            } else {
                members.packed = None;
                members.scored = Vec::new();
            }
        }
    }

    fn array_item(&mut self, index: u64, value: &ArrayValue<'_>) {
        self.count += 1;
        let out = self.spool.buf();
        write_len(out, index);
        match value {
            ArrayValue::Int(n) => {
                write_len(out, 1);
                out.extend_from_slice(&n.to_le_bytes());
            }
            ArrayValue::Float(f) => {
                write_len(out, 2);
                out.extend_from_slice(&f.to_le_bytes());
            }
            ArrayValue::Str(bulk) => {
                write_len(out, if bulk.text_len() <= 7 { 3 } else { 0 });
                self.strings.write(out, bulk);
            }
        }
    }

    /// Ends the value.
    pub fn finish(&mut self) -> io::Result<Encoded> {
        if self.count == 0 && self.kind != Kind::Stream {
            return Ok(Encoded::Empty);
        }
        Ok(match self.kind {
            Kind::String => {
                self.use_spool = true;
                Encoded::Type(0)
            }
            Kind::Set => self.finish_set(),
            Kind::Zset => self.finish_zset(),
            Kind::List => {
                let (type_byte, count) = self.list.finish(&mut self.strings, &mut self.spool);
                self.plain(type_byte, count)
            }
            Kind::Hash => {
                let finished =
                    self.hash.finish(&mut self.strings, &mut self.spool, &mut self.head)?;
                self.use_spool = finished.use_spool;
                Encoded::Type(finished.type_byte)
            }
            Kind::Stream => {
                if !self.target.has(9) {
                    self.losses.add(Loss::Stream);
                    return Ok(Encoded::Nothing);
                }
                self.stream.finish(
                    &mut self.strings,
                    &mut self.spool,
                    &mut self.head,
                    &mut self.losses,
                )
            }
            Kind::Array => {
                if !self.target.has(14) {
                    self.losses.add(Loss::Array);
                    return Ok(Encoded::Nothing);
                }
                write_len(&mut self.head, self.count);
                write_len(&mut self.head, u64::from(self.insert_index.is_some()));
                if let Some(index) = self.insert_index {
                    write_len(&mut self.head, index);
                }
                self.use_spool = true;
                Encoded::Type(28)
            }
            Kind::Module => {
                self.losses.add(Loss::Module);
                Encoded::Nothing
            }
        })
        .inspect(|encoded| {
            if self.kind == Kind::Stream && matches!(encoded, Encoded::Type(_)) {
                self.use_spool = true;
            }
        })
    }

    fn plain(&mut self, type_byte: u8, count: u64) -> Encoded {
        write_len(&mut self.head, count);
        self.use_spool = true;
        Encoded::Type(type_byte)
    }

    fn finish_set(&mut self) -> Encoded {
        if let Some(ints) = &mut self.members.ints {
            ints.sort_unstable();
            let mut blob = Vec::new();
            if write_intset(ints, &mut blob).is_ok() {
                self.strings.write_bytes(&mut self.head, &blob);
                return Encoded::Type(11);
            }
        }
        match &mut self.members.packed {
            Some(packed) => {
                self.strings.write_bytes(&mut self.head, packed.finish());
                Encoded::Type(20)
            }
            None => self.plain(2, self.count),
        }
    }

    fn finish_zset(&mut self) -> Encoded {
        let members = &mut self.members;
        if let Some(packed) = &mut members.packed {
            members.scored.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.cmp(&b.1)));
            let mut text = Vec::new();
            let all = members.scored.iter().all(|(score, member)| {
                text.clear();
                num::write_score(*score, &mut text);
                packed.push(Bulk::Bytes(member)) && packed.push(Bulk::Bytes(&text))
            });
            if all {
                let type_byte = if packed.is_listpack() { 17 } else { 12 };
                self.strings.write_bytes(&mut self.head, packed.finish());
                return Encoded::Type(type_byte);
            }
        }
        let type_byte = if self.target.has(8) { 5 } else { 3 };
        self.plain(type_byte, self.count)
    }

    /// Hands on the bytes of the finished value, in pieces.
    pub fn each<E: From<io::Error>>(
        &mut self,
        mut piece: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        piece(&self.head)?;
        if self.use_spool { self.spool.each(piece) } else { Ok(()) }
    }

    /// Length of the finished value's bytes.
    pub fn len(&self) -> u64 {
        self.head.len() as u64 + if self.use_spool { self.spool.len() } else { 0 }
    }

    /// Whether the finished value has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Appends a score as files before version 8 hold it.
fn write_ascii_score(out: &mut Vec<u8>, score: f64) {
    if score.is_finite() {
        let mut text = Vec::new();
        num::write_score(score, &mut text);
        out.push(u8::try_from(text.len()).unwrap_or(0));
        out.extend_from_slice(&text);
    } else {
        out.push(if score > 0.0 { 254 } else { 255 });
    }
}

/// Appends a string that must not be compressed or shortened.
pub(super) fn write_exact(out: &mut Vec<u8>, bulk: &Bulk<'_>) {
    write_raw(out, bulk.text(&mut IntBuf::new()));
}
