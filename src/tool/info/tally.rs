//! What is counted.

use crate::rdb::module::ModuleId;
use crate::rdb::{Dialect, Header, Kind, ValueType};
use std::collections::BTreeMap;
use std::ops::AddAssign;

/// Things of one sort that are told one by one, at most.
pub(super) const LISTED_MAX: usize = 4096;

/// Databases and modules that are counted one by one, at most: a few megabytes per thread.
pub(super) const COUNTED_MAX: usize = 1 << 16;

/// Bytes of an AUX value that are kept.
pub(super) const AUX_VALUE_BYTES_MAX: usize = 4096;

/// How many, and how many bytes of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Volume {
    /// How many.
    pub count: u64,
    /// Bytes they take in the file.
    pub bytes: u64,
}

impl Volume {
    /// Counts one more.
    #[inline(always)]
    pub fn add(&mut self, bytes: u64) {
        self.count += 1;
        self.bytes += bytes;
    }
}

impl AddAssign for Volume {
    fn add_assign(&mut self, other: Volume) {
        self.count += other.count;
        self.bytes += other.bytes;
    }
}

/// What bytes of a file are for, apart from values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Magic and version.
    Header,
    /// AUX fields.
    Aux,
    /// Function libraries.
    Functions,
    /// Data of modules outside of keys.
    ModuleAux,
    /// Changes of database and size hints.
    Databases,
    /// Cluster slots and their imports.
    Slots,
    /// Hash templates.
    Templates,
    /// Names of keys.
    Keys,
    /// Expiry, idle time, frequency and metadata of keys.
    Attributes,
    /// The end marker and the checksum.
    End,
}

impl Part {
    /// The name in every output.
    pub fn name(self) -> &'static str {
        match self {
            Part::Header => "header",
            Part::Aux => "aux",
            Part::Functions => "functions",
            Part::ModuleAux => "module-aux",
            Part::Databases => "databases",
            Part::Slots => "slots",
            Part::Templates => "hash-templates",
            Part::Keys => "key-names",
            Part::Attributes => "attributes",
            Part::End => "end",
        }
    }
}

/// A database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Database {
    /// Keys in it.
    pub keys: u64,
    /// Keys in it with an expiry.
    pub expires: u64,
    /// The keys and expiries that the file announces, if it does.
    pub hint: Option<(u64, u64)>,
}

/// Expiries, in unix milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Expiries {
    /// Keys with an expiry.
    pub count: u64,
    /// Those that are past.
    pub past: u64,
    /// The soonest of all, past or not.
    pub first_ms: Option<i64>,
    /// The soonest that is not past.
    pub soonest_ms: Option<i64>,
    /// The latest.
    pub latest_ms: Option<i64>,
}

fn least(a: Option<i64>, b: Option<i64>) -> Option<i64> {
    a.into_iter().chain(b).min()
}

impl Expiries {
    /// Counts one more.
    pub fn add(&mut self, at_ms: i64, now_ms: i64) {
        let (is_past, at_ms) = (at_ms <= now_ms, Some(at_ms));
        self.merge(Expiries {
            count: 1,
            past: u64::from(is_past),
            first_ms: at_ms,
            soonest_ms: at_ms.filter(|_| !is_past),
            latest_ms: at_ms,
        });
    }

    /// Adds those of other keys.
    pub fn merge(&mut self, other: Expiries) {
        self.count += other.count;
        self.past += other.past;
        self.first_ms = least(self.first_ms, other.first_ms);
        self.soonest_ms = least(self.soonest_ms, other.soonest_ms);
        self.latest_ms = self.latest_ms.max(other.latest_ms);
    }
}

/// A named value about the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuxField {
    /// Where it stands in the (decompressed) input.
    pub offset: u64,
    /// Its name.
    pub name: Vec<u8>,
    /// Its value; only the start if it is very long.
    pub value: Vec<u8>,
}

/// A library of functions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Library {
    /// Where it stands in the (decompressed) input.
    pub offset: u64,
    /// The first line, which names engine and library.
    pub first_line: Vec<u8>,
    /// Size of its source in bytes.
    pub code_bytes: u64,
}

/// What a module type has in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Module {
    /// Keys of the type.
    pub values: Volume,
    /// Data outside of keys.
    pub aux: Volume,
}

/// Hash templates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Templates {
    /// How many are defined.
    pub count: u64,
    /// Field names in them.
    pub fields: u64,
}

/// What the file says of cluster slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SlotSums {
    /// Slots announced.
    pub announced: u64,
    /// Keys announced in them.
    pub keys: u64,
    /// Expiries announced in them.
    pub expires: u64,
    /// Lowest slot announced.
    pub lowest: Option<u64>,
    /// Highest slot announced.
    pub highest: Option<u64>,
    /// Running imports.
    pub imports: u64,
}

impl SlotSums {
    /// Counts an announcement.
    pub fn add(&mut self, slot: u64, keys: u64, expires: u64) {
        self.announced += 1;
        self.keys = self.keys.saturating_add(keys);
        self.expires = self.expires.saturating_add(expires);
        self.lowest = Some(self.lowest.map_or(slot, |lowest| lowest.min(slot)));
        self.highest = self.highest.max(Some(slot));
    }
}

/// Type bytes below 64; all known ones are.
pub(super) const CODES: usize = 64;

/// Everything that is counted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tally {
    /// Dialect and version, if the header was read.
    pub header: Option<Header>,
    /// Values by type byte and encoding, with their type bytes.
    pub(super) values: BTreeMap<(u8, &'static str), Volume>,
    /// Everything else.
    pub parts: BTreeMap<Part, Volume>,
    /// Databases by number.
    pub databases: BTreeMap<u64, Database>,
    /// Expiries of keys.
    pub expiries: Expiries,
    /// Keys with an idle time.
    pub idle: u64,
    /// Keys with an access frequency.
    pub freq: u64,
    /// AUX fields in the order of the file, except those that announce slots.
    pub aux: Vec<AuxField>,
    /// Function libraries in the order of the file.
    pub libraries: Vec<Library>,
    /// Modules.
    pub modules: BTreeMap<ModuleId, Module>,
    /// Hash templates.
    pub templates: Templates,
    /// Cluster slots.
    pub slots: SlotSums,
    /// Keys of databases beyond those that are counted one by one.
    pub(super) keys_elsewhere: u64,
    /// Records of modules beyond those that are counted one by one.
    pub(super) module_records_elsewhere: u64,
}

/// What a report does not list one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LeftOff {
    /// AUX fields.
    pub aux: u64,
    /// Databases, at least.
    pub databases: u64,
    /// Keys in them.
    pub database_keys: u64,
    /// Function libraries.
    pub libraries: u64,
    /// Module types, at least.
    pub modules: u64,
    /// Values and AUX records of them.
    pub module_records: u64,
}

impl Tally {
    /// What is beyond the first `LISTED_MAX` of each sort.
    pub fn left_off(&self) -> LeftOff {
        let records = |part| self.parts.get(&part).map_or(0, |volume| volume.count);
        let beyond = |listed: usize, all: u64| all.saturating_sub(listed as u64);
        let databases = self.databases.values().skip(LISTED_MAX);
        let modules = self.modules.values().skip(LISTED_MAX);
        let of_module = |module: &Module| module.values.count + module.aux.count;
        LeftOff {
            aux: beyond(self.aux.len(), records(Part::Aux)),
            databases: databases.clone().count() as u64 + u64::from(self.keys_elsewhere > 0),
            database_keys: databases.map(|db| db.keys).sum::<u64>() + self.keys_elsewhere,
            libraries: beyond(self.libraries.len(), records(Part::Functions)),
            modules: modules.clone().count() as u64 + u64::from(self.module_records_elsewhere > 0),
            module_records: modules.map(of_module).sum::<u64>() + self.module_records_elsewhere,
        }
    }

    /// Number of keys.
    pub fn keys(&self) -> u64 {
        self.values.values().map(|volume| volume.count).sum()
    }

    /// Bytes of the data that was read.
    pub fn bytes(&self) -> u64 {
        self.values.values().chain(self.parts.values()).map(|volume| volume.bytes).sum()
    }

    /// Values by kind and encoding.
    pub fn types(&self) -> BTreeMap<(Kind, &'static str), Volume> {
        let dialect = self.header.map_or(Dialect::Redis, |header| header.dialect);
        let mut types = BTreeMap::<_, Volume>::new();
        for ((code, encoding), volume) in &self.values {
            if let Some(ty) = ValueType::find(dialect, *code) {
                *types.entry((ty.kind, *encoding)).or_default() += *volume;
            }
        }
        types
    }

    /// Values by kind.
    pub fn kinds(&self) -> BTreeMap<Kind, Volume> {
        let mut kinds = BTreeMap::<_, Volume>::new();
        for ((kind, _), volume) in self.types() {
            *kinds.entry(kind).or_default() += volume;
        }
        kinds
    }

    /// The value of an AUX field.
    pub fn aux_value(&self, name: &[u8]) -> Option<&[u8]> {
        let field = self.aux.iter().find(|field| field.name.eq_ignore_ascii_case(name));
        field.map(|field| field.value.as_slice())
    }
}
