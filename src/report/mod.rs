//! Layer 0b: reports as tables of cells, written as text, JSON, CSV or HTML.

pub mod binary;
pub mod cell;
pub mod chart;
pub mod csv;
pub mod data;
pub mod escape;
pub mod finding;
pub mod flat;
pub mod grid;
pub mod human;
pub mod json;
pub mod ndjson;
pub mod sarif;
pub mod table;
pub mod tree;

#[cfg(test)]
mod sample;

#[cfg(test)]
use std::io::{self, Write};

pub use cell::Cell;
pub use chart::{Bucket, Chart, Histogram, Share, Unit};
pub use data::{Align, Column, Field, Fields, Notes, Table};
pub use finding::{Finding, Rule, Severity};
pub use tree::{Node, Tree};

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

section_from!(Fields, Table, Histogram, Chart, Tree, Notes);

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
        Report {
            title: title.into(),
            subtitle: subtitle.into(),
            sections: Vec::new(),
        }
    }

    /// Adds a section at the end.
    pub fn push(&mut self, section: impl Into<Section>) {
        self.sections.push(section.into());
    }
}
