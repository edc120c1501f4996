//! Libraries of functions as data: they are stored and handed on, and run by a server.

use super::super::error::Error;
use super::super::parse::is;
use crate::base::library::engine_and_name;
use crate::rdb::payload::{Payload, PayloadChecksum};
use std::collections::BTreeMap;

/// Libraries by name.
type Libraries = BTreeMap<Vec<u8>, Vec<u8>>;

/// Does to the libraries what FUNCTION LOAD, DELETE, FLUSH or RESTORE does; `args[0]` is the subcommand.
pub fn apply(libraries: &mut Libraries, args: &[&[u8]]) -> Result<(), Error> {
    match args {
        [word, code] if is(word, "load") => load(libraries, code, false),
        [word, replace, code] if is(word, "load") && is(replace, "replace") => {
            load(libraries, code, true)
        }
        [word, name] if is(word, "delete") => match libraries.remove(*name) {
            Some(_) => Ok(()),
            None => Err(Error::text("ERR Library not found")),
        },
        [word] | [word, _] if is(word, "flush") => {
            libraries.clear();
            Ok(())
        }
        [word, payload] if is(word, "restore") => restore(libraries, payload, b"append"),
        [word, payload, policy] if is(word, "restore") => restore(libraries, payload, policy),
        _ => Err(Error::Syntax),
    }
}

fn load(libraries: &mut Libraries, code: &[u8], replace: bool) -> Result<(), Error> {
    let (engine, name) = engine_and_name(code);
    if engine.is_none() {
        return Err(Error::text("ERR Missing library metadata"));
    }
    let name = name.ok_or(Error::text("ERR Library name was not given"))?;
    if !replace && libraries.contains_key(name) {
        let name = String::from_utf8_lossy(name);
        return Err(Error::text(format!("ERR Library '{name}' already exists")));
    }
    libraries.insert(name.to_vec(), code.to_vec());
    Ok(())
}

fn restore(libraries: &mut Libraries, payload: &[u8], policy: &[u8]) -> Result<(), Error> {
    let wrong = || Error::text("ERR DUMP payload version or checksum are wrong");
    let parsed = Payload::parse(payload).ok_or_else(wrong)?;
    if parsed.checksum == PayloadChecksum::Bad {
        return Err(wrong());
    }
    let mut restored = if is(policy, "flush") { Libraries::new() } else { libraries.clone() };
    let replace = is(policy, "replace");
    if !replace && !is(policy, "flush") && !is(policy, "append") {
        return Err(Error::text(
            "ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.",
        ));
    }
    for code in crate::rdb::payload::functions(parsed.body)
        .ok_or(Error::text("ERR given type is not a function"))?
    {
        load(&mut restored, &code, replace)?;
    }
    *libraries = restored;
    Ok(())
}
