//! Lists: nodes of listpacks or ziplists, or one element after the other.

use super::Strings;
use super::target::Target;
use crate::base::bulk::Bulk;
use crate::base::spool::Spool;
use crate::packed::{ListpackBuilder, ZiplistBuilder};
use crate::rdb::string::write_len;

/// Size at which a node is full, in bytes (`list-max-listpack-size -2`).
const NODE_BYTES: usize = 8 << 10;

/// Overhead of a listpack and of one element, at most.
const LISTPACK_BYTES: usize = 7;

enum Node {
    Listpack(ListpackBuilder),
    Ziplist(ZiplistBuilder),
    None,
}

pub(super) struct ListBuilder {
    target: Target,
    node: Node,
    nodes: u64,
    items: u64,
}

impl ListBuilder {
    pub(super) fn new(target: Target) -> Self {
        let node = if target.has(10) {
            Node::Listpack(ListpackBuilder::new(target.backlen()))
        } else if target.has(7) {
            Node::Ziplist(ZiplistBuilder::new())
        } else {
            Node::None
        };
        ListBuilder { target, node, nodes: 0, items: 0 }
    }

    pub(super) fn begin(&mut self) {
        self.nodes = 0;
        self.items = 0;
        match &mut self.node {
            Node::Listpack(node) => node.clear(),
            Node::Ziplist(node) => node.clear(),
            Node::None => {}
        }
    }

    pub(super) fn push(&mut self, bulk: &Bulk<'_>, strings: &mut Strings, spool: &mut Spool) {
        self.items += 1;
        let len = bulk.text_len();
        match &mut self.node {
            Node::Listpack(node) => {
                let too_large = len + LISTPACK_BYTES > NODE_BYTES;
                let full = node.count() > 0 && node.len_bytes() + len + LISTPACK_BYTES > NODE_BYTES;
                if too_large || full {
                    self.end_node(strings, spool);
                }
                if too_large {
                    // A plain node: one large element on its own.
                    self.nodes += 1;
                    write_len(spool.buf(), 1);
                    strings.write(spool.buf(), bulk);
                } else if let Node::Listpack(node) = &mut self.node {
                    // Far below any size limit, so it is taken.
                    let _ = node.push(*bulk);
                }
            }
            Node::Ziplist(node) => {
                if node.count() > 0 && node.len_bytes() + len + 10 > NODE_BYTES {
                    self.end_node(strings, spool);
                }
                if let Node::Ziplist(node) = &mut self.node {
                    let _ = node.push(*bulk);
                }
            }
            Node::None => strings.write(spool.buf(), bulk),
        }
    }

    fn end_node(&mut self, strings: &mut Strings, spool: &mut Spool) {
        match &mut self.node {
            Node::Listpack(node) if node.count() > 0 => {
                self.nodes += 1;
                write_len(spool.buf(), 2);
                strings.write_bytes(spool.buf(), node.finish());
                node.clear();
            }
            Node::Ziplist(node) if node.count() > 0 => {
                self.nodes += 1;
                strings.write_bytes(spool.buf(), node.finish());
                node.clear();
            }
            _ => {}
        }
    }

    /// Ends the list; gives its type and the count in front of it.
    pub(super) fn finish(&mut self, strings: &mut Strings, spool: &mut Spool) -> (u8, u64) {
        self.end_node(strings, spool);
        if self.target.has(10) {
            (18, self.nodes)
        } else if self.target.has(7) {
            (14, self.nodes)
        } else {
            (1, self.items)
        }
    }
}
