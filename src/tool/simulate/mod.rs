//! `simulate`: what would happen, found out with the code that would do it.
//!
//! - [`resync`]: partial and full resynchronisations under outages.
//! - [`trace`]: real traffic for it.

pub mod resync;
mod resync_report;
pub mod trace;
