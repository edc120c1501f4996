//! The program's allocator, and how much is allocated.
//!
//! A data store is made of small blocks of many sizes, which the thread of commands makes and others free. mimalloc's time for
//! a block is bounded then, while the C library at times looks through millions of free ones, for milliseconds, when it is asked
//! for the next. Large blocks are better off with the C library: it grows them by moving pages, not by copying, and gives them
//! back to the system at once, as commands that promise to take little memory need it.
//!
//! [`Counting`] counts bytes. A thread counts in a lane of its own, so that threads do not wait for each other; who wants the sum
//! adds the lanes up. Where it is not the allocator of the program, as in tests, all counts stay 0.

#![allow(unsafe_code, reason = "an allocator can be written in no other way")]

use mimalloc::MiMalloc;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering::Relaxed};

/// Its name, as INFO tells it.
pub const ALLOCATOR: &str = "mimalloc";

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

/// Gives memory that nothing is in back to the system, where the allocator would keep it: of small blocks those that this thread
/// made, whoever freed them, and what other threads have put aside.
pub fn give_small_back() {
    // SAFETY: it concerns only what is free, and may be called at any time.
    #[cfg(not(miri))]
    unsafe {
        libmimalloc_sys::mi_collect(true);
    }
}

/// Gives large blocks, too, back to the system. Others that want one have to wait for that, about as long as it takes to look at
/// all that is free.
pub fn give_back() {
    give_small_back();
    #[cfg(all(target_os = "linux", target_env = "gnu", not(miri)))]
    // SAFETY: it concerns only what is free, and may be called at any time.
    unsafe {
        libc::malloc_trim(0);
    }
}

/// Makes what others freed of the small blocks of this thread part of what [`give_small_back`] of any thread finds. It takes about a
/// microsecond for each MB that this thread has in use.
pub fn collect_freed() {
    // SAFETY: it concerns only what is free, and may be called at any time.
    #[cfg(not(miri))]
    unsafe {
        libmimalloc_sys::mi_collect(false);
    }
}

/// Whether memory that this process takes from now on may be in huge pages, where the system has them to give; mimalloc asks for
/// them. Each use of a key misses the processor's caches of addresses when memory is split into pages of 4 KiB; with pages of
/// 2 MiB most are found. redis-server avoids them, since a child made by fork would copy 2 MiB for each write; this server does not
/// fork. But the first touch of one takes milliseconds where the machine is a guest whose host takes free huge pages back, and so
/// they are for those who say `disable-thp no`.
pub fn allow_huge_pages(allowed: bool) {
    #[cfg(target_os = "linux")]
    // A kernel without them refuses, and there is nothing to switch off.
    let _ = rustix::thread::disable_transparent_huge_pages(!allowed);
}

/// Number of the option in mimalloc's `mi_option_t`, which the bindings leave out.
const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;

/// Milliseconds after which a thread that allocates gives back to the system what was freed, in spite of [`keep_freed`].
const KEEP_FREED_MS: std::ffi::c_long = 600_000;

/// Keeps small blocks that are freed until a thread calls [`give_small_back`], so that none of the others has to wait for the system
/// when it wants a block.
pub fn keep_freed() {
    // SAFETY: the option exists in the allocator that is linked in, takes any number, and may be set at any time.
    #[cfg(not(miri))]
    unsafe {
        libmimalloc_sys::mi_option_set(PURGE_DELAY, KEEP_FREED_MS);
    }
}

/// Bytes that this thread, and those that share its lane, have allocated beyond what they freed.
pub(super) fn thread_bytes() -> i64 {
    COUNTS.get(lane()).map_or(0, |lane| lane.bytes.load(Relaxed))
}

/// Blocks of this many bytes and more come from the C library.
const LARGE_BYTES: usize = 32 << 10;

/// The program's allocator: small blocks from mimalloc, large ones from the C library. Whose a block is follows from its size.
#[derive(Debug, Clone, Copy, Default)]
pub struct Counting;

impl Counting {
    /// Bytes that the allocator really takes for a block, as far as it tells.
    ///
    /// # Safety
    /// The block was made with this allocator, for `layout`, and is live.
    pub unsafe fn block_bytes(self, pointer: *mut u8, layout: Layout) -> usize {
        // SAFETY: whose the block is follows from its size, and it is live. The C library of Linux has a word in front.
        unsafe {
            if !is_large(layout.size()) {
                return MiMalloc.usable_size(pointer);
            }
            #[cfg(all(target_os = "linux", not(miri)))]
            return libc::malloc_usable_size(pointer.cast()) + size_of::<usize>();
            #[cfg(not(all(target_os = "linux", not(miri))))]
            return layout.size();
        }
    }
}

/// Whether a block of this size comes from the C library. Miri knows no other allocator.
#[inline]
fn is_large(size: usize) -> bool {
    size >= LARGE_BYTES || cfg!(miri)
}

// SAFETY: each block is handed to the allocator it came from, since the layout it is freed with is the one it was made with.
// Counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as i64);
        // SAFETY: the caller's promises on `layout` are passed on.
        unsafe {
            if is_large(layout.size()) { System.alloc(layout) } else { MiMalloc.alloc(layout) }
        }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as i64);
        // SAFETY: as above.
        unsafe {
            if is_large(layout.size()) {
                System.alloc_zeroed(layout)
            } else {
                MiMalloc.alloc_zeroed(layout)
            }
        }
    }

    #[inline]
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller's promises on all three are passed on. A block that changes hands is copied as far as both sizes
        // reach.
        unsafe {
            match (is_large(layout.size()), is_large(size)) {
                (true, true) => {
                    count(size as i64 - layout.size() as i64);
                    System.realloc(pointer, layout, size)
                }
                (false, false) => {
                    count(size as i64 - layout.size() as i64);
                    MiMalloc.realloc(pointer, layout, size)
                }
                _ => {
                    let new = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
                    if !new.is_null() {
                        std::ptr::copy_nonoverlapping(pointer, new, layout.size().min(size));
                        self.dealloc(pointer, layout);
                    }
                    new
                }
            }
        }
    }

    #[inline]
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as i64));
        // SAFETY: the caller's promises on both are passed on.
        unsafe {
            if is_large(layout.size()) {
                System.dealloc(pointer, layout);
            } else {
                MiMalloc.dealloc(pointer, layout);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    /// For tests of the counts, which are one for all threads.
    static ALONE: Mutex<()> = Mutex::new(());

    /// Blocks keep what is in them when they change hands, either way, and give back what they took.
    #[test]
    fn blocks_grow_and_shrink_across_the_limit() {
        let _alone = ALONE.lock();
        let sizes = [1, 100, LARGE_BYTES - 1, LARGE_BYTES, 3 * LARGE_BYTES, 50, LARGE_BYTES, 7];
        for align in [1, 8, 64, 4096] {
            let layout = |size: usize| Layout::from_size_align(size, align).unwrap();
            // SAFETY: no layout is empty, and the pointer goes back with the layout it has.
            unsafe {
                let mut pointer = Counting.alloc(layout(1));
                *pointer = 77;
                for pair in sizes.windows(2) {
                    pointer = Counting.realloc(pointer, layout(pair[0]), pair[1]);
                    assert_eq!(pointer as usize % align, 0);
                    assert_eq!(*pointer, 77);
                    assert!(Counting.block_bytes(pointer, layout(pair[1])) >= pair[1]);
                    pointer.add(pair[1] - 1).write(if pair[1] == 1 { 77 } else { 1 });
                }
                Counting.dealloc(pointer, layout(7));
            }
        }
    }

    /// The counter itself, without being the program's allocator.
    #[test]
    fn what_is_freed_is_taken_off_again() {
        let _alone = ALONE.lock();
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
