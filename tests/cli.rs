//! `rkv rdb dump` as a program: what it prints, how it ends and what it leaves, on good input and bad.

mod common;

use common::program::{Run, command, rkv, rkv_in, rkv_with_stdin, testdata};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const SOUND: &str = "made/redis-0010.rdb";

/// Files with a kind in `kinds.tsv` that a dump, which keeps no books on a whole file, reads differently.
const DUMPED_DIFFERENTLY: &[(&str, i32)] = &[
    ("array-empty.rdb", 0),                   // an empty array can be told
    ("db-index-huge.rdb", 5),                 // no server can hold it
    ("duplicate-key.rdb", 0),                 // duplicates need memory for all names
    ("hash-duplicate-field-listpack.rdb", 0), // as above
    ("hash-duplicate-field.rdb", 0),          // as above
    ("hash-ttl-order.rdb", 0),                // nothing is lost
    ("key-meta-without-type.rdb", 4),         // an unknown byte stands where the type should
    ("opcode-expire-without-key.rdb", 0),     // no key is lost that was ever there
    ("set-duplicate-member-listpack.rdb", 0), // as above
    ("set-duplicate-member.rdb", 0),          // as above
    ("slot-info-aux-two-numbers.rdb", 0),     // a hint
    ("stream-duplicate-consumer.rdb", 0),     // as above
    ("stream-duplicate-group.rdb", 0),        // as above
    ("string-of-2-63-bytes.rdb", 5),          // a length that no file can hold
    ("vcs-reserved-set.rdb", 4),              // an envelope of the future
    ("version-valkey011.rdb", 0),             // readable all the same
    ("version-valkey081.rdb", 0),             // as above
    ("zset-duplicate-member.rdb", 0),         // as above
];

fn dump(path: &Path, more: &[&str]) -> Run {
    let path = path.to_str().unwrap();
    rkv(&[&["rdb", "dump", path], more].concat())
}

/// Writes an input and returns its path.
fn input(dir: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = dir.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

fn sound() -> Vec<u8> {
    std::fs::read(testdata(SOUND)).unwrap()
}

#[test]
fn each_damaged_file_has_its_exit_status() {
    let kinds = std::fs::read_to_string(testdata("bad/kinds.tsv")).unwrap();
    let mut wrong = Vec::new();
    for line in kinds.lines().skip(1) {
        let mut columns = line.split('\t');
        let (name, kind) = (columns.next().unwrap(), columns.next().unwrap());
        let by_kind = match kind {
            "truncated" => 6,
            "corrupt" | "trailing" => 5,
            "unsupported" | "unrecognised" => 4,
            "suspicious" => 0,
            _ => panic!("unknown kind {kind}"),
        };
        let different = DUMPED_DIFFERENTLY.iter().find(|(file, _)| *file == name);
        let expected = different.map_or(by_kind, |(_, code)| *code);
        let run = dump(&testdata("bad").join(name), &["--progress", "never"]);
        let says_why = run.code == 0 || run.err().contains(name);
        if run.code != expected || !says_why {
            wrong.push(format!("{name}: {} instead of {expected}: {}", run.code, run.err()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_a_dump_passes_over_is_found_by_verify() {
    // The magic of these is read; only servers are stricter about who wrote it.
    let readable = ["version-valkey011.rdb", "version-valkey081.rdb"];
    for (name, code) in DUMPED_DIFFERENTLY {
        if *code != 0 || readable.contains(name) {
            continue;
        }
        let path = testdata("bad").join(name);
        let run = rkv(&["rdb", "verify", path.to_str().unwrap()]);
        assert_eq!(run.code, 1, "{name}: {}", run.out());
    }
}

#[test]
fn messages_name_what_is_wrong_and_where() {
    for (name, code, message) in [
        (
            "truncated-in-blob",
            6,
            "key \"zset\" (zset, listpack): the input ends 32 bytes too early",
        ),
        ("checksum-wrong", 5, "wrong checksum: the file says d25082ccad0d03f1, its bytes give"),
        ("magic-text", 4, "not an RDB file: it starts with \"This is a\" (offset 0x0, 0)"),
        ("version-redis0099", 4, "RDB version 99 of the redis format is not supported"),
        ("type-unknown-100", 4, "unknown opcode or value type 0x64 (100) (offset 0x19, 25)"),
        ("lzf-bomb", 5, "string length 1099511627776 is beyond any server's limit"),
        ("trailing-old-file", 5, "of garbage follow the end of the data"),
    ] {
        let run = rkv_in(&testdata("bad"), &["rdb", "dump", &format!("{name}.rdb")]).expect(code);
        let first = run.err().lines().next().unwrap();
        assert!(first.starts_with(&format!("rkv: {name}.rdb: ")), "{first}");
        assert!(first.contains(message), "{first}");
        assert!(!first.ends_with('.'), "{first}");
    }
}

#[test]
fn a_hint_stands_on_its_own_line() {
    let run = dump(&testdata("bad/version-redis0099.rdb"), &[]).expect(4);
    assert_eq!(run.err().lines().count(), 2);
    assert!(run.err().lines().nth(1).unwrap().starts_with("hint: "));
}

#[test]
fn json_errors_are_one_object() {
    let path = testdata("bad/truncated-in-blob.rdb");
    let run = dump(&path, &["--json"]).expect(6);
    let error: serde_json::Value = serde_json::from_str(run.err()).unwrap();
    assert_eq!(error["code"], 6);
    assert_eq!(error["kind"], "truncated");
    assert_eq!(error["file"], path.to_str().unwrap());
    assert_eq!(error["offset"], 270);
    assert_eq!(error["key"], "zset");
    assert!(error["message"].as_str().unwrap().contains("too early"));
}

#[test]
fn what_stands_before_the_damage_is_written() {
    let run = dump(&testdata("bad/truncated-in-stream.rdb"), &[]).expect(6);
    assert!(run.out().lines().count() > 0);
    for line in run.out().lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap();
    }
}

#[test]
fn unreadable_inputs_end_with_3() {
    let dir = tempfile::tempdir().unwrap();
    let run = dump(dir.path(), &[]).expect(3);
    assert!(run.err().ends_with(": is a directory\n"), "{}", run.err());
    let run = dump(&dir.path().join("missing.rdb"), &[]).expect(3);
    assert!(run.err().ends_with("missing.rdb: no such file or directory\n"), "{}", run.err());
    let run = rkv_in(dir.path(), &["rdb", "dump"]).expect(3);
    assert_eq!(run.err(), "rkv: dump.rdb: no such file or directory\n");
}

/// Writes a file and a compressed one that is cut, and one that is damaged.
fn compressed(dir: &Path, name: &str, bytes: &[u8]) -> [(PathBuf, i32); 2] {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    let whole = encoder.finish().unwrap();
    let cut = whole[..whole.len() / 2].to_vec();
    let mut damaged = whole.clone();
    // A block of a kind that there is not.
    damaged[10] |= 6;
    [
        (input(dir, &format!("cut-{name}"), &cut), 6),
        (input(dir, &format!("damaged-{name}"), &damaged), 5),
    ]
}

/// A name, what the compressed file of that name holds, and the commands that read it.
type Case<'c> = (&'c str, &'c [u8], &'c [&'c [&'c str]]);

#[test]
fn a_compressed_input_that_is_cut_or_damaged_has_its_status() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let out = out.to_str().unwrap();
    let commands = std::fs::read(testdata("aof/sound.aof")).unwrap();
    let cases: [Case; 2] = [
        (
            "dump.rdb.gz",
            &sound(),
            &[
                &["rdb", "dump"],
                &["rdb", "stats"],
                &["rdb", "info"],
                &["rdb", "convert", "-o", out],
                &["rdb", "convert", "--from", "jsonl", "-o", out],
            ],
        ),
        (
            "x.aof.gz",
            &commands,
            &[
                &["aof", "dump"],
                &["aof", "info"],
                &["aof", "stats"],
                &["aof", "verify"],
                &["aof", "repair", "-o", out],
                &["aof", "rewrite", "-o", out],
            ],
        ),
    ];
    for (name, bytes, verbs) in cases {
        for (path, code) in compressed(dir.path(), name, bytes) {
            for verb in verbs {
                let run = rkv(&[verb, &[path.to_str().unwrap()][..]].concat());
                assert_eq!(run.code, code, "{verb:?} {}: {}", path.display(), run.err());
                assert!(run.err().contains(name), "{verb:?}: {}", run.err());
            }
        }
    }
    assert!(!Path::new(out).exists());
}

#[test]
fn an_endless_input_of_another_kind_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    for args in [
        &["rdb", "dump"][..],
        &["rdb", "info"],
        &["rdb", "verify"],
        &["rdb", "verify", "--quick"],
        &["rdb", "stats"],
        &["rdb", "convert", "-o", "out.rdb"],
        &["slots", "map", "--nodes", "3", "--rdb"],
        &["aof", "info"],
        &["aof", "dump"],
        &["aof", "verify"],
        &["aof", "stats"],
        &["aof", "repair", "-o", "out"],
        &["aof", "rewrite", "-o", "out"],
    ] {
        rkv_in(dir.path(), &[args, &["/dev/zero"]].concat()).expect(4);
    }
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

/// What a dump of a file that arrives in two halves, seconds apart, says on standard error.
fn slow_dump(mode: &str) -> String {
    let mut child = command()
        .args(["rdb", "dump", "-", "--progress", mode])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let bytes = sound();
    let (first, rest) = bytes.split_at(bytes.len() / 2);
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(first).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(2500));
    stdin.write_all(rest).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn progress_is_for_terminals_unless_it_is_asked_for() {
    let modes = ["auto", "never", "always", "json"];
    let dumps = modes.map(|mode| std::thread::spawn(move || slow_dump(mode)));
    let [auto, never, always, json] = dumps.map(|dump| dump.join().unwrap());
    assert_eq!((auto.as_str(), never.as_str()), ("", ""));
    assert!(always.contains("B/s") && always.contains('\r'), "{always:?}");
    let line: serde_json::Value = serde_json::from_str(json.lines().next().unwrap()).unwrap();
    assert!(line["progress"]["bytes"].is_u64(), "{json}");

    // `script` runs it on a terminal.
    let (file, rkv) = (testdata(SOUND), env!("CARGO_BIN_EXE_rkv"));
    let input = format!("(head -c 300 {0}; sleep 1.5; tail -c +301 {0})", file.display());
    let run = |options: &str| {
        let line = format!("{input} | {rkv} rdb dump {options} - -o /dev/null --force");
        let mut script = Command::new("script");
        let output = script.args(["-qec", &line, "/dev/null"]).env("TERM", "xterm").output();
        let output = output.unwrap();
        assert!(output.status.success(), "{options}: {output:?}");
        String::from_utf8(output.stdout).unwrap().contains("B/s")
    };
    assert_eq!((run(""), run("--progress never")), (true, false));
}

#[test]
fn wrong_usage_ends_with_2() {
    for args in [
        &["rdb", "dump", "--no-such-option"][..],
        &["rdb", "dump", "--format", "xml"],
        &["rdb", "dump", "--ttl", "soon"],
        &["rdb", "dump", "--size", "10~5"],
        &["rdb", "dump", "--key-regex", "("],
        &["rdb", "dump", "--restore"],
        &["rdb", "no-such-verb"],
        &["rdb"],
        &[],
    ] {
        let run = rkv(args).expect(2);
        assert!(run.stdout.is_empty() && !run.stderr.is_empty(), "{args:?}");
    }
}

#[test]
fn wrong_usage_is_one_json_object_with_json() {
    for (args, word) in [
        (&["rdb", "dump", "--json", "--no-such-option"][..], "--no-such-option"),
        (&["--json", "rdb", "dump", "--format", "xml"], "xml"),
        (&["rdb", "dump", "--ttl", "soon", "--json"], "--ttl"),
        (&["--json", "rdb", "no-such-verb"], "no-such-verb"),
        (&["--json", "rdb", "index", "--threads"], "--threads"),
        (&["--json", "rdb", "get", "a.rdb"], "KEY"),
        (&["--json", "rdb"], "subcommand"),
        (&["--json"], "subcommand"),
    ] {
        let run = rkv(args).expect(2);
        assert!(run.stdout.is_empty(), "{args:?}");
        let error: serde_json::Value = serde_json::from_str(run.err())
            .unwrap_or_else(|e| panic!("{args:?}: {e}: {}", run.err()));
        assert_eq!((&error["code"], &error["kind"]), (&2.into(), &"usage".into()), "{args:?}");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(word) && !message.starts_with("error"), "{args:?}: {message}");
    }
    // Behind `--` it is no option.
    let run = rkv(&["rdb", "dump", "--no-such-option", "--", "--json"]).expect(2);
    assert!(run.err().starts_with("error: "), "{}", run.err());
}

#[test]
fn help_and_version_are_no_errors() {
    for args in [&["--help"][..], &["rdb", "dump", "--help"], &["--version"]] {
        assert!(rkv(args).expect(0).stderr.is_empty());
    }
    assert!(rkv(&["rdb", "dump", "--help"]).out().contains("Exit status:"));
    assert!(rkv(&["--version"]).out().contains("reads RDB: REDIS 1-15, VALKEY"));
}

#[test]
fn a_flipped_bit_is_told_by_the_checksum() {
    let dir = tempfile::tempdir().unwrap();
    let mut bytes = sound();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    let run = dump(&input(dir.path(), "flipped.rdb", &bytes), &[]).expect(5);
    assert!(run.err().contains("wrong checksum"), "{}", run.err());
    bytes[last] ^= 1;
    dump(&input(dir.path(), "sound.rdb", &bytes), &[]).expect(0);
}

#[test]
fn garbage_behind_the_data_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let bytes = [sound(), b"garbage".to_vec()].concat();
    let run = dump(&input(dir.path(), "long.rdb", &bytes), &[]).expect(5);
    assert!(run.err().contains("7 bytes of garbage follow"), "{}", run.err());
    rkv_with_stdin(&["rdb", "dump", "-"], &bytes).expect(5);
}

#[test]
fn standard_input_is_read_like_a_file() {
    let file = dump(&testdata(SOUND), &[]).expect(0);
    assert!(!file.stdout.is_empty());
    assert_eq!(rkv_with_stdin(&["rdb", "dump", "-"], &sound()).expect(0).stdout, file.stdout);
    for packed in ["made/plain.rdb.gz", "made/plain.rdb.zst", "made/plain.rdb.lz4"] {
        assert_eq!(dump(&testdata(packed), &[]).expect(0).stdout, file.stdout, "{packed}");
    }
}

#[test]
fn a_closed_pipe_is_success() {
    let mut child = command()
        .args(["rdb", "dump", "--format", "keyvals"])
        .arg(testdata("redis-8.6.3.rdb"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn an_existing_output_needs_force() {
    let dir = tempfile::tempdir().unwrap();
    let old = "an older and longer output\n".repeat(100_000);
    let out = input(dir.path(), "out", old.as_bytes());
    let out_arg = out.to_str().unwrap();
    let run = dump(&testdata(SOUND), &["-o", out_arg]).expect(3);
    assert!(run.err().contains("--force"), "{}", run.err());
    assert_eq!(std::fs::read_to_string(&out).unwrap(), old);

    let expected = dump(&testdata(SOUND), &[]).expect(0).stdout;
    dump(&testdata(SOUND), &["-o", out_arg, "--force"]).expect(0);
    assert_eq!(std::fs::read(&out).unwrap(), expected);
}

#[test]
fn a_failed_dump_leaves_no_output() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    dump(&testdata("bad/checksum-wrong.rdb"), &["-o", out.to_str().unwrap()]).expect(5);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn an_output_that_cannot_be_written_ends_with_3() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("no/such/folder/out");
    dump(&testdata(SOUND), &["-o", missing.to_str().unwrap()]).expect(3);
    dump(&testdata(SOUND), &["-o", dir.path().to_str().unwrap()]).expect(3);

    let read_only = dir.path().join("read-only");
    std::fs::create_dir(&read_only).unwrap();
    std::fs::set_permissions(&read_only, PermissionsExt::from_mode(0o555)).unwrap();
    // The superuser writes where it likes.
    if std::fs::write(read_only.join("probe"), "").is_err() {
        let out = read_only.join("out");
        let run = dump(&testdata(SOUND), &["-o", out.to_str().unwrap()]).expect(3);
        assert!(run.err().contains("permission denied"), "{}", run.err());
    }
}

#[test]
fn a_full_disk_ends_with_3() {
    if !Path::new("/dev/full").exists() {
        return;
    }
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output =
        command().args(["rdb", "dump"]).arg(testdata(SOUND)).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stderr).contains("no space left"));
}

#[test]
fn the_input_stays_as_it_was() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let path = input(dir.path(), "dump.rdb", &sound());
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o444)).unwrap();
    let before = std::fs::metadata(&path).unwrap().modified().unwrap();
    rkv_in(dir.path(), &["rdb", "dump"]).expect(0);
    assert_eq!(std::fs::read(&path).unwrap(), sound());
    assert_eq!(std::fs::metadata(&path).unwrap().modified().unwrap(), before);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
}

/// The names that a dump with these options lists.
fn names(options: &[&str]) -> Vec<String> {
    let run = dump(&testdata("servers/valkey-9.1-types.rdb"), options).expect(0);
    run.out()
        .lines()
        .map(|line| {
            let key: serde_json::Value = serde_json::from_str(line).unwrap();
            key["type"].as_str().unwrap().to_owned() + " " + &key["key"].to_string()
        })
        .collect()
}

#[test]
fn several_values_of_one_filter_are_alternatives() {
    let list = names(&["--type", "list"]);
    let set = names(&["--type", "set"]);
    let both = names(&["--type", "list", "--type", "set"]);
    assert!(!list.is_empty() && !set.is_empty());
    assert_eq!(both.len(), list.len() + set.len());
    assert_eq!(names(&["--type", "list,set"]), both);
    assert!(both.iter().all(|name| name.starts_with("list ") || name.starts_with("set ")));
}

#[test]
fn a_filter_and_its_inverse_share_all_keys() {
    let all = names(&[]).len();
    for (filter, value) in
        [("type", "hash"), ("key", "*list*"), ("elements", "3~inf"), ("slot", "0-8000")]
    {
        let chosen = names(&[&format!("--{filter}"), value]).len();
        let others = names(&[&format!("--not-{filter}"), value]).len();
        assert_eq!(chosen + others, all, "--{filter} {value}");
        assert!(chosen > 0 && others > 0, "--{filter} {value} does not divide the keys");
    }
}

#[test]
fn different_filters_must_all_hold() {
    let both = names(&["--type", "hash", "--not-type", "hash"]);
    assert!(both.is_empty(), "{both:?}");
}
