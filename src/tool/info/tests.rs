//! Tests on the files of real servers and on files made by hand.

use super::*;
use std::path::{Path, PathBuf};

fn testdata(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(name)
}

fn read(path: &Path) -> (Info, Result<(), Failure<Infallible>>) {
    let mut input = Input::open(path).unwrap();
    info(&mut input, 2_000_000_000_000, &Control::default())
}

fn of_bytes(bytes: &[u8]) -> (Info, Result<(), Failure<Infallible>>) {
    let reader = Box::new(std::io::Cursor::new(bytes.to_vec()));
    let mut input = Input::from_reader("test".into(), reader, None).unwrap();
    info(&mut input, 1_000_000, &Control::default())
}

#[test]
fn every_byte_is_counted_once_in_files_of_servers() {
    let mut files = 0;
    for folder in ["", "servers", "made"] {
        for file in std::fs::read_dir(testdata(folder)).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "rdb") {
                continue;
            }
            let (info, done) = read(&path);
            let Ok(()) = done else { continue };
            files += 1;
            let end = info.ending.as_ref().map(|ending| ending.end);
            assert_eq!(Some(info.tally.bytes()), end, "{}", path.display());
            let in_databases: u64 = info.tally.databases.values().map(|db| db.keys).sum();
            assert_eq!(in_databases, info.tally.keys(), "{}", path.display());
            let expires: u64 = info.tally.databases.values().map(|db| db.expires).sum();
            assert_eq!(expires, info.tally.expiries.count, "{}", path.display());
            assert!(report(&info).sections.len() > 5);
        }
    }
    assert!(files > 30, "{files}");
}

#[test]
fn keys_are_those_that_a_dump_has() {
    for file in std::fs::read_dir(testdata("servers")).unwrap() {
        let path = file.unwrap().path();
        let Some(name) = path.to_str().and_then(|name| name.strip_suffix(".expect.jsonl")) else {
            continue;
        };
        if !name.ends_with(".rdb") {
            continue;
        }
        let lines = std::fs::read_to_string(&path).unwrap().lines().count() as u64;
        let (info, done) = read(Path::new(name));
        assert!(done.is_ok(), "{name}");
        assert_eq!(info.tally.keys(), lines, "{name}");
    }
}

const FILE: &[u8] = b"REDIS0011\xfa\x05ctime\x031000\xfe\x00\xfb\x03\x01\
    \xfc\x01\x00\x00\x00\x00\x00\x00\x00\x00\x01a\x0212\x00\x01b\x01x\xfe\x05\x00\x01c\xc0\x07\
    \xff\0\0\0\0\0\0\0\0";

fn file() -> Vec<u8> {
    let mut file = FILE.to_vec();
    // The length of the ctime value is 4.
    if let Some(byte) = file.get_mut(16) {
        *byte = 4;
    }
    file
}

#[test]
fn what_a_file_holds_is_told() {
    let (info, done) = of_bytes(&file());
    assert!(done.is_ok());
    let tally = &info.tally;
    assert_eq!(tally.keys(), 3);
    assert_eq!(tally.aux_value(b"CTIME"), Some(&b"1000"[..]));
    let database = |keys, expires, hint| Database { keys, expires, hint };
    assert_eq!(tally.databases.get(&0), Some(&database(2, 1, Some((3, 1)))));
    assert_eq!(tally.databases.get(&5), Some(&database(1, 0, None)));
    assert_eq!((tally.expiries.past, tally.expiries.first_ms), (1, Some(1)));
    assert_eq!(tally.expiries.soonest_ms, None);
    let counts = tally.types().into_iter().map(|((_, encoding), volume)| (encoding, volume.count));
    assert_eq!(counts.collect::<Vec<_>>(), [("embstr", 1), ("int", 2)]);
    assert_eq!(info.checksum(), Checksum::Disabled);
    assert_eq!(tally.bytes(), FILE.len() as u64);
}

#[test]
fn what_stands_before_a_cut_is_told() {
    let whole = file();
    for cut in 0..whole.len() {
        let (info, done) = of_bytes(whole.get(..cut).unwrap_or(&[]));
        assert!(done.is_err(), "{cut}");
        assert!(info.ending.is_none());
        assert!(info.tally.bytes() <= cut as u64);
        assert_eq!(info.checksum(), Checksum::Unknown);
    }
}
