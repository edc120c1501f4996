//! Brings together what is needed to read an entry in the middle of an RDB file.

use super::codec::IndexEntry;
use super::open::{Index, Mark};
use crate::rdb::{Context, Parser, Record, Step};
use crate::tool::Problem;
use crate::tool::dump::Halt;
use crate::tool::located::Located;
use std::borrow::Cow;

/// Follows the marks of an index, so that the context of any entry is known. Going forward is
/// cheap, going back starts over.
#[derive(Debug)]
pub struct Decoder<'i> {
    index: &'i Index,
    rdb: &'i [u8],
    context: Context,
    next_mark: usize,
    passed: u64,
}

/// What a mark was.
#[derive(Debug)]
pub enum Passed {
    /// Something the context knows now.
    Context,
    /// The source of a function library.
    Function(Vec<u8>),
}

impl<'i> Decoder<'i> {
    /// A decoder at the start of the file with these bytes.
    pub fn new(index: &'i Index, rdb: &'i [u8]) -> Decoder<'i> {
        let context = Context::new(index.header());
        Decoder { index, rdb, context, next_mark: 0, passed: 0 }
    }

    /// The file's bytes.
    pub fn rdb(&self) -> &'i [u8] {
        self.rdb
    }

    /// Passes the next mark in front of `offset`; `None` if there is none left.
    pub fn step(&mut self, offset: u64) -> Result<Option<Passed>, Halt> {
        if offset < self.passed {
            *self = Decoder::new(self.index, self.rdb);
        }
        self.passed = offset;
        match self.index.mark(self.next_mark) {
            Some(mark) if mark.offset < offset => {
                self.next_mark += 1;
                self.pass(mark).map(Some)
            }
            _ => Ok(None),
        }
    }

    fn pass(&mut self, mark: Mark) -> Result<Passed, Halt> {
        let context = std::mem::replace(&mut self.context, Context::new(self.index.header()));
        let mut parser = Parser::resume(context, mark.offset);
        let start = usize::try_from(mark.offset).unwrap_or(usize::MAX);
        let rest = self.rdb.get(start..).unwrap_or(&[]);
        let passed = match parser.parse(rest, true)? {
            Step::Record(n, Record::Function(code)) if n as u64 == mark.bytes => {
                Passed::Function(code.into_owned())
            }
            Step::Record(n, Record::Aux { .. } | Record::HashTemplate { .. })
                if n as u64 == mark.bytes =>
            {
                Passed::Context
            }
            _ => return Err(misfit(mark.offset)),
        };
        if let Some(context) = parser.into_context() {
            self.context = context;
        }
        Ok(passed)
    }

    /// Passes all marks in front of `offset`.
    pub fn advance(&mut self, offset: u64) -> Result<(), Halt> {
        while self.step(offset)?.is_some() {}
        Ok(())
    }

    /// Where an entry is and what one must know to read it.
    pub fn locate(&mut self, entry: &IndexEntry<'i>) -> Result<Located<'i>, Halt> {
        self.advance(entry.offset)?;
        let mut context = self.context.clone();
        context.db = entry.db;
        context.pending = entry.attributes;
        Ok(Located {
            context,
            offset: entry.offset,
            place: entry.offset,
            bytes: entry.bytes,
            key: Cow::Borrowed(entry.key),
        })
    }
}

/// The RDB file is not what it was when it was indexed.
fn misfit(offset: u64) -> Halt {
    let message = format!(
        "the file is not what its index says (offset 0x{offset:x}, {offset}); index it again"
    );
    Halt::Error(Problem::Corrupt { message, offset: Some(offset) }.into())
}
