//! Shares of a whole as a ring with a legend.

use std::f64::consts::TAU;
use std::fmt::Write;

use super::Drawing;
use crate::report::Cell;
use crate::report::chart::{Chart, Share};
use crate::report::escape::{markup, visible};

const WIDTH_PX: usize = 560;
const RING_PX: usize = 180;
const RADIUS_PX: f64 = 68.0;
const THICKNESS_PX: f64 = 30.0;
const LEGEND_ROW_PX: usize = 24;
/// Where the legend begins.
const LEGEND_PX: usize = 220;
/// Characters of a label that fit into the legend.
const LABEL_CHARS: usize = 24;
/// How many colours the style has; more shares take the last one, a grey.
const COLORS: usize = 10;

/// Draws a ring with a part per share, clockwise from the top, and the values beside it.
pub fn shares(chart: &Chart) -> Drawing {
    let total = chart.total();
    let height = RING_PX.max(chart.shares.len() * LEGEND_ROW_PX);
    let mut body = String::new();
    push_ring(&mut body, chart, total, height);
    let legend_top = (height - chart.shares.len() * LEGEND_ROW_PX) / 2;
    for (index, share) in chart.shares.iter().enumerate() {
        push_legend(&mut body, chart, share, index, legend_top + index * LEGEND_ROW_PX);
    }
    let title = markup(&visible(&chart.title));
    let attributes = format!(
        "class=\"ring\" viewBox=\"0 0 {WIDTH_PX} {height}\" role=\"img\" aria-label=\"{title}\""
    );
    Drawing { attributes, body }
}

/// Each part is a dash of a circle's outline: that also draws a share of the whole, which an arc cannot.
fn push_ring(body: &mut String, chart: &Chart, total: u64, height: usize) {
    let (center_x, center_y) = (RING_PX / 2, height / 2);
    let outline = RADIUS_PX * TAU;
    let mut start = 0.0;
    for (index, share) in chart.shares.iter().enumerate() {
        let length = share.value as f64 / total.max(1) as f64 * outline;
        let _ = writeln!(
            body,
            "<circle class=\"c{}\" cx=\"{center_x}\" cy=\"{center_y}\" r=\"{RADIUS_PX}\" fill=\"none\" \
             stroke=\"#4f7cac\" stroke-width=\"{THICKNESS_PX}\" stroke-dasharray=\"{length:.2} {:.2}\" \
             stroke-dashoffset=\"{:.2}\" transform=\"rotate(-90 {center_x} {center_y})\"><title>{}</title></circle>",
            index.min(COLORS - 1),
            outline - length,
            -start,
            markup(&format!("{}: {}", visible(&share.label), chart.cell(share).human())),
        );
        start += length;
    }
    let whole = chart.unit.cell(i64::try_from(total).unwrap_or(i64::MAX)).human();
    let _ = writeln!(
        body,
        "<text class=\"whole\" x=\"{center_x}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
        center_y + 5,
        markup(&whole),
    );
}

fn push_legend(body: &mut String, chart: &Chart, share: &Share, index: usize, top: usize) {
    let text_y = top + LEGEND_ROW_PX / 2 + 4;
    let _ = writeln!(
        body,
        "<rect class=\"c{}\" x=\"{LEGEND_PX}\" y=\"{}\" width=\"12\" height=\"12\" rx=\"2\" fill=\"#4f7cac\"/>\
         <text class=\"label\" x=\"{}\" y=\"{text_y}\">{}</text>\
         <text class=\"value\" x=\"{}\" y=\"{text_y}\" text-anchor=\"end\">{}</text>\
         <text class=\"value\" x=\"{WIDTH_PX}\" y=\"{text_y}\" text-anchor=\"end\">{}</text>",
        index.min(COLORS - 1),
        top + 6,
        LEGEND_PX + 22,
        markup(&visible(&share.label).chars().take(LABEL_CHARS).collect::<String>()),
        WIDTH_PX - 75,
        markup(&chart.cell(share).human()),
        markup(&Cell::ratio(share.value, chart.total()).human()),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::chart::Unit;
    use crate::report::sample;

    #[test]
    fn parts_follow_each_other() {
        let text = shares(&sample::types()).inline();
        assert!(
            text.contains("stroke-dasharray=\"320.44 106.81\" stroke-dashoffset=\"-0.00\""),
            "{text}"
        );
        assert!(
            text.contains("stroke-dasharray=\"106.81 320.44\" stroke-dashoffset=\"-320.44\""),
            "{text}"
        );
        assert!(
            text.contains(">3.9 KiB</text>") && text.contains("<title>hash: 2.9 KiB</title>"),
            "{text}"
        );
    }

    #[test]
    fn many_or_no_shares_are_drawn() {
        let mut chart = Chart::new("c", "C", Unit::Count);
        assert!(!shares(&chart).inline().contains("NaN"));
        (0..30).for_each(|n| chart.push(format!("{n}"), 0));
        let text = shares(&chart).inline();
        assert!(text.contains("viewBox=\"0 0 560 720\"") && !text.contains("NaN"), "{text}");
    }
}
