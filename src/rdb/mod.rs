//! Layer 1: RDB files as records and elements, and back.
//!
//! ```text
//! magic(9) record* 0xFF [crc64(8)]
//!
//! record  = opcode payload | attribute* type key value
//! magic   = "REDIS" 4 digits | "VALKEY" 3 digits
//! ```
//!
//! The magic decides the *dialect* first, because type bytes and opcodes mean different things
//! per vendor. [`parser`] finds the records without decoding values, [`Entry::visit`] takes one
//! value apart into [`Elem`]s, [`payload`] does the same for what DUMP returns. Nothing here knows
//! a server, a clock or a file: bytes come in, records and elements go out.
//!
//! | version | written by | added |
//! |---|---|---|
//! | 1–4 | Redis ≤ 2.5 | strings, lists, sets, sorted sets, hashes; zipmap, ziplist, intset; ms expiry |
//! | 5 | Redis 2.6 | checksum |
//! | 7 | Redis 3.2 | quicklist, AUX, RESIZEDB |
//! | 8 | Redis 4.0 | 64-bit lengths, binary scores, modules |
//! | 9 | Redis 5.0–6.2 | streams, idle and frequency, module aux |
//! | 10 | Redis 7.0 | listpacks, functions |
//! | 11 | Redis 7.2, Valkey 7.2–8.1 | set listpack, stream consumers' active time |
//! | 12 | Redis 7.4–8.4 | hash field expiries, slot info |
//! | 13 | Redis 8.6 | idempotent producers, key metadata |
//! | 14 | Redis 8.8 | streams' given-back entries, arrays |
//! | 15 | Redis 8.10 | hash templates |
//! | 80 | Valkey 9.0, 9.1 | magic `VALKEY`, its own hash field expiries, slot imports |

mod blobs;
pub mod dialect;
pub mod encode;
pub mod error;
pub mod event;
mod hop;
pub mod module;
pub mod parser;
pub mod payload;
pub mod stream;
pub mod string;
pub mod template;
pub mod types;
mod vectorset;
mod walk;

pub use dialect::{Dialect, Header};
pub use error::{Class, Error, ErrorKind, KeyPath};
pub use event::{Elem, Node, Span, Stored, StreamId, StreamMeta, Visit};
pub use hop::PassedKey;
pub use parser::{Attributes, Context, Entry, Parser, Record, SlotSizes, Step};
pub use types::{Kind, Layout, ValueType};
pub use walk::Scratch;
#[cfg(test)]
mod tests;
