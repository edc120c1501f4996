//! What all connections share.

use super::aof::{Keeper, Progress};
use super::cpus::Places;
use super::free::Freer;
use super::gather::Gathered;
use super::io_threads::IoThreads;
use super::migrate::Links;
use super::oom::Adjuster;
use super::stream_log::Logger;
use super::watchdog::Watchdog;
use super::{
    Listen, LoadLog, LoadedData, Log, News, Setup, ToCommands, act, host, now, replica, tick_period,
};
use crate::base::memory;
use crate::engine::config::Config;
use crate::engine::config::words::AppendFsync;
use crate::engine::{ClientId, Engine, Host, Level};
use std::cell::{Cell, RefCell};
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::rc::Rc;
use std::task::{Context, Waker};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinHandle;

/// How often the kernel is asked for the process's figures.
const HOST_PERIOD: Duration = Duration::from_millis(500);

/// What wakes a connection.
#[derive(Debug, Default)]
pub(super) struct Slot {
    pub(super) is_woken: Cell<bool>,
    pub(super) waker: RefCell<Option<Waker>>,
    /// The connection is to send few bytes together with more, and does not yet.
    pub(super) sends_in_bulk: Cell<bool>,
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
    pub(super) places: Places,
    pub(super) adjuster: RefCell<Adjuster>,
    pub(super) io_threads: IoThreads,
    pub(super) log: Log,
    watchdog: Watchdog,
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
        let (places, bad) = Places::of(engine.config());
        for name in bad {
            log.line(Level::Warning, &format!("'{name}' is no list of processors and is ignored"));
        }
        // Threads that are started from now on come along.
        places.server.enter();
        let io_threads = IoThreads::start(engine.config().io_threads)?;
        let (told, progress) = watch::channel(Progress::default());
        let waits_for_disk = engine.config().appendfsync == AppendFsync::Always;
        let folder = folder(engine.config());
        let watchdog = Watchdog::new(tick_period(engine.config()), log.clone(), engine.running());
        Ok(Server {
            engine: RefCell::new(engine),
            slots: RefCell::new(Vec::new()),
            connections: Cell::new(0),
            links: RefCell::new(Links::default()),
            host_read: Cell::new(None),
            freer: Freer::new(news.clone(), places.bio),
            places,
            adjuster: RefCell::new(Adjuster::new()),
            io_threads,
            log,
            watchdog,
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

    /// Tells the log from now on when nothing comes with time for so many milliseconds, or does not for 0.
    pub(super) fn watch(&self, period_ms: u64) {
        self.watchdog.watch(Duration::from_millis(period_ms));
    }

    pub(super) fn tick(&self) {
        self.watchdog.come_back();
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
            News::Panic(text) => act::panic(&text),
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
