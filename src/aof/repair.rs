//! What of a damaged file of commands is sound: its longest prefix, or all that can be found behind damage, too.
//!
//! A transaction is kept as a whole or not at all. Behind damage the next command is found by its shape (`*N\r\n$`)
//! and is believed once it is complete and followed by another or by the end. Whether it stood in a transaction whose
//! MULTI is lost is told by what comes first behind it: an EXEC says yes, a MULTI or a sound end says no.

use super::reader::{Frame, Item, ReadError, Reader, Role, frame};
use memchr::memmem;
use std::ops::Range;

/// Arguments that are read to believe a command behind damage; bounds the work on hostile files.
const BELIEVED_BYTES_MAX: usize = 64 << 20;

/// Why a part of a file is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// It is no command.
    Damage(ReadError),
    /// A transaction without an end; the place is its MULTI.
    OpenMulti(u64),
    /// A MULTI inside a transaction.
    NestedMulti(u64),
    /// An EXEC outside of any.
    LoneExec(u64),
}

impl Cause {
    /// The place at fault.
    pub fn offset(&self) -> u64 {
        match self {
            Cause::Damage(error) => error.offset,
            Cause::OpenMulti(at) | Cause::NestedMulti(at) | Cause::LoneExec(at) => *at,
        }
    }

    /// Whether the file merely ends too early.
    pub fn is_truncated(&self) -> bool {
        match self {
            Cause::Damage(error) => error.is_truncated(),
            Cause::OpenMulti(_) => true,
            Cause::NestedMulti(_) | Cause::LoneExec(_) => false,
        }
    }
}

impl std::fmt::Display for Cause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let at = self.offset();
        match self {
            Cause::Damage(error) => return error.fmt(f),
            Cause::OpenMulti(_) => write!(f, "a transaction without EXEC"),
            Cause::NestedMulti(_) => write!(f, "MULTI inside a transaction"),
            Cause::LoneExec(_) => write!(f, "EXEC without MULTI"),
        }?;
        write!(f, " (offset 0x{at:x}, {at})")
    }
}

/// A part of a file that is not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// Its bytes.
    pub bytes: Range<u64>,
    /// The first thing wrong in it.
    pub cause: Cause,
}

/// A part of a file that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Its bytes.
    pub bytes: Range<u64>,
    /// The database to select in front of it, since a SELECT in front of it was cut out.
    pub select: Option<u64>,
}

/// What is kept of a file and what is not; together they are all of its commands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sound {
    /// What is kept, in order.
    pub pieces: Vec<Piece>,
    /// What is not, in order.
    pub gaps: Vec<Gap>,
}

impl Sound {
    /// Whether all is kept.
    pub fn is_whole(&self) -> bool {
        self.gaps.is_empty()
    }

    /// Bytes that are not kept.
    pub fn cut_bytes(&self) -> u64 {
        self.gaps.iter().map(|gap| gap.bytes.end - gap.bytes.start).sum()
    }

    fn keep(&mut self, bytes: Range<u64>, select: Option<u64>) {
        match self.pieces.last_mut() {
            _ if bytes.is_empty() => {}
            Some(last) if last.bytes.end == bytes.start && select.is_none() => {
                last.bytes.end = bytes.end;
            }
            _ => self.pieces.push(Piece { bytes, select }),
        }
    }

    fn cut(&mut self, bytes: Range<u64>, cause: Cause) {
        match self.gaps.last_mut() {
            _ if bytes.is_empty() => {}
            Some(last) if last.bytes.end == bytes.start => last.bytes.end = bytes.end,
            _ => self.gaps.push(Gap { bytes, cause }),
        }
    }
}

/// The longest sound prefix of the commands from `start`.
pub fn prefix(bytes: &[u8], start: u64) -> Sound {
    let mut reader = Reader::new(bytes, start);
    let cause = loop {
        match reader.next() {
            Ok(Some(Item::Command(command))) => match command.role {
                Role::NestedMulti => break Some(Cause::NestedMulti(command.span.start)),
                Role::LoneExec => break Some(Cause::LoneExec(command.span.start)),
                _ => {}
            },
            Ok(Some(Item::Note(_))) => {}
            Ok(None) => break reader.open_multi().map(Cause::OpenMulti),
            Err(error) => break Some(Cause::Damage(error)),
        }
    };
    let mut sound = Sound::default();
    // An EXEC outside of any transaction ends a unit of its own.
    let end = match cause {
        Some(Cause::LoneExec(at)) => at,
        _ => reader.sound_end(),
    };
    sound.keep(start..end, None);
    if let Some(cause) = cause {
        sound.cut(end..bytes.len() as u64, cause);
    }
    sound
}

/// Where the next command after `from` is found behind damage.
pub fn resync(bytes: &[u8], from: u64) -> Option<u64> {
    let mut from = usize::try_from(from).ok()?;
    let star = memmem::Finder::new(b"\n*");
    let mut spans = Vec::new();
    let mut budget = BELIEVED_BYTES_MAX;
    loop {
        // The line end in front may be the last byte of what is damaged.
        let rest = bytes.get(from.saturating_sub(1)..)?;
        let at = from.saturating_sub(1) + star.find(rest)? + 1;
        let candidate = bytes.get(at..)?;
        if is_head(candidate) {
            match frame(candidate, &mut spans) {
                Ok(Frame::Command(len)) => {
                    budget = budget.saturating_sub(spans.len());
                    if matches!(candidate.get(len), None | Some(b'*' | b'#')) || budget == 0 {
                        return Some(at as u64);
                    }
                }
                Ok(Frame::Note(_)) | Err(_) => budget = budget.saturating_sub(spans.len()),
            }
        }
        from = at + 1;
    }
}

/// Whether bytes begin like `*N\r\n$`.
fn is_head(bytes: &[u8]) -> bool {
    let digits = bytes.get(1..).unwrap_or(&[]).iter().take_while(|b| b.is_ascii_digit()).count();
    digits > 0 && bytes.get(1 + digits..).is_some_and(|rest| rest.starts_with(b"\r\n$"))
}

/// The damage in front of what is being read, as long as it is not known whether that is kept.
struct Doubt {
    /// Where the gap starts.
    gap: u64,
    cause: Cause,
    /// Where reading went on.
    resumed: u64,
    /// Whether a transaction was open in front of the gap.
    in_multi: bool,
}

/// Finds all that is sound, behind damage, too.
struct Skipper<'a> {
    bytes: &'a [u8],
    reader: Reader<'a>,
    sound: Sound,
    /// Start of what is read and not yet kept or cut.
    from: u64,
    /// The database in force behind what is kept.
    kept_db: u64,
    doubt: Option<Doubt>,
}

impl Skipper<'_> {
    /// Keeps what is read up to `end`.
    fn keep(&mut self, end: u64) {
        let db = self.reader.db();
        self.keep_in(end, None);
        self.kept_db = db;
    }

    fn keep_in(&mut self, end: u64, select: Option<u64>) {
        self.sound.keep(self.from..end, select);
        self.from = end;
    }

    /// What was found behind damage is kept.
    fn believe(&mut self, db: u64) {
        if let Some(doubt) = self.doubt.take() {
            self.sound.cut(doubt.gap..doubt.resumed, doubt.cause);
            self.from = doubt.resumed;
            // Made a piece of its own by the gap in front of it.
            let select = (db != self.kept_db).then_some(db);
            self.sound.pieces.push(Piece { bytes: self.from..self.from, select });
        }
    }

    /// What was found behind damage is not kept, up to `end`.
    fn disbelieve(&mut self, end: u64) {
        if let Some(doubt) = self.doubt.take() {
            self.sound.cut(doubt.gap..end, doubt.cause);
            self.from = end;
            let db = self.reader.db();
            let select = (db != self.kept_db).then_some(db);
            self.sound.pieces.push(Piece { bytes: end..end, select });
            self.kept_db = db;
        }
    }
}

/// All that is sound of the commands from `start`, in front of damage and behind it.
pub fn skip_damage(bytes: &[u8], start: u64) -> Sound {
    let reader = Reader::new(bytes, start);
    let sound = Sound::default();
    let mut skipper = Skipper { bytes, reader, sound, from: start, kept_db: 0, doubt: None };
    // The database where reading went on behind damage.
    let mut resumed_db = 0;
    loop {
        let step = match skipper.reader.next() {
            Ok(Some(Item::Command(command))) => Ok(Some((command.role, command.span.clone()))),
            Ok(Some(Item::Note(_))) => continue,
            Ok(None) => Ok(None),
            Err(error) => Err(error),
        };
        match step {
            Ok(Some((Role::Multi, span))) => {
                skipper.believe(resumed_db);
                skipper.keep(span.start);
            }
            Ok(Some((Role::LoneExec, span))) if skipper.doubt.is_some() => {
                skipper.disbelieve(span.end);
            }
            Ok(Some((Role::LoneExec, span))) => {
                skipper.keep(span.start);
                skipper.sound.cut(span.clone(), Cause::LoneExec(span.start));
                skipper.from = span.end;
            }
            Ok(Some((Role::NestedMulti, span))) => {
                // Servers ignore it; without it the transaction is a plain one.
                skipper.keep(span.start);
                skipper.sound.cut(span.clone(), Cause::NestedMulti(span.start));
                skipper.from = span.end;
            }
            Ok(Some(_)) => {}
            Ok(None) => return skipper.end(resumed_db),
            Err(error) => match skipper.damage(error, resumed_db) {
                Some(db) => resumed_db = db,
                None => return skipper.sound_without_empty(),
            },
        }
    }
}

impl Skipper<'_> {
    /// At the sound end of the file.
    fn end(mut self, resumed_db: u64) -> Sound {
        self.believe(resumed_db);
        let len = self.bytes.len() as u64;
        match self.reader.open_multi() {
            Some(multi) => self.cut_open(multi, len, Cause::OpenMulti(multi)),
            None => self.keep(len),
        }
        self.sound_without_empty()
    }

    /// Cuts from an open MULTI on; parts of it may have been kept already.
    fn cut_open(&mut self, multi: u64, end: u64, cause: Cause) {
        for piece in &mut self.sound.pieces {
            piece.bytes.end = piece.bytes.end.min(multi.max(piece.bytes.start));
        }
        self.sound.pieces.retain(|piece| piece.bytes.start <= multi);
        self.sound.gaps.retain(|gap| gap.bytes.start < multi);
        if self.from < multi {
            self.keep_in(multi, None);
        }
        self.sound.cut(multi..end, cause);
        self.from = end;
    }

    /// At damage: goes on behind it and gives the database in force there; none if nothing is found.
    fn damage(&mut self, error: ReadError, resumed_db: u64) -> Option<u64> {
        let cause = Cause::Damage(error);
        let len = self.bytes.len() as u64;
        let in_multi = self.reader.open_multi();
        let next = resync(self.bytes, error.start + 1);
        let db = self.reader.db();
        if self.doubt.as_ref().is_some_and(|doubt| doubt.in_multi) {
            // Neither MULTI, EXEC nor a sound end: it may be part of the open transaction.
            match (next, &mut self.doubt) {
                (Some(next), Some(doubt)) => doubt.resumed = next,
                _ => self.disbelieve(len),
            }
        } else {
            self.believe(resumed_db);
            let gap = in_multi.unwrap_or(error.start);
            match in_multi {
                Some(multi) => self.cut_open(multi, next.unwrap_or(len), cause),
                None => {
                    self.keep(gap);
                    self.sound.cut(gap..next.unwrap_or(len), cause);
                }
            }
            self.doubt = next.map(|resumed| Doubt { gap, cause, resumed, in_multi: in_multi.is_some() });
        }
        self.reader.jump(next?);
        Some(db)
    }

    fn sound_without_empty(mut self) -> Sound {
        // A database selected for a piece that stayed empty is selected for the one behind it.
        let mut select = None;
        for piece in &mut self.sound.pieces {
            piece.select = piece.select.or(select.take());
            if piece.bytes.is_empty() {
                select = piece.select;
            }
        }
        self.sound.pieces.retain(|piece| !piece.bytes.is_empty());
        self.sound
    }
}
