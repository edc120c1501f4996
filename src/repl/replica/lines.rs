//! Lines that come in pieces.

use super::super::Level;
use super::super::handshake::LINE_BYTES_MAX;
use super::{Event, Events, Failure};

/// Collects a line.
#[derive(Debug, Default)]
pub(super) struct Lines {
    part: Vec<u8>,
}

impl Lines {
    /// Takes bytes up to the end of a line, and gives that line without its end, if it is complete, and what stands behind it.
    ///
    /// # Errors
    /// The line is too long.
    pub(super) fn take<'b>(
        &mut self,
        bytes: &'b [u8],
        events: Events<'_>,
    ) -> Result<(Option<Vec<u8>>, &'b [u8]), Failure> {
        let end = memchr::memchr(b'\n', bytes);
        let (now, rest) =
            bytes.split_at_checked(end.unwrap_or(bytes.len())).unwrap_or((bytes, &[]));
        if self.part.len().saturating_add(now.len()) > LINE_BYTES_MAX {
            let why = format!("a line of more than {LINE_BYTES_MAX} bytes");
            events(Event::Log(Level::Warning, format!("Bad protocol from MASTER: {why}")));
            return Err(Failure::Protocol(why));
        }
        self.part.extend_from_slice(now);
        if end.is_none() {
            return Ok((None, &[]));
        }
        let mut line = std::mem::take(&mut self.part);
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        Ok((Some(line), rest.get(1..).unwrap_or(&[])))
    }

    /// Forgets what came of a line.
    pub(super) fn clear(&mut self) {
        self.part.clear();
    }
}
