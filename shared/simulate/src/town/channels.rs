//! Which channels and widths a device uses.

use crate::frame::network::{Generation, Operating};
use pw_model::{Band, Channel};
use rand::Rng;
use rand::seq::IndexedRandom;

/// The greatest width in MHz that the primary channel can have, with channels as in Europe.
pub(super) fn widest_mhz(channel: Channel) -> u16 {
    match (channel.band, channel.number) {
        (Band::Ghz2_4, 14) => 20,
        (Band::Ghz2_4, _) => 40,
        (Band::Ghz5, 36..=64 | 100..=128) => 160,
        (Band::Ghz5, 132..=144 | 149..=161) => 80,
        (Band::Ghz6, 2) => 20,
        (Band::Ghz6, 1..=61) => 320,
        (Band::Ghz6, 65..=93) => 160,
        (Band::Ghz6, 97..=221) => 160,
        _ => 20,
    }
}

/// The width that a device of the generation uses when nothing is said.
pub(super) fn usual_width_mhz(channel: Channel, generation: Generation) -> u16 {
    let wish = match (channel.band, generation) {
        (Band::Ghz2_4, _) | (_, Generation::Legacy) => 20,
        (_, Generation::Wifi4) => 40,
        (Band::Ghz6, Generation::Wifi7) => 320,
        (Band::Ghz6, _) => 160,
        _ => 80,
    };
    wish.min(widest_mhz(channel))
}

/// An operating channel from a centre frequency; `None` when no channel has it.
pub(super) fn operating(
    frequency_mhz: u16,
    width_mhz: Option<u16>,
    generation: Generation,
) -> Option<Operating> {
    let channel = Channel::from_frequency_mhz(frequency_mhz)?;
    let width_mhz = width_mhz.unwrap_or_else(|| usual_width_mhz(channel, generation));
    Some(Operating { channel, frequency_mhz, width_mhz })
}

/// Channels in MHz that a generated device of the generation uses.
pub(super) fn draw_channels(generation: Generation, random: &mut impl Rng) -> Vec<u16> {
    let mut pick = |channels: &[u16]| -> u16 { channels.choose(random).copied().unwrap_or(2437) };
    // 1, 6 and 11 are most of what is found.
    let low = pick(&[
        2412, 2412, 2412, 2412, 2437, 2437, 2437, 2437, 2462, 2462, 2462, 2462, 2422, 2432, 2472,
    ]);
    let middle = pick(&[
        5180, 5180, 5180, 5200, 5220, 5220, 5240, 5260, 5280, 5300, 5320, 5500, 5500, 5520, 5540,
        5560, 5580, 5600, 5660, 5680,
    ]);
    // Preferred scanning channels (IEEE Std 802.11ax-2021, 26.17.2.3.3) below 6425 MHz.
    let high = pick(&[5975, 6055, 6135, 6215, 6295, 6375]);
    match generation {
        Generation::Legacy => vec![low],
        Generation::Wifi4 if random.random_bool(0.6) => vec![low],
        Generation::Wifi4 | Generation::Wifi5 | Generation::Wifi6 => vec![low, middle],
        Generation::Wifi6e | Generation::Wifi7 => vec![low, middle, high],
    }
}

/// Channels of a hop plan for one band, in MHz.
pub(crate) fn plan_of_band(band: crate::scenario::format::BandName) -> Vec<u16> {
    use crate::scenario::format::BandName;
    match band {
        // Neighbours far apart, so that one visit after the other hears something new.
        BandName::Ghz2_4 => [1u16, 6, 11, 2, 7, 12, 3, 8, 13, 4, 9, 5, 10]
            .iter()
            .map(|number| 2407 + 5 * number)
            .collect(),
        BandName::Ghz5 => (36..=64)
            .step_by(4)
            .chain((100..=144).step_by(4))
            .chain((149..=165).step_by(4))
            .map(|number: u16| 5000 + 5 * number)
            .collect(),
        // Preferred scanning channels up to 6425 MHz.
        BandName::Ghz6 => (5..=85).step_by(16).map(|number: u16| 5950 + 5 * number).collect(),
    }
}
