//! How what the engine asks for is done.

use super::aof::Keeper;
use super::server::Server;
use super::stream_log::Logger;
use super::{News, now, primary, replica, save, title};
use crate::aof::disk::RealDisk;
use crate::aof::live::Live;
use crate::base::reason::reason;
use crate::engine::config::Config;
use crate::engine::config::words::AppendFsync;
use crate::engine::{Action, StreamLog, Why};
use crate::feed::{Control, Input};
use crate::keyspace::{Keyspace, load_rdb};
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

/// Memory for bytes on their way to the append-only file that is kept, in bytes.
const LOG_BUFFER_BYTES: usize = 1 << 20;

/// Ends the process with a report in its log.
#[allow(clippy::panic, reason = "the engine asks for it")]
pub(super) fn panic(text: &str) -> ! {
    panic!("{text}")
}

impl Server {
    /// Does what the engine asks for, in order, and lets the append-only file have its bytes.
    pub(super) fn settle(self: &Rc<Self>) {
        self.act();
        self.append_log();
        self.note_batches();
    }

    /// Does what the engine asks for, in order.
    pub(super) fn act(self: &Rc<Self>) {
        loop {
            let action = self.engine.borrow_mut().next_action();
            match action {
                None => break,
                Some(Action::Wake(id)) => self.wake(id),
                Some(Action::SendInBulk(id)) => {
                    if let Some(slot) = self.slot(id) {
                        slot.sends_in_bulk.set(true);
                    }
                }
                Some(Action::Log(level, text)) => self.log.line(level, &text),
                Some(Action::LogSignal(text)) => self.log.signal(&text),
                Some(Action::LogForm(form)) => self.log.set_form(form),
                Some(Action::Save(job)) => {
                    let rewrites = self.keeper.borrow().as_ref().map(Keeper::sender);
                    let cpus = match job.why {
                        Why::Rewrite => self.places.aof_rewrite,
                        Why::Save | Why::Sync => self.places.bgsave,
                    };
                    save::start(
                        job,
                        &self.engine.borrow(),
                        &self.folder.borrow(),
                        rewrites,
                        self.news.clone(),
                        self.to_commands,
                        cpus,
                    );
                }
                Some(Action::SnapshotFor(snapshot)) => replica::begin(self, *snapshot),
                Some(Action::SendFile(ids)) => replica::send_file(self, &ids),
                Some(Action::RemoveFile) => save::remove(&self.file()),
                Some(Action::StreamLog(order)) => self.order_stream_log(order),
                Some(Action::Connect { id, host, port }) => {
                    primary::connect(self, id, &host, port);
                }
                Some(Action::WakePrimary) => self.primary_news.notify_waiters(),
                Some(Action::OpenLog) => self.open_log(),
                Some(Action::CloseLog(mut bytes)) => {
                    if let Some(keeper) = self.keeper.take() {
                        keeper.append(&mut bytes);
                        keeper.finish();
                    }
                }
                Some(Action::Rotate(bytes)) => {
                    if let Some(keeper) = &*self.keeper.borrow() {
                        keeper.rotate(bytes);
                    }
                }
                Some(Action::LoadLog(id)) => {
                    self.append_log();
                    if let Some(keeper) = &*self.keeper.borrow() {
                        keeper.settle();
                    }
                    let mut engine = self.engine.borrow_mut();
                    let settings = engine.settings().clone();
                    let loaded = (self.load_log)(engine.config(), &settings, now().unix_ms);
                    engine.log_loaded(id, loaded);
                }
                Some(Action::LoadFile(id)) => {
                    let loaded = self.load_file();
                    self.engine.borrow_mut().file_loaded(id, loaded);
                }
                Some(Action::WriteConfig(id, all)) => {
                    let written = self.write_config(all);
                    let written = written.map_err(|e| e.to_string());
                    self.engine.borrow_mut().config_written(id, written);
                }
                Some(Action::Sleep { us }) => std::thread::sleep(Duration::from_micros(us)),
                Some(Action::Watch { period_ms }) => self.watch(period_ms),
                Some(Action::Fsync(policy)) => {
                    self.waits_for_disk.set(policy == AppendFsync::Always);
                    if let Some(keeper) = &*self.keeper.borrow() {
                        keeper.set_policy(policy);
                    }
                }
                Some(Action::KeepHistory(keeps)) => self.keep_history(keeps),
                Some(Action::DelayLog { us }) => {
                    if let Some(keeper) = &*self.keeper.borrow() {
                        keeper.set_delay(Duration::from_micros(us));
                    }
                }
                Some(Action::Free { trash, client }) => {
                    self.freer.free(trash, client);
                }
                Some(Action::Migrate(migration)) => {
                    let migrated = self.links.borrow_mut().migrate(&migration);
                    let links = self.links.borrow_mut().release();
                    let mut engine = self.engine.borrow_mut();
                    engine.note_migrate_links(links);
                    engine.migrated(migration, migrated);
                }
                Some(Action::Deadline) => self.deadline.notify_one(),
                Some(Action::Enter(folder)) => {
                    let entered = self.go_to(&folder).map_err(|error| reason(&error));
                    self.engine.borrow_mut().entered(entered);
                }
                Some(Action::Return(folder)) => {
                    let _ = self.go_to(&folder);
                }
                Some(Action::Weigh(score, is_awaited)) => {
                    let error = self.adjuster.borrow_mut().adjust(score).err();
                    self.engine.borrow_mut().weighed(error, is_awaited);
                }
                Some(Action::Listen) => self.left_listen.notify_one(),
                Some(Action::Title(title)) => {
                    // It is for people who look on; the server is the same without.
                    let _ = title::show(&title);
                }
                Some(Action::Panic(text)) => panic(&text),
                Some(Action::Exit(status)) => {
                    self.exit.set(Some(status));
                    self.left.notify_one();
                }
            }
        }
        self.hold_syncs();
    }

    /// Goes to another folder, in which files are from now on; the append-only file stays where it was opened.
    fn go_to(&self, folder: &[u8]) -> io::Result<Vec<u8>> {
        std::env::set_current_dir(OsStr::from_bytes(folder))?;
        let folder = std::env::current_dir()?;
        self.folder.replace(folder.clone());
        Ok(folder.into_os_string().into_vec())
    }

    /// Lets the append-only file have its bytes, if there are any.
    pub(super) fn append_log(&self) {
        if let Some(keeper) = &*self.keeper.borrow() {
            let mut bytes = self.log_buffer.borrow_mut();
            self.engine.borrow_mut().take_log(&mut bytes);
            if bytes.is_empty() {
                return;
            }
            keeper.append(&mut bytes);
            if bytes.capacity() > LOG_BUFFER_BYTES {
                bytes.shrink_to(LOG_BUFFER_BYTES);
            }
            drop(bytes);
            self.note_batches();
        }
    }

    /// Lets the engine know how much of the append-only file is on disk.
    pub(super) fn note_batches(&self) {
        if let Some(keeper) = &*self.keeper.borrow() {
            let synced = self.progress.borrow().synced;
            self.engine.borrow_mut().log_batches(keeper.sent(), synced);
        }
    }

    /// Lets the thread of the replication log have its orders, and starts it with the first.
    pub(super) fn order_stream_log(&self, order: StreamLog) {
        let mut logger = self.logger.borrow_mut();
        if logger.is_none() {
            match Logger::start(self.news.clone(), self.places.bio) {
                Ok(started) => *logger = Some(started),
                Err(error) => {
                    let news = match order {
                        StreamLog::Append { log, .. } => News::StreamLogFailed(log, reason(&error)),
                        StreamLog::End { log } => News::StreamLogEnded(log),
                        // There is nothing to be read or freed.
                        StreamLog::Forget { .. } | StreamLog::Read { .. } => return,
                    };
                    let _ = self.news.send(news);
                }
            }
        }
        if let Some(logger) = &*logger {
            logger.order(&self.folder.borrow(), order);
        }
    }

    /// Lets what bases of the append-only file replace be kept from now on, or be removed.
    pub(super) fn keep_history(&self, keeps: bool) {
        if let Some(keeper) = &*self.keeper.borrow() {
            return keeper.keep_history(keeps);
        }
        if !keeps {
            let (folder, name) = self.log_location();
            save::remove_history(&folder, &name, &self.news);
        }
    }

    /// The folder of the append-only file, and its name.
    fn log_location(&self) -> (PathBuf, String) {
        let engine = self.engine.borrow();
        let config = engine.config();
        let folder = self.folder.borrow().join(OsStr::from_bytes(&config.appenddirname));
        (folder, String::from_utf8_lossy(&config.appendfilename).into_owned())
    }

    /// Begins an append-only file. If that fails, writes are refused as when the disk does not take them.
    pub(super) fn open_log(&self) {
        let (folder, name) = self.log_location();
        match Live::begin(RealDisk, &folder, &name) {
            Ok(opened) => {
                self.start_keeper(opened, self.engine.borrow().config());
            }
            Err(error) => {
                let _ = self.news.send(News::Logged(Some(error.to_string())));
            }
        }
    }

    pub(super) fn start_keeper(&self, opened: Live, config: &Config) {
        let (told, news) = (self.told.clone(), self.news.clone());
        let keeper =
            Keeper::start(opened, config, self.holds_syncs.get(), told, news, self.places.bio);
        *self.keeper.borrow_mut() = Some(keeper);
    }

    /// Lets the syncs of the append-only file be put off while something else is written, if that is asked for.
    fn hold_syncs(&self) {
        let holds = self.engine.borrow().holds_syncs();
        if self.holds_syncs.replace(holds) != holds
            && let Some(keeper) = &*self.keeper.borrow()
        {
            keeper.hold_syncs(holds);
        }
    }

    /// Where the RDB file is.
    fn file(&self) -> PathBuf {
        let engine = self.engine.borrow();
        self.folder.borrow().join(OsStr::from_bytes(&engine.config().dbfilename))
    }

    /// Loads the RDB file that the configuration names.
    pub(super) fn load_file(&self) -> Result<Keyspace, String> {
        let engine = self.engine.borrow();
        let mut input = Input::open(&self.file()).map_err(|e| e.to_string())?;
        let mut keyspace = Keyspace::new(engine.settings().clone());
        let now_ms = now().unix_ms;
        load_rdb(&mut keyspace, &mut input, now_ms, true, 1, &Control::default())
            .map_err(|e| format!("{e:?}"))?;
        Ok(keyspace)
    }

    /// Puts the configuration as it is now into its file.
    pub(super) fn write_config(&self, all: bool) -> io::Result<()> {
        let engine = self.engine.borrow();
        let path = PathBuf::from(&engine.identity().config_file);
        let old = match std::fs::read(&path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => Vec::new(),
            old => old?,
        };
        let text = engine.config().rewrite(&old, &[], all);
        save::replace_with(&path, &text)
    }
}
