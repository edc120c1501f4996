//! `rkv rdb dump`: keys and values as JSON, commands or text.

use super::super::args::{EncodingArg, FilterArgs, OutputArgs, parse_ttl_policy};
use super::super::exit::{CliError, Exit};
use super::super::out::Sink;
use super::super::{Context, Done, EXIT_STATUS};
use super::{check_ending, input_path, open, sidecar, with_progress};
use crate::feed::Input;
use crate::feed::input::Bytes;
use crate::feed::parallel::Outcome;
use crate::tool::dump::{self, Format, Options, Source};
use crate::tool::index::Index;
use crate::tool::ttl::TtlPolicy;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

const AFTER_HELP: &str = "\
Examples:
  rkv rdb dump dump.rdb                          a JSON object per key, one per line
  rkv rdb dump --type hash --key 'user:*' x.rdb  only the hashes of users
  rkv rdb dump --format resp x.rdb | redis-cli --pipe
  zcat x.rdb.gz | rkv rdb dump - --format keys

With an index beside the file (see `rkv rdb index`), filters are decided by it and only the keys
that pass are read: the rest of the file is not checked again.";

/// What a dump is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum FormatArg {
    /// One array of objects
    Json,
    /// An object per line
    Jsonl,
    /// Commands in the wire format, for redis-cli --pipe
    Resp,
    /// Commands as text
    Commands,
    /// A row per key
    Csv,
    /// Key names
    Keys,
    /// A line per element, tab-separated
    Keyvals,
    /// Columns for people
    Table,
}

/// Print keys and values as JSON, commands or text
#[derive(Debug, Args)]
#[command(after_help = format!("{AFTER_HELP}\n\n{EXIT_STATUS}"))]
pub struct DumpArgs {
    /// The file, or - for standard input; gzip, zstd and LZ4 are recognised [default: dump.rdb]
    #[arg(value_name = "FILE")]
    input: Option<PathBuf>,
    /// What to write
    #[arg(long, value_name = "FORMAT", default_value = "jsonl")]
    format: FormatArg,
    /// How to write bytes that are no text
    #[arg(long, value_name = "ENCODING", default_value = "auto")]
    encoding: EncodingArg,
    /// Write one RESTORE per key (with resp and commands)
    #[arg(long)]
    restore: bool,
    /// What becomes of expiries: keep, strip, rebase (count from now what was left) or
    /// shift:DURATION
    #[arg(long, value_name = "POLICY", default_value = "keep", value_parser = parse_ttl_policy)]
    ttl_policy: TtlPolicy,
    /// Read the whole file even if an index is beside it
    #[arg(long)]
    no_index: bool,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    filter: FilterArgs,
}

impl From<FormatArg> for Format {
    fn from(arg: FormatArg) -> Self {
        match arg {
            FormatArg::Json => Format::Json,
            FormatArg::Jsonl => Format::Jsonl,
            FormatArg::Resp => Format::Resp,
            FormatArg::Commands => Format::Commands,
            FormatArg::Csv => Format::Csv,
            FormatArg::Keys => Format::Keys,
            FormatArg::Keyvals => Format::Keyvals,
            FormatArg::Table => Format::Table,
        }
    }
}

impl FormatArg {
    /// The format meant, with `--json` and `--restore` considered.
    pub(super) fn resolve(self, context: &Context, restore: bool) -> Result<Format, CliError> {
        let format = match self {
            FormatArg::Jsonl if context.global.json => FormatArg::Json,
            format => format,
        };
        if restore && !matches!(format, FormatArg::Resp | FormatArg::Commands) {
            return Err(CliError::usage("--restore goes with --format resp or commands"));
        }
        Ok(format.into())
    }
}

/// Reads through the index if there is one.
fn source<'s>(input: &'s mut Input, index: Option<&'s Index>) -> Source<'s> {
    match (index, input) {
        (Some(index), Input { bytes: Bytes::Map(rdb), .. }) => Source::Indexed { index, rdb },
        (_, input) => Source::Whole(input),
    }
}

impl DumpArgs {
    /// Runs the verb.
    pub(crate) fn run(self, context: &Context) -> Done {
        let format = self.format.resolve(context, self.restore)?;
        let options = Options {
            format,
            encoding: self.encoding.into(),
            restore: self.restore,
            ttl: self.ttl_policy,
            filter: self.filter.filter()?,
            threads: context.global.threads(),
        };
        let path = input_path(self.input.as_deref());
        let input = open(&path)?;
        let name = input.name.clone();
        let index = match self.no_index || options.filter.is_empty() {
            true => None,
            false => sidecar::find(context, &path, &input),
        };
        let mut sink = Sink::open(self.output.output.as_deref(), self.output.force)?;
        let done = with_progress(context, input, |input, control| {
            dump::dump(&mut source(input, index.as_ref()), &options, &mut sink, control)
        });
        let checked = done.and_then(|outcome| match outcome {
            Outcome::Complete(ending) => check_ending(context, &name, &ending),
            Outcome::Enough => Ok(()),
        });
        match checked {
            Ok(()) => sink.finish().map(|()| Exit::Clean),
            Err(error) => {
                sink.abandon();
                Err(error)
            }
        }
    }
}
