//! The folder of a capture: its lock, its manifest, and the list of its closed files.

use super::checkpoint::{self, FileEntry};
use super::{Error, at, read_files};
use crate::aof::manifest::{Kind, Listed, Manifest};
use crate::repl::offset::Offset;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

/// What the names of all files begin with.
pub(super) const PREFIX: &str = "appendonly.aof";

/// The snapshot that is being received.
pub(super) const INCOMING: &str = "temp-capture.rdb";

const LOCK: &str = "capture.lock";

fn manifest_name() -> String {
    format!("{PREFIX}.manifest")
}

/// The folder.
pub(super) struct Folder {
    dir: PathBuf,
    manifest: Manifest,
    entries: Vec<FileEntry>,
    generation: u64,
    /// The number of the last segment, of any generation.
    last_incr: i64,
    /// The magic and version of the base.
    rdb: String,
    /// Held as long as this lives.
    _lock: File,
}

impl Folder {
    /// Opens a folder, which is made if it is not there, and locks it.
    pub(super) fn open(dir: &Path) -> Result<Folder, Error> {
        at(dir, std::fs::create_dir_all(dir))?;
        let manifest_path = dir.join(manifest_name());
        let text = match std::fs::read(&manifest_path) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(Error::at(&manifest_path, error)),
        };
        let lock_path = dir.join(LOCK);
        if text.is_some() && !lock_path.exists() {
            let why = "an append-only file that is no capture".to_owned();
            return Err(Error::NotCapture { path: dir.into(), why });
        }
        let lock = at(
            &lock_path,
            OpenOptions::new().create(true).truncate(false).write(true).open(&lock_path),
        )?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Error::Locked(dir.into())),
            Err(TryLockError::Error(error)) => return Err(Error::at(&lock_path, error)),
        }
        let damaged = |e| Error::Damaged { path: manifest_path.clone(), why: format!("{e}") };
        let manifest = match text {
            Some(text) => Manifest::parse(&text).map_err(damaged)?,
            None => Manifest::default(),
        };
        let entries = read_files(dir)?;
        let mut folder = Folder {
            dir: dir.into(),
            generation: 0,
            last_incr: manifest.incrs().last().map_or(0, |line| line.seq),
            manifest,
            entries,
            rdb: String::new(),
            _lock: lock,
        };
        // What an attempt has left that was not complete.
        let _ = std::fs::remove_file(dir.join(INCOMING));
        folder.look()?;
        Ok(folder)
    }

    /// Finds out about the generation in force.
    fn look(&mut self) -> Result<(), Error> {
        let Some(base) = self.manifest.base() else { return Ok(()) };
        let name = String::from_utf8_lossy(&base.name).into_owned();
        let entry = self.entries.iter().rev().find(|entry| entry.file == name);
        self.generation = entry.map_or(1, |entry| entry.generation);
        self.rdb = magic(&self.dir.join(name))?;
        Ok(())
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(super) fn generation(&self) -> u64 {
        self.generation
    }

    pub(super) fn rdb(&self) -> &str {
        &self.rdb
    }

    /// The segments in order.
    pub(super) fn segments(&self) -> Vec<String> {
        let names = self.manifest.incrs().map(|line| String::from_utf8_lossy(&line.name));
        names.map(std::borrow::Cow::into_owned).collect()
    }

    /// Whether there is anything to go on with.
    pub(super) fn is_empty(&self) -> bool {
        self.manifest.files.is_empty()
    }

    /// Leaves only the segments up to this one in the manifest.
    pub(super) fn keep_up_to(&mut self, segment: &str) {
        let seq = self.manifest.incrs().find(|line| line.name == segment.as_bytes());
        let Some(seq) = seq.map(|line| line.seq) else { return };
        self.manifest.files.retain(|line| line.kind != Kind::Incr || line.seq <= seq);
        for line in self.manifest.files.iter_mut().filter(|line| line.seq == seq) {
            line.end_offset = None;
        }
        self.entries.retain(|entry| entry.file != segment);
        self.last_incr = seq;
    }

    pub(super) fn next_incr(&self) -> i64 {
        self.last_incr.saturating_add(1)
    }

    /// The number and name of the next base.
    pub(super) fn next_base(&self) -> (i64, String) {
        let seq = self.manifest.base().map_or(1, |line| line.seq.saturating_add(1));
        (seq, format!("{PREFIX}.{seq}.base.rdb"))
    }

    /// Lists another segment.
    pub(super) fn list(&mut self, line: Listed) {
        self.last_incr = line.seq;
        self.manifest.files.push(line);
    }

    /// Notes where the last segment ends.
    pub(super) fn close_last(&mut self, end: Offset) {
        let last = self.manifest.files.iter_mut().rev().find(|line| line.kind == Kind::Incr);
        if let Some(last) = last {
            last.end_offset = i64::try_from(end.get()).ok();
        }
    }

    pub(super) fn note(&mut self, entry: FileEntry) {
        self.entries.retain(|old| old.file != entry.file);
        self.entries.push(entry);
    }

    /// A new base, with no segment yet. The manifest of the old generation is kept under a name of its own, and the numbers of
    /// segments go on, so that none of its files is written over.
    pub(super) fn begin_generation(&mut self, base: Listed, path: &Path) -> Result<(), Error> {
        if !self.is_empty() {
            let name = format!("generation-{}.list", self.generation);
            checkpoint::replace(&self.dir, &name, &self.manifest.to_bytes())?;
        }
        self.generation += 1;
        self.rdb = magic(path)?;
        self.manifest.files = vec![base];
        Ok(())
    }

    /// Writes the list of closed files and the manifest, which names synced files only.
    pub(super) fn save(&mut self) -> Result<(), Error> {
        checkpoint::write_files(&self.dir, &self.entries)?;
        if self.is_empty() {
            return Ok(());
        }
        checkpoint::replace(&self.dir, &manifest_name(), &self.manifest.to_bytes())
    }
}

/// The magic and version of an RDB file, as text.
fn magic(path: &Path) -> Result<String, Error> {
    let mut head = [0; 9];
    let mut file = at(path, File::open(path))?;
    let n = at(path, file.read(&mut head))?;
    Ok(String::from_utf8_lossy(head.get(..n).unwrap_or_default()).into_owned())
}
