//! Any section as a table, for formats that know nothing else.

use std::borrow::Cow;

use super::Section;
use super::cell::Cell;
use super::chart::{Chart, Histogram};
use super::data::{Column, Fields, Notes, Table};
use super::tree::Tree;

/// The section's data as rows. Fields become rows of `name` and `value`, notes rows of `text`, a tree a row
/// per node with its whole `path`.
pub fn table(section: &Section) -> Cow<'_, Table> {
    match section {
        Section::Table(table) => Cow::Borrowed(table),
        Section::Fields(section) => Cow::Owned(fields(section)),
        Section::Histogram(section) => Cow::Owned(histogram(section)),
        Section::Chart(section) => Cow::Owned(chart(section)),
        Section::Lanes(section) => Cow::Owned(section.table()),
        Section::Tree(section) => Cow::Owned(tree(section, 0)),
        Section::Notes(section) => Cow::Owned(notes(section)),
    }
}

fn fields(section: &Fields) -> Table {
    let columns = [Column::left("name", "Name"), Column::left("value", "Value")];
    let mut table = Table::new(section.name, &section.title, &columns);
    for field in &section.fields {
        table.push(vec![Cell::text(field.name.clone()), field.value.clone()]);
    }
    table
}

/// A row per bucket.
pub fn histogram(section: &Histogram) -> Table {
    let unit = section.unit;
    let columns = [
        Column::left("label", "Range"),
        Column::right(unit.lower_name(), "From"),
        Column::right(unit.upper_name(), "To"),
        Column::right("count", "Count"),
        Column::right("size_bytes", "Size"),
    ];
    let mut table = Table::new(section.name, &section.title, &columns);
    for bucket in &section.buckets {
        table.push(vec![
            Cell::text(&bucket.label),
            bucket.lower.map_or(Cell::None, |value| unit.cell(value)),
            bucket.upper.map_or(Cell::None, |value| unit.cell(value)),
            Cell::Count(bucket.count),
            bucket.size_bytes.map_or(Cell::None, Cell::Size),
        ]);
    }
    table
}

/// A row per part, with its ratio to the whole.
pub fn chart(section: &Chart) -> Table {
    let columns = [
        Column::left("label", "Label"),
        Column::right(section.unit.value_name(), section.unit.title()),
        Column::right("share_ratio", "Share"),
    ];
    let total = section.total();
    let mut table = Table::new(section.name, &section.title, &columns);
    for share in &section.shares {
        table.push(vec![
            Cell::text(&share.label),
            section.cell(share),
            Cell::ratio(share.value, total),
        ]);
    }
    table
}

/// A row per node of at least `size_min` bytes.
pub fn tree(section: &Tree, size_min: u64) -> Table {
    let columns = [
        Column::right("depth", "Depth"),
        Column::left("path", "Prefix"),
        Column::right("size_bytes", "Size"),
        Column::right("share_ratio", "Share"),
        Column::right("count", "Keys"),
    ];
    let total = section.root.size_bytes;
    let mut table = Table::new(section.name, &section.title, &columns);
    for visit in section.walk(size_min) {
        table.push(vec![
            Cell::Count(visit.depth as u64),
            Cell::Bytes(visit.path),
            Cell::Size(visit.node.size_bytes),
            Cell::ratio(visit.node.size_bytes, total),
            Cell::Count(visit.node.count),
        ]);
    }
    table
}

fn notes(section: &Notes) -> Table {
    let mut table = Table::new(section.name, &section.title, &[Column::left("text", "Text")]);
    for line in &section.lines {
        table.push(vec![Cell::text(line)]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn every_row_fits_its_columns() {
        for section in &sample::report().sections {
            let table = table(section);
            assert_eq!(table.name, section.name());
            assert!(!table.rows.is_empty());
            assert!(table.rows.iter().all(|row| row.len() == table.columns.len()));
        }
    }
}
