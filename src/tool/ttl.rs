//! What becomes of expiries on the way from one place to another.

/// A policy for expiries of keys and hash fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TtlPolicy {
    /// Expiries stay the points in time they are.
    #[default]
    Keep,
    /// Nothing expires.
    Strip,
    /// What was left when the file was written is left from now on: expiries move by the age of
    /// the file. Files that do not say when they were written keep theirs.
    Rebase {
        /// Now, in unix milliseconds.
        now_ms: i64,
    },
    /// Expiries move by this many milliseconds.
    Shift(i64),
}

impl TtlPolicy {
    /// The policy for one file, by when it was written.
    pub fn for_file(self, written_at_s: Option<i64>) -> ShiftBy {
        match self {
            TtlPolicy::Keep => ShiftBy(Some(0)),
            TtlPolicy::Strip => ShiftBy(None),
            TtlPolicy::Shift(ms) => ShiftBy(Some(ms)),
            TtlPolicy::Rebase { now_ms } => ShiftBy(Some(
                written_at_s.map_or(0, |s| now_ms.saturating_sub(s.saturating_mul(1000))),
            )),
        }
    }
}

/// A policy applied to one file: milliseconds to add, or none to strip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShiftBy(pub Option<i64>);

impl ShiftBy {
    /// The new expiry.
    #[inline]
    pub fn apply(self, expire_at_ms: Option<i64>) -> Option<i64> {
        Some(expire_at_ms?.saturating_add(self.0?))
    }

    /// Whether nothing changes.
    pub fn is_identity(self) -> bool {
        self.0 == Some(0)
    }
}

/// The point in time that times to live count from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Now {
    /// This one, in unix milliseconds.
    At(i64),
    /// When the file was written.
    Written {
        /// For files that do not say when that was, in unix milliseconds.
        unless_told_ms: i64,
    },
}

impl Now {
    /// The time for one file, by when it was written, in unix milliseconds.
    pub fn for_file(self, written_at_s: Option<i64>) -> i64 {
        match self {
            Now::At(ms) => ms,
            Now::Written { unless_told_ms } => {
                written_at_s.map_or(unless_told_ms, |s| s.saturating_mul(1000))
            }
        }
    }
}

impl Default for Now {
    fn default() -> Now {
        Now::At(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_move_or_strip() {
        let at = Some(5_000);
        let apply = |policy: TtlPolicy, written| policy.for_file(written).apply(at);
        assert_eq!(apply(TtlPolicy::Keep, None), at);
        assert_eq!(apply(TtlPolicy::Strip, None), None);
        assert_eq!(apply(TtlPolicy::Shift(-1_000), None), Some(4_000));
        assert_eq!(apply(TtlPolicy::Rebase { now_ms: 10_000 }, Some(4)), Some(11_000));
        assert_eq!(apply(TtlPolicy::Rebase { now_ms: 10_000 }, None), at);
        assert_eq!(TtlPolicy::Keep.for_file(None).apply(None), None);
        let written = Now::Written { unless_told_ms: 7 };
        assert_eq!((written.for_file(Some(4)), written.for_file(None)), (4_000, 7));
        assert_eq!(Now::At(5).for_file(Some(4)), 5);
    }
}
