//! Links to sensors as the engine runs them: started by name, followed, shown as rows.

use crate::command::{Event, LinkRow, LinkState, PairedSensor, RadioRow};
use crate::error::EngineError;
use crate::ingest::{IngestQueue, StoreError};
use crate::link::{
    self, BatchSink, Durable, KnownSensor, LevelSink, LinkStore, SensorLink, SinkError,
};
use crate::shared::Shared;
use pw_model::words::counted;
use pw_model::{ChannelPlan, FixMode, MacAddr, Origin, RadioId, SensorId, Timestamp};
use pw_wire::{
    EncodedBatch, GpsStatus, RadioStatus, RadioTuning, SensorCommand, Status, plain_text,
};
use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;

/// How often a row is brought up to date while nothing changes: for "next attempt in 3 s".
const REFRESH_EVERY: Duration = Duration::from_secs(1);

/// A connected sensor that says nothing for so long is shown as being looked for.
const SILENT: Duration = Duration::from_secs(5);

/// How long the end of a link may take when the engine closes.
const STOP_WITHIN: Duration = Duration::from_secs(2);

impl From<StoreError> for SinkError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Refused(why) | StoreError::Disk(why) => Self::Refused(why),
            StoreError::Closed => Self::Closed,
        }
    }
}

impl BatchSink for IngestQueue {
    async fn durable_through(
        &self,
        sensor: SensorId,
        epoch: u64,
        oldest_seq: u64,
    ) -> Result<u64, SinkError> {
        Ok(Self::durable_through(self, sensor, epoch, oldest_seq).await?)
    }

    async fn enqueue(&self, batch: EncodedBatch) -> Result<Durable, SinkError> {
        let answer = Self::enqueue(self, batch).await?;
        Ok(Box::pin(async move {
            answer.await.unwrap_or(Err(StoreError::Closed))?;
            Ok(())
        }))
    }

    fn enqueue_live(&self, batch: EncodedBatch) {
        self.offer(batch);
    }
}

/// A difference of clocks below this is not told: the way over a slow network takes time too.
const CLOCK_TOLERANCE_SECS: u64 = 5;

/// Forgotten sensors that can be brought back; the oldest goes.
const FORGOTTEN: usize = 16;

/// Links of one engine. They go by the sensor's identity: names change, addresses change hands.
#[derive(Debug)]
pub(crate) struct Links {
    runtime: Handle,
    shared: Arc<Shared>,
    active: Mutex<BTreeMap<SensorId, Active>>,
    forgotten: Mutex<VecDeque<Forgotten>>,
    /// Transmitters whose levels are wanted of all sensors; no levels at all when `None`.
    watched: tokio::sync::watch::Sender<Option<Vec<MacAddr>>>,
}

#[derive(Debug)]
struct Active {
    link: SensorLink,
    watcher: tokio::task::JoinHandle<()>,
}

/// A sensor that was forgotten, for as long as that can be taken back.
#[derive(Debug)]
struct Forgotten {
    sensor: KnownSensor,
    was_linked: bool,
}

fn store_failed(error: link::LinkStoreError) -> EngineError {
    EngineError::Link(error.to_string())
}

impl Links {
    pub(crate) fn new(runtime: Handle, shared: Arc<Shared>) -> Self {
        let watched = tokio::sync::watch::Sender::new(None);
        Self { runtime, shared, active: Mutex::default(), forgotten: Mutex::default(), watched }
    }

    /// Asks all sensors for the levels of this moment, of these transmitters first; for none any more
    /// when there are no addresses.
    pub(crate) fn watch_levels(&self, addresses: &[MacAddr]) {
        let watched = self.shared.levels().watch(addresses);
        let watched = (!watched.is_empty()).then_some(watched);
        self.watched.send_if_modified(|before| {
            let changed = *before != watched;
            *before = watched;
            changed
        });
    }

    fn active(&self) -> MutexGuard<'_, BTreeMap<SensorId, Active>> {
        self.active.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts to record from a paired sensor. One that is under way already tries again at once, if
    /// it waits.
    pub(crate) fn connect(
        &self,
        state_dir: &Path,
        name: &str,
        queue: IngestQueue,
    ) -> Result<(), EngineError> {
        let store = LinkStore::open(state_dir).map_err(store_failed)?;
        let sensor = store.find(name).map_err(store_failed)?;
        let mut active = self.active();
        if let Some(active) = active.get(&sensor.sensor_id()) {
            active.link.retry_now();
            return Ok(());
        }
        let _guard = self.runtime.enter();
        let software = concat!("piwardrive ", env!("CARGO_PKG_VERSION"));
        let shared = Arc::clone(&self.shared);
        let levels = LevelSink {
            levels: Arc::clone(self.shared.levels()),
            wake: Arc::new(move || shared.wake()),
            watched: self.watched.subscribe(),
        };
        let known = sensor.clone();
        let link =
            link::connect_with(&store, known, queue, &desktop_name(), software, Some(levels));
        let watcher = tokio::spawn(watch(
            Arc::clone(&self.shared),
            store,
            sensor.clone(),
            link.state(),
            link.status(),
            link.tuning(),
        ));
        active.insert(sensor.sensor_id(), Active { link, watcher });
        Ok(())
    }

    /// Ends a link. What is not durable stays in the sensor's journal.
    pub(crate) fn disconnect(&self, state_dir: &Path, name: &str) -> Result<(), EngineError> {
        let store = LinkStore::open(state_dir).map_err(store_failed)?;
        let sensor = store.find(name).map_err(store_failed)?;
        if self.end(sensor.sensor_id()).is_none() {
            return Err(EngineError::Link(format!("there is no link to '{name}'")));
        }
        self.shared.set_link(off_row(&sensor));
        Ok(())
    }

    /// Ends the link to `id`, where there is one, and returns its sensor.
    fn end(&self, id: SensorId) -> Option<KnownSensor> {
        let active = self.active().remove(&id)?;
        active.watcher.abort();
        self.shared.levels().forget(id);
        let sensor = active.link.sensor().clone();
        self.runtime.spawn(active.link.stop());
        Some(sensor)
    }

    /// Forgets a paired sensor and ends its link.
    pub(crate) fn forget(&self, state_dir: &Path, name: &str) -> Result<(), EngineError> {
        let store = LinkStore::open(state_dir).map_err(store_failed)?;
        let sensor = store.remove(name).map_err(store_failed)?;
        let was_linked = self.end(sensor.sensor_id()).is_some();
        self.shared.remove_link(sensor.sensor_id());
        let mut forgotten = self.forgotten.lock().unwrap_or_else(PoisonError::into_inner);
        if forgotten.len() >= FORGOTTEN {
            forgotten.pop_front();
        }
        forgotten.push_back(Forgotten { sensor, was_linked });
        drop(forgotten);
        self.list_changed(state_dir);
        Ok(())
    }

    /// Brings a sensor back that was forgotten as `name`. Returns the name that it has now when it
    /// was linked and wants to be again.
    pub(crate) fn remember(
        &self,
        state_dir: &Path,
        name: &str,
    ) -> Result<Option<String>, EngineError> {
        let mut forgotten = self.forgotten.lock().unwrap_or_else(PoisonError::into_inner);
        let at = forgotten.iter().rposition(|forgotten| forgotten.sensor.name == name);
        let Some(old) = at.and_then(|at| forgotten.remove(at)) else {
            let words = format!("'{name}' was not forgotten just now; pair with it again");
            return Err(EngineError::Link(words));
        };
        drop(forgotten);
        let store = LinkStore::open(state_dir).map_err(store_failed)?;
        let sensor = store.restore(&old.sensor).map_err(store_failed)?;
        self.list_changed(state_dir);
        Ok(old.was_linked.then_some(sensor.name))
    }

    /// Reads the list of paired sensors again.
    pub(crate) fn list_changed(&self, state_dir: &Path) {
        match sensors(state_dir) {
            Ok(sensors) => self.shared.set_sensors(sensors),
            Err(error) => self.shared.tell(Event::Trouble(error.to_string())),
        }
        self.shared.tell(Event::SensorsChanged);
    }

    /// Ends the links to sensors at whose address another one was paired since.
    pub(crate) fn end_replaced(&self) {
        for sensor in self.shared.sensors().into_iter().filter(|s| s.replaced_by.is_some()) {
            if let Some(known) = self.end(sensor.id) {
                self.shared.set_link(off_row(&known));
            }
        }
    }

    /// Ends all links, waiting a little for each.
    pub(crate) fn close(&self) {
        let all = std::mem::take(&mut *self.active());
        self.runtime.block_on(async {
            for active in all.into_values() {
                active.watcher.abort();
                if tokio::time::timeout(STOP_WITHIN, active.link.stop()).await.is_err() {
                    tracing::warn!("a link did not end within {STOP_WITHIN:?}");
                }
            }
        });
    }
}

/// Sensors that the desktop with this state is paired with.
///
/// # Errors
/// The list cannot be read.
pub fn sensors(state_dir: &Path) -> Result<Vec<PairedSensor>, EngineError> {
    if !state_dir.exists() {
        return Ok(Vec::new());
    }
    let store = LinkStore::open(state_dir).map_err(store_failed)?;
    paired_sensors(&store)
}

fn paired_sensors(store: &LinkStore) -> Result<Vec<PairedSensor>, EngineError> {
    let known = store.sensors().map_err(store_failed)?;
    let row = |(at, sensor): (usize, &KnownSensor)| PairedSensor {
        replaced_by: link::replaced_by(&known, at).map(|other| other.name.clone()),
        ..paired(sensor.clone())
    };
    Ok(known.iter().enumerate().map(row).collect())
}

/// Forgets the paired sensor of this name. What was recorded from it stays. A program of this desktop
/// that records from it right now goes on until it ends.
///
/// # Errors
/// No sensor has this name, or the list cannot be written.
pub fn forget(state_dir: &Path, name: &str) -> Result<PairedSensor, EngineError> {
    let store = LinkStore::open(state_dir).map_err(store_failed)?;
    let sensor = store.find(name).map_err(store_failed)?;
    store.remove(&sensor.name).map(paired).map_err(store_failed)
}

/// Pairs with the sensor at `address` (host, or host:port) that shows `code`, and waits for the end.
/// Without `name` it is called what it calls itself.
///
/// # Errors
/// The code is wrong, the sensor cannot be reached or says no, or its key cannot be stored.
pub fn pair_and_wait(
    state_dir: &Path,
    address: &str,
    code: &str,
    name: Option<&str>,
) -> Result<PairedSensor, EngineError> {
    // Before anything is made for it.
    if code.parse::<pw_trust::PairingCode>().is_err() {
        return Err(EngineError::NoPairingCode { text: code.to_owned() });
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|source| EngineError::Start { what: "the network runtime", source })?;
    pair(state_dir, address, code, name, runtime.handle())
        .map_err(|error| EngineError::Link(format!("pairing with {address}: {error}")))
}

/// The same on a runtime that is there; the error leaves out the address.
pub(crate) fn pair(
    state_dir: &Path,
    address: &str,
    code: &str,
    name: Option<&str>,
    runtime: &Handle,
) -> Result<PairedSensor, EngineError> {
    let store = LinkStore::open(state_dir).map_err(store_failed)?;
    let sensor = runtime
        .block_on(link::pair(&store, address, code, name, &desktop_name()))
        .map_err(|error| EngineError::Link(error.to_string()))?;
    Ok(paired(sensor))
}

/// Tells the paired sensor of this name what to listen to: one radio by its number, or all that can.
/// Gives what it did in words.
///
/// # Errors
/// No sensor has this name, it cannot be reached, or it does not do it.
pub fn set_plan(
    state_dir: &Path,
    name: &str,
    radio: Option<u8>,
    plan: &ChannelPlan,
) -> Result<String, EngineError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|source| EngineError::Start { what: "the network runtime", source })?;
    set_plan_on(state_dir, name, radio, plan, runtime.handle())
        .map_err(|error| EngineError::Link(format!("{name}: {error}")))
}

/// The same on a runtime that is there; the error leaves out the name.
pub(crate) fn set_plan_on(
    state_dir: &Path,
    name: &str,
    radio: Option<u8>,
    plan: &ChannelPlan,
    runtime: &Handle,
) -> Result<String, EngineError> {
    let store = LinkStore::open(state_dir).map_err(store_failed)?;
    let sensor = store.find(name).map_err(store_failed)?;
    let command = SensorCommand::SetPlan { radio: radio.map(RadioId), plan: plan.clone() };
    runtime
        .block_on(link::command(&store, &sensor, &command))
        .map_err(|error| EngineError::Link(error.to_string()))
}

fn paired(sensor: KnownSensor) -> PairedSensor {
    PairedSensor {
        id: sensor.sensor_id(),
        key: sensor.fingerprint.short(),
        name: sensor.name,
        address: sensor.address,
        paired: sensor.paired,
        replaced_by: None,
    }
}

/// What a sensor's owner reads in its list of keys.
fn desktop_name() -> String {
    ["HOSTNAME", "COMPUTERNAME"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|name| !name.is_empty()))
        .or_else(|| std::fs::read_to_string("/etc/hostname").ok())
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "desktop".to_owned())
}

fn empty_row(sensor: &KnownSensor) -> LinkRow {
    LinkRow {
        sensor: sensor.name.clone(),
        id: sensor.sensor_id(),
        state: LinkState::Connecting,
        words: LinkState::Connecting.words().to_owned(),
        since: crate::now(),
        last_heard: None,
        gps: None,
        has_position: None,
        position: None,
        backlog_batches: None,
        backlog_bytes: None,
        radios: None,
        sensor_time: None,
        frames_per_second: None,
        frames_lost: None,
        round_trip: None,
        warnings: Vec::new(),
    }
}

fn off_row(sensor: &KnownSensor) -> LinkRow {
    LinkRow { state: LinkState::Off, words: LinkState::Off.words().to_owned(), ..empty_row(sensor) }
}

/// Keeps the row of one link up to date until it is aborted or the link has ended.
async fn watch(
    shared: Arc<Shared>,
    store: LinkStore,
    sensor: KnownSensor,
    mut state: tokio::sync::watch::Receiver<link::LinkState>,
    mut status: tokio::sync::watch::Receiver<Option<Status>>,
    tuning: tokio::sync::watch::Receiver<Vec<RadioTuning>>,
) {
    let mut row = empty_row(&sensor);
    let mut last_heard: Option<Timestamp> = None;
    let mut said = Instant::now();
    let mut spoke = false;
    loop {
        let current = state.borrow_and_update().clone();
        let latest = status.borrow_and_update().clone();
        if std::mem::take(&mut spoke) {
            said = Instant::now();
            last_heard = Some(crate::now());
        } else if !current.is_connected() {
            said = Instant::now();
        }
        let silent = said.elapsed();
        let kind = match &current {
            // A sensor says how it is once a second. One that stops is gone long before the
            // connection is given up.
            link::LinkState::Connected { .. } if silent > SILENT => LinkState::Connecting,
            link::LinkState::Connected { .. } => LinkState::Connected,
            link::LinkState::Waiting {
                trouble:
                    link::LinkTrouble::NotPaired
                    | link::LinkTrouble::WrongKey { .. }
                    | link::LinkTrouble::Version(_),
                ..
            } => LinkState::Refused,
            link::LinkState::Stopped { .. } => LinkState::Off,
            _ => LinkState::Connecting,
        };
        if kind != row.state {
            row.since = crate::now();
            // It may have been paired anew with another program of this desktop.
            if kind == LinkState::Refused {
                match paired_sensors(&store) {
                    Ok(sensors) => shared.set_sensors(sensors),
                    Err(error) => shared.tell(Event::Trouble(error.to_string())),
                }
            }
        }
        let words = match (&current, kind) {
            (link::LinkState::Connected { .. }, LinkState::Connecting) => {
                format!("nothing heard for {} s", silent.as_secs())
            }
            _ => current.words(Instant::now()),
        };
        let of_now = row_of(&sensor, latest.as_ref(), &tuning.borrow());
        let live = matches!(&current, link::LinkState::Connected { origin: Origin::Live, .. });
        let clock = latest.as_ref().zip(last_heard).filter(|_| live);
        let clock = clock.and_then(|(status, heard)| clock_trouble(status.time, heard));
        row = LinkRow {
            state: kind,
            words,
            since: row.since,
            last_heard,
            position: position_of(&shared, sensor.sensor_id()),
            warnings: clock.into_iter().chain(of_now.warnings).collect(),
            ..of_now
        };
        shared.set_link(row.clone());
        let state_changed = tokio::select! {
            changed = state.changed() => changed,
            changed = status.changed() => {
                // It is taken away when the connection ends; that is no word from the sensor.
                spoke = status.borrow().is_some();
                if !spoke {
                    shared.levels().forget(sensor.sensor_id());
                }
                changed
            }
            () = tokio::time::sleep(REFRESH_EVERY) => Ok(()),
        };
        if state_changed.is_err() {
            shared.tell(Event::LinkChanged { sensor: sensor.name });
            return;
        }
    }
}

/// Says when the sensor's clock, which said `sensor` when this computer's said `here`, differs by more
/// than the way of the words explains. The link does not depend on it; times of frames do.
fn clock_trouble(sensor: Timestamp, here: Timestamp) -> Option<String> {
    let (difference, way) = if sensor > here {
        (sensor.since(here), "ahead of")
    } else {
        (here.since(sensor), "behind")
    };
    let secs = difference.as_secs();
    if secs < CLOCK_TOLERANCE_SECS {
        return None;
    }
    let amount = match secs {
        0..120 => format!("{secs} s"),
        120..7_200 => format!("{} min", secs / 60),
        7_200..172_800 => format!("{} h", secs / 3_600),
        _ => format!("{} days", secs / 86_400),
    };
    Some(format!(
        "the sensor's clock is {amount} {way} this computer's: one of them is wrong, and the \
         sensor's frames carry its time"
    ))
}

fn position_of(shared: &Shared, id: SensorId) -> Option<pw_model::Position> {
    let snapshot = shared.snapshot();
    let health = snapshot.sensors.iter().find(|sensor| sensor.id == id)?.health.as_ref()?;
    health.position
}

fn row_of(sensor: &KnownSensor, status: Option<&Status>, tuning: &[RadioTuning]) -> LinkRow {
    let row = empty_row(sensor);
    let Some(status) = status else { return row };
    let radios = status.radios.iter();
    let troubles = radios.filter_map(|r| Some(format!("{}: {}", r.source, r.trouble.as_ref()?)));
    let gps_trouble = status.gps.as_ref().and_then(|gps| gps.trouble.clone());
    let radio = |radio: &RadioStatus| {
        let tuning = tuning.iter().find(|tuning| tuning.radio == radio.radio);
        RadioRow {
            number: radio.radio.0,
            source: radio.source.clone(),
            listening: radio.listening,
            frequency_mhz: radio.frequency_mhz,
            plan: tuning.and_then(|tuning| Some(plain_text(tuning.plan.as_ref()?, 200))),
            plan_words: tuning.map(|tuning| plain_text(&tuning.words, 200)),
            trouble: radio.trouble.clone(),
        }
    };
    LinkRow {
        radios: Some(status.radios.iter().map(radio).collect()),
        sensor_time: Some(status.time),
        gps: Some(gps_words(status.gps.as_ref())),
        has_position: Some(status.gps.as_ref().is_some_and(|gps| {
            matches!(gps.mode, Some(FixMode::TwoD | FixMode::ThreeD | FixMode::Fixed))
        })),
        backlog_batches: Some(status.backlog_batches),
        backlog_bytes: Some(status.backlog_bytes),
        frames_per_second: status.frames_per_second,
        frames_lost: Some(status.frames_lost),
        warnings: troubles.chain(gps_trouble).collect(),
        ..row
    }
}

/// The position receiver in words, like "3-D fix, 9 satellites, within 4 m".
fn gps_words(gps: Option<&GpsStatus>) -> String {
    let Some(gps) = gps else { return "no position receiver".to_owned() };
    let mut words = match gps.mode {
        None => return "position receiver: nothing heard yet".to_owned(),
        Some(FixMode::NoFix) => "no fix".to_owned(),
        Some(FixMode::TwoD) => "2-D fix".to_owned(),
        Some(FixMode::ThreeD) => "3-D fix".to_owned(),
        Some(FixMode::Fixed) => "fixed place".to_owned(),
    };
    if let Some(satellites) = gps.satellites {
        let satellites = counted(u64::from(satellites), "satellite", "satellites");
        words.push_str(&format!(", {satellites}"));
    }
    match (gps.mode, gps.error_m, gps.position_age_secs) {
        (Some(FixMode::NoFix), _, Some(age)) => {
            words.push_str(&format!(", last position {age:.0} s ago"));
        }
        (Some(FixMode::NoFix), ..) => {}
        (_, Some(error_m), _) => words.push_str(&format!(", within {error_m:.0} m")),
        _ => {}
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_wrong_is_told() {
        let at = Timestamp::from_unix_secs;
        assert_eq!(clock_trouble(at(1_000), at(1_004)), None);
        assert_eq!(clock_trouble(at(1_004), at(1_000)), None);
        let told = |sensor, here| clock_trouble(at(sensor), at(here)).expect("told");
        assert!(told(1_000, 1_007).starts_with("the sensor's clock is 7 s behind this computer's"));
        assert!(told(1_600, 1_000).starts_with("the sensor's clock is 10 min ahead of"));
        assert!(told(0, 1_700_000_000).starts_with("the sensor's clock is 19675 days behind"));
    }

    #[test]
    fn the_receiver_in_words() {
        let gps = GpsStatus {
            mode: Some(FixMode::ThreeD),
            satellites: Some(9),
            position_age_secs: Some(0.2),
            error_m: Some(4.4),
            trouble: None,
        };
        assert_eq!(gps_words(Some(&gps)), "3-D fix, 9 satellites, within 4 m");
        let lost = GpsStatus { mode: Some(FixMode::NoFix), position_age_secs: Some(12.0), ..gps };
        assert_eq!(gps_words(Some(&lost)), "no fix, 9 satellites, last position 12 s ago");
        assert_eq!(gps_words(None), "no position receiver");
    }
}
