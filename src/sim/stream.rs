//! The part of its stream that a simulated server keeps for its replicas: in memory, and behind that on a disk that takes no time.

use crate::repl::backlog::{Backlog, Piece};
use crate::repl::log::{DiskLog, Limits};
use crate::repl::offset::Offset;
use std::collections::VecDeque;
use std::ops::Range;

/// What is kept of a stream.
#[derive(Debug)]
pub(super) struct Stream {
    memory: Backlog,
    /// None where nothing is kept on disk.
    log: Option<DiskLog>,
    disk: VecDeque<Piece>,
}

impl Stream {
    /// An empty one that begins here.
    pub fn new(start: Offset, backlog_bytes: u64, limits: Limits) -> Stream {
        let memory = Backlog::new(start, backlog_bytes);
        let log = (limits.max_bytes > 0).then(|| DiskLog::new(1, start, limits));
        Stream { memory, log, disk: VecDeque::new() }
    }

    /// Adds what follows.
    pub fn append(&mut self, bytes: &[u8]) {
        self.memory.append(bytes);
    }

    /// What may be read: from the place of the first byte to that behind the last.
    pub fn range(&self) -> Range<Offset> {
        let memory = self.memory.range();
        let start = self.log.as_ref().map_or(memory.start, |log| log.kept().start);
        start.min(memory.start)..memory.end
    }

    /// Bytes that are kept in memory, from a place on if one is given.
    pub fn memory_bytes(&self, from: Option<Offset>) -> u64 {
        let Range { start, end } = self.memory.range();
        end.since(from.map_or(start, |from| from.max(start)))
    }

    /// Bytes that may be read.
    pub fn kept_bytes(&self) -> u64 {
        let Range { start, end } = self.range();
        end.since(start)
    }

    /// Bytes on disk.
    pub fn disk_bytes(&self) -> u64 {
        self.log.as_ref().map_or(0, DiskLog::kept_bytes)
    }

    /// The bytes from a place on, in order; none if they are not kept, no pieces at the end.
    pub fn read(&self, from: Offset) -> Option<Box<dyn Iterator<Item = Piece> + '_>> {
        if let Some(pieces) = self.memory.read(from) {
            return Some(Box::new(pieces));
        }
        if !self.range().contains(&from) {
            return None;
        }
        let first = self.disk.partition_point(|piece| piece.end() <= from);
        let pieces = self.disk.iter().skip(first).filter_map(move |piece| piece.from(from));
        Some(Box::new(pieces))
    }

    /// Lets the disk have what the backlog's size does not ask for, and drops what has become too much of both. Without a disk,
    /// what lies behind `held` stays.
    pub fn trim(&mut self, held: Option<Offset>, now_ms: u64) {
        let Some(log) = &mut self.log else { return self.memory.trim(held) };
        let due = log.take_due(&self.memory);
        if let Some(last) = due.last() {
            log.written(last.end(), now_ms);
        }
        self.disk.extend(due);
        if let Some(before) = log.forget_due(now_ms) {
            while self.disk.front().is_some_and(|piece| piece.end() <= before) {
                self.disk.pop_front();
            }
        }
        self.memory.trim(Some(log.written_to()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever is kept where, the bytes from any place are those that were written.
    #[test]
    fn memory_and_disk_are_read_as_one() {
        let limits = Limits { max_bytes: 1 << 20, max_age_ms: 0 };
        let mut stream = Stream::new(Offset::ZERO, 1 << 16, limits);
        let byte = |at: u64| (at.wrapping_mul(0x9e37_79b9) >> 13) as u8;
        let mut at = 0;
        for round in 0..3000 {
            let bytes: Vec<u8> = (at..at + 1000).map(byte).collect();
            stream.append(&bytes);
            at += 1000;
            stream.trim(None, round * 10);
            let range = stream.range();
            assert_eq!(range.end.get(), at);
            for from in [range.start.get(), (range.start.get() + at) / 2, at.saturating_sub(50), at]
            {
                let mut next = from;
                let mut steps = 0;
                while next < at {
                    let pieces = stream.read(Offset::new(next)).expect("it is kept");
                    let before = next;
                    for piece in pieces {
                        assert_eq!(piece.start().get(), next);
                        assert!(piece.iter().zip(next..).all(|(got, at)| *got == byte(at)));
                        next += piece.len() as u64;
                    }
                    assert!(next > before);
                    steps += 1;
                    assert!(steps <= 2, "the disk and then memory");
                }
            }
            assert!(stream.disk_bytes() <= limits.max_bytes);
            assert!(stream.memory_bytes(None) < (1 << 16) + (256 << 10));
        }
        assert!(stream.kept_bytes() > 1 << 20);
        assert!(stream.read(Offset::new(1000)).is_none());
        assert!(stream.read(Offset::new(at + 1)).is_none());
    }

    #[test]
    fn without_a_disk_memory_holds_what_is_needed() {
        let mut stream = Stream::new(Offset::ZERO, 1 << 16, Limits::default());
        stream.append(&[0; 1 << 20]);
        stream.trim(Some(Offset::new(1 << 19)), 0);
        assert!(stream.memory_bytes(None) >= 1 << 19 && stream.disk_bytes() == 0);
        assert_eq!(stream.memory_bytes(Some(Offset::new((1 << 20) - 10))), 10);
        stream.trim(None, 0);
        assert!(stream.memory_bytes(None) < 1 << 18);
        assert!(stream.read(Offset::new(1 << 19)).is_none());
    }
}
