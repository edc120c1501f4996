//! One connection: bytes in, requests to the engine, replies out.

use super::aof::Keeper;
use super::replica::Piece;
use super::stream::Stream;
use super::way::Way;
use super::{Server, Slot, now};
use crate::engine::{ClientId, Flow};
use crate::resp::request::{Bounds, RequestReader, Step};
use smallvec::SmallVec;
use std::future::poll_fn;
use std::io;
use std::rc::Rc;
use std::task::Poll;

/// Bytes read at once.
const READ_BYTES: usize = 16 << 10;

/// Memory for replies at the beginning, in bytes.
const FIRST_BYTES: usize = 1 << 10;

/// Memory that an idle connection may keep for replies, in bytes.
const KEPT_BYTES: usize = 16 << 10;

/// Bytes that wait for those of other connections, so that the memory answers for what all of them use at once.
const GATHERED_BYTES: usize = 512;

/// Room that is made at once for a string that is said to be long, in bytes.
const ROOM_BYTES_MAX: usize = 64 << 20;

struct Connection<S: Stream> {
    server: Rc<Server>,
    way: Way<S>,
    id: ClientId,
    slot: Rc<Slot>,
    reader: RequestReader,
    /// The beginning of a request whose end is still to come.
    input: Vec<u8>,
    output: Vec<u8>,
    /// How many bytes a request lacks that has begun, as far as is known; 0 if nothing is.
    needed: usize,
    /// How many bytes of the output are written.
    sent: usize,
    /// What the engine knows: bytes of output that are not sent, and memory for them.
    noted: (usize, usize),
}

/// Why a wait ended.
enum Event {
    Readable,
    Writable,
    Woken,
    /// A piece of a snapshot, or the end of what will come of it.
    Snapshot(Option<Piece>),
}

/// What came of bytes that could be read.
enum Read {
    /// There will be no more.
    End,
    /// Requests were run.
    Done(Flow),
    /// They are few, and are run once those of others have come.
    Gathered,
}

/// Serves a connection until its end.
pub(super) async fn run<S: Stream>(server: Rc<Server>, stream: S, id: ClientId, slot: Rc<Slot>) {
    let mut connection = Connection {
        server: Rc::clone(&server),
        way: Way::Own(stream),
        id,
        slot,
        reader: RequestReader::default(),
        input: Vec::new(),
        output: Vec::with_capacity(FIRST_BYTES),
        needed: 0,
        sent: 0,
        noted: (0, 0),
    };
    server.connections.set(server.connections.get() + 1);
    // Whatever is wrong with the connection, all that can be done is to forget it.
    let _ = connection.serve().await;
    server.connections.set(server.connections.get() - 1);
    server.remove_slot(id);
    server.engine.borrow_mut().disconnect(id);
    server.settle();
}

/// Makes room for what is lacking of a long string, and no more than that.
fn make_room(input: &mut Vec<u8>, needed: usize) {
    let room = input.capacity() - input.len();
    if room < needed.min(READ_BYTES / 4) {
        input.reserve_exact(needed.min(ROOM_BYTES_MAX));
    }
}

impl<S: Stream> Connection<S> {
    async fn serve(&mut self) -> io::Result<()> {
        let mut flow = Flow::Next;
        loop {
            self.write().await?;
            let closes = flow == Flow::Close || self.server.engine.borrow().closes(self.id);
            if closes && self.unsent().is_empty() && self.way.is_sent() {
                return Ok(());
            }
            if let Some(input) = self.way.follow(&self.server.io_threads, self.id.place)? {
                if !closes {
                    flow = self.take_over(input, flow);
                }
                continue;
            }
            if self.slot.sends_in_bulk.get() && self.way.send_in_bulk()? {
                self.slot.sends_in_bulk.set(false);
            }
            match self.event(!closes).await? {
                Event::Readable => {
                    flow = match self.read(flow)? {
                        Read::End => return Ok(()),
                        Read::Done(next) => next,
                        Read::Gathered => {
                            self.let_others().await;
                            self.server.warm_gathered();
                            let input = std::mem::take(&mut self.input);
                            self.requests(input)
                        }
                    };
                    self.let_others().await;
                }
                Event::Snapshot(piece) => self.take_piece(piece)?,
                Event::Writable => {}
                Event::Woken => {
                    if !self.server.engine.borrow().knows(self.id) {
                        return Ok(());
                    }
                    // What came while the client waited may go on now.
                    if flow == Flow::Wait && !self.server.engine.borrow().is_waiting(self.id) {
                        let input = std::mem::take(&mut self.input);
                        flow = self.requests(input);
                    }
                }
            }
        }
    }

    /// Runs what an I/O thread has read before the socket came back.
    fn take_over(&mut self, read: Vec<u8>, flow: Flow) -> Flow {
        if read.is_empty() {
            return flow;
        }
        self.server.engine.borrow_mut().count_input(self.id, read.len(), now);
        let mut input = std::mem::take(&mut self.input);
        input.extend_from_slice(&read);
        if flow == Flow::Next {
            return self.requests(input);
        }
        self.input = input;
        flow
    }

    /// Lets all connections run their requests that have come by now, before the first of them writes replies. Then the
    /// append-only file is written once for all of them, and a client that waits for several replies is woken once.
    async fn let_others(&self) {
        if self.server.is_alone() {
            return;
        }
        let mut has_been = false;
        poll_fn(|context| {
            if std::mem::replace(&mut has_been, true) {
                return Poll::Ready(());
            }
            // Its turn comes behind all that are ready.
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }

    /// Waits for bytes, for room for those that could not be written, or for the engine.
    async fn event(&self, reads: bool) -> io::Result<Event> {
        poll_fn(|context| {
            if self.slot.is_woken.take() {
                return Poll::Ready(Ok(Event::Woken));
            }
            if !self.unsent().is_empty() {
                if let Poll::Ready(ready) = self.way.poll_write_ready(context) {
                    return Poll::Ready(ready.map(|()| Event::Writable));
                }
            } else if !reads {
                // The end comes once all has left.
                if let Poll::Ready(ready) = self.way.poll_sent(context) {
                    return Poll::Ready(ready.map(|()| Event::Writable));
                }
            } else if let Some(pieces) = &mut *self.slot.snapshot.borrow_mut()
                && let Poll::Ready(piece) = pieces.poll_recv(context)
            {
                return Poll::Ready(Ok(Event::Snapshot(piece)));
            }
            if reads && let Poll::Ready(ready) = self.way.poll_read_ready(context) {
                return Poll::Ready(ready.map(|()| Event::Readable));
            }
            self.slot.keep_waker(context);
            Poll::Pending
        })
        .await
    }

    /// Bytes that were taken from the engine and could not be written yet.
    fn unsent(&self) -> &[u8] {
        self.output.get(self.sent..).unwrap_or_default()
    }

    /// Reads what is there and runs what is complete, unless that is to wait for others.
    fn read(&mut self, flow: Flow) -> io::Result<Read> {
        let needed = std::mem::take(&mut self.needed);
        // Most often little or nothing is left of earlier bytes, and memory can be shared.
        let is_shared = self.input.len() <= GATHERED_BYTES && needed <= READ_BYTES;
        let mut input = match is_shared {
            true => std::mem::take(&mut *self.server.read_buffer.borrow_mut()),
            false => std::mem::take(&mut self.input),
        };
        if is_shared && !self.input.is_empty() {
            input.extend_from_slice(&self.input);
            self.input.clear();
        }
        let room = input.capacity() - input.len();
        if needed > READ_BYTES {
            make_room(&mut input, needed);
        } else if room < READ_BYTES / 4 && (needed <= 1 || room < needed) {
            input.reserve(READ_BYTES);
        }
        let read = self.way.try_read(&mut input);
        let end = match read {
            Ok(0) => Some(Ok(Read::End)),
            Ok(bytes) => {
                self.server.engine.borrow_mut().count_input(self.id, bytes, now);
                None
            }
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => Some(Ok(Read::Done(flow))),
            Err(e) => Some(Err(e)),
        };
        if let Some(end) = end {
            self.keep(input, is_shared);
            return end;
        }
        let limit = self.server.engine.borrow().config().client_query_buffer_limit;
        if input.len() as u64 > limit {
            self.server.engine.borrow_mut().input_over_limit(self.id);
            self.keep(Vec::new(), is_shared);
            return Ok(Read::End);
        }
        if flow == Flow::Wait {
            // Requests behind one that waits have to wait as well.
            self.keep(input, is_shared);
            return Ok(Read::Done(flow));
        }
        if is_shared && input.len() <= GATHERED_BYTES && self.gather(&input) {
            self.keep(input, is_shared);
            return Ok(Read::Gathered);
        }
        Ok(Read::Done(self.requests_of(input, is_shared)))
    }

    /// Whether a request should wait for those of other connections; then what it uses is noted.
    fn gather(&self, input: &[u8]) -> bool {
        if self.server.is_alone() {
            return false;
        }
        let Some((key, member)) = self.reader.ahead(input).next() else { return false };
        if key.is_empty() {
            return false;
        }
        let db = self.server.engine.borrow().large_db(self.id);
        if let Some(db) = db {
            self.server.gathered.borrow_mut().add(db, key, member);
        }
        db.is_some()
    }

    /// Puts bytes that are still needed aside, and memory that is not back.
    fn keep(&mut self, mut input: Vec<u8>, is_shared: bool) {
        if !is_shared {
            self.input = input;
            return;
        }
        if !input.is_empty() {
            self.input.extend_from_slice(&input);
            input.clear();
        }
        *self.server.read_buffer.borrow_mut() = input;
    }

    fn requests(&mut self, input: Vec<u8>) -> Flow {
        self.requests_of(input, false)
    }

    /// Runs the requests that are complete.
    fn requests_of(&mut self, mut input: Vec<u8>, is_shared: bool) -> Flow {
        let server = Rc::clone(&self.server);
        let mut flow = Flow::Next;
        {
            let mut engine = server.engine.borrow_mut();
            let now = now();
            engine.note_input(self.id, input.len(), 0, input.capacity() - input.len());
            let string_bytes_max = engine.config().proto_max_bulk_len;
            // Requests to come whose keys were warmed.
            let mut warm: usize = 0;
            while flow == Flow::Next {
                let bounds = Bounds { string_bytes_max, is_known: engine.is_known(self.id) };
                match self.reader.next(&input, bounds) {
                    Ok(Step::Request) => {
                        let args: SmallVec<[&[u8]; 8]> = self.reader.args(&input).collect();
                        match warm.checked_sub(1) {
                            Some(left) => warm = left,
                            None if self.reader.read_bytes() == input.len() => {}
                            None => {
                                let word = |at: usize| args.get(at).copied().unwrap_or_default();
                                let first = std::iter::once((word(1), word(2)));
                                warm = engine.warm(self.id, first.chain(self.reader.ahead(&input)));
                            }
                        }
                        flow = engine.request(self.id, &args, now);
                    }
                    Ok(Step::Need(bytes)) => {
                        self.needed = bytes;
                        if bytes > READ_BYTES {
                            make_room(&mut input, bytes);
                        }
                        break;
                    }
                    Err(error) => {
                        engine.protocol_error(self.id, &error.to_string());
                        flow = Flow::Close;
                    }
                }
            }
            let left = input.len() - self.reader.read_bytes();
            // What is left in shared memory is copied, unless there is much of that.
            let is_copied = is_shared && input.capacity() <= 2 * READ_BYTES;
            let room = if left == 0 || is_copied { 0 } else { input.capacity() - input.len() };
            engine.note_input(self.id, left, self.reader.understood_bytes(), room);
        }
        let read = self.reader.read_bytes();
        if read == input.len() {
            input.clear();
        } else {
            input.drain(..read);
        }
        self.reader.drop_read(read);
        if is_shared && !input.is_empty() && input.capacity() > 2 * READ_BYTES {
            // Long already: it is cheaper to keep the memory.
            self.input = input;
        } else {
            if !is_shared && input.is_empty() && input.capacity() > GATHERED_BYTES {
                input = Vec::new();
            }
            self.keep(input, is_shared);
        }
        server.act();
        flow
    }

    /// Writes what waits for the client, as far as there is room for it.
    async fn write(&mut self) -> io::Result<()> {
        loop {
            // What a reply tells of comes first, and is not kept back by a client that reads slowly.
            self.server.append_log();
            if self.unsent().is_empty() {
                self.sent = 0;
                self.server.engine.borrow_mut().take_output(self.id, &mut self.output);
                if self.output.is_empty() {
                    if self.server.engine.borrow().has_actions() {
                        // Bytes for a replica are to be read from the disk.
                        self.server.settle();
                    }
                    return Ok(());
                }
                self.wait_for_disk().await?;
            }
            while !self.unsent().is_empty() {
                match self.way.try_write(self.unsent()) {
                    Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                    Ok(bytes) => self.sent += bytes,
                    Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                        self.note_unsent();
                        return Ok(());
                    }
                    Err(e) => return Err(e),
                }
            }
            if self.output.capacity() > KEPT_BYTES {
                self.output.clear();
                self.output.shrink_to(KEPT_BYTES);
                self.sent = 0;
            }
            self.note_unsent();
        }
    }

    /// Lets the engine know how much is unsent, if that has changed.
    fn note_unsent(&mut self) {
        let unsent = (self.unsent().len(), self.output.capacity());
        if self.noted != unsent {
            self.noted = unsent;
            self.server.engine.borrow_mut().note_unsent(self.id, unsent.0, unsent.1);
        }
    }

    /// Takes a piece of a snapshot, to be written next.
    fn take_piece(&mut self, piece: Option<Piece>) -> io::Result<()> {
        match piece {
            Some(Piece::Bytes(bytes)) => {
                self.output.clear();
                self.output.extend_from_slice(&bytes);
                self.sent = 0;
                let mut engine = self.server.engine.borrow_mut();
                engine.snapshot_moved(self.id, bytes.len(), now());
            }
            Some(Piece::End) => {
                *self.slot.snapshot.borrow_mut() = None;
                self.server.engine.borrow_mut().snapshot_sent(self.id, now());
                self.server.settle();
            }
            // It will never be complete.
            None => return Err(io::ErrorKind::ConnectionAborted.into()),
        }
        Ok(())
    }

    /// With `appendfsync always` a reply leaves once what it tells of is on disk, unless syncs are put off.
    async fn wait_for_disk(&self) -> io::Result<()> {
        if !self.server.waits_for_disk.get() {
            return Ok(());
        }
        let sent = self.server.keeper.borrow().as_ref().map_or(0, Keeper::sent);
        let mut progress = self.server.progress.clone();
        let reached = progress.wait_for(|progress| progress.released >= sent).await;
        reached.map(drop).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}
