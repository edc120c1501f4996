//! Finds commands by name.

use super::Handler;
use super::spec::{Begin, Find, INCOMPLETE, KeySpec, NOT_KEY, Spec};
use super::{families, specs};
use std::collections::HashMap;
use std::sync::LazyLock;

/// A command: what is known of it, and how to run it if that needs no server.
#[derive(Debug, Clone, Copy)]
pub struct Command {
    /// What is known of it.
    pub spec: &'static Spec,
    /// Runs it on a keyspace.
    pub run: Option<Handler>,
    /// What it sees of the keyspace.
    pub reach: Reach,
    /// Its place among all commands, from 0.
    pub number: usize,
}

/// What a command sees of the keyspace, which decides whether it may change places with another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// One key of the present database, at this argument.
    Key(usize),
    /// Keys of the present database, each for itself: as many commands with one key, at argument 1, do the same. From one
    /// key to the next it is so many arguments.
    Each(usize),
    /// Anything else.
    All,
}

impl Reach {
    fn of(spec: &Spec, run: Option<Handler>) -> Reach {
        match (spec.name, spec.keys) {
            ("del" | "unlink", _) => Reach::Each(1),
            ("mset", _) => Reach::Each(2),
            // It goes to another database.
            ("move", _) => Reach::All,
            (
                _,
                [KeySpec { begin: Begin::Index(key), find: Find::Range { last: 0, .. }, flags }],
            ) if run.is_some() && !flags.contains(NOT_KEY) && !flags.contains(INCOMPLETE) => {
                Reach::Key(*key)
            }
            _ => Reach::All,
        }
    }
}

static TABLE: LazyLock<HashMap<&'static [u8], Command, foldhash::fast::FixedState>> =
    LazyLock::new(|| {
        let handlers: HashMap<&str, Handler> =
            families::FAMILIES.iter().flat_map(|family| family.iter().copied()).collect();
        let specs = specs::FAMILIES.iter().flat_map(|family| family.iter());
        specs
            .enumerate()
            .map(|(number, spec)| {
                let run = handlers.get(spec.name).copied();
                (spec.name.as_bytes(), Command { spec, run, reach: Reach::of(spec, run), number })
            })
            .collect()
    });

/// The longest name there is, in bytes; longer words need not be looked up.
const NAME_BYTES_MAX: usize = 24;

/// The command of a name, in any case.
pub fn find(name: &[u8]) -> Option<&'static Command> {
    let mut lower = [0; NAME_BYTES_MAX];
    let lower = lower.get_mut(..name.len())?;
    lower.copy_from_slice(name);
    lower.make_ascii_lowercase();
    TABLE.get(&*lower)
}

/// What is known of the command of a name, in any case.
pub fn lookup(name: &[u8]) -> Option<&'static Spec> {
    find(name).map(|command| command.spec)
}

/// All commands, in no order.
pub fn all() -> impl Iterator<Item = &'static Command> {
    TABLE.values()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::spec::{Arg, ArgKind, Begin};
    use std::collections::BTreeSet;

    fn each(visit: &mut dyn FnMut(&Spec)) {
        for spec in specs::FAMILIES.iter().flat_map(|family| family.iter()) {
            visit(spec);
            spec.subcommands.iter().for_each(&mut *visit);
        }
    }

    #[test]
    fn names_are_unique_and_short() {
        let mut names = BTreeSet::new();
        for spec in specs::FAMILIES.iter().flat_map(|family| family.iter()) {
            assert!(names.insert(spec.name), "{}", spec.name);
            assert!(spec.name.len() <= NAME_BYTES_MAX, "{}", spec.name);
            assert_eq!(spec.name, spec.name.to_ascii_lowercase());
            let mut subcommands = BTreeSet::new();
            assert!(spec.subcommands.iter().all(|sub| subcommands.insert(sub.name)));
        }
    }

    #[test]
    fn handlers_have_specs() {
        let mut seen = BTreeSet::new();
        for (name, _) in families::FAMILIES.iter().flat_map(|family| family.iter()) {
            assert!(lookup(name.as_bytes()).is_some(), "{name}");
            assert!(seen.insert(name), "{name} twice");
        }
    }

    /// The fewest arguments that a description asks for, the name not counted.
    fn fewest(args: &[Arg]) -> usize {
        args.iter()
            .filter(|arg| !arg.optional)
            .map(|arg| {
                let word = usize::from(arg.token.is_some() && arg.kind != ArgKind::Token);
                word + match arg.kind {
                    ArgKind::OneOf(args) => {
                        args.iter().map(|arg| fewest(std::slice::from_ref(arg))).min().unwrap_or(0)
                    }
                    ArgKind::Block(args) => fewest(args),
                    _ => 1,
                }
            })
            .sum()
    }

    #[test]
    fn arity_agrees_with_arguments() {
        for spec in specs::FAMILIES.iter().flat_map(|family| family.iter()) {
            if spec.args.is_empty() {
                continue;
            }
            assert!(fewest(spec.args) < spec.arity.unsigned_abs() as usize + 1, "{}", spec.name);
            if spec.arity > 0 {
                assert_eq!(
                    fewest(spec.args) + 1,
                    spec.arity.unsigned_abs() as usize,
                    "{}",
                    spec.name
                );
            }
        }
    }

    #[test]
    fn keys_begin_within_the_fewest_arguments() {
        each(&mut |spec| {
            for key in spec.keys {
                if let Begin::Index(index) = key.begin {
                    assert!(
                        index >= 1 && index <= spec.arity.unsigned_abs() as usize,
                        "{}",
                        spec.name
                    );
                }
            }
        });
    }

    #[test]
    fn keys_are_found() {
        fn keys(line: &str) -> Result<Vec<&str>, crate::command::KeysError> {
            let words: Vec<&str> = line.split(' ').collect();
            let args: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
            let spec = lookup(args[0]).unwrap().resolve(&args).unwrap();
            Ok(spec.keys_of(&args)?.iter().map(|key| words[key.index]).collect())
        }
        assert_eq!(keys("SET k v").unwrap(), ["k"]);
        assert_eq!(keys("mset a 1 b 2").unwrap(), ["a", "b"]);
        assert_eq!(keys("ZUNIONSTORE d 2 a b WEIGHTS 1 2").unwrap(), ["d", "a", "b"]);
        assert!(keys("ZUNIONSTORE d 9 a b").is_err());
        assert_eq!(keys("XREAD COUNT 2 STREAMS a b 0 0").unwrap(), ["a", "b"]);
        assert_eq!(keys("XGROUP CREATE s g $").unwrap(), ["s"]);
        assert_eq!(keys("SORT l BY w_* GET x STORE d").unwrap(), ["l", "d"]);
        assert_eq!(keys("EVAL return 2 a b c").unwrap(), ["a", "b"]);
        assert_eq!(keys("BLPOP a b 0").unwrap(), ["a", "b"]);
        assert_eq!(keys("PING").unwrap(), Vec::<&str>::new());
        assert_eq!(keys("OBJECT ENCODING k").unwrap(), ["k"]);
        assert_eq!(keys("BITOP AND d a b").unwrap(), ["d", "a", "b"]);
    }
}
