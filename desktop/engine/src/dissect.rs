//! Captures frame by frame and as a whole, without a survey.

mod columns;
mod print;
mod selection;

pub use columns::{Columns, FieldsFormat};
pub use print::{RegisterRow, chosen, export, hex, json, register, trees};
pub use pw_dissect::filter::{Completion, CompletionKind, Filter, FilterError, complete};
pub use pw_dissect::statistics::{Counts, Group, Report as StatisticsReport};
pub use selection::{Selection, SelectionError, Watch};

use crate::capture_input::CaptureInputError;
use crate::exchange::ExchangeError;
use pw_dissect::fields::Packet;
use pw_dissect::ieee80211::elements::id;
use pw_dissect::observe::{FrameInput, Observed, Observer, ObserverSettings};
use pw_dissect::statistics::Statistics;
use pw_dissect::summary::Summary;
use pw_dissect::{Fcs, Frame};
use pw_model::{AuthMode, Channel, Detail, FrameFlags, RadioId, Ssid, Timestamp};
use selection::each_packet;
use serde::Serialize;
use std::io;
use std::path::{Path, PathBuf};

/// Why a capture cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DissectError {
    /// It cannot be opened, or is no capture.
    #[error(transparent)]
    Input(#[from] CaptureInputError),
    /// The reader of what is printed is gone, or its disk full.
    #[error("output: {0}")]
    Output(#[from] io::Error),
    /// The new capture cannot be written.
    #[error(transparent)]
    Export(#[from] ExchangeError),
    /// The new capture would replace the one that is read.
    #[error("{}: this is the capture that is read; name another file to write", path.display())]
    OntoItself {
        /// The file.
        path: PathBuf,
    },
    /// The person stopped it.
    #[error("stopped after {packets} packets")]
    Cancelled {
        /// Packets read until then.
        packets: u64,
    },
}

/// One frame, as `dissect` prints it. Unknown is `None`.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct FrameRow {
    /// Number in the file, from 1.
    pub number: u64,
    /// RFC 3339 UTC.
    pub time: Option<String>,
    /// Type and subtype.
    pub kind: String,
    /// Transmitter address.
    pub transmitter: Option<String>,
    /// Receiver address.
    pub receiver: Option<String>,
    /// BSSID.
    pub bssid: Option<String>,
    /// Network name, where the frame carries one.
    pub ssid: Option<String>,
    /// Centre of the channel tuned to, in MHz.
    pub frequency_mhz: Option<u16>,
    /// Its channel number.
    pub channel: Option<u8>,
    /// Signal in dBm.
    pub signal_dbm: Option<i8>,
    /// Noise in dBm.
    pub noise_dbm: Option<i8>,
    /// PHY rate in Mbit/s.
    pub rate_mbps: Option<f64>,
    /// Length on the air in bytes, with FCS.
    pub length: u32,
    /// Time on the air in microseconds.
    pub airtime_us: Option<u32>,
    /// Sequence number.
    pub sequence: Option<u16>,
    /// A retransmission.
    pub retry: bool,
    /// The body is encrypted.
    pub protected: bool,
    /// `good` or `bad`; null where the file does not have it.
    pub fcs: Option<&'static str>,
    /// A further fact that depends on the kind, in words.
    pub detail: Option<String>,
    /// Latitude of the receiver in degrees.
    pub lat: Option<f64>,
    /// Longitude of the receiver in degrees.
    pub lon: Option<f64>,
    /// What contradicts the standard, and at which byte of the frame.
    pub faults: Vec<String>,
}

/// Names of the fields of a [`FrameRow`], in order.
pub const FRAME_FIELDS: [&str; 22] = [
    "number",
    "time",
    "kind",
    "transmitter",
    "receiver",
    "bssid",
    "ssid",
    "frequency_mhz",
    "channel",
    "signal_dbm",
    "noise_dbm",
    "rate_mbps",
    "length",
    "airtime_us",
    "sequence",
    "retry",
    "protected",
    "fcs",
    "detail",
    "lat",
    "lon",
    "faults",
];

/// How a capture ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CaptureEnd {
    /// Packets read.
    pub packets: u64,
    /// Those of them that were selected.
    pub selected: u64,
    /// What is wrong with the end of the file; what comes before it was read.
    pub warning: Option<String>,
}

/// Counts over the selected packets of a capture, under the names of DESIGN's summary.
///
/// # Errors
/// The file cannot be opened, is no capture, is damaged before its first packet, or reading was cancelled.
pub fn summary(
    path: &Path,
    selection: &Selection,
    watch: &mut Watch<'_>,
) -> Result<(serde_json::Value, CaptureEnd), DissectError> {
    let mut summary = Summary::default();
    let end = each_packet(path, selection, watch, |packet| {
        summary.add_frame(&packet.frame, packet.captured.time);
        Ok(())
    })?;
    Ok((summary.to_json(), end))
}

/// Counts by kind, channel, rate and device over the selected packets, with so many devices.
///
/// # Errors
/// Those of [`summary`].
pub fn statistics(
    path: &Path,
    selection: &Selection,
    devices: usize,
    watch: &mut Watch<'_>,
) -> Result<(StatisticsReport, CaptureEnd), DissectError> {
    let mut statistics = Statistics::default();
    let end = each_packet(path, selection, watch, |packet| {
        statistics.add(packet);
        Ok(())
    })?;
    Ok((statistics.report(devices), end))
}

/// Calls `each` with every selected frame of a capture and its bytes.
///
/// # Errors
/// Those of [`summary`], or `each` fails.
pub fn frames(
    path: &Path,
    selection: &Selection,
    watch: &mut Watch<'_>,
    mut each: impl FnMut(&FrameRow, &[u8]) -> io::Result<()>,
) -> Result<CaptureEnd, DissectError> {
    let mut rows = Rows::default();
    each_packet(path, selection, watch, |packet| each(&rows.row(packet), packet.captured.data))
}

/// Makes [`FrameRow`]s.
struct Rows {
    observer: Observer,
    observed: Observed,
}

impl Default for Rows {
    fn default() -> Self {
        let settings = ObserverSettings { honour_opt_out: false, ..ObserverSettings::default() };
        Self { observer: Observer::new(settings), observed: Observed::default() }
    }
}

impl std::fmt::Debug for Rows {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Rows").finish_non_exhaustive()
    }
}

impl Rows {
    fn row(&mut self, packet: &Packet<'_>) -> FrameRow {
        row(packet, &mut self.observer, &mut self.observed)
    }
}

fn row(packet: &Packet<'_>, observer: &mut Observer, observed: &mut Observed) -> FrameRow {
    let Packet { captured, frame } = packet;
    observer.observe(
        &FrameInput {
            time: captured.time.unwrap_or(Timestamp::from_unix_ns(0)),
            radio: RadioId(u8::try_from(captured.interface).unwrap_or(u8::MAX)),
            link_type: captured.link_type,
            data: captured.data,
            original_len: captured.original_len,
            frequency_mhz: None,
            position: captured.position,
        },
        observed,
    );
    observed.advertisements.clear();
    let seen = observed.observations.pop();
    observed.observations.clear();
    let (header, flags) = (frame.header, frame.flags());
    let position = seen.as_ref().and_then(|seen| seen.position);
    let frequency_mhz = frame.radio.frequency_mhz;
    FrameRow {
        number: captured.number,
        time: captured.time.map(Timestamp::rfc3339),
        kind: frame.kind().name(),
        transmitter: header.and_then(|header| header.transmitter()).map(|a| a.to_string()),
        receiver: header.and_then(|header| header.receiver()).map(|a| a.to_string()),
        bssid: header.and_then(|header| header.bssid()).map(|a| a.to_string()),
        ssid: ssid(frame),
        frequency_mhz,
        channel: frequency_mhz.and_then(Channel::from_frequency_mhz).map(|c| c.number),
        signal_dbm: frame.radio.signal_dbm,
        noise_dbm: frame.radio.noise_dbm,
        rate_mbps: frame.radio.rate_100kbps().map(|rate| f64::from(rate) / 10.0),
        length: frame.length,
        airtime_us: frame.airtime_us(),
        sequence: header.and_then(|header| header.sequence),
        retry: flags.contains(FrameFlags::RETRY),
        protected: flags.contains(FrameFlags::PROTECTED),
        fcs: match frame.fcs {
            Fcs::Absent => None,
            Fcs::Good => Some("good"),
            Fcs::Bad => Some("bad"),
        },
        detail: seen.and_then(|seen| seen.detail).map(detail_words),
        lat: position.map(|position| position.lat_deg),
        lon: position.map(|position| position.lon_deg),
        faults: frame
            .faults
            .iter()
            .map(|fault| format!("{}, byte {}: {}", fault.layer.name(), fault.offset, fault.reason))
            .collect(),
    }
}

fn ssid(frame: &Frame<'_>) -> Option<String> {
    let element = frame.elements()?.find_id(id::SSID)?;
    Some(Ssid::new(element.body).text())
}

fn detail_words(detail: Detail) -> String {
    match detail {
        Detail::Reason(code) => format!("reason {code}"),
        Detail::AuthAlgorithm(number) => format!("algorithm {}", AuthMode(number).name()),
        Detail::EapolKey(number) => format!("EAPOL-Key message {number} of 4"),
        Detail::ActionCategory(category) => format!("category {category}"),
        Detail::Status(code) => format!("status {code}"),
    }
}

#[cfg(test)]
mod tests;
