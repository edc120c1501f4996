//! Reads the JSON of keys that `rdb dump` writes, one object after the other or in an array.
//!
//! Values are passed on as they are parsed: an object of any size takes the memory of one element
//! as long as `type` stands before `value`, as it does in our own output.

use super::element::{KeyWriter, Whole};
use super::parts::Parts;
use super::{ConvertError, Options, Summary};
use crate::base::bulk::Bulk;
use crate::base::json::{read_base64, read_hex};
use crate::base::num;
use crate::feed::input::Bytes as InputBytes;
use crate::feed::{Control, Failure, Input};
use crate::rdb::encode::{Hint, Target};
use crate::rdb::event::ArrayValue;
use crate::rdb::{Attributes, Elem, Kind, StreamId, StreamMeta};
use crate::tool::Problem;
use serde::Deserialize;
use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use std::borrow::Cow;
use std::fmt;

/// Converts an input of JSON.
pub(super) fn convert(
    input: &mut Input,
    target: Target,
    options: &Options,
    parts: &mut Parts,
    control: &Control,
    summary: &mut Summary,
) -> Result<(), ConvertError> {
    let InputBytes::Map(map) = &input.bytes else {
        let message = "JSON is read from files that can be read at any place".into();
        return Err(Failure::Worker(Problem::Usage(message).into()));
    };
    let mut writer = KeyWriter::new(parts, target, options, summary);
    let mut failure = None;
    let mut de = serde_json::Deserializer::from_slice(map);
    let mut keys = Keys { writer: &mut writer, failure: &mut failure, input: map, control };
    let is_array = map.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[');
    let done = if is_array {
        de.deserialize_seq(&mut keys).and_then(|()| de.end())
    } else {
        loop {
            // A clean end is told from damage by whether anything follows.
            match de.end() {
                Ok(()) => break Ok(()),
                Err(e) if e.is_eof() => break Err(e),
                Err(_) => {}
            }
            if let Err(e) = de.deserialize_map(&mut keys) {
                break Err(e);
            }
        }
    };
    if let Some(failure) = failure {
        return Err(failure);
    }
    done.map_err(|e| {
        let message = format!("not the JSON of keys: {e}");
        Failure::Worker(Problem::Corrupt { message, offset: None }.into())
    })?;
    writer.finish()
}

/// Bytes in any of the forms of the dump.
#[derive(Debug, Clone)]
struct Bytes(Vec<u8>);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(de: D) -> Result<Self, D::Error> {
        struct BytesVisitor;
        impl<'de> Visitor<'de> for BytesVisitor {
            type Value = Bytes;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string, or an object with base64 or hex")
            }
            fn visit_str<E>(self, text: &str) -> Result<Bytes, E> {
                Ok(Bytes(text.as_bytes().to_vec()))
            }
            fn visit_i64<E>(self, n: i64) -> Result<Bytes, E> {
                Ok(Bytes(n.to_string().into_bytes()))
            }
            fn visit_u64<E>(self, n: u64) -> Result<Bytes, E> {
                Ok(Bytes(n.to_string().into_bytes()))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Bytes, A::Error> {
                let (name, text): (String, String) =
                    map.next_entry()?.ok_or_else(|| A::Error::custom("an empty object"))?;
                let bytes = match name.as_str() {
                    "base64" => read_base64(&text),
                    "hex" => read_hex(&text),
                    _ => return Err(A::Error::unknown_field(&name, &["base64", "hex"])),
                };
                bytes.map(Bytes).ok_or_else(|| A::Error::custom(format!("this is no {name}")))
            }
        }
        de.deserialize_any(BytesVisitor)
    }
}

/// A score: a number, or the text of one.
struct Score(f64);

impl<'de> Deserialize<'de> for Score {
    fn deserialize<D: Deserializer<'de>>(de: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Number(f64),
            Text(String),
        }
        match Form::deserialize(de)? {
            Form::Number(n) => Ok(Score(n)),
            Form::Text(text) => num::parse_double(text.as_bytes())
                .filter(|score| !score.is_nan())
                .map(Score)
                .ok_or_else(|| D::Error::custom("this is no score")),
        }
    }
}

struct Id(StreamId);

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(de: D) -> Result<Self, D::Error> {
        let text = String::deserialize(de)?;
        StreamId::parse(&text).map(Id).ok_or_else(|| D::Error::custom("this is no stream id"))
    }
}

#[derive(Deserialize)]
struct Scored {
    member: Bytes,
    score: Score,
}

#[derive(Deserialize)]
struct Field {
    field: Bytes,
    value: Bytes,
    expire_at_ms: Option<i64>,
}

#[derive(Deserialize)]
struct StreamEntry {
    id: Id,
    fields: Vec<(Bytes, Bytes)>,
}

#[derive(Deserialize)]
struct Pending {
    id: Id,
    delivery_time_ms: i64,
    delivery_count: u64,
}

#[derive(Deserialize)]
struct Consumer {
    name: Bytes,
    #[serde(default)]
    seen_time_ms: i64,
    #[serde(default)]
    active_time_ms: Option<i64>,
    #[serde(default)]
    pending: Vec<Id>,
}

#[derive(Deserialize)]
struct Group {
    name: Bytes,
    last_id: Id,
    #[serde(default)]
    entries_read: Option<u64>,
    #[serde(default)]
    pending: Vec<Pending>,
    #[serde(default)]
    consumers: Vec<Consumer>,
    #[serde(default)]
    nacked: Vec<Id>,
}

#[derive(Deserialize)]
struct Producer {
    pid: Bytes,
    ids: Vec<(Bytes, Id)>,
}

#[derive(Deserialize)]
struct Idmp {
    duration_s: u64,
    max_entries: u64,
    #[serde(default)]
    producers: Vec<Producer>,
    #[serde(default)]
    added: u64,
    #[serde(default)]
    duplicates: u64,
}

#[derive(Deserialize)]
struct Float {
    float: Score,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Item {
    Int(i64),
    Float(Float),
    Str(Bytes),
}

/// Reads keys and writes them. What the writer refuses is kept in `failure`, since an error of
/// the parser carries no more than a text.
struct Keys<'k, 'w> {
    writer: &'k mut KeyWriter<'w>,
    failure: &'k mut Option<ConvertError>,
    /// All of the input.
    input: &'k [u8],
    control: &'k Control,
}

/// A name in an object; where it has no escapes, it is that in the input.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// Stops the parser because of what is in `failure`.
fn stopped<E: serde::de::Error>() -> E {
    E::custom("stopped")
}

impl<'de> Visitor<'de> for &mut Keys<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of a key")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element_seed(OneKey(&mut *self))?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        self.one_key(map)
    }
}

struct OneKey<'a, 'k, 'w>(&'a mut Keys<'k, 'w>);

impl<'de> DeserializeSeed<'de> for OneKey<'_, '_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, de: D) -> Result<(), D::Error> {
        de.deserialize_map(self.0)
    }
}

fn kind_of(name: &str) -> Option<Kind> {
    Kind::ALL.into_iter().find(|kind| kind.name() == name)
}

impl<'w> Keys<'_, 'w> {
    fn one_key<'de, A: MapAccess<'de>>(&mut self, mut map: A) -> Result<(), A::Error> {
        let mut db = 0;
        let mut key = None;
        let mut kind = None;
        let mut hint = Hint::Auto;
        let mut attributes = Attributes::default();
        let mut key_meta = None;
        let mut late = None;
        let mut module = None;
        let mut has_value = false;
        while let Some(Name(name)) = map.next_key()? {
            // The parser does not say how far it is, but a name's place in the input does.
            if let Cow::Borrowed(name) = name {
                self.tell_place(name);
            }
            match &*name {
                "db" => db = map.next_value()?,
                "key" => key = Some(map.next_value::<Bytes>()?.0),
                "type" => {
                    let text: String = map.next_value()?;
                    kind = Some(kind_of(&text).ok_or_else(|| {
                        A::Error::custom(format!("\"{text}\" is no type of a key"))
                    })?);
                }
                "encoding" => hint = Hint::of_encoding(&map.next_value::<String>()?),
                "expire_at_ms" => attributes.expire_at_ms = map.next_value()?,
                "idle_s" => attributes.idle_s = map.next_value()?,
                "freq" => attributes.freq = map.next_value()?,
                "key_meta" => {
                    let text: String = map.next_value()?;
                    key_meta = Some(
                        read_base64(&text)
                            .ok_or_else(|| A::Error::custom("key_meta is no base64"))?,
                    );
                }
                "value" => {
                    has_value = true;
                    match kind {
                        Some(kind) => {
                            self.writer.begin(kind, hint);
                            module = map.next_value_seed(self.value(kind))?;
                        }
                        // The type comes later: this one value is kept.
                        None => late = Some(map.next_value::<serde_json::Value>()?),
                    }
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        let kind = kind.ok_or_else(|| A::Error::missing_field("type"))?;
        let key = key.ok_or_else(|| A::Error::missing_field("key"))?;
        if !has_value {
            return Err(A::Error::missing_field("value"));
        }
        if let Some(late) = late {
            self.writer.begin(kind, hint);
            module = self.value(kind).deserialize(late).map_err(A::Error::custom)?;
        }
        let whole = match &module {
            Some(bytes) => Whole::Raw(7, bytes),
            None => Whole::Encoded,
        };
        self.writer.end(db, &key, attributes, key_meta.as_deref(), &whole).map_err(|failure| {
            *self.failure = Some(failure);
            stopped()
        })
    }

    /// Tells how far the parser is that has just given a part of the input.
    fn tell_place(&self, part: &str) {
        let offset = part.as_ptr().addr().wrapping_sub(self.input.as_ptr().addr());
        if offset < self.input.len() {
            self.control.pass(offset as u64);
        }
    }

    fn value(&mut self, kind: Kind) -> Value<'_, 'w> {
        Value { writer: self.writer, failure: self.failure, kind }
    }
}

/// Reads one value into the encoder; gives the bytes of a module value.
struct Value<'v, 'w> {
    writer: &'v mut KeyWriter<'w>,
    failure: &'v mut Option<ConvertError>,
    kind: Kind,
}

impl Value<'_, '_> {
    fn elem<E: serde::de::Error>(&mut self, elem: &Elem<'_>) -> Result<(), E> {
        self.writer.elem(elem).map_err(|e| {
            *self.failure = Some(Failure::Write(e));
            stopped()
        })
    }

    fn stream<'de, A: MapAccess<'de>>(&mut self, mut map: A) -> Result<(), A::Error> {
        let mut meta = StreamMeta::default();
        let mut length = None;
        let (mut first_id, mut entries_added) = (None, None);
        let mut groups = Vec::new();
        let mut idmp = None;
        let mut seen = (0, None, StreamId::default());
        while let Some(name) = map.next_key::<String>()? {
            match name.as_str() {
                "entries" => map.next_value_seed(Entries { value: self, seen: &mut seen })?,
                "length" => length = Some(map.next_value()?),
                "last_id" => meta.last_id = map.next_value::<Id>()?.0,
                "first_id" => first_id = Some(map.next_value::<Id>()?.0),
                "max_deleted_id" => meta.max_deleted_id = map.next_value::<Id>()?.0,
                "entries_added" => entries_added = Some(map.next_value()?),
                "groups" => groups = map.next_value::<Vec<Group>>()?,
                "idmp" => idmp = map.next_value::<Option<Idmp>>()?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        meta.length = length.unwrap_or(seen.0);
        meta.first_id = first_id.or(seen.1).unwrap_or_default();
        meta.entries_added = entries_added.unwrap_or(seen.0);
        meta.last_id = meta.last_id.max(seen.2);
        if meta.length != seen.0 {
            return Err(A::Error::custom("the stream's length differs from its entries"));
        }
        self.elem(&Elem::StreamMeta(meta))?;
        for group in &groups {
            self.group(group)?;
        }
        idmp.map_or(Ok(()), |idmp| self.idmp(&idmp))
    }

    fn group<E: serde::de::Error>(&mut self, group: &Group) -> Result<(), E> {
        self.elem(&Elem::Group {
            name: Bulk::Bytes(&group.name.0),
            last_id: group.last_id.0,
            entries_read: group.entries_read,
        })?;
        for pending in &group.pending {
            self.elem(&Elem::Pending {
                id: pending.id.0,
                delivery_time_ms: pending.delivery_time_ms,
                delivery_count: pending.delivery_count,
            })?;
        }
        for consumer in &group.consumers {
            self.elem(&Elem::Consumer {
                name: Bulk::Bytes(&consumer.name.0),
                seen_time_ms: consumer.seen_time_ms,
                active_time_ms: consumer.active_time_ms,
            })?;
            for id in &consumer.pending {
                self.elem(&Elem::Claimed(id.0))?;
            }
        }
        group.nacked.iter().try_for_each(|id| self.elem(&Elem::Nacked(id.0)))
    }

    fn idmp<E: serde::de::Error>(&mut self, idmp: &Idmp) -> Result<(), E> {
        let (duration_s, max_entries) = (idmp.duration_s, idmp.max_entries);
        self.elem(&Elem::IdmpConfig { duration_s, max_entries })?;
        for producer in &idmp.producers {
            self.elem(&Elem::Producer(Bulk::Bytes(&producer.pid.0)))?;
            for (iid, id) in &producer.ids {
                self.elem(&Elem::ProducerId { iid: Bulk::Bytes(&iid.0), id: id.0 })?;
            }
        }
        self.elem(&Elem::IdmpCounters { added: idmp.added, duplicates: idmp.duplicates })
    }

    fn array<'de, A: MapAccess<'de>>(&mut self, mut map: A) -> Result<(), A::Error> {
        let mut insert_index = None;
        while let Some(name) = map.next_key::<String>()? {
            match name.as_str() {
                "insert_index" => insert_index = map.next_value()?,
                "items" => map.next_value_seed(Items(self))?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        self.elem(&Elem::ArrayMeta { insert_index })
    }
}

impl<'de> DeserializeSeed<'de> for Value<'_, '_> {
    type Value = Option<Vec<u8>>;

    fn deserialize<D: Deserializer<'de>>(mut self, de: D) -> Result<Option<Vec<u8>>, D::Error> {
        if self.kind == Kind::String {
            let bytes = Bytes::deserialize(de)?;
            self.elem(&Elem::Str(Bulk::Bytes(&bytes.0)))?;
            return Ok(None);
        }
        de.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_, '_> {
    type Value = Option<Vec<u8>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the value of a {}", self.kind.name())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<Self::Value, A::Error> {
        match self.kind {
            Kind::List => {
                while let Some(bytes) = seq.next_element::<Bytes>()? {
                    self.elem(&Elem::Item(Bulk::Bytes(&bytes.0)))?;
                }
            }
            Kind::Set => {
                while let Some(bytes) = seq.next_element::<Bytes>()? {
                    self.elem(&Elem::Member(Bulk::Bytes(&bytes.0)))?;
                }
            }
            Kind::Zset => {
                while let Some(scored) = seq.next_element::<Scored>()? {
                    let member = Bulk::Bytes(&scored.member.0);
                    self.elem(&Elem::Scored { member, score: scored.score.0 })?;
                }
            }
            Kind::Hash => {
                while let Some(field) = seq.next_element::<Field>()? {
                    self.elem(&Elem::Field {
                        field: Bulk::Bytes(&field.field.0),
                        value: Bulk::Bytes(&field.value.0),
                        expire_at_ms: field.expire_at_ms,
                    })?;
                }
            }
            _ => return Err(A::Error::custom("an array stands where it cannot")),
        }
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Self::Value, A::Error> {
        match self.kind {
            Kind::Hash => {
                while let Some((field, value)) = map.next_entry::<String, Bytes>()? {
                    self.elem(&Elem::Field {
                        field: Bulk::Bytes(field.as_bytes()),
                        value: Bulk::Bytes(&value.0),
                        expire_at_ms: None,
                    })?;
                }
            }
            Kind::Stream => self.stream(map)?,
            Kind::Array => self.array(map)?,
            Kind::Module => {
                let mut data = None;
                while let Some(name) = map.next_key::<String>()? {
                    if name == "data" {
                        data = read_base64(&map.next_value::<String>()?);
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                let data = data.ok_or_else(|| A::Error::custom("a module value without data"))?;
                return Ok(Some(data));
            }
            _ => return Err(A::Error::custom("an object stands where it cannot")),
        }
        Ok(None)
    }
}

/// Reads a stream's entries: how many, the first id and the last.
struct Entries<'a, 'v, 'w> {
    value: &'a mut Value<'v, 'w>,
    seen: &'a mut (u64, Option<StreamId>, StreamId),
}

impl<'de> DeserializeSeed<'de> for Entries<'_, '_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, de: D) -> Result<(), D::Error> {
        de.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Entries<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the entries of a stream")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while let Some(entry) = seq.next_element::<StreamEntry>()? {
            let fields: Vec<_> = entry
                .fields
                .iter()
                .map(|(name, value)| (Bulk::Bytes(&name.0), Bulk::Bytes(&value.0)))
                .collect();
            let id = entry.id.0;
            self.value.elem(&Elem::StreamEntry { id, fields: &fields })?;
            self.seen.0 += 1;
            self.seen.1.get_or_insert(id);
            self.seen.2 = id;
        }
        Ok(())
    }
}

/// Reads the items of a sparse array.
struct Items<'a, 'v, 'w>(&'a mut Value<'v, 'w>);

impl<'de> DeserializeSeed<'de> for Items<'_, '_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, de: D) -> Result<(), D::Error> {
        de.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Items<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the items of an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while let Some((index, item)) = seq.next_element::<(u64, Item)>()? {
            let value = match &item {
                Item::Int(n) => ArrayValue::Int(*n),
                Item::Float(f) => ArrayValue::Float(f.float.0),
                Item::Str(bytes) => ArrayValue::Str(Bulk::Bytes(&bytes.0)),
            };
            self.0.elem(&Elem::ArrayItem { index, value })?;
        }
        Ok(())
    }
}
