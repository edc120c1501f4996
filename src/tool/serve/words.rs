//! The words in which servers tell what is wrong with an append-only file, which people and scripts look for.

use super::super::aof::AofError;
use crate::aof::manifest::{ManifestError, ManifestErrorKind};
use crate::aof::set::OpenError;
use crate::base::reason::reason;
use std::io;
use std::path::Path;

/// The line for the log.
pub(super) fn of(error: &AofError) -> String {
    match error {
        AofError::Open(OpenError::Manifest { error, .. }) => of_manifest(error),
        AofError::Open(OpenError::Io { path, error }) | AofError::Missing { path, error } => {
            unopened(path, error)
        }
        AofError::Commands { file, cause, .. } if cause.is_truncated() => format!(
            "Unexpected end of file reading the append only file {file}: {cause}. You can: 1) Make a backup of your AOF file, then use rkv aof repair, or ./redis-check-aof --fix <filename.manifest>. 2) Alternatively you can set the 'aof-load-truncated' configuration option to yes and restart the server."
        ),
        AofError::Commands { file, cause, .. } => format!(
            "Bad file format reading the append only file {file}: {cause}: make a backup of your AOF file, then use rkv aof repair, or ./redis-check-aof --fix <filename.manifest>"
        ),
        AofError::Unreplayable { file, offset, command, what: "is no command" } => format!(
            "Unknown command '{command}' reading the append only file {file} (offset {offset})"
        ),
        other => format!("Fatal error loading the append only file: {other}. Exiting."),
    }
}

fn unopened(path: &Path, error: &io::Error) -> String {
    let name = path.display();
    let text = reason(error);
    format!("Fatal error: can't open the append log file {name} for reading: {text}")
}

fn of_manifest(error: &ManifestError) -> String {
    let reason = match &error.kind {
        ManifestErrorKind::Empty => "Found an empty AOF manifest",
        ManifestErrorKind::LineTooLong(_) | ManifestErrorKind::NoLineEnd => {
            "The AOF manifest file contains too long line"
        }
        ManifestErrorKind::Type(_) => "Unknown AOF file type",
        ManifestErrorKind::SecondBase(_) => "Found duplicate base file information",
        ManifestErrorKind::Order(..) => "Found a non-monotonic sequence number",
        ManifestErrorKind::Path(_) => "File can't be a path, just a filename",
        ManifestErrorKind::Blank
        | ManifestErrorKind::Quotes
        | ManifestErrorKind::Odd(_)
        | ManifestErrorKind::Missing(_)
        | ManifestErrorKind::Number(..) => "Invalid AOF manifest file format",
    };
    let line = error.line;
    format!(
        "*** FATAL AOF MANIFEST FILE ERROR ***\nReading the manifest file, at line {line}\n>>> '{error}'\n{reason}"
    )
}
