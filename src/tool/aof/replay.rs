//! Replays a set into a keyspace.

use super::chain::{self, AofError, Ended, Look, Place};
use super::trail::{self, Trail};
use super::window::{Run, Window};
use crate::aof::reader::{Item, Reader};
use crate::aof::set::{Member, Set};
use crate::command::spec::Spec;
use crate::command::{self, Command, Reach, Replay, Replayed};
use crate::feed::{self, Control};
use crate::keyspace::{self, Keyspace, Origin};
use smallvec::SmallVec;
use std::iter;

/// Arguments of a command, its name first.
type Args<'a> = SmallVec<[&'a [u8]; 16]>;

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
    /// Bytes of a tail of the last file that may be no commands and is left out then, too.
    pub corrupt_tail_bytes_max: u64,
    /// Bytes of the replication stream that are to be kept, if the set tells of one; none if nobody asks.
    pub tail_bytes: Option<u64>,
}

/// A command that replied with an error, which servers pass over when they load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// The file.
    pub file: String,
    /// Offset of the command.
    pub offset: u64,
    /// Its name, with that of the subcommand.
    pub command: String,
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
    /// Where the set ends in a replication stream, if it tells and somebody asked. Where a command has failed the data are not
    /// what the stream made of them.
    pub ending: Option<trail::Ending>,
}

/// A command that was looked up, and its offset in the file.
#[derive(Clone, Copy)]
struct Found {
    command: &'static Command,
    offset: u64,
}

/// Commands of a transaction with their arguments.
type Transaction = Vec<(Found, Vec<Vec<u8>>)>;

struct Player<'k, 'o> {
    runner: Runner<'k, 'o>,
    /// Commands that wait to be run.
    window: Window<Found>,
    /// Commands since MULTI.
    transaction: Option<Transaction>,
    trail: Option<Trail>,
}

/// Runs commands and notes what becomes of them.
struct Runner<'k, 'o> {
    replay: Replay<'k>,
    options: &'o Options,
    report: Report,
    /// Name of the file.
    file: String,
    /// Commands that were made of others, to take one key at a time.
    more: u64,
}

/// Replays a set up to its end, or up to a time.
///
/// # Errors
/// Damage, but for a torn or short tail if the options say so; commands that do not exist, or that only a server can run.
pub fn replay(
    set: &Set,
    keyspace: &mut Keyspace,
    options: &Options,
    control: &Control,
) -> Result<Report, AofError> {
    let replay = Replay::new(keyspace, Origin::Load);
    let (report, file) = (Report::default(), String::new());
    let runner = Runner { replay, options, report, file, more: 0 };
    let trail = options.tail_bytes.map(Trail::new);
    let mut player = Player { runner, window: Window::new(), transaction: None, trail };
    let ended = chain::look(set, control, &mut player)?;
    let Runner { mut report, replay, more, .. } = player.runner;
    report.commands = replay.commands() - more;
    report.failed.truncate(FAILED_MAX);
    if report.failed_count == 0 {
        report.ending = player.trail.and_then(|trail| trail.end(set));
    }
    if let Some(ended) = ended {
        let is_last = ended.member + 1 == set.members.len();
        let is_left_out = match ended.cause.is_truncated() {
            true => options.leave_torn_tail,
            false => ended.tail_bytes(set) <= options.corrupt_tail_bytes_max,
        };
        if !(is_last && is_left_out)
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
            self.runner.replay.keyspace(),
            &mut input,
            self.runner.options.now_ms,
            false,
            feed::parallel::default_threads(),
            control,
        );
        let loaded = done.map_err(|failure| chain::rdb_failure(member.name(), failure))?;
        self.runner.report.base_keys += loaded.keys;
        match loaded.ending {
            Some(ending) => {
                chain::checked(member.name(), &ending)?;
                Ok(ending.end)
            }
            None => Ok(member.bytes().len() as u64),
        }
    }

    /// Takes the next command.
    fn take(&mut self, offset: u64, args: &[&[u8]]) -> Result<(), AofError> {
        let Some(command) = args.first().and_then(|name| command::find(name)) else {
            self.window.run(&mut self.runner)?;
            return Err(self.runner.unreplayable(offset, args, Replayed::Unknown));
        };
        let found = Found { command, offset };
        match command.spec.name {
            "exec" if self.transaction.is_some() => {
                // Nobody looks on, so its commands are like any others.
                for (found, args) in self.transaction.take().unwrap_or_default() {
                    let args: Args<'_> = args.iter().map(Vec::as_slice).collect();
                    self.queue(found, &args)?;
                }
            }
            "multi" => {
                self.transaction.get_or_insert_default();
            }
            _ => match &mut self.transaction {
                Some(transaction) => {
                    transaction.push((found, args.iter().map(|arg| arg.to_vec()).collect()));
                }
                None => self.queue(found, args)?,
            },
        }
        Ok(())
    }

    /// Lets a command wait with others, or runs it after them if it does not go with others.
    fn queue(&mut self, found: Found, args: &[&[u8]]) -> Result<(), AofError> {
        let Command { spec, reach, .. } = *found.command;
        let bytes = args.iter().map(|arg| arg.len() + 4).sum();
        let reach = match spec.takes(args.len()) && Window::<Found>::admits(bytes) {
            true => reach,
            false => Reach::All,
        };
        match reach {
            Reach::Key(key) if key < args.len() => {
                let place = self.runner.replay.place(args[key]);
                self.window.push(place, found, args.iter().copied());
            }
            Reach::Each(step) if (args.len() - 1).is_multiple_of(step) => {
                for part in args[1..].chunks_exact(step) {
                    let place = self.runner.replay.place(part[0]);
                    let args = iter::once(args[0]).chain(part.iter().copied());
                    self.window.push(place, found, args);
                }
                self.runner.more += ((args.len() - 1) / step) as u64 - 1;
            }
            _ => {
                self.window.run(&mut self.runner)?;
                self.runner.run(found, args)?;
            }
        }
        if self.window.is_full() { self.window.run(&mut self.runner) } else { Ok(()) }
    }
}

impl Run for Runner<'_, '_> {
    type Note = Found;
    type Error = AofError;

    fn warm(&mut self, places: impl Iterator<Item = u64>) {
        self.replay.warm(places);
    }

    fn run(&mut self, found: Found, args: &[&[u8]]) -> Result<(), AofError> {
        let Found { command, offset } = found;
        match self.replay.found(command, args, self.options.now_ms) {
            Replayed::Done | Replayed::Ignored => Ok(()),
            Replayed::Failed(error) => {
                let command = full_name(command.spec, args);
                self.fail(Failed { file: self.file.clone(), offset, command, error });
                Ok(())
            }
            what @ (Replayed::Unknown | Replayed::NeedsServer) => {
                Err(self.unreplayable(offset, args, what))
            }
        }
    }
}

fn full_name(spec: &Spec, args: &[&[u8]]) -> String {
    match spec.resolve(args) {
        Some(sub) if !spec.subcommands.is_empty() => format!("{}|{}", spec.name, sub.name),
        _ => spec.name.to_owned(),
    }
}

impl Runner<'_, '_> {
    fn unreplayable(&self, offset: u64, args: &[&[u8]], what: Replayed) -> AofError {
        AofError::Unreplayable {
            file: self.file.clone(),
            offset,
            command: String::from_utf8_lossy(args.first().unwrap_or(&&b""[..])).into_owned(),
            what: if what == Replayed::Unknown {
                "is no command"
            } else {
                "can only be run by a server"
            },
        }
    }

    /// Notes a command that failed; the first ones of the file are kept, in whatever order they were run.
    fn fail(&mut self, failed: Failed) {
        self.report.failed_count += 1;
        self.report.failed.push(failed);
        if self.report.failed.len() >= 16 * FAILED_MAX {
            self.sort_failed();
        }
    }

    fn sort_failed(&mut self) {
        let file = &self.file;
        let earlier = self.report.failed.iter().take_while(|failed| failed.file != *file).count();
        self.report.failed[earlier..].sort_by_key(|failed| failed.offset);
        self.report.failed.truncate(FAILED_MAX);
    }
}

impl Look for Player<'_, '_> {
    fn file(&mut self, index: usize, member: &Member, control: &Control) -> Result<u64, AofError> {
        if index > 0 {
            self.runner.replay.next_file();
            self.transaction = None;
            if let Some(trail) = &mut self.trail {
                trail.next_file();
            }
        }
        self.runner.file = member.name().to_owned();
        if member.is_rdb() { self.base(member, control) } else { Ok(0) }
    }

    fn item(&mut self, place: Place<'_>, item: &Item<'_>) -> Result<bool, AofError> {
        match item {
            Item::Command(command) => {
                let args: Args<'_> = command.args.iter().collect();
                self.take(command.span.start, &args)?;
                if let Some(trail) = &mut self.trail {
                    trail.command(place.index, command);
                }
                Ok(true)
            }
            Item::Note(note) => {
                if let Some(trail) = &mut self.trail {
                    trail.note(note);
                }
                let Some(time_s) = note.time_s else { return Ok(true) };
                self.runner.report.saw_time = true;
                let is_later = self
                    .runner
                    .options
                    .until_ms
                    .is_some_and(|until_ms| time_s.saturating_mul(1000) > until_ms);
                // What was begun before the time and never ended is left out as a whole, as the replay drops it.
                self.runner.report.stopped |= is_later;
                Ok(!is_later)
            }
        }
    }

    fn file_end(&mut self, _: Place<'_>, _: &Reader<'_>) -> Result<(), AofError> {
        self.window.run(&mut self.runner)?;
        self.runner.sort_failed();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::rng::Rng;
    use crate::keyspace::Settings;
    use crate::rdb::Dialect;
    use std::io::Write as _;

    /// Commands that use one key, several, or none at all; K is a key, N a number.
    const COMMANDS: &str = "SET K N|SET K N|INCR K|APPEND K N|GETDEL K|LPUSH K N N|RPOP K|SADD K N N|SREM K N|HSET K f N|HINCRBY K f N
        ZADD K N a|ZINCRBY K N a|DEL K|DEL K K|UNLINK K K K|MSET K N K N|MSET K|MSETNX K N K N|RENAME K K|COPY K K REPLACE|MOVE K 1
        SUNIONSTORE K K K|LMOVE K K LEFT RIGHT|SORT K ALPHA STORE K|SELECT 1|SELECT 0|MULTI|EXEC|XADD K * f N|SWAPDB 0 1|GET K
        EXPIREAT K 33177117420|PERSIST K|SETRANGE K N x|SPOP K 0|PING|SET K|FLUSHDB|PFADD K N|PFMERGE K K|GEOADD K 1 2 a";

    fn random_command(rng: &mut Rng) -> Vec<Vec<u8>> {
        let commands: Vec<&str> = COMMANDS.split(['|', '\n']).map(str::trim).collect();
        let mut command = commands[rng.below(commands.len() as u64) as usize];
        if command == "FLUSHDB" && rng.below(20) > 0 {
            command = "SET K N";
        }
        let words = command.split(' ').map(|word| match word {
            "K" => format!("key:{}", rng.below(40)),
            "N" => rng.below(30).to_string(),
            "*" => format!("{}-1", rng.below(1000)),
            word => word.to_owned(),
        });
        words.map(String::into_bytes).collect()
    }

    /// In whatever order commands are run, they come to the same data, errors and counts as one by one.
    #[test]
    fn order_does_not_matter() {
        for seed in 0..12 {
            println!("seed {seed}");
            let mut rng = Rng::new(seed);
            let (mut file, mut expected) = (Vec::new(), Keyspace::new(Settings::default()));
            let mut replay = Replay::new(&mut expected, Origin::Load);
            let (mut failed, mut starts) = (0, Vec::new());
            for _ in 0..3000 {
                let command = random_command(&mut rng);
                let start = file.len() as u64;
                file.extend_from_slice(format!("*{}\r\n", command.len()).as_bytes());
                for arg in &command {
                    file.extend_from_slice(format!("${}\r\n", arg.len()).as_bytes());
                    file.extend_from_slice(arg);
                    file.extend_from_slice(b"\r\n");
                }
                starts.push(start);
                let args: Vec<&[u8]> = command.iter().map(Vec::as_slice).collect();
                // Of a transaction only one failure is told here.
                let done = replay.command(&args, 5);
                failed += u64::from(matches!(done, Replayed::Failed(_)));
            }
            let transaction_open = replay.is_in_transaction();
            let commands = replay.commands();
            let mut file_on_disk = tempfile::NamedTempFile::new().unwrap();
            file_on_disk.write_all(&file).unwrap();
            let set = Set::open(file_on_disk.path()).unwrap();
            let mut keyspace = Keyspace::new(Settings::default());
            let options = Options { now_ms: 5, leave_torn_tail: true, ..Options::default() };
            let report = super::replay(&set, &mut keyspace, &options, &Control::default()).unwrap();
            let digest = |keyspace: &Keyspace| keyspace.snapshot().digest(Dialect::Redis);
            assert_eq!(digest(&keyspace), digest(&expected));
            assert_eq!(report.commands, commands);
            assert!(report.failed_count >= failed, "{} {failed}", report.failed_count);
            assert_eq!(report.ended.is_some(), transaction_open);
            assert_eq!(report.failed.len(), FAILED_MAX);
            assert!(report.failed.is_sorted_by_key(|failed| failed.offset));
            assert!(report.failed.iter().all(|failed| starts.contains(&failed.offset)));
        }
    }
}
