//! What the receiver says of a frame, whichever header it came in, and what follows from it.

use crate::airtime;
use crate::fields::{Field, Packet, Span, Value, Walk, fields};
use crate::radio::{GuardInterval, Modulation};
use pw_model::Channel;

fields! {
    Radio => FIELDS;
    /// What the receiver says.
    RADIO: branch("wlan_radio", "Radio");
    /// Kind of PHY, numbered as Wireshark does.
    PHY: unsigned("wlan_radio.phy", "PHY").names(phy_name)
        .read(|packet| Some(Value::Unsigned(phy(packet)?)));
    /// Short preamble of HR/DSSS.
    SHORT_PREAMBLE: flag("wlan_radio.short_preamble", "Short preamble").clause("802.11-2020, 16.2.2.3")
        .read(|packet| match packet.frame.radio.modulation? {
            Modulation::Dsss { short_preamble, .. } => Some(Value::Flag(short_preamble)),
            _ => None,
        });
    /// MCS of HT.
    HT_MCS: unsigned("wlan_radio.11n.mcs_index", "MCS").clause("802.11-2020, 19.5")
        .read(|packet| ht(packet).and_then(|ht| number(ht.mcs)));
    /// Width of HT, numbered as radiotap does.
    HT_BANDWIDTH: unsigned("wlan_radio.11n.bandwidth", "Bandwidth").names(ht_bandwidth)
        .read(|packet| Some(Value::Unsigned(u64::from(ht(packet)?.width_mhz? == 40))));
    /// Short guard interval of HT.
    HT_SHORT_GUARD: flag("wlan_radio.11n.short_gi", "Short guard interval")
        .read(|packet| Some(Value::Flag(ht(packet)?.guard? == GuardInterval::Ns400)));
    /// MCS of VHT.
    VHT_MCS: unsigned("wlan_radio.11ac.mcs", "MCS").clause("802.11-2020, 21.5")
        .read(|packet| vht(packet).and_then(|vht| number(vht.mcs)));
    /// Spatial streams of VHT.
    VHT_STREAMS: unsigned("wlan_radio.11ac.nss", "Spatial streams")
        .read(|packet| vht(packet).and_then(|vht| number(vht.streams)));
    /// Short guard interval of VHT.
    VHT_SHORT_GUARD: flag("wlan_radio.11ac.short_gi", "Short guard interval")
        .read(|packet| Some(Value::Flag(vht(packet)?.guard? == GuardInterval::Ns400)));
    /// MCS of HE.
    HE_MCS: unsigned("wlan_radio.11ax.mcs", "MCS").clause("802.11ax-2021, 27.5")
        .read(|packet| he(packet).and_then(|he| number(he.mcs)));
    /// Spatial streams of HE.
    HE_STREAMS: unsigned("wlan_radio.11ax.nss", "Spatial streams")
        .read(|packet| he(packet).and_then(|he| number(he.streams)));
    /// MCS of EHT.
    EHT_MCS: unsigned("wlan_radio.11be.mcs", "MCS").clause("802.11be-2024, 36.5")
        .read(|packet| eht(packet).and_then(|eht| number(eht.mcs)));
    /// Spatial streams of EHT.
    EHT_STREAMS: unsigned("wlan_radio.11be.nss", "Spatial streams")
        .read(|packet| eht(packet).and_then(|eht| number(eht.streams)));
    /// Width of the PPDU, whichever PHY.
    WIDTH: unsigned("wlan_radio.width", "Width").unit("MHz")
        .read(|packet| Some(Value::Unsigned(u64::from(Common::of(packet)?.width_mhz?))));
    /// Tones of the resource unit of HE and EHT, pilots included.
    TONES: unsigned("wlan_radio.tones", "Tones of the resource unit")
        .read(|packet| Some(Value::Unsigned(u64::from(Common::of(packet)?.tones?))));
    /// Guard interval, whichever PHY.
    GUARD: unsigned("wlan_radio.guard_interval", "Guard interval").unit("ns")
        .read(|packet| Some(Value::Unsigned(u64::from(Common::of(packet)?.guard?.ns()))));
    /// PHY rate.
    RATE: float("wlan_radio.data_rate", "Rate").unit("Mbit/s")
        .read(|packet| Some(Value::Float(packet.frame.radio.modulation?.rate_mbps()?)));
    /// Channel tuned to.
    CHANNEL: unsigned("wlan_radio.channel", "Channel").clause("802.11-2020, annex E")
        .read(|packet| {
            let channel = Channel::from_frequency_mhz(packet.frame.radio.frequency_mhz?)?;
            Some(Value::Unsigned(u64::from(channel.number)))
        });
    /// Centre of the channel tuned to.
    FREQUENCY: unsigned("wlan_radio.frequency", "Frequency").unit("MHz")
        .read(|packet| Some(Value::Unsigned(u64::from(packet.frame.radio.frequency_mhz?))));
    /// Received signal strength.
    SIGNAL: signed("wlan_radio.signal_dbm", "Signal").unit("dBm")
        .read(|packet| Some(Value::Signed(i64::from(packet.frame.radio.signal_dbm?))));
    /// Noise floor.
    NOISE: signed("wlan_radio.noise_dbm", "Noise").unit("dBm")
        .read(|packet| Some(Value::Signed(i64::from(packet.frame.radio.noise_dbm?))));
    /// Signal above the noise floor.
    SIGNAL_TO_NOISE: signed("wlan_radio.snr", "Signal to noise").unit("dB")
        .read(|packet| {
            let radio = &packet.frame.radio;
            let (signal, noise) = (i64::from(radio.signal_dbm?), i64::from(radio.noise_dbm?));
            Some(Value::Signed(signal.saturating_sub(noise)))
        });
    /// The receiver's timer at the first bit of the MPDU.
    TIMESTAMP: unsigned("wlan_radio.timestamp", "TSF timestamp").unit("µs")
        .read(|packet| packet.frame.radio.tsft_us.map(Value::Unsigned));
    /// Reference number of the aggregate.
    AGGREGATE: unsigned("wlan_radio.a_mpdu_aggregate_id", "A-MPDU aggregate")
        .read(|packet| Some(Value::Unsigned(u64::from(packet.frame.radio.ampdu?.reference))));
    /// Last frame of its aggregate.
    LAST_OF_AGGREGATE: flag("wlan_radio.last_part_of_an_ampdu", "Last of the A-MPDU")
        .read(|packet| Some(Value::Flag(packet.frame.radio.ampdu?.is_last)));
    /// Kind of a PPDU without payload.
    ZERO_LENGTH: hex("wlan_radio.zero_len_psdu.type", "0-length PSDU", 2)
        .read(|packet| number(packet.frame.radio.zero_length_psdu));
    /// Time on the air, preamble included, as if sent alone.
    DURATION: unsigned("wlan_radio.duration", "Time on the air").unit("µs")
        .clause("802.11-2020, 15.4, 16.3.4, 17.4.3, 19.4.3, 21.4.3; 802.11ax-2021, 27.4.3")
        .read(|packet| Some(Value::Unsigned(u64::from(packet.frame.airtime_us()?))));
    /// Part of it before the data.
    PREAMBLE: unsigned("wlan_radio.preamble", "Preamble").unit("µs")
        .read(|packet| {
            let preamble_us = airtime::preamble_us(packet.frame.radio.modulation?)?;
            Some(Value::Unsigned(u64::from(preamble_us)))
        });
    /// Silence after it in 2.4 GHz, which also takes the medium.
    SIGNAL_EXTENSION: unsigned("wlan_radio.signal_extension", "Signal extension").unit("µs")
        .clause("802.11-2020, 18.3.2.3 and table 19-25")
        .read(|packet| {
            let radio = &packet.frame.radio;
            let us = airtime::signal_extension_us(radio.modulation?, radio.frequency_mhz?);
            Some(Value::Unsigned(u64::from(us)))
        });
    /// The receiver's timer when the preamble began: radiotap's timer stands for the first bit of the MPDU.
    START: unsigned("wlan_radio.start_tsf", "Start").unit("µs").clause("radiotap.org, TSFT")
        .read(|packet| {
            let preamble_us = airtime::preamble_us(packet.frame.radio.modulation?)?;
            packet.frame.radio.tsft_us?.checked_sub(u64::from(preamble_us)).map(Value::Unsigned)
        });
    /// The receiver's timer when the last symbol ended.
    END: unsigned("wlan_radio.end_tsf", "End").unit("µs").clause("radiotap.org, TSFT")
        .read(|packet| {
            let radio = &packet.frame.radio;
            let preamble_us = u64::from(airtime::preamble_us(radio.modulation?)?);
            let airtime_us = u64::from(packet.frame.airtime_us()?);
            let start_us = radio.tsft_us?.checked_sub(preamble_us)?;
            start_us.checked_add(airtime_us).map(Value::Unsigned)
        });
}

/// In the order in which they are shown.
static SHOWN: &[&Field] = &[
    &PHY,
    &SHORT_PREAMBLE,
    &HT_MCS,
    &HT_BANDWIDTH,
    &HT_SHORT_GUARD,
    &VHT_MCS,
    &VHT_STREAMS,
    &VHT_SHORT_GUARD,
    &HE_MCS,
    &HE_STREAMS,
    &EHT_MCS,
    &EHT_STREAMS,
    &WIDTH,
    &TONES,
    &GUARD,
    &RATE,
    &CHANNEL,
    &FREQUENCY,
    &SIGNAL,
    &NOISE,
    &SIGNAL_TO_NOISE,
    &TIMESTAMP,
    &AGGREGATE,
    &LAST_OF_AGGREGATE,
    &ZERO_LENGTH,
    &DURATION,
    &PREAMBLE,
    &SIGNAL_EXTENSION,
    &START,
    &END,
];

pub(super) fn describe(walk: &mut Walk<'_>) {
    let packet = walk.packet;
    let span = Span::new(0, packet.frame.mac_offset);
    walk.branch(&RADIO, Value::Nothing, span, |walk| {
        for field in SHOWN {
            if let Some(value) = field.read.and_then(|read| read(packet)) {
                walk.derived(field, value);
            }
        }
        // What the parser found in the radio header and in the 802.11 header.
        for fault in packet.frame.faults.iter() {
            walk.known_fault(*fault);
        }
    });
}

fn number(value: Option<u8>) -> Option<Value<'static>> {
    Some(Value::Unsigned(u64::from(value?)))
}

/// What the modulations of HT and later have in common, where they have it.
#[derive(Default)]
struct Common {
    mcs: Option<u8>,
    streams: Option<u8>,
    width_mhz: Option<u16>,
    tones: Option<u16>,
    guard: Option<GuardInterval>,
}

impl Common {
    fn of(packet: &Packet<'_>) -> Option<Self> {
        let modulation = packet.frame.radio.modulation?;
        let streams = modulation.streams();
        Some(match modulation {
            Modulation::Dsss { .. } => Self::default(),
            Modulation::Ofdm { width_mhz, .. } => {
                Self { width_mhz: Some(u16::from(width_mhz)), ..Self::default() }
            }
            Modulation::Ht { mcs, width_mhz, guard, .. }
            | Modulation::Vht { mcs, width_mhz, guard, .. } => {
                Self { mcs, streams, width_mhz, guard, ..Self::default() }
            }
            Modulation::He { mcs, tones, guard, .. }
            | Modulation::Eht { mcs, tones, guard, .. } => {
                Self { mcs, streams, tones, guard, ..Self::default() }
            }
        })
    }
}

fn ht(packet: &Packet<'_>) -> Option<Common> {
    matches!(packet.frame.radio.modulation?, Modulation::Ht { .. }).then(|| Common::of(packet))?
}

fn vht(packet: &Packet<'_>) -> Option<Common> {
    matches!(packet.frame.radio.modulation?, Modulation::Vht { .. }).then(|| Common::of(packet))?
}

fn he(packet: &Packet<'_>) -> Option<Common> {
    matches!(packet.frame.radio.modulation?, Modulation::He { .. }).then(|| Common::of(packet))?
}

fn eht(packet: &Packet<'_>) -> Option<Common> {
    matches!(packet.frame.radio.modulation?, Modulation::Eht { .. }).then(|| Common::of(packet))?
}

/// DSSS and OFDM in 2.4 GHz are the PHYs of 802.11b and g, OFDM elsewhere that of 802.11a.
fn phy(packet: &Packet<'_>) -> Option<u64> {
    let is_2_4_ghz = packet.frame.radio.frequency_mhz.is_some_and(|mhz| mhz < 3000);
    Some(match packet.frame.radio.modulation? {
        Modulation::Dsss { .. } => 4,
        Modulation::Ofdm { .. } => 5u64.saturating_add(u64::from(is_2_4_ghz)),
        Modulation::Ht { .. } => 7,
        Modulation::Vht { .. } => 8,
        Modulation::He { .. } => 11,
        Modulation::Eht { .. } => 12,
    })
}

fn phy_name(value: u64) -> Option<&'static str> {
    Some(match value {
        4 => "HR/DSSS (802.11b)",
        5 => "OFDM (802.11a)",
        6 => "ERP-OFDM (802.11g)",
        7 => "HT (802.11n)",
        8 => "VHT (802.11ac)",
        11 => "HE (802.11ax)",
        12 => "EHT (802.11be)",
        _ => return None,
    })
}

fn ht_bandwidth(value: u64) -> Option<&'static str> {
    super::pick(&["20 MHz", "40 MHz"], value)
}
