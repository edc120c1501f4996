//! `rkv replicate` and `rkv restore`: captures of real servers, kills and cuts, and primaries that misbehave.

mod common;

use common::client::{Client, Reply};
use common::program::{self, Run, rkv};
use common::servers::{Peer, Server, digest_of_rdb};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What makes a primary quick to begin, and slow to forget.
const PRIMARY: &[&str] = &[
    "--repl-diskless-sync-delay",
    "0",
    "--repl-backlog-size",
    "512mb",
    "--repl-ping-replica-period",
    "1",
];

fn primary(peer: Peer) -> Server {
    Server::start_with(peer, PRIMARY)
}

fn from(server: &Server) -> String {
    server.address().to_string()
}

/// Runs `rkv replicate` into a folder with more arguments.
fn capture(server: &Server, dir: &Path, more: &[&str]) -> Run {
    let (address, dir) = (from(server), dir.to_str().unwrap());
    rkv(&[&["replicate", "--from", &address, "-o", dir], more].concat())
}

/// Fills a server with values of every kind in two databases.
fn fill(server: &mut Server) {
    for i in 0..200 {
        let i = i.to_string();
        server.ok(&["SET", &format!("string:{i}"), &i.repeat(20)]);
        server.ok(&["RPUSH", "list", &i]);
        server.ok(&["ZADD", "zset", &format!("{i}.5"), &format!("member {i}")]);
        server.ok(&["HSET", "hash", &format!("field {i}"), &i]);
        server.ok(&["XADD", "stream", "*", "field", &i]);
    }
    server.ok(&["SELECT", "3"]);
    server.ok(&["SADD", "set", "a", "b", "c"]);
    server.ok(&["SELECT", "0"]);
}

/// Starts a server on a copy of a capture, as the capture stands.
fn load(peer: Peer, capture: &Path) -> Server {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("appendonlydir");
    std::fs::create_dir(&folder).unwrap();
    for entry in std::fs::read_dir(capture).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), folder.join(entry.file_name())).unwrap();
    }
    Server::start_in(peer, dir, &["--appendonly", "yes"]).unwrap_or_else(|log| panic!("{log}"))
}

/// The offset of a server's stream and the digest of its data there; nobody else may write.
fn state(client: &mut Client) -> (u64, String) {
    let info = client.cmd(&["INFO", "replication"]).ok().text();
    let offset = field(&info, "master_repl_offset").parse().unwrap();
    (offset, client.cmd(&["DEBUG", "DIGEST"]).ok().text())
}

fn field<'i>(info: &'i str, name: &str) -> &'i str {
    let line = info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.unwrap_or_else(|| panic!("no {name} in {info}")).trim()
}

/// Writes to a server from a thread of its own, and notes what the data are now and then.
struct Load {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Vec<(u64, String)>>,
}

impl Load {
    fn start(server: &Server, seed: u64) -> Load {
        let mut client = server.connect();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let thread = std::thread::spawn(move || {
            let mut rng = rkv::base::rng::Rng::new(seed);
            let mut states = Vec::new();
            while !stopped.load(Ordering::Relaxed) {
                for _ in 0..40 {
                    write_something(&mut client, &mut rng);
                }
                if rng.below(4) == 0 {
                    states.push(state(&mut client));
                }
                std::thread::sleep(Duration::from_millis(5 + rng.below(20)));
            }
            states
        });
        Load { stop, thread }
    }

    fn end(self) -> Vec<(u64, String)> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

/// Commands of which one more or one less shows in the data.
fn write_something(client: &mut Client, rng: &mut rkv::base::rng::Rng) {
    let n = rng.below(100).to_string();
    let key = format!("key:{n}");
    let mut ok = |words: &[&str]| {
        client.cmd(words).ok();
    };
    match rng.below(8) {
        0 => ok(&["SELECT", &rng.below(4).to_string()]),
        1 => {
            ok(&["MULTI"]);
            for _ in 0..rng.below(20) {
                ok(&["INCR", "in transactions"]);
                ok(&["RPUSH", "log", &n]);
            }
            ok(&["EXEC"]);
        }
        2 => ok(&["APPEND", &key, "x"]),
        3 => {
            ok(&["SET", &format!("big:{}", rng.below(5)), &"v".repeat(rng.below(30_000) as usize)])
        }
        4 => ok(&["INCRBYFLOAT", "float", "0.1"]),
        5 => ok(&["LTRIM", "log", "-100", "-1"]),
        6 => ok(&["ZINCRBY", "scores", "1.5", &n]),
        _ => ok(&["INCR", "counter"]),
    }
}

/// A run of `rkv replicate` that goes on.
struct Running(Child);

impl Running {
    fn start(server: &Server, dir: &Path, more: &[&str]) -> Running {
        let mut command = program::command();
        command.args(["replicate", "--from", &from(server), "-o"]).arg(dir).args(more);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        Running(child.spawn().unwrap())
    }

    fn kill(mut self) -> String {
        self.0.kill().unwrap();
        self.stderr()
    }

    fn stderr(&mut self) -> String {
        let mut text = String::new();
        self.0.stderr.take().unwrap().read_to_string(&mut text).unwrap();
        self.0.wait().unwrap();
        text
    }
}

#[track_caller]
fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn stat(server: &mut Server, name: &str) -> u64 {
    let info = server.ok(&["INFO", "stats"]).text();
    field(&info, name).parse().unwrap()
}

#[test]
fn a_capture_is_loaded_by_servers_as_it_stands() {
    for peer in [Peer::Redis70, Peer::Valkey91] {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("capture");
        let mut server = primary(peer);
        fill(&mut server);
        let load = Load::start(&server, 1);
        let running = Running::start(&server, &folder, &["--segment-size", "100KB"]);
        wait_for("no segments", || folder.join("appendonly.aof.3.incr.aof").exists());
        load.end();
        drop(running.kill());
        capture(&server, &folder, &["--until", "idle:1500ms"]).expect(0);
        let digest = server.debug_digest();
        assert_eq!(load_digest(peer, &folder), digest, "{peer:?}");
        assert_eq!(load_digest(Peer::Rkv, &folder), digest, "{peer:?}");
        rkv(&["aof", "verify", folder.to_str().unwrap()]).expect(0);
        assert_eq!(stat(&mut server, "sync_full"), 1);
        let manifest = std::fs::read_to_string(folder.join("appendonly.aof.manifest")).unwrap();
        assert!(
            manifest.contains(" startoffset ") && manifest.contains(" endoffset "),
            "{manifest}"
        );
    }
}

fn load_digest(peer: Peer, folder: &Path) -> String {
    load(peer, folder).debug_digest()
}

/// Kills at random moments and cut links, and then every state that was noted is restored from the capture.
#[test]
fn nothing_is_lost_or_repeated_by_kills_and_cuts() {
    let seed = std::env::var("RKV_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| u64::from(std::process::id()));
    let kills = std::env::var("RKV_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(12);
    println!("seed {seed}, {kills} kills");
    let mut rng = rkv::base::rng::Rng::new(seed);
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("capture");
    let mut server = primary(Peer::Redis70);
    fill(&mut server);
    capture(&server, &folder, &["--until", "idle:100ms"]).expect(0);
    let load = Load::start(&server, seed);
    for _ in 0..kills {
        let running = Running::start(&server, &folder, &["--segment-size", "1MB"]);
        std::thread::sleep(Duration::from_millis(rng.below(2500)));
        if rng.below(3) == 0 {
            server.cmd(&["CLIENT", "KILL", "TYPE", "replica"]);
            std::thread::sleep(Duration::from_millis(rng.below(1500)));
        }
        let said = running.kill();
        assert!(!said.contains("generation 2"), "seed {seed}: {said}\n{}", server.log());
    }
    let states = load.end();
    capture(&server, &folder, &["--until", "idle:1500ms"]).expect(0);
    assert_eq!(stat(&mut server, "sync_full"), 1, "seed {seed}");
    assert_eq!(load_digest(Peer::Redis70, &folder), server.debug_digest(), "seed {seed}");
    assert!(!states.is_empty());
    let checks = 10.max(kills / 4).min(states.len() as u64);
    for _ in 0..checks {
        let (offset, digest) = &states[rng.below(states.len() as u64) as usize];
        let file = dir.path().join(format!("at-{offset}.rdb"));
        let args =
            ["restore", folder.to_str().unwrap(), "--to-offset", &offset.to_string(), "--force"];
        rkv(&[&args[..], &["-o", file.to_str().unwrap()]].concat()).expect(0);
        assert_eq!(&digest_of_rdb(Peer::Redis70, &file), digest, "seed {seed}, offset {offset}");
    }
}

#[test]
fn a_primary_that_cannot_continue_begins_a_generation_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("capture");
    let mut server = primary(Peer::Redis70);
    fill(&mut server);
    capture(&server, &folder, &["--until", "idle:100ms"]).expect(0);
    let first = server.debug_digest();
    server.ok(&["DEBUG", "CHANGE-REPL-ID"]);
    server.ok(&["SET", "later", "x"]);
    let before = listing(&folder);
    let run = capture(&server, &folder, &["--until", "idle:100ms", "--no-full-resync"]).expect(1);
    assert!(run.err().contains("the primary cannot continue from offset"), "{}", run.err());
    assert_eq!(listing(&folder), before);
    let run = capture(&server, &folder, &["--until", "idle:100ms"]).expect(0);
    assert!(run.err().contains("generation 2"), "{}", run.err());
    let digest = server.debug_digest();
    assert_eq!(load_digest(Peer::Redis70, &folder), digest);
    for (capture, digest) in [(folder.clone(), digest), (folder.join("generation-1.list"), first)] {
        let file = dir.path().join("out.rdb");
        let args = ["restore", capture.to_str().unwrap(), "--force", "-o", file.to_str().unwrap()];
        rkv(&args).expect(0);
        assert_eq!(digest_of_rdb(Peer::Redis70, &file), digest);
    }
}

/// Names, sizes and contents of the files that are kept.
fn listing(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = paths
        .filter(|path| !path.ends_with("capture.checkpoint"))
        .map(|path| (path.clone(), std::fs::read(path).unwrap()))
        .collect();
    files.sort();
    files
}

#[test]
fn moments_are_restored_in_each_form() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("capture");
    let mut server = primary(Peer::Redis70);
    // The stream begins with the first replica, and so in front of the capture.
    capture(&server, &dir.path().join("other"), &["--until", "idle:100ms"]).expect(0);
    fill(&mut server);
    let running = Running::start(&server, &folder, &[]);
    wait_for("no capture", || folder.join("capture.checkpoint").exists());
    server.ok(&["SET", "good", "1"]);
    let wanted = server.debug_digest();
    std::thread::sleep(Duration::from_millis(1500));
    let time = server.ok(&["TIME"]).array().remove(0).text();
    std::thread::sleep(Duration::from_millis(1500));
    server.pipeline(&[vec!["MULTI"], vec!["SET", "bad", "1"], vec!["DEL", "list"], vec!["EXEC"]]);
    server.ok(&["FLUSHALL"]);
    wait_for("the stream stays away", || {
        let info = server.ok(&["INFO", "replication"]).text();
        let end: u64 = field(&info, "master_repl_offset").parse().unwrap();
        let checkpoint = std::fs::read_to_string(folder.join("capture.checkpoint")).unwrap();
        let checkpoint: serde_json::Value = serde_json::from_str(&checkpoint).unwrap();
        checkpoint["offset"].as_u64().unwrap() + 100 > end
            && checkpoint["offset"].as_u64().unwrap() + 100 > end
            && std::fs::read(folder.join("appendonly.aof.1.incr.aof"))
                .unwrap()
                .windows(8)
                .any(|word| word == b"FLUSHALL")
    });
    drop(running.kill());
    let folder = folder.to_str().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    rkv(&["restore", folder, "--to-time", &time, "-o", &path("time.rdb")]).expect(0);
    assert_eq!(digest_of_rdb(Peer::Redis70, Path::new(&path("time.rdb"))), wanted);
    rkv(&["restore", folder, "--before-command", "DEL list", "-o", &path("command.rdb")]).expect(0);
    assert_eq!(digest_of_rdb(Peer::Redis70, Path::new(&path("command.rdb"))), wanted);
    let args = ["restore", folder, "--to-time", &time, "--format", "aof", "-o", &path("aof")];
    rkv(&args).expect(0);
    assert_eq!(load_digest(Peer::Redis70, Path::new(&path("aof"))), wanted);
    rkv(&["restore", folder, "--to-offset", "1", "-o", &path("no")]).expect(2);
    rkv(&["restore", folder, "--to-offset", "99999999", "-o", &path("no")]).expect(2);
    assert!(!Path::new(&path("no")).exists());
}

#[test]
fn damage_and_other_writers_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("capture");
    let mut server = primary(Peer::Redis70);
    fill(&mut server);
    capture(&server, &folder, &["--until", "idle:100ms"]).expect(0);
    let running = Running::start(&server, &folder, &[]);
    wait_for("it does not attach", || {
        server.ok(&["INFO", "replication"]).text().contains("connected_slaves:1")
    });
    let run = capture(&server, &folder, &["--until", "idle:100ms"]).expect(3);
    assert!(run.err().contains("another process writes to this capture"), "{}", run.err());
    server.pipeline(
        &(0..500)
            .map(|i| vec!["SET".to_owned(), format!("k{i}"), "x".repeat(100)])
            .collect::<Vec<_>>(),
    );
    let segment = folder.join("appendonly.aof.1.incr.aof");
    wait_for("it does not come", || {
        let checkpoint = std::fs::read_to_string(folder.join("capture.checkpoint")).unwrap();
        let checkpoint: serde_json::Value = serde_json::from_str(&checkpoint).unwrap();
        checkpoint["segment_bytes"].as_u64().unwrap() > 50_000
    });
    drop(running.kill());
    // The data are older than the checkpoint.
    let whole = std::fs::read(&segment).unwrap();
    std::fs::write(&segment, &whole[..whole.len() / 2]).unwrap();
    capture(&server, &folder, &["--until", "idle:1500ms"]).expect(0);
    assert_eq!(load_digest(Peer::Redis70, &folder), server.debug_digest());
    assert_eq!(stat(&mut server, "sync_full"), 1);
    // The data are other data.
    let mut other = std::fs::read(&segment).unwrap();
    let middle = other.len() / 2;
    other[middle] ^= 1;
    std::fs::write(&segment, &other).unwrap();
    let run = capture(&server, &folder, &["--until", "idle:100ms"]).expect(5);
    assert!(run.err().contains("not those that were written"), "{}", run.err());
    // A folder of a server is none of ours.
    let foreign = dir.path().join("appendonlydir");
    std::fs::create_dir(&foreign).unwrap();
    let manifest = "file appendonly.aof.1.base.rdb seq 1 type b\n";
    std::fs::write(foreign.join("appendonly.aof.manifest"), manifest).unwrap();
    capture(&server, &foreign, &["--until", "idle:100ms"]).expect(4);
}

#[test]
fn a_changed_file_is_not_restored_from() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("capture");
    let mut server = primary(Peer::Redis70);
    fill(&mut server);
    capture(&server, &folder, &["--until", "idle:100ms"]).expect(0);
    let base = folder.join("appendonly.aof.1.base.rdb");
    let mut bytes = std::fs::read(&base).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&base, bytes).unwrap();
    let out = dir.path().join("out.rdb");
    let run = rkv(&["restore", folder.to_str().unwrap(), "-o", out.to_str().unwrap()]).expect(5);
    assert!(run.err().contains("its checksum is"), "{}", run.err());
}

#[test]
fn passwords_come_from_the_environment() {
    let dir = tempfile::tempdir().unwrap();
    let mut server = primary(Peer::Redis70);
    fill(&mut server);
    server.ok(&["CONFIG", "SET", "requirepass", "secret"]);
    let run = |auth: Option<&str>, name: &str| {
        let mut command = program::command();
        command.args(["replicate", "--from", &from(&server), "--until", "idle:100ms", "-o"]);
        command.arg(dir.path().join(name));
        if let Some(auth) = auth {
            command.env("RKV_AUTH", auth);
        }
        let output = command.output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, said) = run(Some("wrong"), "a");
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("WRONGPASS") && !said.contains("wrong\n"), "{said}");
    let (code, said) = run(None, "b");
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("NOAUTH"), "{said}");
    assert_eq!(run(Some("secret"), "c").0, Some(0));
}

/// Kills at random moments repeat nothing in the other server, though the stream holds INCR and APPEND.
#[test]
fn another_server_gets_everything_once() {
    let mut server = primary(Peer::Redis70);
    let mut other = Server::start(Peer::Redis70);
    fill(&mut server);
    let (source, target) = (from(&server), from(&other));
    let args = ["replicate", "--from", &source, "--to", &target];
    rkv(&[&args[..], &["--until", "idle:100ms"]].concat()).expect(0);
    let load = Load::start(&server, 3);
    for round in 0..8 {
        let child = program::command().args(args).stderr(Stdio::null()).spawn();
        std::thread::sleep(Duration::from_millis(300 + 150 * round));
        Running(child.unwrap()).0.kill().unwrap();
    }
    load.end();
    rkv(&[&args[..], &["--until", "idle:1500ms"]].concat()).expect(0);
    assert_eq!(stat(&mut server, "sync_full"), 1);
    other.ok(&["DEL", &format!("rkv:replicate:{source}")]);
    assert_eq!(other.debug_digest(), server.debug_digest());
}

#[test]
fn another_server_gets_what_is_asked_for_and_keeps_what_it_has() {
    let mut server = primary(Peer::Redis70);
    let mut other = Server::start(Peer::Valkey91);
    fill(&mut server);
    server.ok(&["SET", "user:1", "x"]);
    other.ok(&["SET", "mine", "x"]);
    let (source, target) = (from(&server), from(&other));
    let args =
        ["replicate", "--from", &source, "--to", &target, "--key", "user:*", "--db-map", "0:5"];
    let run = |more: &[&str]| rkv(&[&args[..], more].concat());
    let said = run(&["--until", "idle:100ms"]).expect(2);
    assert!(said.err().contains("holds data"), "{}", said.err());
    assert_eq!(other.ok(&["GET", "mine"]).text(), "x");
    let more = ["--flush", "--until", "idle:2s"];
    let mut child = program::command().args(args).args(more).spawn().unwrap();
    wait_for("it does not attach", || {
        server.ok(&["INFO", "replication"]).text().contains("state=online")
    });
    server.ok(&["APPEND", "user:1", "y"]);
    server.ok(&["SET", "string:1", "changed"]);
    server.ok(&["SET", "user:2", "z"]);
    assert!(child.wait().unwrap().success());
    other.ok(&["SELECT", "5"]);
    let mut keys = other.keys();
    keys.sort();
    assert_eq!(keys, [b"user:1".to_vec(), b"user:2".to_vec()]);
    assert_eq!(other.ok(&["GET", "user:1"]).text(), "xy");
    other.ok(&["SELECT", "0"]);
    assert_eq!(other.keys().len(), 1);
    server.ok(&["DEBUG", "CHANGE-REPL-ID"]);
    run(&["--until", "idle:100ms"]).expect(1);
    run(&["--flush", "--until", "idle:100ms"]).expect(0);
}

#[test]
fn snapshots_and_streams_go_to_files_and_pipes() {
    let dir = tempfile::tempdir().unwrap();
    let mut server = primary(Peer::Valkey91);
    fill(&mut server);
    let (address, digest) = (from(&server), server.debug_digest());
    let file = dir.path().join("dump.rdb");
    let args = ["replicate", "--from", &address, "--rdb-only", file.to_str().unwrap()];
    rkv(&args).expect(0);
    rkv(&args).expect(3);
    assert_eq!(digest_of_rdb(Peer::Valkey91, &file), digest);
    let load = Load::start(&server, 7);
    let run =
        rkv(&["replicate", "--from", &address, "--stdout", "resp", "--duration", "2s"]).expect(0);
    load.end();
    let mut other = Server::start(Peer::Valkey91);
    let mut socket = TcpStream::connect(other.address()).unwrap();
    socket.write_all(&run.stdout).unwrap();
    socket.shutdown(std::net::Shutdown::Write).unwrap();
    let mut replies = Vec::new();
    socket.read_to_end(&mut replies).unwrap();
    assert!(!replies.windows(3).any(|word| word == b"-ER"), "a command was refused");
    assert!(other.ok(&["DBSIZE"]).int() > 200);
    let run = rkv(&["replicate", "--from", &address, "--stdout", "jsonl", "--until", "idle:200ms"]);
    let run = run.expect(0);
    let lines = run.out().lines().map(|line| serde_json::from_str(line).unwrap());
    let keys = lines.filter(|line: &serde_json::Value| line.get("key").is_some()).count();
    let size: i64 = server
        .databases()
        .iter()
        .map(|db| {
            server.ok(&["SELECT".to_owned(), db.to_string()]);
            server.ok(&["DBSIZE"]).int()
        })
        .sum();
    assert_eq!(keys as i64, size);
}

/// A server that answers each connection with the next of its scripts, and then is silent or closes.
fn fake(scripts: Vec<(Vec<u8>, bool)>) -> (String, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let thread = std::thread::spawn(move || {
        let mut kept = Vec::new();
        for (script, closes) in scripts {
            let (mut socket, _) = listener.accept().unwrap();
            socket.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
            let mut asked = [0; 4096];
            // Some lines of the script per question, so that answers come when they are waited for.
            let mut rest = script.as_slice();
            for lines in [1, 2, 1, usize::MAX] {
                let end = rest
                    .iter()
                    .enumerate()
                    .filter(|(_, byte)| **byte == b'\n')
                    .nth(lines.saturating_sub(1));
                let (line, behind) = rest.split_at(end.map_or(rest.len(), |(at, _)| at + 1));
                rest = behind;
                let _ = socket.read(&mut asked);
                if socket.write_all(line).is_err() {
                    break;
                }
            }
            if closes {
                drop(socket);
            } else {
                kept.push(socket);
            }
        }
        std::thread::sleep(Duration::from_secs(2));
    });
    (address, thread)
}

/// What a primary says up to the head of a snapshot.
fn greeting(head: &str) -> Vec<u8> {
    let id = "a".repeat(40);
    format!("+PONG\r\n+OK\r\n+OK\r\n+FULLRESYNC {id} 100\r\n{head}\r\n").into_bytes()
}

fn rdb() -> Vec<u8> {
    std::fs::read(program::testdata("redis-7.0.15.rdb")).unwrap()
}

#[test]
fn primaries_that_misbehave_leave_no_capture_and_a_reason() {
    let rdb = rdb();
    let with = |head: String, body: &[u8]| [greeting(&head), body.to_vec()].concat();
    let short = with(format!("${}", rdb.len() - 20), &rdb);
    let long = with(format!("${}", rdb.len() + 4), &[&rdb[..], b"\n\n\n\n"].concat());
    let garbage = with("$1000".to_owned(), &[b'x'; 1000]);
    let mut damaged = rdb.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 0x55;
    let damaged = with(format!("${}", rdb.len()), &damaged);
    let stream = with(format!("${}", rdb.len()), &[&rdb[..], b"hello\r\n"].concat());
    let cases: [(&str, Vec<u8>, bool, i32); 9] = [
        ("lies: too short", short, false, 5),
        ("lies: too long", long, false, 5),
        ("garbage for a snapshot", garbage, false, 5),
        ("a flipped bit", damaged, false, 5),
        ("garbage for a stream", stream, false, 5),
        ("stalls in the snapshot", with("$100000".to_owned(), &rdb[..50]), false, 3),
        ("closes in the snapshot", with("$100000".to_owned(), &rdb[..50]), true, 3),
        ("a web server", b"HTTP/1.1 400 Bad Request\r\n".to_vec(), true, 4),
        ("negative length", greeting("$-7"), false, 4),
    ];
    for (what, script, closes, code) in cases {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("capture");
        let (address, thread) = fake(vec![(script, closes); 3]);
        let args =
            ["replicate", "--from", &address, "--timeout", "400ms", "--duration", "20s", "-o"];
        let run = rkv(&[&args[..], &[folder.to_str().unwrap()]].concat());
        assert_eq!(run.code, code, "{what}: {}", run.err());
        assert!(run.err().lines().count() < 40, "{what}: {}", run.err());
        if what != "garbage for a stream" {
            assert!(!folder.join("appendonly.aof.manifest").exists(), "{what}");
        }
        thread.join().unwrap();
    }
}

#[test]
fn connections_that_close_at_any_byte_of_the_handshake_are_tried_again() {
    let rdb = rdb();
    let whole = [greeting(&format!("${}", rdb.len())), rdb.clone()].concat();
    let last = whole.len() - rdb.len() + 9;
    let check = |cut: usize| {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("capture");
        let (address, thread) = fake(vec![(whole[..cut].to_vec(), true), (whole.clone(), false)]);
        let args = ["replicate", "--from", &address, "--until", "idle:100ms", "-o"];
        let run = rkv(&[&args[..], &[folder.to_str().unwrap()]].concat());
        assert_eq!(run.code, 0, "cut at {cut}: {}", run.err());
        let base = std::fs::read(folder.join("appendonly.aof.1.base.rdb")).unwrap();
        assert!(base == rdb, "cut at {cut}");
        thread.join().unwrap();
    };
    // Nearly all of the time is spent on waiting before the second attempt.
    let threads = 24;
    std::thread::scope(|scope| {
        for first in 0..threads {
            scope.spawn(move || (first..=last).step_by(threads).for_each(check));
        }
    });
}

#[test]
fn a_full_disk_ends_it_clearly_and_it_goes_on_later() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("capture");
    let mut server = primary(Peer::Redis70);
    server.ok(&["SET", "a", "b"]);
    capture(&server, &folder, &["--until", "idle:100ms"]).expect(0);
    // Files of half a megabyte are all that this process may write.
    let script = "trap '' XFSZ; ulimit -f 512; exec \"$@\"";
    let mut command = std::process::Command::new("sh");
    command.args(["-c", script, "sh", env!("CARGO_BIN_EXE_rkv"), "replicate", "--from"]);
    command.args([&from(&server), "-o", folder.to_str().unwrap()]);
    let child = command.stderr(Stdio::piped()).spawn().unwrap();
    for _ in 0..300 {
        server.ok(&["RPUSH", "list", &"v".repeat(5000)]);
    }
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("appendonly.aof.1.incr.aof: file too large"), "{said}");
    capture(&server, &folder, &["--until", "idle:1500ms"]).expect(0);
    assert_eq!(load_digest(Peer::Redis70, &folder), server.debug_digest());
    assert_eq!(stat(&mut server, "sync_full"), 1);
}

#[test]
fn it_is_never_taken_for_one_that_has_everything() {
    let dir = tempfile::tempdir().unwrap();
    let mut server = primary(Peer::Redis70);
    for (counts, wanted) in [(false, 0), (true, 1)] {
        let more: &[&str] = if counts { &["--count"] } else { &[] };
        let running = Running::start(&server, &dir.path().join(counts.to_string()), more);
        wait_for("it does not attach", || {
            server.ok(&["INFO", "replication"]).text().contains("state=online")
        });
        server.ok(&["SET", "a", "b"]);
        assert_eq!(server.ok(&["WAIT", "1", "4000"]), Reply::Int(wanted));
        drop(running.kill());
        wait_for("it stays", || {
            server.ok(&["INFO", "replication"]).text().contains("connected_slaves:0")
        });
    }
}

#[test]
fn a_sentinel_tells_where_the_primary_is() {
    let dir = tempfile::tempdir().unwrap();
    let mut server = primary(Peer::Redis70);
    fill(&mut server);
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let conf = dir.path().join("sentinel.conf");
    let monitor = format!("sentinel monitor mymaster 127.0.0.1 {} 1", server.address().port());
    std::fs::write(&conf, format!("port {port}\nbind 127.0.0.1\n{monitor}\n")).unwrap();
    let mut command = std::process::Command::new(Peer::Redis70.server());
    command.arg(&conf).arg("--sentinel").stdout(Stdio::null());
    let _sentinel = Ended(command.spawn().unwrap());
    wait_for("no Sentinel", || TcpStream::connect(("127.0.0.1", port)).is_ok());
    let folder = dir.path().join("capture");
    let run = |name: &str| {
        let sentinel = format!("{name}@127.0.0.1:{port}");
        let out = folder.to_str().unwrap();
        rkv(&["replicate", "--sentinel", &sentinel, "-o", out, "--until", "idle:100ms"])
    };
    run("mymaster").expect(0);
    assert_eq!(load_digest(Peer::Redis70, &folder), server.debug_digest());
    let said = run("other").expect(3);
    assert!(said.err().contains("knows no primary of that name"), "{}", said.err());
}

/// A process that ends with the test.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn progress_is_told_in_json() {
    let dir = tempfile::tempdir().unwrap();
    let mut server = primary(Peer::Redis70);
    fill(&mut server);
    let folder = dir.path().join("capture");
    let run = capture(&server, &folder, &["--duration", "2s", "--progress", "json"]).expect(0);
    let lines: Vec<serde_json::Value> =
        run.err().lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let last = &lines.last().unwrap()["progress"];
    assert_eq!(last["phase"], "online");
    assert!(last["received_offset"].as_u64() >= last["synced_offset"].as_u64());
}
