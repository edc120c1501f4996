//! The dense encoding: 6 bits for each register, lowest bits of a byte first.

use super::estimate::Histogram;
use super::{DENSE_REGISTERS_BYTES, Encoding, HEADER_BYTES};

/// The registers of a HyperLogLog, if it is dense.
pub(super) fn registers(bytes: &[u8]) -> Option<&[u8; DENSE_REGISTERS_BYTES]> {
    match Encoding::of(bytes)? {
        Encoding::Dense => bytes.get(HEADER_BYTES..)?.try_into().ok(),
        Encoding::Sparse => None,
    }
}

/// As [`registers`], to be changed.
pub(super) fn registers_mut(bytes: &mut [u8]) -> Option<&mut [u8; DENSE_REGISTERS_BYTES]> {
    match Encoding::of(bytes)? {
        Encoding::Dense => bytes.get_mut(HEADER_BYTES..)?.try_into().ok(),
        Encoding::Sparse => None,
    }
}

/// The three bytes with four registers that hold one of them, and how far it lies above their lowest bit.
fn group(index: usize) -> (std::ops::Range<usize>, usize) {
    let start = index / 4 * 3;
    (start..start + 3, index % 4 * 6)
}

fn read(group: &[u8]) -> u32 {
    group.iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte))
}

/// A register.
pub(super) fn get(registers: &[u8; DENSE_REGISTERS_BYTES], index: usize) -> u8 {
    let (range, shift) = group(index);
    (read(&registers[range]) >> shift) as u8 & 63
}

/// Writes a register.
pub(super) fn set(registers: &mut [u8; DENSE_REGISTERS_BYTES], index: usize, rank: u8) {
    let (range, shift) = group(index);
    let group = &mut registers[range];
    let word = read(group) & !(63 << shift) | u32::from(rank & 63) << shift;
    group.iter_mut().zip(word.to_le_bytes()).for_each(|(byte, new)| *byte = new);
}

/// Raises a register to a rank. True if it was lower.
pub(super) fn raise(registers: &mut [u8; DENSE_REGISTERS_BYTES], index: usize, rank: u8) -> bool {
    let lower = get(registers, index) < rank;
    if lower {
        set(registers, index, rank);
    }
    lower
}

/// Takes eight registers apart: six bytes become one byte for each.
pub(super) fn spread(packed: [u8; 6]) -> [u8; 8] {
    let [a, b, c, d, e, f] = packed;
    let word = u64::from_le_bytes([a, b, c, 0, d, e, f, 0]);
    let word = (word & 0x00ff_f000_00ff_f000) << 4 | word & 0x0000_0fff_0000_0fff;
    let word = (word & 0x0fc0_0fc0_0fc0_0fc0) << 2 | word & 0x003f_003f_003f_003f;
    word.to_le_bytes()
}

/// Puts eight registers together again.
pub(super) fn pack(ranks: [u8; 8]) -> [u8; 6] {
    let word = u64::from_le_bytes(ranks);
    let word = (word & 0x3f00_3f00_3f00_3f00) >> 2 | word & 0x003f_003f_003f_003f;
    let word = (word & 0x0fff_0000_0fff_0000) >> 4 | word & 0x0000_0fff_0000_0fff;
    let [a, b, c, _, d, e, f, _] = word.to_le_bytes();
    [a, b, c, d, e, f]
}

/// Counts how often each rank occurs.
pub(super) fn fill_histogram(registers: &[u8; DENSE_REGISTERS_BYTES], histogram: &mut Histogram) {
    for packed in registers.as_chunks::<6>().0 {
        histogram.add_eight(spread(*packed));
    }
}
