//! Takes a stream apart that comes in pieces: where commands end, and where one could start again.
//!
//! A *unit* is a command, or a transaction from MULTI to EXEC. Behind a unit the data are what the primary had at that offset,
//! so there a replica may be cut off, a file may end, and a snapshot may be told to be. Nothing is copied but the first words
//! of a command that is cut.

use super::offset::Offset;
use crate::aof::reader::{ErrorKind, Frame, frame};
use crate::base::limits::{AOF_ARGUMENTS_MAX, DB_MAX, STRING_BYTES_MAX};
use crate::base::num::parse_canonical_i64;
use std::ops::Range;

/// Longest line that begins a command or an argument, in bytes: a mark, a number and the line's end.
const LINE_BYTES_MAX: usize = 32;

/// Bytes of the first words that are looked at: longer words are none that matter here.
const WORD_BYTES_MAX: usize = 32;

/// What a command is to those around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A command on data.
    Plain,
    /// It selects a database.
    Select,
    /// It begins a transaction.
    Multi,
    /// It ends a transaction.
    Exec,
    /// The primary shows that it lives.
    Ping,
    /// The primary asks for an acknowledgement.
    GetAck,
}

/// What stands at the start of the bytes that were given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A command ends behind so many of the bytes.
    Command {
        /// Bytes up to its end.
        bytes: usize,
        /// What it is.
        role: Role,
        /// All of it is in the bytes, from the first one.
        is_whole: bool,
    },
    /// An empty line, which does not count as part of the stream.
    Nothing {
        /// Its bytes.
        bytes: usize,
    },
    /// The bytes end inside a command; all were taken.
    Cut,
}

/// Why bytes are no stream.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StreamError {
    /// No command begins so.
    #[error("no command begins with 0x{0:02x}")]
    Start(u8),
    /// A command without sense.
    #[error("{0}")]
    Command(ErrorKind),
    /// A line that does not end, or an argument without a line end.
    #[error("a line does not end as it must")]
    Line,
}

/// Where a command is cut.
#[derive(Debug, Clone, Copy)]
enum Within {
    /// Between two commands.
    None,
    /// In the line with the number of arguments.
    Count,
    /// In the line with an argument's length.
    Length,
    /// In an argument: so many bytes are missing.
    Argument(u64),
    /// Behind an argument: the rest of the line end is missing.
    LineEnd(&'static [u8]),
}

/// Reads a stream in pieces.
#[derive(Debug, Clone)]
pub struct Units {
    /// The place behind the last whole command.
    offset: Offset,
    /// The place behind the last unit (≤ `offset`).
    unit: Offset,
    db: u64,
    /// The database in force behind the last unit.
    unit_db: u64,
    in_multi: bool,
    within: Within,
    /// Bytes of the cut command so far.
    cut_bytes: u64,
    line: Vec<u8>,
    /// Arguments of the cut command that are still to come, the present one included.
    missing: i64,
    /// The present argument, from 0.
    argument: usize,
    /// Its first two arguments, as far as they matter.
    words: [Vec<u8>; 2],
    spans: Vec<Range<usize>>,
}

impl Units {
    /// Begins at a place between units, in which a database is selected.
    pub fn new(offset: Offset, db: u64) -> Units {
        Units {
            offset,
            unit: offset,
            db,
            unit_db: db,
            in_multi: false,
            within: Within::None,
            cut_bytes: 0,
            line: Vec::new(),
            missing: 0,
            argument: 0,
            words: [Vec::new(), Vec::new()],
            spans: Vec::new(),
        }
    }

    /// Goes back to the last unit: what came behind it will come again.
    pub fn rewind(&mut self) {
        *self = Units::new(self.unit, self.unit_db);
    }

    /// The place behind the last whole command.
    pub fn offset(&self) -> Offset {
        self.offset
    }

    /// The place behind the last unit.
    pub fn unit(&self) -> Offset {
        self.unit
    }

    /// The database in force behind the last unit.
    pub fn unit_db(&self) -> u64 {
        self.unit_db
    }

    /// The database in force.
    pub fn db(&self) -> u64 {
        self.db
    }

    /// Whether a transaction is open.
    pub fn in_multi(&self) -> bool {
        self.in_multi
    }

    /// Whether the last byte that was taken ends a command.
    pub fn is_between_commands(&self) -> bool {
        matches!(self.within, Within::None)
    }

    /// Whether the last byte that was taken ends a unit.
    pub fn is_between_units(&self) -> bool {
        self.is_between_commands() && !self.in_multi
    }

    /// Looks at the start of some bytes, which must not be empty.
    ///
    /// # Errors
    /// The bytes are no stream; nothing behind them can be understood.
    pub fn step(&mut self, bytes: &[u8]) -> Result<Step, StreamError> {
        if !self.is_between_commands() {
            return self.go_on(bytes);
        }
        match bytes.first() {
            None => return Ok(Step::Cut),
            Some(b'*') => {}
            Some(b'\n') => return Ok(Step::Nothing { bytes: 1 }),
            Some(other) => return Err(StreamError::Start(*other)),
        }
        let mut spans = std::mem::take(&mut self.spans);
        let framed = frame(bytes, &mut spans);
        self.spans = spans;
        match framed {
            Ok(Frame::Command(len)) => {
                let word = |i: usize| {
                    self.spans.get(i).and_then(|span| bytes.get(span.clone())).unwrap_or_default()
                };
                let (role, db) = role(word(0), word(1));
                self.end(len as u64, role, db);
                Ok(Step::Command { bytes: len, role, is_whole: true })
            }
            Ok(Frame::Note(_)) => Err(StreamError::Start(b'#')),
            Err((_, ErrorKind::Truncated(_))) => {
                self.within = Within::Count;
                self.cut_bytes = 0;
                self.line.clear();
                self.go_on(bytes)
            }
            Err((_, kind)) => Err(StreamError::Command(kind)),
        }
    }

    fn end(&mut self, bytes: u64, role: Role, db: Option<u64>) {
        self.offset = self.offset.plus(bytes);
        self.db = db.unwrap_or(self.db);
        match role {
            Role::Multi => self.in_multi = true,
            Role::Exec => self.in_multi = false,
            _ => {}
        }
        if !self.in_multi {
            self.unit = self.offset;
            self.unit_db = self.db;
        }
    }

    /// Goes on with a cut command.
    fn go_on(&mut self, bytes: &[u8]) -> Result<Step, StreamError> {
        let mut at = 0;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            at += match self.within {
                Within::None => return Ok(Step::Cut),
                Within::Count | Within::Length => self.line(rest)?,
                Within::Argument(missing) => self.argument(missing, rest),
                Within::LineEnd(end) => self.line_end(end, rest)?,
            };
            if self.is_between_commands() {
                let [name, first] = &self.words;
                let (role, db) = role(name, first);
                let is_whole = self.cut_bytes == 0;
                self.end(self.cut_bytes + at as u64, role, db);
                return Ok(Step::Command { bytes: at, role, is_whole });
            }
        }
        self.cut_bytes += bytes.len() as u64;
        Ok(Step::Cut)
    }

    /// Reads a line with a number, as far as it is there; bytes taken.
    fn line(&mut self, bytes: &[u8]) -> Result<usize, StreamError> {
        let room = LINE_BYTES_MAX.saturating_sub(self.line.len());
        let near = bytes.get(..room).unwrap_or(bytes);
        let Some(end) = memchr::memchr(b'\n', near) else {
            self.line.extend_from_slice(near);
            let is_short = self.line.len() < LINE_BYTES_MAX;
            return if is_short { Ok(near.len()) } else { Err(StreamError::Line) };
        };
        self.line.extend_from_slice(near.get(..end).unwrap_or_default());
        let line = std::mem::take(&mut self.line);
        let number = |mark| {
            let digits = line.strip_prefix(&[mark])?.strip_suffix(b"\r")?;
            parse_canonical_i64(digits).filter(|n| *n >= 0)
        };
        match self.within {
            Within::Count => self.counted(number(b'*'))?,
            _ => self.measured(number(b'$'))?,
        }
        Ok(end + 1)
    }

    fn counted(&mut self, count: Option<i64>) -> Result<(), StreamError> {
        let count = count.ok_or(StreamError::Command(ErrorKind::Count))?;
        if !(1..=AOF_ARGUMENTS_MAX).contains(&count) {
            return Err(StreamError::Command(ErrorKind::CountTooLarge(count)));
        }
        self.missing = count;
        self.argument = 0;
        self.words.iter_mut().for_each(Vec::clear);
        self.within = Within::Length;
        Ok(())
    }

    fn measured(&mut self, length: Option<i64>) -> Result<(), StreamError> {
        let length = length.ok_or(StreamError::Command(ErrorKind::Length))?;
        let bytes = u64::try_from(length).unwrap_or(u64::MAX);
        if bytes > STRING_BYTES_MAX {
            return Err(StreamError::Command(ErrorKind::LengthTooLarge(length)));
        }
        self.within = if bytes == 0 { Within::LineEnd(b"\r\n") } else { Within::Argument(bytes) };
        Ok(())
    }

    /// Passes bytes of an argument and keeps what matters; bytes taken.
    fn argument(&mut self, missing: u64, bytes: &[u8]) -> usize {
        let taken = usize::try_from(missing).unwrap_or(usize::MAX).min(bytes.len());
        if let Some(word) = self.words.get_mut(self.argument) {
            let room = WORD_BYTES_MAX.saturating_sub(word.len()).min(taken);
            word.extend_from_slice(bytes.get(..room).unwrap_or_default());
        }
        self.within = match missing - taken as u64 {
            0 => Within::LineEnd(b"\r\n"),
            left => Within::Argument(left),
        };
        taken
    }

    /// Passes bytes of the line end behind an argument; bytes taken.
    fn line_end(&mut self, end: &'static [u8], bytes: &[u8]) -> Result<usize, StreamError> {
        let taken = end.len().min(bytes.len());
        let (now, later) = end.split_at_checked(taken).unwrap_or((end, &[]));
        if bytes.get(..taken) != Some(now) {
            return Err(StreamError::Line);
        }
        self.within = Within::LineEnd(later);
        if later.is_empty() {
            self.missing -= 1;
            self.argument = self.argument.saturating_add(1);
            self.within = if self.missing == 0 { Within::None } else { Within::Length };
        }
        Ok(taken)
    }
}

/// What a command is by its first two words, and the database that it selects.
fn role(name: &[u8], first: &[u8]) -> (Role, Option<u64>) {
    let is = |word: &[u8]| name.eq_ignore_ascii_case(word);
    match name.len() {
        4 if is(b"EXEC") => (Role::Exec, None),
        4 if is(b"PING") => (Role::Ping, None),
        5 if is(b"MULTI") => (Role::Multi, None),
        6 if is(b"SELECT") => {
            let db = parse_canonical_i64(first).and_then(|db| u64::try_from(db).ok());
            match db.filter(|db| *db <= DB_MAX) {
                Some(db) => (Role::Select, Some(db)),
                None => (Role::Plain, None),
            }
        }
        8 if is(b"REPLCONF") && first.eq_ignore_ascii_case(b"GETACK") => (Role::GetAck, None),
        _ => (Role::Plain, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aof::writer::write_command;
    use crate::base::rng::Rng;

    /// A stream of random commands with the ends of its units.
    fn stream(rng: &mut Rng) -> (Vec<u8>, Vec<(u64, u64)>) {
        let (mut out, mut units, mut db) = (Vec::new(), Vec::new(), 0);
        let mut in_multi = false;
        for _ in 0..rng.below(40) {
            match rng.below(8) {
                0 => {
                    db = rng.below(20);
                    write_command(&mut out, &[b"select", db.to_string().as_bytes()]);
                }
                1 => write_command(&mut out, &[b"PING"]),
                2 => write_command(&mut out, &[b"REPLCONF", b"GETACK", b"*"]),
                3 if in_multi => {
                    write_command(&mut out, &[b"exec"]);
                    in_multi = false;
                }
                3 => {
                    write_command(&mut out, &[b"MULTI"]);
                    in_multi = true;
                }
                4 => write_command(&mut out, &[b"SET", b"", b"\r\n*1\r\n"]),
                _ => {
                    let value = vec![b'v'; rng.below(300) as usize];
                    write_command(&mut out, &[b"SET", &value, &value, b"x"]);
                }
            }
            if !in_multi {
                units.push((out.len() as u64, db));
            }
        }
        (out, units)
    }

    #[test]
    fn units_end_in_the_same_places_however_the_stream_is_cut() {
        for seed in 0..500 {
            let mut rng = Rng::new(seed);
            let (bytes, wanted) = stream(&mut rng);
            let mut units = Units::new(Offset::new(7), 0);
            let (mut at, mut seen) = (0, Vec::new());
            while at < bytes.len() {
                let most = [2, 60, 2000][rng.below(3) as usize];
                let mut piece = &bytes[at..(at + 1 + rng.below(most) as usize).min(bytes.len())];
                at += piece.len();
                while !piece.is_empty() {
                    match units.step(piece).unwrap() {
                        Step::Command { bytes, .. } => {
                            piece = &piece[bytes..];
                            if units.is_between_units() {
                                assert_eq!(units.unit(), units.offset());
                                seen.push((units.unit().get() - 7, units.unit_db()));
                            }
                        }
                        Step::Nothing { .. } => panic!("seed {seed}"),
                        Step::Cut => break,
                    }
                }
            }
            assert_eq!(seen, wanted, "seed {seed}");
        }
    }

    #[test]
    fn roles_are_known_by_the_first_words() {
        let step = |text: &[u8]| {
            let mut units = Units::new(Offset::ZERO, 3);
            let whole = units.step(text).unwrap();
            // The same in two pieces.
            let mut cut = Units::new(Offset::ZERO, 3);
            assert_eq!(cut.step(&text[..9]).unwrap(), Step::Cut);
            let rest = cut.step(&text[9..]).unwrap();
            match (whole, rest) {
                (Step::Command { role, .. }, Step::Command { role: again, is_whole, .. }) => {
                    assert!(role == again && !is_whole && cut.offset() == units.offset());
                    (role, units.db())
                }
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(step(b"*1\r\n$4\r\npInG\r\n"), (Role::Ping, 3));
        assert_eq!(step(b"*2\r\n$6\r\nSELECT\r\n$1\r\n9\r\n"), (Role::Select, 9));
        assert_eq!(step(b"*2\r\n$6\r\nSELECT\r\n$1\r\nx\r\n"), (Role::Plain, 3));
        assert_eq!(step(super::super::handshake::GETACK), (Role::GetAck, 3));
        assert_eq!(step(b"*2\r\n$8\r\nREPLCONF\r\n$3\r\nACK\r\n"), (Role::Plain, 3));
    }

    #[test]
    fn a_lost_link_goes_back_to_the_last_unit() {
        let mut units = Units::new(Offset::new(100), 2);
        let bytes = b"*1\r\n$5\r\nMULTI\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n9\r\n*1\r\n$4";
        let mut rest = &bytes[..];
        while let Step::Command { bytes, .. } = units.step(rest).unwrap() {
            rest = &rest[bytes..];
        }
        assert_eq!((units.unit(), units.unit_db(), units.db()), (Offset::new(100), 2, 9));
        assert!(units.in_multi() && !units.is_between_commands());
        units.rewind();
        assert_eq!((units.offset(), units.db()), (Offset::new(100), 2));
        assert!(units.is_between_units());
    }

    #[test]
    fn garbage_is_an_error_and_empty_lines_are_none() {
        let fails = |bytes: &[u8]| {
            let mut units = Units::new(Offset::ZERO, 0);
            let whole = bytes.iter().try_for_each(|byte| units.step(&[*byte]).map(drop));
            assert!(whole.is_err(), "{}", bytes.escape_ascii());
            assert!(Units::new(Offset::ZERO, 0).step(bytes).is_err());
        };
        fails(b"PING\r\n");
        fails(b"#TS:1\r\n");
        fails(b"*0\r\n");
        fails(b"*-1\r\n");
        fails(b"*x\r\n");
        fails(b"*1\r\nPING\r\n");
        fails(b"*1\r\n$-1\r\n");
        fails(b"*1\r\n$1\r\nxyz");
        fails(b"*1\r\n$99999999999999\r\n");
        fails(&[&b"*"[..], &[b'1'; 100]].concat());
        let mut units = Units::new(Offset::ZERO, 0);
        assert_eq!(units.step(b"\n*1").unwrap(), Step::Nothing { bytes: 1 });
        assert_eq!(units.offset(), Offset::ZERO);
        for seed in 0..2000 {
            let mut rng = Rng::new(seed);
            let mut units = Units::new(Offset::ZERO, 0);
            for _ in 0..20 {
                let bytes: Vec<u8> =
                    (0..20).map(|_| b"*$1\r\nPING"[rng.below(9) as usize]).collect();
                if units.step(&bytes).is_err() {
                    break;
                }
            }
        }
    }
}
