//! CRC-64 in the two forms that rkv needs: the one in Redis's files, and the one in its own.

use crc_fast::{CrcAlgorithm, Digest};

/// The polynomial of Redis ("Jones"), reflected for a table that shifts to the right.
const POLYNOMIAL: u64 = 0x95ac_9329_ac4b_c9b5;

/// From this many bytes on, setting up the vector code costs less than it saves.
const VECTOR_BYTES: usize = 16;

/// The CRC of each byte.
static TABLE: [u64; 256] = table();

/// Computes [`TABLE`].
const fn table() -> [u64; 256] {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let mut crc = index as u64;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ POLYNOMIAL } else { crc >> 1 };
            bit += 1;
        }
        table[index] = crc;
        index += 1;
    }
    table
}

/// Continues Redis's CRC-64 with more bytes; starts with a `crc` of 0.
///
/// Files store the result in little-endian order; there, 0 means that no checksum was computed. The speed is that of memory
/// for blocks of 64 KiB and more.
#[inline]
pub fn crc64(crc: u64, bytes: &[u8]) -> u64 {
    if bytes.len() < VECTOR_BYTES { by_table(crc, bytes) } else { by_vector(crc, bytes) }
}

/// Continues the CRC a byte at a time.
fn by_table(mut crc: u64, bytes: &[u8]) -> u64 {
    for &byte in bytes {
        let [low, ..] = crc.to_le_bytes();
        let entry = TABLE.get(usize::from(low ^ byte)).copied().unwrap_or_default();
        crc = entry ^ crc >> 8;
    }
    crc
}

/// Continues the CRC with vector instructions. This CRC starts with 0 and inverts nothing, so its value is its state.
fn by_vector(crc: u64, bytes: &[u8]) -> u64 {
    let mut digest = Digest::new_with_init_state(CrcAlgorithm::Crc64Redis, crc);
    digest.update(bytes);
    digest.finalize()
}

/// Computes the CRC of two pieces together from the CRC `a` of the first, and `b` and `b_bytes`, CRC and length of the second.
///
/// So pieces can be summed on several threads. Takes time in proportion to the logarithm of the length.
pub fn combine(a: u64, b: u64, b_bytes: u64) -> u64 {
    crc_fast::checksum_combine(CrcAlgorithm::Crc64Redis, a, b, b_bytes)
}

/// Redis's CRC-64 of bytes that come in pieces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Crc64 {
    crc: u64,
}

impl Crc64 {
    /// Starts with no bytes.
    pub fn new() -> Crc64 {
        Crc64::default()
    }

    /// Goes on from a value that was computed before.
    pub fn resume(value: u64) -> Crc64 {
        Crc64 { crc: value }
    }

    /// Adds the next bytes.
    #[inline]
    pub fn update(&mut self, bytes: &[u8]) {
        self.crc = crc64(self.crc, bytes);
    }

    /// Adds the next `bytes` bytes, whose own CRC is `crc`; see [`combine`].
    pub fn append(&mut self, crc: u64, bytes: u64) {
        self.crc = combine(self.crc, crc, bytes);
    }

    /// The CRC of all bytes so far.
    #[inline]
    pub fn value(&self) -> u64 {
        self.crc
    }
}

/// Computes the checksum of rkv's own files (CRC-64/XZ) over bytes in one piece.
pub fn checksum_own(bytes: &[u8]) -> u64 {
    let mut checksum = OwnChecksum::new();
    checksum.update(bytes);
    checksum.value()
}

/// The checksum of rkv's own files (CRC-64/XZ) over bytes that come in pieces.
#[derive(Clone, Default)]
pub struct OwnChecksum {
    digest: crc64fast::Digest,
}

impl OwnChecksum {
    /// Starts with no bytes.
    pub fn new() -> OwnChecksum {
        OwnChecksum::default()
    }

    /// Adds the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.digest.write(bytes);
    }

    /// The checksum of all bytes so far.
    pub fn value(&self) -> u64 {
        self.digest.sum64()
    }
}

impl std::fmt::Debug for OwnChecksum {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OwnChecksum({:016x})", self.value())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Bytes without a pattern.
    fn noise(len: usize) -> Vec<u8> {
        let mut state = 0x9e37_79b9_7f4a_7c15u64;
        let next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            state.to_be_bytes()[0]
        };
        std::iter::repeat_with(next).take(len).collect()
    }

    #[test]
    fn check_values() {
        assert_eq!(crc64(0, b"123456789"), 0xe9c6_d914_c4b8_d9ca);
        assert_eq!(by_vector(0, b"123456789"), 0xe9c6_d914_c4b8_d9ca);
        assert_eq!(checksum_own(b"123456789"), 0x995d_c9bb_df19_39fa);
        assert_eq!((crc64(0, b""), crc64(7, b"")), (0, 7));
    }

    #[test]
    fn payload_of_a_server() {
        // DUMP of the string "-12" by Redis 8.6.3; the CRC covers all before it.
        assert_eq!(
            crc64(0, &[0x00, 0xc0, 0xf4, 0x0d, 0x00]).to_le_bytes(),
            [0xe6, 0xdd, 0x47, 0x64, 0x5d, 0x12, 0x98, 0x42]
        );
    }

    #[test]
    fn table_and_vector_agree_at_all_small_lengths() {
        let bytes = noise(600);
        for len in 0..bytes.len() {
            for start in [0, 1, 7] {
                let part = bytes.get(start..len).unwrap_or_default();
                assert_eq!(by_vector(len as u64, part), by_table(len as u64, part));
            }
        }
    }

    proptest! {
        #[test]
        fn pieces_give_the_whole(cuts in prop::collection::vec(0usize..70_000, 0..12), start: u64) {
            let bytes = noise(70_000);
            let expected = by_table(start, &bytes);
            let mut ends = cuts;
            ends.sort_unstable();
            ends.push(bytes.len());
            let (mut running, mut joined) = (Crc64::resume(start), Crc64::resume(start));
            let mut from = 0;
            for end in ends {
                let piece = &bytes[from..end];
                running.update(piece);
                joined.append(crc64(0, piece), piece.len() as u64);
                from = end;
            }
            prop_assert_eq!(running.value(), expected);
            prop_assert_eq!(joined.value(), expected);
        }

        #[test]
        fn own_pieces_give_the_whole(bytes: Vec<u8>, cut: prop::sample::Index) {
            let (a, b) = bytes.split_at(cut.index(bytes.len() + 1));
            let mut checksum = OwnChecksum::new();
            checksum.update(a);
            checksum.update(b);
            prop_assert_eq!(checksum.value(), checksum_own(&bytes));
        }
    }
}
