//! Several BSSs in one beacon: multiple BSSID, its index and configuration, non-inheritance.

use super::{Known, bits, element_fields, nested, pick, subelements};
use crate::fields::{Reader, Walk};
use crate::ieee80211::elements::id;

element_fields! {
    fields "802.11-2020, 9.4.2.45" {
        INDICATOR: unsigned("wlan.multiple_bssid", "Maximum BSSID indicator");
    }
    fields "802.11-2020, 9.4.2.71" {
        CAPABILITY: hex("wlan.no_bssid_capability", "Capability information", 4);
    }
    fields "802.11-2020, 9.4.2.73" {
        INDEX: unsigned("wlan.multiple_bssid_index.bssid_index", "BSSID index");
        DTIM_PERIOD: unsigned("wlan.multiple_bssid_index.dtim_period", "DTIM period").unit("beacons");
        DTIM_COUNT: unsigned("wlan.multiple_bssid_index.dtim_count", "DTIM count").unit("beacons");
    }
    fields "802.11ax-2021, 9.4.2.259" {
        COUNT: unsigned("wlan.ext_tag.multiple_bssid_configuration.bssid_count", "BSSID count");
        PERIODICITY: unsigned("wlan.ext_tag.multiple_bssid_configuration.full_set_rx_periodicity", "Full set receive periodicity").unit("beacons");
    }
    fields "802.11ax-2021, 9.4.2.240" {
        LIST: unsigned("wlan.ext_tag.non_inheritance.element_id_list.length", "Elements not inherited");
        LISTED: unsigned("wlan.ext_tag.non_inheritance.element_id_list.element_id", "Not inherited").names(super::element_name);
        EXTENSIONS: unsigned("wlan.ext_tag.non_inheritance.element_id_ext_list.length", "Extensions not inherited");
        EXTENSION_LISTED: unsigned("wlan.ext_tag.non_inheritance.element_id_ext_list.element_id_ext", "Not inherited").names(super::extension_name);
    }
    layout CAPABILITY_BITS "802.11-2020, 9.4.1.4" {
        0, 1: flag("wlan.no_bssid_capability.ess", "ESS");
        1, 1: flag("wlan.no_bssid_capability.ibss", "IBSS");
        4, 1: flag("wlan.no_bssid_capability.privacy", "Privacy");
        5, 1: flag("wlan.no_bssid_capability.short_preamble", "Short preamble");
        8, 1: flag("wlan.no_bssid_capability.spectrum_management", "Spectrum management");
        9, 1: flag("wlan.no_bssid_capability.qos", "QoS");
        10, 1: flag("wlan.no_bssid_capability.short_slot_time", "Short slot time");
        11, 1: flag("wlan.no_bssid_capability.apsd", "APSD");
        12, 1: flag("wlan.no_bssid_capability.radio_measurement", "Radio measurement");
    }
}

pub(super) static ELEMENTS: &[Known] = &[
    Known::id(id::MULTIPLE_BSSID, "Multiple BSSID", multiple_bssid),
    Known::id(id::NON_TRANSMITTED_CAPABILITY, "Nontransmitted BSSID capability", capability),
    Known::id(id::MULTIPLE_BSSID_INDEX, "Multiple BSSID index", index),
    Known::extension(55, "Multiple BSSID configuration", configuration),
    Known::extension(id::EXT_NON_INHERITANCE, "Non-inheritance", non_inheritance),
];

pub(super) fn multiple_bssid(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u8(reader, &INDICATOR)?;
    subelements(
        walk,
        reader,
        |number| {
            if number == 221 {
                Some("vendor specific")
            } else {
                pick(&["nontransmitted BSSID profile"], number)
            }
        },
        |walk, number, value| {
            if number == 0 {
                nested(walk, value);
            }
            Some(())
        },
    );
    Some(())
}

fn capability(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    bits(walk, reader, &CAPABILITY, 2, CAPABILITY_BITS).map(|_| ())
}

fn index(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u8(reader, &INDEX)?;
    // Beacons have the DTIM fields, probe responses do not.
    if reader.is_empty() {
        return Some(());
    }
    walk.u8(reader, &DTIM_PERIOD)?;
    walk.u8(reader, &DTIM_COUNT).map(|_| ())
}

fn configuration(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u8(reader, &COUNT)?;
    walk.u8(reader, &PERIODICITY).map(|_| ())
}

fn non_inheritance(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    for _ in 0..walk.u8(reader, &LIST)? {
        walk.u8(reader, &LISTED)?;
    }
    if reader.is_empty() {
        return Some(());
    }
    for _ in 0..walk.u8(reader, &EXTENSIONS)? {
        walk.u8(reader, &EXTENSION_LISTED)?;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::super::testing::body_lines;

    #[test]
    fn a_profile_in_the_element() {
        let profile = [83, 2, 0x11, 0, 0, 2, b'n', b'1', 85, 3, 1, 2, 0, 255, 4, 56, 1, 48, 0];
        let mut element = vec![71, profile.len() as u8 + 3, 3, 0, profile.len() as u8];
        element.extend(profile);
        let lines = body_lines(&element);
        for line in [
            "Maximum BSSID indicator: 3",
            "Subelement: nontransmitted BSSID profile",
            "  Element: Nontransmitted BSSID capability",
            "      Privacy: yes",
            "    SSID: n1",
            "    BSSID index: 1",
            "    DTIM period: 2 beacons",
            "    Not inherited: RSN (48)",
            "    Extensions not inherited: 0",
        ] {
            assert!(lines.contains(&line.to_owned()), "{line} is not in {lines:#?}");
        }
    }

    #[test]
    fn nesting_ends() {
        // Profiles in profiles, deeper than any frame needs: the innermost stay bytes.
        let mut inner = vec![0, 1, b'x'];
        for _ in 0..20 {
            let length = inner.len() as u8;
            let mut outer = vec![71, length + 3, 1, 0, length];
            outer.extend(&inner);
            inner = outer;
        }
        let lines = body_lines(&inner);
        assert!(lines.iter().any(|line| line.contains("Data: ")), "{lines:#?}");
        assert!(!lines.iter().any(|line| line.contains("SSID: x")), "{lines:#?}");
    }
}
