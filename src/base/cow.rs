//! Copies on write, counted.
//!
//! A value that a snapshot shares is copied when it is to be changed. What these copies take is the memory that the snapshot
//! costs; [`copied_bytes`] tells how much that was so far.

use super::memory;
use std::cell::Cell;
use triomphe::Arc;

thread_local! {
    static COPIED: Cell<u64> = const { Cell::new(0) };
}

/// Bytes that this thread has allocated for copies so far; 0 where [`memory::Counting`] is not the allocator.
pub fn copied_bytes() -> u64 {
    COPIED.get()
}

/// The value behind a pointer, to be changed: a copy of one's own if others see it.
#[inline]
pub fn make_mut<T: Clone>(shared: &mut Arc<T>) -> &mut T {
    if !shared.is_unique() {
        copy(shared);
    }
    Arc::make_mut(shared)
}

#[cold]
fn copy<T: Clone>(shared: &mut Arc<T>) {
    let before = memory::thread_bytes();
    *shared = Arc::new(T::clone(shared));
    let bytes = u64::try_from(memory::thread_bytes() - before).unwrap_or(0);
    COPIED.set(COPIED.get().saturating_add(bytes));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_see_stays_as_it_is() {
        let mut own = Arc::new(vec![1, 2]);
        let address = own.as_ptr();
        make_mut(&mut own).push(3);
        let seen = own.clone();
        make_mut(&mut own).push(4);
        assert_eq!((&*seen, &*own), (&vec![1, 2, 3], &vec![1, 2, 3, 4]));
        drop(seen);
        let before = own.as_ptr();
        make_mut(&mut own).pop();
        assert_eq!(own.as_ptr(), before);
        assert_ne!(address, before);
    }
}
