//! A fingerprint of all data that does not depend on its order: what `DEBUG DIGEST` of a server gives.

use super::snapshot::Snapshot;
use super::unit::ValueRef;
use crate::base::bulk::{Bulk, IntBuf};
use crate::base::num::format_g17;
use crate::rdb::Dialect;
use crate::value::{Kind, Value};
use sha1::{Digest as _, Sha1};
use std::fmt;

/// Twenty bytes: mixed from ordered parts, and combined by exclusive or from unordered ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Digest([u8; 20]);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Digest {
    /// Adds a part whose place among the others does not matter.
    fn add(&mut self, bytes: &[u8]) {
        let hash = Sha1::digest(bytes);
        self.0.iter_mut().zip(hash).for_each(|(own, other)| *own ^= other);
    }

    /// Adds a part behind the others.
    fn mix(&mut self, bytes: &[u8]) {
        self.add(bytes);
        self.0 = Sha1::digest(self.0).into();
    }

    fn mix_bulk(&mut self, bulk: Bulk<'_>) {
        self.mix(bulk.text(&mut IntBuf::new()));
    }

    /// The fingerprint of a key's value and expiry time, as `DEBUG DIGEST-VALUE` gives it for the value alone.
    pub fn of_value(value: &ValueRef<'_>, vendor: Dialect) -> Digest {
        let mut digest = Digest::default();
        digest.mix_value(value, vendor);
        digest
    }

    /// Only Redis counts whether fields have times.
    fn mix_value(&mut self, value: &ValueRef<'_>, vendor: Dialect) {
        // Servers have vector sets from a module.
        let kind = match value.kind() {
            Kind::VectorSet => Kind::Opaque,
            kind => kind,
        };
        self.mix(&(kind as u32).to_be_bytes());
        if let Some(bytes) = value.string() {
            self.mix(bytes);
        }
        match value.object() {
            Some(Value::List(list)) => list.iter().for_each(|item| self.mix_bulk(item)),
            Some(Value::Stream(stream)) => {
                for entry in stream.iter() {
                    self.mix(format!("{}.{}", entry.id.ms, entry.id.seq).as_bytes());
                    for (field, value) in entry.fields() {
                        self.mix_bulk(field);
                        self.mix_bulk(value);
                    }
                }
            }
            Some(Value::Set(set)) => set.each(|member| self.add(member)),
            Some(Value::Zset(zset)) => {
                for (member, score) in zset.iter() {
                    let mut one = Digest::default();
                    one.mix_bulk(member);
                    one.mix(format_g17(score).as_bytes());
                    self.add(&one.0);
                }
            }
            Some(Value::Hash(hash)) => {
                for field in hash.fields() {
                    let mut one = Digest::default();
                    one.mix_bulk(field.name);
                    one.mix_bulk(field.value);
                    if field.expire_at_ms.is_some() && vendor == Dialect::Redis {
                        one.add(b"!!hexpire!!");
                    }
                    self.add(&one.0);
                }
            }
            Some(Value::Array(array)) => {
                for (index, value) in array.iter() {
                    self.mix(itoa::Buffer::new().format(index).as_bytes());
                    self.mix(value);
                }
            }
            Some(Value::VectorSet(set)) => {
                let mut all = Digest::default();
                let mut text = itoa::Buffer::new();
                let mut one = Digest::default();
                one.mix(text.format(set.len()).as_bytes());
                one.mix(text.format(set.dim()).as_bytes());
                all.add(&one.0);
                for element in set.iter() {
                    let mut one = Digest::default();
                    one.mix(&element.vector().stored());
                    one.mix(element.name());
                    if let Some(attributes) = element.attributes() {
                        one.mix(attributes);
                    }
                    all.add(&one.0);
                }
                self.add(&all.0);
            }
            Some(Value::Opaque(opaque)) => self.mix(&opaque.stored),
            Some(Value::String(_)) | None => {}
        }
        if value.expire_at_ms().is_some() {
            self.add(b"!!expire!!");
        }
    }
}

impl Snapshot {
    /// The fingerprint of all databases, as a server of that vendor gives it.
    pub fn digest(&self, vendor: Dialect) -> Digest {
        let mut all = Digest::default();
        for (db, keys) in self.dbs() {
            all.mix(&u32::try_from(db).unwrap_or(u32::MAX).to_be_bytes());
            for value in keys.iter() {
                let mut one = Digest::default();
                one.mix(value.key());
                one.mix_value(&value, vendor);
                all.add(&one.0);
            }
        }
        all
    }
}
