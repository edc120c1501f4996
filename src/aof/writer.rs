//! Writes commands as append-only files hold them: SELECT where the database changes, a timestamp where the second does.

use crate::base::bulk::IntBuf;

/// Appends an array of bulk strings.
pub fn write_command(out: &mut Vec<u8>, args: &[&[u8]]) {
    let mut number = IntBuf::new();
    out.push(b'*');
    out.extend_from_slice(number.format(args.len()).as_bytes());
    out.extend_from_slice(b"\r\n");
    for arg in args {
        out.push(b'$');
        out.extend_from_slice(number.format(arg.len()).as_bytes());
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(arg);
        out.extend_from_slice(b"\r\n");
    }
}

/// Appends a SELECT.
pub fn write_select(out: &mut Vec<u8>, db: u64) {
    write_command(out, &[b"SELECT", IntBuf::new().format(db).as_bytes()]);
}

/// Remembers what the commands so far have selected. One per file: each file starts anew.
#[derive(Debug, Clone, Default)]
pub struct Writer {
    db: Option<u64>,
    time_s: Option<i64>,
}

impl Writer {
    /// At the start of a file.
    pub fn new() -> Writer {
        Writer::default()
    }

    /// Whether a command that runs in a database needs a SELECT in front of it.
    #[inline]
    pub fn selects(&self, db: u64) -> bool {
        self.db != Some(db)
    }

    /// Lets the next command have a SELECT in front of it, whatever its database.
    pub fn forget_db(&mut self) {
        self.db = None;
    }

    /// Appends a command that runs in a database, with a timestamp if its second is given and new. Gives the place of the
    /// command, or of the SELECT in front of it.
    pub fn command(
        &mut self,
        out: &mut Vec<u8>,
        db: u64,
        time_s: Option<i64>,
        args: &[&[u8]],
    ) -> usize {
        if let Some(time_s) = time_s.filter(|_| time_s != self.time_s) {
            out.extend_from_slice(b"#TS:");
            out.extend_from_slice(IntBuf::new().format(time_s).as_bytes());
            out.extend_from_slice(b"\r\n");
            self.time_s = Some(time_s);
        }
        let start = out.len();
        if self.selects(db) {
            write_select(out, db);
            self.db = Some(db);
        }
        write_command(out, args);
        start
    }
}

#[cfg(test)]
mod tests {
    use super::super::reader::{Item, Reader};
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let mut out = Vec::new();
        let mut writer = Writer::new();
        writer.command(&mut out, 0, None, &[b"SET", b"k", b"\r\n"]);
        writer.command(&mut out, 3, Some(17), &[b"DEL", b""]);
        writer.command(&mut out, 3, Some(17), &[b"DEL", b"x"]);
        let mut reader = Reader::new(&out, 0);
        let mut seen = Vec::new();
        while let Some(item) = reader.next().unwrap() {
            if let Item::Command(c) = item {
                seen.push((c.args.name().to_vec(), c.db, c.time_s));
            }
        }
        let names: Vec<_> = seen.iter().map(|(name, ..)| name.as_slice()).collect();
        assert_eq!(names, [&b"SELECT"[..], b"SET", b"SELECT", b"DEL", b"DEL"]);
        assert_eq!((seen[4].1, seen[4].2), (3, Some(17)));
        assert_eq!(out.windows(4).filter(|w| w == b"#TS:").count(), 1);
    }
}
