//! DUMP payloads: one value with its version and checksum, as DUMP returns and RESTORE takes it.
//!
//! ```text
//! [key metadata record] type(1) value  version u16 little-endian  crc64 u64 little-endian
//! ```

use super::dialect::Header;
use super::error::Halt;
use super::string::{ReadStr, Str, write_len};
use crate::base::crc;
use crate::base::cursor::Cursor;
use std::convert::Infallible;

/// Bytes of version and checksum behind the value.
pub const FOOTER_BYTES: usize = 10;

/// What the checksum of a payload says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PayloadChecksum {
    /// It fits.
    Good,
    /// It is zero, "not computed", which only Redis from 8.4 accepts.
    Disabled,
    /// It does not fit.
    Bad,
}

/// A payload taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Payload<'a> {
    /// Dialect and version by the footer.
    pub header: Header,
    /// The checksum's state.
    pub checksum: PayloadChecksum,
    /// Key metadata, type byte and value.
    pub body: &'a [u8],
}

impl<'a> Payload<'a> {
    /// Splits a payload; `None` if it is too short to be one.
    pub fn parse(bytes: &'a [u8]) -> Option<Payload<'a>> {
        let (signed, crc) = bytes.split_last_chunk::<8>()?;
        let (body, version) = signed.split_last_chunk::<2>()?;
        if body.is_empty() {
            return None;
        }
        let checksum = match u64::from_le_bytes(*crc) {
            0 => PayloadChecksum::Disabled,
            stored if stored == crc::crc64(0, signed) => PayloadChecksum::Good,
            _ => PayloadChecksum::Bad,
        };
        let header = Header::of_payload(u16::from_le_bytes(*version));
        Some(Payload { header, checksum, body })
    }

    /// The payload's body as the record of a file: the key put behind the type byte.
    ///
    /// `None` if key metadata precedes the type, which needs the parser to find its end.
    pub fn to_record(&self, key: &[u8]) -> Option<Vec<u8>> {
        let (type_byte, value) = self.body.split_first()?;
        if *type_byte == super::parser::opcode::KEY_META {
            return None;
        }
        let mut record = Vec::with_capacity(self.body.len() + key.len() + 9);
        record.push(*type_byte);
        write_len(&mut record, key.len() as u64);
        record.extend_from_slice(key);
        record.extend_from_slice(value);
        Some(record)
    }
}

/// Appends a payload for a value's bytes.
pub fn write(out: &mut Vec<u8>, type_byte: u8, value: &[u8], version: u16) {
    let start = out.len();
    out.push(type_byte);
    out.extend_from_slice(value);
    out.extend_from_slice(&version.to_le_bytes());
    let crc = crc::crc64(0, out.get(start..).unwrap_or(&[]));
    out.extend_from_slice(&crc.to_le_bytes());
}

/// Appends the payload of FUNCTION DUMP for the sources of libraries.
pub fn write_functions<'a>(
    out: &mut Vec<u8>,
    sources: impl Iterator<Item = &'a [u8]>,
    version: u16,
) {
    let start = out.len();
    for source in sources {
        out.push(super::parser::opcode::FUNCTION);
        write_len(out, source.len() as u64);
        out.extend_from_slice(source);
    }
    out.extend_from_slice(&version.to_le_bytes());
    let crc = crc::crc64(0, out.get(start..).unwrap_or(&[]));
    out.extend_from_slice(&crc.to_le_bytes());
}

/// The sources of the libraries in the body of a FUNCTION DUMP payload: function records, one behind the other. `None` if
/// there is anything else.
pub fn functions(mut body: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut found = Vec::new();
    while let Some((opcode, rest)) = body.split_first() {
        if *opcode != super::parser::opcode::FUNCTION {
            return None;
        }
        let mut cursor = Cursor::new(rest);
        let string: Result<Str<'_>, Halt<Infallible>> = cursor.string();
        let mut scratch = Vec::new();
        found.push(string.ok()?.resolve(&mut scratch).ok()?.to_vec());
        body = rest.get(cursor.pos()..)?;
    }
    Some(found)
}
