//! Commands of hostile words: no panic, and what they leave behind is saved and loads the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rkv::command::Replay;
use rkv::feed::{Control, Input};
use rkv::keyspace::{Keyspace, Origin, SaveOptions, Settings, load_rdb};
use rkv::rdb::encode::Target;
use rkv::rdb::{Dialect, Header};
use std::io::Cursor;

/// Unix milliseconds at which commands run.
const NOW_MS: i64 = 1_700_000_000_000;

/// Words longer or more than these are cut, so that no command takes long.
const WORD_BYTES: usize = 1 << 16;
const WORDS: usize = 1 << 10;

/// Whether a word asks for more than a fuzzer has time or memory for: an offset, a count or a size.
fn is_large(word: &[u8]) -> bool {
    let digits = word.iter().filter(|byte| byte.is_ascii_digit()).count();
    digits > 5 && digits + 1 >= word.len()
}

// Lines are commands, with words between single blanks.
fuzz_target!(|bytes: &[u8]| {
    let mut keyspace = Keyspace::new(Settings::default());
    let mut replay = Replay::new(&mut keyspace, Origin::Client);
    for line in bytes.split(|byte| *byte == b'\n') {
        let words = line.split(|byte| *byte == b' ').take(WORDS);
        let words: Vec<&[u8]> = words.map(|word| &word[..word.len().min(WORD_BYTES)]).collect();
        if !words.iter().skip(1).any(|word| is_large(word)) {
            let _ = replay.command(&words, NOW_MS);
        }
    }
    let snapshot = keyspace.snapshot();
    let digest = snapshot.digest(Dialect::Redis).to_string();
    let version = snapshot.least_version().max(12);
    let target = Target::like(Header { dialect: Dialect::Redis, version });
    let mut saved = Vec::new();
    snapshot.write(target, &SaveOptions::default(), &mut saved).expect("memory takes all");
    let mut again = Keyspace::new(Settings::default());
    let input = Input::from_reader("fuzz".into(), Box::new(Cursor::new(saved)), None);
    let mut input = input.expect("it is a file");
    let loaded = load_rdb(&mut again, &mut input, NOW_MS, false, 1, &Control::default());
    assert!(loaded.is_ok_and(|loaded| loaded.ending.is_some()), "what was saved is sound");
    assert_eq!(again.snapshot().digest(Dialect::Redis).to_string(), digest);
});
