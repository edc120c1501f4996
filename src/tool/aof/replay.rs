//! Replays a set into a keyspace.

use super::chain::{self, AofError, Ended, Look, Place};
use crate::aof::reader::{Command, Item, Reader};
use crate::aof::set::{Member, Set};
use crate::command::{Replay, Replayed};
use crate::feed::{self, Control};
use crate::keyspace::{self, Keyspace, Origin};
use smallvec::SmallVec;
use std::ops::Range;

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

/// Commands that are read before the first of them runs.
const AHEAD: usize = 32;

/// Bytes of them.
const AHEAD_BYTES: usize = 64 << 10;

/// Commands that wait to be run.
#[derive(Default)]
struct Queue {
    bytes: Vec<u8>,
    /// Arguments of all, as ranges of `bytes`.
    args: Vec<Range<usize>>,
    commands: Vec<Queued>,
}

struct Queued {
    /// Where its arguments end.
    args_end: usize,
    /// Its offset in the file.
    offset: u64,
}

impl Queue {
    fn push(&mut self, command: &Command<'_>) {
        for arg in command.args.iter() {
            let start = self.bytes.len();
            self.bytes.extend_from_slice(arg);
            self.args.push(start..self.bytes.len());
        }
        self.commands.push(Queued { args_end: self.args.len(), offset: command.span.start });
    }

    fn is_full(&self) -> bool {
        self.commands.len() >= AHEAD || self.bytes.len() >= AHEAD_BYTES
    }

    /// The first argument behind the name of each, which most often is a key.
    fn keys(&self) -> impl Iterator<Item = &[u8]> + Clone {
        let starts = std::iter::once(0).chain(self.commands.iter().map(|command| command.args_end));
        let ends = self.commands.iter().map(|command| command.args_end);
        starts
            .zip(ends)
            .filter(|(start, end)| start + 1 < *end)
            .map(|(start, _)| &self.bytes[self.args[start + 1].clone()])
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.args.clear();
        self.commands.clear();
        self.bytes.shrink_to(2 * AHEAD_BYTES);
    }
}

struct Player<'k, 'o> {
    replay: Replay<'k>,
    options: &'o Options,
    report: Report,
    queue: Queue,
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
    let queue = Queue::default();
    let mut player = Player { replay, options, report: Report::default(), queue };
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

impl Player<'_, '_> {
    fn base(&mut self, member: &Member, control: &Control) -> Result<u64, AofError> {
        let mut input = member.share();
        let done = keyspace::load_rdb(
            self.replay.keyspace(),
            &mut input,
            self.options.now_ms,
            false,
            feed::parallel::default_threads(),
            control,
        );
        let loaded = done.map_err(|failure| chain::rdb_failure(member.name(), failure))?;
        self.report.base_keys += loaded.keys;
        match loaded.ending {
            Some(ending) => {
                chain::checked(member.name(), &ending)?;
                Ok(ending.end)
            }
            None => Ok(member.bytes().len() as u64),
        }
    }

    /// Runs what waits.
    fn run(&mut self, file: &str) -> Result<(), AofError> {
        self.replay.warm(self.queue.keys());
        let mut start = 0;
        for queued in &self.queue.commands {
            let args = &self.queue.args[start..queued.args_end];
            start = queued.args_end;
            let args: SmallVec<[&[u8]; 16]> =
                args.iter().map(|arg| &self.queue.bytes[arg.clone()]).collect();
            let what = match self.replay.command(&args, self.options.now_ms) {
                Replayed::Done | Replayed::Ignored => continue,
                Replayed::Failed(error) => {
                    self.report.failed_count += 1;
                    if self.report.failed.len() < FAILED_MAX {
                        let (file, offset) = (file.to_owned(), queued.offset);
                        self.report.failed.push(Failed { file, offset, error });
                    }
                    continue;
                }
                Replayed::Unknown => "is no command",
                Replayed::NeedsServer => "can only be run by a server",
            };
            return Err(AofError::Unreplayable {
                file: file.to_owned(),
                offset: queued.offset,
                command: String::from_utf8_lossy(args.first().unwrap_or(&&b""[..])).into_owned(),
                what,
            });
        }
        self.queue.clear();
        Ok(())
    }
}

impl Look for Player<'_, '_> {
    fn file(&mut self, index: usize, member: &Member, control: &Control) -> Result<u64, AofError> {
        if index > 0 {
            self.replay.next_file();
        }
        if member.is_rdb() { self.base(member, control) } else { Ok(0) }
    }

    fn item(&mut self, place: Place<'_>, item: &Item<'_>) -> Result<bool, AofError> {
        match item {
            Item::Command(command) => {
                self.queue.push(command);
                if self.queue.is_full() {
                    self.run(place.member.name())?;
                }
                Ok(true)
            }
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

    fn file_end(&mut self, place: Place<'_>, _: &Reader<'_>) -> Result<(), AofError> {
        self.run(place.member.name())
    }
}
