//! Output files that are either complete or absent: written beside the target, synced, renamed.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, SyncSender};
use std::thread::JoinHandle;

/// A file on its way to its name. Dropped without [`AtomicFile::commit`], nothing is left.
///
/// A target that is a device, a pipe or a socket, or a way to an open file (`/dev/stdout`, `/dev/fd/63`),
/// is written to as it stands: a rename would put a file in its place.
pub struct AtomicFile {
    writer: BufWriter<Unfinished>,
    target: PathBuf,
    replace: bool,
    unsynced_bytes: usize,
    /// Started by the first stretch that is worth it.
    syncer: Option<Syncer>,
}

/// Where the bytes go until the end.
enum Unfinished {
    /// A file beside the target.
    Beside(tempfile::NamedTempFile),
    /// The target itself, which is no file.
    Target(File),
}

impl Write for Unfinished {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        match self {
            Unfinished::Beside(file) => file.write(buf),
            Unfinished::Target(file) => file.write(buf),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Unfinished::Beside(file) => file.flush(),
            Unfinished::Target(file) => file.flush(),
        }
    }
}

/// Whether a file can be written beside this and renamed to it.
///
/// What stands in `/dev` and `/proc` belongs to the system, though standard output may lead to a file from there.
fn is_replaceable(target: &Path) -> bool {
    let of_system = || target.starts_with("/dev") || target.starts_with("/proc");
    match std::fs::metadata(target) {
        Ok(found) => found.is_file() && !of_system(),
        Err(_) => true,
    }
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
    /// Starts a file beside `target`. Without `replace`, an existing target is an error. A link is followed.
    pub fn create(target: &Path, replace: bool) -> io::Result<AtomicFile> {
        let exists = || io::Error::new(io::ErrorKind::AlreadyExists, "exists; --force replaces it");
        let mut target = target.to_path_buf();
        match std::fs::symlink_metadata(&target) {
            Ok(metadata) if metadata.is_dir() || target.is_dir() => {
                return Err(io::Error::new(io::ErrorKind::IsADirectory, "is a directory"));
            }
            Ok(_) if !is_replaceable(&target) => {
                let file = File::options().write(true).truncate(true).open(&target)?;
                return Ok(AtomicFile::over(Unfinished::Target(file), target, replace));
            }
            Ok(_) if !replace => return Err(exists()),
            // A link that leads nowhere is replaced itself.
            Ok(metadata) if metadata.is_symlink() => {
                target = std::fs::canonicalize(&target).unwrap_or(target);
            }
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
        let file = Unfinished::Beside(builder.tempfile_in(dir)?);
        Ok(AtomicFile::over(file, target, replace))
    }

    fn over(file: Unfinished, target: PathBuf, replace: bool) -> AtomicFile {
        let writer = BufWriter::with_capacity(256 << 10, file);
        AtomicFile { writer, target, replace, unsynced_bytes: 0, syncer: None }
    }

    /// Where the unfinished file is, if the target is a file.
    pub fn temporary_path(&self) -> Option<&Path> {
        match self.writer.get_ref() {
            Unfinished::Beside(file) => Some(file.path()),
            Unfinished::Target(_) => None,
        }
    }

    /// Syncs the file and gives it its name.
    pub fn commit(self) -> io::Result<()> {
        let file = self.writer.into_inner().map_err(io::IntoInnerError::into_error)?;
        self.syncer.map_or(Ok(()), Syncer::finish)?;
        let Unfinished::Beside(file) = file else { return Ok(()) };
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
        if self.unsynced_bytes >= SYNC_BYTES
            && let Unfinished::Beside(file) = self.writer.get_ref()
        {
            self.unsynced_bytes = 0;
            let syncer = match &self.syncer {
                Some(syncer) => syncer,
                None => self.syncer.insert(Syncer::start(file.as_file())?),
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

    #[cfg(unix)]
    #[test]
    fn what_is_no_file_is_written_to_and_stays() {
        use std::os::unix::fs::FileTypeExt;
        let dir = tempfile::tempdir().unwrap();
        let socket = dir.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        assert!(AtomicFile::create(&socket, true).is_err());
        assert!(std::fs::metadata(&socket).unwrap().file_type().is_socket());

        let pipe = dir.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        let reader = std::thread::spawn({
            let pipe = pipe.clone();
            move || std::fs::read(pipe)
        });
        let mut file = AtomicFile::create(&pipe, true).unwrap();
        file.write_all(b"through").unwrap();
        file.commit().unwrap();
        assert_eq!(reader.join().unwrap().unwrap(), b"through");
        assert!(std::fs::metadata(&pipe).unwrap().file_type().is_fifo());
        // No --force is needed for what is not replaced.
        let null = AtomicFile::create(Path::new("/dev/null"), false).unwrap();
        assert_eq!(null.temporary_path(), None);
        null.commit().unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_followed() {
        let dir = tempfile::tempdir().unwrap();
        let (file, link) = (dir.path().join("file"), dir.path().join("link"));
        std::fs::write(&file, "old").unwrap();
        std::os::unix::fs::symlink("file", &link).unwrap();
        assert!(AtomicFile::create(&link, false).is_err());
        let mut out = AtomicFile::create(&link, true).unwrap();
        out.write_all(b"new").unwrap();
        out.commit().unwrap();
        assert_eq!(std::fs::read(&file).unwrap(), b"new");
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
    }
}
