//! A small blocking RESP2 client.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// One reply of a server.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// `+OK`
    Simple(String),
    /// `-ERR …`, without the minus
    Error(String),
    /// `:7`
    Int(i64),
    /// `$3 abc`
    Bulk(Vec<u8>),
    /// `$-1` or `*-1`
    Nil,
    /// `*2 …`
    Array(Vec<Reply>),
    /// `%1 …`: keys and values in turn
    Map(Vec<Reply>),
    /// `~2 …`
    Set(Vec<Reply>),
    /// `,1.5`
    Double(String),
    /// `#t`
    Bool(bool),
}

impl Reply {
    /// Returns the bytes of a string reply.
    #[track_caller]
    pub fn bytes(self) -> Vec<u8> {
        match self {
            Reply::Bulk(bytes) => bytes,
            Reply::Simple(text) => text.into_bytes(),
            other => panic!("not a string: {other:?}"),
        }
    }

    /// Returns a string reply as text.
    #[track_caller]
    pub fn text(self) -> String {
        String::from_utf8(self.bytes()).expect("reply is not UTF-8")
    }

    /// Returns an integer reply.
    #[track_caller]
    pub fn int(self) -> i64 {
        match self {
            Reply::Int(number) => number,
            other => panic!("not an integer: {other:?}"),
        }
    }

    /// Returns the elements of an array reply.
    #[track_caller]
    pub fn array(self) -> Vec<Reply> {
        match self {
            Reply::Array(elements) => elements,
            other => panic!("not an array: {other:?}"),
        }
    }

    /// Returns the reply unless it is an error.
    #[track_caller]
    pub fn ok(self) -> Reply {
        match self {
            Reply::Error(message) => panic!("error reply: {message}"),
            other => other,
        }
    }

    /// Tells whether the server refused.
    pub fn is_error(&self) -> bool {
        matches!(self, Reply::Error(_))
    }
}

/// Both ways of a connection.
#[derive(Debug)]
enum Stream {
    Unix(UnixStream),
    Tcp(TcpStream),
}

impl Stream {
    fn try_clone(&self) -> io::Result<Self> {
        Ok(match self {
            Stream::Unix(stream) => Stream::Unix(stream.try_clone()?),
            Stream::Tcp(stream) => Stream::Tcp(stream.try_clone()?),
        })
    }
}

impl Read for Stream {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Stream::Unix(stream) => stream.read(buf),
            Stream::Tcp(stream) => stream.read(buf),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        match self {
            Stream::Unix(stream) => stream.write(buf),
            Stream::Tcp(stream) => stream.write(buf),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A connection to a server.
#[derive(Debug)]
pub struct Client {
    writer: Stream,
    reader: BufReader<Stream>,
}

/// Longest wait for one reply.
const REPLY_TIMEOUT: Duration = Duration::from_secs(120);

impl Client {
    /// Connects to a Unix socket.
    pub fn unix(path: &Path) -> io::Result<Self> {
        let stream = UnixStream::connect(path)?;
        stream.set_read_timeout(Some(REPLY_TIMEOUT))?;
        Self::new(Stream::Unix(stream))
    }

    /// Connects to a TCP port.
    pub fn tcp(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(REPLY_TIMEOUT))?;
        stream.set_nodelay(true)?;
        Self::new(Stream::Tcp(stream))
    }

    fn new(writer: Stream) -> io::Result<Self> {
        let reader = BufReader::with_capacity(1 << 16, writer.try_clone()?);
        Ok(Self { writer, reader })
    }

    /// Sends one command and returns its reply; a broken connection is an error.
    pub fn try_cmd<A: AsRef<[u8]>>(&mut self, argv: &[A]) -> io::Result<Reply> {
        let mut request = Vec::new();
        push_command(&mut request, argv);
        self.writer.write_all(&request)?;
        self.read_reply()
    }

    /// Sends one command and returns its reply.
    #[track_caller]
    pub fn cmd<A: AsRef<[u8]>>(&mut self, argv: &[A]) -> Reply {
        self.try_cmd(argv).expect("the connection broke")
    }

    /// Sends many commands at once and returns their replies in order.
    #[track_caller]
    pub fn pipeline<A: AsRef<[u8]>>(&mut self, commands: &[Vec<A>]) -> Vec<Reply> {
        let mut request = Vec::new();
        for argv in commands {
            push_command(&mut request, argv);
        }
        self.raw(&request, commands.len())
    }

    /// Sends bytes that hold `replies` commands, such as the output of `rdb dump --format resp`, and returns the replies.
    #[track_caller]
    pub fn raw(&mut self, request: &[u8], replies: usize) -> Vec<Reply> {
        let mut writer = self.writer.try_clone().expect("the connection cannot be cloned");
        std::thread::scope(|scope| {
            // Replies are read while requests are written: neither side may wait for the other's full buffer.
            scope.spawn(move || writer.write_all(request).expect("the connection broke"));
            (0..replies).map(|_| self.read_reply().expect("the connection broke")).collect()
        })
    }

    /// Reads one reply, or a pushed message.
    pub fn read_reply(&mut self) -> io::Result<Reply> {
        read_reply(&mut self.reader)
    }
}

/// Reads one reply of either version of the protocol.
pub fn read_reply(reader: &mut impl BufRead) -> io::Result<Reply> {
    let line = read_line(reader)?;
    let (kind, rest) = line.split_first().ok_or_else(|| bad("empty reply line"))?;
    let text = || String::from_utf8_lossy(rest).into_owned();
    let number = || text().parse::<i64>().map_err(|_| bad("not a number in a reply"));
    let mut many = |count: usize| -> io::Result<Vec<Reply>> {
        (0..count).map(|_| read_reply(reader)).collect()
    };
    Ok(match kind {
        b'+' => Reply::Simple(text()),
        b'-' => Reply::Error(text()),
        b':' => Reply::Int(number()?),
        b',' => Reply::Double(text()),
        b'#' => Reply::Bool(rest == b"t"),
        b'_' => Reply::Nil,
        b'$' | b'=' => match usize::try_from(number()?) {
            Err(_) => Reply::Nil,
            Ok(length) => {
                let mut bytes = vec![0; length + 2];
                reader.read_exact(&mut bytes)?;
                bytes.truncate(length);
                Reply::Bulk(bytes)
            }
        },
        b'*' | b'>' => match usize::try_from(number()?) {
            Err(_) => Reply::Nil,
            Ok(count) => Reply::Array(many(count)?),
        },
        b'%' => Reply::Map(many(usize::try_from(number()?).map_err(|_| bad("bad map"))? * 2)?),
        b'~' => Reply::Set(many(usize::try_from(number()?).map_err(|_| bad("bad set"))?)?),
        other => return Err(bad(&format!("reply of unknown type 0x{other:02x}"))),
    })
}

fn read_line(reader: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    reader.read_until(b'\n', &mut line)?;
    if line.is_empty() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    line.truncate(line.strip_suffix(b"\r\n").ok_or_else(|| bad("reply line without CRLF"))?.len());
    Ok(line)
}

fn bad(message: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}

fn push_command<A: AsRef<[u8]>>(request: &mut Vec<u8>, argv: &[A]) {
    request.extend(format!("*{}\r\n", argv.len()).bytes());
    for arg in argv {
        let arg = arg.as_ref();
        request.extend(format!("${}\r\n", arg.len()).bytes());
        request.extend(arg);
        request.extend(b"\r\n");
    }
}
