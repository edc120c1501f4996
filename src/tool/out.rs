//! Where formatted output goes: a buffer that is emptied now and then.

use crate::feed::Turn;
use std::io::{self, Write};

/// A buffer with a way out.
pub trait Out {
    /// The output not handed on yet.
    fn buf(&mut self) -> &mut Vec<u8>;
    /// Hands the buffer on if it has grown large.
    fn spill(&mut self) -> io::Result<()>;
}

impl Out for Turn<'_> {
    #[inline]
    fn buf(&mut self) -> &mut Vec<u8> {
        &mut self.buf
    }

    #[inline]
    fn spill(&mut self) -> io::Result<()> {
        Turn::spill(self)
    }
}

/// Writes straight to a writer.
pub struct Direct<W: Write> {
    buf: Vec<u8>,
    writer: W,
}

/// Output kept before it is written, in bytes.
const DIRECT_BYTES: usize = 256 << 10;

impl<W: Write> Direct<W> {
    /// An empty buffer in front of a writer.
    pub fn new(writer: W) -> Self {
        Direct { buf: Vec::new(), writer }
    }

    /// Writes what is left and gives the writer back.
    pub fn finish(mut self) -> io::Result<W> {
        self.writer.write_all(&self.buf)?;
        self.writer.flush()?;
        Ok(self.writer)
    }
}

impl<W: Write> Out for Direct<W> {
    fn buf(&mut self) -> &mut Vec<u8> {
        &mut self.buf
    }

    fn spill(&mut self) -> io::Result<()> {
        if self.buf.len() >= DIRECT_BYTES {
            self.writer.write_all(&self.buf)?;
            self.buf.clear();
        }
        Ok(())
    }
}

/// Swallows the first bytes: the separator in front of the first of several things.
pub struct SkipFirst<'w> {
    inner: &'w mut (dyn Write + Send),
    skip: usize,
}

impl<'w> SkipFirst<'w> {
    /// Passes on everything but the first `skip` bytes.
    pub fn new(inner: &'w mut (dyn Write + Send), skip: usize) -> Self {
        SkipFirst { inner, skip }
    }
}

impl Write for SkipFirst<'_> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        if self.skip > 0 {
            let skipped = self.skip.min(buf.len());
            self.skip -= skipped;
            return Ok(skipped);
        }
        self.inner.write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
