//! The boundary pass: finds where records start and cuts the input into batches.
//!
//! A mapped file is cut in place. A stream is copied into blocks; an entry that does not fit one
//! grows in an unnamed temporary file, so that memory stays bounded whatever the size of a key.

use super::batch::{Batch, BatchBytes};
use super::input::{Bytes, Input};
use super::map::Map;
use crate::base::background::breathe;
use crate::base::crc::Crc64;
use crate::base::limits;
use crate::rdb::{Error, Header, Parser, PassedKey, Record, Step, Stored};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::fs::File;
use std::io::{self, Read, Write};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// Bytes of records per batch: enough to make handing over cheap, little enough for a cache.
const BATCH_BYTES: usize = 512 << 10;

/// What the caller sees of a pass while it runs, and how it stops it.
#[derive(Debug, Default)]
pub struct Control {
    /// Bytes of the (decompressed) input passed so far; of several inputs, of all of them.
    pub passed_bytes: AtomicU64,
    /// Bytes there are in all; 0 if that is not known.
    pub total_bytes: AtomicU64,
    /// Set to stop at the next batch.
    pub interrupted: AtomicBool,
    /// Bytes of the inputs in front of the current one.
    behind_bytes: AtomicU64,
    /// Keys that were loaded or saved so far.
    pub passed_keys: AtomicU64,
    /// Whether the names of keys are told that are left out because their time has passed.
    pub tells_dropped: AtomicBool,
    /// Whether inputs of versions that are not known are read as far as they are understood.
    pub takes_newer: AtomicBool,
    /// Microseconds to wait for each key that is loaded or saved; if negative, a microsecond for so many keys. For tests of what
    /// happens meanwhile.
    pub key_delay_us: AtomicI64,
}

/// Keys between two moments at which others may have the processor; see [`breathe`].
pub const BREATH_KEYS: u64 = 256;

impl Control {
    /// Notes keys that were loaded or saved, and waits if that is asked for.
    pub fn pass_keys(&self, keys: u64) {
        let before = self.passed_keys.fetch_add(keys, Ordering::Relaxed);
        if before / BREATH_KEYS != (before + keys) / BREATH_KEYS {
            breathe();
        }
        let delay = self.key_delay_us.load(Ordering::Relaxed);
        let us = match u64::try_from(delay) {
            Ok(0) => return,
            Ok(us) => keys.saturating_mul(us),
            Err(_) => (before + keys) / delay.unsigned_abs() - before / delay.unsigned_abs(),
        };
        self.wait(us);
    }

    fn wait(&self, us: u64) {
        let until = Instant::now() + Duration::from_micros(us);
        while !self.interrupted.load(Ordering::Relaxed) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            std::thread::sleep(left.min(Duration::from_millis(20)));
        }
    }

    /// Tells how much of the current input has been passed.
    pub fn pass(&self, bytes: u64) {
        let behind = self.behind_bytes.load(Ordering::Relaxed);
        self.passed_bytes.store(behind + bytes, Ordering::Relaxed);
    }

    /// Begins with an input; those in front of it have this many bytes.
    pub fn begin_input(&self, behind_bytes: u64) {
        self.behind_bytes.store(behind_bytes, Ordering::Relaxed);
        self.pass(0);
    }
}

/// Why a pass ended before the data did.
#[derive(Debug)]
pub enum Failure<E> {
    /// The input is damaged, truncated or of an unknown kind.
    Input(Error),
    /// The input could not be read.
    Read(io::Error),
    /// The output could not be written.
    Write(io::Error),
    /// A worker gave up.
    Worker(E),
    /// [`Control::interrupted`] was set.
    Interrupted,
}

/// What stands behind the end of the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trailer {
    /// Nothing.
    Nothing,
    /// Commands: the input is an append-only file with an RDB preamble.
    Aof,
    /// Something else.
    Garbage,
}

/// What is known when all records have been read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// Dialect and version.
    pub header: Header,
    /// What the file says of its checksum.
    pub stored: Stored,
    /// The checksum of what was read.
    pub computed: u64,
    /// Offset behind the last byte of the data.
    pub end: u64,
    /// What follows.
    pub trailer: Trailer,
    /// Bytes that follow, if all of the input is known.
    pub trailer_bytes: Option<u64>,
}

impl Ending {
    /// Whether the stored checksum contradicts the data.
    pub fn is_checksum_wrong(&self) -> bool {
        matches!(self.stored, Stored::Crc64(stored) if stored != self.computed)
    }
}

impl Trailer {
    /// What these bytes behind the data are.
    ///
    /// Only a file that says it begins an append-only file may be followed by commands.
    pub fn of(rest: &[u8], is_aof_base: bool) -> Trailer {
        match rest.first() {
            None => Trailer::Nothing,
            Some(b'*' | b'#') if is_aof_base => Trailer::Aof,
            Some(_) => Trailer::Garbage,
        }
    }
}

/// Sees the records of an input as a pass goes over them.
pub trait Visitor {
    /// Sees a key of the plainest form.
    fn key(&mut self, key: &PassedKey<'_>);

    /// Sees any other record, and the absolute offsets of its bytes.
    fn record(&mut self, record: &Record<'_>, bytes: Range<u64>);
}

/// Shows all records to a visitor, on this thread. For what needs no value this costs less than
/// workers do, which pass each record a second time. What stands in front of damage is shown.
pub fn survey(
    input: &mut Input,
    visitor: &mut impl Visitor,
    control: &Control,
) -> Result<Ending, Failure<Infallible>> {
    match scan(input, control, &mut Show(visitor))? {
        Scanned::All(ending) => Ok(ending),
        // Not reached: nobody stops it but by the control.
        Scanned::Stopped => Err(Failure::Interrupted),
    }
}

/// What a pass is for.
pub(super) trait Pass<'i>: Visitor {
    /// Takes what was passed since the last batch; `false` ends the pass quietly.
    fn batch(&mut self, batch: Batch<'i>) -> bool;
}

/// A pass that only finds the bounds of batches.
pub(super) struct Cut<F>(pub(super) F);

impl<F> Visitor for Cut<F> {
    #[inline(always)]
    fn key(&mut self, _: &PassedKey<'_>) {}

    #[inline(always)]
    fn record(&mut self, _: &Record<'_>, _: Range<u64>) {}
}

impl<'i, F: FnMut(Batch<'i>) -> bool> Pass<'i> for Cut<F> {
    fn batch(&mut self, batch: Batch<'i>) -> bool {
        self.0(batch)
    }
}

/// A pass whose batches nobody wants.
struct Show<'v, V>(&'v mut V);

impl<V: Visitor> Visitor for Show<'_, V> {
    #[inline(always)]
    fn key(&mut self, key: &PassedKey<'_>) {
        self.0.key(key);
    }

    #[inline(always)]
    fn record(&mut self, record: &Record<'_>, bytes: Range<u64>) {
        self.0.record(record, bytes);
    }
}

impl<'i, V: Visitor> Pass<'i> for Show<'_, V> {
    fn batch(&mut self, _: Batch<'i>) -> bool {
        true
    }
}

/// Why scanning ended.
pub(super) enum Scanned {
    /// All records were read.
    All(Ending),
    /// The receiver wants no more.
    Stopped,
}

type Scan = Result<Scanned, Failure<Infallible>>;

/// Goes over all records of an input.
pub(super) fn scan<'i, P: Pass<'i>>(input: &'i mut Input, control: &Control, pass: &mut P) -> Scan {
    match &mut input.bytes {
        Bytes::Map(map) => scan_map(map, control, pass),
        Bytes::Stream(stream) => scan_stream(stream.as_mut(), control, pass),
    }
}

/// The batch being collected.
struct Open {
    seq: u64,
    context: Option<crate::rdb::Context>,
    offset: u64,
}

impl Open {
    fn first() -> Self {
        Open { seq: 0, context: None, offset: 0 }
    }

    /// Closes the batch and opens the next at the parser's place.
    fn close<'i>(&mut self, parser: &Parser, bytes: BatchBytes<'i>) -> Batch<'i> {
        let context = std::mem::replace(&mut self.context, parser.context().cloned());
        let batch = Batch { seq: self.seq, context, offset: self.offset, bytes };
        self.seq += 1;
        self.offset = parser.offset();
        batch
    }
}

/// How far a pass is, for [`Summing`].
enum Progress {
    /// Records up to here are passed; more follow.
    Passed(usize),
    /// What the checksum covers ends here.
    End(usize),
}

/// Bytes summed at a time.
const PIECE_BYTES: usize = 1 << 20;

/// How far the checksum may be ahead of the pass, in pieces. Little enough for a cache.
const AHEAD_PIECES: usize = 8;

/// How far behind the pass pages are given back, in pieces: further than workers are.
const BEHIND_PIECES: usize = 12;

/// Pieces given back at a time: each time disturbs the other threads.
const RELEASE_PIECES: usize = 4;

/// Computes the checksum of a mapped file beside the pass over its records.
///
/// It goes ahead of the pass, which hops from record to record and waits for memory at each: so the
/// bytes are mapped and in the cache when the pass comes to them. Where the data end is known only
/// then, so the sums at the last few places are kept to go back to.
///
/// Behind the pass it gives pages back, which otherwise a single thread does for all of them at the end.
struct Summing<'i, R> {
    bytes: &'i [u8],
    /// Gives back so many bytes from a place on.
    release: R,
    /// Bytes given back.
    released: usize,
    /// Places and the sums up to them, the furthest last.
    sums: VecDeque<(usize, Crc64)>,
}

impl<'i, R: FnMut(usize, usize)> Summing<'i, R> {
    fn new(bytes: &'i [u8], release: R) -> Self {
        Summing { bytes, release, released: 0, sums: VecDeque::from([(0, Crc64::new())]) }
    }

    /// Sums until the end is told and gives the sum, or until nobody is left to tell it.
    fn run(mut self, news: &mpsc::Receiver<Progress>) -> u64 {
        let mut passed = 0;
        loop {
            let (at, _) = self.last();
            let can_go_on = at < self.bytes.len() && at < passed + AHEAD_PIECES * PIECE_BYTES;
            let told = if can_go_on {
                news.try_recv()
            } else {
                news.recv().map_err(|_| mpsc::TryRecvError::Disconnected)
            };
            match told {
                Ok(Progress::Passed(pos)) => {
                    passed = pos;
                    self.release_behind(pos);
                }
                Ok(Progress::End(end)) => return self.finish(end),
                Err(mpsc::TryRecvError::Empty) => self.add_piece(),
                Err(mpsc::TryRecvError::Disconnected) => return 0,
            }
        }
    }

    fn release_behind(&mut self, passed: usize) {
        const STEP_BYTES: usize = RELEASE_PIECES * PIECE_BYTES;
        if passed >= self.released + BEHIND_PIECES * PIECE_BYTES + STEP_BYTES {
            (self.release)(self.released, STEP_BYTES);
            self.released += STEP_BYTES;
        }
    }

    fn last(&self) -> (usize, Crc64) {
        self.sums.back().copied().unwrap_or_default()
    }

    fn add(&mut self, end: usize) {
        let (at, mut crc) = self.last();
        crc.update(self.bytes.get(at..end).unwrap_or(&[]));
        self.sums.push_back((end, crc));
    }

    fn add_piece(&mut self) {
        let (at, _) = self.last();
        self.add(self.bytes.len().min(at + PIECE_BYTES));
        // The end lies behind what is passed, and so behind the first that stays.
        if self.sums.len() > AHEAD_PIECES + 2 {
            self.sums.pop_front();
        }
    }

    fn finish(mut self, end: usize) -> u64 {
        while self.sums.len() > 1 && self.last().0 > end {
            self.sums.pop_back();
        }
        self.add(end);
        self.last().1.value()
    }
}

fn scan_map<'i, P: Pass<'i>>(map: &'i Map, control: &Control, pass: &mut P) -> Scan {
    let bytes: &'i [u8] = map;
    std::thread::scope(|scope| {
        let (progress, news) = mpsc::channel();
        let sum = scope
            .spawn(move || Summing::new(bytes, |start, len| map.release(start, len)).run(&news));
        let takes_newer = control.takes_newer.load(Ordering::Relaxed);
        let mut parser = Parser::new().taking_newer(takes_newer);
        let mut open = Open::first();
        let (mut pos, mut from) = (0, 0);
        loop {
            let rest = bytes.get(pos..).unwrap_or(&[]);
            let enough = BATCH_BYTES.saturating_sub(pos - from);
            let passed = parser.take_keys(rest, enough, |key| {
                pass.key(key);
                true
            });
            pos += passed;
            let rest = rest.get(passed..).unwrap_or(&[]);
            let is_full = pos - from >= BATCH_BYTES;
            let parsed = (!is_full).then(|| parser.parse(rest, true));
            let (consumed, end) = match parsed {
                None => (0, None),
                Some(Ok(Step::Record(consumed, record))) => {
                    pass.record(&record, pos as u64..(pos + consumed) as u64);
                    (consumed, ended(&record))
                }
                Some(Ok(Step::Need(n))) => {
                    let kind = crate::rdb::ErrorKind::Truncated(n);
                    return Err(Failure::Input(Error::new(kind, bytes.len() as u64)));
                }
                Some(Err(error)) => {
                    // What is sound in front of the damage still goes out.
                    let sound = bytes.get(from..pos).unwrap_or(&[]);
                    if !sound.is_empty() {
                        pass.batch(open.close(&parser, BatchBytes::Borrowed(sound)));
                    }
                    return Err(Failure::Input(error));
                }
            };
            pos += consumed;
            if end.is_none() && pos - from < BATCH_BYTES {
                continue;
            }
            // The receiver lives as long as this scope, and it stops when the sender is dropped.
            let _ = progress.send(match end {
                None => Progress::Passed(pos),
                Some(Stored::Absent) => Progress::End(pos),
                Some(_) => Progress::End(pos.saturating_sub(8)),
            });
            let whole = bytes.get(from..pos).unwrap_or(&[]);
            if !pass.batch(open.close(&parser, BatchBytes::Borrowed(whole))) {
                return Ok(Scanned::Stopped);
            }
            control.pass(pos as u64);
            if control.interrupted.load(Ordering::Relaxed) {
                return Err(Failure::Interrupted);
            }
            from = pos;
            if let (Some(stored), Some(context)) = (end, parser.context()) {
                let rest = bytes.get(pos..).unwrap_or(&[]);
                return Ok(Scanned::All(Ending {
                    header: context.header,
                    stored,
                    computed: sum.join().unwrap_or_default(),
                    end: pos as u64,
                    trailer: Trailer::of(rest, context.is_aof_base),
                    trailer_bytes: Some(rest.len() as u64),
                }));
            }
        }
    })
}

fn ended(record: &Record<'_>) -> Option<Stored> {
    match record {
        Record::End(stored) => Some(*stored),
        _ => None,
    }
}

/// The bytes of a stream that are not passed yet: in memory, or in a file once there are many.
struct Window {
    memory: Vec<u8>,
    spool: Option<(File, u64)>,
    /// Bytes of an earlier spool that were read too far: a file, a position and the end.
    leftover: Option<(File, u64, u64)>,
}

/// What is read next: first what an earlier spool holds, then the stream.
struct Rest<'r> {
    leftover: &'r mut Option<(File, u64, u64)>,
    stream: &'r mut dyn Read,
}

impl Read for Rest<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        use std::os::unix::fs::FileExt;
        if let Some((file, pos, end)) = self.leftover {
            let len = usize::try_from(*end - *pos).unwrap_or(usize::MAX).min(buf.len());
            let n = file.read_at(buf.get_mut(..len).unwrap_or(&mut []), *pos)?;
            *pos += n as u64;
            if n > 0 {
                return Ok(n);
            }
            *self.leftover = None;
        }
        self.stream.read(buf)
    }
}

impl Window {
    /// Adds at least one more byte; `false` at the end of the stream.
    fn fill(&mut self, stream: &mut dyn Read, at_least: usize) -> io::Result<bool> {
        let mut stream = Rest { leftover: &mut self.leftover, stream };
        if let Some((file, len)) = &mut self.spool {
            let more = (*len).max(at_least as u64);
            let copied = io::copy(&mut stream.take(more), file)?;
            file.flush()?;
            *len += copied;
            return Ok(copied > 0);
        }
        let have = self.memory.len();
        // Doubling bounds how often an incomplete record is looked at again. What a length
        // claims is never allocated before the bytes are there.
        let more = at_least.min(have).max(BATCH_BYTES);
        self.memory.resize(have + more, 0);
        let buf = self.memory.get_mut(have..).unwrap_or(&mut []);
        let filled = super::input::read_full(&mut stream, buf)?;
        self.memory.truncate(have + filled);
        Ok(filled > 0)
    }

    /// Ends the spool; what it holds behind `consumed` is read again before the stream.
    fn keep_leftover(&mut self, consumed: u64, len: u64) -> Result<(), Failure<Infallible>> {
        let Some((file, _)) = self.spool.take() else {
            return Ok(());
        };
        if let Some((old, mut pos, end)) = self.leftover.take() {
            // Rare: the spool did not even take all that the one before had read too far.
            use std::os::unix::fs::FileExt;
            let mut buf = vec![0; BATCH_BYTES];
            let mut file = &file;
            while pos < end {
                let n = old.read_at(&mut buf, pos).map_err(Failure::Read)?;
                if n == 0 {
                    break;
                }
                file.write_all(buf.get(..n).unwrap_or(&[])).map_err(Failure::Read)?;
                pos += n as u64;
            }
            let len = file.metadata().map_err(Failure::Read)?.len();
            let copy = file.try_clone().map_err(Failure::Read)?;
            self.leftover = Some((copy, consumed, len));
            return Ok(());
        }
        self.leftover = Some((file, consumed, len));
        Ok(())
    }

    /// Moves what is in memory to a file.
    ///
    /// A leftover of the spool before is smaller than the stretch read last; it is copied by the
    /// next fills.
    fn start_spool(&mut self) -> io::Result<()> {
        let mut file = tempfile::tempfile()?;
        file.write_all(&self.memory)?;
        self.spool = Some((file, self.memory.len() as u64));
        self.memory = Vec::new();
        Ok(())
    }
}

fn scan_stream<'i, P: Pass<'i>>(stream: &mut dyn Read, control: &Control, pass: &mut P) -> Scan {
    let takes_newer = control.takes_newer.load(Ordering::Relaxed);
    let mut parser = Parser::new().taking_newer(takes_newer);
    let mut open = Open::first();
    let mut crc = Crc64::new();
    let mut window = Window { memory: Vec::new(), spool: None, leftover: None };
    let mut from = 0;
    let mut last = false;
    loop {
        // Passes every whole record of the window.
        let mut end = None;
        let mut missing = 1;
        while end.is_none() {
            let rest = window.memory.get(from..).unwrap_or(&[]);
            let enough = BATCH_BYTES.saturating_sub(from);
            let passed = parser.take_keys(rest, enough, |key| {
                pass.key(key);
                true
            });
            crc.update(rest.get(..passed).unwrap_or(&[]));
            from += passed;
            if from >= BATCH_BYTES {
                break;
            }
            let rest = rest.get(passed..).unwrap_or(&[]);
            match parser.parse(rest, last) {
                Ok(Step::Need(n)) => {
                    missing = n;
                    break;
                }
                Ok(Step::Record(consumed, record)) => {
                    let start = open.offset + from as u64;
                    pass.record(&record, start..start + consumed as u64);
                    end = ended(&record);
                    let sum = match end {
                        Some(Stored::Crc64(_) | Stored::Disabled) => consumed.saturating_sub(8),
                        _ => consumed,
                    };
                    crc.update(rest.get(..sum).unwrap_or(&[]));
                    from += consumed;
                    if from >= BATCH_BYTES {
                        break;
                    }
                }
                Err(error) => {
                    if from > 0 {
                        window.memory.truncate(from);
                        pass.batch(open.close(&parser, BatchBytes::Owned(window.memory)));
                    }
                    return Err(Failure::Input(error));
                }
            }
        }
        if from > 0 {
            let rest = window.memory.get(from..).unwrap_or(&[]).to_vec();
            window.memory.truncate(from);
            let whole = std::mem::replace(&mut window.memory, rest);
            from = 0;
            if !pass.batch(open.close(&parser, BatchBytes::Owned(whole))) {
                return Ok(Scanned::Stopped);
            }
        }
        control.pass(parser.offset());
        if control.interrupted.load(Ordering::Relaxed) {
            return Err(Failure::Interrupted);
        }
        if let (Some(stored), Some(context)) = (end, parser.context()) {
            let header = context.header;
            let is_aof_base = context.is_aof_base;
            if window.memory.is_empty() {
                window.fill(stream, 1).map_err(Failure::Read)?;
            }
            return Ok(Scanned::All(Ending {
                header,
                stored,
                computed: crc.value(),
                end: parser.offset(),
                trailer: Trailer::of(&window.memory, is_aof_base),
                trailer_bytes: None,
            }));
        }
        if !parser.is_done() && missing > 0 {
            if window.memory.len() >= limits::ENTRY_BUFFER_BYTES {
                let (parser, crc) = (&mut parser, &mut crc);
                let spooled = spooled_entry(stream, &mut window, parser, crc, &mut open, pass)?;
                if !pass.batch(spooled) {
                    return Ok(Scanned::Stopped);
                }
                continue;
            }
            last = !fill(&mut window, stream, missing, &parser)?;
        }
    }
}

/// Fills a window; a compressed stream that is damaged or cut is damage at the parser's place.
fn fill(
    window: &mut Window,
    stream: &mut dyn Read,
    missing: usize,
    parser: &Parser,
) -> Result<bool, Failure<Infallible>> {
    use crate::rdb::ErrorKind;
    window.fill(stream, missing).map_err(|e| {
        let at =
            |kind| Failure::Input(Error::new(kind, parser.offset() + window.memory.len() as u64));
        match e.kind() {
            io::ErrorKind::UnexpectedEof => at(ErrorKind::Truncated(missing)),
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => {
                at(ErrorKind::Value("the compressed stream is damaged"))
            }
            _ => Failure::Read(e),
        }
    })
}

/// Collects one entry that is too large for memory, and leaves what follows it in the window.
fn spooled_entry<'i>(
    stream: &mut dyn Read,
    window: &mut Window,
    parser: &mut Parser,
    crc: &mut Crc64,
    open: &mut Open,
    visitor: &mut impl Visitor,
) -> Result<Batch<'i>, Failure<Infallible>> {
    window.start_spool().map_err(Failure::Read)?;
    let mut more = true;
    loop {
        let Some((file, len)) = &window.spool else {
            return Err(Failure::Read(io::Error::other("no spool file")));
        };
        let map = Map::new(file).map_err(Failure::Read)?;
        let step = parser.parse(&map, !more).map_err(Failure::Input)?;
        match step {
            Step::Need(missing) => more = fill(window, stream, missing, parser)?,
            Step::Record(consumed, record) => {
                visitor.record(&record, open.offset..open.offset + consumed as u64);
                crc.update(map.get(..consumed).unwrap_or(&[]));
                window.keep_leftover(consumed as u64, *len)?;
                return Ok(open.close(parser, BatchBytes::Spooled(map, consumed)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_is_right_wherever_the_data_end() {
        let bytes: Vec<u8> = (0..11 * PIECE_BYTES + 5).map(|i| ((i * 7) >> 3) as u8).collect();
        let ends = [0, 1, PIECE_BYTES, 5 * PIECE_BYTES + 3, 11 * PIECE_BYTES, bytes.len()];
        for end in ends {
            for step in [100 << 10, 3 * PIECE_BYTES + 1] {
                let (sender, news) = mpsc::channel();
                let sum = std::thread::scope(|scope| {
                    let bytes = bytes.as_slice();
                    let sum = scope.spawn(move || Summing::new(bytes, |_, _| {}).run(&news));
                    let passed = (step..end).step_by(step).map(Progress::Passed);
                    passed.chain([Progress::End(end)]).for_each(|told| sender.send(told).unwrap());
                    sum.join().unwrap()
                });
                assert_eq!(sum, crate::base::crc::crc64(0, &bytes[..end]), "{end}, {step}");
            }
        }
    }
}
