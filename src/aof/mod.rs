//! Layer 3: append-only files: what belongs to a set, its commands, and how a sound set is written.
//!
//! In reading order:
//! - [`manifest`]: which files there are; [`set`]: what a path names, and the files in the order of loading
//! - [`reader`]: commands and annotations in place; [`repair`]: what is sound, and where it goes on behind damage
//! - [`writer`]: commands as bytes; [`place`]: where in a replication stream a file ends; [`disk`] and [`output`]: new sets that
//!   are complete or absent, even after a power cut; [`live`]: a set that a server appends to
//!
//! Nothing here knows what a command does beyond SELECT, MULTI and EXEC, or what time it is.

pub mod disk;
pub mod live;
pub mod manifest;
pub mod output;
pub mod place;
pub mod reader;
pub mod repair;
pub mod set;
pub mod writer;
