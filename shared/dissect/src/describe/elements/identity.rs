//! Who the network is: SSID, and requests for it.

use super::{Known, element_fields, only_named};
use crate::fields::{Reader, Value, Walk};
use crate::ieee80211::elements::{Elements, id};

/// True when there is more than one SSID element, or an element that holds elements of its own.
fn has_several_ssids(elements: Elements<'_>) -> bool {
    let mut ssids = 0u32;
    for element in elements {
        match element.id {
            id::SSID => ssids = ssids.saturating_add(1),
            id::MULTIPLE_BSSID => return true,
            id::EXTENSION if element.is_extension(id::EXT_MULTI_LINK) => return true,
            _ => {}
        }
    }
    ssids > 1
}

element_fields! {
    fields "802.11-2020, 9.4.2.2" {
        SSID: text("wlan.ssid", "SSID")
            .read(|packet| Some(Value::Bytes(packet.frame.elements()?.find_id(id::SSID)?.body)))
            .repeats(|packet| packet.frame.elements().is_some_and(has_several_ssids));
    }
    fields "802.11ax-2021, 9.4.2.261" {
        SHORT_SSID: hex("wlan.ext_tag.short_ssid", "Short SSID", 8);
    }
    fields "802.11-2020, 9.4.2.9" {
        REQUESTED: unsigned("wlan.tag.request", "Requested element").names(super::element_name);
    }
    fields "802.11-2020, 9.4.2.10" {
        EXTENDED_REQUESTED: unsigned("wlan.tag.extended_request.ext", "Requested element extension")
            .names(super::extension_name);
        EXTENDED_REQUESTED_ID: unsigned("wlan.tag.extended_request.id", "Requested element");
    }
    fields "802.11-2020, 9.4.2.7" {
        CHALLENGE: bytes("wlan.tag.challenge_text", "Challenge text");
    }
}

pub(super) static ELEMENTS: &[Known] = &[
    Known::id(id::SSID, "SSID", ssid),
    Known::id(10, "Request", request),
    Known::id(16, "Challenge text", challenge),
    Known::id(84, "SSID list", ssid_list),
    Known::extension(10, "Extended request", extended_request),
    Known::extension(58, "Short SSID list", short_ssid_list),
    Known::extension(57, "Known BSSID", only_named),
];

pub(super) fn ssid(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let offset = reader.offset();
    if walk.bytes(reader, &SSID, reader.left())?.len() > 32 {
        walk.fault(offset, "an SSID longer than 32 bytes");
    }
    Some(())
}

fn request(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    while !reader.is_empty() {
        walk.u8(reader, &REQUESTED)?;
    }
    Some(())
}

fn extended_request(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.u8(reader, &EXTENDED_REQUESTED_ID)?;
    while !reader.is_empty() {
        walk.u8(reader, &EXTENDED_REQUESTED)?;
    }
    Some(())
}

fn challenge(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.rest(reader, &CHALLENGE);
    Some(())
}

fn ssid_list(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    super::nested(walk, reader);
    Some(())
}

fn short_ssid_list(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    while !reader.is_empty() {
        walk.number(reader, &SHORT_SSID, 4)?;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::super::testing::element_lines;

    #[test]
    fn ssid() {
        assert_eq!(
            element_lines(b"\x00\x04town"),
            ["Element: SSID", "  Identifier: SSID (0)", "  Length: 4 bytes", "  SSID: town"]
        );
    }

    #[test]
    fn what_is_asked_for() {
        let lines = element_lines(&[10, 2, 7, 48]);
        assert_eq!(
            lines[3..],
            ["  Requested element: Country (7)", "  Requested element: RSN (48)"]
        );
        let lines = element_lines(&[84, 7, 0, 1, b'a', 0, 2, b'b', b'c']);
        assert_eq!(lines.iter().filter(|line| line.contains(" SSID: ")).count(), 2, "{lines:?}");
    }
}
