//! Checked iteration over a packed blob of any kind.

use super::{PackedError, PackedErrorKind, intset, listpack, ziplist, zipmap};
use crate::base::bulk::Bulk;

/// The packed encodings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Since Redis 5: a sequence of strings and integers.
    Listpack,
    /// Until Redis 6.2: the predecessor of the listpack.
    Ziplist,
    /// An ascending array of integers.
    Intset,
    /// Until Redis 2.4: fields and values.
    Zipmap,
}

/// A position in a packed blob.
///
/// Holds no reference, so that a parser can keep it beside the blob; each call is given the same blob again. With another
/// blob the elements are meaningless, but nothing panics.
#[derive(Clone, Copy, Debug)]
pub struct Walk {
    pub(super) kind: Kind,
    phase: Phase,
    /// The soft error of the next element has been returned, so let it pass.
    forgiven: bool,
    /// Offset of the next element.
    pub(super) offset: usize,
    /// Index of the next element.
    pub(super) index: usize,
    /// Ziplist: offset of the entry before the next one. Intset: bytes per member.
    pub(super) extra: usize,
    /// Intset: the member before the next one.
    pub(super) previous: i64,
}

/// What is left to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Elements may follow.
    Elements,
    /// All elements are read; the header's count is still to be compared.
    Count,
    /// Nothing.
    Done,
}

impl Walk {
    /// Checks the header and stands before the first element.
    ///
    /// # Errors
    /// The blob is too short, its total length or terminator is wrong, or an intset's header does not fit its size.
    #[inline]
    pub fn start(kind: Kind, bytes: &[u8]) -> Result<Walk, PackedError> {
        match kind {
            Kind::Listpack => listpack::start(bytes),
            Kind::Ziplist => ziplist::start(bytes),
            Kind::Intset => intset::start(bytes),
            Kind::Zipmap => zipmap::start(bytes),
        }
    }

    /// Returns the next element, or `None` at the end.
    ///
    /// A zipmap gives field, value, field, value. Behind the last element the header's count (and a ziplist's tail offset) is
    /// compared with what was read. After a soft error the next call goes on with the element that it was about; a hard error
    /// ends the walk.
    ///
    /// # Errors
    /// Anything in [`PackedErrorKind`] that is not in the header.
    #[inline]
    pub fn next<'a>(&mut self, bytes: &'a [u8]) -> Result<Option<Bulk<'a>>, PackedError> {
        match self.kind {
            Kind::Listpack => listpack::next(self, bytes),
            Kind::Ziplist => ziplist::next(self, bytes),
            Kind::Intset => intset::next(self, bytes),
            Kind::Zipmap => zipmap::next(self, bytes),
        }
    }

    /// Returns the next element if it is of a frequent form and sound; else nothing is done, and [`Walk::next`] knows more.
    ///
    /// Meant for loops: small enough to become part of them, so that the element stays in registers.
    #[inline(always)]
    pub fn next_frequent<'a>(&mut self, bytes: &'a [u8]) -> Option<Bulk<'a>> {
        match self.kind {
            Kind::Listpack => listpack::next_small(self, bytes),
            Kind::Intset => intset::next_ascending(self, bytes),
            Kind::Ziplist | Kind::Zipmap => None,
        }
    }

    /// Returns the next two elements if both are as [`Walk::next_frequent`] gives them; else nothing is done.
    #[inline(always)]
    pub fn next_two_frequent<'a>(&mut self, bytes: &'a [u8]) -> Option<[Bulk<'a>; 2]> {
        if self.kind != Kind::Listpack {
            return None;
        }
        let (first, end) = listpack::small(bytes, self.offset)?;
        let (second, end) = listpack::small(bytes, end)?;
        self.step(end);
        self.index += 1;
        Some([first, second])
    }

    /// Index of the element that comes next; the number of elements read so far.
    #[inline]
    pub fn index(&self) -> usize {
        self.index
    }

    /// Offset in the blob, in bytes, of the element that comes next; of the blob's end after a hard error.
    #[inline]
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// Stands before the first element, which is at `offset`.
    pub(super) fn at(kind: Kind, offset: usize, extra: usize) -> Walk {
        Walk { kind, phase: Phase::Elements, forgiven: false, offset, index: 0, extra, previous: 0 }
    }

    /// Steps over an element that ends at `end`.
    #[inline]
    pub(super) fn step(&mut self, end: usize) {
        self.offset = end;
        self.index += 1;
        self.forgiven = false;
    }

    /// Tells whether elements may follow.
    #[inline]
    pub(super) fn in_elements(&self) -> bool {
        self.phase == Phase::Elements
    }

    /// Reports soft damage of the next element, once.
    pub(super) fn complain(&mut self, kind: PackedErrorKind) -> Result<(), PackedError> {
        if self.forgiven {
            return Ok(());
        }
        self.forgiven = true;
        Err(PackedError { kind, element: self.index, offset: self.offset })
    }

    /// Ends the walk with hard damage of the next element.
    #[cold]
    pub(super) fn fail(&mut self, bytes: &[u8], kind: PackedErrorKind) -> PackedError {
        let error = PackedError { kind, element: self.index, offset: self.offset };
        self.phase = Phase::Done;
        self.offset = bytes.len();
        error
    }

    /// Does the checks behind the last element, each error once, then gives `None` for ever.
    #[cold]
    pub(super) fn end<'a>(&mut self, bytes: &'a [u8]) -> Result<Option<Bulk<'a>>, PackedError> {
        if self.phase == Phase::Elements {
            self.phase = Phase::Count;
            if self.kind == Kind::Ziplist {
                ziplist::check_tail(self, bytes)?;
            }
        }
        if self.phase == Phase::Count {
            self.phase = Phase::Done;
            self.check_count(bytes)?;
        }
        Ok(None)
    }

    /// Compares the header's count with what was read.
    fn check_count(&self, bytes: &[u8]) -> Result<(), PackedError> {
        match header_count(self.kind, bytes) {
            Some(header) if header != self.index => Err(PackedError {
                kind: PackedErrorKind::Count { header, found: self.index },
                element: self.index,
                offset: count_offset(self.kind),
            }),
            _ => Ok(()),
        }
    }
}

/// Offset of the element count in the header.
fn count_offset(kind: Kind) -> usize {
    match kind {
        Kind::Listpack | Kind::Intset => 4,
        Kind::Ziplist => 8,
        Kind::Zipmap => 0,
    }
}

/// Walks a whole blob and returns the number of its elements; a zipmap's pair counts as two.
///
/// # Errors
/// The first damage, soft or hard.
pub fn validate(kind: Kind, bytes: &[u8]) -> Result<usize, PackedError> {
    let mut walk = Walk::start(kind, bytes)?;
    while walk.next(bytes)?.is_some() {}
    Ok(walk.index())
}

/// Returns how many elements the header promises, a zipmap's pair counting as two.
///
/// `None` when the header leaves it open (as it does for 65535 elements or more, 254 pairs or more in a zipmap) or is cut off.
/// The promise is unchecked: it is a hint, not a size to allocate.
pub fn header_count(kind: Kind, bytes: &[u8]) -> Option<usize> {
    match kind {
        Kind::Listpack | Kind::Ziplist => {
            let count = u16::from_le_bytes(super::array(bytes, count_offset(kind))?);
            (count != u16::MAX).then_some(usize::from(count))
        }
        Kind::Intset => {
            Some(super::widen(u32::from_le_bytes(super::array(bytes, count_offset(kind))?)))
        }
        Kind::Zipmap => {
            let pairs = *bytes.first()?;
            (pairs < zipmap::LONG_LENGTH).then_some(usize::from(pairs) * 2)
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Walks a blob to its end and returns its elements and its soft and hard errors.
    pub fn walk_all(kind: Kind, bytes: &[u8]) -> (Vec<Vec<u8>>, Vec<PackedError>) {
        let (mut elements, mut errors) = (Vec::new(), Vec::new());
        let mut walk = match Walk::start(kind, bytes) {
            Ok(walk) => walk,
            Err(error) => return (elements, vec![error]),
        };
        // No blob has more elements than bytes, and each element and the end have at most two errors.
        for _ in 0..bytes.len() * 2 + 4 {
            let index = walk.index();
            match walk.next(bytes) {
                Ok(Some(element)) => {
                    assert_eq!(walk.index(), index + 1);
                    elements.push(element.to_vec());
                }
                Ok(None) => {
                    assert!(matches!(walk.next(bytes), Ok(None)), "the end must stay the end");
                    return (elements, errors);
                }
                Err(error) => {
                    assert!(error.offset <= bytes.len());
                    if !error.is_soft() {
                        assert!(matches!(walk.next(bytes), Ok(None)), "a hard error ends the walk");
                    }
                    errors.push(error);
                }
            }
        }
        panic!("the walk does not end");
    }

    /// Cuts a sound blob at every place and flips its bytes; nothing may panic or run for ever.
    pub fn torture(kind: Kind, bytes: &[u8]) {
        assert_eq!(walk_all(kind, bytes).1, []);
        for end in 0..bytes.len() {
            walk_all(kind, bytes.get(..end).unwrap());
        }
        let mut damaged = bytes.to_vec();
        for at in 0..bytes.len() {
            let original = damaged[at];
            for value in [
                0,
                1,
                0x7f,
                0x80,
                0xc0,
                0xe0,
                0xf0,
                0xf4,
                0xfe,
                0xff,
                original ^ 1,
                original ^ 0x40,
                original ^ 0x80,
            ] {
                damaged[at] = value;
                walk_all(kind, &damaged);
                walk_other_blob(kind, bytes, &damaged);
            }
            damaged[at] = original;
        }
    }

    /// Starts with one blob and goes on with another, which must not panic either.
    fn walk_other_blob(kind: Kind, first: &[u8], second: &[u8]) {
        let Ok(mut walk) = Walk::start(kind, first) else {
            return;
        };
        for _ in 0..first.len() {
            let _ = walk.next(second.get(..second.len() / 2).unwrap());
            let _ = walk.next(second);
        }
    }

    /// Bytes of a hexadecimal literal; spaces are ignored.
    pub fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
        digits
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect()
    }

    #[test]
    fn arbitrary_bytes_do_not_panic() {
        use proptest::prelude::*;
        proptest!(|(mut bytes: Vec<u8>, fix: bool)| {
            // With a right header the walk gets past the first checks.
            if fix && bytes.len() >= 11 {
                let total = u32::try_from(bytes.len()).unwrap().to_le_bytes();
                bytes[..4].copy_from_slice(&total);
                *bytes.last_mut().unwrap() = 0xff;
            }
            for kind in [Kind::Listpack, Kind::Ziplist, Kind::Intset, Kind::Zipmap] {
                walk_all(kind, &bytes);
                let _ = header_count(kind, &bytes);
            }
        });
    }
}
