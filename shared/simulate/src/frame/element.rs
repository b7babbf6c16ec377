//! The element format and the elements that every network has (IEEE Std 802.11-2020, 9.4.2).

use super::network::Network;
use pw_model::{Band, Ssid};

/// Appends an element; the body is what `body` appends, at most 255 bytes.
pub(crate) fn push_element(out: &mut Vec<u8>, id: u8, body: impl FnOnce(&mut Vec<u8>)) {
    out.extend_from_slice(&[id, 0]);
    let start = out.len();
    body(out);
    let length = out.len() - start;
    debug_assert!(length <= 255, "element {id} of {length} bytes");
    if let Some(place) = out.get_mut(start - 1) {
        *place = u8::try_from(length).unwrap_or(u8::MAX);
    }
}

/// Appends an element of the extension space (element ID 255, 9.4.2.1).
pub(crate) fn push_extension(out: &mut Vec<u8>, extension: u8, body: impl FnOnce(&mut Vec<u8>)) {
    push_element(out, 255, |out| {
        out.push(extension);
        body(out);
    });
}

/// SSID, element 0 (9.4.2.2).
pub(crate) fn push_ssid(out: &mut Vec<u8>, ssid: &Ssid) {
    push_element(out, 0, |out| out.extend(ssid.bytes().iter().take(32)));
}

/// Supported rates in units of 500 kbit/s, the basic ones marked with bit 7: element 1 with the
/// first eight (9.4.2.3). What is left goes into [`push_extended_rates`].
pub(crate) fn push_rates(out: &mut Vec<u8>, rates: &[u8]) {
    push_element(out, 1, |out| out.extend(rates.iter().take(8)));
}

/// Extended supported rates, element 50, when there are more than eight (9.4.2.13).
pub(crate) fn push_extended_rates(out: &mut Vec<u8>, rates: &[u8]) {
    if rates.len() > 8 {
        push_element(out, 50, |out| out.extend(rates.iter().skip(8)));
    }
}

/// Rates of a network: DSSS, HR/DSSS and OFDM at 2.4 GHz, OFDM elsewhere.
pub(crate) const fn network_rates(band: Band) -> &'static [u8] {
    match band {
        Band::Ghz2_4 => &[0x82, 0x84, 0x8b, 0x96, 0x0c, 0x12, 0x18, 0x24, 0x30, 0x48, 0x60, 0x6c],
        Band::Ghz5 | Band::Ghz6 | Band::Ghz60 => &[0x8c, 0x12, 0x98, 0x24, 0xb0, 0x48, 0x60, 0x6c],
    }
}

/// DSSS parameter set, element 3: the channel at 2.4 GHz (9.4.2.4).
pub(crate) fn push_dsss(out: &mut Vec<u8>, channel: u8) {
    push_element(out, 3, |out| out.push(channel));
}

/// Country, element 7, with the bands' usual European limits (9.4.2.8).
pub(crate) fn push_country(out: &mut Vec<u8>, country: [u8; 2], band: Band) {
    let triplets: &[[u8; 3]] = match band {
        Band::Ghz2_4 => &[[1, 13, 20]],
        Band::Ghz5 => &[[36, 4, 23], [52, 4, 23], [100, 11, 30], [149, 5, 14]],
        // 6 GHz: operating triplet (class 131, coverage class 0), then the channels (annex E).
        Band::Ghz6 => &[[201, 131, 0], [1, 24, 23]],
        Band::Ghz60 => &[[1, 4, 40]],
    };
    push_element(out, 7, |out| {
        out.extend_from_slice(&country);
        // Table E-4, the global operating classes, is what 6 GHz needs; else "all environments".
        out.push(if band == Band::Ghz6 { 0x04 } else { b' ' });
        triplets.iter().for_each(|triplet| out.extend_from_slice(triplet));
        // The body is padded to an even length.
        if !(3 + 3 * triplets.len()).is_multiple_of(2) {
            out.push(0);
        }
    });
}

/// Power constraint, element 32 (9.4.2.13): no reduction.
pub(crate) fn push_power_constraint(out: &mut Vec<u8>) {
    push_element(out, 32, |out| out.push(0));
}

/// ERP, element 42 (9.4.2.11): no protection needed.
pub(crate) fn push_erp(out: &mut Vec<u8>) {
    push_element(out, 42, |out| out.push(0));
}

/// Measurement capabilities, element 70: neighbour report, passive and active beacon measurement (9.4.2.44).
pub(crate) fn push_radio_measurement(out: &mut Vec<u8>) {
    push_element(out, 70, |out| out.extend_from_slice(&[0x72, 0x00, 0x00, 0x00, 0x00]));
}

/// Extended capabilities, element 127 (9.4.2.26): BSS transition, and for newer networks operating
/// mode notification, and multiple-frame features left at zero.
pub(crate) fn push_extended_capabilities(out: &mut Vec<u8>, network: &Network) {
    push_element(out, 127, |out| {
        let mut bytes = [0u8; 10];
        bytes[2] |= 1 << 3; // bit 19: BSS transition
        if network.generation.vht() {
            bytes[7] |= 1 << 6; // bit 62: operating mode notification
        }
        if network.generation.he() {
            bytes[9] |= 1 << 6; // bit 78: TWT responder support
        }
        let length = if network.generation.he() { 10 } else { 8 };
        out.extend(bytes.iter().take(length));
    });
}

/// Transmit power envelope, element 195: local maximum EIRP of a 20 MHz channel (9.4.2.161).
pub(crate) fn push_power_envelope(out: &mut Vec<u8>, limit_dbm: u8) {
    // Count 0: one value, for 20 MHz; unit 0: EIRP in half dBm.
    push_element(out, 195, |out| out.extend_from_slice(&[0x00, limit_dbm.saturating_mul(2)]));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_octet_counts_the_body() {
        let mut out = vec![9];
        push_ssid(&mut out, &Ssid::new("abc"));
        assert_eq!(out, [9, 0, 3, b'a', b'b', b'c']);
    }

    #[test]
    fn rates_split_after_eight() {
        let mut out = Vec::new();
        push_rates(&mut out, network_rates(Band::Ghz2_4));
        push_extended_rates(&mut out, network_rates(Band::Ghz2_4));
        assert_eq!(out.len(), 2 + 8 + 2 + 4);
        assert_eq!(out[10], 50);
    }

    #[test]
    fn country_body_is_even() {
        for band in [Band::Ghz2_4, Band::Ghz5, Band::Ghz6] {
            let mut out = Vec::new();
            push_country(&mut out, *b"DE", band);
            assert_eq!(out[1] % 2, 0, "{band:?}");
            assert_eq!(usize::from(out[1]), out.len() - 2);
        }
    }
}
