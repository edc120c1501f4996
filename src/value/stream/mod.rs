//! Streams: a tree over nodes as they are stored, and consumer groups.

mod group;
mod iter;
mod map;
mod node;

#[cfg(test)]
mod tests;

pub use group::{Consumer, Group, Pending};
pub use iter::Iter;
pub use map::{IdIter, IdMap};
pub use node::{Entry, Fields, Node};

use crate::base::cow;
use crate::packed::Listpack;
use crate::rdb::stream::estimate_entries_read;
use crate::rdb::{StreamId, StreamMeta};
use crate::value::limits::Limits;
use crate::value::tree::{Place, Tree};
use std::collections::{BTreeMap, VecDeque};
use triomphe::Arc;

/// Largest node in bytes, whatever the limits say.
const MAX_NODE_BYTES: usize = 1 << 30;

/// A stream: entries by rising id, and groups of consumers. Cloning it costs nothing that grows with its size.
#[derive(Debug, Clone, Default)]
pub struct Stream {
    nodes: Tree<Node>,
    last_id: StreamId,
    first_id: StreamId,
    max_deleted_id: StreamId,
    entries_added: u64,
    groups: Arc<BTreeMap<Box<[u8]>, Arc<Group>>>,
    idempotence: Option<Arc<Idempotence>>,
}

/// What a stream remembers of idempotent producers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotence {
    /// Seconds for which a producer's ids are remembered.
    pub duration_s: u64,
    /// Ids remembered per producer.
    pub max_entries: u64,
    /// By producer: its own ids, oldest first, and the entries they gave.
    pub producers: BTreeMap<Vec<u8>, VecDeque<(Vec<u8>, StreamId)>>,
    /// Ids ever added.
    pub added: u64,
    /// Duplicates ever rejected.
    pub duplicates: u64,
}

impl Default for Idempotence {
    /// Nothing, with the limits that servers begin with.
    fn default() -> Self {
        Idempotence {
            duration_s: 100,
            max_entries: 100,
            producers: BTreeMap::new(),
            added: 0,
            duplicates: 0,
        }
    }
}

impl Idempotence {
    /// The entry that a producer's id gave, if it is remembered.
    pub fn find(&self, producer: &[u8], iid: &[u8]) -> Option<StreamId> {
        let ids = self.producers.get(producer)?;
        ids.iter().find(|(known, _)| known == iid).map(|(_, id)| *id)
    }

    /// Remembers the entry that a producer's id gave, and forgets the oldest ids beyond the limit.
    pub fn record(&mut self, producer: &[u8], iid: &[u8], id: StreamId) {
        let ids = self.producers.entry(producer.to_vec()).or_default();
        ids.retain(|(known, _)| known != iid);
        ids.push_back((iid.to_vec(), id));
        while ids.len() as u64 > self.max_entries.max(1) {
            ids.pop_front();
        }
        self.added += 1;
    }

    /// Forgets the ids of a producer whose time has passed, going by the times in the ids of their entries.
    pub fn forget_old(&mut self, producer: &[u8], now_ms: u64) {
        let oldest_ms = now_ms.saturating_sub(self.duration_s.saturating_mul(1000));
        if let Some(ids) = self.producers.get_mut(producer) {
            while ids.front().is_some_and(|(_, id)| id.ms < oldest_ms) {
                ids.pop_front();
            }
        }
    }
}

/// What becomes of the references to entries that are removed: those of groups that have them pending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum References {
    /// They stay.
    #[default]
    Keep,
    /// They are removed too.
    Delete,
    /// Entries that a group has pending or has not read yet are not removed at all.
    Acknowledged,
}

/// What was trimmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Trimmed {
    /// How many entries went.
    pub removed: u64,
    /// The highest of their ids, if references were looked at.
    pub last_id: Option<StreamId>,
}

/// What a trimmed stream keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// So many entries, the last ones.
    Last(u64),
    /// The entries from this id on.
    From(StreamId),
}

impl Stream {
    /// An empty stream.
    pub fn new() -> Stream {
        Stream::default()
    }

    /// Builds a stream from its nodes as they are stored, by rising id, and its numbers. `None` if a node makes no sense, or if
    /// there are more or fewer entries than the numbers say.
    pub fn from_nodes(
        nodes: impl IntoIterator<Item = (StreamId, Listpack)>,
        meta: StreamMeta,
    ) -> Option<Stream> {
        let nodes: Option<Vec<Node>> =
            nodes.into_iter().map(|(master, pack)| Node::read(master, pack)).collect();
        let nodes = nodes?;
        if nodes.windows(2).any(|pair| pair[0].master_id() >= pair[1].master_id()) {
            return None;
        }
        let nodes = Tree::from_leaves(nodes);
        (nodes.len() == meta.length).then(|| Stream {
            nodes,
            last_id: meta.last_id,
            first_id: meta.first_id,
            max_deleted_id: meta.max_deleted_id,
            entries_added: meta.entries_added,
            ..Stream::default()
        })
    }

    /// The nodes, for saving.
    pub fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.nodes.leaves()
    }

    /// Number of nodes.
    pub fn node_count(&self) -> usize {
        self.nodes.leaf_count()
    }

    /// Number of entries.
    pub fn len(&self) -> u64 {
        self.nodes.len()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The numbers beside the entries.
    pub fn meta(&self) -> StreamMeta {
        StreamMeta {
            length: self.len(),
            last_id: self.last_id,
            first_id: self.first_id,
            max_deleted_id: self.max_deleted_id,
            entries_added: self.entries_added,
        }
    }

    /// Last id given to an entry.
    pub fn last_id(&self) -> StreamId {
        self.last_id
    }

    /// Id of the first entry, 0-0 if there is none.
    pub fn first_id(&self) -> StreamId {
        self.first_id
    }

    /// Id of the last entry that is there, if any. It may be below the last id that was given.
    pub fn last_entry_id(&self) -> Option<StreamId> {
        let end = StreamId { ms: u64::MAX, seq: u64::MAX };
        self.range(StreamId::default(), end, true).next().map(|entry| entry.id)
    }

    /// Highest id ever deleted.
    pub fn max_deleted_id(&self) -> StreamId {
        self.max_deleted_id
    }

    /// Entries ever added.
    pub fn entries_added(&self) -> u64 {
        self.entries_added
    }

    /// Sets the last id; the caller has made sure that no entry is behind it.
    pub fn set_last_id(&mut self, id: StreamId) {
        self.last_id = id;
    }

    /// Sets the number of entries ever added.
    pub fn set_entries_added(&mut self, count: u64) {
        self.entries_added = count;
    }

    /// Sets the highest id ever deleted.
    pub fn set_max_deleted_id(&mut self, id: StreamId) {
        self.max_deleted_id = id;
    }

    /// Bytes allocated for entries and groups.
    pub fn allocated_bytes(&self) -> usize {
        let groups = self.groups.iter().map(|(name, group)| name.len() + group.allocated_bytes());
        self.nodes.allocated_bytes(|node| node.listpack().allocated_bytes()) + groups.sum::<usize>()
    }

    /// Appends an entry; false, and no change, if its id is not above the last one.
    pub fn append(&mut self, id: StreamId, fields: &[(&[u8], &[u8])], limits: &Limits) -> bool {
        if id <= self.last_id {
            return false;
        }
        let bytes: usize = fields.iter().map(|(name, value)| name.len() + value.len()).sum();
        let max_bytes = match limits.stream_node_max_bytes {
            0 => MAX_NODE_BYTES,
            max => max.min(MAX_NODE_BYTES),
        };
        let max_entries = match limits.stream_node_max_entries {
            0 => usize::MAX,
            max => max,
        };
        let appended = self.nodes.update(Place::Last, |node, more| {
            if node.listpack().len_bytes() + bytes >= max_bytes || node.total() >= max_entries {
                node.shrink();
                more.push(Node::new(id, fields));
            } else {
                node.append(id, fields);
            }
        });
        if appended.is_none() {
            self.nodes.push_back(Node::new(id, fields));
        }
        self.entries_added += 1;
        self.last_id = id;
        if self.len() == 1 {
            self.first_id = id;
        }
        true
    }

    /// The entry with an id.
    pub fn get(&self, id: StreamId) -> Option<Entry<'_>> {
        self.nodes.leaf_where(|master| *master <= id)?.leaf.get(id)
    }

    /// The entries with ids from `start` to `end`, both included; from the end backwards if so wanted.
    pub fn range(&self, start: StreamId, end: StreamId, backwards: bool) -> Iter<'_> {
        Iter::new(&self.nodes, start, end, backwards)
    }

    /// All entries.
    pub fn iter(&self) -> Iter<'_> {
        self.range(StreamId::default(), StreamId { ms: u64::MAX, seq: u64::MAX }, false)
    }

    /// Deletes an entry.
    pub fn delete(&mut self, id: StreamId) -> bool {
        if self.get(id).is_none() {
            return false;
        }
        self.nodes.update_where(|master| *master <= id, |node, _| node.delete(id));
        self.max_deleted_id = self.max_deleted_id.max(id);
        if id == self.first_id || self.is_empty() {
            self.find_first_id();
        }
        true
    }

    fn find_first_id(&mut self) {
        self.first_id = self.iter().next().map_or(StreamId::default(), |entry| entry.id);
    }

    /// Removes entries from the beginning and returns how many. If approximate, only whole nodes go; with a limit other than 0,
    /// at most so many entries.
    pub fn trim(&mut self, keep: Keep, approximate: bool, limit: u64) -> u64 {
        let mut removed = 0;
        loop {
            if matches!(keep, Keep::Last(max) if self.len() <= max) {
                break;
            }
            let Some(node) = self.nodes.leaf(Place::First).map(|found| found.leaf) else { break };
            let live = node.live() as u64;
            if limit != 0 && removed + live > limit {
                break;
            }
            let whole = match keep {
                Keep::Last(max) => self.len() - live >= max,
                Keep::From(id) => node.last_id() < id,
            };
            if whole {
                self.nodes.remove(0..live);
                removed += live;
                continue;
            }
            if approximate {
                break;
            }
            let excess = match keep {
                Keep::Last(max) => self.len() - max,
                Keep::From(id) => node.entries().take_while(|entry| entry.id < id).count() as u64,
            };
            if excess > 0 {
                self.nodes.remove(0..excess);
                removed += excess;
            }
            break;
        }
        if removed > 0 {
            self.find_first_id();
        }
        removed
    }

    /// As [`Stream::trim`], with regard to the groups. Where references forbid it, an entry is passed over. Unless references are
    /// kept, nodes are opened even if approximate; only the limit holds then.
    pub fn trim_with(
        &mut self,
        keep: Keep,
        approximate: bool,
        limit: u64,
        references: References,
    ) -> Trimmed {
        if references == References::Keep {
            return Trimmed { removed: self.trim(keep, approximate, limit), last_id: None };
        }
        let mut trimmed = Trimmed::default();
        // Walks over the nodes as they were.
        let nodes = self.nodes.clone();
        for node in nodes.leaves() {
            if matches!(keep, Keep::Last(max) if self.len() <= max) {
                break;
            }
            let live = node.live() as u64;
            if limit != 0 && trimmed.removed + live > limit {
                break;
            }
            let whole = match keep {
                Keep::Last(max) => self.len() - live >= max,
                Keep::From(id) => node.last_id() < id,
            };
            for entry in node.entries() {
                let enough = match keep {
                    Keep::Last(max) => self.len() <= max,
                    Keep::From(id) => entry.id >= id,
                };
                if enough {
                    break;
                }
                if references == References::Acknowledged && self.is_referenced(entry.id) {
                    continue;
                }
                self.nodes
                    .update_where(|master| *master <= entry.id, |node, _| node.delete(entry.id));
                if references == References::Delete {
                    self.remove_references(entry.id);
                }
                trimmed.removed += 1;
                trimmed.last_id = Some(entry.id);
            }
            if !whole {
                break;
            }
        }
        if trimmed.removed > 0 {
            self.find_first_id();
        }
        trimmed
    }

    /// Whether a group has an entry pending or has not read it yet.
    pub fn is_referenced(&self, id: StreamId) -> bool {
        self.groups.values().any(|group| group.last_id < id || group.pending(id).is_some())
    }

    /// Takes an entry from what groups have pending. Returns from how many it was taken.
    pub fn remove_references(&mut self, id: StreamId) -> u64 {
        if self.groups.values().all(|group| group.pending(id).is_none()) {
            return 0;
        }
        let groups = cow::make_mut(&mut self.groups).values_mut();
        let having = groups.filter(|group| group.pending(id).is_some());
        having.map(|group| u64::from(cow::make_mut(group).acknowledge(id))).sum()
    }

    /// Number of groups.
    pub fn group_count(&self) -> usize {
        self.groups.len()
    }

    /// The groups by name, ascending.
    pub fn groups(&self) -> impl Iterator<Item = (&[u8], &Group)> {
        self.groups.iter().map(|(name, group)| (&**name, &**group))
    }

    /// A group.
    pub fn group(&self, name: &[u8]) -> Option<&Group> {
        self.groups.get(name).map(|group| &**group)
    }

    /// A group, to be changed; copied first as far as a snapshot shares it.
    pub fn group_mut(&mut self, name: &[u8]) -> Option<&mut Group> {
        if !self.groups.contains_key(name) {
            return None;
        }
        cow::make_mut(&mut self.groups).get_mut(name).map(cow::make_mut)
    }

    /// Adds a group; false if there is one of that name.
    pub fn create_group(&mut self, name: &[u8], group: Group) -> bool {
        if self.groups.contains_key(name) {
            return false;
        }
        cow::make_mut(&mut self.groups).insert(name.into(), Arc::new(group));
        true
    }

    /// Removes a group.
    pub fn destroy_group(&mut self, name: &[u8]) -> bool {
        self.groups.contains_key(name) && cow::make_mut(&mut self.groups).remove(name).is_some()
    }

    /// Notes that a group was given an entry that is new to it: its last id, and the count of entries it has read.
    pub fn advance_group(&mut self, name: &[u8], id: StreamId) {
        let Some(group) = self.group(name) else { return };
        if id <= group.last_id {
            return;
        }
        let entries_read = match group.entries_read {
            Some(read) if self.counts_on(group.last_id) => Some(read + 1),
            read if self.entries_added == 0 => read,
            _ => self.estimate_entries_read(id),
        };
        if let Some(group) = self.group_mut(name) {
            group.last_id = id;
            group.entries_read = entries_read;
        }
    }

    /// Number of entries that were ever added up to an id, if that can be told.
    pub fn estimate_entries_read(&self, id: StreamId) -> Option<u64> {
        estimate_entries_read(&self.meta(), id)
    }

    /// Whether an entry that would be at this id or behind it was deleted from among the entries.
    pub fn has_tombstones_from(&self, id: StreamId) -> bool {
        !self.is_empty()
            && self.max_deleted_id != StreamId::default()
            && self.first_id <= self.max_deleted_id
            && id <= self.max_deleted_id
    }

    /// Whether entries can be counted on from an id: none behind it was removed.
    fn counts_on(&self, id: StreamId) -> bool {
        id >= self.first_id && !self.has_tombstones_from(id)
    }

    /// Number of entries that a group has not read yet, if that can be told. It is negative where a group
    /// was set back and counts entries again.
    pub fn lag(&self, group: &Group) -> Option<i64> {
        if self.entries_added == 0 || self.is_empty() {
            return Some(0);
        }
        if group.last_id < self.first_id && self.max_deleted_id < self.first_id {
            // All that is there has yet to be read.
            return Some(self.len().cast_signed());
        }
        let read = match group.entries_read {
            Some(read) if self.counts_on(group.last_id) => Some(read),
            _ => self.estimate_entries_read(group.last_id),
        };
        read.map(|read| self.entries_added.wrapping_sub(read).cast_signed())
    }

    /// What is remembered of idempotent producers.
    pub fn idempotence(&self) -> Option<&Idempotence> {
        self.idempotence.as_deref()
    }

    /// What is remembered of idempotent producers, to be changed; begun if there was nothing.
    pub fn idempotence_mut(&mut self) -> &mut Idempotence {
        cow::make_mut(self.idempotence.get_or_insert_default())
    }
}
