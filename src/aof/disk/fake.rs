//! A disk in memory for tests.

use super::super::set::parent;
use super::Disk;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

type Names = BTreeMap<OsString, usize>;

/// A file or a folder.
#[derive(Clone, Debug)]
enum Node {
    File { bytes: Vec<u8>, synced: usize },
    Dir { now: Names, synced: Names },
}

/// A disk in memory that fails from its nth operation on and forgets what is not synced.
#[derive(Clone, Debug)]
pub struct Fake {
    nodes: Vec<Node>,
    /// Operations that still succeed.
    pub left: usize,
}

/// What survives of names that are not synced.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Survivors {
    Synced,
    All,
}

impl Fake {
    /// An empty disk.
    pub fn new() -> Fake {
        let root = Node::Dir { now: Names::new(), synced: Names::new() };
        Fake { nodes: vec![root], left: usize::MAX }
    }

    fn op(&mut self) -> io::Result<()> {
        self.left = self.left.checked_sub(1).ok_or_else(|| io::Error::other("power cut"))?;
        Ok(())
    }

    fn entries(&mut self, dir: &Path) -> io::Result<&mut Names> {
        let id = self.find(dir).ok_or(io::ErrorKind::NotFound)?;
        match &mut self.nodes[id] {
            Node::Dir { now, .. } => Ok(now),
            Node::File { .. } => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    fn find(&self, path: &Path) -> Option<usize> {
        path.iter().filter(|part| *part != ".").try_fold(0, |id, part| match &self.nodes[id] {
            Node::Dir { now, .. } => now.get(part).copied(),
            Node::File { .. } => None,
        })
    }

    fn add(&mut self, path: &Path, node: Node) -> io::Result<usize> {
        if self.find(path).is_some() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let id = self.nodes.len();
        self.nodes.push(node);
        self.entries(&parent(path))?.insert(path.file_name().unwrap().into(), id);
        Ok(id)
    }

    /// All files that survive a power cut, by path.
    pub fn after_cut(&self, names: Survivors) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        self.survivors(0, Path::new(""), names, &mut files);
        files
    }

    fn survivors(
        &self,
        id: usize,
        path: &Path,
        names: Survivors,
        files: &mut BTreeMap<PathBuf, Vec<u8>>,
    ) {
        match &self.nodes[id] {
            Node::File { bytes, synced } => {
                files.insert(path.into(), bytes[..*synced].to_vec());
            }
            Node::Dir { now, synced } => {
                let entries = if names == Survivors::All { now } else { synced };
                for (name, id) in entries {
                    self.survivors(*id, &path.join(name), names, files);
                }
            }
        }
    }

    /// A file that survives.
    pub fn put(&mut self, path: &str, bytes: &[u8]) {
        let path = Path::new(path);
        let dir = parent(path);
        if self.find(&dir).is_none() {
            self.create_dir(&dir).unwrap();
        }
        let mut file = self.create(path).unwrap();
        self.append(&mut file, bytes).unwrap();
        self.sync(&mut file).unwrap();
        self.sync_dir(&dir).unwrap();
        self.sync_dir(Path::new(".")).unwrap();
    }
}

impl Disk for Fake {
    type File = usize;

    fn create_dir(&mut self, path: &Path) -> io::Result<()> {
        self.op()?;
        self.add(path, Node::Dir { now: Names::new(), synced: Names::new() }).map(|_| ())
    }

    fn create(&mut self, path: &Path) -> io::Result<usize> {
        self.op()?;
        self.add(path, Node::File { bytes: Vec::new(), synced: 0 })
    }

    fn open(&mut self, path: &Path) -> io::Result<usize> {
        self.op()?;
        self.find(path).ok_or(io::ErrorKind::NotFound.into())
    }

    fn write(&mut self, file: &mut usize, more: &[u8]) -> io::Result<usize> {
        self.op()?;
        if let Node::File { bytes, .. } = &mut self.nodes[*file] {
            bytes.extend_from_slice(more);
        }
        Ok(more.len())
    }

    fn sync(&mut self, file: &mut usize) -> io::Result<()> {
        self.op()?;
        if let Node::File { bytes, synced } = &mut self.nodes[*file] {
            *synced = bytes.len();
        }
        Ok(())
    }

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        self.op()?;
        let id = self.find(from).ok_or(io::ErrorKind::NotFound)?;
        self.entries(&parent(from))?.remove(from.file_name().unwrap());
        self.entries(&parent(to))?.insert(to.file_name().unwrap().into(), id);
        Ok(())
    }

    fn link(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        self.op()?;
        let id = self.find(from).ok_or(io::ErrorKind::NotFound)?;
        self.entries(&parent(to))?.insert(to.file_name().unwrap().into(), id);
        Ok(())
    }

    fn remove(&mut self, path: &Path) -> io::Result<()> {
        self.op()?;
        let name = path.file_name().unwrap();
        let gone = self.entries(&parent(path))?.remove(name);
        gone.map(|_| ()).ok_or(io::ErrorKind::NotFound.into())
    }

    fn sync_dir(&mut self, path: &Path) -> io::Result<()> {
        self.op()?;
        let id = self.find(path).ok_or(io::ErrorKind::NotFound)?;
        if let Node::Dir { now, synced } = &mut self.nodes[id] {
            *synced = now.clone();
        }
        Ok(())
    }

    fn exists(&mut self, path: &Path) -> io::Result<bool> {
        Ok(self.find(path).is_some())
    }

    fn read(&mut self, path: &Path) -> io::Result<Vec<u8>> {
        match self.find(path).map(|id| &self.nodes[id]) {
            Some(Node::File { bytes, .. }) => Ok(bytes.clone()),
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn len(&mut self, path: &Path) -> io::Result<u64> {
        self.read(path).map(|bytes| bytes.len() as u64)
    }
}
