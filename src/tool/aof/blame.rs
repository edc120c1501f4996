//! `aof blame`: every write that touched a key.

use super::chain::{self, AofError, Ended, Look, Place};
use super::table;
use crate::aof::reader::{Item, Role};
use crate::aof::set::{Member, Set};
use crate::feed::parallel::Stop;
use crate::feed::{self, Batch, Control, Turn, Worker};
use crate::rdb::Record;
use crate::tool::dump::command::Style;
use std::io;
use std::sync::Mutex;

/// Longest command that is kept, in bytes; longer ones are cut.
const SHOWN_BYTES_MAX: usize = 4096;

/// A write that touched the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touch {
    /// The file.
    pub file: String,
    /// Where in the file.
    pub offset: u64,
    /// The database.
    pub db: u64,
    /// The last timestamp in front of it, in unix seconds.
    pub time_s: Option<i64>,
    /// The command and its arguments; not all if they are very long. Empty for a key of the RDB part.
    pub args: Vec<Vec<u8>>,
    /// Whether it is part of a transaction.
    pub in_multi: bool,
    /// Why it touches the key without naming it.
    pub why: Option<&'static str>,
}

/// Commands that empty databases, and whether all of them.
const FLUSHES: &[(&[u8], bool)] = &[(b"FLUSHALL", true), (b"FLUSHDB", false)];

struct Blamer<'k> {
    key: &'k [u8],
    db: Option<u64>,
    threads: usize,
    touches: Vec<Touch>,
}

impl Blamer<'_> {
    fn wants(&self, db: u64) -> bool {
        self.db.is_none_or(|wanted| wanted == db)
    }
}

/// Finds the key in an RDB part.
struct Finder<'k> {
    key: &'k [u8],
    found: &'k Mutex<Vec<(u64, u64)>>,
}

impl Worker for Finder<'_> {
    type Error = std::convert::Infallible;

    fn batch(
        &mut self,
        batch: &Batch<'_>,
        _: &mut Turn<'_>,
    ) -> Result<(), Stop<std::convert::Infallible>> {
        let mut records = batch.records();
        while let Some(record) = records.next()? {
            if let Record::Key(entry) = record
                && *entry.key()? == *self.key
            {
                let mut found =
                    self.found.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                found.push((entry.span.start, entry.db));
            }
        }
        Ok(())
    }
}

impl Look for Blamer<'_> {
    fn file(&mut self, _: usize, member: &Member, control: &Control) -> Result<u64, AofError> {
        if !member.is_rdb() {
            return Ok(0);
        }
        let found = Mutex::default();
        let finder = || Finder { key: self.key, found: &found };
        let mut workers: Vec<_> = (0..self.threads.max(1)).map(|_| finder()).collect();
        let mut input = member.share();
        let done = feed::run(&mut input, &mut workers, &mut io::sink(), control);
        drop(workers);
        let outcome = done.map_err(|failure| chain::rdb_failure(member.name(), failure))?;
        let mut found = found.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        found.sort_unstable();
        found.retain(|(_, db)| self.wants(*db));
        for (offset, db) in found {
            let why = Some("in the RDB part");
            let (file, args) = (member.name().to_owned(), Vec::new());
            self.touches.push(Touch { file, offset, db, time_s: None, args, in_multi: false, why });
        }
        match outcome {
            feed::parallel::Outcome::Complete(ending) => {
                chain::checked(member.name(), &ending).map(|()| ending.end)
            }
            feed::parallel::Outcome::Enough => Err(AofError::Interrupted),
        }
    }

    fn item(&mut self, place: Place<'_>, item: &Item<'_>) -> Result<bool, AofError> {
        let Item::Command(command) = item else { return Ok(true) };
        if command.role != Role::Plain {
            return Ok(true);
        }
        let mut keys = Vec::new();
        table::keys(&command.args, &mut keys);
        let named = keys.contains(&self.key) && self.wants(command.db);
        let flush = FLUSHES.iter().find(|(name, _)| command.args.is(name));
        let why = match flush {
            Some((_, true)) => Some("empties every database"),
            Some((_, false)) if self.wants(command.db) => Some("empties the database"),
            _ if named => None,
            _ => return Ok(true),
        };
        let mut left = SHOWN_BYTES_MAX;
        let mut args = Vec::new();
        for arg in command.args.iter() {
            let shown = arg.get(..left).unwrap_or(arg);
            args.push(shown.to_vec());
            left -= shown.len();
            if left == 0 {
                break;
            }
        }
        self.touches.push(Touch {
            file: place.member.name().to_owned(),
            offset: command.span.start,
            db: command.db,
            time_s: command.time_s,
            args,
            in_multi: command.in_multi,
            why,
        });
        Ok(true)
    }
}

/// Finds every write that touched a key, in the order of the set.
pub fn blame(
    set: &Set,
    key: &[u8],
    db: Option<u64>,
    threads: usize,
    control: &Control,
) -> Result<(Vec<Touch>, Option<Ended>), AofError> {
    let mut blamer = Blamer { key, db, threads, touches: Vec::new() };
    let ended = chain::look(set, control, &mut blamer)?;
    Ok((blamer.touches, ended))
}

/// A command as one types it.
pub fn text(args: &[Vec<u8>]) -> Vec<u8> {
    let args: Vec<&[u8]> = args.iter().map(Vec::as_slice).collect();
    let mut text = Vec::new();
    Style::Text.command(&mut text, &args);
    text.pop();
    text
}
