//! Checksums: Redis's CRC-64 (Jones), and CRC-64/XZ for rkv's own files.

/// The polynomial `0xad93d23594c935a9`, bit-reversed for a right-shifting table.
const POLYNOMIAL: u64 = 0x95ac_9329_ac4b_c9b5;

/// Below this many bytes a table is faster than setting up SIMD.
const TABLE_BYTES: usize = 64;

const TABLE: [u64; 256] = {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        let mut crc = i as u64;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 {
                (crc >> 1) ^ POLYNOMIAL
            } else {
                crc >> 1
            };
            bit += 1;
        }
        table[i] = crc;
        i += 1;
    }
    table
};

/// Continues Redis's CRC-64 over more bytes; starts from 0. No reflection of the result, no final
/// exclusive-or, so that the value is its own state.
pub fn crc64(crc: u64, bytes: &[u8]) -> u64 {
    if bytes.len() < TABLE_BYTES {
        return bytes.iter().fold(crc, |crc, byte| {
            let index = (crc as u8 ^ byte) as usize;
            TABLE.get(index).copied().unwrap_or(0) ^ (crc >> 8)
        });
    }
    let mut digest = crc_fast::Digest::new_with_init_state(crc_fast::CrcAlgorithm::Crc64Redis, crc);
    digest.update(bytes);
    digest.finalize()
}

/// A running CRC-64 as Redis computes it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Crc64(u64);

impl Crc64 {
    /// The checksum of nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes more bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0 = crc64(self.0, bytes);
    }

    /// The checksum so far.
    pub fn value(self) -> u64 {
        self.0
    }
}

/// CRC-64/XZ, the checksum of the files that rkv alone writes and reads.
pub fn checksum_own(bytes: &[u8]) -> u64 {
    let mut digest = crc64fast::Digest::new();
    digest.write(bytes);
    digest.sum64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_values() {
        assert_eq!(crc64(0, b"123456789"), 0xe9c6_d914_c4b8_d9ca);
        assert_eq!(checksum_own(b"123456789"), 0x995d_c9bb_df19_39fa);
    }

    #[test]
    fn any_split_gives_the_same_sum() {
        let bytes: Vec<u8> = (0..5000u32)
            .map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8)
            .collect();
        let slow = |bytes: &[u8]| {
            bytes
                .chunks(TABLE_BYTES - 1)
                .fold(0, |crc, chunk| crc64(crc, chunk))
        };
        for len in [0, 1, 63, 64, 65, 127, 128, 1000, 4096, 5000] {
            assert_eq!(crc64(0, &bytes[..len]), slow(&bytes[..len]), "{len}");
        }
        for cut in (0..5000).step_by(37) {
            let (a, b) = bytes.split_at(cut);
            assert_eq!(crc64(crc64(0, a), b), slow(&bytes), "cut at {cut}");
        }
    }
}
