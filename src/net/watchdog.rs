//! The watchdog: a thread that tells the log, once, when the main loop does not come back to what it does with time.

use super::{Log, mono_us, threads};
use crate::engine::{Level, Running};
use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

/// Watches the main loop, if it is to.
#[derive(Debug)]
pub(super) struct Watchdog {
    /// When the loop last came back, in microseconds of [`mono_us`].
    back_us: Arc<AtomicU64>,
    /// How long the loop may be away; without it the thread ends.
    periods: RefCell<Option<Sender<Duration>>>,
    /// What the loop needs when all is well.
    least: Duration,
    log: Log,
    running: Arc<Running>,
}

impl Watchdog {
    /// One that does not watch yet, for a loop that comes back every `tick`.
    pub fn new(tick: Duration, log: Log, running: Arc<Running>) -> Watchdog {
        let back_us = Arc::new(AtomicU64::new(mono_us()));
        Watchdog { back_us, periods: RefCell::default(), least: tick * 2, log, running }
    }

    /// The loop has come back.
    pub fn come_back(&self) {
        self.back_us.store(mono_us(), Ordering::Relaxed);
    }

    /// Watches from now on, with another period; zero ends it.
    pub fn watch(&self, period: Duration) {
        let mut periods = self.periods.borrow_mut();
        if period.is_zero() {
            *periods = None;
            return;
        }
        self.come_back();
        let period = period.max(self.least);
        if let Some(periods) = &*periods
            && periods.send(period).is_ok()
        {
            return;
        }
        let (sender, changes) = channel();
        let (back_us, log, running) =
            (Arc::clone(&self.back_us), self.log.clone(), Arc::clone(&self.running));
        let thread = std::thread::Builder::new().name("watchdog".into());
        match thread.spawn(move || run(&back_us, period, &changes, &log, &running)) {
            Ok(_) => *periods = Some(sender),
            Err(error) => {
                self.log.line(Level::Warning, &format!("The watchdog cannot be started: {error}"));
            }
        }
    }
}

fn run(
    back_us: &AtomicU64,
    mut period: Duration,
    changes: &Receiver<Duration>,
    log: &Log,
    running: &Running,
) {
    let mut watch = Watch::default();
    loop {
        let (is_hang, next) = watch.look(back_us.load(Ordering::Relaxed), mono_us(), period);
        if is_hang {
            tell(log, running.name());
        }
        match changes.recv_timeout(next) {
            Ok(changed) => period = changed,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// What is known from one look to the next.
#[derive(Debug, Default)]
struct Watch {
    /// When the loop had last come back before the hang that was told of.
    told: Option<u64>,
}

impl Watch {
    /// Whether there is a hang to tell of, and when to look again, for a loop that came back and may be away for so long.
    fn look(&mut self, back_us: u64, now_us: u64, period: Duration) -> (bool, Duration) {
        let away = Duration::from_micros(now_us.saturating_sub(back_us));
        if away < period {
            return (false, period - away);
        }
        (self.told.replace(back_us) != Some(back_us), period)
    }
}

fn tell(log: &Log, command: Option<&str>) {
    let line = |text: &str| log.line(Level::Warning, text);
    line("--- WATCHDOG TIMER EXPIRED ---");
    match command {
        Some(name) => line(&format!("The command '{name}' is running")),
        None => line("No command is running"),
    }
    threads().lines().for_each(|thread| line(thread.trim_end()));
    line("--------");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::LogForm;
    use crate::engine::config::Config;
    use crate::net::LogTo;

    #[test]
    fn a_hang_is_told_of_once() {
        let ms = Duration::from_millis;
        let (mut watch, period) = (Watch::default(), ms(200));
        assert_eq!(watch.look(1_000_000, 1_000_000, period), (false, ms(200)));
        assert_eq!(watch.look(1_000_000, 1_150_000, period), (false, ms(50)));
        assert_eq!(watch.look(1_000_000, 1_200_000, period), (true, period));
        assert_eq!(watch.look(1_000_000, 1_400_000, period), (false, period));
        // It was back for a while, and is away again.
        assert_eq!(watch.look(1_500_000, 1_600_000, period), (false, ms(100)));
        assert_eq!(watch.look(1_500_000, 1_800_000, period), (true, period));
        // Its clock may be read before that of the loop.
        assert_eq!(watch.look(1_900_000, 1_899_999, period), (false, period));
    }

    #[test]
    fn it_watches_while_it_is_to() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        let log = Log::new(LogTo::File(path.clone()), None, LogForm::of(&Config::default()));
        let watchdog = Watchdog::new(Duration::from_millis(5), log, Arc::default());
        let text = || std::fs::read_to_string(&path).unwrap_or_default();
        for hangs in 1..=3 {
            // A period that is too short counts as the least that is possible.
            watchdog.watch(Duration::from_millis(1));
            while text().matches(" # --------\n").count() < hangs {
                std::thread::sleep(Duration::from_millis(1));
            }
            if hangs == 2 {
                watchdog.watch(Duration::ZERO);
            }
        }
        let text = text();
        assert_eq!(text.matches(" # --- WATCHDOG TIMER EXPIRED ---\n").count(), 3, "{text}");
        assert_eq!(text.matches(" # No command is running\n").count(), 3, "{text}");
        assert!(!cfg!(target_os = "linux") || text.contains(" # watchdog  "), "{text}");
    }
}
