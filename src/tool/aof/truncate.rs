//! `aof truncate`: the part of a set in front of a time, a place or a command.

use super::chain::{self, AofError, Ended, Look, Place};
use super::plan::{Cut, Kept, Plan, Why};
use super::repair;
use crate::aof::reader::{Args, Command, Item, Role};
use crate::aof::repair::{Cause, Piece};
use crate::aof::set::{Member, Set};
use crate::base::glob::Glob;
use crate::feed::Control;
use crate::report::human;

/// Where to cut.
#[derive(Debug, Clone)]
pub enum Limit {
    /// In front of the first command that is later than this, in unix milliseconds.
    Time(i64),
    /// At the end of the last unit that ends here or earlier: an offset in the chain of all files.
    Position(u64),
    /// The same for an offset in one of the files.
    Offset(String, u64),
    /// In front of the first command that matches.
    Command(Pattern),
}

/// A command to look for: its name, and maybe its arguments.
#[derive(Debug, Clone)]
pub struct Pattern {
    name: Glob,
    args: Option<Glob>,
}

impl Pattern {
    /// Reads `NAME` or `NAME ARGUMENTS`, both globs: arguments are matched as joined by blanks, names in any case.
    pub fn new(text: &str) -> Pattern {
        let (name, args) = match text.split_once(' ') {
            Some((name, args)) => (name, Some(Glob::new(args.as_bytes()))),
            None => (text, None),
        };
        Pattern { name: Glob::new(name.to_ascii_lowercase().as_bytes()), args }
    }

    /// Whether a command is meant.
    pub fn matches(&self, args: &Args<'_>) -> bool {
        if !self.name.matches(&args.name().to_ascii_lowercase()) {
            return false;
        }
        self.args.as_ref().is_none_or(|glob| {
            let words: Vec<_> = args.iter().skip(1).collect();
            glob.matches(&words.join(&b' '))
        })
    }
}

/// Looks for the place to cut.
struct Seeker<'l> {
    limit: &'l Limit,
    /// The file and offset to cut at, once it is found.
    cut: Option<(usize, u64)>,
    /// Start of the unit that is being read.
    unit_start: u64,
    in_multi: bool,
    /// Whether there are timestamps.
    saw_time: bool,
    /// The file in whose RDB part the place to cut lies.
    inside_rdb: Option<String>,
}

impl Seeker<'_> {
    fn command(&mut self, place: Place<'_>, command: &Command<'_>) -> bool {
        self.unit_start = command.unit_start;
        self.in_multi = command.in_multi && command.role != Role::Exec;
        let stop = match self.limit {
            Limit::Command(pattern) => pattern.matches(&command.args),
            Limit::Position(limit) => place.position(command.span.end) > *limit,
            Limit::Offset(..) | Limit::Time(_) => false,
        };
        if stop {
            self.cut = Some((place.index, command.unit_start));
        }
        !stop
    }

    /// Where to cut if the place asked for lies in front of the damage at which reading ended, or behind a torn tail.
    fn cut_in_front(&self, set: &Set, ended: &Ended) -> Option<(usize, u64)> {
        let Limit::Position(limit) = self.limit else { return None };
        let reached = match ended.cause {
            _ if self.in_multi => self.unit_start,
            Cause::Damage(error) => error.start,
            other => other.offset(),
        };
        let position = set.members.get(ended.member)?.position + reached;
        (ended.cause.is_truncated() || *limit <= position).then_some((ended.member, reached))
    }
}

/// Whether a user means this file: by its path or its name.
fn is_named(member: &Member, name: &str) -> bool {
    member.name() == name || member.path.file_name().is_some_and(|file| file == name)
}

impl Look for Seeker<'_> {
    fn file(&mut self, _: usize, member: &Member, control: &Control) -> Result<u64, AofError> {
        let preamble = chain::preamble(member, control)?;
        let start = preamble.as_ref().map_or(0, |preamble| preamble.end);
        let written_at_s = preamble.and_then(|preamble| preamble.written_at_s);
        if let (Limit::Time(limit_ms), Some(written_at_s)) = (self.limit, written_at_s)
            && written_at_s.saturating_mul(1000) > *limit_ms
        {
            let message = format!(
                "the RDB part of {} is of {}, which is later",
                member.name(),
                human::time(written_at_s.saturating_mul(1000))
            );
            return Err(AofError::Usage(message));
        }
        let is_inside = match self.limit {
            Limit::Position(limit) => member.position <= *limit && *limit < member.position + start,
            Limit::Offset(..) | Limit::Time(_) | Limit::Command(_) => false,
        };
        if is_inside && self.cut.is_none() {
            self.inside_rdb.get_or_insert_with(|| member.name().to_owned());
        }
        self.in_multi = false;
        Ok(start)
    }

    fn item(&mut self, place: Place<'_>, item: &Item<'_>) -> Result<bool, AofError> {
        match item {
            Item::Command(command) => Ok(self.command(place, command)),
            Item::Note(note) => {
                let Some(time_s) = note.time_s else { return Ok(true) };
                self.saw_time = true;
                let Limit::Time(limit_ms) = self.limit else { return Ok(true) };
                if time_s.saturating_mul(1000) <= *limit_ms {
                    return Ok(true);
                }
                let at = if self.in_multi { self.unit_start } else { note.span.start };
                self.cut = Some((place.index, at));
                Ok(false)
            }
        }
    }
}

fn usage<T>(message: impl Into<String>) -> Result<T, AofError> {
    Err(AofError::Usage(message.into()))
}

/// The limit as an offset in the chain of all files where it is one.
fn in_chain(set: &Set, limit: &Limit) -> Result<Limit, AofError> {
    let (first, size, n) = match limit {
        Limit::Time(_) | Limit::Command(_) => return Ok(limit.clone()),
        Limit::Position(n) => (0, set.size_bytes(), *n),
        Limit::Offset(file, n) => match set.members.iter().find(|member| is_named(member, file)) {
            Some(member) => (member.position, member.bytes().len() as u64, *n),
            None => return usage(format!("\"{file}\" is none of the files")),
        },
    };
    match n > size {
        true => usage(format!("offset {n} lies behind the end, which is at {size}")),
        false => Ok(Limit::Position(first + n)),
    }
}

/// Plans the part of a set in front of a limit. What stands behind it may be damaged.
pub fn plan(set: &Set, limit: &Limit, control: &Control) -> Result<Plan, AofError> {
    let limit = &in_chain(set, limit)?;
    let mut seeker = Seeker {
        limit,
        cut: None,
        unit_start: 0,
        in_multi: false,
        saw_time: false,
        inside_rdb: None,
    };
    let ended = chain::look(set, control, &mut seeker)?;
    if let Some(file) = seeker.inside_rdb {
        return usage(format!("the place lies inside the RDB part of {file}, which cannot be cut"));
    }
    let cut = seeker.cut.or_else(|| seeker.cut_in_front(set, ended.as_ref()?));
    match (limit, cut) {
        (_, None) if ended.is_some() => match ended.and_then(|ended| ended.error(set)) {
            Some(error) => Err(error),
            // A command that is being written is behind any limit.
            None => repair::plan(set, false, control),
        },
        (Limit::Time(_), None) if !seeker.saw_time => {
            usage("there are no timestamps; servers write them with aof-timestamp-enabled yes")
        }
        (Limit::Command(_), None) => usage("no command matches"),
        (_, None) => Ok(whole(set)),
        (_, Some((0, 0))) => usage("nothing stands in front of that"),
        (_, Some((index, at))) => Ok(cut_at(set, index, at)),
    }
}

/// All of a set.
fn whole(set: &Set) -> Plan {
    let keep =
        |(member, m): (usize, &Member)| Kept { member, pieces: piece(m.bytes().len() as u64) };
    Plan {
        kept: set.members.iter().enumerate().map(keep).collect(),
        cuts: Vec::new(),
        leaves_stream: false,
    }
}

fn piece(end: u64) -> Vec<Piece> {
    match end {
        0 => Vec::new(),
        _ => vec![Piece { bytes: 0..end, select: None }],
    }
}

/// All in front of an offset of a file.
fn cut_at(set: &Set, index: usize, at: u64) -> Plan {
    let mut plan = whole(set);
    plan.kept.truncate(index + 1);
    if let (Some(kept), Some(member)) = (plan.kept.last_mut(), set.members.get(index)) {
        kept.pieces = piece(at);
        let len = member.bytes().len() as u64;
        if at < len {
            plan.cuts.push(Cut::new(member, at..len, Why::Asked));
        }
    }
    if at == 0 && index > 0 {
        plan.kept.pop();
    }
    for member in set.members.iter().skip(index + 1) {
        let len = member.bytes().len() as u64;
        plan.cuts.push(Cut::new(member, 0..len, Why::Asked));
    }
    plan
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aof::reader::Reader;
    use crate::aof::writer::write_command;

    #[test]
    fn patterns_are_globs_on_names_and_arguments() {
        let matches = |pattern: &str, args: &[&[u8]]| {
            let mut bytes = Vec::new();
            write_command(&mut bytes, args);
            let mut reader = Reader::new(&bytes, 0);
            match reader.next() {
                Ok(Some(Item::Command(command))) => Pattern::new(pattern).matches(&command.args),
                _ => false,
            }
        };
        assert!(matches("FLUSH*", &[b"flushall"]));
        assert!(matches("del", &[b"DEL", b"a", b"b"]));
        assert!(matches("DEL * user:?", &[b"del", b"x", b"user:1"]));
        assert!(!matches("DEL User:*", &[b"DEL", b"user:1"]));
        assert!(!matches("DE", &[b"DEL"]));
    }
}
