//! Values and files on their way out, for any version that can be read.
//!
//! [`Encoder`] takes the elements of one value and gives the bytes of a type that the target
//! knows; [`write_head`] writes what stands in front of a value; [`target`] lists the releases.

mod encoder;
mod hash;
mod list;
pub mod loss;
mod stream;
pub mod target;

pub use encoder::{Encoded, Encoder, Hint};
pub use loss::{Loss, Losses};
pub use target::{TARGETS, Target};

use super::parser::opcode;
use super::string::{write_len, write_raw};
use super::{Attributes, Stored};
use crate::base::bulk::Bulk;
use crate::base::lzf::Compressor;
use crate::base::num;

/// Shortest string that is worth compressing, in bytes.
const COMPRESS_BYTES: usize = 21;

/// Longest text tried as an integer, in bytes.
const INT_TEXT_BYTES: usize = 11;

/// Writes strings as servers do: small integers, then LZF, then plain.
pub struct Strings {
    compressor: Option<Compressor>,
    packed: Vec<u8>,
}

impl Strings {
    /// A writer that compresses, or not.
    pub fn new(compress: bool) -> Strings {
        Strings { compressor: compress.then(Compressor::new), packed: Vec::new() }
    }

    /// Appends a string.
    #[inline]
    pub fn write(&mut self, out: &mut Vec<u8>, bulk: &Bulk<'_>) {
        match bulk {
            Bulk::Int(n) => match i32::try_from(*n) {
                Ok(n) => write_int(out, n),
                Err(_) => write_raw(out, &bulk.to_vec()),
            },
            Bulk::Bytes(bytes) => self.write_bytes(out, bytes),
        }
    }

    /// Appends a string of bytes.
    #[inline]
    pub fn write_bytes(&mut self, out: &mut Vec<u8>, bytes: &[u8]) {
        if bytes.len() <= INT_TEXT_BYTES {
            let n = num::parse_canonical_i64(bytes).and_then(|n| i32::try_from(n).ok());
            if let Some(n) = n {
                return write_int(out, n);
            }
        } else if bytes.len() >= COMPRESS_BYTES
            && let Some(compressor) = &mut self.compressor
        {
            self.packed.clear();
            if compressor.compress(bytes, &mut self.packed) {
                out.push(0xc3);
                write_len(out, self.packed.len() as u64);
                write_len(out, bytes.len() as u64);
                return out.extend_from_slice(&self.packed);
            }
        }
        write_raw(out, bytes);
    }
}

fn write_int(out: &mut Vec<u8>, n: i32) {
    if let Ok(n) = i8::try_from(n) {
        out.push(0xc0);
        out.extend_from_slice(&n.to_le_bytes());
    } else if let Ok(n) = i16::try_from(n) {
        out.push(0xc1);
        out.extend_from_slice(&n.to_le_bytes());
    } else {
        out.push(0xc2);
        out.extend_from_slice(&n.to_le_bytes());
    }
}

/// Appends what stands between two keys: expiry, access information, metadata, type and name.
pub fn write_head(
    out: &mut Vec<u8>,
    target: Target,
    attributes: &Attributes,
    key_meta: Option<&[u8]>,
    type_byte: u8,
    key: &[u8],
    losses: &mut Losses,
) {
    if let Some(ms) = attributes.expire_at_ms {
        if target.has(3) {
            out.push(opcode::EXPIRE_TIME_MS);
            out.extend_from_slice(&ms.to_le_bytes());
        } else {
            let seconds = ms.div_euclid(1000) + i64::from(ms.rem_euclid(1000) != 0);
            if ms.rem_euclid(1000) != 0 {
                losses.add(Loss::ExpiryMilliseconds);
            }
            out.push(opcode::EXPIRE_TIME);
            let kept = seconds.clamp(i32::MIN.into(), i32::MAX.into());
            if kept != seconds {
                losses.add(Loss::ExpiryRange);
            }
            out.extend_from_slice(&(kept as i32).to_le_bytes());
        }
    }
    if let Some(idle_s) = attributes.idle_s {
        if target.has(9) {
            out.push(opcode::IDLE);
            write_len(out, idle_s);
        } else {
            losses.add(Loss::AccessInfo);
        }
    }
    if let Some(freq) = attributes.freq {
        if target.has(9) {
            out.extend_from_slice(&[opcode::FREQ, freq]);
        } else {
            losses.add(Loss::AccessInfo);
        }
    }
    if let Some(meta) = key_meta {
        if target.has(13) {
            out.extend_from_slice(meta);
        } else {
            losses.add(Loss::KeyMeta);
        }
    }
    out.push(type_byte);
    let mut strings = Strings::new(false);
    strings.write_bytes(out, key);
}

/// Appends an AUX field; files before version 7 have none.
pub fn write_aux(out: &mut Vec<u8>, target: Target, name: &[u8], value: &[u8]) {
    if target.has(7) {
        out.push(opcode::AUX);
        let mut strings = Strings::new(false);
        write_raw(out, name);
        strings.write_bytes(out, value);
    }
}

/// Appends the selection of a database.
pub fn write_select(out: &mut Vec<u8>, db: u64) {
    out.push(opcode::SELECT_DB);
    write_len(out, db);
}

/// Appends a hint on the current database's sizes; files before version 7 have none.
pub fn write_resize(out: &mut Vec<u8>, target: Target, keys: u64, expires: u64) {
    if target.has(7) {
        out.push(opcode::RESIZE_DB);
        write_len(out, keys);
        write_len(out, expires);
    }
}

/// Appends a function library.
pub fn write_function(out: &mut Vec<u8>, strings: &mut Strings, code: &[u8]) {
    out.push(opcode::FUNCTION);
    strings.write_bytes(out, code);
}

/// The end of a file, behind which the checksum follows if the version has one.
pub fn end_bytes(target: Target, crc_with_end: u64) -> (Vec<u8>, Stored) {
    if target.header.has_checksum() {
        (crc_with_end.to_le_bytes().to_vec(), Stored::Crc64(crc_with_end))
    } else {
        (Vec::new(), Stored::Absent)
    }
}
