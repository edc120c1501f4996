//! `rkv serve`: commands that wait for a file, a socket or another server, and what stands behind them.

mod common;

use common::client::Reply;
use common::servers::{AOF, Peer, Server};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

fn start(args: &[&str]) -> Server {
    Server::start_with(Peer::Rkv, args)
}

fn bulk(text: &str) -> Reply {
    Reply::Bulk(text.into())
}

fn simple(text: &str) -> Reply {
    Reply::Simple(text.into())
}

/// A port that nobody listens on.
fn free_port() -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port().to_string()
}

fn wait_for(server: &mut Server, section: &str, line: &str) {
    let began = Instant::now();
    while !server.cmd(&["INFO", section]).text().contains(line) {
        assert!(began.elapsed() < Duration::from_secs(20), "no {line} in INFO {section}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn each_client_hears_what_became_of_its_own_change() {
    let server = start(&["--enable-protected-configs", "yes"]);
    let mut clients: Vec<_> = (0..4).map(|_| server.connect()).collect();
    let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let taken = taken.local_addr().unwrap().port().to_string();
    let (first, last) = (free_port(), free_port());
    let words: [&[&str]; 4] = [
        &["CONFIG", "SET", "port", &first],
        &["CONFIG", "SET", "port", &taken],
        &["CONFIG", "SET", "dir", "/", "maxmemory", "12345678"],
        &["CONFIG", "SET", "port", &last],
    ];
    for _ in 0..10 {
        let replies: Vec<Reply> = std::thread::scope(|scope| {
            let asked = clients.iter_mut().zip(words);
            let threads: Vec<_> =
                asked.map(|(client, words)| scope.spawn(move || client.cmd(words))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(replies[0], simple("OK"));
        assert!(replies[1].is_error(), "{:?}", replies[1]);
        assert_eq!(replies[2..], [simple("OK"), simple("OK")]);
        // What one change set, another that failed did not take back.
        let mut client = server.connect();
        let dir = client.cmd(&["CONFIG", "GET", "dir", "maxmemory"]).array();
        assert!(dir.contains(&bulk("/")) && dir.contains(&bulk("12345678")), "{dir:?}");
        let dir = server.dir().to_str().unwrap();
        client.cmd(&["CONFIG", "SET", "dir", dir, "maxmemory", "0"]).ok();
    }
}

#[test]
fn a_transaction_goes_on_behind_a_command_that_waits() {
    let mut server = start(&["--enable-protected-configs", "yes"]);
    let mut target = start(&[]);
    let (port, to) = (free_port(), target.address().port().to_string());
    let dir = server.dir().to_str().unwrap().to_owned();
    for words in [
        &["MULTI"] as &[&str],
        &["SET", "moved", "v"],
        &["MIGRATE", "127.0.0.1", &to, "moved", "0", "5000"],
        &["GET", "moved"],
        &["CONFIG", "SET", "dir", &dir],
        &["CONFIG", "SET", "port", &port],
        &["INCR", "count"],
        &["MIGRATE", "127.0.0.1", &to, "moved", "0", "5000"],
    ] {
        server.ok(words);
    }
    // Others wait until all of it is done.
    let mut other = server.connect();
    let watcher = std::thread::spawn(move || {
        let mut seen = Vec::new();
        for _ in 0..2000 {
            seen.push(other.cmd(&["MGET", "moved", "count"]));
        }
        seen
    });
    let ok = || simple("OK");
    let done =
        Reply::Array(vec![ok(), ok(), Reply::Nil, ok(), ok(), Reply::Int(1), simple("NOKEY")]);
    assert_eq!(server.ok(&["EXEC"]), done);
    assert_eq!(target.ok(&["GET", "moved"]), bulk("v"));
    let none = Reply::Array(vec![Reply::Nil, Reply::Nil]);
    let all = Reply::Array(vec![Reply::Nil, bulk("1")]);
    for seen in watcher.join().unwrap() {
        assert!(seen == none || seen == all, "{seen:?}");
    }
}

#[test]
fn a_rewrite_asked_for_in_a_transaction_comes_behind_it() {
    let mut server = start(AOF);
    for words in [&["MULTI"] as &[&str], &["INCR", "n"], &["BGREWRITEAOF"], &["INCR", "n"]] {
        server.ok(words);
    }
    let scheduled = simple("Background append only file rewriting scheduled");
    let done = Reply::Array(vec![Reply::Int(1), scheduled, Reply::Int(2)]);
    assert_eq!(server.ok(&["EXEC"]), done);
    wait_for(&mut server, "persistence", "aof_rewrites:1");
    let mut server = Server::start_in(Peer::Rkv, server.kill(), AOF).unwrap();
    assert_eq!(server.ok(&["GET", "n"]), bulk("2"));
}

#[test]
fn an_append_only_file_begun_in_a_transaction_holds_each_change_once() {
    let mut server = start(&[]);
    for words in [
        &["MULTI"] as &[&str],
        &["INCR", "n"],
        &["CONFIG", "SET", "appendonly", "yes", "appendfsync", "always"],
        &["INCR", "n"],
    ] {
        server.ok(words);
    }
    server.ok(&["EXEC"]);
    wait_for(&mut server, "persistence", "aof_rewrites:1");
    server.ok(&["INCR", "n"]);
    let mut server = Server::start_in(Peer::Rkv, server.kill(), AOF).unwrap();
    assert_eq!(server.ok(&["GET", "n"]), bulk("3"));
}

#[test]
fn the_append_only_file_of_a_transaction_over_databases_selects_each_once() {
    let mut server = start(AOF);
    for words in [
        &["MULTI"] as &[&str],
        &["SELECT", "1"],
        &["SET", "a", "1"],
        &["SELECT", "2"],
        &["SET", "b", "2"],
    ] {
        server.ok(words);
    }
    server.ok(&["EXEC"]);
    let dir = server.end();
    let log = std::fs::read(dir.path().join("appendonlydir/appendonly.aof.1.incr.aof")).unwrap();
    let log = String::from_utf8_lossy(&log).to_lowercase();
    assert_eq!(log.matches("select").count(), 2, "{log}");
    let mut server = Server::start_in(Peer::Rkv, dir, AOF).unwrap();
    server.ok(&["SELECT", "2"]);
    assert_eq!(server.ok(&["GET", "b"]), bulk("2"));
}

/// Sets of files are made of a single file also if a server was stopped between the manifest and the file.
#[test]
fn an_upgrade_of_a_single_file_that_was_interrupted_goes_on() {
    let dir = start(&[]).end();
    let folder = dir.path().join("appendonlydir");
    let write = |path: &Path, text: &str| std::fs::write(path, text).unwrap();
    std::fs::create_dir_all(&folder).unwrap();
    write(&dir.path().join("appendonly.aof"), "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n");
    write(&folder.join("appendonly.aof.manifest"), "file appendonly.aof seq 1 type b\n");
    let mut server = Server::start_in(Peer::Rkv, dir, AOF).unwrap();
    assert_eq!(server.ok(&["GET", "k"]), bulk("v"));
    assert!(folder.join("appendonly.aof").is_file());
    assert!(!server.dir().join("appendonly.aof").exists());
}

#[test]
fn the_end_that_a_signal_asks_for_can_be_called_off() {
    let mut server = start(&["--enable-debug-command", "yes"]);
    server.ok(&["DEBUG", "PAUSE-CRON", "1"]);
    let pid = server.pid().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    let began = Instant::now();
    while !server.log().contains("Received SIGTERM scheduling shutdown") {
        assert!(began.elapsed() < Duration::from_secs(10), "{}", server.log());
        std::thread::sleep(Duration::from_millis(5));
    }
    server.ok(&["SHUTDOWN", "ABORT"]);
    server.ok(&["DEBUG", "PAUSE-CRON", "0"]);
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(server.ok(&["PING"]), simple("PONG"));
    assert!(server.cmd(&["SHUTDOWN", "ABORT"]).is_error());
}
