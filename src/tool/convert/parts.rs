//! Output files of a conversion, and the frames that are put into them.
//!
//! ```text
//! part u32 | db u64 | flags u8 | length u64 | bytes          little-endian
//! ```

use super::Split;
use crate::base::crc::Crc64;
use crate::rdb::encode::{self, Target};
use crate::rdb::parser::opcode;
use crate::tool::file::AtomicFile;
use crate::tool::out::Out;
use std::collections::HashSet;
use std::io::{self, Write};

const FRAME_BYTES: usize = 21;

/// The part of frames that go into every output.
pub const EVERY_PART: u32 = u32::MAX;

/// The frame is outside of any database.
const FLAG_GLOBAL: u8 = 1;
/// The frame begins a key.
const FLAG_KEY: u8 = 2;
/// The frame is left out if there has been an equal one.
const FLAG_DISTINCT: u8 = 4;

/// Bytes of a frame before it is closed to make room.
const PIECE_BYTES: usize = 1 << 20;

/// One output.
pub enum Output {
    /// A file that gets its name when all is well.
    File(AtomicFile),
    /// Anything else.
    Writer(Box<dyn Write + Send>),
}

/// Makes outputs as they are needed.
pub trait Outputs: Send {
    /// Opens the output of a part; gives its name, too.
    fn create(&mut self, part: u32) -> io::Result<(String, Output)>;
}

struct Part {
    id: u32,
    name: String,
    output: Output,
    crc: Crc64,
    db: Option<u64>,
    bytes: u64,
}

impl Part {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.crc.update(bytes);
        self.bytes += bytes.len() as u64;
        match &mut self.output {
            Output::File(file) => file.write_all(bytes),
            Output::Writer(writer) => writer.write_all(bytes),
        }
    }

    fn end(mut self, target: Target) -> io::Result<(String, Output, u64)> {
        self.write(&[opcode::EOF])?;
        let (sum, _) = encode::end_bytes(target, self.crc.value());
        self.write(&sum)?;
        Ok((self.name, self.output, self.bytes))
    }
}

/// All outputs.
pub struct Parts {
    target: Target,
    outputs: Box<dyn Outputs>,
    open: Vec<Part>,
    /// Complete ones, waiting for the others.
    complete: Vec<(String, Output, u64)>,
    /// What goes to the front of each output, later ones included.
    prologue: Vec<u8>,
    /// Distinct frames so far.
    distinct: HashSet<Vec<u8>>,
    /// Function libraries that were there already.
    pub(super) functions_repeated: u64,
    size_limit: Option<u64>,
    next_part: u32,
}

impl Parts {
    /// No outputs yet.
    pub fn new(target: Target, split: &Split, outputs: Box<dyn Outputs>) -> Parts {
        let size_limit = if let Split::Size(bytes) = split { Some(*bytes) } else { None };
        Parts {
            target,
            outputs,
            open: Vec::new(),
            complete: Vec::new(),
            prologue: Vec::new(),
            distinct: HashSet::new(),
            functions_repeated: 0,
            size_limit,
            next_part: 0,
        }
    }

    fn open(&mut self, id: u32) -> io::Result<usize> {
        let (name, output) = self.outputs.create(id)?;
        let mut part = Part { id, name, output, crc: Crc64::new(), db: None, bytes: 0 };
        part.write(&self.target.header.to_bytes())?;
        part.write(&self.prologue)?;
        self.open.push(part);
        Ok(self.open.len() - 1)
    }

    /// The output of a part, opened if need be.
    fn part(&mut self, id: u32) -> io::Result<&mut Part> {
        let index = match self.open.iter().position(|part| part.id == id) {
            Some(index) => index,
            None => self.open(id)?,
        };
        self.open.get_mut(index).ok_or_else(|| io::Error::other("no such part"))
    }

    fn frame(&mut self, part: u32, db: u64, flags: u8, bytes: &[u8]) -> io::Result<()> {
        if flags & FLAG_DISTINCT != 0 && !self.distinct.insert(bytes.to_vec()) {
            self.functions_repeated += u64::from(bytes.first() == Some(&opcode::FUNCTION));
            return Ok(());
        }
        if part == EVERY_PART {
            self.prologue.extend_from_slice(bytes);
            return self.open.iter_mut().try_for_each(|part| part.write(bytes));
        }
        let mut id = part;
        if let Some(limit) = self.size_limit {
            if flags & FLAG_KEY != 0 && self.open.last().is_some_and(|part| part.bytes >= limit) {
                if let Some(full) = self.open.pop() {
                    self.complete.push(full.end(self.target)?);
                }
                self.next_part += 1;
            }
            id = self.next_part;
        }
        let part = self.part(id)?;
        if flags & FLAG_GLOBAL == 0 && part.db != Some(db) {
            part.db = Some(db);
            let mut select = Vec::new();
            encode::write_select(&mut select, db);
            part.write(&select)?;
        }
        part.write(bytes)
    }

    /// Ends all outputs and gives them their names; an empty one if there was nothing to write.
    pub fn finish(mut self) -> io::Result<Vec<(String, u64)>> {
        if self.open.is_empty() && self.complete.is_empty() {
            self.open(0)?;
        }
        self.open.sort_by_key(|part| part.id);
        for part in self.open {
            self.complete.push(part.end(self.target)?);
        }
        let mut names = Vec::new();
        for (name, output, bytes) in self.complete {
            match output {
                Output::File(file) => file.commit()?,
                Output::Writer(mut writer) => writer.flush()?,
            }
            names.push((name, bytes));
        }
        Ok(names)
    }
}

impl Write for Parts {
    /// Takes whole frames.
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let mut rest = buf;
        while let Some((head, tail)) = rest.split_first_chunk::<FRAME_BYTES>() {
            let (part, head) = head.split_first_chunk::<4>().unwrap_or((&[0; 4], &[]));
            let (db, head) = head.split_first_chunk::<8>().unwrap_or((&[0; 8], &[]));
            let (flags, head) = head.split_first().unwrap_or((&0, &[]));
            let len = head.first_chunk::<8>().map_or(0, |len| u64::from_le_bytes(*len));
            let len = usize::try_from(len).unwrap_or(usize::MAX);
            let Some((bytes, behind)) = tail.split_at_checked(len) else {
                return Err(io::Error::other("a frame is cut"));
            };
            self.frame(u32::from_le_bytes(*part), u64::from_le_bytes(*db), *flags, bytes)?;
            rest = behind;
        }
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes frames into a buffer.
pub struct Framer<'o, O: Out> {
    out: &'o mut O,
    part: u32,
    db: u64,
    flags: u8,
    /// Where the open frame's length stands.
    length_at: Option<usize>,
}

impl<'o, O: Out> Framer<'o, O> {
    /// Takes any number of whole keys of a part and database; there is no frame if there are none.
    /// Nothing tells one key from the next, so this is not for parts of limited size.
    pub fn keys(out: &'o mut O, part: u32, db: u64) -> Self {
        Framer { out, part, db, flags: 0, length_at: None }
    }

    /// Begins a key of a part and database.
    pub fn key(out: &'o mut O, part: u32, db: u64) -> Self {
        Self::begin(out, part, db, FLAG_KEY)
    }

    /// Begins something outside of keys.
    pub fn global(out: &'o mut O) -> Self {
        Self::begin(out, EVERY_PART, 0, FLAG_GLOBAL)
    }

    /// Begins something outside of keys that several inputs may have in common: written once.
    pub fn distinct(out: &'o mut O) -> Self {
        Self::begin(out, EVERY_PART, 0, FLAG_GLOBAL | FLAG_DISTINCT)
    }

    fn begin(out: &'o mut O, part: u32, db: u64, flags: u8) -> Self {
        let mut framer = Framer { out, part, db, flags, length_at: None };
        framer.open();
        framer
    }

    fn open(&mut self) {
        let buf = self.out.buf();
        buf.extend_from_slice(&self.part.to_le_bytes());
        buf.extend_from_slice(&self.db.to_le_bytes());
        buf.push(self.flags);
        self.length_at = Some(buf.len());
        buf.extend_from_slice(&[0; 8]);
        // Only the first frame begins the key.
        self.flags &= !FLAG_KEY;
    }

    /// The open frame's bytes, for appending.
    pub fn buf(&mut self) -> &mut Vec<u8> {
        self.out.buf()
    }

    /// Appends bytes of any length, handing frames on as they fill.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        for piece in bytes.chunks(PIECE_BYTES) {
            if self.length_at.is_none() {
                self.open();
            }
            self.out.buf().extend_from_slice(piece);
            if bytes.len() > PIECE_BYTES || self.out.buf().len() > PIECE_BYTES {
                self.close();
                self.out.spill()?;
                self.open();
            }
        }
        Ok(())
    }

    /// Ends the open frame.
    pub fn close(&mut self) {
        let Some(at) = self.length_at.take() else { return };
        let buf = self.out.buf();
        let len = buf.len().saturating_sub(at + 8) as u64;
        if let Some(slot) = buf.get_mut(at..at + 8) {
            slot.copy_from_slice(&len.to_le_bytes());
        }
    }
}
