//! Long work on a few threads: imports, exports, reports, pairing. Each can be followed and stopped.

use crate::command::{Event, JobId, JobState, JobStatus};
use crate::error::EngineError;
use crate::shared::Shared;
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// Worker threads. Two: one may wait for the disk while the other computes.
const WORKERS: usize = 2;

/// Jobs that may wait. A further one is refused, and the person told.
const WAITING: usize = 16;

/// Finished jobs that are remembered. The oldest is forgotten.
const REMEMBERED: usize = 64;

/// What a job did, for people, and the file it wrote.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) words: String,
    pub(crate) output: Option<PathBuf>,
}

/// Why a job is not done.
#[derive(Debug)]
pub(crate) enum JobError {
    /// It was stopped on request.
    Cancelled,
    /// Why, in one line.
    Failed(String),
}

type Work = Box<dyn FnOnce(&JobContext) -> Result<Outcome, JobError> + Send>;

/// What a running job tells and asks.
#[derive(Debug)]
pub(crate) struct JobContext {
    id: JobId,
    board: Arc<Board>,
    /// Set when the job is to stop.
    pub(crate) cancel: Arc<AtomicBool>,
}

impl JobContext {
    /// Says how far the job is, 0 to 1 or not known, and what it is at.
    pub(crate) fn progress(&self, progress: Option<f32>, words: &str) {
        let mut state = self.board.lock();
        if let Some(job) = state.jobs.get_mut(&self.id) {
            job.state.progress = progress;
            words.clone_into(&mut job.state.words);
        }
        drop(state);
        self.board.shared.wake();
    }
}

struct Job {
    state: JobState,
    cancel: Arc<AtomicBool>,
}

#[derive(Default)]
struct BoardState {
    jobs: BTreeMap<JobId, Job>,
    queue: VecDeque<(JobId, Work)>,
    next: u64,
    closing: bool,
}

struct Board {
    state: Mutex<BoardState>,
    changed: Condvar,
    shared: Arc<Shared>,
}

impl fmt::Debug for Board {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Board").finish_non_exhaustive()
    }
}

impl Board {
    fn lock(&self) -> MutexGuard<'_, BoardState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The workers and their queue.
#[derive(Debug)]
pub(crate) struct Jobs {
    board: Arc<Board>,
    workers: Vec<JoinHandle<()>>,
}

impl Jobs {
    pub(crate) fn start(shared: Arc<Shared>) -> Result<Self, EngineError> {
        let board = Arc::new(Board {
            state: Mutex::new(BoardState::default()),
            changed: Condvar::new(),
            shared,
        });
        let workers = (0..WORKERS)
            .map(|number| {
                let board = Arc::clone(&board);
                std::thread::Builder::new()
                    .name(format!("worker-{number}"))
                    .spawn(move || work(&board))
                    .map_err(|source| EngineError::Start { what: "a worker thread", source })
            })
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self { board, workers })
    }

    pub(crate) fn submit(
        &self,
        title: String,
        work: impl FnOnce(&JobContext) -> Result<Outcome, JobError> + Send + 'static,
    ) -> Result<JobId, EngineError> {
        let mut state = self.board.lock();
        if state.queue.len() >= WAITING {
            return Err(EngineError::Busy { waiting: state.queue.len() });
        }
        state.next += 1;
        let id = JobId(state.next);
        let row = JobState {
            id,
            title,
            progress: None,
            status: JobStatus::Queued,
            words: "waiting".to_owned(),
            output: None,
        };
        state.jobs.insert(id, Job { state: row, cancel: Arc::default() });
        state.queue.push_back((id, Box::new(work)));
        let over: Vec<JobId> =
            state.jobs.values().filter(|j| j.state.status.is_over()).map(|j| j.state.id).collect();
        for old in over.iter().take(over.len().saturating_sub(REMEMBERED)) {
            state.jobs.remove(old);
        }
        drop(state);
        self.board.changed.notify_one();
        self.board.shared.wake();
        Ok(id)
    }

    pub(crate) fn cancel(&self, id: JobId) {
        let mut state = self.board.lock();
        if let Some(job) = state.jobs.get_mut(&id) {
            job.cancel.store(true, Ordering::Release);
        }
        drop(state);
        self.board.changed.notify_all();
    }

    pub(crate) fn list(&self) -> Vec<JobState> {
        self.board.lock().jobs.values().map(|job| job.state.clone()).collect()
    }

    /// Stops what runs, forgets what waits, and ends the workers.
    pub(crate) fn close(&mut self) {
        let mut state = self.board.lock();
        state.closing = true;
        state.queue.clear();
        for job in state.jobs.values() {
            job.cancel.store(true, Ordering::Release);
        }
        drop(state);
        self.board.changed.notify_all();
        for worker in self.workers.drain(..) {
            if let Err(panic) = worker.join() {
                std::panic::resume_unwind(panic);
            }
        }
    }
}

fn work(board: &Arc<Board>) {
    loop {
        let mut state = board.lock();
        let (id, work) = loop {
            if state.closing {
                return;
            }
            if let Some(next) = state.queue.pop_front() {
                break next;
            }
            state = board.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        };
        let Some(job) = state.jobs.get_mut(&id) else { continue };
        job.state.status = JobStatus::Running;
        job.state.words = String::new();
        let cancel = Arc::clone(&job.cancel);
        drop(state);
        board.shared.wake();
        let context = JobContext { id, board: Arc::clone(board), cancel };
        let result = if context.cancel.load(Ordering::Acquire) {
            Err(JobError::Cancelled)
        } else {
            work(&context)
        };
        let mut state = board.lock();
        if let Some(job) = state.jobs.get_mut(&id) {
            let row = &mut job.state;
            (row.status, row.words, row.output) = match result {
                Ok(outcome) => (JobStatus::Done, outcome.words, outcome.output),
                Err(JobError::Cancelled) => (JobStatus::Cancelled, "cancelled".to_owned(), None),
                Err(JobError::Failed(words)) => (JobStatus::Failed, words, None),
            };
            row.progress = (row.status == JobStatus::Done).then_some(1.0);
        }
        drop(state);
        board.shared.tell(Event::JobOver(id));
    }
}
