//! Keys as plain lines: names, elements, or columns for people.

use super::json::push_int;
use super::{Formatter, Halt, KeyView};
use crate::base::bulk::Bulk;
use crate::base::json::{self, BinaryEncoding};
use crate::base::num;
use crate::rdb::event::ArrayValue;
use crate::rdb::{Elem, Error, ErrorKind, Scratch, Visit};
use crate::report::human;
use crate::tool::out::Out;

/// Appends bytes as a piece of a line.
///
/// Text goes as it is, as long as nothing in it would break the line or the column; anything else
/// is written so that every byte shows. The other encodings are as in JSON, without quotes.
fn write_text(out: &mut Vec<u8>, bytes: &[u8], encoding: BinaryEncoding) {
    match encoding {
        BinaryEncoding::Auto => {
            let clean = std::str::from_utf8(bytes)
                .is_ok_and(|text| !text.contains(|c: char| c.is_control() || c == '\\'));
            if clean {
                out.extend_from_slice(bytes);
            } else {
                json::write_visible(out, bytes);
            }
        }
        BinaryEncoding::Utf8 => out.extend_from_slice(String::from_utf8_lossy(bytes).as_bytes()),
        BinaryEncoding::Escape => json::write_visible(out, bytes),
        BinaryEncoding::Base64 => json::write_base64(out, bytes),
        BinaryEncoding::Hex => json::write_hex(out, bytes),
    }
}

/// Writes names.
pub struct Keys(pub BinaryEncoding);

impl Formatter for Keys {
    fn key<O: Out>(
        &mut self,
        view: &KeyView<'_>,
        _: &mut Scratch,
        out: &mut O,
    ) -> Result<(), Halt> {
        write_text(out.buf(), view.key, self.0);
        out.buf().push(b'\n');
        Ok(())
    }
}

/// Writes a line per element: key, then field, score, index or id where there is one, then value.
pub struct Keyvals(pub BinaryEncoding);

impl Formatter for Keyvals {
    fn key<O: Out>(
        &mut self,
        view: &KeyView<'_>,
        scratch: &mut Scratch,
        out: &mut O,
    ) -> Result<(), Halt> {
        let mut key = Vec::new();
        write_text(&mut key, view.key, self.0);
        let mut lines = Lines { out, key, encoding: self.0, raw: view.entry.value };
        view.entry.visit(scratch, &mut lines)
    }
}

struct Lines<'o, 'e, O: Out> {
    out: &'o mut O,
    key: Vec<u8>,
    encoding: BinaryEncoding,
    raw: &'e [u8],
}

impl<O: Out> Lines<'_, '_, O> {
    fn line(&mut self, parts: &[&Bulk<'_>]) -> Result<(), Halt> {
        let encoding = self.encoding;
        let out = self.out.buf();
        out.extend_from_slice(&self.key);
        for part in parts {
            out.push(b'\t');
            write_text(out, part.text(&mut crate::base::bulk::IntBuf::new()), encoding);
        }
        out.push(b'\n');
        Ok(self.out.spill()?)
    }

    fn number(&mut self, score: f64) -> Vec<u8> {
        let mut text = Vec::new();
        num::write_score(score, &mut text);
        text
    }
}

impl<O: Out> Visit for Lines<'_, '_, O> {
    type Error = Halt;

    fn elem(&mut self, elem: &Elem<'_>) -> Result<(), Halt> {
        match elem {
            Elem::Str(bulk) | Elem::Item(bulk) | Elem::Member(bulk) => self.line(&[bulk]),
            Elem::Field { field, value, .. } => self.line(&[field, value]),
            Elem::Scored { member, score } => {
                let score = self.number(*score);
                self.line(&[&Bulk::Bytes(&score), member])
            }
            Elem::StreamEntry { id, fields } => {
                let id = id.to_string();
                for (name, value) in fields.iter() {
                    self.line(&[&Bulk::Bytes(id.as_bytes()), name, value])?;
                }
                Ok(())
            }
            Elem::ArrayItem { index, value } => {
                let index = index.to_string();
                let index = Bulk::Bytes(index.as_bytes());
                match value {
                    ArrayValue::Str(bulk) => self.line(&[&index, bulk]),
                    ArrayValue::Int(n) => self.line(&[&index, &Bulk::Int(*n)]),
                    ArrayValue::Float(f) => {
                        let text = self.number(*f);
                        self.line(&[&index, &Bulk::Bytes(&text)])
                    }
                }
            }
            Elem::Module(id) => {
                let out = self.out.buf();
                out.extend_from_slice(&self.key);
                out.push(b'\t');
                out.extend_from_slice(id.name().as_bytes());
                out.push(b'\t');
                for piece in self.raw.chunks(3 << 18) {
                    json::write_base64(self.out.buf(), piece);
                    self.out.spill()?;
                }
                self.out.buf().push(b'\n');
                Ok(())
            }
            Elem::StreamMeta(_)
            | Elem::Group { .. }
            | Elem::Pending { .. }
            | Elem::Consumer { .. }
            | Elem::Claimed(_)
            | Elem::Nacked(_)
            | Elem::IdmpConfig { .. }
            | Elem::Producer(_)
            | Elem::ProducerId { .. }
            | Elem::IdmpCounters { .. }
            | Elem::ArrayMeta { .. }
            | Elem::ModuleItem(_)
            | Elem::VectorSet { .. }
            | Elem::Vector { .. } => Ok(()),
        }
    }

    fn damage(&mut self, error: Error) -> Result<(), Halt> {
        match error.kind() {
            ErrorKind::Empty => Ok(()),
            _ => Err(error.into()),
        }
    }
}

/// Titles of the columns of [`Table`].
pub const TABLE_HEADER: &[u8] =
    b"  DB  TYPE    ENCODING          SIZE  EXPIRES                   KEY\n";

/// Writes a row of fixed columns per key: it streams, so its widths cannot follow the data.
pub struct Table;

impl Formatter for Table {
    fn key<O: Out>(
        &mut self,
        view: &KeyView<'_>,
        _: &mut Scratch,
        out: &mut O,
    ) -> Result<(), Halt> {
        let entry = view.entry;
        let expires = view.expire_at_ms.map_or("-".into(), human::time);
        let row = format!(
            "{:>4}  {:<7} {:<11} {:>10}  {expires:<25} ",
            entry.db,
            entry.ty.kind.name(),
            entry.encoding(),
            human::size(entry.value.len() as u64),
        );
        let out = out.buf();
        out.extend_from_slice(row.as_bytes());
        write_text(out, view.key, BinaryEncoding::Auto);
        out.push(b'\n');
        Ok(())
    }
}

/// Appends a number and a comma.
pub(super) fn push_cell(out: &mut Vec<u8>, n: Option<impl itoa::Integer>) {
    if let Some(n) = n {
        push_int(out, n);
    }
    out.push(b',');
}
