//! What the server counts.

use super::Now;
use super::histogram::Histogram;
use crate::base::memory;
use crate::command::{self, Command};
use std::cell::Cell;
use std::collections::BTreeMap;

/// What is counted of one command.
#[derive(Debug, Clone, Default)]
pub struct CommandStats {
    /// How often it ran.
    pub calls: u64,
    /// Microseconds that it took in all.
    pub usec: u64,
    /// How often it was refused before it ran.
    pub rejected: u64,
    /// How often it ran and failed.
    pub failed: u64,
    /// How long it took each time, if that is tracked.
    times: Option<Histogram>,
}

impl CommandStats {
    /// Counts a time that it took.
    pub fn took(&mut self, us: u64, is_tracked: bool) {
        self.usec += us;
        if is_tracked {
            self.times.get_or_insert_default().add(us.saturating_mul(1000));
        }
    }
}

/// Samples of a rate: a second and a half, as servers take them.
const SAMPLES: usize = 16;
const SAMPLE_US: u64 = 100_000;

/// A count per second.
#[derive(Debug, Clone, Copy, Default)]
struct Rate {
    samples: [u64; SAMPLES],
    at: usize,
    last: u64,
}

impl Rate {
    fn add(&mut self, count: u64, us: u64) {
        self.samples[self.at] = (count - self.last) * 1_000_000 / us.max(1);
        self.at = (self.at + 1) % SAMPLES;
        self.last = count;
    }

    fn per_second(&self) -> u64 {
        self.samples.iter().sum::<u64>() / SAMPLES as u64
    }
}

/// Counts since the start, or since they were last reset.
#[derive(Debug)]
pub struct Stats {
    pub connections: u64,
    pub rejected_connections: u64,
    pub commands: u64,
    pub input_bytes: u64,
    pub output_bytes: u64,
    /// Those of them that came from the primary or went to replicas.
    pub repl_input_bytes: u64,
    pub repl_output_bytes: u64,
    pub expired_keys: u64,
    pub evicted_keys: u64,
    pub evicted_clients: u64,
    pub output_limit_disconnections: u64,
    pub input_limit_disconnections: u64,
    pub lazyfreed_objects: u64,
    pub error_replies: u64,
    /// Those to commands of the primary or for replicas, which read none.
    pub unexpected_errors: u64,
    /// How often removing keys whose time had passed was stopped because it took long, and microseconds that it took.
    pub expire_stops: u64,
    pub expire_us: u64,
    pub reads: u64,
    pub writes: u64,
    /// Snapshots that were taken to be written on other threads, and microseconds that the last one took.
    pub snapshots: u64,
    pub snapshot_us: u64,
    /// Connections to other servers that are kept.
    pub migrate_links: usize,
    /// Microseconds in which memory was over its bound, and in all since the start.
    pub over_memory_us: u64,
    /// Most bytes that were ever allocated.
    pub peak_bytes: Cell<u64>,
    /// By the number of the command.
    by_command: Vec<CommandStats>,
    by_subcommand: BTreeMap<(&'static str, &'static str), CommandStats>,
    /// By the code that an error begins with.
    errors: BTreeMap<String, u64>,
    sampled: Now,
    command_rate: Rate,
    input_rate: Rate,
    output_rate: Rate,
    repl_input_rate: Rate,
    repl_output_rate: Rate,
}

/// Most codes of errors that are counted one by one.
const ERRORS_MAX: usize = 128;

impl Stats {
    pub fn new(now: Now) -> Stats {
        Stats {
            connections: 0,
            rejected_connections: 0,
            commands: 0,
            input_bytes: 0,
            output_bytes: 0,
            repl_input_bytes: 0,
            repl_output_bytes: 0,
            expired_keys: 0,
            evicted_keys: 0,
            evicted_clients: 0,
            output_limit_disconnections: 0,
            input_limit_disconnections: 0,
            lazyfreed_objects: 0,
            error_replies: 0,
            unexpected_errors: 0,
            expire_stops: 0,
            expire_us: 0,
            reads: 0,
            writes: 0,
            snapshots: 0,
            snapshot_us: 0,
            migrate_links: 0,
            over_memory_us: 0,
            peak_bytes: Cell::new(0),
            by_command: vec![CommandStats::default(); command::all().count()],
            by_subcommand: BTreeMap::new(),
            errors: BTreeMap::new(),
            sampled: now,
            command_rate: Rate::default(),
            input_rate: Rate::default(),
            output_rate: Rate::default(),
            repl_input_rate: Rate::default(),
            repl_output_rate: Rate::default(),
        }
    }

    /// Forgets everything, as `CONFIG RESETSTAT` does.
    pub fn reset(&mut self, now: Now) {
        let peak_bytes = Cell::new(memory::used_bytes());
        *self = Stats { peak_bytes, ..Stats::new(now) };
    }

    pub fn tick(&mut self, now: Now) {
        self.note_peak();
        let us = now.mono_us.saturating_sub(self.sampled.mono_us);
        if us >= SAMPLE_US {
            self.command_rate.add(self.commands, us);
            self.input_rate.add(self.input_bytes, us);
            self.output_rate.add(self.output_bytes, us);
            self.repl_input_rate.add(self.repl_input_bytes, us);
            self.repl_output_rate.add(self.repl_output_bytes, us);
            self.sampled = now;
        }
    }

    /// Notes how much memory is allocated, if that is more than ever.
    pub fn note_peak(&self) -> u64 {
        let peak_bytes = self.peak_bytes.get().max(memory::used_bytes());
        self.peak_bytes.set(peak_bytes);
        peak_bytes
    }

    pub fn commands_per_second(&self) -> u64 {
        self.command_rate.per_second()
    }

    pub fn input_kilobytes_per_second(&self) -> f64 {
        self.input_rate.per_second() as f64 / 1024.0
    }

    pub fn output_kilobytes_per_second(&self) -> f64 {
        self.output_rate.per_second() as f64 / 1024.0
    }

    pub fn repl_input_kilobytes_per_second(&self) -> f64 {
        self.repl_input_rate.per_second() as f64 / 1024.0
    }

    pub fn repl_output_kilobytes_per_second(&self) -> f64 {
        self.repl_output_rate.per_second() as f64 / 1024.0
    }

    /// What is counted of a command, or of its subcommand.
    #[inline]
    pub fn of(&mut self, command: &Command, subcommand: Option<&'static str>) -> &mut CommandStats {
        match subcommand {
            Some(name) => self.by_subcommand.entry((command.spec.name, name)).or_default(),
            None => &mut self.by_command[command.number],
        }
    }

    /// Counts an error reply, which begins with its code.
    pub fn error(&mut self, reply: &[u8]) {
        self.error_replies += 1;
        let text = reply.strip_prefix(b"-").unwrap_or(reply);
        let code = text.split(|byte| byte.is_ascii_whitespace()).next().unwrap_or_default();
        let code = String::from_utf8_lossy(code).into_owned();
        if self.errors.len() < ERRORS_MAX || self.errors.contains_key(&code) {
            *self.errors.entry(code).or_default() += 1;
        }
    }

    /// Counts of errors by code.
    pub fn errors(&self) -> impl Iterator<Item = (&str, u64)> {
        self.errors.iter().map(|(code, count)| (code.as_str(), *count))
    }

    /// Commands that were called, by name as `INFO commandstats` gives it.
    pub fn commands_called(&self) -> Vec<(String, &CommandStats)> {
        let whole = command::all()
            .map(|command| (command.spec.name.to_owned(), &self.by_command[command.number]));
        let parts =
            self.by_subcommand.iter().map(|((name, sub), stats)| (format!("{name}|{sub}"), stats));
        let mut called: Vec<_> = whole
            .chain(parts)
            .filter(|(_, stats)| stats.calls + stats.rejected + stats.failed > 0)
            .collect();
        called.sort_by(|a, b| a.0.cmp(&b.0));
        called
    }

    /// How long commands took, by name.
    pub fn histograms(&self) -> Vec<(String, &Histogram)> {
        let called = self.commands_called().into_iter();
        called.filter_map(|(name, stats)| Some((name, stats.times.as_ref()?))).collect()
    }
}
