//! `rkv serve`: what clients, files and signals see of the server.

mod common;

use common::client::Reply;
use common::servers::{AOF, Peer, Server};
use std::io::{Read, Write};
use std::process::Command;
use std::time::{Duration, Instant};

fn start(args: &[&str]) -> Server {
    Server::start_with(Peer::Rkv, args)
}

fn bulk(text: &str) -> Reply {
    Reply::Bulk(text.into())
}

/// Fills a server with values of every kind.
fn fill(server: &mut Server) {
    for i in 0..300 {
        let i = i.to_string();
        server.ok(&["SET", &format!("string:{i}"), &i.repeat(20)]);
        server.ok(&["RPUSH", "list", &i]);
        server.ok(&["SADD", "set", &format!("member {i}")]);
        server.ok(&["ZADD", "zset", &format!("{i}.5"), &format!("member {i}")]);
        server.ok(&["HSET", "hash", &format!("field {i}"), &i]);
        server.ok(&["XADD", "stream", "*", "field", &i]);
    }
    server.ok(&["XGROUP", "CREATE", "stream", "group", "0"]);
    server.ok(&["XREADGROUP", "GROUP", "group", "me", "COUNT", "5", "STREAMS", "stream", ">"]);
    server.ok(&["SELECT", "3"]);
    server.ok(&["SET", "elsewhere", "x", "EX", "10000"]);
    server.ok(&["SPOP", "set"]);
    server.ok(&["SELECT", "0"]);
    server.ok(&["SPOP", "set", "7"]);
    server.ok(&["INCRBYFLOAT", "float", "0.1"]);
}

#[test]
fn what_it_saves_loads_in_servers_and_theirs_here() {
    let mut own = start(&[]);
    fill(&mut own);
    let digest = own.debug_digest();
    let file = own.save();
    for peer in Peer::ALL {
        let mut server = Server::load(peer, &file).unwrap();
        assert_eq!(server.debug_digest(), digest, "{peer:?}");
        let mut again =
            Server::load(Peer::Rkv, &server.save()).unwrap_or_else(|log| panic!("{log}"));
        assert_eq!(again.debug_digest(), digest, "{peer:?}");
    }
}

#[test]
fn append_only_folders_go_from_server_to_server() {
    let mut own = start(AOF);
    fill(&mut own);
    own.rewrite_aof();
    own.ok(&["APPEND", "string:1", "behind the rewrite"]);
    let digest = own.debug_digest();
    let dir = own.end();
    let mut redis = Server::start_in(Peer::Redis70, dir, AOF).unwrap();
    assert_eq!(redis.debug_digest(), digest);
    redis.ok(&["SET", "written by", "redis"]);
    redis.rewrite_aof();
    redis.ok(&["SET", "again", "redis"]);
    let digest = redis.debug_digest();
    let dir = redis.end();
    let mut own = Server::start_in(Peer::Rkv, dir, AOF).unwrap();
    assert_eq!(own.debug_digest(), digest);
}

#[test]
fn a_torn_tail_is_cut_off_or_refused() {
    let mut server = start(AOF);
    server.ok(&["SET", "a", "1"]);
    server.ok(&["SET", "b", "2"]);
    let dir = server.kill();
    let file = dir.path().join("appendonlydir/appendonly.aof.1.incr.aof");
    let bytes = std::fs::read(&file).unwrap();
    std::fs::write(&file, &bytes[..bytes.len() - 3]).unwrap();
    let strict = [AOF, &["--aof-load-truncated", "no"]].concat();
    let copy = tempfile::tempdir().unwrap();
    let source = dir.path().join("appendonlydir");
    std::fs::create_dir(copy.path().join("appendonlydir")).unwrap();
    for entry in std::fs::read_dir(source).unwrap() {
        let entry = entry.unwrap();
        let to = copy.path().join("appendonlydir").join(entry.file_name());
        std::fs::copy(entry.path(), to).unwrap();
    }
    let log = Server::start_in(Peer::Rkv, copy, &strict).unwrap_err();
    assert!(log.contains("Unexpected end of file reading the append only file"), "{log}");
    let mut server = Server::start_in(Peer::Rkv, dir, AOF).unwrap();
    assert!(server.log().contains("Truncating the AOF"), "{}", server.log());
    assert_eq!(server.ok(&["GET", "a"]), bulk("1"));
    assert_eq!(server.ok(&["GET", "b"]), Reply::Nil);
    server.ok(&["SET", "c", "3"]);
    let mut redis = Server::start_in(Peer::Redis70, server.end(), AOF).unwrap();
    assert_eq!(redis.ok(&["GET", "c"]), bulk("3"));
}

#[test]
fn a_damaged_file_ends_the_start() {
    let mut server = start(&[]);
    fill(&mut server);
    let file = server.save();
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0xff;
    let damaged = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(damaged.path(), bytes).unwrap();
    assert!(Server::load(Peer::Rkv, damaged.path()).is_err());
}

#[test]
fn waiting_clients_are_served_in_their_order() {
    let mut server = start(&[]);
    let mut waiting: Vec<_> = (0..3).map(|_| server.connect()).collect();
    for (i, client) in waiting.iter_mut().enumerate() {
        client.raw(b"*3\r\n$5\r\nBLPOP\r\n$1\r\nq\r\n$1\r\n0\r\n", 0);
        wait_for(&mut server, "clients", &format!("blocked_clients:{}", i + 1));
    }
    server.ok(&["RPUSH", "q", "a", "b"]);
    for (client, element) in waiting.iter_mut().zip(["a", "b"]) {
        assert_eq!(client.read_reply().unwrap(), Reply::Array(vec![bulk("q"), bulk(element)]));
    }
    server.ok(&["DEL", "q"]);
    server.ok(&["SET", "q", "no list"]);
    server.ok(&["DEL", "q"]);
    server.ok(&["LPUSH", "q", "c"]);
    assert_eq!(waiting[2].read_reply().unwrap(), Reply::Array(vec![bulk("q"), bulk("c")]));
    assert_eq!(server.ok(&["BLPOP", "q", "0.05"]), Reply::Nil);
}

/// Waits until a section of INFO has a line.
#[track_caller]
fn wait_for(server: &mut Server, section: &str, line: &str) {
    let start = Instant::now();
    loop {
        let info = server.ok(&["INFO", section]).text();
        if info.lines().any(|found| found == line) {
            return;
        }
        assert!(start.elapsed() < Duration::from_secs(20), "{line} in {info}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn transactions_fail_when_what_they_watch_changes() {
    let mut server = start(&[]);
    let mut other = server.connect();
    server.ok(&["SET", "k", "1"]);
    server.ok(&["WATCH", "k"]);
    other.cmd(&["SET", "k", "2"]).ok();
    server.ok(&["MULTI"]);
    assert_eq!(server.ok(&["INCR", "k"]), Reply::Simple("QUEUED".into()));
    assert_eq!(server.ok(&["EXEC"]), Reply::Nil);
    server.ok(&["MULTI"]);
    server.ok(&["INCR", "k"]);
    assert!(server.cmd(&["NO SUCH COMMAND"]).is_error());
    assert!(server.cmd(&["EXEC"]).is_error());
    server.ok(&["MULTI"]);
    server.ok(&["INCR", "k"]);
    server.ok(&["LPUSH", "k", "x"]);
    let replies = server.ok(&["EXEC"]).array();
    assert_eq!(replies[0], Reply::Int(3));
    assert!(replies[1].is_error());
}

#[test]
fn messages_reach_who_subscribes() {
    let mut server = start(&["--notify-keyspace-events", "KEA"]);
    let mut subscriber = server.connect();
    let subscribed = subscriber.cmd(&["PSUBSCRIBE", "__key*"]);
    assert_eq!(subscribed, Reply::Array(vec![bulk("psubscribe"), bulk("__key*"), Reply::Int(1)]));
    server.ok(&["SET", "k", "v"]);
    let message = |channel: &str, text: &str| {
        Reply::Array(vec![bulk("pmessage"), bulk("__key*"), bulk(channel), bulk(text)])
    };
    assert_eq!(subscriber.read_reply().unwrap(), message("__keyspace@0__:k", "set"));
    assert_eq!(subscriber.read_reply().unwrap(), message("__keyevent@0__:set", "k"));
    assert_eq!(server.ok(&["PUBLISH", "__key", "x"]), Reply::Int(1));
    assert!(subscriber.read_reply().is_ok());
    assert!(subscriber.cmd(&["GET", "k"]).is_error());
}

#[test]
fn what_is_no_request_ends_the_connection_with_the_words_of_redis() {
    for bytes in [
        &b"*1\r\n:1\r\n"[..],
        b"*9999999999\r\n",
        b"*1\r\n$9999999999\r\n",
        b"set \"k\r\n",
        b"*-5\r\nPING\r\n",
    ] {
        let reply = |peer: Peer| {
            let server = Server::start(peer);
            server.connect().raw(bytes, 1)
        };
        assert_eq!(reply(Peer::Rkv), reply(Peer::Redis70), "{}", bytes.escape_ascii());
    }
}

/// What has run of a stream of requests takes no memory, wherever the stream is cut.
#[test]
fn a_long_stream_of_requests_stays_in_a_small_buffer() {
    const REQUESTS: usize = 200_000;
    let server = start(&["--client-query-buffer-limit", "1mb"]);
    let mut stream = std::net::TcpStream::connect(server.address()).expect("a connection");
    let mut sending = stream.try_clone().expect("the same connection");
    let sender = std::thread::spawn(move || {
        let value = "v".repeat(101);
        let request = format!("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$101\r\n{value}\r\n");
        let portion = request.repeat(REQUESTS / 20);
        (0..20).try_for_each(|_| sending.write_all(portion.as_bytes()))
    });
    let mut replies = vec![0; REQUESTS * b"+OK\r\n".len()];
    stream.read_exact(&mut replies).expect("all replies");
    assert!(replies.chunks(5).all(|reply| reply == b"+OK\r\n"));
    sender.join().expect("no panic").expect("all is sent");
}

#[test]
fn a_password_keeps_strangers_out() {
    let server = start(&["--requirepass", "secret"]);
    let mut client = server.connect();
    assert!(client.cmd(&["GET", "k"]).is_error());
    assert!(client.cmd(&["AUTH", "wrong"]).is_error());
    client.cmd(&["AUTH", "secret"]).ok();
    assert_eq!(client.cmd(&["GET", "k"]), Reply::Nil);
}

#[test]
fn signals_save_and_end_it() {
    let mut server = start(&["--save", "3600 1"]);
    server.ok(&["SET", "k", "v"]);
    let dir = server.end();
    assert!(dir.path().join("dump.rdb").exists());
    let mut server = Server::start_in(Peer::Rkv, dir, &[]).unwrap();
    assert_eq!(server.ok(&["GET", "k"]), bulk("v"));
}

#[test]
fn a_save_goes_on_beside_writes_and_shows_one_moment() {
    let mut server = start(&[]);
    let values: Vec<_> =
        (0..20_000).map(|i| vec!["SET".to_owned(), format!("k{i}"), "0".to_owned()]).collect();
    server.pipeline(&values);
    server.ok(&["BGSAVE"]);
    let later: Vec<_> =
        (0..20_000).map(|i| vec!["SET".to_owned(), format!("k{i}"), "1".to_owned()]).collect();
    server.pipeline(&later);
    wait_for(&mut server, "persistence", "rdb_bgsave_in_progress:0");
    let file = server.dir().join("dump.rdb");
    let mut redis = Server::load(Peer::Redis70, &file).unwrap();
    let keys: Vec<_> = (0..20_000).map(|i| vec!["GET".to_owned(), format!("k{i}")]).collect();
    assert!(redis.pipeline(&keys).iter().all(|reply| *reply == bulk("0")));
}

/// A damaged append-only file: garbage between two commands.
fn damaged_log() -> tempfile::TempDir {
    let mut server = start(&[AOF, &["--save", "3600 1"]].concat());
    server.ok(&["SET", "a", "1"]);
    server.save();
    server.ok(&["SET", "b", "2"]);
    server.ok(&["SET", "c", "3"]);
    let dir = server.kill();
    let file = dir.path().join("appendonlydir/appendonly.aof.1.incr.aof");
    let mut bytes = std::fs::read(&file).unwrap();
    let at = bytes.windows(3).position(|word| word == b"\r\nc").unwrap();
    let command = bytes[..at].windows(2).rposition(|word| word == b"*3").unwrap();
    bytes[command] = b'?';
    std::fs::write(&file, bytes).unwrap();
    dir
}

#[test]
fn a_damaged_append_only_file_is_mended_on_request() {
    let args = [AOF, &["--aof-on-corruption", "repair"]].concat();
    let mut server = Server::start_in(Peer::Rkv, damaged_log(), &args).unwrap();
    assert_eq!(server.ok(&["GET", "b"]), bulk("2"));
    assert_eq!(server.ok(&["GET", "c"]), Reply::Nil);
    assert!(server.log().contains("are left out"), "{}", server.log());
    assert!(server.dir().join("appendonlydir.bak").exists());
    server.ok(&["SET", "d", "4"]);
    let mut redis = Server::start_in(Peer::Redis70, server.end(), AOF).unwrap();
    assert_eq!(redis.ok(&["GET", "b"]), bulk("2"));
    assert_eq!(redis.ok(&["GET", "d"]), bulk("4"));
}

#[test]
fn the_rdb_file_stands_in_for_a_damaged_append_only_file_on_request() {
    let refused = Server::start_in(Peer::Rkv, damaged_log(), AOF).unwrap_err();
    assert!(refused.contains("Bad file format reading the append only file"), "{refused}");
    let args = [AOF, &["--aof-on-corruption", "fallback-to-rdb"]].concat();
    let mut server = Server::start_in(Peer::Rkv, damaged_log(), &args).unwrap();
    assert_eq!(server.ok(&["GET", "a"]), bulk("1"));
    assert_eq!(server.ok(&["GET", "b"]), Reply::Nil);
    assert!(server.log().contains("are lost"), "{}", server.log());
    assert!(server.dir().join("appendonlydir.damaged").exists());
    server.ok(&["SET", "d", "4"]);
    let mut again = Server::start_in(Peer::Rkv, server.end(), AOF).unwrap();
    assert_eq!(again.ok(&["GET", "d"]), bulk("4"));
}

#[test]
fn a_base_can_be_made_of_commands() {
    let args = [AOF, &["--aof-use-rdb-preamble", "no", "--aof-timestamp-enabled", "yes"]].concat();
    let mut server = start(&args);
    fill(&mut server);
    server.rewrite_aof();
    server.ok(&["SET", "behind", "it"]);
    let digest = server.debug_digest();
    let dir = server.end();
    let base = dir.path().join("appendonlydir/appendonly.aof.2.base.aof");
    assert!(std::fs::read(base).unwrap().starts_with(b"#TS:"));
    let mut redis = Server::start_in(Peer::Redis70, dir, AOF).unwrap();
    assert_eq!(redis.debug_digest(), digest);
}

#[test]
fn clients_are_told_that_the_server_is_loading() {
    let mut server = start(&[]);
    for i in 0..200 {
        server.ok(&["SET", &format!("k{i}"), "v"]);
    }
    server.save();
    let dir = server.end();
    let args = ["--key-load-delay", "20000"];
    let server = std::thread::spawn(move || Server::start_in(Peer::Rkv, dir, &args).unwrap());
    let server = server.join().unwrap();
    // It was asked again and again before it answered with anything else.
    let mut client = server.connect();
    assert_eq!(client.cmd(&["DBSIZE"]).ok().int(), 200);
    let errors = client.cmd(&["INFO", "errorstats"]).ok().text();
    assert!(errors.contains("errorstat_LOADING"), "{errors}");
}

#[test]
fn prometheus_gets_figures() {
    use std::io::{Read, Write};
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut server = start(&["--metrics-port", &port.to_string()]);
    server.ok(&["SET", "k", "v"]);
    let ask = |request: &str| {
        let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    };
    let text = ask("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    assert!(text.starts_with("HTTP/1.1 200 OK\r\n"), "{text}");
    assert!(text.contains("\nredis_command_calls{cmd=\"set\"} 1\n"), "{text}");
    assert!(text.contains("\nredis_db_keys{db=\"db0\"} 1\n"), "{text}");
    assert!(text.contains("# TYPE redis_total_commands_processed counter\n"), "{text}");
    assert!(ask("GET /other HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 404"));
    assert!(ask("POST / HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 405"));
}

#[test]
fn it_moves_to_another_folder_on_request() {
    let mut server = start(&["--enable-protected-configs", "yes"]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().canonicalize().unwrap();
    let path = path.to_str().unwrap();
    let refused = server.cmd(&["CONFIG", "SET", "dir", "/no such folder"]);
    let text =
        "ERR CONFIG SET failed (possibly related to argument 'dir') - No such file or directory";
    assert_eq!(refused, Reply::Error(text.into()));
    server.ok(&["SET", "key", "value"]);
    // All of it or nothing.
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    assert!(server.cmd(&["CONFIG", "SET", "dir", path, "port", &port]).is_error());
    server.ok(&["SAVE"]);
    assert!(server.dir().join("dump.rdb").is_file());
    assert!(!folder.path().join("dump.rdb").exists());
    server.ok(&["CONFIG", "SET", "dir", path]);
    assert_eq!(server.cmd(&["CONFIG", "GET", "dir"]), Reply::Array(vec![bulk("dir"), bulk(path)]));
    server.ok(&["SAVE"]);
    assert!(folder.path().join("dump.rdb").is_file());
}

#[test]
fn the_stream_gets_another_name_on_request() {
    let mut server = start(&["--enable-debug-command", "yes"]);
    let mut name = || {
        let info = server.cmd(&["INFO", "replication"]).text();
        server.ok(&["DEBUG", "CHANGE-REPL-ID"]);
        info.split("master_replid:").nth(1).unwrap()[..40].to_owned()
    };
    assert_ne!(name(), name());
}

/// A save costs the memory of what is written meanwhile, and INFO tells how much that is.
#[test]
fn what_is_copied_for_a_snapshot_is_counted() {
    let mut server = start(&[]);
    server.ok(&["DEBUG", "POPULATE", "20000"]);
    let info = |server: &mut Server, field: &str| -> u64 {
        let text = server.ok(&["INFO", "persistence"]).text();
        let line = text.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
        line.unwrap_or_else(|| panic!("no {field} in {text}")).parse().unwrap()
    };
    assert_eq!(info(&mut server, "current_cow_size"), 0);
    server.ok(&["CONFIG", "SET", "rdb-key-save-delay", "100"]);
    server.ok(&["BGSAVE"]);
    // Half of the keys.
    for i in 0..10_000 {
        server.ok(&["APPEND", &format!("key:{i}"), "x"]);
    }
    let copied = info(&mut server, "current_cow_size");
    assert!(copied > 100_000, "{copied} bytes");
    server.ok(&["CONFIG", "SET", "rdb-key-save-delay", "0"]);
    let start = std::time::Instant::now();
    while info(&mut server, "rdb_bgsave_in_progress") == 1 {
        assert!(start.elapsed().as_secs() < 60, "the save takes too long");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let last = info(&mut server, "rdb_last_cow_size");
    assert!(last >= copied && last < 10_000_000, "{last} bytes");
    assert_eq!(info(&mut server, "current_cow_size"), 0);
}

/// Whether processes get huge pages at all.
#[cfg(target_os = "linux")]
fn machine_has_huge_pages() -> bool {
    std::fs::read_to_string("/sys/kernel/mm/transparent_hugepage/enabled")
        .is_ok_and(|text| !text.contains("[never]"))
}

#[test]
#[cfg(target_os = "linux")]
fn huge_pages_are_for_who_asks() {
    for (directive, is_allowed) in [("yes", "0"), ("no", "1")] {
        let mut server = start(&["--disable-thp", directive]);
        server.ok(&["SET", "k", "v"]);
        let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
        // Older kernels do not tell, and some machines have none.
        let told = status.lines().find_map(|line| line.strip_prefix("THP_enabled:"));
        assert!(
            told.is_none_or(|told| told.trim() == is_allowed || !machine_has_huge_pages()),
            "{told:?}"
        );
    }
}

/// A server that ends by an error of its own says so where people look, and what was acknowledged is in its file.
#[test]
fn an_error_of_its_own_is_in_the_log() {
    const OPTIONS: &[&str] =
        &["--enable-debug-command", "yes", "--logfile", "own.log", "--appendonly", "yes"];
    let mut server = start(OPTIONS);
    server.ok(&["SET", "k", "v"]);
    assert!(server.connect().try_cmd(&["DEBUG", "PANIC"]).is_err());
    let path = server.dir().join("own.log");
    let log = || std::fs::read_to_string(&path).unwrap();
    let start = Instant::now();
    while !log().contains("=== REDIS BUG REPORT END") {
        assert!(start.elapsed().as_secs() < 20, "{}", log());
        std::thread::sleep(Duration::from_millis(20));
    }
    let report = log();
    for part in ["BUG REPORT START", "Guru Meditation: Panic called", "STACK TRACE", "debug.rs"] {
        assert!(report.contains(part), "{part}: {report}");
    }
    let mut server = Server::start_in(Peer::Rkv, server.kill(), OPTIONS).unwrap();
    assert_eq!(server.ok(&["GET", "k"]).text(), "v");
    // As does one that is aborted, and it tells where its threads were.
    let mut signals = Command::new("kill");
    assert!(signals.args(["-ABRT", &server.pid().to_string()]).status().unwrap().success());
    let start = Instant::now();
    while log().matches("=== REDIS BUG REPORT END").count() < 2 {
        assert!(start.elapsed().as_secs() < 20, "{}", log());
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(log().contains("crashed by signal: 6\n"), "{}", log());
    let mut server = Server::start_in(Peer::Rkv, server.kill(), OPTIONS).unwrap();
    assert_eq!(server.ok(&["GET", "k"]).text(), "v");
    // Who does not want that gets none.
    let options = [OPTIONS, &["--crash-log-enabled", "no"]].concat();
    let server = Server::start_in(Peer::Rkv, server.kill(), &options).unwrap();
    assert!(server.connect().try_cmd(&["DEBUG", "SEGFAULT"]).is_err());
    assert_eq!(log().matches("BUG REPORT START").count(), 2, "{}", log());
}

/// The list of processes shows where a server listens, which scripts look for.
#[test]
fn the_list_of_processes_shows_where_a_server_listens() {
    let mut server = start(&[]);
    let shown = |server: &Server| {
        let file = std::fs::read(format!("/proc/{}/cmdline", server.pid())).unwrap();
        let text = String::from_utf8(file).unwrap();
        // Behind the text there is nothing, as far as the arguments went.
        text.trim_end_matches('\0').to_owned()
    };
    let (title, address) = (shown(&server), server.address());
    assert!(title.ends_with(&format!("rkv 127.0.0.1:{}", address.port())), "{title}");
    server.ok(&["CONFIG", "SET", "proc-title-template", "{{db} {port}"]);
    assert_eq!(shown(&server), format!("{{db}} {}", address.port()));
    let refused = server.cmd(&["CONFIG", "SET", "proc-title-template", "{title}"]);
    assert!(format!("{refused:?}").contains("contains unknown variables"), "{refused:?}");
    // A text that is longer than the arguments ends where they did.
    let long = "x".repeat(2000);
    server.ok(&["CONFIG", "SET", "proc-title-template", &long]);
    let cut = shown(&server);
    assert!(cut.len() > 20 && cut.len() < 2000 && long.starts_with(&cut), "{cut}");
    let own = start(&["--set-proc-title", "no"]);
    assert!(shown(&own).contains("serve"), "{}", shown(&own));
}
