//! Walks over entries.

use super::node::{Entry, Node};
use crate::rdb::StreamId;
use crate::value::tree::{Leaves, Tree};

/// Entries of a range of ids, in order or backwards.
#[derive(Debug)]
pub struct Iter<'a> {
    leaves: Leaves<'a, Node>,
    /// The wanted entries of one node, the next one last. One allocation serves the whole walk.
    entries: Vec<Entry<'a>>,
    start: StreamId,
    end: StreamId,
    backwards: bool,
}

impl<'a> Iter<'a> {
    pub(super) fn new(
        nodes: &'a Tree<Node>,
        start: StreamId,
        end: StreamId,
        backwards: bool,
    ) -> Iter<'a> {
        let near = if backwards { end } else { start };
        let leaves = nodes.leaves_where(|master| *master <= near, backwards);
        Iter { leaves, entries: Vec::new(), start, end, backwards }
    }
}

impl<'a> Iterator for Iter<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        loop {
            if let Some(entry) = self.entries.pop() {
                return Some(entry);
            }
            let node = self.leaves.next()?;
            let (start, end) = (self.start, self.end);
            self.entries.extend(
                node.entries()
                    .skip_while(|entry| entry.id < start)
                    .take_while(|entry| entry.id <= end),
            );
            if !self.backwards {
                self.entries.reverse();
                if self.entries.is_empty() && node.master_id() > end {
                    return None;
                }
            } else if self.entries.is_empty() && node.last_id() < start {
                return None;
            }
        }
    }
}
