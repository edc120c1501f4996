//! The stream that comes while its snapshot is loaded.

use std::collections::VecDeque;

/// Bytes of a block, at most, unless more came at once.
const BLOCK_BYTES: usize = 256 << 10;

/// Bytes in blocks, so that neither keeping nor giving out moves what is there.
#[derive(Debug, Default)]
pub(super) struct Held {
    blocks: VecDeque<Vec<u8>>,
    bytes: u64,
    peak_bytes: u64,
}

impl Held {
    /// Keeps bytes behind the others.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        match self.blocks.back_mut() {
            Some(block) if block.len().saturating_add(bytes.len()) <= BLOCK_BYTES => {
                block.extend_from_slice(bytes);
            }
            _ => self.blocks.push_back(bytes.to_vec()),
        }
        self.bytes = self.bytes.saturating_add(bytes.len() as u64);
        self.peak_bytes = self.peak_bytes.max(self.bytes);
    }

    /// Gives out the first ones.
    pub(super) fn pop(&mut self) -> Option<Vec<u8>> {
        let block = self.blocks.pop_front()?;
        self.bytes = self.bytes.saturating_sub(block.len() as u64);
        Some(block)
    }

    /// How many there are.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How many there were at most.
    pub(super) fn peak_bytes(&self) -> u64 {
        self.peak_bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_comes_out_in_order() {
        let mut held = Held::default();
        let all: Vec<u8> = (0..600_000_u32).map(|i| (i % 251) as u8).collect();
        let (small, large) = all.split_at(100_000);
        small.chunks(7).for_each(|bytes| held.push(bytes));
        held.push(large);
        assert_eq!((held.bytes(), held.peak_bytes()), (600_000, 600_000));
        // Small pieces do not make a block each.
        assert_eq!(held.blocks.len(), 2);
        let mut out = Vec::new();
        while let Some(block) = held.pop() {
            out.extend(block);
        }
        assert_eq!(out, all);
        assert_eq!((held.bytes(), held.peak_bytes()), (0, 600_000));
    }
}
