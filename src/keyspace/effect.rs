//! What a unit of work has done, for those who must be told.

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
}

/// What a unit of work has done, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use]
pub struct Effects {
    /// Changes, as servers count them towards the next save.
    pub dirty: u64,
    /// Keys that changed, with their databases.
    pub touched: Vec<(usize, Vec<u8>)>,
    /// Key events with databases and keys.
    pub events: Vec<(Event, usize, Vec<u8>)>,
    /// Keys that were removed because their time had passed.
    pub expired: Vec<(usize, Vec<u8>)>,
    /// Lists, sorted sets and streams that came into being or grew, for clients that wait for them.
    pub ready: Vec<(usize, Vec<u8>)>,
    /// Whether a whole database was emptied or exchanged.
    pub flushed: bool,
}
