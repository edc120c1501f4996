//! Commands on strings.

mod increx;

use super::super::error::Error;
use super::super::parse::{
    LongDoubleArg, TimeUnit, clipped_range, expiry, expiry_word, int, int_or, is,
};
use super::super::{Ctx, Handler};
use crate::base::long_double::LongDouble;
use crate::base::num::parse_canonical_i64;
use crate::keyspace::{Change, Event, Place};
use crate::value::StringForm;
use smallvec::SmallVec;

/// The handlers of this family.
pub const HANDLERS: &[(&str, Handler)] = &[
    ("append", append),
    ("decr", decr),
    ("decrby", decrby),
    ("delex", delex),
    ("delifeq", delifeq),
    ("digest", digest),
    ("get", get),
    ("getdel", getdel),
    ("getex", getex),
    ("getrange", getrange),
    ("getset", getset),
    ("incr", incr),
    ("incrby", incrby),
    ("incrbyfloat", incrbyfloat),
    ("increx", increx::increx),
    ("lcs", lcs),
    ("mget", mget),
    ("mset", mset),
    ("msetex", msetex),
    ("msetnx", msetnx),
    ("psetex", psetex),
    ("set", set),
    ("setex", setex),
    ("setnx", setnx),
    ("setrange", setrange),
    ("strlen", strlen),
    ("substr", getrange),
];

type Done = Result<(), Error>;

/// Longest string that a client may build, in bytes: `proto-max-bulk-len`.
pub(super) const STRING_BYTES_MAX: usize = 512 << 20;

const TOO_LONG: &str = "ERR string exceeds maximum allowed size (proto-max-bulk-len)";

/// Under which condition a key is set or deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Condition<'a> {
    Always,
    Absent,
    Present,
    Equal(&'a [u8]),
    Different(&'a [u8]),
    DigestEqual(&'a [u8]),
    DigestDifferent(&'a [u8]),
}

impl<'a> Condition<'a> {
    /// Reads one of the conditions that compare, with its operand.
    fn comparing(word: &[u8], operand: Option<&&'a [u8]>) -> Result<Option<Condition<'a>>, Error> {
        let make: fn(&'a [u8]) -> Condition<'a> = match word {
            _ if is(word, "ifeq") => Condition::Equal,
            _ if is(word, "ifne") => Condition::Different,
            _ if is(word, "ifdeq") => Condition::DigestEqual,
            _ if is(word, "ifdne") => Condition::DigestDifferent,
            _ => return Ok(None),
        };
        Ok(Some(make(operand.ok_or(Error::Syntax)?)))
    }

    /// Whether it holds. A comparison of another type of value is an error.
    fn holds(self, place: &Place<'_>) -> Result<bool, Error> {
        Ok(match self {
            Condition::Always => true,
            Condition::Absent => !place.exists(),
            Condition::Present => place.exists(),
            Condition::Equal(operand) => place.string()? == Some(operand),
            Condition::Different(operand) => place.string()? != Some(operand),
            // A digest is read only if there is a string to compare it with.
            Condition::DigestEqual(wanted) => match place.string()? {
                Some(bytes) => digest_of(bytes) == parse_digest(wanted)?,
                None => false,
            },
            Condition::DigestDifferent(wanted) => match place.string()? {
                Some(bytes) => digest_of(bytes) != parse_digest(wanted)?,
                None => true,
            },
        })
    }
}

/// The digest of a string: XXH3, 64 bits.
fn digest_of(bytes: &[u8]) -> u64 {
    xxhash_rust::xxh3::xxh3_64(bytes)
}

fn parse_digest(text: &[u8]) -> Result<u64, Error> {
    const INVALID: &str = "ERR must be exactly 16 hexadecimal characters";
    if text.len() != 16 {
        return Err(Error::text(INVALID));
    }
    let text = std::str::from_utf8(text).map_err(|_| Error::text(INVALID))?;
    u64::from_str_radix(text, 16).map_err(|_| Error::text(INVALID))
}

/// What a command says of expiry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expiry {
    /// Nothing.
    Unsaid,
    /// At this time in unix milliseconds.
    At(i64),
    Keep,
    Persist,
}

/// Reads an expiry option at `at`, with its operand. Returns how many arguments it took, none if it is no such option.
fn expiry_option(
    ctx: &Ctx<'_, '_>,
    args: &[&[u8]],
    at: usize,
    expiry_said: &mut Expiry,
    command: &str,
) -> Result<usize, Error> {
    let Some((unit, base_ms)) = expiry_word(args[at], ctx.now_ms()) else { return Ok(0) };
    let operand = args.get(at + 1).ok_or(Error::Syntax)?;
    if *expiry_said != Expiry::Unsaid {
        return Err(Error::Syntax);
    }
    *expiry_said = Expiry::At(expiry(operand, unit, base_ms, command)?);
    Ok(2)
}

/// The text of an expiry time.
fn text_of(n: i64) -> Vec<u8> {
    itoa::Buffer::new().format(n).as_bytes().to_vec()
}

fn get(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    match ctx.unit.string(args[1])? {
        Some(bytes) => ctx.reply.bulk(bytes),
        None => ctx.reply.null(),
    }
    Ok(())
}

fn mget(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    ctx.reply.array(args.len() - 1);
    for key in &args[1..] {
        match ctx.unit.string(key) {
            Ok(Some(bytes)) => ctx.reply.bulk(bytes),
            _ => ctx.reply.null(),
        }
    }
    Ok(())
}

fn strlen(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let len = ctx.unit.string(args[1])?.map_or(0, <[u8]>::len);
    ctx.reply.count(len as u64);
    Ok(())
}

fn digest(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    match ctx.unit.string(args[1])? {
        Some(bytes) => ctx.reply.bulk(format!("{:016x}", digest_of(bytes)).as_bytes()),
        None => ctx.reply.null(),
    }
    Ok(())
}

fn getrange(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let (start, end) = (int(args[2])?, int(args[3])?);
    let bytes = ctx.unit.string(args[1])?.unwrap_or_default();
    // Two negative ends in the wrong order give nothing before they are cut to the string.
    let range = if start < 0 && end < 0 && start > end {
        0..0
    } else {
        clipped_range(start, end, bytes.len())
    };
    ctx.reply.bulk(&bytes[range]);
    Ok(())
}

fn set(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let (mut condition, mut expiry_said, mut get) = (Condition::Always, Expiry::Unsaid, false);
    let mut at = 3;
    while at < args.len() {
        let word = args[at];
        let taken = expiry_option(ctx, args, at, &mut expiry_said, "set")?;
        if taken > 0 {
            at += taken;
            continue;
        }
        if is(word, "keepttl") && expiry_said == Expiry::Unsaid {
            expiry_said = Expiry::Keep;
        } else if is(word, "get") {
            get = true;
        } else if is(word, "nx") && matches!(condition, Condition::Always | Condition::Absent) {
            condition = Condition::Absent;
        } else if is(word, "xx") && matches!(condition, Condition::Always | Condition::Present) {
            condition = Condition::Present;
        } else if condition == Condition::Always
            && let Some(comparing) = Condition::comparing(word, args.get(at + 1))?
        {
            condition = comparing;
            at += 1;
        } else {
            return Err(Error::Syntax);
        }
        at += 1;
    }
    set_with(ctx, args[1], args[2], condition, expiry_said, get)
}

fn setnx(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let written = store(ctx, args[1], args[2], Condition::Absent, Expiry::Unsaid)?;
    ctx.reply.int(i64::from(written));
    Ok(())
}

fn setex(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let at = expiry(args[2], TimeUnit::Seconds, ctx.now_ms(), "setex")?;
    set_with(ctx, args[1], args[3], Condition::Always, Expiry::At(at), false)
}

fn psetex(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let at = expiry(args[2], TimeUnit::Milliseconds, ctx.now_ms(), "psetex")?;
    set_with(ctx, args[1], args[3], Condition::Always, Expiry::At(at), false)
}

/// The work of SET: replies with what was there if asked to, else whether it set.
fn set_with(
    ctx: &mut Ctx<'_, '_>,
    key: &[u8],
    value: &[u8],
    condition: Condition<'_>,
    expiry_said: Expiry,
    get: bool,
) -> Done {
    if get {
        match ctx.unit.string(key)? {
            Some(old) => ctx.reply.bulk(old),
            None => ctx.reply.null(),
        }
    }
    let written = store(ctx, key, value, condition, expiry_said)?;
    if !get {
        if written { ctx.reply.ok() } else { ctx.reply.null() }
    }
    Ok(())
}

/// Sets a key if a condition holds. Others are told the time, not the span.
fn store(
    ctx: &mut Ctx<'_, '_>,
    key: &[u8],
    value: &[u8],
    condition: Condition<'_>,
    expiry_said: Expiry,
) -> Result<bool, Error> {
    let written = ctx.update(key, |place| {
        if !condition.holds(place)? {
            return Ok((false, Change::None));
        }
        let expire_at_ms = match expiry_said {
            Expiry::At(at) => Some(at),
            Expiry::Keep => place.expire_at_ms(),
            Expiry::Unsaid | Expiry::Persist => None,
        };
        place.set_string(value, StringForm::Auto, expire_at_ms);
        Ok((true, Change::wrote(Event::string("set"), 1)))
    })?;
    if let (true, Expiry::At(at)) = (written, expiry_said) {
        ctx.unit.event(Event::generic("expire"), key);
        ctx.propagate(&[b"SET", key, value, b"PXAT", &text_of(at)]);
    }
    Ok(written)
}

fn getset(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    set_with(ctx, args[1], args[2], Condition::Always, Expiry::Unsaid, true)?;
    ctx.propagate(&[b"SET", args[1], args[2]]);
    Ok(())
}

fn getdel(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    match ctx.unit.string(args[1])? {
        Some(bytes) => ctx.reply.bulk(bytes),
        None => {
            ctx.reply.null();
            return Ok(());
        }
    }
    ctx.unit.delete(args[1]);
    ctx.propagate(&[b"DEL", args[1]]);
    Ok(())
}

fn getex(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let (mut expiry_said, mut at) = (Expiry::Unsaid, 2);
    while at < args.len() {
        let taken = expiry_option(ctx, args, at, &mut expiry_said, "getex")?;
        if taken == 0 {
            if !is(args[at], "persist") || expiry_said != Expiry::Unsaid {
                return Err(Error::Syntax);
            }
            expiry_said = Expiry::Persist;
        }
        at += taken.max(1);
    }
    let key = args[1];
    match ctx.unit.string(key)? {
        Some(bytes) => ctx.reply.bulk(bytes),
        None => {
            ctx.reply.null();
            return Ok(());
        }
    }
    match expiry_said {
        Expiry::At(at) if at <= ctx.now_ms() && !ctx.is_replayed() => {
            ctx.unit.delete(key);
            ctx.propagate(&[b"DEL", key]);
        }
        Expiry::At(at) => {
            set_expiry(ctx, key, Some(at), "expire")?;
            ctx.propagate(&[b"PEXPIREAT", key, &text_of(at)]);
        }
        Expiry::Persist => {
            if set_expiry(ctx, key, None, "persist")? {
                ctx.propagate(&[b"PERSIST", key]);
            }
        }
        Expiry::Unsaid | Expiry::Keep => {}
    }
    Ok(())
}

/// Sets or takes away a key's expiry time; false if that changed nothing.
fn set_expiry(
    ctx: &mut Ctx<'_, '_>,
    key: &[u8],
    expire_at_ms: Option<i64>,
    event: &'static str,
) -> Result<bool, Error> {
    ctx.update(key, |place| {
        if expire_at_ms.is_none() && place.expire_at_ms().is_none() {
            return Ok((false, Change::None));
        }
        Ok((place.set_expiry(expire_at_ms), Change::wrote(Event::generic(event), 1)))
    })
}

fn delex(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let condition = match args.len() {
        2 => Condition::Always,
        4 => Condition::comparing(args[2], args.get(3))?
            .ok_or(Error::text("ERR Invalid condition. Use IFEQ, IFNE, IFDEQ, or IFDNE"))?,
        _ => return Err(Error::arity("delex")),
    };
    delete_if(ctx, args[1], condition)
}

fn delifeq(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    delete_if(ctx, args[1], Condition::Equal(args[2]))
}

fn delete_if(ctx: &mut Ctx<'_, '_>, key: &[u8], condition: Condition<'_>) -> Done {
    let deleted = ctx.update(key, |place| {
        if !place.exists() || !condition.holds(place)? {
            return Ok((false, Change::None));
        }
        place.remove();
        Ok((true, Change::wrote(Event::generic("del"), 1)))
    })?;
    if deleted && condition != Condition::Always {
        ctx.propagate(&[b"DEL", key]);
    }
    ctx.reply.int(i64::from(deleted));
    Ok(())
}

fn mset(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    if args.len().is_multiple_of(2) {
        return Err(Error::arity("mset"));
    }
    for pair in args[1..].chunks_exact(2) {
        store(ctx, pair[0], pair[1], Condition::Always, Expiry::Unsaid)?;
    }
    ctx.reply.ok();
    Ok(())
}

fn msetnx(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    if args.len().is_multiple_of(2) {
        return Err(Error::arity("msetnx"));
    }
    if args[1..].chunks_exact(2).any(|pair| ctx.unit.exists(pair[0])) {
        ctx.reply.int(0);
        return Ok(());
    }
    for pair in args[1..].chunks_exact(2) {
        store(ctx, pair[0], pair[1], Condition::Always, Expiry::Unsaid)?;
    }
    ctx.reply.int(1);
    Ok(())
}

fn msetex(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let pairs = int(args[1])
        .ok()
        .and_then(|n| usize::try_from(n).ok())
        .filter(|n| (1..=i32::MAX as usize / 2).contains(n));
    let pairs = pairs.ok_or(Error::text("ERR invalid numkeys value"))?;
    let end = 2 + pairs * 2;
    if end > args.len() {
        return Err(Error::text("ERR wrong number of key-value pairs"));
    }
    let (mut condition, mut expiry_said, mut at) = (Condition::Always, Expiry::Unsaid, end);
    while at < args.len() {
        let taken = expiry_option(ctx, args, at, &mut expiry_said, "msetex")?;
        if taken == 0 {
            match args[at] {
                word if is(word, "keepttl") && expiry_said == Expiry::Unsaid => {
                    expiry_said = Expiry::Keep
                }
                word if is(word, "nx") && condition != Condition::Present => {
                    condition = Condition::Absent
                }
                word if is(word, "xx") && condition != Condition::Absent => {
                    condition = Condition::Present
                }
                _ => return Err(Error::Syntax),
            }
        }
        at += taken.max(1);
    }
    let pairs: Vec<_> = args[2..end].chunks_exact(2).collect();
    let holds = match condition {
        Condition::Absent => !pairs.iter().any(|pair| ctx.unit.exists(pair[0])),
        Condition::Present => pairs.iter().all(|pair| ctx.unit.exists(pair[0])),
        _ => true,
    };
    if holds {
        for pair in &pairs {
            store(ctx, pair[0], pair[1], Condition::Always, expiry_said)?;
        }
        if let Expiry::At(at) = expiry_said {
            // One command for all keys instead of those that each of them left.
            ctx.take_propagation();
            let time = text_of(at);
            let mut command: Vec<&[u8]> = args[..end].to_vec();
            command.extend([&b"PXAT"[..], &time]);
            ctx.propagate(&command);
        }
    }
    ctx.reply.int(i64::from(holds));
    Ok(())
}

fn append(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let len = ctx.update(args[1], |place| {
        let old_len = place.string()?.map(<[u8]>::len);
        if old_len.unwrap_or(0) + args[2].len() > STRING_BYTES_MAX {
            return Err(Error::text(TOO_LONG));
        }
        // A new string is as a client set it; one that is there becomes raw.
        let form = if old_len.is_some() { StringForm::Raw } else { StringForm::Auto };
        let len = place.edit_string(form, |bytes| {
            bytes.extend_from_slice(args[2]);
            bytes.len()
        })?;
        Ok((len, Change::wrote(Event::string("append"), 1)))
    })?;
    ctx.reply.count(len as u64);
    Ok(())
}

fn setrange(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let offset = int(args[2])?;
    let offset = usize::try_from(offset).map_err(|_| Error::text("ERR offset is out of range"))?;
    let len = ctx.update(args[1], |place| {
        let old_len = place.string()?.map_or(0, <[u8]>::len);
        if args[3].is_empty() {
            return Ok((old_len, Change::None));
        }
        let end = offset
            .checked_add(args[3].len())
            .filter(|end| *end <= STRING_BYTES_MAX)
            .ok_or(Error::text(TOO_LONG))?;
        let len = place.edit_string(StringForm::Raw, |bytes| {
            if bytes.len() < end {
                bytes.resize(end, 0);
            }
            bytes[offset..end].copy_from_slice(args[3]);
            bytes.len()
        })?;
        Ok((len, Change::wrote(Event::string("setrange"), 1)))
    })?;
    ctx.reply.count(len as u64);
    Ok(())
}

fn incr(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    add(ctx, args[1], 1)
}

fn decr(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    add(ctx, args[1], -1)
}

fn incrby(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    add(ctx, args[1], int(args[2])?)
}

fn decrby(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let n = int(args[2])?.checked_neg().ok_or(Error::text("ERR decrement would overflow"))?;
    add(ctx, args[1], n)
}

fn add(ctx: &mut Ctx<'_, '_>, key: &[u8], n: i64) -> Done {
    let sum = ctx.update(key, |place| {
        let sum = place.follow_string(StringForm::Auto, |old| {
            let old = match old {
                Some(text) => parse_canonical_i64(text).ok_or(Error::NotInteger)?,
                None => 0,
            };
            let sum = old
                .checked_add(n)
                .ok_or(Error::text("ERR increment or decrement would overflow"))?;
            let mut text = itoa::Buffer::new();
            let text: SmallVec<[u8; 24]> = SmallVec::from_slice(text.format(sum).as_bytes());
            Ok::<_, Error>((text, sum))
        })?;
        Ok((sum, Change::wrote(Event::string("incrby"), 1)))
    })?;
    ctx.reply.int(sum);
    Ok(())
}

fn incrbyfloat(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let text = ctx.update(args[1], |place| {
        let text = place.follow_string(StringForm::Text, |old| {
            let old = match old {
                Some(text) => LongDoubleArg::parse(text)?,
                None => LongDoubleArg::Finite(LongDouble::ZERO),
            };
            let text = old.add(LongDoubleArg::parse(args[2])?)?.to_text();
            Ok::<_, Error>((text.clone(), text))
        })?;
        Ok((text, Change::wrote(Event::string("incrbyfloat"), 1)))
    })?;
    ctx.propagate(&[b"SET", args[1], text.as_bytes(), b"KEEPTTL"]);
    ctx.reply.bulk(text.as_bytes());
    Ok(())
}

/// Most cells of the table that LCS fills; a server's limit is the memory it may take.
const LCS_CELLS_MAX: usize = 1 << 28;

fn lcs(ctx: &mut Ctx<'_, '_>, args: &[&[u8]]) -> Done {
    let no_string = |_| Error::text("ERR The specified keys must contain string values");
    let a = ctx.unit.string(args[1]).map_err(no_string)?.unwrap_or_default().to_vec();
    let b = ctx.unit.string(args[2]).map_err(no_string)?.unwrap_or_default().to_vec();
    let (mut only_len, mut index, mut with_len, mut min_len, mut at) = (false, false, false, 0, 3);
    while at < args.len() {
        match args[at] {
            word if is(word, "len") => only_len = true,
            word if is(word, "idx") => index = true,
            word if is(word, "withmatchlen") => with_len = true,
            word if is(word, "minmatchlen") && at + 1 < args.len() => {
                at += 1;
                min_len = int_or(args[at], "ERR value is not an integer or out of range")?.max(0);
            }
            _ => return Err(Error::Syntax),
        }
        at += 1;
    }
    if only_len && index {
        return Err(Error::text(
            "ERR If you want both the length and indexes, please just use IDX.",
        ));
    }
    if (a.len() + 1).checked_mul(b.len() + 1).is_none_or(|cells| cells > LCS_CELLS_MAX) {
        return Err(Error::text(
            "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len",
        ));
    }
    let (text, matches) = longest_common(&a, &b);
    if only_len {
        ctx.reply.count(text.len() as u64);
    } else if index {
        let shown: Vec<_> = matches.iter().filter(|(_, _, len)| *len as i64 >= min_len).collect();
        ctx.reply.map(2);
        ctx.reply.bulk(b"matches");
        ctx.reply.array(shown.len());
        for (in_a, in_b, len) in shown {
            ctx.reply.array(2 + usize::from(with_len));
            for start in [in_a, in_b] {
                ctx.reply.array(2);
                ctx.reply.count(*start as u64);
                ctx.reply.count((start + len - 1) as u64);
            }
            if with_len {
                ctx.reply.count(*len as u64);
            }
        }
        ctx.reply.bulk(b"len");
        ctx.reply.count(text.len() as u64);
    } else {
        ctx.reply.bulk(&text);
    }
    Ok(())
}

/// The longest common subsequence, and its runs from the last to the first: start in both strings, and length.
fn longest_common(a: &[u8], b: &[u8]) -> (Vec<u8>, Vec<(usize, usize, usize)>) {
    let width = b.len() + 1;
    let mut lens = vec![0_u32; (a.len() + 1) * width];
    for (i, byte) in a.iter().enumerate() {
        for (j, other) in b.iter().enumerate() {
            lens[(i + 1) * width + j + 1] = if byte == other {
                lens[i * width + j] + 1
            } else {
                lens[i * width + j + 1].max(lens[(i + 1) * width + j])
            };
        }
    }
    let (mut i, mut j) = (a.len(), b.len());
    let (mut text, mut runs): (Vec<u8>, Vec<(usize, usize, usize)>) = (Vec::new(), Vec::new());
    while i > 0 && j > 0 {
        if a[i - 1] == b[j - 1] {
            text.push(a[i - 1]);
            match runs.last_mut() {
                Some((in_a, in_b, len)) if (*in_a, *in_b) == (i, j) => {
                    (*in_a, *in_b, *len) = (i - 1, j - 1, *len + 1)
                }
                _ => runs.push((i - 1, j - 1, 1)),
            }
            (i, j) = (i - 1, j - 1);
        } else if lens[(i - 1) * width + j] > lens[i * width + j - 1] {
            i -= 1;
        } else {
            j -= 1;
        }
    }
    text.reverse();
    (text, runs)
}
