//! The second pass: finds the keys whose hashes occur more than once.

use super::file::FileState;
use super::finding::Finding;
use super::identity::Seeds;
use super::rules::Id;
use super::worker::key_hash;
use crate::feed::Batch;
use crate::feed::parallel::{Stop, Turn, Worker};
use crate::rdb::{Entry, KeyPath, Record, Span};
use std::collections::{HashMap, HashSet};
use std::convert::Infallible;
use std::io;
use std::sync::{Mutex, PoisonError};

/// Keys kept before they are merged.
const FOUND_MAX: usize = 1024;

/// What all threads share.
pub(super) struct Located<'s> {
    pub(super) seeds: &'s Seeds,
    /// Hashes that occur more than once.
    pub(super) wanted: HashSet<u64, foldhash::fast::RandomState>,
    /// Where the key with these hashes was first seen.
    pub(super) first: Mutex<HashMap<[u64; 2], u64>>,
    pub(super) state: &'s Mutex<FileState>,
}

/// A key that may occur twice.
struct Found {
    hashes: [u64; 2],
    span: Span,
    path: KeyPath,
}

/// One thread's part.
pub(super) struct Locator<'s> {
    shared: &'s Located<'s>,
    found: Vec<Found>,
}

impl<'s> Locator<'s> {
    /// A thread's part with nothing found.
    pub(super) fn new(shared: &'s Located<'s>) -> Self {
        Locator { shared, found: Vec::new() }
    }

    #[inline]
    fn entry(&mut self, entry: &Entry<'_>) {
        // A key that cannot be read was reported by the first pass.
        let Ok(key) = entry.key() else { return };
        let hash = key_hash(self.shared.seeds, entry.db, &key);
        if !self.shared.wanted.contains(&hash) {
            return;
        }
        let mut path = entry.path();
        path.key.truncate(super::finding::KEY_BYTES_MAX);
        self.found.push(Found {
            hashes: self.shared.seeds.both(entry.db, &key),
            span: entry.span.clone(),
            path,
        });
    }

    fn merge(&mut self, turn: &mut Turn<'_>) -> io::Result<()> {
        turn.flush()?;
        let shared = self.shared;
        let mut first = shared.first.lock().unwrap_or_else(PoisonError::into_inner);
        let mut state = shared.state.lock().unwrap_or_else(PoisonError::into_inner);
        for found in self.found.drain(..) {
            let Some(offset) = first.get(&found.hashes) else {
                first.insert(found.hashes, found.span.start);
                continue;
            };
            state.findings.add(Id::DuplicateKey, |id| {
                let (db, bytes) = (found.path.db, found.span.end - found.span.start);
                let message = format!("the key stands twice in database {db}, first at {offset}");
                let finding = Finding::new(id, message).at(found.span.start);
                finding.long(bytes).in_key(found.path)
            });
        }
        Ok(())
    }
}

impl Worker for Locator<'_> {
    type Error = Infallible;

    fn batch(&mut self, batch: &Batch<'_>, turn: &mut Turn<'_>) -> Result<(), Stop<Infallible>> {
        let mut records = batch.records();
        while let Some(record) = records.next()? {
            if let Record::Key(entry) = &record {
                self.entry(entry);
            }
            if self.found.len() >= FOUND_MAX {
                self.merge(turn)?;
            }
        }
        self.merge(turn)?;
        Ok(())
    }
}
