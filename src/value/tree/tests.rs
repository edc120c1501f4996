//! Trees of numbers beside a vector, clones that must not change, and how full the nodes stay.

use super::*;
use crate::base::rng::Rng;

/// A few ascending numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Chunk(Vec<u64>);

const MAX: usize = 4;

impl Leaf for Chunk {
    type Key = u64;

    fn count(&self) -> usize {
        self.0.len()
    }

    fn key(&self) -> u64 {
        self.0[0]
    }

    fn remove(&mut self, range: Range<usize>) {
        assert!(range.len() < self.0.len());
        self.0.drain(range);
    }

    fn fits(&self, right: &Self) -> bool {
        self.0.len() + right.0.len() <= MAX / 2
    }

    fn absorb(&mut self, right: &Self) {
        self.0.extend_from_slice(&right.0);
    }
}

fn insert(tree: &mut Tree<Chunk>, number: u64) -> bool {
    if tree.is_empty() {
        tree.push_back(Chunk(vec![number]));
        return true;
    }
    tree.update_where(
        |key| *key <= number,
        |chunk, more| match chunk.0.binary_search(&number) {
            Ok(_) => false,
            Err(at) => {
                chunk.0.insert(at, number);
                if chunk.0.len() > MAX {
                    more.push(Chunk(chunk.0.split_off(MAX / 2)));
                }
                true
            }
        },
    )
    .unwrap()
}

fn remove(tree: &mut Tree<Chunk>, number: u64) -> bool {
    let removal = |chunk: &mut Chunk, _: &mut Vec<Chunk>| {
        let found = chunk.0.binary_search(&number);
        found.map(|at| chunk.0.remove(at)).is_ok()
    };
    tree.update_where(|key| *key <= number, removal).unwrap_or(false)
}

fn numbers(tree: &Tree<Chunk>) -> Vec<u64> {
    tree.leaves().flat_map(|chunk| chunk.0.iter().copied()).collect()
}

fn check(tree: &Tree<Chunk>, model: &[u64], rng: &mut Rng) {
    assert_eq!(numbers(tree), model);
    assert_eq!(tree.len(), model.len() as u64);
    assert_eq!(tree.is_empty(), model.is_empty());
    assert_eq!(tree.leaves().count(), tree.leaf_count());
    let mut back: Vec<Vec<u64>> = tree.leaves_back().map(|chunk| chunk.0.clone()).collect();
    back.reverse();
    assert_eq!(back.concat(), model);
    if model.is_empty() {
        assert!(tree.leaf(Place::First).is_none());
        return;
    }
    for _ in 0..4 {
        let rank = rng.below(model.len() as u64);
        let found = tree.leaf(Place::Rank(rank)).unwrap();
        assert_eq!(found.leaf.0[(rank - found.before) as usize], model[rank as usize]);
        let by_key = tree.leaf_where(|key| *key <= model[rank as usize]).unwrap();
        assert_eq!((by_key.leaf, by_key.before), (found.leaf, found.before));
        let rest: Vec<_> =
            tree.leaves_from(rank, false).flat_map(|chunk| chunk.0.iter().copied()).collect();
        assert_eq!(rest, model[found.before as usize..]);
        let mut before: Vec<_> =
            tree.leaves_from(rank, true).map(|chunk| chunk.0.clone()).collect();
        before.reverse();
        assert_eq!(before.concat(), model[..found.before as usize + found.leaf.0.len()]);
    }
}

/// A tree under random changes holds what a vector holds, and clones of it stay as they were.
#[test]
fn behaves_as_a_vector_and_clones_stay_frozen() {
    for seed in 0..6 {
        println!("seed {seed}");
        let mut rng = Rng::new(seed);
        let space = [50, 4000, 1 << 40][(seed % 3) as usize];
        let (mut tree, mut model) = (Tree::new(), Vec::new());
        let mut frozen: Vec<(Tree<Chunk>, Vec<u64>)> = Vec::new();
        for step in 0..20_000_u64 {
            let number = rng.below(space);
            let removing = if step / 5000 % 2 == 0 { 3 } else { 7 };
            match rng.below(10) {
                n if n < removing => {
                    let number = match model.get(rng.below(model.len() as u64) as usize) {
                        Some(there) if n > 0 => *there,
                        _ => number,
                    };
                    let found = model.binary_search(&number);
                    assert_eq!(remove(&mut tree, number), found.is_ok());
                    if let Ok(at) = found {
                        model.remove(at);
                    }
                }
                _ => {
                    let found = model.binary_search(&number);
                    assert_eq!(insert(&mut tree, number), found.is_err());
                    if let Err(at) = found {
                        model.insert(at, number);
                    }
                }
            }
            match rng.below(2000) {
                0..5 => frozen.push((tree.clone(), model.clone())),
                5 => {
                    let start = rng.below(model.len() as u64 + 1);
                    let end = start + rng.below(model.len() as u64 + 3 - start);
                    let gone = start as usize..(end as usize).min(model.len());
                    let mut seen = Vec::new();
                    if step % 2 == 0 {
                        tree.remove_with(start..end, |chunk, range| {
                            seen.extend_from_slice(&chunk.0[range]);
                        });
                        assert_eq!(seen, model[gone.clone()]);
                    } else {
                        tree.remove(start..end);
                    }
                    model.drain(gone);
                    check(&tree, &model, &mut rng);
                }
                6..9 => check(&tree, &model, &mut rng),
                _ => {}
            }
            if frozen.len() > 5 {
                let (tree, model) = frozen.swap_remove(rng.below(5) as usize);
                check(&tree, &model, &mut rng);
            }
        }
        check(&tree, &model, &mut rng);
        for (tree, model) in &frozen {
            check(tree, model, &mut rng);
        }
        let built = Tree::from_leaves(model.chunks(MAX).map(|chunk| Chunk(chunk.to_vec())));
        check(&built, &model, &mut rng);
    }
}

#[test]
fn nodes_stay_reasonably_full() {
    let mut rng = Rng::new(1);
    let mut tree = Tree::new();
    for _ in 0..50_000 {
        insert(&mut tree, rng.below(1 << 40));
    }
    for number in numbers(&tree) {
        if number % 10 != 0 {
            remove(&mut tree, number);
        }
    }
    assert!(tree.leaf_count() < 5000, "{} leaves for {}", tree.leaf_count(), tree.len());
    let nodes = tree.allocated_bytes(|_| 0) - tree.leaf_count() * (size_of::<Chunk>() + 8);
    assert!(nodes / tree.leaf_count() < 60, "{} bytes per leaf", nodes / tree.leaf_count());
}

#[test]
fn ends_are_pushed_to() {
    let mut tree = Tree::new();
    for n in 0..3000 {
        tree.push_back(Chunk(vec![10_000 + n]));
        tree.push_front(Chunk(vec![9999 - n]));
    }
    assert_eq!(numbers(&tree), (7000..13_000).collect::<Vec<_>>());
    // Three words for each leaf, and little more: nodes that are left behind are full.
    let nodes = tree.allocated_bytes(|_| 0) - tree.leaf_count() * (size_of::<Chunk>() + 8);
    assert!(nodes / tree.leaf_count() < 30, "{} bytes per leaf", nodes / tree.leaf_count());
    tree.update(Place::First, |chunk, _| chunk.0.clear());
    tree.update(Place::Last, |chunk, _| chunk.0.clear());
    assert_eq!(numbers(&tree), (7001..12_999).collect::<Vec<_>>());
    tree.remove(0..u64::MAX);
    assert!(tree.is_empty());
    assert_eq!(tree.update(Place::First, |_, _| ()), None);
}
