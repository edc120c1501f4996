//! What is known of commands: their names, how many arguments they take, which of them are keys.
//!
//! This is the only file that asks the command table. As long as there is none, no command is unknown or has a wrong
//! number of arguments, and the first argument of a command counts as its key.

use crate::aof::reader::Args;

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
    let _ = args;
    Verdict::Fine
}

/// Commands without a key that stand in every file.
const KEYLESS: &[&[u8]] = &[
    b"SELECT",
    b"MULTI",
    b"EXEC",
    b"FLUSHALL",
    b"FLUSHDB",
    b"SWAPDB",
    b"FUNCTION",
    b"SCRIPT",
    b"PING",
    b"PUBLISH",
    b"SPUBLISH",
];

/// The keys of a command replace what `keys` holds.
pub fn keys<'r>(args: &Args<'r>, keys: &mut Vec<&'r [u8]>) {
    keys.clear();
    if !KEYLESS.iter().any(|name| args.is(name)) {
        keys.extend(args.get(1));
    }
}
