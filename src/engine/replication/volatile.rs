//! Keys with expiry times that clients gave a writable replica: its primary does not know them, so it removes them itself.

use super::super::Engine;
use super::super::dispatch::Call;
use crate::command::Propagation;
use crate::keyspace::Origin;
use std::collections::BTreeSet;

/// Most keys looked at in one go.
const KEYS_MAX: usize = 256;

/// The keys, by database.
#[derive(Debug, Default)]
pub struct Volatile {
    keys: BTreeSet<(usize, Vec<u8>)>,
    /// Where the next look begins.
    next: Option<(usize, Vec<u8>)>,
}

impl Volatile {
    /// Number of keys that are watched.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Forgets all of them.
    pub fn clear(&mut self) {
        *self = Volatile::default();
    }

    /// Some of the keys, other ones each time.
    fn some(&mut self) -> Vec<(usize, Vec<u8>)> {
        let from = self.next.take().unwrap_or_default();
        let mut some: Vec<_> = self.keys.range(from..).take(KEYS_MAX + 1).cloned().collect();
        if some.len() > KEYS_MAX {
            self.next = some.pop();
        }
        some
    }
}

impl Engine {
    /// Notes the keys that a client's write has given an expiry time.
    pub(in crate::engine) fn note_volatile(&mut self, db: usize, call: &Call<'_>) {
        let spec = call.subcommand.unwrap_or(call.command.spec);
        let Ok(keys) = spec.keys_of(call.args) else { return };
        let mut unit = self.keyspace.unit(Origin::Primary, self.now.unix_ms);
        unit.select(db);
        for key in keys.iter().filter_map(|key| call.args.get(key.index)) {
            let place = (db, key.to_vec());
            match unit.peek(key).and_then(|value| value.expire_at_ms()) {
                Some(_) => self.replication.volatile.keys.insert(place),
                None => self.replication.volatile.keys.remove(&place),
            };
        }
        let effects = unit.commit();
        self.keyspace.reuse(effects);
    }

    /// Removes those whose time has passed.
    pub(super) fn expire_volatile(&mut self) {
        if self.replication.volatile.keys.is_empty() {
            return;
        }
        for (db, key) in self.replication.volatile.some() {
            let mut unit = self.keyspace.unit(Origin::Client, self.now.unix_ms);
            unit.select(db);
            unit.expire_if_due(&key);
            let is_volatile = unit.peek(&key).is_some_and(|value| value.expire_at_ms().is_some());
            let effects = unit.commit();
            self.publish(db, &[], effects, Propagation::Verbatim, Vec::new());
            if !is_volatile {
                self.replication.volatile.keys.remove(&(db, key));
            }
        }
    }
}
