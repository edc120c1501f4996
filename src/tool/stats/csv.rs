//! The memory CSV: a row per key in file order, with the header that spreadsheets know.

use super::Options;
use super::measure::{Measure, Measured};
use super::summary::FileFacts;
use crate::base::json::{BinaryEncoding, write_bytes};
use crate::base::slot::key_slot;
use crate::feed::parallel::{Outcome, Stop};
use crate::feed::{self, Batch, Control, Failure, Filter, Input, Turn, Worker};
use crate::rdb::{Entry, Record};
use crate::tool::ttl::Now;
use std::io::Write;

/// The columns that are always there.
const HEADER: &str =
    "database,type,key,size_in_bytes,encoding,num_elements,len_largest_element,expiry";

/// A column that is there if asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// The cluster slot.
    Slot,
    /// Bytes of the record in the file.
    StoredBytes,
    /// Seconds since the last access.
    IdleS,
    /// The access counter.
    Freq,
    /// Milliseconds left.
    TtlMs,
    /// Mean length of the elements.
    AvgElementLen,
}

impl Column {
    /// Every column.
    pub const ALL: [Column; 6] = [
        Column::Slot,
        Column::StoredBytes,
        Column::IdleS,
        Column::Freq,
        Column::TtlMs,
        Column::AvgElementLen,
    ];

    /// Its name in the header.
    pub fn name(self) -> &'static str {
        match self {
            Column::Slot => "slot",
            Column::StoredBytes => "stored_bytes",
            Column::IdleS => "idle_s",
            Column::Freq => "freq",
            Column::TtlMs => "ttl_ms",
            Column::AvgElementLen => "avg_element_len",
        }
    }

    /// The column of that name.
    pub fn from_name(name: &str) -> Option<Column> {
        Column::ALL.into_iter().find(|column| column.name() == name)
    }
}

struct Rows {
    measure: Measure,
    filter: Filter,
    columns: Vec<Column>,
    now: Now,
    now_ms: i64,
}

fn push_number(out: &mut Vec<u8>, n: impl itoa::Integer) {
    out.extend_from_slice(itoa::Buffer::new().format(n).as_bytes());
}

fn push_optional(out: &mut Vec<u8>, n: Option<impl itoa::Integer>) {
    if let Some(n) = n {
        push_number(out, n);
    }
}

/// Appends a name by RFC 4180; one that is no text as `{"base64":"…"}`.
fn push_name(out: &mut Vec<u8>, name: &[u8]) {
    if std::str::from_utf8(name).is_ok() {
        push_text(out, name);
        return;
    }
    let mut json = Vec::new();
    write_bytes(&mut json, name, BinaryEncoding::Auto);
    push_text(out, &json);
}

fn push_text(out: &mut Vec<u8>, text: &[u8]) {
    let special = |byte: &u8| matches!(byte, b',' | b'"' | b'\n' | b'\r');
    if !text.iter().any(special) {
        out.extend_from_slice(text);
        return;
    }
    out.push(b'"');
    for (i, part) in text.split(|byte| *byte == b'"').enumerate() {
        if i > 0 {
            out.extend_from_slice(b"\"\"");
        }
        out.extend_from_slice(part);
    }
    out.push(b'"');
}

/// Appends a point in time in UTC, to the microsecond unless it is a whole second; one that no
/// calendar has as milliseconds.
fn push_time(out: &mut Vec<u8>, unix_ms: i64) {
    match jiff::Timestamp::from_millisecond(unix_ms) {
        Ok(time) => {
            let whole = unix_ms.rem_euclid(1000) == 0;
            let format = if whole { "%Y-%m-%dT%H:%M:%S" } else { "%Y-%m-%dT%H:%M:%S%.6f" };
            let text = time.strftime(format).to_string();
            out.extend_from_slice(text.as_bytes());
        }
        Err(_) => push_number(out, unix_ms),
    }
}

impl Rows {
    fn set_now(&mut self, written_at_s: Option<i64>) {
        self.now_ms = self.now.for_file(written_at_s);
        self.filter.set_now(self.now_ms);
    }

    fn row(&self, out: &mut Vec<u8>, entry: &Entry<'_>, name: &[u8], key: &Measured) {
        push_number(out, entry.db);
        out.push(b',');
        out.extend_from_slice(entry.ty.kind.name().as_bytes());
        out.push(b',');
        push_name(out, name);
        out.push(b',');
        push_number(out, key.memory_bytes);
        out.push(b',');
        out.extend_from_slice(key.encoding.as_bytes());
        out.push(b',');
        push_number(out, key.elements);
        out.push(b',');
        push_number(out, key.longest);
        out.push(b',');
        if let Some(at) = entry.attributes.expire_at_ms {
            push_time(out, at);
        }
        for column in &self.columns {
            out.push(b',');
            self.cell(out, *column, entry, name, key);
        }
        out.push(b'\n');
    }

    fn cell(
        &self,
        out: &mut Vec<u8>,
        column: Column,
        entry: &Entry<'_>,
        name: &[u8],
        key: &Measured,
    ) {
        let attributes = entry.attributes;
        match column {
            Column::Slot => push_number(out, key_slot(name)),
            Column::StoredBytes => push_number(out, key.stored_bytes),
            Column::IdleS => push_optional(out, attributes.idle_s),
            Column::Freq => push_optional(out, attributes.freq),
            Column::TtlMs => {
                push_optional(
                    out,
                    attributes.expire_at_ms.map(|at| at.saturating_sub(self.now_ms)),
                );
            }
            Column::AvgElementLen if key.elements > 0 => {
                let mean = key.elements_bytes as f64 / key.elements as f64;
                out.extend_from_slice(format!("{mean:.1}").as_bytes());
            }
            Column::AvgElementLen => {}
        }
    }
}

impl Worker for Rows {
    type Error = anyhow::Error;

    fn batch(&mut self, batch: &Batch<'_>, turn: &mut Turn<'_>) -> Result<(), Stop<anyhow::Error>> {
        let mut records = batch.records();
        let mut file = FileFacts::default();
        self.set_now(batch.context.as_ref().and_then(|context| context.written_at_s));
        while let Some(record) = records.next()? {
            let entry = match record {
                Record::Key(entry) => entry,
                Record::Aux { name, value } => {
                    file.aux(&name, &value);
                    if file.written_at_s.is_some() {
                        self.set_now(file.written_at_s);
                    }
                    continue;
                }
                _ => continue,
            };
            if self.filter.accepts(&entry, self.measure.scratch())? {
                let name = entry.key()?;
                let measured = self.measure.key(&entry)?;
                self.row(&mut turn.buf, &entry, &name, &measured);
                turn.spill()?;
            }
        }
        Ok(())
    }
}

/// Writes a row per key.
pub fn memory_csv(
    input: &mut Input,
    options: &Options,
    columns: &[Column],
    out: &mut (dyn Write + Send),
    control: &Control,
) -> Result<Outcome, Failure<anyhow::Error>> {
    let names = columns.iter().map(|column| column.name());
    let header = std::iter::once(HEADER).chain(names).collect::<Vec<_>>().join(",");
    writeln!(out, "{header}").map_err(Failure::Write)?;
    let worker = || Rows {
        measure: Measure::new(options.model, options.allocator),
        filter: options.filter.clone(),
        columns: columns.to_vec(),
        now: options.now,
        now_ms: options.now.for_file(None),
    };
    let mut workers: Vec<_> = (0..options.threads()).map(|_| worker()).collect();
    feed::run(input, &mut workers, out, control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_and_escaped() {
        let row = |name: &[u8]| {
            let mut out = Vec::new();
            push_name(&mut out, name);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(row(b"plain"), "plain");
        assert_eq!(row(b"a,\"b\"\n"), "\"a,\"\"b\"\"\n\"");
        assert_eq!(row(b"\xff\0"), r#""{""base64"":""/wA=""}""#);
        assert_eq!(row("ключ".as_bytes()), "ключ");
    }

    #[test]
    fn times_have_microseconds_where_needed() {
        let text = |ms| {
            let mut out = Vec::new();
            push_time(&mut out, ms);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(text(1_767_323_045_678), "2026-01-02T03:04:05.678000");
        assert_eq!(text(0), "1970-01-01T00:00:00");
        assert_eq!(text(i64::MAX), i64::MAX.to_string());
    }
}
