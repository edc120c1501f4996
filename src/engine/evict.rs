//! Making room: keys go when `maxmemory` is reached, clients when `maxmemory-clients` is.
//!
//! As in Redis the best of some keys chosen by chance goes, and the next best of earlier choices are remembered: so what goes is
//! close to the best of all, at the price of a few looks.

use super::Engine;
use super::client::{Client, ClientId};
use super::config::kinds::MemoryLimit;
use super::config::words::MaxmemoryPolicy;
use crate::base::memory;
use crate::command::Propagation;
use crate::keyspace::Origin;

/// Keys that are remembered.
const POOL: usize = 16;
/// Most time for making room before one command, in microseconds.
const SLICE_US: u64 = 500;
/// Keys of one database that are looked at before it counts as one without keys to remove.
const TRIES: usize = 8;

/// A key that may go.
#[derive(Debug)]
struct Candidate {
    /// The higher, the sooner it goes.
    score: u64,
    db: usize,
    key: Vec<u8>,
}

/// Keys that may go, the best one last.
#[derive(Debug, Default)]
pub struct Pool {
    candidates: Vec<Candidate>,
    /// Where random policies look next.
    next_db: usize,
    /// When memory came to be over its bound, in microseconds.
    over_since_us: Option<u64>,
}

impl Pool {
    fn add(&mut self, score: u64, db: usize, key: &[u8]) {
        let at = self.candidates.partition_point(|other| other.score < score);
        let is_known = self.candidates.iter().any(|other| other.db == db && other.key == key);
        if is_known || (at == 0 && self.candidates.len() == POOL) {
            return;
        }
        self.candidates.insert(at, Candidate { score, db, key: key.to_vec() });
        if self.candidates.len() > POOL {
            self.candidates.remove(0);
        }
    }
}

/// Whether a policy chooses among keys with an expiry time only.
fn is_volatile(policy: MaxmemoryPolicy) -> bool {
    policy.word().starts_with("volatile")
}

impl Engine {
    /// Bytes that do not count towards `maxmemory`, because evicting keys would only make more of them.
    pub(super) fn uncounted_bytes(&self) -> u64 {
        let for_replicas = self.replication.behind_bytes() + self.replica_output_bytes();
        self.persist.pending_bytes() + for_replicas
    }

    /// Bytes of what replicas have not got yet.
    pub(super) fn replica_bytes(&self) -> u64 {
        self.replication.lagging_bytes() + self.replica_output_bytes()
    }

    /// Bytes that are on their way to replicas.
    fn replica_output_bytes(&self) -> u64 {
        let clients = self.replication.replica_ids().filter_map(|id| self.clients.get(id));
        let outputs: usize = clients.map(Client::output_memory).sum();
        outputs as u64 + self.replication.reading_bytes()
    }

    /// Bytes that count towards `maxmemory`.
    pub(super) fn counted_bytes(&self) -> u64 {
        memory::used_bytes().saturating_sub(self.uncounted_bytes())
    }

    /// Removes keys until memory is in its bound again; whether it is.
    #[inline]
    pub(super) fn make_room(&mut self) -> bool {
        let bound = self.config.maxmemory;
        if bound == 0 || self.counted_bytes() <= bound {
            self.note_over_memory(false);
            return true;
        }
        self.evict_keys(bound)
    }

    /// Keeps account of how long memory was over its bound.
    fn note_over_memory(&mut self, is_over: bool) {
        match (self.pool.over_since_us, is_over) {
            (None, true) => self.pool.over_since_us = Some(self.now.mono_us),
            (Some(since_us), false) => {
                self.stats.over_memory_us += self.now.mono_us.saturating_sub(since_us);
                self.pool.over_since_us = None;
            }
            _ => {}
        }
    }

    /// Microseconds for which memory has been over its bound.
    pub(super) fn over_memory_us(&self) -> u64 {
        let since_us = self.pool.over_since_us;
        since_us.map_or(0, |since_us| self.now.mono_us.saturating_sub(since_us))
    }

    fn evict_keys(&mut self, bound: u64) -> bool {
        self.note_over_memory(true);
        // Large clients go before keys do.
        self.evict_clients();
        if self.counted_bytes() <= bound {
            self.note_over_memory(false);
            return true;
        }
        if self.config.maxmemory_policy == MaxmemoryPolicy::NoEviction || self.is_paused() {
            return false;
        }
        let began_us = (self.clock)();
        let mut took_us = 0;
        while self.counted_bytes() > bound {
            let Some((db, key)) = self.choose() else {
                self.note_latency("eviction-cycle", took_us);
                return false;
            };
            self.evict(db, &key);
            took_us = (self.clock)().saturating_sub(began_us);
            // What is left is for the next command; meanwhile it may run.
            if took_us > self.eviction_slice_us() {
                break;
            }
        }
        self.note_latency("eviction-cycle", took_us);
        if self.counted_bytes() <= bound {
            self.note_over_memory(false);
        }
        true
    }

    /// Time for making room before one command, which grows with `maxmemory-eviction-tenacity`.
    fn eviction_slice_us(&self) -> u64 {
        match self.config.maxmemory_eviction_tenacity {
            tenacity @ 0..=10 => SLICE_US * tenacity.unsigned_abs() / 10,
            100.. => u64::MAX,
            tenacity => {
                let growth = 1.15_f64.powi(i32::try_from(tenacity - 10).unwrap_or(90));
                (SLICE_US as f64 * growth) as u64
            }
        }
    }

    /// The key that goes next.
    fn choose(&mut self) -> Option<(usize, Vec<u8>)> {
        match self.config.maxmemory_policy {
            MaxmemoryPolicy::NoEviction => None,
            MaxmemoryPolicy::AllkeysRandom | MaxmemoryPolicy::VolatileRandom => self.choose_any(),
            _ => self.choose_best(),
        }
    }

    /// Any key, of one database after the other.
    fn choose_any(&mut self) -> Option<(usize, Vec<u8>)> {
        let only_expiring = is_volatile(self.config.maxmemory_policy);
        let databases = self.keyspace.databases();
        for _ in 0..databases {
            let db = self.pool.next_db % databases;
            self.pool.next_db = db + 1;
            let mut found = None;
            self.keyspace.sample(db, only_expiring, 1, &mut self.rng, |sampled| {
                found = Some(sampled.key.to_vec());
            });
            if let Some(key) = found {
                return Some((db, key));
            }
        }
        None
    }

    /// The best of some keys of each database, and of those that were looked at before.
    fn choose_best(&mut self) -> Option<(usize, Vec<u8>)> {
        let only_expiring = is_volatile(self.config.maxmemory_policy);
        for _ in 0..TRIES {
            self.fill_pool(only_expiring);
            while let Some(Candidate { db, key, .. }) = self.pool.candidates.pop() {
                // Since it was chosen it may have gone, or lost its expiry time.
                let expires = || self.keyspace.expire_at_ms(db, &key).is_some();
                if self.keyspace.holds(db, &key) && (!only_expiring || expires()) {
                    return Some((db, key));
                }
            }
        }
        None
    }

    fn fill_pool(&mut self, only_expiring: bool) {
        let samples = usize::try_from(self.config.maxmemory_samples).unwrap_or(5);
        let (uses, now_ms) = (self.keyspace.settings().uses, self.now.unix_ms);
        let by_time = self.config.maxmemory_policy == MaxmemoryPolicy::VolatileTtl;
        let Engine { keyspace, pool, rng, .. } = self;
        for db in 0..keyspace.databases() {
            if keyspace.len(db) == 0 {
                continue;
            }
            keyspace.sample(db, only_expiring, samples, rng, |sampled| {
                let score = match sampled.expire_at_ms {
                    Some(at_ms) if by_time => u64::MAX - at_ms.max(0).unsigned_abs(),
                    _ if uses.counted => 255 - u64::from(uses.count(sampled.access, now_ms)),
                    _ => u64::from(uses.idle_s(sampled.access, now_ms)),
                };
                pool.add(score, db, sampled.key);
            });
        }
    }

    /// Removes a key to make room.
    fn evict(&mut self, db: usize, key: &[u8]) {
        let mut unit = self.keyspace.unit(Origin::Client, self.now.unix_ms);
        unit.select(db);
        unit.evict(key);
        let effects = unit.commit();
        self.publish(db, &[], effects, Propagation::Verbatim, Vec::new());
        if !self.config.lazyfree_lazy_eviction {
            // The room is needed now.
            drop(self.keyspace.take_trash());
        }
    }

    /// What all clients together may take, in bytes; `None` without a bound.
    fn clients_bound(&self) -> Option<u64> {
        match self.config.maxmemory_clients {
            MemoryLimit::Bytes(0) => None,
            MemoryLimit::Bytes(bytes) => Some(bytes),
            MemoryLimit::Percent(_) if self.config.maxmemory == 0 => None,
            MemoryLimit::Percent(percent) => {
                Some((u128::from(self.config.maxmemory) * u128::from(percent) / 100) as u64)
            }
        }
    }

    /// Counts a client's memory, if that is bounded, and closes the largest clients if all take too much.
    #[inline]
    pub(super) fn count_client(&mut self, id: ClientId) {
        if self.config.maxmemory_clients != MemoryLimit::Bytes(0) {
            self.count_in_bound(id);
        }
    }

    fn count_in_bound(&mut self, id: ClientId) {
        let bound = self.clients_bound();
        let all = self.clients.count(id);
        if bound.is_some_and(|bound| all > bound) {
            self.evict_clients();
        }
    }

    /// Closes the largest clients until all together are in their bound again.
    pub(super) fn evict_clients(&mut self) {
        let Some(bound) = self.clients_bound() else { return };
        let is_own = |id| self.replication.has_replica(id);
        let sizes = self.clients.iter().filter(|(id, client)| !client.is_primary && !is_own(*id));
        let mut sizes: Vec<(u64, bool, ClientId)> =
            sizes.map(|(id, client)| (client.memory_bytes(), client.no_evict, id)).collect();
        let mut all: u64 = sizes.iter().map(|(bytes, ..)| bytes).sum();
        if all <= bound {
            return;
        }
        sizes.retain(|(_, spared, _)| !spared);
        sizes.sort_by_key(|(bytes, ..)| std::cmp::Reverse(*bytes));
        for (bytes, _, id) in sizes {
            if all <= bound {
                break;
            }
            all -= bytes;
            let line = self.client_line(id);
            self.log(super::Level::Notice, format!("Evicting client: {line}"));
            self.stats.evicted_clients += 1;
            self.drop_client(id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pool_keeps_the_best() {
        let mut pool = Pool::default();
        for score in [5, 1, 9, 3].into_iter().chain(100..120) {
            pool.add(score, 0, score.to_string().as_bytes());
        }
        let scores: Vec<u64> = pool.candidates.iter().map(|candidate| candidate.score).collect();
        assert_eq!(scores, (104..120).collect::<Vec<_>>());
        pool.add(119, 0, b"119");
        assert_eq!(pool.candidates.len(), POOL);
        assert_eq!(pool.candidates.iter().filter(|one| one.key == b"119").count(), 1);
    }
}
