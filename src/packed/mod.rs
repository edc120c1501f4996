//! Layer 0b: the packed encodings that Redis keeps in memory and stores whole.
//!
//! Small collections are one blob each: a listpack, a ziplist, an intset or a zipmap. [`Walk`] reads any of them with every
//! check a server's deep sanitising does, in one linear pass and without allocating; the builders write them, and [`Listpack`]
//! is one that is held and edited in place.
//!
//! Blobs come from files, so nothing here trusts a length, a count or an offset that it has not compared with the blob.

mod blob;
mod error;
mod ints;
mod intset;
mod listpack;
mod owned;
mod walk;
mod ziplist;
mod zipmap;

pub use error::{PackedError, PackedErrorKind, TooLarge};
pub use ints::Intset;
pub use intset::{IntsetBuildError, write_intset};
pub use listpack::{BacklenDialect, ListpackBuilder};
pub use owned::{Iter, IterBack, Listpack, Pos};
pub use walk::{Kind, Walk, header_count, validate};
pub use ziplist::ZiplistBuilder;

/// Largest listpack or ziplist that is built, in bytes; servers refuse to grow past it.
pub const MAX_BLOB_BYTES: usize = 1 << 30;

/// The byte that ends every blob but an intset.
const TERMINATOR: u8 = 0xff;

/// Widens a length read from a blob.
#[inline]
fn widen(length: u32) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}

/// Returns `len` bytes of `bytes` from `at`, if they are there.
#[inline]
fn slice(bytes: &[u8], at: usize, len: usize) -> Option<&[u8]> {
    bytes.get(at..)?.get(..len)
}

/// Returns `N` bytes of `bytes` from `at`, if they are there.
#[inline]
fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

/// Sign-extends a 24-bit little-endian integer.
#[inline]
fn int24(bytes: [u8; 3]) -> i64 {
    let [low, middle, high] = bytes;
    i64::from(i32::from_le_bytes([0, low, middle, high]) >> 8)
}
