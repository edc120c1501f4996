//! Writes an index in one pass over its RDB file.

use super::codec::IndexEntry;
use super::identity::Identity;
use super::{END_MAGIC, hash};
use crate::base::crc::OwnChecksum;
use crate::base::extsort::{Record as Sortable, Sorter};
use crate::feed::input::Bytes;
use crate::feed::parallel::{Outcome, Stop};
use crate::feed::{self, Batch, Control, Ending, Failure, Input, Turn, Worker};
use crate::rdb::parser::opcode;
use crate::rdb::{Record, Stored};
use crate::tool::Problem;
use std::io::{self, Write};

/// Lookup rows kept in memory, in bytes. With the runs' buffers this bounds the memory of a
/// build, however many keys there are.
const LOOKUP_MEMORY_BYTES: usize = 24 << 20;

/// Marks and blocks kept in memory, in bytes each.
const SMALL_MEMORY_BYTES: usize = 2 << 20;

/// What was built.
#[derive(Debug, Clone)]
pub struct Built {
    /// Number of keys.
    pub entries: u64,
    /// Size of the index.
    pub bytes: u64,
    /// The CRC in its footer.
    pub checksum: u64,
    /// What the RDB file says at its end.
    pub ending: Ending,
}

/// Counts and sums what is written.
struct Summed<'o> {
    out: &'o mut (dyn Write + Send),
    position: u64,
    checksum: OwnChecksum,
}

impl Summed<'_> {
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.checksum.update(bytes);
        self.position += bytes.len() as u64;
        self.out.write_all(bytes)
    }

    /// Writes sorted rows.
    fn rows<R: Sortable>(&mut self, rows: Sorter<R>) -> io::Result<()> {
        let mut buf = [0; 64];
        let buf = buf.get_mut(..R::BYTES).unwrap_or(&mut []);
        let mut rows = rows.finish()?;
        while let Some(row) = rows.next()? {
            row.put(buf);
            self.put(buf)?;
        }
        Ok(())
    }
}

/// The one worker of the pass.
struct Builder<'o> {
    out: Summed<'o>,
    head: Vec<u8>,
    entries: u64,
    lookup: Sorter<[u64; 2]>,
    marks: Sorter<[u64; 3]>,
    mark_count: u64,
    blocks: Sorter<[u64; 2]>,
    block_count: u64,
}

/// The opcode of a record that is needed although it is no key.
fn mark_of(record: &Record<'_>) -> Option<u8> {
    match record {
        Record::Aux { name, .. } if name.eq_ignore_ascii_case(b"ctime") => Some(opcode::AUX),
        Record::Function(_) => Some(opcode::FUNCTION),
        Record::HashTemplate { .. } => Some(opcode::HASH_TEMPLATE),
        _ => None,
    }
}

impl<'o> Builder<'o> {
    fn new(out: &'o mut (dyn Write + Send)) -> Builder<'o> {
        Builder {
            out: Summed { out, position: 0, checksum: OwnChecksum::new() },
            head: Vec::new(),
            entries: 0,
            lookup: Sorter::new(LOOKUP_MEMORY_BYTES),
            marks: Sorter::new(SMALL_MEMORY_BYTES),
            mark_count: 0,
            blocks: Sorter::new(SMALL_MEMORY_BYTES),
            block_count: 0,
        }
    }

    fn entry(&mut self, entry: &IndexEntry<'_>) -> io::Result<()> {
        self.lookup.push([hash(entry.key), self.out.position])?;
        self.entries += 1;
        self.head.clear();
        entry.write_head(&mut self.head);
        self.out.put(&self.head)?;
        self.out.put(entry.key)
    }

    fn finish(mut self, ending: Ending) -> io::Result<Built> {
        let entries_end = self.out.position;
        self.out.rows(self.marks)?;
        self.out.rows(self.blocks)?;
        self.out.rows(self.lookup)?;
        let stored = match ending.stored {
            Stored::Crc64(crc) => crc,
            Stored::Absent | Stored::Disabled => 0,
        };
        let (marks, blocks) = (self.mark_count, self.block_count);
        for n in [self.entries, entries_end, marks, blocks, ending.end, stored] {
            self.out.put(&n.to_le_bytes())?;
        }
        let checksum = self.out.checksum.value();
        self.out.put(&checksum.to_le_bytes())?;
        self.out.put(END_MAGIC)?;
        Ok(Built { entries: self.entries, bytes: self.out.position, checksum, ending })
    }
}

impl Worker for Builder<'_> {
    type Error = anyhow::Error;

    fn batch(&mut self, batch: &Batch<'_>, _: &mut Turn<'_>) -> Result<(), Stop<anyhow::Error>> {
        self.blocks.push([self.out.position, batch.offset])?;
        self.block_count += 1;
        let mut records = batch.records();
        loop {
            let start = records.position();
            let Some(record) = records.next()? else { return Ok(()) };
            if let Record::Key(entry) = &record {
                let key = entry.key()?;
                self.entry(&IndexEntry::of(entry, &key))?;
                continue;
            }
            if let Some(opcode) = mark_of(&record) {
                let bytes = records.position().saturating_sub(start);
                let offset = batch.offset + start as u64;
                self.marks.push([offset, bytes as u64, opcode.into()])?;
                self.mark_count += 1;
            }
        }
    }
}

/// Writes the index of a plain file. The caller judges what the file says at its end, and throws
/// the index away if that is not sound.
pub fn build(
    input: &mut Input,
    out: &mut (dyn Write + Send),
    control: &Control,
) -> Result<Built, Failure<anyhow::Error>> {
    let Bytes::Map(map) = &input.bytes else {
        let message = "only plain files can be indexed".into();
        return Err(Failure::Worker(Problem::Unsupported(message).into()));
    };
    let header = Identity::of(map).to_header();
    let mut builder = Builder::new(out);
    builder.out.put(&header).map_err(Failure::Write)?;
    let outcome = feed::run(input, std::slice::from_mut(&mut builder), &mut io::sink(), control)?;
    match outcome {
        Outcome::Complete(ending) => builder.finish(ending).map_err(Failure::Write),
        // Not reached: the builder wants everything.
        Outcome::Enough => Err(Failure::Interrupted),
    }
}
