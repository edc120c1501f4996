//! Asks the memory ahead for what looking for keys will read.
//!
//! What is read for a key lies in several places, each of which says where the next is, and in a large table most of them are in
//! no cache. Whoever knows some dozens of keys lets the memory answer for all of them at once: a look is made of steps, each of
//! which reads what the last one asked for and asks for what comes next, and all keys take a step before the first takes the
//! next.

use super::Table;
use super::node::{Child, LEVELS, Node};
use super::page::Page;
use crate::base::prefetch::prefetch;
use smallvec::SmallVec;

/// Keys that are looked for at once without allocating.
const AT_ONCE: usize = 32;

/// A look for a key by its hash, which may be of another key in the end.
struct Look<'t, O> {
    /// Which of the keys it is.
    number: usize,
    hash: u64,
    asked: Asked<'t, O>,
}

/// What was asked for.
enum Asked<'t, O> {
    /// The place of a child at this level.
    Child(&'t Child<O>, u32),
    /// What a node of this level knows of its children.
    Node(&'t Node<O>, u32),
    /// All of a page but the entries.
    Page(&'t Page<O>),
    /// An entry of a page that has objects.
    Entry(&'t Page<O>, usize),
}

impl<'t, O: Clone> Look<'t, O> {
    /// Reads what was asked for and asks for what is next. An object is the end.
    #[inline]
    fn step(&self, visit: &mut impl FnMut(usize, &'t O)) -> Option<Asked<'t, O>> {
        match self.asked {
            Asked::Child(Child::Page(page), _) => {
                page.prefetch();
                Some(Asked::Page(page))
            }
            Asked::Child(Child::Node(node), level) if level < LEVELS => {
                node.prefetch(self.hash, level);
                Some(Asked::Node(node, level))
            }
            // Few keys have that much of their hash in common.
            Asked::Child(Child::Node(_), _) => None,
            Asked::Node(node, level) => {
                let child = node.child_of_hash(self.hash, level);
                prefetch(child);
                Some(Asked::Child(child, level + 1))
            }
            Asked::Page(page) => {
                page.prefetch_entry(self.hash).map(|index| Asked::Entry(page, index))
            }
            Asked::Entry(page, index) => {
                if let Some(object) = page.object(index) {
                    prefetch(object);
                    visit(self.number, object);
                }
                None
            }
        }
    }
}

impl<O: Clone> Table<O> {
    /// Asks for what uses of keys with these hashes will read, and visits the objects that they most likely hold, with the number
    /// of the hash.
    pub fn warm<'t>(
        &'t self,
        hashes: impl Iterator<Item = u64>,
        mut visit: impl FnMut(usize, &'t O),
    ) {
        // What all have in common is in the cache.
        let looks = hashes.enumerate().map(|(number, hash)| {
            let asked = match self.root.child_of_hash(hash, 0) {
                Child::Node(node) => Asked::Child(node.child_of_hash(hash, 1), 2),
                page => Asked::Child(page, 1),
            };
            Look { number, hash, asked }
        });
        let mut looks: SmallVec<[Look<'_, O>; AT_ONCE]> = looks.collect();
        while !looks.is_empty() {
            looks.retain(|look| match look.step(&mut visit) {
                Some(asked) => {
                    look.asked = asked;
                    true
                }
                None => false,
            });
        }
    }
}
