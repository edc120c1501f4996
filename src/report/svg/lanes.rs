//! Lanes over time: a bar per lane, coloured by what it did, with an axis and a legend.

use std::fmt::Write;

use super::Drawing;
use crate::report::escape::{markup, visible};
use crate::report::human;
use crate::report::lanes::{Lane, Lanes};

const WIDTH_PX: usize = 960;
const ROW_PX: usize = 26;
const BAR_PX: usize = 16;
/// Where labels end.
const LABEL_PX: usize = 110;
/// Room right of the bars.
const MARGIN_PX: usize = 30;
/// Parts of the axis.
const TICKS: u64 = 6;
const LEGEND_PX: usize = 130;
/// Characters of a label that fit left of the bars.
const LABEL_CHARS: usize = 16;

/// Draws a row per lane, an axis below them, and what the colours mean.
pub fn lanes(lanes: &Lanes) -> Drawing {
    let mut body = String::new();
    for (index, lane) in lanes.lanes.iter().enumerate() {
        push_lane(&mut body, lanes, lane, index * ROW_PX);
    }
    let axis = lanes.lanes.len() * ROW_PX;
    push_axis(&mut body, lanes.end_ms, axis);
    push_legend(&mut body, lanes, axis + ROW_PX);
    let height = axis + 2 * ROW_PX;
    let title = markup(&visible(&lanes.title));
    let attributes = format!(
        "class=\"lanes\" viewBox=\"0 0 {WIDTH_PX} {height}\" role=\"img\" aria-label=\"{title}\""
    );
    Drawing { attributes, body }
}

fn x(ms: u64, end_ms: u64) -> f64 {
    let room = (WIDTH_PX - LABEL_PX - MARGIN_PX) as f64;
    LABEL_PX as f64 + ms.min(end_ms) as f64 / end_ms.max(1) as f64 * room
}

fn duration(ms: u64) -> String {
    human::duration(i64::try_from(ms).unwrap_or(i64::MAX))
}

fn push_lane(body: &mut String, lanes: &Lanes, lane: &Lane, top: usize) {
    let label = visible(&lane.label);
    let short: String = label.chars().take(LABEL_CHARS).collect();
    let _ = writeln!(
        body,
        "<text class=\"label\" x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>",
        LABEL_PX - 10,
        top + ROW_PX / 2 + 4,
        markup(&short),
    );
    for span in &lane.spans {
        let color = lanes.states.get(span.state).and_then(|state| state.color);
        let Some(color) = color else { continue };
        let (from, to) = (x(span.start_ms, lanes.end_ms), x(span.end_ms, lanes.end_ms));
        let words = format!(
            "{label}: {} from {} to {}",
            lanes.state_name(span),
            duration(span.start_ms),
            duration(span.end_ms)
        );
        // Short ones stay visible.
        let _ = writeln!(
            body,
            "<rect class=\"c{color}\" x=\"{from:.1}\" y=\"{}\" width=\"{:.1}\" height=\"{BAR_PX}\" \
             fill=\"#4f7cac\"><title>{}</title></rect>",
            top + (ROW_PX - BAR_PX) / 2,
            (to - from).max(1.0),
            markup(&words),
        );
    }
}

fn push_axis(body: &mut String, end_ms: u64, top: usize) {
    for tick in 0..=TICKS {
        let at_ms = end_ms / TICKS * tick + end_ms % TICKS * tick / TICKS;
        let _ = writeln!(
            body,
            "<text class=\"value\" x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
            x(at_ms, end_ms),
            top + 14,
            markup(&duration(at_ms)),
        );
    }
}

fn push_legend(body: &mut String, lanes: &Lanes, top: usize) {
    let drawn = lanes.states.iter().filter_map(|state| Some((state.name, state.color?)));
    for (index, (name, color)) in drawn.enumerate() {
        let left = LABEL_PX + index * LEGEND_PX;
        let _ = writeln!(
            body,
            "<rect class=\"c{color}\" x=\"{left}\" y=\"{}\" width=\"12\" height=\"12\" fill=\"#4f7cac\"/>\
             <text class=\"value\" x=\"{}\" y=\"{}\">{}</text>",
            top + 4,
            left + 18,
            top + 14,
            markup(name),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn lanes_are_bars_with_titles() {
        let text = lanes(&sample::lanes()).inline();
        assert!(text.starts_with("<svg class=\"lanes\" viewBox=\"0 0 960 104\""), "{text}");
        assert_eq!(text.matches("<title>").count(), 3);
        assert!(text.contains("<title>1: down from 20 s to 50 s</title>"), "{text}");
    }
}
