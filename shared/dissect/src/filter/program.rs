//! A compiled filter and how it is asked of a packet.
//!
//! Fields with a short way are read by it. Only when the answer depends on another field is the
//! packet walked over, once, and every test that waits for the walk sees each value as it comes by.

use super::check::{Check, Relation, Slice, integer};
use super::parse::MAX_TESTS;
use crate::LinkType;
use crate::describe::describe;
use crate::describe::header::{SUBTYPE, TYPE, TYPE_SUBTYPE};
use crate::fault::Fault;
use crate::fields::{Field, MALFORMED, Packet, Part, Parts, Sink, Span, Value, parts_for};

/// What a test is about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject {
    pub(super) field: &'static Field,
    pub(super) slice: Option<Slice>,
}

/// Two fields compared with each other; each occurs once at most.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair {
    pub(super) left: &'static Field,
    pub(super) right: &'static Field,
    pub(super) relation: Relation,
    pub(super) negate: bool,
}

/// One test.
#[derive(Clone, Debug)]
pub(super) enum Test {
    /// Of the values of one field.
    One {
        subject: Subject,
        check: Check,
        /// A value passes when `check` does not.
        negate: bool,
        /// All values must pass, and there must be one; else any.
        all: bool,
    },
    /// Of two fields.
    Pair(Pair),
}

/// How tests are put together.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Test(usize),
    Not(Box<Node>),
    All(Vec<Node>),
    Any(Vec<Node>),
}

impl Node {
    pub(super) fn all(mut parts: Vec<Self>) -> Self {
        match parts.pop() {
            Some(only) if parts.is_empty() => only,
            last => {
                parts.extend(last);
                Self::All(parts)
            }
        }
    }

    pub(super) fn any(mut parts: Vec<Self>) -> Self {
        match parts.pop() {
            Some(only) if parts.is_empty() => only,
            last => {
                parts.extend(last);
                Self::Any(parts)
            }
        }
    }
}

/// A compiled filter.
#[derive(Clone, Debug)]
pub(super) struct Program {
    root: Node,
    tests: Vec<Test>,
    parts: Parts,
    kinds: Kinds,
}

/// What the values of a field have shown so far.
const SEEN: u8 = 1;
const PASSED: u8 = 2;
const FAILED: u8 = 4;

impl Program {
    pub(super) fn new(root: Node, tests: Vec<Test>) -> Self {
        let mut program = Self { root, tests, parts: Parts::NONE, kinds: Kinds::EITHER };
        program.parts = program.tests.iter().fold(Parts::NONE, |parts, test| match test {
            Test::One { subject, .. } => parts.and(parts_for(subject.field)),
            Test::Pair(pair) => parts.and(parts_for(pair.left)).and(parts_for(pair.right)),
        });
        program.kinds = program.kinds_of(&program.root);
        program
    }

    /// The parts of a packet that decide.
    pub(super) const fn parts(&self) -> Parts {
        self.parts
    }

    /// True when the packet passes.
    pub(super) fn matches(&self, packet: &Packet<'_>) -> bool {
        let mut run = Run { program: self, packet, walked: false, states: [0; MAX_TESTS] };
        run.node(&self.root)
    }

    /// The answer where the first byte of the 802.11 frame decides, without parsing.
    #[inline]
    pub(super) fn by_kind(&self, link_type: LinkType, data: &[u8]) -> Option<bool> {
        if !self.kinds.decide_any {
            return None;
        }
        let bit = 1u128.checked_shl(u32::from(kind_at_a_glance(link_type, data)?))?;
        match (self.kinds.may_pass & bit != 0, self.kinds.may_fail & bit != 0) {
            (true, false) => Some(true),
            (false, true) => Some(false),
            _ => None,
        }
    }

    fn kinds_of(&self, node: &Node) -> Kinds {
        match node {
            Node::Test(number) => match self.tests.get(*number) {
                Some(Test::One { subject: Subject { field, slice: None }, .. })
                    if [&TYPE, &SUBTYPE, &TYPE_SUBTYPE].iter().any(|known| known.is(field)) =>
                {
                    Kinds::of(|packet| {
                        let mut run =
                            Run { program: self, packet, walked: true, states: [0; MAX_TESTS] };
                        run.test(*number)
                    })
                }
                _ => Kinds::EITHER,
            },
            Node::Not(inner) => {
                let inner = self.kinds_of(inner);
                Kinds { may_pass: inner.may_fail, may_fail: inner.may_pass, ..inner }.settled()
            }
            Node::All(parts) => parts.iter().map(|part| self.kinds_of(part)).fold(
                Kinds { may_pass: u128::MAX, may_fail: 0, decide_any: true },
                |one, other| {
                    Kinds {
                        may_pass: one.may_pass & other.may_pass,
                        may_fail: one.may_fail | other.may_fail,
                        ..one
                    }
                    .settled()
                },
            ),
            Node::Any(parts) => parts.iter().map(|part| self.kinds_of(part)).fold(
                Kinds { may_pass: 0, may_fail: u128::MAX, decide_any: true },
                |one, other| {
                    Kinds {
                        may_pass: one.may_pass | other.may_pass,
                        may_fail: one.may_fail & other.may_fail,
                        ..one
                    }
                    .settled()
                },
            ),
        }
    }
}

/// Which types and subtypes may pass, and which may fail: bit `16 * type + subtype`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Kinds {
    may_pass: u128,
    may_fail: u128,
    /// Some bit is in one set only.
    decide_any: bool,
}

/// Type 1, subtype 6: the kind of these control frames stands in a further byte.
const CONTROL_EXTENSION: u8 = 0x16;

impl Kinds {
    /// Nothing is decided by type and subtype.
    const EITHER: Self = Self { may_pass: u128::MAX, may_fail: u128::MAX, decide_any: false };

    const fn settled(self) -> Self {
        Self { decide_any: self.may_pass & self.may_fail != u128::MAX, ..self }
    }

    /// What a test says of a frame of each kind that is nothing but its frame control field.
    fn of(mut test: impl FnMut(&Packet<'_>) -> bool) -> Self {
        let mut kinds = Self { may_pass: 0, may_fail: 0, decide_any: true };
        for kind in 0u8..64 {
            let bytes = [(kind & 0x0f) << 4 | (kind >> 4) << 2, 0];
            let captured = crate::capture::CapturedFrame::new(LinkType::Ieee80211, &bytes);
            let bit = 1u128.checked_shl(u32::from(kind)).unwrap_or(0);
            let passes = test(&Packet::new(captured));
            if passes || kind == CONTROL_EXTENSION {
                kinds.may_pass |= bit;
            }
            if !passes || kind == CONTROL_EXTENSION {
                kinds.may_fail |= bit;
            }
        }
        kinds
    }
}

/// `16 * type + subtype` of a frame whose headers need not be read; `None` where only the parser knows.
#[inline]
fn kind_at_a_glance(link_type: LinkType, data: &[u8]) -> Option<u8> {
    let mac = match link_type {
        LinkType::Radiotap => {
            let [0, _, low, high] = *data.first_chunk::<4>()? else { return None };
            let length = usize::from(u16::from_le_bytes([low, high]));
            if length < 8 {
                return None;
            }
            data.get(length..)?
        }
        LinkType::Ieee80211 => data,
        _ => return None,
    };
    // Two bytes of frame control, and four that may be the frame check sequence.
    let [first, ..] = *mac.first_chunk::<6>()?;
    // Of other protocol versions nothing but the version is known.
    if first & 3 != 0 {
        return None;
    }
    Some((first >> 2 & 3) << 4 | first >> 4)
}

/// One packet being asked.
struct Run<'r> {
    program: &'r Program,
    packet: &'r Packet<'r>,
    walked: bool,
    states: [u8; MAX_TESTS],
}

impl Run<'_> {
    fn node(&mut self, node: &Node) -> bool {
        match node {
            Node::Test(number) => self.test(*number),
            Node::Not(inner) => !self.node(inner),
            Node::All(parts) => parts.iter().all(|part| self.node(part)),
            Node::Any(parts) => parts.iter().any(|part| self.node(part)),
        }
    }

    fn test(&mut self, number: usize) -> bool {
        let program = self.program;
        match program.tests.get(number) {
            Some(Test::One { subject, check, negate, all }) => {
                match subject.field.only(self.packet) {
                    Ok(value) => {
                        value.is_some_and(|value| check.passes(&value, subject.slice) != *negate)
                    }
                    Err(_needs_walk) => {
                        self.walk();
                        let state = self.states.get(number).copied().unwrap_or(0);
                        if *all { state & (SEEN | FAILED) == SEEN } else { state & PASSED != 0 }
                    }
                }
            }
            Some(Test::Pair(pair)) => pair.holds(self.packet),
            None => false,
        }
    }

    fn walk(&mut self) {
        if !std::mem::replace(&mut self.walked, true) {
            let mut watch = Watch {
                tests: &self.program.tests,
                parts: self.program.parts,
                states: &mut self.states,
            };
            describe(self.packet, &mut watch);
        }
    }
}

impl Pair {
    fn holds(&self, packet: &Packet<'_>) -> bool {
        let read = |field: &Field| field.read.and_then(|read| read(packet));
        let (Some(left), Some(right)) = (read(self.left), read(self.right)) else { return false };
        let order = match (left, right) {
            (Value::Bytes(left), Value::Bytes(right)) => Some(left.cmp(right)),
            _ => match (integer(&left), integer(&right)) {
                (Some(left), Some(right)) => Some(left.cmp(&right)),
                _ => left.number().zip(right.number()).and_then(|(l, r)| l.partial_cmp(&r)),
            },
        };
        order.is_some_and(|order| self.relation.holds(order) != self.negate)
    }
}

/// Shows every value of a walk to the tests that are about its field.
struct Watch<'w> {
    tests: &'w [Test],
    parts: Parts,
    states: &'w mut [u8; MAX_TESTS],
}

impl Sink for Watch<'_> {
    fn wants(&self, part: Part) -> bool {
        self.parts.contains(part)
    }

    fn field(&mut self, field: &'static Field, value: Value<'_>, _span: Span) {
        for (test, state) in self.tests.iter().zip(self.states.iter_mut()) {
            if let Test::One { subject, check, negate, .. } = test
                && subject.field.is(field)
            {
                let passes = check.passes(&value, subject.slice) != *negate;
                *state |= SEEN | if passes { PASSED } else { FAILED };
            }
        }
    }

    fn fault(&mut self, fault: Fault) {
        self.field(&MALFORMED, Value::Word(fault.reason), Span::default());
    }
}
