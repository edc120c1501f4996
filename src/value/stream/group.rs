//! Consumer groups.

use super::map::IdMap;
use crate::rdb::StreamId;
use std::collections::BTreeMap;
use std::sync::Arc;

/// An entry that was delivered and not acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// Who has it; `None` once it was given back.
    pub consumer: Option<Arc<[u8]>>,
    /// Unix milliseconds of the last delivery.
    pub delivery_time_ms: i64,
    /// Number of deliveries.
    pub delivery_count: u64,
    /// Its turn among those that were given back.
    turn: Option<u64>,
}

/// A consumer of a group.
#[derive(Debug, Clone, Default)]
pub struct Consumer {
    /// Unix milliseconds of its last attempt to read.
    pub seen_time_ms: i64,
    /// Unix milliseconds of its last successful read, if any.
    pub active_time_ms: Option<i64>,
    pending: IdMap<()>,
}

impl Consumer {
    /// Number of entries it has pending.
    pub fn pending_count(&self) -> u64 {
        self.pending.len()
    }

    /// The ids it has pending, from one on, ascending.
    pub fn pending_from(&self, id: StreamId) -> impl Iterator<Item = StreamId> {
        self.pending.iter_from(id).map(|(id, ())| id)
    }
}

/// A consumer group. What is pending is known by id and by consumer, always alike.
#[derive(Debug, Clone, Default)]
pub struct Group {
    /// Last id delivered.
    pub last_id: StreamId,
    /// Entries read so far, if known.
    pub entries_read: Option<u64>,
    pending: IdMap<Pending>,
    consumers: BTreeMap<Arc<[u8]>, Consumer>,
    /// Entries that were given back, by their turns as the first part of an id.
    given_back: IdMap<StreamId>,
}

impl Group {
    /// A group without consumers.
    pub fn new(last_id: StreamId, entries_read: Option<u64>) -> Group {
        Group { last_id, entries_read, ..Group::default() }
    }

    /// The consumers by name, ascending.
    pub fn consumers(&self) -> impl Iterator<Item = (&[u8], &Consumer)> {
        self.consumers.iter().map(|(name, consumer)| (&**name, consumer))
    }

    /// Number of consumers.
    pub fn consumer_count(&self) -> usize {
        self.consumers.len()
    }

    /// A consumer.
    pub fn consumer(&self, name: &[u8]) -> Option<&Consumer> {
        self.consumers.get(name)
    }

    /// Adds a consumer; false if it is there already.
    pub fn create_consumer(&mut self, name: &[u8], seen_time_ms: i64) -> bool {
        if self.consumers.contains_key(name) {
            return false;
        }
        let consumer = Consumer { seen_time_ms, ..Consumer::default() };
        self.consumers.insert(name.into(), consumer);
        true
    }

    /// Sets when a consumer was last seen, and last read something if it did.
    pub fn set_consumer_times(&mut self, name: &[u8], seen_ms: i64, active_ms: Option<i64>) {
        if let Some(consumer) = self.consumers.get_mut(name) {
            consumer.seen_time_ms = seen_ms;
            consumer.active_time_ms = active_ms.or(consumer.active_time_ms);
        }
    }

    /// Removes a consumer with what it has pending, and returns how much that was.
    pub fn delete_consumer(&mut self, name: &[u8]) -> Option<u64> {
        let consumer = self.consumers.remove(name)?;
        for id in consumer.pending_from(StreamId::default()) {
            self.pending.remove(id);
        }
        Some(consumer.pending_count())
    }

    /// Number of pending entries.
    pub fn pending_count(&self) -> u64 {
        self.pending.len()
    }

    /// A pending entry.
    pub fn pending(&self, id: StreamId) -> Option<&Pending> {
        self.pending.get(id)
    }

    /// The highest id that is pending.
    pub fn last_pending_id(&self) -> Option<StreamId> {
        self.pending.last_id()
    }

    /// The pending entries from an id on, ascending.
    pub fn pending_from(&self, id: StreamId) -> impl Iterator<Item = (StreamId, &Pending)> {
        self.pending.iter_from(id)
    }

    /// Number of entries that were given back.
    pub fn given_back_count(&self) -> u64 {
        self.given_back.len()
    }

    /// The entries that were given back, the first one first.
    pub fn given_back(&self) -> impl Iterator<Item = StreamId> {
        self.given_back.iter().map(|(_, id)| *id)
    }

    /// Notes that an entry is pending and that nobody has it any more. Its turn comes after those that were given back before.
    pub fn give_back(&mut self, id: StreamId, delivery_time_ms: i64, delivery_count: u64) {
        self.set_pending(id, None, delivery_time_ms, delivery_count);
        let turn = self.given_back.last_id().map_or(0, |last| last.ms + 1);
        self.given_back.insert(StreamId { ms: turn, seq: 0 }, id);
        let pending =
            Pending { consumer: None, delivery_time_ms, delivery_count, turn: Some(turn) };
        self.pending.insert(id, pending);
    }

    /// Gives back what is pending for nobody and was not given back yet.
    pub fn give_back_unclaimed(&mut self) {
        let claimed: u64 = self.consumers.values().map(Consumer::pending_count).sum();
        if claimed + self.given_back_count() == self.pending_count() {
            return;
        }
        let unclaimed: Vec<(StreamId, Pending)> = self
            .pending_from(StreamId::default())
            .filter(|(_, pending)| pending.consumer.is_none() && pending.turn.is_none())
            .map(|(id, pending)| (id, pending.clone()))
            .collect();
        for (id, pending) in unclaimed {
            self.give_back(id, pending.delivery_time_ms, pending.delivery_count);
        }
    }

    fn forget_turn(&mut self, pending: &Pending) {
        if let Some(turn) = pending.turn {
            self.given_back.remove(StreamId { ms: turn, seq: 0 });
        }
    }

    /// Notes that a consumer, made if need be, has an entry pending, whoever had it before. Without a consumer the entry is
    /// pending for nobody, and has no turn yet.
    pub fn set_pending(
        &mut self,
        id: StreamId,
        consumer: Option<&[u8]>,
        delivery_time_ms: i64,
        delivery_count: u64,
    ) {
        let name: Option<Arc<[u8]>> = consumer.map(|name| {
            if !self.consumers.contains_key(name) {
                self.create_consumer(name, delivery_time_ms);
            }
            // The name is shared with the map of consumers.
            self.consumers.get_key_value(name).map_or_else(|| name.into(), |(key, _)| key.clone())
        });
        let pending =
            Pending { consumer: name.clone(), delivery_time_ms, delivery_count, turn: None };
        let old = self.pending.insert(id, pending);
        if let Some(old) = &old {
            self.forget_turn(old);
        }
        let old = old.and_then(|old| old.consumer);
        if old == name && old.is_some() {
            return;
        }
        if let Some(consumer) = old.and_then(|old| self.consumers.get_mut(&old)) {
            consumer.pending.remove(id);
        }
        if let Some(consumer) = name.and_then(|name| self.consumers.get_mut(&name)) {
            consumer.pending.insert(id, ());
        }
    }

    /// Takes an entry from what is pending: acknowledged, or gone from the stream.
    pub fn acknowledge(&mut self, id: StreamId) -> bool {
        let Some(pending) = self.pending.remove(id) else { return false };
        self.forget_turn(&pending);
        if let Some(consumer) = pending.consumer.and_then(|name| self.consumers.get_mut(&name)) {
            consumer.pending.remove(id);
        }
        true
    }

    /// Bytes allocated.
    pub fn allocated_bytes(&self) -> usize {
        let consumers = self.consumers.iter().map(|(name, consumer)| {
            name.len() + 16 + size_of::<Consumer>() + 24 + consumer.pending.allocated_bytes()
        });
        let entries = self.pending.allocated_bytes() + self.given_back.allocated_bytes();
        size_of::<Group>() + entries + consumers.sum::<usize>()
    }
}
