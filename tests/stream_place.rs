//! Where in the replication stream an append-only file ends, wherever it is cut: what a server takes for its place after it was
//! killed is where its data stand, and the bytes that it has of the stream in front of that place do what those did that are
//! lost.

#[path = "simulation/log.rs"]
mod log;

use log::Log;
use rkv::aof::reader::{Item, Reader, Role};
use rkv::aof::writer::write_command;
use rkv::base::rng::Rng;
use rkv::engine::config::Config;
use rkv::engine::config::kinds::Primary;
use rkv::engine::{
    Action, ClientId, Engine, Identity, LastLoad, Now, Peer, PrimaryId, Saved, SnapshotFor,
    Transferred,
};
use rkv::keyspace::{Digest, Keyspace, Settings};
use rkv::rdb::Dialect;
use rkv::repl::offset::Offset;
use std::collections::BTreeMap;

/// Where the stream begins.
const START: u64 = 1000;

fn now(ms: u64) -> Now {
    Now { unix_ms: 1_700_000_000_000 + ms as i64, mono_us: ms * 1000 }
}

fn replid() -> Vec<u8> {
    vec![b'a'; 40]
}

/// A server that is at the start of the stream, and has an append-only file.
fn engine(seed: u64, of: Option<Primary>) -> Engine {
    let identity = Identity {
        called: String::new(),
        run_id: format!("{seed:040x}"),
        pid: 1,
        executable: String::new(),
        config_file: String::new(),
        os: String::new(),
    };
    let config = Config {
        replicaof: of,
        appendonly: true,
        aof_timestamp_enabled: seed.is_multiple_of(2),
        repl_ping_replica_period: 1,
        repl_diskless_sync_delay: 0,
        save: Vec::new(),
        ..Config::default()
    };
    let mut engine = Engine::new(config, identity, seed, now(0), || 0);
    engine.begin_loading(std::sync::Arc::default(), false, now(0));
    let keyspace = Keyspace::new(engine.settings().clone());
    let aux = [
        (b"repl-id".to_vec(), replid()),
        (b"repl-offset".to_vec(), START.to_string().into_bytes()),
        (b"repl-stream-db".to_vec(), b"0".to_vec()),
    ];
    engine.end_loading(keyspace, LastLoad::default(), &aux, None, now(0));
    engine.begin_log(0, 0);
    engine
}

fn client(engine: &mut Engine) -> ClientId {
    let peer = Peer { address: "127.0.0.1:1".into(), is_local: true, ..Peer::default() };
    engine.accept(peer, now(0)).expect("a client")
}

/// Does what a server asks for, and lets its file have what waits for it.
fn settle(engine: &mut Engine, log: &mut Log, ms: u64) {
    while let Some(action) = engine.next_action() {
        match action {
            Action::Rotate(bytes) => {
                log.append(&bytes);
                log.rotate();
            }
            Action::Save(job) => {
                log.take_base(&job);
                engine.saved(Saved { why: job.why, result: Ok(0), seconds: 0 }, now(ms));
            }
            Action::SnapshotFor(snapshot) => {
                let SnapshotFor { job, .. } = *snapshot;
                let result = job.write(&mut Vec::new()).map(|()| 0).map_err(|e| e.to_string());
                engine.transferred(Transferred { result }, now(ms));
            }
            _ => {}
        }
    }
    let mut bytes = Vec::new();
    engine.take_log(&mut bytes);
    log.append(&bytes);
}

/// What a stream does, unit by unit.
struct Deeds {
    /// The databases that are selected behind its units.
    dbs: BTreeMap<u64, u64>,
    /// Commands as a file holds them, each with the place behind its unit.
    texts: Vec<(u64, Vec<u8>)>,
}

/// Reads a stream from a place on, at which a database is selected.
fn deeds(bytes: &[u8], from: u64, mut db: u64) -> Deeds {
    let mut deeds = Deeds { dbs: BTreeMap::from([(from, db)]), texts: Vec::new() };
    let (mut at, mut open) = (0, Vec::new());
    loop {
        // Bytes that change nothing.
        at += bytes[at..].iter().take_while(|byte| **byte == b'\n').count();
        let mut reader = Reader::new(&bytes[at..], 0);
        let mut read = 0;
        loop {
            let command = match reader.next() {
                Ok(Some(Item::Command(command))) => command,
                Ok(Some(Item::Note(_))) => panic!("an annotation in the stream"),
                Ok(None) => {
                    assert!(open.is_empty(), "an open transaction");
                    return deeds;
                }
                Err(_) => break,
            };
            let span = command.span.start as usize..command.span.end as usize;
            read = span.end;
            let name = command.args.name().to_ascii_uppercase();
            if command.role == Role::Select {
                db = command.db;
            }
            let is_for_files = !matches!(&name[..], b"PING" | b"PUBLISH" | b"REPLCONF");
            open.extend(is_for_files.then(|| bytes[at..][span].to_vec()));
            if !command.in_multi || command.role == Role::Exec {
                let end = from + (at + read) as u64;
                deeds.texts.extend(open.drain(..).map(|text| (end, text)));
                deeds.dbs.insert(end, db);
            }
        }
        at += read;
        assert_eq!(bytes.get(at), Some(&b'\n'), "a damaged stream at {at}");
    }
}

/// The data that commands make.
fn data(texts: impl Iterator<Item = Vec<u8>>) -> Digest {
    let mut file = Log::new();
    texts.for_each(|text| file.append(&text));
    let (keyspace, _) = file.load(&Settings::default(), now(0).unix_ms);
    keyspace.snapshot().digest(Dialect::Redis)
}

#[derive(Debug, Default)]
struct Seen {
    loads: u64,
    places: u64,
    returns: u64,
}

impl Seen {
    /// Cuts a file and loads it. What it tells of the stream must be true.
    fn check(&mut self, file: &Log, stream: &[u8], rng: &mut Rng) {
        let mut file = file.clone();
        file.cut(Some(2000), rng);
        let (keyspace, report) = file.load(&Settings::default(), now(0).unix_ms);
        self.loads += 1;
        let Some(ending) = report.ending else { return };
        self.places += 1;
        let (end, tail) = (ending.place.offset.get(), ending.tail);
        let truth = deeds(stream, START, 0);
        let upto = |place: u64| {
            let texts = truth.texts.iter().filter(move |(behind, _)| *behind <= place);
            texts.map(|(_, text)| text.clone())
        };
        // The data are those of the place.
        let digest = keyspace.snapshot().digest(Dialect::Redis);
        assert!(truth.dbs.contains_key(&end), "{end} is inside of a unit");
        assert!(digest == data(upto(end)), "the data are not those of {end}");
        // From wherever a replica may be, it comes to them.
        let kept = truth.dbs.range(tail.range().start.get()..=end);
        let places: Vec<(u64, u64)> = kept.map(|(place, db)| (*place, *db)).collect();
        for _ in 0..6 {
            let (place, db) = places[rng.below(places.len() as u64) as usize];
            let pieces = tail.read(Offset::new(place)).expect("bytes that are kept");
            let bytes: Vec<u8> = pieces.flat_map(|piece| piece.to_vec()).collect();
            let came = deeds(&bytes, place, db).texts;
            let select = command(&[b"SELECT", db.to_string().as_bytes()]);
            self.returns += u64::from(!came.is_empty());
            let came = std::iter::once(select).chain(came.into_iter().map(|(_, text)| text));
            assert!(digest == data(upto(place).chain(came)), "from {place} to {end}");
        }
    }
}

fn command(words: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_command(&mut bytes, words);
    bytes
}

/// A primary whose clients write and publish in several databases, whose file is rewritten, and whose replicas come and go.
fn run_primary(seed: u64, seen: &mut Seen) {
    let mut rng = Rng::new(seed);
    let (mut engine, mut file) = (engine(seed, None), Log::new());
    let (one, replica) = (client(&mut engine), client(&mut engine));
    let (mut ms, mut out, mut stream) = (0, Vec::new(), Vec::new());
    let start = (START + 1).to_string();
    engine.request(replica, &[b"PSYNC", &replid(), start.as_bytes()], now(ms));
    engine.take_output(replica, &mut out);
    assert_eq!(out, b"+CONTINUE\r\n", "{}", out.escape_ascii());
    for step in 0..100 {
        let key = format!("k{}", rng.below(5)).into_bytes();
        let db = rng.below(3).to_string().into_bytes();
        let commands: &[&[&[u8]]] = match rng.below(14) {
            0 | 1 => &[&[b"SET", &key, b"v"]],
            2 => &[&[b"APPEND", &key, b"more"]],
            3 => &[&[b"SETEX", &key, b"100000", b"v"]],
            4 | 5 => &[&[b"SELECT", &db], &[b"APPEND", &key, &db]],
            6 => &[
                &[b"SELECT", b"0"],
                &[b"PUBLISH", b"channel", b"text"],
                &[b"SELECT", &db],
                &[b"PUBLISH", b"channel", b"text"],
                &[b"APPEND", &key, &db],
            ],
            7 => &[
                &[b"MULTI"],
                &[b"SET", &key, b"w"],
                &[b"SELECT", &db],
                &[b"PUBLISH", b"channel", b"text"],
                &[b"APPEND", &key, b"x"],
                &[b"EXEC"],
            ],
            8 => {
                ms += 1000;
                engine.tick(now(ms));
                &[]
            }
            9 => &[&[b"WAIT", b"1", b"0"]],
            10 if rng.below(4) == 0 => &[&[b"BGREWRITEAOF"]],
            11 if rng.below(2) == 0 => {
                let other = client(&mut engine);
                engine.request(other, &[b"PSYNC", b"?", b"-1"], now(ms));
                settle(&mut engine, &mut file, ms);
                engine.disconnect(other);
                &[]
            }
            _ => &[&[b"DEL", &key]],
        };
        for command in commands {
            engine.request(one, command, now(ms));
            if command[0] == b"WAIT" {
                engine.request(replica, &[b"REPLCONF", b"ACK", b"100000000"], now(ms));
            }
        }
        settle(&mut engine, &mut file, ms);
        engine.take_output(one, &mut out);
        loop {
            engine.take_output(replica, &mut out);
            if out.is_empty() {
                break;
            }
            stream.extend_from_slice(&out);
        }
        if step % 5 == 4 {
            seen.check(&file, &stream, &mut rng);
        }
    }
}

/// Answers what a replica asks for until it follows the stream.
fn shake_hands(engine: &mut Engine) -> PrimaryId {
    engine.tick(now(0));
    let connect = std::iter::from_fn(|| engine.next_action());
    let id = connect.filter_map(|action| match action {
        Action::Connect { id, .. } => Some(id),
        _ => None,
    });
    let id = id.last().expect("a connection");
    engine.primary_connected(id, now(0));
    loop {
        let mut out = Vec::new();
        engine.take_primary_output(id, &mut out);
        let text = String::from_utf8_lossy(&out);
        let answer = match () {
            () if text.contains("PSYNC") => "+CONTINUE\r\n".to_owned(),
            () if text.contains("PING") => "+PONG\r\n".to_owned(),
            () => "+OK\r\n".repeat(text.matches("REPLCONF").count()),
        };
        assert!(!answer.is_empty(), "{text}");
        engine.primary_bytes(id, answer.as_bytes(), now(0));
        if text.contains("PSYNC") {
            return id;
        }
    }
}

/// A replica whose primary sends commands that are others in its file, in pieces that end anywhere.
fn run_replica(seed: u64, seen: &mut Seen) {
    let mut rng = Rng::new(seed);
    let primary = Primary { host: b"primary".to_vec(), port: 7000 };
    let (mut engine, mut file) = (engine(seed, Some(primary)), Log::new());
    let id = shake_hands(&mut engine);
    let local = client(&mut engine);
    let (mut ms, mut stream, mut sent) = (0, Vec::new(), 0);
    for step in 0..100 {
        let key = format!("k{}", rng.below(5)).into_bytes();
        let db = rng.below(3).to_string().into_bytes();
        let commands: &[&[&[u8]]] = match rng.below(13) {
            0 | 1 => &[&[b"set", &key, b"v"]],
            2 => &[&[b"APPEND", &key, b"more"]],
            // It is another one in the file.
            3 => &[&[b"SETEX", &key, b"100000", b"v"]],
            4 | 5 => &[&[b"SELECT", &db], &[b"APPEND", &key, &db]],
            6 => &[&[b"PUBLISH", b"channel", b"text"]],
            7 => &[
                &[b"MULTI"],
                &[b"SET", &key, b"w"],
                &[b"SELECT", &db],
                &[b"DEL", &key],
                &[b"EXEC"],
            ],
            8 => &[&[b"PING"]],
            9 => &[&[b"SELECT", &db], &[b"PING"]],
            10 => {
                ms += 1000;
                engine.tick(now(ms));
                &[]
            }
            11 if rng.below(4) == 0 => {
                engine.request(local, &[b"BGREWRITEAOF"], now(ms));
                &[]
            }
            // It often has no effect.
            _ => &[&[b"DEL", &key]],
        };
        stream.extend(commands.iter().flat_map(|words| command(words)));
        while sent < stream.len() {
            let part = (1 + rng.below(60) as usize).min(stream.len() - sent);
            engine.primary_bytes(id, &stream[sent..sent + part], now(ms));
            sent += part;
            if rng.below(3) == 0 {
                settle(&mut engine, &mut file, ms);
            }
        }
        settle(&mut engine, &mut file, ms);
        if step % 5 == 4 {
            seen.check(&file, &stream, &mut rng);
        }
    }
}

fn check_runs(run: fn(u64, &mut Seen)) {
    let mut seen = Seen::default();
    for seed in 0..25 {
        println!("seed {seed}");
        run(seed, &mut seen);
    }
    println!("{seen:?}");
    assert!(seen.places > seen.loads / 3 && seen.returns > seen.loads / 4, "{seen:?}");
}

#[test]
fn a_primary_knows_where_its_file_ends() {
    check_runs(run_primary);
}

#[test]
fn a_replica_knows_where_its_file_ends() {
    check_runs(run_replica);
}
