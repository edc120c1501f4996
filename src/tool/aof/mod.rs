//! `aof …`: operations on append-only files.
//!
//! In reading order:
//! - [`chain`]: goes over the files of a set in the order of loading; [`table`]: what is known of commands
//! - [`select`]: which commands; [`timeline`]: counts over time
//! - [`info`], [`dump`], [`verify`], [`blame`], [`stats`]: reports
//! - [`plan`], [`repair`], [`truncate`]: new sets
//! - [`replay`], [`rewrite`]: the data itself, and the least that gives it

pub mod blame;
pub mod chain;
pub mod dump;
pub mod info;
pub mod plan;
pub mod repair;
pub mod replay;
pub mod rewrite;
pub mod rules;
pub mod select;
pub mod stats;
pub mod table;
pub mod timeline;
pub mod trail;
pub mod truncate;
pub mod verify;
mod window;

pub use chain::{AofError, Ended};
