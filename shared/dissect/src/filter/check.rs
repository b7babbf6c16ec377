//! What a test asks of one value, made once and asked of every packet.

use crate::fields::Value;
use memchr::memmem;
use regex::bytes::Regex;

/// How two values stand to each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Relation {
    Equal,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

impl Relation {
    /// True when values in this order have the relation.
    pub(super) const fn holds(self, order: std::cmp::Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::Less => order.is_lt(),
            Self::LessEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterEqual => order.is_ge(),
        }
    }
}

/// What is asked of a value.
#[derive(Clone, Debug)]
pub(super) enum Check {
    /// That it is there.
    Present,
    /// That a flag, number, time or address lies in one of these ranges, ends included. An address
    /// counts as its 48 bits, so a prefix is a range.
    Integers(Vec<(i128, i128)>),
    /// That a number lies in one of these ranges, ends included.
    Floats(Vec<(f64, f64)>),
    /// That bytes, in the order of a dictionary, lie in one of these ranges, ends included.
    Ranges(Vec<(Vec<u8>, Vec<u8>)>),
    /// That bytes stand before or after these.
    Order(Relation, Vec<u8>),
    /// That bytes hold these bytes.
    Contains(Box<memmem::Finder<'static>>),
    /// That bytes match a pattern.
    Matches(Box<Regex>),
}

/// Bytes of a value to look at: `length` from `start`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Slice {
    pub(super) start: usize,
    /// `None`: to the end.
    pub(super) length: Option<usize>,
}

impl Slice {
    /// `None` when the bytes are not all there.
    fn of(self, bytes: &[u8]) -> Option<&[u8]> {
        let from = bytes.get(self.start..)?;
        match self.length {
            Some(length) => from.get(..length),
            None => Some(from),
        }
    }
}

/// A value as the number that [`Check::Integers`] looks at.
pub(super) fn integer(value: &Value<'_>) -> Option<i128> {
    match *value {
        Value::Flag(yes) => Some(i128::from(yes)),
        Value::Unsigned(value) => Some(i128::from(value)),
        Value::Signed(value) => Some(i128::from(value)),
        Value::Address(address) => Some(i128::from(address.to_u64())),
        _ => None,
    }
}

impl Check {
    /// True when `value`, or the part of it that `slice` names, passes.
    pub(super) fn passes(&self, value: &Value<'_>, slice: Option<Slice>) -> bool {
        match self {
            Self::Present if slice.is_none() => true,
            Self::Integers(ranges) => match (integer(value), value) {
                (Some(value), _) => {
                    ranges.iter().any(|(low, high)| *low <= value && value <= *high)
                }
                // A field of whole numbers does not give fractions; if one does, it is compared as such.
                (None, Value::Float(value)) => {
                    ranges.iter().any(|(low, high)| *low as f64 <= *value && *value <= *high as f64)
                }
                _ => false,
            },
            Self::Floats(ranges) => value.number().is_some_and(|value| {
                ranges.iter().any(|(low, high)| *low <= value && value <= *high)
            }),
            _ => {
                let octets;
                let bytes = match value {
                    Value::Bytes(bytes) => bytes,
                    Value::Word(word) => word.as_bytes(),
                    Value::Address(address) => {
                        octets = address.0;
                        &octets
                    }
                    _ => return false,
                };
                match slice {
                    None => self.bytes_pass(bytes),
                    Some(slice) => slice.of(bytes).is_some_and(|bytes| self.bytes_pass(bytes)),
                }
            }
        }
    }

    fn bytes_pass(&self, bytes: &[u8]) -> bool {
        match self {
            Self::Ranges(ranges) => {
                ranges.iter().any(|(low, high)| low.as_slice() <= bytes && bytes <= high.as_slice())
            }
            Self::Order(relation, bound) => relation.holds(bytes.cmp(bound.as_slice())),
            Self::Contains(finder) => finder.find(bytes).is_some(),
            Self::Matches(pattern) => pattern.is_match(bytes),
            // That there are bytes where a slice looks.
            Self::Present => true,
            Self::Integers(_) | Self::Floats(_) => false,
        }
    }
}
