//! A node of a stream: a listpack of entries behind a master entry, exactly as servers store it.
//!
//! ```text
//! live | deleted | n | field × n | 0
//! flags | ms delta | seq delta | [n | (field | value) × n] or [value × n] | lp count
//! ```

use crate::base::bulk::Bulk;
use crate::packed::{self, Listpack, Pos};
use crate::rdb::StreamId;
use crate::value::tree::Leaf;
use std::ops::Range;

/// Entry flag: the entry is deleted.
const DELETED: i64 = 1;
/// Entry flag: the field names are those of the master entry.
const SAME_FIELDS: i64 = 2;

/// Entries whose ids follow a master id.
#[derive(Debug, Clone)]
pub struct Node {
    master: StreamId,
    pack: Listpack,
    // Short, so that a node with its reference count takes 64 bytes of an allocator.
    live: u32,
    deleted: u32,
}

/// An element as a number.
fn number(element: Bulk<'_>) -> Option<i64> {
    match element {
        Bulk::Int(n) => Some(n),
        Bulk::Bytes(_) => None,
    }
}

/// One entry of a stream.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// Its id.
    pub id: StreamId,
    node: &'a Node,
    flags: i64,
    flags_at: Pos,
    /// First value, or first field if it has its own.
    data_at: Option<Pos>,
    fields: usize,
}

impl<'a> Entry<'a> {
    /// Number of fields.
    pub fn field_count(&self) -> usize {
        self.fields
    }

    /// Names and values, in order.
    pub fn fields(&self) -> Fields<'a> {
        let data = self.data_at.map(|at| self.node.pack.iter_from(at));
        let names = (self.flags & SAME_FIELDS != 0).then(|| self.node.master_fields());
        Fields { names: names.flatten(), data, left: self.fields }
    }

    fn is_deleted(&self) -> bool {
        self.flags & DELETED != 0
    }
}

/// Names and values of an entry.
#[derive(Debug, Clone)]
pub struct Fields<'a> {
    names: Option<packed::Iter<'a>>,
    data: Option<packed::Iter<'a>>,
    left: usize,
}

impl<'a> Iterator for Fields<'a> {
    type Item = (Bulk<'a>, Bulk<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let data = self.data.as_mut()?;
        let name = match &mut self.names {
            Some(names) => names.next()?.1,
            None => data.next()?.1,
        };
        Some((name, data.next()?.1))
    }
}

impl Node {
    /// Takes a sound node as it is stored; `None` if its master entry makes no sense.
    pub fn read(master: StreamId, pack: Listpack) -> Option<Node> {
        let mut head = pack.iter().map(|(_, element)| number(element));
        let live = u32::try_from(head.next()??).ok()?;
        let deleted = u32::try_from(head.next()??).ok()?;
        let fields = usize::try_from(head.next()??).ok()?;
        head.nth(fields)?.filter(|end| *end == 0)?;
        Some(Node { master, pack, live, deleted })
    }

    /// A node with one entry, whose fields become those of the master entry.
    pub(super) fn new(id: StreamId, fields: &[(&[u8], &[u8])]) -> Node {
        let mut pack = Listpack::new();
        pack.push_back_int(1);
        pack.push_back_int(0);
        pack.push_back_int(fields.len() as i64);
        for (name, _) in fields {
            pack.push_back(name);
        }
        pack.push_back_int(0);
        let mut node = Node { master: id, pack, live: 1, deleted: 0 };
        node.push_entry(id, fields, true);
        node
    }

    /// The id that the node is stored under.
    pub fn master_id(&self) -> StreamId {
        self.master
    }

    /// The listpack as it is stored.
    pub fn listpack(&self) -> &Listpack {
        &self.pack
    }

    pub(super) fn live(&self) -> usize {
        self.live as usize
    }

    /// Entries, deleted ones included.
    pub(super) fn total(&self) -> usize {
        self.live as usize + self.deleted as usize
    }

    fn master_count(&self) -> usize {
        self.pack.at(2).and_then(|at| number(self.pack.get(at))).map_or(0, |n| n.max(0) as usize)
    }

    fn master_fields(&self) -> Option<packed::Iter<'_>> {
        self.pack.at(3).map(|at| self.pack.iter_from(at))
    }

    fn has_fields(&self, fields: &[(&[u8], &[u8])]) -> bool {
        self.master_count() == fields.len()
            && self.master_fields().into_iter().flatten().zip(fields).all(
                |((_, name), (field, _))| match name {
                    Bulk::Bytes(bytes) => bytes == *field,
                    Bulk::Int(_) => name == Bulk::Bytes(field),
                },
            )
    }

    /// Appends an entry.
    pub(super) fn append(&mut self, id: StreamId, fields: &[(&[u8], &[u8])]) {
        let same = self.has_fields(fields);
        self.push_entry(id, fields, same);
        self.live += 1;
        self.write_counts();
    }

    fn push_entry(&mut self, id: StreamId, fields: &[(&[u8], &[u8])], same: bool) {
        let pack = &mut self.pack;
        pack.push_back_int(if same { SAME_FIELDS } else { 0 });
        pack.push_back_int(id.ms.wrapping_sub(self.master.ms).cast_signed());
        pack.push_back_int(id.seq.wrapping_sub(self.master.seq).cast_signed());
        if !same {
            pack.push_back_int(fields.len() as i64);
        }
        for (name, value) in fields {
            if !same {
                pack.push_back(name);
            }
            pack.push_back(value);
        }
        let n = fields.len() as i64;
        pack.push_back_int(if same { n + 3 } else { n * 2 + 4 });
    }

    fn write_counts(&mut self) {
        for (index, count) in [self.live, self.deleted].into_iter().enumerate() {
            if let Some(at) = self.pack.at(index) {
                self.pack.replace_int(at, i64::from(count));
            }
        }
    }

    /// Gives memory that is not used back; for a node that nothing is appended to any more.
    pub(super) fn shrink(&mut self) {
        self.pack.shrink();
    }

    /// All entries, deleted ones included.
    fn all(&self) -> All<'_> {
        let fields = self.master_count();
        All { node: self, at: self.pack.at(4 + fields), master_fields: fields }
    }

    /// The live entries.
    pub(super) fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        self.all().filter(|entry| !entry.is_deleted())
    }

    /// Id of the last entry, deleted or not.
    pub(super) fn last_id(&self) -> StreamId {
        self.all().last().map_or(self.master, |entry| entry.id)
    }

    /// The live entry with an id.
    pub(super) fn get(&self, id: StreamId) -> Option<Entry<'_>> {
        self.entries().take_while(|entry| entry.id <= id).find(|entry| entry.id == id)
    }

    /// Marks a live entry as deleted.
    pub(super) fn delete(&mut self, id: StreamId) -> bool {
        let place = self.get(id).map(|entry| (entry.flags_at, entry.flags));
        self.mark_deleted(place.as_slice());
        place.is_some()
    }

    fn mark_deleted(&mut self, places: &[(Pos, i64)]) {
        for (at, flags) in places {
            // Flags take as many bytes as before, so other places stay.
            self.pack.replace_int(*at, flags | DELETED);
        }
        // A node's size bounds its entries.
        let marked = u32::try_from(places.len()).unwrap_or(u32::MAX);
        self.live = self.live.saturating_sub(marked);
        self.deleted = self.deleted.saturating_add(marked);
        self.write_counts();
    }
}

/// Entries of a node, deleted ones included.
#[derive(Debug, Clone)]
struct All<'a> {
    node: &'a Node,
    at: Option<Pos>,
    master_fields: usize,
}

impl<'a> Iterator for All<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        let pack = &self.node.pack;
        let flags_at = self.at.take()?;
        let mut elements = pack.iter_from(flags_at);
        let flags = number(elements.next()?.1)?;
        let ms = number(elements.next()?.1)?;
        let seq = number(elements.next()?.1)?;
        let master = self.node.master;
        let id = StreamId {
            ms: master.ms.wrapping_add(ms.cast_unsigned()),
            seq: master.seq.wrapping_add(seq.cast_unsigned()),
        };
        let (fields, values) = if flags & SAME_FIELDS != 0 {
            (self.master_fields, self.master_fields)
        } else {
            let fields = usize::try_from(number(elements.next()?.1)?).ok()?;
            (fields, fields.checked_mul(2)?)
        };
        // Behind the values comes the count, then the next entry.
        let data_at = elements.next().map(|(at, _)| at);
        self.at = elements.nth(values).map(|(at, _)| at);
        Some(Entry { id, node: self.node, flags, flags_at, data_at, fields })
    }
}

impl Leaf for Node {
    type Key = StreamId;

    fn count(&self) -> usize {
        self.live()
    }

    fn key(&self) -> StreamId {
        self.master
    }

    fn remove(&mut self, range: Range<usize>) {
        let places: Vec<_> = self
            .entries()
            .skip(range.start)
            .take(range.len())
            .map(|entry| (entry.flags_at, entry.flags))
            .collect();
        self.mark_deleted(&places);
    }

    fn fits(&self, _: &Self) -> bool {
        false
    }

    fn absorb(&mut self, _: &Self) {}
}
