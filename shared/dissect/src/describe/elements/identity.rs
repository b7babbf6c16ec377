//! Who the network is: SSID.

use super::{Key, Known};
use crate::fields::{Reader, Value, Walk, fields};
use crate::ieee80211::elements::{Elements, id};

fields! {
    Element => FIELDS;
    /// Network name.
    SSID: text("wlan.ssid", "SSID").clause("802.11-2020, 9.4.2.2")
        .read(|packet| Some(Value::Bytes(packet.frame.elements()?.find_id(id::SSID)?.body)))
        .repeats(|packet| packet.frame.elements().is_some_and(has_several_ssids));
}

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

pub(super) static ELEMENTS: &[Known] =
    &[Known { key: Key::Id(id::SSID), name: "SSID", describe: ssid }];

fn ssid(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    let offset = reader.offset();
    if walk.bytes(reader, &SSID, reader.left())?.len() > 32 {
        walk.fault(offset, "an SSID longer than 32 bytes");
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
}
