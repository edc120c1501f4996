//! One thread's part of the work: checks batches and merges what it found in the order of the
//! file.

use super::damage::rule_of;
use super::file::FileState;
use super::finding::{Finding, Findings};
use super::identity::Seeds;
use super::marks::Marks;
use super::members::Members;
use super::records;
use super::repeats::{Feed, Hashes};
use super::rules::Id;
use super::value::{self, Lent};
use crate::base::slot::key_slot;
use crate::feed::Batch;
use crate::feed::batch::Records;
use crate::feed::parallel::{Stop, Turn, Worker};
use crate::rdb::parser::SLOT_INFO_AUX;
use crate::rdb::{Entry, Header, PassedKey, Record, Scratch, SlotSizes};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::sync::{Mutex, PoisonError};

/// Last millisecond of the year 9999.
const YEAR_9999_MS: i64 = 253_402_300_799_999;

/// Marks kept before they are merged.
const MARKS_MAX: usize = 4096;

/// Findings kept before they are merged.
const FINDINGS_MAX: usize = 1024;

/// Findings of a batch that may wait for those in front of it.
const WAITING_FINDINGS_MAX: usize = 16;

/// What batches say that are checked before one in front of them is.
#[derive(Default)]
pub(super) struct Early {
    /// The batch to be merged next.
    next: u64,
    waiting: BTreeMap<u64, (Marks, Findings)>,
}

/// What all threads share.
pub(super) struct Shared {
    pub(super) early: Mutex<Early>,
    pub(super) seeds: Seeds,
    pub(super) state: Mutex<FileState>,
    pub(super) keys: Hashes,
    pub(super) header: Mutex<Option<Header>>,
}

impl Shared {
    /// Merges what a stretch of the file says. Stretches come in the order of the file.
    pub(super) fn merge(&self, marks: &mut Marks, findings: &mut Findings) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.merge(marks, findings);
    }

    /// Merges the last that the batch of this number says, once all before it are merged.
    fn merge_batch(&self, seq: u64, mut marks: Marks, mut findings: Findings) {
        let mut early = self.early.lock().unwrap_or_else(PoisonError::into_inner);
        if seq != early.next {
            early.waiting.insert(seq, (marks, findings));
            return;
        }
        loop {
            self.merge(&mut marks, &mut findings);
            early.next += 1;
            let next = early.next;
            let Some(waiting) = early.waiting.remove(&next) else { break };
            (marks, findings) = waiting;
        }
    }

    /// The file's header, once its record was read.
    pub(super) fn set_header(&self, header: Header) {
        *self.header.lock().unwrap_or_else(PoisonError::into_inner) = Some(header);
    }
}

/// The hash that stands for a key of a database.
pub(super) fn key_hash(seeds: &Seeds, db: u64, key: &[u8]) -> u64 {
    seeds.first(db, key)
}

/// The full check.
pub(super) struct Checker<'s> {
    shared: &'s Shared,
    scratch: Scratch,
    before: Vec<u8>,
    members: Members,
    keys: Feed,
    marks: Marks,
    findings: Findings,
    max_findings: usize,
    /// The slot whose keys follow.
    slot: Option<u64>,
}

impl<'s> Checker<'s> {
    /// A checker that keeps at most about this many bytes for the names of a value.
    pub(super) fn new(shared: &'s Shared, max_findings: usize, memory_bytes: usize) -> Self {
        let max_findings = max_findings.min(FINDINGS_MAX);
        Checker {
            shared,
            scratch: Scratch::default(),
            before: Vec::new(),
            members: Members::new(memory_bytes),
            keys: Feed::new(),
            marks: Marks::default(),
            findings: Findings::new(max_findings),
            max_findings,
            slot: None,
        }
    }

    /// Hands over what is left.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        self.keys.flush(&self.shared.keys)
    }

    /// Checks a key whose value is an uncompressed string, in which no damage can be; `false`, and
    /// nothing is done, if there is anything more to it.
    #[inline(always)]
    fn passed(&mut self, db: u64, key: &PassedKey<'_>) -> io::Result<bool> {
        let Some(name) = key.name() else { return Ok(false) };
        let expire_at_ms = key.expire_at_ms();
        let is_plain = key.is_plain_string()
            && expire_at_ms.is_none_or(|ms| (0..=YEAR_9999_MS).contains(&ms))
            && self.slot.is_none_or(|slot| u64::from(key_slot(name)) == slot);
        if is_plain {
            self.keys.push(key_hash(&self.shared.seeds, db, name), &self.shared.keys)?;
            self.marks.key(expire_at_ms.is_some());
        }
        Ok(is_plain)
    }

    /// Checks keys until one comes that needs more than [`Checker::passed`].
    fn plain_keys(&mut self, records: &mut Records<'_>) -> io::Result<()> {
        let db = records.context().map_or(0, |context| context.db);
        let mut done = Ok(true);
        records.take_keys(|key| {
            done = self.passed(db, key);
            matches!(done, Ok(true))
        });
        done.map(drop)
    }

    #[inline]
    fn entry(&mut self, entry: &Entry<'_>) -> io::Result<()> {
        match entry.key() {
            Ok(key) => self.key(entry, &key)?,
            Err(error) => {
                let from_error = |id| Finding::from_error(id, &error);
                self.findings.add(rule_of(&error), from_error);
            }
        }
        self.marks.key(entry.attributes.expire_at_ms.is_some());
        if let Some(ms) = entry.attributes.expire_at_ms {
            self.expiry(entry, ms);
        }
        if !entry.ty.is_known_to(entry.header) {
            self.newer(entry);
        }
        if entry.is_plain_string() {
            return Ok(());
        }
        let mut lent = Lent {
            seeds: &self.shared.seeds,
            members: &mut self.members,
            findings: &mut self.findings,
            before: &mut self.before,
        };
        if let Some(module) = value::check(entry, &mut self.scratch, &mut lent)? {
            self.marks.module(entry.span.start, module);
        }
        Ok(())
    }

    #[inline]
    fn key(&mut self, entry: &Entry<'_>, key: &[u8]) -> io::Result<()> {
        let hash = key_hash(&self.shared.seeds, entry.db, key);
        self.keys.push(hash, &self.shared.keys)?;
        if let Some(slot) = self.slot {
            let own = key_slot(key);
            if u64::from(own) != slot {
                self.found(Id::SlotKey, entry, || {
                    format!("the key of slot {own} stands among those of slot {slot}")
                });
            }
        }
        Ok(())
    }

    #[cold]
    fn found(&mut self, id: Id, entry: &Entry<'_>, message: impl FnOnce() -> String) {
        self.findings.add(id, |id| {
            let finding = Finding::new(id, message()).at(entry.span.start);
            let bytes = entry.span.end - entry.span.start;
            finding.long(bytes).in_key(entry.path())
        });
    }

    #[inline]
    fn expiry(&mut self, entry: &Entry<'_>, ms: i64) {
        if ms < 0 {
            self.found(Id::KeyExpiry, entry, || format!("the expiry {ms} is negative"));
        } else if ms > YEAR_9999_MS {
            self.found(Id::KeyExpiry, entry, || {
                format!("the expiry {ms} lies behind the year 9999")
            });
        }
    }

    #[cold]
    fn newer(&mut self, entry: &Entry<'_>) {
        let (ty, header) = (entry.ty, entry.header);
        self.found(Id::TypeVersion, entry, || {
            let (name, code, since) = (ty.name, ty.code, ty.since);
            format!("type {name} ({code}) is new in version {since}, the file is {header}")
        });
    }

    fn record(&mut self, record: &Record<'_>, header: Option<Header>, offset: u64) {
        match record {
            Record::Start(header) => self.shared.set_header(*header),
            Record::SelectDb(_) => self.slot = None,
            Record::SlotInfo { slot, .. } => self.slot = Some(*slot),
            Record::Aux { name, value } if name.eq_ignore_ascii_case(SLOT_INFO_AUX) => {
                self.slot = SlotSizes::parse(value).map(|sizes| sizes.slot);
            }
            _ => {}
        }
        if let Some(header) = header {
            records::check(record, header, offset, &mut self.marks, &mut self.findings);
        }
    }

    /// Merges before the batch ends; only batches full of marks or damage come here.
    #[cold]
    fn merge_early(&mut self, turn: &mut Turn<'_>) -> io::Result<()> {
        turn.flush()?;
        self.findings.sort();
        self.shared.merge(&mut self.marks, &mut self.findings);
        Ok(())
    }

    #[inline]
    fn is_full(&self) -> bool {
        self.marks.placed.len() >= MARKS_MAX || self.findings.kept.len() >= FINDINGS_MAX
    }
}

impl Worker for Checker<'_> {
    type Error = Infallible;

    fn batch(&mut self, batch: &Batch<'_>, turn: &mut Turn<'_>) -> Result<(), Stop<Infallible>> {
        self.slot = batch.context.as_ref().and_then(|context| context.slot);
        let mut header = batch.context.as_ref().map(|context| context.header);
        let mut records = batch.records();
        loop {
            self.plain_keys(&mut records)?;
            let offset = batch.offset + records.position() as u64;
            let Some(record) = records.next()? else { break };
            match &record {
                Record::Key(entry) => self.entry(entry)?,
                other => {
                    if let Record::Start(start) = other {
                        header = Some(*start);
                    }
                    self.record(other, header, offset);
                }
            }
            if self.is_full() {
                self.merge_early(turn)?;
            }
        }
        if records.ended_before_key() {
            let offset = batch.offset + records.position() as u64;
            self.findings.add(Id::KeyMissing, |id| {
                let message = "the data ends behind an expiry or access information of no key";
                Finding::new(id, message).at(offset)
            });
        }
        self.findings.sort();
        if self.findings.kept.len() > WAITING_FINDINGS_MAX {
            turn.flush()?;
        }
        let findings = std::mem::replace(&mut self.findings, Findings::new(self.max_findings));
        self.shared.merge_batch(batch.seq, std::mem::take(&mut self.marks), findings);
        Ok(())
    }
}

/// The quick check: the boundary pass does all of it.
pub(super) struct Passer<'s>(pub(super) &'s Shared);

impl Worker for Passer<'_> {
    type Error = Infallible;

    fn batch(&mut self, batch: &Batch<'_>, _: &mut Turn<'_>) -> Result<(), Stop<Infallible>> {
        if batch.context.is_none()
            && let Some(Record::Start(header)) = batch.records().next()?
        {
            self.0.set_header(header);
        }
        Ok(())
    }
}
