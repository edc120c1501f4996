//! Layer 0b: the packed encodings that Redis keeps in memory and stores whole.
//!
//! All four are read through one [`Walk`], which carries no lifetime, so that it can be kept
//! beside the bytes it walks. Every walk checks everything a server's deep sanitising checks.

mod intset;
mod listpack;
mod ziplist;
mod zipmap;

use crate::base::bulk::Bulk;
use std::fmt;

/// Which packed structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Kind {
    Listpack,
    Ziplist,
    Intset,
    Zipmap,
}

/// What is wrong with a packed structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PackedErrorKind {
    /// Too short to hold even an empty structure.
    TooShort,
    /// The header's total differs from the bytes there are.
    Total(u64),
    /// The last byte is not the terminator.
    Terminator,
    /// An element's length runs past the end.
    Length(u64),
    /// An unknown element encoding.
    Encoding(u8),
    /// The length behind a listpack element contradicts the element.
    Backlen,
    /// The length in front of a ziplist entry contradicts the entry before it.
    Prevlen(u64),
    /// The ziplist's offset of its last entry is wrong.
    Tail(u64),
    /// The header's element count is wrong.
    Count(u64),
    /// An unknown integer width.
    Width(u32),
    /// Integers that do not rise.
    Order,
    /// A zipmap length below 254 in its long form.
    LongForm,
    /// A zipmap field without a value.
    NoValue,
    /// The terminator stands before the end.
    EarlyEnd,
}

/// Damage inside a packed structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PackedError {
    /// The damage.
    pub kind: PackedErrorKind,
    /// Index of the element, counted from 0.
    pub element: usize,
    /// Offset in the structure, in bytes.
    pub offset: usize,
}

impl PackedError {
    /// Whether the elements can still be read; the walk goes on behind such an error.
    pub fn is_soft(&self) -> bool {
        matches!(
            self.kind,
            PackedErrorKind::Prevlen(_)
                | PackedErrorKind::Tail(_)
                | PackedErrorKind::Count(_)
                | PackedErrorKind::Order
                | PackedErrorKind::LongForm
        )
    }
}

impl fmt::Display for PackedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            PackedErrorKind::TooShort => f.write_str("too short for its header"),
            PackedErrorKind::Total(n) => write!(f, "total length {n} is not the blob's"),
            PackedErrorKind::Terminator => f.write_str("the last byte is not 0xff"),
            PackedErrorKind::Length(n) => write!(f, "length {n} runs past the blob"),
            PackedErrorKind::Encoding(b) => write!(f, "unknown element encoding 0x{b:02x}"),
            PackedErrorKind::Backlen => f.write_str("wrong element back length"),
            PackedErrorKind::Prevlen(n) => write!(f, "wrong length {n} of the previous entry"),
            PackedErrorKind::Tail(n) => write!(f, "wrong offset {n} of the last entry"),
            PackedErrorKind::Count(n) => write!(f, "element count {n} is not what the blob holds"),
            PackedErrorKind::Width(n) => write!(f, "unknown integer width {n}"),
            PackedErrorKind::Order => f.write_str("integers do not rise"),
            PackedErrorKind::LongForm => f.write_str("a short length in its long form"),
            PackedErrorKind::NoValue => f.write_str("a field without a value"),
            PackedErrorKind::EarlyEnd => f.write_str("it ends before its last byte"),
        }
    }
}

impl std::error::Error for PackedError {}

/// A position in a packed structure.
#[derive(Debug, Clone, Copy)]
pub struct Walk {
    kind: Kind,
    /// Offset of the next element.
    pos: usize,
    /// Elements passed.
    index: usize,
    /// The header's element count, if it tells.
    expected: Option<usize>,
    /// Ziplist: size of the entry before. Intset: width. Zipmap: 1 in front of a value.
    aux: usize,
    /// Ziplist: offset of the last entry, by the header.
    tail: usize,
    /// Ziplist: offset of the entry passed last. Intset: see `last_int`.
    last: usize,
    /// Intset: the integer passed last.
    last_int: i64,
    done: bool,
}

type Next<'a> = Result<Option<Bulk<'a>>, PackedError>;

impl Walk {
    /// Checks the header and stands in front of the first element.
    pub fn start(kind: Kind, bytes: &[u8]) -> Result<Walk, PackedError> {
        let walk = Walk {
            kind,
            pos: 0,
            index: 0,
            expected: None,
            aux: 0,
            tail: 0,
            last: 0,
            last_int: 0,
            done: false,
        };
        match kind {
            Kind::Listpack => listpack::start(walk, bytes),
            Kind::Ziplist => ziplist::start(walk, bytes),
            Kind::Intset => intset::start(walk, bytes),
            Kind::Zipmap => zipmap::start(walk, bytes),
        }
    }

    /// The next element; `None` at the end. After a soft error the next call goes on; after any
    /// other it gives `None`. A zipmap gives fields and values in turn.
    #[inline(always)]
    pub fn next<'a>(&mut self, bytes: &'a [u8]) -> Next<'a> {
        match self.kind {
            Kind::Listpack => listpack::next(self, bytes),
            Kind::Ziplist => ziplist::next(self, bytes),
            Kind::Intset => intset::next(self, bytes),
            Kind::Zipmap => zipmap::next(self, bytes),
        }
    }

    /// Elements passed so far.
    #[inline]
    pub fn index(&self) -> usize {
        self.index
    }

    /// Offset of the next element, in bytes.
    #[inline]
    pub fn offset(&self) -> usize {
        self.pos
    }

    #[cold]
    fn error(&self, kind: PackedErrorKind) -> PackedError {
        PackedError {
            kind,
            element: self.index,
            offset: self.pos,
        }
    }

    /// Ends the walk with damage.
    #[cold]
    fn fail<'a>(&mut self, kind: PackedErrorKind) -> Next<'a> {
        self.done = true;
        Err(self.error(kind))
    }

    /// The end of a structure that has a terminator: checks its place and the count.
    #[cold]
    fn finish<'a>(&mut self, bytes: &[u8]) -> Next<'a> {
        if self.done {
            return Ok(None);
        }
        self.done = true;
        if self.pos + 1 != bytes.len() {
            return Err(self.error(PackedErrorKind::EarlyEnd));
        }
        match self.expected {
            Some(n) if n != self.index => Err(self.error(PackedErrorKind::Count(n as u64))),
            _ => Ok(None),
        }
    }
}

/// Walks a whole structure and counts its elements.
pub fn validate(kind: Kind, bytes: &[u8]) -> Result<usize, PackedError> {
    let mut walk = Walk::start(kind, bytes)?;
    while walk.next(bytes)?.is_some() {}
    Ok(walk.index())
}

/// `N` bytes at a place.
#[inline(always)]
fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk::<N>().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unhex(text: &str) -> Vec<u8> {
        let text: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
        text.chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect()
    }

    fn texts(kind: Kind, bytes: &[u8]) -> Result<Vec<String>, PackedError> {
        let mut walk = Walk::start(kind, bytes)?;
        let mut all = Vec::new();
        while let Some(bulk) = walk.next(bytes)? {
            all.push(String::from_utf8_lossy(&bulk.to_vec()).into_owned());
        }
        Ok(all)
    }

    /// Samples written by real servers.
    fn samples() -> Vec<(Kind, Vec<u8>, Vec<&'static str>)> {
        vec![
            (
                Kind::Listpack,
                unhex("19000000 0500 8161 02 01 01 f178ec 03 8568656c6c6f 06 80 01 ff"),
                vec!["a", "1", "-5000", "hello", ""],
            ),
            (
                Kind::Intset,
                unhex("0200000003000000fdff01000200"),
                vec!["-3", "1", "2"],
            ),
            (
                Kind::Ziplist,
                unhex("1200000010000000 0300 00 0161 03 f6 02 0162 ff").tap_len(),
                vec!["a", "5", "b"],
            ),
            (
                Kind::Zipmap,
                unhex("01 03 666f6f 03 00 626172 ff"),
                vec!["foo", "bar"],
            ),
        ]
    }

    trait TapLen {
        fn tap_len(self) -> Self;
    }
    impl TapLen for Vec<u8> {
        /// Writes the total and the tail offset of a ziplist whose last entry takes 3 bytes.
        fn tap_len(mut self) -> Self {
            let total = self.len() as u32;
            self[..4].copy_from_slice(&total.to_le_bytes());
            self[4..8].copy_from_slice(&(total - 4).to_le_bytes());
            self
        }
    }

    #[test]
    fn samples_are_read_whole() {
        for (kind, bytes, expected) in samples() {
            assert_eq!(texts(kind, &bytes).unwrap(), expected, "{kind:?}");
        }
    }

    #[test]
    fn every_cut_is_damage_and_no_flip_panics() {
        for (kind, bytes, _) in samples() {
            for cut in 0..bytes.len() {
                assert!(texts(kind, &bytes[..cut]).is_err(), "{kind:?} cut at {cut}");
            }
            for at in 0..bytes.len() {
                for bit in 0..8 {
                    let mut bad = bytes.clone();
                    bad[at] ^= 1 << bit;
                    let _ = texts(kind, &bad);
                }
            }
        }
    }

    #[test]
    fn listpack_numbers_have_their_signs() {
        let bytes = unhex(
            "66000000130000017f01c08002dfff02cfff02f1001003d00002f1ffef03f1ff157f03f1008003f2008000\
             04f2ffff7f04f200008004f32004030005f3ff20100005200b03008005f440052003020009f4201540\
             00017f0940134000028009ff",
        );
        let text = texts(Kind::Listpack, &bytes);
        // Cut from a longer value: what counts is that it is walked without a panic.
        assert!(text.is_err() || !text.unwrap().is_empty());
        let small = unhex("0d000000 0300 cfff02 dfff02 ff");
        let mut fixed = small.clone();
        fixed[4] = 2;
        assert_eq!(texts(Kind::Listpack, &fixed).unwrap(), ["4095", "-1"]);
        let error = texts(Kind::Listpack, &small).unwrap_err();
        assert_eq!(error.kind, PackedErrorKind::Count(3));
    }

    #[test]
    fn soft_damage_leaves_the_elements_readable() {
        let mut bytes = unhex("0200000003000000fdff01000100");
        let mut walk = Walk::start(Kind::Intset, &bytes).unwrap();
        assert_eq!(walk.next(&bytes).unwrap(), Some(Bulk::Int(-3)));
        assert_eq!(walk.next(&bytes).unwrap(), Some(Bulk::Int(1)));
        let error = walk.next(&bytes).unwrap_err();
        assert!(error.is_soft());
        assert_eq!(error.element, 2);
        assert_eq!(walk.next(&bytes).unwrap(), Some(Bulk::Int(1)));
        assert_eq!(walk.next(&bytes).unwrap(), None);
        bytes[4] = 9;
        assert!(Walk::start(Kind::Intset, &bytes).is_err());
    }

    #[test]
    fn both_dialects_of_long_back_lengths_are_read() {
        for backlen in [&[0x00, 0xff, 0xff][..], &[0x7f, 0xff]] {
            let mut bytes = vec![0, 0, 0, 0, 1, 0, 0xf0];
            bytes.extend_from_slice(&16378u32.to_le_bytes());
            bytes.extend_from_slice(&vec![b'x'; 16378]);
            bytes.extend_from_slice(backlen);
            bytes.push(0xff);
            let total = bytes.len() as u32;
            bytes[..4].copy_from_slice(&total.to_le_bytes());
            assert_eq!(validate(Kind::Listpack, &bytes), Ok(1));
        }
    }
}
