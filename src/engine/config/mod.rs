//! The configuration of a server: what redis.conf and the command line say, and what CONFIG reads and changes.
//!
//! A directive is a row of the [`table`]. The row makes a field of [`Config`], which the engine reads as a plain value, and a
//! [`Directive`], by which all else goes: reading files ([`read`]), `CONFIG GET` ([`get`]), `CONFIG SET` ([`set`]) and
//! `CONFIG REWRITE` ([`rewrite`]).
//!
//! All directives of Redis 7.0 to 8.6 and of Valkey up to 9.1 are known, with the names, bounds and texts of Redis 7.0.15, and
//! with its defaults where it has the directive. Those that have nothing to act on here are taken and marked
//! [`NO_EFFECT`].
//!
//! Nothing here does I/O. Whoever reads a configuration brings a [`read::Host`].

pub mod args;
mod checks;
pub mod get;
pub mod key_events;
pub mod kinds;
pub mod read;
pub mod rewrite;
pub mod rule;
pub mod set;
pub mod split;
pub mod table;
mod title;
mod users;
pub mod words;

#[cfg(test)]
mod tests;

pub use args::CommandLine;
pub use read::{Host, LoadError, Loaded};
pub use set::{Access, Changes, SetError};
pub use table::Config;

use rule::{Bytes, Rule, Setting};
use std::sync::LazyLock;

/// What is special about a directive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flags(u16);

/// Stays as it was at the start.
pub const IMMUTABLE: Flags = Flags(1);
/// Is changed only by clients that `enable-protected-configs` lets.
pub const PROTECTED: Flags = Flags(1 << 1);
/// Is shown only to those who ask for the whole name.
pub const HIDDEN: Flags = Flags(1 << 2);
/// Is kept out of logs.
pub const SENSITIVE: Flags = Flags(1 << 3);
/// Takes any number of words.
pub const MULTI: Flags = Flags(1 << 4);
/// Stays as it is while data is loaded.
pub const DENY_LOADING: Flags = Flags(1 << 5);
/// Is applied even if its text stays the same, because it names a file.
pub const VOLATILE: Flags = Flags(1 << 6);
/// Has nothing to act on in this server.
pub const NO_EFFECT: Flags = Flags(1 << 7);

impl Flags {
    /// All of them.
    pub const fn union(flags: &[Flags]) -> Flags {
        let (mut bits, mut rest) = (0, flags);
        while let [first, tail @ ..] = rest {
            bits |= first.0;
            rest = tail;
        }
        Flags(bits)
    }

    /// Whether all of the other's are among these.
    pub const fn contains(self, other: Flags) -> bool {
        self.0 & other.0 == other.0
    }
}

/// The servers that know a directive, deprecated or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Servers(u8);

/// Redis 7.0.
pub const R70: Servers = Servers(1);
/// Redis 7.2.
pub const R72: Servers = Servers(1 << 1);
/// Redis 7.4.
pub const R74: Servers = Servers(1 << 2);
/// Redis 8, up to 8.6.
pub const R8: Servers = Servers(1 << 3);
/// Valkey, up to 9.1.
pub const VALKEY: Servers = Servers(1 << 4);
const SINCE_8: Servers = Servers(R8.0 | VALKEY.0);
const SINCE_74: Servers = Servers(R74.0 | SINCE_8.0);
const SINCE_72: Servers = Servers(R72.0 | SINCE_74.0);
const ALL: Servers = Servers(R70.0 | SINCE_72.0);
const REDIS: Servers = Servers(R70.0 | R72.0 | R74.0 | R8.0);
const UNTIL_8: Servers = Servers(R70.0 | R72.0 | R74.0);
/// No other server.
const OWN: Servers = Servers(0);

impl Servers {
    /// Whether one of the others is among these.
    pub const fn overlaps(self, other: Servers) -> bool {
        self.0 & other.0 != 0
    }
}

/// What is known of a directive.
pub struct Directive {
    /// The name that Redis 7.0 gives it, or the first server that had it.
    pub name: &'static str,
    /// Other names of Redis 7.0, which patterns find too.
    pub aliases: &'static [&'static str],
    /// Other names of later servers, which only a whole name finds.
    pub newer_names: &'static [&'static str],
    /// What is special about it.
    pub flags: Flags,
    /// Who knows it.
    pub servers: Servers,
    /// What values it takes.
    pub rule: Rule,
    /// Its value in a configuration.
    pub value: fn(&Config) -> &dyn Setting,
    /// Its value, to be changed.
    pub value_mut: fn(&mut Config) -> &mut dyn Setting,
}

impl std::fmt::Debug for Directive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl Directive {
    /// All names, the first is its own.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        let others = self.aliases.iter().chain(self.newer_names).copied();
        std::iter::once(self.name).chain(others)
    }

    /// Its value as `CONFIG GET` gives it.
    pub fn text(&self, config: &Config) -> Bytes {
        (self.value)(config).text(&self.rule)
    }

    /// Whether the flag is set.
    pub fn is(&self, flag: Flags) -> bool {
        self.flags.contains(flag)
    }

    /// Whether its value is the default.
    pub fn is_default(&self, config: &Config) -> bool {
        self.text(config) == self.text(&DEFAULTS)
    }
}

/// A configuration that nobody touched.
pub static DEFAULTS: LazyLock<Config> = LazyLock::new(Config::default);

/// The directive of a name in any case, and that name as the table has it.
pub fn find(name: &[u8]) -> Option<(&'static Directive, &'static str)> {
    table::DIRECTIVES.iter().find_map(|directive| {
        let named = directive.names().find(|own| own.as_bytes().eq_ignore_ascii_case(name))?;
        Some((directive, named))
    })
}

/// Whether a name is that of a directive whose value must not be shown.
pub fn is_secret(name: &[u8]) -> bool {
    find(name).is_some_and(|(directive, _)| directive.is(SENSITIVE))
}

/// All directives, in the order of the table.
pub fn all() -> impl Iterator<Item = &'static Directive> {
    table::DIRECTIVES.iter()
}
