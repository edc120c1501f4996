//! `aof dump`: the commands of a set, as they are, as text, or as JSON with their places.

use super::chain::{self, AofError, Ended, Look, Place};
use super::select::Selection;
use crate::aof::reader::{Command, Frame, Item, Reader, Role, frame};
use crate::aof::set::{Member, Set};
use crate::base::bulk::IntBuf;
use crate::base::json::{self, BinaryEncoding};
use crate::feed::parallel::Outcome;
use crate::feed::{Control, Filter};
use crate::tool::dump::command::Style;
use crate::tool::dump::{self, Source};
use crate::tool::ttl::TtlPolicy;
use std::io::{self, Write};

/// Output kept before it is written, in bytes.
const BUFFER_BYTES: usize = 256 << 10;

/// What a dump is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A line of text per command.
    Commands,
    /// The wire format.
    Resp,
    /// A JSON object per command.
    Jsonl,
}

/// How to dump.
#[derive(Debug, Clone)]
pub struct Options {
    /// What to write.
    pub format: Format,
    /// How to write bytes that are no text.
    pub encoding: BinaryEncoding,
    /// Which commands.
    pub selection: Selection,
    /// Leave out the keys of the RDB part.
    pub no_base: bool,
    /// Threads that decode the RDB part.
    pub threads: usize,
}

/// Writes commands in a format.
struct Printer<'w> {
    out: &'w mut (dyn Write + Send),
    buf: Vec<u8>,
    format: Format,
    encoding: BinaryEncoding,
    /// The database that what is written has selected.
    db: Option<u64>,
}

/// What a line of JSON tells of a command's place.
struct At<'a> {
    file: &'a str,
    offset: Option<u64>,
    position: Option<u64>,
    db: u64,
    time_s: Option<i64>,
    in_multi: bool,
}

fn push_number(out: &mut Vec<u8>, n: Option<impl itoa::Integer>) {
    match n {
        Some(n) => out.extend_from_slice(IntBuf::new().format(n).as_bytes()),
        None => out.extend_from_slice(b"null"),
    }
}

impl Printer<'_> {
    fn spill(&mut self, at_least: usize) -> io::Result<()> {
        if self.buf.len() >= at_least {
            self.out.write_all(&self.buf)?;
            self.buf.clear();
        }
        Ok(())
    }

    /// Writes a command; a SELECT first if it is needed and not among the commands.
    fn command<'a>(
        &mut self,
        at: &At<'_>,
        role: Role,
        args: impl ExactSizeIterator<Item = &'a [u8]>,
    ) -> io::Result<()> {
        match self.format {
            Format::Jsonl => self.json(at, args),
            Format::Commands => self.plain(Style::Text, at.db, role, args),
            Format::Resp => self.plain(Style::Resp, at.db, role, args),
        }
        self.spill(BUFFER_BYTES)
    }

    fn plain<'a>(
        &mut self,
        style: Style,
        db: u64,
        role: Role,
        args: impl ExactSizeIterator<Item = &'a [u8]>,
    ) {
        if role == Role::Plain && self.db != Some(db) && (self.db.is_some() || db != 0) {
            style.command(&mut self.buf, &[b"SELECT", IntBuf::new().format(db).as_bytes()]);
        }
        if matches!(role, Role::Plain | Role::Select) {
            self.db = Some(db);
        }
        style.begin(&mut self.buf, args.len());
        for arg in args {
            style.arg(&mut self.buf, arg);
        }
        style.end(&mut self.buf);
    }

    fn json<'a>(&mut self, at: &At<'_>, args: impl Iterator<Item = &'a [u8]>) {
        let out = &mut self.buf;
        out.extend_from_slice(b"{\"file\":");
        json::write_str(out, at.file);
        out.extend_from_slice(b",\"offset\":");
        push_number(out, at.offset);
        out.extend_from_slice(b",\"position\":");
        push_number(out, at.position);
        out.extend_from_slice(b",\"db\":");
        push_number(out, Some(at.db));
        out.extend_from_slice(b",\"time_s\":");
        push_number(out, at.time_s);
        if at.in_multi {
            out.extend_from_slice(b",\"in_multi\":true");
        }
        out.extend_from_slice(b",\"args\":[");
        for (i, arg) in args.enumerate() {
            if i > 0 {
                out.push(b',');
            }
            json::write_bytes(out, arg, self.encoding);
        }
        out.extend_from_slice(b"]}\n");
    }
}

/// Takes the keys of an RDB part as commands in the wire format, and hands the commands on one by one.
struct Splitter<'p, 'w> {
    printer: &'p mut Printer<'w>,
    selection: &'p Selection,
    file: &'p str,
    buf: Vec<u8>,
    db: u64,
}

impl Write for Splitter<'_, '_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buf.extend_from_slice(bytes);
        let mut spans = Vec::new();
        let mut done = 0;
        while let Some(rest) = self.buf.get(done..).filter(|rest| !rest.is_empty()) {
            // What is written here is sound; it may only be cut.
            let Ok(Frame::Command(len)) = frame(rest, &mut spans) else { break };
            let mut reader = Reader::new(rest, 0);
            if let Ok(Some(Item::Command(command))) = reader.next() {
                if command.role == Role::Select {
                    self.db = command.db;
                } else if self.selection.accepts_args(self.db, &command.args) {
                    let at = At {
                        file: self.file,
                        offset: None,
                        position: None,
                        db: self.db,
                        time_s: None,
                        in_multi: false,
                    };
                    self.printer.command(&at, Role::Plain, command.args.iter())?;
                }
            }
            done += len;
        }
        self.buf.drain(..done);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Dumper<'o, 'w> {
    options: &'o Options,
    printer: Printer<'w>,
}

impl Look for Dumper<'_, '_> {
    fn file(&mut self, _: usize, member: &Member, control: &Control) -> Result<u64, AofError> {
        let selection = &self.options.selection;
        if !member.is_rdb() || self.options.no_base || !selection.takes_timeless() {
            return Ok(chain::preamble(member, control)?.map_or(0, |ending| ending.end));
        }
        let options = dump::Options {
            format: dump::Format::Resp,
            encoding: self.options.encoding,
            restore: false,
            ttl: TtlPolicy::Keep,
            filter: Filter::new(0),
            threads: self.options.threads,
        };
        let mut splitter = Splitter {
            printer: &mut self.printer,
            selection,
            file: member.name(),
            buf: Vec::new(),
            db: 0,
        };
        let mut input = member.share();
        let done = dump::dump(&mut Source::Whole(&mut input), &options, &mut splitter, control);
        match done.map_err(|failure| chain::rdb_failure(member.name(), failure))? {
            Outcome::Complete(ending) => {
                chain::checked(member.name(), &ending)?;
                Ok(ending.end)
            }
            Outcome::Enough => Err(AofError::Interrupted),
        }
    }

    fn item(&mut self, place: Place<'_>, item: &Item<'_>) -> Result<bool, AofError> {
        let Item::Command(command) = item else { return Ok(true) };
        if self.options.selection.accepts(place, command) {
            self.write(place, command).map_err(AofError::Write)?;
        }
        Ok(true)
    }
}

impl Dumper<'_, '_> {
    fn write(&mut self, place: Place<'_>, command: &Command<'_>) -> io::Result<()> {
        let at = At {
            file: place.member.name(),
            offset: Some(command.span.start),
            position: Some(place.position(command.span.start)),
            db: command.db,
            time_s: command.time_s,
            in_multi: command.in_multi,
        };
        self.printer.command(&at, command.role, command.args.iter())
    }
}

/// Writes the commands of a set. What stands in front of damage is written before the damage is told.
pub fn dump(
    set: &Set,
    options: &Options,
    out: &mut (dyn Write + Send),
    control: &Control,
) -> Result<Option<Ended>, AofError> {
    let (format, encoding) = (options.format, options.encoding);
    let printer = Printer { out, buf: Vec::new(), format, encoding, db: None };
    let mut dumper = Dumper { options, printer };
    let done = chain::look(set, control, &mut dumper);
    dumper.printer.spill(0).map_err(AofError::Write)?;
    done
}
