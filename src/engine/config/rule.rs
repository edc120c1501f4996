//! What values a directive takes, and the plain kinds of values.

use super::split;
use crate::base::num::parse_canonical_i64;
use std::borrow::Cow;

/// A text, which need not be UTF-8.
pub type Bytes = Vec<u8>;

/// Why a value is not taken, in the words of servers.
pub type Refusal = Cow<'static, str>;

/// Looks at a text before it is taken.
pub type Check = fn(&[u8]) -> Result<(), &'static str>;

/// What values a directive takes, beyond what their type says.
#[derive(Debug, Clone, Copy)]
pub enum Rule {
    /// Any of the type.
    Plain,
    /// A decimal number within bounds, which are inclusive.
    Int {
        /// The least.
        min: i64,
        /// The largest.
        max: i64,
    },
    /// A decimal number, brought into the bounds if it is outside.
    Clamped {
        /// The least.
        min: i64,
        /// The largest.
        max: i64,
    },
    /// An octal number.
    Octal {
        /// The largest.
        max: i64,
    },
    /// A size in bytes, with or without a unit.
    Memory {
        /// The least.
        min: u64,
        /// The largest.
        max: u64,
    },
    /// A text.
    Text {
        /// Whether an empty one is the same as none, so that a rewritten file does not hold it.
        absent_if_empty: bool,
        /// What else it must be.
        check: Check,
    },
    /// A folder, which a rewritten file always holds.
    Dir,
}

fn any(_: &[u8]) -> Result<(), &'static str> {
    Ok(())
}

pub(super) const PLAIN: Rule = Rule::Plain;
pub(super) const TEXT: Rule = Rule::Text { absent_if_empty: false, check: any };
pub(super) const ABSENT_IF_EMPTY: Rule = Rule::Text { absent_if_empty: true, check: any };

pub(super) const fn checked(check: Check) -> Rule {
    Rule::Text { absent_if_empty: false, check }
}

pub(super) const fn checked_absent(check: Check) -> Rule {
    Rule::Text { absent_if_empty: true, check }
}

pub(super) const fn int(min: i64, max: i64) -> Rule {
    Rule::Int { min, max }
}

pub(super) const fn memory(min: u64, max: u64) -> Rule {
    Rule::Memory { min, max }
}

pub(super) fn text(text: &str) -> Bytes {
    text.as_bytes().to_vec()
}

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// `CONFIG SET`.
    Command,
    /// A file that did not name the directive before.
    FirstInFile,
    /// A file that did.
    AgainInFile,
}

/// What stands behind the name in a line of a rewritten file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The words.
    pub words: Bytes,
    /// Whether the line is written even if the old file had none.
    pub needed: bool,
}

/// The value of a directive.
pub trait Setting {
    /// Takes the words behind the name. A refused value may be taken in part: whoever calls puts the old one back.
    fn set(&mut self, rule: &Rule, words: &[&[u8]], origin: Origin) -> Result<(), Refusal>;

    /// The value as `CONFIG GET` gives it.
    fn text(&self, rule: &Rule) -> Bytes;

    /// The lines of a rewritten file; the default is given by its text.
    fn lines(&self, rule: &Rule, default: &[u8]) -> Vec<Line> {
        let words = self.text(rule);
        vec![Line { needed: words != default, words }]
    }
}

/// The only word of a directive that takes one.
pub(super) fn only<'a>(words: &[&'a [u8]]) -> &'a [u8] {
    words.first().copied().unwrap_or_default()
}

impl Setting for bool {
    fn set(&mut self, _: &Rule, words: &[&[u8]], _: Origin) -> Result<(), Refusal> {
        *self = match only(words).to_ascii_lowercase().as_slice() {
            b"yes" => true,
            b"no" => false,
            _ => return Err("argument must be 'yes' or 'no'".into()),
        };
        Ok(())
    }

    fn text(&self, _: &Rule) -> Bytes {
        text(if *self { "yes" } else { "no" })
    }
}

impl Setting for i64 {
    fn set(&mut self, rule: &Rule, words: &[&[u8]], _: Origin) -> Result<(), Refusal> {
        let word = only(words);
        if let Rule::Octal { max } = rule {
            let value = split::c_integer(word, 8)
                .ok_or("argument couldn't be parsed as an octal number")?;
            if !(0..=*max).contains(&value) {
                return Err(format!("argument must be between 0 and {max:o} inclusive").into());
            }
            *self = value;
            return Ok(());
        }
        let value =
            parse_canonical_i64(word).ok_or("argument couldn't be parsed into an integer")?;
        let (min, max) = match *rule {
            Rule::Int { min, max } => (min, max),
            Rule::Clamped { .. } => (0, i64::from(i32::MAX)),
            _ => (i64::MIN, i64::MAX),
        };
        if !(min..=max).contains(&value) {
            return Err(format!("argument must be between {min} and {max} inclusive").into());
        }
        *self = match *rule {
            Rule::Clamped { min, max } => value.max(min).min(max),
            _ => value,
        };
        Ok(())
    }

    fn text(&self, rule: &Rule) -> Bytes {
        text(&match rule {
            Rule::Octal { .. } => format!("{self:o}"),
            _ => self.to_string(),
        })
    }
}

impl Setting for u64 {
    fn set(&mut self, rule: &Rule, words: &[&[u8]], _: Origin) -> Result<(), Refusal> {
        let value = split::memory(only(words)).ok_or("argument must be a memory value")?;
        if let Rule::Memory { min, max } = rule
            && !(min..=max).contains(&&value)
        {
            return Err(format!("argument must be between {min} and {max} inclusive").into());
        }
        *self = value;
        Ok(())
    }

    fn text(&self, _: &Rule) -> Bytes {
        text(&self.to_string())
    }

    fn lines(&self, rule: &Rule, default: &[u8]) -> Vec<Line> {
        let words = text(&split::format_memory(*self));
        vec![Line { words, needed: self.text(rule) != default }]
    }
}

impl Setting for Bytes {
    fn set(&mut self, rule: &Rule, words: &[&[u8]], _: Origin) -> Result<(), Refusal> {
        let word = only(words);
        if let Rule::Text { check, .. } = rule {
            check(word)?;
        }
        *self = word.to_vec();
        Ok(())
    }

    fn text(&self, _: &Rule) -> Bytes {
        self.clone()
    }

    fn lines(&self, rule: &Rule, default: &[u8]) -> Vec<Line> {
        let (absent, always) = match rule {
            Rule::Text { absent_if_empty, .. } => (*absent_if_empty && self.is_empty(), false),
            Rule::Dir => (false, true),
            _ => (false, false),
        };
        if absent {
            return Vec::new();
        }
        let mut words = Bytes::new();
        split::write_quoted(self, &mut words);
        vec![Line { words, needed: always || self != default }]
    }
}
