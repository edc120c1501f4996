//! Layer 0b: the wire format of commands.

pub mod decode;
