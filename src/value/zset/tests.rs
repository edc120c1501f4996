//! Sorted sets beside a sorted map, clones that must not change, their packed form and their ranges.

use super::*;
use crate::base::rng::Rng;
use std::collections::BTreeMap;

type Model = BTreeMap<Vec<u8>, f64>;

fn sorted(model: &Model) -> Vec<(Vec<u8>, f64)> {
    let mut pairs: Vec<_> = model.iter().map(|(member, score)| (member.clone(), *score)).collect();
    pairs.sort_by(|a, b| order((a.1, &a.0), (b.1, &b.0)));
    pairs
}

fn owned((member, score): (Bulk<'_>, f64)) -> (Vec<u8>, f64) {
    (member.to_vec(), score)
}

/// Scores by their bits, but for the sign of zero, which small sets do not keep.
fn bits(pairs: &[(Vec<u8>, f64)]) -> Vec<(&[u8], u64)> {
    pairs.iter().map(|(member, score)| (&member[..], (score + 0.0).to_bits())).collect()
}

fn check(zset: &Zset, model: &Model, rng: &mut Rng) {
    let expected = sorted(model);
    let found: Vec<_> = zset.iter().map(owned).collect();
    assert_eq!(bits(&found), bits(&expected));
    assert_eq!((zset.len(), zset.is_empty()), (expected.len() as u64, expected.is_empty()));
    for _ in 0..5 {
        let rank = rng.below(expected.len() as u64 + 2);
        let start = (rank as usize).min(expected.len());
        let forward: Vec<_> = zset.iter_by_rank(rank, false).map(owned).collect();
        assert_eq!(forward, expected[start..]);
        let mut back: Vec<_> = zset.iter_by_rank(rank, true).map(owned).collect();
        back.reverse();
        assert_eq!(back, if start < expected.len() { &expected[..=start] } else { &[] });
        let Some((member, score)) = expected.get(start) else { continue };
        assert_eq!(zset.rank(member), Some((rank, *score)));
        assert_eq!(zset.get(rank).map(owned).as_ref(), Some(&expected[start]));
        for edge in [
            Edge::Start,
            Edge::End,
            Edge::BeforeScore(*score),
            Edge::AfterScore(*score),
            Edge::BeforeScore(score + 0.5),
            Edge::AfterScore(f64::NEG_INFINITY),
        ] {
            let before = expected.iter().filter(|(m, s)| edge.is_behind(*s, m)).count();
            assert_eq!(zset.count_before(edge), before as u64, "{edge:?}");
        }
    }
}

fn score(rng: &mut Rng) -> f64 {
    match rng.below(10) {
        0 => f64::INFINITY,
        1 => f64::NEG_INFINITY,
        2 => -0.0,
        3 => 0.0,
        4 => rng.unit() * 1e20,
        5 => 1.0,
        _ => rng.below(100) as f64 / 4.0 - 10.0,
    }
}

fn member(rng: &mut Rng, space: u64) -> Vec<u8> {
    let n = rng.below(space);
    match n % 7 {
        0 => n.to_string().into_bytes(),
        1 if n.is_multiple_of(50) => vec![b'm'; 3000 + n as usize % 3000],
        _ => format!("member:{n}").into_bytes(),
    }
}

/// A set under random changes holds what a map holds, and clones of it stay as they were.
#[test]
fn behaves_as_a_sorted_map_and_clones_stay_frozen() {
    for seed in 0..6 {
        println!("seed {seed}");
        let mut rng = Rng::new(seed);
        let space = [60, 800, 9000][(seed % 3) as usize];
        let mut limits = Limits::default();
        if seed == 3 {
            limits.zset_max_listpack_value = 10_000;
        }
        let (mut zset, mut model) = (Zset::new(), Model::new());
        let mut frozen: Vec<(Zset, Model)> = Vec::new();
        for step in 0..15_000_u64 {
            let member = member(&mut rng, space);
            let removing = if step / 4000 % 2 == 0 { 3 } else { 7 };
            if rng.below(10) < removing {
                assert_eq!(zset.remove(&member), model.remove(&member));
            } else {
                let score = score(&mut rng);
                let old = model.get(&member).copied();
                assert_eq!(zset.insert(&member, score, &limits), old);
                if old != Some(score) {
                    model.insert(member.clone(), score);
                }
            }
            assert_eq!(zset.score(&member), model.get(&member).copied());
            match rng.below(1000) {
                0..4 => frozen.push((zset.clone(), model.clone())),
                4 => check(&zset, &model, &mut rng),
                5 => {
                    let expected = sorted(&model);
                    let start = rng.below(expected.len() as u64 + 1);
                    let end = start + rng.below(expected.len() as u64 / 8 + 2);
                    let gone = &expected[start as usize..(end as usize).min(expected.len())];
                    let mut seen = Vec::new();
                    let count = zset.remove_by_rank(start..end, |m, s| seen.push(owned((m, s))));
                    assert_eq!((count, &seen[..]), (gone.len() as u64, gone));
                    for (member, _) in gone {
                        model.remove(member);
                    }
                    check(&zset, &model, &mut rng);
                }
                6..9 => {
                    let expected = sorted(&model);
                    let (popped, expected) = if step % 2 == 0 {
                        (zset.pop_first(), expected.first())
                    } else {
                        (zset.pop_last(), expected.last())
                    };
                    assert_eq!(popped.as_ref(), expected);
                    popped.map(|(member, _)| model.remove(&member));
                }
                _ => {}
            }
            if frozen.len() > 4 {
                let (zset, model) = frozen.swap_remove(rng.below(4) as usize);
                check(&zset, &model, &mut rng);
            }
        }
        check(&zset, &model, &mut rng);
        let mut pairs: Vec<_> = model.clone().into_iter().collect();
        check(&Zset::from_pairs(pairs.clone(), &limits).unwrap(), &model, &mut rng);
        if let Some(pack) = zset.as_listpack() {
            check(&Zset::from_listpack(pack.clone(), &limits).unwrap(), &model, &mut rng);
        }
        pairs.extend(pairs.first().map(|(member, _)| (member.clone(), 1e30)));
        assert!(Zset::from_pairs(pairs, &limits).is_none());
        while zset.pop_last().is_some() {}
        assert!(zset.is_empty());
    }
}

#[test]
fn listpack_is_what_servers_write() {
    let mut zset = Zset::new();
    for (member, score) in [("b", 2.5), ("c", f64::NEG_INFINITY), ("a", 1.0)] {
        assert_eq!(zset.insert(member.as_bytes(), score, &Limits::default()), None);
    }
    let expected = [
        0x1d, 0, 0, 0, 6, 0, 0x81, b'c', 2, 0x84, b'-', b'i', b'n', b'f', 5, 0x81, b'a', 2, 1, 1,
        0x81, b'b', 2, 0x83, b'2', b'.', b'5', 4, 0xff,
    ];
    assert_eq!(zset.as_listpack().map(Listpack::as_bytes), Some(&expected[..]));
    assert!(
        Zset::from_listpack([Bulk::Int(1)].into_iter().collect(), &Limits::default()).is_none()
    );
    let text = [Bulk::Int(1), Bulk::Bytes(b"x")];
    assert!(Zset::from_listpack(text.into_iter().collect(), &Limits::default()).is_none());
    let double = [Bulk::Int(1), Bulk::Int(1), Bulk::Int(1), Bulk::Int(2)];
    assert!(Zset::from_listpack(double.into_iter().collect(), &Limits::default()).is_none());
}

#[test]
fn limits_end_the_packed_form() {
    let limits = Limits::default();
    let mut zset = Zset::new();
    for n in 0..128 {
        zset.insert(format!("{n}").as_bytes(), 0.0, &limits);
    }
    assert!(zset.is_packed());
    zset.insert(b"0", 1.0, &limits);
    assert!(zset.is_packed());
    zset.insert(b"x", 1.0, &limits);
    assert!(!zset.is_packed());
    let mut zset = Zset::new();
    zset.insert(&[b'x'; 65], 1.0, &limits);
    assert!(!zset.is_packed());
    assert_eq!(zset.insert(&[b'x'; 65], f64::NAN, &limits), Some(1.0));
}

#[test]
fn ranges_by_member() {
    let limits = Limits { zset_max_listpack_entries: 3, ..Limits::default() };
    for n in [3_u64, 1000] {
        let mut zset = Zset::new();
        for i in 0..n {
            zset.insert(format!("m{i:04}").as_bytes(), 7.0, &limits);
        }
        for i in 0..n {
            let member = format!("m{i:04}").into_bytes();
            assert_eq!(zset.count_before(Edge::BeforeMember(&member)), i);
            assert_eq!(zset.count_before(Edge::AfterMember(&member)), i + 1);
        }
    }
}

#[test]
fn large_sets_are_compact() {
    const N: u64 = 100_000;
    for in_order in [true, false] {
        let mut rng = Rng::new(1);
        let mut zset = Zset::new();
        for n in 0..N {
            let score = if in_order { n as f64 } else { rng.unit() };
            zset.insert(format!("member:{n:09}").as_bytes(), score, &Limits::default());
        }
        let per_member = zset.allocated_bytes() as u64 / N;
        println!("{per_member} bytes per member");
        assert!(per_member <= 60, "{per_member}");
    }
}

#[test]
fn small_sets_keep_zero_without_its_sign() {
    let mut zset = Zset::new();
    zset.insert(b"a", -0.0, &Limits::default());
    assert_eq!(zset.score(b"a").map(f64::to_bits), Some(0));
    let zset = Zset::from_pairs(vec![(b"a".to_vec(), -0.0)], &Limits::default()).unwrap();
    assert_eq!(zset.score(b"a").map(f64::to_bits), Some(0));
}
