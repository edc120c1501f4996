//! Walks over all entries, at once or in steps.

use super::node::{Child, Node};
use super::page::{Entry, Page};
use super::{Seed, Table};
use crate::base::rng::Rng;

/// Bits of hash that a cursor holds. Fewer than 64, so that clients with signed numbers can hold it too.
const CURSOR_BITS: u32 = 48;

/// Entries in the table's order.
pub struct Iter<'a, O> {
    /// Children still to visit, the next one last.
    stack: Vec<&'a Child<O>>,
    page: Option<(&'a Page<O>, usize)>,
}

impl<'a, O: Clone> Iter<'a, O> {
    fn over(node: &'a Node<O>) -> Iter<'a, O> {
        let mut iter = Iter { stack: Vec::new(), page: None };
        iter.open(node);
        iter
    }

    fn open(&mut self, node: &'a Node<O>) {
        let first = self.stack.len();
        self.stack.extend(node.in_order().map(|(child, _)| child));
        self.stack[first..].reverse();
    }
}

impl<'a, O: Clone> Iterator for Iter<'a, O> {
    type Item = Entry<'a, O>;

    fn next(&mut self) -> Option<Entry<'a, O>> {
        loop {
            if let Some((page, index)) = &mut self.page {
                if *index < page.len() {
                    *index += 1;
                    return Some(page.entry(*index - 1));
                }
                self.page = None;
            }
            match self.stack.pop()? {
                Child::Page(page) => self.page = Some((page, 0)),
                Child::Node(node) => self.open(node),
            }
        }
    }
}

/// The part of a hash that a cursor holds.
fn position(seed: Seed, key: &[u8]) -> u64 {
    seed.hash(key) >> (64 - CURSOR_BITS)
}

impl<O: Clone> Table<O> {
    /// All entries.
    pub fn iter(&self) -> Iter<'_, O> {
        Iter::over(&self.root)
    }

    /// Hands over about `count` entries from a cursor on and returns the cursor behind them, 0 at the end. Starting from 0 and
    /// going on until 0 comes back visits every entry that is there all the time, whatever is added or removed meanwhile.
    ///
    /// More entries come only where several share 48 bits of hash.
    pub fn scan<'a>(
        &'a self,
        cursor: u64,
        count: usize,
        mut each: impl FnMut(Entry<'a, O>),
    ) -> u64 {
        if cursor >> CURSOR_BITS != 0 {
            return 0;
        }
        let mut scan = Scan { seed: self.seed(), from: cursor, left: count.max(1), next: None };
        scan.node(&self.root, 0, 0, &mut each);
        scan.next.unwrap_or(0)
    }
}

impl<O: Clone> Table<O> {
    /// Hands over up to `count` entries chosen by chance, neighbours among them; only those that expire, if so wanted.
    pub fn sample<'a>(
        &'a self,
        expiring_only: bool,
        count: usize,
        rng: &mut Rng,
        mut each: impl FnMut(Entry<'a, O>),
    ) {
        let wanted = if expiring_only { self.expiring() } else { self.len() };
        let mut left = usize::try_from(wanted).unwrap_or(usize::MAX).min(count);
        sample_node(&self.root, expiring_only, &mut left, rng, &mut each);
    }
}

/// Chooses entries below a node, beginning anywhere.
fn sample_node<'a, O: Clone>(
    node: &'a Node<O>,
    expiring_only: bool,
    left: &mut usize,
    rng: &mut Rng,
    each: &mut impl FnMut(Entry<'a, O>),
) {
    let first = rng.below(node.child_count() as u64) as usize;
    for child in node.children_from(first) {
        if *left == 0 {
            return;
        }
        if expiring_only && child.earliest_ms() == i64::MAX {
            continue;
        }
        match child {
            Child::Node(node) => sample_node(node, expiring_only, left, rng, each),
            Child::Page(page) => {
                let start = rng.below(page.len() as u64) as usize;
                let entries = page.entries().skip(start).chain(page.entries().take(start));
                let fits =
                    |entry: &Entry<'_, O>| !expiring_only || entry.meta.expire_at_ms.is_some();
                for entry in entries.filter(fits).take(*left) {
                    *left -= 1;
                    each(entry);
                }
            }
        }
    }
}

struct Scan {
    seed: Seed,
    /// First position wanted.
    from: u64,
    /// Entries still wanted.
    left: usize,
    /// Where the next call begins.
    next: Option<u64>,
}

impl Scan {
    /// Walks a node whose positions begin at `start`. Positions of a level are `48 - 6 × level` bits wide.
    fn node<'a, O: Clone>(
        &mut self,
        node: &'a Node<O>,
        level: u32,
        start: u64,
        each: &mut impl FnMut(Entry<'a, O>),
    ) {
        let width_bits = CURSOR_BITS.saturating_sub(6 * (level + 1));
        let mut way = 0_u64;
        for (child, ways) in node.in_order() {
            if self.next.is_some() {
                return;
            }
            let first = start + (way << width_bits);
            way += ways;
            let end = start + (way << width_bits);
            // Below the cursor's precision all children share a position.
            if level < 8 && end <= self.from {
                continue;
            }
            // In the middle of a position the rest of it comes too.
            if self.left == 0 && level < 8 {
                self.next = Some(first);
                return;
            }
            match child {
                Child::Node(node) => self.node(node, level + 1, first, each),
                Child::Page(page) => self.page(page, each),
            }
        }
    }

    fn page<'a, O: Clone>(&mut self, page: &'a Page<O>, each: &mut impl FnMut(Entry<'a, O>)) {
        let mut entries: Vec<_> = page
            .entries()
            .map(|entry| (position(self.seed, entry.key), entry))
            .filter(|(position, _)| *position >= self.from)
            .collect();
        entries.sort_by_key(|(position, _)| *position);
        let mut last = None;
        for (position, entry) in entries {
            if self.left == 0 && last != Some(position) && last.is_some() {
                self.next = Some(position);
                return;
            }
            last = Some(position);
            self.left = self.left.saturating_sub(1);
            each(entry);
        }
    }
}
