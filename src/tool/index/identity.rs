//! What tells one RDB file from another without reading all of it.

use super::{HEADER_BYTES, MAGIC, VERSION};
use crate::base::crc::checksum_own;
use crate::base::cursor::{Cursor, Short};

/// Bytes looked at on both ends of a file.
const EDGE_BYTES: usize = 64 << 10;

/// A file's size and edges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Identity {
    size_bytes: u64,
    magic: [u8; 9],
    head_crc: u64,
    tail_crc: u64,
}

impl Identity {
    /// The identity of a file with these bytes.
    pub(super) fn of(rdb: &[u8]) -> Identity {
        let head = rdb.get(..EDGE_BYTES).unwrap_or(rdb);
        let tail = rdb.get(rdb.len().saturating_sub(EDGE_BYTES)..).unwrap_or(rdb);
        Identity {
            size_bytes: rdb.len() as u64,
            magic: rdb.first_chunk().copied().unwrap_or_default(),
            head_crc: checksum_own(head),
            tail_crc: checksum_own(tail),
        }
    }

    /// The magic and version of the file.
    pub(super) fn magic(&self) -> &[u8; 9] {
        &self.magic
    }

    /// The header of its index.
    pub(super) fn to_header(self) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEADER_BYTES);
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&self.size_bytes.to_le_bytes());
        out.extend_from_slice(&self.magic);
        out.extend_from_slice(&[0; 7]);
        out.extend_from_slice(&self.head_crc.to_le_bytes());
        out.extend_from_slice(&self.tail_crc.to_le_bytes());
        out
    }

    /// Reads what stands behind magic and version in an index.
    pub(super) fn read(c: &mut Cursor<'_>) -> Result<Identity, Short> {
        c.array::<4>()?;
        let size_bytes = u64::from_le_bytes(c.array()?);
        let magic = c.array()?;
        c.array::<7>()?;
        let head_crc = u64::from_le_bytes(c.array()?);
        let tail_crc = u64::from_le_bytes(c.array()?);
        Ok(Identity { size_bytes, magic, head_crc, tail_crc })
    }

    /// Says in which way another file differs, if it does.
    pub(super) fn difference(&self, other: &Identity) -> Option<&'static str> {
        if self.size_bytes != other.size_bytes {
            Some("its size has changed")
        } else if self.magic != other.magic {
            Some("its version has changed")
        } else if self.head_crc != other.head_crc {
            Some("its first 64 KiB have changed")
        } else if self.tail_crc != other.tail_crc {
            Some("its last 64 KiB have changed")
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_and_size_tell_files_apart() {
        let bytes: Vec<u8> = (0..200_000u32).map(|n| n as u8).collect();
        let identity = Identity::of(&bytes);
        let header = identity.to_header();
        assert_eq!(header.len(), HEADER_BYTES);
        let mut c = Cursor::new(header.get(12..).unwrap());
        assert_eq!(Identity::read(&mut c).unwrap(), identity);
        let differs = |other: &[u8]| identity.difference(&Identity::of(other));
        assert_eq!(differs(&bytes), None);
        assert_eq!(differs(bytes.get(1..).unwrap()), Some("its size has changed"));
        for (at, what) in [(3, "version"), (60_000, "first"), (199_999, "last")] {
            let mut other = bytes.clone();
            other[at] ^= 1;
            assert!(differs(&other).unwrap().contains(what));
        }
        assert_eq!(Identity::of(b"").difference(&Identity::of(b"")), None);
    }
}
