//! What a unit of work has done, for those who must be told.

use std::ops::Range;

/// The classes of key events, each with its letter in `notify-keyspace-events`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum EventClass {
    /// Commands of no type.
    Generic = b'g',
    /// Strings.
    String = b'$',
    /// Lists.
    List = b'l',
    /// Sets.
    Set = b's',
    /// Hashes.
    Hash = b'h',
    /// Sorted sets.
    Zset = b'z',
    /// Streams.
    Stream = b't',
    /// Arrays.
    Array = b'a',
    /// Keys whose time has passed.
    Expired = b'x',
    /// Keys that made room.
    Evicted = b'e',
    /// New keys.
    New = b'n',
}

/// A key event's class and name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Event {
    /// Its class.
    pub class: EventClass,
    /// Its name, such as `lpush`.
    pub name: &'static str,
}

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident $class:ident,)*) => {
        impl Event {
            $($(#[$doc])* pub const fn $name(name: &'static str) -> Event {
                Event { class: EventClass::$class, name }
            })*
        }
    };
}

events! {
    /// An event of no type.
    generic Generic,
    /// An event of a string.
    string String,
    /// An event of a list.
    list List,
    /// An event of a set.
    set Set,
    /// An event of a hash.
    hash Hash,
    /// An event of a sorted set.
    zset Zset,
    /// An event of a stream.
    stream Stream,
    /// An event of an array.
    array Array,
}

/// What a key or database has to do with a unit of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum What {
    /// The key changed.
    Touched,
    /// A key event.
    Event(Event),
    /// The key was removed because its time had passed.
    Expired,
    /// The key was removed to make room.
    Evicted,
    /// The list, sorted set or stream came into being or grew, which clients may wait for.
    Ready,
}

#[derive(Debug, Clone)]
struct Note {
    what: What,
    db: usize,
    /// Where the key stands in [`Effects::keys`].
    key: Range<usize>,
}

/// What a unit of work has done, in order.
///
/// All keys stand in one stretch of bytes, so that effects which are used again ([`super::Keyspace::reuse`]) cost no allocation.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct Effects {
    /// Changes, as servers count them towards the next save.
    pub dirty: u64,
    /// Whether a whole database was emptied or exchanged.
    pub flushed: bool,
    notes: Vec<Note>,
    keys: Vec<u8>,
}

impl Effects {
    /// Notes what happened to a key.
    #[inline]
    pub(super) fn note(&mut self, what: What, db: usize, key: &[u8]) {
        let start = self.keys.len();
        self.keys.extend_from_slice(key);
        self.notes.push(Note { what, db, key: start..self.keys.len() });
    }

    /// Notes what else happened to the key that was noted last.
    #[inline]
    pub(super) fn note_more(&mut self, what: What) {
        if let Some(Note { db, key, .. }) = self.notes.last() {
            let (db, key) = (*db, key.clone());
            self.notes.push(Note { what, db, key });
        }
    }

    /// Forgets everything but the memory.
    pub(super) fn clear(&mut self) {
        /// Most bytes of keys and most notes that are kept for the next unit.
        const KEPT: usize = 4096;
        self.dirty = 0;
        self.flushed = false;
        self.notes.clear();
        self.keys.clear();
        self.notes.shrink_to(KEPT);
        self.keys.shrink_to(KEPT);
    }

    /// Whether there is memory worth keeping.
    pub(super) fn has_room(&self) -> bool {
        self.notes.capacity() != 0
    }

    /// Whether nothing was done.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.dirty == 0 && !self.flushed && self.notes.is_empty()
    }

    /// All that was noted, with database and key.
    pub fn iter(&self) -> impl Iterator<Item = (What, usize, &[u8])> {
        self.notes.iter().map(|note| (note.what, note.db, &self.keys[note.key.clone()]))
    }

    /// Keys that changed, with their databases; a key may come more than once.
    pub fn touched(&self) -> impl Iterator<Item = (usize, &[u8])> {
        self.iter().filter(|(what, ..)| *what == What::Touched).map(|(_, db, key)| (db, key))
    }

    /// Key events with databases and keys.
    pub fn events(&self) -> impl Iterator<Item = (Event, usize, &[u8])> {
        self.iter().filter_map(|(what, db, key)| match what {
            What::Event(event) => Some((event, db, key)),
            _ => None,
        })
    }

    /// Keys that were removed to make room.
    pub fn evicted(&self) -> impl Iterator<Item = (usize, &[u8])> {
        self.iter().filter(|(what, ..)| *what == What::Evicted).map(|(_, db, key)| (db, key))
    }

    /// Keys that were removed because their time had passed.
    pub fn expired(&self) -> impl Iterator<Item = (usize, &[u8])> {
        self.iter().filter(|(what, ..)| *what == What::Expired).map(|(_, db, key)| (db, key))
    }

    /// Lists, sorted sets and streams that clients may wait for.
    pub fn ready(&self) -> impl Iterator<Item = (usize, &[u8])> {
        self.iter().filter(|(what, ..)| *what == What::Ready).map(|(_, db, key)| (db, key))
    }
}
