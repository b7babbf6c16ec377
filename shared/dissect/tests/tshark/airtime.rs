//! Time on the air against `wlan_radio.duration`.

use crate::rows::{Differences, Row, captures};
use pw_dissect::airtime::{airtime_us, preamble_us};
use pw_dissect::fields::Packet;
use pw_dissect::radio::modulation::vht_rate_100kbps;
use pw_dissect::radio::{GuardInterval, Modulation};

/// Share of the frames that must agree within 1 µs.
const AGREEING: f64 = 0.999;

/// Where tshark 4.0 departs from the standard, or where the header leaves a choice. A class holds
/// only when its mistake, made on purpose, gives tshark's very number.
fn explained(packet: &Packet<'_>, row: &Row<'_>, theirs: u32) -> Option<&'static str> {
    let modulation = packet.frame.radio.modulation?;
    let length = packet.frame.length;
    let without_fcs = length.saturating_sub(4);
    let lengths: &[u32] =
        if packet.frame.radio.has_fcs { &[length] } else { &[length, without_fcs] };
    let gives = |less_us: u32| {
        lengths.iter().any(|length| {
            airtime_us(modulation, *length)
                .is_some_and(|ours| ours.saturating_sub(less_us).abs_diff(theirs) <= 1)
        })
    };
    if gives(0) {
        return Some(
            "no FCS captured: tshark leaves its 4 bytes out, but the PSDU has them \
             (802.11-2020, 9.2.4.8)",
        );
    }
    match modulation {
        // The short preamble is 96 µs shorter.
        Modulation::Dsss { rate_100kbps: 10, .. } if gives(96) => {
            Some("short preamble at 1 Mbit/s, which only has the long one (802.11-2020, 16.2.2.3)")
        }
        Modulation::Dsss { short_preamble: false, .. }
            if gives(96) && !row.all("wlan_radio.assumed.short_preamble").is_empty() =>
        {
            Some(
                "the header does not say which preamble: tshark takes the short one, we the long one",
            )
        }
        Modulation::Ht { guard: Some(GuardInterval::Ns400), greenfield: false, .. }
            if (1..4).any(gives) =>
        {
            Some(
                "HT-mixed with the short guard interval ends on a 4 µs boundary (802.11-2020, 19.4.3, \
                 equation 19-90), which tshark leaves out",
            )
        }
        Modulation::Ht { width_mhz: Some(40), .. }
            if lengths.iter().any(|length| doubled_20_mhz(modulation, *length) == Some(theirs)) =>
        {
            Some(
                "HT in 40 MHz has 108 data tones (802.11-2020, table 19-6), not twice the 52 of 20 MHz \
                 that tshark counts with",
            )
        }
        _ => None,
    }
}

/// What comes out when a symbol of 40 MHz is thought to carry twice the bits of one of 20 MHz.
fn doubled_20_mhz(modulation: Modulation, length: u32) -> Option<u32> {
    let Modulation::Ht { mcs: Some(mcs), guard, stbc: 0, .. } = modulation else { return None };
    let streams = (mcs >> 3) + 1;
    // Units of 100 kbit/s in 4 µs.
    let bits = vht_rate_100kbps(mcs & 7, streams, 20, false)? * 4 / 10 * 2;
    let symbols = (length * 8 + 22).div_ceil(bits);
    let tenth_us = if guard == Some(GuardInterval::Ns400) { 36 } else { 40 };
    Some(preamble_us(modulation)? + (symbols * tenth_us + 5) / 10)
}

#[test]
fn airtime_equals_tshark() {
    let Some(captures) = captures() else { return };
    let mut compared = 0u64;
    let mut differences = Differences::default();
    captures.for_each(|name, packet, row| {
        let Some(theirs) = row.first("wlan_radio.duration").and_then(|text| text.parse().ok())
        else {
            return;
        };
        compared += 1;
        let theirs: u32 = theirs;
        let ours = packet.frame.airtime_us();
        if ours.is_some_and(|ours| ours.abs_diff(theirs) <= 1) {
            return;
        }
        let class = explained(packet, row, theirs).unwrap_or("unexplained");
        differences.add(class, || {
            format!(
                "{name} #{}: tshark {theirs}, ours {ours:?}, {:?}, {} bytes",
                packet.captured.number, packet.frame.radio.modulation, packet.frame.length
            )
        });
    });
    let unequal = differences.count(|class| class == "unexplained");
    let all = differences.count(|_| true);
    eprintln!(
        "{compared} frames compared, {all} differ by more than 1 µs, {unequal} of them unexplained"
    );
    differences.print();
    assert!(compared > 5000, "only {compared} frames with a duration");
    assert!((compared - unequal) as f64 >= compared as f64 * AGREEING);
}
