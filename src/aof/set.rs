//! What a path names: a folder with a manifest, the manifest itself, or one file; and its files in the order of loading.

use super::manifest::{Listed, Manifest, ManifestError};
use crate::feed::input::Bytes;
use crate::feed::{Input, InputError};
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How often a set is opened anew when its manifest changes under our hands.
const ATTEMPTS: usize = 5;

/// What servers call the folder unless told otherwise.
pub const DEFAULT_FOLDER: &str = "appendonlydir";

/// Why a path cannot be opened as a set.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The system says no.
    #[error("{error}")]
    Io {
        /// What was opened.
        path: PathBuf,
        /// What it says.
        error: io::Error,
    },
    /// The compression of a file is of no known kind.
    #[error("{error}")]
    Input {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        error: InputError,
    },
    /// The manifest is wrong.
    #[error("{error}")]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// What is wrong.
        error: ManifestError,
    },
    /// A folder without a manifest.
    #[error("the folder holds no manifest of an append-only file")]
    NoManifest {
        /// The folder.
        path: PathBuf,
    },
    /// A folder with several manifests.
    #[error("the folder holds several manifests: {}", names.join(", "))]
    ManyManifests {
        /// The folder.
        path: PathBuf,
        /// Their names.
        names: Vec<String>,
    },
    /// A file that is nothing of this sort.
    #[error("no append-only file: it starts with {start}")]
    NotAof {
        /// The file.
        path: PathBuf,
        /// Its first bytes, readable.
        start: String,
    },
}

impl OpenError {
    /// What could not be opened.
    pub fn path(&self) -> &Path {
        match self {
            OpenError::Io { path, .. }
            | OpenError::Input { path, .. }
            | OpenError::Manifest { path, .. }
            | OpenError::NoManifest { path }
            | OpenError::ManyManifests { path, .. }
            | OpenError::NotAof { path, .. } => path,
        }
    }
}

/// A file of a set, as long as it was when it was opened.
pub struct Member {
    /// Its line in the manifest; none for a file that stands alone.
    pub listed: Option<Listed>,
    /// Its path, as messages name it.
    pub path: PathBuf,
    /// Its bytes.
    pub input: Input,
    /// Where it starts in the chain of all files, in bytes.
    pub position: u64,
}

impl Member {
    /// All of its bytes.
    pub fn bytes(&self) -> &[u8] {
        match &self.input.bytes {
            Bytes::Map(map) => map,
            Bytes::Stream(_) => &[],
        }
    }

    /// Brings in what is read next from an offset on, which costs less than page after page. Returns the offset from which
    /// on more should be brought in.
    pub fn fetch(&self, offset: u64) -> u64 {
        /// Bytes brought in at once.
        const FETCH_BYTES: usize = 2 << 20;
        if let (Bytes::Map(map), Ok(start)) = (&self.input.bytes, usize::try_from(offset)) {
            map.prefetch(start - start % FETCH_BYTES, 2 * FETCH_BYTES);
        }
        (offset - offset % FETCH_BYTES as u64).saturating_add(FETCH_BYTES as u64)
    }

    /// The file as an input of its own, which shares its bytes.
    pub fn share(&self) -> Input {
        let bytes = match &self.input.bytes {
            Bytes::Map(map) => Bytes::Map(map.clone()),
            Bytes::Stream(_) => Bytes::Stream(Box::new(io::empty())),
        };
        Input {
            name: self.input.name.clone(),
            compression: None,
            stored_bytes: Some(self.bytes().len() as u64),
            read_bytes: Arc::default(),
            bytes,
        }
    }

    /// Whether the file has grown since it was opened: somebody writes to it.
    pub fn has_grown(&self) -> bool {
        let len = self.bytes().len() as u64;
        std::fs::metadata(&self.path)
            .is_ok_and(|metadata| metadata.is_file() && metadata.len() > len)
    }

    /// The path as text.
    pub fn name(&self) -> &str {
        &self.input.name
    }

    /// Whether it begins as an RDB file.
    pub fn is_rdb(&self) -> bool {
        is_rdb(self.bytes())
    }
}

/// Whether bytes begin as an RDB file.
pub fn is_rdb(bytes: &[u8]) -> bool {
    bytes.starts_with(b"REDIS") || bytes.starts_with(b"VALKEY")
}

/// A file that the manifest lists and that cannot be opened.
#[derive(Debug)]
pub struct Missing {
    /// Its line.
    pub listed: Listed,
    /// Where it should be.
    pub path: PathBuf,
    /// Why it cannot be opened.
    pub error: io::Error,
}

/// A file in the folder that the manifest does not list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extra {
    /// Its path.
    pub path: PathBuf,
    /// Its size.
    pub size_bytes: u64,
    /// Whether servers use such names while they work.
    pub is_temporary: bool,
}

/// The manifest of a set.
#[derive(Debug)]
pub struct Listing {
    /// Where it is.
    pub path: PathBuf,
    /// What it says.
    pub manifest: Manifest,
}

/// An append-only file in all its parts.
pub struct Set {
    /// What the user named.
    pub name: String,
    /// The manifest; none for a file that stands alone.
    pub listing: Option<Listing>,
    /// The files in the order of loading.
    pub members: Vec<Member>,
    /// Listed files that cannot be opened.
    pub missing: Vec<Missing>,
    /// Files in the folder that are not listed.
    pub extra: Vec<Extra>,
}

impl Set {
    /// Opens a folder, a manifest, a single file, or standard input for `-`.
    pub fn open(path: &Path) -> Result<Set, OpenError> {
        let name = path.display().to_string();
        if path.as_os_str() == "-" {
            return Set::single(path, "<stdin>".into());
        }
        let is_dir = io_at(path, std::fs::metadata(path))?.is_dir();
        let manifest = if is_dir { find_manifest(path)? } else { path.into() };
        if is_dir || is_manifest(path)? {
            return Set::listed(name, &manifest);
        }
        Set::single(path, name)
    }

    fn single(path: &Path, name: String) -> Result<Set, OpenError> {
        let failed = |error| match error {
            InputError::Io(error) => OpenError::Io { path: path.into(), error },
            error => OpenError::Input { path: path.into(), error },
        };
        let mut input = Input::open(path).map_err(failed)?;
        // Before a stream is copied, which may be long and of another kind.
        let start = input.peek(8).map_err(failed)?;
        match start.first() {
            None | Some(b'*' | b'#') => {}
            Some(_) if is_rdb(&start) => {}
            Some(_) => {
                let start = format!("\"{}\"", start.escape_ascii());
                return Err(OpenError::NotAof { path: path.into(), start });
            }
        }
        let input = input.into_seekable().map_err(failed)?;
        let members = vec![Member { listed: None, path: path.into(), input, position: 0 }];
        Ok(Set { name, listing: None, members, missing: Vec::new(), extra: Vec::new() })
    }

    /// Opens what a manifest lists. A server that rewrites removes files while they are opened; then its new manifest
    /// is read.
    fn listed(name: String, path: &Path) -> Result<Set, OpenError> {
        let mut text = io_at(path, std::fs::read(path))?;
        for _ in 0..ATTEMPTS {
            let set = Set::from_manifest(&name, path, &text)?;
            let again = io_at(path, std::fs::read(path))?;
            if again == text || set.missing.is_empty() {
                return Ok(set);
            }
            text = again;
        }
        Set::from_manifest(&name, path, &text)
    }

    fn from_manifest(name: &str, path: &Path, text: &[u8]) -> Result<Set, OpenError> {
        let manifest = Manifest::parse(text)
            .map_err(|error| OpenError::Manifest { path: path.into(), error })?;
        let dir = parent(path);
        let (mut members, mut missing, mut position) = (Vec::new(), Vec::new(), 0);
        for listed in manifest.loaded() {
            let path = dir.join(OsStr::from_bytes(&listed.name));
            match open_member(&path, listed, position) {
                Ok(member) => {
                    position += member.bytes().len() as u64;
                    members.push(member);
                }
                Err(InputError::Io(error)) => {
                    missing.push(Missing { listed: listed.clone(), path, error });
                }
                Err(error) => return Err(OpenError::Input { path, error }),
            }
        }
        let extra = find_extra(&dir, path, &manifest);
        let listing = Some(Listing { path: path.into(), manifest });
        Ok(Set { name: name.into(), listing, members, missing, extra })
    }

    /// The folder of the files; none for a file that stands alone.
    pub fn dir(&self) -> Option<PathBuf> {
        self.listing.as_ref().map(|listing| parent(&listing.path))
    }

    /// Bytes of all files that are loaded.
    pub fn size_bytes(&self) -> u64 {
        self.members.iter().map(|member| member.bytes().len() as u64).sum()
    }

    /// Finds a place of the chain in its file.
    pub fn locate(&self, position: u64) -> Option<(usize, u64)> {
        let i = self.members.iter().rposition(|member| member.position <= position)?;
        let member = self.members.get(i)?;
        let offset = position - member.position;
        (offset <= member.bytes().len() as u64).then_some((i, offset))
    }
}

fn io_at<T>(path: &Path, done: io::Result<T>) -> Result<T, OpenError> {
    done.map_err(|error| OpenError::Io { path: path.into(), error })
}

/// The folder that a path is in.
pub fn parent(path: &Path) -> PathBuf {
    match path.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir.into(),
        _ => PathBuf::from("."),
    }
}

fn open_member(path: &Path, listed: &Listed, position: u64) -> Result<Member, InputError> {
    let mut input = Input::open(path)?.into_seekable()?;
    if let Some(name) = path.to_str() {
        input.name = name.trim_start_matches("./").to_owned();
    }
    Ok(Member { listed: Some(listed.clone()), path: path.into(), input, position })
}

/// Whether a file is a manifest: by its name, or since its first line that is no comment begins with `file`.
fn is_manifest(path: &Path) -> Result<bool, OpenError> {
    use std::io::Read;
    if path.extension().is_some_and(|extension| extension == "manifest") {
        return Ok(true);
    }
    let mut head = Vec::new();
    let file = io_at(path, std::fs::File::open(path))?;
    if !io_at(path, file.metadata())?.is_file() {
        return Ok(false);
    }
    io_at(path, file.take(1 << 16).read_to_end(&mut head))?;
    let mut lines = head.split(|b| *b == b'\n').filter(|line| line.first() != Some(&b'#'));
    Ok(lines.next().is_some_and(|line| line.starts_with(b"file ")))
}

/// The manifest of a folder, or of the folder of that default name in it.
fn find_manifest(dir: &Path) -> Result<PathBuf, OpenError> {
    let found = manifests(dir)?;
    match found.as_slice() {
        [only] => Ok(only.clone()),
        [] => {
            let inner = dir.join(DEFAULT_FOLDER);
            match manifests(&inner).unwrap_or_default().as_slice() {
                [only] => Ok(only.clone()),
                _ => Err(OpenError::NoManifest { path: dir.into() }),
            }
        }
        several => {
            let names = several.iter().filter_map(|path| path.file_name());
            let names = names.map(|name| name.display().to_string()).collect();
            Err(OpenError::ManyManifests { path: dir.into(), names })
        }
    }
}

fn manifests(dir: &Path) -> Result<Vec<PathBuf>, OpenError> {
    let mut found = Vec::new();
    for entry in io_at(dir, std::fs::read_dir(dir))? {
        let name = io_at(dir, entry)?.file_name();
        let is_one = name.as_bytes().ends_with(b".manifest");
        if is_one && !name.as_bytes().starts_with(b"temp-") {
            found.push(dir.join(name));
        }
    }
    found.sort();
    Ok(found)
}

/// Files that belong to no line. A folder that cannot be listed has none: its files could be opened.
fn find_extra(dir: &Path, manifest_path: &Path, manifest: &Manifest) -> Vec<Extra> {
    let Ok(entries) = std::fs::read_dir(dir) else { return Vec::new() };
    let mut found = Vec::new();
    for entry in entries.flatten() {
        let name = entry.file_name();
        let is_listed = manifest.files.iter().any(|file| file.name == name.as_bytes());
        let is_file = entry.file_type().is_ok_and(|ty| ty.is_file());
        if is_listed || !is_file || Some(name.as_os_str()) == manifest_path.file_name() {
            continue;
        }
        found.push(Extra {
            path: entry.path(),
            size_bytes: entry.metadata().map_or(0, |metadata| metadata.len()),
            is_temporary: name.as_bytes().starts_with(b"temp-"),
        });
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(dir.path().join(name), text).unwrap();
        }
        dir
    }

    const MANIFEST: &str = "file a.1.base.aof seq 1 type b\nfile a.1.incr.aof seq 1 type h\n\
        file a.2.incr.aof seq 2 type i\nfile a.3.incr.aof seq 3 type i\n";

    #[test]
    fn a_folder_has_members_missing_and_extra_files() {
        let dir = folder(&[
            ("a.manifest", MANIFEST),
            ("a.1.base.aof", "12345"),
            ("a.3.incr.aof", "678"),
            ("temp-a.manifest", ""),
            ("a.9.incr.aof", "x"),
        ]);
        for path in [dir.path().to_owned(), dir.path().join("a.manifest")] {
            let set = Set::open(&path).unwrap();
            let positions: Vec<_> = set.members.iter().map(|m| m.position).collect();
            assert_eq!(positions, [0, 5]);
            assert_eq!(set.size_bytes(), 8);
            assert_eq!(set.missing.len(), 1);
            assert_eq!(set.missing[0].listed.seq, 2);
            let extra: Vec<_> = set.extra.iter().map(|e| (e.size_bytes, e.is_temporary)).collect();
            assert_eq!(extra, [(1, false), (0, true)]);
            assert_eq!(set.locate(4), Some((0, 4)));
            assert_eq!(set.locate(6), Some((1, 1)));
            assert_eq!(set.locate(9), None);
        }
    }

    #[test]
    fn what_is_no_set_is_told() {
        let dir = folder(&[("x", "PING\r\n"), ("empty", ""), ("sound", "*1\r\n$4\r\nPING\r\n")]);
        let open = |name: &str| Set::open(&dir.path().join(name));
        assert!(matches!(open("x"), Err(OpenError::NotAof { .. })));
        assert!(matches!(open(""), Err(OpenError::NoManifest { .. })));
        assert!(matches!(open("nothing"), Err(OpenError::Io { .. })));
        // It has no end, so it must not be copied first.
        assert!(matches!(Set::open(Path::new("/dev/zero")), Err(OpenError::NotAof { .. })));
        assert!(open("empty").is_ok() && open("sound").unwrap().listing.is_none());
        for name in ["b.manifest", "c.manifest"] {
            std::fs::write(dir.path().join(name), MANIFEST).unwrap();
        }
        assert!(matches!(open(""), Err(OpenError::ManyManifests { .. })));
        std::fs::write(dir.path().join("list"), "# x\nfile a seq 1 type q\n").unwrap();
        assert!(matches!(open("list"), Err(OpenError::Manifest { .. })));
    }
}
