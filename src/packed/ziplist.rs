//! Ziplists, which listpacks replaced in Redis 7: `u32 total bytes, u32 tail offset, u16 count, entries…, 0xff`.
//!
//! ```text
//! entry    = prevlen encoding [data]
//! prevlen  = u8 below 254 | FE u32              size of the previous entry, 0 for the first one
//! encoding = 00xxxxxx                           string of 0–63 bytes
//!          | 01xxxxxx yy                        string, 14-bit length, big-endian
//!          | 10…… u32                           string, 32-bit length, big-endian
//!          | C0 D0 E0 F0 FE                     i16 i32 i64 i24 i8, little-endian
//!          | F1–FD                              0–12
//! ```

use super::blob::Blob;
use super::listpack::check_frame;
use super::walk::{Kind, Walk};
use super::{PackedError, PackedErrorKind, TERMINATOR, TooLarge, array, int24, slice, widen};
use crate::base::bulk::Bulk;
use crate::base::num::parse_canonical_i64;

/// Bytes before the first entry.
const HEADER_BYTES: usize = 10;

/// Where the header points to the last entry.
const TAIL_AT: usize = 4;

/// First byte of a previous length that takes five bytes; also the first size that needs them.
const LONG_PREVLEN: u8 = 254;

/// Longer strings are not stored as integers, nor is the empty one.
const MAX_INT_TEXT_BYTES: usize = 31;

/// Checks the header.
pub(super) fn start(bytes: &[u8]) -> Result<Walk, PackedError> {
    check_frame(bytes, HEADER_BYTES + 1)?;
    Ok(Walk::at(Kind::Ziplist, HEADER_BYTES, HEADER_BYTES))
}

/// Returns the next entry.
#[inline]
pub(super) fn next<'a>(walk: &mut Walk, bytes: &'a [u8]) -> Result<Option<Bulk<'a>>, PackedError> {
    let at = walk.offset;
    let body = bytes.get(..bytes.len().saturating_sub(1)).unwrap_or_default();
    if !walk.in_elements() || at == body.len() {
        return walk.end(bytes);
    }
    let entry = match decode(body, at) {
        Ok(entry) => entry,
        Err(kind) => return Err(walk.fail(bytes, kind)),
    };
    let size = at.saturating_sub(walk.extra);
    if entry.prevlen != size {
        walk.complain(PackedErrorKind::Prevlen { stored: entry.prevlen, size })?;
    }
    walk.extra = at;
    walk.step(at + entry.size);
    Ok(Some(entry.value))
}

/// Compares the tail offset with the last entry read.
pub(super) fn check_tail(walk: &Walk, bytes: &[u8]) -> Result<(), PackedError> {
    let stored = array(bytes, TAIL_AT).map_or(0, |field| widen(u32::from_le_bytes(field)));
    if stored == walk.extra {
        return Ok(());
    }
    let kind = PackedErrorKind::Tail { stored, last: walk.extra };
    Err(PackedError { kind, element: walk.index, offset: TAIL_AT })
}

/// One entry; `size` is all of it, in bytes.
struct Entry<'a> {
    prevlen: usize,
    value: Bulk<'a>,
    size: usize,
}

/// Decodes the entry at `at`.
#[inline]
fn decode(body: &[u8], at: usize) -> Result<Entry<'_>, PackedErrorKind> {
    use PackedErrorKind::{Cut, EarlyTerminator};
    let rest = body.get(at..).ok_or(Cut)?;
    let (prevlen, prevlen_bytes) = match rest.first() {
        // The last byte of the blob is not in the body.
        Some(&TERMINATOR) => return Err(EarlyTerminator { left: rest.len() }),
        Some(&LONG_PREVLEN) => (widen(u32::from_le_bytes(array(rest, 1).ok_or(Cut)?)), 5),
        Some(&short) => (usize::from(short), 1),
        None => return Err(Cut),
    };
    let (value, size) = decode_value(rest.get(prevlen_bytes..).ok_or(Cut)?)?;
    Ok(Entry { prevlen, value, size: prevlen_bytes + size })
}

/// Decodes encoding and data; returns their size, too.
#[inline]
fn decode_value(rest: &[u8]) -> Result<(Bulk<'_>, usize), PackedErrorKind> {
    use PackedErrorKind::{Cut, Encoding};
    let (&first, data) = rest.split_first().ok_or(Cut)?;
    let int = |value, size| Ok((Bulk::Int(value), size));
    match first {
        0x00..=0x3f => string(data, 0, usize::from(first)),
        0x40..=0x7f => {
            let &low = data.first().ok_or(Cut)?;
            string(data, 1, usize::from(u16::from_be_bytes([first & 0x3f, low])))
        }
        // Servers write 0x80 and look at the two top bits only.
        0x80..=0xbf => string(data, 4, widen(u32::from_be_bytes(array(data, 0).ok_or(Cut)?))),
        0xc0 => int(i64::from(i16::from_le_bytes(array(data, 0).ok_or(Cut)?)), 3),
        0xd0 => int(i64::from(i32::from_le_bytes(array(data, 0).ok_or(Cut)?)), 5),
        0xe0 => int(i64::from_le_bytes(array(data, 0).ok_or(Cut)?), 9),
        0xf0 => int(int24(array(data, 0).ok_or(Cut)?), 4),
        0xfe => int(i64::from(i8::from_le_bytes(array(data, 0).ok_or(Cut)?)), 2),
        0xf1..=0xfd => int(i64::from(first & 0x0f) - 1, 1),
        _ => Err(Encoding(first)),
    }
}

/// Takes a string of `len` bytes that starts `skip` bytes into what follows the encoding byte.
#[inline]
fn string(data: &[u8], skip: usize, len: usize) -> Result<(Bulk<'_>, usize), PackedErrorKind> {
    let bytes = slice(data, skip, len).ok_or(PackedErrorKind::Overrun { length: len })?;
    Ok((Bulk::Bytes(bytes), 1 + skip + len))
}

/// Builds a ziplist as servers up to Redis 6.2 do, in a buffer that can be used again; for RDB versions 6 to 9.
#[derive(Clone, Debug)]
pub struct ZiplistBuilder {
    blob: Blob,
    /// Offset of the last entry, or of the first byte behind the header.
    tail: usize,
}

impl Default for ZiplistBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl ZiplistBuilder {
    /// Starts an empty ziplist.
    pub fn new() -> ZiplistBuilder {
        ZiplistBuilder { blob: Blob::new(HEADER_BYTES), tail: HEADER_BYTES }
    }

    /// Appends a string or an integer.
    ///
    /// # Errors
    /// The ziplist would grow past 1 GiB; nothing is appended.
    pub fn push(&mut self, value: Bulk<'_>) -> Result<(), TooLarge> {
        match value {
            Bulk::Bytes(bytes) => self.push_bytes(bytes),
            Bulk::Int(n) => self.push_int(n),
        }
    }

    /// Appends a string, as an integer if it is the canonical text of one.
    ///
    /// # Errors
    /// The ziplist would grow past 1 GiB; nothing is appended.
    pub fn push_bytes(&mut self, bytes: &[u8]) -> Result<(), TooLarge> {
        if bytes.len() <= MAX_INT_TEXT_BYTES
            && let Some(n) = parse_canonical_i64(bytes)
        {
            return self.push_int(n);
        }
        self.open_entry(bytes.len())?;
        let [low, second, third, fourth] =
            u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes();
        match bytes.len() {
            0..0x40 => self.blob.buffer.push(low),
            0x40..0x4000 => self.blob.buffer.extend_from_slice(&[0x40 | second, low]),
            _ => self.blob.buffer.extend_from_slice(&[0x80, fourth, third, second, low]),
        }
        self.blob.buffer.extend_from_slice(bytes);
        Ok(())
    }

    /// Appends an integer.
    ///
    /// # Errors
    /// The ziplist would grow past 1 GiB; nothing is appended.
    pub fn push_int(&mut self, n: i64) -> Result<(), TooLarge> {
        self.open_entry(0)?;
        let [b0, b1, b2, b3, ..] = n.to_le_bytes();
        match n {
            0..=12 => self.blob.buffer.push(0xf1 + b0),
            -0x80..=0x7f => self.blob.buffer.extend_from_slice(&[0xfe, b0]),
            -0x8000..=0x7fff => self.blob.buffer.extend_from_slice(&[0xc0, b0, b1]),
            -0x80_0000..=0x7f_ffff => self.blob.buffer.extend_from_slice(&[0xf0, b0, b1, b2]),
            -0x8000_0000..=0x7fff_ffff => {
                self.blob.buffer.extend_from_slice(&[0xd0, b0, b1, b2, b3])
            }
            _ => {
                self.blob.buffer.push(0xe0);
                self.blob.buffer.extend_from_slice(&n.to_le_bytes());
            }
        }
        Ok(())
    }

    /// Number of entries so far.
    pub fn count(&self) -> usize {
        self.blob.count
    }

    /// Size in bytes that the ziplist has when finished now.
    pub fn len_bytes(&self) -> usize {
        self.blob.len_bytes()
    }

    /// Completes the ziplist and returns it. More can be appended afterwards, and the whole be finished again.
    pub fn finish(&mut self) -> &[u8] {
        let tail = u32::try_from(self.tail).unwrap_or(u32::MAX).to_le_bytes();
        self.blob.finish(&tail)
    }

    /// Forgets all entries and keeps the buffer.
    pub fn clear(&mut self) {
        self.blob.clear();
        self.tail = HEADER_BYTES;
    }

    /// Makes sure that an entry with `data` bytes of string fits, and writes the size of the entry before it.
    fn open_entry(&mut self, data: usize) -> Result<(), TooLarge> {
        // Previous length and encoding take up to 14 bytes more.
        self.blob.make_room(data, 14)?;
        let previous = self.blob.buffer.len() - self.tail;
        self.tail = self.blob.buffer.len();
        self.blob.count += 1;
        match u8::try_from(previous) {
            Ok(short) if short < LONG_PREVLEN => self.blob.buffer.push(short),
            _ => {
                self.blob.buffer.push(LONG_PREVLEN);
                self.blob
                    .buffer
                    .extend_from_slice(&u32::try_from(previous).unwrap_or(u32::MAX).to_le_bytes());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::walk::tests::{hex, torture, walk_all};
    use super::super::{header_count, validate};
    use super::*;
    use proptest::prelude::*;

    fn build(values: &[Bulk<'_>]) -> Vec<u8> {
        let mut builder = ZiplistBuilder::new();
        for value in values {
            builder.push(*value).unwrap();
        }
        assert_eq!(builder.len_bytes(), builder.clone().finish().len());
        builder.finish().to_vec()
    }

    #[test]
    fn known_layouts() {
        // The example in the source of Redis's ziplist.c: the integers 2 and 5.
        let blob = hex("0f000000 0c000000 0200 00f3 02f6 ff");
        assert_eq!(build(&[Bulk::Int(2), Bulk::Bytes(b"5")]), blob);
        assert_eq!(walk_all(Kind::Ziplist, &blob), (vec![b"2".to_vec(), b"5".to_vec()], vec![]));
        torture(Kind::Ziplist, &blob);
        let blob = hex("0b000000 0a000000 0000 ff");
        assert_eq!(build(&[]), blob);
        torture(Kind::Ziplist, &blob);
        let blob = hex("19000000 11000000 0200 00 0568656c6c6f 07 0568656c6c6f ff");
        assert_eq!(build(&[Bulk::Bytes(b"hello"), Bulk::Bytes(b"hello")]), blob);
    }

    #[test]
    fn entries_of_all_classes() {
        let numbers = [
            0,
            12,
            13,
            -1,
            127,
            -128,
            128,
            -129,
            32_767,
            -32_768,
            32_768,
            8_388_607,
            -8_388_608,
            8_388_608,
            i64::from(i32::MAX),
            i64::from(i32::MIN),
            2_147_483_648,
            i64::MAX,
            i64::MIN,
        ];
        let texts: Vec<_> = [0, 1, 63, 64, 250, 251, 252, 253, 254, 300, 16_383, 16_384, 70_000]
            .map(|len| vec![b'x'; len])
            .into();
        let mut values: Vec<_> = numbers.map(Bulk::Int).into();
        values.extend(texts.iter().map(|text| Bulk::Bytes(text)));
        let blob = build(&values);
        let expected: Vec<_> = values.iter().map(Bulk::to_vec).collect();
        assert_eq!(walk_all(Kind::Ziplist, &blob), (expected, vec![]));
        torture(Kind::Ziplist, &build(&values[..22]));
    }

    #[test]
    fn long_previous_length_of_a_small_entry_is_legal() {
        let blob = hex("13000000 0c000000 0200 00f3 fe02000000 f6 ff");
        assert_eq!(walk_all(Kind::Ziplist, &blob), (vec![b"2".to_vec(), b"5".to_vec()], vec![]));
    }

    #[test]
    fn soft_damage_loses_no_entry() {
        let blob = hex("0f000000 0d000000 0300 00f3 03f6 ff");
        let (elements, errors) = walk_all(Kind::Ziplist, &blob);
        assert_eq!(elements, [b"2", b"5"]);
        assert_eq!(
            errors,
            [
                PackedError {
                    kind: PackedErrorKind::Prevlen { stored: 3, size: 2 },
                    element: 1,
                    offset: 12
                },
                PackedError {
                    kind: PackedErrorKind::Tail { stored: 13, last: 12 },
                    element: 2,
                    offset: 4
                },
                PackedError {
                    kind: PackedErrorKind::Count { header: 3, found: 2 },
                    element: 2,
                    offset: 8
                },
            ]
        );
        assert_eq!(validate(Kind::Ziplist, &blob), Err(errors[0]));
    }

    #[test]
    fn hard_damage_ends_the_walk() {
        for (blob, kind) in [
            ("0f000000 0c000000 0200 00f3 0205 ff", PackedErrorKind::Overrun { length: 5 }),
            ("0f000000 0c000000 0200 00f3 02c1 ff", PackedErrorKind::Encoding(0xc1)),
            ("0f000000 0c000000 0200 00f3 02d0 ff", PackedErrorKind::Cut),
            ("0f000000 0c000000 0200 00f3 ff02 ff", PackedErrorKind::EarlyTerminator { left: 2 }),
            ("0f000000 0c000000 0200 00f3 fe02 ff", PackedErrorKind::Cut),
            ("0e000000 0c000000 0200 00f3 02 ff", PackedErrorKind::Cut),
        ] {
            let (elements, errors) = walk_all(Kind::Ziplist, &hex(blob));
            assert_eq!(
                (elements.len(), errors),
                (1, vec![PackedError { kind, element: 1, offset: 12 }])
            );
        }
        assert_eq!(
            Walk::start(Kind::Ziplist, &[0; 10]).unwrap_err().kind,
            PackedErrorKind::TooShort { size: 10, min: 11 }
        );
    }

    #[test]
    fn large_counts_are_left_open() {
        let mut builder = ZiplistBuilder::default();
        for n in 0..65_535 {
            builder.push_int(n).unwrap();
        }
        assert_eq!(header_count(Kind::Ziplist, builder.finish()), None);
        assert_eq!(validate(Kind::Ziplist, builder.finish()), Ok(65_535));
        builder.clear();
        assert_eq!((builder.count(), builder.finish().len()), (0, 11));
    }

    proptest! {
        #[test]
        fn what_is_built_is_read(values: Vec<Vec<u8>>, numbers: Vec<i64>, small in prop::collection::vec(-200i64..40_000, 0..20)) {
            let mut bulks: Vec<_> = values.iter().map(|value| Bulk::Bytes(value)).collect();
            bulks.extend(numbers.iter().chain(&small).map(|n| Bulk::Int(*n)));
            let expected: Vec<_> = bulks.iter().map(Bulk::to_vec).collect();
            let blob = build(&bulks);
            prop_assert_eq!(walk_all(Kind::Ziplist, &blob), (expected, vec![]));
            prop_assert_eq!(header_count(Kind::Ziplist, &blob), Some(bulks.len()));
        }
    }
}
