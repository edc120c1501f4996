//! Memory stays bounded whatever the size of a key: at most 64 MB beside the largest string.
#![cfg(target_os = "linux")]

mod common;

use common::program::command;
use rkv::packed::{BacklenDialect, ListpackBuilder};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

const MB: u64 = 1 << 20;
/// What the program may take beside the largest string.
const BASE_BYTES: u64 = 64 * MB;
/// A string, a list and a hash that show by their size whether memory grows with them.
const STRING_BYTES: u64 = 128 * MB;
const LIST_BYTES: u64 = 40 * MB;
const FIELDS: u32 = 1_000_000;
/// What users have; the test that takes these is run by hand.
const LARGE_STRING_BYTES: u64 = 500 * MB;
const LARGE_LIST_BYTES: u64 = 400 * MB;
const LARGE_FIELDS: u32 = 5_000_000;

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
    let commands: [&[&str]; 8] = [
        &["rdb", "dump", "--format", "jsonl"],
        &["rdb", "dump", "--format", "resp"],
        &["rdb", "info"],
        &["rdb", "verify"],
        &["slots", "map", "--nodes", "3", "--rdb"],
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

/// A file that holds one string.
fn string_file(dir: &Path, bytes: u64) -> PathBuf {
    let (path, mut file) = create(dir, "string.rdb");
    file.write_all(b"REDIS0009\xfe\0\0\x03big\x80").unwrap();
    file.write_all(&(bytes as u32).to_be_bytes()).unwrap();
    let piece = [b'x'; MB as usize];
    (0..bytes / MB).for_each(|_| file.write_all(&piece).unwrap());
    file.write_all(END).unwrap();
    file.flush().unwrap();
    path
}

/// A file that holds one list of listpacks of 8 KB.
fn list_file(dir: &Path, bytes: u64) -> PathBuf {
    let mut node = ListpackBuilder::new(BacklenDialect::Old);
    while node.len_bytes() < 8000 {
        node.push_bytes(format!("item:{:08}", node.len_bytes()).as_bytes()).unwrap();
    }
    let node = node.finish();
    let nodes = bytes / node.len() as u64;
    let (path, mut file) = create(dir, "list.rdb");
    file.write_all(b"REDIS0010\xfe\0\x12\x03big\x80").unwrap();
    file.write_all(&(nodes as u32).to_be_bytes()).unwrap();
    for _ in 0..nodes {
        // A packed node, and its length in 14 bits.
        file.write_all(&[2, 0x40 | (node.len() >> 8) as u8, node.len() as u8]).unwrap();
        file.write_all(node).unwrap();
    }
    file.write_all(END).unwrap();
    file.flush().unwrap();
    path
}

/// A file that holds one hash.
fn hash_file(dir: &Path, fields: u32) -> PathBuf {
    let (path, mut file) = create(dir, "hash.rdb");
    file.write_all(b"REDIS0009\xfe\0\x04\x03big\x80").unwrap();
    file.write_all(&fields.to_be_bytes()).unwrap();
    for i in 0..fields {
        write!(file, "\x09f{i:08}\x0av-{i:08}").unwrap();
    }
    file.write_all(END).unwrap();
    file.flush().unwrap();
    path
}

#[test]
fn a_huge_string_takes_its_size_once() {
    let dir = tempfile::tempdir().unwrap();
    check(dir.path(), &string_file(dir.path(), STRING_BYTES), STRING_BYTES);
}

#[test]
fn a_list_of_many_nodes_takes_no_more_than_a_small_one() {
    let dir = tempfile::tempdir().unwrap();
    check(dir.path(), &list_file(dir.path(), LIST_BYTES), 0);
}

#[test]
#[ignore = "takes minutes and gigabytes of disk; the other tests hold the same bound on smaller values"]
fn the_largest_values_keep_to_the_same_bound() {
    let dir = tempfile::tempdir().unwrap();
    let file = string_file(dir.path(), LARGE_STRING_BYTES);
    check(dir.path(), &file, LARGE_STRING_BYTES);
    check(dir.path(), &list_file(dir.path(), LARGE_LIST_BYTES), 0);
    check(dir.path(), &hash_file(dir.path(), LARGE_FIELDS), 0);
}

#[test]
fn a_hash_of_many_fields_takes_no_more_than_a_small_one() {
    let dir = tempfile::tempdir().unwrap();
    let path = hash_file(dir.path(), FIELDS);
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
