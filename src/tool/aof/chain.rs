//! Goes over the files of a set in the order of loading.

use crate::aof::output::OutputError;
use crate::aof::reader::{Item, ReadError, Reader};
use crate::aof::repair::Cause;
use crate::aof::set::{Member, OpenError, Set};
use crate::base::num;
use crate::feed::parallel::{Outcome, Stop};
use crate::feed::{self, Batch, Control, Ending, Failure, Turn, Worker};
use crate::rdb::{self, Record};
use std::convert::Infallible;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::Ordering;

/// Why an operation on a set failed.
#[derive(Debug, thiserror::Error)]
pub enum AofError {
    /// The set cannot be opened.
    #[error("{0}")]
    Open(#[from] OpenError),
    /// A listed file cannot be opened.
    #[error("{error}")]
    Missing {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The RDB part of a file is damaged.
    #[error("{error}")]
    Base {
        /// The file.
        file: String,
        /// What is wrong.
        error: rdb::Error,
    },
    /// The checksum of the RDB part does not fit.
    #[error("wrong checksum of the RDB part (offset 0x{offset:x}, {offset})")]
    Checksum {
        /// The file.
        file: String,
        /// Where the checksum is.
        offset: u64,
    },
    /// The commands are damaged or cut.
    #[error("{cause}")]
    Commands {
        /// The file.
        file: String,
        /// What is wrong.
        cause: Cause,
        /// Whether it is the last file, whose cut is a torn tail and nothing worse.
        is_last: bool,
    },
    /// A command that cannot be replayed.
    #[error("command {command:?} {what} (offset 0x{offset:x}, {offset})")]
    Unreplayable {
        /// The file.
        file: String,
        /// Where the command is.
        offset: u64,
        /// Its name.
        command: String,
        /// Why.
        what: &'static str,
    },
    /// The output's form has no place for something.
    #[error("{0}")]
    Unsupported(String),
    /// A new set cannot be written.
    #[error("{0}")]
    Output(#[from] OutputError),
    /// Output cannot be written.
    #[error("{0}")]
    Write(io::Error),
    /// An input cannot be read.
    #[error("{error}")]
    Read {
        /// The file.
        file: String,
        /// What the system says.
        error: io::Error,
    },
    /// What is asked for makes no sense for this set.
    #[error("{0}")]
    Usage(String),
    /// Something else failed.
    #[error("{0}")]
    Other(anyhow::Error),
    /// The work was interrupted.
    #[error("interrupted")]
    Interrupted,
}

/// How the commands of a set end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// The file in which they end, by its place in the chain.
    pub member: usize,
    /// What ends them.
    pub cause: Cause,
    /// Offset in it behind the last complete command, or transaction.
    pub sound_end: u64,
    /// Whether somebody was writing: then a torn tail is none.
    pub is_growing: bool,
}

impl Ended {
    /// Bytes behind what is complete.
    pub fn tail_bytes(&self, set: &Set) -> u64 {
        let bytes = set.members.get(self.member).map_or(0, |member| member.bytes().len() as u64);
        bytes.saturating_sub(self.sound_end)
    }

    /// The error that this is for a command that needs all; none for the tail of a set that is being written.
    pub fn error(&self, set: &Set) -> Option<AofError> {
        if self.is_growing && self.cause.is_truncated() {
            return None;
        }
        let file = set.members.get(self.member).map_or("", Member::name).to_owned();
        let is_last = self.member + 1 == set.members.len();
        Some(AofError::Commands { file, cause: self.cause, is_last })
    }
}

/// A listed file that is missing is an error.
pub fn complete(set: &mut Set) -> Result<(), AofError> {
    match set.missing.is_empty() {
        true => Ok(()),
        false => {
            let missing = set.missing.swap_remove(0);
            Err(AofError::Missing { path: missing.path, error: missing.error })
        }
    }
}

/// Reads the time of writing, if it is there; the boundary pass itself finds the end and the checksum.
struct Passer {
    written_at_s: Option<i64>,
}

impl Worker for Passer {
    type Error = Infallible;

    fn batch(&mut self, batch: &Batch<'_>, _: &mut Turn<'_>) -> Result<(), Stop<Infallible>> {
        if let Some(context) = &batch.context {
            self.written_at_s = context.written_at_s.or(self.written_at_s);
            return Ok(());
        }
        let mut records = batch.records();
        while let Some(record) = records.next()? {
            match record {
                Record::Aux { name, value } if name.eq_ignore_ascii_case(b"ctime") => {
                    self.written_at_s = num::parse_canonical_i64(&value);
                }
                Record::Key(_) => break,
                _ => {}
            }
        }
        Ok(())
    }
}

/// What is known of an RDB part.
#[derive(Debug, Clone)]
pub struct Preamble {
    /// Offset of the first command behind it.
    pub end: u64,
    /// When it was written, in unix seconds, if it says so.
    pub written_at_s: Option<i64>,
}

/// Passes the RDB part of a file; none if it has none.
pub fn preamble(member: &Member, control: &Control) -> Result<Option<Preamble>, AofError> {
    if !member.is_rdb() {
        return Ok(None);
    }
    let mut input = member.share();
    let mut passer = [Passer { written_at_s: None }];
    let done = feed::run(&mut input, &mut passer, &mut io::sink(), control);
    match done.map_err(|failure| rdb_failure(member.name(), failure))? {
        Outcome::Complete(ending) => {
            checked(member.name(), &ending)?;
            let [Passer { written_at_s }] = passer;
            Ok(Some(Preamble { end: ending.end, written_at_s }))
        }
        Outcome::Enough => Ok(None),
    }
}

/// An RDB part with a wrong checksum is an error.
pub fn checked(file: &str, ending: &Ending) -> Result<(), AofError> {
    match ending.is_checksum_wrong() {
        true => {
            let offset = ending.end.saturating_sub(8);
            Err(AofError::Checksum { file: file.to_owned(), offset })
        }
        false => Ok(()),
    }
}

/// What went wrong in an RDB part.
pub fn rdb_failure<E: Into<anyhow::Error>>(file: &str, failure: Failure<E>) -> AofError {
    match failure {
        Failure::Input(error) => AofError::Base { file: file.to_owned(), error },
        Failure::Read(error) => AofError::Read { file: file.to_owned(), error },
        Failure::Write(error) => AofError::Write(error),
        Failure::Worker(error) => AofError::Other(error.into()),
        Failure::Interrupted => AofError::Interrupted,
    }
}

/// Where an item stands.
#[derive(Clone, Copy)]
pub struct Place<'s> {
    /// The file's place in the chain.
    pub index: usize,
    /// The file.
    pub member: &'s Member,
    /// Offset in the file of its first command.
    pub start: u64,
}

impl Place<'_> {
    /// An offset of the file in the chain of all files.
    pub fn position(&self, offset: u64) -> u64 {
        self.member.position.saturating_add(offset)
    }
}

/// What looks at a set.
pub trait Look {
    /// A file begins; gives the offset of its first command. The RDB part in front of it is up to the visitor, which
    /// may just pass it.
    fn file(&mut self, index: usize, member: &Member, control: &Control) -> Result<u64, AofError> {
        let _ = index;
        Ok(preamble(member, control)?.map_or(0, |ending| ending.end))
    }

    /// A command or annotation; `false` ends the look.
    fn item(&mut self, place: Place<'_>, item: &Item<'_>) -> Result<bool, AofError>;

    /// A file has been read to its end, to damage, or as far as the visitor wanted.
    fn file_end(&mut self, place: Place<'_>, reader: &Reader<'_>) -> Result<(), AofError> {
        let _ = (place, reader);
        Ok(())
    }
}

/// Items between two looks at [`Control`].
const CONTROL_ITEMS: u32 = 4096;

/// Shows all of a set, up to its end or to damage, which is told.
pub fn look(
    set: &Set,
    control: &Control,
    visitor: &mut impl Look,
) -> Result<Option<Ended>, AofError> {
    let mut time_s = None;
    for (index, member) in set.members.iter().enumerate() {
        let start = visitor.file(index, member, control)?;
        let place = Place { index, member, start };
        let mut reader = Reader::new(member.bytes(), start);
        reader.set_time_s(time_s);
        let read = read_file(&mut reader, place, control, visitor)?;
        visitor.file_end(place, &reader)?;
        let cause = match read {
            Ok(true) => reader.open_multi().map(Cause::OpenMulti),
            Ok(false) => return Ok(None),
            Err(error) => Some(Cause::Damage(error)),
        };
        if let Some(cause) = cause {
            let is_last = index + 1 == set.members.len();
            let is_growing = is_last && member.has_grown();
            let sound_end = reader.sound_end();
            return Ok(Some(Ended { member: index, cause, sound_end, is_growing }));
        }
        time_s = reader.time_s();
    }
    Ok(None)
}

/// Shows one file; `false` if the visitor has seen enough.
fn read_file(
    reader: &mut Reader<'_>,
    place: Place<'_>,
    control: &Control,
    visitor: &mut impl Look,
) -> Result<Result<bool, ReadError>, AofError> {
    let mut until_control = CONTROL_ITEMS;
    let mut fetched = 0;
    loop {
        if reader.offset() >= fetched {
            fetched = place.member.fetch(reader.offset());
        }
        match reader.next() {
            Ok(Some(item)) => {
                if !visitor.item(place, &item)? {
                    return Ok(Ok(false));
                }
            }
            Ok(None) => return Ok(Ok(true)),
            Err(error) => return Ok(Err(error)),
        }
        until_control -= 1;
        if until_control == 0 {
            until_control = CONTROL_ITEMS;
            control.pass(place.position(reader.offset()));
            if control.interrupted.load(Ordering::Relaxed) {
                return Err(AofError::Interrupted);
            }
        }
    }
}
