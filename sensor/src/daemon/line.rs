//! The way from the sources to the journal, laid first and started last.

use super::inputs::{Inputs, radio_numbers};
use super::settings::Settings;
use crate::capture::{Ready, SourceContext};
use crate::gps::{GpsEvent, GpsSpec, GpsThread};
use crate::journal::{Journal, JournalError};
use crate::levels::Levels;
use crate::machine::{Machine, TransmitWatch};
use crate::motion::{ImuSpec, Sent, SpeedSpec};
use crate::pipeline::{Event, Pipeline, PipelineSettings, PipelineState, QUEUE_EVENTS};
use crate::radio::Plans;
use anyhow::{Context, Result};
use pw_model::{Origin, RadioId, SensorId};
use pw_wire::{Status, StreamInfo};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use tokio::sync::watch;

/// Sources, pipeline and journal, joined and not yet running.
pub(super) struct Line {
    pipeline: Pipeline,
    queue: Receiver<Event>,
    sources: Vec<Ready>,
    receiver: Option<GpsSpec>,
    motion: (Option<ImuSpec>, Option<SpeedSpec>),
    events: SyncSender<Event>,
    stop: Arc<AtomicBool>,
    plans: Plans,
    levels: Levels,
}

/// Its threads.
pub(super) struct Threads {
    /// Set when the sources are to end.
    pub(super) stop: Arc<AtomicBool>,
    /// To the pipeline.
    pub(super) events: SyncSender<Event>,
    /// Each sends [`Event::Ended`] before it ends.
    pub(super) sources: Vec<JoinHandle<()>>,
    pub(super) pipeline: JoinHandle<Result<(), JournalError>>,
}

impl Line {
    pub(super) fn new(
        settings: &Settings,
        inputs: Inputs,
        sensor: SensorId,
        stream: StreamInfo,
        journal: Journal,
    ) -> Result<Self> {
        let Inputs { sources, join, receiver, motion, privacy, live } = inputs;
        let (numbers, book) = radio_numbers(settings, &sources)?;
        let names = sources.iter().flat_map(|source| source.radios.clone());
        let radios: Vec<(RadioId, String)> =
            numbers.iter().copied().map(RadioId).zip(names).collect();
        let plans = Plans::new(live.hop);
        let (events, queue) = sync_channel(QUEUE_EVENTS);
        let stop = Arc::new(AtomicBool::new(false));
        // The radios that could send: a live one's name is that of its interface.
        let is_live = settings.origin() == Origin::Live;
        let interfaces = if is_live { radios.clone() } else { Vec::new() };
        let levels = Levels::default();
        let pipeline_settings = PipelineSettings {
            sensor,
            stream,
            radios,
            sources: sources.len(),
            join,
            state_dir: settings.state.clone(),
            privacy,
            machine: Machine::new("/"),
            confine: settings.config.security.seccomp,
            transmit: TransmitWatch::new("/", interfaces),
            plans: plans.clone(),
            levels: levels.clone(),
        };
        let mut ready = Vec::new();
        let mut numbers = numbers.into_iter();
        for source in sources {
            // The radios of one source have numbers that follow each other.
            let first_radio = numbers.next().unwrap_or(0);
            numbers.by_ref().take(source.radios.len().saturating_sub(1)).for_each(drop);
            let context = SourceContext {
                first_radio,
                events: events.clone(),
                stop: Arc::clone(&stop),
                plans: plans.clone(),
                numbers: book.clone(),
            };
            ready.push(source.ready(context, &journal)?);
        }
        let pipeline = Pipeline::new(pipeline_settings, journal);
        Ok(Self { pipeline, queue, sources: ready, receiver, motion, events, stop, plans, levels })
    }

    /// What radios are told to listen to.
    pub(super) fn plans(&self) -> Plans {
        self.plans.clone()
    }

    /// The signal levels of this moment.
    pub(super) fn levels(&self) -> Levels {
        self.levels.clone()
    }

    /// How it goes.
    pub(super) fn progress(&self) -> watch::Receiver<PipelineState> {
        self.pipeline.state()
    }

    /// What a connected desktop is told.
    pub(super) fn status(&self) -> watch::Receiver<Option<Status>> {
        self.pipeline.status()
    }

    /// Starts the pipeline, then what it hears from.
    pub(super) fn start(self) -> Result<Threads> {
        let Self { pipeline, queue, sources, receiver, motion, events, stop, .. } = self;
        let pipeline = std::thread::Builder::new()
            .name("pipeline".to_owned())
            .spawn(move || pipeline.run(&queue))
            .context("cannot start the pipeline's thread")?;
        let mut threads = Vec::new();
        for source in sources {
            threads.push(source.start()?);
        }
        if let Some(receiver) = receiver {
            let gps_events = events.clone();
            let send = move |event: GpsEvent| gps_events.send(Event::Gps(event)).is_ok();
            GpsThread::start(receiver, Arc::clone(&stop), send)
                .context("cannot start the position thread")?;
        }
        let motion_events = events.clone();
        // While the queue is full it goes on reading, more of its input into one mean.
        let send = move |event| match motion_events.try_send(Event::Motion(event)) {
            Ok(()) => Sent::Taken,
            Err(TrySendError::Full(_)) => Sent::Full,
            Err(TrySendError::Disconnected(_)) => Sent::Ended,
        };
        crate::motion::start(motion.0, motion.1, &stop, send)
            .context("cannot start the threads of motion")?;
        Ok(Threads { stop, events, sources: threads, pipeline })
    }
}
