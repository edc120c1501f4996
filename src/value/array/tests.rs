//! Arrays beside a plain map: the same items after the same random changes, and copies that stay as they were.

use super::*;
use crate::base::rng::Rng;
use std::collections::BTreeMap;

fn texts(array: &Array) -> Vec<(u64, String)> {
    array.iter().map(|(index, value)| (index, String::from_utf8_lossy(value).into())).collect()
}

#[test]
fn behaves_as_a_map_and_clones_stay_frozen() {
    let mut rng = Rng::new(7);
    let mut below = |bound: u64| rng.below(bound);
    let mut array = Array::new();
    let mut map: BTreeMap<u64, Vec<u8>> = BTreeMap::new();
    let mut frozen: Option<(Array, BTreeMap<u64, Vec<u8>>)> = None;
    for round in 0..6000 {
        // Now and then far apart, so that runs come into being before and between others.
        let index = if below(3) == 0 { below(1 << 40) } else { below(700) };
        match below(10) {
            0..=6 => {
                let len = if below(40) == 0 { 6000 } else { below(60) } as usize;
                let value = vec![b'a' + below(26) as u8; len];
                let is_new = map.insert(index, value.clone()).is_none();
                assert_eq!(array.set(index, &value), is_new, "{round}");
            }
            7 | 8 => assert_eq!(array.remove(index), map.remove(&index).is_some(), "{round}"),
            _ => {
                let last = index + below(40);
                let gone: Vec<u64> = map.range(index..=last).map(|(index, _)| *index).collect();
                gone.iter().for_each(|index| drop(map.remove(index)));
                assert_eq!(array.remove_range(index, last), gone.len() as u64, "{round}");
            }
        }
        assert_eq!(array.count(), map.len() as u64);
        assert_eq!(array.len(), map.last_key_value().map_or(0, |(index, _)| index + 1));
        assert_eq!(array.get(index), map.get(&index).map(|value| &value[..]));
        if round % 500 == 0 {
            if let Some((array, map)) = frozen.take() {
                assert!(array.iter().eq(map.iter().map(|(index, value)| (*index, &value[..]))));
            }
            frozen = Some((array.clone(), map.clone()));
            let (a, b) = (below(900), below(1 << 39));
            let wanted = map.range(a..=b).map(|(index, value)| (*index, &value[..]));
            assert!(array.items(a, b).eq(wanted.clone()), "{a} to {b}");
            assert!(array.items(b, a).eq(wanted.rev()), "{b} to {a}");
        }
    }
    assert!(array.runs().count() > 10);
}

#[test]
fn runs_are_filled_by_rising_indexes() {
    let mut array = Array::new();
    for index in 0..10_000 {
        array.set(index, b"12345678");
    }
    assert_eq!(array.runs().count(), 10_000_usize.div_ceil(run::MAX_ITEMS));
    assert!(array.allocated_bytes() < 10_000 * 40, "{}", array.allocated_bytes());
}

#[test]
fn the_highest_index() {
    let mut array = Array::new();
    assert!(array.set(INDEX_MAX, b"last"));
    assert!(!array.set(u64::MAX, b"none"));
    assert_eq!((array.count(), array.len()), (1, u64::MAX));
    assert_eq!(array.items(u64::MAX, 0).count(), 1);
    array.set_last_insert(Some(INDEX_MAX));
    assert_eq!(array.next_insert(), None);
    assert_eq!(array.remove_range(0, u64::MAX), 1);
    assert_eq!((array.is_empty(), array.len(), array.items(5, 0).count()), (true, 0, 0));
}

#[test]
fn rings_keep_what_was_inserted_last() {
    let ring = |items: &[u64], last: Option<u64>, size: u64| {
        let mut array = Array::new();
        for index in items {
            array.set(*index, index.to_string().as_bytes());
        }
        array.set_last_insert(last);
        array.make_ring(size);
        let values: Vec<String> = texts(&array).into_iter().map(|(_, value)| value).collect();
        (values.join(" "), array.last_insert())
    };
    let six = [0, 1, 2, 3, 4, 5];
    assert_eq!(ring(&six, Some(5), 6), ("0 1 2 3 4 5".into(), Some(5)), "as it was");
    assert_eq!(ring(&six, Some(5), 9), ("0 1 2 3 4 5".into(), Some(5)), "in order already");
    assert_eq!(ring(&six, Some(2), 9), ("3 4 5 0 1 2".into(), Some(5)), "more room");
    assert_eq!(ring(&six, Some(2), 4), ("5 0 1 2".into(), Some(3)), "less room");
    assert_eq!(ring(&six, None, 3), ("3 4 5".into(), Some(2)), "never inserted");
    assert_eq!(ring(&[0, 1, 3, 5], Some(1), 5), ("5 0 1".into(), Some(2)), "up to the hole");
    assert_eq!(ring(&[0, 5], Some(3), 2), (String::new(), None), "a hole at once");
}
