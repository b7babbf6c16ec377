//! Captures (pcap, pcapng) into a survey, through the same observer as a sensor's.

use super::super::ExchangeError;
use super::batches::Batches;
use super::position_log::PositionLog;
use super::source::Source;
use super::{ImportContext, ImportedFile, Meter, empty_result};
use pw_dissect::capture::{CaptureError, CaptureReader, CapturedFrame};
use pw_dissect::observe::{FrameInput, Observed, Observer, ObserverSettings};
use pw_model::{Gap, GapCause, Origin, RadioId, Timestamp};
use std::collections::BTreeSet;
use std::io::Read;
use std::time::Duration;

/// Frames between two looks at progress and the wish to stop.
const FRAMES_PER_STEP: u64 = 1_000;

/// How long before the first and after the last frame fixes belong to a capture.
const FIX_MARGIN: Duration = Duration::from_secs(10);

pub(super) fn import(
    mut source: Source,
    epoch: u64,
    log: &PositionLog,
    meter: &Meter,
    context: &mut ImportContext<'_>,
) -> Result<ImportedFile, ExchangeError> {
    let raw = source.raw()?;
    let mut reader = CaptureReader::open(raw).map_err(|error| failed(&source, &error))?;
    let simulated = crate::simulated::is_marked(&source.start);
    let origin = if simulated { Origin::Simulated } else { Origin::Imported };
    let result = empty_result(&source.path, source.format.name());
    let mut play = Play {
        batches: Batches::new(context.queue, &source, epoch, origin, result),
        observer: Observer::new(ObserverSettings::default()),
        observed: Observed::default(),
        log,
        joined_until: None,
        range: None,
        last_time: None,
        begun: BTreeSet::new(),
        opted_out: 0,
    };
    let end = loop {
        let packets = reader.packets();
        if packets.is_multiple_of(FRAMES_PER_STEP) {
            meter.step(source.done(), context)?;
        }
        match reader.next_frame() {
            Ok(Some(frame)) => play.frame(&frame)?,
            Ok(None) => break reader.warning().map(ToString::to_string),
            Err(error) if packets == 0 => return Err(failed(&source, &error)),
            Err(error) => break Some(format!("{error}; what comes before it was read")),
        }
    };
    play.finish(end, &reader, &source)
}

fn failed(source: &Source, error: &CaptureError) -> ExchangeError {
    ExchangeError::Damaged { path: source.path.clone(), reason: error.to_string() }
}

/// What stands between the frames of one file and its batches.
struct Play<'a> {
    batches: Batches<'a>,
    observer: Observer,
    observed: Observed,
    log: &'a PositionLog,
    /// Fixes up to here are in the batches.
    joined_until: Option<Timestamp>,
    range: Option<(Timestamp, Timestamp)>,
    last_time: Option<Timestamp>,
    begun: BTreeSet<u32>,
    opted_out: u64,
}

impl Play<'_> {
    fn frame(&mut self, frame: &CapturedFrame<'_>) -> Result<(), ExchangeError> {
        if !frame.link_type.is_ieee80211() {
            let what = format!("packets of link type {} left out", frame.link_type.name());
            self.leave_out(&what);
            return Ok(());
        }
        let Some(time) = self.time(frame) else {
            self.leave_out("frames without a time left out");
            return Ok(());
        };
        // More than 256 interfaces in one file share the last number.
        let radio = RadioId(u8::try_from(frame.interface).unwrap_or(u8::MAX));
        if self.begun.insert(frame.interface) {
            self.batches.started(time, radio);
        }
        self.join_fixes(time)?;
        let input = FrameInput {
            time,
            radio,
            link_type: frame.link_type,
            data: frame.data,
            original_len: frame.original_len,
            frequency_mhz: None,
            position: frame.position.or_else(|| self.log.position_at(time)),
        };
        self.observer.observe(&input, &mut self.observed);
        self.opted_out += std::mem::take(&mut self.observed.opted_out);
        let advertisements = std::mem::take(&mut self.observed.advertisements);
        let mut observations = self.observed.observations.drain(..);
        if let Some(observation) = observations.next() {
            self.batches.observation(observation, advertisements)?;
        }
        Ok(())
    }

    /// The frame's time; without one, that of the frame before.
    fn time(&mut self, frame: &CapturedFrame<'_>) -> Option<Timestamp> {
        if frame.time.is_none() && self.last_time.is_some() {
            self.leave_out("frames without a time stand at that of the frame before");
        }
        let time = frame.time.or(self.last_time)?;
        self.last_time = Some(time);
        self.range = Some(match self.range {
            None => (time, time),
            Some((first, last)) => (first.min(time), last.max(time)),
        });
        Some(time)
    }

    fn join_fixes(&mut self, until: Timestamp) -> Result<(), ExchangeError> {
        let after = self.joined_until.unwrap_or_else(|| until.saturating_sub(FIX_MARGIN));
        if until <= after {
            return Ok(());
        }
        for fix in self.log.between(after, until) {
            self.batches.fix(*fix)?;
        }
        self.joined_until = Some(until);
        Ok(())
    }

    fn leave_out(&mut self, what: &str) {
        *self.batches.result.left_out.entry(what.to_owned()).or_default() += 1;
    }

    /// States what was lost, hands in the rest and waits until all is durable.
    fn finish<R: Read>(
        mut self,
        warning: Option<String>,
        reader: &CaptureReader<R>,
        source: &Source,
    ) -> Result<ImportedFile, ExchangeError> {
        if self.range.is_none() && reader.packets() > 0 {
            let what: Vec<&str> = self.batches.result.left_out.keys().map(String::as_str).collect();
            return Err(ExchangeError::Damaged {
                path: source.path.clone(),
                reason: format!("no 802.11 frames in it ({})", what.join("; ")),
            });
        }
        if let Some((start, end)) = self.range {
            self.join_fixes(end.saturating_add(FIX_MARGIN))?;
            let mut gap = |radio, start, cause, frames| {
                self.batches.gap(Gap { radio, start, end, cause, frames });
            };
            if self.opted_out > 0 {
                gap(None, start, GapCause::OptedOut, Some(self.opted_out));
            }
            for (number, interface) in (0u8..).zip(reader.interfaces()) {
                if let Some(dropped) = interface.dropped.filter(|dropped| *dropped > 0) {
                    gap(Some(RadioId(number)), start, GapCause::InterfaceDrop, Some(dropped));
                }
            }
            if warning.is_some() {
                gap(None, end, GapCause::FileCut, None);
            }
        }
        self.batches.result.opted_out = self.opted_out;
        if let Some(warning) = warning {
            self.batches.result.warn(warning);
        }
        if !self.log.is_empty() && self.batches.result.positioned == 0 {
            let warning = "the position log does not cover the time of this capture";
            self.batches.result.warn(warning.to_owned());
        }
        self.batches.finish()
    }
}
