//! Syncs a segment and writes its checkpoint from a thread of its own, so that bytes go on being read.

use super::checkpoint::Checkpoint;
use super::{Error, Shared, at};
use crate::repl::offset::Offset;
use std::path::Path;
use std::sync::mpsc::{self, Receiver, SyncSender, TryRecvError};
use std::thread::JoinHandle;

/// A segment to sync, and the checkpoint to write when that is done.
pub(super) struct Job {
    pub(super) file: Shared,
    pub(super) checkpoint: Checkpoint,
}

/// The thread.
pub(super) struct Syncer {
    jobs: Option<SyncSender<Job>>,
    done: Receiver<Result<Offset, Error>>,
    is_busy: bool,
    thread: Option<JoinHandle<()>>,
}

fn lost() -> Error {
    Error::Output(std::io::Error::other("the thread that syncs was lost"))
}

impl Syncer {
    pub(super) fn start(dir: &Path) -> Result<Syncer, Error> {
        let (jobs, todo) = mpsc::sync_channel::<Job>(1);
        let (tell, done) = mpsc::channel();
        let folder = dir.to_owned();
        let sync = move |job: &Job| {
            at(&folder.join(&job.checkpoint.segment), job.file.sync_data())?;
            job.checkpoint.write(&folder)?;
            Ok(Offset::new(job.checkpoint.offset))
        };
        let work = move || {
            for job in todo {
                if tell.send(sync(&job)).is_err() {
                    return;
                }
            }
        };
        let spawned = std::thread::Builder::new().name("capture-sync".into()).spawn(work);
        let thread = Some(at(dir, spawned)?);
        Ok(Syncer { jobs: Some(jobs), done, is_busy: false, thread })
    }

    /// Whether a sync is under way.
    pub(super) fn is_busy(&self) -> bool {
        self.is_busy
    }

    /// Begins a sync; none may be under way.
    pub(super) fn begin(&mut self, job: Job) -> Result<(), Error> {
        let jobs = self.jobs.as_ref().ok_or_else(lost)?;
        jobs.send(job).map_err(|_| lost())?;
        self.is_busy = true;
        Ok(())
    }

    /// What a sync came to that has ended since.
    pub(super) fn poll(&mut self) -> Result<Option<Offset>, Error> {
        match self.done.try_recv() {
            Ok(done) => {
                self.is_busy = false;
                done.map(Some)
            }
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::Disconnected) => Err(lost()),
        }
    }

    /// Waits for the sync that is under way, if one is.
    pub(super) fn wait(&mut self) -> Result<Option<Offset>, Error> {
        if !self.is_busy {
            return Ok(None);
        }
        self.is_busy = false;
        self.done.recv().map_err(|_| lost())?.map(Some)
    }
}

impl Drop for Syncer {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // What it has failed at was told.
            let _ = thread.join();
        }
    }
}
