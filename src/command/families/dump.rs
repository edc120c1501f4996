//! DUMP and RESTORE: one value on its way between servers.

use super::super::error::Error;
use super::super::parse::{int, is};
use super::super::{Ctx, Handler};
use crate::keyspace::{Change, Event, counted};
use crate::rdb::encode::Target;
use crate::rdb::payload::{self, Payload, PayloadChecksum};
use crate::rdb::{Context, Parser, Record, Step};
use crate::value::StringForm;
use crate::value::load::{Loaded, Loader};
use crate::value::save::{Held, Saved, Saver};
use std::io;

/// The handlers of this family.
pub const HANDLERS: &[(&str, Handler)] =
    &[("dump", dump), ("restore", restore), ("restore-asking", restore)];

type Done = Result<(), Error>;

/// The releases a payload is written for: the first whose form holds all of the value, so that as many servers as can be read it.
const TARGETS: [&str; 5] = ["redis-7.0", "redis-7.2", "redis-7.4", "redis-8.6", "redis-8.8"];

fn dump(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let Some(value) = ctx.unit.get(args[1]) else {
        ctx.reply.null();
        return Ok(());
    };
    let (type_byte, saver, target) =
        stored(value.held()).map_err(|error| Error::text(format!("ERR {error}")))?;
    let mut bytes = Vec::new();
    payload::write(&mut bytes, type_byte, saver.body(), target.header.version);
    ctx.reply.bulk(&bytes);
    Ok(())
}

/// A value in the form in which DUMP gives it: its type, its bytes and whose form that is.
///
/// # Errors
/// Those of the saver, and that no release has a form for it.
pub fn stored(value: Held<'_>) -> io::Result<(u8, Saver, Target)> {
    for target in TARGETS.into_iter().filter_map(Target::find) {
        let mut saver = Saver::new(target, true);
        if let Saved::Type(type_byte) = saver.save(value)?
            && saver.losses().iter().next().is_none()
        {
            return Ok((type_byte, saver, target));
        }
    }
    Err(io::Error::other("no release has a form for this value"))
}

/// What RESTORE is told beside the value.
#[derive(Default)]
struct Options {
    replace: bool,
    absolute: bool,
    idle_s: Option<i64>,
    freq: Option<i64>,
}

impl Options {
    fn parse(args: &[&[u8]]) -> Result<Options, Error> {
        let mut options = Options::default();
        let mut at = 4;
        while at < args.len() {
            match (args[at], args.get(at + 1)) {
                (word, _) if is(word, "replace") => options.replace = true,
                (word, _) if is(word, "absttl") => options.absolute = true,
                (word, Some(operand)) if is(word, "idletime") && options.freq.is_none() => {
                    let idle_s = int(operand)?;
                    if idle_s < 0 {
                        return Err(Error::text("ERR Invalid IDLETIME value, must be >= 0"));
                    }
                    options.idle_s = Some(idle_s);
                    at += 1;
                }
                (word, Some(operand)) if is(word, "freq") && options.idle_s.is_none() => {
                    let freq = int(operand)?;
                    if !(0..=255).contains(&freq) {
                        return Err(Error::text("ERR Invalid FREQ value, must be >= 0 and <= 255"));
                    }
                    options.freq = Some(freq);
                    at += 1;
                }
                _ => return Err(Error::Syntax),
            }
            at += 1;
        }
        Ok(options)
    }
}

fn restore(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let options = Options::parse(args)?;
    let key = args[1];
    if !options.replace && ctx.unit.exists(key) {
        return Err(Error::text("BUSYKEY Target key name already exists."));
    }
    let ttl = int(args[2])?;
    if ttl < 0 {
        return Err(Error::text("ERR Invalid TTL value, must be >= 0"));
    }
    let loaded = read(key, args[3], ctx)?;
    let expire_at_ms = match ttl {
        0 => None,
        ttl if options.absolute => Some(ttl),
        ttl => Some(ctx.now_ms().checked_add(ttl).ok_or_else(|| Error::expire_time("restore"))?),
    };
    if options.replace
        && ctx.unit.delete(key)
        && expire_at_ms.is_some_and(|at_ms| at_ms <= ctx.now_ms())
        && !ctx.is_replayed()
    {
        ctx.propagate(&[b"DEL", key]);
    }
    if expire_at_ms.is_some_and(|at_ms| at_ms <= ctx.now_ms()) && !ctx.is_replayed() {
        ctx.reply.ok();
        return Ok(());
    }
    let now_ms = ctx.now_ms();
    let counted = |freq| i64::from(counted(u8::try_from(freq).unwrap_or(u8::MAX), now_ms));
    let access = options.freq.map(counted).or(options.idle_s.map(|idle_s| now_ms / 1000 - idle_s));
    ctx.update(key, |place| {
        match loaded {
            Loaded::String(bytes) => place.set_string(&bytes, StringForm::Auto, expire_at_ms),
            Loaded::Value(value) => place.set_value(value, expire_at_ms),
            Loaded::Empty => return Err(Error::text("ERR Bad data format")),
        }
        if let Some(access) = access {
            // Wraps as the clock does.
            place.set_access(access as u32);
        }
        Ok(((), Change::wrote(Event::generic("restore"), 1)))
    })?;
    if let (Some(at_ms), false) = (expire_at_ms, options.absolute) {
        let time = at_ms.to_string();
        let mut command: Vec<&[u8]> = vec![b"RESTORE", key, time.as_bytes(), args[3]];
        command.extend_from_slice(&args[4..]);
        command.push(b"ABSTTL");
        ctx.propagate(&command);
    }
    ctx.reply.ok();
    Ok(())
}

/// The value in a payload.
fn read(key: &[u8], bytes: &[u8], ctx: &Ctx<'_, '_>) -> Result<Loaded, Error> {
    let wrong = || Error::text("ERR DUMP payload version or checksum are wrong");
    let bad = || Error::text("ERR Bad data format");
    let parsed = Payload::parse(bytes).ok_or_else(wrong)?;
    let is_readable = parsed.header.is_readable(ctx.unit.limits().takes_newer_rdb);
    let is_wrong = parsed.checksum == PayloadChecksum::Bad && !ctx.unit.limits().skips_checksums;
    if is_wrong || !is_readable {
        return Err(wrong());
    }
    let record = parsed.to_record(key).ok_or_else(bad)?;
    let mut parser = Parser::resume(Context::new(parsed.header), 0);
    match parser.parse(&record, true) {
        Ok(Step::Record(taken, Record::Key(entry))) if taken == record.len() => {
            Loader::strict().load(&entry, ctx.unit.limits()).map_err(|_| bad())
        }
        _ => Err(bad()),
    }
}
