//! Checks an RDB file as deeply as a server that sanitises, and beyond: goes on behind damage,
//! tells every place, and needs bounded memory whatever the file holds.
//!
//! The boundary pass of [`crate::feed`] finds the records and computes the checksum; workers
//! (`worker`) check keys (`value`) and the records between them (`records`) batch by batch;
//! what depends on the order of the file is merged in that order ([`file`]). Names that occur twice
//! are found by their hashes (`repeats`, `members`) and confirmed by reading again
//! (`locate`). Every finding belongs to one of the [`rules`].

mod backlen;
mod damage;
mod file;
pub mod finding;
mod identity;
mod locate;
mod marks;
mod members;
mod names;
mod records;
mod repeats;
pub mod rules;
mod tee;
#[cfg(test)]
mod tests;
mod value;
mod worker;

use self::file::FileState;
use self::finding::Findings;
use self::locate::{Located, Locator};
use self::marks::{Mark, Marks};
use self::repeats::{Hashes, Repeated};
use self::worker::{Checker, Passer, Shared};
use crate::feed::parallel::{Outcome, Worker, default_threads};
use crate::feed::{Control, Ending, Failure, Input, Trailer};
use crate::rdb::{self, Class, Header, Stored};
use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::sync::{Mutex, PoisonError};

pub use self::finding::{Counts, Finding};
pub use self::rules::{Id, RULES, Rule};
pub use crate::report::Severity;

/// Memory for the hashes of keys, in bytes.
const KEY_HASH_BYTES: usize = 24 << 20;

/// Memory for the hashes of one value's names, over all threads, in bytes.
const MEMBER_HASH_BYTES: usize = 16 << 20;

/// How to check.
#[derive(Debug, Clone)]
pub struct Options {
    /// Check only where records start and end, and the checksum; decode nothing.
    pub quick: bool,
    /// Threads that decode; 0 for as many as there are processors.
    pub threads: usize,
    /// Findings to keep; those beyond are only counted, except that the first of each rule is
    /// always kept.
    pub max_findings: usize,
}

impl Default for Options {
    fn default() -> Self {
        Options { quick: false, threads: 0, max_findings: 1000 }
    }
}

/// Why a check could not be done; damage of the input is no such reason.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The input could not be read.
    #[error("{0}")]
    Read(io::Error),
    /// A temporary file could not be written or read.
    #[error("temporary file: {0}")]
    Temp(io::Error),
    /// [`Control::interrupted`] was set.
    #[error("interrupted")]
    Interrupted,
}

/// What the checksum at the end says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checksum {
    /// It fits.
    Good,
    /// It does not fit.
    Wrong,
    /// The file was written without.
    Disabled,
    /// The version has none.
    Absent,
    /// The end was not reached.
    Unknown,
}

impl Checksum {
    /// What an ending says; none if it was not reached.
    pub fn of(ending: Option<&Ending>) -> Checksum {
        match ending {
            None => Checksum::Unknown,
            Some(ending) if ending.is_checksum_wrong() => Checksum::Wrong,
            Some(ending) => match ending.stored {
                Stored::Absent => Checksum::Absent,
                Stored::Disabled => Checksum::Disabled,
                Stored::Crc64(_) => Checksum::Good,
            },
        }
    }

    /// The name in every output.
    pub fn name(self) -> &'static str {
        match self {
            Checksum::Good => "good",
            Checksum::Wrong => "wrong",
            Checksum::Disabled => "disabled",
            Checksum::Absent => "absent",
            Checksum::Unknown => "unknown",
        }
    }
}

/// The result of a check.
#[derive(Debug)]
pub struct Verdict {
    /// The input's name.
    pub name: String,
    /// Dialect and version, if the header could be read.
    pub header: Option<Header>,
    /// What was found, in the order of the file; findings without a place come last.
    pub findings: Vec<Finding>,
    /// How many findings of each rule there are, kept or not.
    pub counts: Counts,
    /// Keys read; `None` after a quick check.
    pub keys: Option<u64>,
    /// The end of the data, if it was reached.
    pub ending: Option<Ending>,
    /// The damage behind which no record could be found, if there was any.
    pub stopped: Option<rdb::Error>,
}

impl Verdict {
    /// What the checksum says.
    pub fn checksum(&self) -> Checksum {
        Checksum::of(self.ending.as_ref())
    }

    /// Whether there is neither an error nor a warning.
    pub fn is_clean(&self) -> bool {
        self.errors() == 0 && self.counts.of_severity(Severity::Warning) == 0
    }

    /// Number of errors.
    pub fn errors(&self) -> u64 {
        self.counts.of_severity(Severity::Error)
    }

    /// Class of the damage that ended the check, if any: it decides the exit status.
    pub fn stopped_class(&self) -> Option<Class> {
        self.stopped.as_ref().map(rdb::Error::class)
    }
}

/// Checks an input.
///
/// Damage is never an error of this function. Damage inside a value is told and the check goes on;
/// damage after which no record can be found ends it, and [`Verdict::stopped`] tells so.
pub fn verify(input: Input, options: &Options, control: &Control) -> Result<Verdict, VerifyError> {
    let threads = match options.threads {
        0 => default_threads(),
        n => n,
    };
    let shared = Shared {
        seeds: identity::Seeds::default(),
        early: Mutex::default(),
        state: Mutex::new(FileState::new(Findings::new(options.max_findings))),
        keys: Hashes::new(KEY_HASH_BYTES),
        header: Mutex::new(None),
    };
    let name = input.name.clone();
    let (ending, stopped) = if options.quick {
        quick(input, &shared, control)?
    } else {
        full(input, &shared, options, threads, control)?
    };
    let header = shared.header.into_inner();
    let state = shared.state.into_inner();
    let mut state = state.unwrap_or_else(PoisonError::into_inner);
    if let Some(error) = &stopped {
        let make = |id| Finding::from_error(id, error);
        state.findings.add(damage::rule_of(error), make);
    }
    if let Some(ending) = &ending {
        at_end(ending, &mut state.findings);
    }
    state.findings.sort();
    Ok(Verdict {
        name,
        header: header.unwrap_or_else(PoisonError::into_inner),
        findings: state.findings.kept,
        counts: state.findings.counts,
        keys: (!options.quick).then_some(state.keys),
        ending,
        stopped,
    })
}

/// How a pass ended: at the end of the data, or at damage.
type Passed = (Option<Ending>, Option<rdb::Error>);

fn pass<W: Worker<Error = Infallible>>(
    input: &mut Input,
    workers: &mut [W],
    control: &Control,
) -> Result<Passed, VerifyError> {
    match crate::feed::run(input, workers, &mut io::sink(), control) {
        Ok(Outcome::Complete(ending)) => Ok((Some(ending), None)),
        Ok(Outcome::Enough) => Ok((None, None)),
        Err(Failure::Input(error)) => Ok((None, Some(error))),
        Err(Failure::Read(e)) => Err(VerifyError::Read(e)),
        Err(Failure::Write(e)) => Err(VerifyError::Temp(e)),
        Err(Failure::Interrupted) => Err(VerifyError::Interrupted),
        Err(Failure::Worker(never)) => match never {},
    }
}

fn quick(mut input: Input, shared: &Shared, control: &Control) -> Result<Passed, VerifyError> {
    pass(&mut input, &mut [Passer(shared)], control)
}

fn full(
    input: Input,
    shared: &Shared,
    options: &Options,
    threads: usize,
    control: &Control,
) -> Result<Passed, VerifyError> {
    let (mut input, copy) = tee::tee(input).map_err(VerifyError::Temp)?;
    let memory_bytes = MEMBER_HASH_BYTES / threads.max(1);
    let checker = || Checker::new(shared, options.max_findings, memory_bytes);
    let mut workers: Vec<_> = (0..threads.max(1)).map(|_| checker()).collect();
    let passed = pass(&mut input, &mut workers, control)?;
    for worker in &mut workers {
        worker.finish().map_err(VerifyError::Temp)?;
    }
    drop(workers);
    let mut marks = Marks::default();
    let end = passed.0.as_ref().map_or(u64::MAX, |ending| ending.end);
    marks.push(end, Mark::End);
    shared.merge(&mut marks, &mut Findings::new(0));
    let repeated = shared.keys.repeated(threads, KEY_HASH_BYTES / 2);
    let repeated = repeated.map_err(VerifyError::Temp)?;
    if !repeated.hashes.is_empty() {
        let again = match copy {
            Some(copy) => copy.into_input().map_err(VerifyError::Temp)?,
            None => Some(input),
        };
        locate(again, shared, repeated, threads, control)?;
    }
    Ok(passed)
}

/// Finds the keys that occur twice, and takes down those that cannot be found.
fn locate(
    input: Option<Input>,
    shared: &Shared,
    repeated: Repeated,
    threads: usize,
    control: &Control,
) -> Result<(), VerifyError> {
    let mut lost = repeated.more;
    if let Some(mut input) = input {
        let located = Located {
            seeds: &shared.seeds,
            wanted: repeated.hashes.into_iter().collect(),
            first: Mutex::new(HashMap::new()),
            state: &shared.state,
        };
        let mut workers: Vec<_> = (0..threads).map(|_| Locator::new(&located)).collect();
        pass(&mut input, &mut workers, control)?;
    } else {
        lost += repeated.hashes.len() as u64;
    }
    if lost > 0 {
        let state = shared.state.lock();
        let mut state = state.unwrap_or_else(PoisonError::into_inner);
        let message = format!("{lost} more keys stand twice, by their hashes");
        state.findings.add(Id::DuplicateKey, |id| Finding::new(id, message));
        state.findings.count(Id::DuplicateKey, lost - 1);
    }
    Ok(())
}

/// Checks what stands at and behind the end of the data.
fn at_end(ending: &Ending, findings: &mut Findings) {
    let at = ending.end.saturating_sub(8);
    match ending.stored {
        Stored::Absent => findings.add(Id::ChecksumAbsent, |id| {
            let message = format!("{} files have no checksum", ending.header);
            Finding::new(id, message).at(ending.end)
        }),
        Stored::Disabled => findings.add(Id::ChecksumDisabled, |id| {
            let message = "the file was written without a checksum";
            Finding::new(id, message).at(at).long(8)
        }),
        Stored::Crc64(stored) if stored != ending.computed => {
            findings.add(Id::ChecksumMismatch, |id| {
                let computed = ending.computed;
                let message =
                    format!("the checksum is {stored:016x}, the data give {computed:016x}");
                Finding::new(id, message).at(at).long(8)
            });
        }
        Stored::Crc64(_) => {}
    }
    let bytes = match ending.trailer_bytes {
        Some(1) => "1 byte".to_owned(),
        Some(n) => format!("{n} bytes"),
        None => "bytes".to_owned(),
    };
    let (id, message) = match ending.trailer {
        Trailer::Nothing => return,
        Trailer::Aof => (Id::AofTail, format!("{bytes} of commands follow the data")),
        Trailer::Garbage => (Id::TrailingGarbage, format!("{bytes} follow the end of the data")),
    };
    findings.add(id, |id| {
        let mut finding = Finding::new(id, message).at(ending.end);
        finding.byte_length = ending.trailer_bytes;
        finding
    });
}
