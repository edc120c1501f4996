//! `rdb get`: single keys, through the index if there is one, else by a pass over the file.

use super::Problem;
use super::dump::{self, Halt, Source};
use super::index::{Decoder, Index};
use super::located::Located;
use super::out::{Direct, Out};
use crate::base::bulk::IntBuf;
use crate::feed::input::Bytes;
use crate::feed::map::Map;
use crate::feed::parallel::Outcome;
use crate::feed::{self, Batch, Control, Ending, Failure, Filter, Input, Turn, Worker};
use crate::rdb::{Context, Elem, Entry, Kind, Node, Record, Scratch, Visit};
use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What to get and how to write it.
#[derive(Debug, Clone)]
pub struct Options {
    /// The keys, in the order of the output.
    pub keys: Vec<Vec<u8>>,
    /// Only the first entry of each key, although several databases may have it.
    pub first: bool,
    /// Write the bytes of strings and nothing else.
    pub raw: bool,
    /// Format, and a filter on top of the names.
    pub dump: dump::Options,
}

/// How it went.
#[derive(Debug)]
pub struct Got {
    /// Keys that are not there, in the order asked for.
    pub missing: Vec<Vec<u8>>,
    /// What the file says at its end, if it was read to its end.
    pub ending: Option<Ending>,
}

/// The entries found, per distinct key.
type Found<'k> = Vec<Vec<Located<'k>>>;

/// The number of each distinct key.
type Numbers<'o> = HashMap<&'o [u8], usize>;

fn numbers(keys: &[Vec<u8>]) -> Numbers<'_> {
    let mut numbers = HashMap::new();
    for key in keys {
        let next = numbers.len();
        numbers.entry(key.as_slice()).or_insert(next);
    }
    numbers
}

/// Looks the keys up in an index.
fn look_up<'i>(
    decoder: &mut Decoder<'i>,
    index: &'i Index,
    numbers: &Numbers<'_>,
    filter: &Filter,
    scratch: &mut Scratch,
) -> Result<Found<'i>, Halt> {
    let mut found: Found<'i> = numbers.iter().map(|_| Vec::new()).collect();
    for (key, number) in numbers {
        let entries = index.find(key).map_err(|e| {
            Halt::Error(Problem::Corrupt { message: e.to_string(), offset: None }.into())
        })?;
        for entry in entries {
            let verdict = filter.decide(&entry.facts());
            if verdict == Some(false) {
                continue;
            }
            let located = decoder.locate(&entry)?;
            let passes = verdict.is_some()
                || located.read(decoder.rdb(), |entry| Ok(filter.accepts(entry, scratch)?))?;
            if let (true, Some(list)) = (passes, found.get_mut(*number)) {
                list.push(located);
            }
        }
    }
    Ok(found)
}

/// What the workers of a pass find together.
struct Finds {
    found: Found<'static>,
    /// Distinct keys of which nothing has been found.
    left: usize,
    /// Records found, where the input cannot be read a second time.
    spool: Option<(File, u64)>,
}

impl Finds {
    fn add(
        &mut self,
        number: usize,
        mut located: Located<'static>,
        bytes: &[u8],
    ) -> io::Result<()> {
        if let Some((file, end)) = &mut self.spool {
            located.place = *end;
            file.write_all(bytes)?;
            *end += bytes.len() as u64;
        }
        if let Some(list) = self.found.get_mut(number) {
            self.left -= usize::from(list.is_empty());
            list.push(located);
        }
        Ok(())
    }
}

/// Nothing that can panic runs under this lock, so a poisoned one is as good as any.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Searcher<'s> {
    numbers: &'s Numbers<'s>,
    options: &'s Options,
    finds: &'s Mutex<Finds>,
    scratch: Scratch,
}

/// A copy of what is needed to read the entry again.
fn keep(entry: &Entry<'_>, key: &[u8], written_at_s: Option<i64>) -> Located<'static> {
    let mut context = Context::new(entry.header);
    context.db = entry.db;
    context.pending = entry.attributes;
    context.written_at_s = written_at_s;
    context.templates = entry.templates().clone();
    Located {
        context,
        offset: entry.span.start,
        place: entry.span.start,
        bytes: entry.span.end.saturating_sub(entry.span.start),
        key: Cow::Owned(key.to_vec()),
    }
}

impl Worker for Searcher<'_> {
    type Error = anyhow::Error;

    fn batch(&mut self, batch: &Batch<'_>, _: &mut Turn<'_>) -> Result<(), Halt> {
        let written_at_s = batch.context.as_ref().and_then(|context| context.written_at_s);
        let mut records = batch.records();
        loop {
            let start = records.position();
            let Some(record) = records.next()? else { break };
            let Record::Key(entry) = record else { continue };
            let key = entry.key()?;
            let Some(number) = self.numbers.get(&*key) else { continue };
            if !self.options.dump.filter.accepts(&entry, &mut self.scratch)? {
                continue;
            }
            let located = keep(&entry, &key, written_at_s);
            let bytes = batch.bytes().get(start..records.position()).unwrap_or(&[]);
            lock(self.finds).add(*number, located, bytes)?;
        }
        if self.options.first && lock(self.finds).left == 0 {
            return Err(Halt::Enough);
        }
        Ok(())
    }
}

/// Looks for the keys in a pass over the input. What was found before damage is kept.
fn search(
    input: &mut Input,
    options: &Options,
    numbers: &Numbers<'_>,
    control: &Control,
) -> (Finds, Result<Outcome, Failure<anyhow::Error>>) {
    let found = numbers.iter().map(|_| Vec::new()).collect();
    let mut finds = Finds { found, left: numbers.len(), spool: None };
    if matches!(input.bytes, Bytes::Stream(_)) {
        match tempfile::tempfile() {
            Ok(file) => finds.spool = Some((file, 0)),
            Err(e) => return (finds, Err(Failure::Read(e))),
        }
    }
    let finds = Mutex::new(finds);
    let mut workers: Vec<_> = (0..options.dump.threads.max(1))
        .map(|_| Searcher { numbers, options, finds: &finds, scratch: Scratch::default() })
        .collect();
    let done = feed::run(input, &mut workers, &mut io::sink(), control);
    drop(workers);
    let mut finds = finds.into_inner().unwrap_or_else(PoisonError::into_inner);
    for list in &mut finds.found {
        list.sort_by_key(|located| located.offset);
    }
    (finds, done)
}

/// Writes the bytes of one string.
struct Raw<'o, O>(&'o mut O);

impl<O: Out> Visit for Raw<'_, O> {
    type Error = Halt;

    fn elem(&mut self, elem: &Elem<'_>) -> Result<(), Halt> {
        if let Elem::Str(bulk) = elem {
            self.0.buf().extend_from_slice(bulk.text(&mut IntBuf::new()));
        }
        Ok(self.0.spill()?)
    }

    fn node(&mut self, _: &Node<'_>) -> Result<(), Halt> {
        Ok(())
    }
}

fn write_raw(
    keys: &[&Located<'_>],
    bytes: &[u8],
    out: &mut (dyn Write + Send),
) -> Result<(), Halt> {
    let mut scratch = Scratch::default();
    let mut direct = Direct::new(out);
    for located in keys {
        located.read(bytes, |entry| {
            if entry.ty.kind != Kind::String {
                let (key, kind) = (located.key.escape_ascii(), entry.ty.kind.name());
                let message = format!("key \"{key}\" is a {kind}; only strings can be written raw");
                return Err(Halt::Error(Problem::Usage(message).into()));
            }
            entry.visit(&mut scratch, &mut Raw(&mut direct))
        })?;
    }
    direct.finish()?;
    Ok(())
}

/// Writes what was found, in the order asked for.
fn write_found(
    found: &Found<'_>,
    numbers: &Numbers<'_>,
    bytes: &[u8],
    options: &Options,
    out: &mut (dyn Write + Send),
    control: &Control,
) -> Result<Vec<Vec<u8>>, Failure<anyhow::Error>> {
    let mut missing = Vec::new();
    let mut keys = Vec::new();
    for key in &options.keys {
        let list = numbers.get(key.as_slice()).and_then(|number| found.get(*number));
        let list = list.map_or(&[][..], Vec::as_slice);
        if list.is_empty() && !missing.contains(key) {
            missing.push(key.clone());
        }
        keys.extend(list.iter().take(if options.first { 1 } else { usize::MAX }));
    }
    if options.raw {
        write_raw(&keys, bytes, out).map_err(dump::failure)?;
    } else {
        dump::dump(&mut Source::Picked { keys, bytes }, &options.dump, out, control)?;
    }
    Ok(missing)
}

/// Writes the keys. Without an index the whole input is read.
pub fn get(
    input: &mut Input,
    index: Option<&Index>,
    options: &Options,
    out: &mut (dyn Write + Send),
    control: &Control,
) -> Result<Got, Failure<anyhow::Error>> {
    let numbers = numbers(&options.keys);
    if let (Some(index), Bytes::Map(rdb)) = (index, &input.bytes) {
        let mut decoder = Decoder::new(index, rdb);
        let scratch = &mut Scratch::default();
        let found = look_up(&mut decoder, index, &numbers, &options.dump.filter, scratch)
            .map_err(dump::failure)?;
        let missing = write_found(&found, &numbers, rdb, options, out, control)?;
        return Ok(Got { missing, ending: None });
    }
    let (finds, done) = search(input, options, &numbers, control);
    let spool = match &finds.spool {
        Some((file, _)) => Some(Map::new(file).map_err(Failure::Read)?),
        None => None,
    };
    let bytes = match (&spool, &input.bytes) {
        (Some(map), _) | (None, Bytes::Map(map)) => map,
        (None, Bytes::Stream(_)) => &[][..],
    };
    let missing = write_found(&finds.found, &numbers, bytes, options, out, control)?;
    let ending = match done? {
        Outcome::Complete(ending) => Some(ending),
        Outcome::Enough => None,
    };
    Ok(Got { missing, ending })
}
