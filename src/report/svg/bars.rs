//! A histogram as horizontal bars: label, bar, numbers.

use std::fmt::Write;

use super::Drawing;
use crate::report::chart::{Bucket, Histogram};
use crate::report::escape::{markup, visible};
use crate::report::{Cell, human};

const WIDTH_PX: usize = 560;
const ROW_PX: usize = 26;
const BAR_PX: usize = 16;
/// Where labels end.
const LABEL_PX: usize = 120;
/// Room right of the longest bar for its numbers.
const NUMBERS_PX: usize = 210;
/// Characters of a label that fit left of the bars.
const LABEL_CHARS: usize = 18;

/// Draws a row per bucket.
pub fn histogram(histogram: &Histogram) -> Drawing {
    let (total, peak) = (histogram.total(), histogram.peak().max(1));
    let mut body = String::new();
    for (index, bucket) in histogram.buckets.iter().enumerate() {
        push_row(&mut body, bucket, index * ROW_PX, bucket.count as f64 / peak as f64, total);
    }
    let height = histogram.buckets.len().max(1) * ROW_PX;
    let title = markup(&visible(&histogram.title));
    let attributes = format!(
        "class=\"bars\" viewBox=\"0 0 {WIDTH_PX} {height}\" role=\"img\" aria-label=\"{title}\""
    );
    Drawing { attributes, body }
}

fn push_row(body: &mut String, bucket: &Bucket, top: usize, ratio: f64, total: u64) {
    let room = WIDTH_PX - LABEL_PX - NUMBERS_PX;
    let length = if bucket.count == 0 { 0.0 } else { (ratio * room as f64).max(1.0) };
    let bar_top = top + (ROW_PX - BAR_PX) / 2;
    let text_y = top + ROW_PX / 2 + 4;
    let _ = writeln!(
        body,
        "<g><title>{}</title><text class=\"label\" x=\"{}\" y=\"{text_y}\" text-anchor=\"end\">{}</text>\
         <rect class=\"bar\" x=\"{LABEL_PX}\" y=\"{bar_top}\" width=\"{length:.1}\" height=\"{BAR_PX}\" rx=\"2\" \
         fill=\"#4f7cac\"/><text class=\"value\" x=\"{:.1}\" y=\"{text_y}\">{}</text></g>",
        markup(&visible(&bucket.label)),
        LABEL_PX - 10,
        markup(&short(&visible(&bucket.label))),
        LABEL_PX as f64 + length + 8.0,
        markup(&numbers(bucket, total)),
    );
}

fn short(label: &str) -> String {
    match label.char_indices().nth(LABEL_CHARS) {
        Some((cut, _)) => format!("{}…", label.get(..cut).unwrap_or(label)),
        None => label.to_owned(),
    }
}

fn numbers(bucket: &Bucket, total: u64) -> String {
    let mut text =
        format!("{} · {}", human::count(bucket.count), Cell::ratio(bucket.count, total).human());
    if let Some(size_bytes) = bucket.size_bytes {
        let _ = write!(text, " · {}", human::size(size_bytes));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn a_row_per_bucket() {
        let text = histogram(&sample::sizes()).inline();
        assert!(text.starts_with("<svg class=\"bars\" viewBox=\"0 0 560 52\""), "{text}");
        assert!(text.contains("width=\"230.0\"") && text.contains("width=\"76.7\""), "{text}");
        assert!(
            text.contains(">&lt; 1 KiB</text>") && text.contains(">30 · 75.0 % · 8.8 KiB</text>"),
            "{text}"
        );
    }

    #[test]
    fn long_labels_are_cut() {
        assert_eq!(short(&"ä".repeat(30)), format!("{}…", "ä".repeat(18)));
    }
}
