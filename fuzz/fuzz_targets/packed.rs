//! Hostile packed structures of the kind that the first byte chooses: no panic, and validation agrees with the walk.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rkv::packed::{Kind, Walk, header_count, validate};

/// Walks a blob to its end, behind damage that leaves elements readable.
fn walk(kind: Kind, bytes: &[u8]) {
    let _ = header_count(kind, bytes);
    let mut clean = 0;
    let mut damaged = false;
    match Walk::start(kind, bytes) {
        Err(_) => damaged = true,
        Ok(mut walk) => loop {
            match walk.next(bytes) {
                Ok(Some(_)) => clean += 1,
                Ok(None) => break,
                Err(error) => {
                    damaged = true;
                    if !error.is_soft() {
                        break;
                    }
                }
            }
            assert!(clean <= bytes.len() && walk.offset() <= bytes.len());
        },
    }
    match validate(kind, bytes) {
        Ok(count) => assert!(!damaged && count == clean),
        Err(_) => assert!(damaged),
    }
}

const KINDS: [Kind; 4] = [Kind::Listpack, Kind::Ziplist, Kind::Intset, Kind::Zipmap];

fuzz_target!(|input: (u8, &[u8])| {
    let (kind, bytes) = input;
    walk(KINDS[usize::from(kind) % KINDS.len()], bytes);
});
