//! A listpack that is held and edited in place.

use super::listpack::{
    Backlen, BacklenDialect, HEADER_BYTES, MIN_BYTES, StringHeader, check_backlen, check_frame,
    decode, small,
};
use super::{Kind, MAX_BLOB_BYTES, PackedError, PackedErrorKind, TERMINATOR, array, validate};
use crate::base::bulk::Bulk;
use crate::base::num::parse_canonical_i64;

/// Header value that leaves the number of elements open.
const COUNT_OPEN: u16 = u16::MAX;

/// A listpack in memory, byte for byte as servers build it: strings that are canonical integers are stored as such.
///
/// Appending is amortised by about a twelfth of slack; every other change moves the bytes behind it. Sizes are the caller's
/// to limit: see [`Listpack::has_room`]. A blob of foreign origin is safe to hold even unchecked: reading it ends where it
/// makes no sense, and changes at a place that is none do nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listpack {
    bytes: Vec<u8>,
}

/// The place of an element: its offset in bytes. Any change before or at it makes it stale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pos(usize);

impl Default for Listpack {
    fn default() -> Self {
        Self::new()
    }
}

impl Listpack {
    /// An empty listpack.
    pub fn new() -> Listpack {
        let mut bytes = vec![0; MIN_BYTES];
        if let Some(last) = bytes.last_mut() {
            *last = TERMINATOR;
        }
        let mut new = Listpack { bytes };
        new.write_header(0);
        new
    }

    /// Takes a blob that [`validate`] has passed already; only its frame is checked again.
    ///
    /// # Errors
    /// The total length or the terminator is wrong.
    pub fn from_validated(bytes: Vec<u8>) -> Result<Listpack, PackedError> {
        check_frame(&bytes, MIN_BYTES)?;
        Ok(Listpack { bytes })
    }

    /// Takes a blob of unknown origin, checking all of it.
    ///
    /// # Errors
    /// Any damage, soft or hard.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Listpack, PackedError> {
        validate(Kind::Listpack, &bytes)?;
        Ok(Listpack { bytes })
    }

    /// The blob.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The blob, taken out.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Size of the blob in bytes.
    pub fn len_bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Bytes allocated for it, slack included.
    pub fn allocated_bytes(&self) -> usize {
        self.bytes.capacity()
    }

    /// Number of elements. Costs a walk from 65535 elements on, where the header does not tell.
    pub fn count(&self) -> usize {
        match self.header_count() {
            COUNT_OPEN => self.positions().count(),
            count => usize::from(count),
        }
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.bytes.len() <= MIN_BYTES
    }

    /// Whether so many bytes more keep it below the size that servers accept.
    pub fn has_room(&self, more_bytes: usize) -> bool {
        self.bytes.len().saturating_add(more_bytes) <= MAX_BLOB_BYTES
    }

    /// Bytes that a string takes as an element.
    pub fn encoded_len(value: &[u8]) -> usize {
        Encoded::of(Bulk::Bytes(value)).len()
    }

    /// Bytes that an integer takes as an element.
    pub fn encoded_int_len(value: i64) -> usize {
        Encoded::of(Bulk::Int(value)).len()
    }

    /// Place of the first element.
    pub fn first(&self) -> Option<Pos> {
        self.exists(HEADER_BYTES)
    }

    /// Place of the last element.
    pub fn last(&self) -> Option<Pos> {
        self.before(self.end())
    }

    /// Place of the element behind this one.
    #[inline]
    pub fn next(&self, at: Pos) -> Option<Pos> {
        self.exists(self.behind(at.0)?)
    }

    /// Place of the element before this one.
    pub fn prev(&self, at: Pos) -> Option<Pos> {
        self.before(at.0)
    }

    /// Place of the element at an index, walking from the nearer end.
    pub fn at(&self, index: usize) -> Option<Pos> {
        let count = match self.header_count() {
            COUNT_OPEN => return self.positions().nth(index),
            count => usize::from(count),
        };
        if index >= count {
            return None;
        }
        if index <= count / 2 {
            let mut pos = self.first()?;
            for _ in 0..index {
                pos = self.next(pos)?;
            }
            Some(pos)
        } else {
            let mut pos = self.last()?;
            for _ in index + 1..count {
                pos = self.prev(pos)?;
            }
            Some(pos)
        }
    }

    /// The element at a place; an empty string where there is none.
    #[inline]
    pub fn get(&self, at: Pos) -> Bulk<'_> {
        self.read(at.0).map_or(Bulk::Bytes(&[]), |(element, _)| element)
    }

    /// The elements from the first on, with their places.
    pub fn iter(&self) -> Iter<'_> {
        Iter { pack: self, at: HEADER_BYTES }
    }

    /// The elements from a place on.
    pub fn iter_from(&self, at: Pos) -> Iter<'_> {
        Iter { pack: self, at: at.0 }
    }

    /// The elements from the last on, backwards.
    pub fn iter_back(&self) -> IterBack<'_> {
        IterBack { pack: self, at: self.end() }
    }

    /// The elements before a place, backwards, that one included.
    pub fn iter_back_from(&self, at: Pos) -> IterBack<'_> {
        IterBack { pack: self, at: self.behind(at.0).unwrap_or(at.0) }
    }

    /// The first of every `skip + 1` elements from a place on that equals a string.
    pub fn find(&self, from: Pos, value: &[u8], skip: usize) -> Option<Pos> {
        let number = parse_canonical_i64(value);
        let mut at = from.0;
        loop {
            let (element, behind) = self.read(at)?;
            let equal = match element {
                Bulk::Bytes(bytes) => bytes == value,
                Bulk::Int(n) => number == Some(n),
            };
            if equal {
                return Some(Pos(at));
            }
            at = behind;
            for _ in 0..skip {
                at = self.behind(at)?;
            }
        }
    }

    /// Appends a string.
    pub fn push_back(&mut self, value: &[u8]) {
        self.push_back_bulk(Bulk::Bytes(value));
    }

    /// Appends an integer.
    pub fn push_back_int(&mut self, value: i64) {
        self.push_back_bulk(Bulk::Int(value));
    }

    /// Appends a string or an integer.
    pub fn push_back_bulk(&mut self, value: Bulk<'_>) {
        self.put(self.end(), 0, &Encoded::of(value));
        self.add_to_count(1);
    }

    /// Puts a string before all others.
    pub fn push_front(&mut self, value: &[u8]) {
        self.put(HEADER_BYTES, 0, &Encoded::of(Bulk::Bytes(value)));
        self.add_to_count(1);
    }

    /// Puts a string before the element at a place. The new element has that place afterwards.
    pub fn insert(&mut self, at: Pos, value: &[u8]) {
        self.insert_bulk(at, Bulk::Bytes(value));
    }

    /// Puts an integer before the element at a place.
    pub fn insert_int(&mut self, at: Pos, value: i64) {
        self.insert_bulk(at, Bulk::Int(value));
    }

    /// Puts a string or an integer before the element at a place.
    pub fn insert_bulk(&mut self, at: Pos, value: Bulk<'_>) {
        if at.0 <= self.end() {
            self.put(at.0, 0, &Encoded::of(value));
            self.add_to_count(1);
        }
    }

    /// Puts a string behind the element at a place and returns its own place.
    pub fn insert_after(&mut self, at: Pos, value: &[u8]) -> Pos {
        let behind = Pos(self.behind(at.0).unwrap_or(self.end()));
        self.insert(behind, value);
        behind
    }

    /// Replaces the element at a place, which keeps its place.
    pub fn replace(&mut self, at: Pos, value: &[u8]) {
        self.replace_bulk(at, Bulk::Bytes(value));
    }

    /// Replaces the element at a place by an integer.
    pub fn replace_int(&mut self, at: Pos, value: i64) {
        self.replace_bulk(at, Bulk::Int(value));
    }

    /// Replaces the element at a place by a string or an integer.
    pub fn replace_bulk(&mut self, at: Pos, value: Bulk<'_>) {
        if let Some(behind) = self.behind(at.0) {
            self.put(at.0, behind - at.0, &Encoded::of(value));
        }
    }

    /// Removes up to `n` elements from a place on and returns how many there were. What follows them has the place afterwards.
    pub fn remove(&mut self, at: Pos, n: usize) -> usize {
        let (mut end, mut removed) = (at.0, 0);
        while removed < n {
            match self.behind(end) {
                Some(behind) => end = behind,
                None => break,
            }
            removed += 1;
        }
        self.cut(at.0, end, removed);
        removed
    }

    /// Removes the elements between two places, the first included; returns how many there were.
    pub fn remove_between(&mut self, from: Pos, to: Pos) -> usize {
        let removed = self.iter_from(from).take_while(|(at, _)| *at < to).count();
        self.remove(from, removed)
    }

    /// Removes the first element and returns it.
    pub fn pop_front(&mut self) -> Option<Vec<u8>> {
        let first = self.first()?;
        let value = self.get(first).to_vec();
        self.remove(first, 1);
        Some(value)
    }

    /// Removes the last element and returns it.
    pub fn pop_back(&mut self) -> Option<Vec<u8>> {
        let last = self.last()?;
        let value = self.get(last).to_vec();
        self.remove(last, 1);
        Some(value)
    }

    /// Keeps the first `count` elements.
    pub fn truncate(&mut self, count: usize) {
        if let Some(at) = self.at(count) {
            let removed = self.count() - count;
            self.cut(at.0, self.end(), removed);
        }
    }

    /// Moves the elements from a place on to a listpack of their own.
    pub fn split_off(&mut self, at: Pos) -> Listpack {
        let end = self.end();
        let mut right = Listpack::new();
        let Some(moved) = self.bytes.get(at.0..end) else { return right };
        let count = self.iter_from(at).count();
        right.bytes.reserve_exact(moved.len());
        right.bytes.truncate(HEADER_BYTES);
        right.bytes.extend_from_slice(moved);
        right.bytes.push(TERMINATOR);
        right.write_header(count);
        self.cut(at.0, end, count);
        right
    }

    /// Appends all elements of another listpack.
    pub fn append(&mut self, other: &Listpack) {
        let Some(elements) = other.bytes.get(HEADER_BYTES..other.end()) else { return };
        let count = self.count() + other.count();
        self.reserve(elements.len());
        self.bytes.pop();
        self.bytes.extend_from_slice(elements);
        self.bytes.push(TERMINATOR);
        self.write_header(count);
    }

    /// Gives memory that is not used back.
    pub fn shrink(&mut self) {
        // Copied, since allocators do not move a block that gets just a little smaller.
        if self.bytes.capacity() > self.bytes.len() {
            self.bytes = self.bytes.as_slice().to_vec();
        }
    }

    /// Offset of the terminator.
    fn end(&self) -> usize {
        self.bytes.len().saturating_sub(1)
    }

    /// The places of all elements.
    fn positions(&self) -> impl Iterator<Item = Pos> {
        std::iter::successors(self.first(), |at| self.next(*at))
    }

    /// The place at an offset, if an element starts there.
    #[inline]
    fn exists(&self, at: usize) -> Option<Pos> {
        (at < self.end()).then_some(Pos(at))
    }

    /// The element at an offset and the offset behind it.
    #[inline]
    fn read(&self, at: usize) -> Option<(Bulk<'_>, usize)> {
        if let Some(found) = small(&self.bytes, at) {
            return Some(found);
        }
        let body = self.bytes.get(..self.end())?;
        let (element, size) = decode(body, at).ok()?;
        Some((element, at + size + backlen_size(body, at + size, size)?))
    }

    /// The offset behind the element at an offset.
    #[inline]
    fn behind(&self, at: usize) -> Option<usize> {
        self.read(at).map(|(_, behind)| behind)
    }

    /// The place of the element that ends at an offset.
    fn before(&self, end: usize) -> Option<Pos> {
        let mut size = 0_usize;
        for index in 0..5 {
            let at = end.checked_sub(index + 1).filter(|at| *at >= HEADER_BYTES)?;
            let byte = *self.bytes.get(at)?;
            size |= usize::from(byte & 0x7f) << (7 * index);
            if byte & 0x80 == 0 {
                let start = at.checked_sub(size)?;
                return (start >= HEADER_BYTES && size > 0).then_some(Pos(start));
            }
        }
        None
    }

    fn header_count(&self) -> u16 {
        array(&self.bytes, 4).map_or(0, u16::from_le_bytes)
    }

    /// Writes the total size and a number of elements.
    fn write_header(&mut self, count: usize) {
        let count = u16::try_from(count).unwrap_or(COUNT_OPEN);
        // Callers keep the size below 1 GiB.
        let total = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
        for (place, byte) in
            self.bytes.iter_mut().zip(total.to_le_bytes().into_iter().chain(count.to_le_bytes()))
        {
            *place = byte;
        }
    }

    /// Writes the total size and adds to the number of elements. Once the number is open it stays so until there is none.
    fn add_to_count(&mut self, change: isize) {
        let count = match self.header_count() {
            _ if self.is_empty() => 0,
            COUNT_OPEN => usize::from(COUNT_OPEN),
            count => usize::from(count).saturating_add_signed(change),
        };
        self.write_header(count);
    }

    /// Lets a listpack that most likely grows further, and is shrunk then, have much room for the element that comes now.
    pub fn reserve_to_grow(&mut self, value_bytes: usize) {
        // No head and tail of a string take more.
        let needed = self.bytes.len() + value_bytes + 10;
        if needed > self.bytes.capacity() {
            self.bytes.reserve_exact(needed + needed / 5 - self.bytes.len());
        }
    }

    /// Makes room for so many bytes more, with slack in proportion to the size.
    fn reserve(&mut self, more: usize) {
        let needed = self.bytes.len().saturating_add(more);
        if needed > self.bytes.capacity() {
            let target = (needed + needed / 12).next_multiple_of(8);
            self.bytes.reserve_exact(target - self.bytes.len());
        }
    }

    /// Replaces `old` bytes at an offset by an element, leaving the header alone but for the size.
    fn put(&mut self, at: usize, old: usize, element: &Encoded<'_>) {
        let new = element.len();
        let len = self.bytes.len();
        if new > old {
            self.reserve(new - old);
            self.bytes.resize(len + (new - old), 0);
            self.bytes.copy_within(at + old..len, at + new);
        } else if new < old {
            self.bytes.copy_within(at + old..len, at + new);
            self.bytes.truncate(len - (old - new));
            self.give_back();
        }
        if let Some(place) = self.bytes.get_mut(at..at + new) {
            element.write(place);
        }
        if new != old {
            let total = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
            for (place, byte) in self.bytes.iter_mut().zip(total.to_le_bytes()) {
                *place = byte;
            }
        }
    }

    /// Gives memory back if much is unused.
    fn give_back(&mut self) {
        let len = self.bytes.len();
        if self.bytes.capacity() > len + len / 4 + 32 {
            self.bytes.shrink_to(len + len / 12);
        }
    }

    /// Removes the bytes between two offsets, which hold so many elements.
    fn cut(&mut self, from: usize, to: usize, removed: usize) {
        if from >= to || to > self.end() {
            return;
        }
        self.bytes.drain(from..to);
        self.add_to_count(-removed.cast_signed());
        self.give_back();
    }
}

impl<'a> FromIterator<Bulk<'a>> for Listpack {
    fn from_iter<I: IntoIterator<Item = Bulk<'a>>>(elements: I) -> Self {
        let mut pack = Listpack::new();
        for element in elements {
            pack.push_back_bulk(element);
        }
        pack
    }
}

/// How many bytes the backlen at an offset takes, for an element of this size.
#[inline]
fn backlen_size(body: &[u8], at: usize, size: usize) -> Option<usize> {
    match check_backlen(body, at, size) {
        Ok(len) => Some(len),
        Err((PackedErrorKind::Backlen { .. }, len)) => Some(len),
        Err(_) => None,
    }
}

/// Elements with their places, forwards.
#[derive(Clone, Debug)]
pub struct Iter<'a> {
    pack: &'a Listpack,
    at: usize,
}

impl<'a> Iterator for Iter<'a> {
    type Item = (Pos, Bulk<'a>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let at = self.at;
        let (element, behind) = self.pack.read(at)?;
        self.at = behind;
        Some((Pos(at), element))
    }
}

/// Elements with their places, backwards.
#[derive(Clone, Debug)]
pub struct IterBack<'a> {
    pack: &'a Listpack,
    at: usize,
}

impl<'a> Iterator for IterBack<'a> {
    type Item = (Pos, Bulk<'a>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let pos = self.pack.before(self.at)?;
        self.at = pos.0;
        Some((pos, self.pack.get(pos)))
    }
}

/// An element to be written.
struct Encoded<'a> {
    /// Encoding byte and what belongs to it, or a whole integer.
    head: [u8; 9],
    head_len: usize,
    data: &'a [u8],
    backlen: Backlen,
}

impl Encoded<'_> {
    fn of(value: Bulk<'_>) -> Encoded<'_> {
        let bytes = match value {
            Bulk::Int(n) => return Self::int(n),
            Bulk::Bytes(bytes) => bytes,
        };
        if let Some(n) = parse_canonical_i64(bytes) {
            return Self::int(n);
        }
        let header = StringHeader::of(bytes.len());
        let mut head = [0; 9];
        let mut head_len = 0;
        for (place, byte) in head.iter_mut().zip(header.as_bytes()) {
            *place = *byte;
            head_len += 1;
        }
        let backlen = Backlen::of(head_len + bytes.len(), BacklenDialect::Old);
        Encoded { head, head_len, data: bytes, backlen }
    }

    fn int(n: i64) -> Encoded<'static> {
        let [b0, b1, b2, b3, b4, b5, b6, b7] = n.to_le_bytes();
        let (head, head_len) = match n {
            0..=0x7f => ([b0, 0, 0, 0, 0, 0, 0, 0, 0], 1),
            -0x1000..=0xfff => ([0xc0 | (b1 & 0x1f), b0, 0, 0, 0, 0, 0, 0, 0], 2),
            -0x8000..=0x7fff => ([0xf1, b0, b1, 0, 0, 0, 0, 0, 0], 3),
            -0x80_0000..=0x7f_ffff => ([0xf2, b0, b1, b2, 0, 0, 0, 0, 0], 4),
            -0x8000_0000..=0x7fff_ffff => ([0xf3, b0, b1, b2, b3, 0, 0, 0, 0], 5),
            _ => ([0xf4, b0, b1, b2, b3, b4, b5, b6, b7], 9),
        };
        Encoded { head, head_len, data: &[], backlen: Backlen::of(head_len, BacklenDialect::Old) }
    }

    #[inline]
    fn len(&self) -> usize {
        self.head_len + self.data.len() + self.backlen.as_bytes().len()
    }

    /// Writes the element to a place of its length.
    #[inline]
    fn write(&self, place: &mut [u8]) {
        let (head, rest) = place.split_at_mut(self.head_len.min(place.len()));
        let (data, backlen) = rest.split_at_mut(self.data.len().min(rest.len()));
        for (place, byte) in head.iter_mut().zip(self.head) {
            *place = byte;
        }
        data.copy_from_slice(self.data.get(..data.len()).unwrap_or_default());
        for (place, byte) in backlen.iter_mut().zip(self.backlen.as_bytes()) {
            *place = *byte;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::ListpackBuilder;
    use super::super::walk::tests::hex;
    use super::*;
    use crate::base::rng::Rng;

    fn built(values: &[Vec<u8>]) -> Vec<u8> {
        let mut builder = ListpackBuilder::new(BacklenDialect::Old);
        for value in values {
            builder.push_bytes(value).unwrap();
        }
        builder.finish().to_vec()
    }

    fn value(rng: &mut Rng) -> Vec<u8> {
        match rng.below(8) {
            0 => vec![b'x'; rng.below(200) as usize],
            1 => vec![b'y'; [63, 64, 125, 126, 4095, 4096, 16_378][rng.below(7) as usize]],
            2 => b"01".to_vec(),
            3 => Vec::new(),
            _ => ((rng.next_u64() >> rng.below(64)).cast_signed() >> rng.below(64))
                .to_string()
                .into_bytes(),
        }
    }

    fn check(pack: &Listpack, model: &[Vec<u8>]) {
        assert_eq!(pack.as_bytes(), built(model));
        assert_eq!(pack.count(), model.len());
        assert_eq!(pack.is_empty(), model.is_empty());
        let forward: Vec<_> = pack.iter().map(|(_, value)| value.to_vec()).collect();
        assert_eq!(forward, model);
        let mut backward: Vec<_> = pack.iter_back().map(|(_, value)| value.to_vec()).collect();
        backward.reverse();
        assert_eq!(backward, model);
        assert!(pack.allocated_bytes() <= pack.len_bytes() * 5 / 4 + 48);
    }

    /// Random edits give what the builder gives.
    #[test]
    fn behaves_as_a_vector() {
        for seed in 0..40 {
            println!("seed {seed}");
            let mut rng = Rng::new(seed);
            let (mut pack, mut model) = (Listpack::new(), Vec::new());
            for _ in 0..150 {
                let value = value(&mut rng);
                let index = rng.below(model.len() as u64 + 1) as usize;
                let at = pack.at(index);
                assert_eq!(at.is_some(), index < model.len());
                match (rng.below(12), at) {
                    (0, _) => {
                        pack.push_front(&value);
                        model.insert(0, value);
                    }
                    (1, Some(at)) => {
                        pack.insert(at, &value);
                        model.insert(index, value);
                    }
                    (2, Some(at)) => {
                        let new = pack.insert_after(at, &value);
                        assert_eq!(pack.get(new), Bulk::Bytes(&value));
                        model.insert(index + 1, value);
                    }
                    (3 | 4, Some(at)) => {
                        pack.replace(at, &value);
                        model[index] = value;
                    }
                    (5, Some(at)) => {
                        let n = rng.below(4) as usize;
                        let removed = pack.remove(at, n);
                        assert_eq!(removed, n.min(model.len() - index));
                        model.drain(index..index + removed);
                    }
                    (6, Some(at)) => {
                        let right = pack.split_off(at);
                        check(&right, &model[index..]);
                        if rng.below(2) == 0 {
                            pack.append(&right);
                        } else {
                            model.truncate(index);
                        }
                    }
                    (7, _) => {
                        let (expected, first) = if rng.below(2) == 0 {
                            ((!model.is_empty()).then(|| model.remove(0)), pack.pop_front())
                        } else {
                            (model.pop(), pack.pop_back())
                        };
                        assert_eq!(first, expected);
                    }
                    (8, Some(at)) => {
                        let skip = rng.below(3) as usize;
                        let found = pack.find(at, &value, skip);
                        let mut steps = (index..model.len()).step_by(skip + 1);
                        assert_eq!(
                            found,
                            steps.find(|i| model[*i] == value).and_then(|i| pack.at(i))
                        );
                    }
                    (9, Some(at)) => {
                        let n = rng.next_u64().cast_signed();
                        pack.replace_int(at, n);
                        model[index] = n.to_string().into_bytes();
                    }
                    _ => {
                        assert_eq!(Listpack::encoded_len(&value) + pack.len_bytes(), {
                            pack.push_back(&value);
                            pack.len_bytes()
                        });
                        model.push(value);
                    }
                }
                check(&pack, &model);
            }
            pack.truncate(3);
            model.truncate(3);
            check(&pack, &model);
        }
    }

    #[test]
    fn counts_past_the_header() {
        let mut pack: Listpack = (0..65_534).map(Bulk::Int).collect();
        assert_eq!((pack.header_count(), pack.count()), (65_534, 65_534));
        pack.push_back_int(65_534);
        assert_eq!((pack.header_count(), pack.count()), (COUNT_OPEN, 65_535));
        assert_eq!(pack.at(65_534).map(|at| pack.get(at)), Some(Bulk::Int(65_534)));
        pack.pop_back();
        pack.pop_back();
        assert_eq!(
            (pack.count(), pack.last().map(|at| pack.get(at))),
            (65_533, Some(Bulk::Int(65_532)))
        );
        assert_eq!(validate(Kind::Listpack, pack.as_bytes()), Ok(65_533));
        pack.truncate(0);
        assert_eq!(pack, Listpack::new());
    }

    #[test]
    fn reads_both_dialects() {
        for dialect in [BacklenDialect::Old, BacklenDialect::New] {
            let mut builder = ListpackBuilder::new(dialect);
            builder.push_bytes(&[b'x'; 16_378]).unwrap();
            builder.push_int(1).unwrap();
            let pack = Listpack::from_bytes(builder.finish().to_vec()).unwrap();
            assert_eq!((pack.iter().count(), pack.iter_back().count()), (2, 2));
        }
    }

    /// Damaged blobs give other elements, and no panic.
    #[test]
    fn foreign_bytes_are_safe() {
        let blob = hex("19000000 0500 8161 02 01 01 f178ec 03 8568656c6c6f 06 80 01 ff");
        assert!(Listpack::from_bytes(blob[1..].to_vec()).is_err());
        for at in 4..blob.len() - 1 {
            for byte in 0..=255 {
                let mut damaged = blob.clone();
                damaged[at] = byte;
                let pack = Listpack::from_validated(damaged).unwrap();
                let _ = (pack.iter().count(), pack.iter_back().count(), pack.count());
                for index in 0..7 {
                    let Some(pos) = pack.at(index) else { continue };
                    let _ = pack.find(pos, b"hello", 1);
                    for edit in 0..5 {
                        let mut pack = pack.clone();
                        match edit {
                            0 => pack.replace(pos, b"other"),
                            1 => drop(pack.remove(pos, 2)),
                            2 => drop(pack.insert_after(pos, b"x")),
                            3 => drop(pack.split_off(pos)),
                            _ => pack.truncate(index),
                        }
                    }
                }
            }
        }
    }
}
