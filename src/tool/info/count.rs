//! Counts the records that a pass goes over.

use super::tally::{
    AUX_VALUE_BYTES_MAX, AuxField, CODES, COUNTED_MAX, Database, Expiries, LISTED_MAX, Library,
    Part, Tally, Volume,
};
use crate::feed::Visitor;
use crate::rdb::event::Elem;
use crate::rdb::module::ModuleId;
use crate::rdb::parser::{SLOT_INFO_AUX, StringEncoding};
use crate::rdb::{
    Dialect, Entry, Error, Kind, PassedKey, Record, Scratch, SlotSizes, ValueType, Visit,
};
use std::hint::select_unpredictable;
use std::ops::Range;

/// What is counted of keys of the plainest form, as fast as can be.
struct Plain {
    blobs: [Volume; CODES],
    /// In the order of [`StringEncoding::ALL`].
    strings: [Volume; 3],
    keys: Volume,
    attributes: Volume,
    past: u64,
    /// The greatest possible if there is none.
    first_ms: i64,
    /// The greatest possible if there is none.
    soonest_ms: i64,
    /// The least possible if there is none.
    latest_ms: i64,
}

impl Plain {
    fn new() -> Plain {
        Plain {
            blobs: [Volume::default(); CODES],
            strings: [Volume::default(); 3],
            keys: Volume::default(),
            attributes: Volume::default(),
            past: 0,
            first_ms: i64::MAX,
            soonest_ms: i64::MAX,
            latest_ms: i64::MIN,
        }
    }

    /// Counts a key, with as little as can be that depends on what key it is.
    #[inline(always)]
    fn add(&mut self, key: &PassedKey<'_>, now_ms: i64) {
        let (value, attribute_bytes) = (key.value(), key.attribute_bytes());
        // With its type byte.
        let value_bytes = value.len() as u64 + 1;
        if key.code() == 0 {
            let encoding = StringEncoding::of(value) as usize;
            if let Some(volume) = self.strings.get_mut(encoding) {
                volume.add(value_bytes);
            }
        } else if let Some(volume) = self.blobs.get_mut(usize::from(key.code())) {
            volume.add(value_bytes);
        }
        self.keys.add(key.record_bytes() as u64 - attribute_bytes as u64 - value_bytes);
        let expires = attribute_bytes > 0;
        self.attributes.count += u64::from(expires);
        self.attributes.bytes += attribute_bytes as u64;
        let (at_ms, none) = (key.expire_at_ms_or(i64::MAX), i64::MAX);
        let is_past = expires & (at_ms <= now_ms);
        self.past += u64::from(is_past);
        self.first_ms = self.first_ms.min(at_ms);
        self.soonest_ms = self.soonest_ms.min(select_unpredictable(is_past, none, at_ms));
        self.latest_ms = self.latest_ms.max(key.expire_at_ms_or(i64::MIN));
    }

    /// What is known of their expiries.
    fn expiries(&self) -> Expiries {
        let count = self.attributes.count;
        Expiries {
            count,
            past: self.past,
            first_ms: (count > 0).then_some(self.first_ms),
            soonest_ms: (count > self.past).then_some(self.soonest_ms),
            latest_ms: (count > 0).then_some(self.latest_ms),
        }
    }
}

/// Counts records.
pub(super) struct Counter {
    tally: Tally,
    /// Plain keys of the current database that are not in the tally yet.
    plain: Plain,
    db: u64,
    now_ms: i64,
    scratch: Scratch,
}

impl Counter {
    /// A counter that has seen nothing; `now_ms` decides which expiries are past.
    pub(super) fn new(now_ms: i64) -> Counter {
        let (tally, plain) = (Tally::default(), Plain::new());
        Counter { tally, plain, db: 0, now_ms, scratch: Scratch::default() }
    }

    /// What it has counted.
    pub(super) fn into_tally(mut self) -> Tally {
        self.settle();
        self.tally
    }

    fn part(&mut self, part: Part) -> &mut Volume {
        self.tally.parts.entry(part).or_default()
    }

    fn database(&mut self, number: u64) -> Option<&mut Database> {
        let databases = &mut self.tally.databases;
        let has_room = databases.len() < COUNTED_MAX || databases.contains_key(&number);
        has_room.then(|| databases.entry(number).or_default())
    }

    /// Adds what was counted of plain keys of the current database.
    fn settle(&mut self) {
        let plain = std::mem::replace(&mut self.plain, Plain::new());
        if plain.keys.count == 0 {
            return;
        }
        let strings = StringEncoding::ALL.iter().zip(plain.strings);
        for (encoding, volume) in strings.filter(|(_, volume)| volume.count > 0) {
            *self.tally.values.entry((0, encoding.name())).or_default() += volume;
        }
        let dialect = self.tally.header.map_or(Dialect::Redis, |header| header.dialect);
        for (code, volume) in (0u8..).zip(plain.blobs).filter(|(_, volume)| volume.count > 0) {
            let encoding = ValueType::find(dialect, code).map_or("unknown", |ty| ty.encoding);
            *self.tally.values.entry((code, encoding)).or_default() += volume;
        }
        *self.part(Part::Keys) += plain.keys;
        if plain.attributes.count > 0 {
            *self.part(Part::Attributes) += plain.attributes;
        }
        self.tally.expiries.merge(plain.expiries());
        if let Some(database) = self.database(self.db) {
            database.keys += plain.keys.count;
            database.expires += plain.attributes.count;
        } else {
            self.tally.keys_elsewhere += plain.keys.count;
        }
    }

    fn entry(&mut self, entry: &Entry<'_>) {
        let value_bytes = entry.value.len() as u64 + 1;
        let attribute_bytes = entry.attribute_bytes as u64;
        let key = (entry.ty.code, entry.encoding());
        self.tally.values.entry(key).or_default().add(value_bytes);
        let record_bytes = entry.span.end - entry.span.start;
        self.part(Part::Keys).add(record_bytes.saturating_sub(attribute_bytes + value_bytes));
        if attribute_bytes > 0 {
            self.part(Part::Attributes).add(attribute_bytes);
        }
        let attributes = entry.attributes;
        if let Some(at_ms) = attributes.expire_at_ms {
            self.tally.expiries.add(at_ms, self.now_ms);
        }
        self.tally.idle += u64::from(attributes.idle_s.is_some());
        self.tally.freq += u64::from(attributes.freq.is_some());
        if let Some(database) = self.database(entry.db) {
            database.keys += 1;
            database.expires += u64::from(attributes.expire_at_ms.is_some());
        } else {
            self.tally.keys_elsewhere += 1;
        }
        if entry.ty.kind == Kind::Module {
            self.module_value(entry, value_bytes);
        }
    }

    fn module(&mut self, id: ModuleId) -> Option<&mut super::Module> {
        let modules = &mut self.tally.modules;
        let has_room = modules.len() < COUNTED_MAX || modules.contains_key(&id);
        has_room.then(|| modules.entry(id).or_default())
    }

    #[cold]
    fn module_value(&mut self, entry: &Entry<'_>, bytes: u64) {
        let mut first = FirstModule(None);
        // The walk is stopped at once, by an error that nobody sees.
        let _ = entry.visit(&mut self.scratch, &mut first);
        let Some(id) = first.0 else { return };
        match self.module(id) {
            Some(module) => module.values.add(bytes),
            None => self.tally.module_records_elsewhere += 1,
        }
    }

    /// Takes down a record that is no key; says what its bytes are for.
    fn other(&mut self, record: &Record<'_>, bytes: &Range<u64>) -> Part {
        match record {
            Record::Start(header) => self.tally.header = Some(*header),
            Record::Aux { name, value } => return self.aux(name, value, bytes.start),
            Record::Function(code) => self.library(code, bytes.start),
            Record::SelectDb(number) => {
                self.settle();
                self.db = *number;
                self.database(*number);
            }
            Record::ResizeDb { keys, expires } => {
                if let Some(database) = self.database(self.db) {
                    database.hint = Some((*keys, *expires));
                }
            }
            Record::SlotInfo { slot, keys, expires } => {
                self.tally.slots.add(*slot, *keys, *expires);
            }
            Record::SlotImport { .. } => self.tally.slots.imports += 1,
            Record::HashTemplate { fields, .. } => {
                self.tally.templates.count += 1;
                self.tally.templates.fields += fields.len() as u64;
            }
            Record::ModuleAux(aux) => match self.module(aux.module) {
                Some(module) => module.aux.add(bytes.end - bytes.start),
                None => self.tally.module_records_elsewhere += 1,
            },
            Record::Key(_) | Record::End(_) => {}
        }
        part_of(record)
    }

    fn aux(&mut self, name: &[u8], value: &[u8], offset: u64) -> Part {
        if name.eq_ignore_ascii_case(SLOT_INFO_AUX) {
            if let Some(sizes) = SlotSizes::parse(value) {
                self.tally.slots.add(sizes.slot, sizes.keys, sizes.expires);
            }
            return Part::Slots;
        }
        if self.tally.aux.len() < LISTED_MAX {
            let start = |text: &[u8]| text.iter().take(AUX_VALUE_BYTES_MAX).copied().collect();
            self.tally.aux.push(AuxField { offset, name: start(name), value: start(value) });
        }
        Part::Aux
    }

    fn library(&mut self, code: &[u8], offset: u64) {
        if self.tally.libraries.len() < LISTED_MAX {
            let line = code.split(|byte| *byte == b'\n').next().unwrap_or(&[]);
            let first_line = line.iter().take(AUX_VALUE_BYTES_MAX).copied().collect();
            let code_bytes = code.len() as u64;
            self.tally.libraries.push(Library { offset, first_line, code_bytes });
        }
    }
}

/// What a record's bytes are for.
fn part_of(record: &Record<'_>) -> Part {
    match record {
        Record::Start(_) => Part::Header,
        Record::Aux { .. } => Part::Aux,
        Record::Function(_) => Part::Functions,
        Record::ModuleAux(_) => Part::ModuleAux,
        Record::SelectDb(_) | Record::ResizeDb { .. } => Part::Databases,
        Record::SlotInfo { .. } | Record::SlotImport { .. } => Part::Slots,
        Record::HashTemplate { .. } => Part::Templates,
        Record::Key(_) => Part::Keys,
        Record::End(_) => Part::End,
    }
}

/// Takes the type of a module value and stops.
struct FirstModule(Option<ModuleId>);

impl Visit for FirstModule {
    type Error = Stopped;

    fn elem(&mut self, elem: &Elem<'_>) -> Result<(), Stopped> {
        if let Elem::Module(id) = elem {
            self.0 = Some(*id);
        }
        Err(Stopped)
    }
}

/// Nothing more is wanted.
struct Stopped;

impl From<Error> for Stopped {
    fn from(_: Error) -> Stopped {
        Stopped
    }
}

impl Visitor for Counter {
    #[inline(always)]
    fn key(&mut self, key: &PassedKey<'_>) {
        self.plain.add(key, self.now_ms);
    }

    fn record(&mut self, record: &Record<'_>, bytes: Range<u64>) {
        if let Record::Key(entry) = record {
            return self.entry(entry);
        }
        let part = self.other(record, &bytes);
        self.part(part).add(bytes.end - bytes.start);
    }
}
