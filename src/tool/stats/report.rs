//! Shows what was counted.

use super::By;
use super::measure::Measured;
use super::quantile::Quantile;
use super::scale::Scale;
use super::summary::{Database, Stats};
use super::tally::Tally;
use super::top::{Top, TopKey};
use super::tree::{Shown, assemble};
use crate::rdb::Kind;
use crate::rdb::module::ModuleId;
use crate::report::{
    Bucket, Cell, Chart, Column, Fields, Histogram, Notes, Report, Table, Tree, Unit, human,
};
use crate::tool::memory::{Allocator, ServerModel};

/// Slots and hash tags that are listed.
const TOP_SLOTS: usize = 5;
const TOP_TAGS: usize = 10;
/// A prefix is shown if it has at least this part of the whole.
const PREFIX_PART: u64 = 1000;

const TALLY: [Column; 4] = [
    Column::right("keys", "Keys"),
    Column::right("memory_bytes", "Memory"),
    Column::right("stored_bytes", "In file"),
    Column::right("elements", "Elements"),
];

fn tally_cells(tally: &Tally) -> [Cell; 4] {
    [
        Cell::Count(tally.keys),
        Cell::Size(tally.memory_bytes),
        Cell::Size(tally.stored_bytes),
        Cell::Count(tally.elements),
    ]
}

/// A table of sums, with some columns in front.
fn tally_table(name: &'static str, title: &str, columns: &[Column]) -> Table {
    Table::new(name, title, &[columns, &TALLY].concat())
}

fn row(front: impl IntoIterator<Item = Cell>, tally: &Tally) -> Vec<Cell> {
    front.into_iter().chain(tally_cells(tally)).collect()
}

impl Stats {
    /// The report.
    pub fn report(&self, subtitle: impl Into<String>) -> Report {
        let mut report = Report::new("Statistics", subtitle);
        report.push(self.totals());
        report.push(self.kind_chart());
        report.push(self.kind_table());
        report.push(self.encoding_table());
        report.push(self.encoding_chart());
        report.push(self.database_table());
        for table in self.top_tables() {
            report.push(table);
        }
        report.push(self.tree());
        report.push(self.ttl_histogram());
        self.access(&mut report);
        report.push(self.percentiles());
        self.cluster(&mut report);
        self.extras(&mut report);
        report.push(self.notes());
        report
    }

    fn totals(&self) -> Fields {
        let total = self.total();
        let mut fields = Fields::new("totals", "Totals");
        let file = &self.file;
        if let Some(header) = file.header {
            fields.push("dialect", "Dialect", Cell::text(header.dialect.to_string()));
            fields.push("rdb_version", "RDB version", Cell::Number(header.version.into()));
        }
        if let Some(server) = &file.server {
            fields.push("server_version", "Written by", Cell::bytes(server.clone()));
        }
        if let Some(at) = file.written_at_s {
            fields.push("written_at_ms", "Written at", Cell::Time(at.saturating_mul(1000)));
        }
        if let Some(bytes) = file.used_memory_bytes {
            fields.push("used_memory_bytes", "Memory of the server then", Cell::Size(bytes));
        }
        fields.push("keys", "Keys", Cell::Count(total.keys));
        let expires = total.keys.saturating_sub(self.lasting.keys);
        fields.push("expires", "Keys with expiry", Cell::Count(expires));
        fields.push("expired", "Expired keys", Cell::Count(self.expired().keys));
        let now_ms = self.now.for_file(file.written_at_s);
        fields.push("now_ms", "Times to live count from", Cell::Time(now_ms));
        fields.push("memory_bytes", "Estimated memory", Cell::Size(total.memory_bytes));
        fields.push("stored_bytes", "Bytes of keys in the file", Cell::Size(total.stored_bytes));
        fields.push("elements", "Elements", Cell::Count(total.elements));
        fields.push("functions", "Function libraries", Cell::Count(self.functions.count));
        fields.push("functions_bytes", "Source of functions", Cell::Size(self.functions.bytes));
        fields
    }

    fn kind_chart(&self) -> Chart {
        let mut chart = Chart::new("memory_by_type", "Memory by type", Unit::Bytes);
        for (kind, tally) in self.kinds() {
            chart.push(kind.name(), tally.memory_bytes);
        }
        chart
    }

    fn kind_table(&self) -> Table {
        let columns = [Column::left("type", "Type")];
        let mut table = tally_table("types", "Types", &columns);
        for (kind, tally) in self.kinds() {
            table.push(row([Cell::text(kind.name())], &tally));
        }
        table
    }

    /// By type and encoding, in a fixed order.
    fn sorted_encodings(&self) -> Vec<(Kind, &'static str, Tally)> {
        let all = self.encodings.iter().map(|known| (known.kind, known.encoding, known.tally));
        let mut all: Vec<_> = all.collect();
        all.sort_by_key(|known| (known.0, known.1));
        all
    }

    fn encoding_table(&self) -> Table {
        let columns = [Column::left("type", "Type"), Column::left("encoding", "Encoding")];
        let mut table = tally_table("encodings", "Encodings", &columns);
        for (kind, encoding, tally) in self.sorted_encodings() {
            table.push(row([Cell::text(kind.name()), Cell::text(encoding)], &tally));
        }
        table
    }

    fn encoding_chart(&self) -> Chart {
        let mut chart = Chart::new("memory_by_encoding", "Memory by encoding", Unit::Bytes);
        for (kind, encoding, tally) in self.sorted_encodings() {
            chart.push(format!("{} {encoding}", kind.name()), tally.memory_bytes);
        }
        chart
    }

    fn database_table(&self) -> Table {
        let columns = [Column::right("db", "Database"), Column::right("expires", "With expiry")];
        let mut table = tally_table("databases", "Databases", &columns);
        let mut push = |db: Cell, database: &Database| {
            table.push(row([db, Cell::Count(database.expires)], &database.tally));
        };
        for (db, database) in &self.databases.by_number {
            push(Cell::Number(i64::try_from(*db).unwrap_or(i64::MAX)), database);
        }
        if self.databases.other.tally.keys > 0 {
            push(Cell::None, &self.databases.other);
        }
        table
    }

    fn top_tables(&self) -> [Table; 2] {
        let title = match self.by {
            By::Size => "Biggest keys in the file",
            By::Memory | By::Elements => "Biggest keys",
        };
        let biggest = top_table("biggest_keys", title, &self.biggest);
        let fullest =
            top_table("keys_with_most_elements", "Keys with most elements", &self.fullest);
        if self.by == By::Elements { [fullest, biggest] } else { [biggest, fullest] }
    }

    fn tree(&self) -> Tree {
        let total = self.total();
        let whole = if self.by == By::Size { total.stored_bytes } else { total.memory_bytes };
        let shown = Shown { depth: self.depth, min_bytes: whole / PREFIX_PART };
        let root = assemble(self.prefixes.flats(), shown);
        let title = match self.by {
            By::Size => "Bytes in the file by prefix",
            By::Memory | By::Elements => "Memory by prefix",
        };
        Tree { name: "prefixes", title: title.into(), root }
    }

    fn ttl_histogram(&self) -> Histogram {
        let mut histogram = histogram("ttl", "Time to live", Unit::Millis, &self.ttl);
        if let Some(expired) = histogram.buckets.first_mut() {
            expired.label = "expired".into();
        }
        if let Some(bucket) = histogram.buckets.get_mut(1) {
            bucket.label = format!("< {}", human::duration(bucket.upper.unwrap_or(0)));
        }
        histogram.buckets.push(bucket("no expiry".into(), (None, None), &self.lasting));
        histogram
    }

    /// Idle times and frequencies, where the file has them.
    fn access(&self, report: &mut Report) {
        if self.idle.is_used() {
            report.push(histogram("idle", "Time since the last access", Unit::Millis, &self.idle));
        }
        if self.freq.is_used() {
            report.push(histogram("freq", "Access frequency", Unit::Count, &self.freq));
        }
    }

    fn percentiles(&self) -> Table {
        let columns = [
            Column::left("measure", "Measure"),
            Column::right("values", "Values"),
            Column::right("p50", "p50"),
            Column::right("p90", "p90"),
            Column::right("p99", "p99"),
            Column::right("p99_9", "p99.9"),
            Column::right("max", "Max"),
        ];
        let mut table = Table::new("percentiles", "Percentiles", &columns);
        let mut push = |name: &str, quantile: &Quantile, cell: fn(u64) -> Cell| {
            let mut cells = vec![Cell::text(name), Cell::Count(quantile.total())];
            cells.extend([0.5, 0.9, 0.99, 0.999].map(|part| cell(quantile.at(part))));
            cells.push(cell(quantile.max()));
            table.push(cells);
        };
        push("key_memory_bytes", &self.memory, Cell::Size);
        push("elements_per_collection", &self.elements, Cell::Count);
        push("element_length_bytes", &self.lengths, Cell::Size);
        table
    }

    fn cluster(&self, report: &mut Report) {
        let fullest = self.slots.fullest();
        let total = self.total();
        let used = fullest.len() as u64;
        let most_keys = fullest.iter().map(|(_, load)| load.keys).max().unwrap_or(0);
        let most_bytes = fullest.first().map_or(0, |(_, load)| load.bytes);
        let mean = |sum: u64| if used == 0 { 0.0 } else { sum as f64 / used as f64 };
        let skew = if total.memory_bytes == 0 {
            Cell::None
        } else {
            Cell::Float(most_bytes as f64 / mean(total.memory_bytes))
        };
        let mut fields = Fields::new("slots", "Cluster slots");
        fields.push("used_slots", "Slots with keys", Cell::Count(used));
        fields.push("mean_keys", "Mean keys per used slot", Cell::Float(mean(total.keys)));
        fields.push("max_keys", "Most keys in a slot", Cell::Count(most_keys));
        let mean_bytes = mean(total.memory_bytes).round() as u64;
        fields.push("mean_bytes", "Mean memory per used slot", Cell::Size(mean_bytes));
        fields.push("max_bytes", "Most memory of a slot", Cell::Size(most_bytes));
        fields.push("skew", "Most memory to mean", skew);
        report.push(fields);
        let columns = [
            Column::right("slot", "Slot"),
            Column::right("keys", "Keys"),
            Column::right("memory_bytes", "Memory"),
        ];
        let mut table = Table::new("top_slots", "Fullest slots", &columns);
        for (slot, load) in fullest.iter().take(TOP_SLOTS) {
            let slot = Cell::Number(i64::from(*slot));
            table.push(vec![slot, Cell::Count(load.keys), Cell::Size(load.bytes)]);
        }
        report.push(table);
    }

    /// Hash tags and modules, where there are any.
    fn extras(&self, report: &mut Report) {
        let tags = self.tags.top(TOP_TAGS);
        if !tags.is_empty() {
            let columns = [
                Column::left("tag", "Tag"),
                Column::right("keys", "Keys at least"),
                Column::right("memory_bytes", "Memory at most"),
                Column::right("memory_error_bytes", "Too high by up to"),
            ];
            let mut table = Table::new("hash_tags", "Hash tags", &columns);
            for (tag, heavy) in tags {
                table.push(vec![
                    Cell::bytes(tag),
                    Cell::Count(heavy.keys),
                    Cell::Size(heavy.bytes),
                    Cell::Size(heavy.error_bytes),
                ]);
            }
            report.push(table);
        }
        if !self.modules.0.is_empty() {
            let columns = [
                Column::left("module", "Module"),
                Column::right("aux_records", "Other records"),
                Column::right("aux_bytes", "Their bytes"),
            ];
            let mut table = tally_table("modules", "Modules", &columns);
            for (id, module) in &self.modules.0 {
                let name = Cell::bytes(ModuleId(*id).name());
                let aux = [Cell::Count(module.aux.keys), Cell::Size(module.aux.bytes)];
                table.push(row([name].into_iter().chain(aux), &module.keys));
            }
            report.push(table);
        }
    }

    fn notes(&self) -> Notes {
        let mut notes = Notes::new("notes", "Notes");
        notes.push(format!(
            "Memory is an estimate of MEMORY USAGE on {} with {}.",
            model_name(self.model),
            allocator_name(self.allocator)
        ));
        notes.push("Percentiles are at most 3.2 % too high; the maximum is exact.");
        if self.prefixes.pruned() > 0 {
            notes.push(format!(
                "There are more prefixes than fit: light ones were added to (other) {} times, so \
                 small figures of prefixes are lower bounds.",
                human::count(self.prefixes.pruned())
            ));
        }
        notes
    }
}

fn model_name(model: ServerModel) -> &'static str {
    match model {
        ServerModel::Redis7 => "Redis 7",
        ServerModel::Redis8 => "Redis 8",
        ServerModel::Valkey9 => "Valkey 9",
    }
}

fn allocator_name(allocator: Allocator) -> &'static str {
    match allocator {
        Allocator::Jemalloc => "its own jemalloc",
        Allocator::SystemJemalloc => "the system's jemalloc",
        Allocator::Libc => "glibc's allocator",
    }
}

fn top_table(name: &'static str, title: &str, top: &Top) -> Table {
    let columns = [
        Column::left("key", "Key"),
        Column::right("db", "Database"),
        Column::left("type", "Type"),
        Column::left("encoding", "Encoding"),
        Column::right("memory_bytes", "Memory"),
        Column::right("stored_bytes", "In file"),
        Column::right("elements", "Elements"),
        Column::right("longest_bytes", "Longest"),
        Column::right("expire_at_ms", "Expires"),
    ];
    let mut table = Table::new(name, title, &columns);
    for key in top.sorted() {
        table.push(top_row(key));
    }
    table
}

fn top_row(key: &TopKey) -> Vec<Cell> {
    let Measured { stored_bytes, memory_bytes, elements, longest, encoding, .. } = key.measured;
    vec![
        Cell::bytes(key.key.clone()),
        Cell::Number(i64::try_from(key.db).unwrap_or(i64::MAX)),
        Cell::text(key.kind.name()),
        Cell::text(encoding),
        Cell::Size(memory_bytes),
        Cell::Size(stored_bytes),
        Cell::Count(elements),
        Cell::Size(longest),
        key.expire_at_ms.map_or(Cell::None, Cell::Time),
    ]
}

fn bucket(label: String, (lower, upper): (Option<i64>, Option<i64>), tally: &Tally) -> Bucket {
    Bucket { label, lower, upper, count: tally.keys, size_bytes: Some(tally.memory_bytes) }
}

fn histogram(name: &'static str, title: &str, unit: Unit, scale: &Scale) -> Histogram {
    let mut histogram = Histogram::new(name, title, unit);
    for (lower, upper, tally) in scale.ranges() {
        let text = |bound: i64| unit.cell(bound).human();
        let label = match (lower, upper) {
            (Some(lower), Some(upper)) => format!("{} – {}", text(lower), text(upper)),
            (None, Some(upper)) => format!("< {}", text(upper)),
            (Some(lower), None) => format!("≥ {}", text(lower)),
            (None, None) => String::new(),
        };
        histogram.buckets.push(bucket(label, (lower, upper), tally));
    }
    histogram
}
