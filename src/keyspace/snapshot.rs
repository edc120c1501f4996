//! The data as it was at one moment.

use super::unit::ValueRef;
use crate::value::Value;
use crate::value::table::Table;
use std::collections::BTreeMap;

/// All databases at one moment. It can be read on another thread, and stays as it is.
#[derive(Debug, Clone)]
pub struct Snapshot {
    dbs: Vec<Table<Value>>,
    functions: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Snapshot {
    pub(super) fn new(dbs: Vec<Table<Value>>, functions: BTreeMap<Vec<u8>, Vec<u8>>) -> Snapshot {
        Snapshot { dbs, functions }
    }

    /// The databases that have keys.
    pub fn dbs(&self) -> impl Iterator<Item = (usize, SnapshotDb<'_>)> {
        self.dbs
            .iter()
            .enumerate()
            .filter(|(_, keys)| !keys.is_empty())
            .map(|(db, keys)| (db, SnapshotDb { keys }))
    }

    /// The first version of Redis' format, from that of Redis 7.0 on, that holds all types and expiry times.
    pub fn least_version(&self) -> u16 {
        /// Redis 7.0.
        const OLDEST: u16 = 10;
        /// Redis 7.4: fields of hashes with expiry times.
        const FIELD_EXPIRIES: u16 = 12;
        /// The version of Redis 8.0, the first that knows vector sets; Redis 7.4 has the same.
        const VECTOR_SETS: u16 = 12;
        /// Redis 8.8: arrays, and stream entries that were given back.
        const ARRAYS: u16 = 14;
        let version = |value: ValueRef<'_>| match value.object() {
            Some(Value::Array(_)) => ARRAYS,
            Some(Value::Stream(stream)) => {
                let gave_back = stream.groups().any(|(_, group)| group.given_back_count() > 0);
                if gave_back { ARRAYS } else { OLDEST }
            }
            Some(Value::Hash(hash)) if hash.expiring() > 0 => FIELD_EXPIRIES,
            Some(Value::VectorSet(_)) => VECTOR_SETS,
            _ => OLDEST,
        };
        let mut least = OLDEST;
        for value in self.dbs().flat_map(|(_, keys)| keys.iter()) {
            least = least.max(version(value));
            if least == ARRAYS {
                break;
            }
        }
        least
    }

    /// Leaves out all keys.
    pub fn drop_keys(&mut self) {
        self.dbs.clear();
    }

    /// Leaves out all functions.
    pub fn drop_functions(&mut self) {
        self.functions.clear();
    }

    /// Code of function libraries by name.
    pub fn functions(&self) -> &BTreeMap<Vec<u8>, Vec<u8>> {
        &self.functions
    }
}

/// One database of a snapshot.
#[derive(Debug, Clone, Copy)]
pub struct SnapshotDb<'a> {
    keys: &'a Table<Value>,
}

impl<'a> SnapshotDb<'a> {
    /// Number of keys.
    pub fn len(&self) -> u64 {
        self.keys.len()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Number of keys with an expiry time.
    pub fn expiring(&self) -> u64 {
        self.keys.expiring()
    }

    /// All keys.
    pub fn iter(&self) -> impl Iterator<Item = ValueRef<'a>> + use<'a> {
        self.keys.iter().map(ValueRef::new)
    }
}
