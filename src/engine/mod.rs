//! Layer 7: the server, without I/O.
//!
//! [`Engine`] is a plain value. Requests and the passing of time go in, with the time as an argument; replies, bytes for other
//! connections, bytes of the append-only file and [`Action`]s come out. Whoever drives it owns sockets, files and threads.
//!
//! Everything that a command changes becomes visible outside through `publish` alone.

mod admin;
mod block;
mod client;
mod commandlog;
pub mod config;
mod dispatch;
mod evict;
mod expire;
mod free;
mod himport;
mod histogram;
mod host;
mod info;
mod latency;
mod loading;
mod log;
mod metrics;
mod migrate;
mod pause;
mod persist;
mod publish;
mod pubsub;
mod redact;
mod replication;
mod shutdown;
mod stats;
mod suspend;
mod transaction;
mod watchdog;

pub use admin::OomScore;
pub use client::{ClientId, Peer};
pub use dispatch::Flow;
pub use host::{Host, IoFigures, Usage};
pub use loading::LastLoad;
pub use log::LogForm;
pub use migrate::{Migrated, Migration};
pub use persist::{SaveJob, Saved, Why};
pub use replication::{PrimaryId, SnapshotFor, SnapshotPart, StreamLog, StreamRead, Transferred};
pub use watchdog::Running;

use crate::base::memory;
use crate::base::rng::Rng;
use crate::keyspace::{Keyspace, Settings, Trash, Uses};
use crate::value::limits::Limits;
use admin::Changing;
use block::Waiting;
use client::{Clients, Shrinking};
use commandlog::CommandLogs;
use config::Config;
use config::words::{AppendFsync, RdbVersionCheck};
use dispatch::Renamed;
use evict::Pool;
use free::Freeing;
use latency::Latency;
use loading::Loading;
use pause::Pause;
use persist::Persist;
use pubsub::PubSub;
use replication::Replication;
use shutdown::Leaving;
use stats::Stats;
use std::collections::VecDeque;
use std::sync::Arc;
use suspend::Suspended;
use transaction::Watched;

/// A moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Now {
    /// Unix milliseconds.
    pub unix_ms: i64,
    /// Microseconds since some moment, which never go back.
    pub mono_us: u64,
}

/// How important a line of the log is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Of use to developers.
    Debug,
    /// Of use at times.
    Verbose,
    /// What one wants to know.
    Notice,
    /// What one must know.
    Warning,
}

/// What the driver is asked to do.
#[derive(Debug)]
pub enum Action {
    /// Something waits for this client: bytes, or the end.
    Wake(ClientId),
    /// Write a line to the log.
    Log(Level, String),
    /// Write a line of the highest level to the log that tells of a signal.
    LogSignal(String),
    /// Give lines of the log this form from now on.
    LogForm(LogForm),
    /// Let the system send few bytes to this replica together with those that follow.
    SendInBulk(ClientId),
    /// Write a snapshot to a file, on another thread.
    Save(SaveJob),
    /// Write a snapshot for replicas on another thread: to those named, and otherwise as the RDB file. Then tell
    /// [`Engine::transferred`], and for each replica that all was written to [`Engine::snapshot_sent`].
    SnapshotFor(Box<SnapshotFor>),
    /// Write the RDB file to these replicas, as it is now.
    SendFile(Vec<ClientId>),
    /// Remove the RDB file.
    RemoveFile,
    /// See to the log on disk behind the replication backlog.
    StreamLog(StreamLog),
    /// Open a connection to a primary.
    Connect {
        /// Names the link.
        id: PrimaryId,
        /// Name or address.
        host: Vec<u8>,
        /// TCP port.
        port: u16,
    },
    /// Something waits for the connection to the primary: bytes, parts of a snapshot, or the end.
    WakePrimary,
    /// Begin an append-only file whose base is the next snapshot that is saved for it.
    OpenLog,
    /// Append these bytes to the append-only file and close it.
    CloseLog(Vec<u8>),
    /// Append these bytes to the append-only file, and what comes behind them to a new one.
    Rotate(Vec<u8>),
    /// Load the append-only file anew, and tell [`Engine::log_loaded`].
    LoadLog(ClientId),
    /// Load the RDB file anew, and tell [`Engine::file_loaded`].
    LoadFile(ClientId),
    /// Write the configuration file anew, all directives or those that need it, and tell [`Engine::config_written`].
    WriteConfig(ClientId, bool),
    /// Let nothing happen for so long, for tests.
    Sleep {
        /// Microseconds.
        us: u64,
    },
    /// Tell the log from now on when nothing comes with time for so long.
    Watch {
        /// Milliseconds, 0 for never.
        period_ms: u64,
    },
    /// Sync the append-only file in this way from now on.
    Fsync(AppendFsync),
    /// Keep what rewrites of the append-only file replace from now on, or remove it.
    KeepHistory(bool),
    /// Wait for so long before each write to the append-only file from now on, for tests.
    DelayLog {
        /// Microseconds.
        us: u64,
    },
    /// Free this, on another thread, and tell [`Engine::freed`].
    Free {
        /// What is freed.
        trash: Trash,
        /// Who waits for it.
        client: Option<ClientId>,
    },
    /// Take keys to another server, and tell [`Engine::migrated`].
    Migrate(Migration),
    /// [`Engine::next_deadline_ms`] may be nearer than it was.
    Deadline,
    /// Work in this folder from now on, and tell [`Engine::entered`].
    Enter(Vec<u8>),
    /// Work in this folder again, from which another one could not be reached after all.
    Return(Vec<u8>),
    /// Tell the system how readily it may end the process, and tell [`Engine::weighed`]; whether somebody waits for that.
    Weigh(OomScore, bool),
    /// Listen where the configuration now says, and tell [`Engine::listened`].
    Listen,
    /// Let the list of processes show this.
    Title(Vec<u8>),
    /// End the process with this status.
    Exit(i32),
    /// End the process as an error of its own does, which this text tells.
    Panic(String),
}

/// Who the server is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// 40 hexadecimal digits, other ones at each start.
    pub run_id: String,
    /// The number of its process.
    pub pid: u32,
    /// What it was called by: the first of its arguments.
    pub called: String,
    /// The path of its program.
    pub executable: String,
    /// The path of its configuration file; empty without one.
    pub config_file: String,
    /// The name of the operating system, as `uname` gives it.
    pub os: String,
}

/// The server.
#[derive(Debug)]
pub struct Engine {
    config: Config,
    identity: Identity,
    keyspace: Keyspace,
    clients: Clients,
    watched: Watched,
    waiting: Waiting,
    pubsub: PubSub,
    command_logs: CommandLogs,
    stats: Stats,
    persist: Persist,
    replication: Replication,
    leaving: Leaving,
    pause: Pause,
    pool: Pool,
    latency: Latency,
    freeing: Freeing,
    renamed: Renamed,
    host: Host,
    /// Bytes that the server took before it had data.
    startup_bytes: u64,
    /// Clients whose output may be over its limit.
    over_limit: Vec<ClientId>,
    /// Who waits for a change of where the server listens, or of the folder it works in.
    changing: Option<Changing>,
    /// Changes that others ask for meanwhile.
    changes_to_come: VecDeque<(ClientId, Vec<Vec<u8>>)>,
    rng: Rng,
    now: Now,
    started: Now,
    actions: VecDeque<Action>,
    clock: Clock,
    /// What others see of the command that runs.
    running: Arc<Running>,
    /// When the last command ended, if the next one follows at once.
    ended_us: Option<u64>,
    /// Microseconds for which the present command lets everything sleep.
    slept_us: u64,
    /// Microseconds for which the present request lets everything sleep, by which it is later behind it.
    late_us: u64,
    /// Where the reply to the present request begins among what its client is to be told.
    reply_start: usize,
    /// Whether keys go whose time has passed though nobody asks for them.
    expires_actively: bool,
    /// Whether what comes with time is done; not for a while in tests.
    runs_cron: bool,
    shrinking: Shrinking,
    /// Commands of the transaction that runs, which are told of as a whole: the database and the arguments of each.
    transaction: Option<Vec<(usize, Vec<Vec<u8>>)>>,
    /// The transaction that waits in the middle.
    suspended: Option<Suspended>,
    loading: Option<Loading>,
    last_load: LastLoad,
    /// The driver was told to end the process.
    has_panicked: bool,
}

/// When collections leave their packed encodings.
fn limits(config: &Config) -> Limits {
    let size = |value: i64| usize::try_from(value).unwrap_or(0);
    let bytes = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
    Limits {
        list_max_listpack_size: config.list_max_listpack_size,
        hash_max_listpack_entries: size(config.hash_max_listpack_entries),
        hash_max_listpack_value: bytes(config.hash_max_listpack_value),
        set_max_intset_entries: size(config.set_max_intset_entries),
        set_max_listpack_entries: size(config.set_max_listpack_entries),
        set_max_listpack_value: size(config.set_max_listpack_value),
        zset_max_listpack_entries: size(config.zset_max_listpack_entries),
        zset_max_listpack_value: bytes(config.zset_max_listpack_value),
        stream_node_max_bytes: bytes(config.stream_node_max_bytes),
        stream_node_max_entries: size(config.stream_node_max_entries),
        hll_sparse_max_bytes: bytes(config.hll_sparse_max_bytes),
        // The version whose behaviour this is.
        names_of_7_0: true,
        takes_newer_rdb: config.rdb_version_check == RdbVersionCheck::Relaxed,
        skips_checksums: false,
        hash_seed: 0,
    }
}

/// How uses of keys are noted.
fn uses(config: &Config) -> Uses {
    let policy = config.maxmemory_policy.word();
    let number = |value: i64| u32::try_from(value).unwrap_or(u32::MAX);
    Uses {
        counted: policy.contains("lfu"),
        only_writes: policy.contains("lrm"),
        log_factor: number(config.lfu_log_factor),
        decay_minutes: number(config.lfu_decay_time),
        shares_integers: config.maxmemory == 0
            || !["lfu", "lru", "lrm"].iter().any(|kind| policy.contains(kind)),
    }
}

/// Microseconds since some moment: what measures how long commands take.
pub type Clock = fn() -> u64;

impl Engine {
    /// A server with no data. `seed` decides the order of keys and all that is left to chance.
    pub fn new(
        mut config: Config,
        identity: Identity,
        seed: u64,
        now: Now,
        clock: Clock,
    ) -> Engine {
        watchdog::raise_period(&mut config);
        let mut rng = Rng::new(seed);
        let hash_seed = rng.next_u64();
        let settings = Settings {
            databases: usize::try_from(config.databases).unwrap_or(16),
            seed: rng.next_u64(),
            limits: Limits { hash_seed, ..limits(&config) },
            uses: uses(&config),
            ..Settings::default()
        };
        let mut engine = Engine {
            keyspace: Keyspace::new(settings),
            clients: Clients::default(),
            watched: Watched::default(),
            waiting: Waiting::default(),
            pubsub: PubSub::default(),
            command_logs: CommandLogs::default(),
            expires_actively: true,
            runs_cron: true,
            shrinking: Shrinking::default(),
            transaction: None,
            suspended: None,
            loading: None,
            last_load: LastLoad::default(),
            has_panicked: false,
            stats: Stats::new(now),
            persist: Persist::new(now),
            replication: Replication::new(&mut rng, now),
            leaving: Leaving::default(),
            pause: Pause::default(),
            pool: Pool::default(),
            latency: Latency::default(),
            freeing: Freeing::default(),
            renamed: Renamed::new(&config),
            slept_us: 0,
            late_us: 0,
            reply_start: 0,
            over_limit: Vec::new(),
            changing: None,
            changes_to_come: VecDeque::new(),
            host: Host::default(),
            startup_bytes: memory::used_bytes(),
            config,
            identity,
            rng,
            now,
            started: now,
            actions: VecDeque::new(),
            clock,
            running: Arc::default(),
            ended_us: None,
        };
        if let Some(primary) = engine.config.replicaof.clone() {
            engine.follow(&primary.host, primary.port, None, 0);
        }
        engine
    }

    /// What the server was told.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Who the server is.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Tells what time it is, where nothing else happens.
    #[inline]
    pub fn set_now(&mut self, now: Now) {
        if now != self.now {
            self.now = now;
            self.ended_us = None;
        }
    }

    /// How the data are kept, for who loads them.
    pub fn settings(&self) -> &Settings {
        self.keyspace.settings()
    }

    /// The next thing to be done.
    pub fn next_action(&mut self) -> Option<Action> {
        if self.actions.is_empty() {
            self.flush_stream();
        }
        let next = self.actions.pop_front();
        if next.is_none() {
            self.running.end();
        }
        next
    }

    /// Whether there is something to be done, beside telling replicas of the stream.
    #[inline]
    pub fn has_actions(&self) -> bool {
        !self.actions.is_empty()
    }

    /// Lets the process end as by an error of its own, behind what the log was told so far.
    fn panic(&mut self, text: impl Into<String>) {
        self.has_panicked = true;
        self.actions.push_back(Action::Panic(text.into()));
    }

    /// Sees to what comes with time; to be called `hz` times a second.
    pub fn tick(&mut self, now: Now) {
        self.set_now(now);
        self.time_out();
        self.end_pause_in_time();
        if !self.runs_cron {
            return;
        }
        self.leave_if_asked();
        self.stats.tick(now);
        self.close_idle();
        self.clients_tick();
        self.free_trash(None);
        self.replication_tick();
        if self.is_loading() {
            return;
        }
        if self.is_suspended() {
            return;
        }
        if self.expires_actively && !self.replication.is_replica() && !self.is_paused() {
            self.expire_cycle();
        }
        if !(self.replication.is_replica() && self.config.replica_ignore_maxmemory) {
            // The bound may have been lowered while nobody writes.
            self.make_room();
        }
        self.persist_tick();
    }
}
