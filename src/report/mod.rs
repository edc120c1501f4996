//! Layer 0b: reports as tables of cells, written as text, JSON, CSV or HTML.
//!
//! A [`Report`] is a title and a list of sections. Each value is a [`Cell`], which knows its unit, so one
//! report serves people and machines: people read `1.2 MiB`, machines read `1258291` under a name that ends
//! in `_bytes`. Everything from outside (keys, paths, module names) is hostile: each renderer escapes for its
//! own format, and none of them trusts another to have done it.
//!
//! In reading order:
//! - [`cell`], [`data`], [`chart`], [`lanes`], [`tree`]: what a report is made of; [`finding`]: what a check found
//! - [`human`], [`escape`], [`binary`]: one value as text
//! - [`flat`]: any section as a table
//! - [`json`], [`ndjson`], [`csv`], [`sarif`]: for machines
//! - [`table`] with [`grid`], [`html`], [`svg`]: for people
//!
//! A new format is a file here and a line in [`Format`]. Nothing here prints, reads a clock or asks whether
//! it writes to a terminal: [`Options`] says so.

pub mod binary;
pub mod cell;
pub mod chart;
pub mod csv;
pub mod data;
pub mod escape;
pub mod finding;
pub mod flat;
pub mod grid;
pub mod html;
pub mod human;
pub mod json;
pub mod lanes;
pub mod ndjson;
pub mod sarif;
pub mod svg;
pub mod table;
pub mod tree;

#[cfg(test)]
mod markup_check;
#[cfg(test)]
mod sample;

use std::io::{self, Write};

pub use cell::Cell;
pub use chart::{Bucket, Chart, Histogram, Share, Unit};
pub use data::{Align, Column, Field, Fields, Notes, Table};
pub use finding::{Finding, Rule, Severity};
pub use lanes::{Lane, LaneSpan, LaneState, Lanes};
pub use tree::{Node, Tree};

/// The formats of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Text for people.
    #[default]
    Table,
    /// One JSON object.
    Json,
    /// One JSON object per row and line.
    Ndjson,
    /// Comma-separated values.
    Csv,
    /// One self-contained HTML page.
    Html,
}

impl Format {
    /// All formats.
    pub const ALL: [Format; 5] =
        [Format::Table, Format::Json, Format::Ndjson, Format::Csv, Format::Html];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Format::Table => "table",
            Format::Json => "json",
            Format::Ndjson => "ndjson",
            Format::Csv => "csv",
            Format::Html => "html",
        }
    }

    /// The format of that name.
    pub fn from_name(name: &str) -> Option<Format> {
        Format::ALL.into_iter().find(|format| format.name() == name)
    }
}

/// How to write; each format takes what concerns it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Whether the text for people has terminal colours.
    pub color: bool,
    /// Columns of the terminal; without it, lines are as long as they need to be.
    pub width: Option<usize>,
    /// Whether JSON has line breaks and indentation.
    pub pretty: bool,
}

/// A part of a report.
#[derive(Clone, Debug, PartialEq)]
pub enum Section {
    /// Named values.
    Fields(Fields),
    /// Rows under columns.
    Table(Table),
    /// Counts over ranges.
    Histogram(Histogram),
    /// Parts of a whole.
    Chart(Chart),
    /// States over time.
    Lanes(Lanes),
    /// Weight by prefix.
    Tree(Tree),
    /// Lines of text.
    Notes(Notes),
}

impl Section {
    /// The machine name.
    pub fn name(&self) -> &'static str {
        match self {
            Section::Fields(section) => section.name,
            Section::Table(section) => section.name,
            Section::Histogram(section) => section.name,
            Section::Chart(section) => section.name,
            Section::Lanes(section) => section.name,
            Section::Tree(section) => section.name,
            Section::Notes(section) => section.name,
        }
    }

    /// The heading for people.
    pub fn title(&self) -> &str {
        match self {
            Section::Fields(section) => &section.title,
            Section::Table(section) => &section.title,
            Section::Histogram(section) => &section.title,
            Section::Chart(section) => &section.title,
            Section::Lanes(section) => &section.title,
            Section::Tree(section) => &section.title,
            Section::Notes(section) => &section.title,
        }
    }
}

macro_rules! section_from {
    ($($kind:ident),*) => {$(
        impl From<$kind> for Section {
            fn from(section: $kind) -> Self {
                Section::$kind(section)
            }
        }
    )*};
}

section_from!(Fields, Table, Histogram, Chart, Lanes, Tree, Notes);

/// A titled list of sections.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// What this is, such as `Memory report`.
    pub title: String,
    /// What it is about, such as a file name and size; may be empty.
    pub subtitle: String,
    /// The sections in order, with unique names.
    pub sections: Vec<Section>,
}

impl Report {
    /// A report without sections.
    pub fn new(title: impl Into<String>, subtitle: impl Into<String>) -> Self {
        Report { title: title.into(), subtitle: subtitle.into(), sections: Vec::new() }
    }

    /// Adds a section at the end.
    pub fn push(&mut self, section: impl Into<Section>) {
        self.sections.push(section.into());
    }

    /// Writes the report in a format, ending with a line break.
    ///
    /// # Errors
    /// Only what `out` gives.
    pub fn write(&self, format: Format, out: &mut dyn Write, options: Options) -> io::Result<()> {
        match format {
            Format::Table => table::write_report(self, options, out),
            Format::Json => json::write_report(self, options.pretty, out),
            Format::Ndjson => ndjson::write_report(self, out),
            Format::Csv => csv::write_report(self, out),
            Format::Html => html::write_report(self, out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_have_names() {
        for format in Format::ALL {
            assert_eq!(Format::from_name(format.name()), Some(format));
        }
        assert_eq!(Format::from_name("xml"), None);
    }

    #[test]
    fn an_empty_report_is_written_in_every_format() {
        for format in Format::ALL {
            let mut out = Vec::new();
            assert!(Report::default().write(format, &mut out, Options::default()).is_ok());
        }
    }

    #[test]
    fn errors_of_the_output_arrive() {
        struct Broken;
        impl Write for Broken {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        for format in Format::ALL {
            let result = sample::report().write(format, &mut Broken, Options::default());
            assert_eq!(
                result.map_err(|error| error.kind()),
                Err(io::ErrorKind::BrokenPipe),
                "{format:?}"
            );
        }
    }
}
