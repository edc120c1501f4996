//! From registers to a count: Otmar Ertl, "New cardinality estimation algorithms for HyperLogLog sketches", arXiv:1702.01284.
//!
//! The steps of the calculation are those of Redis 5 and later, as the count must be the same to the last digit.

use super::{RANK_MAX, REGISTERS};

/// How many registers have each rank. Ranks that no hash has can stand in a string too.
#[derive(Debug, Clone)]
pub(super) struct Histogram {
    /// Two for registers in turn, as neighbours with equal ranks would wait for each other.
    counts: [[u32; 64]; 2],
}

impl Histogram {
    pub(super) fn new() -> Histogram {
        Histogram { counts: [[0; 64]; 2] }
    }

    /// Counts registers of a rank.
    pub(super) fn add(&mut self, rank: u8, registers: usize) {
        self.counts[0][usize::from(rank & 63)] += registers as u32;
    }

    /// Counts eight registers.
    pub(super) fn add_eight(&mut self, ranks: [u8; 8]) {
        if ranks == [0; 8] {
            self.counts[0][0] += 8;
            return;
        }
        for pair in ranks.as_chunks::<2>().0 {
            self.counts[0][usize::from(pair[0] & 63)] += 1;
            self.counts[1][usize::from(pair[1] & 63)] += 1;
        }
    }

    fn of(&self, rank: usize) -> f64 {
        f64::from(self.counts[0][rank] + self.counts[1][rank])
    }

    /// How many different elements the registers stand for.
    pub(super) fn estimate(&self) -> u64 {
        /// 0.5 / ln 2.
        const ALPHA: f64 = 0.721_347_520_444_481_7;
        let m = REGISTERS as f64;
        let mut z = m * tau((m - self.of(RANK_MAX)) / m);
        for rank in (1..RANK_MAX).rev() {
            z += self.of(rank);
            z *= 0.5;
        }
        z += m * sigma(self.of(0) / m);
        let estimate = (ALPHA * m * m / z).round();
        // With ranks that no hash has, nothing is left to divide by; servers give what their processor makes of that.
        if estimate.is_finite() { estimate as u64 } else { 1 << 63 }
    }
}

fn sigma(mut x: f64) -> f64 {
    if x == 1.0 {
        return f64::INFINITY;
    }
    let (mut y, mut z) = (1.0, x);
    loop {
        x *= x;
        let before = z;
        z += x * y;
        y += y;
        if z == before {
            return z;
        }
    }
}

fn tau(mut x: f64) -> f64 {
    if x == 0.0 || x == 1.0 {
        return 0.0;
    }
    let (mut y, mut z) = (1.0, 1.0 - x);
    loop {
        x = x.sqrt();
        let before = z;
        y *= 0.5;
        z -= (1.0 - x) * (1.0 - x) * y;
        if z == before {
            return z / 3.0;
        }
    }
}
