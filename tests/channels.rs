//! `rkv serve` as a replica that takes its snapshot over a connection of its own, from real servers and from ones that misbehave.

mod common;

use common::client::{Client, Reply};
use common::replicas::{TIMEOUT, assert_same, cut, follow, info, wait_for, wait_until_up, write};
use common::servers::{Peer, Server};
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

const OPTIONS: [&str; 4] =
    ["--repl-diskless-sync-delay", "0", "--dual-channel-replication-enabled", "yes"];

/// Primaries, and what their logs say of a snapshot over a connection of its own.
const PRIMARIES: [(Peer, &str); 3] = [
    (Peer::Valkey81, "is capable of dual channel synchronization"),
    (Peer::Valkey91, "is capable of dual channel synchronization"),
    (Peer::Rkv, "Full sync will continue with dedicated rdb channel"),
];

fn start(peer: Peer, more: &[&str]) -> Server {
    let own: &[&str] = match peer {
        Peer::Rkv => &["--repl-rdb-channel", "yes"],
        _ => &[],
    };
    Server::start_with(peer, &[&OPTIONS[..], own, more].concat())
}

/// A primary with data that take some seconds to send.
fn slow_primary(peer: Peer) -> Server {
    let mut primary = start(peer, &[]);
    primary.ok(&["DEBUG", "POPULATE", "20000", "key", "100"]);
    primary.ok(&["SELECT", "5"]);
    primary.ok(&["SET", "before", "x"]);
    primary.ok(&["SELECT", "0"]);
    primary.ok(&["CONFIG", "SET", "rdb-key-save-delay", "100"]);
    primary
}

fn number(server: &mut Server, field: &str) -> u64 {
    info(server, "replication", field).parse().unwrap_or_else(|_| panic!("no {field}"))
}

/// Writes until a replica holds some of the stream and still loads.
fn write_until_held(primary: &mut Server, replica: &mut Server) {
    let mut round = 100;
    wait_for("the stream beside the snapshot", || {
        write(primary, round);
        round += 1;
        number(replica, "replicas_repl_buffer_size") > 0
    });
    assert_eq!(info(replica, "replication", "master_sync_in_progress"), "1");
    assert_eq!(info(replica, "replication", "master_link_status"), "down");
}

#[test]
fn the_stream_waits_at_the_replica_while_the_snapshot_comes_beside() {
    for (peer, words) in PRIMARIES {
        let mut primary = slow_primary(peer);
        let mut replica = start(Peer::Rkv, &[]);
        replica.ok(&["SET", "of its own", "old"]);
        follow(&mut replica, &primary);
        write_until_held(&mut primary, &mut replica);
        // Old data are served until the new ones are there.
        assert_eq!(replica.ok(&["GET", "of its own"]).text(), "old", "{peer:?}");
        primary.ok(&["CONFIG", "SET", "rdb-key-save-delay", "0"]);
        write(&mut primary, 1);
        wait_until_up(&mut replica);
        write(&mut primary, 2);
        assert_same(&mut primary, &mut replica);
        assert!(primary.log().contains(words), "{peer:?}: {}", primary.log());
        assert_eq!(info(&mut primary, "stats", "sync_full"), "1", "{peer:?}");
        assert_eq!(number(&mut replica, "replicas_repl_buffer_size"), 0);
        assert!(number(&mut replica, "replica_full_sync_buffer_peak") > 0);
        assert_eq!(info(&mut primary, "replication", "connected_slaves"), "1", "{peer:?}");
        for line in [
            "PSYNC is not possible, initialize RDB channel.",
            "Trying a partial resynchronization using main channel",
            "RDB load in background.",
            "Successfully streamed replication data into memory",
            "MASTER <-> REPLICA sync: Finished with success",
        ] {
            assert!(replica.log().contains(line), "{peer:?}: no {line:?} in {}", replica.log());
        }
        assert_eq!(primary.ok(&["WAIT", "1", "5000"]).int(), 1);
        // A lost link goes on without another snapshot.
        cut(&mut primary);
        write(&mut primary, 3);
        wait_until_up(&mut replica);
        assert_same(&mut primary, &mut replica);
        assert_eq!(info(&mut primary, "stats", "sync_full"), "1", "{peer:?}");
    }
}

/// The scheme of Redis 8, which `rkv serve` uses by itself on both sides.
#[test]
fn the_stream_begins_by_itself_in_the_scheme_of_redis() {
    let options = ["--dual-channel-replication-enabled", "no", "--repl-rdb-channel", "yes"];
    let mut primary = slow_primary(Peer::Rkv);
    let mut replica = start(Peer::Rkv, &options);
    follow(&mut replica, &primary);
    write_until_held(&mut primary, &mut replica);
    let states = primary.ok(&["INFO", "replication"]).text();
    assert!(states.contains("state=send_bulk_and_stream"), "{states}");
    primary.ok(&["CONFIG", "SET", "rdb-key-save-delay", "0"]);
    wait_until_up(&mut replica);
    write(&mut primary, 1);
    assert_same(&mut primary, &mut replica);
    assert_eq!(info(&mut primary, "stats", "sync_full"), "1");
    assert!(!replica.log().contains("using main channel"), "{}", replica.log());
    assert_eq!(primary.ok(&["WAIT", "1", "5000"]).int(), 1);
    // Without it everything comes over one connection.
    let options = ["--dual-channel-replication-enabled", "no", "--repl-rdb-channel", "no"];
    let mut plain = start(Peer::Rkv, &options);
    follow(&mut plain, &primary);
    wait_until_up(&mut plain);
    assert_same(&mut primary, &mut plain);
    assert!(!plain.log().contains("initialize RDB channel"), "{}", plain.log());
}

/// The numbers of a primary's connections to its replicas, oldest first.
fn replica_clients(primary: &mut Server) -> Vec<u64> {
    let list = primary.ok(&["CLIENT", "LIST", "TYPE", "replica"]).text();
    let ids = list.lines().filter_map(|line| line.strip_prefix("id=")?.split(' ').next());
    let mut ids: Vec<u64> = ids.map(|id| id.parse().expect("a number")).collect();
    ids.sort_unstable();
    ids
}

/// Whichever connection is lost in the midst, the sync begins anew and comes to its end.
#[test]
fn a_sync_that_is_cut_begins_anew() {
    for (peer, _) in PRIMARIES {
        let mut primary = slow_primary(peer);
        let mut replica = start(Peer::Rkv, &[]);
        replica.ok(&["SET", "of its own", "old"]);
        follow(&mut replica, &primary);
        for (round, kill) in ["first", "second", "both"].into_iter().enumerate() {
            write_until_held(&mut primary, &mut replica);
            let ids = replica_clients(&mut primary);
            // Those of lost attempts may still be there.
            let (_, ids) = ids.split_at(ids.len().checked_sub(2).expect("two connections"));
            for (place, id) in ids.iter().enumerate() {
                if kill == "both" || (kill == "first") == (place == 0) {
                    primary.cmd(&["CLIENT", "KILL", "ID", &id.to_string()]);
                }
            }
            let aborted = |replica: &Server| replica.log().matches("Aborting dual channel").count();
            wait_for("the end of the sync", || aborted(&replica) > round);
            write(&mut primary, 1);
            assert_eq!(replica.ok(&["GET", "of its own"]).text(), "old", "{peer:?} {kill}");
        }
        write_until_held(&mut primary, &mut replica);
        primary.ok(&["CONFIG", "SET", "rdb-key-save-delay", "0"]);
        wait_until_up(&mut replica);
        write(&mut primary, 2);
        assert_same(&mut primary, &mut replica);
        assert_eq!(info(&mut primary, "stats", "sync_full"), "4", "{peer:?}");
    }
}

/// What does not fit stays with the primary.
#[test]
fn a_full_buffer_stops_the_reading_and_loses_nothing() {
    let limits = [
        ["--replica-full-sync-buffer-limit", "64kb"],
        ["--client-output-buffer-limit", "replica 64kb 64kb 0"],
    ];
    for ((peer, _), limit) in PRIMARIES.into_iter().zip(limits.into_iter().cycle()) {
        let mut primary = slow_primary(peer);
        let mut replica = start(Peer::Rkv, &limit);
        follow(&mut replica, &primary);
        write_until_held(&mut primary, &mut replica);
        let value = "x".repeat(100_000);
        for i in 0..100 {
            primary.ok(&["SET", &format!("large:{i}"), &value]);
        }
        wait_for("the limit", || replica.log().contains("Replication buffer limit reached"));
        primary.ok(&["CONFIG", "SET", "rdb-key-save-delay", "0"]);
        wait_until_up(&mut replica);
        assert_same(&mut primary, &mut replica);
        let peak = number(&mut replica, "replicas_repl_buffer_peak");
        assert!((64 << 10..1 << 20).contains(&peak), "{peer:?}: {peak}");
        assert_eq!(info(&mut primary, "stats", "sync_full"), "1", "{peer:?}");
    }
}

/// Whoever joins a chain learns from the snapshot which database the stream has selected: nobody selects it anew.
#[test]
fn a_chain_goes_on_in_the_database_of_the_stream() {
    for [first, second, third] in [
        [Peer::Valkey91, Peer::Valkey91, Peer::Rkv],
        [Peer::Valkey81, Peer::Rkv, Peer::Valkey81],
        [Peer::Valkey91, Peer::Rkv, Peer::Rkv],
    ] {
        let [mut first, mut second, mut third] =
            [first, second, third].map(|peer| start(peer, &[]));
        write(&mut first, 0);
        follow(&mut second, &first);
        wait_until_up(&mut second);
        first.ok(&["SELECT", "3"]);
        first.ok(&["SET", "k", "v"]);
        assert_same(&mut first, &mut second);
        first.ok(&["SELECT", "3"]);
        follow(&mut third, &second);
        wait_until_up(&mut third);
        first.ok(&["APPEND", "k", "w"]);
        assert_same(&mut first, &mut third);
        for server in [&mut second, &mut third] {
            server.ok(&["SELECT", "3"]);
            assert_eq!(server.ok(&["GET", "k"]).text(), "vw");
            server.ok(&["SELECT", "0"]);
        }
        let log = second.log();
        let words =
            PRIMARIES.iter().find(|(peer, _)| *peer == second.peer()).map(|(_, words)| words);
        assert!(words.is_some_and(|words| log.contains(words)), "{log}");
    }
}

#[test]
fn a_password_is_said_over_both_connections() {
    for (peer, words) in PRIMARIES {
        let mut primary = start(peer, &["--requirepass", "secret"]);
        primary.ok(&["AUTH", "secret"]);
        write(&mut primary, 0);
        let mut replica = start(Peer::Rkv, &["--masterauth", "secret"]);
        follow(&mut replica, &primary);
        wait_until_up(&mut replica);
        assert_same(&mut primary, &mut replica);
        assert!(primary.log().contains(words), "{peer:?}: {}", primary.log());
    }
}

/// A connection of a replica to a primary that is played by the test.
struct Played {
    stream: BufReader<TcpStream>,
}

impl Played {
    fn accept(listener: &TcpListener) -> Played {
        listener.set_nonblocking(true).expect("a listener");
        let start = Instant::now();
        let stream = loop {
            match listener.accept() {
                Ok((stream, _)) => break stream,
                Err(e) if e.kind() == ErrorKind::WouldBlock => {
                    assert!(start.elapsed() < TIMEOUT, "nobody connects");
                    std::thread::sleep(Duration::from_millis(5));
                }
                Err(e) => panic!("{e}"),
            }
        };
        stream.set_nonblocking(false).expect("a connection");
        stream.set_read_timeout(Some(TIMEOUT)).expect("a timeout");
        Played { stream: BufReader::new(stream) }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).expect("a line");
        line.trim_end().to_owned()
    }

    /// Reads a request; empty at the end of the connection.
    fn hear(&mut self) -> String {
        let mut line = self.line();
        // Signs of life.
        while line.is_empty() && !self.is_over() {
            line = self.line();
        }
        let Some(count) = line.strip_prefix('*') else { return line };
        let mut words = Vec::new();
        for _ in 0..count.parse().expect("a count") {
            self.line();
            words.push(self.line());
        }
        words.join(" ")
    }

    fn say(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.stream.get_mut().write_all(bytes.as_ref());
    }

    /// Whether nothing comes any more.
    fn is_over(&mut self) -> bool {
        !matches!(self.stream.fill_buf(), Ok(bytes) if !bytes.is_empty())
    }

    /// Reads up to the end of the connection.
    fn end(&mut self) {
        let mut rest = Vec::new();
        match self.stream.read_to_end(&mut rest) {
            Ok(_) => {}
            Err(e) if e.kind() == ErrorKind::ConnectionReset => {}
            Err(e) => panic!("the connection stays: {e}"),
        }
    }

    /// Goes through the handshake of a first connection up to `PSYNC`, and gives what the replica can.
    fn shake(&mut self) -> String {
        assert_eq!(self.hear(), "PING");
        self.say("+PONG\r\n");
        let mut capa = String::new();
        loop {
            let said = self.hear();
            if said.starts_with("PSYNC ") {
                return capa;
            }
            if said.contains("capa") {
                capa = said;
            }
            self.say("+OK\r\n");
        }
    }
}

/// A primary that is played by the test, and a replica of it with data of its own.
struct Play {
    listener: TcpListener,
    replica: Server,
}

impl Play {
    fn new(more: &[&str]) -> Play {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
        let mut replica = start(Peer::Rkv, more);
        replica.ok(&["SET", "of its own", "old"]);
        let port = listener.local_addr().expect("an address").port().to_string();
        replica.ok(&["REPLICAOF", "127.0.0.1", &port]);
        Play { listener, replica }
    }

    fn accept(&self) -> Played {
        Played::accept(&self.listener)
    }

    /// The first connection, up to the answer that asks for the second one, and that.
    fn invite(&self, answer: &str) -> (Played, Played) {
        let mut main = self.accept();
        let capa = main.shake();
        assert!(capa.contains("capa dual-channel"), "{capa}");
        main.say(answer);
        (main, self.accept())
    }

    /// Both connections up to the request for the snapshot, with Valkey's words.
    fn request(&self) -> (Played, Played) {
        let (main, mut channel) = self.invite("+DUALCHANNELSYNC\r\n");
        let who = channel.hear();
        assert!(who.starts_with("REPLCONF capa eof rdb-only 1 rdb-channel 1 listening-port"));
        channel.say("+OK\r\n");
        assert_eq!(channel.hear(), "SYNC");
        (main, channel)
    }

    /// The replica has given up both connections, keeps its data, and tries again without a second one, if the last came to
    /// nothing.
    #[track_caller]
    fn given_up(&mut self, main: &mut Played, channel: &mut Played, avoids: bool) {
        main.end();
        channel.end();
        assert_eq!(self.replica.ok(&["GET", "of its own"]).text(), "old");
        let capa = self.accept().shake();
        assert_eq!(capa.contains("dual-channel"), !avoids, "{capa}");
    }
}

const ID: &str = "0123456789abcdef0123456789abcdef01234567";
const MARK: &str = "mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm";

#[test]
fn a_primary_that_says_nonsense_is_given_up() {
    let wide = "x".repeat(10_000);
    for said in [
        "$ENDOFF:\r\n",
        "$ENDOFF:-1 0123456789abcdef0123456789abcdef01234567 0 1\r\n",
        "$ENDOFF:99999999999999999999 0123456789abcdef0123456789abcdef01234567 0 1\r\n",
        "$ENDOFF:7 0123 0 1\r\n",
        "$ENDOFF:7 0123456789abcdef0123456789abcdef01234567 0\r\n",
        "$EOF:mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm\r\n",
        "-ERR max number of clients reached\r\n",
        wide.as_str(),
    ] {
        let mut play = Play::new(&[]);
        let (mut main, mut channel) = play.request();
        channel.say(said);
        play.given_up(&mut main, &mut channel, true);
    }
}

#[test]
fn a_snapshot_that_is_none_is_given_up() {
    let endoff = format!("$ENDOFF:7 {ID} 0 1\r\n");
    for said in [
        "$-1\r\n".to_owned(),
        "$99999999999999999999\r\n".to_owned(),
        "$EOF:short\r\n".to_owned(),
        "-ERR no memory\r\n".to_owned(),
        format!("$EOF:{MARK}\r\nREDIS nonsense{MARK}"),
        // The mark comes too early.
        format!("$EOF:{MARK}\r\nREDIS0011{MARK}"),
    ] {
        let mut play = Play::new(&[]);
        let (mut main, mut channel) = play.request();
        channel.say(endoff.clone() + &said);
        play.given_up(&mut main, &mut channel, false);
    }
    // A length that nobody has: what comes is taken, and the rest is waited for.
    let mut play = Play::new(&["--repl-timeout", "1"]);
    let (mut main, mut channel) = play.request();
    channel.say(endoff + "$9223372036854775806\r\nREDIS0011");
    play.given_up(&mut main, &mut channel, false);
}

#[test]
fn a_stream_that_is_refused_is_given_up() {
    for (named, psync) in [
        ("-ERR Unrecognized RDB client id: 1\r\n", ""),
        ("+OK\r\n", "-ERR no\r\n"),
        ("+OK\r\n", "-NOMASTERLINK no\r\n"),
        ("+OK\r\n", "+FULLRESYNC 0123456789abcdef0123456789abcdef01234567 7\r\n"),
        ("+OK\r\n", "+CONTINUE ffffffffffffffffffffffffffffffffffffffff\r\n"),
        ("+OK\r\n", "+DUALCHANNELSYNC\r\n"),
        ("+OK\r\n", "*1\r\n$4\r\nPING\r\n"),
    ] {
        let mut play = Play::new(&[]);
        let (mut main, mut channel) = play.request();
        channel.say(format!("$ENDOFF:7 {ID} 0 1\r\n$EOF:{MARK}\r\nREDIS0011"));
        assert_eq!(main.hear(), "REPLCONF set-rdb-client-id 1");
        main.say(named);
        if !psync.is_empty() {
            assert_eq!(main.hear(), format!("PSYNC {ID} 8"));
            main.say(psync);
        }
        play.given_up(&mut main, &mut channel, false);
    }
}

#[test]
fn a_primary_that_stalls_is_given_up() {
    // At each step it says nothing any more.
    for step in 0..4 {
        let mut play = Play::new(&["--repl-timeout", "1"]);
        let (mut main, mut channel) = match step {
            0 => play.invite("+DUALCHANNELSYNC\r\n"),
            _ => play.request(),
        };
        if step > 1 {
            channel.say(format!("$ENDOFF:7 {ID} 0 1\r\n"));
        }
        if step > 2 {
            channel.say(format!("$EOF:{MARK}\r\nREDIS0011"));
            main.hear();
            main.say("+OK\r\n+CONTINUE\r\n*1\r\n$4\r\nPING\r\n");
        }
        play.given_up(&mut main, &mut channel, step < 2);
        assert!(play.replica.log().contains("Timeout"), "{}", play.replica.log());
    }
}

#[test]
fn a_connection_that_ends_ends_the_other() {
    for step in 0..4 {
        for ends_main in [true, false] {
            let mut play = Play::new(&[]);
            let (mut main, mut channel) = match step {
                0 => play.invite("+DUALCHANNELSYNC\r\n"),
                _ => play.request(),
            };
            if step > 1 {
                channel.say(format!("$ENDOFF:7 {ID} 0 1\r\n"));
                assert_eq!(main.hear(), "REPLCONF set-rdb-client-id 1");
            }
            if step > 2 {
                channel.say(format!("$EOF:{MARK}\r\nREDIS0011"));
                main.say("+OK\r\n+CONTINUE\r\n*1\r\n$4\r\nPING\r\n");
            }
            let (mut ended, other) = match ends_main {
                true => (main, &mut channel),
                false => (channel, &mut main),
            };
            let _ = ended.stream.get_mut().shutdown(std::net::Shutdown::Both);
            play.given_up(&mut ended, other, step < 2);
        }
    }
}

/// Who follows another in the midst, or nobody any more, leaves both connections. While data are loaded that is refused.
#[test]
fn a_role_may_change_in_the_midst() {
    let mut play = Play::new(&[]);
    let (mut main, mut channel) = play.request();
    channel.say(format!("$ENDOFF:7 {ID} 0 1\r\n"));
    assert_eq!(main.hear(), "REPLCONF set-rdb-client-id 1");
    main.say("+OK\r\n+CONTINUE\r\n*1\r\n$4\r\nPING\r\n");
    wait_for("the stream", || number(&mut play.replica, "replicas_repl_buffer_size") > 0);
    play.replica.ok(&["REPLICAOF", "NO", "ONE"]);
    main.end();
    channel.end();
    assert_eq!(play.replica.ok(&["GET", "of its own"]).text(), "old");
    play.replica.ok(&["SET", "of its own", "new"]);
    let port = play.listener.local_addr().expect("an address").port().to_string();
    play.replica.ok(&["REPLICAOF", "127.0.0.1", &port]);
    let (mut main, mut channel) = play.request();
    let mut other = start(Peer::Valkey81, &[]);
    write(&mut other, 7);
    follow(&mut play.replica, &other);
    main.end();
    channel.end();
    wait_until_up(&mut play.replica);
    assert_same(&mut other, &mut play.replica);
}

/// An RDB file with a key.
fn snapshot() -> Vec<u8> {
    let mut server = Server::start(Peer::Redis70);
    server.ok(&["SET", "k", "snapshot"]);
    let path = server.save();
    std::fs::read(path).expect("a file")
}

/// A primary of Redis 8, word by word.
#[test]
fn redis_8_is_answered_as_it_expects() {
    let snapshot = snapshot();
    let options =
        ["--replica-announce-ip", "127.0.0.9", "--dual-channel-replication-enabled", "no"];
    let play = Play::new(&options);
    let mut main = play.accept();
    let capa = main.shake();
    assert!(capa.contains("capa rdb-channel-repl") && !capa.contains("dual"), "{capa}");
    main.say("+RDBCHANNELSYNC 42\r\n");
    let mut channel = play.accept();
    let port = play.replica.address().port();
    assert_eq!(
        channel.hear(),
        format!(
            "REPLCONF capa eof rdb-only 1 rdb-channel 1 main-ch-client-id 42 listening-port {port}"
        )
    );
    assert_eq!(channel.hear(), "REPLCONF ip-address 127.0.0.9");
    channel.say("+OK\r\n+OK\r\n");
    assert_eq!(channel.hear(), "PSYNC ? -1");
    channel.say(format!("\n\n+FULLRESYNC {ID} 1000\r\n\n$EOF:{MARK}\r\n"));
    // The stream is there before the snapshot.
    let stream = "*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$6\r\nstream\r\n";
    main.say(stream);
    let Play { mut replica, .. } = play;
    wait_for("the stream", || number(&mut replica, "replicas_repl_buffer_size") > 0);
    assert_eq!(number(&mut replica, "replicas_repl_buffer_size"), stream.len() as u64);
    assert_eq!(replica.ok(&["GET", "of its own"]).text(), "old");
    channel.say(&snapshot);
    channel.say(MARK);
    let end = 1000 + stream.len();
    assert_eq!(main.hear(), format!("REPLCONF ACK {end}"));
    channel.end();
    assert_eq!(replica.ok(&["GET", "k"]).text(), "stream");
    assert_eq!(info(&mut replica, "replication", "master_link_status"), "up");
    assert_eq!(info(&mut replica, "replication", "master_repl_offset"), end.to_string());
    main.say("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\nlater\r\n");
    wait_for("the write", || replica.ok(&["GET", "k"]).text() == "later");
}

/// The server serves its clients while a large part of the stream is given out.
#[test]
fn clients_are_served_while_the_held_stream_is_applied() {
    let snapshot = snapshot();
    let Play { listener, mut replica } = Play::new(&[]);
    let mut main = Played::accept(&listener);
    main.shake();
    main.say("+RDBCHANNELSYNC 1\r\n");
    let mut channel = Played::accept(&listener);
    channel.hear();
    channel.say(format!("+OK\r\n+FULLRESYNC {ID} 0\r\n$EOF:{MARK}\r\n"));
    let command = "*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n";
    let (count, select) = (400_000, "*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n");
    main.say(select);
    main.say(command.repeat(count));
    let wanted = (select.len() + count * command.len()) as u64;
    wait_for("the stream", || number(&mut replica, "replicas_repl_buffer_size") == wanted);
    channel.say([&snapshot, MARK.as_bytes()].concat());
    let mut client: Client = replica.connect();
    let (mut between, start) = (0, Instant::now());
    loop {
        let n = match client.cmd(&["GET", "n"]) {
            Reply::Nil => 0,
            n => n.text().parse().expect("a number"),
        };
        if n == count {
            break;
        }
        between += u32::from(n > 0);
        assert!(start.elapsed() < TIMEOUT, "{n}");
    }
    assert!(between > 0);
    wait_until_up(&mut replica);
    assert_eq!(number(&mut replica, "slave_repl_offset"), wanted);
}
