//! `slots map`: how the keys of a file spread over slots and nodes, and which slots and hash tags
//! are the biggest, in bounded memory.

mod report;

pub use self::report::{Detail, report};
pub(in crate::tool) use self::report::{biggest_slots, biggest_tags, ranges_text, skew};

use super::heavy::{Heavy, HeavyHitters};
use super::info::Volume;
use crate::base::limits::SLOTS;
use crate::base::slot::{hash_tag, key_slot};
use crate::cluster::Layout;
use crate::feed::parallel::{Outcome, Stop, Turn};
use crate::feed::{self, Batch, Control, Ending, Failure, Filter, Input, Worker};
use crate::rdb::{Entry, Error, Record, Scratch};
use std::convert::Infallible;
use std::io;

/// Number of slots.
const SLOT_COUNT: usize = SLOTS as usize;

/// Hash tags watched per thread.
const TAGS_WATCHED: usize = 4096;

/// How to count.
#[derive(Debug, Clone)]
pub struct Options {
    /// Which keys.
    pub filter: Filter,
    /// Threads that decode.
    pub threads: usize,
}

/// How keys spread. Bytes are those of the file.
#[derive(Debug, Clone)]
pub struct SlotMap {
    /// The input's name.
    pub name: String,
    /// Keys of each slot.
    slots: Vec<Volume>,
    /// Hash tags, the heaviest kept.
    tags: HeavyHitters,
    /// Keys with a hash tag.
    pub tagged: Volume,
    /// Keys in other databases than 0, which most clusters do not have.
    pub outside_db_0: u64,
    /// The end of the data, if it was reached.
    pub ending: Option<Ending>,
}

impl SlotMap {
    /// A map without keys.
    pub(in crate::tool) fn empty(name: String) -> SlotMap {
        SlotMap {
            name,
            slots: vec![Volume::default(); SLOT_COUNT],
            tags: HeavyHitters::new(TAGS_WATCHED),
            tagged: Volume::default(),
            outside_db_0: 0,
            ending: None,
        }
    }

    /// Counts a key.
    pub(in crate::tool) fn add(&mut self, key: &[u8], bytes: u64) {
        if let Some(volume) = self.slots.get_mut(usize::from(key_slot(key))) {
            volume.add(bytes);
        }
        if let Some(tag) = hash_tag(key) {
            self.tagged.add(bytes);
            self.tags.add(tag, bytes);
        }
    }

    /// What is in a slot.
    pub fn slot(&self, slot: u16) -> Volume {
        self.slots.get(usize::from(slot)).copied().unwrap_or_default()
    }

    /// Every slot with what is in it.
    pub fn slots(&self) -> impl Iterator<Item = (u16, Volume)> + '_ {
        (0u16..).zip(self.slots.iter().copied())
    }

    /// All keys.
    pub fn total(&self) -> Volume {
        self.slots().fold(Volume::default(), |mut sum, (_, volume)| {
            sum += volume;
            sum
        })
    }

    /// What each node of a layout has, and last what nobody has.
    pub fn by_owner(&self, layout: &Layout) -> (Vec<Volume>, Volume) {
        let mut owners = vec![Volume::default(); layout.owners().len()];
        let mut nobody = Volume::default();
        for (slot, volume) in self.slots() {
            match layout.index_of(slot).and_then(|index| owners.get_mut(index)) {
                Some(sum) => *sum += volume,
                None => nobody += volume,
            }
        }
        (owners, nobody)
    }

    /// The slots with the most bytes, heaviest first; none that are empty.
    pub fn biggest_slots(&self, top: usize) -> Vec<(u16, Volume)> {
        let mut slots: Vec<_> = self.slots().filter(|(_, volume)| volume.count > 0).collect();
        slots.sort_by_key(|(slot, volume)| (std::cmp::Reverse(volume.bytes), *slot));
        slots.truncate(top);
        slots
    }

    /// The hash tags with the most bytes, heaviest first.
    pub fn biggest_tags(&self, top: usize) -> Vec<(&[u8], Heavy)> {
        self.tags.top(top)
    }
}

/// Counts batches.
struct Counter {
    filter: Filter,
    scratch: Scratch,
    slots: Vec<Volume>,
    tags: HeavyHitters,
    tagged: Volume,
    outside_db_0: u64,
}

impl Counter {
    fn new(filter: &Filter) -> Counter {
        Counter {
            filter: filter.clone(),
            scratch: Scratch::default(),
            slots: vec![Volume::default(); SLOT_COUNT],
            tags: HeavyHitters::new(TAGS_WATCHED),
            tagged: Volume::default(),
            outside_db_0: 0,
        }
    }

    #[inline]
    fn entry(&mut self, entry: &Entry<'_>) -> Result<(), Error> {
        if !self.filter.accepts(entry, &mut self.scratch)? {
            return Ok(());
        }
        let key = entry.key()?;
        let bytes = entry.span.end - entry.span.start;
        if let Some(volume) = self.slots.get_mut(usize::from(key_slot(&key))) {
            volume.add(bytes);
        }
        if let Some(tag) = hash_tag(&key) {
            self.tagged.add(bytes);
            self.tags.add(tag, bytes);
        }
        self.outside_db_0 += u64::from(entry.db != 0);
        Ok(())
    }
}

impl Worker for Counter {
    type Error = Infallible;

    fn batch(&mut self, batch: &Batch<'_>, _: &mut Turn<'_>) -> Result<(), Stop<Infallible>> {
        let mut records = batch.records();
        while let Some(record) = records.next()? {
            if let Record::Key(entry) = record {
                self.entry(&entry)?;
            }
        }
        Ok(())
    }
}

/// Counts the keys of an input by slot. What stands before damage is counted all the same.
pub fn map(
    input: &mut Input,
    options: &Options,
    control: &Control,
) -> (SlotMap, Result<(), Failure<Infallible>>) {
    let threads = options.threads.max(1);
    let mut workers: Vec<_> = (0..threads).map(|_| Counter::new(&options.filter)).collect();
    let (ending, done) = match feed::run(input, &mut workers, &mut io::sink(), control) {
        Ok(Outcome::Complete(ending)) => (Some(ending), Ok(())),
        Ok(Outcome::Enough) => (None, Ok(())),
        Err(failure) => (None, Err(failure)),
    };
    let mut map = SlotMap { ending, ..SlotMap::empty(input.name.clone()) };
    for worker in workers {
        for (sum, volume) in map.slots.iter_mut().zip(worker.slots) {
            *sum += volume;
        }
        map.tags.merge(worker.tags);
        map.tagged += worker.tagged;
        map.outside_db_0 += worker.outside_db_0;
    }
    (map, done)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(keys: &[&str]) -> Vec<u8> {
        let mut file = b"REDIS0011\xfe\x00".to_vec();
        for key in keys {
            file.extend([0, u8::try_from(key.len()).unwrap()]);
            file.extend(key.as_bytes());
            file.extend(b"\x01v");
        }
        file.extend(b"\xff\0\0\0\0\0\0\0\0");
        file
    }

    fn map_of(keys: &[&str]) -> SlotMap {
        let reader = Box::new(io::Cursor::new(file(keys)));
        let mut input = Input::from_reader("test".into(), reader, None).unwrap();
        let options = Options { filter: Filter::new(0), threads: 2 };
        let (map, done) = map(&mut input, &options, &Control::default());
        assert!(done.is_ok());
        map
    }

    #[test]
    fn keys_are_counted_by_slot_node_and_tag() {
        let map = map_of(&["foo", "{bar}1", "{bar}2", "{x}"]);
        assert_eq!(map.slot(12182).count, 1);
        assert_eq!(map.slot(key_slot(b"bar")), Volume { count: 2, bytes: 20 });
        assert_eq!(map.total().count, 4);
        assert_eq!(map.tagged.count, 3);
        let tags = map.biggest_tags(1);
        let heavy = Heavy { keys: 2, bytes: 20, error_bytes: 0 };
        assert_eq!(tags, [(&b"bar"[..], heavy)]);
        assert_eq!(map.biggest_slots(10).len(), 3);
        let layout = Layout::equal(3).unwrap();
        let (owners, nobody) = map.by_owner(&layout);
        assert_eq!(owners.iter().map(|volume| volume.count).sum::<u64>(), 4);
        assert_eq!(nobody.count, 0);
        let sections = report(&map, &layout, 10, Detail::EverySlot).sections;
        assert!(sections.iter().any(|section| section.name() == "slots"));
    }
}
