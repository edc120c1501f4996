//! A whole file of hostile bytes, loaded: no panic, and what was loaded is saved and loads the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rkv::feed::{Control, Input};
use rkv::keyspace::{Keyspace, SaveOptions, Settings, load_rdb};
use rkv::rdb::encode::Target;
use rkv::rdb::{Dialect, Header};
use std::io::Cursor;

/// Unix milliseconds at which files are loaded; nothing expires.
const NOW_MS: i64 = 0;

/// Loads a file as far as it is sound; whether it is to its end.
fn load(bytes: Vec<u8>) -> (Keyspace, bool) {
    let mut keyspace = Keyspace::new(Settings::default());
    let input = Input::from_reader("fuzz".into(), Box::new(Cursor::new(bytes)), None);
    let Ok(mut input) = input else { return (keyspace, false) };
    let control = Control::default();
    let loaded = load_rdb(&mut keyspace, &mut input, NOW_MS, false, 1, &control);
    let is_whole = loaded.is_ok_and(|loaded| loaded.ending.is_some());
    (keyspace, is_whole)
}

fuzz_target!(|bytes: &[u8]| {
    let (keyspace, _) = load(bytes.to_vec());
    let snapshot = keyspace.snapshot();
    let digest = snapshot.digest(Dialect::Redis).to_string();
    let options = SaveOptions { checksum: true, compress: bytes.len() % 2 == 0, ..SaveOptions::default() };
    let version = snapshot.least_version().max(12);
    let target = Target::like(Header { dialect: Dialect::Redis, version });
    let mut saved = Vec::new();
    snapshot.write(target, &options, &mut saved).expect("memory takes all");
    let (again, is_whole) = load(saved);
    assert!(is_whole, "what was saved is sound");
    assert_eq!(again.snapshot().digest(Dialect::Redis).to_string(), digest);
});
