//! The append-only file: a thread that appends, syncs and keeps the manifest.
//!
//! A rewrite begins with a new incremental file; once its base is written, base and file replace all that was before. At each
//! moment the manifest on disk names files that give all of the data.

use super::News;
use crate::aof::manifest::{Kind, Listed, Manifest};
use crate::engine::config::Config;
use crate::engine::config::words::AppendFsync;
use std::cell::{Cell, RefCell};
use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
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

/// An append-only file that is open for appending.
#[derive(Debug)]
pub struct Opened {
    folder: PathBuf,
    name: String,
    manifest: Manifest,
    file: File,
    bytes: u64,
    base_bytes: u64,
}

fn size(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |metadata| metadata.len())
}

impl Opened {
    /// Where the manifest is.
    pub fn manifest_path(folder: &Path, name: &str) -> PathBuf {
        folder.join(format!("{name}.manifest"))
    }

    /// The name of a base: an RDB file, or one of commands.
    pub fn base_name(name: &str, seq: i64, is_rdb: bool) -> String {
        format!("{name}.{seq}.base.{}", if is_rdb { "rdb" } else { "aof" })
    }

    /// Begins a file: a base that `write_base` writes from the data as they are, and nothing behind it.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn create(
        folder: &Path,
        name: &str,
        is_rdb: bool,
        write_base: impl FnOnce(&Path) -> io::Result<()>,
    ) -> io::Result<Opened> {
        std::fs::create_dir_all(folder)?;
        let base = Opened::base_name(name, 1, is_rdb);
        let path = folder.join(&base);
        write_base(&path)?;
        File::open(path)?.sync_all()?;
        let mut manifest = Manifest::default();
        manifest.files.push(Listed::new(base, 1, Kind::Base));
        Opened::go_on(folder, name, manifest)
    }

    /// Goes on with a file that was loaded.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn go_on(folder: &Path, name: &str, mut manifest: Manifest) -> io::Result<Opened> {
        let last = manifest.incrs().last().map(|listed| listed.name.clone());
        let incr = match last {
            Some(name) => name,
            None => {
                let incr = format!("{name}.1.incr.aof").into_bytes();
                manifest.files.push(Listed::new(incr.clone(), 1, Kind::Incr));
                incr
            }
        };
        let path = folder.join(OsStr::from_bytes(&incr));
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        let bytes =
            manifest.loaded().map(|file| size(&folder.join(OsStr::from_bytes(&file.name)))).sum();
        let base = manifest.base().map(|base| size(&folder.join(OsStr::from_bytes(&base.name))));
        let opened = Opened {
            folder: folder.into(),
            name: name.into(),
            manifest,
            file,
            bytes,
            base_bytes: base.unwrap_or(0),
        };
        opened.write_manifest(&opened.manifest)?;
        Ok(opened)
    }

    /// Begins a file whose base is still to come, beside one that may be there: until the base comes, the manifest on disk
    /// stays as it is.
    ///
    /// # Errors
    /// Those of the disk; a manifest that cannot be read.
    pub fn begin(folder: &Path, name: &str) -> io::Result<Opened> {
        std::fs::create_dir_all(folder)?;
        let mut manifest = match std::fs::read(Opened::manifest_path(folder, name)) {
            Ok(text) => Manifest::parse(&text).map_err(io::Error::other)?,
            Err(e) if e.kind() == io::ErrorKind::NotFound => Manifest::default(),
            Err(e) => return Err(e),
        };
        let seq = manifest.incrs().last().map_or(0, |last| last.seq) + 1;
        let incr = format!("{name}.{seq}.incr.aof");
        let file = OpenOptions::new().create(true).append(true).open(folder.join(&incr))?;
        file.set_len(0)?;
        manifest.files.push(Listed::new(incr, seq, Kind::Incr));
        let (folder, name) = (folder.into(), name.into());
        Ok(Opened { folder, name, manifest, file, bytes: 0, base_bytes: 0 })
    }

    /// Makes a base the whole of an append-only file that nobody appends to; gives its bytes.
    ///
    /// # Errors
    /// Those of the disk; a manifest that cannot be read.
    pub(super) fn put_base(
        folder: &Path,
        name: &str,
        temporary: &Path,
        is_rdb: bool,
    ) -> io::Result<u64> {
        let mut opened = Opened::begin(folder, name)?;
        // There is nothing behind the base.
        let incr = opened.manifest.files.pop();
        let bytes = opened.take_base(temporary, is_rdb, None);
        if let Some(incr) = incr {
            let _ = std::fs::remove_file(folder.join(OsStr::from_bytes(&incr.name)));
        }
        bytes
    }

    /// Bytes of all files.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Bytes after the last rewrite, as far as is known.
    pub fn base_bytes(&self) -> u64 {
        self.base_bytes
    }

    /// Puts a new manifest in the place of the old one, for good.
    fn write_manifest(&self, manifest: &Manifest) -> io::Result<()> {
        let path = Opened::manifest_path(&self.folder, &self.name);
        let temporary = self.folder.join(format!("temp-{}.manifest", self.name));
        let mut file = File::create(&temporary)?;
        file.write_all(&manifest.to_bytes())?;
        file.sync_all()?;
        std::fs::rename(&temporary, path)?;
        File::open(&self.folder)?.sync_all()
    }

    /// Lets bytes go to a new file from now on.
    fn rotate(&mut self) -> io::Result<()> {
        self.file.sync_data()?;
        let seq = self.manifest.incrs().last().map_or(0, |last| last.seq) + 1;
        let name = format!("{}.{seq}.incr.aof", self.name);
        let path = self.folder.join(&name);
        let file = OpenOptions::new().create(true).append(true).open(&path)?;
        file.set_len(0)?;
        let mut manifest = self.manifest.clone();
        manifest.files.push(Listed::new(name, seq, Kind::Incr));
        self.write_manifest(&manifest)?;
        (self.manifest, self.file) = (manifest, file);
        Ok(())
    }

    /// Takes a base that holds all but what a last file does, if there is one; gives the bytes of both.
    fn take_base(
        &mut self,
        temporary: &Path,
        is_rdb: bool,
        last: Option<Listed>,
    ) -> io::Result<u64> {
        let seq = self.manifest.base().map_or(0, |base| base.seq) + 1;
        let name = Opened::base_name(&self.name, seq, is_rdb);
        let path = self.folder.join(&name);
        std::fs::rename(temporary, &path)?;
        File::open(&self.folder)?.sync_all()?;
        let mut manifest = Manifest::default();
        manifest.files.push(Listed::new(name, seq, Kind::Base));
        let old = self.manifest.files.iter().filter(|file| Some(*file) != last.as_ref());
        let old: Vec<Listed> = old.cloned().collect();
        let history = old.iter().map(|file| Listed { kind: Kind::History, ..file.clone() });
        manifest.files.extend(history);
        manifest.files.extend(last.clone());
        self.write_manifest(&manifest)?;
        for file in &old {
            let path = self.folder.join(OsStr::from_bytes(&file.name));
            // What cannot be removed stays listed as history for the next time.
            if std::fs::remove_file(path).is_ok() {
                manifest.files.retain(|listed| listed.name != file.name);
            }
        }
        self.write_manifest(&manifest)?;
        self.manifest = manifest;
        let last = last.map_or(0, |last| size(&self.folder.join(OsStr::from_bytes(&last.name))));
        Ok(size(&path) + last)
    }
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
        opened: Opened,
        config: &Config,
        synced: watch::Sender<u64>,
        news: UnboundedSender<News>,
    ) -> Keeper {
        let (orders, received) = std::sync::mpsc::channel();
        // Batches are counted on where a file before this one ended.
        let (sync, done) = (config.appendfsync, *synced.borrow());
        let delay = Duration::ZERO;
        let work = Work { opened, sync, delay, synced, news, done, dirty: false, failed: false };
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
    opened: Opened,
    sync: AppendFsync,
    delay: Duration,
    synced: watch::Sender<u64>,
    news: UnboundedSender<News>,
    /// Batches written.
    done: u64,
    /// Whether there are bytes that are not synced.
    dirty: bool,
    failed: bool,
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
                    self.tell(Some(e.to_string()));
                }
            }
            Order::Base { path, is_rdb, done } => {
                let last = self.opened.manifest.incrs().last().cloned();
                let _ = done.send(self.opened.take_base(&path, is_rdb, last));
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
            match self.opened.file.write(rest) {
                Ok(written) => {
                    rest = rest.get(written..).unwrap_or_default();
                    if self.failed && rest.is_empty() {
                        self.tell(None);
                    }
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => {
                    self.tell(Some(e.to_string()));
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
            while let Err(e) = self.opened.file.sync_data() {
                self.tell(Some(e.to_string()));
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
