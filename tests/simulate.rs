//! `rkv simulate` as a program.

mod common;

use common::program::{Run, rkv, testdata};
use serde_json::Value;
use std::path::Path;

/// Bytes of a write of the steady load: `SET` of 16 bytes to 100 bytes.
const WRITE_BYTES: u64 = 144;

fn json(output: &Run) -> Value {
    assert!(output.code == 0, "{output:?}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// A run of six minutes with 1000 writes per second on fast links.
fn resync(more: &[&str]) -> Value {
    let mut args = vec!["simulate", "resync", "--write-rate", "1000", "--duration", "6m"];
    args.extend(["--dataset", "10MB", "--sync-delay", "0", "--json"]);
    args.extend(more);
    json(&rkv(&args))
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("no number: {value}"))
}

/// The stream of some time, and of a second and a bit more: the time until a replica tries again.
#[track_caller]
fn check_missing(bytes: &Value, outage_s: u64) {
    let per_s = 1000 * WRITE_BYTES;
    let wanted = outage_s * per_s..(outage_s + 1) * per_s + per_s / 3;
    assert!(wanted.contains(&number(bytes)), "{bytes} is not in {wanted:?}");
}

#[test]
fn an_outage_shorter_than_the_backlog_is_partial_and_a_longer_one_is_full() {
    // A backlog of 1 MiB covers 7.28 seconds of 144,000 bytes each.
    let report = resync(&["--outage", "5s@1m", "--outage", "10s@5m", "--backlog", "1MB"]);
    let rows = report["outages"].as_array().expect("rows");
    assert_eq!(rows.len(), 2);
    assert_eq!((&rows[0]["resync"], &rows[1]["resync"]), (&"partial".into(), &"full".into()));
    check_missing(&rows[0]["missing_bytes"], 5);
    check_missing(&rows[1]["missing_bytes"], 10);
    assert_eq!(rows[0]["snapshot_bytes"], 0);
    assert_eq!(rows[1]["snapshot_bytes"], 10 << 20);
    assert!(number(&rows[1]["sent_bytes"]) > 10 << 20);
    assert!((10_000..12_000).contains(&number(&rows[1]["at_risk_ms"])), "{}", rows[1]);
    let summary = &report["summary"];
    assert_eq!((&summary["partial_resyncs"], &summary["full_resyncs"]), (&1.into(), &1.into()));
    assert_eq!(summary["writes"], 360_000);
    assert_eq!(summary["backlog_covers_ms"].as_u64().map(|ms| ms / 10), Some(728));
    let pings = number(&summary["stream_bytes"]) - 360_000 * WRITE_BYTES;
    assert!(pings.is_multiple_of(14) && (30..=36).contains(&(pings / 14)), "{pings}");
}

#[test]
fn a_log_on_disk_makes_a_long_outage_partial() {
    let outage = ["--outage", "40s@1m", "--backlog", "1MB"];
    let report = resync(&[&outage[..], &["--disk-log", "2gb"]].concat());
    let summary = &report["summary"];
    assert_eq!((&summary["partial_resyncs"], &summary["full_resyncs"]), (&1.into(), &0.into()));
    assert_eq!(summary["disk_log_bytes"], 2u64 << 30);
    // All of the stream but what memory holds; and that is no more than it was told to hold, in whole blocks.
    let kept = number(&summary["peak_disk_bytes"]) + number(&summary["peak_kept_bytes"]);
    assert!(kept >= number(&summary["stream_bytes"]), "{summary}");
    assert!(number(&summary["peak_kept_bytes"]) < (1 << 20) + (300 << 10), "{summary}");
    // What a server without one would need.
    check_missing(&summary["smallest_backlog_bytes"], 40);
    let report = resync(&[&outage[..], &["--disk-log", "2gb", "--disk-log-age", "10s"]].concat());
    assert_eq!(report["summary"]["full_resyncs"], 1);
    assert_eq!(resync(&outage)["summary"]["disk_log_bytes"], Value::Null);
}

#[test]
fn the_smallest_backlog_makes_all_partial_and_is_not_too_large() {
    let outages = ["--outage", "10s@1m", "--outage", "40s@5m:2", "--replicas", "3"];
    let report = resync(&outages);
    let smallest = &report["summary"]["smallest_backlog_bytes"];
    assert_eq!(report["summary"]["smallest_backlog_checked"], true);
    check_missing(smallest, 40);
    let with = |bytes: u64| {
        let bytes = bytes.to_string();
        let report = resync(&[&outages[..], &["--backlog", &bytes]].concat());
        number(&report["summary"]["full_resyncs"])
    };
    let smallest = number(smallest);
    assert_eq!((with(smallest), with(smallest - (32 << 10))), (0, 1));
    assert_eq!(resync(&[])["summary"]["smallest_backlog_bytes"], Value::Null);
}

#[test]
fn equal_seeds_give_equal_reports() {
    let run = |seed: &str| {
        let more = ["--random-outages", "8", "--replicas", "2", "--chain", "2", "--seed", seed];
        resync(&[&more[..], &["--bandwidth", "10Mbit", "--latency", "40ms"]].concat())
    };
    let report = run("7");
    assert_eq!(report, run("7"));
    assert_ne!(report["outages"], run("8")["outages"]);
    let hit: Vec<_> = report["outages"].as_array().expect("rows").iter().collect();
    assert!(hit.len() >= 8 && report["replicas"][1]["replica"] == "1.1", "{report}");
}

#[test]
fn silence_breaks_no_connection_before_the_timeout() {
    let silent = ["--outage", "30s@1m", "--outage-kind", "silent"];
    let report = resync(&silent);
    let row = &report["outages"][0];
    assert_eq!(
        (&row["resync"], &row["reason"]),
        (&"none".into(), &"the connection lived on".into())
    );
    assert!((29_000..31_000).contains(&number(&row["at_risk_ms"])));
    let report = resync(&[&silent[..], &["--timeout", "10s"]].concat());
    assert_eq!(report["outages"][0]["resync"], "full");
    assert!(number(&report["summary"]["timed_out"]) >= 1);
}

#[test]
fn no_size_helps_a_backlog_that_was_freed() {
    let report = resync(&["--outage", "1m@1m", "--backlog", "100MB", "--backlog-ttl", "30s"]);
    assert_eq!(report["summary"]["smallest_backlog_bytes"], Value::Null);
    assert_eq!(report["outages"][0]["reason"], "the backlog was freed for lack of replicas");
    let notes = report["notes"].to_string();
    assert!(notes.contains("repl-backlog-ttl"), "{notes}");
}

#[test]
fn the_page_holds_a_time_line_and_nothing_from_outside() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("resync.html");
    let path = path.to_str().expect("path");
    let args = ["simulate", "resync", "--outage", "30s@5m", "--duration", "10m"];
    assert_eq!(rkv(&[&args[..], &["--format", "html", "-o", path]].concat()).code, 0);
    let page = std::fs::read_to_string(path).expect("page");
    assert!(page.contains("<svg class=\"lanes\"") && page.contains("replica 1: full sync from"));
    assert!(!page.contains("http:") && !page.contains("https:") && !page.contains("src="));
    assert_eq!(rkv(&[&args[..], &["--format", "html", "-o", path]].concat()).code, 3);
    let table = rkv(&args);
    assert!(table.out().contains("× outage") && table.out().contains("the backlog was too small"));
}

fn command(out: &mut Vec<u8>, words: &[&str]) {
    out.extend(format!("*{}\r\n", words.len()).bytes());
    for word in words {
        out.extend(format!("${}\r\n{word}\r\n", word.len()).bytes());
    }
}

/// Three minutes of one write of 100 bytes per second, but 1000 in second 60.
fn write_trace(path: &Path) -> u64 {
    let mut out = Vec::new();
    let value = "v".repeat(100);
    for second in 0..180u64 {
        out.extend(format!("#TS:{}\r\n", 1_700_000_000 + second).bytes());
        for _ in 0..if second == 60 { 1000 } else { 1 } {
            command(&mut out, &["SET", "key:000000000001", &value]);
        }
    }
    std::fs::write(path, &out).expect("write");
    1000 + 179
}

#[test]
fn a_trace_is_played_at_its_times() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("x.aof");
    let writes = write_trace(&path);
    let trace = path.to_str().expect("path");
    let run = |more: &[&str]| {
        let args = ["simulate", "resync", "--trace", trace, "--backlog", "16KB", "--json"];
        json(&rkv(&[&args[..], more].concat()))
    };
    // The burst falls into the second outage alone.
    let report = run(&["--outage", "5s@20s", "--outage", "5s@58s", "--dataset", "1MB"]);
    let summary = &report["summary"];
    assert_eq!((&summary["duration_ms"], number(&summary["writes"])), (&180_000.into(), writes));
    assert_eq!((&report["outages"][0]["resync"]), "partial");
    assert_eq!((&report["outages"][1]["resync"]), "full");
    let missing = number(&report["outages"][1]["missing_bytes"]);
    assert!((1003 * WRITE_BYTES..1008 * WRITE_BYTES).contains(&missing), "{missing}");
    assert_eq!(summary["smallest_backlog_bytes"].as_u64(), Some(missing));
    // At a pace of its own, the same commands take 118 seconds.
    let report = run(&["--write-rate", "10"]);
    assert_eq!(report["summary"]["duration_ms"].as_u64().map(|ms| ms / 1000), Some(117));
    assert_eq!(number(&report["summary"]["writes"]), writes);

    let bytes = std::fs::read(&path).expect("read");
    std::fs::write(&path, &bytes[..bytes.len() - 3]).expect("write");
    let output = rkv(&["simulate", "resync", "--trace", trace, "--json"]);
    assert_eq!(output.code, 6);
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(number(&report["summary"]["writes"]), writes - 1);
}

#[test]
fn a_trace_without_times_needs_a_pace() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("x.aof");
    let mut out = Vec::new();
    command(&mut out, &["SET", "a", "1"]);
    std::fs::write(&path, &out).expect("write");
    let trace = path.to_str().expect("path");
    let output = rkv(&["simulate", "resync", "--trace", trace]);
    assert!(output.code == 2 && output.err().contains("--write-rate"), "{output:?}");
    assert_eq!(rkv(&["simulate", "resync", "--trace", trace, "--write-rate", "5"]).code, 0);
    assert_eq!(rkv(&["simulate", "resync", "--trace", trace, "--write-rate", "0"]).code, 2);
    std::fs::write(&path, b"garbage").expect("write");
    assert_eq!(rkv(&["simulate", "resync", "--trace", trace]).code, 4);
    assert_eq!(rkv(&["simulate", "resync", "--trace", "/nowhere/x.aof"]).code, 3);
}

#[test]
fn the_size_of_a_snapshot_may_come_from_a_file() {
    let file = testdata("servers/redis-8.6-cluster.rdb");
    let bytes = std::fs::metadata(&file).expect("file").len();
    let rdb = file.to_str().expect("path");
    let args = ["simulate", "resync", "--outage", "1m@1m", "--duration", "5m", "--json"];
    let report = json(&rkv(&[&args[..], &["--rdb", rdb]].concat()));
    assert_eq!(number(&report["outages"][0]["snapshot_bytes"]), bytes);
}

#[test]
fn wrong_usage_is_told_as_such() {
    for wrong in [
        &["--outage", "30s"][..],
        &["--outage", "30s@5x"],
        &["--outage", "-30s@5m"],
        &["--outage", "30s@2h"],
        &["--outage", "30s@5m:2"],
        &["--outage", "30s@5m:1.1"],
        &["--replicas", "0"],
        &["--chain", "0"],
        &["--replicas", "100", "--chain", "100"],
        &["--duration", "0"],
        &["--duration", "1000d"],
        &["--value-size", "1GB"],
        &["--bandwidth", "0"],
        &["--bandwidth", "fast"],
        &["--latency", "2m"],
        &["--output-limit", "1MB"],
        &["--output-limit", "1MB 1MB x"],
        &["--random-outages", "1", "--random-length", "5m~1m"],
        &["--random-outages", "1", "--random-length", "1s~inf"],
        &["--load-rate", "0"],
        &["--memory", "1KB", "--duration", "1m"],
        &["--trace", "x", "--value-size", "10"],
        &["--rdb", "x", "--dataset", "10"],
    ] {
        let output = rkv(&[&["simulate", "resync"][..], wrong].concat());
        assert!(output.code == 2 && output.stdout.is_empty(), "{wrong:?}: {output:?}");
    }
    assert_eq!(rkv(&["simulate"]).code, 2);
}

/// The sum of a column.
fn sum(rows: &Value, column: &str) -> u64 {
    rows.as_array().expect("rows").iter().map(|row| number(&row[column])).sum()
}

#[test]
fn keys_are_placed_as_slots_map_places_them() {
    let file = testdata("servers/redis-8.6-cluster.rdb");
    let rdb = file.to_str().expect("path");
    let args = ["--rdb", rdb, "--nodes", "3", "--json"];
    let map = json(&rkv(&[&["slots", "map"][..], &args].concat()));
    let report = json(&rkv(&[&["simulate", "slots"][..], &args].concat()));
    for (one, other) in
        map["nodes"].as_array().expect("rows").iter().zip(report["nodes"].as_array().expect("rows"))
    {
        for column in ["node", "slots", "keys", "size_bytes"] {
            assert_eq!(one[column], other[column]);
        }
    }
    assert_eq!(map["biggest_slots"], report["biggest_slots"]);
    let filtered = json(&rkv(&[&["simulate", "slots", "--type", "hash"][..], &args].concat()));
    assert!(number(&filtered["summary"]["keys"]) < number(&report["summary"]["keys"]));
}

#[test]
fn lines_and_patterns_are_keys() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("names.txt");
    std::fs::write(&path, b"foo\n{bar}1\r\n{bar}\\x00\n").expect("write");
    let keys = path.to_str().expect("path");
    let slots = |more: &[&str]| json(&rkv(&[&["simulate", "slots", "--json"][..], more].concat()));
    let report = slots(&["--keys", keys, "--nodes", "3", "--value-size", "10"]);
    // foo is in slot 12182, {bar} in 5061; names of 3, 6 and 6 bytes.
    let of_nodes: Vec<u64> =
        report["nodes"].as_array().expect("rows").iter().map(|row| number(&row["keys"])).collect();
    assert_eq!(of_nodes, [2, 0, 1]);
    assert_eq!(report["summary"]["size_bytes"], 45);
    let tag = &report["biggest_tags"][0];
    assert_eq!((&tag["tag"], &tag["slot"], &tag["keys"]), (&"bar".into(), &5061.into(), &2.into()));
    let pattern = ["--generate", "{t%4d}:%r", "--count", "1000", "--nodes", "3"];
    let report = slots(&pattern);
    assert_eq!(report, slots(&pattern));
    let rows = report["biggest_tags"].as_array().expect("rows");
    assert!(rows.len() == 4 && rows.iter().all(|row| row["keys"] == 250), "{rows:?}");
    assert_eq!(report["summary"]["keys"], 1000);
}

#[test]
fn commands_that_a_cluster_refuses_are_counted() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("x.aof");
    let mut out = Vec::new();
    for _ in 0..7 {
        command(&mut out, &["SET", "foo", "1"]);
    }
    command(&mut out, &["MSET", "foo", "1", "bar", "2"]);
    command(&mut out, &["MSET", "{foo}1", "1", "foo", "2"]);
    command(&mut out, &["MULTI"]);
    command(&mut out, &["SET", "foo", "1"]);
    command(&mut out, &["SET", "bar", "1"]);
    command(&mut out, &["EXEC"]);
    std::fs::write(&path, &out).expect("write");
    let aof = path.to_str().expect("path");
    let report = json(&rkv(&["simulate", "slots", "--aof", aof, "--nodes", "3", "--json"]));
    let summary = &report["summary"];
    assert_eq!((&summary["commands"], &summary["crossslot_commands"]), (&11.into(), &3.into()));
    assert_eq!(summary["crossslot_share"].as_f64(), Some(3.0 / 11.0));
    assert_eq!(report["crossslot"][0]["command"], "MSET");
    assert_eq!(
        (&report["crossslot"][0]["key"], &report["crossslot"][0]["other_key"]),
        (&"foo".into(), &"bar".into())
    );
    assert_eq!(report["crossslot"][1]["command"], "transaction");
    assert_eq!(report["hot_keys"][0]["key"], "foo");
    assert_eq!(report["hot_keys"][0]["commands"], 10);
    assert_eq!(
        (&report["hot_tags"][0]["tag"], &report["hot_tags"][0]["commands"]),
        (&"foo".into(), &1.into())
    );
    assert_eq!(report["nodes"][2]["commands"], 10);
}

#[test]
fn a_plan_moves_what_is_too_much_and_no_more() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("nodes.conf");
    let line = |digit: &str, port: u16, slots: &str| {
        let id = digit.repeat(40);
        format!("{id} 127.0.0.1:{port}@1{port} master - 0 0 {port} connected {slots}\n")
    };
    let lines = [line("a", 7001, "0-9999"), line("b", 7002, "10000-16383"), line("c", 7003, "")];
    std::fs::write(&path, lines.concat()).expect("write");
    let nodes = path.to_str().expect("path");
    let keys = ["--generate", "key:%d", "--count", "100000", "--nodes", nodes, "--json"];
    let plan = |more: &[&str]| json(&rkv(&[&["simulate", "slots"][..], &keys, more].concat()));
    let report = plan(&["--balance", "slots"]);
    let after: Vec<u64> = report["nodes"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| number(&row["slots_after"]))
        .collect();
    // A third of 16384 is 5461.33; the first has 4538.67 too many, the second 922.67.
    assert!(after.iter().all(|slots| (5461..=5462).contains(slots)), "{after:?}");
    assert!((5460..=5461).contains(&number(&report["summary"]["moved_slots"])));
    assert_eq!(sum(&report["plan"], "slots"), number(&report["summary"]["moved_slots"]));
    assert!(report["plan"].as_array().expect("rows").iter().all(|row| row["to"] == "c".repeat(40)));
    let report = plan(&[]);
    let shares: Vec<f64> = report["nodes"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| row["bytes_share_after"].as_f64().expect("share"))
        .collect();
    assert!(shares.iter().all(|share| (share - 1.0 / 3.0).abs() < 0.02 / 3.0), "{shares:?}");
    // Everything of the third node comes from the others, and nothing else moves.
    let moved = report["summary"]["moved_share"].as_f64().expect("share");
    assert!((moved - 1.0 / 3.0).abs() < 0.01, "{moved}");
    let report = plan(&["--weights", "aaaa=0", "--weights", "bbbb=1,cccc=0"]);
    assert_eq!(report["nodes"][1]["slots_after"], 16384);
    assert_eq!(report["summary"]["moved_slots"], 10000);
}

#[test]
fn wrong_questions_about_slots_are_wrong_usage() {
    for wrong in [
        &["--nodes", "3"][..],
        &["--generate", "x"],
        &["--generate", "%x", "--nodes", "3"],
        &["--generate", "x", "--nodes", "0"],
        &["--generate", "x", "--keys", "y", "--nodes", "3"],
        &["--generate", "x", "--nodes", "3", "--type", "hash"],
        &["--generate", "x", "--nodes", "3", "--balance", "commands"],
        &["--generate", "x", "--nodes", "3", "--weights", "1,2"],
        &["--generate", "x", "--nodes", "3", "--weights", "1,2,-1"],
        &["--generate", "x", "--nodes", "3", "--weights", "0,0,0"],
        &["--generate", "x", "--nodes", "3", "--weights", "node-9=1"],
        &["--generate", "x", "--nodes", "3", "--weights", "node=1"],
        &["--generate", "x", "--nodes", "3", "--tolerance", "200"],
        &["--generate", "x", "--nodes", "3", "--value-size", "x"],
        &["--keys", "x", "--count", "3", "--nodes", "3"],
    ] {
        let output = rkv(&[&["simulate", "slots"][..], wrong].concat());
        assert!(output.code == 2 && output.stdout.is_empty(), "{wrong:?}: {output:?}");
    }
    assert_eq!(rkv(&["simulate", "slots", "--keys", "/nowhere", "--nodes", "3"]).code, 3);
    assert_eq!(rkv(&["simulate", "slots", "--generate", "x", "--nodes", "/nowhere"]).code, 3);
}
