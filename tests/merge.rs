//! Several inputs of `rkv rdb convert` as one output.

mod common;

use common::program::{Run, rkv, testdata};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

fn write(dir: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = dir.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

/// Converts inputs into `out.rdb` of a folder.
fn merge(dir: &Path, inputs: &[&Path], more: &[&str]) -> Run {
    let out = dir.join("out.rdb");
    let mut args: Vec<&str> = vec!["rdb", "convert", "--force", "-o", out.to_str().unwrap()];
    args.extend(inputs.iter().map(|path| path.to_str().unwrap()));
    args.extend(more);
    rkv(&args)
}

/// The keys of `out.rdb`.
fn keys(dir: &Path) -> Vec<Value> {
    let out = dir.join("out.rdb");
    let run = rkv(&["rdb", "dump", out.to_str().unwrap()]).expect(0);
    run.out().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn values(dir: &Path) -> Vec<(String, Value)> {
    let pair = |key: Value| (key["key"].as_str().unwrap().into(), key["value"].clone());
    keys(dir).into_iter().map(pair).collect()
}

fn info(dir: &Path) -> Value {
    let out = dir.join("out.rdb");
    let run = rkv(&["rdb", "info", "--json", out.to_str().unwrap()]).expect(0);
    serde_json::from_str(run.out()).unwrap()
}

/// A file of version 10 without a checksum.
fn file(records: &[&[u8]]) -> Vec<u8> {
    [b"REDIS0010", &records.concat()[..], b"\xff\0\0\0\0\0\0\0\0"].concat()
}

/// Data of a module outside of keys, with one string.
fn module_aux(text: &[u8; 4]) -> Vec<u8> {
    [b"\xf7\x81\x00\x11\x22\x33\x44\x55\x66\x01\x02\x02\x05\x04", &text[..], b"\0"].concat()
}

#[test]
fn distinct_module_data_of_all_inputs_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let a = write(dir.path(), "a.rdb", &file(&[&module_aux(b"aaaa"), &module_aux(b"both")]));
    let b = write(dir.path(), "b.rdb", &file(&[&module_aux(b"both"), &module_aux(b"bbbb")]));
    merge(dir.path(), &[&a, &b], &[]).expect(0);
    assert_eq!(info(dir.path())["modules"][0]["aux"], 3);
    let bytes = std::fs::read(dir.path().join("out.rdb")).unwrap();
    for text in [&b"aaaa"[..], b"bbbb", b"both"] {
        assert_eq!(bytes.windows(4).filter(|window| *window == text).count(), 1);
    }
}

#[test]
fn a_library_that_all_inputs_have_is_written_once() {
    let dir = tempfile::tempdir().unwrap();
    let input = testdata("servers/redis-7.0-functions.rdb");
    merge(dir.path(), &[&input], &[]).expect(0);
    let once = info(dir.path())["functions"].as_array().unwrap().len();
    assert!(once > 0);
    merge(dir.path(), &[&input, &input], &["--on-duplicate", "first"]).expect(0);
    assert_eq!(info(dir.path())["functions"].as_array().unwrap().len(), once);
    let dry =
        merge(dir.path(), &[&input, &input], &["--on-duplicate", "first", "--dry-run", "--json"]);
    let report: Value = serde_json::from_str(dry.expect(0).out()).unwrap();
    assert_eq!(report["totals"]["functions"], once);
}

#[test]
fn duplicates_are_found_whatever_the_inputs_are() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path();
    let line = |value: &str| {
        format!("{{\"db\":0,\"key\":\"k\",\"type\":\"string\",\"value\":\"{value}\"}}\n")
    };
    let own = "{\"db\":0,\"key\":\"j\",\"type\":\"list\",\"value\":[\"1\",\"2\"]}\n";
    let jsonl = write(path, "a.jsonl", (line("of-json") + own).as_bytes());
    let commands = b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$7\r\nof-resp\r\n*3\r\n$5\r\nRPUSH\r\n$1\r\nr\r\n$1\r\n1\r\n*3\r\n$5\r\nRPUSH\r\n$1\r\nr\r\n$1\r\n2\r\n";
    let resp = write(path, "b.resp", commands);
    let rdb = write(path, "c.rdb", &file(&[b"\xfe\0\0\x01k\x06of-rdb"]));
    let more = write(path, "d.jsonl", line("of-more").as_bytes());
    let inputs: [&Path; 4] = [&jsonl, &resp, &rdb, &more];
    let run = merge(path, &inputs, &[]).expect(1);
    assert!(run.err().contains("key \"k\" is there more than once"), "{}", run.err());
    assert!(!path.join("out.rdb").exists());
    for (choice, value) in [("first", "of-json"), ("last", "of-more"), ("newest-expiry", "of-json")]
    {
        merge(path, &inputs, &["--on-duplicate", choice]).expect(0);
        let all = values(path);
        assert_eq!(all.len(), 3, "{choice}: {all:?}");
        assert!(all.contains(&("k".into(), json!(value))), "{choice}: {all:?}");
        assert!(all.contains(&("j".into(), json!(["1", "2"]))), "{choice}: {all:?}");
        assert!(all.contains(&("r".into(), json!(["1", "2"]))), "{choice}: {all:?}");
    }
    merge(path, &[&more, &jsonl], &[]).expect(1);
}

#[test]
fn filters_and_changes_hold_for_every_format() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path();
    let source = testdata("made/redis-0010.rdb");
    let dump = rkv(&["rdb", "dump", source.to_str().unwrap()]).expect(0);
    let jsonl = write(path, "a.jsonl", &dump.stdout);
    let options = ["--type", "list,hash", "--rename", "s/^/new:/", "--to", "redis-7.0"];
    merge(path, &[&source], &options).expect(0);
    let expected = keys(path);
    assert!(!expected.is_empty());
    merge(path, &[&jsonl], &options).expect(0);
    let sorted = |mut all: Vec<Value>| {
        all.iter_mut().for_each(|key| {
            ["encoding", "size"].iter().for_each(|name| {
                key.as_object_mut().unwrap().remove(*name);
            });
        });
        all.sort_by_key(ToString::to_string);
        all
    };
    assert_eq!(sorted(keys(path)), sorted(expected));
    let all: Vec<Value> =
        dump.out().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    merge(path, &[&jsonl], &["--type", "list"]).expect(0);
    let lists = all.iter().filter(|key| key["type"] == "list").count();
    assert_eq!(keys(path).len(), lists);
}

#[test]
fn fifty_inputs_are_one_output() {
    let dir = tempfile::tempdir().unwrap();
    let paths: Vec<PathBuf> = (0..50u8)
        .map(|i| {
            let own = [&b"\0\x02"[..], &[b'k', i], b"\x01v"].concat();
            write(
                dir.path(),
                &format!("{i}.rdb"),
                &file(&[b"\xfe\0", &own, b"\0\x06common\x01", &[i]]),
            )
        })
        .collect();
    let inputs: Vec<&Path> = paths.iter().map(PathBuf::as_path).collect();
    merge(dir.path(), &inputs, &[]).expect(1);
    merge(dir.path(), &inputs, &["--on-duplicate", "last"]).expect(0);
    let all = keys(dir.path());
    assert_eq!(all.len(), 51);
    let common = all.iter().find(|key| key["key"] == "common").unwrap();
    assert_eq!(common["value"], "1");
}
