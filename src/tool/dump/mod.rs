//! `rdb dump`: keys as JSON, commands or text, in file order, formatted on all cores.

pub(in crate::tool) mod command;
mod csv;
pub mod json;
mod resp;
mod source;
mod text;

pub use source::Source;
pub(super) use source::failure;

use super::out::{Out, SkipFirst};
use super::ttl::{ShiftBy, TtlPolicy};
use crate::base::json::BinaryEncoding;
use crate::feed::parallel::{Outcome, Stop};
use crate::feed::{self, Batch, Control, Failure, Filter, Turn, Worker};
use crate::rdb::{Entry, Record, Scratch};
use std::io::Write;

/// What a dump is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One array of objects.
    Json,
    /// An object per line.
    Jsonl,
    /// Commands in the wire format.
    Resp,
    /// Commands as text, as typed into redis-cli.
    Commands,
    /// A row per key.
    Csv,
    /// Names only.
    Keys,
    /// A line per element, tab-separated.
    Keyvals,
    /// Columns for people.
    Table,
}

/// How to dump.
#[derive(Debug, Clone)]
pub struct Options {
    /// What to write.
    pub format: Format,
    /// How to write bytes that are no text.
    pub encoding: BinaryEncoding,
    /// Commands: write RESTORE with the serialised value.
    pub restore: bool,
    /// What becomes of expiries.
    pub ttl: TtlPolicy,
    /// Which keys.
    pub filter: Filter,
    /// Threads that decode.
    pub threads: usize,
}

/// What stops a formatter.
pub type Halt = Stop<anyhow::Error>;

/// A key on its way out.
pub struct KeyView<'e> {
    /// The entry.
    pub entry: &'e Entry<'e>,
    /// Its name.
    pub key: &'e [u8],
    /// Its expiry under the policy, in unix milliseconds.
    pub expire_at_ms: Option<i64>,
    /// What to do with field expiries.
    pub shift: ShiftBy,
}

/// Writes keys in one format.
pub trait Formatter: Send {
    /// Is told that the keys of another batch follow.
    fn start(&mut self) {}

    /// Writes one key.
    fn key<O: Out>(
        &mut self,
        key: &KeyView<'_>,
        scratch: &mut Scratch,
        out: &mut O,
    ) -> Result<(), Halt>;

    /// Writes a function library.
    fn function(&mut self, _code: &[u8], _out: &mut Vec<u8>) {}
}

struct DumpWorker<F> {
    formatter: F,
    filter: Filter,
    ttl: TtlPolicy,
    scratch: Scratch,
}

impl<F: Formatter> DumpWorker<F> {
    fn new(formatter: F, options: &Options) -> Self {
        let (filter, ttl) = (options.filter.clone(), options.ttl);
        DumpWorker { formatter, filter, ttl, scratch: Scratch::default() }
    }

    /// Writes one key that has passed the filter.
    #[inline]
    fn key<O: Out>(&mut self, entry: &Entry<'_>, shift: ShiftBy, out: &mut O) -> Result<(), Halt> {
        let key = entry.key()?;
        let expire_at_ms = shift.apply(entry.attributes.expire_at_ms);
        let view = KeyView { entry, key: &key, expire_at_ms, shift };
        self.formatter.key(&view, &mut self.scratch, out)?;
        Ok(out.spill()?)
    }
}

impl<F: Formatter> Worker for DumpWorker<F> {
    type Error = anyhow::Error;

    fn batch(&mut self, batch: &Batch<'_>, turn: &mut Turn<'_>) -> Result<(), Halt> {
        self.formatter.start();
        let mut written_at_s = batch.context.as_ref().and_then(|context| context.written_at_s);
        let mut shift = self.ttl.for_file(written_at_s);
        let mut records = batch.records();
        while let Some(record) = records.next()? {
            match record {
                Record::Key(entry) => {
                    if !self.filter.accepts(&entry, &mut self.scratch)? {
                        continue;
                    }
                    self.key(&entry, shift, turn)?;
                }
                Record::Function(code) if self.filter.accepts_functions() => {
                    self.formatter.function(&code, &mut turn.buf);
                }
                Record::Aux { name, value } if name.eq_ignore_ascii_case(b"ctime") => {
                    written_at_s = crate::base::num::parse_canonical_i64(&value);
                    shift = self.ttl.for_file(written_at_s);
                }
                Record::Function(_)
                | Record::Start(_)
                | Record::Aux { .. }
                | Record::ModuleAux(_)
                | Record::SelectDb(_)
                | Record::ResizeDb { .. }
                | Record::SlotInfo { .. }
                | Record::SlotImport { .. }
                | Record::HashTemplate { .. }
                | Record::End(_) => {}
            }
        }
        Ok(())
    }
}

fn share<F: Formatter>(
    source: &mut Source<'_>,
    options: &Options,
    out: &mut (dyn Write + Send),
    control: &Control,
    formatter: impl Fn() -> F,
) -> Result<Outcome, Failure<anyhow::Error>> {
    let mut workers: Vec<_> =
        (0..options.threads.max(1)).map(|_| DumpWorker::new(formatter(), options)).collect();
    match source {
        Source::Whole(input) => feed::run(input, &mut workers, out, control),
        Source::Indexed { index, rdb } => source::indexed(index, rdb, workers, out, control),
        Source::Picked { keys, bytes } => {
            source::picked(keys, bytes, &mut DumpWorker::new(formatter(), options), out)
        }
    }
}

/// Dumps an input. What stands before damage is written before the damage is reported.
pub fn dump(
    source: &mut Source<'_>,
    options: &Options,
    out: &mut (dyn Write + Send),
    control: &Control,
) -> Result<Outcome, Failure<anyhow::Error>> {
    let encoding = options.encoding;
    match options.format {
        Format::Json => {
            out.write_all(b"[").map_err(Failure::Write)?;
            let mut skip = SkipFirst::new(out, 1);
            let done = share(source, options, &mut skip, control, || json::Json::array(encoding))?;
            out.write_all(b"\n]\n").map_err(Failure::Write)?;
            Ok(done)
        }
        Format::Jsonl => share(source, options, out, control, || json::Json::lines(encoding)),
        Format::Resp | Format::Commands => {
            let style = if options.format == Format::Resp {
                command::Style::Resp
            } else {
                command::Style::Text
            };
            let restore = options.restore;
            share(source, options, out, control, || resp::Commands::new(style, restore))
        }
        Format::Csv => {
            out.write_all(csv::HEADER).map_err(Failure::Write)?;
            share(source, options, out, control, || csv::Csv::new(encoding))
        }
        Format::Keys => share(source, options, out, control, || text::Keys(encoding)),
        Format::Keyvals => share(source, options, out, control, || text::Keyvals(encoding)),
        Format::Table => {
            out.write_all(text::TABLE_HEADER).map_err(Failure::Write)?;
            share(source, options, out, control, || text::Table)
        }
    }
}
