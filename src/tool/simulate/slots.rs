//! `simulate slots`: what a cluster would carry on each node, which commands it would refuse, and how to balance it.

pub use super::slots_report::report;

use super::plan::{Balance, Move, Wish, plan};
use crate::aof::reader::{Item, Role};
use crate::aof::set::Set;
use crate::base::limits::SLOTS;
use crate::base::rng::Rng;
use crate::base::slot::{hash_tag, key_slot};
use crate::cluster::Layout;
use crate::command;
use crate::feed::Control;
use crate::tool::aof::chain::{Look, Place, look};
use crate::tool::aof::{AofError, Ended};
use crate::tool::heavy::HeavyHitters;
use crate::tool::info::Volume;
use crate::tool::slots::SlotMap;
use std::collections::BTreeMap;
use std::io::{self, BufRead};
use std::ops::Range;

/// Number of slots.
const SLOT_COUNT: usize = SLOTS as usize;
/// Hash tags and keys that are watched.
const WATCHED: usize = 4096;
/// Bytes of a key that an example keeps.
const EXAMPLE_BYTES_MAX: usize = 200;

/// Counts keys that stand on lines.
///
/// # Errors
/// The lines cannot be read.
pub fn map_lines(
    name: String,
    lines: &mut dyn BufRead,
    value_bytes: u64,
    read: impl Fn(&[u8]) -> Vec<u8>,
) -> io::Result<SlotMap> {
    let mut map = SlotMap::empty(name);
    let mut line = Vec::new();
    loop {
        line.clear();
        if lines.read_until(b'\n', &mut line)? == 0 {
            return Ok(map);
        }
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        let key = read(text.strip_suffix(b"\r").unwrap_or(text));
        map.add(&key, value_bytes.saturating_add(key.len() as u64));
    }
}

/// A part of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(Vec<u8>),
    /// The number of the key, modulo this if it is not 0.
    Number(u64),
    /// A random number below this, or 16 hexadecimal digits if it is 0.
    Random(u64),
}

/// Makes names: `%d` is the number of the key from 0, `%100d` that number modulo 100, `%r` 16 random hexadecimal digits,
/// `%100r` a random number below 100, `%%` a percent sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(Vec<Part>);

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &[u8]) -> Result<Pattern, String> {
        let mut parts = Vec::new();
        let mut literal = Vec::new();
        let mut rest = text;
        while let [byte, behind @ ..] = rest {
            rest = behind;
            if *byte != b'%' {
                literal.push(*byte);
                continue;
            }
            let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let (number, kind) = rest.split_at_checked(digits).unwrap_or((rest, &[]));
            let number = std::str::from_utf8(number).unwrap_or_default();
            let number =
                if number.is_empty() { Some(0) } else { number.parse().ok().filter(|n| *n > 0) };
            let (part, behind) = match (number, kind) {
                (Some(0), [b'%', behind @ ..]) if digits == 0 => {
                    literal.push(b'%');
                    rest = behind;
                    continue;
                }
                (Some(n), [b'd', behind @ ..]) => (Part::Number(n), behind),
                (Some(n), [b'r', behind @ ..]) => (Part::Random(n), behind),
                _ => return Err("behind % expected d, r, a number and one of them, or %".into()),
            };
            if !literal.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut literal)));
            }
            parts.push(part);
            rest = behind;
        }
        if !literal.is_empty() {
            parts.push(Part::Text(literal));
        }
        Ok(Pattern(parts))
    }

    /// Writes the name of a key.
    fn write(&self, number: u64, rng: &mut Rng, out: &mut Vec<u8>) {
        for part in &self.0 {
            match part {
                Part::Text(text) => out.extend_from_slice(text),
                Part::Number(0) => out.extend(number.to_string().bytes()),
                Part::Number(n) => out.extend((number % n).to_string().bytes()),
                Part::Random(0) => out.extend(format!("{:016x}", rng.next_u64()).bytes()),
                Part::Random(n) => out.extend(rng.below(*n).to_string().bytes()),
            }
        }
    }
}

/// Counts keys that a pattern makes.
pub fn map_pattern(
    pattern: &Pattern,
    count: u64,
    value_bytes: u64,
    seed: u64,
    name: String,
) -> SlotMap {
    let mut map = SlotMap::empty(name);
    let mut rng = Rng::new(seed);
    let mut key = Vec::new();
    for number in 0..count {
        key.clear();
        pattern.write(number, &mut rng, &mut key);
        map.add(&key, value_bytes.saturating_add(key.len() as u64));
    }
    map
}

/// Commands that a cluster would refuse.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Refused {
    /// How many.
    pub count: u64,
    /// Two keys of the first, in different slots.
    pub example: [Vec<u8>; 2],
}

/// What is known of commands.
#[derive(Debug, Clone)]
pub struct Traffic {
    /// Commands, SELECT, MULTI and EXEC left out.
    pub commands: u64,
    /// Commands without a key.
    pub keyless: u64,
    /// Commands that no release knows, or whose keys cannot be told.
    pub unknown: u64,
    /// Commands outside of database 0, which most clusters do not have.
    pub outside_db_0: u64,
    /// Commands and their bytes by slot of their first key.
    pub slots: Vec<Volume>,
    /// Commands with keys in several slots, by name.
    pub refused: BTreeMap<String, Refused>,
    /// Transactions with keys in several slots.
    pub transactions: Refused,
    /// Commands that stand in them.
    pub in_transactions: u64,
    /// Commands that are refused, in either way.
    pub refused_commands: u64,
    /// Hash tags by commands: each weighs 1.
    pub tags: HeavyHitters,
    /// Keys by commands: each weighs 1.
    pub keys: HeavyHitters,
}

impl Traffic {
    fn new() -> Traffic {
        Traffic {
            commands: 0,
            keyless: 0,
            unknown: 0,
            outside_db_0: 0,
            slots: vec![Volume::default(); SLOT_COUNT],
            refused: BTreeMap::new(),
            transactions: Refused::default(),
            in_transactions: 0,
            refused_commands: 0,
            tags: HeavyHitters::new(WATCHED),
            keys: HeavyHitters::new(WATCHED),
        }
    }
}

/// A transaction that is not at its end.
#[derive(Debug, Default)]
struct Open {
    commands: u64,
    refused: u64,
    /// Its first key.
    first: Option<Vec<u8>>,
    /// A key in another slot.
    other: Option<Vec<u8>>,
}

fn example(key: &[u8]) -> Vec<u8> {
    key.get(..EXAMPLE_BYTES_MAX).unwrap_or(key).to_vec()
}

struct Counter {
    traffic: Traffic,
    open: Open,
}

impl Counter {
    fn command(&mut self, args: &[&[u8]], span: &Range<u64>, in_multi: bool) {
        let traffic = &mut self.traffic;
        traffic.commands += 1;
        self.open.commands += u64::from(in_multi);
        let spec = args.first().and_then(|name| command::lookup(name));
        let Some((spec, found)) = spec.and_then(|spec| Some((spec, spec.keys_of(args).ok()?)))
        else {
            traffic.unknown += 1;
            return;
        };
        let keys = || found.iter().filter_map(|key| args.get(key.index).copied());
        let Some(first) = keys().next() else {
            traffic.keyless += 1;
            return;
        };
        let slot = key_slot(first);
        if let Some(volume) = traffic.slots.get_mut(usize::from(slot)) {
            volume.add(span.end.saturating_sub(span.start));
        }
        for key in keys() {
            traffic.keys.add(key, 1);
            if let Some(tag) = hash_tag(key) {
                traffic.tags.add(tag, 1);
            }
        }
        let other = keys().find(|key| key_slot(key) != slot);
        if let Some(other) = other {
            let refused = traffic.refused.entry(spec.name.to_ascii_uppercase()).or_default();
            if refused.count == 0 {
                refused.example = [example(first), example(other)];
            }
            refused.count += 1;
            traffic.refused_commands += 1;
            self.open.refused += u64::from(in_multi);
        }
        if in_multi && self.open.other.is_none() {
            let begun = self.open.first.get_or_insert_with(|| first.to_vec());
            let begun_slot = key_slot(begun);
            self.open.other = keys().find(|key| key_slot(key) != begun_slot).map(<[u8]>::to_vec);
        }
    }

    /// A transaction ends.
    fn close(&mut self) {
        let open = std::mem::take(&mut self.open);
        if let (Some(first), Some(other)) = (open.first, open.other) {
            let traffic = &mut self.traffic;
            if traffic.transactions.count == 0 {
                traffic.transactions.example = [example(&first), example(&other)];
            }
            traffic.transactions.count += 1;
            traffic.in_transactions += open.commands;
            traffic.refused_commands += open.commands - open.refused;
        }
    }
}

impl Look for Counter {
    fn item(&mut self, _: Place<'_>, item: &Item<'_>) -> Result<bool, AofError> {
        let Item::Command(command) = item else { return Ok(true) };
        match command.role {
            Role::Plain => {
                self.traffic.outside_db_0 += u64::from(command.db != 0);
                let args: Vec<&[u8]> = command.args.iter().collect();
                self.command(&args, &command.span, command.in_multi);
            }
            Role::Multi => self.open = Open::default(),
            Role::Exec => self.close(),
            Role::Select | Role::BadSelect | Role::NestedMulti | Role::LoneExec => {}
        }
        Ok(true)
    }
}

/// Counts the commands of a set by slot, and finds those that a cluster refuses; also how the set ends, if not well.
///
/// # Errors
/// The set cannot be read.
pub fn traffic(set: &Set, control: &Control) -> Result<(Traffic, Option<Ended>), AofError> {
    let mut counter = Counter { traffic: Traffic::new(), open: Open::default() };
    let ended = look(set, control, &mut counter)?;
    Ok((counter.traffic, ended))
}

/// How to balance.
#[derive(Debug, Clone)]
pub struct Options {
    /// Who has which slot now.
    pub layout: Layout,
    /// The weight of each node of the layout.
    pub weights: Vec<f64>,
    /// What is balanced.
    pub balance: Balance,
    /// Part of its share by which a node may carry too much.
    pub tolerance: f64,
    /// Length of the lists of the biggest.
    pub top: usize,
}

impl Options {
    /// Who has each slot now.
    pub fn owners(&self) -> Vec<Option<usize>> {
        (0..SLOT_COUNT as u16).map(|slot| self.layout.index_of(slot)).collect()
    }
}

/// The slots that should move.
pub fn moves(map: &SlotMap, traffic: Option<&Traffic>, options: &Options) -> Vec<Move> {
    let bytes: Vec<u64> = map.slots().map(|(_, volume)| volume.bytes).collect();
    let loads: Vec<u64> = match (options.balance, traffic) {
        (Balance::Slots, _) => vec![1; SLOT_COUNT],
        (Balance::Keys, _) => map.slots().map(|(_, volume)| volume.count).collect(),
        (Balance::Bytes, _) => bytes.clone(),
        (Balance::Commands, Some(traffic)) => traffic.slots.iter().map(|v| v.count).collect(),
        (Balance::Commands, None) => vec![0; SLOT_COUNT],
    };
    let wish = Wish {
        owners: &options.owners(),
        loads: &loads,
        costs: &bytes,
        weights: &options.weights,
        tolerance: options.tolerance,
    };
    plan(&wish, options.balance == Balance::Slots)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aof::writer::write_command;

    #[test]
    fn patterns_make_names() {
        let pattern = Pattern::parse(b"{u:%10d}:%d:%%").unwrap();
        let mut out = Vec::new();
        pattern.write(1234, &mut Rng::new(1), &mut out);
        assert_eq!(out, b"{u:4}:1234:%");
        let random = Pattern::parse(b"%r-%5r").unwrap();
        let mut out = Vec::new();
        random.write(0, &mut Rng::new(1), &mut out);
        assert!(out.len() == 18 && out[17] < b'5');
        for wrong in [&b"%"[..], b"%x", b"%0d", b"%99999999999999999999d", b"a%5%"] {
            assert!(Pattern::parse(wrong).is_err(), "{wrong:?}");
        }
        let map = map_pattern(&pattern, 1000, 90, 1, "x".into());
        assert_eq!((map.total().count, map.tagged.count), (1000, 1000));
        assert_eq!(map.slots().filter(|(_, volume)| volume.count > 0).count(), 10);
    }

    #[test]
    fn commands_and_transactions_over_several_slots_are_refused() {
        let mut out = Vec::new();
        let mut put = |words: &[&[u8]]| write_command(&mut out, words);
        put(&[b"SET", b"foo", b"1"]);
        put(&[b"MSET", b"foo", b"1", b"bar", b"2"]);
        put(&[b"MSET", b"{t}a", b"1", b"{t}b", b"2"]);
        put(&[b"FLUSHALL"]);
        put(&[b"NOSUCH", b"x"]);
        put(&[b"MULTI"]);
        put(&[b"SET", b"foo", b"1"]);
        put(&[b"DEL", b"bar", b"foo"]);
        put(&[b"EXEC"]);
        put(&[b"MULTI"]);
        put(&[b"SET", b"{t}a", b"1"]);
        put(&[b"SET", b"{t}b", b"1"]);
        put(&[b"EXEC"]);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.aof");
        std::fs::write(&path, out).unwrap();
        let set = Set::open(&path).unwrap();
        let (traffic, ended) = traffic(&set, &Control::default()).unwrap();
        assert!(ended.is_none());
        assert_eq!((traffic.commands, traffic.keyless, traffic.unknown), (9, 1, 1));
        let refused: Vec<_> = traffic.refused.iter().map(|(n, r)| (n.as_str(), r.count)).collect();
        assert_eq!(refused, [("DEL", 1), ("MSET", 1)]);
        assert_eq!(traffic.refused["MSET"].example, [b"foo".to_vec(), b"bar".to_vec()]);
        assert_eq!((traffic.transactions.count, traffic.in_transactions), (1, 2));
        // MSET, and both commands of the transaction, DEL counted once.
        assert_eq!(traffic.refused_commands, 3);
        assert_eq!(traffic.slots[usize::from(key_slot(b"foo"))].count, 3);
        assert_eq!(traffic.tags.top(1)[0].1.keys, 4);
    }
}
