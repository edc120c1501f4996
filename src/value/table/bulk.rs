//! Entries that come many at a time.
//!
//! Hashes lead everywhere: entries that are put into a large table one by one find each page cold, and make each grow in
//! steps. Those that come together are written down first, in the form in which pages keep them and apart by the root's ways;
//! then they are sorted by their hashes and laid page by page, so that each page is visited once and asks for memory once.
//! Ways know nothing of each other, so threads share them.

use super::Table;
use super::hash::Seed;
use super::node::{Locator, Node, WAYS, way_of_hash};
use super::page::{self, Entry, Meta, New, Object, Page, Stored};
use crate::base::background::{Background, breathe};
use crate::base::cow;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::{iter, slice};

/// Fewer entries than this are not worth a thread, nor a page for each way of the root.
const SHARED_ENTRIES: usize = 1 << 14;

/// Entries for tables of one seed, to be put there together.
#[derive(Debug)]
pub struct Stack<O> {
    seed: Seed,
    /// One for each way of a root.
    sheets: Vec<Sheet<O>>,
}

/// What there is in a [`Stack`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Size {
    /// Number of entries.
    pub entries: usize,
    /// Bytes of their stored form.
    pub bytes: usize,
    /// Keys and values that are objects.
    pub objects: usize,
}

/// Entries of one way.
#[derive(Debug)]
struct Sheet<O> {
    /// The entries, one behind the other. The number of an object in them counts from the item's first.
    heap: Vec<u8>,
    items: Vec<Item>,
    /// Each is taken once.
    objects: Vec<Option<Object<O>>>,
}

#[derive(Debug, Clone, Copy)]
struct Item {
    hash: u64,
    /// Where the entry starts in the heap.
    at: usize,
    /// Its first object. As many as this cannot count would take 96 GiB.
    object: u32,
    note: u32,
}

/// An entry that stays out of a table because its key is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repeat {
    /// The number of its stack, and what was noted beside it.
    pub place: (usize, u32),
    /// Its key.
    pub key: Vec<u8>,
}

impl<O> Sheet<O> {
    /// The stored form of an entry.
    fn entry(&self, index: usize) -> &[u8] {
        let end = self.items.get(index + 1).map_or(self.heap.len(), |next| next.at);
        &self.heap[self.items[index].at..end]
    }

    fn key(&self, index: usize) -> &[u8] {
        let first = self.items[index].object as usize;
        page::key_of(self.entry(index), |object| self.objects.get(first + object)?.as_ref())
    }
}

impl<O: Clone> Stack<O> {
    /// No entries, for tables of a seed. Room is made for about as many as another stack has.
    pub fn new(seed: Seed, like: Size) -> Stack<O> {
        // Hashes spread evenly, but not quite.
        let each = |all: usize| all / WAYS + all / WAYS / 4;
        let sheet = || Sheet {
            heap: Vec::with_capacity(each(like.bytes)),
            items: Vec::with_capacity(each(like.entries)),
            objects: Vec::with_capacity(each(like.objects)),
        };
        Stack { seed, sheets: iter::repeat_with(sheet).take(WAYS).collect() }
    }

    /// What there is in it.
    pub fn size(&self) -> Size {
        self.sheets.iter().fold(Size::default(), |all, sheet| Size {
            entries: all.entries + sheet.items.len(),
            bytes: all.bytes + sheet.heap.len(),
            objects: all.objects + sheet.objects.len(),
        })
    }

    /// Bytes allocated, without those of objects.
    pub fn allocated_bytes(&self) -> usize {
        let sheets = self.sheets.iter().map(|sheet| {
            sheet.heap.capacity()
                + sheet.items.capacity() * size_of::<Item>()
                + sheet.objects.capacity() * size_of::<Option<Object<O>>>()
        });
        sheets.sum()
    }

    /// Adds an entry, and a note to know it by.
    #[inline]
    pub fn push(&mut self, key: &[u8], value: New<'_, O>, meta: Meta, note: u32) {
        let hash = self.seed.hash(key);
        let sheet = &mut self.sheets[way_of_hash(hash, 0)];
        let (at, object) = (sheet.heap.len(), sheet.objects.len());
        page::write_new(key, value, meta, &mut sheet.heap, |new| {
            sheet.objects.push(Some(new));
            sheet.objects.len() - 1 - object
        });
        sheet.items.push(Item { hash, at, object: object as u32, note });
    }
}

/// Where an entry of a sheet belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Pick {
    pub(super) hash: u64,
    sheet: u32,
    item: u32,
}

/// Puts the entries of sheets into pages.
pub(super) struct Laying<O> {
    pub(super) seed: Seed,
    /// Sheets, and the numbers of the stacks they come from.
    sheets: Vec<(usize, Sheet<O>)>,
    /// Entries laid.
    pub(super) laid: u64,
    /// Those of them that have an expiry time.
    expiring: u64,
    repeat: Option<Repeat>,
}

impl<O: Clone> Laying<O> {
    fn new(seed: Seed, sheets: Vec<(usize, Sheet<O>)>) -> Laying<O> {
        Laying { seed, sheets, laid: 0, expiring: 0, repeat: None }
    }

    /// The entries in the order of their hashes, equal keys but once.
    fn sorted(&mut self) -> Vec<Pick> {
        let len = self.sheets.iter().map(|(_, sheet)| sheet.items.len()).sum();
        let mut picks = Vec::with_capacity(len);
        for (sheet, (_, entries)) in (0..).zip(&self.sheets) {
            let items = (0..).zip(&entries.items);
            picks.extend(items.map(|(item, Item { hash, .. })| Pick { hash: *hash, sheet, item }));
        }
        breathe();
        picks.sort_unstable();
        breathe();
        // Those that others of the same hash stand between are found later.
        picks.dedup_by(|this, earlier| {
            let is_same = this.hash == earlier.hash && self.key(this) == self.key(earlier);
            if is_same {
                self.repeats(this);
            }
            is_same
        });
        picks
    }

    fn key(&self, pick: &Pick) -> &[u8] {
        self.sheets[pick.sheet as usize].1.key(pick.item as usize)
    }

    /// Keeps the first entry that is repeated.
    fn repeats(&mut self, pick: &Pick) {
        let (stack, sheet) = &self.sheets[pick.sheet as usize];
        let place = (*stack, sheet.items[pick.item as usize].note);
        if self.repeat.as_ref().is_none_or(|repeat| place < repeat.place) {
            self.repeat = Some(Repeat { place, key: self.key(pick).to_vec() });
        }
    }

    /// Puts entries into a page that has room for them.
    pub(super) fn lay(&mut self, page: &mut Page<O>, picks: &[Pick]) {
        let was_empty = page.len() == 0;
        page.reserve(picks.iter().map(|pick| {
            let (_, sheet) = &self.sheets[pick.sheet as usize];
            sheet.entry(pick.item as usize)
        }));
        for (number, pick) in picks.iter().enumerate() {
            let may_be_there = !was_empty || number > 0 && picks[number - 1].hash == pick.hash;
            if may_be_there && page.find(pick.hash, self.key(pick)).is_some() {
                self.repeats(pick);
                continue;
            }
            let (_, sheet) = &mut self.sheets[pick.sheet as usize];
            let Sheet { heap, items, objects } = sheet;
            let index = pick.item as usize;
            let first = items[index].object as usize;
            let end = items.get(index + 1).map_or(heap.len(), |next| next.at);
            let expires = page.adopt(pick.hash, &heap[items[index].at..end], |object| {
                objects.get_mut(first + object)?.take()
            });
            self.laid += 1;
            self.expiring += u64::from(expires);
        }
    }

    /// Puts an entry below a node of a level to which hashes do not lead.
    pub(super) fn push(&mut self, node: &mut Node<O>, pick: &Pick, level: u32) {
        let key = self.key(pick);
        let at = Locator { seed: self.seed, hash: pick.hash, key };
        if node.page_below(&at, level).find(pick.hash, key).is_some() {
            return self.repeats(pick);
        }
        let mut page = Page::new();
        self.lay(&mut page, slice::from_ref(pick));
        let Entry { key, value, meta } = page.entry(0);
        let value = match value {
            Stored::Bytes(bytes) => New::Bytes(bytes),
            Stored::Object(object) => New::Object(object.clone()),
        };
        node.push(&Locator { seed: self.seed, hash: pick.hash, key }, level, value, meta);
    }
}

/// What came of putting entries into a table.
#[derive(Debug, Default)]
struct Laid {
    entries: u64,
    expiring: u64,
    repeat: Option<Repeat>,
}

impl Laid {
    fn add<O>(&mut self, laying: Laying<O>) {
        self.entries += laying.laid;
        self.expiring += laying.expiring;
        let repeats = [self.repeat.take(), laying.repeat].into_iter().flatten();
        self.repeat = repeats.min_by_key(|repeat| repeat.place);
    }
}

impl<O: Clone + Send + Sync> Table<O> {
    /// Adds entries whose keys are not there. Of those whose keys are, or come twice, the first one that is left out is
    /// returned. The stacks must be of the table's seed.
    pub fn extend(&mut self, stacks: Vec<Stack<O>>, threads: usize) -> Option<Repeat> {
        let seed = self.seed;
        let entries: usize = stacks.iter().map(|stack| stack.size().entries).sum();
        let root = cow::make_mut(&mut self.root);
        let mut all = Laid::default();
        if entries < SHARED_ENTRIES {
            let sheets = stacks.into_iter().enumerate();
            let sheets =
                sheets.flat_map(|(n, stack)| stack.sheets.into_iter().map(move |sheet| (n, sheet)));
            let mut laying = Laying::new(seed, sheets.collect());
            let picks = laying.sorted();
            root.extend(&picks, 0, &mut laying);
            all.add(laying);
        } else {
            let mut by_way: Vec<Vec<(usize, Sheet<O>)>> = Vec::new();
            by_way.resize_with(WAYS, Vec::new);
            for (number, stack) in stacks.into_iter().enumerate() {
                for (sheets, sheet) in by_way.iter_mut().zip(stack.sheets) {
                    sheets.push((number, sheet));
                }
            }
            let jobs = Mutex::new(root.spread(seed).zip(by_way));
            let laid = Mutex::new(&mut all);
            let background = Background::of_this();
            let work = || {
                background.enter();
                loop {
                    let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).next();
                    let Some((below, sheets)) = job else { return };
                    let mut laying = Laying::new(seed, sheets);
                    let picks = laying.sorted();
                    below.extend(&picks, 0, &mut laying);
                    laid.lock().unwrap_or_else(PoisonError::into_inner).add(laying);
                }
            };
            thread::scope(|scope| {
                for _ in 1..threads {
                    scope.spawn(work);
                }
                work();
            });
            drop(jobs);
            root.refresh_earliest();
        }
        self.len += all.entries;
        self.expiring += all.expiring;
        all.repeat
    }
}

#[cfg(test)]
mod tests {
    use super::super::node::LEVELS;
    use super::*;

    /// Where a hash leads no further, entries are told apart by other hashes of their keys.
    #[test]
    fn entries_of_one_hash() {
        let seed = Seed::new(5);
        let mut stack = Stack::<u64>::new(seed, Size::default());
        for n in 0..1000_u32 {
            let key = format!("key:{}", n % 900);
            let meta = Meta { expire_at_ms: Some(1000), ..Meta::default() };
            stack.push(key.as_bytes(), New::Object(u64::from(n)), meta, n);
        }
        let sheets = stack.sheets.into_iter().map(|sheet| (3, sheet)).collect();
        let mut laying = Laying::new(seed, sheets);
        let picks = laying.sorted();
        let mut node = Node::new();
        node.extend(&picks, LEVELS, &mut laying);
        assert_eq!((laying.laid, laying.expiring), (900, 900));
        assert_eq!(laying.repeat, Some(Repeat { place: (3, 900), key: b"key:0".to_vec() }));
        for n in 0..900_u64 {
            let key = format!("key:{n}").into_bytes();
            let at = Locator { seed, hash: seed.hash(&key), key: &key };
            let page = node.page_below(&at, LEVELS);
            let entry = page.entry(page.find(at.hash, &key).unwrap());
            assert_eq!(entry.value, Stored::Object(&n));
        }
    }
}
