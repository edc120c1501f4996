//! `rdb convert`: RDB files, JSON lines or commands in; RDB files of any version out.
//!
//! What a target knows is copied as it stands; everything else is taken apart and encoded anew.
//! Workers write *frames*, pieces of output that say which part and database they belong to, and
//! the [`parts::Parts`] put them into one or several files.

mod element;
mod jsonl;
mod merge;
pub mod parts;
mod resp;
mod stage;
mod transform;
mod worker;

pub use transform::{Rename, Transform};

use crate::base::range::Range;
use crate::feed::parallel::Outcome;
use crate::feed::{self, Control, Failure, Filter, Input};
use crate::rdb::encode::{Loss, Target};
use crate::rdb::{Header, Stored};
use merge::Losers;
use parts::{Outputs, Parts};
use std::collections::BTreeMap;
use worker::ConvertWorker;

/// What to do about what a target cannot hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnLoss {
    /// Stop.
    Fail,
    /// Leave the key out.
    Drop,
    /// Write what can be written.
    Rewrite,
}

/// Which of several keys of one name to keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnDuplicate {
    /// Stop.
    Fail,
    /// The first.
    First,
    /// The last.
    Last,
    /// The one that expires last; one without expiry before all others.
    NewestExpiry,
}

/// A name and its slots.
pub type NodeSlots = (String, Vec<Range<u64>>);

/// How keys are shared among several outputs.
#[derive(Debug, Clone)]
pub enum Split {
    /// One output.
    None,
    /// By database.
    Db,
    /// A new output whenever the last has this many bytes.
    Size(u64),
    /// By ranges of slots: a name and its ranges per output.
    Slots(Vec<NodeSlots>),
}

/// How to convert.
#[derive(Debug, Clone)]
pub struct Options {
    /// What to write; as the first input if none.
    pub target: Option<Target>,
    /// Which keys.
    pub filter: Filter,
    /// What becomes of names, databases and expiries.
    pub transform: Transform,
    /// What to do about losses.
    pub on_loss: OnLoss,
    /// Which of several keys of one name to keep.
    pub on_duplicate: OnDuplicate,
    /// Compress strings that are encoded anew.
    pub compress: bool,
    /// How keys are shared among outputs.
    pub split: Split,
    /// Threads that decode.
    pub threads: usize,
}

/// What an input holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceFormat {
    /// An RDB file.
    Rdb,
    /// JSON objects of keys.
    Jsonl,
    /// Commands.
    Resp,
}

/// What was lost, with the first key of each sort.
#[derive(Debug, Clone, Default)]
pub struct LossReport(pub BTreeMap<Loss, (u64, Vec<u8>)>);

impl LossReport {
    pub(super) fn add(&mut self, loss: Loss, key: &[u8]) {
        self.0.entry(loss).or_insert_with(|| (0, key.to_vec())).0 += 1;
    }

    fn merge(&mut self, other: &LossReport) {
        for (loss, (count, key)) in &other.0 {
            self.0.entry(*loss).or_insert_with(|| (0, key.clone())).0 += count;
        }
    }
}

/// How a conversion went.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    /// Keys written.
    pub keys: u64,
    /// Keys that the filter or a duplicate kept out.
    pub skipped: u64,
    /// Keys copied as they stood.
    pub copied: u64,
    /// Function libraries written.
    pub functions: u64,
    /// What was lost.
    pub losses: LossReport,
    /// Names of the outputs with their sizes in bytes.
    pub outputs: Vec<(String, u64)>,
}

/// What stops a conversion.
pub type ConvertError = Failure<anyhow::Error>;

/// Default target of inputs that are no RDB: read by Redis from 7.2 and every Valkey.
const DEFAULT_TARGET: &str = "redis-7.2";

fn default_target() -> Target {
    Target::find(DEFAULT_TARGET).unwrap_or_else(|| {
        Target::like(Header { dialect: crate::rdb::Dialect::Redis, version: 11 })
    })
}

/// Tells the format by an input's first bytes.
pub fn sniff(head: &[u8]) -> SourceFormat {
    match head.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'{' | b'[') => SourceFormat::Jsonl,
        Some(b'*') => SourceFormat::Resp,
        _ => SourceFormat::Rdb,
    }
}

/// Bytes of an input that can be read at any place.
fn size_bytes(input: &Input) -> u64 {
    match &input.bytes {
        feed::input::Bytes::Map(map) => map.len() as u64,
        feed::input::Bytes::Stream(_) => 0,
    }
}

/// Bytes of all inputs: what progress counts up to.
pub fn total_bytes(inputs: &[(Input, SourceFormat)]) -> u64 {
    inputs.iter().map(|(input, _)| size_bytes(input)).sum()
}

/// The header of an RDB input that can be read at any place.
fn header_of(input: &Input) -> Option<Header> {
    match &input.bytes {
        feed::input::Bytes::Map(map) => Header::parse(map.first_chunk()?),
        feed::input::Bytes::Stream(_) => None,
    }
}

/// Converts inputs, which must be seekable, and gives what was done. The outputs are complete
/// but not committed if this returns an error.
pub fn convert(
    inputs: &mut [(Input, SourceFormat)],
    options: &Options,
    outputs: Box<dyn Outputs>,
    control: &Control,
) -> Result<Summary, (usize, ConvertError)> {
    let own = inputs.first().and_then(|(input, format)| match format {
        SourceFormat::Rdb => header_of(input).filter(|header| header.is_supported()),
        _ => None,
    });
    let target = options.target.unwrap_or_else(|| own.map_or_else(default_target, Target::like));
    let mut summary = Summary::default();
    stage::stage(inputs, target, options, control, &mut summary)?;
    let losers = merge::find(inputs, options, control)?;
    let mut parts = Parts::new(target, &options.split, outputs);
    let several = inputs.len() > 1;
    let mut behind_bytes = 0;
    for (i, (input, format)) in inputs.iter_mut().enumerate() {
        control.begin_input(behind_bytes);
        behind_bytes += size_bytes(input);
        let done = match format {
            SourceFormat::Rdb => {
                let job = Job { target, options, losers: losers.get(i), first: i == 0, several };
                convert_rdb(input, &job, &mut parts, control, &mut summary)
            }
            SourceFormat::Jsonl => {
                jsonl::convert(input, target, options, &mut parts, control, &mut summary)
            }
            SourceFormat::Resp => {
                resp::convert(input, target, options, &mut parts, control, &mut summary)
            }
        };
        done.map_err(|e| (i, e))?;
    }
    summary.functions = summary.functions.saturating_sub(parts.functions_repeated);
    let last = inputs.len().saturating_sub(1);
    summary.outputs = parts.finish().map_err(|e| (last, Failure::Write(e)))?;
    Ok(summary)
}

/// What workers of one input need to know.
#[derive(Clone, Copy)]
pub(super) struct Job<'j> {
    target: Target,
    options: &'j Options,
    losers: Option<&'j Losers>,
    /// Whether this is the input whose AUX fields are kept.
    first: bool,
    several: bool,
}

fn convert_rdb(
    input: &mut Input,
    job: &Job<'_>,
    parts: &mut Parts,
    control: &Control,
    summary: &mut Summary,
) -> Result<(), ConvertError> {
    let mut workers: Vec<_> =
        (0..job.options.threads.max(1)).map(|_| ConvertWorker::new(*job)).collect();
    let outcome = feed::run(input, &mut workers, parts, control)?;
    for worker in &workers {
        summary.keys += worker.done.keys;
        summary.skipped += worker.done.skipped;
        summary.copied += worker.done.copied;
        summary.functions += worker.done.functions;
        summary.losses.merge(&worker.done.losses);
    }
    if let Outcome::Complete(ending) = outcome {
        if let (true, Stored::Crc64(stored)) = (ending.is_checksum_wrong(), ending.stored) {
            let message = format!(
                "wrong checksum: the file says {stored:016x}, its bytes give {:016x}",
                ending.computed
            );
            let offset = Some(ending.end.saturating_sub(8));
            return Err(Failure::Worker(super::Problem::Corrupt { message, offset }.into()));
        }
        if ending.trailer == feed::Trailer::Garbage {
            let message = format!("garbage follows the end of the data (offset {})", ending.end);
            let offset = Some(ending.end);
            return Err(Failure::Worker(super::Problem::Corrupt { message, offset }.into()));
        }
    }
    Ok(())
}
