//! DEBUG, as far as test suites and people use it.

use super::super::Engine;
use super::super::client::{ClientId, Shrinking};
use super::super::dispatch::{Call, Handler};
use super::super::{Action, Level, Now, SaveJob, Why};
use crate::base::glob::Glob;
use crate::base::num::{parse_canonical_i64, parse_double};
use crate::base::range::parse_size;
use crate::command::{Error, stored};
use crate::feed::{Control, Input};
use crate::keyspace::{self, Digest, Event, Keyspace, Origin};
use crate::rdb::Dialect;
use crate::value::{Blob, List, Value};

pub(super) const HANDLERS: &[(&str, Handler)] = &[("debug", debug), ("lolwut", lolwut)];

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
            engine.slept_us += us;
            engine.late_us += us;
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
        (b"pause-cron", [on]) => {
            engine.runs_cron = *on == b"0";
            call.reply.ok();
        }
        (b"object", [key, ..]) => object(engine, call, key)?,
        (b"reload", options) => {
            let known = |word: &&[u8]| {
                ["merge", "noflush", "nosave"]
                    .iter()
                    .any(|name| word.eq_ignore_ascii_case(name.as_bytes()))
            };
            if !options.iter().all(known) {
                return Err(Error::text(
                    "ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.",
                ));
            }
            let has =
                |name: &str| options.iter().any(|word| word.eq_ignore_ascii_case(name.as_bytes()));
            if has("noflush") {
                return Err(Error::text("ERR DEBUG RELOAD NOFLUSH is not supported by rkv"));
            }
            if has("nosave") {
                if let Some(client) = engine.clients.get_mut(call.id) {
                    client.waits_for_save = true;
                }
                engine.actions.push_back(Action::LoadFile(call.id));
            } else {
                reload(engine)?;
                call.reply.ok();
            }
        }
        (b"loadaof", []) => {
            if let Some(client) = engine.clients.get_mut(call.id) {
                client.waits_for_save = true;
            }
            engine.actions.push_back(Action::LoadLog(call.id));
        }
        (b"log", [text]) => {
            let text = String::from_utf8_lossy(text).into_owned();
            engine.log(Level::Warning, format!("DEBUG LOG: {text}"));
            call.reply.ok();
        }
        (b"populate", [count, rest @ ..]) => populate(engine, call, count, rest)?,
        (b"htstats", [db, ..]) => {
            let db = parse_canonical_i64(db).and_then(|db| usize::try_from(db).ok());
            let db = db.filter(|db| *db < engine.keyspace.databases());
            let db = db.ok_or(Error::text("ERR Out of range database"))?;
            let (keys, expires) = (engine.keyspace.len(db), engine.keyspace.expiring(db));
            let text = format!("[Dictionary HT]\n{}[Expires HT]\n{}", table(keys), table(expires));
            call.reply.verbatim(b"txt", text.as_bytes());
        }
        (b"htstats-key", [key, ..]) => {
            let db = engine.clients.get(call.id).map_or(0, |client| client.db);
            let unit_elements = {
                let mut unit = engine.keyspace.unit(Origin::Primary, engine.now.unix_ms);
                unit.select(db);
                let value = unit.peek(key).ok_or(Error::NoSuchKey)?;
                value.object().map_or(0, |value| value.pieces())
            };
            call.reply.verbatim(b"txt", table(unit_elements).as_bytes());
        }
        (b"config-rewrite-force-all", []) => {
            if let Some(client) = engine.clients.get_mut(call.id) {
                client.waits_for_save = true;
            }
            engine.actions.push_back(Action::WriteConfig(call.id, true));
        }
        (b"panic", []) => by_order("Panic called at unix time", engine.now),
        (b"assert", []) => by_order("Assertion called at unix time", engine.now),
        (b"segfault", []) => by_order("Segfault called at unix time", engine.now),
        (b"help", []) => {
            call.reply.lines(HELP);
        }
        (b"set-skip-checksum-validation", [on]) => {
            engine.keyspace.limits_mut().skips_checksums = *on != b"0";
            call.reply.ok();
        }
        (b"set-disable-deny-scripts", [_]) => call.reply.ok(),
        (b"replicate", words) if !words.is_empty() => {
            engine.tell_replicas_as_selected(words);
            call.reply.ok();
        }
        (b"change-repl-id", []) => {
            engine.log(Level::Notice, "Changing replication IDs after receiving change-repl-id");
            engine.change_repl_id();
            call.reply.ok();
        }
        (b"error", [text]) => {
            let text = String::from_utf8_lossy(text).into_owned();
            return Err(Error::text(text));
        }
        (b"stringmatch-len", [length, pattern]) => {
            let length = parse_canonical_i64(length).ok_or(Error::NotInteger)?;
            let length = usize::try_from(length).ok().filter(|length| *length <= STRING_BYTES_MAX);
            let text = vec![b'a'; length.ok_or(Error::NotInteger)?];
            call.reply.int(i64::from(Glob::new(pattern).matches(&text)));
        }
        (b"aof-flush-sleep", [us]) => {
            let us = parse_canonical_i64(us).ok_or(Error::NotInteger)?;
            engine.actions.push_back(Action::DelayLog { us: us.max(0).unsigned_abs() });
            call.reply.ok();
        }
        (b"replybuffer", [what, value]) => {
            reply_buffers(engine, what, value)?;
            call.reply.ok();
        }
        (b"quicklist-packed-threshold", [size]) => {
            // Here the size of a node alone decides which elements stand by themselves.
            let size = std::str::from_utf8(size).ok().and_then(|text| parse_size(text).ok());
            if size.is_none_or(|bytes| bytes > PACKED_BYTES_MAX) {
                return Err(Error::text(
                    "ERR argument must be a memory value bigger than 1 and smaller than 4gb",
                ));
            }
            call.reply.ok();
        }
        (b"dict-resizing" | b"client-eviction" | b"client-enforce-reply-list", [_]) => {
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
    /// Takes what was loaded from the RDB file for a client.
    pub fn file_loaded(&mut self, id: ClientId, loaded: Result<Keyspace, String>) {
        match loaded {
            Ok(keyspace) => {
                self.replace_data(keyspace, self.last_load);
                self.release(id, None);
            }
            Err(error) => {
                let text = format!("ERR Error trying to load the RDB dump: {error}");
                self.release(id, Some(&text));
            }
        }
    }

    /// Takes what was loaded anew for a client.
    pub fn log_loaded(&mut self, id: ClientId, loaded: Result<Keyspace, String>) {
        match loaded {
            Ok(keyspace) => {
                self.replace_data(keyspace, self.last_load);
                self.release(id, None);
            }
            Err(error) => {
                self.release(id, Some(&format!("ERR Error trying to load the AOF files: {error}")));
            }
        }
    }
}

/// Largest threshold that Redis takes for elements of a list that stand by themselves, in bytes.
const PACKED_BYTES_MAX: u64 = 4 << 30;

/// Sets when memory for replies is given back.
fn reply_buffers(engine: &mut Engine, what: &[u8], value: &[u8]) -> Done {
    let shrinking = &mut engine.shrinking;
    match what.to_ascii_lowercase().as_slice() {
        b"peak-reset-time" if value.eq_ignore_ascii_case(b"never") => shrinking.after_ms = None,
        b"peak-reset-time" if value.eq_ignore_ascii_case(b"reset") => {
            shrinking.after_ms = Shrinking::default().after_ms;
        }
        b"peak-reset-time" => {
            shrinking.after_ms = Some(parse_canonical_i64(value).ok_or(Error::NotInteger)?);
        }
        b"resizing" => shrinking.is_on = value != b"0",
        _ => return Err(Error::Syntax),
    }
    Ok(())
}

/// Longest text that patterns are compared with for a test, in bytes.
const STRING_BYTES_MAX: usize = 512 << 20;

const HELP: &[&str] = &[
    "DEBUG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
    "ASSERT",
    "    Crash by assertion failed.",
    "CONFIG-REWRITE-FORCE-ALL",
    "    Like CONFIG REWRITE but writes all configuration options, including keys not listed in original configuration file or default values.",
    "DIGEST",
    "    Output a hex signature representing the current DB content.",
    "DIGEST-VALUE <key> [<key> ...]",
    "    Output a hex signature of the values of all the specified keys.",
    "ERROR <string>",
    "    Return a Redis protocol error with <string> as message. Useful for clients unit tests to simulate Redis errors.",
    "HTSTATS <dbid>",
    "    Return hash table statistics of the specified Redis database.",
    "HTSTATS-KEY <key>",
    "    Like HTSTATS but for the hash table stored at <key>'s value.",
    "LOADAOF",
    "    Flush the AOF buffers on disk and reload the AOF in memory.",
    "LOG <message>",
    "    Write <message> to the server log.",
    "OBJECT <key>",
    "    Show low level info about `key` and associated value.",
    "PANIC",
    "    Crash the server simulating a panic.",
    "POPULATE <count> [<prefix>] [<size>]",
    "    Create <count> string keys named key:<num>. If <prefix> is specified then it is used instead of the 'key' prefix.",
    "PROTOCOL <type>",
    "    Reply with a test value of the specified type.",
    "RELOAD [option ...]",
    "    Save the RDB on disk and reload it back to memory. Valid <option> values: NOSAVE.",
    "SEGFAULT",
    "    Crash the server, in the same way.",
    "SET-ACTIVE-EXPIRE <0|1>",
    "    Setting it to 0 disables expiring keys (and hash-fields) in background when they are not accessed.",
    "SET-SKIP-CHECKSUM-VALIDATION <0|1>",
    "    Enables or disables checksum checks of RESTORE's payload.",
    "SLEEP <seconds>",
    "    Stop the server for <seconds>. Decimals allowed.",
    "STRINGMATCH-LEN <len> <pattern>",
    "    Match the pattern with a string of so many letters.",
    "HELP",
    "    Print this help.",
];

/// What there is to tell of a hash table of so many entries; here it is a tree, which is never rebuilt.
fn table(entries: u64) -> String {
    match entries {
        0 => "No stats available for empty dictionaries\n".to_owned(),
        _ => format!(
            "Hash table 0 stats (main hash table):\n table size: {entries}\n number of elements: {entries}\n"
        ),
    }
}

/// Sets keys with a number in their name and value, but for those that are there.
fn populate(engine: &mut Engine, call: &mut Call<'_>, count: &[u8], rest: &[&[u8]]) -> Done {
    let count = parse_canonical_i64(count).filter(|count| *count >= 0);
    let count = count.ok_or(Error::text("ERR value is out of range, must be positive"))?;
    let prefix = rest.first().copied().unwrap_or(b"key");
    let size = rest.get(1).map(|size| parse_canonical_i64(size).ok_or(Error::NotInteger));
    let size =
        size.transpose()?.and_then(|size| usize::try_from(size).ok()).filter(|size| *size > 0);
    let db = engine.clients.get(call.id).map_or(0, |client| client.db);
    let mut unit = engine.keyspace.unit(Origin::Load, engine.now.unix_ms);
    unit.select(db);
    for number in 0..count {
        let key = [prefix, b":", number.to_string().as_bytes()].concat();
        if unit.peek(&key).is_some() {
            continue;
        }
        let mut value = format!("value:{number}").into_bytes();
        if let Some(size) = size.filter(|size| *size <= STRING_BYTES_MAX) {
            value.resize(size, 0);
        }
        let value = Value::String(Blob::new(value));
        unit.put(&key, value, None, Event::string("set"));
    }
    let effects = unit.commit();
    engine.keyspace.reuse(effects);
    call.reply.ok();
    Ok(())
}

/// Ends the server as an error of its own would, for who tests what is told of that.
#[allow(clippy::panic, reason = "it is what was asked for")]
fn by_order(what: &str, now: Now) -> ! {
    panic!("{what} {}", now.unix_ms / 1000)
}

/// What DEBUG OBJECT tells of a key.
fn object(engine: &mut Engine, call: &mut Call<'_>, key: &[u8]) -> Done {
    let db = engine.clients.get(call.id).map_or(0, |client| client.db);
    let now_ms = engine.now.unix_ms;
    let mut unit = engine.keyspace.unit(Origin::Primary, now_ms);
    unit.select(db);
    let limits = unit.limits().clone();
    let value = unit.peek(key).ok_or(Error::text("ERR no such key"))?;
    let encoding = value.encoding(&limits);
    let (lru, idle_s) =
        (value.access() & 0xff_ffff, ((now_ms / 1000) as u32).wrapping_sub(value.access()));
    let more = value.container::<List>().map_or(String::new(), |list| {
        let nodes = list.chunk_count();
        let average = list.len() as f64 / nodes.max(1) as f64;
        format!(" ql_nodes:{nodes} ql_avg_node:{average:.2} ql_listpack_max:-2 ql_compressed:0 ql_uncompressed_size:{}", list.allocated_bytes())
    });
    let length = stored(value.held()).map_or(0, |(_, saver, _)| saver.body().len());
    call.reply.simple(&format!(
        "Value at:0x7f0000000000 refcount:1 encoding:{encoding} serializedlength:{length} lru:{lru} lru_seconds_idle:{idle_s}{more}"
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
    engine.replace_data(keyspace, engine.last_load);
    Ok(())
}

/// The number that tests of clients expect.
#[allow(clippy::approx_constant, reason = "it is three digits of pi, no more")]
const TEST_DOUBLE: f64 = 3.141;

/// Replies of each sort, for who tests a client.
fn protocol(call: &mut Call<'_>, kind: &[u8]) -> Done {
    let reply = &mut *call.reply;
    match kind {
        b"string" => reply.bulk(b"Hello World"),
        b"integer" => reply.int(12345),
        b"double" => reply.double(TEST_DOUBLE),
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

fn lolwut(_: &mut Engine, call: &mut Call<'_>) -> Done {
    let text = format!(
        "Redis ver. {}, in the hands of rkv {}\n",
        super::REDIS_VERSION,
        env!("CARGO_PKG_VERSION")
    );
    call.reply.verbatim(b"txt", text.as_bytes());
    Ok(())
}
