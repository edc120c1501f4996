//! Walks one value: the same code hops over it, or takes it apart into elements.
//!
//! The walk expects the whole value in one slice and says how much is missing otherwise. Damage
//! inside a string or packed structure is reported with its place and left behind; damage to the
//! outer structure ends the walk, since nothing tells where the next part starts.

use super::error::{Error, ErrorKind, Halt, KeyPath};
use super::event::{ArrayValue, Elem, Node, Visit};
use super::module::{self, ModuleId, ModuleItem, StoredItem};
use super::string::{ReadStr, Str};
use super::template::Templates;
use super::types::{Kind, Layout, ValueType};
use super::vectorset::VectorSetReader;
use crate::base::bulk::Bulk;
use crate::base::cursor::Cursor;
use crate::base::{limits, num};
use crate::packed;
use std::convert::Infallible;
use std::mem;

/// Buffers for decompressed strings, reused from value to value.
#[derive(Debug, Default)]
pub struct Scratch {
    pub(super) a: Vec<u8>,
    pub(super) b: Vec<u8>,
}

/// A visitor that decodes nothing.
pub(super) struct Hop;

impl From<Error> for Infallible {
    fn from(_: Error) -> Self {
        unreachable!("a hop decodes nothing and so reports no damage")
    }
}

impl Visit for Hop {
    type Error = Infallible;
    const DECODE: bool = false;
    fn elem(&mut self, _: &Elem<'_>) -> Result<(), Infallible> {
        Ok(())
    }
}

/// A walk over one value.
pub(super) struct Walk<'w, 'a, V: Visit> {
    /// Position in the slice.
    pub(super) c: Cursor<'a>,
    /// Absolute offset of the slice's first byte.
    pub(super) base: u64,
    pub(super) visitor: &'w mut V,
    pub(super) scratch: &'w mut Scratch,
    pub(super) templates: &'w Templates,
    /// Makes the path for messages.
    pub(super) path: &'w dyn Fn() -> KeyPath,
}

pub(super) type Walked<V> = Result<(), Halt<<V as Visit>::Error>>;

/// Reads packed elements and counts what went wrong.
pub(super) struct Blob<'b> {
    pub(super) structure: packed::Kind,
    pub(super) bytes: &'b [u8],
    /// Offset of the string that holds the blob, in the slice.
    pub(super) at: usize,
    pub(super) walk: packed::Walk,
    /// Index of the blob's first element in the value.
    pub(super) first: u64,
    /// Set after damage that ends the blob.
    pub(super) lost: bool,
}

impl<'w, 'a, V: Visit> Walk<'w, 'a, V> {
    /// Walks a value of this type, from behind its key to its last byte.
    pub(super) fn value(&mut self, ty: &ValueType) -> Walked<V> {
        match ty.layout {
            Layout::Str => self.string_value(),
            Layout::Strs => self.strings(ty.kind),
            Layout::Pairs => self.pairs(),
            Layout::ScoredText => self.scored_text(),
            Layout::ScoredBinary => self.scored_binary(),
            Layout::Blob(structure) => self.blob(ty.kind, structure),
            Layout::Nodes => self.nodes(),
            Layout::TaggedNodes => self.tagged_nodes(),
            Layout::FieldsFromMin => self.fields_from_min(),
            Layout::FieldsPreGa => self.fields_pre_ga(),
            Layout::FieldsValkey => self.fields_valkey(),
            Layout::TriplesFromMin => {
                self.min_expire()?;
                self.blob_triples()
            }
            Layout::Triples => self.blob_triples(),
            Layout::Stream(generation) => self.stream(generation),
            Layout::Module => self.module(),
            Layout::Array => self.array(),
            Layout::TemplateListpack { own } => self.template_listpack(own),
            Layout::TemplateStrings { own } => self.template_strings(own),
        }?;
        Ok(self.c.check()?)
    }

    #[inline]
    pub(super) fn emit(&mut self, elem: &Elem<'_>) -> Walked<V> {
        self.visitor.elem(elem).map_err(Halt::Visitor)
    }

    /// Reports damage at a place in the slice; goes on if the visitor does.
    #[cold]
    pub(super) fn damage(&mut self, kind: ErrorKind, at: usize, element: Option<u64>) -> Walked<V> {
        let mut error = Error::new(kind, self.base + at as u64).in_key(self.path);
        if let Some(element) = element {
            error = error.in_element(element);
        }
        self.visitor.damage(error).map_err(Halt::Visitor)
    }

    #[inline]
    fn string_value(&mut self) -> Walked<V> {
        if !V::DECODE {
            return self.c.skip_string();
        }
        let at = self.c.pos();
        let string = self.c.string()?;
        self.with_one(string, at, 0, |walk, bulk| walk.emit(&Elem::Str(bulk)))
    }

    /// Resolves a string and hands it on, or reports that it cannot be.
    #[inline(always)]
    pub(super) fn with_one(
        &mut self,
        string: Str<'a>,
        at: usize,
        element: u64,
        then: impl FnOnce(&mut Self, Bulk<'_>) -> Walked<V>,
    ) -> Walked<V> {
        match string {
            Str::Plain(bulk) => then(self, bulk),
            Str::Lzf { .. } => {
                let mut a = mem::take(&mut self.scratch.a);
                let done = match string.resolve(&mut a) {
                    Ok(bulk) => then(self, bulk),
                    Err(e) => self.damage(ErrorKind::Lzf(e), at, Some(element)),
                };
                self.scratch.a = a;
                done
            }
        }
    }

    /// Resolves two strings and hands them on, or reports that one cannot be.
    #[inline(always)]
    pub(super) fn with_two(
        &mut self,
        (one, at_one): (Str<'a>, usize),
        (two, at_two): (Str<'a>, usize),
        element: u64,
        then: impl FnOnce(&mut Self, Bulk<'_>, Bulk<'_>) -> Walked<V>,
    ) -> Walked<V> {
        if let (Str::Plain(one), Str::Plain(two)) = (one, two) {
            return then(self, one, two);
        }
        let mut a = mem::take(&mut self.scratch.a);
        let mut b = mem::take(&mut self.scratch.b);
        let done = match (one.resolve(&mut a), two.resolve(&mut b)) {
            (Ok(one), Ok(two)) => then(self, one, two),
            (Err(e), _) => self.damage(ErrorKind::Lzf(e), at_one, Some(element)),
            (_, Err(e)) => self.damage(ErrorKind::Lzf(e), at_two, Some(element)),
        };
        self.scratch.a = a;
        self.scratch.b = b;
        done
    }

    /// Reads a count; an empty collection is damage that servers forgive in files.
    pub(super) fn count(&mut self) -> Result<u64, Halt<V::Error>> {
        let at = self.c.pos();
        let n = self.c.count()?;
        if V::DECODE && n == 0 {
            self.damage(ErrorKind::Empty, at, None)?;
        }
        Ok(n)
    }

    fn strings(&mut self, kind: Kind) -> Walked<V> {
        let n = self.count()?;
        for element in 0..n {
            if !V::DECODE {
                self.c.skip_string()?;
                continue;
            }
            let at = self.c.pos();
            let string = self.c.string()?;
            self.with_one(string, at, element, |walk, bulk| {
                walk.emit(&if kind == Kind::List { Elem::Item(bulk) } else { Elem::Member(bulk) })
            })?;
        }
        Ok(())
    }

    /// Reads a field and its value and hands them on.
    #[inline(always)]
    fn pair(&mut self, element: u64, expire_at_ms: Option<i64>) -> Walked<V> {
        if !V::DECODE {
            self.c.skip_string()?;
            return self.c.skip_string();
        }
        let at_field = self.c.pos();
        let field = self.c.string()?;
        let at_value = self.c.pos();
        let value = self.c.string()?;
        self.with_two((field, at_field), (value, at_value), element, |walk, field, value| {
            walk.emit(&Elem::Field { field, value, expire_at_ms })
        })
    }

    fn pairs(&mut self) -> Walked<V> {
        let n = self.count()?;
        for element in 0..n {
            self.pair(element, None)?;
        }
        Ok(())
    }

    #[inline(always)]
    fn scored(
        &mut self,
        member: (Str<'a>, usize),
        score: f64,
        at: usize,
        element: u64,
    ) -> Walked<V> {
        if score.is_nan() {
            return self.damage(ErrorKind::NanScore, at, Some(element));
        }
        self.with_one(member.0, member.1, element, |walk, member| {
            walk.emit(&Elem::Scored { member, score })
        })
    }

    fn scored_binary(&mut self) -> Walked<V> {
        let n = self.count()?;
        for element in 0..n {
            if !V::DECODE {
                self.c.skip_string()?;
                self.c.hop(8);
                continue;
            }
            let at = self.c.pos();
            let member = self.c.string()?;
            let at_score = self.c.pos();
            let score = self.c.f64_le()?;
            self.scored((member, at), score, at_score, element)?;
        }
        Ok(())
    }

    fn scored_text(&mut self) -> Walked<V> {
        let n = self.count()?;
        for element in 0..n {
            let at = self.c.pos();
            let member = self.c.string()?;
            let at_score = self.c.pos();
            let score = match self.c.u8()? {
                253 => Some(f64::NAN),
                254 => Some(f64::INFINITY),
                255 => Some(f64::NEG_INFINITY),
                len => {
                    let text = self.c.take(usize::from(len))?;
                    let score = if V::DECODE { num::parse_double(text) } else { Some(0.0) };
                    if score.is_none() {
                        self.damage(ErrorKind::Score(text.to_vec()), at_score, Some(element))?;
                    }
                    score
                }
            };
            if let (true, Some(score)) = (V::DECODE, score) {
                self.scored((member, at), score, at_score, element)?;
            }
        }
        Ok(())
    }

    /// Opens a packed structure: resolves the string, tells the visitor, checks the header.
    pub(super) fn with_blob(
        &mut self,
        structure: packed::Kind,
        first: u64,
        then: impl FnOnce(&mut Self, &mut Blob<'_>) -> Walked<V>,
    ) -> Walked<V> {
        if !V::DECODE {
            return self.c.skip_string();
        }
        let at = self.c.pos();
        let string = self.c.string()?;
        let stored_bytes = self.c.pos() - at;
        let int_text;
        let string = match string {
            // A blob whose bytes spell a number may be stored as one, like any string.
            Str::Plain(Bulk::Int(n)) => {
                int_text = n.to_string();
                return self.opened(
                    (structure, first),
                    int_text.as_bytes(),
                    (at, stored_bytes),
                    then,
                );
            }
            other => other,
        };
        self.with_one(string, at, first, |walk, bulk| match bulk {
            Bulk::Bytes(bytes) => walk.opened((structure, first), bytes, (at, stored_bytes), then),
            Bulk::Int(_) => Ok(()),
        })
    }

    #[inline]
    fn opened(
        &mut self,
        (structure, first): (packed::Kind, u64),
        bytes: &[u8],
        (at, stored_bytes): (usize, usize),
        then: impl FnOnce(&mut Self, &mut Blob<'_>) -> Walked<V>,
    ) -> Walked<V> {
        let offset = self.base + at as u64;
        let node = Node { structure: Some(structure), bytes, stored_bytes, offset };
        self.visitor.node(&node).map_err(Halt::Visitor)?;
        match packed::Walk::start(structure, bytes) {
            Ok(walk) => then(self, &mut Blob { structure, bytes, at, walk, first, lost: false }),
            Err(e) => self.damage(ErrorKind::Packed(structure, e), at, None),
        }
    }

    /// The blob's next element; `None` at its end or after damage that ends it.
    #[inline(always)]
    pub(super) fn next<'b>(
        &mut self,
        blob: &mut Blob<'b>,
    ) -> Result<Option<Bulk<'b>>, Halt<V::Error>> {
        match blob.walk.next_frequent(blob.bytes) {
            Some(bulk) => Ok(Some(bulk)),
            None => self.next_any(blob),
        }
    }

    #[inline(never)]
    fn next_any<'b>(&mut self, blob: &mut Blob<'b>) -> Result<Option<Bulk<'b>>, Halt<V::Error>> {
        match blob.walk.next(blob.bytes) {
            Ok(next) => Ok(next),
            Err(e) => self.next_after_damage(blob, e),
        }
    }

    #[cold]
    fn next_after_damage<'b>(
        &mut self,
        blob: &mut Blob<'b>,
        mut e: packed::PackedError,
    ) -> Result<Option<Bulk<'b>>, Halt<V::Error>> {
        loop {
            let soft = e.is_soft();
            let element = blob.first + e.element as u64;
            self.damage(ErrorKind::Packed(blob.structure, e), blob.at, Some(element))?;
            if !soft {
                blob.lost = true;
                return Ok(None);
            }
            match blob.walk.next(blob.bytes) {
                Ok(next) => return Ok(next),
                Err(another) => e = another,
            }
        }
    }

    /// Reports a structure that ended in the middle of a pair or triple.
    pub(super) fn uneven(&mut self, blob: &Blob<'_>, by: usize) -> Walked<V> {
        if blob.lost {
            return Ok(());
        }
        let elements = blob.walk.index();
        self.damage(ErrorKind::Uneven { structure: blob.structure, elements, by }, blob.at, None)
    }

    /// Reports a structure without elements.
    pub(super) fn not_empty(&mut self, blob: &Blob<'_>) -> Walked<V> {
        if blob.walk.index() == 0 && !blob.lost {
            return self.damage(ErrorKind::Empty, blob.at, None);
        }
        Ok(())
    }

    fn blob(&mut self, kind: Kind, structure: packed::Kind) -> Walked<V> {
        self.with_blob(structure, 0, |walk, blob| {
            match kind {
                Kind::Hash => walk.blob_pairs(blob),
                Kind::Zset => walk.blob_scored(blob),
                Kind::List => walk.blob_singles(blob, true),
                _ => walk.blob_singles(blob, false),
            }?;
            walk.not_empty(blob)
        })
    }

    // The loops below take what is frequent by itself: an element that may come from either of two
    // places would have to pass through memory.

    fn blob_singles(&mut self, blob: &mut Blob<'_>, list: bool) -> Walked<V> {
        if !self.visitor.wants_singles() {
            return self.blob_rest(blob);
        }
        let elem = |bulk| if list { Elem::Item(bulk) } else { Elem::Member(bulk) };
        loop {
            while let Some(bulk) = blob.walk.next_frequent(blob.bytes) {
                self.emit(&elem(bulk))?;
            }
            let Some(bulk) = self.next_any(blob)? else { return Ok(()) };
            self.emit(&elem(bulk))?;
        }
    }

    /// Walks a blob whose elements nobody wants.
    fn blob_rest(&mut self, blob: &mut Blob<'_>) -> Walked<V> {
        loop {
            while blob.walk.next_frequent(blob.bytes).is_some() {}
            if self.next_any(blob)?.is_none() {
                return Ok(());
            }
        }
    }

    fn blob_pairs(&mut self, blob: &mut Blob<'_>) -> Walked<V> {
        loop {
            while let Some([field, value]) = blob.walk.next_two_frequent(blob.bytes) {
                self.emit(&Elem::Field { field, value, expire_at_ms: None })?;
            }
            let Some(field) = self.next_any(blob)? else { return Ok(()) };
            let Some(value) = self.next_any(blob)? else { return self.uneven(blob, 2) };
            self.emit(&Elem::Field { field, value, expire_at_ms: None })?;
        }
    }

    fn blob_scored(&mut self, blob: &mut Blob<'_>) -> Walked<V> {
        loop {
            while let Some([member, score]) = blob.walk.next_two_frequent(blob.bytes) {
                self.scored_bulk(blob, member, score)?;
            }
            let Some(member) = self.next_any(blob)? else { return Ok(()) };
            let Some(score) = self.next_any(blob)? else { return self.uneven(blob, 2) };
            self.scored_bulk(blob, member, score)?;
        }
    }

    /// Hands on the pair in front of the blob's place.
    #[inline(always)]
    fn scored_bulk(&mut self, blob: &Blob<'_>, member: Bulk<'_>, score: Bulk<'_>) -> Walked<V> {
        let element = || Some((blob.walk.index() / 2).saturating_sub(1) as u64);
        let score = match score {
            Bulk::Int(n) => n as f64,
            Bulk::Bytes(text) => match num::parse_double(text) {
                Some(score) => score,
                None => return self.damage(ErrorKind::Score(text.to_vec()), blob.at, element()),
            },
        };
        if score.is_nan() {
            return self.damage(ErrorKind::NanScore, blob.at, element());
        }
        self.emit(&Elem::Scored { member, score })
    }

    fn blob_triples(&mut self) -> Walked<V> {
        self.with_blob(packed::Kind::Listpack, 0, |walk, blob| {
            while let Some(field) = walk.next(blob)? {
                let (Some(value), Some(expire)) = (walk.next(blob)?, walk.next(blob)?) else {
                    return walk.uneven(blob, 3);
                };
                let element = (blob.walk.index() / 3).saturating_sub(1) as u64;
                let at = Some((blob.at, element));
                let expire_at_ms = match expire {
                    Bulk::Int(0) => None,
                    Bulk::Int(ms) => walk.field_expiry(i128::from(ms), at)?,
                    Bulk::Bytes(_) => {
                        let kind = ErrorKind::Value("the field's expiry is no number");
                        walk.damage(kind, blob.at, Some(element))?;
                        None
                    }
                };
                walk.emit(&Elem::Field { field, value, expire_at_ms })?;
            }
            walk.not_empty(blob)
        })
    }

    /// Checks a field's expiry; out of range it is damage, and the field has none.
    fn field_expiry(
        &mut self,
        ms: i128,
        at: Option<(usize, u64)>,
    ) -> Result<Option<i64>, Halt<V::Error>> {
        match i64::try_from(ms) {
            Ok(ms) if (0..=limits::FIELD_EXPIRE_MS_MAX).contains(&ms) => Ok(Some(ms)),
            _ => {
                let kind = ErrorKind::OutOfRange { what: "field expiry", value: ms };
                let (at, element) = at.unwrap_or((self.c.pos(), 0));
                self.damage(kind, at, Some(element))?;
                Ok(None)
            }
        }
    }

    fn nodes(&mut self) -> Walked<V> {
        let n = self.count()?;
        let mut elements = 0;
        for _ in 0..n {
            self.with_blob(packed::Kind::Ziplist, elements, |walk, blob| {
                walk.blob_singles(blob, true)?;
                elements += blob.walk.index() as u64;
                Ok(())
            })?;
        }
        if V::DECODE && n > 0 && elements == 0 {
            self.damage(ErrorKind::Empty, self.c.pos(), None)?;
        }
        Ok(())
    }

    fn tagged_nodes(&mut self) -> Walked<V> {
        let n = self.count()?;
        let mut elements = 0;
        for _ in 0..n {
            let at = self.c.pos();
            match ReadStr::len(&mut self.c)? {
                1 => {
                    self.plain_node(elements)?;
                    elements += 1;
                }
                2 => self.with_blob(packed::Kind::Listpack, elements, |walk, blob| {
                    walk.blob_singles(blob, true)?;
                    walk.not_empty(blob)?;
                    elements += blob.walk.index() as u64;
                    Ok(())
                })?,
                other => {
                    if V::DECODE {
                        let kind = ErrorKind::OutOfRange {
                            what: "list node container",
                            value: i128::from(other),
                        };
                        self.damage(kind, at, Some(elements))?;
                    }
                    self.c.skip_string()?;
                }
            }
        }
        Ok(())
    }

    fn plain_node(&mut self, element: u64) -> Walked<V> {
        if !V::DECODE {
            return self.c.skip_string();
        }
        let at = self.c.pos();
        let string = self.c.string()?;
        let stored_bytes = self.c.pos() - at;
        self.with_one(string, at, element, |walk, bulk| {
            if bulk.text_len() == 0 {
                let kind = ErrorKind::Value("a list node without bytes");
                return walk.damage(kind, at, Some(element));
            }
            let bytes = if let Bulk::Bytes(bytes) = bulk { bytes } else { &[] };
            let offset = walk.base + at as u64;
            let node = Node { structure: None, bytes, stored_bytes, offset };
            walk.visitor.node(&node).map_err(Halt::Visitor)?;
            walk.emit(&Elem::Item(bulk))
        })
    }

    /// Reads the minimum expiry of a hash.
    fn min_expire(&mut self) -> Result<i64, Halt<V::Error>> {
        let at = self.c.pos();
        let min = self.c.i64_le()?;
        if V::DECODE && !(0..=limits::FIELD_EXPIRE_MS_MAX).contains(&min) {
            let kind = ErrorKind::OutOfRange { what: "minimum field expiry", value: min.into() };
            self.damage(kind, at, None)?;
        }
        Ok(min)
    }

    fn fields_from_min(&mut self) -> Walked<V> {
        let min = self.min_expire()?;
        let n = self.count()?;
        for element in 0..n {
            let at = self.c.pos();
            let ttl = ReadStr::len(&mut self.c)?;
            let expire_at_ms = match ttl {
                0 => None,
                _ if !V::DECODE => None,
                _ => {
                    self.field_expiry(i128::from(min) + i128::from(ttl) - 1, Some((at, element)))?
                }
            };
            self.pair(element, expire_at_ms)?;
        }
        Ok(())
    }

    fn fields_pre_ga(&mut self) -> Walked<V> {
        let n = self.count()?;
        for element in 0..n {
            let at = self.c.pos();
            let ms = ReadStr::len(&mut self.c)?;
            let expire_at_ms = match ms {
                0 => None,
                _ if !V::DECODE => None,
                _ => self.field_expiry(i128::from(ms), Some((at, element)))?,
            };
            self.pair(element, expire_at_ms)?;
        }
        Ok(())
    }

    fn fields_valkey(&mut self) -> Walked<V> {
        let n = self.count()?;
        for element in 0..n {
            if !V::DECODE {
                self.c.skip_string()?;
                self.c.skip_string()?;
                self.c.hop(8);
                continue;
            }
            let at_field = self.c.pos();
            let field = self.c.string()?;
            let at_value = self.c.pos();
            let value = self.c.string()?;
            let at = self.c.pos();
            let expire_at_ms = match self.c.i64_le()? {
                -1 => None,
                ms => self.field_expiry(i128::from(ms), Some((at, element)))?,
            };
            self.with_two((field, at_field), (value, at_value), element, |walk, field, value| {
                walk.emit(&Elem::Field { field, value, expire_at_ms })
            })?;
        }
        Ok(())
    }

    fn array(&mut self) -> Walked<V> {
        let n = self.count()?;
        let at = self.c.pos();
        let insert_index = match ReadStr::len(&mut self.c)? {
            0 => None,
            1 => Some(ReadStr::len(&mut self.c)?),
            _ => {
                return Err(Halt::Bad(
                    ErrorKind::Value("the array's insertion flag is not 0 or 1"),
                    at,
                ));
            }
        };
        if V::DECODE {
            self.emit(&Elem::ArrayMeta { insert_index })?;
        }
        for element in 0..n {
            self.array_item(element)?;
        }
        Ok(())
    }

    fn array_item(&mut self, element: u64) -> Walked<V> {
        let at = self.c.pos();
        let index = ReadStr::len(&mut self.c)?;
        if V::DECODE && index == u64::MAX {
            self.damage(ErrorKind::Value("the array's index is out of range"), at, Some(element))?;
        }
        let at = self.c.pos();
        let tag = ReadStr::len(&mut self.c)?;
        let value = match tag {
            0 | 3 => {
                let at = self.c.pos();
                let string = self.c.string()?;
                if !V::DECODE {
                    return Ok(());
                }
                if tag == 3 && string.len() > 7 {
                    let kind = ErrorKind::Value("a small array string is longer than 7 bytes");
                    self.damage(kind, at, Some(element))?;
                }
                return self.with_one(string, at, element, |walk, bulk| {
                    walk.emit(&Elem::ArrayItem { index, value: ArrayValue::Str(bulk) })
                });
            }
            1 => ArrayValue::Int(self.c.i64_le()?),
            2 => ArrayValue::Float(self.c.f64_le()?),
            _ => return Err(Halt::Bad(ErrorKind::Value("unknown array value tag"), at)),
        };
        if V::DECODE { self.emit(&Elem::ArrayItem { index, value }) } else { Ok(()) }
    }

    fn module(&mut self) -> Walked<V> {
        let id = ModuleId(ReadStr::len(&mut self.c)?);
        if !V::DECODE {
            return module::skip_items(&mut self.c);
        }
        self.emit(&Elem::Module(id))?;
        let mut vectors = (id == ModuleId::VECTOR_SET).then(VectorSetReader::new);
        let mut element = 0;
        loop {
            let at = self.c.pos();
            let Some(item) = module::item(&mut self.c)? else {
                break;
            };
            match item {
                StoredItem::Int(n) => self.module_item(ModuleItem::Int(n), &mut vectors, at)?,
                StoredItem::Float(f) => self.module_item(ModuleItem::Float(f), &mut vectors, at)?,
                StoredItem::Double(f) => {
                    self.module_item(ModuleItem::Double(f), &mut vectors, at)?
                }
                StoredItem::Str(string) => self.with_one(string, at, element, |walk, bulk| {
                    walk.module_item(ModuleItem::Str(bulk), &mut vectors, at)
                })?,
            }
            element += 1;
        }
        if vectors.is_some_and(|vectors| !vectors.is_complete()) {
            self.damage(ErrorKind::Value("the vector set ends early"), self.c.pos(), None)?;
        }
        Ok(())
    }

    fn module_item(
        &mut self,
        item: ModuleItem<'_>,
        vectors: &mut Option<VectorSetReader>,
        at: usize,
    ) -> Walked<V> {
        self.emit(&Elem::ModuleItem(item))?;
        let Some(reader) = vectors else { return Ok(()) };
        match reader.push(&item) {
            Ok(None) => Ok(()),
            Ok(Some(elem)) => self.visitor.elem(&elem).map_err(Halt::Visitor),
            Err(message) => {
                *vectors = None;
                self.damage(ErrorKind::Value(message), at, None)
            }
        }
    }
}
