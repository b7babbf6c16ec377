//! What happened to a sensor's clock, and reports of its receiver that it does not believe.

use crate::{Fix, Timestamp};
use serde::{Deserialize, Serialize};

/// What was found of a clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum ClockEventKind {
    /// The system's clock stands before this program was made: no clock chip, and nobody has set it
    /// yet. Times are wrong by an unknown span until an offset is stated.
    BeforeRelease,
    /// The system's clock was set while the sensor ran, by so many microseconds forward.
    Stepped {
        /// Forward, negative for backward.
        by_us: i64,
    },
    /// The receiver's dates lie whole turns of the GPS week counter in the past (1,024 weeks each,
    /// IS-GPS-200, 20.3.3.3.1.1); they were put right.
    WeekRollover {
        /// Turns added.
        turns: u8,
    },
    /// The receiver told the time while the system's clock stood before this program was made: from
    /// here on that much is added to the clock's times.
    Corrected {
        /// Forward.
        by_us: i64,
    },
}

/// A finding of a clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ClockEvent {
    /// When it was found, by the clock as it stood then.
    pub time: Timestamp,
    /// What was found.
    pub kind: ClockEventKind,
}

impl ClockEvent {
    /// In words.
    #[must_use]
    pub fn words(&self) -> String {
        match self.kind {
            ClockEventKind::BeforeRelease => "the system's clock stood before this release was \
                made: the machine has no clock chip, or its battery is empty"
                .to_owned(),
            ClockEventKind::Stepped { by_us } => {
                let seconds = by_us.unsigned_abs() as f64 / 1e6;
                let way = if by_us < 0 { "back" } else { "forward" };
                format!("the system's clock was set {way} by {seconds:.1} s")
            }
            ClockEventKind::WeekRollover { turns } => {
                let times = if turns == 1 { "once" } else { "more than once" };
                format!(
                    "the receiver's week counter has turned over {times}: its dates were put right"
                )
            }
            ClockEventKind::Corrected { by_us } => format!(
                "the receiver told the time: {:.1} s are added from here on; times before lie so \
                 far in the past",
                by_us as f64 / 1e6
            ),
        }
    }
}

/// Why a report of the receiver is not believed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum FixDoubt {
    /// It lies further from the last place than anything moves on a road or in the air.
    Teleported,
    /// The receiver repeats an old report.
    Stale,
}

impl FixDoubt {
    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Teleported => "jumped further than anything moves",
            Self::Stale => "repeated an old time",
        }
    }
}

/// A report that is kept for the record and not used for any position.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct DoubtfulFix {
    /// The report.
    pub fix: Fix,
    /// What is wrong with it.
    pub doubt: FixDoubt,
}
