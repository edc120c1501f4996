//! Finds the mark that ends a snapshot of unknown length.
//!
//! The bytes in front of the mark are given on as they come; only what may be the start of the mark is held back, which is less
//! than the mark itself. The mark is 40 random digits, so that its first occurrence is the end.

use super::handshake::MARK_BYTES;
use memchr::memmem::Finder;

/// Bytes that may be the start of a mark, at most.
const HELD_BYTES_MAX: usize = MARK_BYTES - 1;

/// Looks for a mark in bytes that come in pieces.
#[derive(Debug)]
pub(super) struct MarkSearch {
    finder: Finder<'static>,
    /// The last bytes, not given on yet.
    held: Vec<u8>,
}

impl MarkSearch {
    pub(super) fn new(mark: [u8; MARK_BYTES]) -> MarkSearch {
        MarkSearch { finder: Finder::new(&mark).into_owned(), held: Vec::new() }
    }

    /// Takes more bytes and gives on what stands in front of the mark; what stands behind it, once it was found.
    pub(super) fn take<'b>(
        &mut self,
        bytes: &'b [u8],
        give: &mut dyn FnMut(&[u8]),
    ) -> Option<&'b [u8]> {
        // A mark that begins in what is held ends in the first bytes.
        let held_bytes = self.held.len();
        let first = bytes.get(..HELD_BYTES_MAX).unwrap_or(bytes);
        self.held.extend_from_slice(first);
        if held_bytes > 0
            && let Some(at) = self.finder.find(&self.held)
        {
            some(self.held.get(..at), give);
            return bytes.get(at + MARK_BYTES - held_bytes..);
        }
        if bytes.len() <= HELD_BYTES_MAX {
            let done = self.held.len().saturating_sub(HELD_BYTES_MAX);
            some(self.held.get(..done), give);
            self.held.drain(..done);
            return None;
        }
        some(self.held.get(..held_bytes), give);
        self.held.clear();
        if let Some(at) = self.finder.find(bytes) {
            some(bytes.get(..at), give);
            return bytes.get(at + MARK_BYTES..);
        }
        let (done, rest) = bytes.split_at_checked(bytes.len() - HELD_BYTES_MAX)?;
        some(Some(done), give);
        self.held.extend_from_slice(rest);
        None
    }
}

fn some(bytes: Option<&[u8]>, give: &mut dyn FnMut(&[u8])) {
    if let Some(bytes) = bytes.filter(|bytes| !bytes.is_empty()) {
        give(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::rng::Rng;

    #[test]
    fn pieces_find_what_the_whole_finds() {
        for seed in 0..2000 {
            let mut rng = Rng::new(seed);
            // Two letters make for many false starts.
            let mark: [u8; MARK_BYTES] = std::array::from_fn(|_| b"ab"[rng.below(2) as usize]);
            let mut data: Vec<u8> = Vec::new();
            for _ in 0..rng.below(6) {
                data.extend(&mark[..rng.below(40) as usize]);
                data.extend((0..rng.below(100)).map(|_| b"ab"[rng.below(2) as usize]));
            }
            let behind = vec![b'z'; rng.below(80) as usize];
            let whole = [&data[..], &mark, &behind].concat();
            let end = memchr::memmem::find(&whole, &mark).unwrap();
            let (mut search, mut seen, mut at) = (MarkSearch::new(mark), Vec::<u8>::new(), 0);
            let rest = loop {
                let most = [3, 45, 500][rng.below(3) as usize];
                let next = (at + 1 + rng.below(most) as usize).min(whole.len());
                let piece = &whole[at..next];
                if let Some(rest) = search.take(piece, &mut |bytes| seen.extend(bytes)) {
                    break at + piece.len() - rest.len();
                }
                assert!(seen.len() + MARK_BYTES > next && seen.len() <= end, "seed {seed}");
                at = next;
            };
            assert_eq!((seen.len(), rest), (end, end + MARK_BYTES), "seed {seed}");
            assert_eq!(seen, whole[..end], "seed {seed}");
        }
    }
}
