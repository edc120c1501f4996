//! Snapshots that other threads read while commands go on.

use super::{NOW_MS, digest, empty, file};
use crate::base::rng::Rng;
use crate::command::{Replay, Replayed};
use crate::keyspace::{Keyspace, Origin};

/// What comes between two snapshots, in commands. Less of it where each instruction takes a thousand.
const COMMANDS: usize = if cfg!(miri) { 40 } else { 400 };

/// Runs.
const SEEDS: u64 = if cfg!(miri) { 1 } else { 4 };

/// Snapshots of a run.
const ROUNDS: usize = if cfg!(miri) { 3 } else { 12 };

/// Runs a command that changes, or may change, a value of any kind.
fn write(keyspace: &mut Keyspace, rng: &mut Rng) {
    let key = rng.below(4);
    // Few elements keep a value packed, many do not.
    let element = rng.below(if key == 0 { 20 } else { 600 });
    let other = rng.below(1000);
    let command = match rng.below(30) {
        0 => format!("SET s{key} {other}"),
        1 => format!("APPEND s{key} {}", "x".repeat(other as usize / 10)),
        2 => format!("SETRANGE s{key} {element} abc"),
        3 => format!("SETBIT s{key} {element} 1"),
        4 | 5 => format!("RPUSH l{key} item:{other} {other}"),
        6 => format!("LPUSH l{key} item:{other}"),
        7 => format!("LPOP l{key} 2"),
        8 => format!("LREM l{key} 0 {other}"),
        9 | 10 => format!("SADD t{key} member:{element} {other}"),
        11 => format!("SREM t{key} member:{element}"),
        12 => format!("SADD i{key} {other}"),
        13 | 14 => format!("HSET h{key} field:{element} {other}"),
        15 => format!("HINCRBY h{key} field:{element}:n 1"),
        16 => format!("HDEL h{key} field:{element}"),
        17 => format!("HEXPIRE h{key} 1000 FIELDS 1 field:{element}"),
        18 | 19 => format!("ZADD z{key} {other} member:{element}"),
        20 => format!("ZREM z{key} member:{element}"),
        21 => format!("ZREMRANGEBYSCORE z{key} {other} {}", other + 3),
        22 | 23 => format!("XADD x{key} * field {other}"),
        24 => format!("XTRIM x{key} MAXLEN 50"),
        25 => format!("PFADD p{key} {other}"),
        26 => format!("PEXPIREAT s{key} {}", NOW_MS + other as i64),
        27 => format!("ARSET a{key} {element} {other}"),
        28 => format!("COPY h{key} h{} REPLACE", rng.below(4)),
        _ => format!(
            "DEL {}{key}",
            ["s", "l", "t", "i", "h", "z", "x", "p", "a"][other as usize % 9]
        ),
    };
    let args: Vec<&[u8]> = command.split(' ').map(str::as_bytes).collect();
    let replayed = Replay::new(keyspace, Origin::Client).command(&args, NOW_MS);
    // An integer may be expected where there is a bitmap.
    assert!(matches!(replayed, Replayed::Done | Replayed::Failed(_)), "{command}: {replayed:?}");
}

/// Makes snapshots, which threads read while more is written.
fn run(seed: u64) {
    println!("seed {seed}");
    let mut rng = Rng::new(seed);
    let mut keyspace = empty();
    let mut readers = Vec::new();
    for _ in 0..ROUNDS {
        (0..COMMANDS).for_each(|_| write(&mut keyspace, &mut rng));
        let snapshot = keyspace.snapshot();
        let (frozen, bytes) = (digest(&snapshot), file(&snapshot));
        // Another one holds the same values, and ends at another time.
        let second = keyspace.snapshot();
        readers.push(std::thread::spawn(move || {
            assert_eq!(digest(&snapshot), frozen);
            assert_eq!(file(&snapshot), bytes);
            drop(snapshot);
            assert_eq!(digest(&second), frozen);
        }));
        if readers.len() > 2 {
            (0..COMMANDS / 4).for_each(|_| write(&mut keyspace, &mut rng));
            readers.remove(0).join().unwrap();
        }
    }
    for reader in readers {
        (0..COMMANDS / 4).for_each(|_| write(&mut keyspace, &mut rng));
        reader.join().unwrap();
    }
}

/// A snapshot is what the data were, whatever threads read it and whichever frees it.
#[test]
fn a_snapshot_is_read_beside_writes() {
    (0..SEEDS).for_each(run);
}
