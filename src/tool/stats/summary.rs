//! All counters of one thread, and how those of several become one.

use super::measure::Measured;
use super::prefix::Prefixes;
use super::quantile::Quantile;
use super::radix::Radix;
use super::scale::{self, Scale};
use super::slots::Slots;
use super::tally::{Load, Tally};
use super::top::Top;
use super::tree::Flat;
use super::{By, Options};
use crate::base::slot::{hash_tag, key_slot};
use crate::rdb::module::ModuleId;
use crate::rdb::{Entry, Error, Header, Kind};
use crate::tool::heavy::HeavyHitters;
use crate::tool::memory::{Allocator, ServerModel};
use crate::tool::ttl::Now;
use std::collections::BTreeMap;

/// Databases and modules that are counted apart.
const GROUPS_MAX: usize = 1024;
/// Prefixes that all threads together keep.
const PREFIXES_MAX: usize = 48 << 10;
/// Keys that are listed at most.
const TOP_MAX: usize = 10_000;

/// Hash tags watched per thread.
const TAGS_WATCHED: usize = 1000;

/// What a file says about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileFacts {
    /// Dialect and version.
    pub header: Option<Header>,
    /// The server's version.
    pub server: Option<Vec<u8>>,
    /// Unix seconds at which it was begun.
    pub written_at_s: Option<i64>,
    /// Bytes that the server had allocated then.
    pub used_memory_bytes: Option<u64>,
}

impl FileFacts {
    /// Takes note of a named value.
    pub fn aux(&mut self, name: &[u8], value: &[u8]) {
        let number = || std::str::from_utf8(value).ok().and_then(|text| text.parse::<i64>().ok());
        match name {
            b"redis-ver" | b"valkey-ver" => {
                self.server = Some(value.get(..64).unwrap_or(value).to_vec());
            }
            b"ctime" => self.written_at_s = number(),
            b"used-mem" => self.used_memory_bytes = number().and_then(|n| u64::try_from(n).ok()),
            _ => {}
        }
    }

    fn merge(&mut self, other: FileFacts) {
        self.header = self.header.or(other.header);
        self.server = self.server.take().or(other.server);
        self.written_at_s = self.written_at_s.or(other.written_at_s);
        self.used_memory_bytes = self.used_memory_bytes.or(other.used_memory_bytes);
    }
}

/// A database's keys.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Database {
    /// All of them.
    pub tally: Tally,
    /// Those with an expiry.
    pub expires: u64,
}

impl Database {
    fn add(&mut self, other: &Database) {
        self.tally.add(&other.tally);
        self.expires += other.expires;
    }
}

/// Databases by number; those beyond a bound are counted together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Databases {
    /// Counted apart.
    pub by_number: BTreeMap<u64, Database>,
    /// All others.
    pub other: Database,
}

impl Databases {
    #[inline]
    fn add(&mut self, db: u64, more: &Database) {
        if let Some(database) = self.by_number.get_mut(&db) {
            database.add(more);
        } else if self.by_number.len() < GROUPS_MAX {
            self.by_number.insert(db, *more);
        } else {
            self.other.add(more);
        }
    }
}

/// Function libraries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Functions {
    /// Number of libraries.
    pub count: u64,
    /// Bytes of their source.
    pub bytes: u64,
}

impl Functions {
    /// Counts a library.
    pub fn add(&mut self, bytes: u64) {
        self.count += 1;
        self.bytes += bytes;
    }
}

/// What a module has in a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Module {
    /// Its keys.
    pub keys: Tally,
    /// Its records outside of keys.
    pub aux: Load,
}

/// Modules by type; those beyond a bound are not counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Modules(pub BTreeMap<u64, Module>);

impl Modules {
    fn entry(&mut self, id: u64) -> Option<&mut Module> {
        if self.0.len() >= GROUPS_MAX && !self.0.contains_key(&id) {
            return None;
        }
        Some(self.0.entry(id).or_default())
    }

    /// Counts a record outside of keys.
    pub fn add_aux(&mut self, id: ModuleId, bytes: u64) {
        if let Some(module) = self.entry(id.0) {
            module.aux.add(Load { keys: 1, bytes });
        }
    }
}

/// Keys of one type and encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encoding {
    /// The type.
    pub kind: Kind,
    /// The encoding.
    pub encoding: &'static str,
    /// Their sums.
    pub tally: Tally,
}

/// Weight by prefix.
#[derive(Debug, Clone)]
pub enum PrefixTree {
    /// Prefixes end at a separator.
    Separated(Prefixes),
    /// Prefixes end at any byte.
    Bytes(Radix),
}

impl PrefixTree {
    #[inline]
    fn add(&mut self, key: &[u8], bytes: u64) {
        match self {
            PrefixTree::Separated(tree) => tree.add(key, bytes),
            PrefixTree::Bytes(tree) => tree.add(key, bytes),
        }
    }

    fn merge(&mut self, other: &PrefixTree) {
        match (self, other) {
            (PrefixTree::Separated(tree), PrefixTree::Separated(other)) => tree.merge(other),
            (PrefixTree::Bytes(tree), PrefixTree::Bytes(other)) => tree.merge(other),
            (PrefixTree::Separated(_), _) | (PrefixTree::Bytes(_), _) => {}
        }
    }

    /// How often a prefix was given up for want of room.
    pub fn pruned(&self) -> u64 {
        match self {
            PrefixTree::Separated(tree) => tree.pruned(),
            PrefixTree::Bytes(tree) => tree.pruned(),
        }
    }

    /// The prefixes, parents first.
    pub fn flats(&self) -> Vec<Flat> {
        match self {
            PrefixTree::Separated(tree) => tree.flats(),
            PrefixTree::Bytes(tree) => tree.flats(),
        }
    }
}

/// What was counted.
#[derive(Debug, Clone)]
pub struct Stats {
    /// What keys are ranked by.
    pub by: By,
    /// Whose memory is estimated.
    pub model: ServerModel,
    /// With which allocator.
    pub allocator: Allocator,
    /// Levels of the prefix tree that are shown.
    pub depth: usize,
    /// Times to live count from here.
    pub now: Now,
    /// The same for the file at hand, in unix milliseconds.
    pub(super) now_ms: i64,
    /// About the file.
    pub file: FileFacts,
    /// By type and encoding.
    pub encodings: Vec<Encoding>,
    /// By database.
    pub databases: Databases,
    /// Keys of the largest size.
    pub biggest: Top,
    /// Keys of most elements.
    pub fullest: Top,
    /// By prefix.
    pub prefixes: PrefixTree,
    /// Times to live in milliseconds.
    pub ttl: Scale,
    /// Keys that never expire.
    pub lasting: Tally,
    /// Idle times in milliseconds.
    pub idle: Scale,
    /// Access frequencies.
    pub freq: Scale,
    /// Estimated memory of keys.
    pub memory: Quantile,
    /// Elements of keys that are collections.
    pub elements: Quantile,
    /// Lengths of elements.
    pub lengths: Quantile,
    /// By cluster slot.
    pub slots: Slots,
    /// Hash tags.
    pub tags: HeavyHitters,
    /// Modules.
    pub modules: Modules,
    /// Function libraries.
    pub functions: Functions,
}

impl Stats {
    /// Nothing yet.
    pub fn new(options: &Options) -> Stats {
        let nodes_max = PREFIXES_MAX / options.threads();
        let prefixes = if options.separator.is_empty() {
            PrefixTree::Bytes(Radix::new(nodes_max))
        } else {
            let separator = options.separator.clone();
            PrefixTree::Separated(Prefixes::new(separator, options.depth, nodes_max))
        };
        let top = options.top.min(TOP_MAX / options.threads());
        Stats {
            by: options.by,
            model: options.model,
            allocator: options.allocator,
            depth: options.depth,
            now: options.now,
            now_ms: options.now.for_file(None),
            file: FileFacts::default(),
            encodings: Vec::new(),
            databases: Databases::default(),
            biggest: Top::new(top),
            fullest: Top::new(top),
            prefixes,
            ttl: Scale::new(scale::TTL_MS),
            lasting: Tally::default(),
            idle: Scale::new(scale::IDLE_MS),
            freq: Scale::new(scale::FREQ),
            memory: Quantile::default(),
            elements: Quantile::default(),
            lengths: Quantile::default(),
            slots: Slots::default(),
            tags: HeavyHitters::new(TAGS_WATCHED),
            modules: Modules::default(),
            functions: Functions::default(),
        }
    }

    /// Counts a key.
    #[inline]
    pub fn add(&mut self, entry: &Entry<'_>, key: &Measured) -> Result<(), Error> {
        let name = entry.key()?;
        let tally = Tally::of(key);
        let weight = if self.by == By::Size { key.stored_bytes } else { key.memory_bytes };
        self.encoding(entry.ty.kind, key.encoding).add(&tally);
        self.attributes(entry, &tally);
        self.memory.add(key.memory_bytes);
        if !matches!(entry.ty.kind, Kind::String | Kind::Module) {
            self.elements.add(key.elements);
        }
        self.biggest.offer(weight, entry, key)?;
        self.fullest.offer(key.elements, entry, key)?;
        self.prefixes.add(&name, weight);
        self.slots.add(key_slot(&name), key.memory_bytes);
        if let Some(tag) = hash_tag(&name) {
            self.tags.add(tag, key.memory_bytes);
        }
        if let Some(module) = key.module.and_then(|id| self.modules.entry(id.0)) {
            module.keys.add(&tally);
        }
        Ok(())
    }

    #[inline]
    fn attributes(&mut self, entry: &Entry<'_>, tally: &Tally) {
        let attributes = entry.attributes;
        let expires = u64::from(attributes.expire_at_ms.is_some());
        self.databases.add(entry.db, &Database { tally: *tally, expires });
        match attributes.expire_at_ms {
            Some(at) => self.ttl.add(at.saturating_sub(self.now_ms), tally),
            None => self.lasting.add(tally),
        }
        if let Some(idle) = attributes.idle_s {
            let ms = i64::try_from(idle).unwrap_or(i64::MAX).saturating_mul(1000);
            self.idle.add(ms, tally);
        }
        if let Some(freq) = attributes.freq {
            self.freq.add(i64::from(freq), tally);
        }
    }

    #[inline]
    fn encoding(&mut self, kind: Kind, encoding: &'static str) -> &mut Tally {
        let same = |known: &Encoding| known.kind == kind && known.encoding == encoding;
        let at = self.encodings.iter().position(same).unwrap_or(self.encodings.len());
        if at == self.encodings.len() {
            self.encodings.push(Encoding { kind, encoding, tally: Tally::default() });
        }
        match self.encodings.get_mut(at) {
            Some(known) => &mut known.tally,
            // Not reached: it is there now.
            None => &mut self.lasting,
        }
    }

    /// Adds what another thread has counted.
    pub fn merge(&mut self, other: Stats) {
        self.file.merge(other.file);
        for more in &other.encodings {
            self.encoding(more.kind, more.encoding).add(&more.tally);
        }
        for (db, more) in &other.databases.by_number {
            self.databases.add(*db, more);
        }
        self.databases.other.add(&other.databases.other);
        self.biggest.merge(other.biggest);
        self.fullest.merge(other.fullest);
        self.prefixes.merge(&other.prefixes);
        self.ttl.merge(&other.ttl);
        self.lasting.add(&other.lasting);
        self.idle.merge(&other.idle);
        self.freq.merge(&other.freq);
        self.memory.merge(&other.memory);
        self.elements.merge(&other.elements);
        self.lengths.merge(&other.lengths);
        self.slots.merge(&other.slots);
        self.tags.merge(other.tags);
        for (id, more) in &other.modules.0 {
            if let Some(module) = self.modules.entry(*id) {
                module.keys.add(&more.keys);
                module.aux.add(more.aux);
            }
        }
        self.functions.count += other.functions.count;
        self.functions.bytes += other.functions.bytes;
    }

    /// Keys with an expiry that is past.
    pub fn expired(&self) -> Tally {
        self.ttl.counts.first().copied().unwrap_or_default()
    }

    /// All keys.
    pub fn total(&self) -> Tally {
        let mut total = Tally::default();
        self.encodings.iter().for_each(|encoding| total.add(&encoding.tally));
        total
    }

    /// By type, in the order of [`Kind::ALL`], without those that have no keys.
    pub fn kinds(&self) -> Vec<(Kind, Tally)> {
        let of = |kind: Kind| {
            let mut sum = Tally::default();
            let same = self.encodings.iter().filter(|encoding| encoding.kind == kind);
            same.for_each(|encoding| sum.add(&encoding.tally));
            (kind, sum)
        };
        Kind::ALL.into_iter().map(of).filter(|(_, tally)| tally.keys > 0).collect()
    }
}
