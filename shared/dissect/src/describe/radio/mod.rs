//! What the receiver says of a frame: its header field by field, and what is derived from it.

pub mod avs;
pub mod cooked;
pub mod derived;
pub mod ppi;
pub mod ppi_gps;
pub mod prism;
mod radiotap;
pub mod radiotap_eht;
pub mod radiotap_fields;
pub mod radiotap_he;

use crate::LinkType;
use crate::fields::{Field, Form, Reader, Walk, Word};

pub(super) use derived::FIELDS;

/// Bits of a word that are a field: field, lowest bit, number of bits.
type Bits = (&'static Field, u32, u32);

/// As [`Bits`], and the bit that must be set where the header says what of it is known.
type KnownBits = (&'static Field, u32, u32, u32);

/// In place of that bit: the value is always known.
const ALWAYS: u32 = 64;

/// Names the bits of a word.
fn name_bits(walk: &mut Walk<'_>, word: Word, table: &[Bits]) {
    for (field, low, count) in table {
        name(walk, word, field, *low, *count);
    }
}

/// Names those bits of a word that `known` says are known.
fn name_known(walk: &mut Walk<'_>, word: Word, table: &[KnownBits], known: u64) {
    for (field, low, count, bit) in table {
        if known.checked_shr(*bit).is_none_or(|shifted| shifted & 1 != 0) {
            name(walk, word, field, *low, *count);
        }
    }
}

fn name(walk: &mut Walk<'_>, word: Word, field: &'static Field, low: u32, count: u32) {
    if field.form == Form::Flag {
        walk.flag(word, field, low);
    } else {
        walk.bits(word, field, low, count);
    }
}

/// The name of a value that counts from 0.
fn pick(names: &[&'static str], value: u64) -> Option<&'static str> {
    names.get(usize::try_from(value).ok()?).copied()
}

pub(super) fn describe(walk: &mut Walk<'_>) {
    let captured = walk.packet.captured;
    // A header that ends before its fields do has a fault of the parser, which follows below.
    let _described: Option<()> = header(walk, captured.link_type, Reader::new(captured.data, 0));
    derived::describe(walk);
}

fn header(walk: &mut Walk<'_>, link_type: LinkType, mut reader: Reader<'_>) -> Option<()> {
    match link_type {
        LinkType::Radiotap => radiotap::describe(walk, reader),
        LinkType::Ppi => {
            let inner = ppi::describe(walk, &mut reader)?;
            if inner == LinkType::Radiotap { header(walk, inner, reader) } else { Some(()) }
        }
        LinkType::Prism if prism::is_avs(&reader) => avs::describe(walk, reader),
        LinkType::Prism => prism::describe(walk, reader),
        LinkType::Avs => avs::describe(walk, reader),
        LinkType::LinuxCooked => {
            let inner = cooked::describe(walk, &mut reader)?;
            header(walk, inner, reader)
        }
        LinkType::Ieee80211 | LinkType::Other(_) => Some(()),
    }
}

#[cfg(test)]
mod tests;
