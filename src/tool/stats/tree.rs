//! Makes the tree of a report from counted prefixes, small ones taken together.

use super::tally::Load;
use crate::report::Node;

/// Children of one prefix that are shown.
const CHILDREN_MAX: usize = 100;
/// What stands for the prefixes that are not shown.
pub const OTHER: &[u8] = b"(other)";

/// A counted prefix.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Flat {
    /// Index of its parent, which stands before it; the root is its own.
    pub parent: usize,
    /// What it adds to its parent.
    pub label: Vec<u8>,
    /// Keys that end here.
    pub own: Load,
    /// Keys of longer prefixes that are not counted apart.
    pub other: Load,
}

/// What is shown of a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown {
    /// Levels below the root.
    pub depth: usize,
    /// A prefix of less weight is not shown apart.
    pub min_bytes: u64,
}

struct Building {
    depth: usize,
    node: Node,
    other: Load,
}

/// Sums up weights and folds what is small into a node for the others.
pub fn assemble(flats: Vec<Flat>, shown: Shown) -> Node {
    let mut nodes: Vec<Building> = Vec::with_capacity(flats.len());
    let mut parents = Vec::with_capacity(flats.len());
    for flat in flats {
        let depth = nodes.get(flat.parent).map_or(0, |parent| parent.depth + 1);
        parents.push(flat.parent);
        let mut whole = flat.own;
        whole.add(flat.other);
        let node = Node {
            label: flat.label,
            size_bytes: whole.bytes,
            count: whole.keys,
            children: vec![],
        };
        nodes.push(Building { depth, node, other: flat.other });
    }
    while let Some(last) = nodes.pop() {
        let done = finish(last, shown);
        let parent = parents.pop().and_then(|parent| nodes.get_mut(parent));
        match parent {
            Some(parent) => attach(parent, done, shown),
            None => return done.node,
        }
    }
    Node::default()
}

fn attach(parent: &mut Building, child: Building, shown: Shown) {
    let load = Load { keys: child.node.count, bytes: child.node.size_bytes };
    parent.node.count += load.keys;
    parent.node.size_bytes += load.bytes;
    if child.depth > shown.depth {
        return;
    }
    if load.bytes < shown.min_bytes {
        parent.other.add(load);
    } else {
        parent.node.children.push(child.node);
    }
}

/// Sorts a node's children and adds the one for the others.
fn finish(mut at: Building, shown: Shown) -> Building {
    let children = &mut at.node.children;
    children.sort_by(|a, b| b.size_bytes.cmp(&a.size_bytes).then_with(|| a.label.cmp(&b.label)));
    for small in children.drain(children.len().min(CHILDREN_MAX)..) {
        at.other.add(Load { keys: small.count, bytes: small.size_bytes });
    }
    if at.other.keys > 0 && at.depth < shown.depth {
        children.push(Node {
            label: OTHER.to_vec(),
            size_bytes: at.other.bytes,
            count: at.other.keys,
            children: vec![],
        });
    }
    at
}

/// The weight up to which leaves go when a tree has outgrown its bounds: half of them, at least.
pub fn pruning_weight(mut leaves: Vec<u64>) -> u64 {
    let middle = leaves.len() / 2;
    if middle >= leaves.len() {
        return 0;
    }
    *leaves.select_nth_unstable(middle).1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(parent: usize, label: &str, bytes: u64) -> Flat {
        let own = Load { keys: 1, bytes };
        Flat { parent, label: label.into(), own, other: Load::default() }
    }

    #[test]
    fn small_prefixes_are_taken_together() {
        let flats = vec![
            flat(0, "", 0),
            flat(0, "a:", 5),
            flat(0, "b:", 50),
            flat(2, "c:", 40),
            flat(0, "d:", 4),
        ];
        let root = assemble(flats, Shown { depth: 1, min_bytes: 10 });
        assert_eq!((root.size_bytes, root.count), (99, 5));
        let children: Vec<_> = root
            .children
            .iter()
            .map(|node| (node.label.as_slice(), node.size_bytes, node.children.len()))
            .collect();
        assert_eq!(children, [(&b"b:"[..], 90, 0), (OTHER, 9, 0)]);
    }

    #[test]
    fn half_of_the_leaves_go() {
        assert_eq!(pruning_weight(vec![5, 1, 9, 7]), 7);
        assert_eq!(pruning_weight(vec![3]), 3);
        assert_eq!(pruning_weight(vec![]), 0);
    }
}
