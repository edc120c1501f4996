//! A run of members in order: the leaf of a large sorted set.

use crate::value::tree::Leaf;
use std::cmp::Ordering;
use std::ops::Range;

/// Most members of a run.
pub(super) const MAX_MEMBERS: usize = 128;

/// Most bytes of members in a run that has more than one.
const MAX_HEAP_BYTES: usize = 4096;

/// Members with their scores, ascending.
///
/// All vectors grow in small steps, since a sorted set is mostly these.
#[derive(Debug, Clone, Default)]
pub(super) struct Run {
    scores: Vec<f64>,
    /// Where each member ends in the heap.
    ends: Vec<u32>,
    heap: Vec<u8>,
}

/// Where a run begins.
#[derive(Debug, Clone)]
pub(super) struct Mark {
    pub(super) score: f64,
    pub(super) member: Box<[u8]>,
}

/// The order of a sorted set. Both zeros are one score, and NaN is never stored.
#[inline]
pub(super) fn order(a: (f64, &[u8]), b: (f64, &[u8])) -> Ordering {
    a.0.partial_cmp(&b.0).unwrap_or(Ordering::Equal).then_with(|| a.1.cmp(b.1))
}

/// Makes room for some elements more, with little slack.
fn reserve<T>(vec: &mut Vec<T>, more: usize) {
    let needed = vec.len() + more;
    if needed > vec.capacity() {
        vec.reserve_exact(more + needed / 16);
    }
}

/// Gives memory back if much is unused.
fn give_back<T>(vec: &mut Vec<T>) {
    let len = vec.len();
    if vec.capacity() > len + len / 8 + 4 {
        vec.shrink_to(len + len / 16);
    }
}

impl Run {
    pub(super) fn of(member: &[u8], score: f64) -> Run {
        let mut run = Run::default();
        run.insert(0, member, score);
        run
    }

    pub(super) fn len(&self) -> usize {
        self.scores.len()
    }

    fn start(&self, index: usize) -> usize {
        index.checked_sub(1).map_or(0, |before| self.ends[before] as usize)
    }

    #[inline]
    pub(super) fn get(&self, index: usize) -> (&[u8], f64) {
        (&self.heap[self.start(index)..self.ends[index] as usize], self.scores[index])
    }

    /// Number of members at the beginning for which a condition holds.
    pub(super) fn partition(&self, before: impl Fn(f64, &[u8]) -> bool) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            let (member, score) = self.get(middle);
            if before(score, member) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// The index of a member, or where it belongs.
    pub(super) fn search(&self, score: f64, member: &[u8]) -> Result<usize, usize> {
        let at = self.partition(|s, m| order((s, m), (score, member)) == Ordering::Less);
        if at < self.len() && self.get(at).0 == member && self.scores[at] == score {
            Ok(at)
        } else {
            Err(at)
        }
    }

    pub(super) fn insert(&mut self, at: usize, member: &[u8], score: f64) {
        let start = self.start(at);
        reserve(&mut self.scores, 1);
        self.scores.insert(at, score);
        reserve(&mut self.heap, member.len());
        let len = self.heap.len();
        self.heap.resize(len + member.len(), 0);
        self.heap.copy_within(start..len, start + member.len());
        self.heap[start..start + member.len()].copy_from_slice(member);
        for end in &mut self.ends[at..] {
            *end += member.len() as u32;
        }
        reserve(&mut self.ends, 1);
        self.ends.insert(at, (start + member.len()) as u32);
    }

    /// Whether there are too many members.
    pub(super) fn is_over(&self) -> bool {
        self.len() > MAX_MEMBERS || (self.heap.len() > MAX_HEAP_BYTES && self.len() > 1)
    }

    /// Whether a member can come at the end.
    pub(super) fn has_room(&self, member: &[u8]) -> bool {
        self.len() < MAX_MEMBERS
            && (self.len() == 0 || self.heap.len() + member.len() <= MAX_HEAP_BYTES)
    }

    /// Moves parts to runs of their own until none is too large.
    pub(super) fn split(&mut self, more: &mut Vec<Run>) {
        if !self.is_over() {
            return;
        }
        let at = if self.len() > MAX_MEMBERS {
            self.len() / 2
        } else {
            let half = self.heap.len() / 2;
            self.ends.partition_point(|end| (*end as usize) < half).clamp(1, self.len() - 1)
        };
        let mut right = self.split_off(at);
        self.split(more);
        let mut rest = Vec::new();
        right.split(&mut rest);
        more.push(right);
        more.append(&mut rest);
    }

    fn split_off(&mut self, at: usize) -> Run {
        let start = self.start(at);
        let mut ends = self.ends.split_off(at);
        for end in &mut ends {
            *end -= start as u32;
        }
        let right =
            Run { scores: self.scores.split_off(at), ends, heap: self.heap.split_off(start) };
        self.give_back();
        right
    }

    fn give_back(&mut self) {
        give_back(&mut self.scores);
        give_back(&mut self.ends);
        give_back(&mut self.heap);
    }

    pub(super) fn allocated_bytes(&self) -> usize {
        self.scores.capacity() * 8 + self.ends.capacity() * 4 + self.heap.capacity()
    }

    /// Removes members, all of them if so wanted.
    pub(super) fn take_out(&mut self, range: Range<usize>) {
        let (start, end) = (self.start(range.start), self.start(range.end));
        self.heap.drain(start..end);
        self.scores.drain(range.clone());
        self.ends.drain(range.clone());
        for place in &mut self.ends[range.start..] {
            *place -= (end - start) as u32;
        }
        self.give_back();
    }
}

impl Leaf for Run {
    type Key = Mark;

    fn count(&self) -> usize {
        self.len()
    }

    fn key(&self) -> Mark {
        let (member, score) = self.get(0);
        Mark { score, member: member.into() }
    }

    fn remove(&mut self, range: Range<usize>) {
        self.take_out(range);
    }

    fn fits(&self, right: &Self) -> bool {
        self.len() + right.len() <= MAX_MEMBERS * 5 / 8
            && self.heap.len() + right.heap.len() <= MAX_HEAP_BYTES * 5 / 8
    }

    fn absorb(&mut self, right: &Self) {
        let base = self.heap.len() as u32;
        reserve(&mut self.scores, right.len());
        self.scores.extend_from_slice(&right.scores);
        reserve(&mut self.ends, right.len());
        self.ends.extend(right.ends.iter().map(|end| end + base));
        reserve(&mut self.heap, right.heap.len());
        self.heap.extend_from_slice(&right.heap);
    }
}
