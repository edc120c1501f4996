//! Bits between two places of a string, counted and searched by words of 64.
//!
//! Bit 0 is the highest bit of the first byte.

use std::ops::Range;

/// Number of set bits.
fn ones(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let in_words: u64 =
        words.iter().map(|word| u64::from(u64::from_ne_bytes(*word).count_ones())).sum();
    in_words + rest.iter().map(|byte| u64::from(byte.count_ones())).sum::<u64>()
}

/// The bytes that hold a range of bits; none if the range is empty or leads beyond the string.
fn holding<'a>(bytes: &'a [u8], bits: &Range<usize>) -> &'a [u8] {
    if bits.is_empty() {
        return &[];
    }
    bytes.get(bits.start / 8..bits.end.div_ceil(8)).unwrap_or_default()
}

/// Number of set bits in a range of bits.
pub(super) fn ones_between(bytes: &[u8], bits: Range<usize>) -> u64 {
    let held = holding(bytes, &bits);
    let (Some(first), Some(last)) = (held.first(), held.last()) else { return 0 };
    let before = u32::from(*first) >> (8 - bits.start % 8);
    let behind = match bits.end % 8 {
        0 => 0,
        used => *last << used,
    };
    ones(held) - u64::from(before.count_ones()) - u64::from(behind.count_ones())
}

/// The first bit of a range that is set, or clear, whichever is wanted.
pub(super) fn first_between(bytes: &[u8], wanted: bool, bits: Range<usize>) -> Option<usize> {
    let (first, rest) = holding(bytes, &bits).split_first()?;
    let unwanted = if wanted { 0 } else { u8::MAX };
    let head = (first ^ unwanted) & (u8::MAX >> (bits.start % 8));
    let at = bits.start / 8 * 8;
    let found = if head != 0 {
        at + head.leading_zeros() as usize
    } else {
        let (words, tail) = rest.as_chunks::<8>();
        let passed = words.iter().position(|word| *word != [unwanted; 8]);
        let words_passed = passed.unwrap_or(words.len());
        let near = words.get(words_passed).map_or(tail, |word| word);
        let in_near = near.iter().position(|byte| *byte != unwanted)?;
        let byte = near[in_near] ^ unwanted;
        at + (1 + words_passed * 8 + in_near) * 8 + byte.leading_zeros() as usize
    };
    (found < bits.end).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::rng::Rng;

    fn bit(bytes: &[u8], at: usize) -> bool {
        bytes[at / 8] & (128 >> (at % 8)) != 0
    }

    #[test]
    fn as_bit_by_bit() {
        let mut rng = Rng::new(5);
        for round in 0..2000 {
            let len = rng.below(40) as usize;
            // Long runs of equal bits, with few others in them.
            let common = if round % 2 == 0 { 0 } else { 255 };
            let bytes: Vec<u8> = (0..len)
                .map(|_| if rng.below(9) == 0 { rng.next_u64() as u8 } else { common })
                .collect();
            let start = rng.below(len as u64 * 8 + 1) as usize;
            let end = start + rng.below((len * 8 - start) as u64 + 1) as usize;
            let ones = (start..end).filter(|at| bit(&bytes, *at)).count() as u64;
            assert_eq!(ones_between(&bytes, start..end), ones, "{bytes:?} {start}..{end}");
            for wanted in [false, true] {
                let first = (start..end).find(|at| bit(&bytes, *at) == wanted);
                let found = first_between(&bytes, wanted, start..end);
                assert_eq!(found, first, "{wanted} in {bytes:?} {start}..{end}");
            }
        }
    }
}
