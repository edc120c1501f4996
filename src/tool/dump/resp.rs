//! Keys as the commands that make them, for `redis-cli --pipe` and for people.

use super::command::Style;
use super::{Formatter, Halt, KeyView};
use crate::base::bulk::Bulk;
use crate::base::crc;
use crate::rdb::event::ArrayValue;
use crate::rdb::{
    Elem, Entry, Error, ErrorKind, Kind, Layout, Scratch, StreamId, StreamMeta, Visit,
};
use crate::tool::out::Out;
use crate::tool::ttl::ShiftBy;

/// Most elements per command.
const ELEMENTS_MAX: usize = 128;

/// Bytes of arguments after which a command ends early.
const ARGUMENT_BYTES: usize = 64 << 10;

/// Writes keys as commands.
#[derive(Debug)]
pub struct Commands {
    style: Style,
    restore: bool,
    /// The database the commands so far have selected.
    db: Option<u64>,
}

impl Commands {
    /// Commands in a style; with `restore`, one RESTORE per key.
    pub fn new(style: Style, restore: bool) -> Commands {
        Commands { style, restore, db: None }
    }

    fn select(&mut self, db: u64, out: &mut Vec<u8>) {
        if self.db != Some(db) {
            self.style.begin(out, 2);
            self.style.arg(out, b"SELECT");
            self.style.int(out, db);
            self.style.end(out);
            self.db = Some(db);
        }
    }

    /// Writes `RESTORE key ttl payload`, the payload straight from the file.
    fn restore<O: Out>(&self, view: &KeyView<'_>, out: &mut O) -> Result<(), Halt> {
        let style = self.style;
        let entry = view.entry;
        let attributes = entry.attributes;
        let expires = view.expire_at_ms.is_some();
        let touched = attributes.idle_s.is_some() || attributes.freq.is_some();
        style.begin(out.buf(), 4 + usize::from(expires) + 2 * usize::from(touched));
        style.arg(out.buf(), b"RESTORE");
        style.arg(out.buf(), view.key);
        style.int(out.buf(), view.expire_at_ms.unwrap_or(0).max(0));
        payload(style, entry, out)?;
        if expires {
            style.arg(out.buf(), b"ABSTTL");
        }
        if let Some(idle_s) = attributes.idle_s {
            style.arg(out.buf(), b"IDLETIME");
            style.int(out.buf(), idle_s);
        } else if let Some(freq) = attributes.freq {
            style.arg(out.buf(), b"FREQ");
            style.int(out.buf(), freq);
        }
        style.end(out.buf());
        Ok(())
    }

    /// Whether only RESTORE can make this key.
    fn needs_restore(&self, entry: &Entry<'_>, scratch: &mut Scratch) -> Result<bool, Error> {
        match (entry.ty.kind, entry.ty.layout) {
            (Kind::Module, _) => Ok(true),
            (Kind::Stream, Layout::Stream(generation)) if generation >= 4 => {
                let mut special = NoCommand(false);
                entry.visit(scratch, &mut special)?;
                Ok(special.0)
            }
            // References to templates mean nothing outside of the file.
            (
                _,
                Layout::TemplateListpack { own: false } | Layout::TemplateStrings { own: false },
            ) => Ok(false),
            _ => Ok(self.restore),
        }
    }
}

/// Appends the DUMP payload of an entry as an argument.
fn payload<O: Out>(style: Style, entry: &Entry<'_>, out: &mut O) -> Result<(), Halt> {
    let meta = entry.key_meta.unwrap_or(&[]);
    let head = [entry.ty.code];
    let version = entry.header.version.to_le_bytes();
    let parts = [meta, &head, entry.value, &version];
    let sum = parts.iter().fold(0, |sum, part| crc::crc64(sum, part)).to_le_bytes();
    let parts = [meta, &head, entry.value, &version, &sum];
    if style == Style::Text {
        let whole: Vec<u8> = parts.concat();
        style.arg(out.buf(), &whole);
        return Ok(());
    }
    let len: usize = parts.iter().map(|part| part.len()).sum();
    out.buf().extend_from_slice(format!("${len}\r\n").as_bytes());
    for part in parts {
        for piece in part.chunks(1 << 20) {
            out.buf().extend_from_slice(piece);
            out.spill()?;
        }
    }
    out.buf().extend_from_slice(b"\r\n");
    Ok(())
}

/// Looks for parts of a stream that no command makes.
struct NoCommand(bool);

impl Visit for NoCommand {
    type Error = Error;
    fn elem(&mut self, elem: &Elem<'_>) -> Result<(), Error> {
        self.0 |= matches!(elem, Elem::Nacked(_) | Elem::Producer(_));
        Ok(())
    }
}

impl Formatter for Commands {
    fn start(&mut self) {
        // What other workers have selected in between is not known here.
        self.db = None;
    }

    fn function(&mut self, code: &[u8], out: &mut Vec<u8>) {
        self.style.command(out, &[b"FUNCTION", b"LOAD", b"REPLACE", code]);
    }

    fn key<O: Out>(
        &mut self,
        view: &KeyView<'_>,
        scratch: &mut Scratch,
        out: &mut O,
    ) -> Result<(), Halt> {
        let entry = view.entry;
        self.select(entry.db, out.buf());
        if self.needs_restore(entry, scratch)? {
            return self.restore(view, out);
        }
        let mut maker = Maker {
            out,
            style: self.style,
            key: view.key,
            shift: view.shift,
            verb: verb(entry.ty.kind),
            args: Vec::new(),
            argc: 0,
            expiries: Vec::new(),
            stream: StreamState::default(),
            last_insert: None,
        };
        entry.visit(scratch, &mut maker)?;
        maker.flush()?;
        maker.array_end();
        maker.stream_end();
        if let Some(ms) = view.expire_at_ms {
            let buf = out.buf();
            self.style.begin(buf, 3);
            self.style.arg(buf, b"PEXPIREAT");
            self.style.arg(buf, view.key);
            self.style.int(buf, ms);
            self.style.end(buf);
        }
        Ok(())
    }
}

fn verb(kind: Kind) -> &'static [u8] {
    match kind {
        Kind::List => b"RPUSH",
        Kind::Set => b"SADD",
        Kind::Zset => b"ZADD",
        Kind::Hash => b"HSET",
        Kind::Array => b"ARMSET",
        Kind::String | Kind::Stream | Kind::Module => b"SET",
    }
}

/// What a stream's later parts need to know of earlier ones.
#[derive(Default)]
struct StreamState {
    entries: u64,
    meta: Option<StreamMeta>,
    group: Vec<u8>,
    consumer: Vec<u8>,
    /// The group's pending entries: id, delivery time, delivery count. Sorted by id in files of
    /// servers; sorted here if they are not.
    pending: Vec<(StreamId, i64, u64)>,
    sorted: bool,
}

struct Maker<'o, 'k, O: Out> {
    out: &'o mut O,
    style: Style,
    key: &'k [u8],
    shift: ShiftBy,
    verb: &'static [u8],
    /// Arguments collected for the next command.
    args: Vec<u8>,
    argc: usize,
    /// Fields with an expiry, whose commands follow the one that sets them.
    expiries: Vec<(Vec<u8>, i64)>,
    stream: StreamState,
    /// Where an array's last insertion went.
    last_insert: Option<u64>,
}

impl<O: Out> Maker<'_, '_, O> {
    /// Writes the collected arguments as a command.
    fn flush(&mut self) -> Result<(), Halt> {
        if self.argc > 0 {
            let out = self.out.buf();
            self.style.begin(out, self.argc + 2);
            self.style.arg(out, self.verb);
            self.style.arg(out, self.key);
            out.extend_from_slice(&self.args);
            self.style.end(out);
            self.args.clear();
            self.argc = 0;
        }
        for (field, ms) in std::mem::take(&mut self.expiries) {
            let out = self.out.buf();
            self.style.begin(out, 6);
            self.style.arg(out, b"HPEXPIREAT");
            self.style.arg(out, self.key);
            self.style.int(out, ms);
            self.style.arg(out, b"FIELDS");
            self.style.arg(out, b"1");
            self.style.arg(out, &field);
            self.style.end(out);
        }
        self.out.spill()?;
        Ok(())
    }

    #[inline]
    fn collected(&mut self, argc: usize) -> Result<(), Halt> {
        self.argc += argc;
        if self.argc / argc.max(1) >= ELEMENTS_MAX || self.args.len() > ARGUMENT_BYTES {
            self.flush()
        } else {
            Ok(())
        }
    }

    fn ids(&mut self, args: &[&[u8]]) {
        self.style.command(self.out.buf(), args);
    }

    fn stream_entry(&mut self, id: StreamId, fields: &[(Bulk<'_>, Bulk<'_>)]) -> Result<(), Halt> {
        self.stream.entries += 1;
        let style = self.style;
        let out = self.out.buf();
        style.begin(out, 3 + 2 * fields.len());
        style.arg(out, b"XADD");
        style.arg(out, self.key);
        style.arg(out, id.to_string().as_bytes());
        for (name, value) in fields {
            style.bulk(out, name);
            style.bulk(out, value);
        }
        style.end(out);
        Ok(self.out.spill()?)
    }

    fn stream_meta(&mut self, meta: &StreamMeta) {
        self.stream.meta = Some(*meta);
        let last_id = meta.last_id.to_string();
        if self.stream.entries == 0 {
            // A stream without entries is made by adding one that is trimmed at once. 0-0 is no
            // id to add; XSETID puts it back.
            let id = if meta.last_id == StreamId::default() { "0-1" } else { &last_id };
            self.ids(&[b"XADD", self.key, b"MAXLEN", b"0", id.as_bytes(), b"x", b"y"]);
        }
        let (added, deleted) = (meta.entries_added.to_string(), meta.max_deleted_id.to_string());
        self.ids(&[
            b"XSETID",
            self.key,
            last_id.as_bytes(),
            b"ENTRIESADDED",
            added.as_bytes(),
            b"MAXDELETEDID",
            deleted.as_bytes(),
        ]);
    }

    fn group(&mut self, name: Vec<u8>, last_id: StreamId, entries_read: Option<u64>) {
        let last_id = last_id.to_string();
        let read = entries_read.map_or("-1".into(), |n| n.to_string());
        self.ids(&[
            b"XGROUP",
            b"CREATE",
            self.key,
            &name,
            last_id.as_bytes(),
            b"ENTRIESREAD",
            read.as_bytes(),
        ]);
        self.stream.group = name;
        self.stream.pending.clear();
        self.stream.sorted = true;
    }

    fn pending(&mut self, id: StreamId, time_ms: i64, count: u64) {
        let pending = &mut self.stream.pending;
        self.stream.sorted &= pending.last().is_none_or(|(last, _, _)| *last < id);
        pending.push((id, time_ms, count));
    }

    fn consumer(&mut self, name: Vec<u8>) {
        let group = std::mem::take(&mut self.stream.group);
        self.ids(&[b"XGROUP", b"CREATECONSUMER", self.key, &group, &name]);
        self.stream.group = group;
        self.stream.consumer = name;
        if !self.stream.sorted {
            self.stream.pending.sort_unstable();
            self.stream.sorted = true;
        }
    }

    fn claimed(&mut self, id: StreamId) {
        let pending = &self.stream.pending;
        let found = pending.binary_search_by_key(&id, |(id, _, _)| *id).ok();
        let Some((_, time_ms, count)) = found.and_then(|i| pending.get(i)).copied() else { return };
        let (id, time, count) = (id.to_string(), time_ms.to_string(), count.to_string());
        self.style.command(
            self.out.buf(),
            &[
                b"XCLAIM",
                self.key,
                &self.stream.group,
                &self.stream.consumer,
                b"0",
                id.as_bytes(),
                b"TIME",
                time.as_bytes(),
                b"RETRYCOUNT",
                count.as_bytes(),
                b"JUSTID",
                b"FORCE",
            ],
        );
    }

    /// Claiming moves a group's place; nothing else is left to do for a stream.
    fn stream_end(&mut self) {
        self.stream = StreamState::default();
    }

    /// Where the next insertion goes, which only an array that is there can be told.
    fn array_end(&mut self) {
        if let Some(next) = self.last_insert.and_then(|last| last.checked_add(1)) {
            self.ids(&[b"ARSEEK", self.key, next.to_string().as_bytes()]);
        }
    }

    fn array_value(&mut self, index: u64, value: &ArrayValue<'_>) -> Result<(), Halt> {
        self.style.int(&mut self.args, index);
        match value {
            ArrayValue::Str(bulk) => self.style.bulk(&mut self.args, bulk),
            ArrayValue::Int(n) => self.style.int(&mut self.args, *n),
            ArrayValue::Float(f) => self.style.score(&mut self.args, *f),
        }
        self.collected(2)
    }
}

impl<O: Out> Visit for Maker<'_, '_, O> {
    type Error = Halt;

    fn elem(&mut self, elem: &Elem<'_>) -> Result<(), Halt> {
        match elem {
            Elem::Str(bulk) => {
                self.style.begin(self.out.buf(), 3);
                self.style.arg(self.out.buf(), b"SET");
                self.style.arg(self.out.buf(), self.key);
                self.style.bulk(self.out.buf(), bulk);
                self.style.end(self.out.buf());
                Ok(())
            }
            Elem::Item(bulk) | Elem::Member(bulk) => {
                self.style.bulk(&mut self.args, bulk);
                self.collected(1)
            }
            Elem::Scored { member, score } => {
                self.style.score(&mut self.args, *score);
                self.style.bulk(&mut self.args, member);
                self.collected(2)
            }
            Elem::Field { field, value, expire_at_ms } => {
                self.style.bulk(&mut self.args, field);
                self.style.bulk(&mut self.args, value);
                if let Some(ms) = self.shift.apply(*expire_at_ms) {
                    self.expiries.push((field.to_vec(), ms));
                }
                self.collected(2)
            }
            Elem::StreamEntry { id, fields } => self.stream_entry(*id, fields),
            Elem::StreamMeta(meta) => {
                self.stream_meta(meta);
                Ok(())
            }
            Elem::Group { name, last_id, entries_read } => {
                self.group(name.to_vec(), *last_id, *entries_read);
                Ok(())
            }
            Elem::Pending { id, delivery_time_ms, delivery_count } => {
                self.pending(*id, *delivery_time_ms, *delivery_count);
                Ok(())
            }
            Elem::Consumer { name, .. } => {
                self.consumer(name.to_vec());
                Ok(self.out.spill()?)
            }
            Elem::Claimed(id) => {
                self.claimed(*id);
                Ok(self.out.spill()?)
            }
            Elem::IdmpConfig { duration_s, max_entries } => {
                // The defaults need no command, and only Redis 8.6 knows it.
                if (*duration_s, *max_entries) != (100, 100) {
                    let (duration, max) = (duration_s.to_string(), max_entries.to_string());
                    self.ids(&[
                        b"XCFGSET",
                        self.key,
                        b"IDMP-DURATION",
                        duration.as_bytes(),
                        b"IDMP-MAXSIZE",
                        max.as_bytes(),
                    ]);
                }
                Ok(())
            }
            Elem::ArrayMeta { insert_index } => {
                self.last_insert = *insert_index;
                Ok(())
            }
            Elem::ArrayItem { index, value } => self.array_value(*index, value),
            // Keys with these are written as RESTORE.
            Elem::Nacked(_)
            | Elem::Producer(_)
            | Elem::ProducerId { .. }
            | Elem::IdmpCounters { .. }
            | Elem::Module(_)
            | Elem::ModuleItem(_)
            | Elem::VectorSet { .. }
            | Elem::Vector { .. } => Ok(()),
        }
    }

    /// A collection without elements makes no command; servers drop it on loading, too.
    fn damage(&mut self, error: Error) -> Result<(), Halt> {
        match error.kind() {
            ErrorKind::Empty => Ok(()),
            _ => Err(error.into()),
        }
    }
}
