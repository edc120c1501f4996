//! What others see of the command that runs, and how long the driver may be away before its watchdog tells of it.

use super::config::Config;
use super::{Action, Engine};
use crate::command::{self, Command};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The command that runs, for other threads: those that report on a server that hangs or ends.
#[derive(Debug, Default)]
pub struct Running {
    /// The number of the command and 1, 0 for none.
    number: AtomicUsize,
}

impl Running {
    #[inline]
    pub(super) fn begin(&self, command: &Command) {
        self.number.store(command.number + 1, Ordering::Relaxed);
    }

    #[inline]
    pub(super) fn end(&self) {
        self.number.store(0, Ordering::Relaxed);
    }

    /// The name of the command that runs; of several that a client sent at once, the last that began. It is over once the
    /// driver has done what it asks for.
    pub fn name(&self) -> Option<&'static str> {
        let number = self.number.load(Ordering::Relaxed).checked_sub(1)?;
        let command = command::all().find(|command| command.number == number);
        command.map(|command| command.spec.name)
    }
}

/// Raises a period that is too short to tell a driver that hangs from one that comes back in time.
pub(super) fn raise_period(config: &mut Config) {
    if config.watchdog_period > 0 {
        let least_ms = 1000 / config.hz.max(1) * 2;
        config.watchdog_period = config.watchdog_period.max(least_ms);
    }
}

impl Engine {
    /// Which command runs, for other threads.
    pub fn running(&self) -> Arc<Running> {
        Arc::clone(&self.running)
    }

    /// Lets those who have this see from now on which command runs.
    pub fn show_running(&mut self, running: Arc<Running>) {
        self.running = running;
    }

    /// Lets the driver be watched as the configuration now says.
    pub(super) fn change_watchdog(&mut self) {
        raise_period(&mut self.config);
        let period_ms = u64::try_from(self.config.watchdog_period).unwrap_or(0);
        self.actions.push_back(Action::Watch { period_ms });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Flow, Identity, Now, Peer};

    fn engine(config: Config) -> Engine {
        let identity = Identity {
            run_id: String::new(),
            pid: 1,
            called: String::new(),
            executable: String::new(),
            config_file: String::new(),
            os: String::new(),
        };
        Engine::new(config, identity, 1, Now::default(), || 0)
    }

    #[test]
    fn a_command_runs_until_all_that_it_asks_for_is_done() {
        let mut engine = engine(Config::default());
        let running = Arc::new(Running::default());
        engine.show_running(Arc::clone(&running));
        let peer = Peer { is_local: true, ..Peer::default() };
        let client = engine.accept(peer, Now::default()).unwrap();
        while engine.next_action().is_some() {}
        assert_eq!(running.name(), None);
        engine.request(client, &[b"SELECT", b"1"], Now::default());
        let flow = engine.request(client, &[b"debug", b"LOG", b"x"], Now::default());
        assert_eq!((flow, running.name()), (Flow::Next, Some("debug")));
        engine.request(client, &[b"none"], Now::default());
        engine.request(client, &[b"GET"], Now::default());
        assert_eq!(running.name(), Some("debug"));
        while engine.next_action().is_some() {
            assert_eq!(running.name(), Some("debug"));
        }
        assert_eq!(running.name(), None);
    }

    #[test]
    fn a_period_is_no_less_than_two_rounds() {
        let period = |hz, watchdog_period| {
            let config = Config { hz, watchdog_period, ..Config::default() };
            engine(config).config().watchdog_period
        };
        assert_eq!([period(10, 0), period(10, 1), period(10, 200)], [0, 200, 200]);
        assert_eq!([period(10, 201), period(500, 1), period(300, 1)], [201, 4, 6]);
    }
}
