//! The few things that are asked of a file system to write a set safely.
//!
//! A power cut may undo whatever was not synced: the bytes of a file up to its last [`Disk::sync`], and the names in a
//! folder up to its last [`Disk::sync_dir`]. The tests of [`super::output`] and [`super::live`] run on a disk that does just that.

#[cfg(test)]
pub(super) mod fake;

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
    /// Opens a file that exists, to append to it.
    fn open(&mut self, path: &Path) -> io::Result<Self::File>;
    /// Appends some of these bytes to a file; how many.
    fn write(&mut self, file: &mut Self::File, bytes: &[u8]) -> io::Result<usize>;
    /// Appends to a file. How much of that is done when it fails is not known.
    fn append(&mut self, file: &mut Self::File, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match self.write(file, bytes) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }
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
    /// All bytes of a file.
    fn read(&mut self, path: &Path) -> io::Result<Vec<u8>>;
    /// How many bytes a file has.
    fn len(&mut self, path: &Path) -> io::Result<u64>;
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

    fn open(&mut self, path: &Path) -> io::Result<File> {
        OpenOptions::new().append(true).open(path)
    }

    fn write(&mut self, file: &mut File, bytes: &[u8]) -> io::Result<usize> {
        file.write(bytes)
    }

    fn sync(&mut self, file: &mut File) -> io::Result<()> {
        // The bytes and what is needed to find them; times may be lost.
        file.sync_data()
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

    fn read(&mut self, path: &Path) -> io::Result<Vec<u8>> {
        std::fs::read(path)
    }

    fn len(&mut self, path: &Path) -> io::Result<u64> {
        std::fs::metadata(path).map(|metadata| metadata.len())
    }
}
