//! Sorting more records than memory may hold: sorted runs in an unnamed temporary file, merged.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;

/// A record of fixed size made of little-endian numbers.
pub trait Record: Copy + Ord + Send {
    /// Bytes per record, at most 64.
    const BYTES: usize;
    /// Writes the record's bytes to the front of the buffer.
    fn put(&self, buf: &mut [u8]);
    /// Reads the record from the front of the buffer.
    fn get(buf: &[u8]) -> Self;
}

impl<const N: usize> Record for [u64; N] {
    const BYTES: usize = N * 8;

    fn put(&self, buf: &mut [u8]) {
        for (chunk, n) in buf.chunks_exact_mut(8).zip(self) {
            chunk.copy_from_slice(&n.to_le_bytes());
        }
    }

    fn get(buf: &[u8]) -> Self {
        let mut record = [0; N];
        let (chunks, _) = buf.as_chunks::<8>();
        for (n, chunk) in record.iter_mut().zip(chunks) {
            *n = u64::from_le_bytes(*chunk);
        }
        record
    }
}

/// Bytes read at once from each run while merging.
const RUN_BUFFER_BYTES: usize = 64 << 10;

/// Collects records.
pub struct Sorter<R> {
    records: Vec<R>,
    capacity: usize,
    spill: Option<BufWriter<File>>,
    /// Lengths of the runs, in records.
    runs: Vec<u64>,
}

impl<R: Record> Sorter<R> {
    /// A sorter that keeps at most this many bytes of records in memory.
    pub fn new(memory_bytes: usize) -> Self {
        let capacity = (memory_bytes / R::BYTES.max(1)).max(1024);
        Sorter { records: Vec::new(), capacity, spill: None, runs: Vec::new() }
    }

    /// Takes a record.
    #[inline]
    pub fn push(&mut self, record: R) -> io::Result<()> {
        if self.records.len() >= self.capacity {
            self.write_run()?;
        }
        self.records.push(record);
        Ok(())
    }

    #[cold]
    fn write_run(&mut self) -> io::Result<()> {
        self.records.sort_unstable();
        let out = match &mut self.spill {
            Some(out) => out,
            None => self.spill.insert(BufWriter::with_capacity(1 << 20, tempfile::tempfile()?)),
        };
        let mut buf = [0; 64];
        let buf = buf.get_mut(..R::BYTES).unwrap_or(&mut []);
        for record in &self.records {
            record.put(buf);
            out.write_all(buf)?;
        }
        self.runs.push(self.records.len() as u64);
        self.records.clear();
        Ok(())
    }

    /// Gives the records in order.
    pub fn finish(mut self) -> io::Result<Sorted<R>> {
        self.records.sort_unstable();
        let mut runs = Vec::new();
        if let Some(out) = self.spill {
            let mut file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
            file.seek(SeekFrom::Start(0))?;
            let mut start = 0;
            for len in self.runs {
                let bytes = len * R::BYTES as u64;
                runs.push(Run {
                    file: file.try_clone()?,
                    pos: start,
                    end: start + bytes,
                    buf: Vec::new(),
                    at: 0,
                });
                start += bytes;
            }
        }
        let mut sorted = Sorted { memory: self.records.into_iter(), runs, heap: BinaryHeap::new() };
        sorted.start()?;
        Ok(sorted)
    }
}

struct Run {
    file: File,
    pos: u64,
    end: u64,
    buf: Vec<u8>,
    at: usize,
}

impl Run {
    fn next<R: Record>(&mut self) -> io::Result<Option<R>> {
        if self.at >= self.buf.len() {
            let left = usize::try_from(self.end - self.pos).unwrap_or(usize::MAX);
            let whole = RUN_BUFFER_BYTES - RUN_BUFFER_BYTES % R::BYTES;
            self.buf.resize(left.min(whole), 0);
            self.at = 0;
            if self.buf.is_empty() {
                return Ok(None);
            }
            self.file.read_exact_at(&mut self.buf, self.pos)?;
            self.pos += self.buf.len() as u64;
        }
        let record = R::get(self.buf.get(self.at..).unwrap_or(&[]));
        self.at += R::BYTES;
        Ok(Some(record))
    }
}

/// Records in order; equal ones are all there.
pub struct Sorted<R> {
    memory: std::vec::IntoIter<R>,
    runs: Vec<Run>,
    /// The next record of each source; source `runs.len()` is the memory.
    heap: BinaryHeap<Reverse<(R, usize)>>,
}

impl<R: Record> Sorted<R> {
    fn start(&mut self) -> io::Result<()> {
        if self.runs.is_empty() {
            return Ok(());
        }
        for source in 0..=self.runs.len() {
            self.pull(source)?;
        }
        Ok(())
    }

    fn pull(&mut self, source: usize) -> io::Result<()> {
        let next = match self.runs.get_mut(source) {
            Some(run) => run.next()?,
            None => self.memory.next(),
        };
        if let Some(record) = next {
            self.heap.push(Reverse((record, source)));
        }
        Ok(())
    }

    /// The next record.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> io::Result<Option<R>> {
        if self.runs.is_empty() {
            return Ok(self.memory.next());
        }
        let Some(Reverse((record, source))) = self.heap.pop() else {
            return Ok(None);
        };
        self.pull(source)?;
        Ok(Some(record))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_merged_in_order() {
        for n in [0u64, 1, 1000, 50_000] {
            let mut sorter = Sorter::<[u64; 2]>::new(16 * 3000);
            let mut expected = Vec::new();
            for i in 0..n {
                let record = [i.wrapping_mul(0x9e37_79b9_7f4a_7c15) % 5000, i];
                expected.push(record);
                sorter.push(record).unwrap();
            }
            expected.sort_unstable();
            let mut sorted = sorter.finish().unwrap();
            let mut got = Vec::new();
            while let Some(record) = sorted.next().unwrap() {
                got.push(record);
            }
            assert_eq!(got, expected, "{n} records");
        }
    }
}
