//! Layer 0a: what every other module stands on. No clock, no global state but the counts of [`memory`] and [`cow`] and what
//! [`background`] knows of a thread, and no I/O but the unnamed temporary files of [`extsort`] and [`spool`].

pub mod background;
pub mod bulk;
pub mod cow;
pub mod crc;
pub mod cursor;
pub mod extsort;
pub mod glob;
pub mod json;
pub mod library;
pub mod limits;
pub mod long_double;
pub mod lzf;
pub mod memory;
pub mod num;
pub mod prefetch;
pub mod range;
pub mod reason;
pub mod rng;
pub mod slot;
pub mod spool;
