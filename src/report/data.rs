//! Sections made of cells: tables, fields and notes.

use std::borrow::Cow;

use super::cell::Cell;

/// Which edge a column's values stand at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Align {
    /// Words and names.
    #[default]
    Left,
    /// Quantities.
    Right,
}

/// A column of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// The stable machine name in snake case with the unit last, such as `size_bytes`.
    pub name: &'static str,
    /// The heading for people.
    pub title: &'static str,
    /// Where its values stand.
    pub align: Align,
}

impl Column {
    /// A column of words or names.
    pub const fn left(name: &'static str, title: &'static str) -> Self {
        Column { name, title, align: Align::Left }
    }

    /// A column of quantities.
    pub const fn right(name: &'static str, title: &'static str) -> Self {
        Column { name, title, align: Align::Right }
    }
}

/// Rows of cells under columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// The machine name, unique in its report.
    pub name: &'static str,
    /// The heading for people.
    pub title: String,
    /// The columns, with unique names.
    pub columns: Vec<Column>,
    /// The rows; cells beyond the columns are not written, missing ones count as [`Cell::None`].
    pub rows: Vec<Vec<Cell>>,
}

impl Table {
    /// A table without rows.
    pub fn new(name: &'static str, title: impl Into<String>, columns: &[Column]) -> Self {
        Table { name, title: title.into(), columns: columns.to_vec(), rows: Vec::new() }
    }

    /// Adds a row at the end.
    pub fn push(&mut self, row: Vec<Cell>) {
        self.rows.push(row);
    }

    /// The cells of a row with their columns: exactly one for each column.
    pub fn cells<'a>(&'a self, row: &'a [Cell]) -> impl Iterator<Item = (&'a Column, &'a Cell)> {
        self.columns.iter().zip(row.iter().chain(std::iter::repeat(&Cell::None)))
    }
}

/// One named value of a [`Fields`] section.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// The machine name, as in [`Column::name`].
    pub name: Cow<'static, str>,
    /// The label for people.
    pub title: Cow<'static, str>,
    /// The value.
    pub value: Cell,
}

/// Named values, such as the summary of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Fields {
    /// The machine name, unique in its report.
    pub name: &'static str,
    /// The heading for people.
    pub title: String,
    /// The values in order, with unique names.
    pub fields: Vec<Field>,
}

impl Fields {
    /// A section without values.
    pub fn new(name: &'static str, title: impl Into<String>) -> Self {
        Fields { name, title: title.into(), fields: Vec::new() }
    }

    /// Adds a value at the end.
    pub fn push(
        &mut self,
        name: impl Into<Cow<'static, str>>,
        title: impl Into<Cow<'static, str>>,
        value: Cell,
    ) {
        self.fields.push(Field { name: name.into(), title: title.into(), value });
    }
}

/// Lines of text, such as warnings about how a number came about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notes {
    /// The machine name, unique in its report.
    pub name: &'static str,
    /// The heading for people.
    pub title: String,
    /// One sentence per line.
    pub lines: Vec<String>,
}

impl Notes {
    /// A section without lines.
    pub fn new(name: &'static str, title: impl Into<String>) -> Self {
        Notes { name, title: title.into(), lines: Vec::new() }
    }

    /// Adds a line at the end.
    pub fn push(&mut self, line: impl Into<String>) {
        self.lines.push(line.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_a_cell_for_each_column() {
        let table = Table::new("t", "T", &[Column::left("a", "A"), Column::right("b", "B")]);
        let cells =
            |row: &[Cell]| table.cells(row).map(|(_, cell)| cell.clone()).collect::<Vec<_>>();
        assert_eq!(cells(&[Cell::Count(1)]), [Cell::Count(1), Cell::None]);
        assert_eq!(
            cells(&[Cell::Count(1), Cell::Count(2), Cell::Count(3)]),
            [Cell::Count(1), Cell::Count(2)]
        );
    }
}
