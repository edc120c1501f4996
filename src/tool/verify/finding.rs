//! What was found, and how many of each rule.

use super::rules::{Id, RULES, Rule};
use crate::rdb::{Error, KeyPath};
use crate::report::{self, Severity};
use std::fmt;

/// Longest key kept with a finding, in bytes; longer ones are cut there.
pub const KEY_BYTES_MAX: usize = 4096;

/// A rule that does not hold at some place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// What is wrong there: lower case, no full stop.
    pub message: String,
    /// Where it is in the (decompressed) input, in bytes, if it is at a place.
    pub byte_offset: Option<u64>,
    /// How long the place is, in bytes; only with an offset.
    pub byte_length: Option<u64>,
    /// The key that it is about; its bytes end at [`KEY_BYTES_MAX`].
    pub path: Option<KeyPath>,
    /// Index of the element in the key, counted from 0.
    pub element: Option<u64>,
}

impl Finding {
    /// A finding about the file as a whole; the other fields are set as they are known.
    pub fn new(id: Id, message: impl Into<String>) -> Finding {
        Finding {
            rule: id.rule(),
            message: message.into(),
            byte_offset: None,
            byte_length: None,
            path: None,
            element: None,
        }
    }

    /// The finding for damage that the reader reports.
    pub fn from_error(id: Id, error: &Error) -> Finding {
        let mut finding = Finding::new(id, error.kind().to_string()).at(error.offset());
        finding.element = error.element();
        match error.path() {
            Some(path) => finding.in_key(path.clone()),
            None => finding,
        }
    }

    /// Sets the place.
    #[must_use]
    pub fn at(mut self, offset: u64) -> Finding {
        self.byte_offset = Some(offset);
        self
    }

    /// Sets how long the place is.
    #[must_use]
    pub fn long(mut self, bytes: u64) -> Finding {
        self.byte_length = Some(bytes);
        self
    }

    /// Sets the key.
    #[must_use]
    pub fn in_key(mut self, mut path: KeyPath) -> Finding {
        path.key.truncate(KEY_BYTES_MAX);
        path.key.shrink_to_fit();
        self.path = Some(path);
        self
    }

    /// Sets the element.
    #[must_use]
    pub fn in_element(mut self, element: u64) -> Finding {
        self.element = Some(element);
        self
    }
}

impl Finding {
    /// The finding as reports show it; `file` is the name to give.
    pub fn to_report(&self, file: &str) -> report::Finding {
        let mut message = String::new();
        if let Some(path) = &self.path {
            message += path.kind;
            if path.encoding != path.kind {
                message = format!("{message}, {}", path.encoding);
            }
            if let Some(element) = self.element {
                message = format!("{message}, element {element}");
            }
            message += ": ";
        }
        message += &self.message;
        let mut finding = report::Finding::new(self.rule.name, self.rule.severity, file, message);
        finding.byte_offset = self.byte_offset;
        finding.byte_length = self.byte_length;
        if let Some(path) = &self.path {
            finding.db = u32::try_from(path.db).ok();
            finding.key = Some(path.key.clone());
        }
        finding
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(path) = &self.path {
            write!(f, "{path}")?;
            if let Some(element) = self.element {
                write!(f, ", element {element}")?;
            }
            f.write_str(": ")?;
        }
        f.write_str(&self.message)?;
        match self.byte_offset {
            Some(offset) => write!(f, " (offset 0x{offset:x}, {offset})"),
            None => Ok(()),
        }
    }
}

/// How often each rule did not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counts(Vec<u64>);

impl Default for Counts {
    fn default() -> Self {
        Counts(vec![0; RULES.len()])
    }
}

impl Counts {
    fn add(&mut self, id: Id, n: u64) {
        if let Some(count) = self.0.get_mut(id as usize) {
            *count = count.saturating_add(n);
        }
    }

    /// Findings of one rule.
    pub fn of(&self, id: Id) -> u64 {
        self.0.get(id as usize).copied().unwrap_or(0)
    }

    /// Findings of one severity.
    pub fn of_severity(&self, severity: Severity) -> u64 {
        let of_rule = self.iter().filter(|(rule, _)| rule.severity == severity);
        of_rule.map(|(_, n)| n).sum()
    }

    /// The rules with findings, and how many.
    pub fn iter(&self) -> impl Iterator<Item = (&'static Rule, u64)> + '_ {
        RULES.iter().zip(self.0.iter().copied()).filter(|(_, n)| *n > 0)
    }
}

/// Collects findings: the first ones are kept, all are counted.
#[derive(Debug)]
pub(super) struct Findings {
    pub(super) kept: Vec<Finding>,
    pub(super) counts: Counts,
    max: usize,
}

impl Findings {
    /// Keeps up to this many, and beyond that the first of each rule.
    pub(super) fn new(max: usize) -> Findings {
        Findings { kept: Vec::new(), counts: Counts::default(), max }
    }

    /// Takes a finding, which is made only if it is kept.
    #[cold]
    pub(super) fn add(&mut self, id: Id, make: impl FnOnce(Id) -> Finding) {
        let first = self.counts.of(id) == 0;
        self.counts.add(id, 1);
        if self.kept.len() < self.max || first {
            self.kept.push(make(id));
        }
    }

    /// Counts findings about which nothing more is known.
    pub(super) fn count(&mut self, id: Id, n: u64) {
        self.counts.add(id, n);
    }

    /// Moves everything to another collection.
    pub(super) fn drain_into(&mut self, other: &mut Findings) {
        for finding in self.kept.drain(..) {
            let id = finding.rule.id;
            let first = other.counts.of(id) == 0;
            if other.kept.len() < other.max || first {
                other.kept.push(finding);
            }
            // Keeps a second one of this rule from passing as the first.
            other.counts.add(id, 1);
            if let Some(count) = self.counts.0.get_mut(id as usize) {
                *count -= 1;
            }
        }
        for (into, n) in other.counts.0.iter_mut().zip(&mut self.counts.0) {
            *into = into.saturating_add(std::mem::take(n));
        }
    }

    /// Brings what is kept into the order of the file; findings without a place come last.
    pub(super) fn sort(&mut self) {
        let order = |finding: &Finding| finding.byte_offset.unwrap_or(u64::MAX);
        self.kept.sort_by_key(order);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_each_rule_is_kept_and_all_are_counted() {
        let mut all = Findings::new(2);
        for round in 0..3 {
            let mut some = Findings::new(2);
            for i in 0..10 {
                some.add(Id::Lzf, |id| Finding::new(id, "x").at(round * 10 + i));
                some.add(Id::NanScore, |id| Finding::new(id, "y").at(i));
            }
            some.drain_into(&mut all);
            assert_eq!(some.kept, []);
            assert_eq!(some.counts, Counts::default());
        }
        assert_eq!(all.counts.of(Id::Lzf), 30);
        assert_eq!(all.counts.of_severity(Severity::Error), 60);
        assert_eq!(all.kept.len(), 2);
        all.add(Id::Empty, |id| Finding::new(id, "z"));
        all.add(Id::Empty, |id| Finding::new(id, "z"));
        assert_eq!(all.kept.len(), 3);
    }

    #[test]
    fn reads_as_one_line() {
        let path = KeyPath { db: 0, key: b"user:7".to_vec(), kind: "hash", encoding: "listpack" };
        let finding = Finding::new(Id::PackedLength, "length 70000 runs past the blob");
        let finding = finding.at(6703).in_key(path).in_element(3);
        assert_eq!(
            finding.to_string(),
            "key \"user:7\" (hash, listpack), element 3: length 70000 runs past the blob \
             (offset 0x1a2f, 6703)"
        );
    }
}
