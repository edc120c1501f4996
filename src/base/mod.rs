//! Layer 0a: what every other module stands on. No I/O, no clock, no global state.

pub mod bulk;
