//! Frames from an interface that delivers them already, through libpcap. Receives only.

use super::{Feed, FrameMeta, Gone, SourceContext, SourceError, now};
use crate::hop::HopSettings;
use pcap::{Active, Capture, Linktype};
use pw_dissect::LinkType;
use pw_model::{Gap, GapCause, Timestamp};
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

/// How an interface is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveSettings {
    /// Kernel buffer in bytes. When it is full the kernel drops frames and counts them.
    pub buffer_bytes: i32,
    /// Bytes kept of a frame: management frames are shorter, of data only the header is used.
    pub snap_len: i32,
    /// Which frames the kernel hands over, in the language of pcap-filter(7); all when `None`. What
    /// it keeps back is counted nowhere: it was not wanted.
    pub filter: Option<String>,
    /// How radios hop that the sensor tunes itself.
    pub hop: HopSettings,
}

impl Default for LiveSettings {
    fn default() -> Self {
        Self { buffer_bytes: 16 << 20, snap_len: 4096, filter: None, hop: HopSettings::default() }
    }
}

/// How long the kernel waits for a full block before it hands over what it has: half of it is what a
/// frame waits on average.
const BLOCK_TIMEOUT_MS: i32 = 20;
/// How long is waited for frames before it is looked whether there is anything else to do.
const READ_TIMEOUT_MS: i32 = 100;
const READ_TIMEOUT: Duration = Duration::from_millis(100);
/// How long what lies in the ring at the end is taken out; the rest is stated as lost. A radio that is
/// gone is not waited for so long, so that it is soon tried again.
const DRAIN: Duration = Duration::from_secs(3);
const DRAIN_OF_THE_GONE: Duration = Duration::from_secs(1);
/// The kernel's number for its ring of blocks (linux/if_packet.h).
const TPACKET_V3: libc::c_int = 2;
/// Longest filter in bytes.
const LONGEST_FILTER: usize = 4096;
/// After so many frames without a pause it is looked at the clock, whether there is anything else to
/// do: at 20,000 frames a second after less than 2 ms.
const FRAMES_BETWEEN_CLOCKS: u32 = 32;
/// How often the kernel is asked for drops.
const STATS_INTERVAL: Duration = Duration::from_secs(1);
/// The link type, when it is one with 802.11 in it.
#[must_use]
pub fn supported_link_type(dlt: i32) -> Option<LinkType> {
    let link_type = LinkType::from_dlt(u16::try_from(dlt).ok()?);
    link_type.is_ieee80211().then_some(link_type)
}

/// Looks whether `filter` is one, without an interface.
///
/// # Errors
/// What is wrong with it.
pub fn check_filter(filter: &str) -> Result<(), String> {
    if filter.len() > LONGEST_FILTER {
        return Err(format!("{} bytes are more than {LONGEST_FILTER}", filter.len()));
    }
    let radiotap = Linktype(i32::from(LinkType::Radiotap.dlt()));
    let program = Capture::dead(radiotap).and_then(|dead| dead.compile(filter, true).map(drop));
    program.map_err(|error| {
        let said = error.to_string();
        format!("{}; see: man pcap-filter", said.trim_start_matches("libpcap error: ").trim())
    })
}

/// Where the frames of an open radio come from. Never blocks for longer than it is asked to.
pub trait FrameSource: Send {
    /// Takes what comes until `until`, or until the source is to end.
    ///
    /// # Errors
    /// The pipeline is gone.
    fn listen(
        &mut self,
        context: &SourceContext,
        feed: &mut Feed,
        dwelling: Option<Dwelling>,
        until: Option<Instant>,
    ) -> Result<Heard, Gone>;

    /// Takes what was heard until now and states what was dropped, and for `cause` what can be taken
    /// no more.
    ///
    /// # Errors
    /// The pipeline is gone.
    fn finish(&mut self, feed: &mut Feed, cause: GapCause) -> Result<(), Gone>;
}

/// Where a radio listens, and since when.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Dwelling {
    /// Centre of the primary channel in MHz.
    pub frequency_mhz: u16,
    /// Frames from before are of the stay before.
    pub since: Timestamp,
}

/// What came of listening.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Heard {
    /// Frames of this stay.
    pub frames: u32,
    /// Frames from before it.
    pub earlier: u32,
    /// Why nothing more will come.
    pub failure: Option<String>,
}

/// A capture and what goes with it.
pub(crate) struct Open {
    capture: Capture<Active>,
    link_type: LinkType,
    drops: Drops,
    /// Frames taken out of the kernel's ring, modulo 2³².
    taken: u32,
    is_filtered: bool,
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
            .timeout(BLOCK_TIMEOUT_MS)
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
        if let Some(filter) = &settings.filter {
            capture.filter(filter, true).map_err(failed)?;
        }
        let open = Self {
            capture,
            link_type,
            drops: Drops::default(),
            taken: 0,
            is_filtered: settings.filter.is_some(),
        };
        match ring_version(&open.capture) {
            Some(TPACKET_V3) => {}
            version => tracing::warn!(
                "{interface}: frames do not come through a ring of blocks (TPACKET_V3) but {}; \
                 more may be dropped under load",
                version.map_or_else(|| "one by one".to_owned(), |v| format!("TPACKET_V{}", v + 1))
            ),
        }
        Ok(open)
    }

    /// Takes one frame, if there is one.
    fn take(
        &mut self,
        feed: &mut Feed,
        dwelling: Option<Dwelling>,
    ) -> Result<Result<Timestamp, pcap::Error>, Gone> {
        let packet = match self.capture.next_packet() {
            Ok(packet) => packet,
            Err(error) => return Ok(Err(error)),
        };
        let time = time_of(&packet.header.ts);
        let meta = FrameMeta {
            time,
            link_type: self.link_type,
            original_len: packet.header.len,
            frequency_mhz: dwelling.filter(|d| time >= d.since).map(|d| d.frequency_mhz),
            position: None,
        };
        self.taken = self.taken.wrapping_add(1);
        feed.push(meta, packet.data)?;
        Ok(Ok(time))
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
    fn state_drops(&mut self, feed: &mut Feed) -> Result<(), Gone> {
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

impl FrameSource for Open {
    fn listen(
        &mut self,
        context: &SourceContext,
        feed: &mut Feed,
        dwelling: Option<Dwelling>,
        until: Option<Instant>,
    ) -> Result<Heard, Gone> {
        let mut heard = Heard::default();
        let mut since_clock = FRAMES_BETWEEN_CLOCKS;
        loop {
            // Asked for each frame, the clock would take a good part of the time of a busy capture.
            since_clock += 1;
            if since_clock >= FRAMES_BETWEEN_CLOCKS {
                since_clock = 0;
                if context.is_stopped() || until.is_some_and(|until| Instant::now() >= until) {
                    return Ok(heard);
                }
                self.ask_for_drops(feed)?;
            }
            match self.take(feed, dwelling)? {
                Ok(time) => {
                    let earlier = dwelling.is_some_and(|dwelling| time < dwelling.since);
                    let count = if earlier { &mut heard.earlier } else { &mut heard.frames };
                    *count = count.saturating_add(1);
                }
                Err(pcap::Error::TimeoutExpired) => {
                    feed.flush()?;
                    self.wait(until);
                    since_clock = FRAMES_BETWEEN_CLOCKS;
                }
                Err(error) => {
                    feed.flush()?;
                    heard.failure = Some(advise(&error));
                    return Ok(heard);
                }
            }
        }
    }

    fn finish(&mut self, feed: &mut Feed, cause: GapCause) -> Result<(), Gone> {
        let end = now();
        let gone = cause == GapCause::RadioGone;
        let until = Instant::now() + if gone { DRAIN_OF_THE_GONE } else { DRAIN };
        // A block that is not full is handed over only after libpcap's wait.
        let mut quiet_until = Instant::now() + 2 * READ_TIMEOUT;
        let is_whole = loop {
            match self.take(feed, None)? {
                // What came after the end is nobody's loss, and all that lies behind it came later.
                Ok(time) if time > end => break true,
                Ok(_) => quiet_until = Instant::now() + 2 * READ_TIMEOUT,
                Err(pcap::Error::TimeoutExpired) if Instant::now() < quiet_until => {
                    self.wait(Some(quiet_until));
                }
                Err(pcap::Error::TimeoutExpired) => break true,
                Err(_) => break false,
            }
            if Instant::now() >= until {
                break false;
            }
        };
        feed.flush()?;
        if !is_whole {
            self.state_left(feed, end, cause)?;
        }
        self.state_drops(feed)
    }
}

impl Open {
    /// States what the kernel holds and nobody will take any more.
    fn state_left(
        &mut self,
        feed: &mut Feed,
        start: Timestamp,
        cause: GapCause,
    ) -> Result<(), Gone> {
        let (radio, end) = (Some(feed.radio()), now().max(start));
        let left = match self.capture.stats() {
            Ok(stats) => stats.received.wrapping_sub(stats.dropped).wrapping_sub(self.taken),
            Err(error) => {
                tracing::debug!("{error}");
                return feed.lost(Gap { radio, start, end, cause, frames: None });
            }
        };
        // What the kernel handed over before the filter stood was counted and thrown away, so that
        // with a filter nobody knows how many of these were wanted.
        match (left, self.is_filtered) {
            (0, _) => Ok(()),
            (_, true) => feed.lost(Gap { radio, start, end, cause, frames: None }),
            (left, false) => {
                let frames = Some(u64::from(left));
                feed.lost(Gap { radio, start, end, cause, frames })
            }
        }
    }
}

/// Which form of the kernel's ring libpcap uses: 0 for TPACKET_V1, 2 for TPACKET_V3; `None` for
/// none (packet(7), linux/if_packet.h).
fn ring_version(capture: &Capture<Active>) -> Option<libc::c_int> {
    let mut version: libc::c_int = -1;
    let mut length = size_of::<libc::c_int>() as libc::socklen_t;
    // SAFETY: the option writes one int of this length, which outlives the call.
    #[allow(unsafe_code)]
    let got = unsafe {
        libc::getsockopt(
            capture.as_raw_fd(),
            libc::SOL_PACKET,
            libc::PACKET_VERSION,
            (&raw mut version).cast(),
            &raw mut length,
        )
    };
    (got == 0 && version >= 0).then_some(version)
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
    fn libpcap_takes_frames_through_a_ring_of_blocks() {
        let open = Capture::from_device("lo").and_then(|capture| {
            capture.immediate_mode(false).timeout(BLOCK_TIMEOUT_MS).buffer_size(1 << 20).open()
        });
        match open {
            Ok(capture) => assert_eq!(ring_version(&capture), Some(TPACKET_V3)),
            Err(error) => eprintln!("SKIPPED: the loopback interface cannot be opened: {error}"),
        }
    }

    #[test]
    fn filters_are_looked_at_before_anything_is_opened() {
        for filter in ["not subtype ack", "type mgt or type data", "wlan host 00:11:22:33:44:55"] {
            assert_eq!(check_filter(filter), Ok(()), "{filter}");
        }
        for filter in ["subtype nonsense", "(type mgt", &"x".repeat(5000), "type mgt\0"] {
            let error = check_filter(filter).expect_err("no filter");
            assert!(!error.is_empty() && !error.contains('\n'), "{error}");
        }
    }

    #[test]
    fn an_interface_that_is_not_there_is_one_clear_line() {
        let error = match Open::interface("no-such-dev0", &LiveSettings::default()) {
            Ok(_) => panic!("there is one"),
            Err(error) => error.to_string(),
        };
        assert!(error.starts_with("no-such-dev0: ") && !error.contains('\n'), "{error}");
    }
}
