//! What all connections share, and how what the engine asks for is done.

use super::aof::{Keeper, Progress};
use super::free::Freer;
use super::gather::Gathered;
use super::io_threads::IoThreads;
use super::migrate::Links;
use super::stream_log::Logger;
use super::{
    Listen, LoadLog, LoadedData, Log, News, Setup, ToCommands, host, now, primary, replica, save,
    title,
};
use crate::aof::disk::RealDisk;
use crate::aof::live::Live;
use crate::base::memory;
use crate::base::reason::reason;
use crate::engine::config::Config;
use crate::engine::config::words::AppendFsync;
use crate::engine::{Action, ClientId, Engine, Host, Level, StreamLog};
use crate::feed::{Control, Input};
use crate::keyspace::{Keyspace, load_rdb};
use std::cell::{Cell, RefCell};
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;
use std::rc::Rc;
use std::task::{Context, Waker};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinHandle;

/// Memory for bytes on their way to the append-only file that is kept, in bytes.
const LOG_BUFFER_BYTES: usize = 1 << 20;

/// How often the kernel is asked for the process's figures.
const HOST_PERIOD: Duration = Duration::from_millis(500);

/// What wakes a connection.
#[derive(Debug, Default)]
pub(super) struct Slot {
    pub(super) is_woken: Cell<bool>,
    pub(super) waker: RefCell<Option<Waker>>,
    /// A snapshot that the connection is to write.
    pub(super) snapshot: RefCell<Option<mpsc::Receiver<replica::Piece>>>,
}

impl Slot {
    /// Lets a task be woken from now on.
    pub(super) fn keep_waker(&self, context: &Context<'_>) {
        match &mut *self.waker.borrow_mut() {
            Some(waker) => waker.clone_from(context.waker()),
            waker => *waker = Some(context.waker().clone()),
        }
    }

    pub(super) fn wake(&self) {
        self.is_woken.set(true);
        if let Some(waker) = self.waker.borrow_mut().take() {
            waker.wake();
        }
    }
}

/// What wakes the connection in a place, and the number of its client.
pub(super) type Place = Option<(u64, Rc<Slot>)>;

/// All that the connections share.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) engine: RefCell<Engine>,
    pub(super) slots: RefCell<Vec<Place>>,
    /// How many connections are served.
    pub(super) connections: Cell<usize>,
    pub(super) links: RefCell<Links>,
    /// When the kernel was last asked for the process's figures.
    pub(super) host_read: Cell<Option<Instant>>,
    pub(super) freer: Freer,
    pub(super) io_threads: IoThreads,
    pub(super) log: Log,
    pub(super) keeper: RefCell<Option<Keeper>>,
    /// What keeps the replication log on disk, once there is one.
    pub(super) logger: RefCell<Option<Logger>>,
    pub(super) told: watch::Sender<Progress>,
    pub(super) load_log: LoadLog,
    pub(super) to_commands: ToCommands,
    pub(super) listen: Listen,
    /// What takes clients that come over addresses.
    pub(super) acceptors: RefCell<Vec<JoinHandle<()>>>,
    /// How far the append-only file is.
    pub(super) progress: watch::Receiver<Progress>,
    /// Whether its syncs are put off.
    pub(super) holds_syncs: Cell<bool>,
    /// Whether replies wait for the disk.
    pub(super) waits_for_disk: Cell<bool>,
    pub(super) news: mpsc::UnboundedSender<News>,
    /// Where files are, from the root.
    pub(super) folder: RefCell<PathBuf>,
    pub(super) exit: Cell<Option<i32>>,
    pub(super) left: Notify,
    /// Somebody asked to listen elsewhere.
    pub(super) left_listen: Notify,
    /// A deadline may be nearer than the clock's next tick.
    pub(super) deadline: Notify,
    /// Something waits for the connection to the primary.
    pub(super) primary_news: Notify,
    /// Memory for bytes on their way.
    pub(super) read_buffer: RefCell<Vec<u8>>,
    /// What requests use that were read and not run yet.
    pub(super) gathered: RefCell<Gathered>,
    pub(super) log_buffer: RefCell<Vec<u8>>,
}

/// Ends the process with a report in its log.
#[allow(clippy::panic, reason = "the engine asks for it")]
fn panic(text: &str) -> ! {
    panic!("{text}")
}

/// Where files are.
fn folder(config: &Config) -> PathBuf {
    PathBuf::from(OsStr::from_bytes(&config.dir))
}

impl Server {
    /// One that has no connection yet.
    ///
    /// # Errors
    /// The system does not give it its threads.
    pub(super) fn new(setup: Setup, news: mpsc::UnboundedSender<News>) -> io::Result<Server> {
        let Setup { engine, log, listen, load_log, to_commands, .. } = setup;
        let io_threads = IoThreads::start(engine.config().io_threads)?;
        let (told, progress) = watch::channel(Progress::default());
        let waits_for_disk = engine.config().appendfsync == AppendFsync::Always;
        let folder = folder(engine.config());
        Ok(Server {
            engine: RefCell::new(engine),
            slots: RefCell::new(Vec::new()),
            connections: Cell::new(0),
            links: RefCell::new(Links::default()),
            host_read: Cell::new(None),
            freer: Freer::new(news.clone()),
            io_threads,
            log,
            keeper: RefCell::new(None),
            logger: RefCell::new(None),
            told,
            load_log,
            to_commands,
            listen,
            acceptors: RefCell::new(Vec::new()),
            progress,
            holds_syncs: Cell::new(false),
            waits_for_disk: Cell::new(waits_for_disk),
            news,
            folder: RefCell::new(folder),
            exit: Cell::new(None),
            left: Notify::new(),
            left_listen: Notify::new(),
            deadline: Notify::new(),
            primary_news: Notify::new(),
            read_buffer: RefCell::new(Vec::new()),
            gathered: RefCell::default(),
            log_buffer: RefCell::new(Vec::new()),
        })
    }

    /// How long it is until somebody's patience ends.
    pub(super) fn until_deadline(&self) -> Duration {
        const LONGEST: Duration = Duration::from_secs(3600);
        let Some(deadline_ms) = self.engine.borrow().next_deadline_ms() else { return LONGEST };
        let ms = deadline_ms - now().unix_ms;
        Duration::from_millis(u64::try_from(ms).unwrap_or(0)).min(LONGEST)
    }

    pub(super) fn tick(&self) {
        let links = self.links.borrow_mut().release();
        let mut engine = self.engine.borrow_mut();
        engine.note_migrate_links(links);
        if self.host_read.get().is_none_or(|read| read.elapsed() >= HOST_PERIOD) {
            self.host_read.set(Some(Instant::now()));
            let host = host::read();
            self.io_threads.decide(host.usage, engine.config().io_threads_always_active);
            engine.note_host(Host { io: self.io_threads.figures(), ..host });
        }
        engine.tick(now());
    }

    /// Listens where the configuration now says, or where it did if that cannot be.
    pub(super) async fn listen_anew(self: &Rc<Self>) {
        for acceptor in self.acceptors.take() {
            acceptor.abort();
            // Only then is its address free.
            let _ = acceptor.await;
        }
        let listened = (self.listen)(self.engine.borrow().config());
        let (listeners, error) = match listened {
            Ok(listeners) => (listeners, None),
            Err(error) => (Vec::new(), Some(error)),
        };
        let failed = error.is_some();
        self.engine.borrow_mut().listened(error);
        let listeners = match failed {
            true => (self.listen)(self.engine.borrow().config()).unwrap_or_default(),
            false => listeners,
        };
        for listener in listeners {
            if let Err(error) = listener.accept_for(self) {
                self.log.line(Level::Warning, &format!("Listening failed: {error}"));
            }
        }
    }

    pub(super) fn hear(&self, news: News) {
        let mut engine = self.engine.borrow_mut();
        match news {
            News::Saved(saved) => engine.saved(saved, now()),
            News::Logged(error) => engine.log_state(error),
            News::Panic(text) => panic(&text),
            News::Line(level, text) => self.log.line(level, &text),
            News::Loaded(Ok(loaded)) => {
                let LoadedData { keyspace, aof, last_load, aux, tail, dropped_keys } = *loaded;
                engine.end_loading(keyspace, last_load, &aux, tail, now());
                engine.tell_dropped(&dropped_keys);
                if let Some(opened) = aof {
                    engine.begin_log(opened.bytes(), opened.base_bytes());
                    self.start_keeper(opened, engine.config());
                }
            }
            News::Transferred(done) => engine.transferred(done, now()),
            News::StreamLogged(log, to) => engine.stream_logged(log, to, now()),
            News::StreamLogFailed(log, why) => engine.stream_log_failed(log, &why, now()),
            News::StreamLogEnded(log) => engine.stream_log_ended(log),
            News::StreamRead(read) => engine.stream_read(read, now()),
            News::SnapshotLoaded(id, loaded) => {
                engine.snapshot_loaded(id, loaded.map(|loaded| *loaded), now());
            }
            News::Fatal(error) | News::Loaded(Err(error)) => {
                self.log.line(Level::Warning, &error);
                self.exit.set(Some(1));
            }
            News::FreedSome => memory::collect_freed(),
            News::Freed(objects, client, is_much) => {
                if is_much {
                    self.freer.give_back();
                }
                engine.freed(objects, client);
            }
        }
    }

    /// Whether there is no more than one connection.
    pub(super) fn is_alone(&self) -> bool {
        self.connections.get() <= 1
    }

    /// Lets the memory answer for what all requests use that were read and not run yet.
    pub(super) fn warm_gathered(&self) {
        let engine = self.engine.borrow();
        self.gathered.borrow_mut().take(|db, uses| engine.warm_uses(db, uses));
    }

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
                Some(Action::Log(level, text)) => self.log.line(level, &text),
                Some(Action::LogForm(form)) => self.log.set_form(form),
                Some(Action::Save(job)) => {
                    let rewrites = self.keeper.borrow().as_ref().map(Keeper::sender);
                    save::start(
                        job,
                        &self.engine.borrow(),
                        &self.folder.borrow(),
                        rewrites,
                        self.news.clone(),
                        self.to_commands,
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
                Some(Action::Enter(folder)) => self.enter(&folder),
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
    pub(super) fn enter(&self, folder: &[u8]) {
        let entered = std::env::set_current_dir(OsStr::from_bytes(folder))
            .and_then(|()| std::env::current_dir())
            .map_err(|error| reason(&error));
        if let Ok(folder) = &entered {
            self.folder.replace(folder.clone());
        }
        let entered = entered.map(|folder| folder.into_os_string().into_vec());
        self.engine.borrow_mut().entered(entered);
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
            match Logger::start(self.news.clone()) {
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

    fn start_keeper(&self, opened: Live, config: &Config) {
        let (told, news) = (self.told.clone(), self.news.clone());
        let keeper = Keeper::start(opened, config, self.holds_syncs.get(), told, news);
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

    pub(super) fn wake(&self, id: ClientId) {
        if let Some(slot) = self.slot(id) {
            slot.wake();
        }
    }

    /// What a client's connection is woken by, if it is there.
    pub(super) fn slot(&self, id: ClientId) -> Option<Rc<Slot>> {
        let slots = self.slots.borrow();
        let (number, slot) = slots.get(id.place)?.as_ref()?;
        (*number == id.number).then(|| Rc::clone(slot))
    }

    pub(super) fn add_slot(&self, id: ClientId) -> Rc<Slot> {
        let slot = Rc::new(Slot::default());
        let mut slots = self.slots.borrow_mut();
        if slots.len() <= id.place {
            slots.resize(id.place + 1, None);
        }
        if let Some(place) = slots.get_mut(id.place) {
            *place = Some((id.number, Rc::clone(&slot)));
        }
        slot
    }

    pub(super) fn remove_slot(&self, id: ClientId) {
        // The place may be another's already.
        if let Some(place) = self.slots.borrow_mut().get_mut(id.place)
            && place.as_ref().is_some_and(|(number, _)| *number == id.number)
        {
            *place = None;
        }
    }
}
