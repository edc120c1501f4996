//! `rkv rdb info` as a program, on files of real servers.

mod common;

use common::program::{Run, rkv, testdata};
use serde_json::Value;
use std::path::Path;

fn info(path: &Path) -> (Value, Run) {
    let output = rkv(&["rdb", "info", "--json", path.to_str().expect("path")]);
    let value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    (value, output)
}

/// The rows of a table, wherever the report keeps them.
fn rows<'v>(report: &'v Value, section: &str) -> &'v [Value] {
    report[section].as_array().map_or(&[], Vec::as_slice)
}

#[test]
fn keys_are_counted_as_the_servers_have_them() {
    let mut files = 0;
    for file in std::fs::read_dir(testdata("servers")).expect("testdata") {
        let path = file.expect("file").path();
        if path.extension().is_none_or(|extension| extension != "rdb") {
            continue;
        }
        let name = path.display();
        let expected = std::fs::read_to_string(format!("{name}.expect.jsonl")).expect("twin");
        let (report, output) = info(&path);
        assert!(output.code == 0, "{name}: {output:?}");
        let keys = expected.lines().count() as u64;
        assert_eq!(report["file"]["keys"].as_u64(), Some(keys), "{name}");
        let sum = |section, column: &str| -> u64 {
            rows(&report, section).iter().filter_map(|row| row[column].as_u64()).sum()
        };
        assert_eq!(sum("databases", "keys"), keys, "{name}");
        assert_eq!(sum("types", "keys"), keys, "{name}");
        let size = report["file"]["size_bytes"].as_u64();
        assert_eq!(Some(sum("parts", "size_bytes")), size, "{name}");
        let expires = expected.lines().filter(|line| line.contains("\"expire_at_ms\"")).count();
        assert!(sum("databases", "expires") <= expires as u64, "{name}");
        let hints_fit = rows(&report, "databases")
            .iter()
            .all(|row| row["keys_hint"].is_null() || row["keys_hint"] == row["keys"]);
        assert!(hints_fit, "{name}: {report}");
        let checksum =
            if path.to_string_lossy().contains("no-checksum") { "disabled" } else { "good" };
        assert_eq!(report["file"]["checksum"], checksum, "{name}");
        files += 1;
    }
    assert!(files > 20);
}

#[test]
fn origin_and_functions_are_told() {
    let (report, _) = info(&testdata("servers/valkey-9.1-functions.rdb"));
    assert_eq!(report["file"]["dialect"], "valkey");
    assert_eq!(report["file"]["version"], 80);
    assert_eq!(report["file"]["releases"], "valkey-9.0, valkey-9.1");
    assert!(!rows(&report, "functions").is_empty(), "{report}");
    let names: Vec<_> = rows(&report, "aux").iter().map(|row| &row["name"]).collect();
    assert!(names.iter().any(|name| *name == "valkey-ver"), "{names:?}");
    assert!(report["file"]["written_at_ms"].as_i64() > Some(1_600_000_000_000));
}

#[test]
fn an_append_only_tail_is_told() {
    let (report, output) = info(&testdata("servers/redis-7.0-preamble.aof"));
    assert!(output.code == 0, "{output:?}");
    assert_eq!(report["file"]["trailer"], "aof");
    assert!(report["file"]["trailer_bytes"].as_u64() > Some(0));
}

#[test]
fn every_format_is_written() {
    let path = testdata("redis-8.6.3.rdb");
    let path = path.to_str().expect("path");
    for (format, start) in [("json", "{"), ("html", "<!doctype html>"), ("csv", "")] {
        let output = rkv(&["rdb", "info", path, "--format", format]);
        assert!(output.code == 0, "{output:?}");
        assert!(output.stdout.starts_with(start.as_bytes()), "{format}");
        assert!(output.stdout.len() > 100, "{format}");
    }
    let text = rkv(&["rdb", "info", path]).stdout;
    assert!(String::from_utf8_lossy(&text).contains("redis-8.6"));
}

#[test]
fn damage_is_reported_behind_what_was_read() {
    let good = std::fs::read(testdata("redis-8.6.3.rdb")).expect("file");
    let folder = tempfile::tempdir().expect("folder");
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).expect("write");
        path
    };
    let (report, output) = info(&write("cut.rdb", good.get(..good.len() / 2).unwrap_or(&[])));
    assert_eq!(output.code, 6);
    assert_eq!(report["file"]["complete"], false);
    assert_eq!(report["file"]["checksum"], "unknown");
    let mut wrong = good.clone();
    if let Some(byte) = wrong.last_mut() {
        *byte ^= 1;
    }
    let (report, output) = info(&write("wrong.rdb", &wrong));
    assert_eq!(output.code, 5);
    assert_eq!(report["file"]["checksum"], "wrong");
    let (report, output) = info(&write("other.rdb", b"hello, this is no RDB file"));
    assert_eq!(output.code, 4);
    assert!(report.is_null() && output.stdout.is_empty());
    assert_eq!(info(&folder.path().join("absent.rdb")).1.code, 3);
}

#[test]
fn what_is_too_much_to_list_is_counted() {
    // A length of 14 bits.
    let number = |n: u16| (n | 0x4000).to_be_bytes();
    let mut file = b"REDIS0011".to_vec();
    for i in 0..5000 {
        file.extend([&b"\xfa\x04"[..], format!("{i:04}").as_bytes(), b"\x01x"].concat());
    }
    for db in 0..5000 {
        file.extend([&b"\xfe"[..], &number(db), b"\0\x01a\x01x\0\x01b\x01x"].concat());
    }
    file.extend(b"\xff\0\0\0\0\0\0\0\0");
    let dir = tempfile::tempdir().expect("folder");
    let path = dir.path().join("many.rdb");
    std::fs::write(&path, file).expect("file");
    let (report, output) = info(&path);
    assert!(output.code == 0, "{output:?}");
    assert_eq!(report["file"]["keys"], 10_000);
    assert_eq!((rows(&report, "aux").len(), rows(&report, "databases").len()), (4096, 4096));
    assert_eq!(rows(&report, "aux")[4095]["name"], "4095");
    let left_off = &report["left_off"];
    assert_eq!((&left_off["aux"], &left_off["databases"]), (&904.into(), &904.into()));
    assert_eq!((&left_off["database_keys"], &left_off["modules"]), (&1808.into(), &0.into()));
    let table = rkv(&["rdb", "info", path.to_str().expect("path")]);
    assert!(String::from_utf8_lossy(&table.stdout).contains("Too many to list"));
    let (report, _) = info(&testdata("redis-8.6.3.rdb"));
    assert!(report.get("left_off").is_none());
}
