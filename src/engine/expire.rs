//! Removes keys whose time has passed, whether or not somebody asks for them.

use super::Engine;
use crate::command::Propagation;
use crate::keyspace::Origin;

/// Keys removed from one database per call.
const KEYS_MAX: usize = 200;

impl Engine {
    /// Removes some keys whose time has passed from each database.
    pub(super) fn expire_cycle(&mut self) {
        for db in 0..self.keyspace.databases() {
            if self.keyspace.expiring(db) == 0 {
                continue;
            }
            let mut unit = self.keyspace.unit(Origin::Client, self.now.unix_ms);
            unit.select(db);
            unit.expire_cycle(KEYS_MAX);
            let effects = unit.commit();
            self.publish(db, &[], effects, Propagation::Verbatim, Vec::new());
        }
    }
}
