//! Display filters: which packets to show, asked by the names of their fields.
//!
//! The language is Wireshark's as far as it goes, so that habits carry over: `wlan.fc.type_subtype ==
//! deauthentication and wlan_radio.signal_dbm > -60`. A comparison holds when it does for **any**
//! occurrence of the field, `!=` when **all** occurrences differ (as since Wireshark 4); a test of a
//! field that a packet does not have is false. [`Filter::help`] says what can be written.
//!
//! Text, nesting, tests, sets and patterns are bounded; patterns run in linear time. Asking a packet
//! allocates nothing.

mod check;
mod complete;
mod lex;
mod literal;
mod parse;
mod program;
mod suggest;
#[cfg(test)]
mod tests;

pub use complete::{Completion, CompletionKind, complete};

use crate::capture::CapturedFrame;
use crate::fields::{Packet, Parts};
use program::Program;
use std::ops::Range;

/// Why a text is not a filter.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("filter, column {column}: {message}")]
pub struct FilterError {
    /// Character of the text where it goes wrong, counted from 1.
    pub column: usize,
    /// The same, as bytes of the text; empty at its end.
    pub span: Range<usize>,
    /// What is wrong and what to write.
    pub message: String,
}

impl FilterError {
    fn new(text: &str, span: Range<usize>, message: String) -> Self {
        let before = text.get(..span.start).unwrap_or(text);
        Self { column: before.chars().count().saturating_add(1), span, message }
    }
}

/// Names of fields like one that does not exist, as `; did you mean …?`; `None` when none is like it.
#[must_use]
pub fn similar_fields(name: &str) -> Option<String> {
    suggest::did_you_mean(name, crate::fields::all().map(|field| field.name))
}

/// A compiled filter.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    text: String,
    /// `None` matches everything.
    program: Option<Program>,
}

impl Filter {
    /// Compiles a filter. A blank text matches everything.
    ///
    /// # Errors
    /// What is wrong, where, and what to write.
    pub fn compile(text: &str) -> Result<Self, FilterError> {
        let program = if text.trim().is_empty() { None } else { Some(parse::parse(text)?) };
        Ok(Self { text: text.to_owned(), program })
    }

    /// The text it was compiled from.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// True when everything passes.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.program.is_none()
    }

    /// The parts of a packet that decide.
    #[must_use]
    pub fn parts(&self) -> Parts {
        self.program.as_ref().map_or(Parts::NONE, Program::parts)
    }

    /// True when a packet passes.
    #[must_use]
    pub fn matches(&self, packet: &Packet<'_>) -> bool {
        self.program.as_ref().is_none_or(|program| program.matches(packet))
    }

    /// True when a captured frame passes. Where its type and subtype decide, it is not even parsed.
    #[must_use]
    pub fn accepts(&self, captured: &CapturedFrame<'_>) -> bool {
        self.program.as_ref().is_none_or(|program| {
            program
                .by_kind(captured.link_type, captured.data)
                .unwrap_or_else(|| program.matches(&Packet::new(*captured)))
        })
    }

    /// Parses a captured frame if it passes.
    #[must_use]
    pub fn select<'a>(&self, captured: CapturedFrame<'a>) -> Option<Packet<'a>> {
        let Some(program) = &self.program else { return Some(Packet::new(captured)) };
        let by_kind = program.by_kind(captured.link_type, captured.data);
        if by_kind == Some(false) {
            return None;
        }
        let packet = Packet::new(captured);
        (by_kind == Some(true) || program.matches(&packet)).then_some(packet)
    }

    /// What can be written, in a few lines.
    #[must_use]
    pub const fn help() -> &'static str {
        "\
wlan.ssid                                 the packet has the field
wlan.fc.type_subtype == deauthentication  == != < <= > >= (eq ne lt le gt ge); names or numbers, 0x0c
wlan.ta == 02:00:5e                       an address by its first bytes, or bits: 02:00:5e:00:00:00/28
wlan.ssid contains \"guest\"                part of text or bytes: 00:0f:ac
wlan.ssid matches \"^cafe\"                 regular expression; case does not matter unless (?-i)
wlan_radio.signal_dbm in {-60..-40, -30}  one of several values or ranges
wlan.ta[0:3] == 00:1b:2f                  bytes of a field: [start:length], [first-last], [index]
wlan.ta == wlan.sa                        two fields that occur once
_ws.malformed                             something in the packet contradicts the standard
Put together with and, or, not (&& || !) and parentheses; 'and' binds before 'or'. A field that occurs
several times passes when any occurrence does; != when all differ; === all equal, !== any differs;
'any' or 'all' before a test says it outright."
    }
}
