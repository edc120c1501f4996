//! `rkv aof stats`: what is written, how often, and to which keys.

use super::super::args::{OutputArgs, ReportArgs, now_ms};
use super::super::{Context, Done, EXIT_STATUS};
use super::select::SelectArgs;
use super::{INPUT_HELP, finish, input_path, open, with_progress};
use crate::tool::aof::rewrite;
use crate::tool::aof::stats::{self, Options};
use clap::Args;
use std::path::PathBuf;

const AFTER_HELP: &str = "\
Examples:
  rkv aof stats                              commands, prefixes, hottest keys, writes over time
  rkv aof stats --top 50 --time -1h~now --json
  rkv aof stats --rewrite                    what a rewrite would save
  rkv aof stats --command 'hset,hincrby' --separator /

Keys and prefixes are counted in bounded memory: among very many of them a count may be too high by
what its column says, and is never too low.";

/// Count commands and bytes by name, by key prefix and over time, and find the hottest keys
#[derive(Debug, Args)]
#[command(after_help = format!("{AFTER_HELP}\n\n{INPUT_HELP}\n\n{EXIT_STATUS}"))]
pub struct StatsArgs {
    /// A folder, a manifest or a file, or - for standard input [default: appendonlydir]
    #[arg(value_name = "INPUT")]
    input: Option<PathBuf>,
    /// How many keys and prefixes to list (at most 1000)
    #[arg(long, value_name = "N", default_value_t = 10)]
    top: usize,
    /// What separates the parts of keys
    #[arg(long, value_name = "TEXT", default_value = ":")]
    separator: String,
    /// Replay the set in memory, too: write amplification, and what a rewrite would save
    #[arg(long)]
    rewrite: bool,
    #[command(flatten)]
    report: ReportArgs,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    select: SelectArgs,
}

impl StatsArgs {
    /// Runs the verb.
    pub(crate) fn run(self, context: &Context) -> Done {
        let options = Options {
            separator: self.separator.clone().into_bytes(),
            top: self.top,
            selection: self.select.selection()?,
        };
        let set = open(&input_path(self.input.as_deref()))?;
        let (stats, ended) =
            with_progress(context, &set, |control| stats::stats(&set, &options, control))?;
        let estimate = if self.rewrite {
            let options = rewrite::Options::plain(now_ms());
            Some(with_progress(context, &set, |control| {
                rewrite::estimate(&set, &options, control)
            })?)
        } else {
            None
        };
        let report = stats::report(&set, &options, &stats, estimate.as_ref());
        self.report.write(context, &report, &self.output)?;
        finish(context, &set, ended)
    }
}
