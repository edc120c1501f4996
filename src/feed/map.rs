//! A file as a slice. The only place of the crate that maps memory.
#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::ops::Deref;
use std::sync::Arc;

/// A file mapped read-only; clones share the mapping.
#[derive(Debug, Clone)]
pub struct Map(Arc<memmap2::Mmap>);

impl Map {
    /// Maps a regular file.
    ///
    /// If another process shortens the file while it is mapped, touching the lost pages ends this
    /// process with a signal; it never yields wrong data with a good exit status.
    pub fn new(file: &File) -> io::Result<Map> {
        // SAFETY: the mapping is private and read-only, and lives as long as the slice. The bytes
        // may change under us if someone writes to the file; everything that reads them treats
        // them as hostile and copies what it checks, so that no invariant rests on them.
        let map = unsafe { memmap2::Mmap::map(file)? };
        #[cfg(unix)]
        {
            // Only hints: an old kernel that refuses them costs time, not correctness.
            let _ = map.advise(memmap2::Advice::Sequential);
        }
        Ok(Map(Arc::new(map)))
    }

    /// Lets go of the pages that lie in these bytes; who reads them again gets them again, from the file.
    pub fn release(&self, start: usize, len: usize) {
        #[cfg(target_os = "linux")]
        {
            let len = len.min(self.0.len().saturating_sub(start));
            // SAFETY: of a private mapping only what was written to it is lost, and nothing can be written to this one.
            let _ = unsafe {
                self.0.unchecked_advise_range(memmap2::UncheckedAdvice::DontNeed, start, len)
            };
        }
    }

    /// Asks the kernel to bring these bytes in and to map them in one go.
    pub fn prefetch(&self, start: usize, len: usize) {
        #[cfg(target_os = "linux")]
        {
            let len = len.min(self.0.len().saturating_sub(start));
            let _ = self.0.advise_range(memmap2::Advice::PopulateRead, start, len);
        }
    }
}

impl Deref for Map {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.0
    }
}
