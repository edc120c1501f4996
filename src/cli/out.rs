//! Standard output and standard error: nothing else in the crate writes to them.

use super::exit::{CliError, Exit};
use crate::tool::file::AtomicFile;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// How a command talks to its user.
#[derive(Debug, Clone)]
pub struct Ui {
    /// Notes are left out.
    pub quiet: bool,
    /// How much more is told.
    pub verbose: u8,
    /// Errors are JSON objects.
    pub json_errors: bool,
    /// Colour of reports on standard output.
    pub color: bool,
}

impl Ui {
    /// Colour as chosen.
    pub fn wants_color(choice: ColorChoice) -> bool {
        match choice {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => {
                io::stdout().is_terminal()
                    && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
            }
        }
    }

    /// Width of the terminal, if standard output is one.
    pub fn width(&self) -> Option<usize> {
        io::stdout().is_terminal().then(|| {
            std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok()).unwrap_or(120)
        })
    }

    /// Says something on standard error.
    pub fn note(&self, message: &str) {
        if !self.quiet {
            // Nobody is left to be told that standard error is closed.
            let _ = writeln!(io::stderr(), "rkv: {message}");
        }
    }

    /// Says something on standard error if asked to say more.
    pub fn detail(&self, message: &str) {
        if self.verbose > 0 {
            self.note(message);
        }
    }

    /// Says what went wrong.
    pub fn error(&self, error: &CliError) {
        if error.message.is_empty() {
            return;
        }
        let mut stderr = io::stderr();
        let _ = if self.json_errors {
            writeln!(stderr, "{}", error.json())
        } else {
            writeln!(stderr, "{}", error.line())
        };
        if let (Some(hint), false) = (&error.hint, self.json_errors) {
            let _ = writeln!(stderr, "hint: {hint}");
        }
    }
}

/// Unfinished files and folders, removed when a signal ends the program.
static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Remembers an unfinished file or folder.
pub fn register_unfinished(path: &Path) {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner).push(path.into());
}

/// Removes unfinished files and ends the program when SIGINT or SIGTERM comes.
pub fn watch_signals() {
    use signal_hook::consts::{SIGINT, SIGTERM};
    let Ok(mut signals) = signal_hook::iterator::Signals::new([SIGINT, SIGTERM]) else { return };
    std::thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            for path in UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner).iter() {
                // It may have got its name already, and it may be a folder.
                if std::fs::remove_file(path).is_err() {
                    let _ = std::fs::remove_dir_all(path);
                }
            }
            std::process::exit(128 + signal);
        }
    });
}

/// Where a command's data goes.
pub enum Sink {
    /// Standard output.
    Stdout(io::BufWriter<io::Stdout>),
    /// A file.
    File(Box<AtomicFile>, PathBuf),
}

impl Sink {
    /// Opens `-o PATH`, or standard output for none or `-`.
    pub fn open(path: Option<&Path>, force: bool) -> Result<Sink, CliError> {
        match path {
            Some(path) if path.as_os_str() != "-" => {
                let file = AtomicFile::create(path, force)
                    .map_err(|e| CliError::from(e).in_file(path.display().to_string()))?;
                if let Some(path) = file.temporary_path() {
                    register_unfinished(path);
                }
                Ok(Sink::File(Box::new(file), path.into()))
            }
            _ => Ok(Sink::Stdout(io::BufWriter::with_capacity(256 << 10, io::stdout()))),
        }
    }

    /// Writes what is left; gives a file its name.
    pub fn finish(self) -> Result<(), CliError> {
        match self {
            Sink::Stdout(mut stdout) => Ok(stdout.flush()?),
            Sink::File(file, path) => {
                file.commit().map_err(|e| CliError::from(e).in_file(path.display().to_string()))
            }
        }
    }

    /// Leaves what standard output has got so far; leaves no file.
    pub fn abandon(self) {
        if let Sink::Stdout(mut stdout) = self {
            // The command has failed already.
            let _ = stdout.flush();
        }
    }
}

impl Write for Sink {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        match self {
            Sink::Stdout(stdout) => stdout.write(buf),
            Sink::File(file, _) => file.write(buf),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Sink::Stdout(stdout) => stdout.flush(),
            Sink::File(file, _) => file.flush(),
        }
    }
}

/// Turns a command's end into the program's.
pub fn conclude(ui: &Ui, done: Result<Exit, CliError>) -> std::process::ExitCode {
    let exit = match done {
        Ok(exit) => exit,
        Err(error) => {
            ui.error(&error);
            error.exit
        }
    };
    std::process::ExitCode::from(exit as u8)
}
