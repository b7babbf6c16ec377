//! What the engine's threads share with whoever looks: the latest snapshot, results, events, links.
//!
//! Every lock here is held for a copy of a pointer or a short list, never for work.

use crate::command::{Event, LinkRow, PairedSensor};
use crate::levels::LiveLevels;
use pw_analysis::locate::Located;
use pw_model::{MacAddr, SensorId, TimeRange};
use pw_survey::Snapshot;
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};

/// Events that wait to be read. When full, the oldest is dropped and counted in the next notice.
const EVENTS_LEN: usize = 256;

/// Estimated places by access point.
pub type Places = BTreeMap<MacAddr, Located>;

type Wake = Box<dyn Fn() + Send + Sync>;

/// The stretch of time that is shown.
#[derive(Default)]
pub(crate) struct Selection {
    /// What the person asked for.
    pub(crate) wanted: Option<TimeRange>,
    /// Counts up with each wish.
    pub(crate) generation: u64,
    /// The state of it; `None` until it is computed, or when everything is shown.
    pub(crate) snapshot: Option<Arc<Snapshot>>,
    /// Set to stop the computation that runs.
    pub(crate) cancel: Arc<AtomicBool>,
}

/// See the module.
pub(crate) struct Shared {
    snapshot: RwLock<Arc<Snapshot>>,
    located: RwLock<Arc<Places>>,
    selection: Mutex<Selection>,
    selection_changed: Condvar,
    events: Mutex<VecDeque<Event>>,
    events_dropped: AtomicU64,
    links: Mutex<BTreeMap<SensorId, LinkRow>>,
    sensors: Mutex<Vec<PairedSensor>>,
    levels: Arc<LiveLevels>,
    wake: RwLock<Option<Wake>>,
    closing: AtomicBool,
}

impl fmt::Debug for Shared {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Shared").finish_non_exhaustive()
    }
}

impl Shared {
    pub(crate) fn new(snapshot: Arc<Snapshot>) -> Self {
        Self {
            snapshot: RwLock::new(snapshot),
            located: RwLock::new(Arc::new(Places::new())),
            selection: Mutex::new(Selection::default()),
            selection_changed: Condvar::new(),
            events: Mutex::new(VecDeque::new()),
            events_dropped: AtomicU64::new(0),
            links: Mutex::new(BTreeMap::new()),
            sensors: Mutex::new(Vec::new()),
            levels: Arc::default(),
            wake: RwLock::new(None),
            closing: AtomicBool::new(false),
        }
    }

    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshot.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// A new state of the whole survey.
    pub(crate) fn publish(&self, snapshot: Arc<Snapshot>) {
        *self.snapshot.write().unwrap_or_else(PoisonError::into_inner) = snapshot;
        // The lock makes sure that the waiting thread does not miss it between look and wait.
        drop(self.selection());
        self.selection_changed.notify_all();
        self.wake();
    }

    pub(crate) fn located(&self) -> Arc<Places> {
        Arc::clone(&self.located.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn publish_located(&self, places: Arc<Places>) {
        *self.located.write().unwrap_or_else(PoisonError::into_inner) = places;
        self.wake();
    }

    pub(crate) fn selection(&self) -> MutexGuard<'_, Selection> {
        self.selection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks for a stretch of time; the views thread computes it.
    pub(crate) fn select(&self, wanted: Option<TimeRange>) {
        let mut selection = self.selection();
        if selection.wanted == wanted {
            return;
        }
        selection.cancel.store(true, Ordering::Release);
        selection.cancel = Arc::new(AtomicBool::new(false));
        selection.wanted = wanted;
        selection.generation += 1;
        if wanted.is_none() {
            selection.snapshot = None;
        }
        drop(selection);
        self.selection_changed.notify_all();
    }

    /// Waits until something changed, or for `patience`.
    pub(crate) fn wait_for_change(&self, patience: std::time::Duration) {
        let guard = self.selection();
        if !self.closing() {
            drop(self.selection_changed.wait_timeout(guard, patience));
        }
    }

    pub(crate) fn tell(&self, event: Event) {
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        if events.len() >= EVENTS_LEN {
            events.pop_front();
            self.events_dropped.fetch_add(1, Ordering::Relaxed);
        }
        events.push_back(event);
        drop(events);
        self.wake();
    }

    pub(crate) fn take_events(&self) -> Vec<Event> {
        let events =
            std::mem::take(&mut *self.events.lock().unwrap_or_else(PoisonError::into_inner));
        let mut events: Vec<Event> = events.into();
        let dropped = self.events_dropped.swap(0, Ordering::Relaxed);
        if dropped > 0 {
            events.insert(0, Event::Notice(format!("{dropped} older messages were dropped")));
        }
        events
    }

    pub(crate) fn links(&self) -> Vec<LinkRow> {
        self.links.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// Sets the row of a link and tells, when its state changed.
    pub(crate) fn set_link(&self, row: LinkRow) {
        let sensor = row.sensor.clone();
        let mut links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
        let before = links.insert(row.id, row.clone());
        drop(links);
        let same = before.is_some_and(|b| b.state == row.state && b.words == row.words);
        if same { self.wake() } else { self.tell(Event::LinkChanged { sensor }) }
    }

    /// Forgets the row of a link.
    pub(crate) fn remove_link(&self, id: SensorId) {
        self.links.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
        self.wake();
    }

    pub(crate) fn sensors(&self) -> Vec<PairedSensor> {
        self.sensors.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set_sensors(&self, sensors: Vec<PairedSensor>) {
        *self.sensors.lock().unwrap_or_else(PoisonError::into_inner) = sensors;
    }

    /// The newest signal levels.
    pub(crate) const fn levels(&self) -> &Arc<LiveLevels> {
        &self.levels
    }

    pub(crate) fn set_wake(&self, wake: Wake) {
        *self.wake.write().unwrap_or_else(PoisonError::into_inner) = Some(wake);
    }

    pub(crate) fn wake(&self) {
        if let Some(wake) = self.wake.read().unwrap_or_else(PoisonError::into_inner).as_ref() {
            wake();
        }
    }

    pub(crate) fn closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }

    pub(crate) fn close(&self) {
        self.closing.store(true, Ordering::Release);
        let selection = self.selection();
        selection.cancel.store(true, Ordering::Release);
        drop(selection);
        self.selection_changed.notify_all();
    }
}
