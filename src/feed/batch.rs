//! A run of whole records, ready to be read on any thread.

use super::map::Map;
use crate::rdb::{Context, Error, Parser, PassedKey, Record, Step};

/// Where a batch's bytes are kept.
#[derive(Debug)]
pub enum BatchBytes<'i> {
    /// In the mapped input.
    Borrowed(&'i [u8]),
    /// In memory of their own.
    Owned(Vec<u8>),
    /// In an unnamed temporary file: one entry too large to be kept in memory, and its length.
    Spooled(Map, usize),
}

/// Consecutive records and what one must know to read them.
#[derive(Debug)]
pub struct Batch<'i> {
    /// Position among the batches, from 0.
    pub seq: u64,
    /// What earlier records say; `None` if the file's header is still to come.
    pub context: Option<Context>,
    /// Absolute offset of the first byte.
    pub offset: u64,
    /// The records.
    pub bytes: BatchBytes<'i>,
}

impl Batch<'_> {
    /// The records' bytes.
    pub fn bytes(&self) -> &[u8] {
        match &self.bytes {
            BatchBytes::Borrowed(bytes) => bytes,
            BatchBytes::Owned(bytes) => bytes,
            BatchBytes::Spooled(map, len) => map.get(..*len).unwrap_or(&[]),
        }
    }

    /// Reads the records one by one.
    pub fn records(&self) -> Records<'_> {
        let parser = match &self.context {
            Some(context) => Parser::resume(context.clone(), self.offset),
            // Who made the batches has judged the header.
            None => Parser::new().taking_newer(true),
        };
        Records { parser, bytes: self.bytes(), pos: 0 }
    }
}

/// Reads the records of a slice that holds only whole ones.
#[derive(Debug)]
pub struct Records<'b> {
    parser: Parser,
    bytes: &'b [u8],
    pos: usize,
}

impl<'b> Records<'b> {
    /// Records in a slice, from this context and absolute offset.
    pub fn new(bytes: &'b [u8], context: Context, offset: u64) -> Self {
        Records { parser: Parser::resume(context, offset), bytes, pos: 0 }
    }

    /// Bytes read so far.
    pub fn position(&self) -> usize {
        self.pos
    }

    /// What the records so far say about the next; `None` before the header.
    pub fn context(&self) -> Option<&Context> {
        self.parser.context()
    }

    /// The bytes that are not read yet.
    pub fn rest(&self) -> &'b [u8] {
        self.bytes.get(self.pos..).unwrap_or(&[])
    }

    /// Passes keys of the plainest form and shows each, until something else comes or one is not
    /// taken, which [`Records::next`] gives then. Much faster than that for those that are.
    #[inline(always)]
    pub fn take_keys(&mut self, takes: impl FnMut(&PassedKey<'b>) -> bool) {
        self.pos += self.parser.take_keys(self.rest(), usize::MAX, takes);
    }

    /// Whether the data ended while an expiry or access information waited for its key.
    pub fn ended_before_key(&self) -> bool {
        let waits = self.parser.context().is_some_and(|context| !context.pending.is_empty());
        self.parser.is_done() && waits
    }

    /// The next record; `None` when the slice or the file is at its end.
    #[allow(clippy::should_implement_trait)]
    #[inline]
    pub fn next(&mut self) -> Result<Option<Record<'_>>, Error> {
        let rest = self.rest();
        if rest.is_empty() || self.parser.is_done() {
            return Ok(None);
        }
        match self.parser.parse(rest, true)? {
            Step::Record(consumed, record) => {
                self.pos += consumed;
                Ok(Some(record))
            }
            // Not reached: what is missing from the last bytes is an error.
            Step::Need(_) => Ok(None),
        }
    }
}
