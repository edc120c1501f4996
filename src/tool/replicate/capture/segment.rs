//! A segment: bytes of the stream as they came, with lines that servers pass over.
//!
//! ```text
//! #RKV:stream <id> <offset>    the stream, and the place in front of the first of its bytes here
//! #RKV:inserted                what follows is no part of the stream:
//! SELECT <db>                  the database in force here, since each file begins in database 0
//! #TS:<unix seconds>           as servers write it with aof-timestamp-enabled yes
//! …
//! ```

use super::checkpoint::{Checkpoint, FileEntry};
use super::{Error, Shared, at, units_at};
use crate::aof::writer::write_select;
use crate::base::crc::OwnChecksum;
use crate::repl::offset::{Offset, Place, ReplId};
use crate::repl::units::Units;
use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// The line in front of what is no part of the stream.
pub(super) const INSERTED: &[u8] = b"RKV:inserted";

/// How the line begins that names the stream.
pub(super) const STREAM: &[u8] = b"RKV:stream ";

/// The segment that is being written.
pub(super) struct Segment {
    path: PathBuf,
    name: String,
    file: Shared,
    replid: ReplId,
    start: Offset,
    /// What was read of the stream.
    pub(super) units: Units,
    bytes: u64,
    sum: OwnChecksum,
    /// Bytes up to the end of the last unit that was written (≤ `bytes`), and their checksum.
    unit_bytes: u64,
    unit_sum: OwnChecksum,
    /// The place there, and the database in force. `units` may be ahead of what could be written.
    unit: Offset,
    unit_db: u64,
    time_s: Option<i64>,
    opened: Instant,
}

/// The first lines of a segment.
fn head(place: Place, db: u64) -> Vec<u8> {
    let mut head = format!("#RKV:stream {} {}\r\n", place.replid, place.offset).into_bytes();
    if db > 0 {
        head.extend_from_slice(b"#");
        head.extend_from_slice(INSERTED);
        head.extend_from_slice(b"\r\n");
        write_select(&mut head, db);
    }
    head
}

impl Segment {
    /// Begins a segment; a file of that name is what a crash left.
    pub(super) fn create(
        dir: &Path,
        name: String,
        place: Place,
        db: u64,
        now_s: i64,
    ) -> Result<Segment, Error> {
        let path = dir.join(&name);
        let file = at(&path, File::create(&path))?;
        let mut segment = Segment {
            path,
            name,
            file: Arc::new(file),
            replid: place.replid,
            start: place.offset,
            units: units_at(place, db),
            bytes: 0,
            sum: OwnChecksum::new(),
            unit_bytes: 0,
            unit_sum: OwnChecksum::new(),
            unit: place.offset,
            unit_db: db,
            time_s: None,
            opened: Instant::now(),
        };
        segment.write(&head(place, db))?;
        segment.mark_unit();
        segment.write_time(now_s)?;
        Ok(segment)
    }

    /// Goes on with a segment, of which the first bytes are kept. `sum` is their checksum, `units` where they end.
    pub(super) fn reopen(
        path: PathBuf,
        name: String,
        start: Place,
        units: Units,
        bytes: u64,
        sum: OwnChecksum,
    ) -> Result<Segment, Error> {
        let file = at(&path, OpenOptions::new().write(true).open(&path))?;
        at(&path, file.set_len(bytes))?;
        at(&path, (&file).seek(SeekFrom::End(0)))?;
        at(&path, file.sync_all())?;
        Ok(Segment {
            path,
            name,
            file: Arc::new(file),
            replid: start.replid,
            start: start.offset,
            bytes,
            sum: sum.clone(),
            unit_bytes: bytes,
            unit_sum: sum,
            unit: units.unit(),
            unit_db: units.unit_db(),
            units,
            time_s: None,
            opened: Instant::now(),
        })
    }

    pub(super) fn file(&self) -> Shared {
        self.file.clone()
    }

    /// The place behind the last unit, with its name.
    pub(super) fn place(&self) -> Place {
        Place { replid: self.replid, offset: self.unit }
    }

    /// The place behind the last unit.
    pub(super) fn unit(&self) -> Offset {
        self.unit
    }

    /// The database in force there.
    pub(super) fn unit_db(&self) -> u64 {
        self.unit_db
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn unit_bytes(&self) -> u64 {
        self.unit_bytes
    }

    /// Whether it holds anything of the stream.
    pub(super) fn has_units(&self) -> bool {
        self.unit > self.start
    }

    pub(super) fn age_s(&self) -> u64 {
        self.opened.elapsed().as_secs()
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        if !bytes.is_empty() {
            at(&self.path, (&*self.file).write_all(bytes))?;
            self.sum.update(bytes);
            self.bytes += bytes.len() as u64;
        }
        Ok(())
    }

    fn mark_unit(&mut self) {
        self.unit_bytes = self.bytes;
        self.unit_sum = self.sum.clone();
        (self.unit, self.unit_db) = (self.units.unit(), self.units.unit_db());
    }

    /// Appends a part of some bytes; `unit` is where in them the last unit ends.
    pub(super) fn append(
        &mut self,
        bytes: &[u8],
        part: Range<usize>,
        unit: Option<usize>,
    ) -> Result<(), Error> {
        let middle = unit.unwrap_or(part.start).clamp(part.start, part.end);
        self.write(bytes.get(part.start..middle).unwrap_or_default())?;
        if unit.is_some() {
            self.mark_unit();
        }
        self.write(bytes.get(middle..part.end).unwrap_or_default())
    }

    /// Whether the second has changed.
    pub(super) fn wants_time(&self, now_s: i64) -> bool {
        self.time_s.is_none_or(|time_s| now_s > time_s)
    }

    /// Writes what time it is, between two units. A clock that goes back is not followed.
    pub(super) fn write_time(&mut self, now_s: i64) -> Result<(), Error> {
        if self.wants_time(now_s) {
            self.write(format!("#TS:{now_s}\r\n").as_bytes())?;
            self.time_s = Some(now_s);
            self.mark_unit();
        }
        Ok(())
    }

    /// Cuts off what stands behind the last unit: it will come again.
    pub(super) fn cut(&mut self) -> Result<(), Error> {
        at(&self.path, self.file.set_len(self.unit_bytes))?;
        at(&self.path, (&*self.file).seek(SeekFrom::Start(self.unit_bytes)))?;
        self.bytes = self.unit_bytes;
        self.sum = self.unit_sum.clone();
        self.units = Units::new(self.unit, self.unit_db);
        Ok(())
    }

    pub(super) fn sync(&self) -> Result<(), Error> {
        at(&self.path, self.file.sync_all())
    }

    pub(super) fn checkpoint(&self, generation: u64, rdb: &str) -> Checkpoint {
        Checkpoint {
            version: super::checkpoint::VERSION,
            generation,
            replid: self.replid.to_string(),
            offset: self.unit().get(),
            db: self.unit_db(),
            open_multi: self.units.in_multi(),
            segment: self.name.clone(),
            segment_bytes: self.unit_bytes,
            segment_crc64: format!("{:016x}", self.unit_sum.value()),
            rdb: rdb.to_owned(),
            written_at: super::unix_s(),
        }
    }

    pub(super) fn entry(&self, generation: u64) -> FileEntry {
        FileEntry {
            generation,
            file: self.name.clone(),
            bytes: self.unit_bytes,
            crc64: format!("{:016x}", self.unit_sum.value()),
            replid: self.replid.to_string(),
            start_offset: self.start.get(),
            end_offset: self.unit().get(),
        }
    }
}
