//! `rkv simulate`: a file per question.

mod resync;

use super::{Context, Done};
use clap::Subcommand;

/// Questions.
#[derive(Debug, Subcommand)]
pub enum SimulateCommand {
    Resync(Box<resync::ResyncArgs>),
}

impl SimulateCommand {
    /// Runs the command.
    pub(crate) fn run(self, context: &Context) -> Done {
        match self {
            SimulateCommand::Resync(args) => args.run(context),
        }
    }
}
