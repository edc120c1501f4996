//! Replays a set into a keyspace.

use super::chain::{self, AofError, Ended, Look, Place};
use crate::aof::reader::{Command, Item, Role};
use crate::aof::set::{Member, Set};
use crate::command::{Replay, Replayed};
use crate::feed::parallel::{Outcome, Stop};
use crate::feed::{self, Batch, Control, Turn, Worker};
use crate::keyspace::{Keyspace, LoadError, Origin, RdbLoad};
use smallvec::SmallVec;
use std::io;

/// Most failed commands whose places are told.
const FAILED_MAX: usize = 16;

/// How a set is replayed.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Unix milliseconds from which nothing is replayed any more.
    pub until_ms: Option<i64>,
    /// The present in unix milliseconds, from which idle times count.
    pub now_ms: i64,
    /// Whether a torn tail of the last file is left out, as servers do by default, and is no error.
    pub leave_torn_tail: bool,
}

/// A command that replied with an error, which servers pass over when they load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// The file.
    pub file: String,
    /// Offset of the command.
    pub offset: u64,
    /// The error's text.
    pub error: String,
}

/// What was replayed.
#[derive(Debug, Default)]
pub struct Report {
    /// Keys of the RDB part.
    pub base_keys: u64,
    /// Commands run.
    pub commands: u64,
    /// Commands that replied with an error.
    pub failed_count: u64,
    /// The first of them.
    pub failed: Vec<Failed>,
    /// How the commands end, if not at the end of the last file.
    pub ended: Option<Ended>,
    /// Whether anything was left out because it is later than asked for.
    pub stopped: bool,
    /// Whether there are timestamps.
    pub saw_time: bool,
}

struct Player<'k, 'o> {
    replay: Replay<'k>,
    options: &'o Options,
    report: Report,
    in_multi: bool,
}

/// Replays a set up to its end, or up to a time.
///
/// # Errors
/// Damage, but for a torn tail if the options say so; commands that do not exist, or that only a server can run.
pub fn replay(
    set: &Set,
    keyspace: &mut Keyspace,
    options: &Options,
    control: &Control,
) -> Result<Report, AofError> {
    let replay = Replay::new(keyspace, Origin::Load);
    let mut player = Player { replay, options, report: Report::default(), in_multi: false };
    let ended = chain::look(set, control, &mut player)?;
    let Player { mut report, replay, .. } = player;
    report.commands = replay.commands();
    if let Some(ended) = ended {
        let is_last = ended.member + 1 == set.members.len();
        let is_torn = is_last && ended.cause.is_truncated();
        if !(is_torn && options.leave_torn_tail)
            && let Some(error) = ended.error(set)
        {
            return Err(error);
        }
        report.ended = Some(ended);
    }
    if options.until_ms.is_some() && !report.saw_time {
        let message = "there are no timestamps; servers write them with aof-timestamp-enabled yes";
        return Err(AofError::Usage(message.into()));
    }
    Ok(report)
}

/// Loads the RDB part of a file.
struct BaseLoader<'k> {
    load: RdbLoad<'k>,
    written_at_s: Option<i64>,
}

impl Worker for BaseLoader<'_> {
    type Error = LoadError;

    fn batch(&mut self, batch: &Batch<'_>, _: &mut Turn<'_>) -> Result<(), Stop<LoadError>> {
        if let Some(context) = &batch.context {
            self.written_at_s = context.written_at_s.or(self.written_at_s);
        }
        let mut records = batch.records();
        while let Some(record) = records.next()? {
            match self.load.record(&record) {
                Ok(()) => {}
                Err(LoadError::Damage(error)) => return Err(error.into()),
                Err(error) => return Err(Stop::Error(error)),
            }
        }
        Ok(())
    }
}

impl Player<'_, '_> {
    fn base(&mut self, member: &Member, control: &Control) -> Result<u64, AofError> {
        let mut input = member.share();
        let load = RdbLoad::new(self.replay.keyspace(), self.options.now_ms, false);
        let mut loader = [BaseLoader { load, written_at_s: None }];
        let done = feed::run(&mut input, &mut loader, &mut io::sink(), control);
        let outcome = done.map_err(|failure| chain::rdb_failure(member.name(), failure))?;
        let [BaseLoader { load, .. }] = loader;
        self.report.base_keys += load.keys();
        match outcome {
            Outcome::Complete(ending) => {
                chain::checked(member.name(), &ending)?;
                Ok(ending.end)
            }
            Outcome::Enough => Ok(member.bytes().len() as u64),
        }
    }

    fn command(&mut self, place: Place<'_>, command: &Command<'_>) -> Result<bool, AofError> {
        self.in_multi = command.in_multi && command.role != Role::Exec;
        let args: SmallVec<[&[u8]; 16]> = command.args.iter().collect();
        let done = self.replay.command(&args, self.options.now_ms);
        let what = match done {
            Replayed::Done | Replayed::Ignored => return Ok(true),
            Replayed::Failed(error) => {
                self.report.failed_count += 1;
                if self.report.failed.len() < FAILED_MAX {
                    let file = place.member.name().to_owned();
                    self.report.failed.push(Failed { file, offset: command.span.start, error });
                }
                return Ok(true);
            }
            Replayed::Unknown => "is no command",
            Replayed::NeedsServer => "can only be run by a server",
        };
        Err(AofError::Unreplayable {
            file: place.member.name().to_owned(),
            offset: command.span.start,
            command: String::from_utf8_lossy(command.args.name()).into_owned(),
            what,
        })
    }
}

impl Look for Player<'_, '_> {
    fn file(&mut self, index: usize, member: &Member, control: &Control) -> Result<u64, AofError> {
        if index > 0 {
            self.replay.next_file();
        }
        self.in_multi = false;
        if member.is_rdb() { self.base(member, control) } else { Ok(0) }
    }

    fn item(&mut self, place: Place<'_>, item: &Item<'_>) -> Result<bool, AofError> {
        match item {
            Item::Command(command) => self.command(place, command),
            Item::Note(note) => {
                let Some(time_s) = note.time_s else { return Ok(true) };
                self.report.saw_time = true;
                let is_later = self
                    .options
                    .until_ms
                    .is_some_and(|until_ms| time_s.saturating_mul(1000) > until_ms);
                // What was begun before the time and never ended is left out as a whole, as the replay drops it.
                self.report.stopped |= is_later;
                Ok(!is_later)
            }
        }
    }
}
