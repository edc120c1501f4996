//! Drives a link over sockets: connects, reads, writes, tries again, and knows when enough is enough.

use super::sentinel::{self, Sentinel};
use super::{Error, Held, Target};
use crate::base::reason::reason;
use crate::repl::Level;
use crate::repl::handshake::{Auth, Introduction};
use crate::repl::offset::Offset;
use crate::repl::replica::{Claim, Event, Failure, Link, Phase, Progress, Settings};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

/// Bytes that are read at once.
const READ_BYTES: usize = 256 << 10;

/// Longest wait for bytes before other things are looked after.
const PATIENCE: Duration = Duration::from_millis(100);

/// Attempts in a row that may fail in a way that time does not mend.
const FAILURES_MAX: u32 = 3;

/// Milliseconds from one attempt to the next, at least.
const RETRY_MS: u64 = 1000;

/// Where the primary is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A host and a port.
    Address(String, u16),
    /// Whatever a Sentinel calls the primary.
    Sentinel(Sentinel),
}

impl Source {
    /// The host and port of the primary.
    fn find(&self, timeout: Duration) -> io::Result<(String, u16)> {
        match self {
            Source::Address(host, port) => Ok((host.clone(), *port)),
            Source::Sentinel(sentinel) => sentinel::find(sentinel, timeout),
        }
    }
}

/// When to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Until {
    /// At this time, in unix milliseconds.
    pub time_ms: Option<i64>,
    /// Behind this place.
    pub offset: Option<Offset>,
    /// When nothing but signs of life came for so many milliseconds.
    pub idle_ms: Option<u64>,
    /// After so many milliseconds.
    pub duration_ms: Option<u64>,
}

/// How a primary is followed.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where it is.
    pub source: Source,
    /// How one authenticates oneself.
    pub auth: Option<Auth>,
    /// Only a snapshot is wanted.
    pub is_rdb_only: bool,
    /// Acknowledge all that is safe, so that `WAIT` and `WAITAOF` count it.
    pub counts: bool,
    /// Milliseconds of silence after which the primary is taken for dead.
    pub timeout_ms: u64,
    /// When to stop.
    pub until: Until,
}

/// Why it has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// As was asked for.
    Until,
    /// The snapshot that was wanted is complete.
    Complete,
    /// It was interrupted.
    Interrupted,
}

/// How it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    /// What the link does.
    pub phase: Phase,
    /// How far a snapshot has come.
    pub snapshot: Progress,
    /// The place behind the last byte that came.
    pub received: Option<Offset>,
    /// What the target has.
    pub held: Held,
    /// Bytes of the stream since the start.
    pub streamed_bytes: u64,
    /// Commands of the stream since the start.
    pub commands: u64,
    /// Milliseconds since the primary was heard.
    pub silent_ms: u64,
    /// Milliseconds since the start.
    pub elapsed_ms: u64,
    /// Snapshots that were begun.
    pub full_syncs: u64,
    /// Times that the link was lost.
    pub losses: u64,
}

/// What is told while it goes on.
pub trait Watcher {
    /// A line for the log.
    fn log(&mut self, level: Level, text: &str);
    /// How it goes, some times a second.
    fn status(&mut self, status: &Status);
}

/// Follows a primary until it is enough.
///
/// # Errors
/// See [`Error`]. What the target has taken is safe then as well, as far as its disk allows.
pub fn run(
    options: &Options,
    target: &mut dyn Target,
    watcher: &mut dyn Watcher,
    interrupted: &AtomicBool,
) -> Result<Ended, Error> {
    let settings = Settings {
        introduction: Introduction {
            auth: options.auth.clone(),
            is_rdb_only: options.is_rdb_only,
            ..Introduction::default()
        },
        timeout_ms: options.timeout_ms,
        retry_ms: RETRY_MS,
        claim: if options.counts { Claim::Synced } else { Claim::Nothing },
        loads_to: "to disk",
        ..Settings::default()
    };
    let link = Link::new(settings, target.place());
    let mut session = Session {
        options,
        link,
        hands: Hands {
            target,
            watcher,
            error: None,
            failure: None,
            has_snapshot: false,
            tally: Tally::default(),
        },
        interrupted,
        started: Instant::now(),
        moved_ms: 0,
        moved_commands: 0,
        failures: 0,
        attempt_commands: 0,
        ever_synced: false,
        losses: 0,
    };
    let done = session.run();
    let finished = session.hands.target.finish();
    let ended = done?;
    finished?;
    Ok(ended)
}

/// What was counted.
#[derive(Debug, Default)]
struct Tally {
    streamed_bytes: u64,
    full_syncs: u64,
    /// Times that data came to be continued or complete.
    syncs: u64,
}

/// Takes the events of the link.
struct Hands<'s> {
    target: &'s mut dyn Target,
    watcher: &'s mut dyn Watcher,
    error: Option<Error>,
    failure: Option<(Failure, u64)>,
    has_snapshot: bool,
    tally: Tally,
}

impl Hands<'_> {
    fn take(&mut self, event: Event<'_>) {
        if self.error.is_some() && !matches!(event, Event::Log(..) | Event::Failed { .. }) {
            return;
        }
        let done = match event {
            Event::Log(level, text) => {
                self.watcher.log(level, &text);
                Ok(())
            }
            // It is never offered.
            Event::SecondConnection => Ok(()),
            Event::FullSync { from, length_bytes } => {
                self.tally.full_syncs += 1;
                self.target.begin(from, length_bytes)
            }
            Event::Snapshot(bytes) => self.target.snapshot(bytes),
            Event::SnapshotEnd => {
                self.has_snapshot = true;
                Ok(())
            }
            Event::Continued { from, .. } => {
                self.tally.syncs += 1;
                self.target.continued(from)
            }
            Event::Stream { bytes, .. } => {
                self.tally.streamed_bytes += bytes.len() as u64;
                self.target.stream(bytes)
            }
            Event::Failed { failure, retry_after_ms } => {
                self.failure = Some((failure, retry_after_ms));
                Ok(())
            }
        };
        if let Err(error) = done {
            self.error.get_or_insert(error);
        }
    }
}

struct Session<'s> {
    options: &'s Options,
    link: Link,
    hands: Hands<'s>,
    interrupted: &'s AtomicBool,
    started: Instant,
    /// When a command that is no sign of life was last seen, and how many there were.
    moved_ms: u64,
    moved_commands: u64,
    failures: u32,
    /// Commands there were when the present attempt began: with more of them it is no failure.
    attempt_commands: u64,
    ever_synced: bool,
    losses: u64,
}

impl Session<'_> {
    fn now_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn run(&mut self) -> Result<Ended, Error> {
        loop {
            if let Some(ended) = self.attempt()? {
                return Ok(ended);
            }
            let Some((failure, wait_ms)) = self.hands.failure.take() else { continue };
            self.losses += 1;
            self.judge(&failure)?;
            let until = self.now_ms().saturating_add(wait_ms);
            while self.now_ms() < until {
                if let Some(ended) = self.is_enough()? {
                    return Ok(ended);
                }
                std::thread::sleep(
                    PATIENCE.min(Duration::from_millis(until - self.now_ms().min(until))),
                );
            }
        }
    }

    /// Whether another attempt is worth it.
    fn judge(&mut self, failure: &Failure) -> Result<(), Error> {
        self.failures += 1;
        let is_often = self.failures >= FAILURES_MAX;
        let text = failure.to_string();
        match failure {
            Failure::Refused(_) => Err(Error::Refused(text)),
            Failure::Protocol(_) if is_often => Err(Error::NoPrimary(text)),
            Failure::Abandoned(_) if is_often => Err(Error::BadData(text)),
            Failure::Closed(_) | Failure::Silent | Failure::Aborted(_)
                if is_often && !self.ever_synced =>
            {
                Err(Error::Unreachable(text))
            }
            _ => Ok(()),
        }
    }

    /// One connection from its beginning to its end.
    fn attempt(&mut self) -> Result<Option<Ended>, Error> {
        self.attempt_commands = self.hands.target.commands();
        let timeout = Duration::from_millis(self.options.timeout_ms.max(1));
        let found = self.options.source.find(timeout);
        let name = found.as_ref().map(|(host, port)| format!("{host}:{port}"));
        self.link.settings_mut().primary = name.unwrap_or_else(|_| "the primary".to_owned());
        let now = self.now_ms();
        self.link.connect(now, &mut |event| self.hands.take(event));
        let mut socket = match found.and_then(|(host, port)| connect(&host, port, timeout)) {
            Ok(socket) => socket,
            Err(error) => {
                let why = format!("{}: {error}", self.link.settings_mut().primary);
                self.close(&why);
                return match self.ever_synced {
                    true => Ok(None),
                    false => Err(Error::Unreachable(why)),
                };
            }
        };
        let now = self.now_ms();
        self.link.on_connected(now, &mut |event| self.hands.take(event));
        self.follow(&mut socket)
    }

    fn close(&mut self, why: &str) {
        let now = self.now_ms();
        self.link.on_closed(now, why, &mut |event| self.hands.take(event));
    }

    /// Follows the stream of a connection.
    fn follow(&mut self, socket: &mut TcpStream) -> Result<Option<Ended>, Error> {
        let mut buffer = vec![0; READ_BYTES];
        let mut out = Vec::new();
        loop {
            self.link.take_output(&mut out);
            if let Err(error) = socket.write_all(&out) {
                self.close(&reason(&error));
            }
            out.clear();
            if let Some(ended) = self.is_enough()? {
                return Ok(Some(ended));
            }
            if self.hands.failure.is_some() {
                return Ok(None);
            }
            if self.link.wants_bytes() {
                self.read(socket, &mut buffer);
            }
            if self.take_snapshot(socket)? {
                return Ok(Some(Ended::Complete));
            }
            self.after()?;
        }
    }

    fn read(&mut self, socket: &mut TcpStream, buffer: &mut [u8]) {
        let read = socket.read(buffer);
        let now = self.now_ms();
        match read {
            Ok(0) => self.close("the primary closed the connection"),
            Ok(n) => {
                let bytes = buffer.get(..n).unwrap_or_default();
                self.link.on_bytes(now, bytes, &mut |event| self.hands.take(event));
            }
            Err(error) => match error.kind() {
                ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted => {}
                _ => self.close(&reason(&error)),
            },
        }
    }

    /// Lets the target take a snapshot that is complete; whether that was all.
    fn take_snapshot(&mut self, socket: &TcpStream) -> Result<bool, Error> {
        if !std::mem::take(&mut self.hands.has_snapshot) || self.hands.error.is_some() {
            return Ok(false);
        }
        match staying_alive(socket, || self.hands.target.end()) {
            Ok(()) if self.options.is_rdb_only => return Ok(true),
            Ok(()) => {
                self.hands.tally.syncs += 1;
                let now = self.now_ms();
                self.link.loaded(now, &mut |event| self.hands.take(event));
            }
            Err(error) => self.hands.error = Some(error),
        }
        Ok(false)
    }

    /// Looks after everything but bytes.
    fn after(&mut self) -> Result<(), Error> {
        let now = self.now_ms();
        match self.hands.error.take() {
            None => {}
            Some(Error::BadData(why)) => {
                self.hands.watcher.log(Level::Warning, &format!("Dropping the link: {why}"));
                self.link.abandon(now, &why, &mut |event| self.hands.take(event));
            }
            Some(error) => return Err(error),
        }
        self.hands.target.tick()?;
        let held = self.hands.target.held();
        if let Some(applied) = held.applied {
            self.link.applied(applied, held.synced);
        }
        if self.hands.target.take_request() {
            self.link.acknowledge(now);
        }
        if self.hands.tally.syncs > 0 {
            self.ever_synced = true;
        }
        let commands = self.hands.target.commands();
        if commands != self.moved_commands || self.link.phase() != Phase::Online {
            (self.moved_ms, self.moved_commands) = (now, commands);
        }
        if commands > self.attempt_commands {
            self.failures = 0;
        }
        self.link.on_tick(now, &mut |event| self.hands.take(event));
        self.show(now);
        Ok(())
    }

    fn show(&mut self, now: u64) {
        let status = Status {
            phase: self.link.phase(),
            snapshot: self.link.progress(),
            received: self.link.received(),
            held: self.hands.target.held(),
            streamed_bytes: self.hands.tally.streamed_bytes,
            commands: self.hands.target.commands(),
            silent_ms: self.link.silent_ms(now),
            elapsed_ms: now,
            full_syncs: self.hands.tally.full_syncs,
            losses: self.losses,
        };
        self.hands.watcher.status(&status);
    }

    /// Whether it is time to stop.
    fn is_enough(&mut self) -> Result<Option<Ended>, Error> {
        if self.interrupted.load(Ordering::Relaxed) {
            return Ok(Some(Ended::Interrupted));
        }
        let (until, now) = (&self.options.until, self.now_ms());
        let applied = self.hands.target.held().applied;
        let is_over = until.duration_ms.is_some_and(|ms| now >= ms)
            || until.time_ms.is_some_and(|ms| super::unix_s().saturating_mul(1000) >= ms)
            || until.offset.is_some_and(|offset| applied >= Some(offset))
            || until.idle_ms.is_some_and(|ms| {
                self.link.phase() == Phase::Online && now.saturating_sub(self.moved_ms) >= ms
            });
        Ok(is_over.then_some(Ended::Until))
    }
}

/// Does what takes long, and meanwhile shows the primary with empty lines that somebody is there.
fn staying_alive<T>(socket: &TcpStream, work: impl FnOnce() -> T) -> T {
    let (done, is_done) = mpsc::channel::<()>();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            while is_done.recv_timeout(Duration::from_secs(1)) == Err(RecvTimeoutError::Timeout) {
                // A connection that is gone is noticed by whoever reads.
                let _ = (&*socket).write_all(b"\n");
            }
        });
        let worked = work();
        drop(done);
        worked
    })
}

/// Opens a connection whose reads do not wait long.
pub(super) fn connect(host: &str, port: u16, timeout: Duration) -> io::Result<TcpStream> {
    let mut last = io::Error::new(ErrorKind::NotFound, "no such host");
    for address in (host, port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, timeout) {
            Ok(socket) => {
                socket.set_nodelay(true)?;
                socket.set_read_timeout(Some(PATIENCE))?;
                socket.set_write_timeout(Some(timeout))?;
                return Ok(socket);
            }
            Err(error) => last = error,
        }
    }
    Err(io::Error::new(last.kind(), reason(&last)))
}
