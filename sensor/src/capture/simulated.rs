//! Frames, tunings and position sentences of a simulated drive.

use super::pace::Pacer;
use super::{Feed, FrameMeta, Gone, Pace, SourceContext, SourceError};
use crate::pipeline::Event;
use pw_dissect::LinkType;
use pw_model::{Origin, RadioEventKind, RadioId, Timestamp, TuneInterval};
use pw_simulate::{Scenario, SimulatedKind, Simulation, builtin};
use std::path::Path;

/// A scenario, read and found to be one.
pub(super) struct SimulatedSource {
    scenario: Scenario,
    pace: Pace,
}

/// Where a radio listens.
#[derive(Clone, Copy)]
struct Dwell {
    start: Timestamp,
    frequency_mhz: u16,
    width_mhz: u16,
    frames: u32,
}

/// Reads the scenario with this name or in this file.
///
/// # Errors
/// There is none, or it is not one.
pub fn load_scenario(path: &Path) -> Result<Scenario, SourceError> {
    let text = match path.to_str().and_then(builtin) {
        Some(text) => text.to_owned(),
        None => std::fs::read_to_string(path)
            .map_err(|error| SourceError::Read { path: path.to_path_buf(), error })?,
    };
    Scenario::from_toml(&text)
        .map_err(|error| SourceError::Scenario { path: path.to_path_buf(), error })
}

impl SimulatedSource {
    pub(super) fn open(path: &Path, pace: Pace) -> Result<Self, SourceError> {
        Ok(Self { scenario: load_scenario(path)?, pace })
    }

    pub(super) fn name(&self) -> String {
        format!("simulated: {}", self.scenario.name)
    }

    pub(super) fn radios(&self) -> Vec<String> {
        self.scenario.radio_names()
    }

    /// Plays the scenario to its end.
    pub(super) fn run(self, context: &SourceContext, mut feeds: Vec<Feed>) -> Result<(), Gone> {
        let mut pacer = Pacer::new(self.pace);
        let mut dwells: Vec<Option<Dwell>> = vec![None; feeds.len()];
        let mut last = self.scenario.start;
        for (feed, name) in feeds.iter().zip(self.scenario.radio_names()) {
            let kind = RadioEventKind::Started {
                source: format!("{}: {name}", self.scenario.name),
                origin: Origin::Simulated,
                hardware: "simulated".to_owned(),
            };
            context.radio(feed.radio(), last, kind)?;
        }
        for event in Simulation::new(&self.scenario) {
            if context.is_stopped() {
                break;
            }
            last = event.time;
            let wait = pacer.wait(event.time);
            if !wait.is_zero() {
                feeds.iter_mut().try_for_each(Feed::flush)?;
                context.sleep(wait);
            }
            match event.kind {
                SimulatedKind::Frame { radio, bytes } => {
                    let at = usize::from(radio.0);
                    let (Some(feed), Some(dwell)) = (feeds.get_mut(at), dwells.get_mut(at)) else {
                        continue;
                    };
                    if let Some(dwell) = dwell {
                        dwell.frames = dwell.frames.saturating_add(1);
                    }
                    let meta = FrameMeta {
                        time: event.time,
                        link_type: LinkType::Radiotap,
                        original_len: u32::try_from(bytes.len()).unwrap_or(u32::MAX),
                        frequency_mhz: dwell.map(|dwell| dwell.frequency_mhz),
                        position: None,
                    };
                    feed.push(meta, &bytes)?;
                }
                SimulatedKind::Tune { radio, frequency_mhz, width_mhz } => {
                    let at = usize::from(radio.0);
                    let (Some(feed), Some(dwell)) = (feeds.get_mut(at), dwells.get_mut(at)) else {
                        continue;
                    };
                    feed.flush()?;
                    let next = Dwell { start: event.time, frequency_mhz, width_mhz, frames: 0 };
                    leave(context, feed.radio(), dwell.replace(next), event.time)?;
                    context.send(Event::Listening { radio: feed.radio(), frequency_mhz })?;
                }
                SimulatedKind::Nmea { sentence } => {
                    feeds.iter_mut().try_for_each(Feed::flush)?;
                    context.send(Event::Nmea { time: event.time, sentence })?;
                }
            }
        }
        let reason = if context.is_stopped() { "stopped" } else { "end of the scenario" };
        for (mut feed, dwell) in feeds.into_iter().zip(dwells) {
            feed.finish()?;
            leave(context, feed.radio(), dwell, last)?;
            let kind = RadioEventKind::Stopped { reason: reason.to_owned() };
            context.radio(feed.radio(), last, kind)?;
        }
        Ok(())
    }
}

/// Writes down the dwell that ends now.
fn leave(
    context: &SourceContext,
    radio: RadioId,
    dwell: Option<Dwell>,
    end: Timestamp,
) -> Result<(), Gone> {
    let Some(Dwell { start, frequency_mhz, width_mhz, frames }) = dwell else { return Ok(()) };
    context.send(Event::Tuned(TuneInterval { radio, start, end, frequency_mhz, width_mhz, frames }))
}
