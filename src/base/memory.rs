//! The program's allocator.
//!
//! A data store is made of small blocks of many sizes, made and freed by several threads: mimalloc's own field, where it takes
//! a third less time than the C library. Large blocks are better off with the C library: it grows them by moving pages, not by
//! copying, and gives them back to the system at once, as commands that promise to take little memory need it.

#![allow(unsafe_code, reason = "an allocator, and what it is told, can be made in no other way")]

use mimalloc::MiMalloc;
use std::alloc::{GlobalAlloc, Layout, System};

/// Blocks of this many bytes and more come from the C library.
const LARGE_BYTES: usize = 32 << 10;

/// Small blocks from mimalloc, large ones from the C library. Whose a block is follows from its size alone.
#[derive(Debug)]
pub struct Allocator;

/// Whether a block of this size comes from the C library.
pub fn is_large(size: usize) -> bool {
    size >= LARGE_BYTES
}

// SAFETY: each block is handed to the allocator it came from, since the layout it is freed with is the one it was made with.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the contract.
        unsafe {
            if is_large(layout.size()) { System.alloc(layout) } else { MiMalloc.alloc(layout) }
        }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the contract.
        unsafe {
            if is_large(layout.size()) {
                System.alloc_zeroed(layout)
            } else {
                MiMalloc.alloc_zeroed(layout)
            }
        }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract, and the size tells whose the block is.
        unsafe {
            if is_large(layout.size()) {
                System.dealloc(at, layout);
            } else {
                MiMalloc.dealloc(at, layout);
            }
        }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller keeps the contract. A block that changes hands is copied as far as both sizes reach.
        unsafe {
            match (is_large(layout.size()), is_large(size)) {
                (true, true) => System.realloc(at, layout, size),
                (false, false) => MiMalloc.realloc(at, layout, size),
                _ => {
                    let new = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
                    if !new.is_null() {
                        std::ptr::copy_nonoverlapping(at, new, layout.size().min(size));
                        self.dealloc(at, layout);
                    }
                    new
                }
            }
        }
    }
}

/// Milliseconds for which freed memory is kept before the system gets it back. A growing data store frees memory all the time
/// and needs it again at once; with the allocator's own ten milliseconds a load spends a third of its time on pages that it
/// had before.
const KEEP_FREED_MS: std::ffi::c_long = 10_000;

/// Number of the option in mimalloc's `mi_option_t`, which the bindings leave out.
const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;

/// Keeps freed memory for a while: for commands that build a data store.
pub fn keep_freed() {
    // SAFETY: the option exists in the allocator that is linked in, takes any number, and may be set at any time.
    unsafe { libmimalloc_sys::mi_option_set(PURGE_DELAY, KEEP_FREED_MS) };
}
