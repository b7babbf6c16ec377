//! A channel as a radio is put on it: primary channel, width, and the centre of that width.

use pw_model::{Band, Channel};

/// A channel that a radio can listen to, as its driver and the regulatory domain say.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RadioChannel {
    /// Centre of the primary channel in MHz.
    pub frequency_mhz: u16,
    /// 40 MHz with the second half above.
    pub mhz40_above: bool,
    /// 40 MHz with the second half below.
    pub mhz40_below: bool,
    /// 80 MHz.
    pub mhz80: bool,
    /// 160 MHz.
    pub mhz160: bool,
    /// Radar detection is demanded of whoever transmits there.
    pub radar: bool,
    /// Nobody may begin to transmit there. For listening it makes no difference.
    pub passive_only: bool,
}

impl RadioChannel {
    /// One that can be listened to 20 MHz wide only.
    #[must_use]
    pub const fn narrow(frequency_mhz: u16) -> Self {
        Self {
            frequency_mhz,
            mhz40_above: false,
            mhz40_below: false,
            mhz80: false,
            mhz160: false,
            radar: false,
            passive_only: false,
        }
    }

    /// Widest that the driver offers there, in MHz.
    #[must_use]
    pub const fn widest_mhz(&self) -> u16 {
        if self.mhz160 {
            160
        } else if self.mhz80 {
            80
        } else if self.mhz40_above || self.mhz40_below {
            40
        } else {
            20
        }
    }
}

/// Where a radio is put.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Tuning {
    /// Centre of the primary channel in MHz.
    pub frequency_mhz: u16,
    /// Width in MHz.
    pub width_mhz: u16,
    /// Centre of that width in MHz.
    pub centre_mhz: u16,
}

impl Tuning {
    /// 20 MHz wide.
    #[must_use]
    pub const fn narrow(frequency_mhz: u16) -> Self {
        Self { frequency_mhz, width_mhz: 20, centre_mhz: frequency_mhz }
    }
}

/// The widest tuning of at most `width_mhz` on this primary channel, of which every part is a channel
/// that the radio may listen to.
#[must_use]
pub fn tuning(frequency_mhz: u16, width_mhz: u16, channels: &[RadioChannel]) -> Tuning {
    let find = |mhz: u16| channels.iter().find(|channel| channel.frequency_mhz == mhz);
    let narrow = Tuning::narrow(frequency_mhz);
    let Some(channel) = find(frequency_mhz) else { return narrow };
    let offered = |width| match width {
        160 => channel.mhz160,
        80 => channel.mhz80,
        _ => channel.mhz40_above || channel.mhz40_below,
    };
    let lowest = |width| {
        let low = match Channel::from_frequency_mhz(frequency_mhz).map(|channel| channel.band) {
            Some(Band::Ghz5) => lowest_of_5_ghz(frequency_mhz, width),
            // Channels 1, 5, 9, … in blocks from the lowest on (IEEE Std 802.11ax-2021, annex E).
            Some(Band::Ghz6) if frequency_mhz >= 5955 => {
                let place = (frequency_mhz - 5955) / 20;
                let on_raster = (frequency_mhz - 5955).is_multiple_of(20);
                on_raster.then(|| 5955 + place / (width / 20) * width)
            }
            // Channels overlap: the second half lies 20 MHz above or below, whichever there is.
            Some(Band::Ghz2_4) if width == 40 => {
                let above = channel.mhz40_above && find(frequency_mhz + 20).is_some();
                let below = channel.mhz40_below && find(frequency_mhz - 20).is_some();
                match (above, below) {
                    (true, _) => Some(frequency_mhz),
                    (false, true) => Some(frequency_mhz - 20),
                    (false, false) => None,
                }
            }
            _ => None,
        }?;
        let whole = (low..low + width).step_by(20).all(|mhz| find(mhz).is_some());
        whole.then_some(low)
    };
    [160, 80, 40]
        .into_iter()
        .filter(|width| *width <= width_mhz && offered(*width))
        .find_map(|width| {
            let low = lowest(width)?;
            Some(Tuning { frequency_mhz, width_mhz: width, centre_mhz: low + (width - 20) / 2 })
        })
        .unwrap_or(narrow)
}

/// The lowest channel of the block of that width (IEEE Std 802.11-2020, table E-4).
fn lowest_of_5_ghz(frequency_mhz: u16, width_mhz: u16) -> Option<u16> {
    let number = frequency_mhz.checked_sub(5000)? / 5;
    let first = match number {
        36..=64 => 36,
        100..=144 => 100,
        149..=177 => 149,
        _ => return None,
    };
    let channels = width_mhz / 20;
    let place = (number - first) / 4;
    Some(5000 + 5 * (first + place / channels * channels * 4))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(numbers: &[u16], base_mhz: u16) -> Vec<RadioChannel> {
        let wide = |number: &u16| RadioChannel {
            mhz40_above: true,
            mhz40_below: true,
            mhz80: true,
            mhz160: true,
            ..RadioChannel::narrow(base_mhz + 5 * number)
        };
        numbers.iter().map(wide).collect()
    }

    fn check(channels: &[RadioChannel], rows: &[(u16, u16, u16, u16)]) {
        for (frequency_mhz, wanted, width_mhz, centre_mhz) in rows {
            let expected = Tuning {
                frequency_mhz: *frequency_mhz,
                width_mhz: *width_mhz,
                centre_mhz: *centre_mhz,
            };
            assert_eq!(tuning(*frequency_mhz, *wanted, channels), expected, "{wanted} MHz");
        }
    }

    #[test]
    fn blocks_of_5_ghz() {
        let numbers: Vec<u16> = (36..=64)
            .step_by(4)
            .chain((100..=144).step_by(4))
            .chain((149..=165).step_by(4))
            .collect();
        check(
            &all(&numbers, 5000),
            &[
                (5180, 20, 20, 5180),
                (5180, 40, 40, 5190),
                (5200, 40, 40, 5190),
                (5220, 80, 80, 5210),
                (5320, 160, 160, 5250),
                (5500, 160, 160, 5570),
                (5720, 80, 80, 5690),
                (5745, 80, 80, 5775),
                // Of the block 149 to 177 the upper half is missing here, and 165 stands alone.
                (5745, 160, 80, 5775),
                (5825, 160, 20, 5825),
            ],
        );
    }

    #[test]
    fn blocks_of_6_ghz_and_halves_of_2_4_ghz() {
        let numbers: Vec<u16> = (1..=233).step_by(4).collect();
        check(
            &all(&numbers, 5950),
            &[
                (5955, 160, 160, 6025),
                (6055, 80, 80, 6065),
                (6115, 40, 40, 6125),
                (7115, 160, 20, 7115),
            ],
        );
        let numbers: Vec<u16> = (1..=13).collect();
        check(
            &all(&numbers, 2407),
            &[(2412, 40, 40, 2422), (2472, 160, 40, 2462), (2437, 20, 20, 2437)],
        );
    }

    #[test]
    fn no_wider_than_the_driver_offers() {
        let mut channels = all(&[36, 40, 44, 48], 5000);
        channels.iter_mut().for_each(|channel| channel.mhz160 = false);
        check(&channels, &[(5180, 160, 80, 5210)]);
        channels.iter_mut().for_each(|channel| channel.mhz80 = false);
        check(&channels, &[(5180, 160, 40, 5190)]);
        channels.remove(1);
        check(&channels, &[(5180, 160, 20, 5180), (5220, 160, 40, 5230), (5300, 160, 20, 5300)]);
        assert_eq!(channels[0].widest_mhz(), 40);
    }
}
