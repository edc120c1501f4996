//! The servers that other tests rely on start, save, load and refuse.

mod common;

use common::program::testdata;
use common::servers::{Peer, Server};

/// Fills a server with a key of each type, an expiry and a binary key.
fn fill(server: &mut Server) {
    server.ok(&["SET", "text", "value"]);
    server.ok(&["SET", "expiring", "1", "PXAT", "33177117420000"]);
    server.ok(&["RPUSH", "list", "a", "b", "1"]);
    server.ok(&["SADD", "set", "1", "2", "3"]);
    server.ok(&["ZADD", "zset", "1", "a", "-inf", "b"]);
    server.ok(&["HSET", "hash", "f", "v"]);
    server.ok(&["XADD", "stream", "1-1", "f", "v"]);
    server.ok(&["SELECT", "3"]);
    server.ok(&[&b"SET"[..], b"bin\0\xff\r\n", &vec![b'x'; 1_000_000]]);
    server.ok(&["SELECT", "0"]);
}

fn saves_and_loads(peer: Peer) {
    let mut first = Server::start(peer);
    fill(&mut first);
    let digest = first.debug_digest();
    let dump = first.dump_all();
    assert_eq!(dump.len(), 8);
    assert_eq!(dump[&(0, b"expiring".to_vec())].expire_at_ms, Some(33_177_117_420_000));
    assert_eq!(dump[&(0, b"text".to_vec())].expire_at_ms, None);

    let rdb = first.save();
    let mut second = Server::load(peer, &rdb).expect("refuses its own file");
    assert_eq!(second.debug_digest(), digest);
    assert_eq!(second.dump_all(), dump);
}

#[test]
fn redis_7_0_saves_and_loads() {
    saves_and_loads(Peer::Redis70);
}

#[test]
fn valkey_8_1_saves_and_loads() {
    saves_and_loads(Peer::Valkey81);
}

#[test]
fn valkey_9_1_saves_and_loads() {
    saves_and_loads(Peer::Valkey91);
}

#[test]
fn a_refused_file_gives_the_log() {
    for (peer, file) in [(Peer::Redis70, "valkey-9.1.2.rdb"), (Peer::Valkey91, "redis-8.6.3.rdb")] {
        let log =
            Server::load(peer, &testdata(file)).expect_err("took a file of a foreign version");
        assert!(log.contains("Fatal error loading the DB") || log.contains("RDB version"), "{log}");
    }
}

#[test]
fn a_large_pipeline_does_not_block() {
    let mut server = Server::start(Peer::Redis70);
    let value = "v".repeat(1000);
    let sets: Vec<_> =
        (0..20_000).map(|i| vec!["SET".to_owned(), format!("key:{i}"), value.clone()]).collect();
    let gets: Vec<_> = (0..20_000).map(|i| vec!["GET".to_owned(), format!("key:{i}")]).collect();
    assert!(server.pipeline(&sets).iter().all(|reply| !reply.is_error()));
    assert!(server.pipeline(&gets).into_iter().all(|reply| reply.text() == value));
}

#[test]
fn the_checker_of_each_release_runs() {
    for (peer, file) in [
        (Peer::Redis70, "redis-7.0.15.rdb"),
        (Peer::Valkey81, "valkey-2024-10.rdb"),
        (Peer::Valkey91, "valkey-9.1.2.rdb"),
    ] {
        let output = std::process::Command::new(peer.check_rdb())
            .arg(testdata(file))
            .output()
            .expect("does not start");
        assert!(output.status.success(), "{peer:?}: {}", String::from_utf8_lossy(&output.stdout));
    }
}
