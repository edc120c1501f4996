//! Commands on HyperLogLogs.

use super::super::error::Error;
use super::super::parse::is;
use super::super::{Ctx, Handler};
use crate::keyspace::{Change, Event};
use crate::value::StringForm;
use crate::value::hll::{self, Corrupt, Encoding, Op, Registers};

/// The handlers of this family.
pub const HANDLERS: &[(&str, Handler)] = &[
    ("pfadd", pfadd),
    ("pfcount", pfcount),
    ("pfdebug", pfdebug),
    ("pfmerge", pfmerge),
    ("pfselftest", pfselftest),
];

type Done = Result<(), Error>;

impl From<Corrupt> for Error {
    fn from(_: Corrupt) -> Self {
        Error::text("INVALIDOBJ Corrupted HLL object detected")
    }
}

/// The encoding of a string, which must be a HyperLogLog.
fn encoding(bytes: &[u8]) -> Result<Encoding, Error> {
    Encoding::of(bytes).ok_or(Error::text("WRONGTYPE Key is not a valid HyperLogLog string value."))
}

fn pfadd(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let elements = &args[2..];
    let updated = ctx.update(args[1], |place| {
        let mut updated = 0;
        match place.string()? {
            Some(bytes) => drop(encoding(bytes)?),
            None => {
                updated += 1;
                place.set_string(&hll::empty(), StringForm::Raw, None);
            }
        }
        let sparse_max_bytes = place.limits().hll_sparse_max_bytes;
        place.edit_string(StringForm::Raw, |bytes| {
            // Only the runs of a sparse one can turn out to be corrupt when some elements have been added.
            let is_sparse = Encoding::of(bytes) == Some(Encoding::Sparse);
            let before = (is_sparse && elements.len() > 1).then(|| bytes.clone());
            for element in elements {
                match hll::add(bytes, element, sparse_max_bytes) {
                    Ok(changed) => updated += u64::from(changed),
                    Err(corrupt) => {
                        if let Some(before) = before {
                            *bytes = before;
                        }
                        return Err(Error::from(corrupt));
                    }
                }
            }
            if updated > 0 {
                hll::set_stale(bytes);
            }
            Ok(())
        })??;
        Ok((updated, Change::wrote(Event::string("pfadd"), updated)))
    })?;
    ctx.reply.int(i64::from(updated > 0));
    Ok(())
}

fn pfcount(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let count = match args[1..] {
        [key] => count_one(ctx, key)?,
        _ => merged(ctx, &args[1..])?.0.count(),
    };
    // With ranks that no hash has, the count is one that only a negative number shows.
    ctx.reply.int(count.cast_signed());
    Ok(())
}

/// Counts the elements of one HyperLogLog. A count that is not in its header is written there, which others are told.
fn count_one(ctx: &mut Ctx<'_, '_>, key: &[u8]) -> Result<u64, Error> {
    let Some(bytes) = ctx.unit.string(key)? else { return Ok(0) };
    encoding(bytes)?;
    if let Some(count) = hll::cached(bytes) {
        return Ok(count);
    }
    let count = hll::count(bytes)?;
    ctx.update(key, |place| {
        place.patch_string(StringForm::Raw, |bytes| hll::set_cached(bytes, count))?;
        Ok((count, Change::Silent { dirty: 1 }))
    })
}

/// The registers of several HyperLogLogs, and whether one of them is dense. Keys that are not there have no elements.
fn merged(ctx: &mut Ctx<'_, '_>, keys: &[&[u8]]) -> Result<(Registers, bool), Error> {
    let (mut registers, mut any_dense) = (Registers::new(), false);
    for key in keys {
        if let Some(bytes) = ctx.unit.string(key)? {
            any_dense |= encoding(bytes)? == Encoding::Dense;
            registers.raise_to(bytes)?;
        }
    }
    Ok((registers, any_dense))
}

fn pfmerge(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let (registers, any_dense) = merged(ctx, &args[1..])?;
    ctx.update(args[1], |place| {
        let mut bytes = place.string()?.map_or_else(hll::empty, <[u8]>::to_vec);
        if any_dense {
            bytes = hll::to_dense(&bytes)?;
            registers.write_dense(&mut bytes);
        } else {
            registers.raise_each(&mut bytes, place.limits().hll_sparse_max_bytes)?;
        }
        hll::set_stale(&mut bytes);
        let expire_at_ms = place.expire_at_ms();
        place.put_string(bytes, StringForm::Raw, expire_at_ms);
        Ok(((), Change::wrote(Event::string("pfadd"), 1)))
    })?;
    ctx.reply.ok();
    Ok(())
}

fn pfselftest(ctx: &mut Ctx<'_, '_>, _: &[&[u8]]) -> Done {
    let sparse_max_bytes = ctx.unit.limits().hll_sparse_max_bytes;
    hll::self_test(ctx.rng, sparse_max_bytes)
        .map_err(|text| Error::text(format!("ERR TESTFAILED {text}")))?;
    ctx.reply.ok();
    Ok(())
}

fn pfdebug(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let (subcommand, key) = (args[1], args[2]);
    if is(subcommand, "simd") {
        // Whether instructions for several registers are used is the compiler's choice.
        if !is(key, "on") && !is(key, "off") {
            return Err(Error::text("ERR Argument must be ON or OFF"));
        }
        ctx.reply.simple("disabled");
        return Ok(());
    }
    let bytes = ctx.unit.string(key)?;
    let bytes = bytes.ok_or(Error::text("ERR The specified key does not exist"))?;
    let encoding = encoding(bytes)?;
    match subcommand {
        _ if is(subcommand, "getreg") => {
            let mut registers = Registers::new();
            registers.raise_to(bytes)?;
            make_dense(ctx, key)?;
            ctx.reply.array(registers.ranks().len());
            registers.ranks().iter().for_each(|rank| ctx.reply.int(i64::from(*rank)));
        }
        _ if is(subcommand, "decode") => {
            if encoding != Encoding::Sparse {
                return Err(Error::text("ERR HLL encoding is not sparse"));
            }
            let runs: Vec<String> = hll::ops(bytes)
                .map(|op| match op {
                    Op::Zeroes(len) => format!("z:{len}"),
                    Op::LongZeroes(len) => format!("Z:{len}"),
                    Op::Ranked(rank, len) => format!("v:{rank},{len}"),
                })
                .collect();
            ctx.reply.bulk(runs.join(" ").as_bytes());
        }
        _ if is(subcommand, "encoding") => ctx.reply.simple(encoding.name()),
        _ if is(subcommand, "todense") => {
            let changed = make_dense(ctx, key)?;
            ctx.reply.int(i64::from(changed));
        }
        _ => {
            let subcommand = String::from_utf8_lossy(subcommand);
            return Err(Error::text(format!("ERR Unknown PFDEBUG subcommand '{subcommand}'")));
        }
    }
    Ok(())
}

/// Makes a HyperLogLog dense; false if it was. Others are told, though it is no event.
fn make_dense(ctx: &mut Ctx<'_, '_>, key: &[u8]) -> Result<bool, Error> {
    ctx.update(key, |place| {
        let bytes = place.string()?.unwrap_or_default();
        if encoding(bytes)? == Encoding::Dense {
            return Ok((false, Change::None));
        }
        let dense = hll::to_dense(bytes)?;
        let expire_at_ms = place.expire_at_ms();
        place.put_string(dense, StringForm::Raw, expire_at_ms);
        Ok((true, Change::Silent { dirty: 1 }))
    })
}

#[cfg(test)]
mod tests;
