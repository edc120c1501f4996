//! Fills a keyspace from the records of an RDB file.

use super::{Keyspace, Settings, counted};
use crate::base::background::breathe;
use crate::feed::parallel::{Outcome, Stop};
use crate::feed::{self, Batch, Control, Ending, Failure, Input, Turn, Worker};
use crate::rdb::{Attributes, Entry, Error, Record};
use crate::value::load::{Loaded as FromFile, Loader};
use crate::value::table::{self, Meta, New, Repeat, Seed, Size, Stack};
use crate::value::{Blob, Value};
use std::io;
use std::mem;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};

/// Memory for keys and short strings that are not in their places yet, in bytes. The more there are, the less each costs.
const STAGED_BYTES: usize = 256 << 20;

/// Highest number of databases that a file makes a keyspace grow to.
const DATABASES_MAX: usize = 1 << 20;

/// Most AUX fields that are told of, and most bytes of a name or value among them.
const AUX_MAX: usize = 64;
const AUX_BYTES_MAX: usize = 1024;

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
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Loaded {
    /// Named values about the file, in its order.
    pub aux: Vec<(Vec<u8>, Vec<u8>)>,
    /// Keys loaded.
    pub keys: u64,
    /// Keys left out because their time had passed.
    pub dropped: u64,
    /// The databases and names of these, where [`Control::tells_dropped`] asks for them.
    pub dropped_keys: Vec<(usize, Vec<u8>)>,
    /// Keys left out because their values have no elements.
    pub empty: u64,
    /// What the end of the file tells.
    pub ending: Option<Ending>,
}

/// Loads an RDB file, or the RDB part of an append-only file, at a time from which idle times count. Expired keys are left
/// out if `drop_expired` says so, as a server does that starts from an RDB file, and kept otherwise, as it does with the base
/// of an AOF. The work is shared by so many threads; memory for up to 256 MiB of keys is used beside what is loaded.
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
    let threads = threads.max(1);
    let loaded = Loaded::default();
    let settings = keyspace.settings().clone();
    control.takes_newer.store(settings.limits.takes_newer_rdb, Ordering::Relaxed);
    let seed = keyspace.dbs[0].keys.seed();
    let stage = Stage { keyspace, loaded, threads, staged: Vec::new(), bytes: 0 };
    let stage = Mutex::new(stage);
    let worker = || Load {
        settings: &settings,
        seed,
        now_ms,
        drop_expired_at_ms: drop_expired.then_some(now_ms),
        loader: Loader::new(),
        made: Made::default(),
        like: Size::default(),
        stage: &stage,
        control,
    };
    let mut workers: Vec<_> = (0..threads).map(|_| worker()).collect();
    let outcome = feed::run(input, &mut workers, &mut io::sink(), control);
    drop(workers);
    let mut stage = stage.into_inner().unwrap_or_else(PoisonError::into_inner);
    // What stands before damage is loaded, and a key that is there twice stands before it, too.
    stage.place().map_err(Failure::Worker)?;
    let mut loaded = stage.loaded;
    if let Outcome::Complete(ending) = outcome? {
        loaded.ending = Some(ending);
    }
    Ok(loaded)
}

/// What a batch of records is made into.
#[derive(Default)]
struct Made {
    /// Keys with the numbers of their databases. With each is noted how far into the batch its record starts.
    stacks: Vec<(usize, Stack<Value>)>,
    /// Number of databases that there are at least.
    databases: usize,
    /// The code of libraries.
    functions: Vec<Vec<u8>>,
    aux: Vec<(Vec<u8>, Vec<u8>)>,
    dropped: u64,
    dropped_keys: Vec<(usize, Vec<u8>)>,
    empty: u64,
}

/// The keys of one database in a batch.
struct Staged {
    db: usize,
    /// Offset of the batch in the (decompressed) input.
    offset: u64,
    stack: Stack<Value>,
}

/// Gathers keys until there are many.
struct Stage<'k> {
    keyspace: &'k mut Keyspace,
    loaded: Loaded,
    threads: usize,
    staged: Vec<Staged>,
    /// Memory that they take.
    bytes: usize,
}

impl Stage<'_> {
    /// Takes what was made of the next batch, which starts at an offset.
    fn take(&mut self, made: Made, offset: u64) -> Result<(), LoadError> {
        self.loaded.dropped += made.dropped;
        self.loaded.dropped_keys.extend(made.dropped_keys);
        self.loaded.empty += made.empty;
        self.keyspace.grow_databases(made.databases);
        let room = AUX_MAX.saturating_sub(self.loaded.aux.len());
        self.loaded.aux.extend(made.aux.into_iter().take(room));
        for code in made.functions {
            let name = crate::base::library::engine_and_name(&code).1.unwrap_or_default().to_vec();
            self.keyspace.functions_mut().insert(name, code);
        }
        for (db, stack) in made.stacks {
            self.bytes += stack.allocated_bytes();
            self.staged.push(Staged { db, offset, stack });
        }
        if self.bytes < STAGED_BYTES { Ok(()) } else { self.place() }
    }

    /// Puts all keys into their places.
    fn place(&mut self) -> Result<(), LoadError> {
        self.bytes = 0;
        let mut staged = mem::take(&mut self.staged);
        let mut first: Option<(u64, Vec<u8>)> = None;
        while let Some(Staged { db, .. }) = staged.first() {
            let db = *db;
            let (these, others) = staged.into_iter().partition(|staged| staged.db == db);
            staged = others;
            let (offsets, stacks): (Vec<u64>, Vec<_>) =
                Vec::into_iter(these).map(|Staged { offset, stack, .. }| (offset, stack)).unzip();
            let Some(db) = self.keyspace.dbs.get_mut(db) else { continue };
            let before = db.keys.len();
            if let Some(Repeat { place: (stack, note), key }) = db.keys.extend(stacks, self.threads)
            {
                let offset = offsets[stack].saturating_add(u64::from(note));
                if first.as_ref().is_none_or(|(at, _)| offset < *at) {
                    first = Some((offset, key));
                }
            }
            self.loaded.keys += db.keys.len() - before;
        }
        match first {
            Some((offset, key)) => Err(LoadError::Duplicate { key, offset }),
            None => Ok(()),
        }
    }
}

/// Loads batches of records.
struct Load<'t, 'k> {
    settings: &'t Settings,
    seed: Seed,
    now_ms: i64,
    /// Keys whose time has passed at this moment are left out.
    drop_expired_at_ms: Option<i64>,
    loader: Loader,
    made: Made,
    /// What the last batch gave.
    like: Size,
    stage: &'t Mutex<Stage<'k>>,
    control: &'t Control,
}

impl Worker for Load<'_, '_> {
    type Error = LoadError;

    fn batch(&mut self, batch: &Batch<'_>, turn: &mut Turn<'_>) -> Result<(), Stop<LoadError>> {
        let mut records = batch.records();
        let mut keys: u64 = 0;
        let read = loop {
            let record = records.next();
            if matches!(record, Ok(Some(Record::Key(_)))) {
                keys += 1;
                if keys.is_multiple_of(feed::BREATH_KEYS) {
                    breathe();
                }
            }
            match record {
                Ok(Some(record)) => match self.record(&record, batch) {
                    Ok(()) => {}
                    Err(LoadError::Damage(error)) => break Err(error.into()),
                    Err(error) => break Err(Stop::Error(error)),
                },
                Ok(None) => break Ok(()),
                Err(error) => break Err(error.into()),
            }
        };
        self.like = self.made.stacks.last().map(|(_, stack)| stack.size()).unwrap_or_default();
        // What stands before damage is loaded, wherever it is found.
        turn.flush()?;
        self.control.pass_keys(keys);
        let mut stage = self.stage.lock().unwrap_or_else(PoisonError::into_inner);
        stage.take(mem::take(&mut self.made), batch.offset).map_err(Stop::Error)?;
        read
    }
}

impl Load<'_, '_> {
    fn record(&mut self, record: &Record<'_>, batch: &Batch<'_>) -> Result<(), LoadError> {
        match record {
            Record::Key(entry) => self.entry(entry, batch)?,
            Record::Function(code) => self.made.functions.push(code.to_vec()),
            Record::SelectDb(db) => {
                let databases = usize::try_from(*db).ok().and_then(|db| db.checked_add(1));
                let databases =
                    databases.filter(|n| *n <= DATABASES_MAX).ok_or(LoadError::Database(*db))?;
                self.made.databases = self.made.databases.max(databases);
            }
            Record::Aux { name, value } => {
                let is_short = name.len() <= AUX_BYTES_MAX && value.len() <= AUX_BYTES_MAX;
                if is_short && self.made.aux.len() < AUX_MAX {
                    self.made.aux.push((name.to_vec(), value.to_vec()));
                }
            }
            Record::Start(_)
            | Record::ModuleAux(_)
            | Record::ResizeDb { .. }
            | Record::SlotInfo { .. }
            | Record::SlotImport { .. }
            | Record::HashTemplate { .. }
            | Record::End(_) => {}
        }
        Ok(())
    }

    fn entry(&mut self, entry: &Entry<'_>, batch: &Batch<'_>) -> Result<(), LoadError> {
        let Attributes { expire_at_ms, .. } = entry.attributes;
        if self.drop_expired_at_ms.zip(expire_at_ms).is_some_and(|(now_ms, at_ms)| at_ms <= now_ms)
        {
            self.made.dropped += 1;
            if self.control.tells_dropped.load(Ordering::Relaxed) {
                let db = usize::try_from(entry.db).unwrap_or(usize::MAX);
                self.made.dropped_keys.push((db, entry.key()?.into_owned()));
            }
            return Ok(());
        }
        let key = entry.key()?;
        let access = Some(self.access(&entry.attributes));
        let meta = Meta { expire_at_ms, access, mark: 0 };
        let db = usize::try_from(entry.db).unwrap_or(usize::MAX);
        let note = entry.span.start.saturating_sub(batch.offset);
        let note = u32::try_from(note).unwrap_or(u32::MAX);
        // The commonest case first: a short string that stands there as it is.
        if let Some(bulk) = entry.plain_string() {
            let mut text = itoa::Buffer::new();
            let bytes = bulk.text(&mut text);
            if table::fits(bytes) {
                self.stack(db).push(&key, New::Bytes(bytes), meta, note);
                return Ok(());
            }
        }
        let value = match self.loader.load(entry, &self.settings.limits)? {
            FromFile::String(bytes) if table::fits(&bytes) => {
                self.stack(db).push(&key, New::Bytes(&bytes), meta, note);
                return Ok(());
            }
            FromFile::String(bytes) => Value::String(Blob::new(bytes)),
            FromFile::Value(value) => value,
            FromFile::Empty => {
                self.made.empty += 1;
                return Ok(());
            }
        };
        self.stack(db).push(&key, New::Object(value), meta, note);
        Ok(())
    }

    /// Where keys of a database go.
    #[inline]
    fn stack(&mut self, db: usize) -> &mut Stack<Value> {
        let stacks = &mut self.made.stacks;
        // Keys of one database stand together, and are most often like those before.
        if stacks.last().is_none_or(|(last, _)| *last != db) {
            stacks.push((db, Stack::new(self.seed, mem::take(&mut self.like))));
        }
        let last = stacks.len() - 1;
        &mut stacks[last].1
    }

    /// When, or how often, a key was last used.
    fn access(&self, attributes: &Attributes) -> u32 {
        // Wraps as the clock does.
        let now_s = (self.now_ms / 1000) as u32;
        if self.settings.uses.counted {
            let first = self.settings.uses.first(self.now_ms);
            return attributes.freq.map_or(first, |count| counted(count, self.now_ms));
        }
        attributes.idle_s.map_or(now_s, |idle_s| now_s.wrapping_sub(idle_s as u32))
    }
}
