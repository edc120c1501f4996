//! PFSELFTEST: whether HyperLogLogs work on this machine.

use super::{DENSE_REGISTERS_BYTES, Encoding, REGISTERS, add, count, dense, empty, to_dense};
use crate::base::rng::Rng;

/// How often all registers are written and read.
const CYCLES: usize = 100;

/// Elements that are added.
const ELEMENTS: u64 = 1_000_000;

/// Writes registers and reads them back, then adds elements to a dense and a sparse HyperLogLog and looks at their counts.
/// An error is a text that tells what was found wrong.
pub fn self_test(rng: &mut Rng, sparse_max_bytes: usize) -> Result<(), String> {
    registers_keep_what_is_written(rng)?;
    counts_are_near(rng, sparse_max_bytes)
}

fn registers_keep_what_is_written(rng: &mut Rng) -> Result<(), String> {
    let mut registers = Box::new([0; DENSE_REGISTERS_BYTES]);
    for _ in 0..CYCLES {
        let ranks: Vec<u8> = (0..REGISTERS).map(|_| rng.below(64) as u8).collect();
        for (index, rank) in ranks.iter().enumerate() {
            dense::set(&mut registers, index, *rank);
        }
        for (index, rank) in ranks.iter().enumerate() {
            let found = dense::get(&registers, index);
            if found != *rank {
                return Err(format!("Register {index} should be {rank} but is {found}"));
            }
        }
    }
    Ok(())
}

fn counts_are_near(rng: &mut Rng, sparse_max_bytes: usize) -> Result<(), String> {
    let corrupt = |_| "the sparse encoding is corrupt".to_owned();
    let standard_error = 1.04 / (REGISTERS as f64).sqrt();
    let (mut sparse, seed) = (empty(), rng.next_u64());
    let mut dense = to_dense(&sparse).map_err(corrupt)?;
    let mut checkpoint = 1;
    for n in 1..=ELEMENTS {
        let element = (n ^ seed).to_le_bytes();
        add(&mut dense, &element, sparse_max_bytes).map_err(corrupt)?;
        add(&mut sparse, &element, sparse_max_bytes).map_err(corrupt)?;
        if n < checkpoint {
            continue;
        }
        let counted = count(&dense).map_err(corrupt)?;
        if n < sparse_max_bytes as u64 / 2 && Encoding::of(&sparse) != Some(Encoding::Sparse) {
            return Err("sparse encoding not used".to_owned());
        }
        if counted != count(&sparse).map_err(corrupt)? {
            return Err("dense/sparse disagree".to_owned());
        }
        // Six times the standard error, and with ten elements not more than one that shares its register.
        let allowed = if n == 10 { 1 } else { (standard_error * 6.0 * n as f64).ceil() as u64 };
        let error = n.abs_diff(counted);
        if error > allowed {
            return Err(format!("Too big error. card:{n} abserr:{error}"));
        }
        checkpoint *= 10;
    }
    Ok(())
}
