//! Reports as JSON: one object with each section under its machine name.
//!
//! Fields are an object, notes an array of strings, a tree nested objects of `name`, `size_bytes`, `count`
//! and `children`; everything else is an array of objects with the columns' names. Values are written as
//! they come, without building a document first.

use std::io::{self, Write};

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::binary::Binary;
use super::cell::Cell;
use super::data::{Fields, Table};
use super::tree::{DEPTH_MAX, Node};
use super::{Report, Section, flat};

/// Writes a report as one object and a line break.
pub fn write_report(report: &Report, pretty: bool, out: &mut dyn Write) -> io::Result<()> {
    write_value(report, pretty, out)
}

/// Writes a table as an array of objects and a line break.
pub fn write_table(table: &Table, pretty: bool, out: &mut dyn Write) -> io::Result<()> {
    write_value(&Rows(table), pretty, out)
}

/// Writes any value and a line break.
pub fn write_value(value: &impl Serialize, pretty: bool, out: &mut dyn Write) -> io::Result<()> {
    match pretty {
        true => serde_json::to_writer_pretty(&mut *out, value)?,
        false => serde_json::to_writer(&mut *out, value)?,
    }
    out.write_all(b"\n")
}

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.sections.iter().map(|section| (section.name(), section)))
    }
}

impl Serialize for Section {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Section::Fields(fields) => fields.serialize(serializer),
            Section::Notes(notes) => notes.lines.serialize(serializer),
            Section::Tree(tree) => NodeAt { node: &tree.root, depth: 0 }.serialize(serializer),
            Section::Table(_) | Section::Histogram(_) | Section::Chart(_) | Section::Lanes(_) => {
                Rows(&flat::table(self)).serialize(serializer)
            }
        }
    }
}

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.fields.iter().map(|field| (&field.name, &field.value)))
    }
}

/// A table as an array of objects.
pub struct Rows<'a>(pub &'a Table);

impl Serialize for Rows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Rows(table) = self;
        serializer.collect_seq(table.rows.iter().map(|cells| Row { section: None, table, cells }))
    }
}

/// One row as an object, with the name of its section in front if that is given.
pub struct Row<'a> {
    /// Written as `section`.
    pub section: Option<&'a str>,
    /// The table that the row belongs to.
    pub table: &'a Table,
    /// The row.
    pub cells: &'a [Cell],
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(section) = self.section {
            map.serialize_entry("section", section)?;
        }
        for (column, cell) in self.table.cells(self.cells) {
            map.serialize_entry(column.name, cell)?;
        }
        map.end()
    }
}

/// A node of a tree with its level, so that nesting stays below what parsers accept.
struct NodeAt<'a> {
    node: &'a Node,
    depth: usize,
}

impl Serialize for NodeAt<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let NodeAt { node, depth } = *self;
        let shown = if depth < DEPTH_MAX { node.children.as_slice() } else { &[] };
        let children: Vec<_> = shown.iter().map(|node| NodeAt { node, depth: depth + 1 }).collect();
        let mut map = serializer.serialize_map(Some(4))?;
        map.serialize_entry("name", &Binary(&node.label))?;
        map.serialize_entry("size_bytes", &node.size_bytes)?;
        map.serialize_entry("count", &node.count)?;
        map.serialize_entry("children", &children)?;
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::super::tree::Tree;
    use super::*;

    #[test]
    fn a_report_is_one_object() {
        let text = sample::render(|out| write_report(&sample::report(), false, out));
        let expected = concat!(
            r#"{"summary":{"keys":1234,"size_bytes":1258291},"#,
            r#""big_keys":[{"key":"user:7","type":"hash","size_bytes":2048},"#,
            r#"{"key":{"base64":"PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pl1dPiIn4oCuLAr/"},"type":"list","size_bytes":512}],"#,
            r#""sizes":[{"label":"< 1 KiB","lower_bytes":0,"upper_bytes":1024,"count":30,"size_bytes":9000},"#,
            r#"{"label":"≥ 1 KiB","lower_bytes":1024,"upper_bytes":null,"count":10,"size_bytes":50000}],"#,
            r#""types":[{"label":"hash","size_bytes":3000,"share_ratio":0.75},"#,
            r#"{"label":"list","size_bytes":1000,"share_ratio":0.25}],"#,
            r#""prefixes":{"name":"","size_bytes":1000,"count":12,"children":["#,
            r#"{"name":"user:","size_bytes":600,"count":4,"children":["#,
            r#"{"name":"7","size_bytes":300,"count":1,"children":[]}]},"#,
            r#"{"name":{"base64":"PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pl1dPiIn4oCuLAr/"},"#,
            r#""size_bytes":200,"count":1,"children":[]}]},"#,
            r#""notes":["Sizes are estimates."]}"#,
            "\n"
        );
        assert_eq!(text, expected);
    }

    #[test]
    fn pretty_is_the_same_data() {
        let parse = |pretty| {
            let text = sample::render(|out| write_report(&sample::report(), pretty, out));
            serde_json::from_str::<serde_json::Value>(&text).ok()
        };
        assert!(parse(true).is_some());
        assert_eq!(parse(true), parse(false));
    }

    #[test]
    fn deep_trees_stay_readable() {
        let nest = |inner, _| Node {
            label: b"x:".to_vec(),
            size_bytes: 1,
            count: 1,
            children: vec![inner],
        };
        let root = (0..1000).fold(Node::default(), nest);
        let mut report = Report::default();
        report.push(Tree { name: "prefixes", title: String::new(), root });
        let text = sample::render(|out| write_report(&report, false, out));
        assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok());
    }
}
