//! Keys as rows of comma-separated values (RFC 4180), the value as JSON.

use super::json::write_value;
use super::text::push_cell;
use super::{Formatter, Halt, KeyView};
use crate::base::json::{self, BinaryEncoding};
use crate::base::slot::key_slot;
use crate::rdb::Scratch;
use crate::tool::out::Out;
use std::io;

/// Names of the columns.
pub const HEADER: &[u8] =
    b"db,key,type,encoding,expire_at_ms,idle_s,freq,slot,stored_bytes,value\n";

/// Writes keys as rows.
pub struct Csv(BinaryEncoding);

impl Csv {
    /// Rows with bytes in this encoding.
    pub fn new(encoding: BinaryEncoding) -> Csv {
        Csv(encoding)
    }
}

/// Doubles quotes of what is written through it.
struct Quoted<'o, O: Out> {
    inner: &'o mut O,
    buf: Vec<u8>,
}

impl<O: Out> Quoted<'_, O> {
    fn hand_on(&mut self) {
        let out = self.inner.buf();
        for (i, part) in self.buf.split(|byte| *byte == b'"').enumerate() {
            if i > 0 {
                out.extend_from_slice(b"\"\"");
            }
            out.extend_from_slice(part);
        }
        self.buf.clear();
    }
}

impl<O: Out> Out for Quoted<'_, O> {
    fn buf(&mut self) -> &mut Vec<u8> {
        &mut self.buf
    }

    fn spill(&mut self) -> io::Result<()> {
        if self.buf.len() < 1 << 20 {
            return Ok(());
        }
        self.hand_on();
        self.inner.spill()
    }
}

fn write_cell<O: Out>(out: &mut O, write: impl FnOnce(&mut Vec<u8>)) {
    out.buf().push(b'"');
    let mut quoted = Quoted { inner: out, buf: Vec::new() };
    write(&mut quoted.buf);
    quoted.hand_on();
    out.buf().push(b'"');
}

impl Formatter for Csv {
    fn key<O: Out>(
        &mut self,
        view: &KeyView<'_>,
        scratch: &mut Scratch,
        out: &mut O,
    ) -> Result<(), Halt> {
        let entry = view.entry;
        push_cell(out.buf(), Some(entry.db));
        write_cell(out, |buf| match self.0 {
            // A name that is text stands without the quotes of JSON.
            BinaryEncoding::Auto if std::str::from_utf8(view.key).is_ok() => {
                buf.extend_from_slice(view.key);
            }
            encoding => json::write_bytes(buf, view.key, encoding),
        });
        let buf = out.buf();
        buf.push(b',');
        buf.extend_from_slice(entry.ty.kind.name().as_bytes());
        buf.push(b',');
        buf.extend_from_slice(entry.encoding().as_bytes());
        buf.push(b',');
        push_cell(buf, view.expire_at_ms);
        push_cell(buf, entry.attributes.idle_s);
        push_cell(buf, entry.attributes.freq);
        push_cell(buf, Some(key_slot(view.key)));
        push_cell(buf, Some(entry.value.len()));
        buf.push(b'"');
        let mut quoted = Quoted { inner: out, buf: Vec::new() };
        write_value(view, self.0, scratch, &mut quoted)?;
        quoted.hand_on();
        out.buf().extend_from_slice(b"\"\n");
        Ok(())
    }
}
