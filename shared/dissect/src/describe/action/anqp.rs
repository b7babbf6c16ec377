//! ANQP elements (IEEE Std 802.11-2020, 9.4.5; Wi-Fi Alliance, Hotspot 2.0, 4).

use super::super::eap;
use crate::fields::{Field, Reader, Span, Value, Walk, fields, names};

fields! {
    Body => FIELDS;
    /// One ANQP element.
    ELEMENT: branch("wlan.fixed.anqp.element", "ANQP element").clause("802.11-2020, 9.4.5.1");
    /// Identifier.
    ID: unsigned("wlan.fixed.anqp.info_id", "Identifier").clause("802.11-2020, table 9-331").names(element_name);
    /// Length.
    LENGTH: unsigned("wlan.fixed.anqp.info_length", "Length").unit("bytes");
    /// What is asked for.
    QUERIED: unsigned("wlan.fixed.anqp.query_id", "Queried element").names(element_name);
    /// What can be asked for.
    CAPABILITY: unsigned("wlan.fixed.anqp.capability", "Supported element").names(element_name);
    /// What nothing here gives a meaning.
    DATA: bytes("wlan.fixed.anqp.info", "Data");
    /// Group of venues.
    VENUE_GROUP: unsigned("wlan.fixed.venue_info.group", "Venue group").clause("802.11-2020, table 9-69").names(names![
        0 => "unspecified", 1 => "assembly", 2 => "business", 3 => "educational",
        4 => "factory and industrial", 5 => "institutional", 6 => "mercantile", 7 => "residential",
        8 => "storage", 9 => "utility and miscellaneous", 10 => "vehicular", 11 => "outdoor"]);
    /// Type of venue in its group.
    VENUE_TYPE: unsigned("wlan.fixed.venue_info.type", "Venue type").clause("802.11-2020, table 9-70");
    /// Language.
    LANGUAGE: text("wlan.fixed.anqp.venue.language", "Language");
    /// Name.
    NAME: text("wlan.fixed.anqp.venue.name", "Venue name").clause("802.11-2020, 9.4.5.4");
    /// How to gain access.
    AUTHENTICATION: unsigned("wlan.fixed.anqp.nw_auth_type.indicator", "Network authentication").clause("802.11-2020, table 9-335").names(names![
        0 => "acceptance of terms", 1 => "online enrolment", 2 => "HTTP redirection", 3 => "DNS redirection"]);
    /// Where it redirects to.
    REDIRECT: text("wlan.fixed.anqp.nw_auth_type.url", "Redirect URL");
    /// Roaming consortium.
    CONSORTIUM: bytes("wlan.fixed.anqp.roaming_consortium.oi", "Roaming consortium").clause("802.11-2020, 9.4.5.7");
    /// IPv6 addresses.
    IPV6: unsigned("wlan.fixed.anqp.ip_addr_availability.ipv6", "IPv6").clause("802.11-2020, 9.4.5.9").names(names![
        0 => "not available", 1 => "available", 2 => "unknown"]);
    /// IPv4 addresses.
    IPV4: unsigned("wlan.fixed.anqp.ip_addr_availability.ipv4", "IPv4").names(names![
        0 => "not available", 1 => "public", 2 => "port restricted", 3 => "single NAT private",
        4 => "double NAT private", 5 => "port restricted and single NAT", 6 => "port restricted and double NAT",
        7 => "unknown"]);
    /// Number of realms.
    REALM_COUNT: unsigned("wlan.fixed.anqp.nai_realm_list.count", "Realms").clause("802.11-2020, 9.4.5.10");
    /// Realm.
    REALM: text("wlan.fixed.anqp_nai_realm_list.realm", "Realm");
    /// EAP method of a realm.
    REALM_METHOD: unsigned("wlan.fixed.anqp_nai_realm_list.eap_method", "EAP method").names(eap::method_name);
    /// Operator: country and network code.
    NETWORK_CODE: text("wlan.fixed.anqp.3gpp_cellular_info.plmn_info", "Mobile network (country and network code)").clause("802.11-2020, annex H.4");
    /// Domain.
    DOMAIN: text("wlan.fixed.anqp.domain_name_list.name", "Domain").clause("802.11-2020, 9.4.5.15");
    /// URI.
    URI: text("wlan.fixed.anqp.uri", "URI").clause("802.11-2020, 9.4.5.14");
    /// Vendor.
    VENDOR: hex("wlan.fixed.anqp.vendor_oui", "Vendor", 6).names(names![0x50_6f9a => "Wi-Fi Alliance"]);
    /// Type of the vendor.
    VENDOR_TYPE: unsigned("wlan.fixed.anqp.vendor_type", "Vendor type").names(names![0x11 => "Hotspot 2.0"]);
    /// Element of Hotspot 2.0.
    HOTSPOT: unsigned("wlan.hs20.anqp.subtype", "Hotspot 2.0 element").names(names![
        1 => "query list", 2 => "capability list", 3 => "operator friendly name", 4 => "WAN metrics",
        5 => "connection capability", 6 => "NAI home realm query", 7 => "operating class indication",
        8 => "OSU providers list", 10 => "icon request", 11 => "icon binary file",
        12 => "operator icon metadata", 13 => "OSU providers NAI list"]);
    /// What of Hotspot 2.0 is not decoded.
    HOTSPOT_DATA: bytes("wlan.hs20.anqp.payload", "Data");
    /// Name of the operator.
    OPERATOR: text("wlan.hs20.anqp.ofn.name", "Operator");
    /// What is asked for.
    HOTSPOT_QUERIED: unsigned("wlan.hs20.anqp.hs_query_list", "Queried Hotspot 2.0 element");
    /// What can be asked for.
    HOTSPOT_CAPABILITY: unsigned("wlan.hs20.anqp.hs_capability_list", "Supported Hotspot 2.0 element");
    /// State of the uplink.
    LINK_STATUS: hex("wlan.hs20.anqp.wan_metrics.status", "WAN information", 2);
    /// Downlink speed.
    DOWNLINK: unsigned("wlan.hs20.anqp.wan_metrics.downlink_speed", "Downlink speed").unit("kbit/s");
    /// Uplink speed.
    UPLINK: unsigned("wlan.hs20.anqp.wan_metrics.uplink_speed", "Uplink speed").unit("kbit/s");
    /// Downlink load.
    DOWNLINK_LOAD: unsigned("wlan.hs20.anqp.wan_metrics.downlink_load", "Downlink load").unit("/255");
    /// Uplink load.
    UPLINK_LOAD: unsigned("wlan.hs20.anqp.wan_metrics.uplink_load", "Uplink load").unit("/255");
    /// Duration of the load measurement.
    LOAD_DURATION: unsigned("wlan.hs20.anqp.wan_metrics.lmd", "Load measurement duration").unit("0.1 s");
}

/// Vendor-specific element.
const VENDOR_SPECIFIC: u16 = 56797;

/// Names of ANQP elements (IEEE Std 802.11-2020, table 9-331).
fn element_name(value: u64) -> Option<&'static str> {
    names![
        256 => "query list", 257 => "capability list", 258 => "venue name",
        259 => "emergency call number", 260 => "network authentication type",
        261 => "roaming consortium", 262 => "IP address type availability", 263 => "NAI realm",
        264 => "3GPP cellular network", 265 => "AP geospatial location", 266 => "AP civic location",
        267 => "AP location public identifier URI", 268 => "domain name",
        269 => "emergency alert URI", 270 => "TDLS capability", 271 => "emergency NAI",
        272 => "neighbor report", 273 => "query AP list", 274 => "AP list response",
        275 => "FILS realm", 276 => "CAG", 277 => "venue URL", 278 => "advice of charge",
        279 => "local content", 280 => "network authentication type with timestamp",
        56797 => "vendor specific",
    ](value)
}

/// Names every ANQP element of a query or an answer.
pub(super) fn describe(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    while !reader.is_empty() {
        let [id, length] = head(reader)?;
        let span = Span::new(reader.offset(), usize::from(length).saturating_add(4));
        let name = element_name(u64::from(id)).unwrap_or("unknown");
        walk.branch(&ELEMENT, Value::Word(name), span, |walk| {
            walk.u16(reader, &ID)?;
            walk.u16(reader, &LENGTH)?;
            let mut part = reader.part(usize::from(length))?;
            if one(walk, &mut part, id).is_none() {
                walk.fault(part.offset(), "the ANQP element ends before its fields do");
            }
            walk.rest(&mut part, &DATA);
            Some(())
        })?;
    }
    Some(())
}

fn head(reader: &Reader<'_>) -> Option<[u16; 2]> {
    let [a, b, c, d] = reader.peek::<4>()?;
    Some([u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d])])
}

fn one(walk: &mut Walk<'_>, reader: &mut Reader<'_>, id: u16) -> Option<()> {
    match id {
        256 => numbers(walk, reader, &QUERIED),
        257 => {
            // A vendor's capability begins with the vendor element's identifier.
            while let Some([next, _]) = head(reader) {
                if next == VENDOR_SPECIFIC {
                    return Some(());
                }
                walk.u16(reader, &CAPABILITY)?;
            }
            numbers(walk, reader, &CAPABILITY)
        }
        258 => venue(walk, reader),
        260 => authentication(walk, reader),
        261 => counted(walk, reader, &CONSORTIUM),
        262 => {
            let span = Span::new(reader.offset(), 1);
            let bits = reader.little_endian(1)?;
            walk.field(&IPV6, Value::Unsigned(bits & 3), span);
            walk.field(&IPV4, Value::Unsigned(bits >> 2), span);
            Some(())
        }
        263 => realms(walk, reader),
        264 => networks(walk, reader),
        267 | 269 | 271 => {
            walk.rest(reader, &URI);
            Some(())
        }
        268 => counted(walk, reader, &DOMAIN),
        VENDOR_SPECIFIC => vendor(walk, reader),
        _ => Some(()),
    }
}

fn numbers(walk: &mut Walk<'_>, reader: &mut Reader<'_>, field: &'static Field) -> Option<()> {
    while !reader.is_empty() {
        walk.u16(reader, field)?;
    }
    Some(())
}

/// A list whose entries have their length before them.
fn counted(walk: &mut Walk<'_>, reader: &mut Reader<'_>, field: &'static Field) -> Option<()> {
    while !reader.is_empty() {
        let length = reader.little_endian(1)?;
        walk.bytes(reader, field, usize::try_from(length).ok()?)?;
    }
    Some(())
}

/// Names with their language: length, three letters, name.
fn named(walk: &mut Walk<'_>, reader: &mut Reader<'_>, field: &'static Field) -> Option<()> {
    while !reader.is_empty() {
        let length = usize::try_from(reader.little_endian(1)?).ok()?;
        let mut part = reader.part(length)?;
        walk.bytes(&mut part, &LANGUAGE, 3)?;
        walk.rest(&mut part, field);
    }
    Some(())
}

fn venue(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u8(reader, &VENUE_GROUP)?;
    walk.u8(reader, &VENUE_TYPE)?;
    named(walk, reader, &NAME)
}

fn authentication(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    while !reader.is_empty() {
        walk.u8(reader, &AUTHENTICATION)?;
        let length = usize::try_from(reader.little_endian(2)?).ok()?;
        if length > 0 {
            walk.bytes(reader, &REDIRECT, length)?;
        }
    }
    Some(())
}

fn realms(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let count = walk.u16(reader, &REALM_COUNT)?;
    for _ in 0..count {
        let length = usize::try_from(reader.little_endian(2)?).ok()?;
        let mut part = reader.part(length)?;
        // Encoding, length of the realm.
        let [_, realm_length] = part.array::<2>()?;
        walk.bytes(&mut part, &REALM, usize::from(realm_length))?;
        let methods = part.little_endian(1)?;
        for _ in 0..methods {
            let method_length = usize::try_from(part.little_endian(1)?).ok()?;
            let mut method = part.part(method_length)?;
            walk.u8(&mut method, &REALM_METHOD)?;
        }
    }
    Some(())
}

/// Mobile networks: version, length, then lists of network codes in swapped decimal digits
/// (802.11-2020, annex H.4; 3GPP TS 24.302).
fn networks(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    reader.take(2)?;
    while !reader.is_empty() {
        let [kind, length] = reader.array::<2>()?;
        let mut part = reader.part(usize::from(length & 0x7f))?;
        if kind != 0 {
            continue;
        }
        let count = part.little_endian(1)?;
        for _ in 0..count {
            let span = Span::new(part.offset(), 3);
            let [a, b, c] = part.array::<3>()?;
            let digits = [a & 15, a >> 4, b & 15, c & 15, c >> 4, b >> 4];
            let mut text = [0u8; 6];
            for (out, digit) in text.iter_mut().zip(digits) {
                *out = b'0'.saturating_add(digit.min(10));
            }
            // A third digit of 15 says that the network code has two.
            let shown = if b >> 4 == 15 { text.get(..5) } else { Some(&text[..]) };
            walk.field(&NETWORK_CODE, Value::Bytes(shown?), span);
        }
    }
    Some(())
}

fn vendor(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let oui = walk.number_be(reader, &VENDOR, 3)?;
    let kind = walk.u8(reader, &VENDOR_TYPE)?;
    if (oui, kind) != (0x50_6f9a, 0x11) {
        return Some(());
    }
    let subtype = walk.u8(reader, &HOTSPOT)?;
    reader.take(1)?;
    match subtype {
        1 | 2 => {
            let field = if subtype == 1 { &HOTSPOT_QUERIED } else { &HOTSPOT_CAPABILITY };
            while !reader.is_empty() {
                walk.u8(reader, field)?;
            }
        }
        3 => named(walk, reader, &OPERATOR)?,
        4 => {
            walk.u8(reader, &LINK_STATUS)?;
            walk.number(reader, &DOWNLINK, 4)?;
            walk.number(reader, &UPLINK, 4)?;
            walk.u8(reader, &DOWNLINK_LOAD)?;
            walk.u8(reader, &UPLINK_LOAD)?;
            walk.u16(reader, &LOAD_DURATION)?;
        }
        _ => {
            walk.rest(reader, &HOTSPOT_DATA);
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use crate::describe::testing::{action, check, check_whole};

    fn response(elements: &[u8]) -> Vec<u8> {
        let mut body = vec![4, 11, 9, 0, 0, 0, 0, 108, 2, 0x7f, 0];
        body.extend((elements.len() as u16).to_le_bytes());
        body.extend(elements);
        action(&body)
    }

    fn element(id: u16, body: &[u8]) -> Vec<u8> {
        [&id.to_le_bytes()[..], &(body.len() as u16).to_le_bytes(), body].concat()
    }

    #[test]
    fn elements_by_name() {
        let all = [
            element(257, &[2, 1, 8, 1]),
            element(258, &[2, 8, 7, b'e', b'n', b'g', b'C', b'a', b'f', b'e']),
            element(260, &[2, 3, 0, b'u', b'r', b'l', 0, 0, 0]),
            element(261, &[3, 0x50, 0x6f, 0x9a, 2, 1, 2]),
            element(262, &[0x0d]),
            element(263, &[1, 0, 11, 0, 0, 2, b'e', b'x', 2, 2, 13, 0, 2, 21, 0]),
            element(264, &[0, 5, 0, 4, 1, 0x62, 0xf2, 0x10]),
            element(268, &[2, b'e', b'x']),
            element(56797, &[0x50, 0x6f, 0x9a, 0x11, 3, 0, 5, b'd', b'e', b'u', b'O', b'p']),
            element(999, &[7]),
        ]
        .concat();
        check_whole(
            &response(&all),
            &[
                "Supported element: venue name (258)",
                "Venue name: Cafe",
                "Network authentication: HTTP redirection (2)",
                "Redirect URL: url",
                "Roaming consortium: 506f9a",
                "IPv6: available (1)",
                "IPv4: single NAT private (3)",
                "Realm: ex",
                "EAP method: TLS (13)",
                "EAP method: TTLS (21)",
                "Mobile network (country and network code): 26201",
                "Domain: ex",
                "Operator: Op",
                "ANQP element: unknown",
                "Data: 07",
            ],
        );
    }

    #[test]
    fn a_cut_element_is_a_fault() {
        check(
            &response(&element(268, &[9, b'e'])),
            &["! the ANQP element ends before its fields do"],
        );
        check(&response(&[1, 1, 9, 0]), &["! the fixed fields are cut"]);
    }
}
