//! Asks the memory for what will be read soon.
//!
//! A processor waits a hundred nanoseconds and more for bytes that are in none of its caches. Whoever knows early what will be
//! read asks for all of it at once and goes on meanwhile.

#![allow(unsafe_code, reason = "the instruction takes a bare address")]

/// Bytes that a processor reads from memory at once.
pub const CACHE_LINE: usize = 64;

/// Asks for the first bytes of something, and waits for nothing. Where there is no such instruction, nothing happens.
#[inline(always)]
pub fn prefetch<T>(what: &T) {
    let address = std::ptr::from_ref(what);
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    // SAFETY: it changes nothing that a program can see, and does not fail, whatever the address.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(address.cast());
    }
    #[cfg(all(target_arch = "aarch64", not(miri)))]
    // SAFETY: as above; it writes to no memory, register or flag.
    unsafe {
        std::arch::asm!(
            "prfm pldl1keep, [{address}]",
            address = in(reg) address,
            options(nostack, readonly, preserves_flags)
        );
    }
    #[cfg(any(miri, not(any(target_arch = "x86_64", target_arch = "aarch64"))))]
    let _ = address;
}
