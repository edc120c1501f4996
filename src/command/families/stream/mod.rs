//! Commands on streams.

mod group;
mod idempotence;
mod info;
mod nack;
mod pending;
mod read;
mod readgroup;
mod trim;
mod write;

#[cfg(test)]
mod tests;

use super::super::Handler;
use super::super::error::Error;
use crate::base::bulk::IntBuf;
use crate::base::num::parse_canonical_i64;
use crate::rdb::StreamId;
use crate::resp::encode::Reply;
use crate::value::stream::{Entry, Group, Pending};
use std::io::Write;

/// The handlers of this family.
pub const HANDLERS: &[(&str, Handler)] = &[
    ("xack", pending::xack),
    ("xackdel", pending::xackdel),
    ("xadd", write::xadd),
    ("xautoclaim", pending::xautoclaim),
    ("xcfgset", idempotence::xcfgset),
    ("xclaim", pending::xclaim),
    ("xdel", write::xdel),
    ("xdelex", write::xdelex),
    ("xgroup", group::xgroup),
    ("xidmprecord", idempotence::xidmprecord),
    ("xinfo", info::xinfo),
    ("xlen", read::xlen),
    ("xnack", nack::xnack),
    ("xpending", pending::xpending),
    ("xrange", read::xrange),
    ("xread", read::xread),
    ("xreadgroup", readgroup::xreadgroup),
    ("xrevrange", read::xrevrange),
    ("xsetid", write::xsetid),
    ("xtrim", write::xtrim),
];

type Done = Result<(), Error>;

/// The highest id there is.
const ID_MAX: StreamId = StreamId { ms: u64::MAX, seq: u64::MAX };

/// How often an entry that must not be delivered again counts as delivered: the most that a reply can tell.
const DELIVERIES_MAX: u64 = i64::MAX as u64;

/// The lowest id there is, which no entry has.
const ID_ZERO: StreamId = StreamId { ms: 0, seq: 0 };

/// Longest text that is looked at as an id, in bytes.
const ID_BYTES_MAX: usize = 127;

const INVALID_ID: Error = Error::Text(std::borrow::Cow::Borrowed(
    "ERR Invalid stream ID specified as stream command argument",
));

/// What the C library's `strtoull` makes of a whole text.
fn number(text: &[u8]) -> Option<u64> {
    if let Some(n) = parse_canonical_i64(text) {
        return u64::try_from(n).ok();
    }
    let spaces = text.iter().take_while(|byte| matches!(byte, b' ' | 9..=13)).count();
    let unsigned = &text[spaces..];
    let (negative, digits) = match unsigned.split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        _ => (false, unsigned),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let n: u64 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    Some(if negative { n.wrapping_neg() } else { n })
}

/// An id as a command names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum IdText {
    /// With both parts.
    Full(StreamId),
    /// `ms`: the second part was not given.
    Ms(u64),
    /// `ms-*`: the second part is to be found.
    AutoSeq(u64),
}

/// Reads an id other than `-` and `+`.
fn id_text(text: &[u8]) -> Option<IdText> {
    if text.len() > ID_BYTES_MAX {
        return None;
    }
    // Servers look at it as a C string.
    let text = text.split(|byte| *byte == 0).next().unwrap_or_default();
    let Some(at) = text.iter().position(|byte| *byte == b'-') else {
        return number(text).map(IdText::Ms);
    };
    let (ms, seq) = (number(&text[..at])?, &text[at + 1..]);
    if seq == b"*" {
        return Some(IdText::AutoSeq(ms));
    }
    Some(IdText::Full(StreamId { ms, seq: number(seq)? }))
}

/// Reads an id other than `-` and `+`; a second part that is missing becomes `missing_seq`.
fn strict_id(text: &[u8], missing_seq: u64) -> Result<StreamId, Error> {
    match id_text(text) {
        Some(IdText::Full(id)) => Ok(id),
        Some(IdText::Ms(ms)) => Ok(StreamId { ms, seq: missing_seq }),
        Some(IdText::AutoSeq(_)) | None => Err(INVALID_ID),
    }
}

/// As [`strict_id`]; `-` and `+` are the lowest and the highest id.
fn any_id(text: &[u8], missing_seq: u64) -> Result<StreamId, Error> {
    match text {
        b"-" => Ok(ID_ZERO),
        b"+" => Ok(ID_MAX),
        _ => strict_id(text, missing_seq),
    }
}

/// Ids that must all be sound.
fn ids(texts: &[&[u8]]) -> Result<Vec<StreamId>, Error> {
    texts.iter().map(|text| strict_id(text, 0)).collect()
}

/// The id behind another one, if there is any.
fn next_id(id: StreamId) -> Option<StreamId> {
    match id.seq.checked_add(1) {
        Some(seq) => Some(StreamId { seq, ..id }),
        None => Some(StreamId { ms: id.ms.checked_add(1)?, seq: 0 }),
    }
}

/// The id before another one, if there is any.
fn previous_id(id: StreamId) -> Option<StreamId> {
    match id.seq.checked_sub(1) {
        Some(seq) => Some(StreamId { seq, ..id }),
        None => Some(StreamId { ms: id.ms.checked_sub(1)?, seq: u64::MAX }),
    }
}

/// Where an interval begins. Behind `(` the id itself is not meant.
fn start_id(text: &[u8]) -> Result<StreamId, Error> {
    match text {
        [b'(', id @ ..] if !id.is_empty() => {
            next_id(strict_id(id, 0)?).ok_or(Error::text("ERR invalid start ID for the interval"))
        }
        _ => any_id(text, 0),
    }
}

/// Where an interval ends. Behind `(` the id itself is not meant.
fn end_id(text: &[u8]) -> Result<StreamId, Error> {
    match text {
        [b'(', id @ ..] if !id.is_empty() => previous_id(strict_id(id, u64::MAX)?)
            .ok_or(Error::text("ERR invalid end ID for the interval")),
        _ => any_id(text, u64::MAX),
    }
}

/// How often an entry was delivered after one more time; the highest count stays.
fn delivered_again(count: u64) -> u64 {
    if count < DELIVERIES_MAX { count + 1 } else { count }
}

/// Characters of the longest id.
const ID_CHARS: usize = 41;

/// Writes an id.
fn reply_id(reply: &mut Reply, id: StreamId) {
    let mut text = [0; ID_CHARS];
    let mut rest = &mut text[..];
    // There is room for every id.
    let _ = write!(rest, "{id}");
    let left = rest.len();
    reply.bulk(&text[..ID_CHARS - left]);
}

/// Writes the names and values of an entry as one array.
fn reply_fields(reply: &mut Reply, entry: &Entry<'_>) {
    reply.array(entry.field_count() * 2);
    let mut room = IntBuf::new();
    for (name, value) in entry.fields() {
        reply.bulk(name.text(&mut room));
        reply.bulk(value.text(&mut room));
    }
}

/// Writes an entry: its id, and its names and values.
fn reply_entry(reply: &mut Reply, entry: &Entry<'_>) {
    reply.array(2);
    reply_id(reply, entry.id);
    reply_fields(reply, entry);
}

/// Writes a help text behind its first line and before its last two, which all commands share.
fn reply_help(reply: &mut Reply, command: &str, lines: &[&str]) {
    reply.array(lines.len() + 3);
    reply.simple(&format!("{command} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"));
    lines.iter().for_each(|line| reply.simple(line));
    reply.simple("HELP");
    reply.simple("    Print this help.");
}

/// The error about a subcommand that does not exist, or the wrong number of arguments.
fn check_subcommand(container: &str, args: &[&[u8]]) -> Result<(), Error> {
    let word = args[1];
    let found = super::super::lookup(args[0]).and_then(|spec| spec.resolve(args));
    let Some(spec) = found else {
        let (word, name) = (Error::quoted(word), container.to_ascii_uppercase());
        return Err(Error::text(format!("ERR unknown subcommand '{word}'. Try {name} HELP.")));
    };
    if !spec.takes(args.len()) {
        return Err(Error::arity(&format!("{container}|{}", spec.name)));
    }
    Ok(())
}

/// The error about arguments that a subcommand does not take.
fn subcommand_syntax(container: &str, word: &[u8]) -> Error {
    let word = Error::quoted(word);
    Error::text(format!(
        "ERR unknown subcommand or wrong number of arguments for '{word}'. Try {container} HELP."
    ))
}

/// The error about a key or group that is not there.
fn no_key_or_group(key: &[u8], group: &[u8], ending: &str) -> Error {
    let (key, group) = (Error::quoted(key), Error::quoted(group));
    Error::text(format!("NOGROUP No such key '{key}' or consumer group '{group}'{ending}"))
}

/// The error about a group that a stream does not have.
fn no_group(key: &[u8], group: &[u8]) -> Error {
    let (key, group) = (Error::quoted(key), Error::quoted(group));
    Error::text(format!("NOGROUP No such consumer group '{group}' for key name '{key}'"))
}

/// A command that others run.
type Line = Vec<Vec<u8>>;

/// A line from its words.
fn line(words: &[&[u8]]) -> Line {
    words.iter().map(|word| word.to_vec()).collect()
}

/// The text of a number.
fn text_of(n: i64) -> Vec<u8> {
    itoa::Buffer::new().format(n).as_bytes().to_vec()
}

/// The line that makes an entry pending as it is here, whatever was there before. An entry that nobody has is acknowledged.
fn claim_line(
    key: &[u8],
    group: &[u8],
    id: StreamId,
    pending: &Pending,
    last_id: StreamId,
) -> Line {
    let id = id.to_string();
    let Some(consumer) = &pending.consumer else {
        return line(&[b"XACK", key, group, id.as_bytes()]);
    };
    line(&[
        b"XCLAIM",
        key,
        group,
        consumer,
        b"0",
        id.as_bytes(),
        b"TIME",
        &text_of(pending.delivery_time_ms),
        b"RETRYCOUNT",
        pending.delivery_count.to_string().as_bytes(),
        b"FORCE",
        b"JUSTID",
        b"LASTID",
        last_id.to_string().as_bytes(),
    ])
}

/// The line that sets how far a group has read.
fn setid_line(key: &[u8], name: &[u8], group: &Group) -> Line {
    // The command takes 64 bits with a sign.
    let read = group.entries_read.map_or(-1, |n| i64::try_from(n).unwrap_or(i64::MAX));
    let read = text_of(read);
    let last_id = group.last_id.to_string();
    line(&[b"XGROUP", b"SETID", key, name, last_id.as_bytes(), b"ENTRIESREAD", &read])
}

/// The line that makes a consumer.
fn consumer_line(key: &[u8], group: &[u8], consumer: &[u8]) -> Line {
    line(&[b"XGROUP", b"CREATECONSUMER", key, group, consumer])
}

/// Lets others run these lines, or nothing if there are none.
fn propagate_lines(ctx: &mut super::super::Ctx<'_, '_>, lines: impl IntoIterator<Item = Line>) {
    ctx.propagate_nothing();
    lines.into_iter().for_each(|line| ctx.propagate_owned(line));
}
