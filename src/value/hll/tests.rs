//! HyperLogLogs in both encodings: registers, counts and unions, and bytes that no server wrote.

use super::*;
use crate::base::rng::Rng;

const SPARSE_MAX_BYTES: usize = 3000;

/// Raises a register, looking for it from the first one on.
fn raise(hll: &mut Vec<u8>, index: usize, rank: u8, max_bytes: usize) -> Result<bool, Corrupt> {
    super::raise(hll, index, rank, max_bytes, &mut { Cursor::START })
}

#[test]
fn registers_are_taken_apart_and_put_together() {
    let mut rng = Rng::new(3);
    for _ in 0..1000 {
        let ranks: [u8; 8] = std::array::from_fn(|_| rng.below(64) as u8);
        let packed = dense::pack(ranks);
        for (i, rank) in ranks.iter().enumerate() {
            // Bit by bit, lowest first.
            for bit in 0..6 {
                let at = i * 6 + bit;
                assert_eq!(packed[at / 8] >> (at % 8) & 1, rank >> bit & 1);
            }
        }
        assert_eq!(dense::spread(packed), ranks);
    }
}

#[test]
fn registers_are_read_and_written_alone() {
    let mut registers = [0; DENSE_REGISTERS_BYTES];
    let rank = |index: usize| (index * 7 % 64) as u8;
    for index in 0..REGISTERS {
        dense::set(&mut registers, index, 63);
        dense::set(&mut registers, index, rank(index));
    }
    assert!((0..REGISTERS).all(|index| dense::get(&registers, index) == rank(index)));
    assert!(!dense::raise(&mut registers, 1, 7));
    assert!(dense::raise(&mut registers, 1, 8));
}

/// Registers of a HyperLogLog, one byte for each.
fn ranks(bytes: &[u8]) -> Vec<u8> {
    let mut registers = Registers::new();
    registers.raise_to(bytes).unwrap();
    registers.ranks().to_vec()
}

#[test]
fn both_encodings_agree() {
    let mut rng = Rng::new(11);
    let (mut sparse, mut dense) = (empty(), to_dense(&empty()).unwrap());
    for n in 0..30_000_u64 {
        let element = rng.below(1 << 20).to_le_bytes();
        let changed = add(&mut dense, &element, SPARSE_MAX_BYTES);
        assert_eq!(add(&mut sparse, &element, SPARSE_MAX_BYTES), changed);
        if n.is_multiple_of(997) {
            assert_eq!(ranks(&sparse), ranks(&dense));
            assert_eq!(count(&sparse), count(&dense));
            let counted = count(&sparse).unwrap();
            assert!(counted.abs_diff(n) <= 6 + n / 20, "{counted} of {n}");
        }
    }
    assert_eq!(Encoding::of(&sparse), Some(Encoding::Dense));
}

#[test]
fn a_union_counts_what_is_in_any() {
    let (mut a, mut b, mut both) = (empty(), empty(), empty());
    for n in 0..20_000_u32 {
        let element = n.to_string();
        // One stays sparse.
        let one = if n % 40 == 0 { &mut a } else { &mut b };
        add(one, element.as_bytes(), SPARSE_MAX_BYTES).unwrap();
        add(&mut both, element.as_bytes(), SPARSE_MAX_BYTES).unwrap();
    }
    assert_eq!(Encoding::of(&a), Some(Encoding::Sparse));
    let mut registers = Registers::new();
    registers.raise_to(&a).unwrap();
    registers.raise_to(&b).unwrap();
    assert_eq!(registers.count(), count(&both).unwrap());
    let mut merged = a.clone();
    registers.raise_each(&mut merged, SPARSE_MAX_BYTES).unwrap();
    assert_eq!(ranks(&merged), ranks(&both));
    registers.write_dense(&mut b);
    assert_eq!(ranks(&b), ranks(&both));
}

#[test]
fn cached_counts_are_stale_when_marked() {
    let mut hll = empty();
    assert_eq!(cached(&hll), Some(0));
    set_cached(&mut hll, 12345);
    assert_eq!(cached(&hll), Some(12345));
    set_stale(&mut hll);
    assert_eq!(cached(&hll), None);
}

#[test]
fn small_limits_and_great_ranks_make_dense() {
    let mut hll = empty();
    assert_eq!(raise(&mut hll, 100, 5, 18), Ok(true));
    assert_eq!(Encoding::of(&hll), Some(Encoding::Dense));
    let mut hll = empty();
    assert_eq!(raise(&mut hll, 100, 32, SPARSE_MAX_BYTES), Ok(true));
    assert_eq!(Encoding::of(&hll), Some(Encoding::Sparse));
    assert_eq!(raise(&mut hll, 100, 33, SPARSE_MAX_BYTES), Ok(true));
    assert_eq!(Encoding::of(&hll), Some(Encoding::Dense));
    assert_eq!(ranks(&hll)[100], 33);
}

#[test]
fn equal_neighbours_share_a_run() {
    let mut hll = empty();
    for index in [10, 12, 11, 14, 13, 15] {
        raise(&mut hll, index, 3, SPARSE_MAX_BYTES).unwrap();
    }
    let found: Vec<Op> = ops(&hll).collect();
    // No run is longer than four, and what was joined first stays.
    let (four, two) = (Op::Ranked(3, 4), Op::Ranked(3, 2));
    assert_eq!(found, [Op::Zeroes(10), four, two, Op::LongZeroes(REGISTERS - 16)]);
}

#[test]
fn registers_in_order_are_raised_as_if_alone() {
    let mut rng = Rng::new(23);
    for round in 0..200_u64 {
        // Small ranks and neighbours, so that runs are joined and split.
        let (span, count) = (1 + rng.below(1 << (round % 14)), rng.below(700));
        let mut hll = || {
            let mut hll = empty();
            for _ in 0..count {
                let (index, rank) = (rng.below(span) as usize, 1 + rng.below(3) as u8);
                raise(&mut hll, index, rank, SPARSE_MAX_BYTES).unwrap();
            }
            hll
        };
        let (mut one, other) = (hll(), hll());
        let mut each = one.clone();
        let mut registers = Registers::new();
        registers.raise_to(&other).unwrap();
        registers.raise_each(&mut one, SPARSE_MAX_BYTES).unwrap();
        for (index, rank) in registers.ranks().iter().enumerate().filter(|(_, rank)| **rank > 0) {
            raise(&mut each, index, *rank, SPARSE_MAX_BYTES).unwrap();
        }
        assert_eq!(one, each);
    }
}

/// Whatever bytes a client stores, nothing panics, and what fails changes nothing.
#[test]
fn bytes_of_any_kind() {
    let mut rng = Rng::new(17);
    for round in 0..3000 {
        let mut hll = match round % 3 {
            0 => empty(),
            1 => {
                let mut hll = empty();
                for n in 0..200_u32 {
                    add(&mut hll, &n.to_le_bytes(), SPARSE_MAX_BYTES).unwrap();
                }
                hll
            }
            _ => {
                let mut hll = empty();
                hll.resize(DENSE_BYTES, 0);
                hll[ENCODING_AT] = 0;
                hll
            }
        };
        for _ in 0..=rng.below(30) {
            let len = hll.len() as u64;
            let at = (16 + rng.below(len - 16)) as usize;
            hll[at] = rng.next_u64() as u8;
        }
        if rng.below(2) == 0 && round % 3 < 2 {
            let len = (16 + rng.below(hll.len() as u64 - 15)) as usize;
            hll.truncate(len);
        }
        assert!(Encoding::of(&hll).is_some());
        let valid = Registers::new().raise_to(&hll).is_ok();
        assert_eq!(count(&hll).is_ok(), valid);
        assert_eq!(to_dense(&hll).is_ok(), valid);
        let listed = ops(&hll).count();
        assert!(listed < DENSE_BYTES);
        for _ in 0..20 {
            let before = hll.clone();
            let index = rng.below(REGISTERS as u64) as usize;
            let done = raise(&mut hll, index, 1 + rng.below(51) as u8, SPARSE_MAX_BYTES);
            assert!(done == Ok(true) || hll == before);
            assert!(done.is_ok() || !valid);
        }
        assert_eq!(Registers::new().raise_to(&hll).is_ok(), valid);
    }
    for bytes in [
        &b""[..],
        b"HYLL",
        b"HYLL\x01",
        b"HYLL\x02\0\0\0\0\0\0\0\0\0\0\0",
        b"HYLL\0\0\0\0\0\0\0\0\0\0\0\0",
    ] {
        assert_eq!(Encoding::of(bytes), None);
    }
}

#[test]
fn ranks_that_no_hash_has() {
    let mut hll = to_dense(&empty()).unwrap();
    hll[HEADER_BYTES..].fill(0xff);
    assert_eq!(count(&hll), Ok(1 << 63));
}
