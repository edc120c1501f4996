//! The append-only file of a simulated server, and what is left of it when the server is killed.

use rkv::aof::manifest::{Kind, Listed, Manifest};
use rkv::aof::set::Set;
use rkv::base::rng::Rng;
use rkv::engine::SaveJob;
use rkv::feed::Control;
use rkv::keyspace::{Keyspace, Settings};
use rkv::tool::aof::replay::{self, Report};
use std::fs::write;

/// The files.
#[derive(Debug, Clone, Default)]
pub struct Log {
    base: Vec<u8>,
    /// Those behind the base; the last is being written.
    files: Vec<Vec<u8>>,
    /// How many bytes came to the last one with the last batch.
    batch_bytes: usize,
    /// How many files there were when the base that is being written was begun.
    rotated: usize,
}

impl Log {
    pub fn new() -> Log {
        Log { files: vec![Vec::new()], ..Log::default() }
    }

    pub fn append(&mut self, bytes: &[u8]) {
        if let Some(last) = self.files.last_mut().filter(|_| !bytes.is_empty()) {
            last.extend_from_slice(bytes);
            self.batch_bytes = bytes.len();
        }
    }

    /// What is appended from now on goes to a new file.
    pub fn rotate(&mut self) {
        self.rotated = self.files.len();
        self.files.push(Vec::new());
        self.batch_bytes = 0;
    }

    /// Takes a new base, in the place of all in front of the last file.
    pub fn take_base(&mut self, job: &SaveJob) {
        self.base.clear();
        job.write(&mut self.base).expect("memory");
        self.files.drain(..self.rotated);
        self.rotated = 0;
    }

    /// Leaves out any part of the last file's end, of so many bytes at most; without a number, of its last batch.
    pub fn cut(&mut self, most: Option<usize>, rng: &mut Rng) {
        let last = self.files.last_mut().expect("a file");
        let most = most.unwrap_or(self.batch_bytes).min(last.len());
        last.truncate(last.len() - rng.below(most as u64 + 1) as usize);
    }

    /// Loads it, and cuts off what is torn, as a server does that starts.
    pub fn load(&mut self, settings: &Settings, now_ms: i64) -> (Keyspace, Report) {
        let dir = tempfile::tempdir().expect("a folder");
        let mut manifest = Manifest::default();
        let mut put = |name: String, number, kind, bytes: &[u8]| {
            write(dir.path().join(&name), bytes).expect("a file");
            manifest.files.push(Listed::new(name.as_str(), number, kind));
        };
        if !self.base.is_empty() {
            put("a.1.base.rdb".into(), 1, Kind::Base, &self.base);
        }
        for (number, bytes) in (1..).zip(&self.files) {
            put(format!("a.{number}.incr.aof"), number, Kind::Incr, bytes);
        }
        write(dir.path().join("a.manifest"), manifest.to_bytes()).expect("a file");
        let set = Set::open(dir.path()).expect("a set");
        let mut keyspace = Keyspace::new(settings.clone());
        let options = replay::Options {
            now_ms,
            leave_torn_tail: true,
            tail_bytes: Some(1 << 20),
            ..Default::default()
        };
        let report = replay::replay(&set, &mut keyspace, &options, &Control::default());
        let report = report.expect("a sound set");
        assert_eq!(report.failed_count, 0, "{:?}", report.failed);
        self.cut_torn();
        (keyspace, report)
    }

    fn cut_torn(&mut self) {
        let last = self.files.last_mut().expect("a file");
        let sound = rkv::aof::repair::prefix(last, 0);
        let end = sound.pieces.last().map_or(0, |piece| piece.bytes.end);
        last.truncate(end as usize);
        self.batch_bytes = 0;
    }
}
