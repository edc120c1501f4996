//! Layer 3: the data model, without keys and without time.
pub mod limits;
pub mod list;
pub mod stream;
pub mod table;
pub mod tree;
pub mod zset;
