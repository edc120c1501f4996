//! `rkv simulate`: a file per question.

mod resync;
mod slots;

use super::{Context, Done};
use clap::Subcommand;

/// Questions.
#[derive(Debug, Subcommand)]
pub enum SimulateCommand {
    Resync(Box<resync::ResyncArgs>),
    Slots(Box<slots::SlotsArgs>),
}

impl SimulateCommand {
    /// Runs the command.
    pub(crate) fn run(self, context: &Context) -> Done {
        match self {
            SimulateCommand::Resync(args) => args.run(context),
            SimulateCommand::Slots(args) => args.run(context),
        }
    }
}
