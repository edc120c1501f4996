//! `simulate`: what would happen, found out with the code that would do it.
//!
//! - [`resync`]: partial and full resynchronisations under outages.
//! - [`trace`]: real traffic for it.
//! - [`slots`]: keys and commands over the nodes of a cluster, and how to balance them.
//! - [`plan`]: which slots to move for that.

pub mod plan;
pub mod resync;
mod resync_report;
pub mod slots;
mod slots_report;
pub mod trace;
