//! The report on a simulated cluster.

use super::plan::Move;
use super::slots::{Options, Traffic, moves};
use crate::base::slot::key_slot;
use crate::report::{Cell, Column, Fields, Report, Table};
use crate::tool::info::Volume;
use crate::tool::slots::{SlotMap, biggest_slots, biggest_tags, ranges_text, skew};
use std::collections::BTreeMap;

/// What a node carries.
#[derive(Debug, Clone, Copy, Default)]
struct Carried {
    slots: u64,
    keys: Volume,
    commands: Volume,
}

/// Makes the report.
pub fn report(map: &SlotMap, traffic: Option<&Traffic>, options: &Options) -> Report {
    let mut report = Report::new("Simulated cluster", map.name.clone());
    let moves = moves(map, traffic, options);
    let before = options.owners();
    let mut after = before.clone();
    for moved in &moves {
        if let Some(owner) = after.get_mut(usize::from(moved.slot)) {
            *owner = Some(moved.to);
        }
    }
    let nodes = options.layout.owners().len();
    let now = carried(&before, map, traffic, nodes);
    let then = carried(&after, map, traffic, nodes);
    report.push(summary(map, traffic, &now, &then, &moves));
    report.push(nodes_table(options, traffic.is_some(), &now, &then));
    report.push(biggest_slots(map, &options.layout, options.top));
    report.push(biggest_tags(map, &options.layout, options.top));
    if let Some(traffic) = traffic {
        report.push(hot("hot_tags", "Hash tags by commands", "tag", traffic.tags.top(options.top)));
        report.push(hot("hot_keys", "Keys by commands", "key", traffic.keys.top(options.top)));
        report.push(hot_slots(traffic, options));
        report.push(refused(traffic));
    }
    report.push(plan_table(map, traffic, options, &moves));
    report
}

fn carried(
    owners: &[Option<usize>],
    map: &SlotMap,
    traffic: Option<&Traffic>,
    nodes: usize,
) -> Vec<Carried> {
    let mut sums = vec![Carried::default(); nodes];
    for ((slot, keys), owner) in map.slots().zip(owners) {
        let Some(sum) = owner.and_then(|owner| sums.get_mut(owner)) else { continue };
        sum.slots += 1;
        sum.keys += keys;
        sum.commands += commands_of(traffic, slot);
    }
    sums
}

fn commands_of(traffic: Option<&Traffic>, slot: u16) -> Volume {
    let of_slot = traffic.and_then(|traffic| traffic.slots.get(usize::from(slot)));
    of_slot.copied().unwrap_or_default()
}

fn summary(
    map: &SlotMap,
    traffic: Option<&Traffic>,
    now: &[Carried],
    then: &[Carried],
    moves: &[Move],
) -> Fields {
    let total = map.total();
    let mut moved = Volume::default();
    moves.iter().filter(|m| m.from.is_some()).for_each(|m| moved += map.slot(m.slot));
    let unowned = moves.iter().filter(|moved| moved.from.is_none()).count() as u64;
    let mut fields = Fields::new("summary", "Summary");
    fields.push("keys", "Keys", Cell::Count(total.count));
    fields.push("size_bytes", "Size", Cell::Size(total.bytes));
    fields.push("nodes", "Nodes", Cell::Count(now.len() as u64));
    fields.push("tagged_keys", "Keys with a hash tag", Cell::Count(map.tagged.count));
    fields.push("keys_outside_db_0", "Keys outside of database 0", Cell::Count(map.outside_db_0));
    let of = |carried: &[Carried], part: fn(&Carried) -> u64| {
        skew(carried.iter().map(part).collect::<Vec<_>>().into_iter())
    };
    fields.push("keys_skew", "Keys: max/mean of nodes", of(now, |c| c.keys.count));
    fields.push("bytes_skew", "Bytes: max/mean of nodes", of(now, |c| c.keys.bytes));
    if let Some(traffic) = traffic {
        fields.push("commands_skew", "Commands: max/mean of nodes", of(now, |c| c.commands.count));
        fields.push("commands", "Commands", Cell::Count(traffic.commands));
        fields.push(
            "crossslot_commands",
            "Commands refused",
            Cell::Count(traffic.refused_commands),
        );
        let share = Cell::ratio(traffic.refused_commands, traffic.commands);
        fields.push("crossslot_share", "Of all commands", share);
        let transactions = Cell::Count(traffic.transactions.count);
        fields.push("crossslot_transactions", "Transactions refused", transactions);
        fields.push("keyless_commands", "Commands without a key", Cell::Count(traffic.keyless));
        fields.push("unknown_commands", "Commands not understood", Cell::Count(traffic.unknown));
        let outside = Cell::Count(traffic.outside_db_0);
        fields.push("commands_outside_db_0", "Commands outside of database 0", outside);
    }
    fields.push("moved_slots", "Slots to move", Cell::Count(moves.len() as u64 - unowned));
    fields.push("moved_keys", "Keys in them", Cell::Count(moved.count));
    fields.push("moved_bytes", "Bytes in them", Cell::Size(moved.bytes));
    fields.push("moved_share", "Of all bytes", Cell::ratio(moved.bytes, total.bytes));
    fields.push("assigned_slots", "Slots of nobody to assign", Cell::Count(unowned));
    fields.push("bytes_skew_after", "Bytes: max/mean of nodes then", of(then, |c| c.keys.bytes));
    fields
}

fn nodes_table(options: &Options, has_traffic: bool, now: &[Carried], then: &[Carried]) -> Table {
    let mut columns = vec![
        Column::left("node", "Node"),
        Column::left("address", "Address"),
        Column::right("weight", "Weight"),
        Column::right("slots", "Slots"),
        Column::right("keys", "Keys"),
        Column::right("size_bytes", "Size"),
        Column::right("bytes_share", "Of bytes"),
    ];
    if has_traffic {
        columns.push(Column::right("commands", "Commands"));
        columns.push(Column::right("commands_share", "Of commands"));
    }
    columns.push(Column::right("slots_after", "Slots then"));
    columns.push(Column::right("size_bytes_after", "Size then"));
    columns.push(Column::right("bytes_share_after", "Of bytes then"));
    let mut table = Table::new("nodes", "Nodes", &columns);
    let bytes: u64 = now.iter().map(|carried| carried.keys.bytes).sum();
    let bytes_then: u64 = then.iter().map(|carried| carried.keys.bytes).sum();
    let commands: u64 = now.iter().map(|carried| carried.commands.count).sum();
    let owners = options.layout.owners().iter().zip(&options.weights);
    for ((owner, weight), (now, then)) in owners.zip(now.iter().zip(then)) {
        let mut row = vec![
            Cell::text(owner.id.clone()),
            owner.address.clone().map_or(Cell::None, Cell::Text),
            Cell::Float(*weight),
            Cell::Count(now.slots),
            Cell::Count(now.keys.count),
            Cell::Size(now.keys.bytes),
            Cell::ratio(now.keys.bytes, bytes),
        ];
        if has_traffic {
            row.push(Cell::Count(now.commands.count));
            row.push(Cell::ratio(now.commands.count, commands));
        }
        row.push(Cell::Count(then.slots));
        row.push(Cell::Size(then.keys.bytes));
        row.push(Cell::ratio(then.keys.bytes, bytes_then));
        table.push(row);
    }
    table
}

fn hot(
    name: &'static str,
    title: &str,
    what: &'static str,
    top: Vec<(&[u8], crate::tool::heavy::Heavy)>,
) -> Table {
    let columns = [
        Column::left(what, if what == "tag" { "Hash tag" } else { "Key" }),
        Column::right("slot", "Slot"),
        Column::right("commands", "Commands"),
        Column::right("error", "Too high by at most"),
    ];
    let mut table = Table::new(name, title, &columns);
    for (word, heavy) in top {
        // The slot of a name that was cut is not known.
        let is_whole = word.len() < crate::tool::heavy::NAME_BYTES_MAX;
        table.push(vec![
            Cell::bytes(word),
            if is_whole { Cell::Number(key_slot(word).into()) } else { Cell::None },
            Cell::Count(heavy.bytes),
            Cell::Count(heavy.error_bytes),
        ]);
    }
    table
}

fn owner_cell(options: &Options, slot: u16) -> Cell {
    options.layout.owner_of(slot).map_or(Cell::None, |owner| Cell::text(owner.id.clone()))
}

fn hot_slots(traffic: &Traffic, options: &Options) -> Table {
    let columns = [
        Column::right("slot", "Slot"),
        Column::left("node", "Node"),
        Column::right("commands", "Commands"),
        Column::right("commands_share", "Of commands"),
        Column::right("size_bytes", "Their size"),
    ];
    let mut table = Table::new("hot_slots", "Slots by commands", &columns);
    let total: u64 = traffic.slots.iter().map(|volume| volume.count).sum();
    let mut slots: Vec<_> = (0u16..).zip(&traffic.slots).filter(|(_, v)| v.count > 0).collect();
    slots.sort_by_key(|(slot, volume)| (std::cmp::Reverse(volume.count), *slot));
    for (slot, volume) in slots.into_iter().take(options.top) {
        table.push(vec![
            Cell::Number(slot.into()),
            owner_cell(options, slot),
            Cell::Count(volume.count),
            Cell::ratio(volume.count, total),
            Cell::Size(volume.bytes),
        ]);
    }
    table
}

fn refused(traffic: &Traffic) -> Table {
    let columns = [
        Column::left("command", "Command"),
        Column::right("count", "Refused"),
        Column::right("share", "Of all commands"),
        Column::left("key", "Such as key"),
        Column::left("other_key", "And key"),
    ];
    let mut table = Table::new("crossslot", "Refused: keys in several slots", &columns);
    let mut names: Vec<_> = traffic.refused.iter().collect();
    names.sort_by_key(|(name, refused)| (std::cmp::Reverse(refused.count), *name));
    for (name, refused) in names {
        let [first, other] = &refused.example;
        table.push(vec![
            Cell::text(name.clone()),
            Cell::Count(refused.count),
            Cell::ratio(refused.count, traffic.commands),
            Cell::bytes(first.clone()),
            Cell::bytes(other.clone()),
        ]);
    }
    if traffic.transactions.count > 0 {
        let [first, other] = &traffic.transactions.example;
        table.push(vec![
            Cell::text("transaction"),
            Cell::Count(traffic.transactions.count),
            Cell::ratio(traffic.in_transactions, traffic.commands),
            Cell::bytes(first.clone()),
            Cell::bytes(other.clone()),
        ]);
    }
    table
}

/// Slots as ranges.
fn ranges(slots: &[u16]) -> Vec<(u16, u16)> {
    let mut ranges: Vec<(u16, u16)> = Vec::new();
    for slot in slots {
        match ranges.last_mut() {
            Some((_, last)) if last.saturating_add(1) == *slot => *last = *slot,
            _ => ranges.push((*slot, *slot)),
        }
    }
    ranges
}

fn plan_table(
    map: &SlotMap,
    traffic: Option<&Traffic>,
    options: &Options,
    moves: &[Move],
) -> Table {
    let columns = [
        Column::left("from", "From"),
        Column::left("to", "To"),
        Column::right("slots", "Slots"),
        Column::right("keys", "Keys"),
        Column::right("size_bytes", "Size"),
        Column::right("commands", "Commands"),
        Column::left("ranges", "Ranges"),
    ];
    let mut table = Table::new("plan", "Slots to move", &columns);
    let mut pairs: BTreeMap<(Option<usize>, usize), Vec<u16>> = BTreeMap::new();
    for moved in moves {
        pairs.entry((moved.from, moved.to)).or_default().push(moved.slot);
    }
    let id = |node: usize| {
        let owner = options.layout.owners().get(node);
        owner.map_or(Cell::None, |owner| Cell::text(owner.id.clone()))
    };
    for ((from, to), slots) in pairs {
        let (mut keys, mut commands) = (Volume::default(), Volume::default());
        for slot in &slots {
            keys += map.slot(*slot);
            commands += commands_of(traffic, *slot);
        }
        table.push(vec![
            from.map_or(Cell::None, id),
            id(to),
            Cell::Count(slots.len() as u64),
            Cell::Count(keys.count),
            Cell::Size(keys.bytes),
            traffic.map_or(Cell::None, |_| Cell::Count(commands.count)),
            Cell::Text(ranges_text(&ranges(&slots))),
        ]);
    }
    table
}
