//! Reports as text for people: headings, grids, bars and indented trees.

use std::io::{self, Write};

use super::cell::Cell;
use super::chart::{Bucket, Chart, Histogram};
use super::data::{Fields, Notes, Table};
use super::grid::{Grid, Kind, bar};
use super::lanes::Lanes;
use super::tree::Tree;
use super::{Options, Report, Section, escape, human};

/// Characters of a lane over time.
const LANE_CHARS: usize = 72;

/// Length of the longest bar in characters where the terminal has room.
const BAR_CHARS: usize = 30;

/// Prefixes with less than one part in this many of the whole are left out of a tree.
const TREE_PARTS: u64 = 100;

/// Writes a report: title, subtitle and every section under its heading.
pub fn write_report(report: &Report, options: Options, out: &mut dyn Write) -> io::Result<()> {
    let mut parts = Vec::new();
    let title = title(report, options);
    if !title.is_empty() {
        parts.push(title);
    }
    parts.extend(report.sections.iter().map(|section| section_text(section, options)));
    out.write_all(parts.join("\n").as_bytes())
}

/// Writes one table under its heading.
pub fn write_table(table: &Table, options: Options, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(with_heading(&table.title, &grid(table, options), options).as_bytes())
}

fn title(report: &Report, options: Options) -> String {
    let mut text = String::new();
    if !report.title.is_empty() {
        text.push_str(&bold(&escape::visible(&report.title), options));
        text.push('\n');
    }
    if !report.subtitle.is_empty() {
        text.push_str(&escape::visible(&report.subtitle));
        text.push('\n');
    }
    text
}

fn section_text(section: &Section, options: Options) -> String {
    let body = match section {
        Section::Fields(section) => fields(section, options),
        Section::Table(section) => grid(section, options),
        Section::Histogram(section) => histogram(section, options),
        Section::Chart(section) => chart(section, options),
        Section::Lanes(section) => lanes(section, options),
        Section::Tree(section) => tree(section, options),
        Section::Notes(section) => notes(section),
    };
    with_heading(section.title(), &body, options)
}

fn with_heading(title: &str, body: &str, options: Options) -> String {
    let body = if body.is_empty() { "  none\n" } else { body };
    match title {
        "" => body.to_owned(),
        _ => format!("{}\n{body}", bold(&escape::visible(title), options)),
    }
}

fn bold(text: &str, options: Options) -> String {
    match options.color {
        true => format!("\x1b[1m{text}\x1b[0m"),
        false => text.to_owned(),
    }
}

fn grid(table: &Table, options: Options) -> String {
    if table.rows.is_empty() {
        return String::new();
    }
    let kinds = table.columns.iter().map(|column| column.align.into()).collect();
    let mut grid = Grid::new(kinds, options);
    grid.head(table.columns.iter().map(|column| column.title));
    for row in &table.rows {
        grid.row(table.cells(row).map(|(_, cell)| cell.human()));
    }
    grid.finish()
}

fn fields(section: &Fields, options: Options) -> String {
    let mut grid = Grid::new(vec![Kind::Label, Kind::Words], options);
    for field in &section.fields {
        grid.row([escape::visible(&field.title), field.value.human()]);
    }
    grid.finish()
}

fn histogram(section: &Histogram, options: Options) -> String {
    let mut kinds = vec![Kind::Label, Kind::Bar, Kind::Quantity, Kind::Quantity];
    if section.is_weighed() {
        kinds.push(Kind::Quantity);
    }
    let (total, peak, width) = (section.total(), section.peak(), bar_chars(options));
    let mut grid = Grid::new(kinds, options);
    for bucket in &section.buckets {
        grid.row([
            escape::visible(&bucket.label),
            bar(bucket.count as f64 / peak as f64, width),
            human::count(bucket.count),
            Cell::ratio(bucket.count, total).human(),
            weight(bucket),
        ]);
    }
    grid.finish()
}

fn weight(bucket: &Bucket) -> String {
    bucket.size_bytes.map_or(Cell::None, Cell::Size).human()
}

fn chart(section: &Chart, options: Options) -> String {
    let total = section.total();
    let peak = section.shares.iter().map(|share| share.value).max().unwrap_or(0);
    let mut grid = Grid::new(vec![Kind::Label, Kind::Bar, Kind::Quantity, Kind::Quantity], options);
    for share in &section.shares {
        grid.row([
            escape::visible(&share.label),
            bar(share.value as f64 / peak as f64, bar_chars(options)),
            section.cell(share).human(),
            Cell::ratio(share.value, total).human(),
        ]);
    }
    grid.finish()
}

/// Half of the terminal at most, so that labels and numbers have the rest.
fn bar_chars(options: Options) -> usize {
    options.width.map_or(BAR_CHARS, |width| (width / 2).saturating_sub(10).clamp(5, BAR_CHARS))
}

fn tree(section: &Tree, options: Options) -> String {
    let total = section.root.size_bytes;
    let mut grid =
        Grid::new(vec![Kind::Line, Kind::Quantity, Kind::Quantity, Kind::Quantity], options);
    grid.head(["Prefix", "Size", "Share", "Keys"]);
    for visit in section.walk(total / TREE_PARTS) {
        grid.row([
            format!("{}{}", "  ".repeat(visit.depth), visit.title()),
            human::size(visit.node.size_bytes),
            Cell::ratio(visit.node.size_bytes, total).human(),
            human::count(visit.node.count),
        ]);
    }
    grid.finish()
}

fn lanes(section: &Lanes, options: Options) -> String {
    let mut grid = Grid::new(vec![Kind::Label, Kind::Label], options);
    let chars = options.width.map_or(LANE_CHARS, |width| {
        let labels = section.lanes.iter().map(|lane| lane.label.chars().count()).max();
        width.saturating_sub(labels.unwrap_or(0) + 6).clamp(10, LANE_CHARS)
    });
    for lane in &section.lanes {
        grid.row([escape::visible(&lane.label), section.text(lane, chars)]);
    }
    let legend: Vec<String> = section
        .states
        .iter()
        .filter(|state| state.glyph != ' ')
        .map(|state| format!("{} {}", state.glyph, state.name))
        .collect();
    if !section.lanes.is_empty() {
        grid.row([String::new(), legend.join("  ")]);
    }
    grid.finish()
}

fn notes(section: &Notes) -> String {
    section.lines.iter().map(|line| format!("  {}\n", escape::visible(line))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn a_report_for_people() {
        let text = sample::render(|out| write_report(&sample::report(), Options::default(), out));
        let expected = "\
Memory report
dump.rdb

Summary
  Keys  1,234
  Size  1.2 MiB

Biggest keys
  Key                                            Type     Size
  ────────────────────────────────────────────────────────────
  user:7                                         hash  2.0 KiB
  <script>alert(1)</script>]]>\"'\\u{202e},\\n\\xff  list    512 B

Sizes
  < 1 KiB  ██████████████████████████████  30  75.0 %   8.8 KiB
  ≥ 1 KiB  ██████████                      10  25.0 %  48.8 KiB

Types
  hash  ██████████████████████████████  2.9 KiB  75.0 %
  list  ██████████                       1000 B  25.0 %

Prefixes
  Prefix                                             Size    Share  Keys
  ──────────────────────────────────────────────────────────────────────
  all                                              1000 B  100.0 %    12
    user:                                           600 B   60.0 %     4
      7                                             300 B   30.0 %     1
    <script>alert(1)</script>]]>\"'\\u{202e},\\n\\xff   200 B   20.0 %     1

Notes
  Sizes are estimates.
";
        assert_eq!(text, expected);
    }

    #[test]
    fn color_only_if_told() {
        let render = |color| {
            let options = Options { color, ..Options::default() };
            sample::render(|out| write_report(&sample::report(), options, out))
        };
        assert!(!render(false).contains('\x1b'));
        assert!(render(true).starts_with("\x1b[1mMemory report\x1b[0m\n"));
        assert!(render(true).contains("\x1b[38;5;14m██"), "{:?}", render(true));
    }

    #[test]
    fn fits_the_terminal() {
        let options = Options { width: Some(60), ..Options::default() };
        let text = sample::render(|out| write_report(&sample::report(), options, out));
        for line in text.lines() {
            assert!(line.chars().count() <= 60, "{line}");
        }
    }

    #[test]
    fn nothing_is_said_to_be_none() {
        let table = Table::new("t", "Empty", &[]);
        assert_eq!(
            sample::render(|out| write_table(&table, Options::default(), out)),
            "Empty\n  none\n"
        );
        let histogram = Histogram::new("h", "", super::super::Unit::Count);
        assert_eq!(section_text(&histogram.into(), Options::default()), "  none\n");
    }
}
