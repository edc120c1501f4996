//! What is written and when.

use crate::aof::writer::write_command;
use crate::repl::offset::Offset;
use std::collections::VecDeque;

/// Bytes of a batch of equal commands that are kept ready.
const BATCH_BYTES: usize = 64 << 10;

/// A command or transaction of real traffic.
#[derive(Debug, Clone, Copy)]
pub struct Unit<'t> {
    /// When it was written, in milliseconds from the start of the traffic.
    pub at_ms: u64,
    /// Its bytes.
    pub bytes: &'t [u8],
    /// Number of commands in it.
    pub commands: u64,
}

/// Real traffic, in order of time.
pub trait Traffic {
    /// The next unit; none at the end.
    fn next(&mut self) -> Option<Unit<'_>>;

    /// When the next unit was written, in milliseconds from the start; none at the end.
    fn next_ms(&mut self) -> Option<u64>;
}

/// Equal writes at a steady rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Steady {
    /// Writes per second.
    pub writes_per_s: u64,
    /// Bytes of each value.
    pub value_bytes: usize,
}

impl Steady {
    /// One write: `SET` of a key of 16 bytes.
    pub fn command(&self) -> Vec<u8> {
        let mut out = Vec::new();
        write_command(&mut out, &[b"SET", b"key:000000000001", &vec![b'v'; self.value_bytes]]);
        out
    }
}

/// Where writes come from.
pub enum Writes<'t> {
    /// From nowhere, at a rate.
    Steady(Steady),
    /// From a file.
    Traffic(Box<dyn Traffic + 't>),
}

/// Makes the bytes of each step.
pub(super) struct Writer<'t> {
    writes: Writes<'t>,
    batch: Vec<u8>,
    command_bytes: usize,
    /// Writes so far.
    done: u64,
}

impl<'t> Writer<'t> {
    pub(super) fn new(writes: Writes<'t>) -> Writer<'t> {
        let command = match &writes {
            Writes::Steady(steady) => steady.command(),
            Writes::Traffic(_) => Vec::new(),
        };
        let copies = (BATCH_BYTES / command.len().max(1)).max(1);
        Writer {
            batch: command.repeat(copies),
            command_bytes: command.len().max(1),
            writes,
            done: 0,
        }
    }

    /// Number of writes so far.
    pub(super) fn done(&self) -> u64 {
        self.done
    }

    /// Gives what is written up to a moment: bytes of whole commands of one length, and that length.
    pub(super) fn step(&mut self, now_ms: u64, mut put: impl FnMut(&[u8], usize)) {
        match &mut self.writes {
            Writes::Steady(steady) => {
                let wanted = u128::from(steady.writes_per_s) * u128::from(now_ms) / 1000;
                let wanted = u64::try_from(wanted).unwrap_or(u64::MAX);
                let mut missing = wanted.saturating_sub(self.done);
                self.done = wanted.max(self.done);
                let room = (self.batch.len() / self.command_bytes) as u64;
                while missing > 0 {
                    let count = missing.min(room.max(1));
                    let bytes = self.command_bytes * usize::try_from(count).unwrap_or(1);
                    put(self.batch.get(..bytes).unwrap_or(&self.batch), self.command_bytes);
                    missing -= count;
                }
            }
            Writes::Traffic(traffic) => {
                while traffic.next_ms().is_some_and(|at_ms| at_ms <= now_ms) {
                    let Some(unit) = traffic.next() else { break };
                    self.done += unit.commands;
                    put(unit.bytes, unit.bytes.len());
                }
            }
        }
    }
}

/// Some commands of equal length that were written in the same step.
#[derive(Debug, Clone, Copy)]
struct Run {
    start: u64,
    command_bytes: u64,
    at_ms: u64,
    /// Whether it changes data; `PING` does not.
    is_write: bool,
}

/// When which byte of the stream was written, and where its commands end.
#[derive(Debug, Default)]
pub(super) struct Written {
    runs: VecDeque<Run>,
    end: u64,
}

impl Written {
    /// Notes what was appended to the stream.
    pub(super) fn push(&mut self, at_ms: u64, bytes: u64, command_bytes: u64, is_write: bool) {
        if bytes == 0 {
            return;
        }
        let is_more = self.runs.back().is_some_and(|run| {
            run.at_ms == at_ms && run.command_bytes == command_bytes && run.is_write == is_write
        });
        if !is_more {
            self.runs.push_back(Run { start: self.end, command_bytes, at_ms, is_write });
        }
        self.end += bytes;
    }

    fn index(&self, offset: u64) -> Option<usize> {
        self.runs.partition_point(|run| run.start <= offset).checked_sub(1)
    }

    /// The last place that is not behind this one and ends a command.
    pub(super) fn floor(&self, offset: Offset) -> Offset {
        let offset = offset.get();
        if offset >= self.end {
            return Offset::new(self.end);
        }
        match self.index(offset).and_then(|index| self.runs.get(index)) {
            Some(run) => Offset::new(offset - (offset - run.start) % run.command_bytes.max(1)),
            None => Offset::new(offset),
        }
    }

    /// When the first write behind a place was made; none if there is none.
    pub(super) fn first_behind_ms(&self, offset: Offset) -> Option<u64> {
        if offset.get() >= self.end {
            return None;
        }
        let index = self.index(offset.get()).unwrap_or(0);
        self.runs.iter().skip(index).find(|run| run.is_write).map(|run| run.at_ms)
    }

    /// Forgets what is in front of a place.
    pub(super) fn forget(&mut self, up_to: Offset) {
        while self.runs.get(1).is_some_and(|next| next.start <= up_to.get()) {
            self.runs.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::TICK_MS;
    use super::*;

    #[test]
    fn a_rate_is_kept_over_time() {
        let steady = Steady { writes_per_s: 333, value_bytes: 100 };
        assert_eq!(steady.command().len(), 144);
        let mut writer = Writer::new(Writes::Steady(steady));
        let mut bytes = 0;
        for step in 1..=1000 {
            writer.step(step * TICK_MS, |batch, command| {
                assert_eq!((command, batch.len() % 144), (144, 0));
                bytes += batch.len();
            });
        }
        assert_eq!((writer.done(), bytes), (3330, 3330 * 144));
    }

    #[test]
    fn large_values_go_one_by_one() {
        let steady = Steady { writes_per_s: 1000, value_bytes: 100_000 };
        let mut writer = Writer::new(Writes::Steady(steady));
        let mut batches = 0;
        writer.step(TICK_MS, |batch, command| {
            assert_eq!(batch.len(), command);
            batches += 1;
        });
        assert_eq!(batches, 10);
    }

    #[test]
    fn places_know_their_commands_and_times() {
        let mut written = Written::default();
        written.push(10, 100, 10, true);
        written.push(20, 14, 14, false);
        written.push(30, 33, 11, true);
        let floor = |offset| written.floor(Offset::new(offset)).get();
        assert_eq!([floor(0), floor(9), floor(10), floor(99)], [0, 0, 10, 90]);
        assert_eq!([floor(113), floor(114), floor(130), floor(999)], [100, 114, 125, 147]);
        let behind = |offset| written.first_behind_ms(Offset::new(offset));
        assert_eq!([behind(0), behind(90)], [Some(10), Some(10)]);
        assert_eq!([behind(100), behind(146), behind(147)], [Some(30), Some(30), None]);
        written.forget(Offset::new(120));
        assert_eq!(written.floor(Offset::new(126)).get(), 125);
        assert_eq!(written.runs.len(), 1);
    }
}
