//! A connection to a server that is told what to do.

use super::Error;
use crate::aof::writer::write_command;
use crate::repl::handshake::Auth;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// Deepest nesting of a reply that makes sense here.
const DEPTH_MAX: usize = 8;

/// Most bytes of replies that are waited for at once.
const REPLY_BYTES_MAX: usize = 256 << 20;

/// What a server replies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reply {
    /// A line or a number.
    Line(String),
    /// An error.
    Error(String),
    /// A string, or nothing.
    Bulk(Option<Vec<u8>>),
    /// Several replies.
    Array(Vec<Reply>),
}

/// Reads a reply at the start of some bytes, and how long it is; nothing if it is not complete.
///
/// # Errors
/// The bytes are no reply.
fn parse(bytes: &[u8], depth: usize) -> Result<Option<(Reply, usize)>, ()> {
    let Some(end) = memchr::memchr(b'\n', bytes) else { return Ok(None) };
    let line = bytes.get(1..end).and_then(|line| line.strip_suffix(b"\r")).ok_or(())?;
    let text = || String::from_utf8_lossy(line).into_owned();
    let number = || std::str::from_utf8(line).ok().and_then(|n| n.parse::<i64>().ok()).ok_or(());
    let mut at = end + 1;
    let reply = match bytes.first() {
        Some(b'+' | b':') => Reply::Line(text()),
        Some(b'-') => Reply::Error(text()),
        Some(b'$') => match usize::try_from(number()?) {
            Err(_) => Reply::Bulk(None),
            Ok(len) if len > REPLY_BYTES_MAX => return Err(()),
            Ok(len) => {
                let Some(bulk) = bytes.get(at..at + len + 2) else { return Ok(None) };
                at += len + 2;
                Reply::Bulk(bulk.strip_suffix(b"\r\n").map(<[u8]>::to_vec))
            }
        },
        Some(b'*') if depth < DEPTH_MAX => {
            let mut replies = Vec::new();
            for _ in 0..number()?.max(0) {
                let rest = bytes.get(at..).unwrap_or_default();
                let Some((reply, len)) = parse(rest, depth + 1)? else { return Ok(None) };
                replies.push(reply);
                at += len;
            }
            Reply::Array(replies)
        }
        _ => return Err(()),
    };
    Ok(Some((reply, at)))
}

/// A server and a connection to it.
pub(super) struct Server {
    name: String,
    socket: TcpStream,
    timeout: Duration,
}

impl Server {
    /// Connects and authenticates.
    pub(super) fn connect(
        host: &str,
        port: u16,
        auth: Option<&Auth>,
        timeout: Duration,
    ) -> Result<Server, Error> {
        let name = format!("{host}:{port}");
        let socket = super::session::connect(host, port, timeout)
            .map_err(|e| Error::Server(format!("{name}: {e}")))?;
        let mut server = Server { name, socket, timeout };
        if let Some(auth) = auth {
            let mut args: Vec<&[u8]> = vec![b"AUTH"];
            args.extend(auth.user.as_deref());
            args.push(&auth.password);
            server.kindly(&args)?;
        }
        Ok(server)
    }

    /// Sends one command whose reply must be no error.
    pub(super) fn kindly(&mut self, args: &[&[u8]]) -> Result<Reply, Error> {
        let mut command = Vec::new();
        write_command(&mut command, args);
        match self.ask(&command, 1)?.pop() {
            Some(Reply::Error(error)) => Err(self.trouble(&error)),
            Some(reply) => Ok(reply),
            None => Err(self.trouble("it does not answer")),
        }
    }

    /// Sends commands and gives their replies.
    pub(super) fn ask(&mut self, commands: &[u8], count: usize) -> Result<Vec<Reply>, Error> {
        let sent = self.socket.write_all(commands);
        sent.map_err(|e| self.trouble(&e.to_string()))?;
        let mut replies = Vec::with_capacity(count);
        let (mut bytes, mut at, mut piece) = (Vec::new(), 0, vec![0; 64 << 10]);
        let mut heard = Instant::now();
        while replies.len() < count {
            let rest = bytes.get(at..).unwrap_or_default();
            match parse(rest, 0).map_err(|()| self.trouble("what it replies makes no sense"))? {
                Some((reply, len)) => {
                    replies.push(reply);
                    at += len;
                    continue;
                }
                None if bytes.len() > REPLY_BYTES_MAX => {
                    return Err(self.trouble("a reply without an end"));
                }
                None => {}
            }
            match self.socket.read(&mut piece) {
                Ok(0) => return Err(self.trouble("it closed the connection")),
                Ok(n) => {
                    heard = Instant::now();
                    bytes.drain(..at);
                    at = 0;
                    bytes.extend_from_slice(piece.get(..n).unwrap_or_default());
                }
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
                        if heard.elapsed() < self.timeout => {}
                    _ => return Err(self.trouble(&error.to_string())),
                },
            }
        }
        Ok(replies)
    }

    /// An error of this server.
    pub(super) fn trouble(&self, what: &str) -> Error {
        Error::Server(format!("{}: {what}", self.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_are_read_when_they_are_complete() {
        let whole = b"*3\r\n$2\r\n\r\n\r\n*1\r\n:7\r\n-ERR x\r\n";
        for cut in 0..whole.len() {
            assert_eq!(parse(&whole[..cut], 0), Ok(None), "{cut}");
        }
        let (reply, len) = parse(whole, 0).unwrap().unwrap();
        assert_eq!(len, whole.len());
        let wanted = vec![
            Reply::Bulk(Some(b"\r\n".into())),
            Reply::Array(vec![Reply::Line("7".into())]),
            Reply::Error("ERR x".into()),
        ];
        assert_eq!(reply, Reply::Array(wanted));
        assert_eq!(parse(b"$-1\r\n", 0), Ok(Some((Reply::Bulk(None), 5))));
        assert!(parse(b"hello\r\n", 0).is_err() && parse(b"$x\r\n", 0).is_err());
        assert!(parse(&b"*1\r\n".repeat(20), 0).is_err());
    }
}
