//! Layer 0b: the packed encodings that Redis keeps in memory and stores whole.
