//! `rkv serve` with `io-threads`: sockets that other threads read and write, and that go from thread to thread.

mod common;

use common::client::{Client, Reply};
use common::replicas::{assert_same, follow, info, wait_for, wait_until_up};
use common::servers::{Peer, Server};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A server whose sockets are all carried by other threads.
fn start(args: &[&str]) -> Server {
    let always = ["--io-threads", "3", "--io-threads-always-active", "yes"];
    let mut server = Server::start_with(Peer::Rkv, &[&always, args].concat());
    wait_until_active(&mut server, true);
    server
}

fn wait_until_active(server: &mut Server, is_active: bool) {
    let active = if is_active { "1" } else { "0" };
    wait_for("the threads", || info(server, "server", "io_threads_active") == active);
}

fn tcp(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    stream
}

/// All that comes until the end of a connection.
fn read_all(mut stream: TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    bytes
}

#[test]
fn long_strings_and_many_requests_pass() {
    let mut server = start(&[]);
    let long: Vec<u8> = (0..9_000_001_u32).map(|i| (i * 7 / 3) as u8).collect();
    let mut client = Client::tcp(server.address()).unwrap();
    client.cmd(&[&b"SET"[..], b"long", &long]).ok();
    assert_eq!(client.cmd(&["GET", "long"]), Reply::Bulk(long.clone()));
    let requests: Vec<_> = (0..20_000).map(|_| vec!["INCR", "count"]).collect();
    let replies = client.pipeline(&requests);
    assert!(replies.into_iter().eq((1..=20_000).map(Reply::Int)));
    // Many long replies that nobody reads for a while.
    let requests: Vec<_> = (0..12).map(|_| vec!["GET", "long"]).collect();
    assert!(client.pipeline(&requests).into_iter().all(|reply| reply == Reply::Bulk(long.clone())));
    // A client on a unix socket.
    let mut other = server.connect();
    assert_eq!(other.cmd(&["GET", "count"]), Reply::Bulk("20000".into()));
    for field in ["io_threaded_reads_processed", "io_threaded_writes_processed"] {
        wait_for(field, || info(&mut server, "stats", field).parse::<u64>().unwrap() > 100);
    }
}

#[test]
fn connections_end_as_on_one_thread() {
    let mut server = start(&[]);
    let mut quits = tcp(&server);
    quits.write_all(b"PING\r\nQUIT\r\n").unwrap();
    assert_eq!(read_all(quits), b"+PONG\r\n+OK\r\n");
    let mut wrong = tcp(&server);
    wrong.write_all(b"*1\r\nPING\r\n").unwrap();
    let error = read_all(wrong);
    assert_eq!(error, b"-ERR Protocol error: expected '$', got 'P'\r\n");
    // What was asked for comes, though no more requests will.
    let mut half = tcp(&server);
    server.ok(&["SET", "some", &"x".repeat(10_000)]);
    half.write_all(&b"GET some\r\n".repeat(5)).unwrap();
    half.shutdown(std::net::Shutdown::Write).unwrap();
    let reply = format!("$10000\r\n{}\r\n", "x".repeat(10_000));
    assert_eq!(read_all(half), reply.repeat(5).into_bytes());
    // Whoever is killed hears nothing more, and its place is free.
    let mut killed = Client::tcp(server.address()).unwrap();
    let id = killed.cmd(&["CLIENT", "ID"]).int();
    assert_eq!(server.cmd(&["CLIENT", "KILL", "ID", &id.to_string()]), Reply::Int(1));
    assert!(killed.try_cmd(&["PING"]).is_err());
    // Who goes is noticed.
    drop(tcp(&server));
    wait_for("the ends", || info(&mut server, "clients", "connected_clients") == "1");
    for _ in 0..300 {
        let mut short = tcp(&server);
        short.write_all(b"PING\r\n").unwrap();
        let mut reply = [0; 7];
        short.read_exact(&mut reply).unwrap();
    }
    wait_for("the ends", || info(&mut server, "clients", "connected_clients") == "1");
}

#[test]
fn clients_that_do_not_read_are_cut_off() {
    let mut server = start(&["--client-output-buffer-limit", "normal 4mb 0 0"]);
    server.ok(&["SET", "some", &"x".repeat(1 << 20)]);
    let mut slow = tcp(&server);
    slow.write_all(&b"GET some\r\n".repeat(100)).unwrap();
    let field = "client_output_buffer_limit_disconnections";
    wait_for("the end", || info(&mut server, "stats", field) == "1");
    wait_for("the end", || info(&mut server, "clients", "connected_clients") == "1");
    assert_eq!(server.ok(&["PING"]), Reply::Simple("PONG".into()));
}

#[test]
fn clients_that_wait_are_woken() {
    let mut server = start(&[]);
    let mut waits = Client::tcp(server.address()).unwrap();
    let mut hears = Client::tcp(server.address()).unwrap();
    let subscribed = hears.cmd(&["SUBSCRIBE", "channel"]).array();
    assert_eq!(subscribed.last(), Some(&Reply::Int(1)));
    std::thread::scope(|scope| {
        let popped = scope.spawn(move || waits.cmd(&["BLPOP", "list", "30"]).array());
        wait_for("the client", || info(&mut server, "clients", "blocked_clients") == "1");
        server.ok(&["RPUSH", "list", "a"]);
        assert_eq!(popped.join().unwrap().last(), Some(&Reply::Bulk("a".into())));
    });
    server.ok(&["PUBLISH", "channel", "message"]);
    assert_eq!(hears.read_reply().unwrap().array().last(), Some(&Reply::Bulk("message".into())));
}

#[test]
fn replicas_follow_a_primary_and_each_other() {
    let mut primary = start(&["--repl-diskless-sync-delay", "0"]);
    primary.ok(&["DEBUG", "POPULATE", "20000", "key", "200"]);
    let mut replica = start(&["--repl-diskless-sync-delay", "0"]);
    let mut last = start(&[]);
    follow(&mut replica, &primary);
    follow(&mut last, &replica);
    wait_until_up(&mut replica);
    wait_until_up(&mut last);
    let requests: Vec<_> = (0..5_000).map(|_| vec!["INCR", "count"]).collect();
    primary.pipeline(&requests);
    assert_eq!(primary.ok(&["WAIT", "1", "20000"]), Reply::Int(1));
    assert_same(&mut primary, &mut replica);
    assert_same(&mut primary, &mut last);
}

/// Sockets go to the threads and come back while requests are on their way, some of them long, and replies wait for clients.
#[test]
fn nothing_is_lost_when_sockets_change_threads() {
    let mut server = Server::start_with(Peer::Rkv, &["--io-threads", "2"]);
    let is_over = AtomicBool::new(false);
    let address = server.address();
    std::thread::scope(|scope| {
        for number in 0..4 {
            let is_over = &is_over;
            scope.spawn(move || {
                let mut client = Client::tcp(address).unwrap();
                let (count, text) = (format!("count:{number}"), format!("text:{number}"));
                let mut last = 0;
                while !is_over.load(Ordering::Relaxed) {
                    let long = last.to_string().repeat(100_000);
                    let mut requests = vec![vec!["SET", &text, &long]];
                    requests.extend((0..50).map(|_| vec!["INCR", &count]));
                    requests.push(vec!["GET", &text]);
                    let mut replies = client.pipeline(&requests);
                    assert_eq!(replies.pop(), Some(Reply::Bulk(long.into_bytes())));
                    let counted = replies.drain(1..).map(Reply::int);
                    assert!(counted.eq(last + 1..=last + 50), "client {number} behind {last}");
                    last += 50;
                    // So that the threads are of no use unless they are wanted.
                    std::thread::sleep(Duration::from_millis(20));
                }
            });
        }
        for _ in 0..3 {
            for (word, is_active) in [("yes", true), ("no", false)] {
                server.ok(&["CONFIG", "SET", "io-threads-always-active", word]);
                wait_until_active(&mut server, is_active);
                std::thread::sleep(Duration::from_millis(200));
            }
        }
        is_over.store(true, Ordering::Relaxed);
    });
    assert!(info(&mut server, "stats", "io_threaded_reads_processed").parse::<u64>().unwrap() > 0);
}
