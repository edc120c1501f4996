//! Where in a replication stream the commands of an append-only file stand: annotations, which servers pass over that do not
//! know them.
//!
//! ```text
//! #RKV:at 0123456789abcdef0123456789abcdef01234567 4711 0\r\n
//!                      id and offset of the stream in front of what follows, and the database that it has selected
//! #RKV:+14\r\n         the stream has so many bytes here that change no data, such as a PING
//! #RKV:none\r\n        what follows is no part of a stream that is known
//! ```
//!
//! Behind `at` each command counts for as many bytes of the stream as it has in the file. So the end of the file is known
//! wherever it is, however the server came to its end, and so are the last bytes of the stream, but for those that change
//! nothing.
//!
//! A SELECT has `at` or `+` in front of it, `+0` at least: servers that do not know the annotations begin with a SELECT when they
//! append to a file, and what they append is no part of the stream.

use crate::base::bulk::IntBuf;
use crate::base::num::parse_canonical_i64;

const WORD: &[u8] = b"RKV:";

/// An annotation of this kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlaceNote<'a> {
    /// What follows stands here. Whether the texts mean something is not looked at.
    At {
        /// The stream.
        replid: &'a [u8],
        /// The place in it.
        offset: &'a [u8],
        /// The database that it has selected.
        db: &'a [u8],
    },
    /// Bytes of the stream that are not in the file.
    Gap(u64),
    /// What follows has no place, or one that is not understood.
    Nowhere,
}

impl<'a> PlaceNote<'a> {
    /// Reads an annotation's text; none if it is of another kind.
    pub fn parse(text: &'a [u8]) -> Option<PlaceNote<'a>> {
        let rest = text.strip_prefix(WORD)?;
        if let Some(digits) = rest.strip_prefix(b"+") {
            let gap = parse_canonical_i64(digits).and_then(|n| u64::try_from(n).ok());
            return Some(gap.map_or(PlaceNote::Nowhere, PlaceNote::Gap));
        }
        let mut words = rest.split(|byte| *byte == b' ');
        Some(match [(); 5].map(|()| words.next()) {
            [Some(b"at"), Some(replid), Some(offset), Some(db), None] => {
                PlaceNote::At { replid, offset, db }
            }
            _ => PlaceNote::Nowhere,
        })
    }

    /// Appends it as a line.
    pub fn write(self, out: &mut Vec<u8>) {
        out.push(b'#');
        out.extend_from_slice(WORD);
        match self {
            PlaceNote::At { replid, offset, db } => {
                for word in [&b"at "[..], replid, b" ", offset, b" ", db] {
                    out.extend_from_slice(word);
                }
            }
            PlaceNote::Gap(bytes) => {
                out.push(b'+');
                out.extend_from_slice(IntBuf::new().format(bytes).as_bytes());
            }
            PlaceNote::Nowhere => out.extend_from_slice(b"none"),
        }
        out.extend_from_slice(b"\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::super::reader::{Item, Reader};
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let replid = &[b'a'; 40];
        let notes = [
            PlaceNote::At { replid, offset: b"4711", db: b"3" },
            PlaceNote::Gap(0),
            PlaceNote::Gap(u64::MAX >> 1),
            PlaceNote::Nowhere,
        ];
        let mut out = Vec::new();
        notes.iter().for_each(|note| note.write(&mut out));
        let mut reader = Reader::new(&out, 0);
        for expected in notes {
            let Ok(Some(Item::Note(note))) = reader.next() else { panic!("no annotation") };
            assert_eq!(PlaceNote::parse(note.text), Some(expected));
        }
        assert_eq!(reader.offset(), out.len() as u64);
    }

    #[test]
    fn what_is_not_understood_has_no_place() {
        for text in
            ["RKV:+", "RKV:+-1", "RKV:+1 2", "RKV:+01", "RKV:at a 1", "RKV:at a 1 0 0", "RKV:"]
        {
            assert_eq!(PlaceNote::parse(text.as_bytes()), Some(PlaceNote::Nowhere), "{text}");
        }
        for other in [&b"TS:1"[..], b"RKV", b"", b"at a 1 0"] {
            assert_eq!(PlaceNote::parse(other), None);
        }
    }
}
