//! Finds the keys among a command's arguments.

use super::spec::{ACCESS, Begin, Find, KeyFlags, KeySpec, OW, RO, RW, Spec, UPDATE};
use crate::base::num::parse_canonical_i64;

/// A key among the arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyAt {
    /// Its argument; the command's name is 0.
    pub index: usize,
    /// What happens to it.
    pub flags: KeyFlags,
}

/// Why keys cannot be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeysError {
    /// A number of keys is no number, or more than there are arguments.
    #[error("Invalid arguments specified for command")]
    Invalid,
}

impl Spec {
    /// The keys among the arguments, `args[0]` being the command's name.
    pub fn keys_of(&self, args: &[&[u8]]) -> Result<Vec<KeyAt>, KeysError> {
        let mut found = Vec::new();
        match self.name {
            "sort" | "sort_ro" => {
                find(&self.keys[..1.min(self.keys.len())], args, &mut found)?;
                store_of_sort(args, &mut found);
            }
            "migrate" => migrate(args, &mut found),
            "set" => {
                find(self.keys, args, &mut found)?;
                let has = |word: &str| {
                    args.iter().skip(3).any(|arg| arg.eq_ignore_ascii_case(word.as_bytes()))
                };
                let flags: &[KeyFlags] =
                    if has("get") { &[RW, ACCESS, UPDATE] } else { &[OW, UPDATE] };
                found.iter_mut().for_each(|key| key.flags = KeyFlags::union(flags));
            }
            "bitfield" => {
                find(self.keys, args, &mut found)?;
                let flags: &[KeyFlags] =
                    if only_gets(args) { &[RO, ACCESS] } else { &[RW, ACCESS, UPDATE] };
                found.iter_mut().for_each(|key| key.flags = KeyFlags::union(flags));
            }
            _ => find(self.keys, args, &mut found)?,
        }
        Ok(found)
    }
}

fn find(specs: &[KeySpec], args: &[&[u8]], found: &mut Vec<KeyAt>) -> Result<(), KeysError> {
    for spec in specs {
        let Some(first) = begin(spec.begin, args) else { continue };
        let last_arg = args.len().saturating_sub(1);
        let (first, last, step) = match spec.find {
            Find::Range { last, step, limit } => {
                let last = match usize::try_from(last) {
                    Ok(last) => first + last,
                    Err(_) if limit <= 1 => {
                        (last_arg + 1).saturating_sub(last.unsigned_abs() as usize)
                    }
                    Err(_) => {
                        (first + (args.len().saturating_sub(first)) / limit).saturating_sub(1)
                    }
                };
                (first, last, step)
            }
            Find::Count { at, first: first_key, step } => {
                let count = args.get(first + at).and_then(|text| parse_canonical_i64(text));
                let count = count
                    .and_then(|count| usize::try_from(count).ok())
                    .ok_or(KeysError::Invalid)?;
                let from = first + first_key;
                if count == 0 {
                    continue;
                }
                let last = count
                    .checked_sub(1)
                    .and_then(|n| n.checked_mul(step))
                    .and_then(|n| n.checked_add(from));
                (from, last.ok_or(KeysError::Invalid)?, step)
            }
            Find::Unknown => continue,
        };
        if last > last_arg {
            return Err(KeysError::Invalid);
        }
        found.extend(
            (first..=last).step_by(step.max(1)).map(|index| KeyAt { index, flags: spec.flags }),
        );
    }
    Ok(())
}

fn begin(begin: Begin, args: &[&[u8]]) -> Option<usize> {
    match begin {
        Begin::Index(index) => Some(index),
        Begin::Keyword(word, from) => {
            let matches = |index: &usize| args[*index].eq_ignore_ascii_case(word.as_bytes());
            let found = match usize::try_from(from) {
                Ok(from) => (from..args.len()).find(matches),
                Err(_) => (1..(args.len() + 1).saturating_sub(from.unsigned_abs() as usize))
                    .rev()
                    .find(matches),
            };
            found.map(|index| index + 1).filter(|index| *index < args.len())
        }
        Begin::Unknown => None,
    }
}

/// Whether a BITFIELD changes nothing.
fn only_gets(args: &[&[u8]]) -> bool {
    let mut rest = args.get(2..).unwrap_or_default();
    while let [word, more @ ..] = rest {
        rest = match word.to_ascii_lowercase().as_slice() {
            b"get" => more.get(2..).unwrap_or_default(),
            _ => return false,
        };
    }
    true
}

/// The last STORE of SORT counts.
fn store_of_sort(args: &[&[u8]], found: &mut Vec<KeyAt>) {
    let (mut at, mut store) = (2, None);
    while at < args.len() {
        let word = args[at];
        let skip = [("limit", 2), ("get", 1), ("by", 1), ("store", 1)];
        match skip.iter().find(|(name, _)| word.eq_ignore_ascii_case(name.as_bytes())) {
            Some(("store", _)) if at + 1 < args.len() => {
                store = Some(at + 1);
                at += 1;
            }
            Some((_, more)) => at += more,
            None => {}
        }
        at += 1;
    }
    found.extend(store.map(|index| KeyAt {
        index,
        flags: KeyFlags::union(&[super::spec::OW, super::spec::UPDATE]),
    }));
}

/// MIGRATE has one key in its place, or an empty one there and KEYS at the end.
fn migrate(args: &[&[u8]], found: &mut Vec<KeyAt>) {
    let flags = KeyFlags::union(&[super::spec::RW, super::spec::ACCESS, super::spec::DELETE]);
    let Some(key) = args.get(3) else { return };
    if !key.is_empty() {
        found.push(KeyAt { index: 3, flags });
    } else if let Some(word) = args.iter().position(|arg| arg.eq_ignore_ascii_case(b"keys")) {
        found.extend((word + 1..args.len()).map(|index| KeyAt { index, flags }));
    }
}
