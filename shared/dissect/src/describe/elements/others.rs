//! Elements that are named, and whose bytes are given as they are, beside a few short ones.

use super::regulatory::operating_class_name;
use super::{Known, element_fields, only_named};
use crate::fields::{Reader, Walk};

element_fields! {
    fields "802.11-2020, 9.4.2.61" {
        LINK_BSSID: address("wlan.link_id.bssid", "BSSID");
        LINK_INITIATOR: address("wlan.link_id.init_sta", "TDLS initiator");
        LINK_RESPONDER: address("wlan.link_id.resp_sta", "TDLS responder");
    }
    fields "802.11-2020, 9.4.2.237" {
        OCI_CLASS: unsigned("wlan.ext_tag.oci.op_class", "Operating class").names(operating_class_name);
        OCI_CHANNEL: unsigned("wlan.ext_tag.oci.prim_chan_num", "Primary channel");
        OCI_SEGMENT: unsigned("wlan.ext_tag.oci.freq_seg_1", "Frequency segment 1");
    }
    fields "802.11-2020, 9.4.2.177" {
        FILS_BITMAP: hex("wlan.ext_tag.fils.req_params.param_bitmap", "Parameter control", 2);
        FILS_MAX_TIME: unsigned("wlan.ext_tag.fils.req_params.max_channel_time", "Maximum channel time").unit("TU");
    }
}

pub(super) static ELEMENTS: &[Known] = &[
    Known::id(78, "Event request", only_named),
    Known::id(79, "Event report", only_named),
    Known::id(80, "Diagnostic request", only_named),
    Known::id(81, "Diagnostic report", only_named),
    Known::id(82, "Location parameters", only_named),
    Known::id(86, "FMS descriptor", only_named),
    Known::id(87, "FMS request", only_named),
    Known::id(88, "FMS response", only_named),
    Known::id(89, "QoS traffic capability", only_named),
    Known::id(91, "TFS request", only_named),
    Known::id(92, "TFS response", only_named),
    Known::id(93, "WNM sleep mode", only_named),
    Known::id(94, "TIM broadcast request", only_named),
    Known::id(95, "TIM broadcast response", only_named),
    Known::id(96, "Collocated interference report", only_named),
    Known::id(97, "Channel usage", only_named),
    Known::id(99, "DMS request", only_named),
    Known::id(100, "DMS response", only_named),
    Known::id(101, "Link identifier", link_identifier),
    Known::id(102, "Wakeup schedule", only_named),
    Known::id(105, "PTI control", only_named),
    Known::id(106, "TPU buffer status", only_named),
    Known::id(141, "Destination URI", only_named),
    Known::id(142, "U-APSD coexistence", only_named),
    Known::id(143, "DMG wakeup schedule", only_named),
    Known::id(144, "Extended schedule", only_named),
    Known::id(145, "STA availability", only_named),
    Known::id(146, "DMG TSPEC", only_named),
    Known::id(147, "Next DMG ATI", only_named),
    Known::id(148, "DMG capabilities", only_named),
    Known::id(151, "DMG operation", only_named),
    Known::id(152, "DMG BSS parameter change", only_named),
    Known::id(153, "DMG beam refinement", only_named),
    Known::id(154, "Channel measurement feedback", only_named),
    Known::id(157, "Awake window", only_named),
    Known::id(158, "Multi-band", only_named),
    Known::id(159, "ADDBA extension", only_named),
    Known::id(164, "Multiple MAC sublayers", only_named),
    Known::id(165, "U-PID", only_named),
    Known::id(185, "SCS descriptor", only_named),
    Known::id(186, "QLoad report", only_named),
    Known::id(189, "GCR group address", only_named),
    Known::id(202, "TVHT operation", only_named),
    Known::id(204, "Device location", only_named),
    Known::id(205, "White space map", only_named),
    Known::id(206, "Fine timing measurement parameters", only_named),
    Known::id(213, "S1G beacon compatibility", only_named),
    Known::id(214, "Short beacon interval", only_named),
    Known::id(217, "S1G capabilities", only_named),
    Known::id(232, "S1G operation", only_named),
    Known::id(237, "AP configuration sequence number", only_named),
    Known::id(241, "Differential initial link setup", only_named),
    Known::extension(2, "FILS request parameters", fils_request),
    Known::extension(9, "FTM synchronisation information", only_named),
    Known::extension(11, "Estimated service parameters inbound", only_named),
    Known::extension(53, "Estimated service parameters outbound", only_named),
    Known::extension(54, "OCI", operating_channel),
    Known::extension(60, "UL MU power capabilities", only_named),
    Known::extension(88, "MSCS descriptor", only_named),
    Known::extension(89, "TCLAS mask", only_named),
    Known::extension(114, "AKM suite selector", only_named),
];

fn link_identifier(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.address(reader, &LINK_BSSID)?;
    walk.address(reader, &LINK_INITIATOR)?;
    walk.address(reader, &LINK_RESPONDER).map(|_| ())
}

fn operating_channel(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u8(reader, &OCI_CLASS)?;
    walk.u8(reader, &OCI_CHANNEL)?;
    walk.u8(reader, &OCI_SEGMENT).map(|_| ())
}

/// What follows the two bytes depends on the bitmap, and is left as bytes.
fn fils_request(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u8(reader, &FILS_BITMAP)?;
    walk.u8(reader, &FILS_MAX_TIME).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{body_lines, element_lines};

    #[test]
    fn short_ones_and_named_ones() {
        assert_eq!(
            body_lines(&[255, 4, 54, 115, 36, 0]),
            [
                "Operating class: 5 GHz, 20 MHz, channels 36 to 48 (115)",
                "Primary channel: 36",
                "Frequency segment 1: 0"
            ]
        );
        let mut link = vec![101, 18];
        link.extend([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 3]);
        assert_eq!(body_lines(&link)[1], "TDLS initiator: 02:00:00:00:00:02");
        let lines = element_lines(&[148, 2, 0xab, 0xcd]);
        assert_eq!(
            (lines[0].as_str(), lines[3].as_str()),
            ("Element: DMG capabilities", "  Data: abcd")
        );
    }
}
