//! COMMANDLOG of `rkv serve`, beside that of Valkey.

mod common;

use common::client::{Client, Reply};
use common::replicas::{assert_same, follow, start, wait_for, wait_until_up};
use common::servers::{Peer, Server};

const PEERS: [Peer; 2] = [Peer::Valkey91, Peer::Rkv];

/// Lets only those who call for it be logged.
const OFF: [&str; 6] = [
    "--slowlog-log-slower-than",
    "-1",
    "--commandlog-request-larger-than",
    "-1",
    "--commandlog-reply-larger-than",
    "-1",
];

/// Runs something on both servers, and compares what comes of it.
#[track_caller]
fn same(args: &[&str], run: impl Fn(&mut Server) -> Vec<String>) -> Vec<String> {
    let [valkey, rkv] = PEERS.map(|peer| run(&mut Server::start_with(peer, args)));
    assert_eq!(rkv, valkey);
    rkv
}

/// The entries of a kind, oldest first: number, size, arguments and name of the client.
fn entries(client: &mut Client, kind: &str) -> Vec<String> {
    let log = client.cmd(&["COMMANDLOG", "GET", "-1", kind]).array();
    let show = |entry: Reply| {
        let mut parts = entry.array();
        assert_eq!(parts.len(), 6, "{parts:?}");
        // Times and addresses differ.
        let address = parts.remove(4).text();
        assert!(address.contains(':'), "{address}");
        assert!(parts.remove(1).int() > 1_700_000_000);
        format!("{kind} {parts:?}")
    };
    log.into_iter().rev().map(show).collect()
}

/// What is logged of commands with all sizes logged.
fn logged(server: &mut Server, run: impl Fn(&mut Server)) -> Vec<String> {
    const NAMES: [&str; 2] = ["commandlog-request-larger-than", "commandlog-reply-larger-than"];
    let mut other = server.connect();
    other.cmd(&["CONFIG", "SET", NAMES[0], "0", NAMES[1], "0"]).ok();
    run(server);
    other.cmd(&["CONFIG", "SET", NAMES[0], "-1", NAMES[1], "-1"]).ok();
    [entries(&mut other, "large-request"), entries(&mut other, "large-reply")].concat()
}

#[test]
fn words_and_errors_are_those_of_valkey() {
    const LINES: &[&str] = &[
        "COMMANDLOG",
        "COMMANDLOG HELP",
        "COMMANDLOG HELP x",
        "COMMANDLOG NONE",
        "COMMANDLOG GET",
        "COMMANDLOG GET 1",
        "COMMANDLOG GET 1 none",
        "COMMANDLOG GET x slow",
        "COMMANDLOG GET -2 none",
        "COMMANDLOG GET -1 SLOW",
        "COMMANDLOG GET 1 slow x",
        "COMMANDLOG LEN",
        "COMMANDLOG LEN none",
        "COMMANDLOG LEN Large-Reply",
        "COMMANDLOG RESET",
        "COMMANDLOG RESET none",
        "COMMANDLOG RESET large-request",
        "SLOWLOG GET x",
        "SLOWLOG GET -2",
    ];
    same(&OFF, |server| {
        let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        LINES.iter().map(|line| format!("{line}: {:?}", server.cmd(&words(line)))).collect()
    });
}

#[test]
fn sizes_are_those_of_whole_requests_and_replies() {
    let long = "x".repeat(300);
    let logged = same(&OFF, |server| {
        logged(server, |server| {
            server.ok(&["CLIENT", "SETNAME", "me"]);
            server.ok(&["SET", "k", &long]);
            server.ok(&["GET", "k"]);
            server.ok(&["get", "none"]);
            server.ok(&["SET", &long, "v"]);
            // Wrong ones that are run, and others that are not.
            server.cmd(&["LPUSH", "k", "v"]);
            server.cmd(&["GET"]);
            server.cmd(&["NONE", "x"]);
            server.cmd(&["AUTH", "password"]);
            server.ok(&["CONFIG", "SET", "masterauth", "password"]);
            let many: Vec<String> = (0..41).map(|n| format!("a{n}")).collect();
            server.ok(&[&["RPUSH".to_owned(), "list".to_owned()], many.as_slice()].concat());
            server.ok(&["LRANGE", "list", "0", "-1"]);
            server.pipeline(&[vec!["GET", "k"], vec!["PING"], vec!["GET", "k"]]);
            let mut silent = server.connect();
            silent.raw(
                b"*3\r\n$6\r\nCLIENT\r\n$5\r\nREPLY\r\n$4\r\nSKIP\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\n*1\r\n$4\r\nPING\r\n",
                1,
            );
        })
    });
    assert!(logged.iter().any(|line| line.contains("large-request") && line.contains("Int(328)")));
    assert!(!logged.iter().any(|line| line.contains("password")));
}

/// In a transaction the request is EXEC, and the reply what it has given so far.
#[test]
fn transactions_and_waits_count_as_in_valkey() {
    let long = "x".repeat(300);
    same(&OFF, |server| {
        logged(server, |server| {
            server.ok(&["MULTI"]);
            server.ok(&["SET", "k", &long]);
            server.ok(&["GET", "k"]);
            server.ok(&["PING"]);
            server.ok(&["EXEC"]);
            let mut waits = server.connect();
            std::thread::scope(|scope| {
                let wait = scope.spawn(|| waits.cmd(&["BLPOP", "list", "0"]));
                wait_for("the wait", || {
                    server.connect().cmd(&["CLIENT", "LIST"]).text().contains("cmd=blpop")
                });
                // Those who looked are not what is compared.
                server.ok(&["COMMANDLOG", "RESET", "large-request"]);
                server.ok(&["COMMANDLOG", "RESET", "large-reply"]);
                server.ok(&["RPUSH", "list", &long]);
                wait.join().unwrap().ok();
            });
        })
        .into_iter()
        .map(|line| without_number(&line))
        .collect()
    });
}

/// An entry without its number.
fn without_number(line: &str) -> String {
    let (kind, rest) = line.split_once(" [").unwrap();
    format!("{kind} {}", rest.split_once(", ").unwrap().1)
}

#[test]
fn each_log_has_its_limit_and_its_length() {
    let lengths = |server: &mut Server| {
        ["slow", "large-request", "large-reply"]
            .map(|kind| server.ok(&["COMMANDLOG", "LEN", kind]).int())
    };
    same(&OFF, |server| {
        let mut told = Vec::new();
        let long = "x".repeat(1000);
        server.ok(&["CONFIG", "SET", "commandlog-request-larger-than", "1000"]);
        server.ok(&["CONFIG", "SET", "commandlog-reply-larger-than", "1007"]);
        (0..4).for_each(|_| drop(server.ok(&["SET", "k", &long])));
        (0..3).for_each(|_| drop(server.ok(&["GET", "k"])));
        told.push(lengths(server));
        server.ok(&["CONFIG", "SET", "commandlog-reply-larger-than", "1010"]);
        server.ok(&["GET", "k"]);
        told.push(lengths(server));
        server.ok(&["CONFIG", "SET", "commandlog-large-request-max-len", "2"]);
        server.ok(&["CONFIG", "SET", "commandlog-large-reply-max-len", "1"]);
        told.push(lengths(server));
        // None is kept, and those that are there stay.
        server.ok(&["CONFIG", "SET", "commandlog-large-request-max-len", "0"]);
        server.ok(&["SET", "k", &long]);
        told.push(lengths(server));
        server.ok(&["COMMANDLOG", "RESET", "large-request"]);
        told.push(lengths(server));
        let shown = entries(&mut server.connect(), "large-reply");
        told.iter().map(|lengths| format!("{lengths:?}")).chain(shown).collect()
    });
}

#[test]
fn slowlog_and_its_part_of_commandlog_are_one() {
    for peer in PEERS {
        let mut server = Server::start_with(peer, &OFF);
        server.ok(&["CONFIG", "SET", "commandlog-execution-slower-than", "0"]);
        server.ok(&["ECHO", "one"]);
        server.ok(&["CONFIG", "SET", "slowlog-log-slower-than", "-1"]);
        let new = server.ok(&["COMMANDLOG", "GET", "-1", "slow"]);
        assert_eq!(new, server.ok(&["SLOWLOG", "GET", "-1"]), "{peer:?}");
        assert_eq!(new.array().len(), 2, "{peer:?}");
        server.ok(&["COMMANDLOG", "RESET", "SLOW"]);
        assert_eq!(server.ok(&["SLOWLOG", "LEN"]), Reply::Int(0), "{peer:?}");
    }
}

/// Requests that wait for the end of a pause, and those of a primary's stream, are looked at as well.
#[test]
fn a_large_request_is_found_whichever_way_it_comes() {
    let long = "x".repeat(2 << 20);
    let mut primary = start(Peer::Rkv);
    let mut replica = start(Peer::Rkv);
    follow(&mut replica, &primary);
    wait_until_up(&mut replica);
    primary.ok(&["CLIENT", "PAUSE", "1000000", "WRITE"]);
    let mut waits = primary.connect();
    std::thread::scope(|scope| {
        let wait = scope.spawn(|| waits.cmd(&["SET", "k", &long]));
        wait_for("the request", || primary.ok(&["CLIENT", "LIST"]).text().contains("cmd=set"));
        primary.ok(&["CLIENT", "UNPAUSE"]);
        wait.join().unwrap().ok();
    });
    primary.ok(&["GET", "k"]);
    assert_same(&mut primary, &mut replica);
    for server in [&mut primary, &mut replica] {
        let log = server.ok(&["COMMANDLOG", "GET", "-1", "large-request"]).array();
        let [entry] = log.as_slice() else { panic!("{log:?}") };
        let parts = entry.clone().array();
        assert_eq!(parts[2], Reply::Int((2 << 20) + 32));
        assert_eq!(parts[3].clone().array()[1].clone().text(), "k");
    }
    assert_eq!(primary.ok(&["COMMANDLOG", "LEN", "large-reply"]), Reply::Int(1));
    assert_eq!(replica.ok(&["COMMANDLOG", "LEN", "large-reply"]), Reply::Int(0));
}
