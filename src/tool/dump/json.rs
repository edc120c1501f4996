//! Keys as JSON objects, without loss: `rdb convert` reads them back.

use super::{Formatter, Halt, KeyView};
use crate::base::bulk::{Bulk, IntBuf};
use crate::base::json::{self, BinaryEncoding};
use crate::base::num;
use crate::base::slot::key_slot;
use crate::rdb::event::{ArrayValue, Quantization};
use crate::rdb::{Elem, Error, Kind, Layout, Scratch, Visit};
use crate::tool::out::Out;
use crate::tool::ttl::ShiftBy;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};

/// Values longer than this are looked through for binary field names before they are written.
const REWIND_BYTES: usize = 256 << 10;

/// Formatted sorted set members kept before they go to a file, in bytes.
const PIECE_BYTES: usize = 4 << 20;

/// Writes keys as JSON objects.
#[derive(Debug, Clone)]
pub struct Json {
    encoding: BinaryEncoding,
    before: &'static [u8],
    after: &'static [u8],
}

impl Json {
    /// Elements of an array, each behind a comma.
    pub fn array(encoding: BinaryEncoding) -> Json {
        Json { encoding, before: b",\n", after: b"" }
    }

    /// A line each.
    pub fn lines(encoding: BinaryEncoding) -> Json {
        Json { encoding, before: b"", after: b"\n" }
    }
}

/// Appends a number as text.
pub(super) fn push_int(out: &mut Vec<u8>, n: impl itoa::Integer) {
    out.extend_from_slice(IntBuf::new().format(n).as_bytes());
}

fn push_field(out: &mut Vec<u8>, name: &str, n: impl itoa::Integer) {
    out.extend_from_slice(b",\"");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
    push_int(out, n);
}

impl Formatter for Json {
    fn key<O: Out>(
        &mut self,
        view: &KeyView<'_>,
        scratch: &mut Scratch,
        out: &mut O,
    ) -> Result<(), Halt> {
        let entry = view.entry;
        let buf = out.buf();
        buf.extend_from_slice(self.before);
        buf.extend_from_slice(b"{\"db\":");
        push_int(buf, entry.db);
        buf.extend_from_slice(b",\"key\":");
        json::write_bytes(buf, view.key, self.encoding);
        buf.extend_from_slice(b",\"type\":\"");
        buf.extend_from_slice(entry.ty.kind.name().as_bytes());
        buf.extend_from_slice(b"\",\"encoding\":\"");
        buf.extend_from_slice(entry.encoding().as_bytes());
        buf.push(b'"');
        if let Some(ms) = view.expire_at_ms {
            push_field(buf, "expire_at_ms", ms);
        }
        if let Some(s) = entry.attributes.idle_s {
            push_field(buf, "idle_s", s);
        }
        if let Some(n) = entry.attributes.freq {
            push_field(buf, "freq", n);
        }
        push_field(buf, "slot", key_slot(view.key));
        if let Some(meta) = entry.key_meta {
            buf.extend_from_slice(b",\"key_meta\":\"");
            json::write_base64(buf, meta);
            buf.push(b'"');
        }
        buf.extend_from_slice(b",\"value\":");
        let size = write_value(view, self.encoding, scratch, out)?;
        let buf = out.buf();
        push_field(buf, "size", size);
        buf.push(b'}');
        buf.extend_from_slice(self.after);
        Ok(())
    }
}

/// Appends a key's value as JSON; gives the bytes of its strings.
pub fn write_value<O: Out>(
    view: &KeyView<'_>,
    encoding: BinaryEncoding,
    scratch: &mut Scratch,
    out: &mut O,
) -> Result<u64, Halt> {
    let entry = view.entry;
    let mut form = form_of(entry.ty.kind, entry.ty.layout, encoding);
    if form == Form::Object && entry.value.len() > REWIND_BYTES {
        let mut names = FieldNames;
        match entry.visit(scratch, &mut names) {
            Ok(()) => {}
            Err(JsonStop::Binary) => form = Form::Fields,
            Err(JsonStop::Halt(halt)) => return Err(halt),
        }
    }
    let start = out.buf().len();
    loop {
        let mut value = Value {
            out,
            encoding,
            shift: view.shift,
            form,
            first: true,
            size: 0,
            open: Vec::new(),
            pieces: Pieces::default(),
            raw: entry.value,
            idmp_pending: false,
        };
        match value.write(entry, scratch) {
            Ok(()) => return Ok(value.size),
            Err(JsonStop::Halt(halt)) => return Err(halt),
            Err(JsonStop::Binary) => {
                out.buf().truncate(start);
                form = Form::Fields;
            }
        }
    }
}

/// How elements are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// A single value.
    Single,
    /// An array of strings.
    Array,
    /// An array of members with scores, as they come or the other way round.
    Scored { reverse: bool },
    /// An object by field name.
    Object,
    /// An array of fields with their values and expiries.
    Fields,
    /// The object of a stream.
    Stream,
    /// The object of a sparse array.
    Sparse,
    /// The object of a module value.
    Module,
}

fn form_of(kind: Kind, layout: Layout, encoding: BinaryEncoding) -> Form {
    let object_keys = !matches!(encoding, BinaryEncoding::Base64 | BinaryEncoding::Hex);
    match (kind, layout) {
        (Kind::String, _) => Form::Single,
        (Kind::List | Kind::Set, _) => Form::Array,
        // Servers write big sorted sets from the highest score down.
        (Kind::Zset, Layout::ScoredBinary | Layout::ScoredText) => Form::Scored { reverse: true },
        (Kind::Zset, _) => Form::Scored { reverse: false },
        (
            Kind::Hash,
            Layout::FieldsFromMin
            | Layout::FieldsPreGa
            | Layout::FieldsValkey
            | Layout::TriplesFromMin
            | Layout::Triples,
        ) => Form::Fields,
        (Kind::Hash, _) if object_keys => Form::Object,
        (Kind::Hash, _) => Form::Fields,
        (Kind::Stream, _) => Form::Stream,
        (Kind::Array, _) => Form::Sparse,
        (Kind::Module, _) => Form::Module,
    }
}

enum JsonStop {
    /// A field name cannot be an object's key.
    Binary,
    Halt(Halt),
}

impl From<Error> for JsonStop {
    fn from(e: Error) -> Self {
        JsonStop::Halt(e.into())
    }
}

impl From<std::io::Error> for JsonStop {
    fn from(e: std::io::Error) -> Self {
        JsonStop::Halt(e.into())
    }
}

/// Looks for field names that are no UTF-8.
struct FieldNames;

impl Visit for FieldNames {
    type Error = JsonStop;
    fn elem(&mut self, elem: &Elem<'_>) -> Result<(), JsonStop> {
        match elem {
            Elem::Field { field: Bulk::Bytes(name), .. } if std::str::from_utf8(name).is_err() => {
                Err(JsonStop::Binary)
            }
            _ => Ok(()),
        }
    }
}

/// Formatted members that must come out in the other order.
#[derive(Default)]
struct Pieces {
    buf: Vec<u8>,
    /// Score and start of each member in `buf`.
    marks: Vec<(f64, usize)>,
    /// Pieces written to a file, each reversed in itself: start and length.
    spilled: Vec<(u64, usize)>,
    file: Option<File>,
}

impl Pieces {
    /// Puts the members of the current piece in rising order: behind each other with commas.
    fn ordered(&mut self) -> Vec<u8> {
        let mut parts: Vec<(f64, &[u8])> = Vec::with_capacity(self.marks.len());
        let mut end = self.buf.len();
        // From the last to the first: the usual order is falling.
        for (score, start) in self.marks.iter().rev() {
            parts.push((*score, self.buf.get(*start..end).unwrap_or(&[])));
            end = *start;
        }
        // Old writers follow their hash table: no order at all. What is in order is cheap to sort.
        parts.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.cmp(b.1)));
        let mut joined = Vec::with_capacity(self.buf.len());
        for (_, part) in parts {
            joined.extend_from_slice(part);
        }
        self.buf.clear();
        self.marks.clear();
        joined
    }

    fn spill(&mut self) -> std::io::Result<()> {
        let piece = self.ordered();
        let file = match &mut self.file {
            Some(file) => file,
            None => self.file.insert(tempfile::tempfile()?),
        };
        let start = file.seek(SeekFrom::End(0))?;
        file.write_all(&piece)?;
        self.spilled.push((start, piece.len()));
        Ok(())
    }
}

struct Value<'o, 'e, O: Out> {
    out: &'o mut O,
    encoding: BinaryEncoding,
    shift: ShiftBy,
    form: Form,
    first: bool,
    size: u64,
    /// Closing text of what is open inside a stream or array, innermost last.
    open: Vec<(Level, &'static [u8])>,
    pieces: Pieces,
    raw: &'e [u8],
    /// Default settings of idempotent production, not written yet.
    idmp_pending: bool,
}

/// Parts of a stream's object that hold others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Entries,
    Groups,
    Group,
    Pending,
    Consumers,
    Consumer,
    Claimed,
    Nacked,
    Idmp,
    Producers,
    Producer,
    Items,
    Vectors,
}

impl<O: Out> Value<'_, '_, O> {
    fn write(
        &mut self,
        entry: &crate::rdb::Entry<'_>,
        scratch: &mut Scratch,
    ) -> Result<(), JsonStop> {
        let (begin, end): (&[u8], &[u8]) = match self.form {
            Form::Single => (b"", b""),
            Form::Array | Form::Scored { .. } | Form::Fields => (b"[", b"]"),
            Form::Object => (b"{", b"}"),
            Form::Stream => (b"{\"entries\":[", b"}"),
            Form::Sparse | Form::Module => (b"{", b"}"),
        };
        self.out.buf().extend_from_slice(begin);
        if self.form == Form::Stream {
            self.open.push((Level::Entries, b"]"));
        }
        entry.visit(scratch, self)?;
        self.flush_pieces()?;
        self.close_until(None);
        self.out.buf().extend_from_slice(end);
        Ok(())
    }

    #[inline]
    fn comma(&mut self) {
        if self.first {
            self.first = false;
        } else {
            self.out.buf().push(b',');
        }
    }

    fn bulk(&mut self, bulk: &Bulk<'_>) {
        let encoding = self.encoding;
        let out = self.out.buf();
        match bulk {
            Bulk::Bytes(bytes) => {
                self.size += bytes.len() as u64;
                json::write_bytes(out, bytes, encoding);
            }
            Bulk::Int(n) => {
                let mut buf = IntBuf::new();
                let text = buf.format(*n);
                self.size += text.len() as u64;
                json::write_bytes(out, text.as_bytes(), encoding);
            }
        }
    }

    fn text(&mut self, text: &str) {
        self.out.buf().extend_from_slice(text.as_bytes());
    }

    fn spill(&mut self) -> Result<(), JsonStop> {
        Ok(self.out.spill()?)
    }

    /// Closes levels down to `level`, or all; leaves it open.
    fn close_until(&mut self, level: Option<Level>) {
        while let Some((top, end)) = self.open.last() {
            if Some(*top) == level {
                break;
            }
            self.out.buf().extend_from_slice(end);
            self.open.pop();
            self.first = false;
        }
    }

    /// Opens a level, behind a comma if something stands before it.
    fn open(&mut self, level: Level, begin: &str, end: &'static [u8]) {
        self.comma();
        self.text(begin);
        self.open.push((level, end));
        self.first = true;
    }

    fn is_open(&self, level: Level) -> bool {
        self.open.iter().any(|(open, _)| *open == level)
    }

    /// Opens a level inside `parent` unless it is open.
    fn ensure(&mut self, parent: Option<Level>, level: Level, begin: &str, end: &'static [u8]) {
        if self.is_open(level) {
            self.close_until(Some(level));
        } else {
            self.close_until(parent);
            self.open(level, begin, end);
        }
    }

    fn scored(&mut self, member: &Bulk<'_>, score: f64) -> Result<(), JsonStop> {
        let reverse = self.form == Form::Scored { reverse: true };
        if !reverse {
            self.comma();
        }
        let encoding = self.encoding;
        let mut ints = IntBuf::new();
        let text = member.text(&mut ints);
        self.size += text.len() as u64 + 8;
        let out = if reverse { &mut self.pieces.buf } else { self.out.buf() };
        let start = out.len();
        if reverse {
            out.push(b',');
        }
        out.extend_from_slice(b"{\"member\":");
        json::write_bytes(out, text, encoding);
        out.extend_from_slice(b",\"score\":");
        if score.is_finite() {
            num::write_score(score, out);
        } else {
            out.extend_from_slice(if score > 0.0 { b"\"inf\"" } else { b"\"-inf\"" });
        }
        out.push(b'}');
        if reverse {
            self.pieces.marks.push((score, start));
            if self.pieces.buf.len() > PIECE_BYTES {
                self.piece_is_full()?;
            }
            return Ok(());
        }
        self.spill()
    }

    /// Keeps a piece for later, or finds that the members come in rising order and need not be
    /// kept at all.
    fn piece_is_full(&mut self) -> Result<(), JsonStop> {
        let ends = self.pieces.marks.first().zip(self.pieces.marks.last());
        let rises = ends.is_some_and(|(first, last)| first.0 < last.0);
        if !rises || !self.pieces.spilled.is_empty() {
            return Ok(self.pieces.spill()?);
        }
        self.flush_pieces()?;
        self.form = Form::Scored { reverse: false };
        self.first = false;
        Ok(())
    }

    /// Writes what had to be reversed.
    fn flush_pieces(&mut self) -> Result<(), JsonStop> {
        if self.pieces.marks.is_empty() && self.pieces.spilled.is_empty() {
            return Ok(());
        }
        let last = self.pieces.ordered();
        let mut pieces = std::mem::take(&mut self.pieces);
        // Each part carries a comma in front; the very first one goes.
        let mut skip = 1;
        if !last.is_empty() {
            self.out.buf().extend_from_slice(last.get(skip..).unwrap_or(&[]));
            skip = 0;
            self.spill()?;
        }
        if let Some(file) = &mut pieces.file {
            let mut buf = Vec::new();
            for (start, len) in pieces.spilled.iter().rev() {
                file.seek(SeekFrom::Start(*start))?;
                buf.resize(*len, 0);
                file.read_exact(&mut buf)?;
                self.out.buf().extend_from_slice(buf.get(skip..).unwrap_or(&[]));
                skip = 0;
                self.spill()?;
            }
        }
        Ok(())
    }

    fn field(
        &mut self,
        field: &Bulk<'_>,
        value: &Bulk<'_>,
        expire_at_ms: Option<i64>,
    ) -> Result<(), JsonStop> {
        self.comma();
        if self.form == Form::Object {
            if self.encoding == BinaryEncoding::Auto
                && let Bulk::Bytes(name) = field
                && std::str::from_utf8(name).is_err()
            {
                return Err(JsonStop::Binary);
            }
            self.bulk(field);
            self.text(":");
            self.bulk(value);
        } else {
            self.text("{\"field\":");
            self.bulk(field);
            self.text(",\"value\":");
            self.bulk(value);
            if let Some(ms) = self.shift.apply(expire_at_ms) {
                push_field(self.out.buf(), "expire_at_ms", ms);
            }
            self.text("}");
        }
        // An object can be taken back only as long as it is here.
        if self.form == Form::Object && self.raw.len() <= REWIND_BYTES {
            Ok(())
        } else {
            self.spill()
        }
    }

    fn stream(&mut self, elem: &Elem<'_>) -> Result<(), JsonStop> {
        match elem {
            Elem::StreamEntry { id, fields } => {
                self.comma();
                self.text(&format!("{{\"id\":\"{id}\",\"fields\":["));
                for (i, (name, value)) in fields.iter().enumerate() {
                    self.text(if i == 0 { "[" } else { ",[" });
                    self.bulk(name);
                    self.text(",");
                    self.bulk(value);
                    self.text("]");
                }
                self.text("]}");
                self.size += 16;
            }
            Elem::StreamMeta(meta) => {
                self.close_until(None);
                self.text(&format!(
                    ",\"length\":{},\"last_id\":\"{}\",\"first_id\":\"{}\",\
                     \"max_deleted_id\":\"{}\",\"entries_added\":{}",
                    meta.length,
                    meta.last_id,
                    meta.first_id,
                    meta.max_deleted_id,
                    meta.entries_added
                ));
                self.first = false;
                self.open(Level::Groups, "\"groups\":[", b"]");
            }
            Elem::Group { name, last_id, entries_read } => {
                self.close_until(Some(Level::Groups));
                self.open(Level::Group, "{\"name\":", b"}");
                self.bulk(name);
                self.text(&format!(",\"last_id\":\"{last_id}\",\"entries_read\":"));
                match entries_read {
                    Some(n) => self.text(&n.to_string()),
                    None => self.text("null"),
                }
                self.first = false;
            }
            Elem::Pending { id, delivery_time_ms, delivery_count } => {
                self.ensure(Some(Level::Group), Level::Pending, "\"pending\":[", b"]");
                self.comma();
                self.text(&format!(
                    "{{\"id\":\"{id}\",\"delivery_time_ms\":{delivery_time_ms},\
                     \"delivery_count\":{delivery_count}}}"
                ));
            }
            Elem::Consumer { name, seen_time_ms, active_time_ms } => {
                self.ensure(Some(Level::Group), Level::Consumers, "\"consumers\":[", b"]");
                self.open(Level::Consumer, "{\"name\":", b"}");
                self.bulk(name);
                self.text(&format!(",\"seen_time_ms\":{seen_time_ms},\"active_time_ms\":"));
                match active_time_ms {
                    Some(ms) => self.text(&ms.to_string()),
                    None => self.text("null"),
                }
                self.first = false;
            }
            Elem::Claimed(id) => {
                self.ensure(Some(Level::Consumer), Level::Claimed, "\"pending\":[", b"]");
                self.comma();
                self.text(&format!("\"{id}\""));
            }
            Elem::Nacked(id) => {
                self.ensure(Some(Level::Group), Level::Nacked, "\"nacked\":[", b"]");
                self.comma();
                self.text(&format!("\"{id}\""));
            }
            // The defaults alone say nothing; they are written if producers follow.
            Elem::IdmpConfig { duration_s: 100, max_entries: 100 } => self.idmp_pending = true,
            Elem::IdmpConfig { duration_s, max_entries } => {
                self.open_idmp(*duration_s, *max_entries);
            }
            Elem::Producer(pid) => {
                self.open_pending_idmp();
                self.close_until(Some(Level::Producers));
                self.open(Level::Producer, "{\"pid\":", b"]}");
                self.bulk(pid);
                self.text(",\"ids\":[");
                self.first = true;
            }
            Elem::ProducerId { iid, id } => {
                self.comma();
                self.text("[");
                self.bulk(iid);
                self.text(&format!(",\"{id}\"]"));
            }
            Elem::IdmpCounters { added: 0, duplicates: 0 } if self.idmp_pending => {}
            Elem::IdmpCounters { added, duplicates } => {
                self.open_pending_idmp();
                self.close_until(Some(Level::Idmp));
                self.text(&format!(",\"added\":{added},\"duplicates\":{duplicates}"));
            }
            _ => {}
        }
        self.spill()
    }

    fn open_pending_idmp(&mut self) {
        if std::mem::take(&mut self.idmp_pending) {
            self.open_idmp(100, 100);
        }
    }

    fn open_idmp(&mut self, duration_s: u64, max_entries: u64) {
        self.close_until(None);
        self.open(Level::Idmp, "\"idmp\":{", b"}");
        self.text(&format!("\"duration_s\":{duration_s},\"max_entries\":{max_entries}"));
        self.first = false;
        self.open(Level::Producers, "\"producers\":[", b"]");
    }

    fn sparse(&mut self, elem: &Elem<'_>) -> Result<(), JsonStop> {
        match elem {
            Elem::ArrayMeta { insert_index } => {
                if let Some(index) = insert_index {
                    self.text(&format!("\"insert_index\":{index}"));
                    self.first = false;
                }
                self.open(Level::Items, "\"items\":[", b"]");
            }
            Elem::ArrayItem { index, value } => {
                self.comma();
                self.text(&format!("[{index},"));
                match value {
                    ArrayValue::Str(bulk) => self.bulk(bulk),
                    ArrayValue::Int(n) => push_int(self.out.buf(), *n),
                    ArrayValue::Float(f) => {
                        self.text("{\"float\":\"");
                        num::write_score(*f, self.out.buf());
                        self.text("\"}");
                    }
                }
                self.text("]");
                self.size += 8;
            }
            _ => {}
        }
        self.spill()
    }

    fn module(&mut self, elem: &Elem<'_>) -> Result<(), JsonStop> {
        match elem {
            Elem::Module(id) => {
                self.text(&format!(
                    "\"module\":\"{}\",\"version\":{},\"data\":\"",
                    id.name(),
                    id.version()
                ));
                // In pieces of whole triples, so that no padding falls inside.
                for piece in self.raw.chunks(3 << 18) {
                    json::write_base64(self.out.buf(), piece);
                    self.spill()?;
                }
                self.size += self.raw.len() as u64;
                self.text("\"");
                self.first = false;
            }
            Elem::VectorSet { dim, count, quantization, projected_from, .. } => {
                let quantization = match quantization {
                    Quantization::Float32 => "f32",
                    Quantization::Int8 => "int8",
                    Quantization::Binary => "binary",
                };
                self.text(&format!(
                    ",\"dim\":{dim},\"count\":{count},\"quantization\":\"{quantization}\""
                ));
                if let Some(from) = projected_from {
                    self.text(&format!(",\"projected_from\":{from}"));
                }
                self.open(Level::Vectors, "\"vectors\":[", b"]");
            }
            Elem::Vector { name, attributes, data, range, norm, .. } => {
                self.comma();
                self.text("{\"element\":");
                json::write_bytes(self.out.buf(), &name.to_vec(), self.encoding);
                if let Some(attributes) = attributes {
                    self.text(",\"attributes\":");
                    json::write_bytes(self.out.buf(), &attributes.to_vec(), self.encoding);
                }
                self.text(",\"vector\":\"");
                json::write_base64(self.out.buf(), data);
                self.text(&format!("\",\"range\":{},\"norm\":{}}}", finite(*range), finite(*norm)));
            }
            _ => {}
        }
        self.spill()
    }
}

/// JSON knows no infinities.
fn finite(n: f32) -> f32 {
    if n.is_finite() { n } else { 0.0 }
}

impl<O: Out> Visit for Value<'_, '_, O> {
    type Error = JsonStop;

    #[inline]
    fn elem(&mut self, elem: &Elem<'_>) -> Result<(), JsonStop> {
        match elem {
            Elem::Str(bulk) => {
                self.bulk(bulk);
                Ok(())
            }
            Elem::Item(bulk) | Elem::Member(bulk) => {
                self.comma();
                self.bulk(bulk);
                self.spill()
            }
            Elem::Scored { member, score } => self.scored(member, *score),
            Elem::Field { field, value, expire_at_ms } => self.field(field, value, *expire_at_ms),
            Elem::StreamEntry { .. }
            | Elem::StreamMeta(_)
            | Elem::Group { .. }
            | Elem::Pending { .. }
            | Elem::Consumer { .. }
            | Elem::Claimed(_)
            | Elem::Nacked(_)
            | Elem::IdmpConfig { .. }
            | Elem::Producer(_)
            | Elem::ProducerId { .. }
            | Elem::IdmpCounters { .. } => self.stream(elem),
            Elem::ArrayMeta { .. } | Elem::ArrayItem { .. } => self.sparse(elem),
            Elem::Module(_) | Elem::VectorSet { .. } | Elem::Vector { .. } => self.module(elem),
            Elem::ModuleItem(_) => Ok(()),
        }
    }

    /// A collection without elements is a key without elements here too: servers would drop it.
    fn damage(&mut self, error: Error) -> Result<(), JsonStop> {
        match error.kind() {
            crate::rdb::ErrorKind::Empty => Ok(()),
            _ => Err(error.into()),
        }
    }
}
