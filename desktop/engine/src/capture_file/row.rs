//! One packet as a line of the list.

use super::info;
use pw_dissect::Fcs;
use pw_dissect::describe::{describe, header};
use pw_dissect::fields::{Packet, Sink, Span, Value};
use pw_dissect::ieee80211::elements::id;
use pw_dissect::{Fault, Layer, fields};
use pw_model::{Channel, MacAddr, Ssid, Timestamp};

/// What makes a packet worth a second look.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Emphasis {
    /// Its bytes contradict the format; the first place, and how many there are.
    Malformed {
        /// Byte offset, layer and reason.
        words: String,
        /// How many contradictions.
        count: u32,
    },
    /// Its frame check sequence is wrong: what it says may be noise.
    BadFcs,
    /// It was not captured whole.
    Truncated,
}

impl Emphasis {
    /// For people.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Malformed { words, count: 1 } => format!("malformed: {words}"),
            Self::Malformed { words, count } => format!("malformed in {count} places: {words}"),
            Self::BadFcs => "wrong frame check sequence: its content may be noise".to_owned(),
            Self::Truncated => "not captured whole".to_owned(),
        }
    }
}

/// One packet as the list shows it. Unknown is `None`.
#[derive(Clone, PartialEq, Debug)]
pub struct PacketRow {
    /// Number in the file, from 1.
    pub number: u32,
    /// When it was captured.
    pub time: Option<Timestamp>,
    /// Channel tuned to.
    pub channel: Option<Channel>,
    /// Its centre in MHz.
    pub frequency_mhz: Option<u16>,
    /// Signal in dBm.
    pub signal_dbm: Option<i8>,
    /// PHY rate in units of 100 kbit/s.
    pub rate_100kbps: Option<u32>,
    /// Length of the frame on the air in bytes, with FCS; `None` when there is no frame.
    pub length: Option<u32>,
    /// Type and subtype in words.
    pub kind: String,
    /// Transmitter address.
    pub transmitter: Option<MacAddr>,
    /// Receiver address.
    pub receiver: Option<MacAddr>,
    /// Network name that it carries.
    pub network: Option<String>,
    /// What it says, in words.
    pub info: String,
    /// What is wrong with it.
    pub emphasis: Option<Emphasis>,
    /// The first of the colour rules that it passes.
    pub rule: Option<usize>,
    /// What the fields say that were asked for beside these; empty where it has none of it.
    pub extra: Vec<String>,
}

impl PacketRow {
    /// Of a packet; `rule` and `extra` are left to the caller.
    #[must_use]
    pub fn of(packet: &Packet<'_>) -> Self {
        let (captured, frame) = (&packet.captured, &packet.frame);
        let frequency_mhz = frame.radio.frequency_mhz;
        let header = frame.header;
        Self {
            number: u32::try_from(captured.number).unwrap_or(u32::MAX),
            time: captured.time,
            channel: frequency_mhz.and_then(Channel::from_frequency_mhz),
            frequency_mhz,
            signal_dbm: frame.radio.signal_dbm,
            rate_100kbps: frame.radio.rate_100kbps(),
            length: header.map(|_| frame.length),
            kind: kind(packet),
            transmitter: header.and_then(|header| header.transmitter()),
            receiver: header.and_then(|header| header.receiver()),
            network: network(packet),
            info: info::words(packet),
            emphasis: emphasis(packet),
            rule: None,
            extra: Vec::new(),
        }
    }

    /// A packet whose bytes cannot be read any more.
    pub(super) fn unreadable(number: u32, time: Option<Timestamp>, words: String) -> Self {
        Self {
            number,
            time,
            channel: None,
            frequency_mhz: None,
            signal_dbm: None,
            rate_100kbps: None,
            length: None,
            kind: "unreadable".to_owned(),
            transmitter: None,
            receiver: None,
            network: None,
            info: words,
            emphasis: None,
            rule: None,
            extra: Vec::new(),
        }
    }
}

/// Type and subtype in words; the link type of what is no 802.11 frame.
fn kind(packet: &Packet<'_>) -> String {
    if packet.frame.header.is_none() {
        let link = packet.captured.link_type;
        return if link.is_ieee80211() { "no frame".to_owned() } else { link.name() };
    }
    let field = &header::TYPE_SUBTYPE;
    let value = match field.read.and_then(|read| read(packet)) {
        Some(Value::Unsigned(value)) => value,
        _ => return "unreadable".to_owned(),
    };
    let name = field.names.and_then(|names| names(value));
    name.map_or_else(|| packet.frame.kind().name(), str::to_owned)
}

fn network(packet: &Packet<'_>) -> Option<String> {
    let ssid = Ssid::new(packet.frame.elements()?.find_id(id::SSID)?.body);
    (!ssid.is_hidden()).then(|| ssid.text())
}

/// Counts contradictions and keeps the first.
#[derive(Default)]
struct FaultSink {
    first: Option<Fault>,
    count: u32,
}

impl Sink for FaultSink {
    fn field(&mut self, _: &'static fields::Field, _: Value<'_>, _: Span) {}

    fn fault(&mut self, fault: Fault) {
        self.first = self.first.or(Some(fault));
        self.count += 1;
    }
}

/// A fault in one phrase.
pub(super) fn fault_words(fault: &Fault) -> String {
    format!("{}, byte {}: {}", fault.layer.name(), fault.offset, fault.reason)
}

fn emphasis(packet: &Packet<'_>) -> Option<Emphasis> {
    let frame = &packet.frame;
    if frame.fcs == Fcs::Bad {
        return Some(Emphasis::BadFcs);
    }
    let mut faults = FaultSink::default();
    describe(packet, &mut faults);
    // Of a frame that is not whole it is no wonder that the rest is missing.
    let is_cut = |fault: &Fault| frame.truncated && fault.layer != Layer::Radio;
    if let Some(first) = faults.first.filter(|first| !is_cut(first)) {
        return Some(Emphasis::Malformed { words: fault_words(&first), count: faults.count });
    }
    frame.truncated.then_some(Emphasis::Truncated)
}
