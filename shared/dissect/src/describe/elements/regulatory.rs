//! What the regulator lets a network do: country, power, supported channels and operating classes.

use super::{Known, bits, element_fields, pick};
use crate::fields::{Reader, Span, Value, Walk};
use crate::ieee80211::elements::id;

element_fields! {
    fields "802.11-2020, 9.4.2.8" {
        COUNTRY: text("wlan.country_info.code", "Country")
            .read(|packet| {
                let element = packet.frame.elements()?.find_id(id::COUNTRY)?;
                element.body.get(..2).map(Value::Bytes)
            });
        ENVIRONMENT: hex("wlan.country_info.environment", "Environment", 2).names(environment_name);
        SUBBAND: branch("wlan.country_info.fnm", "Channels");
        FIRST_CHANNEL: unsigned("wlan.country_info.fnm.fcn", "First channel");
        CHANNELS: unsigned("wlan.country_info.fnm.nc", "Number of channels");
        MAX_POWER: signed("wlan.country_info.fnm.mtpl", "Maximum transmit power").unit("dBm");
        OPERATING: branch("wlan.country_info.rrc", "Operating triplet");
        OPERATING_EXTENSION: unsigned("wlan.country_info.rrc.oei", "Operating extension identifier");
        OPERATING_CLASS: unsigned("wlan.country_info.rrc.oc", "Operating class").names(operating_class_name);
        COVERAGE_CLASS: unsigned("wlan.country_info.rrc.cc", "Coverage class").unit("3 µs");
        PADDING: hex("wlan.country_info.padding", "Padding", 2);
    }
    fields "802.11-2020, 9.4.2.13" {
        POWER_CONSTRAINT: unsigned("wlan.powercon.local", "Local power constraint").unit("dB");
    }
    fields "802.11-2020, 9.4.2.14" {
        POWER_MINIMUM: signed("wlan.powercap.min", "Minimum transmit power").unit("dBm");
        POWER_MAXIMUM: signed("wlan.powercap.max", "Maximum transmit power").unit("dBm");
    }
    fields "802.11-2020, 9.4.2.16" {
        TRANSMIT_POWER: signed("wlan.tcprep.trsmt_pow", "Transmit power").unit("dBm");
        LINK_MARGIN: signed("wlan.tcprep.link_mrg", "Link margin").unit("dB");
    }
    fields "802.11-2020, 9.4.2.17" {
        SUPPORTED: branch("wlan.supchan", "Supported channels");
        SUPPORTED_FIRST: unsigned("wlan.supchan.first", "First supported channel");
        SUPPORTED_RANGE: unsigned("wlan.supchan.range", "Number of channels");
    }
    fields "802.11-2020, 9.4.2.53" {
        CURRENT_CLASS: unsigned("wlan.supopeclass.current", "Current operating class").names(operating_class_name);
        OTHER_CLASS: unsigned("wlan.supopeclass.alt", "Supported operating class").names(operating_class_name);
    }
    fields "802.11-2020, 9.4.2.35" {
        REPORT_CLASS: unsigned("wlan.ap_channel_report.operating_class", "Operating class").names(operating_class_name);
        REPORT_CHANNEL: unsigned("wlan.ap_channel_report.channel_list", "Channel");
    }
    fields "802.11ax-2021, 9.4.2.161" {
        ENVELOPE: hex("wlan.vht.tpe.pwr_info", "Transmit power information", 2);
        ENVELOPE_POWER: float("wlan.vht.tpe.maximum_power", "Maximum transmit power").unit("dBm");
        ENVELOPE_DENSITY: float("wlan.vht.tpe.maximum_psd", "Maximum transmit power density").unit("dBm/MHz");
        ENVELOPE_EXTENSION: hex("wlan.vht.tpe.extension", "Extension count", 2);
    }
    fields "802.11-2020, 9.4.2.23" {
        DFS_OWNER: address("wlan.dfs.owner", "DFS owner");
        DFS_RECOVERY: unsigned("wlan.dfs.recovery_interval", "DFS recovery interval").unit("beacons");
        DFS_CHANNEL: unsigned("wlan.dfs.channel_number", "Channel");
        DFS_MAP: hex("wlan.dfs.channel_map", "Channel map", 2);
    }
    layout ENVELOPE_BITS "802.11ax-2021, 9.4.2.161" {
        0, 3: unsigned("wlan.vht.tpe.pwr_info.count", "Maximum transmit power count");
        3, 3: unsigned("wlan.vht.tpe.pwr_info.unit", "Interpretation")
            .names(|value| pick(&["local EIRP", "local EIRP density", "regulatory client EIRP", "regulatory client EIRP density", "additional regulatory client EIRP", "additional regulatory client EIRP density"], value));
        6, 2: unsigned("wlan.vht.tpe.pwr_info.category", "Category")
            .names(|value| pick(&["default", "subordinate device"], value));
    }
}

pub(super) static ELEMENTS: &[Known] = &[
    Known::id(id::COUNTRY, "Country", country),
    Known::id(32, "Power constraint", power_constraint),
    Known::id(33, "Power capability", power_capability),
    Known::id(34, "TPC request", super::only_named),
    Known::id(35, "TPC report", tpc_report),
    Known::id(36, "Supported channels", supported_channels),
    Known::id(41, "IBSS DFS", ibss_dfs),
    Known::id(51, "AP channel report", ap_channel_report),
    Known::id(59, "Supported operating classes", supported_classes),
    Known::id(195, "Transmit power envelope", power_envelope),
];

fn environment_name(value: u64) -> Option<&'static str> {
    Some(match value {
        0x20 => "any",
        0x4f => "outdoor",
        0x49 => "indoor",
        0x58 => "non-country entity",
        0x01 => "operating classes of the United States (table E-1)",
        0x02 => "operating classes of Europe (table E-2)",
        0x03 => "operating classes of Japan (table E-3)",
        0x04 => "global operating classes (table E-4)",
        0x05 => "operating classes of China (table E-5)",
        _ => return None,
    })
}

/// Band and width of a global operating class (IEEE Std 802.11-2020, table E-4; 802.11ax-2021; 802.11be-2024).
pub(super) fn operating_class_name(value: u64) -> Option<&'static str> {
    Some(match value {
        81 => "2.4 GHz, 20 MHz",
        82 => "2.4 GHz, channel 14",
        83 => "2.4 GHz, 40 MHz, secondary above",
        84 => "2.4 GHz, 40 MHz, secondary below",
        112 => "5 GHz, 20 MHz, channels 8 to 16",
        115 => "5 GHz, 20 MHz, channels 36 to 48",
        116 => "5 GHz, 40 MHz, channels 36 and 44",
        117 => "5 GHz, 40 MHz, channels 40 and 48",
        118 => "5 GHz, 20 MHz, channels 52 to 64",
        119 => "5 GHz, 40 MHz, channels 52 and 60",
        120 => "5 GHz, 40 MHz, channels 56 and 64",
        121 => "5 GHz, 20 MHz, channels 100 to 144",
        122 => "5 GHz, 40 MHz, channels 100 to 140, secondary above",
        123 => "5 GHz, 40 MHz, channels 104 to 144, secondary below",
        124 => "5 GHz, 20 MHz, channels 149 to 161",
        125 => "5 GHz, 20 MHz, channels 149 to 177",
        126 => "5 GHz, 40 MHz, channels 149 to 173, secondary above",
        127 => "5 GHz, 40 MHz, channels 153 to 177, secondary below",
        128 => "5 GHz, 80 MHz",
        129 => "5 GHz, 160 MHz",
        130 => "5 GHz, 80+80 MHz",
        131 => "6 GHz, 20 MHz",
        132 => "6 GHz, 40 MHz",
        133 => "6 GHz, 80 MHz",
        134 => "6 GHz, 160 MHz",
        135 => "6 GHz, 80+80 MHz",
        136 => "6 GHz, 20 MHz, channel 2",
        137 => "6 GHz, 320 MHz",
        180 => "60 GHz, 2.16 GHz",
        _ => return None,
    })
}

pub(super) fn country(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.bytes(reader, &COUNTRY, 2)?;
    walk.u8(reader, &ENVIRONMENT)?;
    while reader.left() >= 3 {
        let span = Span::new(reader.offset(), 3);
        // 201 and above is an operating extension identifier, not a channel.
        if reader.peek::<1>().is_some_and(|[first]| first >= 201) {
            walk.branch(&OPERATING, Value::Nothing, span, |walk| {
                walk.u8(reader, &OPERATING_EXTENSION)?;
                walk.u8(reader, &OPERATING_CLASS)?;
                walk.u8(reader, &COVERAGE_CLASS)
            })?;
        } else {
            walk.branch(&SUBBAND, Value::Nothing, span, |walk| {
                walk.u8(reader, &FIRST_CHANNEL)?;
                walk.u8(reader, &CHANNELS)?;
                walk.i8(reader, &MAX_POWER)
            })?;
        }
    }
    // One byte makes the length even.
    if reader.left() == 1 {
        walk.u8(reader, &PADDING)?;
    }
    Some(())
}

fn power_constraint(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u8(reader, &POWER_CONSTRAINT).map(|_| ())
}

fn power_capability(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.i8(reader, &POWER_MINIMUM)?;
    walk.i8(reader, &POWER_MAXIMUM).map(|_| ())
}

fn tpc_report(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.i8(reader, &TRANSMIT_POWER)?;
    walk.i8(reader, &LINK_MARGIN).map(|_| ())
}

fn supported_channels(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    while !reader.is_empty() {
        let span = Span::new(reader.offset(), 2);
        walk.branch(&SUPPORTED, Value::Nothing, span, |walk| {
            walk.u8(reader, &SUPPORTED_FIRST)?;
            walk.u8(reader, &SUPPORTED_RANGE)
        })?;
    }
    Some(())
}

fn ibss_dfs(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.address(reader, &DFS_OWNER)?;
    walk.u8(reader, &DFS_RECOVERY)?;
    while !reader.is_empty() {
        walk.u8(reader, &DFS_CHANNEL)?;
        walk.u8(reader, &DFS_MAP)?;
    }
    Some(())
}

pub(super) fn ap_channel_report(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u8(reader, &REPORT_CLASS)?;
    while !reader.is_empty() {
        walk.u8(reader, &REPORT_CHANNEL)?;
    }
    Some(())
}

fn supported_classes(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u8(reader, &CURRENT_CLASS)?;
    // 130 begins the current class extension sequence, 0 the duple sequence; both are left as bytes.
    while reader.peek::<1>().is_some_and(|[class]| class != 0) {
        walk.u8(reader, &OTHER_CLASS)?;
    }
    Some(())
}

/// Half decibels, signed; 127 states no limit.
fn half_decibels(walk: &mut Walk<'_>, reader: &mut Reader<'_>, is_density: bool) -> Option<()> {
    let span = Span::new(reader.offset(), 1);
    let [raw] = reader.array::<1>()?;
    let field = if is_density { &ENVELOPE_DENSITY } else { &ENVELOPE_POWER };
    walk.field(field, Value::Float(f64::from(i8::from_le_bytes([raw])) / 2.0), span);
    Some(())
}

/// Transmit power envelope. An EIRP has one value for 20 MHz and one for each wider channel; a density
/// has one value for all 20 MHz subchannels (count 0) or one for each (1, 2, 4 or 8).
pub(super) fn power_envelope(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let information = bits(walk, reader, &ENVELOPE, 1, ENVELOPE_BITS)?;
    let (count, interpretation) = (information.get(0, 3), information.get(3, 3));
    let is_density = matches!(interpretation, 1 | 3 | 5);
    let values = match (is_density, count) {
        (true, 0) => 1,
        (true, count) => 1u64 << count.saturating_sub(1).min(3),
        (false, count) => count.min(3).saturating_add(1),
    };
    for _ in 0..values {
        half_decibels(walk, reader, is_density)?;
    }
    if reader.is_empty() {
        return Some(());
    }
    // The extension of 802.11be: the 320 MHz value of an EIRP, or a count and more subchannels.
    if is_density {
        let extension = walk.u8(reader, &ENVELOPE_EXTENSION)?;
        for _ in 0..extension & 0x0f {
            half_decibels(walk, reader, true)?;
        }
    } else {
        half_decibels(walk, reader, false)?;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::super::testing::body_lines;

    #[test]
    fn triplets_of_both_kinds() {
        assert_eq!(
            body_lines(&[7, 10, b'D', b'E', 4, 201, 131, 0, 1, 13, 20, 0]),
            [
                "Country: DE",
                "Environment: global operating classes (table E-4) (0x04)",
                "Operating triplet",
                "  Operating extension identifier: 201",
                "  Operating class: 6 GHz, 20 MHz (131)",
                "  Coverage class: 0 3 µs",
                "Channels",
                "  First channel: 1",
                "  Number of channels: 13",
                "  Maximum transmit power: 20 dBm",
                "Padding: 0x00",
            ]
        );
    }

    #[test]
    fn powers() {
        assert_eq!(body_lines(&[32, 1, 3]), ["Local power constraint: 3 dB"]);
        assert_eq!(
            body_lines(&[33, 2, 0xfb, 20]),
            ["Minimum transmit power: -5 dBm", "Maximum transmit power: 20 dBm"]
        );
        assert_eq!(body_lines(&[35, 2, 17, 0]), ["Transmit power: 17 dBm", "Link margin: 0 dB"]);
        // Count 2 (up to 80 MHz), local EIRP.
        assert_eq!(
            body_lines(&[195, 4, 0x02, 0x2e, 0x2e, 0x3c])[4..],
            [
                "Maximum transmit power: 23 dBm",
                "Maximum transmit power: 23 dBm",
                "Maximum transmit power: 30 dBm"
            ]
        );
        // Count 0, regulatory client EIRP density, subordinate device.
        assert_eq!(
            body_lines(&[195, 2, 0x58, 0xfe])[1..],
            [
                "  Maximum transmit power count: 0",
                "  Interpretation: regulatory client EIRP density (3)",
                "  Category: subordinate device (1)",
                "Maximum transmit power density: -1 dBm/MHz"
            ]
        );
    }

    #[test]
    fn channels_and_classes() {
        assert_eq!(
            body_lines(&[36, 2, 36, 4]),
            ["Supported channels", "  First supported channel: 36", "  Number of channels: 4"]
        );
        assert_eq!(
            body_lines(&[59, 3, 81, 81, 115]),
            [
                "Current operating class: 2.4 GHz, 20 MHz (81)",
                "Supported operating class: 2.4 GHz, 20 MHz (81)",
                "Supported operating class: 5 GHz, 20 MHz, channels 36 to 48 (115)",
            ]
        );
        assert_eq!(
            body_lines(&[51, 3, 128, 42, 58]),
            ["Operating class: 5 GHz, 80 MHz (128)", "Channel: 42", "Channel: 58"]
        );
    }
}
