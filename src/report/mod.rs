//! Layer 0b: reports as tables of cells, written as text, JSON, CSV or HTML.

pub mod binary;
pub mod escape;
pub mod human;
