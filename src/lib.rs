//! rkv: everything that Redis and Valkey write to disk.
pub mod base;
pub mod cli;
pub mod cluster;
pub mod feed;
pub mod packed;
pub mod rdb;
pub mod report;
pub mod resp;
pub mod tool;
