//! What the pipeline states of itself: the machine, its clock, its silence, and what it keeps back.

use super::{Event, MotionState, Pipeline};
use crate::gps::GpsEvent;
use crate::{clock, health, seccomp};
use pw_model::{
    ClockEvent, ClockEventKind, ClockSource, ClockState, DoubtfulFix, Fix, FixDoubt, GapCause,
    Health, HealthDetails, Origin, PrivacyDeclaration, RadioId, RadioRate, Timestamp, Transmitted,
    WithheldKind,
};
use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;

/// Latest findings of the clock that `status` shows.
const CLOCK_EVENTS: usize = 8;

/// The latest of all that is stated.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct GuardState {
    /// How people's data are treated; `None` before the first look.
    pub privacy: Option<PrivacyDeclaration>,
    /// What never left the sensor since its start.
    pub withheld: BTreeMap<WithheldKind, u64>,
    /// Frames of networks that ask not to be recorded, since the start.
    pub opted_out_frames: u64,
    /// The last known place lies in a home zone, or nobody knows yet that it does not.
    pub in_home_zone: bool,
    /// The machine.
    pub health: Option<HealthDetails>,
    /// Frames sent, by radio; empty without live radios.
    pub transmitted: Vec<Transmitted>,
    /// The clock.
    pub clock: Option<ClockState>,
    /// The latest findings of the clock.
    pub clock_events: VecDeque<ClockEvent>,
    /// Reports of the receiver that were not believed, since the start.
    pub doubtful_fixes: BTreeMap<FixDoubt, u64>,
    /// What says how the sensor moves.
    pub motion: MotionState,
    /// Whether the kernel refuses what parsing never needs, in words.
    pub confinement: String,
}

/// Frames of each radio at the last report.
#[derive(Debug, Default)]
pub(super) struct Rates {
    last: Option<(Instant, BTreeMap<RadioId, u64>)>,
}

impl Rates {
    /// Frames per second since the last call; nothing at the first.
    fn since_last(&mut self, frames: BTreeMap<RadioId, u64>) -> Vec<RadioRate> {
        let now = Instant::now();
        let Some((then, before)) = self.last.replace((now, frames.clone())) else {
            return Vec::new();
        };
        let seconds = now.duration_since(then).as_secs_f32().max(0.001);
        let rate = |(radio, frames): (&RadioId, &u64)| {
            let heard = frames.saturating_sub(*before.get(radio)?);
            Some(RadioRate { radio: *radio, frames_per_second: heard as f32 / seconds })
        };
        frames.iter().filter_map(rate).collect()
    }
}

impl Pipeline {
    /// Gives up what parsing never needs. From here on this thread opens no file for writing, and
    /// no socket.
    pub(super) fn confine(&mut self) {
        let words = if self.settings.confine {
            match seccomp::confine_parser() {
                Ok(()) => "system calls are filtered; the parser has no sockets and opens no file \
                    for writing"
                    .to_owned(),
                Err(error) => {
                    tracing::warn!("{error}");
                    format!("not available: {error}")
                }
            }
        } else {
            "system calls are not filtered: switched off in the configuration".to_owned()
        };
        self.guard.confinement = words;
    }

    pub(super) fn state_health(&mut self) {
        // A stream with its own time has no health before its first frame.
        let Some(time) = self.now() else { return };
        self.last_health = Some(Instant::now());
        let journal = self.reader.state().borrow().clone();
        self.batch.health(Health {
            time,
            temperature_c: health::temperature_c(),
            memory_bytes: health::memory_bytes(),
            disk_free_bytes: health::disk_free_bytes(&self.settings.state_dir),
            backlog_batches: journal.backlog_batches,
            backlog_bytes: journal.backlog_bytes,
            frames: self.counts.frames(),
            frames_lost: self.counts.frames_lost() + journal.write_loss_frames,
            gps_age_secs: self.counts.gps_age_secs(Some(time)),
            position: self
                .settings
                .privacy
                .shown(self.track.last_position().and_then(|fix| fix.position)),
        });
        let mut rates = self.rates.since_last(self.counts.frames_by_radio());
        if !self.is_live() {
            // How fast a file is played says nothing of a radio.
            rates.clear();
        }
        let details = self.settings.machine.details(time, &self.settings.state_dir, rates);
        self.guard.health = Some(details.clone());
        self.batch.health_details(details);
        let before = std::mem::take(&mut self.guard.transmitted);
        self.guard.transmitted = self.settings.transmit.look(time);
        for (at, transmitted) in self.guard.transmitted.iter().enumerate() {
            let said = before.get(at).is_some_and(|before| before.frames == transmitted.frames);
            if transmitted.is_alarming() && !said {
                tracing::warn!("radio {}: {}", transmitted.radio.0, transmitted.words());
            }
            self.batch.transmitted(transmitted.clone());
        }
        if !self.clock_stated || self.is_live() {
            self.clock_stated = true;
            let (source, uncertainty_us) = match self.settings.stream.origin {
                Origin::Live => health::system_clock(),
                Origin::Replay | Origin::Simulated | Origin::Imported => (ClockSource::File, None),
            };
            self.state_clock(ClockState { time, source, offset_us: None, uncertainty_us });
        }
    }

    fn state_clock(&mut self, state: ClockState) {
        // An offset by the receiver is known until the next one.
        let known = self.guard.clock.as_ref().and_then(|clock| clock.offset_us);
        self.guard.clock =
            Some(ClockState { offset_us: state.offset_us.or(known), ..state.clone() });
        self.batch.clock(state);
    }

    /// The time on the sensor's clock, with what the receiver says is missing.
    pub(super) fn clock_now(&self) -> Timestamp {
        self.corrected(clock::now())
    }

    /// A live time with what the receiver says is missing of it.
    pub(super) fn corrected(&self, time: Timestamp) -> Timestamp {
        if self.is_live() { self.unset_clock.corrected(time) } else { time }
    }

    /// The event with its times on the sensor's clock. Frames are done one by one.
    pub(super) fn on_our_clock(&self, mut event: Event) -> Event {
        let correct = |time: &mut Timestamp| *time = self.corrected(*time);
        match &mut event {
            Event::Lost(gap) => [&mut gap.start, &mut gap.end].into_iter().for_each(correct),
            Event::Tuned(tune) => [&mut tune.start, &mut tune.end].into_iter().for_each(correct),
            Event::Radio(change) => correct(&mut change.time),
            _ => {}
        }
        event
    }

    /// Looks whether the machine's clock was set.
    pub(super) fn watch_clock(&mut self) {
        if !self.is_live() {
            return;
        }
        for event in self.clock_watch.look() {
            self.clock_event(event);
        }
    }

    fn clock_event(&mut self, event: ClockEvent) {
        tracing::warn!("{}", event.words());
        if self.guard.clock_events.len() >= CLOCK_EVENTS {
            self.guard.clock_events.pop_front();
        }
        self.guard.clock_events.push_back(event);
        self.batch.clock_event(event);
    }

    pub(super) fn gps(&mut self, event: GpsEvent) {
        match event {
            GpsEvent::Fix(fix) => self.fix(Fix { time: self.corrected(fix.time), ..fix }),
            GpsEvent::Clock { offset_us, uncertainty_us } => {
                let system = clock::now();
                if let Some(event) = self.unset_clock.learn(system, offset_us) {
                    self.clock_event(event);
                }
                let time = self.corrected(system);
                let added_us = time.unix_ns().saturating_sub(system.unix_ns()) / 1000;
                let (source, kept_us) = match health::system_clock() {
                    // Nobody else keeps it.
                    (ClockSource::System, kept_us) if added_us != 0 => (ClockSource::Gps, kept_us),
                    kept => kept,
                };
                self.state_clock(ClockState {
                    time,
                    source,
                    offset_us: Some(offset_us.saturating_sub(added_us)),
                    uncertainty_us: kept_us.or(uncertainty_us),
                });
            }
            GpsEvent::WeekRollover { turns } => {
                let kind = ClockEventKind::WeekRollover { turns };
                self.clock_event(ClockEvent { time: self.clock_now(), kind });
            }
            GpsEvent::Trouble(trouble) => self.counts.gps_trouble(trouble),
        }
    }

    pub(super) fn fix(&mut self, fix: Fix) {
        if !self.believe(fix) {
            return;
        }
        self.track.push(fix);
        let now = self.now();
        self.counts.fix(&fix, now);
        self.write_fix(fix);
    }

    /// True for a report that can be true; one that cannot is written down as such, and not used.
    pub(super) fn believe(&mut self, fix: Fix) -> bool {
        let Some(doubt) = self.fix_check.doubt(&fix) else { return true };
        // A doubt may be wrong, and then this is home: that is the safe side.
        if let Some(place) = fix.position.filter(|place| self.settings.privacy.is_at_home(place)) {
            self.settings.privacy.reported(Some(&place), fix.time);
            self.drop_held_motion();
        }
        *self.guard.doubtful_fixes.entry(doubt).or_default() += 1;
        // In a home zone it would show the place as well as any other.
        if self.settings.privacy.shown(fix.position).is_some()
            && !self.settings.privacy.is_in_home_zone()
        {
            self.batch.doubtful_fix(DoubtfulFix { fix, doubt });
        }
        false
    }

    /// Writes a report down, unless it lies in a home zone.
    pub(super) fn write_fix(&mut self, fix: Fix) {
        let doubted = self.settings.privacy.is_in_home_zone();
        if self.settings.privacy.reported(fix.position.as_ref(), fix.time) {
            self.batch.fix(fix);
        }
        self.place_motion(&fix, doubted);
    }

    /// Draws a new key of pseudonyms when the old one's time is over.
    pub(super) fn renew_key(&mut self, time: Timestamp) {
        match self.settings.privacy.advance(time) {
            Ok(false) => return,
            Ok(true) => {}
            // The new key holds in memory; only a restart would draw another.
            Err(error) => tracing::warn!("{error}"),
        }
        self.observer.forget_sent();
        self.recent.clear();
    }

    /// The latest of all that is stated.
    pub(super) fn guard_state(&mut self) -> GuardState {
        let privacy = &self.settings.privacy;
        let opted_out = self.left_out.values().filter(|gap| gap.cause == GapCause::OptedOut);
        let waiting = opted_out.filter_map(|gap| gap.frames).sum::<u64>();
        self.guard.privacy = Some(privacy.declaration().clone());
        self.guard.withheld.clone_from(privacy.totals());
        self.guard.opted_out_frames = self.opted_out_frames + waiting;
        self.guard.in_home_zone = privacy.is_in_home_zone();
        self.guard.motion.forget_stale(Instant::now());
        self.guard.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_begin_with_the_second_report() {
        let mut rates = Rates::default();
        let frames = |counts: &[(u8, u64)]| {
            counts.iter().map(|(radio, frames)| (RadioId(*radio), *frames)).collect()
        };
        assert_eq!(rates.since_last(frames(&[(0, 5)])), []);
        rates.last.iter_mut().for_each(|(then, _)| *then -= std::time::Duration::from_secs(10));
        let found = rates.since_last(frames(&[(0, 1005), (4, 7)]));
        assert_eq!(found.len(), 1, "nothing is known of a radio that came in between");
        // However slow the machine is: at most what ten seconds give.
        assert!(found[0].frames_per_second > 0.0 && found[0].frames_per_second <= 100.1);
    }
}
