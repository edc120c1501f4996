//! Keys that come element by element, put into frames: the common end of all inputs that are not
//! RDB.

use super::parts::{Framer, Parts};
use super::worker::{judge, part_of};
use super::{ConvertError, Options, Summary};
use crate::feed::Failure;
use crate::rdb::encode::{self, Encoded, Encoder, Hint, Loss, Losses, Strings, Target};
use crate::rdb::{Attributes, Elem, Kind};
use crate::tool::Problem;
use crate::tool::out::{Direct, Out};
use crate::tool::ttl::ShiftBy;
use std::io;

/// Writes keys into the parts of a conversion.
pub(super) struct KeyWriter<'w> {
    out: Direct<&'w mut Parts>,
    pub(super) encoder: Encoder,
    strings: Strings,
    options: &'w Options,
    target: Target,
    losses: Losses,
    pub(super) summary: &'w mut Summary,
    shift: ShiftBy,
}

/// A value that is there as a whole.
pub(super) enum Whole<'v> {
    /// In the encoder.
    Encoded,
    /// A type byte and its bytes.
    Raw(u8, &'v [u8]),
}

impl<'w> KeyWriter<'w> {
    pub(super) fn new(
        parts: &'w mut Parts,
        target: Target,
        options: &'w Options,
        summary: &'w mut Summary,
    ) -> Self {
        KeyWriter {
            out: Direct::new(parts),
            encoder: Encoder::new(target, options.compress),
            strings: Strings::new(options.compress),
            options,
            target,
            losses: Losses::default(),
            summary,
            shift: options.transform.ttl.for_file(None),
        }
    }

    /// Begins a value.
    pub(super) fn begin(&mut self, kind: Kind, hint: Hint) {
        self.encoder.begin(kind, hint);
    }

    /// Takes an element of the value.
    pub(super) fn elem(&mut self, elem: &Elem<'_>) -> io::Result<()> {
        match elem {
            Elem::Field { field, value, expire_at_ms: Some(ms) } => {
                let expire_at_ms = self.shift.apply(Some(*ms));
                self.encoder.elem(&Elem::Field { field: *field, value: *value, expire_at_ms })
            }
            other => self.encoder.elem(other),
        }
    }

    /// Ends a key and writes it.
    pub(super) fn end(
        &mut self,
        db: u64,
        key: &[u8],
        attributes: Attributes,
        key_meta: Option<&[u8]>,
        whole: &Whole<'_>,
    ) -> Result<(), ConvertError> {
        let fail = |problem: Problem| Failure::Worker(problem.into());
        let transform = &self.options.transform;
        let key = transform.key(key.into());
        let db = transform.db(db);
        let part = part_of(&self.options.split, db, &key)
            .ok_or_else(|| fail(Problem::Usage("a key's slot belongs to no output".into())))?;
        self.losses.clear();
        let type_byte = match whole {
            Whole::Raw(type_byte, _) if self.target.has(8) => Some(*type_byte),
            Whole::Raw(..) => {
                self.losses.add(Loss::Module);
                None
            }
            Whole::Encoded => {
                let encoded = self.encoder.finish().map_err(Failure::Write)?;
                for loss in self.encoder.losses.iter() {
                    self.losses.add(loss);
                }
                match encoded {
                    Encoded::Type(type_byte) => Some(type_byte),
                    Encoded::Empty | Encoded::Nothing => None,
                }
            }
        };
        let attributes =
            Attributes { expire_at_ms: self.shift.apply(attributes.expire_at_ms), ..attributes };
        let mut head = Vec::new();
        encode::write_head(
            &mut head,
            self.target,
            &attributes,
            key_meta,
            type_byte.unwrap_or(0),
            &key,
            &mut self.losses,
        );
        let on_loss = self.options.on_loss;
        let report = &mut self.summary.losses;
        let keep = judge(&self.losses, on_loss, self.target, &key, report).map_err(fail)?;
        if !keep || type_byte.is_none() {
            self.summary.skipped += 1;
            return Ok(());
        }
        self.summary.keys += 1;
        let encoder = &mut self.encoder;
        let mut frame = Framer::key(&mut self.out, part, db);
        frame.buf().extend_from_slice(&head);
        let written = match whole {
            Whole::Raw(_, bytes) => frame.write(bytes),
            Whole::Encoded => encoder.each(|piece| frame.write(piece)),
        };
        frame.close();
        written.and_then(|()| self.out.spill()).map_err(Failure::Write)
    }

    /// Writes a function library.
    pub(super) fn function(&mut self, code: &[u8]) -> Result<(), ConvertError> {
        if !self.target.has(10) {
            self.losses.clear();
            self.losses.add(Loss::Function);
            let report = &mut self.summary.losses;
            return judge(&self.losses, self.options.on_loss, self.target, code, report)
                .map(|_| ())
                .map_err(|problem| Failure::Worker(problem.into()));
        }
        let mut frame = Framer::distinct(&mut self.out);
        encode::write_function(frame.buf(), &mut self.strings, code);
        frame.close();
        self.summary.functions += 1;
        Ok(())
    }

    /// Writes what is left.
    pub(super) fn finish(self) -> Result<(), ConvertError> {
        self.out.finish().map(|_| ()).map_err(Failure::Write)
    }
}
