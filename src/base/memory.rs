//! How much memory the process has allocated.
//!
//! [`Counting`] stands in front of the system's allocator and counts bytes. A thread counts in a lane of its own, so that threads
//! do not wait for each other; who wants the sum adds the lanes up. Where it is not the allocator of the program, as in tests,
//! all counts stay 0.

#![allow(unsafe_code, reason = "an allocator can be written in no other way")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering::Relaxed};

/// Lanes; more threads than that share some.
const LANES: usize = 16;

/// A count on a cache line of its own.
#[repr(align(128))]
struct Lane {
    bytes: AtomicI64,
}

static COUNTS: [Lane; LANES] = [const { Lane { bytes: AtomicI64::new(0) } }; LANES];
static NEXT_LANE: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// The thread's lane, once it has one.
    static LANE: Cell<usize> = const { Cell::new(usize::MAX) };
}

fn lane() -> usize {
    let known = LANE.try_with(|lane| {
        if lane.get() == usize::MAX {
            lane.set(NEXT_LANE.fetch_add(1, Relaxed) % LANES);
        }
        lane.get()
    });
    // A thread at its end has no lane any more.
    known.unwrap_or(0)
}

#[inline]
fn count(bytes: i64) {
    if let Some(lane) = COUNTS.get(lane()) {
        lane.bytes.fetch_add(bytes, Relaxed);
    }
}

/// Bytes that are allocated now.
pub fn used_bytes() -> u64 {
    let sum: i64 = COUNTS.iter().map(|lane| lane.bytes.load(Relaxed)).sum();
    u64::try_from(sum).unwrap_or(0)
}

/// Gives memory that nothing is in back to the system, where the allocator would keep it. Others that allocate may have to wait
/// for that, about as long as it takes to look at all that is free.
pub fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: it concerns only what is free, and may be called at any time.
    unsafe {
        libc::malloc_trim(0);
    }
}

/// Bytes that this thread, and those that share its lane, have allocated beyond what they freed.
pub(super) fn thread_bytes() -> i64 {
    COUNTS.get(lane()).map_or(0, |lane| lane.bytes.load(Relaxed))
}

/// The system's allocator, with a count.
#[derive(Debug, Clone, Copy, Default)]
pub struct Counting;

// SAFETY: each call goes to the system's allocator as it came, whose promises are kept thereby. Counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as i64);
        // SAFETY: the caller's promises on `layout` are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as i64);
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size as i64 - layout.size() as i64);
        // SAFETY: the caller's promises on all three are passed on.
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as i64));
        // SAFETY: the caller's promises on both are passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The counter itself, without being the program's allocator.
    #[test]
    fn what_is_freed_is_taken_off_again() {
        let layout = Layout::from_size_align(1000, 8).unwrap();
        let before = used_bytes();
        // SAFETY: the layout is not empty, and the pointers go back with the layouts they have.
        unsafe {
            let pointer = Counting.alloc(layout);
            assert_eq!(used_bytes(), before + 1000);
            let pointer = Counting.realloc(pointer, layout, 3000);
            assert_eq!(used_bytes(), before + 3000);
            Counting.dealloc(pointer, Layout::from_size_align(3000, 8).unwrap());
            let zeroed = Counting.alloc_zeroed(layout);
            assert_eq!(*zeroed, 0);
            // What one thread allocates another may free.
            let address = zeroed as usize;
            std::thread::spawn(move || Counting.dealloc(address as *mut u8, layout))
                .join()
                .unwrap();
        }
        assert_eq!(used_bytes(), before);
    }
}
