//! Huge pages for the server's memory.
//!
//! Each use of a key misses the processor's caches of addresses when memory is split into pages of 4 KiB; with pages of 2 MiB
//! most are found. redis-server avoids them, since a child made by fork would copy 2 MiB for each write; this server does not
//! fork. But memory that grows costs more where the machine is a guest whose host takes free huge pages back, and so they are
//! for those who say `disable-thp no`. The allocator of glibc asks for them if `GLIBC_TUNABLES` says so when a program starts,
//! and only then.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;

const VARIABLE: &str = "GLIBC_TUNABLES";
const TUNABLE: &str = "glibc.malloc.hugetlb";

/// Starts the program anew, as the same process with the same arguments, in an environment that asks for huge pages. Returns if
/// it was started so already, if the environment says something of its own about it, and if it cannot be done. `here` is the
/// folder in which it was called.
pub(super) fn ask(here: Option<&Path>) {
    if !cfg!(all(target_os = "linux", target_env = "gnu")) {
        return;
    }
    let Some(tunables) = with_huge_pages(std::env::var_os(VARIABLE).as_deref()) else { return };
    let Ok(this) = std::env::current_exe() else { return };
    let mut args = std::env::args_os();
    let Some(name) = args.next() else { return };
    use std::os::unix::process::CommandExt;
    // What it was called by tells `ps` its name. It does not come back unless it fails, and then nothing has changed.
    let mut again = Command::new(called(&name, &this));
    if let Some(here) = here {
        again.current_dir(here);
    }
    let _ = again.arg0(&name).args(args).env(VARIABLE, tunables).exec();
}

/// The variable with the wish added; `None` if it is decided there already.
fn with_huge_pages(tunables: Option<&OsStr>) -> Option<OsString> {
    let mut tunables = tunables.unwrap_or_default().to_os_string();
    if tunables.to_string_lossy().contains(TUNABLE) {
        return None;
    }
    if !tunables.is_empty() {
        tunables.push(":");
    }
    tunables.push(TUNABLE);
    tunables.push("=1");
    Some(tunables)
}

/// The path by which the program was called, or its own if that is not known to be it.
fn called(name: &OsStr, this: &Path) -> PathBuf {
    let is_this = |path: &PathBuf| path.canonicalize().is_ok_and(|path| path == this);
    let path = Path::new(name);
    if path.components().count() > 1 {
        return Some(path.to_path_buf()).filter(is_this).unwrap_or_else(|| this.into());
    }
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&folders).map(|folder| folder.join(name)).find(is_this);
    found.unwrap_or_else(|| this.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wish_is_added_once() {
        let wish = OsString::from("glibc.malloc.hugetlb=1");
        assert_eq!(with_huge_pages(None), Some(wish.clone()));
        assert_eq!(with_huge_pages(Some(OsStr::new(""))), Some(wish.clone()));
        assert_eq!(with_huge_pages(Some(&wish)), None);
        assert_eq!(with_huge_pages(Some(OsStr::new("glibc.malloc.hugetlb=0"))), None);
        let other = OsStr::new("glibc.malloc.check=3");
        let both = OsString::from("glibc.malloc.check=3:glibc.malloc.hugetlb=1");
        assert_eq!(with_huge_pages(Some(other)), Some(both));
    }

    #[test]
    fn a_program_keeps_the_path_it_was_called_by() {
        let this = std::env::current_exe().unwrap().canonicalize().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("redis-server");
        std::os::unix::fs::symlink(&this, &link).unwrap();
        assert_eq!(called(link.as_os_str(), &this), link);
        assert_eq!(called(OsStr::new("/bin/sh"), &this), this);
        assert_eq!(called(OsStr::new("no-such-program"), &this), this);
    }
}
