//! `rkv aof blame`: every write that touched a key.

use super::super::args::{OutputArgs, ReportArgs};
use super::super::{Context, Done, EXIT_STATUS};
use super::{INPUT_HELP, finish, open, with_progress};
use crate::aof::set::DEFAULT_FOLDER;
use crate::base::json::read_visible;
use crate::report::{Cell, Column, Report, Table};
use crate::tool::aof::blame::{self, Touch};
use clap::Args;
use std::path::PathBuf;

const AFTER_HELP: &str = "\
Examples:
  rkv aof blame user:7                       who changed it: file, offset, database, time, command
  rkv aof blame --json --db 0 user:7 appendonly.aof

FLUSHALL and FLUSHDB touch every key and are told of, too.";

/// Tell every write that touched a key
#[derive(Debug, Args)]
#[command(after_help = format!("{AFTER_HELP}\n\n{INPUT_HELP}\n\n{EXIT_STATUS}"))]
pub struct BlameArgs {
    /// The key (\xNN for bytes that are no text)
    #[arg(value_name = "KEY")]
    key: String,
    /// A folder, a manifest or a file, or - for standard input
    #[arg(value_name = "INPUT", default_value = DEFAULT_FOLDER)]
    input: PathBuf,
    /// Only in this database
    #[arg(long, value_name = "N")]
    db: Option<u64>,
    #[command(flatten)]
    report: ReportArgs,
    #[command(flatten)]
    output: OutputArgs,
}

fn report(key: &str, touches: &[Touch]) -> Report {
    let columns = [
        Column::left("file", "File"),
        Column::right("offset", "Offset"),
        Column::right("db", "DB"),
        Column::left("at_ms", "Time"),
        Column::left("in_multi", "In MULTI"),
        Column::left("command", "Command"),
        Column::left("note", "Note"),
    ];
    let mut table = Table::new("writes", format!("{} writes", touches.len()), &columns);
    for touch in touches {
        let command = match touch.args.is_empty() {
            true => Cell::None,
            false => Cell::Bytes(blame::text(&touch.args)),
        };
        table.push(vec![
            Cell::text(&touch.file),
            Cell::Offset(touch.offset),
            Cell::Number(i64::try_from(touch.db).unwrap_or(i64::MAX)),
            touch.time_s.map_or(Cell::None, |s| Cell::Time(s.saturating_mul(1000))),
            Cell::Bool(touch.in_multi),
            command,
            touch.why.map_or(Cell::None, Cell::text),
        ]);
    }
    let mut report = Report::new("Writes to a key", key);
    report.push(table);
    report
}

impl BlameArgs {
    /// Runs the verb.
    pub(crate) fn run(self, context: &Context) -> Done {
        let key =
            read_visible(self.key.as_bytes()).unwrap_or_else(|| self.key.clone().into_bytes());
        let set = open(&self.input)?;
        let threads = context.global.threads();
        let (touches, ended) = with_progress(context, &set, |control| {
            blame::blame(&set, &key, self.db, threads, control)
        })?;
        self.report.write(context, &report(&self.key, &touches), &self.output)?;
        finish(context, &set, ended)
    }
}
