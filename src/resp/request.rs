//! Reads requests as they come over a connection: arrays of strings, or lines of words.
//!
//! Bytes may be cut anywhere. What was understood of an incomplete request is kept, so that each byte is looked at once.

use std::ops::Range;

/// Longest line, in bytes: an inline request, or a length.
const LINE_BYTES_MAX: usize = 64 << 10;

/// Places of arguments for which memory is kept.
const ARGS_KEPT: usize = 1024;

/// Most strings of one request.
const STRINGS_MAX: i64 = i32::MAX as i64;

/// Most strings, and the longest, before a client has authenticated itself.
const STRANGER_STRINGS_MAX: i64 = 10;
const STRANGER_BYTES_MAX: i64 = 16384;

/// Why bytes are no request: the words that servers reply with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// No number of strings, or too many.
    #[error("Protocol error: invalid multibulk length")]
    Count,
    /// The line with the number of strings does not end.
    #[error("Protocol error: too big mbulk count string")]
    CountLine,
    /// No length of a string, or too long.
    #[error("Protocol error: invalid bulk length")]
    Length,
    /// The line with the length of a string does not end.
    #[error("Protocol error: too big bulk count string")]
    LengthLine,
    /// A string was expected.
    #[error("Protocol error: expected '$', got '{}'", char::from(*.0))]
    NotString(u8),
    /// A line of words that does not end.
    #[error("Protocol error: too big inline request")]
    Inline,
    /// A line of words with an open quote.
    #[error("Protocol error: unbalanced quotes in request")]
    Quotes,
    /// Too many strings for a client that has not authenticated itself.
    #[error("Protocol error: unauthenticated multibulk length")]
    StrangerCount,
    /// Too long a string for a client that has not authenticated itself.
    #[error("Protocol error: unauthenticated bulk length")]
    StrangerLength,
}

/// What became of the bytes so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A request is complete; see [`RequestReader::args`].
    Request,
    /// More bytes are needed: so many at least, as far as is known.
    Need(usize),
}

/// Bounds of requests that a server sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Longest string, in bytes.
    pub string_bytes_max: u64,
    /// Whether the client has authenticated itself, or need not.
    pub is_known: bool,
}

/// Reads the requests of one connection.
#[derive(Debug, Default)]
pub struct RequestReader {
    /// Up to where the bytes are understood.
    pos: usize,
    /// Where the request begins of which strings are still to come.
    begin: usize,
    /// Strings that are still to come.
    missing: i64,
    /// Length of the string whose head was read.
    length: Option<usize>,
    args: Vec<Range<usize>>,
    /// Words of a line, with quotes resolved.
    words: Vec<u8>,
    is_inline: bool,
}

impl RequestReader {
    /// Reads on. `bytes` begins where the first request that was not yet given begins, and is longer at each call.
    ///
    /// # Errors
    /// The bytes are no request; nothing behind them can be understood.
    pub fn next(&mut self, bytes: &[u8], bounds: Bounds) -> Result<Step, RequestError> {
        loop {
            if self.missing == 0 {
                self.args.clear();
                match bytes.get(self.pos) {
                    None => return Ok(Step::Need(1)),
                    Some(b'*') => {
                        let Some((count, end)) =
                            number(bytes, self.pos + 1).ok_or_count(bytes, self.pos)?
                        else {
                            return Ok(Step::Need(1));
                        };
                        if count > STRINGS_MAX {
                            return Err(RequestError::Count);
                        }
                        if !bounds.is_known && count > STRANGER_STRINGS_MAX {
                            return Err(RequestError::StrangerCount);
                        }
                        self.begin = self.pos;
                        self.pos = end;
                        if count <= 0 {
                            continue;
                        }
                        self.missing = count;
                        self.is_inline = false;
                    }
                    Some(_) => match self.inline(bytes)? {
                        Some(true) => return Ok(Step::Request),
                        Some(false) => continue,
                        None => return Ok(Step::Need(1)),
                    },
                }
            }
            while self.missing > 0 {
                let length = match self.length {
                    Some(length) => length,
                    None => match self.head(bytes, bounds)? {
                        Some(length) => length,
                        None => return Ok(Step::Need(1)),
                    },
                };
                let end = self.pos + length;
                if bytes.len() < end + 2 {
                    self.length = Some(length);
                    return Ok(Step::Need(end + 2 - bytes.len()));
                }
                self.length = None;
                self.args.push(self.pos..end);
                self.pos = end + 2;
                self.missing -= 1;
            }
            return Ok(Step::Request);
        }
    }

    /// The length of the next string.
    fn head(&mut self, bytes: &[u8], bounds: Bounds) -> Result<Option<usize>, RequestError> {
        match bytes.get(self.pos) {
            None => return Ok(None),
            Some(b'$') => {}
            Some(other) => {
                // As servers do, the line is waited for before it is complained about.
                if line_end(bytes, self.pos).is_none() {
                    let rest = bytes.len() - self.pos;
                    return if rest > LINE_BYTES_MAX {
                        Err(RequestError::LengthLine)
                    } else {
                        Ok(None)
                    };
                }
                return Err(RequestError::NotString(*other));
            }
        }
        let (length, end) = match number(bytes, self.pos + 1) {
            Line::Number(length, end) => (length, end),
            Line::Open if bytes.len() - self.pos > LINE_BYTES_MAX => {
                return Err(RequestError::LengthLine);
            }
            Line::Open => return Ok(None),
            Line::Other => return Err(RequestError::Length),
        };
        let Some(size) =
            usize::try_from(length).ok().filter(|_| length as u64 <= bounds.string_bytes_max)
        else {
            return Err(RequestError::Length);
        };
        if !bounds.is_known && length > STRANGER_BYTES_MAX {
            return Err(RequestError::StrangerLength);
        }
        self.pos = end;
        Ok(Some(size))
    }

    /// Reads a line of words; whether there are any, or `None` if it is not complete.
    fn inline(&mut self, bytes: &[u8]) -> Result<Option<bool>, RequestError> {
        let rest = bytes.get(self.pos..).unwrap_or_default();
        let Some(len) = memchr::memchr(b'\n', rest) else {
            return if rest.len() > LINE_BYTES_MAX { Err(RequestError::Inline) } else { Ok(None) };
        };
        let line = rest.get(..len).unwrap_or_default();
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        self.words.clear();
        self.is_inline = true;
        let mut words = Words { line, words: &mut self.words, args: &mut self.args };
        words.split().ok_or(RequestError::Quotes)?;
        self.pos += len + 1;
        Ok(Some(!self.args.is_empty()))
    }

    /// Number of arguments of the request, its name included.
    pub fn len(&self) -> usize {
        self.args.len()
    }

    /// Whether the request has no arguments.
    pub fn is_empty(&self) -> bool {
        self.args.is_empty()
    }

    /// The arguments of a complete request; `bytes` are those that [`RequestReader::next`] was given.
    pub fn args<'a>(&'a self, bytes: &'a [u8]) -> impl ExactSizeIterator<Item = &'a [u8]> {
        let source = if self.is_inline { &self.words } else { bytes };
        self.args.iter().map(|arg| source.get(arg.clone()).unwrap_or_default())
    }

    /// The second and third strings of requests that stand behind the one that was just read, in the same bytes: in most
    /// commands a key, and what is looked for in it. Strings that are not there are empty. Ends before the first that is not there or is no list of strings.
    pub fn ahead<'a>(
        &self,
        bytes: &'a [u8],
    ) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + use<'a> {
        let mut pos = if self.missing == 0 { self.pos } else { bytes.len() };
        std::iter::from_fn(move || {
            let mut words = <(&[u8], &[u8])>::default();
            let count =
                if bytes.get(pos) == Some(&b'*') { number(bytes, pos + 1) } else { Line::Open };
            let Line::Number(count, end) = count else { return None };
            pos = end;
            for at in 0..count {
                let Line::Number(length, start) = number(bytes, pos + 1) else { return None };
                let end = start.checked_add(usize::try_from(length).ok()?)?;
                match at {
                    1 => words.0 = bytes.get(start..end)?,
                    2 => words.1 = bytes.get(start..end)?,
                    _ => {}
                }
                pos = end.checked_add(2)?;
            }
            Some(words)
        })
    }

    /// Bytes in front of the first request that was not yet given; they may be dropped, see [`RequestReader::drop_read`].
    pub fn read_bytes(&self) -> usize {
        if self.missing == 0 { self.pos } else { self.begin }
    }

    /// Bytes that were understood of a request that is not complete: those in front of the first string that is still to come.
    pub fn understood_bytes(&self) -> usize {
        self.pos - self.read_bytes()
    }

    /// Says that so many bytes were dropped, no more than [`RequestReader::read_bytes`].
    pub fn drop_read(&mut self, bytes: usize) {
        self.pos = self.pos.saturating_sub(bytes);
        self.begin = self.begin.saturating_sub(bytes);
        if self.missing > 0 {
            for arg in &mut self.args {
                *arg = arg.start.saturating_sub(bytes)..arg.end.saturating_sub(bytes);
            }
        } else if self.args.capacity() > ARGS_KEPT {
            self.args = Vec::new();
        }
    }
}

enum Line {
    /// A number, and where the next line begins.
    Number(i64, usize),
    /// The line does not end yet.
    Open,
    /// Something else.
    Other,
}

impl Line {
    fn ok_or_count(self, bytes: &[u8], start: usize) -> Result<Option<(i64, usize)>, RequestError> {
        match self {
            Line::Number(n, end) => Ok(Some((n, end))),
            Line::Open if bytes.len() - start > LINE_BYTES_MAX => Err(RequestError::CountLine),
            Line::Open => Ok(None),
            Line::Other => Err(RequestError::Count),
        }
    }
}

/// Where the line that begins at `at` ends, in front of CR.
fn line_end(bytes: &[u8], at: usize) -> Option<usize> {
    memchr::memchr(b'\r', bytes.get(at..)?).map(|len| at + len)
}

/// Reads a line that is a number.
fn number(bytes: &[u8], at: usize) -> Line {
    let mut n: i64 = 0;
    let mut end = at;
    // Most lengths have few digits.
    while let Some(digit) = bytes.get(end).map(|byte| byte.wrapping_sub(b'0')).filter(|d| *d < 10) {
        n = n.wrapping_mul(10).wrapping_add(i64::from(digit));
        end += 1;
        if end - at > 10 {
            return long_number(bytes, at);
        }
    }
    match bytes.get(end..end + 2) {
        Some(b"\r\n") if end > at => Line::Number(n, end + 2),
        _ => long_number(bytes, at),
    }
}

#[cold]
fn long_number(bytes: &[u8], at: usize) -> Line {
    let Some(end) = line_end(bytes, at).filter(|end| bytes.len() > end + 1) else {
        return Line::Open;
    };
    let text = bytes.get(at..end).unwrap_or_default();
    match crate::base::num::parse_canonical_i64(text) {
        Some(n) => Line::Number(n, end + 2),
        None => Line::Other,
    }
}

/// Splits a line into words as `redis-cli` and configuration files do.
struct Words<'w> {
    line: &'w [u8],
    words: &'w mut Vec<u8>,
    args: &'w mut Vec<Range<usize>>,
}

impl Words<'_> {
    /// `None` if a quote stays open, or something stands behind its end.
    fn split(&mut self) -> Option<()> {
        let mut rest = self.line;
        loop {
            rest = rest.trim_ascii_start();
            if rest.is_empty() {
                return Some(());
            }
            let start = self.words.len();
            rest = self.word(rest)?;
            self.args.push(start..self.words.len());
        }
    }

    /// Reads a word; gives what follows.
    fn word<'r>(&mut self, mut rest: &'r [u8]) -> Option<&'r [u8]> {
        loop {
            match rest {
                [] => return Some(rest),
                [byte, ..] if byte.is_ascii_whitespace() || *byte == 0 => return Some(rest),
                [b'"', after @ ..] => return self.quoted(after),
                [b'\'', after @ ..] => return self.single(after),
                [byte, after @ ..] => {
                    self.words.push(*byte);
                    rest = after;
                }
            }
        }
    }

    fn quoted<'r>(&mut self, mut rest: &'r [u8]) -> Option<&'r [u8]> {
        loop {
            rest = match rest {
                [b'"', after @ ..] => return behind_quote(after),
                [b'\\', b'x', a, b, after @ ..]
                    if a.is_ascii_hexdigit() && b.is_ascii_hexdigit() =>
                {
                    let digit = |byte: u8| char::from(byte).to_digit(16).unwrap_or_default() as u8;
                    self.words.push(digit(*a) << 4 | digit(*b));
                    after
                }
                [b'\\', byte, after @ ..] => {
                    self.words.push(match byte {
                        b'n' => b'\n',
                        b'r' => b'\r',
                        b't' => b'\t',
                        b'b' => 8,
                        b'a' => 7,
                        other => *other,
                    });
                    after
                }
                [byte, after @ ..] => {
                    self.words.push(*byte);
                    after
                }
                [] => return None,
            };
        }
    }

    fn single<'r>(&mut self, mut rest: &'r [u8]) -> Option<&'r [u8]> {
        loop {
            rest = match rest {
                [b'\'', after @ ..] => return behind_quote(after),
                [b'\\', b'\'', after @ ..] => {
                    self.words.push(b'\'');
                    after
                }
                [byte, after @ ..] => {
                    self.words.push(*byte);
                    after
                }
                [] => return None,
            };
        }
    }
}

/// A closing quote ends its word.
fn behind_quote(rest: &[u8]) -> Option<&[u8]> {
    rest.first().is_none_or(u8::is_ascii_whitespace).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds { string_bytes_max: 512 << 20, is_known: true };

    /// All requests of a stream that comes in pieces, and the error that ends it.
    fn read(
        bytes: &[u8],
        piece: usize,
        bounds: Bounds,
    ) -> (Vec<Vec<Vec<u8>>>, Option<RequestError>) {
        let (mut reader, mut requests) = (RequestReader::default(), Vec::new());
        let mut buffer = Vec::new();
        for part in bytes.chunks(piece) {
            buffer.extend_from_slice(part);
            loop {
                match reader.next(&buffer, bounds) {
                    Ok(Step::Request) => {
                        requests.push(reader.args(&buffer).map(<[u8]>::to_vec).collect());
                    }
                    Ok(Step::Need(_)) => break,
                    Err(error) => return (requests, Some(error)),
                }
            }
            let read = reader.read_bytes();
            buffer.drain(..read);
            reader.drop_read(read);
        }
        (requests, None)
    }

    /// However the bytes are cut, no more is kept than the request that is not complete.
    #[test]
    fn requests_that_were_given_are_dropped() {
        let requests: Vec<Vec<u8>> = (0..50)
            .map(|n| {
                format!("*2\r\n$3\r\nGET\r\n${}\r\n{}\r\n", 1 + n % 9, &"123456789"[..1 + n % 9])
            })
            .map(String::into_bytes)
            .collect();
        let longest = requests.iter().map(Vec::len).max().unwrap_or(0);
        let bytes = requests.concat();
        for piece in 1..100 {
            let (mut reader, mut buffer, mut given) = (RequestReader::default(), Vec::new(), 0);
            for part in bytes.chunks(piece) {
                buffer.extend_from_slice(part);
                while reader.next(&buffer, BOUNDS) == Ok(Step::Request) {
                    let expected = &requests[given];
                    let args: Vec<&[u8]> = reader.args(&buffer).collect();
                    assert_eq!(args[0], b"GET");
                    assert!(expected.ends_with(&[args[1], b"\r\n"].concat()), "{piece}");
                    given += 1;
                }
                let read = reader.read_bytes();
                buffer.drain(..read);
                reader.drop_read(read);
                assert!(buffer.len() < longest, "{piece}");
                assert!(reader.understood_bytes() <= buffer.len());
            }
            assert_eq!((given, buffer.len()), (requests.len(), 0));
        }
    }

    #[test]
    fn requests_are_the_same_however_they_are_cut() {
        let bytes = b"*2\r\n$3\r\nGET\r\n$2\r\n\r\n\r\n\r\nPING\r\n*0\r\n*-1\r\nset \"a\\x41\\n\" 'b\\' c' d\n*1\r\n$0\r\n\r\n";
        let expected = [
            vec![b"GET".to_vec(), b"\r\n".to_vec()],
            vec![b"PING".to_vec()],
            vec![b"set".to_vec(), b"aA\n".to_vec(), b"b' c".to_vec(), b"d".to_vec()],
            vec![Vec::new()],
        ];
        for piece in 1..=bytes.len() {
            assert_eq!(read(bytes, piece, BOUNDS), (expected.to_vec(), None), "{piece}");
        }
    }

    #[test]
    fn words_of_requests_to_come_are_seen() {
        let bytes = b"*1\r\n$4\r\nPING\r\n*3\r\n$3\r\nSET\r\n$2\r\nk1\r\n$1\r\nv\r\n*1\r\n$4\r\nPING\r\n*0\r\n*2\r\n$3\r\nGET\r\n$2\r\nk2\r\n*2\r\n$3\r\nGET\r\n$20\r\nk";
        let mut reader = RequestReader::default();
        assert_eq!(reader.next(bytes, BOUNDS), Ok(Step::Request));
        let ahead = |reader: &RequestReader| reader.ahead(bytes).collect::<Vec<_>>();
        let none: &[u8] = b"";
        assert_eq!(
            ahead(&reader),
            [(b"k1".as_slice(), b"v".as_slice()), (none, none), (none, none), (b"k2", none)]
        );
        for left in [3, 2, 0, 0] {
            assert!(reader.next(bytes, BOUNDS).is_ok());
            assert_eq!(ahead(&reader).len(), left);
        }
        // Hostile numbers end it.
        for bytes in
            ["PING\r\n*2\r\n$9223372036854775807\r\n", "PING\r\n*9223372036854775807\r\n$-5\r\n"]
        {
            let mut reader = RequestReader::default();
            assert_eq!(reader.next(bytes.as_bytes(), BOUNDS), Ok(Step::Request));
            assert_eq!(reader.ahead(bytes.as_bytes()).count(), 0);
        }
    }

    #[test]
    fn what_is_no_request_is_refused_in_the_words_of_servers() {
        let long = [b"*1\r\n$".as_slice(), &[b'1'; 70_000]].concat();
        for (bytes, text) in [
            (b"*x\r\n".as_slice(), "invalid multibulk length"),
            (b"*3000000000\r\n", "invalid multibulk length"),
            (b"*1\r\n:1\r\n", "expected '$', got ':'"),
            (b"*1\r\n$-1\r\n", "invalid bulk length"),
            (b"*1\r\n$600000000\r\n", "invalid bulk length"),
            (b"*1\r\n$x\r\n", "invalid bulk length"),
            (b"get \"a\r\n", "unbalanced quotes in request"),
            (b"get \"a\"b\r\n", "unbalanced quotes in request"),
            (&[b'a'; 70_000], "too big inline request"),
            (&long, "too big bulk count string"),
            (&[b'*'; 70_000], "too big mbulk count string"),
        ] {
            for piece in [1, 7, 100_000] {
                let (requests, error) = read(bytes, piece, BOUNDS);
                assert!(requests.is_empty());
                assert_eq!(error.unwrap().to_string(), format!("Protocol error: {text}"));
            }
        }
    }

    #[test]
    fn strangers_are_held_to_little() {
        let stranger = Bounds { is_known: false, ..BOUNDS };
        assert_eq!(read(b"*11\r\n", 9, stranger).1, Some(RequestError::StrangerCount));
        assert_eq!(read(b"*1\r\n$16385\r\n", 99, stranger).1, Some(RequestError::StrangerLength));
        assert_eq!(read(b"*10\r\n$16384\r\n", 99, stranger).1, None);
    }
}
