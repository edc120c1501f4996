//! Real traffic: the commands of an append-only file or a capture, with the times at which they were written.

use crate::aof::reader::{Item, Reader, Role};
use crate::aof::set::{Member, Set};
use crate::feed::Control;
use crate::sim::workload::{Traffic, Unit};
use crate::tool::aof::chain::{Look, Place, look, preamble};
use crate::tool::aof::{AofError, Ended};
use std::ops::Range;

/// Commands that have the same timestamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Second {
    /// When they begin, in milliseconds from the first.
    start_ms: u64,
    commands: u64,
}

/// How commands follow each other in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// As they were written: those of one second are spread evenly over it.
    Recorded,
    /// So many per second.
    PerSecond(u64),
}

/// The commands of a set.
pub struct Trace<'s> {
    set: &'s Set,
    pace: Pace,
    /// Where the commands of each file begin.
    starts: Vec<u64>,
    seconds: Vec<Second>,
    commands: u64,
    base_bytes: u64,
    /// Where the sound part ends: a file and an offset in it.
    end: (usize, u64),
}

/// Counts commands by their times.
struct Counter {
    starts: Vec<u64>,
    seconds: Vec<Second>,
    first_s: Option<i64>,
    commands: u64,
    /// Commands in front of the first timestamp.
    untimed: u64,
    base_bytes: u64,
    end: (usize, u64),
}

impl Look for Counter {
    fn file(&mut self, index: usize, member: &Member, control: &Control) -> Result<u64, AofError> {
        let start = preamble(member, control)?.map_or(0, |preamble| preamble.end);
        self.base_bytes += start;
        self.starts.push(start);
        self.end = (index, start);
        Ok(start)
    }

    fn item(&mut self, place: Place<'_>, item: &Item<'_>) -> Result<bool, AofError> {
        let Item::Command(command) = item else { return Ok(true) };
        self.commands += 1;
        self.end = (place.index, command.span.end);
        let Some(time_s) = command.time_s else {
            self.untimed += 1;
            return Ok(true);
        };
        let first_s = *self.first_s.get_or_insert(time_s);
        let passed_s = u64::try_from(time_s.saturating_sub(first_s)).unwrap_or(0);
        let start_ms = passed_s.saturating_mul(1000);
        match self.seconds.last_mut() {
            // A clock that was set back stands still here.
            Some(last) if start_ms <= last.start_ms => last.commands += 1,
            _ => self.seconds.push(Second { start_ms, commands: 1 }),
        }
        Ok(true)
    }
}

impl<'s> Trace<'s> {
    /// Looks over a set; also tells how it ends, if it does not end well. `pace` of none is as recorded.
    ///
    /// # Errors
    /// The set cannot be read, or tells no times and no pace is given.
    pub fn read(
        set: &'s Set,
        pace: Option<Pace>,
        control: &Control,
    ) -> Result<(Trace<'s>, Option<Ended>), AofError> {
        let mut counter = Counter {
            starts: Vec::new(),
            seconds: Vec::new(),
            first_s: None,
            commands: 0,
            untimed: 0,
            base_bytes: 0,
            end: (0, 0),
        };
        let ended = look(set, control, &mut counter)?;
        if pace.is_none() && counter.seconds.is_empty() && counter.commands > 0 {
            return Err(AofError::Usage(
                "the trace tells no times: give the pace of its commands with --write-rate".into(),
            ));
        }
        // What stands in front of the first timestamp was written at that time at the latest.
        if let Some(first) = counter.seconds.first_mut() {
            first.commands += counter.untimed;
        }
        let trace = Trace {
            set,
            pace: pace.unwrap_or(Pace::Recorded),
            starts: counter.starts,
            seconds: counter.seconds,
            commands: counter.commands,
            base_bytes: counter.base_bytes,
            end: counter.end,
        };
        Ok((trace, ended))
    }

    /// Number of commands.
    pub fn commands(&self) -> u64 {
        self.commands
    }

    /// Bytes of the snapshots in front of the commands.
    pub fn base_bytes(&self) -> u64 {
        self.base_bytes
    }

    /// How long it takes, in milliseconds.
    pub fn span_ms(&self) -> u64 {
        match self.pace {
            Pace::Recorded => self.seconds.last().map_or(0, |last| last.start_ms + 1000),
            Pace::PerSecond(rate) => self.commands.saturating_mul(1000) / rate.max(1) + 1,
        }
    }

    /// The commands in order of time, from the start.
    pub fn traffic(&self) -> impl Traffic + '_ {
        let mut traffic = TraceTraffic {
            trace: self,
            member: 0,
            reader: None,
            next: None,
            given: 0,
            second: 0,
            in_second: 0,
        };
        traffic.fetch();
        traffic
    }
}

/// A unit that was found, and not given yet.
#[derive(Debug)]
struct Found {
    at_ms: u64,
    member: usize,
    span: Range<u64>,
    commands: u64,
}

struct TraceTraffic<'a> {
    trace: &'a Trace<'a>,
    member: usize,
    reader: Option<Reader<'a>>,
    next: Option<Found>,
    /// Commands so far.
    given: u64,
    /// The present second, by its place among all, and commands of it so far.
    second: usize,
    in_second: u64,
}

impl TraceTraffic<'_> {
    /// When the next command was written; it counts as given then.
    fn pass_command(&mut self) -> u64 {
        let at_ms = match self.trace.pace {
            Pace::PerSecond(rate) => {
                let ms = u128::from(self.given) * 1000 / u128::from(rate.max(1));
                u64::try_from(ms).unwrap_or(u64::MAX)
            }
            Pace::Recorded => {
                while self
                    .trace
                    .seconds
                    .get(self.second)
                    .is_some_and(|s| self.in_second >= s.commands)
                {
                    self.second += 1;
                    self.in_second = 0;
                }
                self.trace.seconds.get(self.second).map_or(0, |second| {
                    second.start_ms + self.in_second * 1000 / second.commands.max(1)
                })
            }
        };
        self.given += 1;
        self.in_second += 1;
        at_ms
    }

    /// Finds the next unit.
    fn fetch(&mut self) {
        self.next = None;
        let mut open: Option<Found> = None;
        while let Some(member) = self.trace.set.members.get(self.member) {
            let start = self.trace.starts.get(self.member).copied().unwrap_or(u64::MAX);
            let mut reader =
                self.reader.take().unwrap_or_else(|| Reader::new(member.bytes(), start));
            let is_over = (self.member, reader.offset()) >= self.trace.end;
            let (span, role, in_multi) = match reader.next() {
                Ok(Some(Item::Command(c))) if !is_over => (c.span, c.role, c.in_multi),
                Ok(Some(Item::Note(_))) if !is_over => {
                    self.reader = Some(reader);
                    continue;
                }
                // The look at the set has told of damage.
                _ => {
                    self.member += 1;
                    open = None;
                    continue;
                }
            };
            self.reader = Some(reader);
            let at_ms = self.pass_command();
            let member = self.member;
            let found =
                open.get_or_insert(Found { at_ms, member, span: span.clone(), commands: 0 });
            found.span.end = span.end;
            found.commands += 1;
            if !in_multi || role == Role::Exec {
                self.next = open;
                return;
            }
        }
    }
}

impl Traffic for TraceTraffic<'_> {
    fn next(&mut self) -> Option<Unit<'_>> {
        let found = self.next.take()?;
        self.fetch();
        let bytes = self.trace.set.members.get(found.member)?.bytes();
        let start = usize::try_from(found.span.start).ok()?;
        let end = usize::try_from(found.span.end).ok()?;
        let bytes = bytes.get(start..end)?;
        Some(Unit { at_ms: found.at_ms, bytes, commands: found.commands })
    }

    fn next_ms(&mut self) -> Option<u64> {
        self.next.as_ref().map(|found| found.at_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aof::writer::write_command;

    fn with_set(bytes: &[u8], check: impl FnOnce(&Set)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.aof");
        std::fs::write(&path, bytes).unwrap();
        check(&Set::open(&path).unwrap());
    }

    fn file() -> Vec<u8> {
        let mut out = Vec::new();
        write_command(&mut out, &[b"SELECT", b"0"]);
        out.extend(b"#TS:1000\r\n");
        write_command(&mut out, &[b"SET", b"a", b"1"]);
        out.extend(b"#TS:1005\r\n");
        write_command(&mut out, &[b"MULTI"]);
        write_command(&mut out, &[b"SET", b"b", b"1"]);
        write_command(&mut out, &[b"EXEC"]);
        write_command(&mut out, &[b"SET", b"c", b"1"]);
        out
    }

    fn units(trace: &Trace<'_>) -> Vec<(u64, usize, u64)> {
        let mut traffic = trace.traffic();
        let mut units = Vec::new();
        while let Some(unit) = traffic.next() {
            units.push((unit.at_ms, unit.bytes.len(), unit.commands));
        }
        units
    }

    #[test]
    fn commands_come_at_their_times_and_transactions_as_a_whole() {
        with_set(&file(), |set| {
            let (trace, ended) = Trace::read(set, None, &Control::default()).unwrap();
            assert!(ended.is_none());
            assert_eq!((trace.commands(), trace.span_ms()), (6, 6000));
            // SELECT stands in front of the first time: two commands in that second, four in the other.
            assert_eq!(units(&trace), [(0, 23, 1), (500, 27, 1), (5000, 56, 3), (5750, 27, 1)]);
        });
    }

    #[test]
    fn a_pace_replaces_times() {
        with_set(&file(), |set| {
            let pace = Some(Pace::PerSecond(2));
            let (trace, _) = Trace::read(set, pace, &Control::default()).unwrap();
            let times: Vec<u64> = units(&trace).iter().map(|unit| unit.0).collect();
            assert_eq!(times, [0, 500, 1000, 2500]);
        });
    }

    #[test]
    fn a_cut_file_gives_what_is_sound_and_tells() {
        let bytes = file();
        with_set(&bytes[..bytes.len() - 3], |set| {
            let (trace, ended) = Trace::read(set, None, &Control::default()).unwrap();
            assert!(ended.is_some());
            assert_eq!(units(&trace).len(), 3);
        });
        with_set(b"*1\r\n$4\r\nPING\r\n", |set| {
            let read = Trace::read(set, None, &Control::default());
            assert!(matches!(read, Err(AofError::Usage(_))));
        });
    }
}
