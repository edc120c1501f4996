//! What the log gets when the server ends by an error of its own, or because somebody aborts it, in the form that people of Redis
//! know: without it a server in the background would be gone without a word.

use crate::engine::{Level, Running};
use crate::net::{self, Log};
use signal_hook::consts::SIGABRT;
use std::backtrace::Backtrace;
use std::panic::PanicHookInfo;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether a report was begun. One is enough: a panic ends with the signal that has one, too.
static IS_REPORTED: AtomicBool = AtomicBool::new(false);

/// Where reports go, as which release the server shows itself, and which command it runs.
#[derive(Debug, Clone)]
pub(super) struct Reports {
    pub log: Log,
    pub release: &'static str,
    pub running: Arc<Running>,
}

impl Reports {
    /// Lets the log have a report of each panic, behind which the process ends, as data that may be half changed must not be
    /// served; and of a signal by which a watchdog ends a process that hangs.
    pub fn begin(self) {
        let of_panics = self.clone();
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            // Where somebody looks on, this comes first.
            before(panic);
            of_panics.panic(panic);
            std::process::abort();
        }));
        // Without a thread for it the signal ends the process as ever, without a report.
        let Ok(mut signals) = signal_hook::iterator::Signals::new([SIGABRT]) else { return };
        let thread = std::thread::Builder::new().name("crash".into());
        let _ = thread.spawn(move || {
            for signal in signals.forever() {
                self.signal(signal);
                let _ = signal_hook::low_level::emulate_default_handler(signal);
            }
        });
    }

    fn panic(&self, panic: &PanicHookInfo<'_>) {
        let thread = std::thread::current();
        let thread = thread.name().unwrap_or("without a name");
        let payload = panic.payload();
        let message = payload.downcast_ref::<&str>().copied();
        let message = message.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        let message = message.unwrap_or("a panic without a text");
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let lines = [
            "------------------------------------------------",
            "!!! Software Failure. Press left mouse button to continue",
            &format!("Guru Meditation: {message} #{place}"),
            "------------------------------------------------",
        ];
        let why = format!("by a panic of thread '{thread}'");
        self.write(&lines, &why, &Backtrace::force_capture().to_string());
    }

    fn signal(&self, signal: i32) {
        // What they call they could tell only themselves, and one that hangs does not.
        let threads = net::threads();
        self.write(&[], &format!("by signal: {signal}"), &format!("Threads:\n{threads}"));
    }

    fn write(&self, lines: &[&str], why: &str, trace: &str) {
        if IS_REPORTED.swap(true, Ordering::Relaxed) {
            return;
        }
        let log = &self.log;
        log.raw(
            Level::Warning,
            "\n\n=== REDIS BUG REPORT START: Cut & paste starting from here ===\n",
        );
        lines.iter().for_each(|line| log.line(Level::Warning, line));
        let (version, release) = (env!("CARGO_PKG_VERSION"), self.release);
        log.line(Level::Warning, &format!("rkv {version} (Redis {release}) crashed {why}"));
        if let Some(name) = self.running.name() {
            log.line(Level::Warning, &format!("The command '{name}' was running"));
        }
        log.raw(Level::Warning, &format!("\n------ STACK TRACE ------\n{trace}"));
        log.raw(
            Level::Warning,
            "\n=== REDIS BUG REPORT END. Make sure to include from START to END. ===\n",
        );
    }
}
