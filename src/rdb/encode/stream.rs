//! Streams: entries packed into nodes as servers pack them, then the numbers and groups.

use super::Strings;
use super::encoder::{Encoded, write_exact};
use super::loss::{Loss, Losses};
use super::target::Target;
use crate::base::bulk::Bulk;
use crate::base::spool::Spool;
use crate::packed::ListpackBuilder;
use crate::rdb::event::{Elem, StreamId, StreamMeta};
use crate::rdb::stream::{FLAG_SAME_FIELDS, estimate_entries_read};
use crate::rdb::string::write_len;

/// Size and number of entries at which a node is full.
const NODE_BYTES: usize = 4096;
const NODE_ENTRIES: u64 = 100;

/// Seconds and entries that servers remember of idempotent producers unless told otherwise.
const IDMP_DEFAULT: (u64, u64) = (100, 100);

/// Consumer that takes over what a target cannot hold as given back.
const NACKED_CONSUMER: &[u8] = b"rkv-nacked";

type Pair = (Vec<u8>, Vec<u8>);

/// Entries of the node being filled.
#[derive(Default)]
struct Node {
    master: StreamId,
    names: Vec<Vec<u8>>,
    entries: Vec<(StreamId, Vec<Pair>)>,
    bytes: usize,
}

#[derive(Default)]
struct Consumer {
    head: Vec<u8>,
    claimed: Vec<u8>,
    count: u64,
}

#[derive(Default)]
struct Group {
    name: Vec<u8>,
    last_id: StreamId,
    entries_read: Option<u64>,
    pending: Vec<u8>,
    pending_count: u64,
    consumers: Vec<Consumer>,
    nacked: Vec<u8>,
    nacked_count: u64,
}

pub(super) struct StreamBuilder {
    target: Target,
    node: Node,
    nodes: u64,
    /// Id of the first entry, 0-0 if there is none.
    first_id: StreamId,
    meta: StreamMeta,
    groups: Vec<Group>,
    idmp: Option<(u64, u64)>,
    producers: Vec<(Vec<u8>, Vec<u8>, u64)>,
    counters: (u64, u64),
}

impl StreamBuilder {
    pub(super) fn new(target: Target) -> Self {
        StreamBuilder {
            target,
            node: Node::default(),
            nodes: 0,
            first_id: StreamId::default(),
            meta: StreamMeta::default(),
            groups: Vec::new(),
            idmp: None,
            producers: Vec::new(),
            counters: (0, 0),
        }
    }

    pub(super) fn begin(&mut self) {
        *self = StreamBuilder::new(self.target);
    }

    pub(super) fn elem(
        &mut self,
        elem: &Elem<'_>,
        strings: &mut Strings,
        spool: &mut Spool,
        losses: &mut Losses,
    ) {
        match elem {
            Elem::StreamEntry { id, fields } => self.entry(*id, fields, strings, spool),
            Elem::StreamMeta(meta) => self.meta = *meta,
            Elem::Group { name, last_id, entries_read } => self.groups.push(Group {
                name: name.to_vec(),
                last_id: *last_id,
                entries_read: *entries_read,
                ..Group::default()
            }),
            Elem::Pending { id, delivery_time_ms, delivery_count } => {
                if let Some(group) = self.groups.last_mut() {
                    group.pending.extend_from_slice(&id.to_bytes());
                    group.pending.extend_from_slice(&delivery_time_ms.to_le_bytes());
                    write_len(&mut group.pending, *delivery_count);
                    group.pending_count += 1;
                }
            }
            Elem::Consumer { name, seen_time_ms, active_time_ms } => {
                let mut head = Vec::new();
                write_exact(&mut head, name);
                head.extend_from_slice(&seen_time_ms.to_le_bytes());
                if self.target.has(11) {
                    head.extend_from_slice(&active_time_ms.unwrap_or(-1).to_le_bytes());
                } else if *active_time_ms != Some(*seen_time_ms) {
                    losses.add(Loss::ConsumerActiveTime);
                }
                if let Some(group) = self.groups.last_mut() {
                    group.consumers.push(Consumer { head, ..Consumer::default() });
                }
            }
            Elem::Claimed(id) => {
                let group = self.groups.last_mut();
                if let Some(consumer) = group.and_then(|group| group.consumers.last_mut()) {
                    consumer.claimed.extend_from_slice(&id.to_bytes());
                    consumer.count += 1;
                }
            }
            Elem::Nacked(id) => {
                if let Some(group) = self.groups.last_mut() {
                    group.nacked.extend_from_slice(&id.to_bytes());
                    group.nacked_count += 1;
                }
            }
            Elem::IdmpConfig { duration_s, max_entries } => {
                self.idmp = Some((*duration_s, *max_entries));
            }
            Elem::Producer(pid) => self.producers.push((pid.to_vec(), Vec::new(), 0)),
            Elem::ProducerId { iid, id } => {
                if let Some((_, ids, count)) = self.producers.last_mut() {
                    strings.write(ids, iid);
                    write_len(ids, id.ms);
                    write_len(ids, id.seq);
                    *count += 1;
                }
            }
            Elem::IdmpCounters { added, duplicates } => self.counters = (*added, *duplicates),
            _ => {}
        }
    }

    fn entry(
        &mut self,
        id: StreamId,
        fields: &[(Bulk<'_>, Bulk<'_>)],
        strings: &mut Strings,
        spool: &mut Spool,
    ) {
        let size: usize =
            fields.iter().map(|(name, value)| name.text_len() + value.text_len() + 8).sum();
        let full = self.node.bytes >= NODE_BYTES || self.node.entries.len() as u64 >= NODE_ENTRIES;
        if full && !self.node.entries.is_empty() {
            self.end_node(strings, spool);
        }
        if self.nodes == 0 && self.node.entries.is_empty() {
            self.first_id = id;
        }
        let node = &mut self.node;
        if node.entries.is_empty() {
            node.master = id;
            node.names = fields.iter().map(|(name, _)| name.to_vec()).collect();
        }
        let fields = fields.iter().map(|(name, value)| (name.to_vec(), value.to_vec())).collect();
        node.entries.push((id, fields));
        node.bytes += size + 8;
    }

    fn end_node(&mut self, strings: &mut Strings, spool: &mut Spool) {
        let node = std::mem::take(&mut self.node);
        let mut listpack = ListpackBuilder::new(self.target.backlen());
        // A node stays far below the size that a listpack refuses, but for one entry beyond
        // 1 GiB, which no server takes either.
        let mut push = |bulk: Bulk<'_>| {
            let _ = listpack.push(bulk);
        };
        push(Bulk::Int(node.entries.len() as i64));
        push(Bulk::Int(0));
        push(Bulk::Int(node.names.len() as i64));
        for name in &node.names {
            push(Bulk::Bytes(name));
        }
        push(Bulk::Int(0));
        for (id, fields) in &node.entries {
            let same = fields.len() == node.names.len()
                && fields.iter().zip(&node.names).all(|((name, _), master)| name == master);
            push(Bulk::Int(if same { FLAG_SAME_FIELDS } else { 0 }));
            push(Bulk::Int(id.ms.wrapping_sub(node.master.ms) as i64));
            push(Bulk::Int(id.seq.wrapping_sub(node.master.seq) as i64));
            if !same {
                push(Bulk::Int(fields.len() as i64));
            }
            for (name, value) in fields {
                if !same {
                    push(Bulk::Bytes(name));
                }
                push(Bulk::Bytes(value));
            }
            let count = if same { fields.len() + 3 } else { 2 * fields.len() + 4 };
            push(Bulk::Int(count as i64));
        }
        self.nodes += 1;
        let out = spool.buf();
        write_exact(out, &Bulk::Bytes(&node.master.to_bytes()));
        strings.write_bytes(out, listpack.finish());
    }

    fn write_id(out: &mut Vec<u8>, id: StreamId) {
        write_len(out, id.ms);
        write_len(out, id.seq);
    }

    pub(super) fn finish(
        &mut self,
        strings: &mut Strings,
        spool: &mut Spool,
        head: &mut Vec<u8>,
        losses: &mut Losses,
    ) -> Encoded {
        if !self.node.entries.is_empty() {
            self.end_node(strings, spool);
        }
        write_len(head, self.nodes);
        let target = self.target;
        let meta = self.meta;
        let out = spool.buf();
        write_len(out, meta.length);
        Self::write_id(out, meta.last_id);
        if target.has(10) {
            Self::write_id(out, meta.first_id);
            Self::write_id(out, meta.max_deleted_id);
            write_len(out, meta.entries_added);
        } else if meta.max_deleted_id != StreamId::default()
            || meta.entries_added != meta.length
            || meta.first_id != self.first_id
        {
            losses.add(Loss::StreamCounters);
        }
        write_len(out, self.groups.len() as u64);
        for group in &self.groups {
            self.write_group(out, group, losses);
        }
        self.write_producers(out, losses);
        Encoded::Type(match () {
            () if target.has(14) => 27,
            () if target.has(13) => 26,
            () if target.has(11) => 21,
            () if target.has(10) => 19,
            () => 15,
        })
    }

    fn write_group(&self, out: &mut Vec<u8>, group: &Group, losses: &mut Losses) {
        write_exact(out, &Bulk::Bytes(&group.name));
        Self::write_id(out, group.last_id);
        if self.target.has(10) {
            write_len(out, group.entries_read.unwrap_or(u64::MAX));
        } else {
            let kept = StreamMeta {
                max_deleted_id: StreamId::default(),
                entries_added: self.meta.length,
                ..self.meta
            };
            if estimate_entries_read(&kept, group.last_id) != group.entries_read {
                losses.add(Loss::StreamCounters);
            }
        }
        write_len(out, group.pending_count);
        out.extend_from_slice(&group.pending);
        // What was given back belongs to nobody; older servers need an owner for it.
        let orphans = group.nacked_count > 0 && !self.target.has(14);
        write_len(out, group.consumers.len() as u64 + u64::from(orphans));
        for consumer in &group.consumers {
            out.extend_from_slice(&consumer.head);
            write_len(out, consumer.count);
            out.extend_from_slice(&consumer.claimed);
        }
        if orphans {
            losses.add(Loss::NackedEntries);
            write_exact(out, &Bulk::Bytes(NACKED_CONSUMER));
            out.extend_from_slice(&0i64.to_le_bytes());
            if self.target.has(11) {
                out.extend_from_slice(&(-1i64).to_le_bytes());
            }
            write_len(out, group.nacked_count);
            out.extend_from_slice(&group.nacked);
        }
        if self.target.has(14) {
            write_len(out, group.nacked_count);
            out.extend_from_slice(&group.nacked);
        }
    }

    fn write_producers(&self, out: &mut Vec<u8>, losses: &mut Losses) {
        if !self.target.has(13) {
            if !self.producers.is_empty() || self.idmp.is_some_and(|idmp| idmp != IDMP_DEFAULT) {
                losses.add(Loss::IdempotentProducers);
            } else if self.counters != (0, 0) {
                losses.add(Loss::StreamCounters);
            }
            return;
        }
        let (duration_s, max_entries) = self.idmp.unwrap_or(IDMP_DEFAULT);
        write_len(out, duration_s);
        write_len(out, max_entries);
        write_len(out, self.producers.len() as u64);
        for (pid, ids, count) in &self.producers {
            write_exact(out, &Bulk::Bytes(pid));
            write_len(out, *count);
            out.extend_from_slice(ids);
        }
        write_len(out, self.counters.0);
        write_len(out, self.counters.1);
    }
}
