//! Hostile manifests: no panic, and what is read comes back from what is written.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rkv::aof::manifest::Manifest;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(manifest) = Manifest::parse(bytes) {
        let text = manifest.to_bytes();
        if text.is_empty() {
            return;
        }
        // Escapes can make a name longer than a line may be.
        if let Ok(again) = Manifest::parse(&text) {
            assert_eq!(again.to_bytes(), text);
        } else {
            assert!(text.split(|b| *b == b'\n').any(|line| line.len() >= 1023));
        }
    }
});
