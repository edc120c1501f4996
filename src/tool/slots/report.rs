//! The report on how keys spread.

use super::SlotMap;
use crate::base::slot::key_slot;
use crate::cluster::{Layout, Owner};
use crate::report::{Cell, Column, Fields, Report, Table};
use crate::tool::heavy::NAME_BYTES_MAX;
use crate::tool::info::Volume;

/// How much is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// What people read.
    Summary,
    /// With a row for every slot.
    EverySlot,
}

/// Makes the report; `top` bounds the lists of the biggest.
pub fn report(map: &SlotMap, layout: &Layout, top: usize, detail: Detail) -> Report {
    let mut report = Report::new("Cluster slots", map.name.clone());
    let (owners, nobody) = map.by_owner(layout);
    report.push(summary(map, layout, &owners, nobody));
    report.push(nodes(map, layout, &owners));
    report.push(biggest_slots(map, layout, top));
    report.push(biggest_tags(map, layout, top));
    report.push(uncovered(map, layout));
    if detail == Detail::EverySlot {
        report.push(every_slot(map, layout));
    }
    report
}

/// The largest part in units of the mean part.
pub(in crate::tool) fn skew(parts: impl Iterator<Item = u64> + Clone) -> Cell {
    let (count, sum) = (parts.clone().count(), parts.clone().sum::<u64>());
    let max = parts.max().unwrap_or(0);
    if sum == 0 { Cell::None } else { Cell::Float(rounded(max as f64 * count as f64 / sum as f64)) }
}

/// Three digits behind the point are enough for a skew.
fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

fn summary(map: &SlotMap, layout: &Layout, owners: &[Volume], nobody: Volume) -> Fields {
    let total = map.total();
    let slots = |ranges: &[(u16, u16)]| {
        ranges.iter().map(|(first, last)| u64::from(last - first) + 1).sum::<u64>()
    };
    let owning = (0..owners.len()).filter(|owner| !layout.ranges(Some(*owner)).is_empty());
    let with_slots: Vec<Volume> = owning.filter_map(|owner| owners.get(owner).copied()).collect();
    let used = map.slots().filter(|(_, volume)| volume.count > 0).count();
    let mut fields = Fields::new("summary", "Summary");
    fields.push("complete", "Complete", Cell::Bool(map.ending.is_some()));
    fields.push("keys", "Keys", Cell::Count(total.count));
    fields.push("size_bytes", "Size in the file", Cell::Size(total.bytes));
    fields.push("nodes", "Nodes with slots", Cell::Count(with_slots.len() as u64));
    let parts = with_slots.iter();
    fields.push("keys_skew", "Keys: max/mean of nodes", skew(parts.clone().map(|v| v.count)));
    fields.push("bytes_skew", "Bytes: max/mean of nodes", skew(parts.map(|v| v.bytes)));
    fields.push("slots_used", "Slots with keys", Cell::Count(used as u64));
    let of_slots = map.slots().map(|(_, volume)| volume.bytes);
    let of_slots = of_slots.filter(|bytes| *bytes > 0).collect::<Vec<_>>();
    let slot_skew = skew(of_slots.into_iter());
    fields.push("slot_bytes_skew", "Bytes: max/mean of slots with keys", slot_skew);
    let uncovered = slots(&layout.ranges(None));
    fields.push("uncovered_slots", "Slots without owner", Cell::Count(uncovered));
    fields.push("uncovered_keys", "Keys in them", Cell::Count(nobody.count));
    fields.push("uncovered_bytes", "Bytes in them", Cell::Size(nobody.bytes));
    fields.push("tagged_keys", "Keys with a hash tag", Cell::Count(map.tagged.count));
    fields.push("keys_outside_db_0", "Keys outside of database 0", Cell::Count(map.outside_db_0));
    fields
}

/// Ranges as servers write them.
pub(in crate::tool) fn ranges_text(ranges: &[(u16, u16)]) -> String {
    let texts = ranges.iter().map(|(first, last)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    });
    texts.collect::<Vec<_>>().join(" ")
}

fn nodes(map: &SlotMap, layout: &Layout, owners: &[Volume]) -> Table {
    let columns = [
        Column::left("node", "Node"),
        Column::left("address", "Address"),
        Column::right("slots", "Slots"),
        Column::left("ranges", "Ranges"),
        Column::right("keys", "Keys"),
        Column::right("keys_share", "Of keys"),
        Column::right("size_bytes", "Size"),
        Column::right("bytes_share", "Of bytes"),
    ];
    let mut table = Table::new("nodes", "Nodes", &columns);
    let total = map.total();
    for (index, (owner, volume)) in layout.owners().iter().zip(owners).enumerate() {
        let ranges = layout.ranges(Some(index));
        let slots = ranges.iter().map(|(first, last)| u64::from(last - first) + 1).sum();
        table.push(vec![
            Cell::text(owner.id.clone()),
            owner.address.clone().map_or(Cell::None, Cell::Text),
            Cell::Count(slots),
            Cell::Text(ranges_text(&ranges)),
            Cell::Count(volume.count),
            Cell::ratio(volume.count, total.count),
            Cell::Size(volume.bytes),
            Cell::ratio(volume.bytes, total.bytes),
        ]);
    }
    table
}

fn owner_cell(owner: Option<&Owner>) -> Cell {
    owner.map_or(Cell::None, |owner| Cell::text(owner.id.clone()))
}

fn slot_row(slot: u16, volume: Volume, layout: &Layout, total: Volume) -> Vec<Cell> {
    vec![
        Cell::Number(slot.into()),
        owner_cell(layout.owner_of(slot)),
        Cell::Count(volume.count),
        Cell::Size(volume.bytes),
        Cell::ratio(volume.bytes, total.bytes),
    ]
}

const SLOT_COLUMNS: [Column; 5] = [
    Column::right("slot", "Slot"),
    Column::left("node", "Node"),
    Column::right("keys", "Keys"),
    Column::right("size_bytes", "Size"),
    Column::right("bytes_share", "Of bytes"),
];

/// The slots with the most bytes.
pub(in crate::tool) fn biggest_slots(map: &SlotMap, layout: &Layout, top: usize) -> Table {
    let mut table = Table::new("biggest_slots", "Biggest slots", &SLOT_COLUMNS);
    let total = map.total();
    for (slot, volume) in map.biggest_slots(top) {
        table.push(slot_row(slot, volume, layout, total));
    }
    table
}

fn every_slot(map: &SlotMap, layout: &Layout) -> Table {
    let mut table = Table::new("slots", "Slots", &SLOT_COLUMNS);
    let total = map.total();
    for (slot, volume) in map.slots() {
        table.push(slot_row(slot, volume, layout, total));
    }
    table
}

/// The hash tags with the most bytes.
pub(in crate::tool) fn biggest_tags(map: &SlotMap, layout: &Layout, top: usize) -> Table {
    let columns = [
        Column::left("tag", "Hash tag"),
        Column::right("slot", "Slot"),
        Column::left("node", "Node"),
        Column::right("keys", "Keys"),
        Column::right("size_bytes", "Size"),
        Column::right("error_bytes", "Too high by at most"),
    ];
    let mut table = Table::new("biggest_tags", "Biggest hash tags", &columns);
    for (tag, heavy) in map.biggest_tags(top) {
        // The slot of a tag that was cut is not known.
        let slot = (tag.len() < NAME_BYTES_MAX).then(|| key_slot(tag));
        table.push(vec![
            Cell::bytes(tag),
            slot.map_or(Cell::None, |slot| Cell::Number(slot.into())),
            owner_cell(slot.and_then(|slot| layout.owner_of(slot))),
            Cell::Count(heavy.keys),
            Cell::Size(heavy.bytes),
            Cell::Size(heavy.error_bytes),
        ]);
    }
    table
}

fn uncovered(map: &SlotMap, layout: &Layout) -> Table {
    let columns = [
        Column::right("first", "First slot"),
        Column::right("last", "Last slot"),
        Column::right("keys", "Keys"),
        Column::right("size_bytes", "Size"),
    ];
    let mut table = Table::new("uncovered", "Slots without owner", &columns);
    for (first, last) in layout.ranges(None) {
        let mut sum = Volume::default();
        (first..=last).for_each(|slot| sum += map.slot(slot));
        let (first, last) = (Cell::Number(first.into()), Cell::Number(last.into()));
        table.push(vec![first, last, Cell::Count(sum.count), Cell::Size(sum.bytes)]);
    }
    table
}
