//! A source that tunes its radio itself: monitor mode, hopping, and a ledger of measured dwells.

use super::control::RadioControl;
use super::nl80211::Nl80211Radio;
use crate::capture::{Feed, Gone, LiveSettings, Open, SourceContext, SourceError, hardware};
use crate::clock;
use crate::hop::HopPlan;
use crate::pipeline::Event;
use pw_model::{Gap, GapCause, Origin, RadioEventKind, RadioId, Timestamp, TuneInterval};
use std::time::{Duration, Instant};

/// Pause before a radio that is gone is tried again.
const RETRY: Duration = Duration::from_secs(2);

/// A radio in monitor mode.
pub struct WifiSource {
    interface: String,
    settings: LiveSettings,
    tuned: Tuned,
}

struct Tuned {
    control: Box<dyn RadioControl>,
    plan: HopPlan,
    open: Open,
}

impl Tuned {
    fn new(interface: &str, settings: &LiveSettings) -> Result<Self, SourceError> {
        let failed =
            |message: String| SourceError::Interface { interface: interface.to_owned(), message };
        let radio = |error: super::RadioError| {
            let words = error.to_string();
            failed(words.strip_prefix(&format!("{interface}: ")).unwrap_or(&words).to_owned())
        };
        let mut control = Nl80211Radio::open(interface).map_err(radio)?;
        let frequencies = control.frequencies_mhz().map_err(radio)?;
        let plan = HopPlan::new(&frequencies, &settings.hop).ok_or_else(|| {
            failed("it can listen to none of the channels that are wanted; see: iw phy".to_owned())
        })?;
        let open = Open::interface(interface, settings)?;
        Ok(Self { control: Box::new(control), plan, open })
    }
}

impl WifiSource {
    /// Puts the radio into monitor mode.
    ///
    /// # Errors
    /// There is no such radio, or the kernel refuses.
    pub(crate) fn open(interface: &str, settings: &LiveSettings) -> Result<Self, SourceError> {
        let tuned = Tuned::new(interface, settings)?;
        Ok(Self { interface: interface.to_owned(), settings: settings.clone(), tuned })
    }

    /// Listens and hops until it is stopped; a radio that goes away is waited for.
    pub(crate) fn run(mut self, context: &SourceContext, mut feed: Feed) -> Result<(), Gone> {
        let radio = feed.radio();
        let started = |interface: &str| RadioEventKind::Started {
            source: interface.to_owned(),
            origin: Origin::Live,
            hardware: hardware(interface),
        };
        context.radio(radio, clock::now(), started(&self.interface))?;
        while let Some(reason) = self.hop(context, &mut feed)? {
            let start = clock::now();
            tracing::warn!("{}: {reason}; waiting for it to come back", self.interface);
            context.radio(radio, start, RadioEventKind::Failed { reason })?;
            let back = self.wait_for_return(context);
            let cause = GapCause::RadioGone;
            let end = clock::now();
            feed.lost(Gap { radio: Some(radio), start, end, cause, frames: None })?;
            let Some(tuned) = back else { break };
            self.tuned = tuned;
            context.radio(radio, end, started(&self.interface))?;
        }
        feed.finish()?;
        if let Err(error) = self.tuned.control.restore() {
            tracing::warn!("{error}; the radio stays in monitor mode");
        }
        context.radio(radio, clock::now(), RadioEventKind::Stopped { reason: "stopped".to_owned() })
    }

    /// Hops until the source is to end (`None`) or something fails (why).
    fn hop(&mut self, context: &SourceContext, feed: &mut Feed) -> Result<Option<String>, Gone> {
        let radio = feed.radio();
        while !context.is_stopped() {
            let Some((frequency_mhz, dwell)) = self.tuned.plan.step() else {
                return Ok(Some("no channel can be listened to any more".to_owned()));
            };
            let set = self.tuned.control.set_channel(frequency_mhz);
            if self.tuned.plan.report(frequency_mhz, set.is_ok()) {
                tracing::warn!("{}: {frequency_mhz} MHz is left out from now on", self.interface);
            }
            if let Err(error) = set {
                tracing::debug!("{error}");
                continue;
            }
            // Frames from now on are of this channel; what was on its way before is of the last.
            let start = clock::now();
            context.send(Event::Listening { radio, frequency_mhz })?;
            let until = Instant::now() + dwell;
            let heard = self.tuned.open.listen(context, feed, Some(frequency_mhz), Some(until))?;
            leave(context, radio, start, frequency_mhz, heard.frames)?;
            if let Some(reason) = heard.failure {
                self.tuned.open.state_drops(feed)?;
                return Ok(Some(reason));
            }
        }
        self.tuned.open.state_drops(feed)?;
        Ok(None)
    }

    fn wait_for_return(&self, context: &SourceContext) -> Option<Tuned> {
        while !context.is_stopped() {
            context.sleep(RETRY);
            match Tuned::new(&self.interface, &self.settings) {
                Ok(tuned) => return Some(tuned),
                Err(error) => tracing::debug!("{error}"),
            }
        }
        None
    }
}

/// Writes down the dwell that ends now, as long as it really was.
fn leave(
    context: &SourceContext,
    radio: RadioId,
    start: Timestamp,
    frequency_mhz: u16,
    frames: u32,
) -> Result<(), Gone> {
    let end = clock::now().max(start);
    let width_mhz = 20;
    context.send(Event::Tuned(TuneInterval { radio, start, end, frequency_mhz, width_mhz, frames }))
}
