//! Vector sets: what searches find, before and after removals; what clones and files hold; and what damaged files do.

use super::*;
use crate::base::rng::Rng;
use std::collections::{BTreeMap, BTreeSet};

/// How far to look around for links, as commands do unless told otherwise.
const BUILD_EF: usize = 200;

/// How far searches look around, as commands do unless told otherwise.
const SEARCH_EF: usize = 100;

fn shape(dim: usize, quantization: Quantization) -> Shape {
    Shape { dim, quantization, max_links: MAX_LINKS_DEFAULT, projection: None }
}

fn random_vector(dim: usize, rng: &mut Rng) -> Vec<f32> {
    (0..dim).map(|_| rng.unit() as f32 * 2.0 - 1.0).collect()
}

fn name(number: usize) -> Vec<u8> {
    format!("element:{number}").into_bytes()
}

/// A set of random vectors, of the lowest numbers.
fn random_set(count: usize, shape: Shape, rng: &mut Rng) -> VectorSet {
    let mut set = VectorSet::with_shape(shape);
    for number in 0..count {
        let vector = random_vector(set.dim(), rng);
        assert!(set.add(&name(number), vector, BUILD_EF, None));
    }
    set
}

/// Holds a set to what must be true of any: all links go both ways and are counted rightly, all nodes have names, and all are
/// reached from the entry.
#[track_caller]
fn check(set: &VectorSet) {
    let mut reached = BTreeSet::from([set.entry]);
    let mut open = vec![set.entry];
    while let Some(place) = open.pop() {
        let Some(node) = set.nodes.get(place) else { continue };
        for (at, layer) in node.layers.iter().enumerate() {
            let mut own: Vec<Place> = layer.links.clone();
            own.sort_unstable();
            own.dedup();
            assert_eq!(own.len(), layer.links.len());
            assert!(layer.links.len() <= layer.max_links as usize);
            assert_eq!((layer.worst_distance, layer.worst_index), set.worst_link(place, at));
            for to in &layer.links {
                assert_ne!(*to, place);
                assert!(set.nodes.get(*to).unwrap().links(at).contains(&place));
                if reached.insert(*to) {
                    open.push(*to);
                }
            }
        }
    }
    if !set.is_empty() {
        assert_eq!(reached.len(), set.len(), "not all nodes are reached");
    }
    assert_eq!(set.by_age().count(), set.len());
    assert_eq!(set.names_from(b"").count(), set.len());
    for (place, node) in set.nodes.iter() {
        assert_eq!(set.names.get(&node.name), Some(place));
        assert!(node.level() <= set.max_level());
    }
}

/// The share of the ten truly nearest elements that searches find.
fn recall(set: &VectorSet, rng: &mut Rng) -> f64 {
    const QUERIES: usize = 50;
    const NEAREST: usize = 10;
    let mut found = 0;
    for _ in 0..QUERIES {
        let query = set.query(random_vector(set.dim(), rng));
        let names = |found: Vec<Found<'_>>| -> BTreeSet<Vec<u8>> {
            found.iter().take(NEAREST).map(|found| found.name.to_vec()).collect()
        };
        let truth = names(set.search_all(&query, SEARCH_EF, None));
        found += names(set.search(&query, SEARCH_EF, None)).intersection(&truth).count();
    }
    found as f64 / (QUERIES * NEAREST) as f64
}

#[test]
fn searches_find_what_is_nearest_before_and_after_removals() {
    let seed = 20_250_401;
    println!("seed {seed}");
    let mut rng = Rng::new(seed);
    let mut set = random_set(3_000, shape(64, Quantization::Int8), &mut rng);
    let before = recall(&set, &mut rng);
    assert!(before >= 0.9, "recall {before}");
    check(&set);
    // Two of three go, those where searches begin among them.
    for number in 0..3_000 {
        if number % 3 != 0 {
            set.remove(&name(number));
        }
        if number % 100 == 0 {
            let entry = set.nodes.get(set.entry).unwrap().name.clone();
            assert!(set.remove(&entry));
        }
    }
    check(&set);
    let after = recall(&set, &mut rng);
    assert!(after >= 0.9, "recall {after}");
    println!("recall {before}, after removals {after}");
}

#[test]
fn all_forms_find_and_forget() {
    for (quantization, wanted) in [(Quantization::Float32, 0.95), (Quantization::Binary, 0.8)] {
        let seed = 7;
        println!("seed {seed} {quantization:?}");
        let mut rng = Rng::new(seed);
        let mut set = random_set(600, shape(70, quantization), &mut rng);
        let found = recall(&set, &mut rng);
        assert!(found >= wanted, "recall {found}");
        check(&set);
        for number in 0..600 {
            assert!(set.remove(&name(number)));
            assert!(!set.remove(&name(number)));
            if number % 97 == 0 {
                check(&set);
            }
        }
        assert!(set.is_empty() && set.search(&set.query(vec![1.0; 70]), 10, None).is_empty());
        assert_eq!(set.nodes.len(), 0);
    }
}

#[test]
fn random_changes_agree_with_a_map() {
    let seed = 11;
    println!("seed {seed}");
    let mut rng = Rng::new(seed);
    let mut set = VectorSet::with_shape(Shape { max_links: 4, ..shape(3, Quantization::Float32) });
    let mut model: BTreeMap<Vec<u8>, Option<Vec<u8>>> = BTreeMap::new();
    let mut kept = Vec::new();
    for step in 0..3_000 {
        let name = name(rng.below(150) as usize);
        match rng.below(10) {
            0..5 => {
                let attributes = match rng.below(3) {
                    0 => None,
                    1 => Some(Vec::new()),
                    _ => Some(step.to_string().into_bytes()),
                };
                let vector = random_vector(3, &mut rng);
                let is_new = set.add(&name, vector, 20, attributes.as_deref());
                assert_eq!(is_new, !model.contains_key(&name));
                let slot = model.entry(name).or_default();
                if let Some(attributes) = attributes {
                    *slot = Some(attributes).filter(|attributes| !attributes.is_empty());
                }
            }
            5..9 => assert_eq!(set.remove(&name), model.remove(&name).is_some()),
            _ => {
                let is_there = model.contains_key(&name);
                assert_eq!(set.set_attributes(&name, b"x"), is_there);
                if is_there {
                    model.insert(name, Some(b"x".to_vec()));
                }
            }
        }
        if step % 250 == 0 {
            kept.push((set.clone(), model.clone()));
        }
    }
    kept.push((set, model));
    // What clones share was changed in others only.
    for (set, model) in kept {
        check(&set);
        let elements = set.names_from(b"").map(|name| {
            let attributes = set.get(name).and_then(Element::attributes).map(<[u8]>::to_vec);
            (name.to_vec(), attributes)
        });
        let with = model.values().filter(|attributes| attributes.is_some()).count();
        assert_eq!(set.with_attributes(), with as u64);
        assert_eq!(elements.collect::<BTreeMap<_, _>>(), model);
    }
}

#[test]
fn equal_vectors_stay_reachable() {
    let mut set = VectorSet::with_shape(shape(4, Quantization::Int8));
    for number in 0..300 {
        set.add(&name(number), vec![1.0, 2.0, 3.0, 4.0], BUILD_EF, None);
    }
    check(&set);
    for number in 0..250 {
        set.remove(&name(number));
    }
    check(&set);
    assert_eq!(set.search(&set.query(vec![1.0, 2.0, 3.0, 4.0]), 100, None).len(), 50);
}

#[test]
fn filters_look_beyond_what_they_refuse() {
    let seed = 3;
    println!("seed {seed}");
    let mut rng = Rng::new(seed);
    let mut set = random_set(500, shape(8, Quantization::Int8), &mut rng);
    for number in (0..500).step_by(50) {
        set.set_attributes(&name(number), if number == 250 { b"rare" } else { b"other" });
    }
    let query = set.query(random_vector(8, &mut rng));
    let is_rare = |attributes: &[u8]| attributes == b"rare";
    let found = |effort, takes: &dyn Fn(&[u8]) -> bool| {
        let filter = Filter { takes, effort };
        let found = set.search(&query, 10, Some(&filter));
        found.iter().map(|found| found.name.to_vec()).collect::<Vec<_>>()
    };
    assert_eq!(found(usize::MAX, &is_rare), [name(250)]);
    assert_eq!(found(usize::MAX, &|_| true).len(), 10);
    assert!(found(1, &is_rare).len() <= 1);
    let filter = Filter { takes: &is_rare, effort: 0 };
    assert_eq!(set.search_all(&query, 10, Some(&filter)).len(), 1);
}

#[test]
fn the_same_additions_give_the_same_graph() {
    let make = || random_set(200, shape(5, Quantization::Int8), &mut Rng::new(5));
    assert!(make().stored().eq(make().stored()));
}

/// A set anew from its stored form.
fn restored(set: &VectorSet) -> Result<VectorSet, &'static str> {
    let mut restorer = Restorer::new(set.shape().clone());
    for element in set.stored() {
        restorer.push(element.name, element.attributes, &element.components, &element.graph)?;
    }
    restorer.finish()
}

#[test]
fn stored_sets_come_back_as_they_were() {
    for quantization in [Quantization::Float32, Quantization::Int8, Quantization::Binary] {
        let mut set = random_set(300, shape(9, quantization), &mut Rng::new(9));
        set.set_attributes(&name(5), b"{}");
        set.remove(&name(7));
        set.add(&name(8), vec![1.0; 9], BUILD_EF, None);
        let mut again = restored(&set).unwrap();
        assert!(again.stored().eq(set.stored()));
        assert_eq!((again.max_level(), again.last_id()), (set.max_level(), set.last_id()));
        assert_eq!(again.with_attributes(), 1);
        check(&again);
        assert!(again.add(b"more", vec![1.0; 9], BUILD_EF, None));
        assert!(again.remove(&name(100)));
        check(&again);
    }
}

#[test]
fn graphs_of_the_first_version_lack_the_farthest_links() {
    let set = random_set(40, shape(3, Quantization::Int8), &mut Rng::new(2));
    let mut restorer = Restorer::new(set.shape().clone());
    for element in set.stored() {
        let mut graph = vec![element.graph[0], element.graph[1] & 0xff];
        let mut rest = &element.graph[2..];
        while let [count, max_links, links @ ..] = rest {
            let (links, behind) = links.split_at(*count as usize);
            graph.extend([*count, *max_links]);
            graph.extend(links);
            rest = &behind[1..];
        }
        graph.extend(rest);
        restorer.push(element.name, None, &element.components, &graph).unwrap();
    }
    let again = restorer.finish().unwrap();
    assert!(again.stored().eq(set.stored()));
    check(&again);
}

#[test]
fn damaged_graphs_are_refused() {
    // Two vectors that are linked with each other in one layer: number, level, count, most, link, worst, range and norm.
    let graphs = [[2, 1 << 24, 1, 32, 1, 0, 1], [1, 1 << 24, 1, 32, 2, 0, 1]];
    let restore = |graphs: &[&[u64]], names: [&[u8]; 2]| {
        let mut restorer = Restorer::new(shape(2, Quantization::Int8));
        for (graph, name) in graphs.iter().zip(names) {
            restorer.push(name, None, &[1, 2], graph)?;
        }
        restorer.finish().map(|set| set.len())
    };
    let names: [&[u8]; 2] = [b"b", b"a"];
    assert_eq!(restore(&[&graphs[0], &graphs[1]], names), Ok(2));
    assert!(restore(&[&graphs[0], &graphs[1]], [b"a", b"a"]).is_err());
    let damages: [(usize, u64, &str); 10] = [
        (0, 0, "number 0"),
        (0, 2, "there twice"),
        (1, 2 << 24, "version"),
        (1, 17 | 1 << 24, "level"),
        (2, 33, "too many links"),
        (3, 49, "too many links"),
        (4, 3, "missing"),
        (4, 1, "with itself"),
        (5, 1, "farthest link"),
        (2, 0, "one way"),
    ];
    for (at, number, flaw) in damages {
        let mut damaged = graphs[1].to_vec();
        damaged[at] = number;
        if (at, number) == (2, 0) {
            damaged.remove(4);
        }
        let error = restore(&[&graphs[0], &damaged], names).unwrap_err();
        assert!(error.contains(flaw), "{error}: {flaw}");
    }
    for len in 0..graphs[1].len() {
        assert!(restore(&[&graphs[0], &graphs[1][..len]], names).is_err());
    }
    // Links that are there twice, and links in a layer that the other one is not in.
    let twice = [[2, 1 << 24, 2, 32, 1, 1, 0, 1], [1, 1 << 24, 2, 32, 2, 2, 0, 1]];
    assert!(restore(&[&twice[0], &twice[1]], names).is_err());
    let higher = [1, 1 | 1 << 24, 1, 32, 2, 0, 1, 16, 2, 0, 1];
    assert!(restore(&[&graphs[0], &higher], names).unwrap_err().contains("layer"));
    let mut restorer = Restorer::new(shape(2, Quantization::Int8));
    assert!(restorer.push(b"a", None, &[1], &graphs[0]).is_err());
}

#[test]
fn numbers_begin_anew_when_they_end() {
    let mut restorer = Restorer::new(shape(2, Quantization::Int8));
    restorer.push(b"a", None, &[1, 2], &[u64::MAX, 1 << 24, 0, 32, 0, 1]).unwrap();
    let mut set = restorer.finish().unwrap();
    set.add(b"b", vec![1.0, 0.0], BUILD_EF, None);
    assert_eq!(set.last_id(), 2);
    assert!(restored(&set).is_ok());
}
