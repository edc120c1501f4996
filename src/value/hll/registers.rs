//! Registers taken apart, to be merged.

use super::dense;
use super::estimate::Histogram;
use super::sparse::{self, Cursor};
use super::{Corrupt, REGISTERS, raise};

/// The greatest rank of each register among several HyperLogLogs.
#[derive(Debug, Clone)]
pub struct Registers {
    ranks: Box<[[u8; 8]; REGISTERS / 8]>,
}

impl Default for Registers {
    fn default() -> Self {
        Registers::new()
    }
}

impl Registers {
    /// Those of no elements.
    pub fn new() -> Registers {
        Registers { ranks: Box::new([[0; 8]; REGISTERS / 8]) }
    }

    /// Raises them to those of a HyperLogLog. On an error some may have been raised.
    pub fn raise_to(&mut self, bytes: &[u8]) -> Result<(), Corrupt> {
        let Some(packed) = dense::registers(bytes) else {
            let ranks = self.ranks.as_flattened_mut();
            return sparse::each_run(bytes, |run, rank| {
                if rank > 0 {
                    ranks[run].iter_mut().for_each(|own| *own = rank.max(*own));
                }
            });
        };
        for (own, packed) in self.ranks.iter_mut().zip(packed.as_chunks::<6>().0) {
            own.iter_mut()
                .zip(dense::spread(*packed))
                .for_each(|(own, rank)| *own = rank.max(*own));
        }
        Ok(())
    }

    /// How many different elements they stand for.
    pub fn count(&self) -> u64 {
        let mut histogram = Histogram::new();
        self.ranks.iter().for_each(|ranks| histogram.add_eight(*ranks));
        histogram.estimate()
    }

    /// Writes them into a dense HyperLogLog; any other stays as it is.
    pub fn write_dense(&self, bytes: &mut [u8]) {
        if let Some(packed) = dense::registers_mut(bytes) {
            for (packed, ranks) in packed.as_chunks_mut::<6>().0.iter_mut().zip(self.ranks.iter()) {
                *packed = dense::pack(*ranks);
            }
        }
    }

    /// Raises the registers of a HyperLogLog of any encoding to these, one by one as a server does.
    pub fn raise_each(&self, bytes: &mut Vec<u8>, sparse_max_bytes: usize) -> Result<(), Corrupt> {
        let mut cursor = Cursor::START;
        for (index, rank) in self.ranks.as_flattened().iter().enumerate() {
            if *rank > 0 {
                raise(bytes, index, *rank, sparse_max_bytes, &mut cursor)?;
            }
        }
        Ok(())
    }

    /// All of them.
    pub fn ranks(&self) -> &[u8] {
        self.ranks.as_flattened()
    }
}
