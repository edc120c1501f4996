//! Layer 0b: reports as tables of cells, written as text, JSON, CSV or HTML.

pub mod binary;
pub mod cell;
pub mod chart;
pub mod data;
pub mod escape;
pub mod human;
pub mod tree;

pub use cell::Cell;
pub use chart::{Bucket, Chart, Histogram, Share, Unit};
pub use data::{Align, Column, Field, Fields, Notes, Table};
pub use tree::{Node, Tree};
