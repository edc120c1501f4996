//! Quantiles of any number of values in bounded memory: counts over ranges that double in
//! thirty-two steps, so that an answer is at most 3 % too high.

/// Ranges per doubling, as a power of two.
const STEP_BITS: u32 = 5;
const STEPS: u64 = 1 << STEP_BITS;
const RANGES: usize = (64 - STEP_BITS as usize + 1) << STEP_BITS;

/// How values are distributed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quantile {
    counts: Vec<u64>,
    total: u64,
    max: u64,
}

impl Default for Quantile {
    fn default() -> Self {
        Quantile { counts: vec![0; RANGES], total: 0, max: 0 }
    }
}

/// The range that a value falls into.
#[inline(always)]
fn range_of(value: u64) -> usize {
    if value < STEPS {
        return value as usize;
    }
    let shift = value.ilog2() - STEP_BITS;
    ((u64::from(shift) << STEP_BITS) + (value >> shift)) as usize
}

/// The largest value of a range.
fn last_of(range: usize) -> u64 {
    let range = range as u64;
    if range < 2 * STEPS {
        return range;
    }
    let shift = (range >> STEP_BITS) - 1;
    let step = range - (shift << STEP_BITS);
    (step << shift) + ((1 << shift) - 1)
}

impl Quantile {
    /// Adds a value.
    #[inline(always)]
    pub fn add(&mut self, value: u64) {
        if let Some(count) = self.counts.get_mut(range_of(value)) {
            *count += 1;
        }
        self.total += 1;
        self.max = self.max.max(value);
    }

    /// Adds all values of another.
    pub fn merge(&mut self, other: &Quantile) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        self.total += other.total;
        self.max = self.max.max(other.max);
    }

    /// Number of values.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The largest value, exactly; 0 if there is none.
    pub fn max(&self) -> u64 {
        self.max
    }

    /// The value that this part (0 to 1) of the values does not exceed.
    pub fn at(&self, part: f64) -> u64 {
        let rank = ((self.total as f64 * part).ceil() as u64).max(1);
        let mut seen = 0;
        for (range, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= rank {
                return last_of(range).min(self.max);
            }
        }
        self.max
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_follow_each_other() {
        assert!(range_of(u64::MAX) < RANGES);
        for range in 0..RANGES {
            assert_eq!(range_of(last_of(range)), range);
            if range > 0 {
                assert_eq!(range_of(last_of(range - 1) + 1), range);
            }
        }
    }

    #[test]
    fn answers_are_close() {
        let (mut odd, mut even) = (Quantile::default(), Quantile::default());
        assert_eq!(odd.at(0.5), 0);
        for value in 1..=10_000 {
            if value % 2 == 0 { even.add(value) } else { odd.add(value) }
        }
        odd.merge(&even);
        assert_eq!((odd.total(), odd.max(), odd.at(1.0)), (10_000, 10_000, 10_000));
        for (part, exact) in [(0.5, 5_000.0), (0.9, 9_000.0), (0.99, 9_900.0)] {
            let found = odd.at(part) as f64;
            assert!(found >= exact && found <= exact * 1.04, "{part}: {found}");
        }
    }
}
