//! What a check found: rules, findings and their severity.

use std::fmt;

use super::cell::{Cell, SHOWN_CHARS_MAX};
use super::data::{Column, Table};
use super::escape;

/// How bad a finding is, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The data is damaged or a rule is broken.
    Error,
    /// It works, but something is likely wrong.
    Warning,
    /// Worth knowing.
    Note,
}

impl Severity {
    /// The name in every output.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A thing that is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The stable name, such as `rdb/checksum`.
    pub id: &'static str,
    /// One sentence: what a finding of this rule means.
    pub summary: &'static str,
    /// Why it matters and what to do.
    pub help: &'static str,
}

/// A rule that did not hold at some place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The [`Rule::id`].
    pub rule_id: &'static str,
    /// How bad it is.
    pub level: Severity,
    /// What is wrong there: lower case, no full stop.
    pub message: String,
    /// The file, as the user named it.
    pub file: String,
    /// Where it begins in the file, in bytes.
    pub byte_offset: Option<u64>,
    /// How long the place is in bytes; only with `byte_offset`.
    pub byte_length: Option<u64>,
    /// The database of the key.
    pub db: Option<u32>,
    /// The key that it is about.
    pub key: Option<Vec<u8>>,
    /// What the user can do about this one.
    pub hint: Option<String>,
}

impl Finding {
    /// A finding about a file as a whole; set the other fields as they are known.
    pub fn new(
        rule_id: &'static str,
        level: Severity,
        file: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Finding {
            rule_id,
            level,
            message: message.into(),
            file: file.into(),
            byte_offset: None,
            byte_length: None,
            db: None,
            key: None,
            hint: None,
        }
    }
}

/// One line for people: `dump.rdb: key "user:7": message (offset 0x1a2f, 6703)`.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", escape::visible(&self.file))?;
        if let Some(key) = &self.key {
            let key = escape::printable_short(key, SHOWN_CHARS_MAX).replace('"', "\\\"");
            write!(f, "key \"{key}\": ")?;
        }
        write!(f, "{}", escape::visible(&self.message))?;
        match self.byte_offset {
            Some(offset) => write!(f, " (offset {offset:#x}, {offset})"),
            None => Ok(()),
        }
    }
}

/// Findings as a table; its JSON form is the JSON form of findings.
pub fn table(name: &'static str, title: impl Into<String>, findings: &[Finding]) -> Table {
    let columns = [
        Column::left("level", "Level"),
        Column::left("rule_id", "Rule"),
        Column::left("file", "File"),
        Column::right("byte_offset", "Offset"),
        Column::right("byte_length", "Length"),
        Column::right("db", "DB"),
        Column::left("key", "Key"),
        Column::left("message", "Message"),
        Column::left("hint", "Hint"),
    ];
    let mut table = Table::new(name, title, &columns);
    table.rows = findings.iter().map(row).collect();
    table
}

fn row(finding: &Finding) -> Vec<Cell> {
    vec![
        Cell::text(finding.level.name()),
        Cell::text(finding.rule_id),
        Cell::text(&finding.file),
        finding.byte_offset.map_or(Cell::None, Cell::Offset),
        finding.byte_length.map_or(Cell::None, Cell::Count),
        finding.db.map_or(Cell::None, |db| Cell::Number(db.into())),
        finding.key.clone().map_or(Cell::None, Cell::Bytes),
        Cell::text(&finding.message),
        finding.hint.as_ref().map_or(Cell::None, Cell::text),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::{json, sample};
    use super::*;

    fn finding() -> Finding {
        Finding {
            byte_offset: Some(6703),
            byte_length: Some(3),
            db: Some(0),
            key: Some(b"user:\"7\xff".to_vec()),
            ..Finding::new(
                "rdb/length",
                Severity::Error,
                "dump.rdb",
                "length 70000 runs past the blob",
            )
        }
    }

    #[test]
    fn reads_as_one_line() {
        assert_eq!(
            finding().to_string(),
            "dump.rdb: key \"user:\\\"7\\xff\": length 70000 runs past the blob (offset 0x1a2f, 6703)"
        );
        let plain = Finding::new("rdb/size", Severity::Note, "a\x1b.rdb", "empty file");
        assert_eq!(plain.to_string(), "a\\x1b.rdb: empty file");
    }

    #[test]
    fn json_names_units() {
        let table = table("findings", "Findings", &[finding()]);
        assert_eq!(
            sample::render(|out| json::write_table(&table, false, out)),
            concat!(
                r#"[{"level":"error","rule_id":"rdb/length","file":"dump.rdb","byte_offset":6703,"#,
                r#""byte_length":3,"db":0,"key":{"base64":"dXNlcjoiN/8="},"#,
                r#""message":"length 70000 runs past the blob","hint":null}]"#,
                "\n"
            )
        );
    }

    #[test]
    fn errors_sort_first() {
        assert!(Severity::Error < Severity::Warning && Severity::Warning < Severity::Note);
        assert_eq!(format!("{:8}|", Severity::Note), "note    |");
    }
}
