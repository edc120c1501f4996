//! A snapshot and nothing else, as a file that is complete or absent.

use super::{Error, Held, Target, at};
use crate::repl::offset::Place;
use crate::tool::file::AtomicFile;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Writes the snapshot to a file.
pub struct SnapshotFile {
    path: PathBuf,
    force: bool,
    file: Option<AtomicFile>,
    /// The place of the snapshot, if the primary said.
    pub from: Option<Place>,
    /// Bytes of the snapshot.
    pub bytes: u64,
}

impl SnapshotFile {
    /// A file of this name; one that exists may be replaced only if that is forced.
    ///
    /// # Errors
    /// It exists, or cannot be written.
    pub fn new(path: &Path, force: bool) -> Result<SnapshotFile, Error> {
        // Better told now than behind a long transfer.
        let file = at(path, AtomicFile::create(path, force))?;
        if file.temporary_path().is_none() {
            // It is read back to be checked before it is called complete.
            return at(path, Err(std::io::Error::other("a snapshot needs a file, this is none")));
        }
        Ok(SnapshotFile { path: path.into(), force, file: None, from: None, bytes: 0 })
    }
}

impl Target for SnapshotFile {
    fn place(&self) -> Option<Place> {
        None
    }

    fn begin(&mut self, from: Option<Place>, _: Option<u64>) -> Result<(), Error> {
        self.from = from;
        self.bytes = 0;
        self.file = Some(at(&self.path, AtomicFile::create(&self.path, self.force))?);
        Ok(())
    }

    fn snapshot(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.bytes += bytes.len() as u64;
        match &mut self.file {
            Some(file) => at(&self.path, file.write_all(bytes)),
            None => Ok(()),
        }
    }

    fn end(&mut self) -> Result<(), Error> {
        let Some(mut file) = self.file.take() else { return Ok(()) };
        at(&self.path, file.flush())?;
        if let Some(path) = file.temporary_path() {
            super::capture::check_snapshot(path)?;
        }
        at(&self.path, file.commit())
    }

    fn continued(&mut self, _: Place) -> Result<(), Error> {
        Ok(())
    }

    fn stream(&mut self, _: &[u8]) -> Result<(), Error> {
        Ok(())
    }

    fn tick(&mut self) -> Result<(), Error> {
        Ok(())
    }

    fn held(&self) -> Held {
        Held::default()
    }

    fn take_request(&mut self) -> bool {
        false
    }

    fn commands(&self) -> u64 {
        0
    }

    fn finish(&mut self) -> Result<(), Error> {
        Ok(())
    }
}
