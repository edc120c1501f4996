//! Tables as comma-separated values, quoted by RFC 4180, with `\n` between records.
//!
//! The first record holds the columns' machine names. Values are in machine form; a name that is not UTF-8
//! stands as `{"base64":"…"}`, so the file is always valid text and nothing is lost. Values are not changed
//! to please spreadsheets: a key that begins with `=` is written as it is.

use std::io::{self, Write};

use super::data::Table;
use super::{Report, flat};

/// Writes one table.
pub fn write_table(table: &Table, out: &mut dyn Write) -> io::Result<()> {
    write(table, None, out)
}

/// Writes every section as a table of its own whose first column `section` holds the section's name, with an
/// empty line between the tables.
pub fn write_report(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    for (index, section) in report.sections.iter().enumerate() {
        if index > 0 {
            out.write_all(b"\n")?;
        }
        write(&flat::table(section), Some(section.name()), out)?;
    }
    Ok(())
}

fn write(table: &Table, section: Option<&str>, out: &mut dyn Write) -> io::Result<()> {
    let names = section
        .map(|_| "section")
        .into_iter()
        .chain(table.columns.iter().map(|column| column.name));
    let mut record = String::new();
    names.for_each(|name| push_field(&mut record, name));
    end_record(&mut record, out)?;
    for row in &table.rows {
        section.into_iter().for_each(|name| push_field(&mut record, name));
        table.cells(row).for_each(|(_, cell)| push_field(&mut record, &cell.machine()));
        end_record(&mut record, out)?;
    }
    Ok(())
}

/// Appends a field and its separator.
fn push_field(record: &mut String, field: &str) {
    if field.contains([',', '"', '\n', '\r']) || field.starts_with(' ') || field.ends_with(' ') {
        record.push('"');
        record.push_str(&field.replace('"', "\"\""));
        record.push('"');
    } else {
        record.push_str(field);
    }
    record.push(',');
}

/// Writes the record without its last separator and empties it. A lone empty field is quoted, because an
/// empty line is no record.
fn end_record(record: &mut String, out: &mut dyn Write) -> io::Result<()> {
    record.pop();
    if record.is_empty() {
        record.push_str("\"\"");
    }
    record.push('\n');
    out.write_all(record.as_bytes())?;
    record.clear();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::super::{Cell, Column};
    use super::*;

    /// Reads what RFC 4180 allows.
    fn parse(text: &str) -> Vec<Vec<String>> {
        let (mut records, mut record, mut field, mut quoted) =
            (vec![], vec![], String::new(), false);
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match (c, quoted) {
                ('"', true) if chars.next_if_eq(&'"').is_some() => field.push('"'),
                ('"', _) => quoted = !quoted,
                (',', false) => record.push(std::mem::take(&mut field)),
                ('\n', false) => {
                    record.push(std::mem::take(&mut field));
                    records.push(std::mem::take(&mut record));
                }
                _ => field.push(c),
            }
        }
        records
    }

    #[test]
    fn one_table() {
        let text = sample::render(|out| write_table(&sample::keys(), out));
        let expected = concat!(
            "key,type,size_bytes\n",
            "user:7,hash,2048\n",
            "\"{\"\"base64\"\":\"\"PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pl1dPiIn4oCuLAr/\"\"}\",list,512\n",
        );
        assert_eq!(text, expected);
    }

    #[test]
    fn a_report_is_tables_with_their_section() {
        let text = sample::render(|out| write_report(&sample::report(), out));
        assert!(text.starts_with(
            "section,name,value\nsummary,keys,1234\nsummary,size_bytes,1258291\n\nsection,key,type,size_bytes\n"
        ));
        assert!(text.contains("\nsizes,≥ 1 KiB,1024,,10,50000\n"));
        assert!(text.ends_with("\n\nsection,text\nnotes,Sizes are estimates.\n"));
    }

    #[test]
    fn everything_comes_back() {
        let values = [
            "",
            "a,b",
            "\"",
            "\"\"",
            "a\r\nb",
            "\n",
            " x ",
            "\0",
            "=1+1",
            "日本",
            "{\"base64\":\"x",
        ];
        let columns = [Column::left("a", "A"), Column::left("b", "B")];
        let mut table = Table::new("t", "T", &columns);
        let mut single = Table::new("t", "T", &columns[..1]);
        for value in values {
            table.push(vec![Cell::bytes(value), Cell::text(value)]);
            single.push(vec![Cell::text(value)]);
        }
        let records = parse(&sample::render(|out| write_table(&table, out)));
        assert_eq!(records.len(), values.len() + 1);
        for (record, value) in records.iter().skip(1).zip(values) {
            assert_eq!(record.last().map(String::as_str), Some(value));
            if !value.starts_with('{') {
                assert_eq!(record.first().map(String::as_str), Some(value));
            }
        }
        let records = parse(&sample::render(|out| write_table(&single, out)));
        assert_eq!(records.iter().skip(1).flatten().collect::<Vec<_>>(), values);
    }
}
