//! Layer 8: drives the engine with sockets, files, threads and the clock. No behaviour of the server is here.
//!
//! One thread runs the engine and all connections; with `io-threads`, others read and write their sockets while it is busy. Files
//! are written by threads of their own: snapshots by one each, the append-only file by `aof`.

mod act;
mod aof;
mod carried;
mod clock;
mod connection;
mod cpus;
mod free;
mod gather;
mod group;
mod host;
mod io_threads;
mod listen;
mod log;
mod metrics;
mod migrate;
mod oom;
mod primary;
mod priority;
mod replica;
mod save;
mod server;
mod stream;
mod stream_log;
mod syslog;
mod threads;
mod title;
mod wakes;
mod watchdog;
mod way;

pub use clock::{mono_us, now};
pub use listen::Listener;
pub use log::{Log, LogTo};
pub use syslog::{SYSLOG_SOCKET, Syslog};
pub use threads::threads;

use crate::aof::live::Live;
use crate::engine::config::Config;
use crate::engine::{ClientId, Engine, LastLoad, Level, PrimaryId, Saved, StreamRead, Transferred};
use crate::feed::Control;
use crate::keyspace::{Keyspace, Settings};
use crate::repl::backlog::Backlog;
use crate::repl::offset::Offset;
use server::{Server, Slot};
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// What other threads tell.
#[derive(Debug)]
enum News {
    /// A snapshot was written, or not.
    Saved(Saved),
    /// What becomes of bytes for the append-only file: the error that keeps them from it, if any.
    Logged(Option<String>),
    /// The server cannot go on, for this reason.
    Fatal(String),
    /// The server is to end as by an error of its own, which this text tells.
    Panic(String),
    /// A line for the log.
    Line(Level, String),
    /// A snapshot for replicas was written, or not.
    Transferred(Transferred),
    /// The replication log with this number is on disk up to a place.
    StreamLogged(u64, Offset),
    /// The disk does not take the replication log with this number.
    StreamLogFailed(u64, String),
    /// The replication log with this number is gone.
    StreamLogEnded(u64),
    /// Bytes of the replication log were read.
    StreamRead(StreamRead),
    /// A primary's snapshot was loaded, or not.
    SnapshotLoaded(PrimaryId, Result<Box<(Keyspace, LastLoad, usize)>, String>),
    /// The data were loaded, or not.
    Loaded(Result<Box<LoadedData>, String>),
    /// So many values were freed, for which a client may have waited; and whether that was most of what there was.
    Freed(u64, Option<ClientId>, bool),
    /// Some of something large was freed.
    FreedSome,
}

/// Loads the append-only file that a configuration names, into databases of these settings, at this time in unix milliseconds.
pub type LoadLog = fn(&Config, &Settings, i64) -> Result<Keyspace, String>;

/// Listens on the addresses that a configuration names.
pub type Listen = fn(&Config) -> Result<Vec<Listener>, String>;
/// Loads the data before the first client is served.
pub type Load = fn(&LoadJob) -> Result<LoadedData, String>;

/// What is to be loaded.
#[derive(Debug)]
pub struct LoadJob {
    /// What the server was told.
    pub config: Config,
    /// How the data are kept.
    pub settings: Settings,
    /// Unix milliseconds.
    pub now_ms: i64,
    /// What others see of the work.
    pub control: Arc<Control>,
    news: mpsc::UnboundedSender<News>,
}

impl LoadJob {
    /// Writes a line to the log.
    pub fn log(&self, level: Level, text: impl Into<String>) {
        let _ = self.news.send(News::Line(level, text.into()));
    }

    /// Ends the server as an error of its own does, once the log has the lines so far. It takes a moment.
    pub fn panic(&self, text: impl Into<String>) {
        let _ = self.news.send(News::Panic(text.into()));
    }
}

/// What was loaded.
#[derive(Debug)]
pub struct LoadedData {
    /// The data.
    pub keyspace: Keyspace,
    /// The append-only file, if there is to be one.
    pub aof: Option<Live>,
    /// What the RDB file gave.
    pub last_load: LastLoad,
    /// Named values of the RDB file about itself.
    pub aux: Vec<(Vec<u8>, Vec<u8>)>,
    /// The last bytes of the replication stream that the file holds, if it tells of one.
    pub tail: Option<Backlog>,
    /// Keys that were left out because their time had passed: database and name.
    pub dropped_keys: Vec<(usize, Vec<u8>)>,
}

/// What a server is run with.
#[derive(Debug)]
pub struct Setup {
    /// The engine, without data.
    pub engine: Engine,
    /// Where clients come from.
    pub listeners: Vec<Listener>,
    /// Where Prometheus asks for figures, if it does.
    pub metrics: Option<std::net::TcpListener>,
    /// Where lines of the log go.
    pub log: Log,
    /// Listens anew, where the configuration now says.
    pub listen: Listen,
    /// Loads the data.
    pub load: Load,
    /// Loads an append-only file anew, for who asks for that.
    pub load_log: LoadLog,
    /// Writes the data of an RDB file as commands.
    pub to_commands: ToCommands,
}

/// Writes the data of an RDB file as commands, at a time in unix milliseconds.
pub type ToCommands = fn(&std::path::Path, &std::fs::File, i64) -> io::Result<()>;

/// Steps of connections, each a request or some, between two looks for new bytes while there is work.
const EVENT_INTERVAL: u32 = 1000;

/// Serves clients until the engine or a signal ends it; gives the status to exit with.
///
/// # Errors
/// The runtime or the signals cannot be set up.
pub fn serve(setup: Setup) -> io::Result<i32> {
    // Its tasks wake each other without a lock, and in the order of events.
    let options = tokio::runtime::LocalOptions::default();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        // Nobody asks the system for more before those are done that it has told of, and that take turns.
        .event_interval(EVENT_INTERVAL)
        .build_local(options)?;
    runtime.block_on(run(setup))
}

async fn run(mut setup: Setup) -> io::Result<i32> {
    let (news, mut from_threads) = mpsc::unbounded_channel();
    begin_load(&mut setup.engine, setup.load, &news)?;
    let period = tick_period(setup.engine.config());
    let (listeners, metrics) = (std::mem::take(&mut setup.listeners), setup.metrics.take());
    let server = Rc::new(Server::new(setup, news)?);
    if server.io_threads.are_there() {
        tokio::task::spawn_local(server.io_threads.pass_wakes_on());
    }
    for listener in listeners {
        listener.accept_for(&server)?;
    }
    if let Some(listener) = metrics {
        metrics::serve(listener, &server)?;
    }
    signals(&server)?;
    server.engine.borrow_mut().show_title();
    server.engine.borrow_mut().weigh();
    server.watch(server.engine.borrow().config().watchdog_period.unsigned_abs());
    let mut tick = tokio::time::interval(period);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while server.exit.get().is_none() {
        let deadline = server.until_deadline();
        tokio::select! {
            _ = tick.tick() => server.tick(),
            () = tokio::time::sleep(deadline) => server.engine.borrow_mut().tick(now()),
            Some(news) = from_threads.recv() => server.hear(news),
            () = server.deadline.notified() => {}
            () = server.left.notified() => {}
            () = server.left_listen.notified() => server.listen_anew().await,
        }
        server.settle();
    }
    // What is left to be done may take its time.
    server.watch(0);
    if let Some(keeper) = server.keeper.take() {
        keeper.finish();
    }
    save::clean_up(&server.folder.borrow());
    Ok(server.exit.get().unwrap_or(0))
}

/// How often the engine is told that time passes.
fn tick_period(config: &Config) -> Duration {
    Duration::from_millis(1000 / u64::try_from(config.hz).unwrap_or(10).clamp(1, 500))
}

/// Loads the data on a thread of its own.
fn begin_load(
    engine: &mut Engine,
    load: Load,
    news: &mpsc::UnboundedSender<News>,
) -> io::Result<()> {
    let job = LoadJob {
        config: engine.config().clone(),
        settings: engine.settings().clone(),
        now_ms: now().unix_ms,
        control: Arc::default(),
        news: news.clone(),
    };
    engine.begin_loading(Arc::clone(&job.control), false, now());
    let thread = std::thread::Builder::new().name("load".into());
    thread.spawn(move || {
        let loaded = load(&job).map(Box::new);
        let _ = job.news.send(News::Loaded(loaded));
    })?;
    Ok(())
}

/// Ends the server as signals ask.
fn signals(server: &Rc<Server>) -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    // Who started the server from a terminal may close that. Once asked for, a signal ends the process no more, heard or not.
    drop(signal(SignalKind::hangup())?);
    for (kind, name) in [(SignalKind::terminate(), "SIGTERM"), (SignalKind::interrupt(), "SIGINT")]
    {
        let mut stream = signal(kind)?;
        let server = Rc::clone(server);
        tokio::task::spawn_local(async move {
            while stream.recv().await.is_some() {
                server.engine.borrow_mut().terminate(name, now());
                server.settle();
            }
        });
    }
    Ok(())
}
