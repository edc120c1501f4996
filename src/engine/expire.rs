//! Removes keys whose time has passed, whether or not somebody asks for them.

use super::Engine;
use crate::command::Propagation;
use crate::keyspace::Origin;

/// Keys that are looked at for an average.
const SAMPLES: usize = 20;

/// Most of the time that removing may take with the least effort, in percent, and what each step of `active-expire-effort` adds.
const SHARE_PERCENT: u64 = 25;
const EFFORT_PERCENT: u64 = 2;

/// Keys removed from one database at a time.
const KEYS_MAX: usize = 200;

impl Engine {
    /// About how long keys with an expiry time have left, in milliseconds.
    pub(super) fn average_ttl_ms(&self, db: usize) -> i64 {
        let (mut sum_ms, mut count, mut rng) = (0, 0, self.rng.clone());
        self.keyspace.sample(db, true, SAMPLES, &mut rng, |sampled| {
            let left_ms = sampled.expire_at_ms.unwrap_or_default() - self.now.unix_ms;
            sum_ms += left_ms.clamp(0, i64::MAX / SAMPLES as i64);
            count += 1;
        });
        sum_ms / count.max(1)
    }

    /// Removes some keys whose time has passed from each database.
    pub(super) fn expire_cycle(&mut self) {
        let began_us = (self.clock)();
        let hz = self.config.hz.clamp(1, 500).unsigned_abs();
        let effort = self.config.active_expire_effort.clamp(1, 10).unsigned_abs() - 1;
        let share_percent = SHARE_PERCENT + EFFORT_PERCENT * effort;
        let (slice_us, mut took_us) = (1_000_000 * share_percent / 100 / hz, 0);
        for db in 0..self.keyspace.databases() {
            if self.keyspace.expiring(db) == 0 {
                continue;
            }
            loop {
                let mut unit = self.keyspace.unit(Origin::Client, self.now.unix_ms);
                unit.select(db);
                let removed = unit.expire_cycle(KEYS_MAX);
                let effects = unit.commit();
                self.publish(db, &[], effects, Propagation::Verbatim, Vec::new());
                took_us = (self.clock)().saturating_sub(began_us);
                if took_us > slice_us {
                    self.stats.expire_stops += 1;
                    break;
                }
                if removed < KEYS_MAX {
                    break;
                }
            }
        }
        self.stats.expire_us += took_us;
        self.note_latency("expire-cycle", took_us);
    }
}
