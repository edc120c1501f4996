//! HyperLogLogs: strings that tell how many different elements were added to them, to within 0.81 %.
//!
//! An element's hash chooses one of 16384 registers, which keeps the greatest rank seen: the number of trailing zeroes of
//! the rest of the hash, plus one. The string begins with a header of 16 bytes:
//!
//! ```text
//! "HYLL" encoding 0 0 0 cached      encoding: 0 dense, 1 sparse
//!                                   cached: count of elements, 8 bytes little-endian; stale if its highest bit is set
//! ```
//!
//! Dense: 6 bits for each register, lowest bits of a byte first. Sparse: runs of equal registers, see [`Op`].
//! The format is that of Redis and Valkey, and what the functions here write is the same to the byte.

mod dense;
mod estimate;
mod registers;
mod selftest;
mod sparse;

#[cfg(test)]
mod tests;

pub use registers::Registers;
pub use selftest::self_test;
pub use sparse::{Op, ops};

use estimate::Histogram;
use sparse::Cursor;

/// Number of registers.
pub const REGISTERS: usize = 1 << INDEX_BITS;

/// Bits of a hash that choose the register.
const INDEX_BITS: u32 = 14;

/// Greatest rank that a hash can have.
const RANK_MAX: usize = 64 - INDEX_BITS as usize + 1;

/// Bytes of the header.
const HEADER_BYTES: usize = 16;

/// Bytes of all registers in the dense encoding.
const DENSE_REGISTERS_BYTES: usize = REGISTERS * 6 / 8;

/// Bytes of a dense HyperLogLog.
const DENSE_BYTES: usize = HEADER_BYTES + DENSE_REGISTERS_BYTES;

const MAGIC: &[u8] = b"HYLL";

/// Where the header holds the encoding.
const ENCODING_AT: usize = 4;

/// Where the header holds the cached count.
const CACHED_AT: std::ops::Range<usize> = 8..16;

/// Where the header says that the cached count is stale, and the bit that says it.
const STALE_AT: usize = 15;
const STALE: u8 = 0x80;

/// The runs of a sparse HyperLogLog do not give every register once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Corrupt;

/// How registers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Each by itself.
    Dense,
    /// As runs.
    Sparse,
}

impl Encoding {
    /// The encoding of a string; `None` if it is no HyperLogLog. The runs of a sparse one are not looked at.
    pub fn of(bytes: &[u8]) -> Option<Encoding> {
        if bytes.len() < HEADER_BYTES || !bytes.starts_with(MAGIC) {
            return None;
        }
        match bytes[ENCODING_AT] {
            0 if bytes.len() == DENSE_BYTES => Some(Encoding::Dense),
            1 => Some(Encoding::Sparse),
            _ => None,
        }
    }

    /// Its name, as PFDEBUG gives it.
    pub fn name(self) -> &'static str {
        match self {
            Encoding::Dense => "dense",
            Encoding::Sparse => "sparse",
        }
    }
}

/// A HyperLogLog to which nothing was added.
pub fn empty() -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.resize(HEADER_BYTES, 0);
    bytes[ENCODING_AT] = 1;
    sparse::Op::LongZeroes(REGISTERS).write(&mut bytes);
    bytes
}

/// The count of elements that the header holds, unless it is stale.
pub fn cached(bytes: &[u8]) -> Option<u64> {
    let cached = bytes.get(CACHED_AT)?.try_into().ok()?;
    let count = u64::from_le_bytes(cached);
    (count >> 63 == 0).then_some(count)
}

/// Notes the count of elements in the header.
pub fn set_cached(bytes: &mut [u8], count: u64) {
    if let Some(cached) = bytes.get_mut(CACHED_AT) {
        cached.copy_from_slice(&count.to_le_bytes());
    }
}

/// Notes in the header that the count is stale.
pub fn set_stale(bytes: &mut [u8]) {
    if let Some(byte) = bytes.get_mut(STALE_AT) {
        *byte |= STALE;
    }
}

/// The register that an element chooses, and its rank.
fn place_of(element: &[u8]) -> (usize, u8) {
    let hash = murmur64a(element, 0xadc8_3b19);
    let index = hash as usize & (REGISTERS - 1);
    // A bit behind the last one of the hash ends every run of zeroes.
    let rest = hash >> INDEX_BITS | 1 << (64 - INDEX_BITS);
    (index, rest.trailing_zeros() as u8 + 1)
}

/// MurmurHash64A (Austin Appleby, public domain), reading numbers little-endian.
fn murmur64a(bytes: &[u8], seed: u64) -> u64 {
    const M: u64 = 0xc6a4_a793_5bd1_e995;
    let mix = |word: u64| {
        let word = word.wrapping_mul(M);
        (word ^ word >> 47).wrapping_mul(M)
    };
    let (words, rest) = bytes.as_chunks::<8>();
    let mut hash = seed ^ (bytes.len() as u64).wrapping_mul(M);
    for word in words {
        hash = (hash ^ mix(u64::from_le_bytes(*word))).wrapping_mul(M);
    }
    if !rest.is_empty() {
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        hash = (hash ^ u64::from_le_bytes(last)).wrapping_mul(M);
    }
    hash = (hash ^ hash >> 47).wrapping_mul(M);
    hash ^ hash >> 47
}

/// Raises a register to a rank. True if it was lower. A sparse HyperLogLog that would take more than `sparse_max_bytes`
/// (`hll-sparse-max-bytes`), or cannot hold the rank, becomes dense. The cursor is where a sparse one was raised last; it
/// saves time if registers come in their order.
fn raise(
    bytes: &mut Vec<u8>,
    index: usize,
    rank: u8,
    sparse_max_bytes: usize,
    cursor: &mut Cursor,
) -> Result<bool, Corrupt> {
    match dense::registers_mut(bytes) {
        Some(registers) => Ok(dense::raise(registers, index, rank)),
        None => sparse::raise(bytes, index, rank, sparse_max_bytes, cursor),
    }
}

/// Adds an element; see [`Encoding::of`] for what `bytes` must be. True if that changed a register. The cached count is the
/// caller's to mark as stale. On an error nothing has changed.
pub fn add(bytes: &mut Vec<u8>, element: &[u8], sparse_max_bytes: usize) -> Result<bool, Corrupt> {
    let (index, rank) = place_of(element);
    raise(bytes, index, rank, sparse_max_bytes, &mut { Cursor::START })
}

/// Counts the elements, whatever the header says.
pub fn count(bytes: &[u8]) -> Result<u64, Corrupt> {
    let mut histogram = Histogram::new();
    match dense::registers(bytes) {
        Some(registers) => dense::fill_histogram(registers, &mut histogram),
        None => sparse::each_run(bytes, |run, rank| histogram.add(rank, run.len()))?,
    }
    Ok(histogram.estimate())
}

/// The same HyperLogLog in the dense encoding, with its cached count.
pub fn to_dense(bytes: &[u8]) -> Result<Vec<u8>, Corrupt> {
    if dense::registers(bytes).is_some() {
        return Ok(bytes.to_vec());
    }
    let mut found = Registers::new();
    found.raise_to(bytes)?;
    let mut dense = bytes.get(..HEADER_BYTES).ok_or(Corrupt)?.to_vec();
    dense[ENCODING_AT] = 0;
    dense.resize(DENSE_BYTES, 0);
    found.write_dense(&mut dense);
    Ok(dense)
}
