//! A capture analysed as a whole: read packet by packet, with progress, and stopped on request.

use crate::capture_input::{CaptureInput, CaptureInputError};
use pw_analysis::packets::{Packet, PacketAnalysis, PacketReport, PacketSettings};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// Packets between two looks at progress and the wish to stop.
const PACKETS_PER_STEP: u64 = 4096;

/// Why a capture cannot be analysed.
#[derive(Debug, thiserror::Error)]
pub enum PacketsError {
    /// It cannot be opened, or is no capture.
    #[error(transparent)]
    Input(#[from] CaptureInputError),
    /// Stopped on request.
    #[error("stopped after {packets} packets")]
    Cancelled {
        /// Packets analysed until then.
        packets: u64,
    },
}

/// An analysed capture.
#[derive(Clone, PartialEq, Debug)]
pub struct AnalysedCapture {
    /// The results.
    pub report: PacketReport,
    /// The file says of itself that it was simulated.
    pub is_simulated: bool,
    /// What is wrong with the end of the file; what comes before it was analysed.
    pub warning: Option<String>,
}

/// Analyses a capture. `progress` is told the share of the file's bytes that was read, 0 to 1 and not
/// known for an empty or unusual file, and the packets so far. Setting `cancel` stops it.
///
/// # Errors
/// The file cannot be opened, is no capture, is damaged before its first packet, or `cancel` was set.
pub fn analyse(
    path: &Path,
    settings: PacketSettings,
    cancel: &AtomicBool,
    mut progress: impl FnMut(Option<f32>, u64),
) -> Result<AnalysedCapture, PacketsError> {
    let mut input = CaptureInput::open(path)?;
    let mut analysis = PacketAnalysis::new(settings);
    let is_simulated = input.is_simulated();
    let warning = loop {
        let packets = input.reader.packets();
        if packets.is_multiple_of(PACKETS_PER_STEP) {
            if cancel.load(Ordering::Acquire) {
                return Err(PacketsError::Cancelled { packets });
            }
            progress(input.share(), packets);
        }
        match input.reader.next_frame() {
            Ok(Some(frame)) => analysis.add(&Packet::from_captured(&frame)),
            Ok(None) => break input.reader.warning().map(ToString::to_string),
            Err(error) if packets == 0 => {
                return Err(CaptureInputError::capture(path, error).into());
            }
            Err(error) => break Some(format!("{error}; what comes before it was analysed")),
        }
    };
    progress(Some(1.0), input.reader.packets());
    Ok(AnalysedCapture { report: analysis.finish(), is_simulated, warning })
}

#[cfg(test)]
mod tests {
    use super::*;
    use pw_dissect::LinkType;
    use pw_dissect::write::{PcapResolution, PcapWriter};
    use pw_model::Timestamp;
    use std::fs::{self, File};

    /// A capture of `count` deauthentication frames, 20 ms apart.
    fn capture(path: &Path, count: u16) {
        let mut writer = PcapWriter::new(
            File::create(path).expect("a file"),
            LinkType::Ieee80211,
            PcapResolution::Microseconds,
        )
        .expect("header");
        for number in 0..count {
            let mut frame = vec![0xc0, 0, 0, 0];
            frame.extend([0xff; 6]);
            frame.extend([2, 0, 0, 0, 0, 1].repeat(2));
            frame.extend(((number % 4096) << 4).to_le_bytes());
            frame.extend([7, 0]);
            let time = Timestamp::from_unix_ns(i64::from(number) * 20_000_000);
            writer.write_frame(time, &frame, 26).expect("written");
        }
        writer.finish().expect("flushed");
    }

    #[test]
    fn a_capture_with_progress_and_an_end_that_is_cut() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("flood.pcap");
        capture(&path, 10_000);
        let bytes = fs::read(&path).expect("written");
        fs::write(&path, &bytes[..bytes.len() - 3]).expect("written");
        let mut told = Vec::new();
        let never = AtomicBool::new(false);
        let analysed = analyse(&path, PacketSettings::default(), &never, |share, packets| {
            told.push((share, packets));
        })
        .expect("a capture");
        assert_eq!(analysed.report.totals.packets, 9_999);
        assert!(analysed.warning.is_some_and(|warning| warning.contains("cut")));
        assert_eq!(told.len(), 4);
        assert_eq!(told.last(), Some(&(Some(1.0), 9_999)));
        assert!(told.is_sorted_by(|one, other| one.1 <= other.1 && one.0 <= other.0));
        let anomaly = analysed.report.anomalies.list.first().expect("a flood");
        assert_eq!(anomaly.count, 9_999);
    }

    #[test]
    fn it_stops_on_request_and_says_what_is_wrong() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("flood.pcap");
        capture(&path, 9_000);
        let cancel = AtomicBool::new(false);
        let stopped = analyse(&path, PacketSettings::default(), &cancel, |_, packets| {
            cancel.store(packets > 0, Ordering::Release);
        });
        assert!(matches!(stopped, Err(PacketsError::Cancelled { packets: 8192 })), "{stopped:?}");
        let never = AtomicBool::new(false);
        let check = |path: &Path, words: &str| {
            let error = analyse(path, PacketSettings::default(), &never, |_, _| {})
                .expect_err("nothing to analyse");
            assert!(error.to_string().contains(words), "{error}");
        };
        check(folder.path(), "this is a folder");
        check(&folder.path().join("none.pcap"), "cannot be opened");
        fs::write(&path, "text, no capture at all, of some length").expect("written");
        check(&path, "text");
    }
}
