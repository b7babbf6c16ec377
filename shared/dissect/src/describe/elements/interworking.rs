//! Access to other networks: interworking, advertisement protocol, roaming consortium, FILS, time.

use super::{Known, bits, element_fields, only_named, pick};
use crate::fields::{Reader, Span, Value, Walk};
use crate::ieee80211::elements::id;

element_fields! {
    fields "802.11-2020, 9.4.2.91" {
        OPTIONS: hex("wlan.interworking.access_network_options", "Access network options", 2);
        VENUE_GROUP: unsigned("wlan.interworking.venue_group", "Venue group").names(|value| pick(&[
            "unspecified", "assembly", "business", "educational", "factory and industrial", "institutional",
            "mercantile", "residential", "storage", "utility and miscellaneous", "vehicular", "outdoor"], value));
        VENUE_TYPE: unsigned("wlan.interworking.venue_type", "Venue type");
        HESSID: address("wlan.interworking.hessid", "HESSID");
    }
    fields "802.11-2020, 9.4.2.92" {
        PROTOCOL: branch("wlan.adv_proto", "Advertisement protocol");
        PROTOCOL_INFO: hex("wlan.adv_proto.info", "Query response information", 2);
        PROTOCOL_ID: unsigned("wlan.adv_proto.id", "Protocol").names(|value| match value {
            0 => Some("ANQP"),
            1 => Some("MIS information service"),
            2 => Some("MIS command and event services capability discovery"),
            3 => Some("EAS"),
            4 => Some("RLQP"),
            221 => Some("vendor specific"),
            _ => None,
        });
        PROTOCOL_LENGTH: unsigned("wlan.adv_proto.vs_len", "Length of the vendor's protocol").unit("bytes");
        PROTOCOL_VENDOR: bytes("wlan.adv_proto.vendor", "Vendor's protocol");
    }
    fields "802.11-2020, 9.4.2.95" {
        ANQP_OIS: unsigned("wlan.roaming_consortium.num_anqp_oi", "More identifiers by ANQP");
        LENGTHS: hex("wlan.roaming_consortium.oi_lengths", "Lengths", 2);
        OI_1: bytes("wlan.roaming_consortium.oi1", "Organisation identifier 1");
        OI_2: bytes("wlan.roaming_consortium.oi2", "Organisation identifier 2");
        OI_3: bytes("wlan.roaming_consortium.oi3", "Organisation identifier 3");
    }
    fields "802.11-2020, 9.4.2.182" {
        FILS: hex("wlan.fils_indication.info", "FILS information", 4);
        FILS_CACHE: hex("wlan.fils_indication.cache_identifier", "Cache identifier", 4);
        FILS_HESSID: address("wlan.fils_indication.hessid", "HESSID");
        FILS_REALM: hex("wlan.fils_indication.realms.identifier", "Realm identifier", 4);
        FILS_KEY_TYPE: unsigned("wlan.fils_indication.public_keys.key_type", "Public key type");
        FILS_KEY_LENGTH: unsigned("wlan.fils_indication.public_keys.length", "Length").unit("bytes");
        FILS_KEY: bytes("wlan.fils_indication.public_keys.indicator", "Public key indicator");
        FILS_SESSION: bytes("wlan.ext_tag.fils.session", "FILS session");
        FILS_NONCE: bytes("wlan.ext_tag.fils.nonce", "FILS nonce");
    }
    fields "802.11-2020, 9.4.2.60" {
        TIMING: unsigned("wlan.time_adv.timing_capab", "Timing capabilities")
            .names(|value| pick(&["no external time source", "UTC offset of the TSF", "UTC time"], value));
        TIME_VALUE: bytes("wlan.time_adv.time_value", "Time value");
        TIME_ERROR: unsigned("wlan.time_adv.time_error", "Time error");
        TIME_UPDATE: unsigned("wlan.time_adv.time_update_counter", "Time update counter");
    }
    fields "802.11-2020, 9.4.2.87" {
        TIME_ZONE: text("wlan.time_zone", "Time zone");
    }
    fields "802.11-2020, 9.4.2.78" {
        IDLE_PERIOD: unsigned("wlan.bss_max_idle.period", "Maximum idle period").unit("1000 TU");
        IDLE_OPTIONS: hex("wlan.bss_max_idle.options", "Idle options", 2);
    }
    layout OPTION_BITS "802.11-2020, 9.4.2.91" {
        0, 4: unsigned("wlan.interworking.access_network_type", "Access network type").names(|value| pick(&[
            "private", "private with guest access", "chargeable public", "free public", "personal device",
            "emergency services only", "", "", "", "", "", "", "", "", "test or experimental", "wildcard"], value));
        4, 1: flag("wlan.interworking.internet", "Internet");
        5, 1: flag("wlan.interworking.asra", "Additional step required for access");
        6, 1: flag("wlan.interworking.esr", "Emergency services reachable");
        7, 1: flag("wlan.interworking.uesa", "Unauthenticated emergency service accessible");
    }
    layout PROTOCOL_BITS "802.11-2020, 9.4.2.92" {
        0, 7: unsigned("wlan.adv_proto.resp_len_limit", "Query response length limit").unit("256 bytes");
        7, 1: flag("wlan.adv_proto.pame_bi", "PAME-BI");
    }
    layout LENGTH_BITS "802.11-2020, 9.4.2.95" {
        0, 4: unsigned("wlan.roaming_consortium.oi1_len", "Length of identifier 1").unit("bytes");
        4, 4: unsigned("wlan.roaming_consortium.oi2_len", "Length of identifier 2").unit("bytes");
    }
    layout FILS_BITS "802.11-2020, 9.4.2.182" {
        0, 3: unsigned("wlan.fils_indication.info.nr_pk", "Public key identifiers");
        3, 3: unsigned("wlan.fils_indication.info.nr_realm", "Realm identifiers");
        6, 1: flag("wlan.fils_indication.info.ip_config", "FILS IP address configuration");
        7, 1: flag("wlan.fils_indication.info.cache_id_included", "Cache identifier included");
        8, 1: flag("wlan.fils_indication.info.hessid_included", "HESSID included");
        9, 1: flag("wlan.fils_indication.info.ska_without_pfs", "Shared key authentication without PFS");
        10, 1: flag("wlan.fils_indication.info.ska_with_pfs", "Shared key authentication with PFS");
        11, 1: flag("wlan.fils_indication.info.pka", "Public key authentication");
    }
    layout IDLE_BITS "802.11-2020, 9.4.2.78" {
        0, 1: flag("wlan.bss_max_idle.options.protected", "Protected keep-alive required");
    }
}

pub(super) static ELEMENTS: &[Known] = &[
    Known::id(107, "Interworking", interworking),
    Known::id(108, "Advertisement protocol", advertisement_protocol),
    Known::id(109, "Expedited bandwidth request", only_named),
    Known::id(111, "Roaming consortium", roaming_consortium),
    Known::id(112, "Emergency alert identifier", only_named),
    Known::id(240, "FILS indication", fils_indication),
    Known::id(id::TIME_ADVERTISEMENT, "Time advertisement", time_advertisement),
    Known::id(98, "Time zone", time_zone),
    Known::id(90, "BSS max idle period", idle_period),
    Known::extension(1, "Association delay information", only_named),
    Known::extension(3, "FILS key confirmation", only_named),
    Known::extension(4, "FILS session", fils_session),
    Known::extension(5, "FILS HLP container", only_named),
    Known::extension(6, "FILS IP address assignment", only_named),
    Known::extension(7, "Key delivery", only_named),
    Known::extension(12, "FILS public key", only_named),
    Known::extension(13, "FILS nonce", fils_nonce),
];

fn interworking(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    bits(walk, reader, &OPTIONS, 1, OPTION_BITS)?;
    // Venue (2 bytes) and HESSID (6) are both optional; the length tells which are there.
    if matches!(reader.left(), 2 | 8) {
        walk.u8(reader, &VENUE_GROUP)?;
        walk.u8(reader, &VENUE_TYPE)?;
    }
    if reader.left() >= 6 {
        walk.address(reader, &HESSID)?;
    }
    Some(())
}

fn advertisement_protocol(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    while !reader.is_empty() {
        let span = Span::new(reader.offset(), 2);
        walk.branch(&PROTOCOL, Value::Nothing, span, |walk| {
            bits(walk, reader, &PROTOCOL_INFO, 1, PROTOCOL_BITS)?;
            if walk.u8(reader, &PROTOCOL_ID)? == 221 {
                let length = walk.u8(reader, &PROTOCOL_LENGTH)?;
                walk.bytes(reader, &PROTOCOL_VENDOR, usize::from(length))?;
            }
            Some(())
        })?;
    }
    Some(())
}

fn roaming_consortium(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u8(reader, &ANQP_OIS)?;
    let lengths = bits(walk, reader, &LENGTHS, 1, LENGTH_BITS)?;
    for (field, low) in [(&OI_1, 0), (&OI_2, 4)] {
        let length = usize::try_from(lengths.get(low, 4)).unwrap_or(0);
        if length > 0 {
            walk.bytes(reader, field, length)?;
        }
    }
    walk.rest(reader, &OI_3);
    Some(())
}

fn fils_indication(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let information = bits(walk, reader, &FILS, 2, FILS_BITS)?;
    if information.is_set(7) {
        walk.u16(reader, &FILS_CACHE)?;
    }
    if information.is_set(8) {
        walk.address(reader, &FILS_HESSID)?;
    }
    for _ in 0..information.get(3, 3) {
        walk.u16(reader, &FILS_REALM)?;
    }
    for _ in 0..information.get(0, 3) {
        walk.u8(reader, &FILS_KEY_TYPE)?;
        let length = walk.u8(reader, &FILS_KEY_LENGTH)?;
        walk.bytes(reader, &FILS_KEY, usize::from(length))?;
    }
    Some(())
}

fn fils_session(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.bytes(reader, &FILS_SESSION, 8).map(|_| ())
}

fn fils_nonce(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.bytes(reader, &FILS_NONCE, 16).map(|_| ())
}

fn time_advertisement(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let kind = walk.u8(reader, &TIMING)?;
    if kind != 0 {
        walk.bytes(reader, &TIME_VALUE, 10)?;
        walk.number(reader, &TIME_ERROR, 5)?;
    }
    if kind == 2 {
        walk.u8(reader, &TIME_UPDATE)?;
    }
    Some(())
}

fn time_zone(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.rest(reader, &TIME_ZONE);
    Some(())
}

fn idle_period(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u16(reader, &IDLE_PERIOD)?;
    bits(walk, reader, &IDLE_OPTIONS, 1, IDLE_BITS).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::super::testing::body_lines;

    #[test]
    fn interworking_by_its_length() {
        let lines = body_lines(&[107, 9, 0x12, 2, 8, 2, 0, 0, 0, 0, 3]);
        for line in [
            "  Access network type: chargeable public (2)",
            "  Internet: yes",
            "Venue group: business (2)",
            "HESSID: 02:00:00:00:00:03",
        ] {
            assert!(lines.contains(&line.to_owned()), "{line} is not in {lines:#?}");
        }
        assert!(
            !body_lines(&[107, 7, 0, 2, 0, 0, 0, 0, 3]).iter().any(|line| line.contains("Venue"))
        );
        assert_eq!(
            body_lines(&[108, 2, 0x7f, 0]).last().map(String::as_str),
            Some("  Protocol: ANQP (0)")
        );
    }

    #[test]
    fn consortium_and_fils() {
        let lines = body_lines(&[111, 10, 1, 0x53, 0x50, 0x6f, 0x9a, 0, 1, 2, 3, 4]);
        for line in [
            "More identifiers by ANQP: 1",
            "Organisation identifier 1: 506f9a",
            "Organisation identifier 2: 0001020304",
        ] {
            assert!(lines.contains(&line.to_owned()), "{line} is not in {lines:#?}");
        }
        let lines = body_lines(&[240, 6, 0x88, 0x02, 0xcd, 0xab, 0x34, 0x12]);
        for line in [
            "  Realm identifiers: 1",
            "  Shared key authentication without PFS: yes",
            "Cache identifier: 0xabcd",
            "Realm identifier: 0x1234",
        ] {
            assert!(lines.contains(&line.to_owned()), "{line} is not in {lines:#?}");
        }
    }
}
