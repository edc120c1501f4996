//! Runs the `rkv` program under test in a clean environment.

use std::ffi::OsStr;
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// What a finished run of the program left.
#[derive(Debug)]
pub struct Run {
    /// The exit status, or 128 + signal number when a signal ended the program.
    pub code: i32,
    /// All bytes of standard output.
    pub stdout: Vec<u8>,
    /// All bytes of standard error.
    pub stderr: Vec<u8>,
}

impl Run {
    /// Returns standard output as text.
    pub fn out(&self) -> &str {
        std::str::from_utf8(&self.stdout).expect("standard output is not UTF-8")
    }

    /// Returns standard error as text.
    pub fn err(&self) -> &str {
        std::str::from_utf8(&self.stderr).expect("standard error is not UTF-8")
    }

    /// Panics with all output unless the exit status is `code`.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert!(
            self.code == code,
            "exit status {} instead of {code}\nstdout: {}\nstderr: {}",
            self.code,
            String::from_utf8_lossy(&self.stdout[..self.stdout.len().min(4096)]),
            String::from_utf8_lossy(&self.stderr[..self.stderr.len().min(4096)]),
        );
        self
    }

    fn new(output: Output) -> Self {
        let status = output.status;
        let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0));
        Self { code, stdout: output.stdout, stderr: output.stderr }
    }
}

/// Runs `rkv` with `args` and empty standard input.
pub fn rkv<A: AsRef<OsStr>>(args: &[A]) -> Run {
    Run::new(command().args(args).stdin(Stdio::null()).output().expect("rkv does not start"))
}

/// Runs `rkv` with `args` in the folder `dir` and empty standard input.
pub fn rkv_in<A: AsRef<OsStr>>(dir: &Path, args: &[A]) -> Run {
    Run::new(
        command()
            .args(args)
            .current_dir(dir)
            .stdin(Stdio::null())
            .output()
            .expect("rkv does not start"),
    )
}

/// Runs `rkv` with `args` and feeds `input` to its standard input; a program that stops reading early is no failure.
pub fn rkv_with_stdin<A: AsRef<OsStr>>(args: &[A], input: &[u8]) -> Run {
    let mut child = command()
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("rkv does not start");
    let mut stdin = child.stdin.take().expect("standard input is piped");
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let _ = stdin.write_all(input);
        });
        Run::new(child.wait_with_output().expect("rkv cannot be waited for"))
    })
}

/// Returns the command of the program under test, without the settings of whoever runs the tests.
pub fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rkv"));
    for name in ["RKV_AUTH", "REDISCLI_AUTH", "NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS"] {
        command.env_remove(name);
    }
    command.env("TERM", "dumb").env("LC_ALL", "C").env("TZ", "UTC");
    command
}

/// Returns the path of a file in `testdata`.
pub fn testdata(name: impl AsRef<Path>) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(name)
}
