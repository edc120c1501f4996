//! Lengths and strings: the two encodings everything else is made of (sections 3 and 4 of the
//! format), read without copying.
//!
//! ```text
//! 00xxxxxx                      length 0..63
//! 01xxxxxx yyyyyyyy             length 14 bits, big-endian
//! 10000000 u32 big-endian       length
//! 10000001 u64 big-endian       length, since version 8
//! 11000000 i8 | 11000001 i16 | 11000010 i32    an integer's text, little-endian
//! 11000011 LEN LEN bytes        LZF: stored size, original size, data
//! ```

use super::error::{ErrorKind, Halt};
use crate::base::bulk::Bulk;
use crate::base::cursor::Cursor;
use crate::base::limits;
use crate::base::lzf::{self, LzfError};

/// First byte of a compressed string.
pub(super) const LZF: u8 = 0xc3;

/// A string as it stands in the file.
#[derive(Debug, Clone, Copy)]
pub enum Str<'a> {
    /// Plain bytes, or an integer.
    Plain(Bulk<'a>),
    /// LZF-compressed bytes and the size they had.
    Lzf {
        /// The compressed bytes.
        data: &'a [u8],
        /// The declared original size in bytes.
        size: u64,
    },
}

impl<'a> Str<'a> {
    /// The string, decompressed into `scratch` if need be.
    #[inline(always)]
    pub fn resolve<'b>(self, scratch: &'b mut Vec<u8>) -> Result<Bulk<'b>, LzfError>
    where
        'a: 'b,
    {
        match self {
            Str::Plain(bulk) => Ok(bulk),
            Str::Lzf { data, size } => {
                scratch.clear();
                let size = usize::try_from(size).unwrap_or(usize::MAX);
                lzf::decompress(data, size, scratch)?;
                Ok(Bulk::Bytes(scratch))
            }
        }
    }

    /// Length of the string in bytes, decompressed.
    #[inline]
    pub fn len(self) -> u64 {
        match self {
            Str::Plain(bulk) => bulk.text_len() as u64,
            Str::Lzf { size, .. } => size,
        }
    }

    /// Whether the string has no bytes.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Whether the file holds it compressed.
    pub fn is_compressed(self) -> bool {
        matches!(self, Str::Lzf { .. })
    }
}

/// Reading lengths and strings from a cursor.
pub(crate) trait ReadStr<'a> {
    /// A plain length or number.
    fn len<E>(&mut self) -> Result<u64, Halt<E>>;
    /// A count of elements, bounded by [`limits::ELEMENTS_MAX`].
    fn count<E>(&mut self) -> Result<u64, Halt<E>>;
    /// A string.
    fn string<E>(&mut self) -> Result<Str<'a>, Halt<E>>;
    /// Passes a string without looking inside.
    fn skip_string<E>(&mut self) -> Result<(), Halt<E>>;
}

#[cold]
fn bad<T, E>(kind: ErrorKind, at: usize) -> Result<T, Halt<E>> {
    Err(Halt::Bad(kind, at))
}

#[inline(never)]
fn long_len<E>(c: &mut Cursor<'_>, at: usize, first: u8) -> Result<u64, Halt<E>> {
    match first {
        0x80 => Ok(u64::from(u32::from_be_bytes(c.array()?))),
        0x81 => Ok(u64::from_be_bytes(c.array()?)),
        0xc0..=0xff => bad(ErrorKind::EncodedLength(first), at),
        _ => bad(ErrorKind::LengthEncoding(first), at),
    }
}

/// A string's length as a size in memory.
#[inline]
fn string_size<E>(len: u64, at: usize) -> Result<usize, Halt<E>> {
    match usize::try_from(len) {
        Ok(size) if len <= limits::STRING_BYTES_MAX => Ok(size),
        _ => bad(ErrorKind::StringLength(len), at),
    }
}

#[inline(never)]
fn encoded<'a, E>(c: &mut Cursor<'a>, at: usize, first: u8) -> Result<Str<'a>, Halt<E>> {
    Ok(match first {
        0xc0 => Str::Plain(Bulk::Int(i64::from(i8::from_le_bytes(c.array()?)))),
        0xc1 => Str::Plain(Bulk::Int(i64::from(i16::from_le_bytes(c.array()?)))),
        0xc2 => Str::Plain(Bulk::Int(i64::from(i32::from_le_bytes(c.array()?)))),
        LZF => {
            let stored = ReadStr::len(c)?;
            let size = ReadStr::len(c)?;
            string_size(size, at)?;
            Str::Lzf { data: c.take(string_size(stored, at)?)?, size }
        }
        _ => return bad(ErrorKind::StringEncoding(first), at),
    })
}

impl<'a> ReadStr<'a> for Cursor<'a> {
    #[inline(always)]
    fn len<E>(&mut self) -> Result<u64, Halt<E>> {
        let at = self.pos();
        let first = self.u8()?;
        match first {
            0..0x40 => Ok(u64::from(first)),
            0x40..0x80 => Ok(u64::from(first & 0x3f) << 8 | u64::from(self.u8()?)),
            _ => long_len(self, at, first),
        }
    }

    #[inline(always)]
    fn count<E>(&mut self) -> Result<u64, Halt<E>> {
        let at = self.pos();
        let n = ReadStr::len(self)?;
        if n > limits::ELEMENTS_MAX { bad(ErrorKind::Count(n), at) } else { Ok(n) }
    }

    #[inline(always)]
    fn string<E>(&mut self) -> Result<Str<'a>, Halt<E>> {
        let at = self.pos();
        let first = self.u8()?;
        let len = match first {
            0..0x40 => usize::from(first),
            0x40..0x80 => usize::from(first & 0x3f) << 8 | usize::from(self.u8()?),
            0xc0.. => return encoded(self, at, first),
            _ => string_size(long_len(self, at, first)?, at)?,
        };
        Ok(Str::Plain(Bulk::Bytes(self.take(len)?)))
    }

    #[inline(always)]
    fn skip_string<E>(&mut self) -> Result<(), Halt<E>> {
        let at = self.pos();
        let first = self.u8()?;
        match first {
            0..0x40 => self.hop(usize::from(first)),
            0x40..0x80 => {
                let low = self.u8()?;
                self.hop(usize::from(first & 0x3f) << 8 | usize::from(low));
            }
            0xc0 => self.hop(1),
            0xc1 => self.hop(2),
            0xc2 => self.hop(4),
            LZF.. => {
                encoded(self, at, first)?;
            }
            _ => {
                let len = string_size(long_len(self, at, first)?, at)?;
                self.hop(len);
            }
        }
        Ok(())
    }
}

/// Writes a length in its shortest form, as servers do.
#[inline]
pub fn write_len(out: &mut Vec<u8>, n: u64) {
    if n < 0x40 {
        out.push(n as u8);
    } else if n < 0x4000 {
        out.extend_from_slice(&[0x40 | (n >> 8) as u8, n as u8]);
    } else if let Ok(n) = u32::try_from(n) {
        out.push(0x80);
        out.extend_from_slice(&n.to_be_bytes());
    } else {
        out.push(0x81);
        out.extend_from_slice(&n.to_be_bytes());
    }
}

/// Writes a string's bytes behind their length, uncompressed and as they are.
#[inline]
pub fn write_raw(out: &mut Vec<u8>, bytes: &[u8]) {
    write_len(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    type Res<T> = Result<T, Halt<Infallible>>;

    #[test]
    fn lengths_round_trip_in_shortest_form() {
        for (n, size) in [
            (0u64, 1),
            (63, 1),
            (64, 2),
            (16383, 2),
            (16384, 5),
            (u64::from(u32::MAX), 5),
            (1 << 32, 9),
            (u64::MAX, 9),
        ] {
            let mut out = Vec::new();
            write_len(&mut out, n);
            assert_eq!(out.len(), size);
            let mut c = Cursor::new(&out);
            let back: Res<u64> = ReadStr::len(&mut c);
            assert_eq!(back.unwrap(), n);
            for cut in 0..out.len() {
                let cut: Res<u64> = ReadStr::len(&mut Cursor::new(&out[..cut]));
                assert!(matches!(cut, Err(Halt::Need(_))));
            }
        }
    }

    fn text(bytes: &[u8]) -> Vec<u8> {
        let string: Res<Str> = Cursor::new(bytes).string();
        string.unwrap().resolve(&mut Vec::new()).unwrap().to_vec()
    }

    #[test]
    fn every_string_form_is_read_and_skipped() {
        let lzf = [0xc3, 0x06, 0x15, 0x01, 0x61, 0x61, 0xe0, 0x0a, 0x00];
        let cases: [(&[u8], &[u8]); 6] = [
            (&[0], b""),
            (&[3, b'a', b'b', b'c'], b"abc"),
            (&[0xc0, 0xf4], b"-12"),
            (&[0xc1, 0xd2, 0x04], b"1234"),
            (&[0xc2, 0x15, 0xcd, 0x5b, 0x07], b"123456789"),
            (&lzf, b"aaaaaaaaaaaaaaaaaaaaa"),
        ];
        for (bytes, expected) in cases {
            assert_eq!(text(bytes), expected);
            let mut c = Cursor::new(bytes);
            let skipped: Res<()> = c.skip_string();
            skipped.unwrap();
            assert_eq!(c.pos(), bytes.len());
        }
    }

    #[test]
    fn encodings_without_meaning_are_damage() {
        let first = |bytes: &[u8]| -> Res<Str> {
            Cursor::new(bytes).string().map(|_| Str::Plain(Bulk::Int(0)))
        };
        assert!(matches!(first(&[0x82]), Err(Halt::Bad(ErrorKind::LengthEncoding(0x82), 0))));
        assert!(matches!(first(&[0xc4]), Err(Halt::Bad(ErrorKind::StringEncoding(0xc4), 0))));
        let bomb = [0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
        assert!(matches!(first(&bomb), Err(Halt::Bad(ErrorKind::StringLength(_), 0))));
    }
}
