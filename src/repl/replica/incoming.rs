//! A snapshot on its way: the line in front of it, and its bytes up to its end.

use super::super::Level;
use super::super::handshake::Head;
use super::super::mark::MarkSearch;
use super::{Event, Events, Failure, Progress};

/// What is still to come of a snapshot.
#[derive(Debug)]
enum Rest {
    Bytes(u64),
    UpToMark(Box<MarkSearch>),
}

/// A snapshot that is received.
#[derive(Debug)]
pub(super) struct Incoming {
    rest: Rest,
}

impl Incoming {
    /// Reads the line in front of a snapshot, and sets how much is to come; none if the line is empty.
    ///
    /// # Errors
    /// It is no such line, or the primary gives up.
    pub(super) fn begin(
        line: &[u8],
        loads_to: &str,
        progress: &mut Progress,
        events: Events<'_>,
    ) -> Result<Option<Incoming>, Failure> {
        let (text, total_bytes, rest) = match Head::parse(line) {
            Head::Wait => return Ok(None),
            Head::Aborted(error) => {
                let text = format!("MASTER aborted replication with an error: {error}");
                events(Event::Log(Level::Warning, text));
                return Err(Failure::Aborted(error));
            }
            Head::Malformed(what) => {
                let text = format!(
                    "Bad protocol from MASTER, the first byte is not '$' (we received '{what}'), are you sure the host and port are right?"
                );
                events(Event::Log(Level::Warning, text));
                return Err(Failure::Protocol(what));
            }
            Head::Length(bytes) => {
                let text = format!("receiving {bytes} bytes from master {loads_to}");
                (text, Some(bytes), Rest::Bytes(bytes))
            }
            Head::Mark(mark) => {
                let text = format!("receiving streamed RDB from master with EOF {loads_to}");
                (text, None, Rest::UpToMark(Box::new(MarkSearch::new(mark))))
            }
        };
        events(Event::Log(Level::Notice, format!("MASTER <-> REPLICA sync: {text}")));
        *progress = Progress { read_bytes: 0, total_bytes };
        Ok(Some(Incoming { rest }))
    }

    /// Whether there is nothing to come.
    pub(super) fn is_empty(&self) -> bool {
        matches!(self.rest, Rest::Bytes(0))
    }

    /// Takes bytes; what stands behind the snapshot, once it is complete.
    pub(super) fn take<'b>(
        &mut self,
        bytes: &'b [u8],
        progress: &mut Progress,
        events: Events<'_>,
    ) -> Option<&'b [u8]> {
        let read_bytes = &mut progress.read_bytes;
        match &mut self.rest {
            Rest::Bytes(left) => {
                let take = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                let (now, later) = bytes.split_at_checked(take).unwrap_or((bytes, &[]));
                *left -= now.len() as u64;
                *read_bytes += now.len() as u64;
                events(Event::Snapshot(now));
                (*left == 0).then_some(later)
            }
            Rest::UpToMark(search) => search.take(bytes, &mut |bytes| {
                *read_bytes += bytes.len() as u64;
                events(Event::Snapshot(bytes));
            }),
        }
    }
}
