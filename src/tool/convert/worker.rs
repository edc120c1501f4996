//! Turns the records of one RDB input into frames.

use super::merge::Losers;
use super::parts::Framer;
use super::{Job, LossReport, OnLoss, Options, Split};
use crate::base::slot::key_slot;
use crate::feed::batch::Records;
use crate::feed::filter::KeyFacts;
use crate::feed::parallel::Stop;
use crate::feed::{Batch, Turn, Worker};
use crate::rdb::encode::{self, Encoded, Encoder, Hint, Loss, Losses, Strings, Target};
use crate::rdb::parser::{ModuleAux, opcode};
use crate::rdb::string::{write_len, write_raw};
use crate::rdb::{
    Attributes, Context, Dialect, Elem, Entry, Error, ErrorKind, Kind, Layout, PassedKey, Record,
    Scratch, ValueType, Visit,
};
use crate::tool::Problem;
use crate::tool::ttl::ShiftBy;
use std::borrow::Cow;
use std::io;
use std::ops::Range;

type Halt = Stop<anyhow::Error>;

/// What a worker has done.
#[derive(Default)]
pub(super) struct Done {
    pub(super) keys: u64,
    pub(super) skipped: u64,
    pub(super) copied: u64,
    pub(super) functions: u64,
    pub(super) losses: LossReport,
}

/// Converts batches.
pub(super) struct ConvertWorker<'j> {
    job: Job<'j>,
    encoder: Encoder,
    strings: Strings,
    scratch: Scratch,
    losses: Losses,
    pub(super) done: Done,
}

/// The part a key goes to.
pub(super) fn part_of(split: &Split, db: u64, key: &[u8]) -> Option<u32> {
    match split {
        Split::None | Split::Size(_) => Some(0),
        Split::Db => u32::try_from(db).ok(),
        Split::Slots(nodes) => {
            let slot = u64::from(key_slot(key));
            let found = nodes
                .iter()
                .position(|(_, ranges)| ranges.iter().any(|range| range.contains(slot)));
            found.and_then(|i| u32::try_from(i).ok())
        }
    }
}

/// Decides about a key's or record's losses: whether it is written. Counts them.
pub(super) fn judge(
    losses: &Losses,
    on_loss: OnLoss,
    target: Target,
    name: &[u8],
    report: &mut LossReport,
) -> Result<bool, Problem> {
    let mut keep = true;
    for loss in losses.iter() {
        report.add(loss, name);
        if !loss.is_data() {
            continue;
        }
        match on_loss {
            OnLoss::Fail => {
                return Err(Problem::Refused {
                    message: format!(
                        "key \"{}\": {} cannot hold {loss}",
                        name.escape_ascii(),
                        target.header
                    ),
                    hint: "--dry-run lists all losses; --on-loss drop or rewrite goes on".into(),
                });
            }
            OnLoss::Drop => keep = false,
            OnLoss::Rewrite => keep &= !loss.is_whole(),
        }
    }
    Ok(keep)
}

/// Feeds elements to an encoder, their expiries moved.
struct Feed<'f> {
    encoder: &'f mut Encoder,
    shift: ShiftBy,
}

impl Visit for Feed<'_> {
    type Error = Halt;

    #[inline]
    fn elem(&mut self, elem: &Elem<'_>) -> Result<(), Halt> {
        Ok(match elem {
            Elem::Field { field, value, expire_at_ms: Some(ms) } => {
                let expire_at_ms = self.shift.apply(Some(*ms));
                self.encoder.elem(&Elem::Field { field: *field, value: *value, expire_at_ms })
            }
            other => self.encoder.elem(other),
        }?)
    }

    /// Servers drop keys without elements; they become nothing here, too.
    fn damage(&mut self, error: Error) -> Result<(), Halt> {
        match error.kind() {
            ErrorKind::Empty => Ok(()),
            _ => Err(error.into()),
        }
    }
}

fn has_field_expiries(layout: Layout) -> bool {
    matches!(
        layout,
        Layout::FieldsFromMin
            | Layout::FieldsPreGa
            | Layout::FieldsValkey
            | Layout::Triples
            | Layout::TriplesFromMin
    )
}

/// Stretches of the input on their way to a frame; neighbours become one.
struct Runs<'r, 'g> {
    bytes: &'r [u8],
    /// What is copied next.
    run: Range<usize>,
    frame: Framer<'r, Turn<'g>>,
}

impl Runs<'_, '_> {
    #[inline(always)]
    fn add(&mut self, range: Range<usize>) -> io::Result<()> {
        if self.run.end != range.start {
            self.copy()?;
            self.run.start = range.start;
        }
        self.run.end = range.end;
        Ok(())
    }

    fn copy(&mut self) -> io::Result<()> {
        self.frame.write(self.bytes.get(self.run.clone()).unwrap_or(&[]))
    }

    fn finish(mut self) -> io::Result<()> {
        self.copy()?;
        self.frame.close();
        Ok(())
    }
}

impl<'j> ConvertWorker<'j> {
    pub(super) fn new(job: Job<'j>) -> Self {
        ConvertWorker {
            encoder: Encoder::new(job.target, job.options.compress),
            strings: Strings::new(job.options.compress),
            scratch: Scratch::default(),
            losses: Losses::default(),
            done: Done::default(),
            job,
        }
    }

    fn options(&self) -> &'j Options {
        self.job.options
    }

    /// Whether the value's bytes mean to the target what they mean here.
    fn copies(&mut self, entry: &Entry<'_>, shift: ShiftBy) -> Result<bool, Error> {
        let ty = entry.ty;
        if !ty.is_known_to(self.job.target.header) {
            return Ok(false);
        }
        if !shift.is_identity() && has_field_expiries(ty.layout) {
            return Ok(false);
        }
        let refers = matches!(
            ty.layout,
            Layout::TemplateListpack { own: false } | Layout::TemplateStrings { own: false }
        );
        if refers && self.job.several {
            return Ok(false);
        }
        Ok(entry.header == self.job.target.header
            || !entry.has_ambiguous_listpack(&mut self.scratch)?)
    }

    fn key(&mut self, entry: &Entry<'_>, shift: ShiftBy, turn: &mut Turn<'_>) -> Result<(), Halt> {
        let options = self.options();
        let lost = self.job.losers.is_some_and(|losers| losers.contains(entry.span.start));
        if lost || !options.filter.accepts(entry, &mut self.scratch)? {
            self.done.skipped += 1;
            return Ok(());
        }
        let key = options.transform.key(entry.key()?);
        let db = options.transform.db(entry.db);
        let Some(part) = part_of(&options.split, db, &key) else {
            let message = format!(
                "key \"{}\": slot {} belongs to no output",
                key.escape_ascii(),
                key_slot(&key)
            );
            return Err(Stop::Error(Problem::Usage(message).into()));
        };
        self.losses.clear();
        let target = self.job.target;
        let attributes = Attributes {
            expire_at_ms: shift.apply(entry.attributes.expire_at_ms),
            ..entry.attributes
        };
        let copied = self.copies(entry, shift)?;
        let type_byte = if copied { Some(entry.ty.code) } else { self.encode(entry, shift)? };
        if !copied {
            for loss in self.encoder.losses.iter() {
                self.losses.add(loss);
            }
        }
        let mut head = Vec::new();
        if let Some(type_byte) = type_byte {
            encode::write_head(
                &mut head,
                target,
                &attributes,
                entry.key_meta,
                type_byte,
                &key,
                &mut self.losses,
            );
        }
        let keep = judge(&self.losses, options.on_loss, target, &key, &mut self.done.losses)
            .map_err(|e| Stop::Error(e.into()))?;
        if !keep || type_byte.is_none() {
            self.done.skipped += 1;
            return Ok(());
        }
        self.done.keys += 1;
        self.done.copied += u64::from(copied);
        let mut frame = Framer::key(turn, part, db);
        frame.buf().extend_from_slice(&head);
        if copied {
            frame.write(entry.value)?;
        } else {
            self.encoder.each(|piece| frame.write(piece))?;
        }
        frame.close();
        Ok(turn.spill()?)
    }

    /// Whether keys that pass the filter go to the target as they stand, and the part they go to.
    fn copies_runs(&self, db: u64, shift: ShiftBy) -> Option<u32> {
        let options = self.options();
        let is_untouched = options.transform.renames.is_empty()
            && shift.is_identity()
            && self.job.target.has(3)
            && self.job.losers.is_none_or(Losers::is_empty);
        let part = match &options.split {
            Split::None => Some(0),
            Split::Db => u32::try_from(options.transform.db(db)).ok(),
            Split::Size(_) | Split::Slots(_) => None,
        };
        part.filter(|_| is_untouched)
    }

    /// Copies plain keys as they stand, neighbours in one go, until one comes that needs a closer
    /// look.
    fn plain_keys(
        &mut self,
        records: &mut Records<'_>,
        shift: ShiftBy,
        turn: &mut Turn<'_>,
    ) -> io::Result<()> {
        let Some(Context { header, db, .. }) = records.context() else { return Ok(()) };
        let (header, db) = (*header, *db);
        let Some(part) = self.copies_runs(db, shift) else { return Ok(()) };
        let (target, filter) = (self.job.target.header, &self.options().filter);
        let copies = |code| {
            let ty = ValueType::find(header.dialect, code)?;
            let means_the_same = header == target || ty.layout == Layout::Str;
            (means_the_same && ty.is_known_to(target)).then_some(ty.kind)
        };
        let passes = |key: &PassedKey<'_>| {
            let kind = copies(key.code())?;
            let name = key.name()?;
            let expire_at_ms = key.expire_at_ms();
            filter.decide(&KeyFacts {
                db,
                kind,
                attributes: Attributes { expire_at_ms, ..Attributes::default() },
                key: name,
                slot: None,
                value_bytes: key.value().len() as u64,
            })
        };
        let mut runs = Runs {
            bytes: records.rest(),
            run: 0..0,
            frame: Framer::keys(turn, part, self.options().transform.db(db)),
        };
        let (mut copied, mut skipped, mut done) = (0, 0, Ok(()));
        records.take_keys(|key| match passes(key) {
            Some(true) => {
                copied += 1;
                done = runs.add(key.range());
                done.is_ok()
            }
            Some(false) => {
                skipped += 1;
                true
            }
            None => false,
        });
        done?;
        runs.finish()?;
        self.done.keys += copied;
        self.done.copied += copied;
        self.done.skipped += skipped;
        turn.spill()
    }

    /// Encodes a value anew; gives its type byte, if anything is left of it.
    fn encode(&mut self, entry: &Entry<'_>, shift: ShiftBy) -> Result<Option<u8>, Halt> {
        if entry.ty.kind == Kind::Module {
            self.encoder.begin(Kind::Module, Hint::Auto);
            self.encoder.losses.add(Loss::Module);
            return Ok(None);
        }
        let hint = match entry.ty.layout {
            _ if entry.has_ambiguous_listpack(&mut self.scratch)? => Hint::Plain,
            Layout::TemplateListpack { .. } => Hint::Packed,
            Layout::TemplateStrings { .. } => Hint::Auto,
            _ => Hint::of_encoding(entry.ty.encoding),
        };
        // What was plain may be packed by the target's own limits.
        let packed = matches!(hint, Hint::Packed | Hint::Intset);
        let hint = if packed { Hint::Auto } else { hint };
        self.encoder.begin(entry.ty.kind, hint);
        entry.visit(&mut self.scratch, &mut Feed { encoder: &mut self.encoder, shift })?;
        Ok(match self.encoder.finish()? {
            Encoded::Type(type_byte) => Some(type_byte),
            Encoded::Empty | Encoded::Nothing => None,
        })
    }

    /// Counts a loss outside of keys; whether what is lost may be left out.
    fn lose(&mut self, loss: Loss, name: &[u8]) -> Result<(), Halt> {
        self.losses.clear();
        self.losses.add(loss);
        judge(&self.losses, self.job.options.on_loss, self.job.target, name, &mut self.done.losses)
            .map_err(|e| Stop::Error(e.into()))?;
        Ok(())
    }

    fn function(&mut self, code: &[u8], turn: &mut Turn<'_>) -> Result<(), Halt> {
        if !self.options().filter.accepts_functions() {
            return Ok(());
        }
        if !self.job.target.has(10) {
            return self.lose(Loss::Function, code.split(|b| *b == b'\n').next().unwrap_or(code));
        }
        let mut frame = Framer::distinct(turn);
        encode::write_function(frame.buf(), &mut self.strings, code);
        frame.close();
        self.done.functions += 1;
        Ok(())
    }

    fn aux(&mut self, name: &[u8], value: &[u8], turn: &mut Turn<'_>) {
        if !self.job.first || !keeps_aux(name) {
            return;
        }
        let name = match (self.job.target.header.dialect, name) {
            // Whose file it is now; the version that wrote the data stays.
            (Dialect::Valkey, b"redis-ver") => b"valkey-ver",
            _ => name,
        };
        let mut frame = Framer::global(turn);
        encode::write_aux(frame.buf(), self.job.target, name, value);
        frame.close();
    }

    fn module_aux(&mut self, aux: &ModuleAux<'_>, turn: &mut Turn<'_>) -> Result<(), Halt> {
        if !self.job.target.has(9) {
            return self.lose(Loss::ModuleAux, aux.module.name().as_bytes());
        }
        let mut frame = Framer::distinct(turn);
        let buf = frame.buf();
        buf.push(opcode::MODULE_AUX);
        write_len(buf, aux.module.0);
        write_len(buf, 2);
        write_len(buf, aux.when);
        buf.extend_from_slice(aux.items);
        frame.close();
        Ok(())
    }

    fn template(&mut self, id: u64, fields: &[Vec<u8>], turn: &mut Turn<'_>) {
        if !self.job.target.has(15) || self.job.several {
            return;
        }
        let mut frame = Framer::global(turn);
        let buf = frame.buf();
        buf.push(opcode::HASH_TEMPLATE);
        write_len(buf, id);
        write_len(buf, fields.len() as u64);
        for field in fields {
            write_raw(buf, field);
        }
        frame.close();
    }

    fn slot_import(
        &mut self,
        job: &[u8],
        ranges: &[(u64, u64)],
        turn: &mut Turn<'_>,
    ) -> Result<(), Halt> {
        if !self.job.target.has_valkey_field_expiry() {
            return self.lose(Loss::SlotImport, job);
        }
        let mut frame = Framer::global(turn);
        let buf = frame.buf();
        buf.push(opcode::SLOT_IMPORT);
        write_raw(buf, job);
        write_len(buf, ranges.len() as u64);
        for (first, last) in ranges {
            write_len(buf, *first);
            write_len(buf, *last);
        }
        frame.close();
        Ok(())
    }
}

/// Whether an AUX field says something that stays true of a changed file.
fn keeps_aux(name: &[u8]) -> bool {
    matches!(
        name,
        b"redis-ver" | b"valkey-ver" | b"redis-bits" | b"ctime" | b"used-mem" | b"aof-base"
    ) || name.first() == Some(&b'%')
}

impl Worker for ConvertWorker<'_> {
    type Error = anyhow::Error;

    fn batch(&mut self, batch: &Batch<'_>, turn: &mut Turn<'_>) -> Result<(), Halt> {
        let ttl = self.options().transform.ttl;
        let mut shift = ttl.for_file(batch.context.as_ref().and_then(|c| c.written_at_s));
        let mut records = batch.records();
        loop {
            self.plain_keys(&mut records, shift, turn)?;
            let Some(record) = records.next()? else { break };
            match record {
                Record::Key(entry) => self.key(&entry, shift, turn)?,
                Record::Aux { name, value } => {
                    if name.eq_ignore_ascii_case(b"ctime") {
                        shift = ttl.for_file(crate::base::num::parse_canonical_i64(&value));
                    }
                    self.aux(&name, &value, turn);
                }
                Record::Function(code) => self.function(&code, turn)?,
                Record::ModuleAux(aux) => self.module_aux(&aux, turn)?,
                Record::HashTemplate { id, fields } => self.template(id, &fields, turn),
                Record::SlotImport { job, ranges } => {
                    let job: Cow<'_, [u8]> = job;
                    self.slot_import(&job, &ranges, turn)?;
                }
                // Hints on sizes are no longer true; the rest belongs to the file's own shape.
                Record::Start(_)
                | Record::SelectDb(_)
                | Record::ResizeDb { .. }
                | Record::SlotInfo { .. }
                | Record::End(_) => {}
            }
        }
        Ok(())
    }
}
