//! A capture opened to be looked through: indexed once, then any of its packets on demand.
//!
//! ```text
//! index thread ── where each packet is ──> Packets <── bytes on demand ── view thread ──> rows, trees
//!                                             └──── every packet ──> filter, statistics, analysis, export threads
//! ```
//!
//! Memory: 24 bytes a packet for the index, 4 bytes for each packet that passes the filter, and a few
//! thousand rows; the packets themselves stay on the disk. A packed file is unpacked once, while it is
//! indexed, into a temporary file without a name, at most 8 GiB.
//! Nothing here waits for the disk on the caller's thread.

mod analysis;
mod chunks;
mod detail;
mod export;
mod index;
mod info;
mod packets;
mod row;
mod selection;
mod source;
mod statistics;
mod view;
mod work;

pub use analysis::CaptureAnalysis;
pub use detail::PacketDetail;
pub use packets::PacketError;
pub use pw_analysis::packets as analysed;
pub use pw_dissect::fields::by_name as field_by_name;
pub use pw_dissect::fields::{Field, Form, Node, Span, Tree};
pub use pw_dissect::filter::{Completion, CompletionKind, Filter, FilterError, complete};
pub use pw_dissect::statistics::{ChannelKey, Counts, Group, Report};
pub use pw_dissect::{Fault, Layer};
pub use row::{Emphasis, PacketRow};
pub use selection::{Selection, SelectionPhase};
pub use work::{Outcome, Work, WorkError};

use crate::capture_input::CaptureInputError;
use packets::Packets;
use pw_model::Timestamp;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Called from other threads whenever there is something new to show.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// Why a capture cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum CaptureFileError {
    /// It cannot be opened, or is no capture.
    #[error(transparent)]
    Input(#[from] CaptureInputError),
    /// It is packed and cannot be unpacked.
    #[error("{}: {reason}", path.display())]
    Packed {
        /// The file.
        path: PathBuf,
        /// Why, and what to do.
        reason: String,
    },
    /// There is no room to unpack it.
    #[error(
        "the folder for temporary files ({}), where packed captures are unpacked, cannot be written: {source}",
        std::env::temp_dir().display()
    )]
    Unpack {
        /// What the system said.
        source: io::Error,
    },
}

/// How far a file is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Phase {
    /// Being indexed; what is indexed can be looked at already.
    Indexing,
    /// All that can be read is indexed.
    Complete {
        /// Why that is not the whole file, and at which byte it ends.
        warning: Option<String>,
    },
    /// Indexing was stopped; what came before can be looked at.
    Cancelled,
    /// It cannot be read, and why.
    Failed(String),
}

/// A file as it stands.
#[derive(Clone, PartialEq, Debug)]
pub struct Status {
    /// How far it is.
    pub phase: Phase,
    /// Packets that can be looked at.
    pub packets: u32,
    /// Share of the file that is indexed, 0 to 1.
    pub share: f32,
    /// Bytes of the file on the disk.
    pub size_bytes: u64,
    /// The file is packed, and was unpacked into a temporary file.
    pub is_unpacked: bool,
    /// PiWardrive's simulator made it.
    pub is_simulated: bool,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    size_bytes: u64,
    is_unpacked: bool,
    is_simulated: bool,
}

/// What the threads of one file share.
struct Shared {
    path: PathBuf,
    packets: Packets,
    state: Mutex<State>,
    done_bytes: AtomicU64,
    cancelled: AtomicBool,
    wake: Wake,
}

impl fmt::Debug for Shared {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Shared").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_phase(&self, phase: Phase) {
        self.state().phase = phase;
        (self.wake)();
    }

    fn set_facts(&self, size_bytes: u64, is_unpacked: bool, is_simulated: bool) {
        let mut state = self.state();
        (state.size_bytes, state.is_unpacked) = (size_bytes, is_unpacked);
        state.is_simulated = is_simulated;
    }

    fn set_done(&self, bytes: u64) {
        self.done_bytes.store(bytes, Ordering::Relaxed);
        (self.wake)();
    }

    fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Acquire)
    }

    fn is_indexing(&self) -> bool {
        self.state().phase == Phase::Indexing
    }
}

/// An open capture. All calls return at once and may come from any thread.
#[derive(Debug)]
pub struct CaptureFile {
    shared: Arc<Shared>,
    view: view::Viewer,
}

impl CaptureFile {
    /// Begins to index the file at `path`. What is wrong with it is told by [`CaptureFile::status`].
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn open(path: &Path, wake: Wake) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            path: path.to_owned(),
            packets: Packets::default(),
            state: Mutex::new(State {
                phase: Phase::Indexing,
                size_bytes: 0,
                is_unpacked: false,
                is_simulated: false,
            }),
            done_bytes: AtomicU64::new(0),
            cancelled: AtomicBool::new(false),
            wake,
        });
        let view = view::Viewer::start(&shared)?;
        let file = Arc::clone(&shared);
        spawn("capture-index", move || index::run(&file))?;
        Ok(Self { shared, view })
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.shared.path
    }

    /// How it stands.
    #[must_use]
    pub fn status(&self) -> Status {
        let state = self.shared.state();
        let done = self.shared.done_bytes.load(Ordering::Relaxed);
        Status {
            phase: state.phase.clone(),
            packets: self.shared.packets.count(),
            share: (done as f64 / state.size_bytes.max(1) as f64).min(1.0) as f32,
            size_bytes: state.size_bytes,
            is_unpacked: state.is_unpacked,
            is_simulated: state.is_simulated,
        }
    }

    /// Stops indexing; what is indexed stays.
    pub fn cancel_indexing(&self) {
        self.shared.cancelled.store(true, Ordering::Release);
    }

    /// Packets that can be looked at.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.shared.packets.count()
    }

    /// When the packet of this number, from 1, was captured; `None` where the file does not say.
    #[must_use]
    pub fn time(&self, number: u32) -> Option<Timestamp> {
        self.shared.packets.time(number)
    }

    /// Asks for rows, and for the whole of one packet. Only the latest wish counts; what it asks for is
    /// worked out on another thread.
    pub fn want(&self, rows: Vec<u32>, detail: Option<u32>) {
        self.view.want(rows, detail);
    }

    /// Colour rules: a row says which is the first that it passes.
    pub fn set_rules(&self, rules: Vec<Filter>) {
        self.view.set_rules(rules.into());
    }

    /// Fields that each row has beside the usual ones.
    pub fn set_fields(&self, fields: Vec<&'static Field>) {
        self.view.set_fields(fields.into());
    }

    /// Begins to look for the packets that pass a filter.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn select(&self, filter: Filter) -> io::Result<Selection> {
        Selection::start(&self.shared, filter)
    }

    /// Begins to count the selected packets, or all, by kind, channel, rate and device.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn count_by_group(&self, selection: Option<&Selection>) -> io::Result<Work<Report>> {
        let found = selection.map(|selection| Arc::clone(&selection.found));
        Work::start(&self.shared, "capture-count", self.count(), move |shared, progress| {
            statistics::run(shared, found.as_deref(), progress)
        })
    }

    /// Begins to analyse all packets together. Never only those of a selection: a frame that is left out
    /// would look like one that was lost.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn analyse(&self, settings: analysed::PacketSettings) -> io::Result<Work<CaptureAnalysis>> {
        Work::start(&self.shared, "capture-analysis", self.count(), move |shared, progress| {
            analysis::run(shared, settings, progress)
        })
    }

    /// Begins to write the selected packets, or all, to a pcapng file at `path`; a file that is there
    /// is replaced only when `may_replace`. The result says for people what was done.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn export(
        &self,
        selection: Option<&Selection>,
        path: &Path,
        may_replace: bool,
    ) -> io::Result<Work<String>> {
        let found = selection.map(|selection| Arc::clone(&selection.found));
        let path = path.to_owned();
        Work::start(&self.shared, "capture-export", self.count(), move |shared, progress| {
            export::run(shared, found.as_deref(), &path, may_replace, progress)
        })
    }

    /// A row that was asked for; `None` until it is there.
    #[must_use]
    pub fn row(&self, number: u32) -> Option<Arc<PacketRow>> {
        self.view.row(number)
    }

    /// The packet that was asked for; `None` until it is there.
    #[must_use]
    pub fn detail(&self, number: u32) -> Option<Arc<Result<PacketDetail, String>>> {
        self.view.detail(number)
    }

    /// True while the file is being indexed.
    #[must_use]
    pub fn is_indexing(&self) -> bool {
        self.shared.is_indexing()
    }

    /// True while something that was asked for is not there yet, or the file is being indexed.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.shared.is_indexing() || self.view.is_busy()
    }
}

impl Drop for CaptureFile {
    fn drop(&mut self) {
        self.cancel_indexing();
        self.view.close();
    }
}

/// Begins a thread that ends by itself.
fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    std::thread::Builder::new().name(name.to_owned()).spawn(work).map(|_ends_by_itself| ())
}

#[cfg(test)]
mod tests;
