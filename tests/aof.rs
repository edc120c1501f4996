//! Append-only files: what the program says of sound and damaged ones, and what real servers say.

mod common;

use common::files::{check_aof, check_set, copy_dir, last_file, load_set, temp, text};
use common::program::{Run, rkv, rkv_in, rkv_with_stdin, testdata};
use common::servers::{AOF, Peer, Server, program};
use rkv::aof::manifest::Manifest;
use rkv::aof::reader::{Item, Reader};
use rkv::aof::repair::{Sound, prefix, skip_damage};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

fn aof(name: &str) -> String {
    text(&testdata("aof").join(name))
}

/// The commands of a set, a line each.
fn dump(input: &str) -> String {
    rkv(&["aof", "dump", input]).expect(0).out().to_owned()
}

/// The digest of a server that has loaded a set, or its log if it refuses.
fn load(peer: Peer, set: &Path, more: &[&str]) -> Result<String, String> {
    load_set(peer, set, more).map(|mut server| server.debug_digest())
}

/// Writes to several databases, in transactions and in a script, with a rewrite in between.
fn fill(server: &mut Server) {
    for i in 0..50 {
        server.ok(&["SET", &format!("user:{i}"), "x"]);
        server.ok(&["HSET", &format!("cart:{}", i % 7), &format!("item:{i}"), "1"]);
    }
    server.rewrite_aof();
    server.ok(&["MULTI"]);
    server.ok(&["INCRBY", "account:1", "5"]);
    server.ok(&["DECRBY", "account:2", "5"]);
    server.ok(&["EXEC"]);
    server.ok(&["SELECT", "3"]);
    server.ok(&["RPUSH", "queue", "a", "b", "\u{0}\r\n"]);
    server.ok(&["EVAL", "redis.call('set', KEYS[1], 1) redis.call('incr', KEYS[1])", "1", "k"]);
    server.ok(&["SELECT", "0"]);
    server.ok(&["ZADD", "board", "1.5", "ada", "2", "bob"]);
    server.ok(&["XADD", "log", "*", "f", "v"]);
    server.ok(&["DEL", "user:1"]);
}

#[test]
fn sets_of_servers_are_sound_and_survive_every_tool() {
    for peer in Peer::ALL {
        for preamble in ["yes", "no"] {
            let more = ["--aof-timestamp-enabled", "yes", "--aof-use-rdb-preamble", preamble];
            let mut server = Server::start_with(peer, &[AOF, &more].concat());
            fill(&mut server);
            let digest = server.debug_digest();
            let dir = temp();
            let set = dir.path().join("set");
            copy_dir(&server.dir().join("appendonlydir"), &set);
            drop(server);
            let verdict = rkv(&["aof", "verify", &text(&set)]);
            assert!(verdict.code == 0, "{peer:?} {preamble}: {}", verdict.out());
            assert!(check_set(peer, &set), "{peer:?} {preamble}");
            let copy = dir.path().join("copy");
            rkv(&["aof", "repair", &text(&set), "-o", &text(&copy)]).expect(0);
            assert_eq!(fs::read(last_file(&copy)).unwrap(), fs::read(last_file(&set)).unwrap());
            assert!(check_set(peer, &copy), "{peer:?} {preamble}");
            assert_eq!(load(peer, &copy, &[]).unwrap(), digest, "{peer:?} {preamble}");

            let commands = rkv(&["aof", "dump", "--format", "resp", &text(&set)]).expect(0).stdout;
            let mut other = Server::start(peer);
            pipe(&other, &commands);
            assert_eq!(other.debug_digest(), digest, "{peer:?} {preamble}: dump");

            let info = rkv(&["aof", "info", "--json", &text(&set)]).expect(0);
            let info: serde_json::Value = serde_json::from_str(info.out()).unwrap();
            assert_eq!(info["set"]["base"], if preamble == "yes" { "rdb" } else { "commands" });
            assert_eq!(info["set"]["tail"], "sound");
            // A file that is begun in the second of the last timestamp gets none.
            assert!(preamble == "yes" || info["set"]["first_at_ms"].is_number());
        }
    }
}

/// Feeds commands to a server.
fn pipe(server: &Server, commands: &[u8]) {
    let socket = server.dir().join("socket");
    let mut child = Command::new(program("redis-cli"))
        .args(["-s", &text(&socket), "--pipe"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), commands).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && said.contains("errors: 0"), "{said}");
}

#[test]
fn torn_sets_are_judged_and_repaired_as_servers_do() {
    for peer in [Peer::Redis70, Peer::Valkey91] {
        let mut server = Server::start_with(peer, AOF);
        fill(&mut server);
        let dir = temp();
        let set = dir.path().join("set");
        copy_dir(&server.dir().join("appendonlydir"), &set);
        drop(server);
        let last = last_file(&set);
        let bytes = fs::read(&last).unwrap();
        // It calls an empty file invalid; servers load it.
        for cut in (1..bytes.len()).step_by(bytes.len() / 40 + 1) {
            fs::write(&last, &bytes[..cut]).unwrap();
            let run = rkv(&["aof", "verify", &text(&set)]);
            let sound = check_aof(peer, &last);
            assert_eq!(run.code, if sound { 0 } else { 6 }, "cut at {cut}: {}", run.out());
            let dumped = rkv(&["aof", "dump", &text(&set)]);
            assert_eq!(dumped.code, run.code, "{}", dumped.err());
        }
        // In the middle of the transaction.
        let multi = bytes.windows(5).position(|w| w.eq_ignore_ascii_case(b"MULTI")).unwrap();
        for cut in [bytes.len() - 3, multi + 40] {
            fs::write(&last, &bytes[..cut]).unwrap();
            let expected = load(peer, &set, &["--aof-load-truncated", "yes"]).unwrap();
            assert!(load(peer, &set, &["--aof-load-truncated", "no"]).is_err());
            let fixed = dir.path().join(format!("fixed-{cut}"));
            rkv(&["aof", "repair", &text(&set), "-o", &text(&fixed)]).expect(0);
            let strict = &["--aof-load-truncated", "no"];
            assert_eq!(load(peer, &fixed, strict).unwrap(), expected, "{peer:?} {cut}");
            assert!(check_set(peer, &fixed));
        }
        // In place: the old set is beside it, byte by byte.
        let torn = fs::read(&last).unwrap();
        let expected = load(peer, &set, &[]).unwrap();
        rkv(&["aof", "repair", "--in-place", &text(&set)]).expect(0);
        assert_eq!(load(peer, &set, &["--aof-load-truncated", "no"]).unwrap(), expected);
        let backup = dir.path().join("set.bak");
        assert_eq!(fs::read(last_file(&backup)).unwrap(), torn);
        rkv(&["aof", "repair", "--in-place", &text(&set)]).expect(0);
    }
}

/// Writes large values, some in transactions, until the server is gone.
fn write_until_killed(client: &mut common::client::Client) {
    let value = "v".repeat(5000);
    for round in 0.. {
        let mut commands = Vec::new();
        for i in 0..50 {
            let words: &[&[&str]] = match i % 5 {
                0 => &[&["MULTI"], &["INCR", "begun"], &["APPEND", "log", "x"], &["EXEC"]],
                1 => &[&["ZADD", "board", "1.5", "member"], &["HINCRBY", "counts", "field", "3"]],
                _ => &[],
            };
            commands
                .extend(words.iter().map(|words| words.iter().map(|w| w.to_string()).collect()));
            commands.push(vec!["SET".to_owned(), format!("w:{i}"), format!("{round}{value}")]);
        }
        let sent = std::panic::AssertUnwindSafe(|| client.pipeline(&commands));
        if std::panic::catch_unwind(sent).is_err() {
            return;
        }
    }
}

/// What is left of a server that was killed while it wrote, and perhaps while it rewrote: a folder that holds the set.
fn killed_in_mid_write(peer: Peer, args: &[&str], rewrites: bool) -> tempfile::TempDir {
    // A fast machine writes so much that it would be rewritten by itself.
    let by_request = ["--auto-aof-rewrite-percentage", "0"];
    let mut server = Server::start_with(peer, &[args, &by_request].concat());
    fill(&mut server);
    let mut client = server.connect();
    let writer = std::thread::spawn(move || write_until_killed(&mut client));
    std::thread::sleep(Duration::from_millis(200));
    if rewrites {
        server.ok(&["BGREWRITEAOF"]);
        std::thread::sleep(Duration::from_millis(20));
    }
    let dir = server.kill();
    writer.join().unwrap();
    dir
}

#[test]
fn a_server_killed_in_mid_write_leaves_a_set_that_is_replayed_and_repaired() {
    let mut cases = Vec::new();
    for peer in Peer::ALL {
        for (i, fsync) in ["always", "everysec"].into_iter().enumerate() {
            cases.extend(["yes", "no"].map(|preamble| (peer, fsync, preamble, i == 1)));
        }
    }
    for (peer, fsync, preamble, rewrites) in cases {
        let args = ["--appendonly", "yes", "--appendfsync", fsync];
        let what = format!("{peer:?} {fsync} preamble {preamble}");
        let more = ["--aof-use-rdb-preamble", preamble];
        let server_dir = killed_in_mid_write(peer, &[&args[..], &more].concat(), rewrites);
        let set = server_dir.path().join("appendonlydir");
        let run = rkv(&["aof", "verify", &text(&set)]);
        assert!(matches!(run.code, 0 | 6), "{what}: {}", run.out());
        let expected = load(peer, &set, &[]).unwrap();
        let dir = temp();
        let release = ["--to", peer.release()];
        for (name, args) in [
            ("repaired", &["aof", "repair"][..]),
            ("rewritten", &["aof", "rewrite", "--load-truncated", release[0], release[1]]),
            (
                "commands",
                &["aof", "rewrite", "--load-truncated", "--format", "resp", release[0], release[1]],
            ),
        ] {
            let out = dir.path().join(name);
            rkv(&[args, &[&text(&set), "-o", &text(&out)]].concat()).expect(0);
            let loaded = load(peer, &out, &["--aof-load-truncated", "no"]).unwrap();
            assert_eq!(loaded, expected, "{what}: {name}");
            assert!(check_set(peer, &out), "{what}: {name}");
        }
    }
}

#[test]
fn what_stands_in_front_of_a_mistake_comes_back() {
    let more = ["--aof-timestamp-enabled", "yes"];
    let mut server = Server::start_with(Peer::Valkey91, &[AOF, &more].concat());
    fill(&mut server);
    let digest = server.debug_digest();
    let offset = fs::metadata(last_file(&server.dir().join("appendonlydir"))).unwrap().len();
    // Marks of time are whole seconds.
    std::thread::sleep(Duration::from_millis(1100));
    let before = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let before = before.as_secs().to_string();
    std::thread::sleep(Duration::from_millis(1100));
    server.ok(&["MULTI"]);
    server.ok(&["SET", "last", "1"]);
    server.ok(&["FLUSHALL"]);
    server.ok(&["EXEC"]);
    server.ok(&["SET", "after", "1"]);
    let set = server.dir().join("appendonlydir");
    let name = last_file(&set).file_name().unwrap().to_string_lossy().into_owned();
    let dir = temp();
    let place = format!("{name}:{}", offset + 5);
    let limits =
        [["--before-command", "flushall"], ["--to-offset", &place], ["--to-time", &before]];
    for (i, limit) in limits.iter().enumerate() {
        let out = dir.path().join(i.to_string());
        let args = ["aof", "truncate", &text(&set), limit[0], limit[1], "-o", &text(&out)];
        rkv(&args).expect(0);
        assert_eq!(load(Peer::Valkey91, &out, &[]).unwrap(), digest, "{limit:?}");
        assert!(check_set(Peer::Valkey91, &out), "{limit:?}");
    }
    let blame = rkv(&["aof", "blame", "--json", "last", &text(&set)]).expect(0);
    let blame: serde_json::Value = serde_json::from_str(blame.out()).unwrap();
    let commands: Vec<_> =
        blame["writes"].as_array().unwrap().iter().map(|w| w["command"].clone()).collect();
    assert_eq!(commands, ["SET last 1", "FLUSHALL"]);
    assert_eq!(blame["writes"][0]["in_multi"], true);
    let stdin = b"*3\r\n$3\r\nDEL\r\n$1\r\na\r\n$1\r\nb\r\n";
    assert!(rkv_with_stdin(&["aof", "blame", "b", "-"], stdin).expect(0).out().contains("DEL a b"));
    let early = ["aof", "truncate", &text(&set), "--to-time", "2020-01-01", "-o", "x"];
    assert!(rkv(&early).expect(2).err().contains("which is later"));
}

#[test]
fn a_set_is_read_while_it_is_written() {
    let mut server = Server::start_with(Peer::Valkey91, &["--appendonly", "yes"]);
    fill(&mut server);
    let mut client = server.connect();
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let value = "v".repeat(3000);
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                let set = |i: u32| vec!["SET".to_owned(), format!("w:{i}"), value.clone()];
                client.pipeline(&(0..100).map(set).collect::<Vec<_>>());
            }
        });
        let set = text(&server.dir().join("appendonlydir"));
        let runs: Vec<Run> = (0..20)
            .map(|i| {
                if i % 5 == 0 {
                    server.cmd(&["BGREWRITEAOF"]);
                }
                let verb = ["verify", "dump", "info", "stats"][i % 4];
                rkv(&["aof", verb, "-q", &set])
            })
            .collect();
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        for run in runs {
            // A tail that has not grown yet when it is looked at again counts as torn.
            let end = &run.stdout[run.stdout.len() - run.stdout.len().min(300)..];
            let end = String::from_utf8_lossy(end);
            assert!(matches!(run.code, 0 | 6), "{}: {}{end}", run.code, run.err());
        }
    });
}

#[test]
fn damage_has_a_status_a_file_and_an_offset() {
    // The file, what verify and dump give, and what they say.
    let cases = [
        ("sound.aof", 0, 0, ""),
        ("empty.aof", 0, 0, ""),
        ("set", 0, 0, ""),
        ("torn.aof", 6, 6, "aof/torn-tail"),
        ("torn-transaction.aof", 6, 6, "aof/torn-tail"),
        ("torn-annotation.aof", 1, 6, "aof/torn-annotation"),
        ("garbage.aof", 1, 5, "expected '*' or '#', got 0x00"),
        ("garbage-in-transaction.aof", 1, 5, "aof/damage"),
        ("zeros-at-end.aof", 1, 5, "no command follows"),
        ("negative-length.aof", 1, 5, "an argument of -5 bytes"),
        ("huge-length.aof", 1, 5, "an argument of 99999999999999 bytes"),
        ("huge-count.aof", 1, 5, "a command of 99999999999 arguments"),
        ("no-arguments.aof", 1, 5, "a command of 0 arguments"),
        ("line-feeds.aof", 1, 5, "no number with a line end"),
        ("exec-without-multi.aof", 1, 0, "aof/exec-without-multi"),
        ("nested-multi.aof", 1, 0, "aof/nested-multi"),
        ("bad-select.aof", 1, 0, "SELECT of \"x\""),
        ("unknown-command.aof", 1, 0, "\"FROBNICATE\" is no command"),
        ("wrong-arity.aof", 1, 0, "SET with 2 words instead of at least 3"),
    ];
    for (name, verify, dump, says) in cases {
        let run = rkv(&["aof", "verify", &aof(name)]);
        assert_eq!(run.code, verify, "{name}: {}", run.out());
        assert!(run.out().contains(says), "{name}: {}", run.out());
        if verify != 0 {
            assert!(run.out().contains(name) && run.out().contains("(offset 0x"), "{}", run.out());
        }
        let run = rkv(&["aof", "dump", &aof(name)]);
        assert_eq!(run.code, dump, "{name}: {}", run.err());
        if dump != 0 {
            assert!(run.err().contains(name) && run.err().contains("(offset 0x"), "{}", run.err());
        }
        // It looks at neither names nor arguments.
        let beyond = ["bad-select.aof", "unknown-command.aof", "wrong-arity.aof"];
        if !name.contains("annotation") && !beyond.contains(&name) && name != "set" {
            let sound = check_aof(Peer::Redis70, &testdata("aof").join(name));
            // Unlike servers, it calls an empty file invalid and takes a command of no arguments.
            if !["empty.aof", "no-arguments.aof"].contains(&name) {
                assert_eq!(sound, verify == 0, "{name}");
            }
        }
        let sarif = rkv(&["aof", "verify", "--format", "sarif", &aof(name)]);
        serde_json::from_slice::<serde_json::Value>(&sarif.stdout).unwrap();
    }
    assert_eq!(rkv_with_stdin(&["aof", "verify", "-"], b"+OK\r\n").code, 4);
    assert_eq!(rkv_with_stdin(&["aof", "dump", "-"], b"+OK\r\n").code, 4);
    assert_eq!(
        rkv_with_stdin(&["aof", "dump", "-"], b"*1\r\n$4\r\nPING\r\n").expect(0).out(),
        "PING\n"
    );
    assert_eq!(rkv(&["aof", "dump", "nowhere"]).code, 3);
    let empty = temp();
    assert_eq!(rkv_in(empty.path(), &["aof", "info"]).code, 3);
    assert_eq!(rkv_in(empty.path(), &["aof", "info", "."]).code, 4);
}

#[test]
fn manifests_that_lie_are_found_out() {
    let dir = temp();
    let set = dir.path().join("set");
    let change = |line: &str, more: &[(&str, &str)]| {
        let _ = fs::remove_dir_all(&set);
        copy_dir(&testdata("aof").join("set"), &set);
        let manifest = set.join("shop.aof.manifest");
        let old = fs::read_to_string(&manifest).unwrap();
        fs::write(&manifest, old + line).unwrap();
        for (name, text) in more {
            fs::write(set.join(name), text).unwrap();
        }
        let run = rkv(&["aof", "verify", &text(&set)]);
        (run.code, run.out().to_owned(), rkv(&["aof", "dump", &text(&set)]))
    };
    let (code, said, dumped) = change("file gone seq 3 type i\n", &[]);
    assert!(code == 1 && said.contains("aof/missing-file") && said.contains("line 5"), "{said}");
    assert!(dumped.code == 3 && dumped.err().contains("gone"), "{}", dumped.err());
    let (code, said, dumped) = change("file x seq 3 type z\n", &[]);
    assert!(code == 1 && said.contains("(line 5, column 19)"), "{said}");
    assert!(dumped.code == 5 && dumped.err().contains("shop.aof.manifest"), "{}", dumped.err());
    let (code, said, _) = change("file ../x seq 3 type i\n", &[]);
    assert!(code == 1 && said.contains("no plain file name"), "{said}");
    let (code, said, _) = change("", &[("shop.aof.7.incr.aof", "")]);
    assert!(code == 0 && said.contains("aof/extra-file"), "{said}");
    let (code, said, _) = change("", &[("shop.aof.1.base.aof", "REDIS0011")]);
    assert!(code == 1 && said.contains("rdb/truncated"), "{said}");
    // In a file that is not the last, a cut is worse than a torn tail.
    let (code, said, dumped) = change("", &[("shop.aof.1.incr.aof", "*1\r\n$4\r\nPI")]);
    assert!(code == 1 && said.contains("aof/truncated"), "{said}");
    assert_eq!(dumped.code, 5);
    let fixed = dir.path().join("fixed");
    rkv(&["aof", "repair", &text(&set), "-o", &text(&fixed)]).expect(0);
    assert_eq!(fs::read_dir(&fixed).unwrap().count(), 3, "base, one file, manifest");
    assert!(!dump(&text(&fixed)).contains("FLUSHALL"));
    let all = dir.path().join("all");
    rkv(&["aof", "repair", "--skip-damage", &text(&set), "-o", &text(&all)]).expect(0);
    assert!(dump(&text(&all)).contains("FLUSHALL"));
    rkv(&["aof", "verify", &text(&all)]).expect(0);
    assert_eq!(rkv(&["aof", "repair", &text(&set), "-o", &text(&all)]).code, 3, "it exists");
}

#[test]
fn commands_are_filtered_and_have_places() {
    let set = aof("set");
    let jsonl = rkv(&["aof", "dump", "--format", "jsonl", "--key", "user:*", &set]).expect(0);
    let lines: Vec<serde_json::Value> =
        jsonl.out().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[1]["args"][2], serde_json::json!({"base64": "/wANCg=="}));
    assert_eq!((&lines[2]["db"], &lines[2]["time_s"]), (&3.into(), &1_700_000_060.into()));
    let offset = lines[2]["offset"].as_u64().unwrap() as usize;
    let file = fs::read(lines[2]["file"].as_str().unwrap()).unwrap();
    assert!(file[offset..].starts_with(b"*2\r\n$3\r\nDEL\r\n"));
    let of = |args: &[&str]| {
        let args = [&["aof", "dump", &set], args].concat();
        rkv(&args).expect(0).out().to_owned()
    };
    assert_eq!(of(&["--command", "rpush,del"]), "SELECT 3\nRPUSH queue a b\nDEL user:1\n");
    assert_eq!(of(&["--db", "3", "--key-regex", "^q"]), "SELECT 3\nRPUSH queue a b\n");
    assert_eq!(of(&["--db", "3", "--not-command", "DEL"]), "SELECT 3\nRPUSH queue a b\n");
    assert_eq!(of(&["--command", "del,flushall", "--not-key", "user:*"]), "FLUSHALL\n");
    let position = lines[2]["position"].to_string();
    assert_eq!(of(&["--offset", &position]), "SELECT 3\nDEL user:1\n");
    assert_eq!(of(&["--time", "~1700000000", "--command", "set*"]).lines().count(), 2);
    let stats = rkv(&["aof", "stats", "--json", &set]).expect(0);
    let stats: serde_json::Value = serde_json::from_str(stats.out()).unwrap();
    assert_eq!(stats["keys"][0]["key"], "user:1");
    assert_eq!(stats["prefixes"][0]["prefix"], "user:");
    assert!(stats["rewrite"].is_null(), "only if it is asked for");
}

#[test]
fn what_a_rewrite_would_save_is_what_it_saves() {
    let set = aof("set");
    let parse = |out: &str| serde_json::from_str::<serde_json::Value>(out).unwrap();
    let stats = parse(rkv(&["aof", "stats", "--rewrite", "--json", &set]).expect(0).out());
    let dir = temp();
    let to = text(&dir.path().join("new"));
    let done = parse(rkv(&["aof", "rewrite", "--json", &set, "-o", &to]).expect(0).out());
    let (told, done) = (&stats["rewrite"], &done["output"]);
    assert!(told["keys"].as_u64().unwrap() > 0);
    assert_eq!(told["keys"], done["keys"]);
    assert_eq!(told["log_bytes"], done["old_bytes"]);
    assert_eq!(told["live_bytes"], done["new_bytes"]);
    let [log, live] = ["log_bytes", "live_bytes"].map(|name| told[name].as_u64().unwrap());
    assert_eq!(told["saved_bytes"], log - live);
    assert_eq!(told["write_amplification"], log as f64 / live as f64);
}

#[test]
fn single_files_become_single_files() {
    let dir = temp();
    let path = dir.path().join("x.aof");
    fs::copy(aof("garbage-in-transaction.aof"), &path).unwrap();
    let out = dir.path().join("y.aof");
    rkv(&["aof", "repair", "--skip-damage", &text(&path), "-o", &text(&out)]).expect(0);
    let said = dump(&text(&out));
    assert!(said.contains("RPUSH queue") && !said.contains("account"), "{said}");
    assert_eq!(rkv(&["aof", "repair", &text(&path), "-o", &text(&out)]).code, 3);
    rkv(&["aof", "repair", &text(&path), "-o", &text(&out), "--force"]).expect(0);
    assert!(!dump(&text(&out)).contains("RPUSH"));
    rkv(&["aof", "repair", "--in-place", &text(&path)]).expect(0);
    assert_eq!(fs::read(&path).unwrap(), fs::read(&out).unwrap());
    let backup = fs::read(dir.path().join("x.aof.bak")).unwrap();
    assert_eq!(backup, fs::read(aof("garbage-in-transaction.aof")).unwrap());
    assert_eq!(rkv(&["aof", "repair", &text(&path)]).code, 2, "no output is named");
    let none = ["aof", "truncate", &text(&path), "--before-command", "nothing", "-o", "z"];
    assert_eq!(rkv(&none).code, 2);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 3, "nothing else is left");
}

/// Reads bytes in every way there is.
fn read_all(bytes: &[u8]) {
    let mut reader = Reader::new(bytes, 0);
    let mut end = 0;
    while let Ok(Some(item)) = reader.next() {
        let span = match &item {
            Item::Command(command) => command.span.clone(),
            Item::Note(note) => note.span.clone(),
        };
        assert_eq!(span.start, end);
        end = span.end;
    }
    for sound in [prefix(bytes, 0), skip_damage(bytes, 0)] {
        check_sound(bytes, &sound);
    }
    let _ = Manifest::parse(bytes);
}

/// What is kept is sound, and together with what is not it is everything.
fn check_sound(bytes: &[u8], sound: &Sound) {
    let mut kept = Vec::new();
    for piece in &sound.pieces {
        kept.extend_from_slice(&bytes[piece.bytes.start as usize..piece.bytes.end as usize]);
    }
    assert_eq!(kept.len() as u64 + sound.cut_bytes(), bytes.len() as u64);
    let mut reader = Reader::new(&kept, 0);
    while reader.next().unwrap().is_some() {}
    assert_eq!(reader.open_multi(), None);
}

#[test]
fn every_flip_and_cut_of_small_files_is_read_without_panic() {
    let mut paths: Vec<_> =
        fs::read_dir(testdata("aof")).unwrap().map(|e| e.unwrap().path()).collect();
    paths.extend(fs::read_dir(testdata("aof/set")).unwrap().map(|e| e.unwrap().path()));
    paths.extend([testdata("servers/redis-7.0-appendonlydir/appendonly.aof.manifest")]);
    paths.retain(|path| path.is_file());
    assert!(paths.len() > 15);
    for path in paths {
        let bytes = fs::read(&path).unwrap();
        for at in 0..bytes.len().min(1000) {
            read_all(&bytes[..at]);
            for bit in [0, 4, 7] {
                let mut flipped = bytes.clone();
                flipped[at] ^= 1 << bit;
                read_all(&flipped);
            }
        }
    }
}

/// A server would go on from there, without what was lost in front of it.
#[test]
fn the_place_of_the_stream_goes_with_what_is_lost() {
    let dir = temp();
    let (place, lost) = (format!("#RKV:at {} 4711 0\r\n", "a".repeat(40)), "#RKV:none\r\n");
    let set =
        |value: &str| format!("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n${}\r\n{value}\r\n", value.len());
    // What only looks like an annotation is a value.
    let likeness = format!("x\r\n{}", place.trim_end());
    let damage = "*3\r\n$x\r\n";
    for (name, file, repaired) in [
        ("whole", set("1") + &place, set("1") + &place),
        ("damaged", set("1") + damage + &set("2") + &place, set("1") + &set("2") + &place + lost),
        ("alone", damage.to_owned() + "\r\n" + &set("1") + damage + &place, set("1") + lost),
        ("value", set("1") + damage + &set(&likeness), set("1") + &set(&likeness) + lost),
        ("passed", set("1") + damage + &place + &set("2"), set("1") + &set("2") + lost),
    ] {
        let (path, out) = (dir.path().join(name), dir.path().join(format!("{name}.out")));
        fs::write(&path, file).unwrap();
        rkv(&["aof", "repair", "--skip-damage", &text(&path), "-o", &text(&out)]).expect(0);
        let written = fs::read_to_string(&out).unwrap();
        let is_right =
            written == repaired || name == "passed" && written.ends_with(&(set("2") + lost));
        assert!(is_right, "{name}: {written:?}");
    }
}

/// Who repairs a file is told of what is sound behind the damage.
#[test]
fn repair_counts_what_it_leaves_out_behind_damage() {
    let dir = temp();
    let repair = |more: &[&str], name: &str| {
        let out = text(&dir.path().join(name));
        let args =
            [&["aof", "repair", "--format", "json", "testdata/aof/garbage.aof", "-o", &out], more];
        let done = rkv(&args.concat()).expect(0);
        let report: serde_json::Value = serde_json::from_str(done.out()).unwrap();
        (report["output"]["cut_commands"].as_u64().unwrap(), done.err().to_owned())
    };
    let (lost, told) = repair(&[], "prefix");
    assert_eq!(lost, 6);
    assert!(told.contains("complete commands left out: 6; --skip-damage keeps"), "{told}");
    // The transaction whose MULTI the damage covers is lost.
    let (lost, told) = repair(&["--skip-damage"], "all");
    assert_eq!((lost, told.as_str()), (3, ""));
}
