//! `simulate resync`: which outages lead to full resynchronisations, what they cost, and the backlog that spares them.

pub use super::resync_report::report;

use crate::repl::backlog::SIZE_BYTES_MIN;
use crate::repl::log::Limits;
use crate::sim::record::Record;
use crate::sim::workload::{Steady, Writes};
use crate::sim::world::{RunError, Settings, run};
use crate::tool::simulate::trace::Trace;

/// Runs made to find the smallest backlog.
const ATTEMPTS_MAX: usize = 8;

/// Where writes come from.
pub enum Load<'s> {
    /// From nowhere.
    Steady(Steady),
    /// From a file.
    Trace(Trace<'s>),
}

impl Load<'_> {
    fn writes(&self) -> Writes<'_> {
        match self {
            Load::Steady(steady) => Writes::Steady(*steady),
            Load::Trace(trace) => Writes::Traffic(Box::new(trace.traffic())),
        }
    }
}

/// The smallest backlog, with nothing on disk behind it, with which no replica would have got all of the data again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Smallest {
    /// No replica came back, so that none is needed.
    NotNeeded,
    /// So many bytes: a run with them had no full resynchronisation.
    Found(u64),
    /// So many bytes at least; a run with them takes more memory than is allowed.
    TooLarge(u64),
    /// No size of the backlog alone spares them all.
    None,
}

/// What came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The run that was asked for.
    pub record: Record,
    /// The smallest backlog.
    pub smallest: Smallest,
}

/// Simulates, and finds the smallest backlog.
///
/// # Errors
/// See [`RunError`].
pub fn simulate(settings: &Settings, load: &Load<'_>) -> Result<Outcome, RunError> {
    let record = run(settings, load.writes())?;
    let smallest = smallest(settings, load, &record)?;
    Ok(Outcome { record, smallest })
}

/// Tries what replicas lacked at most, and goes on from what they lack then.
fn smallest(settings: &Settings, load: &Load<'_>, record: &Record) -> Result<Smallest, RunError> {
    if record.resyncs.is_empty() {
        return Ok(Smallest::NotNeeded);
    }
    let mut needed_bytes = record.needed_bytes.max(SIZE_BYTES_MIN);
    for _ in 0..ATTEMPTS_MAX {
        if needed_bytes > settings.memory_bytes_max {
            return Ok(Smallest::TooLarge(needed_bytes));
        }
        let disk_log = Limits::default();
        let tried = Settings { backlog_bytes: needed_bytes, disk_log, ..settings.clone() };
        let again = match run(&tried, load.writes()) {
            Ok(again) => again,
            Err(RunError::Memory { .. }) => return Ok(Smallest::TooLarge(needed_bytes)),
            Err(error) => return Err(error),
        };
        if again.full() == 0 {
            return Ok(Smallest::Found(needed_bytes));
        }
        if again.needed_bytes <= needed_bytes {
            break;
        }
        needed_bytes = again.needed_bytes;
    }
    Ok(Smallest::None)
}
