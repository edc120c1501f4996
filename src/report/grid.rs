//! A grid of text cells that stays within the terminal: the one place that knows comfy-table.

use comfy_table::presets::NOTHING;
use comfy_table::{
    Attribute, Cell as GridCell, CellAlignment, Color, ColumnConstraint, ContentArrangement,
    LineStyle, Row, Table as ComfyTable, TableStyle, Width,
};

use super::Options;
use super::data::Align;

/// What every line of a grid begins with.
const INDENT: &str = "  ";

/// The narrowest grid; a smaller terminal wraps the lines itself.
const WIDTH_MIN: usize = 30;

/// The narrowest column of wrapped words, if they are that long.
const WORDS_MIN: u16 = 8;

/// No frame, a line under the headings.
const RULED: TableStyle = NOTHING.header_separator(LineStyle::none().fill('─').junction('─'));

/// What a column of a grid holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Names and words: wrapped where they do not fit.
    Words,
    /// Names and words on one line: cut where they do not fit.
    Line,
    /// Quantities: at the right edge, never broken.
    Quantity,
    /// Words that are never broken.
    Label,
    /// Bars: coloured, never broken.
    Bar,
}

impl From<Align> for Kind {
    fn from(align: Align) -> Self {
        match align {
            Align::Left => Kind::Words,
            Align::Right => Kind::Quantity,
        }
    }
}

/// Rows of text under typed columns.
pub struct Grid {
    kinds: Vec<Kind>,
    table: ComfyTable,
    options: Options,
    /// Blanks right of a column; headings bring one more of their own.
    gap: u16,
}

impl Grid {
    /// A grid without rows and headings.
    pub fn new(kinds: Vec<Kind>, options: Options) -> Self {
        let mut table = ComfyTable::new();
        table.load_style(NOTHING).force_no_tty();
        if options.color {
            table.enforce_styling();
            table.style_text_only();
        }
        if let Some(width) = options.width {
            let width = width.max(WIDTH_MIN).saturating_sub(INDENT.len());
            table.set_content_arrangement(ContentArrangement::Dynamic);
            table.set_width(u16::try_from(width).unwrap_or(u16::MAX));
        }
        Grid { kinds, table, options, gap: 2 }
    }

    /// Sets the headings, one for each column.
    pub fn head<'a>(&mut self, titles: impl IntoIterator<Item = &'a str>) {
        self.table.load_style(RULED);
        self.gap = 1;
        let cells = titles.into_iter().zip(&self.kinds).map(|(title, kind)| {
            let cell = GridCell::new(title).set_alignment(kind.alignment());
            if self.options.color { cell.add_attribute(Attribute::Dim) } else { cell }
        });
        let row = Row::from(cells.collect::<Vec<_>>());
        self.table.set_header(row);
    }

    /// Adds a row with one text for each column.
    pub fn row(&mut self, texts: impl IntoIterator<Item = String>) {
        let cells = texts.into_iter().zip(&self.kinds).map(|(text, kind)| {
            let cell = GridCell::new_owned(text).set_alignment(kind.alignment());
            if *kind == Kind::Bar && self.options.color { cell.fg(Color::Cyan) } else { cell }
        });
        let mut row = Row::from(cells.collect::<Vec<_>>());
        if self.kinds.contains(&Kind::Line) {
            row.max_height(1);
        }
        self.table.add_row(row);
    }

    /// The finished text: indented lines, each with its line break.
    pub fn finish(mut self) -> String {
        let last = self.kinds.len().saturating_sub(1);
        let widths = self.table.column_max_content_widths();
        let columns = self.table.column_iter_mut().zip(&self.kinds).zip(widths);
        for (index, ((column, kind), width)) in columns.enumerate() {
            column.set_padding((0, if index == last { 0 } else { self.gap }));
            column.set_constraint(match kind {
                Kind::Words | Kind::Line => {
                    ColumnConstraint::LowerBoundary(Width::Fixed(width.min(WORDS_MIN)))
                }
                Kind::Quantity | Kind::Label | Kind::Bar => ColumnConstraint::ContentWidth,
            });
        }
        let mut text = String::new();
        for line in self.table.trim_fmt().lines() {
            text.push_str(INDENT);
            text.push_str(line);
            text.truncate(text.trim_end_matches(' ').len());
            text.push('\n');
        }
        text
    }
}

impl Kind {
    fn alignment(self) -> CellAlignment {
        match self {
            Kind::Quantity => CellAlignment::Right,
            Kind::Words | Kind::Line | Kind::Label | Kind::Bar => CellAlignment::Left,
        }
    }
}

/// A bar of block characters, `ratio` of `width` characters long in steps of an eighth. Anything above
/// zero is visible.
pub fn bar(ratio: f64, width: usize) -> String {
    const PARTS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    if !ratio.is_finite() || ratio <= 0.0 {
        return String::new();
    }
    let eighths = (ratio.min(1.0) * width as f64 * 8.0).round().max(1.0) as usize;
    let mut text = "█".repeat(eighths / 8);
    text.push_str(PARTS.get(eighths % 8).unwrap_or(&""));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_have_eighths() {
        assert_eq!(bar(1.0, 3), "███");
        assert_eq!(bar(0.5, 3), "█▌");
        assert_eq!(bar(0.0001, 3), "▏");
        assert_eq!(bar(7.0, 2), "██");
        assert_eq!(bar(0.0, 3), "");
        assert_eq!(bar(f64::NAN, 3), "");
    }

    fn grid(kind: Kind, width: Option<usize>) -> String {
        let mut grid =
            Grid::new(vec![kind, Kind::Quantity], Options { width, ..Options::default() });
        grid.head(["Key", "Size"]);
        grid.row(["abcdefghij".repeat(4), "1,234,567".to_owned()]);
        grid.finish()
    }

    #[test]
    fn long_words_wrap_and_numbers_stay_whole() {
        let text = grid(Kind::Words, Some(34));
        assert!(text.lines().all(|line| line.chars().count() <= 34), "{text}");
        assert!(text.contains("1,234,567"), "{text}");
        assert_eq!(text.matches('j').count(), 4);
        assert_eq!(grid(Kind::Words, None).lines().count(), 3);
    }

    #[test]
    fn lines_are_cut() {
        let text = grid(Kind::Line, Some(34));
        assert_eq!(text.lines().count(), 3, "{text}");
        assert!(text.contains('…'), "{text}");
    }

    #[test]
    fn tiny_terminals_do_no_harm() {
        assert!(grid(Kind::Words, Some(0)).contains("1,234,567"));
    }
}
