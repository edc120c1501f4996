//! Output files that are either complete or absent: written beside the target, synced, renamed.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, SyncSender};
use std::thread::JoinHandle;

/// A file on its way to its name. Dropped without [`AtomicFile::commit`], nothing is left.
pub struct AtomicFile {
    writer: BufWriter<tempfile::NamedTempFile>,
    target: PathBuf,
    replace: bool,
    unsynced_bytes: usize,
    /// Started by the first stretch that is worth it.
    syncer: Option<Syncer>,
}

/// Bytes written between two syncs.
const SYNC_BYTES: usize = 16 << 20;

/// Syncs a file from a thread of its own while it grows.
///
/// The disk then works from the start, not only when all is written: the sync at the end is short,
/// and the system does not hold up writers because of unwritten memory.
struct Syncer {
    wake: SyncSender<()>,
    thread: JoinHandle<io::Result<()>>,
}

impl Syncer {
    fn start(file: &File) -> io::Result<Syncer> {
        let file = file.try_clone()?;
        let (wake, woken) = mpsc::sync_channel(1);
        let sync = move || woken.iter().try_for_each(|()| file.sync_data());
        let thread = std::thread::Builder::new().name("sync".into()).spawn(sync)?;
        Ok(Syncer { wake, thread })
    }

    /// Begins another sync unless one waits already.
    fn wake(&self) {
        // What it does not take now, the next or the last sync takes.
        let _ = self.wake.try_send(());
    }

    /// Waits for the sync that runs. An error is told to one sync only, so it counts here.
    fn finish(self) -> io::Result<()> {
        drop(self.wake);
        self.thread.join().unwrap_or_else(|_| Err(io::Error::other("a thread was lost")))
    }
}

impl AtomicFile {
    /// Starts a file beside `target`. Without `replace`, an existing target is an error.
    pub fn create(target: &Path, replace: bool) -> io::Result<AtomicFile> {
        let exists = || io::Error::new(io::ErrorKind::AlreadyExists, "exists; --force replaces it");
        match std::fs::symlink_metadata(target) {
            Ok(metadata) if metadata.is_dir() => {
                return Err(io::Error::new(io::ErrorKind::IsADirectory, "is a directory"));
            }
            Ok(_) if !replace => return Err(exists()),
            _ => {}
        }
        let dir = match target.parent() {
            Some(dir) if !dir.as_os_str().is_empty() => dir,
            _ => Path::new("."),
        };
        let mut builder = tempfile::Builder::new();
        builder.prefix(".rkv-").suffix(".tmp");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // What an ordinary file gets; the process's mask still applies.
            builder.permissions(std::fs::Permissions::from_mode(0o644));
        }
        let file = builder.tempfile_in(dir)?;
        let writer = BufWriter::with_capacity(256 << 10, file);
        Ok(AtomicFile { writer, target: target.into(), replace, unsynced_bytes: 0, syncer: None })
    }

    /// Where the unfinished file is.
    pub fn temporary_path(&self) -> &Path {
        self.writer.get_ref().path()
    }

    /// Syncs the file and gives it its name.
    pub fn commit(self) -> io::Result<()> {
        let file = self.writer.into_inner().map_err(io::IntoInnerError::into_error)?;
        self.syncer.map_or(Ok(()), Syncer::finish)?;
        file.as_file().sync_all()?;
        if self.replace {
            file.persist(&self.target).map_err(|e| e.error)?;
        } else {
            file.persist_noclobber(&self.target).map_err(|e| e.error)?;
        }
        if let Some(dir) = self.target.parent() {
            let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
            File::open(dir)?.sync_all()?;
        }
        Ok(())
    }
}

impl Write for AtomicFile {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let written = self.writer.write(buf)?;
        self.unsynced_bytes += written;
        if self.unsynced_bytes >= SYNC_BYTES {
            self.unsynced_bytes = 0;
            let syncer = match &self.syncer {
                Some(syncer) => syncer,
                None => self.syncer.insert(Syncer::start(self.writer.get_ref().as_file())?),
            };
            syncer.wake();
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_appears_whole_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out");
        let mut file = AtomicFile::create(&path, false).unwrap();
        file.write_all(b"half").unwrap();
        drop(file);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
        std::fs::write(&path, "a much longer old file").unwrap();
        assert!(AtomicFile::create(&path, false).is_err());
        let mut file = AtomicFile::create(&path, true).unwrap();
        file.write_all(b"new").unwrap();
        file.commit().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
