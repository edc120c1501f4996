//! `rkv aof truncate`: a set as it was at an earlier time.

use super::super::args::now_ms;
use super::super::exit::CliError;
use super::super::{Context, Done, EXIT_STATUS};
use super::output::{NewSetArgs, OUTPUT_HELP};
use super::{INPUT_HELP, input_path, open, with_progress};
use crate::base::range;
use crate::tool::aof::truncate::{self, Limit, Pattern};
use clap::Args;
use std::path::PathBuf;

const AFTER_HELP: &str = "\
Examples:
  rkv aof truncate --before-command FLUSHALL -o before
  rkv aof truncate --before-command 'DEL user:*' -o before
  rkv aof truncate --to-time 2026-01-31T12:00:00Z -o noon
  rkv aof truncate --to-offset appendonly.aof.3.incr.aof:1042 -o before

The cut goes through the whole chain of files and never through a transaction. Times need the
timestamps that servers write with aof-timestamp-enabled yes. What stands behind the cut may be
damaged.";

/// Cut a set at a time, a place or a command
#[derive(Debug, Args)]
#[command(after_help = format!("{AFTER_HELP}\n\n{INPUT_HELP}\n\n{OUTPUT_HELP}\n\n{EXIT_STATUS}"))]
#[command(group = clap::ArgGroup::new("limit").required(true))]
pub struct TruncateArgs {
    /// A folder, a manifest or a file, or - for standard input [default: appendonlydir]
    #[arg(value_name = "INPUT")]
    input: Option<PathBuf>,
    /// Keep what was written up to this time: a date, RFC 3339, unix seconds, or -1h
    #[arg(long, value_name = "TIME", group = "limit", allow_hyphen_values = true)]
    to_time: Option<String>,
    /// Keep what ends at this offset or in front of it, counted over all files, or in one as FILE:N
    #[arg(long, value_name = "[FILE:]N", group = "limit")]
    to_offset: Option<String>,
    /// Keep what stands in front of the first command that matches: NAME, or NAME and arguments
    /// joined by blanks, as globs
    #[arg(long, value_name = "PATTERN", group = "limit")]
    before_command: Option<String>,
    #[command(flatten)]
    new: NewSetArgs,
}

fn parse_offset(text: &str) -> Result<Limit, CliError> {
    let (file, digits) = match text.rsplit_once(':') {
        Some((file, digits)) => (Some(file), digits),
        None => (None, text),
    };
    let n = match digits.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16).ok(),
        None => digits.parse().ok(),
    };
    let n = n.ok_or_else(|| CliError::usage(format!("--to-offset: \"{digits}\" is no offset")))?;
    Ok(file.map_or(Limit::Position(n), |file| Limit::Offset(file.to_owned(), n)))
}

impl TruncateArgs {
    fn limit(&self) -> Result<Limit, CliError> {
        match (&self.to_time, &self.to_offset, &self.before_command) {
            (Some(time), _, _) => range::parse_time_ms(time, now_ms())
                .map(Limit::Time)
                .map_err(|e| CliError::usage(format!("--to-time: {e}"))),
            (_, Some(offset), _) => parse_offset(offset),
            (_, _, Some(pattern)) => Ok(Limit::Command(Pattern::new(pattern))),
            (None, None, None) => Err(CliError::usage("say where to cut")),
        }
    }

    /// Runs the verb.
    pub(crate) fn run(self, context: &Context) -> Done {
        let limit = self.limit()?;
        let target = self.new.need_target()?;
        let set = open(&input_path(self.input.as_deref()))?;
        let plan = with_progress(context, &set, |control| truncate::plan(&set, &limit, control))?;
        self.new.write(context, &set, &plan, &target)
    }
}
