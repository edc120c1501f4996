//! Fills a keyspace from the records of an RDB file.

use super::{Keyspace, Origin, Settings};
use crate::base::bulk::Bulk;
use crate::feed::parallel::{Outcome, Stop};
use crate::feed::{self, Batch, Control, Ending, Failure, Input, Turn, Worker};
use crate::rdb::{Attributes, Entry, Error, Record};
use crate::value::Value;
use crate::value::load::{Loaded as FromFile, Loader};
use std::io;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

/// Keys whose places are read before the first of them is put there.
const AHEAD: usize = 32;

/// Highest number of databases that a file makes a keyspace grow to.
const DATABASES_MAX: usize = 1 << 20;

/// Why a record cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The stored form is damaged.
    #[error(transparent)]
    Damage(#[from] Error),
    /// A key is there twice.
    #[error("key {:?} is there twice", String::from_utf8_lossy(.key))]
    Duplicate {
        /// The key.
        key: Vec<u8>,
        /// Offset of its second record in the (decompressed) input.
        offset: u64,
    },
    /// A database's number is beyond all reason.
    #[error("database {0} is out of range")]
    Database(u64),
}

/// What a file gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// Keys loaded.
    pub keys: u64,
    /// Keys left out because their time had passed.
    pub dropped: u64,
    /// Keys left out because their values have no elements.
    pub empty: u64,
    /// What the end of the file tells.
    pub ending: Option<Ending>,
}

/// Loads an RDB file, or the RDB part of an append-only file, at a time from which idle times count. Expired keys are left
/// out if `drop_expired` says so, as a server does that starts from an RDB file, and kept otherwise, as it does with the base
/// of an AOF. Values are made on `threads` threads, and put in their places in the order of the file.
///
/// # Errors
/// Those of the input; damage in a value, a key that is there already, an impossible database. What was loaded until then
/// stays.
pub fn load_rdb(
    keyspace: &mut Keyspace,
    input: &mut Input,
    now_ms: i64,
    drop_expired: bool,
    threads: usize,
    control: &Control,
) -> Result<Loaded, Failure<LoadError>> {
    let loaded = Loaded { keys: 0, dropped: 0, empty: 0, ending: None };
    let settings = keyspace.settings().clone();
    let target = Mutex::new((keyspace, loaded));
    let worker = || Load {
        settings: &settings,
        now_ms,
        drop_expired_at_ms: drop_expired.then_some(now_ms),
        loader: Loader::new(),
        made: Made::default(),
        target: &target,
    };
    let mut workers: Vec<_> = (0..threads.max(1)).map(|_| worker()).collect();
    let outcome = feed::run(input, &mut workers, &mut io::sink(), control)?;
    drop(workers);
    let (_, mut loaded) = target.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let Outcome::Complete(ending) = outcome {
        loaded.ending = Some(ending);
    }
    Ok(loaded)
}

/// What a batch of records is made into, to be put into a keyspace.
#[derive(Default)]
struct Made {
    /// Keys, and values that are short strings.
    bytes: Vec<u8>,
    items: Vec<Item>,
    dropped: u64,
    empty: u64,
}

enum Item {
    Key(Key),
    /// There is a database of this number.
    Database(usize),
    /// The code of a library.
    Function(Vec<u8>),
}

struct Key {
    db: usize,
    /// Where it stands in [`Made::bytes`].
    key: Range<usize>,
    value: KeyValue,
    expire_at_ms: Option<i64>,
    access: Option<u32>,
    /// Offset of its record in the (decompressed) input.
    offset: u64,
}

enum KeyValue {
    Bytes(Range<usize>),
    Value(Value),
}

impl Made {
    fn push_bytes(&mut self, bytes: &[u8]) -> Range<usize> {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        start..self.bytes.len()
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.items.clear();
        (self.dropped, self.empty) = (0, 0);
    }
}

/// Loads batches of records.
struct Load<'t, 'k> {
    settings: &'t Settings,
    now_ms: i64,
    /// Keys whose time has passed at this moment are left out.
    drop_expired_at_ms: Option<i64>,
    loader: Loader,
    made: Made,
    target: &'t Mutex<(&'k mut Keyspace, Loaded)>,
}

impl Worker for Load<'_, '_> {
    type Error = LoadError;

    fn batch(&mut self, batch: &Batch<'_>, turn: &mut Turn<'_>) -> Result<(), Stop<LoadError>> {
        self.made.clear();
        let mut records = batch.records();
        let read = loop {
            match records.next() {
                Ok(Some(record)) => match self.record(&record) {
                    Ok(()) => {}
                    Err(LoadError::Damage(error)) => break Err(error.into()),
                    Err(error) => break Err(Stop::Error(error)),
                },
                Ok(None) => break Ok(()),
                Err(error) => break Err(error.into()),
            }
        };
        // What stands before damage is loaded, wherever it is found.
        turn.flush()?;
        let mut target = self.target.lock().unwrap_or_else(PoisonError::into_inner);
        let (keyspace, loaded) = &mut *target;
        put(&mut self.made, keyspace, self.now_ms, loaded).map_err(Stop::Error)?;
        read
    }
}

impl Load<'_, '_> {
    fn record(&mut self, record: &Record<'_>) -> Result<(), LoadError> {
        match record {
            Record::Key(entry) => self.entry(entry)?,
            Record::Function(code) => self.made.items.push(Item::Function(code.to_vec())),
            Record::SelectDb(db) => {
                let databases = usize::try_from(*db).ok().and_then(|db| db.checked_add(1));
                let databases =
                    databases.filter(|n| *n <= DATABASES_MAX).ok_or(LoadError::Database(*db))?;
                self.made.items.push(Item::Database(databases));
            }
            Record::Start(_)
            | Record::Aux { .. }
            | Record::ModuleAux(_)
            | Record::ResizeDb { .. }
            | Record::SlotInfo { .. }
            | Record::SlotImport { .. }
            | Record::HashTemplate { .. }
            | Record::End(_) => {}
        }
        Ok(())
    }

    fn entry(&mut self, entry: &Entry<'_>) -> Result<(), LoadError> {
        let Attributes { expire_at_ms, .. } = entry.attributes;
        if self.drop_expired_at_ms.zip(expire_at_ms).is_some_and(|(now_ms, at_ms)| at_ms <= now_ms)
        {
            self.made.dropped += 1;
            return Ok(());
        }
        let key = entry.key()?;
        // The commonest case first: a short string that stands there as it is.
        let value = if let Some(bulk) = entry.plain_string() {
            let mut text = itoa::Buffer::new();
            let bytes = match &bulk {
                Bulk::Bytes(bytes) => bytes,
                Bulk::Int(n) => text.format(*n).as_bytes(),
            };
            KeyValue::Bytes(self.made.push_bytes(bytes))
        } else {
            match self.loader.load(entry, &self.settings.limits)? {
                FromFile::String(bytes) => KeyValue::Bytes(self.made.push_bytes(&bytes)),
                FromFile::Value(value) => KeyValue::Value(value),
                FromFile::Empty => {
                    self.made.empty += 1;
                    return Ok(());
                }
            }
        };
        let key = self.made.push_bytes(&key);
        let access = self.access(&entry.attributes);
        let db = usize::try_from(entry.db).unwrap_or(usize::MAX);
        let offset = entry.span.start;
        self.made.items.push(Item::Key(Key { db, key, value, expire_at_ms, access, offset }));
        Ok(())
    }

    fn access(&self, attributes: &Attributes) -> Option<u32> {
        if self.settings.counts_uses {
            return attributes.freq.map(u32::from);
        }
        // Wraps as the clock does.
        attributes.idle_s.map(|idle_s| ((self.now_ms / 1000) as u32).wrapping_sub(idle_s as u32))
    }
}

/// Puts what was made into its places.
fn put(
    made: &mut Made,
    keyspace: &mut Keyspace,
    now_ms: i64,
    loaded: &mut Loaded,
) -> Result<(), LoadError> {
    let Made { bytes, items, .. } = made;
    loaded.dropped += made.dropped;
    loaded.empty += made.empty;
    for group in items.chunks_mut(AHEAD) {
        keyspace.warm_places(group.iter().filter_map(|item| match item {
            Item::Key(key) => Some((key.db, &bytes[key.key.clone()])),
            _ => None,
        }));
        for item in group {
            match item {
                Item::Key(key) => {
                    let name = &bytes[key.key.clone()];
                    let mut unit = keyspace.unit(Origin::Load, now_ms);
                    unit.select(key.db);
                    let (expire_at_ms, access) = (key.expire_at_ms, key.access);
                    let value = std::mem::replace(&mut key.value, KeyValue::Bytes(0..0));
                    let is_new = match value {
                        KeyValue::Bytes(at) => {
                            unit.load_string(name, &bytes[at], expire_at_ms, access)
                        }
                        KeyValue::Value(value) => unit.load(name, value, expire_at_ms, access),
                    };
                    if !is_new {
                        return Err(LoadError::Duplicate {
                            key: name.to_vec(),
                            offset: key.offset,
                        });
                    }
                    loaded.keys += 1;
                }
                Item::Database(databases) => keyspace.grow_databases(*databases),
                Item::Function(code) => {
                    let name = crate::base::library::engine_and_name(code).1;
                    let name = name.unwrap_or_default().to_vec();
                    keyspace.functions_mut().insert(name, std::mem::take(code));
                }
            }
        }
    }
    Ok(())
}
