//! Records that stand beside observations: who listened, when, where to, and what was missed.

use crate::{Position, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A source of batches for ever: the first 16 bytes of the SHA-256 of a sensor's public key, or for
/// an import of the file's content.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SensorId(pub [u8; 16]);

impl fmt::Display for SensorId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

impl fmt::Debug for SensorId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl FromStr for SensorId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let error = || format!("'{text}' is not a sensor identifier: 32 hex digits");
        if text.len() != 32 || !text.is_ascii() {
            return Err(error());
        }
        let mut id = [0; 16];
        for (at, byte) in id.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok().ok_or_else(error)?;
        }
        Ok(Self(id))
    }
}

/// A radio of one sensor, numbered from 0 in the order of the sources given to it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct RadioId(pub u8);

/// Where the data of a stream comes from; shown wherever the data is shown.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Origin {
    /// A radio heard it.
    Live,
    /// Played from a capture file by a sensor.
    Replay,
    /// Made by the simulator.
    Simulated,
    /// Imported into the survey from a file.
    Imported,
}

impl Origin {
    /// One word for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Replay => "replay",
            Self::Simulated => "simulated",
            Self::Imported => "imported",
        }
    }
}

/// The listening ledger: a radio listened on one channel for this long.
/// What lies in no interval was not listened to, which is not the same as not heard.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TuneInterval {
    /// Which radio.
    pub radio: RadioId,
    /// First moment of listening.
    pub start: Timestamp,
    /// Last moment of listening.
    pub end: Timestamp,
    /// Centre of the primary channel in MHz.
    pub frequency_mhz: u16,
    /// Width listened to in MHz.
    pub width_mhz: u16,
    /// Frames heard in it.
    pub frames: u32,
}

/// Why data is missing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum GapCause {
    /// The kernel dropped frames because its buffer was full.
    KernelDrop,
    /// The network interface dropped frames.
    InterfaceDrop,
    /// The sensor's own queue was full.
    QueueFull,
    /// The sensor stopped without writing what it held: killed, crashed or without power.
    SensorRestart,
    /// The journal was full and the oldest data was deleted.
    JournalQuota,
    /// A damaged part of the journal was left out.
    JournalDamage,
    /// The journal could not be written (disk full, I/O error).
    JournalWrite,
    /// The interface went away or could not be read.
    RadioGone,
    /// The network's owner asks not to be recorded (`_nomap`, `_optout`).
    OptedOut,
    /// An imported file ended in the middle of a record.
    FileCut,
    /// Part of the survey's own segments was damaged or cut off after it had been stored.
    SurveyDamage,
    /// Heard in a home zone, where nothing is to be recorded.
    HomeZone,
    /// The journal was full and was thinned out: of what each transmitter sent within some seconds, the
    /// strongest frames stayed.
    Thinned,
}

impl GapCause {
    /// What it means, for people.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::KernelDrop => "the kernel's capture buffer was full",
            Self::InterfaceDrop => "the network interface dropped frames",
            Self::QueueFull => "the sensor could not keep up",
            Self::SensorRestart => "the sensor stopped without writing what it held",
            Self::JournalQuota => "the journal was full; the oldest data was deleted",
            Self::JournalDamage => "part of the journal was damaged",
            Self::JournalWrite => "the journal could not be written",
            Self::RadioGone => "the radio was gone",
            Self::OptedOut => "networks that ask not to be recorded",
            Self::FileCut => "the file ended in the middle of a record",
            Self::SurveyDamage => "part of the survey's files was damaged or cut off",
            Self::HomeZone => "heard in a home zone, where nothing is recorded",
            Self::Thinned => {
                "the journal was full; of each transmitter only the strongest frames were kept"
            }
        }
    }

    /// True for what was left out because somebody wants it so: it is stated, and no loss.
    #[must_use]
    pub const fn is_wanted(self) -> bool {
        matches!(self, Self::OptedOut | Self::HomeZone)
    }
}

/// A stated loss: what was lost, why, and how much.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Gap {
    /// Which radio; `None` when all.
    pub radio: Option<RadioId>,
    /// From when.
    pub start: Timestamp,
    /// Until when.
    pub end: Timestamp,
    /// Why.
    pub cause: GapCause,
    /// Frames lost; `None` when nobody can know.
    pub frames: Option<u64>,
}

/// Where a sensor's time comes from.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum ClockSource {
    /// The operating system's clock, nothing known about it.
    System,
    /// The system clock, kept by the network time protocol.
    Ntp,
    /// Set by a position receiver's messages.
    Gps,
    /// Disciplined by pulse per second.
    Pps,
    /// Times stand in the file or scenario that was played.
    File,
}

/// How far a sensor's clock can be trusted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ClockState {
    /// When this was found.
    pub time: Timestamp,
    /// Where the time comes from.
    pub source: ClockSource,
    /// Receiver time less sensor time in microseconds, where both are known.
    pub offset_us: Option<i64>,
    /// 95 % uncertainty of observation times in microseconds.
    pub uncertainty_us: Option<u64>,
}

/// How the sensor is.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Health {
    /// When.
    pub time: Timestamp,
    /// Processor temperature in degrees Celsius.
    pub temperature_c: Option<f32>,
    /// Resident memory of the sensor in bytes.
    pub memory_bytes: Option<u64>,
    /// Free bytes on the disk that holds the journal.
    pub disk_free_bytes: Option<u64>,
    /// Batches in the journal that no desktop has acknowledged.
    pub backlog_batches: u64,
    /// Bytes of them.
    pub backlog_bytes: u64,
    /// Frames captured since the sensor started.
    pub frames: u64,
    /// Frames lost since the sensor started, all causes with a count.
    pub frames_lost: u64,
    /// Seconds since the last fix with a position.
    pub gps_age_secs: Option<f32>,
    /// Last known position.
    pub position: Option<Position>,
}

/// What happened to a radio.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum RadioEventKind {
    /// Listening began.
    Started {
        /// Interface or file name.
        source: String,
        /// What the frames are.
        origin: Origin,
        /// Hardware and driver, in words; empty when not known.
        hardware: String,
    },
    /// Listening ended in order.
    Stopped {
        /// Why, in words.
        reason: String,
    },
    /// Listening failed.
    Failed {
        /// What went wrong, in words.
        reason: String,
    },
}

/// A change of a radio's state.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RadioEvent {
    /// When.
    pub time: Timestamp,
    /// Which radio.
    pub radio: RadioId,
    /// What happened.
    pub kind: RadioEventKind,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sensor_id_text_round_trip() {
        let id = SensorId([0xab; 16]);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert!("abc".parse::<SensorId>().is_err());
        assert!("zz".repeat(16).parse::<SensorId>().is_err());
    }
}
