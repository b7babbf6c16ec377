//! A list that one thread appends to while others read it, without copying what is there.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// Items of a chunk. All chunks but the last are full.
const CHUNK: usize = 8192;

/// The list. Reading takes a lock for as long as it takes to copy a pointer.
#[derive(Debug)]
pub(super) struct Chunks<T> {
    chunks: RwLock<Vec<Arc<[T]>>>,
    len: AtomicU32,
}

impl<T> Default for Chunks<T> {
    fn default() -> Self {
        Self { chunks: RwLock::default(), len: AtomicU32::new(0) }
    }
}

impl<T: Copy> Chunks<T> {
    /// Items that can be read.
    pub(super) fn len(&self) -> u32 {
        self.len.load(Ordering::Acquire)
    }

    /// The item at `at`, from 0.
    pub(super) fn get(&self, at: u32) -> Option<T> {
        let at = usize::try_from(at).ok()?;
        let chunks = self.chunks.read().unwrap_or_else(PoisonError::into_inner);
        chunks.get(at / CHUNK)?.get(at % CHUNK).copied()
    }

    /// The items from `from` to the end of their chunk: at least one, unless there is none.
    pub(super) fn run_from(&self, from: u32) -> Option<Run<T>> {
        let from = usize::try_from(from).ok()?;
        let chunks = self.chunks.read().unwrap_or_else(PoisonError::into_inner);
        let chunk = Arc::clone(chunks.get(from / CHUNK)?);
        drop(chunks);
        let start = from % CHUNK;
        (start < chunk.len()).then_some(Run { chunk, start })
    }

    /// How many items at the beginning make `before` true, which is true for a beginning only.
    pub(super) fn partition_point(&self, before: impl Fn(T) -> bool) -> u32 {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if self.get(middle).is_some_and(&before) { low = middle + 1 } else { high = middle }
        }
        low
    }
}

/// Items of one chunk from some place on.
#[derive(Debug)]
pub(super) struct Run<T> {
    chunk: Arc<[T]>,
    start: usize,
}

impl<T> Run<T> {
    pub(super) fn items(&self) -> &[T] {
        self.chunk.get(self.start..).unwrap_or(&[])
    }
}

/// The one who appends.
#[derive(Debug)]
pub(super) struct Appender<'a, T> {
    chunks: &'a Chunks<T>,
    /// The items of the last chunk, which is not full.
    last: Vec<T>,
    /// How many of `last` can be read already.
    published: usize,
}

impl<'a, T: Copy> Appender<'a, T> {
    /// Appends to a list that is empty.
    pub(super) fn new(chunks: &'a Chunks<T>) -> Self {
        Self { chunks, last: Vec::with_capacity(CHUNK), published: 0 }
    }

    pub(super) fn push(&mut self, item: T) {
        self.last.push(item);
        if self.last.len() == CHUNK {
            self.publish();
            self.last.clear();
            self.published = 0;
        }
    }

    /// Items appended so far.
    pub(super) fn len(&self) -> u32 {
        let waiting = self.last.len() - self.published;
        self.chunks.len().saturating_add(u32::try_from(waiting).unwrap_or(u32::MAX))
    }

    /// Lets the others read everything that was appended.
    pub(super) fn publish(&mut self) {
        let new = self.last.len() - self.published;
        if new == 0 {
            return;
        }
        let chunk: Arc<[T]> = self.last.as_slice().into();
        let mut chunks = self.chunks.chunks.write().unwrap_or_else(PoisonError::into_inner);
        if self.published > 0 {
            chunks.pop();
        }
        chunks.push(chunk);
        drop(chunks);
        self.published = self.last.len();
        self.chunks.len.fetch_add(u32::try_from(new).unwrap_or(u32::MAX), Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_published_is_read_and_nothing_else() {
        let chunks = Chunks::default();
        let mut appender = Appender::new(&chunks);
        for number in 0..20_000u32 {
            appender.push(number * 2);
            if number % 777 == 0 {
                appender.publish();
                assert_eq!(chunks.len(), number + 1);
            }
        }
        assert_eq!(appender.len(), 20_000);
        assert!(chunks.len() < 20_000);
        appender.publish();
        appender.publish();
        assert_eq!(chunks.len(), 20_000);
        for number in [0, 1, 8191, 8192, 16_383, 16_384, 19_999] {
            assert_eq!(chunks.get(number), Some(number * 2));
            assert_eq!(chunks.partition_point(|item| item < number * 2), number);
        }
        assert_eq!(chunks.get(20_000), None);
        assert_eq!(chunks.partition_point(|item| item < 9), 5);
        assert_eq!(chunks.partition_point(|_| true), 20_000);
        let run = chunks.run_from(16_380).expect("there are more");
        assert_eq!(run.items().first(), Some(&32_760));
        assert_eq!(run.items().len(), 4);
        assert!(chunks.run_from(20_000).is_none());
    }
}
