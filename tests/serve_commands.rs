//! `rkv serve`: commands that need the server, as clients see them; where it helps, beside a real server.

mod common;

use common::client::{Client, Reply};
use common::servers::{Peer, Server};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

fn start(args: &[&str]) -> Server {
    Server::start_with(Peer::Rkv, args)
}

fn bulk(text: &str) -> Reply {
    Reply::Bulk(text.into())
}

/// A number of INFO.
#[track_caller]
fn info(server: &mut Server, name: &str) -> u64 {
    let text = server.ok(&["INFO", "everything"]).text();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.unwrap_or_else(|| panic!("no {name}")).parse().unwrap()
}

/// Waits until something holds.
#[track_caller]
fn wait_until(mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(30), "it took too long");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn request(args: &[&str]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", args.len());
    args.iter().for_each(|arg| bytes += &format!("${}\r\n{arg}\r\n", arg.len()));
    bytes.into_bytes()
}

/// The text of an error.
#[track_caller]
fn error(reply: Reply) -> String {
    match reply {
        Reply::Error(text) => text,
        other => panic!("no error: {other:?}"),
    }
}

#[test]
fn memory_is_counted() {
    let mut server = start(&[]);
    let before = info(&mut server, "used_memory");
    assert!(before > 10_000, "{before}");
    server.ok(&["SET", "k", &"x".repeat(1 << 20)]);
    let with = info(&mut server, "used_memory");
    assert!((1 << 20..(1 << 20) + 300_000).contains(&(with - before)), "{before} {with}");
    assert!(server.ok(&["MEMORY", "USAGE", "k"]).int() >= 1 << 20);
    server.ok(&["FLUSHALL"]);
    assert!(info(&mut server, "used_memory") < before + 300_000);
    assert!(info(&mut server, "used_memory_peak") >= with);
}

#[test]
fn keys_go_as_the_policy_says() {
    for policy in [
        "allkeys-lru",
        "allkeys-lfu",
        "allkeys-random",
        "volatile-lru",
        "volatile-lfu",
        "volatile-random",
        "volatile-ttl",
    ] {
        let mut server = start(&["--maxmemory-policy", policy]);
        let bound = info(&mut server, "used_memory") + 600_000;
        server.ok(&["CONFIG", "SET", "maxmemory", &bound.to_string()]);
        for i in 0..4000 {
            let key = format!("k{i}");
            match i % 2 {
                0 => server.cmd(&["SET", &key, &"x".repeat(100)]),
                _ => server.cmd(&["SET", &key, &"x".repeat(100), "EX", "10000"]),
            };
            // So much stays that nothing of it need go.
            if i == 400 && policy.starts_with("volatile") {
                break;
            }
        }
        for i in 0..8000 {
            server.cmd(&["SET", &format!("more{i}"), &"y".repeat(100), "EX", "10000"]);
        }
        let (used, evicted) = (info(&mut server, "used_memory"), info(&mut server, "evicted_keys"));
        assert!(used < bound + 100_000, "{policy}: {used} over {bound}");
        assert!(evicted > 1000, "{policy}: {evicted}");
        if policy.starts_with("volatile") {
            for i in (0..400).step_by(2) {
                assert_eq!(
                    server.ok(&["EXISTS", &format!("k{i}")]),
                    Reply::Int(1),
                    "{policy} k{i}"
                );
            }
        }
    }
}

#[test]
fn the_least_used_keys_go_first() {
    let mut server = start(&["--maxmemory-policy", "allkeys-lfu", "--maxmemory-samples", "10"]);
    (0..2000).for_each(|i| drop(server.ok(&["SET", &format!("k{i}"), &"x".repeat(200)])));
    for _ in 0..60 {
        (0..20).for_each(|i| drop(server.ok(&["GET", &format!("k{i}")])));
    }
    assert!(server.ok(&["OBJECT", "FREQ", "k0"]).int() > 5);
    assert_eq!(server.ok(&["OBJECT", "FREQ", "k400"]).int(), 5);
    let bound = info(&mut server, "used_memory") - 230_000;
    server.ok(&["CONFIG", "SET", "maxmemory", &bound.to_string()]);
    wait_until(|| {
        server.cmd(&["SET", "more", "x"]);
        info(&mut server, "evicted_keys") > 700
    });
    let left: i64 = (0..20).map(|i| server.ok(&["EXISTS", &format!("k{i}")]).int()).sum();
    // By chance it would be 13 of them at most.
    assert!(left >= 17, "{left}");
}

#[test]
fn without_room_writes_are_refused_and_transactions_fail() {
    let mut server = start(&[]);
    server.ok(&["SET", "k", "v"]);
    server.ok(&["MULTI"]);
    server.ok(&["SET", "k", "w"]);
    server.connect().cmd(&["CONFIG", "SET", "maxmemory", "1"]).ok();
    assert!(
        error(server.cmd(&["EXEC"])).starts_with("EXECABORT Transaction discarded because of: OOM")
    );
    assert!(error(server.cmd(&["SET", "k", "w"])).starts_with("OOM command not allowed"));
    assert_eq!(server.ok(&["GET", "k"]), bulk("v"));
    server.ok(&["DEL", "k"]);
    server.ok(&["MULTI"]);
    assert!(error(server.cmd(&["GET", "k"])).starts_with("OOM"));
    server.connect().cmd(&["CONFIG", "SET", "maxmemory", "0"]).ok();
    assert!(error(server.cmd(&["EXEC"])).starts_with("EXECABORT"));
    server.ok(&["SET", "k", "w"]);
}

#[test]
fn a_pause_holds_back_writes_and_lets_them_go_in_order() {
    let mut server = start(&[]);
    server.ok(&["DEBUG", "SET-ACTIVE-EXPIRE", "0"]);
    server.ok(&["SET", "gone", "x", "PX", "1"]);
    server.ok(&["CLIENT", "PAUSE", "100000", "WRITE"]);
    server.ok(&["DEBUG", "SET-ACTIVE-EXPIRE", "1"]);
    assert_eq!(server.ok(&["GET", "k"]), Reply::Nil);
    let mut writers: Vec<Client> = (0..3).map(|_| server.connect()).collect();
    for (i, writer) in writers.iter_mut().enumerate() {
        writer.raw(&request(&["APPEND", "k", &i.to_string()]), 0);
        wait_until(|| info(&mut server, "blocked_clients") == i as u64 + 1);
    }
    std::thread::sleep(Duration::from_millis(20));
    assert_eq!(server.ok(&["GET", "gone"]), Reply::Nil);
    assert_eq!(info(&mut server, "expired_keys"), 0);
    server.ok(&["CLIENT", "UNPAUSE"]);
    for (i, writer) in writers.iter_mut().enumerate() {
        assert_eq!(writer.read_reply().unwrap(), Reply::Int(i as i64 + 1));
    }
    assert_eq!(server.ok(&["GET", "k"]), bulk("012"));
    // A pause of everything ends by itself.
    server.ok(&["CLIENT", "PAUSE", "100"]);
    let began = Instant::now();
    server.ok(&["PING"]);
    assert!(began.elapsed() > Duration::from_millis(50));
}

#[test]
fn who_does_not_read_is_let_go_at_the_limit() {
    let limits = "normal 0 0 0 replica 0 0 0 pubsub 1mb 0 0";
    let mut server = start(&["--client-output-buffer-limit", limits]);
    let mut subscriber = server.connect();
    subscriber.cmd(&["SUBSCRIBE", "c"]);
    let message = "x".repeat(100_000);
    wait_until(|| server.ok(&["PUBLISH", "c", &message]) == Reply::Int(0));
    assert_eq!(info(&mut server, "client_output_buffer_limit_disconnections"), 1);
    assert!(server.log().contains("closed for overcoming of output buffer limits"));
    // A reply over the limit never comes, and takes no more memory than that.
    server.ok(&["CONFIG", "SET", "client-output-buffer-limit", "normal 100000 0 0"]);
    server.ok(&["HSET", "h", "f", "v"]);
    let mut greedy = server.connect();
    assert!(greedy.try_cmd(&["HRANDFIELD", "h", "-9999999"]).is_err());
    assert!(info(&mut server, "used_memory_peak") < 100 << 20);
}

#[test]
fn requests_go_on_though_nobody_reads_the_replies() {
    let mut server = start(&[]);
    server.ok(&["SET", "big", &"x".repeat(100_000)]);
    let mut client = server.connect();
    // More than sockets hold in either direction: who would wait for replies to be read would wait for ever.
    let mut bytes = Vec::new();
    (0..300).for_each(|_| bytes.extend(request(&["GET", "big"])));
    (0..100).for_each(|_| bytes.extend(request(&["SET", "other", &"y".repeat(100_000)])));
    let replies = client.raw(&bytes, 400);
    assert_eq!(replies.len(), 400);
    assert!(replies[300..].iter().all(|reply| *reply == Reply::Simple("OK".into())));
}

#[test]
fn clients_are_told_apart() {
    let mut server = start(&[]);
    let mut subscriber = server.connect();
    subscriber.cmd(&["SUBSCRIBE", "c"]);
    let mut named = server.connect();
    named.cmd(&["CLIENT", "SETNAME", "me"]).ok();
    named.cmd(&["MULTI"]).ok();
    named.cmd(&["SET", "k", "v"]).ok();
    let list = server.ok(&["CLIENT", "LIST"]).text();
    let line = list.lines().find(|line| line.contains(" name=me ")).unwrap();
    assert!(line.contains(" flags=xU ") && line.contains(" multi=1 "), "{line}");
    let own = list.lines().find(|line| line.contains(" cmd=client|list ")).unwrap();
    assert!(own.contains(" qbuf=26 ") && own.contains(" argv-mem=10 "), "{own}");
    let subscribers = server.ok(&["CLIENT", "LIST", "TYPE", "pubsub"]).text();
    assert_eq!(subscribers.lines().count(), 1);
    assert_eq!(server.ok(&["CLIENT", "KILL", "TYPE", "pubsub"]), Reply::Int(1));
    assert_eq!(info(&mut server, "connected_clients"), 2);
    assert!(subscriber.read_reply().is_err());
}

#[test]
fn the_largest_clients_go_when_all_are_over_their_bound() {
    let mut server = start(&["--maxmemory-clients", "3mb"]);
    server.ok(&["CLIENT", "NO-EVICT", "on"]);
    let mut large = TcpStream::connect(server.address()).unwrap();
    let mut small = server.connect();
    small.cmd(&["PING"]).ok();
    // It may be gone before all is written.
    let _ = large.write_all(b"*2\r\n$4\r\nECHO\r\n$9000000\r\n");
    let _ = large.write_all(&vec![b'x'; 5_000_000]);
    wait_until(|| info(&mut server, "evicted_clients") == 1);
    assert!(large.read(&mut [0; 10]).map_or(true, |bytes| bytes == 0));
    small.cmd(&["PING"]).ok();
}

#[test]
fn times_of_commands_are_tracked() {
    let mut server =
        start(&["--latency-monitor-threshold", "50", "--slowlog-log-slower-than", "50000"]);
    server.ok(&["SET", "k", "v"]);
    server.ok(&["DEBUG", "SLEEP", "0.1"]);
    let stats = server.ok(&["INFO", "latencystats"]).text();
    let line =
        stats.lines().find(|line| line.starts_with("latency_percentiles_usec_debug:p50=")).unwrap();
    let p50: f64 = line.split(['=', ',']).nth(1).unwrap().parse().unwrap();
    assert!((100_000.0..200_000.0).contains(&p50), "{line}");
    let histogram = server.ok(&["LATENCY", "HISTOGRAM", "set"]).array();
    assert_eq!(histogram[0], bulk("set"));
    let latest = server.ok(&["LATENCY", "LATEST"]).array();
    let event = latest[0].clone().array();
    assert_eq!(event[0], bulk("command"));
    assert!(event[2].clone().int() >= 100);
    assert_eq!(server.ok(&["SLOWLOG", "LEN"]), Reply::Int(1));
    server.ok(&["CONFIG", "SET", "latency-tracking", "no"]);
    server.ok(&["CONFIG", "RESETSTAT"]);
    server.ok(&["SET", "k", "v"]);
    assert!(!server.ok(&["INFO", "latencystats"]).text().contains("usec_set"));
}

#[test]
fn passwords_are_not_shown() {
    let mut server = start(&["--slowlog-log-slower-than", "0"]);
    let mut monitor = server.connect();
    monitor.cmd(&["MONITOR"]).ok();
    server.cmd(&["AUTH", "default", "secret"]);
    server.ok(&["CONFIG", "SET", "masterauth", "secret"]);
    let shown = monitor.read_reply().unwrap();
    assert!(
        matches!(&shown, Reply::Simple(line) if line.ends_with(r#""AUTH" "(redacted)" "(redacted)""#)),
        "{shown:?}"
    );
    let log = format!("{:?}", server.ok(&["SLOWLOG", "GET", "10"]));
    assert!(!log.contains("secret"), "{log}");
}

#[test]
fn keys_move_to_other_servers() {
    for peer in [Peer::Rkv, Peer::Redis70] {
        let mut own = start(&[]);
        let mut other = Server::start(peer);
        let port = other.address().port().to_string();
        own.ok(&["SET", "string", "v", "EX", "1000"]);
        (0..500).for_each(|i| drop(own.ok(&["RPUSH", "list", &format!("element {i}")])));
        own.ok(&["SADD", "set", "a", "b"]);
        own.ok(&["HSET", "hash", "f", "v"]);
        let digest = own.debug_digest();
        let keys = ["KEYS", "string", "list", "set", "hash", "none"];
        let head = ["MIGRATE", "127.0.0.1", &port, "", "0", "5000"];
        own.ok(&[&head[..], &["COPY"], &keys[..]].concat());
        assert_eq!(other.debug_digest(), digest, "{peer:?}");
        assert!(error(own.cmd(&[&head[..], &keys[..]].concat())).contains("BUSYKEY"));
        own.ok(&[&head[..], &["REPLACE"], &keys[..]].concat());
        assert_eq!(own.ok(&["DBSIZE"]), Reply::Int(0));
        assert_eq!(other.debug_digest(), digest, "{peer:?}");
        assert!(other.ok(&["TTL", "string"]).int() > 900);
        assert_eq!(info(&mut own, "migrate_cached_sockets"), 1);
        assert_eq!(own.ok(&[&head[..], &keys[..]].concat()), Reply::Simple("NOKEY".into()));
    }
    let mut own = start(&[]);
    own.ok(&["SET", "k", "v"]);
    let refused = own.cmd(&["MIGRATE", "127.0.0.1", "1", "k", "0", "500"]);
    assert!(error(refused).starts_with("IOERR error or timeout connecting"));
    assert_eq!(own.ok(&["GET", "k"]), bulk("v"));
}

#[test]
fn libraries_go_from_server_to_server() {
    let code = "#!lua name=lib\nredis.register_function('f', function() return 1 end)";
    let mut redis = Server::start(Peer::Redis70);
    redis.ok(&["FUNCTION", "LOAD", code]);
    let dumped = redis.ok(&["FUNCTION", "DUMP"]).bytes();
    let mut own = start(&[]);
    own.ok(&[b"FUNCTION".as_slice(), b"RESTORE", &dumped]);
    let list = own.ok(&["FUNCTION", "LIST", "WITHCODE", "LIBRARYNAME", "l*"]).array();
    assert!(list[0].clone().array().contains(&bulk("library_code")));
    assert_eq!(own.ok(&["FUNCTION", "LIST", "LIBRARYNAME", "x*"]).array(), []);
    let dumped = own.ok(&["FUNCTION", "DUMP"]).bytes();
    redis.ok(&[b"FUNCTION".as_slice(), b"RESTORE", &dumped, b"REPLACE"]);
    assert_eq!(redis.ok(&["FCALL", "f", "0"]), Reply::Int(1));
    own.ok(&["FUNCTION", "DELETE", "lib"]);
    assert_eq!(own.ok(&["FUNCTION", "LIST"]).array(), []);
}

#[test]
fn large_values_are_freed_beside() {
    let mut server = start(&[]);
    let before = info(&mut server, "used_memory");
    for start in (0..100_000).step_by(1000) {
        let members = (start..start + 1000).map(|i| format!("member {i}"));
        let mut args = vec!["SADD".to_owned(), "set".to_owned()];
        args.extend(members);
        server.ok(&args);
    }
    assert!(info(&mut server, "used_memory") > before + 2_000_000);
    server.ok(&["UNLINK", "set"]);
    wait_until(|| info(&mut server, "lazyfreed_objects") == 1);
    assert!(info(&mut server, "used_memory") < before + 1_000_000);
    assert_eq!(info(&mut server, "lazyfree_pending_objects"), 0);
    server.ok(&["SADD", "small", "a"]);
    server.ok(&["UNLINK", "small"]);
    assert_eq!(info(&mut server, "lazyfreed_objects"), 1);
}

#[test]
fn encodings_have_the_names_of_redis() {
    let commands: &[&[&str]] = &[
        &["RPUSH", "list", "a", "b"],
        &["SADD", "ints", "1", "2"],
        &["SADD", "texts", "a", "b"],
        &["SADD", "mixed", "1", "b"],
        &["HSET", "hash", "f", "v"],
        &["ZADD", "zset", "1", "m"],
        &["SET", "int", "12345"],
        &["SET", "short", "text"],
        &["APPEND", "appended", "text"],
        &["XADD", "stream", "1-1", "f", "v"],
    ];
    let told = |peer: Peer| {
        let mut server = Server::start(peer);
        let each = commands.iter().map(|command| {
            server.ok(command);
            let asked = |server: &mut Server, what| server.ok(&["OBJECT", what, command[1]]);
            (asked(&mut server, "ENCODING"), asked(&mut server, "REFCOUNT"))
        });
        each.collect::<Vec<_>>()
    };
    assert_eq!(told(Peer::Rkv), told(Peer::Redis70));
}

#[test]
fn waits_for_groups_end_in_the_words_of_redis() {
    let ends: &[&[&str]] = &[
        &["DEL", "s"],
        &["SET", "s", "no stream"],
        &["XGROUP", "DESTROY", "s", "g"],
        &["FLUSHALL"],
    ];
    for end in ends {
        let told = |peer: Peer| {
            let mut server = Server::start(peer);
            server.ok(&["XGROUP", "CREATE", "s", "g", "$", "MKSTREAM"]);
            let mut reader = server.connect();
            let read = ["XREADGROUP", "GROUP", "g", "me", "BLOCK", "0", "STREAMS", "s", ">"];
            reader.raw(&request(&read), 0);
            wait_until(|| info(&mut server, "blocked_clients") == 1);
            server.ok(end);
            reader.read_reply().unwrap()
        };
        assert_eq!(told(Peer::Rkv), told(Peer::Redis70), "{end:?}");
    }
}

#[test]
fn commands_can_have_other_names() {
    let mut server =
        start(&["--rename-command", "FLUSHALL", "", "--rename-command", "GET", "fetch"]);
    server.ok(&["SET", "k", "v"]);
    assert!(error(server.cmd(&["FLUSHALL"])).starts_with("ERR unknown command"));
    assert!(error(server.cmd(&["GET", "k"])).starts_with("ERR unknown command"));
    assert_eq!(server.ok(&["FETCH", "k"]), bulk("v"));
}

#[test]
fn keys_of_commands_have_the_flags_of_redis() {
    let mut own = start(&[]);
    let mut redis = Server::start(Peer::Redis70);
    let commands: &[&[&str]] = &[
        &["SET", "k", "v"],
        &["SET", "k", "v", "GET"],
        &["BITFIELD", "k", "GET", "u8", "0"],
        &["BITFIELD", "k", "SET", "u8", "0", "1"],
        &["SORT", "a", "STORE", "b"],
        &["MSET", "a", "1", "b", "2"],
        &["LMOVE", "a", "b", "LEFT", "RIGHT"],
    ];
    for command in commands {
        let asked = [&["COMMAND", "GETKEYSANDFLAGS"], *command].concat();
        assert_eq!(own.ok(&asked), redis.ok(&asked), "{command:?}");
    }
    assert_eq!(own.ok(&["COMMAND", "GETKEYS", "EVAL", "return 1", "0"]).array(), []);
}

#[test]
fn it_listens_elsewhere_when_it_is_told_to() {
    let mut server = start(&[]);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let used = taken.local_addr().unwrap().port().to_string();
    let before = server.ok(&["CONFIG", "GET", "port", "maxclients"]);
    let refused = error(server.cmd(&["CONFIG", "SET", "maxclients", "77", "port", &used]));
    assert!(refused.contains("'port') - Unable to listen on this port"), "{refused}");
    assert_eq!(server.ok(&["CONFIG", "GET", "port", "maxclients"]), before);
    Client::tcp(server.address()).unwrap().cmd(&["PING"]).ok();
    drop(taken);
    server.ok(&["CONFIG", "SET", "port", &used]);
    Client::tcp(([127, 0, 0, 1], used.parse().unwrap()).into()).unwrap().cmd(&["PING"]).ok();
    assert!(TcpStream::connect(server.address()).is_err());
    let refused = error(server.cmd(&["CONFIG", "SET", "bind", "999.999.999.999"]));
    assert!(refused.contains("Failed to bind to specified addresses"), "{refused}");
}

#[test]
fn hashes_by_prepared_fields() {
    let mut server = start(&["--appendonly", "yes"]);
    assert_eq!(
        server.ok(&["HIMPORT", "PREPARE", "user", "name", "age"]),
        Reply::Simple("OK".into())
    );
    assert_eq!(
        error(server.cmd(&["HIMPORT", "PREPARE", "user", "a", "a"])),
        "ERR duplicate field name in fieldset"
    );
    server.ok(&["HSET", "u:1", "old", "field"]);
    server.ok(&["HIMPORT", "SET", "u:1", "user", "Ann", "33"]);
    server.ok(&["HIMPORT", "SET", "u:2", "user", "Bob", "44"]);
    let all = |name, age| Reply::Array(["name", name, "age", age].map(bulk).into());
    assert_eq!(server.ok(&["HGETALL", "u:1"]), all("Ann", "33"));
    let counts = error(server.cmd(&["HIMPORT", "SET", "u:3", "user", "Cid"]));
    assert!(counts.contains("value count does not match"), "{counts}");
    server.ok(&["SET", "text", "v"]);
    let wrong = error(server.cmd(&["HIMPORT", "SET", "text", "user", "Cid", "55"]));
    assert!(wrong.starts_with("WRONGTYPE"), "{wrong}");
    // They are the connection's own, until it is reset.
    let mut other = server.connect();
    let unknown = error(other.cmd(&["HIMPORT", "SET", "u:3", "user", "Cid", "55"]));
    assert_eq!(unknown, "ERR no such fieldset");
    assert_eq!(other.cmd(&["HIMPORT", "DISCARD", "user"]), Reply::Int(0));
    server.ok(&["HIMPORT", "PREPARE", "second", "", "f"]);
    assert_eq!(server.ok(&["HIMPORT", "DISCARD", "user"]), Reply::Int(1));
    assert_eq!(server.ok(&["HIMPORT", "DISCARDALL"]), Reply::Int(1));
    server.ok(&["HIMPORT", "PREPARE", "user", "name"]);
    server.ok(&["RESET"]);
    assert_eq!(server.ok(&["HIMPORT", "DISCARDALL"]), Reply::Int(0));
    // What others are told gives the same data.
    server.ok(&["DEBUG", "LOADAOF"]);
    assert_eq!(server.ok(&["HGETALL", "u:1"]), all("Ann", "33"));
    assert_eq!(server.ok(&["HGETALL", "u:2"]), all("Bob", "44"));
}

#[test]
fn arrays_are_stored_and_told() {
    let mut server = start(&["--appendonly", "yes", "--notify-keyspace-events", "EA"]);
    let mut listener = server.connect();
    listener.cmd(&["PSUBSCRIBE", "*ar*"]);
    server.ok(&["ARINSERT", "a", "x", "12", "1.5"]);
    server.ok(&["ARSET", "a", "1000000", "far"]);
    let heard = listener.read_reply().unwrap().array();
    assert_eq!(heard[2..], [bulk("__keyevent@0__:arinsert"), bulk("a")]);
    let before = server.ok(&["DEBUG", "DIGEST-VALUE", "a"]);
    let told = server.ok(&["DEBUG", "OBJECT", "a"]).text();
    assert!(told.contains("serializedlength:") && !told.contains("serializedlength:0 "), "{told}");
    server.ok(&["BGREWRITEAOF"]);
    wait_until(|| info(&mut server, "aof_rewrite_in_progress") == 0);
    server.ok(&["ARRING", "a", "2", "y"]);
    server.ok(&["DEBUG", "LOADAOF"]);
    assert_eq!(
        server.ok(&["ARGETRANGE", "a", "0", "1"]),
        Reply::Array(["y", "1.5"].map(bulk).into())
    );
    assert_eq!(server.ok(&["ARNEXT", "a"]), Reply::Int(1));
    server.ok(&["DEL", "a"]);
    server.ok(&["ARINSERT", "a", "x", "12", "1.5"]);
    server.ok(&["ARSET", "a", "1000000", "far"]);
    server.ok(&["DEBUG", "RELOAD"]);
    assert_eq!(server.ok(&["DEBUG", "DIGEST-VALUE", "a"]), before);
    assert_eq!(server.ok(&["ARNEXT", "a"]), Reply::Int(3));
    assert_eq!(server.ok(&["TYPE", "a"]), Reply::Simple("array".into()));
    assert!(matches!(server.ok(&["MEMORY", "USAGE", "a"]), Reply::Int(100..1000)));
}

#[test]
fn vector_sets_are_stored_and_told() {
    let mut server = start(&["--appendonly", "yes", "--notify-keyspace-events", "AEKn"]);
    let mut listener = server.connect();
    listener.cmd(&["PSUBSCRIBE", "__keyevent@0__:*"]);
    assert_eq!(
        server.ok(&["VADD", "v", "VALUES", "2", "1", "0", "a", "SETATTR", "{}"]),
        Reply::Int(1)
    );
    assert_eq!(server.ok(&["VADD", "v", "VALUES", "2", "0", "1", "b"]), Reply::Int(1));
    // Of vector sets, servers tell only that there is a new key.
    let heard = listener.read_reply().unwrap().array();
    assert_eq!(heard[2..], [bulk("__keyevent@0__:new"), bulk("v")]);
    // A change is one for those who watch, too.
    let mut watcher = server.connect();
    watcher.cmd(&["WATCH", "v"]);
    server.ok(&["VSETATTR", "v", "b", "{\"n\":1}"]);
    watcher.cmd(&["MULTI"]);
    watcher.cmd(&["VCARD", "v"]);
    assert_eq!(watcher.cmd(&["EXEC"]), Reply::Nil);
    assert_eq!(server.ok(&["VADD", "v", "VALUES", "2", "2", "1", "b"]), Reply::Int(0));
    let before = server.ok(&["DEBUG", "DIGEST-VALUE", "v"]);
    server.ok(&["DEBUG", "LOADAOF"]);
    assert_eq!(server.ok(&["DEBUG", "DIGEST-VALUE", "v"]), before);
    server.ok(&["BGREWRITEAOF"]);
    wait_until(|| info(&mut server, "aof_rewrite_in_progress") == 0);
    server.ok(&["DEBUG", "LOADAOF"]);
    assert_eq!(server.ok(&["DEBUG", "DIGEST-VALUE", "v"]), before);
    server.ok(&["DEBUG", "RELOAD"]);
    assert_eq!(server.ok(&["DEBUG", "DIGEST-VALUE", "v"]), before);
    assert_eq!(server.ok(&["VGETATTR", "v", "b"]), bulk("{\"n\":1}"));
    assert_eq!(
        server.ok(&["VSIM", "v", "ELE", "b", "COUNT", "1"]),
        Reply::Array([bulk("b")].into())
    );
    assert_eq!(server.ok(&["TYPE", "v"]), Reply::Simple("vectorset".into()));
    assert_eq!(server.ok(&["OBJECT", "ENCODING", "v"]), bulk("raw"));
    assert!(matches!(server.ok(&["MEMORY", "USAGE", "v"]), Reply::Int(300..3000)));
    server.ok(&["VSETATTR", "v", "b", ""]);
    assert_ne!(server.ok(&["DEBUG", "DIGEST-VALUE", "v"]), before);
    server.ok(&["VREM", "v", "a"]);
    server.ok(&["VREM", "v", "b"]);
    assert_eq!(server.ok(&["EXISTS", "v"]), Reply::Int(0));
}

/// What has no data to answer from, and what is refused before it is looked at, is answered in the same words.
#[test]
fn words_are_those_of_redis() {
    let same = |peer: Peer, commands: &str| {
        let mut servers = [peer, Peer::Rkv].map(Server::start);
        for command in commands.split(';') {
            let words: Vec<&str> = command.split_whitespace().collect();
            let [theirs, ours] = servers.each_mut().map(|server| server.cmd(&words));
            assert_eq!(ours, theirs, "{peer:?}: {command}");
        }
        let [theirs, ours] = servers.each_mut().map(|server| {
            let info = server.ok(&["INFO", "errorstats"]).text();
            info.lines().find(|line| line.contains("EXECABORT")).map(str::to_owned)
        });
        assert_eq!(ours, theirs, "{peer:?}");
    };
    same(
        Peer::Redis70,
        "ASKING; READONLY; READWRITE; CLUSTER INFO; CLUSTER SLOTS; CLUSTER HELP; CLUSTER; CLUSTER NONE; \
         MODULE LIST; MODULE LOAD /some/module.so; MODULE UNLOAD some; MODULE NONE; \
         EXEC; EXEC more; MULTI; EXEC more; EXEC; RPUSH list a; SET string abc; \
         LCS list string NONE; LCS string none NONE; HSCAN list 0 NONE; SSCAN list 0 NONE; ZSCAN list 0 NONE; \
         HSCAN none 0 NONE; SSCAN none 0 NONE; ZSCAN none 0 NONE",
    );
    same(
        Peer::Valkey91,
        "OBJECT HELP; PUBSUB HELP; LATENCY HELP; MEMORY HELP; SLOWLOG HELP; COMMANDLOG HELP; CONFIG HELP; XINFO HELP; XGROUP HELP",
    );
}

/// A payload of a type and its parts, with a checksum that is not looked at.
fn payload(type_byte: u8, parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = vec![type_byte];
    parts.iter().for_each(|part| bytes.extend_from_slice(part));
    bytes.extend_from_slice(&[10, 0]);
    bytes.extend_from_slice(&[1; 8]);
    bytes
}

/// No server writes a name twice, so what says so is damaged; nor is it taken with one of the two lost.
#[test]
fn repeated_names_are_refused_as_redis_does() {
    let listpack = |names: &[&[u8]]| {
        let body: Vec<u8> = names
            .iter()
            .flat_map(|name| [&[0x80 | name.len() as u8], *name, &[name.len() as u8 + 1]].concat())
            .collect();
        let len = body.len() + 7;
        let (bytes, count) = ((len as u32).to_le_bytes(), (names.len() as u16).to_le_bytes());
        [&[len as u8][..], &bytes, &count, &body, &[0xff]].concat()
    };
    let nan = f64::NAN.to_le_bytes();
    let cases: [(&str, Vec<u8>, bool); 9] = [
        ("set", payload(2, &[b"\x02\x01a\x01a"]), false),
        ("hash", payload(4, &[b"\x02\x01a\x01b\x01a\x01c"]), false),
        (
            "zset",
            payload(5, &[b"\x02\x01a", &1f64.to_le_bytes(), b"\x01a", &2f64.to_le_bytes()]),
            false,
        ),
        ("a score that is no number", payload(5, &[b"\x01\x01a", &nan]), false),
        ("hash in a listpack", payload(16, &[&listpack(&[b"a", b"1", b"a", b"2"])]), false),
        ("zset in a listpack", payload(17, &[&listpack(&[b"a", b"1", b"a", b"2"])]), false),
        ("a set that is whole", payload(2, &[b"\x02\x01a\x01b"]), true),
        ("a hash that is whole", payload(16, &[&listpack(&[b"a", b"1", b"b", b"2"])]), true),
        ("a zset that is whole", payload(17, &[&listpack(&[b"a", b"1", b"b", b"2"])]), true),
    ];
    for peer in [Peer::Redis70, Peer::Rkv] {
        let args = ["--enable-debug-command", "yes", "--sanitize-dump-payload", "yes"];
        let mut server = Server::start_with(peer, &args);
        let whole = payload(2, &[b"\x02\x01a\x01b"]);
        let refused = server.cmd(&[&b"RESTORE"[..], b"key", b"0", &whole]);
        assert!(error(refused).contains("checksum"), "{peer:?}");
        server.ok(&["DEBUG", "SET-SKIP-CHECKSUM-VALIDATION", "1"]);
        for (what, payload, is_whole) in &cases {
            let reply = server.cmd(&[&b"RESTORE"[..], b"key", b"0", payload, b"REPLACE"]);
            match is_whole {
                true => assert_eq!(reply, Reply::Simple("OK".into()), "{peer:?}: {what}"),
                false => assert_eq!(error(reply), "ERR Bad data format", "{peer:?}: {what}"),
            }
        }
        // A change of the configuration does not take it back.
        server.ok(&["CONFIG", "SET", "hash-max-listpack-entries", "64"]);
        server.ok(&[&b"RESTORE"[..], b"key", b"0", &whole, b"REPLACE"]);
    }
}
