//! Sections that are drawn: histograms and labelled shares.

use super::cell::Cell;

/// What the numbers of a chart measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Sizes in bytes.
    Bytes,
    /// Spans of time in milliseconds.
    Millis,
    /// How many of something.
    Count,
}

impl Unit {
    /// A number of this unit as a cell; a negative size or count is shown as zero.
    pub fn cell(self, value: i64) -> Cell {
        match self {
            Unit::Bytes => Cell::Size(u64::try_from(value).unwrap_or(0)),
            Unit::Millis => Cell::Duration(value),
            Unit::Count => Cell::Count(u64::try_from(value).unwrap_or(0)),
        }
    }

    /// The machine name of a bucket's lower bound.
    pub fn lower_name(self) -> &'static str {
        match self {
            Unit::Bytes => "lower_bytes",
            Unit::Millis => "lower_ms",
            Unit::Count => "lower",
        }
    }

    /// The machine name of a bucket's upper bound.
    pub fn upper_name(self) -> &'static str {
        match self {
            Unit::Bytes => "upper_bytes",
            Unit::Millis => "upper_ms",
            Unit::Count => "upper",
        }
    }

    /// The machine name of a share's value.
    pub fn value_name(self) -> &'static str {
        match self {
            Unit::Bytes => "size_bytes",
            Unit::Millis => "duration_ms",
            Unit::Count => "count",
        }
    }

    /// The heading of a column of values.
    pub fn title(self) -> &'static str {
        match self {
            Unit::Bytes => "Size",
            Unit::Millis => "Time",
            Unit::Count => "Count",
        }
    }
}

/// One bucket of a [`Histogram`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// The range in words, such as `1 KiB – 4 KiB` or `no expiry`.
    pub label: String,
    /// The smallest value in it; `None` when open or not a range.
    pub lower: Option<i64>,
    /// The smallest value above it; `None` when open or not a range.
    pub upper: Option<i64>,
    /// How many values fell into it.
    pub count: u64,
    /// What they weigh together in bytes, where that was measured.
    pub size_bytes: Option<u64>,
}

/// How many values fell into each of some ranges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Histogram {
    /// The machine name, unique in its report.
    pub name: &'static str,
    /// The heading for people.
    pub title: String,
    /// What the bounds measure.
    pub unit: Unit,
    /// The buckets in order.
    pub buckets: Vec<Bucket>,
}

impl Histogram {
    /// A histogram without buckets.
    pub fn new(name: &'static str, title: impl Into<String>, unit: Unit) -> Self {
        Histogram { name, title: title.into(), unit, buckets: Vec::new() }
    }

    /// The count of all buckets.
    pub fn total(&self) -> u64 {
        self.buckets.iter().fold(0, |sum, bucket| sum.saturating_add(bucket.count))
    }

    /// The count of the fullest bucket.
    pub fn peak(&self) -> u64 {
        self.buckets.iter().map(|bucket| bucket.count).max().unwrap_or(0)
    }

    /// Whether any bucket has its weight measured.
    pub fn is_weighed(&self) -> bool {
        self.buckets.iter().any(|bucket| bucket.size_bytes.is_some())
    }
}

/// One labelled part of a [`Chart`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// What the part is.
    pub label: String,
    /// How much it is, in the chart's unit.
    pub value: u64,
}

/// How a whole divides into labelled parts, such as bytes by type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chart {
    /// The machine name, unique in its report.
    pub name: &'static str,
    /// The heading for people.
    pub title: String,
    /// What the values measure.
    pub unit: Unit,
    /// The parts in order.
    pub shares: Vec<Share>,
}

impl Chart {
    /// A chart without parts.
    pub fn new(name: &'static str, title: impl Into<String>, unit: Unit) -> Self {
        Chart { name, title: title.into(), unit, shares: Vec::new() }
    }

    /// Adds a part at the end.
    pub fn push(&mut self, label: impl Into<String>, value: u64) {
        self.shares.push(Share { label: label.into(), value });
    }

    /// The whole.
    pub fn total(&self) -> u64 {
        self.shares.iter().fold(0, |sum, share| sum.saturating_add(share.value))
    }

    /// A part's value as a cell.
    pub fn cell(&self, share: &Share) -> Cell {
        self.unit.cell(i64::try_from(share.value).unwrap_or(i64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_do_not_overflow() {
        let mut chart = Chart::new("c", "C", Unit::Bytes);
        chart.push("a", u64::MAX);
        chart.push("b", 1);
        assert_eq!(chart.total(), u64::MAX);
        assert_eq!(
            chart.shares.first().map(|share| chart.cell(share)),
            Some(Cell::Size(i64::MAX as u64))
        );
        assert_eq!(Unit::Count.cell(-1), Cell::Count(0));
    }
}
