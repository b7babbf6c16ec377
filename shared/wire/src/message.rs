//! What sensor and desktop say to each other. Each message is one envelope of kind `Message`;
//! batches travel as they are, in their own envelopes.
//!
//! The enum grows at the end; a shipped structure never changes, a `V2` is added beside it.
//! A message that a later release added is skipped by an older one.

use crate::command::{CommandOutcome, RadioTuning};
use crate::envelope::{EnvelopeError, EnvelopeKind, decode_payload, seal_value};
use pw_model::{FixMode, MacAddr, Origin, RadioId, SensorId, Timestamp};
use serde::{Deserialize, Serialize};

/// Oldest protocol this release speaks.
pub const PROTOCOL_MIN: u16 = 1;

/// Newest protocol this release speaks.
pub const PROTOCOL_MAX: u16 = 1;

/// UDP port of a sensor where nothing else is said.
pub const DEFAULT_PORT: u16 = 47_147;

/// What a sensor is called on the local network (DNS-SD, RFC 6763), where it announces itself.
pub const SERVICE: &str = "_piwardrive._udp.local.";

/// Key of the sensor's identifier in the text record of [`SERVICE`], in hexadecimal digits. What it
/// says is a hint for people: who a sensor is, its key proves.
pub const SERVICE_ID: &str = "id";

/// Longest message, envelope included, in bytes. A longer one ends the connection.
pub const MAX_MESSAGE: usize = 64 << 10;

/// Longest name of a sensor or desktop that is kept, in characters; the rest is cut off.
pub const MAX_NAME: usize = 64;

/// A message on the link.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Message {
    /// Desktop: who I am and which protocols I speak. The first message of a link.
    Hello(Hello),
    /// Sensor: who I am and what I hold. The answer to [`Message::Hello`].
    Welcome(Welcome),
    /// Sensor: no, and why. Nothing follows.
    Refused(RefusedReason),
    /// Desktop: send what comes after this.
    Resume {
        /// Journal that is meant, from [`Welcome::epoch`].
        epoch: u64,
        /// Highest batch that is durable in the survey, and all before it that the sensor still
        /// holds; 0 for none.
        after_seq: u64,
        /// True when the survey holds that very batch, and with it all that later ones refer to.
        /// False for one that begins in the middle: the sensor then announces networks again.
        holds_it: bool,
    },
    /// Desktop: this batch and all before it are durable in the survey.
    Ack {
        /// Journal that is meant.
        epoch: u64,
        /// Number of the batch.
        seq: u64,
    },
    /// Sensor: how I am right now, at most once a second. Not stored; batches carry what is.
    Status(Box<Status>),
    /// Either: I leave in order, and why. Nothing follows.
    Goodbye(GoodbyeReason),
    /// Desktop, while pairing: first message of the key exchange.
    PairRequest {
        /// Name that the sensor's owner will read in its list of keys.
        name: String,
        /// Opaque to this crate.
        message: Vec<u8>,
    },
    /// Sensor, while pairing: answer of the key exchange.
    PairAnswer {
        /// Opaque to this crate.
        message: Vec<u8>,
    },
    /// Desktop, while pairing: proof that it has the code.
    PairProof {
        /// Opaque to this crate.
        proof: [u8; 32],
    },
    /// Sensor, while pairing: its own proof. The two are paired.
    PairDone {
        /// Opaque to this crate.
        proof: [u8; 32],
        /// Name the owner gave the sensor.
        name: String,
    },
    /// Desktop, on a connection for commands: do this.
    Command {
        /// Comes back with the answer.
        number: u32,
        /// A [`crate::SensorCommand`] in bytes, so that one of a later release can be refused.
        command: Vec<u8>,
    },
    /// Sensor, on a connection for commands: what became of it.
    CommandResult {
        /// The command's number.
        number: u32,
        /// What became of it.
        outcome: CommandOutcome,
    },
    /// Sensor: what its radios are told to listen to. With a status, when it changed.
    Tuning(Vec<RadioTuning>),
    /// Desktop: send signal levels of this moment as datagrams ([`crate::SignalLevels`]), of these
    /// transmitters first, at most [`crate::MAX_WATCHED`]; none any more when `None`. An older sensor
    /// skips it; to an older desktop, which does not say it, none are sent.
    WatchLevels(Option<Vec<MacAddr>>),
}

/// Number of variants of [`Message`] that this release knows.
const KNOWN_MESSAGES: u8 = 15;

/// First words of a desktop.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Hello {
    /// Oldest protocol it speaks.
    pub protocol_min: u16,
    /// Newest protocol it speaks.
    pub protocol_max: u16,
    /// Program and release, like `piwardrive 0.1.0`.
    pub software: String,
    /// What it wants to be.
    pub role: Role,
    /// Name of the desktop, for the sensor's log.
    pub name: String,
}

/// What a peer wants to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Role {
    /// Stores batches and acknowledges them.
    Recorder,
}

/// First words of a sensor.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Welcome {
    /// The protocol that both will speak.
    pub protocol: u16,
    /// Program and release, like `piwardrive-sensor 0.1.0`.
    pub software: String,
    /// Who it is.
    pub sensor: SensorId,
    /// Name the owner gave it.
    pub name: String,
    /// Where its frames come from.
    pub origin: Origin,
    /// Which journal it writes.
    pub epoch: u64,
    /// Oldest batch it still holds; one above `durable_seq` when it holds none.
    pub oldest_seq: u64,
    /// Newest batch that is durable in the journal; 0 when there was none yet.
    pub durable_seq: u64,
}

/// Why a sensor says no.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum RefusedReason {
    /// No protocol in common.
    Protocol {
        /// Oldest that the sensor speaks.
        min: u16,
        /// Newest that the sensor speaks.
        max: u16,
    },
    /// As many desktops are connected as the sensor serves.
    Busy,
    /// The desktop holds batches that the journal has not written: the journal lost its end.
    JournalBehind {
        /// Newest batch in the journal.
        durable_seq: u64,
    },
    /// While pairing: no window is open.
    PairingClosed,
    /// While pairing: the code is wrong.
    PairingCode {
        /// Attempts left in this window.
        attempts_left: u8,
    },
    /// While pairing: the sensor could not store the key.
    PairingNotStored,
}

impl RefusedReason {
    /// What it means and what to do, for people.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Protocol { min, max } => format!(
                "the sensor speaks protocol {min} to {max}, this program {PROTOCOL_MIN} to \
                 {PROTOCOL_MAX}; update the older of the two"
            ),
            Self::Busy => "the sensor serves as many desktops as it can".to_owned(),
            Self::JournalBehind { durable_seq } => format!(
                "the sensor's journal ends at batch {durable_seq}, before what this survey \
                 already holds; stop the sensor and move its journal folder away, so that it \
                 begins a new one"
            ),
            Self::PairingClosed => {
                "no pairing window is open; start one with: piwardrive-sensor pair".to_owned()
            }
            Self::PairingCode { attempts_left: 0 } => {
                "the code is wrong; no attempts left, start again with: piwardrive-sensor pair"
                    .to_owned()
            }
            Self::PairingCode { attempts_left } => {
                format!("the code is wrong; attempts left: {attempts_left}")
            }
            Self::PairingNotStored => "the sensor could not store the key; see its log".to_owned(),
        }
    }
}

/// Why an end leaves.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum GoodbyeReason {
    /// The person or the system stopped it.
    Stopping,
    /// The desktop's key was revoked at the sensor.
    Revoked,
    /// The same desktop opened a newer connection.
    Replaced,
    /// The other end broke the protocol; how, in words.
    Protocol(String),
    /// The journal could not be read; why, in words.
    Journal(String),
    /// The other end said nothing in time.
    Silence,
}

impl GoodbyeReason {
    /// What it means, for people.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Stopping => "the other end was stopped".to_owned(),
            Self::Revoked => "the sensor no longer accepts this desktop's key".to_owned(),
            Self::Replaced => "this desktop opened a newer connection".to_owned(),
            Self::Protocol(how) => format!("protocol broken: {}", plain_text(how, 200)),
            Self::Journal(why) => {
                format!("the sensor cannot read its journal: {}", plain_text(why, 200))
            }
            Self::Silence => "no answer in time".to_owned(),
        }
    }
}

/// How a sensor is right now.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Status {
    /// When, by the sensor's clock.
    pub time: Timestamp,
    /// Seconds since the sensor started.
    pub uptime_secs: u64,
    /// The position receiver; `None` when the sensor was started without one.
    pub gps: Option<GpsStatus>,
    /// Radios in the order of their numbers.
    pub radios: Vec<RadioStatus>,
    /// Frames heard since the sensor started.
    pub frames: u64,
    /// Frames per second over the last seconds; `None` before that is known.
    pub frames_per_second: Option<f32>,
    /// Frames known to be lost since the sensor started.
    pub frames_lost: u64,
    /// Batches that no desktop has acknowledged.
    pub backlog_batches: u64,
    /// Bytes of them.
    pub backlog_bytes: u64,
    /// Free bytes on the journal's disk.
    pub disk_free_bytes: Option<u64>,
    /// Processor temperature in degrees Celsius.
    pub temperature_c: Option<f32>,
}

/// How the position receiver is right now.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct GpsStatus {
    /// Kind of fix; `None` while the receiver has said nothing.
    pub mode: Option<FixMode>,
    /// Satellites used.
    pub satellites: Option<u8>,
    /// Seconds since the last report with a position; `None` when there was none.
    pub position_age_secs: Option<f32>,
    /// 95 % error of the last position in metres.
    pub error_m: Option<f32>,
    /// What is wrong with the receiver, in words; `None` when nothing is.
    pub trouble: Option<String>,
}

/// How a radio is right now.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct RadioStatus {
    /// Which radio.
    pub radio: RadioId,
    /// Interface or file.
    pub source: String,
    /// True while it listens.
    pub listening: bool,
    /// Channel it listens to, as the centre of the primary channel in MHz.
    pub frequency_mhz: Option<u16>,
    /// Frames heard since the sensor started.
    pub frames: u64,
    /// Frames known to be lost since the sensor started.
    pub frames_lost: u64,
    /// What is wrong with it, in words; `None` when nothing is.
    pub trouble: Option<String>,
}

impl Message {
    /// The message in its envelope.
    ///
    /// # Errors
    /// It is longer than [`MAX_MESSAGE`].
    pub fn encode(&self) -> Result<Vec<u8>, EnvelopeError> {
        let bytes = seal_value(EnvelopeKind::Message, self)?;
        if bytes.len() > MAX_MESSAGE {
            return Err(EnvelopeError::TooLong { length: bytes.len() });
        }
        Ok(bytes)
    }

    /// Reads the payload of a message's envelope; `None` for a message that a later release added.
    ///
    /// # Errors
    /// The payload is not a message.
    pub fn decode(payload: &[u8]) -> Result<Option<Self>, EnvelopeError> {
        // The first byte is the variant's number; from 251 on, the codec writes longer numbers.
        match payload.first() {
            Some(number) if *number >= KNOWN_MESSAGES && *number < 251 => Ok(None),
            _ => decode_payload(payload).map(Some),
        }
    }
}

/// A name as it may be shown and stored: no control characters, at most [`MAX_NAME`] characters.
#[must_use]
pub fn plain_name(name: &str) -> String {
    plain_text(name, MAX_NAME)
}

/// Text from the other end as it may be shown: no control characters, not longer than that.
#[must_use]
pub fn plain_text(text: &str, characters: usize) -> String {
    text.chars().filter(|c| !c.is_control()).take(characters).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::envelope::{Envelope, encode_payload};

    fn status() -> Status {
        Status {
            time: Timestamp::from_unix_secs(1_700_000_000),
            uptime_secs: 60,
            gps: Some(GpsStatus {
                mode: Some(FixMode::ThreeD),
                satellites: Some(9),
                position_age_secs: Some(0.4),
                error_m: None,
                trouble: None,
            }),
            radios: vec![RadioStatus {
                radio: RadioId(0),
                source: "wlan1".to_owned(),
                listening: true,
                frequency_mhz: Some(2412),
                frames: 100,
                frames_lost: 1,
                trouble: None,
            }],
            frames: 100,
            frames_per_second: Some(50.5),
            frames_lost: 1,
            backlog_batches: 3,
            backlog_bytes: 4096,
            disk_free_bytes: Some(1 << 33),
            temperature_c: None,
        }
    }

    /// One of each, in order: a new variant must be added here and counted above.
    fn all() -> Vec<Message> {
        vec![
            Message::Hello(Hello {
                protocol_min: 1,
                protocol_max: 3,
                software: "piwardrive 0.1.0".to_owned(),
                role: Role::Recorder,
                name: "laptop".to_owned(),
            }),
            Message::Welcome(Welcome {
                protocol: 1,
                software: "piwardrive-sensor 0.1.0".to_owned(),
                sensor: SensorId([3; 16]),
                name: "car".to_owned(),
                origin: Origin::Live,
                epoch: u64::MAX,
                oldest_seq: 1,
                durable_seq: 0,
            }),
            Message::Refused(RefusedReason::Busy),
            Message::Resume { epoch: 5, after_seq: 7, holds_it: true },
            Message::Ack { epoch: 5, seq: 8 },
            Message::Status(Box::new(status())),
            Message::Goodbye(GoodbyeReason::Stopping),
            Message::PairRequest { name: "laptop".to_owned(), message: vec![1; 33] },
            Message::PairAnswer { message: vec![2; 33] },
            Message::PairProof { proof: [3; 32] },
            Message::PairDone { proof: [4; 32], name: "car".to_owned() },
            Message::Command { number: 7, command: vec![0, 0, 0] },
            Message::CommandResult {
                number: 7,
                outcome: CommandOutcome::Refused { words: "no".to_owned() },
            },
            Message::Tuning(vec![RadioTuning {
                radio: RadioId(0),
                plan: Some("all".to_owned()),
                width_mhz: Some(20),
                words: "all, 13 channels".to_owned(),
            }]),
            Message::WatchLevels(Some(vec![MacAddr([2, 0, 0, 0, 0, 1])])),
        ]
    }

    #[test]
    fn every_message_survives_the_link() {
        assert_eq!(all().len(), usize::from(KNOWN_MESSAGES));
        for (number, message) in all().into_iter().enumerate() {
            let sealed = message.encode().expect("small");
            let envelope = Envelope::read(&sealed).expect("sound");
            assert_eq!(envelope.kind, Some(EnvelopeKind::Message));
            assert_eq!(usize::from(envelope.payload[0]), number, "numbers never move");
            assert_eq!(Message::decode(envelope.payload), Ok(Some(message)));
        }
    }

    #[test]
    fn a_later_message_is_skipped_and_damage_is_not() {
        assert_eq!(Message::decode(&[KNOWN_MESSAGES, 1, 2, 3]), Ok(None));
        assert!(Message::decode(&[]).is_err());
        assert!(Message::decode(&[251, 255, 255]).is_err());
        for message in all() {
            let payload = encode_payload(&message).expect("small");
            for cut in 0..payload.len() {
                assert!(Message::decode(&payload[..cut]).is_err(), "{message:?} cut at {cut}");
            }
        }
    }

    #[test]
    fn a_message_above_the_limit_is_not_sent() {
        let name = "x".repeat(MAX_MESSAGE);
        assert!(Message::PairRequest { name, message: Vec::new() }.encode().is_err());
    }

    #[test]
    fn names_are_made_plain() {
        assert_eq!(plain_name(" my\u{1b}[31m car\n"), "my[31m car");
        assert_eq!(plain_name(&"ä".repeat(100)).chars().count(), MAX_NAME);
    }
}
