//! An inner node: 64 ways, one for each value of the next six bits of the hash.
//!
//! A page with few entries serves several ways, always an aligned power of two of them, and is split in half when it is full.
//! So pages are well filled, and no node is ever rebuilt as a whole.

use super::bulk::{Laying, Pick};
use super::hash::Seed;
use super::page::{Entry, Meta, New, PAGE_ENTRIES, Page};
use crate::base::background::breathe;
use crate::base::cow;
use crate::base::prefetch::prefetch;
use triomphe::Arc;

/// Bits of hash per level.
const BITS: u32 = 6;
/// Ways of a node.
pub(super) const WAYS: usize = 1 << BITS;
/// Levels that one hash is good for.
pub(super) const LEVELS: u32 = 10;
/// Pages are joined when together they have no more entries than this.
const JOIN_ENTRIES: usize = PAGE_ENTRIES / 2;

/// Where a key belongs in tables of one seed: its hash, and the key for what the hash does not decide.
#[derive(Debug, Clone, Copy)]
pub struct Locator<'a> {
    pub(super) seed: Seed,
    pub(super) hash: u64,
    pub(super) key: &'a [u8],
}

impl Locator<'_> {
    /// The key's way in a node of this level.
    #[inline]
    fn way(&self, level: u32) -> usize {
        way(self.seed, self.hash, self.key, level)
    }
}

#[inline]
fn way(seed: Seed, hash: u64, key: &[u8], level: u32) -> usize {
    if level < LEVELS {
        way_of_hash(hash, level)
    } else {
        way_of_hash(seed.rehash(key, level / LEVELS), level % LEVELS)
    }
}

/// The way of a hash in a node of a level below [`LEVELS`].
#[inline]
pub(super) fn way_of_hash(hash: u64, level: u32) -> usize {
    (hash >> (64 - BITS * (level + 1))) as usize & (WAYS - 1)
}

#[derive(Debug)]
pub(super) enum Child<O> {
    Page(Arc<Page<O>>),
    Node(Arc<Node<O>>),
}

impl<O> Clone for Child<O> {
    fn clone(&self) -> Self {
        match self {
            Child::Page(page) => Child::Page(page.clone()),
            Child::Node(node) => Child::Node(node.clone()),
        }
    }
}

impl<O: Clone> Child<O> {
    pub(super) fn earliest_ms(&self) -> i64 {
        match self {
            Child::Page(page) => page.earliest_ms(),
            Child::Node(node) => node.earliest_ms,
        }
    }
}

/// A child and the number of entries in it.
#[derive(Debug)]
pub(super) struct Below<O> {
    child: Child<O>,
    count: u64,
}

impl<O> Clone for Below<O> {
    fn clone(&self) -> Self {
        Below { child: self.child.clone(), count: self.count }
    }
}

impl<O: Clone> Below<O> {
    /// Makes a page the only one of a node of the next level.
    fn deepen(&mut self) {
        if let Child::Page(page) = &self.child {
            self.child = Child::Node(Arc::new(Node::of_page(page.clone())));
        }
    }

    /// Adds entries of one way of a node of a level.
    pub(super) fn extend(&mut self, picks: &[Pick], level: u32, laying: &mut Laying<O>) {
        if let Child::Page(page) = &self.child
            && page.len() + picks.len() > PAGE_ENTRIES
        {
            self.deepen();
        }
        let before = laying.laid;
        match &mut self.child {
            Child::Page(page) => {
                breathe();
                laying.lay(cow::make_mut(page), picks);
            }
            Child::Node(node) => cow::make_mut(node).extend(picks, level + 1, laying),
        }
        self.count += laying.laid - before;
    }
}

#[derive(Debug)]
pub(super) struct Node<O> {
    /// The child of each way. Ways of one child are neighbours.
    index: [u8; WAYS],
    children: Vec<Below<O>>,
    /// No expiry time below is earlier.
    earliest_ms: i64,
}

/// Some of the entries of a table that is no more; dropping it frees them.
#[derive(Debug)]
pub struct Part<O> {
    _below: Below<O>,
}

/// The entries of a node by its children; none if others see them.
pub(super) fn parts<O>(root: Arc<Node<O>>) -> Vec<Part<O>> {
    let Ok(mut root) = Arc::try_unwrap(root) else { return Vec::new() };
    std::mem::take(&mut root.children).into_iter().map(|below| Part { _below: below }).collect()
}

impl<O> Drop for Node<O> {
    fn drop(&mut self) {
        // Below a node are some thousands of entries, each of which may take a while to free.
        breathe();
    }
}

impl<O> Clone for Node<O> {
    fn clone(&self) -> Self {
        Node { index: self.index, children: self.children.clone(), earliest_ms: self.earliest_ms }
    }
}

/// What became of an entry, told to the nodes above it.
pub(super) struct Effect<R> {
    /// How the number of entries changed.
    pub(super) grew: i64,
    /// The result for the caller.
    pub(super) result: R,
}

impl<O: Clone> Node<O> {
    pub(super) fn new() -> Node<O> {
        Node::of_page(Arc::new(Page::new()))
    }

    fn of_page(page: Arc<Page<O>>) -> Node<O> {
        let earliest_ms = page.earliest_ms();
        let count = page.len() as u64;
        let children = vec![Below { child: Child::Page(page), count }];
        Node { index: [0; WAYS], children, earliest_ms }
    }

    pub(super) fn earliest_ms(&self) -> i64 {
        self.earliest_ms
    }

    /// The children in the order of their ways, which is that of hashes, each with the number of its ways.
    pub(super) fn in_order(&self) -> impl Iterator<Item = (&Child<O>, u64)> {
        self.ordered().map(|(child, ways)| (&self.children[child].child, ways as u64))
    }

    /// The numbers of the children in the order of their ways, and how many ways each has.
    fn ordered(&self) -> impl Iterator<Item = (usize, usize)> {
        let mut way = 0;
        std::iter::from_fn(move || {
            let child = *self.index.get(way)?;
            let ways = self.index[way..].iter().take_while(|other| **other == child).count();
            way += ways;
            Some((usize::from(child), ways))
        })
    }

    /// Number of children.
    pub(super) fn child_count(&self) -> usize {
        self.children.len()
    }

    /// All children, beginning with one of them.
    pub(super) fn children_from(&self, first: usize) -> impl Iterator<Item = &Child<O>> {
        let (before, behind) = self.children.split_at(first.min(self.children.len()));
        behind.iter().chain(before).map(|below| &below.child)
    }

    /// The child that a key's way leads to.
    #[inline]
    pub(super) fn child(&self, at: &Locator<'_>, level: u32) -> &Child<O> {
        &self.children[usize::from(self.index[at.way(level)])].child
    }

    /// The child that a hash leads to in a node of a level below [`LEVELS`].
    #[inline]
    pub(super) fn child_of_hash(&self, hash: u64, level: u32) -> &Child<O> {
        &self.children[usize::from(self.index[way_of_hash(hash, level)])].child
    }

    /// Asks for what [`Node::child_of_hash`] reads of the node itself.
    #[inline]
    pub(super) fn prefetch(&self, hash: u64, level: u32) {
        prefetch(&self.index[way_of_hash(hash, level)]);
        prefetch(&self.children);
    }

    /// The page that has or would have the key.
    #[inline]
    pub(super) fn page(&self, at: &Locator<'_>) -> &Page<O> {
        self.page_below(at, 0)
    }

    /// As [`Node::page`], for a node of another level than the root's.
    #[inline]
    pub(super) fn page_below(&self, at: &Locator<'_>, mut level: u32) -> &Page<O> {
        let mut node = self;
        loop {
            match node.child(at, level) {
                Child::Page(page) => return page,
                Child::Node(next) => node = next,
            }
            level += 1;
        }
    }

    /// The page that has or would have the key, after copying what a snapshot shares of the way there.
    #[inline]
    pub(super) fn page_mut(&mut self, at: &Locator<'_>) -> &mut Page<O> {
        let mut node = self;
        let mut level = 0;
        loop {
            let child = usize::from(node.index[at.way(level)]);
            match &mut node.children[child].child {
                Child::Page(page) => return cow::make_mut(page),
                Child::Node(next) => node = cow::make_mut(next),
            }
            level += 1;
        }
    }

    /// The key's page if nothing between here and there is shared with a snapshot.
    pub(super) fn page_if_unshared(&mut self, at: &Locator<'_>) -> Option<&mut Page<O>> {
        let mut node = self;
        let mut level = 0;
        loop {
            let child = usize::from(node.index[at.way(level)]);
            match &mut node.children.get_mut(child)?.child {
                Child::Page(page) => return Arc::get_mut(page),
                Child::Node(next) => node = Arc::get_mut(next)?,
            }
            level += 1;
        }
    }

    /// Runs a change on the key's page, after copying what a snapshot shares of the way there.
    pub(super) fn change<R>(
        &mut self,
        at: &Locator<'_>,
        level: u32,
        change: &mut dyn FnMut(&mut Page<O>) -> Effect<R>,
    ) -> Effect<R> {
        let way = at.way(level);
        let child = usize::from(self.index[way]);
        let effect = match &mut self.children[child].child {
            Child::Page(page) => change(cow::make_mut(page)),
            Child::Node(node) => cow::make_mut(node).change(at, level + 1, change),
        };
        let below = &mut self.children[child];
        below.count = below.count.wrapping_add_signed(effect.grew);
        self.earliest_ms = self.earliest_ms.min(below.child.earliest_ms());
        if effect.grew < 0 {
            self.shrink(way);
        }
        effect
    }

    /// Adds an entry whose key is not there.
    pub(super) fn push(&mut self, at: &Locator<'_>, level: u32, value: New<'_, O>, meta: Meta) {
        let way = at.way(level);
        let mut child = usize::from(self.index[way]);
        while let Child::Page(page) = &self.children[child].child {
            if page.len() < PAGE_ENTRIES {
                break;
            }
            self.split(at.seed, way, level);
            child = usize::from(self.index[way]);
        }
        match &mut self.children[child].child {
            Child::Page(page) => cow::make_mut(page).push(at.hash, at.key, value, meta),
            Child::Node(node) => cow::make_mut(node).push(at, level + 1, value, meta),
        }
        self.children[child].count += 1;
        if let Some(expire_at_ms) = meta.expire_at_ms {
            self.earliest_ms = self.earliest_ms.min(expire_at_ms);
        }
    }

    /// Adds entries, sorted by their hashes, to a node of a level.
    pub(super) fn extend(&mut self, picks: &[Pick], level: u32, laying: &mut Laying<O>) {
        if level >= LEVELS {
            return picks.iter().for_each(|pick| laying.push(self, pick, level));
        }
        let mut rest = picks;
        while let Some(pick) = rest.first() {
            let way = way_of_hash(pick.hash, level);
            let (first, count) = self.ways_of(way);
            let number = rest.partition_point(|pick| way_of_hash(pick.hash, level) < first + count);
            let below = &mut self.children[usize::from(self.index[way])];
            if let Child::Page(page) = &below.child
                && page.len() + number > PAGE_ENTRIES
                && count > 1
            {
                self.split(laying.seed, way, level);
                continue;
            }
            below.extend(&rest[..number], level, laying);
            self.earliest_ms = self.earliest_ms.min(below.child.earliest_ms());
            rest = &rest[number..];
        }
    }

    /// Gives each way of a root a child of its own. Returns them in the order of the ways.
    pub(super) fn spread(&mut self, seed: Seed) -> impl Iterator<Item = &mut Below<O>> {
        while let Some(way) = (0..WAYS).find(|way| self.ways_of(*way).1 > 1) {
            self.split(seed, way, 0);
        }
        let mut children: Vec<_> = self.children.iter_mut().map(Some).collect();
        self.index.iter().filter_map(move |child| children[usize::from(*child)].take())
    }

    /// Finds the bound of expiry times anew.
    pub(super) fn refresh_earliest(&mut self) {
        let earliest_ms = self.children.iter().map(|below| below.child.earliest_ms());
        self.earliest_ms = earliest_ms.min().unwrap_or(i64::MAX);
    }

    /// The first way of a child and the number of its ways.
    fn ways_of(&self, way: usize) -> (usize, usize) {
        let child = self.index[way];
        let first =
            self.index[..way].iter().rposition(|other| *other != child).map_or(0, |at| at + 1);
        let count = self.index[first..].iter().take_while(|other| **other == child).count();
        (first, count)
    }

    /// Splits the page of a way: between two halves of its ways, or, if it has but one, into a node of the next level.
    fn split(&mut self, seed: Seed, at_way: usize, level: u32) {
        let child = usize::from(self.index[at_way]);
        let (first, count) = self.ways_of(at_way);
        if count == 1 {
            return self.children[child].deepen();
        }
        let Child::Page(page) = &mut self.children[child].child else { return };
        let (middle, end) = (first + count / 2, first + count);
        let page = cow::make_mut(page);
        let left = page.split(seed, |hash, key| way(seed, hash, key, level) >= middle);
        let (stayed, count) = (page.len() as u64, left.len() as u64);
        self.children[child].count = stayed;
        let number = self.children.len();
        self.index[middle..end].fill(number as u8);
        self.children.push(Below { child: Child::Page(Arc::new(left)), count });
    }

    /// Joins a page that has become small with its neighbour, and a node that has become small into one page.
    fn shrink(&mut self, way: usize) {
        let child = usize::from(self.index[way]);
        match &self.children[child].child {
            Child::Node(node) => {
                if let [Below { child: Child::Page(page), .. }] = &node.children[..] {
                    self.children[child].child = Child::Page(page.clone());
                } else {
                    return;
                }
            }
            Child::Page(page) if page.len() > JOIN_ENTRIES / 2 => return,
            Child::Page(_) => {}
        }
        loop {
            let (first, count) = self.ways_of(way);
            if count == WAYS {
                return;
            }
            // The other half of the aligned pair.
            let other_first = first ^ count;
            let (other_start, other_count) = self.ways_of(other_first);
            let (mine, others) =
                (usize::from(self.index[way]), usize::from(self.index[other_first]));
            if (other_start, other_count) != (other_first, count)
                || self.children[mine].count + self.children[others].count > JOIN_ENTRIES as u64
            {
                return;
            }
            let Below { child: Child::Page(gone), count: more } = self.children[others].clone()
            else {
                return;
            };
            let Child::Page(page) = &mut self.children[mine].child else { return };
            cow::make_mut(page).absorb(&gone);
            self.children[mine].count += more;
            self.index[other_first..other_first + count].fill(mine as u8);
            self.drop_child(others);
        }
    }

    /// Removes a child that no way leads to; the last one takes its number.
    fn drop_child(&mut self, child: usize) {
        let last = self.children.len() - 1;
        self.children.swap_remove(child);
        for way in &mut self.index {
            if usize::from(*way) == last {
                *way = child as u8;
            }
        }
    }

    /// The entry at a rank in the order of the walk.
    pub(super) fn nth(&self, mut rank: u64) -> Option<Entry<'_, O>> {
        let mut node = self;
        'levels: loop {
            for (child, _) in node.ordered() {
                let count = node.children[child].count;
                if rank >= count {
                    rank -= count;
                    continue;
                }
                match &node.children[child].child {
                    Child::Page(page) => return Some(page.entry(rank as usize)),
                    Child::Node(next) => {
                        node = next;
                        continue 'levels;
                    }
                }
            }
            return None;
        }
    }

    /// Hands over keys whose time has passed, and finds the bounds of the times anew where it looks. Stops at `max`.
    pub(super) fn expired(&mut self, now_ms: i64, max: usize, found: &mut Vec<Vec<u8>>) {
        if self.earliest_ms > now_ms {
            return;
        }
        for Below { child, .. } in &mut self.children {
            if found.len() >= max {
                return;
            }
            if child.earliest_ms() > now_ms {
                continue;
            }
            match child {
                Child::Node(node) => match Arc::get_mut(node) {
                    Some(node) => node.expired(now_ms, max, found),
                    None => node.find_expired(now_ms, max, found),
                },
                Child::Page(page) => {
                    let before = found.len();
                    page_expired(page, now_ms, found);
                    if found.len() == before
                        && let Some(page) = Arc::get_mut(page)
                    {
                        page.refresh_earliest();
                    }
                }
            }
        }
        self.refresh_earliest();
    }

    /// As [`Node::expired`], where a snapshot shares the node.
    fn find_expired(&self, now_ms: i64, max: usize, found: &mut Vec<Vec<u8>>) {
        for Below { child, .. } in &self.children {
            if found.len() >= max {
                return;
            }
            match child {
                _ if child.earliest_ms() > now_ms => {}
                Child::Node(node) => node.find_expired(now_ms, max, found),
                Child::Page(page) => page_expired(page, now_ms, found),
            }
        }
    }

    /// Bytes allocated below this node, itself included.
    pub(super) fn allocated_bytes(&self) -> usize {
        let own = size_of::<Node<O>>() + 8 + self.children.capacity() * size_of::<Below<O>>();
        let below = self.children.iter().map(|below| match &below.child {
            Child::Page(page) => size_of::<Page<O>>() + 8 + page.allocated_bytes(),
            Child::Node(node) => node.allocated_bytes(),
        });
        own + below.sum::<usize>()
    }
}

fn page_expired<O: Clone>(page: &Page<O>, now_ms: i64, found: &mut Vec<Vec<u8>>) {
    let expired =
        page.entries().filter(|entry| entry.meta.expire_at_ms.is_some_and(|at| at <= now_ms));
    found.extend(expired.map(|entry| entry.key.to_vec()));
}
