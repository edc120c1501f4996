//! A position in a byte slice that says how much is missing instead of failing.

/// The slice ended too early: at least this many more bytes are needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Short(pub usize);

/// Reads forward through a slice. Positions beyond the end are legal until bytes are asked for,
/// so hopping over a length costs one addition.
#[derive(Debug, Clone, Copy)]
pub struct Cursor<'a> {
    bytes: &'a [u8],
    pos: usize,
}

impl<'a> Cursor<'a> {
    /// A cursor at the first byte.
    pub fn new(bytes: &'a [u8]) -> Self {
        Cursor { bytes, pos: 0 }
    }

    /// Bytes passed so far; larger than the slice after a hop beyond its end.
    #[inline]
    pub fn pos(&self) -> usize {
        self.pos
    }

    /// The slice being read.
    #[inline]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The slice from `start` to the current position; empty if either lies outside.
    #[inline]
    pub fn since(&self, start: usize) -> &'a [u8] {
        self.bytes.get(start..self.pos).unwrap_or(&[])
    }

    /// Fails if an earlier hop went beyond the end.
    #[inline]
    pub fn check(&self) -> Result<(), Short> {
        if self.pos <= self.bytes.len() { Ok(()) } else { Err(Short(self.pos - self.bytes.len())) }
    }

    /// The next byte, without passing it.
    #[inline(always)]
    pub fn peek(&self) -> Result<u8, Short> {
        match self.bytes.get(self.pos) {
            Some(byte) => Ok(*byte),
            None => Err(Short(self.pos.saturating_sub(self.bytes.len()).saturating_add(1))),
        }
    }

    /// The next byte.
    #[inline(always)]
    pub fn u8(&mut self) -> Result<u8, Short> {
        let byte = self.peek()?;
        self.pos += 1;
        Ok(byte)
    }

    /// The next `n` bytes.
    #[inline(always)]
    pub fn take(&mut self, n: usize) -> Result<&'a [u8], Short> {
        let end = self.pos.saturating_add(n);
        match self.bytes.get(self.pos..end) {
            Some(slice) => {
                self.pos = end;
                Ok(slice)
            }
            None => Err(Short(end.saturating_sub(self.bytes.len()))),
        }
    }

    /// Passes `n` bytes without looking whether they are there; see [`Cursor::check`].
    #[inline(always)]
    pub fn hop(&mut self, n: usize) {
        self.pos = self.pos.saturating_add(n);
    }

    /// The next `N` bytes.
    #[inline(always)]
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Short> {
        let end = self.pos.saturating_add(N);
        match self.bytes.get(self.pos..end).and_then(<[u8]>::first_chunk::<N>) {
            Some(array) => {
                self.pos = end;
                Ok(*array)
            }
            None => Err(Short(end.saturating_sub(self.bytes.len()))),
        }
    }

    /// A little-endian signed 64-bit integer.
    #[inline]
    pub fn i64_le(&mut self) -> Result<i64, Short> {
        self.array().map(i64::from_le_bytes)
    }

    /// A little-endian binary64.
    #[inline]
    pub fn f64_le(&mut self) -> Result<f64, Short> {
        self.array().map(f64::from_le_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_how_much_is_missing() {
        let mut c = Cursor::new(b"abc");
        assert_eq!(c.take(5), Err(Short(2)));
        assert_eq!(c.take(3), Ok(&b"abc"[..]));
        assert_eq!(c.u8(), Err(Short(1)));
        c.hop(4);
        assert_eq!(c.check(), Err(Short(4)));
        assert_eq!(c.u8(), Err(Short(5)));
        c.hop(usize::MAX);
        assert!(c.take(usize::MAX).is_err());
        assert!(c.array::<8>().is_err());
    }
}
