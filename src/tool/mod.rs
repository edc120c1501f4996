//! Layer 9: offline operations, each a source, filters and a sink. Nothing here prints.

pub mod aof;
pub mod convert;
pub mod dump;
pub mod file;
pub mod get;
pub mod heavy;
pub mod index;
pub mod info;
pub mod located;
pub mod memory;
pub mod out;
pub mod replicate;
pub mod restore;
pub mod serve;
pub mod simulate;
pub mod slots;
pub mod stats;
pub mod ttl;
pub mod verify;

/// What an operation itself has against its input or its orders.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The orders contradict each other or the input.
    #[error("{0}")]
    Usage(String),
    /// The input is of a kind that is not handled.
    #[error("{0}")]
    Unsupported(String),
    /// The input is corrupt in a way the reader alone cannot see.
    #[error("{message}")]
    Corrupt {
        /// What is wrong.
        message: String,
        /// Where.
        offset: Option<u64>,
    },
    /// The operation would lose something and was told not to.
    #[error("{message}")]
    Refused {
        /// What would be lost.
        message: String,
        /// How to go on.
        hint: String,
    },
}
