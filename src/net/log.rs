//! The log: a file or standard output, and the system's log beside it; in the forms that people's scripts know.

use super::Syslog;
use crate::engine::config::words::{LogFormat, LogTimestamp};
use crate::engine::{Level, LogForm};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde::Serialize;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// Where lines of the log go.
#[derive(Debug, Clone)]
pub enum LogTo {
    /// A file. It is opened for each line, so that people can move it away at any time and the next line is in a new one; a path
    /// from the current folder leads elsewhere once the process goes to another.
    File(PathBuf),
    /// Wherever this writes to.
    Writer(fn(&[u8]) -> io::Result<()>),
}

/// Writes lines of the log. Clones are the same log.
#[derive(Debug, Clone)]
pub struct Log {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    to: LogTo,
    syslog: Option<Syslog>,
    form: Mutex<LogForm>,
    pid: u32,
    zone: TimeZone,
}

impl Log {
    /// A log that goes to one place, and to the system's log if there is one.
    pub fn new(to: LogTo, syslog: Option<Syslog>, form: LogForm) -> Log {
        let (pid, zone) = (std::process::id(), TimeZone::system());
        let shared = Shared { to, syslog, form: Mutex::new(form), pid, zone };
        Log { shared: Arc::new(shared) }
    }

    /// Gives lines another form from now on.
    pub fn set_form(&self, form: LogForm) {
        *self.shared.form.lock().unwrap_or_else(PoisonError::into_inner) = form;
    }

    /// Writes a line. If that fails there is nobody to tell.
    pub fn line(&self, level: Level, text: &str) {
        let form = self.form();
        if form.has(level) {
            let time = self.time();
            self.put(&line(form, level, self.shared.pid, &time, text));
            self.put_in_syslog(level, &time, text);
        }
    }

    /// Writes a line of the highest level about a signal. In the old form it tells that in the place of the role, and the time in
    /// seconds; scripts look for it so.
    pub fn signal(&self, text: &str) {
        let form = self.form();
        if form.has(Level::Warning) {
            let (pid, time) = (self.shared.pid, self.time());
            self.put(&match form.format {
                LogFormat::Legacy => signal_line(pid, &time, text),
                _ => line(form, Level::Warning, pid, &time, text),
            });
            self.put_in_syslog(Level::Warning, &time, text);
        }
    }

    /// Writes text of a level as it is.
    pub fn raw(&self, level: Level, text: &str) {
        if self.form().has(level) {
            self.put(text);
            self.put_in_syslog(level, &self.time(), text);
        }
    }

    fn form(&self) -> LogForm {
        // Nobody holds it for longer than it takes to copy it, also when a panic is what is written of.
        *self.shared.form.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn time(&self) -> Zoned {
        Timestamp::now().to_zoned(self.shared.zone.clone())
    }

    fn put(&self, text: &str) {
        // In one piece, which lines of other processes in the same file do not part.
        let _ = match &self.shared.to {
            LogTo::File(path) => OpenOptions::new()
                .append(true)
                .create(true)
                .open(path)
                .and_then(|mut file| file.write_all(text.as_bytes())),
            LogTo::Writer(write) => write(text.as_bytes()),
        };
    }

    fn put_in_syslog(&self, level: Level, time: &Zoned, text: &str) {
        if let Some(syslog) = &self.shared.syslog {
            // The server does not need it.
            let _ = syslog.send(level, self.shared.pid, time, text);
        }
    }
}

/// The parts of a line in JSON, in their order.
#[derive(Serialize)]
struct Parts<'a> {
    pid: u32,
    role: &'a str,
    timestamp: &'a str,
    level: &'a str,
    message: &'a str,
}

/// A line about a signal, with its end.
fn signal_line(pid: u32, time: &Zoned, text: &str) -> String {
    format!("{pid}:signal-handler ({}) {text}\n", time.timestamp().as_second())
}

/// A line, with its end.
fn line(form: LogForm, level: Level, pid: u32, time: &Zoned, text: &str) -> String {
    let timestamp = match form.timestamp {
        LogTimestamp::Legacy => time.strftime("%d %b %Y %H:%M:%S%.3f").to_string(),
        LogTimestamp::Iso8601 => time.strftime("%Y-%m-%dT%H:%M:%S%.3f%:z").to_string(),
        LogTimestamp::Milliseconds => time.timestamp().as_millisecond().to_string(),
    };
    let (mark, name) = match level {
        Level::Debug => ('.', "debug"),
        Level::Verbose => ('-', "info"),
        Level::Notice => ('*', "notice"),
        Level::Warning => ('#', "warning"),
    };
    let (letter, role) = if form.is_replica { ('S', "replica") } else { ('M', "primary") };
    match form.format {
        LogFormat::Legacy => format!("{pid}:{letter} {timestamp} {mark} {text}\n"),
        LogFormat::Logfmt => {
            // What would end the value or the line is replaced; nothing else is, as readers know it from Valkey.
            let message = text.replace('"', "'").replace(['\n', '\r'], " ");
            format!(
                "pid={pid} role={role} timestamp=\"{timestamp}\" level={name} message=\"{message}\"\n"
            )
        }
        LogFormat::Json => {
            let parts = Parts { pid, role, timestamp: &timestamp, level: name, message: text };
            // Texts and a number always have a form in JSON.
            serde_json::to_string(&parts).unwrap_or_default() + "\n"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::config::Config;
    use crate::engine::config::words::{LogLevel, SyslogFacility};
    use std::fs;
    use std::os::unix::net::UnixDatagram;

    const FORM: LogForm = LogForm {
        least: LogLevel::Notice,
        format: LogFormat::Legacy,
        timestamp: LogTimestamp::Legacy,
        is_replica: false,
    };

    /// A line of a moment in a zone that is not a whole number of hours off.
    fn shown(form: LogForm, level: Level, text: &str) -> String {
        let zone = TimeZone::fixed(jiff::tz::Offset::from_seconds(-12_600).unwrap());
        let time = Timestamp::from_millisecond(1_796_097_439_007).unwrap().to_zoned(zone);
        line(form, level, 42, &time, text)
    }

    #[test]
    fn lines_tell_role_time_and_level() {
        let as_replica = LogForm { is_replica: true, ..FORM };
        assert_eq!(shown(FORM, Level::Debug, "x"), "42:M 01 Dec 2026 00:27:19.007 . x\n");
        assert_eq!(shown(FORM, Level::Verbose, "x"), "42:M 01 Dec 2026 00:27:19.007 - x\n");
        assert_eq!(shown(as_replica, Level::Notice, "x"), "42:S 01 Dec 2026 00:27:19.007 * x\n");
        assert_eq!(
            shown(as_replica, Level::Warning, "\"\"\n"),
            "42:S 01 Dec 2026 00:27:19.007 # \"\"\n\n"
        );
        let iso = LogForm { timestamp: LogTimestamp::Iso8601, ..FORM };
        assert_eq!(shown(iso, Level::Notice, "x"), "42:M 2026-12-01T00:27:19.007-03:30 * x\n");
        let milliseconds = LogForm { timestamp: LogTimestamp::Milliseconds, ..FORM };
        assert_eq!(shown(milliseconds, Level::Notice, "x"), "42:M 1796097439007 * x\n");
    }

    #[test]
    fn other_formats_keep_a_line_one_line() {
        let text = "a \"b\" \\c\r\n\u{1}é";
        let logfmt = LogForm { format: LogFormat::Logfmt, ..FORM };
        assert_eq!(
            shown(logfmt, Level::Verbose, text),
            "pid=42 role=primary timestamp=\"01 Dec 2026 00:27:19.007\" level=info message=\"a 'b' \\c  \u{1}é\"\n"
        );
        let json = LogForm { format: LogFormat::Json, is_replica: true, ..FORM };
        assert_eq!(
            shown(json, Level::Warning, text),
            "{\"pid\":42,\"role\":\"replica\",\"timestamp\":\"01 Dec 2026 00:27:19.007\",\"level\":\"warning\",\"message\":\"a \\\"b\\\" \\\\c\\r\\n\\u0001é\"}\n"
        );
    }

    #[test]
    fn a_line_of_a_signal_tells_so() {
        let time = Timestamp::from_millisecond(1_796_097_439_999).unwrap().to_zoned(TimeZone::UTC);
        assert_eq!(signal_line(42, &time, "x"), "42:signal-handler (1796097439) x\n");
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        let log = Log::new(LogTo::File(path.clone()), None, FORM);
        log.signal("first");
        log.set_form(LogForm { least: LogLevel::Nothing, ..FORM });
        log.signal("left out");
        log.set_form(LogForm { format: LogFormat::Json, ..FORM });
        log.signal("second");
        let text = fs::read_to_string(&path).unwrap();
        let [first, second] = text.lines().collect::<Vec<_>>()[..] else { panic!("{text}") };
        assert!(first.contains(":signal-handler (") && first.ends_with(") first"), "{text}");
        assert!(second.starts_with('{') && second.contains("\"second\""), "{text}");
    }

    #[test]
    fn a_file_that_was_moved_away_is_begun_anew() {
        let dir = tempfile::tempdir().unwrap();
        let (path, old) = (dir.path().join("log"), dir.path().join("log.1"));
        let log = Log::new(LogTo::File(path.clone()), None, FORM);
        log.line(Level::Notice, "first");
        log.raw(Level::Notice, "as it is\n");
        fs::rename(&path, &old).unwrap();
        log.clone().line(Level::Notice, "second");
        let text = |path| fs::read_to_string(path).unwrap();
        assert!(text(&old).ends_with(" * first\nas it is\n"), "{}", text(&old));
        assert!(text(&path).ends_with(" * second\n"), "{}", text(&path));
        assert_eq!(text(&path).lines().count(), 1);
        // Without its folder a line is lost, and nothing else.
        let log = Log::new(LogTo::File(dir.path().join("none/log")), None, FORM);
        log.line(Level::Warning, "lost");
    }

    #[test]
    fn what_is_written_changes_at_any_time() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        let log = Log::new(LogTo::File(path.clone()), None, LogForm::of(&Config::default()));
        log.line(Level::Verbose, "left out");
        log.set_form(LogForm { least: LogLevel::Verbose, is_replica: true, ..FORM });
        log.line(Level::Verbose, "kept");
        log.set_form(LogForm { least: LogLevel::Nothing, ..FORM });
        log.line(Level::Warning, "left out");
        log.raw(Level::Warning, "left out");
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.ends_with(" - kept\n") && text.contains(":S ") && text.lines().count() == 1);
    }

    #[test]
    fn the_system_gets_what_the_file_gets() {
        let dir = tempfile::tempdir().unwrap();
        let (path, socket) = (dir.path().join("log"), dir.path().join("socket"));
        let syslog = Syslog::new(socket.clone(), SyslogFacility::Local0, b"own");
        let log = Log::new(LogTo::File(path.clone()), Some(syslog), FORM);
        log.line(Level::Warning, "while nobody listens");
        let listener = UnixDatagram::bind(&socket).unwrap();
        listener.set_read_timeout(Some(std::time::Duration::from_secs(60))).unwrap();
        log.line(Level::Verbose, "left out");
        log.line(Level::Notice, "a line");
        log.raw(Level::Warning, "as it is\n");
        let mut bytes = [0; 200];
        let mut heard = || {
            let length = listener.recv(&mut bytes).unwrap();
            String::from_utf8(bytes[..length].to_vec()).unwrap()
        };
        let (pid, first) = (std::process::id(), heard());
        assert!(first.starts_with("<133>"), "{first}");
        assert!(first.ends_with(&format!(" own[{pid}]: a line")), "{first}");
        assert!(heard().ends_with(&format!(" own[{pid}]: as it is\n")));
        assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 3);
    }
}
