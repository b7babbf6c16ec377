//! Other access points: reduced neighbour report, neighbour report.

use super::regulatory::operating_class_name;
use super::{DATA, Key, Known, bits, element_fields, known, only_named, subelements};
use crate::fields::{Field, Reader, Span, Value, Walk};
use crate::ieee80211::elements::id;

element_fields! {
    fields "802.11-2024, 9.4.2.168" {
        NEIGHBOR: branch("wlan.rnr", "Neighbour access points");
        HEADER: hex("wlan.rnr.tbtt_info", "TBTT information header", 4);
        CLASS: unsigned("wlan.rnr.tbtt_info.operating_class", "Operating class").names(operating_class_name);
        CHANNEL: unsigned("wlan.rnr.tbtt_info.channel_num", "Channel");
        INFORMATION: branch("wlan.rnr.tbtt_info.set", "TBTT information");
        OFFSET: unsigned("wlan.rnr.tbtt_info.tbtt_offset", "TBTT offset").unit("TU")
            .names(|value| match value {
                254 => Some("254 TU or more"),
                255 => Some("unknown"),
                _ => None,
            });
        BSSID: address("wlan.rnr.tbtt_info.bssid", "BSSID");
        SHORT_SSID: hex("wlan.rnr.tbtt_info.sh_ssid", "Short SSID", 8);
        PARAMETERS: hex("wlan.rnr.tbtt_info.bss_parameters", "BSS parameters", 2);
        DENSITY: float("wlan.rnr.tbt_info.psd_subfield", "Maximum transmit power density, 20 MHz").unit("dBm/MHz");
        MLD: hex("wlan.rnr.tbtt_info.mld_parameters", "MLD parameters", 6);
    }
    fields "802.11-2020, 9.4.2.36" {
        REPORT_BSSID: address("wlan.nreport.bssid", "BSSID");
        REPORT_INFORMATION: hex("wlan.nreport.bssid.info", "BSSID information", 8);
        REPORT_CLASS: unsigned("wlan.nreport.opeclass", "Operating class").names(operating_class_name);
        REPORT_CHANNEL: unsigned("wlan.nreport.channumber", "Channel");
        REPORT_PHY: unsigned("wlan.nreport.phytype", "PHY type").names(phy_name);
        TSF_OFFSET: unsigned("wlan.nreport.subelem.tsf_offset", "TSF offset").unit("TU");
        TSF_INTERVAL: unsigned("wlan.nreport.subelem.beacon_interval", "Beacon interval").unit("TU");
        COUNTRY: text("wlan.nreport.subelem.country_code", "Country");
        PREFERENCE: unsigned("wlan.nreport.subelem.bss_trn_can_pref", "Preference");
        TERMINATION: unsigned("wlan.nreport.subelem.bss_ter_tsf", "BSS termination").unit("µs TSF");
        DURATION: unsigned("wlan.nreport.subelem.bss_dur", "Duration").unit("minutes");
        BEARING: unsigned("wlan.nreport.subelem.bearing", "Bearing").unit("°");
        DISTANCE: hex("wlan.nreport.subelem.distance", "Distance (floating point)", 8);
        HEIGHT: hex("wlan.nreport.subelem.relative_height", "Relative height", 4);
    }
    layout HEADER_BITS "802.11-2024, 9.4.2.168.2" {
        0, 2: unsigned("wlan.rnr.tbtt_info.type", "TBTT information type");
        2, 1: flag("wlan.rnr.tbtt_info.fna", "Filtered neighbour AP");
        4, 4: unsigned("wlan.rnr.tbtt_info.info_count", "TBTT information count, less one");
        8, 8: unsigned("wlan.rnr.tbtt_info.info_len", "TBTT information length").unit("bytes");
    }
    layout PARAMETER_BITS "802.11-2024, 9.4.2.168.2" {
        0, 1: flag("wlan.rnr.tbtt_info.bss_parameters.oct_recommended", "OCT recommended");
        1, 1: flag("wlan.rnr.tbtt_info.bss_parameters.same_ssid", "Same SSID");
        2, 1: flag("wlan.rnr.tbtt_info.bss_parameters.multiple_bssid", "Multiple BSSID");
        3, 1: flag("wlan.rnr.tbtt_info.bss_parameters.transmitted_bssid", "Transmitted BSSID");
        4, 1: flag("wlan.rnr.tbtt_info.bss_parameters.member_of_ess_with_2p4_5_ghz_colocated_ap", "Member of an ESS with co-located APs in 2.4 or 5 GHz");
        5, 1: flag("wlan.rnr.tbtt_info.bss_parameters.unsolicited_probe_responses", "Unsolicited probe responses");
        6, 1: flag("wlan.rnr.tbtt_info.bss_parameters.colocated_ap", "Co-located AP");
    }
    layout MLD_BITS "802.11be-2024, 9.4.2.169.2" {
        0, 8: unsigned("wlan.rnr.tbtt_info.mld_parameters.mld_id", "AP MLD identifier")
            .names(|value| (value == 255).then_some("not part of an AP MLD, or unknown"));
        8, 4: unsigned("wlan.rnr.tbtt_info.mld_parameters.link_id", "Link identifier")
            .names(|value| (value == 15).then_some("unknown"));
        12, 8: unsigned("wlan.rnr.tbtt_info.mld_parameters.bss_params_change_count", "BSS parameters change count");
        20, 1: flag("wlan.rnr.tbtt_info.mld_parameters.all_updates_included", "All updates included");
        21, 1: flag("wlan.rnr.tbtt_info.mld_parameters.disabled_link", "Disabled link");
    }
    layout INFORMATION_BITS "802.11-2024, 9.4.2.35" {
        0, 2: unsigned("wlan.nreport.bssid.info.reachability", "AP reachability")
            .names(|value| super::pick(&["reserved", "not reachable", "unknown", "reachable"], value));
        2, 1: flag("wlan.nreport.bssid.info.security", "Security");
        3, 1: flag("wlan.nreport.bssid.info.keyscope", "Key scope");
        4, 1: flag("wlan.nreport.bssid.info.capability.specmngt", "Spectrum management");
        5, 1: flag("wlan.nreport.bssid.info.capability.qos", "QoS");
        6, 1: flag("wlan.nreport.bssid.info.capability.apsd", "APSD");
        7, 1: flag("wlan.nreport.bssid.info.capability.radiomsnt", "Radio measurement");
        10, 1: flag("wlan.nreport.bssid.info.mobilitydomain", "Mobility domain");
        11, 1: flag("wlan.nreport.bssid.info.hthroughput", "High throughput");
        12, 1: flag("wlan.nreport.bssid.info.vht", "Very high throughput");
        13, 1: flag("wlan.nreport.bssid.info.ftm", "Fine timing measurement");
        14, 1: flag("wlan.nreport.bssid.info.he", "High efficiency");
        15, 1: flag("wlan.nreport.bssid.info.er_bss", "Extended range BSS");
        16, 1: flag("wlan.nreport.bssid.info.colocated_ap", "Co-located AP");
        17, 1: flag("wlan.nreport.bssid.info.unsolicited_probe_responses", "Unsolicited probe responses");
        18, 1: flag("wlan.nreport.bssid.info.ess_colocated", "Member of an ESS with co-located APs in 2.4 or 5 GHz");
        19, 1: flag("wlan.nreport.bssid.info.oct", "OCT supported with the reporting AP");
        20, 1: flag("wlan.nreport.bssid.info.colocated_6ghz", "Co-located with a 6 GHz AP");
        21, 1: flag("wlan.nreport.bssid.info.eht", "Extremely high throughput");
        22, 1: flag("wlan.nreport.bssid.info.dmg_positioning", "DMG positioning");
    }
}

pub(super) static ELEMENTS: &[Known] = &[
    Known::id(id::REDUCED_NEIGHBOR_REPORT, "Reduced neighbour report", reduced),
    Known::id(52, "Neighbour report", report),
    Known::extension(87, "Multiple BSSID RNR", only_named),
];

/// Names of PHY types (IEEE Std 802.11-2024, annex C, dot11PHYType).
fn phy_name(value: u64) -> Option<&'static str> {
    super::pick(
        &[
            "", "FHSS", "DSSS", "IR", "OFDM", "HR/DSSS", "ERP", "HT", "DMG", "VHT", "TVHT", "S1G",
            "CDMG", "CMMG", "HE", "EHT",
        ],
        value,
    )
}

fn reduced(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    while !reader.is_empty() {
        let start = reader.offset();
        let [low, high] = reader.peek::<2>()?;
        let count = usize::from(low >> 4).saturating_add(1);
        let length = usize::from(high);
        let whole = count.saturating_mul(length).saturating_add(4);
        walk.branch(&NEIGHBOR, Value::Nothing, Span::new(start, whole), |walk| {
            bits(walk, reader, &HEADER, 2, HEADER_BITS)?;
            walk.u8(reader, &CLASS)?;
            walk.u8(reader, &CHANNEL)?;
            for _ in 0..count {
                let start = reader.offset();
                let mut inner = reader.part(length)?;
                walk.branch(&INFORMATION, Value::Nothing, Span::new(start, length), |walk| {
                    information(walk, &mut inner, low & 3, length)?;
                    walk.rest(&mut inner, &DATA);
                    Some(())
                })?;
            }
            Some(())
        })?;
    }
    Some(())
}

/// The length tells which fields there are (table 9-343 of 802.11-2024, as amended by 802.11be).
fn information(
    walk: &mut Walk<'_>,
    reader: &mut Reader<'_>,
    kind: u8,
    length: usize,
) -> Option<()> {
    if kind == 1 {
        // MLD parameters alone.
        return if length >= 3 {
            bits(walk, reader, &MLD, 3, MLD_BITS).map(|_| ())
        } else {
            Some(())
        };
    }
    if kind != 0 || length == 0 {
        return Some(());
    }
    let extended = length >= 16;
    walk.u8(reader, &OFFSET)?;
    if extended || matches!(length, 7..=13) {
        walk.address(reader, &BSSID)?;
    }
    if extended || matches!(length, 5 | 6 | 11..=13) {
        walk.number(reader, &SHORT_SSID, 4)?;
    }
    if extended || matches!(length, 2 | 6 | 8 | 9 | 12 | 13) {
        bits(walk, reader, &PARAMETERS, 1, PARAMETER_BITS)?;
    }
    if extended || matches!(length, 9 | 13) {
        density(walk, reader)?;
    }
    if extended || matches!(length, 4 | 10) {
        bits(walk, reader, &MLD, 3, MLD_BITS)?;
    }
    Some(())
}

/// Half decibels; 127 states no limit, and then nothing is said.
fn density(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let span = Span::new(reader.offset(), 1);
    let raw = i8::from_le_bytes(reader.array()?);
    if raw != 127 {
        walk.field(&DENSITY, Value::Float(f64::from(raw) / 2.0), span);
    }
    Some(())
}

pub(super) fn report(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.address(reader, &REPORT_BSSID)?;
    bits(walk, reader, &REPORT_INFORMATION, 4, INFORMATION_BITS)?;
    walk.u8(reader, &REPORT_CLASS)?;
    walk.u8(reader, &REPORT_CHANNEL)?;
    walk.u8(reader, &REPORT_PHY)?;
    subelements(walk, reader, subelement_name, subelement);
    Some(())
}

fn subelement_name(number: u64) -> Option<&'static str> {
    Some(match number {
        1 => "TSF information",
        2 => "condensed country string",
        3 => "BSS transition candidate preference",
        4 => "BSS termination duration",
        5 => "bearing",
        6 => "wide bandwidth channel",
        39 => "measurement report",
        45 => "HT capabilities",
        61 => "HT operation",
        62 => "secondary channel offset",
        66 => "measurement pilot transmission",
        70 => "RM enabled capabilities",
        71 => "multiple BSSID",
        191 => "VHT capabilities",
        192 => "VHT operation",
        193 => "HE capabilities",
        194 => "HE operation",
        195 => "HE BSS load",
        196 => "SSID",
        199 => "EHT capabilities",
        200 => "EHT operation",
        201 => "basic multi-link",
        221 => "vendor specific",
        _ => return None,
    })
}

fn subelement(walk: &mut Walk<'_>, number: u8, value: &mut Reader<'_>) -> Option<()> {
    let read = |walk: &mut Walk<'_>, value: &mut Reader<'_>, parts: &[(&'static Field, usize)]| {
        for (field, length) in parts {
            walk.number(value, field, *length)?;
        }
        Some(())
    };
    match number {
        1 => read(walk, value, &[(&TSF_OFFSET, 2), (&TSF_INTERVAL, 2)]),
        2 => walk.bytes(value, &COUNTRY, 2).map(|_| ()),
        3 => read(walk, value, &[(&PREFERENCE, 1)]),
        4 => read(walk, value, &[(&TERMINATION, 8), (&DURATION, 2)]),
        5 => read(walk, value, &[(&BEARING, 2), (&DISTANCE, 4), (&HEIGHT, 2)]),
        6 => super::channel_switch::wide_bandwidth(walk, value),
        196 => super::identity::ssid(walk, value),
        // The rest has the form of the element with the same identifier. Nesting is bounded all the same.
        39 | 45 | 61 | 62 | 70 | 71 | 191 | 192 => {
            let element = known(Key::Id(number))?;
            walk.deeper(|walk| (element.describe)(walk, value)).unwrap_or(Some(()))
        }
        201 => walk.deeper(|walk| super::multi_link::multi_link(walk, value)).unwrap_or(Some(())),
        _ => Some(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::body_lines;

    #[test]
    fn reduced_reports_by_length() {
        let mut element = vec![201, 0, 0x00, 13, 131, 37, 255];
        element.extend([2, 0, 0, 0, 0, 7, 0x78, 0x56, 0x34, 0x12, 0x42, 0xfe]);
        // Two of type 1: MLD parameters only.
        element.extend([0x11, 3, 128, 36, 0, 0x41, 0x10, 0, 0x02, 0x20]);
        element[1] = (element.len() - 2) as u8;
        let lines = body_lines(&element);
        for line in [
            "Neighbour access points",
            "  Operating class: 6 GHz, 20 MHz (131)",
            "  Channel: 37",
            "    TBTT offset: unknown (255)",
            "    BSSID: 02:00:00:00:00:07",
            "    Short SSID: 0x12345678",
            "      Same SSID: yes",
            "      Co-located AP: yes",
            "    Maximum transmit power density, 20 MHz: -1 dBm/MHz",
            "      Link identifier: 1",
            "      BSS parameters change count: 4",
            "      Disabled link: yes",
        ] {
            assert!(lines.contains(&line.to_owned()), "{line} is not in {lines:#?}");
        }
        assert!(
            !lines.iter().any(|line| line.contains('!') || line.contains("Data")),
            "{lines:#?}"
        );
    }

    #[test]
    fn a_neighbour_report_with_subelements() {
        let mut element = vec![52, 0, 2, 0, 0, 0, 0, 7, 0x8f, 0x58, 0, 0, 115, 36, 9];
        element.extend([3, 1, 200, 6, 3, 1, 42, 0, 2, 2, b'D', b'E', 62, 1, 1]);
        element[1] = (element.len() - 2) as u8;
        let lines = body_lines(&element);
        for line in [
            "BSSID: 02:00:00:00:00:07",
            "  AP reachability: reachable (3)",
            "  Very high throughput: yes",
            "Operating class: 5 GHz, 20 MHz, channels 36 to 48 (115)",
            "PHY type: VHT (9)",
            "  Preference: 200",
            "  Centre channel, segment 0: 42",
            "  Country: DE",
            "  Secondary channel: above (1)",
        ] {
            assert!(lines.contains(&line.to_owned()), "{line} is not in {lines:#?}");
        }
    }
}
