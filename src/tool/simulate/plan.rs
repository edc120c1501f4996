//! Which slots to move so that nodes carry what their weights say.
//!
//! What is moved is what nodes have too much, and no more: first the heaviest slots that fit both what the giver has too much
//! and what the taker lacks, so that few are needed; by number of slots, the lightest ones.

/// What is to be balanced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Balance {
    /// The number of slots.
    Slots,
    /// The number of keys.
    Keys,
    /// The bytes of keys.
    Bytes,
    /// The commands.
    Commands,
}

/// A slot that goes to another node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Move {
    /// The slot.
    pub slot: u16,
    /// Who has it now; none if nobody does.
    pub from: Option<usize>,
    /// Who gets it.
    pub to: usize,
}

/// What a plan is made of.
#[derive(Debug, Clone)]
pub struct Wish<'a> {
    /// Who has each slot, from slot 0 on.
    pub owners: &'a [Option<usize>],
    /// What each slot carries of what is to be balanced.
    pub loads: &'a [u64],
    /// What each slot costs to move, in bytes.
    pub costs: &'a [u64],
    /// The weight of each node; nodes of weight 0 give away everything.
    pub weights: &'a [f64],
    /// Part of its share by which a node may carry too much.
    pub tolerance: f64,
}

/// What nodes carry and should carry.
struct Scales {
    loads: Vec<f64>,
    shares: Vec<f64>,
    slack: Vec<f64>,
}

impl Scales {
    fn new(wish: &Wish<'_>) -> Scales {
        let total: f64 = wish.loads.iter().map(|load| *load as f64).sum();
        let weights: f64 = wish.weights.iter().sum();
        let part = |weight: &f64| if weights > 0.0 { weight / weights } else { 0.0 };
        let shares: Vec<f64> = wish.weights.iter().map(|weight| total * part(weight)).collect();
        let mut loads = vec![0.0; shares.len()];
        for (owner, load) in wish.owners.iter().zip(wish.loads) {
            if let Some(sum) = owner.and_then(|owner| loads.get_mut(owner)) {
                *sum += *load as f64;
            }
        }
        let slack = shares.iter().map(|share| share * wish.tolerance).collect();
        Scales { loads, shares, slack }
    }

    /// Makes shares whole numbers; what is left goes to those that carry most, who then give less.
    fn round(&mut self) {
        let floors: f64 = self.shares.iter().map(|share| share.floor()).sum();
        let total: f64 = self.shares.iter().sum();
        let mut order: Vec<usize> = (0..self.shares.len()).collect();
        let part = |node: &usize| self.shares.get(*node).map_or(0.0, |share| share.fract());
        order.sort_by(|a, b| {
            let by_part = part(b).total_cmp(&part(a));
            by_part.then(self.excess(*b).total_cmp(&self.excess(*a)))
        });
        let mut left = (total - floors).round();
        for node in order {
            if let Some(share) = self.shares.get_mut(node) {
                *share = share.floor() + if left >= 1.0 && share.fract() > 0.0 { 1.0 } else { 0.0 };
                left -= 1.0;
            }
        }
    }

    fn excess(&self, node: usize) -> f64 {
        self.loads.get(node).copied().unwrap_or(0.0) - self.shares.get(node).copied().unwrap_or(0.0)
    }

    fn slack(&self, node: usize) -> f64 {
        self.slack.get(node).copied().unwrap_or(0.0)
    }

    /// The node of some weight that lacks most.
    fn neediest(&self, weights: &[f64]) -> Option<usize> {
        let nodes =
            (0..self.loads.len()).filter(|node| weights.get(*node).is_some_and(|w| *w > 0.0));
        nodes.min_by(|a, b| self.excess(*a).total_cmp(&self.excess(*b)))
    }

    fn shift(&mut self, from: Option<usize>, to: usize, load: u64) {
        if let Some(sum) = from.and_then(|from| self.loads.get_mut(from)) {
            *sum -= load as f64;
        }
        if let Some(sum) = self.loads.get_mut(to) {
            *sum += load as f64;
        }
    }
}

/// Makes a plan, in order of slots. `by_count` balances slots as such, where any slot is as good as another.
pub fn plan(wish: &Wish<'_>, by_count: bool) -> Vec<Move> {
    let mut scales = Scales::new(wish);
    if by_count {
        scales.round();
    }
    let mut moves = Vec::new();
    let slots = || (0u16..).zip(wish.owners.iter().zip(wish.loads.iter().zip(wish.costs)));
    // Slots that nobody has, and those of nodes that are to have none.
    let weight = |node: usize| wish.weights.get(node).copied().unwrap_or(0.0);
    let mut homeless: Vec<_> =
        slots().filter(|(_, (owner, _))| owner.is_none_or(|owner| weight(owner) <= 0.0)).collect();
    homeless.sort_by_key(|(slot, (_, (load, _)))| (std::cmp::Reverse(**load), *slot));
    for (slot, (owner, (load, _))) in homeless {
        let Some(to) = scales.neediest(wish.weights) else { return moves };
        scales.shift(*owner, to, *load);
        moves.push(Move { slot, from: *owner, to });
    }
    let nodes = 0..wish.weights.len();
    let is_off =
        |node: usize| scales.excess(node).abs() > scales.slack(node).max(1.0 - f64::EPSILON);
    if !nodes.clone().any(is_off) {
        moves.sort_by_key(|moved| moved.slot);
        return moves;
    }
    let mut givers: Vec<usize> =
        nodes.filter(|node| weight(*node) > 0.0 && scales.excess(*node) > 0.0).collect();
    givers.sort_by(|a, b| scales.excess(*b).total_cmp(&scales.excess(*a)));
    for giver in givers {
        let mut own: Vec<_> = slots()
            .filter(|(_, (owner, (load, _)))| **owner == Some(giver) && **load > 0)
            .map(|(slot, (_, (load, cost)))| (slot, *load, *cost))
            .collect();
        match by_count {
            true => own.sort_by_key(|(slot, _, cost)| (*cost, *slot)),
            false => own.sort_by_key(|(slot, load, _)| (std::cmp::Reverse(*load), *slot)),
        }
        for (slot, load, _) in own {
            let excess = scales.excess(giver);
            if excess <= 0.0 {
                break;
            }
            let Some(to) = scales.neediest(wish.weights) else { break };
            let fits_giver = load as f64 <= excess + f64::EPSILON;
            let fits_taker = load as f64 <= -scales.excess(to) + scales.slack(to);
            if fits_giver && fits_taker {
                scales.shift(Some(giver), to, load);
                moves.push(Move { slot, from: Some(giver), to });
            }
        }
    }
    moves.sort_by_key(|moved| moved.slot);
    moves
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owners(runs: &[(usize, usize)]) -> Vec<Option<usize>> {
        runs.iter().flat_map(|(owner, slots)| vec![Some(*owner); *slots]).collect()
    }

    fn loads_of(owners: &[Option<usize>], loads: &[u64], moves: &[Move], nodes: usize) -> Vec<u64> {
        let mut after = owners.to_vec();
        for moved in moves {
            assert_eq!(after[usize::from(moved.slot)], moved.from);
            after[usize::from(moved.slot)] = Some(moved.to);
        }
        let of = |node| {
            let own = after.iter().zip(loads).filter(move |(owner, _)| **owner == Some(node));
            own.map(|(_, load)| load).sum()
        };
        (0..nodes).map(of).collect()
    }

    #[test]
    fn slots_move_by_number_and_the_lightest_first() {
        let owners = owners(&[(0, 60), (1, 40), (2, 0)]);
        let costs: Vec<u64> = (0..100).map(|slot| (slot * 7) % 50).collect();
        let wish = Wish {
            owners: &owners,
            loads: &[1; 100],
            costs: &costs,
            weights: &[1.0, 1.0, 2.0],
            tolerance: 0.02,
        };
        let moves = plan(&wish, true);
        assert_eq!(moves.len(), 50);
        assert_eq!(loads_of(&owners, &[1; 100], &moves, 3), [25, 25, 50]);
        let moved: u64 =
            moves.iter().filter(|m| m.from == Some(1)).map(|m| costs[m.slot as usize]).sum();
        let mut least: Vec<u64> = costs[60..].to_vec();
        least.sort_unstable();
        assert_eq!(moved, least[..15].iter().sum::<u64>());
    }

    #[test]
    fn bytes_move_no_more_than_is_too_much() {
        let owners = owners(&[(0, 10), (1, 10)]);
        let mut loads = [10; 20];
        loads[0] = 100;
        let wish = Wish {
            owners: &owners,
            loads: &loads,
            costs: &loads,
            weights: &[1.0, 1.0],
            tolerance: 0.0,
        };
        // 190 and 100: 45 are too many, of which 40 can go.
        let moves = plan(&wish, false);
        assert_eq!(loads_of(&owners, &loads, &moves, 2), [150, 140]);
        assert_eq!(moves.len(), 4);
        let wish = Wish { tolerance: 0.5, ..wish };
        assert!(plan(&wish, false).is_empty());
    }

    #[test]
    fn a_node_without_weight_gives_all_and_slots_of_nobody_find_an_owner() {
        let mut owners = owners(&[(0, 10), (1, 10)]);
        owners.extend([None, None]);
        let mut loads = vec![0; 22];
        loads[3] = 50;
        let wish = Wish {
            owners: &owners,
            loads: &loads,
            costs: &loads,
            weights: &[0.0, 1.0, 1.0],
            tolerance: 0.02,
        };
        let moves = plan(&wish, false);
        assert_eq!(moves.len(), 12);
        assert!(moves.iter().all(|moved| moved.to != 0));
        assert_eq!(moves.iter().filter(|moved| moved.from.is_none()).count(), 2);
        assert!(plan(&Wish { weights: &[0.0; 3], ..wish }, false).is_empty());
    }

    #[test]
    fn what_is_balanced_stays() {
        let owners = owners(&[(0, 5), (1, 5)]);
        let wish = Wish {
            owners: &owners,
            loads: &[3; 10],
            costs: &[3; 10],
            weights: &[1.0, 1.0],
            tolerance: 0.02,
        };
        assert!(plan(&wish, false).is_empty() && plan(&wish, true).is_empty());
    }
}
