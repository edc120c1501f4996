//! A small report with every kind of section, for the tests of the renderers.

use super::*;

/// A key name that tries everything.
pub const HOSTILE: &[u8] = b"<script>alert(1)</script>]]>\"'\xe2\x80\xae,\n\xff";

/// One section of each kind.
pub fn report() -> Report {
    let mut report = Report::new("Memory report", "dump.rdb");
    report.push(summary());
    report.push(keys());
    report.push(sizes());
    report.push(types());
    report.push(prefixes());
    let mut notes = Notes::new("notes", "Notes");
    notes.push("Sizes are estimates.");
    report.push(notes);
    report
}

/// What the given renderer writes.
pub fn render(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> String {
    let mut out = Vec::new();
    if let Err(error) = write(&mut out) {
        return format!("error: {error}");
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn summary() -> Fields {
    let mut fields = Fields::new("summary", "Summary");
    fields.push("keys", "Keys", Cell::Count(1234));
    fields.push("size_bytes", "Size", Cell::Size(1_258_291));
    fields
}

/// A table with a hostile key.
pub fn keys() -> Table {
    let columns = [
        Column::left("key", "Key"),
        Column::left("type", "Type"),
        Column::right("size_bytes", "Size"),
    ];
    let mut table = Table::new("big_keys", "Biggest keys", &columns);
    table.push(vec![Cell::bytes(*b"user:7"), Cell::text("hash"), Cell::Size(2048)]);
    table.push(vec![Cell::bytes(HOSTILE), Cell::text("list"), Cell::Size(512)]);
    table
}

/// A histogram of sizes.
pub fn sizes() -> Histogram {
    let mut histogram = Histogram::new("sizes", "Sizes", Unit::Bytes);
    let bucket = |label: &str, lower, upper, count, size| Bucket {
        label: label.into(),
        lower: Some(lower),
        upper,
        count,
        size_bytes: Some(size),
    };
    histogram.buckets.push(bucket("< 1 KiB", 0, Some(1024), 30, 9000));
    histogram.buckets.push(bucket("≥ 1 KiB", 1024, None, 10, 50_000));
    histogram
}

/// Two parts.
pub fn types() -> Chart {
    let mut chart = Chart::new("types", "Types", Unit::Bytes);
    chart.push("hash", 3000);
    chart.push("list", 1000);
    chart
}

/// Three prefixes, one of them hostile.
pub fn prefixes() -> Tree {
    let node = |label: &[u8], size_bytes, count, children| Node {
        label: label.into(),
        size_bytes,
        count,
        children,
    };
    let seven = node(b"7", 300, 1, Vec::new());
    let hostile = node(HOSTILE, 200, 1, Vec::new());
    let root = node(b"", 1000, 12, vec![node(b"user:", 600, 4, vec![seven]), hostile]);
    Tree { name: "prefixes", title: "Prefixes".into(), root }
}

/// Two lanes, one of them without spans.
pub fn lanes() -> Lanes {
    let states = [("current", '─', 0), ("down", '█', 5)];
    let states = states.map(|(name, glyph, color)| LaneState { name, glyph, color: Some(color) });
    let span = |start_ms, end_ms, state| LaneSpan { start_ms, end_ms, state };
    let spans = vec![span(0, 20_000, 0), span(20_000, 50_000, 1), span(50_000, 100_000, 0)];
    Lanes {
        name: "lanes",
        title: "Lanes".into(),
        end_ms: 100_000,
        states: states.to_vec(),
        lanes: vec![
            Lane { label: "1".into(), spans },
            Lane { label: "2".into(), spans: Vec::new() },
        ],
    }
}
