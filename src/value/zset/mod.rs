//! Sorted sets: a listpack of members and scores while small, then a tree of runs with an index from members to scores.

mod index;
mod iter;
mod run;

#[cfg(test)]
mod tests;

pub use iter::Iter;

use crate::base::bulk::{Bulk, IntBuf};
use crate::base::num::{integral, parse_double, write_score};
use crate::packed::{Listpack, Pos};
use crate::value::limits::Limits;
use crate::value::tree::{Leaf, Place, Tree};
use index::ScoreIndex;
use run::{Run, order};
use std::cmp::Ordering;
use std::ops::Range;

/// A sorted set: members with a score each, ordered by score, then by the bytes of the member. No score is NaN.
///
/// A clone costs nothing that grows with its size, but for a small set's listpack.
#[derive(Debug, Clone)]
pub struct Zset {
    repr: Repr,
}

#[derive(Debug, Clone)]
enum Repr {
    Packed(Listpack),
    Large(Large),
}

/// A set past the limits of the packed form.
#[derive(Debug, Clone)]
struct Large {
    tree: Tree<Run>,
    index: ScoreIndex,
}

/// A border between two members, or before or behind all of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Edge<'a> {
    /// Before the first member.
    Start,
    /// Before the first member with this score or more.
    BeforeScore(f64),
    /// Behind the last member with this score or less.
    AfterScore(f64),
    /// Before the first member with these bytes or more; of use when all scores are equal.
    BeforeMember(&'a [u8]),
    /// Behind the last member with these bytes or less; of use when all scores are equal.
    AfterMember(&'a [u8]),
    /// Behind the last member.
    End,
}

impl Edge<'_> {
    /// Whether a member is before the border.
    pub fn is_behind(&self, score: f64, member: &[u8]) -> bool {
        match self {
            Edge::Start => false,
            Edge::BeforeScore(edge) => score < *edge,
            Edge::AfterScore(edge) => score <= *edge,
            Edge::BeforeMember(edge) => member < *edge,
            Edge::AfterMember(edge) => member <= *edge,
            Edge::End => true,
        }
    }
}

/// The score that an element of a listpack is.
fn score_of(element: Bulk<'_>) -> f64 {
    match element {
        Bulk::Int(n) => n as f64,
        Bulk::Bytes(text) => parse_double(text).unwrap_or(0.0),
    }
}

/// Puts a score behind a member's place. Minus zero becomes zero, as servers store whole scores as integers.
fn insert_score(pack: &mut Listpack, after: Pos, score: f64) {
    match integral(score + 0.0) {
        Some(n) => {
            let mut buf = IntBuf::new();
            pack.insert_after(after, buf.format(n).as_bytes());
        }
        None => {
            let mut text = Vec::with_capacity(24);
            write_score(score, &mut text);
            pack.insert_after(after, &text);
        }
    }
}

/// Appends a member with its score.
fn push_pair(pack: &mut Listpack, member: &[u8], score: f64) {
    pack.push_back(member);
    if let Some(last) = pack.last() {
        insert_score(pack, last, score);
    }
}

impl Default for Zset {
    fn default() -> Self {
        Self::new()
    }
}

impl Zset {
    /// An empty set.
    pub fn new() -> Zset {
        Zset { repr: Repr::Packed(Listpack::new()) }
    }

    /// Builds a set from pairs in any order; `None` if a member comes twice or a score is NaN.
    pub fn from_pairs(mut pairs: Vec<(Vec<u8>, f64)>, limits: &Limits) -> Option<Zset> {
        if pairs.iter().any(|(_, score)| score.is_nan()) {
            return None;
        }
        pairs.sort_unstable_by(|a, b| order((a.1, &a.0), (b.1, &b.0)));
        let is_small = pairs.len() <= limits.zset_max_listpack_entries
            && pairs.iter().all(|(member, _)| member.len() <= limits.zset_max_listpack_value)
            && pairs.iter().map(|(member, _)| member.len() + 40).sum::<usize>() < 1 << 30;
        if is_small {
            let mut names: Vec<&[u8]> = pairs.iter().map(|(member, _)| &member[..]).collect();
            names.sort_unstable();
            if names.windows(2).any(|pair| pair[0] == pair[1]) {
                return None;
            }
            let mut pack = Listpack::new();
            for (member, score) in &pairs {
                push_pair(&mut pack, member, *score);
            }
            pack.shrink();
            return Some(Zset { repr: Repr::Packed(pack) });
        }
        Large::build(pairs.iter().map(|(member, score)| (&member[..], *score)))
            .map(|large| Zset { repr: Repr::Large(large) })
    }

    /// Takes a sound listpack of members and scores as it is stored. `None` if it does not hold pairs in order, each member once,
    /// each with a number. A set past the limits takes the form for large ones.
    pub fn from_listpack(pack: Listpack, limits: &Limits) -> Option<Zset> {
        let mut pairs = Vec::new();
        let mut longest = 0;
        let mut elements = pack.iter();
        while let Some((_, member)) = elements.next() {
            let (_, score) = elements.next()?;
            let score = match score {
                Bulk::Int(n) => n as f64,
                Bulk::Bytes(text) => parse_double(text).filter(|score| !score.is_nan())?,
            };
            longest = longest.max(member.text_len());
            pairs.push((member.to_vec(), score));
        }
        let in_order = pairs
            .windows(2)
            .all(|pair| order((pair[0].1, &pair[0].0), (pair[1].1, &pair[1].0)) == Ordering::Less);
        let is_small = pairs.len() <= limits.zset_max_listpack_entries
            && longest <= limits.zset_max_listpack_value;
        if !in_order || !is_small {
            return Zset::from_pairs(pairs, limits);
        }
        let mut members: Vec<&[u8]> = pairs.iter().map(|(member, _)| &member[..]).collect();
        members.sort_unstable();
        let unique = members.windows(2).all(|pair| pair[0] != pair[1]);
        unique.then_some(Zset { repr: Repr::Packed(pack) })
    }

    /// The listpack of a small set: members and scores in order.
    pub fn as_listpack(&self) -> Option<&Listpack> {
        match &self.repr {
            Repr::Packed(pack) => Some(pack),
            Repr::Large(_) => None,
        }
    }

    /// Whether the set is small, in one listpack.
    pub fn is_packed(&self) -> bool {
        self.as_listpack().is_some()
    }

    /// Number of members.
    pub fn len(&self) -> u64 {
        match &self.repr {
            Repr::Packed(pack) => pack.count() as u64 / 2,
            Repr::Large(large) => large.tree.len(),
        }
    }

    /// Whether there is no member.
    pub fn is_empty(&self) -> bool {
        match &self.repr {
            Repr::Packed(pack) => pack.is_empty(),
            Repr::Large(large) => large.tree.is_empty(),
        }
    }

    /// Bytes allocated for members, scores and what leads to them.
    pub fn allocated_bytes(&self) -> usize {
        match &self.repr {
            Repr::Packed(pack) => pack.allocated_bytes(),
            Repr::Large(large) => {
                large.tree.allocated_bytes(Run::allocated_bytes) + large.index.allocated_bytes()
            }
        }
    }

    /// A member's score.
    pub fn score(&self, member: &[u8]) -> Option<f64> {
        match &self.repr {
            Repr::Packed(pack) => find(pack, member).map(|(_, score)| score),
            Repr::Large(large) => large.find(member).map(|(_, score)| score),
        }
    }

    /// A member's rank, from 0 on, and its score.
    pub fn rank(&self, member: &[u8]) -> Option<(u64, f64)> {
        match &self.repr {
            Repr::Packed(pack) => {
                let (at, score) = find(pack, member)?;
                let before = pack.iter().take_while(|(pos, _)| *pos < at).count();
                Some((before as u64 / 2, score))
            }
            Repr::Large(large) => large.find(member),
        }
    }

    /// Sets a member's score and returns the one it had. A score that is equal to the old one changes nothing, nor does NaN.
    pub fn insert(&mut self, member: &[u8], score: f64, limits: &Limits) -> Option<f64> {
        if score.is_nan() {
            return self.score(member);
        }
        if let Repr::Packed(pack) = &mut self.repr {
            let old = find(pack, member);
            if let Some((at, old)) = old {
                if old != score {
                    pack.remove(at, 2);
                    insert_pair(pack, member, score);
                }
                return Some(old);
            }
            if pack.count() / 2 < limits.zset_max_listpack_entries
                && member.len() <= limits.zset_max_listpack_value
                && pack.has_room(member.len() + 50)
            {
                insert_pair(pack, member, score);
                return None;
            }
            self.enlarge();
        }
        match &mut self.repr {
            Repr::Large(large) => large.insert(member, score),
            Repr::Packed(_) => None,
        }
    }

    /// Takes the form for large sets.
    fn enlarge(&mut self) {
        let mut large = Large { tree: Tree::new(), index: ScoreIndex::new() };
        let mut buf = IntBuf::new();
        for (member, score) in self.iter() {
            large.insert(member.text(&mut buf), score);
        }
        self.repr = Repr::Large(large);
    }

    /// Removes a member and returns its score.
    pub fn remove(&mut self, member: &[u8]) -> Option<f64> {
        match &mut self.repr {
            Repr::Packed(pack) => {
                let (at, score) = find(pack, member)?;
                pack.remove(at, 2);
                Some(score)
            }
            Repr::Large(large) => large.remove(member),
        }
    }

    /// Number of members before a border, which is the rank of the first one behind it.
    pub fn count_before(&self, edge: Edge<'_>) -> u64 {
        match &self.repr {
            Repr::Packed(_) => {
                let mut buf = IntBuf::new();
                let before = |(member, score): &(Bulk<'_>, f64)| {
                    edge.is_behind(*score, member.text(&mut buf))
                };
                self.iter().take_while(before).count() as u64
            }
            Repr::Large(large) => large
                .tree
                .leaf_where(|mark| edge.is_behind(mark.score, &mark.member))
                .map_or(0, |found| {
                    let inside = found.leaf.partition(|s, member| edge.is_behind(s, member));
                    found.before + inside as u64
                }),
        }
    }

    /// All members, ascending.
    pub fn iter(&self) -> Iter<'_> {
        self.iter_by_rank(0, false)
    }

    /// The members from a rank on, ascending or backwards. There are none from a rank past the end.
    pub fn iter_by_rank(&self, start: u64, backwards: bool) -> Iter<'_> {
        match &self.repr {
            Repr::Packed(pack) => Iter::packed(pack, start, backwards),
            Repr::Large(large) => Iter::large(&large.tree, start, backwards),
        }
    }

    /// Shows about `count` members from a cursor on, and returns where to go on, 0 at the end. A member that is there from the
    /// first step to the last is shown, whatever else changes meanwhile. Small sets come whole; of a large one a step shows at
    /// least a 64th, as it walks over all members to find those whose hash is next.
    pub fn scan<'a>(
        &'a self,
        cursor: u64,
        count: usize,
        mut visit: impl FnMut(Bulk<'a>, f64),
    ) -> u64 {
        const STEPS_MAX: u64 = 64;
        if self.is_packed() {
            self.iter().for_each(|(member, score)| visit(member, score));
            return 0;
        }
        let steps = (self.len() / (count as u64).max(1)).clamp(1, STEPS_MAX);
        let end = cursor.saturating_add(index::POSITIONS.div_ceil(steps));
        for (member, score) in self.iter() {
            let mut buf = IntBuf::new();
            if (cursor..end).contains(&index::position(member.text(&mut buf))) {
                visit(member, score);
            }
        }
        if end < index::POSITIONS { end } else { 0 }
    }

    /// The member at a rank.
    pub fn get(&self, rank: u64) -> Option<(Bulk<'_>, f64)> {
        self.iter_by_rank(rank, false).next()
    }

    /// Removes the members at these ranks and shows each one. Returns how many there were.
    pub fn remove_by_rank(
        &mut self,
        range: Range<u64>,
        mut each: impl FnMut(Bulk<'_>, f64),
    ) -> u64 {
        let before = self.len();
        let range = range.start..range.end.min(before);
        if range.is_empty() {
            return 0;
        }
        match &mut self.repr {
            Repr::Packed(pack) => {
                let count = (range.end - range.start) as usize;
                for (member, score) in Iter::packed(pack, range.start, false).take(count) {
                    each(member, score);
                }
                if let Some(at) = pack.at(range.start as usize * 2) {
                    pack.remove(at, count * 2);
                }
            }
            Repr::Large(Large { tree, index }) => tree.remove_with(range.clone(), |run, range| {
                for at in range {
                    let (member, score) = run.get(at);
                    index.remove(member, score);
                    each(Bulk::Bytes(member), score);
                }
            }),
        }
        range.end - range.start
    }

    /// Removes the first member.
    pub fn pop_first(&mut self) -> Option<(Vec<u8>, f64)> {
        self.pop(0)
    }

    /// Removes the last member.
    pub fn pop_last(&mut self) -> Option<(Vec<u8>, f64)> {
        self.pop(self.len().checked_sub(1)?)
    }

    fn pop(&mut self, rank: u64) -> Option<(Vec<u8>, f64)> {
        let mut popped = None;
        self.remove_by_rank(rank..rank + 1, |member, score| {
            popped = Some((member.to_vec(), score));
        });
        popped
    }
}

/// A member's place in a listpack, and its score.
fn find(pack: &Listpack, member: &[u8]) -> Option<(Pos, f64)> {
    let at = pack.find(pack.first()?, member, 1)?;
    Some((at, pack.next(at).map_or(0.0, |next| score_of(pack.get(next)))))
}

/// Inserts a member that is not there where it belongs.
fn insert_pair(pack: &mut Listpack, member: &[u8], score: f64) {
    let mut buf = IntBuf::new();
    let mut elements = pack.iter();
    while let (Some((at, other)), Some((_, other_score))) = (elements.next(), elements.next()) {
        if order((score, member), (score_of(other_score), other.text(&mut buf))) == Ordering::Less {
            pack.insert(at, member);
            insert_score(pack, at, score);
            return;
        }
    }
    push_pair(pack, member, score);
}

impl Large {
    /// Builds a set from pairs in order; `None` if a member comes twice.
    fn build<'a>(pairs: impl Iterator<Item = (&'a [u8], f64)> + Clone) -> Option<Large> {
        let mut run = Run::default();
        let mut runs = Vec::new();
        for (member, score) in pairs.clone() {
            if !run.has_room(member) {
                runs.push(std::mem::take(&mut run));
            }
            run.insert(run.len(), member, score);
        }
        runs.push(run);
        let mut large = Large { tree: Tree::from_leaves(runs), index: ScoreIndex::new() };
        for (member, score) in pairs {
            // Equal pairs are neighbours in the tree, others are found by the scores seen so far.
            if large.find(member).is_some() {
                return None;
            }
            large.index.insert(member, score);
        }
        Some(large)
    }

    /// The rank of a member with a score, if it is there.
    fn rank_of(&self, score: f64, member: &[u8]) -> Option<u64> {
        let found = self.tree.leaf_where(|mark| not_above(mark, score, member))?;
        found.leaf.search(score, member).ok().map(|at| found.before + at as u64)
    }

    /// A member's rank and score.
    fn find(&self, member: &[u8]) -> Option<(u64, f64)> {
        self.index
            .candidates(member)
            .find_map(|score| self.rank_of(score, member).map(|rank| (rank, score)))
    }

    fn insert(&mut self, member: &[u8], score: f64) -> Option<f64> {
        let old = self.find(member).map(|(_, old)| old);
        match old {
            Some(old) if old == score => return Some(old),
            Some(old) => {
                self.tree_remove(old, member);
                self.index.replace(member, old, score);
            }
            None => self.index.insert(member, score),
        }
        self.tree_insert(score, member);
        old
    }

    fn remove(&mut self, member: &[u8]) -> Option<f64> {
        let (_, score) = self.find(member)?;
        self.tree_remove(score, member);
        self.index.remove(member, score);
        Some(score)
    }

    fn tree_insert(&mut self, score: f64, member: &[u8]) {
        let Some(last) = self.tree.leaf(Place::Last) else {
            self.tree.push_back(Run::of(member, score));
            return;
        };
        let (last_member, last_score) = last.leaf.get(last.leaf.count() - 1);
        let at_end = order((last_score, last_member), (score, member)) == Ordering::Less;
        if at_end && !last.leaf.has_room(member) {
            // Members that come in order fill their runs.
            self.tree.push_back(Run::of(member, score));
            return;
        }
        self.tree.update_where(
            |mark| not_above(mark, score, member),
            |run, more| {
                if let Err(at) = run.search(score, member) {
                    run.insert(at, member, score);
                    run.split(more);
                }
            },
        );
    }

    fn tree_remove(&mut self, score: f64, member: &[u8]) {
        self.tree.update_where(
            |mark| not_above(mark, score, member),
            |run, _| {
                if let Ok(at) = run.search(score, member) {
                    run.take_out(at..at + 1);
                }
            },
        );
    }
}

/// Whether a run that begins at the mark may hold a member.
fn not_above(mark: &run::Mark, score: f64, member: &[u8]) -> bool {
    order((mark.score, &mark.member), (score, member)) != Ordering::Greater
}
