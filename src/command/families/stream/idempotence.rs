//! Commands about idempotent producers.

use super::super::super::Ctx;
use super::super::super::error::Error;
use super::super::super::parse::{int, is};
use super::{Done, strict_id};
use crate::keyspace::Change;
use crate::value::stream::Stream;
use xxhash_rust::xxh3::xxh3_128;

/// The id that stands for fields, whatever their order.
pub(super) fn iid_of(fields: &[(&[u8], &[u8])]) -> Vec<u8> {
    let mut sum = 0_u128;
    for (name, value) in fields {
        let mut pair = Vec::with_capacity(16 + name.len() + value.len());
        for part in [name, value] {
            pair.extend_from_slice(&(part.len() as u64).to_le_bytes());
            pair.extend_from_slice(part);
        }
        sum = sum.wrapping_add(xxh3_128(&pair));
    }
    sum.to_le_bytes().to_vec()
}

/// Reads a setting that was not given before, in `1..=max`.
fn setting(
    slot: &mut Option<u64>,
    text: &[u8],
    name: &str,
    max: i64,
    unit: &str,
) -> Result<(), Error> {
    if slot.is_some() {
        return Err(Error::text(format!("ERR {name} specified multiple times")));
    }
    let n = int(text)?;
    if !(1..=max).contains(&n) {
        return Err(Error::text(format!("ERR {name} must be between 1 and {max} {unit}")));
    }
    *slot = Some(n.unsigned_abs());
    Ok(())
}

pub(super) fn xcfgset(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    const DURATION_MAX_S: i64 = 86_400;
    const ENTRIES_MAX: i64 = 10_000;
    ctx.update(args[1], |place| {
        let Some((stream, _)) = place.get::<Stream>()? else { return Err(Error::NoSuchKey) };
        if args.len() == 2 {
            return Err(Error::text("ERR At least one parameter must be specified"));
        }
        let (mut duration_s, mut max_entries) = (None, None);
        for option in args[2..].chunks(2) {
            match option {
                [word, n] if is(word, "idmp-duration") => {
                    setting(&mut duration_s, n, "IDMP-DURATION", DURATION_MAX_S, "seconds")?;
                }
                [word, n] if is(word, "idmp-maxsize") => {
                    setting(&mut max_entries, n, "IDMP-MAXSIZE", ENTRIES_MAX, "entries")?;
                }
                _ => return Err(Error::Syntax),
            }
        }
        let now = stream.idempotence().cloned().unwrap_or_default();
        let duration_s = duration_s.unwrap_or(now.duration_s);
        let max_entries = max_entries.unwrap_or(now.max_entries);
        if (duration_s, max_entries) == (now.duration_s, now.max_entries) {
            return Ok(((), Change::None));
        }
        let idempotence = stream.idempotence_mut();
        (idempotence.duration_s, idempotence.max_entries) = (duration_s, max_entries);
        idempotence.producers.clear();
        Ok(((), Change::Silent { dirty: 1 }))
    })?;
    ctx.reply.ok();
    Ok(())
}

pub(super) fn xidmprecord(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let (producer, iid) = (args[2], args[3]);
    let id = strict_id(args[4], 0)?;
    if producer.is_empty() {
        return Err(Error::text("ERR producer ID must be non-empty"));
    }
    if iid.is_empty() {
        return Err(Error::text("ERR idempotent ID must be non-empty"));
    }
    ctx.update(args[1], |place| {
        let Some((stream, _)) = place.get::<Stream>()? else { return Err(Error::NoSuchKey) };
        if stream.get(id).is_none() {
            return Err(Error::text("ERR No such message in stream"));
        }
        match stream.idempotence().and_then(|idempotence| idempotence.find(producer, iid)) {
            Some(known) if known == id => return Ok(((), Change::None)),
            Some(_) => {
                return Err(Error::text(
                    "ERR IID already exists for this producer with a different stream ID",
                ));
            }
            None => stream.idempotence_mut().record(producer, iid, id),
        }
        Ok(((), Change::Silent { dirty: 1 }))
    })?;
    ctx.reply.ok();
    Ok(())
}
