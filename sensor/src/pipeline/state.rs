//! What the pipeline tells of itself: counts by radio, the receiver's state.

use super::guard::GuardState;
use crate::health;
use crate::journal::JournalState;
use pw_model::{Fix, FixMode, Gap, Origin, RadioEvent, RadioEventKind, RadioId, Timestamp};
use pw_wire::{GpsStatus, RadioStatus, Status};
use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;

/// Frames per second are taken over so many states of half a second each.
const RATE_WINDOW: usize = 6;

/// How the pipeline is.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct PipelineState {
    /// What a desktop is told; `None` before the first look.
    pub status: Option<Status>,
    /// How people's data are treated, and how the machine, its clock and its silence are.
    pub guard: GuardState,
    /// Sources that have not ended.
    pub running_sources: usize,
    /// All sources have ended, and everything they gave was handed to the journal.
    pub settled: bool,
}

/// What is known of one radio.
#[derive(Clone, PartialEq, Debug)]
pub struct RadioInfo {
    /// Interface or file.
    pub source: String,
    /// True while it listens.
    pub listening: bool,
    /// Channel it was last heard on.
    pub frequency_mhz: Option<u16>,
    /// Frames heard since the start.
    pub frames: u64,
    /// Frames known to be lost since the start.
    pub frames_lost: u64,
    /// What is wrong with it.
    pub trouble: Option<String>,
}

/// Counts since the start.
#[derive(Debug)]
pub(super) struct Counts {
    started: Instant,
    radios: BTreeMap<RadioId, RadioInfo>,
    /// Frames lost by no radio in particular.
    lost_elsewhere: u64,
    mode: Option<FixMode>,
    satellites: Option<u8>,
    error_m: Option<f32>,
    gps_trouble: Option<String>,
    /// When the last position came: by the stream's time, and by the machine's.
    last_position: Option<Timestamp>,
    samples: VecDeque<(Instant, u64)>,
}

impl Counts {
    pub(super) fn new(radios: &[(RadioId, String)]) -> Self {
        let radio = |(id, source): &(RadioId, String)| {
            let info = RadioInfo {
                source: source.clone(),
                listening: false,
                frequency_mhz: None,
                frames: 0,
                frames_lost: 0,
                trouble: None,
            };
            (*id, info)
        };
        Self {
            started: Instant::now(),
            radios: radios.iter().map(radio).collect(),
            lost_elsewhere: 0,
            mode: None,
            satellites: None,
            error_m: None,
            gps_trouble: None,
            last_position: None,
            samples: VecDeque::new(),
        }
    }

    fn with(&mut self, radio: RadioId, change: impl FnOnce(&mut RadioInfo)) {
        if let Some(radio) = self.radios.get_mut(&radio) {
            change(radio);
        }
    }

    pub(super) fn heard(&mut self, radio: RadioId, frames: u64) {
        self.with(radio, |radio| radio.frames += frames);
    }

    pub(super) fn tuned(&mut self, radio: RadioId, frequency_mhz: u16) {
        self.with(radio, |radio| radio.frequency_mhz = Some(frequency_mhz));
    }

    pub(super) fn lost(&mut self, gap: &Gap) {
        let frames = gap.frames.unwrap_or(0);
        match gap.radio {
            Some(radio) => self.with(radio, |radio| radio.frames_lost += frames),
            None => self.lost_elsewhere += frames,
        }
    }

    pub(super) fn radio(&mut self, event: &RadioEvent) {
        self.with(event.radio, |radio| match &event.kind {
            RadioEventKind::Started { source, origin, .. } => {
                radio.listening = true;
                radio.trouble = None;
                // An adapter may come back under another name.
                if *origin == Origin::Live {
                    radio.source.clone_from(source);
                }
            }
            RadioEventKind::Stopped { .. } => radio.listening = false,
            RadioEventKind::Failed { reason } => {
                radio.listening = false;
                radio.trouble = Some(reason.clone());
            }
        });
    }

    pub(super) fn fix(&mut self, fix: &Fix, now: Option<Timestamp>) {
        self.mode = Some(fix.mode);
        self.satellites = fix.satellites;
        if let Some(position) = fix.position {
            self.error_m = position.error_m;
            self.last_position = now.map_or(Some(fix.time), |now| Some(now.min(fix.time)));
        }
    }

    pub(super) fn gps_trouble(&mut self, trouble: Option<String>) {
        self.gps_trouble = trouble;
    }

    /// Frames of each radio.
    pub(super) fn frames_by_radio(&self) -> BTreeMap<RadioId, u64> {
        self.radios.iter().map(|(id, radio)| (*id, radio.frames)).collect()
    }

    pub(super) fn frames(&self) -> u64 {
        self.radios.values().map(|radio| radio.frames).sum()
    }

    pub(super) fn frames_lost(&self) -> u64 {
        self.radios.values().map(|radio| radio.frames_lost).sum::<u64>() + self.lost_elsewhere
    }

    pub(super) fn gps_age_secs(&self, now: Option<Timestamp>) -> Option<f32> {
        Some(now?.since(self.last_position?).as_secs_f32())
    }

    fn frames_per_second(&mut self) -> Option<f32> {
        let now = (Instant::now(), self.frames());
        self.samples.push_back(now);
        if self.samples.len() > RATE_WINDOW {
            self.samples.pop_front();
        }
        let (then, before) = *self.samples.front()?;
        let seconds = now.0.duration_since(then).as_secs_f32();
        (seconds > 0.2).then(|| (now.1 - before) as f32 / seconds)
    }

    pub(super) fn status(
        &mut self,
        time: Timestamp,
        stream_time: Option<Timestamp>,
        has_receiver: bool,
        journal: &JournalState,
        disk_free_bytes: Option<u64>,
    ) -> Status {
        let gps = has_receiver.then(|| GpsStatus {
            mode: self.mode,
            satellites: self.satellites,
            position_age_secs: self.gps_age_secs(stream_time),
            error_m: self.error_m,
            trouble: self.gps_trouble.clone(),
        });
        let radio = |(id, radio): (&RadioId, &RadioInfo)| RadioStatus {
            radio: *id,
            source: radio.source.clone(),
            listening: radio.listening,
            frequency_mhz: radio.frequency_mhz,
            frames: radio.frames,
            frames_lost: radio.frames_lost,
            trouble: radio.trouble.clone(),
        };
        Status {
            time,
            uptime_secs: self.started.elapsed().as_secs(),
            gps,
            radios: self.radios.iter().map(radio).collect(),
            frames: self.frames(),
            frames_per_second: self.frames_per_second(),
            frames_lost: self.frames_lost() + journal.write_loss_frames,
            backlog_batches: journal.backlog_batches,
            backlog_bytes: journal.backlog_bytes,
            disk_free_bytes,
            temperature_c: health::temperature_c(),
        }
    }
}
