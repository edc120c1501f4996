//! `rkv rdb`: a file per verb.

mod convert;
mod dump;
mod get;
mod index;
mod info;
mod sidecar;
mod stats;
mod verify;

use super::exit::{CliError, Exit};
use super::progress::Progress;
use super::{Context, Done};
use crate::feed::{Control, Ending, Input, Trailer};
use crate::rdb::Stored;
use clap::Subcommand;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Verbs on RDB files.
// Made once per process: a box would save nothing.
#[allow(clippy::large_enum_variant)]
#[derive(Debug, Subcommand)]
pub enum RdbCommand {
    Dump(Box<dump::DumpArgs>),
    Verify(verify::VerifyArgs),
    Convert(Box<convert::ConvertArgs>),
    Get(get::GetArgs),
    Index(index::IndexArgs),
    Info(info::InfoArgs),
    Stats(stats::StatsArgs),
}

impl RdbCommand {
    /// Runs the verb.
    pub(crate) fn run(self, context: &Context) -> Done {
        match self {
            RdbCommand::Dump(args) => args.run(context),
            RdbCommand::Verify(args) => args.run(context),
            RdbCommand::Convert(args) => args.run(context),
            RdbCommand::Get(args) => args.run(context),
            RdbCommand::Index(args) => args.run(context),
            RdbCommand::Info(args) => args.run(context),
            RdbCommand::Stats(args) => args.run(context),
        }
    }
}

/// The file that verbs read when none is named.
const DEFAULT_INPUT: &str = "dump.rdb";

/// The named input, or `./dump.rdb`.
fn input_path(path: Option<&Path>) -> PathBuf {
    path.map_or_else(|| DEFAULT_INPUT.into(), Path::to_path_buf)
}

/// Opens an input.
pub(super) fn open(path: &Path) -> Result<Input, CliError> {
    Input::open(path).map_err(|e| CliError::from(e).in_file(display_name(path)))
}

/// A path as messages name it.
fn display_name(path: &Path) -> String {
    if path.as_os_str() == "-" { "<stdin>".into() } else { path.display().to_string() }
}

/// Shows progress while `work` runs on an input, and names the file in its errors.
pub(super) fn with_progress<T, E: Into<CliError>>(
    context: &Context,
    mut input: Input,
    work: impl FnOnce(&mut Input, &Control) -> Result<T, E>,
) -> Result<T, CliError> {
    let control = Arc::new(Control::default());
    let progress = Progress::start(context.global.progress, &input, &control);
    let done = work(&mut input, &control);
    drop(progress);
    done.map_err(|e| e.into().in_file(input.name))
}

/// What a whole pass over a file says about it as a whole: the checksum and what follows.
pub(super) fn check_ending(context: &Context, name: &str, ending: &Ending) -> Result<(), CliError> {
    if let (true, Stored::Crc64(stored)) = (ending.is_checksum_wrong(), ending.stored) {
        let message = format!(
            "wrong checksum: the file says {stored:016x}, its bytes give {:016x} (offset 0x{:x}, {})",
            ending.computed,
            ending.end - 8,
            ending.end - 8
        );
        let mut error = CliError::new(Exit::Corrupt, message).in_file(name);
        error.offset = Some(ending.end - 8);
        return Err(error);
    }
    match ending.trailer {
        Trailer::Nothing => Ok(()),
        Trailer::Aof => {
            context.ui.note(&format!(
                "{name}: an append-only file: the commands behind its RDB part are not read"
            ));
            Ok(())
        }
        Trailer::Garbage => {
            let count =
                ending.trailer_bytes.map_or_else(|| "bytes".into(), |n| format!("{n} bytes"));
            let message = format!(
                "{count} of garbage follow the end of the data (offset 0x{:x}, {})",
                ending.end, ending.end
            );
            let mut error = CliError::new(Exit::Corrupt, message).in_file(name);
            error.offset = Some(ending.end);
            Err(error)
        }
    }
}
