//! Layer 0a: what every other module stands on. No I/O, no clock, no global state.

pub mod bulk;
pub mod crc;
pub mod cursor;
pub mod limits;
pub mod lzf;
pub mod num;
