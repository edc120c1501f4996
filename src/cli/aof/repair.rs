//! `rkv aof repair`: a sound set from a damaged one.

use super::super::exit::CliError;
use super::super::{Context, Done, EXIT_STATUS};
use super::output::{NewSetArgs, OUTPUT_HELP};
use super::{INPUT_HELP, input_path, with_progress};
use crate::aof::set::Set;
use crate::tool::aof::plan::Target;
use crate::tool::aof::{AofError, repair};
use clap::Args;
use std::path::PathBuf;

const AFTER_HELP: &str = "\
Examples:
  rkv aof repair -o repaired                   what is sound up to the first damage
  rkv aof repair --skip-damage -o repaired     what is sound behind damage, too
  rkv aof repair --in-place appendonlydir      keeps the old set as appendonlydir.bak

Transactions are kept as a whole or left out. With --skip-damage, commands behind damage run in the
database that was in force in front of it, and files that are missing are passed over. The RDB part
itself must be sound. --in-place changes a folder by writing new files and renaming the manifest;
stop the server first.";

/// Keep what is sound of a damaged set
#[derive(Debug, Args)]
#[command(after_help = format!("{AFTER_HELP}\n\n{INPUT_HELP}\n\n{OUTPUT_HELP}\n\n{EXIT_STATUS}"))]
pub struct RepairArgs {
    /// A folder, a manifest or a file, or - for standard input [default: appendonlydir]
    #[arg(value_name = "INPUT")]
    input: Option<PathBuf>,
    /// Go on behind damage instead of leaving out all that follows it
    #[arg(long)]
    skip_damage: bool,
    /// Replace the input; what was there before is kept with .bak behind its name
    #[arg(long, conflicts_with = "output")]
    in_place: bool,
    #[command(flatten)]
    new: NewSetArgs,
}

impl RepairArgs {
    /// Runs the verb.
    pub(crate) fn run(self, context: &Context) -> Done {
        let target = match self.in_place {
            true => Target::InPlace,
            false => self
                .new
                .need_target()
                .map_err(|e| CliError::usage(e.message + " or use --in-place"))?,
        };
        let path = input_path(self.input.as_deref());
        let set = Set::open(&path).map_err(AofError::from)?;
        let plan =
            with_progress(context, &set, |control| repair::plan(&set, self.skip_damage, control))?;
        if self.in_place && plan.is_whole() && set.missing.is_empty() {
            context.ui.note(&format!("{}: nothing is wrong, nothing is changed", set.name));
            return self.new.tell(context, &set, &plan, None);
        }
        let done = self.new.write(context, &set, &plan, &target)?;
        let lost: u64 = plan.cuts.iter().map(|cut| cut.commands).sum();
        if !self.skip_damage && lost > 0 {
            context.ui.note(&format!(
                "complete commands left out: {lost}; --skip-damage keeps what is sound behind damage"
            ));
        }
        Ok(done)
    }
}
