//! Writes replies, in the second or third version of the protocol.

use crate::base::num::write_score;

/// Bytes from which on it is worth it to make room for a string and its end at once.
const LONG_BYTES: usize = 1024;

/// Replies, one behind the other, as they go to a client.
///
/// A method writes one reply or opens one; what a container announces must follow.
#[derive(Debug, Clone, Default)]
pub struct Reply {
    bytes: Vec<u8>,
    /// Whether the client has asked for the third version.
    resp3: bool,
    /// Bytes behind which nothing more is written, 0 for no limit.
    limit: usize,
}

impl Reply {
    /// No replies yet.
    pub fn new(resp3: bool) -> Reply {
        Reply { bytes: Vec::new(), resp3, limit: 0 }
    }

    /// Whether replies are of the third version.
    pub fn is_resp3(&self) -> bool {
        self.resp3
    }

    /// Chooses the version of replies to come.
    pub fn set_resp3(&mut self, resp3: bool) {
        self.resp3 = resp3;
    }

    /// Sets a number of bytes behind which nothing more is written, because nobody would read it; 0 takes it away.
    pub fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
    }

    /// Whether so much has been written that nothing more is.
    #[inline]
    pub fn is_over(&self) -> bool {
        self.limit != 0 && self.bytes.len() > self.limit
    }

    /// Bytes that can be written without more memory, those that were included.
    pub fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Gives memory back that is not needed for so many bytes.
    pub fn shrink_to(&mut self, bytes: usize) {
        self.bytes.shrink_to(bytes);
    }

    /// What has been written.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Number of bytes written.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether nothing has been written.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Takes back everything behind the first `len` bytes.
    pub fn truncate(&mut self, len: usize) {
        self.bytes.truncate(len);
    }

    /// Puts bytes that are whole replies in front of what was written behind the first `at` bytes.
    pub fn insert(&mut self, at: usize, replies: &[u8]) {
        self.bytes.splice(at..at, replies.iter().copied());
    }

    /// Takes what has been written and leaves an empty buffer with the room of another.
    pub fn swap(&mut self, buffer: &mut Vec<u8>) {
        buffer.clear();
        std::mem::swap(&mut self.bytes, buffer);
    }

    /// Forgets everything and keeps the room.
    pub fn clear(&mut self) {
        self.bytes.clear();
    }

    fn line(&mut self, mark: u8, text: &[u8]) {
        self.bytes.push(mark);
        self.bytes.extend_from_slice(text);
        self.bytes.extend_from_slice(b"\r\n");
    }

    fn head(&mut self, mark: u8, n: i64) {
        self.line(mark, itoa::Buffer::new().format(n).as_bytes());
    }

    fn head_len(&mut self, mark: u8, len: usize) {
        self.line(mark, itoa::Buffer::new().format(len).as_bytes());
    }

    /// `+OK`.
    pub fn ok(&mut self) {
        self.bytes.extend_from_slice(b"+OK\r\n");
    }

    /// A simple string, which holds no line ends.
    pub fn simple(&mut self, text: &str) {
        self.line(b'+', text.as_bytes());
    }

    /// An error; its text begins with a code. Line ends in it become spaces.
    pub fn error(&mut self, text: &[u8]) {
        self.bytes.push(b'-');
        self.bytes.extend(
            text.iter().map(|byte| if matches!(byte, b'\r' | b'\n') { b' ' } else { *byte }),
        );
        self.bytes.extend_from_slice(b"\r\n");
    }

    /// An integer.
    pub fn int(&mut self, n: i64) {
        self.head(b':', n);
    }

    /// A count as an integer.
    pub fn count(&mut self, n: u64) {
        self.line(b':', itoa::Buffer::new().format(n).as_bytes());
    }

    /// A string.
    pub fn bulk(&mut self, bytes: &[u8]) {
        if self.is_over() {
            return;
        }
        self.head_len(b'$', bytes.len());
        if bytes.len() >= LONG_BYTES {
            // Else the end might not fit, and the buffer would become twice as large for it.
            self.bytes.reserve(bytes.len() + 2);
        }
        self.bytes.extend_from_slice(bytes);
        self.bytes.extend_from_slice(b"\r\n");
    }

    /// The text of an integer as a string.
    pub fn bulk_int(&mut self, n: i64) {
        self.bulk(itoa::Buffer::new().format(n).as_bytes());
    }

    /// A string that a client shows as it is: text, or markdown.
    pub fn verbatim(&mut self, format: &[u8; 3], text: &[u8]) {
        if self.resp3 {
            self.head_len(b'=', text.len() + 4);
            self.bytes.extend_from_slice(format);
            self.bytes.push(b':');
            self.bytes.extend_from_slice(text);
            self.bytes.extend_from_slice(b"\r\n");
        } else {
            self.bulk(text);
        }
    }

    /// No value.
    pub fn null(&mut self) {
        self.bytes.extend_from_slice(if self.resp3 { b"_\r\n" } else { b"$-1\r\n" });
    }

    /// No value where an array was expected.
    pub fn null_array(&mut self) {
        self.bytes.extend_from_slice(if self.resp3 { b"_\r\n" } else { b"*-1\r\n" });
    }

    /// Opens an array of as many replies.
    pub fn array(&mut self, len: usize) {
        self.head_len(b'*', len);
    }

    /// Opens a map of as many pairs of replies.
    pub fn map(&mut self, pairs: usize) {
        if self.resp3 { self.head_len(b'%', pairs) } else { self.head_len(b'*', pairs * 2) }
    }

    /// Opens a set of as many replies.
    pub fn set(&mut self, len: usize) {
        self.head_len(if self.resp3 { b'~' } else { b'*' }, len);
    }

    /// Opens a message that answers no command.
    pub fn push(&mut self, len: usize) {
        self.head_len(if self.resp3 { b'>' } else { b'*' }, len);
    }

    /// A truth value.
    pub fn bool(&mut self, value: bool) {
        if self.resp3 {
            self.bytes.extend_from_slice(if value { b"#t\r\n" } else { b"#f\r\n" });
        } else {
            self.int(i64::from(value));
        }
    }

    /// A floating point number; a string in the second version.
    pub fn double(&mut self, n: f64) {
        if self.resp3 {
            self.bytes.push(b',');
            write_score(n, &mut self.bytes);
            self.bytes.extend_from_slice(b"\r\n");
        } else {
            let mut text = Vec::with_capacity(32);
            write_score(n, &mut text);
            self.bulk(&text);
        }
    }

    /// As [`Reply::double`], given as its decimal text.
    pub fn double_text(&mut self, text: &[u8]) {
        if self.resp3 { self.line(b',', text) } else { self.bulk(text) }
    }

    /// A whole number of any size, given as its decimal text.
    pub fn big_number(&mut self, text: &[u8]) {
        if self.resp3 { self.line(b'(', text) } else { self.bulk(text) }
    }

    /// Replies that were written elsewhere, by the same version.
    pub fn raw(&mut self, bytes: &[u8]) {
        if self.is_over() {
            return;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// An array of lines, such as a help text has.
    pub fn lines(&mut self, lines: &[&str]) {
        self.array(lines.len());
        lines.iter().for_each(|line| self.simple(line));
    }

    /// Writes an array whose length is known only at its end: `fill` writes its replies and returns how many.
    pub fn array_later<E>(
        &mut self,
        fill: impl FnOnce(&mut Reply) -> Result<usize, E>,
    ) -> Result<(), E> {
        let mut inner = Reply { limit: self.limit, ..Reply::new(self.resp3) };
        let len = fill(&mut inner)?;
        self.array(len);
        self.raw(&inner.bytes);
        Ok(())
    }

    /// As [`Reply::array_later`], for a set.
    pub fn set_later<E>(
        &mut self,
        fill: impl FnOnce(&mut Reply) -> Result<usize, E>,
    ) -> Result<(), E> {
        let mut inner = Reply { limit: self.limit, ..Reply::new(self.resp3) };
        let len = fill(&mut inner)?;
        self.set(len);
        self.raw(&inner.bytes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(resp3: bool, write: impl FnOnce(&mut Reply)) -> String {
        let mut reply = Reply::new(resp3);
        write(&mut reply);
        String::from_utf8(reply.bytes).unwrap()
    }

    #[test]
    fn both_versions() {
        for (write, resp2, resp3) in [
            ((|r: &mut Reply| r.null()) as fn(&mut Reply), "$-1\r\n", "_\r\n"),
            (|r| r.null_array(), "*-1\r\n", "_\r\n"),
            (|r| r.map(2), "*4\r\n", "%2\r\n"),
            (|r| r.set(2), "*2\r\n", "~2\r\n"),
            (|r| r.bool(true), ":1\r\n", "#t\r\n"),
            (|r| r.double(1.5), "$3\r\n1.5\r\n", ",1.5\r\n"),
            (|r| r.double(f64::NEG_INFINITY), "$4\r\n-inf\r\n", ",-inf\r\n"),
            (|r| r.verbatim(b"txt", b"hi"), "$2\r\nhi\r\n", "=6\r\ntxt:hi\r\n"),
            (|r| r.error(b"ERR a\r\nb"), "-ERR a  b\r\n", "-ERR a  b\r\n"),
            (|r| r.int(-5), ":-5\r\n", ":-5\r\n"),
        ] {
            assert_eq!(written(false, write), resp2);
            assert_eq!(written(true, write), resp3);
        }
    }

    #[test]
    fn nothing_is_written_behind_a_limit() {
        let mut reply = Reply::new(false);
        reply.set_limit(10);
        (0..1000).for_each(|_| reply.bulk(b"12345"));
        assert_eq!(reply.as_bytes(), b"$5\r\n12345\r\n");
        assert!(reply.is_over());
        reply.set_limit(0);
        reply.bulk(b"6");
        assert_eq!(reply.len(), 18);
    }
}
