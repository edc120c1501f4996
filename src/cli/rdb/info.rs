//! `rkv rdb info`: what a file is and holds.

use super::super::args::{OutputArgs, ReportArgs, now_ms};
use super::super::exit::{CliError, Exit};
use super::super::{Context, Done, EXIT_STATUS};
use super::{check_ending, input_path, open, with_progress};
use crate::tool::info;
use clap::Args;
use std::convert::Infallible;
use std::path::PathBuf;

const AFTER_HELP: &str = "\
Examples:
  rkv rdb info dump.rdb             what is in it, from one quick pass
  rkv rdb info --json dump.rdb      the same for scripts
  rkv rdb info dump.rdb.zst --format html -o info.html";

/// Tell what a file is and holds: version, origin, databases, types, sizes, checksum
#[derive(Debug, Args)]
#[command(after_help = format!("{AFTER_HELP}\n\n{EXIT_STATUS}"))]
pub struct InfoArgs {
    /// The file, or - for standard input; gzip, zstd and LZ4 are recognised [default: dump.rdb]
    #[arg(value_name = "FILE")]
    input: Option<PathBuf>,
    #[command(flatten)]
    report: ReportArgs,
    #[command(flatten)]
    output: OutputArgs,
}

impl InfoArgs {
    /// Runs the verb.
    pub(crate) fn run(self, context: &Context) -> Done {
        let input = open(&input_path(self.input.as_deref()))?;
        let name = input.name.clone();
        let (info, done) = with_progress(context, input, |input, control| {
            Ok::<_, CliError>(info::info(input, now_ms(), control))
        })?;
        // A file of which nothing could be read gets no report.
        if info.tally.header.is_some() {
            self.report.write(context, &info::report(&info), &self.output)?;
        }
        done.map_err(|failure: crate::feed::Failure<Infallible>| {
            CliError::from(failure).in_file(name.clone())
        })?;
        match &info.ending {
            Some(ending) => check_ending(context, &name, ending).map(|()| Exit::Clean),
            None => Ok(Exit::Clean),
        }
    }
}
