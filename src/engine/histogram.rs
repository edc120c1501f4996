//! How long commands took: counts in bins that are 1/128 of a power of two wide, from a nanosecond to a second.
//!
//! ```text
//! value  0 … 255 | 256 … 511 | 512 … 1023 | …        nanoseconds
//! width     1    |     2     |     4      | doubles with each row of 128 bins
//! ```

/// Bins of the first row, and of two rows of those above.
const FIRST: usize = 256;
/// Longest time that is told from longer ones, in nanoseconds.
const MAX_NS: u64 = 1_000_000_000;
/// Bits by which the widest bins are wider than the narrowest.
const SHIFT_MAX: u32 = 22;
const BINS: usize = FIRST + SHIFT_MAX as usize * FIRST / 2;

/// Counts of times.
#[derive(Debug, Clone)]
pub struct Histogram {
    bins: Box<[u64; BINS]>,
    count: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Histogram { bins: Box::new([0; BINS]), count: 0 }
    }
}

/// The bin of a time.
fn bin(ns: u64) -> usize {
    let ns = ns.min(MAX_NS);
    let shift = (u64::BITS - (ns | (FIRST as u64 - 1)).leading_zeros()) - FIRST.ilog2();
    (shift as usize * FIRST / 2) + (ns >> shift) as usize
}

/// The longest time in a bin.
fn longest_ns(bin: usize) -> u64 {
    let shift = (bin / (FIRST / 2)).saturating_sub(1);
    let place = (bin - shift * FIRST / 2) as u64;
    ((place + 1) << shift) - 1
}

impl Histogram {
    /// Counts a time.
    pub fn add(&mut self, ns: u64) {
        self.bins[bin(ns)] += 1;
        self.count += 1;
    }

    /// Number of times that were counted.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The time below which a share of all lies, in nanoseconds; `percent` is 0 to 100.
    pub fn percentile_ns(&self, percent: f64) -> u64 {
        let wanted = ((percent / 100.0 * self.count as f64).ceil() as u64).max(1);
        let mut seen = 0;
        let reached = self.bins.iter().position(|count| {
            seen += count;
            seen >= wanted
        });
        reached.map_or(0, longest_ns)
    }

    /// How many times were below powers of two of nanoseconds, from 1024 on, as far as that says something new.
    pub fn powers(&self) -> Vec<(u64, u64)> {
        let (mut powers, mut bound_ns, mut below, mut bins) =
            (Vec::new(), 1024, 0, self.bins.iter().enumerate().peekable());
        while below < self.count {
            let before = below;
            while let Some((_, count)) = bins.next_if(|(bin, _)| longest_ns(*bin) <= bound_ns) {
                below += count;
            }
            if below > before {
                powers.push((bound_ns, below));
            }
            bound_ns *= 2;
        }
        powers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_are_as_wide_as_they_should_be() {
        for ns in (0..2000).chain([65_535, 65_536, 1_000_003, 999_999_999, MAX_NS]) {
            let longest = longest_ns(bin(ns));
            assert!(longest >= ns && longest as f64 <= ns as f64 * 1.008 + 1.0, "{ns} {longest}");
        }
        assert_eq!(bin(MAX_NS), bin(u64::MAX));
        assert!(bin(u64::MAX) < BINS);
        assert_eq!(longest_ns(bin(1000)), 1003);
    }

    #[test]
    fn percentiles() {
        let mut times = Histogram::default();
        assert_eq!(times.percentile_ns(50.0), 0);
        (1..=100).for_each(|us| times.add(us * 1000));
        assert_eq!(times.count(), 100);
        for (percent, us) in [(0.0, 1), (50.0, 50), (99.0, 99), (99.9, 100), (100.0, 100)] {
            assert_eq!(times.percentile_ns(percent), longest_ns(bin(us * 1000)), "{percent}");
        }
    }

    #[test]
    fn powers_of_two() {
        let mut times = Histogram::default();
        for ns in [500, 1000, 3000, 100_000] {
            times.add(ns);
        }
        assert_eq!(times.powers(), [(1024, 2), (4096, 3), (131_072, 4)]);
        assert_eq!(Histogram::default().powers(), []);
    }
}
