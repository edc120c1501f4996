//! The system's log, spoken to as syslog(3) of the C library does: datagrams to a socket, in the form of RFC 3164.

use crate::engine::Level;
use crate::engine::config::words::SyslogFacility;
use jiff::Zoned;
use std::io;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::time::Duration;

/// Where the system's log listens.
pub const SYSLOG_SOCKET: &str =
    if cfg!(target_os = "macos") { "/var/run/syslog" } else { "/dev/log" };

/// How long one line waits for a system's log that does not read; behind that it is lost, so that the server is not.
const PATIENCE: Duration = Duration::from_millis(100);

/// The system's log.
#[derive(Debug, Clone)]
pub struct Syslog {
    socket: PathBuf,
    facility: u8,
    ident: String,
}

impl Syslog {
    /// The log behind a socket, for lines of a facility that carry a name.
    pub fn new(socket: PathBuf, facility: SyslogFacility, ident: &[u8]) -> Syslog {
        // As RFC 3164 numbers them.
        let facility = match facility {
            SyslogFacility::User => 1,
            SyslogFacility::Local0 => 16,
            SyslogFacility::Local1 => 17,
            SyslogFacility::Local2 => 18,
            SyslogFacility::Local3 => 19,
            SyslogFacility::Local4 => 20,
            SyslogFacility::Local5 => 21,
            SyslogFacility::Local6 => 22,
            SyslogFacility::Local7 => 23,
        };
        Syslog { socket, facility, ident: String::from_utf8_lossy(ident).into_owned() }
    }

    /// Sends a line. A socket of its own for each finds the log also after that was started anew.
    ///
    /// # Errors
    /// Nobody listens, or does not read.
    pub(super) fn send(&self, level: Level, pid: u32, time: &Zoned, text: &str) -> io::Result<()> {
        let socket = UnixDatagram::unbound()?;
        socket.set_write_timeout(Some(PATIENCE))?;
        socket.send_to(self.message(level, pid, time, text).as_bytes(), &self.socket)?;
        Ok(())
    }

    fn message(&self, level: Level, pid: u32, time: &Zoned, text: &str) -> String {
        let severity = match level {
            Level::Warning => 4,
            Level::Notice => 5,
            Level::Verbose => 6,
            Level::Debug => 7,
        };
        let priority = self.facility * 8 + severity;
        let time = time.strftime("%b %e %H:%M:%S");
        format!("<{priority}>{time} {}[{pid}]: {text}", self.ident)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use jiff::tz::TimeZone;

    #[test]
    fn messages_are_those_of_the_c_library() {
        let time = Timestamp::from_second(1_796_097_439).unwrap().to_zoned(TimeZone::UTC);
        let of = |facility, level| {
            Syslog::new("socket".into(), facility, b"redis").message(level, 7, &time, "text %s")
        };
        let shown = of(SyslogFacility::Local0, Level::Notice);
        assert_eq!(shown, "<133>Dec  1 03:57:19 redis[7]: text %s");
        let priority = |facility, level| of(facility, level).split('>').next().unwrap().to_owned();
        assert_eq!(priority(SyslogFacility::User, Level::Debug), "<15");
        assert_eq!(priority(SyslogFacility::User, Level::Verbose), "<14");
        assert_eq!(priority(SyslogFacility::Local7, Level::Warning), "<188");
        assert_eq!(priority(SyslogFacility::Local3, Level::Warning), "<156");
    }
}
