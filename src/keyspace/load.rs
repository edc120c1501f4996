//! Fills a keyspace from the records of an RDB file.

use super::{Keyspace, Origin};
use crate::base::bulk::Bulk;
use crate::feed::parallel::{Outcome, Stop};
use crate::feed::{self, Batch, Control, Ending, Failure, Input, Turn, Worker};
use crate::rdb::{Attributes, Entry, Error, Record};
use crate::value::load::{Loaded as Value, Loader};
use std::io;

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

/// Loads an RDB file, or the RDB part of an append-only file. See [`RdbLoad::new`] for the times.
///
/// # Errors
/// Those of the input, and of [`RdbLoad::record`]. What was loaded until then stays.
pub fn load_rdb(
    keyspace: &mut Keyspace,
    input: &mut Input,
    now_ms: i64,
    drop_expired: bool,
    control: &Control,
) -> Result<Loaded, Failure<LoadError>> {
    let mut workers = [RdbLoad::new(keyspace, now_ms, drop_expired)];
    let outcome = feed::run(input, &mut workers, &mut io::sink(), control)?;
    let [load] = workers;
    let ending = match outcome {
        Outcome::Complete(ending) => Some(ending),
        Outcome::Enough => None,
    };
    Ok(Loaded { keys: load.keys, dropped: load.dropped, empty: load.empty, ending })
}

impl Worker for RdbLoad<'_> {
    type Error = LoadError;

    fn batch(&mut self, batch: &Batch<'_>, _: &mut Turn<'_>) -> Result<(), Stop<LoadError>> {
        let mut records = batch.records();
        while let Some(record) = records.next()? {
            match self.record(&record) {
                Ok(()) => {}
                Err(LoadError::Damage(error)) => return Err(error.into()),
                Err(error) => return Err(Stop::Error(error)),
            }
        }
        Ok(())
    }
}

/// Takes records, one after the other.
pub struct RdbLoad<'k> {
    keyspace: &'k mut Keyspace,
    loader: Loader,
    /// Keys whose time has passed at this moment are left out.
    drop_expired_at_ms: Option<i64>,
    now_ms: i64,
    keys: u64,
    dropped: u64,
    empty: u64,
}

impl<'k> RdbLoad<'k> {
    /// Loads at a time from which idle times count. Expired keys are left out if `drop_expired` says so, as a server does
    /// that starts from an RDB file, and kept otherwise, as it does with the base of an AOF.
    pub fn new(keyspace: &'k mut Keyspace, now_ms: i64, drop_expired: bool) -> RdbLoad<'k> {
        let drop_expired_at_ms = drop_expired.then_some(now_ms);
        RdbLoad {
            keyspace,
            loader: Loader::new(),
            drop_expired_at_ms,
            now_ms,
            keys: 0,
            dropped: 0,
            empty: 0,
        }
    }

    /// Number of keys loaded.
    pub fn keys(&self) -> u64 {
        self.keys
    }

    /// Number of keys left out because their time had passed.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Number of keys left out because their values have no elements.
    pub fn empty(&self) -> u64 {
        self.empty
    }

    /// Takes a record.
    ///
    /// # Errors
    /// Damage in a value, a key that is there already, an impossible database.
    pub fn record(&mut self, record: &Record<'_>) -> Result<(), LoadError> {
        match record {
            Record::Key(entry) => self.entry(entry),
            Record::Function(code) => {
                let name =
                    crate::base::library::engine_and_name(code).1.unwrap_or_default().to_vec();
                self.keyspace.functions_mut().insert(name, code.to_vec());
                Ok(())
            }
            Record::SelectDb(db) => {
                let databases = usize::try_from(*db).ok().and_then(|db| db.checked_add(1));
                let databases =
                    databases.filter(|n| *n <= DATABASES_MAX).ok_or(LoadError::Database(*db))?;
                self.keyspace.grow_databases(databases);
                Ok(())
            }
            Record::Start(_)
            | Record::Aux { .. }
            | Record::ModuleAux(_)
            | Record::ResizeDb { .. }
            | Record::SlotInfo { .. }
            | Record::SlotImport { .. }
            | Record::HashTemplate { .. }
            | Record::End(_) => Ok(()),
        }
    }

    /// Takes a key.
    ///
    /// # Errors
    /// As [`RdbLoad::record`].
    pub fn entry(&mut self, entry: &Entry<'_>) -> Result<(), LoadError> {
        let Attributes { expire_at_ms, .. } = entry.attributes;
        if self.drop_expired_at_ms.zip(expire_at_ms).is_some_and(|(now_ms, at_ms)| at_ms <= now_ms)
        {
            self.dropped += 1;
            return Ok(());
        }
        let access = self.access(&entry.attributes);
        let db = usize::try_from(entry.db).unwrap_or(usize::MAX);
        let key = entry.key()?;
        // The commonest case first: a short string that stands there as it is.
        if let Some(bulk) = entry.plain_string() {
            let mut text = itoa::Buffer::new();
            let bytes = match &bulk {
                Bulk::Bytes(bytes) => bytes,
                Bulk::Int(n) => text.format(*n).as_bytes(),
            };
            let mut unit = self.keyspace.unit(Origin::Load, self.now_ms);
            unit.select(db);
            return match unit.load_string(&key, bytes, expire_at_ms, access) {
                true => {
                    self.keys += 1;
                    Ok(())
                }
                false => {
                    Err(LoadError::Duplicate { key: key.into_owned(), offset: entry.span.start })
                }
            };
        }
        let loaded = self.loader.load(entry, &self.keyspace.settings().limits)?;
        let mut unit = self.keyspace.unit(Origin::Load, self.now_ms);
        unit.select(db);
        let is_new = match loaded {
            Value::String(bytes) => unit.load_string(&key, &bytes, expire_at_ms, access),
            Value::Value(value) => unit.load(&key, value, expire_at_ms, access),
            Value::Empty => {
                self.empty += 1;
                return Ok(());
            }
        };
        if !is_new {
            return Err(LoadError::Duplicate { key: key.into_owned(), offset: entry.span.start });
        }
        self.keys += 1;
        Ok(())
    }

    fn access(&self, attributes: &Attributes) -> Option<u32> {
        if self.keyspace.settings().counts_uses {
            return attributes.freq.map(u32::from);
        }
        // Wraps as the clock does.
        attributes.idle_s.map(|idle_s| ((self.now_ms / 1000) as u32).wrapping_sub(idle_s as u32))
    }
}
