//! Reports as one HTML page that needs nothing else: no network, no fonts, no libraries.
//!
//! The page reads completely without its script, which only sorts tables and zooms flame graphs. All data
//! stands in escaped text and attributes, never in the script, and the page's own policy forbids it to load
//! or send anything.

use std::io::{self, Write};

use super::cell::Cell;
use super::chart::{Chart, Histogram};
use super::data::{Align, Fields, Notes, Table};
use super::escape::{markup, visible};
use super::lanes::Lanes;
use super::tree::Tree;
use super::{Report, Section, flat, svg};

const CSS: &str = include_str!("assets/page.css");
const SCRIPT: &str = include_str!("assets/page.js");

/// Nothing may be loaded or sent; what the page needs is in it.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
                      base-uri 'none'; form-action 'none'";

/// Prefixes with less than one part in this many of the whole are left out of a tree's list.
const TREE_PARTS: u64 = 100;

/// Writes a report as a page.
pub fn write_report(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    write_head(&report.title, out)?;
    writeln!(out, "<header><h1>{}</h1>", text(&report.title))?;
    if !report.subtitle.is_empty() {
        writeln!(out, "<p>{}</p>", text(&report.subtitle))?;
    }
    writeln!(out, "</header>\n<main>")?;
    for section in &report.sections {
        write_section(section, out)?;
    }
    writeln!(out, "</main>\n<script>\n{}{SCRIPT}</script>\n</body>\n</html>", svg::SCRIPT)
}

fn write_head(title: &str, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"generator\" content=\"rkv\">\n<title>{}</title>\n<style>{}{}{CSS}</style>\n</head>\n<body>",
        text(title),
        svg::COLORS_CSS,
        svg::CSS,
    )
}

/// A section as a card. Drawings stand side by side where there is room, everything else takes a row.
fn write_section(section: &Section, out: &mut dyn Write) -> io::Result<()> {
    let class = match section {
        Section::Histogram(_) | Section::Chart(_) => "card half",
        _ => "card",
    };
    writeln!(out, "<section class=\"{class}\" id=\"{}\">", markup(section.name()))?;
    if !section.title().is_empty() {
        writeln!(out, "<h2>{}</h2>", text(section.title()))?;
    }
    match section {
        Section::Fields(section) => write_fields(section, out),
        Section::Table(section) => write_table(section, out),
        Section::Histogram(section) => write_histogram(section, out),
        Section::Chart(section) => write_chart(section, out),
        Section::Lanes(section) => write_lanes(section, out),
        Section::Tree(section) => write_tree(section, out),
        Section::Notes(section) => write_notes(section, out),
    }?;
    writeln!(out, "</section>")
}

/// Our own words with hostile parts, ready for the page.
fn text(words: &str) -> String {
    markup(&visible(words))
}

fn write_fields(section: &Fields, out: &mut dyn Write) -> io::Result<()> {
    if section.fields.is_empty() {
        return write_none(out);
    }
    writeln!(out, "<dl>")?;
    for field in &section.fields {
        let value = markup(&field.value.human());
        writeln!(out, "<div><dt>{}</dt><dd>{value}</dd></div>", text(&field.title))?;
    }
    writeln!(out, "</dl>")
}

fn write_none(out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<p class=\"none\">none</p>")
}

/// Writes a table that the script makes sortable.
fn write_table(table: &Table, out: &mut dyn Write) -> io::Result<()> {
    if table.rows.is_empty() {
        return write_none(out);
    }
    writeln!(out, "<div class=\"scroll\"><table>\n<thead><tr>")?;
    for column in &table.columns {
        writeln!(
            out,
            "<th scope=\"col\"{}>{}</th>",
            align_class(column.align),
            text(column.title)
        )?;
    }
    writeln!(out, "</tr></thead>\n<tbody>")?;
    for row in &table.rows {
        write!(out, "<tr>")?;
        for (column, cell) in table.cells(row) {
            write_cell(column.align, cell, out)?;
        }
        writeln!(out, "</tr>")?;
    }
    writeln!(out, "</tbody>\n</table></div>")
}

fn align_class(align: Align) -> &'static str {
    match align {
        Align::Left => "",
        Align::Right => " class=\"num\"",
    }
}

/// A number brings its machine form for sorting.
fn write_cell(align: Align, cell: &Cell, out: &mut dyn Write) -> io::Result<()> {
    let class = match cell {
        Cell::Bytes(_) => " class=\"key\"",
        _ => align_class(align),
    };
    write!(out, "<td{class}")?;
    if cell.is_number() {
        write!(out, " data-v=\"{}\"", markup(&cell.machine()))?;
    }
    write!(out, ">{}</td>", markup(&cell.human()))
}

fn write_histogram(section: &Histogram, out: &mut dyn Write) -> io::Result<()> {
    match section.buckets.is_empty() {
        true => write_none(out),
        false => out.write_all(svg::histogram(section).inline().as_bytes()),
    }
}

fn write_chart(section: &Chart, out: &mut dyn Write) -> io::Result<()> {
    match section.shares.is_empty() {
        true => write_none(out),
        false => out.write_all(svg::shares(section).inline().as_bytes()),
    }
}

/// A drawing, and the same as a list for paper and screen readers.
fn write_lanes(section: &Lanes, out: &mut dyn Write) -> io::Result<()> {
    if section.lanes.is_empty() {
        return write_none(out);
    }
    out.write_all(svg::lanes(section).inline().as_bytes())?;
    writeln!(out, "<details>\n<summary>As a list</summary>")?;
    write_table(&section.table(), out)?;
    writeln!(out, "</details>")
}

/// A flame graph, and the same as a list for paper and screen readers.
fn write_tree(section: &Tree, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(svg::flame_graph(section).inline().as_bytes())?;
    let mut list = flat::tree(section, section.root.size_bytes / TREE_PARTS);
    for row in &mut list.rows {
        if let Some(path @ Cell::Bytes(_)) = row.get_mut(1) {
            name_root(path);
        }
    }
    writeln!(out, "<details>\n<summary>As a list</summary>")?;
    write_table(&list, out)?;
    writeln!(out, "</details>")
}

/// The empty prefix stands for all keys.
fn name_root(path: &mut Cell) {
    if *path == Cell::Bytes(Vec::new()) {
        *path = Cell::text("all");
    }
}

fn write_notes(section: &Notes, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<ul>")?;
    for line in &section.lines {
        writeln!(out, "<li>{}</li>", text(line))?;
    }
    writeln!(out, "</ul>")
}

#[cfg(test)]
mod tests {
    use super::super::markup_check::markup_error;
    use super::super::sample;
    use super::*;

    fn page(report: &Report) -> String {
        sample::render(|out| write_report(report, out))
    }

    #[test]
    fn a_page_is_balanced_and_alone() {
        let page = page(&sample::report());
        assert_eq!(markup_error(&page), None);
        assert!(page.starts_with("<!doctype html>\n") && page.ends_with("</html>\n"));
        for outside in ["http:", "https:", "src=", "href=", "url(", "@import"] {
            assert!(!page.contains(outside), "{outside}");
        }
    }

    #[test]
    fn a_table_reads_without_the_script() {
        let text = sample::render(|out| write_table(&sample::keys(), out));
        let expected = concat!(
            "<div class=\"scroll\"><table>\n<thead><tr>\n",
            "<th scope=\"col\">Key</th>\n<th scope=\"col\">Type</th>\n<th scope=\"col\" class=\"num\">Size</th>\n",
            "</tr></thead>\n<tbody>\n",
            "<tr><td class=\"key\">user:7</td><td>hash</td><td class=\"num\" data-v=\"2048\">2.0 KiB</td></tr>\n",
            "<tr><td class=\"key\">&lt;script&gt;alert(1)&lt;/script&gt;]]&gt;&quot;&#39;\\u{202e},\\n\\xff</td>",
            "<td>list</td><td class=\"num\" data-v=\"512\">512 B</td></tr>\n",
            "</tbody>\n</table></div>\n"
        );
        assert_eq!(text, expected);
    }

    #[test]
    fn hostile_names_stay_text_everywhere() {
        let hostile = String::from_utf8_lossy(sample::HOSTILE).into_owned();
        let mut report = sample::report();
        report.title = hostile.clone();
        report.subtitle = hostile.clone();
        let mut fields = Fields::new("f", &hostile);
        fields.push("a", hostile.clone(), Cell::text(&hostile));
        report.push(fields);
        let mut chart = Chart::new("c", &hostile, super::super::Unit::Count);
        chart.push(&hostile, 1);
        report.push(chart);
        let mut histogram = sample::sizes();
        histogram.title = hostile.clone();
        histogram.buckets.iter_mut().for_each(|bucket| bucket.label = hostile.clone());
        report.push(histogram);
        let mut tree = sample::prefixes();
        tree.title = hostile.clone();
        report.push(tree);
        let mut notes = Notes::new("n", &hostile);
        notes.push(&hostile);
        report.push(notes);
        let page = page(&report);
        assert_eq!(markup_error(&page), None);
        assert_eq!(page.matches("<script").count(), 1);
        assert_eq!(page.matches("</script").count(), 1);
        assert!(!page.contains("]]>") && !page.contains('\u{202e}'));
        assert!(page.chars().all(|c| c == '\n' || !c.is_control()));
    }

    #[test]
    fn the_script_can_be_embedded() {
        assert!(!SCRIPT.contains("</") && !SCRIPT.contains("<!") && !CSS.contains('<'));
    }
}
