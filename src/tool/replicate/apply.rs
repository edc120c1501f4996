//! Applies what a primary sends to another server.
//!
//! The stream is sent in transactions, each of which also sets a hash that says how far the data are:
//!
//! ```text
//! MULTI
//! SELECT 3, INCR counter, …          whole units of the stream
//! SELECT 0
//! HSET rkv:replicate:<source> replid <id> offset <n> db <db>
//! EXEC
//! ```
//!
//! So the data and the place are the same, whoever is killed, and whoever goes on repeats nothing.

use super::capture::check_snapshot;
use super::server::{Reply, Server};
use super::{Error, Held, Target, at};
use crate::aof::reader::{Item, Reader, Role as FileRole};
use crate::aof::writer::{write_command, write_select};
use crate::base::json::BinaryEncoding;
use crate::feed::{Control, Failure, Filter, Input};
use crate::repl::handshake::Auth;
use crate::repl::offset::{Offset, Place, ReplId};
use crate::repl::units::{Role, Step, Units};
use crate::tool::aof::select::Selection;
use crate::tool::dump::{self, Format, Source};
use crate::tool::ttl::TtlPolicy;
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

/// Bytes of commands that are sent before replies are read.
const BATCH_BYTES: usize = 256 << 10;

/// How the other server is written to.
pub struct Options {
    /// Its host and port.
    pub address: (String, u16),
    /// How one authenticates oneself there.
    pub auth: Option<Auth>,
    /// The name of the source, under which the place is kept.
    pub source: String,
    /// Whether data that are there may be dropped.
    pub flush: bool,
    /// Which keys of the snapshot.
    pub filter: Filter,
    /// Which commands of the stream.
    pub selection: Selection,
    /// Databases that have another number there.
    pub db_map: Vec<(u64, u64)>,
    /// Longest wait for a reply.
    pub timeout: Duration,
}

impl Options {
    fn db(&self, db: u64) -> u64 {
        self.db_map.iter().find(|(from, _)| *from == db).map_or(db, |(_, to)| *to)
    }
}

/// Applies what comes.
pub struct Apply {
    options: Options,
    server: Server,
    /// The key of the hash with the place.
    key: Vec<u8>,
    /// The place of the other server's data.
    place: Option<Place>,
    spool: Option<tempfile::NamedTempFile>,
    from: Option<Place>,
    units: Option<Units>,
    /// The present unit so far, behind a SELECT of its database.
    unit: Vec<u8>,
    batch: Vec<u8>,
    batch_commands: usize,
    batch_db: Option<u64>,
    /// What is there was written by this run.
    is_ours: bool,
    commands: u64,
    wants_ack: bool,
    /// Commands that the other server refused, and the first of its errors.
    pub refused: (u64, Option<String>),
}

impl Apply {
    /// Connects to the other server, and asks it how far its data are.
    ///
    /// # Errors
    /// It does not answer.
    pub fn open(options: Options) -> Result<Apply, Error> {
        let (host, port) = &options.address;
        let mut server = Server::connect(host, *port, options.auth.as_ref(), options.timeout)?;
        let key = format!("rkv:replicate:{}", options.source).into_bytes();
        let found = server.kindly(&[b"HMGET", &key, b"replid", b"offset", b"db"])?;
        let (place, db) = read_place(&found).map_or((None, 0), |(place, db)| (Some(place), db));
        Ok(Apply {
            options,
            server,
            key,
            place,
            spool: None,
            from: None,
            units: place.map(|place| Units::new(place.offset, db)),
            unit: Vec::new(),
            batch: Vec::new(),
            batch_commands: 0,
            batch_db: None,
            is_ours: false,
            commands: 0,
            wants_ack: false,
            refused: (0, None),
        })
    }

    /// Whether the other server holds any key.
    fn has_data(&mut self) -> Result<bool, Error> {
        match self.server.kindly(&[b"INFO", b"keyspace"])? {
            Reply::Bulk(Some(text)) => Ok(memchr::memmem::find(&text, b":keys=").is_some()),
            _ => Err(self.server.trouble("it does not tell what it holds")),
        }
    }

    /// Appends the command that notes a place.
    fn write_place(&self, out: &mut Vec<u8>, place: Place, db: u64) {
        let (offset, db) = (place.offset.to_string(), db.to_string());
        write_command(
            out,
            &[
                b"HSET",
                &self.key,
                b"replid",
                place.replid.as_bytes(),
                b"offset",
                offset.as_bytes(),
                b"db",
                db.as_bytes(),
            ],
        );
    }

    fn load(&mut self, path: &Path) -> Result<(), Error> {
        let mut input =
            Input::open(path).map_err(|e| Error::BadData(format!("the snapshot: {e}")))?;
        let options = dump::Options {
            format: Format::Resp,
            encoding: BinaryEncoding::default(),
            restore: false,
            ttl: TtlPolicy::Keep,
            filter: self.options.filter.clone(),
            threads: crate::feed::parallel::default_threads(),
        };
        let mut loader = Loader {
            server: &mut self.server,
            options: &self.options,
            units: Units::new(Offset::ZERO, 0),
            bytes: Vec::new(),
            error: None,
        };
        let source = &mut Source::Whole(&mut input);
        let done = dump::dump(source, &options, &mut loader, &Control::default()).map(drop);
        let done = match done {
            Ok(()) => loader.send().map_err(Failure::Write),
            Err(failure) => Err(failure),
        };
        match (done, loader.error.take()) {
            (_, Some(error)) => Err(error),
            (Ok(()), None) => Ok(()),
            (Err(Failure::Write(error) | Failure::Read(error)), None) => {
                Err(Error::at(path, error))
            }
            (Err(Failure::Input(error)), None) => {
                Err(Error::BadData(format!("the snapshot: {error}")))
            }
            (Err(Failure::Worker(error)), None) => Err(Error::BadData(error.to_string())),
            (Err(Failure::Interrupted), None) => Err(Error::BadData("interrupted".into())),
        }
    }

    /// Adds the commands of the unit that has ended to the batch.
    fn take_unit(&mut self) {
        let mut reader = Reader::new(&self.unit, 0);
        // What was taken for commands before is read without errors.
        while let Ok(Some(Item::Command(command))) = reader.next() {
            let is_sign = command.args.is(b"PING") || command.args.is(b"REPLCONF");
            if command.role != FileRole::Plain
                || is_sign
                || !self.options.selection.accepts_args(command.db, &command.args)
            {
                continue;
            }
            let db = self.options.db(command.db);
            if self.batch_db != Some(db) {
                write_select(&mut self.batch, db);
                self.batch_db = Some(db);
                self.batch_commands += 1;
            }
            let words: Vec<&[u8]> = command.args.iter().collect();
            write_command(&mut self.batch, &words);
            self.batch_commands += 1;
        }
        self.unit.clear();
    }

    /// Sends the batch with its place.
    fn send(&mut self) -> Result<(), Error> {
        let (Some(units), Some(place)) = (&self.units, &mut self.place) else { return Ok(()) };
        place.offset = units.unit();
        if self.batch_commands == 0 {
            return Ok(());
        }
        let (place, db) = (*place, units.unit_db());
        let mut message = Vec::with_capacity(self.batch.len() + 400);
        write_command(&mut message, &[b"MULTI"]);
        message.append(&mut self.batch);
        write_select(&mut message, 0);
        self.write_place(&mut message, place, db);
        write_command(&mut message, &[b"EXEC"]);
        let count = std::mem::take(&mut self.batch_commands) + 4;
        self.batch_db = None;
        match self.server.ask(&message, count)?.pop() {
            Some(Reply::Array(replies)) => {
                let errors = replies.into_iter().filter_map(|reply| match reply {
                    Reply::Error(error) => Some(error),
                    _ => None,
                });
                for error in errors {
                    self.refused.0 += 1;
                    self.refused.1.get_or_insert(error);
                }
                Ok(())
            }
            Some(Reply::Error(error)) => Err(self.server.trouble(&error)),
            _ => Err(self.server.trouble("it does not answer EXEC")),
        }
    }
}

/// The place and the database in the reply to HMGET.
fn read_place(reply: &Reply) -> Option<(Place, u64)> {
    let Reply::Array(fields) = reply else { return None };
    let mut fields = fields.iter().map(|field| match field {
        Reply::Bulk(Some(text)) => Some(text.as_slice()),
        _ => None,
    });
    let replid = ReplId::parse(fields.next()??)?;
    let offset = Offset::parse(fields.next()??)?;
    let db = Offset::parse(fields.next()??)?.get();
    Some((Place { replid, offset }, db))
}

impl Target for Apply {
    fn place(&self) -> Option<Place> {
        self.place
    }

    fn begin(&mut self, from: Option<Place>, _: Option<u64>) -> Result<(), Error> {
        let Some(from) = from else {
            let why = "the primary does not know PSYNC, so that nothing could continue from there";
            return Err(Error::NoPrimary(why.to_owned()));
        };
        if !self.options.flush && !self.is_ours {
            if let Some(place) = self.place {
                return Err(Error::CannotContinue(place.offset));
            }
            if self.has_data()? {
                let why = "the other server holds data; --flush drops them first";
                return Err(Error::Usage(why.to_owned()));
            }
        }
        self.from = Some(from);
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
        let (Some(spool), Some(from)) = (self.spool.take(), self.from) else { return Ok(()) };
        let db = check_snapshot(spool.path())?;
        self.is_ours = true;
        self.server.kindly(&[b"FLUSHALL"])?;
        self.load(spool.path())?;
        self.server.kindly(&[b"SELECT", b"0"])?;
        let mut note = Vec::new();
        self.write_place(&mut note, from, db);
        if let Some(Reply::Error(error)) = self.server.ask(&note, 1)?.pop() {
            return Err(self.server.trouble(&error));
        }
        self.place = Some(from);
        self.units = Some(Units::new(from.offset, db));
        self.unit.clear();
        Ok(())
    }

    fn continued(&mut self, from: Place) -> Result<(), Error> {
        self.unit.clear();
        if let Some(units) = &mut self.units {
            units.rewind();
        }
        if let Some(place) = &mut self.place {
            place.replid = from.replid;
        }
        Ok(())
    }

    fn stream(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let mut at = 0;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            let Some(units) = &mut self.units else { return Ok(()) };
            if self.unit.is_empty() {
                write_select(&mut self.unit, units.db());
            }
            let step = units.step(rest);
            match step.map_err(|e| Error::BadData(format!("the primary's stream: {e}")))? {
                Step::Command { bytes: taken, role, .. } => {
                    self.unit.extend_from_slice(rest.get(..taken).unwrap_or_default());
                    at += taken;
                    self.wants_ack |= role == Role::GetAck;
                    self.commands += u64::from(!matches!(role, Role::Ping | Role::GetAck));
                    if units.is_between_units() {
                        self.take_unit();
                        if self.batch.len() >= BATCH_BYTES {
                            self.send()?;
                        }
                    }
                }
                Step::Nothing { bytes } => at += bytes,
                Step::Cut => {
                    self.unit.extend_from_slice(rest);
                    at = bytes.len();
                }
            }
        }
        self.send()
    }

    fn tick(&mut self) -> Result<(), Error> {
        Ok(())
    }

    fn held(&self) -> Held {
        Held { applied: self.place.map(|place| place.offset), synced: None }
    }

    fn take_request(&mut self) -> bool {
        std::mem::take(&mut self.wants_ack)
    }

    fn commands(&self) -> u64 {
        self.commands
    }

    fn finish(&mut self) -> Result<(), Error> {
        Ok(())
    }
}

/// Sends the commands of a snapshot, and reads their replies.
struct Loader<'a> {
    server: &'a mut Server,
    options: &'a Options,
    units: Units,
    bytes: Vec<u8>,
    error: Option<Error>,
}

impl Loader<'_> {
    /// Sends all whole commands; what is left of the last one stays.
    fn send(&mut self) -> io::Result<()> {
        let (mut out, mut count, mut at) = (Vec::with_capacity(self.bytes.len()), 0, 0);
        // Only what begins a command is looked at: a cut one is looked at again when it is whole.
        while let Some(rest) = self.bytes.get(at..).filter(|rest| !rest.is_empty()) {
            let mut units = self.units.clone();
            let step = units.step(rest).map_err(|e| io::Error::other(e.to_string()))?;
            let Step::Command { bytes, role, .. } = step else { break };
            match role {
                Role::Select => write_select(&mut out, self.options.db(units.db())),
                _ => out.extend_from_slice(rest.get(..bytes).unwrap_or_default()),
            }
            self.units = units;
            count += 1;
            at += bytes;
        }
        self.bytes.drain(..at);
        let replies = self.server.ask(&out, count);
        let error = replies.and_then(|replies| {
            let error = replies.into_iter().find_map(|reply| match reply {
                Reply::Error(error) => Some(error),
                _ => None,
            });
            error.map_or(Ok(()), |error| Err(self.server.trouble(&error)))
        });
        error.map_err(|error| {
            let text = error.to_string();
            self.error = Some(error);
            io::Error::other(text)
        })
    }
}

impl Write for Loader<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.extend_from_slice(bytes);
        if self.bytes.len() >= BATCH_BYTES {
            self.send()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
