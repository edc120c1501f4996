//! The index of an RDB file, kept beside it as `FILE.rkvx`: where each key is, and what is known
//! of it without decoding its value.
//!
//! ```text
//! header                                     56 bytes
//! entries     in file order                  up to `entries_end`
//! marks       by offset                      24 bytes each
//! blocks      by offset                      16 bytes each
//! lookup      by hash, then position         16 bytes per entry
//! footer                                     64 bytes
//! ```
//!
//! Numbers of fixed size are little-endian; `varint` is LEB128 (seven bits a byte, lowest first).
//! *Offsets* count from the start of the RDB file, *positions* from the start of the index.
//!
//! ```text
//! header      0  "RKVINDEX"                  footer   0  u64 number of entries
//!             8  u32 version, 1                       8  u64 entries_end, a position
//!            12  u32 0                               16  u64 number of marks
//!            16  u64 size of the RDB file            24  u64 number of blocks
//!            24  its magic and version, 9 bytes      32  u64 offset behind the RDB's last byte
//!            33  7 bytes of 0                        40  u64 its checksum, 0 if it has none
//!            40  u64 CRC of its first 64 KiB         48  u64 CRC of all bytes before this field
//!            48  u64 CRC of its last 64 KiB          56  "RKVXEND\n"
//!
//! entry   varint offset    of the record, attributes included
//!         varint length    of the record
//!         u8     type      the RDB's type byte
//!         u8     flags     1 expiry, 2 idle time, 4 frequency;
//!                          bits 4-5 encoding: 0 the type's own, 1 int, 2 embstr, 3 raw
//!         varint database
//!         u16    slot
//!         varint length    of the value
//!         [i64   expiry in unix milliseconds] [varint idle seconds] [u8 frequency]
//!         varint length    of the key
//!         key
//!
//! mark    u64 offset, u64 length, u64 opcode    a record that is no key and yet is needed: an
//!                                               AUX `ctime` (250), a function library (245) or a
//!                                               hash template (242); templates are needed by
//!                                               the entries behind them
//! block   u64 position of its first entry, u64 offset where it starts: consecutive records of
//!                                               the RDB file, about 512 KiB, without gaps
//! lookup  u64 hash of the key, u64 position of its entry
//! ```
//!
//! The hash and all CRCs are CRC-64/XZ. An index is a function of its RDB file: the same file
//! always gives the same bytes. Whoever opens one reads all of it once to check its CRC, and the
//! first and last 64 KiB of the RDB file to see whether they belong together; modification times
//! are not looked at. Bytes in the middle of an RDB file without a checksum may have changed
//! unseen, so every entry's key is compared when it is read.

mod build;
mod codec;
mod decoder;
mod identity;
mod open;

pub use build::{Built, build};
pub use codec::IndexEntry;
pub use decoder::{Decoder, Passed};
pub use open::{Block, Index, IndexError, Mark};

use std::path::{Path, PathBuf};

/// The first bytes of an index.
const MAGIC: &[u8; 8] = b"RKVINDEX";

/// The last bytes of an index.
const END_MAGIC: &[u8; 8] = b"RKVXEND\n";

/// The version written, and the only one read.
const VERSION: u32 = 1;

/// Bytes of the header.
const HEADER_BYTES: usize = 56;

/// Bytes of the footer.
const FOOTER_BYTES: usize = 64;

/// Bytes of a mark.
const MARK_BYTES: usize = 24;

/// Bytes of a block's row and of a lookup row.
const ROW_BYTES: usize = 16;

/// Where the index of an RDB file is kept.
pub fn sidecar_path(rdb: &Path) -> PathBuf {
    let mut name = rdb.as_os_str().to_owned();
    name.push(".rkvx");
    name.into()
}

/// The hash by which keys are looked up.
fn hash(key: &[u8]) -> u64 {
    crate::base::crc::checksum_own(key)
}
