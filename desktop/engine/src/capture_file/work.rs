//! Work over many packets that is done once: counted, exported. One at a time of each kind.

use super::{Shared, spawn};
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Packets between two looks at the wish to stop.
const STEP: u32 = 1024;

/// Packets between two pictures of the progress.
const TELL_EVERY: u32 = 64 * STEP;

/// Why work is not done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum WorkError {
    /// It was stopped.
    Cancelled,
    /// The file that was to be written is there already.
    Exists,
    /// Why, in one line.
    Failed(String),
}

/// How far work is, and whether it is to stop.
#[derive(Debug)]
pub(super) struct Progress {
    shared: Arc<Shared>,
    last: u32,
    at: AtomicU32,
    cancelled: AtomicBool,
}

impl Progress {
    /// At the packet of this number; false when the work is to stop.
    pub(super) fn step(&self, number: u32) -> bool {
        let told = self.at.load(Ordering::Relaxed);
        if number.saturating_sub(told) >= TELL_EVERY {
            self.at.store(number, Ordering::Relaxed);
            (self.shared.wake)();
        }
        !(number.is_multiple_of(STEP) && self.cancelled.load(Ordering::Acquire))
    }
}

/// What came of work; shared, since many frames of the window look at it.
pub type Outcome<T> = Arc<Result<T, WorkError>>;

/// Work under way, or done. Dropping it stops it.
#[derive(Debug)]
pub struct Work<T> {
    progress: Arc<Progress>,
    result: Arc<Mutex<Option<Outcome<T>>>>,
}

impl<T: Send + Sync + 'static> Work<T> {
    /// Begins it. `last` is the number of the last packet that it will come to.
    pub(super) fn start(
        shared: &Arc<Shared>,
        name: &str,
        last: u32,
        work: impl FnOnce(&Shared, &Progress) -> Result<T, WorkError> + Send + 'static,
    ) -> io::Result<Self> {
        let progress = Arc::new(Progress {
            shared: Arc::clone(shared),
            last,
            at: AtomicU32::new(0),
            cancelled: AtomicBool::new(false),
        });
        let result = Arc::new(Mutex::new(None));
        let (at, done) = (Arc::clone(&progress), Arc::clone(&result));
        spawn(name, move || {
            let outcome = work(&at.shared, &at);
            *done.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(outcome));
            (at.shared.wake)();
        })?;
        Ok(Self { progress, result })
    }
}

impl<T> Work<T> {
    /// Share that is done, 0 to 1.
    #[must_use]
    pub fn share(&self) -> f32 {
        let at = self.progress.at.load(Ordering::Relaxed);
        (f64::from(at) / f64::from(self.progress.last.max(1))).min(1.0) as f32
    }

    /// What came of it; `None` while it goes on.
    #[must_use]
    pub fn result(&self) -> Option<Outcome<T>> {
        self.result.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Stops it soon.
    pub fn cancel(&self) {
        self.progress.cancelled.store(true, Ordering::Release);
    }

    /// Waits until it is over, at most for `patience`.
    #[must_use]
    pub fn wait(&self, patience: Duration) -> Option<Outcome<T>> {
        let pause = Duration::from_millis(2);
        let mut left = patience;
        loop {
            let result = self.result();
            if result.is_some() || left.is_zero() {
                return result;
            }
            std::thread::sleep(pause.min(left));
            left = left.saturating_sub(pause);
        }
    }
}

impl<T> Drop for Work<T> {
    fn drop(&mut self) {
        self.cancel();
    }
}
