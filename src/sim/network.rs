//! One direction of a connection: what is put in comes out later, in order and not faster than the bandwidth.

use super::{TICK_MS, step_up};
use crate::repl::backlog::Piece;
use std::collections::VecDeque;
use std::ops::Range;

/// Bytes that may be under way to somebody who does not read: the buffers of both systems.
const UNREAD_BYTES_MAX: u64 = 4 << 20;

/// What a link can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capacity {
    /// Milliseconds from one end to the other.
    pub latency_ms: u64,
    /// Bytes per second in each direction; none without a bound.
    pub bytes_per_s: Option<u64>,
}

/// Something under way.
#[derive(Debug)]
pub enum Chunk {
    /// Words of a handshake, acknowledgements.
    Bytes(Vec<u8>),
    /// A part of the stream.
    Stream(Piece, Range<usize>),
    /// So many bytes of a snapshot, whose content does not matter.
    Snapshot(u64),
    /// The other side has closed the connection, and why.
    Closed(&'static str),
}

impl Chunk {
    /// Its length.
    pub fn len_bytes(&self) -> u64 {
        match self {
            Chunk::Bytes(bytes) => bytes.len() as u64,
            Chunk::Stream(_, range) => range.len() as u64,
            Chunk::Snapshot(bytes) => *bytes,
            Chunk::Closed(_) => 0,
        }
    }
}

/// One direction of a connection.
#[derive(Debug)]
pub struct Line {
    capacity: Capacity,
    /// Bytes that may still go in this step, in thousandths.
    credit_milli: u64,
    under_way: VecDeque<(u64, Chunk)>,
    under_way_bytes: u64,
}

impl Line {
    /// A line with nothing on it.
    pub fn new(capacity: Capacity) -> Line {
        Line { capacity, credit_milli: 0, under_way: VecDeque::new(), under_way_bytes: 0 }
    }

    /// A step begins: bandwidth that was not used is lost, but for a rest of less than one byte.
    pub fn step(&mut self) {
        if let Some(bytes_per_s) = self.capacity.bytes_per_s {
            let more_milli = bytes_per_s.saturating_mul(TICK_MS);
            self.credit_milli = (self.credit_milli % 1000).saturating_add(more_milli);
        }
    }

    /// Bytes that may be put in; `is_read` tells whether the other end takes what comes.
    pub fn room_bytes(&self, is_read: bool) -> u64 {
        let room = self.capacity.bytes_per_s.map_or(u64::MAX, |_| self.credit_milli / 1000);
        match is_read {
            true => room,
            false => room.min(UNREAD_BYTES_MAX.saturating_sub(self.under_way_bytes)),
        }
    }

    /// Puts something in.
    pub fn put(&mut self, now_ms: u64, chunk: Chunk) {
        let bytes = chunk.len_bytes();
        self.credit_milli = self.credit_milli.saturating_sub(bytes.saturating_mul(1000));
        self.under_way_bytes += bytes;
        let due_ms = step_up(now_ms.saturating_add(self.capacity.latency_ms));
        self.under_way.push_back((due_ms, chunk));
    }

    /// What has arrived.
    pub fn take(&mut self, now_ms: u64) -> Option<Chunk> {
        if self.under_way.front().is_none_or(|(due_ms, _)| *due_ms > now_ms) {
            return None;
        }
        let (_, chunk) = self.under_way.pop_front()?;
        self.under_way_bytes = self.under_way_bytes.saturating_sub(chunk.len_bytes());
        Some(chunk)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_late_and_not_too_fast() {
        let mut line = Line::new(Capacity { latency_ms: 25, bytes_per_s: Some(1050) });
        line.step();
        // 10.5 bytes per step: the half is kept.
        assert_eq!(line.room_bytes(true), 10);
        line.put(0, Chunk::Snapshot(10));
        assert_eq!(line.room_bytes(true), 0);
        line.step();
        assert_eq!(line.room_bytes(true), 11);
        assert!(line.take(20).is_none());
        assert_eq!(line.take(30).map(|chunk| chunk.len_bytes()), Some(10));
        assert!(line.take(1000).is_none());
    }

    #[test]
    fn who_does_not_read_gets_no_more_than_buffers_hold() {
        let mut line = Line::new(Capacity { latency_ms: 0, bytes_per_s: None });
        assert_eq!(line.room_bytes(true), u64::MAX);
        line.put(0, Chunk::Snapshot(3 << 20));
        assert_eq!(line.room_bytes(false), 1 << 20);
        assert_eq!(line.take(0).map(|chunk| chunk.len_bytes()), Some(3 << 20));
        assert_eq!(line.room_bytes(false), 4 << 20);
    }
}
