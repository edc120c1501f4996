//! Bytes collected in memory up to a bound, and in an unnamed temporary file beyond it.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

/// Bytes kept in memory before a file is used.
const MEMORY_BYTES: usize = 8 << 20;

/// A growing run of bytes.
#[derive(Debug, Default)]
pub struct Spool {
    memory: Vec<u8>,
    file: Option<File>,
    spilled: u64,
}

impl Spool {
    /// An empty spool.
    pub fn new() -> Spool {
        Spool::default()
    }

    /// The end of the run, for appending. Call [`Spool::settle`] now and then.
    #[inline]
    pub fn buf(&mut self) -> &mut Vec<u8> {
        &mut self.memory
    }

    /// Moves what is in memory to the file if it has grown large.
    #[inline]
    pub fn settle(&mut self) -> io::Result<()> {
        if self.memory.len() < MEMORY_BYTES { Ok(()) } else { self.spill() }
    }

    #[cold]
    fn spill(&mut self) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            None => self.file.insert(tempfile::tempfile()?),
        };
        file.write_all(&self.memory)?;
        self.spilled += self.memory.len() as u64;
        self.memory.clear();
        Ok(())
    }

    /// Length of the run in bytes.
    pub fn len(&self) -> u64 {
        self.spilled + self.memory.len() as u64
    }

    /// Whether nothing has been appended.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Hands the run on in pieces, in order.
    pub fn each<E: From<io::Error>>(
        &mut self,
        mut piece: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        if let Some(file) = &mut self.file {
            file.seek(SeekFrom::Start(0))?;
            let mut buf = vec![0; 1 << 20];
            let mut left = self.spilled;
            while left > 0 {
                let n = usize::try_from(left).unwrap_or(usize::MAX).min(buf.len());
                let part = buf.get_mut(..n).unwrap_or(&mut []);
                file.read_exact(part)?;
                piece(part)?;
                left -= n as u64;
            }
        }
        if self.memory.is_empty() { Ok(()) } else { piece(&self.memory) }
    }

    /// Forgets everything; the memory is kept for the next run.
    pub fn clear(&mut self) {
        self.memory.clear();
        self.file = None;
        self.spilled = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_in_comes_out() {
        let mut spool = Spool::new();
        let mut expected = Vec::new();
        for i in 0..3_000_000u32 {
            spool.buf().extend_from_slice(&i.to_le_bytes());
            spool.settle().unwrap();
            expected.extend_from_slice(&i.to_le_bytes());
        }
        assert_eq!(spool.len(), expected.len() as u64);
        let mut got = Vec::new();
        spool
            .each(|piece| {
                got.extend_from_slice(piece);
                io::Result::Ok(())
            })
            .unwrap();
        assert!(got == expected);
        spool.clear();
        assert!(spool.is_empty());
    }
}
