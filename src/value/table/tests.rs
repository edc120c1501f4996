//! Tables beside maps of the standard library.

use super::*;
use crate::base::rng::Rng;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Slot;

type Model = BTreeMap<Vec<u8>, (Value, Meta)>;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Value {
    Bytes(Vec<u8>),
    Object(u64),
}

fn new(value: &Value) -> New<'_, u64> {
    match value {
        Value::Bytes(bytes) => New::Bytes(bytes),
        Value::Object(n) => New::Object(*n),
    }
}

fn owned(entry: Entry<'_, u64>) -> (Vec<u8>, (Value, Meta)) {
    let value = match entry.value {
        Stored::Bytes(bytes) => Value::Bytes(bytes.to_vec()),
        Stored::Object(n) => Value::Object(*n),
    };
    (entry.key.to_vec(), (value, entry.meta))
}

fn key(rng: &mut Rng, keys: u64) -> Vec<u8> {
    let n = rng.below(keys);
    let mut key = format!("key:{n}").into_bytes();
    if n.is_multiple_of(13) {
        key.resize(250 + (n % 500) as usize, b'x');
    }
    key
}

fn value(rng: &mut Rng) -> Value {
    match rng.below(4) {
        0 => Value::Object(rng.next_u64()),
        1 => Value::Bytes(Vec::new()),
        2 => Value::Bytes(vec![b'v'; rng.below(448) as usize]),
        _ => Value::Bytes(rng.next_u64().to_string().into_bytes()),
    }
}

fn meta(rng: &mut Rng) -> Meta {
    Meta {
        expire_at_ms: (rng.below(3) == 0).then(|| rng.below(1000) as i64),
        access: (rng.below(2) == 0).then(|| rng.next_u64() as u32),
        mark: rng.below(8) as u8,
    }
}

fn check(table: &Table<u64>, model: &Model) {
    let found: Model = table.iter().map(owned).collect();
    assert_eq!(found.len() as u64, table.len(), "no entry twice");
    assert_eq!(&found, model);
    assert_eq!(
        table.expiring(),
        model.values().filter(|(_, meta)| meta.expire_at_ms.is_some()).count() as u64
    );
    for rank in [0, table.len() / 2, table.len().wrapping_sub(1)] {
        assert_eq!(table.nth(rank).map(owned), table.iter().nth(rank as usize).map(owned));
    }
    if let Some(earliest) = model.values().filter_map(|(_, meta)| meta.expire_at_ms).min() {
        assert!(table.earliest_ms().unwrap() <= earliest);
    }
}

/// Writes each byte of a string one higher, of the same length or, now and then, one longer.
fn followed(bytes: &[u8]) -> Vec<u8> {
    let mut next: Vec<u8> = bytes.iter().map(|byte| byte.wrapping_add(1)).collect();
    if next.first().is_some_and(|first| first % 3 == 0) {
        next.push(b'+');
    }
    next
}

/// [`Table::follow`] with [`followed`]; whether it was done.
fn follow(table: &mut Table<u64>, at: &Locator<'_>, access: u32, mark: u8) -> bool {
    let result = table.follow(at, access, mark, |old| match old {
        Some(Stored::Bytes(bytes)) => Ok((followed(bytes), ())),
        Some(Stored::Object(_)) => Err(()),
        None => Ok((Vec::new(), ())),
    });
    result.is_ok_and(|(_, (), done)| done)
}

/// What [`follow`] does, on the model.
fn follow_model(entry: Option<&mut (Value, Meta)>, access: u32, mark: u8) -> bool {
    let Some((Value::Bytes(bytes), meta)) = entry else { return false };
    let next = followed(bytes);
    if bytes.is_empty() || next.len() != bytes.len() || meta.access.is_none() {
        return false;
    }
    *bytes = next;
    (meta.access, meta.mark) = (Some(access), mark);
    true
}

/// A table under random changes holds what a map holds, and clones of it stay as they were.
#[test]
fn behaves_as_a_map_and_clones_stay_frozen() {
    for seed in 0..6_u64 {
        println!("seed {seed}");
        let mut rng = Rng::new(seed);
        let order = if seed % 2 == 0 { Seed::new(seed) } else { Seed::by_slot(seed) };
        let (mut table, mut model) = (Table::new(order), Model::new());
        let mut frozen: Vec<(Table<u64>, Model)> = Vec::new();
        let keys = [20, 300, 5000][(seed % 3) as usize];
        for step in 0..12_000_u64 {
            let key = key(&mut rng, keys);
            // Growing and shrinking times.
            let removing = if (step / 3000) % 2 == 0 { 2 } else { 7 };
            match rng.below(10) {
                n if n < removing => {
                    let removed = table.remove(&key).map(|removed| removed.meta);
                    assert_eq!(removed, model.remove(&key).map(|(_, meta)| meta));
                }
                6 => {
                    let (access, mark) = (rng.next_u64() as u32, rng.below(8) as u8);
                    let at = table.locate(&key);
                    let done = follow(&mut table, &at, access, mark);
                    assert_eq!(done, follow_model(model.get_mut(&key), access, mark));
                    let used = rng.next_u64() as u32;
                    let shared = frozen.iter().any(|(_, model)| model.contains_key(&key));
                    assert_eq!(table.find_to_use(&at, used), table.find(&at));
                    match model.get_mut(&key) {
                        // Whether a snapshot still shares the page is not this test's to know.
                        Some((_, meta)) if shared => {
                            meta.access = table.get(&key).unwrap().meta.access
                        }
                        Some((_, Meta { access: Some(access), .. })) => *access = used,
                        _ => {}
                    }
                }
                7 => {
                    let meta = meta(&mut rng);
                    let old = table.set_meta(&key, meta);
                    assert_eq!(old.is_some(), model.contains_key(&key));
                    if let Some((_, old)) = model.get_mut(&key) {
                        *old = meta;
                    }
                }
                8 => {
                    let number = rng.next_u64();
                    if let Some(object) = table.object_mut(&key) {
                        *object = number;
                        model.get_mut(&key).unwrap().0 = Value::Object(number);
                    } else {
                        assert!(!matches!(model.get(&key), Some((Value::Object(_), _))));
                    }
                }
                _ => {
                    let (value, meta) = (value(&mut rng), meta(&mut rng));
                    let old = table.insert(&key, new(&value), meta);
                    assert_eq!(old, model.insert(key.clone(), (value, meta)).map(|(_, meta)| meta));
                }
            }
            let there = table.get(&key).map(owned);
            assert_eq!(there, model.get(&key).map(|pair| (key, pair.clone())));
            if rng.below(1500) == 0 {
                frozen.push((table.clone(), model.clone()));
            }
            if rng.below(3000) == 0 {
                frozen.clear();
            }
        }
        check(&table, &model);
        for (table, model) in &frozen {
            check(table, model);
        }
        let now_ms = 500;
        let due: Vec<_> = model
            .iter()
            .filter(|(_, (_, meta))| meta.expire_at_ms.is_some_and(|at| at <= now_ms))
            .collect();
        let mut expired = table.expired(now_ms, usize::MAX);
        expired.sort();
        assert_eq!(expired, due.iter().map(|(key, _)| (*key).clone()).collect::<Vec<_>>());
        for key in expired {
            table.remove(&key);
        }
        assert_eq!(table.expired(now_ms, 1), Vec::<Vec<u8>>::new());
        let left: Vec<_> = table.iter().map(|entry| entry.key.to_vec()).collect();
        for key in left {
            assert!(table.remove(&key).is_some());
        }
        assert!(table.is_empty());
        check(&table, &Model::new());
    }
}

/// Keys that are there all the time are visited, whatever happens between the steps.
#[test]
fn a_scan_misses_no_key_that_stays() {
    for seed in 0..8 {
        println!("seed {seed}");
        let mut rng = Rng::new(seed);
        let mut table =
            Table::<u64>::new(if seed % 2 == 0 { Seed::new(seed) } else { Seed::by_slot(seed) });
        for n in 0..2000 {
            table.insert(format!("stays:{n}").as_bytes(), New::Bytes(b"1"), Meta::default());
        }
        let (mut cursor, mut seen, mut comes) = (0, BTreeMap::<Vec<u8>, u32>::new(), 0_u64);
        loop {
            cursor =
                table.scan(cursor, 10, |entry| *seen.entry(entry.key.to_vec()).or_default() += 1);
            if cursor == 0 {
                break;
            }
            for _ in 0..rng.below(60) {
                comes += 1;
                table.insert(
                    format!("comes:{comes}").as_bytes(),
                    New::Bytes(b"1"),
                    Meta::default(),
                );
            }
            for _ in 0..rng.below(60) {
                table.remove(format!("comes:{}", rng.below(comes + 1)).as_bytes());
            }
        }
        for n in 0..2000 {
            assert_eq!(seen.get(format!("stays:{n}").as_bytes()), Some(&1), "stays:{n}");
        }
    }
}

#[test]
fn a_scan_gives_about_as_many_as_asked_for() {
    let mut table = Table::<u64>::new(Seed::new(1));
    for n in 0..10_000 {
        table.insert(format!("{n}").as_bytes(), New::Bytes(b""), Meta::default());
    }
    let (mut cursor, mut calls) = (0, 0);
    loop {
        let mut given = 0;
        cursor = table.scan(cursor, 100, |_| given += 1);
        calls += 1;
        assert!(given <= 101, "{given}");
        if cursor == 0 {
            break;
        }
    }
    assert!((99..=101).contains(&calls), "{calls}");
    assert_eq!(table.scan(u64::MAX, 10, |_| panic!("no such cursor")), 0);
}

#[test]
fn keys_of_a_slot_stand_together() {
    let mut table = Table::<u64>::new(Seed::by_slot(3));
    for n in 0..20_000 {
        table.insert(format!("{{{}}}:{n}", n % 50).as_bytes(), New::Bytes(b""), Meta::default());
    }
    let slots: Vec<_> = table.iter().map(|entry| crate::base::slot::key_slot(entry.key)).collect();
    // Pages are not sorted inside, but the order of pages is that of slots: with 400 keys a slot, runs dominate.
    let changes = slots.windows(2).filter(|pair| pair[0] != pair[1]).count();
    assert!(changes < 4000, "{changes}");
}

/// What an entry costs: 16-byte keys, 16-byte values, access times.
#[test]
fn entries_are_small() {
    let mut table = Table::<u64>::new(Seed::new(1));
    let empty = table.allocated_bytes();
    let entries = 100_000;
    for n in 0..entries {
        let text = format!("{n:016}");
        table.insert(
            text.as_bytes(),
            New::Bytes(text.as_bytes()),
            Meta { access: Some(1), ..Meta::default() },
        );
    }
    let each = (table.allocated_bytes() - empty) as f64 / f64::from(entries);
    assert!(each < 54.0, "{each} bytes");
}

/// Entries that come together are there as if they had come one by one, and the first that is left out is told.
#[test]
fn entries_may_come_together() {
    for seed in 0..8_u64 {
        println!("seed {seed}");
        let mut rng = Rng::new(seed);
        let order = if seed % 2 == 0 { Seed::new(seed) } else { Seed::by_slot(seed) };
        let (mut table, mut model) = (Table::new(order), Model::new());
        let (keys, threads) = ([200, 300_000][(seed / 2 % 2) as usize], 1 + (seed / 4) as usize);
        for round in 0..4 {
            let frozen = (table.clone(), model.clone());
            let mut first = None;
            let mut stacks = Vec::new();
            let mut like = Size::default();
            for stack in 0..rng.below(5) as usize {
                let mut entries = Stack::new(order, like);
                for note in 0..rng.below(keys.min(12_000)) as u32 {
                    let (key, value, meta) = (key(&mut rng, keys), value(&mut rng), meta(&mut rng));
                    entries.push(&key, new(&value), meta, note);
                    match model.entry(key) {
                        Slot::Occupied(slot) if first.is_none() => {
                            let key = slot.key().clone();
                            first = Some(Repeat { place: (stack, note), key });
                        }
                        Slot::Occupied(_) => {}
                        Slot::Vacant(slot) => {
                            slot.insert((value, meta));
                        }
                    }
                }
                like = entries.size();
                stacks.push(entries);
            }
            assert_eq!(table.extend(stacks, threads), first, "round {round}");
            check(&table, &model);
            check(&frozen.0, &frozen.1);
            for key in model.keys().step_by(7) {
                assert!(table.contains(key));
            }
            // What came together can be changed one by one.
            for _ in 0..500 {
                let key = key(&mut rng, keys);
                let removed = table.remove(&key).map(|removed| removed.meta);
                assert_eq!(removed, model.remove(&key).map(|(_, meta)| meta));
            }
            check(&table, &model);
        }
    }
}

#[test]
fn a_key_that_comes_many_times_is_there_once() {
    let order = Seed::new(1);
    let mut table = Table::<u64>::new(order);
    let mut stack = Stack::new(order, Size::default());
    (0..100_000).for_each(|note| stack.push(b"key", New::Object(7), Meta::default(), note));
    let repeat = Repeat { place: (0, 1), key: b"key".to_vec() };
    assert_eq!(table.extend(vec![stack], 2), Some(repeat));
    assert_eq!((table.len(), table.iter().count()), (1, 1));
}

#[test]
fn samples_are_entries_and_every_entry_is_sampled() {
    let mut table = Table::new(Seed::new(5));
    let mut rng = Rng::new(6);
    for n in 0..3000_i64 {
        let expire_at_ms = (n % 100 == 0).then_some(n + 1);
        let meta = Meta { expire_at_ms, ..Meta::default() };
        table.insert(n.to_string().as_bytes(), New::Object(n as u64), meta);
    }
    let mut seen = [BTreeMap::new(), BTreeMap::new()];
    for (expiring_only, seen) in [false, true].into_iter().zip(&mut seen) {
        for _ in 0..20_000 {
            let mut count = 0;
            table.sample(expiring_only, 5, &mut rng, |entry| {
                assert!(table.contains(entry.key));
                assert!(!expiring_only || entry.meta.expire_at_ms.is_some());
                *seen.entry(entry.key.to_vec()).or_insert(0) += 1;
                count += 1;
            });
            assert_eq!(count, 5);
        }
    }
    assert_eq!(seen.map(|seen| seen.len()), [3000, 30]);
    let mut few = 0;
    table.sample(true, 1000, &mut rng, |_| few += 1);
    assert_eq!(few, 30);
    let empty: Table<u64> = Table::new(Seed::new(1));
    empty.sample(false, 5, &mut rng, |_| panic!("there is nothing"));
}

/// What is read ahead for hashes is what their keys have, at whatever level they are, and nothing of keys that are not there.
#[test]
fn warming_visits_the_objects_of_keys() {
    let mut table: Table<u32> = Table::new(Seed::new(7));
    for count in [0_u32, 1, 50, 70, 5000, 20_000, 400_000] {
        for n in table.len() as u32..count {
            table.insert(n.to_string().as_bytes(), New::Object(n), Meta::default());
        }
        let wanted: Vec<u32> = (0..40).map(|n| n * 977 % (count + 7)).collect();
        let hashes = wanted.iter().map(|n| table.seed().hash(n.to_string().as_bytes()));
        let mut visited = Vec::new();
        table.warm(hashes, |number, object| visited.push((number, *object)));
        let there = wanted.iter().filter(|n| **n < count).count();
        // Another key may look like the one that is wanted, which costs nothing but time.
        let right = visited.iter().filter(|(number, object)| wanted[*number] == *object).count();
        assert!(right * 10 >= there * 8, "{count}: {right} of {there}");
        assert!(visited.len() <= wanted.len());
    }
}
