//! Shares batches among threads and puts what they write back in order.
//!
//! Each worker takes the next batch, decodes and formats it in memory of its own, and writes when
//! its turn comes. What is ready before its turn is parked, so that the worker can go on; whoever
//! has the turn writes it. A worker whose output outgrows its buffer waits for its turn early and from
//! then on writes as it goes: memory stays bounded however large one key is, and the batch whose
//! turn it is can always go on, so nobody waits for ever.

use super::batch::Batch;
use super::input::Input;
use super::scan::{self, Control, Ending, Failure, Scanned};
use crate::base::background::Background;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Output kept per worker before it waits for its turn, in bytes.
const OUTPUT_BYTES: usize = 2 << 20;

/// Output parked until its turn, over all workers, in bytes.
const PARKED_BYTES: usize = 4 << 20;

/// Batches parked until their turn: what a few slow ones can be behind.
const PARKED_MAX: usize = 32;

/// Processes batches; one per thread.
pub trait Worker: Send {
    /// What makes it give up.
    type Error: Send;

    /// Processes one batch. Output goes through `turn`, if there is any.
    fn batch(&mut self, batch: &Batch<'_>, turn: &mut Turn<'_>) -> Result<(), Stop<Self::Error>>;
}

/// Why a worker stops.
#[derive(Debug)]
pub enum Stop<E> {
    /// Its own reason.
    Error(E),
    /// The input is damaged.
    Input(crate::rdb::Error),
    /// The output could not be written.
    Write(io::Error),
    /// It has all it needs; the rest of the input need not be read.
    Enough,
    /// An earlier batch failed.
    Aborted,
}

impl<E> From<io::Error> for Stop<E> {
    fn from(e: io::Error) -> Self {
        Stop::Write(e)
    }
}

impl<E> From<crate::rdb::Error> for Stop<E> {
    fn from(e: crate::rdb::Error) -> Self {
        Stop::Input(e)
    }
}

/// Whose turn it is to write.
struct Gate<'o> {
    state: Mutex<GateState>,
    changed: Condvar,
    out: Mutex<&'o mut (dyn Write + Send)>,
}

struct GateState {
    next: u64,
    closed: bool,
    /// Output of batches that are done before their turn.
    parked: BTreeMap<u64, Vec<u8>>,
    parked_bytes: usize,
}

impl GateState {
    fn has_room(&self, bytes: usize) -> bool {
        self.parked.len() < PARKED_MAX && self.parked_bytes + bytes <= PARKED_BYTES
    }
}

/// Nothing that can panic runs under these locks, so a poisoned one is as good as any.
fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One batch's place in the order of output.
pub struct Turn<'g> {
    gate: &'g Gate<'g>,
    seq: u64,
    /// Output not written yet. Append to it and call [`Turn::spill`] now and then.
    pub buf: Vec<u8>,
}

impl Turn<'_> {
    /// Writes the buffer if it has grown large. Waits until all earlier batches are done.
    #[inline]
    pub fn spill(&mut self) -> io::Result<()> {
        if self.buf.len() < OUTPUT_BYTES { Ok(()) } else { self.flush() }
    }

    /// Waits for the turn and writes the buffer.
    pub fn flush(&mut self) -> io::Result<()> {
        if !self.wait() {
            return Err(io::Error::new(io::ErrorKind::ConnectionAborted, "an earlier part failed"));
        }
        if !self.buf.is_empty() {
            lock(&self.gate.out).write_all(&self.buf)?;
            self.buf.clear();
        }
        Ok(())
    }

    /// Waits until all earlier batches are done; `false` if one of them failed.
    fn wait(&self) -> bool {
        let mut state = lock(&self.gate.state);
        while state.next != self.seq && !state.closed {
            state = self.gate.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.next == self.seq
    }

    /// Ends the batch: parks its output, or writes it and what is parked behind it.
    fn end(&mut self) -> io::Result<()> {
        let mut state = lock(&self.gate.state);
        if state.next != self.seq && !state.closed && state.has_room(self.buf.len()) {
            state.parked_bytes += self.buf.len();
            state.parked.insert(self.seq, std::mem::take(&mut self.buf));
            return Ok(());
        }
        drop(state);
        self.flush()?;
        while let Some(mut parked) = self.pass_on() {
            // An error here is one of the parked batch, whose turn this is now.
            std::mem::swap(&mut self.buf, &mut parked);
            self.flush()?;
        }
        Ok(())
    }

    /// Passes the turn to the next batch; gives its output if it is done, and takes its place.
    fn pass_on(&mut self) -> Option<Vec<u8>> {
        let mut state = lock(&self.gate.state);
        self.seq += 1;
        state.next = self.seq;
        let parked = state.parked.remove(&self.seq);
        state.parked_bytes -= parked.as_ref().map_or(0, Vec::len);
        drop(state);
        if parked.is_none() {
            self.gate.changed.notify_all();
        }
        parked
    }

    /// Ends the work: no later batch gets its turn.
    fn close(&self) {
        lock(&self.gate.state).closed = true;
        self.gate.changed.notify_all();
    }
}

/// How many threads decode, unless the user says otherwise.
pub fn default_threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from).min(16)
}

/// How a shared pass ended.
#[derive(Debug)]
pub enum Outcome {
    /// The input was read to its end.
    Complete(Ending),
    /// A worker had enough.
    Enough,
}

/// Runs the workers over an input. What they write appears in `out` in file order; of several
/// failures the one that comes first in the file is returned, after everything before it has
/// been written.
pub fn run<W: Worker>(
    input: &mut Input,
    workers: &mut [W],
    out: &mut (dyn Write + Send),
    control: &Control,
) -> Result<Outcome, Failure<W::Error>> {
    let workers = workers
        .iter_mut()
        .map(|worker| move |batch: &Batch<'_>, turn: &mut Turn<'_>| worker.batch(batch, turn));
    let scanned =
        share(workers.collect(), out, |give| scan::scan(input, control, &mut scan::Cut(give)))?;
    match scanned {
        Some(Ok(Scanned::All(ending))) => Ok(Outcome::Complete(ending)),
        Some(Ok(Scanned::Stopped)) | None => Ok(Outcome::Enough),
        Some(Err(Failure::Input(e))) => Err(Failure::Input(e)),
        Some(Err(Failure::Read(e))) => Err(Failure::Read(e)),
        Some(Err(Failure::Write(e))) => Err(Failure::Write(e)),
        Some(Err(Failure::Interrupted)) => Err(Failure::Interrupted),
        Some(Err(Failure::Worker(never))) => match never {},
    }
}

/// Shares jobs among workers, one per thread. `produce` hands them out until the function it is
/// given returns `false`. Output and failures are as with [`run`]; `None` means that a worker had
/// enough.
pub fn share<J: Send, E: Send, T>(
    workers: Vec<impl FnMut(&J, &mut Turn<'_>) -> Result<(), Stop<E>> + Send>,
    out: &mut (dyn Write + Send),
    produce: impl FnOnce(&mut dyn FnMut(J) -> bool) -> T,
) -> Result<Option<T>, Failure<E>> {
    let gate = Gate {
        state: Mutex::new(GateState {
            next: 0,
            closed: false,
            parked: BTreeMap::new(),
            parked_bytes: 0,
        }),
        changed: Condvar::new(),
        out: Mutex::new(out),
    };
    let failure: Mutex<Option<Stop<E>>> = Mutex::new(None);
    let background = Background::of_this();
    let produced = std::thread::scope(|scope| {
        let (sender, receiver) = crossbeam_channel::bounded::<(u64, J)>(workers.len() * 2);
        for worker in workers {
            let (gate, failure, receiver) = (&gate, &failure, receiver.clone());
            scope.spawn(move || {
                background.enter();
                work(worker, gate, failure, &receiver);
            });
        }
        drop(receiver);
        let mut seq = 0;
        // When all workers have stopped, sending fails and the work ends.
        produce(&mut |job| {
            seq += 1;
            sender.send((seq - 1, job)).is_ok()
        })
    });
    match failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(Stop::Error(e)) => Err(Failure::Worker(e)),
        Some(Stop::Input(e)) => Err(Failure::Input(e)),
        Some(Stop::Write(e)) => Err(Failure::Write(e)),
        Some(Stop::Enough) => Ok(None),
        Some(Stop::Aborted) | None => Ok(Some(produced)),
    }
}

fn work<'g, J, E>(
    mut worker: impl FnMut(&J, &mut Turn<'_>) -> Result<(), Stop<E>>,
    gate: &'g Gate<'g>,
    failure: &Mutex<Option<Stop<E>>>,
    jobs: &crossbeam_channel::Receiver<(u64, J)>,
) {
    let mut buf = Vec::new();
    for (seq, job) in jobs {
        let mut turn = Turn { gate, seq, buf: std::mem::take(&mut buf) };
        let done = worker(&job, &mut turn);
        let done = match done {
            Ok(()) => turn.end().map_err(Stop::from),
            // What was sound in front of the damage still goes out.
            Err(Stop::Input(e)) => match turn.flush() {
                Ok(()) => Err(Stop::Input(e)),
                Err(e) => Err(Stop::Write(e)),
            },
            Err(stop) => Err(stop),
        };
        match done {
            Ok(()) => buf = std::mem::take(&mut turn.buf),
            Err(stop) => {
                // Only the first failure in file order counts.
                if turn.wait() {
                    *lock(failure) = Some(stop);
                    turn.close();
                }
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_is_in_order_whichever_batch_is_done_first() {
        for jobs in [0, 1, 5, 200] {
            let work = |job: &u64, turn: &mut Turn<'_>| {
                if job.is_multiple_of(7) {
                    std::thread::sleep(std::time::Duration::from_millis(2));
                }
                turn.buf.extend_from_slice(&job.to_le_bytes());
                // More than all that may be parked.
                turn.buf.resize(turn.buf.len() + (300 << 10), 0);
                Ok::<(), Stop<()>>(())
            };
            let mut out = Vec::new();
            let give = |give: &mut dyn FnMut(u64) -> bool| (0..jobs).all(give);
            let done = share(vec![work; 3], &mut out, give);
            assert!(matches!(done, Ok(Some(true))));
            let found = out.chunks(8 + (300 << 10)).map(|chunk| chunk[0]);
            assert!(found.eq((0..jobs).map(|job| job as u8)));
        }
    }

    #[test]
    fn the_first_failure_in_order_counts_and_nothing_behind_it_is_written() {
        let work = |job: &u64, turn: &mut Turn<'_>| {
            if *job == 20 {
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
            turn.buf.push(*job as u8);
            if *job >= 20 { Err(Stop::Error(*job)) } else { Ok(()) }
        };
        let mut out = Vec::new();
        let give = |give: &mut dyn FnMut(u64) -> bool| (0..100).all(give);
        let failed = share(vec![work; 3], &mut out, give);
        assert!(matches!(failed, Err(Failure::Worker(20))));
        assert_eq!(out, (0..20).collect::<Vec<u8>>());
    }
}
