//! DEBUG, as far as test suites and people use it, and FUNCTION on libraries that are only kept.

use super::super::Engine;
use super::super::client::ClientId;
use super::super::dispatch::{Call, Handler};
use super::super::{Action, SaveJob, Why, persist};
use crate::base::num::{parse_canonical_i64, parse_double};
use crate::command::{Error, Propagation, apply_function};
use crate::feed::{Control, Input};
use crate::keyspace::{self, Digest, Keyspace, Origin};
use crate::rdb::Dialect;

pub(super) const HANDLERS: &[(&str, Handler)] =
    &[("debug", debug), ("function", function), ("wait", wait), ("lolwut", lolwut)];

type Done = Result<(), Error>;

fn debug(engine: &mut Engine, call: &mut Call<'_>) -> Done {
    let is_local = engine.clients.get(call.id).is_some_and(|client| client.peer.is_local);
    if !engine.config.enable_debug_command.allows(is_local) {
        return Err(Error::text(
            "ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", you can run it from a local connection, otherwise you need to set this option in the configuration file, and then restart the server.",
        ));
    }
    let args = call.args;
    let word = args.get(1).map(|word| word.to_ascii_lowercase()).unwrap_or_default();
    match (word.as_slice(), args.get(2..).unwrap_or_default()) {
        (b"sleep", [seconds]) => {
            let seconds =
                parse_double(seconds).filter(|seconds| seconds.is_finite() && *seconds >= 0.0);
            let us = (seconds.unwrap_or(0.0) * 1e6) as u64;
            engine.actions.push_back(Action::Sleep { us });
            call.reply.ok();
        }
        (b"digest", []) => {
            let digest = engine.keyspace.snapshot().digest(Dialect::Redis);
            call.reply.simple(&digest.to_string());
        }
        (b"digest-value", keys) => {
            let db = engine.clients.get(call.id).map_or(0, |client| client.db);
            call.reply.array(keys.len());
            for key in keys {
                let mut unit = engine.keyspace.unit(Origin::Primary, engine.now.unix_ms);
                unit.select(db);
                let digest = unit.peek(key).map(|value| Digest::of_value(&value, Dialect::Redis));
                call.reply.simple(&digest.unwrap_or_default().to_string());
            }
        }
        (b"set-active-expire", [on]) => {
            engine.expires_actively = *on != b"0";
            call.reply.ok();
        }
        (b"object", [key, ..]) => object(engine, call, key)?,
        (b"reload", options) => {
            let known = |word: &&[u8]| {
                ["merge", "noflush", "nosave"]
                    .iter()
                    .any(|name| word.eq_ignore_ascii_case(name.as_bytes()))
            };
            if !options.iter().all(|word| known(word)) {
                return Err(Error::text(
                    "ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.",
                ));
            }
            if !options.is_empty() {
                return Err(Error::text("ERR DEBUG RELOAD is supported without options only"));
            }
            reload(engine)?;
            call.reply.ok();
        }
        (b"loadaof", []) => {
            if !engine.persist.is_logging() {
                return Err(Error::text("ERR the append only file is off"));
            }
            if let Some(client) = engine.clients.get_mut(call.id) {
                client.waits_for_save = true;
            }
            engine.actions.push_back(Action::LoadLog(call.id));
        }
        (b"log", [text]) => {
            let text = String::from_utf8_lossy(text).into_owned();
            engine.log(super::super::Level::Warning, format!("DEBUG LOG: {text}"));
            call.reply.ok();
        }
        (b"error", [text]) => {
            let text = String::from_utf8_lossy(text).into_owned();
            return Err(Error::text(text));
        }
        (b"stringmatch-len", [pattern, ..]) => {
            let _ = pattern;
            call.reply.ok();
        }
        (
            b"quicklist-packed-threshold"
            | b"dict-resizing"
            | b"pause-cron"
            | b"replybuffer"
            | b"listpack"
            | b"change-repl-id",
            _,
        ) => {
            call.reply.ok();
        }
        (b"protocol", [kind]) => protocol(call, kind)?,
        _ => {
            let word = Error::quoted(args.get(1).copied().unwrap_or_default()).into_owned();
            return Err(Error::text(format!(
                "ERR unknown subcommand or wrong number of arguments for '{word}'. Try DEBUG HELP."
            )));
        }
    }
    Ok(())
}

impl Engine {
    /// Takes what was loaded anew for a client.
    pub fn log_loaded(&mut self, id: ClientId, loaded: Result<Keyspace, String>) {
        match loaded {
            Ok(keyspace) => {
                self.keyspace = keyspace;
                self.persist.dirty = 0;
                self.release(id, None);
            }
            Err(error) => {
                self.release(id, Some(&format!("ERR Error trying to load the AOF files: {error}")));
            }
        }
    }
}

/// What DEBUG OBJECT tells of a key.
fn object(engine: &mut Engine, call: &mut Call<'_>, key: &[u8]) -> Done {
    let db = engine.clients.get(call.id).map_or(0, |client| client.db);
    let now_ms = engine.now.unix_ms;
    let mut unit = engine.keyspace.unit(Origin::Client, now_ms);
    unit.select(db);
    let limits = unit.limits().clone();
    let value = unit.peek(key).ok_or(Error::text("ERR no such key"))?;
    let encoding = value.encoding(&limits);
    let (lru, idle_s) = (value.access() & 0xff_ffff, (now_ms / 1000) as u32 - value.access());
    let mut saver = crate::value::save::Saver::new(persist::newest(), true);
    let length = saver.save(value.held()).map_or(0, |_| saver.body().len());
    call.reply.simple(&format!(
        "Value at:0x7f0000000000 refcount:1 encoding:{encoding} serializedlength:{length} lru:{lru} lru_seconds_idle:{idle_s}"
    ));
    Ok(())
}

/// Saves the data and loads them again, in memory.
fn reload(engine: &mut Engine) -> Done {
    let mut bytes = Vec::new();
    SaveJob::new(Why::Save, &engine.config, &engine.keyspace, engine.now.unix_ms)
        .write(&mut bytes)
        .map_err(|e| Error::text(format!("ERR Error trying to save the DB: {e}")))?;
    let failed = |what: &dyn std::fmt::Display| {
        Error::text(format!("ERR Error trying to load the RDB dump: {what}"))
    };
    let reader = Box::new(std::io::Cursor::new(bytes));
    let mut input = Input::from_reader("memory".into(), reader, None).map_err(|e| failed(&e))?;
    let mut keyspace = Keyspace::new(engine.keyspace.settings().clone());
    let now_ms = engine.now.unix_ms;
    let loaded =
        keyspace::load_rdb(&mut keyspace, &mut input, now_ms, true, 1, &Control::default());
    loaded.map_err(|e| failed(&format!("{e:?}")))?;
    engine.keyspace = keyspace;
    engine.persist.dirty = 0;
    Ok(())
}

/// Replies of each sort, for who tests a client.
fn protocol(call: &mut Call<'_>, kind: &[u8]) -> Done {
    let reply = &mut *call.reply;
    match kind {
        b"string" => reply.bulk(b"Hello World"),
        b"integer" => reply.int(12345),
        b"double" => reply.double(3.141_f64),
        b"null" => reply.null(),
        b"array" => {
            reply.array(3);
            (0..3).for_each(|n| reply.int(n));
        }
        b"set" => {
            reply.set(3);
            (0..3).for_each(|n| reply.int(n));
        }
        b"map" => {
            reply.map(3);
            for n in 0..3 {
                reply.int(n);
                reply.bool(n == 1);
            }
        }
        b"bignum" => reply.big_number(b"1234567999999999999999999999999999999"),
        b"true" => reply.bool(true),
        b"false" => reply.bool(false),
        b"verbatim" => reply.verbatim(b"txt", b"This is a verbatim\nstring"),
        b"attrib" => {
            if reply.is_resp3() {
                reply.raw(b"|1\r\n$14\r\nkey-popularity\r\n*2\r\n$7\r\nkey:123\r\n:90\r\n");
            }
            reply.bulk(b"Some real reply following the attribute");
        }
        b"push" => {
            if !reply.is_resp3() {
                return Err(Error::text("ERR RESP2 is not supported by this command"));
            }
            reply.push(2);
            reply.bulk(b"server-cpu-usage");
            reply.int(42);
        }
        _ => {
            return Err(Error::text(
                "ERR Wrong protocol type name. Please use one of the following: string|integer|double|null|array|set|map|attrib|push|verbatim|true|false",
            ));
        }
    }
    Ok(())
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
            let with_code = args.iter().skip(2).any(|word| word.eq_ignore_ascii_case(b"withcode"));
            let libraries = engine.keyspace.functions();
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
        other => {
            return Err(Error::text(format!(
                "ERR 'function|{other}' is not supported by rkv: functions are kept, but not run"
            )));
        }
    }
    Ok(())
}

fn wait(_: &mut Engine, call: &mut Call<'_>) -> Done {
    let number = |at: usize| parse_canonical_i64(call.args[at]).ok_or(Error::NotInteger);
    number(1)?;
    let timeout_ms = parse_canonical_i64(call.args[2])
        .ok_or(Error::text("ERR timeout is not an integer or out of range"))?;
    if timeout_ms < 0 {
        return Err(Error::text("ERR timeout is negative"));
    }
    // Without replicas there is nothing to wait for.
    call.reply.int(0);
    Ok(())
}

fn lolwut(_: &mut Engine, call: &mut Call<'_>) -> Done {
    let text = format!(
        "Redis ver. {}, in the hands of rkv {}\n",
        super::REDIS_VERSION,
        env!("CARGO_PKG_VERSION")
    );
    call.reply.verbatim(b"txt", text.as_bytes());
    Ok(())
}
