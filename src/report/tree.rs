//! A tree of key prefixes with the weight below each.

/// The deepest level that is written, counted from the root at 0. Key names are hostile input and may nest
/// without end; deeper nodes are part of their ancestors' weight but not shown.
pub const DEPTH_MAX: usize = 48;

/// A prefix and everything below it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Node {
    /// What this level adds to its parent's path, including any separator, such as `user:`.
    pub label: Vec<u8>,
    /// The weight in bytes, ≥ the sum of its children's.
    pub size_bytes: u64,
    /// The number of keys, ≥ the sum of its children's.
    pub count: u64,
    /// The longer prefixes, in the order to show them.
    pub children: Vec<Node>,
}

/// How weight is spread over key prefixes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree {
    /// The machine name, unique in its report.
    pub name: &'static str,
    /// The heading for people.
    pub title: String,
    /// All of it; usually with an empty label.
    pub root: Node,
}

/// A node met on a walk.
#[derive(Clone, Debug)]
pub struct Visit<'a> {
    /// The node.
    pub node: &'a Node,
    /// Its level; the root is 0.
    pub depth: usize,
    /// The labels from the root to the node, joined.
    pub path: Vec<u8>,
    /// The weight in bytes that stands before it in its level, the place where a flame graph draws it.
    pub start_bytes: u64,
}

impl Tree {
    /// The nodes of at least `size_min` bytes, parents before children, down to [`DEPTH_MAX`].
    pub fn walk(&self, size_min: u64) -> impl Iterator<Item = Visit<'_>> {
        let root =
            Visit { node: &self.root, depth: 0, path: self.root.label.clone(), start_bytes: 0 };
        let mut stack = vec![root];
        std::iter::from_fn(move || {
            let visit = stack.pop()?;
            if visit.depth < DEPTH_MAX {
                push_children(&mut stack, &visit, size_min);
            }
            Some(visit)
        })
    }
}

/// Pushes the children of at least `size_min` bytes, the first one on top.
fn push_children<'a>(stack: &mut Vec<Visit<'a>>, parent: &Visit<'a>, size_min: u64) {
    let bottom = stack.len();
    let mut start_bytes = parent.start_bytes;
    for node in &parent.node.children {
        if node.size_bytes >= size_min {
            let path = [parent.path.as_slice(), &node.label].concat();
            stack.push(Visit { node, depth: parent.depth + 1, path, start_bytes });
        }
        start_bytes = start_bytes.saturating_add(node.size_bytes);
    }
    if let Some(pushed) = stack.get_mut(bottom..) {
        pushed.reverse();
    }
}

impl Visit<'_> {
    /// The label for people: the root without one is `all`.
    pub fn title(&self) -> String {
        match (self.depth, self.node.label.is_empty()) {
            (0, true) => "all".to_owned(),
            _ => super::cell::Cell::Bytes(self.node.label.clone()).human(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(label: &str, size_bytes: u64, children: Vec<Node>) -> Node {
        Node { label: label.into(), size_bytes, count: 1, children }
    }

    #[test]
    fn walks_in_order_with_places() {
        let b = node("b:", 60, vec![node("x", 50, vec![]), node("y", 10, vec![])]);
        let root = node("", 100, vec![node("a:", 30, vec![]), b]);
        let tree = Tree { name: "t", title: "T".into(), root };
        let seen: Vec<_> =
            tree.walk(20).map(|v| (v.path.clone(), v.depth, v.start_bytes)).collect();
        assert_eq!(
            seen,
            [
                (b"".to_vec(), 0, 0),
                (b"a:".to_vec(), 1, 0),
                (b"b:".to_vec(), 1, 30),
                (b"b:x".to_vec(), 2, 30),
            ]
        );
        assert_eq!(tree.walk(0).next().map(|visit| visit.title()).as_deref(), Some("all"));
    }

    #[test]
    fn endless_nesting_is_cut() {
        let deep = (0..1000).fold(node("x", 1, vec![]), |inner, _| node("x:", 1, vec![inner]));
        let tree = Tree { name: "t", title: "T".into(), root: deep };
        assert_eq!(tree.walk(0).count(), DEPTH_MAX + 1);
    }
}
