//! Entries of an index as bytes.

use crate::base::cursor::{Cursor, Short};
use crate::feed::filter::KeyFacts;
use crate::rdb::{Attributes, Dialect, Entry, Kind, ValueType};

/// One key of an RDB file, as its index knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexEntry<'i> {
    /// Where its record starts in the RDB file, attributes included.
    pub offset: u64,
    /// Length of its record in bytes.
    pub bytes: u64,
    /// The value's type.
    pub ty: &'static ValueType,
    /// The encoding as `OBJECT ENCODING` names it.
    pub encoding: &'static str,
    /// The database.
    pub db: u64,
    /// Its cluster slot.
    pub slot: u16,
    /// Bytes of its value in the file.
    pub value_bytes: u64,
    /// Expiry, idle time, frequency.
    pub attributes: Attributes,
    /// The key's bytes.
    pub key: &'i [u8],
}

/// Encodings of strings, by their number in the flags.
const STRING_ENCODINGS: [&str; 4] = ["", "int", "embstr", "raw"];

const HAS_EXPIRY: u8 = 1;
const HAS_IDLE: u8 = 2;
const HAS_FREQ: u8 = 4;
const ENCODING_SHIFT: u8 = 4;

fn push_varint(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

fn varint(c: &mut Cursor<'_>) -> Result<u64, Short> {
    let mut n = 0u64;
    for shift in (0..64).step_by(7) {
        let byte = c.u8()?;
        n |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(n);
        }
    }
    // Ten bytes hold any number; more are none.
    Err(Short(1))
}

impl<'i> IndexEntry<'i> {
    /// What the index says of an entry, whose key is given.
    pub(super) fn of(entry: &Entry<'_>, key: &'i [u8]) -> IndexEntry<'i> {
        IndexEntry {
            offset: entry.span.start,
            bytes: entry.span.end.saturating_sub(entry.span.start),
            ty: entry.ty,
            encoding: entry.encoding(),
            db: entry.db,
            slot: crate::base::slot::key_slot(key),
            value_bytes: entry.value.len() as u64,
            attributes: entry.attributes,
            key,
        }
    }

    /// What filters look at.
    pub fn facts(&self) -> KeyFacts<'i> {
        KeyFacts {
            db: self.db,
            kind: self.ty.kind,
            attributes: self.attributes,
            key: self.key,
            slot: Some(self.slot),
            value_bytes: self.value_bytes,
        }
    }

    fn flags(&self) -> u8 {
        let number = match self.ty.kind {
            Kind::String => STRING_ENCODINGS.iter().position(|name| *name == self.encoding),
            _ => None,
        };
        let bit = |given: bool, bit: u8| if given { bit } else { 0 };
        bit(self.attributes.expire_at_ms.is_some(), HAS_EXPIRY)
            | bit(self.attributes.idle_s.is_some(), HAS_IDLE)
            | bit(self.attributes.freq.is_some(), HAS_FREQ)
            | (number.unwrap_or(0) as u8) << ENCODING_SHIFT
    }

    /// Appends everything but the key's bytes, which follow.
    pub(super) fn write_head(&self, out: &mut Vec<u8>) {
        push_varint(out, self.offset);
        push_varint(out, self.bytes);
        out.push(self.ty.code);
        out.push(self.flags());
        push_varint(out, self.db);
        out.extend_from_slice(&self.slot.to_le_bytes());
        push_varint(out, self.value_bytes);
        if let Some(ms) = self.attributes.expire_at_ms {
            out.extend_from_slice(&ms.to_le_bytes());
        }
        if let Some(s) = self.attributes.idle_s {
            push_varint(out, s);
        }
        out.extend(self.attributes.freq);
        push_varint(out, self.key.len() as u64);
    }

    /// Reads an entry; `None` if there is none at the cursor.
    pub(super) fn read(c: &mut Cursor<'i>, dialect: Dialect) -> Option<IndexEntry<'i>> {
        let (offset, bytes) = (varint(c).ok()?, varint(c).ok()?);
        let ty = ValueType::find(dialect, c.u8().ok()?)?;
        let flags = c.u8().ok()?;
        let db = varint(c).ok()?;
        let slot = u16::from_le_bytes(c.array().ok()?);
        let value_bytes = varint(c).ok()?;
        let attributes = attributes(c, flags).ok()?;
        let key_bytes = usize::try_from(varint(c).ok()?).ok()?;
        let key = c.take(key_bytes).ok()?;
        let encoding = match STRING_ENCODINGS.get(usize::from(flags >> ENCODING_SHIFT))? {
            &"" => ty.encoding,
            name => name,
        };
        Some(IndexEntry { offset, bytes, ty, encoding, db, slot, value_bytes, attributes, key })
    }
}

fn attributes(c: &mut Cursor<'_>, flags: u8) -> Result<Attributes, Short> {
    let mut attributes = Attributes::default();
    if flags & HAS_EXPIRY != 0 {
        attributes.expire_at_ms = Some(i64::from_le_bytes(c.array()?));
    }
    if flags & HAS_IDLE != 0 {
        attributes.idle_s = Some(varint(c)?);
    }
    if flags & HAS_FREQ != 0 {
        attributes.freq = Some(c.u8()?);
    }
    Ok(attributes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(code: u8, encoding: &'static str) -> IndexEntry<'static> {
        IndexEntry {
            offset: 1 << 40,
            bytes: 300,
            ty: ValueType::find(Dialect::Redis, code).unwrap(),
            encoding,
            db: 15,
            slot: 16_383,
            value_bytes: 127,
            attributes: Attributes {
                expire_at_ms: Some(-1),
                idle_s: Some(u64::MAX),
                freq: Some(9),
            },
            key: b"k\xff",
        }
    }

    fn bytes(entry: &IndexEntry<'_>) -> Vec<u8> {
        let mut out = Vec::new();
        entry.write_head(&mut out);
        out.extend_from_slice(entry.key);
        out
    }

    #[test]
    fn entries_round_trip() {
        for entry in
            [sample(0, "int"), sample(0, "embstr"), sample(0, "raw"), sample(4, "hashtable")]
        {
            let bytes = bytes(&entry);
            let mut c = Cursor::new(&bytes);
            assert_eq!(IndexEntry::read(&mut c, Dialect::Redis).as_ref(), Some(&entry));
            assert_eq!(c.pos(), bytes.len());
        }
    }

    #[test]
    fn cut_entries_are_none() {
        let bytes = bytes(&sample(0, "raw"));
        for len in 0..bytes.len() {
            let mut c = Cursor::new(&bytes[..len]);
            assert_eq!(IndexEntry::read(&mut c, Dialect::Redis), None);
        }
        assert!(varint(&mut Cursor::new(&[0xff; 20])).is_err());
    }
}
