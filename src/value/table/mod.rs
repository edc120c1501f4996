//! A persistent hash table of byte strings: the keys of a database, and the fields and members of large collections.
//!
//! Entries live in pages of up to 63, short strings and all, and pages hang from a tree that is led by the bits of the key's
//! hash. Everything is counted by reference: a clone of the table costs one count, and a change copies the page it touches and
//! the nodes above, each at most once per clone, and only while a clone is alive.
//!
//! ```text
//!              node: 64 ways, by the topmost 6 bits of the hash
//!            /      |        \
//!        page     page      node: by the next 6 bits
//!     (ways 0-31) (32-47)     /      \
//!                           page     page
//! ```
//!
//! The tree grows by splitting one page at a time, so no insertion waits for a rehash. The order of the entries is the order of
//! their hashes, which never changes: a cursor for [`Table::scan`] is a hash, and stays right while the table grows and shrinks.

mod ahead;
mod bulk;
mod hash;
mod node;
mod page;
mod tags;
mod walk;

#[cfg(test)]
mod tests;

pub use bulk::{Repeat, Size, Stack};
pub use hash::Seed;
pub use page::{Entry, Meta, New, Stored};
pub use walk::Iter;

pub use node::{Locator, Part};

use crate::base::cow;
use node::{Effect, Node};
use page::Page;
use triomphe::Arc;

/// Whether a string may be stored as [`New::Bytes`]; a longer one must be an object.
pub fn fits(value: &[u8]) -> bool {
    page::fits(value)
}

/// A table. Cloning it costs nothing that grows with its size.
#[derive(Debug)]
pub struct Table<O> {
    root: Arc<Node<O>>,
    len: u64,
    /// Entries that have an expiry time.
    expiring: u64,
    seed: Seed,
}

impl<O> Clone for Table<O> {
    fn clone(&self) -> Self {
        Table { root: self.root.clone(), len: self.len, expiring: self.expiring, seed: self.seed }
    }
}

/// Where in its page a key's entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found(usize);

/// What an entry held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removed<O> {
    /// Its value, if that was an object.
    pub object: Option<O>,
    /// What stood beside it.
    pub meta: Meta,
}

impl<O: Clone> Table<O> {
    /// An empty table whose order follows from the seed.
    pub fn new(seed: Seed) -> Table<O> {
        Table { root: Arc::new(Node::new()), len: 0, expiring: 0, seed }
    }

    /// The entries in some dozens of parts, to be freed one after the other; none if a snapshot sees them.
    pub fn into_parts(self) -> Vec<Part<O>> {
        node::parts(self.root)
    }

    /// Number of entries.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Number of entries that have an expiry time.
    pub fn expiring(&self) -> u64 {
        self.expiring
    }

    /// What the order of the entries follows from.
    pub fn seed(&self) -> Seed {
        self.seed
    }

    /// A time before which no entry expires; `None` if none ever does.
    pub fn earliest_ms(&self) -> Option<i64> {
        let earliest_ms = self.root.earliest_ms();
        (earliest_ms != i64::MAX).then_some(earliest_ms)
    }

    /// Where a key belongs, for those who need it more than once.
    #[inline]
    pub fn locate<'k>(&self, key: &'k [u8]) -> Locator<'k> {
        Locator { seed: self.seed, hash: self.seed.hash(key), key }
    }

    /// The entry of a key.
    #[inline]
    pub fn get(&self, key: &[u8]) -> Option<Entry<'_, O>> {
        self.get_at(&self.locate(key))
    }

    /// As [`Table::get`], for a key that was located.
    #[inline]
    pub fn get_at(&self, at: &Locator<'_>) -> Option<Entry<'_, O>> {
        let page = self.root.page(at);
        page.find(at.hash, at.key).map(|index| page.entry(index))
    }

    /// Looks for a key that was located. What it gives leads to the entry until an entry is added or removed.
    #[inline]
    pub fn find(&self, at: &Locator<'_>) -> Option<Found> {
        self.root.page(at).find(at.hash, at.key).map(Found)
    }

    /// The entry of a key that was found.
    #[inline]
    pub fn entry(&self, at: &Locator<'_>, found: Found) -> Entry<'_, O> {
        self.root.page(at).entry(found.0)
    }

    /// The value of a key that was found.
    #[inline]
    pub fn value(&self, at: &Locator<'_>, found: Found) -> Stored<'_, O> {
        self.root.page(at).value(found.0)
    }

    /// What stands beside the value of a key that was found.
    #[inline]
    pub fn meta(&self, at: &Locator<'_>, found: Found) -> Meta {
        self.root.page(at).meta_of(found.0)
    }

    /// The object that a key holds that was found, to be changed; copied first as far as a snapshot shares it.
    #[inline]
    pub fn found_object_mut(&mut self, at: &Locator<'_>, found: Found) -> Option<&mut O> {
        cow::make_mut(&mut self.root).page_mut(at).object_mut(found.0)
    }

    /// Whether a key is there.
    pub fn contains(&self, key: &[u8]) -> bool {
        let at = self.locate(key);
        self.root.page(&at).find(at.hash, key).is_some()
    }

    /// Runs a change on the page of a key that is there.
    fn change<R>(
        &mut self,
        key: &[u8],
        mut change: impl FnMut(&mut Page<O>, usize) -> Effect<R>,
    ) -> Option<R> {
        let at = self.locate(key);
        // Looked for first, so that a key that is not there copies nothing.
        let index = self.root.page(&at).find(at.hash, key)?;
        Some(self.change_at(&at, |page| change(page, index)))
    }

    /// Runs a change on the page of a key.
    fn change_at<R>(
        &mut self,
        at: &Locator<'_>,
        change: impl FnOnce(&mut Page<O>) -> Effect<R>,
    ) -> R {
        let root = cow::make_mut(&mut self.root);
        let page = root.page_mut(at);
        let before_ms = page.earliest_ms();
        let effect = change(page);
        // Nothing above the page changes but bounds and counts.
        if effect.grew != 0 || page.earliest_ms() < before_ms {
            let grew = effect.grew;
            root.change(at, 0, &mut |_| Effect { grew, result: () });
            self.len = self.len.wrapping_add_signed(grew);
        }
        effect.result
    }

    /// Sets a key's value and what stands beside it. Returns what was there.
    #[inline]
    pub fn insert(&mut self, key: &[u8], value: New<'_, O>, meta: Meta) -> Option<Meta> {
        self.insert_at(&self.locate(key), value, meta).map(|old| old.meta)
    }

    /// As [`Table::insert`], for a key that was located, and with the object that was there.
    pub fn insert_at(
        &mut self,
        at: &Locator<'_>,
        value: New<'_, O>,
        meta: Meta,
    ) -> Option<Removed<O>> {
        self.expiring += u64::from(meta.expire_at_ms.is_some());
        // Whether the key is there or not, its page is written: one way down the tree serves for looking and writing.
        let root = cow::make_mut(&mut self.root);
        let page = root.page_mut(at);
        let Some(index) = page.find(at.hash, at.key) else {
            root.push(at, 0, value, meta);
            self.len += 1;
            return None;
        };
        let before_ms = page.earliest_ms();
        let old = Removed { meta: page.meta_of(index), object: page.replace(index, value, meta) };
        if page.earliest_ms() < before_ms {
            root.change(at, 0, &mut |_| Effect { grew: 0, result: () });
        }
        self.expiring -= u64::from(old.meta.expire_at_ms.is_some());
        Some(old)
    }

    /// Puts a short string that follows from what a key holds in its place, in one look at the key's page. `follow` is told what
    /// the key holds, and gives the string and something for the caller. The string was not put there, and false comes along, if
    /// the key is not there or holds no string of that length.
    pub fn follow<T: AsRef<[u8]>, R, E>(
        &mut self,
        at: &Locator<'_>,
        access: u32,
        mark: u8,
        follow: impl FnOnce(Option<Stored<'_, O>>) -> Result<(T, R), E>,
    ) -> Result<(T, R, bool), E> {
        let page = cow::make_mut(&mut self.root).page_mut(at);
        let index = page.find(at.hash, at.key);
        let (text, result) = follow(index.map(|index| page.value(index)))?;
        let done = index.is_some_and(|index| page.overwrite(index, text.as_ref(), access, mark));
        Ok((text, result, done))
    }

    /// As [`Table::insert_at`], for a key that was found, or was not.
    #[inline]
    pub fn insert_found(
        &mut self,
        at: &Locator<'_>,
        found: Option<Found>,
        value: New<'_, O>,
        meta: Meta,
    ) -> Option<Removed<O>> {
        self.expiring += u64::from(meta.expire_at_ms.is_some());
        let Some(Found(index)) = found else {
            cow::make_mut(&mut self.root).push(at, 0, value, meta);
            self.len += 1;
            return None;
        };
        let old = self.change_at(at, |page| {
            let meta_before = page.meta_of(index);
            let object = page.replace(index, value, meta);
            Effect { grew: 0, result: Removed { object, meta: meta_before } }
        });
        self.expiring -= u64::from(old.meta.expire_at_ms.is_some());
        Some(old)
    }

    /// Removes a key.
    pub fn remove(&mut self, key: &[u8]) -> Option<Removed<O>> {
        let removed = self.change(key, |page, index| {
            let meta = page.meta_of(index);
            Effect { grew: -1, result: Removed { object: page.remove(index), meta } }
        })?;
        self.expiring -= u64::from(removed.meta.expire_at_ms.is_some());
        Some(removed)
    }

    /// Changes what stands beside a key's value. Returns what stood there.
    pub fn set_meta(&mut self, key: &[u8], meta: Meta) -> Option<Meta> {
        let old = self.change(key, |page, index| {
            let old = page.meta_of(index);
            if old != meta {
                page.set_meta(index, meta);
            }
            Effect { grew: 0, result: old }
        })?;
        self.expiring += u64::from(meta.expire_at_ms.is_some());
        self.expiring -= u64::from(old.expire_at_ms.is_some());
        Some(old)
    }

    /// Runs a change on the object that a key holds.
    pub fn with_object<R>(&mut self, key: &[u8], change: impl FnOnce(&mut O) -> R) -> Option<R> {
        let mut change = Some(change);
        self.change(key, |page, index| {
            let result =
                page.object_mut(index).zip(change.take()).map(|(object, change)| change(object));
            Effect { grew: 0, result }
        })?
    }

    /// The object that a key holds, to be changed; copied first as far as a snapshot shares it.
    #[inline]
    pub fn object_mut(&mut self, key: &[u8]) -> Option<&mut O> {
        self.object_mut_at(&self.locate(key))
    }

    /// As [`Table::object_mut`], for a key that was located.
    pub fn object_mut_at(&mut self, at: &Locator<'_>) -> Option<&mut O> {
        let found = self.find(at)?;
        self.found_object_mut(at, found)
    }

    /// Runs a change on the bytes of a short string, whose length stays.
    pub fn with_bytes<R>(&mut self, key: &[u8], change: impl FnOnce(&mut [u8]) -> R) -> Option<R> {
        let mut change = Some(change);
        self.change(key, |page, index| {
            let result =
                page.bytes_mut(index).zip(change.take()).map(|(bytes, change)| change(bytes));
            Effect { grew: 0, result }
        })?
    }

    /// Notes a use of the entry, unless a snapshot shares it: a note is not worth a copy.
    pub fn touch(&mut self, key: &[u8], access: u32) {
        let at = self.locate(key);
        if let Some(found) = self.find(&at) {
            self.touch_found(&at, found, access);
        }
    }

    /// As [`Table::touch`], for a key that was found.
    #[inline]
    pub fn touch_found(&mut self, at: &Locator<'_>, found: Found, access: u32) {
        if let Some(page) = Arc::get_mut(&mut self.root).and_then(|root| root.page_if_unshared(at))
        {
            page.touch(found.0, access);
        }
    }

    /// Looks for a key that was located, and notes a use of its entry as [`Table::touch`] does.
    #[inline]
    pub fn find_to_use(&mut self, at: &Locator<'_>, access: u32) -> Option<Found> {
        match Arc::get_mut(&mut self.root).and_then(|root| root.page_if_unshared(at)) {
            Some(page) => {
                let index = page.find(at.hash, at.key)?;
                page.touch(index, access);
                Some(Found(index))
            }
            None => self.find(at),
        }
    }

    /// The entry at a rank in the table's order; a random rank gives each entry with equal chance.
    pub fn nth(&self, rank: u64) -> Option<Entry<'_, O>> {
        if rank < self.len { self.root.nth(rank) } else { None }
    }

    /// Keys whose time has passed, at least `max` of them if there are as many, and at most a page more.
    pub fn expired(&mut self, now_ms: i64, max: usize) -> Vec<Vec<u8>> {
        let mut found = Vec::new();
        if self.root.earliest_ms() <= now_ms {
            cow::make_mut(&mut self.root).expired(now_ms, max, &mut found);
        }
        found
    }

    /// Bytes allocated for the table itself and all strings in it that are no objects.
    pub fn allocated_bytes(&self) -> usize {
        self.root.allocated_bytes()
    }
}
