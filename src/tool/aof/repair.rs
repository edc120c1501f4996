//! `aof repair`: what of a set is sound.

use super::chain::{self, AofError};
use super::plan::{Cut, Kept, Plan, Why};
use crate::aof::repair::{Piece, Sound, prefix, skip_damage};
use crate::aof::set::{Member, Set};
use crate::feed::Control;

/// What is kept of one file: its RDB part and what is sound of its commands.
fn pieces(start: u64, sound: &Sound) -> Vec<Piece> {
    let mut pieces = sound.pieces.clone();
    match pieces.first_mut() {
        _ if start == 0 => {}
        Some(first) if first.bytes.start == start && first.select.is_none() => {
            first.bytes.start = 0;
        }
        _ => pieces.insert(0, Piece { bytes: 0..start, select: None }),
    }
    pieces
}

/// How many members stand in front of the first missing file.
fn members_before_missing(set: &Set) -> usize {
    let Some(listing) = &set.listing else { return usize::MAX };
    let is_missing = |name: &[u8]| set.missing.iter().any(|missing| missing.listed.name == name);
    let position = listing.manifest.loaded().position(|listed| is_missing(&listed.name));
    position.unwrap_or(usize::MAX)
}

/// Plans a sound set: its longest sound prefix, or with `skip` all that is sound, behind damage and missing files, too.
///
/// An RDB part must be sound; what is wrong with it is an error.
pub fn plan(set: &Set, skip: bool, control: &Control) -> Result<Plan, AofError> {
    let mut plan = Plan::default();
    let mut is_cut = false;
    let readable = if skip { usize::MAX } else { members_before_missing(set) };
    if readable == 0
        && let Some(missing) = set.missing.first()
    {
        let error = std::io::Error::new(
            missing.error.kind(),
            "nothing stands in front of this missing file",
        );
        return Err(AofError::Missing { path: missing.path.clone(), error });
    }
    for (index, member) in set.members.iter().enumerate() {
        is_cut |= index >= readable;
        if is_cut {
            leave_out(member, &mut plan);
            continue;
        }
        let start = chain::preamble(member, control)?.map_or(0, |ending| ending.end);
        let sound = match skip {
            true => skip_damage(member.bytes(), start),
            false => prefix(member.bytes(), start),
        };
        for gap in &sound.gaps {
            plan.cuts.push(Cut::new(member, gap.bytes.clone(), Why::Damage(gap.cause)));
        }
        plan.kept.push(Kept { member: index, pieces: pieces(start, &sound) });
        is_cut = !skip && !sound.is_whole();
    }
    // Something in front of the end is lost: who went on from there would never get it.
    plan.leaves_stream = skip && !(plan.is_whole() && set.missing.is_empty());
    Ok(plan)
}

/// Leaves a whole file out.
pub(super) fn leave_out(member: &Member, plan: &mut Plan) {
    let len = member.bytes().len() as u64;
    plan.cuts.push(Cut::new(member, 0..len, Why::Behind));
}
