//! `rdb stats`: what a data set is made of and where its memory goes, in one pass and in bounded
//! memory whatever the number of keys.
//!
//! In reading order:
//! - [`measure`]: one key, its elements and its estimated memory
//! - [`tally`], [`scale`], [`quantile`], [`top`], [`slots`]: bounded counters
//! - [`prefix`], [`radix`], [`tree`]: weight by key prefix
//! - [`summary`]: all counters of one thread, and how those of several become one
//! - `worker`: feeds them; [`report`]: shows them; [`csv`]: a row per key instead

pub mod csv;
pub mod measure;
pub mod prefix;
pub mod quantile;
pub mod radix;
pub mod report;
pub mod scale;
pub mod slots;
pub mod summary;
pub mod tally;
pub mod top;
pub mod tree;
mod worker;

#[cfg(test)]
mod tests;

pub use csv::{Column, memory_csv};
pub use summary::Stats;

use super::memory::{Allocator, ServerModel};
use super::ttl::Now;
use crate::feed::parallel::Outcome;
use crate::feed::{self, Control, Failure, Filter, Input};

/// What keys are ranked by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum By {
    /// Estimated memory.
    #[default]
    Memory,
    /// Bytes in the file.
    Size,
    /// Number of elements.
    Elements,
}

/// What to count and how.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many of the largest keys are listed.
    pub top: usize,
    /// Whose memory layout is estimated.
    pub model: ServerModel,
    /// The allocator of that server.
    pub allocator: Allocator,
    /// What separates the parts of keys; empty for prefixes that end at any byte.
    pub separator: Vec<u8>,
    /// Levels of the prefix tree.
    pub depth: usize,
    /// What keys are ranked by, and, unless it is elements, prefixes are weighed by.
    pub by: By,
    /// Now: times to live count from here, and so do filters on them.
    pub now: Now,
    /// Which keys.
    pub filter: Filter,
    /// Threads that decode.
    pub threads: usize,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            top: 10,
            model: ServerModel::Redis8,
            allocator: Allocator::Jemalloc,
            separator: b":".to_vec(),
            depth: 3,
            by: By::default(),
            now: Now::default(),
            filter: Filter::default(),
            threads: 1,
        }
    }
}

/// More threads than this have counters of their own for little gain.
const THREADS_MAX: usize = 16;

impl Options {
    /// Threads, as many as memory is bounded for.
    fn threads(&self) -> usize {
        self.threads.clamp(1, THREADS_MAX)
    }
}

/// Counts an input.
pub fn stats(
    input: &mut Input,
    options: &Options,
    control: &Control,
) -> Result<(Stats, Outcome), Failure<anyhow::Error>> {
    let mut workers: Vec<_> =
        (0..options.threads()).map(|_| worker::Counting::new(options)).collect();
    let outcome = feed::run(input, &mut workers, &mut std::io::sink(), control)?;
    let mut parts = workers.into_iter().map(|worker| worker.stats);
    let mut all = parts.next().unwrap_or_else(|| Stats::new(options));
    parts.for_each(|part| all.merge(part));
    Ok((all, outcome))
}
