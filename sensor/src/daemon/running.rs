//! The sensor while it runs: what it answers, what it waits for, and how it stops.

use super::line::Threads;
use super::settings::Settings;
use crate::control::ControlSocket;
use crate::journal::{JournalReader, RadioCounter};
use crate::link::Link;
use crate::pipeline::{Event, PipelineState};
use crate::radio::Plans;
use crate::service::ServiceManager;
use crate::status_json;
use crate::status_sign::StatusSign;
use anyhow::Result;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::SyncSender;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// With `--exit-at-end`: how long paired desktops have to take the rest.
const DRAIN: Duration = Duration::from_secs(60);
/// How long sources have to end. A radio takes out what lies in the kernel's ring (3 s) and puts its
/// adapter back (two calls of 2 s); one whose driver hangs is not waited for.
const SOURCES_PATIENCE: Duration = Duration::from_secs(8);

/// The running sensor.
pub(super) struct Running {
    pub(super) settings: Settings,
    pub(super) reader: JournalReader,
    pub(super) progress: watch::Receiver<PipelineState>,
    pub(super) link: Arc<Link>,
    pub(super) counters: Vec<RadioCounter>,
    pub(super) plans: Plans,
    pub(super) listen: String,
}

impl Running {
    pub(super) fn control(&self) -> Result<ControlSocket> {
        let progress = self.progress.clone();
        let reader = self.reader.clone();
        let link = Arc::downgrade(&self.link);
        let counters = self.counters.clone();
        let plans = self.plans.clone();
        let name = self.settings.name.clone();
        let origin = self.settings.origin();
        let listen = self.listen.clone();
        ControlSocket::listen(&self.settings.state, move |command| {
            if command != "status" {
                return None;
            }
            let frames_in = counters.iter().map(RadioCounter::total).sum();
            let link = link.upgrade();
            Some(status_json::status(&status_json::Parts {
                name: &name,
                origin,
                listen: &listen,
                sensor: link.as_ref().map(|link| link.sensor()),
                traffic: link.as_ref().map(|link| link.traffic()).unwrap_or_default(),
                progress: &progress.borrow().clone(),
                journal: &reader.state().borrow().clone(),
                tuning: &plans.tuning(),
                frames_in,
            }))
        })
    }

    /// Until a signal comes, everything asked for is done, or the pipeline has ended by a defect.
    pub(super) async fn wait<T>(
        &self,
        pipeline: &JoinHandle<T>,
        service: &mut ServiceManager,
    ) -> Result<()> {
        let mut progress = self.progress.clone();
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut look = tokio::time::interval(Duration::from_millis(100));
        let mut settled: Option<Instant> = None;
        let mut sign = StatusSign::new(&self.settings.config.status);
        loop {
            tokio::select! {
                _ = interrupt.recv() => return Ok(()),
                _ = terminate.recv() => return Ok(()),
                _ = look.tick() => {}
            }
            if pipeline.is_finished() {
                anyhow::bail!("the pipeline has ended by a defect; what was journaled is safe");
            }
            // The pipeline tells of itself twice a second; the watchdog hears of it only then, so
            // that a pipeline that hangs is started anew.
            if progress.has_changed().unwrap_or(false) {
                progress.mark_unchanged();
                service.alive();
                sign.show(&progress.borrow(), &self.reader.state().borrow());
            }
            sign.blink();
            if !self.settings.exit_at_end || !self.progress.borrow().settled {
                continue;
            }
            let since = *settled.get_or_insert_with(Instant::now);
            if self.link.keys().desktops().is_empty() {
                return Ok(());
            }
            let left = self.reader.state().borrow().backlog_batches;
            if left == 0 && since.elapsed() > Duration::from_millis(500) {
                return Ok(());
            }
            if since.elapsed() >= DRAIN {
                tracing::warn!(
                    "{left} batches wait in the journal: no paired desktop took them in time"
                );
                return Ok(());
            }
        }
    }
}

/// Everything that has to end.
pub(super) struct Leaving {
    pub(super) threads: Threads,
    pub(super) control: ControlSocket,
    pub(super) runtime: Runtime,
    pub(super) link: Arc<Link>,
    pub(super) running: Running,
}

/// Stops everything in order: sources, pipeline, journal, link.
pub(super) fn leave(leaving: Leaving) -> Result<()> {
    let Threads { stop, events, sources, pipeline } = leaving.threads;
    stop.store(true, Ordering::Relaxed);
    // It fails only when the pipeline is gone already.
    drop(events.send(Event::Stop));
    end_sources(sources, &events, SOURCES_PATIENCE);
    drop(events);
    let result = match pipeline.join() {
        Ok(result) => result.map_err(anyhow::Error::from),
        Err(_panic) => Err(anyhow::anyhow!("the pipeline has ended by a defect")),
    };
    drop(leaving.control);
    let state = leaving.running.reader.state().borrow().clone();
    drop(leaving.running);
    match Arc::try_unwrap(leaving.link) {
        Ok(link) => leaving.runtime.block_on(link.shutdown()),
        Err(_still_used) => tracing::error!(
            "the link is still in use: desktops are not told that the sensor stops, and the audit log \
             does not say it"
        ),
    }
    leaving.runtime.shutdown_timeout(Duration::from_secs(2));
    tracing::info!(
        "stopped; the journal holds batches {} to {}, {} wait for a desktop",
        state.oldest_seq,
        state.durable_seq,
        state.backlog_batches
    );
    result
}

/// Waits for the sources, but not for one that hangs in its driver: the pipeline is told in its place
/// that it has ended. Frames that it still holds are counted in; the next start states them as lost.
fn end_sources(sources: Vec<JoinHandle<()>>, events: &SyncSender<Event>, patience: Duration) {
    let until = Instant::now() + patience;
    for source in sources {
        while !source.is_finished() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(5));
        }
        if !source.is_finished() {
            let name = source.thread().name().unwrap_or("a source").to_owned();
            let secs = patience.as_secs_f64();
            tracing::error!(
                "{name}: has not ended within {secs} s and is not waited for; its driver may hang, \
                 and frames that it still holds are stated as lost at the next start"
            );
            // It fails only when the pipeline is gone already.
            drop(events.send(Event::Ended));
        } else if source.join().is_err() {
            tracing::error!("a source has ended by a defect");
            drop(events.send(Event::Ended));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::sync_channel;

    #[test]
    fn a_source_that_hangs_is_ended_in_its_place() {
        let (events, queue) = sync_channel(10);
        let (release, released) = sync_channel::<()>(0);
        let own = events.clone();
        let orderly = std::thread::spawn(move || drop(own.send(Event::Ended)));
        // Ends only once this test has nothing to release any more.
        let hanging = std::thread::spawn(move || released.iter().for_each(drop));
        let broken = std::thread::spawn(|| std::panic::resume_unwind(Box::new(())));
        while !orderly.is_finished() || !broken.is_finished() {
            std::thread::sleep(Duration::from_millis(1));
        }
        end_sources(vec![hanging, orderly, broken], &events, Duration::from_millis(50));
        drop(events);
        let ended = queue.iter().filter(|event| matches!(event, Event::Ended)).count();
        assert_eq!(ended, 3, "the pipeline waits for one of each source");
        drop(release);
    }
}
