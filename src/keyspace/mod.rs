//! Layer 4: numbered databases of keys, and the one door to what they hold.
//!
//! [`Keyspace`] knows no clients, sockets or command names. Nothing outside gets `&mut` to a value but through
//! [`Unit::update`], which sees to expiry and copies before, and to emptied containers, events and counts after.
//! [`Keyspace::snapshot`] costs the same at any size: all that grows with the data is shared, and copied in small pieces when
//! it is written to.

mod digest;
mod effect;
mod load;
mod place;
mod sample;
mod save;
mod snapshot;
mod trash;
mod unit;
mod uses;

#[cfg(test)]
mod tests;

pub use digest::Digest;
pub use effect::{Effects, Event, EventClass, What};
pub use load::{LoadError, Loaded, load_rdb};
pub use place::{Change, Place, Typed, WrongType};
pub use sample::Sampled;
pub use save::{SaveOptions, Summary};
pub use snapshot::{Snapshot, SnapshotDb};
pub use trash::Trash;
pub use unit::{Origin, Unit, ValueRef};
pub use uses::{Uses, counted};

use crate::base::rng::Rng;
use crate::value::Value;
use crate::value::limits::Limits;
use crate::value::table::{Seed, Table};
use smallvec::SmallVec;
use std::collections::BTreeMap;

/// What is set once for a keyspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Number of databases.
    pub databases: usize,
    /// Whether the keys of a cluster slot stand together.
    pub by_slot: bool,
    /// Decides the order of keys; a server's is random.
    pub seed: u64,
    /// When collections leave their packed encodings.
    pub limits: Limits,
    /// How uses of keys are noted.
    pub uses: Uses,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            databases: 16,
            by_slot: false,
            seed: 0,
            limits: Limits::default(),
            uses: Uses::default(),
        }
    }
}

/// One database.
#[derive(Debug, Clone)]
struct Db {
    keys: Table<Value>,
}

/// All databases, and the libraries of functions that are stored with them.
#[derive(Debug)]
pub struct Keyspace {
    dbs: Vec<Db>,
    /// Code of function libraries by name.
    functions: BTreeMap<Vec<u8>, Vec<u8>>,
    settings: Settings,
    /// What the unit at work has done; between units empty, but for the memory.
    effects: Effects,
    lookups: Lookups,
    trash: Trash,
    /// Keys whose time has passed stay, though nobody sees them.
    keeps_expired: bool,
    /// Decides when counts of uses grow.
    rng: Rng,
}

/// How often clients looked for keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Lookups {
    /// Keys that were there.
    pub hits: u64,
    /// Keys that were not.
    pub misses: u64,
}

impl Keyspace {
    /// Empty databases.
    pub fn new(settings: Settings) -> Keyspace {
        let seed =
            if settings.by_slot { Seed::by_slot(settings.seed) } else { Seed::new(settings.seed) };
        let dbs = vec![Db { keys: Table::new(seed) }; settings.databases.max(1)];
        Keyspace {
            dbs,
            functions: BTreeMap::new(),
            rng: Rng::new(settings.seed),
            trash: Trash::default(),
            keeps_expired: false,
            settings,
            effects: Effects::default(),
            lookups: Lookups::default(),
        }
    }

    /// What was set.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// When collections leave their packed encodings; may change at any time.
    pub fn limits_mut(&mut self) -> &mut Limits {
        &mut self.settings.limits
    }

    /// How uses of keys are noted; may change at any time.
    pub fn uses_mut(&mut self) -> &mut Uses {
        &mut self.settings.uses
    }

    /// Whether something was removed that is still to be freed.
    pub fn has_trash(&self) -> bool {
        !self.trash.is_empty()
    }

    /// What was removed and is still to be freed; whoever takes it sees to that.
    #[inline]
    pub fn take_trash(&mut self) -> Option<Trash> {
        if self.trash.is_empty() { None } else { Some(std::mem::take(&mut self.trash)) }
    }

    /// Lets keys stay whose time has passed, unseen, for as long as nothing may change.
    pub fn keep_expired(&mut self, keep: bool) {
        self.keeps_expired = keep;
    }

    /// A key's expiry time in unix milliseconds, if it is there and has one.
    pub fn expire_at_ms(&self, db: usize, key: &[u8]) -> Option<i64> {
        let entry = self.dbs.get(db).and_then(|db| db.keys.get(key));
        entry.and_then(|entry| entry.meta.expire_at_ms)
    }

    /// How often clients looked for keys, to be read or reset.
    pub fn lookups_mut(&mut self) -> &mut Lookups {
        &mut self.lookups
    }

    /// How often clients looked for keys.
    pub fn lookups(&self) -> Lookups {
        self.lookups
    }

    /// Number of databases.
    pub fn databases(&self) -> usize {
        self.dbs.len()
    }

    /// Raises the number of databases, for a file that uses more than are configured.
    pub fn grow_databases(&mut self, databases: usize) {
        while self.dbs.len() < databases {
            let keys = Table::new(self.dbs[0].keys.seed());
            self.dbs.push(Db { keys });
        }
        self.settings.databases = self.dbs.len();
    }

    /// Number of keys in a database, those included whose time has passed unnoticed; 0 if there is no such database.
    pub fn len(&self, db: usize) -> u64 {
        self.dbs.get(db).map_or(0, |db| db.keys.len())
    }

    /// Whether no database has a key.
    pub fn is_empty(&self) -> bool {
        self.dbs.iter().all(|db| db.keys.is_empty())
    }

    /// Whether a key is there, whether or not its time has passed.
    pub fn holds(&self, db: usize, key: &[u8]) -> bool {
        self.dbs.get(db).is_some_and(|db| db.keys.get(key).is_some())
    }

    /// Whether a key is there whose time has passed, unnoticed so far.
    pub fn is_over(&self, db: usize, key: &[u8], now_ms: i64) -> bool {
        let entry = self.dbs.get(db).and_then(|db| db.keys.get(key));
        entry.and_then(|entry| entry.meta.expire_at_ms).is_some_and(|at| at <= now_ms)
    }

    /// The kind of value that a key holds, if it is there.
    pub fn kind(&self, db: usize, key: &[u8]) -> Option<crate::value::Kind> {
        self.dbs.get(db).and_then(|db| db.keys.get(key)).map(|entry| place::kind(entry.value))
    }

    /// Number of keys with an expiry time in a database.
    pub fn expiring(&self, db: usize) -> u64 {
        self.dbs.get(db).map_or(0, |db| db.keys.expiring())
    }

    /// Where a key stands or would stand in each database: keys whose places are close together are so in memory.
    pub fn place(&self, key: &[u8]) -> u64 {
        self.dbs[0].keys.seed().hash(key)
    }

    /// Asks the memory for what uses of keys at these places will read: whoever knows the keys of some dozens of commands to come
    /// can let the memory answer for all of them at once.
    pub fn warm(&self, db: usize, places: impl Iterator<Item = u64>) {
        if let Some(db) = self.dbs.get(db) {
            db.keys.warm(places, |_, value| value.prefetch());
        }
    }

    /// As [`Keyspace::warm`], for keys, and for members of the containers that they may hold.
    pub fn warm_members(&self, db: usize, uses: &[(&[u8], &[u8])]) {
        let (Some(db), Some((key, _))) = (self.dbs.get(db), uses.first()) else { return };
        if key.is_empty() {
            // Most likely commands that have no keys.
            return;
        }
        if uses.iter().all(|(other, _)| other == key) {
            if let Some(value) = db.keys.get(key).and_then(|entry| entry.value.object()) {
                value.warm(uses.iter().map(|(_, member)| *member));
            }
            return;
        }
        let seed = db.keys.seed();
        let mut found: SmallVec<[(usize, &Value); 32]> = SmallVec::new();
        db.keys.warm(uses.iter().map(|(key, _)| seed.hash(key)), |number, value| {
            value.prefetch();
            found.push((number, value));
        });
        // Members of one container are looked for together.
        for same in found.chunk_by(|(_, one), (_, other)| std::ptr::eq(*one, *other)) {
            let members = same.iter().filter_map(|(number, _)| Some(uses.get(*number)?.1));
            if let Some((_, value)) = same.first() {
                value.warm(members);
            }
        }
    }

    /// The libraries of functions: name and code.
    pub fn functions(&self) -> &BTreeMap<Vec<u8>, Vec<u8>> {
        &self.functions
    }

    /// The libraries of functions, to be changed.
    pub fn functions_mut(&mut self) -> &mut BTreeMap<Vec<u8>, Vec<u8>> {
        &mut self.functions
    }

    /// The data as it is now. It costs a count per database, and can be read on another thread.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::new(self.dbs.iter().map(|db| db.keys.clone()).collect(), self.functions.clone())
    }

    /// Takes effects back that all have been told of, so that the next unit need not allocate.
    #[inline]
    pub fn reuse(&mut self, mut effects: Effects) {
        if effects.has_room() {
            effects.clear();
            self.effects = effects;
        }
    }

    /// Begins a unit of work: one command, one transaction, one script.
    pub fn unit(&mut self, origin: Origin, now_ms: i64) -> Unit<'_> {
        Unit::new(self, origin, now_ms)
    }
}
