//! Tests of loading, snapshots, expiry and what units of work tell.

mod threads;

use super::*;
use crate::command::{Replay, Replayed};
use crate::feed::{Control, Failure, Input};
use crate::rdb::Dialect;
use crate::rdb::encode::Target;
use std::io::Write;

const NOW_MS: i64 = 1_700_000_000_000;

fn empty() -> Keyspace {
    Keyspace::new(Settings::default())
}

/// Runs commands, separated by `|`, as clients do at a time.
fn run(keyspace: &mut Keyspace, now_ms: i64, commands: &str) {
    let mut replay = Replay::new(keyspace, Origin::Client);
    for command in commands.split('|') {
        let args: Vec<&[u8]> = command.trim().split(' ').map(str::as_bytes).collect();
        assert_eq!(replay.command(&args, now_ms), Replayed::Done, "{command}");
    }
}

fn digest(snapshot: &Snapshot) -> String {
    snapshot.digest(Dialect::Redis).to_string()
}

/// The file of a snapshot.
fn file(snapshot: &Snapshot) -> Vec<u8> {
    let options = SaveOptions { compress: true, checksum: true, ..SaveOptions::default() };
    let mut out = Vec::new();
    snapshot.write(Target::find("redis-7.2").unwrap(), &options, &mut out).unwrap();
    out
}

/// Loads a file at [`NOW_MS`] into an empty keyspace.
fn load(
    bytes: &[u8],
    drop_expired: bool,
    threads: usize,
) -> (Keyspace, Result<Loaded, Failure<LoadError>>) {
    let mut on_disk = tempfile::NamedTempFile::new().unwrap();
    on_disk.write_all(bytes).unwrap();
    let (mut keyspace, mut input) = (empty(), Input::open(on_disk.path()).unwrap());
    let control = Control::default();
    let loaded = load_rdb(&mut keyspace, &mut input, NOW_MS, drop_expired, threads, &control);
    (keyspace, loaded)
}

/// A file that is put together by hand, without checksum.
struct Handmade(Vec<u8>);

impl Handmade {
    fn new() -> Handmade {
        Handmade(b"REDIS0011\xfe\x00".to_vec())
    }

    fn string(&mut self, key: &str, value: &str) {
        for (before, text) in [(&[0][..], key), (&[], value)] {
            self.0.extend_from_slice(before);
            self.0.push(u8::try_from(text.len()).unwrap());
            self.0.extend_from_slice(text.as_bytes());
        }
    }

    fn strings(&mut self, numbers: std::ops::Range<u32>) {
        numbers.for_each(|n| self.string(&format!("key:{n}"), &"v".repeat(40)));
    }

    fn end(mut self) -> Vec<u8> {
        self.0.extend_from_slice(b"\xff\0\0\0\0\0\0\0\0");
        self.0
    }
}

#[test]
fn loads_the_same_on_any_number_of_threads() {
    let mut keyspace = empty();
    let mut replay = Replay::new(&mut keyspace, Origin::Load);
    for n in 0..40_000 {
        let db = ["0", "3", "15"][n / 15_000];
        let (key, value) = (format!("key:{n}"), format!("{n}:{}", "value".repeat(n % 120)));
        let expiry = (NOW_MS + 1000 + n as i64).to_string();
        let commands: [&[&str]; 6] = [
            &["SET", &key, &value],
            &["SET", &key, &value, "PXAT", &expiry],
            &["RPUSH", &key, &value, "b", "c"],
            &["HSET", &key, "field", &value, "other", "1"],
            &["SADD", &key, &value, "1", "2"],
            &["ZADD", &key, "1.5", &value, "2", "b"],
        ];
        replay.command(&[b"SELECT", db.as_bytes()], NOW_MS);
        let command: Vec<&[u8]> = commands[n % 6].iter().map(|arg| arg.as_bytes()).collect();
        assert_eq!(replay.command(&command, NOW_MS), Replayed::Done);
    }
    let bytes = file(&keyspace.snapshot());
    for threads in [1, 2, 5] {
        let (found, loaded) = load(&bytes, true, threads);
        let loaded = loaded.unwrap();
        assert_eq!((loaded.keys, loaded.dropped, loaded.empty), (40_000, 0, 0));
        assert!(loaded.ending.is_some());
        assert_eq!(digest(&found.snapshot()), digest(&keyspace.snapshot()), "{threads} threads");
        for db in 0..16 {
            let expected = (keyspace.len(db), keyspace.expiring(db));
            assert_eq!((found.len(db), found.expiring(db)), expected);
        }
        // What is loaded is written as it was, key by key.
        assert_eq!(file(&found.snapshot()).len(), bytes.len());
    }
}

#[test]
fn a_key_that_is_there_twice_is_told_with_its_place() {
    for threads in [1, 2, 4] {
        let mut made = Handmade::new();
        made.strings(0..30_000);
        let offset = made.0.len() as u64;
        made.string("key:7", "another");
        made.string("key:8", "another");
        made.strings(30_000..40_000);
        // Damage behind it is not told.
        made.0.push(0xee);
        let (mut found, loaded) = load(&made.end(), false, threads);
        let Err(Failure::Worker(LoadError::Duplicate { key, offset: at })) = loaded else {
            panic!("{loaded:?}");
        };
        assert_eq!((&key[..], at), (&b"key:7"[..], offset), "{threads} threads");
        let mut unit = found.unit(Origin::Load, NOW_MS);
        assert_eq!(unit.string(b"key:7").unwrap(), Some("v".repeat(40).as_bytes()));
        assert!(unit.exists(b"key:29999"));
    }
}

#[test]
fn what_stands_before_damage_is_loaded() {
    for threads in [1, 2, 4] {
        let mut made = Handmade::new();
        made.strings(0..30_000);
        made.0.push(0xee);
        made.strings(30_000..40_000);
        let (found, loaded) = load(&made.end(), false, threads);
        assert!(matches!(loaded, Err(Failure::Input(_))), "{loaded:?}");
        assert_eq!(found.len(0), 30_000, "{threads} threads");
    }
}

#[test]
fn keys_out_of_date_or_without_elements_stay_out() {
    let mut made = Handmade::new();
    for (expire_at_ms, key) in [(NOW_MS - 1, "gone"), (NOW_MS + 1, "stays")] {
        made.0.push(0xfc);
        made.0.extend_from_slice(&expire_at_ms.to_le_bytes());
        made.string(key, "value");
    }
    // A set without members.
    made.0.extend_from_slice(b"\x02\x05empty\x00");
    made.string("last", "value");
    let bytes = made.end();
    for (drop_expired, keys) in [(true, 2), (false, 3)] {
        let (mut found, loaded) = load(&bytes, drop_expired, 1);
        let loaded = loaded.unwrap();
        assert_eq!((loaded.keys, loaded.dropped, loaded.empty), (keys, 3 - keys, 1));
        assert_eq!(found.len(0), keys);
        let unit = found.unit(Origin::Load, NOW_MS);
        assert_eq!(unit.peek(b"gone").is_some(), !drop_expired);
        assert_eq!(unit.peek(b"stays").unwrap().expire_at_ms(), Some(NOW_MS + 1));
        assert!(unit.peek(b"empty").is_none() && unit.peek(b"last").is_some());
    }
}

#[test]
fn databases_grow_within_reason() {
    let mut made = Handmade::new();
    made.0.extend_from_slice(b"\xfe\x40\xc8");
    made.string("key", "value");
    let (found, loaded) = load(&made.end(), false, 2);
    assert_eq!(loaded.unwrap().keys, 1);
    assert_eq!((found.databases(), found.len(200)), (201, 1));

    let mut made = Handmade::new();
    made.string("key", "value");
    made.0.extend_from_slice(b"\xfe\x80\x00\x20\x00\x00");
    made.string("key", "value");
    let (_, loaded) = load(&made.end(), false, 2);
    assert!(matches!(loaded, Err(Failure::Worker(LoadError::Database(0x20_0000)))), "{loaded:?}");
}

/// All that is done after a snapshot, to values of each kind, small and large, does not show in it.
#[test]
fn a_snapshot_stays_as_it_was() {
    let mut keyspace = empty();
    let large = |command: &str, element: fn(u32) -> String| {
        let elements: Vec<String> = (0..2000).map(element).collect();
        format!("{command} {}", elements.join(" "))
    };
    run(
        &mut keyspace,
        NOW_MS,
        &[
            "SET s 1|SET e x EX 10|RPUSH l a b|SADD t a b|SADD i 1 2|HSET h a 1|ZADD z 1 a 2 b|XADD x 1-1 f v".into(),
            "XGROUP CREATE x g 0|XREADGROUP GROUP g c STREAMS x >|PFADD p a|SELECT 4|SET other 1|SELECT 0".into(),
            large("RPUSH L", |n| format!("item:{n}")),
            large("SADD T", |n| format!("member:{n}")),
            large("HSET H", |n| format!("field:{n} value")),
            large("ZADD Z", |n| format!("{n} member:{n}")),
        ]
        .join("|"),
    );
    let snapshot = keyspace.snapshot();
    let (before, bytes) = (digest(&snapshot), file(&snapshot));
    let changes = "APPEND s 2|PERSIST e|LSET l 0 x|RPOP l|SREM t a|SADD i 3|SADD i x|HINCRBY h a 1|HSET h b 2|ZINCRBY z 1 a
        |XADD x 2-1 f w|XACK x g 1-1|XDEL x 1-1|PFADD p b c|RPUSH L x|LSET L 1000 y|LREM L 0 item:7|SREM T member:9|SADD T new
        |HSET H field:1 new|HDEL H field:2|HEXPIRE H 10 FIELDS 1 field:3|ZADD Z 5 new 7 member:1|ZREM Z member:2|DEL t|SET new 1
        |RENAME s q|SELECT 4|DEL other|SELECT 0|SWAPDB 0 4|FLUSHDB|SWAPDB 0 4|SET s 1|FLUSHALL|SET last 1";
    for change in changes.split('|') {
        run(&mut keyspace, NOW_MS, change);
        assert_eq!(digest(&snapshot), before, "{change}");
    }
    assert_eq!(file(&snapshot), bytes);
    assert_ne!(digest(&keyspace.snapshot()), before);
    let (loaded, done) = load(&bytes, true, 2);
    done.unwrap();
    assert_eq!(digest(&loaded.snapshot()), before);
}

#[test]
fn a_unit_tells_only_of_itself() {
    let mut keyspace = empty();
    let event = Event::generic("set");
    let value = || Value::String(b"value".to_vec().into());
    for round in 0..3 {
        let mut unit = keyspace.unit(Origin::Client, NOW_MS);
        unit.put(b"one", value(), None, event);
        unit.select(2);
        unit.put(b"two", value(), None, event);
        unit.flush(false);
        let effects = unit.commit();
        assert!(effects.flushed);
        let touched: Vec<_> = effects.touched().collect();
        assert!(touched.contains(&(0, &b"one"[..])) && touched.contains(&(2, &b"two"[..])));
        keyspace.reuse(effects);

        let mut unit = keyspace.unit(Origin::Client, NOW_MS);
        assert!(unit.exists(b"one"), "round {round}");
        let effects = unit.commit();
        assert!(effects.is_empty() && effects.iter().next().is_none());
        keyspace.reuse(effects);

        let mut unit = keyspace.unit(Origin::Client, NOW_MS);
        assert!(unit.delete(b"one") && !unit.delete(b"one"));
        let effects = unit.commit();
        assert_eq!((effects.dirty, effects.flushed), (1, false));
        let events: Vec<_> =
            effects.events().map(|(event, db, key)| (event.name, db, key)).collect();
        assert_eq!(events, [("del", 0, &b"one"[..])]);
        keyspace.reuse(effects);
    }
    // Nobody is told of what a file brings.
    let mut unit = keyspace.unit(Origin::Load, NOW_MS);
    unit.put(b"one", value(), None, event);
    assert_eq!(unit.commit().iter().next(), None);
}

/// Takes the one member out of a set.
fn take_member(unit: &mut Unit<'_>, key: &[u8]) -> Result<bool, WrongType> {
    unit.update(key, |place| {
        let Some((set, _)) = place.get::<crate::value::Set>()? else {
            return Ok((false, Change::None));
        };
        let removed = set.remove(b"member");
        Ok((removed, Change::wrote(Event::set("srem"), u64::from(removed))))
    })
}

#[test]
fn an_emptied_container_goes_with_its_key() {
    let mut keyspace = empty();
    run(&mut keyspace, NOW_MS, "SADD two member other|SADD one member|SET s x");
    let mut unit = keyspace.unit(Origin::Client, NOW_MS);
    assert_eq!(take_member(&mut unit, b"one"), Ok(true));
    assert_eq!(take_member(&mut unit, b"two"), Ok(true));
    assert_eq!(take_member(&mut unit, b"two"), Ok(false));
    assert_eq!(take_member(&mut unit, b"none"), Ok(false));
    assert_eq!(take_member(&mut unit, b"s"), Err(WrongType));
    assert!(!unit.exists(b"one") && unit.exists(b"two") && unit.exists(b"s"));
    let effects = unit.commit();
    let events: Vec<_> = effects.events().map(|(event, _, key)| (event.name, key)).collect();
    assert_eq!(events, [("srem", &b"one"[..]), ("del", b"one"), ("srem", b"two")]);
    assert_eq!(effects.dirty, 2);
}

#[test]
fn keys_expire_for_clients_alone() {
    let mut keyspace = empty();
    run(&mut keyspace, NOW_MS, "SET a 1 PX 100|SET b 2 PX 100|SADD c member|PEXPIRE c 100|SET d 1");
    let later_ms = NOW_MS + 100;
    for origin in [Origin::Load, Origin::Primary] {
        let mut unit = keyspace.unit(origin, later_ms);
        assert!(unit.exists(b"a") && unit.peek(b"b").is_some());
        assert_eq!(unit.len(), 4);
    }
    let mut unit = keyspace.unit(Origin::Client, later_ms - 1);
    assert!(unit.exists(b"a"));
    assert_eq!(unit.expire_cycle(100), 0);
    let mut unit = keyspace.unit(Origin::Client, later_ms);
    // Not shown, but there until somebody asks for it.
    assert!(unit.peek(b"a").is_none());
    assert_eq!(unit.len(), 4);
    assert!(!unit.exists(b"a"));
    assert_eq!(take_member(&mut unit, b"c"), Ok(false));
    assert_eq!(unit.len(), 2);
    assert_eq!((unit.expire_cycle(100), unit.len()), (1, 1));
    let effects = unit.commit();
    let expired: Vec<_> = effects.expired().collect();
    assert_eq!(expired, [(0, &b"a"[..]), (0, b"c"), (0, b"b")]);
    assert!(effects.events().all(|(event, ..)| event.name == "expired"));
}

/// Redis writes 0 where a field never expires; Valkey may have written it for one that has expired long ago.
#[test]
fn a_field_that_expired_at_the_beginning_of_time_does_not_live_for_ever() {
    for (more, packed) in [(0, true), (1000, false)] {
        let mut file = b"VALKEY080\xfe\x00\x16\x01h".to_vec();
        file.extend([0x80, 0, 0, ((more + 1_u32) >> 8) as u8, (more + 1) as u8]);
        for n in 0..=more {
            let name = format!("f{n}");
            file.push(name.len() as u8);
            file.extend(name.as_bytes());
            file.extend(b"\x01v");
            file.extend(if n == 0 { 0_i64 } else { -1 }.to_le_bytes());
        }
        file.extend(b"\xff\0\0\0\0\0\0\0\0");
        let (loaded, done) = load(&file, false, 1);
        done.unwrap();
        let snapshot = loaded.snapshot();
        let mut saved = Vec::new();
        snapshot
            .write(Target::find("redis-7.4").unwrap(), &SaveOptions::default(), &mut saved)
            .unwrap();
        assert_eq!(saved.contains(&25), packed);
        let (again, done) = load(&saved, false, 1);
        done.unwrap();
        assert_eq!(digest(&again.snapshot()), digest(&snapshot));
        let mut without = empty();
        run(&mut without, NOW_MS, "HSET h f0 v");
        assert_ne!(digest(&snapshot), digest(&without.snapshot()));
    }
}

/// What is freed part by part is all of it, and never what a snapshot sees.
#[test]
fn what_was_removed_is_freed_in_parts() {
    let mut keyspace = empty();
    for n in 0..5000 {
        run(&mut keyspace, NOW_MS, &format!("SET key:{n} {n}|RPUSH list a b c"));
    }
    let flush = |keyspace: &mut Keyspace| {
        let mut unit = keyspace.unit(Origin::Client, NOW_MS);
        unit.flush(true);
        drop(unit.commit());
        keyspace.take_trash().expect("something to free")
    };
    let snapshot = keyspace.snapshot();
    let before = digest(&snapshot);
    let mut trash = flush(&mut keyspace);
    assert_eq!(trash.objects(), 5001);
    while trash.free_some() {}
    assert!(trash.is_empty());
    assert_eq!(digest(&snapshot), before);
    drop(snapshot);
    for n in 0..5000 {
        run(&mut keyspace, NOW_MS, &format!("SET key:{n} {n}"));
    }
    let mut trash = flush(&mut keyspace);
    let mut parts = 0;
    while trash.free_some() {
        parts += 1;
    }
    assert!(trash.is_empty() && parts > 10, "{parts} parts");
}
