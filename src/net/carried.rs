//! Sockets that an I/O thread reads and writes for the main thread.
//!
//! Bytes go to and fro through a [`Passage`], which holds no more than some each way: behind that, who brings more has to wait,
//! and in the end the peer.

use super::stream::Stream;
use super::wakes::Wakes;
use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// Bytes read at once.
const READ_BYTES: usize = 16 << 10;

/// Bytes that were read and that the main thread has not taken, at most; and bytes that it wrote and that are not sent.
const PASSAGE_BYTES: usize = 256 << 10;

/// Memory that a passage keeps each way while it is empty, in bytes.
const KEPT_BYTES: usize = 4 << 10;

/// How long the rest of what was written may take when the connection has ended.
const LINGER: Duration = Duration::from_secs(10);

/// How often sockets that are carried were read and written.
#[derive(Debug, Default)]
pub(super) struct Counts {
    reads: AtomicU64,
    writes: AtomicU64,
}

impl Counts {
    pub fn reads(&self) -> u64 {
        self.reads.load(Ordering::Relaxed)
    }

    pub fn writes(&self) -> u64 {
        self.writes.load(Ordering::Relaxed)
    }
}

/// What the main thread wants of a socket that is carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Wish {
    #[default]
    Carry,
    /// All that was written is to be sent, and then the socket is to come back.
    GiveBack,
    /// What was written is to be sent as far as it can be, and then it is to be closed.
    Close,
}

/// What stands between the task that serves a connection and the one that carries its socket.
#[derive(Debug)]
struct State<L> {
    /// Bytes that were read.
    input: Vec<u8>,
    /// No more will be read.
    is_at_end: bool,
    /// What is wrong with the socket.
    error: Option<io::Error>,
    /// Bytes to be sent.
    output: Vec<u8>,
    /// Bytes were taken out of the output and are not sent yet.
    is_sending: bool,
    wish: Wish,
    /// The socket is on its way back, and nothing more is taken to be sent.
    is_leaving: bool,
    given_back: Option<L>,
    /// Wakes the task of the main thread, while it waits.
    main: Option<Waker>,
    /// Whether that waits for room in the output, too.
    waits_for_room: bool,
    /// Wakes the task of the I/O thread, while it waits.
    io: Option<Waker>,
}

impl<L> Default for State<L> {
    fn default() -> State<L> {
        State {
            input: Vec::new(),
            is_at_end: false,
            error: None,
            output: Vec::new(),
            is_sending: false,
            wish: Wish::Carry,
            is_leaving: false,
            given_back: None,
            main: None,
            waits_for_room: false,
            io: None,
        }
    }
}

impl<L> State<L> {
    fn is_sent(&self) -> bool {
        self.output.is_empty() && !self.is_sending
    }

    /// Nobody carries the socket any more.
    fn is_over(&self) -> bool {
        self.error.is_some() || self.given_back.is_some()
    }

    /// The wish that is to be followed now.
    fn due_wish(&self) -> Option<Wish> {
        let is_due = match self.wish {
            Wish::Carry => false,
            Wish::GiveBack => self.is_sent(),
            Wish::Close => true,
        };
        is_due.then_some(self.wish)
    }
}

#[derive(Debug)]
struct Passage<L> {
    state: Mutex<State<L>>,
    /// Wakes tasks of the I/O thread.
    to_io: Arc<Wakes>,
    /// Wakes tasks of the main thread.
    to_main: Arc<Wakes>,
}

/// Empties a buffer and gives memory back that it should not keep.
fn empty(buffer: &mut Vec<u8>) {
    buffer.clear();
    if buffer.capacity() > KEPT_BYTES {
        *buffer = Vec::new();
    }
}

impl<L> Passage<L> {
    fn lock(&self) -> MutexGuard<'_, State<L>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes the task of the main thread, if it waits.
    fn wake_main(&self, mut state: MutexGuard<'_, State<L>>) {
        state.waits_for_room = false;
        let main = state.main.take();
        drop(state);
        if let Some(main) = main {
            self.to_main.wake(main);
        }
    }

    /// Wakes the task of the I/O thread, if it waits.
    fn wake_io(&self, mut state: MutexGuard<'_, State<L>>) {
        let io = state.io.take();
        drop(state);
        if let Some(io) = io {
            self.to_io.wake(io);
        }
    }
}

/// A socket that is carried, as the main thread sees it.
#[derive(Debug)]
pub(super) struct Carried<S: Stream> {
    passage: Arc<Passage<S::Loose>>,
}

impl<S: Stream> Drop for Carried<S> {
    fn drop(&mut self) {
        let mut state = self.passage.lock();
        state.wish = Wish::Close;
        self.passage.wake_io(state);
    }
}

impl<S: Stream> Carried<S> {
    /// A socket, and what is to carry it. `to_io` and `to_main` wake tasks of the thread that does, and of the calling one.
    pub fn new(
        loose: S::Loose,
        to_io: Arc<Wakes>,
        to_main: Arc<Wakes>,
        counts: Arc<Counts>,
    ) -> (Carried<S>, Carrier<S>) {
        let state = Mutex::new(State::default());
        let passage = Arc::new(Passage { state, to_io, to_main });
        let carrier = Carrier { loose, passage: Arc::clone(&passage), counts };
        (Carried { passage }, carrier)
    }

    pub fn poll_read_ready(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut state = self.passage.lock();
        if !state.input.is_empty() || state.is_at_end || state.is_over() {
            return Poll::Ready(Ok(()));
        }
        state.main = Some(context.waker().clone());
        Poll::Pending
    }

    pub fn try_read(&self, buffer: &mut Vec<u8>) -> io::Result<usize> {
        let mut state = self.passage.lock();
        if state.input.is_empty() {
            return match state.error.take() {
                Some(error) => Err(error),
                None if state.is_at_end => Ok(0),
                None => Err(io::ErrorKind::WouldBlock.into()),
            };
        }
        let was_full = state.input.len() >= PASSAGE_BYTES;
        let bytes = state.input.len().min((buffer.capacity() - buffer.len()).max(1));
        buffer.extend_from_slice(state.input.get(..bytes).unwrap_or_default());
        if bytes == state.input.len() {
            empty(&mut state.input);
        } else {
            state.input.drain(..bytes);
        }
        if was_full {
            self.passage.wake_io(state);
        }
        Ok(bytes)
    }

    pub fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        let mut state = self.passage.lock();
        if let Some(error) = state.error.take() {
            return Err(error);
        }
        let room = PASSAGE_BYTES.saturating_sub(state.output.len());
        let taken = bytes.get(..room).unwrap_or(bytes);
        if taken.is_empty() || state.is_leaving {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        state.output.extend_from_slice(taken);
        self.passage.wake_io(state);
        Ok(taken.len())
    }

    pub fn poll_write_ready(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_output(context, |state| state.output.len() < PASSAGE_BYTES && !state.is_leaving)
    }

    /// Waits until all that was written is sent.
    pub fn poll_sent(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_output(context, State::is_sent)
    }

    fn poll_output(
        &self,
        context: &mut Context<'_>,
        is_so: impl Fn(&State<S::Loose>) -> bool,
    ) -> Poll<io::Result<()>> {
        let mut state = self.passage.lock();
        if is_so(&state) || state.is_over() {
            return Poll::Ready(Ok(()));
        }
        state.waits_for_room = true;
        state.main = Some(context.waker().clone());
        Poll::Pending
    }

    /// Whether all that was written is sent, or never will be.
    pub fn is_sent(&self) -> bool {
        let state = self.passage.lock();
        state.is_sent() || state.error.is_some()
    }

    /// Wants the socket back once all that was written is sent.
    pub fn ask_back(&self) {
        let mut state = self.passage.lock();
        if state.wish == Wish::Carry {
            state.wish = Wish::GiveBack;
            self.passage.wake_io(state);
        }
    }

    /// The socket, if it has come back, and what was read from it and not taken.
    pub fn take_back(&self) -> Option<(S::Loose, Vec<u8>)> {
        let mut state = self.passage.lock();
        let loose = state.given_back.take()?;
        Some((loose, std::mem::take(&mut state.input)))
    }
}

/// A socket that an I/O thread is to carry.
#[derive(Debug)]
pub(super) struct Carrier<S: Stream> {
    loose: S::Loose,
    passage: Arc<Passage<S::Loose>>,
    counts: Arc<Counts>,
}

impl<S: Stream> Carrier<S> {
    /// Carries the socket until it is to come back or to be closed, or is of no more use.
    pub async fn run(self) {
        let Carrier { loose, passage, counts } = self;
        let given_back = match S::bind(loose) {
            Ok(stream) => {
                let passage = Arc::clone(&passage);
                let mut carrying = Carrying {
                    stream,
                    passage,
                    counts,
                    sending: Vec::new(),
                    sent: 0,
                    is_at_end: false,
                    was_full: false,
                };
                match poll_fn(|context| carrying.poll(context)).await {
                    Ok(Wish::GiveBack) => carrying.stream.loosen(),
                    Ok(Wish::Close | Wish::Carry) => {
                        let rest = poll_fn(|context| carrying.poll_rest(context));
                        // Nobody hears what became of it.
                        let _ = tokio::time::timeout(LINGER, rest).await;
                        return;
                    }
                    Err(error) => Err(error),
                }
            }
            Err(error) => Err(error),
        };
        let mut state = passage.lock();
        match given_back {
            Ok(loose) => state.given_back = Some(loose),
            Err(error) => state.error = Some(error),
        }
        passage.wake_main(state);
    }
}

/// A socket that is carried, on the I/O thread.
struct Carrying<S: Stream> {
    stream: S,
    passage: Arc<Passage<S::Loose>>,
    counts: Arc<Counts>,
    /// Bytes taken out of the output, and how many of them are sent.
    sending: Vec<u8>,
    sent: usize,
    is_at_end: bool,
    /// There was no room for what could be read.
    was_full: bool,
}

thread_local! {
    /// Memory for bytes that were just read.
    static READ: RefCell<Vec<u8>> = RefCell::new(Vec::with_capacity(READ_BYTES));
}

impl<S: Stream> Carrying<S> {
    /// Sends and reads what can be, until there is another wish.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Wish>> {
        loop {
            if let Some(wish) = self.fetch() {
                return Poll::Ready(Ok(wish));
            }
            let has_sent = self.send(context)?;
            let has_read = self.read(context)?;
            if !has_sent && !has_read && self.waits(context) {
                return Poll::Pending;
            }
        }
    }

    /// Sends what is left when nobody brings more.
    fn poll_rest(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            self.fetch();
            if self.sending.is_empty() {
                return Poll::Ready(Ok(()));
            }
            if !self.send(context)? {
                return Poll::Pending;
            }
        }
    }

    /// Takes bytes to be sent, if none are left of the last; the wish that is to be followed now.
    fn fetch(&mut self) -> Option<Wish> {
        let mut state = self.passage.lock();
        if self.sending.is_empty() {
            std::mem::swap(&mut self.sending, &mut state.output);
            state.is_sending = !self.sending.is_empty();
        }
        let wish = state.due_wish();
        state.is_leaving = wish.is_some();
        if state.waits_for_room {
            self.passage.wake_main(state);
        }
        wish
    }

    /// Sends; whether that was all that was taken.
    fn send(&mut self, context: &mut Context<'_>) -> io::Result<bool> {
        if self.sending.is_empty() {
            return Ok(false);
        }
        while let Some(bytes) = self.sending.get(self.sent..).filter(|bytes| !bytes.is_empty()) {
            match self.stream.try_write(bytes) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(bytes) => self.sent += bytes,
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                    match self.stream.poll_write_ready(context) {
                        Poll::Ready(ready) => ready?,
                        Poll::Pending => return Ok(false),
                    }
                }
                Err(e) => return Err(e),
            }
        }
        self.counts.writes.fetch_add(1, Ordering::Relaxed);
        self.sent = 0;
        empty(&mut self.sending);
        Ok(true)
    }

    /// Reads, if there is room; whether anything came of it.
    fn read(&mut self, context: &mut Context<'_>) -> io::Result<bool> {
        self.was_full = self.passage.lock().input.len() >= PASSAGE_BYTES;
        if self.is_at_end || self.was_full {
            return Ok(false);
        }
        match self.stream.poll_read_ready(context) {
            Poll::Ready(ready) => ready?,
            Poll::Pending => return Ok(false),
        }
        READ.with_borrow_mut(|buffer| {
            buffer.clear();
            match self.stream.try_read(buffer) {
                Ok(bytes) => {
                    self.counts.reads.fetch_add(1, Ordering::Relaxed);
                    self.is_at_end = bytes == 0;
                    let mut state = self.passage.lock();
                    state.input.extend_from_slice(buffer);
                    state.is_at_end = self.is_at_end;
                    self.passage.wake_main(state);
                    Ok(true)
                }
                // It is asked for readiness anew.
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => Ok(true),
                Err(e) => Err(e),
            }
        })
    }

    /// Whether the main thread has left nothing to do by now; then it wakes the task once it has.
    fn waits(&self, context: &Context<'_>) -> bool {
        let mut state = self.passage.lock();
        let can_send = self.sending.is_empty() && !state.output.is_empty();
        let can_read = self.was_full && !self.is_at_end && state.input.len() < PASSAGE_BYTES;
        let waits = !can_send && !can_read && state.due_wish().is_none();
        if waits {
            state.io = Some(context.waker().clone());
        }
        waits
    }
}
