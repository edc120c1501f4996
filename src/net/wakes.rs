//! Wakes tasks of another thread, many at the price of one.

use std::future::poll_fn;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

/// Tasks of one thread that others want to be woken.
///
/// To wake a task from another thread takes a call into the system. Here only the first of some does.
#[derive(Debug, Default)]
pub(super) struct Wakes {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    due: Vec<Waker>,
    /// What wakes [`Wakes::pass_on`], while it waits.
    passes_on: Option<Waker>,
}

impl Wakes {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes a task of the thread soon.
    pub fn wake(&self, waker: Waker) {
        let mut state = self.lock();
        state.due.push(waker);
        let passes_on = state.passes_on.take();
        drop(state);
        if let Some(passes_on) = passes_on {
            passes_on.wake();
        }
    }

    /// Wakes the tasks that others want to be woken, for ever; runs on the thread of the tasks.
    pub async fn pass_on(&self) {
        let mut due = Vec::new();
        poll_fn(|context| {
            loop {
                let mut state = self.lock();
                if state.due.is_empty() {
                    state.passes_on = Some(context.waker().clone());
                    return Poll::Pending;
                }
                std::mem::swap(&mut due, &mut state.due);
                drop(state);
                for waker in due.drain(..) {
                    waker.wake();
                }
            }
        })
        .await
    }
}
