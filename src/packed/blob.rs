//! What the builders of listpacks and ziplists have in common: a header, elements, a terminator.

use super::{MAX_BLOB_BYTES, TERMINATOR, TooLarge};

/// A structure in the making, in a buffer that can be used again.
#[derive(Clone, Debug)]
pub(super) struct Blob {
    /// Header (filled in by `finish`), elements, and the terminator once finished.
    pub(super) buffer: Vec<u8>,
    /// Number of elements.
    pub(super) count: usize,
    header_bytes: usize,
    finished: bool,
}

impl Blob {
    /// An empty one with a header of this size.
    pub(super) fn new(header_bytes: usize) -> Blob {
        Blob { buffer: vec![0; header_bytes], count: 0, header_bytes, finished: false }
    }

    /// Size in bytes when finished now.
    #[inline]
    pub(super) fn len_bytes(&self) -> usize {
        self.buffer.len() + usize::from(!self.finished)
    }

    /// Takes back the terminator and refuses to let `more` bytes and `overhead` grow the whole past its limit.
    #[inline]
    pub(super) fn make_room(&mut self, more: usize, overhead: usize) -> Result<(), TooLarge> {
        if self.finished {
            self.buffer.pop();
            self.finished = false;
        }
        if more > MAX_BLOB_BYTES || self.buffer.len() + more + overhead >= MAX_BLOB_BYTES {
            return Err(TooLarge);
        }
        Ok(())
    }

    /// Ends the elements and fills in the header: the total size, what stands `between`, and the count.
    pub(super) fn finish(&mut self, between: &[u8]) -> &[u8] {
        if !self.finished {
            self.buffer.push(TERMINATOR);
            self.finished = true;
        }
        // Pushes hold the size below 1 GiB.
        let total = u32::try_from(self.buffer.len()).unwrap_or(u32::MAX).to_le_bytes();
        let count = u16::try_from(self.count).unwrap_or(u16::MAX).to_le_bytes();
        let header = total.into_iter().chain(between.iter().copied()).chain(count);
        for (place, byte) in self.buffer.iter_mut().zip(header) {
            *place = byte;
        }
        &self.buffer
    }

    /// Forgets all elements and keeps the buffer.
    pub(super) fn clear(&mut self) {
        self.buffer.truncate(self.header_bytes);
        self.count = 0;
        self.finished = false;
    }
}
