//! A capture: a multi-part append-only file that servers load as it stands, and what is needed to go on with it.
//!
//! ```text
//! DIR/appendonly.aof.manifest       what servers load: a base and segments, whose lines name their offsets
//! DIR/appendonly.aof.1.base.rdb     the snapshot
//! DIR/appendonly.aof.1.incr.aof     a segment: the bytes of the stream, with marks
//! DIR/capture.checkpoint            where to continue, written when all in front of it is on disk (JSON)
//! DIR/capture.files                 size and checksum of each file that is closed, and its place in the stream (JSON lines)
//! DIR/capture.lock                  held by the process that writes
//! DIR/generation-1.list             the manifest of the first generation, once a second one was begun
//! ```
//!
//! A *generation* is a base with its segments. When the primary cannot continue, a new generation begins; its manifest takes
//! the place of the old one, whose files stay.
//!
//! # Why nothing is lost or repeated
//!
//! - The checkpoint names a place behind a unit of the stream, and is written after everything in front of it was synced.
//! - Whoever goes on cuts the segment there: what stood behind it is asked of the primary again.
//! - A segment is closed, and the next one begun, behind a unit, and after it was synced.
//! - A manifest is replaced as a whole, after the files that it names were synced.

mod checkpoint;
mod folder;
mod resume;
pub mod scan;
mod segment;
mod syncer;

pub use checkpoint::{Checkpoint, FileEntry, read_files};

use super::{Error, Held, Target, at, unix_s};
use crate::aof::manifest::{Kind, Listed};
use crate::base::crc::OwnChecksum;
use crate::feed::{self, Control, Input};
use crate::rdb::{PassedKey, Record};
use crate::repl::offset::{Offset, Place, ReplId};
use crate::repl::units::{Role, Step, Units};
use folder::Folder;
use segment::Segment;
use std::fs::File;
use std::io::Write;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use syncer::{Job, Syncer};

/// How a capture is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Bytes from which a new segment is begun.
    pub segment_bytes: u64,
    /// Seconds after which a new segment is begun.
    pub segment_s: u64,
    /// Fail rather than begin a new generation.
    pub no_full_resync: bool,
}

/// Time between two syncs.
const SYNC_PERIOD: Duration = Duration::from_secs(1);

/// Bytes that are not synced at which one does not wait for the time.
const SYNC_BYTES: u64 = 64 << 20;

/// A snapshot that is being received.
struct Incoming {
    from: Place,
    path: PathBuf,
    file: File,
    sum: OwnChecksum,
    bytes: u64,
}

/// A capture that is being written.
pub struct Capture {
    folder: Folder,
    options: Options,
    segment: Option<Segment>,
    incoming: Option<Incoming>,
    syncer: Syncer,
    synced: Option<Offset>,
    synced_bytes: u64,
    sync_began: Instant,
    commands: u64,
    wants_ack: bool,
    /// What was found when it was opened.
    pub opened: Opened,
}

/// What was found in the folder of a capture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    /// Nothing: a new capture.
    New,
    /// A capture, which goes on from this place.
    Resumed {
        /// The place.
        from: Place,
        /// Bytes behind it that were cut off.
        cut_bytes: u64,
    },
}

impl Capture {
    /// Opens the capture of a folder, which is made if it is not there.
    ///
    /// # Errors
    /// Another process writes to it; it is something else, or damaged; the disk.
    pub fn open(dir: &Path, options: Options) -> Result<Capture, Error> {
        let mut folder = Folder::open(dir)?;
        let segment = resume::resume(&mut folder)?;
        let opened = match &segment {
            None => Opened::New,
            Some((segment, cut_bytes)) => {
                Opened::Resumed { from: segment.place(), cut_bytes: *cut_bytes }
            }
        };
        let segment = segment.map(|(segment, _)| segment);
        let synced = segment.as_ref().map(Segment::unit);
        let syncer = Syncer::start(folder.dir())?;
        Ok(Capture {
            folder,
            options,
            synced_bytes: segment.as_ref().map_or(0, Segment::unit_bytes),
            segment,
            incoming: None,
            syncer,
            synced,
            sync_began: Instant::now(),
            commands: 0,
            wants_ack: false,
            opened,
        })
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        self.folder.dir()
    }

    /// The number of the generation that is being written; 0 before the first one.
    pub fn generation(&self) -> u64 {
        self.folder.generation()
    }

    fn checkpoint(&self, segment: &Segment) -> Checkpoint {
        segment.checkpoint(self.folder.generation(), self.folder.rdb())
    }

    /// Waits until all syncs are done that were asked for.
    fn settle(&mut self) -> Result<(), Error> {
        while let Some(synced) = self.syncer.wait()? {
            self.synced = Some(synced);
        }
        Ok(())
    }

    /// Makes all that was taken last, and writes the checkpoint.
    fn sync_now(&mut self) -> Result<(), Error> {
        self.settle()?;
        let Some(segment) = &self.segment else { return Ok(()) };
        segment.sync()?;
        self.checkpoint(segment).write(self.folder.dir())?;
        self.synced = Some(segment.unit());
        self.synced_bytes = segment.unit_bytes();
        Ok(())
    }

    /// Closes the segment behind its last unit, and notes what it is.
    fn close_segment(&mut self) -> Result<Option<Segment>, Error> {
        self.settle()?;
        let Some(mut segment) = self.segment.take() else { return Ok(None) };
        segment.cut()?;
        segment.sync()?;
        self.folder.note(segment.entry(self.folder.generation()));
        self.folder.close_last(segment.unit());
        Ok(Some(segment))
    }

    /// Begins a segment at a place between units, in which a database is selected.
    fn open_segment(&mut self, at: Place, db: u64) -> Result<(), Error> {
        let seq = self.folder.next_incr();
        let name = format!("{}.{seq}.incr.aof", folder::PREFIX);
        let segment = Segment::create(self.folder.dir(), name.clone(), at, db, unix_s())?;
        segment.sync()?;
        let mut line = Listed::new(name, seq, Kind::Incr);
        line.start_offset = i64::try_from(at.offset.get()).ok();
        self.folder.list(line);
        self.segment = Some(segment);
        Ok(())
    }

    /// Goes on in a new segment.
    fn rotate(&mut self, replid: ReplId) -> Result<(), Error> {
        let Some(old) = self.close_segment()? else { return Ok(()) };
        let place = Place { replid, offset: old.unit() };
        self.open_segment(place, old.unit_db())?;
        self.folder.save()?;
        self.sync_now()
    }

    fn is_full(&self) -> bool {
        let Options { segment_bytes, segment_s, .. } = self.options;
        self.segment.as_ref().is_some_and(|segment| {
            segment.has_units()
                && (segment.bytes() >= segment_bytes || segment.age_s() >= segment_s)
        })
    }

    /// Takes bytes of the stream up to their end, or up to the end of a unit if one is asked for; how many were taken.
    fn take(&mut self, bytes: &[u8], stop_at_unit: bool) -> Result<usize, Error> {
        let Some(segment) = &mut self.segment else { return Ok(bytes.len()) };
        let (mut at, mut from, mut unit) = (0, 0, None);
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            let step = segment.units.step(rest);
            match step.map_err(|e| Error::BadData(format!("the primary's stream: {e}")))? {
                Step::Command { bytes: taken, role, .. } => {
                    at += taken;
                    self.wants_ack |= role == Role::GetAck;
                    self.commands += u64::from(!matches!(role, Role::Ping | Role::GetAck));
                    if segment.units.is_between_units() {
                        unit = Some(at);
                        if stop_at_unit {
                            break;
                        }
                    }
                }
                Step::Nothing { bytes: skipped } => {
                    segment.append(bytes, from..at, unit.take())?;
                    at += skipped;
                    from = at;
                }
                Step::Cut => at = bytes.len(),
            }
        }
        segment.append(bytes, from..at, unit)?;
        Ok(at)
    }

    fn commit_generation(&mut self, incoming: Incoming, db: u64) -> Result<(), Error> {
        let Incoming { from, path, file, sum, bytes } = incoming;
        at(&path, file.sync_all())?;
        self.close_segment()?;
        let (seq, name) = self.folder.next_base();
        let base = self.folder.dir().join(&name);
        at(&base, std::fs::rename(&path, &base))?;
        self.folder.begin_generation(Listed::new(name.clone(), seq, Kind::Base), &base)?;
        self.folder.note(FileEntry {
            generation: self.folder.generation(),
            file: name,
            bytes,
            crc64: format!("{:016x}", sum.value()),
            replid: from.replid.to_string(),
            start_offset: from.offset.get(),
            end_offset: from.offset.get(),
        });
        self.open_segment(from, db)?;
        self.folder.save()?;
        self.sync_now()
    }
}

impl Target for Capture {
    fn place(&self) -> Option<Place> {
        self.segment.as_ref().map(Segment::place)
    }

    fn begin(&mut self, from: Option<Place>, _: Option<u64>) -> Result<(), Error> {
        if let (Some(segment), true) = (&self.segment, self.options.no_full_resync) {
            return Err(Error::CannotContinue(segment.unit()));
        }
        let Some(from) = from else {
            let why = "the primary does not know PSYNC, so that nothing could continue from there";
            return Err(Error::NoPrimary(why.to_owned()));
        };
        let path = self.folder.dir().join(folder::INCOMING);
        let file = at(&path, File::create(&path))?;
        self.incoming = Some(Incoming { from, path, file, sum: OwnChecksum::new(), bytes: 0 });
        Ok(())
    }

    fn snapshot(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let Some(incoming) = &mut self.incoming else { return Ok(()) };
        at(&incoming.path, incoming.file.write_all(bytes))?;
        incoming.sum.update(bytes);
        incoming.bytes += bytes.len() as u64;
        Ok(())
    }

    fn end(&mut self) -> Result<(), Error> {
        let Some(incoming) = self.incoming.take() else { return Ok(()) };
        match check_snapshot(&incoming.path) {
            Ok(db) => self.commit_generation(incoming, db),
            Err(error) => {
                // It is of no use to anyone.
                let _ = std::fs::remove_file(&incoming.path);
                Err(error)
            }
        }
    }

    fn continued(&mut self, from: Place) -> Result<(), Error> {
        let Some(segment) = &mut self.segment else { return Ok(()) };
        segment.cut()?;
        if from.offset != segment.unit() {
            let why = format!("it continues from {}, not from {}", from.offset, segment.unit());
            return Err(Error::BadData(why));
        }
        match from.replid == segment.place().replid {
            true => Ok(()),
            false => self.rotate(from.replid),
        }
    }

    fn stream(&mut self, mut bytes: &[u8]) -> Result<(), Error> {
        let now_s = unix_s();
        while !bytes.is_empty() {
            let is_full = self.is_full();
            let Some(segment) = &mut self.segment else { return Ok(()) };
            let is_due = segment.wants_time(now_s) || is_full;
            if is_due && segment.units.is_between_units() {
                if is_full {
                    let replid = segment.place().replid;
                    self.rotate(replid)?;
                    continue;
                }
                segment.write_time(now_s)?;
                continue;
            }
            let taken = self.take(bytes, is_due)?;
            bytes = bytes.get(taken..).unwrap_or_default();
        }
        Ok(())
    }

    fn tick(&mut self) -> Result<(), Error> {
        if let Some(synced) = self.syncer.poll()? {
            self.synced = Some(synced);
        }
        let Some(segment) = &self.segment else { return Ok(()) };
        let unsynced_bytes = segment.unit_bytes().saturating_sub(self.synced_bytes);
        let is_due = unsynced_bytes >= SYNC_BYTES || self.sync_began.elapsed() >= SYNC_PERIOD;
        if unsynced_bytes > 0 && is_due && !self.syncer.is_busy() {
            self.synced_bytes = segment.unit_bytes();
            self.sync_began = Instant::now();
            let job = Job { file: segment.file(), checkpoint: self.checkpoint(segment) };
            self.syncer.begin(job)?;
        }
        Ok(())
    }

    fn held(&self) -> Held {
        Held { applied: self.segment.as_ref().map(Segment::unit), synced: self.synced }
    }

    fn take_request(&mut self) -> bool {
        std::mem::take(&mut self.wants_ack)
    }

    fn commands(&self) -> u64 {
        self.commands
    }

    fn finish(&mut self) -> Result<(), Error> {
        if let Some(incoming) = self.incoming.take() {
            // It was not complete.
            let _ = std::fs::remove_file(incoming.path);
        }
        if let Some(segment) = &mut self.segment {
            segment.cut()?;
        }
        self.sync_now()?;
        self.folder.save()
    }
}

/// Looks for the database that the stream behind a snapshot begins in.
struct StreamDb(u64);

impl feed::scan::Visitor for StreamDb {
    fn key(&mut self, _: &PassedKey<'_>) {}

    fn record(&mut self, record: &Record<'_>, _: Range<u64>) {
        if let Record::Aux { name, value } = record
            && name.eq_ignore_ascii_case(b"repl-stream-db")
        {
            let db = crate::base::num::parse_canonical_i64(value);
            self.0 = db.and_then(|db| u64::try_from(db).ok()).unwrap_or(0);
        }
    }
}

/// Checks that a file is a whole snapshot, and gives the database that the stream behind it begins in.
///
/// # Errors
/// [`Error::BadData`] if it is none.
pub(super) fn check_snapshot(path: &Path) -> Result<u64, Error> {
    let bad = |why: String| Error::BadData(format!("the snapshot is no good: {why}"));
    let mut input = Input::open(path).map_err(|e| bad(e.to_string()))?;
    let mut found = StreamDb(0);
    let surveyed = feed::survey(&mut input, &mut found, &Control::default());
    let ending = match surveyed {
        Ok(ending) => ending,
        Err(feed::Failure::Input(error)) => return Err(bad(error.to_string())),
        Err(feed::Failure::Read(error) | feed::Failure::Write(error)) => {
            return Err(Error::at(path, error));
        }
        Err(feed::Failure::Worker(never)) => match never {},
        Err(feed::Failure::Interrupted) => return Err(bad("interrupted".to_owned())),
    };
    if ending.is_checksum_wrong() {
        return Err(bad("its checksum is wrong".to_owned()));
    }
    match ending.trailer {
        feed::scan::Trailer::Nothing => Ok(found.0),
        _ => Err(bad("something stands behind its end".to_owned())),
    }
}

/// The place in the stream at which a server that loads a segment's first bytes is.
fn units_at(place: Place, db: u64) -> Units {
    Units::new(place.offset, db)
}

type Shared = Arc<File>;
