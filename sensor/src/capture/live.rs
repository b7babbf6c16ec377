//! Frames from an interface that delivers them already, through libpcap. Receives only.

use super::{Feed, FrameMeta, Gone, SourceContext, SourceError, now};
use crate::hop::HopSettings;
use pcap::{Active, Capture, Linktype};
use pw_dissect::LinkType;
use pw_model::{Gap, GapCause, Origin, RadioEventKind, Timestamp};
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

/// How an interface is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveSettings {
    /// Kernel buffer in bytes. When it is full the kernel drops frames and counts them.
    pub buffer_bytes: i32,
    /// Bytes kept of a frame: management frames are shorter, of data only the header is used.
    pub snap_len: i32,
    /// How radios hop that the sensor tunes itself.
    pub hop: HopSettings,
}

impl Default for LiveSettings {
    fn default() -> Self {
        Self { buffer_bytes: 16 << 20, snap_len: 4096, hop: HopSettings::default() }
    }
}

/// How long libpcap waits for a full block before it hands over what it has.
const READ_TIMEOUT_MS: i32 = 100;
/// How often the kernel is asked for drops.
const STATS_INTERVAL: Duration = Duration::from_secs(1);
/// Pause before an interface that is gone is tried again.
const RETRY: Duration = Duration::from_secs(2);

/// The link type, when it is one with 802.11 in it.
#[must_use]
pub fn supported_link_type(dlt: i32) -> Option<LinkType> {
    let link_type = LinkType::from_dlt(u16::try_from(dlt).ok()?);
    link_type.is_ieee80211().then_some(link_type)
}

/// An open interface.
pub(crate) struct LiveSource {
    interface: String,
    settings: LiveSettings,
    open: Open,
}

/// A capture and what goes with it.
pub(crate) struct Open {
    pub(crate) capture: Capture<Active>,
    pub(crate) link_type: LinkType,
    drops: Drops,
}

#[derive(Default)]
struct Drops {
    kernel: u32,
    interface: u32,
    asked: Option<(Instant, Timestamp)>,
    /// The last answer was that there is none.
    unknown: bool,
}

impl Open {
    pub(crate) fn interface(interface: &str, settings: &LiveSettings) -> Result<Self, SourceError> {
        let failed = |error: pcap::Error| SourceError::Interface {
            interface: interface.to_owned(),
            message: advise(&error),
        };
        let mut capture = Capture::from_device(interface)
            .map_err(failed)?
            .promisc(true)
            .snaplen(settings.snap_len)
            .buffer_size(settings.buffer_bytes)
            .timeout(READ_TIMEOUT_MS)
            .immediate_mode(false)
            .open()
            .and_then(Capture::setnonblock)
            .map_err(failed)?;
        let mut found = capture.get_datalink();
        if supported_link_type(found.0).is_none() {
            // Some drivers offer radiotap beside another default.
            let radiotap = Linktype(i32::from(LinkType::Radiotap.dlt()));
            if capture.list_datalinks().is_ok_and(|types| types.contains(&radiotap)) {
                capture.set_datalink(radiotap).map_err(failed)?;
                found = radiotap;
            }
        }
        let Some(link_type) = supported_link_type(found.0) else {
            return Err(SourceError::LinkType {
                name: interface.to_owned(),
                found: found.get_name().unwrap_or_else(|_| format!("link type {}", found.0)),
                advice: "give a radio in monitor mode, or wifi:IFACE to have it put there",
            });
        };
        Ok(Self { capture, link_type, drops: Drops::default() })
    }

    /// Takes what comes until `until`, or until the source is to end.
    pub(crate) fn listen(
        &mut self,
        context: &SourceContext,
        feed: &mut Feed,
        frequency_mhz: Option<u16>,
        until: Option<Instant>,
    ) -> Result<Heard, Gone> {
        let mut frames = 0_u32;
        loop {
            if context.is_stopped() || until.is_some_and(|until| Instant::now() >= until) {
                return Ok(Heard { frames, failure: None });
            }
            match self.capture.next_packet() {
                Ok(packet) => {
                    let meta = FrameMeta {
                        time: time_of(&packet.header.ts),
                        link_type: self.link_type,
                        original_len: packet.header.len,
                        frequency_mhz,
                        position: None,
                    };
                    frames = frames.saturating_add(1);
                    feed.push(meta, packet.data)?;
                }
                Err(pcap::Error::TimeoutExpired) => {
                    feed.flush()?;
                    self.wait(until);
                }
                Err(error) => {
                    feed.flush()?;
                    return Ok(Heard { frames, failure: Some(advise(&error)) });
                }
            }
            self.ask_for_drops(feed)?;
        }
    }

    /// Waits for frames. On a silent channel libpcap itself would wait for ever, and neither a stop
    /// nor the end of a dwell would be noticed.
    fn wait(&self, until: Option<Instant>) {
        let left = until.map(|until| until.saturating_duration_since(Instant::now()).as_millis());
        let wait_ms = left.and_then(|ms| i32::try_from(ms).ok()).unwrap_or(READ_TIMEOUT_MS);
        let mut ready =
            libc::pollfd { fd: self.capture.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: one pollfd of our own, which outlives the call. An error (a signal, an interface
        // that went away) shows in the next read.
        #[allow(unsafe_code)]
        unsafe {
            libc::poll(&raw mut ready, 1, wait_ms.min(READ_TIMEOUT_MS));
        }
    }

    /// States what the kernel and the interface dropped since it was last asked.
    fn ask_for_drops(&mut self, feed: &mut Feed) -> Result<(), Gone> {
        let due = self.drops.asked.is_none_or(|(asked, _)| asked.elapsed() >= STATS_INTERVAL);
        if due { self.state_drops(feed) } else { Ok(()) }
    }

    /// States drops now.
    pub(crate) fn state_drops(&mut self, feed: &mut Feed) -> Result<(), Gone> {
        let end = now();
        let start = self.drops.asked.map_or(end, |(_, time)| time);
        self.drops.asked = Some((Instant::now(), end));
        let stats = match self.capture.stats() {
            Ok(stats) => stats,
            // Said once: from here on nobody knows how many frames the kernel drops.
            Err(_) if self.drops.unknown => return Ok(()),
            Err(error) => {
                self.drops.unknown = true;
                tracing::warn!(%error, "the kernel does not say how many frames it dropped");
                let radio = Some(feed.radio());
                let cause = GapCause::KernelDrop;
                return feed.lost(Gap { radio, start, end, cause, frames: None });
            }
        };
        self.drops.unknown = false;
        // 32-bit counters that run over.
        let kernel = stats.dropped.wrapping_sub(self.drops.kernel);
        let interface = stats.if_dropped.wrapping_sub(self.drops.interface);
        self.drops.kernel = stats.dropped;
        self.drops.interface = stats.if_dropped;
        let radio = Some(feed.radio());
        for (cause, lost) in [(GapCause::KernelDrop, kernel), (GapCause::InterfaceDrop, interface)]
        {
            if lost > 0 {
                feed.lost(Gap { radio, start, end, cause, frames: Some(u64::from(lost)) })?;
            }
        }
        Ok(())
    }
}

/// What came of listening.
pub(crate) struct Heard {
    pub(crate) frames: u32,
    pub(crate) failure: Option<String>,
}

impl LiveSource {
    pub(super) fn open(interface: &str, settings: &LiveSettings) -> Result<Self, SourceError> {
        let open = Open::interface(interface, settings)?;
        Ok(Self { interface: interface.to_owned(), settings: settings.clone(), open })
    }

    /// Listens until it is stopped; an interface that goes away is waited for.
    pub(super) fn run(mut self, context: &SourceContext, mut feed: Feed) -> Result<(), Gone> {
        let radio = feed.radio();
        let started = |source: &str| RadioEventKind::Started {
            source: source.to_owned(),
            origin: Origin::Live,
            hardware: hardware(source),
        };
        context.radio(radio, now(), started(&self.interface))?;
        loop {
            let heard = self.open.listen(context, &mut feed, None, None)?;
            self.open.state_drops(&mut feed)?;
            let Some(reason) = heard.failure else { break };
            let start = now();
            tracing::warn!("{}: {reason}; waiting for it to come back", self.interface);
            context.radio(radio, start, RadioEventKind::Failed { reason })?;
            let back = self.wait_for_return(context);
            let cause = GapCause::RadioGone;
            feed.lost(Gap { radio: Some(radio), start, end: now(), cause, frames: None })?;
            let Some(open) = back else { break };
            self.open = open;
            tracing::info!("{}: back", self.interface);
            context.radio(radio, now(), started(&self.interface))?;
        }
        feed.finish()?;
        context.radio(radio, now(), RadioEventKind::Stopped { reason: "stopped".to_owned() })
    }

    fn wait_for_return(&self, context: &SourceContext) -> Option<Open> {
        while !context.is_stopped() {
            context.sleep(RETRY);
            match Open::interface(&self.interface, &self.settings) {
                Ok(open) => return Some(open),
                Err(error) => tracing::debug!("{error}"),
            }
        }
        None
    }
}

/// What libpcap said, and what to do about it.
fn advise(error: &pcap::Error) -> String {
    let said = error.to_string();
    let said = said.trim_start_matches("libpcap error: ").trim();
    let advice = if said.contains("No such device") {
        "; see: ip link"
    } else if said.contains("permission") || said.contains("Operation not permitted") {
        "; run as root, or give the program the capability: setcap cap_net_raw,cap_net_admin+ep"
    } else if said.contains("not up") || said.contains("is down") {
        "; bring it up: ip link set IFACE up"
    } else {
        ""
    };
    format!("{said}{advice}")
}

fn time_of(ts: &libc::timeval) -> Timestamp {
    // Seconds and microseconds are 32 or 64 bits wide, depending on the machine.
    #[allow(clippy::useless_conversion)]
    let (secs, micros) = (i64::from(ts.tv_sec), i64::from(ts.tv_usec));
    Timestamp::from_unix_ns(
        secs.saturating_mul(1_000_000_000).saturating_add(micros.saturating_mul(1000)),
    )
}

/// Driver and device of an interface, from sysfs; empty when it is not known.
pub(crate) fn hardware(interface: &str) -> String {
    let device = std::path::Path::new("/sys/class/net").join(interface).join("device");
    let name = |link: &str| {
        let target = std::fs::read_link(device.join(link)).ok()?;
        Some(target.file_name()?.to_string_lossy().into_owned())
    };
    let text =
        |file: &str| Some(std::fs::read_to_string(device.join(file)).ok()?.trim().to_owned());
    let driver = name("driver").map(|driver| format!("driver {driver}"));
    let ids =
        text("vendor").zip(text("device")).map(|(vendor, id)| format!("device {vendor}:{id}"));
    [driver, ids].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_wifi_link_types() {
        for dlt in [127, 105, 192, 119, 163] {
            assert!(supported_link_type(dlt).is_some(), "{dlt}");
        }
        for dlt in [1, 228, -1, 70_000] {
            assert!(supported_link_type(dlt).is_none(), "{dlt}");
        }
    }

    #[test]
    fn an_interface_that_is_not_there_is_one_clear_line() {
        let error = match LiveSource::open("no-such-dev0", &LiveSettings::default()) {
            Ok(_) => panic!("there is one"),
            Err(error) => error.to_string(),
        };
        assert!(error.starts_with("no-such-dev0: ") && !error.contains('\n'), "{error}");
    }
}
