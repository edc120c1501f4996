//! The log, in the form that people's scripts know: `pid:role day month year time mark text`.

use crate::engine::Level;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::cell::RefCell;
use std::io::Write;

/// Writes lines of the log.
pub struct Log {
    out: RefCell<Box<dyn Write>>,
    least: Level,
    pid: u32,
    zone: TimeZone,
}

impl std::fmt::Debug for Log {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Log").field("least", &self.least).finish_non_exhaustive()
    }
}

impl Log {
    /// A log of what is at least so important.
    pub fn new(out: Box<dyn Write>, least: Level) -> Log {
        Log { out: RefCell::new(out), least, pid: std::process::id(), zone: TimeZone::system() }
    }

    /// Writes a line. If that fails there is nobody to tell.
    pub fn line(&self, level: Level, text: &str) {
        if level < self.least {
            return;
        }
        let mark = match level {
            Level::Debug => '.',
            Level::Verbose => '-',
            Level::Notice => '*',
            Level::Warning => '#',
        };
        let time = Timestamp::now().to_zoned(self.zone.clone());
        let time = time.strftime("%d %b %Y %H:%M:%S%.3f");
        let line = format!("{}:M {time} {mark} {text}\n", self.pid);
        let mut out = self.out.borrow_mut();
        let _ = out.write_all(line.as_bytes()).and_then(|()| out.flush());
    }

    /// Writes text as it is.
    pub fn raw(&self, text: &str) {
        let mut out = self.out.borrow_mut();
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }
}
