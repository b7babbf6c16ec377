//! How a link is, in words.

use pw_model::Origin;
use pw_trust::KeyFingerprint;
use std::net::SocketAddr;
use std::time::Instant;

/// How the link to a sensor is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LinkState {
    /// Finding the sensor's address.
    Resolving,
    /// Asking for a connection.
    Connecting {
        /// Where.
        address: SocketAddr,
    },
    /// The sensor has said who it is, and sends.
    Connected {
        /// Where.
        address: SocketAddr,
        /// Name the owner gave it.
        name: String,
        /// Program and release of the sensor.
        software: String,
        /// Where its frames come from.
        origin: Origin,
    },
    /// Something is wrong; tried again by itself.
    Waiting {
        /// What is wrong.
        trouble: LinkTrouble,
        /// When it is tried again.
        retry_at: Instant,
    },
    /// Ended, and stays so.
    Stopped {
        /// Why, in words.
        why: String,
    },
}

/// Why there is no connection.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum LinkTrouble {
    /// The name has no address.
    #[error("no address found for {address}: {why}")]
    Resolve {
        /// The address as it was given.
        address: String,
        /// What the system says.
        why: String,
    },
    /// Nobody answers.
    #[error("no answer: {0}")]
    NoAnswer(String),
    /// The sensor does not know this desktop's key, or no longer.
    #[error("the sensor does not know this desktop; pair them: piwardrive-sensor pair")]
    NotPaired,
    /// Who answers has another key than the paired sensor.
    #[error(
        "another device answers there (key {}, paired is {}); \
         if the sensor was set up anew, pair again",
        .found.short(), .expected.short()
    )]
    WrongKey {
        /// The key of who answers.
        found: KeyFingerprint,
        /// The key of the paired sensor.
        expected: KeyFingerprint,
    },
    /// The sensor does not speak what it was asked for.
    #[error("the sensor is older than this program and does not know what it is asked for")]
    OtherProtocol,
    /// The sensor said no.
    #[error("refused: {0}")]
    Refused(String),
    /// A connection stood and ended.
    #[error("connection ended: {0}")]
    Lost(String),
    /// The survey did not take a batch.
    #[error("{0}")]
    Survey(String),
    /// This desktop's own network or key cannot be used.
    #[error("cannot connect from here: {0}")]
    Here(String),
}

impl LinkState {
    /// True while the sensor sends.
    #[must_use]
    pub const fn is_connected(&self) -> bool {
        matches!(self, Self::Connected { .. })
    }

    /// What it means, for people.
    #[must_use]
    pub fn words(&self, now: Instant) -> String {
        match self {
            Self::Resolving => "looking for the sensor".to_owned(),
            Self::Connecting { address } => format!("connecting to {address}"),
            Self::Connected { address, name, .. } => format!("connected to {name} at {address}"),
            Self::Waiting { trouble, retry_at } => {
                let left = retry_at.saturating_duration_since(now).as_secs_f64().ceil();
                format!("{trouble}; next attempt in {left} s")
            }
            Self::Stopped { why } => why.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn waiting_says_why_and_how_long() {
        let now = Instant::now();
        let retry_at = now + Duration::from_millis(2500);
        let state = LinkState::Waiting { trouble: LinkTrouble::NotPaired, retry_at };
        assert_eq!(
            state.words(now),
            "the sensor does not know this desktop; pair them: piwardrive-sensor pair; \
             next attempt in 3 s"
        );
        assert!(state.words(retry_at + Duration::from_secs(1)).ends_with("in 0 s"));
    }
}
