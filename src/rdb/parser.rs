//! The sans-IO parser: bytes in; out comes "need n more" or "consumed n, here is a record".
//!
//! A record is one opcode with its payload, or one key with everything that belongs to it. The
//! parser hops over a value to find its end and decodes nothing; [`Entry::visit`] takes the value
//! apart if somebody wants it. Input that ends inside a record is offered again with more bytes
//! behind it; a caller that doubles its buffer each time pays for every byte at most twice.

use super::dialect::{Dialect, HEADER_BYTES, Header};
use super::error::{Error, ErrorKind, Halt, KeyPath};
use super::event::{SlotRange, Span, Stored, Visit};
use super::hop;
use super::module::{self, ModuleId};
use super::string::{LZF, ReadStr, Str};
use super::template::{self, Fields, Templates};
use super::types::{Kind, Layout, ValueType};
use super::walk::{Hop, Scratch, Walk};
use crate::base::bulk::Bulk;
use crate::base::cursor::Cursor;
use crate::base::lzf::LzfError;
use crate::base::{limits, num};
use std::borrow::Cow;
use std::convert::Infallible;
use std::sync::Arc;

/// Opcodes: bytes in a type's place that are no type (section 2 of the format).
#[allow(missing_docs)]
pub mod opcode {
    pub const EOF: u8 = 255;
    pub const SELECT_DB: u8 = 254;
    pub const EXPIRE_TIME: u8 = 253;
    pub const EXPIRE_TIME_MS: u8 = 252;
    pub const RESIZE_DB: u8 = 251;
    pub const AUX: u8 = 250;
    pub const FREQ: u8 = 249;
    pub const IDLE: u8 = 248;
    pub const MODULE_AUX: u8 = 247;
    pub const FUNCTION_PRE_GA: u8 = 246;
    pub const FUNCTION: u8 = 245;
    pub const SLOT_INFO: u8 = 244;
    /// Redis from 8.6.
    pub const KEY_META: u8 = 243;
    /// Valkey from 9.0.
    pub const SLOT_IMPORT: u8 = 243;
    /// Redis from 8.10.
    pub const HASH_TEMPLATE: u8 = 242;
}

/// What opcodes in front of a key say about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Attributes {
    /// Unix milliseconds at which the key expires.
    pub expire_at_ms: Option<i64>,
    /// Seconds since the last access (LRU policies).
    pub idle_s: Option<u64>,
    /// Logarithmic access counter (LFU policies).
    pub freq: Option<u8>,
}

/// Everything earlier records say about later ones; with it a parser starts at any record.
#[derive(Debug, Clone)]
pub struct Context {
    /// Dialect and version.
    pub header: Header,
    /// The selected database.
    pub db: u64,
    /// The cluster slot whose keys are announced to follow; none behind a change of database.
    pub slot: Option<u64>,
    /// Attributes waiting for their key.
    pub pending: Attributes,
    /// Unix seconds at which the file was begun, by its `ctime` AUX field.
    pub written_at_s: Option<i64>,
    /// Whether the file says that it is the first part of an append-only file.
    pub is_aof_base: bool,
    /// Hash templates defined so far.
    pub templates: Templates,
}

impl Context {
    /// The context right behind a header.
    pub fn new(header: Header) -> Self {
        Context {
            header,
            db: 0,
            slot: None,
            pending: Attributes::default(),
            written_at_s: None,
            is_aof_base: false,
            templates: Templates::default(),
        }
    }
}

/// Name of the AUX value in which Valkey announces a slot.
pub const SLOT_INFO_AUX: &[u8] = b"slot-info";

/// What Valkey's `slot-info` says: a slot, its keys, and those of them that expire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlotSizes {
    /// The slot, as it stands there: it may be out of range.
    pub slot: u64,
    /// Number of keys in it.
    pub keys: u64,
    /// Number of keys in it with an expiry.
    pub expires: u64,
}

impl SlotSizes {
    /// Reads `slot,keys,expires`; more numbers may follow, fewer are an error to servers.
    pub fn parse(value: &[u8]) -> Option<SlotSizes> {
        let mut numbers = value.split(|byte| *byte == b',').map(|text| {
            let text = std::str::from_utf8(text).ok()?;
            text.parse::<u64>().ok()
        });
        let mut next = || numbers.next().flatten();
        Some(SlotSizes { slot: next()?, keys: next()?, expires: next()? })
    }
}

/// One key with its value, undecoded.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    /// Dialect and version of the file.
    pub header: Header,
    /// The database.
    pub db: u64,
    /// The value's type.
    pub ty: &'static ValueType,
    /// Expiry, idle time, frequency.
    pub attributes: Attributes,
    /// The key metadata record of Redis 8.6, from its opcode to the byte before the type.
    pub key_meta: Option<&'a [u8]>,
    /// The key as it stands in the file.
    pub key: Str<'a>,
    /// The value, from behind the key to its last byte.
    pub value: &'a [u8],
    /// The record's bytes, attributes included, in the (decompressed) input.
    pub span: Span,
    /// Bytes of the record in front of its type byte.
    pub attribute_bytes: usize,
    templates: &'a Templates,
}

/// How servers keep a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StringEncoding {
    /// As a number.
    Int,
    /// In one piece of memory with its header.
    Embstr,
    /// In memory of its own.
    Raw,
}

impl StringEncoding {
    /// Every encoding, in the order of the numbers they are as `usize`.
    pub const ALL: [StringEncoding; 3] =
        [StringEncoding::Int, StringEncoding::Embstr, StringEncoding::Raw];

    /// Longest text that a server keeps in one piece with its header, in bytes.
    const EMBSTR_BYTES_MAX: u64 = 44;

    /// How a server keeps a string value, as far as the file tells.
    #[inline]
    pub fn of(value: &[u8]) -> StringEncoding {
        const TOLD: [Option<StringEncoding>; 256] = StringEncoding::by_first_byte();
        let Some([first, second]) = value.first_chunk() else {
            return StringEncoding::of_any(value);
        };
        // A length in two bytes, written for no reason if it is small.
        let is_wide = (*first == 0x40) & (*second <= 44);
        match TOLD.get(usize::from(*first)) {
            Some(Some(encoding)) if !is_wide => *encoding,
            _ => StringEncoding::of_any(value),
        }
    }

    /// What the first byte of a value says, which is all one needs to look at of most.
    const fn by_first_byte() -> [Option<StringEncoding>; 256] {
        let mut told = [None; 256];
        let mut byte = 0;
        while byte < 256 {
            told[byte] = match byte {
                0xc0..=0xc2 => Some(StringEncoding::Int),
                21..=44 => Some(StringEncoding::Embstr),
                45..0x80 => Some(StringEncoding::Raw),
                _ => None,
            };
            byte += 1;
        }
        told
    }

    #[inline(never)]
    fn of_any(value: &[u8]) -> StringEncoding {
        let string: Result<Str<'_>, Halt<Infallible>> = Cursor::new(value).string();
        match string {
            Ok(Str::Plain(Bulk::Int(_))) => StringEncoding::Int,
            Ok(Str::Plain(Bulk::Bytes(bytes)))
                if bytes.len() <= 20 && num::parse_canonical_i64(bytes).is_some() =>
            {
                StringEncoding::Int
            }
            Ok(string) if string.len() <= Self::EMBSTR_BYTES_MAX => StringEncoding::Embstr,
            _ => StringEncoding::Raw,
        }
    }

    /// The name as `OBJECT ENCODING` gives it.
    pub fn name(self) -> &'static str {
        match self {
            StringEncoding::Int => "int",
            StringEncoding::Embstr => "embstr",
            StringEncoding::Raw => "raw",
        }
    }
}

impl Attributes {
    /// Whether nothing is said.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.expire_at_ms.is_none() && self.idle_s.is_none() && self.freq.is_none()
    }
}

impl<'a> Entry<'a> {
    /// Whether the value is a string that stands there uncompressed, in which no damage can be.
    #[inline]
    pub fn is_plain_string(&self) -> bool {
        self.ty.kind == Kind::String && self.value.first() != Some(&LZF)
    }

    /// The value, if it is a string that stands there uncompressed.
    #[inline]
    pub fn plain_string(&self) -> Option<Bulk<'a>> {
        if !self.is_plain_string() {
            return None;
        }
        let string: Result<Str<'_>, Halt<Infallible>> = Cursor::new(self.value).string();
        match string {
            Ok(Str::Plain(bulk)) => Some(bulk),
            _ => None,
        }
    }

    /// The key's bytes.
    #[inline]
    pub fn key(&self) -> Result<Cow<'a, [u8]>, Error> {
        self.resolve_key().map_err(|e| {
            Error::new(ErrorKind::Lzf(e), self.span.start).in_key(|| self.path_of(Vec::new()))
        })
    }

    #[inline]
    fn resolve_key(&self) -> Result<Cow<'a, [u8]>, LzfError> {
        match self.key {
            Str::Plain(Bulk::Bytes(bytes)) => Ok(Cow::Borrowed(bytes)),
            other => {
                let mut scratch = Vec::new();
                other.resolve(&mut scratch).map(|bulk| Cow::Owned(bulk.to_vec()))
            }
        }
    }

    /// The encoding as `OBJECT ENCODING` names it.
    pub fn encoding(&self) -> &'static str {
        match self.ty.kind {
            Kind::String => StringEncoding::of(self.value).name(),
            _ => self.ty.encoding,
        }
    }

    fn path_of(&self, key: Vec<u8>) -> KeyPath {
        KeyPath { db: self.db, key, kind: self.ty.kind.name(), encoding: self.encoding() }
    }

    /// Where damage in this key is, for messages.
    pub fn path(&self) -> KeyPath {
        self.path_of(self.resolve_key().unwrap_or_default().into_owned())
    }

    /// Whether the value is a vector set, which is a module's.
    pub fn is_vector_set(&self) -> bool {
        let id: Result<u64, Halt<Infallible>> = ReadStr::len(&mut Cursor::new(self.value));
        self.ty.layout == Layout::Module && id.is_ok_and(|id| ModuleId(id) == ModuleId::VECTOR_SET)
    }

    /// Damage of the value as a whole.
    pub fn damaged(&self, kind: ErrorKind) -> Error {
        Error::new(kind, self.value_offset()).in_key(|| self.path())
    }

    /// Offset of the value's first byte in the (decompressed) input.
    pub fn value_offset(&self) -> u64 {
        self.span.end - self.value.len() as u64
    }

    /// The hash templates that were defined in front of this key.
    pub fn templates(&self) -> &'a Templates {
        self.templates
    }

    /// Takes the value apart.
    pub fn visit<V: Visit>(&self, scratch: &mut Scratch, visitor: &mut V) -> Result<(), V::Error> {
        let path = || self.path();
        let base = self.value_offset();
        let c = Cursor::new(self.value);
        let mut walk = Walk { c, base, visitor, scratch, templates: self.templates, path: &path };
        let (kind, at) = match walk.value(self.ty) {
            Ok(()) => return Ok(()),
            Err(Halt::Visitor(e)) => return Err(e),
            Err(Halt::Bad(kind, at)) => (kind, at),
            Err(Halt::Need(n)) => (ErrorKind::Truncated(n), self.value.len()),
        };
        visitor.damage(Error::new(kind, base + at as u64).in_key(path))
    }
}

/// A module's data outside of keys.
#[derive(Debug, Clone, Copy)]
pub struct ModuleAux<'a> {
    /// The module type.
    pub module: ModuleId,
    /// 1: before the keys, 2: behind them.
    pub when: u64,
    /// The items up to and including the end marker.
    pub items: &'a [u8],
}

/// One record of a file.
#[derive(Debug, Clone)]
pub enum Record<'a> {
    /// Magic and version; always first.
    Start(Header),
    /// A named value about the file. Unknown names are no error.
    Aux {
        /// The name.
        name: Cow<'a, [u8]>,
        /// The value.
        value: Cow<'a, [u8]>,
    },
    /// The source of a function library.
    Function(Cow<'a, [u8]>),
    /// A module's data outside of keys.
    ModuleAux(ModuleAux<'a>),
    /// The following keys are in this database.
    SelectDb(u64),
    /// A hint on the sizes of the current database.
    ResizeDb {
        /// Number of keys.
        keys: u64,
        /// Number of keys with an expiry.
        expires: u64,
    },
    /// A hint on the cluster slot whose keys follow.
    SlotInfo {
        /// The slot.
        slot: u64,
        /// Number of keys in it.
        keys: u64,
        /// Number of keys in it with an expiry.
        expires: u64,
    },
    /// A running import of slots (Valkey from 9.0).
    SlotImport {
        /// The job's name, 40 bytes.
        job: Cow<'a, [u8]>,
        /// The slots.
        ranges: Vec<SlotRange>,
    },
    /// Field names that later hashes refer to (Redis from 8.10).
    HashTemplate {
        /// The template's id, unique in the file.
        id: u64,
        /// The names.
        fields: Fields,
    },
    /// A key.
    Key(Entry<'a>),
    /// The end of the data; bytes behind it are not part of the file.
    End(Stored),
}

/// What became of the input.
#[derive(Debug)]
pub enum Step<'a> {
    /// At least this many bytes are missing behind the given ones.
    Need(usize),
    /// A record, and how many bytes it took.
    Record(usize, Record<'a>),
}

/// Reads records one by one.
#[derive(Debug)]
pub struct Parser {
    context: Option<Context>,
    offset: u64,
    scratch: Scratch,
    done: bool,
    /// Whether the header may name a version that is not known.
    takes_newer: bool,
}

impl Default for Parser {
    fn default() -> Self {
        Self::new()
    }
}

type Read<T> = Result<T, Halt<Infallible>>;

/// Makes a string's bytes, owned only if they are encoded.
fn cow<'a>(string: Str<'a>, at: usize) -> Read<Cow<'a, [u8]>> {
    match string {
        Str::Plain(Bulk::Bytes(bytes)) => Ok(Cow::Borrowed(bytes)),
        other => {
            let mut scratch = Vec::new();
            let bulk = other.resolve(&mut scratch).map_err(|e| Halt::Bad(ErrorKind::Lzf(e), at))?;
            Ok(Cow::Owned(bulk.to_vec()))
        }
    }
}

fn text<'a>(c: &mut Cursor<'a>) -> Read<Cow<'a, [u8]>> {
    let at = c.pos();
    let string = c.string()?;
    cow(string, at)
}

/// A number that must not exceed a bound.
fn bounded(c: &mut Cursor<'_>, what: &'static str, max: u64) -> Read<u64> {
    let at = c.pos();
    match ReadStr::len(c)? {
        n if n <= max => Ok(n),
        n => Err(Halt::Bad(ErrorKind::OutOfRange { what, value: n.into() }, at)),
    }
}

impl Parser {
    /// A parser at the first byte of a file.
    pub fn new() -> Parser {
        let scratch = Scratch::default();
        Parser { context: None, offset: 0, scratch, done: false, takes_newer: false }
    }

    /// One that reads files of later servers, too, as far as it understands them; see [`Header::is_readable`].
    pub fn taking_newer(self, takes_newer: bool) -> Parser {
        Parser { takes_newer, ..self }
    }

    /// A parser at a record in the middle of a file, at this absolute offset.
    pub fn resume(context: Context, offset: u64) -> Parser {
        Parser { context: Some(context), offset, ..Parser::new() }
    }

    /// Absolute offset of the next byte to be offered.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// What the records so far say about the next; `None` before the header.
    pub fn context(&self) -> Option<&Context> {
        self.context.as_ref()
    }

    /// The context alone, for a parser at another place.
    pub fn into_context(self) -> Option<Context> {
        self.context
    }

    /// Whether the end of the data has been read.
    pub fn is_done(&self) -> bool {
        self.done
    }

    /// Passes whole keys of the plainest form at the start of `input`, which continues where the
    /// last record ended, and shows each, until `enough_bytes` are passed or something else comes;
    /// none if attributes wait for a key. A key that is not taken is not passed either.
    ///
    /// Returns how many bytes were passed. Much faster than [`Parser::parse`].
    #[inline(always)]
    pub fn take_keys<'a>(
        &mut self,
        input: &'a [u8],
        enough_bytes: usize,
        takes: impl FnMut(&hop::PassedKey<'a>) -> bool,
    ) -> usize {
        let is_ready = |context: &Context| !self.done && context.pending.is_empty();
        if !self.context.as_ref().is_some_and(is_ready) {
            return 0;
        }
        let passed = hop::skip_keys(input, enough_bytes, takes);
        self.offset += passed as u64;
        passed
    }

    /// Reads the record at the start of `input`, which continues where the last one ended.
    ///
    /// `last` says that no more bytes will come; what is missing then is an error.
    #[inline]
    pub fn parse<'a>(&'a mut self, input: &'a [u8], last: bool) -> Result<Step<'a>, Error> {
        let plain = match &self.context {
            Some(context) => hop::key(input, context),
            None => None,
        };
        let Some(plain) = plain else {
            return self.parse_slowly(input, last);
        };
        let start = self.offset;
        self.offset += plain.bytes as u64;
        let entry = Entry {
            header: plain.header,
            db: plain.db,
            ty: plain.ty,
            attributes: plain.attributes,
            key_meta: None,
            key: plain.key,
            value: plain.value,
            span: start..self.offset,
            attribute_bytes: plain.attribute_bytes,
            templates: self.context.as_ref().map_or(&EMPTY, |context| &context.templates),
        };
        Ok(Step::Record(plain.bytes, Record::Key(entry)))
    }

    /// Reads any record.
    fn parse_slowly<'a>(&'a mut self, input: &'a [u8], last: bool) -> Result<Step<'a>, Error> {
        let Some(context) = self.context.as_mut() else {
            return self.start(input, last);
        };
        let mut c = Cursor::new(input);
        let mut state =
            Reading { offset: self.offset, context, scratch: &mut self.scratch, key: None };
        match state.record(&mut c) {
            Ok(parsed) => {
                let consumed = c.pos();
                self.offset += consumed as u64;
                let context = self.context.as_ref();
                Ok(Step::Record(
                    consumed,
                    match parsed {
                        Parsed::Key(key) => Record::Key(Entry {
                            header: key.header,
                            db: key.db,
                            ty: key.ty,
                            attributes: key.attributes,
                            key_meta: key.key_meta,
                            key: key.key,
                            value: key.value,
                            span: self.offset - consumed as u64..self.offset,
                            attribute_bytes: key.attribute_bytes,
                            templates: context.map_or(&EMPTY, |context| &context.templates),
                        }),
                        Parsed::Other(record) => {
                            self.done = matches!(record, Record::End(_));
                            record
                        }
                    },
                ))
            }
            Err(Halt::Need(n)) if !last => Ok(Step::Need(n)),
            Err(halt) => {
                let (kind, at) = match halt {
                    Halt::Need(n) => (ErrorKind::Truncated(n), input.len()),
                    Halt::Bad(kind, at) => (kind, at),
                    Halt::Visitor(never) => match never {},
                };
                let error = Error::new(kind, self.offset + at as u64);
                Err(match state.key {
                    Some((ty, key)) => {
                        let db = state.context.db;
                        error.in_key(|| path(db, ty, key))
                    }
                    None => error,
                })
            }
        }
    }

    fn start<'a>(&'a mut self, input: &'a [u8], last: bool) -> Result<Step<'a>, Error> {
        let Some(bytes) = input.first_chunk::<HEADER_BYTES>() else {
            let could_be = [&b"REDIS"[..], b"VALKEY"]
                .iter()
                .any(|magic| magic.iter().zip(input).all(|(a, b)| a == b));
            return match (could_be, last) {
                (true, false) => Ok(Step::Need(HEADER_BYTES - input.len())),
                (true, true) => {
                    let missing = HEADER_BYTES - input.len();
                    Err(Error::new(ErrorKind::Truncated(missing), input.len() as u64))
                }
                (false, _) => Err(Error::new(ErrorKind::NotRdb(input.to_vec()), 0)),
            };
        };
        let header =
            Header::parse(bytes).ok_or_else(|| Error::new(ErrorKind::NotRdb(bytes.to_vec()), 0))?;
        if !header.is_readable(self.takes_newer) {
            return Err(Error::new(ErrorKind::UnsupportedVersion(header), 0));
        }
        self.context = Some(Context::new(header));
        self.offset += HEADER_BYTES as u64;
        Ok(Step::Record(HEADER_BYTES, Record::Start(header)))
    }
}

static EMPTY: std::sync::LazyLock<Templates> = std::sync::LazyLock::new(Templates::default);

fn path(db: u64, ty: &ValueType, key: Str<'_>) -> KeyPath {
    let key = cow(key, 0).unwrap_or_default().into_owned();
    KeyPath { db, key, kind: ty.kind.name(), encoding: ty.encoding }
}

/// A key whose templates are not borrowed yet.
struct ParsedKey<'a> {
    header: Header,
    db: u64,
    ty: &'static ValueType,
    attributes: Attributes,
    key_meta: Option<&'a [u8]>,
    key: Str<'a>,
    value: &'a [u8],
    attribute_bytes: usize,
}

enum Parsed<'a> {
    Key(ParsedKey<'a>),
    Other(Record<'a>),
}

/// One attempt at a record. The context changes only when the record is complete, except that
/// nothing reads it again after an error.
struct Reading<'s, 'a> {
    offset: u64,
    context: &'s mut Context,
    scratch: &'s mut Scratch,
    /// The key being read, for messages.
    key: Option<(&'static ValueType, Str<'a>)>,
}

impl<'a> Reading<'_, 'a> {
    #[inline]
    fn record(&mut self, c: &mut Cursor<'a>) -> Read<Parsed<'a>> {
        let mut attributes = self.context.pending;
        loop {
            let at = c.pos();
            let byte = c.u8()?;
            match byte {
                opcode::EXPIRE_TIME_MS => attributes.expire_at_ms = Some(c.i64_le()?),
                opcode::EXPIRE_TIME => {
                    let seconds = i32::from_le_bytes(c.array()?);
                    attributes.expire_at_ms = Some(i64::from(seconds) * 1000);
                }
                opcode::IDLE => attributes.idle_s = Some(ReadStr::len(c)?),
                opcode::FREQ => attributes.freq = Some(c.u8()?),
                opcode::KEY_META if self.context.header.dialect == Dialect::Redis => {
                    return self.key_with_meta(c, attributes, at);
                }
                byte if byte < opcode::HASH_TEMPLATE => {
                    return self.key(c, attributes, byte, None);
                }
                _ => {
                    let record = self.other(c, byte, at)?;
                    // Attributes wait for the next key, whatever stands between.
                    self.context.pending = attributes;
                    return Ok(Parsed::Other(record));
                }
            }
        }
    }

    #[cold]
    fn key_with_meta(
        &mut self,
        c: &mut Cursor<'a>,
        attributes: Attributes,
        at: usize,
    ) -> Read<Parsed<'a>> {
        let classes = bounded(c, "number of key metadata classes", 7)?;
        for _ in 0..classes {
            c.array::<4>()?;
            module::skip_items(c)?;
        }
        c.check()?;
        let meta = c.since(at);
        let byte = c.u8()?;
        self.key(c, attributes, byte, Some(meta))
    }

    #[inline]
    fn key(
        &mut self,
        c: &mut Cursor<'a>,
        attributes: Attributes,
        byte: u8,
        key_meta: Option<&'a [u8]>,
    ) -> Read<Parsed<'a>> {
        let at = c.pos().saturating_sub(1);
        let header = self.context.header;
        let Some(ty) = ValueType::find(header.dialect, byte) else {
            let kind =
                if byte == 6 { ErrorKind::PreGaModule } else { ErrorKind::UnknownType(byte) };
            return Err(Halt::Bad(kind, at));
        };
        let key = c.string()?;
        self.key = Some((ty, key));
        let start = c.pos();
        let mut hop = Hop;
        let mut walk = Walk {
            c: *c,
            base: self.offset,
            visitor: &mut hop,
            scratch: self.scratch,
            templates: &self.context.templates,
            path: &|| path(0, ty, key),
        };
        walk.value(ty)?;
        *c = walk.c;
        self.context.pending = Attributes::default();
        let value = c.since(start);
        let key = ParsedKey {
            header,
            db: self.context.db,
            ty,
            attributes,
            key_meta,
            key,
            value,
            attribute_bytes: at,
        };
        Ok(Parsed::Key(key))
    }

    #[inline(never)]
    fn other(&mut self, c: &mut Cursor<'a>, byte: u8, at: usize) -> Read<Record<'a>> {
        let dialect = self.context.header.dialect;
        Ok(match byte {
            opcode::EOF => Record::End(self.end(c)?),
            opcode::SELECT_DB => {
                let db = bounded(c, "database number", limits::DB_MAX)?;
                self.context.db = db;
                self.context.slot = None;
                Record::SelectDb(db)
            }
            opcode::RESIZE_DB => {
                Record::ResizeDb { keys: ReadStr::len(c)?, expires: ReadStr::len(c)? }
            }
            opcode::AUX => self.aux(c)?,
            opcode::MODULE_AUX => Record::ModuleAux(module_aux(c)?),
            opcode::FUNCTION => Record::Function(text(c)?),
            opcode::FUNCTION_PRE_GA => return Err(Halt::Bad(ErrorKind::PreGaFunction, at)),
            opcode::SLOT_INFO => {
                let slot = bounded(c, "slot", limits::SLOTS - 1)?;
                let (keys, expires) = (ReadStr::len(c)?, ReadStr::len(c)?);
                self.context.slot = Some(slot);
                Record::SlotInfo { slot, keys, expires }
            }
            opcode::SLOT_IMPORT if dialect == Dialect::Valkey => slot_import(c)?,
            opcode::HASH_TEMPLATE if dialect == Dialect::Redis => self.template(c)?,
            _ => return Err(Halt::Bad(ErrorKind::UnknownType(byte), at)),
        })
    }

    fn aux(&mut self, c: &mut Cursor<'a>) -> Read<Record<'a>> {
        let (name, value) = (text(c)?, text(c)?);
        if name.eq_ignore_ascii_case(b"ctime") {
            self.context.written_at_s = num::parse_canonical_i64(&value);
        } else if name.eq_ignore_ascii_case(b"aof-preamble")
            || name.eq_ignore_ascii_case(b"aof-base")
        {
            self.context.is_aof_base = &*value == b"1";
        } else if name.eq_ignore_ascii_case(SLOT_INFO_AUX) {
            self.context.slot = SlotSizes::parse(&value).map(|sizes| sizes.slot);
        }
        Ok(Record::Aux { name, value })
    }

    fn end(&self, c: &mut Cursor<'a>) -> Read<Stored> {
        if !self.context.header.has_checksum() {
            return Ok(Stored::Absent);
        }
        Ok(match u64::from_le_bytes(c.array()?) {
            0 => Stored::Disabled,
            crc => Stored::Crc64(crc),
        })
    }

    fn template(&mut self, c: &mut Cursor<'a>) -> Read<Record<'a>> {
        let at = c.pos();
        let id = ReadStr::len(c)?;
        let fields = Arc::new(template::fields(c)?);
        let insert = self.context.templates.insert(id, fields.clone());
        insert.map_err(|kind| Halt::Bad(kind, at))?;
        Ok(Record::HashTemplate { id, fields })
    }
}

fn module_aux<'a>(c: &mut Cursor<'a>) -> Read<ModuleAux<'a>> {
    let module = ModuleId(ReadStr::len(c)?);
    let at = c.pos();
    if ReadStr::len(c)? != 2 {
        return Err(Halt::Bad(
            ErrorKind::Value("module aux data does not say when it applies"),
            at,
        ));
    }
    let when = ReadStr::len(c)?;
    let start = c.pos();
    module::skip_items(c)?;
    Ok(ModuleAux { module, when, items: c.since(start) })
}

fn slot_import<'a>(c: &mut Cursor<'a>) -> Read<Record<'a>> {
    let at = c.pos();
    let job = text(c)?;
    if job.len() != limits::SLOT_IMPORT_JOB_BYTES {
        return Err(Halt::Bad(ErrorKind::Value("a slot import's name is not 40 bytes long"), at));
    }
    let n = bounded(c, "number of slot ranges", limits::SLOTS)?;
    let mut ranges = Vec::new();
    for _ in 0..n {
        let at = c.pos();
        let first = bounded(c, "slot", limits::SLOTS - 1)?;
        let last = bounded(c, "slot", limits::SLOTS - 1)?;
        if first > last {
            return Err(Halt::Bad(ErrorKind::Value("a slot range ends before it starts"), at));
        }
        ranges.push((first, last));
    }
    Ok(Record::SlotImport { job, ranges })
}
