//! What a station can do: HT, VHT, HE and EHT capabilities and the rates they allow
//! (IEEE Std 802.11-2020, 9.4.2.55 and 9.4.2.157; 802.11ax-2021, 9.4.2.248; 802.11be-2024, 9.4.2.323).

use crate::bytes::{u8_at, u16_le, u32_le};
use crate::radio::modulation::{he_rate_100kbps, vht_rate_100kbps};

/// Streams, and the highest rate, that one capability element allows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Reach {
    /// Spatial streams it can receive.
    pub streams: Option<u8>,
    /// Highest rate in units of 100 kbit/s.
    pub max_rate_100kbps: Option<u32>,
}

/// Highest rate in units of 100 kbit/s of a rates element; membership selectors and the basic bit aside.
#[must_use]
pub fn max_legacy_rate(body: &[u8]) -> Option<u32> {
    // 123 to 127 are membership selectors, not rates (802.11-2020, table 9-94).
    body.iter()
        .map(|rate| rate & 0x7f)
        .filter(|rate| *rate < 123)
        .max()
        .map(|rate| u32::from(rate).saturating_mul(5))
}

/// True when every rate of a rates element is one of 802.11b.
#[must_use]
pub fn is_dsss_only(body: &[u8]) -> bool {
    body.iter().map(|rate| rate & 0x7f).all(|rate| matches!(rate, 2 | 4 | 11 | 22))
}

/// HT capabilities (body of element 45): equal modulation only.
#[must_use]
pub fn ht(body: &[u8]) -> Reach {
    let info = u16_le(body, 0).unwrap_or(0);
    let width_mhz = if info & 0x0002 != 0 { 40 } else { 20 };
    let short_guard = info & if width_mhz == 40 { 0x0040 } else { 0x0020 } != 0;
    let mut reach = Reach::default();
    for (streams, at) in (1u8..=4).zip(3usize..) {
        let Some(mask) = u8_at(body, at).filter(|mask| *mask != 0) else { continue };
        let mcs = u8::try_from(7u32.saturating_sub(mask.leading_zeros())).unwrap_or(0);
        reach.streams = Some(streams);
        reach.max_rate_100kbps =
            reach.max_rate_100kbps.max(vht_rate_100kbps(mcs, streams, width_mhz, short_guard));
    }
    reach
}

/// Highest stream count in a map of two bits per stream, and the code that stands there; 3 is none.
fn highest(map: u16) -> Option<(u8, u16)> {
    (0u8..8).rev().find_map(|index| {
        let code = map.checked_shr(u32::from(index).saturating_mul(2))? & 3;
        (code != 3).then(|| (index.saturating_add(1), code))
    })
}

/// Best rate over all stream counts of a map of two bits per stream.
fn best_rate(map: u16, rate: impl Fn(u16, u8) -> Option<u32>) -> Option<u32> {
    (0u8..8)
        .filter_map(|index| {
            let code = map.checked_shr(u32::from(index).saturating_mul(2))? & 3;
            if code == 3 { None } else { rate(code, index.saturating_add(1)) }
        })
        .max()
}

/// VHT capabilities (body of element 191).
#[must_use]
pub fn vht(body: &[u8]) -> Reach {
    let (Some(info), Some(map)) = (u32_le(body, 0), u16_le(body, 4)) else {
        return Reach::default();
    };
    let width_mhz = if info & 0x0c == 0 { 80 } else { 160 };
    let short_guard = info & if width_mhz == 160 { 0x40 } else { 0x20 } != 0;
    let rate = |code: u16, streams: u8| {
        let mcs = u8::try_from(code).ok()?.saturating_add(7);
        vht_rate_100kbps(mcs, streams, width_mhz, short_guard)
    };
    Reach {
        streams: highest(map).map(|(streams, _)| streams),
        max_rate_100kbps: best_rate(map, rate),
    }
}

/// HE capabilities (body of element 255/35). Width by band: 6 and 5 GHz up to 160 MHz, 2.4 GHz up to 40.
#[must_use]
pub fn he(body: &[u8], is_2_4_ghz: bool) -> Reach {
    let (Some(phy), Some(map_80)) = (u8_at(body, 6), u16_le(body, 17)) else {
        return Reach::default();
    };
    let (width_mhz, map) = match (is_2_4_ghz, phy) {
        (true, phy) => (if phy & 0x02 != 0 { 40 } else { 20 }, map_80),
        (false, phy) if phy & 0x18 != 0 => (160, u16_le(body, 21).unwrap_or(map_80)),
        (false, phy) => (if phy & 0x04 != 0 { 80 } else { 20 }, map_80),
    };
    let rate = |code: u16, streams: u8| {
        let mcs = match code {
            0 => 7,
            1 => 9,
            _ => 11,
        };
        he_rate_100kbps(mcs, streams, width_mhz)
    };
    Reach {
        streams: highest(map_80).map(|(streams, _)| streams),
        max_rate_100kbps: best_rate(map, rate),
    }
}

/// EHT capabilities (body of element 255/108). The widths up to 160 MHz come from the HE capabilities.
///
/// Access points have a map of the three highest MCS groups even where they use 20 MHz only.
#[must_use]
pub fn eht(
    body: &[u8],
    he_body: &[u8],
    is_2_4_ghz: bool,
    is_6_ghz: bool,
    is_access_point: bool,
) -> Reach {
    let (Some(phy), he_phy) = (u8_at(body, 2), u8_at(he_body, 6).unwrap_or(0)) else {
        return Reach::default();
    };
    let has_160 = !is_2_4_ghz && he_phy & 0x08 != 0;
    let has_320 = is_6_ghz && phy & 0x02 != 0;
    // A map of three bytes per width: 80 MHz and below, 160, 320. Stations that use 20 MHz only
    // have one of four bytes instead, which access points never have.
    let maps = body.get(11..).unwrap_or(&[]);
    let is_narrow = he_phy & 0x1e == 0 && !has_320;
    let narrow_only = is_narrow && !is_access_point;
    let low_mhz = match (is_narrow, is_2_4_ghz) {
        (true, _) => 20,
        (false, true) => 40,
        (false, false) => 80,
    };
    let widths: [(u16, bool); 3] = [(low_mhz, true), (160, has_160), (320, has_320)];
    let mut reach = Reach::default();
    let groups = maps.chunks_exact(3);
    if narrow_only {
        // MCS 0 to 7, 8 to 9, 10 to 11, 12 to 13.
        for (mcs, at) in [(7u8, 0usize), (9, 1), (11, 2), (13, 3)] {
            let streams = u8_at(maps, at).unwrap_or(0) & 0x0f;
            add_eht(&mut reach, mcs, streams, 20);
        }
        return reach;
    }
    for (group, (width_mhz, _)) in groups.zip(widths.into_iter().filter(|(_, present)| *present)) {
        for (mcs, byte) in [9u8, 11, 13].into_iter().zip(group) {
            add_eht(&mut reach, mcs, byte & 0x0f, width_mhz);
        }
    }
    reach
}

fn add_eht(reach: &mut Reach, mcs: u8, streams: u8, width_mhz: u16) {
    if streams > 0 {
        reach.streams = reach.streams.max(Some(streams));
        reach.max_rate_100kbps =
            reach.max_rate_100kbps.max(he_rate_100kbps(mcs, streams, width_mhz));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn legacy_rates() {
        assert_eq!(max_legacy_rate(&[0x82, 0x84, 0x8b, 0x96]), Some(110));
        assert_eq!(
            max_legacy_rate(&[0x82, 0x6c, 0xff]),
            Some(540),
            "a membership selector is no rate"
        );
        assert!(is_dsss_only(&[0x82, 0x84, 0x8b, 0x96]));
        assert!(!is_dsss_only(&[0x82, 0x0c]));
    }

    #[test]
    fn ht_two_streams_forty_mhz() {
        let mut body = vec![0x6e, 0x00, 0x17, 0xff, 0xff, 0, 0];
        body.resize(26, 0);
        assert_eq!(ht(&body), Reach { streams: Some(2), max_rate_100kbps: Some(3000) });
    }

    #[test]
    fn vht_three_streams() {
        let body = [0x20, 0, 0, 0, 0xea, 0xff, 0, 0, 0xea, 0xff, 0, 0];
        assert_eq!(vht(&body), Reach { streams: Some(3), max_rate_100kbps: Some(13000) });
    }

    #[test]
    fn eht_of_an_access_point_that_uses_20_mhz() {
        let mut body = vec![0; 11];
        body.extend([0x22, 0x22, 0x22]);
        let he_body = [0; 21];
        let access_point = eht(&body, &he_body, true, false, true);
        assert_eq!(
            access_point,
            Reach { streams: Some(2), max_rate_100kbps: he_rate_100kbps(13, 2, 20) }
        );
        body.push(0x11);
        let station = eht(&body, &he_body, true, false, false);
        assert_eq!(
            station.max_rate_100kbps,
            he_rate_100kbps(11, 2, 20).max(he_rate_100kbps(13, 1, 20))
        );
    }

    #[test]
    fn he_two_streams_by_band() {
        let mut body = vec![0; 21];
        body[6] = 0x06;
        body[17..19].copy_from_slice(&0xfffau16.to_le_bytes());
        assert_eq!(he(&body, false), Reach { streams: Some(2), max_rate_100kbps: Some(12009) });
        assert_eq!(he(&body, true), Reach { streams: Some(2), max_rate_100kbps: Some(5735) });
        for end in 0..21 {
            assert!(he(&body[..end], false).streams.is_none() || end >= 19);
        }
    }
}
