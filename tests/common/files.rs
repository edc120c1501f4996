//! Files and folders of the tests, and servers that load them.

use super::servers::{AOF, Peer, Server};
use std::fs;
use std::path::Path;
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
