//! What the receiver says of a frame, whichever header it came in.

use crate::fields::{Span, Value, Walk, fields};

fields! {
    Radio => FIELDS;
    /// What the receiver says.
    RADIO: branch("wlan_radio", "Radio");
    /// Received signal strength.
    SIGNAL: signed("wlan_radio.signal_dbm", "Signal").unit("dBm")
        .read(|packet| Some(Value::Signed(i64::from(packet.frame.radio.signal_dbm?))));
    /// Noise floor.
    NOISE: signed("wlan_radio.noise_dbm", "Noise").unit("dBm")
        .read(|packet| Some(Value::Signed(i64::from(packet.frame.radio.noise_dbm?))));
    /// Centre of the channel tuned to.
    FREQUENCY: unsigned("wlan_radio.frequency", "Frequency").unit("MHz")
        .read(|packet| Some(Value::Unsigned(u64::from(packet.frame.radio.frequency_mhz?))));
    /// PHY rate.
    RATE: float("wlan_radio.data_rate", "Rate").unit("Mbit/s")
        .read(|packet| Some(Value::Float(f64::from(packet.frame.radio.rate_100kbps()?) / 10.0)));
    /// Time on the air, preamble included.
    DURATION: unsigned("wlan_radio.duration", "Time on the air").unit("µs")
        .read(|packet| Some(Value::Unsigned(u64::from(packet.frame.airtime_us()?))));
}

pub(super) fn describe(walk: &mut Walk<'_>) {
    let packet = walk.packet;
    let span = Span::new(0, packet.frame.mac_offset);
    walk.branch(&RADIO, Value::Nothing, span, |walk| {
        for field in [&SIGNAL, &NOISE, &FREQUENCY, &RATE, &DURATION] {
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
