//! The append-only file: who appends writes by itself where nothing is in the way, so that what a reply tells of is with the
//! system before the reply leaves. A thread syncs, keeps the manifest, and appends what comes while the file is not free: while
//! it is synced, while the disk takes nothing, and always with `appendfsync always`.

use super::News;
use super::cpus::Cpus;
use crate::aof::live::{Live, removal_line};
use crate::base::reason::reason;
use crate::engine::Level;
use crate::engine::config::Config;
use crate::engine::config::words::AppendFsync;
use std::cell::{Cell, RefCell};
use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
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
    /// Keep what a base replaces from now on, or remove it.
    KeepHistory(bool),
    /// Sync, and tell.
    Settle(Sender<()>),
    /// Sync in this way from now on.
    Policy(AppendFsync),
    /// Put syncs off from now on, or no longer.
    HoldSyncs(bool),
    /// Wait for so long before each write from now on, for tests.
    Delay(Duration),
    /// Sync and end.
    Finish,
}

/// How far the file is, in batches of bytes.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Progress {
    /// Those that are on disk.
    pub(super) synced: u64,
    /// Those behind which replies may leave with `appendfsync always`: while syncs are put off, all that are written, else those
    /// on disk. Never fewer than `synced`.
    pub(super) released: u64,
}

/// The file and what is in it.
#[derive(Debug)]
struct Book {
    opened: Live,
    /// Batches written.
    done: u64,
    /// Whether there are bytes that are not synced.
    dirty: bool,
}

/// Nothing that can panic runs under the lock, so a poisoned one is as good as any.
fn lock(book: &Mutex<Book>) -> MutexGuard<'_, Book> {
    book.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The thread, as others see it.
#[derive(Debug)]
pub(super) struct Keeper {
    orders: Sender<Order>,
    /// Batches of bytes given to be appended so far.
    sent: Cell<u64>,
    /// Whether each batch is to be synced.
    is_always: Cell<bool>,
    /// Whether writes are to take longer, for tests.
    is_delayed: Cell<bool>,
    book: Arc<Mutex<Book>>,
    thread: RefCell<Option<JoinHandle<()>>>,
}

impl Keeper {
    pub(super) fn start(
        opened: Live,
        config: &Config,
        holds_syncs: bool,
        progress: watch::Sender<Progress>,
        news: UnboundedSender<News>,
        cpus: Cpus,
    ) -> Keeper {
        let (orders, received) = std::sync::mpsc::channel();
        // Batches are counted on where a file before this one ended.
        let (sync, done) = (config.appendfsync, progress.borrow().synced);
        let delay = Duration::ZERO;
        let book = Arc::new(Mutex::new(Book { opened, done, dirty: false }));
        let work = Work {
            book: Arc::clone(&book),
            sync,
            holds_syncs,
            delay,
            keeps_history: config.aof_disable_auto_gc,
            progress,
            news,
            failed: false,
            is_lost: false,
        };
        let thread = std::thread::Builder::new().name("aof".into());
        let thread = thread.spawn(move || {
            cpus.enter();
            work.run(&received);
        });
        Keeper {
            orders,
            sent: Cell::new(done),
            is_always: Cell::new(sync == AppendFsync::Always),
            is_delayed: Cell::new(false),
            book,
            thread: RefCell::new(thread.ok()),
        }
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

    /// Appends these bytes, and leaves nothing but memory of them.
    pub(super) fn append(&self, bytes: &mut Vec<u8>) {
        let before = self.sent.replace(self.sent.get() + 1);
        if !self.is_always.get() && !self.is_delayed.get() && self.append_here(before, bytes) {
            return;
        }
        self.send(Order::Append(std::mem::take(bytes)));
    }

    /// Appends what the file takes at once, unless the thread has it or still has to append what came before; whether nothing
    /// is left.
    fn append_here(&self, before: u64, bytes: &mut Vec<u8>) -> bool {
        let mut book = match self.book.try_lock() {
            Ok(book) => book,
            Err(TryLockError::Poisoned(book)) => book.into_inner(),
            Err(TryLockError::WouldBlock) => return false,
        };
        if book.done != before {
            return false;
        }
        // Of a disk that takes only some of the bytes, or none, the thread knows more.
        let written = book.opened.write(bytes).unwrap_or(0);
        book.dirty |= written > 0;
        if written < bytes.len() {
            bytes.drain(..written);
            return false;
        }
        book.done += 1;
        bytes.clear();
        true
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
        self.is_always.set(policy == AppendFsync::Always);
        self.send(Order::Policy(policy));
    }

    pub(super) fn hold_syncs(&self, holds: bool) {
        self.send(Order::HoldSyncs(holds));
    }

    pub(super) fn keep_history(&self, keeps: bool) {
        self.send(Order::KeepHistory(keeps));
    }

    pub(super) fn set_delay(&self, delay: Duration) {
        self.is_delayed.set(!delay.is_zero());
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
    book: Arc<Mutex<Book>>,
    sync: AppendFsync,
    /// Something else is being written, which a sync would slow down and wait for.
    holds_syncs: bool,
    delay: Duration,
    keeps_history: bool,
    progress: watch::Sender<Progress>,
    news: UnboundedSender<News>,
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
            let is_due = last_sync.elapsed() >= Duration::from_secs(1);
            if self.sync == AppendFsync::EverySec && is_due && !self.holds_syncs {
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
                let rotated = lock(&self.book).opened.rotate();
                if let Err(e) = rotated {
                    self.tell(Some(reason(&e)));
                }
            }
            Order::Base { path, is_rdb, done } => {
                let taken = lock(&self.book).opened.take_base(&path, is_rdb);
                if taken.is_ok() {
                    self.remove_history();
                }
                let _ = done.send(taken);
            }
            Order::KeepHistory(keeps) => {
                self.keeps_history = keeps;
                self.remove_history();
            }
            Order::Settle(done) => {
                self.sync();
                let _ = done.send(());
            }
            Order::Policy(policy) => {
                self.sync = policy;
                self.sync_unless_held();
            }
            Order::HoldSyncs(holds) => {
                self.holds_syncs = holds;
                // With another policy it is seen to when it is due, which may be now.
                self.sync_if(AppendFsync::Always);
            }
            Order::Delay(delay) => self.delay = delay,
            Order::Finish => {
                self.sync();
                return true;
            }
        }
        false
    }

    /// Removes what bases have replaced, unless it is to stay.
    fn remove_history(&mut self) {
        if self.keeps_history {
            return;
        }
        // The data are safe without, and the next rewrite tries again.
        let removed = lock(&self.book).opened.remove_history().unwrap_or_default();
        for name in removed {
            let _ = self.news.send(News::Line(Level::Notice, removal_line(&name)));
        }
    }

    /// Appends bytes, however long the disk takes to be able to: what was acknowledged must not be lost, and nothing may
    /// stand in the file twice.
    fn append(&mut self, bytes: &[u8]) {
        if !self.delay.is_zero() {
            std::thread::sleep(self.delay);
        }
        let mut rest = bytes;
        while !rest.is_empty() {
            let written = lock(&self.book).opened.write(rest);
            match written {
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
        let mut book = lock(&self.book);
        book.dirty |= !bytes.is_empty();
        book.done += 1;
    }

    fn sync_if(&mut self, policy: AppendFsync) {
        if self.sync == policy {
            self.sync_unless_held();
        }
    }

    /// Syncs, or lets replies go whose bytes are only written, as they do in Redis.
    fn sync_unless_held(&mut self) {
        if self.holds_syncs {
            let released = lock(&self.book).done;
            return self.progress.send_modify(|progress| progress.released = released);
        }
        self.sync();
    }

    fn sync(&mut self) {
        let book = Arc::clone(&self.book);
        // Kept for as long as it takes, so that nothing is appended meanwhile: that would have to wait for the disk.
        let mut book = lock(&book);
        if book.dirty {
            while let Err(e) = book.opened.sync() {
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
        book.dirty = false;
        let _ = self.progress.send(Progress { synced: book.done, released: book.done });
    }

    fn tell(&mut self, error: Option<String>) {
        if self.failed != error.is_some() || self.failed {
            self.failed = error.is_some();
            let _ = self.news.send(News::Logged(error));
        }
    }
}
