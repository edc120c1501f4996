//! Writes a snapshot and the stream behind it as commands, or as lines of JSON.
//!
//! Only whole units are written, so that nothing appears twice when the link is lost inside a transaction.

use super::capture::check_snapshot;
use super::{Error, Held, Target, at};
use crate::aof::reader::{Item, Reader};
use crate::aof::writer::write_select;
use crate::base::bulk::IntBuf;
use crate::base::json::{self, BinaryEncoding};
use crate::feed::{Control, Filter, Input};
use crate::repl::offset::Place;
use crate::repl::units::{Role, Step, Units};
use crate::tool::dump::{self, Format, Source};
use crate::tool::ttl::TtlPolicy;
use std::io::{self, Write};
use std::path::Path;

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Commands on the wire.
    Resp,
    /// A line of JSON per key, then one per command.
    Jsonl,
}

/// Writes what comes.
pub struct Printer<'w> {
    out: &'w mut (dyn Write + Send),
    form: Form,
    /// The snapshot that is being received.
    spool: Option<tempfile::NamedTempFile>,
    from: Option<Place>,
    units: Option<Units>,
    /// The bytes of the present unit so far.
    unit: Vec<u8>,
    commands: u64,
    wants_ack: bool,
}

impl<'w> Printer<'w> {
    /// Writes to this.
    pub fn new(out: &'w mut (dyn Write + Send), form: Form) -> Printer<'w> {
        Printer {
            out,
            form,
            spool: None,
            from: None,
            units: None,
            unit: Vec::new(),
            commands: 0,
            wants_ack: false,
        }
    }

    /// Writes the keys of a snapshot.
    fn dump(&mut self, path: &Path) -> Result<(), Error> {
        let mut input =
            Input::open(path).map_err(|e| Error::BadData(format!("the snapshot: {e}")))?;
        let options = dump::Options {
            format: match self.form {
                Form::Resp => Format::Resp,
                Form::Jsonl => Format::Jsonl,
            },
            encoding: BinaryEncoding::default(),
            restore: false,
            ttl: TtlPolicy::Keep,
            filter: Filter::new(super::unix_s().saturating_mul(1000)),
            threads: crate::feed::parallel::default_threads(),
        };
        let done =
            dump::dump(&mut Source::Whole(&mut input), &options, self.out, &Control::default());
        match done {
            Ok(_) => Ok(()),
            Err(crate::feed::Failure::Write(error)) => Err(Error::Output(error)),
            Err(crate::feed::Failure::Read(error)) => Err(Error::at(path, error)),
            Err(crate::feed::Failure::Input(error)) => {
                Err(Error::BadData(format!("the snapshot: {error}")))
            }
            Err(crate::feed::Failure::Worker(error)) => Err(Error::BadData(error.to_string())),
            Err(crate::feed::Failure::Interrupted) => Err(Error::BadData("interrupted".into())),
        }
    }

    /// Writes the unit that has ended.
    fn flush_unit(&mut self, role: Role) -> io::Result<()> {
        if !matches!(role, Role::Ping | Role::GetAck) {
            match self.form {
                Form::Resp => self.out.write_all(&self.unit)?,
                Form::Jsonl => self.write_lines()?,
            }
        }
        self.unit.clear();
        Ok(())
    }

    fn write_lines(&mut self) -> io::Result<()> {
        let Some(units) = &self.units else { return Ok(()) };
        let start = units.unit().get().saturating_sub(self.unit.len() as u64);
        let mut reader = Reader::new(&self.unit, 0);
        let mut line = Vec::new();
        // What was taken for units before is read without errors.
        while let Ok(Some(Item::Command(command))) = reader.next() {
            let number = |line: &mut Vec<u8>, n: u64| {
                line.extend_from_slice(IntBuf::new().format(n).as_bytes());
            };
            line.extend_from_slice(b"{\"offset\":");
            number(&mut line, start + command.span.end);
            line.extend_from_slice(b",\"in_multi\":");
            line.extend_from_slice(if command.in_multi { b"true" } else { b"false" });
            line.extend_from_slice(b",\"args\":[");
            for (i, arg) in command.args.iter().enumerate() {
                if i > 0 {
                    line.push(b',');
                }
                json::write_bytes(&mut line, arg, BinaryEncoding::Auto);
            }
            line.extend_from_slice(b"]}\n");
        }
        self.out.write_all(&line)
    }
}

impl Target for Printer<'_> {
    fn place(&self) -> Option<Place> {
        None
    }

    fn begin(&mut self, from: Option<Place>, _: Option<u64>) -> Result<(), Error> {
        if self.units.is_some() {
            let why = "the primary cannot continue, and what was written cannot be taken back";
            return Err(Error::BadData(why.to_owned()));
        }
        self.from = from;
        let dir = std::env::temp_dir();
        self.spool = Some(at(&dir, tempfile::NamedTempFile::new())?);
        Ok(())
    }

    fn snapshot(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let Some(spool) = &mut self.spool else { return Ok(()) };
        let path = spool.path().to_owned();
        at(&path, spool.write_all(bytes))
    }

    fn end(&mut self) -> Result<(), Error> {
        let Some(spool) = self.spool.take() else { return Ok(()) };
        let db = check_snapshot(spool.path())?;
        self.dump(spool.path())?;
        if self.form == Form::Resp {
            let mut select = Vec::new();
            write_select(&mut select, db);
            self.out.write_all(&select).map_err(Error::Output)?;
        }
        let offset = self.from.map(|from| from.offset).unwrap_or_default();
        self.units = Some(Units::new(offset, db));
        self.out.flush().map_err(Error::Output)
    }

    fn continued(&mut self, _: Place) -> Result<(), Error> {
        self.unit.clear();
        if let Some(units) = &mut self.units {
            units.rewind();
        }
        Ok(())
    }

    fn stream(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let mut at = 0;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            let Some(units) = &mut self.units else { return Ok(()) };
            let step = units.step(rest);
            match step.map_err(|e| Error::BadData(format!("the primary's stream: {e}")))? {
                Step::Command { bytes: taken, role, .. } => {
                    self.unit.extend_from_slice(rest.get(..taken).unwrap_or_default());
                    at += taken;
                    self.wants_ack |= role == Role::GetAck;
                    self.commands += u64::from(!matches!(role, Role::Ping | Role::GetAck));
                    if units.is_between_units() {
                        self.flush_unit(role).map_err(Error::Output)?;
                    }
                }
                Step::Nothing { bytes } => at += bytes,
                Step::Cut => {
                    self.unit.extend_from_slice(rest);
                    at = bytes.len();
                }
            }
        }
        self.out.flush().map_err(Error::Output)
    }

    fn tick(&mut self) -> Result<(), Error> {
        Ok(())
    }

    fn held(&self) -> Held {
        Held { applied: self.units.as_ref().map(Units::unit), synced: None }
    }

    fn take_request(&mut self) -> bool {
        std::mem::take(&mut self.wants_ack)
    }

    fn commands(&self) -> u64 {
        self.commands
    }

    fn finish(&mut self) -> Result<(), Error> {
        self.out.flush().map_err(Error::Output)
    }
}
