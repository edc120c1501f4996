//! What is known of commands: their names, how many arguments they take, which of them are keys.
//!
//! This is the only file that asks the command table.

use crate::aof::reader::Args;
use crate::command::lookup;
use crate::command::spec::{MAY_REPLICATE, NOT_KEY, READONLY, RW};

/// What the command table says of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing is wrong with it.
    Fine,
    /// No command has this name.
    Unknown,
    /// It takes another number of arguments: the name and `arity`, negative for at least so many.
    Arity(&'static str, i32),
    /// It changes nothing, and so does not belong into an append-only file.
    NoWrite(&'static str),
}

/// Judges a command.
pub fn judge(args: &Args<'_>) -> Verdict {
    let Some(command) = lookup(args.name()) else { return Verdict::Unknown };
    let spec = match command.subcommands.is_empty() {
        true => Some(command),
        false => command.resolve(&args.iter().take(2).collect::<Vec<_>>()),
    };
    let Some(spec) = spec else { return Verdict::Unknown };
    if !spec.takes(args.len()) {
        return Verdict::Arity(spec.name, spec.arity);
    }
    // PFCOUNT reads, but keeps what it has counted.
    let changes =
        spec.flags.contains(MAY_REPLICATE) || spec.keys.iter().any(|key| key.flags.contains(RW));
    match spec.flags.contains(READONLY) && !changes {
        true => Verdict::NoWrite(spec.name),
        false => Verdict::Fine,
    }
}

/// The keys of a command replace what `keys` holds. A command that is not known, or whose keys cannot be told, has none.
pub fn keys<'r>(args: &Args<'r>, keys: &mut Vec<&'r [u8]>) {
    keys.clear();
    let Some(command) = lookup(args.name()) else { return };
    let args: Vec<&[u8]> = args.iter().collect();
    let found = command.resolve(&args).and_then(|spec| spec.keys_of(&args).ok());
    let found = found.into_iter().flatten().filter(|key| !key.flags.contains(NOT_KEY));
    keys.extend(found.filter_map(|key| args.get(key.index).copied()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aof::reader::{Item, Reader};
    use crate::aof::writer::write_command;

    fn with<T>(line: &str, work: impl FnOnce(&Args<'_>) -> T) -> T {
        let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        let mut bytes = Vec::new();
        write_command(&mut bytes, &words);
        match Reader::new(&bytes, 0).next() {
            Ok(Some(Item::Command(command))) => work(&command.args),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn commands_are_judged() {
        let judge = |line: &str| with(line, judge);
        for fine in ["set k v", "DEL a b c", "XGROUP CREATE s g $ MKSTREAM", "PFCOUNT k", "MULTI"] {
            assert_eq!(judge(fine), Verdict::Fine, "{fine}");
        }
        assert_eq!(judge("FROBNICATE k"), Verdict::Unknown);
        assert_eq!(judge("XGROUP FROBNICATE k"), Verdict::Unknown);
        assert_eq!(judge("SET k"), Verdict::Arity("set", -3));
        assert_eq!(judge("EXEC now"), Verdict::Arity("exec", 1));
        assert_eq!(judge("GET k"), Verdict::NoWrite("get"));
    }

    #[test]
    fn keys_are_found() {
        let keys = |line: &str| {
            with(line, |args| {
                let mut found = Vec::new();
                keys(args, &mut found);
                let text = |key: &&[u8]| String::from_utf8_lossy(key).into_owned();
                found.iter().map(text).collect::<Vec<_>>()
            })
        };
        assert_eq!(keys("DEL a b"), ["a", "b"]);
        assert_eq!(keys("XGROUP CREATE s g $"), ["s"]);
        assert_eq!(keys("ZUNIONSTORE d 2 a b"), ["d", "a", "b"]);
        assert_eq!(keys("SELECT 1"), [""; 0]);
        assert_eq!(keys("FROBNICATE k"), [""; 0]);
        assert_eq!(keys("SET"), [""; 0]);
    }
}
