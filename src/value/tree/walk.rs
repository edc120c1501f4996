//! Walks over leaves.

use super::node::Child;
use super::{Inner, Leaf, Place};

/// The leaves of a tree from a place on, in one direction.
#[derive(Debug)]
pub struct Leaves<'a, L: Leaf> {
    /// The nodes on the way down, each with the child to visit next.
    stack: Vec<(&'a Inner<L>, usize)>,
    backwards: bool,
    /// Elements before the first leaf that is given.
    before: u64,
}

impl<L: Leaf> Clone for Leaves<'_, L> {
    fn clone(&self) -> Self {
        Leaves { stack: self.stack.clone(), backwards: self.backwards, before: self.before }
    }
}

impl<'a, L: Leaf> Leaves<'a, L> {
    pub(super) fn from(root: &'a Inner<L>, mut place: Place, backwards: bool) -> Leaves<'a, L> {
        Leaves::by(root, &mut |node| place.step(node), backwards)
    }

    pub(super) fn by(
        root: &'a Inner<L>,
        choose: &mut dyn FnMut(&Inner<L>) -> usize,
        backwards: bool,
    ) -> Leaves<'a, L> {
        let mut stack = Vec::with_capacity(4);
        let mut before = 0;
        let mut node = root;
        while node.len() > 0 {
            let index = choose(node);
            before += node.total_before(index);
            match node.child(index) {
                Child::Node(below) => {
                    // The next one to visit when the way below is done.
                    stack.push((node, if backwards { index } else { index + 1 }));
                    node = below;
                }
                Child::Leaf(_) => {
                    stack.push((node, if backwards { index + 1 } else { index }));
                    break;
                }
            }
        }
        Leaves { stack, backwards, before }
    }

    /// Number of elements in the leaves before the one that the walk began with.
    pub fn before(&self) -> u64 {
        self.before
    }
}

impl<'a, L: Leaf> Iterator for Leaves<'a, L> {
    type Item = &'a L;

    fn next(&mut self) -> Option<&'a L> {
        loop {
            let (node, next) = self.stack.last_mut()?;
            let node: &'a Inner<L> = node;
            // Forwards `next` is the child to visit; backwards it is the one behind it.
            let index = if self.backwards {
                match next.checked_sub(1) {
                    Some(index) => {
                        *next = index;
                        index
                    }
                    None => {
                        self.stack.pop();
                        continue;
                    }
                }
            } else if *next < node.len() {
                *next += 1;
                *next - 1
            } else {
                self.stack.pop();
                continue;
            };
            match node.child(index) {
                Child::Leaf(leaf) => return Some(leaf),
                Child::Node(below) => {
                    self.stack.push((below, if self.backwards { below.len() } else { 0 }));
                }
            }
        }
    }
}
