//! Counts over time in a bounded number of steps: when there are too many, two become one.

use crate::report::{Cell, Column, Table};

/// Most steps.
const STEPS_MAX: usize = 60;

/// Commands and bytes of a step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Step {
    /// Commands.
    pub commands: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl Step {
    fn add(&mut self, other: Step) {
        self.commands += other.commands;
        self.bytes += other.bytes;
    }
}

/// Counts of commands over time.
#[derive(Debug, Clone, Default)]
pub struct Timeline {
    /// First second of the first step; a multiple of the width.
    start_s: i64,
    /// Seconds per step.
    width_s: i64,
    steps: Vec<Step>,
    first_s: Option<i64>,
    last_s: Option<i64>,
}

impl Timeline {
    /// Counts a command of this second.
    pub fn add(&mut self, time_s: i64, bytes: u64) {
        self.first_s = Some(self.first_s.map_or(time_s, |first| first.min(time_s)));
        self.last_s = Some(self.last_s.map_or(time_s, |last| last.max(time_s)));
        if self.steps.is_empty() {
            (self.start_s, self.width_s) = (time_s, 1);
        }
        loop {
            // A clock that was set back counts in the first step.
            let at = time_s.saturating_sub(self.start_s).max(0) / self.width_s;
            match usize::try_from(at) {
                Ok(at) if at < STEPS_MAX => {
                    if self.steps.len() <= at {
                        self.steps.resize(at + 1, Step::default());
                    }
                    if let Some(step) = self.steps.get_mut(at) {
                        step.add(Step { commands: 1, bytes });
                    }
                    return;
                }
                _ => self.widen(),
            }
        }
    }

    /// Makes each step twice as long.
    fn widen(&mut self) {
        let old = std::mem::take(&mut self.steps);
        self.steps = old
            .chunks(2)
            .map(|pair| {
                let mut sum = Step::default();
                pair.iter().for_each(|step| sum.add(*step));
                sum
            })
            .collect();
        self.width_s = self.width_s.saturating_mul(2);
    }

    /// Earliest time, in unix seconds.
    pub fn first_s(&self) -> Option<i64> {
        self.first_s
    }

    /// Latest time, in unix seconds.
    pub fn last_s(&self) -> Option<i64> {
        self.last_s
    }

    /// Seconds from the first to the last, both counted.
    pub fn seconds(&self) -> Option<i64> {
        Some(self.last_s?.saturating_sub(self.first_s?).saturating_add(1))
    }

    /// The counts as a table.
    pub fn table(&self, name: &'static str, title: &str) -> Table {
        let columns = [
            Column::left("from_ms", "From"),
            Column::right("commands", "Commands"),
            Column::right("size_bytes", "Size"),
            Column::right("commands_per_s", "Per second"),
        ];
        let mut table = Table::new(name, title, &columns);
        for (i, step) in self.steps.iter().enumerate() {
            let from_s = self.start_s.saturating_add(self.width_s.saturating_mul(i as i64));
            table.push(vec![
                Cell::Time(from_s.saturating_mul(1000)),
                Cell::Count(step.commands),
                Cell::Size(step.bytes),
                Cell::Float(round(step.commands as f64 / self.width_s as f64)),
            ]);
        }
        table
    }

    /// Commands per second from the first to the last.
    pub fn commands_per_s(&self) -> Option<f64> {
        let commands: u64 = self.steps.iter().map(|step| step.commands).sum();
        self.seconds().map(|seconds| round(commands as f64 / seconds as f64))
    }
}

/// A rate with the digits that mean something.
fn round(rate: f64) -> f64 {
    (rate * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_widen_and_lose_nothing() {
        let mut line = Timeline::default();
        for second in 0..1000 {
            line.add(1_700_000_000 + second, 10);
        }
        line.add(1_699_999_999, 1);
        let rows = line.table("t", "T").rows;
        assert!(rows.len() <= STEPS_MAX && rows.len() > 20);
        let commands: u64 = line.steps.iter().map(|step| step.commands).sum();
        assert_eq!(commands, 1001);
        assert_eq!(line.seconds(), Some(1001));
        line.add(i64::MAX, 1);
        line.add(i64::MIN, 1);
    }
}
