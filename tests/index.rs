//! `rkv rdb index`, `rkv rdb get` and dumps through the index, as users run them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Runs the program.
fn rkv<S: AsRef<std::ffi::OsStr>>(args: &[S]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rkv")).arg("rdb").args(args).output().unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A folder with a copy of one sample.
struct Case {
    dir: tempfile::TempDir,
    name: String,
}

impl Case {
    fn new(sample: &Path) -> Case {
        let dir = tempfile::tempdir().unwrap();
        let name = sample.file_name().unwrap().to_str().unwrap().to_owned();
        std::fs::copy(sample, dir.path().join(&name)).unwrap();
        Case { dir, name }
    }

    fn of(name: &str) -> Case {
        Case::new(&vectors().join(name))
    }

    fn indexed(self) -> Case {
        let output = rkv(&["index", &self.file()]);
        assert_eq!(code(&output), 0, "{}: {}", self.name, stderr(&output));
        self
    }

    fn file(&self) -> String {
        self.dir.path().join(&self.name).to_str().unwrap().to_owned()
    }

    fn sidecar(&self) -> String {
        self.file() + ".rkvx"
    }

    fn flip(path: &str, at: usize) {
        let mut bytes = std::fs::read(path).unwrap();
        bytes[at] ^= 0x40;
        std::fs::write(path, bytes).unwrap();
    }
}

fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata")
}

fn samples() -> Vec<PathBuf> {
    let mut samples: Vec<_> = std::fs::read_dir(vectors())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rdb"))
        .collect();
    samples.sort();
    assert!(!samples.is_empty());
    samples
}

/// The file's keys as `--escaped` takes them, and their lines in the full dump.
fn keys_and_lines(file: &str) -> Vec<(String, String)> {
    let keys = rkv(&["dump", "--no-index", "--format", "keys", "--encoding", "escape", file]);
    let lines = rkv(&["dump", "--no-index", file]);
    assert_eq!((code(&keys), code(&lines)), (0, 0));
    let keys = String::from_utf8(keys.stdout).unwrap();
    let lines = String::from_utf8(lines.stdout).unwrap();
    assert_eq!(keys.lines().count(), lines.lines().count());
    keys.lines().map(str::to_owned).zip(lines.lines().map(str::to_owned)).collect()
}

#[test]
fn every_key_is_got_as_it_is_dumped() {
    for sample in samples() {
        let case = Case::new(&sample);
        let all = keys_and_lines(&case.file());
        for indexed in [false, true] {
            if indexed {
                let output = rkv(&["index", &case.file()]);
                assert_eq!(code(&output), 0, "{}", stderr(&output));
            }
            // Backwards, so that the order of arguments is seen to count.
            let mut names: Vec<&str> = Vec::new();
            for (name, _) in all.iter().rev() {
                if !names.contains(&name.as_str()) {
                    names.push(name);
                }
            }
            let file = case.file();
            let mut args = vec!["get", "--escaped", "--", &file];
            args.extend(&names);
            let output = rkv(&args);
            assert_eq!(code(&output), 0, "{}: {}", case.name, stderr(&output));
            assert_eq!(stderr(&output), "");
            let expected: String = names
                .iter()
                .flat_map(|name| all.iter().filter(move |(key, _)| key == name))
                .map(|(_, line)| format!("{line}\n"))
                .collect();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), expected, "{}", case.name);
        }
    }
}

#[test]
fn filtered_dumps_are_the_same_through_the_index() {
    let filters: &[&[&str]] = &[
        &["--type", "hash,stream"],
        &["--type", "function,string"],
        &["--not-type", "string"],
        &["--db", "0"],
        &["--not-db", "0"],
        &["--key", "*a*"],
        &["--key-regex", "^[a-l]"],
        &["--slot", "0-8000"],
        &["--ttl", "none"],
        &["--ttl", "any"],
        &["--size", "0~100"],
        &["--elements", "2~inf", "--not-elements", "5"],
        &["--key", "no such key"],
    ];
    let formats = ["json", "jsonl", "resp", "commands", "csv", "keys", "keyvals", "table"];
    for sample in samples() {
        let case = Case::new(&sample).indexed();
        for filter in filters {
            for format in formats {
                let file = case.file();
                let mut args = vec!["dump", "--format", format, "--ttl-policy", "shift:1h", &file];
                args.extend(*filter);
                let through = rkv(&args);
                args.push("--no-index");
                let whole = rkv(&args);
                assert!(through == whole, "{} {args:?}: {}", case.name, stderr(&through));
            }
        }
    }
}

#[test]
fn the_index_is_what_is_read() {
    let case = Case::of("redis-8.6.3.rdb").indexed();
    let output = rkv(&["get", "-vv", &case.file(), "no such key"]);
    assert!(stderr(&output).contains(".rkvx: used"), "{}", stderr(&output));
    let output = rkv(&["get", "-vv", "--no-index", &case.file(), "no such key"]);
    assert!(!stderr(&output).contains(".rkvx"), "{}", stderr(&output));
}

#[test]
fn missing_keys_are_named() {
    let case = Case::of("redis-8.6.3.rdb");
    let (key, line) = keys_and_lines(&case.file()).swap_remove(0);
    for _ in 0..2 {
        let output = rkv(&["get", "--escaped", &case.file(), r"no\x00pe", &key, "other"]);
        assert_eq!(code(&output), 1);
        assert_eq!(String::from_utf8_lossy(&output.stdout), format!("{line}\n"));
        assert!(stderr(&output).contains(r#"key "no\x00pe" not found"#), "{}", stderr(&output));
        assert!(stderr(&output).contains(r#"key "other" not found"#));
        assert_eq!(code(&rkv(&["get", "--db", "77", "--escaped", &case.file(), &key])), 1);
        assert_eq!(code(&rkv(&["index", "--force", &case.file()])), 0);
    }
    assert_eq!(code(&rkv(&["get", "--escaped", &case.file(), r"bad\escape"])), 2);
}

#[test]
fn raw_writes_strings_only() {
    let case = Case::of("redis-8.6.3.rdb").indexed();
    let list = keys_and_lines(&case.file());
    let of = |kind: &str| {
        let wanted = format!("\"type\":\"{kind}\"");
        let found = list.iter().find(|(_, line)| line.contains(&wanted)).unwrap();
        found.0.clone()
    };
    let (string, hash) = (of("string"), of("hash"));
    let raw = rkv(&["get", "--raw", "--first", "--escaped", &case.file(), &string]);
    assert_eq!(code(&raw), 0, "{}", stderr(&raw));
    let hex = rkv(&["get", "--encoding", "hex", "--first", "--escaped", &case.file(), &string]);
    let digits: String = raw.stdout.iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(String::from_utf8_lossy(&hex.stdout).contains(&format!("\"{digits}\"")));
    let refused = rkv(&["get", "--raw", "--escaped", &case.file(), &hash]);
    assert_eq!(code(&refused), 2);
    assert!(stderr(&refused).contains("is a hash"), "{}", stderr(&refused));
}

#[test]
fn streams_are_searched_and_not_indexed() {
    let case = Case::of("redis-8.6.3.rdb");
    let (key, line) = keys_and_lines(&case.file()).pop().unwrap();
    let plain = std::fs::read(case.file()).unwrap();
    let packed = case.file() + ".zst";
    std::fs::write(&packed, zstd::encode_all(plain.as_slice(), 1).unwrap()).unwrap();
    let output = rkv(&["get", "--first", "--escaped", &packed, &key]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    assert_eq!(String::from_utf8_lossy(&output.stdout), format!("{line}\n"));
    let output = rkv(&["index", &packed]);
    assert_eq!(code(&output), 4);
    assert!(stderr(&output).contains("hint: "), "{}", stderr(&output));
    assert!(!Path::new(&(packed + ".rkvx")).exists());
}

/// An index that cannot be used is told of, and the file is read instead.
fn falls_back(case: &Case, what: &str) {
    let output = rkv(&["dump", "--type", "hash", &case.file()]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    assert!(stderr(&output).contains(what), "{}", stderr(&output));
    let whole = rkv(&["dump", "--no-index", "--type", "hash", &case.file()]);
    assert_eq!(output.stdout, whole.stdout);
    assert_eq!(stderr(&whole), "");
    let get = rkv(&["get", &case.file(), "no such key"]);
    assert_eq!(code(&get), 1);
    assert!(stderr(&get).contains(what), "{}", stderr(&get));
    let check = rkv(&["index", "--check", &case.file()]);
    assert_eq!(code(&check), 1);
    assert!(stderr(&check).contains(what), "{}", stderr(&check));
}

#[test]
fn a_damaged_index_is_not_used() {
    let case = Case::of("redis-8.6.3.rdb").indexed();
    assert_eq!(code(&rkv(&["index", "--check", &case.file()])), 0);
    Case::flip(&case.sidecar(), 100);
    falls_back(&case, "the index is damaged");
}

#[test]
fn the_index_of_another_file_is_not_used() {
    let case = Case::of("redis-8.6.3.rdb");
    let other = Case::of("valkey-9.1.2.rdb").indexed();
    std::fs::copy(other.sidecar(), case.sidecar()).unwrap();
    falls_back(&case, "does not belong to the file");
}

#[test]
fn the_index_of_a_file_that_has_changed_is_not_used() {
    let case = Case::of("redis-8.6.3.rdb").indexed();
    let mut bytes = std::fs::read(case.file()).unwrap();
    // Nothing says that the file begins an append-only file, so these commands are garbage.
    bytes.extend_from_slice(b"*1\r\n$4\r\nPING\r\n");
    std::fs::write(case.file(), bytes).unwrap();
    let output = rkv(&["dump", "--type", "hash", &case.file()]);
    assert!(stderr(&output).contains("its size has changed"), "{}", stderr(&output));
    assert_eq!(code(&output), 5);
    assert_eq!(code(&rkv(&["index", &case.file()])), 3);
    assert_eq!(code(&rkv(&["index", "--force", &case.file()])), 5);
}

#[test]
fn a_file_with_a_wrong_checksum_gets_no_index() {
    let case = Case::of("redis-8.6.3.rdb");
    let len = std::fs::read(case.file()).unwrap().len();
    Case::flip(&case.file(), len - 1);
    let output = rkv(&["index", &case.file()]);
    assert_eq!(code(&output), 5, "{}", stderr(&output));
    assert!(!Path::new(&case.sidecar()).exists());
}
