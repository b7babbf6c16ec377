//! Fast BSS transition: mobility domain, FTE, RIC, timeouts.

use super::{Known, bits, element_fields, only_named, pick, subelements};
use crate::fields::{Reader, Walk};
use crate::ieee80211::elements::id;

element_fields! {
    fields "802.11-2020, 9.4.2.46" {
        DOMAIN: hex("wlan.mobility_domain.mdid", "Mobility domain identifier", 4);
        POLICY: hex("wlan.mobility_domain.ft_capab", "FT capability and policy", 2);
    }
    fields "802.11-2020, 9.4.2.47" {
        MIC_CONTROL: hex("wlan.ft.mic_control", "MIC control", 4);
        MIC: bytes("wlan.ft.mic", "MIC");
        ANONCE: bytes("wlan.ft.anonce", "ANonce");
        SNONCE: bytes("wlan.ft.snonce", "SNonce");
        R1KH: bytes("wlan.ft.subelem.r1kh_id", "R1 key holder");
        R0KH: text("wlan.ft.subelem.r0kh_id", "R0 key holder");
        GTK_INFORMATION: hex("wlan.ft.subelem.gtk.key_info", "Key information", 4);
        GTK_LENGTH: unsigned("wlan.ft.subelem.gtk.key_length", "Key length").unit("bytes");
        GTK_COUNTER: hex("wlan.ft.subelem.gtk.rsc", "Receive sequence counter", 16);
        GTK_KEY: bytes("wlan.ft.subelem.gtk.key_encrypted", "Wrapped GTK");
        IGTK_ID: unsigned("wlan.ft.subelem.igtk.key_id", "Key identifier");
        IGTK_COUNTER: hex("wlan.ft.subelem.igtk.ipn", "Integrity packet number", 12);
        IGTK_LENGTH: unsigned("wlan.ft.subelem.igtk.key_length", "Key length").unit("bytes");
        IGTK_KEY: bytes("wlan.ft.subelem.igtk.key", "Wrapped IGTK");
        OCI_CLASS: unsigned("wlan.ft.subelem.oci.op_class", "Operating class")
            .names(super::regulatory::operating_class_name);
        OCI_CHANNEL: unsigned("wlan.ft.subelem.oci.prim_chan_num", "Primary channel");
        OCI_SEGMENT: unsigned("wlan.ft.subelem.oci.freq_seg_1", "Frequency segment 1");
    }
    fields "802.11-2020, 9.4.2.48" {
        TIMEOUT_TYPE: unsigned("wlan.timeout_int.type", "Timeout type")
            .names(|value| pick(&["reserved", "reassociation deadline", "key lifetime", "association comeback time", "time to start", "time to return"], value));
        TIMEOUT: unsigned("wlan.timeout_int.value", "Timeout").unit("TU");
    }
    fields "802.11-2020, 9.4.2.49" {
        RIC_ID: unsigned("wlan.ric_data.id", "Resource handshake identifier");
        RIC_COUNT: unsigned("wlan.ric_data.desc_cnt", "Resource descriptors");
        RIC_STATUS: unsigned("wlan.ric_data.status_code", "Status code");
    }
    fields "802.11-2020, 9.4.2.50" {
        RIC_TYPE: unsigned("wlan.ric_desc.rsrc_type", "Resource type").names(|value| pick(&["", "block ack"], value));
        RIC_PARAMETERS: bytes("wlan.ric_desc.var_params", "Variable parameters");
    }
    layout POLICY_BITS "802.11-2020, 9.4.2.46" {
        0, 1: flag("wlan.mobility_domain.ft_capab.ft_over_ds", "FT over DS");
        1, 1: flag("wlan.mobility_domain.ft_capab.resource_req", "Resource request protocol");
    }
    layout MIC_BITS "802.11-2024, 9.4.2.46" {
        0, 1: flag("wlan.ft.mic_control.rsnxe_used", "RSNXE used");
        1, 3: unsigned("wlan.ft.mic_control.mic_length", "MIC length")
            .names(|value| pick(&["16 bytes", "24 bytes", "32 bytes"], value));
        8, 8: unsigned("wlan.ft.mic_control.element_count", "Element count");
    }
}

pub(super) static ELEMENTS: &[Known] = &[
    Known::id(id::MOBILITY_DOMAIN, "Mobility domain", mobility_domain),
    Known::id(55, "Fast BSS transition", transition),
    Known::id(56, "Timeout interval", timeout),
    Known::id(57, "RIC data", ric_data),
    Known::id(75, "RIC descriptor", ric_descriptor),
    Known::id(58, "DSE registered location", only_named),
];

fn mobility_domain(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u16(reader, &DOMAIN)?;
    bits(walk, reader, &POLICY, 1, POLICY_BITS).map(|_| ())
}

fn transition(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let control = bits(walk, reader, &MIC_CONTROL, 2, MIC_BITS)?;
    let length = match control.get(1, 3) {
        1 => 24,
        2 => 32,
        _ => 16,
    };
    walk.bytes(reader, &MIC, length)?;
    walk.bytes(reader, &ANONCE, 32)?;
    walk.bytes(reader, &SNONCE, 32)?;
    subelements(
        walk,
        reader,
        |number| {
            pick(
                &[
                    "",
                    "R1KH-ID",
                    "GTK",
                    "R0KH-ID",
                    "IGTK",
                    "OCI",
                    "BIGTK",
                    "WIGTK",
                    "MLO GTK",
                    "MLO IGTK",
                    "MLO BIGTK",
                ],
                number,
            )
        },
        subelement,
    );
    Some(())
}

fn subelement(walk: &mut Walk<'_>, number: u8, value: &mut Reader<'_>) -> Option<()> {
    match number {
        1 => walk.bytes(value, &R1KH, 6).map(|_| ()),
        2 => {
            walk.u16(value, &GTK_INFORMATION)?;
            walk.u8(value, &GTK_LENGTH)?;
            walk.number(value, &GTK_COUNTER, 8)?;
            walk.rest(value, &GTK_KEY);
            Some(())
        }
        3 => {
            walk.rest(value, &R0KH);
            Some(())
        }
        4 | 6 => {
            walk.u16(value, &IGTK_ID)?;
            walk.number(value, &IGTK_COUNTER, 6)?;
            walk.u8(value, &IGTK_LENGTH)?;
            walk.rest(value, &IGTK_KEY);
            Some(())
        }
        5 => {
            walk.u8(value, &OCI_CLASS)?;
            walk.u8(value, &OCI_CHANNEL)?;
            walk.u8(value, &OCI_SEGMENT).map(|_| ())
        }
        _ => Some(()),
    }
}

fn timeout(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u8(reader, &TIMEOUT_TYPE)?;
    walk.number(reader, &TIMEOUT, 4).map(|_| ())
}

fn ric_data(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u8(reader, &RIC_ID)?;
    walk.u8(reader, &RIC_COUNT)?;
    walk.u16(reader, &RIC_STATUS).map(|_| ())
}

fn ric_descriptor(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u8(reader, &RIC_TYPE)?;
    walk.rest(reader, &RIC_PARAMETERS);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::super::testing::body_lines;

    #[test]
    fn domain_and_timeout() {
        assert_eq!(
            body_lines(&[54, 3, 0xa1, 0xb2, 1]),
            [
                "Mobility domain identifier: 0xb2a1",
                "FT capability and policy: 0x01",
                "  FT over DS: yes",
                "  Resource request protocol: no"
            ]
        );
        assert_eq!(
            body_lines(&[56, 5, 3, 0xe8, 3, 0, 0]),
            ["Timeout type: association comeback time (3)", "Timeout: 1000 TU"]
        );
        assert_eq!(body_lines(&[57, 4, 1, 2, 0, 0])[1], "Resource descriptors: 2");
    }

    #[test]
    fn transition_element() {
        let mut element = vec![55, 0, 0x01, 3];
        element.extend([0x11; 16]);
        element.extend([0x22; 32]);
        element.extend([0x33; 32]);
        element.extend([1, 6, 2, 0, 0, 0, 0, 1, 3, 4]);
        element.extend(b"r0kh");
        element[1] = (element.len() - 2) as u8;
        let lines = body_lines(&element);
        for line in [
            "  RSNXE used: yes",
            "  MIC length: 16 bytes (0)",
            "  Element count: 3",
            "Subelement: R1KH-ID",
            "  R1 key holder: 020000000001",
            "  R0 key holder: r0kh",
        ] {
            assert!(lines.contains(&line.to_owned()), "{line} is not in {lines:#?}");
        }
    }
}
