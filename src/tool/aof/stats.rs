//! `aof stats`: commands and bytes by name, by key prefix and over time, and the hottest keys, in bounded memory.

use super::chain::{self, AofError, Ended, Look, Place};
use super::info::ByName;
use super::rewrite::Estimate;
use super::select::Selection;
use super::table;
use super::timeline::Timeline;
use crate::aof::reader::{Item, Role};
use crate::aof::set::Set;
use crate::feed::Control;
use crate::report::{Cell, Column, Fields, Report, Table};
use crate::tool::heavy::HeavyHitters;

/// How to count.
#[derive(Debug, Clone)]
pub struct Options {
    /// What cuts a prefix off a key.
    pub separator: Vec<u8>,
    /// Rows of keys and prefixes.
    pub top: usize,
    /// Which commands.
    pub selection: Selection,
}

/// Names that are watched; the counts of fewer are exact.
const WATCHED: usize = 1000;

/// What was counted.
#[derive(Debug)]
pub struct Stats {
    /// Commands by name.
    pub names: ByName,
    /// Keys by writes: each weighs 1.
    pub hot_keys: HeavyHitters,
    /// Keys by bytes of the commands that name them.
    pub heavy_keys: HeavyHitters,
    /// Prefixes of keys by bytes.
    pub prefixes: HeavyHitters,
    /// Commands over time.
    pub timeline: Timeline,
    /// Commands.
    pub commands: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Bytes of SELECT, MULTI and EXEC among them.
    pub frame_bytes: u64,
    /// Bytes of annotations.
    pub note_bytes: u64,
}

impl Stats {
    fn new() -> Stats {
        Stats {
            names: ByName::default(),
            hot_keys: HeavyHitters::new(WATCHED),
            heavy_keys: HeavyHitters::new(WATCHED),
            prefixes: HeavyHitters::new(WATCHED),
            timeline: Timeline::default(),
            commands: 0,
            bytes: 0,
            frame_bytes: 0,
            note_bytes: 0,
        }
    }
}

struct Counting<'o> {
    options: &'o Options,
    stats: Stats,
}

impl Counting<'_> {
    /// The part of a key up to its first separator; the key itself has none.
    fn prefix<'k>(&self, key: &'k [u8]) -> Option<&'k [u8]> {
        let separator = &self.options.separator;
        let at = memchr::memmem::find(key, separator).filter(|_| !separator.is_empty())?;
        key.get(..at + separator.len())
    }
}

impl Look for Counting<'_> {
    fn item(&mut self, place: Place<'_>, item: &Item<'_>) -> Result<bool, AofError> {
        let command = match item {
            Item::Command(command) => command,
            Item::Note(note) => {
                self.stats.note_bytes += note.span.end - note.span.start;
                return Ok(true);
            }
        };
        if !self.options.selection.accepts(place, command) {
            return Ok(true);
        }
        let bytes = command.span.end - command.span.start;
        self.stats.commands += 1;
        self.stats.bytes += bytes;
        self.stats.names.add(command.args.name(), bytes);
        if let Some(time_s) = command.time_s {
            self.stats.timeline.add(time_s, bytes);
        }
        if command.role != Role::Plain {
            self.stats.frame_bytes += bytes;
            return Ok(true);
        }
        let mut keys = Vec::new();
        table::keys(&command.args, &mut keys);
        for key in keys {
            self.stats.hot_keys.add(key, 1);
            self.stats.heavy_keys.add(key, bytes);
            let prefix = self.prefix(key).unwrap_or(b"(none)");
            self.stats.prefixes.add(prefix, bytes);
        }
        Ok(true)
    }
}

/// Counts the commands of a set. The RDB part has none.
pub fn stats(
    set: &Set,
    options: &Options,
    control: &Control,
) -> Result<(Stats, Option<Ended>), AofError> {
    let mut counting = Counting { options, stats: Stats::new() };
    let ended = chain::look(set, control, &mut counting)?;
    Ok((counting.stats, ended))
}

/// Makes the report. What a rewrite would save is told if it was found out.
pub fn report(set: &Set, options: &Options, stats: &Stats, estimate: Option<&Estimate>) -> Report {
    let mut report = Report::new("Append-only file: writes", set.name.clone());
    let mut fields = Fields::new("total", "Total");
    fields.push("commands", "Commands", Cell::Count(stats.commands));
    fields.push("size_bytes", "Size", Cell::Size(stats.bytes));
    let mean = (stats.commands > 0).then(|| stats.bytes / stats.commands);
    fields.push("mean_bytes", "Mean size", mean.map_or(Cell::None, Cell::Size));
    fields.push("frame_bytes", "SELECT, MULTI and EXEC", Cell::Size(stats.frame_bytes));
    fields.push("annotation_bytes", "Annotations", Cell::Size(stats.note_bytes));
    let first = stats.timeline.first_s().map(|s| s.saturating_mul(1000));
    fields.push("first_at_ms", "First timestamp", first.map_or(Cell::None, Cell::Time));
    let last = stats.timeline.last_s().map(|s| s.saturating_mul(1000));
    fields.push("last_at_ms", "Last timestamp", last.map_or(Cell::None, Cell::Time));
    let rate = stats.timeline.commands_per_s();
    fields.push("commands_per_s", "Commands per second", rate.map_or(Cell::None, Cell::Float));
    report.push(fields);
    if let Some(estimate) = estimate {
        report.push(saving(estimate));
    }
    report.push(stats.names.table());
    report.push(prefixes(&stats.prefixes, options.top));
    report.push(hot_keys(&stats.hot_keys, options.top));
    report.push(heavy_keys(&stats.heavy_keys, options.top));
    report.push(stats.timeline.table("rate", "Commands over time"));
    report
}

/// The log against the data it stands for.
fn saving(estimate: &Estimate) -> Fields {
    let Estimate { keys, old_bytes, new_bytes } = *estimate;
    let mut fields = Fields::new("rewrite", "What a rewrite would save");
    fields.push("keys", "Keys", Cell::Count(keys));
    fields.push("log_bytes", "Size of the files", Cell::Size(old_bytes));
    fields.push("live_bytes", "Size of their data, as RDB", Cell::Size(new_bytes));
    let amplification = (new_bytes > 0).then(|| Cell::Float(old_bytes as f64 / new_bytes as f64));
    fields.push("write_amplification", "Write amplification", amplification.unwrap_or(Cell::None));
    fields.push("saved_bytes", "Saved", Cell::Size(old_bytes.saturating_sub(new_bytes)));
    fields
}

fn by_bytes(mut table: Table, counts: &HeavyHitters, top: usize) -> Table {
    for (name, heavy) in counts.top(top) {
        table.push(vec![
            Cell::bytes(name),
            Cell::Count(heavy.keys),
            Cell::Size(heavy.bytes),
            Cell::Size(heavy.error_bytes),
        ]);
    }
    table
}

fn prefixes(counts: &HeavyHitters, top: usize) -> Table {
    let columns = [
        Column::left("prefix", "Prefix"),
        Column::right("writes", "Writes"),
        Column::right("size_bytes", "Size"),
        Column::right("size_error_bytes", "Too high by at most"),
    ];
    by_bytes(Table::new("prefixes", "Key prefixes by bytes written", &columns), counts, top)
}

fn heavy_keys(counts: &HeavyHitters, top: usize) -> Table {
    let columns = [
        Column::left("key", "Key"),
        Column::right("writes", "Writes"),
        Column::right("size_bytes", "Size"),
        Column::right("size_error_bytes", "Too high by at most"),
    ];
    by_bytes(Table::new("heavy_keys", "Keys by bytes written", &columns), counts, top)
}

fn hot_keys(counts: &HeavyHitters, top: usize) -> Table {
    let columns = [
        Column::left("key", "Key"),
        Column::right("writes", "Writes"),
        Column::right("writes_error", "Too high by at most"),
    ];
    let mut table = Table::new("keys", "Hottest keys", &columns);
    for (name, heavy) in counts.top(top) {
        let (writes, error) = (Cell::Count(heavy.bytes), Cell::Count(heavy.error_bytes));
        table.push(vec![Cell::bytes(name), writes, error]);
    }
    table
}
