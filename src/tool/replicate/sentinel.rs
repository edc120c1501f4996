//! Asks a Sentinel where a primary is.

use crate::aof::writer::write_command;
use std::io::{self, ErrorKind, Read, Write};
use std::time::{Duration, Instant};

/// A Sentinel and the name it has for a primary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentinel {
    /// The name of the primary.
    pub name: String,
    /// The host of the Sentinel.
    pub host: String,
    /// Its port.
    pub port: u16,
}

/// Longest answer that makes sense, in bytes.
const ANSWER_BYTES_MAX: usize = 4096;

/// Asks for the host and port of the primary.
pub(super) fn find(sentinel: &Sentinel, timeout: Duration) -> io::Result<(String, u16)> {
    let mut socket = super::session::connect(&sentinel.host, sentinel.port, timeout)?;
    let mut question = Vec::new();
    write_command(
        &mut question,
        &[b"SENTINEL", b"get-master-addr-by-name", sentinel.name.as_bytes()],
    );
    socket.write_all(&question)?;
    let asked = Instant::now();
    let (mut answer, mut piece) = (Vec::new(), [0; 1024]);
    loop {
        match read_answer(&answer) {
            Some(found) => {
                return found.map_err(|why| io::Error::other(format!("Sentinel: {why}")));
            }
            None if answer.len() > ANSWER_BYTES_MAX || asked.elapsed() > timeout => {
                return Err(io::Error::new(ErrorKind::TimedOut, "the Sentinel does not answer"));
            }
            None => {}
        }
        match socket.read(&mut piece) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(n) => answer.extend_from_slice(piece.get(..n).unwrap_or_default()),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(error) => return Err(error),
        }
    }
}

/// The address in an answer, or why there is none; nothing while the answer is not complete.
fn read_answer(answer: &[u8]) -> Option<Result<(String, u16), String>> {
    let text = String::from_utf8_lossy(answer);
    let mut lines = text.split_inclusive("\r\n").map(|line| line.strip_suffix("\r\n"));
    let first = lines.next()??;
    match first {
        "*2" => {
            let (_, host, _, port) =
                (lines.next()??, lines.next()??, lines.next()??, lines.next()??);
            Some(match port.parse() {
                Ok(port) => Ok((host.to_owned(), port)),
                Err(_) => Err(format!("\"{port}\" is no port")),
            })
        }
        "*-1" | "$-1" | "_" => Some(Err("it knows no primary of that name".to_owned())),
        other => Some(Err(other.trim_start_matches('-').to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_when_they_are_complete() {
        let whole = b"*2\r\n$9\r\n127.0.0.1\r\n$4\r\n6379\r\n";
        for cut in 0..whole.len() {
            assert_eq!(read_answer(&whole[..cut]), None, "{cut}");
        }
        assert_eq!(read_answer(whole), Some(Ok(("127.0.0.1".to_owned(), 6379))));
        assert!(matches!(read_answer(b"*-1\r\n"), Some(Err(_))));
        let error = read_answer(b"-NOAUTH Authentication required.\r\n");
        assert_eq!(error, Some(Err("NOAUTH Authentication required.".to_owned())));
        assert!(matches!(read_answer(b"*2\r\n$1\r\nh\r\n$1\r\nx\r\n"), Some(Err(_))));
    }
}
