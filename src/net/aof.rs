//! The append-only file: a thread that appends, syncs and keeps the manifest.

use super::News;
use crate::aof::live::Live;
use crate::base::reason::reason;
use crate::engine::config::Config;
use crate::engine::config::words::AppendFsync;
use std::cell::{Cell, RefCell};
use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::watch;

/// What the thread is asked to do.
#[derive(Debug)]
pub(super) enum Order {
    /// Append these bytes.
    Append(Vec<u8>),
    /// Append these bytes, and what follows to a new file.
    Rotate(Vec<u8>),
    /// Take this file as the new base, and tell how large the whole is then.
    Base {
        /// Where it is.
        path: PathBuf,
        /// Whether it is an RDB file, not commands.
        is_rdb: bool,
        /// Who waits for it.
        done: Sender<io::Result<u64>>,
    },
    /// Sync, and tell.
    Settle(Sender<()>),
    /// Sync in this way from now on.
    Policy(AppendFsync),
    /// Wait for so long before each write from now on, for tests.
    Delay(Duration),
    /// Sync and end.
    Finish,
}

/// The thread, as others see it.
#[derive(Debug)]
pub(super) struct Keeper {
    orders: Sender<Order>,
    /// Batches of bytes sent so far.
    sent: Cell<u64>,
    thread: RefCell<Option<JoinHandle<()>>>,
}

impl Keeper {
    pub(super) fn start(
        opened: Live,
        config: &Config,
        synced: watch::Sender<u64>,
        news: UnboundedSender<News>,
    ) -> Keeper {
        let (orders, received) = std::sync::mpsc::channel();
        // Batches are counted on where a file before this one ended.
        let (sync, done) = (config.appendfsync, *synced.borrow());
        let delay = Duration::ZERO;
        let (dirty, failed, is_lost) = (false, false, false);
        let work = Work { opened, sync, delay, synced, news, done, dirty, failed, is_lost };
        let thread = std::thread::Builder::new().name("aof".into());
        let thread = thread.spawn(move || work.run(&received)).ok();
        Keeper { orders, sent: Cell::new(done), thread: RefCell::new(thread) }
    }

    pub(super) fn sender(&self) -> Sender<Order> {
        self.orders.clone()
    }

    pub(super) fn sent(&self) -> u64 {
        self.sent.get()
    }

    /// The thread only ends after [`Keeper::finish`], so there is somebody to send to.
    fn send(&self, order: Order) {
        let _ = self.orders.send(order);
    }

    pub(super) fn append(&self, bytes: Vec<u8>) {
        self.sent.set(self.sent.get() + 1);
        self.send(Order::Append(bytes));
    }

    pub(super) fn rotate(&self, bytes: Vec<u8>) {
        self.sent.set(self.sent.get() + 1);
        self.send(Order::Rotate(bytes));
    }

    /// Waits until all that was sent is on disk.
    pub(super) fn settle(&self) {
        let (done, settled) = std::sync::mpsc::channel();
        self.send(Order::Settle(done));
        let _ = settled.recv();
    }

    pub(super) fn set_policy(&self, policy: AppendFsync) {
        self.send(Order::Policy(policy));
    }

    pub(super) fn set_delay(&self, delay: Duration) {
        self.send(Order::Delay(delay));
    }

    /// Waits until all is on disk.
    pub(super) fn finish(&self) {
        self.send(Order::Finish);
        if let Some(thread) = self.thread.borrow_mut().take() {
            let _ = thread.join();
        }
    }
}

/// How long a disk is left alone that failed.
const RETRY: Duration = Duration::from_millis(100);

struct Work {
    opened: Live,
    sync: AppendFsync,
    delay: Duration,
    synced: watch::Sender<u64>,
    news: UnboundedSender<News>,
    /// Batches written.
    done: u64,
    /// Whether there are bytes that are not synced.
    dirty: bool,
    failed: bool,
    /// The disk has lost bytes, or may have.
    is_lost: bool,
}

impl Work {
    fn run(mut self, orders: &Receiver<Order>) {
        let mut last_sync = Instant::now();
        loop {
            match orders.recv_timeout(Duration::from_secs(1)) {
                Ok(Order::Append(bytes)) => {
                    self.append(&bytes);
                    // All that waits goes to the disk together.
                    while let Ok(order) = orders.try_recv() {
                        match order {
                            Order::Append(bytes) => self.append(&bytes),
                            other => {
                                self.sync_if(AppendFsync::Always);
                                if self.other(other) {
                                    return;
                                }
                            }
                        }
                    }
                    self.sync_if(AppendFsync::Always);
                }
                Ok(order) => {
                    if self.other(order) {
                        return;
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return self.sync(),
            }
            if self.is_lost {
                return;
            }
            if self.sync == AppendFsync::EverySec && last_sync.elapsed() >= Duration::from_secs(1) {
                self.sync();
                last_sync = Instant::now();
            }
        }
    }

    /// Whether the thread ends.
    fn other(&mut self, order: Order) -> bool {
        match order {
            Order::Append(bytes) => self.append(&bytes),
            Order::Rotate(bytes) => {
                self.append(&bytes);
                self.sync();
                if let Err(e) = self.opened.rotate() {
                    self.tell(Some(reason(&e)));
                }
            }
            Order::Base { path, is_rdb, done } => {
                let _ = done.send(self.opened.take_base(&path, is_rdb));
            }
            Order::Settle(done) => {
                self.sync();
                let _ = done.send(());
            }
            Order::Policy(policy) => {
                self.sync = policy;
                self.sync();
            }
            Order::Delay(delay) => self.delay = delay,
            Order::Finish => {
                self.sync();
                return true;
            }
        }
        false
    }

    /// Appends bytes, however long the disk takes to be able to: what was acknowledged must not be lost, and nothing may
    /// stand in the file twice.
    fn append(&mut self, bytes: &[u8]) {
        if !self.delay.is_zero() {
            std::thread::sleep(self.delay);
        }
        let mut rest = bytes;
        while !rest.is_empty() {
            match self.opened.write(rest) {
                Ok(written) => {
                    rest = rest.get(written..).unwrap_or_default();
                    if self.failed && rest.is_empty() {
                        self.tell(None);
                    }
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => {
                    self.tell(Some(reason(&e)));
                    std::thread::sleep(RETRY);
                }
            }
        }
        self.dirty |= !bytes.is_empty();
        self.done += 1;
    }

    fn sync_if(&mut self, policy: AppendFsync) {
        if self.sync == policy {
            self.sync();
        }
    }

    fn sync(&mut self) {
        if self.dirty {
            while let Err(e) = self.opened.sync() {
                let why = reason(&e);
                if self.sync == AppendFsync::Always {
                    // What is not on disk now may never be, whatever the disk says next: nobody may hear that it is.
                    self.is_lost = true;
                    let _ = self.news.send(News::Fatal(format!("Can't persist AOF for fsync error when the AOF fsync policy is 'always': {why}. Exiting...")));
                    return;
                }
                self.tell(Some(why));
                std::thread::sleep(RETRY);
            }
            if self.failed {
                self.tell(None);
            }
        }
        self.dirty = false;
        let _ = self.synced.send(self.done);
    }

    fn tell(&mut self, error: Option<String>) {
        if self.failed != error.is_some() || self.failed {
            self.failed = error.is_some();
            let _ = self.news.send(News::Logged(error));
        }
    }
}
