//! Servers that replicate among each other without sockets: seeds decide commands, partitions, crashes and promotions.
//!
//! Two servers at the same place of the same stream have the same data, at any moment; when all links are whole again, all
//! servers come to the same place; and what WAIT has confirmed outlives the primary.

#[path = "simulation/log.rs"]
mod log;

use log::Log;
use rkv::base::rng::Rng;
use rkv::engine::config::Config;
use rkv::engine::config::kinds::Primary;
use rkv::engine::config::words::ProtectedAction;
use rkv::engine::{
    Action, ClientId, Engine, Identity, LastLoad, Now, Peer, PrimaryId, Saved, SnapshotFor,
    SnapshotPart, StreamLog, StreamRead, Transferred, Why,
};
use rkv::feed::{Control, Input};
use rkv::keyspace::{Keyspace, load_rdb};
use rkv::repl::offset::Offset;
use rkv::resp::request::{Bounds, RequestReader, Step};
use std::collections::VecDeque;
use std::io::Cursor;
use std::sync::Arc;

/// Milliseconds of a step.
const STEP_MS: u64 = 100;
/// Runs, each with another seed.
const SEEDS: u64 = 240;
/// Steps with faults.
const STEPS: u64 = 100;
/// Steps in which all must have come together again.
const HEAL_STEPS: u64 = 900;
/// The port of the first server.
const PORT: u16 = 7000;

fn now(ms: u64) -> Now {
    Now { unix_ms: 1_700_000_000_000 + ms as i64, mono_us: ms * 1000 }
}

/// A server, and what its driver keeps for it.
struct Server {
    engine: Engine,
    admin: ClientId,
    /// The snapshot that comes from its primary, so far.
    snapshot: Vec<u8>,
    /// Its RDB file as it is sent to replicas.
    file: Vec<u8>,
    /// The one that it saved last.
    saved: Vec<u8>,
    /// Its append-only file, if it has one.
    aof: Option<Log>,
    /// Its replication log: the number, where it begins, the bytes.
    log: (u64, Offset, Vec<u8>),
    /// What its disk is still to do for the log.
    orders: VecDeque<StreamLog>,
}

/// Bytes under way, with the times at which they arrive.
type Line = VecDeque<(u64, Vec<u8>)>;

/// A connection of a replica to its primary.
struct Connection {
    replica: usize,
    primary: usize,
    id: PrimaryId,
    client: ClientId,
    down: Line,
    up: Line,
    /// What is still to be sent of a snapshot.
    snapshot: Option<VecDeque<u8>>,
    reader: RequestReader,
    input: Vec<u8>,
}

/// What happened in all runs.
#[derive(Debug, Default)]
struct Seen {
    cuts: u64,
    silences: u64,
    crashes: u64,
    promotions: u64,
    moves: u64,
    comparisons: u64,
    full: u64,
    partial: u64,
    log_reads: u64,
    /// Snapshots that nobody wanted any more.
    stopped_snapshots: u64,
    log_failures: u64,
    restarts: u64,
    /// Servers that came back with their append-only files, and those that these told a place and a tail of the stream.
    kills: u64,
    found_places: u64,
    losses: u64,
    confirmed: u64,
    channels: u64,
    held: u64,
}

impl Seen {
    fn add(&mut self, other: &Seen) {
        self.cuts += other.cuts;
        self.silences += other.silences;
        self.crashes += other.crashes;
        self.promotions += other.promotions;
        self.moves += other.moves;
        self.comparisons += other.comparisons;
        self.full += other.full;
        self.partial += other.partial;
        self.log_reads += other.log_reads;
        self.log_failures += other.log_failures;
        self.stopped_snapshots += other.stopped_snapshots;
        self.restarts += other.restarts;
        self.kills += other.kills;
        self.found_places += other.found_places;
        self.losses += other.losses;
        self.confirmed += other.confirmed;
        self.channels += other.channels;
        self.held += other.held;
    }
}

/// A client that waits until replicas have what it wrote.
struct Waiter {
    client: ClientId,
    key: Vec<u8>,
    out: Vec<u8>,
}

struct World {
    rng: Rng,
    ms: u64,
    servers: Vec<Server>,
    primary: usize,
    connections: Vec<Connection>,
    /// Connections that are to be opened: who, which link, to whom.
    calls: Vec<(usize, PrimaryId, usize)>,
    /// Until when nothing passes between two servers, and whether they are told.
    partitions: Vec<(usize, usize, u64, bool)>,
    starts: u64,
    /// Clients of the primary that wait.
    waiters: Vec<Waiter>,
    /// Keys that replicas were said to have, and how many of these may still be trusted.
    confirmed: Vec<(Vec<u8>, usize)>,
    seen: Seen,
}

fn config(rng: &mut Rng, of: Option<usize>) -> Config {
    let port = |server: usize| PORT + u16::try_from(server).expect("few servers");
    Config {
        replicaof: of.map(|of| Primary { host: b"server".to_vec(), port: port(of) }),
        enable_debug_command: ProtectedAction::Yes,
        repl_backlog_size: [16 << 10, 16 << 10, 1 << 20][rng.below(3) as usize],
        repl_log_max_size: [0, 100_000, 1 << 20][rng.below(3) as usize],
        repl_diskless_sync: rng.below(2) == 0,
        repl_diskless_sync_delay: rng.below(2) as i64,
        repl_rdb_channel: rng.below(2) == 0,
        dual_channel_replication_enabled: rng.below(3) == 0,
        replica_full_sync_buffer_limit: [0, 1000][rng.below(2) as usize],
        repl_ping_replica_period: 1,
        repl_timeout: 4,
        save: Vec::new(),
        appendonly: rng.below(2) == 0,
        aof_timestamp_enabled: rng.below(2) == 0,
        ..Config::default()
    }
}

impl World {
    fn new(seed: u64) -> World {
        let mut world = World {
            rng: Rng::new(seed),
            ms: 0,
            servers: Vec::new(),
            primary: 0,
            connections: Vec::new(),
            calls: Vec::new(),
            partitions: Vec::new(),
            starts: seed.wrapping_mul(1_000_003),
            waiters: Vec::new(),
            confirmed: Vec::new(),
            seen: Seen::default(),
        };
        let count = 2 + world.rng.below(5) as usize;
        for i in 0..count {
            // A star, a chain, or something between.
            let of = (i > 0).then(|| world.rng.below(i as u64) as usize);
            let server = world.start(of);
            world.servers.push(server);
        }
        world
    }

    fn start(&mut self, of: Option<usize>) -> Server {
        self.starts += 1;
        let identity = Identity {
            called: String::new(),
            run_id: format!("{:040x}", self.starts),
            pid: 1,
            executable: String::new(),
            config_file: String::new(),
            os: String::new(),
        };
        let config = config(&mut self.rng, of);
        let mut engine = Engine::new(config, identity, self.starts, now(self.ms), || 0);
        let peer = Peer { address: "127.0.0.1:1".into(), is_local: true, ..Peer::default() };
        let admin = engine.accept(peer, now(self.ms)).expect("a client");
        let aof = engine.config().appendonly.then(Log::new);
        if aof.is_some() {
            engine.begin_log(0, 0);
        }
        Server {
            engine,
            admin,
            snapshot: Vec::new(),
            file: Vec::new(),
            saved: Vec::new(),
            aof,
            log: (0, Offset::ZERO, Vec::new()),
            orders: VecDeque::new(),
        }
    }

    /// Runs a command on a server.
    fn ask(&mut self, server: usize, words: &[&[u8]]) -> Vec<u8> {
        let at = now(self.ms);
        let Server { engine, admin, .. } = &mut self.servers[server];
        engine.request(*admin, words, at);
        let mut out = Vec::new();
        engine.take_output(*admin, &mut out);
        out
    }

    fn info(&mut self, server: usize, section: &[u8], field: &str) -> String {
        let text = String::from_utf8(self.ask(server, &[b"INFO", section])).expect("text");
        let line = text.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
        line.unwrap_or_else(|| panic!("no {field} in {text}")).to_owned()
    }

    /// The stream of a server and its place in it.
    fn place(&mut self, server: usize) -> (String, String) {
        let replid = self.info(server, b"replication", "master_replid");
        (replid, self.info(server, b"replication", "master_repl_offset"))
    }

    fn follow(&mut self, server: usize, of: Option<usize>) {
        let port = of.map(|of| (usize::from(PORT) + of).to_string());
        match &port {
            Some(port) => self.ask(server, &[b"REPLICAOF", b"server", port.as_bytes()]),
            None => self.ask(server, &[b"REPLICAOF", b"NO", b"ONE"]),
        };
    }

    /// A random command of a client of the primary.
    fn write(&mut self) {
        let key = format!("k{}", self.rng.below(20));
        let member = format!("m{}", self.rng.below(30));
        let number = self.rng.below(1000).to_string();
        let most = if self.rng.below(4) == 0 { 20_000 } else { 100 };
        let value = vec![b'v'; self.rng.below(most) as usize];
        let [key, member, number] = [key.as_bytes(), member.as_bytes(), number.as_bytes()];
        let kind = |prefix: &[u8]| [prefix, key].concat();
        let primary = self.primary;
        match self.rng.below(13) {
            0 | 1 => self.ask(primary, &[b"SET", &kind(b"s"), &value]),
            2 => self.ask(primary, &[b"INCRBY", &kind(b"n"), number]),
            3 => self.ask(primary, &[b"INCRBYFLOAT", &kind(b"f"), b"0.1"]),
            4 => self.ask(primary, &[b"LPUSH", &kind(b"l"), &value, number]),
            5 => self.ask(primary, &[b"LTRIM", &kind(b"l"), b"0", b"9"]),
            6 => self.ask(primary, &[b"SADD", &kind(b"e"), member, number]),
            7 => self.ask(primary, &[b"SPOP", &kind(b"e")]),
            8 => self.ask(primary, &[b"HSET", &kind(b"h"), member, &value]),
            9 => self.ask(primary, &[b"ZADD", &kind(b"z"), number, member]),
            10 => self.ask(primary, &[b"XADD", &kind(b"x"), b"MAXLEN", b"5", b"*", member, number]),
            11 => self.ask(primary, &[b"DEL", &kind(b"s"), &kind(b"h")]),
            _ => {
                let db = self.rng.below(3).to_string();
                self.ask(primary, &[b"SELECT", db.as_bytes()]);
                self.ask(primary, &[b"MULTI"]);
                self.ask(primary, &[b"SET", &kind(b"s"), number]);
                self.ask(primary, &[b"EXPIRE", &kind(b"s"), b"100000"]);
                self.ask(primary, &[b"APPEND", &kind(b"a"), member]);
                self.ask(primary, &[b"EXEC"])
            }
        };
    }

    fn is_cut(&self, a: usize, b: usize) -> bool {
        let is = |p: &&(usize, usize, u64, bool)| (p.0, p.1) == (a, b) || (p.1, p.0) == (a, b);
        self.partitions.iter().find(is).is_some()
    }

    /// Maybe something breaks.
    fn fault(&mut self) {
        let count = self.servers.len() as u64;
        let (a, b) = (self.rng.below(count) as usize, self.rng.below(count) as usize);
        match self.rng.below(90) {
            0..=2 if a != b => {
                let told = self.rng.below(2) == 0;
                let until_ms = self.ms + STEP_MS * (1 + self.rng.below(80));
                self.partitions.push((a, b, until_ms, told));
                match told {
                    true => self.seen.cuts += 1,
                    false => self.seen.silences += 1,
                }
            }
            3 if a != self.primary => {
                let primary = self.primary;
                self.crash(a, Some(primary));
                self.trust_one_less();
            }
            4 if a != self.primary => {
                let old = std::mem::replace(&mut self.primary, a);
                self.forget_waits();
                self.follow(a, None);
                for server in (0..self.servers.len()).filter(|server| *server != a) {
                    self.follow(server, Some(a));
                }
                if b == old {
                    // It was dead, and comes back without data.
                    self.crash(old, Some(a));
                }
                self.seen.promotions += 1;
            }
            // Another place in the tree; never below oneself.
            5 if a != self.primary && b < a && b != self.primary => {
                let primary = self.primary;
                // One that has to begin anew below another does not have what it has confirmed.
                self.forget_waits();
                for server in (0..self.servers.len()).filter(|server| *server != primary) {
                    let of = if server == a { b } else { primary };
                    self.follow(server, Some(of));
                }
                self.seen.moves += 1;
            }
            6 => self.lose_primary(),
            7 | 8 => {
                self.ask(a, &[b"SAVE"]);
                self.settle(a);
            }
            9 if !self.servers[a].saved.is_empty() => self.restart(a),
            10..=13 if self.servers[a].aof.is_some() => self.kill(a),
            14 => {
                self.ask(a, &[b"BGREWRITEAOF"]);
                self.settle(a);
            }
            _ => {}
        }
    }

    /// A server dies, and comes back without data.
    fn crash(&mut self, server: usize, of: Option<usize>) {
        self.lose_connections(|c| c.replica == server || c.primary == server);
        self.calls.retain(|call| call.0 != server);
        self.servers[server] = self.start(of);
        self.seen.crashes += 1;
    }

    /// A server dies, and comes back with what it once saved.
    fn restart(&mut self, server: usize) {
        let of = (server != self.primary).then_some(self.primary);
        match of {
            Some(_) => self.trust_one_less(),
            None => self.forget_waits(),
        }
        let saved = std::mem::take(&mut self.servers[server].saved);
        self.crash(server, of);
        // An append-only file would have come first.
        self.ask(server, &[b"CONFIG", b"SET", b"appendonly", b"no"]);
        self.settle(server);
        let at = now(self.ms);
        let engine = &mut self.servers[server].engine;
        engine.begin_loading(Arc::default(), false, at);
        let (keyspace, last_load, aux) = read(engine, saved.clone(), at);
        engine.end_loading(keyspace, last_load, &aux, None, at);
        self.servers[server].saved = saved;
        self.seen.restarts += 1;
    }

    /// A server is killed, and comes back with what is left of its append-only file.
    fn kill(&mut self, server: usize) {
        self.settle(server);
        let Some(mut aof) = self.servers[server].aof.take() else { return };
        // What waits behind its end is not applied by a replica that comes back, and its clients are gone.
        self.forget_waits();
        let of = self.servers[server].engine.config().replicaof.clone();
        let of = of.map(|of| usize::from(of.port - PORT));
        self.crash(server, of);
        // A kill may tear the last batch, and a lost disk takes more.
        let most = match self.rng.below(4) {
            0 | 1 => Some(0),
            2 => None,
            _ => Some(usize::MAX),
        };
        aof.cut(most, &mut self.rng);
        let at = now(self.ms);
        let Server { engine, aof: file, .. } = &mut self.servers[server];
        engine.begin_loading(Arc::default(), false, at);
        let (keyspace, report) = aof.load(engine.settings(), at.unix_ms);
        let (aux, tail) = match report.ending {
            Some(ending) => (ending.place.aux(ending.db), Some(ending.tail)),
            None => (Aux::new(), None),
        };
        self.seen.found_places +=
            u64::from(tail.as_ref().is_some_and(|tail| tail.kept_bytes() > 1000));
        engine.end_loading(keyspace, LastLoad::default(), &aux, tail, at);
        engine.begin_log(0, 0);
        *file = Some(aof);
        self.seen.kills += 1;
    }

    /// The primary dies, and the replica that has most of its stream takes over: what was confirmed is there.
    fn lose_primary(&mut self) {
        let old = self.primary;
        let (replid, _) = self.place(old);
        let mut best = None;
        for server in (0..self.servers.len()).filter(|server| *server != old) {
            let (id, offset) = self.place(server);
            let offset = offset.parse::<u64>().expect("an offset");
            if id == replid && best.is_none_or(|(most, _)| most < offset) {
                best = Some((offset, server));
            }
        }
        let Some((_, heir)) = best else { return };
        self.primary = heir;
        self.crash(old, Some(heir));
        self.follow(heir, None);
        for server in (0..self.servers.len()).filter(|server| *server != heir) {
            self.follow(server, Some(heir));
        }
        self.ask(heir, &[b"SELECT", b"0"]);
        for (key, _) in std::mem::take(&mut self.confirmed) {
            let answer = self.ask(heir, &[b"EXISTS", &key]);
            assert!(answer == b":1\r\n", "{} was confirmed and is lost", key.escape_ascii());
        }
        self.forget_waits();
        self.seen.losses += 1;
    }

    /// One of the servers that may have confirmed a write is gone.
    fn trust_one_less(&mut self) {
        self.confirmed.retain_mut(|(_, copies)| {
            *copies -= 1;
            *copies > 0
        });
        // Who waits may hear of one that is gone already.
        self.waiters.clear();
    }

    fn forget_waits(&mut self) {
        self.confirmed.clear();
        self.waiters.clear();
    }

    /// A client of the primary writes, and waits until replicas have that.
    fn write_and_wait(&mut self) {
        let at = now(self.ms);
        let key = format!("confirmed:{}:{}", self.ms, self.rng.below(1000)).into_bytes();
        let copies: &[u8] = [b"1", b"2"][self.rng.below(2) as usize];
        let engine = &mut self.servers[self.primary].engine;
        let peer = Peer { address: "127.0.0.1:2".into(), is_local: true, ..Peer::default() };
        let client = engine.accept(peer, at).expect("a client");
        engine.request(client, &[b"SET", &key, b"v"], at);
        engine.request(client, &[b"WAIT", copies, b"3000"], at);
        self.waiters.push(Waiter { client, key, out: Vec::new() });
    }

    /// Notes which writes were confirmed.
    fn hear_waiters(&mut self) {
        let engine = &mut self.servers[self.primary].engine;
        let (confirmed, count) = (&mut self.confirmed, &mut self.seen.confirmed);
        let mut out = Vec::new();
        self.waiters.retain_mut(|waiter| {
            engine.take_output(waiter.client, &mut out);
            waiter.out.extend_from_slice(&out);
            let Some(answer) = waiter.out.strip_prefix(b"+OK\r\n:") else {
                return engine.knows(waiter.client);
            };
            let copies =
                std::str::from_utf8(answer).expect("text").trim().parse().expect("a number");
            if copies > 0 {
                confirmed.push((std::mem::take(&mut waiter.key), copies));
                *count += 1;
            }
            engine.disconnect(waiter.client);
            false
        });
    }

    fn lose_connections(&mut self, is_lost: impl Fn(&Connection) -> bool) {
        let at = now(self.ms);
        let connections = std::mem::take(&mut self.connections);
        for connection in connections {
            if !is_lost(&connection) {
                self.connections.push(connection);
                continue;
            }
            self.servers[connection.primary].engine.disconnect(connection.client);
            let replica = &mut self.servers[connection.replica].engine;
            replica.primary_closed(connection.id, "connection reset", at);
        }
    }

    fn step(&mut self) {
        self.ms += STEP_MS;
        let ms = self.ms;
        self.partitions.retain(|partition| partition.2 > ms);
        let told: Vec<_> = self.partitions.iter().filter(|p| p.3).map(|p| (p.0, p.1)).collect();
        self.lose_connections(|c| {
            told.iter().any(|(a, b)| [(*a, *b), (*b, *a)].contains(&(c.replica, c.primary)))
        });
        for i in 0..self.servers.len() {
            self.servers[i].engine.tick(now(ms));
            self.settle(i);
            self.write_log(i);
            self.settle(i);
        }
        self.open();
        for at in 0..self.connections.len() {
            self.collect(at);
            self.deliver(at);
        }
        let (servers, at) = (&mut self.servers, now(ms));
        self.connections.retain_mut(|connection| {
            let primary_is_gone = !servers[connection.primary].engine.knows(connection.client);
            let replica = &mut servers[connection.replica].engine;
            let is_old = !replica.is_current_primary(connection.id);
            if primary_is_gone && connection.down.is_empty() && !is_old {
                replica.primary_closed(connection.id, "connection closed", at);
                return false;
            }
            if is_old {
                servers[connection.primary].engine.disconnect(connection.client);
            }
            !is_old
        });
        (0..self.servers.len()).for_each(|i| self.settle(i));
    }

    /// Does what a server asks for.
    fn settle(&mut self, server: usize) {
        let at = now(self.ms);
        loop {
            let Server { engine, aof, .. } = &mut self.servers[server];
            let Some(action) = engine.next_action() else { break };
            match (&action, aof) {
                (Action::Rotate(bytes), Some(aof)) => {
                    aof.append(bytes);
                    aof.rotate();
                }
                (Action::CloseLog(_), aof) => *aof = None,
                (Action::OpenLog, aof) => *aof = Some(Log::new()),
                (Action::Save(job), Some(aof)) if job.why == Why::Rewrite => aof.take_base(job),
                _ => {}
            }
            match action {
                Action::Connect { id, port, .. } => {
                    let engine = &self.servers[server].engine;
                    let mut others = self.connections.iter().filter(|c| c.replica == server);
                    // A second one, for the snapshot.
                    self.seen.channels +=
                        u64::from(others.any(|other| engine.is_current_primary(other.id)));
                    self.calls.push((server, id, usize::from(port - PORT)));
                }
                Action::SnapshotFor(snapshot) => {
                    let SnapshotFor { job, streamed_to } = *snapshot;
                    let mut bytes = Vec::new();
                    if self.rng.below(30) == 0 {
                        self.lose_connections(|connection| connection.primary == server);
                        self.servers[server].engine.tick(at);
                    }
                    // Nobody may want it any more.
                    let written = job.write(&mut bytes).map_err(|error| error.to_string());
                    let result = written.map(|()| bytes.len() as u64);
                    match streamed_to {
                        _ if result.is_err() => self.seen.stopped_snapshots += 1,
                        Some((clients, mark)) => {
                            bytes.extend(mark);
                            self.send_snapshot(server, &clients, &bytes);
                        }
                        None => self.servers[server].file = bytes,
                    }
                    let done = Transferred { result };
                    self.servers[server].engine.transferred(done, at);
                }
                Action::Save(job) if job.why == Why::Rewrite => {
                    let saved = Saved { why: job.why, result: Ok(0), seconds: 0 };
                    self.servers[server].engine.saved(saved, at);
                }
                Action::Save(job) => {
                    let mut bytes = Vec::new();
                    job.write(&mut bytes).expect("memory");
                    self.servers[server].saved = bytes;
                    let saved = Saved { why: job.why, result: Ok(0), seconds: 0 };
                    self.servers[server].engine.saved(saved, at);
                }
                Action::StreamLog(order) => self.servers[server].orders.push_back(order),
                Action::SendFile(clients) => {
                    let bytes = self.servers[server].file.clone();
                    self.send_snapshot(server, &clients, &bytes);
                }
                Action::Free { trash, client } => {
                    self.servers[server].engine.freed(trash.objects(), client);
                }
                Action::Exit(status) => panic!("server {server} ends with {status}"),
                Action::Panic(text) => panic!("server {server} ends: {text}"),
                _ => {}
            }
        }
        self.append(server);
    }

    /// Lets the append-only file of a server have what waits for it.
    fn append(&mut self, server: usize) {
        let Server { engine, aof, .. } = &mut self.servers[server];
        let mut bytes = Vec::new();
        engine.take_log(&mut bytes);
        if let Some(aof) = aof {
            aof.append(&bytes);
        }
    }

    /// Lets the disk of a server do something for its replication log.
    fn write_log(&mut self, server: usize) {
        let at = now(self.ms);
        for _ in 0..self.rng.below(12) {
            let Server { engine, log, orders, .. } = &mut self.servers[server];
            let Some(order) = orders.pop_front() else { return };
            match order {
                StreamLog::Append { log: number, .. } if self.rng.below(20) == 0 => {
                    engine.stream_log_failed(number, "no space left on device", at);
                    self.seen.log_failures += 1;
                }
                StreamLog::Append { log: number, pieces, .. } => {
                    if log.0 != number {
                        *log = (number, pieces[0].start(), Vec::new());
                    }
                    for piece in pieces {
                        assert_eq!(piece.start().get(), log.1.get() + log.2.len() as u64);
                        log.2.extend_from_slice(&piece);
                    }
                    let end = Offset::new(log.1.get() + log.2.len() as u64);
                    engine.stream_logged(number, end, at);
                }
                StreamLog::Forget { log: number, before } => {
                    if log.0 == number {
                        let gone = before.since(log.1) as usize;
                        log.2.drain(..gone);
                        log.1 = before;
                    }
                }
                StreamLog::Read { log: number, client, from, bytes } => {
                    let result = match log.0 == number {
                        true => {
                            let from = from.since(log.1) as usize;
                            Ok(log.2[from..from + bytes].to_vec())
                        }
                        false => Err("the log is gone".to_owned()),
                    };
                    engine.stream_read(StreamRead { log: number, client, from, result }, at);
                    self.seen.log_reads += 1;
                }
                StreamLog::End { log: number } => {
                    *log = (0, Offset::ZERO, Vec::new());
                    engine.stream_log_ended(number);
                }
            }
        }
    }

    fn send_snapshot(&mut self, server: usize, clients: &[ClientId], bytes: &[u8]) {
        for at in 0..self.connections.len() {
            let connection = &self.connections[at];
            if connection.primary == server && clients.contains(&connection.client) {
                self.collect(at);
                self.connections[at].snapshot = Some(bytes.iter().copied().collect());
            }
        }
    }

    fn open(&mut self) {
        let at = now(self.ms);
        for (replica, id, primary) in std::mem::take(&mut self.calls) {
            if !self.servers[replica].engine.is_current_primary(id) {
                continue;
            }
            if self.is_cut(replica, primary) || replica == primary {
                self.servers[replica].engine.primary_closed(id, "no route to host", at);
                continue;
            }
            let address = format!("127.0.0.1:{}", usize::from(PORT) + replica);
            let peer = Peer { address, is_local: true, ..Peer::default() };
            let client = self.servers[primary].engine.accept(peer, at).expect("a client");
            self.connections.push(Connection {
                replica,
                primary,
                id,
                client,
                down: Line::new(),
                up: Line::new(),
                snapshot: None,
                reader: RequestReader::default(),
                input: Vec::new(),
            });
            self.servers[replica].engine.primary_connected(id, at);
        }
    }

    /// Takes what both sides have to say.
    fn collect(&mut self, at: usize) {
        let connection = &mut self.connections[at];
        let due_ms = self.ms + STEP_MS * self.rng.below(4);
        let due_ms = connection.down.back().map_or(due_ms, |(last_ms, _)| due_ms.max(*last_ms));
        let engine = &mut self.servers[connection.primary].engine;
        let mut out = Vec::new();
        if let Some(snapshot) = &mut connection.snapshot {
            let part = (1 + self.rng.below(40_000) as usize).min(snapshot.len());
            connection.down.push_back((due_ms, snapshot.drain(..part).collect()));
            if snapshot.is_empty() {
                connection.snapshot = None;
                engine.snapshot_sent(connection.client, now(self.ms));
            } else {
                engine.snapshot_moved(connection.client, part, now(self.ms));
            }
        } else {
            loop {
                engine.take_output(connection.client, &mut out);
                if out.is_empty() {
                    break;
                }
                // Cut anywhere.
                let cut = self.rng.below(out.len() as u64 + 1) as usize;
                let tail = out.split_off(cut);
                for part in [std::mem::take(&mut out), tail] {
                    if !part.is_empty() {
                        connection.down.push_back((due_ms, part));
                    }
                }
            }
        }
        if engine.closes(connection.client) {
            engine.disconnect(connection.client);
        }
        let engine = &mut self.servers[connection.replica].engine;
        engine.take_primary_output(connection.id, &mut out);
        if !out.is_empty() {
            let due_ms = self.ms + STEP_MS * self.rng.below(4);
            let due_ms = connection.up.back().map_or(due_ms, |(last_ms, _)| due_ms.max(*last_ms));
            connection.up.push_back((due_ms, out));
        }
    }

    fn deliver(&mut self, at: usize) {
        let (ms, moment) = (self.ms, now(self.ms));
        let (replica, primary) = (self.connections[at].replica, self.connections[at].primary);
        if self.is_cut(replica, primary) {
            return;
        }
        let is_due = |line: &Line| line.front().is_some_and(|(due_ms, _)| *due_ms <= ms);
        let connection = &mut self.connections[at];
        while is_due(&connection.up) {
            let Some((_, bytes)) = connection.up.pop_front() else { break };
            let engine = &mut self.servers[primary].engine;
            engine.count_input(connection.client, bytes.len(), || moment);
            connection.input.extend(bytes);
            let bounds = Bounds { string_bytes_max: 1 << 20, is_known: true };
            while let Step::Request =
                connection.reader.next(&connection.input, bounds).expect("requests")
            {
                let args: Vec<&[u8]> = connection.reader.args(&connection.input).collect();
                engine.request(connection.client, &args, moment);
            }
            let read = connection.reader.read_bytes();
            connection.input.drain(..read);
            connection.reader.drop_read(read);
        }
        let id = connection.id;
        let Server { engine, snapshot, .. } = &mut self.servers[replica];
        for _ in 0..self.rng.below(3) {
            self.seen.held += u64::from(engine.holds_stream(id));
            engine.apply_held(id, moment);
        }
        while engine.is_current_primary(id)
            && engine.wants_primary_bytes(id)
            && is_due(&connection.down)
        {
            let Some((_, bytes)) = connection.down.pop_front() else { break };
            engine.primary_bytes(id, &bytes, moment);
            while let Some(part) = engine.next_snapshot_part(id) {
                match part {
                    SnapshotPart::Begin(_) => snapshot.clear(),
                    SnapshotPart::Bytes(bytes) => snapshot.extend(bytes),
                    SnapshotPart::End => {
                        let loaded = load(engine, std::mem::take(snapshot), moment);
                        engine.snapshot_loaded(id, Ok(loaded), moment);
                    }
                }
            }
        }
    }

    /// Servers at the same place have the same data.
    fn compare(&mut self) {
        let places: Vec<_> = (0..self.servers.len()).map(|i| self.place(i)).collect();
        for server in 0..places.len() {
            let Some(twin) = places[..server].iter().position(|place| *place == places[server])
            else {
                continue;
            };
            let [one, other] =
                [twin, server].map(|server| self.ask(server, &[b"DEBUG", b"DIGEST"]));
            assert!(one.starts_with(b"+"), "{}", one.escape_ascii());
            let place = &places[server];
            assert!(one == other, "servers {twin} and {server} differ at {place:?}");
            self.seen.comparisons += 1;
        }
    }

    fn run(&mut self) {
        for step in 0..STEPS {
            self.fault();
            for _ in 0..self.rng.below(12) {
                self.write();
            }
            if self.rng.below(3) == 0 {
                self.write_and_wait();
            }
            self.step();
            self.hear_waiters();
            if step % 5 == 0 {
                self.compare();
            }
        }
        self.partitions.clear();
        let primary = self.primary;
        self.follow(primary, None);
        let mut steps = 0;
        loop {
            let places: Vec<_> = (0..self.servers.len()).map(|i| self.place(i)).collect();
            if places.windows(2).all(|pair| pair[0] == pair[1]) {
                break;
            }
            steps += 1;
            assert!(steps < HEAL_STEPS, "servers do not come together again: {places:?}");
            self.step();
        }
        self.compare();
        for server in 0..self.servers.len() {
            let count = |text: String| text.parse::<u64>().expect("a count");
            self.seen.full += count(self.info(server, b"stats", "sync_full"));
            self.seen.partial += count(self.info(server, b"stats", "sync_partial_ok"));
        }
    }
}

/// Loads a snapshot, and tells which database the stream has selected behind it.
fn load(engine: &Engine, bytes: Vec<u8>, at: Now) -> (Keyspace, LastLoad, usize) {
    let (keyspace, last_load, aux) = read(engine, bytes, at);
    let db = aux.iter().find(|(name, _)| name == b"repl-stream-db");
    let db = db.and_then(|(_, value)| std::str::from_utf8(value).ok()?.parse().ok());
    (keyspace, last_load, db.unwrap_or(0))
}

/// What an RDB file says of itself: names and values.
type Aux = Vec<(Vec<u8>, Vec<u8>)>;

fn read(engine: &Engine, bytes: Vec<u8>, at: Now) -> (Keyspace, LastLoad, Aux) {
    let mut keyspace = Keyspace::new(engine.settings().clone());
    let reader = Box::new(Cursor::new(bytes));
    let mut input = Input::from_reader("the file".into(), reader, None).expect("a snapshot");
    let control = Control::default();
    let loaded = load_rdb(&mut keyspace, &mut input, at.unix_ms, false, 1, &control);
    let loaded = loaded.expect("a sound snapshot");
    let last_load = LastLoad::from(&loaded);
    (keyspace, last_load, loaded.aux)
}

/// Tells the seed of a run that fails.
struct Failing(u64);

impl Drop for Failing {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("the seed is {}", self.0);
        }
    }
}

/// The runs whose seeds leave this rest.
fn runs(rest: u64, of: u64) -> Seen {
    let mut all = Seen::default();
    for seed in (rest..SEEDS).step_by(usize::try_from(of).expect("few threads")) {
        let _failing = Failing(seed);
        let mut world = World::new(seed);
        world.run();
        all.add(&world.seen);
    }
    all
}

#[test]
fn servers_at_the_same_place_have_the_same_data() {
    let threads = std::thread::available_parallelism().map_or(1, |threads| threads.get() as u64);
    let mut all = Seen::default();
    std::thread::scope(|scope| {
        let running: Vec<_> =
            (0..threads).map(|rest| scope.spawn(move || runs(rest, threads))).collect();
        for thread in running {
            all.add(&thread.join().expect("each run holds"));
        }
    });
    println!("{all:?}");
    // Every kind of fault has come, and both kinds of return.
    let faults = [all.cuts, all.silences, all.crashes, all.promotions, all.moves];
    for count in faults.into_iter().chain([all.restarts, all.losses, all.kills, all.found_places]) {
        assert!(count > 15, "{all:?}");
    }
    assert!(all.comparisons > 1000 && all.full > 300 && all.partial > 100, "{all:?}");
    assert!(all.channels > 50 && all.held > 50, "{all:?}");
    assert!(all.stopped_snapshots > 0, "{all:?}");
    assert!(all.log_reads > 20 && all.log_failures > 3 && all.confirmed > 2000, "{all:?}");
}
