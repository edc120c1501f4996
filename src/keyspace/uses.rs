//! How the uses of keys are noted: by their time, or by a count that fades.
//!
//! The count grows by chance, the less likely the higher it is, and falls by one for each period in which nobody asks for the
//! key. A mark of 32 bits holds the minute in which it last changed and the count:
//!
//! ```text
//! | minute, modulo 2^24 | count |
//! |       24 bits       | 8 bits|
//! ```

use crate::base::rng::Rng;

/// What a new key's count begins with, so that it does not go at once.
const FIRST: u8 = 5;

/// How uses are noted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Uses {
    /// Whether they are counted (LFU), not timed (LRU).
    pub counted: bool,
    /// `lfu-log-factor`: the larger, the slower counts grow.
    pub log_factor: u32,
    /// `lfu-decay-time`: minutes for which a count falls by one; 0 for never.
    pub decay_minutes: u32,
    /// Whether reading is no use (LRM).
    pub only_writes: bool,
    /// Whether small integers pass for objects that all keys share, as servers tell.
    pub shares_integers: bool,
}

impl Default for Uses {
    fn default() -> Self {
        Uses {
            counted: false,
            log_factor: 10,
            decay_minutes: 1,
            only_writes: false,
            shares_integers: true,
        }
    }
}

fn minute(now_ms: i64) -> u32 {
    // Wraps after 31 years, as it is compared modulo 2^24.
    (now_ms / 60_000) as u32 & 0xff_ffff
}

/// The mark of a count at a time in unix milliseconds.
pub fn counted(count: u8, now_ms: i64) -> u32 {
    minute(now_ms) << 8 | u32::from(count)
}

impl Uses {
    /// The mark of a key that is new.
    pub fn first(&self, now_ms: i64) -> u32 {
        match self.counted {
            true => counted(FIRST, now_ms),
            // Wraps in 2106, as it is compared modulo 2^32.
            false => (now_ms / 1000) as u32,
        }
    }

    /// The mark behind one more use.
    pub fn next(&self, mark: u32, now_ms: i64, rng: &mut Rng) -> u32 {
        if !self.counted {
            return self.first(now_ms);
        }
        let count = self.count(mark, now_ms);
        let above = f64::from(count.saturating_sub(FIRST));
        let grows = rng.unit() < 1.0 / (above * f64::from(self.log_factor) + 1.0);
        counted(count.saturating_add(u8::from(grows)), now_ms)
    }

    /// How often a key is used, as far as that has not faded.
    pub fn count(&self, mark: u32, now_ms: i64) -> u8 {
        let minutes = minute(now_ms).wrapping_sub(mark >> 8) & 0xff_ffff;
        let periods = minutes.checked_div(self.decay_minutes).unwrap_or(0);
        let count = (mark & 0xff) as u8;
        count.saturating_sub(u8::try_from(periods).unwrap_or(u8::MAX))
    }

    /// Seconds since the last use, where uses are timed.
    pub fn idle_s(&self, mark: u32, now_ms: i64) -> u32 {
        // A clock that was set back gives none.
        let idle_s = ((now_ms / 1000) as u32).wrapping_sub(mark);
        if idle_s > u32::MAX / 2 { 0 } else { idle_s }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: i64 = 1_800_000_000_000;

    #[test]
    fn counts_grow_slower_the_higher_they_are() {
        let uses = Uses { counted: true, ..Uses::default() };
        let mut rng = Rng::new(3);
        let mut mark = uses.first(NOW_MS);
        assert_eq!(uses.count(mark, NOW_MS), 5);
        let mut after = |mark: &mut u32, hits: u32| {
            (0..hits).for_each(|_| *mark = uses.next(*mark, NOW_MS, &mut rng));
            uses.count(*mark, NOW_MS)
        };
        let hundred = after(&mut mark, 100);
        assert!((6..30).contains(&hundred), "{hundred}");
        let many = after(&mut mark, 100_000);
        assert!(many > 100 && many > hundred, "{many}");
        assert_eq!(after(&mut mark, 10_000_000), 255);
    }

    #[test]
    fn counts_fade() {
        let uses = Uses { counted: true, decay_minutes: 2, ..Uses::default() };
        let mark = counted(9, NOW_MS);
        for (minutes, count) in [(0, 9), (1, 9), (2, 8), (17, 1), (18, 0), (5000, 0)] {
            assert_eq!(uses.count(mark, NOW_MS + minutes * 60_000), count, "{minutes}");
        }
        let never = Uses { decay_minutes: 0, ..uses };
        assert_eq!(never.count(mark, NOW_MS + 90_000_000), 9);
    }

    #[test]
    fn a_clock_that_goes_back_makes_nothing_idle() {
        let uses = Uses::default();
        let mark = uses.first(NOW_MS);
        assert_eq!(uses.idle_s(mark, NOW_MS + 7000), 7);
        assert_eq!(uses.idle_s(mark, NOW_MS - 7000), 0);
    }
}
