//! How far a long run is, for whoever waits.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Steps done of those that are known so far.
#[derive(Debug, Default)]
pub struct Progress {
    expected: AtomicUsize,
    done: AtomicUsize,
}

impl Progress {
    /// So many more steps are to come.
    pub(super) fn expect(&self, steps: usize) {
        self.expected.fetch_add(steps, Ordering::Relaxed);
    }

    /// One more is done; an object that is planned again counts again.
    pub(super) fn advance(&self) {
        self.done.fetch_add(1, Ordering::Relaxed);
    }

    /// Steps done, and steps known so far.
    pub fn steps(&self) -> (usize, usize) {
        let done = self.done.load(Ordering::Relaxed);
        (done, self.expected.load(Ordering::Relaxed).max(done))
    }
}
