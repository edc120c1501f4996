//! Bitmaps as servers run them; the replies are those of Redis 8.6.3.

use super::super::check::{check_effects, check_propagated, check_recorded};
use super::op::{Operation, combine};
use crate::base::rng::Rng;

#[test]
fn replies_as_recorded() {
    check_recorded(include_str!("replies.txt"));
}

#[test]
fn nothing_is_told_in_other_words() {
    check_propagated(&[
        ("SETBIT k 5 1", None),
        ("BITFIELD k SET u8 0 1 GET u8 0", None),
        ("BITOP NOT t k", None),
    ]);
}

#[test]
fn effects_as_recorded() {
    check_effects(&[
        ("SETBIT k 7 0", 1, &["new", "setbit"]),
        ("SETBIT k 7 0", 0, &[]),
        ("SETBIT k 7 1", 1, &["setbit"]),
        ("SETBIT k 20 0", 1, &["setbit"]),
        ("BITFIELD k GET u8 0", 0, &[]),
        ("BITFIELD k SET u8 0 5 SET u8 0 5 INCRBY u8 0 1", 2, &["setbit"]),
        ("BITFIELD k SET u8 0 6", 0, &[]),
        ("BITFIELD k SET u8 100 0 SET u8 0 6 GET u8 0", 2, &["setbit"]),
        ("BITFIELD k OVERFLOW FAIL SET u1 0 5", 0, &[]),
        // Servers count no change here, and replicas stay behind.
        ("BITFIELD k OVERFLOW FAIL SET u1 200 5", 1, &[]),
        ("BITFIELD f OVERFLOW FAIL SET u1 200 5", 1, &["new"]),
        ("BITOP NOT t k", 1, &["new", "set"]),
        ("BITOP NOT t k", 1, &["set"]),
        ("BITOP NOT t none", 1, &["del"]),
        ("BITOP NOT t none", 0, &[]),
    ]);
}

/// A bit of a string, clear behind its end.
fn bit(bytes: &[u8], at: usize) -> bool {
    bytes.get(at / 8).is_some_and(|byte| byte & (128 >> (at % 8)) != 0)
}

#[test]
fn strings_are_combined_bit_by_bit() {
    use Operation::*;
    let mut rng = Rng::new(7);
    for round in 0..60 {
        // Some longer than what is combined in one go.
        let longest = if round % 4 == 0 { 9000 } else { 40 };
        let count = 1 + rng.below(4) as usize;
        let strings: Vec<Vec<u8>> = (0..count)
            .map(|_| (0..rng.below(longest)).map(|_| rng.next_u64() as u8).collect())
            .collect();
        let sources: Vec<&[u8]> = strings.iter().map(Vec::as_slice).collect();
        for operation in [And, Or, Xor, Not, Diff, Diff1, AndOr, One] {
            if operation == Not && count > 1 {
                continue;
            }
            let result = combine(operation, &sources);
            assert_eq!(result.len(), strings.iter().map(Vec::len).max().unwrap());
            for at in 0..result.len() * 8 {
                let first = bit(sources[0], at);
                let set = sources.iter().filter(|source| bit(source, at)).count();
                let in_others = set > usize::from(first);
                let wanted = match operation {
                    And => set == count,
                    Or => set > 0,
                    Xor => set % 2 == 1,
                    Not => !first,
                    Diff => first && !in_others,
                    Diff1 => !first && in_others,
                    AndOr => first && in_others,
                    One => set == 1,
                };
                assert_eq!(bit(&result, at), wanted, "{operation:?} of {count}, bit {at}");
            }
        }
    }
}
