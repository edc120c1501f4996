//! The log on disk behind the replication backlog: a thread that appends to files, reads from them and frees them.
//!
//! The files have no names: however the process ends, they are gone with it, and nobody takes them for data. They are not
//! synced, since nothing in them is needed after a crash.

use super::News;
use super::cpus::Cpus;
use crate::base::reason::reason;
use crate::engine::{StreamLog, StreamRead};
use crate::repl::backlog::Piece;
use crate::repl::offset::Offset;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, IoSlice, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::mpsc::UnboundedSender;

/// Pieces that are written at once, at most.
const SLICES_MAX: usize = 64;

/// The thread, as its server sees it.
#[derive(Debug)]
pub(super) struct Logger {
    orders: Sender<(PathBuf, StreamLog)>,
    /// The last log that was ended: nothing more is written for it.
    ended: Arc<AtomicU64>,
}

impl Logger {
    /// Starts the thread.
    pub(super) fn start(news: UnboundedSender<News>, cpus: Cpus) -> io::Result<Logger> {
        let (orders, receiver) = channel();
        let ended = Arc::new(AtomicU64::new(0));
        let thread = std::thread::Builder::new().name("repl-log".into());
        let flag = Arc::clone(&ended);
        thread.spawn(move || {
            cpus.enter();
            run(&receiver, &flag, &news);
        })?;
        Ok(Logger { orders, ended })
    }

    /// Lets the thread work on a log whose files are in a folder.
    pub(super) fn order(&self, folder: &Path, order: StreamLog) {
        if let StreamLog::End { log } = &order {
            self.ended.fetch_max(*log, Ordering::Relaxed);
        }
        let _ = self.orders.send((folder.into(), order));
    }
}

fn run(orders: &Receiver<(PathBuf, StreamLog)>, ended: &AtomicU64, news: &UnboundedSender<News>) {
    let mut files = Files::default();
    while let Ok((folder, order)) = orders.recv() {
        let told = match order {
            // What came too late for a log that is no more is let go at once, with the memory that it holds.
            StreamLog::Append { log, .. } if log <= ended.load(Ordering::Relaxed) => continue,
            StreamLog::Append { log, pieces, file_bytes } => {
                files.begin(log);
                match files.append(&folder, &pieces, file_bytes) {
                    Ok(to) => News::StreamLogged(log, to),
                    Err(error) => News::StreamLogFailed(log, reason(&error)),
                }
            }
            StreamLog::Forget { log, before } => {
                if log == files.log {
                    files.forget(before);
                }
                continue;
            }
            StreamLog::Read { log, client, from, bytes } => {
                let result = match log == files.log {
                    true => files.read(from, bytes).map_err(|error| reason(&error)),
                    false => Err("the log is gone".into()),
                };
                News::StreamRead(StreamRead { log, client, from, result })
            }
            StreamLog::End { log } => {
                files.begin(0);
                News::StreamLogEnded(log)
            }
        };
        if news.send(told).is_err() {
            return;
        }
    }
}

/// The files of a log, in the order of the stream.
#[derive(Debug, Default)]
struct Files {
    log: u64,
    files: VecDeque<Part>,
}

#[derive(Debug)]
struct Part {
    start: Offset,
    bytes: u64,
    file: File,
}

impl Part {
    fn end(&self) -> Offset {
        self.start.plus(self.bytes)
    }
}

impl Files {
    /// Forgets all but the log with this number.
    fn begin(&mut self, log: u64) {
        if self.log != log {
            self.files.clear();
            self.log = log;
        }
    }

    /// Appends pieces that follow on each other; gives the place behind them.
    fn append(&mut self, folder: &Path, pieces: &[Piece], file_bytes: u64) -> io::Result<Offset> {
        let start = pieces.first().map_or(Offset::ZERO, Piece::start);
        if self.files.back().is_none_or(|part| part.bytes >= file_bytes) {
            self.files.push_back(Part { start, bytes: 0, file: tempfile::tempfile_in(folder)? });
        }
        let last = self.files.back_mut().filter(|part| part.end() == start);
        let Some(last) = last else { return Err(io::Error::other("bytes of the log are missing")) };
        for pieces in pieces.chunks(SLICES_MAX) {
            write_all(&mut last.file, pieces)?;
            last.bytes += pieces.iter().map(|piece| piece.len() as u64).sum::<u64>();
        }
        Ok(last.end())
    }

    /// Frees the files that have nothing from a place on.
    fn forget(&mut self, before: Offset) {
        while self.files.len() > 1 && self.files.front().is_some_and(|part| part.end() <= before) {
            self.files.pop_front();
        }
    }

    /// Reads bytes from a place on; fewer if they are in several files.
    fn read(&self, from: Offset, bytes: usize) -> io::Result<Vec<u8>> {
        let at = self.files.partition_point(|part| part.end() <= from);
        let part = self.files.get(at).filter(|part| part.start <= from);
        let Some(part) = part else { return Err(io::ErrorKind::UnexpectedEof.into()) };
        let left = usize::try_from(part.end().since(from)).unwrap_or(usize::MAX);
        let mut buffer = vec![0; bytes.min(left)];
        part.file.read_exact_at(&mut buffer, from.since(part.start))?;
        Ok(buffer)
    }
}

fn write_all(file: &mut File, pieces: &[Piece]) -> io::Result<()> {
    let mut slices: Vec<IoSlice<'_>> = pieces.iter().map(|piece| IoSlice::new(piece)).collect();
    let mut slices = slices.as_mut_slice();
    IoSlice::advance_slices(&mut slices, 0);
    while !slices.is_empty() {
        match file.write_vectored(slices) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => IoSlice::advance_slices(&mut slices, written),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::rng::Rng;
    use crate::repl::backlog::Backlog;

    /// What was appended is read back from any place that is not forgotten.
    #[test]
    fn what_is_appended_is_read_back() {
        let folder = tempfile::tempdir().unwrap();
        for seed in 0..10 {
            let mut rng = Rng::new(seed);
            let bytes: Vec<u8> = (0..400_000).map(|_| rng.below(256) as u8).collect();
            let mut backlog = Backlog::new(Offset::new(500), 1 << 20);
            backlog.append(&bytes);
            let pieces: Vec<Piece> = backlog.read(Offset::new(500)).unwrap().collect();
            let mut files = Files::default();
            files.begin(3);
            let mut rest = pieces.as_slice();
            while !rest.is_empty() {
                let (now, later) = rest.split_at((1 + rng.below(9) as usize).min(rest.len()));
                let end = files.append(folder.path(), now, 50_000).unwrap();
                assert_eq!(end, now.last().unwrap().end());
                rest = later;
            }
            assert!(files.files.len() > 1);
            let before = rng.below(300_000);
            files.forget(Offset::new(500 + before));
            for _ in 0..50 {
                let at = before + rng.below(400_000 - before);
                let read = files.read(Offset::new(500 + at), 70_000).unwrap();
                assert!(!read.is_empty(), "seed {seed}");
                assert!(bytes[at as usize..].starts_with(&read), "seed {seed}");
            }
            assert!(files.read(Offset::new(500 + 400_000), 1).is_err());
            assert!(files.read(Offset::new(0), 1).is_err());
            // Nothing may be left out.
            assert!(files.append(folder.path(), &pieces[..1], 1 << 20).is_err());
            files.begin(4);
            assert!(files.read(Offset::new(500 + 399_999), 1).is_err());
        }
        // The files have no names.
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
