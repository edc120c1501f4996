//! Frees what was removed, on a thread of its own.

use super::cpus::Cpus;
use super::{News, priority};
use crate::base::memory;
use crate::engine::ClientId;
use crate::keyspace::Trash;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SendError, Sender, channel};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::UnboundedSender;

/// Bytes freed at once from which on they go back to the system, if they were most of what there was: then it is worth the wait
/// of those who allocate meanwhile.
const GIVEN_BACK_BYTES: u64 = 16 << 20;

/// Bytes freed from which on the thread that made them is asked to collect them, which takes it the longer the more they are; or a
/// part of what there is, since it looks at all of that.
const COLLECTED_BYTES: u64 = 16 << 20;

/// How often small blocks that are free go back to the system, which no other thread then has to do.
const GIVE_BACK_EVERY: Duration = Duration::from_secs(10);

/// What the thread has to do.
#[derive(Debug)]
enum Job {
    Free(Trash, Option<ClientId>),
    GiveBack,
}

/// The thread that frees.
#[derive(Debug)]
pub(super) struct Freer {
    sender: Sender<Job>,
    news: UnboundedSender<News>,
}

impl Freer {
    pub fn new(news: UnboundedSender<News>, cpus: Cpus) -> Freer {
        memory::keep_freed();
        let (sender, jobs) = channel();
        let told = news.clone();
        // Without the thread sending fails, and what is sent is freed there.
        let thread = std::thread::Builder::new().name("free".into());
        let _ = thread.spawn(move || {
            cpus.enter();
            run(&jobs, &told);
        });
        Freer { sender, news }
    }

    /// Frees this soon, and tells of it.
    pub fn free(&self, trash: Trash, client: Option<ClientId>) {
        if let Err(SendError(Job::Free(trash, client))) = self.sender.send(Job::Free(trash, client))
        {
            let _ = self.news.send(News::Freed(trash.objects(), client, false));
        }
    }

    /// Gives memory of which [`News::Freed`] said that it is much back to the system; for the thread that made it.
    pub fn give_back(&self) {
        memory::collect_freed();
        let _ = self.sender.send(Job::GiveBack);
    }
}

fn run(jobs: &Receiver<Job>, news: &UnboundedSender<News>) {
    priority::lower();
    let mut due = Instant::now() + GIVE_BACK_EVERY;
    loop {
        match jobs.recv_timeout(due.saturating_duration_since(Instant::now())) {
            Ok(Job::Free(mut trash, client)) => {
                let (objects, before) = (trash.objects(), memory::used_bytes());
                let mut told = before;
                while trash.free_some() {
                    let left = memory::used_bytes();
                    if told.saturating_sub(left) >= COLLECTED_BYTES.max(left / 16) {
                        told = left;
                        let _ = news.send(News::FreedSome);
                    }
                }
                let left = memory::used_bytes();
                let freed = before.saturating_sub(left);
                let is_much = freed >= GIVEN_BACK_BYTES && freed >= left;
                let _ = news.send(News::Freed(objects, client, is_much));
            }
            Ok(Job::GiveBack) => memory::give_back(),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        if due <= Instant::now() {
            memory::give_small_back();
            due = Instant::now() + GIVE_BACK_EVERY;
        }
    }
}
