//! `rkv serve` as primary and as replica, beside real servers: full and partial resynchronisation, chains, promotion, restarts.

mod common;

use common::files::{check_set, load_set};
use common::replicas::{
    TIMEOUT, assert_same, cut, follow, info, start, wait_for, wait_until_up, write,
};
use common::servers::{AOF, Peer, Server};
use std::path::Path;
use std::time::Duration;

#[test]
fn each_follows_each() {
    let others = [Peer::Redis70, Peer::Valkey81, Peer::Valkey91, Peer::Rkv];
    let pairs = others.iter().flat_map(|peer| [(*peer, Peer::Rkv), (Peer::Rkv, *peer)]);
    for (first, second) in pairs {
        let (mut primary, mut replica) = (start(first), start(second));
        write(&mut primary, 0);
        follow(&mut replica, &primary);
        write(&mut primary, 1);
        wait_until_up(&mut replica);
        write(&mut primary, 2);
        assert_same(&mut primary, &mut replica);
        assert_eq!(info(&mut primary, "stats", "sync_full"), "1", "{first:?} {second:?}");
        for round in 3..6 {
            cut(&mut primary);
            write(&mut primary, round);
            wait_until_up(&mut replica);
            assert_same(&mut primary, &mut replica);
        }
        assert_eq!(info(&mut primary, "stats", "sync_full"), "1", "{first:?} {second:?}");
        let partial: u32 = info(&mut primary, "stats", "sync_partial_ok").parse().unwrap();
        assert!(partial >= 3, "{first:?} {second:?}");
    }
}

#[test]
fn chains_relay_the_same_stream_and_survive_a_promotion() {
    for peers in [[Peer::Redis70, Peer::Rkv, Peer::Redis70], [Peer::Rkv, Peer::Valkey91, Peer::Rkv]]
    {
        let [mut first, mut second, mut third] = peers.map(start);
        write(&mut first, 0);
        follow(&mut second, &first);
        wait_until_up(&mut second);
        follow(&mut third, &second);
        wait_until_up(&mut third);
        write(&mut first, 1);
        assert_same(&mut first, &mut second);
        assert_same(&mut second, &mut third);
        cut(&mut first);
        write(&mut first, 2);
        assert_same(&mut first, &mut third);
        // The second one takes over; the first one and the third one go on with it.
        second.ok(&["REPLICAOF", "NO", "ONE"]);
        follow(&mut first, &second);
        write(&mut second, 3);
        wait_until_up(&mut first);
        wait_until_up(&mut third);
        write(&mut second, 4);
        assert_same(&mut second, &mut third);
        assert_same(&mut second, &mut first);
        assert_eq!(info(&mut second, "stats", "sync_full"), "1", "{peers:?}");
    }
}

#[test]
fn a_snapshot_can_be_sent_from_disk() {
    let mut primary = Server::start_with(Peer::Rkv, &["--repl-diskless-sync", "no"]);
    write(&mut primary, 0);
    for peer in [Peer::Redis70, Peer::Rkv] {
        let mut replica = start(peer);
        follow(&mut replica, &primary);
        wait_until_up(&mut replica);
        write(&mut primary, 1);
        assert_same(&mut primary, &mut replica);
    }
    assert!(primary.dir().join("dump.rdb").exists());
}

#[test]
fn a_restarted_replica_goes_on_where_it_was() {
    for (first, second) in [(Peer::Redis70, Peer::Rkv), (Peer::Rkv, Peer::Redis70)] {
        let (mut primary, mut replica) = (start(first), start(second));
        write(&mut primary, 0);
        follow(&mut replica, &primary);
        wait_until_up(&mut replica);
        write(&mut primary, 1);
        assert_same(&mut primary, &mut replica);
        replica.ok(&["CONFIG", "SET", "save", "3600 1"]);
        let dir = replica.end();
        write(&mut primary, 2);
        let port = primary.address().port().to_string();
        let mut replica =
            Server::start_in(second, dir, &["--replicaof", "127.0.0.1", &port]).unwrap();
        wait_until_up(&mut replica);
        write(&mut primary, 3);
        assert_same(&mut primary, &mut replica);
        assert_eq!(info(&mut primary, "stats", "sync_full"), "1", "{first:?} {second:?}");
    }
}

/// Other servers load an append-only file as it stands in a folder.
fn assert_loads(dir: &Path, digest: &str) {
    let set = dir.join("appendonlydir");
    for peer in [Peer::Redis70, Peer::Valkey91] {
        assert!(check_set(peer, &set), "{peer:?}");
        assert_eq!(load_set(peer, &set, &[]).unwrap().debug_digest(), digest, "{peer:?}");
    }
}

/// An append-only file tells the place of the stream.
#[test]
fn a_restart_from_an_append_only_file_needs_no_snapshot() {
    let full = |server: &mut Server| info(server, "stats", "sync_full");
    let mut primary = Server::start_with(Peer::Rkv, AOF);
    let mut replica = Server::start_with(Peer::Rkv, AOF);
    write(&mut primary, 0);
    follow(&mut replica, &primary);
    wait_until_up(&mut replica);
    write(&mut primary, 1);
    assert_same(&mut primary, &mut replica);
    let dir = replica.end();
    write(&mut primary, 2);
    let port = primary.address().port().to_string();
    let follows = [AOF, &["--replicaof", "127.0.0.1", &port]].concat();
    let mut replica = Server::start_in(Peer::Rkv, dir, &follows).unwrap();
    wait_until_up(&mut replica);
    write(&mut primary, 3);
    assert_same(&mut primary, &mut replica);
    assert_eq!(full(&mut primary), "1");
    let digest = primary.debug_digest();
    let dir = primary.end();
    assert_loads(dir.path(), &digest);
    let mut primary = Server::start_in(Peer::Rkv, dir, AOF).unwrap();
    follow(&mut replica, &primary);
    wait_until_up(&mut replica);
    write(&mut primary, 4);
    assert_same(&mut primary, &mut replica);
    assert_eq!(
        (full(&mut primary), info(&mut primary, "stats", "sync_partial_ok")),
        ("0".into(), "1".into())
    );
    // So it is when it has no time to say where it is.
    let dir = primary.kill();
    let mut primary = Server::start_in(Peer::Rkv, dir, AOF).unwrap();
    follow(&mut replica, &primary);
    wait_until_up(&mut replica);
    assert_same(&mut primary, &mut replica);
    assert_eq!(
        (full(&mut primary), info(&mut primary, "stats", "sync_partial_ok")),
        ("0".into(), "1".into())
    );
}

/// Whoever is killed finds its place in its append-only file, with what replicas lack that were behind; these go on, in chains,
/// too, and where commands and channels are in many databases.
#[test]
fn a_killed_server_goes_on_with_those_that_follow_it_and_with_its_primary() {
    const LOG: &[&str] = &["--appendonly", "yes", "--repl-diskless-sync-delay", "0"];
    let of = |server: &mut Server, field: &str| info(server, "stats", field);
    let spread = |server: &mut Server, round: u32| {
        write(server, round);
        let mut client = server.connect();
        for i in 0..300 {
            let (db, key) = ((i % 3).to_string(), format!("spread:{}", i % 50));
            client.cmd(&["SELECT", &db]);
            client.cmd(&["APPEND", &key, &i.to_string()]);
            client.cmd(&["PUBLISH", "channel", &key]);
            if i % 7 == 0 {
                client.cmd(&["SETEX", &key, "100000", &db]);
            }
        }
    };
    let mut primary = Server::start_with(Peer::Rkv, LOG);
    let mut middle = Server::start_with(Peer::Rkv, LOG);
    let mut others = [Peer::Redis70, Peer::Valkey91, Peer::Rkv].map(start);
    let mut last = start(Peer::Redis70);
    for replica in others.iter_mut().chain([&mut middle]) {
        follow(replica, &primary);
        wait_until_up(replica);
    }
    follow(&mut last, &middle);
    wait_until_up(&mut last);
    for round in 0..3 {
        spread(&mut primary, round);
        for replica in others.iter_mut().chain([&mut middle, &mut last]) {
            assert_same(&mut primary, replica);
        }
        // One of them lags.
        let behind = &others[round as usize];
        signal(behind, "-STOP");
        if round == 1 {
            // By more than the backlog has room for.
            let value = "large".repeat(200_000);
            for i in 0..20 {
                primary.ok(&["SET", &format!("large:{i}"), &value]);
            }
        }
        spread(&mut primary, round);
        // The file may be about to be synced, and what comes then is with a thread.
        std::thread::sleep(Duration::from_millis(300));
        let dir = primary.kill();
        primary = Server::start_in(Peer::Rkv, dir, LOG).unwrap();
        signal(&others[round as usize], "-CONT");
        for replica in others.iter_mut().chain([&mut middle]) {
            follow(replica, &primary);
            wait_until_up(replica);
        }
        spread(&mut primary, 10 + round);
        for replica in others.iter_mut().chain([&mut middle, &mut last]) {
            assert_same(&mut primary, replica);
        }
        assert_eq!(
            (of(&mut primary, "sync_full"), of(&mut middle, "sync_full")),
            ("0".into(), "1".into()),
            "{}",
            primary.log()
        );
        assert_eq!(of(&mut primary, "sync_partial_ok"), "4", "{}", primary.log());
    }
    // A replica that was killed goes on with its primary, and the one behind it with it.
    std::thread::sleep(Duration::from_millis(300));
    let dir = middle.kill();
    spread(&mut primary, 20);
    let port = primary.address().port().to_string();
    let follows = [LOG, &["--replicaof", "127.0.0.1", &port]].concat();
    let mut middle = Server::start_in(Peer::Rkv, dir, &follows).unwrap();
    wait_until_up(&mut middle);
    follow(&mut last, &middle);
    wait_until_up(&mut last);
    spread(&mut primary, 21);
    for replica in [&mut middle, &mut last] {
        assert_same(&mut primary, replica);
    }
    assert_eq!(
        (of(&mut primary, "sync_full"), of(&mut middle, "sync_full")),
        ("0".into(), "0".into())
    );
    let digest = primary.debug_digest();
    let dir = primary.kill();
    assert_loads(dir.path(), &digest);
}

/// A command of an append-only file that fails leaves other data than the stream had there, so that its place says nothing.
#[test]
fn the_place_of_a_file_whose_commands_fail_is_not_taken() {
    let of = |server: &mut Server, name: &str| info(server, "replication", name);
    let mut primary = Server::start_with(Peer::Rkv, AOF);
    let mut replica = start(Peer::Rkv);
    follow(&mut replica, &primary);
    wait_until_up(&mut replica);
    primary.ok(&["SET", "k", "v"]);
    let before = of(&mut primary, "master_replid");
    let dir = primary.end();
    let mut primary = Server::start_in(Peer::Rkv, dir, AOF).unwrap();
    assert_eq!(of(&mut primary, "master_replid2"), before);
    let before = of(&mut primary, "master_replid");
    let dir = primary.end();
    let set = dir.path().join("appendonlydir");
    let files = std::fs::read_dir(&set).unwrap().map(|file| file.unwrap().path());
    let file = files.filter(|path| path.to_str().unwrap().ends_with(".incr.aof")).max().unwrap();
    let text = std::fs::read(&file).unwrap();
    let mark = b"#RKV:at ";
    assert!(text.windows(mark.len()).any(|bytes| bytes == mark), "{}", text.escape_ascii());
    let fails = b"*3\r\n$5\r\nLPUSH\r\n$1\r\nk\r\n$1\r\nx\r\n";
    std::fs::write(&file, [&text[..], fails].concat()).unwrap();
    let mut primary = Server::start_in(Peer::Rkv, dir, AOF).unwrap();
    assert_eq!(primary.ok(&["GET", "k"]).text(), "v");
    assert_ne!(of(&mut primary, "master_replid"), before);
    assert_eq!(of(&mut primary, "master_replid2"), "0".repeat(40));
}

#[test]
fn clients_wait_for_replicas() {
    let (mut primary, mut replica) = (start(Peer::Rkv), start(Peer::Redis70));
    assert_eq!(primary.ok(&["WAIT", "1", "10"]).int(), 0);
    follow(&mut replica, &primary);
    wait_until_up(&mut replica);
    for i in 0..20 {
        primary.ok(&["SET", "k", &i.to_string()]);
        assert_eq!(primary.ok(&["WAIT", "1", "5000"]).int(), 1);
        assert_eq!(replica.ok(&["GET", "k"]).text(), i.to_string());
    }
    assert_eq!(primary.ok(&["WAIT", "2", "100"]).int(), 1);
    assert!(replica.cmd(&["WAIT", "1", "10"]).is_error());
}

#[test]
fn a_replica_refuses_writes_and_keeps_expired_keys_for_its_primary() {
    let (mut primary, mut replica) = (start(Peer::Redis70), start(Peer::Rkv));
    primary.ok(&["SET", "k", "v"]);
    follow(&mut replica, &primary);
    wait_until_up(&mut replica);
    let refused = replica.cmd(&["SET", "k", "w"]);
    assert!(refused.is_error(), "{refused:?}");
    primary.ok(&["DEBUG", "SET-ACTIVE-EXPIRE", "0"]);
    primary.ok(&["SET", "short", "v", "PX", "1"]);
    wait_for("the key", || replica.ok(&["DBSIZE"]).int() == 2);
    std::thread::sleep(Duration::from_millis(20));
    assert!(matches!(replica.ok(&["GET", "short"]), common::client::Reply::Nil));
    assert_eq!(replica.ok(&["DBSIZE"]).int(), 2);
    primary.ok(&["GET", "short"]);
    wait_for("the end of the key", || replica.ok(&["DBSIZE"]).int() == 1);
}

#[test]
fn an_append_only_file_of_a_replica_holds_what_came() {
    let mut primary = start(Peer::Redis70);
    write(&mut primary, 0);
    let mut replica = Server::start_with(Peer::Rkv, &["--appendonly", "yes"]);
    replica.ok(&["SET", "of its own", "gone"]);
    follow(&mut replica, &primary);
    wait_until_up(&mut replica);
    write(&mut primary, 1);
    assert_same(&mut primary, &mut replica);
    wait_for("the rewrite", || info(&mut replica, "persistence", "aof_rewrite_in_progress") == "0");
    write(&mut primary, 2);
    assert_same(&mut primary, &mut replica);
    let digest = primary.debug_digest();
    let dir = replica.end();
    let mut again = Server::start_in(Peer::Redis70, dir, &["--appendonly", "yes"]).unwrap();
    assert_eq!(again.debug_digest(), digest);
}

#[test]
fn roles_change_as_planned() {
    for (first, second) in [(Peer::Rkv, Peer::Redis70), (Peer::Redis70, Peer::Rkv)] {
        let (mut primary, mut replica) = (start(first), start(second));
        write(&mut primary, 0);
        follow(&mut replica, &primary);
        wait_until_up(&mut replica);
        primary.ok(&["FAILOVER", "TIMEOUT", "20000"]);
        wait_for("the change", || info(&mut primary, "replication", "role") == "slave");
        wait_until_up(&mut primary);
        write(&mut replica, 1);
        assert_same(&mut replica, &mut primary);
        assert_eq!(info(&mut replica, "stats", "sync_full"), "0", "{first:?} {second:?}");
    }
}

#[test]
fn a_killed_link_goes_on_in_the_database_of_the_stream() {
    let (mut primary, mut replica) = (start(Peer::Redis70), start(Peer::Rkv));
    follow(&mut replica, &primary);
    wait_until_up(&mut replica);
    primary.ok(&["SELECT", "7"]);
    for i in 0..30 {
        primary.ok(&["SET", &format!("k{i}"), "v"]);
        if i % 10 == 5 {
            replica.ok(&["CLIENT", "KILL", "TYPE", "master"]);
        }
    }
    primary.ok(&["SELECT", "0"]);
    wait_until_up(&mut replica);
    assert_same(&mut primary, &mut replica);
    assert_eq!(info(&mut primary, "stats", "sync_full"), "1");
}

#[test]
fn keys_that_expired_while_a_primary_was_away_go_from_its_replicas() {
    let save = ["--save", "3600 1", "--repl-diskless-sync-delay", "0"];
    let mut primary = Server::start_with(Peer::Rkv, &save);
    let mut replica = start(Peer::Redis70);
    primary.ok(&["SET", "stays", "v"]);
    follow(&mut replica, &primary);
    wait_until_up(&mut replica);
    primary.ok(&["DEBUG", "SET-ACTIVE-EXPIRE", "0"]);
    primary.ok(&["SET", "goes", "v", "PX", "300"]);
    let dir = primary.end();
    std::thread::sleep(Duration::from_millis(400));
    let mut primary = Server::start_in(Peer::Rkv, dir, &save).unwrap();
    follow(&mut replica, &primary);
    wait_until_up(&mut replica);
    assert_same(&mut primary, &mut replica);
    assert_eq!(replica.ok(&["DBSIZE"]).int(), 1);
    assert_eq!(info(&mut primary, "stats", "sync_full"), "0");
}

#[test]
fn a_replica_connects_from_the_address_it_is_given() {
    let mut primary = Server::start(Peer::Rkv);
    // Every address of this net is the machine's own. One that is not is passed over.
    for (source, seen) in [("127.0.0.7", "ip=127.0.0.7"), ("192.0.2.1", "ip=127.0.0.1")] {
        let mut replica = Server::start_with(Peer::Rkv, &["--bind-source-addr", source]);
        follow(&mut replica, &primary);
        wait_until_up(&mut replica);
        let info = primary.cmd(&["INFO", "replication"]).text();
        assert!(info.contains(seen), "{source}: {info}");
        replica.ok(&["REPLICAOF", "NO", "ONE"]);
    }
}

fn signal(server: &Server, signal: &str) {
    let pid = server.pid().to_string();
    let done = std::process::Command::new("kill").args([signal, &pid]).status();
    assert!(done.expect("kill").success());
}

/// Writes more than fits into any backlog or buffer.
fn write_much(server: &mut Server, round: u32) {
    let value = format!("{round}").repeat(1 << 20);
    for i in 0..40 {
        server.ok(&["SET", &format!("large:{}", i % 7), &value]);
        server.ok(&["RPUSH", "list", &i.to_string()]);
    }
}

/// What a replica lacks lies on the primary's disk, not in its memory, however slow the replica is and however long it is away.
#[test]
fn a_slow_replica_is_served_from_disk() {
    let options = ["--repl-diskless-sync-delay", "0", "--client-output-buffer-limit"];
    let options = [&options[..], &["replica 16mb 4mb 1"]].concat();
    for peer in [Peer::Redis70, Peer::Rkv] {
        let (mut primary, mut replica) = (Server::start_with(Peer::Rkv, &options), start(peer));
        write(&mut primary, 0);
        follow(&mut replica, &primary);
        wait_until_up(&mut replica);
        // It takes nothing, and then all of it.
        signal(&replica, "-STOP");
        write_much(&mut primary, 1);
        std::thread::sleep(Duration::from_millis(2500));
        let number = |primary: &mut Server, section: &str, field: &str| {
            info(primary, section, field).parse::<u64>().expect("a number")
        };
        let buffers = number(&mut primary, "memory", "mem_total_replication_buffers");
        assert!(buffers < 8 << 20, "{buffers} bytes of memory");
        let kept = number(&mut primary, "replication", "repl_log_histlen");
        assert!(kept > 30 << 20, "{kept} bytes on disk");
        assert_eq!(info(&mut primary, "replication", "connected_slaves"), "1");
        signal(&replica, "-CONT");
        assert_same(&mut primary, &mut replica);
        // It is away, and comes back.
        signal(&replica, "-STOP");
        cut(&mut primary);
        write_much(&mut primary, 2);
        signal(&replica, "-CONT");
        wait_until_up(&mut replica);
        assert_same(&mut primary, &mut replica);
        assert_eq!(info(&mut primary, "stats", "sync_full"), "1", "{peer:?}");
        assert_eq!(info(&mut primary, "stats", "sync_partial_ok"), "1", "{peer:?}");
        // Without a log it is as with other servers.
        primary.ok(&["CONFIG", "SET", "repl-log-max-size", "0"]);
        wait_for("the end of the log", || {
            info(&mut primary, "replication", "repl_log_active") == "0"
        });
        signal(&replica, "-STOP");
        cut(&mut primary);
        write_much(&mut primary, 3);
        signal(&replica, "-CONT");
        wait_until_up(&mut replica);
        assert_same(&mut primary, &mut replica);
        assert_eq!(info(&mut primary, "stats", "sync_full"), "2", "{peer:?}");
    }
}

/// Valkey's replicas may take their snapshot over a connection of its own.
#[test]
fn a_snapshot_can_have_a_connection_of_its_own() {
    let both = ["--repl-diskless-sync-delay", "0", "--dual-channel-replication-enabled", "yes"];
    for peer in [Peer::Valkey81, Peer::Valkey91] {
        let mut primary = Server::start_with(Peer::Rkv, &both);
        let mut replica = Server::start_with(peer, &both);
        primary.ok(&["DEBUG", "POPULATE", "20000", "key", "100"]);
        primary.ok(&["SELECT", "5"]);
        primary.ok(&["SET", "before", "x"]);
        primary.ok(&["CONFIG", "SET", "rdb-key-save-delay", "50"]);
        follow(&mut replica, &primary);
        // Meanwhile the stream goes over the other one.
        for round in 0..20 {
            primary.ok(&["SET", &format!("during:{round}"), &"x".repeat(10_000)]);
            std::thread::sleep(Duration::from_millis(20));
        }
        primary.ok(&["CONFIG", "SET", "rdb-key-save-delay", "0"]);
        wait_until_up(&mut replica);
        primary.ok(&["SELECT", "0"]);
        write(&mut primary, 1);
        assert_same(&mut primary, &mut replica);
        assert_eq!(info(&mut primary, "stats", "sync_full"), "1", "{peer:?}");
        let log = primary.log();
        assert!(log.contains("dedicated rdb channel"), "{peer:?}: {log}");
        cut(&mut primary);
        write(&mut primary, 2);
        wait_until_up(&mut replica);
        assert_same(&mut primary, &mut replica);
        assert_eq!(info(&mut primary, "stats", "sync_full"), "1", "{peer:?}");
    }
}

/// What a replica of Redis 8 says, which takes its snapshot over a connection of its own and its stream meanwhile.
#[test]
fn the_stream_goes_on_beside_a_snapshot_of_its_own_connection() {
    use std::io::{BufRead, BufReader, Read, Write};
    let options = ["--repl-diskless-sync-delay", "0", "--repl-rdb-channel", "yes"];
    let mut primary = Server::start_with(Peer::Rkv, &options);
    primary.ok(&["SET", "k", "v"]);
    let address = primary.address();
    let connect = || {
        let stream = std::net::TcpStream::connect(address).expect("a connection");
        stream.set_read_timeout(Some(TIMEOUT)).expect("a timeout");
        BufReader::new(stream)
    };
    let say = |connection: &mut BufReader<std::net::TcpStream>, line: &str| -> String {
        connection.get_mut().write_all(format!("{line}\r\n").as_bytes()).expect("a request");
        let mut answer = String::new();
        while answer.trim().is_empty() {
            answer.clear();
            connection.read_line(&mut answer).expect("an answer");
        }
        answer.trim().to_owned()
    };
    let mut main = connect();
    let capa = "REPLCONF capa eof capa psync2 capa rdb-channel-repl";
    assert_eq!(say(&mut main, capa), "+OK");
    let answer = say(&mut main, "PSYNC ? -1");
    let number = answer.strip_prefix("+RDBCHANNELSYNC ").unwrap_or_else(|| panic!("{answer}"));
    let mut channel = connect();
    let who = format!("REPLCONF capa eof rdb-only 1 rdb-channel 1 main-ch-client-id {number}");
    assert_eq!(say(&mut channel, &who), "+OK");
    let answer = say(&mut channel, "PSYNC ? -1");
    assert!(answer.starts_with("+FULLRESYNC "), "{answer}");
    // The stream comes before anything of the snapshot is read.
    primary.ok(&["SET", "later", "x"]);
    let expected =
        b"*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*3\r\n$3\r\nSET\r\n$5\r\nlater\r\n$1\r\nx\r\n";
    let mut stream = vec![0; expected.len()];
    main.read_exact(&mut stream).expect("the stream");
    assert_eq!(stream.escape_ascii().to_string(), expected.escape_ascii().to_string());
    let replication = primary.ok(&["INFO", "replication"]).text();
    assert!(replication.contains("state=send_bulk_and_stream"), "{replication}");
    let mut snapshot = Vec::new();
    channel.read_to_end(&mut snapshot).expect("the snapshot");
    assert!(snapshot.starts_with(b"$EOF:"), "{}", snapshot.escape_ascii());
    let end = answer.rsplit(' ').next().and_then(|place| place.parse::<usize>().ok());
    let ack = format!("REPLCONF ACK {}\r\n", end.expect("a place") + expected.len());
    main.get_mut().write_all(ack.as_bytes()).expect("a request");
    wait_for("the acknowledgement", || {
        info(&mut primary, "replication", "slave0").contains("state=online")
    });
    assert_eq!(primary.ok(&["WAIT", "1", "1000"]).int(), 1);
    // Without one of both connections the other is of no use.
    let mut main = connect();
    say(&mut main, capa);
    let answer = say(&mut main, "PSYNC ? -1");
    let number = answer.rsplit(' ').next().expect("a number").to_owned();
    primary.ok(&["CONFIG", "SET", "repl-diskless-sync-delay", "1000"]);
    let mut channel = connect();
    say(&mut channel, &who.replace(who.rsplit(' ').next().expect("a number"), &number));
    channel.get_mut().write_all(b"PSYNC ? -1\r\n").expect("a request");
    wait_for("both of the second", || info(&mut primary, "replication", "connected_slaves") == "2");
    drop(channel);
    wait_for("the end of both", || info(&mut primary, "replication", "connected_slaves") == "1");
}

/// Of two replicas that share a snapshot the one goes that takes nothing of it, and the other gets all.
#[test]
fn a_replica_that_takes_nothing_is_dropped_alone() {
    use std::io::{Read, Write};
    let mut primary = Server::start_with(
        Peer::Rkv,
        &[
            "--enable-debug-command",
            "yes",
            "--repl-diskless-sync",
            "yes",
            "--repl-diskless-sync-delay",
            "60",
            "--repl-diskless-sync-max-replicas",
            "2",
            "--rdbcompression",
            "no",
            "--repl-timeout",
            "2",
        ],
    );
    // More than sockets hold.
    primary.ok(&["DEBUG", "POPULATE", "4000", "key", "10000"]);
    let attach = || {
        let mut stream = std::net::TcpStream::connect(primary.address()).unwrap();
        stream.set_read_timeout(Some(TIMEOUT)).unwrap();
        stream.write_all(b"REPLCONF capa eof\r\n").unwrap();
        let mut ok = [0; 5];
        stream.read_exact(&mut ok).unwrap();
        stream.write_all(b"PSYNC ? -1\r\n").unwrap();
        stream
    };
    let (idle, mut busy) = (attach(), attach());
    let (mut all, mut mark) = (Vec::new(), None);
    let mut bytes = vec![0; 1 << 16];
    loop {
        let read = busy
            .read(&mut bytes)
            .unwrap_or_else(|e| panic!("{e} after {} bytes: {}", all.len(), primary.log()));
        assert!(read > 0, "dropped after {} bytes", all.len());
        all.extend_from_slice(&bytes[..read]);
        mark = mark.or_else(|| {
            let at = all.windows(5).position(|window| window == b"$EOF:")? + 5;
            all.get(at..at + 40).map(<[u8]>::to_vec)
        });
        // Behind the mark is the stream.
        let last = all.len().saturating_sub(read + 40);
        if let Some(mark) = &mark
            && all.len() > 40_000_000
            && all[last..].windows(40).any(|window| window == mark)
        {
            break;
        }
    }
    let dropped = "Disconnecting timedout replica (full sync)";
    assert_eq!(primary.log().matches(dropped).count(), 1, "{}", primary.log());
    drop(idle);
}
