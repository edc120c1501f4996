//! The sparse encoding: runs of equal registers, one behind the other, that give every register once.
//!
//! ```text
//! 00llllll            zeroes: l + 1 registers
//! 01llllll llllllll   zeroes: l + 1 registers, highest bits first
//! 1rrrrrll            l + 1 registers of rank r + 1
//! ```

use super::{Corrupt, HEADER_BYTES, REGISTERS, dense, set_stale, to_dense};
use std::ops::Range;

/// Most registers of a run in one byte with rank 0.
const ZEROES_MAX: usize = 64;

/// Most registers of a run with a rank.
const RANKED_MAX: usize = 4;

/// Greatest rank of a run.
const RUN_RANK_MAX: u8 = 32;

/// Runs that are looked at for equal neighbours after a change, from the one before it on.
const RUNS_JOINED: usize = 5;

/// A run: a number of registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// Up to 64 of rank 0.
    Zeroes(usize),
    /// Up to 16384 of rank 0.
    LongZeroes(usize),
    /// Up to 4 of a rank from 1 to 32.
    Ranked(u8, usize),
}

impl Op {
    /// The run at the beginning; `None` if there is none, or only its first half.
    fn read(bytes: &[u8]) -> Option<Op> {
        let first = *bytes.first()?;
        Some(match first >> 6 {
            0 => Op::Zeroes(usize::from(first) + 1),
            1 => {
                let second = *bytes.get(1)?;
                Op::LongZeroes((usize::from(first & 0x3f) << 8 | usize::from(second)) + 1)
            }
            _ => Op::Ranked((first >> 2 & 0x1f) + 1, usize::from(first & 3) + 1),
        })
    }

    /// The shortest run of as many zeroes.
    fn zeroes(len: usize) -> Op {
        if len > ZEROES_MAX { Op::LongZeroes(len) } else { Op::Zeroes(len) }
    }

    /// Appends it.
    pub(super) fn write(self, out: &mut Vec<u8>) {
        match self {
            Op::Zeroes(len) => out.push((len - 1) as u8 & 0x3f),
            Op::LongZeroes(len) => {
                out.extend([0x40 | ((len - 1) >> 8) as u8 & 0x3f, (len - 1) as u8]);
            }
            Op::Ranked(rank, len) => out.push(ranked(rank, len)),
        }
    }

    /// Number of registers.
    fn len(self) -> usize {
        match self {
            Op::Zeroes(len) | Op::LongZeroes(len) | Op::Ranked(_, len) => len,
        }
    }

    /// Bytes that it takes.
    fn bytes(self) -> usize {
        if matches!(self, Op::LongZeroes(_)) { 2 } else { 1 }
    }
}

/// The byte of a run with a rank.
fn ranked(rank: u8, len: usize) -> u8 {
    0x80 | (rank - 1) << 2 | (len - 1) as u8 & 3
}

/// The runs of a sparse HyperLogLog, up to one that is torn. Whether they give every register is not checked.
pub fn ops(bytes: &[u8]) -> impl Iterator<Item = Op> {
    let mut rest = bytes.get(HEADER_BYTES..).unwrap_or_default();
    std::iter::from_fn(move || {
        let op = Op::read(rest)?;
        rest = &rest[op.bytes()..];
        Some(op)
    })
}

/// Visits the runs with the registers that each stands for, and its rank. They must give every register once.
pub(super) fn each_run(
    bytes: &[u8],
    mut visit: impl FnMut(Range<usize>, u8),
) -> Result<(), Corrupt> {
    let (mut at, mut index) = (HEADER_BYTES, 0);
    while let Some(op) = bytes.get(at..).and_then(Op::read) {
        let run = index..index + op.len();
        if run.end > REGISTERS {
            return Err(Corrupt);
        }
        (at, index) = (at + op.bytes(), run.end);
        visit(run, if let Op::Ranked(rank, _) = op { rank } else { 0 });
    }
    if index == REGISTERS && at == bytes.len() { Ok(()) } else { Err(Corrupt) }
}

/// A run's place, from which a search for registers behind it may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cursor {
    /// Where the run before it begins; its own place for the first one.
    before: usize,
    at: usize,
    /// Its first register.
    first: usize,
}

impl Cursor {
    /// The first run.
    pub(super) const START: Cursor = Cursor { before: HEADER_BYTES, at: HEADER_BYTES, first: 0 };
}

/// Raises a register to a rank, as [`super::raise`]. On an error nothing has changed.
pub(super) fn raise(
    bytes: &mut Vec<u8>,
    index: usize,
    rank: u8,
    max_bytes: usize,
    cursor: &mut Cursor,
) -> Result<bool, Corrupt> {
    if rank > RUN_RANK_MAX {
        return promote(bytes, index, rank);
    }
    let mut here = if index < cursor.first { Cursor::START } else { *cursor };
    // Whatever changes below, the run before the one that is found begins where it did.
    *cursor = Cursor::START;
    let op = loop {
        let op = bytes.get(here.at..).and_then(Op::read).ok_or(Corrupt)?;
        if index < here.first + op.len() {
            break op;
        }
        *cursor = here;
        here = Cursor { before: here.at, at: here.at + op.bytes(), first: here.first + op.len() };
    };
    let Cursor { before, at, first } = here;
    match op {
        Op::Ranked(old, _) if old >= rank => return Ok(false),
        Op::Ranked(_, 1) | Op::Zeroes(1) => bytes[at] = ranked(rank, 1),
        _ => {
            let part = |len| match op {
                Op::Ranked(old, _) => Op::Ranked(old, len),
                _ => Op::zeroes(len),
            };
            let mut parts = Vec::with_capacity(5);
            let (left, right) = (index - first, first + op.len() - 1 - index);
            if left > 0 {
                part(left).write(&mut parts);
            }
            parts.push(ranked(rank, 1));
            if right > 0 {
                part(right).write(&mut parts);
            }
            let len = bytes.len() - op.bytes() + parts.len();
            if len > bytes.len() && len > max_bytes {
                return promote(bytes, index, rank);
            }
            bytes.splice(at..at + op.bytes(), parts);
        }
    }
    join_equal(bytes, before);
    set_stale(bytes);
    Ok(true)
}

/// Joins neighbouring runs of one rank where one run can hold them, near a place where a run begins.
fn join_equal(bytes: &mut Vec<u8>, mut at: usize) {
    for _ in 0..RUNS_JOINED {
        let Some(op) = bytes.get(at..).and_then(Op::read) else { return };
        if let Op::Ranked(rank, len) = op
            && let Some(Op::Ranked(next_rank, next_len)) = Op::read(&bytes[at + 1..])
            && next_rank == rank
            && len + next_len <= RANKED_MAX
        {
            // The joined run may take in the next one too.
            bytes[at] = ranked(rank, len + next_len);
            bytes.remove(at + 1);
        } else {
            at += op.bytes();
        }
    }
}

/// Makes it dense, and raises a register.
fn promote(bytes: &mut Vec<u8>, index: usize, rank: u8) -> Result<bool, Corrupt> {
    let mut promoted = to_dense(bytes)?;
    let raised = dense::registers_mut(&mut promoted)
        .is_some_and(|registers| dense::raise(registers, index, rank));
    *bytes = promoted;
    Ok(raised)
}
