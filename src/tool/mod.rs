//! Layer 9: offline operations, made of sources, filters and sinks.

pub mod memory;
