//! Counts over a few fixed ranges, such as times to live.

use super::tally::Tally;

/// Milliseconds of a minute, an hour, a day.
const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Times to live: upper bounds in milliseconds; the last range is open.
pub const TTL_MS: &[i64] = &[1, MINUTE, HOUR, DAY, 7 * DAY, 30 * DAY];
/// Idle times: upper bounds in milliseconds.
pub const IDLE_MS: &[i64] = &[MINUTE, HOUR, DAY, 7 * DAY, 30 * DAY];
/// Access frequencies: upper bounds of the logarithmic counter.
pub const FREQ: &[i64] = &[1, 5, 10, 50, 100, 200, 255];

/// Counters between bounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scale {
    /// Upper bounds, which belong to the next range; one range more is open.
    pub bounds: &'static [i64],
    /// A counter per range.
    pub counts: Vec<Tally>,
}

impl Scale {
    /// Ranges without counts.
    pub fn new(bounds: &'static [i64]) -> Scale {
        Scale { bounds, counts: vec![Tally::default(); bounds.len() + 1] }
    }

    /// Counts a value.
    #[inline]
    pub fn add(&mut self, value: i64, tally: &Tally) {
        let range = self.bounds.iter().take_while(|bound| **bound <= value).count();
        if let Some(count) = self.counts.get_mut(range) {
            count.add(tally);
        }
    }

    /// Adds the counts of another with the same bounds.
    pub fn merge(&mut self, other: &Scale) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            count.add(more);
        }
    }

    /// Whether anything was counted.
    pub fn is_used(&self) -> bool {
        self.counts.iter().any(|count| count.keys > 0)
    }

    /// The ranges with their bounds and counts.
    pub fn ranges(&self) -> impl Iterator<Item = (Option<i64>, Option<i64>, &Tally)> {
        let lower = std::iter::once(None).chain(self.bounds.iter().copied().map(Some));
        let upper = self.bounds.iter().copied().map(Some).chain(std::iter::once(None));
        lower.zip(upper).zip(&self.counts).map(|((lower, upper), count)| (lower, upper, count))
    }
}
