//! `rkv aof`: a file per verb.

mod blame;
mod dump;
mod info;
mod output;
mod repair;
mod rewrite;
mod select;
mod stats;
mod truncate;
mod verify;

use super::exit::{CliError, Exit};
use super::progress::Progress;
use super::{Context, Done};
use crate::aof::set::{DEFAULT_FOLDER, OpenError, Set};
use crate::feed::Control;
use crate::tool::aof::{AofError, Ended};
use clap::Subcommand;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What `INPUT` may be, as every help text tells it.
const INPUT_HELP: &str = "\
INPUT is a folder with a manifest, the manifest, or one file (- for standard input): commands, or an
RDB part with commands behind it. A folder may be written to while it is read: files are as long as
they were when they were opened.";

/// Verbs on append-only files.
#[derive(Debug, Subcommand)]
pub enum AofCommand {
    Info(info::InfoArgs),
    Dump(Box<dump::DumpArgs>),
    Verify(verify::VerifyArgs),
    Repair(repair::RepairArgs),
    Rewrite(Box<rewrite::RewriteArgs>),
    Truncate(truncate::TruncateArgs),
    Blame(blame::BlameArgs),
    Stats(Box<stats::StatsArgs>),
}

impl AofCommand {
    /// Runs the verb.
    pub(crate) fn run(self, context: &Context) -> Done {
        match self {
            AofCommand::Info(args) => args.run(context),
            AofCommand::Dump(args) => args.run(context),
            AofCommand::Verify(args) => args.run(context),
            AofCommand::Repair(args) => args.run(context),
            AofCommand::Rewrite(args) => args.run(context),
            AofCommand::Truncate(args) => args.run(context),
            AofCommand::Blame(args) => args.run(context),
            AofCommand::Stats(args) => args.run(context),
        }
    }
}

/// The named input, or `./appendonlydir`.
fn input_path(path: Option<&Path>) -> PathBuf {
    path.map_or_else(|| DEFAULT_FOLDER.into(), Path::to_path_buf)
}

/// Opens a set of which no file may be missing.
pub(super) fn open(path: &Path) -> Result<Set, CliError> {
    let mut set = Set::open(path).map_err(AofError::from)?;
    crate::tool::aof::chain::complete(&mut set)?;
    Ok(set)
}

/// Shows progress while `work` runs on a set.
pub(super) fn with_progress<T>(
    context: &Context,
    set: &Set,
    work: impl FnOnce(&Control) -> T,
) -> T {
    let control = Arc::new(Control::default());
    let mode = context.global.progress;
    let _progress = Progress::start_for(mode, Some(set.size_bytes()), None, &control);
    work(&control)
}

/// How a command ends that has read all it could.
pub(super) fn finish(context: &Context, set: &Set, ended: Option<Ended>) -> Done {
    match ended.as_ref().map(|ended| (ended, ended.error(set))) {
        None => Ok(Exit::Clean),
        Some((_, Some(error))) => Err(error.into()),
        Some((ended, None)) => {
            let file = set.members.get(ended.member).map_or("", |member| member.name());
            context.ui.note(&format!("{file}: its last command is being written and is left out"));
            Ok(Exit::Clean)
        }
    }
}

impl From<OpenError> for CliError {
    fn from(e: OpenError) -> Self {
        let file = e.path().display().to_string();
        let file = if file == "-" { "<stdin>".to_owned() } else { file };
        let message = e.to_string();
        let error = match e {
            OpenError::Io { error, .. } => error.into(),
            OpenError::Input { error, .. } => error.into(),
            OpenError::Manifest { error, .. } => {
                CliError { offset: Some(error.offset), ..CliError::new(Exit::Corrupt, message) }
            }
            OpenError::NoManifest { .. } => CliError::new(Exit::Unsupported, message)
                .hint("name the folder with the manifest, or a single file"),
            OpenError::ManyManifests { .. } => {
                CliError::usage(message).hint("name the manifest that is meant")
            }
            OpenError::NotAof { .. } => CliError::new(Exit::Unsupported, message),
        };
        error.in_file(file)
    }
}

impl From<AofError> for CliError {
    fn from(e: AofError) -> Self {
        let message = e.to_string();
        match e {
            AofError::Open(e) => e.into(),
            AofError::Missing { path, error } => CliError::from(error)
                .in_file(path.display().to_string())
                .hint("the manifest lists it"),
            AofError::Base { file, error } => CliError::from(error).in_file(file),
            AofError::Checksum { file, offset } => CliError {
                offset: Some(offset),
                ..CliError::new(Exit::Corrupt, message).in_file(file)
            },
            AofError::Commands { file, cause, is_last } => {
                let is_torn = cause.is_truncated() && is_last;
                let exit = if is_torn { Exit::Truncated } else { Exit::Corrupt };
                let error = CliError::new(exit, message).in_file(file);
                let error = error.hint("`rkv aof repair` keeps what is sound");
                CliError { offset: Some(cause.offset()), ..error }
            }
            AofError::Unreplayable { file, offset, .. } => CliError {
                offset: Some(offset),
                ..CliError::new(Exit::Unsupported, message).in_file(file)
            },
            AofError::Unsupported(_) => {
                CliError::new(Exit::Unsupported, message).hint("--on-loss drop leaves it out")
            }
            AofError::Output(e) => CliError::from(e.error).in_file(e.path.display().to_string()),
            AofError::Write(e) => e.into(),
            AofError::Read { file, error } => CliError::from(error).in_file(file),
            AofError::Usage(_) => CliError::usage(message),
            AofError::Other(e) => e.into(),
            AofError::Interrupted => CliError::new(Exit::Io, message),
        }
    }
}
