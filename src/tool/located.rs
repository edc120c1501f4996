//! One key of an RDB file, found but not read yet.

use super::Problem;
use super::dump::Halt;
use crate::feed::batch::Records;
use crate::rdb::{Context, Entry, Record};
use std::borrow::Cow;

/// Where a key's record is and what one must know to read it.
#[derive(Debug, Clone)]
pub struct Located<'k> {
    /// What earlier records say; attributes in front of them included.
    pub context: Context,
    /// Where the record starts in the (decompressed) input.
    pub offset: u64,
    /// Where it starts in the bytes at hand, which may be a selection of the input.
    pub place: u64,
    /// Its length.
    pub bytes: u64,
    /// The key.
    pub key: Cow<'k, [u8]>,
}

impl Located<'_> {
    /// Reads the record among the bytes at hand and gives it to `work`.
    pub fn read<R>(
        &self,
        bytes: &[u8],
        work: impl FnOnce(&Entry<'_>) -> Result<R, Halt>,
    ) -> Result<R, Halt> {
        let mut records = Records::new(self.slice(bytes), self.context.clone(), self.offset);
        if let Some(Record::Key(entry)) = records.next()?
            && entry.key()? == self.key
            && entry.span.end.checked_sub(self.offset) == Some(self.bytes)
        {
            return work(&entry);
        }
        let (key, offset) = (self.key.escape_ascii(), self.offset);
        let message =
            format!("key \"{key}\" is not where it should be (offset 0x{offset:x}, {offset})");
        Err(Halt::Error(Problem::Corrupt { message, offset: Some(offset) }.into()))
    }

    fn slice<'b>(&self, bytes: &'b [u8]) -> &'b [u8] {
        let range = || {
            let start = usize::try_from(self.place).ok()?;
            Some(start..start.checked_add(usize::try_from(self.bytes).ok()?)?)
        };
        range().and_then(|range| bytes.get(range)).unwrap_or(&[])
    }
}
