//! Memory stays bounded whatever the size of a key: at most 64 MB beside the largest string.
#![cfg(target_os = "linux")]

mod common;

use common::program::command;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

const MB: u64 = 1 << 20;
/// What the program may take beside the largest string.
const BASE_BYTES: u64 = 64 * MB;
const STRING_BYTES: u64 = 128 * MB;
const FIELDS: u32 = 1_000_000;

/// Anonymous memory of a process in bytes.
fn anonymous_bytes(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    let kb = line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
    kb.unwrap_or(0) * 1024
}

/// Runs the program and gives the most memory it was seen to take.
fn peak(args: &[&str], stdin: Option<&Path>, stdout: Option<&Path>) -> u64 {
    let stdin = stdin.map_or_else(Stdio::null, |path| File::open(path).unwrap().into());
    let stdout = stdout.map_or_else(Stdio::null, |path| File::create(path).unwrap().into());
    let mut child = command()
        .args(args)
        .stdin(stdin)
        .stdout(stdout)
        .stderr(Stdio::piped())
        .spawn()
        .expect("rkv does not start");
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        peak = peak.max(anonymous_bytes(child.id()));
        std::thread::sleep(Duration::from_millis(2));
    }
    let output = child.wait_with_output().unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?}: {} {err}", output.status);
    peak
}

/// Holds every command to its bound on a file, read as a file and from standard input.
fn check(dir: &Path, file: &Path, largest_bytes: u64) {
    let bound = BASE_BYTES + largest_bytes;
    let out = dir.join("out.rdb");
    let out = out.to_str().unwrap();
    let commands: [&[&str]; 5] = [
        &["rdb", "dump", "--format", "jsonl"],
        &["rdb", "verify"],
        &["rdb", "stats", "--json"],
        &["rdb", "convert", "--to", "redis-7.0", "--force", "-o", out],
        &["rdb", "convert", "--to", "redis-2.6", "--force", "-o", out],
    ];
    for args in commands {
        for input in [file.to_str().unwrap(), "-"] {
            let args = [args, &[input, "--threads", "2"]].concat();
            let peak = peak(&args, (input == "-").then_some(file), None);
            let (peak, bound) = (peak / MB, bound / MB);
            println!("{peak:4} MB of {bound} MB: {args:?}");
            assert!(peak <= bound, "{args:?} took {peak} MB, more than {bound} MB");
        }
    }
}

fn create(dir: &Path, name: &str) -> (PathBuf, BufWriter<File>) {
    let path = dir.join(name);
    let file = File::create(&path).unwrap();
    (path, BufWriter::with_capacity(1 << 20, file))
}

const END: &[u8] = b"\xff\0\0\0\0\0\0\0\0";

#[test]
fn a_huge_string_takes_its_size_once() {
    let dir = tempfile::tempdir().unwrap();
    let (path, mut file) = create(dir.path(), "string.rdb");
    file.write_all(b"REDIS0009\xfe\0\0\x03big\x80").unwrap();
    file.write_all(&(STRING_BYTES as u32).to_be_bytes()).unwrap();
    let piece = [b'x'; MB as usize];
    (0..STRING_BYTES / MB).for_each(|_| file.write_all(&piece).unwrap());
    file.write_all(END).unwrap();
    file.flush().unwrap();
    check(dir.path(), &path, STRING_BYTES);
}

#[test]
fn a_hash_of_many_fields_takes_no_more_than_a_small_one() {
    let dir = tempfile::tempdir().unwrap();
    let (path, mut file) = create(dir.path(), "hash.rdb");
    file.write_all(b"REDIS0009\xfe\0\x04\x03big\x80").unwrap();
    file.write_all(&FIELDS.to_be_bytes()).unwrap();
    for i in 0..FIELDS {
        write!(file, "\x09f{i:08}\x0av-{i:08}").unwrap();
    }
    file.write_all(END).unwrap();
    file.flush().unwrap();
    check(dir.path(), &path, 0);

    // The same from JSON.
    let (jsonl, out) = (dir.path().join("hash.jsonl"), dir.path().join("again.rdb"));
    peak(&["rdb", "dump", path.to_str().unwrap()], None, Some(&jsonl));
    let [from, to] = [&jsonl, &out].map(|path| path.to_str().unwrap());
    let taken = peak(&["rdb", "convert", from, "-o", to], None, None) / MB;
    println!("{taken:4} MB: from JSON");
    assert!(taken <= BASE_BYTES / MB, "{taken} MB");
}

#[test]
fn many_inputs_are_merged_in_little_memory() {
    let dir = tempfile::tempdir().unwrap();
    let paths: Vec<PathBuf> = (0..50)
        .map(|n| {
            let (path, mut file) = create(dir.path(), &format!("{n}.rdb"));
            file.write_all(b"REDIS0009\xfe\0").unwrap();
            for i in 0..20_000 {
                // Every second key is in the next input, too.
                let number = n * 10_000 + i;
                write!(file, "\0\x0akey-{number:06}\x0avalue-{n:04}").unwrap();
            }
            file.write_all(END).unwrap();
            path
        })
        .collect();
    let out = dir.path().join("out.rdb");
    let mut args = vec!["rdb", "convert", "--on-duplicate", "last", "-o", out.to_str().unwrap()];
    args.extend(paths.iter().map(|path| path.to_str().unwrap()));
    let taken = peak(&args, None, None) / MB;
    println!("{taken:4} MB: merge");
    assert!(taken <= BASE_BYTES / MB, "{taken} MB");
    let keys = dir.path().join("keys");
    peak(&["rdb", "dump", "--format", "keys", out.to_str().unwrap()], None, Some(&keys));
    let names = std::fs::read_to_string(&keys).unwrap();
    assert_eq!(names.lines().count(), 510_000);
}
