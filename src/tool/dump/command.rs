//! Commands as bytes on the wire, or as text a person can type.

use crate::base::bulk::{Bulk, IntBuf};
use crate::base::num;

/// How commands are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Arrays of bulk strings.
    Resp,
    /// A line per command, arguments quoted as redis-cli reads them.
    Text,
}

impl Style {
    /// Starts a command of `argc` arguments, its name included.
    pub fn begin(self, out: &mut Vec<u8>, argc: usize) {
        if self == Style::Resp {
            out.push(b'*');
            out.extend_from_slice(IntBuf::new().format(argc).as_bytes());
            out.extend_from_slice(b"\r\n");
        }
    }

    /// Appends an argument; `first` if it is the command's name.
    #[inline]
    pub fn arg(self, out: &mut Vec<u8>, bytes: &[u8]) {
        match self {
            Style::Resp => {
                out.push(b'$');
                out.extend_from_slice(IntBuf::new().format(bytes.len()).as_bytes());
                out.extend_from_slice(b"\r\n");
                out.extend_from_slice(bytes);
                out.extend_from_slice(b"\r\n");
            }
            Style::Text => {
                write_quoted(out, bytes);
                out.push(b' ');
            }
        }
    }

    /// Appends a string as an argument.
    #[inline]
    pub fn bulk(self, out: &mut Vec<u8>, bulk: &Bulk<'_>) {
        self.arg(out, bulk.text(&mut IntBuf::new()));
    }

    /// Appends a number as an argument.
    pub fn int(self, out: &mut Vec<u8>, n: impl itoa::Integer) {
        self.arg(out, IntBuf::new().format(n).as_bytes());
    }

    /// Appends a score as an argument.
    pub fn score(self, out: &mut Vec<u8>, score: f64) {
        let mut text = Vec::with_capacity(24);
        num::write_score(score, &mut text);
        self.arg(out, &text);
    }

    /// Ends a command.
    pub fn end(self, out: &mut Vec<u8>) {
        if self == Style::Text {
            // The blank behind the last argument.
            out.pop();
            out.push(b'\n');
        }
    }

    /// Writes a whole command.
    pub fn command(self, out: &mut Vec<u8>, args: &[&[u8]]) {
        self.begin(out, args.len());
        for arg in args {
            self.arg(out, arg);
        }
        self.end(out);
    }
}

/// Whether a word needs no quotes.
fn is_plain(bytes: &[u8]) -> bool {
    !bytes.is_empty()
        && bytes.iter().all(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b'\'' | b'\\' | b'#'))
}

fn write_quoted(out: &mut Vec<u8>, bytes: &[u8]) {
    if is_plain(bytes) {
        return out.extend_from_slice(bytes);
    }
    out.push(b'"');
    for byte in bytes {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', *byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0x07 => out.extend_from_slice(b"\\a"),
            0x08 => out.extend_from_slice(b"\\b"),
            0x20..0x7f => out.push(*byte),
            _ => out.extend_from_slice(format!("\\x{byte:02x}").as_bytes()),
        }
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn styles() {
        let args: [&[u8]; 3] = [b"SET", b"a b", b"\x00\""];
        let mut out = Vec::new();
        Style::Resp.command(&mut out, &args);
        assert_eq!(out, b"*3\r\n$3\r\nSET\r\n$3\r\na b\r\n$2\r\n\x00\"\r\n");
        out.clear();
        Style::Text.command(&mut out, &args);
        assert_eq!(out, b"SET \"a b\" \"\\x00\\\"\"\n");
    }
}
