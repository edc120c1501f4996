//! Who owns which slot.

use super::nodes_conf::NodesConf;
use crate::base::limits::SLOTS;

/// Number of slots.
const SLOT_COUNT: usize = SLOTS as usize;

/// A node that owns slots, or could.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// Its id, or a number where a layout is only planned.
    pub id: String,
    /// Where clients reach it, if that is known.
    pub address: Option<String>,
}

/// The owners of all slots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    owners: Vec<Owner>,
    slots: Vec<Option<u32>>,
}

impl Layout {
    /// The layout that a node has written down. Only primaries own slots.
    pub fn of_conf(conf: &NodesConf) -> Layout {
        let mut layout = Layout { owners: Vec::new(), slots: vec![None; SLOT_COUNT] };
        for node in conf.nodes.iter().filter(|node| node.is_primary()) {
            let address = Some(node.address.endpoint());
            let index = layout.push(Owner { id: node.id.clone(), address });
            for (first, last) in &node.slots {
                layout.assign(*first, *last, index);
            }
        }
        layout
    }

    /// Equal parts for this many nodes, cut where `redis-cli --cluster create` cuts; `None` unless
    /// each gets a slot.
    pub fn equal(nodes: usize) -> Option<Layout> {
        if nodes == 0 || nodes > SLOT_COUNT {
            return None;
        }
        let mut layout = Layout { owners: Vec::new(), slots: vec![None; SLOT_COUNT] };
        let per_node = SLOT_COUNT as f64 / nodes as f64;
        let (mut first, mut cursor) = (0u16, 0.0f64);
        for number in 1..=nodes {
            let index = layout.push(Owner { id: format!("node-{number}"), address: None });
            let is_last = number == nodes;
            let rounded = (cursor + per_node - 1.0).round() as u16;
            let last = if is_last { SLOT_COUNT as u16 - 1 } else { rounded };
            let last = last.min(SLOT_COUNT as u16 - 1).max(first);
            layout.assign(first, last, index);
            first = last.saturating_add(1);
            cursor += per_node;
        }
        Some(layout)
    }

    fn push(&mut self, owner: Owner) -> u32 {
        let index = u32::try_from(self.owners.len()).unwrap_or(u32::MAX);
        self.owners.push(owner);
        index
    }

    fn assign(&mut self, first: u16, last: u16, owner: u32) {
        let range = usize::from(first)..=usize::from(last);
        for slot in self.slots.get_mut(range).unwrap_or(&mut []) {
            *slot = Some(owner);
        }
    }

    /// The nodes, in the order of the file.
    pub fn owners(&self) -> &[Owner] {
        &self.owners
    }

    /// Which of the nodes owns a slot.
    pub fn index_of(&self, slot: u16) -> Option<usize> {
        let index = self.slots.get(usize::from(slot)).copied().flatten()?;
        usize::try_from(index).ok()
    }

    /// The node that owns a slot.
    pub fn owner_of(&self, slot: u16) -> Option<&Owner> {
        self.owners.get(self.index_of(slot)?)
    }

    /// The slots of one node, or those of nobody, as ranges with both ends included.
    pub fn ranges(&self, owner: Option<usize>) -> Vec<(u16, u16)> {
        let mut ranges: Vec<(u16, u16)> = Vec::new();
        for slot in (0..SLOT_COUNT as u16).filter(|slot| self.index_of(*slot) == owner) {
            match ranges.last_mut() {
                Some((_, last)) if last.saturating_add(1) == slot => *last = slot,
                _ => ranges.push((slot, slot)),
            }
        }
        ranges
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_parts_are_those_of_redis_cli() {
        let ranges = |nodes| {
            let layout = Layout::equal(nodes).unwrap();
            (0..nodes).flat_map(|node| layout.ranges(Some(node))).collect::<Vec<_>>()
        };
        assert_eq!(ranges(1), [(0, 16383)]);
        assert_eq!(ranges(3), [(0, 5460), (5461, 10922), (10923, 16383)]);
        assert_eq!(
            ranges(5),
            [(0, 3276), (3277, 6553), (6554, 9829), (9830, 13106), (13107, 16383)]
        );
        assert_eq!(ranges(16384).len(), 16384);
        for nodes in [0, 16385] {
            assert_eq!(Layout::equal(nodes), None);
        }
        for nodes in [7, 100, 1001, 10_000, 16_383] {
            assert_eq!(Layout::equal(nodes).unwrap().ranges(None), []);
        }
    }

    #[test]
    fn only_primaries_own_slots() {
        let a = "a".repeat(40);
        let text = format!(
            "{a} 10.0.0.1:7000@17000 myself,master - 0 0 1 connected 0-1 5\n\
             {} 10.0.0.2:7000@17000 slave {a} 0 0 1 connected 2-3\n",
            "b".repeat(40)
        );
        let layout = Layout::of_conf(&NodesConf::parse(text.as_bytes()).unwrap());
        assert_eq!(layout.owners().len(), 1);
        assert_eq!(layout.ranges(Some(0)), [(0, 1), (5, 5)]);
        assert_eq!(layout.ranges(None), [(2, 4), (6, 16383)]);
        assert_eq!(layout.owner_of(5).map(|owner| owner.id.as_str()), Some(a.as_str()));
        assert_eq!(layout.owner_of(4), None);
    }
}
