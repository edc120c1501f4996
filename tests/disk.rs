//! `rkv serve`: what directives let it do with its files, and what it does when the disk fails it or data differ.

mod common;

use common::client::Reply;
use common::replicas::{follow, info, start, wait_for, wait_until_up};
use common::servers::{AOF, Peer, Server};
use std::io::Write;
use std::path::Path;

/// The manifest of the append-only file of a server that works in a folder.
fn manifest(dir: &Path) -> String {
    std::fs::read_to_string(dir.join("appendonlydir/appendonly.aof.manifest")).unwrap()
}

/// What a rewrite replaces stays if it is asked for, listed as Redis lists it, also over a restart.
#[test]
fn history_of_the_append_only_file_is_kept_on_request() {
    for peer in [Peer::Rkv, Peer::Redis70] {
        let keep = [AOF, &["--aof-disable-auto-gc", "yes"]].concat();
        let mut server = Server::start_with(peer, &keep);
        for value in ["1", "2"] {
            server.ok(&["SET", "k", value]);
            server.rewrite_aof();
        }
        let kept = "file appendonly.aof.3.base.rdb seq 3 type b\n\
            file appendonly.aof.2.incr.aof seq 2 type h\n\
            file appendonly.aof.2.base.rdb seq 2 type h\n\
            file appendonly.aof.1.incr.aof seq 1 type h\n\
            file appendonly.aof.1.base.rdb seq 1 type h\n\
            file appendonly.aof.3.incr.aof seq 3 type i\n";
        let left = "file appendonly.aof.3.base.rdb seq 3 type b\n\
            file appendonly.aof.3.incr.aof seq 3 type i\n";
        let history = ["2.incr.aof", "2.base.rdb", "1.incr.aof", "1.base.rdb"];
        let count = |dir: &Path| {
            let path = |name: &str| dir.join(format!("appendonlydir/appendonly.aof.{name}"));
            history.iter().filter(|name| path(name).exists()).count()
        };
        assert_eq!(manifest(server.dir()), kept, "{peer:?}");
        assert_eq!(count(server.dir()), 4, "{peer:?}");

        // A start goes on with it, and without the directive it removes what was kept.
        let mut server = Server::start_in(peer, server.end(), &keep).unwrap();
        assert_eq!(manifest(server.dir()), kept, "{peer:?}");
        assert_eq!(server.ok(&["GET", "k"]).text(), "2");
        let mut server = Server::start_in(peer, server.end(), AOF).unwrap();
        assert_eq!(manifest(server.dir()), left, "{peer:?}");
        wait_for("the removal", || count(server.dir()) == 0);
        let line = "Removing the history file appendonly.aof.1.base.rdb in the background";
        assert!(server.log().contains(line), "{peer:?}: {}", server.log());

        server.ok(&["CONFIG", "SET", "aof-disable-auto-gc", "yes"]);
        server.rewrite_aof();
        assert_eq!(manifest(server.dir()).matches(" type h").count(), 2, "{peer:?}");
        server.ok(&["CONFIG", "SET", "aof-disable-auto-gc", "no"]);
        wait_for("the removal", || manifest(server.dir()).matches(" type h").count() == 0);
        let file = server.dir().join("appendonlydir/appendonly.aof.3.base.rdb");
        wait_for("the removal", || !file.exists());
        server.rewrite_aof();
        assert_eq!(manifest(server.dir()).lines().count(), 2, "{peer:?}");
        assert_eq!(server.ok(&["GET", "k"]).text(), "2");
    }
}

/// A server without an append-only file sees to one that is there as well, as Redis does.
#[test]
fn history_is_removed_while_nothing_is_appended() {
    let keep = [AOF, &["--aof-disable-auto-gc", "yes"]].concat();
    let mut server = Server::start_with(Peer::Rkv, &keep);
    server.rewrite_aof();
    server.ok(&["CONFIG", "SET", "appendonly", "no"]);
    server.rewrite_aof();
    let text = manifest(server.dir());
    assert_eq!(text.matches(" type h").count(), 4, "{text}");
    let mut server = Server::start_in(Peer::Rkv, server.end(), &keep[2..]).unwrap();
    assert_eq!(manifest(server.dir()), text);
    server.ok(&["CONFIG", "SET", "aof-disable-auto-gc", "no"]);
    assert_eq!(manifest(server.dir()), "file appendonly.aof.3.base.rdb seq 3 type b\n");
    assert_eq!(server.ok(&["PING"]), Reply::Simple("PONG".into()));
}

/// While a save runs, nothing is synced if that is asked for: replies leave, and WAITAOF waits. Once it is over, or is not asked
/// for any more, what was left is synced.
#[test]
fn syncs_are_put_off_while_a_save_runs() {
    for (peer, policy) in
        [(Peer::Rkv, "always"), (Peer::Valkey91, "always"), (Peer::Rkv, "everysec")]
    {
        let who = format!("{peer:?}, {policy}");
        let options = ["--appendonly", "yes", "--appendfsync", policy];
        let more = ["--no-appendfsync-on-rewrite", "yes", "--rdb-key-save-delay", "1000000"];
        let mut server = Server::start_with(peer, &[options, more].concat());
        let wait = |server: &mut Server, ms: &str| {
            server.ok(&["WAITAOF", "1", "0", ms]).array()[0].clone().int()
        };
        // With everysec all would be on disk after a second.
        let long = if policy == "always" { "100" } else { "2500" };
        for way in ["the end of the save", "a change"] {
            server.ok(&["CONFIG", "SET", "no-appendfsync-on-rewrite", "yes"]);
            for key in 0..100 {
                server.ok(&["SET", &key.to_string(), "v"]);
            }
            assert_eq!(wait(&mut server, "0"), 1, "{who}");
            server.ok(&["BGSAVE"]);
            server.ok(&["SET", "written", "meanwhile"]);
            assert_eq!(wait(&mut server, long), 0, "{who}");
            assert_eq!(info(&mut server, "persistence", "rdb_bgsave_in_progress"), "1", "{who}");
            match way {
                "a change" => server.ok(&["CONFIG", "SET", "no-appendfsync-on-rewrite", "no"]),
                // It ends a save that runs.
                _ => server.ok(&["FLUSHALL"]),
            };
            assert_eq!(wait(&mut server, "0"), 1, "{who}: {way}");
        }
    }
}

/// A server that ends while syncs are put off has all on disk.
#[test]
fn what_was_not_synced_is_there_after_an_end() {
    let more = ["--no-appendfsync-on-rewrite", "yes", "--rdb-key-save-delay", "1000000"];
    let mut server = Server::start_with(Peer::Rkv, &[AOF, &more].concat());
    for key in 0..100 {
        server.ok(&["SET", &key.to_string(), "v"]);
    }
    server.ok(&["BGREWRITEAOF"]);
    server.ok(&["SET", "written", "meanwhile"]);
    assert_eq!(info(&mut server, "persistence", "aof_rewrite_in_progress"), "1");
    let mut server = Server::start_in(Peer::Rkv, server.end(), AOF).unwrap();
    assert_eq!(server.ok(&["DBSIZE"]).int(), 101);
    assert_eq!(server.ok(&["GET", "written"]).text(), "meanwhile");
}

/// A primary that keeps nothing on disk has no file left that was written for its replicas, if that is asked for.
#[test]
fn files_for_replicas_are_removed_on_request() {
    for (save, stays) in [("", false), ("3600 1", true)] {
        let mut primary = Server::start_with(
            Peer::Rkv,
            &["--save", save, "--repl-diskless-sync", "no", "--rdb-del-sync-files", "yes"],
        );
        primary.ok(&["SET", "k", "v"]);
        let mut replica = Server::start(Peer::Redis70);
        follow(&mut replica, &primary);
        wait_until_up(&mut replica);
        assert_eq!(replica.ok(&["GET", "k"]).text(), "v");
        let file = primary.dir().join("dump.rdb");
        let line = "Removing the RDB file used to feed replicas in a persistence-less instance";
        if stays {
            assert!(file.exists());
            assert!(!primary.log().contains(line), "{}", primary.log());
        } else {
            wait_for("the removal", || !file.exists());
            assert!(primary.log().contains(line), "{}", primary.log());
        }
    }
}

/// Puts bytes behind the last append-only file of a server that works in a folder.
fn append(dir: &Path, bytes: &[u8]) {
    let path = common::files::last_file(&dir.join("appendonlydir"));
    let mut file = std::fs::OpenOptions::new().append(true).open(path).unwrap();
    file.write_all(bytes).unwrap();
}

/// A tail of the append-only file that is no command is cut off as far as that is allowed; what is longer is damage.
#[test]
fn a_short_corrupt_tail_is_cut_off_on_request() {
    let garbage = b"*3\r\n$3\r\nSET\r\n!garbage\r\n";
    let most = garbage.len().to_string();
    let fewer = (garbage.len() - 1).to_string();
    let damaged = |more: &[&[u8]]| {
        let mut server = Server::start_with(Peer::Rkv, AOF);
        server.ok(&["SET", "k", "v"]);
        let dir = server.end();
        more.iter().for_each(|bytes| append(dir.path(), bytes));
        dir
    };
    let options = |most| [AOF, &["--aof-load-corrupt-tail-max-size", most]].concat();
    let refused = Server::start_in(Peer::Rkv, damaged(&[garbage]), &options(&fewer)).unwrap_err();
    assert!(refused.contains("Bad file format reading the append only file"), "{refused}");
    // It does not need what a torn tail does.
    let torn = [&options(&most), &["--aof-load-truncated", "no"][..]].concat();
    let mut server = Server::start_in(Peer::Rkv, damaged(&[garbage]), &torn).unwrap();
    let line = "loaded anyway because aof-load-corrupt-tail-max-size is enabled";
    assert!(server.log().contains(line), "{}", server.log());
    assert_eq!(server.ok(&["GET", "k"]).text(), "v");
    server.ok(&["SET", "next", "v"]);
    let mut redis = Server::start_in(Peer::Redis70, server.end(), AOF).unwrap();
    assert_eq!(redis.ok(&["DBSIZE"]).int(), 2);

    // A transaction goes as a whole, and counts.
    let begun = b"*1\r\n$5\r\nMULTI\r\n*2\r\n$3\r\nDEL\r\n$1\r\nk\r\n";
    let transaction = || damaged(&[begun, garbage]);
    let all = (begun.len() + garbage.len()).to_string();
    let refused = Server::start_in(Peer::Rkv, transaction(), &options(&most)).unwrap_err();
    assert!(refused.contains("Bad file format reading the append only file"), "{refused}");
    let mut server = Server::start_in(Peer::Rkv, transaction(), &options(&all)).unwrap();
    assert_eq!(server.ok(&["GET", "k"]).text(), "v");

    // What is too long for it goes the way of other damage.
    let repair = [&options(&fewer), &["--aof-on-corruption", "repair"][..]].concat();
    let mut server = Server::start_in(Peer::Rkv, damaged(&[garbage]), &repair).unwrap();
    assert!(server.dir().join("appendonlydir.bak").exists());
    assert_eq!(server.ok(&["GET", "k"]).text(), "v");
}

/// What is cut off behind commands that repair would not keep is only what was not loaded.
#[test]
fn what_was_loaded_is_not_cut_off() {
    let mut server = Server::start_with(Peer::Rkv, AOF);
    server.ok(&["SET", "a", "1"]);
    let dir = server.end();
    append(dir.path(), b"*1\r\n$4\r\nEXEC\r\n*3\r\n$3\r\nSET\r\n$1\r\nb\r\n$1\r\n2\r\n*3\r\n$3");
    let mut server = Server::start_in(Peer::Rkv, dir, AOF).unwrap();
    assert!(server.log().contains(": 6 bytes are cut off"), "{}", server.log());
    assert_eq!(server.ok(&["GET", "b"]).text(), "2");
    let mut server = Server::start_in(Peer::Rkv, server.end(), AOF).unwrap();
    assert_eq!(server.ok(&["GET", "b"]).text(), "2");
}

/// RDB files and values of a version that is not known are read as far as they are understood, if that is asked for.
#[test]
fn newer_rdb_files_are_read_on_request() {
    const RELAXED: &[&str] = &["--rdb-version-check", "relaxed"];
    let mut server = Server::start_with(Peer::Rkv, &["--rdbchecksum", "no"]);
    server.ok(&["SET", "k", "v"]);
    server.ok(&["RPUSH", "list", "a", "b"]);
    let file = server.save();
    let mut bytes = std::fs::read(&file).unwrap();
    let mut of_version = |version: &[u8]| {
        bytes[..9].copy_from_slice(version);
        std::fs::write(&file, &bytes).unwrap();
    };
    for version in [b"REDIS0016", b"VALKEY090"] {
        of_version(version);
        assert!(Server::load(Peer::Rkv, &file).is_err());
        let mut newer = Server::load_with(Peer::Rkv, &file, RELAXED).unwrap();
        assert_eq!(newer.ok(&["GET", "k"]).text(), "v");
        assert_eq!(newer.ok(&["LLEN", "list"]).int(), 2);
    }
    // No server will ever write this one.
    of_version(b"REDIS0080");
    assert!(Server::load_with(Peer::Rkv, &file, RELAXED).is_err());

    let mut payload = Vec::new();
    rkv::rdb::payload::write(&mut payload, 0, b"\x01v", 16);
    let restore = [&b"RESTORE"[..], b"restored", b"0", &payload];
    let refused = Reply::Error("ERR DUMP payload version or checksum are wrong".into());
    assert_eq!(server.cmd(&restore), refused);
    server.ok(&["CONFIG", "SET", "rdb-version-check", "relaxed"]);
    server.ok(&restore);
    assert_eq!(server.ok(&["GET", "restored"]).text(), "v");

    // The base of an append-only file, and the value in a command behind it.
    let args = [AOF, &["--rdbchecksum", "no"], RELAXED].concat();
    let mut server = Server::start_with(Peer::Rkv, &args);
    server.ok(&["SET", "k", "v"]);
    server.rewrite_aof();
    server.ok(&restore);
    let dir = server.end();
    let base = dir.path().join("appendonlydir/appendonly.aof.2.base.rdb");
    let mut bytes = std::fs::read(&base).unwrap();
    bytes[..9].copy_from_slice(b"REDIS0016");
    std::fs::write(&base, bytes).unwrap();
    let mut server = Server::start_in(Peer::Rkv, dir, &args).unwrap();
    assert_eq!(server.ok(&["DBSIZE"]).int(), 2);
    assert!(Server::start_in(Peer::Rkv, server.end(), AOF).is_err());
}

/// A replica that cannot save ends by the next write of its primary, unless it is told to go on; then it says so.
#[test]
fn a_replica_whose_disk_fails_ends_or_says_so() {
    for peer in [Peer::Rkv, Peer::Redis70] {
        let mut primary = start(Peer::Rkv);
        let mut replica =
            Server::start_with(peer, &["--save", "3600 1", "--crash-memcheck-enabled", "no"]);
        follow(&mut replica, &primary);
        wait_until_up(&mut replica);
        // The file cannot be put in the place of a folder.
        let file = replica.dir().join("dump.rdb");
        let _ = std::fs::remove_file(&file);
        std::fs::create_dir(&file).unwrap();
        replica.ok(&["CONFIG", "SET", "replica-ignore-disk-write-errors", "yes"]);
        replica.ok(&["BGSAVE"]);
        wait_for("the save", || {
            info(&mut replica, "persistence", "rdb_last_bgsave_status") == "err"
        });
        assert!(replica.cmd(&["SET", "k", "v"]).is_error());
        for value in ["1", "2", "3"] {
            primary.ok(&["SET", "k", value]);
        }
        wait_for("the stream", || replica.ok(&["GET", "k"]) == Reply::Bulk("3".into()));
        let line = "Replica is applying a command even though it is unable to write to disk.";
        assert!(replica.log().contains(line), "{peer:?}: {}", replica.log());
        replica.ok(&["CONFIG", "SET", "replica-ignore-disk-write-errors", "no"]);
        primary.ok(&["SET", "k", "4"]);
        wait_for("the end", || replica.log().contains("=== REDIS BUG REPORT END"));
        let line = "Guru Meditation: Replica was unable to write command to disk.";
        assert!(replica.log().contains(line), "{peer:?}: {}", replica.log());
    }
}

/// What a replica says and does of a command of its primary that fails there.
#[test]
fn a_replica_whose_data_differ_says_so_and_ends_on_request() {
    for peer in [Peer::Rkv, Peer::Redis70] {
        let mut primary = start(Peer::Rkv);
        let mut replica = Server::start_with(peer, &["--crash-memcheck-enabled", "no"]);
        primary.ok(&["SET", "k", "v"]);
        follow(&mut replica, &primary);
        wait_until_up(&mut replica);
        let fail = |primary: &mut Server| primary.ok(&["DEBUG", "REPLICATE", "LPUSH", "k", "x"]);
        let errors = |replica: &mut Server| info(replica, "stats", "unexpected_error_replies");
        fail(&mut primary);
        wait_for("the first error", || errors(&mut replica) == "1");
        replica.ok(&["CONFIG", "SET", "propagation-error-behavior", "panic"]);
        replica.ok(&["CONFIG", "SET", "replica-read-only", "no"]);
        // One in a transaction counts, too.
        primary.ok(&["DEBUG", "REPLICATE", "MULTI"]);
        fail(&mut primary);
        primary.ok(&["DEBUG", "REPLICATE", "EXEC"]);
        wait_for("the second error", || errors(&mut replica) == "2");
        replica.ok(&["CONFIG", "SET", "propagation-error-behavior", "panic-on-replicas"]);
        replica.ok(&["CONFIG", "SET", "replica-read-only", "yes"]);
        fail(&mut primary);
        wait_for("the end", || replica.log().contains("=== REDIS BUG REPORT END"));
        let log = replica.log();
        let line = "== CRITICAL == This replica is sending an error to its master: '";
        assert_eq!(log.matches(line).count(), 3, "{peer:?}: {log}");
        let line = "Guru Meditation: This replica panicked sending an error to its master after processing the command 'lpush'";
        assert!(log.contains(line), "{peer:?}: {log}");
    }
}

/// What a server says and does of a command of its append-only file that fails.
#[test]
fn a_command_of_the_append_only_file_that_fails_ends_the_start_on_request() {
    for peer in [Peer::Rkv, Peer::Redis70] {
        let mut server = Server::start_with(peer, AOF);
        server.ok(&["SET", "k", "v"]);
        let mut dir = server.end();
        append(dir.path(), b"*3\r\n$5\r\nLPUSH\r\n$1\r\nk\r\n$1\r\nx\r\n");
        let line = "== CRITICAL == This server is sending an error to its AOF-loading-client: '";
        let options = |what| [AOF, &["--propagation-error-behavior", what]].concat();
        for what in ["ignore", "panic-on-replicas"] {
            let mut server = Server::start_in(peer, dir, &options(what)).unwrap();
            assert!(server.log().contains(line), "{peer:?}: {}", server.log());
            assert_eq!(server.ok(&["GET", "k"]).text(), "v");
            dir = server.end();
        }
        let more = ["--crash-memcheck-enabled", "no"];
        let panic = [&options("panic"), &more[..]].concat();
        let log = Server::start_in(peer, dir, &panic).unwrap_err();
        assert!(log.contains(line), "{peer:?}: {log}");
        let line = "Guru Meditation: This server panicked sending an error to its AOF-loading-client after processing the command 'lpush'";
        assert!(log.contains(line), "{peer:?}: {log}");
    }
}
