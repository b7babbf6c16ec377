//! The sensor's event loop: frames in, batches out to the journal.
//!
//! One thread, one bounded queue, one closed set of events. It waits for the journal when that is
//! slow; live sources then find the queue full and count what they drop.

mod batch;
mod event;
mod guard;
mod motion;
mod recent;
mod settings;
mod state;
mod tunes;
mod waiting;

pub use event::Event;
pub use guard::GuardState;
pub use motion::{MotionInputState, MotionState};
pub use settings::{Join, PipelineSettings};
pub use state::{PipelineState, RadioInfo};

use crate::capture::FrameChunk;
use crate::clock_watch::{ClockWatch, UnsetClock};
use crate::gps::{FixCheck, NmeaReader, Track};
use crate::health;
use crate::journal::{Journal, JournalError, JournalReader};
use crate::levels::LevelTap;
use crate::radio::Heard;
use batch::BatchBuilder;
use motion::HeldMotion;
use pw_dissect::observe::{FrameInput, Observed, Observer, ObserverSettings};
use pw_model::{
    Advertisement, Fix, FixMode, FrameFlags, Gap, GapCause, Observation, Origin, RadioEventKind,
    RadioId, Timestamp,
};
use pw_wire::Status;
use recent::RecentAdvertisements;
use state::Counts;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tunes::TuneLedger;
use waiting::{Arrived, Patience, WaitingRoom};

/// Events that may wait for the pipeline: with full chunks, about 32 MB of frames. When it is full,
/// live sources count and drop, all others wait.
pub const QUEUE_EVENTS: usize = 512;

/// Time between two records of health.
const HEALTH_INTERVAL: Duration = Duration::from_secs(10);
/// Time between two states for the link and the command line.
const STATE_INTERVAL: Duration = Duration::from_millis(500);
/// Time between two fixes of a sensor that stands still, in the time of the stream.
const FIXED_INTERVAL: Duration = Duration::from_secs(60);
/// A live frame is no older than this when its level is shown; by a clock that was set meanwhile it may
/// seem so.
const LONGEST_WAY: Duration = Duration::from_secs(3);
/// Fixes of a live receiver that are kept for joining.
const LIVE_TRACK: usize = 256;

/// The event loop and what it knows.
pub struct Pipeline {
    settings: PipelineSettings,
    journal: Journal,
    reader: JournalReader,
    observer: Observer,
    observed: Observed,
    track: Track,
    /// Recorded fixes that are not yet in a batch.
    recorded: VecDeque<Fix>,
    nmea: NmeaReader,
    waiting: WaitingRoom,
    held_motion: HeldMotion,
    batch: BatchBuilder,
    ledger: TuneLedger,
    /// Radios whose source says itself what it listens to.
    self_tuned: BTreeSet<RadioId>,
    left_out: BTreeMap<(RadioId, GapCause), Gap>,
    opted_out_frames: u64,
    transmitters: Heard,
    levels: LevelTap,
    recent: RecentAdvertisements,
    announcements: u64,
    losses: u64,
    counts: Counts,
    /// Latest time of a frame or fix of a stream that brings its own time.
    stream_time: Option<Timestamp>,
    last_fixed: Option<Timestamp>,
    clock_stated: bool,
    last_health: Option<Instant>,
    last_state: Option<Instant>,
    running_sources: usize,
    placed: u64,
    fix_check: FixCheck,
    clock_watch: ClockWatch,
    unset_clock: UnsetClock,
    rates: guard::Rates,
    guard: GuardState,
    state: watch::Sender<PipelineState>,
    status: watch::Sender<Option<Status>>,
}

impl Pipeline {
    /// Before the first event.
    #[must_use]
    pub fn new(settings: PipelineSettings, journal: Journal) -> Self {
        let (track, recorded) = match &settings.join {
            Join::Fixed(position) => (Track::fixed(*position), VecDeque::new()),
            Join::Recorded(fixes) => {
                let mut track = Track::new(fixes.len());
                let mut check = FixCheck::default();
                let believed = fixes.iter().filter(|fix| check.doubt(fix).is_none());
                believed.for_each(|fix| track.push(*fix));
                (track, fixes.iter().copied().collect())
            }
            Join::None | Join::Live | Join::Simulated => (Track::new(LIVE_TRACK), VecDeque::new()),
        };
        let reader = journal.reader();
        let counts = Counts::new(&settings.radios);
        Self {
            batch: BatchBuilder::new(
                settings.sensor,
                settings.stream.clone(),
                settings.privacy.declaration().clone(),
            ),
            running_sources: settings.sources,
            levels: LevelTap::new(settings.levels.clone()),
            settings,
            journal,
            reader,
            observer: Observer::new(ObserverSettings::default()),
            observed: Observed::default(),
            track,
            recorded,
            nmea: NmeaReader::default(),
            waiting: WaitingRoom::default(),
            held_motion: HeldMotion::default(),
            ledger: TuneLedger::default(),
            self_tuned: BTreeSet::new(),
            left_out: BTreeMap::new(),
            opted_out_frames: 0,
            transmitters: Heard::default(),
            recent: RecentAdvertisements::default(),
            announcements: 0,
            losses: 0,
            counts,
            stream_time: None,
            last_fixed: None,
            clock_stated: false,
            last_health: None,
            last_state: None,
            placed: 0,
            fix_check: FixCheck::default(),
            clock_watch: ClockWatch::default(),
            unset_clock: UnsetClock::default(),
            rates: guard::Rates::default(),
            guard: GuardState::default(),
            state: watch::Sender::new(PipelineState::default()),
            status: watch::Sender::new(None),
        }
    }

    /// How it goes, as it changes.
    #[must_use]
    pub fn state(&self) -> watch::Receiver<PipelineState> {
        self.state.subscribe()
    }

    /// What a connected desktop is told.
    #[must_use]
    pub fn status(&self) -> watch::Receiver<Option<Status>> {
        self.status.subscribe()
    }

    /// Works until it is told to stop and all sources have ended, then writes everything down and
    /// closes the journal.
    ///
    /// # Errors
    /// The journal's writer has ended by a defect.
    pub fn run(mut self, events: &Receiver<Event>) -> Result<(), JournalError> {
        self.confine();
        let mut stopping = false;
        while !(stopping && self.running_sources == 0) {
            match events.recv_timeout(self.patience()) {
                Ok(Event::Stop) => stopping = true,
                Ok(event) => self.take(event)?,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            self.upkeep()?;
        }
        self.finish()
    }

    fn is_live(&self) -> bool {
        self.settings.stream.origin == Origin::Live
    }

    /// The time of the stream: the machine's for live frames, else the frames' own.
    fn now(&self) -> Option<Timestamp> {
        if self.is_live() { Some(self.clock_now()) } else { self.stream_time }
    }

    fn patience(&self) -> Duration {
        let batch = self.batch.due_in(self.reader.is_followed()).unwrap_or(STATE_INTERVAL);
        let waiting =
            if self.waiting.is_empty() { STATE_INTERVAL } else { Duration::from_millis(50) };
        let levels = self.levels.due_in().unwrap_or(STATE_INTERVAL);
        batch.min(waiting).min(levels).min(STATE_INTERVAL)
    }

    fn take(&mut self, event: Event) -> Result<(), JournalError> {
        match self.on_our_clock(event) {
            Event::Frames(chunk) => {
                self.frames(&chunk)?;
                chunk.give_back();
            }
            Event::Lost(gap) => {
                self.counts.lost(&gap);
                self.batch.gap(gap);
            }
            Event::Tuned(interval) => {
                self.self_tuned.insert(interval.radio);
                // Where nothing is recorded nobody listened, as far as the ledger goes.
                if !self.settings.privacy.is_silent() {
                    self.batch.tune(interval);
                }
            }
            Event::Listening { radio, frequency_mhz } => {
                self.self_tuned.insert(radio);
                self.counts.tuned(radio, frequency_mhz);
            }
            Event::Radio(event) => {
                self.advance(event.time)?;
                match &event.kind {
                    RadioEventKind::Stopped { .. } | RadioEventKind::Failed { .. } => {
                        self.ledger.end(event.radio).into_iter().for_each(|i| self.batch.tune(i));
                        self.settings.transmit.rests(event.radio);
                    }
                    RadioEventKind::Started { source, .. } => {
                        self.settings.transmit.listens(event.radio, source);
                    }
                }
                self.counts.radio(&event);
                self.batch.radio_event(event);
            }
            Event::Nmea { time, sentence } => self.sentence(time, &sentence)?,
            Event::Gps(event) => self.gps(event),
            Event::Motion(event) => self.motion(event),
            Event::Ended => self.source_ended()?,
            Event::Stop => {}
        }
        Ok(())
    }

    fn frames(&mut self, chunk: &FrameChunk) -> Result<(), JournalError> {
        let radio = chunk.radio;
        let is_self_tuned = self.self_tuned.contains(&radio);
        let mut observed = std::mem::take(&mut self.observed);
        self.counts.heard(radio, chunk.len() as u64);
        for (meta, data) in chunk.frames() {
            let time = self.corrected(meta.time);
            self.advance(time)?;
            if self.settings.privacy.is_silent() {
                self.settings.privacy.silenced(time);
                self.leave_out(radio, time, GapCause::HomeZone, 1);
                self.ledger.end(radio).into_iter().for_each(|interval| self.batch.tune(interval));
                continue;
            }
            self.renew_key(time);
            let before = observed.opted_out;
            let input = FrameInput {
                time,
                radio,
                link_type: meta.link_type,
                data,
                original_len: meta.original_len,
                frequency_mhz: meta.frequency_mhz,
                position: meta.position,
            };
            self.observer.observe(&input, &mut observed);
            if observed.opted_out > before {
                self.leave_out(radio, time, GapCause::OptedOut, observed.opted_out - before);
            }
            for observation in &mut observed.observations {
                self.settings.privacy.rewrite(observation, &mut observed.advertisements);
            }
            // They go with the first observation of their frame.
            let mut advertisements = std::mem::take(&mut observed.advertisements);
            if observed.observations.is_empty() {
                self.announce(&mut advertisements);
            }
            for observation in observed.observations.drain(..) {
                if let Some(frequency) = observation.frequency_mhz {
                    self.counts.tuned(radio, frequency);
                    if is_self_tuned {
                        self.note_transmitter(&observation, frequency);
                    } else {
                        let ended = self.ledger.heard(radio, observation.time, frequency);
                        ended.into_iter().for_each(|interval| self.batch.tune(interval));
                    }
                }
                let advertisements = std::mem::take(&mut advertisements);
                self.place(Arrived { observation, advertisements })?;
            }
        }
        self.observed = observed;
        Ok(())
    }

    /// Tells the plans of a transmitter that was not heard before.
    fn note_transmitter(&mut self, observation: &Observation, frequency_mhz: u16) {
        let sound = !observation.flags.contains(FrameFlags::BAD_FCS);
        if let Some(transmitter) = observation.transmitter.filter(|_| sound)
            && self.transmitters.is_new(transmitter)
        {
            self.settings.plans.novelty().add(observation.radio, frequency_mhz, 1);
        }
    }

    /// Puts an observation into the batch when its place is decided, else among those that wait.
    fn place(&mut self, arrived: Arrived) -> Result<(), JournalError> {
        // A home zone may leave it out once its place is decided: then its level waits for that too.
        if !self.settings.privacy.may_leave_out_places() {
            self.show_level(&arrived.observation);
        }
        let patience = self.patience_for_fixes();
        match self.waiting.enter(arrived, &self.track, patience) {
            Some(placed) => self.keep(placed),
            None => self.release(),
        }
    }

    fn keep(&mut self, arrived: Arrived) -> Result<(), JournalError> {
        let Arrived { mut observation, mut advertisements } = arrived;
        if !self.settings.privacy.may_record(&mut observation) {
            if !advertisements.is_empty() {
                // The observer takes them for sent; elsewhere they may be.
                self.observer.forget_sent();
            }
            self.leave_out(observation.radio, observation.time, GapCause::HomeZone, 1);
            return Ok(());
        }
        if self.settings.privacy.may_leave_out_places() {
            self.show_level(&observation);
        }
        self.announce(&mut advertisements);
        if let Some(id) = observation.advertisement {
            self.recent.heard(id, observation.time);
        }
        self.placed += u64::from(observation.position.is_some());
        self.batch.observation(observation);
        if self.batch.is_full() { self.close_batch() } else { Ok(()) }
    }

    /// Hands the level of a frame to whoever looks on, as its row goes into the batch.
    fn show_level(&mut self, observation: &Observation) {
        if self.levels.is_wanted() {
            // Live frames waited in the kernel and for their place; recorded ones are of this moment.
            let now = Instant::now();
            let waited = if self.is_live() {
                self.clock_now().since(observation.time).min(LONGEST_WAY)
            } else {
                Duration::ZERO
            };
            self.levels.note(observation, now.checked_sub(waited).unwrap_or(now));
        }
    }

    /// Puts advertisements into the batch.
    fn announce(&mut self, advertisements: &mut Vec<Advertisement>) {
        for advertisement in advertisements.drain(..) {
            self.recent.insert(&advertisement);
            self.batch.advertisement(advertisement);
        }
    }

    /// States frames that are left out because somebody wants it so.
    fn leave_out(&mut self, radio: RadioId, time: Timestamp, cause: GapCause, frames: u64) {
        let nothing = Gap { radio: Some(radio), start: time, end: time, cause, frames: Some(0) };
        let gap = self.left_out.entry((radio, cause)).or_insert(nothing);
        gap.start = gap.start.min(time);
        gap.end = gap.end.max(time);
        gap.frames = gap.frames.map(|sum| sum + frames);
    }

    /// The stream has come to `time`.
    fn advance(&mut self, time: Timestamp) -> Result<(), JournalError> {
        if self.is_live() {
            return Ok(());
        }
        let now = self.stream_time.map_or(time, |now| now.max(time));
        self.stream_time = Some(now);
        self.pass_recorded(now)
    }

    /// Writes down the recorded fixes up to `until`.
    fn pass_recorded(&mut self, until: Timestamp) -> Result<(), JournalError> {
        while let Some(fix) = self.recorded.pop_front_if(|fix| fix.time <= until) {
            if self.believe(fix) {
                self.counts.fix(&fix, Some(until));
                self.write_fix(fix);
            }
            if self.batch.is_full() {
                self.close_batch()?;
            }
        }
        Ok(())
    }

    fn patience_for_fixes(&self) -> Patience {
        match (&self.settings.join, self.stream_time) {
            (Join::Live, _) if self.is_live() => Patience::Live,
            (Join::Simulated, Some(now)) if self.running_sources > 0 => Patience::Stream(now),
            _ => Patience::None,
        }
    }

    /// Moves observations whose place is decided into the batch.
    fn release(&mut self) -> Result<(), JournalError> {
        let patience = self.patience_for_fixes();
        while let Some(arrived) = self.waiting.leave(&self.track, patience) {
            self.keep(arrived)?;
        }
        Ok(())
    }

    fn sentence(&mut self, time: Timestamp, sentence: &str) -> Result<(), JournalError> {
        self.advance(time)?;
        if !matches!(self.settings.join, Join::Simulated) {
            return Ok(());
        }
        if let Some(report) = self.nmea.line(sentence) {
            // The simulated receiver and the simulated sensor have one clock.
            let fix = report.at(report.time.unwrap_or(time));
            self.fix(fix);
        }
        Ok(())
    }

    /// A sensor that stands still says so once a minute.
    fn state_fixed_place(&mut self) {
        let (Join::Fixed(position), Some(time)) = (&self.settings.join, self.now()) else { return };
        if self.last_fixed.is_some_and(|last| time.since(last) < FIXED_INTERVAL) {
            return;
        }
        self.last_fixed = Some(time);
        let fix = Fix {
            time,
            mode: FixMode::Fixed,
            position: Some(*position),
            speed_mps: None,
            track_deg: None,
            satellites: None,
            hdop: None,
        };
        self.counts.fix(&fix, Some(time));
        self.write_fix(fix);
    }

    fn source_ended(&mut self) -> Result<(), JournalError> {
        self.running_sources = self.running_sources.saturating_sub(1);
        if self.running_sources == 0 {
            self.ledger.end_all().for_each(|interval| self.batch.tune(interval));
            if let Some(last) = self.recorded.back().map(|fix| fix.time) {
                self.pass_recorded(last)?;
            }
            self.state_health();
            if matches!(self.settings.join, Join::Recorded(_)) && self.placed == 0 {
                tracing::warn!(
                    "no frame lies within the times of the position file: all positions are unknown"
                );
            }
        }
        Ok(())
    }

    /// Everything that is due by the clock.
    fn upkeep(&mut self) -> Result<(), JournalError> {
        self.release()?;
        self.levels.hand_over();
        // Also where nothing is heard or recorded: its time is over.
        if self.is_live()
            && let Some(now) = self.now()
        {
            self.renew_key(now);
        }
        if self.running_sources > 0 {
            if self.last_health.is_none_or(|last| last.elapsed() >= HEALTH_INTERVAL) {
                self.state_health();
            }
            self.state_fixed_place();
        }
        self.announce_again()?;
        if self.batch.is_full()
            || self.batch.due_in(self.reader.is_followed()).is_some_and(|due| due.is_zero())
        {
            self.close_batch()?;
        }
        if self.last_state.is_none_or(|last| last.elapsed() >= STATE_INTERVAL) {
            self.publish();
        }
        Ok(())
    }

    /// Sends what was advertised lately once more, when the journal asks for it.
    fn announce_again(&mut self) -> Result<(), JournalError> {
        let asked = self.reader.announcements();
        let losses = self.reader.losses();
        if (asked, losses) == (self.announcements, self.losses) {
            return Ok(());
        }
        (self.announcements, self.losses) = (asked, losses);
        let Some(now) = self.now() else { return Ok(()) };
        for advertisement in self.recent.lately(now) {
            self.batch.advertisement(advertisement);
            if self.batch.is_full() {
                self.close_batch()?;
            }
        }
        Ok(())
    }

    fn close_batch(&mut self) -> Result<(), JournalError> {
        for gap in std::mem::take(&mut self.left_out).into_values() {
            if gap.cause == GapCause::OptedOut {
                self.opted_out_frames += gap.frames.unwrap_or(0);
            }
            self.batch.gap(gap);
        }
        for withheld in self.settings.privacy.take_withheld() {
            self.batch.withheld(withheld);
        }
        match self.batch.close() {
            Some(batch) => self.journal.submit(batch),
            None => Ok(()),
        }
    }

    fn publish(&mut self) {
        self.last_state = Some(Instant::now());
        let journal = self.reader.state().borrow().clone();
        let now = self.now();
        let has_receiver = !matches!(self.settings.join, Join::None);
        let disk = health::disk_free_bytes(&self.settings.state_dir);
        self.watch_clock();
        let guard = self.guard_state();
        let status: Status =
            self.counts.status(self.clock_now(), now, has_receiver, &journal, disk);
        let running_sources = self.running_sources;
        let settled =
            self.waiting.is_empty() && self.batch.due_in(self.reader.is_followed()).is_none();
        self.status.send_replace(Some(status.clone()));
        self.state.send_replace(PipelineState {
            status: Some(status),
            guard,
            running_sources,
            settled: running_sources == 0 && settled,
        });
    }

    /// Writes everything down.
    fn finish(mut self) -> Result<(), JournalError> {
        self.running_sources = 0;
        self.settings.join = Join::None;
        self.release()?;
        self.drop_held_motion();
        self.ledger.end_all().for_each(|interval| self.batch.tune(interval));
        self.close_batch()?;
        self.publish();
        self.journal.close()
    }
}

#[cfg(test)]
mod levels_tests;
