//! Finds hashes that occur more than once among any number of them, in bounded memory.
//!
//! Hashes are dealt to parts by their top bits. A part that has filled its share of memory is
//! appended to an unnamed temporary file. In the end each part is sorted on its own, by several
//! threads, in as many passes as its size needs.

use std::fs::File;
use std::io;
use std::mem;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Number of parts; a hash's top byte is its part.
const PARTS: usize = 256;

/// Hashes that a [`Feed`] keeps per part before it hands them over.
const FEED_HASHES: usize = 64;

/// Most repeated hashes that are told; more are rare and only counted.
pub(super) const REPEATED_MAX: usize = 1 << 16;

/// Hashes read at once from the file.
const READ_HASHES: usize = 4096;

/// Nothing that can panic runs under these locks, so a poisoned one is as good as any.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A stretch of the file with hashes of one part.
struct Chunk {
    offset: u64,
    hashes: usize,
}

#[derive(Default)]
struct Part {
    memory: Vec<u64>,
    chunks: Vec<Chunk>,
}

impl Part {
    fn len(&self) -> usize {
        let spilled = self.chunks.iter().map(|chunk| chunk.hashes);
        self.memory.len() + spilled.sum::<usize>()
    }
}

#[derive(Default)]
struct Spill {
    file: Option<File>,
    end: u64,
}

/// The hashes seen so far, shared by all threads.
pub(super) struct Hashes {
    parts: Vec<Mutex<Part>>,
    /// Hashes per part that stay in memory.
    part_max: usize,
    spill: Mutex<Spill>,
}

/// What occurred more than once.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Repeated {
    /// The hashes, in order, at most [`REPEATED_MAX`].
    pub(super) hashes: Vec<u64>,
    /// Further repeated hashes, at least.
    pub(super) more: u64,
    /// Set once the hashes are as many as can be; they stand in order then.
    full: bool,
}

impl Hashes {
    /// Keeps at most this many bytes of hashes in memory.
    pub(super) fn new(memory_bytes: usize) -> Hashes {
        Hashes {
            parts: (0..PARTS).map(|_| Mutex::default()).collect(),
            part_max: (memory_bytes / PARTS / 8).max(FEED_HASHES),
            spill: Mutex::default(),
        }
    }

    fn extend(&self, part: usize, hashes: &[u64]) -> io::Result<()> {
        let Some(part) = self.parts.get(part) else {
            return Ok(());
        };
        let mut part = lock(part);
        if part.memory.len() + hashes.len() > self.part_max {
            let chunk = self.write(&part.memory)?;
            part.chunks.push(chunk);
            part.memory.clear();
        }
        part.memory.extend_from_slice(hashes);
        Ok(())
    }

    #[cold]
    fn write(&self, hashes: &[u64]) -> io::Result<Chunk> {
        let bytes: Vec<u8> = hashes.iter().flat_map(|hash| hash.to_le_bytes()).collect();
        let mut spill = lock(&self.spill);
        let offset = spill.end;
        let file = match &mut spill.file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile()?),
        };
        file.write_all_at(&bytes, offset)?;
        spill.end += bytes.len() as u64;
        Ok(Chunk { offset, hashes: hashes.len() })
    }

    /// Gives what occurred more than once; `memory_bytes` bounds what all threads sort at a time.
    pub(super) fn repeated(&self, threads: usize, memory_bytes: usize) -> io::Result<Repeated> {
        let next = AtomicUsize::new(0);
        let threads = threads.max(1);
        let at_once = (memory_bytes / 8 / threads).max(1024);
        let file = lock(&self.spill).file.take();
        let work = || {
            let mut sift = Sift::new(at_once);
            while let Some(part) = self.parts.get(next.fetch_add(1, Ordering::Relaxed)) {
                let part = mem::take(&mut *lock(part));
                sift.part(part, file.as_ref())?;
            }
            Ok(sift.found)
        };
        let mut all = Repeated::default();
        for found in run_threads(threads, work) {
            let found: Repeated = found?;
            all.hashes.extend_from_slice(&found.hashes);
            all.more += found.more;
        }
        all.hashes.sort_unstable();
        all.hashes.dedup();
        all.more += all.hashes.len().saturating_sub(REPEATED_MAX) as u64;
        all.hashes.truncate(REPEATED_MAX);
        Ok(all)
    }
}

/// Runs the same work on several threads; on this one if one is enough.
fn run_threads<T: Send>(
    threads: usize,
    work: impl Fn() -> io::Result<T> + Sync,
) -> Vec<io::Result<T>> {
    if threads == 1 {
        return vec![work()];
    }
    std::thread::scope(|scope| {
        let handles: Vec<_> = (0..threads).map(|_| scope.spawn(&work)).collect();
        let lost = |_| Err(io::Error::other("a thread was lost"));
        handles.into_iter().map(|handle| handle.join().unwrap_or_else(lost)).collect()
    })
}

/// Sorts parts one after another.
struct Sift {
    hashes: Vec<u64>,
    /// Most hashes to sort at once.
    max: usize,
    found: Repeated,
}

impl Sift {
    fn new(max: usize) -> Sift {
        Sift { hashes: Vec::new(), max, found: Repeated::default() }
    }

    fn part(&mut self, mut part: Part, file: Option<&File>) -> io::Result<()> {
        let Some(file) = file.filter(|_| !part.chunks.is_empty()) else {
            sift(&mut part.memory, &mut self.found);
            return Ok(());
        };
        // Each pass takes the hashes with one value of the bits behind the top byte.
        let passes = part.len().div_ceil(self.max).next_power_of_two();
        for pass in 0..passes {
            let wanted = |hash: &u64| ((hash >> 24) as u32 as usize) & (passes - 1) == pass;
            self.hashes.clear();
            self.hashes.extend(part.memory.iter().copied().filter(wanted));
            for chunk in &part.chunks {
                self.read(file, chunk, wanted)?;
            }
            sift(&mut self.hashes, &mut self.found);
        }
        Ok(())
    }

    fn read(
        &mut self,
        file: &File,
        chunk: &Chunk,
        wanted: impl Fn(&u64) -> bool,
    ) -> io::Result<()> {
        let mut buf = vec![0; READ_HASHES.min(chunk.hashes) * 8];
        let (mut offset, mut left) = (chunk.offset, chunk.hashes * 8);
        while left > 0 {
            let len = left.min(buf.len());
            let bytes = buf.get_mut(..len).unwrap_or(&mut []);
            file.read_exact_at(bytes, offset)?;
            let (hashes, _) = bytes.as_chunks::<8>();
            let hashes = hashes.iter().map(|bytes| u64::from_le_bytes(*bytes));
            self.hashes.extend(hashes.filter(|hash| wanted(hash)));
            offset += len as u64;
            left -= len;
            if self.hashes.len() >= self.max * 2 {
                // Only repeated hashes make a pass much larger than planned.
                sift(&mut self.hashes, &mut self.found);
                self.hashes.dedup();
            }
        }
        Ok(())
    }
}

/// Sorts hashes and takes down those that occur more than once.
pub(super) fn sift(hashes: &mut [u64], found: &mut Repeated) {
    hashes.sort_unstable();
    let mut last = None;
    for pair in hashes.windows(2) {
        match pair {
            [a, b] if a == b && last != Some(*a) => {
                last = Some(*a);
                found.push(*a);
            }
            _ => {}
        }
    }
}

impl Repeated {
    /// Takes down a repeated hash.
    #[cold]
    pub(super) fn push(&mut self, hash: u64) {
        if !self.full && self.hashes.len() >= REPEATED_MAX {
            self.hashes.sort_unstable();
            self.hashes.dedup();
            self.full = self.hashes.len() >= REPEATED_MAX;
        }
        if !self.full {
            self.hashes.push(hash);
        } else if self.hashes.binary_search(&hash).is_err() {
            self.more += 1;
        }
    }
}

/// One thread's way to add hashes.
pub(super) struct Feed {
    hashes: Vec<[u64; FEED_HASHES]>,
    lens: [u8; PARTS],
}

impl Feed {
    /// Empty buffers for every part.
    pub(super) fn new() -> Feed {
        Feed { hashes: vec![[0; FEED_HASHES]; PARTS], lens: [0; PARTS] }
    }

    /// Adds a hash.
    #[inline]
    pub(super) fn push(&mut self, hash: u64, into: &Hashes) -> io::Result<()> {
        let part = (hash >> 56) as usize;
        let (Some(buf), Some(len)) = (self.hashes.get_mut(part), self.lens.get_mut(part)) else {
            return Ok(());
        };
        if usize::from(*len) == FEED_HASHES {
            into.extend(part, buf)?;
            *len = 0;
        }
        if let Some(place) = buf.get_mut(usize::from(*len)) {
            *place = hash;
        }
        *len += 1;
        Ok(())
    }

    /// Hands over what is left.
    pub(super) fn flush(&mut self, into: &Hashes) -> io::Result<()> {
        for (part, (buf, len)) in self.hashes.iter().zip(&mut self.lens).enumerate() {
            into.extend(part, buf.get(..usize::from(*len)).unwrap_or(&[]))?;
            *len = 0;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spread(n: u64) -> u64 {
        let x = n.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (x ^ (x >> 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9)
    }

    fn repeated(memory: usize, threads: usize, hashes: impl Iterator<Item = u64>) -> Repeated {
        let all = Hashes::new(memory);
        let mut feed = Feed::new();
        for hash in hashes {
            feed.push(hash, &all).unwrap();
        }
        feed.flush(&all).unwrap();
        all.repeated(threads, memory).unwrap()
    }

    #[test]
    fn repeated_hashes_are_found_in_memory_and_in_files() {
        let twice = |n: u64| (0..n).map(spread).chain((0..n).step_by(1009).map(spread));
        for memory in [0, 1 << 18, 1 << 24] {
            for threads in [1, 3] {
                let mut expected: Vec<u64> = (0..200_000).step_by(1009).map(spread).collect();
                expected.sort_unstable();
                let found = repeated(memory, threads, twice(200_000));
                assert_eq!(found.hashes, expected);
                assert_eq!(found.more, 0);
            }
        }
    }

    #[test]
    fn one_hash_many_times_needs_no_more_memory() {
        let found = repeated(0, 1, std::iter::repeat_n(7, 300_000));
        assert_eq!(found.hashes, [7]);
    }

    #[test]
    fn too_many_are_counted() {
        let n = REPEATED_MAX as u64 + 1000;
        let found = repeated(1 << 20, 1, (0..n).chain(0..n).map(spread));
        assert_eq!(found.hashes.len(), REPEATED_MAX);
        assert_eq!(found.more, 1000);
    }
}
