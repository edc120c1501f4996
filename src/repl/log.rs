//! The log behind the memory tail: what left a [`Backlog`], on a disk that the driver writes.
//!
//! A replica that is behind the tail reads its own place here, however slow it is, and costs its primary no memory. Bytes go
//! to the disk as they leave the tail, in whole blocks; until the driver has said that they are there they stay in memory too,
//! so there is no gap between both.
//!
//! # How a driver uses it
//!
//! ```text
//! log.take_due(backlog)       bytes that are to be appended now
//! log.written(place)          they are on disk up to here
//! log.forget_due(now)         up to where the driver may free the disk
//! log.is_too_slow()           too much waits for the disk: end this log, begin another one later
//! ```

use super::backlog::{Backlog, Piece};
use super::offset::Offset;
use std::collections::VecDeque;
use std::ops::Range;

/// Bytes that are given to the disk at once, if the stream has so many.
const PORTION_BYTES: u64 = 128 << 10;

/// Bytes that may wait for the disk. They are in memory, so a disk that stands still costs no more than this.
const WAITING_BYTES_MAX: u64 = 48 << 20;

/// The shortest time between two marks of when bytes came, in milliseconds.
const MARK_MS: u64 = 1000;

/// What is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// Bytes on disk; 0 for no log: `repl-log-max-size`.
    pub max_bytes: u64,
    /// Milliseconds; 0 for no limit by age: `repl-log-max-age`.
    pub max_age_ms: u64,
}

/// A log on disk, as its server sees it.
#[derive(Debug)]
pub struct DiskLog {
    number: u64,
    limits: Limits,
    /// What may be read.
    kept: Range<Offset>,
    /// Up to where bytes were given to the disk.
    given: Offset,
    /// When bytes came: in milliseconds, with the place behind them.
    marks: VecDeque<(u64, Offset)>,
    /// Up to where the driver knows that nothing is needed.
    forgotten: Offset,
}

impl DiskLog {
    /// An empty log, to which the bytes from a place on come. The number tells it from logs before and after it.
    pub fn new(number: u64, start: Offset, limits: Limits) -> DiskLog {
        DiskLog {
            number,
            limits,
            kept: start..start,
            given: start,
            marks: VecDeque::new(),
            forgotten: start,
        }
    }

    /// What tells it from other logs.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// What may be read of it.
    pub fn kept(&self) -> Range<Offset> {
        self.kept.clone()
    }

    /// Bytes that may be read of it.
    pub fn kept_bytes(&self) -> u64 {
        self.kept.end.since(self.kept.start)
    }

    /// Up to where bytes are on disk, so that memory may drop them.
    pub fn written_to(&self) -> Offset {
        self.kept.end
    }

    /// Keeps more or less from now on.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// The bytes that are to be appended now; none while there are few.
    pub fn take_due(&mut self, backlog: &Backlog) -> Vec<Piece> {
        let due: Vec<Piece> = backlog.surplus(self.given).collect();
        let Some(end) = due.last().map(Piece::end) else { return due };
        if end.since(self.given) < PORTION_BYTES {
            return Vec::new();
        }
        self.given = end;
        due
    }

    /// The bytes up to a place are on disk.
    pub fn written(&mut self, to: Offset, now_ms: u64) {
        if to <= self.kept.end || to > self.given {
            return;
        }
        self.kept.end = to;
        match self.marks.back() {
            Some((last_ms, _)) if now_ms.saturating_sub(*last_ms) < MARK_MS => {}
            _ => self.marks.push_back((now_ms, to)),
        }
    }

    /// Up to where the disk may be freed, if that is more than before. What lies in front of it cannot be read any more.
    pub fn forget_due(&mut self, now_ms: u64) -> Option<Offset> {
        let Limits { max_bytes, max_age_ms } = self.limits;
        let mut start = self.kept.start;
        if self.kept_bytes() > max_bytes {
            start = Offset::new(self.kept.end.get().saturating_sub(max_bytes));
        }
        while let Some((ms, place)) = self.marks.front() {
            let is_old = max_age_ms > 0 && now_ms.saturating_sub(*ms) > max_age_ms;
            if !is_old && *place > start {
                break;
            }
            start = start.max(*place);
            self.marks.pop_front();
        }
        self.kept.start = start;
        (start > self.forgotten).then(|| {
            self.forgotten = start;
            start
        })
    }

    /// Whether the disk does not keep up with the stream.
    pub fn is_too_slow(&self) -> bool {
        self.given.since(self.kept.end) > WAITING_BYTES_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::super::backlog::tests::bytes;
    use super::*;
    use crate::base::rng::Rng;

    /// Whatever the pace of the stream and of the disk, what is kept on disk and in memory are the last bytes without a gap.
    #[test]
    fn disk_and_memory_hold_the_end_of_the_stream_without_a_gap() {
        for seed in 0..20 {
            let mut rng = Rng::new(seed);
            let start = rng.below(1000);
            let mut backlog = Backlog::new(Offset::new(start), 1 + rng.below(100_000));
            let limits = Limits { max_bytes: 200_000 + rng.below(1_000_000), max_age_ms: 0 };
            let mut log = DiskLog::new(7, Offset::new(start), limits);
            let mut disk: Vec<u8> = Vec::new();
            let mut waiting: VecDeque<Piece> = VecDeque::new();
            let (mut at, mut now_ms) = (start, 0);
            for step in 0..300 {
                let len = rng.below(60_000);
                backlog.append(&bytes(at, len));
                at += len;
                now_ms += rng.below(1000);
                waiting.extend(log.take_due(&backlog));
                for _ in 0..rng.below(12) {
                    let Some(piece) = waiting.pop_front() else { break };
                    assert_eq!(piece.start().get(), start + disk.len() as u64, "seed {seed}");
                    disk.extend_from_slice(&piece);
                    log.written(piece.end(), now_ms);
                }
                log.forget_due(now_ms);
                backlog.trim(Some(log.written_to()));
                let kept = log.kept();
                assert!(backlog.range().start <= kept.end, "seed {seed}");
                assert_eq!(backlog.range().end.get(), at, "seed {seed}");
                assert!(log.kept_bytes() <= limits.max_bytes, "seed {seed}");
                if step % 50 != 0 {
                    continue;
                }
                let from = (kept.start.get() - start) as usize;
                let to = (kept.end.get() - start) as usize;
                let expected = bytes(kept.start.get(), log.kept_bytes());
                assert!(disk.get(from..to) == Some(&expected[..]), "seed {seed}");
            }
            assert!(log.kept_bytes() > 100_000, "seed {seed}: {}", log.kept_bytes());
        }
    }

    fn filled(limits: Limits) -> DiskLog {
        let mut backlog = Backlog::new(Offset::ZERO, 1);
        let mut log = DiskLog::new(1, Offset::ZERO, limits);
        for second in 0..10 {
            backlog.append(&vec![0; 1 << 20]);
            let due = log.take_due(&backlog);
            log.written(due.last().unwrap().end(), second * 1000);
            backlog.trim(Some(log.written_to()));
        }
        log
    }

    #[test]
    fn what_is_too_old_is_forgotten() {
        let mut log = filled(Limits { max_bytes: 1 << 30, max_age_ms: 5000 });
        assert_eq!(log.forget_due(5000), None);
        let place = log.forget_due(9500).unwrap();
        assert!((4 << 20..5 << 20).contains(&place.get()), "{place}");
        assert_eq!(log.kept().start, place);
        assert_eq!(log.forget_due(9500), None);
        // All of it, but not what is only in memory.
        assert_eq!(log.forget_due(1_000_000), Some(log.written_to()));
        assert_eq!(log.kept_bytes(), 0);
    }

    #[test]
    fn a_disk_that_stands_still_is_noticed() {
        let mut backlog = Backlog::new(Offset::ZERO, 1);
        let mut log = DiskLog::new(1, Offset::ZERO, Limits { max_bytes: 1 << 30, max_age_ms: 0 });
        for _ in 0..WAITING_BYTES_MAX >> 20 {
            backlog.append(&vec![0; 1 << 20]);
            log.take_due(&backlog);
            assert!(!log.is_too_slow());
        }
        backlog.append(&vec![0; 1 << 20]);
        let given = log.take_due(&backlog);
        assert!(log.is_too_slow());
        log.written(given.last().unwrap().end(), 0);
        assert!(!log.is_too_slow());
        // Nothing that was not given can have been written.
        log.written(Offset::new(1 << 40), 0);
        assert!(log.written_to().get() < 1 << 30);
    }
}
