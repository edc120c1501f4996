//! The way to a peer: a socket of this thread, or one that an I/O thread carries.

use super::carried::Carried;
use super::io_threads::IoThreads;
use super::stream::Stream;
use std::io;
use std::task::{Context, Poll};

/// The way to a peer.
#[derive(Debug)]
pub(super) enum Way<S: Stream> {
    /// A socket of this thread.
    Own(S),
    /// A socket that an I/O thread carries.
    Carried(Carried<S>),
    /// None any more: what led there was lost in a change from the one to the other.
    Lost,
}

/// What is told of a way that is lost.
fn lost() -> io::Error {
    io::ErrorKind::NotConnected.into()
}

impl<S: Stream> Way<S> {
    pub fn poll_read_ready(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Way::Own(stream) => stream.poll_read_ready(context),
            Way::Carried(carried) => carried.poll_read_ready(context),
            Way::Lost => Poll::Ready(Err(lost())),
        }
    }

    /// As [`Stream::try_read`].
    pub fn try_read(&mut self, buffer: &mut Vec<u8>) -> io::Result<usize> {
        match self {
            Way::Own(stream) => stream.try_read(buffer),
            Way::Carried(carried) => carried.try_read(buffer),
            Way::Lost => Err(lost()),
        }
    }

    pub fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Way::Own(stream) => stream.try_write(bytes),
            Way::Carried(carried) => carried.try_write(bytes),
            Way::Lost => Err(lost()),
        }
    }

    pub fn poll_write_ready(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Way::Own(stream) => stream.poll_write_ready(context),
            Way::Carried(carried) => carried.poll_write_ready(context),
            Way::Lost => Poll::Ready(Err(lost())),
        }
    }

    /// As [`Stream::send_in_bulk`]; false while the socket is not this thread's.
    pub fn send_in_bulk(&self) -> io::Result<bool> {
        match self {
            Way::Own(stream) => stream.send_in_bulk().map(|()| true),
            Way::Carried(_) | Way::Lost => Ok(false),
        }
    }

    /// Whether the system has all that was written.
    pub fn is_sent(&self) -> bool {
        match self {
            Way::Carried(carried) => carried.is_sent(),
            Way::Own(_) | Way::Lost => true,
        }
    }

    /// Waits until the system has all that was written.
    pub fn poll_sent(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Way::Carried(carried) => carried.poll_sent(context),
            Way::Own(_) | Way::Lost => Poll::Ready(Ok(())),
        }
    }

    /// Lets the socket be carried or not, as the threads want it, as soon as can be. Gives what was read meanwhile, if it comes
    /// back.
    ///
    /// # Errors
    /// The socket cannot be taken from the one and given to the other.
    #[inline]
    pub fn follow(&mut self, threads: &IoThreads, place: usize) -> io::Result<Option<Vec<u8>>> {
        match self {
            Way::Own(_) if threads.carry() => self.hand_over(threads, place),
            Way::Carried(_) => self.take_back(threads),
            Way::Own(_) | Way::Lost => Ok(None),
        }
    }

    #[cold]
    fn hand_over(&mut self, threads: &IoThreads, place: usize) -> io::Result<Option<Vec<u8>>> {
        if let Way::Own(stream) = std::mem::replace(self, Way::Lost) {
            *self = Way::Carried(threads.take(stream, place)?);
        }
        Ok(None)
    }

    fn take_back(&mut self, threads: &IoThreads) -> io::Result<Option<Vec<u8>>> {
        let Way::Carried(carried) = self else { return Ok(None) };
        if let Some((loose, input)) = carried.take_back() {
            *self = Way::Own(S::bind(loose)?);
            return Ok(Some(input));
        }
        if !threads.carry() {
            carried.ask_back();
        }
        Ok(None)
    }
}
