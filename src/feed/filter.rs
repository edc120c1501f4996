//! Filters on keys, the same for every command.
//!
//! Several values of one option are alternatives; different options must all hold; a negated
//! option must not.

use crate::base::glob::Glob;
use crate::base::range::Range;
use crate::base::slot::key_slot;
use crate::rdb::{Attributes, Elem, Entry, Error, Kind, Scratch, Visit};
use std::collections::HashSet;

/// A test on the time to live.
#[derive(Debug, Clone)]
pub enum Ttl {
    /// The key has no expiry.
    None,
    /// The key has one.
    Any,
    /// The key has one that is past.
    Expired,
    /// Milliseconds left lie in this range; keys without expiry never do.
    Left(Range<i64>),
    /// The expiry itself, in unix milliseconds, lies in this range.
    At(Range<i64>),
}

/// What one option asks of a key.
#[derive(Debug, Clone)]
pub enum Test {
    /// Its database.
    Db(Vec<Range<u64>>),
    /// Its kind.
    Kind(Vec<Kind>),
    /// Its name, by glob.
    Key(Vec<Glob>),
    /// Its name, by regular expression.
    Regex(regex::bytes::RegexSet),
    /// Its name, from a list.
    Names(HashSet<Vec<u8>>),
    /// Its cluster slot.
    Slot(Vec<Range<u64>>),
    /// Its time to live.
    Ttl(Vec<Ttl>),
    /// Bytes of its value in the file.
    Size(Vec<Range<u64>>),
    /// Number of its elements; 1 for strings.
    Elements(Vec<Range<u64>>),
    /// Its idle time in seconds; keys without one never match.
    Idle(Vec<Range<u64>>),
    /// Its access frequency; keys without one never match.
    Freq(Vec<Range<u64>>),
}

impl Test {
    /// How much work a test is; cheap ones go first.
    fn cost(&self) -> u8 {
        match self {
            Test::Db(_) | Test::Kind(_) | Test::Ttl(_) | Test::Idle(_) | Test::Freq(_) => 0,
            Test::Size(_) => 1,
            Test::Key(_) | Test::Names(_) | Test::Slot(_) => 2,
            Test::Regex(_) => 3,
            Test::Elements(_) => 4,
        }
    }
}

/// What can be known of a key without looking into its value.
#[derive(Debug, Clone, Copy)]
pub struct KeyFacts<'k> {
    /// The database.
    pub db: u64,
    /// What it holds.
    pub kind: Kind,
    /// Expiry, idle time, frequency.
    pub attributes: Attributes,
    /// The key's bytes.
    pub key: &'k [u8],
    /// Its cluster slot, if it has been computed.
    pub slot: Option<u16>,
    /// Bytes of its value in the file.
    pub value_bytes: u64,
}

impl<'k> KeyFacts<'k> {
    /// The facts of an entry, whose key is given.
    pub fn of(entry: &Entry<'_>, key: &'k [u8]) -> KeyFacts<'k> {
        KeyFacts {
            db: entry.db,
            kind: entry.ty.kind,
            attributes: entry.attributes,
            key,
            slot: None,
            value_bytes: entry.value.len() as u64,
        }
    }
}

fn within(ranges: &[Range<u64>], n: u64) -> bool {
    ranges.iter().any(|range| range.contains(n))
}

#[derive(Debug, Clone)]
struct Clause {
    test: Test,
    negated: bool,
}

/// All options together.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    clauses: Vec<Clause>,
    functions: Option<bool>,
    now_ms: i64,
}

impl Filter {
    /// A filter that accepts everything; `now_ms` is what times to live count from.
    pub fn new(now_ms: i64) -> Filter {
        Filter { clauses: Vec::new(), functions: None, now_ms }
    }

    /// Sets what times to live count from, in unix milliseconds.
    pub fn set_now(&mut self, now_ms: i64) {
        self.now_ms = now_ms;
    }

    /// Adds a test.
    pub fn add(&mut self, test: Test, negated: bool) {
        self.clauses.push(Clause { test, negated });
        self.clauses.sort_by_key(|clause| clause.test.cost());
    }

    /// Says whether function libraries pass; unless said, they do if there is no test at all.
    pub fn set_functions(&mut self, pass: bool) {
        self.functions = Some(pass);
    }

    /// Whether every key passes.
    pub fn is_empty(&self) -> bool {
        self.clauses.is_empty()
    }

    /// Whether function libraries pass.
    pub fn accepts_functions(&self) -> bool {
        self.functions.unwrap_or(self.clauses.is_empty())
    }

    /// Whether a key passes.
    #[inline]
    pub fn accepts(&self, entry: &Entry<'_>, scratch: &mut Scratch) -> Result<bool, Error> {
        if self.clauses.is_empty() {
            return Ok(true);
        }
        let key = entry.key()?;
        match self.decide(&KeyFacts::of(entry, &key)) {
            Some(passes) => Ok(passes),
            None => Ok(self.accepts_elements(count_elements(entry, scratch)?)),
        }
    }

    /// Whether a key passes, as far as that can be told without looking into its value; `None` if
    /// all hangs on the number of its elements.
    #[inline]
    pub fn decide(&self, facts: &KeyFacts<'_>) -> Option<bool> {
        for clause in &self.clauses {
            // Tests on elements come last.
            if self.holds(&clause.test, facts)? == clause.negated {
                return Some(false);
            }
        }
        Some(true)
    }

    /// Whether the tests on the number of elements hold.
    fn accepts_elements(&self, elements: u64) -> bool {
        self.clauses.iter().all(|clause| match &clause.test {
            Test::Elements(ranges) => within(ranges, elements) != clause.negated,
            _ => true,
        })
    }

    fn holds(&self, test: &Test, facts: &KeyFacts<'_>) -> Option<bool> {
        let attributes = &facts.attributes;
        Some(match test {
            Test::Db(ranges) => within(ranges, facts.db),
            Test::Kind(kinds) => kinds.contains(&facts.kind),
            Test::Key(globs) => globs.iter().any(|glob| glob.matches(facts.key)),
            Test::Regex(set) => set.is_match(facts.key),
            Test::Names(names) => names.contains(facts.key),
            Test::Slot(ranges) => {
                let slot = facts.slot.unwrap_or_else(|| key_slot(facts.key));
                within(ranges, u64::from(slot))
            }
            Test::Ttl(tests) => {
                tests.iter().any(|test| self.ttl_holds(test, attributes.expire_at_ms))
            }
            Test::Size(ranges) => within(ranges, facts.value_bytes),
            Test::Elements(_) => return None,
            Test::Idle(ranges) => attributes.idle_s.is_some_and(|n| within(ranges, n)),
            Test::Freq(ranges) => attributes.freq.is_some_and(|n| within(ranges, u64::from(n))),
        })
    }

    fn ttl_holds(&self, test: &Ttl, expire_at_ms: Option<i64>) -> bool {
        match (test, expire_at_ms) {
            (Ttl::None, at) => at.is_none(),
            (_, None) => false,
            (Ttl::Any, Some(_)) => true,
            (Ttl::Expired, Some(at)) => at <= self.now_ms,
            (Ttl::Left(range), Some(at)) => range.contains(at.saturating_sub(self.now_ms)),
            (Ttl::At(range), Some(at)) => range.contains(at),
        }
    }
}

/// Counts what a user sees as elements: items, members, fields, entries; 1 for strings and
/// modules.
#[derive(Debug, Default)]
pub struct Counter(pub u64);

impl Visit for Counter {
    type Error = Error;
    fn elem(&mut self, elem: &Elem<'_>) -> Result<(), Error> {
        match elem {
            Elem::Str(_)
            | Elem::Item(_)
            | Elem::Member(_)
            | Elem::Scored { .. }
            | Elem::Field { .. }
            | Elem::StreamEntry { .. }
            | Elem::ArrayItem { .. }
            | Elem::Module(_) => self.0 += 1,
            Elem::Vector { .. }
            | Elem::VectorSet { .. }
            | Elem::StreamMeta(_)
            | Elem::Group { .. }
            | Elem::Pending { .. }
            | Elem::Consumer { .. }
            | Elem::Claimed(_)
            | Elem::Nacked(_)
            | Elem::IdmpConfig { .. }
            | Elem::Producer(_)
            | Elem::ProducerId { .. }
            | Elem::IdmpCounters { .. }
            | Elem::ArrayMeta { .. }
            | Elem::ModuleItem(_) => {}
        }
        Ok(())
    }
}

/// Number of a key's elements.
pub fn count_elements(entry: &Entry<'_>, scratch: &mut Scratch) -> Result<u64, Error> {
    if matches!(entry.ty.kind, Kind::String | Kind::Module) {
        return Ok(1);
    }
    let mut counter = Counter::default();
    entry.visit(scratch, &mut counter)?;
    Ok(counter.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(key: &[u8]) -> KeyFacts<'_> {
        let attributes = Attributes { expire_at_ms: Some(5_000), ..Attributes::default() };
        KeyFacts { db: 2, kind: Kind::Hash, attributes, key, slot: None, value_bytes: 10 }
    }

    #[test]
    fn facts_decide_all_but_elements() {
        let mut filter = Filter::new(1_000);
        assert_eq!(filter.decide(&facts(b"a")), Some(true));
        filter.add(Test::Kind(vec![Kind::Hash]), false);
        filter.add(Test::Key(vec![Glob::new(b"user:*")]), false);
        assert_eq!(filter.decide(&facts(b"user:1")), Some(true));
        assert_eq!(filter.decide(&facts(b"other")), Some(false));
        filter.add(Test::Elements(Vec::new()), true);
        assert_eq!(filter.decide(&facts(b"user:1")), None);
        assert_eq!(filter.decide(&facts(b"other")), Some(false));
        assert!(filter.accepts_elements(3));
        filter.add(Test::Ttl(vec![Ttl::Expired]), false);
        assert_eq!(filter.decide(&facts(b"user:1")), Some(false));
    }
}
