//! The two ends of the link as state machines without a socket or a clock.
//!
//! Both have the same verbs: `handle_…` takes something in, `poll_…` gives something out, and time
//! is an argument (`now`: any clock that only goes forward). After every `handle_…`, all `poll_…`
//! must be drained before the next one; that also bounds every queue in here.
//!
//! Two lanes carry batches. In the first each comes in its turn; its end is what is acknowledged. While
//! that one is far behind, the newest also go ahead in the live lane, unacknowledged: they come again
//! in their turn, and the survey drops what it holds. What does not fit into the live lane is left out.
//!
//! The promise they keep together: a batch is acknowledged only when it is durable at the desktop,
//! and only then does the journal forget it. At least once on the link, exactly once in the survey.

mod desktop;
mod sensor;

pub use desktop::{DesktopEvent, DesktopSession};
pub use sensor::{JournalRange, SensorEvent, SensorIntroduction, SensorSession};

use crate::message::{GoodbyeReason, RefusedReason};
use std::time::Duration;

/// How long an end waits for the other's part of the greeting.
pub const GREETING_TIMEOUT: Duration = Duration::from_secs(10);

/// At most this many bytes of batches are sent and not yet acknowledged. When it is reached the
/// sensor stops sending until an acknowledgement comes; the journal holds the rest.
pub const MAX_IN_FLIGHT_BYTES: usize = 4 << 20;

/// At most this many batches are asked of the journal at once.
pub const MAX_READ_BATCHES: usize = 64;

/// When the journal's end is so many batches ahead of what is sent, the newest batches also go ahead
/// of the rest, so that what happens now is seen while a backlog is fetched.
pub const LIVE_FROM_BEHIND: u64 = 64;

/// When the journal's end is no further ahead than this, nothing goes ahead any more.
pub const LIVE_UNTIL_BEHIND: u64 = 4;

/// At most this many batches go ahead at once; when more were written meanwhile, the older of them
/// come in their turn only.
pub const MAX_LIVE_BATCHES: u64 = 4;

/// Shortest time between two status messages.
pub const STATUS_INTERVAL: Duration = Duration::from_secs(1);

/// Why a session is over.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SessionEnd {
    /// The sensor said no.
    Refused(RefusedReason),
    /// The other end left.
    TheyLeft(GoodbyeReason),
    /// This end left.
    WeLeft(GoodbyeReason),
}

impl SessionEnd {
    /// What it means, for people.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Refused(reason) => reason.words(),
            Self::TheyLeft(reason) => reason.words(),
            Self::WeLeft(GoodbyeReason::Stopping) => "stopped here".to_owned(),
            Self::WeLeft(GoodbyeReason::Revoked) => "the key was revoked".to_owned(),
            Self::WeLeft(reason) => reason.words(),
        }
    }
}

#[cfg(test)]
mod tests;
