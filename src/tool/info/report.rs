//! The report on a file.

use super::Info;
use super::tally::{AuxField, LISTED_MAX, LeftOff};
use crate::base::library::engine_and_name;
use crate::base::num;
use crate::feed::Trailer;
use crate::rdb::encode::TARGETS;
use crate::rdb::{Header, Stored};
use crate::report::{Cell, Column, Fields, Report, Table, human};

/// Makes the report.
pub fn report(info: &Info) -> Report {
    let mut report = Report::new("RDB file", info.name.clone());
    report.push(file(info));
    let tables = [aux(info), databases(info), types(info)];
    tables.into_iter().for_each(|table| report.push(table));
    report.push(expiries(info));
    report.push(extras(info));
    report.push(functions(info));
    report.push(modules(info));
    report.push(parts(info));
    let left_off = info.tally.left_off();
    if left_off != LeftOff::default() {
        report.push(not_listed(left_off));
    }
    report
}

/// The releases that write files with this header.
pub fn releases(header: Header) -> Vec<&'static str> {
    let written = TARGETS.iter().filter(|target| target.header == header);
    written.map(|target| target.name).collect()
}

fn optional<T>(value: Option<T>, cell: impl FnOnce(T) -> Cell) -> Cell {
    value.map_or(Cell::None, cell)
}

fn header(info: &Info, fields: &mut Fields) {
    let header = info.tally.header;
    let text = |text: String| Cell::Text(text);
    fields.push("dialect", "Dialect", optional(header, |h| text(h.dialect.to_string())));
    fields.push("version", "Version", optional(header, |h| Cell::Number(h.version.into())));
    let releases = header.map(releases).filter(|names| !names.is_empty());
    fields.push("releases", "Written by", optional(releases, |names| text(names.join(", "))));
    let ctime = info.tally.aux_value(b"ctime").and_then(num::parse_canonical_i64);
    let written_at_ms = ctime.map(|seconds| seconds.saturating_mul(1000));
    fields.push("written_at_ms", "Written at", optional(written_at_ms, Cell::Time));
    let age_ms = written_at_ms.map(|at| info.now_ms.saturating_sub(at));
    fields.push("age_ms", "Age", optional(age_ms, Cell::Duration));
}

fn file(info: &Info) -> Fields {
    let mut fields = Fields::new("file", "File");
    header(info, &mut fields);
    let compression = info.compression.map_or("none", |compression| compression.name());
    fields.push("size_bytes", "Size", optional(info.stored_bytes, Cell::Size));
    fields.push("compression", "Compression", Cell::text(compression));
    fields.push("data_bytes", "RDB data read", Cell::Size(info.tally.bytes()));
    fields.push("complete", "Complete", Cell::Bool(info.ending.is_some()));
    fields.push("keys", "Keys", Cell::Count(info.tally.keys()));
    fields.push("expires", "Keys with expiry", Cell::Count(info.tally.expiries.count));
    ending(info, &mut fields);
    fields
}

fn ending(info: &Info, fields: &mut Fields) {
    fields.push("checksum", "Checksum", Cell::text(info.checksum().name()));
    let stored = info.ending.as_ref().and_then(|ending| match ending.stored {
        Stored::Crc64(crc) => Some(crc),
        Stored::Absent | Stored::Disabled => None,
    });
    let hex = |crc: u64| Cell::Text(format!("{crc:016x}"));
    fields.push("checksum_stored", "Checksum stored", optional(stored, hex));
    let computed = info.ending.as_ref().map(|ending| ending.computed);
    fields.push("checksum_computed", "Checksum computed", optional(computed, hex));
    let trailer = info.ending.as_ref().map(|ending| match ending.trailer {
        Trailer::Nothing => "nothing",
        Trailer::Aof => "aof",
        Trailer::Garbage => "garbage",
    });
    fields.push("trailer", "Behind the data", optional(trailer, Cell::text));
    let bytes = info.ending.as_ref().and_then(|ending| match ending.trailer {
        Trailer::Nothing => Some(0),
        Trailer::Aof | Trailer::Garbage => ending.trailer_bytes,
    });
    fields.push("trailer_bytes", "Bytes behind the data", optional(bytes, Cell::Size));
}

/// What an AUX field tells people; empty if its value says it all.
fn meaning(field: &AuxField, now_ms: i64) -> String {
    let number = num::parse_canonical_i64(&field.value);
    match (field.name.to_ascii_lowercase().as_slice(), number) {
        (b"ctime", Some(seconds)) => {
            let at_ms = seconds.saturating_mul(1000);
            let age = human::duration(now_ms.saturating_sub(at_ms));
            format!("{}, {age} ago", human::time(at_ms))
        }
        (b"used-mem", Some(bytes)) => u64::try_from(bytes).map_or_else(
            |_| "negative".into(),
            |bytes| format!("{} in the server's memory", Cell::Size(bytes).human()),
        ),
        (b"redis-bits", Some(bits)) => format!("{bits}-bit server"),
        (b"aof-base" | b"aof-preamble", Some(1)) => "base of an append-only file".into(),
        (b"aof-base" | b"aof-preamble", Some(0)) => "a snapshot of its own".into(),
        (b"repl-stream-db", Some(-1)) => "no database selected".into(),
        _ => String::new(),
    }
}

fn aux(info: &Info) -> Table {
    let columns = [
        Column::left("name", "Name"),
        Column::left("value", "Value"),
        Column::left("meaning", "Meaning"),
    ];
    let mut table = Table::new("aux", "AUX fields", &columns);
    for field in &info.tally.aux {
        table.push(vec![
            Cell::bytes(field.name.clone()),
            Cell::bytes(field.value.clone()),
            Cell::Text(meaning(field, info.now_ms)),
        ]);
    }
    table
}

fn databases(info: &Info) -> Table {
    let columns = [
        Column::right("db", "DB"),
        Column::right("keys", "Keys"),
        Column::right("expires", "With expiry"),
        Column::right("keys_hint", "Keys announced"),
        Column::right("expires_hint", "Expiries announced"),
    ];
    let mut table = Table::new("databases", "Databases", &columns);
    for (number, database) in info.tally.databases.iter().take(LISTED_MAX) {
        table.push(vec![
            Cell::Number(i64::try_from(*number).unwrap_or(i64::MAX)),
            Cell::Count(database.keys),
            Cell::Count(database.expires),
            optional(database.hint, |(keys, _)| Cell::Count(keys)),
            optional(database.hint, |(_, expires)| Cell::Count(expires)),
        ]);
    }
    table
}

fn types(info: &Info) -> Table {
    let columns = [
        Column::left("type", "Type"),
        Column::left("encoding", "Encoding"),
        Column::right("keys", "Keys"),
        Column::right("keys_share", "Of keys"),
        Column::right("value_bytes", "Values"),
        Column::right("bytes_share", "Of data"),
    ];
    let mut table = Table::new("types", "Types and encodings", &columns);
    let (keys, bytes) = (info.tally.keys(), info.tally.bytes());
    for ((kind, encoding), volume) in info.tally.types() {
        table.push(vec![
            Cell::text(kind.name()),
            Cell::text(encoding),
            Cell::Count(volume.count),
            Cell::ratio(volume.count, keys),
            Cell::Size(volume.bytes),
            Cell::ratio(volume.bytes, bytes),
        ]);
    }
    table
}

fn expiries(info: &Info) -> Fields {
    let expiries = &info.tally.expiries;
    let mut fields = Fields::new("expiries", "Expiries");
    fields.push("count", "Keys with expiry", Cell::Count(expiries.count));
    fields.push("past", "Already past", Cell::Count(expiries.past));
    fields.push("first_at_ms", "First", optional(expiries.first_ms, Cell::Time));
    fields.push("soonest_at_ms", "Soonest to come", optional(expiries.soonest_ms, Cell::Time));
    fields.push("latest_at_ms", "Latest", optional(expiries.latest_ms, Cell::Time));
    fields
}

fn extras(info: &Info) -> Fields {
    let tally = &info.tally;
    let number = |n: u64| Cell::Number(i64::try_from(n).unwrap_or(i64::MAX));
    let mut fields = Fields::new("extras", "What else there is");
    fields.push("idle_keys", "Keys with idle time", Cell::Count(tally.idle));
    fields.push("freq_keys", "Keys with access frequency", Cell::Count(tally.freq));
    fields.push("hash_templates", "Hash templates", Cell::Count(tally.templates.count));
    fields.push("hash_template_fields", "Fields in them", Cell::Count(tally.templates.fields));
    fields.push("slots", "Cluster slots announced", Cell::Count(tally.slots.announced));
    fields.push("slot_keys", "Keys announced in them", Cell::Count(tally.slots.keys));
    fields.push("slot_expires", "Expiries announced in them", Cell::Count(tally.slots.expires));
    fields.push("lowest_slot", "Lowest slot", optional(tally.slots.lowest, number));
    fields.push("highest_slot", "Highest slot", optional(tally.slots.highest, number));
    fields.push("slot_imports", "Slot imports", Cell::Count(tally.slots.imports));
    fields
}

fn functions(info: &Info) -> Table {
    let columns = [
        Column::left("library", "Library"),
        Column::left("engine", "Engine"),
        Column::right("code_bytes", "Code"),
    ];
    let mut table = Table::new("functions", "Function libraries", &columns);
    for library in &info.tally.libraries {
        let (engine, name) = engine_and_name(&library.first_line);
        table.push(vec![
            optional(name, Cell::bytes),
            optional(engine, Cell::bytes),
            Cell::Size(library.code_bytes),
        ]);
    }
    table
}

fn modules(info: &Info) -> Table {
    let columns = [
        Column::left("module", "Module type"),
        Column::right("encoding_version", "Version"),
        Column::right("keys", "Keys"),
        Column::right("value_bytes", "Values"),
        Column::right("aux", "AUX records"),
        Column::right("aux_bytes", "AUX"),
    ];
    let mut table = Table::new("modules", "Modules", &columns);
    for (id, module) in info.tally.modules.iter().take(LISTED_MAX) {
        table.push(vec![
            Cell::Text(id.name()),
            Cell::Number(i64::try_from(id.version()).unwrap_or(i64::MAX)),
            Cell::Count(module.values.count),
            Cell::Size(module.values.bytes),
            Cell::Count(module.aux.count),
            Cell::Size(module.aux.bytes),
        ]);
    }
    table
}

/// What the tables above have no rows for.
fn not_listed(left_off: LeftOff) -> Fields {
    let mut fields = Fields::new("left_off", "Too many to list");
    fields.push("aux", "AUX fields left off", Cell::Count(left_off.aux));
    fields.push("databases", "Databases left off (at least)", Cell::Count(left_off.databases));
    fields.push("database_keys", "Keys in them", Cell::Count(left_off.database_keys));
    fields.push("functions", "Function libraries left off", Cell::Count(left_off.libraries));
    fields.push("modules", "Module types left off (at least)", Cell::Count(left_off.modules));
    fields.push("module_records", "Their records", Cell::Count(left_off.module_records));
    fields
}

fn parts(info: &Info) -> Table {
    let columns = [
        Column::left("part", "Part"),
        Column::right("count", "Count"),
        Column::right("size_bytes", "Size"),
        Column::right("share", "Of data"),
    ];
    let mut table = Table::new("parts", "Size by part", &columns);
    let total = info.tally.bytes();
    let kinds = info.tally.kinds();
    let values = kinds.iter().map(|(kind, volume)| (format!("{}-values", kind.name()), *volume));
    let parts = info.tally.parts.iter().map(|(part, volume)| (part.name().to_owned(), *volume));
    for (name, volume) in parts.chain(values).filter(|(_, volume)| volume.bytes > 0) {
        table.push(vec![
            Cell::Text(name),
            Cell::Count(volume.count),
            Cell::Size(volume.bytes),
            Cell::ratio(volume.bytes, total),
        ]);
    }
    table
}
