//! A replica fed by hand.

mod primary;

use super::PrimaryId;
use crate::base::rng::Rng;
use crate::engine::config::Config;
use crate::engine::config::kinds::Primary;
use crate::engine::{Action, ClientId, Engine, Identity, LastLoad, Now, Peer};
use crate::keyspace::Keyspace;

const SNAPSHOT: &[u8] = b"$EOF:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n";
const MARK: &[u8] = b"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

fn now(ms: u64) -> Now {
    Now { unix_ms: 1_700_000_000_000 + ms as i64, mono_us: ms * 1000 }
}

fn identity() -> Identity {
    Identity {
        called: String::new(),
        run_id: "b".repeat(40),
        pid: 1,
        executable: String::new(),
        config_file: String::new(),
        os: String::new(),
    }
}

/// The connection that is to be opened to the primary.
fn connection(engine: &mut Engine) -> Option<PrimaryId> {
    let actions = std::iter::from_fn(|| engine.next_action());
    let ids = actions.filter_map(|action| match action {
        Action::Connect { id, .. } => Some(id),
        _ => None,
    });
    ids.last()
}

/// Lets a replica connect to its primary, up to the answer to PSYNC.
fn shake(engine: &mut Engine, ms: u64) -> PrimaryId {
    engine.tick(now(ms));
    let id = connection(engine).unwrap();
    engine.primary_connected(id, now(ms + 1));
    engine.primary_bytes(id, b"+PONG\r\n", now(ms + 2));
    engine.primary_bytes(id, b"+OK\r\n+OK\r\n", now(ms + 2));
    id
}

/// Lets a replica connect to its primary, which offers a snapshot of a history.
fn offer_snapshot(engine: &mut Engine, ms: u64, replid: &str) -> PrimaryId {
    let id = shake(engine, ms);
    let mut say = |bytes: &[u8]| engine.primary_bytes(id, bytes, now(ms + 2));
    say(format!("+FULLRESYNC {replid} 1000\r\n").as_bytes());
    say(&[SNAPSHOT, b"REDIS0010", MARK].concat());
    id
}

/// The snapshot that was offered is loaded; it is empty.
fn load_snapshot(engine: &mut Engine, ms: u64, id: PrimaryId) {
    let keyspace = Keyspace::new(engine.settings().clone());
    engine.snapshot_loaded(id, Ok((keyspace, LastLoad::default(), 0)), now(ms));
    assert_eq!(engine.replication.offset().get(), 1000);
}

/// A replica that has not connected yet.
fn follower() -> Engine {
    let primary = Primary { host: b"127.0.0.1".to_vec(), port: 1 };
    let config = Config { replicaof: Some(primary), repl_rdb_channel: true, ..Config::default() };
    Engine::new(config, identity(), 7, now(0), || 0)
}

/// A replica that has loaded an empty snapshot of place 1000 and waits for the stream.
fn replica() -> (Engine, PrimaryId) {
    let mut engine = follower();
    let id = offer_snapshot(&mut engine, 100, &"c".repeat(40));
    load_snapshot(&mut engine, 103, id);
    (engine, id)
}

fn command(words: &[&str]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        bytes.extend_from_slice(format!("${}\r\n{word}\r\n", word.len()).as_bytes());
    }
    bytes
}

/// However the stream is cut, it is applied once, counted once and passed on as it came.
#[test]
fn a_stream_in_pieces_is_passed_on_as_it_came() {
    for seed in 0..30 {
        println!("seed {seed}");
        let (mut engine, id) = replica();
        let mut rng = Rng::new(seed);
        let mut stream = command(&["SELECT", "3"]);
        for n in 0..40 {
            let is_transaction = rng.below(4) == 0;
            if is_transaction {
                stream.extend(command(&["MULTI"]));
            }
            stream.extend(command(&["INCR", "count"]));
            stream.extend(command(&["SET", &format!("k{n}"), &"v".repeat(rng.below(50) as usize)]));
            if is_transaction {
                stream.extend(command(&["EXEC"]));
            }
        }
        let mut rest = stream.as_slice();
        while !rest.is_empty() {
            let len = (1 + rng.below(60) as usize).min(rest.len());
            let (piece, more) = rest.split_at(len);
            engine.primary_bytes(id, piece, now(200));
            rest = more;
        }
        assert_eq!(engine.replication.offset().get(), 1000 + stream.len() as u64);
        let backlog = engine.replication.backlog.as_ref().unwrap();
        let start = backlog.range().start;
        let kept: Vec<u8> = backlog.read(start).unwrap().flat_map(|piece| piece.to_vec()).collect();
        assert_eq!(kept, stream);
        assert_eq!(engine.keyspace.len(3), 41);
    }
}

/// Lets a client of the server run a request, and gives what it is replied.
fn ask(engine: &mut Engine, client: ClientId, words: &[&str]) -> String {
    let words: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
    engine.request(client, &words, now(300));
    let mut out = Vec::new();
    engine.take_output(client, &mut out);
    String::from_utf8(out).unwrap()
}

/// A replica that was told of one history gets no byte of another: it would take it for one of its own.
#[test]
fn a_replica_of_a_promoted_server_gets_nothing_of_the_new_history() {
    let (mut engine, _) = replica();
    let peer = Peer { is_local: true, ..Peer::default() };
    let [own, other] = [(); 2].map(|()| engine.accept(peer.clone(), now(200)).unwrap());
    let reply = ask(&mut engine, other, &["PSYNC", &"c".repeat(40), "1001"]);
    assert!(reply.starts_with("+CONTINUE"), "{reply}");
    assert_eq!(ask(&mut engine, own, &["REPLICAOF", "NO", "ONE"]), "+OK\r\n");
    assert_eq!(ask(&mut engine, own, &["SET", "k", "v"]), "+OK\r\n");
    while engine.next_action().is_some() {}
    let mut out = Vec::new();
    engine.take_output(other, &mut out);
    assert_eq!(out, b"");
    assert!(!engine.knows(other));
}

/// A reply would stand in the middle of the stream.
#[test]
fn a_replica_that_asks_for_data_is_ended() {
    let (mut engine, _) = replica();
    let peer = Peer { is_local: true, ..Peer::default() };
    for words in [["GET", "k"], ["PING", "k"], ["XINFO", "HELP"]] {
        let other = engine.accept(peer.clone(), now(200)).unwrap();
        let reply = ask(&mut engine, other, &["PSYNC", &"c".repeat(40), "1001"]);
        assert!(reply.starts_with("+CONTINUE"), "{reply}");
        assert_eq!(ask(&mut engine, other, &["REPLCONF", "ACK", "1000"]), "");
        assert!(engine.knows(other));
        assert_eq!(ask(&mut engine, other, &words), "");
        assert!(!engine.knows(other), "{words:?}");
    }
}

/// What comes from the primary during a pause is kept, and applied behind it.
#[test]
fn a_pause_holds_the_stream() {
    let (mut engine, id) = replica();
    let peer = Peer { is_local: true, ..Peer::default() };
    let client = engine.accept(peer, now(200)).unwrap();
    assert_eq!(ask(&mut engine, client, &["CLIENT", "PAUSE", "100000", "WRITE"]), "+OK\r\n");
    let stream = command(&["SET", "k", "v"]);
    engine.primary_bytes(id, &stream, now(301));
    assert_eq!(engine.replication.offset().get(), 1000);
    assert_eq!(engine.keyspace.len(0), 0);
    assert_eq!(ask(&mut engine, client, &["CLIENT", "UNPAUSE"]), "+OK\r\n");
    assert_eq!(engine.replication.offset().get(), 1000 + stream.len() as u64);
    assert_eq!(engine.keyspace.len(0), 1);
}

/// Its own replicas go on until the new data are there: the snapshot might not come.
#[test]
fn a_replica_keeps_its_replicas_until_a_new_snapshot_is_loaded() {
    let (mut engine, id) = replica();
    let peer = Peer { is_local: true, ..Peer::default() };
    let other = engine.accept(peer, now(200)).unwrap();
    let reply = ask(&mut engine, other, &["PSYNC", &"c".repeat(40), "1001"]);
    assert!(reply.starts_with("+CONTINUE"), "{reply}");
    engine.primary_closed(id, "gone", now(400));
    let id = offer_snapshot(&mut engine, 5000, &"d".repeat(40));
    engine.primary_closed(id, "gone", now(5100));
    assert!(engine.knows(other));
    let id = offer_snapshot(&mut engine, 10_000, &"d".repeat(40));
    assert!(engine.knows(other));
    load_snapshot(&mut engine, 10_100, id);
    assert!(!engine.knows(other));
}

/// Lets a replica connect to its primary, up to the place of a snapshot over a second connection.
fn open_both(engine: &mut Engine, ms: u64) -> [PrimaryId; 2] {
    let main = shake(engine, ms);
    engine.primary_bytes(main, b"+RDBCHANNELSYNC 7\r\n", now(ms + 3));
    let channel = connection(engine).unwrap();
    engine.primary_connected(channel, now(ms + 4));
    let mut out = Vec::new();
    engine.take_primary_output(main, &mut out);
    engine.take_primary_output(channel, &mut out);
    assert!(out.escape_ascii().to_string().contains("main-ch-client-id"));
    let place = format!("+OK\r\n+FULLRESYNC {} 1000\r\n", "c".repeat(40));
    engine.primary_bytes(channel, place.as_bytes(), now(ms + 5));
    [main, channel]
}

/// The primary sends an empty snapshot over the second connection, and something over the first.
fn offer_snapshot_beside(engine: &mut Engine, ms: u64, stream: &[u8]) -> [PrimaryId; 2] {
    let [main, channel] = open_both(engine, ms);
    engine.primary_bytes(main, stream, now(ms + 5));
    engine.primary_bytes(channel, &[SNAPSHOT, b"REDIS0010", MARK].concat(), now(ms + 5));
    [main, channel]
}

/// News of each connection goes where it belongs, and of others nowhere.
#[test]
fn a_snapshot_may_come_over_a_second_connection() {
    let mut engine = follower();
    let peer = Peer { is_local: true, ..Peer::default() };
    let client = engine.accept(peer, now(50)).unwrap();
    let stream = [command(&["SELECT", "2"]), command(&["SET", "k", "v"])].concat();
    let old = offer_snapshot_beside(&mut engine, 100, &stream);
    // Neither outlives the other.
    engine.primary_closed(old[0], "gone", now(200));
    assert!(!old.iter().any(|id| engine.is_current_primary(*id)));
    let [main, channel] = offer_snapshot_beside(&mut engine, 2000, &stream);
    engine.primary_closed(old[1], "gone", now(2010));
    engine.primary_bytes(old[1], b"nonsense", now(2010));
    assert!(engine.is_current_primary(main) && engine.is_current_primary(channel));
    // The parts are for the connection that brought them.
    assert!(engine.next_snapshot_part(main).is_none());
    assert!(engine.next_snapshot_part(old[1]).is_none());
    let parts = std::iter::from_fn(|| engine.next_snapshot_part(channel)).count();
    assert_eq!(parts, 3);
    for id in [main, old[0], old[1]] {
        engine.snapshot_loaded(id, Err("not yours".into()), now(2020));
    }
    assert!(engine.is_current_primary(channel));
    // A pause holds what was held, too.
    assert_eq!(ask(&mut engine, client, &["CLIENT", "PAUSE", "100000", "WRITE"]), "+OK\r\n");
    load_snapshot(&mut engine, 2030, channel);
    assert!(engine.is_current_primary(main) && !engine.is_current_primary(channel));
    assert!(!engine.holds_stream(main) && !engine.wants_primary_bytes(main));
    assert_eq!(ask(&mut engine, client, &["CLIENT", "UNPAUSE"]), "+OK\r\n");
    assert!(engine.holds_stream(main) && !engine.holds_stream(channel));
    while engine.holds_stream(main) {
        engine.apply_held(main, now(2040));
    }
    let end = 1000 + stream.len() as u64;
    assert_eq!(engine.replication.offset().get(), end);
    assert_eq!(engine.keyspace.len(2), 1);
    let mut out = Vec::new();
    engine.take_primary_output(main, &mut out);
    assert_eq!(out, command(&["REPLCONF", "ACK", &end.to_string()]));
    assert!(engine.wants_primary_bytes(main));
}

/// Who becomes a primary in the midst keeps what it has.
#[test]
fn a_promotion_ends_both_connections() {
    let mut engine = follower();
    let peer = Peer { is_local: true, ..Peer::default() };
    let client = engine.accept(peer, now(50)).unwrap();
    let ids = open_both(&mut engine, 100);
    assert_eq!(ask(&mut engine, client, &["REPLICAOF", "NO", "ONE"]), "+OK\r\n");
    for id in ids {
        assert!(!engine.is_current_primary(id));
        engine.snapshot_loaded(id, Err("late".into()), now(300));
        engine.primary_closed(id, "late", now(300));
    }
    assert_eq!(ask(&mut engine, client, &["SET", "k", "v"]), "+OK\r\n");
}

/// What the log was told and how the process is to end, since the last time.
fn told(engine: &mut Engine) -> (Vec<String>, Vec<String>) {
    let (mut lines, mut panics) = (Vec::new(), Vec::new());
    while let Some(action) = engine.next_action() {
        match action {
            Action::Log(_, text) => lines.push(text),
            Action::Panic(text) => panics.push(text),
            _ => {}
        }
    }
    (lines, panics)
}

/// A replica that cannot save says every ten seconds that it goes on, if it is told to, and otherwise ends in front of a write.
#[test]
fn writes_that_the_disk_does_not_take_end_a_replica() {
    let (mut engine, id) = replica();
    engine.persist.last_save_ok = false;
    engine.config.replica_ignore_disk_write_errors = true;
    let write = command(&["INCR", "k"]);
    told(&mut engine);
    for (ms, is_told) in [(200, true), (5000, false), (10_200, false), (10_201, true)] {
        engine.primary_bytes(id, &write, now(ms));
        let (lines, panics) = told(&mut engine);
        let line = "Replica is applying a command even though it is unable to write to disk.";
        assert_eq!(lines.iter().filter(|told| *told == line).count(), usize::from(is_told), "{ms}");
        assert!(panics.is_empty());
    }
    engine.config.replica_ignore_disk_write_errors = false;
    // What writes nothing may run, in whatever way.
    let harmless = [command(&["PING"]), command(&["SELECT", "1"])].concat();
    engine.primary_bytes(id, &harmless, now(10_300));
    assert!(told(&mut engine).1.is_empty());
    let before = engine.replication.offset();
    engine.primary_bytes(id, &[&write[..], &write].concat(), now(10_400));
    assert_eq!(told(&mut engine).1, ["Replica was unable to write command to disk."]);
    engine.primary_bytes(id, &write, now(10_500));
    assert!(told(&mut engine).1.is_empty());
    assert_eq!(engine.replication.offset(), before);
}
