//! A flame graph: each prefix as wide as its weight, longer prefixes below shorter ones.

use std::fmt::Write;

use super::{Drawing, hue};
use crate::report::escape::{markup, printable_short};
use crate::report::tree::{Tree, Visit};
use crate::report::{Cell, human};

/// Height of a level in pixels, with the gap below it.
const LEVEL_PX: usize = 22;
/// Height of a frame in pixels.
const FRAME_PX: usize = 21;
/// Prefixes with less than one part in this many of the whole are narrower than a pixel and not drawn.
const PARTS: u64 = 1500;
/// Width in percent below which a label is hidden until the script knows the real width.
const LABEL_PERCENT_MIN: f64 = 2.5;
/// Characters of a label in a frame; the tooltip has more.
const LABEL_CHARS: usize = 60;

/// Draws a tree as wide as its surroundings. Each frame is a nested `<svg>`, which cuts off its own label,
/// placed in percent, so that it needs no script to lay out.
pub fn flame_graph(tree: &Tree) -> Drawing {
    // Children may claim more than their parent; the graph is then as wide as they are.
    let claimed =
        tree.root.children.iter().fold(0_u64, |sum, node| sum.saturating_add(node.size_bytes));
    let total = tree.root.size_bytes.max(claimed).max(1);
    let mut body = String::new();
    let mut levels = 0;
    for visit in tree.walk(total / PARTS) {
        levels = levels.max(visit.depth + 1);
        push_frame(&mut body, &visit, total);
    }
    let height = levels * LEVEL_PX;
    let title = markup(&crate::report::escape::visible(&tree.title));
    let attributes = format!(
        "class=\"flame\" width=\"100%\" height=\"{height}\" role=\"img\" aria-label=\"{title}\""
    );
    Drawing { attributes, body }
}

fn push_frame(body: &mut String, visit: &Visit<'_>, total: u64) {
    let x = percent_of(visit.start_bytes, total).min(100.0);
    let width = match visit.depth {
        0 => 100.0,
        _ => percent_of(visit.node.size_bytes, total).min(100.0 - x),
    };
    let y = visit.depth * LEVEL_PX;
    let class = match visit.depth {
        0 => "frame root",
        _ if width < LABEL_PERCENT_MIN => "frame thin",
        _ => "frame",
    };
    let hue = hue(&visit.node.label);
    let _ = writeln!(
        body,
        "<svg class=\"{class}\" x=\"{x:.4}%\" y=\"{y}\" width=\"{width:.4}%\" height=\"{FRAME_PX}\" \
         data-x=\"{x:.4}\" data-w=\"{width:.4}\" data-d=\"{}\"><title>{}</title>\
         <rect width=\"100%\" height=\"100%\" rx=\"2\" fill=\"hsl({hue},45%,78%)\" style=\"--hue:{hue}\"/>\
         <text x=\"5\" y=\"15\">{}</text></svg>",
        visit.depth,
        tooltip(visit, total),
        label(visit),
    );
}

fn percent_of(part: u64, total: u64) -> f64 {
    part as f64 / total as f64 * 100.0
}

fn label(visit: &Visit<'_>) -> String {
    match visit.node.label.is_empty() {
        true => markup(&visit.title()),
        false => markup(&printable_short(&visit.node.label, LABEL_CHARS)),
    }
}

fn tooltip(visit: &Visit<'_>, total: u64) -> String {
    let path = match visit.path.is_empty() {
        true => visit.title(),
        false => Cell::bytes(visit.path.as_slice()).human(),
    };
    let size = human::size(visit.node.size_bytes);
    let share = Cell::ratio(visit.node.size_bytes, total).human();
    let keys = human::count(visit.node.count);
    let noun = if visit.node.count == 1 { "key" } else { "keys" };
    markup(&format!("{path}\n{size}, {share}, {keys} {noun}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;
    use crate::report::tree::Node;

    #[test]
    fn frames_have_places_and_tooltips() {
        let text = flame_graph(&sample::prefixes()).inline();
        assert!(text.starts_with("<svg class=\"flame\" width=\"100%\" height=\"66\""), "{text}");
        assert_eq!(text.matches("<rect").count(), 4);
        assert!(text.contains("<title>user:7\n300 B, 30.0 %, 1 key</title>"), "{text}");
        assert!(text.contains("x=\"60.0000%\" y=\"22\" width=\"20.0000%\""), "{text}");
        assert!(!text.contains("<script"), "{text}");
    }

    #[test]
    fn what_is_narrower_than_a_pixel_is_left_out() {
        let leaf =
            |size_bytes| Node { label: b"x".to_vec(), size_bytes, count: 1, children: vec![] };
        let root = Node {
            size_bytes: 1_000_000,
            count: 2,
            children: vec![leaf(1), leaf(900_000)],
            ..Node::default()
        };
        let text = flame_graph(&Tree { name: "t", title: "T".into(), root }).inline();
        assert_eq!(text.matches("<rect").count(), 2);
    }

    #[test]
    fn contradictory_sizes_stay_inside() {
        let leaf = Node { label: b"x".to_vec(), size_bytes: u64::MAX, count: 1, children: vec![] };
        let root = Node { size_bytes: 10, children: vec![leaf.clone(), leaf], ..Node::default() };
        let text = flame_graph(&Tree { name: "t", title: "T".into(), root }).inline();
        assert!(
            !text.contains("NaN") && !text.contains("x=\"-") && !text.contains("width=\"-"),
            "{text}"
        );
        let empty = Tree { name: "t", title: "T".into(), root: Node::default() };
        assert!(flame_graph(&empty).inline().contains("width=\"100.0000%\""));
    }
}
