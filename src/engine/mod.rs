//! Layer 7: the server, without I/O.

pub mod config;
