//! Which commands of a set: by key, name, database, time and place.

use super::chain::Place;
use super::table;
use crate::aof::reader::{Args, Command, Role};
use crate::base::glob::Glob;
use crate::base::range::Range;

/// What one option asks; values are alternatives.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Keys by glob; any key of a command counts.
    pub keys: Vec<Glob>,
    /// Keys by regular expression.
    pub regex: Option<regex::bytes::RegexSet>,
    /// Names of commands, in any case.
    pub commands: Vec<Glob>,
    /// Databases.
    pub dbs: Vec<Range<u64>>,
    /// Times in unix milliseconds; commands without a time never match.
    pub times_ms: Vec<Range<i64>>,
    /// Places in the chain of all files, in bytes; a command is at its first byte.
    pub positions: Vec<Range<u64>>,
}

fn within<T: PartialOrd + Copy>(ranges: &[Range<T>], value: T) -> bool {
    ranges.is_empty() || ranges.iter().any(|range| range.contains(value))
}

impl Selection {
    /// Whether all commands pass.
    pub fn is_empty(&self) -> bool {
        let by_key = self.has_keys();
        let by_place = !(self.times_ms.is_empty() && self.positions.is_empty());
        !by_key && !by_place && self.commands.is_empty() && self.dbs.is_empty()
    }

    /// Whether keys are asked for.
    pub fn has_keys(&self) -> bool {
        !(self.keys.is_empty() && self.regex.is_none())
    }

    /// Whether commands without a time or a place of their own can pass.
    pub fn takes_timeless(&self) -> bool {
        self.times_ms.is_empty() && self.positions.is_empty()
    }

    /// Whether a command of a file passes. SELECT, MULTI and EXEC pass only if all or their names are asked for.
    pub fn accepts(&self, place: Place<'_>, command: &Command<'_>) -> bool {
        let plain = matches!(command.role, Role::Plain);
        if !plain && self.commands.is_empty() && !self.is_empty() {
            return false;
        }
        within(&self.positions, place.position(command.span.start))
            && (self.times_ms.is_empty()
                || command.time_s.is_some_and(|s| within(&self.times_ms, s.saturating_mul(1000))))
            && self.accepts_args(command.db, &command.args)
    }

    /// Whether a command passes by its name, keys and database.
    pub fn accepts_args(&self, db: u64, args: &Args<'_>) -> bool {
        if !within(&self.dbs, db) || !self.accepts_name(args.name()) {
            return false;
        }
        if !self.has_keys() {
            return true;
        }
        let mut keys = Vec::new();
        table::keys(args, &mut keys);
        keys.iter().any(|key| self.accepts_key(key))
    }

    fn accepts_name(&self, name: &[u8]) -> bool {
        if self.commands.is_empty() {
            return true;
        }
        let name = name.to_ascii_lowercase();
        self.commands.iter().any(|glob| glob.matches(&name))
    }

    fn accepts_key(&self, key: &[u8]) -> bool {
        self.keys.iter().any(|glob| glob.matches(key))
            || self.regex.as_ref().is_some_and(|set| set.is_match(key))
    }
}
