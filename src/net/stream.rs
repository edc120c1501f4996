//! Sockets of any kind.

use std::future::Future;
use std::io;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpStream, UnixStream};

/// A socket of any kind, bound to the event loop of a thread.
pub(super) trait Stream: Sized + 'static {
    /// The socket on its way from thread to thread.
    type Loose: Send + std::fmt::Debug + 'static;

    fn poll_read_ready(&self, context: &mut Context<'_>) -> Poll<io::Result<()>>;
    /// Reads what is there, as far as there is room. Where that leaves room, there is nothing more, and nothing will be tried
    /// until the system says that more has come.
    fn try_read(&mut self, buffer: &mut Vec<u8>) -> io::Result<usize>;
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize>;
    fn poll_write_ready(&self, context: &mut Context<'_>) -> Poll<io::Result<()>>;
    /// Lets the system wait for more bytes before it sends few, where it does not do so anyway.
    fn send_in_bulk(&self) -> io::Result<()>;
    /// Takes the socket from its event loop.
    fn loosen(self) -> io::Result<Self::Loose>;
    /// Binds a socket to the event loop of the calling thread.
    fn bind(loose: Self::Loose) -> io::Result<Self>;
}

macro_rules! streams {
    ($($stream:ty, $loose:ty, $send_in_bulk:expr;)*) => {
        $(impl Stream for $stream {
            type Loose = $loose;

            fn poll_read_ready(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
                <$stream>::poll_read_ready(self, context)
            }

            fn try_read(&mut self, buffer: &mut Vec<u8>) -> io::Result<usize> {
                // Nobody need be woken: the loop waits for the stream itself.
                let mut context = Context::from_waker(Waker::noop());
                match pin!(self.read_buf(buffer)).poll(&mut context) {
                    Poll::Ready(read) => read,
                    Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
                }
            }

            fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
                <$stream>::try_write(self, bytes)
            }

            fn poll_write_ready(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
                <$stream>::poll_write_ready(self, context)
            }

            fn send_in_bulk(&self) -> io::Result<()> {
                $send_in_bulk(self)
            }

            fn loosen(self) -> io::Result<$loose> {
                self.into_std()
            }

            fn bind(loose: $loose) -> io::Result<Self> {
                Self::from_std(loose)
            }
        })*
    };
}

streams! {
    TcpStream, std::net::TcpStream, |stream: &TcpStream| stream.set_nodelay(false);
    UnixStream, std::os::unix::net::UnixStream, |_: &UnixStream| Ok(());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn few_bytes_wait_for_more_where_that_is_asked_for() {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        stream.set_nodelay(true).unwrap();
        stream.send_in_bulk().unwrap();
        assert!(!stream.nodelay().unwrap());
        let (stream, _other) = UnixStream::pair().unwrap();
        stream.send_in_bulk().unwrap();
    }
}
