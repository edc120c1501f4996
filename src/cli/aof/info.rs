//! `rkv aof info`: what a set is and holds.

use super::super::args::{OutputArgs, ReportArgs, now_ms};
use super::super::{Context, Done, EXIT_STATUS};
use super::{INPUT_HELP, finish, input_path, with_progress};
use crate::aof::set::Set;
use crate::tool::aof::{AofError, info};
use clap::Args;
use std::path::PathBuf;

const AFTER_HELP: &str = "\
Examples:
  rkv aof info                      files, commands, times and the tail of ./appendonlydir
  rkv aof info --json appendonly.aof";

/// Tell what a set is and holds: files, commands by name, times, the state of its tail
#[derive(Debug, Args)]
#[command(after_help = format!("{AFTER_HELP}\n\n{INPUT_HELP}\n\n{EXIT_STATUS}"))]
pub struct InfoArgs {
    /// A folder, a manifest or a file, or - for standard input [default: appendonlydir]
    #[arg(value_name = "INPUT")]
    input: Option<PathBuf>,
    #[command(flatten)]
    report: ReportArgs,
    #[command(flatten)]
    output: OutputArgs,
}

impl InfoArgs {
    /// Runs the verb.
    pub(crate) fn run(self, context: &Context) -> Done {
        let path = input_path(self.input.as_deref());
        let mut set = Set::open(&path).map_err(AofError::from)?;
        let (info, done) =
            with_progress(context, &set, |control| info::info(&set, now_ms(), control));
        self.report.write(context, &info::report(&set, &info), &self.output)?;
        done?;
        let ended = info.ended;
        crate::tool::aof::chain::complete(&mut set)?;
        finish(context, &set, ended)
    }
}
