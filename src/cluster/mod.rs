//! Layer 4: what a cluster knows of itself: its nodes and who owns which slot.

pub mod layout;
pub mod nodes_conf;

pub use layout::{Layout, Owner};
pub use nodes_conf::{NodesConf, NodesConfError};
