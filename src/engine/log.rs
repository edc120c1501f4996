//! What the log is told: lines, and the form that they have from now on.

use super::config::Config;
use super::config::words::{LogFormat, LogLevel, LogTimestamp};
use super::{Action, Engine, Level};

/// Which lines the log has, and what they look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogForm {
    /// The least important lines that are written.
    pub least: LogLevel,
    /// How the parts of a line are put together.
    pub format: LogFormat,
    /// How the time of a line is told.
    pub timestamp: LogTimestamp,
    /// Whether lines come from a replica, which they tell.
    pub is_replica: bool,
}

impl LogForm {
    /// What a configuration asks for.
    pub fn of(config: &Config) -> LogForm {
        LogForm {
            least: config.loglevel,
            format: config.log_format,
            timestamp: config.log_timestamp_format,
            is_replica: config.replicaof.is_some(),
        }
    }

    /// Whether lines of this level are written.
    pub fn has(&self, level: Level) -> bool {
        match self.least {
            LogLevel::Debug => true,
            LogLevel::Verbose => level >= Level::Verbose,
            LogLevel::Notice => level >= Level::Notice,
            LogLevel::Warning => level >= Level::Warning,
            LogLevel::Nothing => false,
        }
    }
}

impl Engine {
    /// Writes a line to the log.
    pub(super) fn log(&mut self, level: Level, text: impl Into<String>) {
        self.actions.push_back(Action::Log(level, text.into()));
    }

    /// Writes a line to the log that tells of a signal.
    pub(super) fn log_signal(&mut self, text: impl Into<String>) {
        self.actions.push_back(Action::LogSignal(text.into()));
    }

    /// Lets lines of the log have the form that the configuration now asks for; those before them keep theirs.
    pub(super) fn show_log_form(&mut self) {
        self.actions.push_back(Action::LogForm(LogForm::of(&self.config)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_written_from_the_level_on_that_is_asked_for() {
        let levels = [Level::Debug, Level::Verbose, Level::Notice, Level::Warning];
        let of = |least| {
            let form = LogForm::of(&Config { loglevel: least, ..Config::default() });
            levels.map(|level| form.has(level))
        };
        assert_eq!(of(LogLevel::Debug), [true; 4]);
        assert_eq!(of(LogLevel::Verbose), [false, true, true, true]);
        assert_eq!(of(LogLevel::Notice), [false, false, true, true]);
        assert_eq!(of(LogLevel::Warning), [false, false, false, true]);
        assert_eq!(of(LogLevel::Nothing), [false; 4]);
    }
}
