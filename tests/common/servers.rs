//! Real servers for interop tests. A missing server fails the test, it never skips it.

use super::client::{Client, Reply};
use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A server release that `.ci/setup-peers.sh` installs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// Redis 7.0.15: reads and writes RDB 10.
    Redis70,
    /// Valkey 8.1: reads and writes RDB 11.
    Valkey81,
    /// Valkey 9.1: writes `VALKEY080`, reads it and REDIS up to 11.
    Valkey91,
    /// Our own, in the place of Redis 7.0.
    Rkv,
}

impl Peer {
    /// All but our own, oldest first.
    pub const ALL: [Peer; 3] = [Peer::Redis70, Peer::Valkey81, Peer::Valkey91];

    /// Returns the name of the release, as `--to` takes it.
    pub fn release(self) -> &'static str {
        match self {
            Peer::Redis70 | Peer::Rkv => "redis-7.0",
            Peer::Valkey81 => "valkey-8.1",
            Peer::Valkey91 => "valkey-9.1",
        }
    }

    /// Returns the path of the server program.
    pub fn server(self) -> PathBuf {
        program(match self {
            Peer::Rkv => return env!("CARGO_BIN_EXE_rkv").into(),
            Peer::Redis70 => "redis-server",
            Peer::Valkey81 => "valkey-8.1-server",
            Peer::Valkey91 => "valkey-9.1-server",
        })
    }

    /// Returns the path of the release's `check-rdb`.
    pub fn check_rdb(self) -> PathBuf {
        program(match self {
            Peer::Redis70 | Peer::Rkv => "redis-check-rdb",
            Peer::Valkey81 => "valkey-8.1-check-rdb",
            Peer::Valkey91 => "valkey-9.1-check-rdb",
        })
    }

    /// Returns the path of the release's `check-aof`.
    pub fn check_aof(self) -> PathBuf {
        program(match self {
            Peer::Redis70 | Peer::Rkv => "redis-check-aof",
            Peer::Valkey81 => "valkey-8.1-check-aof",
            Peer::Valkey91 => "valkey-9.1-check-aof",
        })
    }
}

/// Files in `testdata` that hold nothing that an older server lacks, and the server that wrote them.
pub const FILES: &[(&str, Peer)] = &[
    ("servers/redis-7.0-types.rdb", Peer::Redis70),
    ("servers/redis-7.0-binary.rdb", Peer::Redis70),
    ("servers/redis-7.0-streams.rdb", Peer::Redis70),
    ("servers/redis-7.0-uncompressed.rdb", Peer::Redis70),
    ("servers/redis-7.0-list-compressed.rdb", Peer::Redis70),
    ("redis-7.0.15.rdb", Peer::Redis70),
    ("servers/valkey-8.1-types.rdb", Peer::Valkey81),
    ("servers/valkey-8.1-binary.rdb", Peer::Valkey81),
    ("servers/valkey-8.1-streams.rdb", Peer::Valkey81),
    ("servers/valkey-9.1-types.rdb", Peer::Valkey91),
    ("servers/valkey-9.1-binary.rdb", Peer::Valkey91),
    ("servers/valkey-9.1-streams.rdb", Peer::Valkey91),
];

/// What lets a server keep an append-only file.
pub const AOF: &[&str] = &["--appendonly", "yes", "--appendfsync", "always"];

/// Returns the path of a program in the folder of peers, for example `redis-cli`.
pub fn program(name: &str) -> PathBuf {
    let dir = std::env::var_os("RKV_PEERS_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/peers/bin"),
        PathBuf::from,
    );
    let path = dir.join(name);
    assert!(
        path.exists(),
        "{} is missing: run .ci/setup-peers.sh, or set RKV_PEERS_DIR",
        path.display()
    );
    path
}

/// A key as the server itself serialises it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dumped {
    /// The DUMP payload: type, value, version, checksum.
    pub payload: Vec<u8>,
    /// Absolute expiry in Unix milliseconds.
    pub expire_at_ms: Option<i64>,
}

/// A running server in a folder of its own; it ends when the value is dropped.
#[derive(Debug)]
pub struct Server {
    /// The connection that the helpers use, in database 0 between calls.
    pub client: Client,
    peer: Peer,
    child: Child,
    port: u16,
    dir: TempDir,
}

/// Longest wait for a server to start or to end.
const START_TIMEOUT: Duration = Duration::from_secs(120);
const STOP_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest wait for a rewrite of the append-only file.
const REWRITE_TIMEOUT: Duration = Duration::from_secs(60);

impl Server {
    /// Starts an empty server without save points and without AOF.
    #[track_caller]
    pub fn start(peer: Peer) -> Self {
        Self::start_with(peer, &[])
    }

    /// Starts an empty server with more configuration, such as `&["--maxmemory-policy", "allkeys-lfu"]`.
    #[track_caller]
    pub fn start_with(peer: Peer, args: &[&str]) -> Self {
        Self::start_in(peer, new_dir(), args)
            .unwrap_or_else(|log| panic!("{peer:?} does not start:\n{log}"))
    }

    /// Starts a server on a copy of an RDB file. Returns the server's log if it refuses the file.
    ///
    /// Keys that have expired are dropped while the server loads, as on any primary.
    pub fn load(peer: Peer, rdb: &Path) -> Result<Self, String> {
        Self::load_with(peer, rdb, &[])
    }

    /// Starts a server on a copy of an RDB file with more configuration.
    pub fn load_with(peer: Peer, rdb: &Path, args: &[&str]) -> Result<Self, String> {
        let dir = new_dir();
        fs::copy(rdb, dir.path().join("dump.rdb"))
            .unwrap_or_else(|error| panic!("{}: {error}", rdb.display()));
        Self::start_in(peer, dir, args)
    }

    /// Starts a server on what the folder holds: `dump.rdb`, or `appendonlydir` with `--appendonly yes` among `args`.
    pub fn start_in(peer: Peer, dir: TempDir, args: &[&str]) -> Result<Self, String> {
        let program = peer.server();
        for _ in 0..20 {
            let port = free_port();
            let first: &[&str] = if peer == Peer::Rkv { &["serve"] } else { &[] };
            let name = port.to_string();
            let child = spawn(&program, &dir, &[first, &settings(&name), args].concat());
            match wait_until_ready(child, &dir) {
                Ok((child, client)) => {
                    return Ok(Self { client, peer, child, port, dir });
                }
                Err(log) if log.contains("Address already in use") => continue,
                Err(log) => return Err(log),
            }
        }
        panic!("no free port on the loopback interface");
    }

    /// Returns which release this is.
    pub fn peer(&self) -> Peer {
        self.peer
    }

    /// Returns the loopback address on which the server listens, for clients and replicas.
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// Returns the working folder of the server.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Returns what the server has logged so far.
    pub fn log(&self) -> String {
        read_log(&self.dir)
    }

    /// Returns the process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Opens one more connection.
    pub fn connect(&self) -> Client {
        Client::unix(&self.dir.path().join("socket")).expect("the server takes no connection")
    }

    /// Sends one command, `server.cmd(&["SET", "key", "value"])`.
    #[track_caller]
    pub fn cmd<A: AsRef<[u8]>>(&mut self, argv: &[A]) -> Reply {
        self.client.cmd(argv)
    }

    /// Sends one command and panics if the server answers with an error.
    #[track_caller]
    pub fn ok<A: AsRef<[u8]>>(&mut self, argv: &[A]) -> Reply {
        self.client.cmd(argv).ok()
    }

    /// Sends many commands at once.
    #[track_caller]
    pub fn pipeline<A: AsRef<[u8]>>(&mut self, commands: &[Vec<A>]) -> Vec<Reply> {
        self.client.pipeline(commands)
    }

    /// Saves and returns the path of the RDB file, which lives as long as the server.
    #[track_caller]
    pub fn save(&mut self) -> PathBuf {
        self.ok(&["SAVE"]);
        self.dir.path().join("dump.rdb")
    }

    /// Has the append-only file rewritten, and waits for the end.
    #[track_caller]
    pub fn rewrite_aof(&mut self) {
        self.ok(&["BGREWRITEAOF"]);
        let start = Instant::now();
        loop {
            let info = self.ok(&["INFO", "persistence"]).text();
            if info.contains("aof_rewrite_in_progress:0")
                && info.contains("aof_rewrite_scheduled:0")
            {
                return;
            }
            assert!(start.elapsed() < REWRITE_TIMEOUT, "{info}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Returns the digest of the whole data set, which is independent of order and encoding.
    #[track_caller]
    pub fn debug_digest(&mut self) -> String {
        self.ok(&["DEBUG", "DIGEST"]).text()
    }

    /// Returns every key of every database with its payload and expiry.
    #[track_caller]
    pub fn dump_all(&mut self) -> BTreeMap<(u32, Vec<u8>), Dumped> {
        let mut all = BTreeMap::new();
        for db in self.databases() {
            self.ok(&["SELECT".to_owned(), db.to_string()]);
            for keys in self.keys().chunks(1000) {
                let asked = keys
                    .iter()
                    .flat_map(|key| [vec![&b"DUMP"[..], key], vec![&b"PEXPIRETIME"[..], key]]);
                let replies = self.client.pipeline(&asked.collect::<Vec<_>>());
                for (key, pair) in keys.iter().zip(replies.chunks_exact(2)) {
                    let Reply::Bulk(payload) = &pair[0] else {
                        continue;
                    }; // it expired in between
                    let expire_at_ms = Some(pair[1].clone().int()).filter(|&time| time >= 0);
                    all.insert(
                        (db, key.clone()),
                        Dumped { payload: payload.clone(), expire_at_ms },
                    );
                }
            }
        }
        self.ok(&["SELECT", "0"]);
        all
    }

    /// Returns the numbers of the databases that hold keys.
    #[track_caller]
    pub fn databases(&mut self) -> Vec<u32> {
        let info = self.ok(&["INFO", "keyspace"]).text();
        info.lines()
            .filter_map(|line| line.strip_prefix("db")?.split(':').next()?.parse().ok())
            .collect()
    }

    /// Returns all keys of the database that is selected.
    #[track_caller]
    pub fn keys(&mut self) -> Vec<Vec<u8>> {
        self.ok(&["KEYS", "*"]).array().into_iter().map(Reply::bytes).collect()
    }
}

impl Server {
    /// Ends the server as a loss of power to its process does, and gives its folder.
    pub fn kill(mut self) -> TempDir {
        let _ = self.child.kill();
        let _ = self.child.wait();
        std::mem::replace(&mut self.dir, new_dir())
    }

    /// Ends the server as people do, and gives its folder.
    pub fn end(mut self) -> TempDir {
        stop(&mut self.child);
        std::mem::replace(&mut self.dir, new_dir())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        stop(&mut self.child);
    }
}

/// Returns the digest of a server that has loaded an RDB file.
#[track_caller]
pub fn digest_of_rdb(peer: Peer, file: &Path) -> String {
    match Server::load(peer, file) {
        Ok(mut server) => server.debug_digest(),
        Err(log) => panic!("{peer:?} refuses {}: {log}", file.display()),
    }
}

fn new_dir() -> TempDir {
    tempfile::Builder::new().prefix("rkv-server-").tempdir().expect("no temporary folder")
}

/// What every server is told.
fn settings(port: &str) -> [&str; 14] {
    [
        "--bind",
        "127.0.0.1",
        "--port",
        port,
        "--unixsocket",
        "socket",
        "--save",
        "",
        "--dbfilename",
        "dump.rdb",
        "--enable-debug-command",
        "yes",
        "--daemonize",
        "no",
    ]
}

fn spawn(program: &Path, dir: &TempDir, args: &[&str]) -> Child {
    let log = fs::File::create(dir.path().join("log")).expect("no log file");
    Command::new(program)
        .args(args)
        .current_dir(dir.path())
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("no log file"))
        .stderr(log)
        .spawn()
        .unwrap_or_else(|error| panic!("{}: {error}", program.display()))
}

/// Waits until the server answers, or returns its log when it ends or takes too long.
fn wait_until_ready(mut child: Child, dir: &TempDir) -> Result<(Child, Client), String> {
    let start = Instant::now();
    let socket = dir.path().join("socket");
    while start.elapsed() < START_TIMEOUT {
        if child.try_wait().expect("the server cannot be waited for").is_some() {
            return Err(read_log(dir));
        }
        if let Ok(mut client) = Client::unix(&socket) {
            match client.try_cmd(&["PING"]) {
                Ok(Reply::Simple(pong)) if pong == "PONG" => return Ok((child, client)),
                // It wants a password first.
                Ok(Reply::Error(text)) if text.starts_with("NOAUTH") => return Ok((child, client)),
                Ok(_) => {} // still loading
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(_) => {} // it is ending
            }
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    stop(&mut child);
    Err(format!("no answer after {START_TIMEOUT:?}\n{}", read_log(dir)))
}

fn read_log(dir: &TempDir) -> String {
    String::from_utf8_lossy(&fs::read(dir.path().join("log")).unwrap_or_default()).into_owned()
}

/// Asks the process to end, and ends it when it does not.
fn stop(child: &mut Child) {
    // Once it has ended, its number may be that of another process.
    if !matches!(child.try_wait(), Ok(None)) {
        return;
    }
    let _ = Command::new("sh").arg("-c").arg(format!("kill -TERM {}", child.id())).status();
    let start = Instant::now();
    while start.elapsed() < STOP_TIMEOUT {
        if !matches!(child.try_wait(), Ok(None)) {
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let _ = child.kill();
    let _ = child.wait();
}

/// Returns a port that nobody listens on now. It is below the ephemeral range, and so is its cluster bus port + 10000.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = (std::process::id() % 10_000) as u16;
    for _ in 0..10_000 {
        let port = 12_000
            + start.wrapping_mul(7).wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % 10_000;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
    panic!("no free port on the loopback interface");
}
