//! Captures frame by frame and as a whole, without a survey.

use pw_dissect::capture::{CaptureError, CaptureReader, CapturedFrame};
use pw_dissect::ieee80211::elements::id;
use pw_dissect::observe::{FrameInput, Observed, Observer, ObserverSettings};
use pw_dissect::summary::Summary;
use pw_dissect::{Fcs, Frame, parse_with_fcs};
use pw_model::{AuthMode, Channel, Detail, FrameFlags, RadioId, Ssid, Timestamp};
use serde::Serialize;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// Why a capture cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DissectError {
    /// A folder.
    #[error("{}: this is a folder; name a capture file", path.display())]
    IsAFolder {
        /// What was named.
        path: PathBuf,
    },
    /// It cannot be opened.
    #[error("{}: cannot be opened: {source}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is no capture, or damaged.
    #[error("{}: {source}", path.display())]
    Capture {
        /// The file.
        path: PathBuf,
        /// What is wrong, and at which byte.
        source: CaptureError,
    },
    /// The reader of what is printed is gone, or its disk full.
    #[error("output: {0}")]
    Output(#[from] io::Error),
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
    /// What is wrong with the end of the file; what comes before it was read.
    pub warning: Option<String>,
}

/// Counts over a whole capture, under the names of DESIGN's summary.
///
/// # Errors
/// The file cannot be opened, is no capture, or is damaged before its first packet.
pub fn summary(path: &Path) -> Result<(serde_json::Value, CaptureEnd), DissectError> {
    let mut summary = Summary::default();
    let end = each_frame(path, |frame| {
        summary.add(frame);
        Ok(())
    })?;
    Ok((summary.to_json(), end))
}

/// Calls `each` with every frame of a capture and its bytes.
///
/// # Errors
/// The file cannot be opened, is no capture, is damaged before its first packet, or `each` fails.
pub fn frames(
    path: &Path,
    mut each: impl FnMut(&FrameRow, &[u8]) -> io::Result<()>,
) -> Result<CaptureEnd, DissectError> {
    let settings = ObserverSettings { honour_opt_out: false, ..ObserverSettings::default() };
    let mut observer = Observer::new(settings);
    let mut observed = Observed::default();
    each_frame(path, |frame| each(&row(frame, &mut observer, &mut observed), frame.data))
}

fn each_frame(
    path: &Path,
    mut each: impl FnMut(&CapturedFrame<'_>) -> io::Result<()>,
) -> Result<CaptureEnd, DissectError> {
    let failed = |source| DissectError::Open { path: path.to_owned(), source };
    if std::fs::metadata(path).map_err(failed)?.is_dir() {
        return Err(DissectError::IsAFolder { path: path.to_owned() });
    }
    let capture_failed = |source| DissectError::Capture { path: path.to_owned(), source };
    let mut reader =
        CaptureReader::open(File::open(path).map_err(failed)?).map_err(capture_failed)?;
    let warning = loop {
        let packets = reader.packets();
        match reader.next_frame() {
            Ok(Some(frame)) => each(&frame)?,
            Ok(None) => break reader.warning().map(ToString::to_string),
            Err(error) if packets == 0 => return Err(capture_failed(error)),
            Err(error) => break Some(error.to_string()),
        }
    };
    Ok(CaptureEnd { packets: reader.packets(), warning })
}

fn row(captured: &CapturedFrame<'_>, observer: &mut Observer, observed: &mut Observed) -> FrameRow {
    let frame =
        parse_with_fcs(captured.link_type, captured.data, captured.original_len, captured.fcs_len);
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
        ssid: ssid(&frame),
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
