//! How the network is protected: RSN, RSN extension, WPA, OWE, PASN.

use super::{Known, bits, element_fields, pick};
use crate::fields::{Field, Reader, Span, Value, Walk};
use crate::ieee80211::elements::id;

element_fields! {
    fields "802.11-2020, 9.4.2.24" {
        VERSION: unsigned("wlan.rsn.version", "RSN version");
        GROUP: hex("wlan.rsn.gcs", "Group cipher suite", 8).names(cipher_name);
        PAIRWISE_COUNT: unsigned("wlan.rsn.pcs.count", "Pairwise cipher suites");
        PAIRWISE: hex("wlan.rsn.pcs", "Pairwise cipher suite", 8).names(cipher_name);
        AKM_COUNT: unsigned("wlan.rsn.akms.count", "AKM suites");
        AKM: hex("wlan.rsn.akms", "AKM suite", 8).names(akm_name);
        CAPABILITIES: hex("wlan.rsn.capabilities", "RSN capabilities", 4);
        GROUP_TYPE: unsigned("wlan.rsn.gcs.type", "Type of the group cipher suite");
        PAIRWISE_TYPE: unsigned("wlan.rsn.pcs.type", "Type of the pairwise cipher suite");
        AKM_TYPE: unsigned("wlan.rsn.akms.type", "Type of the AKM suite");
        PMKID_COUNT: unsigned("wlan.rsn.pmkid.count", "PMKIDs");
        PMKID: bytes("wlan.rsn.pmkid.list", "PMKID");
        GROUP_MANAGEMENT: hex("wlan.rsn.gmcs", "Group management cipher suite", 8).names(cipher_name);
    }
    fields "802.11-2024, 9.4.2.240" {
        RSNX: bytes("wlan.rsnx", "RSN extension capabilities");
    }
    fields "WPA 3.1" {
        WPA_VERSION: unsigned("wlan.wfa.ie.wpa.version", "WPA version");
        WPA_GROUP: hex("wlan.wfa.ie.wpa.mcs", "Group cipher suite", 8).names(cipher_name);
        WPA_PAIRWISE_COUNT: unsigned("wlan.wfa.ie.wpa.ucs.count", "Pairwise cipher suites");
        WPA_PAIRWISE: hex("wlan.wfa.ie.wpa.ucs", "Pairwise cipher suite", 8).names(cipher_name);
        WPA_AKM_COUNT: unsigned("wlan.wfa.ie.wpa.akms.count", "AKM suites");
        WPA_AKM: hex("wlan.wfa.ie.wpa.akms", "AKM suite", 8).names(akm_name);
        WPA_GROUP_TYPE: unsigned("wlan.wfa.ie.wpa.mcs.type", "Type of the group cipher suite");
        WPA_PAIRWISE_TYPE: unsigned("wlan.wfa.ie.wpa.ucs.type", "Type of the pairwise cipher suite");
        WPA_AKM_TYPE: unsigned("wlan.wfa.ie.wpa.akms.type", "Type of the AKM suite");
        WPA_CAPABILITIES: hex("wlan.wfa.ie.wpa.capabilities", "WPA capabilities", 4);
    }
    fields "RFC 8110, 4.3" {
        OWE_GROUP: unsigned("wlan.ext_tag.owe_dh_parameter.group", "Group").names(group_name);
        OWE_KEY: bytes("wlan.ext_tag.owe_dh_parameter.public_key", "Public key");
    }
    fields "802.11-2024, 9.4.2.303" {
        PASN_CONTROL: hex("wlan.etag.pasn_params.control", "Control", 2);
        PASN_FORMAT: unsigned("wlan.etag.pasn_parameters.wrapped_data_format", "Wrapped data format")
            .names(|value| pick(&["none", "FT", "FILS shared key without PFS", "SAE"], value));
        PASN_COMEBACK: unsigned("wlan.etag.pasn_parameters.comeback_after", "Come back after").unit("TU");
        PASN_COOKIE: bytes("wlan.etag.pasn_parameters.cookie", "Cookie");
        PASN_COOKIE_LENGTH: unsigned("wlan.etag.pasn_parameters.cookie_length", "Cookie length").unit("bytes");
        PASN_GROUP: unsigned("wlan.etag.pasn_parameters.finite_cyclic_group_id", "Group").names(group_name);
        PASN_KEY_LENGTH: unsigned("wlan.etag.pasn_parameters.ephemeral_public_key_len", "Public key length").unit("bytes");
        PASN_KEY: bytes("wlan.etag.pasn_parameters.ephemeral_public_key", "Ephemeral public key");
        WRAPPED_DATA: bytes("wlan.pasn_wrapped_data", "Wrapped data");
    }
    fields "802.11-2020, 9.4.2.54" {
        MIC_KEY: unsigned("wlan.mmie.keyid", "Key identifier");
        MIC_NUMBER: hex("wlan.mmie.ipn", "Integrity packet number", 12);
        MIC: bytes("wlan.mmie.mic", "Message integrity code");
    }
    fields "802.11-2020, 9.4.2.246" {
        REJECTED_GROUP: unsigned("wlan.ext_tag.rejected_groups.group", "Rejected group").names(group_name);
        ANTI_CLOGGING: bytes("wlan.ext_tag.sae.anti_clogging_token", "Anti-clogging token");
        PASSWORD_IDENTIFIER: bytes("wlan.ext_tag.sae.password_identifier", "Password identifier");
    }
    fields "WFA OWE Specification 1.0" {
        TRANSITION_BSSID: address("wlan.wfa.ie.owe.bssid", "BSSID of the other network");
        TRANSITION_SSID_LENGTH: unsigned("wlan.wfa.ie.owe.ssid_length", "SSID length").unit("bytes");
        TRANSITION_SSID: text("wlan.wfa.ie.owe.ssid", "SSID of the other network");
        TRANSITION_CLASS: unsigned("wlan.wfa.ie.owe.band_info", "Operating class of the other network")
            .names(super::regulatory::operating_class_name);
        TRANSITION_CHANNEL: unsigned("wlan.wfa.ie.owe.channel_info", "Channel of the other network");
    }
    layout CAPABILITY_BITS "802.11-2020, 9.4.2.24.4" {
        0, 1: flag("wlan.rsn.capabilities.preauth", "Preauthentication");
        1, 1: flag("wlan.rsn.capabilities.no_pairwise", "No pairwise");
        2, 2: unsigned("wlan.rsn.capabilities.ptksa_replay_counter", "PTKSA replay counters").names(counters_name);
        4, 2: unsigned("wlan.rsn.capabilities.gtksa_replay_counter", "GTKSA replay counters").names(counters_name);
        6, 1: flag("wlan.rsn.capabilities.mfpr", "Management frame protection required");
        7, 1: flag("wlan.rsn.capabilities.mfpc", "Management frame protection capable");
        8, 1: flag("wlan.rsn.capabilities.jmr", "Joint multi-band RSNA");
        9, 1: flag("wlan.rsn.capabilities.peerkey", "PeerKey enabled");
        10, 1: flag("wlan.rsn.capabilities.spp_a_msdu_cap", "SPP A-MSDU capable");
        11, 1: flag("wlan.rsn.capabilities.spp_a_msdu_req", "SPP A-MSDU required");
        12, 1: flag("wlan.rsn.capabilities.pbac", "Protected block ack agreement capable");
        13, 1: flag("wlan.rsn.capabilities.extended_key_id_iaf", "Extended key ID for individually addressed frames");
        14, 1: flag("wlan.rsn.capabilities.ocvc", "Operating channel validation capable");
    }
    layout RSNX_BITS "802.11-2024, 9.4.2.240" {
        0, 4: unsigned("wlan.rsnx.length", "Length of the capabilities, less one").unit("bytes");
        4, 1: flag("wlan.rsnx.protected_twt_operations_support", "Protected TWT operations");
        5, 1: flag("wlan.rsnx.sae_hash_to_element", "SAE hash to element");
        6, 1: flag("wlan.rsnx.sae_pk", "SAE-PK");
        7, 1: flag("wlan.rsnx.protected_wur_frame_support", "Protected WUR frames");
        8, 1: flag("wlan.rsnx.secure_ltf_support", "Secure LTF");
        9, 1: flag("wlan.rsnx.secure_rtt_supported", "Secure RTT");
        10, 1: flag("wlan.rsnx.rnmmfp", "Protection of ranging negotiation required, except 20 MHz (URNM-MFPR-X20)");
        12, 1: flag("wlan.rsnx.pbac", "PBAC");
        13, 1: flag("wlan.rsnx.extended_s1g_action_protection", "Extended S1G action protection");
        14, 1: flag("wlan.rsnx.spp_amsdu_capable", "SPP A-MSDU capable");
        15, 1: flag("wlan.rsnx.urnm_mfpr", "Protection of ranging negotiation required (URNM-MFPR)");
        21, 1: flag("wlan.rsnx.ssid_protection", "SSID protection in the 4-way handshake");
    }
    layout PASN_BITS "802.11-2024, 9.4.2.303" {
        0, 1: flag("wlan.etag.pasn_params.comeback_info_present", "Comeback information present");
        1, 1: flag("wlan.etag.pasn_params.group_and_key_present", "Group and key present");
    }
}

pub(super) static ELEMENTS: &[Known] = &[
    Known::id(id::RSN, "RSN", rsn),
    Known::id(76, "Management MIC", management_mic),
    Known::id(244, "RSN extension", rsnx),
    Known::vendor(id::VENDOR_WPA, "WPA", wpa),
    Known::vendor(id::VENDOR_OWE_TRANSITION, "OWE transition mode", owe_transition),
    Known::vendor([0x50, 0x6f, 0x9a, 0x29], "RSN override", rsn),
    Known::vendor([0x50, 0x6f, 0x9a, 0x2a], "RSN override 2", rsn),
    Known::vendor([0x50, 0x6f, 0x9a, 0x2b], "RSN extension override", rsnx),
    Known::vendor([0x50, 0x6f, 0x9a, 0x2c], "RSN selection", super::only_named),
    Known::vendor([0x50, 0x6f, 0x9a, 0x2d], "RSN override link KDE", super::only_named),
    Known::extension(32, "OWE Diffie-Hellman parameter", owe_parameter),
    Known::extension(33, "Password identifier", password_identifier),
    Known::extension(92, "Rejected groups", rejected_groups),
    Known::extension(93, "Anti-clogging token container", anti_clogging),
    Known::extension(100, "PASN parameters", pasn_parameters),
    Known::extension(8, "Wrapped data", wrapped_data),
];

fn counters_name(value: u64) -> Option<&'static str> {
    pick(&["1", "2", "4", "16"], value)
}

/// Cipher suites (IEEE Std 802.11-2024, table 9-188), the suites of WPA, and those of WAPI.
pub(super) fn cipher_name(value: u64) -> Option<&'static str> {
    let standard: &[&str] = &[
        "use group cipher suite",
        "WEP-40",
        "TKIP",
        "reserved",
        "CCMP-128",
        "WEP-104",
        "BIP-CMAC-128",
        "group traffic not allowed",
        "GCMP-128",
        "GCMP-256",
        "CCMP-256",
        "BIP-GMAC-128",
        "BIP-GMAC-256",
        "BIP-CMAC-256",
    ];
    let wpa: &[&str] = &["use group cipher suite", "WEP-40", "TKIP", "", "CCMP-128", "WEP-104"];
    match value >> 8 {
        0x00_0f_ac => pick(standard, value & 0xff),
        0x00_50_f2 => pick(wpa, value & 0xff),
        0x00_14_72 => pick(&["", "WAPI SMS4"], value & 0xff),
        _ => None,
    }
}

/// AKM suites (IEEE Std 802.11-2024, table 9-190), the suites of WPA, and those of the Wi-Fi Alliance.
pub(super) fn akm_name(value: u64) -> Option<&'static str> {
    let standard: &[&str] = &[
        "none",
        "802.1X",
        "PSK",
        "FT over 802.1X",
        "FT with PSK",
        "802.1X SHA-256",
        "PSK SHA-256",
        "TDLS",
        "SAE",
        "FT over SAE",
        "AP PeerKey",
        "802.1X suite B SHA-256",
        "802.1X CNSA SHA-384",
        "FT over 802.1X SHA-384",
        "FILS SHA-256",
        "FILS SHA-384",
        "FT over FILS SHA-256",
        "FT over FILS SHA-384",
        "OWE",
        "FT with PSK SHA-384",
        "PSK SHA-384",
        "PASN",
        "FT over 802.1X SHA-384 without CNSA",
        "802.1X SHA-384",
        "SAE, group-dependent hash",
        "FT over SAE, group-dependent hash",
    ];
    match value {
        0x00_50_f2_01 => Some("802.1X"),
        0x00_50_f2_02 => Some("PSK"),
        0x50_6f_9a_01 => Some("OSEN"),
        0x50_6f_9a_02 => Some("DPP"),
        0x00_40_96_00 => Some("CCKM"),
        0x00_14_72_01 => Some("WAPI certificate"),
        0x00_14_72_02 => Some("WAPI PSK"),
        _ if value >> 8 == 0x00_0f_ac => pick(standard, value & 0xff),
        _ => None,
    }
}

/// Groups of the IANA registry of IKE that SAE, OWE and PASN use.
pub(super) fn group_name(value: u64) -> Option<&'static str> {
    Some(match value {
        14 => "MODP 2048",
        15 => "MODP 3072",
        16 => "MODP 4096",
        19 => "NIST P-256",
        20 => "NIST P-384",
        21 => "NIST P-521",
        25 => "NIST P-192",
        26 => "NIST P-224",
        28 => "Brainpool P-256",
        29 => "Brainpool P-384",
        30 => "Brainpool P-512",
        31 => "Curve25519",
        32 => "Curve448",
        _ => return None,
    })
}

fn suites(
    walk: &mut Walk<'_>,
    reader: &mut Reader<'_>,
    count: &'static Field,
    fields: [&'static Field; 2],
) -> Option<()> {
    for _ in 0..walk.u16(reader, count)? {
        suite(walk, reader, fields)?;
    }
    Some(())
}

/// A suite, OUI and type; the type once more under a name of its own, by which habit asks for it.
fn suite(
    walk: &mut Walk<'_>,
    reader: &mut Reader<'_>,
    [whole, kind]: [&'static Field; 2],
) -> Option<()> {
    let start = reader.offset();
    let value = walk.number_be(reader, whole, 4)?;
    walk.hidden(kind, Value::Unsigned(value & 0xff), Span::new(start.saturating_add(3), 1));
    Some(())
}

/// RSN. The element may end after any of its fields; it is cut only where it ends within one.
pub(super) fn rsn(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u16(reader, &VERSION)?;
    if reader.is_empty() {
        return Some(());
    }
    after_version(walk, reader)
}

/// What follows the version, which OSEN has too.
pub(super) fn after_version(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    suite(walk, reader, [&GROUP, &GROUP_TYPE])?;
    if reader.is_empty() {
        return Some(());
    }
    suites(walk, reader, &PAIRWISE_COUNT, [&PAIRWISE, &PAIRWISE_TYPE])?;
    if reader.is_empty() {
        return Some(());
    }
    suites(walk, reader, &AKM_COUNT, [&AKM, &AKM_TYPE])?;
    if reader.is_empty() {
        return Some(());
    }
    bits(walk, reader, &CAPABILITIES, 2, CAPABILITY_BITS)?;
    if reader.is_empty() {
        return Some(());
    }
    for _ in 0..walk.u16(reader, &PMKID_COUNT)? {
        walk.bytes(reader, &PMKID, 16)?;
    }
    if reader.is_empty() {
        return Some(());
    }
    walk.number_be(reader, &GROUP_MANAGEMENT, 4).map(|_| ())
}

/// RSN extension: its first four bits say how many bytes there are, less one.
fn rsnx(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let [first] = reader.peek::<1>()?;
    let length = usize::from(first & 0x0f).saturating_add(1);
    if length > reader.left() {
        walk.fault(reader.offset(), "the RSN extension is shorter than it says");
    }
    bits(walk, reader, &RSNX, length.min(reader.left()), RSNX_BITS).map(|_| ())
}

fn wpa(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u16(reader, &WPA_VERSION)?;
    if reader.is_empty() {
        return Some(());
    }
    suite(walk, reader, [&WPA_GROUP, &WPA_GROUP_TYPE])?;
    if reader.is_empty() {
        return Some(());
    }
    suites(walk, reader, &WPA_PAIRWISE_COUNT, [&WPA_PAIRWISE, &WPA_PAIRWISE_TYPE])?;
    if reader.is_empty() {
        return Some(());
    }
    suites(walk, reader, &WPA_AKM_COUNT, [&WPA_AKM, &WPA_AKM_TYPE])?;
    if reader.is_empty() {
        return Some(());
    }
    walk.u16(reader, &WPA_CAPABILITIES).map(|_| ())
}

fn owe_parameter(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u16(reader, &OWE_GROUP)?;
    walk.rest(reader, &OWE_KEY);
    Some(())
}

fn owe_transition(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.address(reader, &TRANSITION_BSSID)?;
    let length = walk.u8(reader, &TRANSITION_SSID_LENGTH)?;
    walk.bytes(reader, &TRANSITION_SSID, usize::from(length))?;
    if reader.is_empty() {
        return Some(());
    }
    walk.u8(reader, &TRANSITION_CLASS)?;
    walk.u8(reader, &TRANSITION_CHANNEL).map(|_| ())
}

fn pasn_parameters(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let control = bits(walk, reader, &PASN_CONTROL, 1, PASN_BITS)?;
    walk.u8(reader, &PASN_FORMAT)?;
    if control.is_set(0) {
        walk.u16(reader, &PASN_COMEBACK)?;
        let length = walk.u8(reader, &PASN_COOKIE_LENGTH)?;
        walk.bytes(reader, &PASN_COOKIE, usize::from(length))?;
    }
    if control.is_set(1) {
        walk.u16(reader, &PASN_GROUP)?;
        let length = walk.u8(reader, &PASN_KEY_LENGTH)?;
        walk.bytes(reader, &PASN_KEY, usize::from(length))?;
    }
    Some(())
}

fn wrapped_data(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.rest(reader, &WRAPPED_DATA);
    Some(())
}

fn management_mic(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u16(reader, &MIC_KEY)?;
    walk.number(reader, &MIC_NUMBER, 6)?;
    // 8 bytes with CMAC-128, 16 with the others.
    walk.rest(reader, &MIC);
    Some(())
}

fn rejected_groups(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    while !reader.is_empty() {
        walk.u16(reader, &REJECTED_GROUP)?;
    }
    Some(())
}

fn anti_clogging(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.rest(reader, &ANTI_CLOGGING);
    Some(())
}

fn password_identifier(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.rest(reader, &PASSWORD_IDENTIFIER);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::super::testing::body_lines;

    #[test]
    fn rsn_with_every_field() {
        let mut element = vec![48, 46, 1, 0, 0, 0x0f, 0xac, 4, 1, 0, 0, 0x0f, 0xac, 9];
        element.extend([2, 0, 0, 0x0f, 0xac, 8, 0, 0x0f, 0xac, 24, 0xc0, 0x40, 1, 0]);
        element.extend([7; 16]);
        element.extend([0, 0x0f, 0xac, 12]);
        let lines = body_lines(&element);
        assert_eq!(
            lines[..6],
            [
                "RSN version: 1",
                "Group cipher suite: CCMP-128 (0x000fac04)",
                "Pairwise cipher suites: 1",
                "Pairwise cipher suite: GCMP-256 (0x000fac09)",
                "AKM suites: 2",
                "AKM suite: SAE (0x000fac08)",
            ]
        );
        assert_eq!(lines[6], "AKM suite: SAE, group-dependent hash (0x000fac18)");
        assert_eq!(lines[7], "RSN capabilities: 0x40c0");
        assert!(lines.contains(&"  Management frame protection required: yes".to_owned()));
        assert!(lines.contains(&"  Operating channel validation capable: yes".to_owned()));
        assert!(lines.contains(&"  PTKSA replay counters: 1 (0)".to_owned()));
        assert_eq!(
            lines[lines.len() - 2..],
            [
                "PMKID: 07070707070707070707070707070707",
                "Group management cipher suite: BIP-GMAC-256 (0x000fac0c)"
            ]
        );
        assert_eq!(body_lines(&[48, 2, 1, 0]), ["RSN version: 1"], "it may end after any field");
    }

    #[test]
    fn rsn_extension_says_its_length() {
        let lines = body_lines(&[244, 1, 0x60]);
        assert_eq!(lines[0], "RSN extension capabilities: 60");
        assert!(lines.contains(&"  SAE hash to element: yes".to_owned()));
        assert!(lines.contains(&"  SAE-PK: yes".to_owned()));
        assert!(!lines.iter().any(|line| line.contains("Secure LTF")), "{lines:?}");
        let lines = body_lines(&[244, 2, 0x21, 0x01]);
        assert!(lines.contains(&"  Secure LTF: yes".to_owned()), "{lines:?}");
        let lines = body_lines(&[244, 1, 0x01]);
        assert_eq!(lines[0], "! the RSN extension is shorter than it says");
    }

    #[test]
    fn wpa_and_its_suites() {
        let mut element = vec![221, 22, 0, 0x50, 0xf2, 1, 1, 0, 0, 0x50, 0xf2, 2];
        element.extend([1, 0, 0, 0x50, 0xf2, 4, 1, 0, 0, 0x50, 0xf2, 2]);
        assert_eq!(
            body_lines(&element)[2..],
            [
                "WPA version: 1",
                "Group cipher suite: TKIP (0x0050f202)",
                "Pairwise cipher suites: 1",
                "Pairwise cipher suite: CCMP-128 (0x0050f204)",
                "AKM suites: 1",
                "AKM suite: PSK (0x0050f202)",
            ]
        );
    }

    #[test]
    fn opportunistic_encryption() {
        assert_eq!(
            body_lines(&[255, 5, 32, 19, 0, 0xab, 0xcd]),
            ["Group: NIST P-256 (19)", "Public key: abcd"]
        );
        let mut element = vec![221, 16, 0x50, 0x6f, 0x9a, 0x1c, 2, 0, 0, 0, 0, 5, 3];
        element.extend(b"owe\x51\x06");
        assert_eq!(
            body_lines(&element)[2..],
            [
                "BSSID of the other network: 02:00:00:00:00:05",
                "SSID length: 3 bytes",
                "SSID of the other network: owe",
                "Operating class of the other network: 2.4 GHz, 20 MHz (81)",
                "Channel of the other network: 6",
            ]
        );
    }

    #[test]
    fn pasn() {
        assert_eq!(
            body_lines(&[255, 8, 100, 2, 0, 19, 0, 2, 0xaa, 0xbb])[3..],
            [
                "Wrapped data format: none (0)",
                "Group: NIST P-256 (19)",
                "Public key length: 2 bytes",
                "Ephemeral public key: aabb"
            ]
        );
    }
}
