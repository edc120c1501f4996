//! What is written beside the files that servers load: where to continue, and what the closed files are.

use super::{Error, at};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::path::Path;

/// The version of the files' form.
pub(super) const VERSION: u32 = 1;

const CHECKPOINT: &str = "capture.checkpoint";
const FILES: &str = "capture.files";

/// Where to continue. All in front of it was on disk when it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The version of this form.
    pub version: u32,
    /// The number of the generation, from 1.
    pub generation: u64,
    /// The stream.
    pub replid: String,
    /// The place in it, behind a unit.
    pub offset: u64,
    /// The database in force there.
    pub db: u64,
    /// Whether a transaction was open behind it, whose beginning is asked for again.
    pub open_multi: bool,
    /// The file in which it is.
    pub segment: String,
    /// The place in that file.
    pub segment_bytes: u64,
    /// The checksum (CRC-64/XZ) of the file up to there, in hexadecimal digits.
    pub segment_crc64: String,
    /// The magic and version of the base, as `REDIS0010`.
    pub rdb: String,
    /// When it was written, in unix seconds.
    pub written_at: i64,
}

impl Checkpoint {
    /// Writes it in the place of the old one.
    pub(super) fn write(&self, dir: &Path) -> Result<(), Error> {
        let mut text = serde_json::to_vec(self).unwrap_or_default();
        text.push(b'\n');
        replace(dir, CHECKPOINT, &text)
    }

    /// Reads the checkpoint of a folder; none if there is none.
    ///
    /// # Errors
    /// It cannot be read, or is none.
    pub fn read(dir: &Path) -> Result<Option<Checkpoint>, Error> {
        let path = dir.join(CHECKPOINT);
        let Some(text) = read(&path)? else { return Ok(None) };
        let damaged = |why: String| Error::Damaged { path: path.clone(), why };
        let checkpoint: Checkpoint =
            serde_json::from_slice(&text).map_err(|e| damaged(e.to_string()))?;
        match checkpoint.version {
            VERSION => Ok(Some(checkpoint)),
            other => Err(damaged(format!("version {other} is not known"))),
        }
    }
}

/// What a closed file is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// The number of its generation.
    pub generation: u64,
    /// Its name.
    pub file: String,
    /// Its size.
    pub bytes: u64,
    /// Its checksum (CRC-64/XZ) in hexadecimal digits.
    pub crc64: String,
    /// The stream.
    pub replid: String,
    /// The place in front of it; for a base the place that it is the snapshot of.
    pub start_offset: u64,
    /// The place behind it.
    pub end_offset: u64,
}

/// Reads what is known of the closed files of a capture.
///
/// # Errors
/// The list cannot be read, or is none.
pub fn read_files(dir: &Path) -> Result<Vec<FileEntry>, Error> {
    let path = dir.join(FILES);
    let text = read(&path)?.unwrap_or_default();
    let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let entries: Result<_, _> = lines.map(serde_json::from_slice).collect();
    entries.map_err(|e| Error::Damaged { path, why: e.to_string() })
}

/// Writes what is known of the closed files.
pub(super) fn write_files(dir: &Path, entries: &[FileEntry]) -> Result<(), Error> {
    let mut text = Vec::new();
    for entry in entries {
        text.extend(serde_json::to_vec(entry).unwrap_or_default());
        text.push(b'\n');
    }
    replace(dir, FILES, &text)
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    match std::fs::read(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::at(path, error)),
    }
}

/// Gives a file of a folder other content: the old one or the new one is there, whenever the power is cut.
pub(super) fn replace(dir: &Path, name: &str, content: &[u8]) -> Result<(), Error> {
    let (path, temporary) = (dir.join(name), dir.join(format!("temp-{name}")));
    let write = || -> io::Result<()> {
        let mut file = File::create(&temporary)?;
        file.write_all(content)?;
        file.sync_all()?;
        std::fs::rename(&temporary, &path)?;
        File::open(dir)?.sync_all()
    };
    at(&path, write())
}
