//! Layer 0b: reports as tables of cells, written as text, JSON, CSV or HTML.
