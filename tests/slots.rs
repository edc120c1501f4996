//! `rkv slots` as a program.

mod common;

use common::files::text;
use common::program::{Run, rkv, rkv_with_stdin, testdata};
use serde_json::Value;

fn json(output: &Run) -> Value {
    assert!(output.code == 0, "{output:?}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[test]
fn keys_have_slots() {
    let output = rkv_with_stdin(&["slots", "foo", "{user1000}.following", "-"], b"a b\nx{}\r\n");
    let text = String::from_utf8(output.stdout).expect("text");
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 4);
    assert_eq!(lines[..2], ["12182\t\tfoo", "3443\tuser1000\t{user1000}.following"]);
    assert!(lines[2].ends_with("\t\ta b") && lines[3].ends_with("\t\tx{}"), "{text}");
    let output = rkv(&["slots", "--json", "--", "map", "{a}b"]);
    let keys = json(&output);
    assert_eq!(keys[0]["key"], "map");
    assert_eq!(keys[0]["tag"], Value::Null);
    assert_eq!(keys[1]["tag"], "a");
    assert_eq!(keys[1]["slot"], 15495);
    assert_eq!(rkv(&["slots"]).code, 2);
}

#[test]
fn keys_of_a_file_spread_over_equal_parts() {
    let file = text(&testdata("servers/redis-8.6-cluster.rdb"));
    let expected = std::fs::read_to_string(format!("{file}.expect.jsonl")).expect("twin");
    let report = json(&rkv(&["slots", "map", "--rdb", &file, "--nodes", "3", "--json"]));
    let keys = expected.lines().count() as u64;
    assert_eq!(report["summary"]["keys"].as_u64(), Some(keys));
    assert_eq!(report["summary"]["uncovered_slots"], 0);
    let sum = |section: &str| -> u64 {
        let rows = report[section].as_array().expect("rows");
        rows.iter().filter_map(|row| row["keys"].as_u64()).sum()
    };
    assert_eq!((sum("nodes"), sum("slots")), (keys, keys));
    assert_eq!(report["slots"].as_array().map(Vec::len), Some(16384));
    let text = rkv(&["slots", "map", "--rdb", &file, "--nodes", "3"]).stdout;
    assert!(String::from_utf8_lossy(&text).contains("5461-10922"));
}

#[test]
fn what_stands_before_damage_is_told() {
    let file = text(&testdata("servers/redis-8.6-cluster.rdb"));
    let bytes = std::fs::read(&file).expect("file");
    let folder = tempfile::tempdir().expect("folder");
    let cut = folder.path().join("cut.rdb");
    std::fs::write(&cut, &bytes[..bytes.len() * 3 / 4]).expect("write");
    let args = ["slots", "map", "--rdb", cut.to_str().expect("path"), "--nodes", "3", "--json"];
    let output = rkv(&args);
    assert_eq!(output.code, 6);
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report["summary"]["complete"], false);
    let whole = json(&rkv(&["slots", "map", "--rdb", &file, "--nodes", "3", "--json"]));
    assert_eq!(whole["summary"]["complete"], true);
    let keys = |report: &Value| report["summary"]["keys"].as_u64().expect("keys");
    assert!(0 < keys(&report) && keys(&report) < keys(&whole));
    let error: Value = serde_json::from_slice(&output.stderr).expect("JSON");
    assert_eq!((&error["code"], &error["kind"]), (&6.into(), &"truncated".into()));
}

#[test]
fn the_mean_is_that_of_slots_with_keys() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("even.rdb");
    // Two keys of the same size in two slots.
    std::fs::write(&path, b"REDIS0011\xfe\0\0\x01a\x01x\0\x01b\x01x\xff\0\0\0\0\0\0\0\0")
        .expect("write");
    let path = path.to_str().expect("path");
    let report = json(&rkv(&["slots", "map", "--rdb", path, "--nodes", "1", "--json"]));
    assert_eq!(report["summary"]["slots_used"], 2);
    assert_eq!(report["summary"]["slot_bytes_skew"], 1.0);
}

#[test]
fn slots_without_owner_are_told() {
    let file = text(&testdata("servers/redis-8.6-cluster.rdb"));
    let folder = tempfile::tempdir().expect("folder");
    let conf = folder.path().join("nodes.conf");
    let conf = conf.to_str().expect("path");
    let id = "07c37dfeb235213a872192d90877d0cd55635b91";
    let line = format!("{id} 127.0.0.1:7000@17000 myself,master - 0 0 1 connected 0-8191\n");
    std::fs::write(conf, format!("{line}vars currentEpoch 1 lastVoteEpoch 0\n")).expect("write");
    let run = |more: &[&str]| {
        let mut args = vec!["slots", "map", "--rdb", &file, "--nodes", conf, "--json"];
        args.extend(more);
        json(&rkv(&args))
    };
    let report = run(&[]);
    assert_eq!(report["nodes"][0]["node"], id);
    assert_eq!(report["nodes"][0]["ranges"], "0-8191");
    assert_eq!(report["uncovered"][0]["first"], 8192);
    assert_eq!(report["uncovered"][0]["last"], 16383);
    let covered = report["nodes"][0]["keys"].as_u64().expect("keys");
    let filtered = run(&["--slot", "0-8191"]);
    assert_eq!(filtered["summary"]["keys"].as_u64(), Some(covered));
    assert_eq!(filtered["summary"]["uncovered_keys"], 0);

    std::fs::write(conf, format!("{line}{id} x\n")).expect("write");
    let output = rkv(&["slots", "map", "--rdb", &file, "--nodes", conf]);
    assert_eq!(output.code, 4);
    assert!(String::from_utf8_lossy(&output.stderr).contains("nodes.conf: line 2: "));
    let output = rkv(&["slots", "map", "--rdb", &file, "--nodes", "0"]);
    assert_eq!(output.code, 2);
}
