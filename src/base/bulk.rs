//! A string as Redis files hold it: bytes, or an integer standing for its decimal text.

use std::fmt;

/// One string value. `Int(n)` and `Bytes` of n's canonical decimal text are the same string.
#[derive(Clone, Copy)]
pub enum Bulk<'a> {
    /// The bytes themselves.
    Bytes(&'a [u8]),
    /// An integer-encoded string; its text is the canonical decimal form.
    Int(i64),
}

/// Room for the decimal text of any `i64`; see [`Bulk::text`].
pub type IntBuf = itoa::Buffer;

impl<'a> Bulk<'a> {
    /// The string's bytes, rendered into `buf` when it is an integer.
    #[inline]
    pub fn text<'b>(&'b self, buf: &'b mut IntBuf) -> &'b [u8] {
        match self {
            Bulk::Bytes(bytes) => bytes,
            Bulk::Int(n) => buf.format(*n).as_bytes(),
        }
    }

    /// Length of the text in bytes.
    #[inline]
    pub fn text_len(&self) -> usize {
        match self {
            Bulk::Bytes(bytes) => bytes.len(),
            Bulk::Int(n) => {
                let mut len = if *n < 0 { 2 } else { 1 };
                let mut rest = n.unsigned_abs();
                while rest >= 10 {
                    rest /= 10;
                    len += 1;
                }
                len
            }
        }
    }

    /// The text as an owned vector.
    pub fn to_vec(&self) -> Vec<u8> {
        self.text(&mut IntBuf::new()).to_vec()
    }
}

impl PartialEq for Bulk<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Bulk::Int(a), Bulk::Int(b)) => a == b,
            (Bulk::Bytes(a), Bulk::Bytes(b)) => a == b,
            (Bulk::Int(n), Bulk::Bytes(bytes)) | (Bulk::Bytes(bytes), Bulk::Int(n)) => {
                IntBuf::new().format(*n).as_bytes() == *bytes
            }
        }
    }
}

impl Eq for Bulk<'_> {}

impl<'a> From<&'a [u8]> for Bulk<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Bulk::Bytes(bytes)
    }
}

impl fmt::Debug for Bulk<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Bulk::Bytes(bytes) => write!(f, "\"{}\"", bytes.escape_ascii()),
            Bulk::Int(n) => write!(f, "{n}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_equal_their_text() {
        for n in [0, 7, -1, 10, -10, i64::MIN, i64::MAX, 99, 100] {
            let text = n.to_string();
            assert_eq!(Bulk::Int(n), Bulk::Bytes(text.as_bytes()));
            assert_eq!(Bulk::Int(n).text_len(), text.len());
            assert_eq!(Bulk::Int(n).to_vec(), text.as_bytes());
        }
        assert_ne!(Bulk::Int(7), Bulk::Bytes(b"07"));
    }
}
