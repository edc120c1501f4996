//! FUNCTION: libraries are kept, listed and written back, but cannot be called.

use super::super::Engine;
use super::super::dispatch::{Call, Handler};
use crate::base::glob::Glob;
use crate::command::{Error, Propagation, apply_function};
use crate::keyspace::Origin;
use crate::rdb::payload;

pub(super) const HANDLERS: &[(&str, Handler)] = &[("function", function)];

type Done = Result<(), Error>;

/// The version of the format in which libraries are handed on: that of Redis 7.0, the first with libraries.
const FUNCTIONS_VERSION: u16 = 10;

const HELP: &[&str] = &[
    "FUNCTION <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
    "LOAD [REPLACE] <FUNCTION CODE>",
    "    Create a new library with the given library name and code.",
    "DELETE <LIBRARY NAME>",
    "    Delete the given library.",
    "LIST [LIBRARYNAME PATTERN] [WITHCODE]",
    "    Return general information on all the libraries.",
    "STATS",
    "    Return information about the current function running.",
    "KILL",
    "    Kill the current running function.",
    "FLUSH [ASYNC|SYNC]",
    "    Delete all the libraries.",
    "DUMP",
    "    Return a serialized payload representing the current libraries, can be restored using FUNCTION RESTORE command",
    "RESTORE <PAYLOAD> [FLUSH|APPEND|REPLACE]",
    "    Restore the libraries represented by the given payload.",
    "HELP",
    "    Print this help.",
];

/// Whether the code is wanted, and of which libraries.
fn list_options<'a>(words: &[&'a [u8]]) -> Result<(bool, Option<&'a [u8]>), Error> {
    let (mut with_code, mut pattern) = (false, None);
    let mut rest = words;
    while let [word, more @ ..] = rest {
        rest = match (word.to_ascii_lowercase().as_slice(), more) {
            (b"withcode", _) if !with_code => {
                with_code = true;
                more
            }
            (b"libraryname", [value, more @ ..]) if pattern.is_none() => {
                pattern = Some(*value);
                more
            }
            (b"libraryname", []) => {
                return Err(Error::text("ERR library name argument was not given"));
            }
            _ => {
                let word = Error::quoted(word);
                return Err(Error::text(format!("ERR Unknown argument {word}")));
            }
        };
    }
    Ok((with_code, pattern))
}

/// Libraries are kept, listed and written back, but cannot be called yet.
fn function(engine: &mut Engine, call: &mut Call<'_>) -> Done {
    let args = call.args;
    let sub = call.subcommand.map(|spec| spec.name).unwrap_or_default();
    match sub {
        "delete" | "flush" | "restore" => {
            apply_function(engine.keyspace.functions_mut(), args.get(1..).unwrap_or_default())?;
            let mut unit = engine.keyspace.unit(Origin::Client, engine.now.unix_ms);
            unit.add_dirty(1);
            let effects = unit.commit();
            engine.publish(0, args, effects, Propagation::Verbatim, Vec::new());
            call.reply.ok();
        }
        "list" => {
            let (with_code, pattern) = list_options(args.get(2..).unwrap_or_default())?;
            let glob = pattern.map(Glob::new);
            let libraries: Vec<_> = engine
                .keyspace
                .functions()
                .iter()
                .filter(|(name, _)| glob.as_ref().is_none_or(|glob| glob.matches(name)))
                .collect();
            call.reply.array(libraries.len());
            for (name, code) in libraries {
                call.reply.map(3 + usize::from(with_code));
                call.reply.bulk(b"library_name");
                call.reply.bulk(name);
                call.reply.bulk(b"engine");
                call.reply.bulk(b"LUA");
                call.reply.bulk(b"functions");
                call.reply.array(0);
                if with_code {
                    call.reply.bulk(b"library_code");
                    call.reply.bulk(code);
                }
            }
        }
        "dump" => {
            let libraries = engine.keyspace.functions().values();
            let mut bytes = Vec::new();
            payload::write_functions(&mut bytes, libraries.map(Vec::as_slice), FUNCTIONS_VERSION);
            call.reply.bulk(&bytes);
        }
        "stats" => {
            call.reply.map(2);
            call.reply.bulk(b"running_script");
            call.reply.null();
            call.reply.bulk(b"engines");
            call.reply.map(1);
            call.reply.bulk(b"LUA");
            call.reply.map(2);
            call.reply.bulk(b"libraries_count");
            call.reply.count(engine.keyspace.functions().len() as u64);
            call.reply.bulk(b"functions_count");
            call.reply.int(0);
        }
        "kill" => return Err(Error::text("NOTBUSY No scripts in execution right now.")),
        "help" => {
            call.reply.lines(HELP);
        }
        other => {
            return Err(Error::text(format!(
                "ERR 'function|{other}' is not supported by rkv: functions are kept, but not run"
            )));
        }
    }
    Ok(())
}
