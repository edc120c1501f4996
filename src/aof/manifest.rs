//! The manifest of a multi-part append-only file: which files belong to it, and in which order they are loaded.
//!
//! ```text
//! file appendonly.aof.2.base.rdb seq 2 type b
//! file appendonly.aof.1.incr.aof seq 1 type h
//! file appendonly.aof.2.incr.aof seq 2 type i startoffset 23 endoffset 118
//! ```
//!
//! A line holds pairs of words in any order, split as servers split arguments: a word may be quoted.
//! `file`, `seq` and `type` are required; servers ignore pairs that they do not know, and so does this reader, which
//! keeps them. Lines that start with `#` are comments. Servers refuse blank lines, lines of 1024 bytes and more, and a
//! last line without a line end.

use nom::branch::alt;
use nom::bytes::complete::{is_a, is_not, tag, take, take_while_m_n};
use nom::combinator::{map, map_opt, peek, recognize, rest_len, value, verify};
use nom::multi::{fold_many0, fold_many1};
use nom::sequence::{delimited, preceded, terminated};
use nom::{IResult, Parser};

/// Longest line with its line end, in bytes, plus one: the size of the servers' buffer.
const LINE_BYTES: usize = 1024;

/// What a file is to its set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The snapshot with which a set begins: `b`.
    Base,
    /// Commands behind the base: `i`.
    Incr,
    /// A file that is not needed any more and waits for its removal: `h`.
    History,
}

impl Kind {
    /// The letter in the manifest.
    pub fn letter(self) -> char {
        match self {
            Kind::Base => 'b',
            Kind::Incr => 'i',
            Kind::History => 'h',
        }
    }

    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Base => "base",
            Kind::Incr => "incr",
            Kind::History => "history",
        }
    }
}

/// One line of a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The file's name, without a folder.
    pub name: Vec<u8>,
    /// Its number, never 0.
    pub seq: i64,
    /// What it is.
    pub kind: Kind,
    /// Replication offset when the file was opened.
    pub start_offset: Option<i64>,
    /// Replication offset when the file was cleanly closed.
    pub end_offset: Option<i64>,
    /// Pairs that are not known.
    pub unknown: Vec<(Vec<u8>, Vec<u8>)>,
    /// The line it stands in, from 1; 0 if it was not read.
    pub line: usize,
}

impl Listed {
    /// A line to write.
    pub fn new(name: impl Into<Vec<u8>>, seq: i64, kind: Kind) -> Listed {
        Listed {
            name: name.into(),
            seq,
            kind,
            start_offset: None,
            end_offset: None,
            unknown: Vec::new(),
            line: 0,
        }
    }
}

/// What a manifest says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manifest {
    /// The files in the order of the lines.
    pub files: Vec<Listed>,
}

/// What is wrong with a manifest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManifestErrorKind {
    /// Nothing in it.
    #[error("the manifest is empty")]
    Empty,
    /// A line without words.
    #[error("a blank line")]
    Blank,
    /// A line that fills the servers' buffer.
    #[error("a line of {0} bytes; servers take at most 1023")]
    LineTooLong(usize),
    /// The last line has no line end.
    #[error("the last line has no line end")]
    NoLineEnd,
    /// A quote without its other end, or text right behind a closing quote.
    #[error("unbalanced quotes")]
    Quotes,
    /// A word without its value.
    #[error("\"{0}\" has no value")]
    Odd(String),
    /// A required word does not stand in the line.
    #[error("\"{0}\" is missing")]
    Missing(&'static str),
    /// The name has a folder in it, or is none.
    #[error("\"{0}\" is no plain file name")]
    Path(String),
    /// Not a number, or 0 as a sequence.
    #[error("{0} is \"{1}\", which is no valid number")]
    Number(&'static str, String),
    /// A type that no server writes.
    #[error("unknown type \"{0}\"; types are b, i and h")]
    Type(String),
    /// More than one base.
    #[error("a second base file; the first is in line {0}")]
    SecondBase(usize),
    /// The numbers of the incremental files do not rise.
    #[error("sequence {0} follows {1}; the numbers of incremental files must rise")]
    Order(i64, i64),
}

/// Why a text is no manifest, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} (line {line}, column {column})")]
pub struct ManifestError {
    /// The line, from 1.
    pub line: usize,
    /// The byte in the line, from 1.
    pub column: usize,
    /// Offset of that byte in the manifest.
    pub offset: u64,
    /// What is wrong.
    pub kind: ManifestErrorKind,
}

/// A word of a line and its column, from 0.
struct Word {
    column: usize,
    text: Vec<u8>,
}

impl Word {
    fn show(&self) -> String {
        self.text.escape_ascii().to_string()
    }
}

type Bytes<'a, T> = IResult<&'a [u8], T>;

fn escaped(input: &[u8]) -> Bytes<'_, u8> {
    let hex = preceded(tag(&b"x"[..]), take_while_m_n(2, 2, |b: u8| b.is_ascii_hexdigit()));
    let hex = map_opt(hex, |digits: &[u8]| {
        std::str::from_utf8(digits).ok().and_then(|digits| u8::from_str_radix(digits, 16).ok())
    });
    let named = alt((
        value(b'\n', tag(&b"n"[..])),
        value(b'\r', tag(&b"r"[..])),
        value(b'\t', tag(&b"t"[..])),
        value(8, tag(&b"b"[..])),
        value(7, tag(&b"a"[..])),
        map_opt(take(1_usize), |other: &[u8]| other.first().copied()),
    ));
    preceded(tag(&b"\\"[..]), alt((hex, named))).parse(input)
}

fn append(mut text: Vec<u8>, piece: Vec<u8>) -> Vec<u8> {
    text.extend(piece);
    text
}

/// A closing quote ends its word.
fn word_ends(input: &[u8]) -> Bytes<'_, ()> {
    let blank = map(recognize(peek(is_a(&b" \t\r\n\0\x0b\x0c"[..]))), |_| ());
    let end = map(verify(rest_len, |left: &usize| *left == 0), |_| ());
    alt((end, blank)).parse(input)
}

fn double_quoted(input: &[u8]) -> Bytes<'_, Vec<u8>> {
    let plain = map(is_not(&b"\"\\"[..]), |text: &[u8]| text.to_vec());
    let piece = alt((plain, map(escaped, |byte| vec![byte])));
    let inside = fold_many0(piece, Vec::new, append);
    let quote = || tag(&b"\""[..]);
    terminated(delimited(quote(), inside, quote()), word_ends).parse(input)
}

fn single_quoted(input: &[u8]) -> Bytes<'_, Vec<u8>> {
    let plain = map(is_not(&b"'\\"[..]), |text: &[u8]| text.to_vec());
    let quote_inside = value(b"'".to_vec(), tag(&b"\\'"[..]));
    let backslash = value(b"\\".to_vec(), tag(&b"\\"[..]));
    let inside = fold_many0(alt((plain, quote_inside, backslash)), Vec::new, append);
    let quote = || tag(&b"'"[..]);
    terminated(delimited(quote(), inside, quote()), word_ends).parse(input)
}

fn word(input: &[u8]) -> Bytes<'_, Vec<u8>> {
    let plain = map(is_not(&b" \t\r\n\0\"'"[..]), |text: &[u8]| text.to_vec());
    fold_many1(alt((plain, double_quoted, single_quoted)), Vec::new, append).parse(input)
}

/// Splits a line as servers split arguments; on failure gives the column.
fn split(line: &[u8]) -> Result<Vec<Word>, usize> {
    let mut words = Vec::new();
    let mut rest = line;
    loop {
        let blanks = rest.iter().take_while(|b| b" \t\r\n\x0b\x0c".contains(b)).count();
        rest = rest.get(blanks..).unwrap_or(&[]);
        let column = line.len() - rest.len();
        if rest.is_empty() {
            return Ok(words);
        }
        let (behind, text) = word(rest).map_err(|_| column)?;
        // What stops a word is a blank, or a byte that no word can hold.
        if behind.len() == rest.len() || behind.first().is_some_and(|b| b"\0\"'".contains(b)) {
            return Err(line.len() - behind.len());
        }
        words.push(Word { column, text });
        rest = behind;
    }
}

/// Why a line is none: the column, from 0, and what is wrong.
type LineError = (usize, ManifestErrorKind);

fn number(name: &'static str, word: &Word) -> Result<i64, LineError> {
    let parsed = std::str::from_utf8(&word.text).ok().and_then(|text| text.parse().ok());
    parsed.ok_or_else(|| (word.column, ManifestErrorKind::Number(name, word.show())))
}

fn file_name(word: &Word) -> Result<Vec<u8>, LineError> {
    let is_plain = !word.text.is_empty()
        && word.text != b"."
        && word.text != b".."
        && !word.text.iter().any(|b| matches!(b, b'/' | 0));
    match is_plain {
        true => Ok(word.text.clone()),
        false => Err((word.column, ManifestErrorKind::Path(word.show()))),
    }
}

fn kind(word: &Word) -> Result<Kind, LineError> {
    match word.text.first() {
        Some(b'b') => Ok(Kind::Base),
        Some(b'i') => Ok(Kind::Incr),
        Some(b'h') => Ok(Kind::History),
        _ => Err((word.column, ManifestErrorKind::Type(word.show()))),
    }
}

fn parse_line(text: &[u8], line: usize) -> Result<Listed, LineError> {
    let words = split(text).map_err(|column| (column, ManifestErrorKind::Quotes))?;
    if words.is_empty() {
        return Err((0, ManifestErrorKind::Blank));
    }
    let (mut name, mut seq, mut the_kind) = (None, None, None);
    let mut listed = Listed { line, ..Listed::new("", 0, Kind::Incr) };
    for pair in words.chunks(2) {
        let [key, value] = pair else {
            let last = pair.first().map_or((0, String::new()), |word| (word.column, word.show()));
            return Err((last.0, ManifestErrorKind::Odd(last.1)));
        };
        match key.text.to_ascii_lowercase().as_slice() {
            b"file" => name = Some(file_name(value)?),
            b"seq" => match number("seq", value)? {
                0 => return Err((value.column, ManifestErrorKind::Number("seq", "0".into()))),
                n => seq = Some(n),
            },
            b"type" => the_kind = Some(kind(value)?),
            b"startoffset" => listed.start_offset = Some(number("startoffset", value)?),
            b"endoffset" => listed.end_offset = Some(number("endoffset", value)?),
            _ => listed.unknown.push((key.text.clone(), value.text.clone())),
        }
    }
    let missing = |word| (text.len(), ManifestErrorKind::Missing(word));
    listed.name = name.ok_or_else(|| missing("file"))?;
    listed.seq = seq.ok_or_else(|| missing("seq"))?;
    listed.kind = the_kind.ok_or_else(|| missing("type"))?;
    Ok(listed)
}

impl Manifest {
    /// Reads a manifest as strictly as a server.
    pub fn parse(text: &[u8]) -> Result<Manifest, ManifestError> {
        let mut manifest = Manifest::default();
        let mut offset = 0;
        for (i, line) in text.split_inclusive(|b| *b == b'\n').enumerate() {
            let at = |(column, kind)| ManifestError {
                line: i + 1,
                column: column + 1,
                offset: (offset + column) as u64,
                kind,
            };
            manifest.line(line, i + 1).map_err(at)?;
            offset += line.len();
        }
        match text.is_empty() {
            true => {
                let kind = ManifestErrorKind::Empty;
                Err(ManifestError { line: 1, column: 1, offset: 0, kind })
            }
            false => Ok(manifest),
        }
    }

    fn line(&mut self, line: &[u8], number: usize) -> Result<(), LineError> {
        if line.len() >= LINE_BYTES {
            return Err((LINE_BYTES - 1, ManifestErrorKind::LineTooLong(line.len())));
        }
        let Some(text) = line.strip_suffix(b"\n") else {
            return Err((line.len(), ManifestErrorKind::NoLineEnd));
        };
        if text.first() == Some(&b'#') {
            return Ok(());
        }
        let listed = parse_line(text, number)?;
        match listed.kind {
            Kind::Base => {
                if let Some(first) = self.base() {
                    return Err((0, ManifestErrorKind::SecondBase(first.line)));
                }
            }
            Kind::Incr => {
                let last = self.incrs().last().map_or(0, |last| last.seq);
                if listed.seq <= last {
                    return Err((0, ManifestErrorKind::Order(listed.seq, last)));
                }
            }
            Kind::History => {}
        }
        self.files.push(listed);
        Ok(())
    }

    /// The base file.
    pub fn base(&self) -> Option<&Listed> {
        self.files.iter().find(|file| file.kind == Kind::Base)
    }

    /// The incremental files in the order of loading.
    pub fn incrs(&self) -> impl Iterator<Item = &Listed> {
        self.files.iter().filter(|file| file.kind == Kind::Incr)
    }

    /// The files that wait for their removal.
    pub fn history(&self) -> impl Iterator<Item = &Listed> {
        self.files.iter().filter(|file| file.kind == Kind::History)
    }

    /// The files that are loaded, in that order.
    pub fn loaded(&self) -> impl Iterator<Item = &Listed> {
        self.base().into_iter().chain(self.incrs())
    }

    /// Writes the manifest exactly as servers do: base, history, incremental files. Pairs that
    /// are not known are left out.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for file in self.base().into_iter().chain(self.history()).chain(self.incrs()) {
            out.extend_from_slice(b"file ");
            write_name(&mut out, &file.name);
            out.extend_from_slice(
                format!(" seq {} type {}", file.seq, file.kind.letter()).as_bytes(),
            );
            if let Some(offset) = file.start_offset {
                out.extend_from_slice(format!(" startoffset {offset}").as_bytes());
            }
            if let (Some(_), Some(offset)) = (file.start_offset, file.end_offset) {
                out.extend_from_slice(format!(" endoffset {offset}").as_bytes());
            }
            out.push(b'\n');
        }
        out
    }
}

/// Writes a name, quoted if it must be.
fn write_name(out: &mut Vec<u8>, name: &[u8]) {
    let is_plain = |b: &u8| b.is_ascii_graphic() && !matches!(b, b'\\' | b'"' | b'\'');
    if name.iter().all(is_plain) {
        out.extend_from_slice(name);
        return;
    }
    out.push(b'"');
    for byte in name {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', *byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            7 => out.extend_from_slice(b"\\a"),
            8 => out.extend_from_slice(b"\\b"),
            0x20..0x7f => out.push(*byte),
            _ => out.extend_from_slice(format!("\\x{byte:02x}").as_bytes()),
        }
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fails(text: &[u8]) -> (usize, usize, ManifestErrorKind) {
        let error = Manifest::parse(text).unwrap_err();
        (error.line, error.column, error.kind)
    }

    #[test]
    fn reads_what_servers_write() {
        let text = b"file appendonly.aof.2.base.rdb seq 2 type b\n\
            file appendonly.aof.1.incr.aof seq 1 type h\n\
            file appendonly.aof.2.incr.aof seq 2 type i startoffset 23\n\
            file appendonly.aof.3.incr.aof seq 3 type i startoffset 40 endoffset 55\n";
        let manifest = Manifest::parse(text).unwrap();
        assert_eq!(manifest.base().unwrap().name, b"appendonly.aof.2.base.rdb");
        assert_eq!(manifest.history().count(), 1);
        let seqs: Vec<_> = manifest.incrs().map(|file| (file.seq, file.start_offset)).collect();
        assert_eq!(seqs, [(2, Some(23)), (3, Some(40))]);
        assert_eq!(manifest.to_bytes(), text);
    }

    #[test]
    fn pairs_come_in_any_order_with_unknown_ones_and_quotes() {
        let text = b"# a comment\nTYPE base future \"x y\" SEQ 1 File \"a \\\"b\\x41\"\r\n\
            file 'it\\'s' seq 7 type i\n";
        let manifest = Manifest::parse(text).unwrap();
        let base = manifest.base().unwrap();
        assert_eq!(base.name, b"a \"bA");
        assert_eq!(base.unknown, [(b"future".to_vec(), b"x y".to_vec())]);
        assert_eq!(base.line, 2);
        assert_eq!(manifest.incrs().next().unwrap().name, b"it's");
        let written = b"file \"a \\\"bA\" seq 1 type b\nfile \"it's\" seq 7 type i\n";
        assert_eq!(manifest.to_bytes(), written);
        assert_eq!(Manifest::parse(b"# nothing yet\n").unwrap(), Manifest::default());
    }

    #[test]
    fn tells_what_is_wrong_and_where() {
        use ManifestErrorKind as K;
        assert_eq!(fails(b""), (1, 1, K::Empty));
        assert_eq!(fails(b"# x\n\n"), (2, 1, K::Blank));
        assert_eq!(fails(b"file a seq 1 type b"), (1, 20, K::NoLineEnd));
        assert_eq!(fails(b"file a seq 1 type\n"), (1, 14, K::Odd("type".into())));
        assert_eq!(fails(b"file a seq 1\n"), (1, 13, K::Missing("type")));
        assert_eq!(fails(b"file ../a seq 1 type b\n"), (1, 6, K::Path("../a".into())));
        assert_eq!(fails(b"file a seq 0 type b\n"), (1, 12, K::Number("seq", "0".into())));
        assert_eq!(fails(b"file a seq x type b\n"), (1, 12, K::Number("seq", "x".into())));
        assert_eq!(fails(b"file a seq 1 type q\n"), (1, 19, K::Type("q".into())));
        assert_eq!(fails(b"file \"a seq 1 type b\n").2, K::Quotes);
        assert_eq!(fails(b"file \"a\"b seq 1 type b\n").2, K::Quotes);
        let two = b"file a seq 1 type b\nfile b seq 2 type b\n";
        assert_eq!(fails(two), (2, 1, K::SecondBase(1)));
        let order = b"file a seq 2 type i\nfile b seq 2 type i\n";
        assert_eq!(fails(order), (2, 1, K::Order(2, 2)));
        let long = format!("file {} seq 1 type b\n", "a".repeat(1024));
        assert!(matches!(fails(long.as_bytes()).2, K::LineTooLong(_)));
        let error = Manifest::parse(b"file a seq 1 type q\n").unwrap_err();
        assert_eq!(
            error.to_string(),
            "unknown type \"q\"; types are b, i and h (line 1, column 19)"
        );
        assert_eq!(error.offset, 18);
    }

    #[test]
    fn damage_gives_a_manifest_or_an_error() {
        let text = b"file \"a \\x41\" seq 2 type b\nfile 'b' seq 2 type i startoffset 23\n";
        for at in 0..text.len() {
            let _ = Manifest::parse(&text[..at]);
            for bit in 0..8 {
                let mut flipped = text.to_vec();
                flipped[at] ^= 1 << bit;
                if let Ok(manifest) = Manifest::parse(&flipped) {
                    let again = Manifest::parse(&manifest.to_bytes()).unwrap();
                    assert_eq!(again.files.len(), manifest.files.len());
                }
            }
        }
    }
}
