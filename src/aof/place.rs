//! The place in a replication stream at which an append-only file ends.
//!
//! ```text
//! #RKV:place 0123456789abcdef0123456789abcdef01234567 4711 0\r\n     id, offset, and the database that the stream has selected
//! ```
//!
//! It counts only where nothing follows it: a server writes it when it ends, and goes on behind it when it starts again. Servers
//! pass annotations over that they do not know.

/// The word behind `#`.
const WORD: &[u8] = b"RKV:place ";

/// Appends the annotation.
pub fn write(out: &mut Vec<u8>, replid: &[u8], offset: &[u8], db: &[u8]) {
    out.push(b'#');
    out.extend_from_slice(WORD);
    out.extend_from_slice(&[replid, offset, db].join(&b' '));
    out.extend_from_slice(b"\r\n");
}

/// Id, offset and database of an annotation's text, if it is one of this kind. Whether they mean something is not looked at.
pub fn parse(text: &[u8]) -> Option<[&[u8]; 3]> {
    let mut words = text.strip_prefix(WORD)?.split(|byte| *byte == b' ');
    let place = [words.next()?, words.next()?, words.next()?];
    words.next().is_none().then_some(place)
}

#[cfg(test)]
mod tests {
    use super::super::reader::{Item, Reader};
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let mut out = Vec::new();
        write(&mut out, &[b'a'; 40], b"4711", b"3");
        let mut reader = Reader::new(&out, 0);
        let Ok(Some(Item::Note(note))) = reader.next() else { panic!("no annotation") };
        assert_eq!(note.span, 0..out.len() as u64);
        assert_eq!(parse(note.text), Some([&[b'a'; 40][..], b"4711", b"3"]));
        for other in
            [&b"TS:1"[..], b"RKV:place", b"RKV:place a 1", b"RKV:place a 1 0 0", b"RKV:stream a 1"]
        {
            assert_eq!(parse(other), None);
        }
    }
}
