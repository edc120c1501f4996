//! Where a new set goes, and what is said about it.

use super::super::args::ReportArgs;
use super::super::exit::{CliError, Exit};
use super::super::out::register_unfinished;
use super::super::{Context, Done};
use crate::aof::set::Set;
use crate::report::{Cell, Column, Fields, Report, Table};
use crate::tool::aof::plan::{Cut, Plan, Target, Why, Written};
use clap::Args;
use std::path::PathBuf;

/// What a new set is, as the help texts tell it.
pub(super) const OUTPUT_HELP: &str = "\
A folder or manifest gives a new folder, which must not exist: it appears under its name when all of
it is on disk. A single file gives a single file.";

/// Where a new set goes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Output")]
pub struct NewSetArgs {
    /// The new folder, or the new file for a single file
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,
    /// Replace an existing file (never a folder)
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    report: ReportArgs,
}

impl NewSetArgs {
    /// The path that was named.
    pub fn target(&self) -> Option<Target> {
        self.output.clone().map(|path| Target::Path(path, self.force))
    }

    /// Writes the set and tells what was left out.
    pub(crate) fn write(&self, context: &Context, set: &Set, plan: &Plan, target: &Target) -> Done {
        for path in Plan::unfinished(set, target) {
            register_unfinished(&path);
        }
        let written = plan.write(set, target)?;
        self.tell(context, set, plan, Some(&written))
    }

    /// Tells what is left out.
    pub(crate) fn tell(
        &self,
        context: &Context,
        set: &Set,
        plan: &Plan,
        written: Option<&Written>,
    ) -> Done {
        let nowhere = super::super::args::OutputArgs { output: None, force: false };
        let report = report(set, plan, written);
        self.report.write(context, &report, &nowhere).map(|()| Exit::Clean)
    }

    /// Asks for a place to write to.
    pub(super) fn need_target(&self) -> Result<Target, CliError> {
        self.target().ok_or_else(|| CliError::usage("name the output with -o PATH"))
    }
}

fn reason(cut: &Cut) -> String {
    match &cut.why {
        Why::Damage(cause) => cause.to_string(),
        Why::Behind => "stands behind what cannot be read".into(),
        Why::Asked => "asked for".into(),
    }
}

fn report(set: &Set, plan: &Plan, written: Option<&Written>) -> Report {
    let mut report = Report::new("Append-only file", set.name.clone());
    let mut fields = Fields::new("output", "Output");
    let path = |path: &PathBuf| Cell::Text(path.display().to_string());
    let new = written.map_or(Cell::None, |written| path(&written.path));
    fields.push("written", "Written", new);
    let backup = written.and_then(|written| written.backup.as_ref());
    fields.push("backup", "What was there before", backup.map_or(Cell::None, path));
    let cut_bytes = plan.cuts.iter().map(|cut| cut.bytes.end - cut.bytes.start).sum();
    let kept = set.size_bytes().saturating_sub(cut_bytes);
    fields.push("kept_bytes", "Kept", Cell::Size(kept));
    fields.push("cut_bytes", "Left out", Cell::Size(cut_bytes));
    let commands = plan.cuts.iter().map(|cut| cut.commands).sum();
    fields.push("cut_commands", "Complete commands left out", Cell::Count(commands));
    report.push(fields);
    let columns = [
        Column::left("file", "File"),
        Column::right("offset", "Offset"),
        Column::right("size_bytes", "Size"),
        Column::right("commands", "Complete commands"),
        Column::left("reason", "Reason"),
    ];
    let mut table = Table::new("cuts", "Left out", &columns);
    for cut in &plan.cuts {
        table.push(vec![
            Cell::text(&cut.file),
            Cell::Offset(cut.bytes.start),
            Cell::Size(cut.bytes.end - cut.bytes.start),
            Cell::Count(cut.commands),
            Cell::Text(reason(cut)),
        ]);
    }
    report.push(table);
    report
}
