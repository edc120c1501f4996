//! Streams: listpacks of entries, then the numbers, groups and producers (section 8.7 of the
//! format).
//!
//! ```text
//! n, n × ( node key: 16 bytes, listpack ), length, last id
//! since generation 2: first id, highest deleted id, entries added
//! groups × ( name, last id, [2: entries read], pending, consumers, [5: given back] )
//! since generation 4: idempotent producers
//! ```
//!
//! A node's listpack starts with a master entry, whose field names later entries may share:
//!
//! ```text
//! live | deleted | n | field × n | 0
//! flags | ms delta | seq delta | [n | (field | value) × n] or [value × n] | lp count
//! ```

use super::error::{ErrorKind, Halt};
use super::event::{Elem, StreamId, StreamMeta, Visit};
use super::string::ReadStr;
use super::walk::{Blob, Walk, Walked};
use crate::base::bulk::Bulk;
use crate::packed;

/// Entry flag: the entry is deleted.
pub const FLAG_DELETED: i64 = 1;
/// Entry flag: the field names are those of the master entry.
pub const FLAG_SAME_FIELDS: i64 = 2;

/// `entries_read` and similar numbers that stand for "unknown".
const UNKNOWN: u64 = u64::MAX;

/// What the nodes of a stream say about the whole.
#[derive(Default)]
struct Seen {
    live: u64,
    first: Option<StreamId>,
    last: Option<StreamId>,
}

/// What a walk over a group remembers to compare its parts: sums, since the parts are unbounded.
#[derive(Default)]
struct Claims {
    pending: u64,
    claimed: u64,
    pending_mix: u64,
    claimed_mix: u64,
}

/// Spreads an id over 64 bits, so that sums of spread ids tell sets apart.
fn mix(id: StreamId) -> u64 {
    let mut x = id.ms.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ id.seq.rotate_left(32);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

impl<V: Visit> Walk<'_, '_, V> {
    pub(super) fn stream(&mut self, generation: u8) -> Walked<V> {
        let mut seen = Seen::default();
        let nodes = self.c.count()?;
        for _ in 0..nodes {
            self.stream_node(&mut seen)?;
        }
        let at = self.c.pos();
        let meta = self.stream_meta(generation, &seen)?;
        if V::DECODE {
            if meta.length != seen.live {
                let kind = ErrorKind::Value("the stream's length differs from its live entries");
                self.damage(kind, at, None)?;
            }
            if meta.entries_added < meta.length || meta.entries_added > i64::MAX as u64 {
                let kind = ErrorKind::OutOfRange {
                    what: "entries-added",
                    value: meta.entries_added.into(),
                };
                self.damage(kind, at, None)?;
            }
            self.emit(&Elem::StreamMeta(meta))?;
        }
        let groups = self.c.count()?;
        for _ in 0..groups {
            self.group(generation, &meta)?;
        }
        if generation >= 4 { self.producers() } else { Ok(()) }
    }

    fn stream_node(&mut self, seen: &mut Seen) -> Walked<V> {
        if !V::DECODE {
            self.c.skip_string()?;
            return self.c.skip_string();
        }
        let at = self.c.pos();
        let key = self.c.string()?;
        let mut scratch = Vec::new();
        let key = match key.resolve(&mut scratch) {
            Ok(Bulk::Bytes(bytes)) => <[u8; 16]>::try_from(bytes).ok(),
            _ => None,
        };
        let Some(key) = key else {
            self.damage(ErrorKind::Value("a stream node's key is not 16 bytes long"), at, None)?;
            return self.c.skip_string();
        };
        let master = StreamId::from_bytes(key);
        let first = seen.live;
        self.with_blob(packed::Kind::Listpack, first, |walk, blob| {
            walk.node_entries(blob, master, seen)
        })
    }

    /// The next element as a number.
    fn number(&mut self, blob: &mut Blob<'_>) -> Result<Option<i64>, Halt<V::Error>> {
        match self.next(blob)? {
            Some(Bulk::Int(n)) => Ok(Some(n)),
            Some(Bulk::Bytes(_)) => {
                let kind = ErrorKind::Value("a stream node holds text where a number is expected");
                self.lost(blob, kind)?;
                Ok(None)
            }
            None if blob.lost => Ok(None),
            None => {
                self.lost(blob, ErrorKind::Value("a stream node ends inside an entry"))?;
                Ok(None)
            }
        }
    }

    fn lost(&mut self, blob: &mut Blob<'_>, kind: ErrorKind) -> Walked<V> {
        blob.lost = true;
        self.damage(kind, blob.at, Some(blob.first))
    }

    fn node_entries(
        &mut self,
        blob: &mut Blob<'_>,
        master: StreamId,
        seen: &mut Seen,
    ) -> Walked<V> {
        let (Some(live), Some(deleted), Some(n)) =
            (self.number(blob)?, self.number(blob)?, self.number(blob)?)
        else {
            return Ok(());
        };
        let mut names = Vec::new();
        for _ in 0..n {
            match self.next(blob)? {
                Some(name) => names.push(name),
                None => return self.node_cut(blob),
            }
        }
        match self.number(blob)? {
            Some(0) => {}
            Some(_) => {
                let kind = ErrorKind::Value("a stream node's master entry is not terminated");
                return self.lost(blob, kind);
            }
            None => return Ok(()),
        }
        let mut fields = Vec::with_capacity(names.len());
        let (mut live_seen, mut deleted_seen) = (0, 0);
        while let Some(flags) = self.next(blob)? {
            let Bulk::Int(flags) = flags else {
                let kind = ErrorKind::Value("a stream entry's flags are no number");
                return self.lost(blob, kind);
            };
            let Some(id) = self.entry(blob, (master, &names), flags, &mut fields)? else {
                return Ok(());
            };
            if flags & FLAG_DELETED != 0 {
                deleted_seen += 1;
                continue;
            }
            live_seen += 1;
            self.order(blob, seen, id)?;
            self.emit(&Elem::StreamEntry { id, fields: &fields })?;
        }
        if (live, deleted) != (live_seen, deleted_seen) && !blob.lost {
            let kind = ErrorKind::Value("a stream node's counts differ from its entries");
            self.damage(kind, blob.at, Some(blob.first))?;
        }
        Ok(())
    }

    fn node_cut(&mut self, blob: &mut Blob<'_>) -> Walked<V> {
        if blob.lost {
            return Ok(());
        }
        self.lost(blob, ErrorKind::Value("a stream node ends inside an entry"))
    }

    /// Counts a live entry and checks that ids rise.
    fn order(&mut self, blob: &Blob<'_>, seen: &mut Seen, id: StreamId) -> Walked<V> {
        let element = seen.live;
        seen.live += 1;
        seen.first.get_or_insert(id);
        if seen.last.is_some_and(|last| last >= id) {
            let kind = ErrorKind::Value("stream ids do not rise");
            self.damage(kind, blob.at, Some(element))?;
        }
        seen.last = Some(id);
        Ok(())
    }

    /// Reads one entry behind its flags; `None` after damage that ends the node.
    fn entry<'b>(
        &mut self,
        blob: &mut Blob<'b>,
        (master, names): (StreamId, &[Bulk<'b>]),
        flags: i64,
        fields: &mut Vec<(Bulk<'b>, Bulk<'b>)>,
    ) -> Result<Option<StreamId>, Halt<V::Error>> {
        let (Some(ms), Some(seq)) = (self.number(blob)?, self.number(blob)?) else {
            return Ok(None);
        };
        let id = StreamId {
            ms: master.ms.wrapping_add(ms as u64),
            seq: master.seq.wrapping_add(seq as u64),
        };
        fields.clear();
        let expected = if flags & FLAG_SAME_FIELDS != 0 {
            for name in names {
                let Some(value) = self.next(blob)? else {
                    self.node_cut(blob)?;
                    return Ok(None);
                };
                fields.push((*name, value));
            }
            names.len() as i64 + 3
        } else {
            let Some(n) = self.number(blob)? else {
                return Ok(None);
            };
            for _ in 0..n {
                let (Some(name), Some(value)) = (self.next(blob)?, self.next(blob)?) else {
                    self.node_cut(blob)?;
                    return Ok(None);
                };
                fields.push((name, value));
            }
            n.saturating_mul(2).saturating_add(4)
        };
        match self.number(blob)? {
            Some(count) if count == expected => Ok(Some(id)),
            Some(_) => {
                let kind = ErrorKind::Value("a stream entry's own length is wrong");
                self.lost(blob, kind)?;
                Ok(None)
            }
            None => Ok(None),
        }
    }

    fn id(&mut self) -> Result<StreamId, Halt<V::Error>> {
        Ok(StreamId { ms: ReadStr::len(&mut self.c)?, seq: ReadStr::len(&mut self.c)? })
    }

    fn raw_id(&mut self) -> Result<StreamId, Halt<V::Error>> {
        Ok(StreamId::from_bytes(self.c.array()?))
    }

    fn stream_meta(&mut self, generation: u8, seen: &Seen) -> Result<StreamMeta, Halt<V::Error>> {
        let length = ReadStr::len(&mut self.c)?;
        let last_id = self.id()?;
        if generation >= 2 {
            return Ok(StreamMeta {
                length,
                last_id,
                first_id: self.id()?,
                max_deleted_id: self.id()?,
                entries_added: ReadStr::len(&mut self.c)?,
            });
        }
        Ok(StreamMeta {
            length,
            last_id,
            first_id: seen.first.unwrap_or_default(),
            max_deleted_id: StreamId::default(),
            entries_added: length,
        })
    }

    fn group(&mut self, generation: u8, meta: &StreamMeta) -> Walked<V> {
        let at = self.c.pos();
        let name = self.c.string()?;
        let last_id = self.id()?;
        let entries_read = if generation >= 2 {
            let n = ReadStr::len(&mut self.c)?;
            (n != UNKNOWN).then_some(n)
        } else {
            estimate_entries_read(meta, last_id)
        };
        if V::DECODE {
            self.with_one(name, at, 0, |walk, name| {
                walk.emit(&Elem::Group { name, last_id, entries_read })
            })?;
        }
        let mut claims = Claims::default();
        let pending = self.c.count()?;
        for _ in 0..pending {
            if !V::DECODE {
                self.c.hop(24);
                ReadStr::len(&mut self.c)?;
                continue;
            }
            let id = self.raw_id()?;
            let delivery_time_ms = self.c.i64_le()?;
            let delivery_count = ReadStr::len(&mut self.c)?;
            claims.pending += 1;
            claims.pending_mix = claims.pending_mix.wrapping_add(mix(id));
            self.emit(&Elem::Pending { id, delivery_time_ms, delivery_count })?;
        }
        let consumers = self.c.count()?;
        for _ in 0..consumers {
            self.consumer(generation, &mut claims)?;
        }
        if generation >= 5 {
            let nacked = self.c.count()?;
            self.claimed(nacked, &mut claims, Elem::Nacked)?;
        }
        if V::DECODE && (claims.pending, claims.pending_mix) != (claims.claimed, claims.claimed_mix)
        {
            let kind =
                ErrorKind::Value("the group's pending entries are not those of its consumers");
            self.damage(kind, at, None)?;
        }
        Ok(())
    }

    fn consumer(&mut self, generation: u8, claims: &mut Claims) -> Walked<V> {
        let at = self.c.pos();
        let name = self.c.string()?;
        let seen_time_ms = self.c.i64_le()?;
        let active_time_ms = if generation >= 3 {
            let ms = self.c.i64_le()?;
            (ms != -1).then_some(ms)
        } else {
            Some(seen_time_ms)
        };
        if V::DECODE {
            self.with_one(name, at, 0, |walk, name| {
                walk.emit(&Elem::Consumer { name, seen_time_ms, active_time_ms })
            })?;
        }
        let n = self.c.count()?;
        self.claimed(n, claims, Elem::Claimed)
    }

    fn claimed(
        &mut self,
        n: u64,
        claims: &mut Claims,
        elem: impl Fn(StreamId) -> Elem<'static>,
    ) -> Walked<V> {
        if !V::DECODE {
            self.c.hop(usize::try_from(n).unwrap_or(usize::MAX).saturating_mul(16));
            return Ok(self.c.check()?);
        }
        for _ in 0..n {
            let id = self.raw_id()?;
            claims.claimed += 1;
            claims.claimed_mix = claims.claimed_mix.wrapping_add(mix(id));
            self.emit(&elem(id))?;
        }
        Ok(())
    }

    fn producers(&mut self) -> Walked<V> {
        let at = self.c.pos();
        let duration_s = ReadStr::len(&mut self.c)?;
        let max_entries = ReadStr::len(&mut self.c)?;
        if V::DECODE {
            if !(1..=86400).contains(&duration_s) {
                let kind =
                    ErrorKind::OutOfRange { what: "idmp duration", value: duration_s.into() };
                self.damage(kind, at, None)?;
            }
            if !(1..=10000).contains(&max_entries) {
                let kind =
                    ErrorKind::OutOfRange { what: "idmp maximum", value: max_entries.into() };
                self.damage(kind, at, None)?;
            }
            self.emit(&Elem::IdmpConfig { duration_s, max_entries })?;
        }
        let producers = self.c.count()?;
        for _ in 0..producers {
            self.producer()?;
        }
        let added = ReadStr::len(&mut self.c)?;
        let duplicates = ReadStr::len(&mut self.c)?;
        if V::DECODE { self.emit(&Elem::IdmpCounters { added, duplicates }) } else { Ok(()) }
    }

    fn producer(&mut self) -> Walked<V> {
        let at = self.c.pos();
        let pid = self.c.string()?;
        if V::DECODE {
            self.with_one(pid, at, 0, |walk, pid| walk.emit(&Elem::Producer(pid)))?;
        }
        let n = self.c.count()?;
        for element in 0..n {
            let at = self.c.pos();
            let iid = self.c.string()?;
            let id = self.id()?;
            if V::DECODE {
                self.with_one(iid, at, element, |walk, iid| {
                    walk.emit(&Elem::ProducerId { iid, id })
                })?;
            }
        }
        Ok(())
    }
}

/// Entries a group has read, where the file does not say: the servers' own rule.
pub fn estimate_entries_read(meta: &StreamMeta, id: StreamId) -> Option<u64> {
    let zero = StreamId::default();
    if meta.entries_added == 0 {
        return Some(0);
    }
    if meta.length == 0 && id <= meta.last_id {
        return Some(meta.entries_added);
    }
    if id != zero && id < meta.max_deleted_id {
        return None;
    }
    if id == meta.last_id {
        return Some(meta.entries_added);
    }
    if id > meta.last_id {
        return None;
    }
    if meta.max_deleted_id == zero || meta.max_deleted_id < meta.first_id {
        if id < meta.first_id {
            return meta.entries_added.checked_sub(meta.length);
        }
        if id == meta.first_id {
            return meta.entries_added.checked_sub(meta.length).map(|n| n + 1);
        }
    }
    None
}
