//! Names that makers let access points announce. None of these elements is standardised; each is
//! read as published by the maker or as seen in that maker's beacons, and only where it is plain text.

use super::{Element, id};
use crate::bytes::{slice, u8_at};

/// The name in one element, if it is one of the known forms.
#[must_use]
pub fn access_point_name(element: &Element<'_>) -> Option<String> {
    if element.id == id::CISCO_CCX1 {
        // Cisco CCX 1: 10 bytes, then the name in 16 bytes.
        return name(slice(element.body, 10, 16)?);
    }
    let [a, b, c, kind] = element.vendor()?;
    let rest = element.body.get(4..)?;
    match ([a, b, c], kind) {
        // Cisco, second form, of up to 32 bytes; Meter: the name fills the element.
        ([0x00, 0x40, 0x96], 0x2f) | ([0x84, 0x80, 0x94], 0) => name(rest),
        // Ubiquiti: the name fills the element.
        ([0x00, 0x15, 0x6d], 1) => name(rest),
        // Extreme, under Symbol's OUI: 7 bytes, length, the name.
        ([0x00, 0xa0, 0xf8], 1) => {
            let length = usize::from(u8_at(rest, 7)?);
            name(slice(rest, 8, length)?)
        }
        // Aruba: subtype 3, a reserved byte, the name.
        ([0x00, 0x0b, 0x86], 1) if u8_at(rest, 0) == Some(3) => name(rest.get(2..)?),
        // Aerohive, now Extreme: two bytes of subtype, length, the name with a zero byte.
        ([0x00, 0x19, 0x77], 0x21) => {
            let length = usize::from(u8_at(rest, 2)?);
            name(slice(rest, 3, length)?)
        }
        // Mist, Ruckus, Alcatel-Lucent: the name follows the type.
        ([0x5c, 0x5b, 0x35] | [0xdc, 0x08, 0x56], 1) | ([0x00, 0x13, 0x92], 3) => name(rest),
        // Fortinet: the second byte of the type, then attributes; 1 is the name.
        ([0x00, 0x09, 0x0f], 10) => attribute(rest.get(1..)?, 1).and_then(name),
        // MikroTik: attributes of type and length; 1 is the name, after 6 bytes of version.
        ([0x00, 0x0c, 0x42], 0) => mikrotik(rest),
        _ => None,
    }
}

/// 4 bytes of unknown meaning and 6 of version before the name of up to 16 bytes.
fn mikrotik(rest: &[u8]) -> Option<String> {
    name(attribute(rest.get(2..)?, 1)?.get(10..)?)
}

/// The first attribute of this type, in a list of type, length and value.
fn attribute(mut attributes: &[u8], wanted: u8) -> Option<&[u8]> {
    while let (Some(kind), Some(length)) = (u8_at(attributes, 0), u8_at(attributes, 1)) {
        let length = usize::from(length);
        if kind == wanted {
            return slice(attributes, 2, length);
        }
        attributes = attributes.get(length.saturating_add(2)..)?;
    }
    None
}

/// Printable text, at least one character, ended by a zero byte if one comes.
fn name(bytes: &[u8]) -> Option<String> {
    let bytes = bytes.split(|byte| *byte == 0).next()?;
    let text = std::str::from_utf8(bytes).ok()?.trim();
    let is_text = !text.is_empty() && !text.chars().any(char::is_control);
    is_text.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::Elements;
    use super::*;

    fn read(element: &[u8]) -> Option<String> {
        Elements::new(element, 0).next().and_then(|element| access_point_name(&element))
    }

    #[test]
    fn known_forms() {
        let mut cisco = vec![133, 30];
        cisco.extend([0; 10]);
        cisco.extend(b"ap-floor-2\0\0\0\0\0\0");
        cisco.extend([0; 4]);
        assert_eq!(read(&cisco).as_deref(), Some("ap-floor-2"));
        assert_eq!(
            read(&[221, 9, 0, 0x0b, 0x86, 1, 3, 0, b'a', b'p', b'1']).as_deref(),
            Some("ap1")
        );
        assert_eq!(
            read(&[221, 10, 0, 0x19, 0x77, 0x21, 1, 0, 3, b'h', b'1', 0]).as_deref(),
            Some("h1")
        );
    }

    #[test]
    fn names_after_other_fields() {
        for (head, rest) in [
            ([0x00, 0x15, 0x6d, 1], &b"h1"[..]),
            ([0x00, 0xa0, 0xf8, 1], b"1234567\x02h1"),
            ([0x00, 0x09, 0x0f, 10], b"\x00\x02\x01m\x01\x03h1\0"),
            ([0x00, 0x0c, 0x42, 0], b"\x00\x00\x07\x01x\x01\x0c1234567890h1"),
        ] {
            let mut element = vec![221, (rest.len() + 4) as u8];
            element.extend(head);
            element.extend(rest);
            assert_eq!(read(&element).as_deref(), Some("h1"), "{head:?}");
        }
    }

    #[test]
    fn what_is_not_text_is_no_name() {
        assert_eq!(read(&[221, 9, 0, 0x0b, 0x86, 1, 3, 0, 0x80, 0x01, 0xff]), None);
        assert_eq!(read(&[221, 3, 0, 0x0b, 0x86]), None);
    }
}
