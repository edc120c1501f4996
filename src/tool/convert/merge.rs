//! Finds keys of one name in several inputs, before anything is written.

use super::{ConvertError, OnDuplicate, Options, SourceFormat};
use crate::base::extsort::{Sorted, Sorter};
use crate::feed::parallel::Stop;
use crate::feed::{self, Batch, Control, Failure, Filter, Input, Turn, Worker};
use crate::rdb::{Record, Scratch};
use crate::tool::Problem;
use std::hash::BuildHasher;
use std::io;

/// Memory for the records of all keys, in bytes.
const SORT_BYTES: usize = 24 << 20;

/// Entries of one input that are not written, by their offset.
#[derive(Debug, Default, Clone)]
pub(super) struct Losers(Vec<u64>);

impl Losers {
    /// Whether every entry is written.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the entry at this offset is left out.
    pub(super) fn contains(&self, offset: u64) -> bool {
        self.0.binary_search(&offset).is_ok()
    }
}

/// Hash of database and name, input, offset, expiry (none as the highest).
type Key = [u64; 4];

struct Collector<'c> {
    input: u64,
    options: &'c Options,
    filter: &'c Filter,
    hasher: &'c foldhash::quality::RandomState,
    scratch: Scratch,
    sorter: Sorter<Key>,
}

impl Worker for Collector<'_> {
    type Error = anyhow::Error;

    fn batch(&mut self, batch: &Batch<'_>, _: &mut Turn<'_>) -> Result<(), Stop<anyhow::Error>> {
        let transform = &self.options.transform;
        let mut records = batch.records();
        while let Some(record) = records.next()? {
            let Record::Key(entry) = record else { continue };
            if !self.filter.accepts(&entry, &mut self.scratch)? {
                continue;
            }
            let key = transform.key(entry.key()?);
            let hash = self.hasher.hash_one((transform.db(entry.db), &*key));
            let expire = entry.attributes.expire_at_ms;
            let expire = expire.map_or(u64::MAX, |ms| u64::try_from(ms).unwrap_or(0));
            self.sorter.push([hash, self.input, entry.span.start, expire])?;
        }
        Ok(())
    }
}

/// Finds what must be left out of each input. Inputs of other formats have become RDB files where
/// that matters.
pub(super) fn find(
    inputs: &mut [(Input, SourceFormat)],
    options: &Options,
    control: &Control,
) -> Result<Vec<Losers>, (usize, ConvertError)> {
    let mut losers = vec![Losers::default(); inputs.len()];
    if inputs.len() < 2 && !options.transform.can_collide() {
        return Ok(losers);
    }
    let hasher = foldhash::quality::RandomState::default();
    let mut sorters = Vec::new();
    let share = SORT_BYTES / inputs.len().max(1);
    let mut behind_bytes = 0;
    for (i, (input, format)) in inputs.iter_mut().enumerate() {
        control.begin_input(behind_bytes);
        behind_bytes += super::size_bytes(input);
        if *format != SourceFormat::Rdb {
            continue;
        }
        let mut collector = Collector {
            input: i as u64,
            options,
            filter: &options.filter,
            hasher: &hasher,
            scratch: Scratch::default(),
            sorter: Sorter::new(share),
        };
        feed::run(input, std::slice::from_mut(&mut collector), &mut io::sink(), control)
            .map_err(|e| (i, e))?;
        sorters.push(collector.sorter);
    }
    let write = |e| (0, Failure::Write(e));
    let mut sources = Vec::new();
    for sorter in sorters {
        sources.push(sorter.finish().map_err(write)?);
    }
    let mut merged = Merged::new(sources).map_err(write)?;
    let mut group: Vec<Key> = Vec::new();
    loop {
        let next = merged.next().map_err(write)?;
        let same = next.as_ref().zip(group.first()).is_some_and(|(a, b)| a[0] == b[0]);
        if !same {
            settle(&group, options, inputs, &mut losers)?;
            group.clear();
        }
        match next {
            Some(key) => group.push(key),
            None => break,
        }
    }
    for losers in &mut losers {
        losers.0.sort_unstable();
    }
    Ok(losers)
}

/// Several sorted sources as one.
struct Merged {
    sources: Vec<(Option<Key>, Sorted<Key>)>,
}

impl Merged {
    fn new(sources: Vec<Sorted<Key>>) -> io::Result<Merged> {
        let mut merged = Merged { sources: Vec::new() };
        for mut source in sources {
            merged.sources.push((source.next()?, source));
        }
        Ok(merged)
    }

    fn next(&mut self) -> io::Result<Option<Key>> {
        let least = self
            .sources
            .iter_mut()
            .filter(|(head, _)| head.is_some())
            .min_by_key(|(head, _)| *head);
        let Some((head, source)) = least else { return Ok(None) };
        Ok(std::mem::replace(head, source.next()?))
    }
}

/// The name and database of the entry at an offset.
fn name_at(inputs: &[(Input, SourceFormat)], input: u64, offset: u64) -> Option<Vec<u8>> {
    use crate::rdb::{Context, Header, Parser, Step};
    let (input, _) = inputs.get(usize::try_from(input).ok()?)?;
    let feed::input::Bytes::Map(map) = &input.bytes else { return None };
    let header = Header::parse(map.first_chunk()?)?;
    let rest = map.get(usize::try_from(offset).ok()?..)?;
    match Parser::resume(Context::new(header), offset).parse(rest, true) {
        Ok(Step::Record(_, Record::Key(entry))) => entry.key().ok().map(|key| key.into_owned()),
        _ => None,
    }
}

/// Decides about entries of one name.
fn settle(
    group: &[Key],
    options: &Options,
    inputs: &[(Input, SourceFormat)],
    losers: &mut [Losers],
) -> Result<(), (usize, ConvertError)> {
    if group.len() < 2 {
        return Ok(());
    }
    // Hashes of 64 bits are equal for different names once in a great while.
    let mut by_name: Vec<(Vec<u8>, Vec<Key>)> = Vec::new();
    for key in group {
        let name = name_at(inputs, key[1], key[2]).unwrap_or_default();
        let name = options.transform.key(name.into()).into_owned();
        match by_name.iter_mut().find(|(known, _)| *known == name) {
            Some((_, keys)) => keys.push(*key),
            None => by_name.push((name, vec![*key])),
        }
    }
    for (name, mut keys) in by_name {
        if keys.len() < 2 {
            continue;
        }
        keys.sort_unstable_by_key(|key| (key[1], key[2]));
        let winner = match options.on_duplicate {
            OnDuplicate::Fail => {
                let input = keys.last().map_or(0, |key| usize::try_from(key[1]).unwrap_or(0));
                let problem = Problem::Refused {
                    message: format!("key \"{}\" is there more than once", name.escape_ascii()),
                    hint: "--on-duplicate first, last or newest-expiry chooses one".into(),
                };
                return Err((input, Failure::Worker(problem.into())));
            }
            OnDuplicate::First => keys.first(),
            OnDuplicate::Last => keys.last(),
            OnDuplicate::NewestExpiry => keys.iter().rev().max_by_key(|key| key[3]),
        };
        let winner = winner.copied();
        for key in keys.iter().filter(|key| Some(**key) != winner) {
            let input = usize::try_from(key[1]).ok().and_then(|i| losers.get_mut(i));
            if let Some(losers) = input {
                losers.0.push(key[2]);
            }
        }
    }
    Ok(())
}
