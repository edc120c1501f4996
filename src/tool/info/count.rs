//! One thread's part of the work: counts batches.

use super::tally::{
    AUX_VALUE_BYTES_MAX, AuxField, CODES, COUNTED_MAX, Database, LISTED_MAX, Library, Part, Tally,
    Volume,
};
use crate::feed::Batch;
use crate::feed::parallel::{self, Stop, Turn};
use crate::rdb::event::Elem;
use crate::rdb::module::ModuleId;
use crate::rdb::parser::{SLOT_INFO_AUX, StringEncoding};
use crate::rdb::{
    Dialect, Entry, Error, Kind, PassedKey, Record, Scratch, SlotSizes, ValueType, Visit,
};
use std::convert::Infallible;

/// What is counted of keys of the plainest form, as fast as can be.
struct Plain {
    blobs: [Volume; CODES],
    /// In the order of [`StringEncoding::ALL`].
    strings: [Volume; 3],
    keys: Volume,
    attributes: Volume,
    expires: u64,
}

impl Plain {
    fn new() -> Plain {
        Plain {
            blobs: [Volume::default(); CODES],
            strings: [Volume::default(); 3],
            keys: Volume::default(),
            attributes: Volume::default(),
            expires: 0,
        }
    }

    #[inline(always)]
    fn add(&mut self, key: &PassedKey<'_>) {
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
        if attribute_bytes > 0 {
            self.attributes.add(attribute_bytes as u64);
            self.expires += 1;
        }
    }
}

/// Counts batches.
pub struct Worker {
    tally: Tally,
    now_ms: i64,
    scratch: Scratch,
}

impl Worker {
    /// A worker that has counted nothing; `now_ms` decides which expiries are past.
    pub fn new(now_ms: i64) -> Worker {
        Worker { tally: Tally::default(), now_ms, scratch: Scratch::default() }
    }

    /// What it has counted.
    pub fn into_tally(self) -> Tally {
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

    /// Adds what was counted of plain keys of a database.
    fn plain(&mut self, plain: &Plain, dialect: Dialect, db: u64) {
        if plain.keys.count == 0 {
            return;
        }
        let strings = StringEncoding::ALL.iter().zip(plain.strings);
        for (encoding, volume) in strings.filter(|(_, volume)| volume.count > 0) {
            *self.tally.values.entry((0, encoding.name())).or_default() += volume;
        }
        for (code, volume) in (0u8..).zip(plain.blobs).filter(|(_, volume)| volume.count > 0) {
            let encoding = ValueType::find(dialect, code).map_or("unknown", |ty| ty.encoding);
            *self.tally.values.entry((code, encoding)).or_default() += volume;
        }
        *self.part(Part::Keys) += plain.keys;
        *self.part(Part::Attributes) += plain.attributes;
        if let Some(database) = self.database(db) {
            database.keys += plain.keys.count;
            database.expires += plain.expires;
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

    /// Takes down a record that changes nothing for those behind it; says what its bytes are for.
    fn record(&mut self, record: &Record<'_>, db: u64, offset: u64) -> Part {
        match record {
            Record::Aux { name, value } => return self.aux(name, value, offset),
            Record::Function(code) => self.library(code, offset),
            Record::ResizeDb { keys, expires } => {
                if let Some(database) = self.database(db) {
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
            Record::Start(_)
            | Record::SelectDb(_)
            | Record::ModuleAux(_)
            | Record::Key(_)
            | Record::End(_) => {}
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

impl parallel::Worker for Worker {
    type Error = Infallible;

    fn batch(&mut self, batch: &Batch<'_>, _: &mut Turn<'_>) -> Result<(), Stop<Infallible>> {
        let mut dialect = batch.context.as_ref().map_or(Dialect::Redis, |c| c.header.dialect);
        let mut db = batch.context.as_ref().map_or(0, |context| context.db);
        let mut records = batch.records();
        let mut plain = Plain::new();
        loop {
            let (expiries, now_ms) = (&mut self.tally.expiries, self.now_ms);
            records.take_keys(|key| {
                plain.add(key);
                if let Some(at_ms) = key.expire_at_ms() {
                    expiries.add(at_ms, now_ms);
                }
                true
            });
            let start = records.position();
            let Some(record) = records.next()? else { break };
            let (part, module) = match &record {
                Record::Key(entry) => {
                    self.entry(entry);
                    continue;
                }
                Record::Start(header) => {
                    dialect = header.dialect;
                    self.tally.header = Some(*header);
                    (Part::Header, None)
                }
                Record::SelectDb(number) => {
                    self.plain(&std::mem::replace(&mut plain, Plain::new()), dialect, db);
                    db = *number;
                    self.database(db);
                    (Part::Databases, None)
                }
                Record::ModuleAux(aux) => (Part::ModuleAux, Some(aux.module)),
                other => (self.record(other, db, batch.offset + start as u64), None),
            };
            let bytes = (records.position() - start) as u64;
            self.part(part).add(bytes);
            let Some(id) = module else { continue };
            match self.module(id) {
                Some(module) => module.aux.add(bytes),
                None => self.tally.module_records_elsewhere += 1,
            }
        }
        self.plain(&plain, dialect, db);
        Ok(())
    }
}
