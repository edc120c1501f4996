//! `CONFIG SET`.

use super::rule::{Bytes, Origin, Refusal};
use super::{
    Config, DENY_LOADING, Directive, IMMUTABLE, MULTI, PROTECTED, SENSITIVE, VOLATILE, find, split,
};
use std::fmt;

/// What a client may set now.
#[derive(Debug, Clone, Copy, Default)]
pub struct Access {
    /// Whether it may set what is protected; see [`super::words::ProtectedAction::allows`].
    pub protected: bool,
    /// Whether data is being loaded.
    pub loading: bool,
}

/// Why nothing was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SetError {
    /// There is no such directive.
    Unknown(Bytes),
    /// One of the directives waits until data is loaded.
    Loading,
    /// A directive does not take its value.
    Failed {
        /// The directive, by the name it was given.
        name: Bytes,
        /// Why.
        reason: Refusal,
    },
}

impl fmt::Display for SetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SetError::Unknown(name) => {
                let name = String::from_utf8_lossy(name);
                write!(f, "ERR Unknown option or number of arguments for CONFIG SET - '{name}'")
            }
            SetError::Loading => f.write_str("LOADING Redis is loading the dataset in memory"),
            SetError::Failed { name, reason } => {
                let name = String::from_utf8_lossy(name);
                write!(
                    f,
                    "ERR CONFIG SET failed (possibly related to argument '{name}') - {reason}"
                )
            }
        }
    }
}

/// What a `CONFIG SET` changed, to be applied or taken back.
#[derive(Debug)]
pub struct Changes {
    directives: Vec<&'static Directive>,
    names: Vec<&'static str>,
    before: Box<Config>,
}

impl Changes {
    /// The directives that have another value now, and those whose files may have changed.
    pub fn directives(&self) -> &[&'static Directive] {
        &self.directives
    }

    /// Whether the directive of this name is among them.
    pub fn has(&self, name: &str) -> bool {
        self.directives.iter().any(|directive| directive.name == name)
    }

    /// Whether the server is to listen elsewhere.
    pub fn listens(&self) -> bool {
        self.has("bind") || self.has("port")
    }

    /// The configuration as it was.
    pub fn before(&self) -> &Config {
        &self.before
    }

    /// The error for a change that could not be applied. The configuration still has to be taken back with [`Config::undo`].
    pub fn refused(&self, directive: &Directive, reason: impl Into<Refusal>) -> SetError {
        let mut named = self.directives.iter().zip(&self.names);
        let name = named.find(|(own, _)| own.name == directive.name);
        let name = name.map_or(directive.name, |(_, name)| name);
        SetError::Failed { name: name.into(), reason: reason.into() }
    }
}

/// Whether the value of a directive is kept out of logs.
pub fn is_sensitive(name: &[u8]) -> bool {
    find(name).is_some_and(|(directive, _)| directive.is(SENSITIVE))
}

impl Config {
    /// Sets all of them or none. What was changed is to be applied by the caller, who takes it back if that fails.
    pub fn set(&mut self, pairs: &[(&[u8], &[u8])], access: Access) -> Result<Changes, SetError> {
        let found = resolve(pairs, access)?;
        let before = Box::new(self.clone());
        for ((directive, name), (_, value)) in found.iter().zip(pairs) {
            if let Err(reason) = self.set_one(directive, value) {
                *self = *before;
                return Err(SetError::Failed { name: (*name).into(), reason });
            }
        }
        let changed = |directive: &Directive| {
            directive.is(VOLATILE) || directive.text(self) != directive.text(&before)
        };
        let (directives, names) =
            found.into_iter().filter(|(directive, _)| changed(directive)).unzip();
        Ok(Changes { directives, names, before })
    }

    fn set_one(&mut self, directive: &Directive, value: &[u8]) -> Result<(), Refusal> {
        let words = if directive.is(MULTI) { split::at_spaces(value) } else { vec![value] };
        (directive.value_mut)(self).set(&directive.rule, &words, Origin::Command)
    }

    /// Takes changes back.
    pub fn undo(&mut self, changes: Changes) {
        *self = *changes.before;
    }
}

/// Finds the directives and sees whether they may be set.
fn resolve(
    pairs: &[(&[u8], &[u8])],
    access: Access,
) -> Result<Vec<(&'static Directive, &'static str)>, SetError> {
    let mut found: Vec<(&'static Directive, &'static str)> = Vec::new();
    for (given, _) in pairs {
        let Some((directive, name)) = find(given) else {
            return Err(SetError::Unknown(given.to_vec()));
        };
        let refused =
            |reason: &'static str| SetError::Failed { name: given.to_vec(), reason: reason.into() };
        if directive.is(IMMUTABLE) {
            return Err(refused("can't set immutable config"));
        }
        if directive.is(PROTECTED) && !access.protected {
            return Err(refused("can't set protected config"));
        }
        if directive.is(DENY_LOADING) && access.loading {
            return Err(SetError::Loading);
        }
        // An alias beside its own name is not noticed by Redis either; the last one wins.
        if found.iter().any(|(_, own)| *own == name) {
            return Err(refused("duplicate parameter"));
        }
        found.push((directive, name));
    }
    Ok(found)
}
