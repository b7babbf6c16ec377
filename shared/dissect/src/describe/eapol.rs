//! EAPOL and EAPOL-Key (IEEE Std 802.1X-2020, 11; IEEE Std 802.11-2020, 12.7.2).

use super::{eap, key_data};
use crate::fields::{BitField, Field, Reader, Span, Value, Walk, Word, fields, names};
use crate::ieee80211::eapol::{self, EapolKey};

fields! {
    Payload => FIELDS;
    /// EAPOL packet.
    EAPOL: branch("eapol", "EAPOL").clause("802.1X-2020, 11");
    /// Version.
    VERSION: unsigned("eapol.version", "Version").clause("802.1X-2020, 11.3.1");
    /// Packet type.
    TYPE: unsigned("eapol.type", "Type").clause("802.1X-2020, 11.3.2").names(names![
        0 => "EAP packet", 1 => "start", 2 => "logoff", 3 => "key", 4 => "ASF alert", 5 => "MKA",
        6 => "announcement (generic)", 7 => "announcement (specific)", 8 => "announcement request"]);
    /// Length of the body.
    LENGTH: unsigned("eapol.len", "Length").unit("bytes");
    /// Key descriptor type.
    DESCRIPTOR: unsigned("eapol.keydes.type", "Key descriptor").clause("802.11-2020, 12.7.2").names(names![
        1 => "RC4", 2 => "RSN", 254 => "WPA"]);
    /// Number of the message in the 4-way handshake.
    MESSAGE: unsigned("wlan_rsna_eapol.keydes.msgnr", "Message of the 4-way handshake").clause("802.11-2020, 12.7.6");
    /// Number of the message in the group key handshake.
    GROUP_MESSAGE: unsigned("wlan_rsna_eapol.keydes.group_msgnr", "Message of the group key handshake").clause("802.11-2020, 12.7.7");
    /// Key information.
    INFORMATION: hex("wlan_rsna_eapol.keydes.key_info", "Key information", 4).clause("802.11-2020, 12.7.2");
    /// Which functions protect the frame.
    DESCRIPTOR_VERSION: unsigned("wlan_rsna_eapol.keydes.key_info.keydes_version", "Key descriptor version").names(names![
        0 => "by the AKM", 1 => "HMAC-MD5 and RC4", 2 => "HMAC-SHA1 and AES key wrap", 3 => "AES-CMAC and AES key wrap"]);
    /// Pairwise key.
    PAIRWISE: flag("wlan_rsna_eapol.keydes.key_info.key_type", "Pairwise key");
    /// Index of a group key, WPA only.
    INDEX: unsigned("wlan_rsna_eapol.keydes.key_info.key_index", "Key index");
    /// Install.
    INSTALL: flag("wlan_rsna_eapol.keydes.key_info.install", "Install");
    /// An answer is wanted.
    ACK: flag("wlan_rsna_eapol.keydes.key_info.key_ack", "Key ack");
    /// A MIC is present.
    HAS_MIC: flag("wlan_rsna_eapol.keydes.key_info.key_mic", "Key MIC");
    /// The initial key exchange is complete.
    SECURE: flag("wlan_rsna_eapol.keydes.key_info.secure", "Secure");
    /// A MIC failure is reported.
    ERROR: flag("wlan_rsna_eapol.keydes.key_info.error", "Error");
    /// The supplicant asks for a handshake.
    REQUEST: flag("wlan_rsna_eapol.keydes.key_info.request", "Request");
    /// The key data is encrypted.
    ENCRYPTED: flag("wlan_rsna_eapol.keydes.key_info.encrypted_key_data", "Encrypted key data");
    /// SMK message, obsolete.
    SMK: flag("wlan_rsna_eapol.keydes.key_info.smk_message", "SMK message");
    /// Length of the pairwise key.
    KEY_LENGTH: unsigned("eapol.keydes.key_len", "Key length").unit("bytes");
    /// Replay counter.
    REPLAY: unsigned("eapol.keydes.replay_counter", "Replay counter");
    /// Nonce.
    NONCE: bytes("wlan_rsna_eapol.keydes.nonce", "Nonce");
    /// The nonce is not all zeros.
    NONCE_PRESENT: flag("wlan_rsna_eapol.keydes.nonce_present", "Nonce present");
    /// Initialisation vector of the key data.
    KEY_IV: bytes("eapol.keydes.key_iv", "Key IV");
    /// Receive sequence counter.
    RECEIVE_COUNTER: bytes("wlan_rsna_eapol.keydes.rsc", "Key RSC");
    /// Reserved, formerly a key identifier.
    KEY_ID: bytes("wlan_rsna_eapol.keydes.id", "Key ID (reserved)");
    /// Message integrity code.
    MIC: bytes("wlan_rsna_eapol.keydes.mic", "Key MIC value");
    /// Length of the key data.
    DATA_LENGTH: unsigned("wlan_rsna_eapol.keydes.data_len", "Key data length").unit("bytes");
    /// Encrypted key data, which is not shown.
    ENCRYPTED_LENGTH: unsigned("wlan_rsna_eapol.keydes.encrypted_len", "Encrypted key data").unit("bytes");
    /// Index of an RC4 key.
    RC4_INDEX: hex("eapol.keydes.key_index", "Key index", 2);
    /// Unicast key.
    RC4_UNICAST: flag("eapol.keydes.key_index.type", "Unicast key");
    /// Number of the key.
    RC4_NUMBER: unsigned("eapol.keydes.key_index.number", "Key number");
    /// Bytes of a body that is not shown.
    BODY_LENGTH: unsigned("eapol.body_len", "Body").unit("bytes");
}

const INFORMATION_BITS: &[BitField] = &[
    (&DESCRIPTOR_VERSION, 0, 3),
    (&PAIRWISE, 3, 1),
    (&INDEX, 4, 2),
    (&INSTALL, 6, 1),
    (&ACK, 7, 1),
    (&HAS_MIC, 8, 1),
    (&SECURE, 9, 1),
    (&ERROR, 10, 1),
    (&REQUEST, 11, 1),
    (&ENCRYPTED, 12, 1),
    (&SMK, 13, 1),
];

/// Key descriptor of WPA, whose group keys are encrypted without a bit that says so.
const DESCRIPTOR_WPA: u8 = 254;

/// Names an EAPOL packet from its version on.
pub(super) fn describe(walk: &mut Walk<'_>, reader: &mut Reader<'_>) {
    let packet = reader.rest();
    let span = Span::new(reader.offset(), reader.left());
    let complete = walk.branch(&EAPOL, Value::Nothing, span, |walk| {
        walk.u8(reader, &VERSION)?;
        let kind = walk.u8(reader, &TYPE)?;
        let stated = usize::try_from(walk.number_be(reader, &LENGTH, 2)?).ok()?;
        if stated > reader.left() {
            walk.fault(reader.offset(), "the EAPOL body is longer than the frame");
        }
        let mut body = reader.part(stated.min(reader.left()))?;
        match kind {
            0 => eap::describe(walk, &mut body),
            3 => key(walk, &mut body, packet),
            _ if body.is_empty() => Some(()),
            _ => {
                counted(walk, &body, &BODY_LENGTH);
                Some(())
            }
        }
    });
    if complete.is_none() {
        walk.fault(reader.offset(), "the EAPOL packet is cut");
    }
}

fn counted(walk: &mut Walk<'_>, reader: &Reader<'_>, field: &'static Field) {
    let left = reader.left();
    let value = Value::Unsigned(u64::try_from(left).unwrap_or(u64::MAX));
    walk.field(field, value, Span::new(reader.offset(), left));
}

fn key(walk: &mut Walk<'_>, reader: &mut Reader<'_>, packet: &[u8]) -> Option<()> {
    let descriptor = walk.u8(reader, &DESCRIPTOR)?;
    match descriptor {
        1 => rc4(walk, reader),
        2 | DESCRIPTOR_WPA => rsn(walk, reader, packet, descriptor),
        _ => {
            counted(walk, reader, &BODY_LENGTH);
            Some(())
        }
    }
}

/// The RC4 key descriptor of 802.1X-2004, 7.6. The key and its signature are not shown.
fn rc4(walk: &mut Walk<'_>, reader: &mut Reader<'_>) -> Option<()> {
    walk.number_be(reader, &KEY_LENGTH, 2)?;
    walk.number_be(reader, &REPLAY, 8)?;
    walk.bytes(reader, &KEY_IV, 16)?;
    walk.packed(reader, &RC4_INDEX, 1, &[(&RC4_UNICAST, 7, 1), (&RC4_NUMBER, 0, 7)])?;
    counted(walk, reader, &BODY_LENGTH);
    Some(())
}

fn rsn(walk: &mut Walk<'_>, reader: &mut Reader<'_>, packet: &[u8], descriptor: u8) -> Option<()> {
    let parsed = EapolKey::read(packet);
    let span = Span::new(reader.offset(), 2);
    let information = reader.big_endian(2)?;
    if let Some(parsed) = parsed {
        message(walk, &parsed);
    }
    walk.branch(&INFORMATION, Value::Unsigned(information), span, |walk| {
        walk.parts(Word { value: information, span }, INFORMATION_BITS);
    });
    walk.number_be(reader, &KEY_LENGTH, 2)?;
    walk.number_be(reader, &REPLAY, 8)?;
    let nonce_span = Span::new(reader.offset(), 32);
    let nonce = walk.bytes(reader, &NONCE, 32)?;
    let present = nonce.iter().any(|byte| *byte != 0);
    walk.field(&NONCE_PRESENT, Value::Flag(present), nonce_span);
    walk.bytes(reader, &KEY_IV, 16)?;
    walk.bytes(reader, &RECEIVE_COUNTER, 8)?;
    walk.bytes(reader, &KEY_ID, 8)?;
    let mic_length = eapol::mic_length(packet);
    if mic_length > 0 {
        walk.bytes(reader, &MIC, mic_length)?;
    }
    let length = usize::try_from(walk.number_be(reader, &DATA_LENGTH, 2)?).ok()?;
    let is_group = information & 0x0008 == 0;
    let is_encrypted = information & 0x1000 != 0 || (descriptor == DESCRIPTOR_WPA && is_group);
    if length > reader.left() {
        walk.fault(reader.offset(), "the key data is longer than the EAPOL body");
    }
    let mut data = reader.part(length.min(reader.left()))?;
    if is_encrypted && !data.is_empty() {
        counted(walk, &data, &ENCRYPTED_LENGTH);
    } else {
        key_data::describe(walk, &mut data);
    }
    Some(())
}

fn message(walk: &mut Walk<'_>, key: &EapolKey<'_>) {
    if let Some(number) = key.message() {
        walk.derived(&MESSAGE, Value::Unsigned(u64::from(number)));
    } else {
        // The authenticator asks for an answer, the supplicant gives it.
        let number = if key.information & 0x0080 != 0 { 1 } else { 2 };
        walk.derived(&GROUP_MESSAGE, Value::Unsigned(number));
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, check_whole, data, lines};

    fn key(information: u16, nonce: u8, mic: usize, key_data: &[u8]) -> Vec<u8> {
        let mut body = vec![2];
        body.extend(information.to_be_bytes());
        body.extend([0, 16]);
        body.extend(7u64.to_be_bytes());
        body.extend([nonce; 32]);
        body.extend([0; 32]);
        body.extend(vec![0xee; mic]);
        body.extend((key_data.len() as u16).to_be_bytes());
        body.extend(key_data);
        let mut packet = vec![0xaa, 0xaa, 3, 0, 0, 0, 0x88, 0x8e, 2, 3];
        packet.extend((body.len() as u16).to_be_bytes());
        packet.extend(body);
        data(&packet)
    }

    #[test]
    fn message_1_with_a_pmkid() {
        let kde: Vec<u8> = [0xdd, 20, 0, 0x0f, 0xac, 4].into_iter().chain([0x5a; 16]).collect();
        check_whole(
            &key(0x008a, 3, 16, &kde),
            &[
                "Type: key (3)",
                "Key descriptor: RSN (2)",
                "Message of the 4-way handshake: 1",
                "Key ack: yes",
                "Replay counter: 7",
                "Nonce present: yes",
                "Key data length: 22 bytes",
                &format!("PMKID: {}", "5a".repeat(16)),
            ],
        );
    }

    #[test]
    fn other_messages_and_mic_lengths() {
        for (information, nonce, mic, key_data, expected) in [
            (0x010au16, 3, 16, &[0x30, 2, 1, 0][..], "Message of the 4-way handshake: 2"),
            (0x13ca, 3, 24, &[1; 8], "Message of the 4-way handshake: 3"),
            (0x13ca, 3, 24, &[1; 8], "Encrypted key data: 8 bytes"),
            (0x030a, 0, 16, &[], "Message of the 4-way handshake: 4"),
            (0x1382, 3, 16, &[1; 8], "Message of the group key handshake: 1"),
            (0x0302, 0, 16, &[], "Message of the group key handshake: 2"),
        ] {
            check_whole(&key(information, nonce, mic, key_data), &[expected]);
        }
    }

    #[test]
    fn cut_anywhere() {
        let whole = key(0x008a, 3, 16, &[0xdd, 4, 0, 0x0f, 0xac, 4]);
        for end in 33..whole.len() {
            let lines = lines(&whole[..end]);
            assert!(lines.iter().any(|line| line.trim().starts_with('!')), "{end}: {lines:#?}");
        }
        check(&whole[..40], &["! the EAPOL packet is cut"]);
    }

    #[test]
    fn start_and_rc4() {
        let start = data(&[0xaa, 0xaa, 3, 0, 0, 0, 0x88, 0x8e, 1, 1, 0, 0]);
        check_whole(&start, &["Type: start (1)", "Version: 1"]);
        let body = [&[1, 0, 5][..], &[0; 7], &[9], &[1; 16], &[0x81], &[0xcc; 16]].concat();
        let packet =
            [&[0xaa, 0xaa, 3, 0, 0, 0, 0x88, 0x8e, 1, 3, 0, body.len() as u8][..], &body].concat();
        check_whole(
            &data(&packet),
            &["Replay counter: 9", "Unicast key: yes", "Key number: 1", "Body: 16 bytes"],
        );
    }
}
