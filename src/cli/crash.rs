//! What the log gets when the server ends by an error of its own, in the form that people of Redis know: without it a server
//! in the background would be gone without a word.

use crate::engine::Level;
use crate::net::Log;
use std::backtrace::Backtrace;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::panic::PanicHookInfo;
use std::path::PathBuf;

/// Lets the log have a report of each panic, behind which the process ends: data that may be half changed must not be served.
/// Without a file the report goes to standard output, where the log is.
pub(super) fn report_panics(logfile: Option<PathBuf>, release: &'static str) {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        // Where somebody looks on, this comes first.
        before(panic);
        let file = logfile.as_ref().map(|path| OpenOptions::new().append(true).open(path));
        let out: Box<dyn Write> = match file {
            Some(Ok(file)) => Box::new(file),
            // There is nobody else to tell.
            Some(Err(_)) => Box::new(io::stderr()),
            None => Box::new(io::stdout()),
        };
        report(panic, release, &Log::new(out, Level::Warning));
        std::process::abort();
    }));
}

fn report(panic: &PanicHookInfo<'_>, release: &str, log: &Log) {
    let thread = std::thread::current();
    let thread = thread.name().unwrap_or("without a name");
    let payload = panic.payload();
    let message = payload.downcast_ref::<&str>().copied();
    let message = message.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let message = message.unwrap_or("a panic without a text");
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    let version = env!("CARGO_PKG_VERSION");
    log.raw("\n\n=== REDIS BUG REPORT START: Cut & paste starting from here ===\n");
    for line in [
        "------------------------------------------------",
        "!!! Software Failure. Press left mouse button to continue",
        &format!("Guru Meditation: {message} #{place}"),
        "------------------------------------------------",
        &format!("rkv {version} (Redis {release}) crashed by a panic of thread '{thread}'"),
    ] {
        log.line(Level::Warning, line);
    }
    log.raw(&format!("\n------ STACK TRACE ------\n{}", Backtrace::force_capture()));
    log.raw("\n=== REDIS BUG REPORT END. Make sure to include from START to END. ===\n");
}
