//! What the Wi-Fi Alliance adds (50-6F-9A): Hotspot 2.0, OSEN, MBO and OCE, multi-AP, displays, capabilities.

use super::{
    DATA, Known, SUBELEMENT, SUBELEMENT_LENGTH, SUBELEMENT_NUMBER, bits, element_fields,
    only_named, pick, subelements,
};
use crate::fields::{Reader, Span, Value, Walk};

element_fields! {
    fields "Hotspot 2.0 release 3, 3.1.1" {
        HOTSPOT: hex("wlan.hs20.indication.configuration", "Hotspot configuration", 2);
        PPS_MO: hex("wlan.hs20.indication.pps_mo_id", "PPS MO identifier", 4);
        DOMAIN: unsigned("wlan.hs20.indication.domain_id", "ANQP domain identifier");
        ROAMING: bytes("wlan.hs20.roaming_consortium_selection", "Roaming consortium selection");
    }
    fields "MBO 1.2, 4.2" {
        MBO_CAPABILITY: hex("wlan.wfa.ie.mbo_oce.ap_cap", "MBO capability", 2);
        CELLULAR: unsigned("wlan.wfa.ie.mbo.cellular_cap", "Cellular data")
            .names(|value| pick(&["", "available", "not available", "not capable"], value));
        DISALLOWED: unsigned("wlan.wfa.ie.mbo.assoc_disallow.reason", "Association disallowed")
            .names(|value| pick(&["", "unspecified", "maximum number of stations", "air interface overloaded", "authentication server overloaded", "insufficient signal"], value));
        CELLULAR_PREFERENCE: unsigned("wlan.wfa.ie.mbo.cellular_pref", "Cellular data preference")
            .names(|value| match value {
                0 => Some("excluded"),
                1 => Some("not preferred"),
                255 => Some("preferred"),
                _ => None,
            });
        TRANSITION: unsigned("wlan.wfa.ie.mbo.transition.reason", "Transition reason");
        REJECTION: unsigned("wlan.wfa.ie.mbo.transition_rej.reason", "Transition rejection reason");
        RETRY: unsigned("wlan.wfa.ie.mbo.assoc_retry.delay", "Reassociation delay").unit("s");
        NON_PREFERRED_CLASS: unsigned("wlan.wfa.ie.mbo.non_pref_chan.op_class", "Operating class")
            .names(super::regulatory::operating_class_name);
        NON_PREFERRED: unsigned("wlan.wfa.ie.mbo.non_pref_chan.chan", "Channel");
        NON_PREFERRED_PREFERENCE: unsigned("wlan.wfa.ie.mbo.non_pref_chan.pref", "Preference");
        NON_PREFERRED_REASON: unsigned("wlan.wfa.ie.mbo.non_pref_chan.reason", "Reason");
    }
    fields "OCE 1.0, 4.2" {
        OCE_CONTROL: hex("wlan.wfa.ie.oce.cap.ctrl", "OCE control", 2);
        OCE_REJECT_DELTA: unsigned("wlan.wfa.ie.oce.rssi_assoc_rej.delta", "Missing signal").unit("dB");
        OCE_REJECT_DELAY: unsigned("wlan.wfa.ie.oce.rssi_assoc_rej.delay", "Retry delay").unit("s");
        OCE_WAN: hex("wlan.wfa.ie.oce.wan_metrics.avail_cap", "Available capacity", 2);
        OCE_SHORT_SSID: hex("wlan.wfa.ie.oce.rnr_completeness.short_ssid", "Short SSID", 8);
        OCE_BSSID: address("wlan.wfa.ie.oce.probe_suppr.bssid", "BSSID");
        OCE_SSID: text("wlan.wfa.ie.oce.probe_suppr.ssid", "SSID");
    }
    fields "Multi-AP 2.0, 5.2" {
        MULTI_AP: hex("wlan.wfa.ie.multi_ap.flags", "Multi-AP", 2);
        MULTI_AP_PROFILE: unsigned("wlan.wfa.ie.multi_ap.profile", "Multi-AP profile");
        MULTI_AP_VLAN: unsigned("wlan.wfa.ie.multi_ap.vlan", "Primary VLAN");
    }
    fields "Wi-Fi Display 2.1, 5.1" {
        DISPLAY_BITMAP: hex("wifi_display.subelem.dev_info", "Device information", 4);
        DISPLAY_PORT: unsigned("wifi_display.subelem.session.control_port", "Control port");
        DISPLAY_RATE: unsigned("wifi_display.subelem.session.max_throughput", "Maximum throughput").unit("Mbit/s");
    }
    fields "WFA capabilities" {
        CAPABILITIES: bytes("wlan.wfa.ie.capabilities", "Capabilities");
        CAPABILITIES_LENGTH: unsigned("wlan.wfa.ie.capabilities.length", "Length of the capabilities").unit("bytes");
    }
    layout HOTSPOT_BITS "Hotspot 2.0 release 3, 3.1.1" {
        0, 1: flag("wlan.hs20.indication.dgaf_disabled", "Group-addressed forwarding disabled");
        1, 1: flag("wlan.hs20.indication.pps_mo_id_present", "PPS MO identifier present");
        2, 1: flag("wlan.hs20.indication.anqp_domain_id_present", "ANQP domain identifier present");
        4, 4: unsigned("wlan.hs20.indication.version_number", "Release, less one");
    }
    layout MBO_BITS "MBO 1.2, 4.2.1" {
        6, 1: flag("wlan.wfa.ie.mbo.ap_cap.cell", "Cellular data aware");
    }
    layout OCE_BITS "OCE 1.0, 4.2.1" {
        0, 3: unsigned("wlan.wfa.ie.oce.cap.release", "Release");
        3, 1: flag("wlan.wfa.ie.oce.cap.sta_cfon", "STA CFON");
        4, 1: flag("wlan.wfa.ie.oce.cap.11b_only_ap", "802.11b-only AP on the channel");
        5, 1: flag("wlan.wfa.ie.oce.cap.hlp", "FILS higher layer setup");
        6, 1: flag("wlan.wfa.ie.oce.cap.non_oce_ap", "Non-OCE AP on the channel");
    }
    layout WAN_BITS "OCE 1.0, 4.2.3" {
        0, 4: unsigned("wlan.wfa.ie.oce.wan_metrics.avail_cap_downlink", "Downlink, exponent").unit("100 kbit/s");
        4, 4: unsigned("wlan.wfa.ie.oce.wan_metrics.avail_cap_uplink", "Uplink, exponent").unit("100 kbit/s");
    }
    layout MULTI_AP_BITS "Multi-AP 2.0, table 4" {
        2, 1: flag("wlan.wfa.ie.multi_ap.profile_2_disallowed", "Profile 2 backhaul stations disallowed");
        3, 1: flag("wlan.wfa.ie.multi_ap.profile_1_disallowed", "Profile 1 backhaul stations disallowed");
        4, 1: flag("wlan.wfa.ie.multi_ap.teardown", "Teardown");
        5, 1: flag("wlan.wfa.ie.multi_ap.fronthaul_bss", "Fronthaul BSS");
        6, 1: flag("wlan.wfa.ie.multi_ap.backhaul_bss", "Backhaul BSS");
        7, 1: flag("wlan.wfa.ie.multi_ap.backhaul_sta", "Backhaul station");
    }
}

const WFA: [u8; 3] = [0x50, 0x6f, 0x9a];

const fn wfa(kind: u8) -> [u8; 4] {
    [WFA[0], WFA[1], WFA[2], kind]
}

pub(super) static ELEMENTS: &[Known] = &[
    Known::vendor(wfa(0x0a), "Wi-Fi Display", display),
    Known::vendor(wfa(0x10), "Hotspot 2.0 indication", hotspot),
    Known::vendor(wfa(0x11), "Hotspot 2.0", only_named),
    Known::vendor(wfa(0x12), "OSEN", osen),
    Known::vendor(wfa(0x13), "NAN", only_named),
    Known::vendor(wfa(0x16), "MBO and OCE", mbo_oce),
    Known::vendor(wfa(0x1a), "DPP", only_named),
    Known::vendor(wfa(0x1b), "Multi-AP", multi_ap),
    Known::vendor(wfa(0x1d), "Hotspot 2.0 roaming consortium selection", roaming),
    Known::vendor(wfa(0x1e), "DPP configurator connectivity", only_named),
    Known::vendor(wfa(0x1f), "SAE-PK", only_named),
    Known::vendor(wfa(0x20), "Transition disable", only_named),
    Known::vendor(wfa(0x22), "QoS management", only_named),
    Known::vendor(wfa(0x23), "Wi-Fi Alliance capabilities", capabilities),
    Known::any_of(WFA, "Wi-Fi Alliance"),
];

fn hotspot(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let configuration = bits(walk, reader, &HOTSPOT, 1, HOTSPOT_BITS)?;
    if configuration.is_set(1) {
        walk.u16(reader, &PPS_MO)?;
    }
    if configuration.is_set(2) {
        walk.u16(reader, &DOMAIN)?;
    }
    Some(())
}

/// OSEN: an RSN element without its version.
fn osen(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    super::rsn::after_version(walk, reader)
}

fn roaming(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.rest(reader, &ROAMING);
    Some(())
}

fn mbo_oce(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    subelements(
        walk,
        reader,
        |number| match number {
            1..=8 => pick(
                &[
                    "",
                    "MBO capability",
                    "non-preferred channel report",
                    "cellular data capabilities",
                    "association disallowed",
                    "cellular data connection preference",
                    "transition reason",
                    "transition rejection reason",
                    "association retry delay",
                ],
                number,
            ),
            101..=106 => pick(
                &[
                    "OCE capability",
                    "RSSI-based association rejection",
                    "reduced WAN metrics",
                    "RNR completeness",
                    "probe suppression BSSIDs",
                    "probe suppression SSIDs",
                ],
                number.saturating_sub(101),
            ),
            _ => None,
        },
        |walk, number, value| match number {
            1 => bits(walk, value, &MBO_CAPABILITY, 1, MBO_BITS).map(|_| ()),
            2 if !value.is_empty() => non_preferred(walk, value),
            3 => walk.u8(value, &CELLULAR).map(|_| ()),
            4 => walk.u8(value, &DISALLOWED).map(|_| ()),
            5 => walk.u8(value, &CELLULAR_PREFERENCE).map(|_| ()),
            6 => walk.u8(value, &TRANSITION).map(|_| ()),
            7 => walk.u8(value, &REJECTION).map(|_| ()),
            8 => walk.u16(value, &RETRY).map(|_| ()),
            101 => bits(walk, value, &OCE_CONTROL, 1, OCE_BITS).map(|_| ()),
            102 => {
                walk.u8(value, &OCE_REJECT_DELTA)?;
                walk.u8(value, &OCE_REJECT_DELAY).map(|_| ())
            }
            103 => bits(walk, value, &OCE_WAN, 1, WAN_BITS).map(|_| ()),
            104 => {
                while !value.is_empty() {
                    walk.number(value, &OCE_SHORT_SSID, 4)?;
                }
                Some(())
            }
            105 => {
                while !value.is_empty() {
                    walk.address(value, &OCE_BSSID)?;
                }
                Some(())
            }
            106 => {
                walk.rest(value, &OCE_SSID);
                Some(())
            }
            _ => Some(()),
        },
    );
    Some(())
}

/// Operating class, channels, and in the last two bytes preference and reason.
fn non_preferred(walk: &mut Walk<'_>, value: &mut Reader<'_>) -> Option<()> {
    walk.u8(value, &NON_PREFERRED_CLASS)?;
    while value.left() > 2 {
        walk.u8(value, &NON_PREFERRED)?;
    }
    walk.u8(value, &NON_PREFERRED_PREFERENCE)?;
    walk.u8(value, &NON_PREFERRED_REASON).map(|_| ())
}

fn multi_ap(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    subelements(
        walk,
        reader,
        |number| {
            pick(
                &["multi-AP extension", "multi-AP profile", "multi-AP default 802.1Q"],
                number.checked_sub(6)?,
            )
        },
        |walk, number, value| match number {
            6 => bits(walk, value, &MULTI_AP, 1, MULTI_AP_BITS).map(|_| ()),
            7 => walk.u8(value, &MULTI_AP_PROFILE).map(|_| ()),
            8 => walk.u16(value, &MULTI_AP_VLAN).map(|_| ()),
            _ => Some(()),
        },
    );
    Some(())
}

/// Subelements of one byte of type and two of length, big-endian.
fn display(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    while !reader.is_empty() {
        let start = reader.offset();
        let [number, high, low] = reader.peek::<3>()?;
        let length = usize::from(u16::from_be_bytes([high, low]));
        walk.branch(
            &SUBELEMENT,
            Value::Nothing,
            Span::new(start, length.saturating_add(3)),
            |walk| {
                walk.u8(reader, &SUBELEMENT_NUMBER)?;
                walk.number_be(reader, &SUBELEMENT_LENGTH, 2)?;
                let mut value = reader.part(length)?;
                if number == 0 {
                    walk.number_be(&mut value, &DISPLAY_BITMAP, 2)?;
                    walk.number_be(&mut value, &DISPLAY_PORT, 2)?;
                    walk.number_be(&mut value, &DISPLAY_RATE, 2)?;
                }
                walk.rest(&mut value, &DATA);
                Some(())
            },
        )?;
    }
    Some(())
}

fn capabilities(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let length = usize::from(walk.u8(reader, &CAPABILITIES_LENGTH)?);
    walk.bytes(reader, &CAPABILITIES, length).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::super::testing::body_lines;

    #[test]
    fn hotspot_and_osen() {
        let lines = body_lines(&[221, 7, 0x50, 0x6f, 0x9a, 0x10, 0x24, 0x34, 0x12]);
        for line in ["  Release, less one: 2", "ANQP domain identifier: 4660"] {
            assert!(lines.contains(&line.to_owned()), "{line} is not in {lines:#?}");
        }
        let mut osen =
            vec![221, 22, 0x50, 0x6f, 0x9a, 0x12, 0, 0x0f, 0xac, 7, 1, 0, 0, 0x0f, 0xac, 4];
        osen.extend([1, 0, 0x50, 0x6f, 0x9a, 1, 0, 0]);
        assert!(body_lines(&osen).contains(&"AKM suite: OSEN (0x506f9a01)".to_owned()));
    }

    #[test]
    fn agile_multiband_and_connectivity() {
        let lines =
            body_lines(&[221, 13, 0x50, 0x6f, 0x9a, 0x16, 1, 1, 0x40, 4, 1, 2, 101, 1, 0x01]);
        for line in [
            "    Cellular data aware: yes",
            "  Association disallowed: maximum number of stations (2)",
            "Subelement: OCE capability",
            "    Release: 1",
        ] {
            assert!(lines.contains(&line.to_owned()), "{line} is not in {lines:#?}");
        }
        let lines = body_lines(&[221, 7, 0x50, 0x6f, 0x9a, 0x1b, 6, 1, 0x60]);
        assert!(lines.contains(&"    Backhaul BSS: yes".to_owned()), "{lines:?}");
    }
}
