//! Elements (IEEE Std 802.11-2020, 9.4.2): a table of what is known, one file per family.

pub mod identity;
pub mod load;

use crate::fields::{Reader, Span, Value, Walk, fields};
use crate::ieee80211::elements::{Element, Elements, id};

fields! {
    Element => FIELDS;
    /// One element.
    TAG: branch("wlan.tag", "Element").clause("802.11-2020, 9.4.2.1");
    /// Element identifier.
    NUMBER: unsigned("wlan.tag.number", "Identifier").names(element_name);
    /// Length of the element.
    LENGTH: unsigned("wlan.tag.length", "Length").unit("bytes");
    /// Element identifier extension.
    EXTENSION: unsigned("wlan.ext_tag.number", "Identifier extension").names(extension_name);
    /// OUI of a vendor element.
    OUI: hex("wlan.tag.oui", "OUI", 6).clause("802.11-2020, 9.4.2.25");
    /// Type that the vendor gives its element.
    VENDOR_TYPE: unsigned("wlan.tag.vendor.oui.type", "Vendor type");
    /// Bytes that nothing here gives a meaning.
    DATA: bytes("wlan.tag.data", "Data");
}

/// Names the fields of one element's body. `None` when the body ends before its fields do.
type Describe = fn(&mut Walk<'_>, &mut Reader<'_>) -> Option<()>;

/// One known element.
struct Known {
    /// Identifier, and its extension (for 255) or OUI and type (for 221).
    key: Key,
    /// Name as the standard has it.
    name: &'static str,
    /// Names its fields.
    describe: Describe,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Key {
    Id(u8),
    Extension(u8),
    Vendor([u8; 4]),
}

/// Every element that is decoded. Each family has its rows; a new element is a row and a function.
static FAMILIES: &[&[Known]] = &[identity::ELEMENTS, load::ELEMENTS];

fn known(key: Key) -> Option<&'static Known> {
    FAMILIES.iter().flat_map(|family| family.iter()).find(|known| known.key == key)
}

fn element_name(number: u64) -> Option<&'static str> {
    known(Key::Id(u8::try_from(number).ok()?)).map(|known| known.name)
}

fn extension_name(number: u64) -> Option<&'static str> {
    known(Key::Extension(u8::try_from(number).ok()?)).map(|known| known.name)
}

/// Names all elements of a body.
pub(super) fn describe(walk: &mut Walk<'_>, reader: Reader<'_>) {
    let mut elements = Elements::new(reader.rest(), reader.offset());
    let all = elements;
    for element in elements.by_ref() {
        one(walk, &element, all);
    }
    if let Some(fault) = elements.fault() {
        walk.known_fault(fault);
    }
}

fn one(walk: &mut Walk<'_>, element: &Element<'_>, all: Elements<'_>) {
    let key = match (element.extension, element.vendor()) {
        (Some(extension), _) => Key::Extension(extension),
        (None, Some(vendor)) => Key::Vendor(vendor),
        (None, None) => Key::Id(element.id),
    };
    let known = known(key);
    let span = Span::new(element.offset, usize::from(element.length).saturating_add(2));
    let name = known.map_or(Value::Nothing, |known| Value::Word(known.name));
    walk.branch(&TAG, name, span, |walk| {
        let at = |after: usize, length| Span::new(element.offset.saturating_add(after), length);
        walk.field(&NUMBER, Value::Unsigned(u64::from(element.id)), at(0, 1));
        walk.field(&LENGTH, Value::Unsigned(u64::from(element.length)), at(1, 1));
        if let Some(extension) = element.extension {
            walk.field(&EXTENSION, Value::Unsigned(u64::from(extension)), at(2, 1));
        }
        let start = element.offset.saturating_add(if element.id == id::EXTENSION { 3 } else { 2 });
        let joined = all.joined(element);
        let mut reader = Reader::new(&joined, start);
        if element.vendor().is_some() {
            walk.number_be(&mut reader, &OUI, 3);
            walk.u8(&mut reader, &VENDOR_TYPE);
        }
        if let Some(known) = known
            && (known.describe)(walk, &mut reader).is_none()
        {
            walk.fault(reader.offset(), "the element ends before its fields do");
        }
        walk.rest(&mut reader, &DATA);
    });
}

#[cfg(test)]
pub(crate) mod testing {
    //! What the tests of the families share.

    use crate::LinkType;
    use crate::capture::CapturedFrame;
    use crate::fields::{Packet, Tree};

    /// The tree of a beacon with these elements, from the first element on: depth, name and text.
    pub(crate) fn element_lines(elements: &[u8]) -> Vec<String> {
        let mut mac = vec![0x80, 0, 0, 0];
        mac.extend([0xff; 6]);
        mac.extend([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 1, 0, 0]);
        mac.extend([0, 0, 0, 0, 0, 0, 0, 0, 100, 0, 1, 0]);
        mac.extend(elements);
        let captured = CapturedFrame::new(LinkType::Ieee80211, &mac);
        let tree = Tree::of(&Packet::new(captured));
        let first = tree
            .nodes
            .iter()
            .position(|node| node.field == Some(&super::TAG))
            .expect("at least one element");
        let lines = tree.nodes[first..].iter().map(|node| {
            let fault = if node.fault.is_some() { "! " } else { "" };
            format!("{}{fault}{}", "  ".repeat(usize::from(node.depth)), node.text)
        });
        lines.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::testing::element_lines;
    use super::*;

    #[test]
    fn unknown_elements_keep_their_bytes_and_cut_ones_are_faults() {
        assert_eq!(
            element_lines(&[254, 2, 0xab, 0xcd]),
            ["Element", "  Identifier: 254", "  Length: 2 bytes", "  Data: abcd"]
        );
        let cut = element_lines(&[11, 3, 7, 0, 60]);
        assert_eq!(
            cut.last().map(String::as_str),
            Some("  ! the element ends before its fields do")
        );
        assert!(cut.iter().any(|line| line.contains("Stations: 7")), "{cut:?}");
    }

    #[test]
    fn every_known_element_survives_every_length() {
        for family in FAMILIES {
            for known in *family {
                let head: Vec<u8> = match known.key {
                    Key::Id(id) => vec![id],
                    Key::Extension(_) => vec![255],
                    Key::Vendor(_) => vec![221],
                };
                let prefix: Vec<u8> = match known.key {
                    Key::Id(_) => vec![],
                    Key::Extension(extension) => vec![extension],
                    Key::Vendor(vendor) => vendor.to_vec(),
                };
                for fill in [0x00u8, 0x01, 0xff] {
                    for length in prefix.len()..=255 {
                        let mut element = head.clone();
                        element.push(length as u8);
                        element.extend(&prefix);
                        element.resize(length + 2, fill);
                        assert!(!element_lines(&element).is_empty(), "{}", known.name);
                    }
                }
            }
        }
    }
}
