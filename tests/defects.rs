//! What other tools for RDB files do wrong: one test per defect.
//!
//! Bounded memory on huge keys is in `tests/memory.rs`.

mod common;

use common::program::{rkv, rkv_with_stdin, testdata};
use serde_json::{Value, json};
use std::path::Path;

/// All commands that read a whole file, with the status for one where something is found.
fn commands(out: &str) -> [(Vec<&str>, bool); 6] {
    [
        (vec!["rdb", "dump"], false),
        (vec!["rdb", "info"], false),
        (vec!["rdb", "stats"], false),
        (vec!["rdb", "verify"], true),
        (vec!["rdb", "convert", "--to", "redis-7.2", "--force", "-o", out], false),
        (vec!["slots", "map", "--nodes", "3", "--rdb"], false),
    ]
}

/// Each command ends with this status on a file; `verify` has found something, unless the file is cut.
#[track_caller]
fn ends_with(file: &Path, code: i32) {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out.rdb");
    for (mut args, verifies) in commands(out.to_str().unwrap()) {
        args.push(file.to_str().unwrap());
        let run = rkv(&args);
        let expected = if verifies && code != 6 { 1 } else { code };
        assert_eq!(run.code, expected, "{args:?}: {}", run.err());
        assert!(!out.exists(), "{args:?} leaves an output");
    }
}

/// The keys of a file as JSON, by name.
fn keys(file: &Path) -> Vec<Value> {
    let run = rkv(&["rdb", "dump", file.to_str().unwrap()]).expect(0);
    run.out().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[track_caller]
fn key<'k>(keys: &'k [Value], name: &str) -> &'k Value {
    keys.iter().find(|key| key["key"] == name).unwrap_or_else(|| panic!("no key {name}"))
}

/// What the server that wrote a file says of a key.
#[track_caller]
fn twin(file: &Path, name: &str) -> Value {
    let text = std::fs::read_to_string(format!("{}.expect.jsonl", file.display())).unwrap();
    let keys: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    key(&keys, name).clone()
}

/// A file without a checksum.
fn file(header: &[u8; 9], records: &[&[u8]]) -> Vec<u8> {
    [&header[..], &records.concat(), b"\xff\0\0\0\0\0\0\0\0"].concat()
}

fn write(dir: &Path, bytes: &[u8]) -> std::path::PathBuf {
    let path = dir.join("in.rdb");
    std::fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn a_truncated_file_is_no_success() {
    for name in ["truncated-before-eof", "truncated-before-key", "truncated-in-checksum"] {
        ends_with(&testdata(format!("bad/{name}.rdb")), 6);
    }
}

#[test]
fn trailing_garbage_is_no_success() {
    for name in ["trailing-bytes", "trailing-old-file", "two-files"] {
        ends_with(&testdata(format!("bad/{name}.rdb")), 5);
    }
}

#[test]
fn a_wrong_checksum_is_an_error() {
    for name in ["checksum-wrong", "checksum-of-other-data"] {
        ends_with(&testdata(format!("bad/{name}.rdb")), 5);
    }
}

#[test]
fn lists_may_mix_plain_and_packed_nodes() {
    for server in ["redis-7.0", "redis-8.6", "valkey-8.1", "valkey-9.1"] {
        let file = testdata(format!("servers/{server}-types.rdb"));
        let keys = keys(&file);
        for name in ["list:plain", "list:all-plain", "list:nodes"] {
            assert_eq!(key(&keys, name)["value"], twin(&file, name)["value"], "{server} {name}");
        }
        let mixed = key(&keys, "list:plain")["value"].as_array().unwrap();
        assert!(mixed.len() > 2, "{mixed:?}");
    }
}

#[test]
fn streams_without_entries_are_streams() {
    let file = testdata("servers/redis-7.0-streams.rdb");
    let keys = keys(&file);
    for (name, added) in [("created", 0), ("deleted", 2)] {
        let value = &key(&keys, name)["value"];
        assert_eq!((&value["entries"], &value["length"]), (&json!([]), &json!(0)), "{name}");
        assert_eq!(value["entries_added"], added, "{name}");
    }
    assert_eq!(key(&keys, "created")["value"]["groups"][0]["name"], "g");
    assert_eq!(key(&keys, "deleted")["value"]["max_deleted_id"], "2-1");
    // As commands and as another file, too.
    let file = file.to_str().unwrap();
    let commands = rkv(&["rdb", "dump", "--format", "commands", file]).expect(0);
    assert!(commands.out().contains("created") && commands.out().contains("deleted"));
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out.rdb");
    rkv(&["rdb", "convert", file, "--to", "redis-5.0", "-o", out.to_str().unwrap()]).expect(0);
    let value = key(&self::keys(&out), "deleted")["value"].clone();
    assert_eq!((&value["entries"], &value["last_id"]), (&json!([]), &json!("2-1")));
}

#[test]
fn infinite_scores_are_told_and_nan_is_an_error() {
    for server in ["redis-7.0", "redis-8.6", "valkey-9.1"] {
        let keys = keys(&testdata(format!("servers/{server}-types.rdb")));
        for name in ["zset:small", "zset:large"] {
            let members = key(&keys, name)["value"].as_array().unwrap();
            assert_eq!(members.first().unwrap()["score"], "-inf", "{server} {name}");
            assert_eq!(members.last().unwrap()["score"], "inf", "{server} {name}");
        }
    }
    for name in ["zset-nan", "zset-nan-ascii", "zset-nan-listpack"] {
        let run = rkv(&["rdb", "dump", testdata(format!("bad/{name}.rdb")).to_str().unwrap()]);
        assert_eq!(run.code, 5, "{name}");
        assert!(run.err().to_lowercase().contains("nan"), "{name}: {}", run.err());
    }
}

#[test]
fn any_bytes_come_back() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path();
    // Not UTF-8, NUL, quotes, line ends, a backslash, nothing, and what looks like our own form.
    let strings: [&[u8]; 7] =
        [b"\xff\xfe", b"a\0b", b"\"'", b"\r\n", b"\\x00\\", b"", b"{\"base64\":\"/wA=\"}"];
    let records: Vec<Vec<u8>> = strings
        .iter()
        .map(|s| [&[0, s.len() as u8][..], s, &[s.len() as u8], s].concat())
        .collect();
    let original = write(path, &file(b"REDIS0010", &[b"\xfe\0", &records.concat()]));
    let original = original.to_str().unwrap();
    let dump = |encoding: &str, file: &str| {
        rkv(&["rdb", "dump", "--encoding", encoding, file]).expect(0).stdout
    };
    for encoding in ["auto", "base64", "hex"] {
        let lines = dump(encoding, original);
        let out = path.join("out.rdb");
        let out = out.to_str().unwrap();
        let args = ["rdb", "convert", "-", "--from", "jsonl", "--force", "-o", out];
        rkv_with_stdin(&args, &lines).expect(0);
        assert_eq!(dump("hex", out), dump("hex", original), "{encoding}");
    }
    let out = path.join("again.rdb");
    let out = out.to_str().unwrap();
    let commands = rkv(&["rdb", "dump", "--format", "resp", original]).expect(0).stdout;
    rkv_with_stdin(&["rdb", "convert", "-", "--from", "resp", "-o", out], &commands).expect(0);
    assert_eq!(dump("hex", out), dump("hex", original));
    let hex = String::from_utf8(dump("hex", original)).unwrap();
    let values = hex.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let values: Vec<_> =
        values.map(|key| key["value"]["hex"].as_str().unwrap().to_owned()).collect();
    let expected: Vec<String> =
        strings.map(|s| s.iter().map(|byte| format!("{byte:02x}")).collect()).into();
    assert_eq!(values, expected);
}

#[test]
fn the_expiry_of_one_key_is_not_that_of_the_next() {
    let dir = tempfile::tempdir().unwrap();
    let at = b"\xfc\x60\xea\0\0\0\0\0\0";
    let records: [&[u8]; 5] =
        [b"\xfe\0", at, b"\xf8\x07\0\x01a\x01x", b"\0\x01b\x01x\xfe\x01", b"\0\x01c\x01x"];
    let keys = keys(&write(dir.path(), &file(b"REDIS0010", &records)));
    assert_eq!(key(&keys, "a")["expire_at_ms"], 60_000);
    assert_eq!(key(&keys, "a")["idle_s"], 7);
    for name in ["b", "c"] {
        assert!(key(&keys, name).get("expire_at_ms").is_none(), "{name}");
        assert!(key(&keys, name).get("idle_s").is_none(), "{name}");
    }
}

#[test]
fn files_of_clusters_are_read() {
    // Opcode 244 in files of Redis, an AUX field in those of Valkey.
    for server in ["redis-8.6", "valkey-8.1", "valkey-9.1"] {
        let file = testdata(format!("servers/{server}-cluster.rdb"));
        let expected = std::fs::read_to_string(format!("{}.expect.jsonl", file.display())).unwrap();
        assert_eq!(keys(&file).len(), expected.lines().count(), "{server}");
        rkv(&["rdb", "verify", file.to_str().unwrap()]).expect(0);
        let info = rkv(&["rdb", "info", "--json", file.to_str().unwrap()]).expect(0);
        let info: Value = serde_json::from_str(info.out()).unwrap();
        if server != "valkey-8.1" {
            assert_eq!(info["extras"]["slot_keys"], info["file"]["keys"], "{server}");
        }
    }
}

#[test]
fn duplicate_keys_are_found() {
    let file = testdata("bad/duplicate-key.rdb");
    let run = rkv(&["rdb", "verify", file.to_str().unwrap()]).expect(1);
    assert!(run.out().contains("rdb/duplicate-key") && run.out().contains("\"twice\""));
}

#[test]
fn a_size_hint_that_lies_costs_nothing() {
    let file = testdata("bad/resizedb-lies.rdb");
    assert_eq!(keys(&file).len(), 2);
    let run = rkv(&["rdb", "verify", file.to_str().unwrap()]).expect(1);
    assert!(run.out().contains("rdb/resizedb-count"), "{}", run.out());
}

#[test]
fn a_read_only_input_is_enough() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let bytes = std::fs::read(testdata("made/redis-0010.rdb")).unwrap();
    let input = write(dir.path(), &bytes);
    std::fs::set_permissions(&input, PermissionsExt::from_mode(0o444)).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let out = elsewhere.path().join("out.rdb");
    for (mut args, _) in commands(out.to_str().unwrap()) {
        args.push(input.to_str().unwrap());
        rkv(&args).expect(0);
    }
    assert_eq!(std::fs::read(&input).unwrap(), bytes);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn nothing_of_a_longer_old_output_is_left() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out.rdb");
    std::fs::write(&out, vec![b'x'; 1 << 20]).unwrap();
    let input = testdata("made/redis-0010.rdb");
    let args = ["rdb", "convert", input.to_str().unwrap(), "-o", out.to_str().unwrap()];
    rkv(&args).expect(3);
    rkv(&[&args[..], &["--force"]].concat()).expect(0);
    assert!(std::fs::metadata(&out).unwrap().len() < 1 << 16);
    rkv(&["rdb", "verify", out.to_str().unwrap()]).expect(0);
}

#[test]
fn several_values_of_one_filter_are_alternatives() {
    let file = testdata("servers/redis-8.6-types.rdb");
    let file = file.to_str().unwrap();
    let count = |more: &[&str]| {
        rkv(&[&["rdb", "dump", file][..], more].concat()).expect(0).out().lines().count()
    };
    let both = count(&["--type", "list", "--type", "zset"]);
    assert!(both > 0);
    assert_eq!(both, count(&["--type", "list"]) + count(&["--type", "zset"]));
    let both = count(&["--key", "set:*", "--key", "hash:*"]);
    assert_eq!(both, count(&["--key", "set:*"]) + count(&["--key", "hash:*"]));
}

#[test]
fn bombs_do_not_go_off() {
    for name in ["lzf-bomb", "listpack-bomb", "listpack-total-huge", "hash-count-huge"] {
        let file = testdata(format!("bad/{name}.rdb"));
        let run = rkv(&["rdb", "dump", file.to_str().unwrap()]);
        assert!(matches!(run.code, 5 | 6), "{name}: {} {}", run.code, run.err());
        rkv(&["rdb", "verify", file.to_str().unwrap()]).expect(1);
    }
}

#[test]
fn unknown_modules_pass_whole() {
    let dir = tempfile::tempdir().unwrap();
    let input = testdata("made/redis-0009-modules.rdb");
    for target in ["redis-6.2", "redis-7.0", "redis-8.6", "valkey-9.1"] {
        let out = dir.path().join("out.rdb");
        let paths = [&input, &out].map(|path| path.to_str().unwrap());
        let run =
            rkv(&["rdb", "convert", paths[0], "--to", target, "--force", "-o", paths[1]]).expect(0);
        assert_eq!(run.err(), "", "{target}");
        assert_eq!(keys(&out), keys(&input), "{target}");
        let modules = |file: &str| {
            let run = rkv(&["rdb", "info", "--json", file]).expect(0);
            serde_json::from_str::<Value>(run.out()).unwrap()["modules"].clone()
        };
        assert_eq!(modules(paths[1]), modules(paths[0]), "{target}");
    }
}
