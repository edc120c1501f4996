//! What rkv writes, real servers load, and find the same data in it.

mod common;

use common::client::Reply;
use common::program::{rkv, rkv_with_stdin, testdata};
use common::servers::{FILES, Peer, Server, digest_of_rdb};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The digest that a peer gives for a file of another, if it takes it as it is.
fn digest_if_loadable(peer: Peer, file: &Path) -> Option<String> {
    Server::load(peer, file).ok().map(|mut server| server.debug_digest())
}

/// The keys of a file as JSON that have not expired, without what a server may choose: encodings and order.
///
/// Redis 7.0 has no place for when a consumer was last active.
fn contents(peer: Peer, file: &Path) -> Vec<String> {
    // A server that loads a file leaves out what has expired by then.
    let run = rkv(&["rdb", "dump", "--not-ttl", "expired", &file.display().to_string()]).expect(0);
    let mut lines: Vec<String> = run
        .out()
        .lines()
        .map(|line| {
            let mut key: serde_json::Value = serde_json::from_str(line).unwrap();
            let unordered = key["type"] == "set" || key["type"] == "hash";
            let fields = key.as_object_mut().unwrap();
            for name in ["encoding", "size", "idle_s", "freq"] {
                fields.remove(name);
            }
            if let (true, Some(items)) = (unordered, fields["value"].as_array_mut()) {
                items.sort_by_key(ToString::to_string);
            }
            if peer == Peer::Redis70 && fields["type"] == "stream" {
                let groups = fields["value"]["groups"].as_array_mut().unwrap();
                for consumer in
                    groups.iter_mut().flat_map(|group| group["consumers"].as_array_mut()).flatten()
                {
                    consumer.as_object_mut().unwrap().remove("active_time_ms");
                }
            }
            key.to_string()
        })
        .collect();
    lines.sort();
    lines
}

/// Loads a file into a server, has it saved there, and compares with the original.
fn same_after_a_server(peer: Peer, original: &Path, converted: &Path, what: &str) {
    let mut server = match Server::load(peer, converted) {
        Ok(server) => server,
        Err(log) => panic!("{peer:?} refuses {what}: {log}"),
    };
    if let Some(expected) = digest_if_loadable(peer, original) {
        assert_eq!(server.debug_digest(), expected, "{what} in {peer:?}");
    }
    let saved = server.save();
    let (before, after) = (contents(peer, original), contents(peer, &saved));
    assert_eq!(before.len(), after.len(), "{what} in {peer:?}");
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(before, after, "{what} in {peer:?}");
    }
}

fn temp(dir: &tempfile::TempDir, name: &str) -> (PathBuf, String) {
    let path = dir.path().join(name);
    let text = path.display().to_string();
    (path, text)
}

fn check_rdb(peer: Peer, file: &Path) {
    let done = Command::new(peer.check_rdb()).arg(file).output().unwrap();
    let text = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{peer:?} on {}: {text}", file.display());
}

#[test]
fn converted_files_load_with_equal_digest() {
    let dir = tempfile::tempdir().unwrap();
    for (name, _) in FILES {
        let input = testdata(name);
        for peer in Peer::ALL {
            let (path, out) = temp(&dir, "converted.rdb");
            let text = input.display().to_string();
            rkv(&["rdb", "convert", &text, "--to", peer.release(), "-o", &out, "--force"])
                .expect(0);
            same_after_a_server(peer, &input, &path, name);
            check_rdb(peer, &path);
            rkv(&["rdb", "verify", &out]).expect(0);
        }
    }
}

#[test]
fn what_is_encoded_anew_loads_with_equal_digest() {
    let dir = tempfile::tempdir().unwrap();
    for (name, _) in FILES {
        let input = testdata(name);
        let lines = rkv(&["rdb", "dump", &input.display().to_string()]).expect(0).stdout;
        for peer in Peer::ALL {
            let (path, out) = temp(&dir, "encoded.rdb");
            let args = [
                "rdb",
                "convert",
                "-",
                "--from",
                "jsonl",
                "--to",
                peer.release(),
                "-o",
                &out,
                "--force",
            ];
            rkv_with_stdin(&args, &lines).expect(0);
            same_after_a_server(peer, &input, &path, name);
            check_rdb(peer, &path);
        }
    }
}

#[test]
fn json_to_rdb_to_json_is_identical() {
    let dir = tempfile::tempdir().unwrap();
    for (name, writer) in FILES {
        let first = rkv(&["rdb", "dump", &testdata(name).display().to_string()]).expect(0).stdout;
        let to = if *writer == Peer::Redis70 { "redis-7.2" } else { writer.release() };
        let (_, out) = temp(&dir, "again.rdb");
        let args = ["rdb", "convert", "-", "--from", "jsonl", "--to", to, "-o", &out, "--force"];
        rkv_with_stdin(&args, &first).expect(0);
        let second = rkv(&["rdb", "dump", &out]).expect(0).stdout;
        assert!(first == second, "{name} changed on the way");
    }
}

/// Sends a stream of commands and counts the replies by the number of commands.
fn feed(server: &mut Server, commands: &[u8], what: &str) {
    let mut count = 0;
    let mut rest = commands;
    while let Some(line_end) = rest.iter().position(|b| *b == b'\n') {
        // Walks `*N` and N strings.
        let n: usize = std::str::from_utf8(&rest[1..line_end - 1]).unwrap().parse().unwrap();
        rest = &rest[line_end + 1..];
        for _ in 0..n {
            let end = rest.iter().position(|b| *b == b'\n').unwrap();
            let len: usize = std::str::from_utf8(&rest[1..end - 1]).unwrap().parse().unwrap();
            rest = &rest[end + 1 + len + 2..];
        }
        count += 1;
    }
    let mut client = server.connect();
    for reply in client.raw(commands, count) {
        assert!(!reply.is_error(), "{what}: {reply:?}");
    }
}

#[test]
fn commands_make_the_same_data() {
    for (name, writer) in FILES {
        let input = testdata(name);
        let expected = digest_of_rdb(*writer, &input);
        for restore in [false, true] {
            let mut args = vec!["rdb", "dump", "--format", "resp"];
            let input = input.display().to_string();
            if restore {
                args.push("--restore");
            }
            args.push(&input);
            let commands = rkv(&args).expect(0).stdout;
            let mut server = Server::start(*writer);
            feed(&mut server, &commands, name);
            assert_eq!(server.debug_digest(), expected, "{name}, restore: {restore}");
        }
    }
}

#[test]
fn field_expiries_go_from_vendor_to_vendor() {
    let dir = tempfile::tempdir().unwrap();
    let input = testdata("servers/valkey-9.1-field-ttls.rdb");
    let expected = digest_of_rdb(Peer::Valkey91, &input);
    let input = input.display().to_string();
    // Without the release's own form they are a loss, and told as one.
    let (_, out) = temp(&dir, "lossy.rdb");
    let run = rkv(&["rdb", "convert", &input, "--to", "redis-7.0", "-o", &out]).expect(1);
    assert!(run.err().contains("field-expiry"), "{}", run.err());
    assert!(!Path::new(&out).exists());
    rkv(&["rdb", "convert", &input, "--to", "redis-7.0", "--on-loss", "rewrite", "-o", &out])
        .expect(0);
    digest_of_rdb(Peer::Redis70, Path::new(&out));
    // To Redis's form and back nothing is lost.
    let (_, redis) = temp(&dir, "redis.rdb");
    rkv(&["rdb", "convert", &input, "--to", "redis-7.4", "-o", &redis]).expect(0);
    let (path, valkey) = temp(&dir, "valkey.rdb");
    rkv(&["rdb", "convert", &redis, "--to", "valkey-9.1", "-o", &valkey]).expect(0);
    assert_eq!(digest_of_rdb(Peer::Valkey91, &path), expected);
}

#[test]
fn functions_survive() {
    let dir = tempfile::tempdir().unwrap();
    let input = testdata("servers/redis-7.0-functions.rdb").display().to_string();
    let (path, out) = temp(&dir, "functions.rdb");
    rkv(&["rdb", "convert", &input, "--to", "valkey-8.1", "-o", &out]).expect(0);
    fn text(reply: Reply) -> String {
        match reply {
            Reply::Array(items) => items.into_iter().map(|item| text(item) + "\n").collect(),
            Reply::Bulk(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            other => format!("{other:?}"),
        }
    }
    let list = |server: &mut Server| text(server.ok(&["FUNCTION", "LIST", "WITHCODE"]));
    let mut before = Server::load(Peer::Redis70, Path::new(&input)).unwrap();
    let mut after = Server::load(Peer::Valkey81, &path).unwrap();
    let libraries = list(&mut before);
    assert!(libraries.contains("#!lua name="), "{libraries}");
    let sorted = |text: String| {
        let mut lines: Vec<_> = text.lines().map(str::to_string).collect();
        lines.sort();
        lines
    };
    assert_eq!(sorted(libraries), sorted(list(&mut after)));
    let run =
        rkv(&["rdb", "convert", &input, "--to", "redis-6.2", "-o", &out, "--force"]).expect(1);
    assert!(run.err().contains("function"), "{}", run.err());
}

#[test]
fn files_are_merged_and_split() {
    let dir = tempfile::tempdir().unwrap();
    let a = testdata("servers/redis-7.0-types.rdb").display().to_string();
    let b = testdata("servers/redis-7.0-streams.rdb").display().to_string();
    let (_, merged) = temp(&dir, "merged.rdb");
    rkv(&["rdb", "convert", &a, &b, "-o", &merged]).expect(0);
    let keys = |file: &str| {
        rkv(&["rdb", "dump", "--format", "keys", file]).expect(0).out().lines().count()
    };
    assert_eq!(keys(&merged), keys(&a) + keys(&b));
    rkv(&["rdb", "convert", &a, &a, "-o", &merged, "--force"]).expect(1);
    for choice in ["first", "last", "newest-expiry"] {
        rkv(&["rdb", "convert", &a, &a, "--on-duplicate", choice, "-o", &merged, "--force"])
            .expect(0);
        assert_eq!(keys(&merged), keys(&a), "{choice}");
        rkv(&["rdb", "verify", &merged]).expect(0);
    }
    let (_, pattern) = temp(&dir, "part-{}.rdb");
    let split = "slot-ranges:0-8191,8192-16383";
    rkv(&["rdb", "convert", &a, "--split-by", split, "-o", &pattern]).expect(0);
    let part = |name: &str| pattern.replace("{}", name);
    assert_eq!(keys(&part("0-8191")) + keys(&part("8192-16383")), keys(&a));
    let expected = digest_of_rdb(Peer::Redis70, Path::new(&a));
    rkv(&["rdb", "convert", &part("0-8191"), &part("8192-16383"), "-o", &merged, "--force"])
        .expect(0);
    assert_eq!(digest_of_rdb(Peer::Redis70, Path::new(&merged)), expected);
}
