//! What unencrypted data frames carry: LLC/SNAP, found behind mesh control and A-MSDU headers.

use super::Header;
use crate::bytes::{array, slice, u8_at, u16_be};

/// EtherType of EAPOL.
const EAPOL: u16 = 0x888e;

/// The MSDUs of a data frame's body: one, or those of an A-MSDU.
pub struct Msdus<'a> {
    rest: &'a [u8],
    aggregated: bool,
}

impl<'a> Msdus<'a> {
    /// Over `body`, which follows `header`. Empty for frames without payload.
    #[must_use]
    pub fn new(header: &Header, body: &'a [u8]) -> Self {
        let rest = if header.has_payload() { body } else { &[] };
        Self { rest, aggregated: header.is_a_msdu() }
    }
}

impl<'a> Iterator for Msdus<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        if !self.aggregated {
            return Some(std::mem::take(&mut self.rest));
        }
        // Destination, source, length, then the MSDU, padded to a multiple of 4 (802.11-2020, 9.3.2.2.2).
        let length = u16_be(self.rest, 12);
        let msdu = length.and_then(|length| slice(self.rest, 14, usize::from(length)));
        let Some(msdu) = msdu else {
            self.rest = &[];
            return None;
        };
        let padded = msdu.len().saturating_add(14).saturating_add(3) & !3;
        self.rest = self.rest.get(padded..).unwrap_or(&[]);
        Some(msdu)
    }
}

/// EtherType and payload of an MSDU in LLC/SNAP encapsulation; `None` for other encapsulations.
#[must_use]
pub fn ethertype(msdu: &[u8]) -> Option<(u16, &[u8])> {
    let [dsap, ssap, control, oui0, oui1, oui2] = array::<6>(msdu, 0)?;
    // RFC 1042 (00-00-00) and bridge tunnel (00-00-F8) encapsulation.
    let is_snap = (dsap, ssap, control) == (0xaa, 0xaa, 3)
        && (oui0, oui1) == (0, 0)
        && matches!(oui2, 0 | 0xf8);
    if !is_snap {
        return None;
    }
    Some((u16_be(msdu, 6)?, msdu.get(8..)?))
}

/// The first EAPOL packet of a data frame's body.
#[must_use]
pub fn eapol<'a>(header: &Header, body: &'a [u8]) -> Option<&'a [u8]> {
    Msdus::new(header, body).find_map(|msdu| {
        let inner = ethertype(msdu).or_else(|| {
            // Mesh data: a mesh control field of 6, 12 or 18 bytes precedes LLC (802.11-2020, 9.2.4.7.3).
            header.qos?;
            let extension = match u8_at(msdu, 0)? & 3 {
                0 => 6usize,
                1 => 12,
                2 => 18,
                _ => return None,
            };
            ethertype(msdu.get(extension..)?)
        });
        inner.and_then(|(kind, payload)| (kind == EAPOL).then_some(payload))
    })
}
