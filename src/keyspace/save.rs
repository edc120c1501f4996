//! Writes a snapshot as an RDB file.

use super::snapshot::Snapshot;
use super::unit::ValueRef;
use crate::base::crc::Crc64;
use crate::feed::Control;
use crate::rdb::encode::{self, Losses, Strings, Target};
use crate::rdb::{Attributes, Stored};
use crate::value::save::{Held, Saved, Saver};
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Bytes written at once.
const CHUNK_BYTES: usize = 256 << 10;
/// The opcode that ends the keys.
const END: u8 = 255;

/// What is told in the file beside the keys.
#[derive(Debug, Clone, Default)]
pub struct SaveOptions {
    /// AUX fields in their order: name and value.
    pub aux: Vec<(Vec<u8>, Vec<u8>)>,
    /// Whether strings are compressed.
    pub compress: bool,
    /// Whether the checksum is computed; without it stands 0.
    pub checksum: bool,
    /// Whether idle times (`Some(false)`) or use counts (`Some(true)`) are stored, and the time they count from.
    pub access: Option<(bool, i64)>,
    /// What others see of the work, and how it is stopped.
    pub control: Arc<Control>,
}

/// What was written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Keys written.
    pub keys: u64,
    /// Keys that the target has no form for.
    pub left_out: u64,
    /// What of the rest the target could not hold.
    pub losses: Losses,
    /// Bytes written.
    pub bytes: u64,
}

/// Counts and sums up what goes out.
struct Out<'w, W> {
    inner: &'w mut W,
    buf: Vec<u8>,
    crc: Crc64,
    bytes: u64,
}

impl<W: Write> Out<'_, W> {
    fn flush(&mut self) -> io::Result<()> {
        self.crc.update(&self.buf);
        self.bytes += self.buf.len() as u64;
        self.inner.write_all(&self.buf)?;
        self.buf.clear();
        Ok(())
    }

    fn settle(&mut self) -> io::Result<()> {
        if self.buf.len() < CHUNK_BYTES { Ok(()) } else { self.flush() }
    }
}

impl Snapshot {
    /// Writes all databases as a file for a target.
    ///
    /// # Errors
    /// Those of the output.
    pub fn write(
        &self,
        target: Target,
        options: &SaveOptions,
        inner: &mut impl Write,
    ) -> io::Result<Summary> {
        let mut out =
            Out { inner, buf: Vec::with_capacity(CHUNK_BYTES * 2), crc: Crc64::new(), bytes: 0 };
        let mut summary = Summary::default();
        let mut saver = Saver::new(target, options.compress);
        out.buf.extend_from_slice(&target.header.to_bytes());
        for (name, value) in &options.aux {
            encode::write_aux(&mut out.buf, target, name, value);
        }
        if target.has(10) {
            let mut strings = Strings::new(options.compress);
            for code in self.functions().values() {
                encode::write_function(&mut out.buf, &mut strings, code);
            }
        }
        for (db, keys) in self.dbs() {
            encode::write_select(&mut out.buf, db as u64);
            encode::write_resize(&mut out.buf, target, keys.len(), keys.expiring());
            for value in keys.iter() {
                write_key(&value, &mut saver, options, &mut out.buf, &mut summary)?;
                options.control.pass_keys(1);
                if options.control.interrupted.load(Ordering::Relaxed) {
                    return Err(io::ErrorKind::Interrupted.into());
                }
                out.settle()?;
            }
        }
        out.buf.push(END);
        out.flush()?;
        let (mut end, stored) = encode::end_bytes(target, out.crc.value());
        if stored != Stored::Absent && !options.checksum {
            end.fill(0);
        }
        out.bytes += end.len() as u64;
        out.inner.write_all(&end)?;
        summary.bytes = out.bytes;
        Ok(summary)
    }
}

fn write_key(
    value: &ValueRef<'_>,
    saver: &mut Saver,
    options: &SaveOptions,
    out: &mut Vec<u8>,
    summary: &mut Summary,
) -> io::Result<()> {
    let Saved::Type(type_byte) = saver.save(value.held())? else {
        summary.left_out += 1;
        return Ok(());
    };
    for loss in saver.losses().iter() {
        summary.losses.add(loss);
    }
    let (mut idle_s, mut freq) = (None, None);
    match options.access {
        Some((true, _)) => freq = Some((value.access() & 0xff) as u8),
        Some((false, now_ms)) => {
            idle_s = Some(u64::from(((now_ms / 1000) as u32).wrapping_sub(value.access())))
        }
        None => {}
    }
    let attributes = Attributes { expire_at_ms: value.expire_at_ms(), idle_s, freq };
    encode::write_head(
        out,
        saver.target(),
        &attributes,
        None,
        type_byte,
        value.key(),
        &mut summary.losses,
    );
    out.extend_from_slice(saver.body());
    summary.keys += 1;
    Ok(())
}

impl<'a> ValueRef<'a> {
    /// The value as something to store.
    pub fn held(&self) -> Held<'a> {
        match (self.string(), self.object()) {
            (Some(bytes), _) => Held::String(bytes, self.string_form()),
            (None, Some(value)) => Held::Value(value),
            (None, None) => Held::String(&[], self.string_form()),
        }
    }
}
