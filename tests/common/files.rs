//! Files and folders of the tests, and servers that load them.

use super::servers::{AOF, Peer, Server};
use rkv::aof::manifest::Manifest;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// Returns a path as an argument of a program.
pub fn text(path: &Path) -> String {
    path.display().to_string()
}

/// Returns a new folder that goes when the value is dropped.
pub fn temp() -> TempDir {
    tempfile::tempdir().expect("no temporary folder")
}

/// Copies the files of a folder, which has no folders, into another, which need not be there.
pub fn copy_dir(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

/// Starts a server on a copy of an append-only set with more configuration. Returns the server's log if it refuses the set.
pub fn load_set(peer: Peer, set: &Path, args: &[&str]) -> Result<Server, String> {
    let dir = tempfile::Builder::new().prefix("rkv-server-").tempdir().unwrap();
    copy_dir(set, &dir.path().join("appendonlydir"));
    Server::start_in(peer, dir, &[AOF, args].concat())
}

/// Returns the manifest of a set in a folder.
pub fn manifest_of(dir: &Path) -> PathBuf {
    let mut paths = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    paths.find(|path| path.extension().is_some_and(|e| e == "manifest")).unwrap()
}

/// Returns the last file of a set in a folder.
pub fn last_file(dir: &Path) -> PathBuf {
    let manifest = Manifest::parse(&fs::read(manifest_of(dir)).unwrap()).unwrap();
    let name = String::from_utf8(manifest.loaded().last().unwrap().name.clone()).unwrap();
    dir.join(name)
}

/// Whether a release's `check-aof` finds nothing wrong with a file or a manifest.
pub fn check_aof(peer: Peer, path: &Path) -> bool {
    let output = Command::new(peer.check_aof()).arg(path).output().unwrap();
    output.status.success()
}

/// Whether a release's `check-aof` accepts a set in a folder.
pub fn check_set(peer: Peer, dir: &Path) -> bool {
    let last = last_file(dir);
    // That of Valkey 9.1 does not know the magic of its own RDB files.
    match (peer, fs::read(&last).unwrap().starts_with(b"VALKEY")) {
        (Peer::Valkey91, true) => true,
        (Peer::Valkey91, false) => check_aof(peer, &last),
        _ => check_aof(peer, &manifest_of(dir)),
    }
}
