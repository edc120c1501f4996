//! The log of `rkv serve`: where lines go, which, and what they look like, beside those of real servers.

mod common;

use common::replicas::wait_for;
use common::servers::{Peer, Server};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;

/// Waits until a file holds a text, and gives all that it holds then.
#[track_caller]
fn log_with(path: &Path, text: &str) -> String {
    let read = || fs::read_to_string(path).unwrap_or_default();
    wait_for(text, || read().contains(text));
    read()
}

/// Waits until the log of a server, which goes to standard output, holds a text, and gives all that it holds then.
#[track_caller]
fn shown_with(server: &Server, text: &str) -> String {
    log_with(&server.dir().join("log"), text)
}

fn send_signal(server: &Server, signal: &str) {
    let status = Command::new("kill").args([signal, &server.pid().to_string()]).status();
    assert!(status.unwrap().success());
}

#[test]
fn lines_tell_which_role_they_come_from() {
    const LINES: &[(&str, char)] = &[
        ("LOG: as primary", 'M'),
        ("* Before turning into a replica", 'S'),
        ("* REPLICAOF 127.0.0.1:1 enabled", 'S'),
        ("* REPLICAOF 127.0.0.1:2 enabled", 'S'),
        ("LOG: as replica", 'S'),
        ("Setting secondary replication ID", 'M'),
        ("* MASTER MODE enabled", 'M'),
        ("LOG: as primary again", 'M'),
    ];
    for peer in [Peer::Redis70, Peer::Rkv] {
        let mut server = Server::start(peer);
        server.ok(&["DEBUG", "LOG", "as primary"]);
        server.ok(&["REPLICAOF", "127.0.0.1", "1"]);
        server.ok(&["REPLICAOF", "127.0.0.1", "2"]);
        server.ok(&["DEBUG", "LOG", "as replica"]);
        server.ok(&["REPLICAOF", "NO", "ONE"]);
        server.ok(&["DEBUG", "LOG", "as primary again"]);
        let log = shown_with(&server, "as primary again");
        for (text, role) in LINES {
            let line = log.lines().find(|line| line.contains(text));
            let line = line.unwrap_or_else(|| panic!("{peer:?}: no {text} in {log}"));
            assert!(line.starts_with(&format!("{}:{role} ", server.pid())), "{peer:?}: {line}");
        }
        let server = Server::start_with(peer, &["--replicaof", "127.0.0.1 1"]);
        let log = shown_with(&server, "Server initialized");
        let line = log.lines().find(|line| line.contains("Server initialized")).unwrap();
        assert!(line.starts_with(&format!("{}:S ", server.pid())), "{peer:?}: {line}");
    }
}

#[test]
fn the_level_changes_while_it_runs() {
    for peer in [Peer::Valkey91, Peer::Rkv] {
        let mut server = Server::start_with(peer, &["--loglevel", "nothing"]);
        server.ok(&["DEBUG", "LOG", "first"]);
        server.ok(&["CONFIG", "SET", "loglevel", "warning"]);
        server.ok(&["DEBUG", "LOG", "second"]);
        server.ok(&["REPLICAOF", "127.0.0.1", "1"]);
        server.ok(&["CONFIG", "SET", "loglevel", "notice"]);
        server.ok(&["REPLICAOF", "127.0.0.1", "2"]);
        server.ok(&["CONFIG", "SET", "loglevel", "nothing"]);
        server.ok(&["DEBUG", "LOG", "third"]);
        server.ok(&["CONFIG", "SET", "loglevel", "debug"]);
        server.ok(&["DEBUG", "LOG", "last"]);
        let log = shown_with(&server, "last");
        let written = |text| log.contains(text);
        assert!(log.lines().next().unwrap().ends_with("LOG: second"), "{peer:?}: {log}");
        assert!(written("REPLICAOF 127.0.0.1:2 enabled"), "{peer:?}: {log}");
        assert!(!written("REPLICAOF 127.0.0.1:1 enabled") && !written("third"), "{peer:?}: {log}");
    }
}

/// Numbers differ from run to run.
fn without_numbers(line: &str) -> String {
    let mut shown = String::new();
    for c in line.chars() {
        match c.is_ascii_digit() {
            true if shown.ends_with('9') => {}
            true => shown.push('9'),
            false => shown.push(c),
        }
    }
    shown
}

#[test]
fn lines_have_the_forms_of_valkey() {
    let of = |peer: Peer| {
        let mut server = Server::start(peer);
        let mut lines = Vec::new();
        for role in [["NO", "ONE"], ["127.0.0.1", "1"]] {
            server.ok(&["REPLICAOF", role[0], role[1]]);
            for format in ["legacy", "logfmt", "json"] {
                for time in ["legacy", "iso8601", "milliseconds"] {
                    server.ok(&[
                        "CONFIG",
                        "SET",
                        "log-format",
                        format,
                        "log-timestamp-format",
                        time,
                    ]);
                    let mark = format!("{}-{format}-{time}", role[1]);
                    let text = format!(
                        "{mark} \"q\" back\\slash tab\t bell\u{7} caf\u{e9} \u{7f} \r\n end"
                    );
                    server.ok(&["DEBUG", "LOG", &text]);
                    let log = shown_with(&server, &mark);
                    let line = log.split('\n').find(|line| line.contains(&mark)).unwrap();
                    lines.push(without_numbers(line));
                }
            }
        }
        lines
    };
    let lines = of(Peer::Rkv);
    assert_eq!(lines, of(Peer::Valkey91));
    assert!(
        lines[8].starts_with("{\"pid\":9,\"role\":\"primary\",\"timestamp\":\"9\","),
        "{lines:?}"
    );
}

#[test]
fn a_log_that_was_moved_away_is_begun_anew() {
    let options = [
        "--logfile",
        "own.log",
        "--enable-protected-configs",
        "yes",
        "--enable-debug-command",
        "yes",
    ];
    for peer in [Peer::Redis70, Peer::Rkv] {
        let mut server = Server::start_with(peer, &options);
        let (path, old) = (server.dir().join("own.log"), server.dir().join("own.log.1"));
        let before = log_with(&path, "Server initialized");
        fs::rename(&path, &old).unwrap();
        server.ok(&["DEBUG", "LOG", "behind it"]);
        let log = log_with(&path, "behind it");
        assert_eq!(log.lines().count(), 1, "{peer:?}: {log}");
        assert!(fs::read_to_string(&old).unwrap().starts_with(&before));
        // A path that does not begin at the root is one from where the server is.
        let folder = tempfile::tempdir().unwrap();
        server.ok(&["CONFIG", "SET", "dir", folder.path().to_str().unwrap()]);
        server.ok(&["DEBUG", "LOG", "elsewhere"]);
        let path = folder.path().join("own.log");
        log_with(&path, "elsewhere");
        // The last words of a server are there as well.
        fs::remove_file(&path).unwrap();
        assert!(server.connect().try_cmd(&["DEBUG", "SEGFAULT"]).is_err());
        log_with(&path, "BUG REPORT END");
    }
}

#[test]
fn who_started_it_may_leave() {
    let mut server = Server::start_with(Peer::Rkv, &["--save", "3600 1"]);
    send_signal(&server, "-HUP");
    server.ok(&["SET", "k", "v"]);
    // Of two signals that wait, the system brings the one with the lower number first.
    let dir = server.end();
    assert!(dir.path().join("dump.rdb").exists());
}

#[test]
fn a_unix_socket_is_of_the_group_that_is_asked_for() {
    let id = |option| {
        let output = Command::new("id").arg(option).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    // The administrator may take any, others one of theirs.
    let group = match id("-u").as_str() {
        "0" => "12345".to_owned(),
        _ => id("-G").split(' ').next_back().unwrap().to_owned(),
    };
    let server =
        Server::start_with(Peer::Rkv, &["--unixsocketgroup", &group, "--unixsocketperm", "770"]);
    let metadata = fs::metadata(server.dir().join("socket")).unwrap();
    assert_eq!(metadata.gid().to_string(), group);
    assert_eq!(metadata.mode() & 0o777, 0o770);
    // By name, as people do.
    let server = Server::start_with(Peer::Rkv, &["--unixsocketgroup", &id("-gn")]);
    assert_eq!(fs::metadata(server.dir().join("socket")).unwrap().gid().to_string(), id("-g"));
    for peer in [Peer::Valkey91, Peer::Rkv] {
        let dir = tempfile::tempdir().unwrap();
        let log = Server::start_in(peer, dir, &["--unixsocketgroup", "no such group"]).unwrap_err();
        let text = "Failed opening Unix socket: getgrnam error for group 'no such group': ";
        assert!(log.contains(text), "{peer:?}: {log}");
    }
}

/// Whether a server has a thread of this name.
fn has_thread(server: &Server, name: &str) -> bool {
    let tasks = fs::read_dir(format!("/proc/{}/task", server.pid())).unwrap().flatten();
    let name_of = |task: fs::DirEntry| fs::read_to_string(task.path().join("comm"));
    tasks.map(name_of).any(|found| found.is_ok_and(|found| found.trim() == name))
}

#[test]
fn a_watchdog_tells_of_a_server_that_hangs() {
    const EXPIRED: &str = " # --- WATCHDOG TIMER EXPIRED ---\n";
    for peer in [Peer::Redis70, Peer::Rkv] {
        let mut server = Server::start_with(peer, &["--watchdog-period", "50"]);
        let mut set = |period: &str| {
            server.ok(&["CONFIG", "SET", "watchdog-period", period]);
            server.ok(&["CONFIG", "GET", "watchdog-period"]).array().pop().unwrap().text()
        };
        assert_eq!(["300", "1", "0"].map(&mut set), ["300", "200", "0"], "{peer:?}");
    }
    // From the start on, and while it is to.
    let options = ["--watchdog-period", "50", "--enable-debug-command", "yes"];
    let mut server = Server::start_with(Peer::Rkv, &options);
    wait_for("the watchdog", || {
        server.ok(&["DEBUG", "SLEEP", "0.5"]);
        server.log().contains(EXPIRED)
    });
    let log = shown_with(&server, " # --------\n");
    let told = log.split_once(EXPIRED).unwrap().1;
    let lines: Vec<&str> = told.lines().collect();
    assert!(lines[0].ends_with(" # The command 'debug' is running"), "{log}");
    // Each line is one of the log, and one of them is of the thread that sleeps.
    let end = lines.iter().position(|line| line.ends_with(" # --------")).unwrap();
    let start = format!("{}:M ", server.pid());
    assert!(lines[..end].iter().all(|line| line.starts_with(&start)), "{log}");
    assert!(lines[1..end].iter().any(|line| line.contains(" # watchdog  ")), "{log}");
    server.ok(&["CONFIG", "SET", "watchdog-period", "0"]);
    wait_for("the end of its thread", || !has_thread(&server, "watchdog"));
    let before = server.log().matches(EXPIRED).count();
    server.ok(&["DEBUG", "SLEEP", "0.5"]);
    assert_eq!(server.log().matches(EXPIRED).count(), before);
    server.ok(&["CONFIG", "SET", "watchdog-period", "1"]);
    // Who then ends it learns what it was about.
    let mut other = server.connect();
    std::thread::scope(|scope| {
        scope.spawn(|| other.try_cmd(&["DEBUG", "SLEEP", "3600"]).unwrap_err());
        wait_for("the watchdog", || server.log().matches(EXPIRED).count() > before);
        send_signal(&server, "-ABRT");
    });
    let log = shown_with(&server, "BUG REPORT END");
    let told = log.split_once("crashed by signal: 6\n").unwrap().1;
    assert!(told.lines().next().unwrap().ends_with(" # The command 'debug' was running"), "{log}");
}

#[test]
fn the_end_that_a_signal_asks_for_is_told_of_as_in_redis() {
    for peer in [Peer::Redis70, Peer::Rkv] {
        let server = Server::start_with(peer, &["--save", "", "--pidfile", "own.pid"]);
        let pid = server.pid();
        let path = server.dir().join("log");
        assert!(server.dir().join("own.pid").exists() && server.dir().join("socket").exists());
        let dir = server.end();
        assert!(!dir.path().join("own.pid").exists() && !dir.path().join("socket").exists());
        let log = fs::read_to_string(path).unwrap();
        let start = format!("{pid}:signal-handler (");
        let line = log.lines().find(|line| line.starts_with(&start));
        let line = line.unwrap_or_else(|| panic!("{peer:?}: {log}"));
        let (second, text) = line[start.len()..].split_once(") ").unwrap();
        assert_eq!(text, "Received SIGTERM scheduling shutdown...", "{peer:?}");
        assert!(second.parse::<u64>().unwrap() > 1_700_000_000, "{peer:?}: {line}");
        let behind = log.split_once(line).unwrap().1.lines().skip(1);
        let behind: Vec<&str> =
            behind.map(|line| line.split_at(line.find(['*', '#']).unwrap()).1).collect();
        let wanted = [
            "# User requested shutdown...",
            "* Removing the pid file.",
            "* Removing the unix socket file.",
            "# Redis is now ready to exit, bye bye...",
        ];
        assert_eq!(behind, wanted, "{peer:?}");
    }
}
