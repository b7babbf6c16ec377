//! Classes of traffic, estimated from sizes, times, direction and priority alone.
//!
//! No rule looks into a payload, so all hold for encrypted traffic as well; and all are estimates.
//! The rules are tried in the order below, the first that fits decides. Where a threshold comes from
//! is written beside it; thresholds without a source are our own choice and say so.

use super::conversations::Features;
use serde::Serialize;

/// What traffic looks like.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TrafficClass {
    /// Small packets at a steady pace in both directions.
    Voice,
    /// Large packets mostly in one direction, in bursts with pauses or with video priority.
    Streaming,
    /// Large packets mostly in one direction, without pauses.
    Bulk,
    /// Bursts of mixed sizes with pauses.
    Interactive,
    /// Few small packets over a long time.
    Background,
    /// Too little to tell, or none of the above.
    Unknown,
}

impl TrafficClass {
    /// The name in output.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Voice => "voice",
            Self::Streaming => "streaming",
            Self::Bulk => "bulk",
            Self::Interactive => "interactive",
            Self::Background => "background",
            Self::Unknown => "unknown",
        }
    }
}

/// How much speaks for a class. Not a probability: nothing here was measured against labels.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// No class fits.
    None,
    /// Sizes and times fit.
    Low,
    /// Sizes and times fit, and so does a fact of another kind: the priority that the sender gave it,
    /// or ten times the length that the rule asks for.
    Medium,
}

/// A class with what speaks for it.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Classified {
    /// The class.
    pub class: TrafficClass,
    /// How much speaks for it.
    pub confidence: Confidence,
    /// What was measured, in words.
    pub evidence: Vec<String>,
}

/// Packets below which nothing is said. Our own choice.
const MIN_PACKETS: u64 = 20;

/// Voice: shortest conversation in seconds, and packets of each side. Our own choice: two to three
/// words.
const VOICE_MIN_S: f64 = 3.0;
const VOICE_MIN_PACKETS: u64 = 50;
/// Voice: mean bytes of a body. G.711 with 20 ms: 160 bytes of sound, 40 of RTP, UDP and IPv4, 8 of
/// LLC, 16 of CCMP make 224 (RFC 3551, 4.5.14); G.729 and Opus are smaller, G.711 with 30 ms and IPv6
/// is 324.
const VOICE_BYTES: (f64, f64) = (60.0, 400.0);
/// Voice: packets per second of each side. 60 ms to 10 ms between packets are 16 to 100; a fifth
/// around for losses.
const VOICE_RATE: (f64, f64) = (12.0, 120.0);
/// Voice: share of packets at that pace. Our own choice.
const VOICE_PACED: f64 = 0.7;
/// Voice: packets of the busier side for one of the other. Silence suppression stops about 60 % of
/// the packets of who listens (ITU-T P.59: talk spurts fill 38 % of the time).
const VOICE_RATIO: f64 = 2.7;

/// Streaming and bulk: share of the bytes in the heavier direction, and mean bytes of its bodies.
/// Transfers in one direction are full-sized segments one way, acknowledgements the other. Our own
/// choice.
const ONE_WAY_SHARE: f64 = 0.85;
const ONE_WAY_BYTES: f64 = 700.0;
/// Streaming: shortest conversation in seconds, and rates in bit/s: 240p at the low end, UHD at the
/// high end (common encoder ladders for HTTP adaptive streaming).
const STREAMING_MIN_S: f64 = 10.0;
const STREAMING_RATE: (f64, f64) = (200e3, 40e6);
/// Streaming: bursts with pauses: the ON-OFF cycles that video over HTTP shows after its start phase
/// (Rao et al., "Network characteristics of video streaming traffic", CoNEXT 2011).
const STREAMING_MIN_BURSTS: u64 = 3;
const STREAMING_ACTIVE: (f64, f64) = (0.1, 0.85);

/// Bulk: bytes, rate in bit/s, and share of the seconds with packets. Our own choice; the original
/// rule for file transfer was 10 MB in any time.
const BULK_MIN_BYTES: u64 = 1_000_000;
const BULK_MIN_RATE: f64 = 500e3;
const BULK_ACTIVE: f64 = 0.85;

/// Interactive: bytes, bursts, share of small bodies (requests and acknowledgements). Pauses of more
/// than a second are the time a person reads (Barford and Crovella, SIGMETRICS 1998).
const INTERACTIVE_MIN_BYTES: u64 = 5_000;
const INTERACTIVE_MIN_BURSTS: u64 = 2;
const INTERACTIVE_SMALL: f64 = 0.2;
const INTERACTIVE_MIN_RATE: f64 = 1.0;

/// Background: shortest conversation in seconds, most packets per second, largest mean of bytes. Our
/// own choice.
const BACKGROUND_MIN_S: f64 = 30.0;
const BACKGROUND_RATE: f64 = 2.0;
const BACKGROUND_BYTES: f64 = 300.0;

/// Share of packets with a priority from which the priority counts as a fact. Our own choice.
const PRIORITY_SHARE: f64 = 0.5;

/// Figures of a conversation that several rules ask for.
struct Figures<'a> {
    features: &'a Features,
    duration_s: f64,
    packets: u64,
    bytes: u64,
    /// Share of the heavier direction in all bytes, and its mean of bytes.
    heavy_share: f64,
    heavy_bytes: f64,
    mean_bytes: f64,
    bits_per_second: f64,
    packets_per_second: f64,
    /// Share of the seconds from first to last in which there was a packet.
    active: f64,
    small: f64,
    voice: f64,
    video: f64,
}

/// The class of a conversation.
pub(super) fn classify(features: &Features) -> Classified {
    let Some(figures) = figures(features) else {
        let packets = features.a_to_b.packets + features.b_to_a.packets;
        let why = format!("{packets} packets: too few, or without times, to tell");
        return Classified {
            class: TrafficClass::Unknown,
            confidence: Confidence::None,
            evidence: vec![why],
        };
    };
    voice(&figures)
        .or_else(|| streaming(&figures))
        .or_else(|| bulk(&figures))
        .or_else(|| background(&figures))
        .or_else(|| interactive(&figures))
        .unwrap_or_else(|| Classified {
            class: TrafficClass::Unknown,
            confidence: Confidence::None,
            evidence: vec!["sizes and times fit none of the classes".to_owned(), figures.shape()],
        })
}

fn figures(features: &Features) -> Option<Figures<'_>> {
    let (a, b) = (&features.a_to_b, &features.b_to_a);
    let packets = a.packets + b.packets;
    let duration_s = features.span.duration_s().filter(|length| *length > 0.0)?;
    if packets < MIN_PACKETS {
        return None;
    }
    let heavy = if a.bytes >= b.bytes { a } else { b };
    let bytes = a.bytes + b.bytes;
    let share = |part: u64| part as f64 / packets as f64;
    Some(Figures {
        features,
        duration_s,
        packets,
        bytes,
        heavy_share: if bytes == 0 { 0.0 } else { heavy.bytes as f64 / bytes as f64 },
        heavy_bytes: heavy.mean_bytes(),
        mean_bytes: bytes as f64 / packets as f64,
        bits_per_second: bytes as f64 * 8.0 / duration_s,
        packets_per_second: packets as f64 / duration_s,
        active: features.active_seconds as f64 / (duration_s + 1.0),
        small: share(a.sizes[0] + b.sizes[0]),
        voice: share(a.voice_tid + b.voice_tid),
        video: share(a.video_tid + b.video_tid),
    })
}

impl Figures<'_> {
    fn shape(&self) -> String {
        format!(
            "{} packets, {} bytes in {:.1} s; {:.0} bytes on average; {:.0} % of the bytes one way",
            self.packets,
            self.bytes,
            self.duration_s,
            self.mean_bytes,
            100.0 * self.heavy_share
        )
    }

    fn found(&self, class: TrafficClass, medium: bool, mut evidence: Vec<String>) -> Classified {
        evidence.push(self.shape());
        if self.features.protected > 0 {
            evidence.push("encrypted: an estimate from sizes and times only".to_owned());
        }
        let confidence = if medium { Confidence::Medium } else { Confidence::Low };
        Classified { class, confidence, evidence }
    }
}

fn within(value: f64, (low, high): (f64, f64)) -> bool {
    value >= low && value <= high
}

fn voice(figures: &Figures<'_>) -> Option<Classified> {
    let (a, b) = (&figures.features.a_to_b, &figures.features.b_to_a);
    let fits = |side: &super::conversations::Side| {
        side.packets >= VOICE_MIN_PACKETS
            && within(side.mean_bytes(), VOICE_BYTES)
            && within(side.packets as f64 / figures.duration_s, VOICE_RATE)
            && side.paced as f64 >= VOICE_PACED * side.packets as f64
    };
    let ratio = a.packets.max(b.packets) as f64 / a.packets.min(b.packets).max(1) as f64;
    if figures.duration_s < VOICE_MIN_S || !fits(a) || !fits(b) || ratio > VOICE_RATIO {
        return None;
    }
    let priority = figures.voice >= PRIORITY_SHARE;
    let mut evidence = vec![format!(
        "{:.0} and {:.0} packets per second of {:.0} and {:.0} bytes, {:.0} % of them 5 to 70 ms apart",
        a.packets as f64 / figures.duration_s,
        b.packets as f64 / figures.duration_s,
        a.mean_bytes(),
        b.mean_bytes(),
        100.0 * (a.paced + b.paced) as f64 / figures.packets as f64
    )];
    if priority {
        evidence.push(format!("{:.0} % with voice priority (TID 6, 7)", 100.0 * figures.voice));
    }
    Some(figures.found(TrafficClass::Voice, priority, evidence))
}

fn streaming(figures: &Figures<'_>) -> Option<Classified> {
    let one_way = figures.heavy_share >= ONE_WAY_SHARE && figures.heavy_bytes >= ONE_WAY_BYTES;
    let long = figures.duration_s >= STREAMING_MIN_S;
    if !one_way || !long || !within(figures.bits_per_second, STREAMING_RATE) {
        return None;
    }
    let priority = figures.video >= PRIORITY_SHARE;
    let cycles =
        figures.features.bursts >= STREAMING_MIN_BURSTS && within(figures.active, STREAMING_ACTIVE);
    if !priority && !cycles {
        return None;
    }
    let mut evidence = vec![format!("{:.2} Mbit/s mostly one way", figures.bits_per_second / 1e6)];
    if cycles {
        evidence.push(format!(
            "{} bursts with pauses, packets in {:.0} % of the seconds",
            figures.features.bursts,
            100.0 * figures.active
        ));
    }
    if priority {
        evidence.push(format!("{:.0} % with video priority (TID 4, 5)", 100.0 * figures.video));
    }
    let medium = priority || figures.duration_s >= 10.0 * STREAMING_MIN_S;
    Some(figures.found(TrafficClass::Streaming, medium, evidence))
}

fn bulk(figures: &Figures<'_>) -> Option<Classified> {
    let one_way = figures.heavy_share >= ONE_WAY_SHARE && figures.heavy_bytes >= ONE_WAY_BYTES;
    // Within two seconds the clock's seconds say nothing about pauses.
    let steady = figures.active >= BULK_ACTIVE || figures.features.bursts == 1;
    let large = figures.bytes >= BULK_MIN_BYTES && figures.bits_per_second >= BULK_MIN_RATE;
    if !one_way || !steady || !large {
        return None;
    }
    let evidence = vec![format!(
        "{:.2} Mbit/s mostly one way, bodies of {:.0} bytes, packets in {:.0} % of the seconds",
        figures.bits_per_second / 1e6,
        figures.heavy_bytes,
        100.0 * figures.active.min(1.0)
    )];
    let medium = figures.bytes >= 10 * BULK_MIN_BYTES;
    Some(figures.found(TrafficClass::Bulk, medium, evidence))
}

fn interactive(figures: &Figures<'_>) -> Option<Classified> {
    let both = figures.features.a_to_b.packets > 0 && figures.features.b_to_a.packets > 0;
    let mixed = figures.small >= INTERACTIVE_SMALL && figures.small < 1.0;
    let enough = figures.bytes >= INTERACTIVE_MIN_BYTES
        && figures.features.bursts >= INTERACTIVE_MIN_BURSTS
        && figures.packets_per_second >= INTERACTIVE_MIN_RATE;
    if !both || !mixed || !enough {
        return None;
    }
    let evidence = vec![format!(
        "{} bursts with pauses of more than a second, {:.0} % small packets",
        figures.features.bursts,
        100.0 * figures.small
    )];
    Some(figures.found(TrafficClass::Interactive, false, evidence))
}

fn background(figures: &Figures<'_>) -> Option<Classified> {
    let rare = figures.packets_per_second <= BACKGROUND_RATE;
    let long = figures.duration_s >= BACKGROUND_MIN_S;
    if !rare || !long || figures.mean_bytes > BACKGROUND_BYTES {
        return None;
    }
    let evidence = vec![format!("{:.2} packets per second", figures.packets_per_second)];
    let medium = figures.duration_s >= 10.0 * BACKGROUND_MIN_S;
    Some(figures.found(TrafficClass::Background, medium, evidence))
}
