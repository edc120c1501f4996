//! `daemonize`: the server goes on in the background, in a session of its own.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::process::{Command, Stdio};

/// Tells the program that it was started to go on in the background.
const MARK: &str = "RKV_DAEMON";

/// Whether this process was started to go on in the background.
pub(super) fn is_one() -> bool {
    std::env::var_os(MARK).is_some()
}

/// Leaves the session of who started it. A session of its own cannot be refused to a process that leads no group.
pub(super) fn leave_session() {
    let _ = rustix::process::setsid();
}

/// Starts the same server anew, in the background; it is started where this process was, with the same arguments.
pub(super) fn start(args: &[Vec<u8>], here: &Path) -> io::Result<()> {
    Command::new(std::env::current_exe()?)
        .arg("serve")
        .args(args.iter().map(|arg| OsString::from_vec(arg.clone())))
        .current_dir(here)
        .env(MARK, "1")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map(drop)
}
