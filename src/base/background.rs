//! Threads whose work can wait for that of others.
//!
//! A thread that has much to do keeps its processor for some milliseconds before the system gives it to another one, even to one
//! that is preferred. So it offers it of its own accord, every tenth of a millisecond or so: who serves clients then waits no
//! longer than that.

use std::cell::Cell;

thread_local! {
    static STANDS_BACK: Cell<bool> = const { Cell::new(false) };
}

/// Whether the work of a thread can wait.
#[derive(Debug, Clone, Copy)]
pub struct Background(bool);

impl Background {
    /// That of the calling thread, for those that it lets work for it.
    pub fn of_this() -> Background {
        Background(STANDS_BACK.try_with(Cell::get).unwrap_or(false))
    }

    /// For a thread whose work can wait.
    pub const YES: Background = Background(true);

    /// Makes this that of the calling thread.
    pub fn enter(self) {
        // A thread that ends has nothing left to do.
        let _ = STANDS_BACK.try_with(|stands_back| stands_back.set(self.0));
    }
}

/// Offers the processor to others, if the work of this thread can wait.
#[inline]
pub fn breathe() {
    if STANDS_BACK.try_with(Cell::get).unwrap_or(false) {
        std::thread::yield_now();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn helpers_work_as_who_lets_them() {
        let helper = |background: Background| {
            std::thread::spawn(move || {
                background.enter();
                breathe();
                Background::of_this().0
            })
            .join()
            .unwrap()
        };
        assert!(!Background::of_this().0);
        assert!(!helper(Background::of_this()));
        assert!(helper(Background::YES));
        assert!(!Background::of_this().0);
    }
}
