//! Servers that follow each other.

use super::servers::{Peer, Server};
use std::time::{Duration, Instant};

/// Longest wait for anything.
pub const TIMEOUT: Duration = Duration::from_secs(20);

/// Starts a server that gives its replicas a snapshot at once.
pub fn start(peer: Peer) -> Server {
    Server::start_with(peer, &["--repl-diskless-sync-delay", "0"])
}

/// Waits until something is so.
pub fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < TIMEOUT, "{what} takes too long");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A field of `INFO`; empty if there is none.
pub fn info(server: &mut Server, section: &str, field: &str) -> String {
    let text = server.ok(&["INFO", section]).text();
    let found = text.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    found.unwrap_or_default().to_owned()
}

/// Makes a server the replica of another.
pub fn follow(replica: &mut Server, primary: &Server) {
    let port = primary.address().port().to_string();
    replica.ok(&["REPLICAOF", "127.0.0.1", &port]);
}

/// Waits until the stream flows.
pub fn wait_until_up(replica: &mut Server) {
    wait_for("the link", || info(replica, "replication", "master_link_status") == "up");
}

/// Waits until a replica has all that its primary has, and compares what they hold.
pub fn assert_same(primary: &mut Server, replica: &mut Server) {
    let start = Instant::now();
    loop {
        let offset = |server: &mut Server| info(server, "replication", "master_repl_offset");
        let (of_primary, of_replica) = (offset(primary), offset(replica));
        if of_primary == of_replica {
            break;
        }
        if start.elapsed() > TIMEOUT {
            panic!("{of_replica} is not {of_primary}\n{}\n{}", primary.log(), replica.log());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let who = format!("{:?} -> {:?}", primary.peer(), replica.peer());
    let id = |server: &mut Server| info(server, "replication", "master_replid");
    assert_eq!(id(primary), id(replica), "{who}");
    assert_eq!(primary.debug_digest(), replica.debug_digest(), "{who}");
}

/// Changes values of every kind, some of them in a transaction and in another database.
pub fn write(server: &mut Server, round: u32) {
    let n = round.to_string();
    for i in 0..40 {
        let i = (i * 7 + round).to_string();
        server.ok(&["SET", &format!("string:{i}"), &i.repeat(9)]);
        server.ok(&["RPUSH", "list", &i]);
        server.ok(&["SADD", "set", &i, "member"]);
        server.ok(&["ZADD", "zset", &format!("{i}.5"), &i]);
        server.ok(&["HSET", "hash", &i, &n]);
        server.ok(&["XADD", "stream", "*", "field", &i]);
    }
    server.ok(&["SPOP", "set", "2"]);
    server.ok(&["INCRBYFLOAT", "float", "0.1"]);
    server.ok(&["SET", &format!("volatile:{n}"), "x", "EX", "1000"]);
    server.ok(&["SELECT", "3"]);
    server.ok(&["MULTI"]);
    server.ok(&["INCR", "counter"]);
    server.ok(&["SET", "elsewhere", &n]);
    server.ok(&["EXEC"]);
    server.ok(&["SELECT", "0"]);
    server.ok(&["DEL", "string:3"]);
}

/// Ends the connections of all replicas.
pub fn cut(primary: &mut Server) {
    primary.ok(&["CLIENT", "KILL", "TYPE", "replica"]);
}
