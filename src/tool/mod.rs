//! Layer 9: offline operations, each a source, filters and a sink. Nothing here prints.

pub mod dump;
pub mod out;
pub mod ttl;
