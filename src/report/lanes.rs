//! What several things did over the same time, a lane for each.

use super::cell::Cell;
use super::data::{Column, Table};

/// A state that a lane can be in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LaneState {
    /// Its word.
    pub name: &'static str,
    /// What stands for it in text.
    pub glyph: char,
    /// Number of its colour in drawings, from 0 to 9; none leaves the lane empty.
    pub color: Option<u8>,
}

/// A time in which a lane was in one state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LaneSpan {
    /// When it begins, in milliseconds.
    pub start_ms: u64,
    /// When it ends, in milliseconds (≥ `start_ms`).
    pub end_ms: u64,
    /// Its state, by its place among [`Lanes::states`].
    pub state: usize,
}

/// One lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lane {
    /// What it tells of.
    pub label: String,
    /// What it did, in order.
    pub spans: Vec<LaneSpan>,
}

/// Lanes over the same time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lanes {
    /// The machine name, unique in its report.
    pub name: &'static str,
    /// The heading for people.
    pub title: String,
    /// The end of all lanes, in milliseconds from their start.
    pub end_ms: u64,
    /// What lanes can do. Where little room is left, later ones are shown rather than earlier ones.
    pub states: Vec<LaneState>,
    /// The lanes in order.
    pub lanes: Vec<Lane>,
}

impl Lanes {
    /// A row per span.
    pub fn table(&self) -> Table {
        let columns = [
            Column::left("lane", "Lane"),
            Column::left("state", "State"),
            Column::right("start_ms", "From"),
            Column::right("end_ms", "To"),
        ];
        let mut table = Table::new(self.name, &self.title, &columns);
        let at = |ms: u64| Cell::Duration(i64::try_from(ms).unwrap_or(i64::MAX));
        for lane in &self.lanes {
            for span in &lane.spans {
                table.push(vec![
                    Cell::text(&lane.label),
                    Cell::text(self.state_name(span)),
                    at(span.start_ms),
                    at(span.end_ms),
                ]);
            }
        }
        table
    }

    /// The word of a span's state.
    pub fn state_name(&self, span: &LaneSpan) -> &'static str {
        self.states.get(span.state).map_or("", |state| state.name)
    }

    /// A lane as so many characters.
    pub fn text(&self, lane: &Lane, chars: usize) -> String {
        let mut cells: Vec<Option<usize>> = vec![None; chars];
        let at = |ms: u64| {
            let at = u128::from(ms) * chars as u128 / u128::from(self.end_ms.max(1));
            usize::try_from(at).unwrap_or(usize::MAX)
        };
        for span in &lane.spans {
            let first = at(span.start_ms).min(chars.saturating_sub(1));
            let last = at(span.end_ms.saturating_sub(1)).max(first);
            for cell in cells.iter_mut().take(last.saturating_add(1)).skip(first) {
                *cell = (*cell).max(Some(span.state));
            }
        }
        let glyph = |state: usize| self.states.get(state).map_or(' ', |state| state.glyph);
        cells.into_iter().map(|cell| cell.map_or(' ', glyph)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;

    #[test]
    fn a_lane_as_text_shows_short_spans() {
        let lanes = sample::lanes();
        assert_eq!(lanes.text(&lanes.lanes[0], 10), "──███─────");
        assert_eq!(lanes.text(&lanes.lanes[1], 10), "          ");
        assert_eq!(lanes.text(&lanes.lanes[0], 0), "");
        assert_eq!(lanes.table().rows.len(), 3);
    }
}
