//! Writes sets so that they are complete or absent, whenever the power is cut.
//!
//! - A new folder is filled under a temporary name, synced, and renamed as a whole.
//! - A folder in place gets new files under new names and then a new manifest; its rename is the moment of change. What
//!   was there before stays as a whole in a folder beside it.
//! - A file is written beside its target, synced, and renamed.

use super::disk::Disk;
use super::manifest::Manifest;
use super::set::parent;
use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Bytes that are handed over at once.
const CHUNK_BYTES: usize = 4 << 20;

/// A file to write: its name and its bytes in pieces.
#[derive(Debug, Clone)]
pub struct NewFile<'a> {
    /// Its name in the folder.
    pub name: Vec<u8>,
    /// Its bytes.
    pub pieces: Vec<Cow<'a, [u8]>>,
}

/// A step that failed.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct OutputError {
    /// What was written, renamed or removed.
    pub path: PathBuf,
    /// What the system says.
    pub error: io::Error,
}

type Done<T> = Result<T, OutputError>;

fn at<T>(path: &Path, done: io::Result<T>) -> Done<T> {
    done.map_err(|error| OutputError { path: path.into(), error })
}

fn refuse<T>(path: &Path, kind: io::ErrorKind, why: &str) -> Done<T> {
    at(path, Err(io::Error::new(kind, why.to_owned())))
}

/// A path with more behind its name.
pub fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name: OsString = path.file_name().unwrap_or_default().into();
    name.push(suffix);
    parent(path).join(name)
}

fn write_file<D: Disk>(disk: &mut D, path: &Path, pieces: &[Cow<'_, [u8]>]) -> Done<()> {
    let mut file = at(path, disk.create(path))?;
    for chunk in pieces.iter().flat_map(|piece| piece.chunks(CHUNK_BYTES)) {
        at(path, disk.append(&mut file, chunk))?;
    }
    at(path, disk.sync(&mut file))
}

fn must_be_free<D: Disk>(disk: &mut D, path: &Path) -> Done<()> {
    match at(path, disk.exists(path))? {
        true => refuse(path, io::ErrorKind::AlreadyExists, "exists"),
        false => Ok(()),
    }
}

/// Where a new folder is filled; the process's number keeps two of them apart.
pub fn temporary(out: &Path) -> PathBuf {
    beside(out, &format!(".tmp-{}", std::process::id()))
}

/// Writes a new folder, which must not exist. What is left of a failure is under [`temporary`].
pub fn write_folder<D: Disk>(
    disk: &mut D,
    out: &Path,
    files: &[NewFile<'_>],
    manifest_name: &OsStr,
    manifest: &Manifest,
) -> Done<()> {
    must_be_free(disk, out)?;
    let temporary = temporary(out);
    at(&temporary, disk.create_dir(&temporary))?;
    for file in files {
        write_file(disk, &temporary.join(OsStr::from_bytes(&file.name)), &file.pieces)?;
    }
    let text = [Cow::Owned(manifest.to_bytes())];
    write_file(disk, &temporary.join(manifest_name), &text)?;
    at(&temporary, disk.sync_dir(&temporary))?;
    at(out, disk.rename(&temporary, out))?;
    let dir = parent(out);
    at(&dir, disk.sync_dir(&dir))
}

/// The change of a folder in place.
#[derive(Debug)]
pub struct Change<'a> {
    /// The manifest's path.
    pub manifest_path: &'a Path,
    /// All files of the old set by name, for the backup.
    pub old: &'a [Vec<u8>],
    /// The files that the new set does not need, by name.
    pub dropped: &'a [Vec<u8>],
    /// The files to write, under names that are free.
    pub files: &'a [NewFile<'a>],
    /// The new manifest.
    pub manifest: &'a Manifest,
    /// Where the old set is kept: a folder that does not exist.
    pub backup: &'a Path,
}

/// Changes a folder in place.
pub fn change_folder<D: Disk>(disk: &mut D, change: &Change<'_>) -> Done<()> {
    let dir = parent(change.manifest_path);
    let name = change.manifest_path.file_name().unwrap_or_default();
    let path_of = |name: &[u8]| dir.join(OsStr::from_bytes(name));
    must_be_free(disk, change.backup)?;
    let temporary = temporary(change.backup);
    at(&temporary, disk.create_dir(&temporary))?;
    for old in change.old.iter().map(Vec::as_slice).chain([name.as_bytes()]) {
        let path = path_of(old);
        at(&path, disk.link(&path, &temporary.join(OsStr::from_bytes(old))))?;
    }
    at(&temporary, disk.sync_dir(&temporary))?;
    at(change.backup, disk.rename(&temporary, change.backup))?;
    let beside_dir = parent(change.backup);
    at(&beside_dir, disk.sync_dir(&beside_dir))?;
    for file in change.files {
        write_file(disk, &path_of(&file.name), &file.pieces)?;
    }
    let mut temporary_name = OsString::from("temp-");
    temporary_name.push(name);
    let temporary = dir.join(temporary_name);
    if at(&temporary, disk.exists(&temporary))? {
        // Servers leave it behind when they fail, and overwrite it, too.
        at(&temporary, disk.remove(&temporary))?;
    }
    write_file(disk, &temporary, &[Cow::Owned(change.manifest.to_bytes())])?;
    at(&dir, disk.sync_dir(&dir))?;
    at(change.manifest_path, disk.rename(&temporary, change.manifest_path))?;
    at(&dir, disk.sync_dir(&dir))?;
    for dropped in change.dropped {
        let path = path_of(dropped);
        at(&path, disk.remove(&path))?;
    }
    at(&dir, disk.sync_dir(&dir))
}

/// Writes a file; with `replace` one of that name is replaced.
pub fn write_single<D: Disk>(
    disk: &mut D,
    path: &Path,
    pieces: &[Cow<'_, [u8]>],
    replace: bool,
) -> Done<()> {
    if !replace {
        must_be_free(disk, path)?;
    }
    let temporary = temporary(path);
    write_file(disk, &temporary, pieces)?;
    let dir = parent(path);
    at(path, disk.rename(&temporary, path))?;
    at(&dir, disk.sync_dir(&dir))
}

/// Replaces a file; the old one stays as `backup`, which must not exist.
pub fn change_file<D: Disk>(
    disk: &mut D,
    path: &Path,
    pieces: &[Cow<'_, [u8]>],
    backup: &Path,
) -> Done<()> {
    must_be_free(disk, backup)?;
    at(backup, disk.link(path, backup))?;
    let temporary = temporary(path);
    write_file(disk, &temporary, pieces)?;
    let dir = parent(path);
    at(&dir, disk.sync_dir(&dir))?;
    at(path, disk.rename(&temporary, path))?;
    at(&dir, disk.sync_dir(&dir))
}

#[cfg(test)]
mod tests {
    use super::super::disk::fake::{Fake, Survivors};
    use super::super::manifest::{Kind, Listed};
    use super::*;
    use std::collections::BTreeMap;

    fn new_file(name: &str, bytes: &'static [u8]) -> NewFile<'static> {
        let pieces = bytes.chunks(2).map(Cow::Borrowed).collect();
        NewFile { name: name.into(), pieces }
    }

    fn manifest(names: &[&str]) -> Manifest {
        let listed = |(i, name): (usize, &&str)| {
            let kind = if i == 0 { Kind::Base } else { Kind::Incr };
            Listed::new(*name, i as i64 + 1, kind)
        };
        Manifest { files: names.iter().enumerate().map(listed).collect() }
    }

    /// The files of the set in a folder in loading order; none if there is no set.
    fn load(files: &BTreeMap<PathBuf, Vec<u8>>, dir: &str) -> Option<Vec<Vec<u8>>> {
        let manifest = Manifest::parse(files.get(&Path::new(dir).join("a.manifest"))?).unwrap();
        let path = |name: &[u8]| Path::new(dir).join(OsStr::from_bytes(name));
        let bytes = |name: &[u8]| files.get(&path(name)).unwrap_or_else(|| panic!("{name:?}"));
        Some(manifest.loaded().map(|file| bytes(&file.name).clone()).collect())
    }

    /// Runs an operation with a power cut at each of its steps, and checks what survives.
    fn cut_everywhere(
        start: &Fake,
        run: impl Fn(&mut Fake) -> Done<()>,
        check: impl Fn(&BTreeMap<PathBuf, Vec<u8>>, bool),
    ) {
        for left in 0.. {
            let mut disk = start.clone();
            disk.left = left;
            let done = run(&mut disk);
            for names in [Survivors::Synced, Survivors::All] {
                check(&disk.after_cut(names), done.is_ok());
            }
            if done.is_ok() {
                assert!(left > 3);
                return;
            }
        }
    }

    #[test]
    fn a_new_folder_is_whole_or_absent() {
        let files = [new_file("base", b"12345"), new_file("incr", b"678")];
        let run = |disk: &mut Fake| {
            let manifest = manifest(&["base", "incr"]);
            write_folder(disk, Path::new("out"), &files, OsStr::new("a.manifest"), &manifest)
        };
        cut_everywhere(&Fake::new(), run, |survived, done| match load(survived, "out") {
            Some(set) => assert_eq!(set, [b"12345".to_vec(), b"678".to_vec()]),
            None => {
                assert!(!done);
                assert!(!survived.keys().any(|path| path.starts_with("out")));
            }
        });
        let mut disk = Fake::new();
        run(&mut disk).unwrap();
        assert!(run(&mut disk).is_err(), "an existing folder stays");
    }

    #[test]
    fn a_folder_in_place_is_the_old_set_or_the_new_one() {
        let mut start = Fake::new();
        start.put("dir/base", b"12345");
        start.put("dir/one", b"678torn");
        start.put("dir/two", b"9");
        start.put("dir/a.manifest", &manifest(&["base", "one", "two"]).to_bytes());
        start.put("dir/temp-a.manifest", b"left behind");
        let old = vec![b"12345".to_vec(), b"678torn".to_vec(), b"9".to_vec()];
        let new = vec![b"12345".to_vec(), b"678".to_vec()];
        let names =
            |names: &[&str]| names.iter().map(|n| n.as_bytes().to_vec()).collect::<Vec<_>>();
        let run = |disk: &mut Fake| {
            let change = Change {
                manifest_path: Path::new("dir/a.manifest"),
                old: &names(&["base", "one", "two"]),
                dropped: &names(&["one", "two"]),
                files: &[new_file("one.repaired", b"678")],
                manifest: &manifest(&["base", "one.repaired"]),
                backup: Path::new("dir.bak"),
            };
            change_folder(disk, &change)
        };
        cut_everywhere(&start, run, |survived, done| {
            let set = load(survived, "dir").unwrap();
            assert!(if done { set == new } else { set == old || set == new }, "{survived:?}");
            match load(survived, "dir.bak") {
                Some(backup) => assert_eq!(backup, old),
                None => assert_eq!(set, old),
            }
        });
    }

    #[test]
    fn a_new_file_is_whole_or_absent() {
        let pieces = [Cow::Borrowed(&b"new"[..])];
        let run = |disk: &mut Fake| write_single(disk, Path::new("x.aof"), &pieces, false);
        cut_everywhere(&Fake::new(), run, |survived, done| {
            match survived.get(Path::new("x.aof")) {
                Some(bytes) => assert_eq!(bytes, b"new"),
                None => assert!(!done),
            }
        });
    }

    #[test]
    fn a_file_in_place_is_the_old_one_or_the_new_one() {
        let mut start = Fake::new();
        start.put("x.aof", b"old and torn");
        let pieces = [Cow::Borrowed(&b"old"[..])];
        let backup = Path::new("x.aof.bak");
        let run = |disk: &mut Fake| change_file(disk, Path::new("x.aof"), &pieces, backup);
        cut_everywhere(&start, run, |survived, done| {
            let bytes = &survived[Path::new("x.aof")];
            if bytes == b"old" {
                assert_eq!(survived[backup], b"old and torn");
            } else {
                assert!(!done && bytes == b"old and torn");
            }
        });
    }
}
