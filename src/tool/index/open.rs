//! Opens an index and finds keys in it.

use super::codec::IndexEntry;
use super::identity::Identity;
use super::{END_MAGIC, FOOTER_BYTES, HEADER_BYTES, MAGIC, MARK_BYTES, ROW_BYTES, VERSION, hash};
use crate::base::crc::checksum_own;
use crate::base::cursor::{Cursor, Short};
use crate::feed::map::Map;
use crate::feed::{Ending, Trailer};
use crate::rdb::{Header, Stored};
use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::Path;

/// Why an index cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The system says no.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// It is none, or of a version that is not read.
    #[error("{0}")]
    Unsupported(String),
    /// Its bytes are not what was written.
    #[error("the index is damaged: {0}")]
    Damaged(&'static str),
    /// It was made for another file.
    #[error("the index does not belong to the file: {0}")]
    Foreign(&'static str),
}

/// A record that is no key and yet is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// Where it starts in the RDB file.
    pub offset: u64,
    /// Its length.
    pub bytes: u64,
    /// Which opcode it is: AUX, FUNCTION or HASH_TEMPLATE.
    pub opcode: u64,
}

/// Consecutive records of the RDB file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Where its entries stand in the index.
    positions: Range<usize>,
    /// The part of the RDB file.
    pub offsets: Range<u64>,
}

/// The numbers in the footer.
#[derive(Debug, Clone, Copy)]
struct Footer {
    entries: usize,
    entries_end: usize,
    marks: usize,
    blocks: usize,
    data_end: u64,
    stored: u64,
    checksum: u64,
}

/// An open index that fits its RDB file.
#[derive(Debug)]
pub struct Index {
    map: Map,
    header: Header,
    footer: Footer,
    blocks_at: usize,
    lookup_at: usize,
}

const SHORT: IndexError = IndexError::Damaged("it is too short");
const SIZES: IndexError = IndexError::Damaged("its parts do not fit together");

impl From<Short> for IndexError {
    fn from(_: Short) -> Self {
        SHORT
    }
}

fn read_header(bytes: &[u8]) -> Result<Identity, IndexError> {
    let mut c = Cursor::new(bytes);
    if &c.array::<8>()? != MAGIC {
        return Err(IndexError::Unsupported("not an index".into()));
    }
    match u32::from_le_bytes(c.array()?) {
        VERSION => Ok(Identity::read(&mut c)?),
        other => Err(IndexError::Unsupported(format!("index version {other} is not supported"))),
    }
}

impl Footer {
    fn read(bytes: &[u8]) -> Result<Footer, IndexError> {
        let at = bytes.len().checked_sub(FOOTER_BYTES).ok_or(SHORT)?;
        let mut c = Cursor::new(bytes.get(at..).unwrap_or(&[]));
        let mut next = || c.array().map(u64::from_le_bytes);
        let size = |n: u64| usize::try_from(n).map_err(|_| SIZES);
        let footer = Footer {
            entries: size(next()?)?,
            entries_end: size(next()?)?,
            marks: size(next()?)?,
            blocks: size(next()?)?,
            data_end: next()?,
            stored: next()?,
            checksum: next()?,
        };
        if &c.array::<8>()? != END_MAGIC {
            return Err(IndexError::Damaged("it does not end as an index does"));
        }
        if checksum_own(bytes.get(..at + 48).unwrap_or(&[])) != footer.checksum {
            return Err(IndexError::Damaged("its checksum is wrong"));
        }
        Ok(footer)
    }

    /// Where blocks and lookup rows start, if all parts together are as long as the index.
    fn layout(&self, bytes: usize) -> Option<(usize, usize)> {
        let blocks_at = self.entries_end.checked_add(self.marks.checked_mul(MARK_BYTES)?)?;
        let lookup_at = blocks_at.checked_add(self.blocks.checked_mul(ROW_BYTES)?)?;
        let end = lookup_at.checked_add(self.entries.checked_mul(ROW_BYTES)?)?;
        let fits = end.checked_add(FOOTER_BYTES)? == bytes && self.entries_end >= HEADER_BYTES;
        fits.then_some((blocks_at, lookup_at))
    }
}

impl Index {
    /// Opens the index at `path` and checks that it is sound and belongs to a file with these
    /// bytes. Reads the whole index once.
    pub fn open(path: &Path, rdb: &[u8]) -> Result<Index, IndexError> {
        if !std::fs::metadata(path)?.is_file() {
            return Err(IndexError::Unsupported("not an index".into()));
        }
        Index::from_map(Map::new(&File::open(path)?)?, rdb)
    }

    fn from_map(map: Map, rdb: &[u8]) -> Result<Index, IndexError> {
        map.prefetch(0, map.len());
        let identity = read_header(&map)?;
        if let Some(difference) = identity.difference(&Identity::of(rdb)) {
            return Err(IndexError::Foreign(difference));
        }
        let footer = Footer::read(&map)?;
        let header = Header::parse(identity.magic())
            .filter(|header| header.is_supported())
            .ok_or(IndexError::Damaged("it names no RDB version"))?;
        let (blocks_at, lookup_at) = footer.layout(map.len()).ok_or(SIZES)?;
        Ok(Index { map, header, footer, blocks_at, lookup_at })
    }

    /// Number of keys.
    pub fn entry_count(&self) -> usize {
        self.footer.entries
    }

    /// Size of the index in bytes, and the checksum in its footer.
    pub fn sum(&self) -> (u64, u64) {
        (self.map.len() as u64, self.footer.checksum)
    }

    /// Dialect and version of the RDB file.
    pub fn header(&self) -> Header {
        self.header
    }

    /// What a pass over the whole RDB file would say at its end; when the index was made, its
    /// checksum was right.
    pub fn ending(&self, rdb: &[u8]) -> Ending {
        let end = usize::try_from(self.footer.data_end).unwrap_or(usize::MAX);
        let rest = rdb.get(end..).unwrap_or(&[]);
        let stored = match (self.header.has_checksum(), self.footer.stored) {
            (false, _) => Stored::Absent,
            (true, 0) => Stored::Disabled,
            (true, crc) => Stored::Crc64(crc),
        };
        Ending {
            header: self.header,
            stored,
            computed: self.footer.stored,
            end: self.footer.data_end,
            trailer: Trailer::of(rest, true),
            trailer_bytes: Some(rest.len() as u64),
        }
    }

    fn numbers<const N: usize>(&self, at: usize, index: usize) -> Option<[u64; N]> {
        let at = at.checked_add(index.checked_mul(N * 8)?)?;
        let mut c = Cursor::new(self.map.get(at..)?);
        let mut numbers = [0; N];
        for n in &mut numbers {
            *n = u64::from_le_bytes(c.array().ok()?);
        }
        Some(numbers)
    }

    /// The mark with this number, counted from 0 in file order.
    pub fn mark(&self, index: usize) -> Option<Mark> {
        if index >= self.footer.marks {
            return None;
        }
        let [offset, bytes, opcode] = self.numbers(self.footer.entries_end, index)?;
        Some(Mark { offset, bytes, opcode })
    }

    fn block_start(&self, index: usize) -> Option<(usize, u64)> {
        if index >= self.footer.blocks {
            return None;
        }
        let [position, offset] = self.numbers(self.blocks_at, index)?;
        Some((usize::try_from(position).ok()?, offset))
    }

    /// The block with this number, counted from 0 in file order.
    pub fn block(&self, index: usize) -> Option<Block> {
        let (position, offset) = self.block_start(index)?;
        let end = (self.footer.entries_end, self.footer.data_end);
        let (next_position, next_offset) = self.block_start(index + 1).unwrap_or(end);
        Some(Block {
            positions: position..next_position.min(self.footer.entries_end),
            offsets: offset..next_offset,
        })
    }

    /// The entries of a block, in file order.
    pub fn entries(
        &self,
        block: &Block,
    ) -> impl Iterator<Item = Result<IndexEntry<'_>, IndexError>> {
        let dialect = self.header.dialect;
        let mut c = Cursor::new(self.map.get(block.positions.clone()).unwrap_or(&[]));
        std::iter::from_fn(move || {
            if c.pos() >= c.bytes().len() {
                return None;
            }
            let entry = IndexEntry::read(&mut c, dialect);
            if entry.is_none() {
                c.hop(usize::MAX);
            }
            Some(entry.ok_or(IndexError::Damaged("an entry cannot be read")))
        })
    }

    /// The first lookup row with this hash, or behind where it would be.
    fn first_row(&self, hash: u64) -> usize {
        let (mut low, mut high) = (0, self.footer.entries);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.numbers::<2>(self.lookup_at, middle) {
                Some([found, _]) if found < hash => low = middle + 1,
                _ => high = middle,
            }
        }
        low
    }

    /// The entries of a key, in file order: one per database that has it.
    pub fn find(&self, key: &[u8]) -> Result<Vec<IndexEntry<'_>>, IndexError> {
        let hash = hash(key);
        let mut found = Vec::new();
        for row in self.first_row(hash)..self.footer.entries {
            let Some([other, position]) = self.numbers(self.lookup_at, row) else { break };
            if other != hash {
                break;
            }
            let entry = self.entry_at(position)?;
            if entry.key == key {
                found.push(entry);
            }
        }
        Ok(found)
    }

    fn entry_at(&self, position: u64) -> Result<IndexEntry<'_>, IndexError> {
        usize::try_from(position)
            .ok()
            .and_then(|position| self.map.get(position..self.footer.entries_end))
            .and_then(|bytes| IndexEntry::read(&mut Cursor::new(bytes), self.header.dialect))
            .ok_or(IndexError::Damaged("an entry cannot be read"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{build, sidecar_path};
    use super::*;
    use crate::feed::{Control, Input};

    const RDB: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/redis-8.6.3.rdb");

    fn built() -> (Vec<u8>, Vec<u8>) {
        let mut input = Input::open(Path::new(RDB)).unwrap();
        let mut out = Vec::new();
        let built = build(&mut input, &mut out, &Control::default()).unwrap();
        assert_eq!(built.bytes, out.len() as u64);
        (std::fs::read(RDB).unwrap(), out)
    }

    fn open(index: &[u8], rdb: &[u8]) -> Result<Index, IndexError> {
        let dir = tempfile::tempdir().unwrap();
        let path = sidecar_path(&dir.path().join("x.rdb"));
        std::fs::write(&path, index).unwrap();
        Index::open(&path, rdb)
    }

    #[test]
    fn every_entry_is_found_by_its_key() {
        let (rdb, bytes) = built();
        let index = open(&bytes, &rdb).unwrap();
        let mut count = 0;
        for block in (0..).map_while(|n| index.block(n)) {
            for entry in index.entries(&block) {
                let entry = entry.unwrap();
                assert!(index.find(entry.key).unwrap().contains(&entry));
                count += 1;
            }
        }
        assert!(count > 0);
        assert_eq!(count, index.entry_count());
        assert!(index.find(b"no such key").unwrap().is_empty());
        assert_eq!(index.ending(&rdb).end, rdb.len() as u64);
    }

    #[test]
    fn any_flipped_byte_or_cut_is_refused() {
        let (rdb, bytes) = built();
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x10;
            // The four reserved bytes of the header are summed as well.
            assert!(open(&damaged, &rdb).is_err(), "byte {at}");
        }
        for len in (0..bytes.len()).step_by(7) {
            assert!(open(&bytes[..len], &rdb).is_err(), "{len} bytes");
        }
        let mut changed = rdb.clone();
        changed[20] ^= 1;
        assert!(matches!(open(&bytes, &changed), Err(IndexError::Foreign(_))));
    }

    #[test]
    fn an_index_with_a_right_checksum_may_still_lie() {
        let (rdb, bytes) = built();
        let sum_at = bytes.len() - 16;
        for at in HEADER_BYTES..sum_at {
            let mut lying = bytes.clone();
            lying[at] ^= 0x81;
            let sum = checksum_own(&lying[..sum_at]);
            lying[sum_at..sum_at + 8].copy_from_slice(&sum.to_le_bytes());
            // Errors are fine, panics are not.
            let Ok(index) = open(&lying, &rdb) else { continue };
            for block in (0..).map_while(|n| index.block(n)) {
                let _ = index.entries(&block).count();
            }
            let _ = index.find(b"no such key");
        }
    }
}
