//! Which commands of a set: by key, name, database, time and place.

use super::chain::Place;
use super::table;
use crate::aof::reader::{Args, Command, Role};
use crate::base::glob::Glob;
use crate::base::range::Range;

/// What options ask of a command. An empty test is none; the values of one are alternatives.
#[derive(Debug, Clone, Default)]
pub struct Tests {
    /// Keys by glob; any key of a command counts.
    pub keys: Vec<Glob>,
    /// Keys by regular expression.
    pub regex: Option<regex::bytes::RegexSet>,
    /// Names of commands, in lower case.
    pub commands: Vec<Glob>,
    /// Databases.
    pub dbs: Vec<Range<u64>>,
    /// Times in unix milliseconds; commands without a time never match.
    pub times_ms: Vec<Range<i64>>,
    /// Places in the chain of all files, in bytes; a command is at its first byte.
    pub positions: Vec<Range<u64>>,
}

/// Which commands: all tests of one side must hold, and none of the other.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// What must hold.
    pub must: Tests,
    /// What must not hold.
    pub must_not: Tests,
}

/// A command as the tests see it.
struct Facts<'c> {
    args: Args<'c>,
    db: u64,
    time_ms: Option<i64>,
    position: Option<u64>,
}

fn within<T: PartialOrd + Copy>(ranges: &[Range<T>], value: Option<T>) -> bool {
    value.is_some_and(|value| ranges.iter().any(|range| range.contains(value)))
}

impl Tests {
    fn is_empty(&self) -> bool {
        let by_key = !self.keys.is_empty() || self.regex.is_some();
        let by_place = !(self.times_ms.is_empty() && self.positions.is_empty());
        !by_key && !by_place && self.commands.is_empty() && self.dbs.is_empty()
    }

    /// The outcome of each test that there is, cheap ones first.
    fn outcomes<'t>(&'t self, facts: &'t Facts<'_>) -> impl Iterator<Item = bool> + 't {
        let db = (!self.dbs.is_empty()).then(|| within(&self.dbs, Some(facts.db)));
        let time = (!self.times_ms.is_empty()).then(|| within(&self.times_ms, facts.time_ms));
        let position =
            (!self.positions.is_empty()).then(|| within(&self.positions, facts.position));
        let cheap = [db, time, position].into_iter().flatten();
        let name = std::iter::once(()).filter(|()| !self.commands.is_empty()).map(|()| {
            let name = facts.args.name().to_ascii_lowercase();
            self.commands.iter().any(|glob| glob.matches(&name))
        });
        let keys = std::iter::once(())
            .filter(|()| !self.keys.is_empty())
            .map(|()| any_key(&facts.args, |key| self.keys.iter().any(|glob| glob.matches(key))));
        let regex = self.regex.iter().map(|set| any_key(&facts.args, |key| set.is_match(key)));
        cheap.chain(name).chain(keys).chain(regex)
    }
}

fn any_key(args: &Args<'_>, matches: impl Fn(&[u8]) -> bool) -> bool {
    let mut keys = Vec::new();
    table::keys(args, &mut keys);
    keys.iter().any(|key| matches(key))
}

impl Selection {
    /// Whether all commands pass.
    pub fn is_empty(&self) -> bool {
        self.must.is_empty() && self.must_not.is_empty()
    }

    /// Whether commands without a time or a place of their own can pass.
    pub fn takes_timeless(&self) -> bool {
        self.must.times_ms.is_empty() && self.must.positions.is_empty()
    }

    /// Whether a command of a file passes. SELECT, MULTI and EXEC pass only if all or their names are asked for.
    pub fn accepts(&self, place: Place<'_>, command: &Command<'_>) -> bool {
        if self.is_empty() {
            return true;
        }
        if command.role != Role::Plain && self.must.commands.is_empty() {
            return false;
        }
        self.passes(&Facts {
            args: command.args,
            db: command.db,
            time_ms: command.time_s.map(|s| s.saturating_mul(1000)),
            position: Some(place.position(command.span.start)),
        })
    }

    /// Whether a command passes that has neither a time nor a place.
    pub fn accepts_args(&self, db: u64, args: &Args<'_>) -> bool {
        self.is_empty() || self.passes(&Facts { args: *args, db, time_ms: None, position: None })
    }

    fn passes(&self, facts: &Facts<'_>) -> bool {
        self.must.outcomes(facts).all(|holds| holds)
            && !self.must_not.outcomes(facts).any(|holds| holds)
    }
}
