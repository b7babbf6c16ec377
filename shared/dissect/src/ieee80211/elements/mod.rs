//! Elements: the identifier-length-value fields that management frames are made of
//! (IEEE Std 802.11-2020, 9.4.2.1), one file per family of meanings.

pub mod access_point_name;
pub mod capability;
pub mod id;
pub mod multi_link;
pub mod multiple_bssid;
pub mod operation;
pub mod wps;

use crate::bytes::{array, u8_at};
use crate::fault::{Fault, Layer};
use std::borrow::Cow;

/// One element.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Element<'a> {
    /// Element identifier.
    pub id: u8,
    /// Identifier extension, of elements with identifier 255.
    pub extension: Option<u8>,
    /// What follows the length, and the extension where there is one.
    pub body: &'a [u8],
    /// Where the identifier stands in the captured bytes.
    pub offset: usize,
    /// Bytes of the element after identifier and length; 255 may continue in fragments.
    pub length: u8,
}

impl Element<'_> {
    /// OUI and type of a vendor element (221).
    #[must_use]
    pub fn vendor(&self) -> Option<[u8; 4]> {
        if self.id == id::VENDOR { array(self.body, 0) } else { None }
    }

    /// True when `self` has this identifier extension (identifier 255).
    #[must_use]
    pub const fn is_extension(&self, extension: u8) -> bool {
        matches!(self.extension, Some(own) if own == extension)
    }
}

/// The elements of a body, in order. Ends at the first that runs past the end of the body, which
/// [`Elements::fault`] then tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Elements<'a> {
    bytes: &'a [u8],
    /// Where `bytes` end in the captured bytes.
    end: usize,
    fault: Option<Fault>,
}

impl<'a> Elements<'a> {
    /// Over `bytes`, which stand `offset` bytes into the captured bytes.
    #[must_use]
    pub const fn new(bytes: &'a [u8], offset: usize) -> Self {
        Self { bytes, end: offset.saturating_add(bytes.len()), fault: None }
    }

    /// The bytes not yet walked over.
    #[must_use]
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Where the next element stands in the captured bytes.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.end.saturating_sub(self.bytes.len())
    }

    /// Set when the walk ended at an element that was cut.
    #[must_use]
    pub const fn fault(&self) -> Option<Fault> {
        self.fault
    }

    /// The first element with this identifier.
    #[must_use]
    pub fn find_id(mut self, id: u8) -> Option<Element<'a>> {
        self.find(|element| element.id == id)
    }

    /// The first element with this identifier extension.
    #[must_use]
    pub fn find_extension(mut self, extension: u8) -> Option<Element<'a>> {
        self.find(|element| element.is_extension(extension))
    }

    /// The body of an element with the fragments (identifier 242) that follow it in these elements,
    /// which must be those it was taken from, joined (802.11-2020, 10.28.11). Copies only when there are any.
    #[must_use]
    pub fn joined(self, element: &Element<'a>) -> Cow<'a, [u8]> {
        if element.length != 255 {
            return Cow::Borrowed(element.body);
        }
        let mut joined: Option<Vec<u8>> = None;
        let after = self.skip_while(|other| other.offset <= element.offset);
        for fragment in after.take_while(|other| other.id == id::FRAGMENT) {
            joined.get_or_insert_with(|| element.body.to_vec()).extend(fragment.body);
            if fragment.length != 255 {
                break;
            }
        }
        joined.map_or(Cow::Borrowed(element.body), Cow::Owned)
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = Element<'a>;

    #[inline]
    fn next(&mut self) -> Option<Element<'a>> {
        let [id, length] = match array::<2>(self.bytes, 0) {
            Some(head) => head,
            None => {
                if !self.bytes.is_empty() {
                    self.end_with("one byte left, where an element has at least two");
                }
                return None;
            }
        };
        let next = usize::from(length).saturating_add(2);
        let Some((element, rest)) = self.bytes.split_at_checked(next) else {
            self.end_with("an element longer than what is left of the frame");
            return None;
        };
        let value = element.get(2..).unwrap_or(&[]);
        let (extension, body) = if id == id::EXTENSION {
            (u8_at(value, 0), value.get(1..).unwrap_or(&[]))
        } else {
            (None, value)
        };
        let offset = self.offset();
        self.bytes = rest;
        Some(Element { id, extension, body, offset, length })
    }
}

impl Elements<'_> {
    #[cold]
    fn end_with(&mut self, reason: &'static str) {
        let offset = self.offset();
        self.end = offset;
        self.bytes = &[];
        let offset = u32::try_from(offset).unwrap_or(u32::MAX);
        self.fault = Some(Fault { offset, layer: Layer::Element, reason });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walking_and_the_located_fault() {
        let bytes = [0, 2, b'a', b'b', 255, 2, 35, 9, 1, 5, 2];
        let mut elements = Elements::new(&bytes, 100);
        let ssid = elements.next().expect("first");
        assert_eq!((ssid.id, ssid.body, ssid.offset), (0, &b"ab"[..], 100));
        let he = elements.next().expect("second");
        assert_eq!((he.extension, he.body, he.offset), (Some(35), &[9u8][..], 104));
        assert_eq!(elements.next(), None);
        assert_eq!(elements.fault().map(|fault| fault.offset), Some(108));
    }

    #[test]
    fn fragments_are_joined() {
        let mut bytes = vec![255, 255, 107];
        bytes.extend([1; 254]);
        bytes.extend([242, 3, 2, 2, 2, 242, 1, 9]);
        let elements = Elements::new(&bytes, 0);
        let first = elements.clone().next().expect("first");
        let joined = elements.joined(&first);
        assert_eq!(joined.len(), 257, "the second fragment follows one that is not full");
        assert_eq!(joined.last(), Some(&2));
    }
}
