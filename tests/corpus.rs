//! Damages every file in `testdata`: each byte flipped, each length cut. Readers give events or an error, never a panic.
//!
//! Small files are damaged at every byte, larger ones at sampled places. A failure names the file and the place.

use rkv::base::lzf;
use rkv::feed::{Batch, Control, Failure, Input, Turn, Worker};
use rkv::packed;
use rkv::rdb::{Class, Elem, Error, Node, Parser, Record, Scratch, Step, Visit};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Files up to this size are damaged at every byte.
const SMALL_BYTES: usize = 4 << 10;

/// Places at which a larger file is damaged.
const SAMPLES: usize = 1000;

/// Visits everything and goes on behind damage.
#[derive(Default)]
struct Tolerant {
    elements: usize,
    damages: usize,
    blobs: Vec<(packed::Kind, Vec<u8>)>,
    keep_blobs: bool,
}

impl Visit for Tolerant {
    type Error = Error;

    fn elem(&mut self, _: &Elem<'_>) -> Result<(), Error> {
        self.elements += 1;
        Ok(())
    }

    fn node(&mut self, node: &Node<'_>) -> Result<(), Error> {
        if let (Some(kind), true) = (node.structure, self.keep_blobs) {
            self.blobs.push((kind, node.bytes.to_vec()));
        }
        Ok(())
    }

    fn damage(&mut self, _: Error) -> Result<(), Error> {
        self.damages += 1;
        Ok(())
    }
}

/// Reads bytes to their end with everything decoded; returns the number of bytes that the data took.
fn read_all(bytes: &[u8], visitor: &mut Tolerant) -> Result<usize, Error> {
    let mut parser = Parser::new();
    let mut scratch = Scratch::default();
    let mut at = 0;
    while !parser.is_done() {
        match parser.parse(&bytes[at..], true)? {
            Step::Need(n) => panic!("needs {n} more bytes of a last piece"),
            Step::Record(consumed, record) => {
                at += consumed;
                if let Record::Key(entry) = &record {
                    let _ = entry.key();
                    // Damage to one value ends that value alone.
                    let _ = entry.visit(&mut scratch, visitor);
                }
            }
        }
    }
    Ok(at)
}

/// Visits what a pass over an input brings.
struct Visitor(Scratch);

impl Worker for Visitor {
    type Error = Error;

    fn batch(
        &mut self,
        batch: &Batch<'_>,
        _: &mut Turn<'_>,
    ) -> Result<(), rkv::feed::parallel::Stop<Error>> {
        let mut records = batch.records();
        while let Some(record) = records.next()? {
            if let Record::Key(entry) = record {
                let _ = entry.visit(&mut self.0, &mut Tolerant::default());
            }
        }
        Ok(())
    }
}

/// Passes bytes through the feed as a stream, decompressed if they are compressed.
fn feed(bytes: Vec<u8>) -> Result<(), Option<Class>> {
    let reader = Box::new(std::io::Cursor::new(bytes));
    let mut input = Input::from_reader("corpus".into(), reader, None).map_err(|_| None)?;
    let mut workers = [Visitor(Scratch::default())];
    rkv::feed::run(&mut input, &mut workers, &mut std::io::sink(), &Control::default())
        .map(|_| ())
        .map_err(|failure| match failure {
            Failure::Input(e) | Failure::Worker(e) => Some(e.class()),
            _ => None,
        })
}

/// All files of `testdata` that hold a snapshot, once each.
fn corpus() -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata"), &mut files);
    files.sort();
    let mut seen = std::collections::HashSet::new();
    files.retain(|(_, bytes)| seen.insert(bytes.clone()));
    assert!(files.len() > 100, "found {} files only", files.len());
    files
}

fn collect(dir: &Path, files: &mut Vec<(PathBuf, Vec<u8>)>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            collect(&path, files);
        } else if [".rdb", ".gz", ".zst", ".lz4", ".aof"].iter().any(|end| name.ends_with(end)) {
            let bytes = std::fs::read(&path).unwrap();
            files.push((path, bytes));
        }
    }
}

/// The places at which a file of this length is damaged.
fn places(len: usize) -> impl Iterator<Item = usize> {
    // An odd step meets all kinds of places of regular data.
    let step = if len <= SMALL_BYTES { 1 } else { (len / SAMPLES) | 1 };
    (0..len).step_by(step)
}

/// Runs a check on each file, on all cores; a panic names the file.
fn on_each_file(check: impl Fn(&[u8]) + Sync) {
    let files = corpus();
    let next = AtomicUsize::new(0);
    let failed = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some((path, bytes)) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let checked = std::panic::AssertUnwindSafe(|| check(bytes));
                    if std::panic::catch_unwind(checked).is_err() {
                        failed.lock().unwrap().push(path.clone());
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "files that fail: {failed:#?}");
}

/// Runs `read` on a damaged copy; a panic tells where the damage was.
fn at_place<T>(at: usize, what: &str, read: impl FnOnce() -> T) -> T {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(read))
        .unwrap_or_else(|_| panic!("panic with {what} at byte {at}"))
}

#[test]
fn a_flipped_byte_gives_records_or_an_error() {
    on_each_file(|bytes| {
        let mut damaged = bytes.to_vec();
        for at in places(bytes.len()) {
            for mask in [0x01, 0x80, 0xff] {
                damaged[at] ^= mask;
                let read = || read_all(&damaged, &mut Tolerant::default());
                let _ = at_place(at, "a flipped byte", read);
                damaged[at] ^= mask;
            }
        }
    });
}

#[test]
fn a_cut_file_is_never_read_to_its_end() {
    on_each_file(|bytes| {
        let Ok(end) = read_all(bytes, &mut Tolerant::default()) else { return };
        for at in places(end) {
            let read = || read_all(&bytes[..at], &mut Tolerant::default());
            let error = at_place(at, "a cut", read)
                .err()
                .unwrap_or_else(|| panic!("the first {at} of {end} bytes are read as a whole"));
            assert_eq!(error.class(), Class::Truncated, "cut at byte {at}: {error}");
        }
    });
}

#[test]
fn a_damaged_stream_ends_like_a_damaged_file() {
    on_each_file(|bytes| {
        let whole = feed(bytes.to_vec());
        // Every stream costs a thread and some buffers, so that fewer places must do.
        for at in places(bytes.len()).step_by(23) {
            let mut damaged = bytes.to_vec();
            damaged[at] ^= 0xff;
            let _ = at_place(at, "a flipped byte in a stream", || feed(damaged));
            let cut = at_place(at, "a cut in a stream", || feed(bytes[..at].to_vec()));
            if read_all(bytes, &mut Tolerant::default()).is_ok_and(|end| at < end) {
                assert_eq!(cut, Err(Some(Class::Truncated)), "cut at byte {at}");
            }
            // Frames may end with checksums that no data depends on; those are not cuts of data.
            assert!(whole.is_ok() || cut.is_err(), "cut at byte {at} heals the file");
        }
    });
}

#[test]
fn damaged_packed_structures_are_walked_without_panic() {
    on_each_file(|bytes| {
        let mut visitor = Tolerant { keep_blobs: true, ..Tolerant::default() };
        let _ = read_all(bytes, &mut visitor);
        for (kind, blob) in visitor.blobs {
            let mut damaged = blob.clone();
            let step = (blob.len() / 300) | 1;
            for at in (0..blob.len()).step_by(step) {
                damaged[at] ^= 0xff;
                let _ =
                    at_place(at, "a flipped byte in a blob", || packed::validate(kind, &damaged));
                damaged[at] ^= 0xff;
                let cut = || packed::validate(kind, &blob[..at]);
                assert!(at_place(at, "a cut in a blob", cut).is_err(), "a blob cut at byte {at}");
            }
        }
    });
}

#[test]
fn any_bytes_decompress_or_fail() {
    on_each_file(|bytes| {
        let mut out = Vec::new();
        for at in places(bytes.len()).step_by(17) {
            let input = &bytes[at..(at + 256).min(bytes.len())];
            for expected in [0, 1, input.len(), 4096] {
                out.clear();
                if at_place(at, "LZF from here", || lzf::decompress(input, expected, &mut out))
                    .is_ok()
                {
                    assert_eq!(out.len(), expected);
                }
            }
        }
    });
}
