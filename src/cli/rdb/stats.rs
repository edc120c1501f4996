//! `rkv rdb stats`: where the memory goes.

use super::super::args::{FilterArgs, OutputArgs, now_ms};
use super::super::exit::{CliError, Exit};
use super::super::out::Sink;
use super::super::{Context, Done, EXIT_STATUS};
use super::{check_ending, input_path, open, with_progress};
use crate::base::range;
use crate::feed::Input;
use crate::feed::parallel::Outcome;
use crate::report;
use crate::tool::memory::{Allocator, ServerModel};
use crate::tool::stats::{self, By, Column, Options};
use crate::tool::ttl::Now;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

const AFTER_HELP: &str = "\
Examples:
  rkv rdb stats dump.rdb                            a report for people
  rkv rdb stats --format html -o report.html x.rdb  the same with a flame graph of prefixes
  rkv rdb stats --format csv x.rdb                  a row per key, with its estimated memory
  rkv rdb stats --now written x.rdb                 times to live as they were in the server
  rkv rdb stats --by elements --type hash --top 50 x.rdb";

/// What the statistics are written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FormatArg {
    /// Text for people
    Table,
    /// One JSON object
    Json,
    /// A row per key with its estimated memory
    Csv,
    /// One self-contained page
    Html,
}

/// Whose memory is estimated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ServerArg {
    /// Redis 7.0; close to 6.2 and 7.2
    #[value(name = "redis-7")]
    Redis7,
    /// Redis 8.6
    #[value(name = "redis-8")]
    Redis8,
    /// Valkey 9.1; close to 8.1 and 9.0
    #[value(name = "valkey-9")]
    Valkey9,
}

/// What keys are ranked by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ByArg {
    /// Estimated memory
    Memory,
    /// Bytes in the file
    Size,
    /// Number of elements
    Elements,
}

/// Tell where the memory goes: types, prefixes, the biggest keys, expiries, slots
#[derive(Debug, Args)]
#[command(after_help = format!("{AFTER_HELP}\n\n{EXIT_STATUS}"))]
pub struct StatsArgs {
    /// The file, or - for standard input; gzip, zstd and LZ4 are recognised [default: dump.rdb]
    #[arg(value_name = "FILE")]
    input: Option<PathBuf>,
    /// What to write
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: FormatArg,
    /// How many of the biggest keys to list (at most 10000, shared among the threads)
    #[arg(long, value_name = "N", default_value = "10")]
    top: usize,
    /// Whose memory to estimate
    #[arg(long, value_name = "SERVER", default_value = "redis-8")]
    server: ServerArg,
    /// What separates the parts of keys; '' for prefixes that end at any byte
    #[arg(long, value_name = "TEXT", default_value = ":")]
    separator: String,
    /// Levels of the prefix tree
    #[arg(long, value_name = "N", default_value = "3")]
    depth: usize,
    /// What to rank keys and weigh prefixes by
    #[arg(long, value_name = "MEASURE", default_value = "memory")]
    by: ByArg,
    /// More columns of csv: slot, stored_bytes, idle_s, freq, ttl_ms, avg_element_len
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = parse_column)]
    columns: Vec<Column>,
    /// What times to live count from: a date or time, or `written` for when the file was [default: now]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    now: Option<String>,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    filter: FilterArgs,
}

fn parse_column(name: &str) -> Result<Column, String> {
    Column::from_name(name)
        .ok_or_else(|| format!("expected one of {}", Column::ALL.map(Column::name).join(", ")))
}

impl From<ServerArg> for ServerModel {
    fn from(arg: ServerArg) -> Self {
        match arg {
            ServerArg::Redis7 => ServerModel::Redis7,
            ServerArg::Redis8 => ServerModel::Redis8,
            ServerArg::Valkey9 => ServerModel::Valkey9,
        }
    }
}

impl From<ByArg> for By {
    fn from(arg: ByArg) -> Self {
        match arg {
            ByArg::Memory => By::Memory,
            ByArg::Size => By::Size,
            ByArg::Elements => By::Elements,
        }
    }
}

impl StatsArgs {
    /// Runs the verb.
    pub(crate) fn run(self, context: &Context) -> Done {
        let format = match self.format {
            FormatArg::Table if context.global.json => FormatArg::Json,
            format => format,
        };
        if !self.columns.is_empty() && format != FormatArg::Csv {
            return Err(CliError::usage("--columns goes with --format csv"));
        }
        let options = self.options(context)?;
        let input = open(&input_path(self.input.as_deref()))?;
        let name = input.name.clone();
        let mut sink = Sink::open(self.output.output.as_deref(), self.output.force)?;
        let done = match report_format(format) {
            None => self.write_rows(context, input, &options, &mut sink),
            Some(format) => self.write_report(context, input, &options, format, &mut sink),
        };
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

    /// What times to live count from.
    fn now(&self) -> Result<Now, CliError> {
        match self.now.as_deref() {
            None => Ok(Now::At(now_ms())),
            Some("written") => Ok(Now::Written { unless_told_ms: now_ms() }),
            Some(text) => range::parse_time_ms(text, now_ms())
                .map(Now::At)
                .map_err(|e| CliError::usage(format!("--now: {e}"))),
        }
    }

    fn options(&self, context: &Context) -> Result<Options, CliError> {
        let now = self.now()?;
        Ok(Options {
            top: self.top,
            model: self.server.into(),
            allocator: Allocator::Jemalloc,
            separator: self.separator.clone().into_bytes(),
            depth: self.depth.min(report::tree::DEPTH_MAX),
            by: self.by.into(),
            now,
            filter: self.filter.filter_at(now.for_file(None))?,
            threads: context.global.threads(),
        })
    }

    fn write_rows(
        &self,
        context: &Context,
        input: Input,
        options: &Options,
        sink: &mut Sink,
    ) -> Result<Outcome, CliError> {
        with_progress(context, input, |input, control| {
            stats::memory_csv(input, options, &self.columns, sink, control)
        })
    }

    fn write_report(
        &self,
        context: &Context,
        input: Input,
        options: &Options,
        format: report::Format,
        sink: &mut Sink,
    ) -> Result<Outcome, CliError> {
        let name = input.name.clone();
        let (stats, outcome) =
            with_progress(context, input, |input, control| stats::stats(input, options, control))?;
        let to_file = self.output.output.is_some();
        let options = report::Options {
            color: context.ui.color && !to_file,
            width: if to_file { None } else { context.ui.width() },
            pretty: true,
        };
        stats.report(name).write(format, sink, options)?;
        Ok(outcome)
    }
}

/// The format of a report; none for rows.
fn report_format(format: FormatArg) -> Option<report::Format> {
    match format {
        FormatArg::Table => Some(report::Format::Table),
        FormatArg::Json => Some(report::Format::Json),
        FormatArg::Html => Some(report::Format::Html),
        FormatArg::Csv => None,
    }
}
