//! Walks over members.

use super::run::Run;
use super::score_of;
use crate::base::bulk::Bulk;
use crate::packed::{self, Listpack};
use crate::value::tree::{Leaves, Tree};
use std::ops::Range;

/// Members with their scores, in order or backwards.
#[derive(Debug, Clone)]
pub struct Iter<'a>(Kind<'a>);

#[derive(Debug, Clone)]
enum Kind<'a> {
    Nothing,
    Packed(packed::Iter<'a>),
    PackedBack(packed::IterBack<'a>),
    Large { leaves: Leaves<'a, Run>, run: &'a Run, left: Range<usize>, backwards: bool },
}

impl<'a> Iter<'a> {
    pub(super) fn packed(pack: &'a Listpack, start: u64, backwards: bool) -> Iter<'a> {
        let index = usize::try_from(start).ok().and_then(|start| start.checked_mul(2));
        // Backwards the walk begins with the score.
        let at = index.and_then(|index| pack.at(index + usize::from(backwards)));
        Iter(match at {
            None => Kind::Nothing,
            Some(at) if backwards => Kind::PackedBack(pack.iter_back_from(at)),
            Some(at) => Kind::Packed(pack.iter_from(at)),
        })
    }

    pub(super) fn large(tree: &'a Tree<Run>, start: u64, backwards: bool) -> Iter<'a> {
        if start >= tree.len() {
            return Iter(Kind::Nothing);
        }
        let mut leaves = tree.leaves_from(start, backwards);
        let inside = (start - leaves.before()) as usize;
        Iter(match leaves.next() {
            Some(run) => {
                let left = if backwards { 0..inside + 1 } else { inside..run.len() };
                Kind::Large { leaves, run, left, backwards }
            }
            None => Kind::Nothing,
        })
    }
}

impl<'a> Iterator for Iter<'a> {
    type Item = (Bulk<'a>, f64);

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            Kind::Nothing => None,
            Kind::Packed(elements) => {
                let (_, member) = elements.next()?;
                Some((member, score_of(elements.next()?.1)))
            }
            Kind::PackedBack(elements) => {
                let (_, score) = elements.next()?;
                Some((elements.next()?.1, score_of(score)))
            }
            Kind::Large { leaves, run, left, backwards } => loop {
                let next = if *backwards { left.next_back() } else { left.next() };
                if let Some(at) = next {
                    let (member, score) = run.get(at);
                    return Some((Bulk::Bytes(member), score));
                }
                *run = leaves.next()?;
                *left = 0..run.len();
            },
        }
    }
}
