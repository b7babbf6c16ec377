//! Links to sensors as the engine runs them: started by name, followed, shown as rows.

use crate::command::{Event, LinkRow, LinkState, PairedSensor};
use crate::error::EngineError;
use crate::ingest::{IngestQueue, StoreError};
use crate::link::{self, BatchSink, Durable, KnownSensor, LinkStore, SensorLink, SinkError};
use crate::shared::Shared;
use pw_model::{FixMode, SensorId, Timestamp};
use pw_wire::{EncodedBatch, GpsStatus, Status};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
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
}

/// Links of one engine.
#[derive(Debug)]
pub(crate) struct Links {
    runtime: Handle,
    shared: Arc<Shared>,
    active: Mutex<BTreeMap<String, Active>>,
}

#[derive(Debug)]
struct Active {
    link: SensorLink,
    watcher: tokio::task::JoinHandle<()>,
}

impl Links {
    pub(crate) fn new(runtime: Handle, shared: Arc<Shared>) -> Self {
        Self { runtime, shared, active: Mutex::default() }
    }

    /// Starts to record from a paired sensor; nothing when it is under way already.
    pub(crate) fn connect(
        &self,
        state_dir: &Path,
        name: &str,
        queue: IngestQueue,
    ) -> Result<(), EngineError> {
        let failed = |error: link::LinkStoreError| EngineError::Link(error.to_string());
        let store = LinkStore::open(state_dir).map_err(failed)?;
        let sensor = store.find(name).map_err(failed)?;
        let mut active = self.active.lock().unwrap_or_else(PoisonError::into_inner);
        if active.contains_key(&sensor.name) {
            return Ok(());
        }
        let _guard = self.runtime.enter();
        let software = concat!("piwardrive ", env!("CARGO_PKG_VERSION"));
        let link = link::connect(&store, sensor.clone(), queue, &desktop_name(), software);
        let watcher = tokio::spawn(watch(
            Arc::clone(&self.shared),
            sensor.clone(),
            link.state(),
            link.status(),
        ));
        active.insert(sensor.name, Active { link, watcher });
        Ok(())
    }

    /// Ends a link. What is not durable stays in the sensor's journal.
    pub(crate) fn disconnect(&self, name: &str) -> Result<(), EngineError> {
        let removed = self.active.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
        let Some(active) = removed else {
            return Err(EngineError::Link(format!("there is no link to '{name}'")));
        };
        active.watcher.abort();
        let sensor = active.link.sensor().clone();
        self.shared.set_link(LinkRow {
            state: LinkState::Off,
            words: LinkState::Off.words().to_owned(),
            ..empty_row(&sensor)
        });
        self.runtime.spawn(active.link.stop());
        Ok(())
    }

    /// Ends all links, waiting a little for each.
    pub(crate) fn close(&self) {
        let all = std::mem::take(&mut *self.active.lock().unwrap_or_else(PoisonError::into_inner));
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
    let failed = |error: link::LinkStoreError| EngineError::Link(error.to_string());
    if !state_dir.exists() {
        return Ok(Vec::new());
    }
    let known = LinkStore::open(state_dir).map_err(failed)?.sensors().map_err(failed)?;
    Ok(known.into_iter().map(paired).collect())
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
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|source| EngineError::Start { what: "the network runtime", source })?;
    pair(state_dir, address, code, name, runtime.handle())
}

/// The same on a runtime that is there.
pub(crate) fn pair(
    state_dir: &Path,
    address: &str,
    code: &str,
    name: Option<&str>,
    runtime: &Handle,
) -> Result<PairedSensor, EngineError> {
    let failed = |error: link::LinkStoreError| EngineError::Link(error.to_string());
    let store = LinkStore::open(state_dir).map_err(failed)?;
    let mut sensor = runtime
        .block_on(link::pair(&store, address, code, &desktop_name()))
        .map_err(|error| EngineError::Link(format!("pairing with {address}: {error}")))?;
    if let Some(name) = name {
        sensor = store.add(name, &sensor.address, sensor.fingerprint).map_err(failed)?;
    }
    Ok(paired(sensor))
}

fn paired(sensor: KnownSensor) -> PairedSensor {
    PairedSensor {
        id: sensor.sensor_id(),
        key: sensor.fingerprint.short(),
        name: sensor.name,
        address: sensor.address,
        paired: sensor.paired,
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
        position: None,
        backlog_batches: None,
        backlog_bytes: None,
        frames_per_second: None,
        frames_lost: None,
        round_trip: None,
        warnings: Vec::new(),
    }
}

/// Keeps the row of one link up to date until it is aborted or the link has ended.
async fn watch(
    shared: Arc<Shared>,
    sensor: KnownSensor,
    mut state: tokio::sync::watch::Receiver<link::LinkState>,
    mut status: tokio::sync::watch::Receiver<Option<Status>>,
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
                trouble: link::LinkTrouble::NotPaired | link::LinkTrouble::WrongKey { .. },
                ..
            } => LinkState::Refused,
            link::LinkState::Stopped { .. } => LinkState::Off,
            _ => LinkState::Connecting,
        };
        if kind != row.state {
            row.since = crate::now();
        }
        let words = match (&current, kind) {
            (link::LinkState::Connected { .. }, LinkState::Connecting) => {
                format!("nothing heard for {} s", silent.as_secs())
            }
            _ => current.words(Instant::now()),
        };
        row = LinkRow {
            state: kind,
            words,
            since: row.since,
            last_heard,
            position: position_of(&shared, sensor.sensor_id()),
            ..row_of(&sensor, latest.as_ref())
        };
        shared.set_link(row.clone());
        let state_changed = tokio::select! {
            changed = state.changed() => changed,
            changed = status.changed() => {
                spoke = true;
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

fn position_of(shared: &Shared, id: SensorId) -> Option<pw_model::Position> {
    let snapshot = shared.snapshot();
    let health = snapshot.sensors.iter().find(|sensor| sensor.id == id)?.health.as_ref()?;
    health.position
}

fn row_of(sensor: &KnownSensor, status: Option<&Status>) -> LinkRow {
    let row = empty_row(sensor);
    let Some(status) = status else { return row };
    let radios = status.radios.iter();
    let troubles = radios.filter_map(|r| Some(format!("{}: {}", r.source, r.trouble.as_ref()?)));
    let gps_trouble = status.gps.as_ref().and_then(|gps| gps.trouble.clone());
    LinkRow {
        gps: Some(gps_words(status.gps.as_ref())),
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
        words.push_str(&format!(", {satellites} satellites"));
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
