//! Observations for the tests of all versions.

use super::phy_kind;
use pw_model::{
    AdvertisementId, Detail, FrameFlags, FrameKind, MacAddr, Observation, PhyKind, Position,
    RadioId, Timestamp,
};

/// Rows that have little in common with each other.
pub(super) fn observation(n: u64) -> Observation {
    let address =
        |k: u64| (!n.is_multiple_of(k)).then(|| MacAddr::from_u64(0x0200_0000_0000 + n % 7));
    Observation {
        time: Timestamp::from_unix_ns(1_700_000_000_000_000_000 + n as i64 * 401_003),
        radio: RadioId((n % 3) as u8),
        kind: FrameKind((n % 256) as u8),
        flags: FrameFlags((n % 2048) as u16),
        transmitter: address(5),
        receiver: address(3),
        bssid: address(2),
        frequency_mhz: (!n.is_multiple_of(4)).then_some(5180),
        signal_dbm: (!n.is_multiple_of(6)).then_some(-(n as i64 % 100) as i8),
        noise_dbm: (!n.is_multiple_of(2)).then_some(i8::MIN),
        rate_100kbps: n.is_multiple_of(2).then_some(u32::MAX),
        phy: phy_kind(n % 8),
        length: n as u32,
        airtime_us: n.is_multiple_of(3).then_some(n as u32),
        sequence: (!n.is_multiple_of(3)).then_some((n * 7 % 4096) as u16),
        advertisement: n.is_multiple_of(4).then_some(AdvertisementId(u64::MAX - n % 3)),
        detail: [
            None,
            Some(Detail::Reason(65535)),
            Some(Detail::EapolKey(4)),
            Some(Detail::Status(1)),
        ][n as usize % 4],
        position: (!n.is_multiple_of(5)).then(|| {
            Position::new(-33.123_456_7, 151.765_432_1).expect("valid").with_error_m(Some(4.5))
        }),
    }
}

/// Beacons of forty networks, two radios that hop, a position that moves: what a drive is made of.
pub(crate) fn street(count: usize) -> Vec<Observation> {
    let channels = [2412, 2437, 5180, 5745];
    (0..count as u64)
        .map(|n| {
            // Spread like random numbers, and the same each time.
            let spread = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33;
            let network = spread % 40;
            let address = MacAddr::from_u64(0x0200_5e00_5300 + network);
            let radio = (n / 400 % 2) as u8;
            Observation {
                time: Timestamp::from_unix_ns(1_700_000_000_000_000_000 + n as i64 * 500_000),
                radio: RadioId(radio),
                kind: FrameKind::BEACON,
                flags: FrameFlags(0),
                transmitter: Some(address),
                receiver: Some(MacAddr([0xff; 6])),
                bssid: Some(address),
                frequency_mhz: Some(channels[(n / 440) as usize % 4]),
                signal_dbm: Some(-60 - (spread % 7) as i8),
                noise_dbm: Some(-95),
                rate_100kbps: Some(10),
                phy: Some(PhyKind::Dsss),
                length: 200 + network as u32,
                airtime_us: Some(1792 + 8 * network as u32),
                sequence: Some((n / 40 % 4096) as u16),
                advertisement: Some(AdvertisementId(network << 40 | 7)),
                detail: None,
                position: Position::new(52.5 + n as f64 * 1e-7, 13.4)
                    .map(|place| place.with_error_m(Some(4.5))),
            }
        })
        .collect()
}
