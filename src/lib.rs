//! rkv: everything that Redis and Valkey write to disk.
pub mod base;
pub mod cli;
pub mod packed;
pub mod report;
pub mod tool;
