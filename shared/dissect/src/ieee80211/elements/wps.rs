//! Wi-Fi Protected Setup (WSC 2.0.8): attributes of 16-bit type and length, big-endian.

use crate::bytes::{slice, u8_at, u16_be};
use pw_model::Wps;

/// Longest text of an attribute that is kept, in bytes; the specification allows 64.
const MAX_TEXT: usize = 64;

/// Decodes the attributes, which follow OUI and type in the vendor element. Ends at the first that is cut.
#[must_use]
pub fn decode(mut attributes: &[u8]) -> Wps {
    let mut wps = Wps::default();
    while let (Some(kind), Some(length)) = (u16_be(attributes, 0), u16_be(attributes, 2)) {
        let Some(value) = slice(attributes, 4, usize::from(length)) else { break };
        match kind {
            0x1044 => wps.configured = u8_at(value, 0).map(|state| state == 2),
            0x1057 => wps.locked = u8_at(value, 0).map(|locked| locked != 0),
            0x1008 => wps.methods = u16_be(value, 0),
            0x1021 => wps.manufacturer = text(value),
            0x1023 => wps.model_name = text(value),
            0x1024 => wps.model_number = text(value),
            0x1011 => wps.device_name = text(value),
            0x1049 => wps.version2 |= has_version2(value),
            _ => {}
        }
        attributes = attributes.get(usize::from(length).saturating_add(4)..).unwrap_or(&[]);
    }
    wps
}

/// The Wi-Fi Alliance's vendor extension (00-37-2A) with subelement 0: version 2.
fn has_version2(extension: &[u8]) -> bool {
    let Some(mut subelements) = extension.strip_prefix(&[0x00, 0x37, 0x2a]) else { return false };
    while let (Some(kind), Some(length)) = (u8_at(subelements, 0), u8_at(subelements, 1)) {
        if kind == 0 && length >= 1 && u8_at(subelements, 2).is_some_and(|version| version >= 0x20)
        {
            return true;
        }
        subelements = subelements.get(usize::from(length).saturating_add(2)..).unwrap_or(&[]);
    }
    false
}

/// Text without trailing zeros and spaces; control characters become the replacement character.
pub(super) fn text(bytes: &[u8]) -> Option<String> {
    let bytes = bytes.get(..bytes.len().min(MAX_TEXT)).unwrap_or(bytes);
    let text: String = String::from_utf8_lossy(bytes)
        .trim_end_matches(['\0', ' '])
        .chars()
        .map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c })
        .collect();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes() {
        let mut bytes = Vec::new();
        for (kind, value) in [
            (0x104au16, &[0x10][..]),
            (0x1044, &[2]),
            (0x1057, &[1]),
            (0x1021, b"Maker\0"),
            (0x1049, &[0x00, 0x37, 0x2a, 0, 1, 0x20]),
        ] {
            bytes.extend(kind.to_be_bytes());
            bytes.extend((value.len() as u16).to_be_bytes());
            bytes.extend(value);
        }
        let wps = decode(&bytes);
        assert_eq!((wps.configured, wps.locked, wps.version2), (Some(true), Some(true), true));
        assert_eq!(wps.manufacturer.as_deref(), Some("Maker"));
        for end in 0..bytes.len() {
            assert!(!decode(&bytes[..end]).version2);
        }
    }
}
