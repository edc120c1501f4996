//! Threads that read and write sockets while the main thread runs commands (`io-threads`).
//!
//! Every connection is served by a task of the main thread. Its socket is there, too, or it is *carried*: then a task of one of
//! these threads reads and writes it. Sockets go from the one to the other while they are in use. As long as one thread is enough
//! for all the work, more would only let clients wait for them; so sockets are carried only while the main thread has all it can
//! do and the machine has processors left.

use super::carried::{Carried, Counts};
use super::host;
use super::stream::Stream;
use super::wakes::Wakes;
use crate::engine::{IoFigures, Usage};
use std::cell::Cell;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Instant;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// How much of its time the main thread works when others are to help, in thousandths.
const BUSY: u64 = 900;

/// How much all threads work together when the main thread could do that alone, in thousandths of a processor's time.
const CALM: u64 = 700;

/// How much of the processors' time other processes must leave when others are to help, and so that they go on, in thousandths
/// of one processor's. With less the threads would only take it from each other.
const ROOM: u64 = 1700;
const ROOM_LEAST: u64 = 1500;

/// How often in a row the main thread is to be found busy.
const BUSY_PERIODS: u32 = 2;

/// What is done on a thread.
type Job = Box<dyn FnOnce() + Send>;

#[derive(Debug)]
struct Thread {
    jobs: UnboundedSender<Job>,
    wakes: Arc<Wakes>,
}

/// The work of the process as it was last seen.
#[derive(Debug, Clone, Copy)]
struct Seen {
    at: Instant,
    usage: Usage,
    idle_us: u64,
}

/// What the processors did between two looks, in thousandths of one processor's time.
#[derive(Debug, Clone, Copy)]
struct Shares {
    /// For the main thread.
    main: u64,
    /// For all of the process.
    all: u64,
    /// For all of the process, and nothing.
    room: u64,
}

impl Shares {
    fn between(before: &Seen, now: &Seen) -> Shares {
        let past_us = now.at.duration_since(before.at).as_micros();
        let past_us = u64::try_from(past_us).unwrap_or(u64::MAX).max(1);
        let share = |now: u64, before: u64| now.saturating_sub(before) * 1000 / past_us;
        let all = share(now.usage.all_us(), before.usage.all_us());
        Shares {
            main: share(now.usage.main_us(), before.usage.main_us()),
            all,
            room: all + share(now.idle_us, before.idle_us),
        }
    }

    /// Whether sockets are to be carried, where they are already or not, and the main thread was found busy so often in a row.
    fn call_for_help(self, carries: bool, busy_periods: u32) -> bool {
        match carries {
            true => self.all >= CALM && self.room >= ROOM_LEAST,
            false => busy_periods >= BUSY_PERIODS,
        }
    }
}

/// The I/O threads.
#[derive(Debug)]
pub(super) struct IoThreads {
    threads: Vec<Thread>,
    /// Tasks of the main thread that are to be woken.
    wakes: Arc<Wakes>,
    counts: Arc<Counts>,
    carries: Cell<bool>,
    seen: Cell<Option<Seen>>,
    busy_periods: Cell<u32>,
}

impl IoThreads {
    /// Starts `io-threads` threads, of which the main thread is one.
    ///
    /// # Errors
    /// The system has no more threads, or none of what they need.
    pub fn start(io_threads: i64) -> io::Result<IoThreads> {
        let count = usize::try_from(io_threads).unwrap_or(1).saturating_sub(1);
        let threads = (1..=count).map(|number| {
            let (jobs, received) = unbounded_channel();
            let wakes = Arc::new(Wakes::default());
            let own = Arc::clone(&wakes);
            let (begun, begins) = std::sync::mpsc::channel();
            let thread = std::thread::Builder::new().name(format!("io_thd_{number}"));
            thread.spawn(move || run(received, own, &begun))?;
            begins.recv().map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))??;
            Ok(Thread { jobs, wakes })
        });
        Ok(IoThreads {
            threads: threads.collect::<io::Result<_>>()?,
            wakes: Arc::default(),
            counts: Arc::default(),
            carries: Cell::new(false),
            seen: Cell::new(None),
            busy_periods: Cell::new(0),
        })
    }

    /// Whether there are any beside the main thread.
    pub fn are_there(&self) -> bool {
        !self.threads.is_empty()
    }

    /// Whether sockets are to be carried.
    #[inline]
    pub fn carry(&self) -> bool {
        self.carries.get()
    }

    /// Decides whether sockets are to be carried, from what the process did since the last time; `always` if it is to be so.
    pub fn decide(&self, usage: Usage, always: bool) {
        if !self.are_there() {
            return;
        }
        self.decide_from(Seen { at: Instant::now(), usage, idle_us: host::idle_us() }, always);
    }

    fn decide_from(&self, now: Seen, always: bool) {
        let Some(before) = self.seen.replace(Some(now)) else {
            return self.carries.set(always);
        };
        let shares = Shares::between(&before, &now);
        let is_busy = shares.main >= BUSY && shares.room >= ROOM;
        self.busy_periods.set(if is_busy { self.busy_periods.get() + 1 } else { 0 });
        self.carries
            .set(always || shares.call_for_help(self.carries.get(), self.busy_periods.get()));
    }

    /// What they did so far.
    pub fn figures(&self) -> IoFigures {
        IoFigures {
            is_active: self.carries.get(),
            reads: self.counts.reads(),
            writes: self.counts.writes(),
        }
    }

    /// Wakes tasks of the main thread as others want, for ever.
    pub fn pass_wakes_on(&self) -> impl Future<Output = ()> + 'static {
        let wakes = Arc::clone(&self.wakes);
        async move { wakes.pass_on().await }
    }

    /// Gives a socket to a thread; `place` tells to which.
    ///
    /// # Errors
    /// There are no threads, or the socket cannot be taken from the present one.
    pub fn take<S: Stream>(&self, stream: S, place: usize) -> io::Result<Carried<S>> {
        let thread = self.threads.get(place % self.threads.len().max(1));
        let Some(thread) = thread else { return Err(io::ErrorKind::Unsupported.into()) };
        let loose = stream.loosen()?;
        let (to_io, to_main) = (Arc::clone(&thread.wakes), Arc::clone(&self.wakes));
        let (carried, carrier) = Carried::new(loose, to_io, to_main, Arc::clone(&self.counts));
        let job: Job = Box::new(move || {
            tokio::task::spawn_local(carrier.run());
        });
        thread.jobs.send(job).map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
        Ok(carried)
    }
}

/// A thread: tells whether it can begin, and does what it is given until there will be no more.
fn run(mut jobs: UnboundedReceiver<Job>, wakes: Arc<Wakes>, begun: &Sender<io::Result<()>>) {
    let options = tokio::runtime::LocalOptions::default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build_local(options);
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            let _ = begun.send(Err(error));
            return;
        }
    };
    let _ = begun.send(Ok(()));
    runtime.block_on(async move {
        tokio::task::spawn_local(async move { wakes.pass_on().await });
        while let Some(job) = jobs.recv().await {
            job();
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// What is decided one second after another, of what the main thread, others of the process and nobody took meanwhile, in
    /// thousandths.
    fn decided(threads: &IoThreads, at: &mut Seen, seconds: &[(u64, u64, u64)]) -> Vec<bool> {
        let step = |&(main, others, idle): &(u64, u64, u64)| {
            at.at += Duration::from_secs(1);
            at.usage.main_user_us += main * 1000;
            at.usage.user_us += (main + others) * 1000;
            at.idle_us += idle * 1000;
            threads.decide_from(*at, false);
            threads.carry()
        };
        seconds.iter().map(step).collect()
    }

    #[test]
    fn threads_help_who_is_busy_while_there_are_processors() {
        let threads = IoThreads::start(2).unwrap();
        let mut at = Seen { at: Instant::now(), usage: Usage::default(), idle_us: 0 };
        threads.decide_from(at, false);
        // Little to do; clients that take the other processor; too short.
        let calm = [(300, 0, 1700), (990, 0, 300), (990, 0, 300), (950, 0, 1000), (100, 0, 1900)];
        assert_eq!(decided(&threads, &mut at, &calm), [false; 5]);
        // All that the thread can do, for long; both busy.
        let busy = [(950, 0, 1000), (950, 0, 1000), (980, 600, 400), (980, 980, 40)];
        assert_eq!(decided(&threads, &mut at, &busy), [false, true, true, true]);
        assert!(threads.figures().is_active);
        // Others want the processor.
        assert_eq!(decided(&threads, &mut at, &[(900, 300, 0)]), [false]);
        assert_eq!(decided(&threads, &mut at, &busy[..2]), [false, true]);
        // One can do it alone.
        assert_eq!(decided(&threads, &mut at, &[(300, 200, 1500)]), [false]);
        threads.decide_from(at, true);
        assert!(threads.carry());
    }

    #[test]
    fn one_thread_has_no_help() {
        let threads = IoThreads::start(1).unwrap();
        threads.decide(Usage::default(), true);
        assert!(!threads.are_there() && !threads.carry());
    }
}
