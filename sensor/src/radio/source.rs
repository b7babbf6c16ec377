//! A radio as a source of frames: opened, tuned by its plan where it can be, watched, and brought back
//! when it is gone or hangs. A ledger says when it really listened where.

use super::hands::{Adapter, Called, Hands, Opened};
use crate::capture::{Dwelling, Feed, FrameSource, Gone, SourceContext, SourceError};
use crate::clock;
use crate::hop::{Dwell, Schedule, Tuning};
use crate::pipeline::Event;
use pw_model::{Gap, GapCause, Origin, RadioEventKind, Timestamp, TuneInterval};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a radio in trouble is waited for.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// A call that has not returned by then hangs.
    pub call: Duration,
    /// A radio that refuses every channel and hears nothing for so long hangs.
    pub failing: Duration,
    /// Pause before a radio that is gone is tried again.
    pub retry: Duration,
}

impl Default for Limits {
    /// A call of two seconds, a pause and one of opening: within the five seconds in which a radio
    /// that answers again is back.
    fn default() -> Self {
        Self {
            call: Duration::from_secs(2),
            failing: Duration::from_secs(2),
            retry: Duration::from_millis(500),
        }
    }
}

/// Longest wait for a radio at the start, when nothing listens yet.
const FIRST_CALL: Duration = Duration::from_secs(10);
/// A change of plan is looked for so often.
const SLICE: Duration = Duration::from_millis(100);
/// Longest pause before a radio is opened again that opens and then takes no channel.
const FRUITLESS_PAUSE: Duration = Duration::from_secs(5);
/// Pause after a channel that could not be set.
const REFUSED_PAUSE: Duration = Duration::from_millis(20);

/// A radio that is open, or is waited for.
pub struct RadioSource {
    name: String,
    hands: Hands,
    /// `None` for one that is not there yet.
    opened: Option<Opened>,
    limits: Limits,
}

/// Why a radio does not listen any more, and since when.
struct Failure {
    since: Timestamp,
    reason: String,
}

impl RadioSource {
    /// Opens it.
    ///
    /// # Errors
    /// It is not there, may not be used, or does not answer.
    pub fn open(
        name: &str,
        adapter: Arc<dyn Adapter>,
        limits: Limits,
    ) -> Result<Self, SourceError> {
        let mut hands = Hands::new(adapter);
        match hands.open(None, FIRST_CALL) {
            Called::Done(opened) => {
                Ok(Self { name: name.to_owned(), hands, opened: Some(opened?), limits })
            }
            Called::Hung => Err(SourceError::Interface {
                interface: name.to_owned(),
                message: format!(
                    "its driver does not answer within {} s; plug it in again",
                    FIRST_CALL.as_secs()
                ),
            }),
        }
    }

    /// One that is not there yet: it is listened to once it comes.
    #[must_use]
    pub fn awaited(name: &str, adapter: Arc<dyn Adapter>, limits: Limits) -> Self {
        Self { name: name.to_owned(), hands: Hands::new(adapter), opened: None, limits }
    }

    /// Listens until it is stopped; a radio that goes away or hangs is waited for. A driver that hangs
    /// keeps it from ending for some calls' limits at most.
    pub(crate) fn run(self, context: &SourceContext, mut feed: Feed) -> Result<(), Gone> {
        let Self { name, mut hands, mut opened, limits } = self;
        let attended = attend(context, &mut feed, &name, &mut hands, &mut opened, limits);
        if let Some(opened) = opened {
            put_back(&mut hands, opened, limits.call);
        }
        attended?;
        context.radio(feed.radio(), clock::now(), stopped())
    }
}

/// Listens to the radio, and waits for it while it is not there, until the source is to end.
fn attend(
    context: &SourceContext,
    feed: &mut Feed,
    name: &str,
    hands: &mut Hands,
    radio_now: &mut Option<Opened>,
    limits: Limits,
) -> Result<(), Gone> {
    let radio = feed.radio();
    let mut begun = clock::now();
    if radio_now.is_none() {
        hands.await_it(context.numbers.awaited(radio));
        let reason = "gone: it was not there at the start".to_owned();
        tracing::warn!("{name}: not there; waiting for it");
        context.radio(radio, begun, RadioEventKind::Failed { reason })?;
        *radio_now = wait_for_return(context, hands, name, None, limits);
        begun = state_absence(feed, begun)?;
    }
    let mut pause = limits.retry;
    let mut is_new = true;
    while let Some(opened) = radio_now {
        if std::mem::take(&mut is_new) {
            let interface = &opened.interface;
            context.numbers.plugged_in(radio, interface, opened.identity.as_ref());
            context.radio(radio, begun, started(opened))?;
        }
        let failure = match &opened.abilities {
            Some(abilities) => {
                context.plans.opened(radio, &abilities.channels);
                let mut hopper = Hopper::new(context, hands, limits);
                let failure = hopper.run(opened, feed)?;
                // One that opens and takes no channel is not opened without end.
                let longer = pause.saturating_mul(2).min(FRUITLESS_PAUSE);
                pause = if hopper.worked { limits.retry } else { longer };
                failure
            }
            None => listen(context, opened, feed)?,
        };
        let Some(Failure { since, reason }) = failure else {
            opened.frames.finish(feed, GapCause::QueueFull)?;
            break;
        };
        opened.frames.finish(feed, GapCause::RadioGone)?;
        context.plans.gone(radio);
        tracing::warn!("{}: {reason}; waiting for it to come back", opened.interface);
        context.radio(radio, clock::now(), RadioEventKind::Failed { reason })?;
        if pause > limits.retry {
            context.sleep(pause);
        }
        let interface = opened.interface.clone();
        let old = radio_now.take().map(|opened| opened.frames);
        *radio_now = wait_for_return(context, hands, &interface, old, limits);
        begun = state_absence(feed, since)?;
        if let Some(opened) = radio_now {
            tracing::info!("{}: back", opened.interface);
            is_new = true;
        }
    }
    feed.finish()
}

/// Leaves the radio as it was found. What a driver that hangs does not do is said in the log.
fn put_back(hands: &mut Hands, opened: Opened, limit: Duration) {
    let Opened { interface, frames, abilities, .. } = opened;
    let restored = if abilities.is_some() { hands.restore(limit) } else { Called::Done(Ok(())) };
    let secs = limit.as_secs_f64();
    match restored {
        Called::Done(Ok(())) => {}
        Called::Done(Err(error)) => tracing::warn!("{error}; the radio stays in monitor mode"),
        Called::Hung => tracing::warn!(
            "{interface}: its driver hangs and is not waited for longer than {secs} s; the radio \
             may stay in monitor mode"
        ),
    }
    if matches!(hands.close(frames, limit), Called::Hung) {
        tracing::warn!(
            "{interface}: its driver hangs; that it closes the capture is not waited for longer \
             than {secs} s"
        );
    }
}

fn started(opened: &Opened) -> RadioEventKind {
    RadioEventKind::Started {
        source: opened.interface.clone(),
        origin: Origin::Live,
        hardware: opened.hardware.clone(),
    }
}

/// Writes down that a radio did not listen since then; gives the end of that.
fn state_absence(feed: &mut Feed, since: Timestamp) -> Result<Timestamp, Gone> {
    let (radio, cause) = (Some(feed.radio()), GapCause::RadioGone);
    let end = clock::now().max(since);
    feed.lost(Gap { radio, start: since, end, cause, frames: None })?;
    Ok(end)
}

fn stopped() -> RadioEventKind {
    RadioEventKind::Stopped { reason: "stopped".to_owned() }
}

/// Listens to a radio that somebody else tunes, until the source is to end (`None`) or it fails.
fn listen(
    context: &SourceContext,
    opened: &mut Opened,
    feed: &mut Feed,
) -> Result<Option<Failure>, Gone> {
    let heard = opened.frames.listen(context, feed, None, None)?;
    Ok(heard.failure.map(|reason| Failure { since: clock::now(), reason }))
}

/// `None` when the source is to end.
fn wait_for_return(
    context: &SourceContext,
    hands: &mut Hands,
    name: &str,
    mut old: Option<Box<dyn FrameSource>>,
    limits: Limits,
) -> Option<Opened> {
    while !context.is_stopped() {
        match hands.open(old.take(), limits.call) {
            Called::Done(Ok(opened)) => return Some(opened),
            Called::Done(Err(error)) => tracing::debug!("{error}"),
            Called::Hung => tracing::debug!("{name}: its driver hangs"),
        }
        context.sleep(limits.retry);
    }
    if let Some(old) = old
        && matches!(hands.close(old, limits.call), Called::Hung)
    {
        tracing::warn!("{name}: its driver hangs; that it closes the capture is not waited for");
    }
    None
}

/// Puts a radio on one channel after the other.
struct Hopper<'a> {
    context: &'a SourceContext,
    hands: &'a mut Hands,
    limits: Limits,
    /// Number of the order that is followed.
    version: u64,
    /// The plans' number when orders were looked for last.
    looked_at: u64,
    /// True once the order has been answered.
    answered: bool,
    /// True once it was put on a channel.
    worked: bool,
    schedule: Option<Schedule>,
    /// Where the radio surely is.
    tuned: Option<Tuning>,
    /// The stay that ended last: frames of it may still be on their way.
    pending: Option<TuneInterval>,
    /// Since when every channel is refused.
    failing: Option<(Instant, Timestamp)>,
}

impl<'a> Hopper<'a> {
    fn new(context: &'a SourceContext, hands: &'a mut Hands, limits: Limits) -> Self {
        Self {
            context,
            hands,
            limits,
            version: 0,
            looked_at: 0,
            answered: false,
            worked: false,
            schedule: None,
            tuned: None,
            pending: None,
            failing: None,
        }
    }

    /// Hops until the source is to end (`None`) or something fails.
    fn run(&mut self, opened: &mut Opened, feed: &mut Feed) -> Result<Option<Failure>, Gone> {
        let failure = loop {
            if self.context.is_stopped() {
                break None;
            }
            match self.step(opened, feed)? {
                Some(failure) => break Some(failure),
                None => continue,
            }
        };
        self.settle()?;
        Ok(failure)
    }

    fn step(&mut self, opened: &mut Opened, feed: &mut Feed) -> Result<Option<Failure>, Gone> {
        let radio = feed.radio();
        // Before the order is read: one that comes later ends the stay.
        self.looked_at = self.context.plans.version();
        if let Some((version, order)) = self.context.plans.order(radio, self.version) {
            self.version = version;
            self.answered = false;
            let settings = self.context.plans.settings();
            self.schedule = Schedule::new(&order.plan, &order.share, &settings);
        }
        for (frequency_mhz, transmitters) in self.context.plans.novelty().take(radio) {
            if let Some(schedule) = &mut self.schedule {
                schedule.first_heard(frequency_mhz, transmitters);
            }
        }
        let Some(schedule) = &mut self.schedule else {
            // No channel is its own. What it still delivers is taken, on whatever channel it is.
            let until = Instant::now() + SLICE;
            let heard = opened.frames.listen(self.context, feed, None, Some(until))?;
            return Ok(heard.failure.map(|reason| Failure { since: clock::now(), reason }));
        };
        let Some(dwell) = schedule.step() else {
            let since = self.failing.map_or_else(clock::now, |(_, since)| since);
            let reason = "no channel can be listened to any more".to_owned();
            return Ok(Some(Failure { since, reason }));
        };
        if self.tuned != Some(dwell.tuning)
            && let Some(outcome) = self.tune(dwell, opened, feed)?
        {
            return Ok(outcome);
        }
        self.dwell(dwell, opened, feed)
    }

    /// Puts the radio there. Gives `None` when it is there, else what that means for the step. The
    /// time that it takes is in no stay: nobody knows where the radio listens meanwhile.
    #[allow(clippy::option_option)]
    fn tune(
        &mut self,
        dwell: Dwell,
        opened: &mut Opened,
        feed: &mut Feed,
    ) -> Result<Option<Option<Failure>>, Gone> {
        let radio = feed.radio();
        let frequency_mhz = dwell.tuning.frequency_mhz;
        let since = clock::now();
        self.tuned = None;
        let error = match self.hands.tune(dwell.tuning, self.limits.call) {
            Called::Done(Ok(())) => {
                self.failing = None;
                self.worked = true;
                self.tuned = Some(dwell.tuning);
                if let Some(schedule) = &mut self.schedule {
                    schedule.report(frequency_mhz, true);
                }
                if !std::mem::replace(&mut self.answered, true) {
                    self.context.plans.report(radio, self.version, Ok(dwell.tuning));
                }
                return Ok(None);
            }
            Called::Hung => {
                let secs = self.limits.call.as_secs_f64();
                let reason = format!("hung: its driver did not answer within {secs} s");
                return Ok(Some(Some(Failure { since, reason })));
            }
            Called::Done(Err(error)) => error,
        };
        if error.is_gone() {
            return Ok(Some(Some(Failure { since, reason: format!("gone: {error}") })));
        }
        tracing::debug!("{error}");
        // One refusal among several channels is no refusal of the plan.
        if self.schedule.as_ref().is_none_or(|schedule| schedule.channels() <= 1)
            && !std::mem::replace(&mut self.answered, true)
        {
            self.context.plans.report(radio, self.version, Err(error.to_string()));
        }
        if self.schedule.as_mut().is_some_and(|schedule| schedule.report(frequency_mhz, false)) {
            let interface = &opened.interface;
            tracing::warn!("{interface}: {frequency_mhz} MHz is left out from now on: {error}");
        }
        let (began, first) = *self.failing.get_or_insert((Instant::now(), since));
        // It may still hear something where it was: then it does not hang.
        let until = Instant::now() + REFUSED_PAUSE;
        let heard = opened.frames.listen(self.context, feed, None, Some(until))?;
        if let Some(reason) = heard.failure {
            return Ok(Some(Some(Failure { since, reason })));
        }
        if heard.frames > 0 {
            self.failing = None;
        } else if began.elapsed() >= self.limits.failing {
            let secs = self.limits.failing.as_secs_f64();
            let reason = format!("hung: no frame and no channel for {secs} s: {error}");
            return Ok(Some(Some(Failure { since: first, reason })));
        }
        Ok(Some(None))
    }

    /// Stays until the time is over, the plan changes or something fails.
    fn dwell(
        &mut self,
        dwell: Dwell,
        opened: &mut Opened,
        feed: &mut Feed,
    ) -> Result<Option<Failure>, Gone> {
        let radio = feed.radio();
        let Tuning { frequency_mhz, width_mhz, .. } = dwell.tuning;
        let start = clock::now();
        self.context.send(Event::Listening { radio, frequency_mhz })?;
        let end = Instant::now() + dwell.duration;
        let (mut frames, mut failure) = (0_u32, None);
        while failure.is_none() && !self.context.is_stopped() {
            let until = end.min(Instant::now() + SLICE);
            let dwelling = Some(Dwelling { frequency_mhz, since: start });
            let heard = opened.frames.listen(self.context, feed, dwelling, Some(until))?;
            frames = frames.saturating_add(heard.frames);
            if let Some(pending) = &mut self.pending {
                pending.frames = pending.frames.saturating_add(heard.earlier);
            }
            failure = heard.failure;
            if Instant::now() >= end || self.context.plans.version() != self.looked_at {
                break;
            }
        }
        self.settle()?;
        let end = clock::now().max(start);
        self.pending = Some(TuneInterval { radio, start, end, frequency_mhz, width_mhz, frames });
        Ok(failure.map(|reason| Failure { since: end, reason: format!("gone: {reason}") }))
    }

    /// Writes down the stay before, which is complete now.
    fn settle(&mut self) -> Result<(), Gone> {
        match self.pending.take() {
            Some(interval) => self.context.send(Event::Tuned(interval)),
            None => Ok(()),
        }
    }
}
