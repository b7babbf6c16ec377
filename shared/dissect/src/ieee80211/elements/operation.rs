//! How a BSS operates: primary channel, width and centre from the HT, VHT, HE and EHT operation elements
//! (IEEE Std 802.11-2020, 9.4.2.56 and 9.4.2.158; 802.11ax-2021, 9.4.2.249; 802.11be-2024, 9.4.2.321).

use crate::bytes::{bits, u8_at, u16_le, u32_le};
use pw_model::{Band, Channel, ChannelWidth};

/// Where a BSS operates, as far as the elements say.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Operation {
    /// Primary channel.
    pub channel: Option<Channel>,
    /// Width.
    pub width: Option<ChannelWidth>,
    /// Centre of the whole channel in MHz; of the primary segment for two separate ones.
    pub center_mhz: Option<u16>,
    /// Second centre that HT operation says in place of VHT operation; 0 where it says none.
    pub second_segment: u8,
}

/// 5 MHz per channel number above the band's start.
fn center(band: Band, number: u8) -> Option<u16> {
    // Two channels lie off the raster of their band (802.11-2020, 15.4.4.3; 802.11ax-2021, table E-4).
    match (band, number) {
        (Band::Ghz2_4, 14) => return Some(2484),
        (Band::Ghz6, 2) => return Some(5935),
        _ => {}
    }
    let start_mhz: u16 = match band {
        Band::Ghz2_4 => 2407,
        Band::Ghz5 => 5000,
        Band::Ghz6 => 5950,
        Band::Ghz60 => return None,
    };
    (number != 0).then(|| start_mhz.saturating_add(u16::from(number).saturating_mul(5)))
}

/// The band of a primary channel that DSSS or HT operation names: numbers up to 14 are 2.4 GHz there,
/// unless the frame was heard in the 5 GHz band. In 6 GHz neither element is sent.
#[must_use]
pub fn band_of(number: u8, heard_mhz: Option<u16>) -> Band {
    match (number, heard_mhz) {
        (..=14, Some(5000..=5925)) if number >= 7 => Band::Ghz5,
        (..=14, _) => Band::Ghz2_4,
        _ => Band::Ghz5,
    }
}

/// HT operation (body of element 61).
#[must_use]
pub fn ht(body: &[u8], heard_mhz: Option<u16>) -> Option<Operation> {
    let (number, information) = (u8_at(body, 0)?, u8_at(body, 1)?);
    let band = band_of(number, heard_mhz);
    let channel = Channel { band, number };
    let primary_mhz = channel.frequency_mhz();
    let (width, center_mhz) = match (information & 0x03, information & 0x04 != 0) {
        (1, true) => (ChannelWidth::Mhz40, primary_mhz.map(|mhz| mhz.saturating_add(10))),
        (3, true) => (ChannelWidth::Mhz40, primary_mhz.map(|mhz| mhz.saturating_sub(10))),
        _ => (ChannelWidth::Mhz20, primary_mhz),
    };
    // Bits 5 to 12 of the two bytes after: the centre of the second segment, which access points that
    // cannot use all streams at that width say here (802.11-2020, 9.4.2.56 and table 11-24).
    let second = u16_le(body, 2).map_or(0, |word| bits(u32::from(word), 5, 8));
    Some(Operation {
        channel: primary_mhz.map(|_| channel),
        width: Some(width),
        center_mhz,
        second_segment: u8::try_from(second).unwrap_or(0),
    })
}

/// Width and centre by the two segment numbers of VHT and HE 6 GHz operation.
fn segments(band: Band, first: u8, second: u8) -> (ChannelWidth, Option<u16>) {
    match (second, first.abs_diff(second)) {
        (0, _) => (ChannelWidth::Mhz80, center(band, first)),
        (_, 8) => (ChannelWidth::Mhz160, center(band, second)),
        (_, 17..) => (ChannelWidth::Mhz80Plus80, center(band, first)),
        _ => (ChannelWidth::Mhz80, center(band, first)),
    }
}

/// VHT operation (body of element 192), over what HT operation said.
#[must_use]
pub fn vht(body: &[u8], ht: Operation) -> Operation {
    let (Some(width), Some(first), Some(second)) = (u8_at(body, 0), u8_at(body, 1), u8_at(body, 2))
    else {
        return ht;
    };
    let band = ht.channel.map_or(Band::Ghz5, |channel| channel.band);
    let (width, center_mhz) = match width {
        1 if second == 0 => segments(band, first, ht.second_segment),
        1 => segments(band, first, second),
        2 => (ChannelWidth::Mhz160, center(band, first)),
        3 => (ChannelWidth::Mhz80Plus80, center(band, first)),
        // 0 is 20 or 40 MHz, as HT operation says.
        _ => return ht,
    };
    Operation { width: Some(width), center_mhz, ..ht }
}

/// HE operation (body of element 255/36): VHT information where present, 6 GHz information.
#[must_use]
pub fn he(body: &[u8], before: Operation) -> Operation {
    let Some(parameters) = u32_le(body, 0) else { return before };
    let mut at = 6usize;
    let mut operation = before;
    // Bit 14: VHT operation information, 3 bytes.
    if bits(parameters, 14, 1) == 1 {
        operation = vht(body.get(at..).unwrap_or(&[]), operation);
        at = at.saturating_add(3);
    }
    // Bit 15: co-hosted BSS, 1 byte.
    if bits(parameters, 15, 1) == 1 {
        at = at.saturating_add(1);
    }
    // Bit 17: 6 GHz operation information: primary, control, two segments, minimum rate.
    if bits(parameters, 17, 1) == 1 {
        let six = body.get(at..).unwrap_or(&[]);
        if let (Some(number), Some(control), Some(first), Some(second)) =
            (u8_at(six, 0), u8_at(six, 1), u8_at(six, 2), u8_at(six, 3))
        {
            let channel = Channel { band: Band::Ghz6, number };
            let (width, center_mhz) = match control & 0x03 {
                0 => (ChannelWidth::Mhz20, channel.frequency_mhz()),
                1 => (ChannelWidth::Mhz40, center(Band::Ghz6, first)),
                2 => (ChannelWidth::Mhz80, center(Band::Ghz6, first)),
                _ => segments(Band::Ghz6, first, second),
            };
            let channel = channel.frequency_mhz().map(|_| channel);
            operation = Operation { channel, width: Some(width), center_mhz, second_segment: 0 };
        }
    }
    operation
}

/// EHT operation (body of element 255/106), over what the elements before it said.
#[must_use]
pub fn eht(body: &[u8], before: Operation) -> Operation {
    let Some(parameters) = u8_at(body, 0) else { return before };
    // Bit 0: operation information is there, after 1 byte of parameters and 4 of basic MCS set.
    if parameters & 0x01 == 0 {
        return before;
    }
    let (Some(control), Some(first), Some(second)) =
        (u8_at(body, 5), u8_at(body, 6), u8_at(body, 7))
    else {
        return before;
    };
    let band = before.channel.map_or(Band::Ghz5, |channel| channel.band);
    let (width, number) = match control & 0x07 {
        0 => (ChannelWidth::Mhz20, first),
        1 => (ChannelWidth::Mhz40, first),
        2 => (ChannelWidth::Mhz80, first),
        3 => (ChannelWidth::Mhz160, second),
        4 => (ChannelWidth::Mhz320, second),
        _ => return before,
    };
    let center_mhz = center(band, number).or(before.center_mhz);
    Operation { width: Some(width), center_mhz, ..before }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CH36: Channel = Channel { band: Band::Ghz5, number: 36 };

    #[test]
    fn ht_forty_above_and_below() {
        let above = ht(&[36, 0x05, 0], None).expect("two bytes");
        assert_eq!(
            (above.channel, above.width, above.center_mhz),
            (Some(CH36), Some(ChannelWidth::Mhz40), Some(5190))
        );
        let below = ht(&[6, 0x07, 0], None).expect("two bytes");
        assert_eq!((below.width, below.center_mhz), (Some(ChannelWidth::Mhz40), Some(2427)));
        let narrow = ht(&[6, 0x03, 0], None).expect("two bytes");
        assert_eq!((narrow.width, narrow.center_mhz), (Some(ChannelWidth::Mhz20), Some(2437)));
        assert_eq!(ht(&[6], None), None);
    }

    #[test]
    fn vht_widths() {
        let before = ht(&[36, 0x05, 0], None).expect("two bytes");
        for (body, width, center_mhz) in [
            ([0, 0, 0], ChannelWidth::Mhz40, 5190),
            ([1, 42, 0], ChannelWidth::Mhz80, 5210),
            ([1, 42, 50], ChannelWidth::Mhz160, 5250),
            ([2, 50, 0], ChannelWidth::Mhz160, 5250),
            ([1, 42, 155], ChannelWidth::Mhz80Plus80, 5210),
        ] {
            let operation = vht(&body, before);
            assert_eq!(
                (operation.width, operation.center_mhz),
                (Some(width), Some(center_mhz)),
                "{body:?}"
            );
        }
    }

    #[test]
    fn the_second_segment_may_stand_in_ht_operation() {
        // Centre 50 of HT operation beside centre 42 of VHT operation: 160 MHz.
        let before = ht(&[36, 0x05, 0x40, 0x06], None).expect("four bytes");
        let operation = vht(&[1, 42, 0], before);
        assert_eq!(
            (operation.width, operation.center_mhz),
            (Some(ChannelWidth::Mhz160), Some(5250))
        );
        let without = vht(&[1, 42, 0], ht(&[36, 0x05, 0, 0], None).expect("four bytes"));
        assert_eq!(without.width, Some(ChannelWidth::Mhz80));
    }

    #[test]
    fn channels_off_the_raster() {
        assert_eq!((center(Band::Ghz6, 2), center(Band::Ghz2_4, 14)), (Some(5935), Some(2484)));
    }

    #[test]
    fn six_ghz_and_eht() {
        let body = [0, 0, 0x02, 0, 0, 0, 37, 0x03, 39, 47, 6];
        let he = he(&body, Operation::default());
        assert_eq!(he.channel, Some(Channel { band: Band::Ghz6, number: 37 }));
        assert_eq!((he.width, he.center_mhz), (Some(ChannelWidth::Mhz160), Some(6185)));
        let eht = eht(&[1, 0, 0, 0, 0, 4, 47, 63], he);
        assert_eq!((eht.width, eht.center_mhz), (Some(ChannelWidth::Mhz320), Some(6265)));
    }
}
