//! HT, VHT, HE and EHT capabilities and operation (IEEE Std 802.11-2020, 9.4.2.55 to 9.4.2.158;
//! 802.11ax-2021, 9.4.2.248 and 9.4.2.249; 802.11be-2024, 9.4.2.311 and 9.4.2.313).

use super::element::{push_element, push_extension};
use super::network::Operating;
use pw_model::Band;

/// What a radio can do, of an access point or a client.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RadioAbility {
    /// Band it works in.
    pub(crate) band: Band,
    /// Greatest width in MHz.
    pub(crate) width_mhz: u16,
    /// Spatial streams, 1 to 4.
    pub(crate) streams: u8,
    /// True for an access point: a few bits differ.
    pub(crate) access_point: bool,
}

impl RadioAbility {
    fn stream_count(self) -> u8 {
        self.streams.clamp(1, 4)
    }

    /// Two bits a stream: `supported` for those there are, 3 (not supported) for the others.
    fn stream_map(self, supported: u16) -> u16 {
        (0..8).fold(0, |map, stream| {
            let bits = if stream < u16::from(self.stream_count()) { supported } else { 3 };
            map | bits << (2 * stream)
        })
    }
}

/// HT capabilities, element 45.
pub(crate) fn push_ht_capabilities(out: &mut Vec<u8>, ability: RadioAbility) {
    push_element(out, 45, |out| {
        // LDPC, SM power save disabled, short GI at 20 MHz, one stream of received STBC, 7935-byte A-MSDU.
        let mut info: u16 = 1 | 3 << 2 | 1 << 5 | 1 << 8 | 1 << 11;
        if ability.width_mhz >= 40 {
            info |= 1 << 1 | 1 << 6;
        }
        if ability.band == Band::Ghz2_4 && ability.width_mhz >= 40 {
            info |= 1 << 12;
        }
        out.extend_from_slice(&info.to_le_bytes());
        out.push(0x17); // A-MPDU of 65 535 bytes, 4 µs between MPDUs
        let mut mcs = [0u8; 16];
        mcs.iter_mut().take(usize::from(ability.stream_count())).for_each(|set| *set = 0xff);
        mcs[12] = 1; // transmit set is defined and equals the receive set
        out.extend_from_slice(&mcs);
        out.extend_from_slice(&[0; 2]); // extended capabilities
        out.extend_from_slice(&[0; 4]); // transmit beamforming
        out.push(0); // antenna selection
    });
}

/// HT operation, element 61.
pub(crate) fn push_ht_operation(out: &mut Vec<u8>, operating: Operating) {
    push_element(out, 61, |out| {
        out.push(operating.channel.number);
        let secondary = match (operating.width_mhz >= 40, operating.secondary_above()) {
            (false, _) => 0,
            (true, true) => 0b101,
            (true, false) => 0b111,
        };
        out.extend_from_slice(&[secondary, 0, 0, 0, 0]);
        out.extend_from_slice(&[0; 16]); // basic HT-MCS set: none required
    });
}

/// VHT capabilities, element 191.
pub(crate) fn push_vht_capabilities(out: &mut Vec<u8>, ability: RadioAbility) {
    push_element(out, 191, |out| {
        // MPDU of 11 454 bytes, LDPC, short GI at 80 MHz, one stream of received STBC, longest A-MPDU.
        let mut info: u32 = 2 | 1 << 4 | 1 << 5 | 1 << 8 | 7 << 23;
        if ability.width_mhz >= 160 {
            info |= 1 << 2 | 1 << 6;
        }
        if ability.access_point {
            info |= 1 << 11 | u32::from(ability.stream_count() - 1) << 16; // SU beamformer
        } else {
            info |= 1 << 12 | 3 << 13; // SU beamformee
        }
        out.extend_from_slice(&info.to_le_bytes());
        let map = ability.stream_map(2); // MCS 0 to 9
        for _ in ["receive", "transmit"] {
            out.extend_from_slice(&map.to_le_bytes());
            out.extend_from_slice(&[0; 2]); // highest long-GI rate: not stated
        }
    });
}

/// VHT operation, element 192.
pub(crate) fn push_vht_operation(out: &mut Vec<u8>, operating: Operating) {
    push_element(out, 192, |out| {
        let (width, center0, center1) = match operating.width_mhz {
            80 => (1, operating.center_number(80), 0),
            160.. => (1, operating.center_number(80), operating.center_number(160)),
            _ => (0, 0, 0),
        };
        out.extend_from_slice(&[width, center0, center1]);
        out.extend_from_slice(&0xfffcu16.to_le_bytes()); // MCS 0 to 7 with one stream required
    });
}

/// HE capabilities, extension 35.
pub(crate) fn push_he_capabilities(out: &mut Vec<u8>, ability: RadioAbility) {
    push_extension(out, 35, |out| {
        // MAC: +HTC-HE; TWT responder (access point) or requester; the rest as common hardware has it.
        let twt = if ability.access_point { 0x04 } else { 0x02 };
        out.extend_from_slice(&[0x01 | twt, 0x00, 0x08, 0x12, 0x00, 0x10]);
        let mut phy = [0u8; 11];
        phy[0] = match (ability.band, ability.width_mhz) {
            (Band::Ghz2_4, 40..) => 1 << 1,
            (Band::Ghz2_4, _) | (_, 0..=20) => 0,
            (_, 160..) => 1 << 2 | 1 << 3,
            _ => 1 << 2,
        };
        phy[1] = 1 << 5 | 1 << 6; // LDPC, SU PPDU with 1x LTF and 0.8 µs
        phy[2] = 1 << 2 | 1 << 3; // STBC up to 80 MHz, transmit and receive
        if ability.access_point {
            phy[3] = 1 << 7; // SU beamformer
            phy[5] = ability.stream_count() - 1; // sounding dimensions up to 80 MHz
        } else {
            phy[4] = 1 | 3 << 2; // SU beamformee, four streams up to 80 MHz
        }
        out.extend_from_slice(&phy);
        let map = ability.stream_map(2).to_le_bytes(); // MCS 0 to 11
        let sets = if ability.width_mhz >= 160 { 2 } else { 1 };
        for _ in 0..sets {
            out.extend_from_slice(&map); // receive
            out.extend_from_slice(&map); // transmit
        }
    });
}

/// HE operation, extension 36, with the 6 GHz part there.
pub(crate) fn push_he_operation(out: &mut Vec<u8>, operating: Operating, color: u8) {
    push_extension(out, 36, |out| {
        // Default PE duration 4, RTS threshold off (1023).
        let mut parameters: u32 = 4 | 0x3ff << 4;
        let at_6_ghz = operating.channel.band == Band::Ghz6;
        if at_6_ghz {
            parameters |= 1 << 17; // 6 GHz operation information present
        }
        out.extend(parameters.to_le_bytes().iter().take(3));
        out.push(color & 0x3f);
        out.extend_from_slice(&0xfffcu16.to_le_bytes()); // HE-MCS 0 to 7 with one stream required
        if at_6_ghz {
            // 320 MHz is announced by EHT operation; HE stations see 160.
            let width = operating.width_mhz.min(160);
            let control = match width {
                40 => 1,
                80 => 2,
                160 => 3,
                _ => 0,
            };
            let center0 = operating.center_number(width.min(80));
            let center1 = if width == 160 { operating.center_number(160) } else { 0 };
            // Last octet: minimum rate of 6 Mbit/s.
            out.extend_from_slice(&[operating.channel.number, control, center0, center1, 6]);
        }
    });
}

/// HE 6 GHz band capabilities, extension 59 (802.11ax-2021, 9.4.2.263).
pub(crate) fn push_he_6_ghz_capabilities(out: &mut Vec<u8>) {
    push_extension(out, 59, |out| {
        // MPDU start spacing 4 µs, longest A-MPDU, MPDU of 11 454 bytes, SM power save disabled.
        let info: u16 = 5 | 7 << 3 | 2 << 6 | 3 << 9;
        out.extend_from_slice(&info.to_le_bytes());
    });
}

/// EHT operation, extension 106.
pub(crate) fn push_eht_operation(out: &mut Vec<u8>, operating: Operating) {
    push_extension(out, 106, |out| {
        out.push(1); // EHT operation information present
        out.extend_from_slice(&[0x11, 0, 0, 0]); // EHT-MCS 0 to 7 with one stream required
        let width = operating.width_mhz;
        let code = match width {
            40 => 1,
            80 => 2,
            160 => 3,
            320 => 4,
            _ => 0,
        };
        let (center0, center1) = match width {
            160.. => (operating.center_number(width / 2), operating.center_number(width)),
            _ => (operating.center_number(width), 0),
        };
        out.extend_from_slice(&[code, center0, center1]);
    });
}

/// EHT capabilities, extension 108.
pub(crate) fn push_eht_capabilities(out: &mut Vec<u8>, ability: RadioAbility) {
    push_extension(out, 108, |out| {
        // MAC: EPCS priority access, restricted TWT for access points.
        out.extend_from_slice(&[if ability.access_point { 0x11 } else { 0x01 }, 0x00]);
        let mut phy = [0u8; 9];
        let wide = ability.band == Band::Ghz6 && ability.width_mhz >= 320;
        if wide {
            phy[0] |= 1 << 1;
        }
        if ability.access_point {
            phy[0] |= 1 << 5; // SU beamformer
            phy[2] |= ability.stream_count() - 1; // sounding dimensions up to 80 MHz
        } else {
            phy[0] |= 1 << 6; // SU beamformee
            phy[0] |= 0x80;
            phy[1] |= 0x01; // four streams up to 80 MHz
        }
        out.extend_from_slice(&phy);
        let streams = ability.stream_count() | ability.stream_count() << 4;
        let only_20 = ability.width_mhz <= 20;
        if only_20 && !ability.access_point {
            out.extend_from_slice(&[streams; 4]); // MCS 0-7, 8-9, 10-11, 12-13
            return;
        }
        let sets = 1 + usize::from(ability.width_mhz >= 160) + usize::from(wide);
        for _ in 0..sets {
            out.extend_from_slice(&[streams; 3]); // MCS 0-9, 10-11, 12-13
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn body_lengths_of_the_standard() {
        let ability =
            RadioAbility { band: Band::Ghz6, width_mhz: 320, streams: 2, access_point: true };
        let length = |push: fn(&mut Vec<u8>, RadioAbility)| {
            let mut out = Vec::new();
            push(&mut out, ability);
            usize::from(out[1])
        };
        assert_eq!(length(push_ht_capabilities), 26);
        assert_eq!(length(push_vht_capabilities), 12);
        assert_eq!(length(push_he_capabilities), 1 + 6 + 11 + 8);
        assert_eq!(length(push_eht_capabilities), 1 + 2 + 9 + 9);
    }
}
