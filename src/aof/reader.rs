//! Reads the commands and annotations of an append-only file in place.
//!
//! ```text
//! *2\r\n                 number of arguments, the command's name included
//! $6\r\nSELECT\r\n       length and bytes of each
//! $1\r\n0\r\n
//! #TS:1700000000\r\n     annotation: what follows was written in this second
//! ```
//!
//! [`frame`] finds one command or annotation at the start of a slice and says how much is missing if it is cut.
//! [`Reader`] goes over a whole file with it and keeps track of what commands mean for those behind them: the
//! database, the time, and transactions. A command's arguments are offsets into the file; nothing is copied.
//!
//! The format is read as strictly as `redis-check-aof` does: line ends are checked, lengths are digits and nothing else.

use crate::base::limits::{AOF_ARGUMENTS_MAX, AOF_LINE_BYTES_MAX, DB_MAX, STRING_BYTES_MAX};
use crate::base::num;
use std::ops::Range;

/// What is wrong with bytes that are no command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ErrorKind {
    /// The file ends inside of it; at least this many bytes are missing.
    #[error("the file ends inside a command, {0} or more bytes are missing")]
    Truncated(u64),
    /// The file ends inside an annotation.
    #[error("the file ends inside an annotation")]
    TruncatedNote,
    /// Neither a command nor an annotation starts with this byte.
    #[error("expected '*' or '#', got 0x{0:02x}")]
    Start(u8),
    /// No number of arguments.
    #[error("the number of arguments is no number with a line end")]
    Count,
    /// A command without a name.
    #[error("a command of {0} arguments")]
    NoArguments(i64),
    /// More arguments than any server takes.
    #[error("a command of {0} arguments")]
    CountTooLarge(i64),
    /// An argument does not start as it must.
    #[error("expected '$', got 0x{0:02x}")]
    ArgumentStart(u8),
    /// No length of an argument.
    #[error("the length of an argument is no number with a line end")]
    Length,
    /// A length below 0.
    #[error("an argument of {0} bytes")]
    NegativeLength(i64),
    /// A length that no server takes.
    #[error("an argument of {0} bytes")]
    LengthTooLarge(i64),
    /// An argument is not followed by CR LF.
    #[error("an argument is followed by {0:02x} {1:02x} instead of CR LF")]
    ArgumentEnd(u8, u8),
    /// An annotation fills the servers' buffer.
    #[error("an annotation of more than {AOF_LINE_BYTES_MAX} bytes")]
    NoteTooLong,
}

/// Damage and its place in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{kind} (offset 0x{offset:x}, {offset})")]
pub struct ReadError {
    /// Where the wrong bytes are.
    pub offset: u64,
    /// Where the command or annotation starts that they belong to.
    pub start: u64,
    /// What is wrong.
    pub kind: ErrorKind,
}

impl ReadError {
    /// Whether the file ends too early, and nothing else is wrong.
    pub fn is_truncated(&self) -> bool {
        matches!(self.kind, ErrorKind::Truncated(_) | ErrorKind::TruncatedNote)
    }
}

/// What stands at the start of a slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame {
    /// A command of this many bytes; its arguments are in the list of spans.
    Command(usize),
    /// An annotation of this many bytes, line end included.
    Note(usize),
}

/// A number in a header line.
enum Header {
    /// Its value and where the next line starts.
    Number(i64, usize),
    Short,
    Bad,
}

/// Most bytes of a number with its sign.
const NUMBER_BYTES_MAX: usize = 20;

#[inline]
fn header(bytes: &[u8], at: usize) -> Header {
    let text = bytes.get(at..).unwrap_or(&[]);
    // Most numbers have one digit or two.
    match text {
        [a @ b'0'..=b'9', b'\r', b'\n', ..] => {
            return Header::Number(i64::from(a - b'0'), at + 3);
        }
        [a @ b'0'..=b'9', b @ b'0'..=b'9', b'\r', b'\n', ..] => {
            return Header::Number(i64::from(a - b'0') * 10 + i64::from(b - b'0'), at + 4);
        }
        _ => {}
    }
    let negative = text.first() == Some(&b'-');
    let skip = usize::from(negative);
    let mut n: i64 = 0;
    let mut digits = 0;
    for byte in text.get(skip..).unwrap_or(&[]) {
        match byte {
            b'0'..=b'9' if digits < NUMBER_BYTES_MAX => {
                n = n.saturating_mul(10).saturating_add(i64::from(byte - b'0'));
                digits += 1;
            }
            _ => break,
        }
    }
    let end = skip + digits;
    match (text.get(end), text.get(end + 1)) {
        (Some(b'\r'), Some(b'\n')) if digits > 0 => {
            Header::Number(if negative { -n } else { n }, at + end + 2)
        }
        (None, _) => Header::Short,
        (Some(b'\r'), None) if digits > 0 => Header::Short,
        _ => Header::Bad,
    }
}

/// Finds the command or annotation that starts a slice. The arguments of a command replace what `spans` held.
///
/// Damage is given with its distance from the slice's start. A cut is [`ErrorKind::Truncated`], whatever may follow.
#[inline]
pub fn frame(bytes: &[u8], spans: &mut Vec<Range<usize>>) -> Result<Frame, (usize, ErrorKind)> {
    spans.clear();
    match bytes.first() {
        Some(b'*') => {}
        Some(b'#') => return note(bytes),
        Some(other) => return Err((0, ErrorKind::Start(*other))),
        None => return Err((0, ErrorKind::Truncated(1))),
    }
    let (count, mut pos) = match header(bytes, 1) {
        Header::Number(n, next) => (n, next),
        Header::Short => return Err((0, ErrorKind::Truncated(1))),
        Header::Bad => return Err((0, ErrorKind::Count)),
    };
    if count < 1 {
        return Err((0, ErrorKind::NoArguments(count)));
    }
    if count > AOF_ARGUMENTS_MAX {
        return Err((0, ErrorKind::CountTooLarge(count)));
    }
    for _ in 0..count {
        let (start, end) = argument(bytes, pos)?;
        spans.push(start..end);
        pos = end + 2;
    }
    Ok(Frame::Command(pos))
}

#[inline]
fn argument(bytes: &[u8], at: usize) -> Result<(usize, usize), (usize, ErrorKind)> {
    match bytes.get(at) {
        Some(b'$') => {}
        Some(other) => return Err((at, ErrorKind::ArgumentStart(*other))),
        None => return Err((at, ErrorKind::Truncated(1))),
    }
    let (len, start) = match header(bytes, at + 1) {
        Header::Number(n, next) => (n, next),
        Header::Short => return Err((at, ErrorKind::Truncated(1))),
        Header::Bad => return Err((at, ErrorKind::Length)),
    };
    let wanted = u64::try_from(len).map_err(|_| (at, ErrorKind::NegativeLength(len)))?;
    if wanted > STRING_BYTES_MAX {
        return Err((at, ErrorKind::LengthTooLarge(len)));
    }
    let left = bytes.len().saturating_sub(start) as u64;
    let missing = (wanted + 2).saturating_sub(left);
    let end = start.saturating_add(usize::try_from(wanted).unwrap_or(usize::MAX));
    match (bytes.get(end), bytes.get(end.saturating_add(1))) {
        (Some(b'\r'), Some(b'\n')) => Ok((start, end)),
        (Some(b'\r') | None, None) => Err((at, ErrorKind::Truncated(missing.max(1)))),
        (Some(a), b) => Err((end, ErrorKind::ArgumentEnd(*a, b.copied().unwrap_or(0)))),
        (None, Some(_)) => Err((at, ErrorKind::Length)),
    }
}

fn note(bytes: &[u8]) -> Result<Frame, (usize, ErrorKind)> {
    let line = bytes.get(..AOF_LINE_BYTES_MAX).unwrap_or(bytes);
    match memchr::memchr(b'\n', line) {
        Some(end) => Ok(Frame::Note(end + 1)),
        None if line.len() == AOF_LINE_BYTES_MAX => Err((0, ErrorKind::NoteTooLong)),
        None => Err((0, ErrorKind::TruncatedNote)),
    }
}

/// The arguments of a command, its name first.
#[derive(Debug, Clone, Copy)]
pub struct Args<'r> {
    bytes: &'r [u8],
    spans: &'r [Range<usize>],
}

impl<'r> Args<'r> {
    /// The name as written.
    #[inline]
    pub fn name(&self) -> &'r [u8] {
        self.get(0).unwrap_or(&[])
    }

    /// An argument; the name is number 0.
    #[inline]
    pub fn get(&self, i: usize) -> Option<&'r [u8]> {
        self.spans.get(i).and_then(|span| self.bytes.get(span.clone()))
    }

    /// Number of arguments with the name.
    #[inline]
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Never true for a command that was read.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// All arguments, the name first.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &'r [u8]> + use<'r> {
        let bytes = self.bytes;
        self.spans.iter().map(move |span| bytes.get(span.clone()).unwrap_or(&[]))
    }

    /// Whether the command has this name, in capitals.
    #[inline]
    pub fn is(&self, name: &[u8]) -> bool {
        self.name().eq_ignore_ascii_case(name)
    }
}

/// What a command is to those around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A command on data.
    Plain,
    /// It selects a database.
    Select,
    /// It selects none, since its argument is no database.
    BadSelect,
    /// It starts a transaction.
    Multi,
    /// A start inside a transaction; servers ignore it.
    NestedMulti,
    /// It ends a transaction.
    Exec,
    /// An end without a start; servers ignore it.
    LoneExec,
}

/// A command with its place and what is in force there.
#[derive(Debug, Clone)]
pub struct Command<'r> {
    /// Its arguments.
    pub args: Args<'r>,
    /// Its bytes in the file.
    pub span: Range<u64>,
    /// Start of its unit: of the transaction that it is in, or of itself.
    pub unit_start: u64,
    /// The database in which it runs; for SELECT the one it selects.
    pub db: u64,
    /// The second of the last timestamp in front of it, in unix time.
    pub time_s: Option<i64>,
    /// What it is.
    pub role: Role,
    /// Whether it is part of a transaction, MULTI and EXEC included.
    pub in_multi: bool,
}

/// A line that servers skip.
#[derive(Debug, Clone)]
pub struct Note<'r> {
    /// The line without its `#` and its line end.
    pub text: &'r [u8],
    /// Its bytes in the file.
    pub span: Range<u64>,
    /// The time, if it is a timestamp.
    pub time_s: Option<i64>,
}

/// What a file is made of.
#[derive(Debug, Clone)]
pub enum Item<'r> {
    /// A command.
    Command(Command<'r>),
    /// An annotation.
    Note(Note<'r>),
}

/// Reads a file of commands, or the commands behind a preamble.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    pos: usize,
    spans: Vec<Range<usize>>,
    db: u64,
    sound_db: u64,
    multi_start: Option<u64>,
    time_s: Option<i64>,
    sound_end: u64,
}

impl<'a> Reader<'a> {
    /// Reads `bytes` from offset `start`, in database 0 and outside of any transaction, as at the start of every file.
    pub fn new(bytes: &'a [u8], start: u64) -> Reader<'a> {
        Reader {
            bytes,
            pos: usize::try_from(start).unwrap_or(usize::MAX).min(bytes.len()),
            spans: Vec::new(),
            db: 0,
            sound_db: 0,
            multi_start: None,
            time_s: None,
            sound_end: start,
        }
    }

    /// Offset of what is read next.
    pub fn offset(&self) -> u64 {
        self.pos as u64
    }

    /// Offset behind the last complete unit: a command, or a transaction with its EXEC.
    pub fn sound_end(&self) -> u64 {
        self.sound_end
    }

    /// Start of the transaction that is open here.
    pub fn open_multi(&self) -> Option<u64> {
        self.multi_start
    }

    /// The database in force.
    pub fn db(&self) -> u64 {
        self.db
    }

    /// The database in force at [`Reader::sound_end`].
    pub fn sound_db(&self) -> u64 {
        self.sound_db
    }

    /// The last timestamp so far, in unix seconds.
    pub fn time_s(&self) -> Option<i64> {
        self.time_s
    }

    /// Takes over the time of the file in front of this one: a file without timestamps of its own is no older.
    pub fn set_time_s(&mut self, time_s: Option<i64>) {
        self.time_s = time_s;
    }

    /// Goes on elsewhere, outside of any transaction; the database stays.
    pub fn jump(&mut self, offset: u64) {
        self.pos = usize::try_from(offset).unwrap_or(usize::MAX).min(self.bytes.len());
        self.multi_start = None;
        self.sound_end = self.pos as u64;
        self.sound_db = self.db;
    }

    /// The next command or annotation; `None` at the end of the file. After an error the reader stays where it is.
    #[allow(clippy::should_implement_trait)]
    #[inline]
    pub fn next(&mut self) -> Result<Option<Item<'_>>, ReadError> {
        let rest = self.bytes.get(self.pos..).unwrap_or(&[]);
        if rest.is_empty() {
            return Ok(None);
        }
        let start = self.pos as u64;
        let damage = |(at, kind)| ReadError { offset: start + at as u64, start, kind };
        match frame(rest, &mut self.spans).map_err(damage)? {
            Frame::Command(len) => Ok(Some(Item::Command(self.command(rest, start, len)))),
            Frame::Note(len) => Ok(Some(Item::Note(self.note(rest, start, len)))),
        }
    }

    #[inline]
    fn command(&mut self, rest: &'a [u8], start: u64, len: usize) -> Command<'_> {
        self.pos += len;
        let end = start + len as u64;
        let role = self.role(rest);
        let multi_start = self.multi_start;
        match role {
            Role::Multi => self.multi_start = Some(start),
            Role::Exec => self.multi_start = None,
            _ => {}
        }
        if self.multi_start.is_none() {
            self.sound_end = end;
            self.sound_db = self.db;
        }
        Command {
            args: Args { bytes: rest, spans: &self.spans },
            span: start..end,
            unit_start: multi_start.unwrap_or(start),
            db: self.db,
            time_s: self.time_s,
            role,
            in_multi: multi_start.is_some() || role == Role::Multi,
        }
    }

    #[inline]
    fn role(&mut self, rest: &[u8]) -> Role {
        let args = Args { bytes: rest, spans: &self.spans };
        match args.name().len() {
            4 if args.is(b"EXEC") => match self.multi_start {
                Some(_) => Role::Exec,
                None => Role::LoneExec,
            },
            5 if args.is(b"MULTI") => match self.multi_start {
                Some(_) => Role::NestedMulti,
                None => Role::Multi,
            },
            6 if args.is(b"SELECT") => {
                let number = args.get(1).and_then(num::parse_canonical_i64);
                match number.and_then(|n| u64::try_from(n).ok()) {
                    Some(db) if db <= DB_MAX && args.len() == 2 => {
                        self.db = db;
                        Role::Select
                    }
                    _ => Role::BadSelect,
                }
            }
            _ => Role::Plain,
        }
    }

    fn note(&mut self, rest: &'a [u8], start: u64, len: usize) -> Note<'_> {
        self.pos += len;
        let end = start + len as u64;
        let line = rest.get(1..len).unwrap_or(&[]);
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        let time_s = text.strip_prefix(b"TS:").and_then(num::parse_canonical_i64);
        if time_s.is_some() {
            self.time_s = time_s;
        }
        if self.multi_start.is_none() {
            self.sound_end = end;
        }
        Note { text, span: start..end, time_s }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &[u8] = b"*2\r\n$6\r\nSELECT\r\n$1\r\n3\r\n#TS:1700000000\r\n\
        *1\r\n$5\r\nmulti\r\n*3\r\n$3\r\nset\r\n$1\r\nk\r\n$2\r\n\r\n\r\n*1\r\n$4\r\nEXEC\r\n\
        *2\r\n$3\r\nDEL\r\n$0\r\n\r\n";

    fn all(bytes: &[u8]) -> (Vec<String>, Option<ReadError>, u64) {
        let mut reader = Reader::new(bytes, 0);
        let mut seen = Vec::new();
        let error = loop {
            match reader.next() {
                Ok(Some(Item::Command(c))) => {
                    let args: Vec<_> =
                        c.args.iter().map(|a| a.escape_ascii().to_string()).collect();
                    seen.push(format!("{} {:?} {} {:?}", args.join(" "), c.role, c.db, c.time_s));
                    assert!(c.unit_start <= c.span.start);
                }
                Ok(Some(Item::Note(note))) => seen.push(note.text.escape_ascii().to_string()),
                Ok(None) => break None,
                Err(e) => break Some(e),
            }
        };
        (seen, error, reader.sound_end())
    }

    fn error(bytes: &[u8]) -> (u64, ErrorKind) {
        let error = all(bytes).1.unwrap();
        (error.offset, error.kind)
    }

    #[test]
    fn commands_come_with_what_is_in_force() {
        let (seen, error, sound_end) = all(SAMPLE);
        assert_eq!(error, None);
        assert_eq!(sound_end, SAMPLE.len() as u64);
        assert_eq!(
            seen,
            [
                "SELECT 3 Select 3 None",
                "TS:1700000000",
                "multi Multi 3 Some(1700000000)",
                "set k \\r\\n Plain 3 Some(1700000000)",
                "EXEC Exec 3 Some(1700000000)",
                "DEL  Plain 3 Some(1700000000)",
            ]
        );
    }

    #[test]
    fn a_cut_is_a_torn_tail_and_never_inside_a_transaction() {
        let ends = [0, 23, 39, 96, 115];
        for cut in 0..=SAMPLE.len() {
            let (_, error, sound_end) = all(&SAMPLE[..cut]);
            assert!(error.is_none_or(|error| error.is_truncated()), "{cut}: {error:?}");
            let expected = ends.iter().rev().find(|end| **end <= cut).unwrap();
            assert_eq!(sound_end, *expected as u64, "{cut}");
        }
    }

    #[test]
    fn pieces_give_what_the_whole_gives() {
        let mut spans = Vec::new();
        let whole = frame(SAMPLE, &mut spans).unwrap();
        assert_eq!(whole, Frame::Command(23));
        for cut in 0..23 {
            assert!(matches!(
                frame(&SAMPLE[..cut], &mut spans),
                Err((_, ErrorKind::Truncated(n))) if n as usize <= 23 - cut
            ));
        }
    }

    #[test]
    fn damage_has_a_place_and_a_kind() {
        use ErrorKind as K;
        assert_eq!(error(b"PING\r\n"), (0, K::Start(b'P')));
        assert_eq!(error(b"*0\r\n"), (0, K::NoArguments(0)));
        assert_eq!(error(b"*-1\r\n"), (0, K::NoArguments(-1)));
        assert_eq!(error(b"*99999999999\r\n"), (0, K::CountTooLarge(99_999_999_999)));
        assert_eq!(error(b"*x\r\n"), (0, K::Count));
        assert_eq!(error(b"*1\n$4\r\nPING\r\n"), (0, K::Count));
        assert_eq!(error(b"*1\r\n+OK\r\n"), (4, K::ArgumentStart(b'+')));
        assert_eq!(error(b"*1\r\n$-1\r\n"), (4, K::NegativeLength(-1)));
        let huge = b"*1\r\n$9223372036854775807\r\nx";
        assert_eq!(error(huge), (4, K::LengthTooLarge(i64::MAX)));
        assert_eq!(error(b"*1\r\n$4 \r\nPING\r\n"), (4, K::Length));
        assert_eq!(error(b"*1\r\n$4\r\nPINGxx"), (12, K::ArgumentEnd(b'x', b'x')));
        assert_eq!(error(b"*1\r\n$10\r\nPING\r\n"), (4, K::Truncated(6)));
        assert_eq!(error(b"#TS:17"), (0, K::TruncatedNote));
        assert_eq!(error(&vec![b'#'; 2000]), (0, K::NoteTooLong));
        let behind = [SAMPLE, b"garbage"].concat();
        assert_eq!(error(&behind), (SAMPLE.len() as u64, K::Start(b'g')));
    }

    #[test]
    fn unbalanced_transactions_and_bad_databases_are_told() {
        let exec = all(b"*1\r\n$4\r\nexec\r\n").0;
        assert_eq!(exec, ["exec LoneExec 0 None"]);
        let (seen, error, sound_end) = all(b"*1\r\n$5\r\nMULTI\r\n*1\r\n$5\r\nMULTI\r\n");
        assert_eq!((seen[1].as_str(), error, sound_end), ("MULTI NestedMulti 0 None", None, 0));
        for db in ["-1", "x", "99999999999"] {
            let text = format!("*2\r\n$6\r\nSELECT\r\n${}\r\n{db}\r\n", db.len());
            assert!(all(text.as_bytes()).0[0].contains("BadSelect"));
        }
    }
}
