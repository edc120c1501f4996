//! What is read from hostile bytes is written for every release and read again: the same elements, or a loss is told.
#![no_main]

#[path = "../../tests/common/roundtrip.rs"]
mod roundtrip;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    roundtrip::roundtrip(bytes);
});
