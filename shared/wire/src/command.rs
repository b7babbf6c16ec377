//! What a desktop may ask a sensor to do, and what radios are told to listen to.

use crate::envelope::{EnvelopeError, decode_payload, encode_payload};
use pw_model::{ChannelPlan, RadioId};
use serde::{Deserialize, Serialize};

/// Longest command in bytes; a longer one is not understood.
pub const MAX_COMMAND: usize = 4 << 10;

/// Something that a paired desktop asks a sensor to do. On the link it is bytes within
/// [`crate::Message::Command`], so that a sensor can answer that it does not know it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum SensorCommand {
    /// Listen to other channels from now on, until the sensor is restarted or told otherwise.
    SetPlan {
        /// Which radio; all when `None`.
        radio: Option<RadioId>,
        /// Which channels.
        plan: ChannelPlan,
    },
}

impl SensorCommand {
    /// The bytes for [`crate::Message::Command`].
    ///
    /// # Errors
    /// It is longer than [`MAX_COMMAND`].
    pub fn encode(&self) -> Result<Vec<u8>, EnvelopeError> {
        let bytes = encode_payload(self)?;
        if bytes.len() > MAX_COMMAND {
            return Err(EnvelopeError::TooLong { length: bytes.len() });
        }
        Ok(bytes)
    }

    /// Reads a command; `None` for one that this release does not know.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > MAX_COMMAND {
            return None;
        }
        decode_payload(bytes).ok()
    }
}

/// What became of a command.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum CommandOutcome {
    /// Done; what, in words.
    Done {
        /// What was done.
        words: String,
    },
    /// Not done; why, in words.
    Refused {
        /// Why.
        words: String,
    },
    /// The sensor does not know this command.
    Unknown,
}

/// What a radio is told to listen to right now.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RadioTuning {
    /// Which radio.
    pub radio: RadioId,
    /// The plan as it is written, like `adaptive`; `None` for a source that cannot be tuned.
    pub plan: Option<String>,
    /// Width it listens to in MHz, where known.
    pub width_mhz: Option<u16>,
    /// The plan in words for people, or why there is none.
    pub words: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_survive_and_later_ones_are_not_known() {
        for plan in ["all", "lock:5180/80", "favourites:2412,2437"] {
            let command = SensorCommand::SetPlan {
                radio: Some(RadioId(3)),
                plan: plan.parse().expect("a plan"),
            };
            let bytes = command.encode().expect("short");
            assert_eq!(SensorCommand::decode(&bytes), Some(command));
            for cut in 0..bytes.len() {
                assert_eq!(SensorCommand::decode(&bytes[..cut]), None, "cut at {cut}");
            }
        }
        assert_eq!(SensorCommand::decode(&[1, 0]), None, "a command of a later release");
        assert_eq!(SensorCommand::decode(&vec![0; MAX_COMMAND + 1]), None);
    }
}
