//! Elements by name, in order.

use super::node::Place;
use crate::value::tree::{Leaf, Tree};
use std::ops::Range;
use triomphe::Arc;

/// Most names of a leaf.
const NAMES_MAX: usize = 64;

/// A name, which its node shares.
pub(super) type Name = Arc<[u8]>;

/// An ordered map from names to places. Cloning it costs nothing that grows with its size.
#[derive(Debug, Clone, Default)]
pub(super) struct Names(Tree<Run>);

/// Names in ascending order with their places.
#[derive(Debug, Clone)]
struct Run(Vec<(Name, Place)>);

impl Leaf for Run {
    type Key = Name;

    fn count(&self) -> usize {
        self.0.len()
    }

    fn key(&self) -> Name {
        self.0[0].0.clone()
    }

    fn remove(&mut self, range: Range<usize>) {
        self.0.drain(range);
    }

    fn fits(&self, right: &Self) -> bool {
        self.0.len() + right.0.len() <= NAMES_MAX / 2
    }

    fn absorb(&mut self, right: &Self) {
        self.0.extend_from_slice(&right.0);
    }
}

impl Run {
    fn search(&self, name: &[u8]) -> Result<usize, usize> {
        self.0.binary_search_by(|(own, _)| own[..].cmp(name))
    }
}

impl Names {
    pub(super) fn get(&self, name: &[u8]) -> Option<Place> {
        let run = self.0.leaf_where(|key| key[..] <= *name)?.leaf;
        run.search(name).ok().map(|at| run.0[at].1)
    }

    /// The place of the name with so many before it.
    pub(super) fn at_rank(&self, rank: u64) -> Option<Place> {
        let found = self.0.leaf(crate::value::tree::Place::Rank(rank))?;
        let at = usize::try_from(rank.checked_sub(found.before)?).ok()?;
        found.leaf.0.get(at).map(|(_, place)| *place)
    }

    /// Sets the place of a name.
    pub(super) fn insert(&mut self, name: Name, place: Place) {
        if self.0.is_empty() {
            self.0.push_back(Run(vec![(name, place)]));
            return;
        }
        let below = name.clone();
        let insert = |run: &mut Run, more: &mut Vec<Run>| match run.search(&name) {
            Ok(at) => run.0[at] = (name, place),
            Err(at) => {
                run.0.insert(at, (name, place));
                if run.0.len() > NAMES_MAX {
                    more.push(Run(run.0.split_off(NAMES_MAX / 2)));
                }
            }
        };
        self.0.update_where(|key| key[..] <= below[..], insert);
    }

    /// Takes a name out and gives its place.
    pub(super) fn remove(&mut self, name: &[u8]) -> Option<Place> {
        self.get(name)?;
        let remove =
            |run: &mut Run, _: &mut Vec<Run>| run.search(name).ok().map(|at| run.0.remove(at).1);
        self.0.update_where(|key| key[..] <= *name, remove).flatten()
    }

    /// Names from one on, that one included, ascending.
    pub(super) fn from(&self, name: &[u8]) -> impl Iterator<Item = (&[u8], Place)> {
        let mut runs = self.0.leaves_where(|key| key[..] <= *name, false);
        let first = runs.next().map_or(&[][..], |run| {
            let start = run.search(name).unwrap_or_else(|at| at);
            &run.0[start..]
        });
        first.iter().chain(runs.flat_map(|run| &run.0)).map(|(name, place)| (&name[..], *place))
    }

    /// Bytes allocated, without the names themselves.
    pub(super) fn allocated_bytes(&self) -> usize {
        self.0.allocated_bytes(|run| run.0.capacity() * size_of::<(Name, Place)>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::rng::Rng;
    use std::collections::BTreeMap;

    #[test]
    fn names_are_found_in_order() {
        let seed = 7;
        println!("seed {seed}");
        let mut rng = Rng::new(seed);
        let (mut names, mut model) = (Names::default(), BTreeMap::new());
        for step in 0..5_000 {
            let name = rng.below(700).to_string().into_bytes();
            if rng.below(3) == 0 {
                assert_eq!(names.remove(&name), model.remove(&name));
            } else {
                names.insert(name[..].into(), step);
                model.insert(name, step);
            }
        }
        assert_eq!(names.0.len(), model.len() as u64);
        for start in [&b""[..], b"3", b"35", b"699", b"x"] {
            let wanted: Vec<_> = model.range(start.to_vec()..).map(|(n, p)| (&n[..], *p)).collect();
            assert_eq!(names.from(start).collect::<Vec<_>>(), wanted);
        }
        for (rank, (name, place)) in model.iter().enumerate() {
            assert_eq!(names.at_rank(rank as u64), Some(*place));
            assert_eq!(names.get(name), Some(*place));
        }
        assert_eq!(names.at_rank(model.len() as u64), None);
    }
}
