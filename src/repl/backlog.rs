//! The memory tail of a stream: its last bytes, from which replicas that lag or come back are served.
//!
//! Bytes are kept in blocks that are shared by pointers. [`Backlog::read`] gives pieces of them without copying; a piece stays
//! valid whatever happens to the backlog, and holds no more memory than its block. A reader keeps an [`Offset`] and asks anew,
//! so a slow replica costs a number.
//!
//! # How a driver uses it
//!
//! ```text
//! backlog.append(bytes)              each time bytes are produced or applied
//! backlog.trim(Some(slowest place))  then; None where slow replicas are served from elsewhere or dropped
//! backlog.read(place)                pieces from a place on; none if it is not kept any more
//! ```

use super::offset::Offset;
use std::collections::VecDeque;
use std::ops::{Deref, Range};
use std::sync::Arc;

/// Bytes that a block has room for.
const BLOCK_BYTES: usize = 16 << 10;

/// Bytes of a block that a reader holds which are worth keeping as a block of their own: fewer are copied to the next one, so
/// that blocks are at least half full.
const KEEP_BYTES: usize = BLOCK_BYTES / 2;

/// The least size of a tail: servers take smaller ones for this.
pub const SIZE_BYTES_MIN: u64 = 16 << 10;

/// What an `Arc<Vec<u8>>` takes beside the bytes: two counts and the vector.
const SHARED_BYTES: usize = 2 * size_of::<usize>() + size_of::<Vec<u8>>();

#[derive(Debug)]
struct Block {
    /// Where its first byte is.
    start: Offset,
    bytes: Arc<Vec<u8>>,
}

impl Block {
    fn end(&self) -> Offset {
        self.start.plus(self.bytes.len() as u64)
    }
}

/// Some bytes of a stream, shared with the backlog.
#[derive(Debug, Clone)]
pub struct Piece {
    block: Arc<Vec<u8>>,
    range: Range<usize>,
    start: Offset,
}

impl Piece {
    /// Where its first byte is.
    pub fn start(&self) -> Offset {
        self.start
    }

    /// The place behind its last byte.
    pub fn end(&self) -> Offset {
        self.start.plus(self.len() as u64)
    }

    /// What of it lies behind a place; none if nothing does.
    pub fn from(&self, place: Offset) -> Option<Piece> {
        let skip = usize::try_from(place.max(self.start).since(self.start)).unwrap_or(usize::MAX);
        let start = self.range.start.saturating_add(skip);
        (start < self.range.end).then(|| Piece {
            block: self.block.clone(),
            range: start..self.range.end,
            start: self.start.max(place),
        })
    }
}

impl Deref for Piece {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.block.get(self.range.clone()).unwrap_or(&[])
    }
}

/// The last bytes of a stream.
#[derive(Debug)]
pub struct Backlog {
    /// In order and without gaps; none is empty.
    blocks: VecDeque<Block>,
    /// The place behind the last byte.
    end: Offset,
    size_bytes: u64,
}

impl Backlog {
    /// A tail that begins here and keeps so many bytes, but no fewer than [`SIZE_BYTES_MIN`].
    pub fn new(start: Offset, size_bytes: u64) -> Backlog {
        let size_bytes = size_bytes.max(SIZE_BYTES_MIN);
        Backlog { blocks: VecDeque::new(), end: start, size_bytes }
    }

    /// What is kept: from the place of the first byte to that behind the last.
    pub fn range(&self) -> Range<Offset> {
        self.blocks.front().map_or(self.end, |block| block.start)..self.end
    }

    /// Number of the first byte that is kept, or of the next one if there is none: `repl_backlog_first_byte_offset`.
    pub fn first_byte(&self) -> u64 {
        self.range().start.next_byte()
    }

    /// Bytes that are kept: `repl_backlog_histlen`.
    pub fn kept_bytes(&self) -> u64 {
        self.end.since(self.range().start)
    }

    /// Bytes that it is to keep: `repl_backlog_size`.
    pub fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// Bytes of memory that the blocks take.
    pub fn memory_bytes(&self) -> u64 {
        let blocks = self.blocks.iter().map(|block| block.bytes.capacity() + SHARED_BYTES);
        let places = self.blocks.capacity() * size_of::<Block>();
        (blocks.sum::<usize>() + places) as u64
    }

    /// Forgets all and begins at another place.
    pub fn restart(&mut self, start: Offset) {
        self.blocks.clear();
        self.end = start;
    }

    /// Keeps another number of bytes from the next [`Backlog::trim`] on.
    pub fn resize(&mut self, size_bytes: u64) {
        self.size_bytes = size_bytes.max(SIZE_BYTES_MIN);
    }

    /// Adds what follows. Nothing is dropped before [`Backlog::trim`].
    pub fn append(&mut self, mut bytes: &[u8]) {
        self.end = self.end.plus(bytes.len() as u64);
        while !bytes.is_empty() {
            let Some(last) = self.blocks.back_mut() else {
                let start = Offset::new(self.end.get().saturating_sub(bytes.len() as u64));
                self.blocks.push_back(new_block(start, &[]));
                continue;
            };
            let room = BLOCK_BYTES.saturating_sub(last.bytes.len());
            if room == 0 {
                let start = last.end();
                self.blocks.push_back(new_block(start, &[]));
            } else if let Some(block) = Arc::get_mut(&mut last.bytes) {
                let (now, later) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
                block.extend_from_slice(now);
                bytes = later;
            } else if last.bytes.len() < KEEP_BYTES {
                // Somebody reads it: a copy takes its place.
                *last = new_block(last.start, &last.bytes);
            } else {
                let start = last.end();
                self.blocks.push_back(new_block(start, &[]));
            }
        }
    }

    /// Drops what is older than the size allows, in whole blocks; keeps what lies behind `held`, where somebody still reads.
    pub fn trim(&mut self, held: Option<Offset>) {
        let mut kept_bytes = self.kept_bytes();
        while let Some(block) = self.blocks.front() {
            let bytes = block.bytes.len() as u64;
            let is_held = held.is_some_and(|held| held < block.end());
            if is_held || kept_bytes - bytes < self.size_bytes {
                break;
            }
            kept_bytes -= bytes;
            self.blocks.pop_front();
        }
    }

    /// The bytes from a place on that its size does not ask for, in whole blocks.
    pub fn surplus(&self, from: Offset) -> impl Iterator<Item = Piece> + '_ {
        let end = self.end;
        let is_surplus = move |piece: &Piece| end.since(piece.end()) >= self.size_bytes;
        self.read(from).into_iter().flatten().take_while(is_surplus)
    }

    /// The bytes from a place on, in order; none if they are not kept, no pieces at the end.
    pub fn read(&self, from: Offset) -> Option<impl Iterator<Item = Piece> + '_> {
        let range = self.range();
        if from < range.start || from > range.end {
            return None;
        }
        let first = self.blocks.partition_point(|block| block.end() <= from);
        Some(self.blocks.iter().skip(first).map(move |block| {
            let skip = usize::try_from(from.since(block.start)).unwrap_or(usize::MAX);
            Piece {
                block: block.bytes.clone(),
                range: skip..block.bytes.len(),
                start: from.max(block.start),
            }
        }))
    }
}

fn new_block(start: Offset, bytes: &[u8]) -> Block {
    let mut block = Vec::with_capacity(BLOCK_BYTES);
    block.extend_from_slice(bytes);
    Block { start, bytes: Arc::new(block) }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::base::rng::Rng;

    /// The byte at a place of the stream of these tests.
    fn byte(at: u64) -> u8 {
        (at.wrapping_mul(0x9e37_79b9) >> 7) as u8
    }

    /// Bytes of that stream.
    pub fn bytes(from: u64, len: u64) -> Vec<u8> {
        (from..from + len).map(byte).collect()
    }

    #[track_caller]
    fn check(piece: &Piece) {
        assert!(!piece.is_empty());
        assert_eq!(&**piece, bytes(piece.start().get(), piece.len() as u64));
    }

    /// Readers at places of their own get the bytes of the stream, or are told that these are gone.
    #[test]
    fn readers_keep_their_places_without_copies() {
        for seed in 0..60 {
            let mut rng = Rng::new(seed);
            let start = rng.below(1000);
            let mut backlog = Backlog::new(Offset::new(start), 1 + rng.below(200_000));
            let mut at = start;
            let mut held: Vec<Piece> = Vec::new();
            let mut places = [Offset::new(start); 4];
            let is_bounded = rng.below(2) == 0;
            for _ in 0..400 {
                let most = [10, 300, 40_000][rng.below(3) as usize];
                let len = rng.below(most);
                backlog.append(&bytes(at, len));
                at += len;
                let slowest = places.iter().min().copied();
                backlog.trim(if is_bounded { None } else { slowest });
                assert_eq!(backlog.range().end, Offset::new(at), "seed {seed}");
                let most = backlog.size_bytes() + BLOCK_BYTES as u64;
                if is_bounded {
                    assert!(backlog.kept_bytes() <= most, "seed {seed}");
                }
                assert!(backlog.kept_bytes() >= backlog.size_bytes().min(at - start));
                let reader = &mut places[rng.below(4) as usize];
                match backlog.read(*reader) {
                    None => {
                        assert!(is_bounded && *reader < backlog.range().start, "seed {seed}");
                        *reader = backlog.range().start;
                    }
                    Some(pieces) => {
                        for piece in pieces.take(1 + rng.below(3) as usize) {
                            assert_eq!(piece.start(), *reader, "seed {seed}");
                            *reader = piece.end();
                            check(&piece);
                            held.push(piece);
                        }
                    }
                }
                if rng.below(3) == 0 {
                    held.clear();
                }
            }
            held.iter().for_each(check);
        }
    }

    #[test]
    fn blocks_that_are_read_while_they_grow_stay_full() {
        let mut backlog = Backlog::new(Offset::ZERO, 1 << 20);
        let mut readers = Vec::new();
        for i in 0..10_000 {
            backlog.append(&bytes(i * 100, 100));
            readers.push(backlog.read(Offset::new(i * 100)).unwrap().next().unwrap());
            if readers.len() > 3 {
                readers.remove(0);
            }
        }
        assert!(backlog.memory_bytes() < 2 * backlog.kept_bytes() + 100_000);
        readers.iter().for_each(check);
    }

    #[test]
    fn numbers_are_those_of_info() {
        let mut backlog = Backlog::new(Offset::new(100), 0);
        assert_eq!((backlog.first_byte(), backlog.kept_bytes()), (101, 0));
        assert_eq!(backlog.size_bytes(), SIZE_BYTES_MIN);
        assert_eq!(backlog.read(Offset::new(100)).unwrap().count(), 0);
        assert!(
            backlog.read(Offset::new(101)).is_none() && backlog.read(Offset::new(99)).is_none()
        );
        backlog.append(&bytes(100, 100_000));
        assert_eq!((backlog.first_byte(), backlog.kept_bytes()), (101, 100_000));
        backlog.resize(50_000);
        backlog.trim(Some(Offset::new(100)));
        assert_eq!(backlog.kept_bytes(), 100_000);
        backlog.trim(None);
        assert!((50_000..50_000 + BLOCK_BYTES as u64).contains(&backlog.kept_bytes()));
        assert_eq!(backlog.range().end, Offset::new(100_100));
        backlog.restart(Offset::new(7));
        assert_eq!(backlog.range(), Offset::new(7)..Offset::new(7));
    }
}
