//! Reports as lines of JSON: one object per row, with the name of its section as `section`.
//!
//! A section of fields is one object; a tree has a row per node with its whole `path`.

use std::io::{self, Write};

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::data::{Fields, Table};
use super::json::{Row, write_value};
use super::{Report, Section, flat};

/// Writes all sections of a report.
pub fn write_report(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    for section in &report.sections {
        match section {
            Section::Fields(fields) => write_value(&Line(fields), false, out)?,
            _ => write_table(&flat::table(section), out)?,
        }
    }
    Ok(())
}

/// Writes the rows of a table.
pub fn write_table(table: &Table, out: &mut dyn Write) -> io::Result<()> {
    for cells in &table.rows {
        write_value(&Row { section: Some(table.name), table, cells }, false, out)?;
    }
    Ok(())
}

/// Fields as one line.
struct Line<'a>(&'a Fields);

impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("section", self.0.name)?;
        for field in &self.0.fields {
            map.serialize_entry(&field.name, &field.value)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn every_line_names_its_section() {
        let text = sample::render(|out| write_report(&sample::report(), out));
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 12);
        assert_eq!(
            lines.first(),
            Some(&r#"{"section":"summary","keys":1234,"size_bytes":1258291}"#)
        );
        assert_eq!(
            lines.get(1),
            Some(&r#"{"section":"big_keys","key":"user:7","type":"hash","size_bytes":2048}"#)
        );
        assert_eq!(
            lines.get(9),
            Some(
                &r#"{"section":"prefixes","depth":2,"path":"user:7","size_bytes":300,"share_ratio":0.3,"count":1}"#
            )
        );
        for line in lines {
            assert!(line.starts_with(r#"{"section":"#), "{line}");
            assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "{line}");
        }
    }
}
