//! Listpacks: `u32 total bytes, u16 count, elements…, 0xff`, all little-endian.
//!
//! ```text
//! element = encoding [data] backlen
//! 0xxxxxxx            integer 0–127                 110xxxxx yy         13-bit signed integer
//! 10xxxxxx            string of 0–63 bytes          F1 F2 F3 F4         i16 i24 i32 i64
//! 1110xxxx yy         string, 12-bit length         F0 u32              string, 32-bit length
//! ```
//!
//! The backlen is the size of encoding and data, 7 bits a byte, most significant first; all bytes but the first have bit 7 set.

use super::blob::Blob;
use super::walk::{Kind, Walk};
use super::{PackedError, PackedErrorKind, TERMINATOR, TooLarge, array, int24, slice, widen};
use crate::base::bulk::Bulk;
use crate::base::num::parse_canonical_i64;

/// Bytes before the first element.
pub(super) const HEADER_BYTES: usize = 6;

/// Header and terminator.
pub(super) const MIN_BYTES: usize = HEADER_BYTES + 1;

/// How the servers spell the backlen of the three sizes 2^14−1, 2^21−1 and 2^28−1.
///
/// They do not read each other's form: a listpack with such an element loads on its own kind of server only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BacklenDialect {
    /// One byte more than needed: seen in Redis up to 8.6.3 and in Valkey of October 2024.
    #[default]
    Old,
    /// As few bytes as needed: Redis since 8.8, and seen in Valkey 9.1.2.
    New,
}

/// Checks the header.
pub(super) fn start(bytes: &[u8]) -> Result<Walk, PackedError> {
    check_frame(bytes, MIN_BYTES)?;
    Ok(Walk::at(Kind::Listpack, HEADER_BYTES, 0))
}

/// Checks what listpack and ziplist headers share: smallest size, total length, terminator.
pub(super) fn check_frame(bytes: &[u8], min: usize) -> Result<(), PackedError> {
    let size = bytes.len();
    let fail = |kind, offset| Err(PackedError { kind, element: 0, offset });
    if size < min {
        return fail(PackedErrorKind::TooShort { size, min }, 0);
    }
    let header = array(bytes, 0).map_or(0, |field| widen(u32::from_le_bytes(field)));
    if header != size {
        return fail(PackedErrorKind::TotalLength { header, size }, 0);
    }
    if bytes.last() != Some(&TERMINATOR) {
        return fail(PackedErrorKind::NoTerminator, size - 1);
    }
    Ok(())
}

/// Returns the next element.
#[inline]
pub(super) fn next<'a>(walk: &mut Walk, bytes: &'a [u8]) -> Result<Option<Bulk<'a>>, PackedError> {
    match next_small(walk, bytes) {
        Some(element) => Ok(Some(element)),
        None => next_any(walk, bytes),
    }
}

/// Returns the next element if it is one of the most frequent ones.
#[inline(always)]
pub(super) fn next_small<'a>(walk: &mut Walk, bytes: &'a [u8]) -> Option<Bulk<'a>> {
    let (element, end) = small(bytes, walk.offset)?;
    walk.step(end);
    Some(element)
}

/// Decodes the most frequent elements, if sound: integers, and strings of up to 63 bytes.
///
/// Needs no look at the terminator: it can not be taken for a backlen, and it starts none of these elements.
#[inline(always)]
pub(super) fn small(bytes: &[u8], at: usize) -> Option<(Bulk<'_>, usize)> {
    let rest = bytes.get(at..)?;
    let &first = rest.first()?;
    if first < 0x80 {
        return (rest.get(1) == Some(&1)).then_some((Bulk::Int(i64::from(first)), at + 2));
    }
    if first < 0xc0 {
        let len = usize::from(first & 0x3f);
        let (data, behind) = rest.get(1..)?.split_at_checked(len)?;
        return (behind.first() == Some(&(first & 0x3f).wrapping_add(1)))
            .then_some((Bulk::Bytes(data), at + len + 2));
    }
    let (value, size): (i64, u8) = match first {
        0xc0..0xe0 => (int13(first, *rest.get(1)?), 2),
        0xf1 => (i16::from_le_bytes(array(rest, 1)?).into(), 3),
        0xf2 => (int24(array(rest, 1)?), 4),
        0xf3 => (i32::from_le_bytes(array(rest, 1)?).into(), 5),
        0xf4 => (i64::from_le_bytes(array(rest, 1)?), 9),
        _ => return None,
    };
    let behind = usize::from(size);
    (rest.get(behind) == Some(&size)).then_some((Bulk::Int(value), at + behind + 1))
}

/// Decodes a 13-bit signed integer.
#[inline]
fn int13(first: u8, second: u8) -> i64 {
    i64::from(i16::from_be_bytes([first << 3, 0]) >> 3) | i64::from(second)
}

/// Returns the next element of any encoding, or what is wrong with it.
#[inline(never)]
fn next_any<'a>(walk: &mut Walk, bytes: &'a [u8]) -> Result<Option<Bulk<'a>>, PackedError> {
    let at = walk.offset;
    let body = bytes.get(..bytes.len().saturating_sub(1)).unwrap_or_default();
    if !walk.in_elements() || at == body.len() {
        return walk.end(bytes);
    }
    let (element, size) = match decode(body, at) {
        Ok(found) => found,
        Err(kind) => return Err(walk.fail(bytes, kind)),
    };
    let backlen_at = at + size;
    match check_backlen(body, backlen_at, size) {
        Ok(len) => walk.step(backlen_at + len),
        Err((kind, len)) if kind.is_soft() => {
            walk.complain(kind)?;
            walk.step(backlen_at + len);
        }
        Err((kind, _)) => return Err(walk.fail(bytes, kind)),
    }
    Ok(Some(element))
}

/// Decodes the element at `at`; returns it with its size without backlen, in bytes.
pub(super) fn decode(body: &[u8], at: usize) -> Result<(Bulk<'_>, usize), PackedErrorKind> {
    use PackedErrorKind::{Cut, EarlyTerminator, Encoding};
    let rest = body.get(at..).ok_or(Cut)?;
    let (&first, data) = rest.split_first().ok_or(Cut)?;
    let int = |value, size| Ok((Bulk::Int(value), size));
    match first {
        0x00..=0x7f => int(i64::from(first), 1),
        0x80..=0xbf => string(data, 0, usize::from(first & 0x3f)),
        0xc0..=0xdf => int(int13(first, *data.first().ok_or(Cut)?), 2),
        0xe0..=0xef => {
            let &low = data.first().ok_or(Cut)?;
            string(data, 1, usize::from(u16::from_be_bytes([first & 0x0f, low])))
        }
        0xf0 => string(data, 4, widen(u32::from_le_bytes(array(data, 0).ok_or(Cut)?))),
        0xf1 => int(i64::from(i16::from_le_bytes(array(data, 0).ok_or(Cut)?)), 3),
        0xf2 => int(int24(array(data, 0).ok_or(Cut)?), 4),
        0xf3 => int(i64::from(i32::from_le_bytes(array(data, 0).ok_or(Cut)?)), 5),
        0xf4 => int(i64::from_le_bytes(array(data, 0).ok_or(Cut)?), 9),
        // The last byte of the blob is not in the body.
        TERMINATOR => Err(EarlyTerminator { left: rest.len() }),
        0xf5..=0xfe => Err(Encoding(first)),
    }
}

/// Takes a string of `len` bytes that starts `skip` bytes into what follows the first byte of its element.
fn string(data: &[u8], skip: usize, len: usize) -> Result<(Bulk<'_>, usize), PackedErrorKind> {
    let bytes = slice(data, skip, len).ok_or(PackedErrorKind::Overrun { length: len })?;
    Ok((Bulk::Bytes(bytes), 1 + skip + len))
}

/// Compares the backlen at `at` with the element's size and returns its length in bytes; with soft damage, too.
pub(super) fn check_backlen(
    body: &[u8],
    at: usize,
    size: usize,
) -> Result<usize, (PackedErrorKind, usize)> {
    if size < 0x80 {
        return match body.get(at) {
            Some(&stored) if usize::from(stored) == size => Ok(1),
            Some(_) => Err((PackedErrorKind::Backlen { size }, 1)),
            None => Err((PackedErrorKind::Cut, 1)),
        };
    }
    let dialect = match (is_ambiguous_size(size), body.get(at)) {
        (true, Some(0)) => BacklenDialect::Old,
        (true, Some(0x7f)) | (false, _) => BacklenDialect::New,
        (true, Some(_)) => return Err((PackedErrorKind::BacklenUnclear { size }, 0)),
        (true, None) => return Err((PackedErrorKind::Cut, 0)),
    };
    let expected = Backlen::of(size, dialect);
    let len = expected.as_bytes().len();
    match slice(body, at, len) {
        Some(stored) if stored == expected.as_bytes() => Ok(len),
        Some(_) => Err((PackedErrorKind::Backlen { size }, len)),
        None => Err((PackedErrorKind::Cut, len)),
    }
}

/// Tells whether the dialects spell the backlen of an element of this size differently.
fn is_ambiguous_size(size: usize) -> bool {
    matches!(size, 0x3fff | 0x1f_ffff | 0xfff_ffff)
}

/// An encoded backlen.
pub(super) struct Backlen {
    bytes: [u8; 5],
    /// Index of the first byte used.
    first: usize,
}

impl Backlen {
    /// Encodes the size of an element.
    #[inline]
    pub(super) fn of(size: usize, dialect: BacklenDialect) -> Backlen {
        let mut bytes = [0; 5];
        let mut rest = size;
        let mut first = bytes.len();
        for (at, place) in bytes.iter_mut().enumerate().rev() {
            let [low, ..] = rest.to_le_bytes();
            rest >>= 7;
            first = at;
            if rest == 0 {
                *place = low & 0x7f;
                break;
            }
            *place = low | 0x80;
        }
        if dialect == BacklenDialect::Old && is_ambiguous_size(size) {
            if let Some(place) = bytes.get_mut(first) {
                *place |= 0x80;
            }
            first = first.saturating_sub(1);
        }
        Backlen { bytes, first }
    }

    #[inline]
    pub(super) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(self.first..).unwrap_or_default()
    }
}

/// Builds a listpack as servers do, in a buffer that can be used again.
///
/// Strings that are canonical integers are stored as such, and each integer in its shortest form.
#[derive(Clone, Debug)]
pub struct ListpackBuilder {
    blob: Blob,
    dialect: BacklenDialect,
}

impl ListpackBuilder {
    /// Starts an empty listpack for servers that read the given dialect.
    pub fn new(dialect: BacklenDialect) -> ListpackBuilder {
        ListpackBuilder { blob: Blob::new(HEADER_BYTES), dialect }
    }

    /// Appends a string or an integer.
    ///
    /// # Errors
    /// The listpack would grow past 1 GiB; nothing is appended.
    #[inline]
    pub fn push(&mut self, value: Bulk<'_>) -> Result<(), TooLarge> {
        match value {
            Bulk::Bytes(bytes) => self.push_bytes(bytes),
            Bulk::Int(n) => self.push_int(n),
        }
    }

    /// Appends a string, as an integer if it is the canonical text of one.
    ///
    /// # Errors
    /// The listpack would grow past 1 GiB; nothing is appended.
    #[inline]
    pub fn push_bytes(&mut self, bytes: &[u8]) -> Result<(), TooLarge> {
        if let Some(n) = parse_canonical_i64(bytes) {
            return self.push_int(n);
        }
        // Encoding and backlen take up to ten bytes more.
        self.blob.make_room(bytes.len(), 10)?;
        let header = StringHeader::of(bytes.len());
        let header = header.as_bytes();
        self.blob.buffer.extend_from_slice(header);
        self.blob.buffer.extend_from_slice(bytes);
        self.close_element(header.len() + bytes.len());
        Ok(())
    }

    /// Appends an integer.
    ///
    /// # Errors
    /// The listpack would grow past 1 GiB; nothing is appended.
    #[inline]
    pub fn push_int(&mut self, n: i64) -> Result<(), TooLarge> {
        self.blob.make_room(0, 10)?;
        let start = self.blob.buffer.len();
        write_int(n, &mut self.blob.buffer);
        self.close_element(self.blob.buffer.len() - start);
        Ok(())
    }

    /// Number of elements so far.
    pub fn count(&self) -> usize {
        self.blob.count
    }

    /// Size in bytes that the listpack has when finished now.
    pub fn len_bytes(&self) -> usize {
        self.blob.len_bytes()
    }

    /// Completes the listpack and returns it. More can be appended afterwards, and the whole be finished again.
    pub fn finish(&mut self) -> &[u8] {
        self.blob.finish(&[])
    }

    /// Forgets all elements and keeps the buffer.
    pub fn clear(&mut self) {
        self.blob.clear();
    }

    /// Tells whether the element would have a size whose backlen the dialects spell differently (16383, 2097151 or
    /// 268435455 bytes). Where the type has another encoding, a writer should use that for such a value.
    pub fn is_ambiguous(value: Bulk<'_>) -> bool {
        match value {
            Bulk::Bytes(bytes) => {
                is_ambiguous_size(StringHeader::of(bytes.len()).as_bytes().len() + bytes.len())
            }
            Bulk::Int(_) => false,
        }
    }

    /// Writes the backlen of the element just written.
    #[inline]
    fn close_element(&mut self, size: usize) {
        match u8::try_from(size) {
            Ok(size @ 0..=127) => self.blob.buffer.push(size),
            _ => self.blob.buffer.extend_from_slice(Backlen::of(size, self.dialect).as_bytes()),
        }
        self.blob.count += 1;
    }
}

/// The encoding bytes of a string.
pub(super) struct StringHeader {
    bytes: [u8; 5],
    len: usize,
}

impl StringHeader {
    /// Encodes a length; lengths beyond the limit of a blob are cut, and never written.
    #[inline]
    pub(super) fn of(len: usize) -> StringHeader {
        let [low, second, third, fourth] = u32::try_from(len).unwrap_or(u32::MAX).to_le_bytes();
        match len {
            0..64 => StringHeader { bytes: [0x80 | low, 0, 0, 0, 0], len: 1 },
            64..4096 => StringHeader { bytes: [0xe0 | second, low, 0, 0, 0], len: 2 },
            _ => StringHeader { bytes: [0xf0, low, second, third, fourth], len: 5 },
        }
    }

    #[inline]
    pub(super) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

/// Appends an integer in its shortest form, without backlen.
#[inline]
fn write_int(n: i64, out: &mut Vec<u8>) {
    let [b0, b1, b2, b3, ..] = n.to_le_bytes();
    match n {
        0..=0x7f => out.push(b0),
        -0x1000..=0xfff => out.extend_from_slice(&[0xc0 | (b1 & 0x1f), b0]),
        -0x8000..=0x7fff => out.extend_from_slice(&[0xf1, b0, b1]),
        -0x80_0000..=0x7f_ffff => out.extend_from_slice(&[0xf2, b0, b1, b2]),
        -0x8000_0000..=0x7fff_ffff => out.extend_from_slice(&[0xf3, b0, b1, b2, b3]),
        _ => {
            out.push(0xf4);
            out.extend_from_slice(&n.to_le_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::walk::tests::{hex, torture, walk_all};
    use super::super::{header_count, validate};
    use super::*;
    use proptest::prelude::*;

    fn build(values: &[Bulk<'_>]) -> Vec<u8> {
        let mut builder = ListpackBuilder::new(BacklenDialect::Old);
        for value in values {
            builder.push(*value).unwrap();
        }
        assert_eq!(builder.len_bytes(), builder.clone().finish().len());
        builder.finish().to_vec()
    }

    fn strings(values: &[&str]) -> Vec<Vec<u8>> {
        values.iter().map(|value| value.as_bytes().to_vec()).collect()
    }

    /// Blobs of real servers with their elements.
    fn samples() -> Vec<(Vec<u8>, Vec<Vec<u8>>)> {
        [
            (
                "19000000 0500 8161 02 01 01 f178ec 03 8568656c6c6f 06 80 01 ff",
                strings(&["a", "1", "-5000", "hello", ""]),
            ),
            ("0f0000000300 816102 816202 0701 ff", strings(&["a", "b", "7"])),
            (
                "1d0000000600816302842d696e6605816102010181620283322e3504ff",
                strings(&["c", "-inf", "a", "1", "b", "2.5"]),
            ),
            (
                "210000000600816602817602816e0264018362696704f4ece56641e3ffffff09ff",
                strings(&["f", "v", "n", "100", "big", "-123456789012"]),
            ),
        ]
        .into_iter()
        .map(|(blob, elements)| (hex(blob), elements))
        .collect()
    }

    #[test]
    fn blobs_of_servers_are_read_and_written_alike() {
        for (blob, elements) in samples() {
            assert_eq!(walk_all(Kind::Listpack, &blob), (elements.clone(), vec![]));
            let values: Vec<_> = elements.iter().map(|element| Bulk::Bytes(element)).collect();
            assert_eq!(build(&values), blob);
            torture(Kind::Listpack, &blob);
        }
    }

    #[test]
    fn integers_take_their_shortest_form() {
        // A list node as six servers write it.
        let blob = hex(
            "66000000 1300 0001 7f01 c08002 dfff02 cfff02 f1001003 d00002 f1ffef03 f1ff7f03 f1008003 f200800004
             f2ffff7f04 f200008004 f30000800005 f3ffffff7f05 f30000008005 f4000000800000000009
             f4ffffffffffffff7f09 f4000000000000008009 ff",
        );
        let numbers = [
            0,
            127,
            128,
            -1,
            4095,
            4096,
            -4096,
            -4097,
            32767,
            -32768,
            32768,
            8_388_607,
            -8_388_608,
            8_388_608,
            i64::from(i32::MAX),
            i64::from(i32::MIN),
            2_147_483_648,
            i64::MAX,
            i64::MIN,
        ];
        let built = build(&numbers.map(Bulk::Int));
        assert_eq!(built, blob);
        let (elements, errors) = walk_all(Kind::Listpack, &built);
        assert_eq!(elements, numbers.map(|n| n.to_string().into_bytes()));
        assert_eq!(errors, []);
        torture(Kind::Listpack, &built);
    }

    #[test]
    fn strings_of_all_length_classes() {
        for len in [
            0, 1, 63, 64, 125, 126, 127, 128, 4095, 4096, 16377, 16379, 70_000, 2_097_145,
            2_097_147,
        ] {
            let text = vec![b'x'; len];
            let blob = build(&[Bulk::Bytes(&text), Bulk::Int(5)]);
            assert_eq!(walk_all(Kind::Listpack, &blob), (vec![text, b"5".to_vec()], vec![]));
        }
    }

    #[test]
    fn both_dialects_are_read() {
        for len in [16_378, 2_097_146] {
            let text = vec![b'x'; len];
            assert!(ListpackBuilder::is_ambiguous(Bulk::Bytes(&text)));
            assert!(!ListpackBuilder::is_ambiguous(Bulk::Bytes(&text[1..])));
            let mut sizes = Vec::new();
            for dialect in [BacklenDialect::Old, BacklenDialect::New] {
                let mut builder = ListpackBuilder::new(dialect);
                builder.push_bytes(&text).unwrap();
                builder.push_int(1).unwrap();
                let mut blob = builder.finish().to_vec();
                assert_eq!(
                    walk_all(Kind::Listpack, &blob),
                    (vec![text.clone(), b"1".to_vec()], vec![])
                );
                sizes.push(blob.len());
                blob[6 + 5 + len] = 0x55;
                let (_, errors) = walk_all(Kind::Listpack, &blob);
                assert_eq!(errors[0].kind, PackedErrorKind::BacklenUnclear { size: len + 5 });
            }
            assert_eq!(sizes[0], sizes[1] + 1);
        }
        let size = Backlen::of(16_383, BacklenDialect::Old);
        assert_eq!(size.as_bytes(), [0x00, 0xff, 0xff]);
        assert_eq!(Backlen::of(16_383, BacklenDialect::New).as_bytes(), [0x7f, 0xff]);
        assert_eq!(Backlen::of(16_384, BacklenDialect::Old).as_bytes(), [0x01, 0x80, 0x80]);
        assert_eq!(Backlen::of(16_382, BacklenDialect::Old).as_bytes(), [0x7f, 0xfe]);
        assert_eq!(
            Backlen::of(0xfff_ffff, BacklenDialect::Old).as_bytes(),
            [0, 0xff, 0xff, 0xff, 0xff]
        );
    }

    #[test]
    fn soft_damage_loses_no_element() {
        let (blob, elements) = samples().swap_remove(0);
        let mut damaged = blob.clone();
        damaged[8] = 9; // backlen of "a"
        damaged[4] = 4; // count
        let (read, errors) = walk_all(Kind::Listpack, &damaged);
        assert_eq!(read, elements);
        assert_eq!(
            errors.iter().map(|e| e.kind).collect::<Vec<_>>(),
            [PackedErrorKind::Backlen { size: 2 }, PackedErrorKind::Count { header: 4, found: 5 }]
        );
        assert_eq!((errors[0].element, errors[0].offset), (0, 6));
        assert_eq!((errors[1].element, errors[1].offset), (5, 4));
        assert_eq!(validate(Kind::Listpack, &damaged), Err(errors[0]));
    }

    #[test]
    fn hard_damage_ends_the_walk() {
        let (blob, _) = samples().swap_remove(0);
        let cases: [(usize, &[u8], PackedErrorKind, usize, usize); 7] = [
            (0, &[0x18], PackedErrorKind::TotalLength { header: 24, size: 25 }, 0, 0),
            (24, &[0xfe], PackedErrorKind::NoTerminator, 0, 24),
            (6, &[0xf0, 0x70, 0x11, 1, 0], PackedErrorKind::Overrun { length: 70_000 }, 0, 6),
            (6, &[0xff], PackedErrorKind::EarlyTerminator { left: 18 }, 0, 6),
            (9, &[0xf7], PackedErrorKind::Encoding(0xf7), 1, 9),
            (22, &[0xc0, 0], PackedErrorKind::Cut, 4, 22),
            (22, &[0xf4, 0], PackedErrorKind::Cut, 4, 22),
        ];
        for (at, patch, kind, element, offset) in cases {
            let mut damaged = blob.clone();
            damaged[at..at + patch.len()].copy_from_slice(patch);
            let (_, errors) = walk_all(Kind::Listpack, &damaged);
            assert_eq!(errors, [PackedError { kind, element, offset }]);
        }
        let error = Walk::start(Kind::Listpack, &blob[..6]).unwrap_err();
        assert_eq!(error.kind, PackedErrorKind::TooShort { size: 6, min: 7 });
        let overrun = PackedError {
            kind: PackedErrorKind::Overrun { length: 70_000 },
            element: 0,
            offset: 6,
        };
        assert_eq!(overrun.to_string(), "length 70000 runs past the blob");
    }

    #[test]
    fn large_counts_are_left_open() {
        let mut builder = ListpackBuilder::new(BacklenDialect::New);
        for n in 0..65_534 {
            builder.push_int(n).unwrap();
        }
        assert_eq!(header_count(Kind::Listpack, builder.finish()), Some(65_534));
        builder.push_bytes(b"one more").unwrap();
        assert_eq!(header_count(Kind::Listpack, builder.finish()), None);
        assert_eq!(validate(Kind::Listpack, builder.finish()), Ok(65_535));
        assert_eq!(builder.count(), 65_535);
        builder.clear();
        assert_eq!(builder.finish(), hex("07000000 0000 ff"));
        assert_eq!(validate(Kind::Listpack, builder.finish()), Ok(0));
    }

    proptest! {
        #[test]
        fn what_is_built_is_read(values: Vec<Vec<u8>>, numbers: Vec<i64>, small in prop::collection::vec(-5000i64..5000, 0..20)) {
            let mut bulks: Vec<_> = values.iter().map(|value| Bulk::Bytes(value)).collect();
            bulks.extend(numbers.iter().chain(&small).map(|n| Bulk::Int(*n)));
            let expected: Vec<_> = bulks.iter().map(Bulk::to_vec).collect();
            let blob = build(&bulks);
            prop_assert_eq!(walk_all(Kind::Listpack, &blob), (expected, vec![]));
            prop_assert_eq!(validate(Kind::Listpack, &blob), Ok(bulks.len()));
            prop_assert_eq!(header_count(Kind::Listpack, &blob), Some(bulks.len()));
        }

        #[test]
        fn integers_are_recognised_in_text(n: i64) {
            let text = n.to_string();
            prop_assert_eq!(build(&[Bulk::Bytes(text.as_bytes())]), build(&[Bulk::Int(n)]));
        }

        #[test]
        fn backlens_check(size in 1usize..0xffff_ffff, old: bool) {
            let dialect = if old { BacklenDialect::Old } else { BacklenDialect::New };
            let backlen = Backlen::of(size, dialect);
            let bytes = backlen.as_bytes();
            prop_assert_eq!(check_backlen(bytes, 0, size), Ok(bytes.len()));
            let value = bytes.iter().fold(0u64, |value, byte| value << 7 | u64::from(byte & 0x7f));
            prop_assert_eq!(value, u64::try_from(size).unwrap());
        }
    }
}
