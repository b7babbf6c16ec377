//! EAPOL and EAPOL-Key frames (IEEE Std 802.1X-2020, 11; IEEE Std 802.11-2020, 12.7.2).

use super::elements::Elements;
use crate::bytes::{array, u8_at, u16_be};

/// EAPOL packet type of EAPOL-Key.
pub const TYPE_KEY: u8 = 3;

/// Key descriptor type of RSN.
const DESCRIPTOR_RSN: u8 = 2;
/// Key descriptor type of WPA.
const DESCRIPTOR_WPA: u8 = 254;

/// An EAPOL-Key frame of RSN or WPA.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EapolKey<'a> {
    /// Key information field.
    pub information: u16,
    /// Replay counter.
    pub replay_counter: u64,
    /// The nonce is all zeros.
    pub nonce_is_zero: bool,
    /// Key data, as far as it is there; encrypted when [`EapolKey::is_encrypted`].
    pub key_data: &'a [u8],
    /// Stated length of the key data.
    pub key_data_len: u16,
}

/// Type of an EAPOL packet: 0 EAP, 1 start, 2 logoff, 3 key.
#[must_use]
pub fn packet_type(eapol: &[u8]) -> Option<u8> {
    u8_at(eapol, 1)
}

/// Length of the MIC: 16 bytes, 24 with the suite B 192-bit AKMs, 32 with SHA-512, none with FILS.
/// The AKM is not in this frame, so the length that makes the key data end with the packet decides.
fn fitting_mic_len(eapol: &[u8], stated: usize) -> Option<usize> {
    [16usize, 24, 32, 0].into_iter().find(|mic_len| {
        let at = mic_len.saturating_add(81);
        u16_be(eapol, at).is_some_and(|length| {
            usize::from(length).saturating_add(at).saturating_add(2) == stated.saturating_add(4)
        })
    })
}

/// Bytes of the MIC of an EAPOL-Key frame of RSN or WPA; 16 when no length makes the frame fit.
#[must_use]
pub fn mic_length(eapol: &[u8]) -> usize {
    let stated = u16_be(eapol, 2).map(usize::from);
    stated.and_then(|stated| fitting_mic_len(eapol, stated)).unwrap_or(16)
}

/// True for an EAPOL-Key frame whose key data does not end where the packet does, whatever the MIC's length.
#[must_use]
pub fn key_contradicts(eapol: &[u8]) -> bool {
    let stated = u16_be(eapol, 2).map(usize::from);
    EapolKey::read(eapol).is_some()
        && stated.is_some_and(|stated| fitting_mic_len(eapol, stated).is_none())
}

impl<'a> EapolKey<'a> {
    /// Reads an EAPOL packet; `None` when it is not an EAPOL-Key frame of RSN or WPA, or is cut
    /// before its key data length.
    #[must_use]
    pub fn read(eapol: &'a [u8]) -> Option<Self> {
        let descriptor = u8_at(eapol, 4)?;
        if packet_type(eapol)? != TYPE_KEY || !matches!(descriptor, DESCRIPTOR_RSN | DESCRIPTOR_WPA)
        {
            return None;
        }
        let stated = usize::from(u16_be(eapol, 2)?);
        let nonce = array::<32>(eapol, 17)?;
        let mic_len = fitting_mic_len(eapol, stated);
        let at = mic_len.unwrap_or(16).saturating_add(81);
        let key_data_len = u16_be(eapol, at)?;
        let rest = eapol.get(at.saturating_add(2)..).unwrap_or(&[]);
        Some(Self {
            information: u16_be(eapol, 5)?,
            replay_counter: array(eapol, 9).map(u64::from_be_bytes)?,
            nonce_is_zero: nonce == [0; 32],
            key_data: rest.get(..usize::from(key_data_len)).unwrap_or(rest),
            key_data_len,
        })
    }

    /// Belongs to the 4-way handshake (pairwise), not to a group key handshake.
    #[must_use]
    pub const fn is_pairwise(&self) -> bool {
        self.information & 0x0008 != 0
    }

    /// Key data is encrypted.
    #[must_use]
    pub const fn is_encrypted(&self) -> bool {
        self.information & 0x1000 != 0
    }

    /// Number of the message in the 4-way handshake, 1 to 4; `None` for group key handshakes.
    ///
    /// Messages 1 and 3 ask for an answer (Ack); 3 also installs the key or has a MIC. Of the
    /// answers, 2 brings the supplicant's nonce and elements, 4 brings neither. The secure bit
    /// is no sign: some stations set it in message 2 when they renew the keys.
    #[must_use]
    pub const fn message(&self) -> Option<u8> {
        if !self.is_pairwise() {
            return None;
        }
        let ack = self.information & 0x0080 != 0;
        let mic = self.information & 0x0100 != 0;
        let install = self.information & 0x0040 != 0;
        Some(match (ack, mic || install) {
            (true, false) => 1,
            (true, true) => 3,
            (false, _) if self.key_data_len == 0 || self.nonce_is_zero => 4,
            (false, _) => 2,
        })
    }

    /// The PMKID that the authenticator offers in message 1 (key data element 00-0F-AC:4).
    #[must_use]
    pub fn pmkid(&self) -> Option<[u8; 16]> {
        if self.is_encrypted() {
            return None;
        }
        Elements::new(self.key_data, 0).find_map(|element| {
            let selected =
                element.id == 0xdd && array(element.body, 0) == Some([0x00, 0x0f, 0xac, 0x04]);
            selected.then(|| array(element.body, 4)).flatten()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(information: u16, nonce: u8, mic_len: usize, data: &[u8]) -> Vec<u8> {
        let mut body = vec![DESCRIPTOR_RSN];
        body.extend(information.to_be_bytes());
        body.extend([0, 16]);
        body.extend(1u64.to_be_bytes());
        body.extend([nonce; 32]);
        body.extend([0; 32]);
        body.extend(vec![0; mic_len]);
        body.extend((data.len() as u16).to_be_bytes());
        body.extend(data);
        let mut packet = vec![1, 3];
        packet.extend((body.len() as u16).to_be_bytes());
        packet.extend(body);
        packet
    }

    #[test]
    fn the_four_messages() {
        let pmkid: Vec<u8> = [0xdd, 20, 0, 0x0f, 0xac, 4].into_iter().chain([0x5a; 16]).collect();
        for mic_len in [16, 24, 32] {
            for (information, nonce, data, message) in [
                (0x008a, 7, pmkid.as_slice(), 1),
                (0x010a, 7, &[0x30, 2, 1, 0][..], 2),
                (0x13ca, 7, &[1, 2, 3][..], 3),
                (0x030a, 0, &[][..], 4),
            ] {
                let packet = key(information, nonce, mic_len, data);
                let read = EapolKey::read(&packet).expect("a key frame");
                assert_eq!(read.message(), Some(message), "{mic_len}");
                assert_eq!(read.pmkid(), (message == 1).then_some([0x5a; 16]));
                assert_eq!(read.key_data, data);
            }
        }
        let group = key(0x1382, 7, 16, &[1]);
        assert_eq!(EapolKey::read(&group).expect("a key frame").message(), None);
    }
}
