//! Reads commands from a slice: `*N`, then N times `$len` and that many bytes.

/// Why bytes are no command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Not the first byte of an array.
    #[error("expected '*', got 0x{0:02x}")]
    NotArray(u8),
    /// Not the first byte of a bulk string.
    #[error("expected '$', got 0x{0:02x}")]
    NotBulk(u8),
    /// No number, or no line end behind it.
    #[error("invalid length")]
    Length,
    /// No line end behind a string.
    #[error("a string is not followed by CR LF")]
    LineEnd,
    /// The input ends inside a command.
    #[error("the input ends inside a command")]
    Cut,
}

/// Most arguments of one command.
const ARGUMENTS_MAX: u64 = 1 << 20;

/// A command: its name and arguments, in place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command<'a>(Vec<&'a [u8]>);

impl<'a> Command<'a> {
    /// The name as written.
    pub fn name(&self) -> &'a [u8] {
        self.0.first().copied().unwrap_or(&[])
    }

    /// The arguments behind the name.
    pub fn args(&self) -> &[&'a [u8]] {
        self.0.get(1..).unwrap_or(&[])
    }
}

/// Reads the commands of a slice one by one.
#[derive(Debug)]
pub struct Commands<'a> {
    bytes: &'a [u8],
    pos: usize,
}

impl<'a> Commands<'a> {
    /// A reader at the first byte.
    pub fn new(bytes: &'a [u8]) -> Self {
        Commands { bytes, pos: 0 }
    }

    /// Offset of the next command.
    pub fn offset(&self) -> usize {
        self.pos
    }

    /// The next command; `None` at the end. Lines that start with `#` are annotations and are
    /// passed over.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Result<Option<Command<'a>>, DecodeError> {
        while self.bytes.get(self.pos) == Some(&b'#') {
            self.line()?;
        }
        if self.pos >= self.bytes.len() {
            return Ok(None);
        }
        let n = self.number(b'*').map_err(|(e, byte)| e.unwrap_or(DecodeError::NotArray(byte)))?;
        if n == 0 || n > ARGUMENTS_MAX {
            return Err(DecodeError::Length);
        }
        let mut args = Vec::new();
        for _ in 0..n {
            args.push(self.bulk()?);
        }
        Ok(Some(Command(args)))
    }

    fn bulk(&mut self) -> Result<&'a [u8], DecodeError> {
        let len = self.number(b'$').map_err(|(e, byte)| e.unwrap_or(DecodeError::NotBulk(byte)))?;
        let len = usize::try_from(len).map_err(|_| DecodeError::Length)?;
        let end = self.pos.checked_add(len).ok_or(DecodeError::Length)?;
        let bytes = self.bytes.get(self.pos..end).ok_or(DecodeError::Cut)?;
        match self.bytes.get(end..) {
            Some([b'\r', b'\n', ..]) => self.pos = end + 2,
            Some([] | [b'\r']) => return Err(DecodeError::Cut),
            _ => return Err(DecodeError::LineEnd),
        }
        Ok(bytes)
    }

    fn line(&mut self) -> Result<&'a [u8], DecodeError> {
        let rest = self.bytes.get(self.pos..).unwrap_or(&[]);
        let end = memchr::memchr(b'\n', rest).ok_or(DecodeError::Cut)?;
        self.pos += end + 1;
        let line = rest.get(..end).unwrap_or(&[]);
        line.strip_suffix(b"\r").ok_or(DecodeError::LineEnd)
    }

    /// A number behind its mark; another byte in its place is given back.
    fn number(&mut self, mark: u8) -> Result<u64, (Option<DecodeError>, u8)> {
        match self.bytes.get(self.pos) {
            Some(byte) if *byte == mark => {}
            Some(byte) => return Err((None, *byte)),
            None => return Err((Some(DecodeError::Cut), 0)),
        }
        let line = self.line().map_err(|e| (Some(e), 0))?;
        let text = line.get(1..).and_then(|digits| std::str::from_utf8(digits).ok());
        text.and_then(|text| text.parse().ok()).ok_or((Some(DecodeError::Length), 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(bytes: &[u8]) -> Result<Vec<Vec<Vec<u8>>>, DecodeError> {
        let mut commands = Commands::new(bytes);
        let mut all = Vec::new();
        while let Some(command) = commands.next()? {
            all.push(command.0.iter().map(|arg| arg.to_vec()).collect());
        }
        Ok(all)
    }

    #[test]
    fn commands_are_read_in_place() {
        let bytes = b"*2\r\n$3\r\nGET\r\n$2\r\n\r\n\r\n#TS:1\r\n*1\r\n$4\r\nPING\r\n";
        assert_eq!(
            all(bytes).unwrap(),
            [vec![b"GET".to_vec(), b"\r\n".to_vec()], vec![b"PING".to_vec()]]
        );
        for cut in 1..bytes.len() {
            // A cut between commands is an end.
            if cut != 21 && cut != 28 {
                assert!(all(&bytes[..cut]).is_err(), "{cut}");
            }
        }
    }

    #[test]
    fn anything_else_is_refused() {
        assert_eq!(all(b"PING\r\n"), Err(DecodeError::NotArray(b'P')));
        assert_eq!(all(b"*1\r\n+OK\r\n"), Err(DecodeError::NotBulk(b'+')));
        assert_eq!(all(b"*-1\r\n"), Err(DecodeError::Length));
        assert_eq!(all(b"*1\r\n$-1\r\n"), Err(DecodeError::Length));
        assert_eq!(all(b"*1\r\n$99999999999\r\nx\r\n"), Err(DecodeError::Cut));
        assert_eq!(all(b"*1\r\n$1\r\nxyz"), Err(DecodeError::LineEnd));
    }
}
