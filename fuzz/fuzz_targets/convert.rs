//! A whole file of hostile bytes is converted for the release that the first byte chooses: the output is sound, and stays when it is converted again.
#![no_main]

#[path = "../../tests/common/convert.rs"]
mod convert;
#[path = "../../tests/common/roundtrip.rs"]
#[allow(dead_code)] // the tests use more of it
mod roundtrip;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, &[u8])| {
    let (choice, bytes) = input;
    let targets = roundtrip::targets();
    convert::convert_twice(bytes, targets[usize::from(choice) % targets.len()]);
});
