//! How busy the network says it is: BSS load in its standard and vendor forms.

use super::{Known, element_fields};
use crate::fields::{Reader, Value, Walk};
use crate::ieee80211::elements::id;

element_fields! {
    fields "802.11-2020, 9.4.2.27" {
        STATIONS: unsigned("wlan.qbss.scount", "Stations");
        UTILISATION: unsigned("wlan.qbss.cu", "Channel utilisation").unit("/255");
        ADMISSION_CAPACITY: unsigned("wlan.qbss.adc", "Available admission capacity").unit("32 µs/s");
        QBSS_VERSION: unsigned("wlan.qbss.version", "QBSS version");
    }
    fields "Cisco CCX" {
        CCX_UTILISATION: unsigned("wlan.qbss2.cu", "Channel utilisation").unit("/255");
        CCX_QUANTUM: unsigned("wlan.qbss2.glimit", "G.711 channel utilisation quantum");
        CCX_CALL_LIMIT: unsigned("wlan.qbss2.cal", "Call admission limit");
        CCX_STATIONS: unsigned("wlan.qbss2.scount", "Stations");
    }
    fields "802.11-2020, 9.4.2.159" {
        MU_STATIONS: unsigned("wlan.ext_bss.mu_mimo_capable_sta_count", "MU-MIMO capable stations");
        UNDERUTILISATION: unsigned("wlan.ext_bss.ss_underutilization", "Spatial stream underutilisation").unit("/255");
        SECONDARY_20: unsigned("wlan.ext_bss.observable_sec_20mhz_utilization", "Secondary 20 MHz utilisation").unit("/255");
        SECONDARY_40: unsigned("wlan.ext_bss.observable_sec_40mhz_utilization", "Secondary 40 MHz utilisation").unit("/255");
        SECONDARY_80: unsigned("wlan.ext_bss.observable_sec_80mhz_utilization", "Secondary 80 MHz utilisation").unit("/255");
    }
    fields "802.11-2020, 9.4.2.38" {
        ACCESS_DELAY: unsigned("wlan.bss_avg_access_delay", "Average access delay code").names(delay_name);
    }
    fields "802.11-2020, 9.4.2.43" {
        DELAY_BE: unsigned("wlan.bss_avg_ac_access_delay.be", "Access delay code, best effort").names(delay_name);
        DELAY_BK: unsigned("wlan.bss_avg_ac_access_delay.bk", "Access delay code, background").names(delay_name);
        DELAY_VI: unsigned("wlan.bss_avg_ac_access_delay_vi", "Access delay code, video").names(delay_name);
        DELAY_VO: unsigned("wlan.bss_avg_ac_access_delay_vo", "Access delay code, voice").names(delay_name);
    }
    fields "802.11-2020, 9.4.2.42" {
        AVAILABLE_MASK: hex("wlan.bss_avb_adm_cap.bitmask", "Available admission capacity bitmask", 4);
        AVAILABLE: unsigned("wlan.bss_avb_adm_cap.capacity", "Available admission capacity").unit("32 µs/s");
    }
    fields "802.11ax-2021, 9.4.2.258" {
        HE_STATIONS: unsigned("wlan.ext_tag.he_bss_load.he_sta_count", "HE stations");
        HE_UTILISATION: unsigned("wlan.ext_tag.he_bss_load.utilization", "Utilisation by HE stations").unit("/255");
        HE_UNDERUTILISATION: unsigned("wlan.ext_tag.he_bss_load.freq_underutilization", "Frequency underutilisation").unit("/255");
        HE_SPATIAL: unsigned("wlan.ext_tag.he_bss_load.ss_underutilization", "Spatial stream underutilisation, HE").unit("/255");
    }
}

pub(super) static ELEMENTS: &[Known] = &[
    Known::id(id::BSS_LOAD, "BSS load", bss_load),
    Known::id(id::EXTENDED_BSS_LOAD, "Extended BSS load", extended),
    Known::id(id::ACCESS_DELAY, "BSS average access delay", access_delay),
    Known::id(id::AC_ACCESS_DELAY, "BSS AC access delay", ac_access_delay),
    Known::id(id::ADMISSION_CAPACITY, "BSS available admission capacity", admission_capacity),
    Known::extension(51, "HE BSS load", he_load),
];

fn delay_name(value: u64) -> Option<&'static str> {
    match value {
        0 => Some("below 8 µs"),
        252 => Some("above the scale"),
        253 => Some("not measured"),
        254 => Some("service unable"),
        255 => Some("not available"),
        _ => None,
    }
}

fn bss_load(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    if reader.left() == 4 {
        // The QBSS element of the 802.11e drafts that Cisco sent: stations, utilisation, call limit.
        walk.derived(&QBSS_VERSION, Value::Unsigned(1));
        walk.u16(reader, &CCX_STATIONS)?;
        walk.u8(reader, &CCX_UTILISATION)?;
        walk.u8(reader, &CCX_CALL_LIMIT)?;
        return Some(());
    }
    walk.derived(&QBSS_VERSION, Value::Unsigned(2));
    walk.u16(reader, &STATIONS)?;
    walk.u8(reader, &UTILISATION)?;
    walk.u16(reader, &ADMISSION_CAPACITY)?;
    Some(())
}

/// QBSS version 2 of Cisco CCX: utilisation, quantum of a call, call limit, stations.
pub(super) fn ccx_load(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u8(reader, &CCX_UTILISATION)?;
    walk.u8(reader, &CCX_QUANTUM)?;
    walk.u8(reader, &CCX_CALL_LIMIT)?;
    walk.u16(reader, &CCX_STATIONS)?;
    Some(())
}

fn extended(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u16(reader, &MU_STATIONS)?;
    for field in [&UNDERUTILISATION, &SECONDARY_20, &SECONDARY_40, &SECONDARY_80] {
        walk.u8(reader, field)?;
    }
    Some(())
}

fn access_delay(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u8(reader, &ACCESS_DELAY).map(|_| ())
}

fn ac_access_delay(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    for field in [&DELAY_BE, &DELAY_BK, &DELAY_VI, &DELAY_VO] {
        walk.u8(reader, field)?;
    }
    Some(())
}

fn admission_capacity(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let mask = walk.u16(reader, &AVAILABLE_MASK)?;
    for _ in 0..mask.count_ones() {
        walk.u16(reader, &AVAILABLE)?;
    }
    Some(())
}

fn he_load(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u16(reader, &HE_STATIONS)?;
    for field in [&HE_UTILISATION, &HE_UNDERUTILISATION, &HE_SPATIAL] {
        walk.u8(reader, field)?;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::super::testing::body_lines;

    #[test]
    fn the_standard_form_and_the_older_one() {
        assert_eq!(
            body_lines(&[11, 5, 7, 0, 60, 0x12, 0x7a]),
            [
                "QBSS version: 2",
                "Stations: 7",
                "Channel utilisation: 60 /255",
                "Available admission capacity: 31250 32 µs/s",
            ]
        );
        assert_eq!(
            body_lines(&[11, 4, 2, 0, 51, 30]),
            [
                "QBSS version: 1",
                "Stations: 2",
                "Channel utilisation: 51 /255",
                "Call admission limit: 30"
            ]
        );
    }

    #[test]
    fn capacity_of_the_classes_that_the_mask_names() {
        assert_eq!(
            body_lines(&[67, 6, 0x81, 0, 1, 0, 2, 0]),
            [
                "Available admission capacity bitmask: 0x0081",
                "Available admission capacity: 1 32 µs/s",
                "Available admission capacity: 2 32 µs/s",
            ]
        );
        assert_eq!(
            body_lines(&[68, 4, 1, 2, 253, 255])[2..],
            [
                "Access delay code, video: not measured (253)",
                "Access delay code, voice: not available (255)"
            ]
        );
    }
}
