//! Elements (IEEE Std 802.11-2020, 9.4.2): a table of what is known, one file per family.
//!
//! A family declares its fields with [`element_fields!`], has a table of the elements it knows, a
//! function for each, and a test with vectors. Its two lists stand in [`FAMILIES`].

mod layout;

pub mod alliance;
pub mod channel_switch;
pub mod drone_id;
pub mod eht;
pub mod extended_capabilities;
pub mod fast_transition;
pub mod he;
pub mod he_operation;
pub mod ht;
pub mod identity;
pub mod interworking;
pub mod load;
pub mod makers;
pub mod measurement;
pub mod mesh;
pub mod multi_link;
pub mod multiple_bssid;
pub mod neighbour;
pub mod open_drone_id;
pub mod others;
pub mod p2p;
pub mod rates;
pub mod regulatory;
pub mod rsn;
pub mod twt;
pub mod vht;
pub mod wmm;
pub mod wps;

use crate::fields::{Field, Reader, Span, Value, Walk, fields};
use crate::ieee80211::elements::{Element, Elements, id};
pub(crate) use layout::{Bit, Bits, bits, element_fields, pick};
use std::sync::OnceLock;

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
    /// Part of an element, with identifier and length of its own.
    SUBELEMENT: branch("wlan.subelement", "Subelement").clause("802.11-2020, 9.4.3");
    /// Identifier of a subelement or attribute.
    SUBELEMENT_NUMBER: unsigned("wlan.subelement.number", "Identifier").clause("802.11-2020, 9.4.3");
    /// Length of a subelement or attribute.
    SUBELEMENT_LENGTH: unsigned("wlan.subelement.length", "Length").unit("bytes").clause("802.11-2020, 9.4.3");
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
    /// Every type of a vendor that has no row of its own.
    AnyOf([u8; 3]),
}

impl Known {
    const fn id(id: u8, name: &'static str, describe: Describe) -> Self {
        Self { key: Key::Id(id), name, describe }
    }

    const fn extension(extension: u8, name: &'static str, describe: Describe) -> Self {
        Self { key: Key::Extension(extension), name, describe }
    }

    const fn vendor(vendor: [u8; 4], name: &'static str, describe: Describe) -> Self {
        Self { key: Key::Vendor(vendor), name, describe }
    }

    const fn any_of(oui: [u8; 3], name: &'static str) -> Self {
        Self { key: Key::AnyOf(oui), name, describe: only_named }
    }
}

/// What a family of elements brings.
struct Family {
    name: &'static str,
    elements: &'static [Known],
    fields: &'static [&'static Field],
    layouts: &'static [&'static [Bit]],
}

macro_rules! families {
    ($($name:ident),* $(,)?) => {
        /// Every element that is decoded. Each family has its rows; a new element is a row and a function.
        static FAMILIES: &[Family] = &[$(Family {
            name: stringify!($name),
            elements: $name::ELEMENTS,
            fields: $name::FIELDS,
            layouts: $name::LAYOUTS,
        }),*];
    };
}

families! {
    alliance, channel_switch, drone_id, eht, extended_capabilities, fast_transition, he, he_operation, ht, identity, interworking, load, makers, measurement, mesh, multi_link, multiple_bssid, neighbour, open_drone_id, others,
    p2p, rates, regulatory, rsn, twt, vht, wmm, wps,
}

/// How each known element begins, with the name of its family: identifier, a length of 0, and the
/// extension, or the OUI and type. For whoever makes elements, as fuzz targets do.
pub fn heads() -> impl Iterator<Item = (&'static str, Vec<u8>)> {
    FAMILIES.iter().flat_map(|family| {
        family.elements.iter().map(|known| {
            let head = match known.key {
                Key::Id(id) => vec![id, 0],
                Key::Extension(extension) => vec![id::EXTENSION, 0, extension],
                Key::Vendor([a, b, c, kind]) => vec![id::VENDOR, 0, a, b, c, kind],
                Key::AnyOf([a, b, c]) => vec![id::VENDOR, 0, a, b, c, 0],
            };
            (family.name, head)
        })
    })
}

/// Every field of elements.
pub(crate) fn fields() -> impl Iterator<Item = &'static Field> {
    let families = FAMILIES.iter().flat_map(|family| {
        let bits = family.layouts.iter().flat_map(|layout| layout.iter().map(|bit| &bit.field));
        family.fields.iter().copied().chain(bits)
    });
    FIELDS.iter().copied().chain(families)
}

/// The known elements by identifier, extension and vendor.
struct Index {
    ids: [Option<&'static Known>; 256],
    extensions: [Option<&'static Known>; 256],
    vendors: Vec<&'static Known>,
}

fn index() -> &'static Index {
    static INDEX: OnceLock<Index> = OnceLock::new();
    INDEX.get_or_init(|| {
        let mut index = Index { ids: [None; 256], extensions: [None; 256], vendors: Vec::new() };
        for known in FAMILIES.iter().flat_map(|family| family.elements) {
            let slot = match known.key {
                Key::Id(id) => index.ids.get_mut(usize::from(id)),
                Key::Extension(extension) => index.extensions.get_mut(usize::from(extension)),
                Key::Vendor(_) | Key::AnyOf(_) => {
                    index.vendors.push(known);
                    None
                }
            };
            if let Some(slot) = slot {
                *slot = Some(known);
            }
        }
        index
    })
}

fn known(key: Key) -> Option<&'static Known> {
    let index = index();
    match key {
        Key::Id(id) => index.ids.get(usize::from(id)).copied().flatten(),
        Key::Extension(extension) => {
            index.extensions.get(usize::from(extension)).copied().flatten()
        }
        Key::Vendor([a, b, c, _]) => {
            let by_key = |key| index.vendors.iter().find(|known| known.key == key).copied();
            by_key(key).or_else(|| by_key(Key::AnyOf([a, b, c])))
        }
        Key::AnyOf(_) => None,
    }
}

fn element_name(number: u64) -> Option<&'static str> {
    known(Key::Id(u8::try_from(number).ok()?)).map(|known| known.name)
}

fn extension_name(number: u64) -> Option<&'static str> {
    known(Key::Extension(u8::try_from(number).ok()?)).map(|known| known.name)
}

/// For elements that have a name here and no more: their bytes are given as they are.
fn only_named(_: &mut Walk<'_>, _: &mut Reader<'_>) -> Option<()> {
    Some(())
}

/// Names the elements that fill what is left of `reader`, inside an element. Nested deeper than a
/// frame has reason to, they are given as bytes.
fn nested(walk: &mut Walk<'_>, reader: &mut Reader<'_>) {
    let inner = *reader;
    if walk.deeper(|walk| describe(walk, inner)).is_some() {
        reader.skip_rest();
    }
}

/// Names subelements (identifier, length, value) until `reader` is empty. `inside` names the value of
/// each; what it leaves is given as bytes.
fn subelements(
    walk: &mut Walk<'_>,
    reader: &mut Reader<'_>,
    names: fn(u64) -> Option<&'static str>,
    inside: fn(&mut Walk<'_>, u8, &mut Reader<'_>) -> Option<()>,
) {
    while !reader.is_empty() {
        let start = reader.offset();
        let head = reader.array::<2>();
        let Some(([number, length], mut value)) =
            head.and_then(|head| Some((head, reader.part(usize::from(head[1]))?)))
        else {
            walk.fault(start, "a subelement longer than what is left of its element");
            reader.skip_rest();
            return;
        };
        let span = Span::new(start, usize::from(length).saturating_add(2));
        let name = names(u64::from(number)).map_or(Value::Nothing, Value::Word);
        walk.branch(&SUBELEMENT, name, span, |walk| {
            walk.field(&SUBELEMENT_NUMBER, Value::Unsigned(u64::from(number)), Span::new(start, 1));
            let at = Span::new(start.saturating_add(1), 1);
            walk.field(&SUBELEMENT_LENGTH, Value::Unsigned(u64::from(length)), at);
            if inside(walk, number, &mut value).is_none() {
                walk.fault(value.offset(), "the subelement ends before its fields do");
            }
            walk.rest(&mut value, &DATA);
        });
    }
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
        let mut reader = Reader::joined(&joined, start, element.body.len());
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

    /// A beacon with these elements.
    pub(crate) fn beacon(elements: &[u8]) -> Vec<u8> {
        let mut mac = vec![0x80, 0, 0, 0];
        mac.extend([0xff; 6]);
        mac.extend([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 1, 0, 0]);
        mac.extend([0, 0, 0, 0, 0, 0, 0, 0, 100, 0, 1, 0]);
        mac.extend(elements);
        mac
    }

    /// A frame without radio header, as a capture file gives it.
    pub(crate) fn captured(mac: &[u8]) -> CapturedFrame<'_> {
        CapturedFrame::new(LinkType::Ieee80211, mac)
    }

    /// The lines of [`element_lines`] below the head of the first element, one step to the left.
    pub(crate) fn body_lines(elements: &[u8]) -> Vec<String> {
        let head = if elements[0] == 255 { 4 } else { 3 };
        let lines = element_lines(elements).into_iter().skip(head);
        lines.map(|line| line.strip_prefix("  ").unwrap_or(&line).to_owned()).collect()
    }

    /// The tree of a beacon with these elements, from the first element on: depth, name and text.
    pub(crate) fn element_lines(elements: &[u8]) -> Vec<String> {
        let mac = beacon(elements);
        let tree = Tree::of(&Packet::new(captured(&mac)));
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
    fn every_element_is_known_once() {
        let all: Vec<&Known> = FAMILIES.iter().flat_map(|family| family.elements).collect();
        for (at, known) in all.iter().enumerate() {
            let again = all.iter().skip(at + 1).find(|other| other.key == known.key);
            assert!(again.is_none(), "{} has two rows", known.name);
        }
    }

    #[test]
    fn every_known_element_survives_every_length() {
        for family in FAMILIES {
            for known in family.elements {
                let head: Vec<u8> = match known.key {
                    Key::Id(id) => vec![id],
                    Key::Extension(_) => vec![255],
                    Key::Vendor(_) | Key::AnyOf(_) => vec![221],
                };
                let prefix: Vec<u8> = match known.key {
                    Key::Id(_) => vec![],
                    Key::Extension(extension) => vec![extension],
                    Key::Vendor(vendor) => vendor.to_vec(),
                    Key::AnyOf([a, b, c]) => vec![a, b, c, 0],
                };
                for fill in [0x00u8, 0x03, 0xff] {
                    for length in (prefix.len()..=80).chain([100, 200, 254, 255]) {
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

    #[test]
    fn random_elements_keep_to_their_bytes() {
        use crate::fields::{Packet, Sink};

        /// Holds every span to the frame, and counts what is said.
        struct Check {
            length: u32,
            fields: u32,
        }
        impl Sink for Check {
            fn field(&mut self, field: &'static Field, _: Value<'_>, span: Span) {
                self.fields += 1;
                assert!(span.start + span.length <= self.length, "{field:?} at {span:?}");
            }
        }

        let mut state = 0x9e37_79b9_7f4a_7c15u64;
        let mut random = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        for known in FAMILIES.iter().flat_map(|family| family.elements) {
            for _ in 0..60 {
                let mut element = match known.key {
                    Key::Id(id) => vec![id, 0],
                    Key::Extension(extension) => vec![255, 0, extension],
                    Key::Vendor([a, b, c, d]) => vec![221, 0, a, b, c, d],
                    Key::AnyOf([a, b, c]) => vec![221, 0, a, b, c, 0],
                };
                let length = random() as usize % 250;
                // Small numbers make more of the lengths and identifiers inside valid.
                let mask = if random() & 1 == 0 { 0x0f } else { 0xff };
                element.extend((0..length).map(|_| random() as u8 & mask));
                element[1] = (element.len() - 2) as u8;
                let frame = testing::beacon(&element);
                let mut check = Check { length: frame.len() as u32, fields: 0 };
                crate::describe::describe(&Packet::new(testing::captured(&frame)), &mut check);
                assert!(check.fields < 20_000, "{} says {} fields", known.name, check.fields);
            }
        }
    }
}
