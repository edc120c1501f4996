//! The few things that are asked of a file system to write a set safely.
//!
//! A power cut may undo whatever was not synced: the bytes of a file up to its last [`Disk::sync`], and the names in a
//! folder up to its last [`Disk::sync_dir`]. The tests of [`super::output`] run on a disk that does just that.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// A file system.
pub trait Disk {
    /// An open file.
    type File;
    /// Makes a folder, which must not exist.
    fn create_dir(&mut self, path: &Path) -> io::Result<()>;
    /// Makes an empty file, which must not exist.
    fn create(&mut self, path: &Path) -> io::Result<Self::File>;
    /// Appends to a file.
    fn append(&mut self, file: &mut Self::File, bytes: &[u8]) -> io::Result<()>;
    /// Makes the bytes of a file survive a power cut.
    fn sync(&mut self, file: &mut Self::File) -> io::Result<()>;
    /// Gives a file or folder another name; what had that name is replaced.
    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()>;
    /// Gives a file a second name, which must not exist.
    fn link(&mut self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file.
    fn remove(&mut self, path: &Path) -> io::Result<()>;
    /// Makes the names in a folder survive a power cut.
    fn sync_dir(&mut self, path: &Path) -> io::Result<()>;
    /// Whether something has this name.
    fn exists(&mut self, path: &Path) -> io::Result<bool>;
}

/// The file system of this machine.
#[derive(Debug, Default, Clone, Copy)]
pub struct RealDisk;

impl Disk for RealDisk {
    type File = File;

    fn create_dir(&mut self, path: &Path) -> io::Result<()> {
        std::fs::create_dir(path)
    }

    fn create(&mut self, path: &Path) -> io::Result<File> {
        OpenOptions::new().append(true).create_new(true).open(path)
    }

    fn append(&mut self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        file.write_all(bytes)
    }

    fn sync(&mut self, file: &mut File) -> io::Result<()> {
        file.sync_all()
    }

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        std::fs::rename(from, to)
    }

    /// Copies where the file system has no links.
    fn link(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        match std::fs::hard_link(from, to) {
            Err(e)
                if matches!(e.kind(), io::ErrorKind::AlreadyExists | io::ErrorKind::NotFound) =>
            {
                Err(e)
            }
            Err(_) => {
                std::fs::copy(from, to)?;
                File::open(to)?.sync_all()
            }
            Ok(()) => Ok(()),
        }
    }

    fn remove(&mut self, path: &Path) -> io::Result<()> {
        std::fs::remove_file(path)
    }

    fn sync_dir(&mut self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }

    fn exists(&mut self, path: &Path) -> io::Result<bool> {
        match std::fs::symlink_metadata(path) {
            Ok(_) => Ok(true),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(e) => Err(e),
        }
    }
}
