//! What must hold for the file as a whole: fed with marks in the order of the file.

use super::finding::{Finding, Findings};
use super::marks::{Mark, Marks, Tally};
use super::rules::Id;
use super::value::shorten;
use crate::rdb::module::ModuleId;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Databases, libraries and modules that are remembered. Honest files have fewer by far.
const REMEMBERED_MAX: usize = 1 << 14;

/// Highest database number with the servers' default setting.
const DB_DEFAULT_MAX: u64 = 15;

/// What a database announces and has.
#[derive(Default)]
struct Db {
    real: Tally,
    announced: Option<(u64, Tally)>,
    is_selected: bool,
}

/// A run of keys of one slot.
struct SlotRun {
    offset: u64,
    slot: u64,
    announced: Tally,
    real: Tally,
}

/// The state.
pub(super) struct FileState {
    pub(super) findings: Findings,
    /// Keys so far.
    pub(super) keys: u64,
    db: u64,
    dbs: BTreeMap<u64, Db>,
    slot: Option<SlotRun>,
    libraries: HashMap<Vec<u8>, u64>,
    modules: HashSet<ModuleId>,
}

impl FileState {
    /// At the file's start.
    pub(super) fn new(findings: Findings) -> FileState {
        FileState {
            findings,
            keys: 0,
            db: 0,
            dbs: BTreeMap::new(),
            slot: None,
            libraries: HashMap::new(),
            modules: HashSet::new(),
        }
    }

    /// Takes what a stretch says, and what was found in it.
    pub(super) fn merge(&mut self, marks: &mut Marks, findings: &mut Findings) {
        findings.drain_into(&mut self.findings);
        for placed in marks.placed.drain(..) {
            self.count(placed.before);
            self.mark(placed.offset, placed.mark);
        }
        self.count(std::mem::take(&mut marks.tally));
    }

    /// The current database, if it is among those remembered.
    fn current(&mut self) -> Option<&mut Db> {
        if self.dbs.len() >= REMEMBERED_MAX {
            return self.dbs.get_mut(&self.db);
        }
        Some(self.dbs.entry(self.db).or_default())
    }

    fn count(&mut self, tally: Tally) {
        if tally == Tally::default() {
            return;
        }
        self.keys += tally.keys;
        if let Some(slot) = &mut self.slot {
            slot.real.add(tally);
        }
        if let Some(db) = self.current() {
            db.real.add(tally);
        }
    }

    fn mark(&mut self, offset: u64, mark: Mark) {
        match mark {
            Mark::Db(db) => self.select(offset, db),
            Mark::Resize(announced) => self.resize(offset, announced),
            Mark::Slot(slot, announced) => {
                self.end_slot();
                self.slot = Some(SlotRun { offset, slot, announced, real: Tally::default() });
            }
            Mark::Library(name) => self.library(offset, name),
            Mark::Module(module) => self.module(offset, module),
            Mark::End => self.end(),
        }
    }

    fn select(&mut self, offset: u64, db: u64) {
        self.end_slot();
        self.db = db;
        if db > DB_DEFAULT_MAX {
            let message = format!("database {db} needs a server with more than 16 databases");
            let make = |id| Finding::new(id, message).at(offset);
            self.findings.add(Id::DbNumber, make);
        }
        let Some(current) = self.current() else {
            return;
        };
        let again = current.is_selected || current.real.keys > 0;
        current.is_selected = true;
        if again {
            let message = format!("database {db} is selected again");
            let make = |id| Finding::new(id, message).at(offset);
            self.findings.add(Id::SelectDbRepeated, make);
        }
    }

    fn resize(&mut self, offset: u64, announced: Tally) {
        let db = self.db;
        let Some(current) = self.current() else {
            return;
        };
        if current.announced.replace((offset, announced)).is_some() {
            let message = format!("database {db} has more than one RESIZEDB");
            let make = |id| Finding::new(id, message).at(offset);
            self.findings.add(Id::ResizeDbRepeated, make);
        }
    }

    fn end_slot(&mut self) {
        let Some(run) = self.slot.take() else { return };
        if run.announced != run.real {
            let message = format!(
                "slot {} announces {}, but {}",
                run.slot,
                keys(run.announced),
                real(run.real)
            );
            let make = |id| Finding::new(id, message).at(run.offset);
            self.findings.add(Id::SlotCount, make);
        }
    }

    fn library(&mut self, offset: u64, name: Vec<u8>) {
        if let Some(first) = self.libraries.get(&name) {
            let message = format!(
                "function library \"{}\" stands twice, first at offset {first}",
                shorten(&name)
            );
            let make = |id| Finding::new(id, message).at(offset);
            self.findings.add(Id::DuplicateFunction, make);
        } else if self.libraries.len() < REMEMBERED_MAX {
            self.libraries.insert(name, offset);
        }
    }

    fn module(&mut self, offset: u64, module: ModuleId) {
        if module == ModuleId::VECTOR_SET || self.modules.len() >= REMEMBERED_MAX {
            return;
        }
        if self.modules.insert(module) {
            let message = format!("the data of module type \"{}\" needs its module", module.name());
            let make = |id| Finding::new(id, message).at(offset);
            self.findings.add(Id::UnknownModule, make);
        }
    }

    fn end(&mut self) {
        self.end_slot();
        for (number, db) in std::mem::take(&mut self.dbs) {
            let Some((offset, announced)) = db.announced else {
                continue;
            };
            if announced != db.real {
                let message = format!(
                    "database {number} announces {}, but {}",
                    keys(announced),
                    real(db.real)
                );
                let make = |id| Finding::new(id, message).at(offset);
                self.findings.add(Id::ResizeDb, make);
            }
        }
    }
}

fn keys(tally: Tally) -> String {
    let plural = if tally.keys == 1 { "" } else { "s" };
    format!("{} key{plural}, {} with an expiry", tally.keys, tally.expires)
}

fn real(tally: Tally) -> String {
    let verb = if tally.keys == 1 { "stands" } else { "stand" };
    format!("{} {verb} there", keys(tally))
}
