//! What is read from any file is written for every release and read again with the same elements, or a loss is told.
//!
//! Files of `testdata` as they are, and the same with random damage. `RKV_SEED` sets the seed of a run; it is printed.

mod common;

use common::convert::convert_twice;
use common::roundtrip::{roundtrip, targets};
use rkv::rdb::encode::{Encoder, Hint, Loss, Losses, Target, write_head};
use rkv::rdb::{Attributes, Elem, Kind, StreamId, StreamMeta};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// Damaged copies of each file.
const COPIES: u64 = 4;

/// A larger file is damaged less often.
const LARGE_BYTES: usize = 4 << 10;

/// Numbers that look random, from a seed.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut n = self.0;
        n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        n ^ (n >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }
}

fn files() -> Vec<(PathBuf, Vec<u8>)> {
    let testdata = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let mut files = Vec::new();
    for folder in ["", "servers", "made", "bad"] {
        for file in std::fs::read_dir(testdata.join(folder)).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "rdb") {
                let bytes = std::fs::read(&path).unwrap();
                files.push((path, bytes));
            }
        }
    }
    files.sort();
    files
}

#[test]
fn files_come_back_from_every_release() {
    let mut keys = 0;
    for (path, bytes) in files() {
        let checked = catch_unwind(AssertUnwindSafe(|| roundtrip(&bytes)));
        keys += checked.unwrap_or_else(|_| panic!("{}", path.display()));
    }
    assert!(keys > 800, "{keys}");
}

#[test]
fn a_file_converted_twice_stays_as_it_is() {
    let mut outputs = 0;
    for (path, bytes) in files() {
        let convert = || targets().into_iter().filter(|t| convert_twice(&bytes, *t)).count();
        let checked = catch_unwind(AssertUnwindSafe(convert));
        outputs += checked.unwrap_or_else(|_| panic!("{}", path.display()));
    }
    assert!(outputs > 1000, "{outputs}");
}

#[test]
fn what_is_left_of_damaged_files_comes_back() {
    let given = std::env::var("RKV_SEED").ok().map(|seed| seed.parse().expect("RKV_SEED"));
    let seed: u64 = given.unwrap_or(20_260_101);
    println!("RKV_SEED={seed}");
    for (path, bytes) in files().iter().filter(|(_, bytes)| bytes.len() > 16) {
        let mut random = Random(seed);
        let copies = if bytes.len() > LARGE_BYTES { 1 } else { COPIES };
        for copy in 0..copies {
            let mut damaged = bytes.clone();
            for _ in 0..=random.below(3) {
                // The header stays, so that something can be read.
                let at = 9 + random.below(damaged.len() - 9);
                match random.below(3) {
                    0 => damaged[at] ^= 1 << random.below(8),
                    1 => damaged[at] = random.next() as u8,
                    _ => damaged[at] = [0, 1, 0x7f, 0x80, 0xff][random.below(5)],
                }
            }
            let checked = catch_unwind(AssertUnwindSafe(|| {
                roundtrip(&damaged);
                targets().into_iter().filter(|t| convert_twice(&damaged, *t)).count()
            }));
            assert!(checked.is_ok(), "copy {copy} of {}, RKV_SEED={seed}", path.display());
        }
    }
}

/// The losses of a stream of these elements for a release before streams had all their numbers.
fn stream_losses(elems: &[Elem<'_>]) -> Vec<Loss> {
    let mut encoder = Encoder::new(Target::find("redis-5.0").unwrap(), false);
    encoder.begin(Kind::Stream, Hint::Auto);
    for elem in elems {
        encoder.elem(elem).unwrap();
    }
    encoder.finish().unwrap();
    encoder.losses.iter().collect()
}

#[test]
fn a_first_id_that_is_not_that_of_the_first_entry_is_a_loss() {
    let id = StreamId { ms: 5, seq: 1 };
    let entry = Elem::StreamEntry { id, fields: &[] };
    let meta = |first_id| {
        Elem::StreamMeta(StreamMeta {
            length: 1,
            last_id: id,
            first_id,
            max_deleted_id: StreamId::default(),
            entries_added: 1,
        })
    };
    assert_eq!(stream_losses(&[entry, meta(id)]), []);
    let other = StreamId { ms: 4, seq: 0 };
    assert_eq!(stream_losses(&[entry, meta(other)]), [Loss::StreamCounters]);
}

#[test]
fn settings_of_idempotent_producers_are_a_loss_without_producers() {
    let config = |duration_s| Elem::IdmpConfig { duration_s, max_entries: 100 };
    let counters = |added| Elem::IdmpCounters { added, duplicates: 0 };
    assert_eq!(stream_losses(&[config(100), counters(0)]), []);
    assert_eq!(stream_losses(&[config(1), counters(0)]), [Loss::IdempotentProducers]);
    assert_eq!(stream_losses(&[config(100), counters(3)]), [Loss::StreamCounters]);
}

#[test]
fn expiries_beyond_32_bits_of_seconds_are_a_loss() {
    let target = Target::find("redis-2.4").unwrap();
    for (at_ms, seconds, is_loss) in [
        (2_147_483_647_000, i32::MAX, false),
        (2_147_483_648_000, i32::MAX, true),
        (-2_147_483_649_000, i32::MIN, true),
    ] {
        let (mut out, mut losses) = (Vec::new(), Losses::default());
        let attributes = Attributes { expire_at_ms: Some(at_ms), ..Attributes::default() };
        write_head(&mut out, target, &attributes, None, 0, b"k", &mut losses);
        assert_eq!(out[..5], [&[0xfd][..], &seconds.to_le_bytes()].concat());
        let told: Vec<_> = losses.iter().collect();
        assert_eq!(told == [Loss::ExpiryRange], is_loss, "{at_ms}: {told:?}");
    }
}
