//! LZF: hostile input gives the promised length or an error, and what is compressed comes back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rkv::base::lzf::{Compressor, decompress};

fuzz_target!(|input: (u16, &[u8])| {
    let (expected, bytes) = input;
    let mut out = Vec::new();
    match decompress(bytes, expected.into(), &mut out) {
        Ok(()) => assert_eq!(out.len(), usize::from(expected)),
        Err(_) => assert!(out.is_empty()),
    }
    let mut packed = Vec::new();
    if Compressor::new().compress(bytes, &mut packed) {
        decompress(&packed, bytes.len(), &mut out).expect("own output decompresses");
        assert_eq!(out, bytes);
    }
});
