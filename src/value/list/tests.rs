//! Lists beside a vector, clones that must not change, and the room that elements take.

use super::*;
use crate::base::rng::Rng;

type Model = Vec<Vec<u8>>;

fn check(list: &List, model: &Model, rng: &mut Rng) {
    let found: Model = list.iter().map(|value| value.to_vec()).collect();
    assert_eq!(&found, model);
    assert_eq!((list.len(), list.is_empty()), (model.len() as u64, model.is_empty()));
    for _ in 0..5 {
        let index = rng.below(model.len() as u64 + 2);
        let start = (index as usize).min(model.len());
        assert_eq!(list.get(index).map(|value| value.to_vec()).as_ref(), model.get(start));
        let forward: Model = list.iter_from(index, false).map(|value| value.to_vec()).collect();
        assert_eq!(forward, model[start..]);
        let mut back: Model = list.iter_from(index, true).map(|value| value.to_vec()).collect();
        back.reverse();
        assert_eq!(back, if start < model.len() { &model[..=start] } else { &[] });
    }
}

fn value(rng: &mut Rng) -> Vec<u8> {
    match rng.below(40) {
        0 => vec![b'l'; 4000 + rng.below(6000) as usize],
        1..8 => format!("value {}", rng.below(1000)).into_bytes(),
        8..12 => vec![b'v'; rng.below(100) as usize],
        _ => rng.below(50).to_string().into_bytes(),
    }
}

/// A list under random changes holds what a vector holds, and clones of it stay as they were.
#[test]
fn behaves_as_a_vector_and_clones_stay_frozen() {
    for seed in 0..8 {
        println!("seed {seed}");
        let mut rng = Rng::new(seed);
        let size = [-1, -2, 5, 128, -1, 1, 0, -5][seed as usize];
        let limits = Limits { list_max_listpack_size: size, ..Limits::default() };
        let (mut list, mut model) = (List::new(), Model::new());
        let mut frozen: Vec<(List, Model)> = Vec::new();
        for step in 0..6000_u64 {
            let value = value(&mut rng);
            let index = rng.below(model.len() as u64 + 1);
            let at = index as usize;
            let shrinking = step / 2000 % 2 == 1;
            match rng.below(if shrinking { 12 } else { 9 }) {
                0 | 1 => {
                    list.push_front(&value, &limits);
                    model.insert(0, value);
                }
                2..5 => {
                    list.push_back(&value, &limits);
                    model.push(value);
                }
                5 | 6 => {
                    list.insert(index, &value, &limits);
                    model.insert(at, value);
                }
                7 => {
                    assert_eq!(list.set(index, &value, &limits), at < model.len());
                    if at < model.len() {
                        model[at] = value;
                    }
                }
                8 | 9 => {
                    let first = (!model.is_empty()).then(|| model.remove(0));
                    assert_eq!(list.pop_front(), first);
                }
                _ => assert_eq!(list.pop_back(), model.pop()),
            }
            match rng.below(400) {
                0 => {
                    let count = rng.below(model.len() as u64 / 4 + 2);
                    let removed = list.remove_range(index, count);
                    let at = at.min(model.len());
                    assert_eq!(removed, count.min((model.len() - at) as u64));
                    model.drain(at..at + removed as usize);
                }
                1 => {
                    let value = rng.below(50).to_string().into_bytes();
                    let count = rng.below(9) as i64 - 4;
                    let mut places: Vec<usize> =
                        (0..model.len()).filter(|i| model[*i] == value).collect();
                    if count < 0 {
                        places.reverse();
                    }
                    places.truncate(if count == 0 {
                        usize::MAX
                    } else {
                        count.unsigned_abs() as usize
                    });
                    places.sort_unstable();
                    assert_eq!(list.remove_matching(&value, count), places.len() as u64);
                    for place in places.iter().rev() {
                        model.remove(*place);
                    }
                }
                2..5 => frozen.push((list.clone(), model.clone())),
                5..8 => check(&list, &model, &mut rng),
                _ => {}
            }
            if frozen.len() > 4 {
                let (list, model) = frozen.swap_remove(rng.below(4) as usize);
                check(&list, &model, &mut rng);
            }
        }
        check(&list, &model, &mut rng);
        let limit = NodeLimit::of(&limits);
        for chunk in list.chunks() {
            if let Chunk::Packed(pack) = chunk
                && size < 0
            {
                assert!(pack.count() == 1 || !limit.is_over(pack.len_bytes(), pack.count()));
            }
        }
        check(&List::from_chunks(list.chunks().cloned(), &limits), &model, &mut rng);
        while list.pop_back().is_some() {}
        assert!(list.is_empty());
        list.push_front(b"again", &limits);
        assert_eq!(list.pop_front(), Some(b"again".to_vec()));
    }
}

#[test]
fn large_elements_stand_alone() {
    let limits = Limits::default();
    let mut list = List::new();
    list.push_back(b"small", &limits);
    assert!(list.is_packed());
    list.push_back(&[b'x'; 9000], &limits);
    list.push_back(b"small too", &limits);
    assert!(!list.is_packed());
    let kinds: Vec<_> = list.chunks().map(|chunk| matches!(chunk, Chunk::Plain(_))).collect();
    assert_eq!(kinds, [false, true, false]);
    let copy = List::from_chunks(list.chunks().cloned(), &limits);
    assert_eq!(copy.len(), 3);
    let one = List::from_chunks(list.chunks().take(1).cloned(), &limits);
    assert_eq!((one.is_packed(), one.len()), (true, 1));
}

#[test]
fn small_elements_take_little_room() {
    const N: u64 = 100_000;
    let mut list = List::new();
    for n in 0..N {
        list.push_back(format!("item:{n:05}").as_bytes(), &Limits::default());
    }
    let bytes = list.allocated_bytes() as f64 / N as f64;
    println!("{bytes} bytes per element");
    assert!(bytes <= 13.0, "{bytes} bytes per element");
}
