//! Where the keys of a dump come from: a pass over the input, its index, or a list.

use super::{DumpWorker, Formatter, Halt};
use crate::feed::parallel::{self, Outcome, Stop};
use crate::feed::{Control, Failure, Input, Turn};
use crate::tool::Problem;
use crate::tool::index::{Decoder, Index, IndexError, Passed};
use crate::tool::located::Located;
use crate::tool::out::Direct;
use std::io::Write;
use std::sync::atomic::Ordering;

/// Where keys come from.
pub enum Source<'s> {
    /// All of an input, read from its start to its end.
    Whole(&'s mut Input),
    /// The entries that pass the filter by what the index says of them; nothing else is read.
    Indexed {
        /// The index, which fits the file.
        index: &'s Index,
        /// The file's bytes.
        rdb: &'s [u8],
    },
    /// These keys in this order. Filters are not asked.
    Picked {
        /// The keys.
        keys: Vec<&'s Located<'s>>,
        /// The bytes in which they are.
        bytes: &'s [u8],
    },
}

fn damaged(e: IndexError) -> Halt {
    Stop::Error(Problem::Corrupt { message: e.to_string(), offset: None }.into())
}

/// One worker on the blocks of an index.
struct Indexed<'s, F> {
    worker: DumpWorker<F>,
    decoder: Decoder<'s>,
    index: &'s Index,
}

impl<F: Formatter> Indexed<'_, F> {
    fn block(&mut self, number: usize, turn: &mut Turn<'_>) -> Result<(), Halt> {
        let Some(block) = self.index.block(number) else { return Ok(()) };
        self.worker.formatter.start();
        self.decoder.advance(block.offsets.start)?;
        for entry in self.index.entries(&block) {
            let entry = entry.map_err(damaged)?;
            self.functions(entry.offset, turn)?;
            let verdict = self.worker.filter.decide(&entry.facts());
            if verdict == Some(false) {
                continue;
            }
            let located = self.decoder.locate(&entry)?;
            let shift = self.worker.ttl.for_file(located.context.written_at_s);
            let worker = &mut self.worker;
            located.read(self.decoder.rdb(), |entry| {
                if verdict.is_some() || worker.filter.accepts(entry, &mut worker.scratch)? {
                    worker.key(entry, shift, turn)?;
                }
                Ok(())
            })?;
        }
        self.functions(block.offsets.end, turn)
    }

    /// Writes the function libraries in front of `offset` that have not been passed.
    fn functions(&mut self, offset: u64, turn: &mut Turn<'_>) -> Result<(), Halt> {
        while let Some(passed) = self.decoder.step(offset)? {
            if let (Passed::Function(code), true) = (passed, self.worker.filter.accepts_functions())
            {
                self.worker.formatter.function(&code, &mut turn.buf);
            }
        }
        Ok(())
    }
}

/// Dumps what an index names.
pub(super) fn indexed<F: Formatter>(
    index: &Index,
    rdb: &[u8],
    workers: Vec<DumpWorker<F>>,
    out: &mut (dyn Write + Send),
    control: &Control,
) -> Result<Outcome, Failure<anyhow::Error>> {
    let workers = workers.into_iter().map(|worker| {
        let mut indexed = Indexed { worker, decoder: Decoder::new(index, rdb), index };
        move |number: &usize, turn: &mut Turn<'_>| indexed.block(*number, turn)
    });
    let finished = parallel::share(workers.collect(), out, |give| {
        for number in 0.. {
            let Some(block) = index.block(number) else { break };
            if control.interrupted.load(Ordering::Relaxed) {
                return false;
            }
            control.pass(block.offsets.start);
            if !give(number) {
                break;
            }
        }
        true
    })?;
    match finished {
        Some(true) => Ok(Outcome::Complete(index.ending(rdb))),
        Some(false) => Err(Failure::Interrupted),
        None => Ok(Outcome::Enough),
    }
}

/// Dumps a list of keys.
pub(super) fn picked<F: Formatter>(
    keys: &[&Located<'_>],
    bytes: &[u8],
    worker: &mut DumpWorker<F>,
    out: &mut (dyn Write + Send),
) -> Result<Outcome, Failure<anyhow::Error>> {
    let mut direct = Direct::new(out);
    worker.formatter.start();
    let mut write = || {
        for key in keys {
            let shift = worker.ttl.for_file(key.context.written_at_s);
            key.read(bytes, |entry| worker.key(entry, shift, &mut direct))?;
        }
        Ok(())
    };
    let done: Result<(), Halt> = write();
    direct.finish().map_err(Failure::Write)?;
    match done {
        Ok(()) => Ok(Outcome::Enough),
        Err(stop) => Err(failure(stop)),
    }
}

/// Why work outside of a shared pass ended.
pub(in crate::tool) fn failure(stop: Halt) -> Failure<anyhow::Error> {
    match stop {
        Stop::Error(e) => Failure::Worker(e),
        Stop::Input(e) => Failure::Input(e),
        Stop::Write(e) => Failure::Write(e),
        Stop::Enough | Stop::Aborted => Failure::Interrupted,
    }
}
