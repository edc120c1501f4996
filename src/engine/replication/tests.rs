//! A replica fed by hand.

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
        run_id: "b".repeat(40),
        pid: 1,
        executable: String::new(),
        config_file: String::new(),
        os: String::new(),
    }
}

/// Lets a replica connect to its primary, which offers a snapshot of a history.
fn offer_snapshot(engine: &mut Engine, ms: u64, replid: &str) -> PrimaryId {
    engine.tick(now(ms));
    let mut id = None;
    while let Some(action) = engine.next_action() {
        if let Action::Connect { id: link, .. } = action {
            id = Some(link);
        }
    }
    let id = id.unwrap();
    engine.primary_connected(id, now(ms + 1));
    let mut say = |bytes: &[u8]| engine.primary_bytes(id, bytes, now(ms + 2));
    say(b"+PONG\r\n");
    say(b"+OK\r\n+OK\r\n");
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

/// A replica that has loaded an empty snapshot of place 1000 and waits for the stream.
fn replica() -> (Engine, PrimaryId) {
    let primary = Primary { host: b"127.0.0.1".to_vec(), port: 1 };
    let config = Config { replicaof: Some(primary), ..Config::default() };
    let mut engine = Engine::new(config, identity(), 7, now(0), || 0);
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
