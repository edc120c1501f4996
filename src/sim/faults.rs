//! When which link is down.

use crate::base::rng::Rng;

/// How an outage shows itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Connections break when it begins, as when a host restarts; attempts fail until it ends.
    Cut,
    /// Nothing passes, and nobody is told, as with a lost route: connections live on unless somebody gives up first.
    Silent,
}

/// A time in which a link carries nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outage {
    /// When it begins, in milliseconds from the start of the run.
    pub start_ms: u64,
    /// For how long.
    pub length_ms: u64,
    /// The replica whose link to its primary is down, by its place among all; none for those of all that follow the first
    /// primary itself.
    pub replica: Option<usize>,
}

impl Outage {
    /// When it ends, in milliseconds from the start of the run.
    pub fn end_ms(&self) -> u64 {
        self.start_ms.saturating_add(self.length_ms)
    }
}

/// Outages at random.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Random {
    /// How many.
    pub count: u64,
    /// The shortest, in milliseconds.
    pub min_ms: u64,
    /// The longest, in milliseconds (≥ `min_ms`).
    pub max_ms: u64,
}

impl Random {
    /// Draws them: each hits one replica's link, begins at any moment of the run, and short ones are as likely as long ones on
    /// a logarithmic scale. In order of their starts, in whole milliseconds.
    pub fn draw(&self, rng: &mut Rng, duration_ms: u64, replicas: usize) -> Vec<Outage> {
        let (min, max) = (self.min_ms.max(1) as f64, self.max_ms.max(1) as f64);
        let mut outages: Vec<Outage> = (0..self.count)
            .map(|_| Outage {
                start_ms: rng.below(duration_ms.max(1)),
                length_ms: (min * (max / min).powf(rng.unit())) as u64,
                replica: usize::try_from(rng.below(replicas as u64)).ok(),
            })
            .collect();
        outages.sort_by_key(|outage| (outage.start_ms, outage.replica, outage.length_ms));
        outages
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_outages_within_bounds() {
        let random = Random { count: 200, min_ms: 1000, max_ms: 60_000 };
        let outages = random.draw(&mut Rng::new(5), 3_600_000, 3);
        assert_eq!(outages, random.draw(&mut Rng::new(5), 3_600_000, 3));
        assert_ne!(outages, random.draw(&mut Rng::new(6), 3_600_000, 3));
        for outage in &outages {
            assert!(outage.start_ms < 3_600_000 && outage.replica.is_some_and(|i| i < 3));
            assert!((1000..=60_000).contains(&outage.length_ms));
        }
        let short = outages.iter().filter(|outage| outage.length_ms < 8_000).count();
        assert!((60..140).contains(&short), "{short} of 200");
    }
}
