//! Reads commands that make keys, as `rdb dump --format resp` writes them.
//!
//! Commands on one key must stand together; anything that changes what is there, rather than
//! adding to it, is refused: replaying is another command's work.

use super::element::{KeyWriter, Whole};
use super::parts::Parts;
use super::{ConvertError, Options, Summary};
use crate::base::bulk::Bulk;
use crate::base::num;
use crate::feed::input::Bytes as InputBytes;
use crate::feed::{Control, Failure, Input};
use crate::rdb::encode::{Hint, Target};
use crate::rdb::event::ArrayValue;
use crate::rdb::payload::{Payload, PayloadChecksum};
use crate::rdb::{
    Attributes, Context, Elem, Kind, Parser, Record, Scratch, Step, StreamId, StreamMeta, Visit,
};
use crate::resp::decode::{Command, Commands};
use crate::tool::Problem;
use std::collections::HashMap;

/// A hash's expiring fields kept until the key is complete, and a stream's groups.
#[derive(Default)]
struct Open {
    db: u64,
    key: Vec<u8>,
    kind: Option<Kind>,
    attributes: Attributes,
    /// Fields in order, since their expiries come later; by name, the index.
    fields: Vec<(Vec<u8>, Vec<u8>, Option<i64>)>,
    by_name: HashMap<Vec<u8>, usize>,
    stream: Stream,
}

#[derive(Default)]
struct Stream {
    entries: u64,
    first_id: Option<StreamId>,
    meta: StreamMeta,
    groups: Vec<Group>,
}

#[derive(Default)]
struct Group {
    name: Vec<u8>,
    last_id: StreamId,
    entries_read: Option<u64>,
    consumers: Vec<(Vec<u8>, Vec<StreamId>)>,
    pending: Vec<(StreamId, i64, u64)>,
}

struct Reader<'w> {
    writer: KeyWriter<'w>,
    db: u64,
    open: Option<Open>,
}

/// Why a command is refused.
enum Refusal {
    /// It does not make a key.
    Command,
    /// Its arguments are wrong.
    Arguments,
    /// What it asked for failed.
    Failed(ConvertError),
}

impl From<ConvertError> for Refusal {
    fn from(e: ConvertError) -> Self {
        Refusal::Failed(e)
    }
}

impl From<std::io::Error> for Refusal {
    fn from(e: std::io::Error) -> Self {
        Refusal::Failed(Failure::Write(e))
    }
}

/// Converts an input of commands.
pub(super) fn convert(
    input: &mut Input,
    target: Target,
    options: &Options,
    parts: &mut Parts,
    control: &Control,
    summary: &mut Summary,
) -> Result<(), ConvertError> {
    let InputBytes::Map(map) = &input.bytes else {
        let message = "commands are read from files that can be read at any place".into();
        return Err(Failure::Worker(Problem::Usage(message).into()));
    };
    let corrupt = |message: String, offset: usize| {
        Failure::Worker(Problem::Corrupt { message, offset: Some(offset as u64) }.into())
    };
    let mut reader =
        Reader { writer: KeyWriter::new(parts, target, options, summary), db: 0, open: None };
    let mut commands = Commands::new(map);
    loop {
        let at = commands.offset();
        control.pass(at as u64);
        let command = match commands.next() {
            Ok(Some(command)) => command,
            Ok(None) => break,
            Err(e) => return Err(corrupt(format!("{e} (offset {at})"), at)),
        };
        let name = command.name().escape_ascii().to_string();
        match reader.command(&command) {
            Ok(()) => {}
            Err(Refusal::Failed(failure)) => return Err(failure),
            Err(Refusal::Arguments) => {
                return Err(corrupt(format!("wrong arguments of {name} (offset {at})"), at));
            }
            Err(Refusal::Command) => {
                let message = format!("{name} is no command that makes a key (offset {at})");
                return Err(Failure::Worker(Problem::Unsupported(message).into()));
            }
        }
    }
    reader.close()?;
    reader.writer.finish()
}

fn int(bytes: &[u8]) -> Result<i64, Refusal> {
    num::parse_canonical_i64(bytes).ok_or(Refusal::Arguments)
}

fn count(bytes: &[u8]) -> Result<u64, Refusal> {
    std::str::from_utf8(bytes).ok().and_then(|t| t.parse().ok()).ok_or(Refusal::Arguments)
}

fn id(bytes: &[u8]) -> Result<StreamId, Refusal> {
    std::str::from_utf8(bytes).ok().and_then(StreamId::parse).ok_or(Refusal::Arguments)
}

/// Arguments in pairs; none left over.
fn pairs<'a>(args: &'a [&'a [u8]]) -> Result<impl Iterator<Item = (&'a [u8], &'a [u8])>, Refusal> {
    match args.as_chunks::<2>() {
        ([], _) => Err(Refusal::Arguments),
        (pairs, []) => Ok(pairs.iter().map(|[a, b]| (*a, *b))),
        _ => Err(Refusal::Arguments),
    }
}

impl Reader<'_> {
    fn command(&mut self, command: &Command<'_>) -> Result<(), Refusal> {
        let name = command.name().to_ascii_uppercase();
        let args = command.args();
        match (name.as_slice(), args) {
            (b"SELECT", [db]) => {
                self.close()?;
                self.db = count(db)?;
                Ok(())
            }
            (b"FUNCTION", [verb, rest @ ..]) if verb.eq_ignore_ascii_case(b"LOAD") => {
                self.close()?;
                let code = rest.last().ok_or(Refusal::Arguments)?;
                Ok(self.writer.function(code)?)
            }
            (b"XGROUP", [verb, key, rest @ ..]) => self.group(verb, key, rest),
            (_, [key, rest @ ..]) => self.keyed(&name, key, rest),
            _ => Err(Refusal::Command),
        }
    }

    fn keyed(&mut self, name: &[u8], key: &[u8], rest: &[&[u8]]) -> Result<(), Refusal> {
        match (name, rest) {
            (b"SET", [value]) => {
                self.start(key, Kind::String, true)?;
                Ok(self.writer.elem(&Elem::Str(Bulk::Bytes(value)))?)
            }
            (b"RPUSH", items) => {
                self.start(key, Kind::List, false)?;
                for item in items {
                    self.writer.elem(&Elem::Item(Bulk::Bytes(item)))?;
                }
                Ok(())
            }
            (b"SADD", members) => {
                self.start(key, Kind::Set, false)?;
                for member in members {
                    self.writer.elem(&Elem::Member(Bulk::Bytes(member)))?;
                }
                Ok(())
            }
            (b"ZADD", members) => {
                self.start(key, Kind::Zset, false)?;
                for (score, member) in pairs(members)? {
                    let score = num::parse_double(score)
                        .filter(|score| !score.is_nan())
                        .ok_or(Refusal::Arguments)?;
                    self.writer.elem(&Elem::Scored { member: Bulk::Bytes(member), score })?;
                }
                Ok(())
            }
            (b"HSET" | b"HMSET", fields) => {
                let open = self.start(key, Kind::Hash, false)?;
                for (field, value) in pairs(fields)? {
                    open.set_field(field, value);
                }
                Ok(())
            }
            (b"HPEXPIREAT", [ms, fields, one, names @ ..])
                if fields.eq_ignore_ascii_case(b"FIELDS") && count(one)? == names.len() as u64 =>
            {
                let ms = int(ms)?;
                let open = self.start(key, Kind::Hash, false)?;
                for name in names {
                    let index = open.by_name.get(*name).ok_or(Refusal::Arguments)?;
                    if let Some(field) = open.fields.get_mut(*index) {
                        field.2 = Some(ms);
                    }
                }
                Ok(())
            }
            (b"ARMSET", items) => {
                self.start(key, Kind::Array, false)?;
                for (index, value) in pairs(items)? {
                    let index = count(index)?;
                    // As the server does: what reads as a number is kept as one.
                    let value = match num::parse_canonical_i64(value) {
                        Some(n) => ArrayValue::Int(n),
                        None => ArrayValue::Str(Bulk::Bytes(value)),
                    };
                    self.writer.elem(&Elem::ArrayItem { index, value })?;
                }
                Ok(())
            }
            (b"ARSEEK", [next]) => {
                let insert_index = count(next)?.checked_sub(1);
                self.start(key, Kind::Array, false)?;
                self.writer.elem(&Elem::ArrayMeta { insert_index })?;
                Ok(())
            }
            (b"PEXPIREAT", [ms]) => self.expire(key, int(ms)?),
            (b"EXPIREAT", [seconds]) => self.expire(key, int(seconds)?.saturating_mul(1000)),
            (b"RESTORE", [ttl, payload, options @ ..]) => self.restore(key, ttl, payload, options),
            (b"XADD" | b"XSETID" | b"XCLAIM", _) => self.stream(name, key, rest),
            _ => Err(Refusal::Command),
        }
    }

    /// The open key, if it is this one and of this kind; else a new one.
    fn start(&mut self, key: &[u8], kind: Kind, fresh: bool) -> Result<&mut Open, Refusal> {
        let goes_on = self.open.as_ref().is_some_and(|open| {
            !fresh && open.key == key && open.kind == Some(kind) && open.db == self.db
        });
        if !goes_on {
            self.close()?;
            self.writer.begin(kind, Hint::Auto);
            self.open =
                Some(Open { db: self.db, key: key.to_vec(), kind: Some(kind), ..Open::default() });
        }
        self.open.as_mut().ok_or(Refusal::Command)
    }

    fn expire(&mut self, key: &[u8], ms: i64) -> Result<(), Refusal> {
        match &mut self.open {
            Some(open) if open.key == key && open.db == self.db => {
                open.attributes.expire_at_ms = Some(ms);
                Ok(())
            }
            // An expiry apart from what it belongs to.
            _ => Err(Refusal::Command),
        }
    }

    fn close(&mut self) -> Result<(), ConvertError> {
        let Some(open) = self.open.take() else { return Ok(()) };
        let write = Failure::Write;
        for (field, value, expire_at_ms) in &open.fields {
            let elem = Elem::Field {
                field: Bulk::Bytes(field),
                value: Bulk::Bytes(value),
                expire_at_ms: *expire_at_ms,
            };
            self.writer.elem(&elem).map_err(write)?;
        }
        if open.kind == Some(Kind::Stream) {
            self.close_stream(&open.stream).map_err(write)?;
        }
        self.writer.end(open.db, &open.key, open.attributes, None, &Whole::Encoded)
    }

    fn close_stream(&mut self, stream: &Stream) -> std::io::Result<()> {
        let mut meta = stream.meta;
        meta.length = stream.entries;
        meta.first_id = stream.first_id.unwrap_or_default();
        meta.entries_added = meta.entries_added.max(stream.entries);
        self.writer.elem(&Elem::StreamMeta(meta))?;
        for group in &stream.groups {
            self.writer.elem(&Elem::Group {
                name: Bulk::Bytes(&group.name),
                last_id: group.last_id,
                entries_read: group.entries_read,
            })?;
            for (id, delivery_time_ms, delivery_count) in &group.pending {
                self.writer.elem(&Elem::Pending {
                    id: *id,
                    delivery_time_ms: *delivery_time_ms,
                    delivery_count: *delivery_count,
                })?;
            }
            for (name, claimed) in &group.consumers {
                // When a consumer was seen is not among what commands can say.
                self.writer.elem(&Elem::Consumer {
                    name: Bulk::Bytes(name),
                    seen_time_ms: 0,
                    active_time_ms: None,
                })?;
                for id in claimed {
                    self.writer.elem(&Elem::Claimed(*id))?;
                }
            }
        }
        Ok(())
    }

    fn stream(&mut self, name: &[u8], key: &[u8], rest: &[&[u8]]) -> Result<(), Refusal> {
        match (name, rest) {
            // A stream without entries: one is added and trimmed at once.
            (b"XADD", [maxlen, zero, at, _, _])
                if maxlen.eq_ignore_ascii_case(b"MAXLEN") && *zero == b"0" =>
            {
                let at = id(at)?;
                self.start(key, Kind::Stream, true)?.stream.meta.last_id = at;
                Ok(())
            }
            (b"XADD", [at, fields @ ..]) => {
                let at = id(at)?;
                let fields: Vec<_> =
                    pairs(fields)?.map(|(n, v)| (Bulk::Bytes(n), Bulk::Bytes(v))).collect();
                let stream = &mut self.start(key, Kind::Stream, false)?.stream;
                if stream.entries > 0 && stream.meta.last_id >= at {
                    return Err(Refusal::Arguments);
                }
                stream.entries += 1;
                stream.first_id.get_or_insert(at);
                stream.meta.last_id = at;
                Ok(self.writer.elem(&Elem::StreamEntry { id: at, fields: &fields })?)
            }
            (b"XSETID", [last, options @ ..]) => {
                let last = id(last)?;
                let meta = &mut self.start(key, Kind::Stream, false)?.stream.meta;
                meta.last_id = last;
                for (option, value) in options.as_chunks::<2>().0.iter().map(|[o, v]| (o, v)) {
                    match option.to_ascii_uppercase().as_slice() {
                        b"ENTRIESADDED" => meta.entries_added = count(value)?,
                        b"MAXDELETEDID" => meta.max_deleted_id = id(value)?,
                        _ => return Err(Refusal::Arguments),
                    }
                }
                Ok(())
            }
            (b"XCLAIM", [group, consumer, _, at, options @ ..]) => {
                self.claim(key, group, consumer, id(at)?, options)
            }
            _ => Err(Refusal::Arguments),
        }
    }

    fn claim(
        &mut self,
        key: &[u8],
        group: &[u8],
        consumer: &[u8],
        at: StreamId,
        options: &[&[u8]],
    ) -> Result<(), Refusal> {
        let value = |name: &[u8]| {
            let at = options.iter().position(|option| option.eq_ignore_ascii_case(name))?;
            options.get(at + 1).copied()
        };
        let time_ms = value(b"TIME").map_or(Ok(0), int)?;
        let times = value(b"RETRYCOUNT").map_or(Ok(1), count)?;
        let open = self.start(key, Kind::Stream, false)?;
        let group = open.stream.groups.iter_mut().find(|known| known.name == group);
        let group = group.ok_or(Refusal::Arguments)?;
        group.pending.push((at, time_ms, times));
        match group.consumers.iter_mut().find(|(name, _)| name == consumer) {
            Some((_, claimed)) => claimed.push(at),
            None => group.consumers.push((consumer.to_vec(), vec![at])),
        }
        Ok(())
    }

    fn group(&mut self, verb: &[u8], key: &[u8], rest: &[&[u8]]) -> Result<(), Refusal> {
        let open = self.start(key, Kind::Stream, false)?;
        match (verb.to_ascii_uppercase().as_slice(), rest) {
            (b"CREATE", [name, last, options @ ..]) => {
                let entries_read = match options {
                    [] => None,
                    [option, n] if option.eq_ignore_ascii_case(b"ENTRIESREAD") => {
                        u64::try_from(int(n)?).ok()
                    }
                    _ => return Err(Refusal::Arguments),
                };
                open.stream.groups.push(Group {
                    name: name.to_vec(),
                    last_id: id(last)?,
                    entries_read,
                    ..Group::default()
                });
                Ok(())
            }
            (b"CREATECONSUMER", [name, consumer]) => {
                let group = open.stream.groups.iter_mut().find(|known| known.name == *name);
                group.ok_or(Refusal::Arguments)?.consumers.push((consumer.to_vec(), Vec::new()));
                Ok(())
            }
            _ => Err(Refusal::Command),
        }
    }

    fn restore(
        &mut self,
        key: &[u8],
        ttl: &[u8],
        payload: &[u8],
        options: &[&[u8]],
    ) -> Result<(), Refusal> {
        self.close()?;
        let has = |name: &[u8]| options.iter().any(|option| option.eq_ignore_ascii_case(name));
        let value = |name: &[u8]| {
            let at = options.iter().position(|option| option.eq_ignore_ascii_case(name))?;
            options.get(at + 1).copied()
        };
        let ttl = int(ttl)?;
        if ttl != 0 && !has(b"ABSTTL") {
            return Err(Refusal::Arguments);
        }
        let attributes = Attributes {
            expire_at_ms: (ttl != 0).then_some(ttl),
            idle_s: value(b"IDLETIME").map(count).transpose()?,
            freq: value(b"FREQ").map(count).transpose()?.and_then(|n| u8::try_from(n).ok()),
        };
        let payload = Payload::parse(payload).ok_or(Refusal::Arguments)?;
        if payload.checksum == PayloadChecksum::Bad {
            return Err(Refusal::Arguments);
        }
        let record = payload.to_record(key).ok_or(Refusal::Arguments)?;
        let mut parser = Parser::resume(Context::new(payload.header), 0);
        let Ok(Step::Record(_, Record::Key(entry))) = parser.parse(&record, true) else {
            return Err(Refusal::Arguments);
        };
        if entry.ty.kind == Kind::Module {
            let whole = Whole::Raw(entry.ty.code, entry.value);
            return Ok(self.writer.end(self.db, key, attributes, None, &whole)?);
        }
        self.writer.begin(entry.ty.kind, Hint::of_encoding(entry.ty.encoding));
        entry
            .visit(&mut Scratch::default(), &mut Feed(&mut self.writer))
            .map_err(|e| Refusal::Failed(Failure::Worker(e)))?;
        Ok(self.writer.end(self.db, key, attributes, None, &Whole::Encoded)?)
    }
}

impl Open {
    fn set_field(&mut self, field: &[u8], value: &[u8]) {
        match self.by_name.get(field).and_then(|index| self.fields.get_mut(*index)) {
            Some(known) => known.1 = value.to_vec(),
            None => {
                self.by_name.insert(field.to_vec(), self.fields.len());
                self.fields.push((field.to_vec(), value.to_vec(), None));
            }
        }
    }
}

/// Feeds the elements of a payload to the writer.
struct Feed<'f, 'w>(&'f mut KeyWriter<'w>);

impl Visit for Feed<'_, '_> {
    type Error = anyhow::Error;
    fn elem(&mut self, elem: &Elem<'_>) -> Result<(), anyhow::Error> {
        Ok(self.0.elem(elem)?)
    }
}
