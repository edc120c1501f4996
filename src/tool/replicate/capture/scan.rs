//! Finds places of the stream in a segment.

use super::segment::{INSERTED, STREAM};
use crate::aof::reader::{Item, ReadError, Reader, Role};
use crate::repl::offset::{Offset, Place, ReplId};

/// What a segment holds, up to its end or to a place that was looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scanned {
    /// The stream, and the place in front of its first byte here.
    pub start: Place,
    /// The place behind the last unit.
    pub end: Offset,
    /// Bytes of the file up to there.
    pub bytes: u64,
    /// The database in force there.
    pub db: u64,
}

/// The stream and place that the first line of a segment names.
pub fn head(bytes: &[u8]) -> Option<Place> {
    let line = bytes.split(|byte| *byte == b'\n').next()?;
    let text = line.strip_suffix(b"\r")?.strip_prefix(b"#")?.strip_prefix(STREAM)?;
    let mut words = text.split(|byte| *byte == b' ');
    let replid = ReplId::parse(words.next()?)?;
    let offset = Offset::parse(words.next()?)?;
    Some(Place { replid, offset })
}

/// Reads a segment up to the last unit that ends at `until` or in front of it. A cut end is no error.
///
/// # Errors
/// Damage in front of that. `None` if it is no segment of a capture.
pub fn scan(bytes: &[u8], until: Option<Offset>) -> Option<Result<Scanned, ReadError>> {
    let start = head(bytes)?;
    let mut scanned = Scanned { start, end: start.offset, bytes: 0, db: 0 };
    let mut reader = Reader::new(bytes, 0);
    let mut offset = start.offset;
    let mut is_inserted = false;
    loop {
        let item = match reader.next() {
            Ok(Some(item)) => item,
            Ok(None) => return Some(Ok(scanned)),
            Err(error) if error.is_truncated() => return Some(Ok(scanned)),
            Err(error) => return Some(Err(error)),
        };
        match item {
            Item::Note(note) => {
                is_inserted = note.text == INSERTED;
                if scanned.end == offset {
                    scanned.bytes = note.span.end;
                }
            }
            Item::Command(command) => {
                if !std::mem::take(&mut is_inserted) {
                    offset = offset.plus(command.span.end - command.span.start);
                }
                if until.is_some_and(|until| offset > until) {
                    return Some(Ok(scanned));
                }
                if !command.in_multi || command.role == Role::Exec {
                    scanned =
                        Scanned { start, end: offset, bytes: command.span.end, db: command.db };
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_found_among_marks_and_transactions() {
        let id = "a".repeat(40);
        let text = [
            format!("#RKV:stream {id} 100\r\n"),
            "#RKV:inserted\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n7\r\n#TS:5\r\n".to_owned(),
            "*1\r\n$4\r\nPING\r\n".to_owned(),
            "*1\r\n$5\r\nMULTI\r\n#TS:6\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n3\r\n*1\r\n$4\r\nEXEC\r\n"
                .to_owned(),
            "#TS:7\r\n*1\r\n$4\r\nPI".to_owned(),
        ];
        let place = |n: usize| text[..n].concat().len() as u64;
        let bytes = text.concat();
        let find =
            |until: Option<u64>| scan(bytes.as_bytes(), until.map(Offset::new)).unwrap().unwrap();
        let all = find(None);
        assert_eq!((all.end, all.db), (Offset::new(100 + 14 + 15 + 23 + 14), 3));
        assert_eq!(all.bytes, place(4) + 7);
        // A mark behind the last unit stays with it.
        assert_eq!(find(Some(166)), all);
        let first = find(Some(165));
        assert_eq!((first.end, first.bytes, first.db), (Offset::new(114), place(3), 7));
        let none = find(Some(113));
        assert_eq!((none.end, none.bytes, none.db), (Offset::new(100), place(2), 7));
        assert!(scan(b"*1\r\n$4\r\nPING\r\n", None).is_none());
        let damaged = format!("{}xyz", text[..3].concat());
        assert!(scan(damaged.as_bytes(), None).unwrap().is_err());
    }
}
