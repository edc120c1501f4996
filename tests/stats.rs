//! `rkv rdb stats` as a program: what it says in each format, and how it ends on bad input.

mod common;

use common::program::{Run, rkv, rkv_in, rkv_with_stdin, testdata};
use serde_json::{Value, json};
use std::path::Path;

const TYPES: &str = "servers/redis-8.6-types.rdb";
const FIELD_TTLS: &str = "servers/redis-8.6-field-ttls.rdb";
const EXPIRED: &str = "made/expired.rdb";

fn stats(file: &str, more: &[&str]) -> Run {
    let path = testdata(file);
    rkv(&[&["rdb", "stats", path.to_str().unwrap()], more].concat())
}

fn report(file: &str, more: &[&str]) -> Value {
    let run = stats(file, &[more, &["--json"]].concat()).expect(0);
    serde_json::from_str(run.out()).unwrap()
}

/// The row of a table in which a column holds this.
fn row<'v>(table: &'v Value, column: &str, holds: &str) -> &'v Value {
    let rows = table.as_array().unwrap();
    rows.iter().find(|row| row[column] == holds).unwrap_or_else(|| panic!("no {holds}: {table}"))
}

/// How many keys a histogram counts under each label.
fn counts(histogram: &Value) -> Vec<(&str, u64)> {
    let buckets = histogram.as_array().unwrap().iter();
    let used = buckets.filter(|bucket| bucket["count"] != 0);
    used.map(|b| (b["label"].as_str().unwrap(), b["count"].as_u64().unwrap())).collect()
}

#[test]
fn json_has_the_important_numbers() {
    let report = report(TYPES, &[]);
    let totals = &report["totals"];
    for (name, expected) in [
        ("dialect", json!("redis")),
        ("rdb_version", json!(13)),
        ("server_version", json!("8.6.3")),
        ("keys", json!(41)),
        ("expires", json!(0)),
        ("expired", json!(0)),
        ("elements", json!(182)),
        ("stored_bytes", json!(2262)),
    ] {
        assert_eq!(totals[name], expected, "{name}");
    }
    let types = ["string", "list", "set", "zset", "hash"];
    let keys = types.map(|name| row(&report["types"], "type", name)["keys"].as_u64().unwrap());
    assert_eq!(keys, [23, 4, 7, 4, 3]);
    let memory: u64 = types
        .iter()
        .map(|t| row(&report["types"], "type", t)["memory_bytes"].as_u64().unwrap())
        .sum();
    assert_eq!(totals["memory_bytes"], memory);
    let intsets = row(&report["encodings"], "encoding", "intset");
    assert_eq!(
        (&intsets["type"], &intsets["keys"], &intsets["elements"]),
        (&json!("set"), &json!(3), &json!(8))
    );
    let first = &report["biggest_keys"][0];
    assert_eq!((&first["key"], &first["elements"]), (&json!("zset:large"), &json!(22)));
    assert_eq!(report["keys_with_most_elements"][0]["key"], "list:nodes");
    assert_eq!(counts(&report["ttl"]), [("no expiry", 41)]);
    assert_eq!(report["slots"]["used_slots"], 41);
    let max = row(&report["percentiles"], "measure", "element_length_bytes");
    assert_eq!((&max["values"], &max["max"]), (&json!(208), &json!(800)));
}

#[test]
fn a_json_report_is_the_same_by_either_option() {
    let more = ["--now", "2026-01-01", "--format", "json"];
    let by_format = stats(TYPES, &more).expect(0);
    let by_json = stats(TYPES, &["--now", "2026-01-01", "--json"]).expect(0);
    assert_eq!(by_format.out(), by_json.out());
}

#[test]
fn the_table_is_for_people() {
    let run = stats(TYPES, &[]).expect(0);
    for line in [
        "  Keys                       41",
        "  list       4  2.1 KiB    406 B        47",
        "  set     intset        3    158 B     98 B         8",
        "  Memory is an estimate of MEMORY USAGE on Redis 8 with its own jemalloc.",
    ] {
        assert!(run.out().lines().any(|l| l.trim_end() == line), "no {line:?}: {}", run.out());
    }
    assert!(run.out().contains("    zset:     3.8 KiB   37.3 %     4"), "{}", run.out());
    assert!(!run.out().contains('\x1b'));
}

#[test]
fn csv_has_a_row_per_key() {
    let run = stats(FIELD_TTLS, &["--format", "csv"]).expect(0);
    assert_eq!(
        run.out(),
        "database,type,key,size_in_bytes,encoding,num_elements,len_largest_element,expiry\n\
         0,hash,small,101,listpackex,3,2,\n\
         0,hash,large,1418,hashtable,20,8,\n\
         0,hash,all,93,listpackex,2,1,3021-05-05T09:56:59\n\
         0,hash,persisted,70,listpackex,1,1,\n\
         0,hash,\"{\"\"base64\"\":\"\"Ymlu/w==\"\"}\",73,listpackex,1,2,\n"
    );
    let columns = ["--format", "csv", "--columns", "ttl_ms,slot", "--key", "all"];
    let run = stats(FIELD_TTLS, &[&columns[..], &["--now", "3021-05-05T09:56:58Z"]].concat());
    let row = run.expect(0).out().lines().nth(1).unwrap().to_owned();
    assert!(row.ends_with(",3021-05-05T09:56:59,1000,3894"), "{row}");
}

#[test]
fn csv_names_keys_as_the_csv_of_a_dump() {
    for file in ["servers/redis-8.6-binary.rdb", "servers/redis-7.0-binary.rdb"] {
        let dump = rkv(&["rdb", "dump", "--format", "csv", testdata(file).to_str().unwrap()]);
        let dump = dump.expect(0);
        let rows = stats(file, &["--format", "csv"]).expect(0);
        // In a dump names are always quoted.
        let plain = |name: &str| name.trim_matches('"').to_owned();
        let names = |text: &str, column: usize| -> Vec<String> {
            let lines = text.lines().filter(|line| line.contains("base64\"\":"));
            lines.filter_map(|line| line.split(',').nth(column).map(plain)).collect()
        };
        let in_dump = names(dump.out(), 1);
        let in_stats = names(rows.out(), 2);
        assert!(!in_stats.is_empty(), "{file}");
        assert!(in_stats.iter().all(|name| in_dump.contains(name)), "{file}: {in_stats:?}");
    }
}

#[test]
fn html_is_one_page() {
    let run = stats(TYPES, &["--format", "html"]).expect(0);
    assert!(run.out().starts_with("<!doctype html>"));
    assert!(run.out().trim_end().ends_with("</html>"));
    for part in ["zset:large", "Memory by prefix", "<svg", "redis-8.6-types.rdb"] {
        assert!(run.out().contains(part), "no {part}");
    }
    assert!(!run.out().contains("http://") && !run.out().contains("https://"));
}

#[test]
fn expired_keys_are_counted_from_the_time_asked_for() {
    let late = report(EXPIRED, &[]);
    assert_eq!((&late["totals"]["expires"], &late["totals"]["expired"]), (&json!(4), &json!(4)));
    assert_eq!(counts(&late["ttl"]), [("expired", 4), ("no expiry", 1)]);
    let early = report(EXPIRED, &["--now", "2001-09-09T01:46:00Z"]);
    assert_eq!(early["totals"]["expired"], 2);
    assert_eq!(counts(&early["ttl"]), [("expired", 2), ("< 1m", 2), ("no expiry", 1)]);
    // Filters count from there, too.
    let filtered = report(EXPIRED, &["--now", "2001-09-09T01:46:00Z", "--ttl", "expired"]);
    assert_eq!(filtered["totals"]["keys"], 2);
    let filtered = report(EXPIRED, &["--now", "2001-09-09T01:46:00Z", "--ttl", "1s~1m"]);
    assert_eq!(filtered["totals"]["keys"], 2);
    let filtered = report(EXPIRED, &["--now", "2001-09-09T01:46:00Z", "--ttl", "now~+1m"]);
    assert_eq!(filtered["totals"]["keys"], 2);
}

#[test]
fn times_to_live_can_count_from_when_the_file_was_written() {
    let report = report(FIELD_TTLS, &["--now", "written"]);
    assert_eq!(report["totals"]["now_ms"], report["totals"]["written_at_ms"]);
    assert_eq!(counts(&report["ttl"]), [("≥ 30d", 1), ("no expiry", 4)]);
    let rows = stats(FIELD_TTLS, &["--now", "written", "--format", "csv", "--columns", "ttl_ms"]);
    let rows = rows.expect(0);
    let all = rows.out().lines().find(|line| line.contains(",all,")).unwrap();
    let ttl_ms: i64 = all.rsplit(',').next().unwrap().parse().unwrap();
    let written_at_ms = report["totals"]["written_at_ms"].as_i64().unwrap();
    assert_eq!(written_at_ms + ttl_ms, 33_177_117_419_000);
}

#[test]
fn a_server_without_packed_field_expiries_has_tables() {
    let size = |server: &str, key: &str| {
        let run = stats(FIELD_TTLS, &["--format", "csv", "--server", server, "--key", key]);
        let run = run.expect(0);
        run.out().lines().nth(1).unwrap().split(',').nth(3).unwrap().parse::<u64>().unwrap()
    };
    assert_eq!(size("redis-8", "small"), 101);
    assert_eq!(size("valkey-9", "small"), 264);
}

#[test]
fn slots_and_hash_tags_are_counted() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("tags.rdb");
    let names = ["{a}:1", "{a}:2", "k{b}", "plain", "{}x"];
    let lines = names.map(|name| json!({"db": 0, "key": name, "type": "string", "value": "v"}));
    let lines = lines.map(|line| line.to_string() + "\n").concat();
    let args = ["rdb", "convert", "-", "-o", file.to_str().unwrap()];
    rkv_with_stdin(&args, lines.as_bytes()).expect(0);
    let run = rkv(&["rdb", "stats", "--json", file.to_str().unwrap()]).expect(0);
    let report: Value = serde_json::from_str(run.out()).unwrap();
    let slots = &report["slots"];
    assert_eq!((&slots["used_slots"], &slots["max_keys"]), (&json!(4), &json!(2)));
    // What CLUSTER KEYSLOT gives.
    let fullest = &report["top_slots"][0];
    assert_eq!((&fullest["slot"], &fullest["keys"]), (&json!(15495), &json!(2)));
    for (tag, keys) in [("a", 2), ("b", 1)] {
        assert_eq!(row(&report["hash_tags"], "tag", tag)["keys"], keys, "{tag}");
    }
    assert_eq!(report["hash_tags"].as_array().unwrap().len(), 2);
}

#[test]
fn standard_input_and_output_files_do() {
    let bytes = std::fs::read(testdata(TYPES)).unwrap();
    let run = rkv_with_stdin(&["rdb", "stats", "-", "--json"], &bytes).expect(0);
    assert_eq!(serde_json::from_str::<Value>(run.out()).unwrap()["totals"]["keys"], 41);
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("report.html");
    let args = ["--format", "html", "-o", out.to_str().unwrap()];
    assert!(stats(TYPES, &args).expect(0).stdout.is_empty());
    assert!(std::fs::read_to_string(&out).unwrap().starts_with("<!doctype html>"));
    stats(TYPES, &args).expect(3);
    stats(TYPES, &[&args[..], &["--force"]].concat()).expect(0);
}

#[test]
fn bad_input_has_its_exit_status_and_leaves_no_output() {
    for (name, code) in [
        ("truncated-in-blob.rdb", 6),
        ("truncated-gzip.rdb.gz", 6),
        ("checksum-wrong.rdb", 5),
        ("listpack-invalid-byte.rdb", 5),
        ("trailing-bytes.rdb", 5),
        ("magic-text.rdb", 4),
        ("version-redis0099.rdb", 4),
        ("empty-file.rdb", 6),
    ] {
        for format in ["table", "json", "csv", "html"] {
            let dir = tempfile::tempdir().unwrap();
            let out = dir.path().join("out");
            let file = Path::new("bad").join(name);
            let args = ["--format", format, "-o", out.to_str().unwrap()];
            let run = stats(file.to_str().unwrap(), &args);
            assert_eq!(run.code, code, "{name} as {format}: {}", run.err());
            assert!(run.err().contains(name), "{}", run.err());
            assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "{name} as {format}");
        }
    }
    let dir = tempfile::tempdir().unwrap();
    rkv_in(dir.path(), &["rdb", "stats"]).expect(3);
}

#[test]
fn wrong_usage_ends_with_2() {
    for args in [
        &["--now", "soon"][..],
        &["--server", "redis-1"],
        &["--columns", "slot"],
        &["--format", "csv", "--columns", "age"],
        &["--format", "jsonl"],
        &["--by", "name"],
        &["--top", "-1"],
        &["--ttl", "soon"],
    ] {
        let run = stats(TYPES, args).expect(2);
        assert!(run.stdout.is_empty() && !run.stderr.is_empty(), "{args:?}");
    }
}
