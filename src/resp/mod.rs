//! Layer 0b: the wire format of commands and replies.

pub mod decode;
pub mod encode;
pub mod request;
