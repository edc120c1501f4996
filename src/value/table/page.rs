//! A page: up to 63 entries of a table in one stretch of bytes.
//!
//! ```text
//! tags     1 byte of hash for each entry, compared eight at a time
//! offsets  where each entry starts in the heap
//! heap     entry entry …        dead bytes between them are counted, and squeezed out when they are many
//! objects  what does not fit or is no string: long keys, large values, collections
//!
//! entry    flags  [access: 4]  [expiry: 8]  key length or object  [value length or object]  key  value
//! ```
//!
//! Copying a page for a snapshot's sake is one copy of bytes and one count for each object in it.

use super::hash::Seed;
use super::tags::{self, TAGS};
use crate::base::prefetch::{CACHE_LINE, prefetch};
use std::sync::Arc as StdArc;

/// Most entries of a page.
pub(super) const PAGE_ENTRIES: usize = 63;

/// Longest key kept in the heap, in bytes.
const INLINE_KEY_BYTES: usize = 255;

/// Longest value kept in the heap, in bytes. With the longest key and 63 entries a heap stays below 64 KiB, even with as many
/// dead bytes as [`Page::squeeze`] tolerates.
const INLINE_VALUE_BYTES: usize = 448;

/// Key is an object.
const KEY_OBJECT: u8 = 1;
/// Value is bytes in the heap.
const VALUE_BYTES: u8 = 1 << 1;
/// Value is an object.
const VALUE_OBJECT: u8 = 1 << 2;
/// Expiry time is there.
const EXPIRY: u8 = 1 << 3;
/// Access time is there.
const ACCESS: u8 = 1 << 4;
/// The caller's mark.
const MARK_SHIFT: u32 = 5;

/// What stands beside an entry's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Meta {
    /// Unix milliseconds after which the entry is gone.
    pub expire_at_ms: Option<i64>,
    /// When, or how often, the entry was last used; its unit is the caller's.
    pub access: Option<u32>,
    /// A small number of the caller's, at most 7.
    pub mark: u8,
}

/// A value as it is stored.
#[derive(Debug, PartialEq, Eq)]
pub enum Stored<'a, O> {
    /// A short string.
    Bytes(&'a [u8]),
    /// Anything else.
    Object(&'a O),
}

/// A value to store.
#[derive(Debug)]
pub enum New<'a, O> {
    /// A string; [`super::fits`] says whether it may come this way.
    Bytes(&'a [u8]),
    /// Anything else.
    Object(O),
}

/// One entry of a table.
#[derive(Debug, PartialEq, Eq)]
pub struct Entry<'a, O> {
    /// Its key.
    pub key: &'a [u8],
    /// Its value.
    pub value: Stored<'a, O>,
    /// What stands beside the value.
    pub meta: Meta,
}

// Not derived: that would ask the object to be `Copy` too.
impl<O> Clone for Stored<'_, O> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<O> Copy for Stored<'_, O> {}

impl<'a, O> Stored<'a, O> {
    /// The object, if it is one.
    #[inline]
    pub fn object(self) -> Option<&'a O> {
        match self {
            Stored::Object(object) => Some(object),
            Stored::Bytes(_) => None,
        }
    }
}

impl<O> Clone for Entry<'_, O> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<O> Copy for Entry<'_, O> {}

/// A key or value outside the heap.
#[derive(Debug, Clone)]
pub(super) enum Object<O> {
    Key(StdArc<[u8]>),
    Value(O),
}

impl<O> Object<O> {
    fn into_value(self) -> Option<O> {
        match self {
            Object::Key(_) => None,
            Object::Value(value) => Some(value),
        }
    }
}

/// Where the parts of an entry are.
struct Parts {
    flags: u8,
    /// Offset of the access time, or where it would be.
    meta_at: usize,
    key: Place,
    value: Place,
    end: usize,
}

#[derive(Clone, Copy)]
enum Place {
    Heap(usize, usize),
    Object(usize),
    Nothing,
}

/// Up to 63 entries. With the count of references in front it takes 256 bytes, and what is read together shares cache lines:
/// the count with all that follows up to the tags, then the tags, then the offsets.
#[derive(Debug, Clone)]
#[repr(C)]
pub(super) struct Page<O> {
    heap: Vec<u8>,
    objects: Vec<Object<O>>,
    /// No expiry time in the page is earlier; `i64::MAX` if there is none.
    earliest_ms: i64,
    /// The last one is no tag but the number of entries.
    tags: [u8; TAGS],
    /// The last one is no offset but the number of dead bytes in the heap.
    offsets: [u16; TAGS],
}

/// Whether a value of this length may be kept in the heap.
pub(super) fn fits(value: &[u8]) -> bool {
    value.len() <= INLINE_VALUE_BYTES
}

/// Size of a heap for so many bytes: allocators have four sizes between powers of two, and anything below one costs as much.
fn room_for(bytes: usize) -> usize {
    let step = (bytes.max(64) + 1).next_power_of_two() / 8;
    bytes.next_multiple_of(step)
}

/// The byte of the hash that a page compares first. The top bits have chosen the page.
fn tag(hash: u64) -> u8 {
    (hash & 0xff) as u8
}

/// Writes a length below 2^14 in one byte or two.
fn write_length(len: usize, out: &mut Vec<u8>) {
    if len < 0x80 {
        out.push(len as u8);
    } else {
        out.push((len & 0x7f) as u8 | 0x80);
        out.push((len >> 7) as u8);
    }
}

/// Writes what stands before an entry's lengths.
fn write_head(mut flags: u8, meta: Meta, heap: &mut Vec<u8>) {
    flags |= meta.mark << MARK_SHIFT;
    if meta.access.is_some() {
        flags |= ACCESS;
    }
    if meta.expire_at_ms.is_some() {
        flags |= EXPIRY;
    }
    heap.push(flags);
    if let Some(access) = meta.access {
        heap.extend_from_slice(&access.to_le_bytes());
    }
    if let Some(expire_at_ms) = meta.expire_at_ms {
        heap.extend_from_slice(&expire_at_ms.to_le_bytes());
    }
}

/// A key or value of an entry to be written: bytes, or the number of an object.
#[derive(Clone, Copy)]
enum Part<'a> {
    Bytes(&'a [u8]),
    Object(usize),
}

impl<'a> Part<'a> {
    fn number_and_bytes(self) -> (usize, &'a [u8]) {
        match self {
            Part::Bytes(bytes) => (bytes.len(), bytes),
            Part::Object(object) => (object, &[]),
        }
    }
}

/// Most bytes that an entry has beside those of key and value.
const ENTRY_EXTRA_BYTES: usize = 1 + 12 + 4;

/// Writes an entry.
fn write_entry(key: Part<'_>, value: Part<'_>, meta: Meta, heap: &mut Vec<u8>) {
    let mut flags = if matches!(key, Part::Object(_)) { KEY_OBJECT } else { 0 };
    flags |= match value {
        Part::Bytes([]) => 0,
        Part::Bytes(_) => VALUE_BYTES,
        Part::Object(_) => VALUE_OBJECT,
    };
    let ((key, key_bytes), (value, value_bytes)) =
        (key.number_and_bytes(), value.number_and_bytes());
    write_head(flags, meta, heap);
    write_length(key, heap);
    if flags & (VALUE_BYTES | VALUE_OBJECT) != 0 {
        write_length(value, heap);
    }
    heap.extend_from_slice(key_bytes);
    heap.extend_from_slice(value_bytes);
}

#[inline]
fn read_length(heap: &[u8], at: &mut usize) -> usize {
    let low = usize::from(heap[*at]);
    *at += 1;
    if low < 0x80 {
        return low;
    }
    let high = usize::from(heap[*at]);
    *at += 1;
    (low & 0x7f) | high << 7
}

/// Bytes of what stands beside the value of an entry with these flags.
#[inline]
fn meta_bytes(flags: u8) -> usize {
    // Without a branch: the bits have the right weights, or nearly so.
    const { assert!(EXPIRY == 8 && ACCESS >> 2 == 4) };
    usize::from(flags & EXPIRY) + usize::from((flags & ACCESS) >> 2)
}

/// The parts of the entry that starts here.
#[inline]
fn parts_at(heap: &[u8], mut at: usize) -> Parts {
    let flags = heap[at];
    at += 1;
    let meta_at = at;
    at += meta_bytes(flags);
    let key_len = read_length(heap, &mut at);
    let value_len =
        if flags & (VALUE_BYTES | VALUE_OBJECT) != 0 { read_length(heap, &mut at) } else { 0 };
    let key = if flags & KEY_OBJECT != 0 {
        Place::Object(key_len)
    } else {
        let start = at;
        at += key_len;
        Place::Heap(start, at)
    };
    let value = if flags & VALUE_OBJECT != 0 {
        Place::Object(value_len)
    } else if flags & VALUE_BYTES != 0 {
        let start = at;
        at += value_len;
        Place::Heap(start, at)
    } else {
        Place::Nothing
    };
    Parts { flags, meta_at, key, value, end: at }
}

/// Writes an entry that is to stand in a page later; `keep` keeps an object of it and gives its number.
pub(super) fn write_new<O>(
    key: &[u8],
    value: New<'_, O>,
    meta: Meta,
    heap: &mut Vec<u8>,
    mut keep: impl FnMut(Object<O>) -> usize,
) {
    let key = if key.len() <= INLINE_KEY_BYTES {
        Part::Bytes(key)
    } else {
        Part::Object(keep(Object::Key(key.into())))
    };
    let value = match value {
        New::Bytes(bytes) => Part::Bytes(bytes),
        New::Object(object) => Part::Object(keep(Object::Value(object))),
    };
    write_entry(key, value, meta, heap);
}

/// The key of an entry that was written, by the objects that were kept of it.
pub(super) fn key_of<'a, O: 'a>(
    entry: &'a [u8],
    object: impl FnOnce(usize) -> Option<&'a Object<O>>,
) -> &'a [u8] {
    match parts_at(entry, 0).key {
        Place::Heap(start, end) => &entry[start..end],
        Place::Object(number) => match object(number) {
            Some(Object::Key(key)) => key,
            _ => &[],
        },
        Place::Nothing => &[],
    }
}

impl<O: Clone> Page<O> {
    pub(super) fn new() -> Page<O> {
        Page {
            heap: Vec::new(),
            objects: Vec::new(),
            earliest_ms: i64::MAX,
            tags: [0; TAGS],
            offsets: [0; TAGS],
        }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        usize::from(self.tags[PAGE_ENTRIES])
    }

    /// Bytes of the heap that belong to no entry.
    fn dead(&self) -> usize {
        usize::from(self.offsets[PAGE_ENTRIES])
    }

    /// A heap is smaller than 64 KiB, and so is what is dead of it.
    fn add_dead(&mut self, bytes: usize) {
        self.offsets[PAGE_ENTRIES] += bytes as u16;
    }

    pub(super) fn earliest_ms(&self) -> i64 {
        self.earliest_ms
    }

    /// Bytes of the heap and of what the page allocates beside it.
    pub(super) fn allocated_bytes(&self) -> usize {
        self.heap.capacity() + self.objects.capacity() * size_of::<Object<O>>()
    }

    #[inline]
    fn parts(&self, index: usize) -> Parts {
        parts_at(&self.heap, usize::from(self.offsets[index]))
    }

    #[inline]
    fn key_at(&self, place: Place) -> &[u8] {
        match place {
            Place::Heap(start, end) => &self.heap[start..end],
            Place::Object(index) => match &self.objects[index] {
                Object::Key(key) => key,
                Object::Value(_) => &[],
            },
            Place::Nothing => &[],
        }
    }

    #[inline]
    fn meta(&self, parts: &Parts) -> Meta {
        let mut at = parts.meta_at;
        let mut meta = Meta { mark: parts.flags >> MARK_SHIFT, ..Meta::default() };
        if parts.flags & ACCESS != 0 {
            meta.access = self.heap[at..].first_chunk().map(|bytes| u32::from_le_bytes(*bytes));
            at += 4;
        }
        if parts.flags & EXPIRY != 0 {
            meta.expire_at_ms =
                self.heap[at..].first_chunk().map(|bytes| i64::from_le_bytes(*bytes));
        }
        meta
    }

    /// The entry at an index below [`Page::len`].
    #[inline]
    pub(super) fn entry(&self, index: usize) -> Entry<'_, O> {
        let parts = self.parts(index);
        let (value, meta) = (self.value_at(parts.value), self.meta(&parts));
        Entry { key: self.key_at(parts.key), value, meta }
    }

    #[inline]
    fn value_at(&self, place: Place) -> Stored<'_, O> {
        match place {
            Place::Heap(start, end) => Stored::Bytes(&self.heap[start..end]),
            Place::Object(object) => match &self.objects[object] {
                Object::Value(value) => Stored::Object(value),
                Object::Key(_) => Stored::Bytes(&[]),
            },
            Place::Nothing => Stored::Bytes(&[]),
        }
    }

    /// The value of an entry alone.
    #[inline]
    pub(super) fn value(&self, index: usize) -> Stored<'_, O> {
        self.value_at(self.parts(index).value)
    }

    /// What stands beside the value of an entry.
    #[inline]
    pub(super) fn meta_of(&self, index: usize) -> Meta {
        self.meta(&self.parts(index))
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = Entry<'_, O>> {
        (0..self.len()).map(|index| self.entry(index))
    }

    /// The index of a key's entry.
    #[inline]
    pub(super) fn find(&self, hash: u64, key: &[u8]) -> Option<usize> {
        let mut fitting = self.candidates(hash);
        while fitting != 0 {
            let index = fitting.trailing_zeros() as usize;
            if self.has_key(index, key) {
                return Some(index);
            }
            fitting &= fitting - 1;
        }
        None
    }

    /// Whether an entry is that of a key. Reads no more of the entry than that needs.
    #[inline]
    fn has_key(&self, index: usize, key: &[u8]) -> bool {
        let heap = self.heap.as_slice();
        let mut at = usize::from(self.offsets[index]);
        let flags = heap[at];
        at += 1 + meta_bytes(flags);
        let len = read_length(heap, &mut at);
        if flags & KEY_OBJECT != 0 {
            return self.key_at(Place::Object(len)) == key;
        }
        if len != key.len() {
            return false;
        }
        if flags & (VALUE_BYTES | VALUE_OBJECT) != 0 {
            at += 1 + usize::from(heap[at] >> 7);
        }
        heap.get(at..at + len) == Some(key)
    }

    /// Asks for what looking for an entry reads first: all of the page but the heap.
    #[inline]
    pub(super) fn prefetch(&self) {
        prefetch(&self.heap);
        prefetch(&self.tags);
        prefetch(&self.offsets[0]);
        prefetch(&self.offsets[TAGS / 2]);
    }

    /// Asks for the beginning of the entry that a hash most likely has, and for what of it may lie on the next cache line; if
    /// there is none, for the end of the heap, where it would go. Returns which entry it is, if there are objects in the page.
    #[inline]
    pub(super) fn prefetch_entry(&self, hash: u64) -> Option<usize> {
        let candidates = self.candidates(hash);
        if candidates == 0 {
            self.heap.last().into_iter().for_each(prefetch);
            return None;
        }
        let index = candidates.trailing_zeros() as usize;
        let at = usize::from(self.offsets[index]);
        for at in [at, at + CACHE_LINE] {
            self.heap.get(at).into_iter().for_each(prefetch);
        }
        (!self.objects.is_empty()).then_some(index)
    }

    /// The object that an entry holds.
    #[inline]
    pub(super) fn object(&self, index: usize) -> Option<&O> {
        let Place::Object(object) = self.parts(index).value else { return None };
        match self.objects.get(object) {
            Some(Object::Value(object)) => Some(object),
            _ => None,
        }
    }

    /// The entries whose tags fit a hash, a bit for each.
    #[inline]
    fn candidates(&self, hash: u64) -> u64 {
        // There are fewer entries than bits.
        tags::equal(&self.tags, tag(hash)) & ((1 << self.len()) - 1)
    }

    /// The object that an entry holds.
    pub(super) fn object_mut(&mut self, index: usize) -> Option<&mut O> {
        match self.parts(index).value {
            Place::Object(object) => match self.objects.get_mut(object) {
                Some(Object::Value(value)) => Some(value),
                _ => None,
            },
            _ => None,
        }
    }

    /// The bytes of a value in the heap, to be changed in place.
    pub(super) fn bytes_mut(&mut self, index: usize) -> Option<&mut [u8]> {
        match self.parts(index).value {
            Place::Heap(start, end) => Some(&mut self.heap[start..end]),
            _ => None,
        }
    }

    /// Writes the access time if the entry has room for one.
    pub(super) fn touch(&mut self, index: usize, access: u32) {
        let at = usize::from(self.offsets[index]);
        if self.heap[at] & ACCESS != 0 {
            self.heap[at + 1..at + 5].copy_from_slice(&access.to_le_bytes());
        }
    }

    /// Puts a string in the place of one of the same length, with a time of access and a mark; the expiry time stays. Returns false,
    /// and changes nothing, if the entry holds something else or has no room for the time.
    pub(super) fn overwrite(&mut self, index: usize, bytes: &[u8], access: u32, mark: u8) -> bool {
        let parts = self.parts(index);
        match parts.value {
            Place::Heap(start, end) if end - start == bytes.len() && parts.flags & ACCESS != 0 => {
                self.heap[start..end].copy_from_slice(bytes);
                self.mark(index, parts.flags, mark);
                self.heap[parts.meta_at..parts.meta_at + 4].copy_from_slice(&access.to_le_bytes());
                true
            }
            _ => false,
        }
    }

    /// Writes the caller's mark of an entry with these flags.
    fn mark(&mut self, index: usize, flags: u8, mark: u8) {
        let at = usize::from(self.offsets[index]);
        self.heap[at] = flags & !(7 << MARK_SHIFT) | mark << MARK_SHIFT;
    }

    /// Replaces what an entry holds. Returns what it held, if that was an object.
    pub(super) fn replace(&mut self, index: usize, value: New<'_, O>, meta: Meta) -> Option<O> {
        let parts = self.parts(index);
        // A string of the same length with the same things beside it goes where the old one was.
        if let (New::Bytes(bytes), Place::Heap(start, end)) = (&value, parts.value)
            && bytes.len() == end - start
            && self.shape(parts.flags) == (meta.access.is_some(), meta.expire_at_ms.is_some())
        {
            self.heap[start..end].copy_from_slice(bytes);
            self.mark(index, parts.flags, meta.mark);
            self.write_meta(parts.meta_at, meta);
            return None;
        }
        if let (New::Object(_), Place::Object(object)) = (&value, parts.value)
            && self.shape(parts.flags) == (meta.access.is_some(), meta.expire_at_ms.is_some())
        {
            self.mark(index, parts.flags, meta.mark);
            self.write_meta(parts.meta_at, meta);
            let New::Object(new) = value else { return None };
            let old = std::mem::replace(&mut self.objects[object], Object::Value(new));
            return old.into_value();
        }
        let key = match parts.key {
            Place::Object(object) => KeyPart::Object(object),
            _ => KeyPart::Bytes(self.key_at(parts.key).to_vec()),
        };
        let old = match parts.value {
            Place::Object(object) => self.drop_object(object).into_value(),
            _ => None,
        };
        // The key's object may just have taken the place of the dropped one.
        let key = match key {
            KeyPart::Object(object) => match self.parts_key_object(index) {
                Some(now) => KeyPart::Object(now),
                None => KeyPart::Object(object),
            },
            bytes => bytes,
        };
        let len = parts.end - usize::from(self.offsets[index]);
        self.add_dead(len);
        self.append(index, key, value, meta);
        old
    }

    /// The object that holds an entry's key.
    fn parts_key_object(&self, index: usize) -> Option<usize> {
        match self.parts(index).key {
            Place::Object(object) => Some(object),
            _ => None,
        }
    }

    fn shape(&self, flags: u8) -> (bool, bool) {
        (flags & ACCESS != 0, flags & EXPIRY != 0)
    }

    fn write_meta(&mut self, mut at: usize, meta: Meta) {
        if let Some(access) = meta.access {
            self.heap[at..at + 4].copy_from_slice(&access.to_le_bytes());
            at += 4;
        }
        if let Some(expire_at_ms) = meta.expire_at_ms {
            self.heap[at..at + 8].copy_from_slice(&expire_at_ms.to_le_bytes());
        }
        self.note_expiry(meta.expire_at_ms);
    }

    /// Changes what stands beside an entry's value.
    pub(super) fn set_meta(&mut self, index: usize, meta: Meta) {
        let parts = self.parts(index);
        if self.shape(parts.flags) == (meta.access.is_some(), meta.expire_at_ms.is_some()) {
            self.mark(index, parts.flags, meta.mark);
            self.write_meta(parts.meta_at, meta);
            return;
        }
        let old = usize::from(self.offsets[index])..parts.end;
        let after_meta = {
            let (access, expiry) = self.shape(parts.flags);
            parts.meta_at + if access { 4 } else { 0 } + if expiry { 8 } else { 0 }
        };
        let rest = self.heap[after_meta..parts.end].to_vec();
        self.add_dead(old.len());
        self.make_room(1 + 12 + rest.len());
        let start = self.heap.len();
        let flags = parts.flags & (KEY_OBJECT | VALUE_BYTES | VALUE_OBJECT);
        write_head(flags, meta, &mut self.heap);
        self.note_expiry(meta.expire_at_ms);
        self.heap.extend_from_slice(&rest);
        self.offsets[index] = start as u16;
        self.squeeze();
    }

    fn note_expiry(&mut self, expire_at_ms: Option<i64>) {
        self.earliest_ms = self.earliest_ms.min(expire_at_ms.unwrap_or(i64::MAX));
    }

    /// Adds an entry whose key is not there; the page must not be full.
    pub(super) fn push(&mut self, hash: u64, key: &[u8], value: New<'_, O>, meta: Meta) {
        let index = self.len();
        let key = if key.len() <= INLINE_KEY_BYTES {
            KeyPart::Slice(key)
        } else {
            KeyPart::Object(self.push_object(Object::Key(key.into())))
        };
        self.tags[index] = tag(hash);
        self.tags[PAGE_ENTRIES] += 1;
        self.append(index, key, value, meta);
    }

    fn push_object(&mut self, object: Object<O>) -> usize {
        if self.objects.len() == self.objects.capacity() {
            self.objects.reserve_exact(self.objects.len() / 8 + 2);
        }
        self.objects.push(object);
        self.objects.len() - 1
    }

    /// Writes the entry at the heap's end and points `index` there.
    fn append(&mut self, index: usize, key: KeyPart<'_>, value: New<'_, O>, meta: Meta) {
        let key = match &key {
            KeyPart::Slice(bytes) => Part::Bytes(bytes),
            KeyPart::Bytes(bytes) => Part::Bytes(bytes),
            KeyPart::Object(object) => Part::Object(*object),
        };
        let value = match value {
            New::Bytes(bytes) => Part::Bytes(bytes),
            New::Object(object) => Part::Object(self.push_object(Object::Value(object))),
        };
        let bytes = key.number_and_bytes().1.len() + value.number_and_bytes().1.len();
        self.make_room(ENTRY_EXTRA_BYTES + bytes);
        let start = self.heap.len();
        write_entry(key, value, meta, &mut self.heap);
        self.note_expiry(meta.expire_at_ms);
        self.offsets[index] = start as u16;
        self.squeeze();
    }

    /// Grows the heap in small steps, so that little of it stays unused.
    #[inline]
    fn make_room(&mut self, more: usize) {
        let len = self.heap.len();
        if self.heap.capacity() - len < more {
            self.heap.reserve_exact(room_for(len + more) - len);
        }
    }

    /// Removes an entry; the last one takes its index.
    pub(super) fn remove(&mut self, index: usize) -> Option<O> {
        let parts = self.parts(index);
        self.add_dead(parts.end - usize::from(self.offsets[index]));
        let last = self.len() - 1;
        // Objects are dropped from the highest index on, so that the first drop does not move the second.
        let mut doomed: Vec<usize> = Vec::new();
        for place in [parts.key, parts.value] {
            if let Place::Object(object) = place {
                doomed.push(object);
            }
        }
        doomed.sort_unstable_by(|a, b| b.cmp(a));
        self.tags[index] = self.tags[last];
        self.offsets[index] = self.offsets[last];
        self.tags[PAGE_ENTRIES] -= 1;
        let mut value = None;
        for object in doomed {
            if let Object::Value(old) = self.drop_object(object) {
                value = Some(old);
            }
        }
        self.squeeze();
        value
    }

    /// Takes an object out; the last one takes its index, and the entry that holds it is told.
    fn drop_object(&mut self, object: usize) -> Object<O> {
        let last = self.objects.len() - 1;
        if object != last {
            for index in 0..self.len() {
                let parts = self.parts(index);
                let is_key = matches!(parts.key, Place::Object(at) if at == last);
                let is_value = matches!(parts.value, Place::Object(at) if at == last);
                if is_key || is_value {
                    self.renumber(index, is_key, object);
                    break;
                }
            }
        }
        self.objects.swap_remove(object)
    }

    /// Object numbers are below 128, so a length is one byte and can be changed in place.
    fn renumber(&mut self, index: usize, is_key: bool, object: usize) {
        let parts = self.parts(index);
        let (access, expiry) = self.shape(parts.flags);
        let mut at = parts.meta_at + if access { 4 } else { 0 } + if expiry { 8 } else { 0 };
        if !is_key {
            read_length(&self.heap, &mut at);
        }
        self.heap[at] = object as u8;
    }

    /// Squeezes dead bytes out when they are more than a quarter.
    fn squeeze(&mut self) {
        let dead = self.dead();
        if dead == 0 || dead * 4 <= self.heap.len() && self.heap.len() < 60_000 {
            return;
        }
        let live = self.heap.len() - dead;
        let mut heap = Vec::with_capacity(room_for(live));
        for index in 0..self.len() {
            let end = self.parts(index).end;
            let start = usize::from(self.offsets[index]);
            self.offsets[index] = heap.len() as u16;
            // `parts` reads the old heap; the offset of this entry is not needed any more.
            heap.extend_from_slice(&self.heap[start..end]);
        }
        self.heap = heap;
        self.offsets[PAGE_ENTRIES] = 0;
    }

    /// Finds the earliest expiry time anew.
    pub(super) fn refresh_earliest(&mut self) {
        self.earliest_ms =
            self.entries().filter_map(|entry| entry.meta.expire_at_ms).min().unwrap_or(i64::MAX);
    }

    /// Moves the entries for which `leave` holds into another page.
    pub(super) fn split(
        &mut self,
        seed: Seed,
        mut leave: impl FnMut(u64, &[u8]) -> bool,
    ) -> Page<O> {
        let mut leaves = 0u64;
        for index in 0..self.len() {
            let key = self.key_at(self.parts(index).key);
            leaves |= u64::from(leave(seed.hash(key), key)) << index;
        }
        let left = self.pick(leaves);
        *self = self.pick(!leaves);
        left
    }

    /// A page of those entries whose bits are set.
    fn pick(&self, bits: u64) -> Page<O> {
        let mut page = Page::new();
        let chosen = || (0..self.len()).filter(move |index| bits >> index & 1 == 1);
        let (mut bytes, mut objects) = (0, 0);
        for index in chosen() {
            let start = usize::from(self.offsets[index]);
            bytes += self.parts(index).end - start;
            objects += (self.heap[start] & (KEY_OBJECT | VALUE_OBJECT)).count_ones() as usize;
        }
        page.heap = Vec::with_capacity(room_for(bytes));
        page.objects = Vec::with_capacity(objects);
        for index in chosen() {
            page.take(self, index);
        }
        page
    }

    /// Adds the entries of another page.
    pub(super) fn absorb(&mut self, other: &Page<O>) {
        for index in 0..other.len() {
            self.take(other, index);
        }
    }

    /// Adds an entry of another page.
    fn take(&mut self, from: &Page<O>, index: usize) {
        let start = usize::from(from.offsets[index]);
        let end = from.parts(index).end;
        self.add(from.tags[index], &from.heap[start..end], |object| {
            from.objects.get(object).cloned()
        });
    }

    /// Makes room for entries that were written elsewhere.
    pub(super) fn reserve<'e>(&mut self, entries: impl Iterator<Item = &'e [u8]>) {
        let (mut bytes, mut objects) = (0, 0);
        for entry in entries {
            bytes += entry.len();
            objects += (entry[0] & (KEY_OBJECT | VALUE_OBJECT)).count_ones() as usize;
        }
        self.make_room(bytes);
        self.objects.reserve_exact(objects);
    }

    /// Adds an entry that was written elsewhere, with its objects. Returns whether it expires.
    pub(super) fn adopt(
        &mut self,
        hash: u64,
        entry: &[u8],
        object: impl FnMut(usize) -> Option<Object<O>>,
    ) -> bool {
        self.add(tag(hash), entry, object)
    }

    /// Adds an entry byte for byte but for the numbers of its objects. Returns whether it expires.
    fn add(
        &mut self,
        tag: u8,
        entry: &[u8],
        mut object: impl FnMut(usize) -> Option<Object<O>>,
    ) -> bool {
        self.make_room(entry.len());
        let at = self.len();
        self.tags[at] = tag;
        self.offsets[at] = self.heap.len() as u16;
        self.tags[PAGE_ENTRIES] += 1;
        self.heap.extend_from_slice(entry);
        let flags = entry[0];
        if flags & (KEY_OBJECT | VALUE_OBJECT) != 0 {
            let parts = parts_at(entry, 0);
            for (place, is_key) in [(parts.key, true), (parts.value, false)] {
                if let Place::Object(number) = place
                    && let Some(object) = object(number)
                {
                    let number = self.push_object(object);
                    self.renumber(at, is_key, number);
                }
            }
        }
        if flags & EXPIRY != 0 {
            self.note_expiry(self.meta(&self.parts(at)).expire_at_ms);
        }
        flags & EXPIRY != 0
    }
}

/// The key of an entry that is being written.
enum KeyPart<'a> {
    Slice(&'a [u8]),
    Bytes(Vec<u8>),
    Object(usize),
}
