//! Extended capabilities: one bit each for what the station can do beyond the basic.

use super::{Known, bits, element_fields};
use crate::fields::{Reader, Walk};
use crate::ieee80211::elements::id;

element_fields! {
    fields "802.11-2024, 9.4.2.25" {
        CAPABILITIES: bytes("wlan.extcap", "Extended capabilities");
    }
    layout BITS "802.11-2024, 9.4.2.25" {
        0, 1: flag("wlan.extcap.b0", "20/40 BSS coexistence management");
        1, 1: flag("wlan.extcap.b1", "GLK");
        2, 1: flag("wlan.extcap.b2", "Extended channel switching");
        3, 1: flag("wlan.extcap.b3", "GLK-GCR");
        4, 1: flag("wlan.extcap.b4", "PSMP");
        6, 1: flag("wlan.extcap.b6", "S-PSMP");
        7, 1: flag("wlan.extcap.b7", "Event");
        8, 1: flag("wlan.extcap.b8", "Diagnostics");
        9, 1: flag("wlan.extcap.b9", "Multicast diagnostics");
        10, 1: flag("wlan.extcap.b10", "Location tracking");
        11, 1: flag("wlan.extcap.b11", "FMS");
        12, 1: flag("wlan.extcap.b12", "Proxy ARP");
        13, 1: flag("wlan.extcap.b13", "Collocated interference reporting");
        14, 1: flag("wlan.extcap.b14", "Civic location");
        15, 1: flag("wlan.extcap.b15", "Geospatial location");
        16, 1: flag("wlan.extcap.b16", "TFS");
        17, 1: flag("wlan.extcap.b17", "WNM sleep mode");
        18, 1: flag("wlan.extcap.b18", "TIM broadcast");
        19, 1: flag("wlan.extcap.b19", "BSS transition");
        20, 1: flag("wlan.extcap.b20", "QoS traffic capability");
        21, 1: flag("wlan.extcap.b21", "AC station count");
        22, 1: flag("wlan.extcap.b22", "Multiple BSSID");
        23, 1: flag("wlan.extcap.b23", "Timing measurement");
        24, 1: flag("wlan.extcap.b24", "Channel usage");
        25, 1: flag("wlan.extcap.b25", "SSID list");
        26, 1: flag("wlan.extcap.b26", "DMS");
        27, 1: flag("wlan.extcap.b27", "UTC TSF offset");
        28, 1: flag("wlan.extcap.b28", "TPU buffer station");
        29, 1: flag("wlan.extcap.b29", "TDLS peer PSM");
        30, 1: flag("wlan.extcap.b30", "TDLS channel switching");
        31, 1: flag("wlan.extcap.b31", "Interworking");
        32, 1: flag("wlan.extcap.b32", "QoS map");
        33, 1: flag("wlan.extcap.b33", "EBR");
        34, 1: flag("wlan.extcap.b34", "SSPN interface");
        36, 1: flag("wlan.extcap.b36", "MSGCF");
        37, 1: flag("wlan.extcap.b37", "TDLS");
        38, 1: flag("wlan.extcap.b38", "TDLS prohibited");
        39, 1: flag("wlan.extcap.b39", "TDLS channel switching prohibited");
        40, 1: flag("wlan.extcap.b40", "Reject unadmitted frame");
        41, 3: unsigned("wlan.extcap.serv_int_granularity", "Service interval granularity, less one").unit("5 ms");
        44, 1: flag("wlan.extcap.b44", "Identifier location");
        45, 1: flag("wlan.extcap.b45", "U-APSD coexistence");
        46, 1: flag("wlan.extcap.b46", "WNM notification");
        47, 1: flag("wlan.extcap.b47", "QAB");
        48, 1: flag("wlan.extcap.b48", "UTF-8 SSID");
        49, 1: flag("wlan.extcap.b49", "QMF activated");
        50, 1: flag("wlan.extcap.b50", "QMF reconfiguration activated");
        51, 1: flag("wlan.extcap.b51", "Robust AV streaming");
        52, 1: flag("wlan.extcap.b52", "Advanced GCR");
        53, 1: flag("wlan.extcap.b53", "Mesh GCR");
        54, 1: flag("wlan.extcap.b54", "SCS");
        55, 1: flag("wlan.extcap.b55", "QLoad report");
        56, 1: flag("wlan.extcap.b56", "Alternate EDCA");
        57, 1: flag("wlan.extcap.b57", "Unprotected TXOP negotiation");
        58, 1: flag("wlan.extcap.b58", "Protected TXOP negotiation");
        60, 1: flag("wlan.extcap.b60", "Protected QLoad report");
        61, 1: flag("wlan.extcap.b61", "TDLS wider bandwidth");
        62, 1: flag("wlan.extcap.b62", "Operating mode notification");
        63, 2: unsigned("wlan.extcap.b63", "Maximum number of MSDUs in A-MSDU")
            .names(|value| super::pick(&["no limit", "32", "16", "8"], value));
        65, 1: flag("wlan.extcap.b65", "Channel schedule management");
        66, 1: flag("wlan.extcap.b66", "Geodatabase inband enabling signal");
        67, 1: flag("wlan.extcap.b67", "Network channel control");
        68, 1: flag("wlan.extcap.b68", "White space map");
        69, 1: flag("wlan.extcap.b69", "Channel availability query");
        70, 1: flag("wlan.extcap.b70", "Fine timing measurement responder");
        71, 1: flag("wlan.extcap.b71", "Fine timing measurement initiator");
        72, 1: flag("wlan.extcap.b72", "FILS");
        73, 1: flag("wlan.extcap.b73", "Extended spectrum management");
        74, 1: flag("wlan.extcap.b74", "Future channel guidance");
        75, 1: flag("wlan.extcap.b75", "PAD");
        77, 1: flag("wlan.extcap.b77", "TWT requester");
        78, 1: flag("wlan.extcap.b78", "TWT responder");
        79, 1: flag("wlan.extcap.b79", "OBSS narrow bandwidth RU in OFDMA tolerance");
        80, 1: flag("wlan.extcap.b80", "Complete list of nontransmitted BSSID profiles");
        81, 1: flag("wlan.extcap.b81", "SAE password identifiers in use");
        82, 1: flag("wlan.extcap.b82", "SAE password identifiers used exclusively");
        83, 1: flag("wlan.extcap.b83", "Enhanced multiple BSSID advertisement");
        84, 1: flag("wlan.extcap.b84", "Beacon protection enabled");
        85, 1: flag("wlan.extcap.b85", "Mirrored SCS");
        86, 1: flag("wlan.extcap.b86", "OCT");
        87, 1: flag("wlan.extcap.b87", "Local MAC address policy");
        88, 1: flag("wlan.extcap.b88", "SAE-PK passwords used exclusively");
        89, 1: flag("wlan.extcap.b89", "TWT parameters range");
        90, 1: flag("wlan.extcap.b90", "Non-TB ranging responder");
        91, 1: flag("wlan.extcap.b91", "TB ranging responder");
        92, 1: flag("wlan.extcap.b92", "TB ranging responder measurement");
        93, 1: flag("wlan.extcap.b93", "TB ranging initiator measurement");
        94, 1: flag("wlan.extcap.b94", "AOA measurement available");
        95, 1: flag("wlan.extcap.b95", "Phase shift feedback");
        96, 1: flag("wlan.extcap.dmg_location", "DMG location supporting APs in the area");
        97, 1: flag("wlan.extcap.i2r_lmr_feedback_policy", "I2R LMR feedback policy");
        98, 1: flag("wlan.extcap.ebcs", "EBCS");
        99, 1: flag("wlan.extcap.ebcs_relaying", "EBCS relaying");
    }
}

pub(super) static ELEMENTS: &[Known] =
    &[Known::id(id::EXTENDED_CAPABILITIES, "Extended capabilities", capabilities)];

fn capabilities(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let length = reader.left();
    bits(walk, reader, &CAPABILITIES, length, BITS).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::super::testing::body_lines;

    #[test]
    fn as_many_bits_as_there_are_bytes() {
        let lines = body_lines(&[127, 3, 0x05, 0x00, 0x08]);
        assert_eq!(lines[0], "Extended capabilities: 050008");
        assert!(lines.contains(&"  Extended channel switching: yes".to_owned()));
        assert!(lines.contains(&"  BSS transition: yes".to_owned()));
        assert!(!lines.iter().any(|line| line.contains("Interworking")), "{lines:?}");
        let mut long = vec![127, 11];
        long.extend([0; 10]);
        long.push(0x10);
        let lines = body_lines(&long);
        assert!(lines.contains(&"  Beacon protection enabled: yes".to_owned()), "{lines:?}");
    }
}
