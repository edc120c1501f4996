//! Layer 2: sources of records, the filters that choose among them, and the threads that share
//! the work.

pub mod batch;
pub mod filter;
pub mod input;
pub mod map;
pub mod parallel;
pub mod scan;

pub use batch::Batch;
pub use filter::Filter;
pub use input::{Compression, Input, InputError};
pub use parallel::{Turn, Worker, run};
pub use scan::{BREATH_KEYS, Control, Ending, Failure, Trailer, Visitor, survey};
